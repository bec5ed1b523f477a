"""``tf.experimental.numpy``: what NumPy has beyond the main library's functions, made of them."""

from __future__ import annotations

import math as scalars
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import thalweg
from thalweg.compat.tf2.arrays import transpose, where
from thalweg.compat.tf2.values import cast, tensor
from thalweg.graph.tensor import Tensor


def array_of(a: Any) -> Any:
    """A tensor; Python's floats are float64 here."""
    return tensor(a if hasattr(a, "dtype") else np.asarray(a))


def _fractions(*values: Any) -> Any:
    """Tensors of one floating dtype, float64 for whole numbers."""
    arrays = [array_of(v) for v in values]
    kind = np.result_type(*(a.dtype for a in arrays))
    kind = kind if kind.kind == "f" else np.dtype(np.float64)
    return [cast(a, kind) for a in arrays] if len(arrays) > 1 else cast(arrays[0], kind)


def isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Where ``|a - b| <= atol + rtol |b|``; infinities are close to themselves alone."""
    x, y = _fractions(a, b)
    same, finite = thalweg.equal(x, y), thalweg.logical_and(thalweg.isfinite(x), thalweg.isfinite(y))
    near = thalweg.logical_and(finite, thalweg.less_equal(thalweg.abs(x - y), atol + rtol * thalweg.abs(y)))
    result = thalweg.logical_or(same, near)
    if equal_nan:
        result = thalweg.logical_or(result, thalweg.logical_and(thalweg.isnan(x), thalweg.isnan(y)))
    return result


def allclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether all elements are close, as :func:`isclose` says."""
    return thalweg.all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any) -> Any:
    """Whether shapes and elements are the same."""
    x, y = array_of(a1), array_of(a2)
    return thalweg.all(thalweg.equal(x, y)) if np.shape(x) == np.shape(y) else tensor(False)


def append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    """Values behind an array, both in one row without an axis."""
    x, y = array_of(arr), array_of(values)
    if axis is None:
        x, y = thalweg.reshape(x, (-1,)), thalweg.reshape(y, (-1,))
    kind = np.result_type(x.dtype, y.dtype)
    return thalweg.concat([cast(x, kind), cast(y, kind)], axis=axis or 0)


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False) -> Any:
    """The mean, of weighted elements where weights are given."""
    x = _fractions(a)
    if weights is None:
        weights = np.ones(1, x.dtype)
    w = cast(array_of(weights), x.dtype)
    if w.ndim == 1 and x.ndim > 1 and axis is not None:
        form = [1] * x.ndim
        form[axis] = -1
        w = thalweg.reshape(w, tuple(form))
    w = w + thalweg.zeros_like(x)
    total = thalweg.sum(w, axis=axis)
    result = thalweg.sum(x * w, axis=axis) / total
    return (result, total) if returned else result


def cbrt(x: Any) -> Tensor:
    """The cube root, with the sign of the number."""
    x = _fractions(x)
    return thalweg.sign(x) * thalweg.abs(x) ** (1.0 / 3.0)


def cross(a: Any, b: Any) -> Tensor:
    """The vector product over the last axis, of three elements."""
    x, y = array_of(a), array_of(b)
    after, before = [1, 2, 0], [2, 0, 1]
    pick = lambda t, order: thalweg.take(t, np.array(order), axis=-1)
    return pick(x, after) * pick(y, before) - pick(x, before) * pick(y, after)


def deg2rad(x: Any) -> Tensor:
    """Degrees as radians."""
    return _fractions(x) * (scalars.pi / 180.0)


def rad2deg(x: Any) -> Tensor:
    """Radians as degrees."""
    return _fractions(x) * (180.0 / scalars.pi)


def diagflat(v: Any, k: int = 0) -> Tensor:
    """A matrix with all elements on a diagonal."""
    matrix: Any = thalweg.diag(thalweg.reshape(array_of(v), (-1,)))
    return thalweg.pad(matrix, ((max(-k, 0), max(k, 0)), (max(k, 0), max(-k, 0))))


def diff(a: Any, n: int = 1, axis: int = -1) -> Tensor:
    """Differences of neighbours, ``n`` times."""
    a = array_of(a)
    for _ in range(n):
        length = np.shape(a)[axis]
        a = thalweg.take(a, np.arange(1, length), axis=axis) - thalweg.take(
            a, np.arange(length - 1), axis=axis
        )
    return a


