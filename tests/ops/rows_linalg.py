"""Rows of linear algebra. Factorisations are defined up to signs, so both sides use LAPACK through NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from ops.harness import Row
from thalweg.ops import linalg

_HOST = 1e-4  # a few digits of float32 are lost to the condition of the matrices


def _regular(rng: np.random.Generator, shapes: Any, dtype: str) -> list[np.ndarray]:
    """Random matrices, the first moved away from singular ones."""
    arrays = [rng.normal(size=s) for s in shapes]
    n = shapes[0][-1]
    arrays[0] = arrays[0] + 3 * np.eye(n)
    return [a.astype(dtype) for a in arrays]


def _positive(rng: np.random.Generator, shapes: Any, dtype: str) -> list[np.ndarray]:
    """Positive definite matrices with separate eigenvalues."""
    made = []
    for shape in shapes:
        x = rng.normal(size=shape)
        made.append((x @ np.swapaxes(x, -1, -2) + np.diag(np.arange(1.0, 1 + shape[-1]))).astype(dtype))
    return made


def _separate(rng: np.random.Generator, shapes: Any, dtype: str) -> list[np.ndarray]:
    """Matrices with separate singular values away from zero."""
    made = []
    for shape in shapes:
        u, _, vh = np.linalg.svd(rng.normal(size=shape), full_matrices=False)
        made.append(((u * np.arange(1.0, 1 + u.shape[-1])) @ vh).astype(dtype))
    return made


def _row(name: str, fn: Any, inputs: Any, reference: Any, make: Any, **more: Any) -> Row:
    return Row(name, fn, inputs, reference=reference, make=make, rtol=_HOST, **more)


def _solve(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b[:, None])[..., 0] if b.ndim == 1 else np.linalg.solve(a, b)


SQUARE: Any = [((3, 3),), ((2, 4, 4),), ((1, 1),)]
TALL: Any = [((4, 3),), ((2, 3, 3),)]

ROWS = [
    _row(
        "solve",
        linalg.solve,
        [((3, 3), (3,)), ((2, 3, 3), (3,)), ((2, 3, 3), (3, 2)), ((3, 3), (2, 3, 1))],
        _solve,
        _regular,
    ),
    _row("inv", linalg.inv, SQUARE, np.linalg.inv, _regular),
    _row("det", linalg.det, SQUARE, np.linalg.det, _regular),
    _row("slogdet", linalg.slogdet, SQUARE, lambda x: tuple(np.linalg.slogdet(x)), _regular),
    _row("cholesky", linalg.cholesky, SQUARE, np.linalg.cholesky, _positive),
    _row(
        "cholesky upper",
        lambda x: linalg.cholesky(x, upper=True),
        SQUARE,
        lambda x: np.swapaxes(np.linalg.cholesky(x), -1, -2),
        _positive,
    ),
    _row("qr", linalg.qr, TALL, lambda x: tuple(np.linalg.qr(x)), _separate),
    _row(
        "qr complete",
        lambda x: linalg.qr(x, mode="complete"),
        [((3, 3),)],
        lambda x: tuple(np.linalg.qr(x, "complete")),
        _separate,
    ),
    _row("eigh", linalg.eigh, SQUARE, lambda x: tuple(np.linalg.eigh(x)), _positive),
    _row("eigvalsh", linalg.eigvalsh, SQUARE, np.linalg.eigvalsh, _positive),
    _row(
        "svd thin",
        lambda x: linalg.svd(x, full_matrices=False),
        [*TALL, ((3, 4),)],
        lambda x: tuple(np.linalg.svd(x, full_matrices=False)),
        _separate,
    ),
    _row(
        "svdvals", linalg.svdvals, [*TALL, ((3, 4),)], lambda x: np.linalg.svd(x, compute_uv=False), _separate
    ),
    _row("pinv", linalg.pinv, [*TALL, ((3, 4),)], np.linalg.pinv, _separate),
    _row(
        "lstsq",
        linalg.lstsq,
        [((5, 3), (5,)), ((5, 3), (5, 2))],
        lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0],
        lambda rng, shapes, dtype: [
            *_separate(rng, shapes[:1], dtype),
            rng.normal(size=shapes[1]).astype(dtype),
        ],
    ),
    _row(
        "matrix_power",
        lambda x: linalg.matrix_power(x, 3),
        SQUARE,
        lambda x: np.linalg.matrix_power(x, 3),
        _regular,
    ),
    _row(
        "matrix_power negative",
        lambda x: linalg.matrix_power(x, -2),
        SQUARE,
        lambda x: np.linalg.matrix_power(x, -2),
        _regular,
    ),
    _row(
        "trace",
        lambda x: linalg.trace(x, offset=1),
        [((3, 4),), ((2, 3, 3),)],
        lambda x: np.trace(x, 1, -2, -1),
        None,
    ),
    _row("cross", linalg.cross, [((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (4, 3))], np.cross, None),
    _row(
        "cross axis",
        lambda x, y: linalg.cross(x, y, axis=0),
        [((3, 2), (3, 2))],
        lambda x, y: np.cross(x, y, axis=0),
        None,
    ),
    *[
        _row(
            f"vector_norm {order} {axis}",
            lambda x, order=order, axis=axis: linalg.vector_norm(x, ord=order, axis=axis),
            [((3, 4),), ((5,),)],
            lambda x, order=order, axis=axis: np.linalg.norm(
                x if axis is not None else x.ravel(), order, axis=axis
            ),
            None,
        )
        for order in (2, 1, 3, 0.5, np.inf, -np.inf)
        for axis in (None, 0)
    ],
    *[
        _row(
            f"matrix_norm {order}",
            lambda x, order=order: linalg.matrix_norm(x, ord=order),
            [((3, 4),), ((2, 4, 3),)],
            lambda x, order=order: np.linalg.norm(x, order, axis=(-2, -1)),
            _separate,
        )
        for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)
    ],
]
