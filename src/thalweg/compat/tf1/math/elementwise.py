"""Arithmetic, comparisons and functions of each element; clipping."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, optimizers
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.families import binary, of_texts_too, spelled, unary
from thalweg.compat.tf1.graph import HostTensor, Node, Tensor, axes_of, value, values, wrap
from thalweg.compat.tf1.math.shapes import size
from thalweg.compat.tf1.slices import IndexedSlices, changed, rows_or_value
from thalweg.compat.tf1.types import as_dtype, numpy_dtype, string
from thalweg.graph import tensor as core
from thalweg.ops import activation, elementwise, incomplete, logic, reduce, special
from thalweg.ops.elementwise import astype
from thalweg.optimizers.rows import like, rows_in


def _divided(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """True division; integers as float64, those of 8 and 16 bits as float32."""
    if dtypes.is_integer(x.dtype) and dtypes.is_integer(y.dtype):
        wide = "float32" if max(x.dtype.itemsize, y.dtype.itemsize) < 4 else "float64"
        x, y = astype(x, wide), astype(y, wide)
    return elementwise.divide(x, y)


def _python2_divided(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """Floor division of integers, true division of floats: ``tf.div``."""
    both = dtypes.is_integer(x.dtype) and dtypes.is_integer(y.dtype)
    return elementwise.floor_divide(x, y) if both else elementwise.divide(x, y)


def _truncated_division(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """Division of integers towards zero."""
    made = elementwise.divide(astype(x, "float64"), astype(y, "float64"))
    return astype(made, x.dtype)


def _squared_difference(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """(x - y)², in the dtype of both."""
    made = special.squared_difference(x, y)
    return g.cast(made, x.dtype) if x.dtype == y.dtype else made


def _truncated_mod(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    return elementwise.fmod(x, y)


abs = unary("Abs", elementwise.abs)
exp = unary("Exp", elementwise.exp)
expm1 = unary("Expm1", elementwise.expm1)
log = unary("Log", elementwise.log)
log1p = unary("Log1p", elementwise.log1p)
sqrt = unary("Sqrt", elementwise.sqrt)
rsqrt = unary("Rsqrt", elementwise.rsqrt)
square = unary("Square", elementwise.square)
negative = neg = unary("Neg", elementwise.negative)
sign = unary("Sign", elementwise.sign)
reciprocal = inv = unary("Reciprocal", elementwise.reciprocal)
floor = unary("Floor", elementwise.floor)
ceil = unary("Ceil", elementwise.ceil)
round = unary("Round", elementwise.round)
rint = unary("Rint", elementwise.round)
sin, cos, tan = (unary(n.title(), getattr(elementwise, n)) for n in ("sin", "cos", "tan"))
asin, acos, atan = (unary(n.title(), getattr(elementwise, n)) for n in ("asin", "acos", "atan"))
sinh, cosh, tanh = (unary(n.title(), getattr(elementwise, n)) for n in ("sinh", "cosh", "tanh"))
asinh, acosh, atanh = (unary(n.title(), getattr(elementwise, n)) for n in ("asinh", "acosh", "atanh"))
sigmoid = unary("Sigmoid", activation.sigmoid)
log_sigmoid = unary("LogSigmoid", activation.log_sigmoid)
erf, erfc, lgamma, digamma = (
    unary(n.title(), getattr(special, n)) for n in ("erf", "erfc", "lgamma", "digamma")
)
is_nan = unary("IsNan", logic.isnan)
is_inf = unary("IsInf", logic.isinf)
is_finite = unary("IsFinite", logic.isfinite)
logical_not = unary("LogicalNot", logic.logical_not)
add = binary("Add", elementwise.add)
subtract = sub = binary("Sub", elementwise.subtract)
multiply = mul = binary("Mul", elementwise.multiply)
realdiv = binary("RealDiv", _divided)
divide = truediv = binary("RealDiv", _divided, "truediv")
div = binary("Div", _python2_divided, "div")
div_no_nan = binary("DivNoNan", special.divide_no_nan)
truncatediv = binary("TruncateDiv", _truncated_division)
floor_div = binary("FloorDiv", elementwise.floor_divide)
floordiv = binary("FloorDiv", elementwise.floor_divide, "floordiv")
mod = floormod = binary("FloorMod", elementwise.remainder)
truncatemod = binary("TruncateMod", _truncated_mod)
maximum = binary("Maximum", elementwise.at_least)  # whose gradient goes to the first where both are the same
minimum = binary("Minimum", elementwise.at_most)
pow = binary("Pow", elementwise.pow)
atan2 = spelled(binary("Atan2", elementwise.atan2), x="y", y="x")
equal = of_texts_too("Equal", elementwise.equal, np.equal)
not_equal = of_texts_too("NotEqual", elementwise.not_equal, np.not_equal)
less = binary("Less", elementwise.less)
less_equal = binary("LessEqual", elementwise.less_equal)
greater = binary("Greater", elementwise.greater)
greater_equal = binary("GreaterEqual", elementwise.greater_equal)
logical_and = binary("LogicalAnd", logic.logical_and)
logical_or = binary("LogicalOr", logic.logical_or)
logical_xor = binary("LogicalXor", logic.logical_xor)
squared_difference = binary("SquaredDifference", _squared_difference)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Tensor:
    """A number times a tensor."""
    if not isinstance(x, IndexedSlices):
        return multiply(scalar, x, name)
    return changed(lambda t: t * value(scalar, x.dtype), x, name, "Mul")  # type: ignore[operator]


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """In another dtype; floats are cut towards zero for integers."""
    if isinstance(x, HostTensor) and as_dtype(dtype) == string:
        return x
    if hasattr(x, "with_values"):  # a sparse tensor
        made: Any = x.with_values(cast(x.values, dtype, name))
        return made
    if isinstance(x, Node) and x.dtype == as_dtype(dtype):
        return x.as_tensor()
    return wrap(
        g.cast(value(x), dtype),
        name,
        "Cast",
        [x],
        static=_cast_static(x, dtype),
        dims=getattr(x, "dims", None),
    )


def _cast_static(x: Any, dtype: Any) -> Any:
    found = getattr(x, "static", None)
    return None if found is None else np.asarray(found).astype(numpy_dtype(dtype))


def _caster(dtype: str) -> Callable[..., Tensor]:
    def apply(x: Any, name: str | None = None) -> Tensor:
        return cast(x, dtype, name)

    apply.__doc__ = f"As {dtype}."
    return apply


to_float, to_double, to_int32, to_int64 = map(_caster, ("float32", "float64", "int32", "int64"))
to_bfloat16 = _caster("bfloat16")


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """In another dtype, numbers beyond its limits at the limits."""
    x = g.convert_to_tensor(value)
    have, want = np.dtype(numpy_dtype(x.dtype)), np.dtype(numpy_dtype(dtype))
    if want.kind in "iu" and have.kind in "iuf":
        low, high = np.iinfo(want).min, np.iinfo(want).max
        if have.kind == "f":  # the greatest floats within the limits: the limits themselves may round beyond
            high_float = have.type(high)
            high = high_float if int(high_float) <= high else np.nextafter(high_float, have.type(0))
            low = have.type(low)
        else:
            low, high = max(low, np.iinfo(have).min), min(high, np.iinfo(have).max)
        x = clip_by_value(x, low, high)
    return cast(x, dtype, name)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """Elements kept within limits."""
    t = t if isinstance(t, Node) else g.convert_to_tensor(t)
    low, high = (value(limit, t.dtype) for limit in (clip_value_min, clip_value_max))
    with g.default_graph().made_of(
        2 + sum(not isinstance(x, Node) for x in (clip_value_min, clip_value_max))
    ):
        return changed(lambda x: optimizers.clip_by_value(x, low, high), t, name, "clip_by_value")


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Of L2 norm ``clip_norm`` at most."""
    t = t if isinstance(t, Node) else g.convert_to_tensor(t)
    limit = value(clip_norm, t.dtype)
    return changed(lambda x: optimizers.clip_by_norm(x, limit, axes_of(axes)), t, name, "clip_by_norm")


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """Of L2 norm per element ``clip_norm`` at most."""
    count = cast(size(t), t.dtype)
    return clip_by_norm(g.convert_to_tensor(t), clip_norm * count, None, name)


