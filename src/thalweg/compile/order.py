"""Kernels that put the elements of rows in order, and give the indices of the first of them.

A row's elements become whole numbers that stand in the same order. Few are placed by counting how many go before each,
many byte by byte, from the last byte to the first; both keep equal ones as they stand. Where only the first of a long
row are asked for, the least of each of twice as many groups say which elements can be among them; only these are
placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compile.groups import size
from thalweg.compile.loops import Emitter, begin_shared, shared
from thalweg.compile.nests import merge, outer_loops, step, vector_loop
from thalweg.compile.step import Piece, Step
from thalweg.compile.target import itemsize
from thalweg.compile.values import Value, bits_of, is_float, is_signed
from thalweg.graph.lowering import row_major
from thalweg.graph.tensor import Tensor

_PARALLEL_ELEMENTS = 1 << 12
_FEW = 160  # elements that are placed by counting
_SHORT = 64  # elements of which all are placed, however few are asked for
_SLACK = 64  # elements by which vectors may run past an end
_BYTE = 256  # values of a byte


def plan(stp: Step, y: Tensor) -> Piece:
    """The indices of the first elements of each row, in their order."""
    parallel = size(y.inputs[0].shape) >= _PARALLEL_ELEMENTS
    return (lambda: _Rows(stp, y).emit(parallel)), parallel


class _Rows:
    """Emits the loop over the rows of one tensor."""

    def __init__(self, stp: Step, y: Tensor) -> None:
        (x,) = y.inputs
        self.stp, self.e, self.y, self.dtype = stp, stp.e, y, x.dtype.name
        self.key = "uint64" if x.dtype.itemsize == 8 else "uint32"
        self.lanes = stp.target.lanes(self.key)
        self.where, self.axis = stp.schedule.places.of[x], y.attrs["axis"]
        self.length, self.count = x.shape[self.axis], y.shape[self.axis]
        self.stride = self.where.layout.strides[self.axis]
        long = self.length > max(_SHORT, 8 * self.count)
        self.groups = -(-2 * self.count // self.lanes) * self.lanes if long else 0
        self._workspace()

    def _workspace(self) -> None:
        """Numbers and indices, twice as many as there are elements or groups, and how often each byte occurs."""
        room = self.length + self.groups + _SLACK
        sizes = [2 * room * itemsize(self.key), 2 * room * 4, itemsize(self.key) * _BYTE * 4]
        base = self.stp.scratch(sizes[0] + sizes[1] + sizes[2])
        self.keys, self.spare = base, self.e.index(room)
        self.indices = self.e.at(base, sizes[0], "uint8")
        self.counts = self.e.at(base, sizes[0] + sizes[1], "uint8")

    def emit(self, parallel: bool) -> None:
        """Each row: the numbers of its elements, sorted; the first of their indices."""
        e, own = self.e, row_major(self.y.shape).strides
        keep = [k for k in range(len(own)) if k != self.axis]
        accesses = [tuple(s[k] for k in keep) for s in (self.where.layout.strides, own)]
        axes = merge([self.y.shape[k] for k in keep], accesses)
        with outer_loops(
            e, axes, [self.where.layout.offset, 0], self.stp.threads if parallel else None, each=self.length
        ) as (
            read,
            write,
        ):
            self._sort(self._candidates(read) if self.groups else self._all(read))

            def put(at: Sequence[Value], width: int, mask: Value | None) -> None:
                index = e.load(self.indices, at[0], "uint32", width).astype("int64")
                e.store_strided(self.stp.pointer(self.y), at[1], own[self.axis], index, "int64", mask)

            vector_loop(
                e, 0, self.count, self.count, [e.index(0), write], [1, own[self.axis]], self.lanes, put
            )

    def _sort(self, number: Value) -> None:
        arguments = [self.keys, self.indices, self.counts, self.spare.ir, number.ir]
        self.e.builder.call(_sorting(self.e, self.key), arguments)

    def _number(self, at: Value, width: int, mask: Value | None) -> Value:
        """Elements of the row as unsigned numbers in their order; NaN is the greatest, or the least if descending."""
        e = self.e
        pointer = self.stp.pointer(self.where.source)
        v = e.load_strided(pointer, at, self.stride, self.dtype, width, mask)
        if not is_float(v.dtype):
            key = v.astype(self.key.removeprefix("u") if is_signed(v.dtype) else self.key)
            key = e.bitcast(key, self.key)
            key = key ^ (1 << (bits_of(self.key) - 1)) if is_signed(v.dtype) else key
        else:
            top = bits_of(v.dtype) - 1
            v = e.select(e.isnan(v), float("nan"), v + 0.0)  # one zero, one NaN
            signs = e.shift_right(e.bitcast(v, self.key.removeprefix("u")), top)
            key = e.bitcast(v, self.key) ^ (e.bitcast(signs, self.key) | (1 << top))
        return ~key if self.y.attrs["descending"] else key

    def _all(self, read: Value) -> Value:
        """All elements, numbered."""
        e = self.e

        def body(at: Sequence[Value], width: int, mask: Value | None) -> None:
            e.store(self.keys, at[0], self._number(at[1], width, mask))
            e.store(self.indices, at[0], e.splat(at[0].astype("uint32"), width) + e.iota("uint32", width))

        vector_loop(e, 0, self.length, self.length, [e.index(0), read], [1, self.stride], self.lanes, body)
        return e.index(self.length)

    def _candidates(self, read: Value) -> Value:
        """The elements no greater than the least of as many groups as are asked for; how many they are."""
        e, greatest = self.e, self.e.const(-1, self.key)
        with e.loop(0, self.groups, self.lanes, name="group") as g:
            e.store(self.keys, g, e.splat(greatest, self.lanes))
        with e.loop(0, self.length, self.groups, name="turn") as first:

            def least(at: Sequence[Value], width: int, mask: Value | None) -> None:
                key = self._number(at[1], width, mask)
                key = key if mask is None else e.select(mask, key, greatest)
                e.store(self.keys, at[0], e.minimum(e.load(self.keys, at[0], self.key, width), key))

            stop = e.minimum(first + self.groups, self.length)
            start = step(e, read, first, self.stride)
            vector_loop(e, 0, stop - first, None, [e.index(0), start], [1, self.stride], self.lanes, least)
        self._sort(e.index(self.groups))
        limit = e.load(self.keys, self.count - 1, self.key)
        number = e.var(e.index(0))

        def keep(at: Sequence[Value], width: int, mask: Value | None) -> None:
            key = self._number(at[1], width, mask)
            kept = key <= limit if mask is None else (key <= limit) & mask
            with e.when(e.reduce(kept, "or"), likely=False):
                flags = e.buffer("uint32", width)
                e.store(flags, 0, e.select(kept, e.const(1, "uint32"), 0))
                before = number.get()
                e.store(self.keys, before, key)
                with e.loop(0, width, name="lane") as k:
                    n = number.get()
                    e.store(self.keys, n, e.load(self.keys, before + k, self.key))
                    e.store(self.indices, n, (at[0] + k).astype("uint32"))
                    number.set(n + e.load(flags, k, "uint32").astype("int64"))

        vector_loop(e, 0, self.length, self.length, [e.index(0), read], [1, self.stride], self.lanes, keep)
        return number.get()


def _sorting(e: Emitter, key: str) -> Any:
    """``order.sort(keys, indices, counts, spare, n)``: n numbers put in order, and their indices with them.

    Where both have room for a second half, from ``spare`` on. It is long and the same for all: a module has it once.
    """
    name = f"order.sort.{key}"
    known = shared(e, name)
    if known is not None:
        return known
    e = begin_shared(e, name, ["ptr", "ptr", "ptr", "int64", "int64"])
    keys, indices, counts, spare, n = e.args
    with e.either(n <= _FEW) as (few, many):
        with few:
            _by_counting(e, key, keys, indices, counts, spare, n)
        with many:
            _by_bytes(e, key, keys, indices, counts, spare, n)
    e.ret()
    return e.builder.function


def _by_counting(e: Emitter, key: str, keys: Any, indices: Any, ranks: Any, spare: Value, n: Value) -> None:
    """Each goes behind those that are less, and those that are equal and stand before it."""
    lanes = e.target.lanes(key)
    with e.loop(0, n, lanes, name="block") as block:
        mine = e.load(keys, block, key, lanes)
        rank = e.var(e.const(0, key, lanes))

        def count(start: Any, stop: Any, before: Any) -> None:
            with e.loop(start, stop, name="other") as j:
                other = e.splat(e.load(keys, j, key), lanes)
                rank.set(rank.get() + e.select(before(other, j), e.const(1, key, lanes), 0))

        inside = e.minimum(block + lanes, n)
        count(0, block, lambda other, j: other <= mine)
        lane = e.iota(key, lanes)
        count(
            block,
            inside,
            lambda other, j: (other < mine) | (other.eq(mine) & (lane > (j - block).astype(key))),
        )
        count(inside, n, lambda other, j: other < mine)
        e.store(ranks, block, rank.get())
    with e.loop(0, n, name="element") as i:
        to = e.load(ranks, i, key).astype("int64") + spare
        e.store(keys, to, e.load(keys, i, key))
        e.store(indices, to, e.load(indices, i, "uint32"))
    _move(e, key, keys, indices, spare, n)


def _move(e: Emitter, key: str, keys: Any, indices: Any, start: Value, n: Value) -> None:
    """What stands in the second halves, into the first."""
    lanes = e.target.lanes(key)
    with e.loop(0, n, lanes, name="move") as i:
        e.store(keys, i, e.load(keys, start + i, key, lanes))
        e.store(indices, i, e.load(indices, start + i, "uint32", lanes))


def _by_bytes(e: Emitter, key: str, keys: Any, indices: Any, counts: Any, spare: Value, n: Value) -> None:
    """To and fro between the halves, byte by byte; a byte that all have alike is left out."""
    num, lanes = itemsize(key), e.target.lanes("uint32")

    def place(number: Value, k: int) -> Value:
        return (e.shift_right(number, 8 * k) & (_BYTE - 1)).astype("int64") + k * _BYTE

    with e.loop(0, num * _BYTE, lanes, name="clear") as i:
        e.store(counts, i, e.const(0, "uint32", lanes))
    with e.loop(0, n, name="element") as i:
        number = e.load(keys, i, key)
        for k in range(num):
            e.store(counts, place(number, k), e.load(counts, place(number, k), "uint32") + 1)
    source = e.var(e.index(0))
    first = e.load(keys, 0, key)
    for k in range(num):
        with e.when(e.load(counts, place(first, k), "uint32").astype("int64").ne(n)):
            total = e.var(e.const(0, "uint32"))
            with e.loop(k * _BYTE, (k + 1) * _BYTE, name="byte") as i:
                here = e.load(counts, i, "uint32")
                e.store(counts, i, total.get())
                total.set(total.get() + here)
            read, write = source.get(), spare - source.get()
            with e.loop(0, n, name="element") as i:
                number = e.load(keys, read + i, key)
                to = e.load(counts, place(number, k), "uint32")
                e.store(counts, place(number, k), to + 1)
                e.store(keys, write + to.astype("int64"), number)
                e.store(indices, write + to.astype("int64"), e.load(indices, read + i, "uint32"))
            source.set(write)
    with e.when(source.get().ne(0)):
        _move(e, key, keys, indices, spare, n)
