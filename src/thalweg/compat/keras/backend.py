"""``keras.backend``: the functions that layers and losses were written with, over the main library's ops."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg import dtypes, layers, losses, nn
from thalweg import metrics as _metrics
from thalweg.compat.names import unsupported
from thalweg.errors import ArgumentError, fail
from thalweg.gradient import gradients as _gradients
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, check_shape
from thalweg.graph.tensor import placeholder as _placeholder
from thalweg.graph.updates import Recorder, recording
from thalweg.layers import base
from thalweg.layers.nodes import InputSymbol, nodes_between, run_nodes
from thalweg.ops import random as _random
from thalweg.ops.dynamic import broadcast_to_lengths, reshape_to_lengths
from thalweg.ops.public import names as _names
from thalweg.ops.shape import count as _count
from thalweg.ops.state import stop_gradient as _stop
from thalweg.registry import register
from thalweg.run.function import function as _compiled

_ops = _names()
_settings: dict[str, Any] = {"epsilon": 1e-7, "data_format": "channels_last", "phase": None}

# --- settings -------------------------------------------------------------------------------------------------------


def backend() -> str:
    """The name of the backend: programs that ask mean the order of axes and the names, which are TensorFlow's."""
    return "tensorflow"


def floatx() -> str:
    """The dtype of weights."""
    return dtypes.default_float.name


def set_floatx(dtype: str) -> None:
    """Only float32 is kept as the default; layers take ``dtype=``."""
    if dtype != floatx():
        raise unsupported("keras.backend", f"set_floatx({dtype!r})", ["Layer(dtype=...)"])


def cast_to_floatx(x: Any) -> Any:
    """An array or tensor in the dtype of weights."""
    return cast(x, floatx()) if isinstance(x, Tensor) else np.asarray(x, floatx())


def epsilon() -> float:
    """The small number that keeps logarithms and quotients finite."""
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Another small number."""
    _settings["epsilon"] = value


def image_data_format() -> str:
    """Where images have their channels."""
    return str(_settings["data_format"])


def set_image_data_format(data_format: str) -> None:
    """What :func:`image_data_format` answers, and what layers of images take where they are not told."""
    if data_format not in ("channels_first", "channels_last"):
        raise fail(
            ArgumentError,
            "data_format",
            expected="channels_first or channels_last",
            received=repr(data_format),
        )
    _settings["data_format"] = data_format


def image_dim_ordering() -> str:
    """``tf`` for channels last, ``th`` for channels first."""
    return "tf" if image_data_format() == "channels_last" else "th"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """:func:`set_image_data_format` by the older names, ``tf`` and ``th``."""
    set_image_data_format("channels_last" if dim_ordering == "tf" else "channels_first")


def clear_session() -> None:
    """Start the automatic names over."""
    base.clear_session()


reset_uids = clear_session


def get_uid(prefix: str = "") -> int:
    """A number that was not given for this prefix before."""
    counts = _settings.setdefault("uids", {})
    counts[prefix] = counts.get(prefix, 0) + 1
    return int(counts[prefix])


_phase = _placeholder("int32", [], name="keras_learning_phase")


def learning_phase() -> Any:
    """What stands for training (1) or not (0) among the inputs of ``K.function``."""
    return _phase if _settings["phase"] is None else _settings["phase"]


def set_learning_phase(value: int) -> None:
    """Fix the phase; None asks again."""
    _settings["phase"] = value


@contextmanager
def learning_phase_scope(value: int) -> Any:
    """The phase within a block."""
    before = _settings["phase"]
    _settings["phase"] = value
    try:
        yield
    finally:
        _settings["phase"] = before


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``x`` in training and ``alt`` else; functions are called."""
    if training is None or training is _phase:
        training = base._calls.training[-1] if base._calls.training else _settings["phase"]
    chosen = x if training else alt
    return chosen() if callable(chosen) and not isinstance(chosen, Tensor) else chosen


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """``alt`` in training and ``x`` else."""
    return in_train_phase(alt, x, training)


def get_session() -> Any:
    """There is none to manage: functions run by themselves."""
    raise unsupported("keras.backend", "get_session", ["function", "eval", "get_value"])


def set_session(session: Any) -> None:
    """Accepted: functions run by themselves."""


def manual_variable_initialization(value: bool) -> None:
    """Accepted: variables have values at once."""


