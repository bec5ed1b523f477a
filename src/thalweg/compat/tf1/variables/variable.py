"""Variables, and assignments as nodes."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.compat import graphs
from thalweg.compat.made_once import kept
from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import (
    Effect,
    GraphKeys,
    Node,
    Operation,
    Tensor,
    after,
    current,
    default_graph,
    value,
)
from thalweg.compat.tf1.types import TensorShape
from thalweg.graph import tensor as core
from thalweg.graph.interpret import evaluate
from thalweg.graph.op import make_op
from thalweg.graph.updates import Recorder, current_recorder
from thalweg.layers.calls import trainings
from thalweg.ops import elementwise
from thalweg.ops.bodies import BodyRecorder
from thalweg.ops.index import index_update
from thalweg.ops.shape import broadcast_to


def _of_complex_numbers(x: Any) -> bool:
    return isinstance(x, complex) or (isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind == "c")


class _Made(type):
    """Variables are made by the creators of the open scopes (``tf.variable_creator_scope``), where there are any."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        creators = default_graph().variable_creators
        if not creators:
            return super().__call__(*args, **options)
        names = list(inspect.signature(Variable.__init__).parameters)[1:]
        create: Any = super().__call__
        for creator in creators:
            create = functools.partial(creator, create)
        return create(**{**dict(zip(names, args)), **options})


