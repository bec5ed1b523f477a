"""Work that threads share out as they go: each takes pieces from the front of its own share, and whoever is done takes
them from the back of the others' shares. So a thread does less whose core is slower, or disturbed by other programs.

Which thread does a piece is left to chance; what is done is not, and so results have the same bits each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from thalweg.compile.barrier import CLAIMS, CLAIMS_APART, COUNTERS
from thalweg.compile.control import Control
from thalweg.compile.values import Value

_I64 = ir.IntType(64)
_PTR = ir.PointerType(_I64)
_OTHERS = (
    32  # a counter has in its lower bits how many pieces the owner took, from this one on how many others did
)


@contextmanager
def claimed(
    e: Control, barrier: Any, thread: Value, count: Value, pieces: Value, number: Value
) -> Iterator[Value]:
    """A loop over those of so many pieces that fall to this thread of `count`.

    `number`: which list of pieces this is since the last barrier, below COUNTERS.
    """
    b, take = e.builder, _define_take(e.builder.module)
    previous = e.var(e.index(-1), "previous")
    test, body, after = (b.append_basic_block(f"claim.{name}") for name in ("test", "body", "end"))
    b.branch(test)
    b.position_at_end(test)
    state = b.bitcast(barrier, _PTR)
    piece = Value(
        e, b.call(take, [state, *(v.ir for v in (thread, count, pieces, number, previous.get()))]), "int64", 1
    )
    previous.set(piece)
    b.cbranch((piece < 0).ir, after, body)
    b.position_at_end(body)
    yield piece
    b.branch(test)
    b.position_at_end(after)


def _define_take(module: ir.Module) -> ir.Function:
    """``take(state, thread, count, pieces, number, previous)``: the next piece for a thread; -1 where none is left."""
    name = "thalweg_take"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(_I64, [_PTR, *[_I64] * 5]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    state, thread, count, pieces, number, previous = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    following = b.add(previous, _I64(1))
    with b.if_then(b.icmp_unsigned("<=", count, _I64(1))):
        b.ret(b.select(b.icmp_signed("<", following, pieces), following, _I64(-1)))
    generation = b.load_atomic(state, "monotonic", 8, typ=_I64)
    place = b.add(b.mul(b.and_(generation, _I64(1)), _I64(COUNTERS)), b.add(number, _I64(CLAIMS)))
    before, look, none = b.block, b.append_basic_block("look"), b.append_basic_block("none")
    b.branch(look)
    b.position_at_end(look)
    away = b.phi(_I64, "away")
    away.add_incoming(_I64(0), before)
    owner = b.urem(b.add(thread, away), count)
    first, last = (b.udiv(b.mul(k, pieces), count) for k in (owner, b.add(owner, _I64(1))))
    counter = b.gep(state, [b.add(place, b.mul(owner, _I64(CLAIMS_APART)))], source_etype=_I64)

    def taken(word: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
        by_owner = b.and_(word, _I64((1 << _OTHERS) - 1))
        by_others = b.lshr(word, _I64(_OTHERS))
        left = b.icmp_unsigned("<", b.add(by_owner, by_others), b.sub(last, first))
        return by_owner, by_others, left

    with b.if_then(taken(b.load_atomic(counter, "monotonic", 8, typ=_I64))[2]):
        own = b.icmp_unsigned("==", away, _I64(0))
        one = b.select(own, _I64(1), _I64(1 << _OTHERS))
        by_owner, by_others, left = taken(b.atomic_rmw("add", counter, one, "monotonic"))
        with b.if_then(left):
            b.ret(b.select(own, b.add(first, by_owner), b.sub(b.sub(last, _I64(1)), by_others)))
    further = b.add(away, _I64(1))
    away.add_incoming(further, b.block)
    b.cbranch(b.icmp_unsigned("<", further, count), look, none)
    b.position_at_end(none)
    b.ret(_I64(-1))
    return function
