"""Linear algebra over the last two axes: products, systems, determinants, factorisations and norms.

Factorisations run on the host (LAPACK through NumPy), between the native parts of a compiled program. Gradient rules
are closed formulas in ops: those of cholesky, solve, inv, det, slogdet, pinv, eigh, qr and svd differentiate again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, GradientError, ShapeError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, constant, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import (
    diagonal as _plain_diagonal,
)
from thalweg.ops.contract import (
    embed_diagonal,
    matmul,
    matrix_transpose,
    outer,
    tensordot,
    vecdot,
)
from thalweg.ops.elementwise import (
    abs,
    add,
    divide,
    equal,
    multiply,
    negative,
    not_equal,
    pow,
    sqrt,
    subtract,
    where,
)
from thalweg.ops.families import broadcast_shapes, to_floats, to_numbers
from thalweg.ops.reduce import max, min, normal_axes, reduced, sum

__all__ = [
    "cholesky", "cross", "det", "diagonal", "eigh", "eigvalsh", "inv", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot",
    "trace", "vecdot", "vector_norm",
]  # fmt: skip

# --- what the ops share ---------------------------------------------------------------------------------------------


def _prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    if tensors[0].dtype.itemsize < 4:
        raise fail(
            DTypeError, "matrices of half precision cannot be factored", expected="float32 or float64",
            received=tensors[0].dtype.name, hint="cast with astype(x, 'float32')",
        )  # fmt: skip
    return tensors, attrs


def _matrix(x: Spec) -> tuple[int | None, ...]:
    if x.shape is None or len(x.shape) < 2:
        raise fail(
            ShapeError, "a matrix, or a stack of them, is needed", expected="at least 2 axes", received=str(x)
        )
    return x.shape


def _square(x: Spec) -> tuple[int | None, ...]:
    shape = _matrix(x)
    if None not in shape[-2:] and shape[-2] != shape[-1]:
        raise fail(
            ShapeError,
            "a square matrix is needed",
            expected="equal last two axes",
            received=shape_text(shape),
        )
    return shape


def _host(name: str, hint: str, compute: Callable[[], Any]) -> Any:
    """The result, or NumPy's refusal as an error that names the op."""
    try:
        return compute()
    except np.linalg.LinAlgError as error:
        raise fail(ArgumentError, f"{name}: {error}", hint=hint) from error


def _infer_square(x: Spec, **_: Any) -> Spec:
    return Spec(_square(x), x.dtype)


_square_family: dict[str, Any] = {"infer": _infer_square, "prepare": _prepare}


def _t(x: Any) -> Tensor:
    return matrix_transpose(x)


def _as_column(x: Any, axes: int) -> Tensor:
    """Scalars of a batch, ready to scale matrices."""
    return shape_ops.expand_dims(x, tuple(range(-axes, 0))) if axes else x


def _symmetric(x: Any) -> Any:
    return multiply(add(x, _t(x)), 0.5)


@make_op({}, infer=lambda x, **_: x, grad=lambda g, y, x, *, lower, weight: [_triangle_of(g, lower, weight)])
def _triangle(x, /, lower, weight):  # type: ignore[no-untyped-def]
    """The lower (or upper) triangle, the diagonal times ``weight``, zero elsewhere."""
    kept = np.tril(x) if lower else np.triu(x)
    index = np.arange(np.minimum(*x.shape[-2:]))
    kept[..., index, index] *= x.dtype.type(weight)
    return kept


def _triangle_of(x: Any, lower: bool, weight: float) -> Any:
    return _triangle(x, lower=lower, weight=weight)


def _eye_like(x: Tensor) -> Tensor:
    """The identity matrix under each matrix of x (or its upper left part)."""
    ones = shape_ops.full_like(_plain_diagonal(x), 1)
    return embed_diagonal(ones, x, offset=0, axis1=x.ndim - 2, axis2=x.ndim - 1)


def _diagonal_matrix(d: Any, like: Tensor) -> Any:
    return embed_diagonal(d, like, offset=0, axis1=like.ndim - 2, axis2=like.ndim - 1)


def _column_scaled(x: Any, s: Any) -> Any:
    return multiply(x, shape_ops.expand_dims(s, -2))


# --- systems and inverses -------------------------------------------------------------------------------------------

_SINGULAR = "the matrix has no inverse in this precision; add to its diagonal, or use lstsq or pinv"


