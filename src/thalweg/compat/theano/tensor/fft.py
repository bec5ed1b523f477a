"""``theano.tensor.fft``: Fourier transforms of real numbers; the last axis of what they give is (real, imaginary)."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import floats
from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable
from thalweg.graph.tensor import Tensor
from thalweg.ops import spectral


def rfft(inp: Any, norm: str | None = None) -> TensorVariable:
    """The transforms of [m, ..., n] over all axes but the first: [m, ..., n // 2 + 1, 2].

    ``norm``: None and "no_norm" leave them as they are, "ortho" divides them by the root of the number of elements.
    """
    x = TensorVariable(floats(inp)[0])
    if x.ndim < 2:
        raise TypeError(f"rfft: expected at least 2 axes, the first of them for examples, received {x.ndim}")
    real, imag = spectral.fft(x.tensor, tw.zeros_like(x.tensor))
    kept = (Ellipsis, slice(None, x.shape[x.ndim - 1] // 2 + 1))
    parts = _over_inner_axes(
        spectral.fft, TensorVariable(real)[kept].tensor, TensorVariable(imag)[kept].tensor, x.ndim
    )
    return _scaled(TensorVariable(tw.stack(parts, axis=-1)), _count(x.shape[1:]), norm, {"ortho": -0.5})


def irfft(inp: Any, norm: str | None = None, is_odd: bool = False) -> TensorVariable:
    """The real numbers [m, ..., n] that :func:`rfft` takes to [m, ..., n // 2 + 1, 2]; ``is_odd``: whether n is odd.

    ``norm``: None divides them by the number of elements, "ortho" by its root, "no_norm" leaves them as they are.
    """
    if is_odd not in (True, False):
        raise ValueError(f"irfft: is_odd must be True or False, received {is_odd!r}")
    x = TensorVariable(floats(inp)[0])
    if x.ndim < 3:
        raise TypeError(f"irfft: expected at least 3 axes, [m, ..., n // 2 + 1, 2], received {x.ndim}")
    rank = x.ndim - 1
    parts = _over_inner_axes(spectral.ifft, x[..., 0].tensor, x[..., 1].tensor, rank)
    real, imag = map(TensorVariable, parts)
    ends = slice(1, None if is_odd else -1)  # the numbers that come again as conjugates
    none = basic.zeros_like(imag[..., :1])
    imag = basic.concatenate([none, imag[..., ends], *([] if is_odd else [none])], axis=rank - 1)
    back = slice(-1 if is_odd else -2, 0, -1)
    whole = [
        basic.concatenate([part, sign * part[..., back]], axis=rank - 1)
        for part, sign in ((real, 1), (imag, -1))
    ]
    found = TensorVariable(spectral.ifft(whole[0].tensor, whole[1].tensor)[0])
    return _scaled(found, _count(found.shape[1:]), norm, {"ortho": 0.5, "no_norm": 1.0})


def _over_inner_axes(change: Any, real: Tensor, imag: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """The transform of each axis between the first and the last."""
    for axis in range(1, rank - 1):
        turned = change(tw.swapaxes(real, axis, -1), tw.swapaxes(imag, axis, -1))
        real, imag = (tw.swapaxes(part, axis, -1) for part in turned)
    return real, imag


def _count(lengths: Any) -> TensorVariable:
    return basic.prod(as_tensor_variable(lengths))


def _scaled(
    x: TensorVariable, count: TensorVariable, norm: str | None, powers: dict[str, float]
) -> TensorVariable:
    """The numbers times a power of how many there are."""
    if norm not in (None, "ortho", "no_norm"):
        raise ValueError(f"a Fourier transform: norm must be None, 'ortho' or 'no_norm', received {norm!r}")
    power = powers.get(norm or "")
    return x if power is None else x * basic.cast(count, x.dtype) ** basic.cast(power, x.dtype)
