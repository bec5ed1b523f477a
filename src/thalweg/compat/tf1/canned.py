"""``tf.estimator``'s models that are ready to train: linear ones, networks, and both together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat.names import inner, only
from thalweg.compat.tf1 import feature_column as columns
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, layers, losses, math, metrics, nn, train
from thalweg.compat.tf1.column_nodes import NODES
from thalweg.compat.tf1.control import group
from thalweg.compat.tf1.estimator import Estimator, EstimatorSpec, ModeKeys
from thalweg.compat.tf1.exporting import export
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.variables import trainable_variables, variable_scope

# --- what a model is asked for ----------------------------------------------------------------------------------------


@inner
class Classes:
    """Class numbers (or words of ``vocabulary``) from logits; two classes have one logit."""

    def __init__(self, n_classes: int, vocabulary: Sequence[Any] | None, weights: str | None) -> None:
        self.n, self.vocabulary, self.weights = n_classes, vocabulary, weights
        self.width = 1 if n_classes == 2 else n_classes

    def predictions(self, logits: Tensor) -> dict[str, Any]:
        """Logits, probabilities, class numbers and their names."""
        both = math.concat([math.zeros_like(logits), logits], 1) if self.n == 2 else logits
        ids = math.expand_dims(math.argmax(both, 1), 1)
        every = math.cast(math.zeros_like(ids), "int32") + np.arange(self.n, dtype=np.int32)
        made = {"logits": logits, "probabilities": nn.softmax(both), "class_ids": ids}
        made |= {"classes": self._named(ids), "all_class_ids": every, "all_classes": self._named(every)}
        if self.n == 2:
            made["logistic"] = math.sigmoid(logits)
        return made

    def _named(self, ids: Tensor) -> Tensor:
        names = np.array([str(w).encode() for w in self.vocabulary or range(self.n)], object)
        return g.host("Classes", None, [ids], lambda k: names[np.asarray(k)], ids.get_shape())

    def served(self, made: dict[str, Any]) -> dict[str, Any]:
        """What an exported model tells: the scores of all classes, unless it is asked for predictions."""
        scores = export.ClassificationOutput(made["probabilities"], made["all_classes"])
        of_one = {"regression": export.RegressionOutput(made["logistic"])} if self.n == 2 else {}
        return {
            "serving_default": scores,
            "classification": scores,
            **of_one,
            "predict": export.PredictOutput(made),
        }

    def numbers(self, labels: Any) -> Tensor:
        """Labels as class numbers."""
        if self.vocabulary is None:
            return math.reshape(math.cast(labels, "int32"), [-1])
        column = columns.categorical_column_with_vocabulary_list("labels", list(self.vocabulary))
        return math.reshape(column.ids({"labels": labels}, NODES).numbers, [-1])

    def errors(self, logits: Tensor, labels: Any) -> Tensor:
        """The cross-entropy of each example."""
        ids = self.numbers(labels)
        if self.n == 2:
            target = math.expand_dims(math.cast(ids, "float32"), 1)
            return nn.sigmoid_cross_entropy_with_logits(labels=target, logits=logits)
        made = nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)
        return math.expand_dims(made, 1)

    def measures(self, made: dict[str, Any], labels: Any, errors: Any, weights: Any) -> dict[str, Any]:
        """What ``evaluate`` tells."""
        ids = self.numbers(labels)
        w = None if weights is None else math.reshape(weights, [-1])
        found = {
            "accuracy": metrics.accuracy(ids, math.reshape(made["class_ids"], [-1]), w),
            "average_loss": metrics.mean(errors, weights),
        }
        if self.n == 2:
            found["auc"] = metrics.auc(ids, math.reshape(made["logistic"], [-1]), w)
            found["precision"] = metrics.precision(ids, math.reshape(made["class_ids"], [-1]))
            found["recall"] = metrics.recall(ids, math.reshape(made["class_ids"], [-1]))
            found["label/mean"] = metrics.mean(ids, w)
            share = metrics.mean(ids, w)  # a model that always says the commoner class is right so often
            found["accuracy_baseline"] = math.maximum(share[0], 1.0 - share[0]), share[1]
            found["auc_precision_recall"] = metrics.auc(
                ids,
                math.reshape(made["logistic"], [-1]),
                w,
                curve="PR",
                summation_method="careful_interpolation",
            )
            found["prediction/mean"] = metrics.mean(made["logistic"], weights)
        return found


@inner
class Numbers:
    """Numbers, as they come out."""

    def __init__(self, width: int, weights: str | None) -> None:
        self.width, self.weights = width, weights

    def predictions(self, logits: Tensor) -> dict[str, Any]:
        """The numbers."""
        return {"predictions": logits}

    def served(self, made: dict[str, Any]) -> dict[str, Any]:
        """What an exported model tells."""
        found = export.RegressionOutput(made["predictions"])
        return {"serving_default": found, "regression": found, "predict": export.PredictOutput(made)}

    def errors(self, logits: Tensor, labels: Any) -> Tensor:
        """The squared error of each number."""
        return math.squared_difference(logits, math.reshape(math.cast(labels, "float32"), [-1, self.width]))

    def measures(self, made: dict[str, Any], labels: Any, errors: Any, weights: Any) -> dict[str, Any]:
        """What ``evaluate`` tells."""
        return {
            "average_loss": metrics.mean(errors, weights),
            "label/mean": metrics.mean(labels),
            "prediction/mean": metrics.mean(made["predictions"]),
        }


# --- models -----------------------------------------------------------------------------------------------------------

_BY_NAME: dict[str, Callable[[float], Any]] = {
    "Adagrad": train.AdagradOptimizer,
    "Adam": train.AdamOptimizer,
    "Ftrl": train.FtrlOptimizer,
    "RMSProp": train.RMSPropOptimizer,
    "SGD": train.GradientDescentOptimizer,
}


def _optimizer(given: Any, rate: float) -> Any:
    if isinstance(given, str):
        return _BY_NAME[given](rate)
    made = given() if callable(given) and not isinstance(given, train.Optimizer) else given
    if isinstance(made, optimizers.Optimizer):  # one of Keras
        return train.Optimizer(made, _constant_rate(made), made.name, counts=True)
    return made


def _constant_rate(rule: optimizers.Optimizer) -> float:
    """The learning rate of Keras's optimizer; what it does beside its rule is refused."""
    for name in ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "ema_momentum"):
        only(type(rule).__name__, name, getattr(rule, name))
    told = rule.get_config()["learning_rate"]
    if not isinstance(told, (int, float)):
        raise ValueError(
            f"{type(rule).__name__}: an estimator takes a number as learning_rate, received {told!r}"
        )
    return float(told)


