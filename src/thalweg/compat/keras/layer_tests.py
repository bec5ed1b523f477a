"""``keras.utils.test_utils``: what authors of layers test them with."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


def layer_test(
    layer_cls: Any, kwargs: Mapping[str, Any] | None = None, input_shape: Any = None, input_dtype: Any = None,
    input_data: Any = None, expected_output: Any = None, expected_output_dtype: Any = None,
    fixed_batch_size: bool = False,
) -> np.ndarray:  # fmt: skip
    """Make, describe, read, save, apply and train a layer, and compare what it gives with what is expected.

    Inputs are drawn in the ``input_shape`` (None: any length) unless they are given. Gives the layer's outputs; an
    AssertionError says what went wrong.

    >>> from thalweg.compat.keras import layers
    >>> layer_test(layers.Dense, {"units": 3}, (2, 4)).shape
    (2, 3)
    """
    keras = importlib.import_module("thalweg.compat.keras")
    if input_data is None:
        if not input_shape:
            raise ValueError("layer_test: input_data or input_shape is needed")
        lengths = [np.random.randint(1, 4) if n is None else n for n in input_shape]
        input_data = (10 * np.random.random(lengths)).astype(input_dtype or "float32")
        if str(input_dtype or "float32").startswith("float"):
            input_data -= 0.5
    shape = tuple(input_data.shape) if input_shape is None else tuple(input_shape)
    dtype = input_dtype or str(input_data.dtype)
    options = dict(kwargs or {})
    layer = layer_cls(**options)
    weights = layer.get_weights()
    layer.set_weights(weights)
    if "weights" in options:
        layer_cls(**{**options, "weights": weights})

    x = (
        keras.Input(batch_shape=shape, dtype=dtype)
        if fixed_batch_size
        else keras.Input(shape[1:], dtype=dtype)
    )
    y = layer(x)
    if expected_output_dtype is not None:
        _check("dtype", str(np.dtype(keras.backend.dtype(y))), str(np.dtype(expected_output_dtype)))
    model = keras.Model(x, y)
    told = layer.compute_output_shape(shape)
    made = np.asarray(model.predict(input_data))
    _check("number of axes", made.ndim, len(tuple(told)))
    wrong = [(a, b) for a, b in zip(tuple(told), made.shape, strict=True) if a is not None and a != b]
    _check("compute_output_shape", wrong, [])
    if expected_output is not None:
        np.testing.assert_allclose(made, expected_output, rtol=1e-3)
    again = keras.Model.from_config(model.get_config(), {layer_cls.__name__: layer_cls})
    if model.weights:
        again.set_weights(model.get_weights())
        np.testing.assert_allclose(np.asarray(again.predict(input_data)), made, rtol=1e-3)
    if not hasattr(layer, "unit_forget_bias") and not hasattr(layer, "layer"):
        layer_cls.from_config(layer.get_config())
    model.compile("rmsprop", "mse")
    model.train_on_batch(input_data, made)
    model = keras.Sequential()
    model.add(keras.layers.InputLayer(input_shape=shape[1:], dtype=dtype))
    model.add(layer_cls.from_config(layer.get_config()))
    _check("number of axes in a Sequential", np.ndim(model.predict(input_data)), made.ndim)
    return made


def _check(what: str, received: Any, expected: Any) -> None:
    if received != expected:
        raise AssertionError(f"layer_test: {what}: expected {expected}, received {received}")


def keras_test(func: Callable[..., Any]) -> Callable[..., Any]:
    """A test after which what Keras has made is forgotten."""

    @functools.wraps(func)
    def tested(*args: Any, **kwargs: Any) -> Any:
        found = func(*args, **kwargs)
        importlib.import_module("thalweg.compat.keras").backend.clear_session()
        return found

    return tested


__all__ = ["keras_test", "layer_test"]
