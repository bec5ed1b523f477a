"""The edges of arithmetic: integers that divide by zero or overflow, shifts too far, casts out of range, NaN and inf.

Eager results are compared with Python's own integers. Compiled code runs in a child process, where a trap of the
processor would show as a signal and not end the tests.
"""

from __future__ import annotations

import functools
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ops import rows_elementwise, rows_special
from ops.harness import Row, can_compile
from thalweg.errors import ArgumentError, DTypeError, ShapeError
from thalweg.gradient import gradients
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Tensor, Variable, constant, placeholder
from thalweg.ops import elementwise as ew
from thalweg.ops.contract import tensordot, vecdot
from thalweg.ops.pool import max_pool
from thalweg.ops.state import identity
from thalweg.run.function import function

INTEGER_DTYPES = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOAT_DTYPES = ("float16", "float32", "float64")


def edges(dtype: str) -> np.ndarray:
    """Zero, ones, the ends of the range, their neighbours, the width of the type and a few small numbers."""
    info = np.iinfo(dtype)
    ends = {info.min, info.min + 1, info.max - 1, info.max}
    numbers = {0, 1, -1, 2, 3, -3, 7, info.bits - 1, info.bits, info.bits + 1} | ends
    return np.array(sorted(n for n in numbers if info.min <= n <= info.max), dtype)


