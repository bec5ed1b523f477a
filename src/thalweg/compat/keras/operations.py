"""``keras.ops`` and ``keras.random``: the main library's functions, which mostly bear the same names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.keras import backend as K
from thalweg.compat.names import Namespace
from thalweg.ops import random as _random
from thalweg.ops.public import names
from thalweg.ops.shape import swapaxes as _swapaxes


def _convert(x: Any, dtype: Any = None) -> Any:
    return K.tensor(x) if dtype is None else K.cast(x, dtype)


def _concatenate(xs: Any, axis: int = 0) -> Any:
    return K.concatenate(xs, axis)


def _transpose(x: Any, axes: Any = None) -> Any:
    return K.permute_dimensions(x, axes) if axes else K.transpose(x)


_given = names()
_more = {
    "cast": K.cast, "convert_to_numpy": np.asarray, "convert_to_tensor": _convert, "array": _convert, "shape": K.shape,
    "concatenate": _concatenate, "transpose": _transpose, "power": K.pow, "cumsum": K.cumsum, "cumprod": K.cumprod,
    "softmax": K.softmax, "mean": K.mean, "sum": K.sum, "log_softmax": nn.log_softmax, "conv": nn.conv,
    "max_pool": nn.max_pool, "average_pool": nn.avg_pool, "stop_gradient": K.stop_gradient, "absolute": K.abs,
}  # fmt: skip
ops = Namespace("keras.ops", **{**_given, **_more})


def _drawing(draw: Any) -> Any:
    def drawn(shape: Any, *bounds: Any, dtype: Any = None, seed: Any = None, **named: Any) -> Any:
        return draw(shape, *bounds, dtype=dtype, **named)

    return drawn


def _dropout(x: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    return nn.dropout(x, rate, noise_shape=noise_shape)


def _shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    if axis:
        return _swapaxes(_random.shuffle(_swapaxes(x, 0, axis)), 0, axis)
    return _random.shuffle(x)


random = Namespace(
    "keras.random", uniform=_drawing(K.random_uniform), normal=_drawing(K.random_normal), shuffle=_shuffle,
    truncated_normal=_drawing(K.truncated_normal), dropout=_dropout, SeedGenerator=lambda seed=None: seed,
)  # fmt: skip