class Variable(Node, metaclass=_Made):
    """A node whose value a session keeps; its initialisation must be run first."""

    is_resource = True  # else a fetch of it beside its update has the value after it
    _read: Tensor | None = None
    holds_texts = False  # whether its numbers stand for texts, which have others in another process

    def __new__(cls, initial_value: Any = None, *args: Any, **options: Any) -> Any:
        """A complex value makes two variables, texts make one of their numbers."""
        if getattr(initial_value, "takes_over", False) or _of_complex_numbers(initial_value):
            from thalweg.compat.tf1 import complexes

            return complexes.variable(initial_value, *args, **options)
        if isinstance(initial_value, (g.HostTensor, str, bytes, list, tuple, np.ndarray)):
            from thalweg.compat.tf1 import texts

            if isinstance(initial_value, (g.HostTensor, str, bytes)) or texts.is_texts(initial_value):
                return texts.TextVariable(initial_value, *args, **options)
        return super().__new__(cls)

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        collections: Sequence[Any] | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        use_resource: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        graph = default_graph()
        # An initial value does not wait for what else is going on where the variable is made.
        with graph.control_dependencies(None):
            made = (
                initial_value()
                if callable(initial_value) and not isinstance(initial_value, Node)
                else initial_value
            )
            if made is None:
                raise ValueError("tf.Variable: initial_value must be given")
            if not isinstance(made, (Node, list, tuple)):
                made = g.as_array(made, dtype)
            start = value(made, dtype)
        start = start if dtype is None else g.cast(start, dtype)
        if start.shape is None and validate_shape and shape is None:
            raise ValueError(
                f"tf.Variable {name!r}: how many axes its first value has must be known, received {made!r}; "
                "validate_shape=False takes values of any shape"
            )
        graph.settle()  # weights of Keras that were made before stand before it in the collections
        with graph.made_of(0):  # counted below with what belongs to it
            operation = Operation(name, "Variable")
        lengths = TensorShape(shape).as_list() if shape is not None else None
        if not validate_shape and start.shape is not None:
            lengths = [None] * len(start.shape)

        def new() -> core.Variable:
            variable = core.Variable(start, trainable, operation.name, shape=lengths, symbolic=True)
            if trainings() or _step() is not None:
                # made by a layer or loss of Keras, without a session
                variable.set_value(evaluate([variable.initializer], {})[0])
            return variable

        variable = kept(new)
        self.is_resource = graphs.resources if use_resource is None else bool(use_resource)
        with graph.made_of(3 + self.is_resource + (not isinstance(made, Node))):
            self._take(variable, operation, trainable, constraint, collections)
        self.start.op.inputs = [made] if isinstance(made, Node) else []

    @classmethod
    def holding(cls, variable: core.Variable, name: str | None) -> Variable:
        """A node for a variable of the main library, such as a weight of Keras, which has a value already."""
        made = cls.__new__(cls)
        with default_graph().name_scope(None):
            operation = Operation(name, "Variable")
            made._take(variable, operation, variable.trainable, None, None)
        return made

    def _take(
        self,
        variable: core.Variable,
        operation: Operation,
        trainable: bool,
        constraint: Any,
        collections: Any,
    ) -> None:
        graph = default_graph()
        super().__init__(variable, operation)
        self.trainable = trainable
        self.constraint = constraint
        self._save_slice_info = None
        prefix, graph.name_prefix = graph.name_prefix, ""
        self.start = Tensor(variable.initializer, Operation(f"{operation.name}/initial_value", "Const"))
        self.initializer = Operation(
            f"{operation.name}/Assign",
            "Assign",
            _free_effect([(variable, variable.initializer)]),
            [self, self.start],
        )
        Tensor(after.build([variable], {"effects": (self.initializer.effect,)}), self.initializer)
        if not self.is_resource:
            self._read = Tensor(variable, Operation(f"{operation.name}/read", "Identity", inputs=[self]))
        graph.name_prefix = prefix
        keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
            keys.append(GraphKeys.TRAINABLE_VARIABLES)
        for key in keys:
            graph.add_to_collection(key, self)

    def begin_with(self, first: Any) -> None:
        """Let initialisation give this value from now on."""
        self.t.initializer = self.start.t = core.constant(np.asarray(first, self.t.dtype))
        effect = self.initializer.effect = _free_effect([(self.t, self.t.initializer)])
        self.initializer.outputs[0].t = after.build([self.t], {"effects": (effect,)})

    @property
    def initial_value(self) -> Tensor:
        """The expression that initialisation computes."""
        return self.start

    def initialized_value(self) -> Tensor:
        """The value, also while this variable is being initialised in the same run."""
        return g.wrap(g.initialized.build([self.t, self.t.initializer], {}), None, "Identity")

    def value(self) -> Tensor:
        """The value: of a variable that is no resource always the same node, where nothing is to be waited for."""
        if self._read is None or self.graph.controls():
            return g.wrap(value(self), f"{self.op.name}/read", "Identity", [self])
        return self._read

    read_value = as_tensor = value

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor:
        """A node that sets the variable and has the new value."""
        return assign(self, value)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor:
        """A node that adds to the variable and has the new value."""
        return assign_add(self, delta)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Tensor:
        """A node that subtracts from the variable and has the new value."""
        return assign_sub(self, delta)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Tensor:
        """A node that subtracts from rows."""
        return scatter_sub(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Tensor:
        """A node that adds to rows."""
        return scatter_add(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def scatter_update(self, sparse_delta: Any, use_locking: bool = False, name: Any = None) -> Tensor:
        """A node that replaces rows."""
        return scatter_update(self, sparse_delta.indices, sparse_delta.values, use_locking, name)

    def scatter_nd_add(self, indices: Any, updates: Any, name: Any = None) -> Tensor:
        """A node that adds at index vectors."""
        return scatter_nd_add(self, indices, updates, name=name)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: Any = None) -> Tensor:
        """A node that subtracts at index vectors."""
        return scatter_nd_sub(self, indices, updates, name=name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: Any = None) -> Tensor:
        """A node that replaces at index vectors."""
        return scatter_nd_update(self, indices, updates, name=name)

    def count_up_to(self, limit: int) -> Tensor:
        """A node that counts and has the number before; ``OutOfRangeError`` at ``limit``."""
        return count_up_to(self, limit)

    def load(self, value: Any, session: Any = None) -> None:
        """Set the value in a session at once."""
        g.session_for(session).load(self.t, value)

    def eval(self, session: Any = None) -> Any:  # type: ignore[override]
        """The value in the given or the default session."""
        return g.session_for(session).run(self)

    def is_initialized(self, session: Any = None) -> bool:
        """Whether the session has a value."""
        return g.session_for(session).slots[self.t].array is not None

    def set_shape(self, shape: Any) -> None:
        self.shape.assert_is_compatible_with(shape)

    def __repr__(self) -> str:
        kind = self.dtype.name if self.is_resource else f"{self.dtype.name}_ref"
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={kind}>"

    __str__ = __repr__

    def __bool__(self) -> bool:
        """True, whatever its value is: there is a variable. What is a resource has no truth while a graph is built."""
        return super().__bool__() if self.is_resource else True

    def __getitem__(self, key: Any) -> Any:
        """A part of the value, whose ``assign`` sets that part of the variable."""
        part: Any = super().__getitem__(key)
        part.assign = functools.partial(_assign_part, self, key)
        return part

    def __iter__(self) -> Iterator[Tensor]:
        raise TypeError("'Variable' object is not iterable.")

    @property
    def __len__(self) -> Any:
        raise AttributeError("a variable has no len(): its shape is variable.shape")


def _free_effect(updates: Sequence[Any]) -> Effect:
    """An effect that waits for nothing, and takes place wherever it was made."""
    graph = default_graph()
    branches, graph.branches = graph.branches, []
    try:
        with graph.control_dependencies(None):
            return Effect(updates)
    finally:
        graph.branches = branches


@inner
class RecorderOfCalls(Recorder):
    """What layers of Keras assign in calls that a graph makes; nodes that assign there are run by sessions."""


def _step() -> Recorder | None:
    """What records the step or call of Keras's own that is being made; a branch of a graph is none."""
    recorder = current_recorder()
    while isinstance(recorder, BodyRecorder):
        recorder = recorder.outer
    return recorder


@inner
def in_step_of_keras() -> bool:
    """Whether a step of Keras's own is being made, which no session runs."""
    return not isinstance(_step(), RecorderOfCalls | None)


def _assigned(ref: Variable, new: core.Tensor, name: str | None, kind: str, given: Any = None) -> Tensor:
    variable = ref.t
    new = g.cast(new, variable.dtype)
    if new.shape == () and variable.shape:
        new = broadcast_to.build([new], {"shape": variable.shape})
    recorder = current_recorder()
    if recorder is not None and in_step_of_keras():
        recorder.record(variable, new)
        return Tensor(new, Operation(name, kind))
    effect = Effect([(variable, new)])
    operation = Operation(name, kind, effect, [ref, given])
    return Tensor(after.build([variable], {"effects": (effect,)}), operation)


def assign(
    ref: Variable, value: Any, validate_shape: bool = True, use_locking: bool = False, name: Any = None
) -> Tensor:
    """Set a variable, or a part of one (``variable[key]``); the node's value is the new one of all of it."""
    if not isinstance(ref, Variable):
        if not hasattr(ref, "assign"):
            raise TypeError(f"tf.assign: expected a variable or a part of one, received {ref!r}")
        return ref.assign(value, name=name)
    new = g.value(value, ref.dtype)
    if new.shape is not None and ref.t.shape is not None and not ref.shape.is_compatible_with(new.shape):
        raise ValueError(
            f"Dimension mismatch: {ref.op.name} has shape {ref.shape}, the value {TensorShape(new.shape)}"
        )
    return _assigned(ref, new, name, "Assign", value)


def _ends(part: slice) -> list[Any]:
    """The numbers and nodes that a slice is made of."""
    return [end for end in (part.start, part.stop, part.step) if end is not None]


def _told(part: Any, ends: list[core.Tensor]) -> Any:
    """A part of an index as plain data: "?" in the place of a number that a run knows, which goes to ``ends``."""
    if isinstance(part, slice):
        return ("slice", *(_told(end, ends) for end in (part.start, part.stop, part.step)))
    if part is Ellipsis or part is None:
        return "..." if part is Ellipsis else None
    known = g.static_value(part)
    if known is not None:
        return int(known)
    ends.append(g.value(part))
    return "?"


@make_op({}, infer=lambda x, new, *ends, places: core.Spec(x.shape, x.dtype))
def _with_part(x, new, /, *ends, places):  # type: ignore[no-untyped-def]
    """x with another value in a part of it, whose ends a run knows."""
    rest = iter(ends)

    def read(place):  # type: ignore[no-untyped-def]
        if isinstance(place, tuple):
            return slice(*map(read, place[1:]))
        return int(next(rest)) if place == "?" else Ellipsis if place == "..." else place

    made = np.array(x)
    made[tuple(map(read, places))] = new
    return made


def _assign_part(ref: Variable, key: Any, value: Any, use_locking: bool = False, name: Any = None) -> Tensor:
    from thalweg.compat.tf1.math.indexing import _plain_key

    old, given = current.build([ref.t], {}), g.value(value, ref.dtype)
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(p, slice) and None in map(g.static_value, _ends(p)) for p in parts):
        ends: list[core.Tensor] = []
        places = tuple(_told(p, ends) for p in parts)
        new = _with_part.build([old, given, *ends], {"places": places})
    else:
        new = index_update(old, _plain_key(key), given)
    return _assigned(ref, new, name, "StridedSliceAssign")


