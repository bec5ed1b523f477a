"""Reductions over axes: sum, mean, max and their kin; running sums and products."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lowering import Reduce, Scan
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, shape_text
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, logic, slices, tiling
from thalweg.ops import shape as shape_ops
from thalweg.ops.arithmetic import (
    astype,
    equal,
    not_equal,
    over,
    sqrt,
    square,
    times,
    where,
)
from thalweg.ops.families import cast_all, to_bools, to_floats

__all__ = (
    "sum",
    "prod",
    "max",
    "min",
    "argmax",
    "argmin",
    "all",
    "any",
    "count_nonzero",
    "mean",
    "var",
    "std",
    "logsumexp",
    "cumulative_sum",
    "cumulative_prod",
)

# --- what reductions share ------------------------------------------------------------------------------------------


def normal_axes(axis: Any, spec: Spec, name: str) -> tuple[int, ...]:
    """The reduced axes as a sorted tuple counted from the front."""
    if spec.shape is None:
        raise fail(
            ShapeError,
            f"{name}: axis={axis} of a tensor of unknown rank",
            expected="a known rank, or axis=None without keepdims",
            hint="give the placeholder a shape",
        )
    rank = len(spec.shape)
    if axis is None:
        return tuple(range(rank))
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    result = tuple(sorted(checked_axis(a, rank, name) for a in axes))
    if len(set(result)) != len(result):
        raise fail(ArgumentError, f"{name}: an axis is named twice", received=f"axis={axis}")
    return result


def _prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    (x,) = tensors
    if x.shape is None and attrs["axis"] is None and not attrs["keepdims"]:
        x, attrs = shape_ops.reshape(x, (-1,)), {**attrs, "axis": 0}
    axes = normal_axes(attrs["axis"], x.specs[0], "reduction")
    return [x], {**attrs, "axis": axes, "keepdims": bool(attrs["keepdims"])}


def _numbers(tensors: Any, attrs: dict[str, Any]) -> Any:
    """bool and small integers are summed as int64 (uint64 where unsigned), as NumPy does, unless ``dtype`` is given."""
    attrs, wanted = dict(attrs), attrs["dtype"]
    del attrs["dtype"]
    dtype = tensors[0].dtype
    if wanted is not None:
        tensors = cast_all(tensors, dtypes.as_dtype(wanted))
    elif dtypes.is_bool(dtype) or dtype in (dtypes.int8, dtypes.int16, dtypes.int32):
        tensors = cast_all(tensors, dtypes.int64)
    elif dtype in (dtypes.uint8, dtypes.uint16, dtypes.uint32):
        tensors = cast_all(tensors, dtypes.uint64)
    return _prepare(tensors, attrs)


def _floats(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_floats(tensors, attrs)
    return _prepare(tensors, attrs)


def _bools(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_bools(tensors, attrs)
    return _prepare(tensors, attrs)


def reduced(x: Spec, *, axis: tuple[int, ...], keepdims: bool, **attrs: Any) -> Spec:
    """The spec with the axes removed (or of length 1)."""
    assert x.shape is not None
    kept = [(1 if k in axis else d) for k, d in enumerate(x.shape) if keepdims or k not in axis]
    return Spec(tuple(kept), x.dtype)


def _reduced_nonempty(x: Spec, *, axis: tuple[int, ...], keepdims: bool, of_none: bool = False) -> Spec:
    """As :func:`reduced`, for reductions that have no value over no elements unless they are told to."""
    assert x.shape is not None
    kept = [d for k, d in enumerate(x.shape) if k not in axis]
    if not of_none and 0 in [x.shape[a] for a in axis] and 0 not in kept:
        raise fail(
            ShapeError,
            "no elements to choose from",
            expected="at least 1 element along the reduced axes",
            received=f"{shape_text(x.shape)} over axis {axis}",
        )
    return reduced(x, axis=axis, keepdims=keepdims)


def expanded(g: Tensor, x: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    """The gradient (or result) of a reduction with its axes back as length 1, ready to broadcast against ``x``."""
    if keepdims or not axis:
        return g
    return shape_ops.expand_dims(g, axis)


def _spread(g: Tensor, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    return shape_ops.broadcast_like(expanded(g, x, axis, keepdims), x)


def without_axes(y: Tensor, axis: tuple[int, ...], keepdims: bool) -> Tensor:
    """A result that was computed with its axes kept, in the shape that was asked for."""
    return y if keepdims else shape_ops.squeeze(y, axis)


numeric_reduction: dict[str, Any] = {"infer": reduced, "prepare": _numbers}
ordered_reduction: dict[str, Any] = {"infer": _reduced_nonempty, "prepare": _prepare}
floating_reduction: dict[str, Any] = {"infer": reduced, "prepare": _floats}
logical_reduction: dict[str, Any] = {"infer": reduced, "prepare": _bools}

# --- sum, product ---------------------------------------------------------------------------------------------------


@make_op(
    numeric_reduction,
    grad=lambda g, y, x, *, axis, keepdims: [_spread(g, x, axis, keepdims)],
    lower=Reduce("add"),
)
def sum(x, /, axis=None, keepdims=False, dtype=None):  # type: ignore[no-untyped-def]
    """Sum over ``axis`` (an int, a tuple, or None for all); 0 over none. Small integers and bool are summed as int64.

    >>> sum([[1.0, 2.0], [3.0, 4.0]], axis=0).tolist()
    [4.0, 6.0]
    """
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _prod_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any, keepdims: bool) -> list[Any]:
    return [lambda: expanded(g, x, axis, keepdims) * product_of_others(x, axis=axis)]


@make_op(numeric_reduction, grad=_prod_gradient, lower=Reduce("mul"))
def prod(x, /, axis=None, keepdims=False, dtype=None):  # type: ignore[no-untyped-def]
    """Product over ``axis``; dtypes as for :func:`sum`; no elements give 1. The gradient is right beside zeros too.

    >>> prod([[1.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [2.0, 12.0]
    """
    return np.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _reduced_last(axis: tuple[int, ...], rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The order of axes that puts the reduced ones last, and its inverse."""
    order = tuple(k for k in range(rank) if k not in axis) + axis
    return order, tuple(int(k) for k in np.argsort(order))


def _others_expand(x: Tensor, *, axis: tuple[int, ...]) -> Tensor:
    """Products of pairs up a binary tree, then down: each node gets its parent's value times its sibling's product."""
    if None in x.known_shape():
        raise fail(
            ShapeError, "prod: a second derivative needs known axis lengths", received=shape_text(x.shape)
        )
    order, back = _reduced_last(axis, x.ndim)
    moved = shape_ops.permute_dims(x, order)
    rows = moved.shape[: x.ndim - len(axis)]
    count = math.prod(moved.shape[len(rows) :])
    depth = (count - 1).bit_length() if count else 0
    widen = [(0, 0)] * len(rows) + [(0, 2**depth - count)]
    levels = [tiling.pad(shape_ops.reshape(moved, (*rows, count)), widen, constant_values=1)]
    for _ in range(depth):
        levels.append(_halves(levels[-1], 0) * _halves(levels[-1], 1))
    result = shape_ops.full_like(levels[-1], 1)
    for level in reversed(levels[:-1]):
        pair = joining.stack([result * _halves(level, 1), result * _halves(level, 0)], axis=-1)
        result = shape_ops.reshape(pair, level.shape)
    result = slices.slice_axes(result, [(None, None, None)] * len(rows) + [(0, count, 1)])
    return shape_ops.permute_dims(shape_ops.reshape(result, moved.shape), back)


def _halves(x: Tensor, start: int) -> Tensor:
    """Every second element along the last axis."""
    return slices.slice_axes(x, [(None, None, None)] * (x.ndim - 1) + [(start, None, 2)])


@make_op({}, infer=lambda x, *, axis: x, expand=_others_expand)
def product_of_others(x, /, axis):  # type: ignore[no-untyped-def]
    """For each element, the product of the other elements along the axes: without division, so zeros are no trouble."""
    order, back = _reduced_last(axis, x.ndim)
    moved = np.transpose(x, order)
    rows = moved.shape[: x.ndim - len(axis)]
    flat = moved.reshape(*rows, math.prod(moved.shape[len(rows) :]))
    one = np.ones((*rows, 1), x.dtype)
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], -1), -1, dtype=x.dtype)[..., : flat.shape[-1]]
    after = np.cumprod(np.concatenate([one, flat[..., :0:-1]], -1), -1, dtype=x.dtype)[..., : flat.shape[-1]]
    return (before * after[..., ::-1]).reshape(moved.shape).transpose(back)


