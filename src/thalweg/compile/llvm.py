"""The one place that talks to LLVM: verify, run the few passes explicit vector code needs, make native code."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir

from thalweg.compile.target import Target, host_target

_lock = threading.RLock()


def _renew_lock() -> None:
    # in a child forked while another thread was compiling, the lock would never be given back
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)

_machines: dict[Target, Any] = {}
_pipelines: dict[Target, tuple[Any, Any]] = {}
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
    return load_object(emit_object(module, target), names)


def emit_object(module: ir.Module, target: Target | None = None) -> bytes:
    """The relocatable object code of `module`: what a cache on disk keeps."""
    target = target or host_target()
    with _lock:
        return _machine(target).emit_object(_optimised(_text(module, target), target))


def load_object(object_code: bytes, names: list[str]) -> NativeCode:
    """Load object code made by `emit_object` for this machine; `names` are the functions to look up."""
    with _lock:
        library = llvm.JITLibraryBuilder().add_object_img(object_code).add_current_process()
        for name in names:
            library.export_symbol(name)
        linker = _linker(number := next(_numbers))
        tracker = library.link(linker, f"thalweg.{number}")
    return NativeCode(tracker, linker)


def assembly(module: ir.Module, target: Target | None = None) -> str:
    """The assembly text of `module` for any target LLVM knows, this machine's by default."""
    target = target or host_target()
    with _lock:
        return _machine(target).emit_assembly(_optimised(_text(module, target), target))


def optimised_ir(module: ir.Module, target: Target | None = None) -> str:
    """The text of `module` after the passes."""
    with _lock:
        target = target or host_target()
        return str(_optimised(_text(module, target), target))


def _text(module: ir.Module, target: Target) -> str:
    module.triple, module.data_layout = target.triple, str(_machine(target).target_data)
    return str(module)


def _optimised(text: str, target: Target) -> Any:
    parsed = llvm.parse_assembly(text, llvm.create_context())  # a context of its own, freed with it
    parsed.verify()
    builder, passes = _pipeline(target)
    passes.run(parsed, builder)
    return parsed


# Explicit vector code needs its variables in registers and its address arithmetic simplified. Loops are written with
# their test at the end, the form in which the code generator hoists invariants; it merges repeated expressions by
# itself. Global value numbering and the stock pipelines cost more time and gave slower or no faster loops.
PASSES = ("sroa", "instruction_combine", "simplify_cfg")


def _pipeline(target: Target) -> tuple[Any, Any]:
    # kept, because a few kilobytes of each new one are never given back
    if target not in _pipelines:
        passes = llvm.create_new_module_pass_manager()
        for name in PASSES:
            getattr(passes, f"add_{name}_pass")()
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        _pipelines[target] = (llvm.create_pass_builder(_machine(target), options), passes)
    return _pipelines[target]


def _machine(target: Target) -> Any:
    if target not in _machines:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        _machines[target] = llvm.Target.from_triple(target.triple).create_target_machine(
            cpu=target.cpu, features=target.features, opt=2, reloc="pic", codemodel="small"
        )
    return _machines[target]


def _linker(number: int) -> Any:
    if number % _LIBRARIES_PER_LINKER == 0:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _linkers[:] = [llvm.create_lljit_compiler()]
    return _linkers[0]


def _release(tracker: Any, linker: Any) -> None:
    # `linker` is only held, so that it outlives the library
    with _lock:
        tracker.close()
