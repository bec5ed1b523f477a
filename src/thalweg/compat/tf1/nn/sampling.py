"""Losses over drawn classes, and what draws these."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.names import described, inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, wrap, wrap_all
from thalweg.compat.tf1.nn.lookup import joined
from thalweg.compat.tf1.random import keyed
from thalweg.ops import shape as shape_ops

__all__ = [
    "Sampled",
    "fixed_unigram_candidate_sampler",
    "learned_unigram_candidate_sampler",
    "log_uniform_candidate_sampler",
    "nce_loss",
    "sampled_softmax_loss",
    "uniform_candidate_sampler",
]


@inner
class Sampled(NamedTuple):
    """What a sampler gives."""

    sampled_candidates: Tensor
    true_expected_count: Tensor
    sampled_expected_count: Tensor


def _in_order(labels: Any, inputs: Any) -> tuple[Any, Any]:
    """(labels, inputs), also when given as (inputs, labels), as before 1.0: labels are the integers."""
    if value(labels).dtype.kind == "f" and value(inputs).dtype.kind != "f":
        return inputs, labels
    return labels, inputs


def _loss(of: Callable[..., Any], remove_hits: bool) -> Callable[..., Tensor]:
    """A loss of the main library whose classes are drawn log-uniformly, each once, unless they are given."""
    hits = remove_hits

    def loss(
        weights: Any,
        biases: Any,
        labels: Any = None,
        inputs: Any = None,
        num_sampled: Any = None,
        num_classes: Any = None,
        num_true: int = 1,
        sampled_values: Any = None,
        remove_accidental_hits: bool = hits,
        partition_strategy: str = "mod",
        name: str | None = None,
        seed: Any = None,
    ) -> Tensor:
        labels, inputs = _in_order(labels, inputs)
        truth = shape_ops.reshape(g.cast(value(labels), "int64"), (-1, int(num_true)))
        if sampled_values is None:
            shares = nn.log_uniform_shares(int(num_classes))
            found = nn.draw_candidates(shares, truth, int(num_sampled), key=keyed(seed), symbolic=True)
        else:
            drawn, *counts = map(value, sampled_values)
            found = nn.Candidates(g.cast(drawn, "int64"), *counts)
        w, b = (value(joined(table, partition_strategy)) for table in (weights, biases))
        each = of(w, b, truth, value(inputs), found, remove_hits=remove_accidental_hits)
        return wrap(each, name, of.__name__, [inputs])

    loss.__name__, loss.__doc__ = of.__name__, described(of)
    return loss


nce_loss, sampled_softmax_loss = _loss(nn.nce_loss, False), _loss(nn.sampled_softmax_loss, True)


def _drawn(kind: str, shares: Any, true: Any, count: Any, unique: bool, seed: Any, name: Any) -> Sampled:
    found = nn.draw_candidates(shares, value(true), int(count), unique=unique, key=keyed(seed), symbolic=True)
    return Sampled(*wrap_all(list(found), name, kind))


def _sampler(kind: str, shares_of: Callable[[int], Any]) -> Any:
    """Classes drawn by shares that are known of their number, and how often each is expected."""

    def sample(
        true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int, seed: Any = None,
        name: str | None = None,
    ) -> Sampled:  # fmt: skip
        return _drawn(kind, shares_of(int(range_max)), true_classes, num_sampled, unique, seed, name)

    sample.__doc__ = f"{kind}: (drawn classes, expected counts of the true ones, of the drawn ones)."
    return sample


log_uniform_candidate_sampler = _sampler("LogUniformCandidateSampler", nn.log_uniform_shares)
uniform_candidate_sampler = _sampler("UniformCandidateSampler", np.ones)
learned_unigram_candidate_sampler = _sampler("LearnedUnigramCandidateSampler", np.ones)


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    seed: Any = None,
    name: str | None = None,
) -> Sampled:
    """Classes drawn by weights, given or read from the last column of a file, to the power of ``distortion``.

    The first ``num_reserved_ids`` classes are never drawn, the weights are those of the next; of several shards only
    the classes ``shard``, ``shard + num_shards``, ... are drawn.
    """
    weights = [float(w) for w in unigrams]
    if vocab_file:
        with open(vocab_file, encoding="utf-8") as lines:
            weights = [float(line.rstrip().rsplit(",", 1)[1]) for line in lines if line.strip()]
    shares = np.zeros(int(range_max))
    given = np.power(weights or np.ones(len(shares)), float(distortion))[: len(shares) - num_reserved_ids]
    shares[num_reserved_ids : num_reserved_ids + len(given)] = given
    shares[np.arange(len(shares)) % num_shards != shard] = 0.0
    kind = "FixedUnigramCandidateSampler"
    return _drawn(kind, shares, true_classes, num_sampled, unique, seed, name)