def _solve_infer(a: Spec, b: Spec) -> Spec:
    matrix = _square(a)
    if b.shape is None or not b.shape:
        raise fail(ShapeError, "b must be a vector or a matrix", received=str(b))
    vector = len(b.shape) == 1
    rows = b.shape[-1 if vector else -2]
    if None not in (rows, matrix[-1]) and rows != matrix[-1]:
        raise fail(ShapeError, "a and b have different numbers of rows", expected=matrix[-1], received=rows)
    if vector:
        return Spec(matrix[:-1], b.dtype)
    batch = broadcast_shapes(matrix[:-2], b.shape[:-2])
    assert batch is not None
    return Spec((*batch, *b.shape[-2:]), b.dtype)


def _solve_gradient(g: Tensor, x: Tensor, a: Tensor, b: Tensor) -> list[Any]:
    if b.ndim > 1:
        turned = solve(_t(a), g)
        return [lambda: negative(matmul(turned, _t(x))), turned]
    column = solve(_t(a), shape_ops.expand_dims(g, -1))
    return [
        lambda: negative(multiply(column, shape_ops.expand_dims(x, -2))),
        lambda: sum(column, axis=-1),
    ]


@make_op({}, infer=_solve_infer, prepare=_prepare, grad=_solve_gradient)
def solve(a, b, /):  # type: ignore[no-untyped-def]
    """x such that a @ x = b, for square a; b is a vector, or a stack of matrices whose columns are solved for.

    >>> solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0]).tolist()
    [1.0, 0.5]
    """
    if b.ndim == 1:
        return _host("solve", _SINGULAR, lambda: np.linalg.solve(a, b[:, None]))[..., 0]
    return _host("solve", _SINGULAR, lambda: np.linalg.solve(a, b))


def _inv_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [lambda: negative(matmul(_t(y), matmul(g, _t(y))))]


