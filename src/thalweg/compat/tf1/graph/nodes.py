"""Nodes: operations, tensors, and those that Python computes or a source gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph.graphs import Effect, Graph, default_graph
from thalweg.compat.tf1.types import DType, TensorShape, as_dtype, numpy_dtype, string
from thalweg.compat.ufuncs import as_operator
from thalweg.errors import fail
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op

# Parts of the names of operations that keep something, or draw.
_STATEFUL = (
    "Variable",
    "VarHandle",
    "Random",
    "Queue",
    "Iterator",
    "Table",
    "Reader",
    "TensorArray",
    "PyFunc",
    "Multinomial",
)


class Operation:
    """A node with its outputs; running it runs its effect (and what it depends on)."""

    def __init__(
        self,
        name: str | None,
        kind: str,
        effect: Effect | None = None,
        inputs: Sequence[Any] = (),
        graph: Graph | None = None,
    ) -> None:
        self.graph = graph or default_graph()
        if self.graph.finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        given = name or kind
        if given.endswith("/") and given[:-1] not in self.graph.operations:  # the open scope's own name
            self.name = given[:-1]
        else:
            self.name = self.graph.unique_name(given.rstrip("/"))
        self.type = kind
        self.effect = effect
        if effect is not None and hasattr(self, "act"):
            effect.actor = self
        self.inputs = [x for x in inputs if isinstance(x, Node)]
        self.graph._last_id += 1 + sum(map(_nodes_for, inputs))
        self.control_inputs: list[Operation] = []  # what a group, such as an initialisation, consists of
        self.outputs: list[Any] = []  # nodes
        self.graph.operations[self.name] = self

    @property
    def op(self) -> Operation:
        return self

    @property
    def device(self) -> str:
        return ""

    @property
    def node_def(self) -> Any:
        """What a graph says of the operation, as TensorFlow's message."""
        from thalweg.compat.tf1.node_defs import node_def

        return node_def(self)

    @property
    def op_def(self) -> Any:
        """The kind of the operation, and whether it keeps or changes something beside what it gives."""
        kind = self.kind_name()
        keeps = self.effect is not None or any(word in kind for word in _STATEFUL)
        return SimpleNamespace(name=kind, is_stateful=keeps)

    def get_attr(self, name: str) -> Any:
        """An attribute of the operation: a type, a shape, or what it is."""
        from thalweg.compat.tf1.node_defs import attribute

        return attribute(self, name)

    def values(self) -> tuple[Tensor, ...]:
        return tuple(self.outputs)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run in the given or the default session."""
        session_for(session).run(self, feed_dict)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.kind_name()}>"

    def __str__(self) -> str:
        return str(self.node_def)

    def kind_name(self) -> str:
        """The type as TensorFlow names it."""
        return self.type


def _nodes_for(x: Any) -> int:
    """How many nodes an input is that is none: a number, an array or a list is one; of tensors, one with its parts."""
    if x is None or hasattr(x, "op"):
        return 0
    packed = isinstance(x, (list, tuple)) and any(hasattr(part, "op") for part in x)
    return 1 + sum(map(_nodes_for, x)) if packed else 1


def session_for(session: Any) -> Any:
    from thalweg.compat.tf1.session import get_default_session

    found = session or get_default_session()
    if found is None:
        raise ValueError(
            "Cannot evaluate tensor using `eval()` or run an operation: no default session is registered. "
            "Use `with sess.as_default()` or pass an explicit session."
        )
    return found


class Node:
    """A named expression: a tensor, a variable or slices.

    ``static`` is its value where it is a constant; ``dims`` the lengths where it is a shape.
    """

    __array_priority__ = 2000
    __array_ufunc__ = as_operator

    def __init__(self, t: Any, op: Operation, static: Any = None, dims: Any = None) -> None:
        self.t = t
        self.op = op
        self.static = static
        self.dims = dims
        self.index = len(op.outputs)
        op.outputs.append(self)

    @property
    def graph(self) -> Graph:
        return self.op.graph

    @property
    def name(self) -> str:
        return f"{self.op.name}:{self.index}"

    @property
    def dtype(self) -> DType:
        return as_dtype(self.t.dtype)

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self.t.shape)

    @property
    def device(self) -> str:
        return ""

    @property
    def value_index(self) -> int:
        return self.index

    def get_shape(self) -> TensorShape:
        """The static shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Say more about the static shape."""
        merged = self.shape.merge_with(shape)
        if merged.dims is None or (self.t.shape is not None and merged.as_list() == list(self.t.shape)):
            return
        if isinstance(self.t, core.Placeholder):  # what was made of it before is fed by it too
            self.t.specs = (core.Spec(tuple(merged.as_list()), self.t.dtype),)
        else:
            self.t = shaped_as(self.t, tuple(merged.as_list()))

    def as_tensor(self) -> Any:
        """This node, or the tensor that stands for it where only tensors are taken."""
        return self

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor."""
        return [op for op in self.graph.operations.values() if any(x is self for x in op.inputs)]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value in the given or the default session."""
        return session_for(session).run(self, feed_dict)

    if TYPE_CHECKING:  # given by thalweg.compat.tf1.math

        def _binary(self, other: Any) -> Any: ...

        def _unary(self) -> Any: ...

        def __getitem__(self, key: Any) -> Any: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _binary
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = (
            _binary
        )
        __and__ = __or__ = __xor__ = __lt__ = __le__ = __gt__ = __ge__ = _binary
        __neg__ = __abs__ = __invert__ = _unary

    def __repr__(self) -> str:
        return f"<tf.Tensor '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        return f'Tensor("{self.name}", shape={self.shape}, dtype={self.dtype.name})'

    def __tensor__(self) -> core.Tensor:
        """The expression, for the main library's functions."""
        from thalweg.compat.tf1.graph.values import value

        return value(self)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` instead of `if t:` "
            "to test if a tensor is defined, and use tf.cond to choose by its value."
        )

    def __iter__(self) -> Iterator[Tensor]:
        raise TypeError(
            "Tensor objects are only iterable when eager execution is enabled; use tf.unstack or tf.map_fn."
        )

    def __len__(self) -> int:
        raise TypeError(
            "object of type 'Tensor' has no len(): its length is known when the graph runs; see tf.shape"
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"Cannot convert a symbolic Tensor ({self.name}) to a numpy array: run it first."
        )

    def __float__(self) -> float:
        raise TypeError(f"{self.name} has no value before the graph runs: use Session.run or .eval()")

    __int__ = __float__  # type: ignore[assignment]


@make_op(
    {},
    infer=lambda x, *, shape: core.Spec(shape, x.dtype),
    grad=lambda g, y, x, *, shape: [g],
    expand=lambda x, *, shape: x,
)
def shaped_as(x, /, shape):  # type: ignore[no-untyped-def]
    """x, of whose shape more is known than the graph says."""
    return x


def _checked(x: Any, shape: tuple[int | None, ...]) -> Any:
    lengths = zip(x.shape, shape, strict=True) if len(x.shape) == len(shape) else [(0, 1)]
    if any(None not in pair and pair[0] != pair[1] for pair in lengths):
        what = "a tensor has another shape than it must have"
        raise fail(InvalidArgumentError, what, expected=shape, received=x.shape)
    return x


@make_op(
    {},
    infer=lambda x, *, shape: core.Spec(shape, x.dtype),
    grad=lambda g, y, x, *, shape: [g],
    expand=lambda x, *, shape: _checked(x, shape),
)
def held_to(x, /, shape):  # type: ignore[no-untyped-def]
    """x, which must have a shape (None: any length)."""
    return _checked(x, shape)


class _Tensors(type):
    """What ``isinstance(x, tf.Tensor)`` asks: of Keras's tensors those are ones that are no variables."""

    def __instancecheck__(cls, x: Any) -> bool:
        keras = cls is Tensor and isinstance(x, core.Tensor) and not isinstance(x, core.Variable)
        return keras or super().__instancecheck__(x)


class Tensor(Node, metaclass=_Tensors):
    """What an operation gives. To a program a variable is none: ``isinstance(variable, tf.Tensor)`` is False."""


class HostTensor(Tensor):
    """A node computed by Python from the values of others: strings and serialised messages."""

    def __init__(
        self,
        op: Operation,
        inputs: Sequence[Node],
        fn: Callable[..., Any],
        shape: Any = (),
        source: Any = None,
    ) -> None:
        super().__init__(None, op)
        self.host_inputs = list(inputs)
        self.fn = fn
        self.source = source  # (source, index) where a session asks a source instead, as for a SourceLeaf
        self._shape = shape
        self.effects = self.graph.controls()

    @property
    def dtype(self) -> DType:
        return string

    @property
    def shape(self) -> TensorShape:
        return TensorShape(self._shape)


def host(
    kind: str, name: str | None, inputs: Sequence[Tensor], fn: Callable[..., Any], shape: Any = ()
) -> HostTensor:
    """A node that Python computes."""
    return HostTensor(Operation(name, kind, inputs=inputs), inputs, fn, shape)


class Settled(core.Placeholder):
    """A leaf whose value decides what is computed: each value that it is fed has a program of its own."""

    __slots__ = ("default",)

    default: np.ndarray


class SourceLeaf(core.Placeholder):
    """A leaf whose value a session asks ``source`` for, once per run, unless it is fed."""

    __slots__ = ("index", "source")

    index: int
    source: Any


class DefaultValue:
    """The source of a leaf that has a value of its own where it is not fed."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        """The value."""
        return [self.array]


def source_leaf(source: Any, index: int, dtype: Any, shape: Any, name: str | None = None) -> SourceLeaf:
    """A leaf for part ``index`` of what ``source.pull(session, values)`` gives at each run."""
    spec = core.Spec(core.check_shape(shape), np.dtype(dtype))
    leaf = SourceLeaf(None, (), {}, (spec,), name=name, tracked=True)
    leaf.source, leaf.index = source, index
    return leaf


class _InBranch:
    """A source within a branch of ``tf.cond``: it is asked where the branch is taken, else nothing is read."""

    def __init__(
        self, source: Any, guards: Sequence[tuple[Any, bool]], specs: Sequence[tuple[Any, Any]]
    ) -> None:
        self.source, self.guards = source, tuple(guards)
        self.nothing = [_blank(dtype, shape) for dtype, shape in specs]

    def pull(self, session: Any, fed: Any) -> Any:
        """The parts, or what stands for them where nobody looks."""
        for test, wanted in self.guards:
            if test not in session.taken:
                session.taken[test] = session.run(test, {k: v for k, v in fed.items() if isinstance(k, Node)})
            if bool(session.taken[test]) != wanted:
                return self.nothing
        if self.source not in session.taken:
            session.taken[self.source] = self.source.pull(session, fed)
        return session.taken[self.source]


def _blank(dtype: Any, shape: Any) -> np.ndarray:
    form = tuple(1 if n is None else int(n) for n in (() if shape is None else shape))
    return np.full(form, b"", object) if as_dtype(dtype) == string else np.zeros(form, numpy_dtype(dtype))


def source_nodes(source: Any, specs: Sequence[tuple[Any, Any]], operation: Operation) -> list[Tensor]:
    """A node for each part (dtype, shape) of what a source gives: leaves of the program, strings on the host."""
    made: list[Tensor] = []
    guards = operation.graph.guards
    source = _InBranch(source, guards, specs) if guards else source
    for k, (dtype, shape) in enumerate(specs):
        if as_dtype(dtype) == string:
            made.append(HostTensor(operation, (), _unmade, shape, (source, k)))
        else:
            made.append(Tensor(source_leaf(source, k, numpy_dtype(dtype), shape, operation.name), operation))
    return made


def _unmade() -> Any:
    raise AssertionError("a session asks the source")
