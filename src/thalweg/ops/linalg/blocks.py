"""Factors and triangular systems in compiled code: small matrices by routines of their own, larger ones in halves, by
products of their parts. Nothing is refused here: who asks looks at the pivots.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.graph.lowering import Matrices
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul, matrix_transpose
from thalweg.ops.elementwise import astype, negative, subtract
from thalweg.ops.index import gather_nd
from thalweg.ops.joining import concat
from thalweg.ops.slices import WHOLE, slice_axes
from thalweg.ops.triangles import tril, triu

_SMALL, _LARGEST = 64, 1024


def has_parts(x: Tensor) -> bool:
    """Whether the square matrices of x are factored in compiled code: they are not empty, and not beyond the limit."""
    return 0 < x.shape[-1] <= _LARGEST


def _part(x: Tensor, rows: tuple[int, int | None] | None, columns: tuple[int, int | None] | None) -> Tensor:
    """A block of each matrix."""
    spans = [WHOLE if s is None else (*s, 1) for s in (rows, columns)]
    return slice_axes(x, [WHOLE] * (x.ndim - 2) + spans)


def _half(n: int) -> int:
    """Where a length is cut: there are whole small blocks before it."""
    return (n // _SMALL + 1) // 2 * _SMALL


def rows_at(x: Tensor, source: Tensor) -> Tensor:
    """The rows of each matrix in another order."""
    return gather_nd(x, shape_ops.expand_dims(source, -1), batch_dims=x.ndim - 2)


# --- triangular systems -----------------------------------------------------------------------------------------------


def _substituted(a: np.ndarray, b: np.ndarray, lower: bool, unit: bool) -> np.ndarray:
    x, n = np.array(b), b.shape[-2]
    if n > _SMALL:
        low, high = slice(_half(n)), slice(_half(n), None)
        first, second = (low, high) if lower else (high, low)
        x[..., first, :] = _substituted(a[..., first, first], x[..., first, :], lower, unit)
        rest = x[..., second, :] - a[..., second, first] @ x[..., first, :]
        x[..., second, :] = _substituted(a[..., second, second], rest, lower, unit)
        return x
    rows = range(n)
    for i in rows if lower else reversed(rows):
        known = slice(0, i) if lower else slice(i + 1, None)
        x[..., i, :] -= (a[..., i, None, known] @ x[..., known, :])[..., 0, :]
        if not unit:
            x[..., i, :] /= a[..., i, i, None]
    return x


def _triangular_gradient(g: Tensor, x: Tensor, a: Tensor, b: Tensor, *, lower: bool, unit: bool) -> list[Any]:
    turned = triangular(matrix_transpose(a), g, lower=not lower, unit=unit)

    def of_matrix() -> Tensor:
        whole, inside = negative(matmul(turned, matrix_transpose(x))), int(unit)
        return tril(whole, k=-inside) if lower else triu(whole, k=inside)

    return [of_matrix, turned]


def _triangular_expand(a: Tensor, b: Tensor, *, lower: bool, unit: bool) -> Any:
    """The half that stands alone first; then the other, without what that accounts for."""
    n = a.shape[-1]
    if not has_parts(a):
        return None
    if n <= _SMALL:
        return _triangular_of_small(a, b, lower=lower, unit=unit)
    low, high = (0, _half(n)), (_half(n), None)
    first, second = (low, high) if lower else (high, low)
    known = triangular(_part(a, first, first), _part(b, first, None), lower=lower, unit=unit)
    rest = subtract(_part(b, second, None), matmul(_part(a, second, first), known))
    found = triangular(_part(a, second, second), rest, lower=lower, unit=unit)
    return concat([known, found] if lower else [found, known], axis=-2)


@make_op({}, infer=lambda a, b, *, lower, unit: b, lower=Matrices("triangular"))
def _triangular_of_small(a, b, /, lower, unit):  # type: ignore[no-untyped-def]
    """:func:`triangular` for matrices that are not cut."""
    return _substituted(a, b, lower, unit)


@make_op({}, infer=lambda a, b, *, lower, unit: b, grad=_triangular_gradient, expand=_triangular_expand)
def triangular(a, b, /, lower, unit=False):  # type: ignore[no-untyped-def]
    """x such that a @ x = b, of a's lower or upper triangle alone, its diagonal taken as 1 where ``unit``."""
    return _substituted(a, b, lower, unit)


