"""``tf.signal``: Fourier transforms, windows, short-time spectra, mel bands."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat import spectra
from thalweg.compat.tf1.errors import UnimplementedError
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2 import arrays
from thalweg.compat.tf2.complexes import ComplexTensor, made
from thalweg.compat.tf2.values import number, tensor
from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import contract, segments, shape, spectral

# --- Fourier transforms -----------------------------------------------------------------------------------------------


def fft(input: Any, name: Any = None) -> ComplexTensor:
    """The discrete Fourier transform of the last axis."""
    x = made(input)
    return ComplexTensor(*spectral.fft(x.real, x.imag))


def ifft(input: Any, name: Any = None) -> ComplexTensor:
    """What :func:`fft` takes to this tensor."""
    x = made(input)
    return ComplexTensor(*spectral.ifft(x.real, x.imag))


def _over_two_axes(change: Callable[[Any], ComplexTensor]) -> Callable[..., ComplexTensor]:
    def both(input: Any, name: Any = None) -> ComplexTensor:
        rows = change(input)
        columns = ComplexTensor(_turned(rows.real), _turned(rows.imag))
        found = change(columns)
        return ComplexTensor(_turned(found.real), _turned(found.imag))

    both.__doc__ = (
        f"{(change.__doc__ or '').partition(' of the last axis')[0].rstrip('.')}, of the last two axes."
    )
    return both


def _turned(x: Tensor) -> Tensor:
    return contract.matrix_transpose(x)


fft2d, ifft2d = _over_two_axes(fft), _over_two_axes(ifft)


def rfft(input_tensor: Any, fft_length: Any = None, name: Any = None) -> ComplexTensor:
    """The first ``fft_length // 2 + 1`` numbers of :func:`fft` of real ones, which are cut or filled up with zeros."""
    x = tensor(input_tensor)
    return ComplexTensor(*spectral.rfft(x if fft_length is None else _fitted(x, _length(fft_length))))


