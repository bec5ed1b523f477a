"""``theano.tensor.nnet.abstract_conv``: convolution over two and three axes, and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.names import only
from thalweg.compat.theano.conversion import common, tensor_of
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, as_tensor_variable, shape_items
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops


def conv2d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    image_shape: Any = None,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
    unroll_batch: int | None = None,
    unroll_kern: int | None = None,
    unroll_patch: bool | None = None,
) -> TensorVariable:
    """Convolution of [N, C, H, W] with filters [O, C, KH, KW], which are turned around unless ``filter_flip=False``.

    ``border_mode``: "valid", "full" (every overlap), "half" (the same size for odd filters), an int or a pair.
    """
    if unshared:
        raise NotImplementedError(
            "conv2d: filters that differ from place to place (unshared=True) are not supported"
        )
    shapes = (image_shape or input_shape, filter_shape)
    return _conv(2, input, filters, shapes, border_mode, subsample, filter_flip, filter_dilation, num_groups)


def conv3d(
    input: Any,
    filters: Any,
    input_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """:func:`conv2d` of [N, C, D, H, W] with [O, C, KD, KH, KW]."""
    shapes = (input_shape, filter_shape)
    return _conv(3, input, filters, shapes, border_mode, subsample, filter_flip, filter_dilation, num_groups)


def _conv(
    rank: int,
    input: Any,
    filters: Any,
    shapes: Any,
    mode: Any,
    steps: Any,
    flip: bool,
    dilation: Any,
    groups: int,
) -> TensorVariable:
    x, w = common(input, filters)
    for t, shape in zip((x, w), shapes, strict=True):
        if t.ndim != rank + 2:
            raise TypeError(f"conv{rank}d: expected {rank + 2} axes, received {t.ndim}")
        _check_shape(t, shape)
    sizes = [_number(shapes[1], 2 + k) or w.known_shape()[2 + k] for k in range(rank)]
    made = tw.nn.convolution.conv(
        x,
        _ours(w, rank, flip),
        strides=tuple(int(s) for s in ((steps,) * rank if isinstance(steps, int) else steps)),
        padding=_paddings(mode, sizes, dilation),
        data_format="channels_first",
        dilation=tuple(dilation),
        groups=groups,
    )
    return TensorVariable(made)


def _ours(w: Any, rank: int, flip: bool) -> Any:
    """Filters [O, C, ...] as the main library has them, [..., C, O], turned around if asked for."""
    axes = tuple(range(2, 2 + rank))
    return tw.permute_dims(tw.flip(w, axis=axes) if flip else w, (*axes, 1, 0))


def _number(shape: Any, k: int) -> int | None:
    if shape is None or shape[k] is None:
        return None
    d = shape[k]
    if isinstance(d, AnyVariable):
        return int(d.tensor.array()) if d.tensor.value is not None else None
    return int(d)


def _check_shape(t: Any, shape: Any) -> None:
    known = t.known_shape()
    for k in range(t.ndim):
        wanted = _number(shape, k)
        if wanted is not None and known[k] is not None and known[k] != wanted:
            raise ValueError(f"convolution: the declared shape {tuple(shape)} does not fit {known}")


def _paddings(mode: Any, sizes: list[int | None], dilation: Any) -> Any:
    if mode == "valid":
        return "VALID"
    if mode in ("full", "half"):
        if None in sizes:
            raise ValueError(
                f"convolution: border_mode={mode!r} needs filter_shape= where the filters are symbolic"
            )
        wide = [(n - 1) * d + 1 for n, d in zip(sizes, dilation, strict=True)]  # type: ignore[operator]
        return [(n - 1,) * 2 if mode == "full" else (n // 2,) * 2 for n in wide]
    pads = (mode,) * len(sizes) if isinstance(mode, (int, np.integer)) else mode
    return [(p, p) if isinstance(p, (int, np.integer)) else tuple(p) for p in pads]


# --- gradients ------------------------------------------------------------------------------------------------------


def conv2d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The gradient of :func:`conv2d` by its input, of ``input_shape``, from the gradient by its output."""
    only("conv2d_grad_wrt_inputs", "unshared", unshared, False)
    how = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _grad_wrt_inputs(2, output_grad, filters, input_shape, filter_shape, how)


