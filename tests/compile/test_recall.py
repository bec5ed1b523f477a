"""Programs from disk: found by what the user wrote, as good as made anew, and told apart by all that matters."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from test_random_graphs import Graph
from thalweg import philox
from thalweg.compile import cache, kept, native, recall
from thalweg.errors import FeedRangeError
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.ops import draws
from thalweg.run import forms
from thalweg.run.function import function
from thalweg.run.program import Program

pytestmark = pytest.mark.skipif(
    not hasattr(os, "getuid"), reason="the cache's folder is not moved by XDG_CACHE_HOME"
)


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """An empty cache that keeps everything; whether each program that was looked for was there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(native, "_WORTH_KEEPING", 0.0)
    answers: list[bool] = []
    find = recall.Record.find

    def noted(self: recall.Record) -> Any:
        result = find(self)
        answers.append(result is not None)
        return result

    monkeypatch.setattr(recall.Record, "find", noted)
    return answers


def twice(make: Callable[[], Callable[..., Any]], found: list[bool], *feeds: Any) -> tuple[Any, Any]:
    """What a program gives when made, and when found."""
    fresh = make()(*feeds)
    assert not any(found)
    found.clear()
    kept = make()(*feeds)
    assert found and all(found), "the second time it was made again"
    return fresh, kept


def same(fresh: Any, kept: Any) -> bool:
    return all(
        np.asarray(a).dtype == np.asarray(b).dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()
        for a, b in zip(fresh, kept, strict=True)
    )


@pytest.mark.parametrize("seed", range(40))
def test_random_graphs_found_equal_those_made(seed: int, found: list[bool]) -> None:
    graph = Graph(seed, large=seed % 4 == 0)
    make = lambda: function(graph.inputs, graph.outputs)
    assert same(*twice(make, found, *graph.arrays))


def test_updates_loops_draws_constants_and_copies(found: list[bool]) -> None:
    rng = np.random.default_rng(0)
    start, table = rng.normal(size=(4, 4)).astype("f"), rng.normal(size=(100, 200)).astype("f")
    feeds = rng.normal(size=(6, 3, 4)).astype("f")

    def make() -> Callable[..., Any]:
        tw.random.set_seed(3)
        w, turned = tw.Variable(start), tw.Variable(np.arange(12.0, dtype="f").reshape(3, 4))
        x = tw.placeholder("float32", (6, 3, 4))
        last, _ = tw.scan(
            lambda c, row: (tw.tanh(c @ w + row), c), tw.zeros((3, 4)), tw.nn.dropout(x, rate=0.5)
        )
        loss = tw.sum(tw.square(last)) + tw.sum(table[:, ::2] @ np.full((100, 2), 0.1, "f"))
        updates = [(w, w - 0.1 * tw.gradients(loss, [w])[0]), (turned, turned[::-1] + last)]
        step = tw.function([x], [loss, last, last], updates=updates)
        return lambda values: [*step(values), *step(values), w.get_value(), turned.get_value()]

    fresh, kept = twice(make, found, feeds)
    assert same(fresh, kept) and not np.array_equal(fresh[0], fresh[3])


def test_what_draws_and_is_built_again_is_the_same_program(found: list[bool]) -> None:
    def make() -> Callable[..., Any]:
        x = tw.placeholder("float32", (6, 3))
        noisy = tw.nn.dropout(x, rate=0.5) + tw.random.normal((6, 3), symbolic=True)
        _, rows = tw.scan(lambda c, row: (c, tw.nn.dropout(row, rate=0.5)), tw.zeros(()), noisy)
        return lambda values: tw.function([x], [noisy, rows])(values)

    fresh, kept = twice(make, found, np.ones((6, 3), "f"))
    assert not np.array_equal(fresh[0], kept[0])  # a run of its own


def test_its_numbers_are_those_of_its_own_streams(found: list[bool]) -> None:
    tw.random.set_seed(5)
    before = [tw.random.uniform((2,), symbolic=True) for _ in range(6)]
    x = tw.placeholder("float32", (6, 2))
    drawn = [
        tw.random.uniform((4,), symbolic=True),
        tw.random.permutation(9, symbolic=True),  # on the host
        tw.scan(lambda c, row: (c, tw.random.uniform((2,)) + row), tw.zeros(()), x)[1],
    ]
    for outputs in ([*drawn, before[5]], [before[2], drawn[2]], [*before, *drawn]):
        tw.random.set_seed(8)
        f = tw.function([x], outputs)
        for counter in range(3):
            given = {draws.random_key(): philox.make_key(8, counter), x: np.zeros((6, 2), "f")}
            for ours, wanted in zip(f(given[x]), evaluate(outputs, given), strict=True):
                np.testing.assert_array_equal(ours, wanted)