@make_op(_square_family, grad=_inv_gradient)
def inv(x, /):  # type: ignore[no-untyped-def]
    """The inverse of each square matrix; ``solve(a, b)`` is faster and more exact than ``inv(a) @ b``.

    >>> inv([[2.0, 0.0], [0.0, 4.0]]).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    return _host("inv", _SINGULAR, lambda: np.linalg.inv(x))


def _pinv_gradient(g: Tensor, p: Tensor, a: Tensor, **_: Any) -> list[Any]:
    """Golub and Pereyra: dP = -P dA P + P P^T dA^T (I - A P) + (I - P A) dA^T P^T P."""

    def rule() -> Tensor:
        gt, pt = _t(g), _t(p)
        left = matmul(gt, matmul(p, pt))
        right = matmul(matmul(pt, p), gt)
        outside = subtract(left, matmul(a, matmul(p, left)))
        inside = subtract(right, matmul(matmul(right, p), a))
        return add(subtract(outside, matmul(pt, matmul(g, pt))), inside)

    return [rule]


def _pinv_infer(x: Spec, **_: Any) -> Spec:
    shape = _matrix(x)
    return Spec((*shape[:-2], shape[-1], shape[-2]), x.dtype)


@make_op({}, infer=_pinv_infer, prepare=_prepare, grad=_pinv_gradient)
def pinv(x, /, rtol=None):  # type: ignore[no-untyped-def]
    """The Moore-Penrose inverse: [..., m, n] to [..., n, m].

    Singular values under ``rtol`` times the largest count as zero (max(m, n) * eps unless given). The gradient is that
    of a neighbourhood of constant rank.

    >>> pinv([[2.0], [0.0]]).tolist()
    [[0.5, 0.0]]
    """
    rtol = builtin_max(x.shape[-2:]) * np.finfo(x.dtype).eps if rtol is None else rtol
    return _host("pinv", "are all elements finite?", lambda: np.linalg.pinv(x, rcond=rtol))


def builtin_max(values: Sequence[int]) -> int:
    """The largest of some ints (``max`` is the op in this room)."""
    return sorted(values)[-1]


def lstsq(a: Any, b: Any, /, *, rtol: float | None = None) -> Tensor:
    """The x of least length that minimises |a @ x - b|: a is [..., m, n], b a vector [m] or [..., m, k].

    >>> round(lstsq([[1.0], [1.0]], [1.0, 3.0]).item(), 5)
    2.0
    """
    return matmul(pinv(a, rtol=rtol), b)


# --- determinants ---------------------------------------------------------------------------------------------------


def _scalars(x: Spec) -> Spec:
    return Spec(_square(x)[:-2], x.dtype)


def _det_gradient(g: Tensor, y: Tensor, x: Tensor) -> list[Any]:
    return [lambda: multiply(_as_column(g, 2), _cofactors(x))]


@make_op({}, infer=_scalars, prepare=_prepare, grad=_det_gradient)
def det(x, /):  # type: ignore[no-untyped-def]
    """The determinant of each square matrix. Its gradient, the cofactors, exists for singular matrices too.

    >>> det([[2.0, 0.0], [0.0, 4.0]]).item()
    8.0
    """
    return np.linalg.det(x)


def _cofactors_gradient(h: Tensor, c: Tensor, x: Tensor) -> list[Any]:
    """With B = inv(x)^T and C = det(x) B: sum(h * B) C - C h^T B."""

    def rule() -> Tensor:
        b = _t(inv(x))
        along = sum(multiply(h, b), axis=(-2, -1), keepdims=True)
        return subtract(multiply(along, c), matmul(c, matmul(_t(h), b)))

    return [rule]


@make_op(_square_family, grad=_cofactors_gradient)
def _cofactors(x, /):  # type: ignore[no-untyped-def]
    """det(x) * inv(x)^T, also where that is 0 times infinity: from the singular values, each left out once."""
    if not x.size:
        return x
    u, s, vh = _host("det", "are all elements finite?", lambda: np.linalg.svd(x))
    others = np.broadcast_to(s[..., None, :], (*s.shape, s.shape[-1])).copy()
    index = np.arange(s.shape[-1])
    others[..., index, index] = 1
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * (u * others.prod(-1)[..., None, :]) @ vh


def _slogdet_gradient(g: Any, y: Any, x: Tensor) -> list[Any]:
    if g[1] is None:
        return [lambda: shape_ops.full_like(x, 0)]
    return [lambda: multiply(_as_column(g[1], 2), _t(inv(x)))]


@make_op(
    {}, name="slogdet", infer=lambda x: (_scalars(x), _scalars(x)), prepare=_prepare, grad=_slogdet_gradient
)
def _slogdet(x, /):  # type: ignore[no-untyped-def]
    """See :func:`slogdet`."""
    sign, logarithm = np.linalg.slogdet(x)
    return np.asarray(sign), np.asarray(logarithm)


class SlogdetResult(NamedTuple):
    """What :func:`slogdet` returns."""

    sign: Tensor
    logabsdet: Tensor


def slogdet(x: Any, /) -> SlogdetResult:
    """(sign, log of the absolute value) of each determinant: no overflow; (0, -inf) for a singular matrix.

    >>> [t.item() for t in slogdet([[1.0, 0.0], [0.0, -1.0]])]
    [-1.0, 0.0]
    """
    return SlogdetResult(*_slogdet(x))


# --- factorisations -------------------------------------------------------------------------------------------------


def _cholesky_gradient(g: Tensor, y: Tensor, x: Tensor, *, upper: bool) -> list[Any]:
    """Smith, Murray: the symmetric part of L^-T Phi(L^T g) L^-1, Phi the lower triangle with half the diagonal."""

    def rule() -> Tensor:
        factor, slope = (_t(y), _t(g)) if upper else (y, g)
        phi = _triangle_of(matmul(_t(factor), slope), True, 0.5)
        inner = solve(_t(factor), _t(solve(_t(factor), _t(phi))))
        return _symmetric(inner)

    return [rule]


@make_op(_square_family, grad=_cholesky_gradient)
def cholesky(x, /, upper=False):  # type: ignore[no-untyped-def]
    """The lower triangular L with L L^T = x, for a symmetric positive definite x (its symmetric part is taken).

    ``upper`` gives L^T. The gradient is symmetric.

    >>> cholesky([[4.0, 0.0], [0.0, 9.0]]).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    even = (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)
    factor = _host("cholesky", "the matrix must be positive definite", lambda: np.linalg.cholesky(even))
    return np.swapaxes(factor, -1, -2) if upper else factor


def _qr_infer(x: Spec, *, mode: str) -> tuple[Spec, Spec]:
    if mode not in ("reduced", "complete"):
        raise fail(ArgumentError, "mode", expected='"reduced" or "complete"', received=repr(mode))
    *batch, m, n = _matrix(x)
    inner = m if mode == "complete" else _smaller(m, n)
    return Spec((*batch, m, inner), x.dtype), Spec((*batch, inner, n), x.dtype)


