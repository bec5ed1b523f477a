"""TensorFlow 1's graph: named nodes over Thalweg's expressions, collections, name scopes and control dependencies.

A Tensor here holds an expression ``t`` of the main library. What the main library's expressions do not know is order:
that an assignment has run before a read. It is written into the expression as the op ``after``, and the assignments
themselves are :class:`Effect` records; a session turns both into one program (see session.py).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.tf1.types import DType, TensorShape, as_dtype, numpy_dtype, string
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import astype
from thalweg.ops.state import identity

# --- order ----------------------------------------------------------------------------------------------------------


class Effect:
    """Something a session does: updates of variables and host work, after other effects.

    ``guard``: pairs (predicate, wanted) under which the updates take place.
    """

    __slots__ = ("deps", "fetches", "guard", "number", "updates")
    _count = 0

    def __init__(
        self,
        updates: Sequence[tuple[core.Variable, core.Tensor]] = (),
        deps: Sequence[Effect] = (),
        fetches: Sequence[core.Tensor] = (),
    ) -> None:
        graph = default_graph()
        self.updates = list(updates)
        self.deps = [*deps, *graph.controls()]
        self.fetches = list(fetches)
        self.guard: list[tuple[core.Tensor, bool]] = []
        Effect._count += 1
        self.number = Effect._count
        for made in graph.branches:
            made.append(self)


@make_op(
    {}, infer=lambda x, *, effects: x, grad=lambda g, y, x, *, effects: [g], expand=lambda x, *, effects: x
)
def after(x, /, effects):  # type: ignore[no-untyped-def]
    """The value of x once the effects have taken place."""
    return x


@make_op({}, infer=lambda x: x, grad=lambda g, y, x: [g], expand=lambda x: x)
def current(x, /):  # type: ignore[no-untyped-def]
    """The value of a variable at the moment when the effect that reads it takes place."""
    return x


@make_op({}, infer=lambda x, start: x, grad=lambda g, y, x, start: [g, None], expand=lambda x, start: x)
def initialized(x, start, /):  # type: ignore[no-untyped-def]
    """The value of a variable, or ``start`` in a run that initialises it."""
    return x


# --- the graph ------------------------------------------------------------------------------------------------------


class GraphKeys:
    """Names of the standard collections."""

    GLOBAL_VARIABLES = VARIABLES = "variables"
    LOCAL_VARIABLES = "local_variables"
    MODEL_VARIABLES = "model_variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    MOVING_AVERAGE_VARIABLES = "moving_average_variables"
    METRIC_VARIABLES = "metric_variables"
    SUMMARIES = "summaries"
    LOSSES = "losses"
    REGULARIZATION_LOSSES = "regularization_losses"
    UPDATE_OPS = "update_ops"
    GLOBAL_STEP = "global_step"
    ACTIVATIONS = "activations"
    WEIGHTS = "weights"
    BIASES = "biases"
    QUEUE_RUNNERS = "queue_runners"
    TABLE_INITIALIZERS = "table_initializer"
    INIT_OP = "init_op"
    TRAIN_OP = "train_op"
    SUMMARY_OP = "summary_op"
    ASSET_FILEPATHS = "asset_filepaths"


class Graph:
    """Named nodes and collections."""

    def __init__(self) -> None:
        self.collections: dict[Any, list[Any]] = {}
        self.operations: dict[str, Operation] = {}
        self.variables: dict[str, Any] = {}  # those of get_variable, by full name
        self.scope_counts: dict[str, int] = {}
        self.scope: Any = None  # the open variable scope
        self.seed: int | None = None
        self.name_prefix = ""
        self.branches: list[list[Effect]] = []
        self.overrides: dict[str, str] = {}  # kinds of operations and the gradients they get
        self._used: dict[str, int] = {}
        self._controls: list[list[Effect]] = []
        self.finalized = False

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """The name under the open name scopes, numbered if it is taken."""
        full = self.name_prefix + name
        key = full.lower()
        count = self._used.get(key, 0)
        if mark_as_used:
            self._used[key] = count + 1
        while count and mark_as_used and (numbered := f"{full}_{count}").lower() in self._used:
            count += 1
            self._used[key] = count + 1
        if not count:
            return full
        numbered = f"{full}_{count}"
        if mark_as_used:
            self._used[numbered.lower()] = 1
        return numbered

    def controls(self) -> list[Effect]:
        """What nodes made now must wait for."""
        return [effect for level in self._controls for effect in level]

    @contextmanager
    def control_dependencies(self, control_inputs: Any) -> Iterator[None]:
        saved = self._controls
        self._controls = [] if control_inputs is None else [*saved, effects_of(control_inputs)]
        try:
            yield
        finally:
            self._controls = saved

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        _graphs.stack.append(self)
        try:
            yield self
        finally:
            _graphs.stack.pop()

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        saved = self.name_prefix
        if not name:
            self.name_prefix = ""
        elif name.endswith("/"):
            self.name_prefix = name
        else:
            self.name_prefix = self.unique_name(name) + "/"
        try:
            yield self.name_prefix
        finally:
            self.name_prefix = saved

    def gradient_override_map(self, op_type_map: dict[str, str]) -> Any:
        """Inside, operations of these types get the gradients registered under these names."""
        from thalweg.compat.tf1 import arrays

        return arrays.gradient_override_map(self, op_type_map)

    @contextmanager
    def device(self, name: Any) -> Iterator[None]:
        """Everything runs on the processor; the name is accepted."""
        yield

    def add_to_collection(self, name: Any, value: Any) -> None:
        self.collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        for name in [names] if isinstance(names, str) else names:
            self.add_to_collection(name, value)

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """What stands in a collection; with ``scope``, what has a name that begins with it."""
        found = list(self.collections.get(name, []))
        if scope is None:
            return found
        return [v for v in found if re.match(scope, getattr(v, "name", None) or "")]

    def get_collection_ref(self, name: Any) -> list[Any]:
        return self.collections.setdefault(name, [])

    def get_all_collection_keys(self) -> list[Any]:
        return list(self.collections)

    def get_operations(self) -> list[Operation]:
        return list(self.operations.values())

    def get_operation_by_name(self, name: str) -> Operation:
        if name not in self.operations:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return self.operations[name]

    def get_tensor_by_name(self, name: str) -> Tensor:
        operation, _, index = name.partition(":")
        if not index:
            raise ValueError(
                f"The name {name!r} looks like an (invalid) Operation name: a tensor's ends in ':0'."
            )
        return self.get_operation_by_name(operation).outputs[int(index)]

    def as_graph_element(self, thing: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The tensor or operation that a name stands for."""
        if isinstance(thing, str):
            return self.get_tensor_by_name(thing) if ":" in thing else self.get_operation_by_name(thing)
        return thing

    def finalize(self) -> None:
        self.finalized = True

    def as_graph_def(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph itself; there is no serialised form."""
        return self

    @property
    def node(self) -> list[Operation]:
        return list(self.operations.values())


class _Graphs(threading.local):
    def __init__(self) -> None:
        self.stack = [Graph()]


_graphs = _Graphs()


def default_graph() -> Graph:
    """The graph that new nodes go to."""
    return _graphs.stack[-1]


def reset_default_graph() -> None:
    """Start with an empty default graph."""
    _graphs.stack[-1] = Graph()


# --- nodes ----------------------------------------------------------------------------------------------------------


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
        self.name = self.graph.unique_name((name or kind).rstrip("/"))
        self.type = kind
        self.effect = effect
        self.inputs = [x for x in inputs if isinstance(x, Tensor)]
        self.outputs: list[Tensor] = []
        self.graph.operations[self.name] = self

    @property
    def op(self) -> Operation:
        return self

    @property
    def device(self) -> str:
        return ""

    @property
    def node_def(self) -> Operation:
        return self

    def values(self) -> tuple[Tensor, ...]:
        return tuple(self.outputs)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run in the given or the default session."""
        _session(session).run(self, feed_dict)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self.name}' type={self.kind_name()}>"

    def kind_name(self) -> str:
        """The type as TensorFlow names it."""
        return self.type


