"""Models: layers that train. Made of inputs and outputs, or by subclassing with ``call``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Tensor, constant
from thalweg.layers.base import Layer
from thalweg.layers.texts import is_texts, text_codes
from thalweg.models import saving
from thalweg.models.functional import Graph
from thalweg.models.summary import summary_html, summary_text
from thalweg.models.training import NoOutputsError, Training
from thalweg.nested import flat, mapped
from thalweg.registry import encode

__all__ = ["Model"]


class Model(Training):
    """A layer that trains: ``Model(inputs, outputs)``, or a subclass that defines ``call(inputs, training)``.

    ``inputs`` and ``outputs``: symbolic tensors, or lists or dicts of them.

    >>> from thalweg.layers import Dense, Input
    >>> x = Input((4,))
    >>> model = Model(x, Dense(2)(x))
    >>> model.output_shape, model.count_params()
    ((None, 2), 10)
    """

    def __init__(
        self, inputs: Any = None, outputs: Any = None, name: str | None = None, **options: Any
    ) -> None:
        super().__init__(name=name, **options)
        self._graph: Graph | None = None
        if (inputs is None) != (outputs is None):
            raise fail(ArgumentError, "Model", expected="both inputs and outputs, or neither")
        if inputs is not None:
            self._graph = Graph(inputs, outputs)
            self._layers = self._graph.layers()
            self._variables = self._graph.own_variables()
            self.built, self.build_shape = True, mapped(lambda t: t.shape, inputs)

    def _parts(self) -> Iterator[Any]:
        return (value for value in super()._parts() if not isinstance(value, Graph))

    def call(self, inputs: Any, training: Any = None) -> Any:
        """The outputs; of a model made of inputs and outputs, by calling its layers again."""
        if self._graph is None:
            raise fail(NoOutputsError, f"{type(self).__name__} has neither outputs nor a method call(inputs)")
        return self._graph.run(inputs, training)

    def _as_input(self, value: Any) -> Any:
        """A tensor; texts as numbers for a graph, else as they are, for layers that take them."""
        if isinstance(value, (list, tuple, dict)) and any(map(_is_array, flat(value))):
            return mapped(self._as_input, value)
        if _is_array(value) and is_texts(np.asarray(value)):
            return value if self._graph is None else constant(text_codes(value))
        return super()._as_input(value)

    # --- what is in it ------------------------------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self.sublayers()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or place."""
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise fail(
                    ArgumentError,
                    f"{self.name}: no layer {index}",
                    expected=f"one of {len(self.layers)} layers",
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers)
        raise fail(ArgumentError, f"{self.name}: no layer named {name!r}", expected=names)

    @property
    def graph(self) -> Graph:
        """The inputs, outputs and what is between; an error for models that have only ``call``."""
        if self._graph is None:
            raise fail(
                ArgumentError, f"{self.name} has no symbolic inputs and outputs",
                hint="make it Model(inputs, outputs), or call it on an Input",
            )  # fmt: skip
        return self._graph

    @property
    def inputs(self) -> list[Any]:
        """The symbolic inputs."""
        return self.graph.flat_inputs

    @property
    def outputs(self) -> list[Any]:
        """The symbolic outputs."""
        return flat(self.graph.outputs)

    @property
    def input(self) -> Any:
        """The symbolic input, or the structure of several."""
        return self.graph.inputs

    @property
    def output(self) -> Any:
        """The symbolic output, or the structure of several."""
        return self.graph.outputs

    @property
    def input_shape(self) -> Any:
        """The shape of the inputs."""
        return mapped(lambda t: t.shape, self.graph.inputs)

    @property
    def output_shape(self) -> Any:
        """The shape of the outputs."""
        return mapped(lambda t: t.shape, self.graph.outputs)

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return self.graph.input_names()

    @property
    def output_names(self) -> list[str]:
        """The names of the outputs."""
        return self.graph.output_names()

    def output_names_for(self, predictions: Any) -> list[str]:
        if self._graph is None:
            return super().output_names_for(predictions)
        return self._graph.output_names()

    def _feed(self, *data: Any, class_weight: Any = None, **options: Any) -> Any:
        if class_weight is not None:
            options["class_weight"] = self._class_weight_of_outputs(class_weight)
        return super()._feed(*data, **options)

    def _class_weight_of_outputs(self, given: Any) -> Any:
        """Weights of classes by the names of the outputs, in their order; of one output, the weights themselves."""
        several = isinstance(given, (list, tuple))
        parts = given if several else given.values() if isinstance(given, Mapping) else ()
        if not any(isinstance(part, Mapping) for part in parts):
            return given
        names = self.output_names
        if (several and len(given) != len(names)) or (not several and set(given) - set(names)):
            raise fail(
                ArgumentError, "class_weight", expected=f"weights for outputs among {', '.join(names)}",
                received=f"{len(given)} parts" if several else ", ".join(map(str, given)),
            )  # fmt: skip
        parts = given if several else [given.get(name) for name in names]
        return dict(zip(self.graph.output_names(), parts)) if len(names) > 1 else parts[0]

    def last_layers(self) -> list[Layer]:
        """The layers that give the outputs, where that is known."""
        if self._graph is None:
            return []
        found = [getattr(t, "node", None) for t in flat(self._graph.outputs)]
        return [node.layer for node in found if node is not None] if all(found) else []

    def summary(
        self, line_length: int | None = None, print_fn: Any = None, expand_nested: bool = False
    ) -> None:
        """Print the layers, the shapes of their outputs, the numbers of their weights, and which train."""
        (print_fn or _print)(summary_text(self, line_length, expand_nested))

    def _repr_html_(self) -> str:
        """The summary in a notebook."""
        return summary_html(self)

    # --- files --------------------------------------------------------------------------------------------------

    def save(self, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
        """Write everything to one safetensors file: weights, and the model's description in the header."""
        saving.save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath: Any, overwrite: bool = True) -> None:
        """Write the weights to a safetensors file."""
        saving.save_weights(self, filepath, overwrite)

    def load_weights(
        self,
        filepath: Any,
        skip_mismatch: bool = False,
        names: Mapping[str, str] | None = None,
        by_name: bool = False,
        reshape: bool = False,
    ) -> None:
        """Read the weights from a file, by the layers' names; all must fit, unless ``skip_mismatch``.

        The file: one of :meth:`save` or :meth:`save_weights`; a safetensors file of a PyTorch state dict
        (``safetensors.torch.save_file(module.state_dict(), path)``), whose tensors are brought into the layout of
        the layers; or a ``.h5``, ``.weights.h5`` or ``.keras`` file of Keras. ``names`` maps layers of this model
        to other names in a PyTorch file: ``{"fc": "classifier.1"}``. ``nn.Sequential`` is read in order.
        ``by_name``: read what the file has under the names of this model, and leave the rest as it is. ``reshape``:
        arrays of another shape fit, too, if they have as many elements.
        """
        saving.load_weights(self, filepath, skip_mismatch, names, by_name, reshape)

    def save_state(self, filepath: Any, **notes: Any) -> None:
        """Write weights, optimizer and random numbers: what an interrupted training needs to go on."""
        saving.save_state(self, filepath, notes)

    def load_state(self, filepath: Any) -> dict[str, Any]:
        """Go on from a file of :meth:`save_state`; the notes that were kept in it."""
        return saving.load_state(self, filepath)

    def __reduce__(self) -> Any:
        """Copies and pickles hold the description, the weights and the training state, never code."""
        return saving.revived, saving.parts_of(self)

    def to_json(self) -> str:
        """The description of the model, without its weights, as JSON."""
        return json.dumps(encode(self), allow_nan=False)

    def get_config(self) -> dict[str, Any]:
        """The model as data, from which ``from_config`` makes the same again."""
        if self._graph is not None and type(self) is Model:
            return saving.graph_config(self)
        return super().get_config()

    @classmethod
    def from_config(cls, config: Any) -> Any:
        """A model made from what :meth:`get_config` gave."""
        return saving.graph_from_config(config) if "calls" in config else cls(**config)


def _print(text: str) -> None:
    import sys

    sys.stdout.write(text + "\n")


def _is_array(value: Any) -> bool:
    """Whether NumPy can read it, and it is neither a tensor nor a single number."""
    return hasattr(value, "__array__") and not isinstance(value, (Tensor, np.generic))
