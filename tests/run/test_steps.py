"""Many steps in one call: to the bit what as many calls give, and errors that come before the first step."""

from __future__ import annotations

import signal
import threading
import time
from _thread import interrupt_main
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.turns import _BEGIN, Turns
from thalweg.errors import (
    ArgumentError,
    ArgumentTypeError,
    IndexRangeError,
    ShapeError,
    ThalwegError,
    UninitializedError,
)
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Variable, placeholder
from thalweg.ops import random
from thalweg.run import workers
from thalweg.run.workers import num_threads, set_num_threads

COUNT, WIDTH = 90, 12
RNG = np.random.default_rng(0)
X = RNG.normal(size=(COUNT, WIDTH)).astype("f")
Y = RNG.integers(0, 5, COUNT)
ROWS = RNG.permutation(COUNT)[:88].reshape(11, 8)


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = num_threads()
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


class Net:
    """A network with dropout and Adam; with a wide hidden layer all threads take part."""

    def __init__(self, hidden: int = 16) -> None:
        rng = np.random.default_rng(1)
        self.weights = [
            Variable((rng.normal(size=s) / 8).astype("f")) for s in ((WIDTH, hidden), hidden, (hidden, 5))
        ]
        random.set_seed(7)
        x, y = placeholder("float32", (None, WIDTH)), placeholder("int64", (None,))
        w, b, v = self.weights
        logits = tw.nn.dropout(tw.relu(x @ w + b), rate=0.4) @ v
        loss = tw.mean(tw.nn.sparse_softmax_cross_entropy(logits, y))
        rule = tw.optimizers.Adam(0.01)
        self.step = tw.function([x, y], [loss, logits], updates=rule.updates(loss, self.weights))

    def state(self) -> list[bytes]:
        """Every bit that a step may change."""
        values = [v.get_value().tobytes() for v in self.step.program.variables]
        return [*values, repr(random.get_state()).encode()]


