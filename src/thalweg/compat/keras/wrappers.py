"""``keras.wrappers``: models as scikit-learn's estimators, made by a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.keras.utils import to_categorical
from thalweg.compat.names import Namespace
from thalweg.models import Model
from thalweg.nested import flat

_OF_FIT = ("epochs", "nb_epoch", "batch_size", "verbose", "callbacks", "validation_split", "validation_data", "shuffle",
           "class_weight", "sample_weight", "initial_epoch", "steps_per_epoch")  # fmt: skip
_OF_PREDICT = ("batch_size", "verbose", "steps")


class _Wrapper:
    """An estimator whose ``build_fn`` makes and compiles the model.

    Other arguments go to ``build_fn``, ``fit`` and ``predict``, whichever take them.
    """

    kind: str

    def __init__(self, build_fn: Callable[..., Any] | None = None, **sk_params: Any) -> None:
        self.build_fn, self.sk_params = build_fn, sk_params

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Other arguments."""
        self.build_fn = params.pop("build_fn", self.build_fn)
        self.sk_params.update(params)
        return self

    def _maker(self) -> Callable[..., Any]:
        return self.build_fn or getattr(self, "__call__")  # noqa: B004,B009  a subclass may be the function itself

    def _taken_by(self, names: Any, more: dict[str, Any]) -> dict[str, Any]:
        return {**{k: v for k, v in self.sk_params.items() if k in names}, **more}

    def fit(self, x: Any, y: Any, **options: Any) -> Any:
        """Make the model and train it; the history."""
        make = self._maker()
        self.model = make(**self._taken_by(inspect.signature(make).parameters, {}))
        return self.model.fit(x, self._targets(y), **self._taken_by(_OF_FIT, options))

    def _targets(self, y: Any) -> Any:
        return y

    def _outputs(self, x: Any, options: dict[str, Any]) -> np.ndarray:
        return np.asarray(self.model.predict(x, **self._taken_by(_OF_PREDICT, options)))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import ClassifierTags, RegressorTags, Tags, TargetTags

        tags = Tags(estimator_type=self.kind, target_tags=TargetTags(required=True))
        tags.classifier_tags = ClassifierTags() if self.kind == "classifier" else None
        tags.regressor_tags = RegressorTags() if self.kind == "regressor" else None
        return tags


class KerasClassifier(_Wrapper):
    """A classifier; ``y`` holds classes, or rows with one 1."""

    kind = "classifier"

    def _targets(self, y: Any) -> Any:
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
            return y
        self.classes_, numbers = np.unique(y.ravel(), return_inverse=True)
        return to_categorical(numbers) if _loss_of(self.model) == "categorical_crossentropy" else numbers

    def predict(self, x: Any, **options: Any) -> np.ndarray:
        """The class of each row."""
        outputs = self._outputs(x, options)
        numbers = outputs.argmax(axis=-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")
        return self.classes_[numbers]

    def predict_proba(self, x: Any, **options: Any) -> np.ndarray:
        """The probability of each class."""
        outputs = self._outputs(x, options)
        return np.hstack([1 - outputs, outputs]) if outputs.shape[1] == 1 else outputs

    def score(self, x: Any, y: Any, **options: Any) -> float:
        """The share of rows whose class is right."""
        y = np.asarray(y)
        known = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()
        return float(np.mean(self.predict(x, **options).ravel() == known))


class KerasRegressor(_Wrapper):
    """A regressor; its score is minus the loss."""

    kind = "regressor"

    def predict(self, x: Any, **options: Any) -> np.ndarray:
        """The numbers."""
        return np.squeeze(self._outputs(x, options), axis=-1)

    def score(self, x: Any, y: Any, **options: Any) -> float:
        """Minus the loss on the data."""
        found = self.model.evaluate(x, y, **self._taken_by(("batch_size", "verbose"), options))
        return -float(found[0] if isinstance(found, list) else found)


def _loss_of(model: Model) -> str:
    (loss,) = flat((model.compile_arguments or {}).get("loss"))[:1] or [None]
    return loss if isinstance(loss, str) else str(getattr(loss, "__name__", getattr(loss, "name", "")))


scikit_learn = Namespace(
    "keras.wrappers.scikit_learn",
    BaseWrapper=_Wrapper,
    KerasClassifier=KerasClassifier,
    KerasRegressor=KerasRegressor,
)
