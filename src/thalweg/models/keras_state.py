"""What an optimizer of Keras 3 remembered, in a ``.keras`` file: numbered arrays, in an order that its class has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.graph.tensor import Variable

__all__ = ["set_optimizer"]

# By our class: groups of slots that stand together for each weight, one group after the other.
_GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Adadelta": (("accumulator", "delta"),),
    "Adafactor": (("rows", "columns", "velocity"),),
    "Adagrad": (("accumulator",),),
    "Adam": (("m", "v"), ("largest_v",)),
    "AdamW": (("m", "v"), ("largest_v",)),
    "Adamax": (("m", "u"),),
    "Ftrl": (("accumulator", "linear"),),
    "GradientDescent": (("momentum",),),
    "Lamb": (("m", "v"),),
    "Lion": (("m",),),
    "Muon": (("momentum", "m", "v"),),
    "Nadam": (("m", "v"),),
    "RMSProp": (("velocity",), ("momentum",), ("average_gradient",)),
}


# Slots that Keras keeps and nobody uses: of matrices a velocity beside the rows, of vectors a number for rows and one
# for columns.
_UNUSED = {"velocity": "rows", "rows": "velocity", "columns": "velocity"}


def _is_kept(slots: Mapping[Any, Variable], param: Variable, name: str) -> bool:
    """Whether Keras keeps such a slot of a weight."""
    return (id(param), name) in slots or (id(param), _UNUSED.get(name)) in slots


def _slot(slots: Mapping[Any, Variable], param: Variable, name: str) -> Variable:
    """The slot of a weight, or one that is thrown away."""
    shape = param.shape if name == "velocity" else ()
    own = slots.get((id(param), name))
    return Variable(np.zeros(shape, param.dtype), trainable=False) if own is None else own


def set_optimizer(model: Any, arrays: list[np.ndarray]) -> bool:
    """Give the model's optimizer what the one in the file remembered; False where it does not fit, or nothing is known
    of its class.
    """
    optimizer = model.optimizer
    if arrays[0].shape != () or not arrays[0]:  # no step was done
        return arrays[0].shape == ()
    if type(optimizer).__name__ not in _GROUPS:
        return False
    params = model.trainable_weights
    optimizer.build(params)
    places = optimizer.slot_places()
    slots = {(id(places[id(v)][0]), places[id(v)][1]): v for v in optimizer.variables() if id(v) in places}
    own = [optimizer.learning_rate] if isinstance(optimizer.learning_rate, Variable) else []
    for group in (("parameter_average",), ("gradient_sum",), *_GROUPS[type(optimizer).__name__]):
        own += [_slot(slots, p, name) for p in params for name in group if _is_kept(slots, p, name)]
    counted, rest = arrays[0], arrays[1:]
    products = [slot for (_, name), slot in slots.items() if name == "product"]  # Nadam's, which is one there
    if products:
        own, rest = [*own, *products], [*rest[:-1], *rest[-1:] * len(products)]
    if [v.shape for v in own] != [np.shape(a) for a in rest]:
        return False
    for variable, array in zip(own, rest, strict=True):
        variable.set_value(array.astype(variable.dtype))
    optimizer.set_calls(int(counted))
    return True
