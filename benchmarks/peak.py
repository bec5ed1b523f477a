"""What the machine can do at best: multiply-adds from registers, and memory read in a row, by our own native code.

Both kernels run on the worker pool like any compiled step, so they meet the same threads and the same neighbours.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from llvmlite import ir

from thalweg.compile.llvm import NativeCode, compile_module
from thalweg.compile.target import host_target
from thalweg.graph.memory import aligned_empty
from thalweg.run.workers import num_threads, pool

_I64, _VOID = ir.IntType(64), ir.VoidType()
_PTR = ir.PointerType(_I64)
_STEP = ir.FunctionType(_VOID, [_PTR, _PTR, _I64, _I64, _PTR])
_CHAINS = 12  # sums that wait for nothing but themselves: more than latency times units of processors we know
_ROUNDS = 1 << 18  # of all chains: so many that waking the threads is nothing beside them
_BYTES = 192 << 20  # for each pass over memory: beyond the last cache
_LINE = 16  # words between the places where two threads write


class Machine:
    """The two measurements; each call makes one and returns the rate."""

    def __init__(self) -> None:
        self.target = host_target()
        self.lanes = self.target.lanes("float32")
        self.num_threads = num_threads()
        self._code: NativeCode = compile_module(self._module())
        self._memory = aligned_empty((_BYTES // 4,), np.dtype(np.float32))
        self._memory[:] = 1.0
        words = self.num_threads * _LINE + 2 * _LINE
        # sums near 1: some processors are slow at denormals
        self._table = np.full(2 * words, 0.5, np.float32)
        self._dims = np.array([self._memory.ctypes.data, self._memory.size // self.num_threads], np.int64)

    def multiply_add(self) -> float:
        """GFLOP/s of independent fused multiply-adds on vectors of float32, on all threads."""
        seconds = self._timed("multiply_add")
        return 2 * self.lanes * _CHAINS * _ROUNDS * self.num_threads / seconds / 1e9

    def read(self) -> float:
        """GB/s of reading and adding up memory that no cache holds, on all threads."""
        return _BYTES / self._timed("read") / 1e9

    def _timed(self, name: str) -> float:
        address = self._code.address(name)
        table, dims = self._table.ctypes.data, self._dims.ctypes.data
        begun = time.perf_counter()
        pool().run(address, table, dims)
        return time.perf_counter() - begun

    def _module(self) -> ir.Module:
        module = ir.Module("thalweg.peak")
        self._define(module, "multiply_add", self._emit_multiply_add)
        self._define(module, "read", self._emit_read)
        return module

    def _define(self, module: ir.Module, name: str, emit: Any) -> None:
        function = ir.Function(module, _STEP, name)
        b = ir.IRBuilder(function.append_basic_block("entry"))
        total = emit(b, *function.args)
        place = b.gep(function.args[0], [b.mul(function.args[2], _I64(_LINE))], source_etype=_I64)
        b.store(total, b.bitcast(place, total.type.as_pointer()), align=8)
        b.ret_void()

    def _emit_multiply_add(
        self, b: Any, table: Any, dims: Any, thread: Any, threads: Any, barrier: Any
    ) -> Any:
        kind = ir.VectorType(ir.FloatType(), self.lanes)
        factor = self._load(b, table, _I64(self.num_threads * _LINE), kind)
        name = f"llvm.fma.v{self.lanes}f32"
        multiply_add = ir.Function(b.module, ir.FunctionType(kind, [kind] * 3), name)

        def body(k: Any, sums: list[Any]) -> list[Any]:
            return [b.call(multiply_add, [s, factor, factor]) for s in sums]

        return self._loop(b, _I64(_ROUNDS), kind, _CHAINS, body)

    def _emit_read(self, b: Any, table: Any, dims: Any, thread: Any, threads: Any, barrier: Any) -> Any:
        kind = ir.VectorType(ir.FloatType(), self.lanes)
        memory = b.inttoptr(b.load(dims, typ=_I64), _PTR)
        share = b.load(b.gep(dims, [_I64(1)], source_etype=_I64), typ=_I64)
        first = b.udiv(b.mul(share, thread), _I64(2))  # in words of 8 bytes
        step = self.lanes // 2

        def body(k: Any, sums: list[Any]) -> list[Any]:
            start = b.add(first, b.mul(k, _I64(step * len(sums))))
            return [
                b.fadd(s, self._load(b, memory, b.add(start, _I64(n * step)), kind))
                for n, s in enumerate(sums)
            ]

        return self._loop(b, b.udiv(share, _I64(self.lanes * 8)), kind, 8, body)

    def _load(self, b: Any, base: Any, word: Any, kind: Any) -> Any:
        place = b.gep(base, [word], source_etype=_I64)
        return b.load(b.bitcast(place, kind.as_pointer()), align=8, typ=kind)

    def _loop(self, b: Any, count: Any, kind: Any, width: int, body: Any) -> Any:
        """``count`` times sums = body(k, sums), from zeros; the sum of the sums."""
        before, loop, leave = b.block, b.append_basic_block("loop"), b.append_basic_block("leave")
        b.branch(loop)
        b.position_at_end(loop)
        k = b.phi(_I64)
        sums = [b.phi(kind) for _ in range(width)]
        after = body(k, sums)
        following = b.add(k, _I64(1))
        for phi, value in zip([k, *sums], [following, *after], strict=True):
            phi.add_incoming(ir.Constant(phi.type, None), before)
            phi.add_incoming(value, loop)
        b.cbranch(b.icmp_unsigned("<", following, count), loop, leave)
        b.position_at_end(leave)
        total = after[0]
        for value in after[1:]:
            total = b.fadd(total, value)
        return total
