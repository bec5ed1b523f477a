"""The way into a compiled step from Python: one native function from the arguments of a call to its results.

It serves every step; what is particular to one is data for it, which `Call` holds.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from llvmlite import ir

from thalweg.compile.bounds import Limit
from thalweg.compile.kept import module_code
from thalweg.compile.layout import merged
from thalweg.compile.llvm import NativeCode, once
from thalweg.compile.loops import Emitter, function
from thalweg.compile.target import host_target
from thalweg.compile.turns import TABLE, Turns, address, as_words, define_turns, numbered, pointer
from thalweg.compile.values import POINTER, Value
from thalweg.errors import CompileError
from thalweg.graph.memory import Slot
from thalweg.graph.tensor import Spec, Tensor, of_value

# What a call reads, in 8-byte words: the words of its turns, the dims; what runs them on all threads and its first
# argument (0 where the caller does them alone), whether the call runs anything; lists of arguments, results, slots of
# variables and bounds of arguments; objects and functions of Python.
_LOOP, _DIMS, _RUN, _CONTROL, _RUNS = range(5)
_ARGUMENTS, _RESULTS, _HELD, _BOUNDS = range(5, 13, 2)
_ARRAY_TYPE, _TENSOR_TYPE, _NONE, _TRUE = range(13, 17)
_FUNCTIONS = (
    "PyEval_SaveThread", "PyEval_RestoreThread", "Py_IncRef", "Py_DecRef",
    "PyList_New", "PyList_SetItem", "PyObject_CallNoArgs", "PyType_GenericAlloc",
)  # fmt: skip
_RELEASE, _REACQUIRE, _KEEP, _DROP, _NEW_LIST, _SET_ITEM, _MAKE, _ALLOCATE = range(17, 17 + len(_FUNCTIONS))

# Where CPython and NumPy keep things, as the macros of their C interfaces read them.
_HEAD = object.__basicsize__
_TYPE, _COUNT, _ITEMS = _HEAD - 8, _HEAD, tuple.__basicsize__
_DATA, _NDIM, _SHAPE, _DTYPE, _FLAGS = _HEAD, _HEAD + 8, _HEAD + 16, _HEAD + 40, _HEAD + 48
_FIT, _WRITABLE = 0x101, 0x400  # flags: row-major and aligned; writable

_I64 = ir.IntType(64)
_FAST_CALL = 0x80  # METH_FASTCALL: the function takes itself, its arguments and their number


class Runner(Protocol):
    """Threads that run native code together."""

    def run(self, function: int, table: int, dims: int) -> None:
        """Run the native function on all threads."""

    @property
    def native(self) -> tuple[int, int]:
        """The address of ``run(control, function, table, dims)``, which answers 0 with nothing done while the
        threads are not there; and the address of its ``control``.
        """


class Call:
    """A call of a step: ``enter(arguments, tensors)``, with a tuple of arguments, gives the list of its results.

    They are new arrays; with ``tensors`` True they are eager tensors, whose arrays nobody may change. It gives None
    with nothing done where the arguments are not row-major arrays of these dtypes and shapes, or eager tensors that
    show such arrays, or lie out of the ``bounds``, or the threads of ``runner`` are not there. ``arguments``: (place in
    the pointer table, dtype, shape) of each; ``results``: (place, what makes the array, its shape, dtype). Without
    ``runs`` the pointers are filled in, and that is all.
    """

    def __init__(
        self,
        turns: Turns,
        dims: int,
        runner: Runner | None,
        runs: bool,
        arguments: Sequence[tuple[int, np.dtype, tuple[int, ...]]],
        results: Sequence[tuple[int, Callable[[], np.ndarray], tuple[int, ...], np.dtype]],
        bounds: Sequence[Limit] = (),
    ) -> None:
        shapes = [as_words(shape) for _, _, shape in arguments]
        listed = as_words([
            n
            for (place, dtype, shape), lengths in zip(arguments, shapes, strict=True)
            for n in (place, id(dtype), len(shape), ctypes.addressof(lengths))
        ])  # fmt: skip
        templates = [of_value(None, (Spec(shape, dtype),)) for _, _, shape, dtype in results]
        made = as_words([
            n
            for (place, make, _, _), template in zip(results, templates, strict=True)
            for n in (place, id(make), id(template), 0)
        ])  # fmt: skip
        limits = [row for bound in bounds if (row := _limits(bound, *arguments[bound.argument][:2]))]
        limited = as_words([n for row in limits for n in row])
        code = native()
        run, control = (0, 0) if runner is None else runner.native
        lists = [ctypes.addressof(listed), len(arguments), ctypes.addressof(made), len(results), 0, 0]
        lists += [ctypes.addressof(limited), len(limits)]
        objects = [id(np.ndarray), id(Tensor), id(None), id(True)]
        head = [turns.address, dims, run, control, runs]
        self._words = np.array([*head, *lists, *objects, *code.functions], np.int64)
        self.enter = code.builtin(self._words)
        self._kept = (turns, runner, arguments, results, templates, shapes, listed, made, limited)

    def hold(self, slots: Sequence[Slot]) -> None:
        """Keep the arrays of these slots alive during each call, whatever other threads do with them."""
        self._slots = slots, as_words([n for slot in slots for n in (id(slot), 0)])
        self._words[_HELD : _HELD + 2] = ctypes.addressof(self._slots[1]), len(slots)


_CHECKED = ("int32", "int64", "uint8", "float32", "float64", "int8", "int16", "uint16", "uint32", "uint64")
_LIMIT_WORDS = 9


def _limits(bound: Limit, place: int, dtype: np.dtype) -> list[int]:
    """A bound as native code reads it: the argument's place and kind, where its elements begin, numbers and distances
    in bytes of two axes, the limits as float64; nothing where it takes more axes to say which elements are meant.
    """
    axes = merged(bound.layout)
    if len(axes) > 2 or dtype.name not in _CHECKED:
        return []
    size = dtype.itemsize
    rows = [n for length, stride in [(1, 0)] * (2 - len(axes)) + axes for n in (length, stride * size)]
    ends = np.array([bound.low - 1, bound.high], np.float64).view(np.int64)
    return [place, _CHECKED.index(dtype.name), bound.layout.offset * size, *rows, *map(int, ends)]


class Native:
    """The machine code of this file, compiled once for the process."""

    def __init__(self) -> None:
        _check_layout()
        layout = _Layout()
        what = f"entry {_HEAD} {_ITEMS} {layout.text}"
        names = ["thalweg_turns", "thalweg_call"]
        self.code: NativeCode = module_code(what, names, lambda: _module(layout))
        self.turns_address = self.code.address("thalweg_turns")
        word, number = ctypes.c_void_p, ctypes.c_int64
        self.turns = ctypes.CFUNCTYPE(None, word, word, number, number, word)(self.turns_address)
        self._definition = _Definition(b"enter", self.code.address("thalweg_call"), _FAST_CALL, None)
        found = (getattr(ctypes.pythonapi, name) for name in _FUNCTIONS)
        self.functions = [ctypes.cast(f, ctypes.c_void_p).value for f in found]

    def builtin(self, words: np.ndarray) -> Callable[[tuple[Any, ...], bool], list[Any] | None]:
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


@once
def native() -> Native:
    """The native functions."""
    return Native()


def _check_layout() -> None:
    """That tuples and arrays lie in memory as the native functions take them to."""
    array = np.empty((2, 3), np.float32)
    holder = (array,)
    found = [_word(holder, _COUNT), _word(holder, _ITEMS), _word(array, _TYPE), _word(array, _DTYPE)]
    found += [_word(array, _DATA), _word(array, _NDIM) % 2**32, _word(array, _FLAGS) & (_FIT | _WRITABLE)]
    wanted = [1, id(array), id(np.ndarray), id(array.dtype), array.ctypes.data, 2, _FIT | _WRITABLE]
    if found != wanted or [*(ctypes.c_int64 * 2).from_address(_word(array, _SHAPE))] != [2, 3]:
        raise CompileError("this Python or this NumPy keeps its arrays in memory in an unknown form")


class _Layout:
    """Where slots and tensors keep what they hold: bytes from their beginning."""

    def __init__(self) -> None:
        tensor = of_value(None, ())
        self.slot_array = _place_of(Slot(), "_array")
        self.tensor_value = _place_of(tensor, "value")
        places = {name: _place_of(tensor, name) for name in Tensor.__slots__ if name != "__weakref__"}
        self.tensor_rest = sorted(p for name, p in places.items() if name != "value")
        self.text = f"{self.slot_array} {self.tensor_value} {self.tensor_rest}"


def _place_of(holder: Any, name: str) -> int:
    mark = object()
    setattr(holder, name, mark)
    for place in range(_HEAD, type(holder).__basicsize__, 8):
        if _word(holder, place) == id(mark):
            return place
    raise CompileError(f"this Python keeps {name} of a {type(holder).__name__} in an unknown place")


def _word(of: Any, place: int) -> int:
    return ctypes.c_int64.from_address(id(of) + place).value


# --- the native side ----------------------------------------------------------------------------------------


def _module(layout: _Layout) -> ir.Module:
    module = ir.Module("thalweg.entry")
    _define_call(module, define_turns(module), layout)
    return module


def _define_call(module: ir.Module, turns: ir.Function, layout: _Layout) -> None:
    """``call(words, [arguments, tensors], 2)``, of objects of Python: see `Call`."""
    e = function(module, "thalweg_call", ["ptr", "ptr", "int64"], host_target(), returns="int64")
    words = pointer(e, e.at(e.args[0], _DATA, "uint8"), 0)
    table = pointer(e, pointer(e, words, _LOOP), TABLE)
    answer = e.var(e.const(0, "int64"), "answer")
    taken = e.var(_take_arguments(e, words, table, pointer(e, e.args[1], 0), layout), "taken")
    with e.when(taken.get(), "bounds"):
        taken.set(_within_bounds(e, words, table))
    fits = taken.get()
    with e.when(fits):
        results = _make_results(e, words, table)
        answer.set(results)
        with e.when(results.ne(0), "made"):
            done = e.var(e.const(1, "int64"), "done")
            with e.when(e.load(words, _RUNS, "int64").ne(0), "runs"):
                done.set(_run(e, words, turns, layout))
            with e.when(done.get().eq(0), "undone"):
                _python(e, words, _DROP, results)
                fits_not = e.load(words, _NONE, "int64")
                _python(e, words, _KEEP, fits_not)
                answer.set(fits_not)
            wanted = e.load(e.args[1], 1, "int64").eq(e.load(words, _TRUE, "int64"))
            with e.when(wanted & done.get().ne(0), "tensors"):
                _make_tensors(e, words, results, layout)
    with e.when(~fits, "misfit"):
        answer.set(e.load(words, _NONE, "int64"))
        _python(e, words, _KEEP, answer.get())
    e.ret(answer.get())


def _take_arguments(e: Emitter, words: Any, table: Any, arguments: Any, layout: _Layout) -> Value:
    """Whether the arguments are as the step wants them; if so, their addresses are in the table."""
    fits = e.var(_field(e, arguments, _COUNT).eq(e.load(words, _ARGUMENTS + 1, "int64")), "fits")
    array_type, tensor_type = (e.load(words, k, "int64") for k in (_ARRAY_TYPE, _TENSOR_TYPE))
    with e.when(fits.get()), numbered(e, words, _ARGUMENTS, 4) as (k, (place, dtype, ndim, shape)):
        given = e.var(e.load(e.at(arguments, _ITEMS, "uint8"), k, "int64"), "given")
        with e.when(_field(e, address(e, given.get()), _TYPE).eq(tensor_type), "tensor"):
            given.set(_field(e, address(e, given.get()), layout.tensor_value))  # 0 while it waits
        fits.set(fits.get() & given.get().ne(0))
        with e.when(fits.get()):
            item = address(e, given.get())
            fits.set(_field(e, item, _TYPE).eq(array_type))
            with e.when(fits.get(), "array"):
                flags = _field(e, item, _FLAGS, "int32") & _FIT
                found = _field(e, item, _NDIM, "int32").astype("int64")
                fits.set(_field(e, item, _DTYPE).eq(dtype) & flags.eq(_FIT) & found.eq(ndim))
            with e.when(fits.get(), "lengths"):
                lengths = address(e, _field(e, item, _SHAPE))
                with e.loop(0, ndim, name="axis") as axis:
                    same = e.load(lengths, axis, "int64").eq(e.load(address(e, shape), axis, "int64"))
                    fits.set(fits.get() & same)
                e.store(table, place, _field(e, item, _DATA))
    return fits.get()


def _within_bounds(e: Emitter, words: Any, table: Any) -> Value:
    """Whether the elements of the arguments lie between the limits; a NaN does not."""
    fits = e.var(e.const(True, "bool"), "within")
    with numbered(e, words, _BOUNDS, _LIMIT_WORDS) as (
        _,
        (place, kind, begin, rows, row, columns, column, *ends),
    ):
        low, high = (Value(e, e.builder.bitcast(end.ir, ir.DoubleType()), "float64", 1) for end in ends)
        start = e.at(pointer(e, table, place), begin, "uint8")
        for number, dtype in enumerate(_CHECKED):
            with (
                e.when(kind.eq(number), dtype),
                e.loop(0, rows, name="row") as i,
                e.loop(0, columns, name="column") as j,
            ):
                x = e.load(e.at(start, i * row + j * column, "uint8"), 0, dtype).astype("float64")
                fits.set(fits.get() & (x > low) & (x < high))
    return fits.get()


def _make_results(e: Emitter, words: Any, table: Any) -> Value:
    """A list of new arrays, whose addresses are in the table; 0 where memory fails, with Python's error set."""
    results = e.var(_python(e, words, _NEW_LIST, e.load(words, _RESULTS + 1, "int64")), "results")
    with numbered(e, words, _RESULTS, 4) as (k, (place, make, _, _)), e.when(results.get().ne(0), "next"):
        array = _python(e, words, _MAKE, make)
        with e.when(array.ne(0), "array"):
            e.store(table, place, _field(e, address(e, array), _DATA))
            e.store(pointer(e, words, _RESULTS), 4 * k + 3, array)
            _python(e, words, _SET_ITEM, results.get(), k, array)
        with e.when(array.eq(0), "failed", likely=False):
            _python(e, words, _DROP, results.get())
            results.set(e.const(0, "int64"))
    return results.get()


