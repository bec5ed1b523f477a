"""Matrix products, and the elementwise work done on each piece of the result before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from thalweg.compile import tile, tiling
from thalweg.compile.assembly import columns_begin, factor_in
from thalweg.compile.dims import Dim
from thalweg.compile.ends import PieceNest, WindowNest
from thalweg.compile.groups import Product, Windows, size
from thalweg.compile.layout import Folded
from thalweg.compile.loops import Emitter
from thalweg.compile.memory import rounded_up
from thalweg.compile.sizes import SizeMath
from thalweg.compile.step import Step
from thalweg.compile.target import itemsize
from thalweg.compile.values import Value
from thalweg.graph.lowering import Layout, row_major
from thalweg.graph.tensor import Tensor

_PARALLEL = 1 << 15  # multiply-adds below which one thread does the product


def plan(step: Step, kernel: Product) -> tuple[Callable[[], None], bool]:
    """What writes the kernel, and whether all threads take part."""
    z = kernel.product
    m, n, k, batch = z.shape[-2], z.shape[-1], z.inputs[0].shape[-1], size(z.shape[:-2])
    parallel = m * n * k * batch >= _PARALLEL
    return (lambda: _emit(step, kernel, parallel)), parallel


def _emit(step: Step, kernel: Product, parallel: bool) -> None:
    z, (x, y) = kernel.product, kernel.product.inputs
    a, b = (_operand(step, t) for t in (x, y))
    c, into = _result(step, z)
    lengths = (z.shape[-2], z.shape[-1], x.shape[-1], size(z.shape[:-2]))
    m, n, k, batch = (_known_or_value(step.e, s) for s in lengths)
    left, group = _pointer(step, x), 1
    if kernel.windows is not None and kernel.nest is not None:
        group = len(kernel.windows.places)
        m = _known_or_value(step.e, size(kernel.nest.domain[: kernel.rows]) * group)
        a, left = _by_windows(step.e, kernel.windows, a, left, z.dtype.name)
        c, into = _by_windows(step.e, kernel.windows, c, into, z.dtype.name)
    nest = _nest(step, kernel)
    arrays = 1 if nest is None else len(nest.arrays)
    product = tiling.Product(m, n, k, a, b, c, z.dtype.name, batch=batch, group=group, arrays=arrays)
    pieces = tiling.split_along_k(product, step.target) if parallel else None
    if pieces is not None:
        _emit_pieces(step, kernel, pieces.product, pieces.turned, c, into)
        return
    num_bytes = tiling.workspace_bytes(product, step.target, 1, single_block=into is None)
    tile.emit_product(
        step.e,
        product,
        left,
        _pointer(step, y),
        into,
        step.shared_workspace(num_bytes),
        step.threads.index if parallel else 0,
        step.threads.count if parallel else 1,
        None if nest is None else nest.piece,
        near=None if nest is None else nest.near,
        claims=step.threads.each if parallel else None,
    )


def _by_windows(
    e: Emitter, windows: Windows, matrix: tiling.Operand, pointer: Any, kind: str
) -> tuple[tiling.Operand, Any]:
    """A matrix and its address, the rows in the order of windows."""
    found = windows.over(matrix.rows)
    assert found is not None
    rows, first = found
    known = tuple((_known_or_value(e, extent), stride) for extent, stride in rows)
    return replace(matrix, rows=known), None if pointer is None else e.at(pointer, first, kind)


def _result(step: Step, z: Tensor) -> tuple[tiling.Operand, Any]:
    """How the result lies in memory, perhaps as a part of a whole, and its address; None where it is only in
    registers.
    """
    where, whole = step.schedule.placed.get(z), row_major(z.shape)
    source, layout = (z, whole) if where is None else (where.source, where.layout)
    columns = -1 if where is None else columns_begin(z, layout)
    assert columns is not None
    rows = -2 if where is None else -len(layout.shape)
    stored = z in step.schedule.stored
    pointer = step.e.at(step.pointer(source), layout.offset, z.dtype.name) if stored else None
    return _matrix(step.e, layout, rows, columns), pointer


def _nest(step: Step, kernel: Product) -> PieceNest | None:
    """What is done on each piece of the result."""
    z, nest = kernel.product, kernel.nest
    if nest is None:
        return None
    if kernel.windows is not None:
        return WindowNest(step, kernel)
    return PieceNest(step, nest, kernel.rows, z, step.schedule.is_read(z))


def _emit_pieces(
    step: Step, kernel: Product, pieces: tiling.Product, turned: bool, c: tiling.Operand, into: Any
) -> None:
    """Each thread its pieces of the sums; then they add them up, into C if it is stored."""
    z, e, index = kernel.product, step.e, SizeMath(step.e)
    x, y = reversed(z.inputs) if turned else z.inputs
    kind, count = z.dtype.name, size(z.shape)
    assert isinstance(pieces.batch, int)
    room = rounded_up(pieces.batch * count * itemsize(kind))
    own = tiling.workspace_bytes(pieces, step.target, 1)
    sums = step.shared_workspace(room + own)
    tile.emit_product(
        e,
        pieces,
        _pointer(step, x),
        _pointer(step, y),
        sums,
        e.at(sums, room, "uint8"),
        step.threads.index,
        step.threads.count,
    )
    step.barrier()
    nest = _nest(step, kernel)
    n, lanes = z.shape[-1], step.target.lanes(kind)
    whole = n // lanes * lanes
    rows = step.threads.share(e, z.shape[-2])
    with e.loop(*rows, name="row") as row:
        for start, stop, width in ((0, whole, lanes), (whole, n, 1)):
            if start < stop:
                with e.loop(start, stop, width, name="col") as col:
                    place = row * n + col
                    where, apart = (col * z.shape[-2] + row, z.shape[-2]) if turned else (place, 1)
                    total = e.load_strided(sums, where, apart, kind, width)
                    for piece in range(1, pieces.batch):
                        total = total + e.load_strided(sums, where + piece * count, apart, kind, width)
                    result = total if nest is None else nest.piece(e, row, col, total)
                    if result is not None and into is not None:
                        offset = index.add(index.offset(c.rows, row), index.offset(c.cols, col))
                        e.store(into, offset, result, kind)


def _pointer(step: Step, tensor: Tensor) -> Any:
    """The address of element 0 of a tensor seen through its views."""
    folded = _folded(step, tensor)
    where = step.schedule.places.of[tensor] if folded is None else folded.place
    return step.e.at(step.pointer(where.source), where.layout.offset, where.source.dtype.name)


def _folded(step: Step, tensor: Tensor) -> Folded | None:
    """A factor whose rows or columns several axes make: by its own layout, or that of a whole that it is part of."""
    places, placed = step.schedule.places, step.schedule.placed
    source = places.of[tensor].source
    if source in placed:
        return factor_in(places, tensor, placed[source])
    return places.folded.get(tensor)


def _known_or_value(e: Emitter, length: int) -> int | Value:
    """A length as the matrix-product generator takes it: an int, or a Value where it is known only at run
    time.
    """
    return e.index(length) if isinstance(length, Dim) else length


def _operand(step: Step, tensor: Tensor) -> tiling.Operand:
    """Where the elements of a factor lie; a folded reshape is read through the axes below it."""
    folded = _folded(step, tensor)
    if folded is not None:
        operand = _matrix(step.e, folded.place.layout, folded.rows, folded.cols)
        return operand.transposed if folded.transposed else operand
    return _matrix(step.e, step.schedule.places.of[tensor].layout, -2, -1)


def _matrix(e: Emitter, layout: Layout, rows: int, cols: int) -> tiling.Operand:
    """Axes before ``rows`` count the batch, those before ``cols`` the rows, the rest the columns."""
    axes = [
        (_known_or_value(e, d), _known_or_value(e, s))
        for d, s in zip(layout.shape, layout.strides, strict=True)
    ]
    first = rows % len(axes)
    batch = [axis for axis, d in zip(axes[:first], layout.shape, strict=False) if d != 1]
    return tiling.Operand(_merged(axes[first:cols]), _merged(axes[cols:]), tuple(batch))


def _merged(axes: Sequence[Any]) -> tuple[Any, ...]:
    """Neighbouring axes that step evenly as one; at least one axis is left."""
    result: list[Any] = []
    for extent, stride in axes:
        known = all(isinstance(v, int) for v in (extent, stride))
        if known and extent == 1 and len(axes) > 1:
            continue
        if known and result and isinstance(result[-1][1], int) and result[-1][1] == extent * stride:
            result[-1] = (result[-1][0] * extent, stride)
        else:
            result.append((extent, stride))
    return tuple(result) or tuple(axes[-1:]) or ((1, 0),)
