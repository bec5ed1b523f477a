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


class DatasetOptions(_Options):
    """Settings of data sets (``tf.data.Options``); accepted."""


class DeviceSpec:
    """The name of a device in its parts, each of which may be missing.

    >>> DeviceSpec.from_string("/job:worker/task:1/gpu:0").to_string()
    '/job:worker/task:1/device:GPU:0'
    """

    def __init__(
        self,
        job: Any = None,
        replica: Any = None,
        task: Any = None,
        device_type: Any = None,
        device_index: Any = None,
    ) -> None:
        self.job = None if job is None else str(job)
        self.replica, self.task, self.device_index = (
            None if x is None else int(x) for x in (replica, task, device_index)
        )
        kind = None if device_type is None else str(device_type)
        self.device_type = kind.upper() if kind in ("cpu", "gpu") else kind

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """The device that a name says."""
        return cls(**cls._parts(spec))

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """This object, become what a name says."""
        vars(self).update(vars(self.from_string(spec)))
        return self

    @staticmethod
    def _parts(spec: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in filter(None, spec.split("/")):
            kind, *rest = part.split(":")
            if kind in ("job", "replica", "task") and len(rest) == 1:
                found[kind] = rest[0]
                continue
            rest = rest if kind == "device" else [kind.upper(), *rest]
            legal = len(rest) == 2 if kind == "device" else len(rest) < 3 and rest[0] in ("CPU", "GPU")
            if not legal:
                raise ValueError(f"Unknown attribute: '{kind}' in '{spec}'")
            found["device_type"] = rest[0]
            found["device_index"] = None if rest[1:] in ([], ["*"]) else rest[1]
        return found

    def replace(self, **parts: Any) -> DeviceSpec:
        """Another one with other parts."""
        return type(self)(**{**vars(self), **parts})

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """Another one, with the parts that ``dev`` has."""
        return self.replace(**{name: part for name, part in vars(dev).items() if part is not None})

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take the parts that ``dev`` has."""
        vars(self).update(vars(self.make_merged_spec(dev)))

    def to_string(self) -> str:
        """The name, ``/job:<name>/replica:<id>/task:<id>/device:<type>:<index>``, as far as it is known."""
        said = [(name, getattr(self, name)) for name in ("job", "replica", "task")]
        text = "".join(f"/{name}:{part}" for name, part in said if part is not None)
        if self.device_type is None:
            return text
        return f"{text}/device:{self.device_type}:{'*' if self.device_index is None else self.device_index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.to_string())


class GraphOptions(_Options):
    """Settings of the graph's compiler; accepted."""


class AggregationMethod:
    """How gradients are summed up: accepted."""

    DEFAULT, ADD_N, EXPERIMENTAL_TREE, EXPERIMENTAL_ACCUMULATE_N = 0, 0, 1, 2


class UnconnectedGradients:
    """What stands for the gradient of a source that the target does not depend on."""

    NONE, ZERO = "none", "zero"
