"""Matrix products against NumPy in float64: shapes, strides, windows, batches, threads, epilogues, targets."""

import ctypes
import re
from dataclasses import dataclass, replace

import numpy as np
import pytest
from llvmlite import ir

from thalweg.compile.llvm import assembly, compile_module
from thalweg.compile.loops import function
from thalweg.compile.target import AVX2, AVX512, NEON, SSE, host_target
from thalweg.compile.tile import emit_product
from thalweg.compile.tiling import Operand, Product, choose_tiling, reads_of, row_major, workspace_bytes

FENCE = 64  # elements around C and bytes after the workspace that must stay as they were


@dataclass(frozen=True)
class Case:
    """One row of the table; layouts: n row-major, t transposed, p padded rows, s every second column, r reversed."""

    m: int
    n: int
    k: int
    a: str = "n"
    b: str = "n"
    c: str = "n"
    dtype: str = "float32"
    accumulate: bool = False
    batch: int = 1
    run_time: str = ""

    def __str__(self):
        flags = f"{'+' if self.accumulate else ''}{f'x{self.batch}' if self.batch > 1 else ''}{self.run_time}"
        return f"{self.m}x{self.n}x{self.k}.{self.a}{self.b}{self.c}.{self.dtype}{flags}"


CASES = [
    *[Case(m, n, k) for m in (1, 5, 6, 7, 50) for n in (1, 8, 10, 17, 48) for k in (1, 7, 33)],
    *[Case(13, 37, 29, a, b) for a in "ntpsr" for b in "ntpsr"],
    *[Case(20, 43, 400, a, b, c, accumulate=True) for a in "nt" for b in "nt" for c in "ntps"],
    *[
        Case(m, n, k, dtype="float64")
        for m, n, k in ((1, 9, 5), (50, 31, 300), (23, 8, 1), (64, 64, 64), (7, 1, 77))
    ],
    *[
        Case(m, n, k, "t", "t", "t", "float64")
        for m, n, k in ((1, 9, 5), (50, 31, 300), (64, 64, 64), (7, 1, 77))
    ],
    *[
        Case(m, n, k, b=b)
        for m, n, k in ((1, 100, 1000), (2, 100, 1000), (100, 1, 1000), (3, 2, 4000))
        for b in "nt"
    ],
    *[Case(1, n, k) for n, k in ((620, 784), (129, 5), (200, 8), (131, 19), (2500, 9), (4100, 33), (300, 0))],
    *[
        Case(1, 333, 41, a, b, c, dtype)
        for a in "ntps"
        for b in "np"
        for c in "ns"
        for dtype in ("float32", "float64")
    ],
    *[
        Case(m, n, k)
        for m in (2, 5, 12, 13)
        for n, k in ((620, 784), (129, 5), (144, 6), (131, 19), (2500, 9))
    ],
    *[
        Case(3, 333, 41, a, b, c, dtype)
        for a in "ntps"
        for b in "np"
        for c in "ns"
        for dtype in ("float32", "float64")
    ],
    *[Case(4, 1900, 4100, run_time=which, accumulate=True) for which in ("n", "k", "nk")],
    *[
        Case(1, 150, 61, batch=7),
        Case(5, 150, 61, "t", batch=3, accumulate=True),
        Case(1, 150, 61, "t", batch=3, accumulate=True),
    ],
    Case(1, 150, 61, batch=3, run_time="b"),
    *[Case(1, 2100, 61, accumulate=True), Case(1, 333, 41, "t", "p", "t", accumulate=True)],
    *[Case(1, 4500, 4100, run_time=which, accumulate=True) for which in ("n", "k", "nk", "mnk")],
    *[Case(9, 20, 31, a, b, batch=batch) for a in "nt" for b in "nt" for batch in (2, 7)],
    *[Case(1, 11, 31, b="t", batch=3), Case(11, 1, 31, batch=3), Case(40, 33, 500, batch=3, accumulate=True)],
    *[Case(5, 9, 0), Case(5, 9, 0, accumulate=True), Case(0, 9, 3), Case(5, 0, 3), Case(50, 64, 0, batch=2)],
    *[
        Case(m, n, k, run_time=which)
        for which in ("m", "n", "k", "mnk")
        for m, n, k in (
            (1, 1, 1),
            (50, 62, 78),
            (64, 64, 64),
            (0, 5, 5),
            (5, 0, 5),
            (5, 5, 0),
            (13, 100, 1000),
        )
    ],
    *[Case(50, 62, 450, a, b, run_time="mnk", accumulate=True) for a in "nt" for b in "nt"],
    *[Case(m, 62, 450, "t", run_time=which) for which in "mnk" for m in (14, 27, 50)],
    *[Case(9, 20, 31, batch=3, run_time="mnk"), Case(9, 20, 31, batch=3, run_time="b")],
    *[Case(200, 70, 600), Case(300, 200, 500, "t"), Case(120, 300, 700, "n", "t"), Case(130, 100, 60, c="t")],
]


