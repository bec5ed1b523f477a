"""Accuracy of the vector functions, in units in the last place, over random bit patterns and every special value."""

import math

import numpy as np
import pytest

from compile.kernels import elementwise
from thalweg.compile import special, vecmath
from thalweg.compile.target import host_target

LIMIT = {"float32": 2.0, "float64": 4.0}
extended = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="no longer float to compare float64 with"
)


@pytest.fixture(autouse=True)
def quiet_numpy():
    with np.errstate(all="ignore"):
        yield


def each(fn):
    """A function of Python floats applied to every element in float64."""
    return lambda x: np.array([fn(v) for v in x.astype(np.float64).tolist()], np.float64).astype(x.dtype)


def sigmoid(x):
    return np.where(x < 0, np.exp(-np.abs(x)), 1) / (1 + np.exp(-np.abs(x)))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


# fmt: off
REFERENCE = {
    "exp": np.exp, "expm1": np.expm1, "exp2": np.exp2, "log": np.log, "log1p": np.log1p, "log2": np.log2,
    "log10": np.log10, "tanh": np.tanh, "sigmoid": sigmoid, "softplus": softplus, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh,
    "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh, "erf": each(math.erf), "erfc": each(math.erfc),
    "rsqrt": lambda x: 1 / np.sqrt(x)}
# fmt: on


def specials(dtype):
    info = np.finfo(dtype)
    positive = [
        0.0,
        1.0,
        0.5,
        2.0,
        3.0,
        88.7,
        104.0,
        709.8,
        1e-3,
        1e5,
        1e10,
        np.inf,
        info.tiny,
        info.max,
        info.smallest_subnormal,
        info.tiny / 4,
        math.pi,
        math.pi / 2,
        np.nextafter(dtype(1), dtype(0)),
    ]
    return np.array([s * v for v in positive for s in (1.0, -1.0)] + [np.nan], dtype)


