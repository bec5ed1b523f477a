"""``tf.contrib.graph_editor``: expressions anew with parts replaced, and walks over the operations of a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import nest
from thalweg.compat.tf1.graph import Operation, Tensor
from thalweg.graph.walk import rebuild, remake


def graph_replace(
    target_ts: Any,
    replacement_ts: Mapping[Any, Any],
    dst_scope: str = "",
    src_scope: str = "",
    reuse_dst_scope: bool = False,
) -> Any:
    """The targets (nested as they come) computed anew, with tensors and variables replaced by others."""
    targets = [g.node_of(t) for t in nest.flatten(target_ts)]
    new = {g.node_of(old).t: g.value(g.convert_to_tensor(made)) for old, made in replacement_ts.items()}
    found = rebuild([g.value(t) for t in targets], new, remake)
    made = [
        g.wrap(t, f"{dst_scope}{old.op.name}", old.op.type, old.op.inputs) for old, t in zip(targets, found)
    ]
    return nest.pack_sequence_as(target_ts, made) if nest.is_nested(target_ts) else made[0]


def _operations(things: Any) -> list[Operation]:
    listed = things if isinstance(things, (list, tuple, set, frozenset)) else [things]
    return [thing if isinstance(thing, Operation) else g.node_of(thing).op for thing in listed]


def _walk(starts: Any, inclusive: bool, within: Any, after: Any) -> list[Operation]:
    begun = _operations(starts)
    allowed = None if within is None else set(_operations(within))
    found: dict[Operation, None] = {}
    waiting = list(begun)
    while waiting:
        op = waiting.pop(0)
        if op in found or (allowed is not None and op not in allowed):
            continue
        found[op] = None
        waiting += after(op)
    return [op for op in found if inclusive or op not in begun]


def get_backward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Any = None,
    stop_at_ts: Any = (),
    control_inputs: bool = False,
) -> list[Operation]:
    """The operations on which others depend; the walk ends at ``stop_at_ts``."""
    ends = set(stop_at_ts)

    def before(op: Operation) -> list[Operation]:
        inputs = [t.op for t in op.inputs if t not in ends]
        return [*inputs, *(op.control_inputs if control_inputs else ())]

    return _allowed(_walk(seed_ops, inclusive, within_ops, before), within_ops_fn)


def get_forward_walk_ops(
    seed_ops: Any,
    inclusive: bool = True,
    within_ops: Any = None,
    within_ops_fn: Any = None,
    stop_at_ts: Any = (),
    control_outputs: Any = None,
) -> list[Operation]:
    """The operations that depend on others; the walk ends at ``stop_at_ts``."""
    ends = set(stop_at_ts)

    def after(op: Operation) -> list[Operation]:
        return [reader for t in op.outputs if t not in ends for reader in t.consumers()]

    return _allowed(_walk(seed_ops, inclusive, within_ops, after), within_ops_fn)


def _allowed(found: list[Operation], asked: Any) -> list[Operation]:
    return found if asked is None else [op for op in found if asked(op)]


def get_walks_intersection_ops(forward_seed_ops: Any, backward_seed_ops: Any, **how: Any) -> list[Operation]:
    """The operations that depend on some and on which others depend."""
    back = set(get_backward_walk_ops(backward_seed_ops, **how))
    return [op for op in get_forward_walk_ops(forward_seed_ops, **how) if op in back]


def filter_ops_from_regex(ops: Any, regex: Any) -> list[Operation]:
    """The operations whose name a regular expression finds something in."""
    return [op for op in _all(ops) if re.search(regex, op.name)]


def filter_ts_from_regex(ops: Any, regex: Any) -> list[Tensor]:
    """The tensors of operations whose name a regular expression finds something in."""
    return [t for op in _all(ops) for t in op.outputs if re.search(regex, t.name)]


def get_tensors(graph: Any) -> list[Tensor]:
    """All tensors of a graph."""
    return [t for op in _all(graph) for t in op.outputs]


def _all(ops: Any) -> Iterable[Operation]:
    return ops.get_operations() if isinstance(ops, g.Graph) else _operations(ops)


graph_editor = Namespace(
    "tf.contrib.graph_editor",
    graph_replace=graph_replace,
    get_backward_walk_ops=get_backward_walk_ops,
    get_forward_walk_ops=get_forward_walk_ops,
    get_walks_intersection_ops=get_walks_intersection_ops,
    filter_ops_from_regex=filter_ops_from_regex,
    filter_ts_from_regex=filter_ts_from_regex,
    get_tensors=get_tensors,
)
