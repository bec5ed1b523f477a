"""Walks over graphs, without recursion: topological order, leaves, rebuilding with replacements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.graph.tensor import Placeholder, Tensor, Variable
from thalweg.graph.updates import current_recorder


def topological(outputs: Iterable[Tensor], stop: Callable[[Tensor], bool] | None = None) -> list[Tensor]:
    """Every tensor below the outputs, inputs first; tensors for which ``stop`` holds are kept but not
    entered.
    """
    order: list[Tensor] = []
    done: set[int] = set()
    stack: list[tuple[Tensor, bool]] = [(t, False) for t in reversed(list(outputs))]
    while stack:
        tensor, entered = stack.pop()
        if id(tensor) in done:
            continue
        if entered or not tensor.inputs or (stop is not None and stop(tensor)):
            done.add(id(tensor))
            order.append(tensor)
            continue
        stack.append((tensor, True))
        stack.extend((t, False) for t in reversed(tensor.inputs) if id(t) not in done)
    return order


def leaves(outputs: Iterable[Tensor]) -> list[Tensor]:
    """The leaves below the outputs, in order of first use."""
    return [t for t in topological(outputs) if t.op is None]


def data_inputs(tensor: Tensor) -> tuple[Tensor, ...]:
    """The inputs of which the elements are read, not only the shape."""
    if tensor.op is None:
        return ()
    return tuple(x for k, x in enumerate(tensor.inputs) if k not in tensor.op.shape_only)


def read_below(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The tensors whose values the outputs depend on, not only their shapes, inputs first."""
    read: set[int] = set()
    stack = list(outputs)
    while stack:
        tensor = stack.pop()
        if id(tensor) not in read:
            read.add(id(tensor))
            stack += data_inputs(tensor)
    return [t for t in topological(outputs) if id(t) in read]


def variables(outputs: Iterable[Tensor]) -> list[Variable]:
    """The variables below the outputs, in order of first use."""
    return [t for t in topological(outputs) if isinstance(t, Variable)]


def missing_leaves(outputs: Iterable[Tensor]) -> list[Tensor]:
    """The leaves without a value: placeholders and uninitialised variables."""
    return [t for t in leaves(outputs) if t.value is None and isinstance(t, (Placeholder, Variable))]


def rebuild(
    outputs: Sequence[Tensor], replace: dict[Tensor, Tensor], make: Callable[[Tensor, list[Tensor]], Tensor]
) -> list[Tensor]:
    """The outputs again with every tensor made anew from its new inputs.

    ``replace`` maps tensors to their replacements (entered no further); ``make(tensor, inputs)`` builds the
    new tensor. Leaves that are not replaced stay.
    """
    new: dict[int, Tensor] = {id(old): t for old, t in replace.items()}
    for tensor in topological(outputs, stop=lambda t: t in replace):
        if id(tensor) not in new:
            new[id(tensor)] = make(tensor, [new[id(t)] for t in tensor.inputs]) if tensor.inputs else tensor
    return [new[id(t)] for t in outputs]


def remake(tensor: Tensor, inputs: Sequence[Tensor], **changed: Any) -> Tensor:
    """The tensor's op on other inputs, symbolic, keeping the line where the user built it.

    A tensor with several outputs stays one tensor (its parts are the ``item`` tensors above it).
    """
    assert tensor.op is not None
    attrs = {**tensor.attrs, **changed}
    if tensor.op.name == "item":
        spec = inputs[0].specs[attrs["index"]]
        return Tensor(
            tensor.op, tuple(inputs), attrs, (spec,), name=tensor.name, built_at=tensor.built_at, tracked=True
        )
    specs = tensor.op.infer(*[t.specs[0] for t in inputs], **attrs)
    several = len(tensor.specs) > 1 or not hasattr(specs, "dtype")
    tracked = any(t.tracked for t in inputs)
    return Tensor(
        tensor.op,
        tuple(inputs),
        attrs,
        tuple(specs) if several else (specs,),
        name=tensor.name,
        built_at=tensor.built_at,
        tracked=tracked,
    )


def shared(outputs: Sequence[Tensor], keep: Iterable[Tensor] = ()) -> list[Tensor]:
    """The outputs with equal expressions made one; where none are equal, the same tensors.

    ``keep``: tensors that stay themselves, and that nothing else is made one with. Expressions with values stay.
    """
    kept = {id(t) for t in keep}
    new: dict[int, Tensor] = {}
    known: dict[Any, Tensor] = {}
    recorder = current_recorder()
    for tensor in topological(outputs, stop=lambda t: id(t) in kept or t.value is not None):
        new[id(tensor)] = tensor
        if id(tensor) in kept:
            continue
        if tensor.value is not None or tensor.op is None:
            if (
                tensor.op is None
                and tensor.value is not None
                and not tensor.tracked
                and tensor.value.size <= 16
            ):
                key: Any = (tensor.dtype, tensor.shape, tensor.value.tobytes())
                new[id(tensor)] = known.setdefault(key, tensor)
            continue
        inputs = [new[id(t)] for t in tensor.inputs]
        key = (tensor.op, tuple(id(t) for t in inputs), attributes_key(tensor.attrs))
        if not tensor.op.pure or key not in known:
            if any(a is not b for a, b in zip(inputs, tensor.inputs, strict=True)):
                new[id(tensor)] = remake(tensor, inputs)
                if recorder is not None:
                    recorder.built(new[id(tensor)])
            known[key] = new[id(tensor)]
        else:
            new[id(tensor)] = known[key]
    return [new[id(t)] for t in outputs]


def attributes_key(attrs: dict[str, Any]) -> Any:
    """A hashable key, equal for equal attributes."""
    return tuple(sorted((k, _frozen(v)) for k, v in attrs.items()))


def _frozen(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(v) for v in value)
    if isinstance(value, dict):
        return attributes_key(value)
    if isinstance(value, float):
        return value.hex()  # so that 0.0 and -0.0 differ, and NaN equals itself
    if isinstance(value, np.dtype):
        return value.name
    try:
        hash(value)
    except TypeError:
        return id(value)
    return (
        f"{type(value).__name__}:{value}"
        if isinstance(value, (bool, int, str)) or value is None
        else f"#{id(value)}"
    )
