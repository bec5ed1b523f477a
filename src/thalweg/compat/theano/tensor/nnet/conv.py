"""``theano.tensor.nnet.conv``: the older place of ``conv2d``."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor.nnet import abstract_conv
from thalweg.compat.theano.variable import TensorVariable


def conv2d(
    input: Any,
    filters: Any,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1, 1),
    unroll_batch: int | None = None,
    unroll_kern: int | None = None,
    unroll_patch: bool | None = None,
    imshp: Any = None,
    kshp: Any = None,
    nkern: int | None = None,
    bsize: int | None = None,
) -> TensorVariable:
    """Convolution of [N, C, H, W] with filters [O, C, KH, KW], turned around."""
    return abstract_conv.conv2d(input, filters, image_shape, filter_shape, border_mode, subsample)
