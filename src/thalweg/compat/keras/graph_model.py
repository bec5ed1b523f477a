"""``Graph``, the model of named inputs, nodes and outputs that Keras 0.x and 1.0 had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.keras import layers as L
from thalweg.compat.keras.merging import merge
from thalweg.compat.keras.models import Model
from thalweg.errors import ArgumentError, fail
from thalweg.models.functional import Graph as _Graph


class Graph(Model):
    """Named inputs, layers on them, and named outputs; data are dicts by these names.

    >>> graph = Graph()
    >>> graph.add_input(name="x", input_shape=(4,))
    >>> graph.add_node(L.Dense(8), name="hidden", input="x")
    >>> graph.add_output(name="y", input="hidden")
    >>> graph.compile("sgd", {"y": "mse"})
    >>> graph.predict({"x": np.zeros((2, 4))})["y"].shape
    (2, 8)
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.named: dict[str, Any] = {}  # the tensors of inputs and nodes
        self.input_tensors: dict[str, Any] = {}
        self.output_tensors: dict[str, Any] = {}
        self.nodes: dict[str, Any] = {}

    def add_input(
        self, name: str, input_shape: Any = None, batch_input_shape: Any = None, dtype: Any = None
    ) -> None:
        """An input; ``dtype="int"`` for numbers of words."""
        kind = {"float": "float32", "int": "int32"}.get(dtype, dtype)
        x = L.Input(input_shape, batch_shape=batch_input_shape, name=name, dtype=kind)
        self.named[name] = self.input_tensors[name] = x

    def _joined(self, what: str, input: Any, inputs: Sequence[str], how: dict[str, Any]) -> Any:
        names = [input] if input else list(inputs)
        missing = [n for n in names if n not in self.named]
        if missing or not names:
            raise fail(
                ArgumentError, f"{what}: its input", expected=", ".join(self.named), received=repr(missing)
            )
        found = [self.named[n] for n in names]
        return found[0] if len(found) == 1 else merge(found, **how)

    def add_node(
        self, layer: Any, name: str, input: Any = None, inputs: Sequence[str] = (), merge_mode: Any = "concat",
        concat_axis: int = -1, dot_axes: Any = -1, create_output: bool = False,
    ) -> None:  # fmt: skip
        """A layer on one of the tensors, or on several joined."""
        how = {"mode": merge_mode, "concat_axis": concat_axis, "dot_axes": dot_axes}
        self.named[name] = layer(self._joined(f"add_node({name!r})", input, inputs, how))
        self.nodes[name] = layer
        if create_output:
            self.add_output(name, name)

    def add_shared_node(
        self, layer: Any, name: str, inputs: Sequence[str] = (), merge_mode: Any = None, concat_axis: int = -1,
        dot_axes: Any = -1, outputs: Sequence[str] = (), create_output: bool = False,
    ) -> None:  # fmt: skip
        """One layer on each of several tensors: the results joined, or under the names ``outputs``."""
        found = [layer(self.named[n]) for n in inputs]
        self.nodes[name] = layer
        self.named.update(zip(outputs, found))
        if merge_mode:
            self.named[name] = merge(found, mode=merge_mode, concat_axis=concat_axis, dot_axes=dot_axes)
        if create_output and merge_mode:
            self.add_output(name, name)

    def add_output(
        self, name: str, input: Any = None, inputs: Sequence[str] = (), merge_mode: Any = "concat",
        concat_axis: int = -1, dot_axes: Any = -1,
    ) -> None:  # fmt: skip
        """One of the tensors, or several joined, as an output."""
        how = {"mode": merge_mode, "concat_axis": concat_axis, "dot_axes": dot_axes}
        self.output_tensors[name] = self._joined(f"add_output({name!r})", input, inputs, how)
        self._graph = _Graph(self.input_tensors, self.output_tensors)
        self._layers, self.built = self._graph.layers(), True
        self.build_shape = {n: t.shape for n, t in self.input_tensors.items()}

    def _parts_of(self, data: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs and targets in the data."""
        given = {n: np.asarray(v) for n, v in data.items()}
        return {n: given[n] for n in self.input_tensors}, {
            n: given[n] for n in self.output_tensors if n in given
        }

    def fit(self, data: Any = None, *args: Any, **options: Any) -> Any:  # type: ignore[override]
        """Train on a dict of inputs and targets; (data, batch_size, nb_epoch, verbose, ...)."""
        if not isinstance(data, Mapping):
            return super().fit(data, *args, **options)
        order = "batch_size nb_epoch verbose callbacks validation_split validation_data shuffle class_weight"
        options = {**dict(zip(order.split(), args)), **options}
        if isinstance(options.get("validation_data"), Mapping):
            options["validation_data"] = self._parts_of(options["validation_data"])
        options.setdefault("nb_epoch", options.pop("epochs", 100))
        return super().fit(*self._parts_of(data), **options)

    def evaluate(self, data: Any = None, *args: Any, **options: Any) -> Any:  # type: ignore[override]
        """The loss, on a dict of inputs and targets."""
        return super().evaluate(*self._parts_of(data), *args, **options)

    def train_on_batch(self, data: Any, **options: Any) -> Any:  # type: ignore[override]
        """One step on a dict of inputs and targets."""
        return super().train_on_batch(*self._parts_of(data), **options)

    def test_on_batch(self, data: Any, **options: Any) -> Any:  # type: ignore[override]
        """The loss of one batch."""
        return super().test_on_batch(*self._parts_of(data), **options)

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """A dict of the outputs."""
        return super().predict(self._parts_of(x)[0], *args, **options)

    def predict_on_batch(self, x: Any) -> Any:
        """A dict of the outputs of one batch."""
        return super().predict_on_batch(self._parts_of(x)[0])
