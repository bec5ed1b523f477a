"""Eager results that wait: what may be seen of it, which is nothing but speed."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import tracemalloc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.errors import DataError, IndexRangeError, ShapeError
from thalweg.graph import later
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops.scan import loop
from thalweg.run.program import Program
from thalweg.run.replay import replayed_gradients


@pytest.fixture(autouse=True)
def from_the_start() -> Iterator[None]:
    """Nothing waits, and nothing has been compiled."""
    later.current().finish()
    later.forget()
    yield


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[Program]:
    """The programs that are made of what waits."""
    made: list[Program] = []

    def program(*args: Any) -> Program:
        made.append(Program(*args))
        return made[-1]

    monkeypatch.setattr(later, "_programs", [program])
    return made


def floats(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def waits(tensor: Tensor) -> bool:
    return tensor.later is not None


def slope(y: Tensor, x: Tensor) -> Tensor | None:
    return replayed_gradients([y], [x], [tw.ones_like(y)])[0]


# --- what is seen ---------------------------------------------------------------------------------------------------


def test_a_result_waits_until_somebody_looks() -> None:
    w = Variable([1.0, 2.0])
    y = (w * 3).sum()
    assert waits(y) and y.shape == () and y.dtype == np.float32 and not y.is_symbolic
    assert waits(y)
    assert y.item() == 9 and not waits(y)


def test_without_a_variable_nothing_waits() -> None:
    assert not waits(tw.constant([1.0, 2.0]) * 3)
    assert not waits(tw.random.normal((3,)))


def test_whoever_looks_sees_all_that_waits() -> None:
    w = Variable(2.0)
    y, z = w * 3, w + 1
    assert z.item() == 3 and not waits(y)
    assert y.item() == 6


def test_an_error_is_raised_where_the_op_is_written() -> None:
    w = Variable(np.ones((2, 3), "float32"))
    for _ in range(5):
        with pytest.raises(ShapeError, match="add: the shapes do not broadcast"):
            w * 2 + np.ones(4, "float32")


def test_values_that_an_op_refuses_are_found_at_once() -> None:
    w = Variable(np.ones((2, 3), "float32"))
    for _ in range(70):
        with pytest.raises(DataError, match="is not a class"):
            tw.nn.sparse_softmax_cross_entropy(w * 2, [0, 3])
        with pytest.raises(IndexRangeError, match="beyond axis 0"):
            tw.take(w * 2, [0, 2], axis=0)


def test_what_was_computed_before_an_assignment_stays() -> None:
    w = Variable([1.0, 2.0])
    before = w * 10
    w.assign([5.0, 6.0])
    assert before.tolist() == [10, 20] and (w * 10).tolist() == [50, 60]


def test_gradients_pass_what_was_looked_at_before() -> None:
    w = Variable([3.0, 3.0])
    for _ in range(2):  # the same batch, but for how its first leaf came about
        given, computed = tw.constant([9.0, 9.0]), w * w
        assert computed.tolist() == given.tolist()
        for factor, expected in ((given, 9.0), (computed, 27.0)):
            g = slope((factor * w).sum(), w)
            assert g is not None and g.tolist() == [expected, expected]


def test_what_was_computed_before_a_compiled_update_stays() -> None:
    w = Variable([1.0, 2.0])
    step = tw.function([], [], updates=[(w, w * 2)])
    step()
    before = w * 10
    step()
    assert before.tolist() == [20, 40] and w.get_value().tolist() == [4, 8]


def test_assigned_values_wait_too() -> None:
    w = Variable([1.0, 2.0])
    w.assign_add([1.0, 1.0])
    w.assign_add(w * 10)
    assert w.slot.later is not None and w.get_value().tolist() == [22, 33]


def test_a_compiled_function_reads_what_was_assigned() -> None:
    w = Variable([1.0, 2.0])
    double = tw.function([], w * 2)
    double()
    w.assign_sub(w * 0.5)
    assert double().tolist() == [1, 2]


def test_two_variables_given_one_result_do_not_share_it() -> None:
    size = 10_000  # enough for memory on its own
    v, w = Variable(np.ones(size, "float32")), Variable(np.ones(size, "float32"))
    step = tw.function([], [], updates=[(v, v + 1)])
    for k in range(6):
        y = v * 2
        v.assign(y)
        w.assign(y)
        step()
        assert v.get_value()[0] == w.get_value()[0] + 1 == y.array()[0] + 1, k


def test_history_ends_where_it_ended() -> None:
    v, w = Variable(3.0), Variable(2.0)
    for _ in range(70):
        with tw.no_grad():
            h = w * 5
        assert slope(h * v, w) is None
        assert slope(h * v, v).item() == 10  # type: ignore[union-attr]
        first = slope(w * w * w, w)
        assert first is not None and slope(first * v, w) is None


@pytest.mark.parametrize("size", [3, 2000])
def test_a_loop_gives_what_numpy_gives(size: int, compiled: list[Program]) -> None:
    rng = np.random.default_rng(1)
    w, m = Variable(rng.normal(size=size), dtype="float64"), Variable(np.zeros(size), dtype="float64")
    want_w, want_m = w.get_value(), m.get_value()
    for _ in range(80):
        x = rng.normal(size=size)
        loss = tw.sum((w * x - 1) ** 2)
        (g,) = replayed_gradients([loss], [w], [tw.ones_like(loss)])
        assert g is not None
        m.assign(m * 0.9 + g)
        w.assign_sub(m * 0.001)
        want_loss = np.sum((want_w * x - 1) ** 2)
        want_m = want_m * 0.9 + 2 * (want_w * x - 1) * x
        want_w = want_w - want_m * 0.001
        np.testing.assert_allclose(loss.array(), want_loss, rtol=1e-9)
    np.testing.assert_allclose(w.get_value(), want_w, rtol=1e-9)
    assert len(compiled) == 2  # reading m after it was assigned ends a batch


# --- what is compiled -----------------------------------------------------------------------------------------------


def test_large_batches_are_compiled_at_the_third_time(compiled: list[Program]) -> None:
    w = Variable(np.ones(2000, "float32"))
    for k in range(1, 6):
        assert slope((w * w).sum(), w).array()[0] == 2  # type: ignore[union-attr]
        assert len(compiled) == (k >= 3)


def test_small_batches_are_compiled_when_they_have_come_often(compiled: list[Program]) -> None:
    w = Variable([1.0, 2.0])
    for k in range(1, 70):
        assert slope((w * w).sum(), w).tolist() == [2, 4]  # type: ignore[union-attr]
        assert len(compiled) == (k >= 64)


def test_a_large_forward_pass_is_compiled_when_it_comes_again(compiled: list[Program]) -> None:
    rng = np.random.default_rng(2)
    w = Variable(rng.normal(size=(300, 300)), dtype="float32")
    x = rng.normal(size=(40, 300)).astype("float32")
    expected = np.tanh(x.astype("float64") @ w.get_value())
    for k in range(1, 6):
        np.testing.assert_allclose(tw.tanh(x @ w).array(), expected, rtol=1e-4, atol=1e-5)
        assert len(compiled) == (k >= 3)


def test_a_small_one_without_gradient_or_assignment_keeps_its_bits(compiled: list[Program]) -> None:
    rng = np.random.default_rng(1)
    w = Variable(rng.normal(size=(50, 60)), dtype="float32")
    x = rng.normal(size=(40, 50)).astype("float32")
    first = tw.tanh(x @ w).array()
    for _ in range(70):
        np.testing.assert_array_equal(tw.tanh(x @ w).array(), first)
    assert compiled == []


def test_a_number_that_keeps_changing_becomes_an_input(compiled: list[Program]) -> None:
    w = Variable(np.ones(2000, "float32"))
    for k in range(40):
        assert slope((w * (0.5 + k)).sum(), w).array()[7] == 0.5 + k  # type: ignore[union-attr]
    assert len(compiled) == 1


def test_results_that_nobody_holds_are_not_computed(compiled: list[Program]) -> None:
    w = Variable(np.ones(2000, "float32"))
    v = Variable(0.0)
    for _ in range(4):
        with tw.no_grad():
            v.assign(tw.sum(tw.exp(w * 2)))
        v.get_value()
    assert [len(program.outputs) for program in compiled] == [1]
    for _ in range(4):
        with tw.no_grad():
            terms = tw.exp(w * 2)
            v.assign(tw.sum(terms))
        terms.array()
    assert [len(program.outputs) for program in compiled] == [1, 2]


def test_other_shapes_are_another_batch(compiled: list[Program]) -> None:
    w = Variable(2.0)
    for k in range(8):
        assert slope((w * np.ones(2000 + k % 2, "float32")).sum(), w).item() == 2000 + k % 2  # type: ignore[union-attr]
    assert len(compiled) == 2


def test_attributes_that_are_equal_but_not_alike_differ() -> None:
    assert later.attribute_words({"axis": 1}) != later.attribute_words({"axis": True})
    assert later.attribute_words({"axis": (1,)}) != later.attribute_words({"axis": (True,)})
    assert later.attribute_words({"x": 0.0}) != later.attribute_words({"x": -0.0})
    assert later.attribute_words({"x": float("nan")}) == later.attribute_words({"x": float("nan")})
    assert later.attribute_words({"x": object()}) is None


def test_the_sign_of_a_zero_is_kept() -> None:
    w = Variable([1.0])
    assert np.signbit((w * 0.0).array()).tolist() == [False]
    assert np.signbit((w * -0.0).array()).tolist() == [True]


# --- how long it waits ----------------------------------------------------------------------------------------------


def test_not_everything_waits_forever() -> None:
    w = Variable(1.0)
    y = w + 0
    for _ in range(2000):
        y = y + 1
    assert y.item() == 2001
    kept = [w * k for k in range(1500)]
    assert not waits(kept[0]) and waits(kept[-1])


def test_what_nobody_holds_is_given_back() -> None:
    w = Variable(np.ones(2000, "float32"))
    x = tw.constant(np.ones(2000, "float32"))
    held = weakref.ref(x)
    y = (w * x).sum()
    del x
    y.item()
    del y
    gc.collect()
    assert held() is None


def test_programs_are_forgotten_when_they_become_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_MOST_STATES", 50)
    w = Variable(2.0)
    for k in range(300):
        assert (w * np.ones(k, "float32")).sum().item() == 2 * k


# --- who else looks -------------------------------------------------------------------------------------------------


def test_another_thread_may_look() -> None:
    w = Variable(2.0)
    found: list[Any] = []
    y = w * 3
    thread = threading.Thread(target=lambda: found.append((y.item(), (y + w).item())))
    thread.start()
    thread.join()
    assert found == [(6, 8)] and (y * 2).item() == 12


def test_another_thread_may_look_during_an_assignment(monkeypatch: pytest.MonkeyPatch) -> None:
    w, alone = Variable([1.0, 2.0]), later.Batch.alone

    def looked_at(batch: later.Batch, tensor: Tensor) -> Tensor | None:
        batch.finish()
        return alone(batch, tensor)

    monkeypatch.setattr(later.Batch, "alone", looked_at)
    w.assign(w * 3)
    assert w.numpy().tolist() == [3, 6]


def test_threads_write_apart() -> None:
    w = Variable(np.arange(2000, dtype="float32"))
    wrong: list[Any] = []

    def work(k: int) -> None:
        for n in range(30):
            g = slope((w * w).sum() * (k + n), w)
            if g is None or not np.array_equal(g.array(), 2 * (k + n) * np.arange(2000, dtype="float32")):
                wrong.append((k, n))

    threads = [threading.Thread(target=work, args=(k,)) for k in (1, 2, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_copies_and_pickles_have_the_value() -> None:
    w = Variable([1.0, 2.0])
    with tw.no_grad():
        results = [w * 2 for _ in range(3)]
    assert copy.copy(results[0]).tolist() == copy.deepcopy(results[1]).tolist() == [2, 4]
    assert pickle.loads(pickle.dumps(results[2])).tolist() == [2, 4]
    w.assign_add([1.0, 1.0])
    assert copy.deepcopy(w).get_value().tolist() == [2, 3]


def test_a_failed_look_may_be_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    w = Variable(2.0)
    y = w * 3

    def fails(self: Any, places: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(later.Batch, "_computed", fails)
        with pytest.raises(KeyboardInterrupt):
            y.item()
    assert y.item() == 6 and (y + w).item() == 8


def test_what_a_tensor_does_not_have_is_said_as_ever() -> None:
    y = Variable(2.0) * 3
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'valu'"):
        y.valu
    assert not hasattr(y, "units") and waits(y)


def test_draws_wait_beside_what_waits() -> None:
    w = Variable(np.ones(2000, "float32"))
    found = []
    for _ in range(2):
        tw.random.set_seed(7)
        found.append([tw.nn.dropout(w * 2, 0.5).numpy() for _ in range(5)])
    np.testing.assert_array_equal(found[0], found[1])
    assert len({draw.tobytes() for draw in found[0]}) == 5
    assert 0.4 < np.mean(found[0][0] == 0) < 0.6


def test_values_that_are_checked_may_wait_themselves() -> None:
    w = Variable([1.0, 2.0, 3.0])
    for _ in range(5):
        places = tw.astype(w * 0 + 2, "int64")
        assert tw.take(w * 10, places, axis=0).tolist() == [30, 30, 30]


def test_arrays_are_given_back_as_soon_as_they_are_not_needed() -> None:
    w = Variable(np.ones(1_000_000, "float32"))
    tracemalloc.start()
    with tw.no_grad():
        y = w * 2
        for _ in range(50):
            y = y + 1
        total = tw.sum(y)
        del y
        assert total.item() == 52_000_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


def test_what_waits_does_not_hold_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_MOST_BYTES", 10_000)
    w = Variable(2.0)
    kept = [w * np.ones(1000, "float32") for _ in range(9)]
    assert sum(map(waits, kept)) < 4
    assert [k.array()[0] for k in kept] == [2] * 9


def test_variables_are_not_kept_for_results_that_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_MOST_BYTES", 1 << 16)
    dropped = []
    for _ in range(100):
        w = Variable(np.zeros(1 << 10, "float32"))
        y = w * 2
        dropped.append(weakref.ref(w))
    assert waits(y) and sum(one() is not None for one in dropped) < 40


def test_large_models_wait_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "_MOST_BYTES", 1 << 12)
    ws = [Variable(np.full(1 << 10, k, "float32")) for k in range(20)]
    total = ws[0] * 1
    for w in ws[1:]:
        total = total + w
    assert waits(total) and (total.array() == 190).all()


# --- loops: several results of one op, which wait together -----------------------------------------------------------


def recurrent(depth: int = 2, units: int = 7) -> tuple[list[Any], np.ndarray]:
    """Layers that loop, the deeper ones by one and the same step; and a batch for them."""
    layers = [tw.layers.LSTM(units, return_sequences=True) for _ in range(depth)] + [tw.layers.GRU(5)]
    for k, layer in enumerate(layers):
        layer(np.zeros((1, 2, units), "f"))
        rng = np.random.default_rng(k)
        layer.set_weights([rng.normal(size=w.shape).astype("f") / 3 for w in layer.weights])
    return layers, np.random.default_rng(9).normal(size=(4, 6, units)).astype("f")


def through(layers: list[Any], x: Any, mask: Any = None) -> Any:
    for layer in layers:
        x = layer(x, mask=mask)
    return tw.sum(x * x)


@pytest.mark.parametrize("masked", [False, True])
def test_loops_are_compiled_with_what_surrounds_them(masked: bool, compiled: list[Program]) -> None:
    layers, x = recurrent()
    weights = [w for layer in layers for w in layer.weights]
    mask = (np.arange(6) < [[6], [4], [1], [5]]) if masked else None
    given = tw.placeholder("float32", x.shape)
    loss = through(layers, given, mask)
    wanted = [t.numpy() for t in tw.function([given], [loss, *tw.gradients(loss, weights)])(x)]
    for _ in range(70):
        with tw.GradientTape() as tape:
            y = through(layers, tw.constant(x), mask)
        assert waits(y)
        found = [y, *tape.gradient(y, weights)]
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one.numpy(), other, rtol=2e-4, atol=1e-4)
    assert len(compiled) == 1


def test_a_loop_that_was_looked_at_remembers_how_it_came_about() -> None:
    layers, x = recurrent()
    weights = [w for layer in layers for w in layer.weights]

    def slopes(look: bool) -> list[np.ndarray]:
        with tw.GradientTape() as tape:
            ys = layers[0](tw.constant(x))
            if look:
                ys.numpy()
                later.current().finish()
            y = through(layers[1:], ys)
        return [g.numpy() for g in tape.gradient(y, weights)]

    for one, other in zip(slopes(True), slopes(False), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_gradients_of_gradients_pass_loops() -> None:
    w = Variable(np.float64(0.7))

    def total(v: Any) -> Any:
        return tw.sum(loop(lambda h, x: (h * v + x, h * h), np.array(0.5), np.arange(3.0))[1])

    with tw.GradientTape() as outer:
        with tw.GradientTape() as inner:
            y = total(w)
        first = inner.gradient(y, w)
    second = outer.gradient(first, w)
    step = 1e-4
    by_differences = [float(total(np.array(0.7 + k * step)).numpy()) for k in (-1, 0, 1)]
    np.testing.assert_allclose(first.numpy(), (by_differences[2] - by_differences[0]) / (2 * step), rtol=1e-6)
    wanted = (by_differences[2] - 2 * by_differences[1] + by_differences[0]) / step**2
    np.testing.assert_allclose(second.numpy(), wanted, rtol=1e-5)


def test_parts_of_a_loop_are_kept_as_long_as_one_is_held() -> None:
    w = Variable(np.float32(2.0))
    last, ys = loop(lambda h, x: (h * w + x, h), np.float32(1), floats([1, 2, 3]))
    assert waits(last)
    assert waits(ys)
    del last
    gc.collect()
    assert ys.tolist() == [1, 3, 8]
    assert [p.tolist() for p in ys.inputs[0].value[:2]] == [19, [1, 3, 8]]


@pytest.mark.parametrize("other", ["constant", "shape", "op", "attribute", "structure"])
def test_only_loops_that_do_the_same_are_the_same(other: str, compiled: list[Program]) -> None:
    w = Variable(np.float32(0.5))
    steps: dict[str, Any] = {
        "one": lambda h, x: (h * w + tw.sum(x[::1] * floats([1, 2])), h),
        "constant": lambda h, x: (h * w + tw.sum(x * floats([1, 3])), h),
        "op": lambda h, x: (h * w + tw.max(x * floats([1, 2])), h),
        "attribute": lambda h, x: (h * w + tw.sum(x[::-1] * floats([1, 2])), h),
        "structure": lambda h, x: (h * w + tw.sum(x * floats([1, 2]), keepdims=True)[0], h),
    }
    x = floats([[1, 2], [3, 4], [5, 6]])

    def last(step: Any, xs: np.ndarray) -> float:
        with tw.GradientTape() as tape:
            h = loop(step, np.float32(0), xs)[0]
        tape.gradient(h, w)
        return float(h.numpy())

    def wanted(step: str, xs: np.ndarray) -> float:
        h: Any = np.float32(0)
        for row in xs:
            row = row[::-1] if step == "attribute" else row
            terms = np.multiply(row, [1, 3 if step == "constant" else 2], dtype="f")
            h = h * np.float32(0.5) + (terms.max() if step == "op" else terms.sum())
        return float(h)

    for _ in range(66):
        assert last(steps["one"], x) == wanted("one", x)
        xs, step = (x[:2], "one") if other == "shape" else (x, other)
        assert last(steps[step], xs) == wanted(step, xs)
    assert len(compiled) == 2


def test_a_cell_of_one_s_own_is_called_at_every_step() -> None:
    calls: list[Any] = []

    class Cell(tw.layers.Layer):
        state_size = output_size = 3

        def call(self, x: Any, states: Any, training: Any = False) -> Any:
            calls.append(x)
            y = tw.tanh(x + states[0])
            return y, [y]

    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("f")
    layer = tw.layers.RNN(Cell())
    layer(x)
    calls.clear()
    layer(x)
    assert [np.shape(c.numpy()) for c in calls] == [(2, 3)] * 4


def test_what_a_step_makes_of_variables_alone_is_made_once_before_the_loop(compiled: list[Program]) -> None:
    w, flags = Variable(floats([[1, 2], [3, 4]])), Variable(np.array([True, True, False]))

    def step(h: Any, x: Any) -> Any:
        return h * w[1] + x * tw.sum(flags, dtype="float32"), h

    for _ in range(66):
        with tw.GradientTape() as tape:
            last, _ = loop(step, floats([1, 1]), floats([1, 2]))
        assert tape.gradient(last, w).tolist() == [[0, 0], [8, 10]]
        assert last.tolist() == [19, 28]
    assert len(compiled) == 1
