"""Devices, strategies and settings: everything runs on the processor, in one process."""

from __future__ import annotations

import inspect
import unittest
from collections.abc import Callable, Iterator
from contextlib import ContextDecorator, contextmanager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.testing import ArrayTestCase
from thalweg.compat.tf1.errors import NotFoundError
from thalweg.compat.tf2.function import functions_run_eagerly, run_functions_eagerly
from thalweg.compat.tf2.tape import GradientTape
from thalweg.compat.tf2.values import tensor
from thalweg.nested import mapped
from thalweg.run.workers import num_threads, set_num_threads


class PhysicalDevice(NamedTuple):
    """What computes."""

    name: str
    device_type: str


def list_physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The processor."""
    found = [PhysicalDevice("/physical_device:CPU:0", "CPU")]
    return [d for d in found if device_type in (None, d.device_type)]


def list_logical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The processor."""
    return [PhysicalDevice("/device:CPU:0", "CPU") for _ in list_physical_devices(device_type)]


def accepted(*args: Any, **ignored: Any) -> None:
    """Accepted: it has no meaning here."""


def set_threads(num: int) -> None:
    """How many threads compute; 0: all."""
    if num:
        set_num_threads(num)


class device(ContextDecorator):
    """A block, or a decorator; everything runs on the processor."""

    def __init__(self, device_name: Any) -> None:
        self._device_name = device_name

    def __enter__(self) -> None:
        """Begin the block."""

    def __exit__(self, *exception: object) -> None:
        """End the block."""


