"""Layers that make pictures of sounds: how strong each frequency is in each short piece of time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import constant, shape_text
from thalweg.initializers import STFT
from thalweg.layers.base import Layer
from thalweg.layers.core import positive
from thalweg.nn.convolution import channels_first, conv
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, reduce, tiling
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.slices import WHOLE, slice_axes, windows
from thalweg.ops.spectral import rfft

__all__ = ["MelSpectrogram", "STFTSpectrogram"]

_EPSILON = 1e-7
_MODES = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")


class STFTSpectrogram(Layer):
    """A short-time Fourier transform whose kernels can be trained: [batch, time, channels] to [batch, frames, channels
    * (fft_length // 2 + 1)], or with ``expand_dims`` to pictures [batch, frames, frequencies, channels].

    ``mode``: "magnitude" |z|, "log" of it, "psd" |z|^2 (twice for frequencies that stand for two), "real", "imag",
    "angle", or "stft", the real frequencies before the imaginary ones. ``frame_step`` is half of ``frame_length``
    unless given, ``fft_length`` the next power of two. ``window``, ``periodic``, ``scaling``: those of
    :class:`thalweg.initializers.STFT`. ``data_format`` "channels_first" has channels before time, and before frames.

    >>> STFTSpectrogram(frame_length=4)(np.ones((1, 12, 1), "float32")).shape
    (1, 5, 3)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.frame_length = positive(self, "frame_length", frame_length)
        self.frame_step = max(frame_length // 2, 1) if frame_step is None else frame_step
        self.fft_length = 1 << (frame_length - 1).bit_length() if fft_length is None else fft_length
        for name, given, fits, expected in (
            ("mode", mode, mode in _MODES, ", ".join(_MODES)),
            ("frame_step", frame_step, 1 <= self.frame_step <= frame_length, f"1 to {frame_length}"),
            ("fft_length", fft_length, self.fft_length >= frame_length, f"at least {frame_length}"),
            ("padding", padding, padding in ("valid", "same"), "valid or same"),
        ):
            if not fits:
                raise fail(ArgumentError, f"STFTSpectrogram: {name}", expected=expected, received=repr(given))
        self.mode, self.padding, self.expand_dims, self.data_format = mode, padding, expand_dims, data_format
        self.first = {side: STFT(side, window, scaling, periodic) for side in ("real", "imag")}

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 3:
            raise fail(
                ShapeError, f"{self.name}: inputs", expected="[batch, time, channels]", received=shape_text(input_shape)
            )  # fmt: skip
        shape = (self.frame_length, 1, self.fft_length // 2 + 1)
        self.kernels = {
            side: self.add_weight(shape, self.first[side], name=f"{side}_kernel")
            for side in ("real", "imag")
            if self.mode not in ("real", "imag") or self.mode == side
        }

    def call(self, inputs: Any) -> Any:
        x = self.floats(inputs)
        x = shape_ops.swapaxes(x, 1, 2) if channels_first(self.data_format) else x
        each = [slice_axes(x, [WHOLE, WHOLE, (k, k + 1, 1)]) for k in range(x.shape[2])]
        sides = {
            side: joining.stack(
                [conv(one, kernel, self.frame_step, self.padding.upper()) for one in each], axis=1
            )
            for side, kernel in self.kernels.items()
        }
        return self._arranged(self._figure(**sides))

    def _figure(self, real: Any = None, imag: Any = None) -> Any:
        """What ``mode`` says, [batch, channels, frames, frequencies]."""
        if self.mode in ("real", "imag"):
            return real if self.mode == "real" else imag
        if self.mode == "angle":
            return ew.atan2(imag, real)
        if self.mode == "stft":
            return joining.concat([real, imag], axis=-1)
        power = real * real + imag * imag
        if self.mode == "psd":
            inner = slice_axes(power, [WHOLE] * 3 + [(1, -1, 1)])
            return power + tiling.pad(inner, [(0, 0)] * 3 + [(1, 1)])
        size = ew.sqrt(ew.maximum(power, _EPSILON))
        return size if self.mode == "magnitude" else ew.log(ew.maximum(size, _EPSILON))

    def _arranged(self, y: Any) -> Any:
        first = channels_first(self.data_format)
        if self.expand_dims:
            return y if first else shape_ops.permute_dims(y, (0, 2, 3, 1))
        rows = shape_ops.merge_axes(shape_ops.permute_dims(y, (0, 2, 1, 3)), 2)
        return shape_ops.swapaxes(rows, 1, 2) if first else rows


class MelSpectrogram(Layer):
    """How strong the bands of the mel scale are in each short piece of time.

    [..., samples] become [..., num_mel_bins, frames]. Pieces of ``sequence_length`` samples (``fft_length`` unless
    given), one every ``sequence_stride``, the ends mirrored, times a ``window`` ("hann" or another of
    :class:`thalweg.initializers.STFT`, or None), are Fourier-transformed. The sizes to the power ``mag_exp`` are summed
    over triangles, evenly wide on mel(f) = 2595 log10(1 + f / 700), from ``min_freq`` to ``max_freq`` Hz (half the
    ``sampling_rate`` unless given). ``power_to_db`` gives 10 log10(max(p, min_power)) less that of ``ref_power``, and
    at least the largest of all numbers less ``top_db``.

    >>> MelSpectrogram(8, 4, num_mel_bins=3, min_freq=0)(np.ones((1, 16), "float32")).shape
    (1, 3, 5)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.fft_length = positive(self, "fft_length", fft_length)
        self.sequence_stride = positive(self, "sequence_stride", sequence_stride)
        self.sequence_length = positive(self, "sequence_length", sequence_length or fft_length)
        if self.sequence_length > fft_length:
            raise fail(
                ArgumentError, "MelSpectrogram: sequence_length", expected=f"at most fft_length={fft_length}",
                received=sequence_length,
            )  # fmt: skip
        self.window = self._window(window)
        self.mel = mel_matrix(
            positive(self, "num_mel_bins", num_mel_bins), fft_length // 2 + 1, sampling_rate, min_freq,
            max_freq or sampling_rate // 2,
        )  # fmt: skip
        self.power_to_db, self.top_db, self.mag_exp = power_to_db, top_db, mag_exp
        self.min_power, self.ref_power = min_power, ref_power

    def _window(self, window: Any) -> np.ndarray:
        """The factors of a piece, in the middle of ``fft_length`` of them."""
        length, room = self.sequence_length, self.fft_length - self.sequence_length
        factors = np.ones(length) if window is None else STFT("real", window, periodic=True).factors(length)
        return np.pad(factors, (room // 2, room - room // 2))

    def call(self, inputs: Any) -> Any:
        x = self.floats(inputs)
        if not x.shape or x.shape[-1] is None:
            raise fail(
                ShapeError, f"{self.name}: inputs", expected="[..., samples], their number known",
                received=shape_text(x.shape),
            )  # fmt: skip
        half = self.fft_length // 2
        x = tiling.pad(x, [*[(0, 0)] * (x.ndim - 1), (half, half)], mode="reflect")
        pieces = windows(x, self.fft_length, self.sequence_stride)
        real, imag = rfft(pieces * constant(self.window, x.dtype))
        power: Any = real * real + imag * imag
        power = power if self.mag_exp == 2 else ew.pow(power, self.mag_exp / 2)
        bands = matmul(power, constant(self.mel, x.dtype))
        return shape_ops.swapaxes(self._decibels(bands) if self.power_to_db else bands, -1, -2)

    def _decibels(self, power: Any) -> Any:
        reference = 10 * math.log10(max(abs(self.ref_power), self.min_power))
        levels: Any = ew.log10(ew.maximum(power, self.min_power)) * 10.0 - reference
        return ew.maximum(levels, reduce.max(levels) - self.top_db)


def mel_matrix(bands: int, frequencies: int, sampling_rate: float, low: float, high: float) -> np.ndarray:
    """How much each frequency counts in each band, [frequencies, bands]: triangles of height 1 on the mel scale, whose
    feet are the peaks of their neighbours. The frequency 0 counts nowhere.

    >>> mel_matrix(1, 3, 8, 0, 4).round(2).tolist()
    [[0.0], [1.0], [0.0]]
    """
    mel = lambda hertz: 1127.0 * np.log1p(np.asarray(hertz) / 700.0)
    found = mel(np.linspace(0, sampling_rate / 2, frequencies))[:, None]
    edges = np.linspace(mel(low), mel(high), bands + 2)
    feet, peaks, ends = edges[:-2], edges[1:-1], edges[2:]
    rows = np.maximum(0, np.minimum((found - feet) / (peaks - feet), (ends - found) / (ends - peaks)))
    rows[0] = 0
    return rows
