"""``theano.tensor``: functions of each element."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import as_dtype, common, floats, summary, tensor_of
from thalweg.compat.theano.naming import name_what_was_made
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, as_tensor_variable
from thalweg.ops.elementwise import at_least, at_most


def _float_op(op: Any) -> Any:
    def apply(x: Any) -> TensorVariable:
        return TensorVariable(op(*floats(x)))

    apply.__doc__ = summary(op)
    return apply


def _plain_op(op: Any) -> Any:
    def apply(x: Any) -> TensorVariable:
        return TensorVariable(op(tensor_of(x)))

    apply.__doc__ = summary(op)
    return apply


def _two(op: Any) -> Any:
    def apply(x: Any, y: Any) -> TensorVariable:
        return TensorVariable(op(*common(x, y)))

    apply.__doc__ = summary(op)
    return apply


def _extreme(op: Any, numbers: Any) -> Any:
    """The op of two arrays; of numbers with the gradient of ties to the first."""

    def apply(x: Any, y: Any) -> TensorVariable:
        a, b = common(x, y)
        return TensorVariable((op if a.dtype.kind == "b" else numbers)(a, b))

    apply.__doc__ = f"{summary(op).rstrip('.')}. Of equal elements the first receives the gradient."
    return apply


def _many(op: Any, of_bools: Any) -> Any:
    def apply(x: Any, *more: Any) -> TensorVariable:
        first, *rest = common(x, *more)
        combine = of_bools if first.dtype.kind == "b" else op
        for y in rest:
            first = combine(first, y)
        return TensorVariable(first)

    apply.__doc__ = f"{summary(op).rstrip('.')}; of bools a bool, as in NumPy."
    return apply


exp, exp2, expm1 = _float_op(tw.exp), _float_op(tw.exp2), _float_op(tw.expm1)
log, log2, log10, log1p = _float_op(tw.log), _float_op(tw.log2), _float_op(tw.log10), _float_op(tw.log1p)
sqrt, sin, cos, tan = _float_op(tw.sqrt), _float_op(tw.sin), _float_op(tw.cos), _float_op(tw.tan)
sinh, cosh, tanh = _float_op(tw.sinh), _float_op(tw.cosh), _float_op(tw.tanh)
arcsin, arccos, arctan = _float_op(tw.asin), _float_op(tw.acos), _float_op(tw.atan)
arcsinh, arccosh, arctanh = _float_op(tw.asinh), _float_op(tw.acosh), _float_op(tw.atanh)
erf, erfc, erfinv = _float_op(tw.erf), _float_op(tw.erfc), _float_op(tw.erfinv)
gammaln, psi, inv = _float_op(tw.lgamma), _float_op(tw.digamma), _float_op(tw.reciprocal)


def _gamma(x: Any) -> Any:
    """The gamma function."""
    sign = tw.where(tw.less(x, 0), 1 - 2 * tw.abs(tw.remainder(tw.floor(x), 2)), tw.ones_like(x))
    return tw.multiply(sign, tw.exp(tw.lgamma(x)))


def _erfcx(x: Any) -> Any:
    """exp(x²) erfc(x)."""
    return tw.multiply(tw.exp(tw.square(x)), tw.erfc(x))


def _tri_gamma(x: Any) -> Any:
    """The second derivative of the logarithm of the gamma function."""
    return tw.polygamma(x, n=1)


gamma, tri_gamma, erfcx = _float_op(_gamma), _float_op(_tri_gamma), _float_op(_erfcx)
erfcinv = _float_op(lambda x: tw.erfinv(tw.subtract(1.0, x)))
sqr, neg, abs_, sgn = _plain_op(tw.square), _plain_op(tw.negative), _plain_op(tw.abs), _plain_op(tw.sign)
floor, ceil, trunc = _float_op(tw.floor), _float_op(tw.ceil), _float_op(tw.trunc)
isnan, isinf = _plain_op(tw.isnan), _plain_op(tw.isinf)
add, mul = _many(tw.add, tw.logical_or), _many(tw.multiply, tw.logical_and)
sub, pow, int_div, mod = _two(tw.subtract), _two(tw.pow), _two(tw.floor_divide), _two(tw.remainder)
maximum, minimum = _extreme(tw.maximum, at_least), _extreme(tw.minimum, at_most)
eq, neq, lt, le, gt, ge = (
    _two(op) for op in (tw.equal, tw.not_equal, tw.less, tw.less_equal, tw.greater, tw.greater_equal)
)
and_, or_, xor = _two(tw.bitwise_and), _two(tw.bitwise_or), _two(tw.bitwise_xor)
invert = _plain_op(tw.bitwise_invert)
bitwise_and, bitwise_or, bitwise_xor, bitwise_not = and_, or_, xor, invert
left_shift, right_shift = _two(tw.bitwise_left_shift), _two(tw.bitwise_right_shift)
square, absolute, power, floor_div = sqr, abs_, pow, int_div


def arctan2(y: Any, x: Any) -> TensorVariable:
    """The angle of the point (x, y)."""
    return TensorVariable(tw.atan2(*floats(y, x)))


def true_div(x: Any, y: Any) -> TensorVariable:
    """x / y; of integers in ``floatX``."""
    a, b = common(x, y)
    if a.dtype.kind != "f":
        a, b = as_dtype(a, config.floatX), as_dtype(b, config.floatX)
    return TensorVariable(tw.divide(a, b))


divide = div = true_div


def deg2rad(x: Any) -> TensorVariable:
    """Degrees as radians."""
    return TensorVariable(tw.multiply(*common(TensorVariable(floats(x)[0]), np.pi / 180)))


def rad2deg(x: Any) -> TensorVariable:
    """Radians as degrees."""
    return TensorVariable(tw.multiply(*common(TensorVariable(floats(x)[0]), 180 / np.pi)))


def round(x: Any, mode: str = "half_to_even") -> TensorVariable:
    """The nearest whole number, halves to the even one (or, ``half_away_from_zero``, outwards)."""
    t = tensor_of(x)
    if mode == "half_to_even":
        return TensorVariable(tw.round(t))
    return TensorVariable(tw.multiply(tw.sign(t), tw.floor(tw.add(tw.abs(t), 0.5))))


def round_half_to_even(x: Any) -> TensorVariable:
    """The nearest whole number, halves to the even one."""
    return round(x)


def round_half_away_from_zero(x: Any) -> TensorVariable:
    """The nearest whole number, halves away from zero."""
    return round(x, "half_away_from_zero")


def iround(x: Any, mode: str = "half_to_even") -> TensorVariable:
    """``round`` as int64."""
    return TensorVariable(as_dtype(round(x, mode).tensor, "int64"))


def clip(x: Any, min: Any, max: Any) -> TensorVariable:
    """x, not below ``min`` nor above ``max``; its slope is 1 at the bounds, too."""
    t, low, high = common(x, min, max)
    return TensorVariable(at_most(at_least(t, low), high))


def switch(cond: Any, ift: Any, iff: Any) -> TensorVariable:
    """``ift`` where ``cond`` is not 0, else ``iff``, element by element."""
    test = tensor_of(cond)
    test = test if test.dtype.kind == "b" else tw.not_equal(test, tensor_of(0, test.dtype))
    return TensorVariable(tw.where(test, *common(ift, iff)))


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype."""
    wanted = np.dtype(config.floatX if dtype == "floatX" else dtype)
    t = tensor_of(x)
    if t.dtype == wanted and isinstance(x, AnyVariable):
        return x
    return TensorVariable(as_dtype(t, wanted))


def isclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorVariable:
    """Whether |a - b| <= atol + rtol |b|."""
    near = le(abs_(sub(a, b)), atol + rtol * abs_(as_tensor_variable(b)))
    return near | (isnan(a) & isnan(b)) if equal_nan else near


def fill(a: Any, b: Any) -> TensorVariable:
    """b stretched to the shape of a."""
    return TensorVariable(tw.broadcast_like(tensor_of(b), tensor_of(a)))


second = fill


def tensor_copy(x: Any) -> TensorVariable:
    """x as a new expression."""
    return TensorVariable(tw.identity(tensor_of(x)))


def identity(x: Any) -> TensorVariable:
    """x itself."""
    return as_tensor_variable(x)


name_what_was_made(globals())