def test_many_steps(found: list[bool]) -> None:
    data = np.random.default_rng(0).normal(size=(40, 5)).astype("f")

    def make() -> Callable[..., Any]:
        w = tw.Variable(np.zeros(5, "f"))
        x = tw.placeholder("float32", (8, 5))
        loss = tw.sum(tw.square(x @ w - 1))
        program = Program([x], [loss], [(w, w - 0.01 * tw.gradients(loss, w))])
        return lambda: [*(r for _, rs in program.run_steps([data], batch=8) for r in rs), w.get_value()]

    assert same(*twice(make, found))


def test_run_time_lengths_and_what_arguments_must_be(found: list[bool]) -> None:
    table = np.random.default_rng(0).normal(size=(30, 7)).astype("f")

    def make() -> Callable[..., Any]:
        ids = tw.placeholder("int32", (None,), name="ids")
        rows = tw.nn.embedding_lookup(table, ids)
        f = tw.function([ids], tw.nn.softmax(rows @ table.T))

        def call() -> list[Any]:
            made = [f(np.arange(n, dtype=np.int32)) for n in (3, 5, 7, 11, 30, 13)]
            with pytest.raises(FeedRangeError, match=r"'ids' at \[12\].*received 30.*test_recall.py"):
                f(np.array([*range(12), 30], np.int32))
            assert f.program.num_compiled < 6
            return made

        return call

    assert same(*twice(make, found))


def test_a_variable_of_another_shape_at_each_step(found: list[bool]) -> None:
    def make() -> Callable[..., Any]:
        longer = tw.Variable(np.ones(2, "f"), shape=(None,))
        step = tw.function([], tw.sum(longer), updates=[(longer, tw.concat([longer, longer], axis=0))])
        return lambda: [step(), step(), longer.get_value()]

    fresh, kept = twice(make, found)
    assert same(fresh, kept) and fresh[-1].shape == (8,)


def test_what_the_host_does_is_made_again(found: list[bool]) -> None:
    x = tw.placeholder("float64", (3, 3))
    for _ in range(2):
        tw.function([x], tw.linalg.svdvals(x) + 1)(np.eye(3))
    assert found == [False, False]


def test_a_lost_file_of_code_is_made_again(found: list[bool], tmp_path: Path) -> None:
    x = tw.placeholder("float32", (3, 3))
    f = lambda: tw.function([x], tw.exp(x) @ x)(np.eye(3, dtype="f"))
    expected = f()
    sizes = {
        path: path.stat().st_size for path in tmp_path.rglob("*") if path.is_file() and len(path.name) == 64
    }
    max(sizes, key=lambda path: sizes[path]).unlink()
    assert np.array_equal(f(), expected) and found == [False, False]


def test_programs_that_are_alike_share_their_code(found: list[bool]) -> None:
    x = tw.placeholder("float32", (3, 3))
    made = [tw.function([x], tw.exp(x) @ x) for _ in range(3)]
    results = [f(np.eye(3, dtype="f")) for f in made]
    addresses = {f.program.form([np.eye(3)]).whole for f in made}
    assert found == [False, True, True] and len(addresses) == 1
    del made[:2], results[:2]
    gc.collect()
    assert np.array_equal(made[0](np.eye(3, dtype="f")), results[0])


def test_the_schedule_of_what_was_found_can_be_seen(found: list[bool]) -> None:
    x = tw.placeholder("float32", (3, 3))
    kernels = []
    for _ in range(2):
        f = tw.function([x], tw.exp(x) @ x)
        f(np.eye(3, dtype="f"))
        kernels.append(f.program.form([np.eye(3)]).executable.report.kernels)
    assert found == [False, True] and kernels[0] == kernels[1]


# --- names ----------------------------------------------------------------------------------------------------------


def leaf(*shape: int | None, dtype: str = "float32") -> Tensor:
    return Placeholder(None, (), {}, (Spec(shape, np.dtype(dtype)),))


def name(make: Callable[..., Any], *given: Tensor, shapes: Any = None, update: bool = False) -> str:
    """The name of a program of these leaves; with ``update`` its first output is a variable's new value."""
    held = tw.Variable(np.zeros((8, 16), "f"))
    made = make(*([held, *given] if update else given))
    outputs = list(made) if isinstance(made, (list, tuple)) else [made]
    program = Program(given, outputs[update:], [(held, outputs[0])] if update else [])
    names: list[str] = []
    find = recall.Record.find
    try:
        recall.Record.find = lambda self: names.append(self._name or "none") or find(self)  # type: ignore
        forms.Form(program, shapes or [x.shape for x in given], {})
    finally:
        recall.Record.find = find  # type: ignore[method-assign]
    return names[0]


