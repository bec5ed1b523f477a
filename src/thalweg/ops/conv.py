"""Convolution over any number of spatial axes: [N, *S, C] with filters [*K, C / groups, O].

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

from thalweg import blas
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lowering import Layout, View
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, constant, shape_text
from thalweg.ops import joining
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matrix_product
from thalweg.ops.elementwise import add
from thalweg.ops.families import summed_wide, to_numbers, widened
from thalweg.ops.geometry import Grid, dilated, grid_of, normal_padding, output_length, per_axis, spatial_rank
from thalweg.ops.reduce import sum as sum_
from thalweg.ops.windows import UNROLLED, cut, fold_array, place, tap_values, window_tensor, windows_array

_PHASES = 64  # of the outputs of a dilated input; with more their convolutions are more code than work
_NAMES = ("strides", "padding", "dilation", "input_dilation")


def _conv_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    floats, attrs = to_numbers(tensors[:2], attrs)
    x, w = floats
    rank = spatial_rank(x, "conv")
    if len(w.known_shape()) != rank + 2:
        raise fail(
            ShapeError, "conv: w", expected=f"{rank} filter axes, C / groups, O", received=shape_text(w.shape)
        )
    dilation = per_axis(attrs["dilation"], rank, "conv: dilation")
    extents = [None if k is None else dilated(k, d) for k, d in zip(w.shape[:-2], dilation)]
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
    lengths = map(output_length, x.shape[1:-1], w.shape[:-2], strides, pads, dilation, input_dilation)
    return Spec((x.shape[0], *lengths, outputs), x.dtype)


def _conv_grid(lengths: Sequence[int], kernel: Sequence[int], attrs: dict[str, Any]) -> Grid:
    return grid_of(lengths, kernel, *[attrs[name] for name in _NAMES])


def _columns_array(x: np.ndarray, grid: Grid, groups: int) -> np.ndarray:
    """The windows of each group as rows: [groups, N * prod(O), prod(K) * C / groups]."""
    windows = windows_array(x, grid)
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
    windows = window_tensor(x, grid)
    if groups == 1:
        return shape_ops.reshape(windows, (rows, taps * each))
    split = shape_ops.reshape(windows, (*windows.shape[:-1], groups, each))
    first = len(split.shape) - 2
    by_group = shape_ops.permute_dims(split, (first, *range(first), first + 1))
    return shape_ops.reshape(by_group, (groups, rows, taps * each))


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
    if math.prod(grid.kernel) > UNROLLED:
        windows = shape_ops.expand_dims(window_tensor(x, grid), -1)
        return sum_(windows * filters, axis=tuple(range(1 + rank, 1 + 2 * rank)))
    flat = shape_ops.reshape(filters, (-1, *filters.shape[rank:]))
    taps = [shape_ops.expand_dims(tap, -1) * flat[k] for k, tap in enumerate(tap_values(x, grid))]
    return functools.reduce(add, taps)


@summed_wide
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
    return place(*parts, lengths=lengths, starts=tuple(starts), steps=grid.spread, fill=0)


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
    after = count - 1 + dilated(len(met), step) - n - before
    return _Phase(count, (met[0], apart, len(met)), (before, after), step)


def _of_phase(x: Tensor, w: Tensor, axes: Sequence[_Phase], groups: int) -> Tensor:
    first, apart, number = (tuple(values) for values in zip(*(a.taps for a in axes)))
    if 0 in number:
        shape = (x.shape[0], *(a.count for a in axes), w.shape[-1])
        return shape_ops.broadcast_to(constant(np.zeros((), x.dtype)), shape)
    flat = shape_ops.reshape(w, (1, *w.shape[:-2], w.shape[-2] * w.shape[-1]))
    taps = cut(flat, starts=first, counts=number, steps=apart)
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
    a, b = widened(x, w)
    y = blas.matmul(_columns_array(a, grid, groups), _filters_array(b, groups))
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
    flipped = cut(flat, starts=tuple(k - 1 for k in kernel), counts=kernel, steps=(-1,) * rank)
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
        pads.append((before, dilated(n, spread) + e - 1 - before - dilated(o, stride)))
    return {
        "strides": grid.spread,
        "padding": tuple(pads),
        "dilation": grid.dilation,
        "input_dilation": grid.strides,
    }


@summed_wide
def _input_gradient_expand(g: Tensor, w: Tensor, like: Tensor, *, groups: int, **attrs: Any) -> Tensor:
    lengths = like.shape[1:-1]
    if not (like.size and w.size and g.size):
        return shape_ops.full_like(like, 0, g.dtype)
    grid = _conv_grid(lengths, w.shape[:-2], attrs)
    if groups == 1 and (spanned := _spanned(grid, lengths)):
        return _of_spanned(g, w, like, spanned, attrs)
    turned = _transposed_grid(grid, lengths, grid.outputs(lengths))
    return conv(g, _transposed_filters(w, groups), groups=groups, **turned)


def _spanned(grid: Grid, lengths: Sequence[int]) -> list[int]:
    """The spatial axes, longer than 1, whose whole length is one window."""
    parts = zip(lengths, grid.kernel, grid.pads, grid.dilation, grid.spread)
    return [
        k for k, (n, width, pads, dilation, spread) in enumerate(parts)
        if n == width > 1 and tuple(pads) == (0, 0) and dilation == spread == 1
    ]  # fmt: skip


def _of_spanned(g: Tensor, w: Tensor, like: Tensor, spanned: Sequence[int], attrs: dict[str, Any]) -> Tensor:
    """The input's gradient where one window spans axes: their taps are channels, and nothing is padded for them."""
    rank = len(w.shape) - 2
    rest = [k for k in range(rank) if k not in spanned]
    order = [*rest, *spanned]
    short = [1 if k in spanned else w.shape[k] for k in range(rank)]
    filters = shape_ops.permute_dims(w, (*order, rank, rank + 1))
    filters = shape_ops.reshape(filters, (*short, -1, w.shape[-1]))
    lengths = [1 if k in spanned else like.shape[1 + k] for k in range(rank)]
    grid = _conv_grid(lengths, short, attrs)
    turned = _transposed_grid(grid, lengths, grid.outputs(lengths))
    made = conv(g, _transposed_filters(filters, 1), groups=1, **turned)
    made = shape_ops.reshape(made, (like.shape[0], *(like.shape[1 + k] for k in order), like.shape[-1]))
    return shape_ops.permute_dims(made, (0, *(1 + order.index(k) for k in range(rank)), rank + 1))


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
    a, b = widened(g, w)
    columns = blas.matmul(_outputs_array(a, groups), _filters_array(b, groups).transpose(0, 2, 1))
    rows, taps = columns.shape[1], math.prod(grid.kernel)
    parts = columns.reshape(groups, rows, taps, w.shape[-2]).transpose(1, 2, 0, 3)
    parts = parts.reshape(like.shape[0], *grid.outputs(lengths), *grid.kernel, like.shape[-1])
    return fold_array(parts, lengths, grid).astype(g.dtype, copy=False)


