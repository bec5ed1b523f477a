"""From a lowered graph to something that runs: schedule, native code, and frames in which to run it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.compile import singles
from thalweg.compile.emit import begin
from thalweg.compile.fuse import Kernel, Nest, Product
from thalweg.compile.native import compiled
from thalweg.compile.schedule import Schedule
from thalweg.compile.step import Step
from thalweg.compile.target import Target, host_target
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor


@dataclass
class Report:
    """What was made, for the log and the profile."""

    kernels: list[str]
    host_ops: list[str]
    schedule_seconds: float
    compile_seconds: float


class Executable:
    """A compiled graph, to be run in a `Frame`.

    ``leaves`` are what it reads: inputs, variables and random keys; ``table`` numbers all tensors in memory.
    ``segments`` are its parts in order, each a native function's address, or None for an op that the host does,
    and its kernels; ``whole`` is the address of the function that does all, if one does. ``apart=True`` makes
    every kernel a part of its own and adds up the ``seconds`` of each: for profiles.
    """

    def __init__(
        self,
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Tensor, Tensor]],
        target: Target | None = None,
        apart: bool = False,
    ) -> None:
        begun = time.perf_counter()
        self.schedule = Schedule(outputs, updates)
        step = begin(self.schedule, target or host_target())
        segments = _segments(self.schedule.kernels, apart)
        scheduled = time.perf_counter()
        self._code, names = compiled(step, [run for native, run in segments if native])
        addresses = iter([self._code.address(name) for name in names] if self._code is not None else [])
        self.segments = [(next(addresses) if native else None, run) for native, run in segments]
        self.whole = self.segments[0][0] if len(self.segments) == 1 and not apart else None
        self.seconds: list[float] | None = [0.0] * len(self.segments) if apart else None
        self._name_the_rest(step)
        self.table = step.table
        self.workspaces = step.workspaces
        self.parallel = step.parallel
        self.leaves = [t for t in self.table if t.op is None and t.value is None]
        self.report = Report(
            [_title(k) for k in self.schedule.kernels],
            [_title(k) for address, run in self.segments if address is None for k in run],
            scheduled - begun,
            time.perf_counter() - scheduled,
        )

    def _name_the_rest(self, step: Step) -> None:
        """What only the host touches has a place in the table too."""
        schedule = self.schedule
        for kernel in schedule.kernels:
            if not _is_native(kernel):
                for source in [*kernel.sources, *self.results_of(kernel)]:
                    step.slot(schedule.bound.get(source, source))
        for tensor in [
            *schedule.outputs,
            *(t for _, t in schedule.moves),
            *(leaf for leaf, _ in schedule.moves),
        ]:
            step.slot(schedule.bound.get(tensor, tensor))

    def results_of(self, kernel: Kernel) -> list[Tensor]:
        """The tensors that a host kernel writes."""
        (tensor,) = kernel.members
        if len(tensor.specs) == 1 and tensor in self.schedule.stored:
            return [tensor]
        return [t for t in self.schedule.stored if t.op is item and t.inputs[0] is tensor]

<<<<<<< HEAD
    def run(
        self, addresses: Sequence[int], arrays: Sequence[np.ndarray], num_threads: int, lengths: Lengths = ()
    ) -> list[np.ndarray]:
        """Run with the memory of each of ``leaves``, updating variables there; returns new arrays of the outputs.

        ``addresses`` and ``arrays`` of the leaves say the same: row-major, of the leaf's dtype and shape.
        ``lengths``: those of the open axes.
        """
        threads = num_threads if self.parallel else 1
        with self._lock:
            plan = self._plans.get((lengths, threads)) or self._planned(lengths, threads)
            results = plan.begin(addresses)
            if self._whole is not None:
                if threads == 1:
                    self._whole(plan.table_address, plan.dims_address, 0, 1, None)
                else:
                    assert self._addresses[0] is not None
                    self._runner(self._addresses[0], plan.table_address, plan.dims_address)
            else:
                self._run_segments(plan, threads, arrays)
            for k, tensor in self._moves:
                other = self.schedule.bound.get(
                    tensor
                )  # the new value of two variables is the first one's memory
                source = plan.arrays[tensor] if other is None else arrays[self._leaf_number[other]]
                arrays[k][...] = source.reshape(arrays[k].shape)
            return results

    def _run_segments(self, plan: _Plan, threads: int, arrays: Sequence[np.ndarray]) -> None:
        """Native parts and host ops in turn."""
        values = dict(zip(self.leaves, arrays, strict=True))
        for k, (alone, address, (_, run)) in enumerate(
            zip(self._alone, self._addresses, self.segments, strict=True)
        ):
            begun = time.perf_counter()
            if alone is None:
                self._on_host(run[0], plan, values)
            elif threads == 1:
                alone(plan.table_address, plan.dims_address, 0, 1, None)
            else:
                assert address is not None
                self._runner(address, plan.table_address, plan.dims_address)
            if self.seconds is not None:
                self.seconds[k] += time.perf_counter() - begun

    def _planned(self, lengths: Lengths, threads: int) -> _Plan:
        if len(self._plans) >= _KEPT_PLANS:
            self._plans.clear()
        plan = self._plans[lengths, threads] = _Plan(self, lengths, threads)
        return plan

    def _on_host(self, kernel: Kernel, plan: _Plan, values: dict[Tensor, np.ndarray]) -> None:
        """An op without a lowering: its NumPy meaning, on views of the program's memory."""
        (tensor,) = kernel.members
        assert tensor.op is not None

        def array(t: Tensor) -> np.ndarray:
            t = self.schedule.bound.get(t, t)
            return plan.arrays[t] if t in plan.arrays else values[t]

        args: list[Any] = []
        for k, x in enumerate(tensor.inputs):
            if k in tensor.op.shape_only:
                args.append(np.broadcast_to(np.zeros((), x.dtype), numbers(x.shape, plan.lengths)))
            else:
                where = self.schedule.places.of[x]
                args.append(_strided(array(where.source), where.layout, plan.lengths))
        with np.errstate(all="ignore"):
            result = tensor.op.meaning(*args, **numbers(tensor.attrs, plan.lengths))
        if not isinstance(result, tuple):
            array(tensor).reshape(np.shape(result))[...] = result
            return
        for part in self.results_of(kernel):
            value = result[part.attrs["index"]]
            array(part).reshape(np.shape(value))[...] = value


