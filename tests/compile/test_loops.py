"""The loop language against NumPy: every operation over the awkward values of every dtype."""

import numpy as np
import pytest

from compile.kernels import elementwise, emitter, run
from thalweg.compile.llvm import compile_module
from thalweg.compile.target import host_target

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
FLOATS = ["float32", "float64"]


@pytest.fixture(autouse=True)
def quiet_numpy():
    with np.errstate(all="ignore"):
        yield


def awkward(dtype):
    """The values at which arithmetic goes wrong."""
    if dtype == "bool":
        return np.array([True, False])
    if "int" in dtype:
        info = np.iinfo(dtype)
        near = [info.min, info.min + 1, -7, -3, -2, -1, 0, 1, 2, 3, 5, 7, 8, 31, 100, info.max - 1, info.max]
        return np.array([v for v in near if info.min <= v <= info.max], dtype)
    tiny, big = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
    finite = [0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 7.0, 0.1, 1e10, tiny, big, np.inf]
    return np.array([s * v for v in finite for s in (1, -1)] + [np.nan], dtype)


def pairs(dtype, other=None):
    a, b = np.meshgrid(awkward(dtype), awkward(other or dtype))
    return a.ravel(), b.ravel()


def same(got, expected):
    """Equal to the bit, save that any NaN is a NaN."""
    assert got.dtype == expected.dtype
    np.testing.assert_array_equal(got, expected)
    if got.dtype.kind == "f":
        number = ~np.isnan(got)
        np.testing.assert_array_equal(np.signbit(got[number]), np.signbit(expected[number]))


BINARY = {
    "add": (lambda a, b: a + b, np.add),
    "sub": (lambda a, b: a - b, np.subtract),
    "mul": (lambda a, b: a * b, np.multiply),
    "min": (lambda a, b: a.e.minimum(a, b), np.minimum),
    "max": (lambda a, b: a.e.maximum(a, b), np.maximum),
    "fmod": (lambda a, b: a.e.fmod(a, b), np.fmod),
    "floor_divide": (lambda a, b: a.e.floor_divide(a, b), np.floor_divide),
    "remainder": (lambda a, b: a.e.remainder(a, b), np.remainder),
}


@pytest.mark.parametrize("op", BINARY)
@pytest.mark.parametrize("dtype", INTS + FLOATS)
def test_binary(op, dtype):
    body, reference = BINARY[op]
    a, b = pairs(dtype)
    got, expected = elementwise(body, [dtype] * 2, dtype)(a, b), reference(a, b)
    if op in ("min", "max"):  # which of -0.0 and 0.0 is the smaller is left open, as in NumPy
        np.testing.assert_array_equal(got, expected)
    else:
        same(got, expected)


@pytest.mark.parametrize("dtype", INTS + FLOATS)
def test_true_division(dtype):
    out = dtype if "float" in dtype else "float64"
    a, b = pairs(dtype)
    expected = np.true_divide(a.astype(out), b.astype(out))
    same(elementwise(lambda a, b: a / b, [dtype] * 2, out)(a, b), expected)


@pytest.mark.parametrize("dtype", INTS)
def test_integer_bits(dtype):
    a, b = pairs(dtype)
    for body, reference in [
        (lambda a, b: a & b, np.bitwise_and),
        (lambda a, b: a | b, np.bitwise_or),
        (lambda a, b: a ^ b, np.bitwise_xor),
        (lambda a, b: a.e.shift_left(a, b), np.left_shift),
        (lambda a, b: a.e.shift_right(a, b), np.right_shift),
    ]:
        same(elementwise(body, [dtype] * 2, dtype)(a, b), reference(a, b))
    same(elementwise(lambda a: ~a, [dtype], dtype)(a), ~a)
    same(elementwise(lambda a: a.e.shift_right(a, 3), [dtype], dtype)(a), a >> 3)


