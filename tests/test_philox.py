"""Philox: known answers, compiled words equal to NumPy's in every bit, and the distributions made of them."""

import ctypes

import numpy as np
import pytest
from llvmlite import ir

from thalweg import philox
from thalweg.compile.llvm import assembly, compile_module
from thalweg.compile.loops import function
from thalweg.compile.philox import emit_bits, emit_normal, emit_truncated_normal, emit_uniform, pairs, unpair
from thalweg.compile.target import AVX2, AVX512, NEON, SSE, host_target
from thalweg.errors import ArgumentError, DTypeError

stats = pytest.importorskip("scipy.stats", reason="the tests of distributions need scipy")

# From the known-answer file of Random123: counter, key, result.
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
KEYS = [(0, 0, 0, 0), (7, 0, 2, 1), (0xFFFFFFFF,) * 4, (0xA4093822, 0x299F31D0, 0x13198A2E, 0x03707344)]
WIDTHS = sorted({host_target(limit).vector_bytes for limit in (16, 32, 64)})


def words_of(text):
    return np.array([int(word, 16) for word in text.split()], np.uint32)


def key_of(numbers):
    return np.array(numbers, np.uint32)


@pytest.mark.parametrize("counter, key, result", KNOWN)
def test_known_answers(counter, key, result):
    np.testing.assert_array_equal(philox.philox4x32(words_of(counter), words_of(key)), words_of(result))


def test_order_of_the_words():
    key = philox.make_key(2**40 + 5, step=9, stream=4)
    np.testing.assert_array_equal(key, [5, 2**8, 9, 4])
    words = philox.bits(key, 2**19 + 77)
    for i in (0, 15, 16, 63, 64, 1000, 2**19 + 76):
        block = i // 64 * 16 + i % 16
        answer = philox.philox4x32(np.array([block, 0, 9, 4], np.uint32), key[:2])
        assert words[i] == answer[i % 64 // 16]


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
def test_a_longer_stream_begins_with_the_shorter(count):
    key = philox.make_key(3)
    np.testing.assert_array_equal(philox.bits(key, count), philox.bits(key, 2000)[:count])
    for dtype in ("float32", "float64"):
        np.testing.assert_array_equal(
            philox.normal(key, count, dtype=dtype), philox.normal(key, 2000, dtype=dtype)[:count]
        )


# --- compiled -------------------------------------------------------------------------------------------------


def compiled(target, emit, dtype, per_group):
    """``fill(out, key, first, last)``: the groups [first, last) of the stream, as `emit` makes them."""
    code = compile_module(fill_module(target, emit, dtype, per_group), target)
    fill = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 2, ctypes.c_int64, ctypes.c_int64)(
        code.address("fill")
    )

    def call(key, first, last, keep=code):
        out = np.empty((last - first) * per_group, dtype)
        fill(out.ctypes.data, np.asarray(key, np.uint32).ctypes.data, first, last)
        return out

    return call


def fill_module(target, emit, dtype, per_group):
    module = ir.Module("fill")
    e = function(module, "fill", ["ptr", "ptr", "int64", "int64"], target)
    out, key, first, last = e.args
    words = [e.load(key, k, "uint32") for k in range(4)]
    with e.loop(first, last) as group:
        values = emit(e, words, group)
        assert sum(v.width for v in values) == per_group
        for k, value in enumerate(values):
            e.store(out, (group - first) * per_group + k * value.width, value, dtype)
    e.ret()
    return module


@pytest.fixture(params=WIDTHS)
def target(request):
    return host_target(request.param)


def test_compiled_words_are_numpys(target):
    fill = compiled(target, emit_bits, "uint32", 64)
    for key in KEYS:
        np.testing.assert_array_equal(fill(key, 0, 20), philox.bits(key_of(key), 20 * 64))


def test_compiled_words_beyond_32_bits_of_counter(target):
    fill = compiled(target, emit_bits, "uint32", 64)
    first = 2**28 - 1  # the block number passes 2**32 between the two groups
    for group, row in zip((first, first + 1), fill(KEYS[3], first, first + 2).reshape(2, 4, 16)):
        blocks = np.arange(group * 16, group * 16 + 16, dtype=np.uint64)
        counter = np.zeros((16, 4), np.uint32)
        counter[:, 0], counter[:, 1] = blocks & np.uint64(0xFFFFFFFF), blocks >> np.uint64(32)
        counter[:, 2:] = KEYS[3][2:]
        np.testing.assert_array_equal(row, philox.philox4x32(counter, key_of(KEYS[3])).T)


