"""``tf.signal``, ``tf.spectral``, ``tf.contrib.signal``: Fourier transforms, windows, short-time spectra, mel bands."""

from __future__ import annotations

import math as numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat import spectra
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.complexes import ComplexTensor, _made
from thalweg.compat.tf1.graph import Tensor, value, wrap, wrap_all
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.ops import segments, spectral

# --- Fourier transforms ---------------------------------------------------------------------------------------------


def _transformed(z: ComplexTensor, of: Callable[..., Any], name: str | None, kind: str) -> ComplexTensor:
    parts = of(value(z.real), value(z.imag))
    return ComplexTensor(*wrap_all(parts, name, kind, [z.real, z.imag]))


def fft(input: Any, name: str | None = None) -> ComplexTensor:
    """The discrete Fourier transform of the last axis."""
    return _transformed(_made(input), spectral.fft, name, "FFT")


def ifft(input: Any, name: str | None = None) -> ComplexTensor:
    """What ``fft`` takes to this tensor."""
    return _transformed(_made(input), spectral.ifft, name, "IFFT")


def _over(axes: int, of: Callable[..., ComplexTensor]) -> Callable[..., ComplexTensor]:
    def all_of_them(input: Any, name: str | None = None) -> ComplexTensor:
        found = _made(input)
        for k in range(1, axes + 1):
            found = _turned(of(_turned(found, -k), name), -k)
        return found

    all_of_them.__doc__ = f"``{of.__name__}`` of the last {axes} axes."
    return all_of_them


def _turned(z: ComplexTensor, axis: int) -> ComplexTensor:
    """The axis changed for the last one."""
    rank = len(z.get_shape())
    order = [*range(rank)]
    order[-1], order[axis] = order[axis], order[-1]
    return z if axis == -1 else ComplexTensor(math.transpose(z.real, order), math.transpose(z.imag, order))


fft2d, ifft2d, fft3d, ifft3d = _over(2, fft), _over(2, ifft), _over(3, fft), _over(3, ifft)


def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> ComplexTensor:
    """The first ``fft_length // 2 + 1`` numbers of ``fft`` of real ones, which are cut or filled up with zeros."""
    x = g.convert_to_tensor(input_tensor)
    x = x if fft_length is None else _fitted(x, _length(fft_length))
    return ComplexTensor(*wrap_all(spectral.rfft(value(x)), name, "RFFT", [x]))


def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The real numbers that ``rfft`` takes to this tensor: twice its length - 2 unless ``fft_length`` is given."""
    z = _made(input_tensor)
    length = 2 * (_last(z) - 1) if fft_length is None else _length(fft_length)
    parts = [_fitted(part, length // 2 + 1) for part in z.parts]
    real, imag = map(value, parts)
    return wrap(spectral.irfft(real, imag, length), name, "IRFFT", parts)


def rfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> ComplexTensor:
    """``rfft`` of the last axis, then ``fft`` of the one before."""
    x = g.convert_to_tensor(input_tensor)
    if fft_length is not None:
        rows, columns = (int(n) for n in np.asarray(g.static_value(fft_length)))
        x = math.matrix_transpose(_fitted(math.matrix_transpose(x), rows))
        x = _fitted(x, columns)
    return _turned(fft(_turned(rfft(x), -2), name), -2)


def irfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """What ``rfft2d`` takes to this tensor."""
    z = _made(input_tensor)
    lengths = None
    if fft_length is not None:
        rows, columns = (int(n) for n in np.asarray(g.static_value(fft_length)))
        turned = _turned(z, -2)
        z = _turned(ComplexTensor(*(_fitted(part, rows) for part in turned.parts)), -2)
        lengths = [columns]
    return irfft(_turned(ifft(_turned(z, -2)), -2), lengths, name)


def _length(fft_length: Any) -> int:
    found = g.static_value(fft_length)
    if found is None:
        raise ValueError(f"fft_length must be known when the graph is built, received {fft_length!r}")
    return int(np.asarray(found).reshape(-1)[0])


def _last(x: Any) -> int:
    length = x.get_shape().as_list()[-1]
    if length is None:
        raise ValueError(f"a Fourier transform: the length of the last axis must be known, received {x!r}")
    return int(length)


def _fitted(x: Tensor, length: int) -> Tensor:
    """The first numbers of the last axis, and zeros where there are too few."""
    have = _last(x)
    kept = x[..., :length] if have > length else x
    rank = len(x.get_shape())
    return kept if have >= length else math.pad(kept, [[0, 0]] * (rank - 1) + [[0, length - have]])


def dct(
    input: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, name: str | None = None
) -> Tensor:
    """The discrete cosine transform of the last axis, of type 1 to 4; ``norm``: None, or "ortho" but for type 1."""
    x = g.convert_to_tensor(input)
    x = x if n is None else _fitted(x, int(n))
    rank = len(x.get_shape())
    return math.tensordot(
        x,
        g.constant(spectra.cosines(type, _last(x), norm).astype(x.dtype.name)),
        [[rank - 1], [0]],
        name=name,
    )


def idct(
    input: Any, type: int = 2, n: Any = None, axis: int = -1, norm: Any = None, name: str | None = None
) -> Tensor:
    """What ``dct`` of that type takes to this tensor; with ``norm=None``, ``2 n`` times it."""
    return dct(input, {1: 1, 2: 3, 3: 2}.get(type, type), n, axis, norm, name)


# --- windows --------------------------------------------------------------------------------------------------------


def _raised_cosine(title: str, a: float) -> Callable[..., Tensor]:
    def window(
        window_length: Any, periodic: bool = True, dtype: Any = "float32", name: str | None = None
    ) -> Tensor:
        found = spectra.raised_cosine(g.static_int(window_length, "window_length"), periodic, a)
        return g.constant(found.astype(numpy_dtype(dtype)), name=name or title)

    window.__name__ = window.__qualname__ = title
    window.__doc__ = (
        f"``{a} - {1 - a:g} cos(2 pi k / n)``, n the length, or one less for a symmetric or an odd one."
    )
    return window


hann_window, hamming_window = _raised_cosine("hann_window", 0.5), _raised_cosine("hamming_window", 0.54)


# --- frames ---------------------------------------------------------------------------------------------------------


def frame(
    signal: Any,
    frame_length: Any,
    frame_step: Any,
    pad_end: bool = False,
    pad_value: Any = 0,
    axis: int = -1,
    name: str | None = None,
) -> Tensor:
    """Pieces of an axis, each ``frame_step`` after the one before: two axes [frames, frame_length] in its place."""
    x = g.convert_to_tensor(signal)
    length, step = g.static_int(frame_length, "frame_length"), g.static_int(frame_step, "frame_step")
    lengths = x.get_shape().as_list()
    place = axis % len(lengths)
    have = lengths[place]
    if have is None and not pad_end:
        frames = math.maximum(0, 1 + (math.shape(x)[place] - length) // step)
        starts = math.range(frames) * step
        spots = math.expand_dims(starts, 1) + np.arange(length, dtype=np.int32)
        return math.gather(x, spots, axis=place, name=name)
    if have is None:
        raise ValueError(f"frame: with pad_end, the length of the axis must be known, received {x!r}")
    places, missing = spectra.frame_places(have, length, step, pad_end)
    if pad_end and missing > 0:
        widths = [[0, missing if a == place else 0] for a in range(len(lengths))]
        x = math.pad(x, widths, constant_values=pad_value)
    return math.gather(x, places, axis=place, name=name)


def overlap_and_add(signal: Any, frame_step: Any, name: str | None = None) -> Tensor:
    """[..., frames, frame_length] as one axis, where frames that overlap are added: what ``frame`` took apart."""
    x, step = g.convert_to_tensor(signal), g.static_int(frame_step, "frame_step")
    *outer, count, length = x.get_shape().as_list()
    if count is None or length is None:
        raise ValueError(f"overlap_and_add: the lengths of the last two axes must be known, received {x!r}")
    whole = (count - 1) * step + length
    spots = (np.arange(count)[:, None] * step + np.arange(length)).reshape(-1)
    rows = math.transpose(math.reshape(x, [-1, count * length]))
    added = wrap(segments.segment_sum(value(rows), spots, whole), name, "OverlapAndAdd", [x])
    lengths = [d if d is not None else math.shape(x)[k] for k, d in enumerate(outer)]
    return math.reshape(math.transpose(added), [*lengths, whole])


def stft(
    signals: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Any = hann_window,
    pad_end: bool = False,
    name: str | None = None,
) -> ComplexTensor:
    """The short-time Fourier transform: ``rfft`` of each windowed frame, [..., frames, fft_length // 2 + 1]."""
    length = g.static_int(frame_length, "frame_length")
    frames = frame(signals, length, frame_step, pad_end)
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype)
    return rfft(frames, spectra.enclosing_power(length) if fft_length is None else fft_length, name)


