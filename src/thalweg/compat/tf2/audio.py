"""``tf.audio``: WAV files of 16 bits."""

from __future__ import annotations

import io
import wave
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf2.text import TextTensor, as_bytes, texts
from thalweg.compat.tf2.values import number, tensor
from thalweg.errors import DataError, fail
from thalweg.events import wav


class DecodeWav(NamedTuple):
    """What :func:`decode_wav` gives."""

    audio: Any
    sample_rate: Any


def decode_wav(
    contents: Any, desired_channels: Any = -1, desired_samples: Any = -1, name: Any = None
) -> DecodeWav:
    """The bytes of a WAV file as [samples, channels], numbers from -1 to 1, and the sample rate.

    Samples beyond ``desired_samples`` are cut off, and zeros stand for missing ones; missing channels are copies of
    the first one.
    """
    try:
        with wave.open(io.BytesIO(as_bytes(contents))) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            held = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise fail(DataError, f"tf.audio.decode_wav: {error}", expected="the bytes of a WAV file") from None
    if width != 2:
        raise fail(DataError, "tf.audio.decode_wav", expected="16 bits a sample", received=f"{8 * width}")
    found = np.frombuffer(held, "<i2").reshape(-1, channels).astype(np.float32) / np.float32(32768)
    wanted, count = int(number(desired_channels)), int(number(desired_samples))
    if wanted > channels:
        found = np.concatenate([found, *[found[:, :1]] * (wanted - channels)], 1)
    elif wanted > 0:
        found = found[:, :wanted]
    if count >= 0:
        found = np.pad(found[:count], [[0, max(0, count - len(found))], [0, 0]])
    return DecodeWav(tensor(found), tensor(np.int32(rate)))


def encode_wav(audio: Any, sample_rate: Any, name: Any = None) -> TextTensor:
    """[samples, channels], numbers from -1 to 1, as the bytes of a WAV file."""
    return texts(wav(np.asarray(audio), int(number(sample_rate))))