def sample(dtype, count, seed=0):
    """Half from the whole of the bit patterns, half of everyday sizes, and the special values."""
    rng = np.random.default_rng(seed)
    bits = np.frombuffer(rng.bytes(count // 2 * np.dtype(dtype).itemsize), dtype)
    usual = rng.standard_normal(count // 2) * rng.choice([0.1, 1.0, 10.0, 100.0], count // 2)
    quiet = np.where(np.isnan(bits), dtype(np.nan), bits)  # C libraries differ on signalling NaNs
    return np.concatenate([quiet, usual.astype(dtype), specials(dtype)])


def ulps(got, exact):
    """The distance to a reference of higher precision; infinite where NaN, an infinity or a zero's sign differs."""
    nearest = exact.astype(got.dtype)
    spacing = np.spacing(np.abs(nearest)).astype(exact.dtype)
    distance = np.abs(got.astype(exact.dtype) - exact) / spacing
    plain = np.isfinite(nearest) & np.isfinite(got)
    alike = (got == nearest) | (np.isnan(got) & np.isnan(nearest))
    # a result that rounds to infinity may stay the largest finite number, and the other way about
    edge = (np.abs(got) == np.finfo(got.dtype).max) | (np.abs(nearest) == np.finfo(got.dtype).max)
    distance = np.where(plain, distance, np.where(alike | edge, 0, np.inf))
    signs = (exact == 0) & (got == 0) & (np.signbit(got) != np.signbit(exact))
    return np.where(signs, np.inf, distance)


def check(name, x, got, exact):
    distance = ulps(got, exact)
    worst = int(np.argmax(distance))
    assert distance[worst] <= LIMIT[str(got.dtype)], (
        f"{name}({x[worst]!r}) = {got[worst]!r}, expected {exact[worst]!r}: {distance[worst]:.2f} ulp"
    )


def function_of(name):
    """The vector function of that name, in whichever room it is."""
    return getattr(vecmath, name, None) or getattr(special, name)


@pytest.mark.parametrize("name", REFERENCE)
def test_float32(name):
    x = sample(np.float32, 1 << (18 if name.startswith("erf") else 20))
    compiled = elementwise(function_of(name), ["float32"], "float32")
    check(name, x, compiled(x), REFERENCE[name](x.astype(np.float64)))


@extended
@pytest.mark.parametrize("name", REFERENCE)
def test_float64(name):
    x = sample(np.float64, 1 << 16)
    compiled = elementwise(function_of(name), ["float64"], "float64")
    check(name, x, compiled(x), REFERENCE[name](x.astype(np.longdouble)))


@pytest.mark.parametrize("name", REFERENCE)
def test_machine_without_fused_multiply_add(name):
    x = sample(np.float32, 1 << 15, seed=1)
    compiled = elementwise(function_of(name), ["float32"], "float32", target=host_target(16))
    check(name, x, compiled(x), REFERENCE[name](x.astype(np.float64)))


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sin", "erf"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_scalars_equal_vectors(name, dtype):
    x = sample(np.dtype(dtype).type, 4096, seed=2)
    one = elementwise(function_of(name), [dtype], dtype, width=1)(x)
    many = elementwise(function_of(name), [dtype], dtype)(x)
    np.testing.assert_array_equal(one, many)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exact_values(dtype):
    n = np.arange(-120, 120).astype(dtype)
    powers = np.exp2(n)
    np.testing.assert_array_equal(elementwise(vecmath.exp2, [dtype], dtype)(n), powers)
    np.testing.assert_array_equal(elementwise(vecmath.log2, [dtype], dtype)(powers), n)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["pow", "atan2"])
def test_two_arguments(name, dtype):
    reference = {"pow": np.power, "atan2": np.arctan2}[name]
    kind = np.dtype(dtype).type
    compiled = elementwise(function_of(name), [dtype] * 2, dtype)
    awkward = np.concatenate([specials(kind), np.array([-2, 2.5, -2.5, -3, 1e-40, 5], kind)])
    a, b = (v.ravel() for v in np.meshgrid(awkward, awkward))
    check(name, a, compiled(a, b), reference(a.astype(np.float64), b.astype(np.float64)))
    wide = {"float32": np.float64, "float64": np.longdouble}[dtype]
    x, y = sample(kind, 1 << 16, 3), sample(kind, 1 << 16, 4)
    y[::2] = np.rint(y[::2])
    x[1::2] = np.abs(x[1::2])
    check(name, x, compiled(x, y), reference(x.astype(wide), y.astype(wide)))


def test_erfinv_in_float32_is_that_of_float64():
    rng = np.random.default_rng(0)
    x = np.concatenate(
        [rng.uniform(-1, 1, 1 << 17), 1 - 10 ** -rng.uniform(0, 7.2, 1 << 16), 10 ** -rng.uniform(0, 30, 999)]
    )
    x = x.astype(np.float32)
    x = x[np.abs(x) < 1]
    exact = elementwise(special.erfinv, ["float64"], "float64")(x.astype(np.float64))
    check("erfinv", x, elementwise(special.erfinv, ["float32"], "float32")(x), exact)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_erfinv(dtype):
    y = np.linspace(-3.8, 3.8, 20001)
    x = each(math.erf)(y).astype(dtype)
    x = x[np.abs(x) < 1]
    got = elementwise(special.erfinv, [dtype], dtype)(x).astype(np.float64)
    # erf of the result must come back to x, within what an error of a few ulp in the result explains
    slope = 2 / math.sqrt(math.pi) * np.exp(-got * got)
    allowed = 4 * np.spacing(np.abs(got).astype(dtype)) * slope + 2 * np.spacing(np.abs(x.astype(np.float64)))
    assert np.all(np.abs(each(math.erf)(got) - x.astype(np.float64)) <= allowed)
    ends = np.array([0.0, -0.0, 1, -1, 1.5, np.nan, np.finfo(dtype).tiny], dtype)
    values = elementwise(special.erfinv, [dtype], dtype)(ends)
    expected = np.array(
        [0, 0, np.inf, -np.inf, np.nan, np.nan, np.finfo(dtype).tiny * math.sqrt(math.pi) / 2], dtype
    )
    np.testing.assert_array_equal(values[:6], expected[:6])
    np.testing.assert_allclose(values[6], expected[6], rtol=2 * np.finfo(dtype).eps)
    assert np.signbit(values[1])


@pytest.mark.parametrize("dtype, tolerance", [("float32", 3e-7), ("float64", 4e-15)])
def test_gamma_functions(dtype, tolerance):
    x = np.concatenate([np.arange(1, 40) * 0.37, np.arange(1, 40) * -0.37, [1e-5, 200.5, 1e6]]).astype(dtype)
    got = elementwise(special.lgamma, [dtype], dtype)(x)
    expected = np.array([math.lgamma(v) for v in x.tolist()])
    np.testing.assert_allclose(got, expected, rtol=2 * tolerance, atol=tolerance)
    psi = elementwise(special.digamma, [dtype], dtype)
    known = np.array([1, 0.5, 2, 10.0], dtype)
    euler = 0.5772156649015328606
    exact = [-euler, -euler - 2 * math.log(2), 1 - euler, 2.2517525890667211077]
    np.testing.assert_allclose(psi(known), exact, rtol=tolerance)
    # psi(x + 1) = psi(x) + 1/x, on both sides of zero, where float arithmetic on x is exact
    x = np.array([0.125, 0.75, 3.5, 12.25, -0.375, -2.5, -7.125], dtype)
    np.testing.assert_allclose(psi(x + 1), psi(x) + 1 / x, rtol=8 * tolerance, atol=8 * tolerance)
    poles = psi(np.array([0.0, -0.0, -1, -5, np.nan, np.inf], dtype))
    np.testing.assert_array_equal(poles, np.array([-np.inf, np.inf, np.nan, np.nan, np.nan, np.inf], dtype))


def test_lgamma_of_float32():
    rng = np.random.default_rng(0)
    near = [v + k * np.spacing(np.float32(v)) for v in (1, 2, 2.5, -0.5, -2.5) for k in range(-50, 50)]
    x = np.concatenate([rng.uniform(-20, 20, 1 << 16), 10 ** rng.uniform(-30, 30, 1 << 12), near]).astype(
        np.float32
    )
    expected = np.array([math.lgamma(v) if v > 0 or v != round(v) else math.inf for v in x.tolist()])
    check("lgamma", x, elementwise(special.lgamma, ["float32"], "float32")(x), expected)
    ends = np.array([np.inf, -np.inf, 0, -0.0, -3, np.nan], np.float32)
    values = elementwise(special.lgamma, ["float32"], "float32")(ends)
    np.testing.assert_array_equal(values, [np.inf, np.inf, np.inf, np.inf, np.inf, np.nan])


@pytest.mark.parametrize("dtype, tolerance", [("float32", 3e-7), ("float64", 4e-15)])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_polygamma(n, dtype, tolerance):
    compiled = elementwise(lambda x: special.polygamma(x, n), [dtype], dtype)
    zeta = {1: math.pi**2 / 6, 2: 1.2020569031595942854, 5: math.pi**6 / 945}[n]
    first = (-1) ** (n + 1) * math.factorial(n) * zeta
    np.testing.assert_allclose(compiled(np.array([1], dtype)), first, rtol=tolerance)
    # psi_n(x + 1) = psi_n(x) + (-1)^n n! / x^(n + 1), where float arithmetic on x is exact
    x = np.array([0.125, 0.75, 3.5, 12.25, -0.375, -2.5, -4.125], dtype)
    change = (-1) ** n * math.factorial(n) / x.astype(np.float64) ** (n + 1)
    left, right = compiled(x).astype(np.float64), compiled(x + 1).astype(np.float64)
    size = np.maximum(np.abs(left), np.abs(right))
    assert np.all(np.abs(left + change - right) <= 8 * tolerance * size)
    ends = compiled(np.array([0.0, -3, np.inf, np.nan], dtype))
    pole = np.inf * (-1) ** (n + 1)
    np.testing.assert_array_equal(ends, [pole, pole, 0, np.nan])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("lanes", [16, 64])
def test_fmod_is_exact(dtype, lanes):
    kind, rng = np.dtype(dtype).type, np.random.default_rng(0)
    x = np.concatenate([sample(kind, 1 << 14, 7), rng.integers(-99, 99, 5000), rng.normal(size=5000)]).astype(
        dtype
    )
    y = np.concatenate([sample(kind, 1 << 14, 8), rng.integers(-9, 9, 5000), rng.normal(size=5000)]).astype(
        dtype
    )
    a, b = (v.ravel() for v in np.meshgrid(specials(kind), specials(kind)))
    x, y = np.concatenate([x, a]), np.concatenate([y, b])
    got = elementwise(vecmath.float_fmod, [dtype] * 2, dtype, target=host_target(lanes))(x, y)
    np.testing.assert_array_equal(got, np.fmod(x, y))
    np.testing.assert_array_equal(np.signbit(got) & ~np.isnan(got), np.signbit(x) & ~np.isnan(got))


def test_other_dtypes_are_refused():
    with pytest.raises(TypeError, match="expected float32 or float64, received int32"):
        elementwise(vecmath.exp, ["int32"], "int32")
