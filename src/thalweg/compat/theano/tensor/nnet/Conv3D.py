"""``theano.tensor.nnet.Conv3D``: convolution over three axes, channels last."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor.nnet import abstract_conv
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def conv3D(V: Any, W: Any, b: Any, d: Any) -> TensorVariable:
    """``V`` [N, H, W, T, C] with ``W`` [O, KH, KW, KT, C] (not turned around) in steps ``d``, plus a bias."""
    x, w = as_tensor_variable(V).dimshuffle(0, 4, 1, 2, 3), as_tensor_variable(W).dimshuffle(0, 4, 1, 2, 3)
    made = abstract_conv.conv3d(x, w, subsample=tuple(int(n) for n in d), filter_flip=False)
    return made.dimshuffle(0, 2, 3, 4, 1) + b
