"""Rows of the special functions and the activations; scipy is the reference where NumPy has none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import scipy.special as sp  # type: ignore[import-untyped]

from ops.harness import BINARY, TERNARY, UNARY, Row
from thalweg.ops import activation as act
from thalweg.ops import incomplete, special

ANY = (-2.0, 2.0)
WIDE = (-8.0, 8.0)


def _row(name: str, op: Any, reference: Any, domain: Any = ANY, **more: Any) -> Row:
    return Row(name, op, UNARY, domain=domain, reference=reference, **more)


def _elu(x: Any, alpha: float = 1.0) -> Any:
    return np.where(x > 0, x, alpha * np.expm1(x))


def _gelu(x: Any, approximate: bool = False) -> Any:
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return x * sp.ndtr(x)


SPECIAL = [
    _row("erf", special.erf, sp.erf),
    _row("erfc", special.erfc, sp.erfc),
    _row("erfc far", special.erfc, sp.erfc, (3, 8), order=0, rtol=5e-6),
    _row("erfinv", special.erfinv, sp.erfinv, (-0.95, 0.95)),
    _row("lgamma", special.lgamma, sp.gammaln, (0.3, 9), rtol=5e-6),
    _row("lgamma negative", special.lgamma, sp.gammaln, (-0.9, -0.1), rtol=5e-6, dtypes=("float64",)),
    _row("digamma", special.digamma, sp.digamma, (0.3, 9), rtol=5e-6),
    _row("digamma negative", special.digamma, sp.digamma, (-2.9, -2.1), dtypes=("float64",), rtol=1e-11),
    _row(
        "polygamma 1", special.polygamma, lambda x, n: sp.polygamma(n, x), (0.2, 9), attrs={"n": 1}, rtol=5e-6
    ),
    _row(
        "polygamma 3",
        special.polygamma,
        lambda x, n: sp.polygamma(n, x),
        (0.6, 30),
        attrs={"n": 3},
        rtol=5e-6,
    ),
    Row("igamma", incomplete.igamma, BINARY, domain=((0.5, 6), (0.1, 9)), reference=sp.gammainc, order=1),
    Row(
        "igammac",
        incomplete.igammac,
        BINARY,
        domain=((0.5, 6), (0.1, 30)),
        reference=sp.gammaincc,
        order=1,
        rtol=2e-5,
    ),
    Row(
        "betainc of x",
        lambda x: incomplete.betainc(2.5, 0.7, x),
        UNARY,
        domain=(0.05, 0.95),
        reference=lambda x: sp.betainc(2.5, 0.7, x),
    ),
    Row(
        "betainc",
        incomplete.betainc,
        TERNARY,
        domain=((0.3, 5), (0.3, 5), (0.02, 0.98)),
        reference=sp.betainc,
        order=0,
    ),
    Row(
        "zeta", lambda q: incomplete.zeta(2.5, q), UNARY, domain=(0.2, 9), reference=lambda q: sp.zeta(2.5, q)
    ),
    Row("zeta of both", incomplete.zeta, BINARY, domain=((1.2, 9), (0.2, 9)), reference=sp.zeta, order=0),
    Row("logaddexp", special.logaddexp, BINARY, domain=WIDE, reference=np.logaddexp),
    Row("xlogy", special.xlogy, BINARY, domain=(ANY, (0.2, 3)), reference=sp.xlogy),
    Row("squared_difference", special.squared_difference, BINARY, reference=lambda x, y: (x - y) ** 2),
    Row("divide_no_nan", special.divide_no_nan, BINARY, domain=(ANY, (0.3, 2)), reference=np.divide),
    Row("lerp", special.lerp, TERNARY, reference=lambda x, y, w: x + w * (y - x)),
]
ACTIVATIONS = [
    _row("sigmoid", act.sigmoid, sp.expit, WIDE, dtypes=("float16", "float32", "float64")),
    _row("log_sigmoid", act.log_sigmoid, sp.log_expit, WIDE),
    _row("softplus", act.softplus, lambda x: np.logaddexp(x, 0), WIDE),
    _row("softsign", act.softsign, lambda x: x / (1 + np.abs(x))),
    _row("silu", act.silu, lambda x: x * sp.expit(x), WIDE),
    _row("mish", act.mish, lambda x: x * np.tanh(np.logaddexp(x, 0))),
    _row("relu", act.relu, lambda x: np.maximum(x, 0), integer=True, exact=True),
    _row("relu6", act.relu6, lambda x: np.clip(x, 0, 6), WIDE, exact=True),
    _row("hard_tanh", act.hard_tanh, lambda x: np.clip(x, -1, 1), exact=True),
    _row("hard_sigmoid", act.hard_sigmoid, lambda x: np.clip(x + 3, 0, 6) / 6, WIDE),
    _row("leaky_relu", act.leaky_relu, lambda x: np.where(x > 0, x, 0.2 * x)),
    _row(
        "leaky_relu 0.01",
        act.leaky_relu,
        lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
        attrs={"negative_slope": 0.01},
    ),
    _row("elu", act.elu, _elu),
    _row("elu 0.5", act.elu, _elu, attrs={"alpha": 0.5}),
    _row(
        "celu 2",
        act.celu,
        lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x / alpha)),
        attrs={"alpha": 2.0},
    ),
    _row("selu", act.selu, lambda x: 1.0507009873554805 * _elu(x, 1.6732632423543772)),
    _row("gelu", act.gelu, _gelu),
    _row("gelu tanh", act.gelu, _gelu, attrs={"approximate": True}),
]
ROWS = [*SPECIAL, *ACTIVATIONS]
