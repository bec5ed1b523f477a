"""Loops inside compiled programs: the same numbers as the meanings of the ops, in native code, with gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from thalweg.gradient import gradients
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder
from thalweg.graph.walk import topological
from thalweg.ops import draws, random
from thalweg.ops import elementwise as ew
from thalweg.ops.activation import sigmoid
from thalweg.ops.control import cond, while_loop
from thalweg.ops.joining import concat
from thalweg.ops.reduce import max as maximum
from thalweg.ops.reduce import sum as total
from thalweg.ops.scan import foldl, map_fn, scan
from thalweg.ops.shape import full_like, permute_dims, reshape
from thalweg.ops.slices import flip
from thalweg.run.function import Function, function
from thalweg.run.workers import num_threads, set_num_threads

RNG = np.random.default_rng(5)


def array(*shape: int) -> np.ndarray:
    return RNG.uniform(-0.5, 0.5, shape)


def rnn(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    last, ys = scan(lambda h, row: (ew.tanh(row @ w + h @ u), h * row[:, :1]), h, x)
    return [last, ys]


def elman_without_outputs(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    return [scan(lambda h, row: (ew.tanh(row @ w + h @ u), None), h, x)[0]]


def lstm(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    units = h.shape[1]
    wide, wide_u = concat([w, w * 0.5, -w, w + 0.1], axis=1), concat([u, u * 2.0, u - 0.1, -u], axis=1)

    def cell(carry: Any, row: Any) -> Any:
        h, c = carry
        z = row @ wide + h @ wide_u + 0.1
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * ew.tanh(g)
        h = sigmoid(o) * ew.tanh(c)
        return (h, c), h

    (h, c), hs = scan(cell, (h, h * 2.0), x)
    return [h, c, hs]


def joined_lstm(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    """One matrix for the sequence and the state side by side, as TensorFlow's cells have."""
    units = h.shape[1]
    rows = concat([w, u], axis=0)
    matrix = concat([rows, rows * 2.0, rows - 0.1, -rows], axis=1)

    def cell(carry: Any, row: Any) -> Any:
        h, c = carry
        z = concat([row, h], axis=1) @ matrix + 0.1
        i, f, g, o = (z[:, k * units : (k + 1) * units] for k in range(4))
        c = sigmoid(f) * c + sigmoid(i) * ew.tanh(g)
        h = sigmoid(o) * ew.tanh(c)
        return (h, c), h

    (h, c), hs = scan(cell, (h, h * 2.0), x)
    return [h, c, hs]