class _Plan:
    """The memory of an executable for given lengths: arena, workspace, and the pointer table with what never
    changes.
    """

    def __init__(self, executable: Executable, lengths: Lengths, threads: int) -> None:
        self.lengths = lengths
        schedule = executable.schedule
        self.slots = {t: k + 1 for t, k in executable.table.items()}
        self.leaf_slots = [self.slots[leaf] for leaf in executable.leaves]
        self.arrays: dict[Tensor, np.ndarray] = {}
        self.table = (ctypes.c_uint64 * (len(self.slots) + 1))()
        outputs = set(schedule.outputs)
        temporary = [t for t in executable.table if t.op is not None and t not in outputs]
        self._place(schedule, temporary)
        for tensor in executable.table:
            if tensor.op is None and tensor.value is not None:
                self._fix(tensor, np.ascontiguousarray(tensor.value))
        per_thread = max((-(-number(size, lengths) // 64) * 64 for size in executable.workspaces), default=0)
        self._workspace = aligned_empty((per_thread * threads + 64,), np.dtype(np.uint8))
        self.table[0] = self._workspace.ctypes.data
        self._dims = np.array([per_thread, *lengths], np.int64)
        self.table_address, self.dims_address = ctypes.addressof(self.table), self._dims.ctypes.data
        self._results = [
            (tensor, self.slots[tensor], numbers(shape, lengths), tensor.dtype)
            for tensor, shape in zip(schedule.outputs, schedule.output_shapes, strict=True)
        ]

    def _place(self, schedule: Schedule, temporary: list[Tensor]) -> None:
        order = {k: n for n, k in enumerate(schedule.kernels)}
        last: dict[Tensor, int] = {}
        for kernel, n in order.items():
            for source in kernel.sources:
                last[source] = n
        last.update({tensor: len(order) for _, tensor in schedule.moves})
        begun: dict[Tensor, int] = {}  # of arrays whose parts are written before they are put together
        for part, where in schedule.placed.items():
            first = order[schedule.owner[part]]
            begun[where.source] = min(first, begun.get(where.source, first))
        buffers = []
        for tensor in temporary:
            first = order[schedule.owner[tensor.inputs[0] if tensor.op is item else tensor]]
            first = min(first, begun.get(tensor, first))
            buffers.append(memory.Buffer(self._bytes(tensor), first, max(first, last.get(tensor, first))))
        offsets, size = memory.plan(buffers)
        self._arena = aligned_empty((max(size, 64),), np.dtype(np.uint8))
        for tensor, offset in zip(temporary, offsets, strict=True):
            view = self._arena[offset : offset + self._bytes(tensor)]
            self._fix(tensor, view.view(tensor.dtype).reshape(numbers(tensor.shape, self.lengths)))

    def _bytes(self, tensor: Tensor) -> int:
        total = tensor.dtype.itemsize
        for d in tensor.shape:
            total *= number(d, self.lengths)
        return total

    def _fix(self, tensor: Tensor, array: np.ndarray) -> None:
        self.arrays[tensor] = array
        self.table[self.slots[tensor]] = array.__array_interface__["data"][0]

    def begin(self, addresses: Sequence[int]) -> list[np.ndarray]:
        """Fill in what changes at each call; returns the new arrays of the outputs."""
        table = self.table
        for slot, address in zip(self.leaf_slots, addresses, strict=True):
            table[slot] = address
        results = []
        for tensor, slot, shape, dtype in self._results:
            array = _with_slack(shape, dtype) if _overruns(tensor) else np.empty(shape, dtype)
            table[slot] = array.__array_interface__["data"][0]
            self.arrays[tensor] = array
            results.append(array)
        return results


def _overruns(tensor: Tensor) -> bool:
    """Whether the tensor's kernel writes past its end: random words come in whole groups."""
    return tensor.op is not None and isinstance(tensor.op.lower, RandomBits)


def _with_slack(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    size = int(np.prod(shape, dtype=np.int64))
    return np.empty(size + memory.padded(0) // dtype.itemsize, dtype)[:size].reshape(shape)


def _strided(source: np.ndarray, layout: Layout, lengths: Lengths) -> np.ndarray:
    """The elements of a row-major array seen through a layout, read-only."""
    shape, strides, offset = numbers((layout.shape, layout.strides, layout.offset), lengths)
    flat = source.reshape(-1)[offset:] if source.size else source.reshape(-1)
    return np.lib.stride_tricks.as_strided(
        flat, shape, tuple(s * source.itemsize for s in strides), writeable=False
    )

=======
>>>>>>> main

def _is_native(kernel: Kernel) -> bool:
    return isinstance(kernel, (Nest, Product)) or singles.has_native_form(kernel.members[0])


def _segments(order: Sequence[Kernel], apart: bool) -> list[tuple[bool, list[Kernel]]]:
    """Runs of native kernels, and host kernels one by one."""
    result: list[tuple[bool, list[Kernel]]] = []
    for kernel in order:
        native = _is_native(kernel)
        if native and result and result[-1][0] and not apart:
            result[-1][1].append(kernel)
        else:
            result.append((native, [kernel]))
    return result


def _title(kernel: Kernel) -> str:
    names = " ".join(m.op.name for m in kernel.members if m.op is not None)
    shape = kernel.domain if isinstance(kernel, Nest) else kernel.members[0].shape
    return f"{names} {[int(d) for d in shape]}"
