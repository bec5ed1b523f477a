"""Networks as scikit-learn estimators: for Pipeline, GridSearchCV, cross_val_score, clone and pickle."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.callbacks import EarlyStopping
from thalweg.errors import ArgumentError, fail
from thalweg.extras import needs
from thalweg.layers import Dense, Dropout
from thalweg.losses import BinaryCrossentropy, MeanSquaredError, SparseCategoricalCrossentropy
from thalweg.models import Sequential
from thalweg.ops import random
from thalweg.registry import remade

with needs("scikit-learn", "an estimator"):
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.model_selection import train_test_split
    from sklearn.utils import check_random_state, compute_sample_weight
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

__all__ = ["Classifier", "Regressor"]

_FLOATS = [np.float64, np.float32]
_ROWS = 1024  # that predict asks the network about at once


class _Network(BaseEstimator):
    """What both estimators share: a network made, trained and asked."""

    model_: Any
    _calls: int

    def __init__(
        self,
        hidden: Sequence[int] = (100,),
        activation: Any = "relu",
        dropout: float = 0.0,
        model: Callable[[tuple[int, ...], int], Any] | None = None,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        validation_split: float = 0.0,
        callbacks: Any = None,
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
    ) -> None:
        self.hidden = hidden
        self.activation = activation
        self.dropout = dropout
        self.model = model
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_split = validation_split
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change

    def _network(self, x: np.ndarray, outputs: int, last: str) -> Any:
        """The network for the rows of ``x``, in their dtype unless it is the user's own."""
        if self.model is not None:
            return self.model(x.shape[1:], outputs)
        dtype = x.dtype
        layers: list[Any] = []
        for units in self.hidden:
            layers.append(Dense(units, activation=self.activation, dtype=dtype))
            if self.dropout:
                layers.append(Dropout(self.dropout, dtype=dtype))
        return Sequential([*layers, Dense(outputs, activation=last, dtype=dtype)])

    def _optimizer(self) -> Any:
        """An optimizer without a history: what it remembers belongs to one training."""
        optimizer = optimizers.get(self.optimizer)
        if optimizer is self.optimizer:
            optimizer = remade(optimizer)
        if self.learning_rate is not None:
            optimizer.learning_rate = self.learning_rate
        return optimizer

    def _fit(self, x: Any, y: Any, weight: Any, outputs: int, last: str, loss: Any, once: bool) -> None:
        """Train the network, a new one unless an earlier one is to go on; ``once``: one epoch on all rows."""
        goes_on = (once or self.warm_start) and hasattr(self, "model_")
        if goes_on and self.model_.output_shape[1:] != (outputs,):
            raise fail(
                ArgumentError, f"{type(self).__name__}: a network that is trained on",
                expected=f"{self.model_.output_shape[-1]} outputs", received=outputs,
                hint="warm_start=False begins anew",
            )  # fmt: skip
        self._calls = self._calls + 1 if goes_on else 0
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)) + self._calls
        with random.seeded(seed):
            if not goes_on:
                self.model_ = self._network(x, outputs, last)
                self.model_.compile(self._optimizer(), loss(reduction="mean_with_sample_weight"))
            if once:
                rows: dict[str, Any] = {"x": x, "y": y, "sample_weight": weight, "epochs": 1}
            else:
                rows = self._with_validation(x, y, weight, seed, last)
            history = self.model_.fit(**rows, batch_size=self.batch_size, verbose=self.verbose)
        self.history_, self.n_iter_ = history.history, len(history.epoch)

    def _with_validation(self, x: Any, y: Any, weight: Any, seed: int, last: str) -> dict[str, Any]:
        """The arguments of ``fit``: rows set aside at random, of every class its share, and what ends it early."""
        callbacks = list(self.callbacks) if isinstance(self.callbacks, (list, tuple)) else [self.callbacks]
        callbacks = [c for c in callbacks if c is not None]
        share = self.validation_split or (0.1 if self.early_stopping else 0.0)
        parts = [x, y] if weight is None else [x, y, weight]
        aside = None
        if share:
            several = (
                last == "softmax" and min(np.bincount(y)) > 1 and int(share * len(y)) > len(np.unique(y))
            )
            split = train_test_split(
                *parts, test_size=share, random_state=seed, stratify=y if several else None
            )
            parts, aside = split[::2], tuple(split[1::2])
        if self.early_stopping:
            callbacks.append(EarlyStopping(patience=self.n_iter_no_change, restore_best_weights=True))
        x, y, weight = (*parts, None)[:3]
        return {
            "x": x, "y": y, "sample_weight": weight, "validation_data": aside, "epochs": self.epochs,
            "callbacks": callbacks,
        }  # fmt: skip

    def _outputs(self, x: Any) -> np.ndarray:
        """What the network gives for the rows of ``x``."""
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, allow_nd=True, dtype=_FLOATS)
        return self.model_.predict(x, batch_size=_ROWS, verbose=0)


def _checked(sample_weight: Any, x: np.ndarray) -> Any:
    """Checked weights, or None."""
    return None if sample_weight is None else _check_sample_weight(sample_weight, x)