def _smaller(m: int | None, n: int | None) -> int | None:
    return None if m is None or n is None else (m if m < n else n)


def _qr_gradient(g: Any, y: Any, x: Tensor, *, mode: str) -> list[Any]:
    """Walter, Lehmann: (gQ + Q copyltu(R gR^T - gQ^T Q)) R^-T, for x with at least as many rows as columns."""

    def rule() -> Tensor:
        q, r = y
        if (
            None in x.shape[-2:]
            or x.shape[-2] < x.shape[-1]
            or (mode == "complete" and x.shape[-2] != x.shape[-1])
        ):
            raise fail(
                GradientError, "qr: no gradient for this shape and mode",
                expected='at least as many rows as columns, mode="reduced"',
                received=f'{shape_text(x.shape)}, mode="{mode}"',
            )  # fmt: skip
        gq = shape_ops.full_like(q, 0) if g[0] is None else g[0]
        gr = shape_ops.full_like(r, 0) if g[1] is None else g[1]
        m = _triangle_of(subtract(matmul(r, _t(gr)), matmul(_t(gq), q)), True, 0.5)
        inner = add(gq, matmul(q, add(m, _t(m))))
        return _t(solve(r, _t(inner)))

    return [rule]


@make_op({}, name="qr", infer=_qr_infer, prepare=_prepare, grad=_qr_gradient)
def _qr(x, /, mode="reduced"):  # type: ignore[no-untyped-def]
    """See :func:`qr`."""
    return tuple(_host("qr", "are all elements finite?", lambda: np.linalg.qr(x, mode=mode)))


class QRResult(NamedTuple):
    """What :func:`qr` returns."""

    Q: Tensor
    R: Tensor


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """(Q, R) with Q R = x, Q of orthonormal columns and R upper triangular; ``mode="complete"`` makes Q square.

    >>> q, r = qr([[3.0], [4.0]])
    >>> abs(r).tolist()
    [[5.0]]
    """
    return QRResult(*_qr(x, mode=mode))


def _gaps(values: Any) -> Any:
    """1 / (v_j - v_i), zero on the diagonal and between equal values."""
    difference = subtract(shape_ops.expand_dims(values, -2), shape_ops.expand_dims(values, -1))
    same = equal(difference, 0)
    return where(same, 0, divide(1, where(same, 1, difference)))


def _eigh_infer(x: Spec) -> tuple[Spec, Spec]:
    shape = _square(x)
    return Spec(shape[:-1], x.dtype), Spec(shape, x.dtype)


def _eigh_gradient(g: Any, y: Any, x: Tensor) -> list[Any]:
    """V (diag(gw) + F * (V^T gV)) V^T, F_ij = 1 / (w_j - w_i); its symmetric part."""

    def rule() -> Tensor:
        w, v = y
        inner: Any = None
        if g[1] is not None:
            inner = multiply(_gaps(w), matmul(_t(v), g[1]))
        if g[0] is not None:
            own = _diagonal_matrix(g[0], x)
            inner = own if inner is None else add(inner, own)
        return _symmetric(matmul(v, matmul(inner, _t(v))))

    return [rule]


@make_op({}, name="eigh", infer=_eigh_infer, prepare=_prepare, grad=_eigh_gradient)
def _eigh(x, /):  # type: ignore[no-untyped-def]
    """See :func:`eigh`."""
    even = (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)
    return tuple(_host("eigh", "are all elements finite?", lambda: np.linalg.eigh(even)))


class EighResult(NamedTuple):
    """What :func:`eigh` returns."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eigh(x: Any, /) -> EighResult:
    """(eigenvalues in ascending order, eigenvectors as columns) of symmetric matrices (the symmetric part is taken).

    The gradient is symmetric; between equal eigenvalues, where eigenvectors have none, it is taken as 0.

    >>> values, vectors = eigh([[2.0, 0.0], [0.0, 1.0]])
    >>> values.tolist()
    [1.0, 2.0]
    """
    return EighResult(*_eigh(x))


def eigvalsh(x: Any, /) -> Tensor:
    """The eigenvalues of symmetric matrices in ascending order.

    >>> eigvalsh([[2.0, 0.0], [0.0, 1.0]]).tolist()
    [1.0, 2.0]
    """
    return eigh(x)[0]


def _svd_infer(x: Spec, *, full_matrices: bool) -> tuple[Spec, Spec, Spec]:
    *batch, m, n = _matrix(x)
    k = _smaller(m, n)
    left, right = (m, n) if full_matrices else (k, k)
    return Spec((*batch, m, left), x.dtype), Spec((*batch, k), x.dtype), Spec((*batch, right, n), x.dtype)


def _svd_gradient(g: Any, y: Any, x: Tensor, *, full_matrices: bool) -> list[Any]:
    """Townsend's formula for the thin factors; what leaves the column spaces is divided by the singular values."""
    if (
        full_matrices
        and (g[0] is not None or g[2] is not None)
        and (None in x.shape or x.shape[-1] != x.shape[-2])
    ):
        raise fail(
            GradientError, "svd: no gradient of the full factors", hint="use svd(x, full_matrices=False)"
        )
    return [lambda: _svd_rule(g, y, x)]


