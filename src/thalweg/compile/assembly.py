"""Arrays put together from parts: which parts the nests that compute them write where they belong, so that nothing is
copied, and what is left to fill.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from thalweg.compile.dims import Dim
from thalweg.compile.groups import Kernel, Product, all_loops_of, nest_of, size
from thalweg.compile.layout import (
    Access,
    Folded,
    Place,
    Places,
    is_identity,
    reshape_layout,
    squeeze,
)
from thalweg.compile.nests import rows_end, steps_evenly
from thalweg.graph.lowering import Assemble, Layout, row_major
from thalweg.graph.tensor import Tensor


def parts_of(y: Tensor) -> tuple[Any, list[tuple[int, Layout]]]:
    """What fills an assembled tensor (None: nothing), and the input positions and layouts of its parts."""
    assert y.op is not None
    fill, parts = y.op.lower.parts([t.shape for t in y.inputs], y.shape, **y.attrs)
    return fill, parts


def may_overlap(y: Tensor) -> bool:
    """Whether the parts may share elements, so that the last one counts."""
    return sum(x.size or 0 for x in y.inputs) != y.size


def written_in_place(
    places: Places,
    kernels: Sequence[Kernel],
    owner: Mapping[Tensor, Kernel],
    kept: Iterable[Tensor],
    bound: Iterable[Tensor],
) -> dict[Tensor, Place]:
    """The parts that flat nests write into the array they are for: which array, and where, over the nest's axes.

    Who else reads such a part reads it there. It is not in ``kept``, which others see. The array is not in ``bound``,
    to be written into memory that is in use until then.
    """
    found: dict[Tensor, Place] = {}
    seen, taken = set(kept), set(bound)
    readers: dict[Tensor, list[Kernel]] = {}
    for kernel in kernels:
        for source in kernel.sources:
            readers.setdefault(source, []).append(kernel)
    for kernel in kernels:
        y = kernel.members[0]
        if y.op is None or not isinstance(y.op.lower, Assemble) or y in taken or _is_open(y.shape):
            continue
        fill, parts = parts_of(y)
        if may_overlap(y) if fill is None else len(parts) != 1 or _box(y, parts[0][1]) is None:
            continue
        sources = [places.of[y.inputs[position]].source for position, _ in parts]
        for position, target in parts:
            where, layout = places.of[y.inputs[position]], None
            part = where.source
            once = part not in seen and sum(s is part for s in sources) == 1
            if once and part.dtype == y.dtype:
                whole = is_identity(where.layout) and part.size == y.inputs[position].size
                layout = _can_write(owner.get(part), part, target) if whole else None
            if layout is not None:
                found[part] = Place(y, layout)
                if not all(k is kernel or _can_read(places, k, part, found[part]) for k in readers[part]):
                    del found[part]
    return found


def _can_write(kernel: Kernel | None, part: Tensor, target: Layout) -> Layout | None:
    """Where a product, or an elementwise nest alone or at the end of one, writes a part that it makes, over its
    axes.
    """
    target = squeeze(target)
    if isinstance(kernel, Product) and part is kernel.product:
        return target if columns_begin(part, target) else None
    nest = None if kernel is None else nest_of(kernel)
    if nest is None or nest.split is not None or part not in nest.reads:
        return None
    if isinstance(kernel, Product):
        k = rows_end(target.shape, size(nest.domain[: kernel.rows]))
        return target if k is not None and steps_evenly(target.shape, k, [target]) else None
    return reshape_layout(target, nest.domain)


def columns_begin(z: Tensor, layout: Layout) -> int | None:
    """At which axis the columns of a matrix begin that a product writes to such a place; None where it can not."""
    if len(z.shape) != 2:
        return None
    k = rows_end(layout.shape, z.shape[0])
    if k is None or not 0 < k < len(layout.shape):
        return None
    return k if is_identity(Layout(0, layout.shape[k:], layout.strides[k:])) else None


def _can_read(places: Places, kernel: Kernel, part: Tensor, where: Place) -> bool:
    """Whether a kernel can read a part where it lies in its whole."""
    loops = all_loops_of(kernel)
    for nest in loops:
        inside = [access_in(a, where) for reads in nest.reads.values() for a in reads if a.source is part]
        layouts = [a.layout for a in inside if a is not None]
        if len(layouts) < len(inside):
            return False
        if isinstance(kernel, Product):
            rows = kernel.rows if nest is kernel.nest else len(nest.domain) - 1
            if not steps_evenly(nest.domain, rows, layouts):
                return False
    if not isinstance(kernel, Product):
        return bool(loops)
    return all(
        _can_multiply(places, kernel, t, where) for t in kernel.product.inputs if places.of[t].source is part
    )


def _can_multiply(places: Places, kernel: Product, factor: Tensor, where: Place) -> bool:
    """Whether a product can read a factor where it lies in a whole."""
    rows = factor_rows(places, factor, where)
    if rows is None:
        return False
    left = factor is kernel.product.inputs[0]
    return kernel.windows is None or not left or kernel.windows.over(rows) is not None


def access_in(access: Access, where: Place) -> Access | None:
    """An access to all of a part, in its order, as one to the whole that it lies in."""
    if not is_identity(access.layout) or size(access.layout.shape) != size(where.layout.shape):
        return None
    layout = reshape_layout(squeeze(where.layout), access.layout.shape)
    return None if layout is None else Access(where.source, layout)


def factor_in(places: Places, factor: Tensor, where: Place) -> Folded | None:
    """A matrix whose elements are those of a part, in order or transposed, read in the whole that the part lies in."""
    if len(factor.shape) != 2 or factor in places.folded:
        return None
    layout = places.of[factor].layout
    turned = not is_identity(layout)
    if turned:
        layout = Layout(layout.offset, layout.shape[::-1], layout.strides[::-1])
    inside = squeeze(where.layout)
    if not is_identity(layout) or size(layout.shape) != size(inside.shape):
        return None
    for k in range(1, len(inside.shape)):
        if size(inside.shape[:k]) == layout.shape[0]:
            return Folded(Place(where.source, inside), -len(inside.shape), k - len(inside.shape), turned)
    return None


def factor_rows(places: Places, factor: Tensor, where: Place | None = None) -> list[tuple[int, int]] | None:
    """The axes (extent, stride) of a matrix's rows, perhaps in a whole that it is part of; None if it can not be
    there.
    """
    folded = places.folded.get(factor) if where is None else factor_in(places, factor, where)
    if folded is None:
        layout = places.of[factor].layout
        return None if where is not None else [(layout.shape[-2], layout.strides[-2])]
    axes = list(zip(folded.place.layout.shape, folded.place.layout.strides, strict=True))
    return axes[folded.cols :] if folded.transposed else axes[folded.rows : folded.cols]


def _is_open(shape: Sequence[int]) -> bool:
    return any(isinstance(d, Dim) for d in shape) or 0 in shape


def _box(y: Tensor, target: Layout) -> list[tuple[int, int]] | None:
    """The ranges of a part along each axis of y; None where it does not lie side by side."""
    strides, rest = row_major(y.shape).strides, target.offset
    if len(target.shape) != len(y.shape):
        return None
    ranges = []
    for length, own, d, stride in zip(target.shape, target.strides, y.shape, strides, strict=True):
        start, rest = divmod(rest, stride)
        if (own != stride and length != 1) or start + length > d:
            return None
        ranges.append((start, start + length))
    return ranges


def around(y: Tensor, target: Layout) -> Iterator[Layout]:
    """The slabs of y around one part of it."""
    box, strides = _box(y, target), row_major(y.shape).strides
    assert box is not None
    for axis, (start, stop) in enumerate(box):
        for low, high in ((0, start), (stop, y.shape[axis])):
            if low < high:
                ranges = [*box[:axis], (low, high), *((0, d) for d in y.shape[axis + 1 :])]
                offset = sum(first * s for (first, _), s in zip(ranges, strides, strict=True))
                yield Layout(offset, tuple(b - a for a, b in ranges), strides)
