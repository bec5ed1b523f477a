"""The loop over steps: rows gathered and keys renewed before each, copies made after it, many in one native call.

One native function serves every step; what is particular to one is data for it, which `Turns` holds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from thalweg.compile.barrier import ALONE_UNTIL, LATE, emit_barrier, emit_ticks
from thalweg.compile.loops import Emitter, function
from thalweg.compile.target import LINE_BYTES, host_target
from thalweg.compile.values import POINTER, Value

_I64 = ir.IntType(64)

# What a loop over steps reads, in 8-byte words: the step's function (0 for none), the pointer table, how many
# turns, how many are done, the numbers of the rows and how many for each turn; lists by address and length;
# the address of the seed and the counter of the random numbers; at which turn it begins and, while it runs, stops.
_STEP, TABLE, _TURNS, _DONE, _NUMBERS, _ROWS = range(6)
_COPIES, _MOVING, _GATHERED, _KEYS = range(6, 14, 2)
_RANDOM, _BEGIN, _STOP = 14, 15, 16

_ROWS_AHEAD = 8  # fetched while a row is copied: each begins at another place of memory
_BLOCK = 64  # bytes copied at a time


class Turns:
    """A loop over steps: before each, rows are gathered and random keys renewed; after each, copies are made.

    ``copies``: (place of the source, place of the target, bytes), places in the pointer table at ``table``;
    ``keys``: addresses of four 32-bit words each; ``random``: that of the seed and the counter.
    """

    def __init__(
        self, step: int, table: int, copies: Sequence[Sequence[int]], keys: Sequence[int], random: int
    ) -> None:
        self._words = (ctypes.c_int64 * (_STOP + 1))()
        self._words[_STEP], self._words[TABLE], self._words[_RANDOM] = step, table, random
        self._lists: dict[
            int, tuple[list[int], Any]
        ] = {}  # by word, in numbers and as native code reads them
        self._list(_COPIES, copies)
        self._list(_KEYS, [[key] for key in keys])
        self.address = ctypes.addressof(self._words)
        self.set(1)

    def set(
        self,
        turns: int,
        moving: Sequence[Sequence[int]] = (),
        gathered: Sequence[Sequence[int]] = (),
        numbers: int = 0,
        rows: int = 0,
    ) -> None:
        """Take so many turns. ``moving``: (place, bytes) of pointers that move on between turns.

        ``gathered``: (address of all rows, bytes of one, address to gather at), for which ``numbers`` is the
        address of 64-bit row numbers, ``rows`` of them for each turn.
        """
        words = self._words
        words[_TURNS], words[_NUMBERS], words[_ROWS] = turns, numbers, rows
        words[_BEGIN] = words[_DONE] = 0
        self._list(_MOVING, moving)
        self._list(_GATHERED, gathered)

    @property
    def done(self) -> bool:
        """Whether the turns have all been taken: threads that get in each other's way stop early."""
        return self._words[_DONE] == self._words[_TURNS]

    def go_on(self) -> None:
        """Begin at the turn before which the loop stopped."""
        self._words[_BEGIN] = self._words[_DONE]

    def _list(self, word: int, rows: Sequence[Sequence[int]]) -> None:
        numbers = [n for row in rows for n in row]
        if word in self._lists and self._lists[word][0] == numbers:
            return
        self._lists[word] = numbers, as_words(numbers)
        self._words[word], self._words[word + 1] = ctypes.addressof(self._lists[word][1]), len(rows)


def as_words(numbers: Sequence[int]) -> Any:
    """Numbers as native code reads them: 8 bytes each."""
    return (ctypes.c_int64 * len(numbers))(*numbers)


# --- the native side ----------------------------------------------------------------------------------------


def define_turns(module: ir.Module) -> ir.Function:
    """``turns(words, dims, thread, num_threads, barrier)``: of the form of a step, so the pool can run it."""
    names = ["words", "dims", "thread", "num_threads", "barrier"]
    e = function(module, "thalweg_turns", ["ptr", "ptr", "int64", "int64", "ptr"], host_target(), names)
    words, dims, thread, num_threads, barrier = e.args
    step, begin, turns, rows = (e.load(words, k, "int64") for k in (_STEP, _BEGIN, _TURNS, _ROWS))
    table, numbers = pointer(e, words, TABLE), pointer(e, words, _NUMBERS)
    prepares = e.load(words, _GATHERED + 1, "int64") + e.load(words, _KEYS + 1, "int64")
    finishes = e.load(words, _COPIES + 1, "int64")
    share = [e.trunc_divide(k * rows, num_threads) for k in (thread, thread + 1)]
    first = thread.eq(0)
    stop = e.var(turns, "stop")
    with e.when(first, "begin"):
        e.store(words, _STOP, turns)
    with e.loop(begin, turns, name="turn") as turn, e.when(turn < stop.get(), "go"):
        _gather(e, words, e.at(numbers, turn * rows, "int64"), *share)
        with e.when(first, "prepare"):
            with e.when(turn > begin, "look"), e.when(_should_stop(e, barrier, num_threads)):
                e.store(words, _STOP, turn)
            stop.set(e.load(words, _STOP, "int64"))
            with e.when(turn < stop.get(), "renew"):
                _renew_keys(e, words)
                with e.when(turn.ne(0), "move"), _each(e, words, _MOVING, 2) as (place, by):
                    e.store(table, place, e.load(table, place, "int64") + by)
        with e.when((turn + prepares).ne(0), "ready"):
            emit_barrier(e, barrier, thread.ir, num_threads.ir)
        with e.when(turn > begin, "told"):
            stop.set(e.load(words, _STOP, "int64"))
        with e.when(turn < stop.get(), "turn"):
            with e.when(step.ne(0), "step"):
                kind = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, _I64, _I64, POINTER])
                to_call = e.builder.inttoptr(step.ir, kind.as_pointer())
                e.builder.call(to_call, [table, dims, thread.ir, num_threads.ir, barrier])
            with e.when((turns - turn - 1 + finishes).ne(0), "finish"):
                emit_barrier(e, barrier, thread.ir, num_threads.ir)
                with e.when(first, "copy"), _each(e, words, _COPIES, 3) as (source, target, num_bytes):
                    _copy(e, pointer(e, table, target), pointer(e, table, source), num_bytes)
    with e.when(first, "done"):
        e.store(words, _DONE, stop.get())
    e.ret()
    return module.get_global("thalweg_turns")


