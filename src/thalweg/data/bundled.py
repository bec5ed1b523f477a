"""The real data sets that come with scikit-learn, as ``(x, y)``; nothing is downloaded."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.extras import needs

__all__ = ["load_breast_cancer", "load_diabetes", "load_digits", "load_iris", "load_wine"]

Pair = tuple[np.ndarray, np.ndarray]


def _bundled(name: str) -> Any:
    with needs("scikit-learn", f"the data set {name!r}"):
        from sklearn import datasets
    return getattr(datasets, f"load_{name}")()


def _classes(name: str) -> Pair:
    found = _bundled(name)
    return found.data.astype(np.float32), found.target.astype(np.int64)


def load_iris() -> Pair:
    """150 irises of 3 kinds: 4 lengths in cm.

    >>> x, y = load_iris()
    >>> x.shape, x.dtype.name, sorted(set(y.tolist()))
    ((150, 4), 'float32', [0, 1, 2])
    """
    return _classes("iris")


def load_wine() -> Pair:
    """178 wines of 3 growers: 13 figures of their chemistry."""
    return _classes("wine")


def load_breast_cancer() -> Pair:
    """569 tumours, 0 malignant and 1 benign: 30 measures of their cells."""
    return _classes("breast_cancer")


def load_digits() -> Pair:
    """1,797 handwritten digits: images [8, 8] with values 0 to 16, as float32."""
    found = _bundled("digits")
    return found.images.astype(np.float32), found.target.astype(np.int64)


def load_diabetes() -> Pair:
    """442 patients: 10 figures, scaled, and how far their illness went in a year, float32."""
    found = _bundled("diabetes")
    return found.data.astype(np.float32), found.target.astype(np.float32)
