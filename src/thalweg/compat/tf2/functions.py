"""The functions of TensorFlow 2 by their names and arguments, on eager tensors."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, nn
from thalweg import optimizers as _optimizers
from thalweg.compat.keras import backend as K
from thalweg.compat.keras.spelling import Renamed
from thalweg.compat.names import Namespace
from thalweg.errors import SymbolicError
from thalweg.gradient import gradients as _gradients
from thalweg.graph.tensor import Tensor
from thalweg.graph.tensor import Variable as _Variable
from thalweg.ops import linalg as _linalg
from thalweg.ops import random as _random
from thalweg.ops.public import names as _names
from thalweg.run.function import function as _traced
from thalweg.run.tape import GradientTape as _Tape

_ops = _names()


def tensor(value: Any, dtype: Any = None) -> Any:
    """A tensor; Python's whole numbers are int32, as in TensorFlow."""
    if isinstance(value, Tensor):
        return value if dtype is None else cast(value, dtype)
    plain = not isinstance(value, (np.ndarray, np.generic)) and not _holds_tensor(value)
    if _holds_tensor(value):
        stacked = _ops["stack"]([tensor(v) for v in value])
        return stacked if dtype is None else cast(stacked, dtype)
    array = np.asarray(value)
    if dtype is None and plain:
        dtype = {"i": "int32", "f": "float32"}.get(array.dtype.kind)
    return K.tensor(array if dtype is None else array.astype(dtypes.as_dtype(dtype)))


def _holds_tensor(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) or _holds_tensor(v) for v in value)


def operand(value: Any) -> Any:
    """An operand: numbers stay as they are, so that they take the dtype of the other side."""
    return value if isinstance(value, (Tensor, int, float, np.ndarray, np.generic)) else tensor(value)


# --- values and variables -------------------------------------------------------------------------------------------


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A tensor of a value, filled to a shape where one is given."""
    made = tensor(value, dtype)
    if shape is None:
        return made
    return (
        reshape(made, shape) if made.size == int(np.prod(shape)) else _ops["broadcast_to"](made, tuple(shape))
    )


def convert_to_tensor(value: Any, dtype: Any = None, *more: Any, **ignored: Any) -> Any:
    """A tensor of a value."""
    return tensor(value, dtype)


def _variable(args: Any, kwargs: dict[str, Any]) -> Any:
    given = dict(
        zip(("initial_value", "trainable", "validate_shape", "caching_device", "name"), args), **kwargs
    )
    value = given.get("initial_value")
    value = value() if callable(value) and not isinstance(value, Tensor) else value
    kept = {k: given[k] for k in ("trainable", "name") if given.get(k) is not None}
    return (tensor(value, given.get("dtype")),), kept


Variable = Renamed(_Variable, _variable)


class GradientTape(_Tape):
    """``tape.gradient(target, sources)`` of what was computed in the block."""

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The gradient of the target, of several their sum, with respect to each source."""
        if isinstance(target, (list, tuple)):
            target = add_n([reduce_sum(t) for t in target])
        if isinstance(target, Tensor) and not target.tracked:  # nothing that is watched stands below
            return [None] * len(sources) if isinstance(sources, (list, tuple)) else None
        return super().gradient(target, sources, output_gradients, str(unconnected_gradients).lower())


def gradients(ys: Any, xs: Any, grad_ys: Any = None, **ignored: Any) -> Any:
    """The gradients of a tensor with respect to others."""
    return _gradients(ys, list(xs) if isinstance(xs, (list, tuple)) else [xs], grad_ys, unconnected="none")


