"""Fusion: which expressions share a loop nest.

Every elementwise expression and every reduction over last axes begins as a nest of its own. Nests are then
merged along the edges between them wherever one walk over the same elements can do both and no third kernel
must run in between. A nest with reductions runs row by row in several passes (a softmax is one nest).
Everything else is a kernel of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from thalweg.compile.dims import Dim
from thalweg.compile.layout import FAST_PRODUCTS, Access, Places, is_identity, solid
from thalweg.compile.nests import merge
from thalweg.graph.lowering import Assemble, Layout, MatrixProduct, Pointwise, Reduce, row_major
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor

_TWICE = 4  # ops on an element that are rather done twice than their result kept in memory
_SINGLE_BLOCK = 512  # the longest sum of a product that is finished in registers


@dataclass(eq=False)
class Kernel:
    """A piece of work that reads and writes whole buffers: one tensor computed by its own lowering or on the
    host.

    ``sources`` are the tensors whose memory it reads; ``order`` is its place among the kernels as they were
    built.
    """

    members: list[Tensor]
    order: int
    sources: set[Tensor]


@dataclass(eq=False)
class Nest(Kernel):
    """A fused loop nest over ``domain``; with ``split``, rows are the axes before it and reductions run over
    the rest.

    ``row_level`` holds the members with one value per row (reductions and what is computed from them alone).
    ``flat`` nests read only whole row-major arrays and numbers, so that any axes of the same number of
    elements will do.
    """

    domain: tuple[int, ...] = ()
    split: int | None = None
    row_level: set[Tensor] = field(default_factory=set)
    flat: bool = False
    inside: set[Tensor] = field(default_factory=set)
    reads: dict[Tensor, list[Access]] = field(default_factory=dict)


@dataclass(eq=False)
class Product(Kernel):
    """A matrix product, and perhaps a nest done on each piece of the result.

    ``rows`` is how many axes of the nest's domain are the product's batch and rows. ``in_registers``: the
    sums need no memory of their own.
    """

    nest: Nest | None = None
    rows: int = 0
    in_registers: bool = False

    @property
    def product(self) -> Tensor:
        """The product's own tensor."""
        return self.members[0]


@dataclass(eq=False)
class Columns(Kernel):
    """Reductions over the axes ``first`` to ``last`` of the domain, which others follow. ``inside`` are also the
    elementwise expressions computed on the way to them, which may be members of another kernel too.
    """

    domain: tuple[int, ...]
    first: int
    last: int
    sums: list[Tensor]
    inside: set[Tensor]
    reads: dict[Tensor, list[Access]]
    row_level: set[Tensor] = field(default_factory=set)


def fuse(places: Places, computed: Sequence[Tensor]) -> list[Kernel]:
    """The kernels that compute these tensors (inputs first), merged as far as they go."""
    return _Fusion(places, computed).kernels()


