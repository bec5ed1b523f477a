"""Elements of a loop nest: what each kind of nest shares - reading, computing, rounding, storing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from thalweg.compile.assembly import access_in
from thalweg.compile.groups import Columns, Nest, is_reduction
from thalweg.compile.layout import Access
from thalweg.compile.loops import Emitter
from thalweg.compile.nests import Threads, narrowed
from thalweg.compile.step import Step
from thalweg.compile.values import Value, register_dtype
from thalweg.graph.lowering import Layout, Pointwise
from thalweg.graph.tensor import Tensor

_BAND = 64  # levels of members that compute each other by calls; what lies in lower bands is computed before


@dataclass
class Lanes:
    """One place in an innermost loop: the index of each access, the lanes, their mask, and what is computed
    there.
    """

    indices: dict[tuple[Tensor, Layout], Value]
    width: int
    mask: Value | None
    values: dict[Tensor, Value]
    loads: dict[tuple[Tensor, Layout], Value]


class NestEmitter(ABC):
    """What flat and row nests share: reading accesses, computing members, storing results."""

    def __init__(self, step: Step, nest: Nest | Columns, threads: Threads | None) -> None:
        self.step, self.nest, self.threads = step, nest, threads
        self.schedule = step.schedule
        self.members = nest.inside
        self.reads = {m: [self._located(a) for a in reads] for m, reads in nest.reads.items()}
        self.depth = self._depths()
        self.stores = [m for m in nest.members if m in self.schedule.stored]
        in_rows = {m: None for m in nest.reads if m in nest.row_level and not is_reduction(m)}
        self.external = self._outside([m for m in nest.reads if m not in in_rows])
        self.row_external = self._outside(list(in_rows))

    def _located(self, access: Access) -> Access:
        """An access to a part of a whole, where it lies there."""
        where = self.schedule.placed.get(access.source)
        if where is None or access.source in self.members:
            return access
        found = access_in(access, where)
        assert found is not None
        return found

    def _depths(self) -> dict[Tensor, int]:
        """How many members lie on the longest way down from each, in an order in which each follows what it
        reads.
        """
        depths: dict[Tensor, int] = {}
        stack = list(reversed(self.reads))
        while stack:
            below = [a.source for a in self.reads[stack[-1]] if a.source in self.members]
            waiting = [m for m in below if m not in depths]
            stack += waiting
            if not waiting:
                depths[stack.pop()] = 1 + max((depths[m] for m in below), default=-1)
        return depths

    def _below(self, wanted: Sequence[Tensor], known: set[Tensor]) -> set[Tensor]:
        """The members that are computed for these tensors, where others are known."""
        found, stack = set[Tensor](), list(wanted)
        while stack:
            member = stack.pop()
            if member in self.members and member not in known and member not in found:
                found.add(member)
                stack += [a.source for a in self.reads[member]]
        return found

    def _outside(self, members: Sequence[Tensor]) -> list[tuple[Tensor, Layout]]:
        """The distinct accesses of these members to memory."""
        accesses = [a for m in members for a in self.reads[m]]
        memory = [a for a in accesses if a.source not in self.members and not _is_number(a.source)]
        return list(dict.fromkeys((a.source, a.layout) for a in memory))

    @property
    def e(self) -> Emitter:
        return self.step.e

    def lanes_for(self, length: int) -> int:
        """Lanes of the innermost loop: the target's for float32 (float64 where nothing is narrower), fewer
        for short rows.
        """
        kinds = {register_dtype(m.dtype.name) for m in self.nest.reads}
        wide = kinds <= {"float64", "int64", "uint64", "bool"} and kinds != {"bool"}
        return narrowed(self.step.target.lanes("float64" if wide else "float32"), length)

    def compute(self, member: Tensor, at: Lanes) -> Value:
        """The member's value at these lanes, computed once."""
        if member not in at.values:
            for lower in self._lower(member, at):
                self.compute(lower, at)
            args = [self.read(a, at) for a in self.reads[member]]
            at.values[member] = self.apply(member, args)
        return at.values[member]

    def _lower(self, member: Tensor, at: Lanes) -> list[Tensor]:
        """The members of lower bands that are read from a higher one below a member, the lowest first: Python's
        calls do not nest as deep as a graph may be.
        """
        found, seen, stack = [], {member}, [member] if self.depth[member] >= _BAND else []
        while stack:
            reader = stack.pop()
            for source in (a.source for a in self.reads[reader]):
                if source not in seen and self._is_to_compute(source, at):
                    seen.add(source)
                    stack.append(source)
                if source in seen and self.depth[source] // _BAND < self.depth[reader] // _BAND:
                    found.append(source)
        return sorted(dict.fromkeys(found), key=self.depth.__getitem__)

    def _is_to_compute(self, source: Tensor, at: Lanes) -> bool:
        """Whether to read it means to compute it here."""
        return source in self.members and source not in at.values

    def apply(self, member: Tensor, args: Sequence[Value]) -> Value:
        """The op's own lowering on values."""
        assert member.op is not None and isinstance(member.op.lower, Pointwise)
        result = member.op.lower.emit(self.e, *args, **member.attrs)
        kind = register_dtype(member.dtype.name)
        if not isinstance(result, Value):
            result = self.e.const(result, kind, args[0].width if args else 1)
        if result.dtype != kind:
            result = result.astype(kind)
        return self.rounded(result, member)

    def rounded(self, value: Value, member: Tensor) -> Value:
        """Storage types are rounded after every op, as when each result is stored."""
        name = member.dtype.name
        if name == register_dtype(name):
            return value
        return self.e.from_memory(self.e.to_memory(value, name), name, value.width)

    @abstractmethod
    def read(self, access: Access, at: Lanes) -> Value:
        """An access at these lanes: another member's value, or memory."""

    def load(self, access: Access, at: Lanes, stride: int) -> Value:
        """External memory at these lanes; ``stride`` is the access's along the lanes."""
        e, key = self.e, (access.source, access.layout)
        if _is_number(access.source):
            name = access.source.dtype.name
            return e.const(access.source.value.reshape(-1)[0].item(), register_dtype(name), at.width)
        if key not in at.loads:
            kind, pointer = access.source.dtype.name, self.step.pointer(access.source)
            at.loads[key] = e.load_strided(pointer, at.indices[key], stride, kind, at.width, at.mask)
        return at.loads[key]

    def store(self, member: Tensor, index: Value, at: Lanes, stride: int = 1) -> None:
        value = at.values[member]
        value = value if value.width == at.width else self.e.splat(value, at.width)
        self.e.store_strided(self._memory(member), index, stride, value, member.dtype.name, at.mask)

    def _memory(self, member: Tensor) -> Any:
        """The address of a member's memory, or of the whole that it is part of."""
        place = self.schedule.placed.get(member)
        return self.step.pointer(member if place is None else place.source)


def _is_number(tensor: Tensor) -> bool:
    """Whether a tensor is a constant with a single value, written into the code."""
    return tensor.op is None and tensor.value is not None and tensor.value.size == 1