@pytest.mark.parametrize("dtype, per_group", [("float32", 64), ("float64", 32)])
def test_compiled_uniform_numbers_are_numpys(target, dtype, per_group):
    def emit(e, key, group):
        return emit_uniform(e, emit_bits(e, key, group), dtype)

    fill = compiled(target, emit, dtype, per_group)
    np.testing.assert_array_equal(
        fill(KEYS[1], 0, 30), philox.uniform(key_of(KEYS[1]), 30 * per_group, dtype=dtype)
    )


@pytest.mark.parametrize("dtype, per_group, tolerance", [("float32", 64, 1e-6), ("float64", 32, 4e-15)])
def test_compiled_normal_numbers_are_numpys_but_for_rounding(target, dtype, per_group, tolerance):
    def emit(e, key, group):
        return emit_normal(e, emit_uniform(e, emit_bits(e, key, group), dtype))

    def emit_truncated(e, key, group):
        return [emit_truncated_normal(e, u) for u in emit_uniform(e, emit_bits(e, key, group), dtype)]

    key, count = key_of(KEYS[1]), 200 * per_group
    for emit_one, meaning in ((emit, philox.normal), (emit_truncated, philox.truncated_normal)):
        filled = compiled(target, emit_one, dtype, per_group)(key, 0, 200)
        np.testing.assert_allclose(filled, meaning(key, count, dtype=dtype), rtol=tolerance, atol=tolerance)


def test_compiled_pairs_are_numpys(target):
    def emit(e, key, group):
        return unpair([(a - b, a ^ b) for a, b in pairs(emit_bits(e, key, group))])

    first, second = philox.pairs(philox.bits(key_of(KEYS[1]), 640))
    expected = np.stack([first - second, first ^ second]).reshape(2, -1, 16).swapaxes(0, 1).reshape(-1)
    np.testing.assert_array_equal(compiled(target, emit, "uint32", 64)(KEYS[1], 0, 10), expected)


PRODUCTS = [(AVX512, "vpmuludq"), (AVX2, "vpmuludq"), (SSE, "pmuludq"), (NEON, "umull")]


@pytest.mark.parametrize("other, product", PRODUCTS)
def test_products_are_one_instruction(other, product):
    text = assembly(fill_module(other, emit_bits, "uint32", 64), other)
    vectors = 64 // other.lanes("uint32") // 2  # of 64-bit lanes, for the 16 counters
    # Two products in each of ten rounds, but for three that are the same in every lane.
    assert vectors * 17 <= text.count(product) <= vectors * 20


# --- distributions --------------------------------------------------------------------------------------------


def kolmogorov(sample, distribution):
    """The probability of so poor a fit by chance; the keys are fixed, so a test passes always or never."""
    return stats.kstest(np.asarray(sample, np.float64), distribution).pvalue


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1])
def test_distributions(dtype, seed):
    key, n = philox.make_key(seed, step=5), 50_000
    assert kolmogorov(philox.uniform(key, n, dtype=dtype), "uniform") > 1e-3
    assert kolmogorov(philox.uniform(key, n, -3, 5, dtype), stats.uniform(-3, 8).cdf) > 1e-3
    assert kolmogorov(philox.normal(key, n, dtype=dtype), "norm") > 1e-3
    assert kolmogorov(philox.normal(key, n, 2, 0.5, dtype), stats.norm(2, 0.5).cdf) > 1e-3
    cut = philox.truncated_normal(key, n, dtype=dtype)
    assert kolmogorov(cut, stats.truncnorm(-2, 2).cdf) > 1e-3
    assert abs(cut).max() <= 2
    assert {
        a.dtype for a in (philox.uniform(key, n, dtype=dtype), philox.normal(key, n, 1, 2, dtype), cut)
    } == {np.dtype(dtype)}


@pytest.mark.parametrize("dtype, tolerance", [("float32", 5e-7), ("float64", 5e-15)])
def test_truncated_quantile(dtype, tolerance):
    special = pytest.importorskip("scipy.special")
    u = np.linspace(0, 1, 100_001).astype(dtype)[:-1]
    exact = np.sqrt(2) * special.erfinv((2 * u.astype(np.float64) - 1) * special.erf(np.sqrt(2)))
    np.testing.assert_allclose(philox.truncated_quantile(u), exact, rtol=tolerance, atol=tolerance)


def test_normal_pairs_are_independent():
    first, second = philox.pairs(philox.normal(philox.make_key(4), 64_000, dtype="float64"))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(len(first))
    assert abs(np.corrcoef(first**2, second**2)[0, 1]) < 4 / np.sqrt(len(first))


@pytest.mark.parametrize("extreme", [0, 0xFFFFFFFF])
def test_extreme_words_give_finite_numbers_in_range(extreme):
    words = np.full(64, extreme, np.uint32)
    for u in (philox.uniform_float32(words), philox.uniform_float64(words)):
        assert ((u >= 0) & (u < 1)).all()
        assert np.isfinite(philox.box_muller(u)).all()
        assert (abs(philox.truncated_quantile(u)) <= 2).all()


