"""``tf.contrib.factorization``: k-means as operations of a graph, and as an estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import feature_column, math, metrics, nn, session_hooks, train, variables
from thalweg.compat.tf1.control import group
from thalweg.compat.tf1.estimator import Estimator, EstimatorSpec
from thalweg.compat.tf1.graph import Tensor

SQUARED_EUCLIDEAN_DISTANCE = "squared_euclidean"
COSINE_DISTANCE = "cosine"
RANDOM_INIT, KMEANS_PLUS_PLUS_INIT = "random", "kmeans_plus_plus"


class KMeans:
    """k-means over [n, d]: ``training_graph()`` gives the nodes of one step.

    The first centres are examples of the first batch, drawn at random or spread out (``kmeans_plus_plus``).
    A step puts each centre at the mean of its examples, or with ``use_mini_batch`` moves it there by the share of
    the batch in all examples seen. ``distance_metric``: squared Euclidean or cosine.
    """

    def __init__(
        self,
        inputs: Any,
        num_clusters: int,
        initial_clusters: Any = RANDOM_INIT,
        distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE,
        use_mini_batch: bool = False,
        mini_batch_steps_per_iteration: int = 1,
        random_seed: int = 0,
        kmeans_plus_plus_num_retries: int = 2,
        kmc2_chain_length: int = 200,
    ) -> None:
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        only("KMeans", "mini_batch_steps_per_iteration", mini_batch_steps_per_iteration, 1)
        self.k, self.initial = int(num_clusters), initial_clusters
        self.metric, self.mini_batch, self.seed = distance_metric, use_mini_batch, random_seed

    def training_graph(self) -> tuple[Any, ...]:
        """(distances of all centres, nearest centre, its distance, is-initialised, first step, step).

        The first three are lists with one node for each input; the distance to the nearest centre is per example.
        """
        x, centres, counts, ready = self._made()
        first = math.py_func(self._first, [x], "float32")
        first.set_shape(centres.get_shape())
        begin = group(variables.assign(centres, first), variables.assign(ready, np.array(True)))
        distances, nearest, least = self._found(x, centres)
        step = self._step(x, nearest, centres, centres, counts)
        return [distances], [nearest], [least], ready, begin, step

    def estimated(self, training: bool) -> tuple[Any, ...]:
        """(distances of all centres, nearest centre, its distance, step), where the first step chooses the centres."""
        x, centres, counts, ready = self._made()
        if not training:
            return (*self._found(x, centres), None)
        now = math.py_func(self._begun, [ready, centres, x], "float32")
        now.set_shape(centres.get_shape())
        distances, nearest, least = self._found(x, now)
        step = self._step(x, nearest, now, centres, counts)
        return distances, nearest, least, group(step, variables.assign(ready, np.array(True)))

    def _made(self) -> tuple[Any, Any, Any, Any]:
        """The examples; the centres, how many examples they have seen, and whether they have been chosen."""
        x = self.inputs[0] if len(self.inputs) == 1 else math.concat(self.inputs, 0)
        x = nn.l2_normalize(x, 1) if self.metric == COSINE_DISTANCE else x
        shape = [self.k, x.get_shape()[1].value]
        centres = variables.Variable(np.zeros(shape, np.float32), trainable=False, name="clusters")
        counts = variables.Variable(np.zeros([self.k], np.float32), trainable=False, name="total_counts")
        ready = variables.Variable(np.array(False), trainable=False, name="initialized")
        return x, centres, counts, ready

    def _found(self, x: Any, centres: Any) -> tuple[Tensor, Tensor, Tensor]:
        distances = self._distances(x, centres)
        return distances, math.argmin(distances, 1), math.reduce_min(distances, 1)

    def _distances(self, x: Any, centres: Any) -> Tensor:
        if self.metric == COSINE_DISTANCE:
            return 1.0 - math.matmul(x, nn.l2_normalize(centres, 1), transpose_b=True)
        cross = math.matmul(x, centres, transpose_b=True)
        squares = math.reduce_sum(math.square(x), 1, keep_dims=True)
        made = squares - 2.0 * cross + math.reduce_sum(math.square(centres), 1)
        return math.maximum(made, 0.0)

    def _step(self, x: Any, nearest: Any, now: Any, centres: Any, counts: Any) -> Any:
        """Move the centres from where they are now."""
        member = math.one_hot(nearest, self.k)
        number = math.reduce_sum(member, 0)
        total = math.matmul(member, x, transpose_a=True)
        here = math.expand_dims(number, 1)
        if not self.mini_batch:
            seen = math.cast(math.greater(here, 0.0), "float32")
            new = seen * total / math.maximum(here, 1.0) + (1.0 - seen) * now
            return group(variables.assign(centres, new))
        so_far = math.expand_dims(counts + number, 1)
        new = now + (total - here * now) / math.maximum(so_far, 1.0)
        return group(variables.assign(centres, new), variables.assign_add(counts, number))

    def _begun(self, ready: np.ndarray, centres: np.ndarray, x: np.ndarray) -> np.ndarray:
        return centres if ready else self._first(x)

    def _first(self, x: np.ndarray) -> np.ndarray:
        if not isinstance(self.initial, str):
            return np.asarray(self.initial, np.float32)
        if len(x) < self.k:
            raise ValueError(
                f"KMeans: the first centres are examples of the first batch, which has {len(x)}; expected at least "
                f"num_clusters={self.k}; make the first batch larger, or give initial_clusters"
            )
        generator = np.random.default_rng(self.seed)
        if self.initial == RANDOM_INIT:
            return x[generator.permutation(len(x))[: self.k]]
        chosen = [x[generator.integers(len(x))]]
        while len(chosen) < self.k:
            least = np.min([((x - c) ** 2).sum(1) for c in chosen], axis=0)
            share = least / least.sum() if least.sum() > 0 else None
            chosen.append(x[generator.choice(len(x), p=share)])
        return np.array(chosen, np.float32)


class _UntilSteady(session_hooks.SessionRunHook):
    """Stops when a step changes the loss by little."""

    def __init__(self, tolerance: float, loss: Tensor) -> None:
        self.tolerance, self.loss = tolerance, loss
        self.before: float | None = None

    def before_run(self, run_context: Any) -> Any:
        return session_hooks.SessionRunArgs(self.loss)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        loss = float(run_values.results)
        if self.before is not None and abs(loss - self.before) / (1 + abs(self.before)) < self.tolerance:
            run_context.request_stop()
        self.before = loss


class KMeansClustering(Estimator):
    """k-means as an estimator: ``train(input_fn)``, then ``cluster_centers()`` and what belongs to which.

    The input function gives [n, d], or a dict of columns, put side by side in the order of their names (or as
    ``feature_columns`` say). The first step chooses the first centres. ``relative_tolerance``: training ends when a
    step changes the sum of the distances by a smaller share.
    """

    SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE = SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE
    RANDOM_INIT, KMEANS_PLUS_PLUS_INIT = RANDOM_INIT, KMEANS_PLUS_PLUS_INIT
    SCORE, CLUSTER_INDEX, ALL_DISTANCES = "score", "cluster_index", "all_distances"
    CLUSTER_CENTERS_VAR_NAME = "clusters"

    def __init__(
        self,
        num_clusters: int,
        model_dir: str | None = None,
        initial_clusters: Any = RANDOM_INIT,
        distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE,
        random_seed: int = 0,
        use_mini_batch: bool = True,
        mini_batch_steps_per_iteration: int = 1,
        kmeans_plus_plus_num_retries: int = 2,
        relative_tolerance: float | None = None,
        config: Any = None,
        feature_columns: Any = None,
    ) -> None:
        known = (SQUARED_EUCLIDEAN_DISTANCE, COSINE_DISTANCE)
        if distance_metric not in known:
            raise ValueError(
                f"KMeansClustering: unsupported distance metric; expected one of {known}; received {distance_metric!r}"
            )
        self._options = {
            "num_clusters": num_clusters,
            "initial_clusters": initial_clusters,
            "distance_metric": distance_metric,
            "use_mini_batch": use_mini_batch,
            "mini_batch_steps_per_iteration": mini_batch_steps_per_iteration,
            "random_seed": random_seed,
        }
        self._tolerance, self._columns = relative_tolerance, feature_columns
        super().__init__(self._model, model_dir, config)

    def _model(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        kmeans = KMeans(self._points(features), **self._options)
        distances, nearest, least, step = kmeans.estimated(mode == "train")
        loss = math.reduce_sum(least)
        if step is not None:
            step = group(step, variables.assign_add(train.get_or_create_global_step(), 1))
        return EstimatorSpec(
            mode,
            {self.ALL_DISTANCES: distances, self.CLUSTER_INDEX: nearest},
            loss,
            step,
            {self.SCORE: metrics.mean(loss)},
            training_hooks=[] if self._tolerance is None else [_UntilSteady(self._tolerance, loss)],
        )

    def _points(self, features: Any) -> Any:
        """The examples as [n, d]."""
        if self._columns is not None:
            return feature_column.input_layer(features, self._columns)
        parts = [features[key] for key in sorted(features)] if isinstance(features, dict) else [features]
        parts = [math.cast(part, "float32") for part in parts]
        parts = [math.expand_dims(part, 1) if part.get_shape().ndims == 1 else part for part in parts]
        return parts[0] if len(parts) == 1 else math.concat(parts, 1)

    def predict_cluster_index(self, input_fn: Callable[[], Any]) -> Iterator[Any]:
        """The number of the nearest centre, one example after the other."""
        for found in self.predict(input_fn, self.CLUSTER_INDEX):
            yield found[self.CLUSTER_INDEX]

    def transform(self, input_fn: Callable[[], Any]) -> Iterator[np.ndarray]:
        """The distances to all centres (not squared), one example after the other."""
        squared = self._options["distance_metric"] == SQUARED_EUCLIDEAN_DISTANCE
        for found in self.predict(input_fn, self.ALL_DISTANCES):
            distances = found[self.ALL_DISTANCES]
            yield np.sqrt(distances) if squared else distances

    def score(self, input_fn: Callable[[], Any]) -> float:
        """The sum over the first batch of the (squared) distances to the nearest centre."""
        return self.evaluate(input_fn, steps=1)[self.SCORE]

    def cluster_centers(self) -> np.ndarray:
        """The centres, [num_clusters, d]."""
        return self.get_variable_value(self.CLUSTER_CENTERS_VAR_NAME)


class SeededKMeans(KMeansClustering):
    """The estimator under its later name, ``tf.estimator.experimental.KMeans``."""

    def __init__(
        self,
        num_clusters: int,
        model_dir: str | None = None,
        initial_clusters: Any = RANDOM_INIT,
        distance_metric: str = SQUARED_EUCLIDEAN_DISTANCE,
        seed: int | None = None,
        *more: Any,
        **options: Any,
    ) -> None:
        super().__init__(
            num_clusters, model_dir, initial_clusters, distance_metric, seed or 0, *more, **options
        )


factorization = Namespace(
    "tf.contrib.factorization",
    KMeans=KMeans,
    KMeansClustering=KMeansClustering,
    SQUARED_EUCLIDEAN_DISTANCE=SQUARED_EUCLIDEAN_DISTANCE,
    COSINE_DISTANCE=COSINE_DISTANCE,
    RANDOM_INIT=RANDOM_INIT,
    KMEANS_PLUS_PLUS_INIT=KMEANS_PLUS_PLUS_INIT,
)
