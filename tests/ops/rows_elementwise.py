"""Rows of the elementwise ops: arithmetic, powers, bounds, exponentials, circular functions, logic, bits, casts."""

from __future__ import annotations

from typing import Any

import numpy as np

from ops.harness import BINARY, INTEGERS, TERNARY, UNARY, Row, draw
from thalweg import dtypes
from thalweg.ops import elementwise as ew
from thalweg.ops import logic

ANY = (-2.0, 2.0)
POSITIVE = (0.2, 3.0)
NONZERO = (0.3, 3.0)
WHOLE = ("bool", *INTEGERS)
HALVES = ("float16", "float32", "float64")


def _condition(rng: np.random.Generator, shapes: Any, dtype: str) -> list[np.ndarray]:
    """A condition and two values."""
    first, *rest = shapes
    return [draw(rng, first, "bool", 0, 1), *(draw(rng, s, dtype, -2, 2) for s in rest)]


def _integer_power(x: Any, y: Any) -> Any:
    return np.power(x, y)


def _unary(name: str, op: Any, reference: Any, domain: Any = ANY, **more: Any) -> Row:
    return Row(name, op, UNARY, domain=domain, reference=reference, **more)


def _binary(name: str, op: Any, reference: Any, *domains: Any, **more: Any) -> Row:
    domain = domains if len(domains) == 2 else domains[0] if domains else ANY
    return Row(name, op, BINARY, domain=domain, reference=reference, **more)