@contextmanager
def init_scope() -> Iterator[None]:
    """A block."""
    yield


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A block: what is written first happens first."""
    yield


def load_op_library(library_filename: str) -> Any:
    """An error, NotFoundError: compiled kernels of TensorFlow cannot be loaded. Packages that have what they compute
    in Python too go on with that.
    """
    raise NotFoundError(
        f"tf.load_op_library: {library_filename}: compiled kernels of TensorFlow cannot be loaded"
    )


def executing_eagerly() -> bool:
    """Always: a compiled function is made by running it."""
    return True


def group(*inputs: Any, **ignored: Any) -> None:
    """Nothing is left to do: what is written has happened."""


def no_op(name: Any = None) -> None:
    """Nothing."""


def unchanged(func: Any = None, **ignored: Any) -> Any:
    """A decorator without effect."""
    return func or (lambda f: f)


config = Namespace(
    "tf.config",
    list_physical_devices=list_physical_devices,
    list_logical_devices=list_logical_devices,
    get_visible_devices=list_physical_devices,
    set_visible_devices=accepted,
    set_logical_device_configuration=accepted,
    set_soft_device_placement=accepted,
    get_soft_device_placement=lambda: True,
    experimental_run_functions_eagerly=run_functions_eagerly,
    experimental_functions_run_eagerly=functions_run_eagerly,
    run_functions_eagerly=run_functions_eagerly,
    functions_run_eagerly=functions_run_eagerly,
    threading=Namespace(
        "tf.config.threading",
        set_intra_op_parallelism_threads=set_threads,
        set_inter_op_parallelism_threads=accepted,
        get_intra_op_parallelism_threads=num_threads,
        get_inter_op_parallelism_threads=lambda: 1,
    ),
    optimizer=Namespace(
        "tf.config.optimizer",
        set_jit=accepted,
        set_experimental_options=accepted,
        get_jit=lambda: "",
        get_experimental_options=dict,
    ),
    experimental=Namespace(
        "tf.config.experimental",
        list_physical_devices=list_physical_devices,
        list_logical_devices=list_logical_devices,
        set_visible_devices=accepted,
        get_visible_devices=list_physical_devices,
        enable_mlir_bridge=accepted,
        set_memory_growth=accepted,
        get_memory_growth=lambda device: False,
        set_virtual_device_configuration=accepted,
        VirtualDeviceConfiguration=accepted,
        get_virtual_device_configuration=lambda device: None,
        get_synchronous_execution=lambda: True,
        set_synchronous_execution=accepted,
        get_device_details=lambda device: {},
        enable_op_determinism=accepted,
        enable_tensor_float_32_execution=accepted,
        tensor_float_32_execution_enabled=lambda: False,
        disable_mlir_bridge=accepted,
    ),
    get_logical_device_configuration=lambda device: None,
    PhysicalDevice=PhysicalDevice,
    LogicalDevice=PhysicalDevice,
    LogicalDeviceConfiguration=accepted,
    experimental_connect_to_cluster=accepted,
    experimental_connect_to_host=accepted,
)


def to_code(entity: Any, *more: Any, **ignored: Any) -> str:
    """The source of a function: it is run as it is written."""
    return inspect.getsource(getattr(entity, "python_function", entity))


autograph = Namespace(
    "tf.autograph",
    to_code=to_code,
    to_graph=unchanged,
    set_verbosity=accepted,
    experimental=Namespace("tf.autograph.experimental", do_not_convert=unchanged, set_loop_options=accepted),
)


# --- strategies -----------------------------------------------------------------------------------------------------


class Strategy:
    """One machine, one device: what is spread over replicas runs once."""

    num_replicas_in_sync = 1

    def __init__(self, *args: Any, **ignored: Any) -> None:
        pass

    @property
    def extended(self) -> Strategy:
        """What programs ask further of a strategy: itself."""
        return self

    worker_devices = parameter_devices = ("/job:localhost/replica:0/task:0/device:CPU:0",)

    def call_for_each_replica(self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """The function, called once."""
        return fn(*args, **(kwargs or {}))

    def update(self, var: Any, fn: Callable[..., Any], args: Any = (), kwargs: Any = None) -> Any:
        """The function of the variable, called once."""
        return fn(var, *args, **(kwargs or {}))

    @contextmanager
    def scope(self) -> Iterator[Strategy]:
        """A block for models and variables."""
        yield self

    def run(self, fn: Callable[..., Any], args: Any = (), kwargs: Any = None, options: Any = None) -> Any:
        """The function, called once."""
        return fn(*args, **(kwargs or {}))

    experimental_run_v2 = run

    def reduce(self, reduce_op: Any, value: Any, axis: Any = None) -> Any:
        """The value of the one replica; summed or averaged over an axis, where one is given."""
        from thalweg.compat.tf2 import math

        if axis is None:
            return value
        return (math.reduce_mean if str(reduce_op).lower().endswith("mean") else math.reduce_sum)(value, axis)

    def experimental_distribute_dataset(self, dataset: Any, options: Any = None) -> Any:
        """The data set itself."""
        return dataset

    def distribute_datasets_from_function(self, dataset_fn: Callable[..., Any], options: Any = None) -> Any:
        """The data set that the function makes for the one process."""
        return dataset_fn(InputContext())

    experimental_distribute_datasets_from_function = distribute_datasets_from_function

    def experimental_local_results(self, value: Any) -> tuple[Any, ...]:
        """The value of the one replica."""
        return (value,)


class ReplicaContext:
    """The one replica."""

    num_replicas_in_sync, replica_id_in_sync_group = 1, 0
    strategy = Strategy()

    def all_reduce(self, reduce_op: Any, value: Any, options: Any = None) -> Any:
        """The value itself: there is no other replica."""
        return value


class ReduceOp:
    """How the values of replicas become one."""

    SUM, MEAN = "SUM", "MEAN"


class CrossDeviceOps:
    """How devices would share their gradients."""

    def __init__(self, *args: Any, **ignored: Any) -> None:
        pass


class InputContext(NamedTuple):
    """Which part of the data is this process's: all of it."""

    num_input_pipelines: int = 1
    input_pipeline_id: int = 0
    num_replicas_in_sync: int = 1

    def get_per_replica_batch_size(self, global_batch_size: int) -> int:
        """The size of a replica's batches."""
        return global_batch_size // self.num_replicas_in_sync


class InputOptions(NamedTuple):
    """How a data set would be spread over devices: accepted."""

    experimental_fetch_to_device: bool = True
    experimental_replication_mode: Any = None
    experimental_place_dataset_on_device: bool = False
    experimental_per_replica_buffer_size: int = 1


class CommunicationImplementation:
    """How machines would speak to each other."""

    AUTO, RING, NCCL = "AUTO", "RING", "NCCL"


class LocalClusterResolver:
    """A cluster of this one process."""

    task_type, task_id = "worker", 0

    def __init__(self, *args: Any, **ignored: Any) -> None:
        pass

    def master(self, *args: Any, **ignored: Any) -> str:
        """This process."""
        return ""


class TPUClusterResolver:
    """A ValueError, as where TensorFlow finds no TPU: programs then take another strategy."""

    def __init__(self, tpu: Any = None, *args: Any, **ignored: Any) -> None:
        raise ValueError("there is no TPU: provide a TPU name to connect to")

    @staticmethod
    def connect(tpu: Any = None, *args: Any, **ignored: Any) -> TPUClusterResolver:
        """The same."""
        return TPUClusterResolver(tpu)


