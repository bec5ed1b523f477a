"""``lasagne.layers``: what all layers share."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from thalweg.compat.lasagne.utils import collect_shared_vars, create_param


class Layer:
    """A function of one layer's output: ``get_output_for(input)``, ``get_output_shape_for(shape)``, ``add_param``.

    Before version 0.1, ``layer.get_output(input)`` and ``layer.get_output_shape()`` were methods.
    """

    get_output: Any  # helper.py, which walks over layers, gives both
    get_output_shape: Any

    def __init__(self, incoming: Any, name: str | None = None) -> None:
        if isinstance(incoming, tuple):
            self.input_shape: Any = incoming
            self.input_layer: Any = None
        else:
            self.input_shape = incoming.output_shape
            self.input_layer = incoming
        if any(isinstance(d, int) and d <= 0 for d in self.input_shape):
            raise ValueError(
                f"Cannot create Layer with a non-positive input_shape dimension. input_shape={self.input_shape}, "
                f"self.name={name}"
            )
        self.name = name
        self.params: OrderedDict[Any, set[str]] = OrderedDict()
        self.get_output_kwargs: list[str] = []

    @property
    def output_shape(self) -> Any:
        """The shape of the output."""
        return self.get_output_shape_for(self.input_shape)

    def get_params(self, unwrap_shared: bool = True, **tags: Any) -> list[Any]:
        """The layer's parameters that have (or, with False, have not) the tags."""
        only = {tag for tag, wanted in tags.items() if wanted}
        without = {tag for tag, wanted in tags.items() if not wanted}
        found = [p for p, have in self.params.items() if only <= have and not without & have]
        return collect_shared_vars(found) if unwrap_shared else found

    def add_param(self, spec: Any, shape: Any, name: str | None = None, **tags: Any) -> Any:
        """A parameter of the layer; it is trainable and regularised unless the tags say otherwise."""
        if name is not None and self.name is not None:
            name = f"{self.name}.{name}"
        param = create_param(spec, shape, name)
        wanted = {"trainable": True, "regularizable": True, **tags}
        self.params[param] = {tag for tag, on in wanted.items() if on}
        return param

    def get_output_shape_for(self, input_shape: Any) -> Any:
        """The shape of the output for a shape of the input: the same."""
        return input_shape

    def get_output_for(self, input: Any, **options: Any) -> Any:
        """The output for an input."""
        raise NotImplementedError


class MergeLayer(Layer):
    """A function of several layers' outputs."""

    def __init__(self, incomings: Any, name: str | None = None) -> None:
        self.input_shapes = [x if isinstance(x, tuple) else x.output_shape for x in incomings]
        self.input_layers = [None if isinstance(x, tuple) else x for x in incomings]
        self.name = name
        self.params = OrderedDict()
        self.get_output_kwargs = []

    @property
    def output_shape(self) -> Any:
        return self.get_output_shape_for(self.input_shapes)

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        """The shape of the output for those of the inputs."""
        raise NotImplementedError
