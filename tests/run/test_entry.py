"""The native way into a step: what it makes, what it keeps alive meanwhile, and what it leaves to Python."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import threading
import time
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest

from thalweg.graph.tensor import Tensor, Variable, constant, frozen, placeholder
from thalweg.ops import elementwise as ew
from thalweg.ops.linalg import svdvals
from thalweg.ops.reduce import sum as total
from thalweg.run import workers
from thalweg.run.function import Function, function

RNG = np.random.default_rng(0)


def floats(values: Any) -> np.ndarray:
    return np.array(values, np.float32)


def counted() -> tuple[Function, Variable]:
    x, w = placeholder("float32", [3], name="x"), Variable(np.zeros(3, "f"))
    return function([x], [x * 2.0, total(x)], updates=[(w, w + x)]), w


def test_results_are_tensors_like_any_other() -> None:
    f, _ = counted()
    x = np.arange(3, dtype="f")
    f(x)
    for made in (f(x), f(x)):
        for tensor, array in zip(made, (x * 2, x.sum()), strict=True):
            like = frozen(np.array(array))
            assert type(tensor) is Tensor
            for name in Tensor.__slots__:
                if name not in ("value", "__weakref__"):
                    assert getattr(tensor, name) == getattr(like, name), name
            np.testing.assert_array_equal(tensor.value, array)
            assert not tensor.value.flags.writeable
            assert (tensor + 1.0).array() is not None


def test_each_call_has_results_of_its_own_and_leaves_nothing_behind() -> None:
    f, w = counted()
    x = np.arange(3, dtype="f")
    kept = [f(x) for _ in range(3)]
    assert len({id(t.value) for ts in kept for t in ts}) == 6
    shared = x, w.slot._array, kept[2][0].specs, kept[2][0].attrs
    held = [sys.getrefcount(a) for a in shared]
    gc.collect()
    tracemalloc.start()
    for _ in range(3):
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(500):
            f(x)
        grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 500  # less than a byte a call
    assert [sys.getrefcount(a) for a in shared] == held


def test_results_are_seen_by_the_garbage_collector() -> None:
    f, _ = counted()
    x = np.arange(3, dtype="f")
    f(x)
    tensor = f(x)[0]
    assert gc.is_tracked(tensor)
    ring: list[Any] = [tensor]
    tensor.attrs = {"ring": ring}
    ring.append(ring)
    del tensor, ring
    gc.collect()
    assert not [t for t in gc.get_objects() if isinstance(t, Tensor) and "ring" in t.attrs]


@pytest.mark.parametrize(
    "other", [[1, 2, 3], np.arange(3), np.arange(6, dtype="f")[::2], np.ones((3, 1), "f")]
)
def test_what_is_not_such_an_array_goes_the_long_way(other: Any) -> None:
    f, _ = counted()
    f(np.arange(3, dtype="f"))
    if np.shape(other) == (3, 1):
        with pytest.raises(Exception, match="wrong shape"):
            f(other)
    else:
        np.testing.assert_array_equal(f(other)[0].array(), np.asarray(other, "f") * 2)


def test_tensors_are_taken_as_the_arrays_that_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    f, w = counted()
    x = np.arange(3, dtype="f")
    f(x)
    waiting = w * 2.0
    assert waiting.later is not None
    np.testing.assert_array_equal(f(waiting)[0].array(), x * 4)  # computed, and converted
    with monkeypatch.context() as m:
        m.setattr(f.program, "_run", None)
        for like in (x, constant(x), waiting, w.read()):
            values = like.array() if isinstance(like, Tensor) else like
            np.testing.assert_array_equal(f(like)[0].array(), values * 2)
    shown = w.get_value()
    np.testing.assert_array_equal(f(w)[0].array(), shown * 2)


def test_host_ops_take_tensors_too() -> None:
    x = placeholder("float32", [2, 2])
    f = function([x], [svdvals(x * 2.0), x + 1.0])
    for _ in range(3):
        values, more = f(constant(floats([[3, 0], [0, 1]])))
        assert (values.tolist(), more.tolist()) == ([6, 2], [[4, 1], [1, 2]])


def test_a_traced_function_is_found_again_by_its_arrays() -> None:
    traced: list[Any] = []

    @function
    def f(x: Any, y: Any = 1.0) -> Any:
        traced.append(y)
        return {"sum": x + y}

    @function
    def twice(x: Any) -> Any:
        return f(f(x, x)["sum"], x)["sum"]

    x = np.arange(3, dtype="f")
    for _ in range(3):
        assert f(x, x)["sum"].tolist() == [0, 2, 4]
        assert f(constant(x), x)["sum"].tolist() == [0, 2, 4]
        assert f(x, y=x)["sum"].tolist() == [0, 2, 4]
        assert f(x, 1)["sum"].tolist() == [1, 2, 3]
        assert f(x)["sum"].tolist() == [1, 2, 3]
        assert f(x[:2], x[:2])["sum"].tolist() == [0, 2]
        assert f(x.astype("d"), x.astype("d"))["sum"].dtype == np.float64
        assert twice(x).tolist() == [0, 3, 6]
    assert len(traced) == f.num_traces + 2  # twice inside the other
    assert f.num_traces == 6


def test_an_error_where_memory_ends_is_python_s() -> None:
    n = placeholder("int32", [])
    f = function([n], ew.add(np.zeros((), "f"), total(n)))
    f(np.int32(1) * np.ones((), np.int32))
    (form,) = f.program._compiled.values()
    (bound,) = form._frames.values()
    entry = bound.frame._entry
    place = entry._kept[-2]

    def none_left() -> Any:
        raise MemoryError("none left")

    place[1] = id(none_left)  # what makes the result
    with pytest.raises(MemoryError, match="none left"):
        f(np.ones((), np.int32))


def test_a_variable_given_away_meanwhile_is_alive_until_the_step_is_done() -> None:
    w = Variable(np.ones(3_000_000, "f"))
    y = w
    for _ in range(60):
        y = ew.sin(y)
    f = function([], total(y))
    fills = (1.0, 0.0, 2.0)
    values = set()
    for fill in fills:
        w.assign(np.full(3_000_000, fill, "f"))
        values.add(f().item())
    found: list[float] = []
    caller = threading.Thread(target=lambda: found.extend(f().item() for _ in range(6)))
    caller.start()
    while caller.is_alive():
        for fill in fills:  # in the memory of the one before, if nobody keeps that
            w.assign(np.full(3_000_000, fill, "f"))
            time.sleep(0.002)
    caller.join()
    assert set(found) <= values


def wide() -> tuple[Function, np.ndarray, np.ndarray]:
    """A product that all threads share."""
    x, w = placeholder("float32", [64, 256]), Variable(RNG.normal(size=(256, 512)).astype("f"))
    array = RNG.normal(size=(64, 256)).astype("f")
    f = function([x], x @ w)
    return f, array, f(array).array()


def test_workers_sent_home_come_again() -> None:
    before = workers.num_threads()
    workers.set_num_threads(2)
    try:
        f, array, wanted = wide()
        for _ in range(3):
            workers.pool().close()
            np.testing.assert_array_equal(f(array).array(), wanted)
            np.testing.assert_array_equal(f(array).array(), wanted)
        workers.set_num_threads(1)
        np.testing.assert_array_equal(f(array).array(), wanted)
        assert f.program._last is not None
        assert f.program._last.is_current()
    finally:
        workers.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_calls_the_same_function() -> None:
    before = workers.num_threads()
    workers.set_num_threads(2)
    try:
        f, array, wanted = wide()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks with threads
            child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(f(array).array(), wanted) else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        np.testing.assert_array_equal(f(array).array(), wanted)
    finally:
        workers.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_forked_child_does_not_wait_for_its_parent_s_callers() -> None:
    before = workers.num_threads()
    workers.set_num_threads(2)
    f, array, wanted = wide()
    workers.pool().close()
    lock = ctypes.c_void_p(workers._callers)
    ctypes.pythonapi.PyThread_acquire_lock(lock, 1)  # as a thread has it that runs a step
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks with threads
            child = os.fork()
        if child == 0:
            os._exit(0 if np.array_equal(f(array).array(), wanted) else 1)
    finally:
        ctypes.pythonapi.PyThread_release_lock(lock)
    ended, deadline = (0, 0), time.monotonic() + 20
    while ended[0] == 0 and time.monotonic() < deadline:
        time.sleep(0.01)
        ended = os.waitpid(child, os.WNOHANG)
    if ended[0] == 0:
        os.kill(child, 9)
        os.waitpid(child, 0)
    workers.set_num_threads(before)
    assert ended == (child, 0)


@pytest.mark.parametrize("switches", [0, 100])
def test_functions_called_from_several_threads(switches: int) -> None:
    """One step at a time has the workers, also while another thread changes how many there are."""
    before = workers.num_threads()
    workers.set_num_threads(2)
    others = set(threading.enumerate())
    pairs = [wide() for _ in range(3)]
    done, wrong = threading.Event(), []

    def call(k: int) -> None:
        f, array, wanted = pairs[k]
        while not done.is_set():
            if not np.array_equal(f(array).array(), wanted):
                wrong.append(k)

    callers = [threading.Thread(target=call, args=(k,)) for k in range(3)]
    try:
        for caller in callers:
            caller.start()
        for n in range(switches):
            workers.set_num_threads(1 + n % 3)
            time.sleep(0.005)
        time.sleep(0.1)
    finally:
        done.set()
        for caller in callers:
            caller.join()
        workers.set_num_threads(before)
    assert not wrong
    assert not [t for t in set(threading.enumerate()) - others if t.name.startswith("thalweg-")]
