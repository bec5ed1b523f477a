"""Functions with gradients of their own: ``tf.custom_gradient`` and what is made with it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from thalweg.compat.tf2.text import is_text
from thalweg.compat.tf2.values import tensor
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.walk import topological
from thalweg.nested import flat, mapped
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import stop_gradient, with_gradient


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a gradient of its own: ``f(*xs)`` returns ``(y, grad)``, ``grad(dy)`` one for each x.

    Where y is nested, ``grad`` takes a gradient for each of its tensors, zeros for those that have none. Where f reads
    variables that train, ``grad`` must take ``variables=`` too, and returns those for the xs and those for these.
    """

    @functools.wraps(f)
    def apply(*args: Any, **options: Any) -> Any:
        given = [mapped(lambda leaf: leaf if is_text(leaf) else tensor(leaf), a) for a in args]
        inputs = [leaf for leaf in flat(given) if isinstance(leaf, Tensor)]
        held = {id(x): stop_gradient(x) if x.tracked else x for x in inputs}
        made, rule = f(*mapped(lambda x: held.get(id(x), x), given), **options)
        results = [leaf if isinstance(leaf, Tensor) else tensor(leaf) for leaf in flat(made)]
        inside = {id(x) for x in held.values()}
        read = [
            v for v in topological(results, stop=lambda t: id(t) in inside)
            if isinstance(v, Variable) and v.trainable and id(v) not in inside
        ]  # fmt: skip
        if read and not _takes(rule, "variables"):
            raise TypeError(
                f"tf.custom_gradient: {f.__name__} reads variables, so its gradient must accept a 'variables' keyword "
                f"argument: {', '.join(v.name or '?' for v in read)}"
            )

        def differentiated(k: int) -> Tensor:
            def gradient(g: Tensor) -> list[Any]:
                arrived = [g if j == k else shape_ops.full_like(y, 0) for j, y in enumerate(results)]
                if not read:
                    return _flat_parts(rule(*arrived))
                for_inputs, for_variables = rule(*arrived, variables=read)
                return [*_flat_parts(for_inputs), *for_variables]

            return with_gradient(results[k], *inputs, *read, rule=gradient)

        outputs = iter([differentiated(k) for k in range(len(results))])
        return mapped(lambda leaf: next(outputs), made)

    return apply


def _flat_parts(gradients: Any) -> list[Any]:
    """Gradients as a list; one alone as a list of it."""
    return flat(gradients) if isinstance(gradients, (list, tuple, dict)) else [gradients]


def _takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function has an argument of that name, or any."""
    parameters = inspect.signature(function).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one tensor whose gradient is that of doing nothing."""

    @functools.wraps(f)
    def passed(x: Any) -> Any:
        given = tensor(x)
        return given + stop_gradient(f(given) - given)

    return passed


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: what its gradient needs is kept."""
    return f