def _run(e: Emitter, words: Any, turns: ir.Function, layout: _Layout) -> Value:
    """Take the turns without the interpreter lock; 0 with nothing done where the threads are not there."""
    with numbered(e, words, _HELD, 2) as (k, (slot, _)):
        array = _field(e, address(e, slot), layout.slot_array)
        e.store(pointer(e, words, _HELD), 2 * k + 1, array)
        _python(e, words, _KEEP, array)
    loop, dims = (e.load(words, k, "int64") for k in (_LOOP, _DIMS))
    run = e.load(words, _RUN, "int64")
    done = e.var(e.const(1, "int64"), "ran")
    state = _python(e, words, _RELEASE)
    with e.either(run.eq(0)) as (alone, together):
        with alone:
            none = ir.Constant(POINTER, None)
            e.builder.call(turns, [address(e, loop), address(e, dims), _I64(0), _I64(1), none])
        with together:
            code = Value(e, e.builder.ptrtoint(turns, _I64), "int64", 1)
            done.set(_called(e, run, e.load(words, _CONTROL, "int64"), code, loop, dims))
    _python(e, words, _REACQUIRE, state)
    with numbered(e, words, _HELD, 2) as (_, (_, array)):
        _python(e, words, _DROP, array)
    return done.get()


def _make_tensors(e: Emitter, words: Any, results: Value, layout: _Layout) -> None:
    """Put in place of each array a tensor that shows it and is else as its template."""
    kind, none = e.load(words, _TENSOR_TYPE, "int64"), e.const(0, "int64")
    with numbered(e, words, _RESULTS, 4) as (k, (_, _, template, array)):
        flags = e.at(address(e, array), _FLAGS, "uint8")
        e.store(flags, 0, e.load(flags, 0, "int32") & ~_WRITABLE)
        tensor = _python(e, words, _ALLOCATE, kind, none)
        held = [(place, _field(e, address(e, template), place)) for place in layout.tensor_rest]
        for place, what in [(layout.tensor_value, array), *held]:
            _python(e, words, _KEEP, what)
            e.store(e.at(address(e, tensor), place, "uint8"), 0, what)
        _python(e, words, _SET_ITEM, results, k, tensor)


def _python(e: Emitter, words: Any, word: int, *arguments: Value) -> Value:
    """Call the function of Python's C interface whose address is in a word; pointers are numbers here."""
    return _called(e, e.load(words, word, "int64"), *arguments)


def _called(e: Emitter, to_call: Value, *arguments: Value) -> Value:
    kind = ir.FunctionType(_I64, [_I64] * len(arguments))
    made = e.builder.inttoptr(to_call.ir, kind.as_pointer())
    return Value(e, e.builder.call(made, [a.ir for a in arguments]), "int64", 1)


def _field(e: Emitter, of: Any, offset: int, dtype: str = "int64") -> Value:
    return e.load(e.at(of, offset, "uint8"), 0, dtype)
