"""Rows of sorting."""

from __future__ import annotations

from typing import Any

import numpy as np

from ops.harness import Row, Shapes
from thalweg.ops import sort

CASES: list[Shapes] = [((9,),), ((3, 5),), ((2, 4, 3),), ((0, 2),), ((1,),)]
NONEMPTY: list[Shapes] = [((9,),), ((3, 4),), ((1,),)]


def _down(x: Any) -> Any:
    return -np.sort(-x.astype(np.float64))


def _order_down(x: Any) -> Any:
    return np.argsort(-x.astype(np.float64), kind="stable")


def _few(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """Many equal values."""
    return [rng.integers(0, 3, shapes[0]).astype(dtype)]


def _long(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """Values of every size, equal ones, both zeros, infinities and NaN."""
    x = (rng.normal(size=shapes[0]) * 10.0 ** rng.integers(0, 3, shapes[0])).astype(dtype)
    flat = x.reshape(-1)
    if np.issubdtype(x.dtype, np.floating):
        for k, value in enumerate((0.0, -0.0, np.inf, -np.inf, np.nan)):
            flat[k::23] = value
    return [x]


def _top(x: Any) -> Any:
    order = _order_down(x)[..., :2]
    return np.take_along_axis(x, order, -1), order


LONG: list[Shapes] = [((3, 161),), ((2, 160),), ((1, 3000),)]
ROWS = [
    Row(
        "argsort long",
        sort.argsort,
        LONG,
        make=_long,
        reference=lambda x: np.argsort(x, kind="stable"),
        dtypes=("float16", "float32", "float64"),
        integer=True,
        order=0,
    ),
    *[
        Row(
            f"{count} of long",
            lambda x, count=count: sort.top_k(x, count, largest=False)[1],
            LONG,
            make=_long,
            reference=lambda x, count=count: np.argsort(x, kind="stable")[..., :count],
            integer=True,
            order=0,
        )
        for count in (1, 5, 19)
    ],
    Row("sort", sort.sort, CASES, reference=np.sort, integer=True, exact=True, order=1),
    Row("sort first axis", sort.sort, CASES, {"axis": 0}, reference=np.sort, exact=True, order=2),
    Row(
        "sort down",
        lambda x: sort.sort(x, descending=True),
        CASES,
        reference=_down,
        integer=True,
        exact=True,
        order=1,
    ),
    Row(
        "argsort",
        sort.argsort,
        CASES,
        make=_few,
        reference=lambda x: np.argsort(x, kind="stable"),
        integer=True,
        order=0,
    ),
    Row(
        "argsort down",
        lambda x: sort.argsort(x, descending=True),
        CASES,
        make=_few,
        reference=_order_down,
        integer=True,
        order=0,
    ),
    Row(
        "top_k",
        lambda x: sort.top_k(x, 2),
        [((9,),), ((3, 5),)],
        reference=_top,
        integer=True,
        exact=True,
        order=2,
    ),
    Row(
        "top_k smallest",
        lambda x: sort.top_k(x, 2, largest=False, axis=0)[0],
        [((9,),), ((3, 5),)],
        exact=True,
        reference=lambda x: np.sort(x, axis=0)[:2],
    ),
    Row("median", sort.median, [((),), *NONEMPTY], reference=np.median, order=1),
    Row(
        "median last axis",
        lambda x: sort.median(x, axis=-1, keepdims=True),
        NONEMPTY,
        reference=lambda x: np.median(x, axis=-1, keepdims=True),
        order=2,
    ),
]