def assign_add(ref: Variable, value: Any, use_locking: bool = False, name: Any = None) -> Tensor:
    """Add to a variable; the node's value is the new one."""
    return _assigned(ref, current.build([ref.t], {}) + g.value(value, ref.dtype), name, "AssignAdd", value)  # type: ignore[operator]


def assign_sub(ref: Variable, value: Any, use_locking: bool = False, name: Any = None) -> Tensor:
    """Subtract from a variable; the node's value is the new one."""
    return _assigned(ref, current.build([ref.t], {}) - g.value(value, ref.dtype), name, "AssignSub", value)  # type: ignore[operator]


@make_op({}, infer=lambda x, *, limit: x, pure=False)
def _below(x, /, limit):  # type: ignore[no-untyped-def]
    """x, which must be less than the limit."""
    if x >= limit:
        raise OutOfRangeError(f"Reached limit of {limit}")
    return x


def count_up_to(ref: Variable, limit: int, name: Any = None) -> Tensor:
    """Add 1 to a variable of one whole number; the node's value is the number before.

    At ``limit``, ``OutOfRangeError``.
    """
    before = _below.build([current.build([ref.t], {})], {"limit": int(limit)})
    effect = Effect([(ref.t, before + 1)])  # type: ignore[operator]
    operation = Operation(name, "CountUpTo", effect, [ref])
    return Tensor(after.build([ref.t], {"effects": (effect,)}) - 1, operation)  # type: ignore[operator]


