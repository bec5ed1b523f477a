"""Small compiled kernels for the tests of this folder: one expression over whole arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir

from thalweg.compile.llvm import NativeCode, compile_module
from thalweg.compile.loops import Emitter, function
from thalweg.compile.target import Target, host_target
from thalweg.compile.values import Value, register_dtype


def run(code: NativeCode, name: str, *args: Any) -> None:
    """Call a function of pointers (arrays) and int64 (ints)."""
    kinds = [ctypes.c_void_p if isinstance(a, np.ndarray) else ctypes.c_int64 for a in args]
    values = [a.ctypes.data if isinstance(a, np.ndarray) else a for a in args]
    ctypes.CFUNCTYPE(None, *kinds)(code.address(name))(*values)


def elementwise(
    body: Callable[..., Value],
    inputs: Sequence[str],
    output: str,
    width: int | None = None,
    target: Target | None = None,
) -> Callable[..., np.ndarray]:
    """Compile out[i] = body(in0[i], in1[i], ...); the result is called with arrays of one length.

    Whole vectors first, then masked lanes, so both kinds of memory access are always tested.
    """
    target = target or host_target()
    width = width or target.lanes(register_dtype(output))
    module = ir.Module()
    e = function(module, "kernel", ["ptr"] * (len(inputs) + 1) + ["int64"], target)
    *sources, result, n = e.args
    whole = n - e.remainder(n, width)
    with e.loop(0, whole, width) as i:
        loaded = [e.load(p, i, dtype, width) for p, dtype in zip(sources, inputs)]
        e.store(result, i, body(*loaded), output)
    with e.loop(whole, n, width, name="tail") as i:
        mask = e.tail_mask(i, n, width)
        loaded = [e.load_masked(p, i, dtype, mask) for p, dtype in zip(sources, inputs)]
        e.store_masked(result, i, body(*loaded), mask, output)
    e.ret()
    code = compile_module(module, target)

    def call(*arrays: np.ndarray) -> np.ndarray:
        kind = {"bfloat16": "uint16"}.get(output, output)
        out = np.zeros(len(arrays[0]) + 1, kind)
        run(code, "kernel", *[np.ascontiguousarray(a) for a in arrays], out, len(arrays[0]))
        assert out[-1] == 0, "written past the end"
        return out[:-1]

    return call


def emitter(arg_types: Sequence[str], target: Target | None = None) -> tuple[ir.Module, Emitter]:
    """A fresh module and the Emitter of its one function, "kernel"."""
    module = ir.Module()
    return module, function(module, "kernel", arg_types, target or host_target())