def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> Any:
    """All tensors scaled so that their common norm is ``clip_norm`` at most; and the norm before."""
    parts = [None if t is None else rows_or_value(t) for t in t_list]
    values = [rows_in(part) for part in parts]
    given = next(x for x in values if x is not None)
    norm = None if use_norm is None else value(use_norm)
    clipped, norm = optimizers.clip_by_global_norm(values, value(clip_norm, given.dtype), norm)
    made = [
        None if x is None
        else t.with_rows(like(part, x)) if isinstance(t, IndexedSlices)
        else wrap(x, name, "clip_by_global_norm")
        for t, part, x in zip(t_list, parts, clipped, strict=True)
    ]  # fmt: skip
    return made, wrap(norm, name, "global_norm")


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Tensor:
    """The root of the sum of all squares."""
    given = [rows_in(rows_or_value(t)) for t in t_list if t is not None]
    return wrap(optimizers.global_norm(given), name, "global_norm")


def add_n(inputs: Sequence[Any], name: str | None = None) -> Tensor:
    """The sum of tensors of one shape."""
    parts: list[Any] = values(*inputs)
    if not parts:
        raise ValueError("add_n: inputs must be a list of at least one tensor")
    total = parts[0]
    for part in parts[1:]:
        if None not in (part.shape, total.shape) and len(part.shape) != len(total.shape):
            raise ValueError(
                f"add_n: all inputs must have the same shape, received {total.shape} and {part.shape}"
            )
        total = total + part
    return wrap(total, name, "AddN", inputs)