def laid_out(batch, rows, cols, layout, dtype, rng):
    """An array (batch, rows, cols) seen through the named layout, inside a larger one that it does not fill."""
    shape = {
        "n": (batch, rows, cols),
        "t": (batch, cols, rows),
        "p": (batch, rows, cols + 5),
        "s": (batch, rows, 2 * cols),
        "r": (batch, rows, cols),
    }[layout]
    memory = rng.standard_normal(int(np.prod(shape)) + 2 * FENCE).astype(dtype)
    view = memory[FENCE : memory.size - FENCE].reshape(shape)
    view = {
        "n": view,
        "t": view.swapaxes(1, 2),
        "p": view[:, :, :cols],
        "s": view[:, :, ::2],
        "r": view[:, ::-1, ::-1],
    }[layout]
    return memory, view


def operand(view):
    """The Operand of a NumPy view (batch, rows, cols)."""
    axes = [(extent, stride // view.itemsize) for extent, stride in zip(view.shape, view.strides)]
    return Operand(rows=(axes[1],), cols=(axes[2],), batch=(axes[0],))


def compiled(product, target, run_time="", epilogue=None, stores=True, near=None):
    """step(a, b, c, extra, num_threads): the product run once for each thread, the threads one after another."""
    module = ir.Module()
    e = function(module, "step", ["ptr"] * 5 + ["int64"] * 6, target)
    a, b, c, extra, workspace, thread, num_threads, m, n, k, batch = e.args
    given = {
        name: size for name, size in (("m", m), ("n", n), ("k", k), ("batch", batch)) if name[0] in run_time
    }
    emitted = replace(product, **given)
    hook = None if epilogue is None else lambda *args: epilogue(extra, *args)
    emit_product(
        e,
        emitted,
        a,
        b,
        c if stores else None,
        workspace,
        thread,
        num_threads,
        hook,
        near=None if near is None else lambda *args: near(extra, *args),
    )
    e.ret()
    code = compile_module(module, target)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 6)(code.address("step"))

    def step(a, b, c, extra, num_threads):
        size = workspace_bytes(emitted, target, num_threads, single_block=not stores)
        raw = np.full(size + 128, 77, np.uint8)
        work = raw[-raw.ctypes.data % 64 :]
        for t in range(num_threads):
            call(
                *[x.ctypes.data for x in (a, b, c, extra, work)],
                t,
                num_threads,
                product.m,
                product.n,
                product.k,
                product.batch,
            )
        assert (work[size:] == 77).all(), "wrote past the workspace"
        assert code

    return step


def check(case, target):
    rng = np.random.default_rng(3)
    _, a = laid_out(case.batch, case.m, case.k, case.a, case.dtype, rng)
    _, b = laid_out(case.batch, case.k, case.n, case.b, case.dtype, rng)
    memory, c = laid_out(case.batch, case.m, case.n, case.c, case.dtype, rng)
    product = Product(
        case.m, case.n, case.k, operand(a), operand(b), operand(c), case.dtype, case.accumulate, case.batch
    )
    start, exact = (
        memory.copy(),
        a.astype("float64") @ b.astype("float64") + case.accumulate * c.astype("float64"),
    )
    step = compiled(product, target, case.run_time)
    results = []
    for num_threads in (1, 2, 5):
        memory[:] = start
        step(a, b, c, c, num_threads)
        results.append(memory.copy())
    bound = np.abs(a).astype("float64") @ np.abs(b) + np.abs(exact)
    bound = bound * np.finfo(case.dtype).eps * (8 + case.k / 8)
    assert (np.abs(c - exact) <= bound + 1e-30).all()
    assert all(r.tobytes() == results[0].tobytes() for r in results), (
        "the bits depend on the number of threads"
    )
    c[...] = 0
    untouched = start.copy()
    outside = memory != 0
    assert (memory[outside] == untouched[outside]).all(), "wrote outside C"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_product(case):
    check(case, host_target())


@pytest.mark.parametrize("case", [c for c in CASES if c.k in (33, 400, 300, 31, 41)][::4], ids=str)
def test_product_in_narrow_vectors(case):
    check(case, host_target(16))


@pytest.mark.parametrize("case", [c for c in CASES if c.m in range(1, 14) and c.n > 128], ids=str)
def test_a_matrix_streams_past_few_rows_in_vectors_of_32_bytes(case):
    target = host_target(32)
    views = [
        laid_out(1, 14, 14, layout, "float32", np.random.default_rng(0))[1] for layout in (case.a, case.b)
    ]
    a, b = (operand(view) for view in views)
    if "m" not in case.run_time:
        product = Product(case.m, case.n, case.k, a, b, row_major(case.m, case.n), case.dtype)
        assert choose_tiling(product, target).stream == (case.b in "np" and case.m <= 12)
    check(case, target)


@pytest.mark.parametrize("stores", [True, False])
@pytest.mark.parametrize("m", [1, 4])
def test_the_end_of_streamed_rows(stores, m):
    """An epilogue over few rows meets each element once, in the share of one thread."""
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((m, 50)).astype("float32"), rng.standard_normal((50, 2070)).astype("float32")
    c, seen = np.zeros((m, 2070), "float32"), np.zeros((2, m, 2070), "float32")

    def epilogue(extra, e, row, col, value):
        place = row * 2070 + col
        e.store(extra, place, e.load(extra, place, "float32", value.width) + 1.0)
        e.store(extra, place + m * 2070, value)
        return value * 2.0 if stores else None

    product = Product(m, 2070, 50, row_major(m, 50), row_major(50, 2070), row_major(m, 2070))
    compiled(product, host_target(32), epilogue=epilogue, stores=stores)(a, b, c, seen, 3)
    assert (seen[0] == 1).all()
    np.testing.assert_allclose(seen[1], a.astype("float64") @ b, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(c, 2 * seen[1] if stores else 0 * c)


def conv_operands(x, kh, kw, stride):
    """The window view of an image batch (n, h, w, c) as an Operand (positions, window elements), and its array."""
    n, h, w, c = x.shape
    oh, ow = (h - kh) // stride + 1, (w - kw) // stride + 1
    steps = (h * w * c, w * c * stride, c * stride)
    rows = tuple(zip((n, oh, ow), steps))
    cols = tuple(zip((kh, kw, c), (w * c, c, 1)))
    view = np.lib.stride_tricks.as_strided(
        x, (n, oh, ow, kh, kw, c), [s * x.itemsize for s in (*steps, w * c, c, 1)]
    )
    return Operand(rows, cols), view.reshape(n * oh * ow, kh * kw * c)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("shape", [(2, 9, 8, 3), (1, 6, 6, 1), (3, 5, 7, 16)])
@pytest.mark.parametrize("filters", [4, 16, 33])
def test_convolution_as_a_product(shape, filters, stride):
    rng = np.random.default_rng(4)
    x = rng.standard_normal(shape).astype("float32")
    windows, array = conv_operands(x, 3, 3, stride)
    (m, k), n = array.shape, filters
    weights = rng.standard_normal((k, n)).astype("float32")
    out = np.zeros((m, n), "float32")
    product = Product(m, n, k, windows, row_major(k, n), row_major(m, n))
    compiled(product, host_target())(x, weights, out, out, 2)
    np.testing.assert_allclose(out, array.astype("float64") @ weights, rtol=1e-5, atol=1e-4)
    gradient = np.zeros((k, n), "float32")
    product = Product(k, n, m, windows.transposed, row_major(m, n), row_major(k, n))
    compiled(product, host_target())(x, out, gradient, out, 2)
    np.testing.assert_allclose(gradient, array.T.astype("float64") @ out, rtol=1e-5, atol=2e-3)
    other = np.zeros((n, k), "float32")  # the windows as B
    product = Product(n, k, m, row_major(m, n).transposed, windows, row_major(n, k))
    compiled(product, host_target())(out, x, other, out, 2)
    np.testing.assert_allclose(other, out.T.astype("float64") @ array, rtol=1e-5, atol=2e-3)


def test_few_windows_times_a_wide_matrix_do_not_stream():
    """Their rows, and the elements of each, do not lie at even distances."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((1, 4, 5, 3)).astype("float32")
    windows, array = conv_operands(x, 3, 3, 1)
    (m, k), n = array.shape, 140
    weights, out = rng.standard_normal((k, n)).astype("float32"), np.zeros((m, n), "float32")
    product = Product(m, n, k, windows, row_major(k, n), row_major(m, n))
    compiled(product, host_target(32))(x, weights, out, out, 2)
    np.testing.assert_allclose(out, array.astype("float64") @ weights, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("limit", [16, 32, 64])
@pytest.mark.parametrize("window", [(3, 3), (1, 5), (5, 2)], ids=str)
@pytest.mark.parametrize("channels, outputs", [(1, 4), (3, 3), (16, 2), (150, 4)])
@pytest.mark.parametrize("merged", [False, True])
def test_overlapping_windows_share_what_they_load(window, channels, outputs, limit, merged):
    """Tiles that slide along rows of 14 and 9 places, with blocks of k, an epilogue, and threads."""
    rng = np.random.default_rng(8)
    target = host_target(limit)
    kh, kw = window
    for places in (14, 9):
        x = rng.standard_normal((2, 6, places + kw - 1, channels)).astype("float32")
        windows, array = conv_operands(x, kh, kw, 1)
        if merged:
            (taps, apart), _, _ = windows.cols
            windows = replace(windows, cols=((taps, apart), (kw * channels, 1)))
        (m, k), n = array.shape, outputs
        weights = rng.standard_normal((k, n)).astype("float32")
        product = Product(m, n, k, windows, row_major(k, n), row_major(m, n))
        slide = choose_tiling(product, target).slide
        assert slide is not None and (slide.taps, slide.channels, slide.step) == (kw, channels, channels)
        step = compiled(product, target, epilogue=lambda extra, e, row, col, value: value * 2 + 1)
        results = []
        for num_threads in (1, 2, 5):
            out = np.zeros((m, n), "float32")
            step(x, weights, out, out, num_threads)
            results.append(out)
        wanted = 2 * (array.astype("float64") @ weights) + 1
        np.testing.assert_allclose(results[0], wanted, rtol=1e-5, atol=1e-5 * k)
        assert all((r == results[0]).all() for r in results)


def test_windows_that_do_not_overlap_by_whole_steps_do_not_slide():
    x = np.zeros((1, 9, 29, 4), "float32")
    for kw, stride in ((3, 2), (1, 1)):  # every other window; no neighbours
        windows, array = conv_operands(x, 3, kw, stride)
        (m, k), n = array.shape, 4
        assert (
            choose_tiling(Product(m, n, k, windows, row_major(k, n), row_major(m, n)), AVX512).slide is None
        )
    windows, array = conv_operands(x, 3, 3, 1)
    (m, k), n = array.shape, 17  # more than a vector of columns
    assert choose_tiling(Product(m, n, k, windows, row_major(k, n), row_major(m, n)), AVX512).slide is None


@pytest.mark.parametrize("limit", [16, 32, 64])
@pytest.mark.parametrize("taps, each", [(3, 32), (5, 24), (7, 12), (9, 5), (67, 16), (53, 32)])
def test_rows_of_b_in_runs(taps, each, limit):
    """Columns that are far apart, each of whole or broken vectors that lie side by side: packed by squares or not."""
    rng = np.random.default_rng(7)
    m, n, k = 60, 70, taps * each
    a = rng.standard_normal((m, k)).astype("float32")
    memory = rng.standard_normal((taps, n, each)).astype("float32")
    b = memory.transpose(0, 2, 1).reshape(k, n)
    out = np.zeros((m, n), "float32")
    runs = Operand(((taps, n * each), (each, 1)), ((n, each),))
    product = Product(m, n, k, row_major(m, k), runs, row_major(m, n))
    compiled(product, host_target(limit))(a, memory, out, out, 2)
    np.testing.assert_allclose(out, a.astype("float64") @ b, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("limit", [16, 32, 64])
@pytest.mark.parametrize("m", [3, 70])
def test_columns_of_b_in_runs(m, limit):
    """The gradient of several heads' weights: both the sums and the columns of B are counted by several axes."""
    rng = np.random.default_rng(9)
    kinds, images, heads, length, each = 3, 4, 2, 17, 32
    k, n = images * length, kinds * heads * each
    a = rng.standard_normal((k, m)).astype("float32")
    memory = rng.standard_normal((kinds, images, heads, length, each)).astype("float32")
    b = memory.transpose(1, 3, 0, 2, 4).reshape(k, n)
    block = heads * length * each
    operand = Operand(
        ((images, block), (length, each)), ((kinds, images * block), (heads, length * each), (each, 1))
    )
    out = np.zeros((m, n), "float32")
    product = Product(m, n, k, row_major(k, m).transposed, operand, row_major(m, n))
    target = host_target(limit)
    assert each % choose_tiling(product, target).cols == 0  # a panel's columns lie side by side
    compiled(product, target)(a, memory, out, out, 2)
    np.testing.assert_allclose(out, a.T.astype("float64") @ b, rtol=1e-5, atol=1e-3)


def test_packed_panels_as_operands():
    """B kept as panels of 16 columns, and C written into the window of a padded image."""
    rng = np.random.default_rng(5)
    m, n, k = 24, 44, 50
    a = rng.standard_normal((m, k)).astype("float32")
    b = rng.standard_normal((k, n)).astype("float32")
    panels = np.zeros((3, k, 16), "float32")
    panels.transpose(1, 0, 2)[:] = np.pad(b, ((0, 0), (0, 4))).reshape(k, 3, 16)
    image = np.zeros((2, 5, 6, n), "float32")  # positions (2, 3, 4) inside a border of one
    inside = Operand(((2, 5 * 6 * n), (3, 6 * n), (4, n)), ((n, 1),))
    product = Product(m, n, k, row_major(m, k), Operand(((k, 16),), ((3, 16 * k), (16, 1))), inside)
    compiled(product, host_target())(a, panels, image[0, 1, 1], image, 2)
    expected = np.zeros_like(image)
    expected[:, 1:4, 1:5] = (a @ b).reshape(2, 3, 4, n)
    np.testing.assert_allclose(image, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "m, n, k", [(50, 40, 30), (1, 20, 900), (13, 10, 900), (20, 1, 50), (6, 16, 0), (6, 9, 0)]
)
@pytest.mark.parametrize("run_time", ["", "mnk"])
def test_epilogue_sees_each_finished_element_once(m, n, k, run_time):
    rng = np.random.default_rng(6)
    a, b, bias = (rng.standard_normal(s).astype("float32") for s in ((m, k), (k, n), (n + m,)))
    out = np.zeros((m, n), "float32")

    def epilogue(extra, e, row, col, value):
        column = e.load(extra, col, "float32", value.width)
        return e.maximum(value + column, 0.0) + e.load(extra, row + n, "float32")

    product = Product(m, n, k, row_major(m, k), row_major(k, n), row_major(m, n))
    step = compiled(product, host_target(), run_time, epilogue)
    results = []
    for num_threads in (1, 3):
        step(a, b, out, bias, num_threads)
        results.append(out.copy())
    expected = np.maximum(a.astype("float64") @ b + bias[:n], 0) + bias[n:, None]
    np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)
    assert results[0].tobytes() == results[1].tobytes()


@pytest.mark.parametrize("fetches", [False, True])
@pytest.mark.parametrize("batch", [1, 3])
def test_epilogue_can_keep_the_product_out_of_memory(batch, fetches):
    rng = np.random.default_rng(7)
    m, n, k = 31, 43, 900
    a = rng.standard_normal((batch, k, m)).astype("float32")
    b = rng.standard_normal((batch, k, n)).astype("float32")
    weights = rng.standard_normal((batch * m, n)).astype("float32")
    expected = weights.reshape(batch, m, n) - 0.1 * (a.astype("float64").swapaxes(1, 2) @ b)

    def update(extra, e, row, col, value):
        place = e.at(extra, row * n + col, "float32")
        e.store(place, 0, e.load(place, 0, "float32", value.width) - value * 0.1)

    def near(extra, e, row, col, places):
        for place in places:
            e.prefetch(e.at(extra, row * n + col, "float32"), place, "float32", write=True)

    product = Product(
        m,
        n,
        k,
        row_major(k, m, batch).transposed,
        row_major(k, n, batch),
        row_major(m, n, batch),
        batch=batch,
    )
    step = compiled(product, host_target(), "", update, stores=False, near=near if fetches else None)
    step(a, b, weights, weights, 2)
    np.testing.assert_allclose(weights.reshape(batch, m, n), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("target", [AVX2, AVX512, NEON, SSE], ids=lambda t: t.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_other_targets_compile_without_spilling_the_tile(target, dtype):
    module = ir.Module()
    e = function(module, "step", ["ptr"] * 4, target)
    product = Product(
        840, 960, 512, row_major(512, 840).transposed, row_major(512, 960), row_major(840, 960), dtype
    )
    emit_product(e, product, *e.args)
    e.ret()
    tiling = choose_tiling(product, target)
    assert tiling.rows * tiling.vectors >= 8
    text = assembly(module, target)
    if target.has_fma:
        assert text.count("fmadd") + text.count("fmla") >= tiling.rows * tiling.vectors


def test_rows_side_by_side_need_one_address():
    """More rows than addresses fit in registers, and still no sum in memory; but not where the last may be missing."""
    module = ir.Module()
    e = function(module, "step", ["ptr"] * 4, AVX512)
    product = Product(784, 640, 100, row_major(100, 784).transposed, row_major(100, 640), row_major(784, 640))
    quick = replace(AVX512, cpu="znver5")  # whose loads cost nothing beside multiply-adds
    assert reads_of(product) == "side" and choose_tiling(product, quick).rows == 14
    assert choose_tiling(replace(product, k=50), quick).rows <= 10
    a, b, c, workspace = e.args
    emit_product(e, product, a, b, c, workspace, tiling=choose_tiling(product, quick))
    e.ret()
    assert not re.findall(r"vmov\S+\s+%zmm\d+, -?\d*\(%rsp\)", assembly(module, AVX512))
    rows = function(ir.Module(), "step", ["int64"], AVX512).args[0]
    assert reads_of(replace(product, m=rows, a=Operand(((rows, 1),), ((100, 784),)))) == "stride"
    assert reads_of(Product(9, 9, 9, row_major(9, 9), row_major(9, 9), row_major(9, 9))) == "stride"


def test_threads_share_out_the_larger_operand():
    def by_rows(m: int, n: int) -> bool:
        product = Product(m, n, 784, row_major(m, 784), row_major(784, n), row_major(m, n))
        return choose_tiling(product, AVX512).split_rows

    assert not by_rows(128, 512)  # each reads half of the weights, and all of the examples
    assert by_rows(1024, 512)
    assert by_rows(128, 192)  # too few panels to go round


def test_rows_are_shared_out_where_b_lies_in_panels():
    panels = Operand(((128, 32),), ((16, 32 * 128), (32, 1)))

    def by_rows(m: int) -> bool:
        return choose_tiling(
            Product(m, 512, 128, row_major(m, 128), panels, row_major(m, 512)), AVX512
        ).split_rows

    assert by_rows(128) and not by_rows(32)  # too few tiles of rows to go round


def test_tiles_have_fewer_loads_where_loads_cost():
    product = Product(2000, 640, 100, row_major(2000, 100), row_major(100, 640), row_major(2000, 640))
    tiles = [choose_tiling(product, replace(AVX512, cpu=cpu)) for cpu in ("znver5", "emeraldrapids")]
    few, fewer = ((t.rows + t.vectors) / (t.rows * t.vectors) for t in tiles)
    assert fewer < few


def test_several_arrays_pass_in_smaller_blocks():
    product = Product(8192, 640, 16, row_major(16, 8192).transposed, row_major(16, 640), row_major(8192, 640))
    one, two = (choose_tiling(replace(product, arrays=n), AVX512).block_tiles for n in (1, 2))
    assert one > two >= 1


def test_transposed_product_is_the_same_product():
    product = Product(3, 5, 7, row_major(3, 7), row_major(7, 5), row_major(3, 5))
    assert product.transposed.transposed == product
    assert (product.transposed.m, product.transposed.n) == (5, 3)


def test_row_major_batch_needs_known_sizes():
    rows = function(ir.Module(), "step", ["int64"], host_target()).args[0]
    with pytest.raises(TypeError, match="row_major: a batch needs int rows and cols"):
        row_major(rows, 3, batch=2)


@pytest.mark.parametrize("target", [AVX2, AVX512, NEON, SSE], ids=lambda t: t.name)
@pytest.mark.parametrize("n", [10, 64, 620, 784])
def test_tiles_for_rows_counted_at_run_time_are_those_of_many_rows(target, n):
    rows = function(ir.Module(), "step", ["int64"], target).args[0]

    def tile(m):
        a, c = Operand(((m, 784),), ((784, 1),)), Operand(((m, n),), ((n, 1),))
        chosen = choose_tiling(Product(m, n, 784, a, row_major(784, n), c), target)
        return chosen.rows, chosen.vectors

    assert tile(rows) == tile(2520)
