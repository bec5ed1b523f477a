"""``theano.tensor``: the functions of variables, each the main library's under Theano's name and argument order."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.variable import (
    TensorType,
    TensorVariable,
    as_dtype,
    as_tensor_variable,
    common,
    filled,
    floats,
    lengths_of,
    shape_items,
    tensor_of,
)
from thalweg.graph.tensor import Tensor
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops

_INT64 = np.dtype("int64")
_RANKS = {
    "scalar": (), "vector": (False,), "matrix": (False, False), "row": (True, False), "col": (False, True),
    "tensor3": (False,) * 3, "tensor4": (False,) * 4, "tensor5": (False,) * 5,
}  # fmt: skip
_PREFIXES = {"b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64"}

# --- constructors ---------------------------------------------------------------------------------------------------


class _FloatXConstructor:
    """``matrix("x")``, ``matrix(dtype="int32")``: a variable, of dtype ``floatX`` unless given."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self._broadcastable = _RANKS[name]

    def __call__(self, name: str | None = None, dtype: Any = None) -> TensorVariable:
        return TensorType(dtype or config.floatX, self._broadcastable)(name)


def _several(one: Any) -> Any:
    def make(*names: Any) -> list[TensorVariable]:
        """Several variables: from names, or as many as a number says."""
        if len(names) == 1 and isinstance(names[0], int):
            return [one() for _ in range(names[0])]
        return [one(name) for name in names]

    return make


def _constructors() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for rank, broadcastable in _RANKS.items():
        made[rank] = _FloatXConstructor(rank)
        for prefix, dtype in _PREFIXES.items():
            made[prefix + rank] = TensorType(dtype, broadcastable)
    for name in list(made):
        plural = {"row": "rows", "col": "cols", "matrix": "matrices"}
        for single, many in plural.items():
            if name.endswith(single):
                made[name.removesuffix(single) + many] = _several(made[name])
        if name.endswith(("scalar", "vector", "tensor3", "tensor4", "tensor5")):
            made[name + "s"] = _several(made[name])
    return made


CONSTRUCTORS = _constructors()
globals().update(CONSTRUCTORS)
scalar, vector, matrix, row, col, tensor3, tensor4 = (
    CONSTRUCTORS[n] for n in ("scalar", "vector", "matrix", "row", "col", "tensor3", "tensor4")
)


def tensor(dtype: Any, broadcastable: Sequence[bool], name: str | None = None) -> TensorVariable:
    """A variable of a dtype and broadcastable pattern."""
    return TensorType(dtype, broadcastable)(name)


# --- element by element ---------------------------------------------------------------------------------------------


def _summary(op: Any) -> str:
    """The first line of what the main library says of an op."""
    return str(op.__doc__ or "").split("\n")[0]


def _float_op(op: Any) -> Any:
    def apply(x: Any) -> TensorVariable:
        return TensorVariable(op(*floats(x)))

    apply.__doc__ = _summary(op)
    return apply


def _plain_op(op: Any) -> Any:
    def apply(x: Any) -> TensorVariable:
        return TensorVariable(op(tensor_of(x)))

    apply.__doc__ = _summary(op)
    return apply


def _two(op: Any) -> Any:
    def apply(x: Any, y: Any) -> TensorVariable:
        return TensorVariable(op(*common(x, y)))

    apply.__doc__ = _summary(op)
    return apply


def _many(op: Any) -> Any:
    def apply(x: Any, *more: Any) -> TensorVariable:
        first, *rest = common(x, *more)
        for y in rest:
            first = op(first, y)
        return TensorVariable(first)

    apply.__doc__ = _summary(op)
    return apply