# --- variables and functions ----------------------------------------------------------------------------------------


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable; numbers become floats of the default dtype."""
    value = value if isinstance(value, Tensor) else np.asarray(value)
    wanted = dtype or (None if isinstance(value, Tensor) else floatx() if value.dtype.kind in "fiu" else None)
    return Variable(value, dtype=wanted, name=name)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor of this value, filled to a shape where one is given."""
    array = np.asarray(value, dtype or floatx())
    return tensor(np.broadcast_to(array, tuple(shape)) if shape is not None else array)


def tensor(value: Any) -> Any:
    """A tensor of numbers, an array or a tensor."""
    return value if isinstance(value, Tensor) else losses.tensor(value)


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False, name: Any = None
) -> Any:
    """A symbolic input, for ``K.function`` and ``Input(tensor=...)``."""
    lengths = (None,) * (ndim or 0) if shape is None else tuple(shape)
    spec = Spec(check_shape(lengths), dtypes.as_dtype(dtype or floatx()))
    return InputSymbol(None, (), {}, (spec,), name=name, tracked=True)


def is_keras_tensor(x: Any) -> bool:
    """Whether a tensor is symbolic."""
    return isinstance(x, Tensor) and x.value is None


def is_placeholder(x: Any) -> bool:
    """Whether a tensor is an input."""
    return isinstance(x, Placeholder)


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor."""
    return isinstance(x, Tensor)


def get_value(x: Any) -> Any:
    """The value of a variable, as an array."""
    return x.get_value() if isinstance(x, Variable) else np.asarray(x)


def set_value(x: Any, value: Any) -> None:
    """Replace the value of a variable."""
    x.set_value(value)


def batch_get_value(xs: Sequence[Any]) -> list[Any]:
    """The values of variables."""
    return [get_value(x) for x in xs]


def batch_set_value(pairs: Sequence[tuple[Any, Any]]) -> None:
    """Replace the values of variables."""
    for x, value in pairs:
        set_value(x, value)


def eval(x: Any) -> Any:
    """The value of an expression without inputs."""
    return x.numpy() if x.value is not None else function([], [x])([])[0]


def update(x: Any, new_x: Any) -> tuple[Any, Any]:
    """A variable and its new value, for ``K.function(updates=...)``."""
    return (x, new_x)


def update_add(x: Any, increment: Any) -> tuple[Any, Any]:
    """A variable and its value with something added."""
    return (x, x + increment)


def update_sub(x: Any, decrement: Any) -> tuple[Any, Any]:
    """A variable and its value with something taken away."""
    return (x, x - decrement)


def moving_average_update(x: Any, value: Any, momentum: float) -> tuple[Any, Any]:
    """A variable and its moving average."""
    return (x, x * momentum + value * (1.0 - momentum))


class KerasFunction:
    """What :func:`function` gives: called with a list of values, it gives a list of arrays."""

    def __init__(self, inputs: Sequence[Any], outputs: Any, updates: Any) -> None:
        self.one = isinstance(outputs, Tensor)
        self.outputs = [outputs] if self.one else list(outputs)
        self.phase_at = next((k for k, t in enumerate(inputs) if t is _phase), None)
        self.inputs = [t for t in inputs if isinstance(t, Tensor) and t is not _phase]
        self.keep = [k for k, t in enumerate(inputs) if isinstance(t, Tensor) and t is not _phase]
        self.updates = [u for u in (updates or []) if isinstance(u, tuple)]
        self.made: dict[bool, Any] = {}

    def __call__(self, values: Any) -> Any:
        values = list(values) if isinstance(values, (list, tuple)) else [values]
        training = bool(_settings["phase"])
        if self.phase_at is not None and self.phase_at < len(values):
            training = bool(np.asarray(values[self.phase_at]))
        if training not in self.made:
            self.made[training] = self._compile(training)
        found = [np.array(t.array()) for t in self.made[training](*[values[k] for k in self.keep])]
        return found[0] if self.one else found

    def _compile(self, training: bool) -> Any:
        outputs = self.outputs
        if training:  # layers are called once more, as in training
            nodes = nodes_between(self.inputs, outputs)
            with recording(Recorder()):
                outputs = run_nodes(nodes, {t: t for t in self.inputs}, outputs, True)
        given = {t: _placeholder(t.dtype, t.shape) for t in self.inputs if not isinstance(t, Placeholder)}
        inputs = [given.get(t, t) for t in self.inputs]
        return _compiled(inputs, outputs, updates=self.updates, givens=given or None)


def function(inputs: Any, outputs: Any, updates: Any = None, **ignored: Any) -> KerasFunction:
    """A compiled function of a list of values, giving a list of arrays."""
    return KerasFunction(inputs if isinstance(inputs, (list, tuple)) else [inputs], outputs, updates)


def gradients(loss: Any, variables: Any) -> list[Any]:
    """The gradients of a loss, summed where it is not a scalar, with respect to tensors."""
    listed = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    summed = [sum(part) for part in loss] if isinstance(loss, (list, tuple)) else [sum(loss)]
    total = summed[0]
    for part in summed[1:]:
        total = total + part
    return list(_gradients(total, listed, unconnected="none"))


def stop_gradient(x: Any) -> Any:
    """The value, through which no gradient passes."""
    return _stop(x)


# --- shapes ---------------------------------------------------------------------------------------------------------


def shape(x: Any) -> Any:
    """The lengths of the axes: a tuple where all are known, else a tensor."""
    if None not in x.shape:
        return x.shape
    return tuple(
        n if n is not None else _count(x, (k,), dtypes.as_dtype("int64")) for k, n in enumerate(x.shape)
    )


def int_shape(x: Any) -> Any:
    """The lengths of the axes, None where unknown."""
    return tuple(x.shape)


def ndim(x: Any) -> int:
    """The number of axes."""
    return int(x.ndim)


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return str(np.dtype(x.dtype).name)


def cast(x: Any, dtype: Any) -> Any:
    """The tensor in another dtype."""
    return _ops["astype"](tensor(x), dtypes.as_dtype(dtype))


def _filled(value: float) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = None, name: str | None = None) -> Variable:
        return Variable(np.full(tuple(shape), value, np.dtype(dtype or floatx())), name=name)

    return make


zeros, ones = _filled(0.0), _filled(1.0)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Variable:
    """The identity matrix."""
    return Variable(np.eye(size, dtype=dtype or floatx()), name=name)


def zeros_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Zeros in the shape of a tensor."""
    return _ops["zeros_like"](tensor(x), dtype=dtype)


