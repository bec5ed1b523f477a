"""Rules that leave out what changes nothing: double negations, ones and zeros, reshapes of reshapes.

The exact rules of ``SIMPLIFY`` keep every bit, signs of zero included: that is why ``x + 0`` stays where x may be -0.0.
``UNSAFE_SIMPLIFY`` holds for numbers, not for floats, and is off unless asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.graph.op import Op
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import activation, elementwise, joining, logic, reduce, shape
from thalweg.ops import softmax as soft
from thalweg.ops.slices import WHOLE, slice_axes
from thalweg.ops.state import identity
from thalweg.rewrite.match import EXACT, UNSAFE, VALUE_SAFE, Phase, rule
from thalweg.rewrite.patterns import Attribute, Var, is_known, is_number, pattern_of, uniform_value

# --- the ops as patterns --------------------------------------------------------------------------------------------

negative, absolute, square = map(pattern_of, (elementwise.negative, elementwise.abs, elementwise.square))
masked_product, masked_quotient = map(pattern_of, (elementwise.masked_product, elementwise.masked_quotient))
where, maximum, minimum = map(pattern_of, (elementwise.where, elementwise.maximum, elementwise.minimum))
exp, log, sqrt, reciprocal = map(
    pattern_of, (elementwise.exp, elementwise.log, elementwise.sqrt, elementwise.reciprocal)
)
equal, not_equal = map(pattern_of, (elementwise.equal, elementwise.not_equal))
logical_not, logical_and, logical_or = map(
    pattern_of, (logic.logical_not, logic.logical_and, logic.logical_or)
)
same_value, positive = map(pattern_of, (identity, elementwise.positive))
relu, astype = map(pattern_of, (activation.relu, elementwise.astype))
permute_dims, reshape, reshape_like = map(pattern_of, (shape.permute_dims, shape.reshape, shape.reshape_like))
expand_dims, squeeze = map(pattern_of, (shape.expand_dims, shape.squeeze))
broadcast_to, broadcast_like, sum_like = map(
    pattern_of, (shape.broadcast_to, shape.broadcast_like, shape.sum_like)
)
slices, concat = map(pattern_of, (slice_axes, joining.concat_op))
sum, maximum_over, minimum_over = map(pattern_of, (reduce.sum, reduce.max, reduce.min))

x, y, z = Var("x"), Var("y"), Var("z")
dtype, axis, axes, items, keepdims, of_none = (
    Attribute(n) for n in ("dtype", "axis", "axes", "items", "keepdims", "of_none")
)
lengths, first_axes, first_lengths = Attribute("lengths"), Attribute("first_axes"), Attribute("first_lengths")

# --- conditions -----------------------------------------------------------------------------------------------------


def is_integer(x: Tensor) -> bool:
    """Integers wrap, so the laws of rings hold to the bit."""
    return dtypes.is_integer(x.dtype)


def is_float(x: Tensor) -> bool:
    """Real numbers, with NaN and signed zeros."""
    return dtypes.is_floating(x.dtype)


_NEVER_NEGATIVE_ZERO: tuple[Op, ...] = (
    elementwise.exp, elementwise.exp2, elementwise.abs, elementwise.square, elementwise.cosh, activation.sigmoid,
    activation.softplus, soft.softmax, shape.count,
)  # fmt: skip


def is_never_negative_zero(x: Tensor) -> bool:
    """Whether no element can be -0.0, so that adding 0 changes nothing."""
    if not is_float(x):
        return True
    element = uniform_value(x)
    if element is not None:
        return not is_number(element, -0.0)
    return x.op in _NEVER_NEGATIVE_ZERO


def is_nonzero_number(x: Tensor) -> bool:
    """A constant of one finite value other than 0."""
    element = uniform_value(x)
    return element is not None and is_float(x) and bool(np.isfinite(element)) and element.item() != 0


def has_dtype(x: Tensor, dtype: np.dtype) -> bool:
    """Whether a cast changes nothing."""
    return x.dtype == dtype


def keeps_shape(x: Tensor, root: Tensor) -> bool:
    """Whether the root is known to have the shape of x."""
    return is_known(x.shape) and x.shape == root.shape


# --- rules of more than one line ------------------------------------------------------------------------------------


def by_power_of_two(x: Tensor, y: Tensor) -> Tensor | None:
    """x / 2**k is x * 2**-k to the bit, where both are ordinary numbers of the dtype."""
    element = uniform_value(y)
    if element is None or y.dtype not in (dtypes.float32, dtypes.float64):
        return None
    value = element.item()
    if not math.isfinite(value) or abs(math.frexp(value)[0]) != 0.5 or value in (1, -1):
        return None
    limits = np.finfo(y.dtype)
    ordinary = all(float(limits.tiny) <= abs(v) <= float(limits.max) for v in (value, 1 / value))
    return elementwise.multiply(x, constant(1 / value, y.dtype)) if ordinary else None


def constants_joined(op: Op) -> Any:
    """(x op c) op d is x op (c op d), for constants c and d."""

    def replace(x: Tensor, y: Tensor, z: Tensor) -> Tensor | None:
        numbers = uniform_value(y), uniform_value(z)
        if numbers[0] is None or numbers[1] is None or uniform_value(x) is not None:
            return None
        with np.errstate(all="ignore"):
            return op(x, constant(op.meaning(*numbers), x.dtype))

    return replace


_products_joined = constants_joined(elementwise.multiply)


def power_of_two_joined(x: Tensor, y: Tensor, z: Tensor) -> Tensor | None:
    """(x * 2**k) * d is x * (2**k * d) for k >= 0: to the bit, but where x * 2**k overflows."""
    element = uniform_value(y)
    if element is None or y.dtype not in (dtypes.float32, dtypes.float64):
        return None
    value = element.item()
    if value < 1 or not math.isfinite(value) or math.frexp(value)[0] != 0.5:
        return None
    return _products_joined(x, y, z)


def negative_joined(x: Tensor, y: Tensor) -> Tensor | None:
    """-(x * c) is x * -c."""
    element = uniform_value(y)
    if element is None or not is_float(x) or uniform_value(x) is not None:
        return None
    return elementwise.multiply(x, constant(-element, y.dtype))


_MODERATE = (2.0**-24, 2.0**24)  # factors that a sum may leave out until it is done: of numbers up to 1e31


def sum_of_multiples(
    x: Tensor, y: Tensor, root: Tensor, inner: tuple[Tensor, ...], users: Callable[[Tensor], list[Tensor]]
) -> Tensor | None:
    """sum(x * c) is sum(x) * c, and sum(masked_product(x * c, z)) likewise.

    Only where x * c is read by sums alone, or by products that are, so that nothing has to multiply by c any more.
    """
    element = uniform_value(y)
    multiple = next(t for t in inner if t.op is elementwise.multiply and any(f is x for f in t.inputs))
    if element is None or x.shape != multiple.shape or y.dtype not in (dtypes.float32, dtypes.float64):
        return None
    if not _MODERATE[0] <= abs(element.item()) <= _MODERATE[1]:
        return None
    for reader in users(multiple):
        product = reader.op in (elementwise.multiply, elementwise.masked_product)
        sums = users(reader) if product else [reader]
        if not sums or not all(t.op is reduce.sum for t in sums):
            return None
    summed = x if root.inputs[0] is multiple else elementwise.masked_product(x, root.inputs[0].inputs[1])
    return elementwise.multiply(reduce.sum(summed, **root.attrs), constant(element, y.dtype))


def chosen(x: Tensor, y: Tensor, z: Tensor) -> Tensor | None:
    """where(constant, y, z) is one of them."""
    element = uniform_value(x)
    return None if element is None else (y if element.item() else z)


def cast_through(x: Tensor, root: Tensor) -> Tensor | None:
    """astype(astype(x, wider), d) is astype(x, d), where ``wider`` holds every value of x."""
    middle = root.inputs[0].dtype
    if not _holds(x.dtype, middle):
        return None
    return x if x.dtype == root.dtype else elementwise.astype(x, root.dtype)


_MANTISSA = {"float16": 11, "float32": 24, "float64": 53}


def _holds(narrow: np.dtype, wide: np.dtype) -> bool:
    """Whether every value of the first dtype is one of the second; bool only of itself, whose casts compare with 0."""
    if narrow == wide:
        return True
    if dtypes.is_bool(narrow) or dtypes.is_bool(wide):
        return False
    if dtypes.is_integer(narrow) and dtypes.is_integer(wide):
        return bool(np.can_cast(narrow, wide, "safe"))
    if wide.name not in _MANTISSA:
        return False
    if dtypes.is_integer(narrow):
        return np.iinfo(narrow).bits <= _MANTISSA[wide.name] and wide != dtypes.float16
    return _MANTISSA.get(narrow.name, 99) <= _MANTISSA[wide.name]


def permuted_once(x: Tensor, first_axes: tuple[int, ...], axes: tuple[int, ...]) -> Tensor:
    """Two permutations are one."""
    both = tuple(first_axes[a] for a in axes)
    return x if both == tuple(range(len(both))) else shape.permute_dims(x, both)


def reshaped_once(root: Tensor) -> Tensor | None:
    """Of several changes of shape that keep the order of the elements, only the last counts."""
    t = root.inputs[0]
    if t.op not in _RESHAPES or not is_known(root.shape):
        return None
    while t.op in _RESHAPES:
        t = t.inputs[0]
    return t if t.shape == root.shape else shape.reshape(t, root.shape)


_RESHAPES = (shape.reshape, shape.reshape_like, shape.expand_dims, shape.squeeze)


def whole(items: Any) -> bool:
    """A slice that takes everything."""
    return all(i == WHOLE for i in items)


def in_order(axes: tuple[int, ...]) -> bool:
    """A permutation that moves nothing."""
    return axes == tuple(range(len(axes)))


def zeros(x: Tensor) -> Tensor:
    """Zeros of the shape of x."""
    return shape.full_like(x, 0)


def ones(x: Tensor) -> Tensor:
    """Ones of the shape of x."""
    return shape.full_like(x, 1)


def zeros_or_root(root: Tensor) -> Tensor | None:
    """Zeros of the root's shape, where it is known."""
    return shape.broadcast_to(constant(0, root.dtype), root.shape) if is_known(root.shape) else None


