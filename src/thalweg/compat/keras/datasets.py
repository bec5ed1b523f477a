"""``keras.datasets``: MNIST and Fashion-MNIST as Keras gives them; the others say what is missing."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import data
from thalweg.compat.names import Namespace, UnsupportedNameError

Part = tuple[np.ndarray, np.ndarray]


def _images(name: str) -> tuple[Part, Part]:
    """((images, labels), (images, labels)): uint8, images in 0 to 255."""
    found = data.load(name)
    return (
        (_bytes(found.train_images), found.train_labels.astype(np.uint8)),
        (_bytes(found.test_images), found.test_labels.astype(np.uint8)),
    )


def _bytes(images: np.ndarray) -> np.ndarray:
    return np.rint(images * 255).astype(np.uint8)


def _absent(name: str, *functions: str) -> Namespace:
    def load(*args: Any, **kwargs: Any) -> Any:
        raise UnsupportedNameError(
            f"keras.datasets.{name}: these data do not come with Thalweg; it supplies mnist and fashion_mnist"
        )

    return Namespace(f"keras.datasets.{name}", **dict.fromkeys(("load_data", *functions), load))


mnist = Namespace("keras.datasets.mnist", load_data=lambda path="mnist.npz": _images("mnist"))
fashion_mnist = Namespace("keras.datasets.fashion_mnist", load_data=lambda: _images("fashion"))
imdb = _absent("imdb", "get_word_index")
reuters = _absent("reuters", "get_word_index")
cifar10, cifar100, boston_housing = _absent("cifar10"), _absent("cifar100"), _absent("boston_housing")
