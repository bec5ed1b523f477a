"""Loops over steps: the body's kernels inside one native loop, reading and writing rows of the stacked arrays in place.

Elements of this step are read where they lie in the sequences. A carry whose stacked values somebody wants is read
from the row of this step and written to the next one's; another is overwritten where its kernel allows that, or
else alternates between two rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from thalweg.compile import singles
from thalweg.compile.fuse import fuse
from thalweg.compile.groups import Kernel, size
from thalweg.compile.layout import Place, Places
from thalweg.compile.schedule import Schedule
from thalweg.compile.step import Piece, Step
from thalweg.compile.values import Value
from thalweg.graph.lowering import Layout, Loop, RandomBits, row_major
from thalweg.graph.op import item
from thalweg.graph.tensor import Placeholder, Tensor
from thalweg.graph.walk import topological
from thalweg.ops.state import identity


def is_loop(kernel: Kernel) -> bool:
    """Whether the kernel is a loop over steps."""
    op = kernel.members[0].op
    return op is not None and isinstance(op.lower, Loop)


def loops_of(schedule: Schedule) -> dict[Kernel, LoopSchedule]:
    """The schedules of a schedule's loops and of the loops in their bodies.

    What the bodies compute lives in the program's memory while their loop runs: the schedule owns it from now on.
    """
    found: dict[Kernel, LoopSchedule] = {}
    for kernel in [k for k in schedule.kernels if is_loop(k)]:
        loop = LoopSchedule(schedule, kernel)
        found[kernel] = loop
        found.update(loops_of(loop))
        schedule.owner.update((tensor, kernel) for tensor in [*loop.owner, *loop.rooms])
    return found


@dataclass(frozen=True, eq=False)
class Carry:
    """A carry: its number, its leaf in the body, what computes its next value, and its rooms.

    ``last`` holds it after the loop; ``rows`` all of them as they were before each step; ``other`` is what it
    alternates with, None where it is overwritten in place or has rows.
    """

    number: int
    leaf: Tensor
    new: Tensor
    last: Tensor
    rows: Tensor | None
    other: Tensor | None


class LoopSchedule(Schedule):
    """The schedule of a loop's body: its parameters are leaves whose memory moves from step to step.

    ``elements`` pairs the leaves of sequences with these, ``constants`` leaves with what they stand for; ``stacked``
    pairs the elements of outputs with these. ``rooms`` are the arrays that only the loop itself uses.
    """

    def __init__(self, outer: Schedule, kernel: Kernel) -> None:
        node = kernel.members[0]
        self.node, self.outer = node, outer
        attrs, body = node.attrs, node.attrs["body"]
        self.num_carry, self.num_xs, self.reverse = attrs["num_carry"], attrs["num_xs"], attrs["reverse"]
        self.length = node.inputs[self.num_carry].shape[0] if self.num_xs else attrs["length"]
        self.rooms: list[Tensor] = []
        wanted = self._wanted(node, outer)
        needed = self._needed(body, set(wanted))
        leaves = {id(p): self._leaf(p, k) for k, p in enumerate(body.parameters)}
        roots = _copied([body.outputs[k] for k in needed], leaves)
        self.leaves = [leaves[id(p)] for p in body.parameters]
        self._schedule(roots)
        self.elements = [(self.leaves[k], node.inputs[k]) for k in self._range_of_xs()]
        self.constants = list(zip(self.leaves, node.inputs, strict=True))[self.num_carry + self.num_xs :]
        made = dict(zip(needed, self.outputs, strict=True))
        self.carries = self._bound_carries(made, wanted, len(body.outputs))
        self.stacked = [(made[k], wanted[k]) for k in needed if k >= self.num_carry]
        self.kernels = self._sorted()
        self.stored = self._stored()
        self.placed = self._placed()
        self.bound.update(outer.bound)

    def _schedule(self, roots: Sequence[Tensor]) -> None:
        self.places = Places(roots, self._given())
        self.outputs = []
        for tensor in roots:
            own = self.places.own(tensor, taken=set(self.outputs))
            # random words are written past the end, where the next row is
            over = own.op is not None and isinstance(own.op.lower, RandomBits)
            self.outputs.append(self.places.copy_of(tensor) if over else own)
        self.output_shapes = [t.shape for t in roots]
        self.kernels = fuse(self.places, self.places.computed)
        self.owner = {member: kernel for kernel in self.kernels for member in kernel.members}
        self.bound, self.moves = {}, []

    def _range_of_xs(self) -> range:
        return range(self.num_carry, self.num_carry + self.num_xs)

    @staticmethod
    def _wanted(node: Tensor, outer: Schedule) -> dict[int, Tensor]:
        """The results that have memory, by number."""
        if len(node.specs) == 1 and node in outer.stored:
            return {0: node}
        parts = [t for t in outer.stored if t.op is item and t.inputs[0] is node]
        found = {t.attrs["index"]: t for t in parts}
        assert len(found) == len(parts), "a result of a loop is there twice"
        return found

    def _needed(self, body: Any, wanted: set[int]) -> list[int]:
        """The body's outputs that are wanted or that such an output needs through the carries."""
        count = len(body.outputs)
        needed = {k if k < count else k - count for k in wanted}
        places = {id(p): k for k, p in enumerate(body.parameters[: self.num_carry])}
        while True:
            below = topological([body.outputs[k] for k in sorted(needed)])
            more = needed | {places[id(t)] for t in below if id(t) in places}
            if more == needed:
                return sorted(needed)
            needed = more

    def _leaf(self, parameter: Tensor, k: int) -> Tensor:
        """The leaf for a parameter; a number that never changes is itself."""
        given = self.node.inputs[k]
        number = given.op is None and given.value is not None and given.value.size == 1
        if number and k >= self.num_carry + self.num_xs:
            return given
        return Placeholder(None, (), {}, parameter.specs, name=parameter.name, built_at=parameter.built_at)

    def _given(self) -> dict[Tensor, Place]:
        """Elements and constants are read where they lie outside; their pointers are those of their element 0."""
        found = {}
        for k, leaf in enumerate(self.leaves):
            if k >= self.num_carry and leaf is not self.node.inputs[k]:
                layout = self.outer.places.of[self.node.inputs[k]].layout
                first = int(k in self._range_of_xs())
                found[leaf] = Place(leaf, Layout(0, layout.shape[first:], layout.strides[first:]))
        return found

    def _bound_carries(self, made: dict[int, Tensor], wanted: dict[int, Tensor], count: int) -> list[Carry]:
        live = [k for k in made if k < self.num_carry]
        self._bind_updates([(self.leaves[k], made[k]) for k in live if k + count not in wanted])
        self.moves = []  # what is not overwritten in place alternates
        carries = []
        for k in live:
            leaf, rows = self.leaves[k], wanted.get(k + count)
            last = wanted[k] if k in wanted else self._room(leaf)
            alternates = rows is None and made[k] not in self.bound
            carries.append(Carry(k, leaf, made[k], last, rows, self._room(leaf) if alternates else None))
        return carries

    def _room(self, like: Tensor) -> Tensor:
        self.rooms.append(Tensor(identity, (like,), {}, like.specs))
        return self.rooms[-1]


