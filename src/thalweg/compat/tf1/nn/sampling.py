"""Losses over drawn classes, and what draws these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.names import described
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


class Sampled(NamedTuple):
    """What a sampler gives."""

    sampled_candidates: Tensor
    true_expected_count: Tensor
    sampled_expected_count: Tensor


def _in_order(labels: Any, inputs: Any) -> tuple[Any, Any]:
    """(labels, inputs), also when given as (inputs, labels), as before 1.0: labels are the integers."""
    if isinstance(labels, Tensor) and labels.dtype.is_floating and value(inputs).dtype.kind != "f":
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


def _sampler(kind: str, shares_of: Callable[..., Any]) -> Any:
    """Classes drawn by shares, and how often each is expected."""

    def sample(
        true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int, **options: Any
    ) -> Any:
        found = nn.draw_candidates(
            shares_of(int(range_max), options), value(true_classes), int(num_sampled), unique=unique,
            key=keyed(options.get("seed")), symbolic=True,
        )  # fmt: skip
        return Sampled(*wrap_all(list(found), options.get("name"), kind))

    sample.__doc__ = f"{kind}: (drawn classes, expected counts of the true ones, of the drawn ones)."
    return sample


def _even_shares(n: int, options: Any) -> Any:
    return np.ones(n)


def _unigram_shares(n: int, options: Any) -> Any:
    weights = options.get("unigrams")
    if options.get("vocab_file"):
        with open(options["vocab_file"], encoding="utf-8") as lines:
            weights = [float(line.rstrip().rsplit(",", 1)[1]) for line in lines if line.strip()]
    weights = [1.0] * n if weights is None or not len(weights) else list(weights)
    reserved = [0.0] * int(options.get("num_reserved_ids", 0))
    return np.array((reserved + weights)[:n], np.float64) ** float(options.get("distortion", 1.0))


log_uniform_candidate_sampler = _sampler(
    "LogUniformCandidateSampler", lambda n, options: nn.log_uniform_shares(n)
)
uniform_candidate_sampler = _sampler("UniformCandidateSampler", _even_shares)
fixed_unigram_candidate_sampler = _sampler("FixedUnigramCandidateSampler", _unigram_shares)
learned_unigram_candidate_sampler = _sampler("LearnedUnigramCandidateSampler", _even_shares)
