"""Convolution and pooling over any number of spatial axes: [N, *S, C] with filters [*K, C / groups, O].

Convolution is linear in its input, its filters and (seen from its gradient) the output's gradient, so three ops close
the family: ``conv``, ``conv_input_gradient`` and ``conv_filter_gradient`` are each other's gradients to any order. They
expand into one matrix product over the windows of the padded input.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError, fail
from thalweg.graph.lowering import Assemble, Layout, View, row_major
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, constant, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matrix_product
from thalweg.ops.elementwise import add, divide, equal, maximum, where
from thalweg.ops.families import cast_all, to_floats, to_numbers
from thalweg.ops.reduce import max as max_
from thalweg.ops.reduce import sum as sum_

Pads = tuple[tuple[int, int], ...]

_PHASES = 64  # of the outputs of a dilated input; with more their convolutions are more code than work
_UNROLLED = 25  # places of a window up to which work on each is written out, to merge with what follows

# --- geometry -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Grid:
    """How windows lie on the spatial axes: one entry per axis of each field."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    pads: Pads
    dilation: tuple[int, ...]
    spread: tuple[int, ...]  # step between input elements: they are dilated before padding

    def padded(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """The lengths after dilating and padding."""
        return tuple(_dilated(n, d) + lo + hi for n, d, (lo, hi) in zip(lengths, self.spread, self.pads))

    def extents(self) -> tuple[int, ...]:
        """How many places a window spans."""
        return tuple(_dilated(k, d) for k, d in zip(self.kernel, self.dilation))

    def outputs(self, lengths: Sequence[int]) -> tuple[int, ...]:
        """How many windows fit."""
        spans = zip(self.padded(lengths), self.extents(), self.strides)
        return tuple(max((p - e) // s + 1, 0) for p, e, s in spans)


def _dilated(length: int, step: int) -> int:
    return (length - 1) * step + 1 if length else 0


def _output_length(
    n: int | None, k: int | None, stride: int, pad: Any, dilation: int, spread: int
) -> int | None:
    """The number of windows along one axis, None where it cannot be known yet."""
    if n is None:
        return None
    if pad == "SAME":
        return -(-_dilated(n, spread) // stride)
    if k is None:
        return None
    room, extent = _dilated(n, spread) + sum(pad), _dilated(k, dilation)
    if room < extent and n:
        raise fail(
            ShapeError,
            "the window is longer than the padded input",
            expected=f"at least {extent} places on every spatial axis",
            received=f"{room}",
            hint="pad the input, or use a smaller window or dilation",
        )
    return max((room - extent) // stride + 1, 0)


def _same_pads(n: int, k: int, stride: int, dilation: int, spread: int) -> tuple[int, int]:
    """ceil(n / stride) outputs; the odd place of the padding goes after."""
    length = _dilated(n, spread)
    total = max((-(-length // stride) - 1) * stride + _dilated(k, dilation) - length, 0)
    return total // 2, total - total // 2


def per_axis(value: Any, rank: int, name: str, least: int = 1) -> tuple[int, ...]:
    """One int per spatial axis, from an int or a sequence."""
    values = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) == 1:
        values = values * rank
    if len(values) != rank or not all(isinstance(v, (int, np.integer)) and v >= least for v in values):
        raise fail(
            ArgumentError, name, expected=f"an int >= {least}, or {rank} of them", received=repr(value)
        )
    return tuple(int(v) for v in values)


def _pad_pair(pad: Any) -> tuple[int, int]:
    before, after = (pad, pad) if isinstance(pad, (int, np.integer)) else pad
    return int(before), int(after)


def normal_padding(padding: Any, rank: int, extents: Sequence[int | None]) -> Any:
    """ "SAME", or one (before, after) pair per spatial axis, from a word, an int, ints or pairs."""
    if isinstance(padding, str):
        word = padding.upper()
        if word == "SAME":
            return word
        if word == "VALID":
            return ((0, 0),) * rank
        if word == "CAUSAL" and rank == 1 and extents[0] is not None:
            return ((extents[0] - 1, 0),)
        raise fail(
            ArgumentError, "padding", expected='"SAME", "VALID", ints or pairs', received=repr(padding)
        )
    try:
        pairs = tuple(
            map(_pad_pair, (padding,) * rank if isinstance(padding, (int, np.integer)) else padding)
        )
    except (TypeError, ValueError) as error:
        what = 'expected "SAME", "VALID", ints or pairs (before, after)'
        raise fail(ArgumentTypeError, f"padding: {what}", received=repr(padding)) from error
    if len(pairs) != rank:
        raise fail(ArgumentError, "padding", expected=f"{rank} pairs (before, after)", received=repr(padding))
    return pairs


def _spatial_rank(x: Tensor, name: str) -> int:
    rank = len(x.known_shape()) - 2
    if rank < 1:
        raise fail(ShapeError, f"{name}: x", expected="[N, *spatial axes, C]", received=shape_text(x.shape))
    return rank


def _grid(
    lengths: Sequence[int], kernel: Sequence[int], strides: Any, padding: Any, dilation: Any, spread: Any
) -> Grid:
    if padding == "SAME":
        padding = tuple(map(_same_pads, lengths, kernel, strides, dilation, spread))
    return Grid(tuple(kernel), strides, padding, dilation, spread)


# --- windows, and placing and cutting: how the expansions reach the elements ----------------------------------------


def _windows_view(layout: Layout, *, counts: Any, kernel: Any, strides: Any, dilation: Any) -> Layout:
    inner = layout.strides[1:-1]
    steps = tuple(s * t for s, t in zip(inner, strides))
    taps = tuple(s * d for s, d in zip(inner, dilation))
    shape = (layout.shape[0], *counts, *kernel, layout.shape[-1])
    return Layout(layout.offset, shape, (layout.strides[0], *steps, *taps, layout.strides[-1]))


@make_op(
    {},
    infer=lambda x, *, counts, kernel, **_: Spec((x.shape[0], *counts, *kernel, x.shape[-1]), x.dtype),
    lower=View(_windows_view),
)
def _windows(x, /, counts, kernel, strides, dilation):  # type: ignore[no-untyped-def]
    """[N, *S, C] to [N, *counts, *kernel, C]: each window's elements, without copying."""
    bytes_ = Layout(0, x.shape, x.strides)
    view = _windows_view(bytes_, counts=counts, kernel=kernel, strides=strides, dilation=dilation)
    if not math.prod(view.shape):
        return np.zeros(view.shape, x.dtype)
    return np.lib.stride_tricks.as_strided(x, view.shape, view.strides, writeable=False)


def _cut_view(layout: Layout, *, starts: Any, counts: Any, steps: Any) -> Layout:
    inner = layout.strides[1:-1]
    empty = 0 in counts
    offset = layout.offset + (0 if empty else sum(s * a for s, a in zip(inner, starts)))
    strides = (layout.strides[0], *(s * t for s, t in zip(inner, steps)), layout.strides[-1])
    return Layout(offset, (layout.shape[0], *counts, layout.shape[-1]), strides)


@make_op(
    {},
    infer=lambda x, *, counts, **_: Spec((x.shape[0], *counts, x.shape[-1]), x.dtype),
    lower=View(_cut_view),
)
def _cut(x, /, starts, counts, steps):  # type: ignore[no-untyped-def]
    """``counts`` elements of each spatial axis, from ``starts`` by ``steps`` (negative ones reverse)."""
    index = [np.arange(c) * s + a for a, c, s in zip(starts, counts, steps)]
    for axis, places in enumerate(index, 1):
        x = x.take(places, axis)
    return x


def _place_parts(
    shapes: Any, out_shape: tuple[int, ...], *, lengths: Any, starts: Any, steps: Any, fill: Any
) -> Any:
    whole = row_major(out_shape)
    places = [_cut_view(whole, starts=a, counts=shape[1:-1], steps=steps) for a, shape in zip(starts, shapes)]
    full = sum(math.prod(shape) for shape in shapes) == math.prod(out_shape)
    return None if full else fill, list(enumerate(places))


@make_op(
    {},
    infer=lambda *parts, lengths, **_: Spec(
        (parts[0].shape[0], *lengths, parts[0].shape[-1]), parts[0].dtype
    ),
    lower=Assemble(_place_parts),
)
def _place(*parts, lengths, starts, steps, fill):  # type: ignore[no-untyped-def]
    """An array of ``fill`` in which part k stands from ``starts[k]``, its elements ``steps`` apart."""
    result = np.full((parts[0].shape[0], *lengths, parts[0].shape[-1]), fill, parts[0].dtype)
    for part, start in zip(parts, starts):
        stops = (slice(a, a + _dilated(n, s), s) for a, n, s in zip(start, part.shape[1:-1], steps))
        result[(slice(None), *stops)] = part
    return result


def _padded(x: Tensor, pads: Pads, spread: Sequence[int], fill: Any = 0) -> Tensor:
    """Dilated and padded; a negative pad cuts."""
    lengths = x.shape[1:-1]
    if any(s != 1 for s in spread) or any(p > 0 for pair in pads for p in pair):
        wide = tuple((max(lo, 0), max(hi, 0)) for lo, hi in pads)
        grown = tuple(_dilated(n, s) + lo + hi for n, s, (lo, hi) in zip(lengths, spread, wide))
        x = _place(x, lengths=grown, starts=(tuple(lo for lo, _ in wide),), steps=tuple(spread), fill=fill)
    if any(p < 0 for pair in pads for p in pair):
        starts = tuple(max(-lo, 0) for lo, _ in pads)
        kept = tuple(max(n + min(lo, 0) + min(hi, 0), 0) for n, (lo, hi) in zip(x.shape[1:-1], pads))
        x = _cut(x, starts=starts, counts=kept, steps=(1,) * len(kept))
    return x


def _padded_array(x: np.ndarray, pads: Pads, spread: Sequence[int], fill: Any = 0) -> np.ndarray:
    """:func:`_padded` on an array."""
    lengths = tuple(_dilated(n, s) for n, s in zip(x.shape[1:-1], spread))
    if lengths != x.shape[1:-1]:
        wide = np.zeros((x.shape[0], *lengths, x.shape[-1]), x.dtype)
        wide[(slice(None), *(slice(None, None, s) for s in spread))] = x
        x = wide
    kept = tuple(slice(max(-lo, 0), n - max(-hi, 0)) for n, (lo, hi) in zip(lengths, pads))
    x = x[(slice(None), *kept)]
    if all(lo <= 0 and hi <= 0 for lo, hi in pads):
        return x
    return np.pad(x, ((0, 0), *((max(lo, 0), max(hi, 0)) for lo, hi in pads), (0, 0)), constant_values=fill)


def _windows_array(x: np.ndarray, grid: Grid, fill: Any = 0) -> np.ndarray:
    """[N, *O, *K, C] of the padded array."""
    counts = grid.outputs(x.shape[1:-1])
    padded = _padded_array(x, grid.pads, grid.spread, fill)
    return _windows.meaning(
        padded, counts=counts, kernel=grid.kernel, strides=grid.strides, dilation=grid.dilation
    )


def _fold_array(parts: np.ndarray, lengths: Sequence[int], grid: Grid) -> np.ndarray:
    """The transpose of windows: [N, *O, *K, C] added back into [N, *lengths, C]."""
    rank = len(lengths)
    counts = parts.shape[1 : 1 + rank]
    total = np.zeros((parts.shape[0], *grid.padded(lengths), parts.shape[-1]), parts.dtype)
    if parts.size:
        for tap in itertools.product(*map(range, grid.kernel)):
            places = zip(tap, grid.dilation, grid.strides, counts)
            index = tuple(slice(k * d, k * d + _dilated(o, s), s) for k, d, s, o in places)
            total[(slice(None), *index)] += parts[(slice(None),) * (1 + rank) + tap]
    back = _padded_array(total, tuple((-lo, -hi) for lo, hi in grid.pads), (1,) * rank)
    return back[(slice(None), *(slice(None, None, s) for s in grid.spread))]


# --- conv -----------------------------------------------------------------------------------------------------------

_NAMES = ("strides", "padding", "dilation", "input_dilation")


def _conv_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    floats, attrs = to_numbers(tensors[:2], attrs)
    x, w = floats
    rank = _spatial_rank(x, "conv")
    if len(w.known_shape()) != rank + 2:
        raise fail(
            ShapeError, "conv: w", expected=f"{rank} filter axes, C / groups, O", received=shape_text(w.shape)
        )
    dilation = per_axis(attrs["dilation"], rank, "conv: dilation")
    extents = [None if k is None else _dilated(k, d) for k, d in zip(w.shape[:-2], dilation)]
    groups = attrs["groups"]
    if not isinstance(groups, (int, np.integer)) or groups < 1:
        raise fail(ArgumentError, "conv: groups", expected="an int >= 1", received=repr(groups))
    return floats, {
        "strides": per_axis(attrs["strides"], rank, "conv: strides"),
        "padding": normal_padding(attrs["padding"], rank, extents),
        "dilation": dilation,
        "input_dilation": per_axis(attrs["input_dilation"], rank, "conv: input_dilation"),
        "groups": int(groups),
    }


def _conv_infer(
    x: Spec, w: Spec, *, strides: Any, padding: Any, dilation: Any, input_dilation: Any, groups: int
) -> Spec:
    assert x.shape is not None and w.shape is not None
    channels, taken, outputs = x.shape[-1], w.shape[-2], w.shape[-1]
    if channels is not None and taken is not None and channels != taken * groups:
        raise fail(
            ShapeError,
            "the filters take another number of channels than x has",
            expected=f"w.shape[-2] * groups == x.shape[-1] == {channels}",
            received=f"{taken} * {groups}",
        )
    if outputs is not None and outputs % groups:
        many = f"a multiple of {groups}"
        raise fail(ShapeError, "the outputs do not divide into groups", expected=many, received=outputs)
    pads = [padding] * len(strides) if padding == "SAME" else padding
    lengths = map(_output_length, x.shape[1:-1], w.shape[:-2], strides, pads, dilation, input_dilation)
    return Spec((x.shape[0], *lengths, outputs), x.dtype)


def _conv_grid(lengths: Sequence[int], kernel: Sequence[int], attrs: dict[str, Any]) -> Grid:
    return _grid(lengths, kernel, *[attrs[name] for name in _NAMES])


def _wide(*arrays: np.ndarray) -> list[np.ndarray]:
    """Half precision as float32: sums are kept in the wider type and rounded once."""
    half = dtypes.is_floating(arrays[0].dtype) and arrays[0].dtype.itemsize == 2
    return [a.astype(np.float32) if half else a for a in arrays]


def _columns_array(x: np.ndarray, grid: Grid, groups: int) -> np.ndarray:
    """The windows of each group as rows: [groups, N * prod(O), prod(K) * C / groups]."""
    windows = _windows_array(x, grid)
    rows = math.prod(windows.shape[: 1 + len(grid.kernel)])
    taps, each = math.prod(grid.kernel), x.shape[-1] // groups
    split = windows.reshape(rows, taps, groups, each)
    return split.transpose(2, 0, 1, 3).reshape(groups, rows, taps * each)


def _filters_array(w: np.ndarray, groups: int) -> np.ndarray:
    """[groups, prod(K) * C / groups, O / groups]."""
    taps, each = math.prod(w.shape[:-2]), w.shape[-1] // groups
    split = w.reshape(taps * w.shape[-2], groups, each)
    return split.transpose(1, 0, 2)


def _outputs_array(y: np.ndarray, groups: int) -> np.ndarray:
    """[..., O] as [groups, rows, O / groups]."""
    rows = math.prod(y.shape[:-1])
    return y.reshape(rows, groups, y.shape[-1] // groups).transpose(1, 0, 2)


def _conv_gradient(g: Tensor, y: Tensor, x: Tensor, w: Tensor, **attrs: Any) -> list[Any]:
    return [lambda: conv_input_gradient(g, w, x, **attrs), lambda: conv_filter_gradient(x, g, w, **attrs)]


def _columns(x: Tensor, grid: Grid, groups: int) -> Tensor:
    """:func:`_columns_array` in ops; [rows, K * C] where there is one group."""
    counts = grid.outputs(x.shape[1:-1])
    rows, taps, each = x.shape[0] * math.prod(counts), math.prod(grid.kernel), x.shape[-1] // groups
    windows = _window_tensor(x, grid)
    if groups == 1:
        return shape_ops.reshape(windows, (rows, taps * each))
    split = shape_ops.reshape(windows, (*windows.shape[:-1], groups, each))
    first = len(split.shape) - 2
    by_group = shape_ops.permute_dims(split, (first, *range(first), first + 1))
    return shape_ops.reshape(by_group, (groups, rows, taps * each))


def _window_tensor(x: Tensor, grid: Grid, fill: Any = 0) -> Tensor:
    counts = grid.outputs(x.shape[1:-1])
    padded = _padded(x, grid.pads, grid.spread, fill)
    return _windows(padded, counts=counts, kernel=grid.kernel, strides=grid.strides, dilation=grid.dilation)


def _by_group(y: Tensor, rows: int, groups: int) -> Tensor:
    """[..., O] as [rows, O], or [groups, rows, O / groups]."""
    outputs = y.shape[-1]
    if groups == 1:
        return shape_ops.reshape(y, (rows, outputs))
    return shape_ops.permute_dims(shape_ops.reshape(y, (rows, groups, outputs // groups)), (1, 0, 2))


def _ungrouped(y: Tensor, shape: tuple[int, ...], groups: int) -> Tensor:
    if groups > 1:
        y = shape_ops.permute_dims(y, (1, 0, 2))
    return shape_ops.reshape(y, shape)


def _depthwise(x: Tensor, filters: Tensor, grid: Grid) -> Tensor:
    """[N, *O, C, M] of x and filters [*K, C, M]: one channel per group needs no matrix product."""
    rank = len(grid.kernel)
    if math.prod(grid.kernel) > _UNROLLED:
        windows = shape_ops.expand_dims(_window_tensor(x, grid), -1)
        return sum_(windows * filters, axis=tuple(range(1 + rank, 1 + 2 * rank)))
    wide, flat = x, shape_ops.reshape(filters, (-1, *filters.shape[rank:]))
    if dtypes.is_floating(x.dtype) and x.dtype.itemsize == 2:  # rounded once, at the end
        wide, flat = cast_all([x, flat], np.dtype(np.float32))
    taps = [shape_ops.expand_dims(tap, -1) * flat[k] for k, tap in enumerate(_tap_values(wide, grid))]
    return cast_all([functools.reduce(add, taps)], x.dtype)[0]


def _conv_expand(x: Tensor, w: Tensor, *, groups: int, **attrs: Any) -> Tensor:
    grid = _conv_grid(x.shape[1:-1], w.shape[:-2], attrs)
    if _has_phases(grid) and x.size and w.size:
        return _interleaved(x, w, grid, groups)
    counts = grid.outputs(x.shape[1:-1])
    shape = (x.shape[0], *counts, w.shape[-1])
    if groups > 1 and groups == x.shape[-1]:
        filters = shape_ops.reshape(w, (*grid.kernel, groups, w.shape[-1] // groups))
        return shape_ops.reshape(_depthwise(x, filters, grid), shape)
    filters = _by_group(w, math.prod(w.shape[:-1]), groups)
    return _ungrouped(matrix_product(_columns(x, grid, groups), filters), shape, groups)


def _has_phases(grid: Grid) -> bool:
    """Whether the input is dilated, and the windows are dense, by so little that each phase can be a convolution."""
    return 1 < math.prod(grid.spread) <= _PHASES and max(grid.strides) == 1


def _interleaved(x: Tensor, w: Tensor, grid: Grid, groups: int) -> Tensor:
    """A convolution of a dilated input without its zeros: the outputs that meet the same places of the filters lie as
    far apart as the input's elements, and are a plain convolution by these places alone.
    """
    lengths = grid.outputs(x.shape[1:-1])
    parts, starts = [], []
    for phase in itertools.product(*(range(min(s, n)) for s, n in zip(grid.spread, lengths))):
        axes = [
            _phase(*of)
            for of in zip(phase, lengths, x.shape[1:-1], w.shape[:-2], grid.spread, grid.pads, grid.dilation)
        ]
        parts.append(_of_phase(x, w, axes, groups))
        starts.append(phase)
    return _place(*parts, lengths=lengths, starts=tuple(starts), steps=grid.spread, fill=0)


@dataclass(frozen=True)
class _Phase:
    """Of one axis: how many outputs, the filter's places (first, apart, number), and their padding and dilation."""

    count: int
    taps: tuple[int, int, int]
    pads: tuple[int, int]
    dilation: int


def _phase(
    phase: int, length: int, n: int, k: int, spread: int, pads: tuple[int, int], dilation: int
) -> _Phase:
    """The outputs phase, phase + spread, ...: place t is over an element where phase + t * dilation - before is a
    multiple of the spread.
    """
    count = -(-(length - phase) // spread)
    met = [t for t in range(k) if (phase + t * dilation - pads[0]) % spread == 0]
    if not met:
        return _Phase(count, (0, 1, 0), (0, 0), 1)
    apart = met[1] - met[0] if len(met) > 1 else 1
    before = -((phase + met[0] * dilation - pads[0]) // spread)
    step = apart * dilation // spread if len(met) > 1 else 1
    after = count - 1 + _dilated(len(met), step) - n - before
    return _Phase(count, (met[0], apart, len(met)), (before, after), step)


def _of_phase(x: Tensor, w: Tensor, axes: Sequence[_Phase], groups: int) -> Tensor:
    first, apart, number = (tuple(values) for values in zip(*(a.taps for a in axes)))
    if 0 in number:
        shape = (x.shape[0], *(a.count for a in axes), w.shape[-1])
        return shape_ops.broadcast_to(constant(np.zeros((), x.dtype)), shape)
    flat = shape_ops.reshape(w, (1, *w.shape[:-2], w.shape[-2] * w.shape[-1]))
    taps = _cut(flat, starts=first, counts=number, steps=apart)
    filters = shape_ops.reshape(taps, (*number, *w.shape[-2:]))
    pads, dilation = tuple(a.pads for a in axes), tuple(a.dilation for a in axes)
    return conv(x, filters, padding=pads, dilation=dilation, groups=groups)


@make_op({}, infer=_conv_infer, prepare=_conv_prepare, grad=_conv_gradient, expand=_conv_expand)
def conv(x, w, /, strides=1, padding="VALID", dilation=1, input_dilation=1, groups=1):  # type: ignore[no-untyped-def]
    """Convolution (cross-correlation) of [N, *S, C] with filters [*K, C / groups, O] to [N, *O', O].

    y[n, p, o] = sum over k, c of x[n, p * strides + k * dilation - before, c] * w[k, c, o]. ``strides``, ``dilation``
    and ``input_dilation`` (zeros between the input's elements) are ints or one per spatial axis. ``padding`` is
    "VALID", "SAME" (ceil(S / strides) outputs, the odd zero after), "CAUSAL" (1-D), or pairs (before, after), which
    may be negative to cut. Group j of the filters sees channel group j only.

    >>> conv([[[1.0], [2.0], [3.0]]], [[[1.0]], [[10.0]]]).tolist()
    [[[21.0], [32.0]]]
    """
    attrs = {"strides": strides, "padding": padding, "dilation": dilation, "input_dilation": input_dilation}
    grid = _conv_grid(x.shape[1:-1], w.shape[:-2], attrs)
    a, b = _wide(x, w)
    y = np.matmul(_columns_array(a, grid, groups), _filters_array(b, groups))
    shape = (x.shape[0], *grid.outputs(x.shape[1:-1]), w.shape[-1])
    return y.transpose(1, 0, 2).reshape(shape).astype(x.dtype, copy=False)


def _input_gradient_gradient(
    h: Tensor, y: Tensor, g: Tensor, w: Tensor, like: Tensor, **attrs: Any
) -> list[Any]:
    return [lambda: conv(h, w, **attrs), lambda: conv_filter_gradient(h, g, w, **attrs), None]


def _transposed_filters(w: Tensor, groups: int) -> Tensor:
    """Filters reversed along their spatial axes, with inputs and outputs exchanged within each group."""
    kernel, each, outputs = w.shape[:-2], w.shape[-2], w.shape[-1]
    rank = len(kernel)
    flat = shape_ops.reshape(w, (1, *kernel, each * outputs))
    flipped = _cut(flat, starts=tuple(k - 1 for k in kernel), counts=kernel, steps=(-1,) * rank)
    split = shape_ops.reshape(flipped, (*kernel, each, groups, outputs // groups))
    swapped = shape_ops.permute_dims(split, (*range(rank), rank + 2, rank + 1, rank))
    return shape_ops.reshape(swapped, (*kernel, outputs // groups, groups * each))


def _transposed_grid(grid: Grid, lengths: Sequence[int], counts: Sequence[int]) -> dict[str, Any]:
    """The convolution of the output's gradient that gives the input's."""
    pads = []
    for n, o, e, (lo, _), stride, spread in zip(
        lengths, counts, grid.extents(), grid.pads, grid.strides, grid.spread
    ):
        before = e - 1 - lo
        pads.append((before, _dilated(n, spread) + e - 1 - before - _dilated(o, stride)))
    return {
        "strides": grid.spread,
        "padding": tuple(pads),
        "dilation": grid.dilation,
        "input_dilation": grid.strides,
    }


def _input_gradient_expand(g: Tensor, w: Tensor, like: Tensor, *, groups: int, **attrs: Any) -> Tensor:
    lengths = like.shape[1:-1]
    if not (like.size and w.size and g.size):
        return shape_ops.full_like(like, 0, g.dtype)
    grid = _conv_grid(lengths, w.shape[:-2], attrs)
    turned = _transposed_grid(grid, lengths, grid.outputs(lengths))
    return conv(g, _transposed_filters(w, groups), groups=groups, **turned)


@make_op(
    {},
    infer=lambda g, w, like, **_: Spec(like.shape, g.dtype),
    grad=_input_gradient_gradient,
    expand=_input_gradient_expand,
    shape_only=(2,),
)
def conv_input_gradient(g, w, like, /, strides, padding, dilation, input_dilation, groups):  # type: ignore[no-untyped-def]
    """The gradient of :func:`conv` with respect to x, which has the shape of ``like``; g is the output's gradient."""
    attrs = {"strides": strides, "padding": padding, "dilation": dilation, "input_dilation": input_dilation}
    lengths = like.shape[1:-1]
    grid = _conv_grid(lengths, w.shape[:-2], attrs)
    a, b = _wide(g, w)
    columns = np.matmul(_outputs_array(a, groups), _filters_array(b, groups).transpose(0, 2, 1))
    rows, taps = columns.shape[1], math.prod(grid.kernel)
    parts = columns.reshape(groups, rows, taps, w.shape[-2]).transpose(1, 2, 0, 3)
    parts = parts.reshape(like.shape[0], *grid.outputs(lengths), *grid.kernel, like.shape[-1])
    return _fold_array(parts, lengths, grid).astype(g.dtype, copy=False)


def _filter_gradient_gradient(
    h: Tensor, y: Tensor, x: Tensor, g: Tensor, like: Tensor, **attrs: Any
) -> list[Any]:
    return [lambda: conv_input_gradient(g, h, x, **attrs), lambda: conv(x, h, **attrs), None]


def _exchanged(x: Tensor, g: Tensor, like: Tensor, grid: Grid) -> Tensor:
    """The filter gradient of a dilated input without its zeros: that of the convolution which would give x."""
    pads = []
    for n, o, e, (lo, _), spread in zip(x.shape[1:-1], g.shape[1:-1], grid.extents(), grid.pads, grid.spread):
        before = e - 1 - lo
        pads.append((before, _dilated(n, spread) + e - 1 - o - before))
    attrs = {"strides": grid.spread, "padding": tuple(pads), "dilation": grid.dilation}
    turned = conv_filter_gradient(g, x, turned_filters(like), input_dilation=grid.strides, groups=1, **attrs)
    return turned_filters(turned)


def _filter_gradient_expand(x: Tensor, g: Tensor, like: Tensor, *, groups: int, **attrs: Any) -> Tensor:
    grid = _conv_grid(x.shape[1:-1], like.shape[:-2], attrs)
    rank, each = len(grid.kernel), like.shape[-1] // groups
    if groups == 1 and max(grid.spread) > 1 and max(grid.strides) == 1:
        return _exchanged(x, g, like, grid)
    if groups > 1 and groups == x.shape[-1]:
        outer, split = tuple(range(1 + rank)), shape_ops.reshape(g, (*g.shape[:-1], groups, each))
        if math.prod(grid.kernel) > _UNROLLED:
            windows = shape_ops.expand_dims(_window_tensor(x, grid), -1)
            total = sum_(
                windows * shape_ops.expand_dims(split, tuple(range(1 + rank, 1 + 2 * rank))), axis=outer
            )
        else:
            taps = [shape_ops.expand_dims(tap, -1) for tap in _tap_values(x, grid)]
            total = shape_ops.stack([sum_(tap * split, axis=outer) for tap in taps])
        return shape_ops.reshape(total, like.shape)
    columns = _columns(x, grid, groups)
    turned = shape_ops.permute_dims(columns, (1, 0) if groups == 1 else (0, 2, 1))
    return _ungrouped(
        matrix_product(turned, _by_group(g, math.prod(g.shape[:-1]), groups)), like.shape, groups
    )


@make_op(
    {},
    infer=lambda x, g, like, **_: Spec(like.shape, x.dtype),
    grad=_filter_gradient_gradient,
    expand=_filter_gradient_expand,
    shape_only=(2,),
)
def conv_filter_gradient(x, g, like, /, strides, padding, dilation, input_dilation, groups):  # type: ignore[no-untyped-def]
    """The gradient of :func:`conv` with respect to w, which has the shape of ``like``; g is the output's gradient."""
    attrs = {"strides": strides, "padding": padding, "dilation": dilation, "input_dilation": input_dilation}
    grid = _conv_grid(x.shape[1:-1], like.shape[:-2], attrs)
    a, b = _wide(x, g)
    w = np.matmul(_columns_array(a, grid, groups).transpose(0, 2, 1), _outputs_array(b, groups))
    return w.transpose(1, 0, 2).reshape(like.shape).astype(x.dtype, copy=False)


# --- convolutions written with conv ---------------------------------------------------------------------------------


def _transpose_pads(k: int, stride: int, dilation: int, pad: Any, extra: int) -> tuple[int, int]:
    """The padding of the dilated input for which a transposed convolution undoes the lengths of a convolution."""
    extent = _dilated(k, dilation)
    if pad == "SAME":
        before = max(extent - stride, 0) // 2
        after = stride + extent - 2 - (extent - 1 - before)
        return extent - 1 - before, after + extra
    if pad == "VALID":
        return extent - 1, extent - 1 + max(stride - extent, 0) + extra
    lo, hi = pad
    return extent - 1 - lo, extent - 1 - hi + extra


def conv_transpose(
    x: Any, w: Any, /, strides: Any = 1, padding: Any = "VALID", dilation: Any = 1, output_padding: Any = 0
) -> Tensor:
    """Transposed convolution of [N, *S, C] with filters [*K, O, C] to [N, *S', O]: a convolution's input gradient.

    S' = S * strides where ``padding`` is "SAME", S * strides + max(extent - strides, 0) where "VALID", and
    (S - 1) * strides + extent - before - after with pairs; ``output_padding`` adds places at the end of each axis.

    >>> conv_transpose([[[1.0], [2.0]]], [[[1.0]], [[10.0]]], strides=2).tolist()
    [[[1.0], [10.0], [2.0], [20.0]]]
    """
    x, w = to_numbers(convert_operands([x, w]), {})[0]
    rank = _spatial_rank(x, "conv_transpose")
    if len(w.known_shape()) != rank + 2 or None in w.shape:
        wanted = f"{rank} filter axes, O, C, all known"
        raise fail(ShapeError, "conv_transpose: w", expected=wanted, received=shape_text(w.shape))
    strides = per_axis(strides, rank, "conv_transpose: strides")
    dilation = per_axis(dilation, rank, "conv_transpose: dilation")
    extra = per_axis(output_padding, rank, "conv_transpose: output_padding", 0)
    word = padding.upper() if isinstance(padding, str) else None
    pads = [word] * rank if word in ("SAME", "VALID") else normal_padding(padding, rank, [None] * rank)
    turned = tuple(map(_transpose_pads, w.shape[:-2], strides, dilation, pads, extra))
    return conv(x, turned_filters(w), padding=turned, dilation=dilation, input_dilation=strides)


def _turned_gradient(g: Tensor) -> list[Any]:
    return [turned_filters(g)]


def _turned_view(layout: Layout) -> Layout:
    """Spatial axes run backwards, the last two are exchanged."""
    kernel, steps = layout.shape[:-2], layout.strides[:-2]
    offset = layout.offset + (0 if 0 in layout.shape else sum((k - 1) * s for k, s in zip(kernel, steps)))
    strides = (*(-s for s in steps), layout.strides[-1], layout.strides[-2])
    return Layout(offset, (*kernel, layout.shape[-1], layout.shape[-2]), strides)


@make_op(
    {},
    infer=lambda w: Spec((*w.shape[:-2], w.shape[-1], w.shape[-2]), w.dtype),
    grad=lambda g, y, w: _turned_gradient(g),
    lower=View(_turned_view),
)
def turned_filters(w, /):  # type: ignore[no-untyped-def]
    """Filters [*K, A, B] reversed along K, as [*K, B, A]."""
    return np.flip(w, tuple(range(w.ndim - 2))).swapaxes(-1, -2)


def depthwise_conv(x: Any, w: Any, /, strides: Any = 1, padding: Any = "VALID", dilation: Any = 1) -> Tensor:
    """Each channel convolved on its own: [N, *S, C] with [*K, C, M] to [N, *O', C * M], channel-major.

    >>> depthwise_conv([[[1.0, 2.0]]], [[[3.0], [4.0]]]).tolist()
    [[[3.0, 8.0]]]
    """
    x, w = to_numbers(convert_operands([x, w]), {})[0]
    channels = w.known_shape()[-2]
    if channels is None or w.shape[-1] is None or x.known_shape()[-1] not in (None, channels):
        raise fail(
            ShapeError, "depthwise_conv: w", expected=f"[*K, {x.shape[-1]}, M]", received=shape_text(w.shape)
        )
    kernel = tuple(-1 if k is None else k for k in w.shape[:-2])
    filters = shape_ops.reshape(w, (*kernel, 1, channels * w.shape[-1]))
    return conv(x, filters, strides=strides, padding=padding, dilation=dilation, groups=channels)


def separable_conv(
    x: Any, depthwise: Any, pointwise: Any, /, strides: Any = 1, padding: Any = "VALID", dilation: Any = 1
) -> Tensor:
    """A depthwise convolution [*K, C, M], then a 1-wide one [*1, C * M, O].

    >>> separable_conv([[[1.0, 2.0]]], [[[3.0], [4.0]]], [[[1.0], [10.0]]]).tolist()
    [[[83.0]]]
    """
    return conv(depthwise_conv(x, depthwise, strides, padding, dilation), pointwise)


# --- pooling --------------------------------------------------------------------------------------------------------


def _pool_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    rank = _spatial_rank(tensors[0], "pool")
    window = per_axis(attrs["window"], rank, "pool: window")
    dilation = per_axis(attrs["dilation"], rank, "pool: dilation")
    strides = attrs["strides"]
    normal = {
        **attrs,
        "window": window,
        "strides": window if strides is None else per_axis(strides, rank, "pool: strides"),
        "dilation": dilation,
        "padding": normal_padding(attrs["padding"], rank, [_dilated(k, d) for k, d in zip(window, dilation)]),
    }
    return tensors, normal


def _average_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    return _pool_prepare(tensors, {**attrs, "count_padding": bool(attrs["count_padding"])})


def _pool_infer(x: Spec, *, window: Any, strides: Any, padding: Any, dilation: Any, **_: Any) -> Spec:
    assert x.shape is not None
    ones, pads = (1,) * len(window), [padding] * len(window) if padding == "SAME" else padding
    lengths = map(_output_length, x.shape[1:-1], window, strides, pads, dilation, ones)
    return Spec((x.shape[0], *lengths, x.shape[-1]), x.dtype)


def _pool_grid(lengths: Sequence[int], attrs: dict[str, Any]) -> Grid:
    window = attrs["window"]
    return _grid(lengths, window, attrs["strides"], attrs["padding"], attrs["dilation"], (1,) * len(window))


def _lowest(dtype: np.dtype) -> Any:
    if dtypes.is_floating(dtype):
        return -math.inf
    return False if dtypes.is_bool(dtype) else int(np.iinfo(dtype).min)


def _taps(rank: int) -> tuple[int, ...]:
    return tuple(range(1 + rank, 1 + 2 * rank))


def _max_pool_expand(x: Tensor, **attrs: Any) -> Tensor:
    grid = _pool_grid(x.shape[1:-1], attrs)
    if math.prod(grid.kernel) > _UNROLLED:
        return max_(_window_tensor(x, grid, _lowest(x.dtype)), axis=_taps(len(grid.kernel)))
    return functools.reduce(maximum, _tap_values(x, grid, _lowest(x.dtype)))


def _max_pool_gradient(g: Tensor, y: Tensor, x: Tensor, **attrs: Any) -> list[Any]:
    return [max_pool_gradient(g, x, y, **attrs)]


@make_op({}, infer=_pool_infer, prepare=_pool_prepare, grad=_max_pool_gradient, expand=_max_pool_expand)
def max_pool(x, /, window, strides=None, padding="VALID", dilation=1):  # type: ignore[no-untyped-def]
    """The largest element of each window, channel by channel: [N, *S, C] to [N, *O, C]; NaN wins.

    ``strides`` is the window unless given; padding never wins. The gradient goes to the first of several largest
    elements, in row-major order of the window.

    >>> max_pool([[[1.0], [3.0], [2.0], [0.0]]], 2).tolist()
    [[[3.0], [2.0]]]
    """
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    return np.max(_windows_array(x, grid, _lowest(x.dtype)), axis=_taps(len(grid.kernel)))


def _winners_array(x: np.ndarray, grid: Grid) -> tuple[np.ndarray, tuple[int, ...]]:
    """The place in the window of each first maximum, [N, *O, C], and the shape [N, *O, K, C]."""
    rank, taps = len(grid.kernel), math.prod(grid.kernel)
    windows = _windows_array(x, grid, _lowest(x.dtype))
    shape = (*windows.shape[: 1 + rank], taps, windows.shape[-1])
    return np.argmax(windows.reshape(shape), axis=-2), shape


def _winners(x: Tensor, y: Tensor, grid: Grid) -> Tensor:
    """The tap of each first maximum, as int32: the last one unless an earlier one equals y or is NaN."""
    taps = _tap_values(x, grid, _lowest(x.dtype))
    kind = "uint8" if len(taps) <= 256 else "int32"
    place = shape_ops.full_like(y, len(taps) - 1, kind)
    for k, tap in reversed([*enumerate(taps[:-1])]):
        hit = where(equal(tap, tap), equal(tap, y), True)
        place = where(hit, constant(k, kind), place)
    return place


def _tap_values(x: Tensor, grid: Grid, fill: Any = 0) -> list[Tensor]:
    """For each place in the window, what every window has there: [N, *O, C] each."""
    counts = grid.outputs(x.shape[1:-1])
    padded = _padded(x, grid.pads, grid.spread, fill)
    return [_tap(padded, tap, counts, grid) for tap in itertools.product(*map(range, grid.kernel))]


def _tap(padded: Tensor, tap: Sequence[int], counts: Sequence[int], grid: Grid) -> Tensor:
    starts = tuple(k * d for k, d in zip(tap, grid.dilation))
    return _cut(padded, starts=starts, counts=counts, steps=grid.strides)


def _folded(parts: Sequence[tuple[Tensor, tuple[int, ...]]], lengths: Sequence[int], grid: Grid) -> Tensor:
    """The sum of parts, each standing from its tap by the strides; taps within one stride cannot meet."""
    padded = grid.padded(lengths)
    blocks: dict[Any, list[tuple[Tensor, tuple[int, ...]]]] = {}
    for part, tap in parts:
        start = tuple(k * d for k, d in zip(tap, grid.dilation))
        blocks.setdefault(tuple(a // s for a, s in zip(start, grid.strides)), []).append((part, start))
    total: Any = None
    for block in blocks.values():
        starts = tuple(start for _, start in block)
        placed = _place(
            *[part for part, _ in block], lengths=padded, starts=starts, steps=grid.strides, fill=0
        )
        total = placed if total is None else total + placed
    back = tuple((-lo, -hi) for lo, hi in grid.pads)
    return _padded(total, back, (1,) * len(back))


def _scattered_gradient(h: Tensor, z: Tensor, g: Tensor, x: Tensor, y: Tensor, **attrs: Any) -> list[Any]:
    return [max_pool_pick(h, x, y, **attrs), None, None]


def _picked_gradient(g: Tensor, z: Tensor, h: Tensor, x: Tensor, y: Tensor, **attrs: Any) -> list[Any]:
    return [max_pool_gradient(g, x, y, **attrs), None, None]


def _max_pool_gradient_expand(g: Tensor, x: Tensor, y: Tensor, **attrs: Any) -> Tensor:
    grid = _pool_grid(x.shape[1:-1], attrs)
    place = _winners(x, y, grid)
    taps = enumerate(itertools.product(*map(range, grid.kernel)))
    parts = [(where(equal(place, constant(k, place.dtype)), g, 0), tap) for k, tap in taps]
    return _folded(parts, x.shape[1:-1], grid)


@make_op(
    {},
    infer=lambda g, x, y, **_: Spec(x.shape, g.dtype),
    grad=_scattered_gradient,
    expand=_max_pool_gradient_expand,
)
def max_pool_gradient(g, x, y, /, window, strides, padding, dilation):  # type: ignore[no-untyped-def]
    """The gradient of :func:`max_pool` with respect to x; g is that of its output y."""
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    place, shape = _winners_array(x, grid)
    parts = np.zeros(shape, g.dtype)
    np.put_along_axis(parts, place[..., None, :], g[..., None, :], axis=-2)
    return _fold_array(parts.reshape(*place.shape[:-1], *grid.kernel, place.shape[-1]), x.shape[1:-1], grid)


def _max_pool_pick_expand(h: Tensor, x: Tensor, y: Tensor, **attrs: Any) -> Tensor:
    grid = _pool_grid(x.shape[1:-1], attrs)
    place, counts = _winners(x, y, grid), grid.outputs(x.shape[1:-1])
    padded = _padded(h, grid.pads, grid.spread)
    taps = list(itertools.product(*map(range, grid.kernel)))
    result = _tap(padded, taps[-1], counts, grid)
    for k in range(len(taps) - 1):
        result = where(equal(place, constant(k, place.dtype)), _tap(padded, taps[k], counts, grid), result)
    return result


@make_op(
    {},
    infer=lambda h, x, y, **_: Spec(y.shape, h.dtype),
    grad=_picked_gradient,
    expand=_max_pool_pick_expand,
)
def max_pool_pick(h, x, y, /, window, strides, padding, dilation):  # type: ignore[no-untyped-def]
    """From each window of h, the element where x has its first maximum: the transpose of the gradient of max_pool."""
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    place, shape = _winners_array(x, grid)
    windows = _windows_array(h, grid).reshape(shape)
    return np.take_along_axis(windows, place[..., None, :], axis=-2)[..., 0, :]


def _counts(lengths: Sequence[int], grid: Grid, count_padding: bool, dtype: np.dtype) -> np.ndarray:
    """How many elements each window averages: [*O, 1], or a single number where all are full."""
    taps = math.prod(grid.kernel)
    if count_padding or all(pair == (0, 0) for pair in grid.pads):
        return np.asarray(taps, dtype)
    inside = _windows_array(np.ones((1, *lengths, 1), dtype), grid)
    return inside.sum(axis=_taps(len(grid.kernel)), dtype=dtype)[0]


def _avg_pool_rule(g: Tensor, y: Tensor, x: Tensor, **attrs: Any) -> list[Any]:
    return [avg_pool_gradient(g, x, **attrs)]


def _avg_pool_expand(x: Tensor, *, count_padding: bool, **attrs: Any) -> Tensor:
    lengths = x.shape[1:-1]
    grid = _pool_grid(lengths, attrs)
    total = sum_(_window_tensor(x, grid), axis=_taps(len(grid.kernel)))
    return total / constant(_counts(lengths, grid, count_padding, x.dtype))


@make_op(
    {},
    infer=_pool_infer,
    prepare=_average_prepare,
    grad=_avg_pool_rule,
    expand=_avg_pool_expand,
)
def avg_pool(x, /, window, strides=None, padding="VALID", dilation=1, count_padding=False):  # type: ignore[no-untyped-def]
    """The mean of each window, channel by channel: [N, *S, C] to [N, *O, C].

    Padding is not counted unless ``count_padding``; ``strides`` is the window unless given.

    >>> avg_pool([[[1.0], [3.0], [2.0]]], 2, padding="SAME").tolist()
    [[[2.0], [2.0]]]
    """
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    grid = _pool_grid(x.shape[1:-1], attrs)
    (wide,) = _wide(x)
    total = _windows_array(wide, grid).sum(axis=_taps(len(grid.kernel)), dtype=wide.dtype)
    return (total / _counts(x.shape[1:-1], grid, count_padding, wide.dtype)).astype(x.dtype, copy=False)


def _avg_pool_gradient_expand(g: Tensor, like: Tensor, *, count_padding: bool, **attrs: Any) -> Tensor:
    """The shares of each window's mean, laid back one axis after the other."""
    lengths = like.shape[1:-1]
    grid = _pool_grid(lengths, attrs)
    g = g / constant(_counts(lengths, grid, count_padding, g.dtype))
    for axis in range(len(lengths)):
        g = _axis_folded(g, axis, lengths[axis], grid)
    return g


def _axis_folded(g: Tensor, axis: int, length: int, grid: Grid) -> Tensor:
    """Every tap of one axis gets the same share; the other axes stay as they are."""

    def alone(values: Sequence[Any], other: Any) -> tuple[Any, ...]:
        return tuple(values[axis] if k == axis else other for k in range(len(values)))

    one = Grid(
        alone(grid.kernel, 1),
        alone(grid.strides, 1),
        alone(grid.pads, (0, 0)),
        alone(grid.dilation, 1),
        grid.spread,
    )
    shape = g.shape[1:-1]
    lengths = tuple(length if k == axis else n for k, n in enumerate(shape))
    taps = itertools.product(*map(range, one.kernel))
    return _folded([(g, tap) for tap in taps], lengths, one)


@make_op(
    {},
    infer=lambda g, like, **_: Spec(like.shape, g.dtype),
    grad=lambda h, z, g, like, **attrs: [avg_pool(h, **attrs), None],
    expand=_avg_pool_gradient_expand,
    shape_only=(1,),
)
def avg_pool_gradient(g, like, /, window, strides, padding, dilation, count_padding):  # type: ignore[no-untyped-def]
    """The gradient of :func:`avg_pool` with respect to x, which has the shape of ``like``."""
    attrs = {"window": window, "strides": strides, "padding": padding, "dilation": dilation}
    lengths = like.shape[1:-1]
    grid = _pool_grid(lengths, attrs)
    (wide,) = _wide(g)
    share = wide / _counts(lengths, grid, count_padding, wide.dtype)
    inner = (1,) * len(grid.kernel)
    spread = np.broadcast_to(
        share.reshape(*g.shape[:-1], *inner, g.shape[-1]), (*g.shape[:-1], *grid.kernel, g.shape[-1])
    )
    return _fold_array(spread, lengths, grid).astype(g.dtype, copy=False)


def global_max_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The largest element over all spatial axes: [N, *S, C] to [N, C].

    >>> global_max_pool([[[1.0], [3.0]]]).tolist()
    [[3.0]]
    """
    (x,) = convert_operands([x])
    return max_(x, axis=tuple(range(1, 1 + _spatial_rank(x, "global_max_pool"))), keepdims=keepdims)


def global_avg_pool(x: Any, keepdims: bool = False) -> Tensor:
    """The mean over all spatial axes: [N, *S, C] to [N, C].

    >>> global_avg_pool([[[1.0], [3.0]]]).tolist()
    [[2.0]]
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    axes = tuple(range(1, 1 + _spatial_rank(x, "global_avg_pool")))
    return divide(sum_(x, axis=axes, keepdims=keepdims), shape_ops.count(x, axes, x.dtype))
