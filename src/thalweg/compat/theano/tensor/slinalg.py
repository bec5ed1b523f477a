"""``theano.tensor.slinalg``: factorisations and systems of equations."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.names import only
from thalweg.compat.theano.conversion import floats
from thalweg.compat.theano.tensor.basic import eye
from thalweg.compat.theano.variable import TensorVariable


def cholesky(x: Any, lower: bool = True) -> TensorVariable:
    """The triangular factor of a positive definite matrix."""
    return TensorVariable(tw.linalg.cholesky(*floats(x), upper=not lower))


def solve(a: Any, b: Any, name: str | None = None) -> TensorVariable:
    """The solution of a x = b."""
    made = TensorVariable(tw.linalg.solve(*floats(a, b)))
    made.name = name
    return made


solve_symmetric = solve


def cho_solve(c_and_lower: Any, b: Any, check_finite: bool = True) -> TensorVariable:
    """The solution of a x = b, given a's triangular factor and whether it is the lower one."""
    factor, lower = c_and_lower
    left, right = floats(factor, b)
    low = tw.tril(left) if lower else tw.permute_dims(tw.triu(left))
    return TensorVariable(tw.linalg.solve(tw.permute_dims(low), tw.linalg.solve(low, right)))


class Solve:
    """``Solve(A_structure="lower_triangular", lower=True)(a, b)``: the solution of a x = b for that part of a."""

    def __init__(
        self,
        A_structure: str = "general",
        lower: bool = False,
        overwrite_A: bool = False,
        overwrite_b: bool = False,
    ) -> None:
        structures = {
            "lower_triangular": solve_lower_triangular,
            "upper_triangular": solve_upper_triangular,
            "symmetric": solve,
            "general": solve,
        }
        if A_structure not in structures:
            raise ValueError(
                f"Solve: A_structure must be one of {', '.join(structures)}, received {A_structure!r}"
            )
        self._solve = structures[A_structure]

    def __call__(self, A: Any, b: Any) -> TensorVariable:
        return self._solve(A, b)


class Cholesky:
    """:func:`cholesky` as an op: ``Cholesky(lower=True)(x)``."""

    def __init__(self, lower: bool = True, destructive: bool = False, on_error: str = "raise") -> None:
        only("Cholesky", "on_error", on_error, "raise")
        self.lower = lower

    def __call__(self, x: Any) -> TensorVariable:
        return cholesky(x, self.lower)


_SQUARINGS = 24  # enough for matrices of norm up to 2^23


def expm(A: Any) -> TensorVariable:
    """The exponential of a square matrix: halved until its norm is below 1/2, a Padé quotient of degree 6, squared."""
    (a,) = floats(A)
    size = tw.max(tw.sum(tw.abs(a), axis=1))
    count = tw.clip(tw.ceil(tw.log2(tw.maximum(size, 1e-30))) + 1, 0, _SQUARINGS)
    scaled = tw.multiply(a, tw.exp2(tw.negative(count)))
    power = top = bottom = eye(TensorVariable(a).shape[0], dtype=a.dtype).tensor
    factor = 1.0
    for k in range(1, 7):
        factor *= (7 - k) / (k * (13 - k))
        power = tw.matmul(power, scaled)
        top = tw.add(top, tw.multiply(power, factor))
        bottom = tw.add(bottom, tw.multiply(power, (-1) ** k * factor))
    made = tw.linalg.solve(bottom, top)
    for k in range(_SQUARINGS):
        made = tw.cond(tw.less(k, count), lambda m=made: tw.matmul(m, m), lambda m=made: tw.identity(m))
    return TensorVariable(made)


class Expm:
    """:func:`expm` as an op: ``Expm()(x)``."""

    def __call__(self, A: Any) -> TensorVariable:
        return expm(A)


def eigvalsh(a: Any, b: Any = None, lower: bool = True) -> TensorVariable:
    """The eigenvalues of a symmetric matrix, or those of a x = w b x for a positive definite b."""
    (left,) = floats(a)
    half = tw.tril(left) if lower else tw.permute_dims(tw.triu(left))
    left = tw.add(half, tw.permute_dims(tw.tril(half, k=-1)))  # the other half is not looked at
    if b is not None:
        factor = tw.linalg.cholesky(floats(b)[0])
        half = tw.linalg.solve(factor, left)
        left = tw.linalg.solve(factor, tw.permute_dims(half))
    return TensorVariable(tw.linalg.eigvalsh(left))


def solve_lower_triangular(a: Any, b: Any) -> TensorVariable:
    """The solution of a x = b for the lower triangle of a."""
    left, right = floats(a, b)
    return TensorVariable(tw.linalg.solve(tw.tril(left), right))


def solve_upper_triangular(a: Any, b: Any) -> TensorVariable:
    """The solution of a x = b for the upper triangle of a."""
    left, right = floats(a, b)
    return TensorVariable(tw.linalg.solve(tw.triu(left), right))


def kron(a: Any, b: Any) -> TensorVariable:
    """The Kronecker product."""
    return TensorVariable(tw.kron(*floats(a, b)))
