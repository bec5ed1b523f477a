"""How much work an elementwise op is: counted in the instructions of its own lowering."""

from __future__ import annotations

import functools
from typing import Any

from llvmlite import ir

from thalweg.compile.loops import function
from thalweg.compile.target import AVX2
from thalweg.compile.values import register_dtype
from thalweg.graph.lowering import Pointwise
from thalweg.graph.op import Op
from thalweg.graph.tensor import Tensor

_SLOW = {"fdiv": 8, "sdiv": 20, "udiv": 20, "srem": 20, "urem": 20, "frem": 40}
_SLOW_CALLS = {"llvm.sqrt": 8}


def effort(tensor: Tensor) -> int:
    """About how many simple instructions an element of an elementwise result takes, from its inputs on."""
    assert tensor.op is not None
    kinds = tuple(register_dtype(x.dtype.name) for x in tensor.inputs)
    try:
        return _counted(tensor.op, kinds, tuple(tensor.attrs.items()))
    except TypeError:  # attributes that nothing can be looked up by
        return _counted.__wrapped__(tensor.op, kinds, tuple(tensor.attrs.items()))


@functools.cache
def _counted(op: Op, kinds: tuple[str, ...], attrs: tuple[tuple[str, Any], ...]) -> int:
    assert isinstance(op.lower, Pointwise)
    e = function(ir.Module(), "effort", kinds, AVX2)
    op.lower.emit(e, *e.args, **dict(attrs))
    return sum(_cost(i) for block in e.builder.function.blocks for i in block.instructions)


def _cost(instruction: Any) -> int:
    if isinstance(instruction, ir.CallInstr):
        return _SLOW_CALLS.get(instruction.callee.name.rpartition(".")[0], 1)
    return _SLOW.get(instruction.opname, 1)
