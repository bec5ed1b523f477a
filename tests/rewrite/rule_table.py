"""One row for each rewriting rule: what the user writes, what exactly stands in its place, where to try it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg.graph.tensor import Tensor, constant, placeholder
from thalweg.ops import activation, joining, logic, reduce, shape, slices, special, state
from thalweg.ops import elementwise as ew
from thalweg.ops.elementwise import cos, cosh, exp, expm1, log, log1p, sinh, sqrt
from thalweg.ops.pool import max_pool
from thalweg.ops.softmax import log_softmax, softmax

sigmoid, erf, erfc = activation.sigmoid, special.erf, special.erfc

WIDE = [-800.0, -100.0, -20.0, -3.0, -0.7, -1e-4, 1e-6, 0.3, 1.0, 2.5, 17.0, 90.0, 800.0]
MIDDLE = [-30.0, -4.0, -1.0, -0.4, -1e-3, 1e-6, 1e-3, 0.2, 0.9, 3.0, 12.0, 35.0]
BELOW_ZERO = [-800.0, -30.0, -3.0, -0.9, -0.69, -0.3, -1e-3, -1e-5]
ABOVE_MINUS_ONE = [-0.9, -0.3, -1e-3, -1e-6, 1e-7, 1e-5, 0.1, 1.0, 30.0, 1e6]
UNIT = [-0.9, -0.5, -1e-3, -1e-5, 1e-6, 1e-4, 0.3, 0.8]
NONZERO = [-1e3, -3.0, -0.5, 0.25, 1.0, 7.0, 1e3]
EPS = float(np.finfo("float32").eps)
LARGE = [-1e25, -3.0, -1e-3, 2.0, 1e25]


@dataclass
class Row:
    """``fn(*placeholders)`` becomes ``text`` by the rule alone; ``points`` are given to the placeholders in turn.

    ``exact``: the truth on long doubles, where even these lose it by evaluating ``fn`` as written. ``floor``: error
    that float32 allows whatever the value: log_softmax adds up numbers around 1, so results near 0 are known to eps.
    """

    rule: str
    fn: Callable[..., Tensor]
    text: str
    points: list[float] = field(default_factory=lambda: WIDE)
    shapes: tuple[tuple[int, ...], ...] = ((13,),)
    dtype: str = "float32"
    gradient: bool = True
    exact: Callable[..., np.ndarray] | None = None
    floor: float = 0.0

    def placeholders(self, dtype: str | None = None) -> list[Tensor]:
        """The symbolic arguments, named x, y, z."""
        return [placeholder(dtype or self.dtype, s, name=n) for n, s in zip("xyz", self.shapes)]

    def arrays(self, dtype: Any) -> list[np.ndarray]:
        """Values from the points, other ones for each argument."""
        made = []
        for k, lengths in enumerate(self.shapes):
            count = int(np.prod(lengths))
            order = np.random.default_rng(k).permutation(max(count, len(self.points)))[:count]
            values = np.resize(np.array(self.points), max(count, len(self.points)))[
                order if k else slice(0, count)
            ]
            made.append(values.reshape(lengths).astype("float32").astype(dtype))
        return made


BOTH = ((13,), (13,))
TABLE = ((4, 3),)


def kept(op: Any, x: Tensor, axis: int = 1) -> Tensor:
    return op(x, axis=axis, keepdims=True)


def less_softplus(x: np.ndarray) -> np.ndarray:
    return -np.logaddexp(0, x)


STABLE = [
    Row(
        "log_softmax", lambda x: log(softmax(x, axis=0)), "log_softmax(x, axis=(0,))", shapes=TABLE, floor=EPS
    ),
    Row("log_sigmoid", lambda x: log(sigmoid(x)), "log_sigmoid(x)"),
    Row("log_one_less_sigmoid", lambda x: log(1 - sigmoid(x)), "negative(softplus(x))", exact=less_softplus),
    Row("log_one_less_sigmoid", lambda x: log1p(-sigmoid(x)), "negative(softplus(x))", exact=less_softplus),
    Row(
        "xlogy_softmax",
        lambda x, y: special.xlogy(y, softmax(x)),
        "masked_product(y, log_softmax(x, axis=(1,)))",
        shapes=((4, 3), (4, 3)),
        points=[*NONZERO, *WIDE],
        floor=EPS,
    ),
    Row(
        "xlogy_sigmoid",
        lambda x, y: special.xlogy(y, sigmoid(x)),
        "masked_product(y, log_sigmoid(x))",
        shapes=BOTH,
    ),
    Row(
        "xlogy_one_less_sigmoid",
        lambda x, y: special.xlogy(y, 1 - sigmoid(x)),
        "masked_product(y, negative(softplus(x)))",
        shapes=BOTH,
        exact=lambda x, y: y * less_softplus(x),
    ),
    Row(
        "log_through_views",
        lambda x: log(softmax(x)[:, 0]),
        "slice_axes(log(softmax(x, axis=(1,))), items=((None, None, None), 0))",
        shapes=TABLE,
        points=MIDDLE,
    ),
    Row("exp_log_softmax", lambda x: exp(log_softmax(x)), "softmax(x, axis=(1,))", shapes=TABLE),
    Row("exp_log_sigmoid", lambda x: exp(activation.log_sigmoid(x)), "sigmoid(x)"),
    Row("log_exp", lambda x: log(exp(x)), "x"),
    Row("softplus", lambda x: log(1 + exp(x)), "softplus(x)"),
    Row("softplus", lambda x: log1p(exp(x)), "softplus(x)"),
    Row("logaddexp", lambda x, y: log(exp(x) + exp(y)), "logaddexp(x, y)", shapes=BOTH),
    Row(
        "logsumexp",
        lambda x: log(reduce.sum(exp(x), axis=1)),
        "logsumexp(x, axis=(1,), keepdims=False)",
        shapes=TABLE,
    ),
    Row(
        "logmeanexp",
        lambda x: log(reduce.mean(exp(x), axis=1)),
        "subtract(logsumexp(x, axis=(1,), keepdims=False), log(count(x, axis=(1,), dtype=float32)))",
        shapes=TABLE,
    ),
    Row(
        "logsumexp_shift",
        lambda x: reduce.logsumexp(x - kept(reduce.max, x), axis=1, keepdims=True) + kept(reduce.max, x),
        "logsumexp(x, axis=(1,), keepdims=True)",
        shapes=TABLE,
    ),
    Row(
        "logsumexp_shift",
        lambda x: reduce.logsumexp(x - kept(reduce.max, x), axis=1) + reduce.max(x, axis=1),
        "logsumexp(x, axis=(1,), keepdims=False)",
        shapes=TABLE,
    ),
    *(
        Row(
            "variance",
            build,
            f"var(x, axis=(1,), correction=0.0, keepdims={kept_too})",
            shapes=TABLE,
            points=MIDDLE,
        )
        for build, kept_too in [
            (lambda x: reduce.mean(ew.square(x - kept(reduce.mean, x)), axis=1), False),
            (lambda x: kept(reduce.mean, (x - kept(reduce.mean, x)) ** 2), True),
            (lambda x: reduce.mean((x - kept(reduce.mean, x)) * (x - kept(reduce.mean, x)), axis=1), False),
        ]
    ),
    Row("log1p_expm1", lambda x: log1p(expm1(x)), "x", exact=lambda x: x),
    Row(
        "log1mexp",
        lambda x: log(-expm1(x)),
        "where(greater(x, -0.6931471824645996), log(subtract(0.0, expm1(x))), log1p(negative(exp(x))))",
        points=BELOW_ZERO,
        shapes=((8,),),
    ),
    Row("softmax", lambda x: exp(x) / kept(reduce.sum, exp(x)), "softmax(x, axis=(1,))", shapes=TABLE),
    Row(
        "softmax",
        lambda x: exp(x) / reduce.sum(exp(x), axis=1)[:, None],
        "softmax(x, axis=(1,))",
        shapes=TABLE,
    ),
    Row(
        "softmax",
        lambda x: exp(x) / reduce.sum(exp(x), axis=1).reshape(4, 1),
        "softmax(x, axis=(1,))",
        shapes=TABLE,
    ),
    Row("softmax", lambda x: exp(x) / reduce.sum(exp(x), axis=0), "softmax(x, axis=(0,))", shapes=TABLE),
    Row("softmax", lambda x: exp(x) / reduce.sum(exp(x)), "softmax(x, axis=(0, 1))", shapes=TABLE),
    Row("softmax_shift", lambda x: softmax(x - kept(reduce.max, x)), "softmax(x, axis=(1,))", shapes=TABLE),
    Row(
        "softmax_shift",
        lambda x: softmax(x - state.stop_gradient(kept(reduce.max, x))),
        "softmax(x, axis=(1,))",
        shapes=TABLE,
    ),
    Row(
        "log_softmax_shift",
        lambda x: log_softmax(x - kept(reduce.max, x)),
        "log_softmax(x, axis=(1,))",
        shapes=TABLE,
    ),
    Row("less_logsumexp", lambda x: x - kept(reduce.logsumexp, x), "log_softmax(x, axis=(1,))", shapes=TABLE),
    Row("sigmoid", lambda x: 1 / (1 + exp(-x)), "sigmoid(x)"),
    Row("sigmoid", lambda x: ew.reciprocal(exp(-x) + 1), "sigmoid(x)"),
    Row("sigmoid", lambda x: exp(x) / (1 + exp(x)), "sigmoid(x)"),
    Row("sigmoid_of_negative", lambda x: 1 / (1 + exp(x)), "sigmoid(negative(x))"),
    Row("times_sigmoid", lambda x: x / (1 + exp(-x)), "multiply(x, sigmoid(x))"),
    Row("tanh", lambda x: (exp(x) - exp(-x)) / (exp(-x) + exp(x)), "tanh(x)"),
    Row("tanh_half", lambda x: expm1(x) / (exp(x) + 1), "tanh(multiply(0.5, x))"),
    Row("tanh_quotient", lambda x: sinh(x) / cosh(x), "tanh(x)"),
    Row("log1p", lambda x: log(1 + x), "log1p(x)", points=ABOVE_MINUS_ONE, shapes=((10,),)),
    Row(
        "log1p_negative",
        lambda x: log(1 - x),
        "log1p(negative(x))",
        points=[-v for v in ABOVE_MINUS_ONE],
        shapes=((10,),),
    ),
    Row("expm1", lambda x: exp(x) - 1, "expm1(x)", points=MIDDLE, shapes=((12,),)),
    Row("expm1", lambda x: -1 + exp(x), "expm1(x)", points=MIDDLE, shapes=((12,),)),
    Row("one_less_exp", lambda x: 1 - exp(x), "negative(expm1(x))", points=MIDDLE, shapes=((12,),)),
    Row(
        "one_less_cos",
        lambda x: 1 - cos(x),
        "multiply(2.0, square(sin(multiply(0.5, x))))",
        points=MIDDLE,
        shapes=((12,),),
    ),
    Row(
        "cosh_less_one",
        lambda x: cosh(x) - 1,
        "multiply(2.0, square(sinh(multiply(0.5, x))))",
        points=MIDDLE,
        shapes=((12,),),
    ),
    Row("erfc", lambda x: 1 - erf(x), "erfc(x)", points=[-3.0, -0.2, 0.1, 1.0, 2.0, 4.0], shapes=((6,),)),
    Row(
        "erfc_of_negative",
        lambda x: 1 + erf(x),
        "erfc(negative(x))",
        points=[-4.0, -2.0, -0.2, 0.1, 1.0, 4.0],
        shapes=((6,),),
    ),
    Row("erf", lambda x: 1 - erfc(x), "erf(x)", points=[-3.0, -0.2, 1e-2, 0.1, 1.0, 4.0], shapes=((6,),)),
    Row("atanh", lambda x: log((1 + x) / (1 - x)), "multiply(2.0, atanh(x))", points=UNIT, shapes=((8,),)),
    Row("asinh", lambda x: log(x + sqrt(x * x + 1)), "asinh(x)", points=MIDDLE, shapes=((12,),)),
    Row("asinh", lambda x: log(sqrt(1 + x**2) + x), "asinh(x)", points=MIDDLE, shapes=((12,),)),
    Row("root_of_square", lambda x: sqrt(x * x), "abs(x)", points=LARGE, shapes=((5,),)),
    Row("root_of_square", lambda x: sqrt(ew.square(x)), "abs(x)", points=LARGE, shapes=((5,),)),
    Row("root_of_square", lambda x: sqrt(x**2), "abs(x)", points=LARGE, shapes=((5,),)),
    Row(
        "one_less_sigmoid",
        lambda x: 1 - sigmoid(x),
        "sigmoid(negative(x))",
        exact=lambda x: 1 / (1 + np.exp(x)),
    ),
]

ORDER = [
    Row(
        "relu_after_max_pool",
        lambda x: max_pool(activation.relu(x), 2),
        "relu(max_pool(x, window=(2,), strides=(2,), padding=((0, 0),), dilation=(1,), ties='first'))",
        shapes=((2, 13, 3),),
    ),
    Row(
        "relu_after_max_pool",
        lambda x: max_pool(activation.relu(x), 3, strides=2, padding="SAME"),
        "relu(max_pool(x, window=(3,), strides=(2,), padding='SAME', dilation=(1,), ties='first'))",
        points=[*NONZERO, 0.0, 2.0, 2.0, -1.0],  # with ties
        shapes=((2, 8, 3),),
    ),
]

WHOLE_NUMBERS = [-(2.0**31), -7.0, -1.0, 0.0, 1.0, 3.0, 2.0**30]


def whole(rule: str, fn: Callable[..., Tensor], text: str, count: int = 1) -> Row:
    return Row(rule, fn, text, WHOLE_NUMBERS, ((7,),) * count, "int32", gradient=False)


def rows_of_shapes(rule: str, fn: Callable[..., Tensor], text: str, shape_: tuple[int, ...] = (2, 3)) -> Row:
    return Row(rule, fn, text, shapes=(shape_,))


MASK = constant(np.array([True, False] * 6 + [True]))

SIMPLE = [
    Row("identity", lambda x: state.identity(x), "x"),
    Row("identity", lambda x: ew.positive(x), "x"),
    Row("same_dtype", lambda x: x.astype("float32"), "x", gradient=False),
    Row("cast_through", lambda x: x.astype("float64").astype("float32"), "x", gradient=False),
    whole("cast_through", lambda x: x.astype("int64").astype("int8"), "astype(x, dtype=int8)"),
    Row("double_negation", lambda x: ew.negative(-x), "x"),
    Row("add_negative", lambda x, y: x + (-y), "subtract(x, y)", shapes=BOTH),
    Row("add_negative", lambda x, y: -x + y, "subtract(y, x)", shapes=BOTH),
    Row("subtract_negative", lambda x, y: x - (-y), "add(x, y)", shapes=BOTH),
    whole("negative_of_difference", lambda x, y: -(x - y), "subtract(y, x)", 2),
    Row("negatives_multiplied", lambda x, y: -x * -y, "multiply(x, y)", shapes=BOTH),
    Row("negatives_divided", lambda x, y: -x / -y, "divide(x, y)", shapes=BOTH),
    Row("abs_of_sign", lambda x: abs(-x), "abs(x)"),
    Row("abs_twice", lambda x: abs(abs(x)), "abs(x)"),
    Row("square_of_sign", lambda x: ew.square(-x), "square(x)"),
    Row("square_of_sign", lambda x: ew.square(abs(x)), "square(x)"),
    Row("add_nothing", lambda x: x + -0.0, "x"),
    Row("add_zero", lambda x: exp(x) + 0, "exp(x)"),
    whole("add_zero", lambda x: 0 + x, "x"),
    Row("subtract_zero", lambda x: x - 0, "x"),
    Row("times_one", lambda x: 1 * x, "x"),
    Row("times_one", lambda x: x * shape.full_like(x, 1), "x"),
    Row("times_one", lambda x: x * np.ones((2, 13), "float32"), "broadcast_to(x, shape=(2, 13))"),
    Row("times_one", lambda x: x / 1, "x"),
    Row("times_one", lambda x: ew.masked_product(x, constant(1.0)), "x"),
    Row("times_one", lambda x: ew.masked_quotient(x, constant(1.0)), "x"),
    Row("times_minus_one", lambda x: x * -1, "negative(x)"),
    Row("times_minus_one", lambda x: x / -1, "negative(x)"),
    whole("integer_times_zero", lambda x: x * 0, "_full_like(x, value=0, dtype=int32)"),
    Row("masked_number", lambda x: ew.masked_product(constant(2.0), x), "multiply(2.0, x)"),
    Row(
        "masked_quotient_number",
        lambda x: ew.masked_quotient(constant(2.0), x),
        "divide(2.0, x)",
        NONZERO,
        ((7,),),
    ),
    Row("by_power_of_two", lambda x: x / 8, "multiply(x, 0.125)"),
    Row("by_power_of_two", lambda x: x / -0.5, "multiply(x, -2.0)"),
    whole("integer_sums", lambda x: 5 + x + 2, "add(x, 7)"),
    whole("integer_products", lambda x: x * 5 * 3, "multiply(x, 15)"),
    Row("power_of_two_joined", lambda x: x * 4 * -0.375, "multiply(x, -1.5)"),
    Row("negative_joined", lambda x: -(x * 0.3), "multiply(x, -0.30000001192092896)"),
    Row(
        "sum_of_multiples",
        lambda x: reduce.sum(x * 0.3, axis=1),
        "multiply(sum(x, axis=(1,), keepdims=False), 0.30000001192092896)",
        MIDDLE,
        TABLE,
    ),
    Row(
        "sum_of_multiples",
        lambda x, y: reduce.sum(ew.masked_product(x * 0.3, y)),
        "multiply(sum(masked_product(x, y), axis=(0, 1), keepdims=False), 0.30000001192092896)",
        MIDDLE,
        TABLE * 2,
    ),
    Row("power_zero", lambda x: x**0, "_full_like(x, value=1, dtype=float32)", gradient=False),
    Row("power_one", lambda x: x**1, "x"),
    Row("power_two", lambda x: x**2, "square(x)", MIDDLE, ((12,),)),
    Row("power_minus_one", lambda x: x**-1, "reciprocal(x)", NONZERO, ((7,),)),
    Row("where_same", lambda x: ew.where(MASK, x, x), "x"),
    Row("where_known", lambda x, y: ew.where(True, x, y), "x", shapes=BOTH),
    Row("where_known", lambda x, y: ew.where(False, x, y), "y", shapes=BOTH),
    Row(
        "where_not",
        lambda x, y: ew.where(logic.logical_not(x > 0), x, y),
        "where(greater(x, 0.0), y, x)",
        shapes=BOTH,
    ),
    Row("extreme_of_one", lambda x: ew.maximum(x, x), "x"),
    Row("extreme_of_one", lambda x: ew.minimum(x, x), "x"),
    Row("extreme_of_one", lambda x: logic.logical_and(x > 0, x > 0), "greater(x, 0.0)", gradient=False),
    Row("extreme_of_one", lambda x: logic.logical_or(x > 0, x > 0), "greater(x, 0.0)", gradient=False),
    Row("relu_twice", lambda x: activation.relu(activation.relu(x)), "relu(x)"),
    Row(
        "not_twice", lambda x: logic.logical_not(logic.logical_not(x > 0)), "greater(x, 0.0)", gradient=False
    ),
    Row(
        "not_equal",
        lambda x, y: logic.logical_not(ew.equal(x, y)),
        "not_equal(x, y)",
        shapes=BOTH,
        gradient=False,
    ),
    Row(
        "not_not_equal",
        lambda x, y: logic.logical_not(ew.not_equal(x, y)),
        "equal(x, y)",
        shapes=BOTH,
        gradient=False,
    ),
    rows_of_shapes("permute_nothing", lambda x: shape.permute_dims(x, (0, 1)), "x"),
    rows_of_shapes("permute_twice", lambda x: x.T.T, "x"),
    rows_of_shapes(
        "permute_twice",
        lambda x: shape.permute_dims(shape.permute_dims(x, (1, 2, 0)), (1, 2, 0)),
        "permute_dims(x, axes=(2, 0, 1))",
        (2, 3, 2),
    ),
    rows_of_shapes("reshape_nothing", lambda x: x.reshape(2, 3), "x"),
    rows_of_shapes("reshape_nothing", lambda x: shape.broadcast_to(x, (2, 3)), "x"),
    rows_of_shapes("sum_nothing", lambda x: shape.sum_like(x, shape.full_like(x, 0)), "x"),
    rows_of_shapes("reshape_nothing", lambda x: shape.broadcast_like(x, shape.full_like(x, 0)), "x"),
    rows_of_shapes("reshape_nothing", lambda x: shape.reshape_like(x, shape.full_like(x, 0)), "x"),
    rows_of_shapes("sum_nothing", lambda x: shape.sum_like(x, x), "x"),
    rows_of_shapes("like_itself", lambda x: shape.broadcast_like(x, x), "x"),
    rows_of_shapes("like_itself", lambda x: shape.reshape_like(x, x), "x"),
    rows_of_shapes("reshape_twice", lambda x: x.reshape(3, 2).reshape(6), "reshape(x, shape=(6,))"),
    rows_of_shapes("reshape_twice", lambda x: shape.expand_dims(x.reshape(6), 1), "reshape(x, shape=(6, 1))"),
    rows_of_shapes("reshape_twice", lambda x: shape.squeeze(shape.expand_dims(x, 1), 1), "x"),
    rows_of_shapes("reshape_twice", lambda x: shape.reshape_like(x.reshape(6), x), "x"),
    rows_of_shapes("squeeze_nothing", lambda x: shape.squeeze(x, ()), "x"),
    rows_of_shapes(
        "broadcast_twice",
        lambda x: shape.broadcast_to(shape.broadcast_to(x, (2, 3)), (2, 2, 3)),
        "broadcast_to(x, shape=(2, 2, 3))",
        (3,),
    ),
    rows_of_shapes("whole_slice", lambda x: slices.slice_axes(x, [slice(None)]), "x"),
    rows_of_shapes("sum_nothing", lambda x: reduce.sum(x, axis=()), "x"),
    rows_of_shapes("reduce_nothing", lambda x: reduce.max(x, axis=()), "x"),
    rows_of_shapes("reduce_nothing", lambda x: reduce.min(x, axis=()), "x"),
    rows_of_shapes("concat_one", lambda x: joining.concat([x]), "x"),
]

# Only their text is checked, and that they stay off: their values are those of numbers, not of floats.
RISKY = [
    Row("times_zero", lambda x: x * 0, "_full_like(x, value=0, dtype=float32)"),
    Row("subtract_itself", lambda x: x - x, "_full_like(x, value=0, dtype=float32)"),
    Row("divide_by_itself", lambda x: x / x, "_full_like(x, value=1, dtype=float32)"),
    Row("add_any_zero", lambda x: x + 0, "x"),
    Row("zero_less", lambda x: 0 - x, "negative(x)"),
    Row("multiply_divide", lambda x, y: x * y / y, "x", shapes=BOTH),
    Row("exp_log", lambda x: exp(log(x)), "x"),
    Row("exp_product", lambda x, y: exp(x) * exp(y), "exp(add(x, y))", shapes=BOTH),
    Row("power_half", lambda x: x**0.5, "sqrt(x)"),
    Row("sums_joined", lambda x: x + 1 + 2, "add(x, 3.0)"),
    Row("products_joined", lambda x: 5 * x * 3, "multiply(x, 15.0)"),
    Row("quotients_joined", lambda x, y: x / y / 3, "divide(x, multiply(y, 3.0))", shapes=BOTH),
]

ROWS = [*STABLE, *ORDER, *SIMPLE, *RISKY]
