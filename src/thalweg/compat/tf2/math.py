"""``tf.math`` and the functions of it that stand in ``tf`` itself: elementwise, reductions, products."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, nn, optimizers
from thalweg.compat.names import described, inner
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2.values import alike, axes, cast, number, pair, tensor
from thalweg.errors import DTypeError, IndexRangeError, fail
from thalweg.graph.tensor import Tensor
from thalweg.ops import (
    activation,
    contract,
    elementwise,
    index,
    logic,
    norms,
    reduce,
    segments,
    shape,
    sort,
    special,
)
from thalweg.optimizers.rows import like, rows_in

# --- elementwise ----------------------------------------------------------------------------------------------------


def _unary(op: Callable[..., Any]) -> Callable[..., Any]:
    def apply(x: Any, name: str | None = None) -> Any:
        return op(tensor(x))

    apply.__name__, apply.__doc__ = op.__name__, described(op)
    return apply


_KERNELS = {
    "add": "AddV2", "subtract": "Sub", "multiply": "Mul", "divide": "RealDiv", "floor_divide": "FloorDiv",
    "remainder": "FloorMod", "fmod": "TruncateMod", "at_least": "Maximum", "at_most": "Minimum",
}  # fmt: skip


@inner
def kernel(op: Callable[..., Any]) -> str:
    """What TensorFlow calls an op in its messages: ``AddV2``, ``LessEqual``.

    >>> kernel(elementwise.add), kernel(elementwise.less_equal)
    ('AddV2', 'LessEqual')
    """
    name = op.__name__.lstrip("_")
    return _KERNELS.get(name) or "".join(part.capitalize() for part in name.split("_"))


def _binary(op: Callable[..., Any]) -> Callable[..., Any]:
    called = kernel(op)

    def apply(x: Any, y: Any, name: str | None = None) -> Any:
        return op(*pair(x, y, called))

    apply.__name__, apply.__doc__ = op.__name__, described(op)
    return apply


@inner
def quotient(op: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """A quotient as TensorFlow has it: of whole numbers as float64, of those of 8 and 16 bits as float32."""

    @functools.wraps(op)
    def divided(x: Tensor, y: Tensor) -> Tensor:
        if dtypes.is_floating(x.dtype) or dtypes.is_floating(y.dtype):
            return op(x, y)
        kind = "float32" if max(x.specs[0].dtype.itemsize, y.specs[0].dtype.itemsize) < 4 else "float64"
        return op(cast(x, kind), cast(y, kind))

    return divided


def _compared(op: Callable[..., Any]) -> Callable[..., Any]:
    """Texts compare as Python's bytes do, numbers as elements."""

    def compare(x: Any, y: Any) -> Any:
        return op(x, y) if isinstance(x, Tensor) else (x == y if op is elementwise.equal else x != y)

    compare.__name__, compare.__doc__ = op.__name__, described(op)
    return _binary(compare)


abs = _unary(elementwise.abs)
acos, acosh, asin, asinh, atan, atanh = (
    _unary(getattr(elementwise, n)) for n in ("acos", "acosh", "asin", "asinh", "atan", "atanh")
)
cos, cosh, sin, sinh, tan, tanh = (
    _unary(getattr(elementwise, n)) for n in ("cos", "cosh", "sin", "sinh", "tan", "tanh")
)
ceil, floor, round = _unary(elementwise.ceil), _unary(elementwise.floor), _unary(elementwise.round)
rint = round
exp, expm1, log, log1p = (_unary(getattr(elementwise, n)) for n in ("exp", "expm1", "log", "log1p"))
negative, reciprocal, sign = (_unary(getattr(elementwise, n)) for n in ("negative", "reciprocal", "sign"))
sqrt, rsqrt, square = (_unary(getattr(elementwise, n)) for n in ("sqrt", "rsqrt", "square"))
sigmoid, softplus, softsign = (_unary(getattr(activation, n)) for n in ("sigmoid", "softplus", "softsign"))
log_sigmoid = _unary(activation.log_sigmoid)
digamma, erf, erfc, erfinv, lgamma = (
    _unary(getattr(special, n)) for n in ("digamma", "erf", "erfc", "erfinv", "lgamma")
)
is_nan, is_inf, is_finite = _unary(logic.isnan), _unary(logic.isinf), _unary(logic.isfinite)
logical_not = _unary(logic.logical_not)

