"""``tf.contrib.factorization``: k-means as operations of a graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import math, nn, variables
from thalweg.compat.tf1.control import group
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
        self.k, self.initial = int(num_clusters), initial_clusters
        self.metric, self.mini_batch, self.seed = distance_metric, use_mini_batch, random_seed

    def training_graph(self) -> tuple[Any, ...]:
        """(distances of all centres, nearest centre, its distance, is-initialised, first step, step).

        The first three are lists with one node for each input; the distance to the nearest centre is per example.
        """
        x = self.inputs[0] if len(self.inputs) == 1 else math.concat(self.inputs, 0)
        x = nn.l2_normalize(x, 1) if self.metric == COSINE_DISTANCE else x
        width = x.get_shape()[1].value
        shape = [self.k, width]
        centres = variables.Variable(np.zeros(shape, np.float32), trainable=False, name="clusters")
        counts = variables.Variable(np.zeros([self.k], np.float32), trainable=False, name="total_counts")
        ready = variables.Variable(np.array(False), trainable=False, name="initialized")
        first = math.py_func(self._first, [x], "float32")
        first.set_shape(shape)
        begin = group(variables.assign(centres, first), variables.assign(ready, np.array(True)))

        distances = self._distances(x, centres)
        nearest, least = math.argmin(distances, 1), math.reduce_min(distances, 1)
        step = self._step(x, nearest, centres, counts)
        return [distances], [nearest], [least], ready, begin, step

    def _distances(self, x: Any, centres: Any) -> Tensor:
        if self.metric == COSINE_DISTANCE:
            return 1.0 - math.matmul(x, nn.l2_normalize(centres, 1), transpose_b=True)
        cross = math.matmul(x, centres, transpose_b=True)
        squares = math.reduce_sum(math.square(x), 1, keep_dims=True)
        made = squares - 2.0 * cross + math.reduce_sum(math.square(centres), 1)
        return math.maximum(made, 0.0)

    def _step(self, x: Any, nearest: Any, centres: Any, counts: Any) -> Any:
        member = math.one_hot(nearest, self.k)
        number = math.reduce_sum(member, 0)
        total = math.matmul(member, x, transpose_a=True)
        here = math.expand_dims(number, 1)
        if not self.mini_batch:
            seen = math.cast(math.greater(here, 0.0), "float32")
            new = seen * total / math.maximum(here, 1.0) + (1.0 - seen) * centres
            return group(variables.assign(centres, new))
        so_far = math.expand_dims(counts + number, 1)
        new = centres + (total - here * centres) / math.maximum(so_far, 1.0)
        return group(variables.assign(centres, new), variables.assign_add(counts, number))

    def _first(self, x: np.ndarray) -> np.ndarray:
        if not isinstance(self.initial, str):
            return np.asarray(self.initial, np.float32)
        generator = np.random.default_rng(self.seed)
        if self.initial == RANDOM_INIT:
            return x[generator.permutation(len(x))[: self.k]]
        chosen = [x[generator.integers(len(x))]]
        while len(chosen) < self.k:
            least = np.min([((x - c) ** 2).sum(1) for c in chosen], axis=0)
            share = least / least.sum() if least.sum() > 0 else None
            chosen.append(x[generator.choice(len(x), p=share)])
        return np.array(chosen, np.float32)


factorization = Namespace(
    "tf.contrib.factorization",
    KMeans=KMeans,
    SQUARED_EUCLIDEAN_DISTANCE=SQUARED_EUCLIDEAN_DISTANCE,
    COSINE_DISTANCE=COSINE_DISTANCE,
    RANDOM_INIT=RANDOM_INIT,
    KMEANS_PLUS_PLUS_INIT=KMEANS_PLUS_PLUS_INIT,
)
