"""Fusion: which expressions share a loop nest.

Every elementwise expression and every reduction over last axes begins as a nest of its own. Nests are then
merged along the edges between them wherever one walk over the same elements can do both and no third kernel
must run in between. A nest with reductions runs row by row in several passes (a softmax is one nest).
Everything else is a kernel of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.compile.assembly import factor_rows
from thalweg.compile.dims import Dim
from thalweg.compile.groups import (
    Columns,
    Groups,
    Kernel,
    Nest,
    Product,
    Windows,
    is_number,
    is_reduction,
    size,
    under,
)
from thalweg.compile.layout import Places, is_identity, solid
from thalweg.compile.nests import steps_evenly
from thalweg.compile.recompute import recompute
from thalweg.graph.lowering import Assemble, Layout, MatrixProduct, Pointwise, Reduce
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import data_inputs

_MOST_ROWS = 9  # of a window: what the registers of every processor hold at once
_FEW_COLUMNS = 16  # of a convolution whose windows had rather slide along their rows
_SINGLE_BLOCK = 1024  # the longest sum of a product that is finished in registers


def fuse(places: Places, computed: Sequence[Tensor]) -> list[Kernel]:
    """The kernels that compute these tensors (inputs first), merged as far as they go."""
    return _Fusion(places, computed).kernels()


class _Fusion(Groups):
    """Kernels of one tensor each, merged with one another."""

    def __init__(self, places: Places, computed: Sequence[Tensor]) -> None:
        super().__init__(places, computed)
        wholes = [t for t in computed if t.op is not None and isinstance(t.op.lower, Assemble)]
        self.parts = {places.of[x].source for t in wholes for x in data_inputs(t)}
        for tensor in computed:
            self._add(tensor)
        for kernel in self.before:
            if isinstance(kernel, Nest):
                kernel.members = self.in_order(kernel.members)

    def kernels(self) -> list[Kernel]:
        for kernel in [k for k in self.before if isinstance(k, Product)]:
            self._attach(kernel)
        recompute(self)
        for kernel in [k for k in self.before if isinstance(k, Product)]:
            self._attach_windows(kernel)
        columns = [k for k in self.before if isinstance(k, Columns)]
        for k, one in enumerate(columns):
            for other in columns[k + 1 :]:
                self._gather(one, other)
        return sorted(self.before, key=lambda k: k.order)

    def _add(self, tensor: Tensor) -> None:
        kernel = self._begun(tensor)
        self.add(kernel)
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
            sources = {self.places.of[t].source for t in data_inputs(tensor)}
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
            flat=split is None and all(is_identity(a.layout) or is_number(a) for a in reads),
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
        if self.between(a, b):
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
        if size(a.domain) != size(b.domain) or 0 in a.domain:
            return None
        if a.flat:
            return b.domain
        return a.domain if b.flat else None

    def _at(self, nest: Nest, domain: tuple[int, ...]) -> None:
        """Walk a flat nest's elements under other axes."""
        if nest.domain == domain:
            return
        nest.reads = {member: under(domain, reads) for member, reads in nest.reads.items()}
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
                    if member in b.row_level and not is_reduction(member):
                        outer = access.layout
                    elif any(access.layout.strides[split:]):
                        return False
                    if not is_identity(outer):
                        return False
                elif access.source in a.inside and (
                    not is_identity(access.layout) or (member in b.row_level and not is_reduction(member))
                ):
                    return False
        return True

    def _reads_rows(self, b: Nest, a: Nest) -> bool:
        """Whether all that ``b`` reads of ``a`` is values of rows, each of its own row."""
        reads = [access for member in b.members for access in b.reads[member] if access.source in a.inside]
        return all(r.source in a.row_level and is_identity(r.layout) for r in reads)

    def _take(self, a: Nest, b: Nest, rows: bool) -> None:
        a.members += b.members
        a.row_level |= set(b.members) if rows else b.row_level
        a.split = a.split if a.split is not None else b.split
        a.flat = a.flat and b.flat and not rows
        a.inside |= b.inside
        a.reads.update(b.reads)
        a.sources = (a.sources | b.sources) - a.inside
        a.order = max(a.order, b.order)
        self.replace(b, a)

    # --- reductions down columns
    # ------------------------------------------------------------------------------------------------------------

    def _gather(self, one: Columns, other: Columns) -> None:
        """Do two kernels that read the same memory over the same axes in one."""
        if other not in self.before or one not in self.before or not one.sources & other.sources:
            return
        same = (one.domain, one.first, one.last) == (other.domain, other.first, other.last)
        waits = one in self.before[other] or other in self.before[one]
        if not same or waits or self.between(one, other) or self.between(other, one):
            return
        one.members, one.sums = [*one.members, *other.members], [*one.sums, *other.sums]
        one.inside |= other.inside
        one.reads = {**one.reads, **other.reads}
        one.sources |= other.sources
        one.order = max(one.order, other.order)
        self.replace(other, one)

    # --- work on a product's pieces
    # ---------------------------------------------------------------------------------

    def _attach(self, kernel: Product) -> None:
        """Do one elementwise nest that reads the product on its pieces, while they are in registers."""
        z = kernel.product
        if 0 in z.shape:
            return
        for nest in sorted(self.after[kernel], key=lambda k: k.order):
            if not isinstance(nest, Nest) or nest.split is not None or self.between(kernel, nest):
                continue
            if sum(m in self.parts for m in nest.members) > 1:
                continue  # it writes far more than the product's result, and faster in loops of its own
            rows = self._rows_of(nest, z)
            if rows is None and nest.flat and size(nest.domain) == size(z.shape):
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
            self.replace(nest, kernel)
            return

    def _attach_windows(self, kernel: Product) -> None:
        """Do the one nest that reads the product, and only in windows that do not overlap, on groups of its rows."""
        z, inner = kernel.product, kernel.nest
        own = {z, *(inner.inside if inner is not None else ())}
        nests = list(self.after[kernel])
        if len(nests) != 1 or self.kept & {self.places.of[t].source for t in own}:
            return
        (nest,) = nests
        if not isinstance(nest, Nest) or nest.split is not None:
            return
        reads = [a for reads in nest.reads.values() for a in reads]
        windows = _windows(z, nest.domain, {a.layout for a in reads if a.source in own})
        rows = factor_rows(self.places, z.inputs[0])
        if windows is None or rows is None or windows.over(rows) is None:
            return
        if inner is not None and inner.domain[-1] != z.shape[-1]:
            return
        k = len(nest.domain) - 1
        if not steps_evenly(nest.domain, k, [a.layout for a in reads if a.source not in own]):
            return
        kernel.windows, kernel.inner, kernel.nest, kernel.rows = windows, inner, nest, k
        kernel.in_registers = sums_in_registers(z)
        kernel.members = [*kernel.members, *nest.members]
        kernel.sources = (kernel.sources | nest.sources) - nest.inside - own
        kernel.order = max(kernel.order, nest.order)
        self.replace(nest, kernel)

    def _rows_of(self, nest: Nest, z: Tensor) -> int | None:
        """How many axes of the nest make the product's rows, where every read steps evenly through rows and
        columns.
        """
        count = size(z.shape[:-1])
        for k in range(len(nest.domain) + 1):
            if size(nest.domain[:k]) == count and size(nest.domain[k:]) == z.shape[-1]:
                layouts = [a.layout for reads in nest.reads.values() for a in reads]
                return k if steps_evenly(nest.domain, k, layouts) else None
        return None


