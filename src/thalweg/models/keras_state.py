"""What an optimizer of Keras remembered, in a file of a whole model: arrays in an order that its class has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.graph.tensor import Variable

__all__ = ["set_older_optimizer", "set_optimizer"]

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


def _groups(optimizer: Any) -> tuple[tuple[str, ...], ...] | None:
    """The groups of the optimizer's class, or of the one that it is another spelling of."""
    return next((_GROUPS[one.__name__] for one in type(optimizer).__mro__ if one.__name__ in _GROUPS), None)


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
    groups = _groups(optimizer)
    if groups is None:
        return False
    params = model.trainable_weights
    optimizer.build(params)
    places = optimizer.slot_places()
    slots = {(id(places[id(v)][0]), places[id(v)][1]): v for v in optimizer.variables() if id(v) in places}
    own = [optimizer.learning_rate] if isinstance(optimizer.learning_rate, Variable) else []
    for group in (("parameter_average",), ("gradient_sum",), *groups):
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


def set_older_optimizer(model: Any, arrays: list[np.ndarray]) -> bool:
    """The same of an optimizer of Keras 2, which kept a slot of all weights, then the next slot, but of Ftrl; the count
    of steps stands first, where it is not left out as Keras before 2.3 did where steps do not depend on it.
    """
    optimizer = model.optimizer
    groups = _groups(optimizer)
    if groups is None:
        return False
    counted = arrays[0] if arrays[0].shape == () else None
    rest = arrays if counted is None else arrays[1:]
    optimizer.build(model.trainable_weights)
    places = optimizer.slot_places()
    slots = {(id(places[id(v)][0]), places[id(v)][1]): v for v in optimizer.variables() if id(v) in places}
    params = model.trainable_weights
    if groups is _GROUPS["Ftrl"]:
        wanted = [(id(p), name) for p in params for name in groups[0]]
    else:
        wanted = [(id(p), name) for group in groups for name in group for p in params]
    own = [slots[place] for place in wanted if place in slots]
    products = [
        slot for (_, name), slot in slots.items() if name == "product"
    ]  # Nadam's: one, of tf.keras alone
    if products and np.shape(rest[0]) == ():
        own, rest = [*products, *own], [*rest[:1] * len(products), *rest[1:]]
    # What follows is of slots that are not used: the momentum of plain descent, or a number for each weight.
    spare = not own or all(array.shape == (1,) for array in rest[len(own) :])
    if not spare or [v.shape for v in own] != [np.shape(a) for a in rest[: len(own)]]:
        return False
    for variable, array in zip(own, rest, strict=False):
        variable.set_value(array.astype(variable.dtype))
    optimizer.set_calls(0 if counted is None else int(counted))
    return True
