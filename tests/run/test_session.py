"""Sessions: their own values of symbolic variables, fetches in structures, feeds, operations in order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.graph.tensor import Variable, placeholder
from thalweg.graph.updates import Operation, group
from thalweg.run.session import Session


def _initialise(*variables: Variable) -> Operation:
    return Operation([(v, v.initializer) for v in variables], name="init")


def test_a_new_session_starts_from_nothing() -> None:
    w = Variable(np.ones(3, "f"), symbolic=True, name="w")
    first = Session()
    with pytest.raises(
        tw.UninitializedError,
        match=r"variable 'w' is used before it has a value; .*hint: run the initialisation",
    ):
        first.run(w)
    first.run(_initialise(w))
    assert first.run(w).tolist() == [1, 1, 1]
    with Session() as second, pytest.raises(tw.UninitializedError, match="variable 'w'"):
        second.run(w)


def test_two_sessions_are_independent() -> None:
    w = Variable(np.zeros(3, "f"), symbolic=True)
    step = Operation([(w, w + 1)])
    one, two = Session(), Session()
    for session in (one, two):
        session.run(_initialise(w))
    for _ in range(3):
        one.run(step)
    two.run(step)
    assert (one.run(w)[0], two.run(w)[0]) == (3, 1)
    one.load(w, np.full(3, 9))
    assert (one.value_of(w)[0], two.value_of(w)[0]) == (9, 1)
    assert w.slot.array is None


def test_a_symbolic_initial_value() -> None:
    a = Variable(np.float32(2), symbolic=True)
    b = Variable(a * 3, name="b")
    session = Session()
    session.run(Operation([(b, b.initializer)], before=[_initialise(a)]))
    assert session.run([a, b]) == [2, 6]


def test_a_random_initial_value_differs_between_sessions_and_repeats_with_the_seed() -> None:
    w = Variable(tw.random.normal((20,), symbolic=True))
    values = []
    for seed in (1, 1, 2):
        tw.random.set_seed(seed)
        session = Session()
        session.run(_initialise(w))
        values.append(session.run(w))
        np.testing.assert_array_equal(session.run(w), values[-1])
    np.testing.assert_array_equal(values[0], values[1])
    assert (values[0] != values[2]).any()


def test_fetches_come_before_updates_in_their_structure() -> None:
    x, w = placeholder("float32", [None], name="x"), Variable(np.float32(1), symbolic=True)
    step = Operation([(w, w + tw.sum(x))], name="step")
    valued = Operation([(w, w * 2)], value=w * 2)
    session = Session()
    session.run(_initialise(w))
    result = session.run({"loss": w * 10, "more": (step, [x, None])}, {x: [1, 2]})
    assert result["loss"] == 10 and result["more"][0] is None and result["more"][1][0].tolist() == [1, 2]
    assert result["more"][1][1] is None and isinstance(result["loss"], np.float32)
    assert session.run(w) == 4 and session.run(valued) == 8 and session.run(w) == 8
    assert session.run(None) is None and session.run([]) == []


def test_operations_before_run_first_and_in_order() -> None:
    w, log = Variable(np.float32(1), symbolic=True), Variable(np.zeros(4, "f"), symbolic=True)
    note = Operation([(log, tw.concat([log[1:], tw.reshape(w, (1,))]))])
    add, double = Operation([(w, w + 3)]), Operation([(w, w * 2)])
    session = Session()
    session.run(_initialise(w, log))
    assert session.run(Operation([(w, w - 1)], value=w, before=[note, add, note, double, note])) == 8
    assert session.run(log).tolist() == [0, 1, 4, 8] and session.run(w) == 7
    session.run(group(add, Operation([(log, log * 0)])))
    assert session.run([w, tw.sum(log)]) == [10, 0]


def test_any_expression_can_be_fed() -> None:
    x = placeholder("float32", [2])
    middle = x * 2
    assert Session().run(middle + 1, {middle: [5, 6]}).tolist() == [6, 7]
    assert Session().run([middle + 1, x], {middle: [5, 6], x: [0, 1]})[0].tolist() == [6, 7]


@pytest.mark.parametrize(
    ("fetch", "feed", "kind", "text"),
    [
        (
            lambda x, w: x * 2,
            lambda x, w: {},
            tw.FeedError,
            r"placeholder 'x' float32\[None\] has no value; .*feed it",
        ),
        (
            lambda x, w: "loss",
            lambda x, w: {},
            tw.FetchError,
            r"a fetch is not a tensor; expected a tensor, variable or operation.*received 'loss'",
        ),
        (lambda x, w: [x, 3], lambda x, w: {x: [1]}, tw.FetchError, r"a fetch is not a tensor; .*received 3"),
        (
            lambda x, w: x,
            lambda x, w: {"x": [1]},
            tw.FeedError,
            r"a key is not a tensor; expected placeholders; received 'x'",
        ),
        (
            lambda x, w: w,
            lambda x, w: {w: [1]},
            tw.FeedError,
            r"variable 'w' cannot be fed; expected a placeholder or an expression",
        ),
        (
            lambda x, w: x,
            lambda x, w: {x: [[1]]},
            tw.ShapeError,
            r"placeholder 'x' has the wrong shape; expected \[None\]; received \[1, 1\]",
        ),
    ],
)
def test_wrong_fetches_and_feeds(fetch: Any, feed: Any, kind: type[Exception], text: str) -> None:
    x, w = placeholder("float32", [None], name="x"), Variable(np.ones(1, "f"), name="w")
    with pytest.raises(kind, match=text) as error:
        Session().run(fetch(x, w), feed(x, w))
    assert "\n" not in str(error.value)


def test_fetched_arrays_belong_to_the_caller() -> None:
    w = Variable(np.zeros(3, "f"), symbolic=True)
    session = Session()
    session.run(_initialise(w))
    taken = session.run(w)
    session.run(Operation([(w, w + 1)]))
    assert taken.tolist() == [0, 0, 0]
    taken[:] = 7
    assert session.run(w).tolist() == [1, 1, 1]


def test_training_with_partial_batches() -> None:
    rng = np.random.default_rng(0)
    xs = rng.normal(size=(103, 4)).astype("f")
    ys = xs @ _column(1, -2, 3, 0.5) + 1
    x, y = placeholder("float32", [None, 4]), placeholder("float32", [None, 1])
    w, b = Variable(np.zeros((4, 1), "f"), symbolic=True), Variable(np.zeros(1, "f"), symbolic=True)
    loss = tw.mean(tw.square(tw.matmul(x, w) + b - y))
    step = Operation([(v, v - 0.1 * g) for v, g in zip([w, b], tw.gradients(loss, [w, b]), strict=True)])
    session = Session()
    session.run(_initialise(w, b))
    own_w, own_b = np.zeros((4, 1)), np.zeros(1)
    for _ in range(20):
        for at in range(0, 103, 20):  # the last one has three samples
            xb, yb = xs[at : at + 20], ys[at : at + 20]
            got, _ = session.run([loss, step], {x: xb, y: yb})
            error = xb @ own_w + own_b - yb
            np.testing.assert_allclose(got, np.mean(error**2), rtol=1e-4, atol=1e-7)
            own_w, own_b = own_w - 0.2 * xb.T @ error / len(xb), own_b - 0.2 * error.mean()
    np.testing.assert_allclose(session.run(w), own_w, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(session.run(w), _column(1, -2, 3, 0.5), atol=1e-2)


def _column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]
