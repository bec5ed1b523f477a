"""``tf.contrib.estimator``: models of any task, the tasks themselves, models of the labels alone, more figures."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from thalweg.compat.names import inner, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, losses, math, metrics, nn
from thalweg.compat.tf1.canned import Canned, Classes, Numbers, _both, _Linear, _Network, _optimizer
from thalweg.compat.tf1.estimator import Estimator, EstimatorSpec, ModeKeys
from thalweg.compat.tf1.exporting import export
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.train.optimizers import Optimizer
from thalweg.compat.tf1.variables import get_variable


@inner
class MultiLabels:
    """Which of ``n_classes`` classes hold, each for itself: labels are [batch, n_classes] of 0 and 1."""

    vocabulary = None

    def __init__(self, n_classes: int, weights: str | None) -> None:
        self.width, self.weights = n_classes, weights

    def predictions(self, logits: Tensor) -> dict[str, Any]:
        """Logits and probabilities."""
        return {"logits": logits, "probabilities": math.sigmoid(logits)}

    def served(self, made: dict[str, Any]) -> dict[str, Any]:
        """What an exported model tells."""
        scores = export.ClassificationOutput(made["probabilities"])
        told = {"serving_default": scores, "multi_label": scores, "classification": scores}
        return {**told, "predict": export.PredictOutput(made)}

    def errors(self, logits: Tensor, labels: Any) -> Tensor:
        """The mean cross-entropy of the classes of each example."""
        each = nn.sigmoid_cross_entropy_with_logits(labels=math.cast(labels, "float32"), logits=logits)
        return math.reduce_mean(each, 1, keepdims=True)

    def measures(self, made: dict[str, Any], labels: Any, errors: Any, weights: Any) -> dict[str, Any]:
        """What ``evaluate`` tells."""
        how = {"weights": weights, "curve": "PR", "summation_method": "careful_interpolation"}
        return {
            "average_loss": metrics.mean(errors, weights),
            "auc": metrics.auc(labels, made["probabilities"], weights),
            "auc_precision_recall": metrics.auc(labels, made["probabilities"], **how),
        }


@inner
class Counts(Numbers):
    """Counts, whose logarithms come out."""

    def predictions(self, logits: Tensor) -> dict[str, Any]:
        """The counts, and their logarithms."""
        return {"predictions": math.exp(logits), "logits": logits}

    def errors(self, logits: Tensor, labels: Any) -> Tensor:
        """The negative log-likelihood of each count, with Stirling's term."""
        counts = math.reshape(math.cast(labels, "float32"), [-1, self.width])
        return nn.log_poisson_loss(counts, logits, compute_full_loss=True)


def binary_classification_head(
    weight_column: str | None = None,
    thresholds: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = losses.Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Any = None,
    name: Any = None,
) -> Classes:
    """Two classes."""
    only("binary_classification_head", "loss_fn", loss_fn)
    return _reduced(loss_reduction, Classes(2, label_vocabulary, weight_column))


def multi_class_head(
    n_classes: int,
    weight_column: str | None = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = losses.Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Any = None,
    name: Any = None,
) -> Classes:
    """More than two classes."""
    if n_classes is None or n_classes <= 2:
        raise ValueError(
            f"n_classes must be > 2: {n_classes}. For 2 classes, use binary_classification_head."
        )
    only("multi_class_head", "loss_fn", loss_fn)
    return _reduced(loss_reduction, Classes(n_classes, label_vocabulary, weight_column))


def regression_head(
    weight_column: str | None = None,
    label_dimension: int = 1,
    loss_reduction: Any = losses.Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Any = None,
    inverse_link_fn: Any = None,
    name: Any = None,
) -> Numbers:
    """Numbers, by the squared error."""
    only("regression_head", "loss_fn", loss_fn)
    only("regression_head", "inverse_link_fn", inverse_link_fn)
    return _reduced(loss_reduction, Numbers(label_dimension, weight_column))


def poisson_regression_head(
    weight_column: str | None = None,
    label_dimension: int = 1,
    loss_reduction: Any = losses.Reduction.SUM_OVER_BATCH_SIZE,
    compute_full_loss: bool = True,
    name: Any = None,
) -> Counts:
    """Counts, by their likelihood."""
    only("poisson_regression_head", "compute_full_loss", compute_full_loss, True)
    return _reduced(loss_reduction, Counts(label_dimension, weight_column))


