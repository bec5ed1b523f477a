"""Fourier transforms along the last axis. There are no complex dtypes: a complex tensor is a pair (real, imaginary)."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, shapes_match
from thalweg.ops.elementwise import multiply, negative
from thalweg.ops.joining import concat
from thalweg.ops.shape import full_like
from thalweg.ops.slices import flip, slice_axes

__all__ = ["fft", "ifft", "irfft", "rfft"]

Pair = tuple[Tensor, Tensor]


def _infer(real: Spec, imag: Spec, *, inverse: bool, averaged: bool) -> tuple[Spec, Spec]:
    if real.dtype != imag.dtype or real.dtype not in (dtypes.float32, dtypes.float64):
        raise fail(
            DTypeError,
            "a Fourier transform: the real and the imaginary part",
            expected="both float32, or both float64",
            received=f"{real.dtype.name} and {imag.dtype.name}",
        )
    if not real.shape or not shapes_match(real.shape, imag.shape):
        raise fail(
            ShapeError,
            "a Fourier transform: the real and the imaginary part",
            expected="one shape with at least one axis",
            received=f"{real} and {imag}",
        )
    return real, real


def _gradient(g: Any, y: Any, real: Tensor, imag: Tensor, *, inverse: bool, averaged: bool) -> list[Any]:
    """The adjoint of the transform is the one with the other sign."""
    given = [full_like(real, 0) if part is None else part for part in g]
    return list(_parts(given[0], given[1], not inverse, averaged))


@make_op({}, infer=_infer, grad=_gradient)
def transform(real, imag, /, inverse=False, averaged=False):  # type: ignore[no-untyped-def]
    """sum_k (real + i imag)_k exp(-2 pi i j k / n) for each j; ``inverse``: exp(+...); ``averaged``: divided by n.

    >>> [part.tolist() for part in transform([1.0, 2.0], [0.0, 0.0])]
    [[3.0, -1.0], [0.0, 0.0]]
    """
    if real.size == 0:
        return real.copy(), imag.copy()
    change: Any = np.fft.ifft if inverse else np.fft.fft
    given = real + np.array(1j, np.result_type(real, np.complex64)) * imag
    found = change(given, norm="backward" if inverse == averaged else "forward")
    return found.real.astype(real.dtype), found.imag.astype(real.dtype)


def _parts(real: Any, imag: Any, inverse: bool, averaged: bool) -> Pair:
    parts: Any = transform(*convert_operands([real, imag]), inverse=inverse, averaged=averaged)
    return parts[0], parts[1]


def fft(real: Any, imag: Any, /) -> Pair:
    """The discrete Fourier transform of the last axis, sum_k x_k exp(-2 pi i j k / n), as a pair of the same shape.

    >>> [part.tolist() for part in fft([0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0])]
    [[1.0, 0.0, -1.0, 0.0], [0.0, -1.0, 0.0, 1.0]]
    """
    return _parts(real, imag, False, False)


def ifft(real: Any, imag: Any, /) -> Pair:
    """What :func:`fft` takes to this pair.

    >>> [part.tolist() for part in ifft([1.0, 0.0, -1.0, 0.0], [0.0, -1.0, 0.0, 1.0])]
    [[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
    """
    return _parts(real, imag, True, True)


def rfft(x: Any, /) -> Pair:
    """The first n // 2 + 1 numbers of :func:`fft` of real numbers: the others are their conjugates.

    >>> [part.tolist() for part in rfft([1.0, 2.0, 1.0, 0.0])]
    [[4.0, 0.0, 0.0], [0.0, -2.0, 0.0]]
    """
    (x,) = convert_operands([x])
    if not x.shape or x.shape[-1] is None:
        raise fail(ShapeError, "rfft", expected="a last axis of known length", received=str(x.specs[0]))
    real, imag = fft(x, full_like(x, 0))
    kept = x.shape[-1] // 2 + 1
    return _part(real, 0, kept), _part(imag, 0, kept)


def irfft(real: Any, imag: Any, /, length: int) -> Tensor:
    """The ``length`` real numbers that :func:`rfft` takes to this pair of ``length // 2 + 1``.

    The imaginary parts of the first number, and of the last one for an even length, count as 0.

    >>> irfft([4.0, 0.0, 0.0], [0.0, -2.0, 0.0], 4).tolist()
    [1.0, 2.0, 1.0, 0.0]
    """
    real, imag = convert_operands([real, imag])
    if not real.shape or real.shape[-1] != length // 2 + 1:
        raise fail(
            ShapeError,
            f"irfft: the last axis, for {length} numbers",
            expected=length // 2 + 1,
            received=str(real.specs[0]),
        )
    mirrored = (length - 1) // 2  # how many come again as conjugates
    tail = [flip(_part(part, 1, mirrored + 1), axis=-1) for part in (real, imag)]
    inner = np.ones(length // 2 + 1, real.dtype)
    inner[[0, *([-1] if length % 2 == 0 else [])]] = 0
    found = ifft(
        concat([real, tail[0]], axis=-1), concat([multiply(imag, inner), negative(tail[1])], axis=-1)
    )
    return found[0]


def _part(x: Tensor, start: int, stop: int) -> Tensor:
    """A part of the last axis."""
    return slice_axes(x, [*[slice(None)] * (x.ndim - 1), slice(start, stop)])
