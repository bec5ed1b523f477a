"""``tf.contrib.layers``' helpers: outputs collected under the names of their scopes, and pairs of numbers."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import control, variables
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.contrib.scopes import add_arg_scope
from thalweg.compat.tf1.graph import GraphKeys, default_graph
from thalweg.compat.tf1.types import as_tuple


def collect_named_outputs(collections: Any, alias: str, outputs: Any) -> Any:
    """The outputs, put into collections under a name."""
    if collections:
        outputs.aliases = [*getattr(outputs, "aliases", ()), alias]
        for key in [collections] if isinstance(collections, str) else collections:
            default_graph().add_to_collection(key, outputs)
    return outputs


def convert_collection_to_dict(collection: Any, clear_collection: bool = False) -> dict[str, Any]:
    """What is in a collection, by the names under which it was put there."""
    held = default_graph().get_collection_ref(collection)
    found = {alias: x for x in held for alias in getattr(x, "aliases", None) or [x.op.name]}
    if clear_collection:
        held.clear()
    return found


def scope_name() -> str:
    """The open name scope."""
    return default_graph().name_prefix.rstrip("/")


@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Any:
    """``tf.get_variable``, with a place for a device before the partitioner."""
    return variables.get_variable(
        name, shape, dtype, initializer, regularizer, trainable, collections or [GraphKeys.GLOBAL_VARIABLES],
        use_resource=use_resource, custom_getter=custom_getter,
    )  # fmt: skip


@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    use_resource: Any = None,
    synchronization: Any = None,
    aggregation: Any = None,
) -> Any:
    """``tf.get_variable`` for a part of the model; ``collections``: more of them, for all or by name."""
    more = collections.get(name) if isinstance(collections, dict) else collections
    keys = [GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    keys += [more] if isinstance(more, str) else list(more or ())
    return variables.get_variable(
        name, shape, dtype, initializer, regularizer, trainable, keys, custom_getter=custom_getter
    )


def last_dimension(shape: Any, min_rank: int = 1) -> int:
    """The last length."""
    if shape.ndims is None or shape.ndims < min_rank or shape[-1].value is None:
        raise ValueError(f"the last dimension of {shape} must be known, of {min_rank} axes at least")
    return shape[-1].value


def two_element_tuple(int_or_tuple: Any) -> tuple[int, ...]:
    """One number for both axes, or two."""
    return as_tuple(int_or_tuple, 2)


def smart_cond(
    pred: Any,
    fn1: Any = None,
    fn2: Any = None,
    name: str | None = None,
    *,
    true_fn: Any = None,
    false_fn: Any = None,
) -> Any:
    """One function or the other; at once where the condition is known."""
    fn1, fn2, known = true_fn or fn1, false_fn or fn2, g.static_value(pred)
    return control.cond(pred, fn1, fn2, name=name) if known is None else (fn1() if known else fn2())


static_cond = smart_cond


def constant_value(value_or_tensor_or_var: Any, dtype: Any = None) -> Any:
    """The value, where it is known when the graph is built."""
    return g.static_value(value_or_tensor_or_var)
