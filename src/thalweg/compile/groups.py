"""Kernels: which tensors are computed together, and which kernels read what others make."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from thalweg.compile.layout import Access, Places
from thalweg.compile.ranks import Ranks
from thalweg.graph.lowering import Layout, Reduce, row_major
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor


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


@dataclass(frozen=True)
class Windows:
    """Rows of a product in groups, of which each becomes one row: the windows of a pooling.

    ``axes`` (extent, step in rows) count the groups and behind them the rows of a group, from the row ``first`` on.
    ``places`` are where a group's rows begin, in that order: the offsets of the layouts that read them.
    """

    axes: tuple[tuple[int, int], ...]
    first: int
    places: tuple[int, ...]

    def over(self, axes: Sequence[tuple[Any, Any]]) -> tuple[tuple[tuple[Any, int], ...], int] | None:
        """The axes (extent, stride) of a factor's rows, visited window by window, and where the first row is; None
        where those are axes of other images.
        """
        units = [size(extent for extent, _ in axes[k + 1 :]) for k in range(len(axes))]
        reach, left, start = [0] * len(axes), self.first, 0
        for k, unit in enumerate(units):
            reach[k], left = divmod(left, unit)
            start += reach[k] * axes[k][1]
        found, waiting = [], list(reversed(self.axes))
        while waiting:
            extent, step = waiting.pop()
            k = next(k for k, unit in enumerate(units) if step % unit == 0)
            apart = step // units[k]
            fitting = axes[k][0] // apart if k else 0
            if k and extent > fitting > 0 and axes[k][0] % apart == 0 and extent % fitting == 0:
                waiting += [(fitting, step), (extent // fitting, step * fitting)]  # on into the axis before
                continue
            reach[k] += apart * (extent - 1)
            found.append((extent, apart * axes[k][1]))
        if any(far >= extent for far, (extent, _) in zip(reach[1:], axes[1:], strict=True)):
            return None
        return tuple(found), start


@dataclass(eq=False)
class Product(Kernel):
    """A matrix product, and perhaps a nest done on each piece of the result.

    ``rows`` is how many axes of the nest's domain are the product's batch and rows. ``in_registers``: the
    sums need no memory of their own. With ``windows``, the nest is done on groups of rows, each of which has first
    gone through ``inner``, if there is such a nest: nothing else reads what it computes.
    """

    nest: Nest | None = None
    rows: int = 0
    in_registers: bool = False
    inner: Nest | None = None
    windows: Windows | None = None

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


class Groups:
    """The kernel of each tensor, and which kernels read which, while they are being merged."""

    def __init__(self, places: Places, computed: Iterable[Tensor]) -> None:
        self.places = places
        self.owner: dict[Tensor, Kernel] = {}
        self.before: dict[Kernel, set[Kernel]] = {}
        self.after: dict[Kernel, set[Kernel]] = {}
        self.position = {t: k for k, t in enumerate(computed)}
        self.ranks: Ranks[Kernel] = Ranks()  # each behind those that it waits for
        self.kept = {places.of[root].source for root in places.roots}

    def add(self, kernel: Kernel) -> None:
        """A kernel that reads others', and that nobody reads yet."""
        for member in kernel.members:
            self.owner[member] = kernel
        self.ranks.append(kernel)
        self.before[kernel], self.after[kernel] = set(), set()
        self.reconnect(kernel)

    def between(self, a: Kernel, b: Kernel) -> bool:
        """Whether some third kernel reads from ``a`` and is read, perhaps through others, by ``b``."""
        return any(a in self.before[k] for k in self._waited_for(b, a))

    def _waited_for(self, b: Kernel, a: Kernel) -> Iterator[Kernel]:
        """Of all that ``b`` waits for, what stands behind ``a``."""
        low = self.ranks[a]
        found: set[Kernel] = set()
        stack = [b]
        while stack:
            new = {k for k in self.before[stack.pop()] if self.ranks[k] > low} - found
            found |= new
            stack += new
            yield from new

    def replace(self, b: Kernel, a: Kernel) -> None:
        """Kernel ``b`` is part of ``a`` from now on: where the first of them stood, behind all that they wait for."""
        for member in b.members:
            self.owner[member] = a
        if self.ranks[a] < self.ranks[b]:
            self.ranks.move_before(self._waited_for(b, a), a)
            self.ranks.remove(b)
        else:
            self.ranks.move_before(self._waited_for(a, b), b)
            self.ranks.remove(a)
            self.ranks.replace(b, a)
        for earlier in self.before.pop(b):
            self.after[earlier].discard(b)
            if earlier is not a:
                self.before[a].add(earlier)
                self.after[earlier].add(a)
        for later in self.after.pop(b):
            self.before[later].discard(b)
            self.before[later].add(a)
            self.after[a].add(later)

    def drop(self, kernel: Kernel) -> None:
        """Forget a kernel whose results nobody reads."""
        self.ranks.remove(kernel)
        for earlier in self.before.pop(kernel):
            self.after[earlier].discard(kernel)
        for later in self.after.pop(kernel):
            self.before[later].discard(kernel)

    def reconnect(self, kernel: Kernel) -> None:
        """Find anew which kernels one waits for."""
        for earlier in self.before[kernel]:
            self.after[earlier].discard(kernel)
        found = {self.owner.get(node_of(s)) for s in kernel.sources}
        self.before[kernel] = {k for k in found if k in self.before}
        for earlier in self.before[kernel]:
            self.after[earlier].add(kernel)

    def in_order(self, members: Iterable[Tensor]) -> list[Tensor]:
        """Inputs first."""
        return sorted(members, key=self.position.__getitem__)

    def needed(self, x: Tensor, nest: Nest, stored: set[Tensor]) -> set[Tensor]:
        """The members of a nest that compute one of them, from memory and from those that are stored anyway."""
        needed, stack = {x}, [x]
        while stack:
            for source in [read.source for read in nest.reads[stack.pop()]]:
                if source in nest.inside and source not in stored and source not in needed:
                    needed.add(source)
                    stack.append(source)
        return needed

    def factors(self, product: Product) -> set[Tensor]:
        """Whose memory a product's two factors are in."""
        return {self.places.of[t].source for t in product.product.inputs}


