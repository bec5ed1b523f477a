"""Words that scikit-learn had when a program was written, and has no longer; ``thalweg run`` gives them back.

Arguments may go by position again, folds may have a seed that they do not use, and ``OneHotEncoder`` and ``Imputer``
are what they were.
"""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

_DROPPED = ("iid", "fit_params", "presort", "min_impurity_split")


def _by_position(called: Callable[..., Any]) -> Callable[..., Any]:
    """The function, of which all arguments may go by position, as they might before; options without a meaning now
    are dropped.
    """
    parameters = list(inspect.signature(called).parameters.values())
    kinds = inspect.Parameter
    free = sum(p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD) for p in parameters)
    named = [p.name for p in parameters if p.kind is kinds.KEYWORD_ONLY]
    known = {p.name for p in parameters}

    @functools.wraps(called)
    def by_position(*args: Any, **options: Any) -> Any:
        options = {k: v for k, v in options.items() if k in known or k not in _DROPPED}
        return called(*args[:free], **dict(zip(named, args[free:], strict=False)), **options)

    return by_position


def restore_selection(module: Any) -> None:
    """Folds and searches."""
    for name in ("KFold", "StratifiedKFold", "ShuffleSplit", "StratifiedShuffleSplit", "RepeatedKFold",
                 "GridSearchCV", "RandomizedSearchCV"):  # fmt: skip
        kind = getattr(module, name)
        kind.__init__ = _by_position(kind.__init__)
    for kind in (module.KFold, module.StratifiedKFold):
        kind.__init__ = _without_idle_seed(kind.__init__)
    module.cross_val_score = _by_position(module.cross_val_score)


def _without_idle_seed(made: Callable[..., Any]) -> Callable[..., Any]:
    """Folds that are not shuffled may be given a seed, which they do not use."""

    @functools.wraps(made)
    def init(self: Any, n_splits: Any = 5, shuffle: bool = False, random_state: Any = None) -> None:
        made(self, n_splits, shuffle, random_state if shuffle else None)

    return init


def restore_base(module: Any) -> None:
    """Estimators of a program's own need not have an attribute for each argument: it was None."""
    now = module.BaseEstimator.get_params

    @functools.wraps(now)
    def get_params(self: Any, deep: bool = True) -> dict[str, Any]:
        absent = {name: None for name in self._get_param_names() if not hasattr(self, name)}
        if not absent:
            return now(self, deep)
        vars(self).update(absent)
        try:
            return now(self, deep)
        finally:
            for name in absent:
                del vars(self)[name]

    module.BaseEstimator.get_params = get_params


def restore_preprocessing(module: Any) -> None:
    """``OneHotEncoder`` with its old arguments; ``Imputer``."""
    now = module.OneHotEncoder

    class OneHotEncoder(now):  # type: ignore[misc, valid-type]
        """Categories as columns of zeros and ones; ``categorical_features``: only these columns, which come first."""

        def __init__(
            self, n_values: Any = None, categorical_features: Any = None, sparse: Any = None, dtype: Any = np.float64,
            handle_unknown: str = "error", categories: Any = "auto", drop: Any = None, sparse_output: bool = True,
            **later: Any,
        ) -> None:  # fmt: skip
            whole = sparse_output if sparse is None else sparse
            super().__init__(
                categories=categories, drop=drop, sparse_output=whole, dtype=dtype,
                handle_unknown=handle_unknown, **later,
            )  # fmt: skip
            self.n_values, self.categorical_features, self.sparse = n_values, categorical_features, sparse
            self.later = later

        @classmethod
        def _get_param_names(cls) -> list[str]:
            return [*now._get_param_names(), "categorical_features"]

        def _columns(self, X: Any) -> tuple[Any, Any]:
            rows, chosen = np.asarray(X), self.categorical_features
            if chosen is None or (isinstance(chosen, str) and chosen == "all"):
                return X, None
            coded = np.zeros(rows.shape[1], bool)
            coded[np.asarray(chosen)] = True
            return rows[:, coded], rows[:, ~coded].astype(float)

        def fit(self, X: Any, y: Any = None) -> OneHotEncoder:
            """Learn the categories."""
            super().fit(self._columns(X)[0])
            return self

        def transform(self, X: Any) -> Any:
            """The columns of categories, and the others after them."""
            coded, others = self._columns(X)
            found = super().transform(coded)
            if others is None:
                return found
            if not self.sparse_output:
                return np.hstack([found, others])
            return importlib.import_module("scipy.sparse").hstack([found, others]).tocsr()

        def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
            """Learn the categories of rows, and code these."""
            return self.fit(X).transform(X)

    OneHotEncoder.__module__ = now.__module__
    module.OneHotEncoder = OneHotEncoder
    if not hasattr(module, "Imputer"):
        module.Imputer = Imputer


class Imputer:
    """Missing values get the mean, the median or the most frequent value of their column."""

    def __init__(
        self, missing_values: Any = "NaN", strategy: str = "mean", axis: int = 0, verbose: int = 0, copy: bool = True
    ) -> None:  # fmt: skip
        self.axis = axis
        missing = np.nan if missing_values == "NaN" else missing_values
        simple = importlib.import_module("sklearn.impute").SimpleImputer
        self._now = simple(missing_values=missing, strategy=strategy, copy=copy)

    def fit(self, X: Any, y: Any = None) -> Imputer:
        """Learn what missing values get."""
        self._now.fit(self._turned(X))
        return self

    def transform(self, X: Any) -> Any:
        """The rows, filled up."""
        return self._turned(self._now.transform(self._turned(X)))

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn from rows, and fill these up."""
        return self.fit(X).transform(X)

    def _turned(self, X: Any) -> Any:
        return np.asarray(X).T if self.axis else X


def restore_weights(module: Any) -> None:
    """``compute_class_weight('balanced', classes, y)``."""
    module.compute_class_weight = _by_position(module.compute_class_weight)
    module.compute_sample_weight = _by_position(module.compute_sample_weight)


def restore_metrics(module: Any) -> None:
    """Arguments by position; ``mean_squared_error(squared=False)``."""
    for name in ("confusion_matrix", "classification_report", "precision_score", "recall_score", "f1_score", "log_loss",
                 "roc_auc_score", "roc_curve", "precision_recall_fscore_support"):  # fmt: skip
        setattr(module, name, _by_position(getattr(module, name)))
    error = module.mean_squared_error
    if "squared" not in inspect.signature(error).parameters:

        @functools.wraps(error)
        def mean_squared_error(*args: Any, squared: bool = True, **options: Any) -> Any:
            found = error(*args, **options)
            return found if squared else np.sqrt(found)

        module.mean_squared_error = mean_squared_error


def restore_texts(module: Any) -> None:
    """``vectorizer.get_feature_names()``."""
    for kind in (module.CountVectorizer, module.TfidfVectorizer):
        if not hasattr(kind, "get_feature_names"):
            kind.get_feature_names = lambda self: list(self.get_feature_names_out())


# What gives each module back what it lost.
LOST: dict[str, Callable[[Any], None]] = {
    "sklearn.base": restore_base,
    "sklearn.model_selection": restore_selection, "sklearn.preprocessing": restore_preprocessing,
    "sklearn.utils.class_weight": restore_weights, "sklearn.metrics": restore_metrics,
    "sklearn.feature_extraction.text": restore_texts,
}  # fmt: skip

__all__ = ["LOST", "Imputer"]
