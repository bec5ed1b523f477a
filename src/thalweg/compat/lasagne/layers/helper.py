"""``lasagne.layers``: what is asked of a network: its layers, outputs, shapes and parameters."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.compat.lasagne.layers.base import Layer, MergeLayer
from thalweg.compat.lasagne.layers.input import InputLayer
from thalweg.compat.lasagne.utils import as_theano_expression, unique


def _below(layer: Any) -> list[Any]:
    found = getattr(layer, "input_layers", None)
    return list(found) if found is not None else [getattr(layer, "input_layer", None)]


def get_all_layers(layer: Any, treat_as_input: Any = None) -> list[Any]:
    """The layers below (and with) one or several, in the order in which they are computed."""
    queue = deque(layer if isinstance(layer, (list, tuple)) else [layer])
    seen: set[int] = set()
    done: set[int] = set()
    result: list[Any] = []
    stop = {id(x) for x in treat_as_input or ()}
    while queue:
        one = queue[0]
        if one is None:
            queue.popleft()
        elif id(one) not in seen:
            seen.add(id(one))
            if id(one) not in stop:
                queue.extendleft(reversed(_below(one)))
        else:
            queue.popleft()
            if id(one) not in done:
                done.add(id(one))
                result.append(one)
    return result


def get_output(layer_or_layers: Any, inputs: Any = None, **options: Any) -> Any:
    """The expression of a layer's output (or a list of several), for its own input or the given one.

    ``inputs``: an expression for all input layers, or a dict from layers to expressions. ``options`` go to every
    layer: ``deterministic=True`` switches dropout and noise off and takes the stored moments.
    """
    several = isinstance(layer_or_layers, (list, tuple))
    wanted = list(layer_or_layers) if several else [layer_or_layers]
    known: dict[Any, Any] = {}
    if isinstance(inputs, Mapping):
        known = {layer: as_theano_expression(x) for layer, x in inputs.items()}
    elif inputs is not None:
        sources = [layer for layer in get_all_layers(wanted) if isinstance(layer, InputLayer)]
        keys = _the_only(sources, "get_output", "expression") or [
            None
        ]  # else it flows into layers made from shapes
        known = dict.fromkeys(keys, as_theano_expression(inputs))
    order = get_all_layers(wanted, [layer for layer in known if layer is not None])
    for layer in order:
        if layer in known:
            continue
        if isinstance(layer, InputLayer):
            known[layer] = layer.input_var
        elif isinstance(layer, MergeLayer):
            known[layer] = layer.get_output_for(
                [_given(known, x, layer) for x in layer.input_layers], **options
            )
        else:
            known[layer] = layer.get_output_for(_given(known, layer.input_layer, layer), **options)
    made = [known[layer] for layer in wanted]
    return made if several else made[0]


def _the_only(sources: list[Any], name: str, what: str) -> list[Any]:
    """The input layers, of which there may be one."""
    if len(sources) > 1:
        raise ValueError(
            f"{name}() was called with a single input {what} on a network with {len(sources)} input layers. Please "
            f"call it with a dictionary from input layers to their {what}s instead."
        )
    return sources


def _given(known: dict[Any, Any], source: Any, layer: Any) -> Any:
    if source not in known:
        raise ValueError(f"get_output() was called without an input for {layer}, which was made from a shape")
    return known[source]


def get_output_shape(layer_or_layers: Any, input_shapes: Any = None) -> Any:
    """The shape of a layer's output (or a list of several); None for a length that is not known."""
    several = isinstance(layer_or_layers, (list, tuple))
    wanted = list(layer_or_layers) if several else [layer_or_layers]
    if not input_shapes:
        made = [layer.output_shape for layer in wanted]
        return made if several else made[0]
    known: dict[Any, Any] = dict(input_shapes) if isinstance(input_shapes, Mapping) else {}
    if not isinstance(input_shapes, Mapping):
        sources = [layer for layer in get_all_layers(wanted) if isinstance(layer, InputLayer)]
        known = dict.fromkeys(_the_only(sources, "get_output_shape", "shape"), input_shapes)
    for layer in get_all_layers(wanted, list(known)):
        if layer in known:
            continue
        if isinstance(layer, InputLayer):
            known[layer] = layer.shape
        elif isinstance(layer, MergeLayer):
            known[layer] = layer.get_output_shape_for([known[x] for x in layer.input_layers])
        else:
            known[layer] = layer.get_output_shape_for(known[layer.input_layer])
    made = [known[layer] for layer in wanted]
    return made if several else made[0]


Layer.get_output, Layer.get_output_shape = get_output, get_output_shape


def get_all_params(layer: Any, unwrap_shared: bool = True, **tags: Any) -> list[Any]:
    """The parameters below a layer that have (or, with False, have not) the tags, such as ``trainable=True``."""
    return unique(
        p for one in get_all_layers(layer) for p in one.get_params(unwrap_shared=unwrap_shared, **tags)
    )


def count_params(layer: Any, **tags: Any) -> int:
    """How many numbers the parameters hold."""
    return int(sum(np.prod(p.get_value().shape) for p in get_all_params(layer, **tags)))


def get_all_param_values(layer: Any, **tags: Any) -> list[np.ndarray]:
    """The values of the parameters below a layer."""
    return [p.get_value() for p in get_all_params(layer, **tags)]


def set_all_param_values(layer: Any, values: Any, **tags: Any) -> None:
    """Give the parameters below a layer the values of a list."""
    params = get_all_params(layer, **tags)
    if len(params) != len(values):
        raise ValueError(f"mismatch: got {len(values)} values to set {len(params)} parameters")
    for p, v in zip(params, values, strict=True):
        if p.get_value().shape != np.shape(v):
            raise ValueError(
                f"mismatch: parameter has shape {p.get_value().shape} but value to set has shape {np.shape(v)}"
            )
        p.set_value(v)
