"""Scopes of variables and names, and sharing by name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import (
    GraphKeys,
    Node,
    Tensor,
    default_graph,
)
from thalweg.compat.tf1.types import TensorShape, as_dtype, numpy_dtype
from thalweg.compat.tf1.variables.variable import Variable


def get_local_variable(name: str, *args: Any, **options: Any) -> Variable:
    """As ``tf.get_variable``, for a variable that is neither trained nor saved."""
    given = inspect.signature(get_variable).bind(name, *args, **options).arguments
    more = [*(given.get("collections") or ()), GraphKeys.LOCAL_VARIABLES]
    return get_variable(**{**given, "trainable": False, "collections": more})


class Template:
    """A function whose calls share the variables that the first one makes; see :func:`make_template`."""

    def __init__(
        self, name: str, func: Callable[..., Any], create_scope_now: bool = False, unique_name: str | None = None,
        custom_getter: Any = None,
    ) -> None:  # fmt: skip
        if name is None:
            raise ValueError("name cannot be None.")
        self.name, self.func = name, func
        self._unique_name, self._custom_getter = unique_name, custom_getter
        self._called = False
        self.variable_scope: VariableScope | None = None
        if create_scope_now:
            short = unique_name or _unused_scope(default_graph(), get_variable_scope(), name)
            with pure_variable_scope(short, custom_getter=custom_getter) as scope:
                self.variable_scope = scope

    def __call__(self, *args: Any, **options: Any) -> Any:
        if self.variable_scope is None:
            with variable_scope(self._unique_name, self.name, custom_getter=self._custom_getter) as scope:
                self.variable_scope = scope
                return self._run(args, options)
        with variable_scope(self.variable_scope, reuse=self._called or None):
            return self._run(args, options)

    def _run(self, args: Any, options: Any) -> Any:
        trained = default_graph().get_collection_ref(GraphKeys.TRAINABLE_VARIABLES)
        before, again = len(trained), self._called
        result = self.func(*args, **options)
        self._called = True
        if again and len(trained) != before:
            raise ValueError(
                "Trainable variable created when calling a template after the first time, perhaps you used tf.Variable "
                f"when you meant tf.get_variable: {trained[before:]}"
            )
        return result

    @property
    def var_scope(self) -> VariableScope | None:
        """The variable scope, by its older name."""
        return self.variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """The name of the variable scope, with "/" at its end."""
        return None if self.variable_scope is None else f"{self.variable_scope.name.rstrip('/')}/"

    def _made(self, key: str) -> list[Any]:
        return default_graph().get_collection(key, self.variable_scope_name) if self._called else []

    @property
    def trainable_variables(self) -> list[Any]:
        """The variables of the template that are trained."""
        return self._made(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def global_variables(self) -> list[Any]:
        """The variables of the template that are saved."""
        return self._made(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Any]:
        """The variables of the template that are not saved."""
        return self._made(GraphKeys.LOCAL_VARIABLES)

    @property
    def variables(self) -> list[Any]:
        """All variables of the template."""
        return self.global_variables + self.local_variables

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The saved variables of the template that are not trained."""
        trained = {id(v) for v in self.trainable_variables}
        return [v for v in self.global_variables if id(v) not in trained]

    weights, trainable_weights, non_trainable_weights = (
        variables,
        trainable_variables,
        non_trainable_variables,
    )


def make_template(
    name_: str, func_: Any, create_scope_now_: bool = False, unique_name_: str | None = None,
    custom_getter_: Any = None, **kwargs: Any,
) -> Template:  # fmt: skip
    """A function whose calls share the variables that the first one makes, in a variable scope of its own.

    The scope is made at the first call, or at once where ``create_scope_now_``; its name is ``unique_name_``, else
    ``name_`` with a number where it is taken. The other arguments are given to every call.
    """
    func = functools.partial(func_, **kwargs) if kwargs else func_
    return Template(name_, func, create_scope_now_, unique_name_, custom_getter_)


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Any:
    """Accepted: variables stay in one piece."""
    return None


