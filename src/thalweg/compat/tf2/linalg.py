"""``tf.linalg``."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf2 import arrays, math
from thalweg.compat.tf2.values import axes, cast, number, pair, tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.ops import contract, elementwise, joining, linalg, state, tiling, triangles
from thalweg.ops import shape as shape_ops
from thalweg.ops.linalg import matrices
from thalweg.optimizers.rows import rows_in

matmul, matvec, tensordot, einsum = math.matmul, math.matvec, math.tensordot, math.einsum
eye, norm, matrix_transpose = arrays.eye, arrays.norm, arrays.matrix_transpose
l2_normalize = math.l2_normalize


def inv(input: Any, adjoint: bool = False, name: Any = None) -> Any:
    """The inverse of matrices."""
    made = linalg.inv(tensor(input))
    return contract.matrix_transpose(made) if adjoint else made


def det(input: Any, name: Any = None) -> Any:
    """The determinant of matrices."""
    return linalg.det(tensor(input))


def logdet(matrix: Any, name: Any = None) -> Any:
    """The logarithm of the determinant of positive definite matrices."""
    return linalg.slogdet(tensor(matrix))[1]


def slogdet(input: Any, name: Any = None) -> Any:
    """Sign and logarithm of the absolute value of the determinant."""
    return linalg.slogdet(tensor(input))


def trace(x: Any, name: Any = None) -> Any:
    """The sum of the diagonal."""
    return triangles.trace(tensor(x))


def cholesky(input: Any, name: Any = None) -> Any:
    """The lower triangular L with L L^T = input; only the lower triangle is read, the gradient is symmetric."""
    x = tensor(input)
    return linalg.cholesky(x + state.stop_gradient(matrices.mirrored(x) - x))


def solve(matrix: Any, rhs: Any, adjoint: bool = False, name: Any = None) -> Any:
    """x with ``matrix @ x = rhs``."""
    a, b = pair(matrix, rhs)
    return linalg.solve(contract.matrix_transpose(a) if adjoint else a, b)


def triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: Any = None
) -> Any:
    """x with ``triangle @ x = rhs``, of which only one triangle of the matrix is read."""
    return solve(band_part(matrix, -1, 0) if lower else band_part(matrix, 0, -1), rhs, adjoint)


def cholesky_solve(chol: Any, rhs: Any, name: Any = None) -> Any:
    """x with ``L L^T x = rhs``."""
    return triangular_solve(chol, triangular_solve(chol, rhs), adjoint=True)


def lstsq(matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: Any = None) -> Any:
    """The x of least squares: ``min |matrix @ x - rhs|^2 + l2 |x|^2``."""
    a, b = pair(matrix, rhs)
    if not number(l2_regularizer):
        return linalg.lstsq(a, b)
    gram = math.matmul(a, a, transpose_a=True)
    ridge = core.constant(np.eye(a.shape[-1], dtype=a.dtype) * number(l2_regularizer))
    return linalg.solve(gram + ridge, math.matmul(a, b, transpose_a=True))


def pinv(a: Any, rcond: Any = None, name: Any = None) -> Any:
    """The pseudo-inverse: singular values under ``rcond`` times the largest (10 max(m, n) eps) count as zero."""
    x = tensor(a)
    least = 10 * max(x.shape[-2:]) * np.finfo(x.dtype).eps if rcond is None else float(number(rcond))
    return linalg.pinv(x, rtol=least)


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: Any = None) -> Any:
    """Singular values s, and U and V with ``tensor = U diag(s) V^T``, in this order."""
    x = _tensor(tensor)
    if not compute_uv:
        return linalg.svdvals(x)
    u, s, vh = linalg.svd(x, full_matrices=full_matrices)
    return s, u, contract.matrix_transpose(vh)


_tensor = tensor


def qr(input: Any, full_matrices: bool = False, name: Any = None) -> Any:
    """Q and R."""
    return tuple(linalg.qr(tensor(input), mode="complete" if full_matrices else "reduced"))


def eigh(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices, of which only the lower triangle is read."""
    return tuple(linalg.eigh(matrices.mirrored(_tensor(tensor))))