# --- the rules ------------------------------------------------------------------------------------------------------

SIMPLIFY = Phase(
    "simplify",
    (
        # nothing done
        rule("identity", [same_value(x), positive(x)], x, EXACT),
        rule("same_dtype", astype(x, dtype=dtype), x, EXACT, when=has_dtype, why="dtype is that of x"),
        rule(
            "cast_through",
            astype(astype(x, dtype=Attribute("wider")), dtype=dtype),
            cast_through,
            EXACT,
            law="astype(astype(x, wider), dtype) -> astype(x, dtype), where wider holds every value of x",
        ),
        # signs
        rule("double_negation", negative(negative(x)), x, EXACT),
        rule("add_negative", x + negative(y), x - y, EXACT),
        rule("subtract_negative", x - negative(y), x + y, EXACT),
        rule(
            "negative_of_difference",
            negative(x - y),
            y - x,
            EXACT,
            when=is_integer,
            why="integers: for floats -(x - x) is -0.0",
        ),
        rule("negatives_multiplied", negative(x) * negative(y), x * y, EXACT),
        rule("negatives_divided", negative(x) / negative(y), x / y, EXACT),
        rule("abs_of_sign", absolute(negative(x)), absolute(x), EXACT),
        rule("abs_twice", absolute(absolute(x)), absolute(x), EXACT),
        rule("square_of_sign", [square(negative(x)), square(absolute(x))], square(x), EXACT),
        # ones and zeros
        rule("add_nothing", x + -0.0, x, EXACT, when=is_float, why="floats"),
        rule("add_zero", x + 0, x, EXACT, when=is_never_negative_zero, why="integers, or x can not be -0.0"),
        rule("subtract_zero", x - 0, x, EXACT),
        rule("times_one", [x * 1, x / 1, masked_product(x, 1), masked_quotient(x, 1)], x, EXACT),
        rule("times_minus_one", [x * -1, x / -1], negative(x), EXACT),
        rule(
            "integer_times_zero",
            x * 0,
            zeros,
            EXACT,
            when=is_integer,
            law="x * 0 -> 0",
            why="integers: for floats NaN * 0 is NaN",
        ),
        rule(
            "masked_number",
            masked_product(x, y),
            lambda x, y: x * y,
            EXACT,
            when=is_nonzero_number,
            law="masked_product(c, y) -> c * y, for a number c other than 0",
        ),
        rule(
            "masked_quotient_number",
            masked_quotient(x, y),
            lambda x, y: x / y,
            EXACT,
            when=is_nonzero_number,
            law="masked_quotient(c, y) -> c / y, for a number c other than 0",
        ),
        rule("by_power_of_two", x / y, by_power_of_two, EXACT, law="x / 2**k -> x * 2**-k"),
        rule(
            "integer_sums",
            (x + y) + z,
            constants_joined(elementwise.add),
            EXACT,
            when=is_integer,
            why="integers",
            law="(x + c) + d -> x + (c + d)",
        ),
        rule(
            "integer_products",
            (x * y) * z,
            constants_joined(elementwise.multiply),
            EXACT,
            when=is_integer,
            why="integers",
            law="(x * c) * d -> x * (c * d)",
        ),
        rule(
            "power_of_two_joined",
            (x * y) * z,
            power_of_two_joined,
            law="(x * 2**k) * d -> x * (2**k * d), for k >= 0",
        ),
        rule("negative_joined", negative(x * y), negative_joined, EXACT, law="-(x * c) -> x * -c"),
        rule(
            "sum_of_multiples",
            [
                sum(x * y, axis=axis, keepdims=keepdims),
                sum(masked_product(x * y, z), axis=axis, keepdims=keepdims),
            ],
            sum_of_multiples,
            law="sum(x * c) -> sum(x) * c, sum(masked_product(x * c, z)) -> sum(masked_product(x, z)) * c",
            why="x * c is read by such sums alone; 2**-24 <= abs(c) <= 2**24",
        ),
        # powers
        rule("power_zero", x**0, ones, EXACT, law="x ** 0 -> 1"),
        rule("power_one", x**1, x, EXACT),
        rule("power_two", x**2, square(x), VALUE_SAFE),
        rule("power_minus_one", x**-1, reciprocal(x), VALUE_SAFE, when=is_float, why="floats"),
        # choices
        rule("where_same", where(x, y, y), y, EXACT),
        rule("where_known", where(x, y, z), chosen, EXACT, law="where(constant, y, z) -> y or z"),
        rule("where_not", where(logical_not(x), y, z), where(x, z, y), EXACT),
        rule("extreme_of_one", [maximum(x, x), minimum(x, x), logical_and(x, x), logical_or(x, x)], x, EXACT),
        rule("relu_twice", relu(relu(x)), relu(x), EXACT),
        rule("not_twice", logical_not(logical_not(x)), x, EXACT),
        rule("not_equal", logical_not(equal(x, y)), not_equal(x, y), EXACT),
        rule("not_not_equal", logical_not(not_equal(x, y)), equal(x, y), EXACT),
        # shapes
        rule(
            "permute_nothing",
            permute_dims(x, axes=axes),
            x,
            EXACT,
            when=in_order,
            why="each axis at its place",
        ),
        rule(
            "permute_twice",
            permute_dims(permute_dims(x, axes=first_axes), axes=axes),
            permuted_once,
            EXACT,
            law="permute_dims(permute_dims(x, p), q) -> permute_dims(x, p[q])",
        ),
        rule(
            "reshape_nothing",
            [
                reshape(x, shape=lengths),
                reshape_like(x, y),
                broadcast_to(x, shape=lengths),
                broadcast_like(x, y),
            ],
            x,
            EXACT,
            when=keeps_shape,
            why="the shape is known to be that of x",
        ),
        rule("like_itself", [reshape_like(x, x), broadcast_like(x, x)], x, EXACT),
        rule(
            "sum_nothing",
            [sum_like(x, y), sum(x, axis=(), keepdims=keepdims)],
            x,
            VALUE_SAFE,
            when=lambda x, root: x is root.inputs[-1] or keeps_shape(x, root),
            why="a sum of -0.0 alone may be 0",
        ),
        rule(
            "reshape_twice",
            [reshape(x, shape=lengths), reshape_like(x, y), expand_dims(x, axis=axis), squeeze(x, axis=axis)],
            reshaped_once,
            EXACT,
            law="reshape(reshape(x, s), t) -> reshape(x, t)",
        ),
        rule("squeeze_nothing", [squeeze(x, axis=()), expand_dims(x, axis=())], x, EXACT),
        rule(
            "broadcast_twice",
            broadcast_to(broadcast_to(x, shape=first_lengths), shape=lengths),
            broadcast_to(x, shape=lengths),
            EXACT,
        ),
        rule("whole_slice", slices(x, items=items), x, EXACT, when=whole, why="every item takes all"),
        rule(
            "reduce_nothing",
            [op(x, axis=(), keepdims=keepdims, of_none=of_none) for op in (maximum_over, minimum_over)],
            x,
            EXACT,
        ),
        rule("concat_one", concat(x, axis=axis), x, EXACT),
    ),
)

