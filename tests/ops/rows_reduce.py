"""Rows of the reductions, norms and running sums."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special

from ops.harness import INTEGERS, Row, Shapes
from thalweg.ops import norms
from thalweg.ops import reduce as r

ALL: list[Shapes] = [((),), ((37,),), ((3, 5),), ((2, 3, 4),)]
WITH_EMPTY: list[Shapes] = [*ALL, ((0, 2),)]
GRIDS: list[Shapes] = [((3, 5),), ((7, 1),), ((2, 3, 19),)]
ROWS_OF_NONE: list[Shapes] = [((0, 5),), ((3, 5),)]
BOOL = ("bool", *INTEGERS)


def _over(name: str, op: Any, reference: Any, cases: list[Shapes] = WITH_EMPTY, **more: Any) -> list[Row]:
    """The op over all axes, over each end, over several, and with its axes kept."""

    def last(x: Any, **attrs: Any) -> Any:
        return reference(x, axis=-1, keepdims=True)

    return [
        Row(name, op, cases, reference=reference, **more),
        Row(f"{name} last axis kept", op, GRIDS, {"axis": -1, "keepdims": True}, reference=last, **more),
        Row(f"{name} first axis", op, GRIDS, {"axis": 0}, reference=reference, **more),
        Row(
            f"{name} two axes",
            op,
            [((4, 3, 5),), ((2, 1, 3, 2),)],
            {"axis": (0, 2)},
            reference=reference,
            **more,
        ),
    ]


def _with_zeros(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """About a third of the elements are 0."""
    (shape,) = shapes
    values = rng.uniform(0.5, 1.5, shape) * rng.integers(0, 3, shape).clip(0, 1)
    return [np.asarray(values).astype(dtype)]


def _ties(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """Few different values, and some NaN."""
    (shape,) = shapes
    values = rng.integers(0, 3, shape).astype(float)
    if np.dtype(dtype).kind == "f":
        values = np.where(rng.uniform(size=shape) < 0.1, np.nan, values)
    return [np.asarray(values).astype(dtype)]


def _infinite(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """Rows of -inf, rows that hold +inf, rows far from 0."""
    rows = [[-np.inf] * 3, [np.inf, 1, -np.inf], [-np.inf, 2, 1], [3e4, 3e4, 3e4], [-3e4, -3e4, -3e4]]
    return [np.array(rows, dtype)]


def _huge(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    return [np.array([[3e25, 4e25], [3e-30, 4e-30], [0, 0]], dtype)]


def _equal_rows(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    return [np.array([[2, 2, 2], [0, 0, 0]], dtype)]


def _argument(op: Any) -> Any:
    return lambda x, axis=None, keepdims=False: op(x, axis=axis, keepdims=keepdims)


def _norm(ord: Any) -> Any:
    def reference(x: Any, axis: Any = None, keepdims: bool = False, **_: Any) -> Any:
        flat = x if axis is not None else x.reshape(-1)
        result = np.linalg.norm(flat, ord, axis if axis is not None else 0)
        return np.expand_dims(result, axis) if keepdims else result

    return reference


SUMS = [
    *_over("sum", r.sum, np.sum, dtypes=("float16", "float32", "float64"), integer=True),
    Row("sum bool", r.sum, ALL, dtypes=BOOL, domain=(0, 1), order=0, reference=np.sum),
    Row("sum as float64", r.sum, ALL, {"dtype": "float64"}, reference=np.sum, integer=True, rtol=1e-6),
    Row("sum no axes", r.sum, ALL, {"axis": ()}, reference=np.sum),
    Row("sum over none", r.sum, ROWS_OF_NONE, {"axis": 0}, reference=np.sum),
    Row(
        "sum long",
        r.sum,
        [((5000,),), ((3, 2100),)],
        {"axis": -1},
        domain=(0.5, 2),
        order=0,
        reference=np.sum,
    ),
    *_over("prod", r.prod, np.prod, domain=(0.5, 1.5), integer=True, rtol=1e-5),
    Row("prod beside zeros", r.prod, GRIDS, {"axis": -1}, make=_with_zeros, reference=np.prod, rtol=1e-5),
    Row("prod of others", r.product_of_others, [((1, 1),), ((3, 5),), ((2, 8),)], {"axis": (1,)}, rtol=1e-5),
    Row(
        "sum of squares",
        norms.sum_of_squares,
        GRIDS,
        {"axis": -1},
        reference=lambda x, axis: np.sum(x * x, axis),
    ),
]
ORDER = [
    *_over("max", r.max, np.max, cases=ALL, integer=True, exact=True),
    *_over("min", r.min, np.min, cases=ALL, integer=True, exact=True),
    *_over("greatest", r.greatest, np.max, cases=ALL, integer=True, exact=True),
    *_over("least", r.least, np.min, cases=ALL, integer=True, exact=True),
    Row(
        "max with ties and NaN", r.max, GRIDS, {"axis": -1}, make=_ties, order=0, exact=True, reference=np.max
    ),
    Row("max of no rows", r.max, [((0, 5),)], {"axis": 1}, reference=np.max),
    *(
        Row(
            f"{op.name} of nothing",
            op,
            [((2, 0),), ((0, 2),), ((3, 4),)],
            {"axis": 1, "of_none": True},
            reference=lambda x, axis, of_none, choose=choose, first=first: choose(
                x, axis=axis, initial=first
            ),
            exact=True,
        )
        for op, choose, first in ((r.max, np.max, -np.inf), (r.min, np.min, np.inf))
    ),
    *(
        Row(
            f"{name}{kind}",
            op,
            cases,
            attrs,
            make=_ties,
            order=0,
            integer=True,
            reference=_argument(reference),
        )
        for name, op, reference in (("argmax", r.argmax, np.argmax), ("argmin", r.argmin, np.argmin))
        for kind, cases, attrs in (
            ("", ALL, {}),
            (" last axis", GRIDS, {"axis": -1}),
            (" first axis kept", GRIDS, {"axis": 0, "keepdims": True}),
            (" kept", GRIDS, {"keepdims": True}),
        )
    ),
    *_over("all", r.all, np.all, dtypes=BOOL, domain=(0, 3), order=0),
    *_over("any", r.any, np.any, dtypes=BOOL, domain=(0, 1), order=0),
    Row("any floats", r.any, GRIDS, {"axis": 1}, make=_with_zeros, order=0, reference=np.any),
    Row(
        "count_nonzero",
        r.count_nonzero,
        GRIDS,
        {"axis": 1},
        make=_with_zeros,
        order=0,
        reference=np.count_nonzero,
    ),
]
MEANS = [
    *_over("mean", r.mean, np.mean, cases=ALL, dtypes=("float16", "float32", "float64")),
    Row(
        "mean integers",
        r.mean,
        ALL,
        dtypes=("bool", "int8", "int64"),
        domain=(0, 9),
        order=0,
        reference=np.mean,
        rtol=2e-7,
    ),
    Row(
        "mean over none",
        r.mean,
        [((0, 2),)],
        {"axis": 0},
        order=0,
        reference=lambda x, axis: np.full(2, np.nan),
    ),
    *_over("var", r.var, np.var, cases=ALL, rtol=1e-5),
    Row(
        "var corrected",
        r.var,
        GRIDS[::2],
        {"axis": -1, "correction": 1},
        rtol=1e-5,
        reference=lambda x, axis, correction: np.var(x, axis, ddof=correction),
    ),
    Row("var integers", r.var, [((3, 5),)], dtypes=("int32",), order=0, reference=np.var, rtol=1e-6),
    *_over("std", r.std, np.std, cases=[((37,),), ((3, 5),)], rtol=1e-5),
    Row("std of equals", r.std, [((2, 3),)], {"axis": 1}, make=_equal_rows, order=0, reference=np.std),
]
EXPONENTS = [
    *_over(
        "logsumexp",
        r.logsumexp,
        lambda x, axis=None, keepdims=False: special.logsumexp(x, axis=axis, keepdims=keepdims),
        cases=ALL,
        rtol=1e-5,
    ),
    Row(
        "logsumexp over none",
        r.logsumexp,
        [((0, 2),)],
        {"axis": 0},
        order=0,
        reference=lambda x, axis: np.full(2, -np.inf),
    ),
    Row(
        "logsumexp infinite",
        r.logsumexp,
        [((5, 3),)],
        {"axis": 1},
        make=_infinite,
        order=0,
        reference=lambda x, axis: special.logsumexp(x, axis=axis),
    ),
]
NORMS = [
    *(
        Row(
            f"norm {ord}",
            norms.norm,
            GRIDS,
            {"ord": ord, "axis": -1, "keepdims": True},
            domain=(0.3, 2.0),
            rtol=1e-5,
            order=order,
            reference=_norm(ord),
        )
        for ord, order in ((2, 2), (1, 2), (np.inf, 2), (-np.inf, 2), (3, 2), (0.5, 2), (-1, 2), (0, 0))
    ),
    Row(
        "norm of all",
        norms.norm,
        ALL,
        reference=lambda x: np.sqrt(np.sum(x * x)),
        rtol=1e-5,
        domain=(0.3, 2.0),
    ),
    Row("norm signs", norms.norm, GRIDS, {"ord": 3.0, "axis": 0}, reference=_norm(3.0), rtol=1e-5),
    Row(
        "norm huge and zero",
        norms.norm,
        [((3, 2),)],
        {"axis": 1},
        make=_huge,
        order=0,
        reference=_norm(2),
        rtol=1e-5,
    ),
    Row("norm of none", norms.norm, [((0, 2),)], {"axis": 0}, order=0, reference=lambda x, axis: np.zeros(2)),
]


def _running(op: Any, identity: float) -> Any:
    def reference(
        x: Any, axis: int = 0, include_initial: bool = False, exclusive: bool = False, reverse: bool = False
    ) -> Any:
        x = np.flip(x, axis) if reverse else x
        y = op(x, axis=axis)
        if include_initial or exclusive:
            y = np.insert(y, 0, identity, axis=axis)
        if exclusive:
            y = np.delete(y, -1, axis=axis)
        return np.flip(y, axis) if reverse else y

    return reference


LINES: list[Shapes] = [((37,),), ((3, 5),), ((4, 2, 3),), ((1,),)]
RUNNING = [
    Row(
        f"{name}{kind}",
        op,
        cases,
        attrs,
        reference=_running(reference, identity),
        domain=(-1.5, 1.5),
        integer=True,
        rtol=1e-5,
    )
    for name, op, reference, identity in (
        ("cumulative_sum", r.cumulative_sum, np.cumsum, 0),
        ("cumulative_prod", r.cumulative_prod, np.cumprod, 1),
    )
    for kind, cases, attrs in (
        ("", [((9,),), ((1,),)], {}),
        (" first axis", LINES, {"axis": 0}),
        (" last axis with initial", LINES, {"axis": -1, "include_initial": True}),
        (" exclusive from the end", LINES, {"axis": 0, "exclusive": True, "reverse": True}),
        (" of none", [((0, 2),)], {"axis": 0}),
    )
] + [
    Row(
        "cumulative_prod beside zeros",
        r.cumulative_prod,
        GRIDS,
        {"axis": -1},
        make=_with_zeros,
        rtol=1e-5,
        reference=lambda x, axis: np.cumprod(x, axis),
    ),
]

ROWS = [*SUMS, *ORDER, *MEANS, *EXPONENTS, *NORMS, *RUNNING]
