"""State: reading a variable, assigning to one, and values that gradients do not pass."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentTypeError, ShapeError, fail
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Tensor, Variable, shape_text, shapes_match
from thalweg.graph.updates import Operation, current_recorder
from thalweg.ops.elementwise import astype


@make_op({}, infer=lambda x: x, grad=lambda g, y, x: [g], lower=Pointwise(lambda e, x: x))
def read(x, /):  # type: ignore[no-untyped-def]
    """The value of a variable at this moment."""
    return x


@make_op({}, infer=lambda x: x, grad=lambda g, y, x: [g], lower=Pointwise(lambda e, x: x))
def identity(x, /):  # type: ignore[no-untyped-def]
    """The tensor itself, as a new expression."""
    return x


@make_op({}, infer=lambda x: x, lower=Pointwise(lambda e, x: x))
def stop_gradient(x, /):  # type: ignore[no-untyped-def]
    """The value of x; gradients do not pass."""
    return x


def _given_gradient(g: Tensor, z: Tensor, y: Tensor, *xs: Tensor, rule: Any) -> list[Any]:
    parts = rule(g)
    return [None, *(parts if isinstance(parts, (list, tuple)) else [parts])]


@make_op(
    {},
    infer=lambda y, *xs, rule: y,
    grad=_given_gradient,
    expand=lambda y, *xs, rule: identity(y),
)
def with_gradient(*tensors, rule):  # type: ignore[no-untyped-def]
    """The first tensor's value; its gradient is ``rule(g)``, one for each of the other tensors."""
    return tensors[0]


def assign(variable: Any, value: Any) -> Any:
    """Set a variable: at once where the value is known, as a recorded update inside a traced function, else
    as an Operation.
    """
    if not isinstance(variable, Variable):
        raise fail(ArgumentTypeError, "assign: not a variable", received=repr(variable))
    if not isinstance(value, Tensor):
        value = convert_operands([value] if hasattr(value, "dtype") else [value, variable])[0]
    value = value if value.dtype == variable.dtype else astype(value, variable.dtype)
    if not shapes_match(variable.shape, value.shape):
        raise fail(
            ShapeError,
            f"assign: the value does not fit {variable.label()}",
            expected=shape_text(variable.shape),
            received=shape_text(value.shape),
        )
    recorder = current_recorder()
    if recorder is not None:
        recorder.record(variable, value)
        return variable
    if value.later is not None:
        variable.slot.promise(value)
        return variable
    if value.value is not None:
        variable.set_value(value.value)
        return variable
    return Operation([(variable, value)], value=value, name="assign")