NETWORK_RATE, LINEAR_RATE = (
    0.05,
    0.2,
)  # learning rates of optimizers given by name, for a network and a linear model
DNN_RATE, WIDE_RATE = 0.001, 0.005  # and for both together


def _linear_rate(columns: int, most: float) -> float:
    """The learning rate of a linear model of so many columns: one over their root, but ``most`` at most."""
    return min(most, max(columns, 1) ** -0.5)


class _Network:
    """A network of dense layers over columns."""

    scope, rate = "dnn", NETWORK_RATE

    def __init__(
        self, feature_columns: Any, hidden_units: Any, activation_fn: Any, dropout: Any, optimizer: Any
    ):
        self.columns, self.units = feature_columns, [int(n) for n in hidden_units]
        self.activation_fn, self.dropout, self.given = activation_fn, dropout, optimizer

    def logits(self, features: Any, width: int, training: bool) -> Tensor:
        """[batch, width]."""
        with variable_scope("input_from_feature_columns"):
            x = columns.input_layer(features, self.columns)
        for k, n in enumerate(self.units):
            x = layers.dense(
                x,
                n,
                self.activation_fn,
                kernel_initializer=initializers.xavier_initializer(),
                name=f"hiddenlayer_{k}",
            )
            if self.dropout and training:
                x = layers.dropout(x, self.dropout, training=True)
        return layers.dense(x, width, kernel_initializer=initializers.xavier_initializer(), name="logits")

    def optimizer(self) -> Any:
        """The one given; by name it has the rate."""
        return _optimizer(self.given, self.rate)