ARITHMETIC = [
    _binary("add", ew.add, np.add, integer=True, dtypes=HALVES),
    _binary("subtract", ew.subtract, np.subtract, integer=True),
    _binary("multiply", ew.multiply, np.multiply, integer=True, dtypes=HALVES),
    _binary("divide", ew.divide, np.divide, ANY, NONZERO, dtypes=HALVES),
    _binary("divide integers", ew.divide, np.divide, (-9, 9), (1, 9), dtypes=INTEGERS, order=0, rtol=2e-7),
    _binary("floor_divide", ew.floor_divide, np.floor_divide, (-9, 9), (0.7, 3), order=1),
    _binary(
        "floor_divide integers", ew.floor_divide, np.floor_divide, (-9, 9), (-3, 3), dtypes=INTEGERS, order=0
    ),
    _binary("remainder", ew.remainder, np.remainder, (-9, 9), (0.7, 3), integer=True, rtol=2e-5),
    _binary("remainder negative", ew.remainder, np.remainder, (-9, 9), (-3, -0.7), order=0, rtol=2e-5),
    _binary("fmod", ew.fmod, np.fmod, (-9, 9), (0.7, 3), integer=True, rtol=2e-5),
    _unary("negative", ew.negative, np.negative, integer=True, exact=True),
    _unary("positive", ew.positive, np.positive, integer=True, exact=True),
    _unary("abs", ew.abs, np.abs, integer=True, exact=True),
    _unary("sign", ew.sign, np.sign, integer=True, exact=True),
    _unary("square", ew.square, np.square, integer=True),
    _unary("reciprocal", ew.reciprocal, np.reciprocal, NONZERO),
    _unary("sqrt", ew.sqrt, np.sqrt, POSITIVE, dtypes=HALVES),
    _unary("rsqrt", ew.rsqrt, lambda x: 1 / np.sqrt(x), POSITIVE),
    _binary("masked_product", ew.masked_product, np.multiply),
    _binary("masked_quotient", ew.masked_quotient, np.divide, ANY, NONZERO),
]
POWERS = [
    _binary("pow", ew.pow, np.power, POSITIVE, ANY, rtol=4e-6),
    _binary("pow integers", ew.pow, _integer_power, (-3, 3), (0, 6), dtypes=INTEGERS, order=0),
    *[
        _unary(f"pow {n}", lambda x, n=n: ew.pow(x, n), lambda x, n=n: np.power(x, np.float64(n)), NONZERO)
        for n in (-1, 0, 0.5, 1, 2, 3, 4, 5, -2.5)
    ],
    _unary("pow of integers 3", lambda x: ew.pow(x, 3), lambda x: x**3, (-4, 4), dtypes=INTEGERS, order=0),
    _binary("hypot", ew.hypot, np.hypot),
]
BOUNDS = [
    _binary("maximum", ew.maximum, np.maximum, integer=True, exact=True, dtypes=HALVES),
    _binary("minimum", ew.minimum, np.minimum, integer=True, exact=True),
    _binary("maximum bool", ew.maximum, np.maximum, dtypes=("bool",), order=0),
    _binary("minimum bool", ew.minimum, np.minimum, dtypes=("bool",), order=0),
    Row("clip", ew.clip, TERNARY, domain=(ANY, (-1.5, -0.2), (0.2, 1.5)), reference=np.clip, exact=True),
    _unary("clip below", lambda x: ew.clip(x, min=0.25), lambda x: np.maximum(x, 0.25), exact=True),
    _unary(
        "clip integers",
        lambda x: ew.clip(x, 0, 3),
        lambda x: np.clip(x, 0, 3),
        (-9, 9),
        dtypes=INTEGERS,
        order=0,
    ),
]
COMPARISONS = [
    _binary(op.name, op, getattr(np, op.name), (-1.5, 1.5), integer=True, order=0)
    for op in (ew.equal, ew.not_equal, ew.less, ew.less_equal, ew.greater, ew.greater_equal)
]
ROUNDING = [
    _unary("floor", ew.floor, np.floor, (-5, 5), integer=True, exact=True, order=1),
    _unary("ceil", ew.ceil, np.ceil, (-5, 5), integer=True, exact=True, order=1),
    _unary("trunc", ew.trunc, np.trunc, (-5, 5), integer=True, exact=True, order=1),
    _unary("round", ew.round, np.round, (-5, 5), integer=True, exact=True, order=1),
    _unary("round to 2", ew.round, np.round, (-5, 5), attrs={"decimals": 2}, order=0),
    _unary("round to tens", ew.round, np.round, (-99, 99), attrs={"decimals": -1}, order=0),
]
EXPONENTIALS = [
    _unary("exp", ew.exp, np.exp, dtypes=HALVES),
    _unary("exp far", ew.exp, np.exp, (-60, 60), order=0),
    _unary("exp2", ew.exp2, np.exp2),
    _unary("expm1", ew.expm1, np.expm1),
    _unary("log", ew.log, np.log, POSITIVE, dtypes=HALVES),
    _unary("log1p", ew.log1p, np.log1p, (-0.7, 3)),
    _unary("log2", ew.log2, np.log2, POSITIVE),
    _unary("log10", ew.log10, np.log10, POSITIVE),
]
CIRCULAR = [
    _unary("sin", ew.sin, np.sin, (-9, 9)),
    _unary("cos", ew.cos, np.cos, (-9, 9)),
    _unary("tan", ew.tan, np.tan, (-1.2, 1.2)),
    _unary("asin", ew.asin, np.arcsin, (-0.9, 0.9)),
    _unary("acos", ew.acos, np.arccos, (-0.9, 0.9)),
    _unary("atan", ew.atan, np.arctan),
    _binary("atan2", ew.atan2, np.arctan2),
    _unary("sinh", ew.sinh, np.sinh),
    _unary("cosh", ew.cosh, np.cosh),
    _unary("tanh", ew.tanh, np.tanh, dtypes=HALVES),
    _unary("asinh", ew.asinh, np.arcsinh),
    _unary("acosh", ew.acosh, np.arccosh, (1.2, 4)),
    _unary("atanh", ew.atanh, np.arctanh, (-0.9, 0.9)),
]
LOGIC = [
    *[
        _binary(op.name, op, getattr(np, op.name), (-1, 1), dtypes=("bool", "float32"), integer=True, order=0)
        for op in (logic.logical_and, logic.logical_or, logic.logical_xor)
    ],
    _unary("logical_not", logic.logical_not, np.logical_not, (-1, 1), dtypes=("bool", "float32"), order=0),
    _unary("isnan", logic.isnan, np.isnan, integer=True, order=0),
    _unary("isinf", logic.isinf, np.isinf, integer=True, order=0),
    _unary("isfinite", logic.isfinite, np.isfinite, integer=True, order=0),
    _unary("signbit", logic.signbit, np.signbit, order=0),
    _binary("copysign", logic.copysign, np.copysign, exact=True),
    _binary("nextafter", logic.nextafter, None, order=0, exact=True),
    *[
        _binary(op.name, op, getattr(np, op.name), (-100, 100), dtypes=WHOLE, order=0)
        for op in (logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor)
    ],
    _unary("bitwise_invert", logic.bitwise_invert, np.invert, (-100, 100), dtypes=WHOLE, order=0),
    _binary(
        "left shift", logic.bitwise_left_shift, np.left_shift, (-99, 99), (-3, 70), dtypes=INTEGERS, order=0
    ),
    _binary(
        "right shift",
        logic.bitwise_right_shift,
        np.right_shift,
        (-99, 99),
        (-3, 70),
        dtypes=INTEGERS,
        order=0,
    ),
]
CASTS = [
    Row("where", ew.where, TERNARY, make=_condition, reference=np.where, exact=True),
    Row("where bool", ew.where, TERNARY, make=_condition, dtypes=WHOLE, reference=np.where, order=0),
    *[
        _unary(
            f"astype {name}",
            lambda x, name=name: ew.astype(x, name),
            lambda x, name=name: ew.saturating_cast(np.asarray(x), np.dtype(name)),
            (-300, 300),
            dtypes=(*HALVES, "bool"),
            integer=True,
            order=2 if dtypes.is_floating(np.dtype(name)) and name == "float64" else 0,
            exact=name != "float16",
        )
        for name in ("bool", *INTEGERS, "uint64", "float16", "float32", "float64")
    ],
]
ROWS = [
    *ARITHMETIC,
    *POWERS,
    *BOUNDS,
    *COMPARISONS,
    *ROUNDING,
    *EXPONENTIALS,
    *CIRCULAR,
    *LOGIC,
    *CASTS,
]