def node_of(source: Tensor) -> Tensor:
    """The tensor that a kernel computes: for a part of several outputs, the whole."""
    return source.inputs[0] if source.op is item else source


def nest_of(kernel: Kernel) -> Nest | None:
    """The loop nest of a kernel, which may be one done on a product's pieces."""
    return kernel.nest if isinstance(kernel, Product) else kernel if isinstance(kernel, Nest) else None


def loops_of(kernel: Kernel) -> Nest | Columns | None:
    """The loops of a kernel that are over elements: a nest's, those on a product's pieces, or those of sums."""
    return kernel if isinstance(kernel, Columns) else nest_of(kernel)


def all_loops_of(kernel: Kernel) -> list[Nest | Columns]:
    """As :func:`loops_of`, and those that a product's rows go through before their windows are joined."""
    inner = kernel.inner if isinstance(kernel, Product) else None
    return [loops for loops in (loops_of(kernel), inner) if loops is not None]


def is_reduction(tensor: Tensor) -> bool:
    """Whether several elements become one."""
    return tensor.op is not None and isinstance(tensor.op.lower, Reduce)


def combine_of(member: Tensor) -> str:
    """How a reduction puts two values together."""
    assert member.op is not None
    return member.op.lower.combine


def is_number(access: Access) -> bool:
    """Whether the same element is read everywhere."""
    return not any(access.layout.strides)


def under(domain: tuple[int, ...], reads: Iterable[Access]) -> list[Access]:
    """What a flat nest reads, when it walks its elements under other axes."""
    whole, still = row_major(domain), (0,) * len(domain)
    return [
        Access(r.source, Layout(r.layout.offset, domain, still) if is_number(r) else whole) for r in reads
    ]


def size(shape: Iterable[int]) -> int:
    """Number of elements."""
    return math.prod(shape)


def num_bytes(tensor: Tensor) -> int:
    """Of all its results."""
    shapes: list[Any] = [spec.shape for spec in tensor.specs]  # all known where there are kernels
    return sum(size(shape) * spec.dtype.itemsize for shape, spec in zip(shapes, tensor.specs, strict=True))
