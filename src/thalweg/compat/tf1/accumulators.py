"""Accumulators: gradients that several steps put in and one takes out, averaged; each session has its own."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Effect, Node, Operation, Tensor
from thalweg.compat.tf1.types import TensorShape, as_dtype


class _Held:
    """What is in an accumulator in one session."""

    def __init__(self) -> None:
        self.total: Any = 0
        self.count = 0
        self.step = 0


class ConditionalAccumulator:
    """The mean (or sum) of gradients; those of a step before the accumulator's own are dropped.

    >>> import thalweg.compat.tf1 as tf
    >>> with tf.Graph().as_default(), tf.Session() as session:
    ...     held = tf.ConditionalAccumulator("float32", shape=[])
    ...     for gradient in (1.0, 2.0):
    ...         session.run(held.apply_grad(gradient))
    ...     float(session.run(held.take_grad(2)))
    1.5
    """

    def __init__(
        self,
        dtype: Any,
        shape: Any = None,
        shared_name: Any = None,
        name: str = "conditional_accumulator",
        reduction_type: str = "MEAN",
    ) -> None:
        if reduction_type not in ("MEAN", "SUM"):
            raise ValueError(f"reduction_type: expected 'MEAN' or 'SUM', received {reduction_type!r}")
        self.dtype, self.reduction_type = as_dtype(dtype), reduction_type
        self.shape = TensorShape(shape)
        self.name = g.default_graph().unique_name(name)
        self._held: weakref.WeakKeyDictionary[Any, _Held] = weakref.WeakKeyDictionary()

    def held(self, session: Any) -> _Held:
        """What is in it in a session."""
        return self._held.setdefault(session, _Held())

    def apply_grad(self, grad: Any, local_step: Any = 0, name: str | None = None) -> Operation:
        """An operation that puts in a gradient of the given step."""
        node = g.convert_to_tensor(grad, self.dtype)
        node.get_shape().assert_is_compatible_with(self.shape)
        return _Apply(self, [node, g.convert_to_tensor(local_step)], name)

    def set_global_step(self, new_global_step: Any, name: str | None = None) -> Operation:
        """An operation after which gradients of earlier steps are dropped."""
        return _Step(self, [g.convert_to_tensor(new_global_step)], name)

    def take_grad(self, num_required: Any, name: str | None = None) -> Tensor:
        """A node for the mean of what was put in, ``num_required`` gradients at least; then it is empty."""
        shape = None if self.shape.dims is None else self.shape.as_list()
        operation = Operation(name, "AccumulatorTakeGradient")
        return g.source_nodes(_Take(self, num_required), [(self.dtype, shape)], operation)[0]

    def num_accumulated(self, name: str | None = None) -> Tensor:
        """A node for how many gradients were put in since the last were taken."""
        operation = Operation(name, f"{self.name}_NumAccumulated")
        return g.source_nodes(_Count(self), [("int32", [])], operation)[0]


class _Act(Operation, ABC):
    kind: str

    def __init__(self, accumulator: ConditionalAccumulator, nodes: list[Tensor], name: str | None) -> None:
        super().__init__(name, type(self).kind, Effect(), nodes)
        self.accumulator, self.nodes = accumulator, nodes

    def act(self, session: Any, fed: Any) -> None:
        """Do it, with what the nodes give."""
        made = session.run(self.nodes, {k: v for k, v in fed.items() if isinstance(k, Node)})
        self.apply(self.accumulator.held(session), *made)

    @abstractmethod
    def apply(self, held: _Held, *made: Any) -> None:
        """Change what the session holds, by what the nodes gave."""


class _Apply(_Act):
    kind = "AccumulatorApplyGradient"

    def apply(self, held: _Held, *made: Any) -> None:
        gradient, step = made
        if int(step) >= held.step:
            held.total, held.count = held.total + gradient, held.count + 1


class _Step(_Act):
    kind = "AccumulatorSetGlobalStep"

    def apply(self, held: _Held, *made: Any) -> None:
        (step,) = made
        held.step = int(step)


class _Take:
    def __init__(self, accumulator: ConditionalAccumulator, required: Any) -> None:
        self.accumulator, self.required = accumulator, g.convert_to_tensor(required)

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The mean or the sum; the accumulator goes on to the next step."""
        held, required = self.accumulator.held(session), int(session.run(self.required))
        if held.count < max(required, 1):
            raise InvalidArgumentError(
                f"{self.accumulator.name}: take_grad needs {required} gradients, there are {held.count}, and nothing "
                "else puts any in"
            )
        total = held.total / held.count if self.accumulator.reduction_type == "MEAN" else held.total
        held.total, held.count, held.step = 0, 0, held.step + 1
        return [np.asarray(total, self.accumulator.dtype.dtype)]


class _Count:
    def __init__(self, accumulator: ConditionalAccumulator) -> None:
        self.accumulator = accumulator

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The number of gradients."""
        return [np.int32(self.accumulator.held(session).count)]