add, subtract, multiply = (_binary(getattr(elementwise, n)) for n in ("add", "subtract", "multiply"))
divide = truediv = _binary(quotient(elementwise.divide))
divide_no_nan = _binary(quotient(special.divide_no_nan))


def _squared_difference(x: Tensor, y: Tensor) -> Tensor:
    """(x - y) ** 2, in the dtype of both."""
    return cast(special.squared_difference(x, y), x.dtype)


def _multiply_no_nan(x: Tensor, y: Tensor) -> Tensor:
    """The product, and 0 where y is 0."""
    return elementwise.where(elementwise.equal(y, 0), elementwise.multiply(y, 0), elementwise.multiply(x, y))


multiply_no_nan = _binary(_multiply_no_nan)
floordiv = _binary(elementwise.floor_divide)
floormod = mod = _binary(elementwise.remainder)
truncatemod = _binary(elementwise.fmod)
maximum, minimum = (
    _binary(elementwise.at_least),
    _binary(elementwise.at_most),
)  # ties: the gradient goes to the first
pow = _binary(elementwise.pow)
atan2, squared_difference = _binary(elementwise.atan2), _binary(_squared_difference)
xlogy = _binary(special.xlogy)


def _xdivy(x: Tensor, y: Tensor) -> Tensor:
    """x / y, and 0 where x is 0, also for y = 0."""
    nothing = elementwise.equal(x, 0)
    return elementwise.where(nothing, 0, elementwise.divide(x, elementwise.where(nothing, 1, y)))


xdivy = _binary(_xdivy)
equal, not_equal = _compared(elementwise.equal), _compared(elementwise.not_equal)
less, less_equal, greater, greater_equal = (
    _binary(getattr(elementwise, n)) for n in ("less", "less_equal", "greater", "greater_equal")
)
logical_and, logical_or, logical_xor = (
    _binary(getattr(logic, n)) for n in ("logical_and", "logical_or", "logical_xor")
)


def truncatediv(x: Any, y: Any, name: Any = None) -> Any:
    """The quotient of whole numbers, cut towards zero."""
    a, b = pair(x, y, "TruncateDiv")
    whole = elementwise.floor_divide(a, b)
    short = elementwise.less(whole, 0) & elementwise.not_equal(whole * b, a)
    return cast(elementwise.where(short, whole + 1, whole), a.dtype)


def scalar_mul(scalar: Any, x: Any, name: Any = None) -> Any:
    """A number times a tensor."""
    return multiply(scalar, x)


def saturate_cast(value: Any, dtype: Any, name: Any = None) -> Any:
    """A tensor in another dtype, kept within its range."""
    return cast(value, dtype)


def add_n(inputs: Sequence[Any], name: Any = None) -> Any:
    """The sum of tensors of one shape."""
    total = tensor(inputs[0])
    for part in inputs[1:]:
        total = add(total, part)
    return total


def accumulate_n(inputs: Sequence[Any], shape: Any = None, tensor_dtype: Any = None, name: Any = None) -> Any:
    """The sum of tensors of one shape and dtype."""
    return add_n(inputs)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None) -> Any:
    """The elements within bounds."""
    rows, low, high = alike([rows_in(t), clip_value_min, clip_value_max], "ClipByValue")
    return like(t, optimizers.clip_by_value(rows, low, high))


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: Any = None) -> Any:
    """Of L2 norm ``clip_norm`` at most."""
    return like(t, optimizers.clip_by_norm(tensor(rows_in(t)), clip_norm, axes))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None) -> Any:
    """All tensors scaled so that their common norm is ``clip_norm`` at most; and the norm before.

    Of slices the rows count as they are: equal ones are not summed before.
    """
    given = [None if t is None else tensor(rows_in(t)) for t in t_list]
    clipped, norm = optimizers.clip_by_global_norm(given, clip_norm, use_norm)
    return [like(t, rows) for t, rows in zip(t_list, clipped, strict=True)], norm


# --- reductions -----------------------------------------------------------------------------------------------------