def multi_label_head(
    n_classes: int,
    weight_column: str | None = None,
    thresholds: Any = None,
    label_vocabulary: Any = None,
    loss_reduction: Any = losses.Reduction.SUM_OVER_BATCH_SIZE,
    loss_fn: Any = None,
    classes_for_class_based_metrics: Any = None,
    name: Any = None,
) -> MultiLabels:
    """Classes of which several may hold."""
    if n_classes is None or n_classes < 2:
        raise ValueError(f"n_classes must be > 1 for multi-label classification. Given: {n_classes}")
    only("multi_label_head", "loss_fn", loss_fn)
    only("multi_label_head", "label_vocabulary", label_vocabulary)
    only("multi_label_head", "classes_for_class_based_metrics", classes_for_class_based_metrics)
    return _reduced(loss_reduction, MultiLabels(n_classes, weight_column))


def _reduced(loss_reduction: Any, head: Any) -> Any:
    """The head, which keeps how errors become a loss."""
    head.reduction = loss_reduction
    return head


def DNNEstimator(
    head: Any,
    hidden_units: Any,
    feature_columns: Any,
    model_dir: Any = None,
    optimizer: Any = "Adagrad",
    activation_fn: Any = nn.relu,
    dropout: float | None = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    warm_start_from: Any = None,
    batch_norm: bool = False,
) -> Canned:
    """A network for a task."""
    only("DNNEstimator", "batch_norm", batch_norm, False)
    network = _Network(feature_columns, hidden_units, activation_fn, dropout, optimizer)
    return Canned([network], head, model_dir, config, warm_start_from, head.reduction)


def LinearEstimator(
    head: Any,
    feature_columns: Any,
    model_dir: Any = None,
    optimizer: Any = "Ftrl",
    config: Any = None,
    partitioner: Any = None,
    warm_start_from: Any = None,
    sparse_combiner: str = "sum",
) -> Canned:
    """A linear model for a task."""
    only("LinearEstimator", "sparse_combiner", sparse_combiner, "sum")
    return Canned(
        [_Linear(feature_columns, optimizer)], head, model_dir, config, warm_start_from, head.reduction
    )


def DNNLinearCombinedEstimator(
    head: Any,
    model_dir: Any = None,
    linear_feature_columns: Any = None,
    linear_optimizer: Any = "Ftrl",
    dnn_feature_columns: Any = None,
    dnn_optimizer: Any = "Adagrad",
    dnn_hidden_units: Any = None,
    dnn_activation_fn: Any = nn.relu,
    dnn_dropout: Any = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    warm_start_from: Any = None,
    batch_norm: bool = False,
    linear_sparse_combiner: str = "sum",
) -> Canned:
    """Wide and deep for a task."""
    only("DNNLinearCombinedEstimator", "batch_norm", batch_norm, False)
    only("DNNLinearCombinedEstimator", "linear_sparse_combiner", linear_sparse_combiner, "sum")
    parts = _both(
        linear_feature_columns, linear_optimizer, dnn_feature_columns, dnn_optimizer, dnn_hidden_units,
        dnn_activation_fn, dnn_dropout,
    )  # fmt: skip
    return Canned(parts, head, model_dir, config, warm_start_from, head.reduction)


class _Bias:
    """The same logits for every example."""

    scope = "baseline"

    def __init__(self, optimizer: Any) -> None:
        self.given = optimizer

    def logits(self, features: Any, width: int, training: bool) -> Tensor:
        """[batch, width]."""
        bias = get_variable("bias", [width], initializer=initializers.zeros_initializer())
        some = next(iter(features.values())) if isinstance(features, dict) else features
        return math.ones([math.shape(some)[0], 1]) * bias

    def optimizer(self) -> Any:
        """Ftrl at 0.3 unless given."""
        return _optimizer(self.given, 0.3)


def BaselineClassifier(
    model_dir: Any = None,
    n_classes: int = 2,
    weight_column: str | None = None,
    label_vocabulary: Any = None,
    optimizer: Any = "Ftrl",
    config: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
) -> Canned:
    """How often each class is seen, whatever the features."""
    return Canned(
        [_Bias(optimizer)],
        Classes(n_classes, label_vocabulary, weight_column),
        model_dir,
        config,
        None,
        loss_reduction,
    )


