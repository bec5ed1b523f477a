"""The ways into a compiled step: the arrays of one call from Python, and the rows of data, many steps in a row.

Two native functions serve every step; what is particular to one is data for them: `Turns` says what is done
before and after each turn of a loop over steps, `Call` how the arguments of a call become pointers.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from llvmlite import ir

from thalweg.compile.barrier import ALONE_UNTIL, LATE, emit_barrier, emit_ticks
from thalweg.compile.llvm import NativeCode
from thalweg.compile.loops import Emitter, function
from thalweg.compile.native import module_code
from thalweg.compile.target import LINE_BYTES, host_target
from thalweg.compile.values import POINTER, Value
from thalweg.errors import CompileError

_I64 = ir.IntType(64)

# What a loop over steps reads, in 8-byte words: the step's function (0 for none), the pointer table, how many
# turns, how many are done, the numbers of the rows and how many for each turn; lists by address and length;
# the address of the seed and the counter of the random numbers; at which turn it begins and, while it runs, stops.
_STEP, _TABLE, _TURNS, _DONE, _NUMBERS, _ROWS = range(6)
_COPIES, _MOVING, _GATHERED, _KEYS = range(6, 14, 2)
_RANDOM, _BEGIN, _STOP = 14, 15, 16
# What a call reads: the loop's words, the dims, whether the calling thread does the step alone; lists of
# arguments and of the results' places in the table; the type of an array; what it answers; and Python's functions
# that give the interpreter lock away, take it back, and count a reference.
_LOOP, _DIMS, _ALONE = range(3)
_ARGUMENTS, _RESULTS = 3, 5
_ARRAY_TYPE, _TRUE, _FALSE, _RELEASE, _REACQUIRE, _COUNT_REFERENCE = range(7, 13)

# Where CPython and NumPy keep things, as the macros of their C interfaces read them.
_HEAD = object.__basicsize__
_TYPE, _COUNT, _ITEMS = _HEAD - 8, _HEAD, tuple.__basicsize__
_DATA, _NDIM, _SHAPE, _DTYPE, _FLAGS = _HEAD, _HEAD + 8, _HEAD + 16, _HEAD + 40, _HEAD + 48
_FIT = 0x101  # flags: row-major, aligned

_FAST_CALL = 0x80  # METH_FASTCALL: the function takes itself, its arguments and their number

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
        self._words[_STEP], self._words[_TABLE], self._words[_RANDOM] = step, table, random
        self._lists: dict[int, Any] = {}
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
        self._lists[word] = _words([n for row in rows for n in row])
        self._words[word], self._words[word + 1] = ctypes.addressof(self._lists[word]), len(rows)


class Call:
    """How the arguments of a call become pointers: ``enter(arguments, results)`` does it.

    That takes the tuples of arguments and of result arrays and gives True; or False with nothing done, where the
    arguments are not row-major arrays of these dtypes and shapes. ``arguments``: (place in the pointer table,
    dtype, shape) of each; ``results``: places. With ``alone`` the calling thread does the step; else only the
    pointers are filled in.
    """

    def __init__(
        self,
        turns: Turns,
        dims: int,
        alone: bool,
        arguments: Sequence[tuple[int, np.dtype, tuple[int, ...]]],
        results: Sequence[int],
    ) -> None:
        shapes = [_words(shape) for _, _, shape in arguments]
        listed = _words([
            n
            for (place, dtype, shape), lengths in zip(arguments, shapes, strict=True)
            for n in (place, id(dtype), len(shape), ctypes.addressof(lengths))
        ])  # fmt: skip
        places = _words(results)
        lists = [ctypes.addressof(listed), len(arguments), ctypes.addressof(places), len(results)]
        objects = [id(np.ndarray), id(True), id(False)]
        words = np.array([turns.address, dims, alone, *lists, *objects, *_python_functions()], np.int64)
        self.enter = native().builtin(words)
        self._kept = (turns, arguments, shapes, listed, places)


def _words(numbers: Sequence[int]) -> Any:
    return (ctypes.c_int64 * len(numbers))(*numbers)


class Native:
    """The machine code of this file, compiled once for the process."""

    def __init__(self) -> None:
        _check_layout()
        what = f"entry {_HEAD} {_ITEMS}"
        self.code: NativeCode = module_code(what, ["thalweg_turns", "thalweg_call"], _module)
        self.turns_address = self.code.address("thalweg_turns")
        word, number = ctypes.c_void_p, ctypes.c_int64
        self.turns = ctypes.CFUNCTYPE(None, word, word, number, number, word)(self.turns_address)
        self._definition = _Definition(b"enter", self.code.address("thalweg_call"), _FAST_CALL, None)

    def builtin(self, words: np.ndarray) -> Callable[[tuple[Any, ...], tuple[np.ndarray, ...]], bool]:
        """The native call with these words, as a function of Python, which costs less than one of ctypes."""
        make = ctypes.pythonapi.PyCFunction_NewEx
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
        return make(ctypes.addressof(self._definition), words, None)


class _Definition(ctypes.Structure):
    """A PyMethodDef."""

    _fields_: ClassVar = [
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    ]


def _python_functions() -> list[int | None]:
    api = ctypes.pythonapi
    functions = (api.PyEval_SaveThread, api.PyEval_RestoreThread, api.Py_IncRef)
    return [ctypes.cast(function, ctypes.c_void_p).value for function in functions]


@functools.cache
def native() -> Native:
    """The native functions."""
    return Native()


def _check_layout() -> None:
    """That tuples and arrays lie in memory as the native functions take them to."""
    array = np.empty((2, 3), np.float32)
    holder = (array,)

    def word(of: Any, offset: int) -> int:
        return ctypes.c_int64.from_address(id(of) + offset).value

    found = [word(holder, _COUNT), word(holder, _ITEMS), word(array, _TYPE), word(array, _DTYPE)]
    found += [word(array, _DATA), word(array, _NDIM) % 2**32, word(array, _FLAGS) & _FIT]
    wanted = [1, id(array), id(np.ndarray), id(array.dtype), array.ctypes.data, 2, _FIT]
    if found != wanted or [*(ctypes.c_int64 * 2).from_address(word(array, _SHAPE))] != [2, 3]:
        raise CompileError("this Python or this NumPy keeps its arrays in memory in an unknown form")


# --- the native side ----------------------------------------------------------------------------------------


def _module() -> ir.Module:
    module = ir.Module("thalweg.entry")
    _define_call(module, _define_turns(module))
    return module


def _define_turns(module: ir.Module) -> ir.Function:
    """``turns(words, dims, thread, num_threads, barrier)``: of the form of a step, so the pool can run it."""
    names = ["words", "dims", "thread", "num_threads", "barrier"]
    e = function(module, "thalweg_turns", ["ptr", "ptr", "int64", "int64", "ptr"], host_target(), names)
    words, dims, thread, num_threads, barrier = e.args
    step, begin, turns, rows = (e.load(words, k, "int64") for k in (_STEP, _BEGIN, _TURNS, _ROWS))
    table, numbers = _pointer(e, words, _TABLE), _pointer(e, words, _NUMBERS)
    prepares = e.load(words, _GATHERED + 1, "int64") + e.load(words, _KEYS + 1, "int64")
    finishes = e.load(words, _COPIES + 1, "int64")
    first = thread.eq(0)
    stop = e.var(turns, "stop")
    with e.when(first, "begin"):
        e.store(words, _STOP, turns)
    with e.loop(begin, turns, name="turn") as turn, e.when(turn < stop.get(), "go"):
        _gather(e, words, e.at(numbers, turn * rows, "int64"), rows, thread, num_threads)
        with e.when(first, "prepare"):
            with e.when(turn > begin, "look"), e.when(_should_stop(e, barrier, num_threads)):
                e.store(words, _STOP, turn)
            stop.set(e.load(words, _STOP, "int64"))
            with e.when(turn < stop.get(), "renew"):
                _renew_keys(e, words)
                with e.when(turn.ne(0), "move"), _each(e, words, _MOVING, 2) as (place, by):
                    e.store(table, place, e.load(table, place, "int64") + by)
        with e.when((turn + prepares).ne(0), "ready"):
            emit_barrier(e, barrier, num_threads.ir)
        with e.when(turn > begin, "told"):
            stop.set(e.load(words, _STOP, "int64"))
        with e.when(turn < stop.get(), "turn"):
            with e.when(step.ne(0), "step"):
                kind = ir.FunctionType(ir.VoidType(), [POINTER, POINTER, _I64, _I64, POINTER])
                to_call = e.builder.inttoptr(step.ir, kind.as_pointer())
                e.builder.call(to_call, [table, dims, thread.ir, num_threads.ir, barrier])
            with e.when((turns - turn - 1 + finishes).ne(0), "finish"):
                emit_barrier(e, barrier, num_threads.ir)
                with e.when(first, "copy"), _each(e, words, _COPIES, 3) as (source, target, num_bytes):
                    _copy(e, _pointer(e, table, target), _pointer(e, table, source), num_bytes)
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


def _gather(e: Emitter, words: Any, numbers: Any, rows: Value, thread: Value, num_threads: Value) -> None:
    """This thread's share of the rows of a turn."""
    start, stop = (e.trunc_divide(k * rows, num_threads) for k in (thread, thread + 1))
    with _each(e, words, _GATHERED, 3) as (source, num_bytes, target), e.loop(start, stop, name="row") as row:
        number = e.load(numbers, row, "int64")
        coming = e.load(numbers, e.minimum(row + _ROWS_AHEAD, stop - 1), "int64")
        with e.loop(0, num_bytes, LINE_BYTES, name="ahead") as k:
            e.prefetch(_address(e, source + coming * num_bytes), k, "uint8")
        _copy(e, _address(e, target + row * num_bytes), _address(e, source + number * num_bytes), num_bytes)