def pairs(dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Every pair of edges."""
    x, y = np.meshgrid(edges(dtype), edges(dtype))
    return x.ravel(), y.ravel()


def _wrapped(value: int, dtype: str) -> int:
    info = np.iinfo(dtype)
    value &= (1 << info.bits) - 1
    return value - (1 << info.bits) if info.min < 0 and value >> (info.bits - 1) else value


def _power(x: int, y: int, bits: int) -> int:
    if y >= 0:
        return pow(x, y, 1 << bits)
    return 1 if x == 1 else (-1) ** (y % 2) if x == -1 else 0


# Exact results by Python's integers, before wrapping: (x, y, width of the type).
BINARY: dict[str, tuple[Any, Callable[[int, int, int], int]]] = {
    "add": (ew.add, lambda x, y, n: x + y),
    "subtract": (ew.subtract, lambda x, y, n: x - y),
    "multiply": (ew.multiply, lambda x, y, n: x * y),
    "floor_divide": (ew.floor_divide, lambda x, y, n: x // y if y else 0),
    "remainder": (ew.remainder, lambda x, y, n: x % y if y else 0),
    "fmod": (ew.fmod, lambda x, y, n: (abs(x) % abs(y)) * (-1 if x < 0 else 1) if y else 0),
    "pow": (ew.pow, _power),
    "bitwise_left_shift": (ew.bitwise_left_shift, lambda x, y, n: x << y if 0 <= y < n else 0),
    "bitwise_right_shift": (ew.bitwise_right_shift, lambda x, y, n: x >> (y if 0 <= y < n else n)),
    "maximum": (ew.maximum, lambda x, y, n: max(x, y)),
    "minimum": (ew.minimum, lambda x, y, n: min(x, y)),
    "bitwise_xor": (ew.bitwise_xor, lambda x, y, n: x ^ y),
}
UNARY: dict[str, tuple[Any, Callable[[int], int]]] = {
    "negative": (ew.negative, lambda x: -x),
    "abs": (ew.abs, abs),
    "square": (ew.square, lambda x: x * x),
    "sign": (ew.sign, lambda x: (x > 0) - (x < 0)),
    "bitwise_invert": (ew.bitwise_invert, lambda x: ~x),
    "floor": (ew.floor, lambda x: x),
}


@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_integer_pairs(name: str, dtype: str) -> None:
    op, exact = BINARY[name]
    x, y = pairs(dtype)
    bits = np.iinfo(dtype).bits
    wanted = [_wrapped(exact(int(a), int(b), bits), dtype) for a, b in zip(x, y, strict=True)]
    z = op(constant(x), constant(y))
    assert z.dtype.name == dtype
    assert z.tolist() == wanted


@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_integers(name: str, dtype: str) -> None:
    op, exact = UNARY[name]
    x = edges(dtype)
    assert op(constant(x)).tolist() == [_wrapped(exact(int(a)), dtype) for a in x]


def out_of_range(source: str) -> np.ndarray:
    """Numbers at, just inside and beyond the ends of every integer type, and the special ones."""
    ends = [float(s * 2**n) for n in (0, 7, 8, 15, 16, 31, 32, 63, 64) for s in (1, -1)]
    near = [e + d for e in ends for d in (-1.5, -1.0, -0.5, 0.5, 1.0)]
    numbers = [math.nan, math.inf, -math.inf, 0.0, -0.0, 0.99, -0.99, 6e4, 1e30, -1e30, *ends, *near]
    with np.errstate(over="ignore"):
        return np.array(numbers).astype(source)


@pytest.mark.parametrize("source", FLOAT_DTYPES)
@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
def test_float_to_integer_saturates(source: str, dtype: str) -> None:
    info = np.iinfo(dtype)

    def exact(value: float) -> int:
        if math.isnan(value):
            return 0
        if math.isinf(value):
            return int(info.max if value > 0 else info.min)
        return int(min(max(math.trunc(value), info.min), info.max))

    x = out_of_range(source)
    assert ew.astype(constant(x), dtype).tolist() == [exact(float(v)) for v in x]


# --- the same, compiled ---------------------------------------------------------------------------------------------

Case = tuple[str, Callable[..., Any], list[np.ndarray]]


def integer_cases() -> Iterator[Case]:
    """Everything above as (name, function, arrays)."""
    for dtype in INTEGER_DTYPES:
        x, y = pairs(dtype)
        yield from ((f"{name} {dtype}", op, [x, y]) for name, (op, _) in BINARY.items())
        yield from ((f"{name} {dtype}", op, [edges(dtype)]) for name, (op, _) in UNARY.items())
        for source in FLOAT_DTYPES:
            yield f"{source} to {dtype}", lambda x, dtype=dtype: ew.astype(x, dtype), [out_of_range(source)]
        for other in INTEGER_DTYPES:
            yield f"{dtype} to {other}", lambda x, other=other: ew.astype(x, other), [edges(dtype)]
        for divisor in (0, 1, -1, 3):  # divisors known when compiling
            if np.iinfo(dtype).min < 0 or divisor >= 0:
                for op in (ew.floor_divide, ew.remainder, ew.fmod):
                    yield (
                        f"{op.name} by {divisor} {dtype}",
                        lambda x, op=op, d=divisor: op(x, d),
                        [edges(dtype)],
                    )


NUMBERS = (0.0, -0.0, 0.5, 1.0, -1.0, 2.5, -2.5, 3.0, 1e-30, 1e30, -1e30, np.inf, -np.inf, np.nan)
# A huge argument of a circular function keeps no digit in float32; these are compared elsewhere.
_HUGE = {"sin", "cos", "tan"}


def special_cases() -> Iterator[tuple[Row, Case]]:
    """Every elementwise row, and its gradient by each input, on every pair of special numbers."""
    for row in (*rows_elementwise.ROWS, *rows_special.ROWS):
        count = len(row.inputs[0])
        for dtype in ("float32", "float64"):
            if dtype not in row.dtypes or row.make is not None or count > 2:
                continue
            numbers = [n for n in NUMBERS if not (row.name in _HUGE and 1e9 < abs(n) < np.inf)]
            grid = [g.ravel().astype(dtype) for g in np.meshgrid(*[np.array(numbers)] * count)]
            yield row, (f"{row.name} {dtype}", lambda *xs, row=row: row.fn(*xs, **row.attrs), grid)
            for k in range(count if row.order else 0):
                yield row, (f"gradient {k} of {row.name} {dtype}", functools.partial(_gradient, row, k), grid)


def _gradient(row: Row, k: int, *xs: Tensor) -> Tensor:
    leaves = [identity(x) if x.value is None else Variable(x.array(), dtype=x.dtype).read() for x in xs]
    return gradients(row.fn(*leaves, **row.attrs), leaves[k], unconnected="zero")


def compiled(cases: list[Case]) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, compiled result and eager result of each case; all in one program."""

    places: list[Tensor] = []
    outputs: list[Tensor] = []
    feeds: list[np.ndarray] = []
    for _, fn, arrays in cases:
        inputs: list[Tensor] = [placeholder(a.dtype, a.shape) for a in arrays]
        places, feeds = places + inputs, feeds + arrays
        outputs.append(fn(*inputs))
    results = function(places, outputs)(*feeds)
    for (name, fn, arrays), result in zip(cases, results, strict=True):
        yield name, np.asarray(result), fn(*[constant(a) for a in arrays]).array()


def main() -> None:
    """What the child does: exits with a report of every integer case that differs."""
    wrong = [name for name, got, wanted in compiled(list(integer_cases())) if not np.array_equal(got, wanted)]
    if wrong:
        raise SystemExit("\n".join(wrong))


@pytest.mark.skipif(not can_compile(), reason="this build has no compiled functions")
def test_integer_edges_compiled_neither_trap_nor_differ() -> None:
    root = Path(__file__).parent.parent.parent
    child = subprocess.run(
        [sys.executable, "-c", "from ops.test_edges import main; main()"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root / "tests")])},
        capture_output=True,
        text=True,
        check=False,
    )
    if child.returncode < 0:
        pytest.fail(f"compiled integer code ended by {signal.Signals(-child.returncode).name}")
    assert child.returncode == 0, child.stderr