def _session(session: Any) -> Any:
    from thalweg.compat.tf1.session import get_default_session

    found = session or get_default_session()
    if found is None:
        raise ValueError(
            "Cannot evaluate tensor using `eval()` or run an operation: no default session is registered. "
            "Use `with sess.as_default()` or pass an explicit session."
        )
    return found


class Tensor:
    """A named expression. ``static`` is its value where it is a constant; ``dims`` the lengths where it is a shape."""

    __array_priority__ = 2000
    __array_ufunc__ = None

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
        self.t = shaped_as(self.t, tuple(merged.as_list()))

    def consumers(self) -> list[Operation]:
        """The operations that take this tensor."""
        return [op for op in self.graph.operations.values() if any(x is self for x in op.inputs)]

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value in the given or the default session."""
        return _session(session).run(self, feed_dict)

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


class HostTensor(Tensor):
    """A node computed by Python from the values of others: strings and serialised messages."""

    def __init__(
        self,
        op: Operation,
        inputs: Sequence[Tensor],
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


class SourceLeaf(core.Placeholder):
    """A leaf whose value a session asks ``source`` for, once per run, unless it is fed."""

    __slots__ = ("index", "source")

    index: int
    source: Any


def source_leaf(source: Any, index: int, dtype: Any, shape: Any, name: str | None = None) -> SourceLeaf:
    """A leaf for part ``index`` of what ``source.pull(session, values)`` gives at each run."""
    spec = core.Spec(core.check_shape(shape), np.dtype(dtype))
    leaf = SourceLeaf(None, (), {}, (spec,), name=name, tracked=True)
    leaf.source, leaf.index = source, index
    return leaf


def source_nodes(source: Any, specs: Sequence[tuple[Any, Any]], operation: Operation) -> list[Tensor]:
    """A node for each part (dtype, shape) of what a source gives: leaves of the program, strings on the host."""
    made: list[Tensor] = []
    for k, (dtype, shape) in enumerate(specs):
        if as_dtype(dtype) == string:
            made.append(HostTensor(operation, (), _unmade, shape, (source, k)))
        else:
            made.append(Tensor(source_leaf(source, k, numpy_dtype(dtype), shape, operation.name), operation))
    return made


def _unmade() -> Any:
    raise AssertionError("a session asks the source")


def effects_of(things: Any) -> list[Effect]:
    """The effects below operations and tensors (or lists of them)."""
    found: list[Effect] = []
    for thing in things if isinstance(things, (list, tuple)) else [things]:
        if isinstance(thing, (list, tuple)):
            found += effects_of(thing)
            continue
        operation = thing if isinstance(thing, Operation) else getattr(thing, "op", None)
        if operation is not None and operation.effect is not None:
            found.append(operation.effect)
        t = getattr(thing, "t", None)
        if isinstance(t, core.Tensor) and t.op is not None:
            found += below(t)
    return list(dict.fromkeys(found))


def below(t: core.Tensor) -> list[Effect]:
    """The effects that the value of an expression waits for, those of its own last op first."""
    from thalweg.graph.walk import topological

    return [e for node in topological([t]) if node.op is after for e in node.attrs["effects"]]


# --- between the two kinds of tensors -------------------------------------------------------------------------------


def value(x: Any, dtype: Any = None) -> core.Tensor:
    """The expression of a tensor, number, array or list; what is not a tensor takes ``dtype`` if it can."""
    if isinstance(x, Tensor):
        if x.t is None:
            raise TypeError(f"{x.name} is a string; a number is needed")
        if isinstance(x.t, core.Variable) and (effects := x.graph.controls()):
            return after.build([x.t], {"effects": tuple(effects)})
        return x.t
    if isinstance(x, core.Tensor):
        return x
    if isinstance(x, (list, tuple)) and _has_tensor(x):
        like = dtype or next(iter(_leaf_dtypes(x)))
        return shape_ops.stack([value(part, like) for part in x])
    wanted = None if dtype is None else numpy_dtype(dtype)
    array = as_array(x)
    if wanted is not None and dtypes.rank(wanted) >= dtypes.rank(array.dtype):
        array = array.astype(wanted)
    return core.constant(array)


def as_array(x: Any, dtype: Any = None) -> np.ndarray:
    """A number, list or array with TensorFlow's dtype: Python ints are int32 and floats float32."""
    if isinstance(x, TensorShape):
        x = x.as_list()
    array = np.asarray(x)
    if dtype is not None:
        return array.astype(numpy_dtype(dtype))
    if not isinstance(x, (np.ndarray, np.generic)) and not _has_numpy(x):
        if array.dtype == np.float64:
            return array.astype(np.float32)
        if array.dtype == np.int64 and (array.size == 0 or np.abs(array).max() < 2**31):
            return array.astype(np.int32)
    return array


