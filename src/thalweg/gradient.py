"""Gradients: one reverse walk over the expression; the rules come from the ops.

The same function serves symbolic tensors (the result is a graph) and eager ones (the result has values): a
rule is written with ops, and ops do either. Results are expressions again, so gradients of gradients need
nothing more.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, GradientError, fail
from thalweg.graph.op import convert_operands, item
from thalweg.graph.tensor import Tensor, shape_text, shapes_match
from thalweg.graph.walk import shared, topological
from thalweg.ops.bodies import install_gradients
from thalweg.ops.elementwise import astype
from thalweg.ops.joining import stack
from thalweg.ops.shape import expand_dims, full_like, reshape, sum_like
from thalweg.ops.state import identity, stop_gradient, with_gradient
from thalweg.rewrite.pipeline import stabilise

_UNCONNECTED = ("raise", "zero", "none")


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    *,
    unconnected: str = "raise",
    consider_constant: Sequence[Tensor] = (),
    distinct: Iterable[Tensor] = (),
    renewed: dict[Tensor, Tensor] | None = None,
) -> Any:
    """The gradient of the sum of all ``ys`` with respect to each of ``xs``, as tensors of the shapes of
    ``xs``.

    ``grad_ys``: what flows into each y (ones by default). ``unconnected``: what to do for an x that no y
    depends on, or reached only through ops without a gradient: "raise" (naming the op that cuts the path),
    "zero" or "none". ``consider_constant``: tensors that gradients do not pass. ``distinct``: tensors that are not
    made one with equal ones, as something else may later be put in the place of each. ``renewed`` is given those of
    them that a stable way computes anew: the tensors that stand for them in the gradients, and what they stand for.
    A single x gives a single tensor, a list a list.

    >>> from thalweg.graph.tensor import Variable
    >>> x = Variable(3.0)
    >>> gradients(x * x, x).item()
    6.0
    """
    if unconnected not in _UNCONNECTED:
        raise fail(
            ArgumentError,
            "gradients: unconnected",
            expected=" or ".join(_UNCONNECTED),
            received=repr(unconnected),
        )
    single = isinstance(xs, Tensor)
    targets = [xs] if single else list(xs)
    outputs = list(ys) if isinstance(ys, (list, tuple)) else [ys]
    outputs = convert_operands(outputs)
    for y in outputs:
        if not dtypes.is_floating(y.dtype):
            raise fail(
                DTypeError,
                "gradients: y must be floating",
                received=f"{y.label()} {y.specs[0]}",
                built_at=y.built_at,
            )
    keep = [*targets, *consider_constant]
    below = {id(t) for t in topological(outputs)}
    named = [t for t in distinct if t.inputs and id(t) in below]
    stable = stabilise([*outputs, *named], keep=keep)
    outputs, now = stable[: len(outputs)], stable[len(outputs) :]
    outputs = shared(outputs, keep=[*keep, *named, *now])
    if renewed is not None:
        renewed.update((new, t) for new, t in zip(now, named, strict=True) if new is not t)
    walk = _Walk(outputs, targets, consider_constant)
    walk.seed(grad_ys)
    walk.run()
    result = [walk.result(x, unconnected) for x in targets]
    return result[0] if single else result


class _Walk:
    """One reverse walk: the gradients that have reached each tensor so far, and where paths were cut."""

    def __init__(self, outputs: list[Tensor], targets: list[Tensor], constants: Sequence[Tensor]) -> None:
        blocked = {id(t) for t in constants}
        self.outputs = outputs
        self.order = topological(outputs, stop=lambda t: id(t) in blocked)
        self.blocked = blocked
        self.incoming: dict[int, list[Tensor]] = {}
        self.parts: dict[int, dict[int, list[Tensor]]] = {}  # tensors with several outputs: by output
        self.cuts: dict[int, Tensor] = {}  # input at which a path ended -> the tensor whose op ended it
        wanted = {id(t) for t in targets}
        self.needed = set(wanted)
        for tensor in self.order:
            if any(id(t) in self.needed for t in tensor.inputs):
                self.needed.add(id(tensor))

    def seed(self, grad_ys: Any) -> None:
        given = (
            [None] * len(self.outputs)
            if grad_ys is None
            else list(grad_ys)
            if isinstance(grad_ys, (list, tuple))
            else [grad_ys]
        )
        if len(given) != len(self.outputs):
            raise fail(
                ArgumentError, "gradients: one grad_ys per y", expected=len(self.outputs), received=len(given)
            )
        for y, g in zip(self.outputs, given, strict=True):
            if g is None:
                seed = full_like(y, 1)
            else:
                (seed,) = convert_operands([g])
                if not shapes_match(y.shape, seed.shape):
                    raise fail(
                        ArgumentError,
                        "gradients: grad_ys has another shape than y",
                        expected=shape_text(y.shape),
                        received=shape_text(seed.shape),
                    )
            self._add(y, seed)

    def run(self) -> None:
        for tensor in reversed(self.order):
            if tensor.op is None or id(tensor) not in self.needed or id(tensor) in self.blocked:
                continue
            if tensor.op is item:
                arrived = self.total(tensor)
                if arrived is not None:
                    by_output = self.parts.setdefault(id(tensor.inputs[0]), {})
                    by_output.setdefault(tensor.attrs["index"], []).append(arrived)
            elif len(tensor.specs) > 1 or id(tensor) in self.parts:
                self._pass_parts(tensor)
            else:
                arrived = self.total(tensor)
                if arrived is not None:
                    self._pass(tensor, arrived, tensor)

    def _pass_parts(self, tensor: Tensor) -> None:
        arrived = self.parts.get(id(tensor))
        if arrived is None:
            return
        from thalweg.graph.op import parts_of

        outputs = parts_of(tensor)
        g = tuple(_sum(arrived[k]) if k in arrived else None for k in range(len(outputs)))
        self._pass(tensor, g, outputs)

    def _pass(self, tensor: Tensor, g: Any, output: Any) -> None:
        op = tensor.op
        assert op is not None
        if op.grad is None:
            self._without_rule(tensor, g)
            return
        for x, part in zip(tensor.inputs, op.grad(g, output, *tensor.inputs, **tensor.attrs), strict=True):
            if id(x) not in self.needed:
                continue
            if callable(part):
                part = part()
            if part is None:
                self.cuts.setdefault(id(x), tensor)
            else:
                self._add(x, _fit(part, x))

    def _without_rule(self, tensor: Tensor, g: Any) -> None:
        """An op without a rule: piecewise constant (zero), defined by an expansion (differentiate that), or
        a cut.
        """
        op = tensor.op
        assert op is not None
        if op.flat:
            for x in tensor.inputs:
                if id(x) in self.needed and dtypes.is_floating(x.dtype):
                    self._add(x, full_like(x, 0))
            return
        expanded = None if op.expand is None else op.expand(*tensor.inputs, **tensor.attrs)
        if expanded is not None:
            wanted = [x for x in tensor.inputs if id(x) in self.needed]
            for x, part in zip(wanted, _through(expanded, wanted, g), strict=True):
                if part is None:
                    self.cuts.setdefault(id(x), tensor)
                else:
                    self._add(x, _fit(part, x))
        else:
            for x in tensor.inputs:
                self.cuts.setdefault(id(x), tensor)

    def _add(self, tensor: Tensor, g: Tensor) -> None:
        self.incoming.setdefault(id(tensor), []).append(g)

    def total(self, tensor: Tensor) -> Tensor | None:
        """All that has reached a tensor, summed once."""
        parts = self.incoming.get(id(tensor))
        if not parts:
            return None
        if len(parts) > 1:
            self.incoming[id(tensor)] = parts = [_sum(parts)]
        return parts[0]

    def result(self, x: Tensor, unconnected: str) -> Tensor | None:
        found = self.total(x)
        if found is not None or unconnected == "none":
            return found
        if unconnected == "zero":
            return full_like(x, 0)
        raise self._unreachable(x)

    def _unreachable(self, x: Tensor) -> GradientError:
        y = ", ".join(t.label() for t in self.outputs)
        below: set[int] = {id(x)}
        for tensor in self.order:
            if any(id(t) in below for t in tensor.inputs):
                below.add(id(tensor))
        for key, tensor in self.cuts.items():
            if key in below and tensor.op is not None:
                return fail(
                    GradientError,
                    f"no gradient of {y} with respect to {x.label()}: the path is cut by {tensor.op.name}",
                    received=f"{tensor.op.name}, which has no derivative",
                    built_at=tensor.built_at,
                    hint="pass unconnected='zero' to get zeros",
                )
        return fail(
            GradientError,
            f"no gradient of {y} with respect to {x.label()}: it does not depend on it",
            hint="was the value converted to a number (numpy, float) on the way, computed under no_grad, "
            "or not watched by the tape? pass unconnected='zero' to get zeros",
        )


def _through(ys: Any, xs: list[Tensor], g: Any) -> list[Tensor | None]:
    outputs = list(ys) if isinstance(ys, tuple) else [ys]
    incoming = list(g) if isinstance(g, tuple) else [g]
    pairs = [(y, v) for y, v in zip(outputs, incoming, strict=True) if v is not None]
    return gradients([y for y, _ in pairs], xs, [v for _, v in pairs], unconnected="none")


def _fit(g: Tensor, x: Tensor) -> Tensor:
    """The gradient in the shape and dtype of its tensor: what broadcasting stretched is summed."""
    if g.dtype != x.dtype:
        g = astype(g, x.dtype)
    if g.shape != x.shape or x.shape is None or None in x.shape:
        g = sum_like(g, x)
    return g


def _sum(parts: list[Tensor]) -> Tensor:
    total = parts[0]
    for part in parts[1:]:
        total = total + part  # type: ignore[operator]
    return total


def grad(fn: Callable[..., Tensor], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives the gradient of ``fn`` (which returns a scalar) at its arguments.

    >>> grad(lambda x: x * x)(3.0).item()
    6.0
    """
    both = value_and_grad(fn, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def value_and_grad(fn: Callable[..., Tensor], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that gives ``(fn(...), gradient)``.

    >>> value, slope = value_and_grad(lambda x: x * x)(3.0)
    >>> value.item(), slope.item()
    (9.0, 6.0)
    """

    def run(*args: Any, **kwargs: Any) -> Any:
        positions = [argnums] if isinstance(argnums, int) else list(argnums)
        inputs = [_watched(a) if k in positions else a for k, a in enumerate(args)]
        y = fn(*inputs, **kwargs)
        if y.shape != ():
            raise fail(
                GradientError,
                "grad: the function must return a scalar",
                received=shape_text(y.shape),
                hint="sum or mean it",
            )
        result = gradients(y, [inputs[k] for k in positions], unconnected="zero")
        return y, (result[0] if isinstance(argnums, int) else tuple(result))

    return run


def _watched(value: Any) -> Tensor:
    """A leaf with the value, whose results keep history."""
    (tensor,) = convert_operands([value])
    if not dtypes.is_floating(tensor.dtype):
        tensor = astype(tensor, dtypes.default_float)
    if tensor.tracked or tensor.value is None:
        return identity(tensor)  # a point of its own on the path, so that gradients of gradients pass
    return Tensor(None, (), {}, tensor.specs, tensor.value, name=tensor.name, tracked=True)


def jacobian(y: Any, x: Tensor, consider_constant: Sequence[Tensor] = ()) -> Tensor:
    """Every derivative of y by x, of shape ``y.shape + x.shape``; the shape of y must be known.

    ``consider_constant``: tensors that derivatives do not pass.

    >>> from thalweg.graph.tensor import Variable
    >>> x = Variable([1.0, 2.0])
    >>> jacobian(x * x, x).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    (y,) = convert_operands([y])
    if y.size is None:
        raise fail(
            GradientError,
            "jacobian: the shape of y must be known",
            received=shape_text(y.shape),
            built_at=y.built_at,
        )
    flat = reshape(y, (-1,))
    rows = [
        gradients(flat[k], x, unconnected="zero", consider_constant=consider_constant) for k in range(y.size)
    ]
    if not rows:
        return full_like(expand_dims(x, 0)[:0], 0)
    return reshape(stack(rows), (*y.shape, *x.known_shape()))  # type: ignore[arg-type]


def hessian(y: Any, x: Tensor) -> Tensor:
    """Every second derivative of a scalar y by x, of shape ``x.shape + x.shape``.

    >>> from thalweg.graph.tensor import Variable
    >>> x = Variable([1.0, 2.0])
    >>> hessian((x * x * x).sum(), x).tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """
    return jacobian(gradients(y, x), x)


def custom_gradient(fn: Callable[..., Any]) -> Callable[..., Tensor]:
    """A function whose gradient is given with it: ``fn(*xs)`` returns ``(y, rule)``, ``rule(g)`` the
    gradient for each x.

    >>> from thalweg.graph.tensor import Variable
    >>> @custom_gradient
    ... def clipped(x):
    ...     return x, lambda g: g * 0.5
    >>> x = Variable(2.0)
    >>> gradients(clipped(x), x).item()
    0.5
    """

    @functools.wraps(fn)
    def run(*args: Any) -> Tensor:
        inputs = convert_operands(args)
        y, rule = fn(*[stop_gradient(x) if x.tracked else x for x in inputs])
        return with_gradient(y, *inputs, rule=rule)

    return run


install_gradients(gradients)