def _renew_keys(e: Emitter, words: Any) -> None:
    """Into each key the seed, and the counter's next number modulo 2**32; as `philox.make_key`."""
    random = _pointer(e, words, _RANDOM)
    with _each(e, words, _KEYS, 1) as (key,):
        count = e.builder.atomic_rmw("add", e.at(random, 1, "int64"), _I64(1), "monotonic")
        e.store(_address(e, key), 0, e.load(random, 0, "int64"))
        e.store(_address(e, key), 1, Value(e, count, "int64", 1) & 0xFFFFFFFF)


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


def _define_call(module: ir.Module, turns: ir.Function) -> None:
    """``call(words, [arguments, results], 2)``, of objects of Python: see `Call`."""
    kind = ir.FunctionType(POINTER, [POINTER, POINTER, _I64])
    call = ir.Function(module, kind, "thalweg_call")
    e = Emitter(ir.IRBuilder(call.append_basic_block("entry")), host_target())
    words = _pointer(e, e.at(call.args[0], _DATA, "uint8"), 0)
    arguments, results = (_pointer(e, call.args[1], k) for k in (0, 1))
    loop = _pointer(e, words, _LOOP)
    table = _pointer(e, loop, _TABLE)
    count = e.load(words, _ARGUMENTS + 1, "int64")
    fits = e.var(_field(e, arguments, _COUNT).eq(count), "fits")
    with e.when(fits.get()), _numbered(e, words, _ARGUMENTS, 4) as (k, (place, dtype, ndim, shape)):
        item = _item(e, arguments, k)
        with e.when(fits.get()):
            fits.set(_field(e, item, _TYPE).eq(e.load(words, _ARRAY_TYPE, "int64")))
            with e.when(fits.get(), "array"):
                flags = _field(e, item, _FLAGS, "int32") & _FIT
                found = _field(e, item, _NDIM, "int32").astype("int64")
                fits.set(_field(e, item, _DTYPE).eq(dtype) & flags.eq(_FIT) & found.eq(ndim))
            with e.when(fits.get(), "lengths"):
                lengths = _address(e, _field(e, item, _SHAPE))
                with e.loop(0, ndim, name="axis") as axis:
                    same = e.load(lengths, axis, "int64").eq(e.load(_address(e, shape), axis, "int64"))
                    fits.set(fits.get() & same)
                e.store(table, place, _field(e, item, _DATA))
    with e.when(fits.get(), "go"):
        with _numbered(e, words, _RESULTS, 1) as (k, (place,)):
            e.store(table, place, _field(e, _item(e, results, k), _DATA))
        with e.when(e.load(words, _ALONE, "int64").ne(0), "alone"):
            none = ir.Constant(POINTER, None)
            state = _call_python(e, words, _RELEASE, POINTER)
            e.builder.call(turns, [loop, _pointer(e, words, _DIMS), _I64(0), _I64(1), none])
            _call_python(e, words, _REACQUIRE, ir.VoidType(), state)
    answer = e.builder.select(fits.get().ir, _pointer(e, words, _TRUE), _pointer(e, words, _FALSE))
    _call_python(e, words, _COUNT_REFERENCE, ir.VoidType(), answer)
    e.builder.ret(answer)