def scatter_update(
    ref: Variable, indices: Any, updates: Any, use_locking: bool = True, name: Any = None
) -> Tensor:
    """Replace rows of a variable."""
    from thalweg.ops.index import index_update

    new = index_update(current.build([ref.t], {}), g.value(indices), g.value(updates, ref.dtype))
    return _assigned(ref, new, name, "ScatterUpdate")


def scatter_add(
    ref: Variable, indices: Any, updates: Any, use_locking: bool = False, name: Any = None
) -> Tensor:
    """Add to rows of a variable; equal indices add up."""
    from thalweg.ops.index import index_add

    new = index_add(current.build([ref.t], {}), g.value(indices), g.value(updates, ref.dtype))
    return _assigned(ref, new, name, "ScatterAdd")


def scatter_sub(
    ref: Variable, indices: Any, updates: Any, use_locking: bool = False, name: Any = None
) -> Tensor:
    """Subtract from rows of a variable; equal indices add up."""
    from thalweg.ops.index import index_add

    new = index_add(current.build([ref.t], {}), g.value(indices), -g.value(updates, ref.dtype))  # type: ignore[operator]
    return _assigned(ref, new, name, "ScatterSub")


def scatter_nd_update(
    ref: Variable, indices: Any, updates: Any, use_locking: bool = True, name: Any = None
) -> Tensor:
    """Replace parts of a variable at index vectors."""
    from thalweg.ops.index import index_update

    places: Any = g.value(indices)
    columns = tuple(places[..., k] for k in range(places.shape[-1]))
    new = index_update(current.build([ref.t], {}), columns, g.value(updates, ref.dtype))
    return _assigned(ref, new, name, "ScatterNdUpdate")


def _scatter(kind: str, combine: Any) -> Any:
    def apply(
        ref: Variable, indices: Any, updates: Any, use_locking: bool = False, name: Any = None
    ) -> Tensor:
        from thalweg.ops.index import index_update, take

        now, rows = current.build([ref.t], {}), g.value(indices)
        new = combine(take(now, rows, axis=0), g.value(updates, ref.dtype))
        return _assigned(ref, index_update(now, rows, new), name, kind)

    apply.__doc__ = f"{kind}: rows of a variable combined with others."
    return apply


scatter_mul = _scatter("ScatterMul", lambda a, b: a * b)
scatter_div = _scatter("ScatterDiv", lambda a, b: a / b)
scatter_min = _scatter("ScatterMin", lambda a, b: elementwise.minimum(a, b))
scatter_max = _scatter("ScatterMax", lambda a, b: elementwise.maximum(a, b))


def scatter_nd_add(
    ref: Variable, indices: Any, updates: Any, use_locking: bool = False, name: Any = None
) -> Tensor:
    """Add at index vectors."""
    from thalweg.ops.index import scatter_nd_add as added

    new = added(current.build([ref.t], {}), g.value(indices), g.value(updates, ref.dtype))
    return _assigned(ref, new, name, "ScatterNdAdd")


def scatter_nd_sub(
    ref: Variable, indices: Any, updates: Any, use_locking: bool = False, name: Any = None
) -> Tensor:
    """Subtract at index vectors."""
    from thalweg.ops.index import scatter_nd_add as added

    new = added(current.build([ref.t], {}), g.value(indices), -g.value(updates, ref.dtype))  # type: ignore[operator]
    return _assigned(ref, new, name, "ScatterNdSub")