class _Linear:
    """Weighted sums of columns."""

    scope, rate = "linear", LINEAR_RATE

    def __init__(self, feature_columns: Any, optimizer: Any) -> None:
        self.columns, self.given = list(feature_columns), optimizer

    def logits(self, features: Any, width: int, training: bool) -> Tensor:
        """[batch, width]."""
        return columns.linear_model(features, self.columns, width)

    def optimizer(self) -> Any:
        """The one given; by name it has the rate, or less where there are many columns."""
        return _optimizer(self.given, _linear_rate(len(self.columns), self.rate))


@inner
class Canned(Estimator):
    """An estimator whose model is a sum of parts and whose task is a head."""

    def __init__(
        self,
        parts: Sequence[Any],
        head: Any,
        model_dir: Any = None,
        config: Any = None,
        warm_start_from: Any = None,
        loss_reduction: Any = losses.Reduction.SUM,
    ):
        """``loss_reduction``: how the examples' errors become the loss of a batch."""
        self.parts, self.head, self.reduction = list(parts), head, loss_reduction
        super().__init__(self._model, model_dir, config, warm_start_from=warm_start_from)

    def _model(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        outputs = []
        for part in self.parts:
            with variable_scope(part.scope):
                outputs.append(part.logits(features, self.head.width, mode == ModeKeys.TRAIN))
        logits = outputs[0] if len(outputs) == 1 else math.add_n(outputs)
        made = self.head.predictions(logits)
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, made, export_outputs=self.head.served(made))
        errors = self.head.errors(logits, labels)
        weights = None
        if self.head.weights is not None:
            weights = math.reshape(math.cast(features[self.head.weights], "float32"), [-1, 1])
        with g.default_graph().name_scope("head"):
            loss = losses.compute_weighted_loss(
                errors, 1.0 if weights is None else weights, reduction=self.reduction
            )
            if (
                self.reduction == losses.Reduction.SUM
            ):  # names under which hooks ask for the loss and its mean
                loss = math.identity(loss, "weighted_loss/Sum")
                share = math.ones_like(errors) if weights is None else weights
                math.divide(loss, math.reduce_sum(share), name="truediv")
        if mode == ModeKeys.EVAL:
            return EstimatorSpec(mode, made, loss, None, self.head.measures(made, labels, errors, weights))
        step = train.get_or_create_global_step()
        trained = [
            part.optimizer().minimize(loss, step if k == 0 else None, trainable_variables(f"{part.scope}/"))
            for k, part in enumerate(self.parts)
        ]
        return EstimatorSpec(mode, made, loss, group(*trained))


def DNNClassifier(
    hidden_units: Any,
    feature_columns: Any,
    model_dir: Any = None,
    n_classes: int = 2,
    weight_column: str | None = None,
    label_vocabulary: Any = None,
    optimizer: Any = "Adagrad",
    activation_fn: Any = nn.relu,
    dropout: float | None = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    warm_start_from: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
    batch_norm: bool = False,
) -> Canned:
    """A network that tells classes."""
    only("DNNClassifier", "batch_norm", batch_norm, False)
    network = _Network(feature_columns, hidden_units, activation_fn, dropout, optimizer)
    return Canned(
        [network],
        Classes(n_classes, label_vocabulary, weight_column),
        model_dir,
        config,
        warm_start_from,
        loss_reduction,
    )


def DNNRegressor(
    hidden_units: Any,
    feature_columns: Any,
    model_dir: Any = None,
    label_dimension: int = 1,
    weight_column: str | None = None,
    optimizer: Any = "Adagrad",
    activation_fn: Any = nn.relu,
    dropout: float | None = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    warm_start_from: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
    batch_norm: bool = False,
) -> Canned:
    """A network that tells numbers."""
    only("DNNRegressor", "batch_norm", batch_norm, False)
    network = _Network(feature_columns, hidden_units, activation_fn, dropout, optimizer)
    return Canned(
        [network], Numbers(label_dimension, weight_column), model_dir, config, warm_start_from, loss_reduction
    )


def LinearClassifier(
    feature_columns: Any,
    model_dir: Any = None,
    n_classes: int = 2,
    weight_column: str | None = None,
    label_vocabulary: Any = None,
    optimizer: Any = "Ftrl",
    config: Any = None,
    partitioner: Any = None,
    warm_start_from: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
    sparse_combiner: str = "sum",
) -> Canned:
    """A linear model that tells classes."""
    only("LinearClassifier", "sparse_combiner", sparse_combiner, "sum")
    head = Classes(n_classes, label_vocabulary, weight_column)
    return Canned(
        [_Linear(feature_columns, optimizer)], head, model_dir, config, warm_start_from, loss_reduction
    )


