"""What fit takes as data: the same numbers whatever form they come in, and how many native calls they take."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.data import Dataset
from thalweg.errors import DTypeError
from thalweg.layers import BatchNormalization, Dense, Dropout
from thalweg.models import Sequential
from thalweg.models.feeds import ArrayFeed, IteratedFeed, RowsFeed, as_data, feed_of
from thalweg.models.steps import Step

GENERATOR = np.random.default_rng(3)
X = GENERATOR.normal(size=(50, 4)).astype("float32")
Y = GENERATOR.integers(0, 3, 50)


def made(**options: Any) -> Sequential:
    tw.set_random_seed(4)
    model = Sequential(
        [
            Dense(8, activation="relu", input_shape=(4,)),
            Dropout(0.25),
            BatchNormalization(),
            Dense(3, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    return model


def plain() -> Sequential:
    """Without random numbers in its steps."""
    tw.set_random_seed(4)
    model = Sequential(
        [Dense(8, activation="relu", input_shape=(4,)), BatchNormalization(), Dense(3, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def trained(data: Any, **options: Any) -> tuple[list[np.ndarray], dict[str, list[float]]]:
    model = made()
    tw.set_random_seed(5)
    history = model.fit(data, epochs=3, verbose=0, **options)
    return model.get_weights(), history.history


def same(a: Any, b: Any) -> None:
    for ours, theirs in zip(a[0], b[0], strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert a[1] == b[1]


def batches() -> Iterator[Any]:
    for k in range(0, 50, 8):
        yield X[k : k + 8], Y[k : k + 8]


class OfBatches:
    """A sequence of batches, as keras.utils.Sequence is."""

    def __len__(self) -> int:
        return 7

    def __getitem__(self, k: int) -> Any:
        return X[8 * k : 8 * k + 8], Y[8 * k : 8 * k + 8]


def test_a_sequence_of_batches_is_told_of_epochs() -> None:
    class Told(OfBatches):
        told: list[str] = []

        def on_epoch_begin(self) -> None:
            self.told.append("begin")

        def on_epoch_end(self) -> None:
            self.told.append("end")

    model = made()
    model.fit(Told(), epochs=2, verbose=0)
    assert Told.told == ["begin", "end"] * 2


@pytest.mark.parametrize(
    "data",
    [
        lambda: Dataset.from_tensor_slices((X, Y)).batch(8),
        lambda: Dataset.from_tensor_slices((X, Y)).batch(8).prefetch(2),
        lambda: Dataset.from_tensor_slices((X, Y)).cache().batch(8).cache(),
        lambda: Dataset.zip(Dataset.from_tensor_slices(X), Dataset.from_tensor_slices(Y)).batch(8),
        lambda: Dataset.from_tensor_slices((X, Y)).map(lambda x, y: (x, y)).batch(8),
        lambda: Dataset.from_generator(batches),
        lambda: OfBatches(),
    ],
    ids=["slices", "prefetched", "cached", "zipped", "mapped", "generator function", "sequence"],
)
def test_the_form_of_the_data_changes_no_bit(data: Any) -> None:
    expected = trained((X, Y)[0], y=Y, batch_size=8, shuffle=False)
    same(trained(data()), expected)


def test_a_shuffled_data_set_is_shuffled_anew_in_each_epoch() -> None:
    tw.set_random_seed(6)
    feed = feed_of(Dataset.range(40).shuffle(40).batch(8))
    orders = [np.concatenate([arrays[0] for arrays in feed.epoch()]) for _ in range(2)]
    assert not np.array_equal(orders[0], orders[1])
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(40))


def test_many_batches_of_a_data_set_in_memory_are_one_native_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    many = Step.many

    def counted(self: Step, arrays: Any, **rows: Any) -> Any:
        calls.append(rows)
        return many(self, arrays, **rows)

    monkeypatch.setattr(Step, "many", counted)
    monkeypatch.setattr(Step, "__call__", lambda self, arrays: pytest.fail("a batch by itself"))
    data = Dataset.from_tensor_slices((X, Y)).shuffle(50).batch(8)
    made().fit(data, verbose=0, validation_data=Dataset.from_tensor_slices((X, Y)).batch(25))
    shapes = [np.shape(c["rows"]) if "rows" in c else (c["steps"], c["batch"]) for c in calls]
    assert shapes == [(6, 8), (1, 2), (2, 25)]


@pytest.mark.parametrize(
    ("make", "wanted"),
    [
        (lambda d: d.batch(4).take(2), [[0, 1, 2, 3], [4, 5, 6, 7]]),
        (lambda d: d.batch(4).skip(1), [[4, 5, 6, 7], [8, 9]]),
        (lambda d: d.batch(4).shard(2, 1), [[4, 5, 6, 7]]),
        (lambda d: d.batch(4).skip(1).repeat(2), [[4, 5, 6, 7], [8, 9], [4, 5, 6, 7], [8, 9]]),
        (lambda d: d.repeat(2).batch(8), [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 0, 1, 2, 3, 4, 5], [6, 7, 8, 9]]),
        (lambda d: d.repeat(2).batch(8, True), [[0, 1, 2, 3, 4, 5, 6, 7], [8, 9, 0, 1, 2, 3, 4, 5]]),
        (lambda d: d.repeat().skip(15).take(6).batch(4), [[5, 6, 7, 8], [9, 0]]),
        (lambda d: d.shard(3, 1).batch(2), [[1, 4], [7]]),
        (lambda d: d.take(0).batch(2), []),
        (lambda d: d.repeat(0).batch(2), []),
        (lambda d: d.skip(20).batch(2), []),
    ],
)
def test_row_numbers_are_those_of_the_elements(make: Any, wanted: Any) -> None:
    """What the pipeline says of itself, and what iterating it gives, is what TensorFlow's pipelines give."""
    in_memory, one_by_one = Dataset.range(10), Dataset.from_generator(lambda: iter(range(10)))
    assert [b.tolist() for b in make(in_memory)] == wanted
    if len(wanted) != 1 or wanted[0] != [4, 5, 6, 7]:
        assert [b.tolist() for b in make(one_by_one)] == wanted
    arrays, begun = make(in_memory).rows_in_memory
    assert [arrays[rows].tolist() for block in begun() for rows in block] == wanted
    assert len(make(in_memory)) == len(wanted)