# --- order ----------------------------------------------------------------------------------------------------------


def _limits(dtype: np.dtype) -> tuple[Any, Any]:
    """The least and the greatest number of a dtype."""
    if dtypes.is_bool(dtype):
        return False, True
    if dtypes.is_integer(dtype):
        return np.iinfo(dtype).min, np.iinfo(dtype).max
    return -np.inf, np.inf


def _greatest_of(x: np.ndarray, axis: Any, keepdims: bool, of_none: bool) -> Any:
    first = {"initial": _limits(x.dtype)[0]} if of_none else {}
    return np.max(x, axis=axis, keepdims=keepdims, **first)


def _least_of(x: np.ndarray, axis: Any, keepdims: bool, of_none: bool) -> Any:
    first = {"initial": _limits(x.dtype)[1]} if of_none else {}
    return np.min(x, axis=axis, keepdims=keepdims, **first)


def _extreme_gradient(
    g: Tensor, y: Tensor, x: Tensor, *, axis: Any, keepdims: bool, of_none: bool
) -> list[Any]:
    """Shared equally among the elements that attain it."""
    top = astype(equal(x, expanded(y, x, axis, keepdims)), x.dtype)
    return [lambda: times(over(expanded(g, x, axis, keepdims), sum(top, axis=axis, keepdims=True)), top)]


