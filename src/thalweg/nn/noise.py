"""Noise that regularises training: dropout in its forms, and additive Gaussian noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, plain
from thalweg.ops import random
from thalweg.ops.dynamic import broadcast_to_lengths
from thalweg.ops.elementwise import add, astype, divide, equal, multiply, subtract, where
from thalweg.ops.families import to_floats
from thalweg.ops.shape import broadcast_like, count, reshape

__all__ = ["dropout", "gaussian_noise", "spatial_dropout"]


def dropout(
    x: Any,
    rate: Any,
    training: bool = True,
    *,
    noise_shape: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Zeros with probability ``rate``, the rest divided by 1 - rate; x itself where not ``training``.

    ``rate`` may be a tensor. ``noise_shape`` has x's rank: where it is 1, one draw serves the whole axis, and None
    means x's length; it, or its lengths, may be integer tensors. ``key`` and ``symbolic`` are those of
    :func:`thalweg.ops.random.bernoulli`.

    >>> dropout([1.0, 2.0], 0.5, training=False).tolist()
    [1.0, 2.0]
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    if isinstance(rate, (int, float)):
        if not 0 <= rate <= 1:
            raise fail(ArgumentError, "dropout: rate", expected="0 <= rate <= 1", received=rate)
        if rate == 0:
            return x
    if not training:
        return x
    keep, scale = _keep_and_scale(rate, x)
    lengths = _lengths_of_noise(noise_shape, x)
    if lengths is not None and any(isinstance(n, Tensor) for n in lengths):  # known when the program runs
        like = broadcast_to_lengths(np.float32(0), lengths)
        kept = broadcast_like(random.bernoulli(keep, like=like, key=key, symbolic=symbolic), x)
    else:
        kept = random.bernoulli(keep, lengths, like=x, key=key, symbolic=symbolic)
    return where(kept, multiply(x, scale), 0)


def _lengths_of_noise(noise_shape: Any, x: Tensor) -> Any:
    """The lengths as numbers where they are known, None where each is x's own, else scalars."""
    if noise_shape is None:
        return None
    if isinstance(noise_shape, Tensor) and noise_shape.shape in (None, (None,)):
        noise_shape = reshape(noise_shape, (x.ndim,))
    lengths = (
        [noise_shape[k] for k in range(len(x.shape))] if isinstance(noise_shape, Tensor) else noise_shape
    )
    found = [_known_length(plain(n), x, k) for k, n in enumerate(lengths)]
    if not any(isinstance(n, Tensor) for n in found):
        return tuple(found)
    return [count(x, (k,), dtypes.as_dtype("int64")) if n is None else n for k, n in enumerate(found)]


def _known_length(n: Any, x: Tensor, axis: int) -> Any:
    """A number where the scalar has a value, None where it is x's own length; else the scalar."""
    if not isinstance(n, Tensor):
        return n
    if n.value is not None:
        return int(n.array())
    asked = n.inputs[0] if n.op is not None and n.op.name == "astype" else n
    own = asked.op is count and asked.inputs[0] is x and asked.attrs["axis"] == (axis,)
    return None if own else n


def _keep_and_scale(rate: Any, x: Tensor) -> tuple[Any, Any]:
    """The probability of keeping an element and its factor, 0 where nothing is kept."""
    if isinstance(rate, (int, float)):
        return 1 - rate, 0.0 if rate == 1 else 1 / (1 - rate)
    keep = subtract(1, astype(convert_operands([rate])[0], x.dtype))
    none = equal(keep, 0)
    return keep, where(none, 0, divide(1, where(none, 1, keep)))


def spatial_dropout(
    x: Any, rate: Any, training: bool = True, *, key: Any = None, symbolic: bool | None = None
) -> Tensor:
    """:func:`dropout` of whole channels: one draw for all spatial axes of [N, *S, C].

    >>> spatial_dropout([[[1.0], [2.0]]], 0.5, training=False).tolist()
    [[[1.0], [2.0]]]
    """
    (x,) = convert_operands([x])
    shape = (None, *(1,) * (x.ndim - 2), None)
    return dropout(x, rate, training, noise_shape=shape, key=key, symbolic=symbolic)


def gaussian_noise(
    x: Any, stddev: Any, training: bool = True, *, key: Any = None, symbolic: bool | None = None
) -> Tensor:
    """x plus normal noise of mean 0; x itself where not ``training``.

    >>> gaussian_noise([1.0], 0.5, training=False).tolist()
    [1.0]
    """
    (x,) = to_floats(convert_operands([x]), {})[0]
    if not training:
        return x
    return add(x, random.normal(None, 0.0, stddev, x.dtype, like=x, key=key, symbolic=symbolic))
