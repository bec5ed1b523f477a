"""TensorFlow 1's control flow: groups, choices and loops as nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, Node, Operation, Tensor, default_graph, effects_of, value, wrap
from thalweg.compat.tf1.math import creation
from thalweg.compat.tf1.math.creation import placeholder
from thalweg.compat.tf1.math.indexing import gather
from thalweg.compat.tf1.math.joining import reverse
from thalweg.compat.tf1.math.shapes import shape
from thalweg.compat.tf1.structures import (
    Iteration,
    assignments,
    inside,
    map_structure,
    node_after,
    to_core,
    to_nodes,
)
from thalweg.compat.tf1.tensor_array import TensorArray, filled_in
from thalweg.graph import tensor as core
from thalweg.ops import control, draws
from thalweg.ops import scan as core_scan


def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation that does all that its inputs do."""
    parts = default_graph().awaited(inputs, "group")
    made = Operation(name or "group_deps", "NoOp", Effect(deps=effects_of(parts)), parts)
    made.control_inputs = [x for x in parts if isinstance(x, Operation)]
    return made


def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing (after its control dependencies)."""
    return Operation(name, "NoOp", Effect())


def tuple_(tensors: Sequence[Any], name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """The tensors, each available once all of them (and the control inputs) have been computed."""
    effects = tuple(effects_of([t for t in tensors if t is not None] + list(control_inputs or ())))
    return [
        None if t is None else wrap(g.after.build([value(t)], {"effects": effects}), name, "tuple", [t])
        for t in tensors
    ]


def control_dependencies(control_inputs: Any) -> Any:
    """Inside, new nodes wait for the given operations and tensors."""
    return default_graph().control_dependencies(control_inputs)


def init_scope() -> Any:
    """Inside, nodes wait for nothing, as those do by which variables begin."""
    return default_graph().control_dependencies(None)


# --- structures -----------------------------------------------------------------------------------------------------


# --- choice ---------------------------------------------------------------------------------------------------------


def cond(
    pred: Any,
    true_fn: Any = None,
    false_fn: Any = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Any = None,
    fn2: Any = None,
) -> Any:
    """What ``true_fn()`` or ``false_fn()`` gives, by the truth of a scalar; a branch's assignments go with it.

    Where they give operations, the truth, once the operations have taken place.
    """
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    test = g.truth(pred)
    branches = []
    for wanted, fn in ((True, true_fn), (False, false_fn)):
        branches.append(_Branch(test, wanted, fn))
    with default_graph().name_scope(name or "cond"):
        made = control.cond(test, branches[0].build, branches[1].build)
        effects = [e for branch in branches for e in branch.effects]
        return map_structure(lambda t: node_after(t, None, "Merge", list(dict.fromkeys(effects))), made)


class _Branch:
    """One branch: its result without order, and the effects made in it, which its predicate guards."""

    def __init__(self, test: core.Tensor, wanted: bool, fn: Callable[[], Any]) -> None:
        self.test, self.wanted, self.fn = test, wanted, fn
        self.effects: list[Effect] = []

    def build(self) -> Any:
        """The branch's expressions."""
        graph = default_graph()
        made: list[Effect] = []
        graph.branches.append(made)
        # In a loop a session cannot ask for the predicate.
        guards = [] if draws.in_loop() else [(wrap(self.test, None, "pred_id"), self.wanted)]
        graph.guards += guards
        try:
            with inside(loop=False) as self.body:
                result = self.fn()
        finally:
            graph.branches.pop()
            del graph.guards[len(graph.guards) - len(guards) :]
        for effect in made:
            effect.guard.append((self.test, self.wanted))
            if effect.actor is not None:
                test = guards[0][0] if guards else wrap(self.test, None, "pred_id")
                effect.actor = _Guarded(effect.actor, test, self.wanted)
        if result is None or isinstance(result, Operation):
            self.effects = effects_of([result] if result is not None else [])
            return g.core.constant(self.wanted)
        self.effects = made
        return map_structure(self._plain, result)

    def _plain(self, leaf: Any) -> core.Tensor:
        if isinstance(leaf, Operation):
            self.effects += effects_of(leaf)
            return core.constant(self.wanted)
        expression = value(leaf)
        self.effects += self.body.from_before(expression)
        return self.body.plain(expression)


