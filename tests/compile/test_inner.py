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
from thalweg.compile.tiling import Operand, Product, row_major, workspace_bytes

SIDE = [(98, 64, 128), (37, 48, 101), (14, 100, 3), (20, 16, 65), (15, 33, 70)]  # small ones too
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
    product, results = product_of(m, n, k, side, dtype, padded), []
    for target in (ours, replace(ours, cpu="znver5")):
        code = compile_module(emitted(product, target), target)
        c, work = np.zeros((m, n), dtype), np.zeros(workspace_bytes(product, target, 1) + 64, np.uint8)
        call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)(code.address("step"))
        call(*[x.ctypes.data for x in (a, b, c, work[-work.ctypes.data % 64 :])])
        results.append(c)
    assert results[0].tobytes() == results[1].tobytes()
    wide = a.astype("longdouble")
    expected = (wide.T if side else wide[:, :k]) @ b.astype("longdouble")
    np.testing.assert_allclose(results[0], expected.astype(dtype), rtol=0, atol=k * np.finfo(dtype).eps * 8)


def test_only_processors_where_it_was_measured_are_spoken_to():
    if not host_target().is_x86:
        pytest.skip("LLVM here reads no words of x86")
    product = product_of(784, 48, 100, True, "float32")
    texts = [
        assembly(emitted(product, target), target) for target in (AVX512, replace(AVX512, cpu="znver5"), AVX2)
    ]
    assert ["{1to16}, %zmm" in text for text in texts] == [True, False, False]
    assert "prefetcht1" in assembly(emitted(product_of(90, 512, 784, False, "float32"), AVX512), AVX512)


def test_small_products_share_a_kernel_whatever_their_rows_distance():
    names = []
    for padded in (0, 3):
        module = emitted(product_of(20, 64, 40, False, "float32", padded), AVX512)
        names.append(sorted(f.name for f in module.functions if f.name.startswith("tile.kernel")))
    assert names[0] == names[1]
    large = emitted(product_of(200, 640, 40, False, "float32", 3), AVX512)
    assert any("stride43" in f.name for f in large.functions) == AVX512.takes_assembly
