"""``tf.estimator``'s boosted trees: columns in buckets and derivatives of the head's loss, which the main library grows
trees by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, losses, math
from thalweg.compat.tf1.canned import Canned, Classes, Numbers
from thalweg.compat.tf1.column_nodes import NODES
from thalweg.compat.tf1.columns import BucketizedColumn, IndicatorColumn, NumericColumn, in_order
from thalweg.compat.tf1.control import group
from thalweg.compat.tf1.data import Dataset
from thalweg.compat.tf1.estimator import Estimator, EstimatorSpec, ModeKeys
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.math.checks import computed
from thalweg.compat.tf1.session_hooks import SessionRunHook
from thalweg.compat.tf1.variables import get_variable
from thalweg.trees import BoostedTrees, Counts, TreeSettings, boundaries, bucketed, counted

_SUM_OVER_BATCH_SIZE = losses.Reduction.SUM_OVER_BATCH_SIZE


class _Columns:
    """The columns as features: their names, one for each, how many buckets each has, and which are numbers."""

    def __init__(self, feature_columns: Iterable[Any], epsilon: float) -> None:
        self.columns, self.quantiles = in_order(feature_columns), int(1.0 / epsilon)
        self.names: list[str] = []
        self.sizes: list[int] = []  # 0 for numbers, whose buckets are made of the data
        for column in self.columns:
            name, count, size = _told(column)
            self.names += [name] * count
            self.sizes += [size] * count
        self.floats = np.flatnonzero(np.asarray(self.sizes) == 0)

    def matrix(self, features: Any) -> Tensor:
        """[batch, features] of buckets and numbers."""
        blocks = []
        for column in self.columns:
            if isinstance(column, BucketizedColumn):
                blocks.append(math.cast(column._intervals(features, NODES), "float32"))
            else:
                blocks.append(math.cast(column.dense(features, NODES), "float32"))
        return blocks[0] if len(blocks) == 1 else math.concat(blocks, 1)

    def buckets(self, x: np.ndarray, bounds: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """[batch, features] bucket numbers."""
        made = x.astype(np.int32)
        for feature, row, length in zip(self.floats, bounds, lengths, strict=False):
            made[:, feature] = bucketed(x[:, feature], row[:length])
        return made

    def all_sizes(self, lengths: np.ndarray) -> list[int]:
        """How many buckets each feature has, with those of the numbers."""
        sizes = np.array(self.sizes)
        sizes[self.floats] = np.maximum(lengths[: len(self.floats)], 1)
        return [int(n) for n in sizes]


def _told(column: Any) -> tuple[str, int, int]:
    """The name of a column's features, how many they are, and their buckets."""
    if isinstance(column, IndicatorColumn):
        return column.categorical_column.name, column.categorical_column.num_buckets, 2
    if isinstance(column, BucketizedColumn):
        if column.source_column.width > 1:
            raise ValueError(
                f"For now, only supports features equivalent to rank 1 but column `{column.source_column.name}` "
                f"got: {column.source_column.shape}"
            )
        return column.name, 1, len(column.boundaries) + 1
    if isinstance(column, NumericColumn):
        return column.name, column.width, 0
    raise ValueError(
        "For now, only bucketized_column, indicator_column, numeric_column are supported but got: "
        f"{type(column).__name__} {column.name!r}"
    )


class _State(NamedTuple):
    """What a checkpoint keeps: an ensemble's arrays, and the boundaries of the numbers' buckets with their counts."""

    splits: Any
    values: Any
    gains: Any
    progress: Any
    bounds: Any
    lengths: Any


