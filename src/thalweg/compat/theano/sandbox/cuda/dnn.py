"""``theano.sandbox.cuda.dnn``: the functions of a graphics library, as the plain ones that compute the same."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import only
from thalweg.compat.theano.tensor.nnet.abstract_conv import (
    conv2d,
    conv2d_grad_wrt_inputs,
    conv2d_grad_wrt_weights,
    conv3d,
)
from thalweg.compat.theano.tensor.signal.pool import pool_2d, pool_3d
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


class _No:
    msg = "there is no such device"

    def __call__(self) -> bool:
        return False


dnn_available = _No()


def dnn_conv(
    img: Any,
    kerns: Any,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    dilation: Any = (1, 1),
    conv_mode: str = "conv",
    direction_hint: str | None = None,
    workmem: str | None = None,
    algo: str | None = None,
    precision: Any = None,
    num_groups: int = 1,
) -> TensorVariable:
    """Convolution of [N, C, H, W] with [O, C, KH, KW], turned around unless ``conv_mode="cross"``."""
    return conv2d(
        img, kerns, None, None, border_mode, subsample, conv_mode == "conv", None, dilation, num_groups
    )


def dnn_conv3d(
    img: Any,
    kerns: Any,
    border_mode: Any = "valid",
    subsample: Any = (1, 1, 1),
    dilation: Any = (1, 1, 1),
    conv_mode: str = "conv",
    direction_hint: str | None = None,
    algo: str | None = None,
    precision: Any = None,
    num_groups: int = 1,
) -> TensorVariable:
    """:func:`dnn_conv` over three axes."""
    return conv3d(img, kerns, None, None, border_mode, subsample, conv_mode == "conv", dilation, num_groups)


def dnn_pool(img: Any, ws: Any, stride: Any = None, mode: str = "max", pad: Any = None) -> TensorVariable:
    """Pooling in which windows that the border cuts do not count."""
    x = as_tensor_variable(img)
    pool = pool_2d if len(ws) == 2 else pool_3d
    margin = (0,) * len(ws) if pad is None else pad
    return pool(
        x, ws, True, stride or (1,) * len(ws), margin, "average_inc_pad" if mode == "average" else mode
    )


class GpuDnnConvDesc:
    """How a convolution goes, for the ops below: ``GpuDnnConvDesc(border_mode, subsample)(kernel_shape)``."""

    def __init__(
        self,
        border_mode: Any,
        subsample: Any = (1, 1),
        dilation: Any = (1, 1),
        conv_mode: str = "conv",
        precision: Any = None,
        num_groups: int = 1,
    ) -> None:
        self.how = (border_mode, subsample, conv_mode == "conv", dilation, num_groups)

    def __call__(self, *shapes: Any) -> GpuDnnConvDesc:
        return self


class _WithAlgorithm:
    def __init__(self, algo: Any = None, inplace: bool = False, num_groups: int = 1) -> None:
        only(type(self).__name__, "num_groups", num_groups, 1)
        self.algo = algo


class GpuDnnConv(_WithAlgorithm):
    """``GpuDnnConv()(image, kernels, out, description)``: the convolution; ``out`` only tells its shape."""

    def __call__(self, img: Any, kern: Any, output: Any, desc: GpuDnnConvDesc, *_: Any) -> TensorVariable:
        mode, steps, flip, dilation, groups = desc.how
        return conv2d(img, kern, None, None, mode, steps, flip, None, dilation, groups)


class GpuDnnConvGradI(_WithAlgorithm):
    """``GpuDnnConvGradI()(kernels, gradient, out, description)``: the gradient by the image, in the shape of out."""

    def __call__(self, kern: Any, topgrad: Any, output: Any, desc: GpuDnnConvDesc, *_: Any) -> TensorVariable:
        return conv2d_grad_wrt_inputs(topgrad, kern, list(as_tensor_variable(output).shape), None, *desc.how)


class GpuDnnConvGradW(_WithAlgorithm):
    """``GpuDnnConvGradW()(image, gradient, out, description)``: the gradient by the kernels, in the shape of out."""

    def __call__(self, img: Any, topgrad: Any, output: Any, desc: GpuDnnConvDesc, *_: Any) -> TensorVariable:
        return conv2d_grad_wrt_weights(img, topgrad, list(as_tensor_variable(output).shape), None, *desc.how)