def _call_python(e: Emitter, words: Any, word: int, returns: ir.Type, *pointers: Any) -> Any:
    """Call the function of Python's C interface whose address is in a word."""
    kind = ir.FunctionType(returns, [POINTER] * len(pointers))
    return e.builder.call(e.builder.inttoptr(e.load(words, word, "int64").ir, kind.as_pointer()), pointers)


@contextmanager
def _numbered(e: Emitter, words: Any, word: int, width: int) -> Iterator[tuple[Value, list[Value]]]:
    """A loop over a list: the number of each row, and its entries."""
    listed = _pointer(e, words, word)
    with e.loop(0, e.load(words, word + 1, "int64"), name="entry") as k:
        yield k, [e.load(listed, k * width + j, "int64") for j in range(width)]


@contextmanager
def _each(e: Emitter, words: Any, word: int, width: int) -> Iterator[list[Value]]:
    """A loop over a list: the entries of each row."""
    with _numbered(e, words, word, width) as (_, row):
        yield row


def _item(e: Emitter, holder: Any, k: Value) -> Any:
    """An item of a tuple."""
    return _pointer(e, e.at(holder, _ITEMS, "uint8"), k)


def _field(e: Emitter, of: Any, offset: int, dtype: str = "int64") -> Value:
    return e.load(e.at(of, offset, "uint8"), 0, dtype)


def _pointer(e: Emitter, words: Any, word: int | Value) -> Any:
    """The pointer in a word."""
    return e.builder.load(e.at(words, word, "int64"), typ=POINTER, align=8)


def _address(e: Emitter, number: Value) -> Any:
    return e.builder.inttoptr(number.ir, POINTER)
