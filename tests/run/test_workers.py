"""The worker pool: right results, sleep, fork, exit, and callers from several threads."""

import ctypes
import os
import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from llvmlite import ir

from thalweg.compile.barrier import ALONE_UNTIL, REST, emit_barrier
from thalweg.compile.llvm import NativeCode, compile_module
from thalweg.errors import ArgumentError
from thalweg.run import workers
from thalweg.run.workers import Pool

I64 = ir.IntType(64)


def two_phases() -> NativeCode:
    """``step``: x[i] += 1 in slices; barrier; y[i] = x[n-1-i] in slices, which others wrote."""
    module = ir.Module("two_phases")
    pointer = ir.PointerType()
    kind = ir.FunctionType(ir.VoidType(), [pointer, pointer, I64, I64, pointer])
    step = ir.Function(module, kind, "step")
    table, dims, thread, num_threads, barrier = step.args
    b = ir.IRBuilder(step.append_basic_block("entry"))
    size = b.load(dims, typ=I64)
    x = b.load(table, typ=pointer)
    y = b.load(b.gep(table, [I64(1)], source_etype=pointer), typ=pointer)
    start, stop = (b.udiv(b.mul(size, t), num_threads) for t in (thread, b.add(thread, I64(1))))

    def at(array: ir.Value, i: ir.Value) -> ir.Value:
        return b.gep(array, [i], source_etype=I64)

    def loop(body) -> None:
        before, test, inside, after = b.block, *(b.append_basic_block(n) for n in ("test", "inside", "after"))
        b.branch(test)
        b.position_at_end(test)
        i = b.phi(I64)
        i.add_incoming(start, before)
        b.cbranch(b.icmp_unsigned("<", i, stop), inside, after)
        b.position_at_end(inside)
        body(i)
        i.add_incoming(b.add(i, I64(1)), b.block)
        b.branch(test)
        b.position_at_end(after)

    loop(lambda i: b.store(b.add(b.load(at(x, i), typ=I64), I64(1)), at(x, i)))
    emit_barrier(b, barrier, thread, num_threads)
    loop(lambda i: b.store(b.load(at(x, b.sub(b.sub(size, I64(1)), i)), typ=I64), at(y, i)))
    emit_barrier(b, barrier, thread, num_threads)
    b.ret_void()
    return compile_module(module)


class Step:
    """The two-phase step with arrays of its own."""

    code: NativeCode | None = None

    def __init__(self, size: int = 1000) -> None:
        Step.code = Step.code or two_phases()
        self.address = Step.code.address("step")
        self.x, self.y = np.arange(size, dtype=np.int64), np.zeros(size, np.int64)
        self.table = np.array([self.x.ctypes.data, self.y.ctypes.data], np.uint64)
        self.dims = np.array([size], np.int64)
        self.count = 0

    def run(self, pool: Pool) -> None:
        pool.run(self.address, self.table.ctypes.data, self.dims.ctypes.data)
        self.count += 1

    def check(self) -> None:
        np.testing.assert_array_equal(self.x, np.arange(len(self.x)) + self.count)
        np.testing.assert_array_equal(self.y, self.x[::-1])


@pytest.fixture(params=[1, 2, 3])
def pool(request):
    made = Pool(request.param)
    yield made
    made.close()


@pytest.mark.parametrize("size", [0, 1, 2, 1000, 100_003])
def test_every_thread_sees_what_all_wrote(pool, size):
    step = Step(size)
    for _ in range(5):
        step.run(pool)
        step.check()


def test_many_quick_runs(pool):
    step = Step(30)
    table, dims = step.table.ctypes.data, step.dims.ctypes.data
    for _ in range(10_000):
        pool.run(step.address, table, dims)
    step.count = 10_000
    step.check()


def test_runs_after_rests_of_any_length(pool):
    # Around the time at which a worker falls asleep, where waking could be lost.
    step, rng = Step(30), np.random.default_rng(0)
    for rest in rng.uniform(0, 300e-6, 400):
        until = time.perf_counter() + rest
        while time.perf_counter() < until:
            pass
        step.run(pool)
    step.check()


def test_a_resting_pool_uses_no_processor(pool):
    step = Step()
    step.run(pool)
    time.sleep(0.05)
    start = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - start < 0.1


def test_callers_from_several_threads(pool):
    steps = [Step(100) for _ in range(4)]
    wrong: list[BaseException] = []

    def call(step: Step) -> None:
        try:
            for _ in range(200):
                step.run(pool)
                step.check()
        except BaseException as error:
            wrong.append(error)

    callers = [threading.Thread(target=call, args=(step,)) for step in steps]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert not wrong
    assert [step.count for step in steps] == [200] * 4


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_runs_the_same_pool(pool):
    step = Step()
    step.run(pool)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks with threads
        child = os.fork()
    if child == 0:
        status = 1
        try:
            for _ in range(3):
                step.run(pool)
            step.check()
            pool.close()
            status = 0
        finally:
            os._exit(status)
    deadline = time.monotonic() + 20
    pid, status = 0, 0
    while pid == 0 and time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        time.sleep(0.01)
    if pid == 0:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert pid == child, "the child hangs"
    assert os.waitstatus_to_exitcode(status) == 0
    step.run(pool)
    step.check()


