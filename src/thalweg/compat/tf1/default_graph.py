"""Functions of the default graph: its collections, its devices, which kind of execution it is."""

from __future__ import annotations

from typing import Any

from thalweg.compat import graphs
from thalweg.compat.tf1.graph import default_graph


def add_to_collection(name: Any, value: Any) -> None:
    """Put something into a collection of the default graph."""
    default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """Put something into several collections of the default graph."""
    default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """What stands in a collection of the default graph."""
    return default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """The collection itself."""
    return default_graph().get_collection_ref(key)


def device(device_name_or_function: Any) -> Any:
    """Accepted: everything runs on the processor."""
    return default_graph().device(device_name_or_function)


def container(container_name: Any) -> Any:
    """Accepted: variables belong to sessions."""
    return default_graph().device(container_name)


def colocate_with(op: Any, ignore_existing: bool = False) -> Any:
    """Accepted: everything runs on the processor."""
    return default_graph().device(op)


def executing_eagerly() -> bool:
    """False: nodes have values when a session runs them."""
    return False


def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """Not in graph mode: the program is of the second generation."""
    raise NotImplementedError(
        "tf.enable_eager_execution: run the program with --as eager, where everything is eager"
    )


def enable_resource_variables() -> None:
    """Variables made from here on are resources: one that is fetched beside its update has the value before it."""
    graphs.resources = True


def disable_resource_variables() -> None:
    """Variables made from here on are no resources: one that is fetched has the value after all updates of the run."""
    graphs.resources = False


def resource_variables_enabled() -> bool:
    """Whether variables are resources unless they say otherwise."""
    return graphs.resources


def disable_v2_behavior() -> None:
    """What the first generation did: nodes for sessions, and variables that are no resources."""
    disable_resource_variables()


def disable_eager_execution() -> None:
    """Nodes for sessions, as they are already; the variables are those of the second generation."""
    enable_resource_variables()
