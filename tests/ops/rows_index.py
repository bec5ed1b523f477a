"""Rows of indexing: slices, integer indices, what is added and written there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ops.harness import Row, Shapes, draw
from thalweg.ops import index, search, segments

CUBE: list[Shapes] = [((4, 5, 3),)]
KEYS: dict[str, Any] = {
    "int": 1,
    "negative int": (-1, ..., -2),
    "slice": slice(1, 3),
    "steps": (slice(None, None, -2), slice(3, None, -1)),
    "new axes": (None, slice(1, None), None, 2),
    "beyond the end": (slice(2, 99), slice(-99, 2)),
    "empty slice": (slice(3, 1), slice(None, None, -1)),
    "list": [2, 0, -1],
    "lists together": (slice(None), [0, 4, -1], [2, 0, 1]),
    "lists apart": ([0, 3], slice(None), [1, 2]),
    "list and int apart": (0, slice(1, 4), [2, 0]),
    "lists broadcast": (slice(None), np.array([[0], [4]]), [2, 0, 1]),
    "list after new axis": (None, [1, 0], None, slice(None, None, 2)),
    "mask": np.arange(20).reshape(4, 5) % 3 == 0,
    "mask and slice": (slice(1, None), [True, False, True, True, False]),
    "mask and list": ([True, False, True, False], slice(None), [0, 2]),
    "empty list": ([],),
    "everything": ...,
}


def _take(axis: Any) -> Any:
    def make(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
        length = shapes[0][axis]
        return [draw(rng, shapes[0], dtype, -2, 2), rng.integers(-length, max(length, 1), shapes[1])]

    return make


def _add(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """A base, indices into its first axis, updates."""
    base, places = shapes
    updates = (*places, *base[1:])
    return [
        draw(rng, base, dtype, -2, 2),
        rng.integers(-base[0], base[0], places).astype(np.int32),
        draw(rng, updates, dtype, -2, 2),
    ]


def _added(x: Any, indices: Any, updates: Any) -> Any:
    result = x.copy()
    np.add.at(result, indices, updates)
    return result


def _bettered(better: Any, x: Any, indices: Any, updates: Any) -> Any:
    result = x.copy()
    better.at(result, indices, updates)
    return result


def _written(x: Any, indices: Any, updates: Any) -> Any:
    result = x.copy()
    result[indices] = updates
    return result


def _vectors(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    base, places = shapes
    bounds = np.array(base[: places[-1]])
    return [draw(rng, base, dtype, -2, 2), rng.integers(-bounds, bounds, places)]


def _segments(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    return [draw(rng, shapes[0], dtype, -2, 2), rng.integers(0, 4, shapes[0][:1])]


def _full_segments(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    """Rows, and ids of which none below 4 is missing."""
    return [draw(rng, shapes[0], dtype, -2, 2), rng.permutation(np.arange(shapes[0][0]) % 4)]


def _sorted(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    return [np.sort(draw(rng, shapes[0], dtype, 0, 5)), draw(rng, shapes[1], dtype, 0, 5)]


def _replaced(key: Any) -> Any:
    def reference(x: Any, value: Any) -> Any:
        result = x.copy()
        result[key] = value
        return result

    return reference


def _increased(key: Any) -> Any:
    def reference(x: Any, value: Any) -> Any:
        result = x.copy()
        np.add.at(result, key, value)
        return result

    return reference


SLICES = [
    Row(
        f"x[{name}]",
        lambda x, key=key: index.getitem(x, key),
        CUBE,
        reference=lambda x, key=key: x[key],
        integer=True,
        exact=True,
    )
    for name, key in KEYS.items()
]
TAKEN = [
    Row(
        "take rows",
        lambda x, i: index.take(x, i, axis=0),
        [((5, 3), (7,)), ((4,), ()), ((4, 2), (2, 3)), ((3, 2), (0,)), ((0, 2), (0,))],
        make=_take(0),
        reference=lambda x, i: np.take(x, i, axis=0),
        exact=True,
    ),
    Row(
        "take columns",
        lambda x, i: index.take(x, i, axis=-1),
        [((5, 3), (7,)), ((2, 4), (2, 3))],
        make=_take(-1),
        reference=lambda x, i: np.take(x, i, axis=-1),
        exact=True,
    ),
    Row(
        "take in batches",
        lambda x, i: index.take(x, i, axis=2, batch_dims=1),
        [((2, 3, 4), (2, 5)), ((2, 3, 4), (2,)), ((3, 2, 5), (3, 2, 2)), ((0, 2, 3), (0, 2))],
        make=_take(2),
        reference=lambda x, i: (
            np.stack([np.take(a, b, axis=1) for a, b in zip(x, i, strict=True)])
            if len(x)
            else np.zeros((0, x.shape[1], *i.shape[1:]), x.dtype)
        ),
        exact=True,
    ),
    Row(
        "take_along_axis",
        index.take_along_axis,
        [((5, 3), (5, 2)), ((4,), (6,)), ((2, 4), (1, 3))],
        make=_take(-1),
        reference=lambda x, i: np.take_along_axis(x, i, axis=-1),
        exact=True,
    ),
    Row(
        "x[tensor, :, tensor]",
        lambda x, i, j: index.getitem(x, (i, slice(None), j)),
        [((3, 4, 3), (2, 1), (5,))],
        exact=True,
        make=lambda rng, s, dtype: [
            draw(rng, s[0], dtype, -2, 2),
            rng.integers(-3, 3, s[1]),
            rng.integers(-3, 3, s[2]),
        ],
        reference=lambda x, i, j: x[i, :, j],
    ),
    Row(
        "gather_nd",
        index.gather_nd,
        [((3, 4), (5, 2)), ((3, 4, 2), (2, 3, 1)), ((3, 4), (2,))],
        make=_vectors,
        exact=True,
        reference=lambda x, i: x[tuple(np.moveaxis(i, -1, 0))],
    ),
    Row(
        "gather_nd batches",
        lambda x, i: index.gather_nd(x, i, batch_dims=1),
        [((3, 3, 2), (3, 4, 1))],
        make=_vectors,
        exact=True,
        reference=lambda x, i: np.stack([x[k][i[k, :, 0]] for k in range(3)]),
    ),
]
WRITTEN = [
    Row(
        "scatter_add",
        index.scatter_add,
        [((5, 3), (7,)), ((4,), (2, 5)), ((4, 2), (0,)), ((2, 2), ())],
        make=_add,
        reference=_added,
    ),
    Row(
        "scatter_set",
        lambda x, i, u: index.index_update(x, i, u),
        [((5, 3), (7,)), ((4,), (2, 5)), ((3, 2), (0,))],
        make=_add,
        reference=_written,
        exact=True,
    ),
    Row(
        "segment_sum",
        lambda x, ids: segments.segment_sum(x, ids, 4),
        [((7, 3),), ((9,),), ((0, 2),)],
        make=_segments,
        reference=lambda x, ids: _added(np.zeros((4, *x.shape[1:]), x.dtype), ids, x),
    ),
    *[
        Row(
            name,
            lambda x, ids, op=op: op(x, ids, 4),
            [((7, 3),), ((9,),)],
            make=_full_segments,
            reference=lambda x, ids, best=reference: np.stack([best(x[ids == k], axis=0) for k in range(4)]),
            exact=True,
        )
        for name, op, reference in (
            ("segment_max", segments.segment_max, np.max),
            ("segment_min", segments.segment_min, np.min),
        )
    ],
    *[
        Row(
            name,
            lambda x, i, op=op: op(x, i, np.float64(0.5) * np.ones(5)),
            [((3, 4), (5, 2))],
            make=_vectors,
            reference=lambda x, i, better=better: _bettered(better, x, tuple(np.moveaxis(i, -1, 0)), 0.5),
            exact=True,
        )
        for name, op, better in (
            ("scatter_nd_max", index.scatter_nd_max, np.maximum),
            ("scatter_nd_min", index.scatter_nd_min, np.minimum),
        )
    ],
    Row(
        "scatter_nd_add",
        lambda x, i: index.scatter_nd_add(x, i, np.float64(1.5) * np.ones(5)),
        [((3, 4), (5, 2))],
        make=_vectors,
        reference=lambda x, i: _added(x, tuple(np.moveaxis(i, -1, 0)), 1.5),
    ),
    Row(
        "scatter_nd_update",
        lambda x, i: index.scatter_nd_update(x, i, np.float64(1.5) * np.ones(5)),
        [((3, 4), (5, 2))],
        make=_vectors,
        exact=True,
        reference=lambda x, i: _written(x, tuple(np.moveaxis(i, -1, 0)), 1.5),
    ),
    Row(
        "put_along_axis",
        lambda x, i: index.put_along_axis(x, i, 5.0),
        [((4, 3), (4, 2))],
        make=_take(-1),
        exact=True,
        reference=lambda x, i: _put(x, i, 5.0),
    ),
    *(
        Row(
            f"index_update {name}",
            lambda x, v, key=KEYS[name]: index.index_update(x, key, v),
            [((4, 5, 3), ())],
            exact=True,
            reference=_replaced(KEYS[name]),
        )
        for name in ("int", "steps", "new axes", "empty slice", "lists apart", "mask", "everything")
    ),
    *(
        Row(
            f"index_add {name}",
            lambda x, v, key=KEYS[name]: index.index_add(x, key, v),
            [((4, 5, 3), ())],
            reference=_increased(KEYS[name]),
        )
        for name in ("int", "steps", "lists together", "list")
    ),
]


def _put(x: Any, indices: Any, value: float) -> Any:
    result = x.copy()
    np.put_along_axis(result, indices, value, axis=-1)
    return result


SEARCHED = [
    Row(
        "searchsorted",
        search.searchsorted,
        [((9,), (4, 2)), ((3,), ()), ((0,), (2,))],
        make=_sorted,
        order=0,
        reference=np.searchsorted,
    ),
    Row(
        "searchsorted right",
        search.searchsorted,
        [((9,), (4,))],
        {"side": "right"},
        make=_sorted,
        order=0,
        integer=True,
        reference=np.searchsorted,
    ),
]

_LATE = np.array([-np.inf, -1.0, -0.0, 0.0, 1.0, 1.0, np.inf, np.nan, np.nan])
SEARCHED += [
    Row(
        f"searchsorted among NaN {side}",
        search.searchsorted,
        [((9,), (9,))],
        {"side": side},
        make=lambda rng, shapes, dtype: [_LATE.astype(dtype), _LATE[::-1].astype(dtype)],
        order=0,
        reference=np.searchsorted,
    )
    for side in ("left", "right")
]

ROWS = [*SLICES, *TAKEN, *WRITTEN, *SEARCHED]
