"""The one place that talks to LLVM: verify, run the few passes explicit vector code needs, make native code."""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

import llvmlite.binding as llvm
from llvmlite import ir
from llvmlite.binding import ffi

from thalweg.compile.cores import num_cores
from thalweg.compile.target import Target, host_target

T = TypeVar("T")
_lock = threading.RLock()


def _renew_lock() -> None:
    # in a child forked while another thread was compiling, the lock would never be given back
    global _lock, _generating
    _lock, _generating = threading.RLock(), 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)

_free: dict[Target, list[_Tools]] = {}
_numbers = itertools.count()
_linkers: list[Any] = []

# A linker never quite forgets a library it has unloaded, and making one costs a millisecond: each serves a
# few libraries and goes away with the last of them.
_LIBRARIES_PER_LINKER = 32


class NativeCode:
    """Loaded machine code. It lives as long as this object: keep it while any address may still be called."""

    def __init__(self, tracker: Any, linker: Any) -> None:
        self._tracker = tracker
        weakref.finalize(self, _release, tracker, linker).atexit = False

    def address(self, name: str) -> int:
        """The address of function `name`; KeyError when the module does not define it."""
        return self._tracker[name]


def once(make: Callable[[], T]) -> Callable[[], T]:
    """``make`` for what holds machine code: it gives its first result again, and to all threads the same one.

    With `functools.cache` threads that ask at the same time may each get their own, of which one is kept; the code
    of the others would go away below those who still call it.
    """
    made: list[T] = []

    def found() -> T:
        if not made:
            made.append(make())  # of several threads the first to come here counts
        return made[0]

    return functools.update_wrapper(found, make)


@contextmanager
def meanwhile(make: Callable[[], object]) -> Iterator[None]:
    """Inside, another thread calls ``make``, where the machine has a core for it. Who needs the result calls it again,
    after that, and hears of errors then.
    """

    def made() -> None:
        with suppress(Exception):
            make()

    thread = threading.Thread(target=made, name="thalweg-meanwhile", daemon=True)
    if num_cores() > 1:
        thread.start()
    try:
        yield
    finally:
        if thread.ident is not None:
            thread.join()


def compile_module(module: ir.Module, target: Target | None = None) -> NativeCode:
    """Verify, optimise and load `module` for this machine.

    >>> module = ir.Module()
    >>> fn = ir.Function(module, ir.FunctionType(ir.IntType(32), []), "seven")
    >>> _ = ir.IRBuilder(fn.append_basic_block()).ret(ir.Constant(ir.IntType(32), 7))
    >>> code = compile_module(module)
    >>> import ctypes
    >>> ctypes.CFUNCTYPE(ctypes.c_int32)(code.address("seven"))()
    7
    """
    names = [f.name for f in module.functions if not f.is_declaration and f.linkage != "internal"]
    return load_object([emit_object(module, target)], names)


def emit_object(module: ir.Module, target: Target | None = None) -> bytes:
    """The relocatable object code of `module`: what a cache on disk keeps."""
    target = target or host_target()
    return _object(_text(module, target), target)


class Objects:
    """The object code of several modules for one target, compiled by threads while others are still being written."""

    def __init__(self, target: Target) -> None:
        self._target, self._spare = target, num_cores() - 1  # the caller has one
        self._waiting: deque[tuple[int, str]] = deque()
        self._made: dict[int, bytes | BaseException] = {}
        self._count = 0
        self._threads: list[threading.Thread] = []

    def add(self, module: ir.Module) -> None:
        """A module that is written."""
        self._waiting.append((self._count, _text(module, self._target)))
        self._count += 1
        if sum(thread.is_alive() for thread in self._threads) < self._spare:
            self._threads.append(threading.Thread(target=self._work, name="thalweg-llvm", daemon=True))
            self._threads[-1].start()

    def finish(self, last: ir.Module) -> list[bytes]:
        """The object code of all modules, in order; this is the last."""
        self._waiting.append((self._count, _text(last, self._target)))
        self._work()
        for thread in self._threads:
            thread.join()
        made = [self._made[k] for k in range(self._count + 1)]
        for each in made:
            if isinstance(each, BaseException):
                raise each
        return made  # type: ignore[return-value]

    def _work(self) -> None:
        """Compile what waits."""
        while self._waiting:
            try:
                number, text = self._waiting.popleft()
            except IndexError:  # another thread took it
                return
            try:
                self._made[number] = _object(text, self._target)
            except BaseException as error:
                self._made[number] = error


def load_object(objects: Sequence[bytes], names: list[str]) -> NativeCode:
    """Load object code made by `emit_object` or `Objects` for this machine; `names` are the functions to look up."""
    with _lock:
        library = llvm.JITLibraryBuilder()
        for each in objects:
            library.add_object_img(each)
        library.add_current_process()
        for name in names:
            library.export_symbol(name)
        linker = _linker(number := next(_numbers))
        tracker = library.link(linker, f"thalweg.{number}")
    return NativeCode(tracker, linker)


