"""Losses over drawn classes."""

from __future__ import annotations

import math as _math
from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, wrap, wrap_all
from thalweg.ops import contract, elementwise, index, joining, reduce, sort
from thalweg.ops import random as core_random
from thalweg.ops import shape as shape_ops


class Sampled(NamedTuple):
    """What a sampler gives."""

    sampled_candidates: Tensor
    true_expected_count: Tensor
    sampled_expected_count: Tensor


def _true_and_sampled(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int,
    sampled_values: Any,
    subtract_log_q: bool,
    remove_hits: bool,
) -> tuple[Any, Any]:
    """Logits of the true classes [batch, num_true] and of classes drawn log-uniformly [batch, num_sampled]."""
    w = value(weights if not isinstance(weights, (list, tuple)) else weights[0])
    b, x = value(biases), value(inputs)
    truth = shape_ops.reshape(g.cast(value(labels), "int64"), (-1, num_true))
    if sampled_values is None:
        drawn = log_uniform(num_sampled, num_classes)
        counts = [_expected(c, num_sampled, num_classes) for c in (truth, drawn)]
    else:
        drawn, *counts = [value(v) for v in sampled_values]
    rows: Any = index.take(w, truth, axis=0)
    true_logits: Any = reduce.sum(shape_ops.expand_dims(x, 1) * rows, axis=-1) + index.take(b, truth, axis=0)  # type: ignore[operator]
    chosen: Any = index.take(w, drawn, axis=0)
    sampled: Any = contract.matmul(x, contract.matrix_transpose(chosen)) + index.take(b, drawn, axis=0)  # type: ignore[operator]
    if remove_hits:
        hits = elementwise.equal(shape_ops.expand_dims(truth, -1), g.cast(drawn, "int64"))
        sampled = elementwise.where(reduce.any(hits, axis=1), -1e37, sampled)
    if subtract_log_q:
        true_logits = true_logits - g.cast(elementwise.log(counts[0]), true_logits.dtype)
        sampled = sampled - g.cast(elementwise.log(counts[1]), sampled.dtype)
    return true_logits, sampled


def log_uniform(num_sampled: int, range_max: int) -> Any:
    """Classes drawn with probability (log(k + 2) - log(k + 1)) / log(range_max + 1): frequent words come first.

    Drawn with replacement, where TensorFlow's default draws distinct ones.
    """
    u: Any = core_random.uniform((int(num_sampled),), dtype="float32", symbolic=True)
    k = elementwise.floor(elementwise.exp(u * _math.log(range_max + 1.0)) - 1.0)  # type: ignore[operator]
    return g.cast(elementwise.minimum(elementwise.maximum(k, 0.0), float(range_max - 1)), "int64")


def _expected(classes: Any, num_sampled: int, range_max: int) -> Any:
    k: Any = g.cast(classes, "float32")
    probability = (elementwise.log(k + 2.0) - elementwise.log(k + 1.0)) * (1 / _math.log(range_max + 1.0))  # type: ignore[operator]
    return probability * float(num_sampled)


def _in_order(labels: Any, inputs: Any) -> tuple[Any, Any]:
    """(labels, inputs), also when given as (inputs, labels), as before 1.0: labels are the integers."""
    if isinstance(labels, Tensor) and labels.dtype.is_floating and value(inputs).dtype.kind != "f":
        return inputs, labels
    return labels, inputs


def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any = None,
    inputs: Any = None,
    num_sampled: Any = None,
    num_classes: Any = None,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str = "nce_loss",
) -> Tensor:
    """Noise-contrastive estimation: the true class against drawn ones, each a logistic regression."""
    labels, inputs = _in_order(labels, inputs)
    true, sampled = _true_and_sampled(
        weights,
        biases,
        labels,
        inputs,
        int(num_sampled),
        int(num_classes),
        num_true,
        sampled_values,
        True,
        remove_accidental_hits,
    )
    gain: Any = reduce.sum(nn.sigmoid_cross_entropy(true, shape_ops.full_like(true, 1.0 / num_true)), axis=1)
    loss = gain + reduce.sum(nn.sigmoid_cross_entropy(sampled, shape_ops.full_like(sampled, 0.0)), axis=1)
    return wrap(loss, name, "nce_loss", [inputs])