class _Guarded:
    """What a branch has a session do, where its predicate is as wanted."""

    def __init__(self, actor: Any, test: Tensor, wanted: bool) -> None:
        self.actor, self.test, self.wanted = actor, test, wanted

    def act(self, session: Any, fed: Any) -> None:
        """Do it in the branch that is taken."""
        if bool(session.run(self.test, {k: v for k, v in fed.items() if isinstance(k, Node)})) == self.wanted:
            self.actor.act(session, fed)


def case(
    pred_fn_pairs: Any,
    default: Any = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str | None = None,
) -> Any:
    """What the first function gives whose predicate holds, else ``default()``."""
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, Mapping) else list(pred_fn_pairs)
    with default_graph().name_scope(name or "case"):
        return _first_of(pairs, default)


def _first_of(pairs: Sequence[Any], default: Any) -> Any:
    if not pairs:
        return default()
    predicate, fn = pairs[0]
    if len(pairs) == 1 and default is None:
        return fn()
    return cond(predicate, fn, lambda: _first_of(pairs[1:], default))


# --- loops ----------------------------------------------------------------------------------------------------------


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
    maximum_iterations: Any = None,
    return_same_structure: bool = False,
) -> Any:
    """``loop_vars = body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds.

    Variables that the body assigns go round with the loop, which assigns them in the end.
    """
    with default_graph().name_scope(name or "while"):
        return _looped(cond, body, loop_vars, shape_invariants, maximum_iterations, return_same_structure)


def _looped(
    cond: Any,
    body: Any,
    loop_vars: Any,
    shape_invariants: Any,
    maximum_iterations: Any,
    return_same_structure: bool,
) -> Any:
    shown = [_numbers_as_nodes(v) for v in loop_vars]
    starts: list[Any] = []  # of the arrays among the variables
    start = map_structure(lambda leaf: _entering(leaf, starts), shown)
    for k, loosened in enumerate(shape_invariants or ()):
        start[k] = _loosened(start[k], loosened)
    seen: list[core.Tensor] = []  # the variables inside
    kinds: list[Callable[..., Any]] = [list]  # of what the body gives, which is also what comes out
    given: dict[core.Variable, core.Tensor] = {}
    turns: list[Iteration] = []

    def nodes(parts: Sequence[Any]) -> list[Any]:
        seen[:] = _leaves(list(parts))
        leaves, begun = iter(seen), iter(starts)
        return map_structure(lambda leaf: _inside_of(leaf, next(leaves), begun), shown)

    def test(*parts: Any) -> core.Tensor:
        with inside(given=given) as within:
            made = g.truth(cond(*nodes(parts)))
        return within.plain(made)

    def step(*parts: Any) -> Any:
        with inside(given=given) as within:
            made = body(*nodes(parts))
        kinds.append(tuple if type(made) is tuple else list)
        made = list(made) if isinstance(made, (list, tuple)) else [made]
        made = map_structure(_leaving, made)
        turns.append(Iteration(within))
        ends = iter(turns[-1].results(_leaves(made)))
        made = map_structure(lambda leaf: next(ends), made)
        return [_like(a, b) for a, b in zip(parts, made, strict=True)]

    limit = None if maximum_iterations is None else g.static_int(maximum_iterations, "maximum_iterations")
    everything = list(control.while_loop(test, step, start, limit))
    left = turns[-1].ends()
    found = filled_in([*_leaves(everything), *left.values()], starts, seen, _leaves(start))
    last = assignments(dict(zip(left, found[len(seen) :], strict=True)))
    ends, arrays = iter(found), iter(starts)
    result = map_structure(lambda leaf: _exit(leaf, next(ends), arrays, last), shown)
    return result[0] if len(result) == 1 and not return_same_structure else kinds[-1](result)


