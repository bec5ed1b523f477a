"""What every layer promises: shapes, weights, symbolic = eager, gradients, configuration and files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.layers import base
from thalweg.nested import mapped
from thalweg.registry import decode, encode

from .layer_table import ROWS, Row

BATCH = 2


@pytest.fixture(params=ROWS, ids=lambda r: r.name)
def row(request: Any) -> Row:
    tw.random.set_seed(1)
    base.clear_session()
    return request.param


def made(row: Row, **more: Any) -> Any:
    """The row's layer; layers among its arguments are made anew."""
    args = mapped(lambda v: anew(v, more) if isinstance(v, base.Layer) else v, row.args)
    return row.cls(**{**row.args, **args}, **more)


def anew(layer: Any, more: dict[str, Any]) -> Any:
    """Another layer of the same configuration, and more, also of the layers inside it."""
    return decode(_with(encode(layer), more))


def _with(value: Any, more: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_with(v, more) for v in value]
    if not isinstance(value, dict):
        return value
    value = {k: _with(v, more) for k, v in value.items()}
    if str(value.get("$class", "")).startswith("layers."):
        value["config"] |= more
    return value


def arrays(row: Row, dtype: str = "float32") -> Any:
    generator = np.random.default_rng(0)
    shapes = row.inputs if isinstance(row.inputs, list) else [row.inputs]
    found = [
        generator.integers(row.integers, size=(BATCH, *s))
        if row.integers
        else generator.uniform(-2, 2, (BATCH, *s)).astype(dtype)
        for s in shapes
    ]
    return found if isinstance(row.inputs, list) else found[0]


def symbols(row: Row, dtype: str = "float32", input_fn: Any = tw.layers.Input) -> Any:
    kind = "int64" if row.integers else dtype
    if isinstance(row.inputs, list):
        return [input_fn(s, dtype=kind) for s in row.inputs]
    return input_fn(row.inputs, dtype=kind)


def test_shapes_and_weights(row: Row) -> None:
    layer = made(row)
    y = layer(symbols(row))
    assert tuple(y.shape) == (None, *row.output)
    assert layer.count_params() == row.params
    assert np.shape(layer(arrays(row))) == (BATCH, *row.output)
    shapes = [(None, *s) for s in row.inputs] if isinstance(row.inputs, list) else (None, *row.inputs)
    if not row.integers:
        assert tuple(layer.compute_output_shape(shapes)) == (None, *row.output)


def test_symbolic_is_eager(row: Row) -> None:
    layer, x = made(row), symbols(row)
    compiled = tw.function(x if isinstance(x, list) else [x], layer(x))
    data = arrays(row)
    found = compiled(*data) if isinstance(x, list) else compiled(data)
    np.testing.assert_allclose(found, layer(data, training=False).numpy(), rtol=2e-5, atol=2e-6)


def test_training_draws_and_inference_does_not(row: Row) -> None:
    layer, data = made(row), arrays(row)
    first = layer(data, training=False).numpy()
    # What changes data does so unless it is told not to, as in Keras.
    augments = row.random and row.name.startswith("Random")
    assert np.array_equal(first, layer(data).numpy()) == (not augments)
    if row.random:
        assert not np.array_equal(first, layer(data, training=True).numpy())


def test_gradients_flow_to_inputs_and_weights(row: Row) -> None:
    if row.integers and not row.params:
        return  # whole numbers to whole numbers
    layer, data = made(row, dtype="float64"), arrays(row, "float64")
    parts = data if isinstance(data, list) else [data]
    variables = [tw.Variable(p) for p in parts] if not row.integers else []
    given: Any = (variables if isinstance(data, list) else variables[0]) if variables else data
    weights = np.random.default_rng(3).normal(size=(BATCH, *row.output))

    def loss() -> Any:
        return tw.sum(layer(given, training=False) * weights)

    with tw.GradientTape() as tape:
        value = loss()
    sources = [*layer.trainable_weights, *variables]
    gradients = tape.gradient(value, sources)
    assert all(g is not None and g.shape == s.shape for g, s in zip(gradients, sources))
    if row.smooth:
        for source, gradient in zip(sources, gradients):
            check_one_direction(source, gradient.numpy(), loss)


def check_one_direction(source: Any, gradient: np.ndarray, loss: Any) -> None:
    """The derivative along a random direction, by central differences."""
    start, step = source.get_value(), 1e-5
    way = np.random.default_rng(5).normal(size=start.shape)
    values = []
    for sign in (1, -1):
        source.set_value(start + sign * step * way)
        values.append(float(loss()))
    source.set_value(start)
    np.testing.assert_allclose(
        (values[0] - values[1]) / (2 * step), np.sum(gradient * way), rtol=1e-5, atol=1e-7
    )


def test_config_makes_the_same_again(row: Row) -> None:
    layer = made(row)
    layer(arrays(row))
    again = decode(encode(layer))
    again(arrays(row))
    assert type(again) is type(layer) and again.name == layer.name
    again.set_weights(layer.get_weights())
    found = again(arrays(row), training=False)
    np.testing.assert_array_equal(found.numpy(), layer(arrays(row), training=False).numpy())


def test_a_model_with_it_is_saved_and_loaded(row: Row, tmp_path: Path) -> None:
    x = symbols(row)
    model = tw.models.Model(x, made(row)(x))
    model.save(tmp_path / "model.safetensors")
    again = tw.models.load_model(tmp_path / "model.safetensors")
    data = arrays(row)
    np.testing.assert_array_equal(again.predict(data), model.predict(data))


def test_it_trains_as_part_of_a_model(row: Row) -> None:
    """The whole step compiles: forward in training mode, gradients, update."""
    x = symbols(row)
    y = tw.layers.Flatten()(made(row)(x))
    model = tw.models.Model(x, tw.layers.Dense(1)(y))
    model.compile("sgd", "mse")
    data = arrays(row)
    history = model.fit(data, np.ones((BATCH, 1)), epochs=3, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