def apart(how: dict[str, Any]) -> Iterator[Any]:
    """The rows of one step after another."""
    if "rows" in how:
        yield from how["rows"]
    elif "batch" in how:
        size = how["batch"]
        yield from (slice(k, k + size) for k in range(0, how.get("steps", COUNT // size) * size, size))
    else:
        yield from [slice(None)] * how["steps"]


@pytest.mark.parametrize("hidden", [16, 600])
@pytest.mark.parametrize(
    "how",
    [
        {"rows": ROWS},
        {"rows": ROWS.astype("int32")[:, ::2]},
        {"batch": 7},
        {"batch": 8, "steps": 3},
        {"steps": 6},
    ],
    ids=["rows", "strided rows", "batch", "batch and steps", "steps"],
)
def test_the_bits_are_those_of_as_many_calls(how: dict[str, Any], hidden: int, threads: int) -> None:
    one, many = Net(hidden), Net(hidden)
    random.set_seed(3)
    results = [one.step(X[rows], Y[rows]) for rows in apart(how)]
    wanted = one.state()
    random.set_seed(3)
    losses, logits = many.step.run_steps(X, Y, **how)
    assert many.state() == wanted
    assert many.step.program.form([X[:7], Y[:7]]).executable.parallel == (hidden == 600)
    for k, (loss, logit) in enumerate(results):
        assert losses.numpy()[k] == loss.item()
        np.testing.assert_array_equal(logits.numpy()[k], logit.numpy())
    assert losses.shape == (len(results),)
    rows, now = next(apart(how)), random.get_state()  # calls go on from there
    after = one.step(X[rows], Y[rows])[1].numpy()
    random.set_state(now)
    np.testing.assert_array_equal(many.step(X[rows], Y[rows])[1].numpy(), after)


def test_threads_do_not_change_the_bits() -> None:
    states, before = [], num_threads()
    for n in (1, 2, 3):
        set_num_threads(n)
        net = Net(600)
        net.step.run_steps(X, Y, rows=ROWS)
        states.append(net.state())
    set_num_threads(before)
    assert states[0] == states[1] == states[2]


def test_threads_that_are_late_stop_between_two_steps_and_the_caller_goes_on_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, before, begun = np.tile(ROWS, (30, 1)), num_threads(), []
    go_on = Turns.go_on

    def watched(self: Turns) -> None:
        go_on(self)
        begun.append(self._words[_BEGIN])

    monkeypatch.setattr(workers, "_PATIENCE_SECONDS", 0)  # whoever waits is late
    monkeypatch.setattr(workers, "_FIRST_REST", 1e-4)
    monkeypatch.setattr(Turns, "go_on", watched)
    states, losses = [], []
    for n in (1, 2):
        set_num_threads(n)
        net = Net(600)
        losses.append(net.step.run_steps(X, Y, rows=rows)[0].numpy())
        states.append(net.state())
    set_num_threads(before)
    np.testing.assert_array_equal(losses[0], losses[1])
    assert states[0] == states[1]
    assert sum(turn > 0 for turn in begun) > 3


def test_updates_that_are_copied_are_made_after_every_step(threads: int) -> None:
    def made() -> tuple[Any, list[Variable]]:
        a, b = Variable(np.eye(40, dtype="f") * 0.5), Variable(np.full((40, 40), 0.01, "f"))
        x = placeholder("float32", (40, 40))
        step = tw.function([x], tw.sum(a), updates=[(a, tw.matmul(a, b) + x), (b, a)])
        assert step.program.form([np.zeros((40, 40), "f")]).executable.schedule.moves
        return step, [a, b]

    x = np.eye(40, dtype="f")
    (one, first), (many, second) = made(), made()
    sums = [one(x).item() for _ in range(5)]
    assert many.run_steps(x, steps=5).tolist() == sums
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.get_value(), b.get_value())


def test_rows_of_every_size_and_type_are_gathered() -> None:
    for dtype in ("bool", "int8", "uint16", "float32", "float64", "int64"):
        for width in [1, 2, 3, 5, 7, 11, 16, 31, 33, 64, 65, 100, 129]:
            data = np.arange(9 * width).reshape(9, width).astype(dtype)
            x = placeholder(dtype, (None, width))
            rows = RNG.integers(0, 9, (3, 4))
            got = tw.function([x], x + 0 if dtype != "bool" else ~x).run_steps(data, rows=rows).numpy()
            np.testing.assert_array_equal(got, data[rows] if dtype != "bool" else ~data[rows])


def test_arrays_without_axes_are_the_same_at_every_step() -> None:
    x, rate, w = placeholder("float32", (None,)), placeholder("float32", ()), Variable(0.0)
    step = tw.function([x, rate], w, updates=[(w, w + rate * x.sum())])
    assert step.run_steps(np.ones(6, "f"), 0.5, batch=2).tolist() == [0, 1, 2]
    assert step.run_steps(np.ones(6, "f"), 0.5, rows=[[0], [1]]).tolist() == [3, 3.5]


def test_an_argument_that_nothing_reads() -> None:
    x, unused = placeholder("float32", (None,)), placeholder("int64", (None,))
    f = tw.function([unused, x], x.sum())
    assert f(np.arange(3), np.ones(3, "f")).item() == 3
    assert f.run_steps(np.arange(4), np.ones(4, "f"), rows=[[0, 1], [2, 3]]).tolist() == [2, 2]


def test_data_of_another_dtype_are_converted() -> None:
    x = placeholder("float32", (None, 2))
    total = tw.function([x], tw.sum(x)).run_steps([[1, 2], [3, 4], [5, 6]], batch=1)
    assert total.tolist() == [3, 7, 11]
    fortran = np.asfortranarray(RNG.normal(size=(6, 2)).astype("f"))
    np.testing.assert_allclose(
        tw.function([x], tw.sum(x)).run_steps(fortran, rows=[[5, 0]]).numpy()[0], fortran[[5, 0]].sum(), 1e-6
    )


def test_lengths_known_only_at_run_time() -> None:
    x = placeholder("float32", (None, 3))
    f = tw.function([x], tw.sum(x * 2))
    data = np.ones((60, 3), "f")
    for size in (2, 3, 4, 5, 6):
        assert f.run_steps(data, batch=size).tolist() == [6.0 * size] * (60 // size)
    assert f.program.num_compiled == 4


def test_no_outputs_and_no_inputs() -> None:
    n = Variable(0)
    step = tw.function([], None, updates=[(n, n + 1)])
    assert step.run_steps(steps=1000) is None and n.get_value() == 1000
    assert [*step.program.run_steps([], steps=1)] == [(1, [])]


def test_the_structure_of_the_outputs_is_kept() -> None:
    x = placeholder("float32", (None,))
    found = tw.function([x], {"sum": tw.sum(x), "pair": (x, [x + 1])}).run_steps(np.arange(4.0), batch=2)
    assert found["sum"].tolist() == [1, 5] and found["pair"][1][0].tolist() == [[1, 2], [3, 4]]


def test_traced_functions_take_many_steps_too() -> None:
    w = Variable(np.zeros(WIDTH, "f"))

    @tw.function
    def step(x: Any, rate: float, sign: int) -> Any:
        loss = tw.sum(x * w)
        w.assign_sub(rate * sign * tw.mean(x, axis=0))
        return {"loss": loss}

    wanted = [step(X[rows], 0.5, -1)["loss"].item() for rows in ROWS]
    after = w.get_value()
    w.assign(np.zeros(WIDTH, "f"))
    assert step.run_steps(X, 0.5, -1, rows=ROWS)["loss"].tolist() == wanted
    np.testing.assert_array_equal(w.get_value(), after)
    assert step.num_traces == 1
    with pytest.raises(IndexRangeError):
        step.run_steps(X, 0.5, -1, rows=ROWS + 10)


def test_progress_hears_of_every_step_in_order() -> None:
    net = Net()
    heard: list[int] = []
    net.step.run_steps(X, Y, rows=ROWS, progress=heard.append)
    assert heard == sorted(heard) and heard[-1] == len(ROWS)


def test_programs_that_need_the_host_between_steps() -> None:
    w, seen = Variable(np.ones(1, "f"), shape=(None,)), Variable(0)
    x = placeholder("float64", (3, 3))
    grown = tw.function([], tw.sum(w), updates=[(w, tw.concat([w, w], axis=0)), (seen, seen + 1)])
    assert grown.run_steps(steps=4).tolist() == [1, 2, 4, 8] and seen.get_value() == 4
    inverse = tw.function([x], tw.linalg.inv(x), updates=[(seen, seen + 1)])
    assert inverse.program.form([np.eye(3)]).executable.report.host_ops
    np.testing.assert_allclose(inverse.run_steps(np.eye(3) * 2, steps=3).numpy(), [np.eye(3) / 2] * 3)
    assert seen.get_value() == 7


def test_an_interruption_comes_between_steps() -> None:
    n, x, w = Variable(0), placeholder("float32", (None,)), Variable(np.zeros(1000, "f"))
    step = tw.function([x], None, updates=[(n, n + 1), (w, w + x.sum())])
    heard: list[int] = []

    def progress(done: int) -> None:
        if not heard:
            threading.Timer(0.1, interrupt_main).start()
        heard.append(done)

    started, before = time.perf_counter(), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where a shell's "&" has shut it off, too
    try:
        with pytest.raises(KeyboardInterrupt):
            step.run_steps(np.full(2, 0.5, "f"), steps=10**12, progress=progress)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.perf_counter() - started < 60
    assert n.get_value() == heard[-1] and (w.get_value() == min(heard[-1], 2**24)).all()


BAD: dict[str, tuple[dict[str, Any], type[ThalwegError], str]] = {
    "too high": (
        {"rows": [[0, COUNT]]},
        IndexRangeError,
        r"row number is out of range; expected 0 <= row < 90",
    ),
    "negative": ({"rows": [[0, -1]]}, IndexRangeError, r"out of range; .*received -1"),
    "one axis": ({"rows": [0, 1]}, ArgumentError, r"rows; expected integers \[steps, batch\]"),
    "floats": ({"rows": [[0.0]]}, ArgumentError, r"expected integers .* received float64 \[1, 1\]"),
    "empty": ({"rows": np.zeros((0, 3), int)}, ArgumentError, "at least one"),
    "both": ({"rows": [[0]], "batch": 1}, ArgumentError, "leave out batch and steps"),
    "nothing": ({}, ArgumentError, "steps are missing; expected rows=, batch= or steps="),
    "no steps": ({"steps": 0}, ArgumentError, "steps; expected a whole number of at least 1; received 0"),
    "half a batch": ({"batch": 1.5}, ArgumentError, "batch; expected a whole number"),
    "large batch": (
        {"batch": 91},
        ArgumentError,
        "too few rows for the steps; expected at least 1 x 91 rows",
    ),
    "many steps": ({"batch": 9, "steps": 11}, ArgumentError, "expected at least 11 x 9 rows; received 90"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_rows_are_refused_before_the_first_step(name: str) -> None:
    how, kind, message = BAD[name]
    net = Net()
    before = net.state()
    with pytest.raises(kind, match=message):
        net.step.run_steps(X, Y, **how)
    assert net.state() == before


def test_bad_data_are_refused_before_the_first_step() -> None:
    net = Net()
    with pytest.raises(ShapeError, match="expected one number of rows; received 89, 90"):
        net.step.run_steps(X, Y[1:], batch=2)
    with pytest.raises(ShapeError, match=r"wrong shape; expected \[None, 12\]; received \[2, 11\]"):
        net.step.run_steps(X[:, 1:], Y, batch=2)
    with pytest.raises(ArgumentTypeError, match="wrong number of arguments; expected 2"):
        net.step.run_steps(X, batch=2)
    w = Variable(0.0, symbolic=True)
    with pytest.raises(UninitializedError, match="before it has a value"):
        tw.function([], w + 1).run_steps(steps=2)


# What a call relies on without looking at it again.


def test_a_call_sees_what_was_done_to_variables_and_threads_since_the_last() -> None:
    w, x = Variable(np.zeros(3, "f")), placeholder("float32", (3,))
    step = tw.function([x], w * 1, updates=[(w, w + x)])
    ones = np.ones(3, "f")
    step(ones)
    step(ones)
    w.set_value([5, 5, 5])
    assert step(ones).tolist() == [5, 5, 5]
    shown = w.read()
    step(ones)
    assert shown.tolist() == [6, 6, 6] and w.get_value().tolist() == [7, 7, 7]
    held = w.value
    step.run_steps(ones, steps=2)
    assert held.tolist() == [7, 7, 7] and w.get_value().tolist() == [9, 9, 9]  # type: ignore[union-attr]
    before = num_threads()
    for n in (1, 2, before):
        set_num_threads(n)
        step(ones)
    w.assign(np.zeros(3, "f"))
    assert step(ones).tolist() == [0, 0, 0] and w.read().tolist() == [1, 1, 1]


def test_a_call_looks_at_its_arguments_every_time() -> None:
    x = placeholder("float32", (None, 4))
    f = tw.function([x], tw.sum(x, axis=0))
    a = np.arange(8, dtype="f").reshape(2, 4)
    assert f(a).tolist() == [4, 6, 8, 10]
    raw = np.zeros(33, np.uint8)
    unaligned = raw[1:33].view("f").reshape(2, 4)
    unaligned[...] = a
    read_only = a.copy()
    read_only.flags.writeable = False
    for same in (
        a.astype("d"),
        np.asfortranarray(a),
        unaligned,
        read_only,
        a.tolist(),
        tw.constant(a),
        a.view(Kept),
    ):
        assert f(same).tolist() == [4, 6, 8, 10]
    assert f(a[::-1]).tolist() == [4, 6, 8, 10] and f(a[:1]).tolist() == [0, 1, 2, 3]
    assert f(a[:, ::-1]).tolist() == [10, 8, 6, 4]
    with pytest.raises(ShapeError, match="wrong shape"):
        f(a.T)
    with pytest.raises(
        ArgumentTypeError, match=r"wrong number of arguments; expected 1 \(placeholder\); received 2"
    ):
        f(a, a)
    assert f(a).tolist() == [4, 6, 8, 10]


class Kept(np.ndarray):
    """An array of a kind of its own."""


def test_results_are_new_and_cannot_be_changed() -> None:
    x = placeholder("float32", (2,))
    f = tw.function([x], x + 1)
    first = f(np.zeros(2, "f"))
    f(np.ones(2, "f"))
    assert first.tolist() == [1, 1]
    with pytest.raises(ValueError, match="read-only"):
        first.array()[0] = 3


def test_sessions_take_turns_with_one_program() -> None:
    w, x = Variable(np.float32(1), symbolic=True), placeholder("float32", ())
    program = tw.function([x], w * 1, updates=[(w, w + x)]).program
    slots = [{w: Variable(np.float32(10 * k)).slot} for k in range(2)]
    for k in range(4):
        for j in range(2):
            assert program.run([np.float32(1)], slots[j])[0] == 10 * j + k
    chunks = list(program.run_steps([np.float32(1)], steps=3, slots=slots[1]))
    assert np.concatenate([results[0] for _, results in chunks]).tolist() == [14, 15, 16]


# A step that fails.


@make_op({}, name="refuse", infer=lambda x: Spec(x.shape, x.dtype))
def refuse(x, /):  # type: ignore[no-untyped-def]
    """x, or an error where it begins with a negative number."""
    if x.reshape(-1)[0] < 0:
        raise ValueError("refused")
    return x.copy()


def test_a_step_that_fails_leaves_all_variables_as_they_were() -> None:
    a, b, c = (Variable(np.full(4, k, "f")) for k in range(3))
    first = Variable(np.zeros(4, "f"), symbolic=True)
    x = placeholder("float32", (4,))
    step = tw.function(
        [x], None, updates=[(a, a + x), (b, refuse(x) * 2), (c, refuse(c + x)), (first, x * 3)]
    )
    executable = step.program.form([np.ones(4, "f")]).executable
    assert len(executable.report.host_ops) == 2
    for _ in range(2):
        with pytest.raises(ValueError, match="refused"):
            step(np.full(4, -9, "f"))
        assert [v.get_value()[0] for v in (a, b, c)] == [0, 1, 2] and first.value is None
    step(np.ones(4, "f"))
    assert [v.get_value()[0] for v in (a, b, c, first)] == [1, 2, 3, 3]
    with pytest.raises(ValueError, match="refused"):
        step(np.full(4, -9, "f"))
    assert [v.get_value()[0] for v in (a, b, c, first)] == [1, 2, 3, 3]
