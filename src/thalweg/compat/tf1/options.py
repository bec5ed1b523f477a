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
    """Settings of a session; accepted. What was not set is as in TensorFlow."""

    allow_soft_placement = log_device_placement = use_per_session_threads = isolate_session_state = False
    intra_op_parallelism_threads = inter_op_parallelism_threads = operation_timeout_in_ms = 0

    def __init__(self, **settings: Any) -> None:
        super().__init__(
            **{"device_count": {}, "device_filters": [], "gpu_options": GPUOptions(), **settings}
        )


class GPUOptions(_Options):
    """Settings of a GPU; accepted. What was not set is as in TensorFlow."""

    allow_growth = force_gpu_compatible = False
    per_process_gpu_memory_fraction, allocator_type, visible_device_list = 0.0, "", ""


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