def _loosened(part: Any, invariant: Any) -> Any:
    """The start of a loop variable with the shape that it keeps in the loop; invariants are nested as variables are."""
    if invariant is None:
        return part
    if isinstance(part, core.Tensor):
        return part if part.shape is None else g.shaped_as(part, tuple(g.TensorShape(invariant).as_list()))
    if isinstance(part, Mapping):
        kind: Any = type(part)
        return kind((key, _loosened(below, invariant[key])) for key, below in part.items())
    if isinstance(part, (list, tuple)):
        parts = [_loosened(below, told) for below, told in zip(part, invariant, strict=True)]
        return type(part)(*parts) if hasattr(part, "_fields") else type(part)(parts)
    return part


def _leaves(tree: Any) -> list[Any]:
    found: list[Any] = []
    map_structure(found.append, tree)
    return found


def _numbers_as_nodes(tree: Any) -> Any:
    """The structure with constants in the place of numbers and arrays."""
    if type(tree) in (list, tuple):
        return type(tree)(map(_numbers_as_nodes, tree))
    return g.constant(tree) if isinstance(tree, (bool, int, float, np.generic, np.ndarray)) else tree


def _entering(leaf: Any, starts: list[Any]) -> core.Tensor:
    """The expression with which a variable of a loop begins."""
    if not isinstance(leaf, TensorArray):
        return value(leaf)
    begun = leaf.entering()
    starts.append(begun)
    return begun if isinstance(begun, core.Tensor) else begun.leaf


def _inside_of(leaf: Any, part: core.Tensor, starts: Any) -> Any:
    """What the functions of a loop get for a variable."""
    if not isinstance(leaf, TensorArray):
        return wrap(part, None, "LoopVar")
    begun = next(starts)
    return leaf.inside(part, None if isinstance(begun, core.Tensor) else begun)


def _leaving(leaf: Any) -> core.Tensor:
    return leaf.leaving() if isinstance(leaf, TensorArray) else value(leaf)


def _exit(leaf: Any, made: core.Tensor, arrays: Any, effects: list[Effect]) -> Any:
    """What a variable of a loop is after it, and after what the loop assigned."""
    if not isinstance(leaf, TensorArray):
        return node_after(made, None, "Exit", effects)
    return leaf.inside(g.after.build([made], {"effects": tuple(effects)}) if effects else made, None)


def _like(before: Any, after: Any) -> Any:
    """The new value in the dtype of the old one (Python numbers have none of their own), in its structure."""
    if isinstance(before, core.Tensor) and isinstance(after, core.Tensor):
        return g.cast(after, before.dtype)
    if isinstance(before, (list, tuple)) and isinstance(after, (list, tuple)) and len(before) == len(after):
        parts = [_like(a, b) for a, b in zip(before, after, strict=True)]
        return type(before)(*parts) if hasattr(before, "_fields") else type(before)(parts)
    return after


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: Any = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: Any = None,
) -> Any:
    """``fn`` of each element along the first axis, stacked."""
    if _is_text(dtype) or any(isinstance(x, g.HostTensor) for x in _leaves(elems)):
        return _mapped_by_host(fn, elems, name)

    turns: list[Iteration] = []
    found = core_scan.map_fn(_step(lambda x: fn(to_nodes(x, "Element")), turns), to_core(elems))
    return to_nodes(found, "map", turns[-1].assigned())


def _step(fn: Callable[..., Any], turns: list[Iteration]) -> Callable[..., Any]:
    """A function that makes nodes as the body of a loop, which is noted."""

    def step(*parts: Any) -> Any:
        with inside() as body:
            made = to_core(fn(*parts))
            turns.append(Iteration(body))
            ends = iter(turns[-1].results(_leaves(made)))
            return map_structure(lambda leaf: next(ends), made)

    return step


def vectorized_map(fn: Callable[[Any], Any], elems: Any, fallback_to_while_loop: bool = True) -> Any:
    """``fn`` of each element along the first axis, stacked; gradients inside reach what the elements were made of."""
    parts = map_structure(g.convert_to_tensor, elems)
    count = shape(_leaves(parts)[0])[0]
    return map_fn(lambda i: fn(map_structure(lambda x: gather(x, i), parts)), creation.range(count))