exp, exp2, expm1 = _float_op(tw.exp), _float_op(tw.exp2), _float_op(tw.expm1)
log, log2, log10, log1p = _float_op(tw.log), _float_op(tw.log2), _float_op(tw.log10), _float_op(tw.log1p)
sqrt, sin, cos, tan = _float_op(tw.sqrt), _float_op(tw.sin), _float_op(tw.cos), _float_op(tw.tan)
sinh, cosh, tanh = _float_op(tw.sinh), _float_op(tw.cosh), _float_op(tw.tanh)
arcsin, arccos, arctan = _float_op(tw.asin), _float_op(tw.acos), _float_op(tw.atan)
arcsinh, arccosh, arctanh = _float_op(tw.asinh), _float_op(tw.acosh), _float_op(tw.atanh)
erf, erfc, erfinv = _float_op(tw.erf), _float_op(tw.erfc), _float_op(tw.erfinv)
gammaln, psi, inv = _float_op(tw.lgamma), _float_op(tw.digamma), _float_op(tw.reciprocal)
sqr, neg, abs_, sgn = _plain_op(tw.square), _plain_op(tw.negative), _plain_op(tw.abs), _plain_op(tw.sign)
floor, ceil, trunc = _plain_op(tw.floor), _plain_op(tw.ceil), _plain_op(tw.trunc)
isnan, isinf = _plain_op(tw.isnan), _plain_op(tw.isinf)
add, mul = _many(tw.add), _many(tw.multiply)
sub, pow, int_div, mod = _two(tw.subtract), _two(tw.pow), _two(tw.floor_divide), _two(tw.remainder)
maximum, minimum = _two(tw.maximum), _two(tw.minimum)
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


iround = round


def clip(x: Any, min: Any, max: Any) -> TensorVariable:
    """x, not below ``min`` nor above ``max``."""
    t, low, high = common(x, min, max)
    return TensorVariable(tw.minimum(tw.maximum(t, low), high))


def switch(cond: Any, ift: Any, iff: Any) -> TensorVariable:
    """``ift`` where ``cond`` is not 0, else ``iff``, element by element."""
    test = tensor_of(cond)
    test = test if test.dtype.kind == "b" else tw.not_equal(test, tensor_of(0, test.dtype))
    return TensorVariable(tw.where(test, *common(ift, iff)))


def where(cond: Any, ift: Any = None, iff: Any = None, **_: Any) -> Any:
    """:func:`switch`; with one argument the places where it is not 0."""
    return nonzero(cond) if ift is None else switch(cond, ift, iff)


def cast(x: Any, dtype: Any) -> TensorVariable:
    """x in another dtype."""
    wanted = np.dtype(config.floatX if dtype == "floatX" else dtype)
    t = tensor_of(x)
    if t.dtype == wanted and isinstance(x, TensorVariable):
        return x
    return TensorVariable(as_dtype(t, wanted))


def isclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorVariable:
    """Whether |a - b| <= atol + rtol |b|."""
    near = le(abs_(sub(a, b)), atol + rtol * abs_(as_tensor_variable(b)))
    return near | (isnan(a) & isnan(b)) if equal_nan else near