def conv3d_grad_wrt_inputs(
    output_grad: Any,
    filters: Any,
    input_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The gradient of :func:`conv3d` by its input."""
    how = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _grad_wrt_inputs(3, output_grad, filters, input_shape, filter_shape, how)


def _grad_wrt_inputs(
    rank: int, g: Any, w: Any, shape: Any, filter_shape: Any, how: tuple[Any, ...]
) -> TensorVariable:
    g, w = as_tensor_variable(g), as_tensor_variable(w)
    lengths = [*shape]
    if lengths[0] is None:
        lengths[0] = g.shape[0]
    if lengths[1] is None:
        lengths[1] = w.shape[1] * how[-1]
    if None in lengths:
        raise ValueError(
            f"the gradient of a convolution by its input needs the lengths of its axes, received {shape}"
        )
    x = _any_of(g, lengths)
    made = _conv(rank, x, w, (None, filter_shape), *how)
    return TensorVariable(tw.gradients(made.tensor, x.tensor, g.tensor))


def conv2d_grad_wrt_weights(
    input: Any,
    output_grad: Any,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The gradient of :func:`conv2d` by its filters, of ``filter_shape``."""
    only("conv2d_grad_wrt_weights", "unshared", unshared, False)
    how = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _grad_wrt_weights(2, input, output_grad, filter_shape, how)


def conv3d_grad_wrt_weights(
    input: Any,
    output_grad: Any,
    filter_shape: Any,
    input_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The gradient of :func:`conv3d` by its filters."""
    how = (border_mode, subsample, filter_flip, filter_dilation, num_groups)
    return _grad_wrt_weights(3, input, output_grad, filter_shape, how)


def _grad_wrt_weights(rank: int, x: Any, g: Any, shape: Any, how: tuple[Any, ...]) -> TensorVariable:
    g = as_tensor_variable(g)
    w = _any_of(g, shape)
    made = _conv(rank, x, w, (None, shape), *how)
    return TensorVariable(tw.gradients(made.tensor, w.tensor, g.tensor))


def _any_of(like: TensorVariable, lengths: Any) -> TensorVariable:
    """Something of a shape to differentiate by: a convolution is linear, so its gradient does not see the numbers."""
    zero = tw.zeros_like(tw.sum(like.tensor))
    return TensorVariable(tw.identity(dynamic.broadcast_to_lengths(zero, shape_items(tuple(lengths)))))


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """The gradient of :func:`conv2d` by its input: filters are [C of ``input``, C of the result, KH, KW]."""
    only("conv2d_transpose", "filter_dilation", tuple(filter_dilation), (1,) * 2)
    only("conv2d_transpose", "num_groups", num_groups, 1)
    only("conv2d_transpose", "unshared", unshared, False)
    return _transposed(
        2, input, filters, output_shape, filter_shape, border_mode, input_dilation, filter_flip
    )


def conv3d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    input_dilation: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> TensorVariable:
    """The gradient of :func:`conv3d` by its input: filters are [C of ``input``, C of the result, KD, KH, KW]."""
    only("conv3d_transpose", "filter_dilation", tuple(filter_dilation), (1,) * 3)
    only("conv3d_transpose", "num_groups", num_groups, 1)
    return _transposed(
        3, input, filters, output_shape, filter_shape, border_mode, input_dilation, filter_flip
    )


def _transposed(
    rank: int,
    input: Any,
    filters: Any,
    output_shape: Any,
    filter_shape: Any,
    mode: Any,
    steps: Any,
    flip: bool,
) -> TensorVariable:
    x, w = common(input, filters)
    sizes = [_number(filter_shape, 2 + k) or w.known_shape()[2 + k] for k in range(rank)]
    pads = _paddings(mode, sizes, (1,) * rank)
    pads = [(0, 0)] * rank if pads == "VALID" else pads
    steps = tuple(int(s) for s in steps)
    extra = []
    for k in range(rank):
        rows, wanted = x.known_shape()[2 + k], _number(output_shape, 2 + k)
        if rows is None or wanted is None:
            extra.append(0)
            continue
        extra.append(wanted - ((rows - 1) * steps[k] + sizes[k] - sum(pads[k])))  # type: ignore[operator]
    made = tw.nn.convolution.conv_transpose(
        x,
        _ours(w, rank, flip),
        strides=steps,
        padding=pads,
        data_format="channels_first",
        output_padding=tuple(extra),
    )
    return TensorVariable(made)


class _AsOp:
    """A convolution or its gradient as an op: the shapes (None: not known) and the way first, then the arrays."""

    def __init__(
        self,
        imshp: Any = None,
        kshp: Any = None,
        border_mode: Any = "valid",
        subsample: Any = (1, 1),
        filter_flip: bool = True,
        filter_dilation: Any = (1, 1),
        num_groups: int = 1,
        unshared: bool = False,
    ) -> None:
        only(type(self).__name__, "unshared", unshared, False)
        self.imshp, self.kshp = imshp, kshp
        self.how = (border_mode, subsample, filter_flip, filter_dilation, num_groups)


class AbstractConv2d(_AsOp):
    """:func:`conv2d`: ``AbstractConv2d(...)(image, kernels)``."""

    def __call__(self, img: Any, kern: Any) -> TensorVariable:
        return _conv(2, img, kern, (self.imshp, self.kshp), *self.how)


class AbstractConv2d_gradInputs(_AsOp):
    """:func:`conv2d_grad_wrt_inputs`: ``AbstractConv2d_gradInputs(...)(kernels, gradient, (height, width))``."""

    def __call__(self, kern: Any, topgrad: Any, shape: Any) -> TensorVariable:
        lengths = [None, None, *shape_items(shape, 2)]
        return _grad_wrt_inputs(2, topgrad, kern, lengths, self.kshp, self.how)


class AbstractConv2d_gradWeights(_AsOp):
    """:func:`conv2d_grad_wrt_weights`: ``AbstractConv2d_gradWeights(...)(image, gradient, (height, width))``."""

    def __call__(self, img: Any, topgrad: Any, shape: Any) -> TensorVariable:
        x, g = as_tensor_variable(img), as_tensor_variable(topgrad)
        lengths = [g.shape[1], x.shape[1] // self.how[-1], *shape_items(shape, 2)]
        return _grad_wrt_weights(2, x, g, lengths, self.how)


# --- what is made of them -------------------------------------------------------------------------------------------


def separable_conv2d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    **options: Any,
) -> TensorVariable:
    """Each channel convolved on its own, then all of them at every place."""
    own = conv2d(
        input, depthwise_filters, None, None, border_mode, subsample, num_groups=num_channels, **options
    )
    return conv2d(own, pointwise_filters)


def causal_conv1d(
    input: Any,
    filters: Any,
    filter_shape: Any,
    input_shape: Any = None,
    subsample: int = 1,
    filter_flip: bool = True,
    filter_dilation: int = 1,
    num_groups: int = 1,
    unshared: bool = False,
) -> TensorVariable:
    """Convolution of [N, C, T] with [O, C, K] in which no output sees a later input."""
    only("causal_conv1d", "unshared", unshared, False)
    before = (int(filter_shape[2]) - 1) * filter_dilation
    made = conv2d(
        as_tensor_variable(input).dimshuffle(0, 1, 2, "x"),
        as_tensor_variable(filters).dimshuffle(0, 1, 2, "x"),
        border_mode=((before, 0), (0, 0)),
        subsample=(subsample, 1),
        filter_flip=filter_flip,
        filter_dilation=(filter_dilation, 1),
        num_groups=num_groups,
    )
    return made[:, :, :, 0]


def bilinear_kernel_1D(ratio: int, normalize: bool = True) -> TensorVariable:
    """The weights with which a pixel reaches its neighbours when an axis is enlarged: rising to 1 and falling."""
    rising = np.arange(1, ratio + 1)
    kernel = np.concatenate([rising, rising[-2::-1]]).astype("float64")
    from thalweg.compat.theano.configuration import config

    return as_tensor_variable((kernel / ratio if normalize else kernel).astype(config.floatX))


def bilinear_upsampling(
    input: Any, ratio: int, batch_size: Any = None, num_input_channels: Any = None, use_1D_kernel: bool = True
) -> TensorVariable:
    """[N, C, H, W] enlarged ``ratio`` times, with numbers on straight lines between the pixels."""
    t = tensor_of(input)
    for axis in (2, 3):
        t = _enlarged(t, axis, ratio)
    return TensorVariable(t)


def _enlarged(t: Any, axis: int, ratio: int) -> Any:
    """One axis ``ratio`` times as long: place i lies (i - i % ratio) / ratio and the next pixel, the last repeated."""
    length: Any = shape_ops.count(t, (axis,), np.dtype("int64"))
    offset = (ratio - 1) // 2
    places = tw.subtract(dynamic.iota(length * ratio), tw.constant(np.int64(offset)))
    low = tw.floor_divide(places, tw.constant(np.int64(ratio)))
    part = tw.divide(
        tw.astype(tw.subtract(places, low * ratio), t.dtype), tw.constant(np.asarray(ratio, t.dtype))
    )
    shape = [1] * t.ndim
    shape[axis] = -1
    part = tw.reshape(part, tuple(shape))
    last, zero = tw.subtract(length, tw.constant(np.int64(1))), tw.constant(np.int64(0))
    ends = [tw.take(t, tw.minimum(tw.maximum(at, zero), last), axis=axis) for at in (low, low + 1)]
    return tw.add(tw.multiply(ends[0], 1 - part), tw.multiply(ends[1], part))


def get_conv_output_shape(
    image_shape: Any, kernel_shape: Any, border_mode: Any, subsample: Any, filter_dilation: Any = None
) -> tuple[Any, ...]:
    """The shape of a convolution's output; None where a length is not known."""
    rank = len(image_shape) - 2
    modes = border_mode if isinstance(border_mode, (list, tuple)) else (border_mode,) * rank
    dilations = filter_dilation or (1,) * rank
    parts = zip(image_shape[2:], kernel_shape[2:], modes, subsample, dilations, strict=True)
    return (image_shape[0], kernel_shape[0], *(get_conv_shape_1axis(*part) for part in parts))


def get_conv_shape_1axis(
    image_shape: Any, kernel_shape: Any, border_mode: Any, subsample: Any, dilation: int = 1
) -> Any:
    """The length of a convolution's output along an axis."""
    if None in (image_shape, kernel_shape, border_mode, subsample, dilation):
        return None
    wide = (kernel_shape - 1) * dilation + 1
    pad = {"half": wide // 2, "full": wide - 1, "valid": 0}.get(border_mode, border_mode)
    if pad < 0:
        raise ValueError("border_mode must be >= 0")
    return (image_shape + 2 * pad - wide) // subsample + 1