def _svd_rule(g: Any, y: Any, x: Tensor) -> Any:
    if g[0] is None and g[2] is None:
        u, s, vh = svd(x, full_matrices=False)
    else:
        u, s, vh = y
    v = _t(vh)
    parts: list[Any] = []
    gaps = _gaps(multiply(s, s)) if g[0] is not None or g[2] is not None else None
    if g[1] is not None:
        parts.append(matmul(_column_scaled(u, g[1]), vh))
    if g[0] is not None:
        turn = matmul(_t(u), g[0])
        inner = _column_scaled(multiply(gaps, subtract(turn, _t(turn))), s)
        beyond = _column_scaled(subtract(g[0], matmul(u, turn)), _inverses(s))
        parts.append(matmul(add(matmul(u, inner), beyond), vh))
    if g[2] is not None:
        gv = _t(g[2])
        turn = matmul(vh, gv)
        inner = multiply(multiply(gaps, subtract(turn, _t(turn))), shape_ops.expand_dims(s, -1))
        beyond = _column_scaled(subtract(gv, matmul(v, turn)), _inverses(s))
        parts.append(matmul(u, add(matmul(inner, vh), _t(beyond))))
    total = parts[0]
    for part in parts[1:]:
        total = add(total, part)
    return total


def _inverses(s: Any) -> Any:
    zero = equal(s, 0)
    return where(zero, 0, divide(1, where(zero, 1, s)))


@make_op({}, name="svd", infer=_svd_infer, prepare=_prepare, grad=_svd_gradient)
def _svd(x, /, full_matrices=True):  # type: ignore[no-untyped-def]
    """See :func:`svd`."""
    return tuple(
        _host("svd", "are all elements finite?", lambda: np.linalg.svd(x, full_matrices=full_matrices))
    )