def joined_grus(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    """Two layers in one loop: the second joins two states, the first a state, the sequence and a number's row."""
    rows = concat([u, w, w[:1] * 0.5], axis=0)
    both = concat([u, -u], axis=0)

    def layer(parts: Any, state: Any, matrix: Any) -> Any:
        r = sigmoid(concat([state, *parts], axis=1) @ matrix)
        return r * state + (1.0 - r) * ew.tanh(concat([r * state, *parts], axis=1) @ (matrix * 0.5))

    def step(carry: Any, row: Any) -> Any:
        first, second = carry
        first = layer([row, row[:, :1]], first, rows)
        second = layer([first], second, both)
        return (first, second), second

    (a, b), ys = scan(step, (h, h * 2.0), x)
    return [a, b, ys]


def batch_first_backwards(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    """Sequences read through views: every element of a step lies elsewhere."""
    wide = permute_dims(x, (1, 0, 2))
    seen = permute_dims(flip(wide, axis=1), (1, 0, 2))
    last, ys = scan(lambda h, row: (ew.tanh(row @ w + h @ u), total(h, axis=1)), h, seen, reverse=True)
    return [last, ys, permute_dims(ys, (1, 0)) * 2.0]


def running(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    """Products and sums so far, from starts that are stretched numbers."""
    start = full_like(x[0], 1.0)
    (sums, products), ys = scan(
        lambda c, row: ((c[0] + row, c[1] * (1.0 + row)), (c[0], c[1] + row)), (start, start), x
    )
    return [sums, products, *ys]


def powers(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    return [scan(lambda p, _: (p * x[0], None), x[1], length=6)[0], foldl(lambda a, r: a * r, x)]


def exchanged(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    """Carries that change places, one that never changes, and one that nobody asks for."""
    (a, b, c, _), ys = scan(
        lambda c, row: ((c[1], c[0] + row, c[2], c[3] * 2.0), (c[0], c[0])), (x[0], x[1], x[2], x[3]), x
    )
    return [a, b, c, *ys]


def mapped(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    return [map_fn(lambda row: ew.exp(row @ w) / total(ew.exp(row @ w), axis=1, keepdims=True), x)]


def nested(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    def step(h: Any, row: Any) -> Any:
        inner, seen = scan(lambda a, v: (a * 0.5 + v, a * v), row[0], row)
        return ew.tanh(h @ u + inner[:1]), seen[:, 0] + maximum(h)

    last, ys = scan(step, h, x)
    return [last, ys]


def reshaped(x: Any, w: Any, u: Any, h: Any) -> list[Any]:
    def step(c: Any, row: Any) -> Any:
        turned = permute_dims(c, (1, 0))
        return reshape(turned, c.shape) * 0.5 + row @ w, (turned, reshape(row, (-1,)))

    last, ys = scan(step, h, x)
    return [last, *ys]


CASES: dict[str, Callable[..., list[Any]]] = {
    f.__name__: f
    for f in (
        rnn,
        elman_without_outputs,
        lstm,
        joined_lstm,
        joined_grus,
        batch_first_backwards,
        running,
        powers,
        exchanged,
        mapped,
        nested,
        reshaped,
    )
}
every_case = pytest.mark.parametrize("name", list(CASES))
VALUES = [array(5, 3, 4), array(4, 6), array(6, 6), array(3, 6)]


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = num_threads()
    yield
    set_num_threads(before)


def with_slopes(make: Callable[..., list[Any]], inputs: Sequence[Tensor]) -> list[Tensor]:
    outputs = make(*inputs)
    weighted: Any = sum(total(ew.sin(y * 1.5)) for y in outputs)
    return [*outputs, *gradients(weighted, list(inputs), unconnected="zero")]


def host_ops(f: Function) -> list[str]:
    forms = f.program._compiled.values()
    return [op for form in forms for op in form.executable.report.host_ops]


def symbols(values: Sequence[np.ndarray]) -> list[Tensor]:
    return [placeholder(a.dtype.name, a.shape) for a in values]


def assert_native(inputs: Sequence[Tensor], outputs: Sequence[Tensor], values: Sequence[np.ndarray]) -> None:
    """One program computes what the meanings do, none of it on the host; run twice, as memory is used again."""
    wanted = evaluate(outputs, dict(zip(inputs, values, strict=True)))
    run = function(list(inputs), list(outputs))
    for _ in range(2):
        for got, w in zip(run(*values), wanted, strict=True):
            assert got.dtype == w.dtype
            np.testing.assert_allclose(got.numpy(), w, rtol=1e-12, atol=1e-12)
    assert host_ops(run) == []


@every_case
def test_native_is_what_the_ops_mean(name: str) -> None:
    inputs = symbols(VALUES)
    assert_native(inputs, with_slopes(CASES[name], inputs), VALUES)


@every_case
def test_second_gradients(name: str) -> None:
    inputs = symbols(VALUES)
    slopes = with_slopes(CASES[name], inputs)[-len(inputs) :]
    weighted: Any = sum(total(ew.sin(s)) for s in slopes)
    assert_native(inputs, gradients(weighted, inputs, unconnected="zero"), VALUES)


@pytest.mark.parametrize("name", ["rnn", "lstm", "joined_lstm", "batch_first_backwards", "mapped"])
def test_threads_do_not_change_a_bit(name: str) -> None:
    values = [array(7, 40, 24), array(24, 48), array(48, 48), array(40, 48)]
    inputs = symbols(values)
    outputs = with_slopes(CASES[name], inputs)
    results = []
    for n in (1, 2):
        set_num_threads(n)
        run = function(inputs, outputs)
        results.append([r.numpy() for r in run(*values)])
        assert host_ops(run) == []
    wanted = evaluate(outputs, dict(zip(inputs, values, strict=True)))
    for one, two, w in zip(*results, wanted, strict=True):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_allclose(one, w, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    "name", ["rnn", "lstm", "joined_lstm", "joined_grus", "batch_first_backwards", "running", "mapped"]
)
def test_lengths_and_batches_that_change_share_one_form(name: str) -> None:
    inputs = [
        placeholder("float64", (None, None, 4)),
        *symbols(VALUES[1:3]),
        placeholder("float64", (None, 6)),
    ]
    outputs = with_slopes(CASES[name], inputs)
    run = function(inputs, outputs)
    for steps, batch in ((4, 2), (5, 3), (6, 4), (7, 5), (4, 6), (9, 2), (8, 7)):
        values = [array(steps, batch, 4), *VALUES[1:3], array(batch, 6)]
        wanted = evaluate(outputs, dict(zip(inputs, values, strict=True)))
        for got, w in zip(run(*values), wanted, strict=True):
            np.testing.assert_allclose(got.numpy(), w, rtol=1e-12, atol=1e-12)
    assert host_ops(run) == []
    assert run.program.num_compiled == 4


def test_a_single_step() -> None:
    values = [array(1, 3, 4), *VALUES[1:]]
    inputs = symbols(values)
    for make in (rnn, lstm, batch_first_backwards, running):
        assert_native(inputs, with_slopes(make, inputs), values)


def test_dtypes_side_by_side() -> None:
    x, k = placeholder("float32", (6, 5)), placeholder("int32", (6,))

    def step(c: Any, row: Any) -> Any:
        count, best, flag = c
        x, k = row
        count = count * 3 + k
        best = ew.maximum(best, ew.astype(x, "float64"))
        return (count, best, total(x) > 0.0), (ew.astype(count, "float16"), flag)

    start = (constant(1, "int32"), constant(np.zeros(5)), constant(False))
    (count, best, flag), ys = scan(step, start, (x, k))
    values = [array(6, 5).astype("float32"), np.arange(6, dtype="int32")]
    assert_native([x, k], [count, best, flag, *ys], values)


def test_variables_and_constants_in_a_body() -> None:
    w, x = Variable(np.float64(2.0)), placeholder("float64", (3, 2))
    y, seen = scan(lambda c, v: (c * w + v * constant([1.0, 2.0], "float64"), c + 0.5), np.zeros(2), x)
    run = function(
        [x], [y, seen, gradients(total(y), w)], updates=[(w, w + total(y)), (Variable(np.zeros(2)), y)]
    )
    ones = np.ones((3, 2))
    assert [v.tolist() for v in run(ones)] == [
        [7.0, 14.0],
        [[0.5, 0.5], [1.5, 2.5], [3.5, 6.5]],
        15.0,
    ]
    assert run(ones)[0].tolist() == [553.0, 1106.0]
    assert host_ops(run) == []


def test_numbers_drawn_in_the_body() -> None:
    """Each step draws its own; drawn words are whole groups and leave the neighbouring rows alone."""
    x = placeholder("float32", (6, 5))

    def step(key: Any, row: Any) -> Any:
        return key + 1, (row + random.uniform((5,)), draws.random_bits(draws.random_key(), (5,), 3))

    for reverse in (False, True):
        ys, words = scan(step, constant(0, "int64"), x, reverse=reverse)[1]
        masked = map_fn(lambda row: row * random.bernoulli(0.5, (5,), "float32"), x)
        run = function([x], [ys, words, masked, gradients(total(masked), x)])
        first, second = (run(np.ones((6, 5), "float32")) for _ in range(2))
        assert len(np.unique([first[0].numpy(), second[0].numpy()])) == 60
        assert len(np.unique([first[1].numpy(), second[1].numpy()])) == 60
        np.testing.assert_array_equal(first[2].numpy(), first[3].numpy())
        assert host_ops(run) == []


def test_what_only_the_host_can_do_stays_there() -> None:
    """A choice or an open-ended loop in the body: the whole loop runs by the meanings of its ops."""
    x = placeholder("float64", (4, 3))

    def step(h: Any, row: Any) -> Any:
        (h,) = while_loop(lambda h: total(h) < 5.0, lambda h: (h + 1.0,), [h])
        return cond(row[0] > 0.0, lambda: h * row, lambda: h - row), h

    outputs = list(scan(step, constant(np.zeros(3)), x))
    values = array(4, 3)
    run = function([x], outputs)
    for got, w in zip(run(values), evaluate(outputs, {x: values}), strict=True):
        np.testing.assert_allclose(got.numpy(), w, rtol=1e-12)
    assert len(host_ops(run)) == 1


def test_loops_made_twice_from_one_body_do_not_share_memory() -> None:
    x = placeholder("float64", (4, 3))

    def once(seed: Any) -> Any:
        return scan(lambda c, row: (c * 0.5 + row, c), seed, x)[1]

    a, b = once(x[0]), once(x[1])
    (loop,) = {t.inputs[0] for t in (a,)}
    other = loop.op.build((x[2], *loop.inputs[1:]), loop.attrs)[1]
    assert_native([x], [a, b, other, *gradients(total(a * b * other), [x])], [array(4, 3)])


# --- what is done before and after the loop ---------------------------------------------------------------------------


def bodies(f: Function) -> list[list[str]]:
    """The names of the ops in the body of each native loop."""
    (form,) = f.program._compiled.values()
    members = [k.members[0] for k in form.executable.schedule.kernels]
    loops = [t for t in members if t.op is not None and t.op.name == "scan"]
    orders = [topological(t.attrs["body"].outputs) for t in loops]
    return [[t.op.name for t in order if t.op is not None] for order in orders]


def checked(inputs: Sequence[Tensor], outputs: Any, values: Sequence[np.ndarray]) -> list[list[str]]:
    """The bodies that are left in a program that gives what the ops mean."""
    flat = outputs if isinstance(outputs, list) else [outputs]
    assert_native(inputs, flat, values)
    run = function(list(inputs), flat)
    run(*values)
    return bodies(run)


def test_products_with_what_never_changes_are_done_before_the_loop() -> None:
    inputs = symbols(VALUES)
    (body,) = checked(inputs, elman_without_outputs(*inputs), VALUES)
    assert body.count("matrix_product") == 1


def test_gradients_keep_one_product_in_the_loop() -> None:
    """That of the recurrence: those of the sequence, and the sums for the weights, are products of all steps."""
    for make in (elman_without_outputs, lstm, joined_lstm):
        inputs = symbols(VALUES)
        forward, backward = checked(inputs, with_slopes(make, inputs), VALUES)
        assert forward.count("matrix_product") == backward.count("matrix_product") == 1


@pytest.mark.parametrize("name", ["lstm", "joined_lstm"])
def test_gradients_do_not_compute_again_what_the_loop_did(name: str) -> None:
    """Four gates: sequence and recurrence forward; the state's, both weights' and the sequence's gradients."""
    inputs = symbols(VALUES)
    last = CASES[name](*inputs)[0]
    run = function(inputs, [last, *gradients(total(ew.sin(last)), inputs)])
    run(*VALUES)
    (form,) = run.program._compiled.values()
    outside = [k for k in form.executable.report.kernels if "matrix_product" in k]
    inside = [name for body in bodies(run) for name in body if name == "matrix_product"]
    assert (len(outside), len(inside)) == (4, 2)
    _, backward = bodies(run)
    assert not {"tanh", "sigmoid"} & set(backward)  # the gates are kept, not what they were made of


def test_a_map_is_no_loop() -> None:
    inputs = symbols(VALUES)
    assert checked(inputs, with_slopes(mapped, inputs), VALUES) == []


def test_states_side_by_side_stay_one_product() -> None:
    """The first layer's two products of its state, and the two of the second layer, of both."""
    inputs = symbols(VALUES)
    (body,) = checked(inputs, joined_grus(*inputs), VALUES)
    assert body.count("matrix_product") == 4
    forward, backward = checked(inputs, with_slopes(joined_grus, inputs), VALUES)
    assert forward.count("matrix_product") == backward.count("matrix_product") == 4


def test_what_nobody_asks_for_is_not_carried() -> None:
    inputs = symbols(VALUES)
    x, _, u, h = inputs
    a, b = scan(lambda c, row: ((ew.tanh(c[0] @ u), c[1] * 2.0), None), (h, h), x)[0]
    (body,) = checked(inputs, [a], VALUES)
    assert "multiply" not in body
    (body,) = checked(inputs, [b], VALUES)
    assert body == ["multiply"]


def test_sums_over_the_steps() -> None:
    """Of products, of their transposes, of sums over axes; a sum that the loop reads stays."""
    x, w, u, h = inputs = symbols(VALUES)

    def step(c: Any, row: Any) -> Any:
        state, *sums = c
        outer = permute_dims(row, (1, 0)) @ state
        turned = permute_dims(outer, (1, 0))
        terms = [outer, turned, total(state, axis=0) + total(row) * 0.5, state, outer * 1.5]
        state = ew.tanh(state @ u + sums[4][:3])
        return (state, *(s + t for s, t in zip(sums, terms, strict=True))), None

    start = (h, w, permute_dims(w, (1, 0)), h[0], h, w)
    final = scan(step, start, x, reverse=True)[0]
    checked(inputs, list(final), VALUES)
    checked(inputs, list(final[:4]), VALUES)
    slopes = gradients(total(ew.sin(final[1])) + total(final[3]), inputs, unconnected="zero")
    checked(inputs, slopes, VALUES)


def test_outputs_that_no_later_step_reads_are_computed_after_the_loop() -> None:
    x, w, u, h = inputs = symbols(VALUES)

    def step(state: Any, row: Any) -> Any:
        following = ew.tanh(state @ u)
        ys = following @ permute_dims(w, (1, 0)) + row[:1], state @ u[:, :2] @ h[:2, :5], row * 2.0
        return following, ys

    last, ys = scan(step, h, x)
    (body,) = checked(inputs, [last, *ys], VALUES)
    assert body.count("matrix_product") == 1


def test_views_and_broadcasts_of_all_steps() -> None:
    x, w, u, h = inputs = symbols(VALUES)

    def step(state: Any, row: Any) -> Any:
        a = row[0] @ w + row[::-1, 1:3] @ u[:2]
        b = permute_dims(reshape(row, (2, 6)) @ u, (1, 0))[:, :1]
        state = ew.tanh(state @ u + a + permute_dims(b, (1, 0)) * 0.1)
        return state, maximum(row @ w, axis=1) + total(b)

    last, ys = scan(step, h, x)
    (body,) = checked(inputs, [last, ys], VALUES)
    assert body.count("matrix_product") == 1
    forward, backward = checked(inputs, gradients(total(ew.sin(last)) + total(ys), inputs), VALUES)
    assert forward.count("matrix_product") == backward.count("matrix_product") == 1


def test_slices_that_are_apart_are_put_together() -> None:
    x = placeholder("float64", (None, 6))
    apart = total(ew.sin(x[:, :2]) * x[:, 2:4]) + total(ew.exp(x[:, 5:])) + total(x[:, 4:5] ** 3)
    some = total(ew.sin(x[:, :2]) * x[:, 3:5])
    crossing = total(ew.sin(x[:, :4])) + total(ew.exp(x[:, 2:]))
    ends = total(ew.sin(x[:2])) + total(ew.exp(x[-2:]) * 2.0)
    turned = total(ew.sin(x[:, 1::-1]) * x[:, 2::2])
    rows = total(ew.sin(x[0] * 2.0) * x[1]) + total(ew.exp(x[:, 2])) + total(x[:, 3] ** 3)
    outputs = [gradients(y, x) for y in (apart, some, crossing, ends, turned, rows)]
    run = function([x], outputs)
    for n in (5, 6, 7, 8, 3, 2, 9):
        values = array(n, 6)
        for got, wanted in zip(run(values), evaluate(outputs, {x: values}), strict=True):
            np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-12, atol=1e-14)
