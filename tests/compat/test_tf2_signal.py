"""``tf.signal``, ``tf.audio`` and complex tensors. Numbers without another source were printed by TensorFlow 2.21."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf2
from thalweg.graph.tensor import Tensor

tf: Any = tf2

X = np.arange(1.0, 9.0, dtype="float32")
Z = np.array([[2, 1 - 1j], [1 + 1j, 3j]], np.complex64)


def _close(found: Any, expected: Any, atol: float = 2e-6) -> None:
    np.testing.assert_allclose(np.asarray(found), expected, rtol=2e-6, atol=atol)


# --- complex tensors --------------------------------------------------------------------------------------------------

OPERATIONS: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (lambda z: z + 1, lambda z: z + 1),
    (lambda z: 2 - z, lambda z: 2 - z),
    (lambda z: z * (1 + 2j), lambda z: z * (1 + 2j)),
    (lambda z: tf.constant([1.0, 2.0]) * z, lambda z: [1, 2] * z),
    (lambda z: 1 / z, lambda z: 1 / z),
    (lambda z: z / (1 + 1j), lambda z: z / (1 + 1j)),
    (lambda z: z**3, lambda z: z**3),
    (lambda z: -z, lambda z: -z),
    (lambda z: z @ z, lambda z: z @ z),
    (lambda z: tf.matmul(z, z, adjoint_b=True), lambda z: z @ z.conj().T),
    (tf.linalg.adjoint, lambda z: z.conj().T),
    (tf.math.conj, np.conj),
    (tf.math.real, np.real),
    (tf.math.imag, np.imag),
    (tf.math.angle, np.angle),
    (tf.abs, np.abs),
    (tf.exp, np.exp),
    (tf.sqrt, np.sqrt),
    (tf.square, np.square),
    (lambda z: z == tf.math.conj(z), lambda z: z == z.conj()),
    (lambda z: tf.reduce_sum(z, 0), lambda z: z.sum(0)),
    (lambda z: tf.reduce_mean(z), np.mean),
    (tf.transpose, np.transpose),
    (lambda z: tf.reshape(z, [-1]), np.ravel),
    (lambda z: tf.concat([z, z[:1]], 0), lambda z: np.concatenate([z, z[:1]])),
    (lambda z: tf.stack([z, 2 * z]), lambda z: np.stack([z, 2 * z])),
    (lambda z: tf.split(z, 2)[1], lambda z: z[1:]),
    (lambda z: tf.expand_dims(z, 1)[..., 0], lambda z: z[:, None][..., 0]),
    (tf.ones_like, np.ones_like),
    (tf.shape, np.shape),
    (lambda z: tf.cast(z, tf.complex128), lambda z: z),
    (lambda z: tf.cast(tf.cast(z, tf.float32), tf.complex64), lambda z: z.real),
    (lambda z: tf.complex(tf.math.real(z), tf.math.imag(z)), lambda z: z),
]


@pytest.mark.parametrize("row", range(len(OPERATIONS)))
def test_operations_are_numpys(row: int) -> None:
    of_tensor, of_array = OPERATIONS[row]
    _close(of_tensor(tf.constant(Z)), of_array(Z))


def test_how_complex_tensors_look() -> None:
    z = tf.constant(Z)
    assert z.dtype == tf.complex64 and z.dtype.is_complex and z.dtype.real_dtype == tf.float32
    assert z.shape.as_list() == [2, 2] and z.ndim == 2 and len(z) == 2 and tf.is_tensor(z)
    assert str(z[0, 0]) == "tf.Tensor((2+0j), shape=(), dtype=complex64)"
    assert (
        repr(z[0])
        == "<tf.Tensor: shape=(2,), dtype=complex64, numpy=array([2.+0.j, 1.-1.j], dtype=complex64)>"
    )
    assert tf.constant(1j).dtype == tf.complex128 and tf.complex([1.0, 2.0], 1.0).shape == [2]
    with pytest.raises(TypeError, match="both float32"):
        tf.complex(1, 2)


def test_gradients_pass_through_both_parts() -> None:
    v = tf.Variable(X[:4])
    with tf.GradientTape() as tape:
        power = tf.reduce_sum(tf.abs(tf.signal.fft(tf.cast(v, tf.complex64))) ** 2)
    _close(tape.gradient(power, v), 8 * X[:4], 1e-5)  # Parseval: the sum is n times that of the squares
    v = tf.Variable([1.0, 2.0, 0.5, -1.0])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.math.log(tf.abs(tf.signal.stft(v, 2, 1)) + 1e-3))
    _close(tape.gradient(loss, v), [0.0, 0.9995003, 3.992016, -1.9980019])


def test_spectra_go_through_pipelines_and_functions() -> None:
    rows = np.arange(32.0, dtype="float32").reshape(4, 8)
    spectra = tf.data.Dataset.from_tensor_slices(rows).map(tf.signal.rfft).map(tf.abs).batch(4)
    _close(next(iter(spectra)), np.abs(np.fft.rfft(rows)), 1e-5)
    size = tf.function(lambda x: tf.abs(tf.signal.rfft(x)))
    _close(size(rows), np.abs(np.fft.rfft(rows)), 1e-5)


# --- tf.signal --------------------------------------------------------------------------------------------------------

ROWS: list[tuple[Callable[[], Any], Any]] = [
    (lambda: tf.signal.fft(Z), np.fft.fft(Z)),
    (lambda: tf.signal.ifft(Z), np.fft.ifft(Z)),
    (lambda: tf.signal.fft2d(Z), np.fft.fft2(Z)),
    (lambda: tf.signal.ifft2d(Z), np.fft.ifft2(Z)),
    (lambda: tf.signal.rfft(X, [6]), np.fft.rfft(X, 6)),
    (lambda: tf.signal.rfft(X, [11]), np.fft.rfft(X, 11)),
    (lambda: tf.signal.irfft(tf.signal.rfft(X[:5]), [5]), X[:5]),
    (lambda: tf.signal.irfft(tf.signal.rfft(X)), X),
    (lambda: tf.signal.fftshift(X[:5]), np.fft.fftshift(X[:5])),
    (lambda: tf.signal.ifftshift(X[:5]), np.fft.ifftshift(X[:5])),
    (lambda: tf.signal.hann_window(5), [0, 0.5, 1, 0.5, 0]),
    (lambda: tf.signal.hann_window(4), [0, 0.5, 1, 0.5]),
    (lambda: tf.signal.hann_window(1), [1]),
    (lambda: tf.signal.hann_window(8, periodic=False), np.hanning(8)),
    (lambda: tf.signal.hamming_window(8, periodic=False), np.hamming(8)),
    (lambda: tf.signal.kaiser_window(6, 12.0), np.kaiser(6, 12.0)),
    (lambda: tf.signal.vorbis_window(4), [0.22801436, 0.9736578, 0.9736578, 0.22801416]),
    (lambda: tf.signal.frame(X, 3, 2), [[1, 2, 3], [3, 4, 5], [5, 6, 7]]),
    (lambda: tf.signal.frame(X, 3, 2, True, 9), [[1, 2, 3], [3, 4, 5], [5, 6, 7], [7, 8, 9]]),
    (lambda: tf.signal.frame(X.reshape(4, 2), 2, 2, axis=0), X.reshape(2, 2, 2)),
    (lambda: tf.signal.overlap_and_add(X.reshape(4, 2), 1), [1, 5, 9, 13, 8]),
    (lambda: tf.signal.overlap_and_add(X.reshape(1, 2, 4), 3), [[1, 2, 3, 9, 6, 7, 8]]),
    (lambda: tf.signal.stft(X, 4, 2), [[6, -3 + 1j, 0], [10, -5 + 1j, 0], [14, -7 + 1j, 0]]),
    (lambda: tf.signal.inverse_stft(tf.signal.stft(X, 4, 2), 4, 2), [0, 0.5, 3, 2, 5, 3, 7, 2]),
    (
        lambda: tf.signal.inverse_stft(
            tf.signal.stft(X, 4, 2), 4, 2, window_fn=tf.signal.inverse_stft_window_fn(2)
        ),
        [0, 1, 3, 4, 5, 6, 7, 4],
    ),
    (
        lambda: tf.signal.linear_to_mel_weight_matrix(4, 9, 16000, 125.0, 3800.0)[:4],
        [[0, 0, 0, 0], [0, 0.8690782, 0.13092178, 0], [0, 0, 0.505573, 0.49442706], [0, 0, 0, 0.5769244]],
    ),
    (
        lambda: tf.signal.mfccs_from_log_mel_spectrograms(X.reshape(2, 4)),
        [[7.0710678, -2.2304425, 0, -0.15851244], [18.384775, -2.2304428, 0, -0.15851194]],
    ),
]


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_signals(row: int) -> None:
    made, expected = ROWS[row]
    _close(made(), expected, 1e-5)


@pytest.mark.parametrize(("kind", "norm"), [(1, None), *((k, n) for k in (2, 3, 4) for n in (None, "ortho"))])
def test_cosine_transforms_are_scipys(kind: int, norm: str | None) -> None:
    fft = pytest.importorskip("scipy.fft")
    _close(tf.signal.dct(X, kind, norm=norm), fft.dct(X.astype("f8"), kind, norm=norm), 2e-5)
    back = tf.signal.idct(tf.signal.dct(X, kind, norm=norm), kind, norm=norm)
    _close(back, X * (1 if norm else 14 if kind == 1 else 16), 2e-4)


def test_what_a_transform_needs_is_said() -> None:
    with pytest.raises(ValueError, match="type 1 to 4"):
        tf.signal.dct(X, 1, norm="ortho")
    with pytest.raises(ValueError, match="lower < upper <= 4000"):
        tf.signal.linear_to_mel_weight_matrix(upper_edge_hertz=9000.0)


# --- tf.audio ---------------------------------------------------------------------------------------------------------


def _wav(samples: np.ndarray, rate: int, width: int = 2) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def test_wav_files() -> None:
    held = np.array([[0, 32767], [-32768, 16384], [5, -5]], "<i2")
    decoded = tf.audio.decode_wav(_wav(held, 8000))
    assert isinstance(decoded.audio, Tensor) and decoded.sample_rate.numpy() == 8000
    _close(decoded.audio, held / 32768)
    audio, _ = tf.audio.decode_wav(_wav(held, 8000), desired_channels=1, desired_samples=5)
    _close(audio[:, 0], [0, -1, 5 / 32768, 0, 0])
    assert tf.audio.decode_wav(_wav(held[:, :1], 8000), 2, 2).audio.shape == (2, 2)
    again = tf.audio.decode_wav(tf.audio.encode_wav(decoded.audio, 8000))
    _close(again.audio, held / 32768, 1 / 16384)
    with pytest.raises(ValueError, match="16 bits"):
        tf.audio.decode_wav(_wav(held.astype("<i4"), 8000, 4))
    with pytest.raises(ValueError, match="WAV"):
        tf.audio.decode_wav(b"RIFFxxxx")