def _has_numpy(x: Any) -> bool:
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, (np.ndarray, np.generic))


def _has_tensor(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_has_tensor(part) for part in x)
    return isinstance(x, (Tensor, core.Tensor))


def _leaf_dtypes(x: Any) -> Iterator[Any]:
    for part in x:
        if isinstance(part, (list, tuple)):
            yield from _leaf_dtypes(part)
        elif isinstance(part, (Tensor, core.Tensor)):
            yield part.dtype


def values(*xs: Any) -> list[core.Tensor]:
    """Expressions of operands; numbers and arrays take the dtype of the tensor beside them."""
    dtype = next((x.dtype for x in xs if isinstance(x, Tensor)), None)
    return [value(x, dtype) for x in xs]


def wrap(t: core.Tensor, name: str | None, kind: str, inputs: Sequence[Any] = (), **known: Any) -> Tensor:
    """A new node of the default graph with this expression."""
    if t.value is not None or isinstance(t, core.Variable):
        t = identity.build([t], {})
    graph = default_graph()
    if effects := graph.controls():
        t = after.build([t], {"effects": tuple(effects)})
    operation = Operation(name, kind, inputs=inputs)
    if kind in graph.overrides:
        from thalweg.compat.tf1 import arrays

        t = arrays.overridden(t, graph.overrides[kind], operation)
    return Tensor(t, operation, **known)