class Function:
    """A Python function that is traced and compiled; where its Python depends on values, it runs as it is."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.python_function, self.traced, self.eager = fn, _traced(fn), False
        self.__name__, self.__doc__ = getattr(fn, "__name__", "function"), fn.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__.setdefault("_traced_functions", {})
        if self not in held:
            held[self] = Function(self.python_function.__get__(instance, owner))
        return held[self]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.eager:
            try:
                return self.traced(*args, **kwargs)
            except (SymbolicError, TypeError):
                self.eager = True
        return self.python_function(*args, **kwargs)


def function(func: Any = None, **options: Any) -> Any:
    """A decorator, with or without arguments."""
    return Function(func) if func is not None else Function


def custom_gradient(f: Callable[..., Any]) -> Any:
    """A function with a gradient of its own."""
    from thalweg.gradient import custom_gradient as own

    return own(f)


# --- arithmetic -----------------------------------------------------------------------------------------------------


def _named(name: str) -> Callable[..., Any]:
    op = _ops[name]

    def apply(*operands: Any, name: str | None = None) -> Any:
        return op(*[operand(v) for v in operands])

    apply.__name__, apply.__doc__ = name, op.__doc__
    return apply


def _binary(name: str) -> Callable[..., Any]:
    op = _ops[name]

    def apply(x: Any, y: Any, name: str | None = None) -> Any:
        x = tensor(x, y.dtype if isinstance(y, Tensor) and not isinstance(x, (Tensor, np.ndarray)) else None)
        return op(x, tensor(y, None if isinstance(y, (Tensor, np.ndarray)) else x.dtype))

    apply.__name__, apply.__doc__ = name, op.__doc__
    return apply


_UNARY = (
    "abs acos acosh asin asinh atan atanh ceil cos cosh digamma erf exp expm1 floor isfinite isinf isnan lgamma log "
    "log1p negative reciprocal round rsqrt sigmoid sign sin sinh softplus softsign sqrt square tan tanh logical_not"
)
_BINARY = (
    "add subtract multiply divide maximum minimum pow equal not_equal greater greater_equal less less_equal "
    "logical_and logical_or logical_xor floor_divide squared_difference atan2 divide_no_nan"
)
_flat: dict[str, Any] = {n: _named(n) for n in _UNARY.split()} | {n: _binary(n) for n in _BINARY.split()}
_flat |= {
    "floordiv": _flat["floor_divide"], "truediv": _flat["divide"], "mod": _binary("remainder"),
    "floormod": _binary("remainder"), "log_sigmoid": _named("log_sigmoid"), "erfinv": _named("erfinv"),
    "is_nan": _flat["isnan"], "is_finite": _flat["isfinite"], "is_inf": _flat["isinf"],
    "multiply_no_nan": _flat["multiply"],
}  # fmt: skip


def _reduction(name: str) -> Callable[..., Any]:
    op = _ops[name]

    def reduce(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        x = tensor(input_tensor)
        return op(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=bool(keepdims))

    reduce.__name__ = f"reduce_{name}"
    return reduce


reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod = map(
    _reduction, ("sum", "mean", "max", "min", "prod")
)
reduce_any, reduce_all, reduce_std, reduce_variance, reduce_logsumexp = map(
    _reduction, ("any", "all", "std", "var", "logsumexp")
)


def argmax(input: Any, axis: Any = None, output_type: Any = "int64", name: Any = None) -> Any:
    """The place of the greatest element; along axis 0 unless given."""
    return cast(_ops["argmax"](tensor(input), axis=0 if axis is None else axis), output_type)


def argmin(input: Any, axis: Any = None, output_type: Any = "int64", name: Any = None) -> Any:
    """The place of the least element."""
    return cast(_ops["argmin"](tensor(input), axis=0 if axis is None else axis), output_type)


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """A tensor in another dtype."""
    return _ops["astype"](x if isinstance(x, Tensor) else tensor(x), dtypes.as_dtype(dtype))


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **ignored: Any) -> Any:
    """The matrix product, of transposes where asked for."""
    a, b = tensor(a), tensor(b)
    turn = _ops["matrix_transpose"]
    return _ops["matmul"](turn(a) if transpose_a else a, turn(b) if transpose_b else b)


def tensordot(a: Any, b: Any, axes: Any, name: Any = None) -> Any:
    """The product over axes of both."""
    return _ops["tensordot"](tensor(a), tensor(b), axes=axes)


def einsum(equation: str, *inputs: Any, **ignored: Any) -> Any:
    """Einstein's sum."""
    return _ops["einsum"](equation, *map(tensor, inputs))


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: Any = None) -> Any:
    """Sums of all elements so far."""
    return _ops["cumulative_sum"](tensor(x), axis=axis, exclusive=exclusive, reverse=reverse)