def BaselineRegressor(
    model_dir: Any = None,
    label_dimension: int = 1,
    weight_column: str | None = None,
    optimizer: Any = "Ftrl",
    config: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
) -> Canned:
    """The mean of the labels, whatever the features."""
    return Canned(
        [_Bias(optimizer)], Numbers(label_dimension, weight_column), model_dir, config, None, loss_reduction
    )


def BaselineEstimator(
    head: Any, model_dir: Any = None, optimizer: Any = "Ftrl", config: Any = None
) -> Canned:
    """The labels of a task, whatever the features."""
    return Canned([_Bias(optimizer)], head, model_dir, config, None, head.reduction)


def _told_more(estimator: Estimator, told: Callable[..., EstimatorSpec]) -> Estimator:
    def model_fn(features: Any, labels: Any, mode: str) -> EstimatorSpec:
        return told(estimator._spec(features, labels, mode), features, labels)

    return Estimator(model_fn, estimator.model_dir, estimator.config, warm_start_from=estimator._start)


def add_metrics(estimator: Estimator, metric_fn: Callable[..., dict[str, Any]]) -> Estimator:
    """The estimator with more figures: ``metric_fn`` gets what it names of labels, predictions, features, config."""
    names = inspect.signature(metric_fn).parameters

    def told(spec: EstimatorSpec, features: Any, labels: Any) -> EstimatorSpec:
        if spec.mode != ModeKeys.EVAL:
            return spec
        all_ = {
            "labels": labels,
            "predictions": spec.predictions,
            "features": features,
            "config": estimator.config,
        }
        more = metric_fn(**{key: x for key, x in all_.items() if key in names})
        return spec._replace(eval_metric_ops={**(spec.eval_metric_ops or {}), **more})

    return _told_more(estimator, told)


def forward_features(estimator: Estimator, keys: Any = None) -> Estimator:
    """The estimator whose predictions hold features, too: those of ``keys``, or all."""

    def told(spec: EstimatorSpec, features: Any, labels: Any) -> EstimatorSpec:
        if spec.mode != ModeKeys.PREDICT:
            return spec
        wanted = list(features) if keys is None else [keys] if isinstance(keys, str) else list(keys)
        for key in wanted:
            if key not in features or key in spec.predictions:
                raise ValueError(
                    f"forward_features: {key!r} must be a feature, and no prediction, {sorted(features)}"
                )
        forwarded = {key: g.convert_to_tensor(features[key]) for key in wanted}
        return spec._replace(predictions={**spec.predictions, **forwarded})

    return _told_more(estimator, told)


class _ClippedByNorm(Optimizer):
    """Another optimizer's step, for gradients whose norm, all taken together, is ``clip_norm`` at most."""

    def __init__(self, optimizer: Optimizer, clip_norm: Any) -> None:
        super().__init__(name="ClipByNorm" + optimizer.get_name())
        self._optimizer, self._clip_norm = optimizer, clip_norm

    def compute_gradients(self, *args: Any, **kwargs: Any) -> Any:
        """The gradients as they are: clipped when they are applied."""
        return self._optimizer.compute_gradients(*args, **kwargs)

    def apply_gradients(
        self, grads_and_vars: Any, global_step: Any = None, name: str | None = None
    ) -> g.Operation:
        """One step of the optimizer within with given pairs (gradient, variable)."""
        gradients, variables = zip(*grads_and_vars, strict=True)
        clipped, _ = math.clip_by_global_norm(gradients, self._clip_norm)
        return self._optimizer.apply_gradients(zip(clipped, variables, strict=True), global_step, name)

    def get_slot(self, var: Any, name: str) -> Any:
        """What the optimizer within remembers for a variable."""
        return self._optimizer.get_slot(var, name)

    def get_slot_names(self) -> list[str]:
        """What the optimizer within calls that."""
        return self._optimizer.get_slot_names()


def clip_gradients_by_norm(optimizer: Optimizer, clip_norm: Any) -> Optimizer:
    """The optimizer with gradients clipped, all by one factor, to the norm ``clip_norm`` before each step."""
    return _ClippedByNorm(optimizer, clip_norm)
