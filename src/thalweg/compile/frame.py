"""Frames: the memory of an executable, and what runs it there, once or many steps in a row."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.compile import memory
from thalweg.compile.bounds import Bound
from thalweg.compile.dims import number, numbers
from thalweg.compile.entry import Call, Runner, native
from thalweg.compile.groups import Kernel
from thalweg.compile.turns import Turns
from thalweg.graph.lowering import Layout, RandomBits
from thalweg.graph.memory import Slot, aligned_empty
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor, frozen

if TYPE_CHECKING:
    from thalweg.compile.build import Executable

_STEP = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
)
Lengths = tuple[int, ...]


class Frame:
    """The memory of an executable for given lengths of its open axes and so many threads: arena, workspace, and
    the pointer table. One caller at a time.

    ``inputs`` are the leaves that each call's arguments stand for, in order; ``keys`` those that take a random
    key at each step, from the two words at address ``random``; ``variables`` are all others, whose memory is set
    by `place`. ``runner`` runs native code on all threads; None where there is one. ``arrays`` shows the memory
    of what has its place here. ``bounds`` say which values of inputs a call takes.

    ``call(arguments, tensors)`` does one step and gives the list of its outputs, as new arrays or eager tensors: see
    `Call`.
    """

    def __init__(
        self,
        executable: Executable,
        inputs: Sequence[Tensor],
        keys: Sequence[Tensor],
        random: int,
        lengths: Lengths,
        threads: int,
        runner: Runner | None,
        bounds: Sequence[Bound] = (),
    ) -> None:
        self._executable, self._schedule = executable, executable.schedule
        self.lengths, self._runner = lengths, runner
        self._inputs, self._bounds = list(inputs), list(bounds)
        places = {t: k + 1 for t, k in executable.table.items()}
        self._places = places
        spare = len(places) + 1  # of arguments that nothing reads
        self._table = (ctypes.c_uint64 * (spare + 1))()
        self.arrays: dict[Tensor, np.ndarray] = {}
        given = {*inputs, *keys}
        self.variables = [leaf for leaf in executable.leaves if leaf not in given]
        self._place_temporaries()
        for tensor in executable.table:
            if tensor.op is None and tensor.value is not None:
                self._fix(tensor, np.ascontiguousarray(tensor.value))
        drawn = [key for key in keys if key in places]
        for key in drawn:
            self._fix(key, np.zeros(4, np.uint32))
        per_thread = max((-(-number(size, lengths) // 64) * 64 for size in executable.workspaces), default=0)
        self._workspace = aligned_empty((per_thread * threads + 64,), np.dtype(np.uint8))
        self._table[0] = self._workspace.ctypes.data
        self._dims = np.array([per_thread, *lengths], np.int64)
        self._dims_address, self._table_address = self._dims.ctypes.data, ctypes.addressof(self._table)
        outputs = list(zip(self._schedule.outputs, self._schedule.output_shapes, strict=True))
        self._results = [
            (tensor, places[tensor], _maker(tensor, self._bytes(tensor)), numbers(shape, lengths))
            for tensor, shape in outputs
        ]
        self._rooms: dict[int, np.ndarray] = {}  # where the rows of an input are gathered
        self._make_calls([_address(self.arrays[key]) for key in drawn], random, spare)

    def _make_calls(self, keys: Sequence[int], random: int, spare: int) -> None:
        places, bound = self._places, self._schedule.bound
        copies = [
            (places[bound.get(tensor, tensor)], places[leaf], self._bytes(leaf))
            for leaf, tensor in self._schedule.moves
        ]
        whole = self._executable.whole
        if whole is not None:
            turns = Turns(whole, self._table_address, copies, keys, random)
            self._many = Turns(whole, self._table_address, copies, keys, random)
        else:  # host ops in between: keys before, copies after
            turns = Turns(0, self._table_address, [], keys, random)
            self._after = Turns(0, self._table_address, copies, [], random)
        self._once = turns
        self._argument_places = [places.get(leaf, spare) for leaf in self._inputs]
        entry = Call(
            turns,
            self._dims_address,
            self._runner,
            whole is not None,
            [
                (place, leaf.dtype, numbers(leaf.shape, self.lengths))
                for place, leaf in zip(self._argument_places, self._inputs, strict=True)
            ],
            [
                (place, partial(empty, shape, tensor.dtype), shape, tensor.dtype)
                for tensor, place, empty, shape in self._results
            ],
            self._bounds,
        )
        self._entry = entry
        self.call: Callable[[tuple[Any, ...], bool], list[Any] | None]
        self.call = entry.enter if whole is not None else self._call_in_segments

    def place(self, slots: Sequence[Slot]) -> None:
        """Say in which slots the variables are, in their order."""
        for leaf, slot in zip(self.variables, slots, strict=True):
            self._table[self._places[leaf]] = slot.address
        self._held = slots
        self._entry.hold(slots)

    # --- many steps -----------------------------------------------------------------------------------------------

    def prepare(
        self, turns: int, feeds: Sequence[tuple[np.ndarray, int | None]], numbers: np.ndarray | None
    ) -> list[np.ndarray]:
        """Make ready for so many steps in a row; the arrays in which their outputs will be stacked.

        ``feeds``: for each input an array, and by how many bytes its data are further on at the next step, or
        None: then the rows of a step are gathered by ``numbers``, int64 ``[turns, rows]``.
        """
        gathered, moving, rows = [], [], 0 if numbers is None else numbers.shape[1]
        for k, (place, (array, by)) in enumerate(zip(self._argument_places, feeds, strict=True)):
            self._table[place] = _address(array)
            if by is None:
                room = self._rooms.get(k)
                if room is None:
                    room = self._rooms[k] = aligned_empty((rows, *array.shape[1:]), array.dtype)
                self._table[place] = _address(room)
                gathered.append((_address(array), array[:1].nbytes, _address(room)))
            elif by:
                moving.append((place, by))
        results = []
        for tensor, place, empty, shape in self._results:
            results.append(empty((turns, *shape), tensor.dtype))
            self._table[place] = _address(results[-1])
            moving.append((place, self._bytes(tensor)))
        self._many.set(turns, moving, gathered, 0 if numbers is None else _address(numbers), rows)
        return results

    def run_prepared(self) -> None:
        """Do the steps made ready; what was fed stays until they are done."""
        alive = [slot._array for slot in self._held]
        self._run_turns()
        del alive

    def _run_turns(self) -> None:
        if self._runner is None:
            native().turns(self._many.address, self._dims_address, 0, 1, None)
            return
        interruption = None
        while not self._many.done:  # on a busy machine threads stop in between, to go on as fewer or more
            self._many.go_on()
            try:
                self._runner.run(native().turns_address, self._many.address, self._dims_address)
            except KeyboardInterrupt as raised:
                interruption = raised
        if interruption is not None:
            raise interruption

    @property
    def done(self) -> bool:
        """Whether the steps made ready last have been done."""
        return self._many.done

    # --- host ops -------------------------------------------------------------------------------------------------

    def _call_in_segments(self, arguments: tuple[Any, ...], tensors: bool) -> list[Any] | None:
        """Native parts and host ops in turn; the variables that are not updated in place change at the end."""
        results = self._entry.enter(arguments, False)
        if results is None:
            return None
        native().turns(self._once.address, self._dims_address, 0, 1, None)
        executable = self._executable
        given = [a.value if isinstance(a, Tensor) else a for a in arguments]
        arrays = dict(zip(self._inputs, given, strict=True))
        arrays.update((leaf, slot._array) for leaf, slot in zip(self.variables, self._held, strict=True))
        arrays.update(self.arrays)
        arrays.update(zip(self._schedule.outputs, results, strict=True))
        for k, (address, run) in enumerate(executable.segments):
            begun = time.perf_counter()
            if address is None:
                self._on_host(run[0], arrays)
            elif self._runner is None:
                _STEP(address)(self._table_address, self._dims_address, 0, 1, None)
            else:
                self._runner.run(address, self._table_address, self._dims_address)
            if executable.seconds is not None:
                executable.seconds[k] += time.perf_counter() - begun
        native().turns(self._after.address, self._dims_address, 0, 1, None)
        return [frozen(array) for array in results] if tensors else results

    def _on_host(self, kernel: Kernel, arrays: dict[Tensor, np.ndarray]) -> None:
        """An op without a lowering: its NumPy meaning, on views of the program's memory."""
        (tensor,) = kernel.members
        assert tensor.op is not None

        def array(t: Tensor) -> np.ndarray:
            return arrays[self._schedule.bound.get(t, t)]

        args: list[Any] = []
        for k, x in enumerate(tensor.inputs):
            if k in tensor.op.shape_only:
                args.append(np.broadcast_to(np.zeros((), x.dtype), numbers(x.shape, self.lengths)))
            else:
                where = self._schedule.places.of[x]
                args.append(_strided(array(where.source), where.layout, self.lengths))
        with np.errstate(all="ignore"):
            result = tensor.op.meaning(*args, **numbers(tensor.attrs, self.lengths))
        if not isinstance(result, tuple):
            array(tensor).reshape(np.shape(result))[...] = result
            return
        for part in self._executable.results_of(kernel):
            value = result[part.attrs["index"]]
            array(part).reshape(np.shape(value))[...] = value

    # --- memory ---------------------------------------------------------------------------------------------------

    def _place_temporaries(self) -> None:
        schedule, outputs = self._schedule, set(self._schedule.outputs)
        temporary = [t for t in self._executable.table if t.op is not None and t not in outputs]
        order = {k: n for n, k in enumerate(schedule.kernels)}
        last: dict[Tensor, int] = {}
        for kernel, n in order.items():
            for source in kernel.sources:
                last[source] = n
        last.update({tensor: len(order) for _, tensor in schedule.moves})
        begun: dict[Tensor, int] = {}  # of wholes whose parts are written before they are put together
        for part, where in schedule.placed.items():
            first = order[schedule.owner[part]]
            begun[where.source] = min(first, begun.get(where.source, first))
            last[where.source] = max(last[part], last.get(where.source, first))
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
        self._table[self._places[tensor]] = _address(array)


def _address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


_LARGE = 1 << 14  # bytes: an output that may be read often, by vectors


def _maker(tensor: Tensor, num_bytes: int) -> Callable[..., np.ndarray]:
    """What makes the array of an output."""
    if _overruns(tensor):
        return _with_slack
    return np.empty if num_bytes < _LARGE else aligned_empty


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