def ones_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Ones in the shape of a tensor."""
    return _ops["ones_like"](tensor(x), dtype=dtype)


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(x.shape))


def reshape(x: Any, shape: Any) -> Any:
    """The elements in another shape; one length may be -1."""
    lengths = [-1 if n is None else n for n in shape] if isinstance(shape, (tuple, list)) else shape
    if isinstance(lengths, list) and builtins.any(isinstance(n, Tensor) for n in lengths):
        return reshape_to_lengths(tensor(x), lengths)
    return _ops["reshape"](tensor(x), tuple(lengths) if isinstance(lengths, list) else lengths)


def batch_flatten(x: Any) -> Any:
    """All axes but the first as one."""
    x = tensor(x)
    rest = int(np.prod(x.shape[1:])) if None not in x.shape[1:] else -1
    return _ops["reshape"](x, (-1 if x.shape[0] is None or rest != -1 else x.shape[0], rest))


def flatten(x: Any) -> Any:
    """All axes as one."""
    return _ops["reshape"](tensor(x), (-1,))


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """The axes in another order."""
    return _ops["permute_dims"](tensor(x), tuple(pattern))


def transpose(x: Any) -> Any:
    """The axes reversed."""
    return _ops["permute_dims"](tensor(x))


def expand_dims(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """An axis of length 1 more."""
    x, axis = tensor(x), axis if dim is None else dim
    return _ops["expand_dims"](x, axis if axis >= 0 else x.ndim + 1 + axis)


def squeeze(x: Any, axis: int) -> Any:
    """An axis of length 1 less."""
    return _ops["squeeze"](tensor(x), axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Tensors one after another along an axis."""
    return _ops["concat"]([tensor(t) for t in tensors], axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Tensors along a new axis."""
    return _ops["stack"]([tensor(t) for t in x], axis=axis)


pack = stack


def repeat(x: Any, n: int) -> Any:
    """[batch, features] as [batch, n, features]."""
    return _ops["repeat"](expand_dims(x, 1), n, axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Every element several times along an axis."""
    return _ops["repeat"](tensor(x), rep, axis=axis)


def tile(x: Any, n: Any) -> Any:
    """The tensor several times along each axis."""
    return _ops["tile"](tensor(x), n)


def reverse(x: Any, axes: Any) -> Any:
    """The order along axes turned around."""
    return _ops["flip"](tensor(x), axis=tuple(axes) if isinstance(axes, list) else axes)


def gather(reference: Any, indices: Any) -> Any:
    """Rows by their numbers."""
    return _ops["take"](tensor(reference), cast(indices, "int64"), axis=0)


def one_hot(indices: Any, num_classes: int) -> Any:
    """1 at the number of the class, 0 elsewhere."""
    return _ops["one_hot"](tensor(indices), num_classes)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Numbers from start to stop."""
    return _ops["arange"](start, stop, step, dtype=dtype)


def slice(x: Any, start: Any, size: Any) -> Any:
    """A block of a tensor."""
    return x[tuple(builtins.slice(a, None if n == -1 else a + n) for a, n in zip(start, size))]


# --- arithmetic -----------------------------------------------------------------------------------------------------


def _reduction(name: str, to_float: bool = False) -> Callable[..., Any]:
    op = _ops[name]

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = tensor(x)
        if to_float and not dtypes.is_floating(x.dtype):
            x = cast(x, floatx())
        return op(x, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=keepdims)

    reduce.__name__ = name
    return reduce


sum, prod, max, min = (_reduction(n) for n in ("sum", "prod", "max", "min"))
mean, std, var = (_reduction(n, True) for n in ("mean", "std", "var"))
any, all, logsumexp = (_reduction(n) for n in ("any", "all", "logsumexp"))


def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the greatest element."""
    return _ops["argmax"](tensor(x), axis=axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The place of the least element."""
    return _ops["argmin"](tensor(x), axis=axis)


def cumsum(x: Any, axis: int = 0) -> Any:
    """Sums of all elements so far."""
    return _ops["cumulative_sum"](tensor(x), axis=axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Products of all elements so far."""
    return _ops["cumulative_prod"](tensor(x), axis=axis)


def _elementwise(name: str) -> Callable[..., Any]:
    op = _ops[name]

    def apply(*operands: Any) -> Any:
        return op(*map(tensor, operands))

    apply.__name__, apply.__doc__ = name, op.__doc__
    return apply


exp, log, square, abs, sign, round, sin, cos = (
    _elementwise(n) for n in ("exp", "log", "square", "abs", "sign", "round", "sin", "cos")
)
maximum, minimum, equal, not_equal = (_elementwise(n) for n in ("maximum", "minimum", "equal", "not_equal"))
greater, greater_equal, less, less_equal = (
    _elementwise(n) for n in ("greater", "greater_equal", "less", "less_equal")
)
lesser, lesser_equal = less, less_equal


def sqrt(x: Any) -> Any:
    """The root, of negative numbers 0."""
    return _ops["sqrt"](_ops["maximum"](tensor(x), 0.0))


def pow(x: Any, a: Any) -> Any:
    """``x ** a``."""
    return tensor(x) ** a


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """The elements within bounds."""
    return _ops["clip"](tensor(x), min_value, max_value)


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of x and the last but one of y."""
    return tensor(x).dot(tensor(y))


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each pair of examples over an axis of each; [batch, 1] for rows."""
    x, y = tensor(x), tensor(y)
    if x.ndim == y.ndim == 2:
        return sum(x * y, axis=1, keepdims=True)
    first, second = (
        (x.ndim - 1, y.ndim - 2) if axes is None else (axes, axes) if isinstance(axes, int) else axes
    )
    letters = "abcdefghij"
    left = ["z", *letters[: x.ndim - 1]]
    right = ["z", *letters[x.ndim - 1 : x.ndim + y.ndim - 2]]
    left[first] = right[second] = "y"
    kept = [c for c in left if c != "y"] + [c for c in right[1:] if c != "y"]
    return _ops["einsum"](f"{''.join(left)},{''.join(right)}->{''.join(kept)}", x, y)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """The tensor, its L2 norm over the axis 1."""
    x = tensor(x)
    return nn.l2_normalize(x, axis=tuple(range(x.ndim)) if axis is None else axis)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One or the other, by a condition; functions are called."""
    first, second = (
        e() if callable(e) and not isinstance(e, Tensor) else e for e in (then_expression, else_expression)
    )
    condition, first = tensor(condition), tensor(first)
    for _ in range(first.ndim - condition.ndim if condition.ndim else 0):
        condition = expand_dims(condition, -1)
    return _ops["where"](cast(condition, "bool"), first, second)


def map_fn(fn: Callable[[Any], Any], elems: Any, name: Any = None, dtype: Any = None) -> Any:
    """A function of every element along the first axis."""
    return _ops["map_fn"](fn, elems)


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: Any = None) -> Any:
    """The elements along the first axis gathered from the left."""
    return _ops["foldl"](fn, elems, initializer)


# --- networks -------------------------------------------------------------------------------------------------------


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """The positive part, ``alpha`` times the negative one, at most ``max_value``."""
    x = tensor(x)
    y = nn.leaky_relu(x, alpha) if alpha else nn.relu(x)
    return y if max_value is None else _ops["minimum"](y, max_value)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / sum(exp(x))."""
    return nn.softmax(tensor(x), axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x where positive, ``alpha * (exp(x) - 1)`` elsewhere."""
    return nn.elu(tensor(x), alpha)


sigmoid, tanh, softplus, softsign = (_elementwise(n) for n in ("sigmoid", "tanh", "softplus", "softsign"))


@register("keras")
def hard_sigmoid(x: Any) -> Any:
    """0.2 x + 0.5 within [0, 1], as before Keras 3."""
    return clip(tensor(x) * 0.2 + 0.5, 0.0, 1.0)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Elements dropped with probability ``level``, the others scaled."""
    return nn.dropout(tensor(x), level, noise_shape=noise_shape)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """The cross entropy of each element."""
    target, output = tensor(target), tensor(output)
    if from_logits:
        return nn.sigmoid_cross_entropy(output, target)
    output = clip(output, epsilon(), 1.0 - epsilon())
    return -(target * log(output) + (1.0 - target) * log(1.0 - output))


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """The cross entropy of each row."""
    return losses.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether the target of each row is among its k greatest predictions."""
    found = _metrics.sparse_top_k_categorical_accuracy(tensor(targets), tensor(predictions), k)
    return cast(found, "bool")


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """The cross entropy of each row, targets being class numbers."""
    return losses.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """The CTC loss of each example, [batch, 1]: of labels [batch, n], probabilities [batch, steps, classes] (the last
    class is the blank) and lengths [batch, 1].
    """
    p = tensor(y_pred)
    steps, count = (cast(reshape(tensor(n), (-1,)), "int64") for n in (input_length, label_length))
    cost = nn.ctc_loss(log(p + epsilon()), cast(tensor(y_true), "int64"), steps, count, p.shape[-1] - 1)
    return expand_dims(cost, 1)


def bias_add(x: Any, bias: Any, data_format: Any = None) -> Any:
    """The tensor with a bias per channel."""
    return nn.bias_add(tensor(x), bias, data_format)


def conv2d(
    x: Any, kernel: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1), border_mode: str | None = None,
) -> Any:  # fmt: skip
    """Convolution of images, the kernel [height, width, in, out]."""
    return nn.conv(tensor(x), kernel, strides, border_mode or padding, data_format, dilation_rate)


def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: Any = None,
    dilation_rate: int = 1,
) -> Any:
    """Convolution of sequences, the kernel [length, in, out]."""
    return nn.conv(tensor(x), kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: Any, kernel: Any, strides: Any = (1, 1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1, 1),
) -> Any:  # fmt: skip
    """Convolution of volumes."""
    return nn.conv(tensor(x), kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
) -> Any:
    """What turns :func:`conv2d`'s outputs back; the shape follows from the inputs."""
    return nn.conv_transpose(tensor(x), kernel, strides, padding, data_format)


def depthwise_conv2d(
    x: Any, depthwise_kernel: Any, strides: Any = (1, 1), padding: str = "valid", data_format: Any = None,
    dilation_rate: Any = (1, 1),
) -> Any:  # fmt: skip
    """Convolution of each channel by itself."""
    return nn.depthwise_conv(tensor(x), depthwise_kernel, strides, padding, data_format, dilation_rate)


def spatial_2d_padding(x: Any, padding: Any = ((1, 1), (1, 1)), data_format: Any = None) -> Any:
    """Zeros around images."""
    return layers.ZeroPadding2D(padding, data_format=data_format)(x)


def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
    """Zeros before and after the steps."""
    return layers.ZeroPadding1D(padding)(x)


def resize_images(
    x: Any, height_factor: int, width_factor: int, data_format: Any = None, **ignored: Any
) -> Any:
    """Every pixel ``height_factor x width_factor`` times."""
    return layers.UpSampling2D((height_factor, width_factor), data_format=data_format)(x)


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """gamma * (x - mean) / sqrt(var + epsilon) + beta."""
    return nn.batch_norm(tensor(x), mean, var, gamma, beta, epsilon, axis)


def print_tensor(x: Any, message: str = "") -> Any:
    """The tensor; its value is not printed in compiled programs."""
    return tensor(x)


def rnn(
    step_function: Callable[[Any, Any], Any], inputs: Any, initial_states: Sequence[Any], go_backwards: bool = False,
    mask: Any = None, constants: Any = None, unroll: bool = False, input_length: Any = None,
) -> tuple[Any, Any, list[Any]]:  # fmt: skip
    """The last output, the outputs [batch, steps, ...] and the last states of ``step(x, states) -> (y, states)``.

    Where ``mask`` [batch, steps] is False, states and output stay as they were.
    """
    steps = {"x": _ops["swapaxes"](tensor(inputs), 0, 1)}
    if mask is not None:
        steps["mask"] = expand_dims(transpose(tensor(mask)), -1)
    fixed, states = list(constants or []), [tensor(s) for s in initial_states]

    def body(carry: Any, now: Any) -> Any:
        last, old = carry
        y, new = step_function(now["x"], [*old, *fixed])
        if mask is not None:
            new = [_ops["where"](now["mask"], n, o) for n, o in zip(new, old)]
            y = _ops["where"](now["mask"], y, last)
        return (y, list(new)), y

    first = step_function(steps["x"][0], [*states, *fixed])[0]
    (last, after), ys = _ops["scan"](body, (zeros_like(first), states), steps, reverse=go_backwards)
    ys = _ops["flip"](ys, axis=0) if go_backwards else ys
    return last, _ops["swapaxes"](ys, 0, 1), list(after)


def pool2d(
    x: Any,
    pool_size: Any,
    strides: Any = (1, 1),
    padding: str = "valid",
    data_format: Any = None,
    pool_mode: str = "max",
) -> Any:
    """The greatest element or the mean of each window."""
    pool = nn.max_pool if pool_mode == "max" else nn.avg_pool
    return pool(tensor(x), pool_size, strides, padding, data_format)


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None, std: Any = None
) -> Any:
    """Normal numbers; of a symbolic shape, new ones at each run."""
    return _random_in(_random.normal, shape, mean, stddev if std is None else std)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Uniform numbers."""
    return _random_in(_random.uniform, shape, minval, maxval)


def random_binomial(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """1 with probability p, else 0."""
    return cast(_ops["less"](random_uniform(shape), p), dtype or floatx())


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normal numbers within two deviations."""
    return _random_in(_random.truncated_normal, shape, mean, stddev)


def _random_in(draw: Callable[..., Any], shape: Any, first: float, second: float) -> Any:
    """Draws in a shape some of whose lengths may be tensors."""
    if isinstance(shape, Tensor):
        shape = (
            [int(n) for n in shape.array()]
            if shape.value is not None
            else [shape[k] for k in range(shape.shape[0])]
        )
    if not builtins.any(isinstance(n, Tensor) for n in shape):
        return draw(tuple(int(n) for n in shape), first, second)
    names = ("minval", "maxval") if draw is _random.uniform else ("mean", "stddev")
    like = broadcast_to_lengths(tensor(np.float32(0)), list(shape))
    return draw(like=like, **dict(zip(names, (first, second))))


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Variable:
    """A variable of normal numbers."""
    return Variable(random_normal(shape, mean, scale), name=name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: str | None = None, seed: Any = None
) -> Variable:
    """A variable of uniform numbers."""
    return Variable(random_uniform(shape, low, high), name=name)


@contextmanager
def name_scope(name: str) -> Any:
    """A block; names of layers are not nested."""
    yield name


tensorflow_backend = sys.modules[__name__]  # where programs found set_session


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise unsupported("keras.backend", name, [n for n in globals() if not n.startswith("_")])