def _copied(outputs: Sequence[Tensor], leaves: dict[int, Tensor]) -> list[Tensor]:
    """A body's graph once more, over other leaves: each loop owns its tensors."""
    new = dict(leaves)
    for t in topological(outputs):
        if id(t) not in new:
            inputs = tuple(new[id(x)] for x in t.inputs)
            new[id(t)] = (
                t
                if t.op is None
                else Tensor(t.op, inputs, t.attrs, t.specs, name=t.name, built_at=t.built_at)
            )
    return [new[id(t)] for t in outputs]


# --- emission ---------------------------------------------------------------------------------------------------------


def plan(step: Step, kernel: Kernel) -> Piece:
    """What writes the loop, and whether all threads take part (they meet after every kernel of the body)."""
    loop = step.loops[kernel]
    with step.inside(loop):
        planned = [step.planned(k) for k in loop.kernels]
    parallel = any(p for _, p in planned)
    return (lambda: _Emission(step, loop).emit(planned, parallel)), parallel


class _Emission:
    """One loop being written: where the rows of this step are."""

    def __init__(self, step: Step, loop: LoopSchedule) -> None:
        self.step, self.loop, self.e = step, loop, step.e

    def emit(self, planned: Sequence[Piece], parallel: bool) -> None:
        e, step, loop = self.e, self.step, self.loop
        bases = self._bases()
        with e.when(step.threads.index.eq(0), name="begin") if parallel else nullcontext():
            self._begin()
        if parallel:
            step.meet()
        with e.loop(0, loop.length, name="step") as i:
            rest = e.index(loop.length) - 1 - i
            self._move(bases, rest if loop.reverse else i, rest)
            with step.inside(loop):
                if parallel:
                    step.pieces(planned)
                else:
                    for emit, _ in planned:
                        if emit is not None:
                            emit()
            if parallel:
                step.meet()

    def _bases(self) -> dict[Tensor, Any]:
        """The address of element 0 of every sequence and constant seen through its views."""
        step, loop = self.step, self.loop
        bases = {}
        for leaf, outside in [*loop.elements, *loop.constants]:
            if leaf is not outside:
                where = loop.outer.places.of[outside]
                base = step.pointer(where.source)
                bases[leaf] = self.e.at(base, where.layout.offset, where.source.dtype.name)
                step.moved(leaf, bases[leaf])
        return bases

    def _begin(self) -> None:
        """The first values of the carries, where the first step reads them."""
        for carry in self.loop.carries:
            self.step.moved(carry.leaf, self._first(carry))
            singles.copy(
                self.step, self.loop.node.inputs[carry.number], carry.leaf, row_major(carry.leaf.shape)
            )

    def _first(self, carry: Carry) -> Any:
        before_last = self.e.index(self.loop.length) - 1
        if carry.rows is not None:
            return self._row(carry.rows, before_last if self.loop.reverse else self.e.index(0), carry.leaf)
        return self._read_and_written(carry, before_last)[0]

    def _row(self, rows: Tensor, t: Value, like: Tensor) -> Any:
        return self.e.at(self.step.pointer(rows), t * size(like.shape), rows.dtype.name)

    def _move(self, bases: dict[Tensor, Any], t: Value, rest: Value) -> None:
        """Point to the rows of step ``t``, after which ``rest`` steps are left."""
        e, step, loop = self.e, self.step, self.loop
        for leaf, outside in loop.elements:
            stride = loop.outer.places.of[outside].layout.strides[0]
            step.moved(leaf, e.at(bases[leaf], t * stride, leaf.dtype.name))
        for carry in loop.carries:
            read, written = self._read_and_written(carry, rest)
            if carry.rows is not None:
                following = self._row(carry.rows, t - 1 if loop.reverse else t + 1, carry.leaf)
                written = e.builder.select(rest.eq(0).ir, written, following)
                read = self._row(carry.rows, t, carry.leaf)
            step.moved(carry.leaf, read)
            if loop.bound.get(carry.new) is not carry.leaf:
                step.moved(carry.new, written)
        for element, whole in loop.stacked:
            step.moved(element, self._row(whole, t, element))

    def _read_and_written(self, carry: Carry, rest: Value) -> tuple[Any, Any]:
        """The rooms of a carry without rows: the last step writes ``last``."""
        last = self.step.pointer(carry.last)
        if carry.other is None:
            return last, last
        other, even = self.step.pointer(carry.other), (rest & 1).eq(0).ir
        b = self.e.builder
        return b.select(even, other, last), b.select(even, last, other)