class _Trees:
    """An ensemble as part of a model: its state are variables, which every batch may change."""

    scope = "boosted_trees"

    def __init__(
        self,
        columns: _Columns,
        settings: TreeSettings,
        batches: int,
        centred: bool,
        in_memory: bool,
        weights: Any,
    ) -> None:
        self.columns, self.settings, self.batches = columns, settings, batches
        self.centred, self.in_memory, self.weights = centred, in_memory, weights
        self.grower: _Grower
        self.built: tuple[Any, ...] = ()

    def state(self, width: int) -> _State:
        """The variables."""
        floats = max(len(self.columns.floats), 1)
        start = [
            *BoostedTrees(self.settings, width).empty(),
            np.zeros((floats, 2 * self.columns.quantiles + 3), np.float32),
            np.zeros(floats, np.int32),
        ]
        return _State(
            *(
                get_variable(name, a.shape, a.dtype, initializers.constant_initializer(a), trainable=False)
                for name, a in zip(_State._fields, start, strict=True)
            )
        )

    def logits(self, features: Any, width: int, training: bool) -> Tensor:
        """[batch, width]."""
        state, x = self.state(width), self.columns.matrix(features)
        self.grower = _Grower(self, width)
        told = [("float32", [None, width])]
        (made,) = computed(self.grower.logits, [*state, x], told, "logits", "BoostedTreesPredict")
        self.built = state, x, made, self._weights(features)
        return made

    def _weights(self, features: Any) -> Any:
        if self.weights is None:
            return np.ones(1, np.float32)
        return math.reshape(math.cast(features[self.weights], "float32"), [-1])

    def explained(self, classes: bool) -> list[Tensor]:
        """[batch] of what all predictions start from, and [batch, features] of what each feature adds to each."""
        state, x, _, _ = self.built
        specs = [("float64", [None]), ("float64", [None, len(self.columns.names)])]

        def explain(*arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            ensemble, buckets = self.grower.read(_State(*arrays[:-1]), arrays[-1])
            return ensemble.contributions(buckets, _sigmoid if classes else np.asarray)

        return computed(explain, [*state, x], specs, "explanations", "BoostedTreesExampleDebugOutputs")

    def optimizer(self) -> _Trees:
        """Itself: it is asked to make the loss less."""
        return self

    def minimize(self, loss: Tensor, global_step: Any, variables: Any) -> Any:
        """The operation that takes a batch's derivatives, and grows when it has those of enough batches."""
        state, x, logits, weights = self.built
        first = math.gradients(loss, logits)[0]
        rows = [math.gradients(first[:, k], logits)[0] for k in range(self.grower.width)]
        second = math.stack([row[:, k] for k, row in enumerate(rows)], 1)
        specs = [(a.dtype, a.get_shape().as_list()) for a in state] + [("int64", [])]
        given = [*state, x, weights, first, second]
        *new, steps = computed(self.grower.step, given, specs, "grow", "BoostedTreesUpdateEnsemble")
        kept = [variable.assign(value) for variable, value in zip(state, new, strict=True)]
        if global_step is not None:
            kept.append(global_step.assign_add(math.cast(steps, global_step.dtype.base_dtype)))
        return group(*kept)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


class _Grower:
    """What a run of training knows beside the variables: what the batches of the next layer have told so far."""

    def __init__(self, part: _Trees, width: int) -> None:
        self.part, self.width = part, width
        self.counts: list[Counts] = []
        self.sums: list[Any] = []
        self.seen = 0
        self.full = False
        self.past: tuple[int, Any] = 0, 0.0  # of data in memory: the logits of so many finished trees

    def read(self, state: _State, x: np.ndarray) -> tuple[BoostedTrees, np.ndarray]:
        """The ensemble, and the features in buckets."""
        ensemble = BoostedTrees(self.part.settings, self.width, state[:4])
        return ensemble, self.part.columns.buckets(x, state.bounds, state.lengths)

    def logits(self, *arrays: np.ndarray) -> np.ndarray:
        """[batch, width] of all examples of a batch."""
        ensemble, buckets = self.read(_State(*arrays[:-1]), arrays[-1])
        if not self.part.in_memory:
            return ensemble.predict(buckets)
        known, sums = self.past
        self.past = ensemble.finished, sums + ensemble.predict(buckets, range(known, ensemble.finished))
        return self.past[1] + ensemble.predict(buckets, range(ensemble.finished, ensemble.progress.trees))

    def step(self, *arrays: np.ndarray) -> list[Any]:
        """The state after a batch, and how many steps that was: none where it only told of its numbers."""
        state, (x, weights, first, second) = _State(*arrays[:6]), arrays[6:]
        part = self.part
        if len(part.columns.floats) and not state.lengths.any():
            return [*self._boundaries(state, x, weights), 0]
        ensemble, buckets = self.read(state, x)
        if part.centred and not ensemble.progress.centred:
            mean = self._mean([np.stack([first.mean(0), second.mean(0)])])
            if mean is not None:
                ensemble.centre(*mean[0])
        else:
            nodes, sizes = ensemble.last_nodes(buckets), part.columns.all_sizes(state.lengths)
            batch = ensemble.histograms(buckets, nodes, first, second, sizes)
            mean = self._mean([np.stack([h.first, h.second]) for h in batch])
            if mean is not None:
                ensemble.grow([h._replace(first=m[0], second=m[1]) for h, m in zip(batch, mean, strict=True)])
        tried = ensemble.progress.attempted > 2 * part.settings.num_trees * part.settings.max_depth
        self.full = tried or ensemble.finished >= part.settings.num_trees
        return [*ensemble.arrays(), state.bounds, state.lengths, 1]

    def _mean(self, sums: list[np.ndarray]) -> list[np.ndarray] | None:
        """The mean of what so many batches told, when the last of them has."""
        self.sums = [a + b for a, b in zip(self.sums, sums, strict=True)] if self.sums else sums
        self.seen += 1
        if self.seen < self.part.batches:
            return None
        made = [a / self.seen for a in self.sums]
        self.sums, self.seen = [], 0
        return made

    def _boundaries(self, state: _State, x: np.ndarray, weights: np.ndarray) -> _State:
        floats = self.part.columns.floats
        shared = np.broadcast_to(weights, len(x))
        before: list[Any] = list(self.counts) or [None for _ in floats]
        self.counts = [counted(x[:, f], shared, old) for f, old in zip(floats, before, strict=True)]
        self.seen += 1
        if self.seen < self.part.batches:
            return state
        made = [boundaries(counts, self.part.columns.quantiles) for counts in self.counts]
        bounds, self.counts, self.seen = state.bounds.copy(), [], 0
        for row, found in zip(bounds, made, strict=True):
            row[: len(found)] = found
        return state._replace(bounds=bounds, lengths=np.array([len(found) for found in made], np.int32))


class _StopHook(SessionRunHook):
    """Stops when all trees are there, or far more layers were tried than they have."""

    def __init__(self, trees: _Trees) -> None:
        self.trees = trees

    def after_run(self, run_context: Any, run_values: Any) -> None:
        if self.trees.grower.full:
            run_context.request_stop()


class _Boosted(Canned):
    """An estimator whose model are boosted trees."""

    def __init__(
        self,
        head: Any,
        feature_columns: Any,
        n_batches_per_layer: int,
        settings: TreeSettings,
        model_dir: Any,
        config: Any,
        center_bias: bool,
        quantile_sketch_epsilon: float,
        train_in_memory: bool = False,
    ) -> None:
        if train_in_memory and n_batches_per_layer != 1:
            raise ValueError(
                "When train_in_memory is enabled, input_fn should return the entire dataset as a single batch, and "
                f"n_batches_per_layer should be set as 1, received {n_batches_per_layer}."
            )
        if head.width > 1 and settings.l1:
            raise ValueError(f"l1_regularization is for one output; the head has {head.width}")
        columns = _Columns(feature_columns, quantile_sketch_epsilon)
        self.trees = _Trees(
            columns, settings, int(n_batches_per_layer), center_bias, train_in_memory, head.weights
        )
        super().__init__([self.trees], head, model_dir, config, None, _SUM_OVER_BATCH_SIZE)

    def _model(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        made = super()._model(features, labels, mode)
        hooks = [_StopHook(self.trees)] if mode == ModeKeys.TRAIN else None
        return made._replace(training_hooks=hooks)

    def experimental_feature_importances(self, normalize: bool = False) -> dict[str, float]:
        """What the splits by each column gained, the most important first; ``normalize``: as parts of 1."""
        prefix = f"{self.trees.scope}/"
        arrays = [self.get_variable_value(prefix + name) for name in _State._fields[:4]]
        ensemble = BoostedTrees(self.trees.settings, self.head.width, arrays)
        if not ensemble.progress.trees:
            raise ValueError("Found an empty ensemble. You should only call this method after training.")
        found = ensemble.importances(len(self.trees.columns.names))
        if normalize:
            if (found < 0).any():
                raise AssertionError("feature_importances must be non-negative.")
            if not found.sum() > 0:
                raise AssertionError("Trees are all empty or contain only a root node.")
            found = found / found.sum()
        return self._by_column(found)

    def _by_column(self, numbers: np.ndarray) -> dict[str, float]:
        """Sums over the features of each column, the largest first."""
        sums: dict[str, float] = {}
        for name, number in zip(self.trees.columns.names, numbers.tolist(), strict=True):
            sums[name] = sums.get(name, 0.0) + number
        return dict(sorted(sums.items(), key=lambda pair: abs(pair[1]), reverse=True))

    def experimental_predict_with_explanations(
        self, input_fn: Any, predict_keys: Any = None, hooks: Any = None, checkpoint_path: Any = None
    ) -> Iterator[Any]:
        """The predictions, and with each its ``bias`` (what all predictions start from) and ``dfc``: what each column
        adds to it, that which adds most first. Probabilities for classes, else the numbers themselves.
        """
        if not self.trees.centred:
            raise ValueError(
                "center_bias must be enabled during estimator instantiation when using "
                "experimental_predict_with_explanations."
            )
        if self.head.width > 1:
            raise ValueError(f"explanations are for one output; the head has {self.head.width}")

        def told(features: Any, labels: Any, mode: str) -> EstimatorSpec:
            spec = self._model(features, None, ModeKeys.PREDICT)
            with g.default_graph().name_scope(self.trees.scope):
                bias, parts = self.trees.explained(isinstance(self.head, Classes))
            return spec._replace(predictions={**spec.predictions, "bias": bias, "dfc": parts})

        keys = None if predict_keys is None else {*predict_keys, "bias", "dfc"}
        model = Estimator(told, self.model_dir, self.config)
        for made in model.predict(input_fn, keys, hooks, checkpoint_path):
            yield {**made, "dfc": self._by_column(made["dfc"])}


class BoostedTreesClassifier(_Boosted):
    """Boosted trees that tell classes."""

    def __init__(
        self,
        feature_columns: Any,
        n_batches_per_layer: int,
        model_dir: Any = None,
        n_classes: int = 2,
        weight_column: Any = None,
        label_vocabulary: Any = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: Any = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
        train_in_memory: bool = False,
    ) -> None:
        """A layer grows by the derivatives of ``n_batches_per_layer`` batches; penalties are those of
        :class:`thalweg.trees.TreeSettings`, on the scale of a batch's mean loss.
        """
        settings = TreeSettings(
            n_trees, max_depth, learning_rate, l1_regularization, l2_regularization, tree_complexity,
            min_node_weight, pruning_mode,
        )  # fmt: skip
        head = Classes(n_classes, label_vocabulary, _key(weight_column))
        super().__init__(
            head, feature_columns, n_batches_per_layer, settings, model_dir, config, center_bias,
            quantile_sketch_epsilon, train_in_memory,
        )  # fmt: skip


class BoostedTreesRegressor(_Boosted):
    """Boosted trees that tell numbers."""

    def __init__(
        self,
        feature_columns: Any,
        n_batches_per_layer: int,
        model_dir: Any = None,
        label_dimension: int = 1,
        weight_column: Any = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: Any = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
        train_in_memory: bool = False,
    ) -> None:
        """As for :class:`BoostedTreesClassifier`."""
        settings = TreeSettings(
            n_trees, max_depth, learning_rate, l1_regularization, l2_regularization, tree_complexity,
            min_node_weight, pruning_mode,
        )  # fmt: skip
        head = Numbers(label_dimension, _key(weight_column))
        super().__init__(
            head, feature_columns, n_batches_per_layer, settings, model_dir, config, center_bias,
            quantile_sketch_epsilon, train_in_memory,
        )  # fmt: skip


class BoostedTreesEstimator(_Boosted):
    """Boosted trees for a task."""

    def __init__(
        self,
        feature_columns: Any,
        n_batches_per_layer: int,
        head: Any,
        model_dir: Any = None,
        weight_column: Any = None,
        n_trees: int = 100,
        max_depth: int = 6,
        learning_rate: float = 0.1,
        l1_regularization: float = 0.0,
        l2_regularization: float = 0.0,
        tree_complexity: float = 0.0,
        min_node_weight: float = 0.0,
        config: Any = None,
        center_bias: bool = False,
        pruning_mode: str = "none",
        quantile_sketch_epsilon: float = 0.01,
    ) -> None:
        """As for :class:`BoostedTreesClassifier`; weights are those of the head."""
        only("BoostedTreesEstimator", "weight_column", weight_column, head.weights)
        settings = TreeSettings(
            n_trees, max_depth, learning_rate, l1_regularization, l2_regularization, tree_complexity,
            min_node_weight, pruning_mode,
        )  # fmt: skip
        super().__init__(
            head, feature_columns, n_batches_per_layer, settings, model_dir, config, center_bias,
            quantile_sketch_epsilon,
        )  # fmt: skip


def _key(weight_column: Any) -> str | None:
    """The feature that holds the weights."""
    if isinstance(weight_column, NumericColumn):
        only("weight_column", "normalizer_fn", weight_column.normalizer_fn)
        return weight_column.key
    return weight_column


def _in_memory(kind: Any, train_input_fn: Any, feature_columns: Any, hooks: Any, options: Any) -> Any:
    def input_fn() -> Any:
        made = train_input_fn()
        return made.repeat() if isinstance(made, Dataset) else made

    made = kind(feature_columns, n_batches_per_layer=1, train_in_memory=True, **options)
    made.train(input_fn, hooks)
    return made


def boosted_trees_classifier_train_in_memory(
    train_input_fn: Any, feature_columns: Sequence[Any], train_hooks: Any = None, **options: Any
) -> BoostedTreesClassifier:
    """A trained classifier, for data that ``train_input_fn`` gives whole; options are those of
    :class:`BoostedTreesClassifier`.
    """
    return _in_memory(BoostedTreesClassifier, train_input_fn, feature_columns, train_hooks, options)


def boosted_trees_regressor_train_in_memory(
    train_input_fn: Any, feature_columns: Sequence[Any], train_hooks: Any = None, **options: Any
) -> BoostedTreesRegressor:
    """A trained regressor, for data that ``train_input_fn`` gives whole; options are those of
    :class:`BoostedTreesRegressor`.
    """
    return _in_memory(BoostedTreesRegressor, train_input_fn, feature_columns, train_hooks, options)
