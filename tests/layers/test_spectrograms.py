"""Spectrograms beside NumPy's Fourier transform."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.layers import MelSpectrogram, STFTSpectrogram
from thalweg.layers.spectrograms import mel_matrix

X = np.random.default_rng(0).normal(size=(2, 40, 3))


def hann(length: int, periodic: bool = False) -> np.ndarray:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / (length if periodic else length - 1))


def frames(x: np.ndarray, length: int, step: int) -> np.ndarray:
    return np.stack([x[..., k : k + length] for k in range(0, x.shape[-1] - length + 1, step)], -2)


FIGURES: dict[str, Any] = {
    "real": lambda z: z.real,
    "imag": lambda z: z.imag,
    "angle": lambda z: np.abs(np.angle(z)),  # what is real has the angle pi or -pi
    "magnitude": lambda z: np.sqrt(np.maximum(np.abs(z) ** 2, 1e-7)),
    "log": lambda z: np.log(np.sqrt(np.maximum(np.abs(z) ** 2, 1e-7))),
    "psd": lambda z: np.abs(z) ** 2 * ([1] + [2] * (z.shape[-1] - 2) + [1]),
    "stft": lambda z: np.concatenate([z.real, z.imag], -1),
}


@pytest.mark.parametrize("mode", FIGURES)
@pytest.mark.parametrize("first", [False, True])
def test_a_spectrogram_is_a_fourier_transform_of_windows(mode: str, first: bool) -> None:
    options: dict[str, Any] = {"frame_length": 8, "frame_step": 3, "fft_length": 16, "dtype": "float64"}
    window = hann(8)
    pieces = frames(np.moveaxis(X, -1, 1), 8, 3) * window / np.sqrt((window**2).sum())
    expected = FIGURES[mode](np.fft.rfft(pieces, 16))
    form = "channels_first" if first else None
    given = np.moveaxis(X, -1, 1) if first else X
    sized = np.abs if mode == "angle" else np.asarray
    rows = sized(STFTSpectrogram(mode, data_format=form, **options)(given).numpy())
    flat = np.swapaxes(expected, 1, 2).reshape(2, expected.shape[2], -1)
    np.testing.assert_allclose(rows, np.swapaxes(flat, 1, 2) if first else flat, rtol=1e-9, atol=1e-9)
    pictures = sized(STFTSpectrogram(mode, expand_dims=True, data_format=form, **options)(given).numpy())
    np.testing.assert_allclose(
        pictures, expected if first else np.moveaxis(expected, 1, -1), rtol=1e-9, atol=1e-9
    )


def test_a_spectrogram_can_be_trained_or_not() -> None:
    trained, fixed = STFTSpectrogram(frame_length=8), STFTSpectrogram(frame_length=8, trainable=False)
    for layer in (trained, fixed):
        layer(X)
    assert [str(w.name).split("/")[1] for w in trained.trainable_weights] == ["real_kernel", "imag_kernel"]
    assert not fixed.trainable_weights
    assert len(STFTSpectrogram("real", frame_length=8).compute_output_shape((None, 40, 3))) == 3


@pytest.mark.parametrize("length", [16, 9])
def test_a_mel_spectrogram(length: int) -> None:
    x = X[..., 0]
    layer = MelSpectrogram(
        16,
        4,
        length,
        num_mel_bins=5,
        sampling_rate=800,
        min_freq=0,
        top_db=30.0,
        ref_power=2.0,
        dtype="float64",
    )
    room = 16 - length
    window = np.pad(hann(length, periodic=True), (room // 2, room - room // 2))
    pieces = frames(np.pad(x, [(0, 0), (8, 8)], mode="reflect"), 16, 4) * window
    levels = 10 * np.log10(
        np.maximum(np.abs(np.fft.rfft(pieces)) ** 2 @ mel_matrix(5, 9, 800, 0, 400), 1e-10) / 2
    )
    expected = np.swapaxes(np.maximum(levels, levels.max() - 30.0), -1, -2)
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-9)


def test_a_plain_mel_spectrogram_of_one_sound() -> None:
    x = X[0, :, 0]
    layer = MelSpectrogram(
        16, 4, num_mel_bins=5, power_to_db=False, mag_exp=1.0, window=None, dtype="float64"
    )
    sizes = np.abs(np.fft.rfft(frames(np.pad(x, 8, mode="reflect"), 16, 4)))
    np.testing.assert_allclose(layer(x).numpy(), (sizes @ mel_matrix(5, 9, 16000, 20, 8000)).T, atol=1e-9)


def test_what_spectrograms_refuse() -> None:
    with pytest.raises(tw.errors.ArgumentError, match=r"frame_step; expected 1 to 8; received 9"):
        STFTSpectrogram(frame_length=8, frame_step=9)
    with pytest.raises(tw.errors.ArgumentError, match=r"mode; expected log, magnitude"):
        STFTSpectrogram("power")
    with pytest.raises(tw.errors.ShapeError, match=r"expected \[batch, time, channels\]"):
        STFTSpectrogram(frame_length=8)(X[0])
    with pytest.raises(tw.errors.ArgumentError, match=r"sequence_length; expected at most fft_length=8"):
        MelSpectrogram(8, sequence_length=9)
