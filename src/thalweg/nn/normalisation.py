"""Normalisation: moments, and the transforms that remove them over a batch, a layer or groups of channels."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, checked_axis, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import add, astype, divide, maximum, multiply, sqrt, subtract
from thalweg.ops.families import to_floats
from thalweg.ops.reduce import mean, normal_axes, sum, var

__all__ = [
    "batch_norm", "batch_norm_training", "group_norm", "instance_norm", "l2_normalize", "layer_norm", "moments",
    "normalize", "rms_norm",
]  # fmt: skip


def _floats(*values: Any) -> list[Any]:
    """Tensors of the dtype of the first; None stays."""
    (x,) = to_floats(convert_operands([values[0]]), {})[0]
    rest = [None if v is None else astype(convert_operands([v])[0], x.dtype) for v in values[1:]]
    return [x, *rest]


def _axes(axis: Any, x: Tensor, name: str) -> tuple[int, ...]:
    axes = normal_axes(axis, x.specs[0], name)
    if axes is None:
        raise fail(ShapeError, f"{name}: x has an unknown rank", hint="give the placeholder a shape")
    return axes


def _center(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """x less its mean, the mean, and the variance, the last two with axes of length 1."""
    average = mean(x, axis=axes, keepdims=True)
    return subtract(x, average), average, var(x, axis=axes, keepdims=True)


def moments(x: Any, axis: Any = None, keepdims: bool = False) -> tuple[Tensor, Tensor]:
    """(mean, variance) over ``axis`` (an int, a tuple, or None for all); the variance divides by the count.

    >>> [t.item() for t in moments([1.0, 3.0])]
    [2.0, 1.0]
    """
    (x,) = _floats(x)
    axes = _axes(axis, x, "moments")
    _, mean, variance = _center(x, axes)
    if keepdims or not axes:
        return mean, variance
    return sum(mean, axis=axes), sum(variance, axis=axes)


def _scaled(x: Any, scale: Any, offset: Any) -> Any:
    x = x if scale is None else multiply(x, scale)
    return x if offset is None else add(x, offset)


def normalize(
    x: Any, mean: Any, variance: Any, scale: Any = None, offset: Any = None, epsilon: float = 1e-3
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset; all broadcast against x.

    >>> normalize([3.0], 1.0, 4.0, epsilon=0.0).tolist()
    [1.0]
    """
    x, mean, variance, scale, offset = _floats(x, mean, variance, scale, offset)
    factor = divide(1, sqrt(add(variance, epsilon)))
    factor = factor if scale is None else multiply(factor, scale)
    return _scaled(multiply(subtract(x, mean), factor), None, offset)


def _along(v: Any, axis: int, rank: int) -> Any:
    """A vector over one axis of x, ready to broadcast against x."""
    after = rank - 1 - axis
    if v is None or not after:
        return v
    if v.ndim != 1:
        raise fail(
            ShapeError, "batch_norm: a parameter", expected="a vector over axis", received=shape_text(v.shape)
        )
    return shape_ops.expand_dims(v, tuple(range(1, 1 + after)))


def batch_norm(
    x: Any,
    mean: Any,
    variance: Any,
    scale: Any = None,
    offset: Any = None,
    epsilon: float = 1e-3,
    axis: int = -1,
) -> Tensor:
    """x normalised with given moments, vectors over the channel ``axis``: the form for inference.

    >>> batch_norm([[3.0, 5.0]], [1.0, 1.0], [4.0, 16.0], epsilon=0.0).tolist()
    [[1.0, 1.0]]
    """
    x, *rest = _floats(x, mean, variance, scale, offset)
    place = checked_axis(axis, x.ndim, "batch_norm")
    mean, variance, scale, offset = (_along(v, place, x.ndim) for v in rest)
    return normalize(x, mean, variance, scale, offset, epsilon)


def batch_norm_training(
    x: Any, scale: Any = None, offset: Any = None, epsilon: float = 1e-3, axis: int = -1
) -> tuple[Tensor, Tensor, Tensor]:
    """(y, mean, variance): x normalised with its own moments over all axes but ``axis``, and these moments.

    The variance divides by the count. Moments are vectors over the channel axis, for running averages.

    >>> y, mean, variance = batch_norm_training([[1.0], [3.0]], epsilon=0.0)
    >>> y.tolist(), mean.tolist(), variance.tolist()
    ([[-1.0], [1.0]], [2.0], [1.0])
    """
    x, scale, offset = _floats(x, scale, offset)
    place = checked_axis(axis, x.ndim, "batch_norm_training")
    axes = tuple(k for k in range(x.ndim) if k != place)
    centered, mean, variance = _center(x, axes)
    factor = divide(1, sqrt(add(variance, epsilon)))
    y = _scaled(multiply(centered, factor), _along(scale, place, x.ndim), _along(offset, place, x.ndim))
    return y, *(sum(m, axis=axes) if axes else m for m in (mean, variance))