def add_n(inputs: Sequence[Any], name: Any = None) -> Any:
    """The sum of tensors."""
    total = tensor(inputs[0])
    for part in inputs[1:]:
        total = total + part
    return total


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: Any = None) -> Any:
    """The elements within bounds."""
    return _ops["clip"](tensor(t), clip_value_min, clip_value_max)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: Any = None) -> Any:
    """The tensor, its norm bounded."""
    return _optimizers.clip_by_norm(tensor(t), clip_norm, axes)


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: Any = None) -> Any:
    """The tensors, their common norm bounded, and that norm before."""
    return _optimizers.clip_by_global_norm(list(t_list), clip_norm, use_norm)


# --- shapes ---------------------------------------------------------------------------------------------------------


def _lengths(shape: Any) -> Any:
    """A shape as a tuple of numbers."""
    if isinstance(shape, Tensor) and shape.value is not None:
        return tuple(int(n) for n in np.atleast_1d(shape.array()))
    if isinstance(shape, (int, np.integer)):
        return (int(shape),)
    return tuple(
        -1 if n is None else int(n) if not isinstance(n, Tensor) or n.value is not None else n for n in shape
    )


def shape(input: Any, out_type: Any = "int32", name: Any = None) -> Any:
    """The lengths of the axes."""
    x = tensor(input)
    return tensor(np.asarray(x.shape, np.int32)) if None not in x.shape else K.shape(x)


def reshape(tensor: Any, shape: Any, name: Any = None) -> Any:
    """The elements in another shape."""
    return _ops["reshape"](globals()["tensor"](tensor), _lengths(shape))


def transpose(a: Any, perm: Any = None, name: Any = None, **ignored: Any) -> Any:
    """The axes in another order."""
    return _ops["permute_dims"](tensor(a), None if perm is None else tuple(int(k) for k in perm))


def expand_dims(input: Any, axis: int, name: Any = None) -> Any:
    """An axis of length 1 more."""
    return K.expand_dims(tensor(input), int(axis))


def squeeze(input: Any, axis: Any = None, name: Any = None) -> Any:
    """Axes of length 1 less."""
    return _ops["squeeze"](tensor(input), tuple(axis) if isinstance(axis, list) else axis)


def concat(values: Sequence[Any], axis: int, name: Any = None) -> Any:
    """Tensors one after another."""
    return _ops["concat"]([tensor(v) for v in values], axis=int(axis))


def stack(values: Sequence[Any], axis: int = 0, name: Any = None) -> Any:
    """Tensors along a new axis."""
    return _ops["stack"]([tensor(v) for v in values], axis=axis)


def unstack(value: Any, num: Any = None, axis: int = 0, name: Any = None) -> Any:
    """The tensors along an axis."""
    return list(_ops["unstack"](tensor(value), axis=axis))


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: Any = None, name: Any = None) -> Any:
    """A tensor in parts."""
    sizes = num_or_size_splits if isinstance(num_or_size_splits, int) else _lengths(num_or_size_splits)
    return list(_ops["split"](tensor(value), sizes, axis=axis))


def tile(input: Any, multiples: Any, name: Any = None) -> Any:
    """A tensor several times along each axis."""
    return _ops["tile"](tensor(input), _lengths(multiples))


def repeat(input: Any, repeats: Any, axis: Any = None, name: Any = None) -> Any:
    """Elements several times."""
    return _ops["repeat"](tensor(input), repeats, axis=axis)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: Any = None
) -> Any:
    """Elements put around a tensor."""
    widths = [tuple(int(n) for n in pair) for pair in np.asarray(paddings)]
    return _ops["pad"](globals()["tensor"](tensor), widths, mode.lower(), constant_values=constant_values)


