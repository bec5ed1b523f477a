"""Metrics: counts that add up over all batches since the last reset, and the figure that they give.

The counts are variables, so ``update_state`` works eagerly and becomes part of a compiled step alike. A metric of an
epoch is that of all its examples, never a mean of batches.
"""

from __future__ import annotations

from typing import Any

from thalweg import losses
from thalweg.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from thalweg.metrics.accuracies import *  # noqa: F403
from thalweg.metrics.accuracies import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from thalweg.metrics.base import LossMetric as LossMetric
from thalweg.metrics.base import Mean as Mean
from thalweg.metrics.base import MeanMetricWrapper as MeanMetricWrapper
from thalweg.metrics.base import Metric as Metric
from thalweg.metrics.base import Sum as Sum
from thalweg.metrics.base import add_to as add_to
from thalweg.metrics.confusion import *  # noqa: F403
from thalweg.metrics.means import *  # noqa: F403
from thalweg.metrics.ranking import *  # noqa: F403
from thalweg.metrics.regression import *  # noqa: F403
from thalweg.metrics.regression import concordance_correlation, pearson_correlation
from thalweg.metrics.segmentation import *  # noqa: F403
from thalweg.registry import decode as deserialize
from thalweg.registry import encode as serialize
from thalweg.registry import lookup, snake_case

LogCosh = LogCoshError  # noqa: F405
_CLASSES: dict[str, Any] = {
    name: cls
    for name, cls in list(globals().items())
    if isinstance(cls, type)
    and issubclass(cls, Metric)
    and name not in ("Metric", "Counts", "PlainMean", "LossMetric")
}
_TABLE: dict[str, Any] = _CLASSES | {snake_case(name): cls for name, cls in _CLASSES.items()}
_TABLE |= {
    spelt: _CLASSES[name]
    for short, name in (
        *(("mse", "MeanSquaredError"), ("mae", "MeanAbsoluteError"), ("mape", "MeanAbsolutePercentageError")),
        *(
            ("msle", "MeanSquaredLogarithmicError"),
            ("rmse", "RootMeanSquaredError"),
            ("bce", "BinaryCrossentropy"),
        ),
        *(
            ("f1", "F1Score"),
            ("r2", "R2Score"),
            ("kld", "KLDivergence"),
            ("cosine_proximity", "CosineSimilarity"),
        ),
    )
    for spelt in (short, short.upper())
}

__all__ = [
    "Metric",
    "deserialize",
    "get",
    "serialize",
    *_CLASSES,
    "accuracy",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "concordance_correlation",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "pearson_correlation",
    "poisson",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]


def get(given: Any) -> Any:
    """A metric from a name, an object, a class, a loss, or any function of (y_true, y_pred).

    Names are those of the classes, as ``MeanSquaredError`` and ``mean_squared_error``, and short ones: "mse", "mae",
    "mape", "msle", "rmse", "bce", "kld", "f1", "r2". A name as given is the metric's name in the logs.

    >>> get("mae").name
    'mae'
    """
    if given is None or isinstance(given, Metric):
        return given
    if isinstance(given, losses.Loss):
        return LossMetric(given)
    if isinstance(given, type):
        return given()
    if callable(given):
        return MeanMetricWrapper(given)
    return lookup("metric", given, _TABLE)(name=given)