@make_op(ordered_reduction, grad=_extreme_gradient, lower=Reduce("max"))
def max(x, /, axis=None, keepdims=False, of_none=False):  # type: ignore[no-untyped-def]
    """Largest element over ``axis``; NaN wins. The gradient is shared equally among ties.

    There is none of no elements, unless ``of_none``: then it is the least number of the dtype, -inf of floats.

    >>> max([[1.0, 5.0], [3.0, 4.0]], axis=1).tolist()
    [5.0, 4.0]
    """
    return _greatest_of(x, axis, keepdims, of_none)


@make_op(ordered_reduction, grad=_extreme_gradient, lower=Reduce("min"))
def min(x, /, axis=None, keepdims=False, of_none=False):  # type: ignore[no-untyped-def]
    """Smallest element over ``axis``; NaN wins. The gradient is shared equally among ties.

    There is none of no elements, unless ``of_none``: then it is the greatest number of the dtype, inf of floats.

    >>> min([[1.0, 5.0], [3.0, 4.0]], axis=1).tolist()
    [1.0, 3.0]
    """
    return _least_of(x, axis, keepdims, of_none)


def _whole_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any, keepdims: bool) -> list[Any]:
    """All of it to each of the elements that attain it."""
    top = equal(x, expanded(y, x, axis, keepdims))
    return [lambda: where(top, expanded(g, x, axis, keepdims), 0)]