def inverse_stft(
    stfts: Any,
    frame_length: Any,
    frame_step: Any,
    fft_length: Any = None,
    window_fn: Any = hann_window,
    name: str | None = None,
) -> Tensor:
    """The frames of a short-time Fourier transform, windowed and added."""
    length = g.static_int(frame_length, "frame_length")
    frames = irfft(stfts, spectra.enclosing_power(length) if fft_length is None else fft_length)
    frames = _fitted(frames, length)
    if window_fn is not None:
        frames = frames * window_fn(length, dtype=frames.dtype)
    return overlap_and_add(frames, frame_step, name)


def inverse_stft_window_fn(
    frame_step: Any, forward_window_fn: Any = hann_window, name: str | None = None
) -> Callable[..., Tensor]:
    """The window with which ``inverse_stft`` gives back what was transformed with the forward one."""
    step = g.static_int(frame_step, "frame_step")

    def window(frame_length: Any, dtype: Any = "float32") -> Tensor:
        length = g.static_int(frame_length, "frame_length")
        made = g.static_value(forward_window_fn(length, dtype=dtype))
        if made is None:
            raise ValueError("inverse_stft_window_fn: the forward window must be made of constants")
        return g.constant(spectra.inverse_window(made, step).astype(numpy_dtype(dtype)))

    return window


# --- mel bands ------------------------------------------------------------------------------------------------------


def linear_to_mel_weight_matrix(
    num_mel_bins: Any = 20,
    num_spectrogram_bins: Any = 129,
    sample_rate: Any = 8000,
    lower_edge_hertz: Any = 125.0,
    upper_edge_hertz: Any = 3800.0,
    dtype: Any = "float32",
    name: str | None = None,
) -> Tensor:
    """[num_spectrogram_bins, num_mel_bins]: triangles at places evenly spread in mel, 1127 ln(1 + f / 700)."""
    bands, bins = g.static_int(num_mel_bins, "num_mel_bins"), g.static_int(num_spectrogram_bins, "bins")
    edges = float(lower_edge_hertz), float(upper_edge_hertz)
    found = spectra.mel_bands(bands, bins, float(sample_rate), *edges)
    return g.constant(found.astype(numpy_dtype(dtype)), name=name or "mel")


def mfccs_from_log_mel_spectrograms(log_mel_spectrograms: Any, name: str | None = None) -> Tensor:
    """The cosine transform of the last axis, divided by the root of twice its length."""
    x = g.convert_to_tensor(log_mel_spectrograms)
    return dct(x) * (1.0 / numbers.sqrt(2 * _last(x)))
