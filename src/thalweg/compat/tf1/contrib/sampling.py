"""``tf.contrib.training``: examples taken with a probability, or several times, so that a batch has what it should."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, math, queues, random, strings
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.math.checks import computed
from thalweg.compat.tf1.variables import get_local_variable, variable_scope

_SEEN_BEFORE = 10  # of each class, as it were, before the first: estimates of shares begin even


def rejection_sample(
    tensors: Any,
    accept_prob_fn: Callable[[list[Tensor]], Any],
    batch_size: int,
    queue_threads: int = 1,
    enqueue_many: bool = False,
    prebatch_capacity: int = 16,
    prebatch_threads: int = 1,
    runtime_checks: bool = False,
    name: Any = None,
) -> list[Tensor]:
    """Batches of examples, of which each was taken with the probability that a function of it gives."""
    parts = _examples(tensors, enqueue_many)
    chance = accept_prob_fn(parts)
    kept = math.less(random.random_uniform([]), chance)
    made = queues.maybe_batch(parts, kept, batch_size)
    return made if isinstance(made, list) else [made]


def stratified_sample(
    tensors: Any,
    labels: Any,
    target_probs: Any,
    batch_size: int,
    init_probs: Any = None,
    enqueue_many: bool = False,
    queue_capacity: int = 16,
    threads_per_queue: int = 1,
    name: Any = None,
) -> tuple[list[Tensor], Tensor]:
    """(data, labels) of batches in which classes have the shares ``target_probs``.

    ``init_probs``: the shares in which examples come; counted on the way where they are not given.
    """
    wanted = np.asarray(g.static_value(g.convert_to_tensor(target_probs)), float)
    *parts, label = _examples([*_list(tensors), labels], enqueue_many)
    counts = np.full(len(wanted), float(_SEEN_BEFORE))
    generator = np.random.default_rng()

    def keep(number: np.ndarray, *shares: np.ndarray) -> Any:
        counts[int(number)] += not shares
        here = np.asarray(shares[0], float) if shares else counts / counts.sum()
        ratio = np.divide(wanted, here, out=np.zeros_like(wanted), where=here > 0)
        return generator.random() < ratio[int(number)] / ratio.max()

    given = [label] if init_probs is None else [label, g.convert_to_tensor(init_probs)]
    (kept,) = computed(keep, given, [("bool", [])], name, "stratified_sample")
    *data, batch_labels = queues.maybe_batch([*parts, label], kept, batch_size)
    return data, batch_labels


def resample_at_rate(
    inputs: Sequence[Any], rates: Any, scope: Any = None, seed: Any = None, back_prop: bool = False
) -> list[Tensor]:
    """The rows of each input, each as often as a Poisson number of its rate says."""
    generator = np.random.default_rng(seed)

    def places(wanted: np.ndarray) -> np.ndarray:
        return np.repeat(np.arange(len(wanted)), generator.poisson(wanted))

    (rows,) = computed(places, [rates], [("int32", [None])], scope, "resample_at_rate")
    made = [math.gather(x, rows) for x in inputs]
    return made if back_prop else [math.stop_gradient(x) for x in made]


def weighted_resample(
    inputs: Sequence[Any],
    weights: Any,
    overall_rate: Any,
    scope: Any = None,
    mean_decay: float = 0.999,
    seed: Any = None,
) -> tuple[list[Tensor], Tensor]:
    """(the rows of each input, each on average ``overall_rate * weight / mean weight`` times, the rates of what came).

    The mean is a moving average over the batches.
    """
    w = g.convert_to_tensor(weights)
    with variable_scope(scope, "weighted_resample"):
        average = get_local_variable("estimated_mean", [], w.dtype, initializers.zeros_initializer())
        mean = strings.assign_moving_average(average, math.reduce_mean(w), mean_decay)
    rates = w * overall_rate / mean
    first, *made = resample_at_rate([rates, *inputs], rates, scope, seed)
    return made, first


def _list(tensors: Any) -> list[Any]:
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _examples(tensors: Any, many: bool) -> list[Tensor]:
    """One example after the other, also of tensors that hold several."""
    parts = [g.convert_to_tensor(t) for t in _list(tensors)]
    if not many:
        return parts
    one = queues.batch(parts, 1, enqueue_many=True)
    return [t[0] for t in (one if isinstance(one, list) else [one])]
