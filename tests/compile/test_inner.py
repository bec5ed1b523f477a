"""Inner loops in the processor's own words: the bits of those that LLVM writes, for every way A may lie."""

import ctypes
from dataclasses import replace

import numpy as np
import pytest
from llvmlite import ir

from thalweg.compile.llvm import assembly, compile_module
from thalweg.compile.loops import function
from thalweg.compile.target import AVX2, AVX512, host_target
from thalweg.compile.tile import emit_product
from thalweg.compile.tiling import Operand, Product, choose_tiling, row_major, workspace_bytes

SIDE = [(98, 64, 128), (37, 48, 101), (14, 100, 3), (20, 16, 65), (15, 33, 70)]
APART = [
    (128, 512, 61),
    (100, 625, 203),
    (30, 64, 2048),
    (9, 300, 1025),
]  # two million multiply-adds and more


def emitted(product, target):
    module = ir.Module()
    e = function(module, "step", ["ptr"] * 4, target)
    emit_product(e, product, *e.args)
    e.ret()
    return module


def product_of(m, n, k, side, dtype, padded=0):
    a = row_major(k, m).transposed if side else Operand(((m, k + padded),), ((k, 1),))
    return Product(m, n, k, a, row_major(k, n), row_major(m, n), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("size", "side"), [*((size, True) for size in SIDE), *((size, False) for size in APART)], ids=str
)
def test_the_bits_are_those_of_the_loops_that_llvm_writes(size, side, dtype):
    ours = host_target()
    if not ours.takes_assembly:
        pytest.skip("this processor's inner loops are LLVM's")
    m, n, k = size
    padded = 0 if side else 5
    rng = np.random.default_rng(7)
    a = rng.standard_normal((k, m) if side else (m, k + padded)).astype(dtype)
    b = rng.standard_normal((k, n)).astype(dtype)
    results = results_of(product_of(m, n, k, side, dtype, padded), (a, b))
    assert results[0].tobytes() == results[1].tobytes()
    wide = a.astype("longdouble")
    expected = (wide.T if side else wide[:, :k]) @ b.astype("longdouble")
    np.testing.assert_allclose(results[0], expected.astype(dtype), rtol=0, atol=k * np.finfo(dtype).eps * 8)


def results_of(product, arrays):
    """By our words and by LLVM's."""
    ours, results = host_target(), []
    for target in (ours, replace(ours, cpu="znver5")):
        module = emitted(product, target)
        code = compile_module(module, target)
        c = np.zeros((product.m, product.n), product.dtype)
        work = np.zeros(workspace_bytes(product, target, 1) + 64, np.uint8)
        call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(code.address("step"))
        call(*[x.ctypes.data for x in (*arrays, c, work[-work.ctypes.data % 64 :])])
        results.append(c)
    return results


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("channels", [3, 16])
@pytest.mark.parametrize("filters", [20, 64, 100])
def test_windows_have_the_bits_of_the_loops_that_llvm_writes(filters, channels, dtype):
    """Images of 9 x 11 in windows of 3 x 3: rows where a table says, and steps of k too."""
    ours = host_target()
    if not ours.takes_assembly:
        pytest.skip("this processor's inner loops are LLVM's")
    rng = np.random.default_rng(8)
    x = rng.standard_normal((4, 9, 11, channels)).astype(dtype)
    w = rng.standard_normal((9 * channels, filters)).astype(dtype)
    a = Operand(
        ((4, 99 * channels), (7, 11 * channels), (9, channels)), ((3, 11 * channels), (3 * channels, 1))
    )
    m, k = 4 * 7 * 9, 9 * channels
    product = Product(m, filters, k, a, row_major(k, filters), row_major(m, filters), dtype)
    assert any(".table." in f.name for f in emitted(product, ours).functions)
    results = results_of(product, (x, w))
    assert results[0].tobytes() == results[1].tobytes()
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    expected = windows.reshape(m, k).astype("longdouble") @ w.astype("longdouble")
    np.testing.assert_allclose(results[0], expected.astype(dtype), rtol=0, atol=k * np.finfo(dtype).eps * 8)


