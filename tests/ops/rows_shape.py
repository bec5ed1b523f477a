"""Rows of the shape ops: views, joins, tilings, padding, triangles."""

from __future__ import annotations

from typing import Any

import numpy as np

from ops.harness import INTEGERS, Row, Shapes, draw
from thalweg.ops import create, joining, shape, slices, tiling
from thalweg.ops import triangles as triangles_ops

ANY: list[Shapes] = [((37,),), ((3, 5),), ((2, 3, 4),), ((0, 2),)]
MATRICES: list[Shapes] = [((3, 5),), ((2, 4, 3),), ((1, 1),), ((0, 2),)]
PAIRS: list[Shapes] = [((3, 2), (3, 2)), ((1, 4), (1, 4)), ((0, 2), (0, 2))]


def _row(name: str, fn: Any, cases: list[Shapes], attrs: dict[str, Any] | None = None, **more: Any) -> Row:
    """Elements only move, so results are exact and of any dtype."""
    return Row(name, fn, cases, attrs or {}, **{"integer": True, "exact": True, **more})


def _indices(rng: np.random.Generator, shapes: Shapes, dtype: str) -> list[np.ndarray]:
    return [draw(rng, shapes[0], dtype, -1, 5)]


def _windows(x: Any, size: Any, strides: Any = 1, dilation: Any = 1, axes: Any = None) -> Any:
    """np.lib's windows, thinned."""
    size = np.atleast_1d(size)
    axes = tuple(range(x.ndim - len(size), x.ndim)) if axes is None else tuple(axes)
    strides, dilation = (np.broadcast_to(v, len(size)) for v in (strides, dilation))
    span = tuple((n - 1) * d + 1 for n, d in zip(size, dilation, strict=True))
    seen = np.lib.stride_tricks.sliding_window_view(x, span, axes)
    key: list[Any] = [slice(None)] * x.ndim + [slice(None, None, d) for d in dilation]
    for a, s in zip(axes, strides, strict=True):
        key[a] = slice(None, None, s)
    return seen[tuple(key)]


def _dilated(x: Any, steps: Any, value: float = 0) -> Any:
    steps = (1,) * (x.ndim - len(np.atleast_1d(steps))) + tuple(np.atleast_1d(steps))
    result = np.full([(d - 1) * s + 1 for d, s in zip(x.shape, steps, strict=True)], value, x.dtype)
    result[tuple(slice(None, None, s) for s in steps)] = x
    return result


