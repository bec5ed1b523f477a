"""Frames: the memory of a program, and what runs it there, once or many steps in a row."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.compile import memory
from thalweg.compile.bounds import Limit
from thalweg.compile.dims import number, numbers
from thalweg.compile.entry import Call, Runner, native
from thalweg.compile.plan import Output, Plan
from thalweg.compile.turns import Turns
from thalweg.graph.lowering import Layout
from thalweg.graph.memory import Slot, address_of, aligned_empty
from thalweg.graph.tensor import Tensor, frozen

if TYPE_CHECKING:
    from thalweg.compile.build import Executable
    from thalweg.compile.groups import Kernel

_STEP = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p
)
Lengths = tuple[int, ...]


class Frame:
    """The memory of a program for given lengths of its open axes and so many threads: arena, workspace, and the
    pointer table. One caller at a time.

    ``whole`` is the address of the function that does all of it, or None: then ``parts`` does, and the host in between.
    ``inputs`` are the leaves that each call's arguments stand for, in order; the ``keys`` leaves behind them take a
    random key at each step, from the two words at address ``random`` and with the last word ``stream``; all others are
    ``variables``, by number, whose memory is set by `place`. ``runner`` runs native code on all threads; None where
    there is one. ``bounds`` say which values of inputs a call takes. ``arrays`` shows the memory of the cells that have
    their place here.

    ``call(arguments, tensors)`` does one step and gives the list of its outputs, as new arrays or eager tensors: see
    `Call`.
    """

    def __init__(
        self,
        plan: Plan,
        whole: int | None,
        parts: Executable | None,
        inputs: Sequence[Tensor],
        keys: int,
        random: int,
        stream: int,
        lengths: Lengths,
        threads: int,
        runner: Runner | None,
        bounds: Sequence[Limit] = (),
    ) -> None:
        self._plan, self._whole, self._parts = plan, whole, parts
        self.lengths, self._runner = lengths, runner
        self._inputs, self._bounds = list(inputs), list(bounds)
        cells = plan.cells
        spare = len(cells) + 1  # of arguments that nothing reads
        self._table = (ctypes.c_uint64 * (spare + 1))()
        self.arrays: dict[int, np.ndarray] = {}
        leaves = {cell.leaf: k for k, cell in enumerate(cells) if cell.leaf is not None}
        self._argument_places = [leaves[k] + 1 if k in leaves else spare for k in range(len(inputs))]
        given = len(inputs) + keys
        placed = [
            (k, cell.leaf) for k, cell in enumerate(cells) if cell.leaf is not None and cell.leaf >= given
        ]
        self._variable_places = [k + 1 for k, _ in placed]
        self.variables = [leaf - given for _, leaf in placed]
        self.variable_shapes = [numbers(cells[k].shape, lengths) for k, _ in placed]
        self._place_temporaries()
        for k, cell in enumerate(cells):
            if cell.value is not None:
                self._fix(k, np.ascontiguousarray(cell.value))
        drawn = [leaves[k] for k in range(len(inputs), given) if k in leaves]
        for k in drawn:
            self._fix(k, np.array([0, 0, 0, stream], np.uint32))
        per_thread = max((-(-number(size, lengths) // 64) * 64 for size in plan.workspaces), default=0)
        self._workspace = aligned_empty((per_thread * threads + 64,), np.dtype(np.uint8))
        self._table[0] = address_of(self._workspace)
        self._dims = np.array([per_thread, *lengths], np.int64)
        self._dims_address, self._table_address = address_of(self._dims), ctypes.addressof(self._table)
        self._results = [
            (o.cell, _maker(o, self._bytes(o.cell)), numbers(o.shape, lengths), cells[o.cell].dtype)
            for o in plan.outputs
        ]
        self._rooms: dict[int, np.ndarray] = {}  # where the rows of an input are gathered
        self._make_calls([address_of(self.arrays[k]) for k in drawn], random)

    def _make_calls(self, keys: Sequence[int], random: int) -> None:
        copies = [(source + 1, target + 1, self._bytes(target)) for source, target in self._plan.copies]
        whole = self._whole
        if whole is not None:
            turns = Turns(whole, self._table_address, copies, keys, random)
            self._many = Turns(whole, self._table_address, copies, keys, random)
        else:  # host ops in between: keys before, copies after
            turns = Turns(0, self._table_address, [], keys, random)
            self._after = Turns(0, self._table_address, copies, [], random)
        self._once = turns
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
                (cell + 1, partial(empty, shape, dtype), shape, dtype)
                for cell, empty, shape, dtype in self._results
            ],
            self._bounds,
        )
        self._entry = entry
        self.call: Callable[[tuple[Any, ...], bool], list[Any] | None]
        self.call = entry.enter if whole is not None else self._call_in_segments

    def place(self, slots: Sequence[Slot]) -> None:
        """Say in which slots the variables are, in their order."""
        for place, slot in zip(self._variable_places, slots, strict=True):
            self._table[place] = slot.address
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
            self._table[place] = address_of(array)
            if by is None:
                room = self._rooms.get(k)
                if room is None:
                    room = self._rooms[k] = aligned_empty((rows, *array.shape[1:]), array.dtype)
                self._table[place] = address_of(room)
                gathered.append((address_of(array), array[:1].nbytes, address_of(room)))
            elif by:
                moving.append((place, by))
        results = []
        for cell, empty, shape, dtype in self._results:
            results.append(empty((turns, *shape), dtype))
            self._table[cell + 1] = address_of(results[-1])
            moving.append((cell + 1, self._bytes(cell)))
        self._many.set(turns, moving, gathered, 0 if numbers is None else address_of(numbers), rows)
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
        parts = self._parts
        assert parts is not None
        given = [a.value if isinstance(a, Tensor) else a for a in arguments]
        by_place = dict(zip(self._argument_places, given, strict=True))
        by_place.update(zip(self._variable_places, (slot._array for slot in self._held), strict=True))
        by_place.update((cell + 1, array) for cell, array in self.arrays.items())
        by_place.update((row[0] + 1, array) for row, array in zip(self._results, results, strict=True))
        arrays = {tensor: by_place[k + 1] for tensor, k in parts.table.items() if k + 1 in by_place}
        for k, (address, run) in enumerate(parts.segments):
            begun = time.perf_counter()
            if address is None:
                self._on_host(parts, run[0], arrays)
            elif self._runner is None:
                _STEP(address)(self._table_address, self._dims_address, 0, 1, None)
            else:
                self._runner.run(address, self._table_address, self._dims_address)
            if parts.seconds is not None:
                parts.seconds[k] += time.perf_counter() - begun
        native().turns(self._after.address, self._dims_address, 0, 1, None)
        return [frozen(array) for array in results] if tensors else results

    def _on_host(self, parts: Executable, kernel: Kernel, arrays: dict[Tensor, np.ndarray]) -> None:
        """An op without a lowering: its NumPy meaning, on views of the program's memory."""
        (tensor,) = kernel.members
        assert tensor.op is not None

        def array(t: Tensor) -> np.ndarray:
            return arrays[parts.schedule.bound.get(t, t)]

        args: list[Any] = []
        for k, x in enumerate(tensor.inputs):
            if k in tensor.op.shape_only:
                args.append(np.broadcast_to(np.zeros((), x.dtype), numbers(x.shape, self.lengths)))
            else:
                where = parts.schedule.places.of[x]
                args.append(_strided(array(where.source), where.layout, self.lengths))
        with np.errstate(all="ignore"):
            result = tensor.op.meaning(*args, **numbers(tensor.attrs, self.lengths))
        if not isinstance(result, tuple):
            array(tensor).reshape(np.shape(result))[...] = result
            return
        for part in parts.results_of(kernel):
            value = result[part.attrs["index"]]
            array(part).reshape(np.shape(value))[...] = value

    # --- memory ---------------------------------------------------------------------------------------------------

    def _place_temporaries(self) -> None:
        cells = self._plan.cells
        temporary = [k for k, c in enumerate(cells) if c.leaf is None and c.value is None and not c.output]
        buffers = [memory.Buffer(self._bytes(k), cells[k].first, cells[k].last) for k in temporary]
        offsets, size = memory.plan(buffers)
        self._arena = aligned_empty((max(size, 64),), np.dtype(np.uint8))
        for k, offset in zip(temporary, offsets, strict=True):
            view = self._arena[offset : offset + self._bytes(k)]
            self._fix(k, view.view(cells[k].dtype).reshape(numbers(cells[k].shape, self.lengths)))

    def _bytes(self, cell: int) -> int:
        total = self._plan.cells[cell].dtype.itemsize
        for d in self._plan.cells[cell].shape:
            total *= number(d, self.lengths)
        return total

    def _fix(self, cell: int, array: np.ndarray) -> None:
        self.arrays[cell] = array
        self._table[cell + 1] = address_of(array)


_LARGE = 1 << 14  # bytes: an output that may be read often, by vectors


def _maker(output: Output, num_bytes: int) -> Callable[..., np.ndarray]:
    """What makes the array of an output."""
    if output.slack:
        return _with_slack
    return np.empty if num_bytes < _LARGE else aligned_empty


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