def divmod(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """The whole quotient, and what is left."""
    return thalweg.floor_divide(array_of(x1), array_of(x2)), thalweg.remainder(array_of(x1), array_of(x2))


def float_power(x1: Any, x2: Any) -> Tensor:
    """A power in float64."""
    return cast(array_of(x1), "float64") ** cast(array_of(x2), "float64")


def fix(x: Any) -> Tensor:
    """Rounded towards zero."""
    x = _fractions(x)
    return thalweg.sign(x) * thalweg.floor(thalweg.abs(x))


def heaviside(x1: Any, x2: Any) -> Tensor:
    """0 below zero, 1 above it, ``x2`` at zero."""
    x, at = _fractions(x1, x2)
    return where(thalweg.equal(x, 0.0), at, cast(thalweg.greater(x, 0.0), x.dtype))


def isneginf(x: Any) -> Tensor:
    """Whether each is minus infinity."""
    return thalweg.equal(_fractions(x), -np.inf)


def isposinf(x: Any) -> Tensor:
    """Whether each is plus infinity."""
    return thalweg.equal(_fractions(x), np.inf)


def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """``log2(2**x1 + 2**x2)``."""
    x, y = _fractions(x1, x2)
    two = scalars.log(2.0)
    return thalweg.logaddexp(x * two, y * two) / two


def nanprod(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """The product of what is a number."""
    a = array_of(a)
    return thalweg.prod(where(thalweg.isnan(a), thalweg.ones_like(a), a), axis=axis, keepdims=keepdims)


def nonzero(a: Any) -> tuple[Tensor, ...]:
    """The places of what is not 0, the indices of each axis apart.

    >>> [t.numpy().tolist() for t in nonzero([[0, 3], [5, 0]])]
    [[0, 1], [1, 0]]
    """
    places = where(thalweg.not_equal(array_of(a), 0))
    return tuple(places[:, k] for k in range(places.shape[1]))


def numpy_where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Elements of x where the condition holds, of y elsewhere; without both, the places where it holds."""
    if x is None and y is None:
        return nonzero(condition)
    a, b = array_of(x), array_of(y)
    kind = np.result_type(*(v if isinstance(v, (int, float)) else t.dtype for v, t in ((x, a), (y, b))))
    return where(cast(array_of(condition), "bool"), cast(a, kind), cast(b, kind))


def compress(condition: Any, a: Any, axis: int | None = None) -> Tensor:
    """The slices along an axis for which the condition holds."""
    a, chosen = array_of(a), np.asarray(condition, bool)
    if axis is None:
        a, axis = thalweg.reshape(a, (-1,)), 0
    return thalweg.take(a, np.flatnonzero(chosen), axis=axis)


def polyval(p: Any, x: Any) -> Tensor:
    """A polynomial, its highest coefficient first."""
    p, x = array_of(p), array_of(x)
    result = thalweg.zeros_like(x)
    for k in range(np.shape(p)[0]):
        result = result * x + p[k]
    return result


def ptp(a: Any, axis: Any = None) -> Tensor:
    """The largest less the smallest."""
    a = array_of(a)
    return thalweg.max(a, axis=axis) - thalweg.min(a, axis=axis)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Tensor:
    """Turned by right angles, from the first axis to the second."""
    m = array_of(m)
    first, second = axes
    for _ in range(k % 4):
        order = list(range(m.ndim))
        order[first], order[second] = order[second], order[first]
        m = thalweg.flip(transpose(m, order), axis=first)
    return m


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Elements of the first choice whose condition holds."""
    result: Any = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = numpy_where(condition, choice, result)
    return result


def sinc(x: Any) -> Tensor:
    """``sin(pi x) / (pi x)``, 1 at zero."""
    x = _fractions(x) * scalars.pi
    whole = thalweg.equal(x, 0.0)
    safe = where(whole, thalweg.ones_like(x), x)
    return where(whole, thalweg.ones_like(x), thalweg.sin(safe) / safe)


def splitter(axis: Callable[[int], int], split: Callable[..., Any]) -> Callable[..., Any]:
    """``split`` along an axis that the number of axes decides."""

    def of(ary: Any, indices_or_sections: Any) -> Any:
        ary = array_of(ary)
        return split(ary, indices_or_sections, axis(ary.ndim))

    of.__doc__ = "Parts along one axis."
    return of


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each element in a row, the highest first unless ``increasing``."""
    x = array_of(x)
    count = np.shape(x)[0] if N is None else N
    powers = np.arange(count) if increasing else np.arange(count)[::-1]
    columns = [thalweg.ones_like(x) if p == 0 else x ** int(p) for p in powers]
    return thalweg.stack(columns, axis=1)


def vdot(a: Any, b: Any) -> Tensor:
    """The sum of the products of all elements."""
    x, y = (thalweg.reshape(array_of(v), (-1,)) for v in (a, b))
    return thalweg.sum(x * y)


NAMES: dict[str, Any] = {
    f.__name__: f
    for f in (
        allclose, append, array_equal, average, cbrt, compress, cross, deg2rad, diagflat, diff, divmod, fix,
        float_power, heaviside, isclose, isneginf, isposinf, logaddexp2, nanprod, nonzero, polyval, ptp, rad2deg,
        rot90, select, sinc, vander, vdot,
    )
} | {"radians": deg2rad, "degrees": rad2deg, "where": numpy_where}  # fmt: skip
# What is said about arrays and numbers, not made of them.
NAMES |= {name: getattr(np, name) for name in ("finfo", "iinfo", "isscalar", "issubdtype", "promote_types")}