@pytest.mark.parametrize("dtype", INTS)
def test_trunc_divide(dtype):
    a, b = pairs(dtype)
    got = elementwise(lambda a, b: a.e.trunc_divide(a, b), [dtype] * 2, dtype)(a, b)
    info = np.iinfo(dtype)
    expected = [
        0 if y == 0 else abs(x) // abs(y) * (-1 if (x < 0) != (y < 0) else 1)
        for x, y in zip(a.tolist(), b.tolist())
    ]
    wrapped = [v - 2**info.bits if v > info.max else v for v in expected]
    same(got, np.array(wrapped, dtype))


@pytest.mark.parametrize("dtype", INTS)
def test_integer_power(dtype):
    a, b = pairs(dtype)
    a, b = a[b >= 0], b[b >= 0]
    same(elementwise(lambda a, b: a.e.integer_power(a, b), [dtype] * 2, dtype)(a, b), np.power(a, b))
    if dtype.startswith("int"):
        a = np.array([1, -1, -1, 2, -2, 0], dtype)
        b = np.array([-3, -3, -2, -1, -2, -1], dtype)
        got = elementwise(lambda a, b: a.e.integer_power(a, b), [dtype] * 2, dtype)(a, b)
        same(got, np.array([1, -1, 1, 0, 0, 0], dtype))


def test_power_by_squaring():
    x = np.array([-2.0, 0.5, 3.0])
    for n in (0, 1, 2, 5, 10, -3):
        got = elementwise(lambda v, n=n: v.e.power_by_squaring(v, n), ["float64"], "float64")(x)
        np.testing.assert_allclose(got, x**n, rtol=1e-15)


@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS])
def test_comparisons(dtype):
    a, b = pairs(dtype)
    for body, reference in [
        (lambda a, b: a < b, np.less),
        (lambda a, b: a <= b, np.less_equal),
        (lambda a, b: a > b, np.greater),
        (lambda a, b: a >= b, np.greater_equal),
        (lambda a, b: a.eq(b), np.equal),
        (lambda a, b: a.ne(b), np.not_equal),
    ]:
        same(elementwise(body, [dtype] * 2, "bool")(a, b), reference(a, b))


def test_bools():
    a, b = pairs("bool")
    same(elementwise(lambda a, b: (a & b) | ~a, ["bool"] * 2, "bool")(a, b), (a & b) | ~a)
    same(elementwise(lambda a: a.astype("float32"), ["bool"], "float32")(a), a.astype("float32"))


UNARY = {"neg": (lambda v: -v, np.negative), "abs": (lambda v: v.e.abs(v), np.abs)}
FLOAT_UNARY = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint, "sqrt": np.sqrt}


@pytest.mark.parametrize("dtype", INTS + FLOATS)
def test_unary(dtype):
    x = awkward(dtype)
    for body, reference in UNARY.values():
        same(elementwise(body, [dtype], dtype)(x), reference(x))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("width", [1, 4])
def test_float_unary(dtype, width):
    x = awkward(dtype)
    for name, reference in FLOAT_UNARY.items():
        body = lambda v, name=name: getattr(v.e, name)(v)
        same(elementwise(body, [dtype], dtype, width)(x), reference(x))
        same(elementwise(body, [dtype], dtype, width, host_target(16))(x), reference(x))
    for name in ("isnan", "isinf", "signbit"):
        body = lambda v, name=name: getattr(v.e, name)(v)
        same(elementwise(body, [dtype], "bool", width)(x), getattr(np, name)(x))
    a, b = pairs(dtype)
    same(elementwise(lambda a, b: a.e.copysign(a, b), [dtype] * 2, dtype, width)(a, b), np.copysign(a, b))


def test_fma_rounds_once():
    a = np.array([1 + 2.0**-30, 3.0])
    got = elementwise(lambda a: a.e.fma(a, a, -(a * a)), ["float64"], "float64")(a)
    np.testing.assert_array_equal(got, [2.0**-60, 0.0])


@pytest.mark.parametrize("source", ["bool", *INTS, *FLOATS])
@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS])
def test_casts(source, dtype):
    x = awkward(source)
    expected = x.astype(dtype)
    if source in FLOATS and dtype in INTS:  # ours saturate, and NaN gives 0
        info = np.iinfo(dtype)
        exact = [
            0 if v != v else info.max if v >= info.max else max(info.min, int(v)) if v > -np.inf else info.min
            for v in x.tolist()
        ]
        expected = np.array(exact, dtype)
    same(elementwise(lambda v: v.astype(dtype), [source], dtype)(x), expected)