def test_shuffled_rows_are_those_of_the_elements() -> None:
    for make in (
        lambda d: d.shuffle(10).batch(4),
        lambda d: d.shuffle(3).batch(4),
        lambda d: d.shuffle(10).repeat(2).batch(7),
        lambda d: d.repeat(2).shuffle(5).batch(4),
        lambda d: d.batch(2).shuffle(3),
    ):
        tw.set_random_seed(1)
        whole = [b.tolist() for b in make(Dataset.range(10))]
        tw.set_random_seed(1)
        assert [b.tolist() for b in make(Dataset.from_generator(lambda: iter(range(10))))] == whole
        flat = [k for batch in whole for k in batch]
        assert sorted(flat) == sorted(list(range(10)) * (len(flat) // 10))


def test_steps_of_an_epoch_go_on_where_the_last_epoch_stopped() -> None:
    feed = feed_of(Dataset.range(10).batch(4).repeat(), steps=2)
    assert isinstance(feed, RowsFeed) and feed.num_batches == 2
    epochs = [[arrays[0].tolist() for arrays in feed.epoch()] for _ in range(3)]
    assert epochs == [[[0, 1, 2, 3], [4, 5, 6, 7]], [[8, 9], [0, 1, 2, 3]], [[4, 5, 6, 7], [8, 9]]]


@pytest.mark.parametrize("steps", [1, 2, 4, 7])
def test_unshuffled_arrays_go_on_where_the_last_epoch_stopped(steps: int) -> None:
    x = np.arange(7, dtype="float32").reshape(7, 1)
    feed = ArrayFeed((x,), 2, shuffle=False, steps=steps)
    seen: list[list[float]] = []
    for feed.number in range(4):
        seen += [arrays[0].ravel().tolist() for arrays in feed.epoch()]
    whole = [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0], [6.0]]
    assert seen == [whole[k % 4] for k in range(4 * steps)]


def test_weights_of_classes_reach_data_sets() -> None:
    expected = made().fit(X, Y, batch_size=8, shuffle=False, class_weight={1: 3.0}, verbose=0).history
    data = Dataset.from_tensor_slices((X, Y)).batch(8)
    assert made().fit(data, class_weight={1: 3.0}, verbose=0).history == expected
    assert made().fit(batches(), class_weight={1: 3.0}, verbose=0).history == expected


def test_which_feed_takes_what() -> None:
    rows = Dataset.from_tensor_slices((X, Y)).shuffle(9)
    assert type(feed_of(X, Y)) is ArrayFeed
    assert type(feed_of(rows.batch(4))) is RowsFeed
    assert type(feed_of(rows.batch(4).prefetch(tw.data.AUTOTUNE))) is RowsFeed
    assert type(feed_of(rows.batch(4).map(lambda x, y: (x, y)))) is IteratedFeed
    assert type(feed_of(batches())) is IteratedFeed


def test_predictions_for_a_data_set_are_those_for_arrays() -> None:
    model = made()
    data = Dataset.from_tensor_slices((X, Y)).batch(16)
    np.testing.assert_array_equal(model.predict(data), model.predict(X, batch_size=16))
    assert model.evaluate(data, verbose=0) == model.evaluate(X, Y, batch_size=16, verbose=0)


# --- a batch alone --------------------------------------------------------------------------------------------------


def test_a_batch_alone_gives_its_own_figures_or_those_since_the_last_reset() -> None:
    model = made()
    alone = [model.test_on_batch(X[k : k + 10], Y[k : k + 10]) for k in (0, 10)]
    assert alone[0] == model.evaluate(X[:10], Y[:10], verbose=0)
    model.reset_metrics()
    model.test_on_batch(X[:10], Y[:10], reset_metrics=False)
    both = model.test_on_batch(X[10:20], Y[10:20], reset_metrics=False, return_dict=True)
    assert both["loss"] == pytest.approx((alone[0][0] + alone[1][0]) / 2)
    assert both == model.figures()
    assert model.test_on_batch(X[:10], Y[:10]) == alone[0]


def test_a_batch_alone_steps_as_fit_does() -> None:
    model, other = plain(), plain()
    expected = model.fit(X[:8], Y[:8], batch_size=8, epochs=4, shuffle=False, verbose=0).history["loss"]
    assert [other.train_on_batch(X[:8], Y[:8], return_dict=True)["loss"] for _ in range(4)] == expected
    for ours, theirs in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_counts_that_a_metric_makes_late_begin_anew_too() -> None:
    model = Sequential([Dense(2, input_shape=(4,))])
    model.compile("sgd", "mse", metrics=[tw.metrics.R2Score()])
    y = X[:, :2] * 2
    first = model.test_on_batch(X, y)
    assert model.test_on_batch(X, y) == first == model.evaluate(X, y, batch_size=50, verbose=0)


def test_freezing_reaches_a_batch_alone() -> None:
    model = Sequential([Dense(3, input_shape=(4,)), Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    for _ in range(2):
        model.train_on_batch(X, Y)
    before = model.layers[0].get_weights()[0]
    model.layers[0].trainable = False
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(before, model.layers[0].get_weights()[0])
    model.layers[0].trainable = True
    model.train_on_batch(X, Y)
    assert not np.array_equal(before, model.layers[0].get_weights()[0])


def test_a_batch_alone_of_other_kinds_of_data() -> None:
    model, expected = plain(), plain().train_on_batch(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.train_on_batch(X.tolist(), Y.tolist()) == pytest.approx(expected)
    model = plain()
    assert model.train_on_batch(X.astype("float64"), Y.astype("int32")) == pytest.approx(expected)
    with pytest.raises(tw.ShapeError, match="x: 50, y: 49"):
        model.train_on_batch(X, Y[:49])
    with pytest.raises(tw.ShapeError, match="x: 50, y: 49"):
        made().evaluate(X, Y[:49], verbose=0)


def test_run_eagerly_gives_the_same_figures() -> None:
    eager, native = made(run_eagerly=True), made()
    assert eager.test_on_batch(X, Y) == pytest.approx(native.test_on_batch(X, Y), rel=1e-5)
    assert eager.test_on_batch(X, Y) == pytest.approx(native.test_on_batch(X, Y), rel=1e-5)


# --- wrong data -----------------------------------------------------------------------------------------------------


def test_a_data_set_without_end_needs_a_number_of_steps() -> None:
    for data in (
        Dataset.from_tensor_slices((X, Y)).batch(8).repeat(),
        Dataset.from_generator(batches).repeat(),
    ):
        with pytest.raises(tw.ArgumentError, match=r"repeats for ever.*steps_per_epoch"):
            made().fit(data, verbose=0)
        assert len(made().fit(data, steps_per_epoch=3, epochs=2, verbose=0).history["loss"]) == 2


def test_data_sets_without_batches() -> None:
    for data in (
        Dataset.from_tensor_slices((X, Y)).take(0).batch(8),
        Dataset.from_generator(lambda: iter([])),
    ):
        with pytest.raises(tw.DataError, match=r"no batch"):
            made().fit(data, verbose=0)


# --- batches made ahead ---------------------------------------------------------------------------------------------


@pytest.fixture(params=[True, False], ids=["slow", "fast"])
def slow(request: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the time that the first batch takes counts as long."""
    monkeypatch.setattr("thalweg.models.feeds._SLOW_SECONDS", -1.0 if request.param else np.inf)
    return bool(request.param)


def threads_that_make(draws: bool = False, **options: Any) -> list[str]:
    """The names of the threads in which a generator made its batches."""
    seen = []

    def named() -> Iterator[Any]:
        for x, y in batches():
            seen.append(threading.current_thread().name)
            yield (x + tw.random.normal(x.shape).numpy() if draws else x), y

    made().fit(Dataset.from_generator(named), verbose=0, **options)
    return seen


@pytest.mark.parametrize("options", [{}, {"epochs": 2}, {"epochs": 2, "steps_per_epoch": 5}])
def test_slow_batches_are_made_in_a_thread_while_steps_run(slow: bool, options: Any) -> None:
    main = threading.current_thread().name
    first, *later = threads_that_make(**options)
    assert first == main and set(later) == {"thalweg-prefetch" if slow else main}
    gc.collect()
    for thread in [t for t in threading.enumerate() if t.name == "thalweg-prefetch"]:
        thread.join(2.0)
        assert not thread.is_alive()


@pytest.mark.parametrize("slow", [True], indirect=True)
def test_batches_that_draw_random_numbers_are_made_in_turn(slow: bool) -> None:
    """Or the numbers of the steps would depend on who comes first."""
    assert set(threads_that_make(draws=True)) == {threading.current_thread().name}


def test_an_error_of_a_generator_comes_out_of_fit(slow: bool) -> None:
    def broken() -> Iterator[Any]:
        for k, batch in enumerate(batches()):
            if k == 3:
                raise RuntimeError("disk on fire")
            yield batch

    with pytest.raises(RuntimeError, match="disk on fire"):
        made().fit(broken(), verbose=0)


def test_a_thread_changes_no_bit(slow: bool) -> None:
    same(trained(Dataset.from_generator(batches)), trained(X, y=Y, batch_size=8, shuffle=False))


def test_an_array_of_objects_that_are_numbers_is_data() -> None:
    x = np.array([[np.array([1.0, 2.0])], [np.array([3, 4])]], dtype=object)
    found = as_data(x, "x")
    assert found.dtype == np.float32 and found.tolist() == [[[1.0, 2.0]], [[3.0, 4.0]]]
    with pytest.raises(DTypeError, match="the first element that is no number is None"):
        as_data(np.array([1.0, None]), "x")


def test_a_list_of_numbers_of_numpy_is_one_array() -> None:
    found = as_data([np.float64(1.0), np.float64(0.0)], "y")  # each was taken for an output of its own
    assert isinstance(found, np.ndarray) and found.tolist() == [1.0, 0.0]
    assert [part.tolist() for part in as_data([np.array([1.0]), np.array([2.0])], "y")] == [[1.0], [2.0]]


class Halved(tw.models.Model):
    """A dense layer of half the inputs, unless one of them is large."""

    def __init__(self, looks: bool) -> None:
        super().__init__()
        self.looks, self.sizes = looks, set[int]()
        self.last = Dense(1, kernel_initializer="ones")
        self.dynamic = looks

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        if self.looks:
            self.sizes.add(len(inputs.numpy()))
        return self.last(inputs * 0.5 if not self.looks or float(inputs.numpy().max()) < 9 else inputs)


def test_a_dynamic_model_looks_at_values() -> None:
    x = np.random.default_rng(0).random((10, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    looking, other = Halved(True), Halved(False)
    for model in (looking, other):
        model.compile(tw.optimizers.SGD(0.1), "mse")
        model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    assert looking.dynamic and looking.run_eagerly and not other.dynamic
    np.testing.assert_allclose(looking.predict(x), other.predict(x), rtol=1e-5)
    np.testing.assert_allclose(looking.evaluate(x, y, verbose=0), other.evaluate(x, y, verbose=0), rtol=1e-5)
    assert looking.sizes >= {4, 2}