@pytest.mark.parametrize(("apart", "step"), [(0, 1), (-40, 1), (40, 2), (1 << 29, 1), (7, -3)])
def test_rows_again_backwards_and_far_away(apart, step):
    """The first row at an address from which all others can be reached; where rows are far apart there is but one."""
    ours = host_target()
    if not ours.takes_assembly:
        pytest.skip("this processor's inner loops are LLVM's")
    m, n, k = (1 if apart > 1 << 24 else 12), 100, 13
    rng = np.random.default_rng(9)
    memory, b = rng.standard_normal(2000).astype("float32"), rng.standard_normal((k, n)).astype("float32")
    a = Operand(((m, apart),), ((k, step),))
    product = Product(m, n, k, a, row_major(k, n), row_major(m, n))
    results = results_of(product, (memory[1000:], b))
    assert results[0].tobytes() == results[1].tobytes()
    places = 1000 + apart * np.arange(m)[:, None] + step * np.arange(k)
    np.testing.assert_allclose(results[0], memory[places] @ b, rtol=1e-5, atol=1e-5)


def test_rows_all_at_one_place_have_a_kernel_of_their_own():
    module, b, c = ir.Module(), row_major(40, 64), row_major(60, 64)
    e = function(module, "step", ["ptr"] * 4, AVX512)
    for a in (Operand(((60, 0),), ((40, 1),)), Operand(((6, 900), (10, 30)), ((40, 1),))):
        emit_product(e, Product(60, 64, 40, a, b, c), *e.args)
    e.ret()
    names = [f.name for f in module.functions]
    assert any("stride0.packed" in name for name in names) == AVX512.takes_assembly
    assert any("stride.packed" in name for name in names)


def test_rows_of_many_vectors():
    ours = host_target()
    if not ours.takes_assembly:
        pytest.skip("this processor's inner loops are LLVM's")
    product = product_of(3, 14 * ours.lanes("float32"), 9, False, "float32")
    tiling = replace(choose_tiling(product, ours), rows=1, vectors=14, group_panels=1)
    module = ir.Module()
    e = function(module, "step", ["ptr"] * 4, ours)
    a, b, c, workspace = e.args
    emit_product(e, replace(product, accumulate=True), a, b, c, workspace, tiling=tiling)
    e.ret()
    code, rng = compile_module(module, ours), np.random.default_rng(10)
    x, y, z = (rng.standard_normal(shape).astype("float32") for shape in ((3, 9), (9, 224), (3, 224)))
    expected, work = z + x @ y, np.zeros(1 << 20, np.uint8)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(code.address("step"))
    call(*[v.ctypes.data for v in (x, y, z, work[-work.ctypes.data % 64 :])])
    np.testing.assert_allclose(z, expected, rtol=1e-5, atol=1e-5)


def test_only_processors_where_it_was_measured_are_spoken_to():
    if not host_target().is_x86:
        pytest.skip("LLVM here reads no words of x86")
    product = product_of(784, 48, 100, True, "float32")
    texts = [
        assembly(emitted(product, target), target) for target in (AVX512, replace(AVX512, cpu="znver5"), AVX2)
    ]
    assert ["{1to16}, %zmm" in text for text in texts] == [True, False, False]
    assert "prefetcht1" in assembly(emitted(product_of(90, 512, 784, False, "float32"), AVX512), AVX512)


def test_rows_at_known_distances_need_one_register():
    if not AVX512.takes_assembly:
        pytest.skip("LLVM here reads no words of x86")
    product = product_of(60, 64, 40, False, "float32", 3)
    windows = Operand(((6, 900), (10, 30)), ((40, 1),))  # rows in two runs
    for known, a in ((True, product.a), (False, windows)):
        module = emitted(replace(product, a=a), AVX512)
        assert any("stride43.packed" in f.name for f in module.functions) == known