class _Fusion:
    """The kernel of each tensor, and which kernels read which, while nests are being merged."""

    def __init__(self, places: Places, computed: Sequence[Tensor]) -> None:
        self.places = places
        self.owner: dict[Tensor, Kernel] = {}
        self.before: dict[Kernel, set[Kernel]] = {}
        self.after: dict[Kernel, set[Kernel]] = {}
        self.position = {t: k for k, t in enumerate(computed)}
        self.kept = {places.of[root].source for root in places.roots}
        wholes = [t for t in computed if t.op is not None and isinstance(t.op.lower, Assemble)]
        self.parts = {places.of[x].source for t in wholes for x in places.data_inputs(t)}
        for tensor in computed:
            self._add(tensor)

    def kernels(self) -> list[Kernel]:
        for kernel in [k for k in self.before if isinstance(k, Product)]:
            self._attach(kernel)
        columns = [k for k in self.before if isinstance(k, Columns)]
        for sums in columns:
            self._feed(sums)
        for k, one in enumerate(columns):
            for other in columns[k + 1 :]:
                self._gather(one, other)
        return sorted(self.before, key=lambda k: k.order)

    def _add(self, tensor: Tensor) -> None:
        kernel = self._begun(tensor)
        self.owner[tensor] = kernel
        found = (self.owner.get(node_of(s)) for s in kernel.sources)
        self.before[kernel] = {k for k in found if k is not None}
        self.after[kernel] = set()
        for earlier in self.before[kernel]:
            self.after[earlier].add(kernel)
        if isinstance(kernel, Nest):
            for earlier in sorted(self.before[kernel], key=lambda k: -k.order):
                current = self.owner[tensor]
                if (
                    isinstance(earlier, Nest)
                    and isinstance(current, Nest)
                    and earlier in self.before.get(current, ())
                ):
                    self._merge(earlier, current)

    def _begun(self, tensor: Tensor) -> Kernel:
        assert tensor.op is not None
        lower, order = tensor.op.lower, self.position[tensor]
        split = row_split(tensor) if isinstance(lower, Reduce) else None
        if isinstance(lower, Reduce) and split is None:
            return self._columns(tensor)
        if not isinstance(lower, Pointwise) and split is None:
            sources = {self.places.of[t].source for t in self.places.data_inputs(tensor)}
            kind = Product if isinstance(lower, MatrixProduct) else Kernel
            return kind([tensor], order, sources)
        shape = tensor.shape if split is None else tensor.inputs[0].shape
        reads = [self.places.access(x, shape) for x in tensor.inputs]
        return Nest(
            [tensor],
            order,
            {a.source for a in reads},
            domain=solid(shape),
            split=split,
            row_level=set() if split is None else {tensor},
            flat=split is None and all(is_identity(a.layout) or _is_number(a) for a in reads),
            inside={tensor},
            reads={tensor: reads},
        )

    def _columns(self, tensor: Tensor) -> Columns:
        (x,) = tensor.inputs
        kept = [k for k, d in enumerate(x.shape) if d != 1]
        reduced = [kept.index(a) for a in tensor.attrs["axis"] if x.shape[a] != 1]
        read = self.places.access(x, x.shape)
        return Columns(
            [tensor],
            self.position[tensor],
            {read.source},
            domain=solid(x.shape),
            first=reduced[0],
            last=reduced[-1] + 1,
            sums=[tensor],
            inside={tensor},
            reads={tensor: [read]},
        )

    # --- merging
    # ------------------------------------------------------------------------------------------------

    def _merge(self, a: Nest, b: Nest) -> None:
        """Let nest ``b``, which reads from ``a``, become part of it, if the same loops can do both."""
        if self._between(a, b):
            return
        if (
            b.split is None
            and a.split is not None
            and b.domain == a.domain[: a.split]
            and self._reads_rows(b, a)
        ):
            self._take(a, b, rows=True)
        elif a.split in (None, b.split) or b.split is None:
            domain = self._common_domain(a, b)
            if domain is not None:
                self._at(a, domain)
                self._at(b, domain)
                if self._reads_elements(b, a):
                    self._take(a, b, rows=False)

    def _common_domain(self, a: Nest, b: Nest) -> tuple[int, ...] | None:
        if a.domain == b.domain:
            return a.domain
        if _product(a.domain) != _product(b.domain) or 0 in a.domain:
            return None
        if a.flat:
            return b.domain
        return a.domain if b.flat else None

    def _at(self, nest: Nest, domain: tuple[int, ...]) -> None:
        """Walk a flat nest's elements under other axes."""
        if nest.domain == domain:
            return
        whole = Layout(0, domain, row_major(domain).strides)
        for member, reads in nest.reads.items():
            nest.reads[member] = [
                Access(
                    r.source, Layout(r.layout.offset, domain, (0,) * len(domain)) if _is_number(r) else whole
                )
                for r in reads
            ]
        nest.domain = domain

    def _reads_elements(self, b: Nest, a: Nest) -> bool:
        """Whether every read of ``a``'s members by ``b``'s is of the same element, or of the row it is in."""
        split = a.split if a.split is not None else b.split
        for member in b.members:
            for access in b.reads[member]:
                if access.source in a.row_level:
                    outer = Layout(
                        access.layout.offset, access.layout.shape[:split], access.layout.strides[:split]
                    )
                    if member in b.row_level and not _is_reduction(member):
                        outer = access.layout
                    elif any(access.layout.strides[split:]):
                        return False
                    if not is_identity(outer):
                        return False
                elif access.source in a.inside and (
                    not is_identity(access.layout) or (member in b.row_level and not _is_reduction(member))
                ):
                    return False
        return True

    def _reads_rows(self, b: Nest, a: Nest) -> bool:
        """Whether all that ``b`` reads of ``a`` is values of rows, each of its own row."""
        reads = [access for member in b.members for access in b.reads[member] if access.source in a.inside]
        return all(r.source in a.row_level and is_identity(r.layout) for r in reads)

    def _between(self, a: Kernel, b: Kernel) -> bool:
        """Whether some third kernel reads from ``a`` and is read, perhaps through others, by ``b``."""
        stack = [k for k in self.before[b] if k is not a]
        seen = set(stack)
        while stack:
            current = stack.pop()
            for earlier in self.before[current]:
                if earlier is a:
                    return True
                if earlier not in seen:
                    seen.add(earlier)
                    stack.append(earlier)
        return False

    def _take(self, a: Nest, b: Nest, rows: bool) -> None:
        a.members = sorted([*a.members, *b.members], key=self.position.__getitem__)
        a.row_level |= set(b.members) if rows else b.row_level
        a.split = a.split if a.split is not None else b.split
        a.flat = a.flat and b.flat and not rows
        a.inside |= b.inside
        a.reads.update(b.reads)
        a.sources = (a.sources | b.sources) - a.inside
        a.order = max(a.order, b.order)
        self._replace(b, a)

    def _replace(self, b: Kernel, a: Kernel) -> None:
        """Kernel ``b`` is part of ``a`` from now on."""
        for member in b.members:
            self.owner[member] = a
        for earlier in self.before.pop(b):
            self.after[earlier].discard(b)
            if earlier is not a:
                self.before[a].add(earlier)
                self.after[earlier].add(a)
        for later in self.after.pop(b):
            self.before[later].discard(b)
            self.before[later].add(a)
            self.after[a].add(later)

    # --- reductions down columns
    # ------------------------------------------------------------------------------------------------------------

    def _feed(self, kernel: Columns) -> None:
        """Compute on the way what is reduced, where nobody else needs it in memory; what others need too is computed
        twice if it is little.
        """
        (read,) = kernel.reads[kernel.sums[0]]
        x, nest = read.source, self.owner.get(read.source)
        if not isinstance(nest, Nest) or not is_identity(read.layout):
            return
        others = set().union(*(k.sources for k in self.after[nest] if k is not kernel))
        stored = self.kept | others
        if x in stored or _product(nest.domain) != _product(kernel.domain):
            return
        if nest.domain != kernel.domain:
            if not nest.flat:
                return
            self._at(nest, kernel.domain)
        needed = self._needed(x, nest, stored)
        alone = self.after[nest] == {kernel} and not any(m in self.kept for m in nest.members)
        if needed & nest.row_level or (not alone and len(needed) > _TWICE):
            return
        kernel.inside |= needed
        kernel.reads = {m: nest.reads[m] for m in nest.members if m in needed} | kernel.reads
        kernel.sources = {r.source for reads in kernel.reads.values() for r in reads} - kernel.inside
        if alone:
            self._drop(nest)
        self._reconnect(kernel)

    def _needed(self, x: Tensor, nest: Nest, stored: set[Tensor]) -> set[Tensor]:
        """The members of a nest that compute one of them, from memory and from those that are stored anyway."""
        needed, stack = {x}, [x]
        while stack:
            for source in [read.source for read in nest.reads[stack.pop()]]:
                if source in nest.inside and source not in stored and source not in needed:
                    needed.add(source)
                    stack.append(source)
        return needed

    def _gather(self, one: Columns, other: Columns) -> None:
        """Do two kernels that read the same memory over the same axes in one."""
        if other not in self.before or one not in self.before or not one.sources & other.sources:
            return
        same = (one.domain, one.first, one.last) == (other.domain, other.first, other.last)
        waits = one in self.before[other] or other in self.before[one]
        if not same or waits or self._between(one, other) or self._between(other, one):
            return
        one.members, one.sums = [*one.members, *other.members], [*one.sums, *other.sums]
        one.inside |= other.inside
        one.reads = {**one.reads, **other.reads}
        one.sources |= other.sources
        one.order = max(one.order, other.order)
        self._replace(other, one)

    def _drop(self, kernel: Kernel) -> None:
        """Forget a kernel whose results nobody reads."""
        for earlier in self.before.pop(kernel):
            self.after[earlier].discard(kernel)
        for later in self.after.pop(kernel):
            self.before[later].discard(kernel)

    def _reconnect(self, kernel: Kernel) -> None:
        """Find anew which kernels one waits for."""
        for earlier in self.before[kernel]:
            self.after[earlier].discard(kernel)
        found = {self.owner.get(node_of(s)) for s in kernel.sources}
        self.before[kernel] = {k for k in found if k in self.before}
        for earlier in self.before[kernel]:
            self.after[earlier].add(kernel)

    # --- work on a product's pieces
    # ---------------------------------------------------------------------------------

    def _attach(self, kernel: Product) -> None:
        """Do one elementwise nest that reads the product on its pieces, while they are in registers."""
        z = kernel.product
        if z.dtype.name not in FAST_PRODUCTS or 0 in z.shape:
            return
        for nest in sorted(self.after[kernel], key=lambda k: k.order):
            if not isinstance(nest, Nest) or nest.split is not None or self._between(kernel, nest):
                continue
            if sum(m in self.parts for m in nest.members) > 1:
                continue  # it writes more than the product's result, each part where it belongs
            if nest.flat and _product(nest.domain) == _product(z.shape):
                self._at(nest, solid(z.shape))
            rows = self._rows_of(nest, z)
            own = [a for reads in nest.reads.values() for a in reads if a.source is z]
            if rows is None or not all(is_identity(a.layout) for a in own):
                continue
            kernel.nest, kernel.rows = nest, rows
            kernel.in_registers = sums_in_registers(z)
            kernel.members = [z, *nest.members]
            kernel.sources = (kernel.sources | nest.sources) - nest.inside - {z}
            kernel.order = max(kernel.order, nest.order)
            self._replace(nest, kernel)
            return

    def _rows_of(self, nest: Nest, z: Tensor) -> int | None:
        """How many axes of the nest make the product's rows, where every read steps evenly through rows and
        columns.
        """
        count = _product(z.shape[:-1])
        for k in range(len(nest.domain) + 1):
            if _product(nest.domain[:k]) == count and _product(nest.domain[k:]) == z.shape[-1]:
                strides = [a.layout.strides for reads in nest.reads.values() for a in reads]
                rows = merge(nest.domain[:k], [s[:k] for s in strides])
                cols = merge(nest.domain[k:], [s[k:] for s in strides])
                return k if len(rows.lengths) == len(cols.lengths) == 1 else None
        return None


def sums_in_registers(product: Tensor) -> bool:
    """Whether the product's sums are short enough to be finished without a pause in memory."""
    k = product.inputs[0].shape[-1]
    return not isinstance(k, Dim) and k <= _SINGLE_BLOCK


def node_of(source: Tensor) -> Tensor:
    """The tensor that a kernel computes: for a part of several outputs, the whole."""
    return source.inputs[0] if source.op is item else source


def row_split(tensor: Tensor) -> int | None:
    """How many axes stand before the reduced ones where those are the last; None otherwise."""
    (x,) = tensor.inputs
    kept = [k for k, d in enumerate(x.shape) if d != 1]
    reduced = [kept.index(a) for a in tensor.attrs["axis"] if x.shape[a] != 1]
    first = len(kept) - len(reduced)
    return first if reduced == list(range(first, len(kept))) else None


def _is_reduction(tensor: Tensor) -> bool:
    return tensor.op is not None and isinstance(tensor.op.lower, Reduce)


def _is_number(access: Access) -> bool:
    return not any(access.layout.strides)


def _product(shape: Sequence[int]) -> int:
    total = 1
    for d in shape:
        total *= d
    return total