UNSAFE_SIMPLIFY = Phase(
    "simplify: unsafe",
    (
        rule("times_zero", x * 0, zeros, UNSAFE, law="x * 0 -> 0", why="NaN and infinity times 0 are NaN"),
        rule("subtract_itself", x - x, zeros, UNSAFE, law="x - x -> 0", why="NaN and infinity give NaN"),
        rule("divide_by_itself", x / x, ones, UNSAFE, law="x / x -> 1", why="0, NaN and infinity give NaN"),
        rule("add_any_zero", x + 0, x, UNSAFE, why="-0.0 + 0 is 0"),
        rule("zero_less", 0 - x, negative(x), UNSAFE, why="0 - 0 is 0, -(0) is -0.0"),
        rule("multiply_divide", (x * y) / y, x, UNSAFE, why="y may be 0, and x * y overflow"),
        rule("exp_log", exp(log(x)), x, UNSAFE, why="NaN below 0"),
        rule("exp_product", exp(x) * exp(y), exp(x + y), UNSAFE, why="0 times infinity is NaN"),
        rule("power_half", x**0.5, sqrt(x), UNSAFE, why="(-0.0) ** 0.5 is 0 and (-inf) ** 0.5 is inf"),
        rule(
            "sums_joined",
            (x + y) + z,
            constants_joined(elementwise.add),
            UNSAFE,
            law="(x + c) + d -> x + (c + d)",
            why="x + c may overflow, or absorb c",
        ),
        rule(
            "products_joined",
            (x * y) * z,
            constants_joined(elementwise.multiply),
            UNSAFE,
            law="(x * c) * d -> x * (c * d)",
            why="x * c may overflow or vanish",
        ),
        rule(
            "quotients_joined",
            (x / y) / z,
            lambda x, y, z: x / (y * z),
            UNSAFE,
            law="(x / y) / z -> x / (y * z)",
            why="y * z may overflow or vanish",
        ),
    ),
)
