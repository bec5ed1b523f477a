"""The schedule of a program: its kernels in an order in which each finds what it reads, and what must be in
memory.
"""

from __future__ import annotations

import functools
import heapq
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compile.assembly import written_in_place
from thalweg.compile.fuse import fuse
from thalweg.compile.groups import Columns, Kernel, Nest, Product, node_of, num_bytes
from thalweg.compile.layout import Place, Places, is_identity
from thalweg.graph.lowering import RandomBits, Scatter
from thalweg.graph.tensor import Tensor

_SHRINKS = 4  # times as much read as made: a kernel that is done as soon as it can be


class Schedule:
    """Kernels in order, and what each tensor's memory is.

    ``outputs`` are the computed tensors that the caller gets, under ``output_shapes``. ``bound`` maps a
    computed tensor to the leaf whose memory it takes over (an updated variable); ``moves`` are (leaf, tensor)
    copies to do at the very end.
    """

    def __init__(self, outputs: Sequence[Tensor], updates: Sequence[tuple[Tensor, Tensor]]) -> None:
        self.places = Places([*outputs, *(u for _, u in updates)])
        self.outputs: list[Tensor] = []
        for tensor in outputs:  # a second output of one value is a copy
            self.outputs.append(self.places.own(tensor, taken=set(self.outputs)))
        self.output_shapes: list[Any] = [
            t.shape for t in outputs
        ]  # an output may be another's memory reshaped
        targets = [(leaf, self.places.own(u, taken=set(self.outputs))) for leaf, u in updates]
        self.kernels = fuse(self.places, self.places.computed)
        self.owner = {member: kernel for kernel in self.kernels for member in kernel.members}
        self.bound: dict[Tensor, Tensor] = {}
        self.moves: list[tuple[Tensor, Tensor]] = []
        self._bind_updates(targets)
        self.kernels = self._sorted()
        assert len(self.kernels) == len(set(self.owner.values())), "the kernels wait for each other"
        self.stored = self._stored()
        self.placed = self._placed()

    def _bind_updates(self, targets: list[tuple[Tensor, Tensor]]) -> None:
        """Give each updated variable's memory to the kernel that computes its new value, where the order
        allows it.
        """
        after, before_writing = self._successors(), self._before_writing()
        for leaf, tensor in targets:
            kernel = self.owner.get(tensor)
            if tensor in self.bound or kernel is None or not self._in_place(leaf, tensor, kernel):
                self.moves.append((leaf, tensor))
                continue
            before = before_writing(leaf, kernel)
            if _leads_to(kernel, before, after):
                self.moves.append((leaf, tensor))
                continue
            self.bound[tensor] = leaf
            for earlier in before:
                after[earlier].add(kernel)

    def _in_place(self, leaf: Tensor, tensor: Tensor, kernel: Kernel) -> bool:
        """Whether the kernel may overwrite the variable while it runs: it reads each element only where it
        writes it.
        """
        if leaf not in kernel.sources:
            return tensor.op is None or not isinstance(
                tensor.op.lower, RandomBits
            )  # those write past the end
        if tensor.op is not None and isinstance(tensor.op.lower, Scatter):
            return self._scattered_into(leaf, tensor)
        nest = kernel.nest if isinstance(kernel, Product) else kernel
        if not isinstance(nest, Nest) or tensor in nest.row_level or nest.split is not None:
            return False
        if isinstance(kernel, Product) and (
            kernel.windows is not None or any(self.places.of[t].source is leaf for t in kernel.product.inputs)
        ):
            return False
        return all(is_identity(a.layout) for reads in nest.reads.values() for a in reads if a.source is leaf)

    def _scattered_into(self, leaf: Tensor, tensor: Tensor) -> bool:
        """Whether what is written at some places of a copy of the variable may be written into the variable itself:
        it is read as what is copied alone.
        """
        assert tensor.op is not None
        base = tensor.op.lower.base
        read = [k for k, t in enumerate(tensor.inputs) if self.places.of[t].source is leaf]
        return read == [base] and is_identity(self.places.of[tensor.inputs[base]].layout)

    def _successors(self) -> dict[Kernel, set[Kernel]]:
        """Who must wait for each kernel: its readers; and whoever overwrites a variable, for the readers of
        its old value and for all that may fail.
        """
        after: dict[Kernel, set[Kernel]] = {k: set() for k in self.kernels}
        for kernel in self.kernels:
            for source in kernel.sources:
                made = self.owner.get(node_of(source))
                if made is not None and made is not kernel:
                    after[made].add(kernel)
        if self.bound:
            before_writing = self._before_writing()
            for tensor, leaf in self.bound.items():
                writer = self.owner[tensor]
                for kernel in before_writing(leaf, writer):
                    after[kernel].add(writer)
        return after

    def _before_writing(self) -> Callable[[Tensor, Kernel], set[Kernel]]:
        """Of a variable and the kernel that overwrites it, the kernels to be done first: the others that read it,
        and those that may fail, since then all variables stay as they were.
        """
        readers: dict[Tensor, list[Kernel]] = {}
        for kernel in self.kernels:
            for source in kernel.sources:
                readers.setdefault(source, []).append(kernel)
        failing = [k for k in self.kernels if _may_fail(k)]
        return lambda leaf, writer: {*readers.get(leaf, ()), *failing} - {writer}

    def _sorted(self) -> list[Kernel]:
        """The kernels in order; fewer than there are, where some wait for each other. What makes less than it reads
        is done as soon as it can be: while that is in the caches, whose memory is then free for others.
        """
        after, stored = self._successors(), self._stored()
        waiting = dict.fromkeys(self.kernels, 0)
        for successors in after.values():
            for kernel in successors:
                waiting[kernel] += 1
        urgent = {k: (not self._shrinks(k, stored), k.order) for k in self.kernels}
        ready = [(urgent[k], k) for k in self.kernels if not waiting[k]]
        heapq.heapify(ready)
        result = []
        while ready:
            _, kernel = heapq.heappop(ready)
            result.append(kernel)
            for successor in after[kernel]:
                waiting[successor] -= 1
                if not waiting[successor]:
                    heapq.heappush(ready, (urgent[successor], successor))
        return result

    def _shrinks(self, kernel: Kernel, stored: set[Tensor]) -> bool:
        """Whether a kernel makes much less new memory than that of others' results which it reads."""
        made = [m for m in kernel.members if m in stored and m not in self.bound]
        used = [s for s in kernel.sources if s.op is not None]
        return _SHRINKS * sum(map(num_bytes, made)) <= sum(map(num_bytes, used))

    def is_read(self, tensor: Tensor) -> bool:
        """Whether another kernel, or the caller, wants the tensor's memory."""
        return tensor in self._read

    @functools.cached_property
    def _read(self) -> set[Tensor]:
        kept = {*self.outputs, *self.bound, *(t for _, t in self.moves)}
        return kept.union(*(kernel.sources for kernel in self.kernels))

    def _placed(self) -> dict[Tensor, Place]:
        """The stored tensors that have no memory of their own, being parts of others, and where they lie."""
        kept = {*self.outputs, *self.bound, *(t for _, t in self.moves)}
        return written_in_place(self.places, self.kernels, self.owner, kept, self.bound)

    def _stored(self) -> set[Tensor]:
        """The computed tensors that need memory."""
        stored = {*self.outputs, *self.bound, *(t for _, t in self.moves)}
        for kernel in self.kernels:
            stored |= {s for s in kernel.sources if s.op is not None}
            if isinstance(kernel, Product) and kernel.nest is not None:
                if not kernel.in_registers:
                    stored.add(kernel.product)
            elif isinstance(kernel, Columns):
                stored |= set(kernel.sums)
            elif not isinstance(kernel, Nest):
                stored |= {m for m in kernel.members if len(m.specs) == 1}
        return stored


def _leads_to(kernel: Kernel, others: set[Kernel], after: dict[Kernel, set[Kernel]]) -> bool:
    """Whether one of the others has to wait, perhaps through more, for the kernel."""
    stack, seen = [kernel], {kernel}
    while stack:
        for later in after[stack.pop()]:
            if later in others:
                return True
            if later not in seen:
                seen.add(later)
                stack.append(later)
    return False


def _may_fail(kernel: Kernel) -> bool:
    """Whether the host does the kernel, by the op's NumPy meaning."""
    op = kernel.members[0].op
    return op is not None and op.lower is None
