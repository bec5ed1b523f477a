"""The barrier with which the threads of a compiled step meet, and how threads wait for a word of memory to
change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir

from thalweg.compile.target import host_target

_I64, _I32, _VOID = ir.IntType(64), ir.IntType(32), ir.VoidType()
_PTR = ir.PointerType(_I64)
_Test = Callable[[ir.Value], ir.Value]

# The barrier's state, in 8-byte words: generation, the yield function; whether a thread that offered its processor
# got it back late, from how many ticks on that is late, until when the caller works alone and how long it will the
# next time; one line on, how many threads have arrived. What one thread writes while others watch has 128 bytes to
# itself: a cache line and its neighbour.
LINE = 16
YIELD, LATE, PATIENCE, ALONE_UNTIL, REST, ARRIVED = 1, 2, 3, 4, 5, LINE
# Two lines further on, one for each thread, as far from each other: how many pieces of work have been taken of its
# share, for the generations that are even and for those that are odd. Who comes to a barrier begins the next one's.
CLAIMS, CLAIMS_APART, COUNTERS = 4 * LINE, 2 * LINE, LINE // 2
PAUSES = 64  # 1 to 3 microseconds: whoever is late by more may be waiting for this processor, so offer it


def emit_barrier(builder: Any, barrier: ir.Value, thread: ir.Value, num_threads: ir.Value) -> None:
    """Emit a wait of this thread until all `num_threads` of the step have come here; one thread does not wait.

    `builder` is an `ir.IRBuilder` or has one as its ``builder``, `barrier` is the step's last argument. What
    a thread wrote before the barrier is seen by every thread behind it.
    """
    builder = getattr(builder, "builder", builder)
    function = define_barrier(builder.module)
    builder.call(function, [builder.bitcast(barrier, function.args[0].type), thread, num_threads])


def define_barrier(module: ir.Module) -> ir.Function:
    """``barrier(state, thread, num_threads)``: the last to arrive opens the generation the others wait for."""
    name = "thalweg_barrier"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(_VOID, [_PTR, _I64, _I64]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    state, thread, num_threads = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    with b.if_then(b.icmp_unsigned("<=", num_threads, _I64(1))):
        b.ret_void()
    generation = b.load_atomic(state, "acquire", 8, typ=_I64)
    begin_claims(b, state, thread, b.add(generation, _I64(1)))
    arrived = b.atomic_rmw("add", word_at(b, state, ARRIVED), _I64(1), "acq_rel")
    with b.if_then(b.icmp_unsigned("==", b.add(arrived, _I64(1)), num_threads)):
        b.store_atomic(_I64(0), word_at(b, state, ARRIVED), "monotonic", 8)
        b.store_atomic(b.add(generation, _I64(1)), state, "release", 8)
        b.ret_void()
    emit_wait(b, state, lambda now: b.icmp_unsigned("!=", now, generation), state)
    b.ret_void()
    return function


def begin_claims(b: ir.IRBuilder, state: ir.Value, thread: ir.Value, generation: ir.Value) -> None:
    """Nothing is taken of this thread's share of the work in a generation."""
    place = b.add(b.mul(thread, _I64(CLAIMS_APART)), b.mul(b.and_(generation, _I64(1)), _I64(COUNTERS)))
    counters = b.gep(state, [b.add(place, _I64(CLAIMS))], source_etype=_I64)
    for number in range(COUNTERS):
        b.store_atomic(_I64(0), word_at(b, counters, number), "monotonic", 8)


def emit_wait(b: ir.IRBuilder, word: ir.Value, done: _Test, state: ir.Value) -> None:
    """Wait until `done` of the word: with pauses at first, then offering the processor to others in turn.

    Who gets it back late says so in the barrier's `state`: then others want it too, and threads that have to meet
    would wait for the scheduler each time.
    """
    give_way, patience = (b.load(word_at(b, state, k), typ=_I64) for k in (YIELD, PATIENCE))
    before, wait, leave = b.block, b.append_basic_block("wait"), b.append_basic_block("done")
    b.branch(wait)
    b.position_at_end(wait)
    spin = b.phi(_I64, "spin")
    spin.add_incoming(_I64(0), before)
    with b.if_then(done(b.load_atomic(word, "acquire", 8, typ=_I64))):
        b.branch(leave)
    with b.if_else(b.icmp_unsigned("<", spin, _I64(PAUSES)), likely=True) as (soon, late):
        with soon:
            emit_pause(b)
        with late:
            offered = emit_ticks(b)
            emit_yield(b, give_way)
            away = b.sub(emit_ticks(b), offered)
            with b.if_then(b.icmp_unsigned(">", away, patience), likely=False):
                b.store_atomic(_I64(1), word_at(b, state, LATE), "monotonic", 8)
    spin.add_incoming(b.add(spin, _I64(1)), b.block)
    b.branch(wait)
    b.position_at_end(leave)


def emit_yield(b: ir.IRBuilder, give_way: ir.Value) -> None:
    b.call(b.inttoptr(give_way, ir.FunctionType(_I32, []).as_pointer()), [])


def emit_pause(b: ir.IRBuilder) -> None:
    """Tell the processor that this is a waiting loop."""
    x86 = not _is_arm(b.module)
    name, types, args = ("llvm.x86.sse2.pause", [], []) if x86 else ("llvm.aarch64.hint", [_I32], [_I32(1)])
    function = b.module.globals.get(name) or ir.Function(b.module, ir.FunctionType(_VOID, types), name)
    b.call(function, args)


def emit_ticks(b: ir.IRBuilder) -> ir.Value:
    """The processor's clock, which runs evenly, is the same on all cores, and costs little to read.

    Always 0 where LLVM knows of none that a user may read, as on ARM today: then nobody is ever late.
    """
    name = "llvm.readsteadycounter" if _is_arm(b.module) else "llvm.readcyclecounter"
    function = b.module.globals.get(name) or ir.Function(b.module, ir.FunctionType(_I64, []), name)
    return b.call(function, [])


def _is_arm(module: ir.Module) -> bool:
    return (module.triple or host_target().triple).startswith(("aarch64", "arm64"))


def word_at(b: ir.IRBuilder, base: ir.Value, index: int) -> ir.Value:
    return b.gep(base, [_I64(index)], source_etype=_I64)
