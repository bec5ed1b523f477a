"""Losses over many classes of which only some are looked at: the true ones and some that are drawn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, constant, shape_text
from thalweg.nn.losses import sigmoid_cross_entropy, softmax_cross_entropy
from thalweg.ops import contract, elementwise, index, joining, random, reduce, search, sort
from thalweg.ops import shape as shape_ops

__all__ = ["Candidates", "draw_candidates", "log_uniform_shares", "nce_loss", "sampled_softmax_loss"]


class Candidates(NamedTuple):
    """Classes that were drawn [count], and how often a draw is expected to give each true one and each of these."""

    drawn: Any
    expected_true: Any
    expected_drawn: Any


def log_uniform_shares(classes: int) -> np.ndarray:
    """The share of class k among draws that favour small numbers: log((k + 2) / (k + 1)) / log(classes + 1).

    This is Zipf's law, nearly: that of words numbered by how frequent they are.

    >>> log_uniform_shares(3)
    array([0.5       , 0.29248125, 0.20751875])
    """
    k = np.arange(classes)
    return np.log((k + 2) / (k + 1)) / np.log(classes + 1)


def draw_candidates(
    shares: Any, true: Any, count: int, *, unique: bool = True, key: Any = None, symbolic: bool | None = None
) -> Candidates:
    """``count`` classes drawn by their ``shares`` [classes], and how often they and the ``true`` ones are expected.

    ``shares``: known numbers of any sum above 0. ``true``: classes, of any shape. ``unique``: each class once at most,
    as if classes were drawn until there are so many different ones; a class of share p is then expected
    ``1 - (1 - p)**tries`` times, for as many tries as give ``count`` classes on the average; else ``p * count`` times.
    ``key``, ``symbolic``: as in :func:`thalweg.random.uniform`. More unique classes than there are of a share above 0
    raise ArgumentError.

    >>> found = draw_candidates([1.0, 1.0, 0.0, 2.0], [3], 3)
    >>> sorted(found.drawn.tolist()), found.expected_true.tolist()
    ([0, 1, 3], [1.0])
    """
    shares = np.asarray(shares, np.float64)
    shares = shares / shares.sum()
    possible = np.flatnonzero(shares)
    if unique and count > len(possible):
        raise fail(
            ArgumentError,
            "draw_candidates: count of unique classes",
            expected=f"at most {len(possible)}, the classes that can be drawn",
            received=count,
        )
    if unique:  # the order of draws without replacement is that of log(share) with Gumbel's noise
        noise: Any = random.uniform(shares.shape, dtype="float32", key=key, symbolic=symbolic)
        with np.errstate(divide="ignore"):
            scores = np.log(shares).astype(np.float32)
        drawn = sort.top_k(constant(scores) - elementwise.log(-elementwise.log(noise)), count)[1]  # type: ignore[operator]
        expected = _chances(shares, count)
    else:
        bounds = np.cumsum(shares).astype(np.float32)
        bounds[possible[-1] :] = 2.0
        drawn = search.searchsorted(
            constant(bounds),
            random.uniform((count,), dtype="float32", key=key, symbolic=symbolic),
            side="right",
        )
        expected = shares * count
    drawn, table = elementwise.astype(drawn, "int64"), constant(expected.astype(np.float32))
    (true,) = convert_operands([true])
    return Candidates(drawn, index.take(table, true, axis=0), index.take(table, drawn, axis=0))


def _chances(shares: np.ndarray, count: int) -> np.ndarray:
    """The chance of each class to be among as many draws as give ``count`` different classes on the average."""
    with np.errstate(divide="ignore"):
        missed = np.log1p(-shares)  # the logarithm of the chance that a draw gives another class

    def chances(tries: float) -> np.ndarray:
        return -np.expm1(tries * missed)

    low, high = float(count), float(count)
    while chances(high).sum() < count - 1e-3 and high < 1e12:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chances(middle).sum() < count - 1e-3 else (low, middle)
    return chances(high)


def nce_loss(
    weights: Any, biases: Any, labels: Any, inputs: Any, candidates: Any, *, remove_hits: bool = False
) -> Tensor:
    """Noise-contrastive estimation: for each row the losses of its true classes against drawn ones, as of yes and no.

    ``weights`` [classes, width] and ``biases`` [classes] give a class's logit ``inputs @ w + b``; ``labels`` [rows,
    true ones] are class numbers, ``inputs`` [rows, width]. ``candidates``: see :func:`draw_candidates`, with the labels
    as true classes. ``remove_hits`` leaves out drawn classes that are a row's true ones. Shape: [rows].

    >>> drawn = Candidates([1, 2], [[1.0]], [1.0, 1.0])
    >>> nce_loss([[1.0], [2.0], [3.0]], [0.0, 0.0, 0.0], [[0]], [[0.0]], drawn).numpy().round(4)  # 3 log 2
    array([2.0794], dtype=float32)
    """
    true, sampled = _logits("nce_loss", weights, biases, labels, inputs, candidates, remove_hits)
    right = sigmoid_cross_entropy(true, _even(true))
    wrong = sigmoid_cross_entropy(sampled, shape_ops.full_like(sampled, 0.0))
    return reduce.sum(right, axis=1) + reduce.sum(wrong, axis=1)  # type: ignore[operator]


def sampled_softmax_loss(
    weights: Any, biases: Any, labels: Any, inputs: Any, candidates: Any, *, remove_hits: bool = True
) -> Tensor:
    """For each row the softmax cross entropy of its true classes among themselves and the drawn ones; shape [rows].

    The arguments are those of :func:`nce_loss`.

    >>> drawn = Candidates([1, 0], [[1.0]], [1.0, 1.0])
    >>> sampled_softmax_loss([[1.0], [2.0]], [0.0, 0.0], [[0]], [[0.0]], drawn).numpy().round(4)  # log 2
    array([0.6931], dtype=float32)
    """
    true, sampled = _logits("sampled_softmax_loss", weights, biases, labels, inputs, candidates, remove_hits)
    scores = joining.concat([true, sampled], axis=1)
    return softmax_cross_entropy(
        scores, joining.concat([_even(true), shape_ops.full_like(sampled, 0.0)], axis=1)
    )


def _even(true: Any) -> Any:
    """The labels of true classes: they sum to 1 in each row."""
    return shape_ops.full_like(true, 1.0 / true.shape[1])


def _logits(
    name: str, weights: Any, biases: Any, labels: Any, inputs: Any, candidates: Any, remove_hits: bool
) -> tuple[Any, Any]:
    """Logits of true classes [rows, true ones] and of drawn ones [rows, drawn], less the logarithms of how often
    these are expected.
    """
    drawn: Any
    w, b, labels, x, drawn, of_true, of_drawn = convert_operands(
        [weights, biases, labels, inputs, *candidates]
    )
    for what, t in (("labels", labels), ("drawn classes", drawn)):
        if not dtypes.is_integer(t.dtype):
            raise fail(DTypeError, f"{name}: {what}", expected="integers", received=str(t.specs[0]))
    if labels.ndim != 2 or labels.shape[1] is None:
        raise fail(
            ShapeError,
            f"{name}: labels",
            expected="2 axes, [rows, true classes]",
            received=shape_text(labels.shape),
        )
    rows = index.take(w, labels, axis=0)
    true: Any = reduce.sum(shape_ops.expand_dims(x, 1) * rows, axis=-1) + index.take(b, labels, axis=0)  # type: ignore[operator]
    chosen = contract.matrix_transpose(index.take(w, drawn, axis=0))
    sampled: Any = contract.matmul(x, chosen) + index.take(b, drawn, axis=0)  # type: ignore[operator]
    if remove_hits:
        hits = elementwise.equal(shape_ops.expand_dims(labels, -1), elementwise.astype(drawn, labels.dtype))
        sampled = elementwise.where(reduce.any(hits, axis=1), -1e37, sampled)
    true = true - elementwise.astype(elementwise.log(of_true), true.dtype)
    return true, sampled - elementwise.astype(elementwise.log(of_drawn), sampled.dtype)
