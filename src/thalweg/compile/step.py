"""The function being written: the emitter that knows run-time lengths, the pointer table, threads and barriers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from llvmlite import ir

from thalweg.compile import incomplete, special, vecmath
from thalweg.compile.barrier import emit_barrier
from thalweg.compile.canonical import UnwritableError
from thalweg.compile.dims import Dim
from thalweg.compile.effort import effort
from thalweg.compile.groups import Kernel, Nest, size
from thalweg.compile.kernel_texts import KernelWriter
from thalweg.compile.loops import Emitter, Part, function
from thalweg.compile.nests import Threads
from thalweg.compile.schedule import Schedule
from thalweg.compile.target import Target
from thalweg.compile.values import POINTER, Value
from thalweg.graph.tensor import Tensor

# what writes a kernel (None where nothing is left to do), and whether all threads take part
Piece = tuple[Callable[[], None] | None, bool]
Plan = Callable[["Step", Kernel], Piece]
_CALL = 16  # instructions, so many as the call of a kernel and its addresses
_PART = 3000  # instructions that are worth compiling on a thread of their own
_ARGUMENTS = {"table": "ptr", "dims": "ptr", "thread": "int64", "num_threads": "int64", "barrier": "ptr"}

# Lowerings reach the vector functions as methods: e.exp(x), e.tanh(x), ...
for _room in (vecmath, special, incomplete):
    for _name, _function in list(vars(_room).items()):
        _own = callable(_function) and getattr(_function, "__module__", "") == _room.__name__
        if _own and not _name.startswith("_"):
            setattr(Emitter, _name, staticmethod(_function))


class StepEmitter(Emitter):
    """An emitter for which a length known only at run time is as good as a number."""

    def __init__(self, builder: ir.IRBuilder, target: Target, dims: Any) -> None:
        super().__init__(builder, target)
        self._dims = dims
        self._open: dict[int, Value] = {}

    def const(self, value: float, dtype: str, width: int = 1) -> Value:
        if isinstance(value, Dim):
            return self.splat(self.cast(self._polynomial(value), dtype), width)
        return super().const(value, dtype, width)

    def _polynomial(self, dim: Dim) -> Value:
        total = super().const(0, "int64")
        for monomial, factor in dim.terms.items():
            term = super().const(factor, "int64")
            for k in monomial:
                term = term * self._length(k)
            total = total + term
        return total

    def _length(self, k: int) -> Value:
        if k not in self._open:
            with self.builder.goto_entry_block():
                self._open[k] = self.load(self._dims, k + 1, "int64")
        return self._open[k]


@dataclass
class _Frame:
    """A function of a step: its arguments, and the addresses that it has loaded.

    ``memory`` is what a kernel reads and writes, by the kernel's own numbers; None for the workspace. ``places`` are
    their places in the pointer table, of which the function of the whole step knows itself.
    """

    e: StepEmitter
    args: Sequence[Any]  # table, dims, thread, num_threads, barrier
    threads: Threads
    places: Any | None
    pointers: dict[Tensor, Any] = field(default_factory=dict)
    memory: list[Tensor | None] = field(default_factory=list)


class Step:
    """The function being written: where each tensor's memory is, this thread's share, and the kernels done
    so far.

    Each kernel is a function of its own, which knows its memory by its own numbers: the kernels of layers that are
    alike read the same, and are written and compiled once. ``table`` numbers the tensors whose addresses the caller
    puts in the pointer table, behind that of the workspace, which has the greatest of ``workspaces`` bytes per thread.
    ``plan`` says how a kernel is written.
    """

    def __init__(self, schedule: Schedule, target: Target, plan: Plan, loops: Any) -> None:
        self.schedule = schedule
        self.loops = loops  # of the scans, by their tensors
        self.target = target
        self._plan = plan
        self.table: dict[Tensor, int] = {}
        self.workspaces: list[int] = []  # what each kernel needs, in bytes per thread
        self.parallel = False
        self.module = self._part = Part("step")
        self._parts, self._size = 1, 0
        self._done: Callable[[ir.Module], None] | None = None
        self._known: dict[str, tuple[ir.Function, list[int | None]]] = {}  # by what is written of a kernel

    # --- functions
    # -----------------------------------------------------------------------------------

    @property
    def e(self) -> StepEmitter:
        """The place at which the function is being written."""
        return self._frame.e

    @property
    def threads(self) -> Threads:
        """The thread that runs the function, among all."""
        return self._frame.threads

    def native(
        self, run: Sequence[Kernel], name: str, done: Callable[[ir.Module], None] | None = None
    ) -> None:
        """Write one function that does these kernels.

        It is in ``module``, with as many kernels as make a good part to compile; ``done`` gets the others of a long
        program, a module for each part, as soon as one is written.
        """
        self._begun, self._done = False, done
        self._frame = self._function(self.module, name, _ARGUMENTS)
        self.pieces([self._apart(kernel) for kernel in run])
        self.e.ret()

    def _apart(self, kernel: Kernel) -> Piece:
        """A kernel as a function of its own, and a call; one that reads like another is that one, on other memory.

        What takes less than a call is written in its place.
        """
        emit, parallel = self.planned(kernel)
        if emit is None or _takes_less_than_a_call(kernel):
            return emit, parallel

        def run() -> None:
            writer = None if kernel in self.loops else _written(self.schedule, kernel)
            known = None if writer is None else self._known.get(writer.text())
            if known is None or writer is None:
                self._call(*self._kernel(emit, writer))
            else:
                function, numbers = known
                self._call(function, [None if n is None else writer.tensors[n] for n in numbers])

        return run, parallel

    def _kernel(
        self, emit: Callable[[], None], writer: KernelWriter | None
    ) -> tuple[ir.Function, list[Tensor | None]]:
        """The function that does one kernel, and what it reads and writes."""
        outside, part = self._frame, self._room()
        name = f"kernel{self._parts}.{len(part.globals)}"
        self._frame = frame = self._function(part, name, {**_ARGUMENTS, "places": "ptr"})
        before = len(part.functions)
        emit()
        self.e.ret()
        self._frame, function = outside, frame.e.builder.function
        written = [function, *part.functions[before:]]
        self._size += sum(len(block.instructions) for each in written for block in each.blocks)
        if writer is not None:
            numbers = [None if t is None else writer.number(t) for t in frame.memory]
            self._known[writer.text()] = function, numbers
        return function, frame.memory

    def _room(self) -> Part:
        """The module for the next kernel."""
        if self._done is not None and self._size >= _PART:
            self.finish()
            self._part, self._size = Part(f"part{self._parts}", self.module), 0
            self._parts += 1
        return self._part

    def finish(self) -> None:
        """Hand over the last part, where it is not the module of the function itself."""
        if self._done is not None and self._part is not self.module:
            self._done(self._part)

    def _call(self, function: ir.Function, memory: Sequence[Tensor | None]) -> None:
        """Call the function of a kernel on this memory."""
        kind = ir.ArrayType(ir.IntType(64), len(memory))
        places = ir.GlobalVariable(self.module, kind, f"places{len(self.module.globals)}")
        places.initializer = ir.Constant(kind, [self._place(t) for t in memory])
        places.global_constant, places.linkage = True, "internal"
        self.e.builder.call(self.module.declared(function), [*self._frame.args, places])

    def _function(self, part: Part, name: str, arguments: dict[str, str]) -> _Frame:
        start = function(part, name, [*arguments.values()], self.target, [*arguments])
        args = [arg.ir if isinstance(arg, Value) else arg for arg in start.args]
        e = StepEmitter(start.builder, self.target, args[1])
        index, count = (Value(e, arg, "int64", 1) for arg in args[2:4])
        places = args[5] if len(args) > len(_ARGUMENTS) else None
        return _Frame(e, args[: len(_ARGUMENTS)], Threads(index, count, args[4]), places)

    def pieces(self, planned: Sequence[Piece]) -> None:
        """Write pieces of work in order: those of one thread, and those in which all take part."""
        serial: list[Callable[[], None]] = []
        for emit, parallel in planned:
            if emit is None:
                continue
            if not parallel:
                serial.append(emit)
                continue
            self._alone(serial)
            self._together(emit)
        self._alone(serial)

    @contextmanager
    def inside(self, schedule: Schedule) -> Iterator[None]:
        """Meanwhile the kernels are those of a loop's body."""
        outside, self.schedule = self.schedule, schedule
        yield
        self.schedule = outside

    def _alone(self, serial: list[Callable[[], None]]) -> None:
        """The kernels that one thread does, under one test."""
        if not serial:
            return
        self._wait()
        with self.e.when(self.threads.index.eq(0), name="alone"):
            for emit in serial:
                emit()
        serial.clear()

    def _together(self, emit: Callable[[], None]) -> None:
        self._wait()
        emit()
        self.parallel = True

    def _wait(self) -> None:
        """Between two pieces of work: until every thread has done the one before."""
        if self._begun:
            self.barrier()
        self._begun = True

    def meet(self) -> None:
        """Until every thread has come here; the next piece of work need not wait."""
        self.barrier()
        self._begun = False

    def barrier(self) -> None:
        """Until every thread has come here, within a piece of work in which all take part."""
        emit_barrier(
            self.e.builder, self._frame.args[4], *(v.ir for v in (self.threads.index, self.threads.count))
        )

    def slot(self, tensor: Tensor) -> int:
        """The tensor's place in the pointer table."""
        return self.table.setdefault(tensor, len(self.table))

    def pointer(self, tensor: Tensor) -> Any:
        """The address of the tensor's memory (that of the variable it becomes, for an update in place)."""
        tensor = self.schedule.bound.get(tensor, tensor)
        pointers = self._frame.pointers
        if tensor not in pointers:
            pointers[tensor] = self._load_pointer(tensor)
        return pointers[tensor]

    def moved(self, tensor: Tensor, pointer: Any) -> None:
        """From here on, the tensor's memory is at this address."""
        self._frame.pointers[tensor] = pointer

    def _load_pointer(self, memory: Tensor | None) -> Any:
        frame, b = self._frame, self.e.builder
        number = next((k for k, t in enumerate(frame.memory) if t is memory), len(frame.memory))
        if number == len(frame.memory):
            frame.memory.append(memory)
        with b.goto_entry_block():
            if frame.places is None:
                place = self.e.const(self._place(memory), "int64")
            else:
                place = self.e.load(frame.places, number, "int64", invariant=True)
            address = b.gep(frame.args[0], [place.ir], inbounds=True, source_etype=POINTER)
            return b.load(address, typ=POINTER, align=8)

    def _place(self, memory: Tensor | None) -> int:
        """Where in the pointer table an address is: first of all that of the workspace."""
        return 0 if memory is None else self.slot(memory) + 1

    def scratch(self, num_bytes: int, offset: int = 0) -> Any:
        """Workspace of this thread alone, from a byte offset on, free again after the kernel."""
        base = self.shared_workspace(offset + num_bytes)
        per_thread = self.e.load(self._frame.args[1], 0, "int64", invariant=True)
        return self.e.at(base, self.threads.index * per_thread + offset, "uint8")

    def shared_workspace(self, num_bytes: int) -> Any:
        """Workspace for all threads together, ``num_bytes`` for each of them."""
        self.workspaces.append(num_bytes)
        return self._load_pointer(None)

    def planned(self, kernel: Kernel) -> Piece:
        """What writes a kernel, under its name, and whether all threads take part."""
        emit, parallel = self._plan(self, kernel)
        if emit is None:
            return None, False
        names = " ".join(m.op.name for m in kernel.members if m.op is not None)

        def run() -> None:
            self.e.comment(names)
            emit()

        return run, parallel


def _written(schedule: Schedule, kernel: Kernel) -> KernelWriter | None:
    """All that the code of a kernel depends on but its memory; None where that cannot be written."""
    try:
        return KernelWriter(schedule, kernel)
    except UnwritableError:
        return None


def _takes_less_than_a_call(kernel: Kernel) -> bool:
    """Whether a kernel computes single numbers, and little."""
    single = isinstance(kernel, Nest) and kernel.split is None and size(kernel.domain) == 1
    return single and sum(map(effort, kernel.members)) <= _CALL
