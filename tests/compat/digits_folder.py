"""Scikit-learn's digits as a folder of MNIST files, so that programs that read MNIST are quick."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from idx_files import idx_bytes
from thalweg import data


def write(folder: Path) -> Path:
    """``folder/mnist`` with the digits (8 x 8); the folder is for THALWEG_DATA."""
    digits = data.load("digits")
    (folder / "mnist").mkdir(parents=True, exist_ok=True)
    for stem, images, labels in (
        ("train", digits.train_images, digits.train_labels),
        ("t10k", digits.test_images, digits.test_labels),
    ):
        pixels = np.rint(images * 255).astype(np.uint8)
        (folder / "mnist" / f"{stem}-images-idx3-ubyte").write_bytes(idx_bytes(pixels))
        (folder / "mnist" / f"{stem}-labels-idx1-ubyte").write_bytes(idx_bytes(labels.astype(np.uint8)))
    return folder
