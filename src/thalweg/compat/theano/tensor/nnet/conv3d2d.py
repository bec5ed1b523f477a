"""``theano.tensor.nnet.conv3d2d``: convolution over time and two axes."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor.nnet import abstract_conv
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def conv3d(
    signals: Any,
    filters: Any,
    signals_shape: Any = None,
    filters_shape: Any = None,
    border_mode: Any = "valid",
) -> TensorVariable:
    """Convolution of [N, T, C, H, W] with [O, KT, C, KH, KW]."""
    x = as_tensor_variable(signals).dimshuffle(0, 2, 1, 3, 4)
    w = as_tensor_variable(filters).dimshuffle(0, 2, 1, 3, 4)
    shape = None if filters_shape is None else [filters_shape[k] for k in (0, 2, 1, 3, 4)]
    return abstract_conv.conv3d(x, w, None, shape, border_mode).dimshuffle(0, 2, 1, 3, 4)
