"""``theano.tensor.nlinalg``: matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import common, floats
from thalweg.compat.theano.operation import Op
from thalweg.compat.theano.printing import Apply
from thalweg.compat.theano.tensor.basic import diag, norm, prod, reshape, stack, trace
from thalweg.compat.theano.tensor_type import tensor_type
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable, lengths_of, wrap

__all__ = [
    "alloc_diag", "det", "diag", "eig", "eigh", "extract_diag", "lstsq", "matrix_dot", "matrix_inverse", "matrix_power",
    "norm", "pinv", "qr", "svd", "tensorinv", "tensorsolve", "trace", "AllocDiag", "ExtractDiag", "MatrixInverse",
    "MatrixPinv", "Det", "Eig", "Eigh",
]  # fmt: skip

alloc_diag = extract_diag = diag


def matrix_inverse(x: Any) -> TensorVariable:
    """The inverse of a square matrix."""
    return TensorVariable(tw.linalg.inv(*floats(x)))


def pinv(x: Any) -> TensorVariable:
    """The pseudo-inverse."""
    return TensorVariable(tw.linalg.pinv(*floats(x)))


def det(x: Any) -> TensorVariable:
    """The determinant."""
    return TensorVariable(tw.linalg.det(*floats(x)))


def eigh(x: Any, UPLO: str = "L") -> list[TensorVariable]:
    """Eigenvalues and eigenvectors of a symmetric matrix, of which the lower ("L") or upper ("U") triangle is read."""
    (whole,) = floats(x)
    whole = whole if UPLO == "L" else tw.permute_dims(whole)
    return wrap(list(tw.linalg.eigh(tw.add(tw.tril(whole), tw.permute_dims(tw.tril(whole, k=-1))))))


class Eig(Op):
    """The eigenvalues and right eigenvectors of a square matrix; they must be real."""

    __props__: tuple[str, ...] = ()
    _numop = staticmethod(np.linalg.eig)

    def make_node(self, x: Any) -> Apply:
        v = as_tensor_variable(x)
        if v.ndim != 2:
            raise TypeError(f"eig: expected a matrix, received {v.ndim} axes")
        return Apply(self, [v], [tensor_type(v.dtype, (False,))(), tensor_type(v.dtype, (False, False))()])

    def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
        for storage, found in zip(output_storage, self._numop(inputs[0]), strict=True):
            if np.iscomplexobj(found):
                raise ValueError(
                    "eig: this matrix has complex eigenvalues, and there are no complex numbers here"
                )
            storage[0] = found


eig = Eig()


def svd(a: Any, full_matrices: int = 1, compute_uv: int = 1) -> Any:
    """Singular values, with the two bases unless ``compute_uv=0``."""
    (t,) = floats(a)
    if not compute_uv:
        return TensorVariable(tw.linalg.svdvals(t))
    return wrap(list(tw.linalg.svd(t, full_matrices=bool(full_matrices))))


def qr(a: Any, mode: str = "reduced") -> Any:
    """An orthogonal and a triangular factor."""
    (t,) = floats(a)
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"qr: mode must be reduced, complete or r, received {mode!r}")
    if mode == "r":
        return TensorVariable(tw.linalg.qr(t)[1])
    return wrap(list(tw.linalg.qr(t, mode="complete" if mode == "complete" else "reduced")))


class lstsq(Op):
    """``lstsq()(x, y, rcond)``: the least-squares solution, its residuals, the rank and the singular values of x."""

    def make_node(self, x: Any, y: Any, rcond: Any = -1) -> Apply:
        given = [as_tensor_variable(v) for v in (x, y, rcond)]
        left, right = given[:2]
        if left.ndim != 2 or right.ndim not in (1, 2):
            raise TypeError(
                f"lstsq: expected a matrix and a vector or matrix, received {left.ndim} and {right.ndim} axes"
            )
        dtype = left.dtype if left.dtype.startswith("float") else "float64"
        vector = tensor_type(dtype, (False,))
        outputs = [
            tensor_type(dtype, (False,) * right.ndim)(),
            vector(),
            tensor_type("int32", ())(),
            vector(),
        ]
        return Apply(self, given, outputs)

    def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
        for storage, found in zip(output_storage, np.linalg.lstsq(*inputs), strict=True):
            storage[0] = found


def matrix_power(M: Any, n: int) -> TensorVariable:
    """The matrix multiplied with itself n times."""
    return TensorVariable(tw.linalg.matrix_power(*floats(M), n))


def matrix_dot(*args: Any) -> TensorVariable:
    """The product of several matrices."""
    first, *rest = common(*args)
    for other in rest:
        first = tw.matmul(first, other)
    return TensorVariable(first)


def tensorinv(a: Any, ind: int = 2) -> TensorVariable:
    """The inverse of ``tensordot`` with a, whose first ``ind`` axes hold as many elements as the others."""
    (t,) = floats(a)
    lengths = lengths_of(t)
    rows = prod(stack(lengths[:ind]))
    flat = tw.linalg.inv(reshape(TensorVariable(t), [rows, rows]).tensor)
    return reshape(TensorVariable(flat), [*lengths[ind:], *lengths[:ind]])


def tensorsolve(a: Any, b: Any, axes: Any = None) -> TensorVariable:
    """The tensor x whose ``tensordot`` with a over all its axes is b."""
    left, right = floats(a, b)
    if axes is not None:
        order = [k for k in range(left.ndim) if k not in axes] + [int(k) for k in axes]
        left = tw.permute_dims(left, tuple(order))
    rest = lengths_of(left)[right.ndim :]
    flat = tw.linalg.solve(reshape(TensorVariable(left), [-1, prod(stack(rest))]).tensor, tw.flatten(right))
    return reshape(TensorVariable(flat), rest)


def _as_op(function: Any, doc: str) -> type:
    """The class of an op without settings: ``MatrixInverse()(x)``."""
    return type("Op", (), {"__call__": staticmethod(function), "__doc__": doc})


Eigh = _as_op(eigh, ":func:`eigh` as an op.")
MatrixInverse = _as_op(matrix_inverse, ":func:`matrix_inverse` as an op.")
MatrixPinv, Det = _as_op(pinv, ":func:`pinv` as an op."), _as_op(det, ":func:`det` as an op.")
AllocDiag = ExtractDiag = _as_op(diag, ":func:`diag` as an op.")
