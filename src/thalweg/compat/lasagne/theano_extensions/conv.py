"""``lasagne.theano_extensions.conv``: convolution over one axis, under the names of the ways it was computed."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano import tensor as T


def conv1d_sc(
    input: Any,
    filters: Any,
    image_shape: Any = None,
    filter_shape: Any = None,
    border_mode: Any = "valid",
    subsample: Any = (1,),
    filter_flip: bool = True,
) -> Any:
    """Convolution of [batch, channels, n] with filters [filters, channels, k]; ``border_mode``: valid, same, full or a
    number of zeros.
    """
    if isinstance(border_mode, str) and border_mode not in ("valid", "same", "half", "full"):
        raise RuntimeError(f"Unsupported border_mode for conv1d: {border_mode}")
    size: Any = filters.shape[2] if filter_shape is None else filter_shape[2]
    zeros = {"valid": 0, "same": size // 2, "half": size // 2, "full": size - 1}
    given = border_mode[0] if isinstance(border_mode, (tuple, list)) else border_mode
    pad = zeros[given] if isinstance(given, str) else given
    length = input.shape[2]
    wide = T.zeros((input.shape[0], input.shape[1], length + 2 * pad), dtype=input.dtype)
    wide = T.set_subtensor(wide[:, :, pad : pad + length], input)
    made = T.nnet.conv2d(
        wide.dimshuffle(0, 1, "x", 2),
        filters.dimshuffle(0, 1, "x", 2),
        filter_shape=None if filter_shape is None else (*filter_shape[:2], 1, filter_shape[2]),
        border_mode="valid",
        subsample=(1, subsample[0]),
        filter_flip=filter_flip,
    )
    return made[:, :, 0, :]


conv1d_mc0 = conv1d_mc1 = conv1d_unstrided = conv1d_sd = conv1d_md = conv1d_sc
