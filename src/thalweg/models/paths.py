"""Layers and weights of a model by paths of names, which do not depend on the model's own name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from thalweg.graph.tensor import Variable

__all__ = ["free_name", "layer_paths", "weight_paths"]


def layer_paths(model: Any) -> dict[str, Any]:
    """Every layer of the tree by the path before its weights' names ("" for the model itself), each once."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    stack = [(model, "")]
    while stack:
        layer, path = stack.pop()
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        found[path] = layer
        taken: dict[str, Any] = {}
        for part in layer.sublayers():
            taken[free_name(part.name, taken)] = part
        stack.extend((part, f"{path}{name}/") for name, part in reversed(taken.items()))
    return found


def weight_paths(model: Any) -> dict[str, Variable]:
    """Every weight by its path, each once."""
    found: dict[str, Variable] = {}
    seen: set[int] = set()
    for path, layer in layer_paths(model).items():
        for k, weight in enumerate(layer.own_weights()):
            if id(weight) not in seen:
                seen.add(id(weight))
                last = (weight.name or f"weight_{k}").rsplit("/", 1)[-1]
                found[free_name(f"{path}{last}", found)] = weight
    return found


def free_name(name: str, taken: Mapping[str, Any]) -> str:
    """The name, with a number where it is taken."""
    number, free = 1, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
