"""Pipelines: what each link gives, their lengths, random orders, threads, and models trained on them."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.ahead import ahead, parallel
from thalweg.data import AUTOTUNE, Dataset
from thalweg.errors import ArgumentError, ArgumentTypeError, DataError, ShapeError


def items(dataset: Dataset) -> list[Any]:
    return [plain(e) for e in dataset]


def plain(element: Any) -> Any:
    if isinstance(element, tuple):
        return tuple(plain(e) for e in element)
    if isinstance(element, dict):
        return {k: plain(v) for k, v in element.items()}
    return element.tolist()


def streamed(dataset: Dataset) -> Dataset:
    """The same elements, from a source without rows in memory."""
    return Dataset.from_generator(lambda: iter(dataset))


R = Dataset.range
CASES: list[tuple[Callable[[Dataset], Dataset], list[Any]]] = [
    (lambda d: d, [0, 1, 2, 3, 4]),
    (lambda d: d.map(lambda x: 2 * x), [0, 2, 4, 6, 8]),
    (lambda d: d.map(lambda x: 2 * x, num_parallel_calls=3), [0, 2, 4, 6, 8]),
    (lambda d: d.map(lambda x: (x, -x)).map(lambda x, y: x + y), [0, 0, 0, 0, 0]),
    (lambda d: d.map(lambda x: tw.constant(1.5) * float(x)), [0.0, 1.5, 3.0, 4.5, 6.0]),
    (lambda d: d.batch(2), [[0, 1], [2, 3], [4]]),
    (lambda d: d.batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
    (lambda d: d.batch(2).unbatch(), [0, 1, 2, 3, 4]),
    (lambda d: d.take(2), [0, 1]),
    (lambda d: d.take(-1), [0, 1, 2, 3, 4]),
    (lambda d: d.skip(3), [3, 4]),
    (lambda d: d.skip(-1), []),
    (lambda d: d.skip(1).take(2).batch(2), [[1, 2]]),
    (lambda d: d.shard(2, 1), [1, 3]),
    (lambda d: d.take(2).repeat(2), [0, 1, 0, 1]),
    (lambda d: d.take(2).repeat().take(5), [0, 1, 0, 1, 0]),
    (lambda d: d.take(0).repeat(), []),
    (lambda d: d.filter(lambda x: x > 2), [3, 4]),
    (lambda d: d.concatenate(R(2)), [0, 1, 2, 3, 4, 0, 1]),
    (lambda d: d.enumerate(5).take(2), [(5, 0), (6, 1)]),
    (lambda d: d.flat_map(R).take(4), [0, 0, 1, 0]),
    (lambda d: d.flat_map(lambda k: range(k)), [0, 0, 1, 0, 1, 2, 0, 1, 2, 3]),
    (lambda d: d.interleave(lambda k: R(10 * k, 10 * k + 2), 2), [0, 10, 1, 11, 20, 30, 21, 31, 40, 41]),
    (
        lambda d: d.interleave(lambda k: R(10 * k, 10 * k + k), 3, 2),
        [10, 20, 21, 30, 31, 40, 41, 32, 42, 43],
    ),
    (lambda d: d.window(2).map(lambda w: np.stack(list(w))), [[0, 1], [2, 3], [4]]),
    (lambda d: d.window(2, drop_remainder=True).flat_map(lambda w: w), [0, 1, 2, 3]),
    (lambda d: d.window(3, 1, drop_remainder=True).flat_map(lambda w: w.batch(3)), [[0, 1, 2], [1, 2, 3], [2, 3, 4]]),
    (lambda d: d.window(2, 1, 2, True).flat_map(lambda w: w.batch(2)), [[0, 2], [1, 3], [2, 4]]),
    (lambda d: d.window(1, 3).flat_map(lambda w: w), [0, 3]),
    (lambda d: Dataset.zip(d, d).window(2).take(1).map(lambda a, b: np.stack([*a, *b])), [[0, 1, 0, 1]]),
    (lambda d: d.apply(lambda e: e.take(1)), [0]),
    (lambda d: Dataset.zip(d, R(5, 8)), [(0, 5), (1, 6), (2, 7)]),
    (lambda d: Dataset.zip((d, R(1))), [(0, 0)]),
    (lambda d: d.cache(), [0, 1, 2, 3, 4]),
    (lambda d: d.prefetch(2), [0, 1, 2, 3, 4]),
    (lambda d: d.prefetch(AUTOTUNE).batch(3), [[0, 1, 2], [3, 4]]),
    (lambda d: d.shuffle(1), [0, 1, 2, 3, 4]),
    (lambda d: d.map(lambda x: np.arange(x)).padded_batch(3), [[[0, 0], [0, 0], [0, 1]], [[0, 1, 2, 0], [0, 1, 2, 3]]]),
    (
        lambda d: d.map(lambda x: np.arange(x)).padded_batch(5, padding_value=9, padded_length=2),
        [[[9, 9], [0, 9], [0, 1], [0, 1], [0, 1]]],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("source", [lambda: R(5), lambda: streamed(R(5))], ids=["rows", "stream"])
def test_what_each_link_gives(case: Any, source: Any) -> None:
    link, expected = case
    dataset = link(source())
    assert items(dataset) == expected
    assert items(dataset) == expected  # and again from the start
    if dataset.cardinality() >= 0:
        assert len(dataset) == len(expected)


def test_lengths_that_are_not_known() -> None:
    assert R(3).repeat().cardinality() == -1 and R(3).filter(lambda x: x > 0).cardinality() == -2
    assert R(3).repeat().batch(2).take(4).cardinality() == 4
    assert R(3).repeat(2).batch(4).cardinality() == 2
    for endless in (R(3).repeat(), R(3).batch(2).unbatch()):
        with pytest.raises(TypeError, match=r"the data set has (no end|an unknown length)"):
            len(endless)


def test_structures_keep_their_form() -> None:
    rows = Dataset.from_tensor_slices({"a": [1, 2, 3], "b": (np.zeros((3, 2)), ["x", "y", "zz"])})
    (first, second) = rows.batch(2)
    assert first["a"].tolist() == [1, 2] and first["b"][0].shape == (2, 2)
    assert second["b"][1].tolist() == ["zz"]
    assert items(Dataset.from_tensors(([1, 2], 3))) == [([1, 2], 3)]


def test_shuffle_gives_every_element_once_and_another_order_each_time() -> None:
    tw.random.set_seed(0)
    for source in (R(50), streamed(R(50))):
        for size in (7, 50, 500):
            dataset = source.shuffle(size)
            first, second = items(dataset), items(dataset)
            assert sorted(first) == sorted(second) == list(range(50))
            assert first != second and first != list(range(50))
    assert all(
        place <= k + 6 for k, place in enumerate(items(R(50).shuffle(7)))
    )  # no further than the buffer


def test_numbers_of_shuffled_elements_are_those_of_their_places() -> None:
    found = list(R(50).shuffle(50, seed=3).enumerate())
    assert [int(k) for k, _ in found] == list(range(50))
    assert [int(x) for _, x in found] == items(R(50).shuffle(50, seed=3))


def test_the_order_is_that_of_the_random_state() -> None:
    def orders() -> list[Any]:
        tw.random.set_seed(3)
        dataset = R(30).shuffle(30).repeat(2).prefetch(1)
        return [items(dataset), items(dataset)]

    first, second = orders(), orders()
    assert first == second and first[0] != first[1] and first[0][:30] != first[0][30:]
    state = tw.random.get_state()
    dataset = R(30).shuffle(30)
    now = items(dataset)
    tw.random.set_state(state)
    assert items(dataset) == now  # an interrupted run goes on with the same order


def test_a_seed_decides_the_order_alone() -> None:
    first, again, other = R(30).shuffle(30, seed=1), R(30).shuffle(30, seed=1), R(30).shuffle(30, seed=2)
    orders = [items(first), items(first)]
    assert orders == [items(again), items(again)] and orders[0] != orders[1] != items(other)
    fixed = R(30).shuffle(30, seed=1, reshuffle_each_iteration=False)
    assert items(fixed) == items(fixed)
    drawn = R(30).shuffle(30, reshuffle_each_iteration=False)
    assert items(drawn) == items(drawn)


def test_rows_and_streams_are_shuffled_alike() -> None:
    for size in (4, 30, 100):
        assert items(R(30).shuffle(size, seed=5)) == items(streamed(R(30)).shuffle(size, seed=5))


def test_shuffles_side_by_side_differ() -> None:
    tw.random.set_seed(0)
    pairs = items(Dataset.zip(R(30).shuffle(30), R(30).shuffle(30)))
    assert [a for a, _ in pairs] != [b for _, b in pairs]


def test_cache_reads_its_source_once() -> None:
    calls = []

    def numbers() -> Any:
        calls.append(1)
        yield from range(3)

    dataset = Dataset.from_generator(numbers).cache()
    next(iter(dataset))  # not to the end: nothing is kept
    assert items(dataset) == items(dataset) == [0, 1, 2] and len(calls) == 2


def test_threads_work_ahead_and_end() -> None:
    seen: list[int] = []
    gate = threading.Event()

    def slow(x: Any) -> Any:
        seen.append(int(x))
        gate.set()
        return x

    iterator = iter(R(100).map(slow).prefetch(3))
    assert next(iterator) == 0 and gate.wait(5)
    deadline = time.monotonic() + 5
    while len(seen) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(seen) == 4  # three made ahead, one read
    del iterator
    assert not any(t.name == "thalweg-prefetch" for t in threading.enumerate())


def test_what_was_read_ahead_is_free_once_the_reader_is_closed() -> None:
    """A generator that is slow is still being asked for its next item when its reader is closed."""

    def slow() -> Any:
        for n in range(100):
            time.sleep(0.02)
            yield n

    items = slow()
    for _ in range(5):
        reader = ahead(items, 1)
        next(reader)
        reader.close()
        next(items)  # "generator already executing", were the thread not done


def test_parallel_calls_keep_the_order() -> None:
    def uneven(x: Any) -> Any:
        time.sleep(0.002 * (int(x) % 3))
        return x

    assert items(R(20).map(uneven, num_parallel_calls=AUTOTUNE)) == list(range(20))


def test_a_sum_of_all() -> None:
    assert R(5).reduce(0, lambda total, x: total + x) == 10


def test_an_error_in_a_function_says_in_which_link() -> None:
    with pytest.raises(TypeError, match="takes 1 positional argument") as caught:
        items(Dataset.zip(R(3), R(3)).map(lambda x: x))
    assert caught.value.__notes__ == [
        "in the function given to Dataset.map, called on ('int64[]', 'int64[]')"
    ]
    with pytest.raises(DataError, match=r"Dataset.map: the function gave nothing.*does it return"):
        items(R(3).map(lambda x: None))


def test_errors_come_out_where_they_happen() -> None:
    def fails(x: Any) -> Any:
        if x == 2:
            raise ValueError("number two")
        return x

    for dataset in (R(5).map(fails), R(5).map(fails).prefetch(2), R(5).map(fails, num_parallel_calls=2)):
        iterator = iter(dataset)
        assert [next(iterator), next(iterator)] == [0, 1]
        with pytest.raises(ValueError, match="number two"):
            next(iterator)


BAD: list[tuple[Callable[[], Any], Any, str]] = [
    (lambda: Dataset.from_tensor_slices(([1, 2], [1])), ShapeError, r"different numbers of rows.*\(2,\), \(1,\)"),
    (lambda: Dataset.from_tensor_slices(3), ShapeError, "different numbers of rows"),
    (lambda: Dataset.from_tensor_slices([[1], [1, 2]]), DataError, "rows of different lengths"),
    (lambda: Dataset.from_generator(iter([1])), ArgumentTypeError, "without calling it"),
    (lambda: R(3).batch(0), ArgumentError, "batch_size.*>= 1.*0"),
    (lambda: R(3).batch(True), ArgumentError, "batch_size"),
    (lambda: R(3).shuffle(0), ArgumentError, "buffer_size"),
    (lambda: R(3).shard(2, 2), ArgumentError, "index.*0 to 1"),
    (lambda: items(R(4).map(lambda x: np.zeros(int(x))).batch(3)), DataError, r"element 1 .* shape .* 0.*padded"),
    (lambda: items(R(4).map(lambda x: (x,) * (1 + int(x))).batch(3)), DataError, "element 1 has another structure"),
    (lambda: items(R(2).map(lambda x: np.zeros((1,) * int(x))).padded_batch(2)), DataError, "different rank"),
]  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: Any) -> None:
    make, error, message = case
    with pytest.raises(error, match=message):
        make()


# Models on data sets.


def model(inputs: int = 3) -> Any:
    tw.random.set_seed(0)
    net = tw.models.Sequential([tw.layers.Dense(4, "tanh", input_shape=(inputs,)), tw.layers.Dense(1)])
    net.compile("adam", "mse")
    return net


X = np.random.default_rng(0).normal(size=(50, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def test_fit_on_a_data_set_is_fit_on_its_arrays() -> None:
    net, other = model(), model()
    dataset = Dataset.from_tensor_slices((X, Y)).batch(16)
    found = net.fit(dataset.prefetch(2), epochs=3, verbose=0, validation_data=dataset)
    expected = other.fit(X, Y, batch_size=16, epochs=3, shuffle=False, verbose=0, validation_data=(X, Y))
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(found.history[name], expected.history[name], rtol=1e-6)
    for a, b in zip(net.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(net.evaluate(dataset, verbose=0), net.evaluate(X, Y, verbose=0), rtol=1e-6)
    np.testing.assert_array_equal(net.predict(dataset), net.predict(X, batch_size=16))
    np.testing.assert_array_equal(net.predict(dataset.map(lambda x, y: x)), net.predict(X, batch_size=16))


def test_an_endless_data_set_needs_steps_and_weights_are_heeded() -> None:
    weighted = Dataset.from_tensor_slices((X, Y, np.zeros(50, "float32"))).shuffle(50).repeat().batch(10)
    net = model()
    before = net.get_weights()
    history = net.fit(weighted, epochs=2, steps_per_epoch=3, verbose=0)
    assert history.history["loss"] == [0.0, 0.0]
    for a, b in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_a_reader_left_behind_is_collected_by_a_thread_that_makes_its_items() -> None:
    left = threading.Event()

    def item(number: int) -> int:
        if number > 2:
            left.wait(5)
            gc.collect()
        return number

    before = set(threading.enumerate())
    cycle: list[Any] = [ahead(parallel(item, iter(range(20)), 1), 4)]
    cycle.append(cycle)
    assert next(cycle[0]) == 0
    threads = set(threading.enumerate()) - before
    assert len(threads) == 2
    gc.disable()
    try:
        del cycle
        left.set()
        for thread in threads:
            thread.join(10)
    finally:
        gc.enable()
    assert not any(thread.is_alive() for thread in threads)