def eigvalsh(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues of symmetric matrices, of which only the lower triangle is read."""
    return linalg.eigvalsh(matrices.mirrored(_tensor(tensor)))


def eig(tensor: Any, name: Any = None) -> Any:
    """Eigenvalues and eigenvectors of matrices, complex: of values that are known, without a gradient."""
    x = _tensor(tensor)
    values, vectors = np.linalg.eig(np.asarray(x))
    kind = "complex128" if x.specs[0].dtype == np.float64 else "complex64"
    return _tensor(values, kind), _tensor(vectors, kind)


def eigvals(tensor: Any, name: Any = None) -> Any:
    """The eigenvalues of matrices, complex: see :func:`eig`."""
    return eig(tensor)[0]


def _offsets(x: Any) -> Any:
    """How far right of the main diagonal each element of matrices is."""
    return shape_ops.iota_like(x, x.ndim - 1) - shape_ops.iota_like(x, x.ndim - 2)


def _between(k: Any) -> tuple[int, int]:
    """The lowest and the highest of some diagonals."""
    found = [int(n) for n in np.asarray(k).reshape(-1)]
    if len(found) not in (1, 2) or found[0] > found[-1]:
        raise fail(
            ArgumentError,
            "tf.linalg: k",
            expected="a diagonal, or the lowest and the highest one",
            received=found,
        )
    return found[0], found[-1]


def _begins(right: int, length: int, longest: int, align: str) -> int:
    """Where the numbers of a diagonal begin in a row for the longest one."""
    places = align.upper().split("_")
    if len(places) != 2 or {*places} - {"LEFT", "RIGHT"}:
        raise fail(
            ArgumentError,
            "tf.linalg: align",
            expected="two of LEFT and RIGHT, such as RIGHT_LEFT",
            received=align,
        )
    return longest - length if places[0 if right >= 0 else 1] == "RIGHT" else 0


def diag(
    diagonal: Any, name: str = "diag", k: Any = 0, num_rows: Any = -1, num_cols: Any = -1, padding_value: Any = 0,
    align: str = "RIGHT_LEFT",
) -> Any:  # fmt: skip
    """Matrices with given diagonals, ``k`` places right of the main one; ``padding_value`` elsewhere.

    ``k`` may be the lowest and the highest of several, whose numbers stand in the last but one axis, the highest first,
    at the left or right end (``align``, of those above and below) where a diagonal is shorter than the longest.
    ``num_rows`` and ``num_cols``: -1 for as few as they can be.
    """
    d, (low, high) = tensor(diagonal), _between(k)
    rows, columns = int(number(num_rows)), int(number(num_cols))
    if low == high and np.ndim(k) == 0 and (rows, columns) == (-1, -1):
        return _one_diagonal(d, low, padding_value)
    if low != high and (d.ndim < 2 or d.shape[-2] != high - low + 1):
        raise fail(
            ArgumentError, "tf.linalg.diag: diagonal", expected=f"rows of {high - low + 1} diagonals",
            received=f"shape {d.shape}",
        )  # fmt: skip
    longest = int(d.shape[-1])
    least_rows, least_columns = longest + max(-high, 0), longest + max(low, 0)
    if (rows, columns) == (-1, -1):
        rows = columns = max(least_rows, least_columns)
    rows, columns = (least_rows if rows == -1 else rows), (least_columns if columns == -1 else columns)
    many = shape_ops.expand_dims(d, -2) if np.ndim(k) == 0 or (low == high and d.ndim == 1) else d
    base = core.constant(np.full((rows, columns), padding_value, np.dtype(d.dtype)))
    wide = shape_ops.broadcast_to(base, (*many.shape[:-2], rows, columns))
    return _with_diagonals(wide, many, low, high, longest, align)


def _one_diagonal(d: Any, right: int, padding_value: Any) -> Any:
    """Square matrices of one diagonal each, of any length."""
    along, across = shape_ops.expand_dims(d, -1), shape_ops.expand_dims(d, -2)
    square: Any = elementwise.add(along, shape_ops.full_like(across, 0))
    before, after = max(-right, 0), max(right, 0)
    sides = [(0, 0)] * (square.ndim - 2) + [(before, after), (after, before)]
    wide: Any = tiling.pad(square, sides) if right else square
    return elementwise.where(_offsets(wide) == right, wide, cast(padding_value, d.dtype))


def _with_diagonals(x: Any, many: Any, low: int, high: int, longest: int, align: str) -> Any:
    """Matrices of which some diagonals are those in the rows of ``many``, the highest first."""
    rows, columns = x.shape[-2:]
    offsets, start = _offsets(x), shape_ops.iota_like(x, x.ndim - 2)
    for right in range(low, high + 1):
        length = min(rows + min(right, 0), columns - max(right, 0))
        begin = _begins(right, length, longest, align)
        numbers: Any = many[..., high - right, begin : begin + length]
        above = max(-right, 0)
        sides = [(0, 0)] * (numbers.ndim - 1) + [(above, rows - above - length)]
        along = shape_ops.expand_dims(tiling.pad(numbers, sides), -1)
        within = elementwise.less(start, above + length)
        x = elementwise.where(elementwise.equal(offsets, right) & within, along, x)
    return x


def diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0, align: str = "RIGHT_LEFT"
) -> Any:
    """The diagonals of matrices, ``k`` places right of the main one; of several (see :func:`diag`), one in each row,
    shorter ones filled up with ``padding_value``.
    """
    x, (low, high) = tensor(input), _between(k)
    if low == high:
        return contract.diagonal(x[..., max(-low, 0) :, max(low, 0) :])
    rows, columns = x.shape[-2:]
    lengths = {right: min(rows + min(right, 0), columns - max(right, 0)) for right in range(low, high + 1)}
    longest, parts = max(lengths.values()), []
    for right in range(high, low - 1, -1):
        part = contract.diagonal(x[..., max(-right, 0) :, max(right, 0) :])
        begin = _begins(right, lengths[right], longest, align)
        sides = [(0, 0)] * (part.ndim - 1) + [(begin, longest - begin - lengths[right])]
        parts.append(tiling.pad(part, sides, constant_values=padding_value))
    return joining.stack(parts, axis=-2)


def tensor_diag(diagonal: Any, name: str | None = None) -> Any:
    """The tensor of twice as many axes that has the given elements where both halves of its indices are equal."""
    d: Any = tensor(diagonal)
    return shape_ops.reshape(diag(shape_ops.reshape(d, (-1,))), (*d.shape, *d.shape))


def tensor_diag_part(input: Any, name: str | None = None) -> Any:
    """What :func:`tensor_diag` put there."""
    x: Any = tensor(input)
    half = tuple(x.shape[: x.ndim // 2])
    count = int(np.prod(half))
    return shape_ops.reshape(contract.diagonal(shape_ops.reshape(x, (count, count))), half)


def set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0, align: str = "RIGHT_LEFT") -> Any:
    """Matrices with other diagonals, in the order of :func:`diag`; the main one unless given."""
    x, d = pair(input, diagonal)
    low, high = _between(k)
    if (low, high) == (0, 0):
        return triangles.with_diagonal(x, d if d.ndim < x.ndim else d[..., 0, :])
    many = d if d.ndim == x.ndim else shape_ops.expand_dims(d, -2)
    return _with_diagonals(x, many, low, high, int(many.shape[-1]), align)


def band_part(input: Any, num_lower: Any, num_upper: Any, name: Any = None) -> Any:
    """The elements near the diagonal: so many below and above it (-1: all); 0 elsewhere."""
    x: Any = tensor(input)
    low, high = int(number(num_lower)), int(number(num_upper))
    right = _offsets(x)
    if low >= 0:
        x = elementwise.where(right >= -low, x, cast(0, x.dtype))
    return elementwise.where(right <= high, x, cast(0, x.dtype)) if high >= 0 else x


def cross(a: Any, b: Any, name: Any = None) -> Any:
    """The cross product of vectors of three numbers."""
    return linalg.cross(*pair(a, b))


def expm(input: Any, name: Any = None) -> Any:
    """The exponential of matrices: scaled, summed by Taylor's series to degree 16, and squared back (about 1e-7)."""
    x: Any = tensor(input)
    halvings = max(0, int(np.ceil(np.log2(max(float(np.abs(np.asarray(x)).sum(-1).max()), 1.0)))) + 1)
    x = x / 2.0**halvings
    total = term = core.constant(np.eye(x.shape[-1], dtype=x.dtype)) + x * 0
    for k in range(1, 17):
        term = contract.matmul(term, x) / float(k)
        total = total + term
    for _ in range(halvings):
        total = contract.matmul(total, total)
    return total


def global_norm(t_list: Any, name: Any = None) -> Any:
    """The root of the sum of all squares."""
    from thalweg import optimizers

    return optimizers.global_norm([tensor(rows_in(t)) for t in t_list if t is not None])


def normalize(tensor: Any, ord: Any = "euclidean", axis: Any = None, name: Any = None) -> Any:
    """The tensor divided by its norm, and the norm."""
    size = norm(tensor, ord, axes(axis), keepdims=True)
    return _tensor(tensor) / size, size