def _standard(x: Any, axes: tuple[int, ...], epsilon: float) -> Any:
    centered, _, variance = _center(x, axes)
    return multiply(centered, divide(1, sqrt(add(variance, epsilon))))


def layer_norm(
    x: Any, scale: Any = None, offset: Any = None, axis: Any = -1, epsilon: float = 1e-3
) -> Tensor:
    """Each example normalised over its own ``axis`` (an int or a tuple); scale and offset broadcast against x.

    >>> layer_norm([[1.0, 3.0]], epsilon=0.0).tolist()
    [[-1.0, 1.0]]
    """
    x, scale, offset = _floats(x, scale, offset)
    return _scaled(_standard(x, _axes(axis, x, "layer_norm"), epsilon), scale, offset)


def rms_norm(x: Any, scale: Any = None, axis: Any = -1, epsilon: float = 1e-6) -> Tensor:
    """x / sqrt(mean(x^2) + epsilon) over ``axis``, times scale.

    >>> rms_norm([[3.0, -3.0]], epsilon=0.0).tolist()
    [[1.0, -1.0]]
    """
    x, scale = _floats(x, scale)
    square = mean(multiply(x, x), axis=_axes(axis, x, "rms_norm"), keepdims=True)
    return _scaled(multiply(x, divide(1, sqrt(add(square, epsilon)))), scale, None)


def group_norm(
    x: Any, groups: int, scale: Any = None, offset: Any = None, epsilon: float = 1e-3, axis: int = -1
) -> Tensor:
    """Each example normalised over its spatial axes and each of ``groups`` groups of channels.

    The first axis is the batch, ``axis`` the channels; scale and offset are vectors over the channels.

    >>> group_norm([[1.0, 3.0, 10.0, 30.0]], 2, epsilon=0.0).tolist()
    [[-1.0, 1.0, -1.0, 1.0]]
    """
    x, scale, offset = _floats(x, scale, offset)
    place = checked_axis(axis, x.ndim, "group_norm")
    channels = x.shape[place]
    if channels is None:
        raise fail(
            ShapeError, "group_norm: x", expected="a known number of channels", received=shape_text(x.shape)
        )
    if not isinstance(groups, int) or groups < 1 or channels % groups or place == 0:
        raise fail(
            ArgumentError, "group_norm: groups", expected=f"a divisor of the number of channels ({channels})",
            received=repr(groups),
        )  # fmt: skip
    split = _split_axis(x, place, groups)
    axes = tuple(k for k in range(1, x.ndim + 1) if k != place)
    y = shape_ops.reshape_like(_standard(split, axes, epsilon), x)
    return _scaled(y, _along(scale, place, x.ndim), _along(offset, place, x.ndim))


def _split_axis(x: Any, place: int, groups: int) -> Any:
    shape = [*x.shape[:place], groups, x.shape[place] // groups, *x.shape[place + 1 :]]
    if shape.count(None) > 1:
        wanted = "at most one unknown axis"
        raise fail(ShapeError, "group_norm: x", expected=wanted, received=shape_text(x.shape))
    return shape_ops.reshape(x, [-1 if d is None else d for d in shape])


def instance_norm(
    x: Any, scale: Any = None, offset: Any = None, epsilon: float = 1e-3, axis: int = -1
) -> Tensor:
    """Each channel of each example normalised over its spatial axes.

    >>> instance_norm([[[1.0], [3.0]]], epsilon=0.0).tolist()
    [[[-1.0], [1.0]]]
    """
    x, scale, offset = _floats(x, scale, offset)
    place = checked_axis(axis, x.ndim, "instance_norm")
    y = _standard(x, tuple(k for k in range(1, x.ndim) if k != place), epsilon)
    return _scaled(y, _along(scale, place, x.ndim), _along(offset, place, x.ndim))


def l2_normalize(x: Any, axis: Any = -1, epsilon: float = 1e-12) -> Tensor:
    """x / sqrt(max(sum(x^2), epsilon)) over ``axis``.

    >>> l2_normalize([0.0, 4.0]).tolist()
    [0.0, 1.0]
    """
    (x,) = _floats(x)
    total = sum(multiply(x, x), axis=_axes(axis, x, "l2_normalize"), keepdims=True)
    return divide(x, sqrt(maximum(total, epsilon)))
