"""Tilings: what a matrix product is, and how it is cut into register tiles, blocks and shares of k.

The choice is by a cost model of the processor's registers, caches and multiply-adds, the same for every thread.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from thalweg.compile.sizes import Axis, Size, is_number
from thalweg.compile.target import LINE_BYTES, Target, itemsize

K_BLOCK_BYTES = 4 << 10  # of one column of B: longer blocks visit C less often, shorter leave more of B near
A_BLOCK_BYTES = 192 << 10  # of A's rows kept in the second-level cache while the panels of B pass by
C_BLOCK_BYTES = 512 << 10  # of the lines of C, and of arrays like it, of a panel: the next one may share them
B_GROUP_BYTES = 192 << 10  # of panels of B packed together: longer runs of each row are read at a time
# an A larger than this is read once, if so much packed B allows it: half, where others may use half of the cache
A_BYTES, B_BYTES = 1 << 20, 2 << 20
LEAST_PANELS = 8  # for the threads to share out, where B is larger than A, which then all of them read
# where nobody packs B: then whole rows, on which a thread goes on with other work
LEAST_ROW_TILES = 8
MOST_PIECES, LEAST_PIECE = 16, 1024  # of k, where the threads share that out
PIECES_BYTES, LONG = (
    600 << 10,
    4,
)  # of all the pieces of a C; how many times its sides a k is that is shared out
SLIDING_ROWS = 7  # at least, of overlapping windows, for that their sums wait for each other
TALL = (
    64  # steps of k at least for tiles of more than ten rows, whose lines of C are all fetched as they begin
)
MANY = 2520  # rows, or vectors of columns, where their number is not known: whole tiles of up to ten
IN_PLACE_TILES = 2  # with at most this many tiles of rows, B is read where it lies: packing would cost more
STREAM_BYTES, STREAM_PIECES = (
    1 << 20,
    8,
)  # of a matrix of which each thread streams its own rows; pieces at most
STREAM_ROWS = 12  # of A at most
STREAM_SUMS = 6144  # which stay in the first-level cache, beside the rows of B that pass by
LEAST_STREAMED = 8  # vectors of columns: so few fit registers


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
    added to C. Tiles hold whole groups of `group` rows, which divides m. The epilogue works on `arrays` of C's shape.
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
    group: int = 1
    arrays: int = 1

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
class Slide:
    """Windows that overlap: row i + 1 of A is row i, `taps` runs of `channels` elements, begun `step` elements later;
    `step` is also how far the runs are apart, so an element is met by as many rows as there are taps.
    """

    taps: int
    channels: int
    step: int

    @property
    def length(self) -> int:
        """Steps of k that the runs take together."""
        return self.taps * self.channels


@dataclass(frozen=True)
class Tiling:
    """How a product is cut: register tiles of rows x (vectors of lanes), blocks of k, blocks of row tiles.

    Vectors run along the columns of C, or with `dot` along k: then each element of the tile is a dot product. With
    `slide`, neighbouring rows share most of what they read of A. With `stream`, the sums of all rows lie in memory
    while several whole rows of B are read at a time, each from one end to the other.
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
    slide: Slide | None = None
    stream: bool = False

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
    pack_a, slide = _pack_a(product, target), None
    stream = _streams(product, target)
    if stream:
        rows, dot, pack_a = m or 1, False, False
        widest = min(n or STREAM_SUMS, STREAM_SUMS // rows)
        line = LINE_BYTES // itemsize(product.dtype)
        vectors = -(-widest // line) * line // lanes
    elif (m == 1 or n == 1) and runs_of(product.a.cols, None) and runs_of(product.b.rows, None):
        rows, vectors, lanes, dot = (8, 1, 1, True) if n == 1 else (1, 1, min(lanes, 8), True)
    elif found := _sliding(product, target):
        (rows, slide), vectors, dot, pack_a = found, 1, False, False
    else:
        free = pack_a or (reads_of(product) == "side" and (k is None or k >= TALL))
        shapes = _tile_shapes(target, free, -(-n // lanes) if n else 8, product.group)
        (rows, vectors), dot = (
            min(
                [s for s in shapes if _in_panels(product.b, s[1] * lanes)]
                or [s for s in shapes if _in_runs(product.b, s[1] * lanes)]
                or shapes,
                key=lambda tile: _cost(
                    tile[0], tile[1], lanes, m, n, is_number(product.batch, 1), target.load_cost
                ),
            ),
            False,
        )
    if m:
        groups = m // product.group
        rows = -(-groups // -(-m // rows)) * product.group
    cols, size = vectors * lanes, itemsize(product.dtype)
    in_panels = _in_panels(product.b, cols)
    in_place = dot or stream or in_panels or (_few(m, rows) and runs_of(product.b.cols, cols))
    in_place = in_place and slide is None
    limit = (8 if in_place else 1) * K_BLOCK_BYTES // size
    if k is not None:
        limit = max(1, k if single_block or stream else -(-k // -(-k // limit)) if k else 1)
    if slide is not None:
        limit = -(-limit // slide.length) * slide.length
    row_tiles, panels = -(-m // rows) if m else 1 << 20, -(-n // cols) if n else 1 << 20
    again = m is None or k is None or m * k * size > A_BYTES  # A for each group of panels
    group_bytes = (B_BYTES // 2 if target.load_cost else B_BYTES) if again else B_GROUP_BYTES
    group_panels = max(1, min(panels, panels if again else 16, group_bytes // (size * cols * limit)))
    pack_a = pack_a and not dot
    lines = (cols * size + LINE_BYTES) * max(1, product.arrays)  # of a row
    block_rows = min(A_BLOCK_BYTES // (limit * size), C_BLOCK_BYTES // lines)
    return Tiling(
        rows,
        vectors,
        lanes,
        limit,
        block_tiles=max(1, min(row_tiles, block_rows // rows)),
        group_panels=group_panels,
        pack_a=pack_a,
        pack_b=not in_place,
        split_rows=row_tiles >= LEAST_ROW_TILES
        if in_panels
        else row_tiles > panels and not (m and n and m < n and panels >= LEAST_PANELS),
        rows_outer=pack_a and panels > group_panels,
        dot=dot,
        slide=slide,
        stream=stream,
    )


def _streams(product: Product, target: Target) -> bool:
    """Whether few rows times a matrix are summed in memory, so that the matrix is read in the order in which it lies.
    With vectors of 64 bytes panels of it are long enough to be read as fast as memory goes.
    """
    m, n, a, b = product.m, product.n, product.a, product.b
    if not (isinstance(m, int) and 1 <= m <= STREAM_ROWS and target.vector_bytes < LINE_BYTES):
        return False
    wide = not isinstance(n, int) or n > LEAST_STREAMED * target.lanes(product.dtype)
    even = len(a.rows) == len(a.cols) == len(b.rows) == 1
    return wide and even and is_run(b.cols, 1) and product.group == 1


def _sliding(product: Product, target: Target) -> tuple[int, Slide] | None:
    """For one vector of columns, whose multiply-adds would each have to load an element of A: how many rows of
    overlapping windows lie side by side in the registers, and how they overlap. No tile may reach past the windows
    of a row of places.
    """
    rows, cols = product.a.rows, product.a.cols
    sizes = (product.m, product.n, product.k, rows[-1][0], rows[-1][1], cols[-1][0])
    if not all(isinstance(s, int) for s in (*sizes[:3], sizes[4])) or not is_number(cols[-1][1], 1):
        return None
    m, n, k, width, step, run = (s if isinstance(s, int) else 0 for s in sizes)
    width, run = (width if len(rows) > 1 else m), (run if len(cols) > 1 else k)
    if n > target.lanes(product.dtype) or step < 1 or run < 1:
        return None
    taps: Size
    if len(cols) > 1 and cols[-2][1] == step and run <= step:
        taps = cols[-2][0] if len(cols) > 2 else k // run
    else:
        taps, run = (run // step, step) if run % step == 0 else (1, run)
    if not isinstance(taps, int) or taps < 2:
        return None
    most = target.num_registers - taps - 1
    tall = max((d for d in range(1, most + 1) if width % d == 0), default=0)
    return (tall, Slide(taps, run, step)) if tall >= SLIDING_ROWS else None


def _pack_a(product: Product, target: Target) -> bool:
    """Whether to pack A: not where its rows run along k, which the micro-kernel reads at full speed as they
    lie, nor for few columns, nor with vectors of 64 bytes, whose tall and wide tiles use most of each line
    of A that they fetch.
    """
    few = isinstance(product.n, int) and product.n <= 6 * target.lanes(product.dtype)
    return target.vector_bytes < 64 and not is_number(product.a.cols[-1][1], 1) and not few


def reads_of(product: Product) -> str:
    """How the micro-kernel finds the elements of an A that is not packed: its rows "side" by side, each row with its
    steps of k evenly apart ("stride"), or steps of k by a "table".
    """
    if len(product.a.cols) > 1:
        return "table"
    whole_tiles = isinstance(product.m, int)  # else the last tile may have rows that are not there
    return "side" if whole_tiles and is_run(product.a.rows, 1) else "stride"


def distance_of_rows(product: Product) -> int | None:
    """How far A's rows are from each other, where that is known and their steps of k lie side by side; the last tile
    must have no rows that are not there.
    """
    rows, whole_tiles = product.a.rows, isinstance(product.m, int)
    if not (whole_tiles and len(rows) == 1 and is_run(product.a.cols, 1)):
        return None
    return rows[0][1] if isinstance(rows[0][1], int) else None


def _tile_shapes(target: Target, free: bool, widest: int, group: int) -> list[tuple[int, int]]:
    """(rows, vectors), rows in whole groups, whose accumulators, one row of B and one broadcast of A fit in the
    registers.

    Rows of A that are packed or lie side by side are `free`; else each row's address takes a register too, and with
    more rows than that LLVM loads all of A's elements of a step at once and spills accumulators, at a third of the
    speed.
    """
    most = 14 if free else min(14, target.num_addresses)
    return [
        (rows, vectors)
        for vectors in range(1, min(widest, 14) + 1)
        for rows in range(group, most + 1, group)
        if rows * vectors + vectors + 1 <= target.num_registers
    ]


def _cost(
    rows: int, vectors: int, lanes: int, m: int | None, n: int | None, alone: bool, load_cost: float
) -> tuple[float, int]:
    """Cycles for one step of k over all of C, with two multiply-adds and two loads a cycle and latency four; of a
    matrix `alone`, those of the slower of two threads.
    """

    def tile(rows: int, vectors: int) -> float:
        loads = rows + vectors
        sums = max(rows * vectors / 2, 4, loads / 2 + 0.5)
        return sums + vectors / 8 + loads * load_cost  # B may come from afar

    m, n = m or MANY, n or MANY * lanes
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


@dataclass(frozen=True)
class Pieces:
    """A product in pieces of k, matrices of a batch to be added up; ``turned``: those of the transposed product."""

    product: Product
    turned: bool


def split_along_k(product: Product, target: Target) -> Pieces | None:
    """The product in pieces of k, where C is too small to be shared out, or k so long that each thread had rather
    read its own part of A and B, or B one that streams past, which is read fastest in one run. A C with but one
    vector of columns is turned round, if A's rows have more.

    The number of pieces does not depend on the threads: C has the same bits for any number of them.
    """
    p, m, n, k = product, product.m, product.n, product.k
    if not (isinstance(m, int) and isinstance(n, int) and isinstance(k, int)) or not is_number(p.batch, 1):
        return None
    if p.group > 1:
        return None
    lanes, size = target.lanes(p.dtype), itemsize(p.dtype)
    turned = n <= lanes < m and runs_of(p.a.rows, lanes)
    p = p.transposed if turned else p
    t = choose_tiling(replace(p, batch=MOST_PIECES), target)
    streams = t.stream and m == 1 and n * k * size >= STREAM_BYTES
    most, least = (STREAM_PIECES, 1) if streams else (MOST_PIECES, LEAST_PIECE)
    shared = math.gcd(_outermost(p.a.cols, k), _outermost(p.b.rows, k))
    counts = [c for c in range(2, most + 1) if k // c >= least and shared % c == 0]
    fitting = [c for c in counts if c * m * n * size <= PIECES_BYTES]
    small = turned or (m <= t.rows and n <= t.cols and not t.stream)
    if t.dot or not (counts if small else fitting and (streams or k >= LONG * max(m, n))):
        return None
    count = fitting[-1] if fitting else counts[0]

    def cut(axes: tuple[Axis, ...], length: int) -> tuple[tuple[Axis, ...], tuple[Axis, ...]]:
        stride = axes[0][1]
        return ((length // count, stride), *axes[1:]), ((count, length // count * stride),)

    a_cols, a_batch = cut(p.a.cols, _outermost(p.a.cols, k))
    b_rows, b_batch = cut(p.b.rows, _outermost(p.b.rows, k))
    a, b = Operand(p.a.rows, a_cols, a_batch), Operand(b_rows, p.b.cols, b_batch)
    c = row_major(p.m, p.n, count)
    return Pieces(Product(p.m, p.n, k // count, a, b, c, p.dtype, batch=count), turned)


def _outermost(axes: tuple[Axis, ...], length: int) -> int:
    """The extent of the first axis of `length` indices."""
    for extent, _ in axes[1:]:
        assert isinstance(extent, int)
        length //= extent
    return length


def workspace_bytes(product: Product, target: Target, num_threads: int, single_block: bool = False) -> int:
    """Bytes of scratch memory, 64-byte aligned, that `emit_product` needs for all threads together."""
    return num_threads * Workspace.of(choose_tiling(product, target, single_block), product.dtype).total


@dataclass(frozen=True)
class Workspace:
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
    def of(cls, t: Tiling, dtype: str) -> Workspace:
        size, rows, slack = itemsize(dtype), t.block_tiles * t.rows, 2 * t.lanes
        a = rows * t.k_block + slack if t.pack_a else 0
        b = 0 if t.dot else t.group_panels * t.cols * t.k_block + slack
        tables = [rows + t.rows, rows + t.rows, 0 if t.dot else t.k_block, 0 if t.dot else t.k_block, t.cols]
        parts = [size * part for part in (a, b, t.rows * t.cols)] + [8 * entries for entries in tables]
        offsets = [0]
        for part in parts:
            offsets.append(offsets[-1] + -(-part // 64) * 64)
        return cls(*offsets)


def is_run(axes: tuple[Axis, ...], stride: Size) -> bool:
    """Whether the indices are all `stride` apart, which is known."""
    return len(axes) == 1 and isinstance(stride, int) and is_number(axes[0][1], stride)


def _in_panels(b: Operand, cols: int) -> bool:
    """Whether panels of so many columns lie row after row, so that packing them would change nothing."""
    (extent, stride), (_, step) = b.cols[-1], b.rows[-1]
    if not isinstance(extent, int) or len(b.cols) != 2 or len(b.rows) != 1:
        return False
    return is_number(stride, 1) and extent % cols == 0 and is_number(step, extent)


def _few(m: int | None, rows: int) -> bool:
    """Whether there are so few tiles of rows that B is not worth packing."""
    return m is not None and m <= IN_PLACE_TILES * rows


def _in_runs(b: Operand, cols: int) -> bool:
    """Whether the columns lie in several runs, of which each panel takes whole vectors of one."""
    return len(b.cols) > 1 and runs_of(b.cols, cols)


def runs_of(axes: tuple[Axis, ...], count: int | None) -> bool:
    """Whether each aligned run of `count` indices (None: of any number) has unit stride."""
    extent, stride = axes[-1]
    if not is_number(stride, 1):
        return False
    return len(axes) == 1 or (count is not None and isinstance(extent, int) and extent % count == 0)
