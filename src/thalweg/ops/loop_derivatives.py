"""Derivatives of a while loop beyond the first: the loop once more on eager tensors, whose history is
differentiated.

How often a while loop turns is known only from values, so no graph of fixed size holds its derivatives. Eager
tensors do: a loop over them is a chain of expressions, and gradients of gradients need nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.graph.op import item, make_op
from thalweg.graph.tensor import Spec, Tensor, constant
from thalweg.graph.updates import recording
from thalweg.ops.bodies import differentiated, floating_places
from thalweg.ops.shape import full_like
from thalweg.ops.state import identity

# How many inputs the function below has, and which of them are differentiated by.
Level = tuple[int, tuple[int, ...]]


def _gradient(g: Any, y: Any, *inputs: Tensor, levels: tuple[Level, ...], **loop: Any) -> list[Any]:
    """One level more: the gradient of this level's outputs by its inputs."""
    by = tuple(floating_places(inputs))
    outputs = levels[-1][1]
    incoming = g if isinstance(g, tuple) else (g,)
    cotangents = [full_like(inputs[k], 0) if h is None else h for k, h in zip(outputs, incoming, strict=True)]
    made = while_derivative(*inputs, *cotangents, levels=(*levels, (len(inputs), by)), **loop)
    found = dict(zip(by, made if isinstance(made, tuple) else (made,), strict=True))
    return [found.get(k) for k in range(len(inputs))]


def _infer(*inputs: Spec, levels: tuple[Level, ...], **loop: Any) -> Any:
    specs = tuple(inputs[k] for k in levels[-1][1])
    return specs if len(specs) > 1 else specs[0]


@make_op({}, infer=_infer, grad=_gradient)
def while_derivative(*inputs, levels, test, body, num_carry, maximum):  # type: ignore[no-untyped-def]
    """Gradients of gradients of a while loop: the last of ``levels``, whose inputs are all of the loop's,
    the first
    level's gradients coming in, the second's, and so on."""

    def loop(tensors: Sequence[Tensor]) -> list[Tensor]:
        carries, constants, count = list(tensors[:num_carry]), tensors[num_carry:], 0
        while (maximum is None or count < maximum) and bool(applied(test, [*carries, *constants])[0].value):
            carries, count = applied(body, [*carries, *constants]), count + 1
        return [c for c in carries if dtypes.is_floating(c.dtype)]

    with recording(None):
        found = _derivative(loop, [constant(np.asarray(x)) for x in inputs], levels)
    arrays = tuple(np.asarray(t.value) for t in found)
    return arrays if len(arrays) > 1 else arrays[0]


def _derivative(
    loop: Callable[..., list[Tensor]], tensors: Sequence[Tensor], levels: Sequence[Level]
) -> list[Tensor]:
    """The highest of the levels at these tensors, with its history."""
    *lower, (count, by) = levels
    points = [_point(t) for t in tensors[:count]]
    ys = _derivative(loop, points, lower) if lower else loop(points)
    return differentiated(ys, [points[k] for k in by], list(tensors[count:]))


def _point(tensor: Tensor) -> Tensor:
    """The tensor as something to differentiate by, still connected to what it was made from."""
    if tensor.tracked:
        return identity(tensor)
    return Tensor(None, (), {}, tensor.specs, tensor.value, tracked=dtypes.is_floating(tensor.dtype))


def applied(body: Any, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The outputs of a loop's body on eager tensors, with their history."""
    values: list[Any] = list(tensors)
    for tensor, places in body.steps:
        if tensor.op is None:
            values.append(tensor)
        elif tensor.op is item:
            values.append(values[places[0]][tensor.attrs["index"]])
        else:
            values.append(tensor.op.apply([values[k] for k in places], tensor.attrs))
    return [values[k] for k in body.results]
