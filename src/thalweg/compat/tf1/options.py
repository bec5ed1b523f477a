"""Settings of sessions, runs and compilers: accepted, without effect."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import Namespace


class _Options(Namespace):
    """Settings that are accepted, whatever their names, and have no effect."""

    def __init__(self, **settings: Any) -> None:
        super().__init__("options", **settings)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = self.__dict__[name] = _Options()
        return made


class ConfigProto(_Options):
    """Settings of a session; accepted."""


class GPUOptions(_Options):
    """Settings of a GPU; accepted."""


class RunOptions(_Options):
    """Settings of a run; accepted."""

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = 0, 1, 2, 3


class RunMetadata(_Options):
    """What a traced run would have told."""


class OptimizerOptions(_Options):
    """Settings of the graph's compiler; accepted."""

    L0, L1, ON_1 = 0, 1, 1


class NodeDef(_Options):
    """A node's description; :class:`Operation` is its own."""


class DeviceSpec(_Options):
    """The name of a device; accepted."""


class GraphOptions(_Options):
    """Settings of the graph's compiler; accepted."""


class AggregationMethod:
    """How gradients are summed up: accepted."""

    DEFAULT, ADD_N, EXPERIMENTAL_TREE, EXPERIMENTAL_ACCUMULATE_N = 0, 0, 1, 2
