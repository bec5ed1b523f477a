"""``keras.ops`` and ``keras.random``: the main library's functions, which bear the same names."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.keras import backend as K
from thalweg.compat.names import Namespace
from thalweg.ops import random as _random
from thalweg.ops.public import names

_more = {
    "cast": K.cast, "convert_to_numpy": np.asarray, "convert_to_tensor": lambda x, dtype=None: K.cast(x, dtype) if dtype else K.tensor(x),
    "array": K.tensor, "shape": K.shape, "concatenate": lambda xs, axis=0: K.concatenate(xs, axis),
    "transpose": lambda x, axes=None: K.permute_dimensions(x, axes) if axes else K.transpose(x), "power": K.pow,
    "cumsum": lambda x, axis=0: K.cumsum(x, axis), "softmax": K.softmax, "mean": K.mean, "sum": K.sum,
    "log_softmax": nn.log_softmax, "conv": nn.conv, "max_pool": nn.max_pool, "stop_gradient": K.stop_gradient,
    "ones": lambda shape, dtype="float32": names()["ones"](shape, dtype=dtype),
    "zeros": lambda shape, dtype="float32": names()["zeros"](shape, dtype=dtype),
    "absolute": K.abs, "norm": names()["norm"],
}  # fmt: skip
ops = Namespace("keras.ops", **{**names(), **_more})


def _uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    return K.random_uniform(shape, minval, maxval)


def _normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    return K.random_normal(shape, mean, stddev)


random = Namespace(
    "keras.random", uniform=_uniform, normal=_normal, shuffle=lambda x, axis=0, seed=None: _random.shuffle(x),
    dropout=lambda x, rate, noise_shape=None, seed=None: nn.dropout(x, rate), truncated_normal=K.truncated_normal,
    SeedGenerator=lambda seed=None: seed,
)  # fmt: skip