# --- Cholesky's factor ------------------------------------------------------------------------------------------------


@make_op({}, infer=lambda x: x, lower=Matrices("cholesky"))
def _upper_factor_of_small(x, /):  # type: ignore[no-untyped-def]
    """The upper factor of each symmetric matrix; NaN from the first pivot on that is not positive."""
    u = np.zeros_like(x)
    for j in range(x.shape[-1]):
        u[..., j, :] = x[..., j, :] - (u[..., None, :j, j] @ u[..., :j, :])[..., 0, :]
        left = u[..., j, j, None]
        u[..., j, :] /= np.sqrt(np.where(left > 0, left, np.nan))
        u[..., j, :j] = 0
    return u


def upper_factor(x: Tensor) -> Tensor:
    """U with U^T U = x for each symmetric matrix, zero below; NaN on the diagonal where x is not positive definite."""
    n = x.shape[-1]
    if n <= _SMALL:
        return _upper_factor_of_small(x)
    low, high = (0, _half(n)), (_half(n), None)
    first = upper_factor(_part(x, low, low))
    beside = triangular(matrix_transpose(first), _part(x, low, high), lower=True)
    last = upper_factor(subtract(_part(x, high, high), matmul(matrix_transpose(beside), beside)))
    below = shape_ops.full_like(_part(x, high, low), 0)
    return concat([concat([first, beside], axis=-1), concat([below, last], axis=-1)], axis=-2)


# --- Gauss's factors --------------------------------------------------------------------------------------------------


@make_op({}, infer=lambda x: Spec((*x.shape[:-1], x.shape[-1] + 2), x.dtype), lower=Matrices("lu"))
def _lu_of_few_columns(x, /):  # type: ignore[no-untyped-def]
    """Unit lower and upper factor in one; then the row that came to each place, and -1 where two were exchanged."""
    made = []
    for a in x.reshape(-1, *x.shape[-2:]):
        a, source, sign = a.copy(), np.arange(len(a)), np.ones(len(a))
        for j in range(a.shape[1]):
            p = j + int(np.argmax(np.abs(a[j:, j])))
            if p != j:
                a[[j, p]], source[[j, p]], sign[j] = a[[p, j]], source[[p, j]], -1
            a[j + 1 :, j] /= a[j, j] or 1
            a[j + 1 :, j + 1 :] -= np.outer(a[j + 1 :, j], a[j, j + 1 :])
        made.append(np.column_stack([a, source, sign]))
    return np.reshape(made, (*x.shape[:-1], x.shape[-1] + 2)).astype(x.dtype)


def lu(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The factors of each matrix with its rows exchanged, unit lower and upper in one; which row came to each place
    (int64); and -1 for each of the first rows that was exchanged, else 1.
    """
    m, n = x.shape[-2:]
    if n <= _SMALL:
        made = _lu_of_few_columns(x)
        source, sign = (
            slice_axes(made, [WHOLE] * (x.ndim - 2) + [(0, rows, 1), n + k]) for k, rows in ((0, m), (1, n))
        )
        return _part(made, None, (0, n)), astype(source, dtypes.int64), sign
    low, high = (0, _half(n)), (_half(n), None)
    left, source, sign = lu(_part(x, None, low))
    right = rows_at(_part(x, None, high), source)
    top = triangular(_part(left, low, low), _part(right, low, None), lower=True, unit=True)
    rest = subtract(_part(right, high, None), matmul(_part(left, high, low), top))
    last, second, more = lu(rest)
    first, others = (slice_axes(source, [WHOLE] * (x.ndim - 2) + [(*s, 1)]) for s in (low, high))
    moved = gather_nd(others, shape_ops.expand_dims(second, -1), batch_dims=x.ndim - 2)
    below = rows_at(_part(left, high, None), second)
    whole = concat([concat([_part(left, low, None), top], axis=-1), concat([below, last], axis=-1)], axis=-2)
    return whole, concat([first, moved], axis=-1), concat([sign, more], axis=-1)