def _dropped(rate: float) -> Callable[[Tensor], Tensor]:
    tw.random.set_seed(1)
    return lambda x: tw.nn.dropout(x, rate=rate)


A, B = (8, 16), (16, 24)
VARIANTS: dict[str, Callable[[], str]] = {
    "product": lambda: name(lambda x, y: x @ y, leaf(*A), leaf(*B)),
    "with an unread input": lambda: name(lambda x, y, z: x @ y, leaf(*A), leaf(*B), leaf()),
    "other length": lambda: name(lambda x, y: x @ y, leaf(None, 16), leaf(*B), shapes=[(9, 16), B]),
    "same length, open": lambda: name(lambda x, y: x @ y, leaf(None, 16), leaf(*B), shapes=[A, B]),
    "float64": lambda: name(lambda x, y: x @ y, leaf(*A, dtype="float64"), leaf(*B, dtype="float64")),
    "turned": lambda: name(lambda y, x: x @ y, leaf(*B), leaf(*A)),
    "sum": lambda: name(lambda x, y: x + y, leaf(*A), leaf(*A)),
    "sum with itself": lambda: name(lambda x, y: [x + x, y], leaf(*A), leaf(*A)),
    "twice": lambda: name(lambda x, y: [x + y, x + y], leaf(*A), leaf(*A)),
    "two": lambda: name(lambda x, y: [x + y, x - y], leaf(*A), leaf(*A)),
    "two, turned": lambda: name(lambda x, y: [x - y, x + y], leaf(*A), leaf(*A)),
    "along": lambda: name(lambda x: tw.sum(x, axis=1), leaf(*A)),
    "down": lambda: name(lambda x: tw.sum(x, axis=0), leaf(*A)),
    "expanded op": lambda: name(lambda x: tw.nn.softmax(x, axis=0), leaf(*A)),
    "expanded op, other axis": lambda: name(lambda x: tw.nn.softmax(x, axis=1), leaf(*A)),
    "constant": lambda: name(lambda x: x * 0.1, leaf(*A)),
    "next constant": lambda: name(lambda x: x * float(np.nextafter(np.float32(0.1), np.float32(1))), leaf(*A)),
    "row": lambda: name(lambda x: x * np.arange(16, dtype="f"), leaf(*A)),
    "other row": lambda: name(lambda x: x * np.arange(1, 17, dtype="f"), leaf(*A)),
    "part": lambda: name(lambda x: x[1:, ::2], leaf(*A)),
    "other part": lambda: name(lambda x: x[1:, ::3], leaf(*A)),
    "dropout": lambda: name(_dropped(0.5), leaf(*A)),
    "more dropout": lambda: name(_dropped(0.6), leaf(*A)),
    "update": lambda: name(lambda w, x: [w - 0.1 * x, x], leaf(*A), update=True),
    "update and its value": lambda: name(lambda w, x: [w - 0.1 * x, x, w], leaf(*A), update=True),
    "other rate": lambda: name(lambda w, x: [w - 0.2 * x, x], leaf(*A), update=True),
    "rows": lambda: name(lambda i, t: tw.take(t, i, axis=0), leaf(4, dtype="int32"), leaf(*A)),
    "rows from 0": lambda: name(lambda i, t: tw.nn.embedding_lookup(t, i), leaf(4, dtype="int32"), leaf(*A)),
    "loop": lambda: name(lambda c, x: tw.scan(lambda c, x: (tw.tanh(c + x), c), c, x), leaf(5), leaf(7, 5)),
    "other loop": lambda: name(lambda c, x: tw.scan(lambda c, x: (tw.sin(c + x), c), c, x), leaf(5), leaf(7, 5)),
}  # fmt: skip


def test_programs_that_differ_in_anything_have_different_names() -> None:
    seen: dict[str, str] = {}
    for variant, make in VARIANTS.items():
        other = seen.setdefault(make(), variant)
        assert other == variant, f"{variant!r} has the name of {other!r}"
    assert "none" not in seen


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_program_written_again_has_the_same_name(variant: str) -> None:
    assert VARIANTS[variant]() == VARIANTS[variant]()


def test_where_nothing_is_kept_all_goes_on(monkeypatch: pytest.MonkeyPatch, found: list[bool]) -> None:
    for room in (
        recall,
        native,
        kept,
    ):  # the last: for the way into steps, where no test before has needed it
        monkeypatch.setattr(room, "sources_digest", lambda: None)
    monkeypatch.setattr(cache, "load", lambda name: pytest.fail("looked for"))
    x = tw.placeholder("float32", (3,))
    assert tw.function([x], x + 1)(np.zeros(3, "f")).tolist() == [1, 1, 1]