class Classifier(ClassifierMixin, _Network):
    """A network that tells classes apart: two, several, or (y of columns 0 and 1) several at a time.

    ``hidden``, ``activation``, ``dropout``: the hidden layers' sizes, their activation, the share dropped after each.
    ``model``: in their place, a function of (shape of one row, number of outputs) that gives a model ending in
    softmax, or in sigmoid for multi-label targets. Otherwise the network computes in the dtype of ``X``, float32 or
    float64. ``optimizer``: a name or an object; ``learning_rate`` overrides its
    own. ``class_weight``: a dict, or "balanced". ``random_state``: the same one gives the same network to the bit.
    ``validation_split``: a share of the rows, drawn at random, of each class as much. ``early_stopping`` ends training
    when the loss on these (a tenth unless given) has not fallen for ``n_iter_no_change`` epochs, with the best weights.
    ``warm_start``: ``fit`` goes on with the network of the last one.
    After ``fit``: ``classes_``, ``model_``, ``history_`` (figures by epoch).

    >>> import numpy as np
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> xor = Classifier((16,), epochs=200, learning_rate=0.05, random_state=0).fit(x, ["no", "yes", "yes", "no"])
    >>> xor.predict(x).tolist()
    ['no', 'yes', 'yes', 'no']
    """

    def __init__(
        self,
        hidden: Sequence[int] = (100,),
        activation: Any = "relu",
        dropout: float = 0.0,
        model: Callable[[tuple[int, ...], int], Any] | None = None,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        epochs: int = 100,
        batch_size: int = 32,
        validation_split: float = 0.0,
        callbacks: Any = None,
        random_state: Any = None,
        verbose: int = 0,
        class_weight: Any = None,
        warm_start: bool = False,
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
    ) -> None:
        super().__init__(
            hidden, activation, dropout, model, optimizer, learning_rate, epochs, batch_size, validation_split,
            callbacks, random_state, verbose, warm_start, early_stopping, n_iter_no_change,
        )  # fmt: skip
        self.class_weight = class_weight

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Classifier:
        """Train on rows ``X`` [rows, ...] with classes ``y`` [rows], or 0 and 1 [rows, labels]."""
        return self._learn(X, y, sample_weight, None, once=False)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Classifier:
        """One epoch on these rows, of a new network at the first call, which must know all ``classes``."""
        return self._learn(X, y, sample_weight, classes, once=True)

    def _learn(self, X: Any, y: Any, sample_weight: Any, classes: Any, once: bool) -> Classifier:
        first = not (once and hasattr(self, "model_"))
        x, y = validate_data(self, X, y, reset=first, allow_nd=True, dtype=_FLOATS, multi_output=True)
        check_classification_targets(y)
        weight = _checked(sample_weight, x)
        if self.class_weight is not None:
            by_class = compute_sample_weight(self.class_weight, y)
            weight = by_class if weight is None else weight * by_class
        if first:
            self._labels = type_of_target(y) == "multilabel-indicator"
        if self._labels:
            self.classes_ = np.arange(y.shape[1])
            self._fit(x, y, weight, y.shape[1], "sigmoid", BinaryCrossentropy, once)
            return self
        y = _column(y)
        if first:
            self.classes_ = np.unique(y if classes is None else np.asarray(classes))
        if not np.isin(y, self.classes_).all():
            raise fail(
                ArgumentError, "Classifier.partial_fit: y", expected=f"classes {self.classes_}",
                received=np.setdiff1d(y, self.classes_), hint="the first call must be given all classes",
            )  # fmt: skip
        if len(self.classes_) < 2:
            raise fail(
                ArgumentError, "Classifier.fit: y", expected="two classes or more", received="one class"
            )
        numbers = np.searchsorted(self.classes_, y)
        self._fit(x, numbers, weight, len(self.classes_), "softmax", SparseCategoricalCrossentropy, once)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, [rows, classes] in the order of ``classes_``; of each label if multi-label."""
        return self._outputs(X)

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each row; if multi-label, 1 for each label more probable than not."""
        probability = self._outputs(X)
        return (probability > 0.5).astype(int) if self._labels else self.classes_[probability.argmax(axis=1)]


def _column(y: np.ndarray) -> np.ndarray:
    from sklearn.utils import column_or_1d

    return column_or_1d(y, warn=True)


class Regressor(RegressorMixin, _Network):
    """A network that predicts one number per row, or several; trained on the mean squared error.

    Targets are brought to mean 0 and variance 1 for the training, so that the learning rate does not depend on their
    unit; predictions are in the unit of the targets. The arguments are those of :class:`Classifier`.

    >>> import numpy as np
    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> line = Regressor((16,), learning_rate=0.01, random_state=0).fit(x, 300 * x[:, 0] + 1000)
    >>> line.score(x, 300 * x[:, 0] + 1000) > 0.99
    True
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.three_d_array = True
        return tags

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Regressor:
        """Train on rows ``X`` [rows, ...] with numbers ``y`` [rows] or [rows, columns]."""
        return self._learn(X, y, sample_weight, once=False)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Regressor:
        """One epoch on these rows, of a new network at the first call, whose targets decide mean and variance."""
        return self._learn(X, y, sample_weight, once=True)

    def _learn(self, X: Any, y: Any, sample_weight: Any, once: bool) -> Regressor:
        first = not ((once or self.warm_start) and hasattr(self, "model_"))
        x, y = validate_data(
            self, X, y, reset=first, allow_nd=True, dtype=_FLOATS, multi_output=True, y_numeric=True
        )
        weight = _checked(sample_weight, x)
        y = np.asarray(y, np.float64)
        y = _column(y) if y.ndim == 2 and y.shape[1] == 1 else y
        if first:
            self._mean = np.average(y, axis=0, weights=weight)
            spread = np.sqrt(np.average((y - self._mean) ** 2, axis=0, weights=weight))
            self._scale = np.where(spread > 0, spread, 1.0)
            self._flat = y.ndim == 1
        columns = ((y - self._mean) / self._scale).reshape(len(y), -1)
        self._fit(x, columns, weight, columns.shape[1], "linear", MeanSquaredError, once)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The number, or the numbers, predicted for each row."""
        found = self._outputs(X).astype(np.float64)
        return (found[:, 0] if self._flat else found) * self._scale + self._mean
