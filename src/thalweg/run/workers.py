"""The worker pool: threads that stand ready in native code, and the barrier with which compiled steps meet.

A compiled step is one native function, ``void step(table, dims, thread, num_threads, barrier)``, that every
thread runs. The caller is thread 0; each other thread entered the native loop of `_define_worker` once, from
a Python thread whose call released the interpreter lock. There it watches a job number for about 100
microseconds, then sleeps on a lock of the operating system. So handing over work needs neither Python nor its
lock, and an idle process uses no processor time.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from thalweg.blas import share_processors
from thalweg.compile.barrier import (
    ALONE_UNTIL,
    CLAIMS_APART,
    LATE,
    LINE,
    PATIENCE,
    PAUSES,
    REST,
    YIELD,
    begin_claims,
    emit_pause,
    emit_ticks,
    emit_wait,
    emit_yield,
    word_at,
)
from thalweg.compile.cores import AT_LEAST_ONE, num_cores
from thalweg.compile.llvm import NativeCode, once
from thalweg.errors import ArgumentError, fail
from thalweg.graph.memory import Slot

_I64, _I32, _VOID = ir.IntType(64), ir.IntType(32), ir.VoidType()
_PTR = ir.PointerType(_I64)
_Test = Callable[[ir.Value], ir.Value]
_STEP = ir.FunctionType(_VOID, [_PTR, _PTR, _I64, _I64, _PTR])

# The control block, in 8-byte words. What one thread writes while others watch has 128 bytes to itself:
# a cache line and the neighbour that processors fetch with it. `_NUM_THREADS` is 0 while the workers are not there;
# `_CALLERS` is the lock on which callers wait their turn.
_JOB, _FUNCTION, _TABLE, _DIMS, _NUM_THREADS, _LOCK_ACQUIRE, _LOCK_RELEASE, _SPINS, _CALLERS = range(9)
_BARRIER = LINE  # the barrier's state, two lines
_RUNNING = 3 * LINE  # workers that have not finished the current job
_WORKERS = (
    4 * LINE
)  # for each thread a line: is it asleep, the lock it sleeps on; one on, what is taken of its share
_APART = CLAIMS_APART
_ASLEEP, _LOCK = 0, 1
_SHORTEST = REST + 1  # in the barrier's state: how long the first rest is

_SPIN_SECONDS = 100e-6
_PATIENCE_SECONDS = 300e-6  # more than an interrupt takes, less than another program's turn
_FIRST_REST, _LONGEST_REST = 20e-3, 32  # seconds; times the first


class Pool:
    """Threads for compiled steps: the caller and ``num_threads - 1`` workers, which the first step starts.

    A pool runs one step at a time; other callers wait their turn. After a fork the child's pools start anew.
    """

    def __init__(self, num_threads: int) -> None:
        self.num_threads = _positive(num_threads, "num_threads")
        self._control, self._address = _control_block(self.num_threads)
        self._retired = False
        self._reset()

    def run(self, address: int, table: int, dims: int) -> None:
        """Run the step at `address` on all threads, with the addresses of its table and dims, to the end."""
        while not _native().run(self._address, address, table, dims):
            self.start()
        self.close_if_retired()

    @property
    def native(self) -> tuple[int, int]:
        """The addresses of the native `run` and of its first argument, for callers in native code.

        It answers 0 with nothing done while the workers are not there: see `start`.
        """
        return _native().run_address, self._address

    def start(self) -> bool:
        """Start the workers; False where they are there."""
        with self._lock:
            if self._ready:
                return False
            self._start()
            return True

    def close(self) -> None:
        """Send the workers home. A step that is run later starts them again."""
        with self._lock:
            self._stop()

    def retire(self) -> None:
        """Send the workers home for good: whoever starts them once more sends them home again."""
        self._retired = True
        self.close()

    def close_if_retired(self) -> None:
        """What is to be done after a step for which the workers may have been started."""
        if self._retired:
            self.close()

    def _reset(self) -> None:
        # Also for a child after a fork: the workers do not exist there, nor perhaps the lock's owner.
        self._lock = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._clear()
        api = ctypes.pythonapi
        self._control[_LOCK_ACQUIRE] = _address(api.PyThread_acquire_lock)
        self._control[_LOCK_RELEASE] = _address(api.PyThread_release_lock)
        self._control[_CALLERS] = _callers

    def _clear(self) -> None:
        """No workers: a control block for them to come. The locks stay, on which others may be waiting."""
        for word in {*range(len(self._control))} - {_LOCK_ACQUIRE, _LOCK_RELEASE, _CALLERS}:
            self._control[word] = 0

    @property
    def _ready(self) -> bool:
        return bool(self._control[_NUM_THREADS])

    def _start(self) -> None:
        _started.add(self)
        share_processors()
        native, control, running = _native(), self._control, self.num_threads
        self._clear()
        control[_SPINS], control[_BARRIER + YIELD] = native.spins, _address(_yield_function())
        for word, seconds in ((PATIENCE, _PATIENCE_SECONDS), (REST, _FIRST_REST), (_SHORTEST, _FIRST_REST)):
            control[_BARRIER + word] = int(seconds * native.ticks_per_second)
        processors = _worker_processors(self.num_threads)
        for thread in range(1, self.num_threads):
            args = (native.work, self._address, thread, processors)
            worker = threading.Thread(target=_work, args=args, name=f"thalweg-{thread}", daemon=True)
            control[_WORKERS + thread * _APART + _LOCK] = _held_lock()
            try:
                worker.start()
            except RuntimeError as error:  # a limit of the system, or the interpreter is about to end
                running = thread
                message = f"only {thread} of {self.num_threads} threads: {error}"
                warnings.warn(message, RuntimeWarning, stacklevel=3)
                break
            self._threads.append(worker)
        control[_NUM_THREADS] = running

    def _stop(self) -> None:
        if self._ready:
            _native().run(self._address, 0, 0, 0)
        for number, worker in enumerate(self._threads, 1):
            worker.join()
            lock = self._control[_WORKERS + number * _APART + _LOCK]
            ctypes.pythonapi.PyThread_free_lock(ctypes.c_void_p(lock))
        self._threads = []
        _started.discard(self)


_started: set[Pool] = set()  # not weak: a pool's memory must stay while its workers watch it
_pool: Pool | None = None
_pool_lock = threading.RLock()


def pool() -> Pool:
    """The pool of this process, made at first use with `num_threads` threads."""
    global _pool
    if _pool is None:
        with _pool_lock:
            if _pool is None:
                _pool = Pool(num_cores())
    return _pool


def num_threads() -> int:
    """Threads of compiled programs: THALWEG_NUM_THREADS, or as many as there are processor cores for us."""
    return pool().num_threads


def set_num_threads(n: int) -> None:
    """Run compiled programs on `n` threads from now on (at least 1). Results do not depend on it, to the bit.

    >>> before = num_threads()
    >>> set_num_threads(1)
    >>> num_threads()
    1
    >>> set_num_threads(before)
    """
    global _pool
    with _pool_lock:
        old, _pool = _pool, Pool(_positive(n, "num_threads"))
    Slot.moment = object()  # programs look for their threads
    if old is not None:
        old.retire()


def _positive(n: int, argument: str) -> int:
    if isinstance(n, bool) or not hasattr(n, "__index__") or n.__index__() < 1:
        raise fail(ArgumentError, f"threads: {argument}", expected=AT_LEAST_ONE, received=repr(n))
    return n.__index__()


# --- the native side, as Python sees it ---------------------------------------------------------------------


class _Native:
    """The machine code of this file, compiled once for the process."""

    def __init__(self) -> None:
        from thalweg.compile.kept import module_code  # takes a while to load, and only steps need it

        names = ["thalweg_run", "thalweg_work", "thalweg_pause", "thalweg_ticks"]
        self.code: NativeCode = module_code("workers", names, _module)
        word = ctypes.c_void_p
        self.run_address = self.code.address("thalweg_run")
        self.run = ctypes.CFUNCTYPE(ctypes.c_int64, word, word, word, word)(self.run_address)
        self.work = ctypes.CFUNCTYPE(None, word, ctypes.c_int64)(self.code.address("thalweg_work"))
        self.ticks = ctypes.CFUNCTYPE(ctypes.c_int64)(self.code.address("thalweg_ticks"))
        begun, first = time.perf_counter(), self.ticks()
        self.spins = _spins(ctypes.CFUNCTYPE(None, ctypes.c_int64)(self.code.address("thalweg_pause")))
        self.ticks_per_second = (self.ticks() - first) / (time.perf_counter() - begun)


@once
def _native() -> _Native:
    return _Native()


def _spins(pause: Callable[[int], None]) -> int:
    """How many pauses last for `_SPIN_SECONDS`: an instruction of 5 to 70 nanoseconds, by the processor."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        pause(500)
        best = min(best, (time.perf_counter() - start) / 500)
    return max(100, min(100_000, int(_SPIN_SECONDS / max(best, 1e-9))))