def irfft(input_tensor: Any, fft_length: Any = None, name: Any = None) -> Tensor:
    """The real numbers that :func:`rfft` takes to this tensor: twice its length - 2 unless ``fft_length`` is given."""
    x = made(input_tensor)
    length = 2 * (x.real.shape[-1] - 1) if fft_length is None else _length(fft_length)
    real, imag = (_fitted(part, length // 2 + 1) for part in (x.real, x.imag))
    return spectral.irfft(real, imag, length)


def rfft2d(input_tensor: Any, fft_length: Any = None, name: Any = None) -> ComplexTensor:
    """:func:`rfft` of the last axis, then :func:`fft` of the one before."""
    rows, columns = (None, None) if fft_length is None else np.asarray(fft_length).reshape(-1).tolist()
    x = tensor(input_tensor)
    across = rfft(x if rows is None else _turned(_fitted(_turned(x), rows)), columns)
    found = fft(ComplexTensor(_turned(across.real), _turned(across.imag)))
    return ComplexTensor(_turned(found.real), _turned(found.imag))


def irfft2d(input_tensor: Any, fft_length: Any = None, name: Any = None) -> Tensor:
    """What :func:`rfft2d` takes to this tensor."""
    rows, columns = (None, None) if fft_length is None else np.asarray(fft_length).reshape(-1).tolist()
    x = made(input_tensor)
    parts = [_turned(part) if rows is None else _fitted(_turned(part), rows) for part in (x.real, x.imag)]
    down = ifft(ComplexTensor(*parts))
    return irfft(ComplexTensor(_turned(down.real), _turned(down.imag)), columns)


def _length(fft_length: Any) -> int:
    return int(np.asarray(fft_length).reshape(-1)[0])


def _fitted(x: Tensor, length: int) -> Tensor:
    """The first numbers of the last axis, and zeros where there are too few."""
    have = x.shape[-1]
    if have is None:
        raise fail(
            ShapeError,
            "a Fourier transform",
            expected="a last axis of known length",
            received=str(x.specs[0]),
        )
    kept = x[..., :length]
    return kept if have >= length else arrays.pad(kept, [[0, 0]] * (x.ndim - 1) + [[0, length - have]])


def fftshift(x: Any, axes: Any = None, name: Any = None) -> Any:
    """The number at frequency 0 moved to the middle."""
    return _rolled(x, axes, lambda n: n // 2)


def ifftshift(x: Any, axes: Any = None, name: Any = None) -> Any:
    """What :func:`fftshift` takes to this tensor."""
    return _rolled(x, axes, lambda n: -(n // 2))


def _rolled(x: Any, axes: Any, steps: Callable[[int], int]) -> Any:
    x = x if isinstance(x, ComplexTensor) else tensor(x)
    places = range(x.ndim) if axes is None else np.atleast_1d(axes).tolist()
    moved = functools.partial(arrays.roll, shift=[steps(x.shape[a]) for a in places], axis=list(places))
    return ComplexTensor(moved(x.real), moved(x.imag)) if isinstance(x, ComplexTensor) else moved(x)


def dct(
    input: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, name: Any = None
) -> Tensor:
    """The discrete cosine transform of the last axis, of type 1 to 4; ``norm``: None, or "ortho" but for type 1."""
    if axis != -1:
        raise fail(UnimplementedError, "tf.signal.dct: axis", expected=-1, received=axis)
    x = tensor(input) if n is None else _fitted(tensor(input), int(n))
    return contract.matmul(x, constant(spectra.cosines(type, x.shape[-1], norm).astype(x.dtype)))


def idct(
    input: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, name: Any = None
) -> Tensor:
    """What :func:`dct` of that type takes to this tensor; with ``norm=None``, ``2 n`` times it."""
    return dct(input, {1: 1, 2: 3, 3: 2}.get(type, type), n, axis, norm)


# --- windows ----------------------------------------------------------------------------------------------------------


def _raised_cosine(name: str, a: float) -> Callable[..., Tensor]:
    def window(window_length: Any, periodic: bool = True, dtype: Any = "float32", name: Any = None) -> Tensor:
        found = spectra.raised_cosine(int(number(window_length)), periodic, a)
        return constant(found.astype(numpy_dtype(dtype)))

    window.__name__ = window.__qualname__ = name
    window.__doc__ = (
        f"``{a} - {1 - a:g} cos(2 pi k / n)``, n the length, or one less for a symmetric or an odd one."
    )
    return window


hann_window, hamming_window = _raised_cosine("hann_window", 0.5), _raised_cosine("hamming_window", 0.54)


def kaiser_window(window_length: Any, beta: Any = 12.0, dtype: Any = "float32", name: Any = None) -> Tensor:
    """Kaiser's window: ``I0(beta sqrt(1 - t²)) / I0(beta)`` for t from -1 to 1."""
    return constant(np.kaiser(int(number(window_length)), float(number(beta))).astype(numpy_dtype(dtype)))


def vorbis_window(window_length: Any, dtype: Any = "float32", name: Any = None) -> Tensor:
    """``sin(pi / 2 sin²(pi (k + 1/2) / n))``."""
    length = int(number(window_length))
    inner = np.sin(math.pi * (np.arange(length) + 0.5) / length) ** 2
    return constant(np.sin(math.pi / 2 * inner).astype(numpy_dtype(dtype)))


# --- frames -----------------------------------------------------------------------------------------------------------


def frame(
    signal: Any, frame_length: Any, frame_step: Any, pad_end: bool = False, pad_value: Any = 0, axis: int = -1,
    name: Any = None,
) -> Any:  # fmt: skip
    """Pieces of an axis, each ``frame_step`` after the one before: two axes [frames, frame_length] in its place."""
    x, length, step = tensor(signal), int(number(frame_length)), int(number(frame_step))
    place = axis % x.ndim
    have = x.shape[place]
    if have is None:
        raise fail(
            ShapeError, "tf.signal.frame", expected=f"a known length of axis {axis}", received=str(x.specs[0])
        )
    places, missing = spectra.frame_places(have, length, step, pad_end)
    if pad_end and missing > 0:
        x = arrays.pad(
            x, [[0, missing if a == place else 0] for a in range(x.ndim)], constant_values=pad_value
        )
    return arrays.gather(x, places, axis=place)


def overlap_and_add(signal: Any, frame_step: Any, name: Any = None) -> Tensor:
    """[..., frames, frame_length] as one axis, where frames that overlap are added: what :func:`frame` took apart."""
    x, step = tensor(signal), int(number(frame_step))
    *outer, count, length = x.shape
    rows = shape.reshape(x, (-1, count * length))
    places = (np.arange(count)[:, None] * step + np.arange(length)).reshape(-1)
    added = segments.segment_sum(contract.matrix_transpose(rows), places, (count - 1) * step + length)
    return shape.reshape(
        contract.matrix_transpose(added), (*(-1 if d is None else d for d in outer), added.shape[0])
    )


def stft(
    signals: Any, frame_length: Any, frame_step: Any, fft_length: Any = None, window_fn: Any = hann_window,
    pad_end: bool = False, name: Any = None,
) -> ComplexTensor:  # fmt: skip
    """The short-time Fourier transform: :func:`rfft` of each windowed frame, [..., frames, fft_length // 2 + 1]."""
    length = int(number(frame_length))
    frames = frame(signals, length, frame_step, pad_end)
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype)
    return rfft(frames, spectra.enclosing_power(length) if fft_length is None else fft_length)


def inverse_stft(
    stfts: Any, frame_length: Any, frame_step: Any, fft_length: Any = None, window_fn: Any = hann_window,
    name: Any = None,
) -> Tensor:  # fmt: skip
    """The frames of a short-time Fourier transform, windowed and added."""
    length = int(number(frame_length))
    frames = _fitted(
        irfft(stfts, spectra.enclosing_power(length) if fft_length is None else fft_length), length
    )
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype)
    return overlap_and_add(frames, frame_step)


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Any = hann_window, name: Any = None
) -> Callable[..., Tensor]:
    """The window with which :func:`inverse_stft` gives back what was transformed with the forward one."""

    def window(frame_length: Any, dtype: Any = "float32") -> Tensor:
        length, step = int(number(frame_length)), int(number(frame_step))
        found = spectra.inverse_window(forward_window_fn(length, dtype=dtype), step)
        return constant(found.astype(numpy_dtype(dtype)))

    return window


# --- mel bands --------------------------------------------------------------------------------------------------------


def linear_to_mel_weight_matrix(
    num_mel_bins: Any = 20, num_spectrogram_bins: Any = 129, sample_rate: Any = 8000, lower_edge_hertz: Any = 125.0,
    upper_edge_hertz: Any = 3800.0, dtype: Any = "float32", name: Any = None,
) -> Tensor:  # fmt: skip
    """[num_spectrogram_bins, num_mel_bins]: triangles at places evenly spread in mel, 1127 ln(1 + f / 700)."""
    bands, bins = int(number(num_mel_bins)), int(number(num_spectrogram_bins))
    low, high, rate = (float(number(v)) for v in (lower_edge_hertz, upper_edge_hertz, sample_rate))
    return constant(spectra.mel_bands(bands, bins, rate, low, high).astype(numpy_dtype(dtype)))


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: Any = None) -> Any:
    """The cosine transform of the last axis, divided by the root of twice its length."""
    x = tensor(log_mel_spectrograms)
    return dct(x) * (1.0 / math.sqrt(2 * x.shape[-1]))
