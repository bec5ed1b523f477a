"""Matrix products: C[m,n] (+)= sum over k of A[m,k] B[k,n], emitted as explicit vector code in register
tiles.

The products of layers, batched products and convolutions (whose rows and columns are multi-indices of a
window view) all come from this one generator. Each C element is summed over k in one fixed order, block after
block, so the result has the same bits for any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from thalweg.compile.kernels import dot_function, kernel_function, pack_function, scratch_rows
from thalweg.compile.loops import Emitter, Value
from thalweg.compile.sizes import Axis, Size, SizeMath, are_known, is_number
from thalweg.compile.target import LINE_BYTES, Target, itemsize

Epilogue = Callable[[Emitter, Value, Value, Value], Value | None]
Near = Callable[[Emitter, Value, Value], None]

# of one column of B, in vectors: longer blocks visit C less often, shorter ones leave more of B near
K_BLOCK_VECTORS = 64
A_BLOCK_BYTES = 192 << 10  # of A's rows kept in the second-level cache while the panels of B pass by
C_BLOCK_BYTES = 128 << 10  # of C's rows for which they do: lines that two panels share are met again there
B_GROUP_BYTES = 192 << 10  # of panels of B packed together: longer runs of each row are read at a time
AHEAD_TILES = (
    16  # of rows at most where the next panel of B is fetched meanwhile: the fewer, the more it counts
)
A_BYTES, B_BYTES = 1 << 20, 2 << 20  # an A larger than this is read once, if so much packed B allows it
MOST_PIECES, LEAST_PIECE = 16, 1024  # of k, where the threads share that out
IN_PLACE_TILES = 2  # with at most this many tiles of rows, B is read where it lies: packing would cost more


@dataclass(frozen=True)
class Operand:
    """Where element (batch, row, col) of a matrix lies: axes, outermost first, as (extent, stride in
    elements).

    A row-major matrix has rows ((m, n),) and cols ((n, 1),). The windows of a convolution have the rows
    (image, y, x) and the cols (window y, window x, channel). The first extent of each list is never read.

    >>> row_major(5, 7)
    Operand(rows=((5, 7),), cols=((7, 1),), batch=())
    """

    rows: tuple[Axis, ...]
    cols: tuple[Axis, ...]
    batch: tuple[Axis, ...] = ()

    @property
    def transposed(self) -> Operand:
        """The same memory with rows and columns exchanged."""
        return Operand(self.cols, self.rows, self.batch)


def row_major(rows: Size, cols: Size, batch: Size | None = None) -> Operand:
    """The operand of a contiguous array (rows, cols), or (batch, rows, cols)."""
    axes: tuple[Axis, ...] = ()
    if batch is not None:
        if not (isinstance(rows, int) and isinstance(cols, int)):
            raise TypeError(
                "row_major: a batch needs int rows and cols; give run-time strides to Operand itself"
            )
        axes = ((batch, rows * cols),)
    return Operand(((rows, cols),), ((cols, 1),), axes)


@dataclass(frozen=True)
class Product:
    """C[b] (+)= A[b] B[b] for b < batch, where A is (m, k), B is (k, n) and C is (m, n).

    Sizes are ints, or i64 values where they are known only at run time. With `accumulate`, the product is
    added to C.
    """

    m: Size
    n: Size
    k: Size
    a: Operand
    b: Operand
    c: Operand
    dtype: str = "float32"
    accumulate: bool = False
    batch: Size = 1

    @property
    def transposed(self) -> Product:
        """The same product written C^T = B^T A^T; the faster form when it is the rows of C that have unit
        stride.

        An epilogue then receives pieces of columns: its row counts over n and its col over m.
        """
        return Product(
            self.n,
            self.m,
            self.k,
            self.b.transposed,
            self.a.transposed,
            self.c.transposed,
            self.dtype,
            self.accumulate,
            self.batch,
        )


@dataclass(frozen=True)
class Tiling:
    """How a product is cut: register tiles of rows x (vectors of lanes), blocks of k, blocks of row tiles.

    Vectors run along the columns of C, or with `dot` along k: then each element of the tile is a dot product.
    """

    rows: int
    vectors: int
    lanes: int
    k_block: int
    block_tiles: int
    group_panels: int
    pack_a: bool
    pack_b: bool
    split_rows: bool
    rows_outer: bool
    dot: bool = False

    @property
    def cols(self) -> int:
        """Columns of a full panel of B."""
        return self.vectors * self.lanes


def choose_tiling(product: Product, target: Target, single_block: bool = False) -> Tiling:
    """The tiling of least estimated time; sizes that are not known count as large. `single_block` keeps k
    whole.
    """
    lanes = target.lanes(product.dtype)
    m, n, k = (s if isinstance(s, int) else None for s in (product.m, product.n, product.k))
    pack_a = _pack_a(product, target)
    if (m == 1 or n == 1) and _runs_of(product.a.cols, None) and _runs_of(product.b.rows, None):
        rows, vectors, lanes, dot = (8, 1, 1, True) if n == 1 else (1, 1, min(lanes, 8), True)
    else:
        (rows, vectors), dot = (
            min(
                _tile_shapes(target, pack_a, -(-n // lanes) if n else 8),
                key=lambda tile: _cost(tile[0], tile[1], lanes, m, n, is_number(product.batch, 1)),
            ),
            False,
        )
    if m:
        rows = -(-m // -(-m // rows))
    cols, size = vectors * lanes, itemsize(product.dtype)
    in_place = dot or (_runs_of(product.b.cols, cols) and m is not None and m <= IN_PLACE_TILES * rows)
    limit = (8 if in_place else 1) * K_BLOCK_VECTORS * target.vector_bytes // size
    if k is not None:
        limit = max(1, k if single_block else -(-k // -(-k // limit)) if k else 1)
    row_tiles, panels = -(-m // rows) if m else 1 << 20, -(-n // cols) if n else 1 << 20
    again = m is None or k is None or m * k * size > A_BYTES  # A for each group of panels
    group_bytes = B_BYTES if again else B_GROUP_BYTES
    group_panels = max(1, min(panels, panels if again else 16, group_bytes // (size * cols * limit)))
    pack_a = pack_a and not dot
    width = min(n or group_panels * cols, group_panels * cols)
    block_rows = min(A_BLOCK_BYTES // limit, C_BLOCK_BYTES // max(width, 1)) // size
    return Tiling(
        rows,
        vectors,
        lanes,
        limit,
        block_tiles=max(1, min(row_tiles, block_rows // rows)),
        group_panels=group_panels,
        pack_a=pack_a,
        pack_b=not in_place,
        split_rows=row_tiles > panels,
        rows_outer=pack_a and panels > group_panels,
        dot=dot,
    )


def _pack_a(product: Product, target: Target) -> bool:
    """Whether to pack A: not where its rows run along k, which the micro-kernel reads at full speed as they
    lie, nor for few columns, nor with vectors of 64 bytes, whose tall and wide tiles use most of each line
    of A that they fetch.
    """
    few = isinstance(product.n, int) and product.n <= 6 * target.lanes(product.dtype)
    return target.vector_bytes < 64 and not is_number(product.a.cols[-1][1], 1) and not few


def _tile_shapes(target: Target, pack_a: bool, widest: int) -> list[tuple[int, int]]:
    """(rows, vectors) whose accumulators, one row of B and one broadcast of A fit in the registers.

    Where A is read as it lies, each row's address takes a register too; with more rows than that LLVM loads
    all of A's elements of a step at once and spills accumulators, at a third of the speed.
    """
    most = 14 if pack_a else min(14, target.num_addresses)
    return [
        (rows, vectors)
        for vectors in range(1, min(widest, 14) + 1)
        for rows in range(1, most + 1)
        if rows * vectors + vectors + 1 <= target.num_registers
    ]


def _cost(
    rows: int, vectors: int, lanes: int, m: int | None, n: int | None, alone: bool
) -> tuple[float, int]:
    """Cycles for one step of k over all of C, with two multiply-adds and two loads a cycle and latency four; of a
    matrix `alone`, those of the slower of two threads.
    """

    def tile(rows: int, vectors: int) -> float:
        return max(rows * vectors / 2, 4, (rows + vectors) / 2 + 0.5) + vectors / 8  # B may come from afar

    m, n = m or 840 * rows, n or 840 * vectors * lanes
    tiles, panels, rest = -(-m // rows), n // (vectors * lanes), -(-(n % (vectors * lanes)) // lanes)
    high = -(-m // tiles)
    big = m - tiles * (high - 1)

    def panel(vectors: int) -> float:
        return big * tile(high, vectors) + (tiles - big) * tile(high - 1, vectors) if vectors else 0.0

    units, fetched = panels + bool(rest), 3.0 * (panels * vectors + rest)
    cycles = panels * panel(vectors) + panel(rest)
    if tiles > units and alone:  # both threads fetch all of B
        share = panels * tile(high, vectors) + (tile(high, rest) if rest else 0.0)
        cycles = (cycles + tiles % 2 * share) / 2 + fetched
    elif alone:
        last = panel(rest or vectors) if units % 2 else 0.0
        cycles = units // 2 * panel(vectors) + last + fetched / 2
    return cycles, -rows * vectors


def split_along_k(product: Product, target: Target) -> Product | None:
    """The product in pieces of k, each a matrix of a batch to be added up, where C is too small to be shared out.

    The number of pieces does not depend on the threads: C has the same bits for any number of them.
    """
    p, m, n, k = product, product.m, product.n, product.k
    if not (isinstance(m, int) and isinstance(n, int) and isinstance(k, int)) or not is_number(p.batch, 1):
        return None
    t = choose_tiling(replace(p, batch=MOST_PIECES), target)
    a_length, b_length = _outermost(p.a.cols, k), _outermost(p.b.rows, k)
    shared = math.gcd(a_length, b_length)
    counts = [c for c in range(2, MOST_PIECES + 1) if k // c >= LEAST_PIECE and shared % c == 0]
    if t.dot or m > t.rows or n > t.cols or not counts:
        return None
    count = counts[-1]

    def cut(axes: tuple[Axis, ...], length: int) -> tuple[tuple[Axis, ...], tuple[Axis, ...]]:
        stride = axes[0][1]
        return ((length // count, stride), *axes[1:]), ((count, length // count * stride),)

    a_cols, a_batch = cut(p.a.cols, a_length)
    b_rows, b_batch = cut(p.b.rows, b_length)
    a, b = Operand(p.a.rows, a_cols, a_batch), Operand(b_rows, p.b.cols, b_batch)
    return Product(m, n, k // count, a, b, row_major(m, n, count), p.dtype, batch=count)


def _outermost(axes: tuple[Axis, ...], length: int) -> int:
    """The extent of the first axis of `length` indices."""
    for extent, _ in axes[1:]:
        assert isinstance(extent, int)
        length //= extent
    return length


def workspace_bytes(product: Product, target: Target, num_threads: int, single_block: bool = False) -> int:
    """Bytes of scratch memory, 64-byte aligned, that `emit_product` needs for all threads together."""
    return num_threads * _Workspace.of(choose_tiling(product, target, single_block), product.dtype).total


@dataclass(frozen=True)
class _Workspace:
    """Byte offsets of one thread's parts: packed A, packed panel of B, a C tile, and tables of element
    offsets.
    """

    a: int
    b: int
    tile: int
    a_rows: int
    c_rows: int
    a_k: int
    b_k: int
    b_cols: int
    total: int

    @classmethod
    def of(cls, t: Tiling, dtype: str) -> _Workspace:
        size, rows, slack = itemsize(dtype), t.block_tiles * t.rows, 2 * t.lanes
        a = rows * t.k_block + slack if t.pack_a else 0
        b = 0 if t.dot else t.group_panels * t.cols * t.k_block + slack
        tables = [rows + t.rows, rows + t.rows, 0 if t.dot else t.k_block, 0 if t.dot else t.k_block, t.cols]
        parts = [size * part for part in (a, b, t.rows * t.cols)] + [8 * entries for entries in tables]
        offsets = [0]
        for part in parts:
            offsets.append(offsets[-1] + -(-part // 64) * 64)
        return cls(*offsets)


def _is_run(axes: tuple[Axis, ...], stride: Size) -> bool:
    """Whether the indices are all `stride` apart, which is known."""
    return len(axes) == 1 and isinstance(stride, int) and is_number(axes[0][1], stride)


def _runs_of(axes: tuple[Axis, ...], count: int | None) -> bool:
    """Whether each aligned run of `count` indices (None: of any number) has unit stride."""
    extent, stride = axes[-1]
    if not is_number(stride, 1):
        return False
    return len(axes) == 1 or (count is not None and isinstance(extent, int) and extent % count == 0)


def emit_product(
    e: Emitter,
    product: Product,
    a: Any,
    b: Any,
    c: Any,
    workspace: Any,
    thread: Size = 0,
    num_threads: Size = 1,
    epilogue: Epilogue | None = None,
    tiling: Tiling | None = None,
    near: Near | None = None,
) -> None:
    """Emit this thread's share of `product` where `e` stands; there is no barrier inside.

    Pointers `a`, `b` and `c` are at element 0; `workspace` at `workspace_bytes` bytes shared by the threads.
    `epilogue(e, row, col, value)` is called for each piece of a finished row, a vector or a scalar that
    begins at (row, col), and returns what is to be stored (None: nothing). With a batch, row counts over
    (batch, m). `c` may be None when nothing is stored; k is then one block, so call `workspace_bytes` with
    single_block=True. `near(e, row, col)` may ask for the memory that the epilogue works on there, while the
    tile is being summed.
    """
    tiling = tiling or choose_tiling(product, e.target, single_block=c is None)
    _Emission(e, product, tiling, a, b, c, workspace, thread, num_threads, epilogue, near).emit()


@dataclass(frozen=True)
class _Ahead:
    """Lines of memory that row tiles fetch while they sum, one for each k, `step` elements apart: the first tile, or
    the first but one, those from the address on, each later one those `apart` elements further.
    """

    pointer: Any
    step: Any
    apart: Size
    after: int


@dataclass(frozen=True)
class _Panel:
    """A panel of B: its address, and how its rows are found: "packed", "stride", "table", or "dot" along k.

    With a `source` (address, step), the first row tile reads B there and packs the panel. `cols`: its columns, where
    they are known and not whole vectors. `ahead`: what is fetched meanwhile for a panel to come.
    """

    pointer: Any
    kind: str
    step: Any
    source: tuple[Any, Any] | None = None
    cols: int | None = None
    ahead: _Ahead | None = None


class _Emission:
    """One product being emitted: the loops around the micro-kernel, from the outside in."""

    def __init__(
        self,
        e: Emitter,
        product: Product,
        tiling: Tiling,
        a: Any,
        b: Any,
        c: Any,
        workspace: Any,
        thread: Size,
        num_threads: Size,
        epilogue: Epilogue | None,
        near: Near | None,
    ) -> None:
        self.e, self.x, self.p, self.t, self.epilogue = e, SizeMath(e), product, tiling, epilogue
        self.a, self.b, self.c, self.thread, self.num_threads = a, b, c, thread, num_threads
        self.near = near
        self.layout = _Workspace.of(tiling, product.dtype)
        self.workspace = e.at(workspace, self.x.mul(thread, self.layout.total), "uint8")
        self.row_tiles = self.x.ceil_div(product.m, tiling.rows)
        # a known m is dealt out evenly: the first `big` tiles have t.rows rows, the others one less
        self.big = product.m - self.row_tiles * (tiling.rows - 1) if are_known(product.m) else None
        self.panels, self.tail = self.x.div(product.n, tiling.cols), self.x.rem(product.n, tiling.cols)

    def at(self, pointer: Any, index: Size) -> Any:
        """The address of an element."""
        return self.e.at(pointer, index, self.p.dtype)

    def part(self, name: str) -> Any:
        """The address of one part of this thread's workspace."""
        return self.e.at(self.workspace, getattr(self.layout, name), "uint8")

    def emit(self) -> None:
        """The shares: row tiles, or panels, of all matrices of the batch in one list, cut evenly."""
        x, p = self.x, self.p
        if is_number(p.m, 0) or is_number(p.n, 0) or is_number(p.batch, 0):
            return
        all_panels = x.ceil_div(p.n, self.t.cols)
        units = self.row_tiles if self.t.split_rows else all_panels
        total = x.mul(units, p.batch)
        first = x.div(x.mul(self.thread, total), self.num_threads)
        last = x.div(x.mul(x.add(self.thread, 1), total), self.num_threads)
        if is_number(p.batch, 1):
            self.emit_matrix(0, first, last, all_panels)
            return
        units = x.maximum(units, 1)
        with x.loop(x.div(first, units), x.ceil_div(last, units), name="batch") as batch:
            base = x.mul(batch, units)
            self.emit_matrix(
                batch, x.maximum(x.sub(first, base), 0), x.minimum(x.sub(last, base), units), all_panels
            )

    def emit_matrix(self, batch: Size, low: Size, high: Size, all_panels: Size) -> None:
        """The blocks of k, and in each the blocks of row tiles."""
        x, p, t = self.x, self.p, self.t
        self.batch_row = x.mul(batch, p.m)
        rows, panels = ((low, high), (0, all_panels)) if t.split_rows else ((0, self.row_tiles), (low, high))
        a, b = (self.at(pointer, x.offset(o.batch, batch)) for pointer, o in ((self.a, p.a), (self.b, p.b)))
        self.c_batch = None if self.c is None else self.at(self.c, x.offset(p.c.batch, batch))
        blocks = x.maximum(x.ceil_div(p.k, t.k_block), 1)
        with x.loop(0, blocks, name="block") as block:
            k0 = x.mul(block, t.k_block)
            self.k_count = x.minimum(t.k_block, x.sub(p.k, k0))
            self.later, self.last = x.less(0, block), x.equal(block, x.sub(blocks, 1))
            self.a_base, self.a_k = self.along_k(a, p.a.cols, k0, "a_k")
            self.b_base, self.b_k = self.along_k(b, p.b.rows, k0, "b_k")
            # what the outer loop packs is packed once, what the inner loop packs again at each turn of the
            # outer
            if t.rows_outer:
                self.each_rows(rows, lambda: self.each_group(panels, lambda work: work()))
            else:
                self.each_group(panels, lambda work: self.each_rows(rows, work))

    def along_k(self, base: Any, axes: tuple[Axis, ...], k0: Size, name: str) -> tuple[Any, tuple[str, Any]]:
        """Where an operand's block of k begins, and its step: ("stride", elements) or ("table", of offsets)."""
        if len(axes) == 1:
            return self.at(base, self.x.mul(k0, axes[0][1])), ("stride", self.e.index(axes[0][1]).ir)
        self.fill(self.part(name), axes, k0, self.k_count)
        return base, ("table", self.part(name))

    def fill(
        self, table: Any, axes: tuple[Axis, ...], start: Size, count: Size, limit: Size | None = None
    ) -> None:
        """Write the offsets of `count` indices from `start`; those past `limit` repeat its last."""
        with self.x.loop(0, count, name="fill") as i:
            index = self.x.add(start, i)
            if limit is not None:
                index = self.x.minimum(index, self.x.sub(limit, 1))
            self.e.store(table, i, self.e.index(self.x.offset(axes, index)))

    def row_of(self, tile: Size) -> Size:
        """The first row of a row tile."""
        start = self.x.mul(tile, self.t.rows)
        if self.big is None or self.big == self.row_tiles:
            return start
        return self.x.sub(start, self.x.maximum(self.x.sub(tile, self.big), 0))

    def rows_of(self, tile: Size) -> Size:
        """How many rows a row tile has."""
        if self.big is None:
            return self.x.minimum(self.t.rows, self.x.sub(self.p.m, self.row_of(tile)))
        if self.big == self.row_tiles:
            return self.t.rows
        return self.x.select(self.x.less(tile, self.big), self.t.rows, self.t.rows - 1)

    def each_rows(self, rows: tuple[Size, Size], work: Callable[[], None]) -> None:
        """For each block of row tiles: its tables, its packed A, then `work`."""
        x, p, t = self.x, self.p, self.t
        with x.loop(rows[0], rows[1], t.block_tiles, name="rows") as tile0:
            tile1 = x.minimum(x.add(tile0, t.block_tiles), rows[1])
            self.tile0, self.tile1, self.row0 = tile0, tile1, self.row_of(tile0)
            self.first = tile0 if t.rows_outer else rows[0]
            if self.big is None:
                limit, count = p.m, x.mul(x.sub(tile1, tile0), t.rows)
            else:
                limit, count = None, x.sub(self.row_of(tile1), self.row0)
            self.fill(self.part("a_rows"), p.a.rows, self.row0, count, limit)
            if self.c is not None:
                self.fill(self.part("c_rows"), p.c.rows, self.row0, count, limit)
            if t.pack_a:
                self.pack_rows()
            work()

    def each_group(self, panels: tuple[Size, Size], around: Callable[[Callable[[], None]], None]) -> None:
        """For each group of panels of B, and for the narrow one at the end: pack it, then its work inside
        `around`.
        """
        x, t = self.x, self.t
        if not is_number(self.panels, 0):
            stop = x.minimum(panels[1], self.panels)
            with x.loop(panels[0], stop, t.group_panels, name="group") as group:
                count = x.minimum(t.group_panels, x.sub(stop, group))
                if t.pack_b and not self.packs_in_passing():
                    self.pack_cols(self.part("b"), x.mul(group, t.cols), t.cols, t.cols, count)
                around(lambda: self.emit_group(group, count))
        if not is_number(self.tail, 0):
            col0, cols = x.mul(self.panels, t.cols), self.tail
            vectors = -(-cols // t.lanes) if isinstance(cols, int) else t.vectors
            with x.when(x.both(x.less(self.panels, panels[1]), x.less(0, cols))):
                if t.dot:
                    self.fill(self.part("b_cols"), self.p.b.cols, col0, t.cols, self.p.n)
                    panel = _Panel(self.b_base, "dot", self.part("b_cols"))
                elif isinstance(cols, int) and (self.packs_in_passing() or not t.pack_b):
                    panel = replace(self.panel(0, col0, vectors), cols=cols)
                else:
                    self.pack_cols(self.part("b"), col0, cols, vectors * t.lanes, 1)
                    panel = _Panel(self.part("b"), "packed", self.e.index(vectors * t.lanes).ir)
                around(lambda: self.emit_panel(col0, cols, vectors, panel))

    def packs_in_passing(self) -> bool:
        """Whether the first row tile's micro-kernel packs B: where its rows can be read as they lie."""
        return self.t.pack_b and _runs_of(self.p.b.cols, None) and self.b_k[0] == "stride"

    def pack_rows(self) -> None:
        """Copy the block of A as one panel per row tile, k by k."""
        x, t = self.x, self.t
        with x.loop(self.tile0, self.tile1, name="pack") as tile:
            table = self.e.at(self.part("a_rows"), x.sub(self.row_of(tile), self.row0), "int64")
            self.pack(
                self.packed_rows(tile), self.a_base, table, t.rows, self.rows_of(tile), "gather", self.a_k
            )

    def packed_rows(self, tile: Size) -> Any:
        """Where the packed panel of a row tile is."""
        return self.at(self.part("a"), self.x.mul(self.x.sub(tile, self.tile0), self.t.rows * self.t.k_block))

    def pack(
        self, into: Any, source: Any, table: Any, width: int, count: Size, way: str, k: tuple[str, Any]
    ) -> None:
        """Call the packing function of this width, way and kind of k."""
        pack = pack_function(self.e, self.p.dtype, width, way, k[0])
        self.e.builder.call(
            pack,
            [
                into,
                source,
                table,
                self.e.index(count).ir,
                k[1],
                self.e.index(self.k_count).ir,
                self.e.index(width * self.t.k_block).ir,
            ],
        )

    def emit_group(self, group: Size, count: Size) -> None:
        """The full panels of a group against the block of row tiles."""
        x, t = self.x, self.t
        with x.loop(0, count, name="panel") as g:
            col0 = x.mul(x.add(group, g), t.cols)
            self.emit_panel(col0, t.cols, t.vectors, self.panel(g, col0, t.vectors))

    def panel(self, g: Size, col0: Size, vectors: int) -> _Panel:
        """A panel of so many vectors: the g-th of its group where they are packed."""
        x, t = self.x, self.t
        if t.dot:
            self.fill(self.part("b_cols"), self.p.b.cols, col0, t.cols)
            return _Panel(self.b_base, "dot", self.part("b_cols"))
        source = self.at(self.b_base, x.offset(self.p.b.cols, col0))
        if not t.pack_b:
            return _Panel(source, *self.b_k)
        pointer = self.at(self.part("b"), x.mul(g, t.cols * t.k_block))
        first = (source, self.b_k[1]) if self.packs_in_passing() else None
        return _Panel(pointer, "packed", x.e.index(vectors * t.lanes).ir, first, ahead=self.ahead(col0))

    def ahead(self, col0: Size) -> _Ahead | None:
        """What the tiles of a panel of B fetch of a later one: of each row a line, or where its columns lie side by
        side as many lines as they have steps of k. With many row tiles there is nothing to win.
        """
        x, p, t, line = self.x, self.p, self.t, LINE_BYTES // itemsize(self.p.dtype)
        if not (isinstance(self.row_tiles, int) and 1 < self.row_tiles <= AHEAD_TILES):
            return None
        if self.packs_in_passing():
            place = x.offset(p.b.cols, x.add(col0, t.cols))
            return _Ahead(self.at(self.b_base, place), self.b_k[1], line, 1)
        together = isinstance(p.k, int) and is_number(self.k_count, p.k) and _is_run(p.b.rows, 1)
        if not (together and _is_run(p.b.cols, p.k)):
            return None
        place = x.offset(p.b.cols, x.add(col0, t.group_panels * t.cols))
        step = self.e.index(line).ir
        return _Ahead(self.at(self.b_base, place), step, x.mul(self.k_count, line), 0)

    def pack_cols(self, into: Any, col0: Size, cols: Size, width: int, panels: Size) -> None:
        """Copy `panels` panels of B so that each k has its columns side by side."""
        x, t, axes = self.x, self.t, self.p.b.cols
        full = is_number(cols, width)
        if full and _runs_of(axes, None):
            self.pack(
                into, self.at(self.b_base, x.offset(axes, col0)), into, width, panels, "whole", self.b_k
            )
            return
        runs = _runs_of(self.p.b.rows, t.lanes) and (len(self.p.b.rows) == 1 or t.k_block % t.lanes == 0)
        way = "transpose" if full and runs else "gather"
        with x.loop(0, panels, name="pack") as g:
            self.fill(self.part("b_cols"), axes, x.add(col0, x.mul(g, width)), cols)
            place = self.at(into, x.mul(g, width * t.k_block))
            self.pack(place, self.b_base, self.part("b_cols"), width, cols, way, self.b_k)

    def emit_panel(self, col0: Size, cols: Size, vectors: int, panel: _Panel) -> None:
        """One panel of B against the block of row tiles."""
        with self.x.loop(self.tile0, self.tile1, name="tile") as tile:
            self.emit_tile(tile, col0, cols, vectors, panel)

    def emit_tile(self, tile: Size, col0: Size, cols: Size, vectors: int, panel: _Panel) -> None:
        """One register tile: the micro-kernel into C itself, or into scratch and from there row by row."""
        e, x, t = self.e, self.x, self.t
        row, rows = self.row_of(tile), self.rows_of(tile)
        adds = True if self.p.accumulate else self.later
        direct: bool | Value = False
        if self.c is not None and is_number(cols, vectors * t.lanes) and _runs_of(self.p.c.cols, t.cols):
            direct = True if self.big is not None else x.equal(rows, t.rows)
            if self.epilogue is not None:
                direct = x.both(direct, x.negate(self.last))
        c, c_rows = self.part("tile"), scratch_rows(e, t.rows, vectors * t.lanes)
        if direct is not False:
            into = self.at(self.c_batch, x.offset(self.p.c.cols, col0))
            table = e.at(self.part("c_rows"), x.sub(row, self.row0), "int64")
            c, c_rows = (
                p if direct is True else e.builder.select(direct.ir, p, q)
                for p, q in ((into, c), (table, c_rows))
            )
        if direct is not True:
            self.bring_near(row, rows, col0, vectors)
        self.call_kernel(tile, rows, vectors, panel, c, c_rows, x.both(direct, adds))
        if direct is not True:
            with x.when(x.negate(direct)):
                self.finish(row, rows, col0, cols, vectors * t.lanes, adds)

    def bring_near(self, row: Size, rows: Size, col0: Size, vectors: int) -> None:
        """Fetch the tile's part of C, and of what the epilogue works on, while the micro-kernel runs."""
        e, x = self.e, self.x
        if self.c is None and self.near is None:
            return
        places = [v * self.t.lanes for v in range(vectors)]
        if not all(isinstance(s, int) and s % self.t.lanes == 0 for _, s in self.p.c.rows):
            places.append(vectors * self.t.lanes - 1)  # the last vector may reach into a further line
        with e.loop(0, rows, name="near") as r:
            for place in places:
                col = x.add(col0, place)
                if self.c is not None:
                    offset = e.load(self.part("c_rows"), r + x.sub(row, self.row0), "int64")
                    column = self.at(self.c_batch, x.offset(self.p.c.cols, col))
                    e.prefetch(column, offset, self.p.dtype, write=True)
                if self.near is not None:
                    self.near(e, r + x.add(self.batch_row, row), e.index(col))

    def call_kernel(
        self,
        tile: Size,
        rows: Size,
        vectors: int,
        panel: _Panel,
        c: Any,
        c_rows: Any,
        adds: bool | Value,
    ) -> None:
        """The micro-kernel of the tile's height: a whole one, or one row less."""
        e, x, t = self.e, self.x, self.t
        if t.pack_a:
            a, table, a_kind = self.packed_rows(tile), self.part("a_rows"), ("packed", e.index(t.rows).ir)
        else:
            a, a_kind = self.a_base, self.a_k
            table = e.at(self.part("a_rows"), x.sub(self.row_of(tile), self.row0), "int64")

        def call(height: int, b: Any, b_kind: str, b_step: Any, keeps: bool = False) -> None:
            other, ahead = panel.pointer, panel.ahead if b_kind == "packed" else None
            if ahead is not None:
                other, b_step = self.fetched(ahead, tile), ahead.step
            if t.dot:
                kernel = dot_function(e, self.p.dtype, height, t.cols)
            else:
                kind = f"{a_kind[0]}{t.rows if t.pack_a else ''}"
                kernel = kernel_function(
                    e, self.p.dtype, height, vectors, kind, b_kind, keeps, panel.cols, ahead is not None
                )
            arguments = [e.index(self.k_count).ir, a, table, a_kind[1], b, b_step, c, c_rows]
            e.builder.call(kernel, [*arguments, e.to_memory(x.flag(adds), "bool"), other])

        def choose(height: int) -> None:
            if panel.source is None:
                call(height, panel.pointer, panel.kind, panel.step)
                return
            source, step = panel.source
            with e.either(x.flag(x.equal(tile, self.first))) as (first, later):
                with first:
                    call(height, source, "stride", step, keeps=True)
                with later:
                    call(height, panel.pointer, panel.kind, panel.step)

        if self.big is None or isinstance(rows, int):
            choose(t.rows)
            return
        with e.either(x.flag(x.equal(rows, t.rows))) as (whole, less):
            with whole:
                choose(t.rows)
            with less:
                choose(t.rows - 1)

    def fetched(self, ahead: _Ahead, tile: Size) -> Any:
        """Where a row tile begins to fetch: a panel is no more than its columns' lines and one more in width."""
        x, lines = self.x, self.t.cols * itemsize(self.p.dtype) // LINE_BYTES
        return self.at(
            ahead.pointer, x.mul(x.minimum(x.sub(x.sub(tile, self.first), ahead.after), lines), ahead.apart)
        )

    def finish(self, row: Size, rows: Size, col0: Size, cols: Size, width: int, adds: bool | Value) -> None:
        """Move a tile from scratch to C: plainly in the early blocks of k, through the epilogue in the last."""
        if self.epilogue is None or self.last is True:
            self.finish_rows(row, rows, col0, cols, width, adds, self.epilogue)
            return
        with self.e.either(self.x.flag(self.last)) as (last, early):
            with last:
                self.finish_rows(row, rows, col0, cols, width, adds, self.epilogue)
            with early:
                self.finish_rows(row, rows, col0, cols, width, adds, None)

    def finish_rows(
        self,
        row: Size,
        rows: Size,
        col0: Size,
        cols: Size,
        width: int,
        adds: bool | Value,
        epilogue: Epilogue | None,
    ) -> None:
        """Row by row: vectors as far as they go, then single elements."""
        e, x, lanes = self.e, self.x, self.t.lanes
        vectored = self.c is None or _runs_of(self.p.c.cols, self.t.cols)
        whole = x.mul(x.div(cols, lanes), lanes) if vectored else 0
        with e.loop(0, rows, name="row") as r:
            scratch = self.at(self.part("tile"), r * width)
            c_row = None
            if self.c is not None:
                offset = e.load(self.part("c_rows"), r + x.sub(row, self.row0), "int64")
                c_row = self.at(self.c_batch, offset)
            index = r + x.add(self.batch_row, row)
            pieces: list[tuple[Size, Size, int]] = [(0, whole, lanes), (whole, cols, 1)]
            if isinstance(whole, int) and whole == 2 * lanes:  # two vectors, as most tiles have, need no loop
                pieces[:1] = [(0, lanes, lanes), (lanes, whole, lanes)]
            for start, stop, step in pieces:
                if not (are_known(start, stop) and start == stop):
                    with x.loop(start, stop, step, name="col") as j:
                        self.finish_piece(scratch, c_row, index, col0, j, step, adds, epilogue)

    def finish_piece(
        self,
        scratch: Any,
        c_row: Any,
        row: Value,
        col0: Size,
        j: Size,
        step: int,
        adds: bool | Value,
        epilogue: Epilogue | None,
    ) -> None:
        """One vector or element: add what C holds, apply the epilogue, store."""
        e, x, dtype = self.e, self.x, self.p.dtype
        value = e.load(scratch, j, dtype, step)
        col = x.add(col0, j)
        place = None if c_row is None else self.at(c_row, x.offset(self.p.c.cols, col))
        if place is not None and adds is True:
            value = e.load(place, 0, dtype, step) + value
        elif place is not None and isinstance(adds, Value):
            held = e.var(e.const(0, dtype, step))
            with e.when(adds):
                held.set(e.load(place, 0, dtype, step))
            value = held.get() + value
        result = value if epilogue is None else epilogue(e, row, e.index(col), value)
        if result is not None and place is not None:
            e.store(place, 0, result, dtype)