def _filter_gradient_gradient(
    h: Tensor, y: Tensor, x: Tensor, g: Tensor, like: Tensor, **attrs: Any
) -> list[Any]:
    return [lambda: conv_input_gradient(g, h, x, **attrs), lambda: conv(x, h, **attrs), None]


def _exchanged(x: Tensor, g: Tensor, like: Tensor, grid: Grid) -> Tensor:
    """The filter gradient of a dilated input without its zeros: that of the convolution which would give x."""
    pads = []
    for n, o, e, (lo, _), spread in zip(x.shape[1:-1], g.shape[1:-1], grid.extents(), grid.pads, grid.spread):
        before = e - 1 - lo
        pads.append((before, dilated(n, spread) + e - 1 - o - before))
    attrs = {"strides": grid.spread, "padding": tuple(pads), "dilation": grid.dilation}
    turned = conv_filter_gradient(g, x, turned_filters(like), input_dilation=grid.strides, groups=1, **attrs)
    return turned_filters(turned)


@summed_wide
def _filter_gradient_expand(x: Tensor, g: Tensor, like: Tensor, *, groups: int, **attrs: Any) -> Tensor:
    grid = _conv_grid(x.shape[1:-1], like.shape[:-2], attrs)
    rank, each = len(grid.kernel), like.shape[-1] // groups
    if groups == 1 and max(grid.spread) > 1 and max(grid.strides) == 1:
        return _exchanged(x, g, like, grid)
    if groups > 1 and groups == x.shape[-1]:
        outer, split = tuple(range(1 + rank)), shape_ops.reshape(g, (*g.shape[:-1], groups, each))
        if math.prod(grid.kernel) > UNROLLED:
            windows = shape_ops.expand_dims(window_tensor(x, grid), -1)
            total = sum_(
                windows * shape_ops.expand_dims(split, tuple(range(1 + rank, 1 + 2 * rank))), axis=outer
            )
        else:
            taps = [shape_ops.expand_dims(tap, -1) for tap in tap_values(x, grid)]
            total = joining.stack([sum_(tap * split, axis=outer) for tap in taps])
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
    a, b = widened(x, g)
    w = blas.matmul(_columns_array(a, grid, groups).transpose(0, 2, 1), _outputs_array(b, groups))
    return w.transpose(1, 0, 2).reshape(like.shape).astype(x.dtype, copy=False)


# --- convolutions written with conv ---------------------------------------------------------------------------------


def _transpose_pads(k: int, stride: int, dilation: int, pad: Any, extra: int) -> tuple[int, int]:
    """The padding of the dilated input for which a transposed convolution undoes the lengths of a convolution."""
    extent = dilated(k, dilation)
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
    rank = spatial_rank(x, "conv_transpose")
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