def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any = None,
    inputs: Any = None,
    num_sampled: Any = None,
    num_classes: Any = None,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str = "sampled_softmax_loss",
) -> Tensor:
    """The softmax cross entropy over the true classes and drawn ones."""
    labels, inputs = _in_order(labels, inputs)
    true, sampled = _true_and_sampled(
        weights,
        biases,
        labels,
        inputs,
        int(num_sampled),
        int(num_classes),
        num_true,
        sampled_values,
        True,
        remove_accidental_hits,
    )
    scores = joining.concat([true, sampled], axis=1)
    wanted = joining.concat(
        [shape_ops.full_like(true, 1.0 / num_true), shape_ops.full_like(sampled, 0.0)], axis=1
    )
    return wrap(nn.softmax_cross_entropy(scores, wanted), name, "sampled_softmax_loss", [inputs])


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: str | None = None,
) -> Any:
    """(drawn classes, expected counts of the true ones, of the drawn ones)."""
    drawn = log_uniform(num_sampled, range_max)
    parts = [
        drawn,
        _expected(value(true_classes), num_sampled, range_max),
        _expected(drawn, num_sampled, range_max),
    ]
    return Sampled(*wrap_all(parts, name, "LogUniformCandidateSampler"))


def _sampler(kind: str, logits_of: Any) -> Any:
    """Classes drawn from probabilities, and how often each is expected."""

    def sample(
        true_classes: Any, num_true: int, num_sampled: int, unique: bool, range_max: int, **options: Any
    ) -> Any:
        scores = np.asarray(logits_of(int(range_max), options), np.float32)
        shares = np.exp(scores - np.logaddexp.reduce(scores))
        if unique:
            drawn = _distinct(scores, int(num_sampled))
            chances = g.core.constant(_chances_once(shares, int(num_sampled)))
        else:
            drawn = core_random.categorical(g.core.constant(scores), int(num_sampled), "int64", symbolic=True)
            chances = g.core.constant(shares * np.float32(num_sampled))
        parts = [drawn, *(index.take(chances, c, axis=0) for c in (value(true_classes), drawn))]
        return Sampled(*wrap_all(parts, options.get("name"), kind))

    sample.__doc__ = f"{kind}: (drawn classes, expected counts of the true ones, of the drawn ones)."
    return sample


def _distinct(scores: np.ndarray, count: int) -> Any:
    """Classes drawn one after the other, each once: the greatest of the scores with Gumbel noise."""
    if count > np.isfinite(scores).sum():
        raise ValueError(
            f"Sampler's range is too small: {count} distinct classes of {np.isfinite(scores).sum()}"
        )
    u: Any = core_random.uniform(scores.shape, 1e-20, 1.0, dtype="float32", symbolic=True)
    noisy: Any = g.core.constant(np.maximum(scores, -1e30)) - elementwise.log(-elementwise.log(u))  # type: ignore[operator]
    return g.cast(sort.top_k(noisy, count)[1], "int64")


def _chances_once(shares: np.ndarray, count: int) -> np.ndarray:
    """The chance of each class to be among ``count`` distinct ones: after as many tries as give these on average."""
    low, high = 0.0, 1.0
    found: Any = lambda tries: -np.expm1(tries * np.log1p(-np.minimum(shares, 1 - 1e-7), dtype=np.float64))
    while found(high).sum() < count and high < 1e9:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if found(middle).sum() < count else (low, middle)
    return np.asarray(found(high), np.float32)


def _uniform_logits(n: int, options: Any) -> Any:
    return np.zeros(n)


def _unigram_logits(n: int, options: Any) -> Any:
    weights = options.get("unigrams")
    if options.get("vocab_file"):
        with open(options["vocab_file"], encoding="utf-8") as lines:
            weights = [float(line.rstrip().rsplit(",", 1)[1]) for line in lines if line.strip()]
    weights = [1.0] * n if weights is None or not len(weights) else list(weights)
    reserved = [0.0] * int(options.get("num_reserved_ids", 0))
    with np.errstate(divide="ignore"):
        return np.log(np.array((reserved + weights)[:n], np.float64)) * float(options.get("distortion", 1.0))


uniform_candidate_sampler = _sampler("UniformCandidateSampler", _uniform_logits)
fixed_unigram_candidate_sampler = _sampler("FixedUnigramCandidateSampler", _unigram_logits)
learned_unigram_candidate_sampler = _sampler("LearnedUnigramCandidateSampler", _uniform_logits)