def _should_stop(e: Emitter, barrier: Any, num_threads: Value) -> Value:
    """Whether threads were late at the barrier; or the time of one that works alone because they were is over."""
    if_any = e.builder.ptrtoint(barrier, _I64)
    found = e.var(e.const(False, "bool"), "stops")
    with e.when(Value(e, if_any, "int64", 1).ne(0), "barrier"):
        until = e.load(barrier, ALONE_UNTIL, "int64")
        over = until.ne(0) & (Value(e, emit_ticks(e.builder), "int64", 1) > until)
        late = Value(
            e, e.builder.load_atomic(e.at(barrier, LATE, "int64"), "monotonic", 8, typ=_I64), "int64", 1
        )
        found.set(e.select(num_threads.eq(1), over, late.ne(0)))
    return found.get()


def _gather(e: Emitter, words: Any, numbers: Any, start: Value, stop: Value) -> None:
    """A thread's share of the rows of a turn, from number to number."""
    with _each(e, words, _GATHERED, 3) as (source, num_bytes, target), e.loop(start, stop, name="row") as row:
        number = e.load(numbers, row, "int64")
        coming = e.load(numbers, e.minimum(row + _ROWS_AHEAD, stop - 1), "int64")
        with e.loop(0, num_bytes, LINE_BYTES, name="ahead") as k:
            e.prefetch(address(e, source + coming * num_bytes), k, "uint8")
        _copy(e, address(e, target + row * num_bytes), address(e, source + number * num_bytes), num_bytes)


def _renew_keys(e: Emitter, words: Any) -> None:
    """Into each key the seed, and the counter's next number modulo 2**32; as `philox.make_key`, but that the last word
    stays.
    """
    random = pointer(e, words, _RANDOM)
    with _each(e, words, _KEYS, 1) as (key,):
        count = e.builder.atomic_rmw("add", e.at(random, 1, "int64"), _I64(1), "monotonic")
        e.store(address(e, key), 0, e.load(random, 0, "int64"))
        e.store(address(e, key), 2, Value(e, count, "int64", 1).astype("uint32"))


def _copy(e: Emitter, target: Any, source: Any, num_bytes: Value) -> None:
    """Copy bytes that do not overlap: in blocks, then by ever smaller powers of two."""

    def move(k: Value, dtype: str, width: int) -> None:
        moved = e.load(e.at(source, k, "uint8"), 0, dtype, width, align=1)
        e.store(e.at(target, k, "uint8"), 0, moved, align=1)

    whole = num_bytes & -_BLOCK
    with e.loop(0, whole, _BLOCK, name="block") as k:
        move(k, "uint8", _BLOCK)
    done = e.var(whole, "copied")
    for size in (32, 16, 8, 4, 2, 1):
        with e.when((num_bytes & size).ne(0), "rest"):
            move(done.get(), "uint8" if size > 8 else f"uint{8 * size}", size if size > 8 else 1)
            done.set(done.get() + size)


@contextmanager
def numbered(e: Emitter, words: Any, word: int, width: int) -> Iterator[tuple[Value, list[Value]]]:
    """A loop over a list: the number of each row, and its entries."""
    listed = pointer(e, words, word)
    with e.loop(0, e.load(words, word + 1, "int64"), name="entry") as k:
        yield k, [e.load(listed, k * width + j, "int64") for j in range(width)]


@contextmanager
def _each(e: Emitter, words: Any, word: int, width: int) -> Iterator[list[Value]]:
    """A loop over a list: the entries of each row."""
    with numbered(e, words, word, width) as (_, row):
        yield row


def pointer(e: Emitter, words: Any, word: int | Value) -> Any:
    """The pointer in a word."""
    return e.builder.load(e.at(words, word, "int64"), typ=POINTER, align=8)


def address(e: Emitter, number: Value) -> Any:
    """A number as the pointer it is."""
    return e.builder.inttoptr(number.ir, POINTER)