def allclose(
    a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorVariable:
    """Whether all elements are close."""
    return all(isclose(a, b, rtol, atol, equal_nan))


def fill(a: Any, b: Any) -> TensorVariable:
    """b stretched to the shape of a."""
    return TensorVariable(tw.broadcast_like(tensor_of(b), tensor_of(a)))


second = fill


def tensor_copy(x: Any) -> TensorVariable:
    """x as a new expression."""
    return TensorVariable(tw.identity(tensor_of(x)))


def conj(x: Any) -> TensorVariable:
    """x itself: numbers are real."""
    return as_tensor_variable(x)


def identity(x: Any) -> TensorVariable:
    """x itself."""
    return as_tensor_variable(x)


# --- reductions -----------------------------------------------------------------------------------------------------


def _axes(axis: Any) -> Any:
    if isinstance(axis, TensorVariable):
        axis = int(axis.tensor.array())
    if isinstance(axis, (list, tuple, np.ndarray)):
        return tuple(int(a) for a in axis)
    return None if axis is None else int(axis)


def _sum_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype in which numbers are summed: 64 bits for integers."""
    return dtype if dtype.kind == "f" else np.dtype("uint64" if dtype.kind == "u" else "int64")


def _summing(op: Any) -> Any:
    def apply(
        input: Any,
        axis: Any = None,
        dtype: Any = None,
        keepdims: bool = False,
        acc_dtype: Any = None,
        no_zeros_in_input: bool = False,
    ) -> TensorVariable:
        t = tensor_of(input)
        return TensorVariable(
            op(as_dtype(t, dtype or _sum_dtype(t.dtype)), axis=_axes(axis), keepdims=bool(keepdims))
        )

    apply.__doc__ = _summary(op)
    return apply


sum, prod = _summing(tw.sum), _summing(tw.prod)


def mean(
    input: Any,
    axis: Any = None,
    dtype: Any = None,
    op: bool = False,
    keepdims: bool = False,
    acc_dtype: Any = None,
) -> TensorVariable:
    """The mean over axes; of integers in float64."""
    t = tensor_of(input)
    wanted = dtype or (t.dtype if t.dtype.kind == "f" else "float64")
    return TensorVariable(tw.mean(as_dtype(t, wanted), axis=_axes(axis), keepdims=bool(keepdims)))


def var(
    input: Any,
    axis: Any = None,
    ddof: int = 0,
    keepdims: bool = False,
    corrected: bool = False,
) -> TensorVariable:
    """The variance over axes, divided by N - ddof."""
    t = tensor_of(input)
    t = as_dtype(t, t.dtype if t.dtype.kind == "f" else "float64")
    return TensorVariable(tw.var(t, axis=_axes(axis), correction=float(ddof), keepdims=bool(keepdims)))


def std(
    input: Any,
    axis: Any = None,
    ddof: int = 0,
    keepdims: bool = False,
    corrected: bool = False,
) -> TensorVariable:
    """The standard deviation over axes."""
    return sqrt(var(input, axis, ddof, keepdims))


def max(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The largest element over axes."""
    return TensorVariable(tw.max(tensor_of(x), axis=_axes(axis), keepdims=bool(keepdims)))


def min(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The smallest element over axes."""
    return TensorVariable(tw.min(tensor_of(x), axis=_axes(axis), keepdims=bool(keepdims)))


def argmax(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The place of the largest element; without an axis in the flattened array."""
    return TensorVariable(tw.argmax(tensor_of(x), axis=_axes(axis), keepdims=bool(keepdims)))


def argmin(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The place of the smallest element."""
    return TensorVariable(tw.argmin(tensor_of(x), axis=_axes(axis), keepdims=bool(keepdims)))


def max_and_argmax(x: Any, axis: Any = None, keepdims: bool = False) -> list[TensorVariable]:
    """The largest element over axes, and its place."""
    return [max(x, axis, keepdims), argmax(x, axis, keepdims)]


def all(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Whether all elements hold."""
    return TensorVariable(tw.all(as_dtype(tensor_of(x), "bool"), axis=_axes(axis), keepdims=bool(keepdims)))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """Whether any element holds."""
    return TensorVariable(tw.any(as_dtype(tensor_of(x), "bool"), axis=_axes(axis), keepdims=bool(keepdims)))


def ptp(a: Any, axis: Any = None) -> TensorVariable:
    """The largest less the smallest element."""
    return max(a, axis) - min(a, axis)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """A norm: Euclidean (Frobenius) unless ``ord`` is given."""
    return TensorVariable(tw.linalg.norm(*floats(x), ord=ord, axis=_axes(axis), keepdims=keepdims))


def vector_norm(x: Any, L: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """The L norm over axes."""
    t = floats(x)[0]
    if L == 0:
        return sum(neq(TensorVariable(t), 0), axis=axis, keepdims=keepdims)
    if L == 1:
        return sum(abs_(TensorVariable(t)), axis=axis, keepdims=keepdims)
    if L == 2:
        return sqrt(sum(sqr(TensorVariable(t)), axis=axis, keepdims=keepdims))
    return pow(sum(pow(abs_(TensorVariable(t)), L), axis=axis, keepdims=keepdims), 1.0 / L)


def cumsum(x: Any, axis: int | None = None) -> TensorVariable:
    """Running sums along an axis, or over the flattened array."""
    t = tensor_of(x)
    t = tw.flatten(t) if axis is None and t.ndim != 1 else t
    return TensorVariable(tw.cumulative_sum(t, axis=0 if axis is None else axis))


def cumprod(x: Any, axis: int | None = None) -> TensorVariable:
    """Running products along an axis, or over the flattened array."""
    t = tensor_of(x)
    t = tw.flatten(t) if axis is None and t.ndim != 1 else t
    return TensorVariable(tw.cumulative_prod(t, axis=0 if axis is None else axis))


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> TensorVariable:
    """log(sum(exp(x))), computed without overflow."""
    return TensorVariable(tw.logsumexp(*floats(x), axis=_axes(axis), keepdims=keepdims))


# --- products -------------------------------------------------------------------------------------------------------


def dot(a: Any, b: Any) -> TensorVariable:
    """The product over the last axis of a and the last but one (or only) axis of b; of any ranks."""
    x, y = common(a, b)
    if x.ndim == 0 or y.ndim == 0:
        return TensorVariable(tw.multiply(x, y))
    if y.ndim <= 2:
        return TensorVariable(tw.matmul(x, y))
    return TensorVariable(tw.tensordot(x, y, axes=([x.ndim - 1], [builtins.max(y.ndim - 2, 0)])))


def outer(x: Any, y: Any) -> TensorVariable:
    """All products of an element of x and one of y."""
    a, b = common(x, y)
    return TensorVariable(tw.outer(tw.flatten(a), tw.flatten(b)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> TensorVariable:
    """Products summed over pairs of axes."""
    x, y = common(a, b)
    if isinstance(axes, (list, tuple, np.ndarray)):
        one, two = axes
        lists = [
            [int(one)] if np.ndim(one) == 0 else list(one),
            [int(two)] if np.ndim(two) == 0 else list(two),
        ]
        return TensorVariable(tw.tensordot(x, y, axes=lists))
    return TensorVariable(tw.tensordot(x, y, axes=int(axes)))


def batched_dot(a: Any, b: Any) -> TensorVariable:
    """``dot`` of a[k] and b[k] for each k of the first axis."""
    x, y = common(a, b)
    left, right = x.ndim == 2, y.ndim == 2
    x = tw.expand_dims(x, 1) if left else x
    y = tw.expand_dims(y, 2) if right else y
    made = tw.matmul(x, y)
    drop = tuple(k for k, gone in ((1, left), (2, right)) if gone)
    return TensorVariable(tw.squeeze(made, drop) if drop else made)


def batched_tensordot(x: Any, y: Any, axes: Any = 2) -> TensorVariable:
    """``tensordot`` of x[k] and y[k] for each k of the first axis; axes count the first one."""
    a, b = common(x, y)
    if isinstance(axes, int):
        over = [list(range(a.ndim - axes, a.ndim)), list(range(1, 1 + axes))]
    else:
        over = [[axes[0]], [axes[1]]] if np.ndim(axes[0]) == 0 else [list(axes[0]), list(axes[1])]
    names = iter("bcdefghijklmnopqrstuvwxyz")
    left = ["a"] + [next(names) for _ in range(a.ndim - 1)]
    right = ["a"] + [next(names) for _ in range(b.ndim - 1)]
    for i, j in zip(*over, strict=True):
        right[j] = left[i]
    summed = {left[i] for i in over[0]}
    out = [c for c in left if c not in summed] + [c for c in right[1:] if c not in summed]
    return TensorVariable(tw.einsum(f"{''.join(left)},{''.join(right)}->{''.join(out)}", a, b))


# --- shapes ---------------------------------------------------------------------------------------------------------


def shape(x: Any) -> TensorVariable:
    """The axis lengths as an int64 vector."""
    return as_tensor_variable(x).shape


def reshape(x: Any, newshape: Any, ndim: int | None = None) -> TensorVariable:
    """The same elements under another shape, whose lengths may be symbolic; one may be -1."""
    return TensorVariable(dynamic.reshape_to_lengths(tensor_of(x), shape_items(newshape, ndim)))


def flatten(x: Any, ndim: int = 1, outdim: int | None = None) -> TensorVariable:
    """With ``ndim`` axes: the last of them holds all that followed."""
    t = tensor_of(x)
    axes = outdim or ndim
    if not 1 <= axes <= builtins.max(t.ndim, 1):
        raise ValueError(f"flatten: ndim must be between 1 and {t.ndim}, received {axes}")
    return reshape(TensorVariable(t), [*lengths_of(t)[: axes - 1], -1])


def dimshuffle(x: Any, pattern: Sequence[Any]) -> TensorVariable:
    """Axes in the order of ``pattern``; "x" is a new axis of length 1, axes of length 1 may be left out."""
    t = tensor_of(x)
    order = [int(p) for p in pattern if p != "x"]
    dropped = [k for k in range(t.ndim) if k not in order]
    declared = x.broadcastable if isinstance(x, TensorVariable) else ()
    for k in dropped:
        if not (k < len(declared) and declared[k]) and t.known_shape()[k] != 1:
            raise ValueError(
                f"dimshuffle: axis {k} is left out of the pattern {tuple(pattern)}, but it is not broadcastable"
            )
    if dropped:
        t = tw.squeeze(t, tuple(dropped))
        order = [k - builtins.sum(d < k for d in dropped) for k in order]
    t = tw.permute_dims(t, tuple(order)) if order != sorted(order) else t
    new = tuple(k for k, p in enumerate(pattern) if p == "x")
    return TensorVariable(tw.expand_dims(t, new) if new else t)


def transpose(x: Any, axes: Any = None) -> TensorVariable:
    """Axes reversed, or in the given order."""
    return TensorVariable(tw.permute_dims(tensor_of(x), None if axes is None else tuple(axes)))


def transpose_to(x: Any, *axes: Any) -> TensorVariable:
    """``x.transpose(...)``: the order as a tuple or as numbers."""
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], (list, tuple)) else axes
    return transpose(x, order or None)


def swapaxes(y: Any, axis1: int, axis2: int) -> TensorVariable:
    """Two axes exchanged."""
    return TensorVariable(tw.swapaxes(tensor_of(y), axis1, axis2))


def moveaxis(a: Any, source: Any, destination: Any) -> TensorVariable:
    """Axes moved to other places."""
    return TensorVariable(tw.moveaxis(tensor_of(a), source, destination))


def squeeze(x: Any, axis: Any = None) -> TensorVariable:
    """Without the axes that are known to have length 1."""
    v = as_tensor_variable(x)
    axes = tuple(k for k, b in enumerate(v.broadcastable) if b) if axis is None else _axes(axis)
    return TensorVariable(tw.squeeze(v.tensor, axes)) if axes != () else v


def shape_padleft(t: Any, n_ones: int = 1) -> TensorVariable:
    """With axes of length 1 in front."""
    return TensorVariable(tw.expand_dims(tensor_of(t), tuple(range(n_ones))))


def shape_padright(t: Any, n_ones: int = 1) -> TensorVariable:
    """With axes of length 1 behind."""
    v = tensor_of(t)
    return TensorVariable(tw.expand_dims(v, tuple(range(v.ndim, v.ndim + n_ones))))


def shape_padaxis(t: Any, axis: int) -> TensorVariable:
    """With an axis of length 1 at a place."""
    return TensorVariable(tw.expand_dims(tensor_of(t), axis))


expand_dims = shape_padaxis


def atleast_Nd(x: Any, n: int = 1, left: bool = True) -> TensorVariable:
    """With axes of length 1 so that there are at least n."""
    v = as_tensor_variable(x)
    missing = builtins.max(n - v.ndim, 0)
    return (shape_padleft if left else shape_padright)(v, missing) if missing else v


def addbroadcast(x: Any, *axes: int) -> TensorVariable:
    """x with axes that are known to have length 1."""
    t = tensor_of(x)
    kept = [d for k, d in enumerate(lengths_of(t)) if k not in axes]
    return TensorVariable(tw.expand_dims(reshape(TensorVariable(t), kept).tensor, tuple(axes)))


def unbroadcast(x: Any, *axes: int) -> TensorVariable:
    """x itself: whether an axis of length 1 stretches is decided when the program runs."""
    return as_tensor_variable(x)


def patternbroadcast(x: Any, broadcastable: Sequence[bool]) -> TensorVariable:
    """x with the axes of length 1 that the pattern names."""
    v = as_tensor_variable(x)
    axes = [
        k for k, (new, old) in enumerate(zip(broadcastable, v.broadcastable, strict=True)) if new and not old
    ]
    return addbroadcast(v, *axes) if axes else v


def specify_shape(x: Any, st: Any) -> TensorVariable:
    """x, of which the lengths are promised."""
    return reshape(x, st)


def join(axis: Any, *tensors: Any) -> TensorVariable:
    """Arrays joined along an axis."""
    parts = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    return TensorVariable(tw.concat(common(*parts), axis=int(_axes(axis))))


def concatenate(tensor_list: Any, axis: Any = 0) -> TensorVariable:
    """Arrays joined along an axis."""
    return join(axis, *tensor_list)


def stack(*tensors: Any, axis: int = 0) -> TensorVariable:
    """Arrays joined along a new axis: ``stack([a, b], axis)``, or as of old ``stack(a, b)``."""
    if tensors and isinstance(tensors[0], (list, tuple)):
        axis = tensors[1] if len(tensors) > 1 else axis
        tensors = tuple(tensors[0])
    return TensorVariable(tw.stack(common(*tensors), axis=int(axis)))


def stacklists(arg: Any) -> TensorVariable:
    """Nested lists of variables as one array."""
    if isinstance(arg, (list, tuple)):
        return stack([stacklists(a) for a in arg])
    return as_tensor_variable(arg)


def horizontal_stack(*args: Any) -> TensorVariable:
    """Matrices side by side."""
    return concatenate(args, axis=1)


def vertical_stack(*args: Any) -> TensorVariable:
    """Matrices one below the other."""
    return concatenate(args, axis=0)


def split(x: Any, splits_size: Any, n_splits: int, axis: int = 0) -> list[TensorVariable]:
    """Parts of the given sizes along an axis."""
    sizes = [int(n) for n in shape_items(splits_size, n_splits)]
    v, start, parts = as_tensor_variable(x), 0, []
    for n in sizes:
        parts.append(v[(slice(None),) * axis + (slice(start, start + n),)])
        start += n
    return parts


def tile(x: Any, reps: Any, ndim: int | None = None) -> TensorVariable:
    """The array repeated as a block, ``reps`` times along each axis."""
    v = as_tensor_variable(x)
    counts = shape_items(reps, ndim)
    if builtins.all(isinstance(n, int) for n in counts):
        return TensorVariable(tw.tile(v.tensor, tuple(counts)))
    counts = [1] * (v.ndim - len(counts)) + counts
    v = atleast_Nd(v, len(counts))
    wide = [n for c, d in zip(counts, lengths_of(v.tensor), strict=True) for n in (c, d)]
    parts = v.dimshuffle(*[p for k in range(v.ndim) for p in ("x", k)])
    whole = dynamic.broadcast_to_lengths(parts.tensor, shape_items(wide))
    ends = [as_tensor_variable(TensorVariable(c) if isinstance(c, Tensor) else c) * d
            for c, d in zip(counts, lengths_of(v.tensor), strict=True)]  # fmt: skip
    return reshape(TensorVariable(whole), ends)


def repeat(x: Any, repeats: Any, axis: int | None = None) -> TensorVariable:
    """Each element (or slice along an axis) several times in a row."""
    t = tensor_of(x)
    if axis is None:
        t, axis = tw.flatten(t), 0
    r = tensor_of(repeats)
    if r.value is not None:
        return TensorVariable(tw.repeat(t, r.numpy() if r.ndim else int(r.array()), axis=axis))
    if r.ndim:
        raise NotImplementedError(
            "repeat: the counts of each element must be numbers; one symbolic count is fine"
        )
    r = as_dtype(r, "int64")
    n: Any = shape_ops.count(t, (axis,), _INT64)
    return TensorVariable(tw.take(t, tw.floor_divide(dynamic.iota(n * r), r), axis=axis))


def roll(x: Any, shift: Any, axis: int | None = None) -> TensorVariable:
    """Elements moved along an axis, those beyond the end coming in at the front."""
    return TensorVariable(tw.roll(tensor_of(x), int(tensor_of(shift).array()), axis=axis))


# --- creation -------------------------------------------------------------------------------------------------------


def _dtype(dtype: Any) -> np.dtype:
    return np.dtype(config.floatX if dtype in (None, "floatX") else dtype)


def zeros(shape: Any, dtype: Any = None) -> TensorVariable:
    """Zeros of a shape, which may be symbolic."""
    return filled(0, shape, _dtype(dtype))


def ones(shape: Any, dtype: Any = None) -> TensorVariable:
    """Ones of a shape, which may be symbolic."""
    return filled(1, shape, _dtype(dtype))


def alloc(value: Any, *shape: Any) -> TensorVariable:
    """``value`` stretched to a shape, which may be symbolic."""
    lengths = [d for part in shape for d in shape_items(part)]
    return TensorVariable(dynamic.broadcast_to_lengths(tensor_of(value), lengths))


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Zeros of the shape (and dtype) of a variable."""
    t = tensor_of(model)
    return TensorVariable(tw.zeros_like(t, dtype=t.dtype if dtype is None else _dtype(dtype)))


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> TensorVariable:
    """Ones of the shape (and dtype) of a variable."""
    t = tensor_of(model)
    return TensorVariable(tw.ones_like(t, dtype=t.dtype if dtype is None else _dtype(dtype)))


def eye(n: Any, m: Any = None, k: Any = 0, dtype: Any = None) -> TensorVariable:
    """Ones on the k-th diagonal, zeros elsewhere."""
    rows, columns = arange(n), arange(n if m is None else m)
    return cast(eq(rows.dimshuffle(0, "x") + k, columns.dimshuffle("x", 0)), _dtype(dtype))


def identity_matrix_like(x: Any) -> TensorVariable:
    """Ones on the diagonal, in the shape of x."""
    v = as_tensor_variable(x)
    return eye(v.shape[0], v.shape[1], 0, v.dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> TensorVariable:
    """start, start + step, ... below ``stop``; all may be symbolic. int64 unless a float is among them."""
    if stop is None:
        start, stop = 0, start
    first, last, by = common(start, stop, step)
    wanted = np.dtype(dtype) if dtype else np.result_type(first.dtype, np.int64)
    if wanted.kind == "f" and dtype is None:
        wanted = np.dtype("float64") if first.dtype != np.float32 else np.dtype(config.floatX)
    if builtins.all(t.value is not None for t in (first, last, by)):
        numbers = np.arange(*(t.array().item() for t in (first, last, by)))
        return TensorVariable(tw.constant(numbers.astype(wanted)))
    if first.dtype.kind != "f":
        first, last, by = (as_dtype(t, "int64") for t in (first, last, by))
    span: Any = tw.subtract(last, first)
    one = by.value is not None and by.array() == 1
    count = (
        span
        if one and first.dtype.kind != "f"
        else tw.ceil(tw.divide(as_dtype(span, "float64"), as_dtype(by, "float64")))
    )
    numbers_ = as_dtype(dynamic.iota(as_dtype(count, "int64")), first.dtype)
    return cast(TensorVariable(tw.add(tw.multiply(numbers_, by), first)), wanted)


def mgrid_arrays(*bounds: Any) -> list[TensorVariable]:
    """The coordinates of a grid, one array per axis."""
    lines = [arange(*b) for b in bounds]
    return [TensorVariable(t) for t in tw.meshgrid(*[v.tensor for v in lines], indexing="ij")]


def diag(v: Any, k: int = 0) -> TensorVariable:
    """A vector on the diagonal of a matrix, or the diagonal of a matrix."""
    return TensorVariable(tw.diag(tensor_of(v), k=k))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorVariable:
    """The diagonal of two axes."""
    return TensorVariable(tw.diagonal(tensor_of(a), offset, axis1, axis2))


def trace(a: Any, *_: Any) -> TensorVariable:
    """The sum of a matrix's diagonal."""
    return sum(diagonal(a))


def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = None) -> TensorVariable:
    """Ones at and below the k-th diagonal."""
    rows, columns = arange(N), arange(N if M is None else M)
    return cast(ge(rows.dimshuffle(0, "x") + k, columns.dimshuffle("x", 0)), _dtype(dtype))


def tril(m: Any, k: int = 0) -> TensorVariable:
    """The elements at and below the k-th diagonal, zeros elsewhere."""
    return TensorVariable(tw.tril(tensor_of(m), k=k))


def triu(m: Any, k: int = 0) -> TensorVariable:
    """The elements at and above the k-th diagonal, zeros elsewhere."""
    return TensorVariable(tw.triu(tensor_of(m), k=k))


# --- taking and sorting ---------------------------------------------------------------------------------------------


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> TensorVariable:
    """The slices at integer indices along an axis, or elements of the flattened array."""
    index = tensor_of(indices)
    return TensorVariable(tw.take(tensor_of(a), as_dtype(index, "int64"), axis=axis))


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> TensorVariable:
    """For each element k of a, the element of choices[k] there."""
    options = stack(list(choices)) if isinstance(choices, (list, tuple)) else as_tensor_variable(choices)
    index = tensor_of(a)
    picked = tw.expand_dims(as_dtype(index, "int64"), 0)
    return TensorVariable(tw.squeeze(tw.take_along_axis(options.tensor, picked, axis=0), 0))


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """The places of the elements that are not 0: one vector per axis."""
    found = [TensorVariable(t) for t in dynamic.true_places(tensor_of(a))]
    return stack(found) if return_matrix else tuple(found)


def flatnonzero(a: Any) -> TensorVariable:
    """The places of the elements that are not 0 in the flattened array."""
    return nonzero(flatten(a))[0]


def nonzero_values(a: Any) -> TensorVariable:
    """The elements that are not 0."""
    flat = flatten(a)
    return flat[nonzero(flat)[0]]


def compress(condition: Any, x: Any, axis: int | None = None) -> TensorVariable:
    """The slices where a condition holds."""
    places = nonzero(flatten(condition))[0]
    return take(x, places, axis)


def sort(self: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
    """Elements in ascending order along an axis."""
    t = tensor_of(self)
    return TensorVariable(tw.sort(tw.flatten(t) if axis is None else t, axis=-1 if axis is None else axis))


def argsort(self: Any, axis: int | None = -1, kind: str = "quicksort", order: Any = None) -> TensorVariable:
    """The order that sorts the elements along an axis."""
    t = tensor_of(self)
    return TensorVariable(tw.argsort(tw.flatten(t) if axis is None else t, axis=-1 if axis is None else axis))


def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> TensorVariable:
    """Where elements would be put to keep x sorted."""
    a, b = common(x, v)
    if sorter is not None:
        a = tw.take(a, tensor_of(sorter), axis=0)
    return TensorVariable(tw.searchsorted(a, b, side=side))


def get_scalar_constant_value(v: Any) -> np.ndarray:
    """The number that a variable is, where that is known now."""
    t = tensor_of(v)
    if t.value is None:
        raise NotScalarConstantError(v)
    return t.numpy().reshape(())


class NotScalarConstantError(Exception):
    """Raised where a variable is no known number."""