def wrap_all(
    parts: Sequence[core.Tensor], name: str | None, kind: str, inputs: Sequence[Any] = ()
) -> list[Tensor]:
    """One new node with several outputs."""
    graph = default_graph()
    effects = graph.controls()
    operation = Operation(name, kind, inputs=inputs)
    made = []
    for t in parts:
        if t.value is not None or isinstance(t, core.Variable):
            t = identity.build([t], {})
        made.append(Tensor(after.build([t], {"effects": tuple(effects)}) if effects else t, operation))
    return made


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Tensor:
    """A constant node. Strings stay on the host."""
    if isinstance(value, Tensor):
        return value
    if (dtype is not None and as_dtype(dtype) == string) or np.asarray(value).dtype.kind in "SUO":
        text = np.array(value, dtype=object)
        encoded = np.vectorize(_bytes, otypes=[object])(text) if text.size else text
        held = host("Const", name, (), lambda: encoded[()] if encoded.ndim == 0 else encoded, encoded.shape)
        held.static = encoded
        return held
    array = as_array(value, dtype)
    if shape is not None:
        wanted = tuple(int(d) for d in TensorShape(shape))
        if array.size == int(np.prod(wanted)):
            array = array.reshape(wanted)
        else:  # the last value fills what is left
            flat = array.reshape(-1)
            filled = np.concatenate([flat, np.repeat(flat[-1:], int(np.prod(wanted)) - flat.size)])
            array = filled.reshape(wanted)
    array = np.array(array)
    return wrap(core.constant(array), name, "Const", static=array)


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()


def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None
) -> Tensor:
    """The tensor itself, or a constant."""
    if isinstance(value, Tensor):
        if dtype is not None and value.t is not None and value.dtype != as_dtype(dtype):
            raise ValueError(f"Tensor conversion requested dtype {as_dtype(dtype).name} for {value}")
        return value
    if _has_tensor(value):
        return wrap(globals()["value"](value, dtype), name, "Pack", list(value))
    return constant(value, dtype, name=name or "Const")


def static_value(x: Any) -> Any:
    """The value of a constant, number or list as NumPy; None where it is known only when the graph runs."""
    if isinstance(x, Tensor):
        return x.static
    if _has_tensor(x):
        parts = [static_value(part) for part in x]
        return None if any(p is None for p in parts) else np.asarray(parts)
    return np.asarray(x.as_list() if isinstance(x, TensorShape) else x)


def static_int(x: Any, what: str) -> int:
    """An argument that must be known when the graph is built, as an int."""
    found = static_value(x)
    if found is None:
        raise ValueError(f"{what} must be known when the graph is built, received {x!r}")
    return int(found)


def cast(t: core.Tensor, dtype: Any) -> core.Tensor:
    """The expression in another dtype."""
    wanted = numpy_dtype(dtype)
    return t if t.dtype == wanted else astype(t, wanted)


def truth(x: Any) -> core.Tensor:
    """A condition as a scalar bool, also where a placeholder does not say that it is a scalar."""
    t = cast(value(x), "bool")
    return t if t.shape == () else shaped_as(t, ())