def _reduction(op: Callable[..., Any], **fixed: Any) -> Callable[..., Any]:
    def apply(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        return op(tensor(input_tensor), axis=axes(axis), keepdims=bool(keepdims), **fixed)

    apply.__doc__ = described(op)
    return apply


def _kept(op: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction of numbers whose result has the dtype of its operand."""

    def apply(x: Tensor, **options: Any) -> Any:
        if x.specs[0].dtype == bool:
            raise fail(
                DTypeError,
                f"{kernel(op)}: a sum, product or mean is of numbers",
                received="truths",
                hint="tf.cast(x, tf.float32) first",
            )
        return cast(op(x, **options), x.dtype)

    apply.__doc__ = described(op)
    return apply


reduce_sum, reduce_mean, reduce_prod = (
    _reduction(_kept(op)) for op in (reduce.sum, reduce.mean, reduce.prod)
)


reduce_max, reduce_min = _reduction(reduce.max, of_none=True), _reduction(reduce.min, of_none=True)
reduce_all, reduce_any = _reduction(reduce.all), _reduction(reduce.any)
reduce_std, reduce_variance = _reduction(reduce.std), _reduction(reduce.var)
reduce_logsumexp, reduce_euclidean_norm = _reduction(reduce.logsumexp), _reduction(norms.norm)


def count_nonzero(
    input: Any, axis: Any = None, keepdims: Any = None, dtype: Any = "int64", name: Any = None
) -> Any:
    """How many elements are not 0."""
    return cast(reduce.count_nonzero(tensor(input), axis=axes(axis), keepdims=bool(keepdims)), dtype)


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: Any = None) -> Any:
    """The place of the greatest element along an axis, the first unless given."""
    return cast(reduce.argmax(tensor(input), axis=0 if axis is None else axes(axis)), output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: Any = None) -> Any:
    """The place of the least element along an axis, the first unless given."""
    return cast(reduce.argmin(tensor(input), axis=0 if axis is None else axes(axis)), output_type)


def cumsum(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: Any = None) -> Any:
    """Running sums."""
    x = tensor(x)
    return cast(reduce.cumulative_sum(x, axis=number(axis), exclusive=exclusive, reverse=reverse), x.dtype)


def cumprod(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: Any = None) -> Any:
    """Running products."""
    x = tensor(x)
    return cast(reduce.cumulative_prod(x, axis=number(axis), exclusive=exclusive, reverse=reverse), x.dtype)


def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = "int32",
    name: Any = None, axis: Any = None, binary_output: bool = False,
) -> Any:  # fmt: skip
    """How often each whole number occurs, or the sums of its weights, in all of ``arr``, or with ``axis=-1`` in each
    row; in places 0 to the greatest one, at least ``minlength`` and at most ``maxlength``, past which nothing counts.
    ``binary_output``: 1 where a number occurs.
    """
    given = np.asarray(arr)
    if given.size and given.min() < 0:
        raise fail(IndexRangeError, "bincount: values", expected="0 or more", received=int(given.min()))
    rows = given.reshape(1, -1) if axis in (None, 0) else given
    shares = None if weights is None else np.asarray(weights).reshape(rows.shape)
    width = max(int(rows.max(initial=-1)) + 1, 0 if minlength is None else int(number(minlength)))
    width = width if maxlength is None else min(width, int(number(maxlength)))
    kind = numpy_dtype(dtype) if shares is None else shares.dtype
    counts = np.zeros((len(rows), width), kind)
    for k, row in enumerate(rows):
        counted = row < width
        np.add.at(counts[k], row[counted], 1 if shares is None else shares[k][counted])
    counts = (counts > 0).astype(kind) if binary_output else counts
    return tensor(counts[0] if axis in (None, 0) else counts, kind)


def confusion_matrix(
    labels: Any, predictions: Any, num_classes: Any = None, weights: Any = None, dtype: Any = "int32", name: Any = None
) -> Any:  # fmt: skip
    """Counts [label, prediction]."""
    true, found = tensor(labels), tensor(predictions)
    if num_classes is None:
        num_classes = int(max(np.max(np.asarray(true)), np.max(np.asarray(found)))) + 1
    places = cast(true, "int64") * num_classes + cast(found, "int64")
    rows = shape.flatten(places)
    ones = (
        elementwise.astype(elementwise.equal(rows, rows), "float32")
        if weights is None
        else shape.flatten(tensor(weights))
    )
    counts = segments.segment_sum(ones, rows, num_classes * num_classes)
    return cast(shape.reshape(counts, (num_classes, num_classes)), dtype)


# --- products and order ---------------------------------------------------------------------------------------------


def matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
    adjoint_b: bool = False, a_is_sparse: bool = False, b_is_sparse: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """The matrix product, of matrices or stacks of them; either may be transposed."""
    a, b = pair(a, b, "MatMul")
    for x in (a, b):
        if x.shape is not None and len(x.shape) < 2:
            raise ValueError(
                f"tf.matmul: two axes or more are needed, received shape {x.shape}; use tf.tensordot"
            )
    turn = contract.matrix_transpose
    return contract.matmul(
        turn(a) if transpose_a or adjoint_a else a, turn(b) if transpose_b or adjoint_b else b
    )


def matvec(
    a: Any, b: Any, transpose_a: bool = False, adjoint_a: bool = False, a_is_sparse: bool = False,
    b_is_sparse: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """The product of matrices and vectors."""
    a, b = pair(a, b, "MatMul")
    turned = contract.matrix_transpose(a) if transpose_a or adjoint_a else a
    return shape.squeeze(contract.matmul(turned, shape.expand_dims(b, -1)), -1)


def tensordot(a: Any, b: Any, axes: Any, name: Any = None) -> Any:
    """Sums of products over pairs of axes."""
    a, b = pair(a, b, "MatMul")
    if not isinstance(axes, int):
        axes = tuple((int(p),) if np.ndim(p) == 0 else tuple(int(i) for i in p) for p in axes)
    return contract.tensordot(a, b, axes=axes)


def einsum(equation: str, *inputs: Any, optimize: Any = None, name: Any = None) -> Any:
    """Sums of products over named axes."""
    return contract.einsum(equation, *alike(inputs, "Einsum"))


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: Any = None
) -> Any:
    """The places of the elements in order."""
    return cast(sort.argsort(tensor(values), axis=axis, descending=direction == "DESCENDING"), "int32")


def top_k(input: Any, k: Any = 1, sorted: bool = True, index_type: Any = "int32", name: Any = None) -> Any:
    """The k greatest elements along the last axis, and their places."""
    values, places = sort.top_k(tensor(input), int(number(k)))
    return TopK(values, cast(places, index_type))


class TopK(tuple[Any, Any]):
    """Values and indices of :func:`top_k`."""

    def __new__(cls, values: Any, indices: Any) -> TopK:
        return super().__new__(cls, (values, indices))

    @property
    def values(self) -> Any:
        return self[0]

    @property
    def indices(self) -> Any:
        return self[1]


def in_top_k(targets: Any, predictions: Any, k: int, name: Any = None) -> Any:
    """Whether the class is among the k most probable."""
    x, rows = tensor(predictions), shape.expand_dims(cast(targets, "int64"), -1)
    own = index.take_along_axis(x, rows, axis=1)
    above = reduce.sum(elementwise.astype(elementwise.greater(x, own), "int32"), axis=-1)
    return elementwise.less(above, k)


def zero_fraction(value: Any, name: Any = None) -> Any:
    """The share of elements that are 0."""
    return reduce.mean(elementwise.astype(elementwise.equal(tensor(value), 0), "float32"))


def softmax(logits: Any, axis: Any = -1, name: Any = None) -> Any:
    """exp(x) / sum(exp(x)) along an axis."""
    return nn.softmax(tensor(logits), axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: Any = -1, name: Any = None) -> Any:
    """x - log(sum(exp(x))) along an axis."""
    return nn.log_softmax(tensor(logits), axis=-1 if axis is None else axis)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None) -> Any:
    """Scaled to L2 norm 1, over all axes or some: x / sqrt(max(sum(x**2), epsilon))."""
    x = tensor(x)
    return nn.l2_normalize(x, axis=tuple(range(x.ndim)) if axis is None else axes(axis), epsilon=epsilon)


def invert_permutation(x: Any, name: Any = None) -> Any:
    """Where each number stands in a permutation."""
    return cast(sort.argsort(tensor(x)), tensor(x).dtype)


def reciprocal_no_nan(x: Any, name: Any = None) -> Any:
    """1 / x, and 0 where x is 0."""
    x = tensor(x)
    return special.divide_no_nan(elementwise.add(elementwise.multiply(x, 0), 1), x)


def polyval(coeffs: Sequence[Any], x: Any, name: Any = None) -> Any:
    """A polynomial at x, the coefficient of the highest power first."""
    total = tensor(coeffs[0])
    for c in coeffs[1:]:
        total = add(multiply(total, x), c)
    return total