def reverse(tensor: Any, axis: Any, name: Any = None) -> Any:
    """The order along axes turned around."""
    return _ops["flip"](
        globals()["tensor"](tensor), axis=tuple(axis) if isinstance(axis, (list, tuple)) else axis
    )


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int | None = 0, *more: Any, **ignored: Any
) -> Any:
    """Rows by their numbers."""
    return _ops["take"](tensor(params), tensor(indices), axis=axis or 0)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: Any = None) -> Any:
    """Elements by their places."""
    return _ops["gather_nd"](tensor(params), tensor(indices), batch_dims=batch_dims)


def slice_(input_: Any, begin: Any, size: Any, name: Any = None) -> Any:
    """A block of a tensor."""
    return K.slice(tensor(input_), _lengths(begin), _lengths(size))


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """x where the condition holds, else y; the places where it holds, where neither is given."""
    if x is None:
        return tensor(np.argwhere(np.asarray(condition)))
    return _ops["where"](tensor(condition), operand(x), operand(y))


def boolean_mask(tensor: Any, mask: Any, axis: int | None = None, name: Any = None) -> Any:
    """The rows for which the mask is true."""
    return _ops["boolean_mask"](globals()["tensor"](tensor), globals()["tensor"](mask), axis=axis or 0)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: Any = None,
) -> Any:
    """1 at the number of the class, 0 elsewhere."""
    rows = _ops["one_hot"](
        tensor(indices),
        int(depth),
        dtype=dtypes.as_dtype(dtype or "float32"),
        axis=-1 if axis is None else axis,
    )
    if on_value is None and off_value is None:
        return rows
    low = off_value or 0
    return rows * ((1 if on_value is None else on_value) - low) + low


def _filled(value: float) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = "float32", name: Any = None) -> Any:
        return K.tensor(np.full(_lengths(shape), value, dtypes.as_dtype(dtype)))

    return make


zeros, ones = _filled(0), _filled(1)


def fill(dims: Any, value: Any, name: Any = None) -> Any:
    """A tensor of one number."""
    return _ops["broadcast_to"](tensor(value), _lengths(dims))


def zeros_like(input: Any, dtype: Any = None, name: Any = None) -> Any:
    """Zeros in the shape of a tensor."""
    return K.zeros_like(tensor(input), dtype)


def ones_like(input: Any, dtype: Any = None, name: Any = None) -> Any:
    """Ones in the shape of a tensor."""
    return K.ones_like(tensor(input), dtype)


def eye(
    num_rows: int, num_columns: Any = None, batch_shape: Any = None, dtype: Any = "float32", name: Any = None
) -> Any:
    """The identity matrix."""
    return K.tensor(np.eye(num_rows, num_columns, dtype=dtypes.as_dtype(dtype)))


def range_(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: Any = None) -> Any:
    """Numbers from start to limit."""
    given = [v.item() if isinstance(v, Tensor) else v for v in (start, limit, delta)]
    first, last = (0, given[0]) if limit is None else given[:2]
    return tensor(
        np.arange(first, last, given[2]).tolist(),
        dtype or ("int32" if all(isinstance(g, int) for g in given if g is not None) else "float32"),
    )


def linspace(start: Any, stop: Any, num: int, name: Any = None) -> Any:
    """Numbers at equal distances."""
    return _ops["linspace"](start, stop, num)


def identity(input: Any, name: Any = None) -> Any:
    """The tensor itself."""
    return tensor(input)


def stop_gradient(input: Any, name: Any = None) -> Any:
    """The value, through which no gradient passes."""
    return K.stop_gradient(tensor(input))


def print_(*values: Any, **options: Any) -> None:
    """Print values."""
    shown = [v.numpy() if isinstance(v, Tensor) and v.value is not None else v for v in values]
    sys.stdout.write(options.get("sep", " ").join(map(str, shown)) + options.get("end", "\n"))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], name: Any = None) -> Any:
    """One function or the other."""
    if not isinstance(pred, Tensor):
        return true_fn() if pred else false_fn()
    return _ops["cond"](pred, true_fn, false_fn)


def while_loop(
    cond: Any, body: Any, loop_vars: Any, *more: Any, maximum_iterations: Any = None, **ignored: Any
) -> Any:
    """A function repeated while a condition holds."""
    return _ops["while_loop"](
        cond, body, [tensor(v) for v in loop_vars], maximum_iterations=maximum_iterations
    )


