"""``lasagne.regularization``: penalties of parameters."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.layers.helper import get_all_params
from thalweg.compat.theano import tensor as T


def l1(x: Any) -> Any:
    """The sum of absolute values."""
    return T.sum(abs(x))


def l2(x: Any) -> Any:
    """The sum of squares; of a layer, as before version 0.1, that of all weights below it."""
    return regularize_network_params(x, l2) if isinstance(x, Layer) else T.sum(x**2)


def apply_penalty(tensor_or_tensors: Any, penalty: Any, **options: Any) -> Any:
    """The penalty of a parameter, or the sum over several."""
    if isinstance(tensor_or_tensors, (list, tuple)):
        return sum(penalty(x, **options) for x in tensor_or_tensors)
    return penalty(tensor_or_tensors, **options)


def regularize_layer_params(layer: Any, penalty: Any, tags: Any = None, **options: Any) -> Any:
    """The penalty of a layer's (or several layers') weights."""
    tags = {"regularizable": True} if tags is None else tags
    layers = layer if isinstance(layer, (list, tuple)) else [layer]
    return apply_penalty([p for one in layers for p in one.get_params(**tags)], penalty, **options)


def regularize_layer_params_weighted(
    layers: dict[Any, float], penalty: Any, tags: Any = None, **options: Any
) -> Any:
    """The sum of the layers' penalties, each times its coefficient."""
    return sum(c * regularize_layer_params(layer, penalty, tags, **options) for layer, c in layers.items())


def regularize_network_params(layer: Any, penalty: Any, tags: Any = None, **options: Any) -> Any:
    """The penalty of all weights below a layer."""
    tags = {"regularizable": True} if tags is None else tags
    return apply_penalty(get_all_params(layer, **tags), penalty, **options)
