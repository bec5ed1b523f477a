"""``theano.Op``: ops that a program defines itself, run by their ``perform``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.printing import Apply
from thalweg.compat.theano.variable import TensorVariable
from thalweg.graph.op import Op as CoreOp
from thalweg.graph.tensor import Spec


class Op:
    """The base of a program's own ops: ``make_node(*inputs)`` gives an :class:`Apply`, ``perform(node, inputs,
    output_storage)`` computes it, ``grad(inputs, output_gradients)`` differentiates it.

    ``itypes`` and ``otypes`` stand in for ``make_node``.
    """

    __props__: tuple[str, ...] = ()
    itypes: Sequence[Any] | None = None
    otypes: Sequence[Any] | None = None

    def make_node(self, *inputs: Any) -> Apply:
        """The application to inputs, from ``otypes``."""
        from thalweg.compat.theano.variable import as_tensor_variable

        if self.otypes is None:
            raise NotImplementedError("a theano.Op needs make_node, or itypes and otypes")
        given = [as_tensor_variable(x) for x in inputs]
        if self.itypes is not None:
            if len(self.itypes) != len(given):
                raise ValueError(f"{self}: expected {len(self.itypes)} inputs, received {len(given)}")
            given = [t.filter_variable(x) for t, x in zip(self.itypes, given, strict=True)]
        return Apply(self, given, [t() for t in self.otypes])

    def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
        """Compute the outputs from arrays."""
        name = type(self).__name__
        written = (
            f"{name} is written in C alone, which is not compiled here: " if hasattr(self, "c_code") else ""
        )
        raise NotImplementedError(f"{written}give {name} a method perform(node, inputs, output_storage)")

    def grad(self, inputs: Any, output_gradients: Any) -> Any:
        """The gradients by the inputs."""
        raise NotImplementedError(f"{type(self).__name__}.grad: this op has no gradient")

    def L_op(self, inputs: Any, outputs: Any, output_gradients: Any) -> Any:
        """The gradients by the inputs."""
        return self.grad(inputs, output_gradients)

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        node = self.make_node(*inputs, **kwargs)
        tensors = [tensor_of(x) for x in node.inputs]
        specs = [o.tensor.specs[0] for o in node.outputs]
        made = _record(self, node, specs).build(tensors, {})
        found = [TensorVariable(t) for t in (made if isinstance(made, tuple) else (made,))]
        for shown, variable in zip(node.outputs, found, strict=True):
            variable.name = shown.name
        return found if len(found) > 1 else found[0]

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and all(
            getattr(self, p) == getattr(other, p) for p in self.__props__
        )

    def __hash__(self) -> int:
        return hash((type(self), *(getattr(self, p) for p in self.__props__)))

    def __str__(self) -> str:
        options = ", ".join(f"{p}={getattr(self, p)}" for p in self.__props__)
        return f"{type(self).__name__}{{{options}}}" if options else type(self).__name__


def _record(op: Op, node: Apply, specs: list[Spec]) -> CoreOp:
    """The main library's record of one application: a host op."""

    def meaning(*arrays):  # type: ignore[no-untyped-def]
        storage: list[list[Any]] = [[None] for _ in specs]
        op.perform(node, list(arrays), storage)
        results = tuple(np.asarray(s[0], dtype=spec.dtype) for s, spec in zip(storage, specs, strict=True))
        return results if len(results) > 1 else results[0]

    answer = tuple(specs) if len(specs) > 1 else specs[0]
    return CoreOp(str(op), meaning, lambda *_: answer, grad=_gradient_of(op))


def _gradient_of(op: Op) -> Any:
    """The main library's gradient rule by the op's own."""

    def gradient(g: Any, y: Any, *inputs: Any) -> list[Any]:
        incoming = g if isinstance(g, tuple) else (g,)
        outputs = y if isinstance(y, tuple) else (y,)
        wrapped = [TensorVariable(t) for t in inputs]
        arrived = [
            TensorVariable(tw.zeros_like(o) if t is None else t)  # an output that nothing uses
            for t, o in zip(incoming, outputs, strict=True)
        ]
        found = op.L_op(wrapped, [TensorVariable(t) for t in outputs], arrived)
        return [None if f is None else tensor_of(f) for f in found]

    return gradient


class ViewOp(Op):
    """The base of ops that give their input as it is, and another gradient: ``grad`` says which."""

    is_view = True

    def make_node(self, *inputs: Any) -> Apply:
        """The application to one input."""
        from thalweg.compat.theano.variable import as_tensor_variable

        (x,) = map(as_tensor_variable, inputs)
        return Apply(self, [x], [x.type()])

    def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
        """The input."""
        output_storage[0][0] = inputs[0]

    def grad(self, inputs: Any, output_gradients: Any) -> Any:
        """What arrives."""
        return output_gradients

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        (x,) = self.make_node(*inputs).inputs
        record = CoreOp(str(self), _same, lambda spec: spec, grad=_gradient_of(self), expand=tw.identity)
        return TensorVariable(record.build([x.tensor], {}))


def _same(x, /):  # type: ignore[no-untyped-def]
    return x
