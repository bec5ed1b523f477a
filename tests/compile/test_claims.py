"""Work shared out as threads go: every piece is done once, whoever is slow does less, results have the same bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from llvmlite import ir

import thalweg as tw
from thalweg.compile.barrier import COUNTERS, emit_barrier, emit_pause
from thalweg.compile.claims import claimed
from thalweg.compile.llvm import NativeCode, compile_module
from thalweg.compile.loops import function
from thalweg.compile.sizes import SizeMath
from thalweg.compile.target import host_target
from thalweg.compile.tile import _Emission
from thalweg.run.workers import Pool, num_threads, set_num_threads

_ARGUMENTS = ["ptr", "ptr", "int64", "int64", "ptr"]  # table, dims, thread, num_threads, barrier


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@pytest.mark.parametrize("least", [1, 6])
def test_pieces_of_products_are_as_many_for_each_thread(threads: int, least: int) -> None:
    """39 panels for two threads, in pieces of 3, were 21 and 18."""
    emission = object.__new__(_Emission)
    emission.x, emission.num_threads = SizeMath(None), threads  # type: ignore[arg-type]
    for total in (1, 2, 5, 17, 39, 131, 1667):
        count = emission.pieces(total, least)
        assert (isinstance(count, int) and count % threads == 0) or count == total < threads
        bounds: list[Any] = [emission.share(total, k, count) for k in range(count)]
        assert [low for low, _ in bounds] == [0, *(high for _, high in bounds[:-1])] and bounds[-1][
            1
        ] == total
        sizes = [high - low for low, high in bounds]
        assert max(sizes) - min(sizes) <= 1 and (min(sizes) >= least or total < threads * least)
        each = count // threads
        if each:
            shares = [sum(sizes[k * each : (k + 1) * each]) for k in range(threads)]
            assert max(shares) - min(shares) <= 1


@pytest.fixture(params=[1, 2, 3, 5])
def pool(request: pytest.FixtureRequest) -> Iterator[Pool]:
    made = Pool(request.param)
    yield made
    made.close()


def counting() -> NativeCode:
    """Adds one to each of dims[0] counters in each of all lists; dims[1] times over, threads meeting in between."""
    module = ir.Module()
    e = function(module, "step", _ARGUMENTS, host_target())
    table, dims, thread, count, barrier = e.args
    pieces, turns = e.load(dims, 0, "int64"), e.load(dims, 1, "int64")
    with e.loop(0, turns) as turn:
        with e.when(turn > 0):
            emit_barrier(e, barrier, thread.ir, count.ir)
        for number in range(COUNTERS):
            with claimed(e, barrier, thread, count, pieces, e.index(number)) as piece:
                place = pieces * number + piece
                e.store(table, place, e.load(table, place, "int64") + 1)
    e.ret()
    return compile_module(module)


def test_every_piece_is_done_once(pool: Pool) -> None:
    code = counting()
    for pieces in (0, 1, 2, 3, 7, 64, 1001):
        for turns in (1, 2, 5):
            done, dims = np.zeros((COUNTERS, max(pieces, 1)), np.int64), np.array([pieces, turns], np.int64)
            for run in range(1, 4):
                pool.run(code.address("step"), done.ctypes.data, dims.ctypes.data)
                assert (done == (run * turns if pieces else 0)).all()


def waiting() -> NativeCode:
    """Whoever has the first piece waits with it until all others are done; not one who works alone (a busy machine)."""
    module = ir.Module()
    e = function(module, "step", _ARGUMENTS, host_target())
    table, dims, thread, count, barrier = e.args
    pieces, b = e.load(dims, 0, "int64"), e.builder
    word = b.bitcast(table, ir.PointerType(ir.IntType(64)))
    with claimed(e, barrier, thread, count, pieces, e.index(0)) as piece:
        with e.when(piece.eq(0) & (count > 1)), e.repeat() as again:
            emit_pause(b)
            now = e.from_memory(b.load_atomic(word, "monotonic", 8, typ=ir.IntType(64)), "int64", 1)
            again(now < pieces - 1)
        b.atomic_rmw("add", word, ir.IntType(64)(1), "monotonic")
    e.ret()
    return compile_module(module)


@pytest.mark.parametrize("threads", [2, 3])
def test_a_slow_thread_does_less(threads: int) -> None:
    pool, code = Pool(threads), waiting()
    for pieces in (1, 2, 9, 100):
        done, dims = np.zeros(1, np.int64), np.array([pieces], np.int64)
        pool.run(code.address("step"), done.ctypes.data, dims.ctypes.data)
        assert done[0] == pieces
    pool.close()


def _products(x: tw.Tensor, y: tw.Tensor) -> tw.Tensor:
    return x @ y


def _with_update(x: tw.Tensor, y: tw.Tensor) -> tw.Tensor:
    return tw.tanh(tw.matrix_transpose(x) @ tw.matrix_transpose(y) * 0.1 + 1.0)


def _softmax(x: tw.Tensor, y: tw.Tensor) -> tw.Tensor:
    return tw.nn.softmax(x) + tw.sum(y)


def _elements(x: tw.Tensor, y: tw.Tensor) -> tw.Tensor:
    return tw.exp(x) * tw.mean(y) + x


def _side_by_side(x: tw.Tensor, y: tw.Tensor) -> tw.Tensor:
    return tw.concat([x, y], axis=1)


def _many_parts(x: tw.Tensor, y: tw.Tensor) -> tw.Tensor:
    return tw.concat([x, y] * (COUNTERS // 2 + 1), axis=1)


CASES = {
    "columns": (_products, (50, 784), (784, 620)),
    "columns, two blocks of k": (_products, (50, 2048), (2048, 625)),
    "rows": (_products, (900, 130), (130, 137)),
    "rows with an epilogue": (_with_update, (100, 784), (625, 100)),
    "k in pieces": (_products, (128, 9000), (9000, 64)),
    "a batch": (_products, (40, 70, 80), (40, 80, 90)),
    "rows of a nest": (_softmax, (1000, 300), (3,)),
    "a flat nest": (_elements, (700, 400), (3,)),
    "parts of a whole": (_side_by_side, (600, 500), (600, 450)),
    "more parts than counters": (_many_parts, (520, 520), (520, 530)),
}


@pytest.mark.parametrize("case", CASES)
def test_results_have_the_same_bits_for_any_number_of_threads(case: str) -> None:
    work, *shapes = CASES[case]
    draw = np.random.default_rng(0)
    given = [draw.normal(size=shape).astype(np.float32) for shape in shapes]
    inputs = [tw.placeholder("float32", shape) for shape in shapes]
    run = tw.function(inputs, work(*inputs))
    before, results = num_threads(), []
    try:
        for threads in (1, 2, 3, 3):
            set_num_threads(threads)
            results += [np.asarray(run(*given)) for _ in range(3)]
    finally:
        set_num_threads(before)
    assert all(np.array_equal(results[0], other) for other in results)
    if work is _products:
        np.testing.assert_allclose(results[0], given[0].astype(np.float64) @ given[1], rtol=0, atol=2e-3)


def test_parts_of_open_lengths_are_all_copied() -> None:
    inputs = [tw.placeholder("float32", (None, 40)), tw.placeholder("float32", (None, 30))]
    run = tw.function(inputs, tw.concat([tw.concat(inputs, axis=1), tw.tanh(inputs[0])], axis=1))
    before = num_threads()
    try:
        set_num_threads(2)
        for length in (900, 1100, 1000, 1300, 1250):  # the last ones by one form
            a, b = np.full((length, 40), length, "f"), np.full((length, 30), 2.0, "f")
            expected = np.concatenate([a, b, np.tanh(a)], axis=1)
            np.testing.assert_allclose(np.asarray(run(a, b)), expected, rtol=1e-6)
    finally:
        set_num_threads(before)
