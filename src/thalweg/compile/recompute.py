"""Values computed again by each kernel that reads them, where that asks less of the memory than keeping them.

A loop nest mostly waits for memory. The deviations from a mean, the mask of an activation, the pieces of a
normalisation's gradient: a few instructions make them of arrays that their readers read anyway, or could read instead.
What a single sum down columns reads moves into it, however much it is.
"""

from __future__ import annotations

from thalweg.compile.effort import effort
from thalweg.compile.groups import (
    Columns,
    Groups,
    Kernel,
    Nest,
    Product,
    is_reduction,
    loops_of,
    nest_of,
    num_bytes,
    size,
    under,
)
from thalweg.compile.layout import Access, is_identity
from thalweg.compile.nests import steps_evenly
from thalweg.graph.tensor import Tensor

_EFFORT = 24  # instructions at most, loads among them, for an element that is computed again
_TINY = 16  # times fewer elements: an array that costs nothing to read beside another


def recompute(groups: Groups) -> None:
    """Let the readers of values compute them, the last kernels first."""
    nests = [(k, n) for k in groups.before if (n := nest_of(k)) is not None]
    for kernel, nest in sorted(nests, key=lambda pair: -pair[0].order):
        for member in reversed(groups.in_order(nest.members)):
            if kernel in groups.before and member in nest.reads and member not in nest.row_level:
                _Value(groups, kernel, nest, member).spare()


class _Value:
    """A member of a loop nest that other kernels read."""

    def __init__(self, groups: Groups, kernel: Kernel, nest: Nest, x: Tensor) -> None:
        self.groups, self.kernel, self.nest, self.x = groups, kernel, nest, x
        self.readers = [k for k in groups.after[kernel] if x in k.sources]

    def spare(self) -> None:
        """Let its readers compute it, if all can and that is less work for the memory."""
        nest, kernel = self.nest, self.kernel
        if self.x in self.groups.kept or not self.readers:
            return
        self.needed = self.groups.needed(self.x, nest, self._stored() - {self.x})
        if self.needed & nest.row_level:
            return
        loads = {read for m in self.needed for read in nest.reads[m] if read.source not in self.needed}
        sources = {read.source for read in loads}
        if isinstance(kernel, Product) and kernel.product in sources:
            return  # which may be in registers only
        if not all(map(self._fits, self.readers)):
            return
        light = sum(map(effort, self.needed)) + len(loads) <= _EFFORT
        kept = (2 + len(self.readers)) * num_bytes(self.x)  # a line is read before it is written
        again = sum(self._read_bytes(s) for k in self.readers for s in sources - k.sources)
        if self._moves() or (light and again <= kept):
            for reader in self.readers:
                self._hand_to(reader)
            self._forget()

    def _moves(self) -> bool:
        """Whether nothing is done again: one sum down columns takes over all that the nest does."""
        return self._stored() == {self.x} and len(self.readers) == 1 and isinstance(self.readers[0], Columns)

    def _stored(self) -> set[Tensor]:
        """The members of the nest that others read, or the caller."""
        read = set().union(*(k.sources for k in self.groups.after[self.kernel]))
        return {m for m in self.nest.members if m in read or m in self.groups.kept}

    def _read_bytes(self, source: Tensor) -> int:
        """What reading an array asks of the memory: nothing where it is so small that it is always near."""
        count = min(size(source.shape), size(self.x.shape))
        return 0 if _TINY * count <= size(self.x.shape) else count * source.dtype.itemsize

    def _fits(self, reader: Kernel) -> bool:
        """Whether a reader walks over the same elements, and sees each where it is."""
        own, nest = loops_of(reader), self.nest
        if own is None or (isinstance(reader, Product) and self.x in self.groups.factors(reader)):
            return False
        if own.domain != nest.domain and not (nest.flat and size(own.domain) == size(nest.domain)):
            return False
        if isinstance(reader, Product):
            layouts = [read.layout for m in self.needed for read in self._reads(m, own.domain)]
            if not steps_evenly(own.domain, reader.rows, layouts):
                return False
        for m, reads in own.reads.items():
            for read in reads:
                if read.source is self.x:
                    whole = read.layout.shape == own.domain and is_identity(read.layout)
                    if not whole or (m in own.row_level and not is_reduction(m)):
                        return False
        return True

    def _reads(self, member: Tensor, domain: tuple[int, ...]) -> list[Access]:
        """What a member reads, under the axes of another nest."""
        reads = self.nest.reads[member]
        return reads if domain == self.nest.domain else under(domain, reads)

    def _hand_to(self, reader: Kernel) -> None:
        own = loops_of(reader)
        assert own is not None
        for m in self.groups.in_order(self.needed):
            own.reads[m] = self._reads(m, own.domain)
        own.inside |= self.needed
        self._sources_anew(reader)

    def _forget(self) -> None:
        """Drop the members that nobody needs any more, and the kernel where none is left."""
        nest, stored = self.nest, self._stored()
        needed = set().union(stored, *(self.groups.needed(m, nest, set()) for m in stored))
        if not needed:
            self.groups.drop(self.kernel)
            return
        nest.members = [m for m in nest.members if m in needed]
        nest.inside &= needed
        nest.row_level &= needed
        nest.reads = {m: reads for m, reads in nest.reads.items() if m in needed}
        if isinstance(self.kernel, Product):
            self.kernel.members = [self.kernel.product, *nest.members]
        self._sources_anew(self.kernel)

    def _sources_anew(self, kernel: Kernel) -> None:
        own = loops_of(kernel)
        assert own is not None
        own.sources = {r.source for reads in own.reads.values() for r in reads} - own.inside
        if isinstance(kernel, Product):
            kernel.sources = (own.sources | self.groups.factors(kernel)) - {kernel.product}
        self.groups.reconnect(kernel)
