"""``theano.tensor.slinalg``: factorisations and systems of equations."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import floats
from thalweg.compat.theano.variable import TensorVariable


def cholesky(x: Any, lower: bool = True) -> TensorVariable:
    """The triangular factor of a positive definite matrix."""
    return TensorVariable(tw.linalg.cholesky(*floats(x), upper=not lower))


def solve(a: Any, b: Any, **_: Any) -> TensorVariable:
    """The solution of a x = b."""
    return TensorVariable(tw.linalg.solve(*floats(a, b)))


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
