"""Programs: what is compiled when, what is kept, and what is reported."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.dims import Dim
from thalweg.errors import FeedError
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Variable, placeholder
from thalweg.ops import random
from thalweg.run.open_axes import varying_axes
from thalweg.run.program import Program


def test_a_form_is_compiled_once_per_shape_and_then_for_all_lengths(caplog: pytest.LogCaptureFixture) -> None:
    x = placeholder("float32", [None, 3])
    program = Program([x], [tw.sum(x)])
    with caplog.at_level(logging.DEBUG, "thalweg"):
        for n in (4, 4, 5, 4, 5, 6):
            program.run([np.ones((n, 3), "f")])
        assert program.num_compiled == 3
        for n in range(7, 60):
            assert program.run([np.ones((n, 3), "f")])[0] == 3 * n
    assert program.num_compiled == 4 and program.compile_seconds > 0
    assert sum("compiled in" in r.message for r in caplog.records) == 4


def test_a_graph_without_one_form_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    x = placeholder("float32", [None])
    program = Program([x], [x[::2] + 1], name="halves")
    with caplog.at_level(logging.INFO, "thalweg"):
        for n in range(2, 12):
            assert program.run([np.zeros(n, "f")])[0].shape == ((n + 1) // 2,)
    messages = [r.message for r in caplog.records if "compiled anew for each length" in r.message]
    assert len(messages) == 1 and messages[0].startswith("halves")
    assert program.num_compiled == 10


def test_lengths_past_what_a_program_can_take_are_compiled_one_by_one() -> None:
    x, table = placeholder("float32", [None, 2]), np.arange(20, dtype="f").reshape(10, 2)
    whole = make_op(
        {}, infer=lambda x: Spec(x.shape, x.dtype), expand=lambda x: tw.constant(table)[: x.shape[0]]
    )

    @whole
    def rows(x, /):  # type: ignore[no-untyped-def]
        """As many rows of the table as x has."""
        return table[: len(x)]

    program = Program([x], [x + rows.build([x], {})])
    for n in (3, 5, 7, 8, 6, 10, 2, 9):  # one form for all lengths would be tried with more than ten rows
        (found,) = program.run([np.ones((n, 2), "f")])
        assert np.array_equal(found, table[:n] + 1)


def test_axes_that_happened_to_be_as_long_as_each_other() -> None:
    """With both as one length there is no form for all; once they differ there is."""

    def expand(x: Any, y: Any) -> Any:
        if x.shape == y.shape and x.shape[0] > 60:
            raise tw.ShapeError("too many rows to be alike")
        return tw.sum(x) + tw.sum(y)

    total = make_op({}, infer=lambda x, y: Spec((), x.dtype), expand=expand)(lambda x, y: x.sum() + y.sum())
    x, y = placeholder("float64", [None]), placeholder("float64", [None])
    program = Program([x, y], [total.build([x, y], {})], fixed_forms=1)
    for n, m in [(2, 2), (4, 4), (6, 5), (8, 9), (10, 3), (12, 30), (14, 7)]:
        assert program.run([np.ones(n), np.ones(m)])[0] == n + m
    assert program.num_compiled == 3 and len(program._open_forms) == 1


def test_axes_that_vary_together() -> None:
    keys = [((2, 3), (2,)), ((4, 3), (4,)), ((5, 3), (5,))]
    assert varying_axes(keys, 2) == ([(0, 0)], [(Dim(2, {(0,): 1}), [(0, 0), (1, 0)])])
    assert varying_axes([((2, 3),), ((2, 4),)], 1) == ([(0, 1)], [(Dim(3, {(0,): 1}), [(0, 1)])])
    assert varying_axes([((2, 3),), ((2, 3),)], 1) is None
    own, lengths = varying_axes([((2, 3), (18, 6)), ((4, 5), (60, 12)), ((6, 5), (90, 18))], 2) or ([], [])
    assert own == [(0, 0), (0, 1)]
    assert [n.at([10, 100]) for n, _ in lengths] == [10, 100, 30, 3000]


def test_placeholders_that_are_not_inputs_are_refused_at_once() -> None:
    x, y = placeholder("float32", [], name="x"), placeholder("float32", [], name="y")
    with pytest.raises(
        FeedError, match=r"step: placeholder 'y' float32\[\] has no value; at .*hint: feed it"
    ):
        Program([x], [x + y], name="step")


def test_updates_are_cast_to_the_variable() -> None:
    w, n = Variable(np.zeros(3, "f")), Variable(np.int32(0))
    program = Program([], [], [(w, tw.constant([1, 2, 3])), (n, tw.constant(3.7))])
    assert program.run([]) == []
    assert w.numpy().tolist() == [1, 2, 3] and n.numpy() == 3 and n.numpy().dtype == np.int32


def test_a_variable_gets_its_first_value_from_a_program() -> None:
    w = Variable(np.zeros(3, "f"), symbolic=True)
    Program([], [], [(w, tw.ones((3,)))]).run([])
    assert w.numpy().tolist() == [1, 1, 1]


def test_the_report_names_kernels_and_host_ops() -> None:
    x = placeholder("float64", [5, 5])
    program = Program([x], [tw.exp(tw.linalg.eigvalsh(x) + 1)])
    report = program.form([np.eye(5)]).executable.report
    assert [k.split()[0] for k in report.kernels] == ["eigvalsh", "add"]
    assert [k.split()[0] for k in report.host_ops] == ["eigvalsh"]
    np.testing.assert_allclose(program.run([np.eye(5) * 2])[0], np.exp(np.full(5, 3.0)))


def test_a_program_with_host_ops_draws_anew_in_each_call() -> None:
    drawn = random.uniform((4, 4), symbolic=True)
    program = Program([], [tw.linalg.svdvals(drawn), drawn], [], "draw")
    results = [program.run([]) for _ in range(3)]
    assert len({numbers.tobytes() for _, numbers in results}) == 3
    for values, numbers in results:
        np.testing.assert_array_equal(values, np.linalg.svd(numbers, compute_uv=False))


def test_forms_used_last_are_kept() -> None:
    x = placeholder("float32", [None, None, None])  # three lengths: no one form
    program = Program([x], [x[::2]])
    for n in range(1, 41):
        program.run([np.zeros((n, 1, 1), "f")])
    assert len(program._compiled) == 32
    count = program.num_compiled
    program.run([np.zeros((40, 1, 1), "f")])
    assert program.num_compiled == count
    program.run([np.zeros((1, 1, 1), "f")])
    assert program.num_compiled == count + 1


@pytest.mark.parametrize(
    ("cut", "short"),
    [
        (lambda x: x[5:], 5),  # the lengths up to 5
        (lambda x: x[-4:], 3),
        (lambda x: x[:6], 5),
        (lambda x: x[2:-3], 5),
        (lambda x: x[1:][:2], 2),
        (lambda x: x[3:4], 3),
        (lambda x: x[::-1][1:], 1),
    ],
)
def test_slices_of_an_open_axis_have_one_form_where_the_axis_is_long_enough(cut: Any, short: int) -> None:
    x = placeholder("float32", [None])
    y = tw.concat([cut(x) * 3, x], axis=0)
    program = Program([x], [y, *tw.gradients(tw.sum(y * y), [x])])
    for n in (9, 8, 10, 7, 12, 11, 6, 5, 4, 3, 2, 1, 20):
        data = np.arange(1, n + 1, dtype="f")
        wanted = np.concatenate([cut(data) * 3, data])
        slope = 2 * data
        slope[cut(np.arange(n))] += 18 * cut(data)
        value, gradient = program.run([data])
        np.testing.assert_array_equal(value, wanted)
        np.testing.assert_array_equal(gradient, slope)
    assert program.num_compiled == 3 + 1 + short  # the first three, all long enough, each that is too short