class SVDResult(NamedTuple):
    """What :func:`svd` returns."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def svd(x: Any, /, *, full_matrices: bool = True) -> SVDResult:
    """(U, S, V^T) with U diag(S) V^T = x, S descending; ``full_matrices=False`` keeps min(m, n) columns and rows.

    U and V^T have gradients where ``full_matrices`` is False (or x is square), S always; between equal singular values,
    where the vectors have none, it is taken as 0.

    >>> svd([[3.0, 0.0], [0.0, 4.0]])[1].tolist()
    [4.0, 3.0]
    """
    return SVDResult(*_svd(x, full_matrices=full_matrices))


def svdvals(x: Any, /) -> Tensor:
    """The singular values, descending: [..., m, n] to [..., min(m, n)].

    >>> svdvals([[3.0, 0.0], [0.0, 4.0]]).tolist()
    [4.0, 3.0]
    """
    return svd(x, full_matrices=False)[1]


# --- norms ----------------------------------------------------------------------------------------------------------


def _length_gradient(g: Any, y: Any, x: Any, *, axis: Any, keepdims: bool) -> list[Any]:
    """x / |x|, and 0 at 0."""

    def rule() -> Tensor:
        length = y if keepdims or not axis else shape_ops.expand_dims(y, axis)
        slope = g if keepdims or not axis else shape_ops.expand_dims(g, axis)
        zero = equal(length, 0)
        return multiply(slope, where(zero, 0, divide(x, where(zero, 1, length))))

    return [rule]


def _length_expand(x: Any, *, axis: Any, keepdims: bool) -> Tensor:
    """Scaled by the largest element, so that squares neither overflow nor vanish."""
    if not x.size:
        return sum(x, axis=axis, keepdims=keepdims)
    top = max(abs(x), axis=axis, keepdims=True)
    plain = where(equal(top, 0), True, equal(top, math.inf))
    scale = where(plain, 1, top)
    ratio = divide(x, scale)
    total = sqrt(sum(multiply(ratio, ratio), axis=axis, keepdims=True))
    result = multiply(scale, total)
    return result if keepdims else sum(result, axis=axis)


def _length_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    axis = normal_axes(attrs["axis"], tensors[0].specs[0], "vector_norm")
    return tensors, {"axis": axis, "keepdims": bool(attrs["keepdims"])}


@make_op({}, infer=reduced, prepare=_length_prepare, grad=_length_gradient, expand=_length_expand)
def _length(x, /, axis, keepdims):  # type: ignore[no-untyped-def]
    """The square root of the sum of squares over the axes."""
    top = np.max(np.abs(x), axis=axis, keepdims=True, initial=0)
    scale = np.where((top == 0) | np.isinf(top), x.dtype.type(1), top)
    total = np.sqrt(np.sum(np.square(x / scale), axis=axis, keepdims=True, dtype=x.dtype)) * scale
    return total.astype(x.dtype, copy=False) if keepdims else np.sum(total, axis=axis, dtype=x.dtype)


def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """The norm (sum of |x|^ord)^(1/ord) over ``axis`` (an int, a tuple, or None for all elements).

    ``ord`` may be inf or -inf (largest, smallest absolute value) and 0 (number of elements that are not 0). The
    Euclidean norm does not overflow, and its gradient at 0 is 0.

    >>> vector_norm([3.0, 4.0]).item()
    5.0
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    if ord == 2:
        return _length(x, axis=axis, keepdims=keepdims)
    if ord == math.inf:
        return max(abs(x), axis=axis, keepdims=keepdims)
    if ord == -math.inf:
        return min(abs(x), axis=axis, keepdims=keepdims)
    if ord == 0:
        return sum(
            where(not_equal(x, 0), constant(1, x.dtype), constant(0, x.dtype)), axis=axis, keepdims=keepdims
        )
    if ord == 1:
        return sum(abs(x), axis=axis, keepdims=keepdims)
    return pow(sum(pow(abs(x), ord), axis=axis, keepdims=keepdims), 1.0 / ord)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Tensor:
    """The norm of each matrix over the last two axes.

    ``ord``: "fro" (root of the sum of squares), "nuc" (sum of singular values), 2 and -2 (largest and smallest
    singular value), 1 and -1 (largest and smallest column sum of absolute values), inf and -inf (row sums).

    >>> matrix_norm([[3.0, 0.0], [0.0, 4.0]]).item()
    5.0
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    _matrix(x.specs[0])
    if ord == "fro":
        return _length(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        values = svdvals(x)
        result = (sum if ord == "nuc" else max if ord == 2 else min)(values, axis=-1)
    elif ord in (1, -1, math.inf, -math.inf):
        totals = sum(abs(x), axis=-2 if ord in (1, -1) else -1)
        result = (max if ord > 0 else min)(totals, axis=-1)
    else:
        raise fail(
            ArgumentError,
            "matrix_norm: ord",
            expected="fro, nuc, 1, -1, 2, -2, inf or -inf",
            received=repr(ord),
        )
    return _as_column(result, 2) if keepdims else result


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """As ``numpy.linalg.norm``: a vector norm over one axis (or all), a matrix norm over two.

    >>> norm([[3.0, 0.0], [0.0, 4.0]]).item()
    5.0
    """
    (x,) = convert_operands([x])
    if ord is None:
        return vector_norm(x, axis=axis, keepdims=keepdims)
    if (axis is None and x.ndim == 1) or isinstance(axis, (int, np.integer)):
        return vector_norm(x, axis=axis, keepdims=keepdims, ord=ord)
    if (axis is None and x.ndim != 2) or (axis is not None and len(axis) != 2):
        raise fail(
            ArgumentError,
            "norm: axis",
            expected="one axis for a vector, two for a matrix",
            received=repr(axis),
        )
    if axis is None:
        return matrix_norm(x, keepdims=keepdims, ord=ord)
    places = [checked_axis(a, x.ndim, "norm") for a in axis]
    order = [k for k in range(x.ndim) if k not in places] + places
    result = matrix_norm(shape_ops.permute_dims(x, order), ord=ord)
    return shape_ops.expand_dims(result, tuple(sorted(places))) if keepdims else result


# --- written with the others ----------------------------------------------------------------------------------------


def diagonal(x: Any, /, *, offset: int = 0) -> Tensor:
    """The diagonals of the last two axes, ``offset`` columns to the right: [..., m, n] to [..., k].

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return _plain_diagonal(x, offset=offset)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sum of each diagonal of the last two axes.

    >>> trace([[1, 2], [3, 4]]).item()
    5
    """
    total = sum(_plain_diagonal(x, offset=offset), axis=-1)
    return total if dtype is None else total.astype(dtype)  # type: ignore[attr-defined]


def matrix_power(x: Any, n: int, /) -> Tensor:
    """x times itself n times; the identity for n = 0, the inverse's power for n < 0.

    >>> matrix_power([[1.0, 1.0], [0.0, 1.0]], 5).tolist()
    [[1.0, 5.0], [0.0, 1.0]]
    """
    (x,) = to_numbers(convert_operands([x]), {})[0]
    _square(x.specs[0])
    if not isinstance(n, (int, np.integer)):
        raise fail(ArgumentError, "matrix_power: n", expected="an int", received=repr(n))
    if n < 0:
        return matrix_power(inv(x), -n)
    result: Tensor | None = None
    while n:
        if n & 1:
            result = x if result is None else matmul(result, x)
        n >>= 1
        x = matmul(x, x) if n else x
    return _eye_like(x) if result is None else result


def matrix_rank(x: Any, /, *, rtol: Any = None) -> Tensor:
    """The number of singular values above ``rtol`` times the largest (max(m, n) * eps unless given), as int64.

    >>> matrix_rank([[1.0, 2.0], [2.0, 4.0]]).item()
    1
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    shape = _matrix(x.specs[0])
    if rtol is None:
        if None in shape[-2:]:
            raise fail(
                ShapeError, "matrix_rank: x", expected="known last axes, or rtol", received=shape_text(shape)
            )
        rtol = builtin_max([d or 0 for d in shape[-2:]]) * float(np.finfo(x.dtype).eps)
    return _rank(svdvals(x), rtol)