def map_fn(fn: Callable[[Any], Any], elems: Any, *more: Any, **ignored: Any) -> Any:
    """A function of every element along the first axis."""
    return _ops["map_fn"](fn, elems)


def norm(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: Any = None
) -> Any:
    """The norm of the elements, over all axes or some."""
    order = 2 if ord == "euclidean" else ord
    return _ops["norm"](globals()["tensor"](tensor), ord=order, axis=axis, keepdims=keepdims)


# --- networks -------------------------------------------------------------------------------------------------------


def softmax(logits: Any, axis: Any = -1, name: Any = None) -> Any:
    """exp(x) / sum(exp(x))."""
    return nn.softmax(tensor(logits), axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: Any = -1, name: Any = None) -> Any:
    """x - log(sum(exp(x)))."""
    return nn.log_softmax(tensor(logits), axis=-1 if axis is None else axis)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: Any = None) -> Any:
    """The cross entropy of each row, labels being distributions."""
    return nn.softmax_cross_entropy(tensor(logits), tensor(labels), axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: Any = None) -> Any:
    """The cross entropy of each row, labels being class numbers."""
    return nn.sparse_softmax_cross_entropy(tensor(logits), cast(labels, "int64"))


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: Any = None) -> Any:
    """The cross entropy of each element."""
    return nn.sigmoid_cross_entropy(tensor(logits), tensor(labels))


def dropout(x: Any, rate: Any, noise_shape: Any = None, seed: Any = None, name: Any = None) -> Any:
    """Elements dropped with probability ``rate``, the others scaled."""
    return nn.dropout(tensor(x), rate, noise_shape=noise_shape)


def _spatial(window: Any, rank: int = 2) -> Any:
    """The lengths along the spatial axes, from one number, two, or all four."""
    if isinstance(window, int):
        return (window,) * rank
    return (
        tuple(window[1 : 1 + rank])
        if len(window) == rank + 2
        else tuple(window) * (rank if len(window) == 1 else 1)
    )


def conv2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: Any = "NHWC",
    dilations: Any = None,
    name: Any = None,
) -> Any:
    """Convolution of images [batch, height, width, channels]."""
    steps = 1 if dilations is None else _spatial(dilations)
    return nn.conv2d(tensor(input), filters, _spatial(strides), padding, data_format, dilation=steps)


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: str = "SAME",
    *more: Any,
    **ignored: Any,
) -> Any:
    """The transpose of a convolution."""
    return nn.conv_transpose(tensor(input), filters, _spatial(strides), padding)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = "NHWC", name: Any = None
) -> Any:
    """The greatest element of each window."""
    return nn.max_pool(tensor(input), _spatial(ksize), _spatial(strides), padding, data_format)


def avg_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any = "NHWC", name: Any = None
) -> Any:
    """The mean of each window."""
    return nn.avg_pool(tensor(input), _spatial(ksize), _spatial(strides), padding, data_format)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: Any = None) -> Any:
    """Mean and variance."""
    return nn.moments(tensor(x), axis=tuple(axes), keepdims=keepdims)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: Any = None) -> Any:
    """The tensor, its L2 norm 1."""
    x = tensor(x)
    return nn.l2_normalize(x, axis=tuple(range(x.ndim)) if axis is None else axis, epsilon=epsilon)


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: Any = None) -> Any:
    """Rows by their numbers."""
    return _ops["take"](params if isinstance(params, Tensor) else tensor(params), tensor(ids), axis=0)


def top_k(input: Any, k: int = 1, sorted: bool = True, name: Any = None) -> Any:
    """The k greatest elements and their places."""
    return _ops["top_k"](tensor(input), k)


def in_top_k(targets: Any, predictions: Any, k: int, name: Any = None) -> Any:
    """Whether the class is among the k most probable."""
    _, places = _ops["top_k"](tensor(predictions), k)
    return _ops["any"](_ops["equal"](places, cast(expand_dims(targets, -1), places.dtype)), axis=-1)