def LinearRegressor(
    feature_columns: Any,
    model_dir: Any = None,
    label_dimension: int = 1,
    weight_column: str | None = None,
    optimizer: Any = "Ftrl",
    config: Any = None,
    partitioner: Any = None,
    warm_start_from: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
    sparse_combiner: str = "sum",
) -> Canned:
    """A linear model that tells numbers."""
    only("LinearRegressor", "sparse_combiner", sparse_combiner, "sum")
    head = Numbers(label_dimension, weight_column)
    return Canned(
        [_Linear(feature_columns, optimizer)], head, model_dir, config, warm_start_from, loss_reduction
    )


def _both(
    linear_feature_columns: Any,
    linear_optimizer: Any,
    dnn_feature_columns: Any,
    dnn_optimizer: Any,
    dnn_hidden_units: Any,
    dnn_activation_fn: Any,
    dnn_dropout: Any,
) -> list[Any]:
    parts: list[Any] = []
    if dnn_feature_columns:
        made = _Network(dnn_feature_columns, dnn_hidden_units, dnn_activation_fn, dnn_dropout, dnn_optimizer)
        made.rate = DNN_RATE
        parts.append(made)
    if linear_feature_columns:
        wide = _Linear(linear_feature_columns, linear_optimizer)
        wide.rate = WIDE_RATE
        parts.append(wide)
    return parts


def DNNLinearCombinedClassifier(
    model_dir: Any = None,
    linear_feature_columns: Any = None,
    linear_optimizer: Any = "Ftrl",
    dnn_feature_columns: Any = None,
    dnn_optimizer: Any = "Adagrad",
    dnn_hidden_units: Any = None,
    dnn_activation_fn: Any = nn.relu,
    dnn_dropout: Any = None,
    n_classes: int = 2,
    weight_column: str | None = None,
    label_vocabulary: Any = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    warm_start_from: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
    batch_norm: bool = False,
    linear_sparse_combiner: str = "sum",
) -> Canned:
    """Wide and deep: a linear model and a network, trained together, that tell classes."""
    only("DNNLinearCombinedClassifier", "batch_norm", batch_norm, False)
    only("DNNLinearCombinedClassifier", "linear_sparse_combiner", linear_sparse_combiner, "sum")
    parts = _both(
        linear_feature_columns,
        linear_optimizer,
        dnn_feature_columns,
        dnn_optimizer,
        dnn_hidden_units,
        dnn_activation_fn,
        dnn_dropout,
    )
    return Canned(
        parts,
        Classes(n_classes, label_vocabulary, weight_column),
        model_dir,
        config,
        warm_start_from,
        loss_reduction,
    )


def DNNLinearCombinedRegressor(
    model_dir: Any = None,
    linear_feature_columns: Any = None,
    linear_optimizer: Any = "Ftrl",
    dnn_feature_columns: Any = None,
    dnn_optimizer: Any = "Adagrad",
    dnn_hidden_units: Any = None,
    dnn_activation_fn: Any = nn.relu,
    dnn_dropout: Any = None,
    label_dimension: int = 1,
    weight_column: str | None = None,
    input_layer_partitioner: Any = None,
    config: Any = None,
    warm_start_from: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
    batch_norm: bool = False,
    linear_sparse_combiner: str = "sum",
) -> Canned:
    """Wide and deep: a linear model and a network, trained together, that tell numbers."""
    only("DNNLinearCombinedRegressor", "batch_norm", batch_norm, False)
    only("DNNLinearCombinedRegressor", "linear_sparse_combiner", linear_sparse_combiner, "sum")
    parts = _both(
        linear_feature_columns,
        linear_optimizer,
        dnn_feature_columns,
        dnn_optimizer,
        dnn_hidden_units,
        dnn_activation_fn,
        dnn_dropout,
    )
    return Canned(
        parts, Numbers(label_dimension, weight_column), model_dir, config, warm_start_from, loss_reduction
    )