def _windows(z: Tensor, domain: tuple[int, ...], reads: set[Layout]) -> Windows | None:
    """The windows through which a product is read by loops whose last axis is its columns; None where those are not
    all at the same distances, or share rows.
    """
    n, rows = z.shape[-1], size(z.shape[:-1])
    steps = {r.strides for r in reads}
    if not 2 <= len(reads) <= _MOST_ROWS or len(steps) != 1 or len(z.shape) != 2 or n <= _FEW_COLUMNS:
        return None
    numbers = [*domain[1:], *(s for r in reads for s in (r.offset, *r.strides)), n]
    if any(isinstance(d, Dim) for d in numbers) or domain[-1] != n:
        return None
    (strides,) = steps
    places = sorted(r.offset for r in reads)
    inside = _grid([p - places[0] for p in places])
    if inside is None or strides[-1] != 1 or any(s % n for s in (*strides[:-1], *places)):
        return None
    if size(domain[:-1]) * len(places) > rows:
        return None
    axes = [*zip(domain[:-1], strides[:-1], strict=True), *inside]
    return Windows(tuple((d, s // n) for d, s in axes), places[0] // n, tuple(places))


def _grid(places: Sequence[int]) -> tuple[tuple[int, int], ...] | None:
    """Axes (extent, step) that visit the places in order, from 0 on."""
    if len(places) == 1:
        return ()
    step = places[1] - places[0]
    run = next((k for k in range(1, len(places)) if places[k] - places[k - 1] != step), len(places))
    heads = places[::run]
    if len(places) % run or any(p != heads[k // run] + k % run * step for k, p in enumerate(places)):
        return None
    outer = _grid(heads)
    return None if outer is None else (*outer, (run, step))


def sums_in_registers(product: Tensor) -> bool:
    """Whether the product's sums are short enough to be finished without a pause in memory."""
    k = product.inputs[0].shape[-1]
    return not isinstance(k, Dim) and k <= _SINGLE_BLOCK


def row_split(tensor: Tensor) -> int | None:
    """How many axes stand before the reduced ones where those are the last; None otherwise."""
    (x,) = tensor.inputs
    kept = [k for k, d in enumerate(x.shape) if d != 1]
    reduced = [kept.index(a) for a in tensor.attrs["axis"] if x.shape[a] != 1]
    first = len(kept) - len(reduced)
    return first if reduced == list(range(first, len(kept))) else None
