"""Sequential: layers one after another."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Many
from typing import Any

from thalweg.errors import ArgumentTypeError, fail
from thalweg.layers.base import Layer
from thalweg.layers.calls import outermost
from thalweg.layers.nodes import Input, InputSymbol
from thalweg.models.functional import Graph
from thalweg.models.model import Model
from thalweg.nested import flat

__all__ = ["Sequential"]


class Sequential(Model):
    """Layers one after another. The shape of the inputs comes from an Input, ``input_shape=``, or the first data.

    >>> from thalweg.layers import Dense
    >>> model = Sequential([Dense(8, activation="relu", input_shape=(4,)), Dense(1)])
    >>> model.output_shape, model.count_params()
    ((None, 1), 49)
    """

    def __init__(self, layers: Many[Any] | None = None, name: str | None = None, **options: Any) -> None:
        super().__init__(name=name, **options)
        self._layers: list[Layer] = []
        self._first: Any = None
        for layer in layers or []:
            self._append(layer)
        self._connect()

    def add(self, layer: Any) -> None:
        """Put a layer at the end."""
        self._append(layer)
        self._connect()

    def _append(self, layer: Any) -> None:
        if isinstance(layer, InputSymbol):
            self._first = layer
            return
        if not isinstance(layer, Layer):
            raise fail(
                ArgumentTypeError, f"{self.name}: not a layer", expected="a Layer", received=repr(layer)
            )
        shape = layer.input_shape_given
        if not self._layers and self._first is None:
            if shape is not None:
                self._first = _input_of(layer, shape, _input_dtype(layer) or layer.dtype)
            elif isinstance(layer, Model) and layer._graph is not None and len(layer.inputs) == 1:
                self._first = _input_of(layer, layer.inputs[0].shape, layer.inputs[0].dtype)
        self._layers.append(layer)

    def pop(self) -> Layer:
        """Take the last layer away."""
        layer = self._layers.pop()
        self._connect()
        return layer

    def _connect(self) -> None:
        """Build all layers, where the shape of the inputs is known."""
        self._graph, self.built = None, False
        self._steps.clear()
        if self._first is None or not self._layers:
            return
        x = self._first
        with outermost():
            for layer in self._layers:
                x = layer(x)
        self._graph = Graph(self._first, x)
        self.built, self.build_shape = True, self._first.shape

    def build(self, input_shape: Any) -> None:
        """Build all layers for inputs of this shape, the batch first; for a dict of shapes each in its first call."""
        named = isinstance(input_shape, Mapping)
        if self._first is None and input_shape is not None and not named and self._layers:
            dtype = _input_dtype(self._layers[0])
            shape = input_shape[1:-1] if dtype == "string" else input_shape[1:]  # without the characters
            self._first = _input_of(self._layers[0], (None, *shape), dtype)
            self._connect()
        self.built = True

    def call(self, inputs: Any, training: Any = None) -> Any:
        parts = flat(inputs)
        x = parts[0] if len(parts) == 1 else inputs  # one input in a list or a dict is that input
        for layer in self._layers:
            x = layer(x, training=training)
        return x

    def last_layers(self) -> list[Layer]:
        return self._layers[-1:]

    def output_names_for(self, predictions: Any) -> list[str]:
        return [self._layers[-1].name] if self._layers else super().output_names_for(predictions)

    def get_config(self) -> dict[str, Any]:
        """The layers, with the shape of the inputs."""
        first = (
            None
            if self._first is None
            else {
                "batch_shape": self._first.shape,
                "dtype": self._first.dtype.name,
                "name": self._first.name,
            }
        )
        return {"name": self.name, "input": first, "layers": list(self._layers)}

    @classmethod
    def from_config(cls, config: Any) -> Any:
        config = dict(config)
        first, layers = config.pop("input", None), config.pop("layers", [])
        return cls(([Input(**first)] if first else []) + list(layers), **config)


def _input_of(layer: Layer, shape: Many[int | None], dtype: Any) -> Any:
    """The input before a first layer, named after it."""
    return Input(batch_shape=shape, dtype=dtype, name=f"{layer.name}_input")


def _input_dtype(layer: Layer) -> str | None:
    """What a first layer takes, where that is not floats."""
    if getattr(layer, "takes_texts", False) and not getattr(layer, "takes_integers", False):
        return "string"
    return "int64" if getattr(layer, "takes_integers", False) else None