@pytest.mark.skipif(not can_compile(), reason="this build has no compiled functions")
def test_special_numbers_compiled_equal_eager() -> None:
    """The same NaN, the same infinities, the same numbers."""
    rows = list(special_cases())
    wrong = []
    for (row, _), (name, got, wanted) in zip(rows, compiled([case for _, case in rows]), strict=True):
        rtol = max(row.rtol or 0, 1e-5 if wanted.dtype.name == "float32" else 1e-12)
        if not np.allclose(got.astype("f8"), wanted.astype("f8"), rtol=rtol, atol=1e-37, equal_nan=True):
            different = ~np.isclose(
                got.astype("f8"), wanted.astype("f8"), rtol=rtol, atol=1e-37, equal_nan=True
            )
            arrays = dict(special_table())[name]
            at = [tuple(float(a[k]) for a in arrays) for k in np.flatnonzero(different)[:6]]
            wrong.append(f"{name} at {at}: {got[different][:6]}, eager {wanted[different][:6]}")
    assert not wrong, "\n".join(wrong)


def special_table() -> Iterator[tuple[str, list[np.ndarray]]]:
    """The inputs of the special cases by name."""
    yield from ((name, arrays) for _, (name, _, arrays) in special_cases())


# --- NaN, errors ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op", [ew.maximum, ew.minimum])
def test_extremes_propagate_nan(op: Any) -> None:
    assert np.isnan(op([np.nan, 1.0, np.nan], [1.0, np.nan, np.nan]).array()).all()
    assert np.isnan(ew.clip([np.nan], 0.0, 1.0).array()).all()


@pytest.mark.parametrize("window", [2, 3, 17])
def test_the_first_nan_or_maximum_of_a_window_gets_the_gradient(window: int) -> None:
    rng = np.random.default_rng(1)
    array = rng.choice([np.nan, np.inf, -np.inf, 0.0, 1.0], (4, 40, 3)).astype("float32")
    array[0] = -np.inf
    x = placeholder("float32", array.shape)
    y = max_pool(x, window, strides=1, padding="SAME")
    outputs = [y, *gradients(y * y, [x])]
    for got, expected in zip(function([x], outputs)(array), evaluate(outputs, {x: array}), strict=True):
        np.testing.assert_array_equal(got.array(), expected)


def test_divmod_is_consistent() -> None:
    x, y = np.meshgrid(np.arange(-7, 8), [-3, -2, -1, 1, 2, 3])
    q, r = divmod(constant(x), constant(y))
    assert np.array_equal(q.array() * y + r.array(), x)


def test_round_is_half_to_even() -> None:
    assert ew.round([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]).tolist() == [-2.0, -2.0, -0.0, 0.0, 2.0, 2.0]


def test_shapes_that_do_not_broadcast_name_the_op_and_both_arguments() -> None:
    x, y = placeholder("float32", [None, 3], name="x"), placeholder("float32", [4], name="y")
    with pytest.raises(
        ShapeError, match=r"add: the shapes do not broadcast.*x = placeholder 'x'.*y = placeholder 'y'"
    ):
        x + y


def test_bits_of_floats_are_refused() -> None:
    with pytest.raises(DTypeError, match="integer or bool"):
        constant([1.0]) & constant([1])
    with pytest.raises(DTypeError, match="integer or bool"):
        constant([1]) << constant([1.0])


def test_dtypes_without_a_common_one_are_refused() -> None:
    with pytest.raises(DTypeError, match="uint64 and int64"):
        constant(np.array([1], "uint64")) + constant(np.array([1], "int64"))


def test_rounding_integers_to_tens_is_refused() -> None:
    with pytest.raises(ArgumentError, match="decimals < 0"):
        ew.round(constant([15]), -1)


@pytest.mark.parametrize("value", ["text", None, {1: 2}, b"x"])
def test_operands_that_are_no_numbers(value: Any) -> None:
    with pytest.raises(TypeError):
        constant([1.0]) + value
    with pytest.raises(TypeError):
        ew.add([1.0], value)


@pytest.mark.parametrize("product", ["tensordot", "vecdot"])
def test_lengths_of_one_are_not_broadcast_where_products_are_summed(product: str) -> None:
    x, ones = placeholder("float32", [None]), np.ones((3, 1), "float32")
    f = function([x], tensordot(ones, x, axes=1) if product == "tensordot" else vecdot(ones, x))
    assert f(np.full(1, 2, "f")).tolist() == [2, 2, 2]
    for n in (3, 4, 5, 6, 7):  # also in one form for all lengths
        with pytest.raises(ShapeError, match="equal lengths"):
            f(np.ones(n, "f"))