variable_axis_size_partitioner = min_max_variable_partitioner = fixed_size_partitioner


def no_regularizer(_: Any) -> None:
    """No penalty."""
    return


AUTO_REUSE = "auto_reuse"


class VariableScope:
    """A prefix for the names of ``get_variable``, whether they are shared, and defaults for them."""

    def __init__(
        self,
        reuse: Any,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = None,
        use_resource: Any = None,
        constraint: Any = None,
    ) -> None:
        self.name = name
        self.reuse = reuse
        self.custom_getter = custom_getter
        self.initializer = initializer
        self.regularizer = regularizer
        self.caching_device = caching_device
        self.partitioner = partitioner
        self.use_resource = use_resource
        self.dtype = as_dtype(dtype or "float32")
        self.constraint = constraint
        self.original_name_scope = name_scope or (f"{name}/" if name else "")

    def reuse_variables(self) -> None:
        """From here on, names stand for variables that exist."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        self.initializer = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        self.regularizer = regularizer

    def set_custom_getter(self, custom_getter: Any) -> None:
        self.custom_getter = custom_getter

    def set_dtype(self, dtype: Any) -> None:
        self.dtype = as_dtype(dtype)

    def set_partitioner(self, partitioner: Any) -> None:
        self.partitioner = partitioner

    def set_caching_device(self, caching_device: Any) -> None:
        self.caching_device = caching_device

    def set_use_resource(self, use_resource: Any) -> None:
        self.use_resource = use_resource

    def global_variables(self) -> list[Variable]:
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def trainable_variables(self) -> list[Variable]:
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def local_variables(self) -> list[Variable]:
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def get_collection(self, name: Any) -> list[Any]:
        """What of a collection is in this scope: all of it in the outermost one."""
        return default_graph().get_collection(name, self.name + "/" if self.name else None)


def get_variable_scope() -> VariableScope:
    """The open variable scope."""
    graph = default_graph()
    if graph.scope is None:
        graph.scope = VariableScope(False)
    return graph.scope


@contextmanager
def variable_scope(
    name_or_scope: Any = None,
    default_name: str | None = None,
    values: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Any = None,
    dtype: Any = None,
    use_resource: Any = None,
    constraint: Any = None,
    auxiliary_name_scope: bool = True,
) -> Iterator[VariableScope]:
    """Open a variable scope (and a name scope): a new one below the open one, or one that exists."""
    graph, outer = default_graph(), get_variable_scope()
    if isinstance(name_or_scope, VariableScope):
        name, base = name_or_scope.name, name_or_scope
    else:
        short = name_or_scope if name_or_scope is not None else _unused_scope(graph, outer, default_name)
        name, base = f"{outer.name}/{short}" if outer.name else str(short), outer
    shared = reuse or base.reuse  # a scope below shares where the one above does, whatever it is told
    scope = VariableScope(
        shared,
        name,
        initializer or base.initializer,
        regularizer or base.regularizer,
        caching_device or base.caching_device,
        partitioner or base.partitioner,
        _chained(custom_getter, base.custom_getter),
        dtype=dtype or base.dtype,
        use_resource=base.use_resource if use_resource is None else use_resource,
        constraint=constraint or base.constraint,
    )
    graph.scope = scope
    nodes_below = _name_scope(name_or_scope, default_name)
    counts, below = graph.scope_counts, f"{name}/"
    kept = dict(counts) if isinstance(name_or_scope, VariableScope) else None
    counts[name] = counts.get(name, 0) + 1
    try:
        with graph.name_scope(nodes_below) if auxiliary_name_scope and nodes_below else _nothing() as opened:
            again = isinstance(name_or_scope, VariableScope)
            scope.original_name_scope = name_or_scope.original_name_scope if again else opened or ""
            yield scope
    finally:
        graph.scope = outer
        if kept is not None:
            graph.scope_counts = kept
        else:  # the next scope of this name numbers those below it anew
            now = graph.scope_counts  # not ``counts``: a scope inside may have put another in its place
            graph.scope_counts = {key: n for key, n in now.items() if not key.startswith(below)}


@inner
def pure_variable_scope(name_or_scope: Any, reuse: Any = None, *options: Any, **named: Any) -> Any:
    """A variable scope that opens no name scope."""
    names = (
        "initializer",
        "regularizer",
        "caching_device",
        "partitioner",
        "custom_getter",
        "old_name_scope",
        "dtype",
    )
    named.update(zip(names, options))
    named.pop("old_name_scope", None)
    return variable_scope(name_or_scope, reuse=reuse, auxiliary_name_scope=False, **named)


@contextmanager
def variable_creator_scope(variable_creator: Callable[..., Variable]) -> Iterator[None]:
    """Inside, variables are made by ``variable_creator(next_creator, **arguments)``; the innermost is asked first."""
    creators = default_graph().variable_creators
    creators.append(variable_creator)
    try:
        yield
    finally:
        creators.remove(variable_creator)


def _name_scope(name_or_scope: Any, default_name: str | None) -> str:
    """The name scope that a variable scope opens: the whole name given, the last part of a scope entered again."""
    if isinstance(name_or_scope, VariableScope):
        return name_or_scope.name.rsplit("/", 1)[-1]
    return str(default_name if name_or_scope is None else name_or_scope)


def _chained(getter: Any, outer: Any) -> Any:
    """A custom getter around the one of the scope outside."""
    if getter is None or outer is None:
        return getter or outer
    return lambda inner, *args, **options: getter(functools.partial(outer, inner), *args, **options)


@contextmanager
def _nothing() -> Iterator[str]:
    yield ""


def _unused_scope(graph: g.Graph, outer: VariableScope, default_name: str | None) -> str:
    if default_name is None:
        raise TypeError("If default_name is None then name_or_scope is required")
    prefix = f"{outer.name}/" if outer.name else ""
    short, k = default_name, 0
    while graph.scope_counts.get(prefix + short, 0):
        k += 1
        short = f"{default_name}_{k}"
    return short


@contextmanager
def variable_op_scope(
    values: Any, name_or_scope: Any, default_name: str | None = None, **options: Any
) -> Iterator[Any]:
    """The older spelling of :func:`variable_scope`."""
    with variable_scope(name_or_scope, default_name, **options) as scope:
        yield scope


@contextmanager
def name_scope(name: str | None, default_name: str | None = None, values: Any = None) -> Iterator[str]:
    """A prefix for the names of nodes."""
    with default_graph().name_scope(name if name is not None else default_name) as opened:
        yield opened


@contextmanager
def op_scope(values: Any, name: str | None, default_name: str | None = None) -> Iterator[str]:
    """The older spelling of :func:`name_scope`."""
    with name_scope(name, default_name) as opened:
        yield opened


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Callable[[Tensor], Any] | None = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: Any = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Variable:
    """The variable of that name in the open scope: a new one, or where the scope shares, the one that exists."""
    scope = get_variable_scope()
    full = f"{scope.name}/{name}" if scope.name else name
    is_value = initializer is not None and not callable(initializer) and not isinstance(initializer, Node)
    if dtype is not None and is_value:
        initializer = g.as_array(initializer).astype(numpy_dtype(dtype))
    getter = custom_getter or scope.custom_getter
    if getter is None:
        return _got(
            full, shape, dtype, initializer, regularizer, trainable, collections, validate_shape, constraint,
            use_resource=use_resource,
        )  # fmt: skip
    given = {
        "name": full,
        "shape": shape,
        "dtype": as_dtype(dtype or scope.dtype),
        "initializer": initializer if initializer is not None else scope.initializer,
        "regularizer": regularizer or scope.regularizer,
        "reuse": scope.reuse,
        "trainable": trainable,
        "collections": collections,
        "caching_device": caching_device or scope.caching_device,
        "partitioner": partitioner or scope.partitioner,
        "validate_shape": validate_shape,
        "use_resource": scope.use_resource if use_resource is None else use_resource,
        "synchronization": synchronization,
        "aggregation": aggregation,
        "constraint": constraint or scope.constraint,
    }
    # The later ones came one after another: getters of an older TensorFlow do not take them.
    taken = _parameters(getter)
    given = {k: v for k, v in given.items() if k not in _LATER or k in taken or None in taken}
    with _outside_name_scopes():
        return getter(_got, **given)


_LATER = ("use_resource", "synchronization", "aggregation", "constraint")


def _parameters(fn: Callable[..., Any]) -> set[str | None]:
    """What a function takes by name; None among them where it takes any name."""
    try:
        found = inspect.signature(fn).parameters.values()
    except ValueError:  # a class or a built-in that does not say
        return set()
    return {None if p.kind is p.VAR_KEYWORD else p.name for p in found}


@contextmanager
def _outside_name_scopes() -> Iterator[None]:
    """Inside, the names of nodes begin anew: what belongs to a variable is named after it alone."""
    graph = default_graph()
    saved, graph.name_prefix = graph.name_prefix, ""
    try:
        yield
    finally:
        graph.name_prefix = saved


def _got(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    validate_shape: bool = True,
    constraint: Any = None,
    *,
    reuse: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    use_resource: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Variable:
    """The variable of a full name; what custom getters call."""
    graph, scope, full = default_graph(), get_variable_scope(), name
    found = graph.variables.get(full)
    if found is not None:
        return _shared(found, full, scope, shape)
    if scope.reuse is True:
        raise ValueError(
            f"Variable {full} does not exist, or was not created with tf.get_variable(). "
            "Did you mean to set reuse=None or reuse=tf.AUTO_REUSE in VarScope?"
        )
    wanted = dtype or scope.dtype
    start = _first_value(full, shape, wanted, initializer if initializer is not None else scope.initializer)
    with _outside_name_scopes():
        made = Variable(
            start,
            trainable,
            collections,
            validate_shape,
            name=full,
            constraint=constraint or scope.constraint,
            use_resource=scope.use_resource if use_resource is None else use_resource,
        )
    graph.variables[full] = made
    penalty = regularizer or scope.regularizer
    if penalty is not None:
        with graph.name_scope(f"{full}/Regularizer/"):
            loss = penalty(made)
        if loss is not None:
            graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)
    return made


def _shared(found: Variable, full: str, scope: VariableScope, shape: Any) -> Variable:
    if not scope.reuse:
        raise ValueError(
            f"Variable {full} already exists, disallowed. "
            "Did you mean to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?"
        )
    if shape is not None and not found.shape.is_compatible_with(_lengths(shape)):
        raise ValueError(
            f"Trying to share variable {full}, but specified shape {TensorShape(_lengths(shape))} "
            f"and found shape {found.shape}."
        )
    return found


def _lengths(shape: Any) -> TensorShape:
    static = g.static_value(shape)
    return TensorShape(
        shape if static is None or isinstance(shape, TensorShape) else static.reshape(-1).tolist()
    )


def _first_value(full: str, shape: Any, wanted: Any, initializer: Any) -> Any:
    """The initial value: what the initializer makes of the shape, or the initializer itself where it is a value."""
    from thalweg.compat.tf1.initializers import glorot_uniform_initializer, zeros_initializer

    if initializer is None:
        initializer = glorot_uniform_initializer() if as_dtype(wanted).is_floating else zeros_initializer()
    if isinstance(initializer, type):
        initializer = initializer()
    if isinstance(initializer, Node):
        return initializer
    if not callable(initializer):
        return g.as_array(initializer)
    if shape is None:
        with default_graph().name_scope(f"{full}/Initializer/"):
            return initializer()
    lengths = _lengths(shape)
    if not lengths.is_fully_defined():
        raise ValueError(
            f"Shape of a new variable ({full}) must be fully defined, but instead was {lengths}."
        )
    graph = default_graph()
    with graph.control_dependencies(None), graph.name_scope(f"{full}/Initializer/"):
        asked = {"partition_info": None} if "partition_info" in _parameters(initializer) else {}
        made = initializer(lengths.as_list(), dtype=as_dtype(wanted), **asked)
    return made if isinstance(made, Node) else g.as_array(made, wanted)