def leaky_relu(features: Any, alpha: float = 0.2, name: Any = None) -> Any:
    """x where positive, ``alpha * x`` elsewhere."""
    return nn.leaky_relu(tensor(features), alpha)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float, name: Any = None
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""
    y = (tensor(x) - mean) * _ops["rsqrt"](variance + variance_epsilon)
    y = y if scale is None else y * scale
    return y if offset is None else y + offset


def _activation(name: str) -> Callable[..., Any]:
    op = getattr(nn, name)
    return lambda features, name=None: op(tensor(features))


# --- random numbers -------------------------------------------------------------------------------------------------


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Uniform numbers; whole ones of a whole dtype."""
    if dtypes.is_integer(dtypes.as_dtype(dtype)):
        return cast(_random.randint(int(minval), int(maxval), _lengths(shape)), dtype)
    return _random.uniform(_lengths(shape), minval, 1.0 if maxval is None else maxval, dtypes.as_dtype(dtype))


def random_normal(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Normal numbers."""
    return _random.normal(_lengths(shape), mean, stddev, dtypes.as_dtype(dtype))


def random_truncated(
    shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Normal numbers within two deviations."""
    return _random.truncated_normal(_lengths(shape), mean, stddev, dtypes.as_dtype(dtype))


def random_categorical(
    logits: Any, num_samples: int, dtype: Any = None, seed: Any = None, name: Any = None
) -> Any:
    """Class numbers drawn by logits, [rows, num_samples]."""
    return _random.categorical(tensor(logits), num_samples)


def shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """The rows in any order."""
    return _random.shuffle(tensor(value))


math = Namespace(
    "tf.math", **_flat, reduce_sum=reduce_sum, reduce_mean=reduce_mean, reduce_max=reduce_max, reduce_min=reduce_min,
    reduce_prod=reduce_prod, reduce_any=reduce_any, reduce_all=reduce_all, reduce_std=reduce_std,
    reduce_variance=reduce_variance, reduce_logsumexp=reduce_logsumexp, argmax=argmax, argmin=argmin, cumsum=cumsum,
    add_n=add_n, l2_normalize=l2_normalize, top_k=top_k, in_top_k=in_top_k,
)  # fmt: skip
_activations = {
    n: _activation(n)
    for n in ("relu", "relu6", "elu", "selu", "gelu", "silu", "swish", "softplus", "softsign")
}
nn_room = Namespace(
    "tf.nn", **_activations, sigmoid=_flat["sigmoid"], tanh=_flat["tanh"], softmax=softmax, log_softmax=log_softmax,
    leaky_relu=leaky_relu, dropout=dropout, conv2d=conv2d, conv2d_transpose=conv2d_transpose, max_pool2d=max_pool2d,
    max_pool=max_pool2d, avg_pool2d=avg_pool2d, avg_pool=avg_pool2d, moments=moments, l2_normalize=l2_normalize,
    l2_loss=lambda t, name=None: nn.l2_loss(tensor(t)), embedding_lookup=embedding_lookup, top_k=top_k,
    in_top_k=in_top_k,
    bias_add=lambda value, bias, data_format=None, name=None: nn.bias_add(tensor(value), bias, data_format),
    batch_normalization=batch_normalization, softmax_cross_entropy_with_logits=softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits=sparse_softmax_cross_entropy_with_logits,
    sigmoid_cross_entropy_with_logits=sigmoid_cross_entropy_with_logits,
)  # fmt: skip
random = Namespace(
    "tf.random", uniform=random_uniform, normal=random_normal, truncated_normal=random_truncated, shuffle=shuffle,
    categorical=random_categorical, set_seed=_random.set_seed,
)  # fmt: skip
linalg = Namespace(
    "tf.linalg", matmul=matmul, inv=_linalg.inv, det=_linalg.det, solve=_linalg.solve, cholesky=_linalg.cholesky,
    norm=norm, trace=_linalg.trace, svd=_linalg.svd, qr=_linalg.qr, eigh=_linalg.eigh, diag=_ops["diag"],
    einsum=einsum, tensordot=tensordot,
)  # fmt: skip