ALL_HALVES = np.arange(65536, dtype=np.uint16)


@pytest.mark.parametrize("limit", [None, 16])
def test_float16_memory(limit):
    target = host_target(limit)
    halves = ALL_HALVES.view(np.float16)
    same(elementwise(lambda v: v, ["float16"], "float32", target=target)(halves), halves.astype(np.float32))
    same(elementwise(lambda v: v, ["float16"], "float16", target=target)(halves), halves)
    for source in FLOATS:
        middles = (halves[:-1].astype(source) + halves[1:].astype(source)) / 2  # exact ties
        x = np.concatenate(
            [middles, np.nextafter(middles, 0), np.nextafter(middles, np.inf), awkward(source)]
        )
        store = elementwise(lambda v: v, [source], "float16", target=target)
        same(store(x.astype(source)), x.astype(source).astype(np.float16))


def to_bfloat16(x):
    """Round a float64 array to bfloat16 bits by exact integer arithmetic on its own bits."""
    y = x.astype(np.float32)
    bits = y.view(np.uint32).astype(np.int64)
    back = y.astype(np.float64)
    low = bits & 0xFFFF
    # compare the exact value with the middle, since y itself has been rounded
    beyond = np.where(np.abs(x) > np.abs(back), 1, np.where(np.abs(x) < np.abs(back), -1, 0))
    up = (low > 0x8000) | ((low == 0x8000) & ((beyond > 0) | ((beyond == 0) & ((bits >> 16) & 1 == 1))))
    return ((bits >> 16) + up).astype(np.uint16)


def test_bfloat16_memory():
    bits = ALL_HALVES
    wide = (bits.astype(np.uint32) << 16).view(np.float32)
    same(elementwise(lambda v: v, ["bfloat16"], "float32")(bits), wide)
    finite = wide[np.isfinite(wide)].astype(np.float64)
    x = np.concatenate([finite, finite * (1 + 2.0**-8), finite * (1 + 2.0**-8 + 2.0**-40), finite * 1.7])
    x = x[np.abs(x) < 3e38]
    same(elementwise(lambda v: v, ["float64"], "bfloat16")(x), to_bfloat16(x))
    single = x.astype(np.float32)
    same(elementwise(lambda v: v, ["float32"], "bfloat16")(single), to_bfloat16(single.astype(np.float64)))
    stored = elementwise(lambda v: v, ["float32"], "bfloat16")(
        np.array([np.nan, np.inf, -np.inf], np.float32)
    )
    assert (stored[0] & 0x7FFF) > 0x7F80 and stored[1] == 0x7F80 and stored[2] == 0xFF80
    rounded = elementwise(lambda v: v.astype("bfloat16"), ["float32"], "float32")(
        np.array([1.001], np.float32)
    )
    assert rounded[0] == 1.0


def test_bitcast_and_mulhi():
    x = awkward("float32")
    same(elementwise(lambda v: v.e.bitcast(v, "uint32"), ["float32"], "uint32")(x), x.view(np.uint32))
    a, b = pairs("uint32")
    wide = a.astype(np.uint64) * b.astype(np.uint64)
    high = elementwise(lambda a, b: a.e.mulhi(a, b)[0], ["uint32"] * 2, "uint32")(a, b)
    low = elementwise(lambda a, b: a.e.mulhi(a, b)[1], ["uint32"] * 2, "uint32")(a, b)
    same(high, (wide >> np.uint64(32)).astype(np.uint32))
    same(low, wide.astype(np.uint32))


def test_python_numbers_and_scalars_spread():
    x = np.arange(10, dtype=np.float32)

    def body(v):
        one = v.e.const(1, "float32")
        return 2 - v * 3 + one / (v + 1)

    same(elementwise(body, ["float32"], "float32", 1)(x), 2 - x * 3 + 1 / (x + 1))
    same(elementwise(body, ["float32"], "float32", 8)(x)[0:1], np.array([3], np.float32))
    with pytest.raises(TypeError, match="expected float32, received int32"):
        elementwise(lambda v: v + v.astype("int32"), ["float32"], "float32")


