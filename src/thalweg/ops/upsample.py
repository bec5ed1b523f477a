"""Axes made longer by whole factors, each element spread out by the weights of a kernel; and the transpose of that."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import blas
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.elementwise import add
from thalweg.ops.families import to_floats, widened
from thalweg.ops.geometry import Grid, output_length, spatial_rank
from thalweg.ops.windows import fold, fold_array, tap_values, windows_array

Kernels = tuple[tuple[float, ...], ...]


def _grid(kernels: Kernels, factors: Sequence[int], cuts: Sequence[tuple[int, int]]) -> Grid:
    ones = (1,) * len(kernels)
    return Grid(tuple(map(len, kernels)), tuple(factors), tuple(cuts), ones, ones)


def _lengths(x: Spec, kernels: Kernels, factors: Any, cuts: Any) -> Any:
    """(n - 1) * factor + taps - what is cut, of each axis."""
    assert x.shape is not None
    axes = zip(x.shape[1:-1], kernels, factors, cuts)
    return tuple([None if n is None else (n - 1) * f + len(k) - lo - hi for n, k, f, (lo, hi) in axes])


def _transpose_lengths(g: Spec, kernels: Kernels, factors: Any, cuts: Any) -> Any:
    """The number of windows of each axis."""
    assert g.shape is not None
    axes = zip(g.shape[1:-1], kernels, factors, cuts)
    return tuple([output_length(n, len(k), f, cut, 1, 1) for n, k, f, cut in axes])


def _prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    spatial_rank(tensors[0], "upsample")
    return to_floats(tensors, attrs)


def _weights(kernels: Kernels) -> list[float]:
    """Of all places of the window, in row-major order."""
    return [math.prod(taps) for taps in itertools.product(*kernels)]


def _expand(x: Tensor, *, kernels: Kernels, factors: Any, cuts: Any) -> Tensor:
    places = itertools.product(*(range(len(k)) for k in kernels))
    weights = _weights(kernels)
    lengths = _lengths(x.specs[0], kernels, factors, cuts)
    parts = [((x,), place) for place in places]
    return fold(parts, lambda k, part: part * weights[k], lengths, _grid(kernels, factors, cuts))


def _transpose_expand(g: Tensor, *, kernels: Kernels, factors: Any, cuts: Any) -> Tensor:
    taps = tap_values(g, _grid(kernels, factors, cuts))
    return functools.reduce(add, [tap * w for tap, w in zip(taps, _weights(kernels), strict=True)])


def _laid_array(x: np.ndarray, kernels: Kernels, factors: Any, cuts: Any) -> np.ndarray:
    (wide,) = widened(x)
    weights = np.asarray(_weights(kernels), wide.dtype).reshape([len(k) for k in kernels])
    parts = np.multiply.outer(wide, weights)  # [N, *S, C, *K]
    lengths = _lengths(Spec(x.shape, x.dtype), kernels, factors, cuts)
    made = fold_array(np.moveaxis(parts, 1 + len(kernels), -1), lengths, _grid(kernels, factors, cuts))
    return made.astype(x.dtype, copy=False)


def _gathered_array(g: np.ndarray, kernels: Kernels, factors: Any, cuts: Any) -> np.ndarray:
    (wide,) = widened(g)
    rank = len(kernels)
    weights = np.asarray(_weights(kernels), wide.dtype).reshape([len(k) for k in kernels])
    windows = windows_array(wide, _grid(kernels, factors, cuts))
    axes = (tuple(range(1 + rank, 1 + 2 * rank)), tuple(range(rank)))
    return blas.tensordot(windows, weights, axes).astype(g.dtype, copy=False)


@make_op(
    {},
    prepare=_prepare,
    infer=lambda x, **attrs: Spec((x.shape[0], *_lengths(x, **attrs), x.shape[-1]), x.dtype),
    grad=lambda g, y, x, **attrs: [_transpose(g, **attrs)],
    expand=_expand,
)
def upsample(x, /, kernels, factors, cuts):  # type: ignore[no-untyped-def]
    """[N, *S, C] on longer spatial axes: every element times the weights of each axis's kernel, laid down ``factors``
    apart, and added up; without the ``cuts`` (before, after) of places at the ends.

    >>> upsample([[[1.0], [2.0]]], kernels=((0.5, 1.0, 0.5),), factors=(2,), cuts=((1, 1),)).numpy().ravel().tolist()
    [1.0, 1.5, 2.0]
    """
    return _laid_array(x, kernels, factors, cuts)


@make_op(
    {},
    infer=lambda g, **attrs: Spec((g.shape[0], *_transpose_lengths(g, **attrs), g.shape[-1]), g.dtype),
    grad=lambda h, z, g, **attrs: [upsample(h, **attrs)],
    expand=_transpose_expand,
)
def upsample_transpose(g, /, kernels, factors, cuts):  # type: ignore[no-untyped-def]
    """The gradient of :func:`upsample` with respect to x; g is that of its output."""
    return _gathered_array(g, kernels, factors, cuts)


def _transpose(g: Tensor, **attrs: Any) -> Tensor:
    return upsample_transpose(g, **attrs)
