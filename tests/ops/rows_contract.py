"""Rows of the contractions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ops.harness import Row
from thalweg.ops import contract

# A sum of n products errs by up to n roundings; the cases have at most some tens of terms.
_SUMS = 2e-5


def _row(name: str, fn: Any, inputs: Any, reference: Any, **more: Any) -> Row:
    return Row(name, fn, inputs, reference=reference, rtol=_SUMS, **more)


def _einsum(subscripts: str, *shapes: tuple[int, ...]) -> Row:
    return _row(
        f"einsum {subscripts}",
        lambda *xs: contract.einsum(subscripts, *xs),
        [shapes],
        lambda *xs: np.einsum(subscripts, *xs),
    )


MATMUL: Any = [
    ((3,), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3,)),
    ((5, 7), (7, 3)),
    ((5, 2, 3), (3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((2, 3), (5, 3, 4)),
    ((5, 1, 2, 3), (2, 3, 4)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
]

ROWS = [
    _row("matmul", contract.matmul, MATMUL, np.matmul),
    Row("matmul integers", contract.matmul, MATMUL, reference=np.matmul, dtypes=("int32", "int64"), order=0),
    _row(
        "tensordot",
        lambda x, y: contract.tensordot(x, y, axes=1),
        [((2, 3), (3, 4)), ((3,), (3,)), ((2, 3, 4), (4, 2))],
        lambda x, y: np.tensordot(x, y, 1),
    ),
    _row(
        "tensordot axes",
        lambda x, y: contract.tensordot(x, y, axes=((0, 1), (1, 0))),
        [((2, 3), (3, 2)), ((2, 3, 4), (3, 2, 5))],
        lambda x, y: np.tensordot(x, y, ((0, 1), (1, 0))),
    ),
    _row(
        "vecdot",
        contract.vecdot,
        [((4, 3), (3,)), ((3,), (3,)), ((0, 3), (3,))],
        lambda x, y: (x * y).sum(-1),
    ),
    _row(
        "vecdot axis",
        lambda x, y: contract.vecdot(x, y, axis=-2),
        [((4, 3, 2), (3, 2)), ((3, 2), (3, 2))],
        lambda x, y: (x * y).sum(-2),
    ),
    _row("outer", contract.outer, [((3,), (4,)), ((0,), (2,))], np.outer),
    _row("inner", contract.inner, [((3,), (3,)), ((2, 3), (4, 3)), ((), (3,))], np.inner),
    _row("dot", contract.dot, [((3,), (3,)), ((2, 3), (3, 4)), ((2, 3, 4), (5, 4, 3)), ((), (3,))], np.dot),
    _row(
        "kron",
        contract.kron,
        [((2, 3), (4, 5)), ((3,), (2,)), ((2,), (2, 3)), ((2, 3, 2), (2,)), ((), (3,))],
        np.kron,
    ),
    _row(
        "diagonal",
        contract.diagonal,
        [((3, 3),), ((2, 3, 4),), ((0, 3),)],
        lambda x: np.diagonal(x, 0, -2, -1),
    ),
    _row(
        "diagonal offset",
        lambda x: contract.diagonal(x, offset=-1, axis1=0, axis2=2),
        [((3, 2, 3),), ((1, 2, 3),), ((4, 2, 1),)],
        lambda x: np.diagonal(x, -1, 0, 2),
    ),
    _einsum("ij,jk", (2, 3), (3, 4)),
    _einsum("ij,jk->ki", (2, 3), (3, 4)),
    _einsum("ii", (3, 3)),
    _einsum("ii->i", (3, 3)),
    _einsum("iij->j", (3, 3, 4)),
    _einsum("iii->i", (3, 3, 3)),
    _einsum("ijij,jk->ik", (2, 3, 2, 3), (3, 4)),
    _einsum("...ij,...jk->...ik", (5, 2, 3), (3, 4)),
    _einsum("...,...", (2, 3), (3,)),
    _einsum("b...,b...->...", (2, 3, 4), (2, 1, 4)),
    _einsum("i...->...", (2, 3, 4)),
    _einsum("i,j", (3,), (4,)),
    _einsum("ij->", (2, 3)),
    _einsum("ij,kl->i", (2, 3), (4, 5)),
    _einsum("ij,ij", (2, 3), (1, 3)),
    _einsum("bij,bjk->bik", (5, 2, 3), (5, 3, 4)),
    _einsum("ij,jk,kl->il", (2, 3), (3, 4), (4, 5)),
    _einsum("ij,jk,ik->", (2, 3), (3, 4), (2, 4)),
    _einsum("ij,j->i", (3, 0), (0,)),
    _einsum("ij,j->i ", (0, 3), (3,)),
]