distribute = Namespace(
    "tf.distribute",
    Strategy=Strategy,
    MirroredStrategy=Strategy,
    MultiWorkerMirroredStrategy=Strategy,
    OneDeviceStrategy=Strategy,
    get_strategy=lambda: ReplicaContext.strategy,
    get_replica_context=ReplicaContext,
    in_cross_replica_context=lambda: False,
    has_strategy=lambda: False,
    ReduceOp=ReduceOp,
    CrossDeviceOps=CrossDeviceOps,
    HierarchicalCopyAllReduce=CrossDeviceOps,
    NcclAllReduce=CrossDeviceOps,
    ReductionToOneDevice=CrossDeviceOps,
    InputContext=InputContext,
    TPUStrategy=Strategy,
    StrategyExtended=Strategy,
    ReplicaContext=ReplicaContext,
    InputOptions=InputOptions,
    experimental=Namespace(
        "tf.distribute.experimental",
        CollectiveCommunication=CommunicationImplementation,
        CommunicationImplementation=CommunicationImplementation,
        CollectiveHints=InputOptions,
        CommunicationOptions=CrossDeviceOps,
        CentralStorageStrategy=Strategy,
        MultiWorkerMirroredStrategy=Strategy,
        TPUStrategy=Strategy,
    ),
    cluster_resolver=Namespace(
        "tf.distribute.cluster_resolver",
        TPUClusterResolver=TPUClusterResolver,
        TFConfigClusterResolver=LocalClusterResolver,
        SimpleClusterResolver=LocalClusterResolver,
    ),
)
tpu = Namespace("tf.tpu", experimental=Namespace("tf.tpu.experimental", initialize_tpu_system=accepted))
xla = Namespace(
    "tf.xla",
    experimental=Namespace(
        "tf.xla.experimental",
        jit_scope=nullcontext,
        compile=lambda computation, inputs=None: computation(*(inputs or ())),
    ),
)


class _Trace:
    """A block that a profile would show under a name: accepted."""

    def __init__(self, *args: Any, **ignored: Any) -> None:
        pass

    def __enter__(self) -> _Trace:
        return self

    def __exit__(self, *error: Any) -> None:
        """Nothing is kept."""

    def set_metadata(self, **ignored: Any) -> None:
        """Accepted."""


profiler = Namespace(
    "tf.profiler",
    experimental=Namespace(
        "tf.profiler.experimental",
        start=accepted,
        stop=accepted,
        Profile=_Trace,
        Trace=_Trace,
        ProfilerOptions=lambda *args, **options: (args, options),
    ),
)


# --- tests ----------------------------------------------------------------------------------------------------------


class TestCase(ArrayTestCase):
    """``tf.test.TestCase``: unittest's, with comparisons of arrays."""

    def evaluate(self, tensors: Any) -> Any:
        """The values."""
        return mapped(lambda leaf: leaf.numpy() if hasattr(leaf, "numpy") else leaf, tensors)


def compute_gradient(
    f: Callable[..., Any], x: Any, delta: float | None = None
) -> tuple[list[Any], list[Any]]:
    """(Jacobians that the library derives, those of differences) of a function by each of its arguments, arrays
    [elements of the result, elements of the argument]. ``delta``: 1/1024 unless given.
    """
    step = 1 / 1024 if delta is None else float(delta)
    given = [np.array(np.asarray(tensor(part))) for part in x]
    with GradientTape(persistent=True) as tape:
        inputs = [tensor(part) for part in given]
        tape.watch(inputs)
        result = f(*inputs)
    derived, differences = [], []
    for k, part in enumerate(given):
        exact = tape.jacobian(result, inputs[k], unconnected_gradients="zero")
        derived.append(np.asarray(exact).reshape(-1, part.size))
        columns = []
        for place in np.ndindex(*part.shape):
            ends = []
            for way in (step, -step):
                moved = part.copy()
                moved[place] += way
                ends.append(np.asarray(f(*[tensor(moved if j == k else p) for j, p in enumerate(given)])))
            columns.append(((ends[0] - ends[1]) / (2 * step)).reshape(-1))
        differences.append(np.stack(columns, 1).astype(part.dtype))
    return derived, differences


test = Namespace(
    "tf.test",
    TestCase=TestCase,
    main=unittest.main,
    is_gpu_available=lambda *args, **ignored: False,
    gpu_device_name=lambda: "",
    is_built_with_cuda=lambda: False,
    is_built_with_gpu_support=lambda: False,
    is_built_with_rocm=lambda: False,
    is_built_with_xla=lambda: False,
    compute_gradient=compute_gradient,
)