@make_op({}, infer=lambda s, rtol: Spec(s.shape[:-1], dtypes.int64))
def _rank(s, rtol, /):  # type: ignore[no-untyped-def]
    """How many of each vector's values exceed the tolerance times their largest."""
    limit = np.max(s, axis=-1, keepdims=True, initial=0) * np.expand_dims(rtol, -1)
    return np.sum(s > limit, axis=-1, dtype=np.int64)


def _cross_infer(x: Spec, y: Spec, *, axis: int) -> Spec:
    if x.shape is None or y.shape is None or not x.shape or not y.shape:
        raise fail(ShapeError, "two tensors with an axis of length 3 are needed", received=f"{x} and {y}")
    if any(s[axis] not in (3, None) for s in (x.shape, y.shape)):
        raise fail(ShapeError, "the axis must have length 3", received=f"{x} and {y} on axis {axis}")
    return Spec(broadcast_shapes(x.shape, y.shape), x.dtype)


def _cross_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_numbers(tensors, attrs)
    rank = builtin_max([t.ndim for t in tensors])
    axis = checked_axis(attrs["axis"], rank, "cross") - rank
    if any(t.ndim < -axis for t in tensors):
        raise fail(ShapeError, "cross: an operand lacks the axis", received=f"axis={attrs['axis']}")
    return tensors, {"axis": axis}


def _cross_expand(x: Tensor, y: Tensor, *, axis: int) -> Tensor:
    """Element i is x[i + 1] y[i + 2] - x[i + 2] y[i + 1], the indices taken modulo 3."""
    x1, x2, y1, y2 = (shape_ops.roll(v, -k, axis=axis) for v in (x, y) for k in (1, 2))
    return subtract(multiply(x1, y2), multiply(x2, y1))


def _cross_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor, *, axis: int) -> list[Any]:
    return [lambda: cross(y, g, axis=axis), lambda: cross(g, x, axis=axis)]


@make_op({}, infer=_cross_infer, prepare=_cross_prepare, grad=_cross_gradient, expand=_cross_expand)
def cross(x, y, /, axis=-1):  # type: ignore[no-untyped-def]
    """The vector product over an axis of length 3; the other axes broadcast.

    >>> cross([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]).tolist()
    [0.0, 0.0, 1.0]
    """
    return np.cross(x, y, axis=axis)
