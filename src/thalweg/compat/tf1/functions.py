"""``tensorflow.python.framework.function``: functions of a graph with gradients of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.math.gradients import custom_gradient


class _Call(NamedTuple):
    """What a gradient is told of the call that it differentiates."""

    inputs: Sequence[Tensor]
    outputs: Sequence[Tensor]


class Defun:
    """A decorator: the function's arguments become tensors of ``input_types``, its gradient is one of its own.

    ``grad_func`` gets the arguments and the gradients of the result, ``python_grad_func`` the operation and them; both
    return a gradient for each argument; without them the gradient is that of what the function does.
    """

    def __init__(
        self,
        *input_types: Any,
        func_name: str | None = None,
        grad_func: Callable[..., Any] | None = None,
        python_grad_func: Callable[..., Any] | None = None,
        out_names: Any = None,
        shape_func: Any = None,
        noinline: Any = None,
        compiled: Any = None,
        separate_compiled_gradients: Any = None,
    ) -> None:
        self.types, self.name = input_types, func_name
        self.of_arguments, self.of_operation = grad_func, python_grad_func

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, name: str | None = None) -> Any:
            kinds = self.types or (None,) * len(args)
            if len(kinds) != len(args):
                raise ValueError(f"{fn.__name__}: expected {len(kinds)} arguments, received {len(args)}")
            given = [g.convert_to_tensor(x, kind) for x, kind in zip(args, kinds, strict=True)]
            if self.of_arguments is None and self.of_operation is None:
                return _unpacked(fn(*given))
            return custom_gradient(lambda *xs: self._with_gradient(_unpacked(fn(*xs)), xs))(*given)

        call.name = self.name or fn.__name__  # type: ignore[attr-defined]
        return call

    def _with_gradient(self, made: Any, inputs: Sequence[Tensor]) -> tuple[Any, Callable[..., Any]]:
        if self.of_operation is not None:
            results = made if isinstance(made, tuple) else [made]
            operation, fn = _Call(inputs, list(results)), self.of_operation
            return made, lambda *grads: fn(operation, *grads)
        rule: Any = self.of_arguments
        return made, lambda *grads: rule(*inputs, *grads)


def _unpacked(made: Any) -> Any:
    """The results of a function: one alone, several as a tuple."""
    if isinstance(made, (list, tuple)):
        return made[0] if len(made) == 1 else tuple(made)
    return made