def _control_block(num_threads: int) -> tuple[Any, int]:
    """An empty control block for `num_threads` threads: the array of its words, and their aligned address."""
    size = (_WORKERS + num_threads * _APART) * 8
    memory = ctypes.create_string_buffer(size + LINE * 8)
    skip = -ctypes.addressof(memory) % (LINE * 8)
    control = (ctypes.c_int64 * (size // 8)).from_buffer(memory, skip)
    return control, ctypes.addressof(control)


def _work(work: Callable[[int, int], None], control: int, thread: int, processors: set[int]) -> None:
    if processors:
        os.sched_setaffinity(0, processors)
    work(control, thread)


def _worker_processors(num_threads: int) -> set[int]:
    """All our processors but the caller's; empty for no restriction.

    Schedulers like to wake a thread on the processor of whoever wakes it. There caller and worker would wait
    for each other until the next balancing: measured, 3 ms instead of 0.15 for a step after a rest.
    """
    if not hasattr(os, "sched_setaffinity"):
        return set()
    usable = os.sched_getaffinity(0)
    others = usable - {ctypes.CDLL(None).sched_getcpu()}
    return others if num_threads <= len(usable) else set()


def _address(function: Any) -> int:
    address = ctypes.cast(function, ctypes.c_void_p).value
    assert address is not None
    return address


def _yield_function() -> Any:
    if sys.platform == "win32":
        return ctypes.WinDLL("kernel32").SwitchToThread
    return ctypes.CDLL(None).sched_yield


def _new_lock() -> int:
    # The interpreter's own locks: on every platform, native code may use them without the interpreter lock.
    allocate = ctypes.pythonapi.PyThread_allocate_lock
    allocate.restype = ctypes.c_void_p
    return allocate()


def _held_lock() -> int:
    lock = _new_lock()
    ctypes.pythonapi.PyThread_acquire_lock(ctypes.c_void_p(lock), 1)
    return lock


_callers = _new_lock()  # one for all pools: their threads would only get in each other's way


def _after_fork() -> None:
    global _pool_lock, _callers
    _pool_lock, _callers = threading.RLock(), _new_lock()  # nobody here would give them back
    for each in _started if _pool is None else {*_started, _pool}:
        each._reset()
    _started.clear()


def _at_exit() -> None:
    for each in list(_started):
        each.close()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# --- the native side itself ---------------------------------------------------------------------------------


def _module() -> ir.Module:
    module = ir.Module("thalweg.workers")
    _define_run(module)
    _define_worker(module)
    _define_pause(module)
    _define_ticks(module)
    return module


def _define_run(module: ir.Module) -> None:
    """``run(control, function, table, dims)``: publish a job, wake sleepers, do our part, wait; or do all of it.

    Answers 0 with nothing done while the workers are not there. Without a function they are sent home.
    """
    run = ir.Function(module, ir.FunctionType(_I64, [_PTR] * 4), "thalweg_run")
    control, function, table, dims = run.args
    b = ir.IRBuilder(run.append_basic_block("entry"))
    lock = b.inttoptr(b.load(word_at(b, control, _CALLERS), typ=_I64), _PTR)
    _emit_lock_call(b, control, _LOCK_ACQUIRE, lock)
    all_threads = b.load(word_at(b, control, _NUM_THREADS), typ=_I64)
    there = b.icmp_unsigned("!=", all_threads, _I64(0))
    with b.if_then(there, likely=True):
        _emit_run(b, all_threads, control, function, table, dims)
    _emit_lock_call(b, control, _LOCK_RELEASE, lock)
    b.ret(b.zext(there, _I64))


def _emit_run(
    b: ir.IRBuilder,
    all_threads: ir.Value,
    control: ir.Value,
    function: ir.Value,
    table: ir.Value,
    dims: ir.Value,
) -> None:
    barrier = word_at(b, control, _BARRIER)
    is_step = b.icmp_unsigned("!=", b.ptrtoint(function, _I64), _I64(0))
    resting = b.icmp_unsigned("<", emit_ticks(b), b.load(word_at(b, barrier, ALONE_UNTIL), typ=_I64))
    num_threads = b.select(b.and_(is_step, resting), _I64(1), all_threads)
    together = b.icmp_unsigned(">", num_threads, _I64(1))
    with b.if_then(together):
        for word, value in ((_FUNCTION, function), (_TABLE, table), (_DIMS, dims)):
            b.store(b.ptrtoint(value, _I64), word_at(b, control, word))
        b.store(b.sub(num_threads, _I64(1)), word_at(b, control, _RUNNING))
        generation = b.load(barrier, typ=_I64)
        with _count(b, _I64(0), num_threads) as thread:
            begin_claims(b, barrier, thread, generation)
        # Sequentially consistent, as is falling asleep: either a worker sees this job or we see it asleep.
        b.atomic_rmw("add", word_at(b, control, _JOB), _I64(1), "seq_cst")
        with _count(b, _I64(1), num_threads) as thread:
            _emit_wake(b, control, thread)
    with b.if_else(is_step) as (step, home):
        with step:
            b.call(b.bitcast(function, _STEP.as_pointer()), [table, dims, _I64(0), num_threads, barrier])
        with home:
            b.store(_I64(0), word_at(b, control, _NUM_THREADS))
    with b.if_then(together):
        emit_wait(
            b, word_at(b, control, _RUNNING), lambda left: b.icmp_unsigned("==", left, _I64(0)), barrier
        )
        _emit_rest(b, barrier)


def _emit_lock_call(b: ir.IRBuilder, control: ir.Value, word: int, lock: ir.Value) -> None:
    """Acquire a lock, waiting for it, or release it."""
    function = b.load(word_at(b, control, word), typ=_I64)
    kind = ir.FunctionType(_I32, [_PTR, _I32])
    b.call(b.inttoptr(function, kind.as_pointer()), [lock, _I32(1)])


def _emit_rest(b: ir.IRBuilder, barrier: ir.Value) -> None:
    """After work together: where somebody was late, work alone for a while, twice as long as the last time."""
    late, until, rest = (word_at(b, barrier, k) for k in (LATE, ALONE_UNTIL, REST))
    shortest = b.load(word_at(b, barrier, _SHORTEST), typ=_I64)
    with b.if_else(
        b.icmp_unsigned("==", b.load_atomic(late, "monotonic", 8, typ=_I64), _I64(0)), likely=True
    ) as (
        well,
        badly,
    ):
        with well:
            b.store(shortest, rest)
        with badly:
            b.store_atomic(_I64(0), late, "monotonic", 8)
            length = b.load(rest, typ=_I64)
            b.store(b.add(emit_ticks(b), length), until)
            longest = b.mul(shortest, _I64(_LONGEST_REST))
            doubled = b.mul(length, _I64(2))
            b.store(b.select(b.icmp_unsigned("<", doubled, longest), doubled, longest), rest)


def _emit_wake(b: ir.IRBuilder, control: ir.Value, thread: ir.Value) -> None:
    slot = _worker_slot(b, control, thread)
    asleep = b.load_atomic(slot, "seq_cst", 8, typ=_I64)
    with b.if_then(b.icmp_unsigned("!=", asleep, _I64(0))), b.if_then(_emit_claim(b, slot)):
        _emit_lock_call(b, control, _LOCK_RELEASE, _emit_lock(b, slot))


def _define_worker(module: ir.Module) -> None:
    """``work(control, thread)``: take part in every job; return at one without a function."""
    work = ir.Function(module, ir.FunctionType(_VOID, [_PTR, _I64]), "thalweg_work")
    control, thread = work.args
    entry, look, watch, rest, job, begin, leave = (
        work.append_basic_block(name) for name in ("entry", "look", "watch", "rest", "job", "begin", "leave")
    )
    b = ir.IRBuilder(entry)
    slot = _worker_slot(b, control, thread)
    spins = b.load(word_at(b, control, _SPINS), typ=_I64)
    give_way = b.load(word_at(b, control, _BARRIER + YIELD), typ=_I64)
    b.branch(look)

    b.position_at_end(look)
    seen = b.phi(_I64, "seen")
    seen.add_incoming(_I64(0), entry)
    b.branch(watch)

    b.position_at_end(watch)
    spin = b.phi(_I64, "spin")
    spin.add_incoming(_I64(0), look)
    with b.if_then(b.icmp_unsigned("!=", _emit_job(b, control), seen), likely=False):
        b.branch(job)
    with b.if_then(b.icmp_unsigned(">=", spin, spins), likely=False):
        b.branch(rest)
    with b.if_then(b.icmp_unsigned("==", b.urem(spin, _I64(PAUSES)), _I64(PAUSES - 1)), likely=False):
        emit_yield(b, give_way)
    emit_pause(b)
    spin.add_incoming(b.add(spin, _I64(1)), b.block)
    b.branch(watch)

    b.position_at_end(rest)
    _emit_sleep(b, control, slot, seen)
    b.branch(job)

    b.position_at_end(job)
    current = _emit_job(b, control)
    function = b.load(word_at(b, control, _FUNCTION), typ=_I64)
    b.cbranch(b.icmp_unsigned("==", function, _I64(0)), leave, begin)

    b.position_at_end(begin)
    table, dims = (b.inttoptr(b.load(word_at(b, control, word), typ=_I64), _PTR) for word in (_TABLE, _DIMS))
    num_threads = b.load(word_at(b, control, _NUM_THREADS), typ=_I64)
    step = b.inttoptr(function, _STEP.as_pointer())
    b.call(step, [table, dims, thread, num_threads, word_at(b, control, _BARRIER)])
    b.atomic_rmw("sub", word_at(b, control, _RUNNING), _I64(1), "release")
    seen.add_incoming(current, b.block)
    b.branch(look)

    b.position_at_end(leave)
    b.atomic_rmw("sub", word_at(b, control, _RUNNING), _I64(1), "release")
    b.ret_void()


def _emit_sleep(b: ir.IRBuilder, control: ir.Value, slot: ir.Value, seen: ir.Value) -> None:
    """Sleep on our lock until a caller that saw us asleep releases it; not at all if a job came meanwhile."""
    b.atomic_rmw("xchg", slot, _I64(1), "seq_cst")
    job = b.load_atomic(word_at(b, control, _JOB), "seq_cst", 8, typ=_I64)
    awake = b.append_basic_block("awake")
    with b.if_then(b.icmp_unsigned("!=", job, seen)), b.if_then(_emit_claim(b, slot)):
        b.branch(awake)
    # Whoever takes back the mark of sleep owes the lock one release, or is ourselves and owes it none.
    _emit_lock_call(b, control, _LOCK_ACQUIRE, _emit_lock(b, slot))
    b.branch(awake)
    b.position_at_end(awake)


def _define_pause(module: ir.Module) -> None:
    """``pause(n)``: n pauses, for measuring how long one lasts."""
    pause = ir.Function(module, ir.FunctionType(_VOID, [_I64]), "thalweg_pause")
    b = ir.IRBuilder(pause.append_basic_block("entry"))
    with _count(b, _I64(0), pause.args[0]):
        emit_pause(b)
    b.ret_void()


def _define_ticks(module: ir.Module) -> None:
    """``ticks()``: the processor's clock."""
    ticks = ir.Function(module, ir.FunctionType(_I64, []), "thalweg_ticks")
    b = ir.IRBuilder(ticks.append_basic_block("entry"))
    b.ret(emit_ticks(b))


def _emit_job(b: ir.IRBuilder, control: ir.Value) -> ir.Value:
    return b.load_atomic(word_at(b, control, _JOB), "acquire", 8, typ=_I64)


def _emit_claim(b: ir.IRBuilder, slot: ir.Value) -> ir.Value:
    """Whether it was we who turned the slot's mark of sleep from 1 to 0."""
    return b.extract_value(b.cmpxchg(slot, _I64(1), _I64(0), "seq_cst"), 1)


def _emit_lock(b: ir.IRBuilder, slot: ir.Value) -> ir.Value:
    return b.inttoptr(b.load(word_at(b, slot, _LOCK), typ=_I64), _PTR)


def _worker_slot(b: ir.IRBuilder, control: ir.Value, thread: ir.Value) -> ir.Value:
    return b.gep(control, [b.add(b.mul(thread, _I64(_APART)), _I64(_WORKERS + _ASLEEP))], source_etype=_I64)


@contextmanager
def _count(b: ir.IRBuilder, start: ir.Value, stop: ir.Value) -> Iterator[ir.Value]:
    """for i in range(start, stop), not empty."""
    before, body = b.block, b.append_basic_block("body")
    b.branch(body)
    b.position_at_end(body)
    i = b.phi(_I64, "i")
    i.add_incoming(start, before)
    yield i
    following = b.add(i, _I64(1))
    i.add_incoming(following, b.block)
    after = b.append_basic_block("after")
    b.cbranch(b.icmp_unsigned("<", following, stop), body, after)
    b.position_at_end(after)
