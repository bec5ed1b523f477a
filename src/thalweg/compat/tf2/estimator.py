"""``tf.estimator`` in TensorFlow 2: the models that are ready to train. Each trains in a graph of the first generation,
on data sets of this one, with optimizers of Keras, and by the mean loss of a batch.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from thalweg.compat import keras
from thalweg.compat.names import Namespace, own
from thalweg.compat.tf1 import boosted_trees, canned, exporting, heads
from thalweg.compat.tf1.estimator import EvalSpec, ModeKeys, RunConfig, TrainSpec, train_and_evaluate
from thalweg.compat.tf1.losses import Reduction

_REDUCTIONS = {
    "sum_over_batch_size": Reduction.SUM_OVER_BATCH_SIZE,
    "auto": Reduction.SUM_OVER_BATCH_SIZE,
    "sum": Reduction.SUM,
}
_DROPPED = ("partitioner", "input_layer_partitioner")  # arguments of the first generation only
_OPTIMIZERS = {
    "Adagrad": keras.optimizers.Adagrad,
    "Adam": keras.optimizers.Adam,
    "Ftrl": keras.optimizers.Ftrl,
    "RMSProp": keras.optimizers.RMSprop,
    "SGD": keras.optimizers.SGD,
}


def _named(name: str, rate: float | None) -> Any:
    if name not in _OPTIMIZERS:
        raise ValueError(
            f"Unsupported optimizer name: {name}. Supported names are: {tuple(sorted(_OPTIMIZERS))}"
        )
    return _OPTIMIZERS[name]() if rate is None else _OPTIMIZERS[name](learning_rate=rate)


def _rate(argument: str, given: dict[str, Any]) -> float | None:
    """The learning rate of an optimizer that is given by name; None: Keras's own."""
    if argument == "dnn_optimizer":
        return canned.DNN_RATE
    if argument == "linear_optimizer":
        return canned._linear_rate(len(given["linear_feature_columns"] or ()), canned.WIDE_RATE)
    if "feature_columns" in given and "hidden_units" not in given:
        return canned._linear_rate(len(list(given["feature_columns"])), canned.LINEAR_RATE)
    return None


def _second(make: Callable[..., Any]) -> Callable[..., Any]:
    """A model's function with the arguments and defaults of the second generation."""
    before = inspect.signature(make)
    kept = [p for name, p in before.parameters.items() if name not in _DROPPED]
    kept = [p.replace(default="sum_over_batch_size") if p.name == "loss_reduction" else p for p in kept]
    signature = before.replace(parameters=kept)

    @functools.wraps(make)
    def made(*args: Any, **options: Any) -> Any:
        bound = signature.bind(*args, **options)
        bound.apply_defaults()
        given = dict(bound.arguments)
        for name, value in given.items():
            if name.endswith("optimizer") and isinstance(value, str):
                given[name] = _named(value, _rate(name, given))
        if given.get("loss_reduction") in _REDUCTIONS:
            given["loss_reduction"] = _REDUCTIONS[given["loss_reduction"]]
        return make(**given)

    made.__signature__ = signature  # type: ignore[attr-defined]
    return made


class _Ready(Namespace):
    """What is here; a model function of one's own is written for a graph."""

    def __getattr__(self, name: str) -> Any:
        if name in ("Estimator", "EstimatorSpec"):
            raise AttributeError(
                f"tf.estimator.{name} is not supported: a model function makes a graph, which belongs to TensorFlow 1: "
                "run the program with --as tf1; docs/compat.md lists every supported name"
            )
        return super().__getattr__(name)


_KINDS = ("Estimator", "Regressor", "Classifier")

estimator = _Ready(
    "tf.estimator",
    **{n: _second(v) for room in (canned, heads) for n, v in own(room).items() if n.endswith(_KINDS)},
    **{n: v for n, v in own(boosted_trees).items() if n.startswith("Boosted")},
    **{n: v for n, v in own(exporting).items() if n.endswith("Exporter")},
    BinaryClassHead=heads.binary_classification_head,
    MultiClassHead=heads.multi_class_head,
    MultiLabelHead=heads.multi_label_head,
    RegressionHead=heads.regression_head,
    PoissonRegressionHead=heads.poisson_regression_head,
    ModeKeys=ModeKeys,
    RunConfig=RunConfig,
    TrainSpec=TrainSpec,
    EvalSpec=EvalSpec,
    train_and_evaluate=train_and_evaluate,
    add_metrics=heads.add_metrics,
    export=exporting.export,
)