def test_a_closed_pool_starts_again(pool):
    others = set(threading.enumerate())  # the process's own pool may be at work
    step = Step()
    for _ in range(3):
        step.run(pool)
        pool.close()
    step.check()
    assert not [t for t in set(threading.enumerate()) - others if t.name.startswith("thalweg-")]


SCRIPT = """
import atexit
import sys
sys.path.insert(0, {folder!r})
import test_workers
from thalweg.run import workers
workers.set_num_threads(3)
step = test_workers.Step()
def late():
    step.run(workers.pool())
    step.check()
    print("late")
if {late}:
    atexit.register(late)
step.run(workers.pool())
step.check()
print("done")
"""


@pytest.mark.parametrize("late", [False, True])
def test_the_interpreter_exits(late):
    script = SCRIPT.format(folder=os.path.dirname(__file__), late=late)
    env = dict(os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=env)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["done", "late"][: 1 + late]


@pytest.fixture
def fresh(monkeypatch):
    """The process-wide pool as if nobody had used it."""
    monkeypatch.setattr(workers, "_pool", None)
    yield
    if workers._pool is not None:
        workers._pool.close()


def test_number_of_threads_from_the_environment(fresh, monkeypatch):
    monkeypatch.setenv("THALWEG_NUM_THREADS", "3")
    assert workers.num_threads() == 3
    assert workers.pool() is workers.pool()
    workers.set_num_threads(2)
    assert workers.num_threads() == workers.pool().num_threads == 2


def test_number_of_threads_by_default(fresh, monkeypatch):
    monkeypatch.delenv("THALWEG_NUM_THREADS", raising=False)
    assert 1 <= workers.num_threads() <= (os.cpu_count() or 1)


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_bad_environment_is_named(fresh, monkeypatch, text):
    monkeypatch.setenv("THALWEG_NUM_THREADS", text)
    with pytest.raises(ArgumentError, match=r"THALWEG_NUM_THREADS.*at least 1.*received"):
        workers.num_threads()


@pytest.mark.parametrize("n", [0, -2, 1.5, "2", True])
def test_a_bad_number_is_named(fresh, n):
    with pytest.raises(ArgumentError, match=r"num_threads; expected an integer of at least 1; received"):
        workers.set_num_threads(n)


def test_one_thread_starts_no_threads():
    step, pool = Step(), Pool(1)
    before = threading.active_count()
    step.run(pool)
    step.check()
    assert threading.active_count() == before


def test_the_control_block_is_aligned():
    control, address = workers._control_block(3)
    assert address % 128 == 0
    assert ctypes.sizeof(control) == (4 + 2 * 3) * 128


def unequal() -> NativeCode:
    """``step``: says how many threads there are; the first has much to do before they meet."""
    module = ir.Module("unequal")
    pointer = ir.PointerType()
    kind = ir.FunctionType(ir.VoidType(), [ir.PointerType(I64), pointer, I64, I64, pointer])
    step = ir.Function(module, kind, "step")
    table, _, thread, num_threads, barrier = step.args
    b = ir.IRBuilder(step.append_basic_block("entry"))
    with b.if_then(b.icmp_unsigned("==", thread, I64(0))):
        before, body, after = b.block, b.append_basic_block("body"), b.append_basic_block("after")
        b.branch(body)
        b.position_at_end(body)
        i = b.phi(I64)
        i.add_incoming(I64(0), before)
        b.store_atomic(num_threads, table, "monotonic", 8)
        following = b.add(i, I64(1))
        i.add_incoming(following, body)
        b.cbranch(b.icmp_unsigned("<", following, I64(3_000_000)), body, after)
        b.position_at_end(after)
    emit_barrier(b, barrier, thread, num_threads)
    b.ret_void()
    return compile_module(module)


def test_after_a_thread_was_late_the_caller_works_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread is late that does not have its processor back at once after offering it: here, always."""
    monkeypatch.setattr(workers, "_PATIENCE_SECONDS", 0)
    monkeypatch.setattr(workers, "_FIRST_REST", 1000.0)
    code, pool, seen = unequal(), Pool(2), np.zeros(1, np.int64)

    def run() -> int:
        pool.run(code.address("step"), seen.ctypes.data, 0)
        return int(seen[0])

    def state(word: int) -> int:
        return pool._control[workers._BARRIER + word]

    rest = 1
    for _ in range(7):
        assert run() == 2
        while state(ALONE_UNTIL) == 0:  # nobody had to wait
            rest = 1
            assert run() == 2
        rest = min(2 * rest, 32)
        assert state(REST) == rest * state(workers._SHORTEST)  # the next one
        assert run() == run() == 1
        pool._control[workers._BARRIER + ALONE_UNTIL] = 0  # the rest is over
    pool.close()


def test_a_machine_of_our_own_lets_all_threads_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_PATIENCE_SECONDS", 1000.0)
    code, pool, seen = unequal(), Pool(2), np.zeros(1, np.int64)
    for _ in range(5):
        pool.run(code.address("step"), seen.ctypes.data, 0)
        assert seen[0] == 2
    pool.close()