class CriticalSection:
    """Functions of which one at a time runs; a run of a session does one thing after another anyway."""

    def __init__(
        self,
        name: str | None = None,
        shared_name: str | None = None,
        critical_section_def: Any = None,
        import_scope: Any = None,
    ) -> None:
        self.name = name or shared_name or "critical_section"

    def execute(
        self, fn: Callable[[], Any], exclusive_resource_access: bool = True, name: str | None = None
    ) -> Any:
        """What ``fn()`` makes."""
        return fn()


def _is_text(dtype: Any) -> bool:
    return dtype is not None and not isinstance(dtype, (list, tuple)) and g.as_dtype(dtype) == g.string


class _HostMap:
    """A function of texts, or with texts as its result, of each row: one run for each."""

    def __init__(self, rows: Sequence[Tensor], places: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        self.rows, self.places, self.results = list(rows), list(places), list(results)

    def pull(self, session: Any, fed: Any) -> list[Any]:
        given = session.run(self.rows, {k: v for k, v in fed.items() if isinstance(k, Node)})
        made = []
        for row in zip(*given, strict=True):
            with session.one_moment(fresh=True):
                made.append(session.run(self.results, dict(zip(self.places, row, strict=True))))
        columns = list(zip(*made, strict=True))
        return [_column(c, r) for c, r in zip(columns, self.results, strict=True)]


def _column(values: Sequence[Any], node: Tensor) -> np.ndarray:
    if not isinstance(node, g.HostTensor):
        return np.stack(values)
    made = np.empty(len(values), object)
    made[:] = values
    return made


def _mapped_by_host(fn: Callable[[Any], Any], elems: Any, name: str | None) -> Any:
    rows = _leaves(map_structure(g.convert_to_tensor, elems))
    places = [placeholder(x.dtype, x.get_shape()[1:] if x.get_shape().ndims else None) for x in rows]
    parts = iter(places)
    result = fn(map_structure(lambda _: next(parts), elems))
    results = _leaves(result)
    length = rows[0].get_shape()[0].value if rows[0].get_shape().ndims else None
    specs = []
    for x in results:
        shape = x.get_shape()
        specs.append((x.dtype, None if shape.ndims is None else [length, *shape.as_list()]))
    made = g.source_nodes(_HostMap(rows, places, results), specs, Operation(name, "map"))
    parts = iter(made)
    return map_structure(lambda _: next(parts), result)


def _folded(fn: Callable[..., Any], turns: list[Iteration]) -> Callable[..., Any]:
    return _step(lambda carry, x: fn(to_nodes(carry, "Carry"), to_nodes(x, "Element")), turns)


def foldl(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: Any = None,
) -> Any:
    """``a = fn(a, x)`` for each x along the first axis."""
    start = None if initializer is None else to_core(initializer)
    turns: list[Iteration] = []
    found = core_scan.foldl(_folded(fn, turns), to_core(elems), start)
    return to_nodes(found, "foldl", turns[-1].assigned())


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: Any = None,
) -> Any:
    """All values of ``a = fn(a, x)`` for each x along the first axis, stacked."""
    turns: list[Iteration] = []
    xs, step = to_core(elems), _folded(fn, turns)
    if initializer is None:  # the first element is the first value
        from thalweg.ops.joining import concat
        from thalweg.ops.shape import expand_dims

        first = xs[0]
        rest = core_scan.scan(lambda a, x: ((made := step(a, x)), made), first, xs[1:])[1]
        return node_after(concat([expand_dims(first, 0), rest], axis=0), name, "scan", turns[-1].assigned())

    def both(carry: Any, x: Any) -> Any:
        made = step(carry, x)
        made = [_like(a, b) for a, b in zip(carry, made, strict=True)] if isinstance(carry, list) else made
        return made, made

    found = core_scan.scan(both, to_core(initializer), xs, reverse=reverse)[1]
    return to_nodes(found, "scan", turns[-1].assigned())


def foldr(fn: Callable[..., Any], elems: Any, initializer: Any = None, **options: Any) -> Any:
    """As ``tf.foldl``, from the last element on."""
    return foldl(fn, map_structure(lambda x: reverse(x, [0]), elems), initializer, **options)
