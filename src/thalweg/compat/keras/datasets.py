"""``keras.datasets``: the classic sets of :mod:`thalweg.data` with Keras's arguments."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg import data
from thalweg.compat.keras.backend import image_data_format as _image_data_format
from thalweg.compat.keras.spelling import renamed
from thalweg.compat.keras.utils import get_file as _get_file
from thalweg.compat.names import Namespace

# The first argument, the file's name, is not needed.
_NAMES = {"path": None, "nb_words": "num_words"}


def _loader(load: Callable[..., Any], order: str = "") -> Callable[..., Any]:
    """A function of the main library; what stands by position has these names."""

    def load_data(*args: Any, **kwargs: Any) -> Any:
        return load(**renamed({**dict(zip(order.split(), args)), **kwargs}, _NAMES))

    load_data.__doc__ = load.__doc__
    return load_data


_WORDS = "path num_words skip_top maxlen"


def _set(name: str, load: Callable[..., Any], order: str = "path", **more: Any) -> Namespace:
    return Namespace(f"keras.datasets.{name}", load_data=_loader(load, order), **more)


mnist = _set("mnist", data.load_mnist)
fashion_mnist = _set("fashion_mnist", data.load_fashion_mnist)


def _pictures(load: Callable[..., Any]) -> Callable[..., Any]:
    """Their channels are where the backend is set to have them."""

    @functools.wraps(load)
    def load_data(*args: Any, **kwargs: Any) -> Any:
        parts = load(*args, **kwargs)
        if _image_data_format() == "channels_last":
            return parts
        return tuple((images.transpose(0, 3, 1, 2), labels) for images, labels in parts)

    return load_data


cifar10 = _set("cifar10", _pictures(data.load_cifar10))
cifar100 = _set("cifar100", _pictures(data.load_cifar100), "label_mode")
boston_housing = _set("boston_housing", data.load_boston_housing, "path test_split seed")
california_housing = _set("california_housing", data.load_california_housing)
imdb = _set("imdb", data.load_imdb, _WORDS, get_word_index=_loader(data.load_imdb_word_index, "path"))
reuters = _set(
    "reuters", data.load_reuters, _WORDS, get_word_index=_loader(data.load_reuters_word_index, "path")
)
data_utils = Namespace("keras.datasets.data_utils", get_file=_get_file)  # Keras 0.x
