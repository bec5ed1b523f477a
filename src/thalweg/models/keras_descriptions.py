"""Models as Keras describes them in its ``.h5`` files: classes by their names, the arguments that they were given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import layers as L
from thalweg.graph.tensor import Tensor
from thalweg.layers.nodes import Symbol
from thalweg.nested import flat
from thalweg.registry import Configured

__all__ = ["description"]

# Arguments that Keras says otherwise, or in the model.
_OF_THE_MODEL = {"input_shape", "batch_input_shape", "input_dim", "weights", "dtype", "trainable", "name"}


def description(model: Any) -> dict[str, Any] | None:
    """``{"class_name": ..., "config": ...}``; None of a model that such a description cannot hold.

    Those are models with a ``call`` of their own, and those with operations between the layers.
    """
    try:
        return _model(model)
    except _NotDescribed:
        return None


class _NotDescribed(Exception):
    """A part of the model has no description."""


def _model(model: Any) -> dict[str, Any]:
    from thalweg.models.sequential import Sequential  # which stands on this room

    graph = getattr(model, "_graph", None)
    if graph is None:
        raise _NotDescribed
    if isinstance(model, Sequential) and len(graph.flat_inputs) == 1:
        layers = [_input(graph.flat_inputs[0], "input_layer"), *map(_layer, model.layers)]
        return {"class_name": "Sequential", "config": {"name": model.name, "layers": layers}}
    return {"class_name": "Functional", "config": _graph(model, graph)}


def _graph(model: Any, graph: Any) -> dict[str, Any]:
    """Layers with the outputs of others that each of their calls takes: [layer, call, output, further arguments]."""
    places: dict[int, list[Any]] = {}
    described: dict[int, dict[str, Any]] = {}
    layers = [_input(t, name) for t, name in zip(graph.flat_inputs, graph.input_names(), strict=True)]
    for t, one in zip(graph.flat_inputs, layers, strict=True):
        places[id(t)] = [one["name"], 0, 0]
    for node in graph.nodes:
        one = described.setdefault(id(node.layer), {**_layer(node.layer), "inbound_nodes": []})
        given = flat(node.args[0]) if len(node.args) == 1 else [None]
        if any(id(t) not in places for t in given) or any(isinstance(t, Tensor) for t in flat(node.kwargs)):
            raise _NotDescribed
        call = len(one["inbound_nodes"])
        more = {key: _plain(value) for key, value in node.kwargs.items()}
        one["inbound_nodes"].append([[*places[id(t)], more] for t in given])
        for k, t in enumerate(flat(node.outputs)):
            places[id(t)] = [one["config"]["name"], call, k]
    outputs = flat(graph.outputs)
    if any(not isinstance(t, Symbol) or id(t) not in places for t in outputs):
        raise _NotDescribed
    return {
        "name": model.name,
        "layers": [*layers, *described.values()],
        "input_layers": [places[id(t)] for t in graph.flat_inputs],
        "output_layers": [places[id(t)] for t in outputs],
    }


def _input(symbol: Any, name: str) -> dict[str, Any]:
    name = symbol.name or name
    config = {
        "batch_input_shape": list(symbol.shape),
        "dtype": symbol.dtype.name,
        "sparse": False,
        "ragged": False,
    }
    return {"class_name": "InputLayer", "config": {**config, "name": name}, "name": name, "inbound_nodes": []}


def _layer(layer: Any) -> dict[str, Any]:
    if getattr(layer, "_graph", None) is not None:
        whole = _model(layer)
        return {**whole, "name": layer.name}
    config = {"name": layer.name, "trainable": bool(layer.trainable), "dtype": layer.dtype.name}
    left_out = _OF_THE_MODEL if not isinstance(layer, L.Embedding) else _OF_THE_MODEL - {"input_dim"}
    given = {key: _plain(value) for key, value in layer.get_config().items() if key not in left_out}
    if isinstance(layer, L.GRU):
        given.setdefault("reset_after", layer.reset_after)
    return {"class_name": type(layer).__name__, "config": {**config, **given}, "name": layer.name}


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, L.Layer):  # where it is known to Keras 3, which looks for it there
        return {"module": "keras.layers", "registered_name": None, **_layer(value)}
    if isinstance(value, Configured):
        config = {key: _plain(one) for key, one in value.get_config().items()}
        return {"class_name": type(value).__name__, "config": config}
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if callable(value) and not isinstance(value, type):
        return getattr(value, "__name__", str(value))
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise _NotDescribed
