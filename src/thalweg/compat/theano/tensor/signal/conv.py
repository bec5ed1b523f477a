"""``theano.tensor.signal.conv``: convolution of single images."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.tensor.nnet import abstract_conv
from thalweg.compat.theano.variable import TensorVariable


def conv2d(
    input: Any,
    filters: Any,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: str = "valid",
    subsample: Any = (1, 1),
    unroll_batch: int | None = None,
    unroll_kern: int | None = None,
    unroll_patch: bool | None = None,
) -> TensorVariable:
    """Each image [H, W] (or [N, H, W]) with each filter [KH, KW] (or [O, KH, KW])."""
    x, w = tensor_of(input), tensor_of(filters)
    many, several = x.ndim == 3, w.ndim == 3
    images = tw.expand_dims(x, 1 if many else (0, 1))
    kernels = tw.expand_dims(w, 1 if several else (0, 1))
    made = abstract_conv.conv2d(images, kernels, border_mode=border_mode, subsample=subsample).tensor
    drop = tuple(k for k, kept in ((0, many), (1, several)) if not kept)
    return TensorVariable(tw.squeeze(made, drop) if drop else made)