def test_loops_nest_and_carry_variables():
    module, e = emitter(["ptr", "int64", "int64"])
    out, rows, columns = e.args
    with e.loop(0, rows, name="row") as i:
        total = e.var(e.const(0, "int64"))
        with e.loop(columns - 1, -1, -1, name="column") as j, e.when((i + j).ne(3)):
            total.set(total.get() * 10 + j)
        e.store(out, i, total.get())
    e.ret()
    text = str(module)
    assert "row.body" in text and "column.body" in text
    out_array = np.zeros(3, np.int64)
    run(compile_module(module), "kernel", out_array, 3, 4)
    # the digits 3, 2, 1, 0 without the one that row + digit = 3 leaves out
    assert out_array.tolist() == [210, 310, 320]


def test_empty_loop_and_step_value():
    module, e = emitter(["ptr", "int64", "int64"])
    out, n, step = e.args
    with e.loop(0, n, step) as i:
        e.store(out, i, e.load(out, i, "int32") + 1)
    with e.loop(5, 5) as i:
        e.store(out, i, e.const(99, "int32"))
    e.ret()
    x = np.zeros(7, np.int32)
    code = compile_module(module)
    run(code, "kernel", x, 7, 3)
    run(code, "kernel", x, 0, 1)
    assert x.tolist() == [1, 0, 0, 1, 0, 0, 1]


def test_either():
    module, e = emitter(["ptr"])
    with e.either(e.load(e.args[0], 0, "int32") > 0) as (yes, no):
        with yes:
            e.store(e.args[0], 1, e.const(1, "int32"))
        with no:
            e.store(e.args[0], 1, e.const(2, "int32"))
    e.ret()
    code = compile_module(module)
    for first, second in ((5, 1), (-5, 2)):
        x = np.array([first, 0], np.int32)
        run(code, "kernel", x)
        assert x[1] == second


@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "float16", "float32", "float64"])
@pytest.mark.parametrize("stride", [0, 1, 3, -2])
def test_strided_memory(dtype, stride):
    module, e = emitter(["ptr", "ptr", "int64", "ptr", "int64"])
    source, out, start, spread, runtime = e.args
    e.store(out, 0, e.load_strided(source, start, stride, dtype, 4), dtype)
    e.store(out, 4, e.load_strided(source, start, runtime, dtype, 4), dtype)
    mask = e.iota("int32", 4).ne(2)
    e.store(out, 8, e.load_strided(source, start, stride, dtype, 4, mask), dtype)
    e.store_strided(spread, start, stride, e.load(out, 0, dtype, 4), dtype, mask)
    e.ret()
    x = (np.arange(32) % 5).astype(dtype)
    result, scattered = np.zeros(12, dtype), np.zeros(32, dtype)
    run(compile_module(module), "kernel", x, result, 10, scattered, stride)
    expected = x[10 + stride * np.arange(4)]
    same(result[:4], expected)
    same(result[4:8], expected)
    same(result[8:], np.where([True, True, False, True], expected, np.zeros(4, dtype)))
    by_hand = np.zeros(32, dtype)
    for k in (0, 1, 3):
        by_hand[10 + stride * k] = expected[k]
    same(scattered, by_hand)


@pytest.mark.parametrize("limit", [16, 32, 64])
@pytest.mark.parametrize(("wide", "narrow"), [("int64", "int32"), ("int32", "int8"), ("float32", "bfloat16")])
def test_masked_stores_of_narrowed_values_write_no_further(wide, narrow, limit):
    """LLVM knows the mask here, down to a single lane."""
    for width, count in ((4, 1), (8, 1), (8, 3), (16, 1)):
        target = host_target(limit)
        module, e = emitter(["ptr", "ptr"], target)
        value = e.load(e.args[0], 0, wide, width)
        value = value if narrow == "bfloat16" else value.astype(narrow)
        e.store_masked(e.args[1], 0, value, e.tail_mask(0, count, width), narrow)
        e.ret()
        out = np.full(width, 7, {"bfloat16": "int16"}.get(narrow, narrow))
        run(compile_module(module, target), "kernel", np.ones(width, wide), out)
        assert (out[:count] != 7).all()
        assert (out[count:] == 7).all()


