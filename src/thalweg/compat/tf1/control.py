"""TensorFlow 1's control flow: groups, choices and loops as nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Effect, Operation, Tensor, default_graph, effects_of, value, wrap
from thalweg.compat.tf1.math.joining import reverse
from thalweg.compat.tf1.structures import inside, map_structure, to_core, to_nodes, without_order
from thalweg.graph import tensor as core
from thalweg.ops import control


def group(*inputs: Any, name: str | None = None, **options: Any) -> Operation:
    """An operation that does all that its inputs do."""
    return Operation(name or "group_deps", "NoOp", Effect(deps=effects_of(list(inputs))), list(inputs))


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
    """What ``true_fn()`` or ``false_fn()`` gives, by the truth of a scalar; a branch's assignments go with it."""
    true_fn, false_fn = true_fn or fn1, false_fn or fn2
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    test = g.truth(pred)
    branches = []
    for wanted, fn in ((True, true_fn), (False, false_fn)):
        branches.append(_Branch(test, wanted, fn))
    made = control.cond(test, branches[0].build, branches[1].build)
    effects = [e for branch in branches for e in branch.effects]
    return _result(made, effects, branches, name)


class _Branch:
    """One branch: its result without order, and the effects made in it, which its predicate guards."""

    def __init__(self, test: core.Tensor, wanted: bool, fn: Callable[[], Any]) -> None:
        self.test, self.wanted, self.fn = test, wanted, fn
        self.effects: list[Effect] = []
        self.is_operation = False

    def build(self) -> Any:
        """The branch's expressions."""
        graph = default_graph()
        made: list[Effect] = []
        graph.branches.append(made)
        try:
            with inside():
                result = self.fn()
        finally:
            graph.branches.remove(made)
        for effect in made:
            effect.guard.append((self.test, self.wanted))
        if result is None or isinstance(result, Operation):
            self.is_operation = True
            self.effects = effects_of([result] if result is not None else [])
            return g.core.constant(self.wanted)
        self.effects = made
        return map_structure(self._plain, result)

    def _plain(self, leaf: Any) -> core.Tensor:
        if isinstance(leaf, Operation):
            self.effects += effects_of(leaf)
            return core.constant(self.wanted)
        return without_order(value(leaf))


def _result(made: Any, effects: list[Effect], branches: Sequence[_Branch], name: str | None) -> Any:
    effects = list(dict.fromkeys(effects))
    if all(branch.is_operation for branch in branches):
        return Operation(name, "Merge", Effect(deps=effects))

    def node(t: core.Tensor) -> Tensor:
        if not effects:
            return wrap(t, name, "Merge")
        operation = Operation(name, "Merge", Effect(deps=effects))
        return Tensor(g.after.build([t], {"effects": tuple(effects)}), operation)

    return map_structure(node, made)


def case(
    pred_fn_pairs: Any,
    default: Any = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str | None = None,
) -> Any:
    """What the first function gives whose predicate holds, else ``default()``."""
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, Mapping) else list(pred_fn_pairs)
    if not pairs:
        return default()
    predicate, fn = pairs[0]
    if len(pairs) == 1 and default is None:
        return fn()
    return cond(predicate, fn, lambda: case(pairs[1:], default))


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
    """``loop_vars = body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds."""
    start = to_core(list(loop_vars))
    for k, loosened in enumerate(shape_invariants or ()):
        if isinstance(start[k], core.Tensor) and loosened is not None:
            start[k] = g.shaped_as(start[k], tuple(g.TensorShape(loosened).as_list()))

    def test(*parts: Any) -> core.Tensor:
        with inside():
            return without_order(value(cond(*to_nodes(list(parts), "LoopVar"))))

    def step(*parts: Any) -> Any:
        with inside():
            made = body(*to_nodes(list(parts), "LoopVar"))
        made = list(made) if isinstance(made, (list, tuple)) and len(parts) > 1 else made
        if not isinstance(made, list):
            made = list(made) if isinstance(made, (list, tuple)) else [made]
        return [_like(a, map_structure(without_order, to_core(b))) for a, b in zip(parts, made, strict=True)]

    limit = None if maximum_iterations is None else g.static_int(maximum_iterations, "maximum_iterations")
    made = control.while_loop(test, step, start, limit)
    result = to_nodes(list(made), "Exit")
    return result[0] if len(result) == 1 and not return_same_structure else result


def _like(before: Any, after: Any) -> Any:
    """The new value in the dtype of the old one (Python numbers have none of their own)."""
    if isinstance(before, core.Tensor) and isinstance(after, core.Tensor):
        return g.cast(after, before.dtype)
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

    def step(x: Any) -> Any:
        with inside():
            return map_structure(without_order, to_core(fn(to_nodes(x, "Element"))))

    return to_nodes(control.map_fn(step, to_core(elems)), "map")


def _folded(fn: Callable[..., Any]) -> Callable[..., Any]:
    def step(carry: Any, x: Any) -> Any:
        with inside():
            made = fn(to_nodes(carry, "Carry"), to_nodes(x, "Element"))
        return map_structure(without_order, to_core(made))

    return step


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
    return to_nodes(control.foldl(_folded(fn), to_core(elems), start), "foldl")


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
    xs, step = to_core(elems), _folded(fn)
    if initializer is None:  # the first element is the first value
        from thalweg.ops.shape import concat, expand_dims

        first = xs[0]
        rest = control.scan(lambda a, x: ((made := step(a, x)), made), first, xs[1:])[1]
        return wrap(concat([expand_dims(first, 0), rest], axis=0), name, "scan")

    def both(carry: Any, x: Any) -> Any:
        made = step(carry, x)
        made = [_like(a, b) for a, b in zip(carry, made, strict=True)] if isinstance(carry, list) else made
        return made, made

    return to_nodes(control.scan(both, to_core(initializer), xs, reverse=reverse)[1], "scan")


def foldr(fn: Callable[..., Any], elems: Any, initializer: Any = None, **options: Any) -> Any:
    """As ``tf.foldl``, from the last element on."""
    return foldl(fn, map_structure(lambda x: reverse(x, [0]), elems), initializer, **options)