@make_op(ordered_reduction, grad=_whole_gradient, lower=Reduce("max"))
def greatest(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """:func:`max` whose ties receive the whole gradient each."""
    return np.max(x, axis=axis, keepdims=keepdims)


@make_op(ordered_reduction, grad=_whole_gradient, lower=Reduce("min"))
def least(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """:func:`min` whose ties receive the whole gradient each."""
    return np.min(x, axis=axis, keepdims=keepdims)


def _arg_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    axis = attrs["axis"]
    if isinstance(axis, (tuple, list)):
        raise fail(ArgumentError, "argmax and argmin take one axis, or None for all", received=f"axis={axis}")
    return _prepare(tensors, attrs)


def _arg_infer(x: Spec, *, axis: tuple[int, ...], keepdims: bool) -> Spec:
    return Spec(_reduced_nonempty(x, axis=axis, keepdims=keepdims).shape, dtypes.int64)


def _arg_expand(choose: Any) -> Any:
    """The least index at which the extreme (or NaN) stands: plain loops that fuse."""

    def expand(x: Tensor, *, axis: tuple[int, ...], keepdims: bool) -> Tensor:
        whole = len(axis) != 1
        row = shape_ops.reshape(x, (-1,)) if whole else x
        along = (0,) if whole else axis
        hit = equal(row, choose(row, axis=along, keepdims=True))
        if dtypes.is_floating(x.dtype):
            hit = logic.logical_or(hit, logic.isnan(row))
        places = shape_ops.iota_like(row, along[0])
        first = min(where(hit, places, np.iinfo(np.int64).max), axis=along, keepdims=True)
        if not whole:
            return without_axes(first, along, keepdims)
        return shape_ops.reshape(first, (1,) * x.ndim if keepdims else ())

    return expand


def _arg_meaning(choose: Any, x: np.ndarray, axis: tuple[int, ...], keepdims: bool) -> Any:
    if len(axis) == 1:
        return choose(x, axis=axis[0], keepdims=keepdims).astype(np.int64)
    return np.asarray(choose(x)).reshape((1,) * x.ndim if keepdims else ())


arg_reduction: dict[str, Any] = {
    "infer": _arg_infer,
    "prepare": _arg_prepare,
    "grad": lambda g, y, x, *, axis, keepdims: [None],
}


@make_op(arg_reduction, expand=_arg_expand(max))
def argmax(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Index (int64) of the largest element along ``axis``, or of the flattened tensor: the first of equals or NaN.

    >>> argmax([[1.0, 5.0], [3.0, 3.0]], axis=1).tolist()
    [1, 0]
    """
    return _arg_meaning(np.argmax, x, axis, keepdims)


@make_op(arg_reduction, expand=_arg_expand(min))
def argmin(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Index (int64) of the smallest element along ``axis``, or of the flattened tensor: the first of equals or NaN.

    >>> argmin([[1.0, 5.0], [3.0, 3.0]], axis=1).tolist()
    [0, 0]
    """
    return _arg_meaning(np.argmin, x, axis, keepdims)


# --- logic ----------------------------------------------------------------------------------------------------------


@make_op(logical_reduction, lower=Reduce("and"))
def all(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Whether every element is true (not zero); True over no elements.

    >>> all([[True, False], [True, True]], axis=1).tolist()
    [False, True]
    """
    return np.all(x, axis=axis, keepdims=keepdims)


@make_op(logical_reduction, lower=Reduce("or"))
def any(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Whether some element is true (not zero); False over no elements.

    >>> any([[True, False], [False, False]], axis=1).tolist()
    [True, False]
    """
    return np.any(x, axis=axis, keepdims=keepdims)


def count_nonzero(x: Any, /, *, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Number of elements that are not zero, as int64.

    >>> count_nonzero([[0.0, 2.0], [3.0, 4.0]], axis=1).tolist()
    [1, 2]
    """
    return sum(not_equal(x, 0), axis=axis, keepdims=keepdims)


# --- means and spreads ----------------------------------------------------------------------------------------------


def _wide(x: Tensor) -> Tensor:
    """Storage types are averaged in float32: their sums overflow."""
    return astype(x, dtypes.float32) if x.dtype.itemsize == 2 else x


def _mean_expand(x: Tensor, *, axis: Any, keepdims: bool) -> Tensor:
    w = _wide(x)
    return astype(
        sum(w, axis=axis, keepdims=keepdims) / shape_ops.count(w, axis=axis, dtype=w.dtype), x.dtype
    )


def _mean_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any, keepdims: bool) -> list[Any]:
    return [lambda: _spread(over(g, shape_ops.count(x, axis=axis, dtype=g.dtype)), x, axis, keepdims)]


@make_op(floating_reduction, grad=_mean_gradient, expand=_mean_expand)
def mean(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """Arithmetic mean over ``axis``: sum / count. Integers and bool give float32; no elements give NaN.

    >>> mean([[1, 2], [3, 6]], axis=0).tolist()
    [2.0, 4.0]
    """
    # The identity of an empty sum is 0, so this is 0 / 0; np.mean would warn.
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    total = np.sum(wide, axis=axis, keepdims=keepdims)
    return np.divide(total, wide.dtype.type(shape_ops.num_elements(x.shape, axis))).astype(x.dtype)


def _spread_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = _floats(tensors, attrs)
    return tensors, {**attrs, "correction": float(attrs["correction"])}


def _freedom(x: Tensor, axis: Any, correction: float) -> Tensor:
    """The count less the correction, not below 0."""
    return ew.maximum(shape_ops.count(x, axis=axis, dtype=x.dtype) - correction, 0)


def _var_expand(x: Tensor, *, axis: Any, correction: float, keepdims: bool) -> Tensor:
    w = _wide(x)
    deviation = w - mean(w, axis=axis, keepdims=True)
    return astype(
        sum(square(deviation), axis=axis, keepdims=keepdims) / _freedom(w, axis, correction), x.dtype
    )


def _var_gradient(
    g: Tensor, y: Tensor, x: Tensor, *, axis: Any, correction: float, keepdims: bool
) -> list[Any]:
    def rule() -> Tensor:
        share = over(2 * expanded(g, x, axis, keepdims), _freedom(x, axis, correction))
        return times(share, x - mean(x, axis=axis, keepdims=True))

    return [rule]


spread_reduction: dict[str, Any] = {"infer": reduced, "prepare": _spread_prepare}


@make_op(spread_reduction, grad=_var_gradient, expand=_var_expand)
def var(x, /, axis=None, correction=0.0, keepdims=False):  # type: ignore[no-untyped-def]
    """Variance over ``axis``: the squared deviations from the mean, summed, over (count - correction).

    >>> var([1.0, 2.0, 3.0]).item(), var([1.0, 2.0, 3.0], correction=1).item()
    (0.6666666865348816, 1.0)
    """
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    count = shape_ops.num_elements(x.shape, axis)
    center = np.divide(np.sum(wide, axis=axis, keepdims=True), wide.dtype.type(count))
    total = np.sum(np.square(wide - center), axis=axis, keepdims=keepdims)
    return np.divide(total, wide.dtype.type(np.maximum(count - correction, 0))).astype(x.dtype)


def _std_gradient(
    g: Tensor, y: Tensor, x: Tensor, *, axis: Any, correction: float, keepdims: bool
) -> list[Any]:
    def rule() -> Tensor:
        spread = expanded(y, x, axis, keepdims)
        flat = equal(spread, 0)
        divisor = where(flat, 1, spread) * _freedom(x, axis, correction)
        slope = over(x - mean(x, axis=axis, keepdims=True), divisor)
        return times(expanded(g, x, axis, keepdims), where(flat, 0, slope))

    return [rule]


@make_op(
    spread_reduction,
    grad=_std_gradient,
    expand=lambda x, *, axis, correction, keepdims: sqrt(
        var(x, axis=axis, correction=correction, keepdims=keepdims)
    ),
)
def std(x, /, axis=None, correction=0.0, keepdims=False):  # type: ignore[no-untyped-def]
    """Standard deviation over ``axis``: the root of :func:`var`. Where all elements are equal the gradient is 0.

    >>> std([2.0, 4.0]).item()
    1.0
    """
    return np.sqrt(var.meaning(x, axis=axis, correction=correction, keepdims=keepdims))


# --- exponents ------------------------------------------------------------------------------------------------------


def has_no_elements(x: Tensor, axis: tuple[int, ...]) -> bool:
    return 0 in [x.shape[a] for a in axis]


def _logsumexp_expand(x: Tensor, *, axis: Any, keepdims: bool) -> Tensor:
    if has_no_elements(x, axis):
        return sum(x, axis=axis, keepdims=keepdims) - math.inf
    top = max(x, axis=axis, keepdims=True)
    shift = where(logic.isfinite(top), top, 0)
    return without_axes(ew.log(sum(ew.exp(x - shift), axis=axis, keepdims=True)) + shift, axis, keepdims)


def _logsumexp_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: Any, keepdims: bool) -> list[Any]:
    def rule() -> Tensor:
        total = expanded(y, x, axis, keepdims)
        shift = where(equal(total, -math.inf), 0, total)
        return times(expanded(g, x, axis, keepdims), ew.exp(x - shift))

    return [rule]


@make_op(floating_reduction, grad=_logsumexp_gradient, expand=_logsumexp_expand)
def logsumexp(x, /, axis=None, keepdims=False):  # type: ignore[no-untyped-def]
    """log of the sum of e^x over ``axis``, without overflow; -inf where every element is -inf, or there is none.

    >>> logsumexp([1000.0, 1000.0]).item()
    1000.6931762695312
    """
    top = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    shift = np.where(np.isfinite(top), top, x.dtype.type(0))
    result = np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return (result if keepdims else np.squeeze(result, axis)).astype(x.dtype)


# --- running sums and products --------------------------------------------------------------------------------------


def _scan_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = _numbers(tensors, {**attrs, "keepdims": False})
    axis = attrs["axis"]
    if len(axis) != 1:
        raise fail(
            ArgumentError,
            "one axis is needed",
            expected="axis=k (None only for a tensor with one axis)",
            received=f"axis {axis} of {shape_text(tensors[0].shape)}",
        )
    return tensors, {"axis": axis[0]}


scan: dict[str, Any] = {"infer": lambda x, *, axis: x, "prepare": _scan_prepare}


def _running_sum_gradient(g: Tensor, y: Tensor, x: Tensor, *, axis: int) -> list[Any]:
    return [lambda: slices.flip(running_sum(slices.flip(g, axis=axis), axis=axis), axis=axis)]


@make_op(scan, grad=_running_sum_gradient, lower=Scan("add"))
def running_sum(x, /, axis=None, dtype=None):  # type: ignore[no-untyped-def]
    """y[k] = x[0] + ... + x[k] along the axis."""
    return np.cumsum(x, axis=axis, dtype=x.dtype)


def _shifted(x: Tensor, axis: int, by: int, value: float) -> Tensor:
    """Moved along the axis by ``by`` places (forward where positive), the gap filled with a number."""
    cut = (None, -by, None) if by > 0 else (-by, None, None)
    kept = slices.slice_axes(x, [cut if k == axis else (None, None, None) for k in range(x.ndim)])
    room = (by, 0) if by > 0 else (0, -by)
    return tiling.pad(kept, [room if k == axis else (0, 0) for k in range(x.ndim)], constant_values=value)


def _running_product_vjp_expand(g: Tensor, x: Tensor, *, axis: int) -> Tensor:
    """Back through y <- y * (y moved by 1, 2, 4, ... places), whose last y is the running product."""
    length = x.shape[axis]
    if length is None:
        raise fail(
            ShapeError,
            "cumulative_prod: a second derivative needs the axis length",
            received=shape_text(x.shape),
        )
    steps = [1 << k for k in range((length - 1).bit_length())] if length > 1 else []
    levels = [x]
    for step in steps:
        levels.append(levels[-1] * _shifted(levels[-1], axis, step, 1))
    for step, y in zip(reversed(steps), reversed(levels[:-1]), strict=True):
        g = g * _shifted(y, axis, step, 1) + _shifted(g * y, axis, -step, 0)
    return g


@make_op({}, infer=lambda g, x, *, axis: Spec(x.shape, x.dtype), expand=_running_product_vjp_expand)
def running_product_vjp(g, x, /, axis):  # type: ignore[no-untyped-def]
    """The gradient of a running product, by recurrences without division, so zeros are no trouble."""
    g, x = np.moveaxis(g, axis, 0), np.moveaxis(x, axis, 0)
    result, tail, before = np.empty(x.shape, x.dtype), np.zeros_like(x[:1].sum(0)), np.ones_like(x)
    for k in range(1, len(x)):
        before[k] = before[k - 1] * x[k - 1]
    for k in reversed(range(len(x))):  # tail = g[k] + x[k+1] g[k+1] + x[k+1] x[k+2] g[k+2] + ...
        tail = g[k] + (tail * x[k + 1] if k + 1 < len(x) else 0)
        result[k] = before[k] * tail
    return np.moveaxis(result, 0, axis)


@make_op(
    scan, grad=lambda g, y, x, *, axis: [lambda: running_product_vjp(g, x, axis=axis)], lower=Scan("mul")
)
def running_product(x, /, axis=None, dtype=None):  # type: ignore[no-untyped-def]
    """y[k] = x[0] * ... * x[k] along the axis."""
    return np.cumprod(x, axis=axis, dtype=x.dtype)


def _cumulative(
    op: Any, identity: int, x: Any, axis: Any, dtype: Any, initial: bool, exclusive: bool, reverse: bool
) -> Tensor:
    (x,) = convert_operands([x])
    rank = x.ndim
    if axis is None and rank == 1:
        axis = 0
    if axis is not None:
        axis = checked_axis(axis, rank, op.name)
    x = slices.flip(x, axis=axis) if reverse else x
    y = op(x, axis=axis, dtype=dtype)
    if initial or exclusive:
        y = tiling.pad(y, [(int(k == axis), 0) for k in range(rank)], constant_values=identity)
    if exclusive:
        y = slices.slice_axes(y, [(None, -1, None) if k == axis else (None, None, None) for k in range(rank)])
    return slices.flip(y, axis=axis) if reverse else y


def cumulative_sum(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    include_initial: bool = False,
    exclusive: bool = False,
    reverse: bool = False,
) -> Tensor:
    """Running sum along ``axis`` (which may be None for a tensor with one axis).

    ``include_initial`` puts the empty sum 0 first (one element more); ``exclusive`` leaves each element out of its own
    sum; ``reverse`` runs from the end.

    >>> cumulative_sum([1, 2, 3]).tolist(), cumulative_sum([1, 2, 3], exclusive=True).tolist()
    ([1, 3, 6], [0, 1, 3])
    """
    return _cumulative(running_sum, 0, x, axis, dtype, include_initial, exclusive, reverse)


def cumulative_prod(
    x: Any,
    /,
    *,
    axis: int | None = None,
    dtype: Any = None,
    include_initial: bool = False,
    exclusive: bool = False,
    reverse: bool = False,
) -> Tensor:
    """Running product along ``axis``; arguments as for :func:`cumulative_sum`.

    >>> cumulative_prod([1, 2, 3]).tolist()
    [1, 2, 6]
    """
    return _cumulative(running_product, 1, x, axis, dtype, include_initial, exclusive, reverse)