@pytest.mark.parametrize("low, high", [(0, 10), (-3, 4), (0, 1), (5, 5 + 2**16), (0, 1000)])
def test_small_integers(low, high):
    drawn = philox.integers(philox.make_key(2), (100, 1000), low, high)
    assert (drawn.min() >= low, drawn.max() < high, drawn.shape) == (True, True, (100, 1000))
    counts = np.bincount(drawn.reshape(-1) - low, minlength=high - low)
    assert high - low == 1 or high - low > 10_000 or stats.chisquare(counts).pvalue > 1e-3


@pytest.mark.parametrize("low, high", [(0, 2**16 + 1), (-(2**40), 2**40), (-(2**63), 2**63 - 1), (0, 2**32)])
def test_large_integers(low, high):
    key, n = philox.make_key(2), 16 * 313
    drawn = philox.integers(key, n, low, high)
    first, second = philox.pairs(philox.bits(key, 2 * n))
    exact = [low + (((int(a) << 32) + int(b)) * (high - low) >> 64) for a, b in zip(first, second)]
    assert drawn.tolist() == exact
    assert kolmogorov((drawn.astype(float) - low) / (high - low), "uniform") > 1e-3


def test_unsigned_and_narrow_integers():
    assert philox.integers(philox.make_key(1), 10_000, 0, 256, "uint8").max() == 255
    assert philox.integers(philox.make_key(1), 10_000, -128, 128, "int8").min() == -128
    assert philox.integers(philox.make_key(1), 1000, 2**63, 2**64 - 1, "uint64").min() >= 2**63


@pytest.mark.parametrize(
    "low, high, dtype", [(3, 3, "int64"), (5, 2, "int32"), (0, 257, "uint8"), (-1, 5, "uint32")]
)
def test_bad_integer_ranges_are_named(low, high, dtype):
    with pytest.raises(
        ArgumentError, match=f"random integers: low, high; expected low < high within {dtype}"
    ):
        philox.integers(philox.make_key(0), 3, low, high, dtype)


def test_bad_dtype_is_named():
    with pytest.raises(DTypeError, match="random: dtype; expected float32 or float64; received float16"):
        philox.uniform(philox.make_key(0), 3, dtype="float16")


def test_bernoulli():
    key, n = philox.make_key(6), 100_000
    for p in (0.0, 0.1, 0.5, 0.9, 1.0):
        drawn = philox.bernoulli(key, n, p)
        assert abs(drawn.mean() - p) <= 4 * np.sqrt(p * (1 - p) / n)
    assert philox.bernoulli(key, (2, 3), [0.0, 1.0, 1.0], "float32").tolist() == [[0, 1, 1], [0, 1, 1]]


def test_permutation():
    key = philox.make_key(8)
    assert philox.permutation(key, 0).tolist() == []
    order = philox.permutation(key, 1000)
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert abs(stats.spearmanr(order, np.arange(1000)).statistic) < 0.13
    firsts = [philox.permutation(philox.make_key(0, step=k), 6)[0] for k in range(1200)]
    assert stats.chisquare(np.bincount(firsts, minlength=6)).pvalue > 1e-3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_categorical(dtype):
    p = np.array([0.1, 0.0, 0.5, 0.4, 0.0], dtype)
    drawn = philox.categorical(philox.make_key(9), 3 * p, 50_000)
    counts = np.bincount(drawn, minlength=5)
    assert (counts[1], counts[4]) == (0, 0)
    assert stats.chisquare(counts[[0, 2, 3]], [5_000, 25_000, 20_000]).pvalue > 1e-3
    rows = np.array([[1.0, 0.0], [0.0, 2.0]], dtype)
    assert philox.categorical(philox.make_key(9), rows).tolist() == [0, 1]
    assert philox.categorical(philox.make_key(9), rows, (3, 2)).tolist() == [[0, 1]] * 3


def test_streams_are_unrelated():
    n = 20_000
    keys = [
        philox.make_key(seed, step, stream) for seed in (0, 1, 2**32) for step in (0, 1) for stream in (0, 1)
    ]
    table = np.corrcoef([philox.uniform(key, n) for key in keys])
    assert abs(table - np.eye(len(keys))).max() < 5 / np.sqrt(n)
    u = philox.uniform(keys[0], n) - 0.5
    for lag in (1, 2, 15, 16, 17, 32, 64):
        assert abs(np.mean(u[lag:] * u[:-lag]) * 12) < 5 / np.sqrt(n)


def test_bits_are_balanced():
    words = philox.bits(philox.make_key(10), 2**16)
    ones = np.unpackbits(words.view(np.uint8)).reshape(-1, 32).mean(axis=0)
    assert abs(ones - 0.5).max() < 4.5 * 0.5 / np.sqrt(len(words))