VIEWS = [
    _row("permute_dims", shape.permute_dims, ANY, reference=np.transpose),
    _row(
        "permute_dims cycle",
        shape.permute_dims,
        [((2, 3, 4),), ((1, 0, 4),)],
        {"axes": (1, 2, 0)},
        reference=np.transpose,
    ),
    _row(
        "moveaxis",
        lambda x: shape.moveaxis(x, (0, 1), (-1, 0)),
        [((2, 3, 4),), ((2, 3, 4, 5),)],
        reference=lambda x: np.moveaxis(x, (0, 1), (-1, 0)),
    ),
    _row("swapaxes", lambda x: shape.swapaxes(x, 0, -1), ANY, reference=lambda x: np.swapaxes(x, 0, -1)),
    _row(
        "reshape",
        shape.reshape,
        [((4, 3),), ((12,),), ((2, 3, 2),)],
        {"shape": (2, -1)},
        reference=np.reshape,
    ),
    _row("flatten", shape.flatten, [((),), *ANY], reference=np.ravel),
    _row(
        "merge_axes",
        shape.merge_axes,
        [((2, 3, 4),), ((2, 0, 4),)],
        {"axis": 1},
        reference=lambda x, axis: x.reshape(2, -1) if x.size else np.zeros((2, 0), x.dtype),
    ),
    _row("expand_dims", shape.expand_dims, [((),), *ANY], {"axis": (0, -1)}, reference=np.expand_dims),
    _row("squeeze", shape.squeeze, [((1,),), ((3, 1),), ((1, 2, 1),), ((3, 5),)], reference=np.squeeze),
    _row("squeeze one", shape.squeeze, [((1, 1),), ((2, 1),)], {"axis": -1}, reference=np.squeeze),
    _row(
        "broadcast_to",
        shape.broadcast_to,
        [((),), ((5,),), ((3, 1),), ((3, 5),)],
        {"shape": (3, 5)},
        reference=np.broadcast_to,
    ),
    _row(
        "broadcast_arrays",
        shape.broadcast_arrays,
        [((3, 1), (5,)), ((), (2, 2)), ((0, 1), (1, 3))],
        reference=lambda *xs: tuple(np.broadcast_arrays(*xs)),
    ),
    _row("flip", slices.flip, [((),), *ANY], reference=np.flip),
    _row("flip one", slices.flip, ANY[1:], {"axis": 1}, reference=np.flip),
    _row("windows", slices.windows, [((9,),), ((2, 3),)], {"size": 3}, reference=_windows),
    _row(
        "windows strided",
        slices.windows,
        [((7, 9),), ((2, 6, 8),)],
        {"size": (3, 2), "strides": (2, 3)},
        reference=_windows,
    ),
    _row(
        "windows dilated",
        slices.windows,
        [((9, 2, 11),)],
        {"size": (2, 3), "strides": (2, 1), "dilation": (3, 2), "axes": (0, 2)},
        reference=_windows,
    ),
]
JOINS = [
    _row(
        "concat",
        lambda *xs: joining.concat(xs),
        [((3, 2), (1, 2)), ((4,), (0,), (2,)), ((2, 2),)],
        reference=lambda *xs: np.concatenate(xs),
    ),
    _row(
        "concat last",
        lambda *xs: joining.concat(xs, axis=-1),
        [((3, 2), (3, 4)), ((2, 1, 3), (2, 1, 1))],
        reference=lambda *xs: np.concatenate(xs, axis=-1),
    ),
    _row(
        "concat flat",
        lambda *xs: joining.concat(xs, axis=None),
        [((3, 2), (3,)), ((), (2,))],
        reference=lambda *xs: np.concatenate(xs, axis=None),
    ),
    _row("concat twice", lambda x: joining.concat([x, x]), ANY, reference=lambda x: np.concatenate([x, x])),
    _row("stack", lambda *xs: joining.stack(xs), [((), ()), *PAIRS], reference=lambda *xs: np.stack(xs)),
    _row(
        "stack last",
        lambda *xs: joining.stack(xs, axis=-1),
        [((), ()), *PAIRS],
        reference=lambda *xs: np.stack(xs, axis=-1),
    ),
    _row(
        "unstack",
        joining.unstack,
        [((3, 2),), ((2, 3, 4),)],
        {"axis": 1},
        reference=lambda x, axis: tuple(np.moveaxis(x, axis, 0)),
    ),
    _row(
        "split",
        lambda x: joining.split(x, 3),
        [((6,),), ((3, 2),)],
        reference=lambda x: tuple(np.split(x, 3)),
    ),
    _row(
        "split sizes",
        lambda x: joining.split(x, [1, -1, 0, 2], axis=-1),
        [((6,),), ((2, 4),)],
        reference=lambda x: tuple(np.split(x, [1, x.shape[-1] - 2, x.shape[-1] - 2], axis=-1)),
    ),
]
COPIES = [
    _row("roll", lambda x: tiling.roll(x, 2), ANY, reference=lambda x: np.roll(x, 2)),
    _row(
        "roll axes",
        lambda x: tiling.roll(x, (1, -7), axis=(0, 1)),
        ANY[1:],
        reference=lambda x: np.roll(x, (1, -7), (0, 1)),
    ),
    _row(
        "tile", lambda x: tiling.tile(x, (2, 1, 3)), [((),), *ANY], reference=lambda x: np.tile(x, (2, 1, 3))
    ),
    _row("tile last", lambda x: tiling.tile(x, 2), ANY, reference=lambda x: np.tile(x, 2)),
    _row("tile none", lambda x: tiling.tile(x, 0), ANY, reference=lambda x: np.tile(x, 0)),
    _row("repeat", lambda x: tiling.repeat(x, 3), [((),), *ANY], reference=lambda x: np.repeat(x, 3)),
    _row(
        "repeat axis",
        lambda x: tiling.repeat(x, 2, axis=1),
        ANY[1:],
        reference=lambda x: np.repeat(x, 2, axis=1),
    ),
    _row(
        "repeat each",
        lambda x: tiling.repeat(x, [2, 0, 1], axis=0),
        [((3,),), ((3, 2),)],
        reference=lambda x: np.repeat(x, [2, 0, 1], axis=0),
    ),
    _row(
        "pad",
        lambda x: tiling.pad(x, (1, 2), constant_values=3),
        [((),), *ANY],
        reference=lambda x: np.pad(x, (1, 2), constant_values=3) if x.ndim else x,
    ),
    _row("pad nothing", lambda x: tiling.pad(x, 0), ANY, reference=lambda x: x),
    _row(
        "pad -inf",
        lambda x: tiling.pad(x, 1, constant_values=-np.inf),
        ANY,
        integer=False,
        order=0,
        reference=lambda x: np.pad(x, 1, constant_values=-np.inf),
    ),
    *(
        _row(
            f"pad {mode}",
            tiling.pad,
            [((5,),), ((3, 4),), ((4, 3, 5),)],
            {"pad_width": (2, 1), "mode": mode},
            reference=np.pad,
        )
        for mode in ("reflect", "symmetric", "edge")
    ),
    *(
        _row(
            f"pad {mode} far",
            tiling.pad,
            [((3, 2),)],
            {"pad_width": ((7, 4), (0, 3)), "mode": mode},
            reference=np.pad,
        )
        for mode in ("reflect", "symmetric")
    ),
    _row(
        "dilate",
        lambda x: slices.dilate(x, 3),
        [((),), ((5,),), ((3, 4),)],
        reference=lambda x: _dilated(x, (3,) * x.ndim),
    ),
    _row(
        "dilate last",
        lambda x: slices.dilate(x, (2, 1), value=7),
        [((3, 4),), ((2, 3, 1),)],
        reference=lambda x: _dilated(x, (2, 1), 7),
    ),
]


