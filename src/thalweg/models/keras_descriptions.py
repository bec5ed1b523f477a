"""Models as Keras describes them in its ``.h5`` files: classes by their names, the arguments that they were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import layers as L
from thalweg.graph.tensor import Tensor
from thalweg.layers.nodes import Symbol
from thalweg.nested import flat
from thalweg.registry import Configured, config_of

__all__ = ["description"]

# Arguments that Keras says otherwise, or in the model.
_OF_THE_MODEL = {"input_shape", "batch_input_shape", "input_dim", "weights", "dtype", "trainable", "name"}


def description(
    model: Any, described: Callable[[Any], dict[str, Any]] | None = None
) -> dict[str, Any] | None:
    """``{"class_name": ..., "config": ...}``; None of a model that such a description cannot hold.

    Those are models with a ``call`` of their own, and those with operations between the layers. ``described``: what
    gives ``{"class_name": ..., "config": ..., "name": ...}`` of a layer, unless that is what its arguments were.
    """
    try:
        return _model(model, described or _layer)
    except _NotDescribed:
        return None


class _NotDescribed(Exception):
    """A part of the model has no description."""


def _model(model: Any, described: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    from thalweg.models.sequential import Sequential  # which stands on this room

    graph = getattr(model, "_graph", None)
    if graph is None:
        raise _NotDescribed
    if isinstance(model, Sequential) and len(graph.flat_inputs) == 1:
        parts = [_part(layer, described) for layer in model.layers]
        layers = [_input(graph.flat_inputs[0], "input_layer"), *parts]
        return {"class_name": "Sequential", "config": {"name": model.name, "layers": layers}}
    return {"class_name": "Functional", "config": _graph(model, graph, described)}


def _part(layer: Any, described: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """A layer of a model, which may be a model itself."""
    if getattr(layer, "_graph", None) is not None:
        return {**_model(layer, described), "name": layer.name}
    return described(layer)


def _graph(model: Any, graph: Any, described: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    """Layers with the outputs of others that each of their calls takes: [layer, call, output, further arguments]."""
    places: dict[int, list[Any]] = {}
    parts: dict[int, dict[str, Any]] = {}
    layers = [_input(t, name) for t, name in zip(graph.flat_inputs, graph.input_names(), strict=True)]
    for t, one in zip(graph.flat_inputs, layers, strict=True):
        places[id(t)] = [one["name"], 0, 0]
    for node in graph.nodes:
        if id(node.layer) not in parts:
            parts[id(node.layer)] = {**_part(node.layer, described), "inbound_nodes": []}
        one = parts[id(node.layer)]
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
        "layers": [*layers, *parts.values()],
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
    config = {"name": layer.name, "trainable": bool(layer.trainable), "dtype": layer.dtype.name}
    left_out = _OF_THE_MODEL if not isinstance(layer, L.Embedding) else _OF_THE_MODEL - {"input_dim"}
    given = {key: _plain(value) for key, value in config_of(layer).items() if key not in left_out}
    if isinstance(layer, L.GRU):
        given.setdefault("reset_after", layer.reset_after)
    return {"class_name": type(layer).__name__, "config": {**config, **given}, "name": layer.name}


def _plain(value: Any) -> Any:
    """A value as JSON holds it."""
    if isinstance(value, L.Layer):  # where it is known to Keras 3, which looks for it there
        return {"module": "keras.layers", "registered_name": None, **_part(value, _layer)}
    if isinstance(value, Configured):
        config = {key: _plain(one) for key, one in config_of(value).items()}
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
