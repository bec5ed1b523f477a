"""Wrong programs: what is said of them, where, and before how much work."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.data import Dataset
from thalweg.layers import Activation, Conv2D, Dense, Input
from thalweg.models import Model, Sequential

GENERATOR = np.random.default_rng(0)
X = GENERATOR.random((40, 4)).astype("float32")
Y = np.arange(40) % 3
ONE_HOT = np.eye(3, dtype="float32")[Y]
SPARSE = "sparse_categorical_crossentropy"


def net(activation: Any = "softmax", units: int = 3, loss: Any = SPARSE, **options: Any) -> Sequential:
    model = Sequential(
        [Input((4,)), Dense(8, name="hidden"), Dense(units, activation=activation, name="out")]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.compile("sgd", loss, **options)
    return model


def with_nan() -> np.ndarray:
    x = X.copy()
    x[17, 2] = np.nan
    return x


def wrong(value: Any) -> Any:
    """Of a type that is not allowed."""
    return value


def batches(x: Any = X, y: Any = Y, size: int = 8) -> Iterator[Any]:
    for k in range(0, len(x), size):
        yield x[k : k + size], y[k : k + size]


class OwnCall(Model):
    """A model that only has a method call."""

    def __init__(self) -> None:
        super().__init__()
        self.out = Dense(3)

    def call(self, inputs: Any, training: Any = False) -> Any:
        return self.out(inputs)


def own_call() -> OwnCall:
    model = OwnCall()
    model.compile("sgd", SPARSE)
    return model


# What is warned of: a program, and words of the warning.
WARNED: dict[str, tuple[Any, str]] = {
    "hinge of a sigmoid": (
        lambda: Sequential([Dense(1, activation="sigmoid", input_shape=(4,))]).compile("sgd", "hinge"),
        "expects scores of both signs, but the last activation is sigmoid",
    ),
    "softmax layer on one unit": (
        lambda: Sequential([Input((4,)), Dense(1), Activation("softmax")]).compile("sgd", "categorical_crossentropy"),
        "the softmax of one unit is always 1",
    ),
    "logits of a method call": (lambda: own_call().fit(X, Y, verbose=0), "expects probabilities, but the last"),
    "broken label": (lambda: net().fit(X, Y + 0.5, verbose=0), r"the class at \[0\] is 0.5, no whole number"),
    "several labels": (
        lambda: net(loss="categorical_crossentropy").fit(X, 1 - ONE_HOT, verbose=0),
        r"the targets at \[0\] sum to 2, not 1; for several labels at once use sigmoid",
    ),
    "out of reach of relu": (
        lambda: net("relu", 1, "mse").fit(X, -X[:, 0], verbose=0),
        "where relu never comes: use no last activation",
    ),
    "accuracy of real numbers": (
        lambda: net(None, 1, "mse", metrics=["accuracy"]).fit(X, X[:, 0], verbose=0),
        "accuracy counts classes, but these are real numbers; use 'mae'",
    ),
    "nan in validation data": (
        lambda: net().fit(X, Y, validation_data=(with_nan(), Y), verbose=0),
        r"validation x holds nan at \[17, 2\]",
    ),
    "nan in a data set": (
        lambda: net().fit(Dataset.from_tensor_slices((with_nan(), Y)).batch(8), verbose=0),
        r"x holds nan at \[17, 2\]",
    ),
    "nan in a later batch": (
        lambda: net().fit(batches(with_nan()), verbose=0),
        r"batch 2: x holds nan at \[1, 2\]",
    ),
    "class missing, one-hot": (
        lambda: net(loss="categorical_crossentropy").fit(X, np.sort(ONE_HOT, 0)[::-1], validation_split=0.2, verbose=0),
        "Are the data sorted",
    ),
    "class missing, 0 and 1": (
        lambda: net("sigmoid", 1, "binary_crossentropy").fit(
            X, (np.arange(40) > 35).astype("float32"), validation_split=0.2, verbose=0
        ),
        "class 1 is missing from the training rows",
    ),
    "unknown class in class_weight": (
        lambda: net().fit(X, Y, class_weight={0: 1.0, 7: 2.0}, verbose=0),
        "class_weight names class 7, which no target has",
    ),
    "a generator that ends early": (
        lambda: net().fit(batches(), steps_per_epoch=3, epochs=3, verbose=0),
        "the data ended after 2 of 3 batches of epoch 2",
    ),
    "a generator used up": (lambda: net().fit(batches(), epochs=3, verbose=0), "the data ended.*of epoch 2"),
}  # fmt: skip
# What is an error: a program, the class, and words of the message.
WRONG: dict[str, tuple[Any, Any, str]] = {
    "one-hot rows for sparse": (
        lambda: net().fit(X, ONE_HOT, verbose=0), tw.ShapeError,
        r"sparse_categorical_crossentropy: targets; expected one class number.*use categorical_crossentropy",
    ),
    "label too large": (
        lambda: net().fit(X, Y + 1, verbose=0), tw.DataError,
        r"layer 'out'.*y: class 3 is out of range for 3 units \(the first at \[2\]; classes count from 0\)",
    ),
    "label too large in a data set": (
        lambda: net().fit(Dataset.from_tensor_slices((X, Y + 1)).batch(8), verbose=0), tw.DataError,
        "class 3 is out of range",
    ),
    "label too large in validation data": (
        lambda: net().fit(X, Y, validation_data=(X, Y + 1), verbose=0), tw.DataError,
        "validation y: class 3 is out of range",
    ),
    "wrong number of classes": (
        lambda: net(loss="categorical_crossentropy").fit(X, np.eye(4)[Y], verbose=0), tw.ShapeError,
        r"expected targets \[None, 3\] as the predictions; received \[None, 4\]",
    ),
    "pictures not flattened": (
        lambda: pictures().fit(np.ones((4, 6, 6, 1)), Y[:4], verbose=0), tw.ShapeError,
        r"the predictions are \[None, 4, 4, 3\]: is a Flatten\(\) missing before",
    ),
    "wrong number of features": (
        lambda: net().fit(X[:, :3], Y, verbose=0), tw.ShapeError,
        r"in layer 'hidden' \(Dense\) called on \[None, 3\].*expected \[..., 4\]",
    ),
    "wrong number of features in validation": (
        lambda: net().fit(X, Y, validation_data=(X[:, :3], Y), verbose=0), tw.ShapeError,
        r"validation data: in layer 'hidden'",
    ),
    "a single example": (
        lambda: net().predict(X[0]), tw.ShapeError, r"expected \[None, 4\]; received \[4\].*x\[np.newaxis\]",
    ),
    "x and y of different lengths": (lambda: net().fit(X, Y[:9], verbose=0), tw.ShapeError, "x: 40, y: 9"),
    "no rows": (lambda: net().fit(X[:0], Y[:0], verbose=0), tw.DataError, "no rows"),
    "no targets": (lambda: net().fit(X, verbose=0), tw.ArgumentError, "y is missing"),
    "too many weights": (
        lambda: net().fit(X, Y, sample_weight=np.ones((40, 3)), verbose=0), tw.ShapeError, "sample_weight",
    ),
    "one weight": (
        lambda: net().fit(X, Y, sample_weight=2.0, verbose=0), tw.ShapeError,
        "sample_weight; expected an array with one row per example; received a scalar",
    ),
    "few weights": (
        lambda: net().fit(X, Y, sample_weight=np.ones(39), verbose=0), tw.ShapeError, "sample_weight: 39",
    ),
    "weights of classes as a list": (
        lambda: net().fit(X, Y, class_weight=[1.0, 2.0, 3.0], verbose=0), tw.errors.ArgumentTypeError,
        "class_weight; expected a dict",
    ),
    "balanced": (
        lambda: net().fit(X, Y, class_weight="balanced", verbose=0), tw.errors.ArgumentTypeError,
        "compute_class_weight gives balanced ones",
    ),
    "weights of names": (
        lambda: net().fit(X, Y, class_weight={"a": 1.0}, verbose=0), tw.ArgumentError, "not by their names",
    ),
    "weights of classes in regression": (
        lambda: net(None, 1, "mse").fit(X, X[:, 0], class_weight={0: 1.0}, verbose=0), tw.ArgumentError,
        "the targets are no classes",
    ),
    "a share of a data set": (
        lambda: net().fit(Dataset.from_tensor_slices((X, Y)).batch(8), validation_split=0.2, verbose=0),
        tw.ArgumentError, "validation_split; expected arrays; received a generator or data set",
    ),
    "a batch of four": (
        lambda: net().fit(((X, Y, Y, Y) for _ in range(2)), verbose=0), tw.DataError, "received 4 parts",
    ),
    "a function": (
        lambda: net().fit(batches, verbose=0), tw.errors.ArgumentTypeError, r"the function 'batches'.*call it",
    ),
    "single examples": (
        lambda: net().fit(Dataset.from_tensor_slices((X, Y)), verbose=0), tw.ShapeError, r"is .batch\(\) missing",
    ),
    "names as targets": (
        lambda: net().fit(X, np.array(["a", "b"] * 20), verbose=0), tw.errors.DTypeError, "encode_labels",
    ),
    "None among numbers": (
        lambda: net().fit(np.array([[1, 2, 3, None]] * 40, object), Y, verbose=0), tw.errors.DTypeError,
        "the first element that is no number is None",
    ),
    "rows of different lengths": (
        lambda: net().fit([[1, 2], [1, 2, 3]], [0, 1], verbose=0), tw.DataError, "x: rows of different lengths",
    ),
    "epochs as text": (
        lambda: net().fit(X, Y, epochs=wrong("3"), verbose=0), tw.ArgumentError, "fit: epochs; expected a",
    ),
    "a loss that gives nothing": (
        lambda: net(None, 1, lambda t, p: None).fit(X, X[:, 0], verbose=0), tw.errors.ArgumentTypeError,
        "the loss '<lambda>' gave nothing.*does the function return",
    ),
    "a name nearly right": (
        lambda: net(loss="sparse_categorical_crossentropi"), tw.ArgumentError, "did you mean 'sparse_categorical",
    ),
}  # fmt: skip


def pictures() -> Sequential:
    model = Sequential([Input((6, 6, 1)), Conv2D(2, 3), Dense(3, activation="softmax")])
    model.compile("sgd", SPARSE)
    return model


@pytest.mark.parametrize("name", WARNED)
def test_a_warning_says_what_and_names_the_users_line(name: str) -> None:
    program, words = WARNED[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        program()
    (warning,) = [w for w in caught if re.search(words, str(w.message))]
    assert warning.filename == __file__


@pytest.mark.parametrize("name", WRONG)
def test_an_error_says_what_was_expected_and_what_to_do(name: str) -> None:
    program, kind, words = WRONG[name]
    with warnings.catch_warnings(), pytest.raises(kind, match=f"(?s){words}"):
        warnings.simplefilter("ignore")
        program()


@pytest.mark.filterwarnings("ignore:the data ended")
def test_what_was_learned_before_the_data_ended_stays() -> None:
    history = net().fit(batches(), steps_per_epoch=3, epochs=4, verbose=0)
    assert len(history.history["loss"]) == 2


def test_a_mistake_in_the_validation_data_costs_no_epoch() -> None:
    model = net()
    before = model.get_weights()
    with pytest.raises(tw.ShapeError, match="validation data"):
        model.fit(X, Y, validation_data=Dataset.from_tensor_slices((X[:, :2], Y)).batch(8), verbose=0)
    for ours, theirs in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_folder_that_cannot_be_written_to_is_known_before_the_first_epoch() -> None:
    model = net()
    before = model.get_weights()
    for callback in (
        tw.callbacks.ModelCheckpoint("/proc/nowhere/m.safetensors"),
        tw.callbacks.CSVLogger("/proc/nowhere/log.csv"),
        tw.callbacks.BackupAndRestore("/proc/nowhere"),
    ):
        with pytest.raises(tw.DataError, match="/proc/nowhere"):
            model.fit(X, Y, callbacks=[callback], verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_inputs_get_the_rank_that_the_model_wants() -> None:
    """A last axis of length 1 is added or dropped, as Keras does."""
    model = Sequential([Input((6, 6, 1)), Conv2D(2, 3)])
    model.compile("sgd", "mse")
    pictures = GENERATOR.random((4, 6, 6)).astype("float32")
    np.testing.assert_array_equal(model.predict(pictures), model.predict(pictures[..., None]))
    flat = net(None, 1, "mse")
    np.testing.assert_array_equal(flat.predict(X[..., None]), flat.predict(X))


def test_good_programs_are_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net().fit(X, Y, class_weight={0: 1.0, 1: 2.0, 2: 3.0}, validation_data=(X, Y), verbose=0)
        net(loss="categorical_crossentropy", metrics=["accuracy"]).fit(X, ONE_HOT, verbose=0)
        net("sigmoid", 3, "binary_crossentropy").fit(X, 1 - ONE_HOT, verbose=0)
        net("sigmoid", 1, "mse", metrics=["accuracy"]).fit(X, Y > 1, verbose=0)
        net("tanh", 1, "hinge").fit(X, np.where(Y > 1, 1, -1), verbose=0)
        net(None, 3, tw.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)).fit(
            X, np.where(Y > 1, Y, -1), verbose=0
        )
        net(None, 1, "mse").fit(X.tolist(), X[:, 0].tolist(), verbose=0)