def _with_diagonal(x: np.ndarray, d: np.ndarray) -> np.ndarray:
    made = x.copy()
    for k in range(min(x.shape[-2:])):
        made[..., k, k] = d[..., k]
    return made


TRIANGLES = [
    _row(
        "with diagonal",
        triangles_ops.with_diagonal,
        [((3, 3), (3,)), ((2, 4), (2,)), ((2, 4, 3), (2, 3))],
        reference=_with_diagonal,
    ),
    _row("tril", triangles_ops.tril, MATRICES, reference=np.tril),
    _row("triu", lambda x: triangles_ops.triu(x, k=-1), MATRICES, reference=lambda x: np.triu(x, -1)),
    _row("trace", triangles_ops.trace, [((3, 5),), ((4, 4),)], reference=np.trace, exact=False),
    _row(
        "diag", lambda x: triangles_ops.diag(x, k=1), [((4,),), ((3, 4),)], reference=lambda x: np.diag(x, 1)
    ),
    _row(
        "diag below",
        lambda x: triangles_ops.diag(x, k=-2),
        [((4,),), ((5, 4),)],
        reference=lambda x: np.diag(x, -2),
    ),
    _row(
        "meshgrid",
        triangles_ops.meshgrid,
        [((3,), (4,)), ((2,), (1,), (3,)), ((3,),)],
        reference=lambda *xs: tuple(np.meshgrid(*xs)),
    ),
    _row(
        "meshgrid ij",
        lambda *xs: triangles_ops.meshgrid(*xs, indexing="ij"),
        [((3,), (4,)), ((2,), (1,), (3,))],
        reference=lambda *xs: tuple(np.meshgrid(*xs, indexing="ij")),
    ),
    Row(
        "one_hot",
        lambda x: triangles_ops.one_hot(x, 4),
        [((),), ((7,),), ((2, 3),), ((0,),)],
        dtypes=INTEGERS,
        make=_indices,
        order=0,
        reference=lambda x: (x[..., None] == np.arange(4)).astype(float),
    ),
    Row(
        "one_hot first",
        lambda x: triangles_ops.one_hot(x, 300, axis=0, dtype="int32"),
        [((7,),), ((2, 3),)],
        dtypes=INTEGERS,
        make=_indices,
        order=0,
        reference=lambda x: x[None] == np.arange(300).reshape((-1,) + (1,) * x.ndim),
    ),
    _row(
        "iota_like",
        lambda x: shape.iota_like(x, -1),
        ANY,
        order=0,
        reference=lambda x: np.arange(x.shape[-1]).reshape((1,) * (x.ndim - 1) + (-1,)),
    ),
    _row("zeros_like", create.zeros_like, ANY, reference=np.zeros_like, order=0),
    _row(
        "ones_like as int32",
        lambda x: create.ones_like(x, dtype="int32"),
        ANY,
        order=0,
        reference=np.ones_like,
    ),
    _row("full_like", lambda x: create.full_like(x, 3), ANY, order=0, reference=lambda x: np.full_like(x, 3)),
]

ROWS = [*VIEWS, *JOINS, *COPIES, *TRIANGLES]
