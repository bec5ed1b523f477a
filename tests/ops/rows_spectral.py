"""Rows of Fourier transforms, beside NumPy's: a pair (real, imaginary) is stacked along a first axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ops.harness import Row
from thalweg.ops import spectral
from thalweg.ops.joining import stack

_PAIRS: list[Any] = [((8,), (8,)), ((3, 5), (3, 5)), ((2, 1, 7), (2, 1, 7)), ((0, 4), (0, 4))]
_CLOSE = 1e-5  # sums of n terms, in another order


def _stacked(fn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: stack(fn(*given))


def _parts(found: Any) -> np.ndarray:
    return np.stack([found.real, found.imag])


def _mirrored(real: Any, imag: Any, n: int) -> Any:
    """NumPy's irfft, which ignores the same imaginary parts."""
    return np.fft.irfft(real + 1j * imag, n)


ROWS = [
    Row(
        "fft",
        _stacked(spectral.fft),
        _PAIRS,
        rtol=_CLOSE,
        reference=lambda r, i: _parts(np.fft.fft(r + 1j * i) if r.size else r + 1j * i),
    ),
    Row(
        "ifft",
        _stacked(spectral.ifft),
        _PAIRS,
        rtol=_CLOSE,
        reference=lambda r, i: _parts(np.fft.ifft(r + 1j * i) if r.size else r + 1j * i),
    ),
    Row(
        "rfft",
        _stacked(spectral.rfft),
        [((8,),), ((3, 5),), ((2, 1, 1),)],
        rtol=_CLOSE,
        reference=lambda x: _parts(np.fft.rfft(x)),
    ),
    *(
        Row(
            f"irfft of {n}",
            lambda r, i, n=n: spectral.irfft(r, i, n),
            [((n // 2 + 1,), (n // 2 + 1,)), ((3, n // 2 + 1), (3, n // 2 + 1))],
            rtol=_CLOSE,
            reference=lambda r, i, n=n: _mirrored(r, i, n),
        )
        for n in (1, 2, 7, 8)
    ),
]
