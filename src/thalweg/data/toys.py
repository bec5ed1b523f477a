"""Small made-up problems in the plane, to see what a network can separate: NumPy alone, the same for the same seed.

Every function gives ``(x, y)``: float32 points [n_samples, n_features] and int64 class numbers [n_samples].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail

__all__ = ["make_blobs", "make_circles", "make_moons", "make_spirals", "make_xor"]

Pair = tuple[np.ndarray, np.ndarray]


def make_xor(n_samples: int = 100, noise: float = 0.0, seed: int | None = 0) -> Pair:
    """Points in [-1, 1] x [-1, 1]; class 1 where exactly one coordinate is positive. ``noise`` moves them afterwards.

    >>> x, y = make_xor(50)
    >>> bool((y == (x[:, 0] * x[:, 1] < 0)).all())
    True
    """
    random = _random("make_xor", n_samples, noise, seed)
    points = random.uniform(-1, 1, (n_samples, 2))
    return _finished(points, points[:, 0] * points[:, 1] < 0, noise, random)


def make_circles(n_samples: int = 100, noise: float = 0.0, factor: float = 0.5, seed: int | None = 0) -> Pair:
    """A circle of radius 1 (class 0) around one of radius ``factor`` (class 1), with normal ``noise``.

    >>> x, y = make_circles(10, factor=0.5)
    >>> (x[y == 1] ** 2).sum(axis=1).round(6).tolist()
    [0.25, 0.25, 0.25, 0.25, 0.25]
    """
    random = _random("make_circles", n_samples, noise, seed)
    if not 0 < factor < 1:
        raise fail(ArgumentError, "make_circles: factor", expected="0 < factor < 1", received=factor)
    outer, inner = _halves(n_samples)
    angles = np.concatenate([_around(outer), _around(inner)])
    labels = np.repeat([0, 1], [outer, inner])
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * np.where(labels, factor, 1.0)[:, None]
    return _finished(points, labels, noise, random)


def make_moons(n_samples: int = 100, noise: float = 0.0, seed: int | None = 0) -> Pair:
    """Two half circles that reach into each other, with normal ``noise``.

    >>> make_moons(100)[0].shape
    (100, 2)
    """
    random = _random("make_moons", n_samples, noise, seed)
    outer, inner = _halves(n_samples)
    upper, lower = np.linspace(0, np.pi, outer), np.linspace(0, np.pi, inner)
    first = np.stack([np.cos(upper), np.sin(upper)], axis=1)
    second = np.stack([1 - np.cos(lower), 0.5 - np.sin(lower)], axis=1)
    return _finished(np.concatenate([first, second]), np.repeat([0, 1], [outer, inner]), noise, random)


def make_spirals(
    n_samples: int = 100, noise: float = 0.0, classes: int = 2, turns: float = 1.75, seed: int | None = 0
) -> Pair:
    """``classes`` arms that wind ``turns`` times around the origin up to radius 1, with normal ``noise``.

    >>> x, y = make_spirals(90, classes=3)
    >>> np.bincount(y).tolist()
    [30, 30, 30]
    """
    random = _random("make_spirals", n_samples, noise, seed)
    if classes < 1:
        raise fail(ArgumentError, "make_spirals: classes", expected="at least 1", received=classes)
    labels = np.arange(n_samples) * classes // max(n_samples, 1)
    radius = np.concatenate([np.linspace(0.05, 1, n) for n in np.bincount(labels, minlength=classes)])
    angles = 2 * np.pi * (turns * radius + labels / classes)
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius[:, None]
    return _finished(points, labels, noise, random)


def make_blobs(
    n_samples: int = 100,
    n_features: int = 2,
    centers: int | Sequence[Sequence[float]] = 3,
    cluster_std: float = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0),
    seed: int | None = 0,
) -> Pair:
    """Normal clouds around ``centers``: a number of places drawn in ``center_box``, or the places themselves.

    >>> x, y = make_blobs(6, centers=[[0, 0], [9, 9]], cluster_std=0.1)
    >>> x.round().tolist()[-1], y.tolist()
    ([9.0, 9.0], [0, 0, 0, 1, 1, 1])
    """
    random = _random("make_blobs", n_samples, cluster_std, seed)
    if isinstance(centers, int):
        places: Any = random.uniform(*center_box, (centers, n_features))
    else:
        places = np.asarray(centers, np.float64)
        if places.ndim != 2:
            raise fail(
                ArgumentError, "make_blobs: centers", expected="rows of coordinates", received=places.shape
            )
    labels = np.arange(n_samples) * len(places) // max(n_samples, 1)
    return _finished(places[labels], labels, cluster_std, random)


def _random(what: str, count: int, noise: float, seed: int | None) -> np.random.Generator:
    if isinstance(count, bool) or int(count) != count or count < 1:
        raise fail(ArgumentError, f"{what}: n_samples", expected="a whole number > 0", received=repr(count))
    if noise < 0:
        raise fail(ArgumentError, f"{what}: noise", expected="a deviation >= 0", received=noise)
    return np.random.default_rng(seed)


def _halves(count: int) -> tuple[int, int]:
    return count // 2, count - count // 2


def _around(count: int) -> np.ndarray:
    return np.linspace(0, 2 * np.pi, count, endpoint=False)


def _finished(points: np.ndarray, labels: np.ndarray, noise: float, random: np.random.Generator) -> Pair:
    if noise:
        points = points + random.normal(0, noise, points.shape)
    return points.astype(np.float32), labels.astype(np.int64)
