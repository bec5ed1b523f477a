"""Matrix products: C[m,n] (+)= sum over k of A[m,k] B[k,n], emitted as explicit vector code in register
tiles.

The products of layers, batched products and convolutions (whose rows and columns are multi-indices of a
window view) all come from this one generator. Each C element is summed over k in one fixed order, block after
block, so the result has the same bits for any number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from thalweg.compile.barrier import COUNTERS
from thalweg.compile.kernels import (
    dot_function,
    kernel_function,
    pack_function,
    scratch_rows,
    slide_function,
    stream_function,
)
from thalweg.compile.loops import Emitter
from thalweg.compile.sizes import Axis, Size, SizeMath, are_known, is_number
from thalweg.compile.target import LINE_BYTES, itemsize
from thalweg.compile.tiling import (
    Product,
    Tiling,
    Workspace,
    choose_tiling,
    distance_of_rows,
    is_run,
    reads_of,
    runs_of,
)
from thalweg.compile.values import Value

Epilogue = Callable[..., Value | None]  # (e, row, col, *values)
Near = Callable[[Emitter, Value, Value, Sequence[int]], None]
Claims = Callable[[Emitter, Size, Size], AbstractContextManager[Value]]  # (e, pieces, number): see `claimed`

# of rows at most where the next panel of B is fetched meanwhile: the fewer, the more it counts
AHEAD_TILES = 16
PIECES = 8  # of each thread's share of a product, where they share it out as they go
CLAIMED_WORK = 1 << 21  # multiply-adds from which on they do
LEAST_TILES = 6  # of rows in a piece that packs its panels itself: the first does that


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
    claims: Claims | None = None,
) -> None:
    """Emit this thread's share of `product` where `e` stands; there is no barrier inside.

    Pointers `a`, `b` and `c` are at element 0; `workspace` at `workspace_bytes` bytes shared by the threads.
    `epilogue(e, row, col, value)` is called for each piece of a finished row, a vector or a scalar that
    begins at (row, col), and returns what is to be stored (None: nothing). With a batch, row counts over
    (batch, m). In a product with groups it is called with the values of all rows of a group and the group's number,
    and nothing is stored. `c` may be None when nothing is stored; k is then one block, so call `workspace_bytes` with
    single_block=True. `near(e, row, col, places)` may ask for the memory that the epilogue works on
    that many columns from (row, col), while the tile is being summed.
    """
    tiling = tiling or choose_tiling(product, e.target, single_block=c is None)
    _Emission(e, product, tiling, a, b, c, workspace, thread, num_threads, claims, epilogue, near).emit()


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

    With a `source` (address, kind, step), the first row tile reads B there and packs the panel. `cols`: its columns,
    where they are known and not whole vectors. `ahead`: what is fetched meanwhile for a panel to come.
    """

    pointer: Any
    kind: str
    step: Any
    source: tuple[Any, str, Any] | None = None
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
        claims: Claims | None,
        epilogue: Epilogue | None,
        near: Near | None,
    ) -> None:
        self.e, self.x, self.p, self.t, self.epilogue = e, SizeMath(e), product, tiling, epilogue
        self.a, self.b, self.c, self.thread, self.num_threads = a, b, c, thread, num_threads
        self.near = near
        self.layout = Workspace.of(tiling, product.dtype)
        self.workspace = e.at(workspace, self.x.mul(thread, self.layout.total), "uint8")
        self.row_tiles = self.x.ceil_div(product.m, tiling.rows)
        # a known m is dealt out evenly: the first `big` tiles have t.rows rows, the others one (or a group) less
        groups, m = product.group, product.m
        self.big = m // groups - self.row_tiles * (tiling.rows // groups - 1) if isinstance(m, int) else None
        self.panels, self.tail = self.x.div(product.n, tiling.cols), self.x.rem(product.n, tiling.cols)
        self.claims = claims if self.claims_pay() else None
        self.apart = distance_of_rows(product)
        self.line = LINE_BYTES // itemsize(product.dtype)

    def at(self, pointer: Any, index: Size) -> Any:
        """The address of an element."""
        return self.e.at(pointer, index, self.p.dtype)

    def part(self, name: str) -> Any:
        """The address of one part of this thread's workspace."""
        return self.e.at(self.workspace, getattr(self.layout, name), "uint8")

    def emit(self) -> None:
        """All row tiles, or panels, of all matrices, in one list: this thread's share, or the pieces that it takes."""
        x, p = self.x, self.p
        if is_number(p.m, 0) or is_number(p.n, 0) or is_number(p.batch, 0):
            return
        self.all_panels = x.ceil_div(p.n, self.line if self.t.stream else self.t.cols)
        self.units = self.row_tiles if self.t.split_rows else self.all_panels
        total = x.mul(self.units, p.batch)
        if self.claims is None:
            self.emit_units(*self.share(total, self.thread, self.num_threads))
        elif self.keeps_panels:
            self.emit_matrix(0, 0, self.units)
        else:
            pieces = self.pieces(total, LEAST_TILES if self.t.split_rows else 1)
            with self.claims(self.e, pieces, 0) as piece:
                self.emit_units(*self.share(total, piece, pieces))

    def claims_pay(self) -> bool:
        """Whether threads may share the work out as they go: each part of C is then done by one, in all blocks of k."""
        p, t = self.p, self.t
        self.keeps_panels = False
        known = [d for d in (p.m, p.n, p.k, p.batch) if isinstance(d, int)]
        if math.prod(known) < CLAIMED_WORK and len(known) == 4:
            return False
        if not t.split_rows:
            return True
        groups = -(-p.n // (t.group_panels * t.cols)) + 1 if isinstance(p.n, int) else COUNTERS
        single = isinstance(p.k, int) and p.k <= t.k_block and is_number(p.batch, 1)
        self.keeps_panels = single and groups < COUNTERS and not t.rows_outer
        return self.keeps_panels or not t.pack_b or self.packs_in_passing()

    def share(self, total: Size, number: Size, count: Size) -> tuple[Size, Size]:
        """Where the share with this number, of so many, of so many row tiles or panels begins and ends."""
        x = self.x
        return x.div(x.mul(number, total), count), x.div(x.mul(x.add(number, 1), total), count)

    def pieces(self, total: Size, least: int) -> Size:
        """In how many pieces threads take so many row tiles or panels: as many for each, of ``least`` or more, if that
        leaves one for each.
        """
        x, threads = self.x, self.num_threads
        most = x.minimum(x.mul(threads, PIECES), x.div(total, least))
        return x.maximum(x.mul(x.div(most, threads), threads), x.minimum(threads, total))

    def emit_units(self, first: Size, last: Size) -> None:
        """Some neighbours in the list of row tiles or panels of all matrices."""
        x, units = self.x, self.units
        if is_number(self.p.batch, 1):
            self.emit_matrix(0, first, last)
            return
        units = x.maximum(units, 1)
        with x.loop(x.div(first, units), x.ceil_div(last, units), name="batch") as batch:
            base = x.mul(batch, units)
            self.emit_matrix(batch, x.maximum(x.sub(first, base), 0), x.minimum(x.sub(last, base), units))

    def emit_matrix(self, batch: Size, low: Size, high: Size) -> None:
        """The blocks of k, and in each the blocks of row tiles."""
        x, p, t = self.x, self.p, self.t
        self.batch_row = x.mul(batch, p.m)
        rows, panels = (
            ((low, high), (0, self.all_panels)) if t.split_rows else ((0, self.row_tiles), (low, high))
        )
        a, b = (self.at(pointer, x.offset(o.batch, batch)) for pointer, o in ((self.a, p.a), (self.b, p.b)))
        self.c_batch = None if self.c is None else self.at(self.c, x.offset(p.c.batch, batch))
        blocks = x.maximum(x.ceil_div(p.k, t.k_block), 1)
        with x.loop(0, blocks, name="block") as block:
            k0 = x.mul(block, t.k_block)
            self.k_count = x.minimum(t.k_block, x.sub(p.k, k0))
            self.later, self.last = x.less(0, block), x.equal(block, x.sub(blocks, 1))
            self.a_base, self.a_k = self.along_k(a, p.a.cols, k0, "a_k")
            self.b_base, self.b_k = self.along_k(b, p.b.rows, k0, "b_k")
            if t.stream:
                self.emit_stream(x.mul(low, self.line), x.minimum(x.mul(high, self.line), p.n))
            # what the outer loop packs is packed once, what the inner loop packs again at each turn of the
            # outer
            elif t.rows_outer:
                self.each_rows(rows, 0, lambda: self.each_group(panels, lambda _, work: work()))
            else:
                self.each_group(panels, lambda number, work: self.each_rows(rows, number, work))

    def emit_stream(self, low: Size, high: Size) -> None:
        """Some columns of all rows, which are few, summed in scratch."""
        e, x, p, t = self.e, self.x, self.p, self.t
        self.row0: Size = 0
        if self.c is not None:
            self.fill(self.part("c_rows"), p.c.rows, 0, t.rows)
        kernel, down = stream_function(e, p.dtype, t.rows == 1), p.a.rows[0][1]
        with x.loop(low, high, t.cols, name="columns") as col0:
            cols = x.minimum(t.cols, x.sub(high, col0))
            a, b = (self.a_base, down, self.a_k[1]), (self.at(self.b_base, col0), self.b_k[1])
            given = [self.k_count, t.rows, *a, *b, self.part("tile"), t.cols, cols]
            e.builder.call(kernel, [e.index(v).ir if isinstance(v, (int, Value)) else v for v in given])
            self.finish(0, t.rows, col0, cols, t.cols, True if p.accumulate else self.later)

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
        fewer = self.x.maximum(self.x.sub(tile, self.big), 0)
        return self.x.sub(start, self.x.mul(fewer, self.p.group))

    def rows_of(self, tile: Size) -> Size:
        """How many rows a row tile has."""
        if self.big is None:
            return self.x.minimum(self.t.rows, self.x.sub(self.p.m, self.row_of(tile)))
        if self.big == self.row_tiles:
            return self.t.rows
        return self.x.select(self.x.less(tile, self.big), self.t.rows, self.t.rows - self.p.group)

    @contextmanager
    def blocks(self, rows: tuple[Size, Size], number: Size) -> Iterator[tuple[Size, Size, Size]]:
        """Loop over blocks of row tiles: where each begins and ends, and where the first does that this thread does."""
        x, t = self.x, self.t
        if not self.keeps_panels or self.claims is None:
            with x.loop(rows[0], rows[1], t.block_tiles, name="rows") as tile0:
                tile1 = x.minimum(x.add(tile0, t.block_tiles), rows[1])
                yield tile0, tile1, tile0 if t.rows_outer else rows[0]
            return
        pieces = x.maximum(self.pieces(rows[1], 1), x.ceil_div(rows[1], t.block_tiles))
        begun = self.e.var(self.e.index(-1), "begun")
        with self.claims(self.e, pieces, number) as piece:
            tile0, tile1 = self.share(rows[1], piece, pieces)
            begun.set(self.e.select(begun.get() < 0, tile0, begun.get()))
            yield tile0, tile1, begun.get()

    def each_rows(self, rows: tuple[Size, Size], number: Size, work: Callable[[], None]) -> None:
        """For each block of row tiles: its tables, its packed A, then `work`."""
        x, p, t = self.x, self.p, self.t
        with self.blocks(rows, number) as (tile0, tile1, first):
            self.tile0, self.tile1, self.row0 = tile0, tile1, self.row_of(tile0)
            self.first = first
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

    def each_group(
        self, panels: tuple[Size, Size], around: Callable[[Size, Callable[[], None]], None]
    ) -> None:
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
                around(x.div(group, t.group_panels), lambda: self.emit_group(group, count))
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
                around(COUNTERS - 1, lambda: self.emit_panel(col0, cols, vectors, panel))

    def packs_in_passing(self) -> bool:
        """Whether the first row tile's micro-kernel packs B: where its rows can be read as they lie."""
        return self.t.slide is None and self.t.pack_b and runs_of(self.p.b.cols, self.t.cols)

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
        first = (source, *self.b_k) if self.packs_in_passing() else None
        ahead = self.ahead(col0) if t.slide is None else None
        return _Panel(pointer, "packed", x.e.index(vectors * t.lanes).ir, first, ahead=ahead)

    def ahead(self, col0: Size) -> _Ahead | None:
        """What the tiles of a panel of B fetch of a later one: of each row a line, or where its columns lie side by
        side as many lines as they have steps of k. With many row tiles there is nothing to win.
        """
        x, p, t, line = self.x, self.p, self.t, self.line
        if not (isinstance(self.row_tiles, int) and 1 < self.row_tiles <= AHEAD_TILES):
            return None
        if self.packs_in_passing():
            if self.b_k[0] != "stride":
                return None
            place = x.offset(p.b.cols, x.add(col0, t.cols))
            return _Ahead(self.at(self.b_base, place), self.b_k[1], line, 1)
        together = isinstance(p.k, int) and is_number(self.k_count, p.k) and is_run(p.b.rows, 1)
        if not (together and is_run(p.b.cols, p.k)):
            return None
        place = x.offset(p.b.cols, x.add(col0, t.group_panels * t.cols))
        step = self.e.index(line).ir
        return _Ahead(self.at(self.b_base, place), step, x.mul(self.k_count, line), 0)

    def pack_cols(self, into: Any, col0: Size, cols: Size, width: int, panels: Size) -> None:
        """Copy `panels` panels of B so that each k has its columns side by side."""
        x, t, axes = self.x, self.t, self.p.b.cols
        full = is_number(cols, width)
        if full and runs_of(axes, None):
            self.pack(
                into, self.at(self.b_base, x.offset(axes, col0)), into, width, panels, "whole", self.b_k
            )
            return
        runs = runs_of(self.p.b.rows, t.lanes) and (len(self.p.b.rows) == 1 or t.k_block % t.lanes == 0)
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
        if self.c is not None and is_number(cols, vectors * t.lanes) and runs_of(self.p.c.cols, t.cols):
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
        width = vectors * self.t.lanes
        places = list(range(0, width, self.line))
        if not all(
            isinstance(s, int) and s % self.line == 0 for s in (width, *(s for _, s in self.p.c.rows))
        ):
            places.append(width - 1)  # it may reach into a further line
        if self.c is not None:
            columns = [self.at(self.c_batch, x.offset(self.p.c.cols, x.add(col0, k))) for k in places]
            with e.loop(0, rows, name="near") as r:
                offset = e.load(self.part("c_rows"), r + x.sub(row, self.row0), "int64")
                for column in columns:
                    e.prefetch(column, offset, self.p.dtype, write=True)
        if self.near is not None:
            with e.loop(0, x.div(rows, self.p.group), name="near") as r:
                self.near(e, r + self.group_of(row), e.index(col0), places)

    def group_of(self, row: Size) -> Size:
        """The number of a row's group, that of the row itself where there are none."""
        return self.x.div(self.x.add(self.batch_row, row), self.p.group)

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
            elif t.slide is not None:
                kernel = slide_function(e, self.p.dtype, height, t.slide, a_kind[0])
            else:
                kind = f"packed{t.rows}" if t.pack_a else reads_of(self.p)
                also = (keeps, panel.cols, ahead is not None, self.apart)
                kernel = kernel_function(e, self.p.dtype, height, vectors, kind, b_kind, *also)
            arguments = [e.index(self.k_count).ir, a, table, a_kind[1], b, b_step, c, c_rows]
            e.builder.call(kernel, [*arguments, e.to_memory(x.flag(adds), "bool"), other])

        def choose(height: int) -> None:
            if panel.source is None:
                call(height, panel.pointer, panel.kind, panel.step)
                return
            source, kind, step = panel.source
            with e.either(x.flag(x.equal(tile, self.first))) as (first, later):
                with first:
                    call(height, source, kind, step, keeps=True)
                with later:
                    call(height, panel.pointer, panel.kind, panel.step)

        if self.big is None or isinstance(rows, int):
            choose(t.rows)
            return
        with e.either(x.flag(x.equal(rows, t.rows))) as (whole, less):
            with whole:
                choose(t.rows)
            with less:
                choose(t.rows - self.p.group)

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
        e, x, lanes, group = self.e, self.x, self.t.lanes, self.p.group
        vectored = self.c is None or runs_of(self.p.c.cols, self.t.cols)
        whole = x.mul(x.div(cols, lanes), lanes) if vectored else 0
        pieces: list[tuple[Size, Size, int]] = [(0, whole, lanes), (whole, cols, 1)]
        if isinstance(whole, int) and whole == 2 * lanes:  # two vectors, as most tiles have, need no loop
            pieces[:1] = [(0, lanes, lanes), (lanes, whole, lanes)]
        with e.loop(0, x.div(rows, group), name="row") as r:
            held = []
            for k in range(group):
                c_row, own = None, r * group + k
                if self.c is not None:
                    offset = e.load(self.part("c_rows"), own + x.sub(row, self.row0), "int64")
                    c_row = self.at(self.c_batch, offset)
                held.append((self.at(self.part("tile"), own * width), c_row))
            for start, stop, step in pieces:
                if not (are_known(start, stop) and start == stop):
                    with x.loop(start, stop, step, name="col") as j:
                        self.finish_piece(held, r + self.group_of(row), col0, j, step, adds, epilogue)

    def finish_piece(
        self,
        held: Sequence[tuple[Any, Any]],
        row: Value,
        col0: Size,
        j: Size,
        step: int,
        adds: bool | Value,
        epilogue: Epilogue | None,
    ) -> None:
        """One vector or element of each row of a group, which are in scratch and in C: add what C holds, apply the
        epilogue, store.
        """
        e, x, dtype = self.e, self.x, self.p.dtype
        col = x.add(col0, j)
        places = [None if c is None else self.at(c, x.offset(self.p.c.cols, col)) for _, c in held]
        values = [
            self.summed(e.load(scratch, j, dtype, step), place, adds)
            for (scratch, _), place in zip(held, places, strict=True)
        ]
        results: Sequence[Value | None] = values
        if epilogue is not None:
            results = [epilogue(e, row, e.index(col), *values)]
        for result, place in zip(results, places):
            if result is not None and place is not None:
                e.store(place, 0, result, dtype)

    def summed(self, value: Value, place: Any, adds: bool | Value) -> Value:
        """A value and what C holds, if that is to be added."""
        e, dtype = self.e, self.p.dtype
        if place is None or adds is False:
            return value
        if adds is True:
            return e.load(place, 0, dtype, value.width) + value
        held = e.var(e.const(0, dtype, value.width))
        with e.when(adds):
            held.set(e.load(place, 0, dtype, value.width))
        return held.get() + value