def accumulate_n(
    inputs: Sequence[Any], shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of tensors of one shape."""
    return add_n(inputs, name)


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the beta function over the last axis."""
    t: Any = value(x)
    made = reduce.sum(special.lgamma(t), axis=-1) - special.lgamma(reduce.sum(t, axis=-1))
    return wrap(made, name, "lbeta", [x])


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The a-th derivative of the digamma function, elementwise; NaN where a is not 0, 1, 2, ..."""
    known, t = g.static_value(a), value(x)
    if (
        known is not None
        and np.size(known) == 1
        and 1 <= np.ravel(known)[0] <= 60
        and np.ravel(known)[0] % 1 == 0
    ):
        made: Any = special.polygamma(t, n=int(np.ravel(known)[0]))
    else:
        order: Any = g.cast(value(a), t.dtype)
        sign: Any = elementwise.where(elementwise.equal(elementwise.remainder(order, 2.0), 0.0), -1.0, 1.0)
        made = sign * elementwise.exp(special.lgamma(order + 1.0)) * incomplete.zeta(order + 1.0, t)
        whole = elementwise.equal(elementwise.floor(order), order)
        made = elementwise.where(elementwise.equal(order, 0.0), special.digamma(t), made)
        made = elementwise.where(logic.logical_and(whole, order >= 0.0), made, float("nan"))
    return wrap(made, name, "Polygamma", [a, x])


igamma = spelled(binary("Igamma", incomplete.igamma), x="a", y="x")
igammac = spelled(binary("Igammac", incomplete.igammac), x="a", y="x")
zeta = binary("Zeta", incomplete.zeta)


def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised incomplete beta function ``I_x(a, b)``; there is a gradient for x alone."""
    first = next((t.dtype for t in (a, b, x) if isinstance(t, Node)), "float32")
    made = incomplete.betainc(*(value(t, first) for t in (a, b, x)))
    return wrap(made, name, "Betainc", [a, b, x])


erfinv, xlogy = unary("Erfinv", special.erfinv), binary("Xlogy", special.xlogy)
divide_no_nan = div_no_nan
multiply_no_nan = binary("MulNoNan", elementwise.masked_product)
bitwise_invert = unary("Invert", elementwise.bitwise_invert)
bitwise_and, bitwise_or, bitwise_xor = (
    binary(n, getattr(logic, n)) for n in ("bitwise_and", "bitwise_or", "bitwise_xor")
)
left_shift, right_shift = (binary(n, getattr(logic, f"bitwise_{n}")) for n in ("left_shift", "right_shift"))
