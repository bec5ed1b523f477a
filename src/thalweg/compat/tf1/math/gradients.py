"""Gradients, and functions with their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg import dtypes
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.slices import IndexedSlices
from thalweg.gradient import gradients as core_gradients
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import create
from thalweg.optimizers.rows import Rows, with_rows


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str | None = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
    unconnected_gradients: Any = "none",
) -> list[Tensor | IndexedSlices | None]:
    """The gradient of the sum of ``ys`` by each of ``xs``; None where nothing depends on it (zeros, if
    ``unconnected_gradients`` is "zero"), ``IndexedSlices`` where all that depends on it are rows gathered from it.
    """
    way = getattr(unconnected_gradients, "value", unconnected_gradients)
    if way not in ("none", "zero"):
        raise ValueError(f"tf.gradients: unconnected_gradients is 'none' or 'zero', received {way!r}")

    def without(table: core.Tensor) -> Tensor | None:
        return wrap(create.zeros_like(table), name, "zeros_like") if way == "zero" else None

    graph = g.default_graph()
    ys, xs = g.converted(ys), g.converted(xs)
    outputs = [graph.translated(value(y)) for y in (ys if isinstance(ys, (list, tuple)) else [ys])]
    sources = xs if isinstance(xs, (list, tuple)) else [xs]
    targets = [graph.translated(x.t if isinstance(x, g.Node) else value(x)) for x in sources]
    seeds = None
    if grad_ys is not None:
        given = grad_ys if isinstance(grad_ys, (list, tuple)) else [grad_ys]
        seeds = [
            None if s is None else graph.translated(value(s, y.dtype))
            for s, y in zip(given, outputs, strict=True)
        ]
        seeds = [s for s, y in zip(seeds, outputs, strict=True) if not dtypes.is_integer(y.dtype)]
    outputs = [y for y in outputs if not dtypes.is_integer(y.dtype)]  # through which no gradient goes
    if not outputs:
        return [without(table) for table in targets]
    fixed = [graph.translated(g.converted(x).t) for x in stop_gradients or ()]
    fed: Any = [x.t for op in graph.get_operations() for x in op.outputs if x.t is not None]
    fed = fed if graph.symbols is None else graph.symbols.known(fed)

    def asked(sources: list[core.Tensor]) -> list[Any]:
        return core_gradients(
            outputs, sources, seeds, unconnected="none", consider_constant=fixed, distinct=fed,
            renewed=graph.renewed,
        )  # fmt: skip

    return [
        without(table) if t is None
        else IndexedSlices.of(t, table) if isinstance(t, Rows)
        else wrap(t, name, "gradients")
        for t, table in zip(with_rows(outputs, targets, asked), targets, strict=True)
    ]  # fmt: skip


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
) -> list[Tensor]:
    """The second derivatives of a scalar by each of ``xs``."""
    from thalweg.gradient import hessian

    targets = xs if isinstance(xs, (list, tuple)) else [xs]
    return [wrap(hessian(value(ys), x.t), name, "hessians") for x in targets]


@make_op(
    {},
    infer=lambda y, *xs, fn: y,
    grad=lambda grad, out, y, *xs, fn: [None, *fn(grad)],
    expand=lambda y, *xs, fn: y,
)
def _differentiated(y, *xs, fn):  # type: ignore[no-untyped-def]
    """y, whose gradients for the xs a function gives."""
    return y


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns (result, function of the gradient); the second one differentiates the first.

    Where the result is a list or tuple, the second function takes a gradient for each of its tensors. It is asked for
    each of them that has one, with zeros in the places of the others. None stands for no gradient.
    """

    def apply(*args: Any, **options: Any) -> Any:
        made, gradient = f(*args, **options)
        inputs = [value(x) for x in args]
        several = isinstance(made, (list, tuple))
        results = [value(y) for y in made] if several else [value(made)]

        def differentiated(k: int) -> Tensor:
            def rule(grad: core.Tensor) -> list[core.Tensor | None]:
                arrived = [grad if j == k else create.zeros_like(y) for j, y in enumerate(results)]
                parts = gradient(*[wrap(g, None, "Gradient") for g in arrived])
                parts = parts if isinstance(parts, (list, tuple)) else [parts]
                return [None if p is None else value(p) for p in parts]

            return wrap(
                _differentiated.build([results[k], *inputs], {"fn": rule}), None, "CustomGradient", args
            )

        outputs = [differentiated(k) for k in range(len(results))]
        return type(made)(outputs) if several else outputs[0]

    return apply


def NotDifferentiable(op_type: str) -> None:
    """Says that an op has no gradient: the library knows which have none."""


NoGradient = NotDifferentiable


class RegisterGradient:
    """Gives a gradient a name, by which ``Graph.gradient_override_map`` puts it in the place of an op's own."""

    by_name: dict[str, Callable[..., Any]] = {"Identity": lambda op, grad: grad}  # as tf.identity's own

    def __init__(self, op_type: str) -> None:
        self.op_type = op_type

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        self.by_name[self.op_type] = fn
        return fn

    @classmethod
    def overridden(cls, t: core.Tensor, name: str, operation: g.Operation) -> core.Tensor:
        """The result of an operation, with a registered gradient instead of its own."""
        fn = cls.by_name.get(name)
        if fn is None:
            raise LookupError(
                f"gradient_override_map: no gradient {name!r} is registered; name one by tf.RegisterGradient({name!r})"
            )

        def rule(grad: core.Tensor) -> list[core.Tensor | None]:
            parts = fn(operation, wrap(grad, None, "Gradient"))
            parts = parts if isinstance(parts, (list, tuple)) else [parts]
            return [None if p is None else value(p) for p in parts]

        return _differentiated.build([t, *(x.t for x in operation.inputs)], {"fn": rule})
