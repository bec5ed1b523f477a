"""The windows, cosine transforms and mel bands of TensorFlow's ``signal``, as NumPy's arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail


def cosines(kind: int, n: int, norm: Any) -> np.ndarray:
    """[n, n]: what number j of the input adds to number k of its cosine transform; ``norm``: None or "ortho".

    >>> cosines(2, 2, None).round(3).tolist()
    [[2.0, 1.414], [2.0, -1.414]]
    """
    j, k = np.arange(n)[:, None], np.arange(n)[None, :]
    scale: Any = 1.0
    if kind == 1 and norm is None and n > 1:
        found = np.where((j == 0) | (j == n - 1), 1.0, 2.0) * np.cos(math.pi * j * k / (n - 1))
    elif kind == 2 and norm in (None, "ortho"):
        found = 2 * np.cos(math.pi * k * (2 * j + 1) / (2 * n))
        scale = np.where(k == 0, math.sqrt(0.25 / n), math.sqrt(0.5 / n)) if norm else 1.0
    elif kind == 3 and norm in (None, "ortho"):
        found = np.where(j == 0, 1.0, 2.0) * np.cos(math.pi * j * (2 * k + 1) / (2 * n))
        scale = np.where(j == 0, 1 / math.sqrt(n), 1 / math.sqrt(2 * n)) if norm else 1.0
    elif kind == 4 and norm in (None, "ortho"):
        found = 2 * np.cos(math.pi * (2 * j + 1) * (2 * k + 1) / (4 * n))
        scale = math.sqrt(0.5 / n) if norm else 1.0
    else:
        raise fail(
            ArgumentError,
            "dct",
            expected='type 1 to 4; norm None, or "ortho" but for type 1',
            received=f"type {kind}, norm {norm}",
        )
    return np.asarray(found * scale)


def raised_cosine(length: int, periodic: bool, a: float) -> np.ndarray:
    """``a - (1 - a) cos(2 pi k / n)``, n the length, or one less for a symmetric or an odd one.

    >>> raised_cosine(4, True, 0.5).round(3).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    steps = length + (bool(periodic) and length % 2 == 0) - 1
    turns = np.arange(length) * (2 * math.pi / max(steps, 1))
    return a - (1 - a) * np.cos(turns) if length > 1 else np.ones(1)


def inverse_window(forward: Any, step: int) -> np.ndarray:
    """The window that undoes a forward one of frames that overlap: divided by the sum of the squares at each place.

    >>> inverse_window([1.0, 1.0, 1.0, 1.0], 2).tolist()
    [0.5, 0.5, 0.5, 0.5]
    """
    window = np.asarray(forward, np.float64)
    overlaps = -(-window.size // step)
    shares = np.zeros(overlaps * step)
    shares[: window.size] = window**2
    return window / np.tile(shares.reshape(overlaps, step).sum(0), overlaps)[: window.size]


def mel_bands(bands: int, bins: int, rate: float, low: float, high: float) -> np.ndarray:
    """[bins, bands]: triangles at places evenly spread in mel, 1127 ln(1 + f / 700), between two frequencies.

    >>> mel_bands(1, 3, 8000.0, 0.0, 4000.0).round(3).tolist()
    [[0.0], [0.582], [0.0]]
    """
    if not 0 <= low < high <= rate / 2:
        raise fail(
            ArgumentError,
            "linear_to_mel_weight_matrix: the edges",
            expected=f"0 <= lower < upper <= {rate / 2}",
            received=f"{low} and {high}",
        )
    frequencies = _mel(np.linspace(0.0, rate / 2, bins)[1:])[:, None]
    edges = np.linspace(_mel(low), _mel(high), bands + 2)
    rising = (frequencies - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies) / (edges[2:] - edges[1:-1])
    return np.pad(np.maximum(0.0, np.minimum(rising, falling)), [[1, 0], [0, 0]])


def _mel(hertz: Any) -> Any:
    return 1127.0 * np.log1p(np.asarray(hertz) / 700.0)


def enclosing_power(n: int) -> int:
    """The least power of two that is not below n.

    >>> [enclosing_power(n) for n in (1, 5, 8)]
    [1, 8, 8]
    """
    return 1 << max(n - 1, 0).bit_length()


def frame_places(have: int, length: int, step: int, pad_end: bool) -> tuple[np.ndarray, int]:
    """[frames, length]: the places of frames in an axis of ``have`` numbers; and how many numbers are missing at its
    end (below 0 where some are left over), which only frames that pad it read.

    >>> frame_places(5, 3, 2, True)[1], frame_places(5, 3, 2, False)[0].tolist()
    (2, [[0, 1, 2], [2, 3, 4]])
    """
    count = -(-have // step) if pad_end else max(0, 1 + (have - length) // step)
    places = np.arange(count)[:, None] * step + np.arange(length)
    return places.astype(np.int32), (count - 1) * step + length - have