def assembly(module: ir.Module, target: Target | None = None) -> str:
    """The assembly text of `module` for any target LLVM knows, this machine's by default."""
    target = target or host_target()
    with _tools(target) as tools, _plain_addresses(target):
        return tools.machine.emit_assembly(_optimised(_text(module, target), tools))


def optimised_ir(module: ir.Module, target: Target | None = None) -> str:
    """The text of `module` after the passes."""
    target = target or host_target()
    with _tools(target) as tools:
        return str(_optimised(_text(module, target), tools))


def _text(module: ir.Module, target: Target) -> str:
    module.triple, module.data_layout = target.triple, _layout(target)
    return str(module)


def _object(text: str, target: Target) -> bytes:
    with _tools(target) as tools, _plain_addresses(target):
        optimised = _optimised(text, tools)
        with ffi.OutputString() as problem:
            memory = _directly("LLVMPY_TargetMachineEmitToMemory")(tools.machine, optimised, 1, problem)
            if not memory:
                raise RuntimeError(str(problem))
        try:
            size = ffi.lib.LLVMPY_GetBufferSize(memory)
            return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(memory), size)
        finally:
            ffi.lib.LLVMPY_DisposeMemoryBuffer(memory)


def _optimised(text: str, tools: _Tools) -> Any:
    parsed = llvm.parse_assembly(text, llvm.create_context())  # a context of its own, freed with it
    parsed.verify()
    _directly("LLVMPY_RunNewModulePassManager")(tools.passes, parsed, tools.builder)
    return parsed


@functools.cache
def _directly(name: str) -> Callable[..., Any]:
    """A function of llvmlite without the lock that lets one call in at a time, for the two that take long.

    LLVM needs none where each thread has its own context, machine and passes. A llvmlite that keeps its functions
    otherwise gives the one with the lock.
    """
    function = getattr(ffi.lib, name)
    return getattr(function, "_cfn", function)


# Explicit vector code needs its variables in registers and its address arithmetic simplified. Loops are written with
# their test at the end, the form in which the code generator hoists invariants; it merges repeated expressions by
# itself. Global value numbering and the stock pipelines cost more time and gave slower or no faster loops.
PASSES = ("sroa", "instruction_combine", "simplify_cfg")


# LLVM's strength reduction takes a quarter to a third of the time of generating code, to replace indices that x86
# processors scale for nothing in the instruction that uses them. It can be switched off for the whole process alone, so
# that is done only while code is generated; and only in an LLVM that has the option, for one that has not would exit.
_REDUCTION, _KNOWN_IN = "-disable-lsr", range(20, 23)
_generating = 0  # threads that are at it


@contextmanager
def _plain_addresses(target: Target) -> Iterator[None]:
    """Inside, code is generated without strength reduction where it gains nothing."""
    if not target.is_x86 or llvm.llvm_version_info[0] not in _KNOWN_IN:
        yield
        return
    _count_generating(1)
    try:
        yield
    finally:
        _count_generating(-1)


def _count_generating(more: int) -> None:
    global _generating
    with _lock:
        if _generating == (0 if more > 0 else 1):
            llvm.set_option("thalweg", f"{_REDUCTION}={'true' if more > 0 else 'false'}")
        _generating += more


class _Tools(NamedTuple):
    """What one thread compiles with."""

    machine: Any
    passes: Any
    builder: Any


@contextmanager
def _tools(target: Target) -> Iterator[_Tools]:
    """Tools that nobody else uses meanwhile; kept, because a few kilobytes of each new ones are never given back."""
    with _lock:
        free = _free.setdefault(target, [])
        tools = free.pop() if free else _new_tools(target)
    try:
        yield tools
    finally:
        free.append(tools)


def _new_tools(target: Target) -> _Tools:
    if target.triple == host_target().triple:  # all targets that LLVM knows are 10 MB more of it in memory
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
    else:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    llvm.initialize_native_asmparser()
    machine = llvm.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=2, reloc="pic", codemodel="small"
    )
    passes = llvm.create_new_module_pass_manager()
    for name in PASSES:
        getattr(passes, f"add_{name}_pass")()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    return _Tools(machine, passes, llvm.create_pass_builder(machine, options))


@functools.cache
def _layout(target: Target) -> str:
    with _tools(target) as tools:
        return str(tools.machine.target_data)


def _linker(number: int) -> Any:
    if number % _LIBRARIES_PER_LINKER == 0:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        # On Linux each object lies in one piece: sections that are mapped apart may be too far for their references.
        _linkers[:] = [llvm.create_lljit_compiler(use_jit_link=sys.platform == "linux")]
    return _linkers[0]


def _release(tracker: Any, linker: Any) -> None:
    # `linker` is only held, so that it outlives the library
    with _lock:
        tracker.close()
