"""The inner functions of matrix products: micro-kernels for register tiles, and the packing of panels.

Each is a function of its own, specialised to its tile and written once for a program.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from llvmlite import ir

from thalweg.compile.inner import AHEAD, FARTHEST, Columns, Rows, Tile, emit_tile, knows
from thalweg.compile.loops import Emitter, begin_shared, shared
from thalweg.compile.sizes import SizeMath
from thalweg.compile.target import itemsize
from thalweg.compile.tiling import Slide
from thalweg.compile.values import Value


def scratch_rows(e: Emitter, rows: int, width: int) -> Any:
    """A constant table of the row offsets of the scratch tile."""
    name = f"tile.rows.{rows}x{width}"
    if name not in e.module.globals:
        kind = ir.ArrayType(ir.IntType(64), rows)
        table = ir.GlobalVariable(e.module, kind, name)
        table.initializer = ir.Constant(kind, [r * width for r in range(rows)])
        table.global_constant, table.linkage = True, "internal"
    return e.module.globals[name]


def _step_type(kind: str) -> str:
    return "ptr" if kind == "table" else "int64"


def _k_offset(e: Emitter, kind: str, step: Any, k: Value) -> Value:
    """Where step `k` of an operand is: counted by a stride, or looked up."""
    return e.load(step, k, "int64") if kind == "table" else k * step


def kernel_function(
    e: Emitter,
    dtype: str,
    rows: int,
    vectors: int,
    a_kind: str,
    b_kind: str,
    keeps: bool = False,
    cols: int | None = None,
    ahead: bool = False,
    apart: int | None = None,
) -> ir.Function:
    """The micro-kernel for one register tile.

    It sums A[i, k] B[k, j] over k in registers and stores the tile, or adds it to C. Row i of A and of C is
    where a table says; a packed panel of A ("packed6": six elements for each k) or of B needs no table, and rows of A
    that lie side by side ("side") only the first entry.
    Where B is read as it lies ("stride", "table"), it has `cols` columns (whole vectors unless given), and `keeps`
    makes the kernel that packs it to the panel `kept` on its way, in the shadow of the multiply-adds. Where B is
    packed, `ahead` makes the kernel that fetches a line of other memory for each k, from `kept`, `b_step` apart.
    `apart`: how far A's rows are from each other, where that is to be known and steps of k lie side by side.
    """
    lanes = e.target.lanes(dtype)
    cols = vectors * lanes if cols is None or b_kind == "packed" else cols
    ways = 4 if rows * vectors <= 2 else 2 if rows * vectors <= 4 else 1
    written = knows(e.target, dtype) and ways == 1 and b_kind != "table" and not a_kind.startswith("packed")
    apart = {"side": 1, "stride": apart}.get(a_kind) if written else None
    if apart is not None and abs(apart) > FARTHEST:
        apart = None
    shape = f"{rows}x{vectors * lanes}{f'.{cols}' if cols % lanes else ''}"
    reads = f"{a_kind}{apart if a_kind == 'stride' and apart is not None else ''}.{b_kind}"
    name = f"tile.kernel.{dtype}.{shape}.{reads}{'.keeps' if keeps else ''}{'.ahead' if ahead else ''}"
    known = shared(e, name)
    if known is not None:
        return known
    steps = _step_type(a_kind), _step_type(b_kind)
    e = begin_shared(e, name, ["int64", "ptr", "ptr", steps[0], "ptr", steps[1], "ptr", "ptr", "bool", "ptr"])
    count, a, a_rows, a_step, b, b_step, c, c_rows, adds, kept = e.args
    packed, side = a_kind.startswith("packed"), a_kind == "side"
    if written:
        table = a_step if a_kind == "table" else None
        even = 0 if table is not None else 1 if apart is not None and not side else a_step
        lying = Rows(a, a_rows, apart, even, table)
        left = (cols - 1) % lanes + 1
        columns = Columns(b, b_step if b_kind == "stride" else None, kept if keeps else None, left)
        tile = Tile(rows, vectors, c, c_rows, adds.astype("int64").ir)
        fetched = (kept, b_step * itemsize(dtype)) if ahead else None
        if emit_tile(e, dtype, count, lying, columns, tile, fetched):
            e.ret()
            return e.builder.function
    stride: Any = int(a_kind[len("packed") :]) if packed else a_step
    if packed or side:
        first = e.at(a, e.load(a_rows, 0, "int64"), dtype) if side else a
        starts = [e.at(first, i, dtype) for i in range(rows)]
    else:
        starts = [e.at(a, e.load(a_rows, i, "int64"), dtype) for i in range(rows)]
    ahead_step = b_step
    if b_kind == "packed":
        b_step = vectors * lanes
    mask = e.tail_mask((vectors - 1) * lanes, cols, lanes) if cols % lanes else None
    sums = [
        [[e.var(e.const(0, dtype, lanes)) for _ in range(vectors)] for _ in range(rows)] for _ in range(ways)
    ]
    places = [e.at(c, e.load(c_rows, i, "int64"), dtype) for i in range(rows)]
    for place in places:
        e.prefetch(place, 0, dtype, write=True)

    def step(k: Value, totals: list[list[Any]]) -> None:
        at = _k_offset(e, b_kind, b_step, k)
        columns = [e.load(b, at + v * lanes, dtype, lanes) for v in range(vectors - (mask is not None))]
        if mask is not None:
            columns.append(e.load_masked(b, at + (vectors - 1) * lanes, dtype, mask))
        if b_kind == "stride" and ways == 1:
            for v in range(vectors):
                e.prefetch(b, at + b_step * AHEAD + v * lanes, dtype)
        if keeps:
            for v, column in enumerate(columns):
                e.store(kept, k * (vectors * lanes) + v * lanes, column)
        if ahead:
            e.prefetch(kept, k * ahead_step, dtype, locality=2)
        at = _k_offset(e, a_kind, stride, k)
        for start, row in zip(starts, totals):
            factor = e.splat(e.load(start, at, dtype), lanes)
            for column, total in zip(columns, row):
                total.set(e.muladd(factor, column, total.get()))

    whole = count if ways == 1 else count & -ways
    with e.loop(0, whole, ways, name="k") as k:
        for way, totals in enumerate(sums):  # several sums of few: each waits for itself alone
            step(k + way if way else k, totals)
    if ways > 1:
        with e.loop(whole, count, name="k") as k:
            step(k, sums[0])
        for i in range(rows):
            for v in range(vectors):
                parts = [totals[i][v].get() for totals in sums]
                sums[0][i][v].set(functools.reduce(lambda p, q: p + q, parts))
    _finish(e, dtype, places, sums[0], adds)
    return e.builder.function


def slide_function(e: Emitter, dtype: str, rows: int, slide: Slide, a_kind: str) -> ir.Function:
    """The micro-kernel for one vector of columns and rows that are windows side by side: each element of A is loaded
    once for all the rows that it is in. B is packed; `count` is whole lengths of the slide.
    """
    lanes = e.target.lanes(dtype)
    name = f"tile.slide.{dtype}.{rows}x{lanes}.{slide.taps}x{slide.channels}x{slide.step}.{a_kind}"
    known = shared(e, name)
    if known is not None:
        return known
    kinds = ["int64", "ptr", "ptr", _step_type(a_kind), "ptr", "int64", "ptr", "ptr", "bool", "ptr"]
    e = begin_shared(e, name, kinds)
    count, a, a_rows, a_step, b, _, c, c_rows, adds, _ = e.args
    start = e.at(a, e.load(a_rows, 0, "int64"), dtype)
    sums = [e.var(e.const(0, dtype, lanes)) for _ in range(rows)]
    places = [e.at(c, e.load(c_rows, i, "int64"), dtype) for i in range(rows)]
    with e.loop(0, count, slide.length, name="window") as k:
        begin = e.at(start, _k_offset(e, a_kind, a_step, k), dtype)
        with e.loop(0, slide.channels, name="channel") as channel:
            here, first = e.at(begin, channel, dtype), k + channel
            taps = [e.load(b, (first + t * slide.channels) * lanes, dtype, lanes) for t in range(slide.taps)]
            for place in range(rows + slide.taps - 1):
                element = e.splat(e.load(here, place * slide.step, dtype), lanes)
                for t, tap in enumerate(taps):
                    if 0 <= place - t < rows:
                        total = sums[place - t]
                        total.set(e.muladd(element, tap, total.get()))
    _finish(e, dtype, places, [[total] for total in sums], adds)
    return e.builder.function


def stream_function(e: Emitter, dtype: str, alone: bool) -> ir.Function:
    """The kernel for few rows, or for one `alone`: C[i, j] = the sum of A[i, k] B[k, j] over k < count, for columns
    side by side.

    Some rows of B pass together, from one end to the other: each is read in the order in which it lies, which the
    processor sees ahead. The sums lie in C, in rows of whole lines, which the first-level cache holds. Registers keep
    what several columns meet, the elements of the only row of A, or what several rows meet, two vectors of each of B.
    """
    lanes = e.target.lanes(dtype)
    name = f"tile.stream.{dtype}{'.alone' if alone else ''}"
    known = shared(e, name)
    if known is not None:
        return known
    kinds = ["int64", "int64", "ptr", "int64", "int64", "ptr", "int64", "ptr", "int64", "int64"]
    e = begin_shared(e, name, kinds)
    count, rows, a, a_down, a_step, b, b_down, c, c_down, cols = e.args
    together, whole = (8 if alone else 6), cols & (-2 * lanes)
    with e.loop(0, rows, name="row") as i, e.loop(0, cols, lanes, name="zero") as j:
        e.store(c, i * c_down + j, e.const(0, dtype, lanes))

    def add(k: Value, number: int) -> None:
        """So many rows of B to the sums of all rows."""
        first, lines = e.at(a, k * a_step, dtype), [e.at(b, (k + r) * b_down, dtype) for r in range(number)]
        element = lambda row, r: e.splat(e.load(row, r * a_step, dtype), lanes)
        kept = [element(first, r) for r in range(number)] if alone else []

        def columns(at: Value, vectors: int, load: Callable[[Any, Value], Value]) -> None:
            places = [at + v * lanes for v in range(vectors)]
            if alone:
                for place in places:
                    summed(e.at(c, place, dtype), kept, [[load(line, place)] for line in lines])
                return
            held = [[load(line, place) for place in places] for line in lines]
            with e.loop(0, rows, name="row") as i:
                row = e.at(first, i * a_down, dtype)
                summed(e.at(c, i * c_down + at, dtype), (element(row, r) for r in range(number)), held)

        def summed(place: Any, factors: Iterable[Value], held: list[list[Value]]) -> None:
            totals = [e.load(place, v * lanes, dtype, lanes) for v in range(len(held[0]))]
            for factor, line in zip(factors, held):
                totals = [e.muladd(factor, x, total) for x, total in zip(line, totals)]
            for v, total in enumerate(totals):
                e.store(place, v * lanes, total)

        with e.loop(0, whole, 2 * lanes, name="pair") as j:
            columns(j, 2, lambda line, at: e.load(line, at, dtype, lanes))
        with e.loop(whole, cols, lanes, name="rest") as j:
            mask = e.tail_mask(j, cols, lanes)
            columns(j, 1, lambda line, at: e.load_masked(line, at, dtype, mask))

    x = SizeMath(e)
    most = e.index(x.mul(x.div(count, together), together))
    with e.loop(0, most, together, name="k") as k:
        add(k, together)
    with e.loop(most, count, name="k") as k:
        add(k, 1)
    e.ret()
    return e.builder.function


def _finish(e: Emitter, dtype: str, places: list[Any], sums: list[list[Any]], adds: Value) -> None:
    """Add what C holds, if asked for, and store the tile."""
    lanes = e.target.lanes(dtype)
    with e.when(adds):
        for place, row in zip(places, sums):
            for v, total in enumerate(row):
                total.set(e.load(place, v * lanes, dtype, lanes) + total.get())
    for place, row in zip(places, sums):
        for v, total in enumerate(row):
            e.store(place, v * lanes, total.get())
    e.ret()


def dot_function(e: Emitter, dtype: str, rows: int, cols: int) -> ir.Function:
    """The micro-kernel for rows x cols dot products of operands that both run along k."""
    lanes = e.target.lanes(dtype)
    name = f"tile.dot.{dtype}.{rows}x{cols}"
    known = shared(e, name)
    if known is not None:
        return known
    e = begin_shared(e, name, ["int64", "ptr", "ptr", "int64", "ptr", "ptr", "ptr", "ptr", "bool", "ptr"])
    count, a, a_rows, _, b, b_cols, c, c_rows, adds, _ = e.args
    lefts = [e.at(a, e.load(a_rows, i, "int64"), dtype) for i in range(rows)]
    rights = [e.at(b, e.load(b_cols, j, "int64"), dtype) for j in range(cols)]
    sums = [[e.var(e.const(0, dtype, lanes)) for _ in rights] for _ in lefts]

    def step(load: Callable[[Any], Value]) -> None:
        columns = [load(right) for right in rights]
        for left, row in zip(lefts, sums):
            factor = load(left)
            for column, total in zip(columns, row):
                total.set(e.muladd(factor, column, total.get()))

    whole = count - (count & (lanes - 1))
    with e.loop(0, whole, lanes, name="k") as k:
        step(lambda pointer: e.load(pointer, k, dtype, lanes))
    with e.when(whole < count):
        mask = e.tail_mask(whole, count, lanes)
        step(lambda pointer: e.load_masked(pointer, whole, dtype, mask))
    for i, row in enumerate(sums):
        place = e.at(c, e.load(c_rows, i, "int64"), dtype)
        for j, total in enumerate(row):
            result = e.var(e.reduce(total.get(), "add"))
            with e.when(adds):
                result.set(e.load(place, j, dtype) + result.get())
            e.store(place, j, result.get())
    e.ret()
    return e.builder.function


def pack_function(e: Emitter, dtype: str, width: int, way: str, kind: str) -> ir.Function:
    """Copies `count` rows of A (or columns of B) to a panel with `width` places for each k.

    "gather": each from where the table says, zeros past count; "transpose": the same where k has unit stride in
    runs of vectors and count = width; "whole": unit stride, `count` whole panels after each other, written `apart`
    elements from each other.
    """
    name = f"tile.pack.{dtype}.{width}.{way}.{kind}"
    known = shared(e, name)
    if known is not None:
        return known
    e = begin_shared(e, name, ["ptr", "ptr", "ptr", "int64", _step_type(kind), "int64", "int64"])
    emit = {"whole": _emit_whole, "gather": _emit_gather, "transpose": _emit_transpose}[way]
    emit(e, dtype, width, kind)
    e.ret()
    return e.builder.function


def _emit_whole(e: Emitter, dtype: str, width: int, kind: str) -> None:
    into, source, _, count, step, k_count, apart = e.args
    lanes = e.target.lanes(dtype)
    with e.loop(0, k_count, name="k") as k:
        place = e.at(source, _k_offset(e, kind, step, k), dtype)
        with e.loop(0, count, name="panel") as g:
            if (
                kind == "stride"
            ):  # each row is on a page of its own, where the processor does not look ahead by itself
                e.prefetch(place, step * AHEAD + g * width, dtype, locality=1)
            for v in range(0, width, lanes):
                e.store(into, g * apart + k * width + v, e.load(place, g * width + v, dtype, lanes))


def _emit_gather(e: Emitter, dtype: str, width: int, kind: str) -> None:
    _, _, table, count, _, _, _ = e.args
    first = e.load(table, 0, "int64")
    side_by_side = e.var(e.const(True, "bool"))
    with e.loop(0, count, name="i") as i:
        side_by_side.set(side_by_side.get() & e.load(table, i, "int64").eq(first + i))
    with e.either(side_by_side.get()) as (together, apart):
        with together:
            _emit_copy(e, dtype, width, kind, first)
        with apart:
            _emit_elements(e, dtype, width, kind)


def _emit_copy(e: Emitter, dtype: str, width: int, kind: str, first: Value) -> None:
    into, source, _, count, step, k_count, _ = e.args
    lanes = e.target.lanes(dtype)
    starts = range(0, width, lanes)
    masks = [e.tail_mask(v, count, lanes) for v in starts]
    with e.loop(0, k_count, name="k") as k:
        place = e.at(source, first + _k_offset(e, kind, step, k), dtype)
        for v, mask in zip(starts, masks):
            # the last vector may run over into the next k, which is written after it
            e.store(into, k * width + v, e.load_masked(place, v, dtype, mask))


def _emit_elements(e: Emitter, dtype: str, width: int, kind: str) -> None:
    into, source, table, count, step, k_count, _ = e.args
    with e.loop(0, count, name="i") as i:
        place = e.at(source, e.load(table, i, "int64"), dtype)
        with e.loop(0, k_count, name="k") as k:
            e.store(into, k * width + i, e.load(place, _k_offset(e, kind, step, k), dtype))
    with e.loop(count, width, name="i") as i, e.loop(0, k_count, name="k") as k:
        e.store(into, k * width + i, e.const(0, dtype))


def _emit_transpose(e: Emitter, dtype: str, width: int, kind: str) -> None:
    into, source, table, _, step, k_count, _ = e.args
    lanes = e.target.lanes(dtype)
    whole = e.index(k_count) - (k_count & (lanes - 1))
    with e.loop(0, width, lanes, name="i") as i:
        places = [e.at(source, e.load(table, i + r, "int64"), dtype) for r in range(lanes)]
        with e.loop(0, whole, lanes, name="k") as k:
            at = _k_offset(e, kind, step, k)
            for r, row in enumerate(transposed(e, [e.load(place, at, dtype, lanes) for place in places])):
                e.store(into, (k + r) * width + i, row)
        with e.loop(whole, k_count, name="k") as k:
            for r, place in enumerate(places):
                e.store(into, k * width + i + r, e.load(place, _k_offset(e, kind, step, k), dtype))


def transposed(e: Emitter, rows: list[Value]) -> list[Value]:
    """A square of lanes transposed: at each step blocks of twice the size trade their off-diagonal quarters."""
    size, half = len(rows), 1
    while half < size:
        low = [j if j & half == 0 else size + j - half for j in range(size)]
        high = [j + half if j & half == 0 else size + j for j in range(size)]
        rows = [
            e.shuffle(rows[i], low, rows[i + half])
            if i & half == 0
            else e.shuffle(rows[i - half], high, rows[i])
            for i in range(size)
        ]
        half *= 2
    return rows