def test_gather_and_scatter():
    module, e = emitter(["ptr", "ptr", "ptr"])
    where = e.load(e.args[1], 0, "int32", 4)
    e.store_scatter(e.args[2], where, e.load_gather(e.args[0], where, "float32") * 2)
    e.ret()
    x, index, out = np.arange(9, dtype=np.float32), np.array([8, 0, 3, 5], np.int32), np.zeros(9, np.float32)
    run(compile_module(module), "kernel", x, index, out)
    assert out.tolist() == [0, 0, 0, 6, 0, 10, 0, 0, 16]


@pytest.mark.parametrize("width", [1, 2, 3, 8, 16])
def test_reduce_is_a_fixed_tree(width):
    x = np.random.default_rng(0).standard_normal(width).astype(np.float32)
    module, e = emitter(["ptr", "ptr"])
    v = e.load(e.args[0], 0, "float32", width)
    for k, op in enumerate(("add", "mul", "max", "min")):
        e.store(e.args[1], k, e.reduce(v, op))
    e.store(e.args[1], 4, e.reduce(v > 0, "and").astype("float32"))
    e.store(e.args[1], 5, e.reduce(v > 0, "or").astype("float32"))
    e.ret()
    out = np.zeros(6, np.float32)
    run(compile_module(module), "kernel", x, out)
    tree = x
    while len(tree) > 1:
        half, odd = len(tree) // 2, len(tree) % 2
        folded = tree[:half] + tree[half : 2 * half]
        folded[0] += tree[-1] if odd else np.float32(0)
        tree = folded
    assert out[0] == tree[0]
    np.testing.assert_allclose(out[1], np.prod(x), rtol=1e-5)
    assert out[2:].tolist() == [x.max(), x.min(), float((x > 0).all()), float((x > 0).any())]


def test_lanes():
    module, e = emitter(["ptr", "ptr"])
    v = e.load(e.args[0], 0, "int32", 4)
    e.store(e.args[1], 0, e.shuffle(v, [3, 2, 1, 0]))
    e.store(e.args[1], 4, e.insert(v, 99, 1) + e.iota("int32", 4))
    e.store(e.args[1], 8, e.extract(v, 2))
    e.store(e.args[1], 9, e.gather_lanes([e.extract(v, e.const(k, "int32")) for k in (1, 3)]))
    e.store(e.args[1], 11, e.shuffle(v, [0, 5], v))
    e.ret()
    out = np.zeros(13, np.int32)
    run(compile_module(module), "kernel", np.array([10, 20, 30, 40], np.int32), out)
    assert out.tolist() == [40, 30, 20, 10, 10, 100, 32, 43, 30, 20, 40, 10, 20]


def test_stack_buffer_and_invariant_load():
    module, e = emitter(["ptr", "ptr"])
    room = e.buffer("float32", 8)
    e.store(room, 0, e.load(e.args[0], 0, "float32", 8, invariant=True) * 2, align=32)
    e.prefetch(e.args[0], 16, "float32")
    with e.loop(0, 8) as i:
        e.store(e.args[1], 7 - i, e.load(room, i, "float32"))
    e.ret()
    x, out = np.arange(8, dtype=np.float32), np.zeros(8, np.float32)
    run(compile_module(module), "kernel", x, out)
    assert out.tolist() == [14, 12, 10, 8, 6, 4, 2, 0]


def test_products_and_sums_contract_only_where_allowed():
    a = np.array([1 + 2.0**-30] * 4)

    def exact(v):
        with v.e.exactly():
            return v * v - 1.0

    same(elementwise(exact, ["float64"], "float64")(a), a * a - 1.0)
    fused = elementwise(lambda v: v * v - 1.0, ["float64"], "float64")(a)
    assert host_target().has_fma == (fused[0] != (a * a - 1.0)[0])
