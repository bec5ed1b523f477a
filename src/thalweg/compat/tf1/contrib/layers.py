"""``tf.contrib.layers``: layers of weights."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg import nn as core_nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import (
    initializers,
    layers,
    math,
    nn,
    sparse_math,
    variables,
)
from thalweg.compat.tf1.contrib.scopes import add_arg_scope
from thalweg.compat.tf1.contrib.utils import collect_named_outputs, model_variable, scope_name
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph, value, wrap
from thalweg.compat.tf1.sparse import SparseTensor
from thalweg.compat.tf1.types import as_tuple

_ZEROS = initializers.zeros_initializer()


class _Rest(NamedTuple):
    """What all layers of weights take after their own arguments, in this order."""

    activation_fn: Any = nn.relu
    normalizer_fn: Any = None
    normalizer_params: Any = None
    weights_initializer: Any = None
    weights_regularizer: Any = None
    biases_initializer: Any = _ZEROS
    biases_regularizer: Any = None
    reuse: Any = None
    variables_collections: Any = None
    outputs_collections: Any = None
    trainable: bool = True
    scope: Any = None

    def opened(self, kind: str) -> Any:
        """The layer's scope."""
        return variables.variable_scope(self.scope, kind, reuse=self.reuse)

    def weights(self, shape: Sequence[Any], name: str = "weights", initializer: Any = None) -> Any:
        """A variable for the kernel."""
        start = initializer or self.weights_initializer or initializers.xavier_initializer()
        return model_variable(
            name,
            list(shape),
            None,
            start,
            self.weights_regularizer,
            self.trainable,
            self.variables_collections,
        )

    def finished(self, x: Any, data_format: str | None = None) -> Any:
        """The output: with biases or normalised, activated, collected."""
        if self.normalizer_fn is not None:
            x = self.normalizer_fn(x, **(self.normalizer_params or {}))
        elif self.biases_initializer is not None:
            width = [_channels(x, data_format)]
            biases = model_variable(
                "biases", width, None, self.biases_initializer, self.biases_regularizer, self.trainable,
                self.variables_collections,
            )  # fmt: skip
            x = nn.bias_add(x, biases, data_format)
        x = x if self.activation_fn is None else self.activation_fn(x)
        return collect_named_outputs(self.outputs_collections, scope_name(), x)


def _is_first(data_format: str | None) -> bool:
    return data_format is not None and data_format.startswith("NC")


def _channels(x: Any, data_format: str | None) -> int:
    """How many channels a tensor has."""
    found = x.get_shape()[1 if _is_first(data_format) else -1].value
    if found is None:
        raise ValueError(f"tf.contrib.layers: the number of channels must be known, received {x.get_shape()}")
    return int(found)


def _pooled(layer: Any, scope: Any, kind: str, collections: Any, inputs: Any, **options: Any) -> Any:
    with variables.name_scope(scope if isinstance(scope, str) else None, kind):
        return collect_named_outputs(collections, scope_name(), layer(inputs, **options))


@add_arg_scope
def fully_connected(inputs: Any, num_outputs: int, *rest: Any, **options: Any) -> Tensor:
    """``activation_fn(x @ weights + biases)`` over the last axis, rectified by default."""
    how, inputs = _Rest(*rest, **options), g.convert_to_tensor(inputs)
    with how.opened("fully_connected"):
        weights = how.weights([_channels(inputs, None), num_outputs])
        rank = inputs.shape.ndims
        x = math.matmul(inputs, weights) if rank == 2 else math.tensordot(inputs, weights, [[rank - 1], [0]])
        return how.finished(x)


def legacy_fully_connected(
    x: Any,
    num_output_units: int,
    activation_fn: Any = None,
    weight_init: Any = None,
    bias_init: Any = _ZEROS,
    name: Any = None,
    weight_collections: Any = (GraphKeys.WEIGHTS,),
    bias_collections: Any = (GraphKeys.BIASES,),
    output_collections: Any = (GraphKeys.ACTIVATIONS,),
    trainable: bool = True,
    weight_regularizer: Any = None,
    bias_regularizer: Any = None,
) -> Tensor:
    """``activation_fn(x @ weights + bias)`` over the last axis, as the first tf.contrib.layers had it."""
    x = g.convert_to_tensor(x)
    with variables.variable_scope(name, "fully_connected"):

        def variable(name: str, shape: list[int], start: Any, penalty: Any, more: Any) -> Any:
            keys = [GraphKeys.GLOBAL_VARIABLES, *more]
            return variables.get_variable(name, shape, x.dtype, start, penalty, trainable, keys)

        width, start = _channels(x, None), weight_init or initializers.xavier_initializer()
        weights = variable(
            "weights", [width, num_output_units], start, weight_regularizer, weight_collections
        )
        made = (
            math.matmul(x, weights)
            if x.shape.ndims == 2
            else math.tensordot(x, weights, [[x.shape.ndims - 1], [0]])
        )
        if bias_init is not None:
            made = nn.bias_add(
                made, variable("bias", [num_output_units], bias_init, bias_regularizer, bias_collections)
            )
        made = made if activation_fn is None else activation_fn(made)
        for key in output_collections:
            default_graph().add_to_collection(key, made)
        return made


legacy_linear = functools.partial(legacy_fully_connected, activation_fn=None)
legacy_relu = functools.partial(legacy_fully_connected, activation_fn=nn.relu)
linear = functools.partial(fully_connected, activation_fn=None)
relu = fully_connected
relu6 = functools.partial(fully_connected, activation_fn=nn.relu6)


def _convolved(kind: str, rank: int | None) -> Callable[..., Tensor]:
    def apply(
        inputs: Any,
        num_outputs: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: str = "SAME",
        data_format: Any = None,
        rate: Any = 1,
        *rest: Any,
        **options: Any,
    ) -> Tensor:
        inputs = g.convert_to_tensor(inputs)
        how, axes = _Rest(*rest, **options), inputs.shape.ndims - 2
        if rank not in (None, 2, axes):  # conv2d was the convolution of any rank
            raise ValueError(f"{kind}: expected {rank} spatial axes, received the shape {inputs.get_shape()}")
        with how.opened("Conv"):
            shape = [*as_tuple(kernel_size, axes), _channels(inputs, data_format), num_outputs]
            weights = how.weights(shape)
            steps, rates = as_tuple(stride, axes), as_tuple(rate, axes)
            layout = "channels_first" if _is_first(data_format) else "channels_last"
            made = core_nn.conv(value(inputs), value(weights), steps, padding.upper(), layout, rates)
            x = wrap(made, None, f"Conv{axes}D", [inputs, weights])
            return how.finished(x, data_format)

    apply.__name__, apply.__doc__ = kind, "Convolution, rectified by default."
    return add_arg_scope(apply)


conv1d, conv2d, conv3d = (_convolved(f"conv{rank}d", rank) for rank in (1, 2, 3))
convolution = _convolved("convolution", None)
convolution1d, convolution2d, convolution3d = conv1d, conv2d, conv3d


def _transposed(rank: int) -> Callable[..., Tensor]:
    def apply(
        inputs: Any,
        num_outputs: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: str = "SAME",
        data_format: str | None = None,
        *rest: Any,
        **options: Any,
    ) -> Tensor:
        how, inputs = _Rest(*rest, **options), g.convert_to_tensor(inputs)
        with how.opened(f"Conv{rank}d_transpose"):
            shape = [*as_tuple(kernel_size, rank), num_outputs, _channels(inputs, data_format)]
            weights, steps = how.weights(shape), as_tuple(stride, rank)
            layout = "channels_first" if _is_first(data_format) else "channels_last"
            made = core_nn.conv_transpose(value(inputs), value(weights), steps, padding.upper(), layout)
            x = wrap(made, None, f"conv{rank}d_transpose", [inputs, weights])
            return how.finished(x, data_format)

    apply.__name__, apply.__doc__ = f"conv{rank}d_transpose", "Transposed convolution, rectified by default."
    return add_arg_scope(apply)


conv2d_transpose, conv3d_transpose = _transposed(2), _transposed(3)
convolution2d_transpose, convolution3d_transpose = conv2d_transpose, conv3d_transpose


@add_arg_scope
def conv2d_in_plane(
    inputs: Any, kernel_size: Any, stride: Any = 1, padding: str = "SAME", *rest: Any, **options: Any
) -> Tensor:
    """The same convolution of each channel, rectified by default."""
    how, inputs = _Rest(*rest, **options), g.convert_to_tensor(inputs)
    with how.opened("ConvInPlane"):
        width = _channels(inputs, None)
        weights = math.tile(how.weights([*as_tuple(kernel_size, 2), 1, 1]), [1, 1, width, 1])
        x = nn.depthwise_conv2d(inputs, weights, [1, *as_tuple(stride, 2), 1], padding)
        return how.finished(x)


convolution2d_in_plane = conv2d_in_plane


def _pooling(kind: str, layer: Any) -> Callable[..., Tensor]:
    def apply(
        inputs: Any,
        kernel_size: Any,
        stride: Any = 2,
        padding: str = "VALID",
        data_format: Any = None,
        outputs_collections: Any = None,
        scope: Any = None,
    ) -> Tensor:
        layout = "channels_first" if _is_first(data_format) else "channels_last"
        made = layer(kernel_size, stride, padding, layout)
        return _pooled(made, scope, kind, outputs_collections, inputs)

    apply.__name__, apply.__doc__ = f"{kind[:3].lower()}_pool{kind[-2:].lower()}", layer.__doc__
    return add_arg_scope(apply)


max_pool2d, max_pool3d = (
    _pooling("MaxPool2D", layers.MaxPooling2D),
    _pooling("MaxPool3D", layers.MaxPooling3D),
)
avg_pool2d = _pooling("AvgPool2D", layers.AveragePooling2D)
avg_pool3d = _pooling("AvgPool3D", layers.AveragePooling3D)


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: Any = None,
) -> Tensor:
    """Elements kept with probability ``keep_prob`` while training."""
    rate = 1.0 - keep_prob
    layer = layers.Dropout(rate, noise_shape, seed)
    return _pooled(layer, scope, "Dropout", outputs_collections, inputs, training=is_training)


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Tensor:
    """All axes but the first as one."""
    return _pooled(layers.Flatten(), scope, "Flatten", outputs_collections, inputs)


@add_arg_scope
def one_hot_encoding(
    labels: Any,
    num_classes: int,
    on_value: float = 1.0,
    off_value: float = 0.0,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Tensor:
    """Class numbers as rows."""
    with variables.name_scope(scope, "OneHotEncoding") as opened:
        made = math.one_hot(labels, num_classes, on_value, off_value, dtype="float32")
        return collect_named_outputs(outputs_collections, opened, made)


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Tensor:
    """Rows of a new table for numbers; of one that there is with ``reuse``, which then need not be told its shape."""
    if not reuse and None in (vocab_size, embed_dim):
        raise ValueError(
            "embed_sequence: vocab_size and embed_dim must be given where no table is shared, "
            f"received vocab_size={vocab_size} and embed_dim={embed_dim}"
        )
    with variables.variable_scope(scope, "EmbedSequence", reuse=reuse):
        shape = None if None in (vocab_size, embed_dim) else [vocab_size, embed_dim]
        table = model_variable("embeddings", shape, None, initializer, regularizer, trainable)
        return nn.embedding_lookup(table, ids)


def _name_of(layer: Any, otherwise: str) -> str:
    """A layer's name, also of one with arguments bound."""
    inner = getattr(layer, "func", None)
    return str(getattr(layer, "__name__", None) or getattr(inner, "__name__", otherwise))


@add_arg_scope
def repeat(
    inputs: Any,
    repetitions: int,
    layer: Callable[..., Any],
    *args: Any,
    scope: str | None = None,
    **options: Any,
) -> Any:
    """A layer several times, one above the other."""
    name = scope or _name_of(layer, "repeat")
    with variables.variable_scope(scope, "Repeat"):
        for k in range(repetitions):
            inputs = layer(inputs, *args, scope=f"{name}_{k + 1}", **options)
    return inputs


@add_arg_scope
def stack(
    inputs: Any,
    layer: Callable[..., Any],
    stack_args: Sequence[Any],
    scope: str | None = None,
    **options: Any,
) -> Any:
    """A layer several times with different arguments."""
    name = scope or _name_of(layer, "stack")
    with variables.variable_scope(scope, "Stack"):
        for k, given in enumerate(stack_args):
            args = given if isinstance(given, (list, tuple)) else [given]
            inputs = layer(inputs, *args, scope=f"{name}_{k + 1}", **options)
    return inputs


@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Any = None,
    initializer: Any = _ZEROS,
    regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str | None = None,
    scope: Any = None,
) -> Tensor:
    """A bias for each channel."""
    how = _Rest(
        activation_fn, None, None, None, None, initializer, regularizer, reuse, variables_collections,
        outputs_collections, trainable, scope,
    )  # fmt: skip
    with how.opened("BiasAdd"):
        return how.finished(g.convert_to_tensor(inputs), data_format)


@add_arg_scope
def separable_conv2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    *rest: Any,
    pointwise_initializer: Any = None,
    **options: Any,
) -> Tensor:
    """A convolution of each channel, then one of points (left out with ``num_outputs=None``), rectified by default."""
    how, inputs = _Rest(*rest, **options), g.convert_to_tensor(inputs)
    with how.opened("SeparableConv2d"):
        width, layout = _channels(inputs, data_format), "NCHW" if _is_first(data_format) else "NHWC"
        depthwise = how.weights([*as_tuple(kernel_size, 2), width, depth_multiplier], "depthwise_weights")
        steps = as_tuple(stride, 2)
        strides = [1, 1, *steps] if layout == "NCHW" else [1, *steps, 1]
        x = nn.depthwise_conv2d(inputs, depthwise, strides, padding, as_tuple(rate, 2), data_format=layout)
        if num_outputs is not None:
            shape = [1, 1, width * depth_multiplier, num_outputs]
            pointwise = how.weights(shape, "pointwise_weights", pointwise_initializer)
            x = nn.conv2d(x, pointwise, [1, 1, 1, 1], "VALID", data_format=layout)
        return how.finished(x, layout)


separable_convolution2d = separable_conv2d


def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Tensor:
    """The largest of each group of channels. Groups are neighbours in memory, whatever the axis."""
    inputs = g.convert_to_tensor(inputs)
    known = inputs.get_shape().as_list()
    if known[axis] is None:
        raise ValueError(
            f"maxout: the length of axis {axis} must be known, the shape is {inputs.get_shape()}"
        )
    lengths = [math.shape(inputs)[k] if d is None else d for k, d in enumerate(known)]
    if lengths[axis] % num_units:
        raise ValueError(f"number of features({lengths[axis]}) is not a multiple of num_units({num_units})")
    each, lengths[axis] = lengths[axis] // num_units, num_units
    return math.reduce_max(math.reshape(inputs, [*lengths, each]), -1)


def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Tensor:
    """Divided by the length along an axis."""
    lengths = math.sqrt(math.reduce_sum(math.square(inputs), [dim], keep_dims=True) + epsilon)
    return math.div(inputs, lengths)


def bow_encoder(
    ids: Any,
    vocab_size: int,
    embed_dim: int,
    sparse_lookup: bool = True,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> Tensor:
    """The mean of the rows of a new table for the numbers of each text.

    With ``sparse_lookup`` 0 is no number, and a text without any has row 0; ``ids`` may be sparse then.
    """
    with variables.variable_scope(scope, "bow_encoder", reuse=reuse):
        shape = [vocab_size, embed_dim]
        table = model_variable("embeddings", shape, None, initializer, regularizer, trainable)
        if isinstance(ids, SparseTensor):
            if not sparse_lookup:
                raise TypeError("bow_encoder: ids must be dense with sparse_lookup=False")
            return sparse_math.safe_embedding_lookup_sparse([table], ids, combiner="mean", default_id=0)
        rows = nn.embedding_lookup(table, ids)
        if not sparse_lookup:
            return math.reduce_mean(rows, 1)
        there = math.not_equal(g.convert_to_tensor(ids), 0)
        none = math.reduce_all(math.logical_not(there), 1, keepdims=True)
        weights = math.expand_dims(math.cast(math.logical_or(there, none), rows.dtype), -1)
        return math.div(math.reduce_sum(rows * weights, 1), math.reduce_sum(weights, 1))


@add_arg_scope
def softmax(logits: Any, scope: Any = None) -> Tensor:
    """Probabilities over the last axis."""
    with variables.name_scope(scope, "softmax"):
        return nn.softmax(logits)


def spatial_softmax(
    features: Any,
    temperature: Any = None,
    name: str | None = None,
    variables_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
) -> Tensor:
    """[N, 2 C]: for each channel, the mean row and column, from -1 to 1, of the softmax over its pixels."""
    with variables.variable_scope(name, "spatial_softmax"):
        x = math.transpose(features, [0, 2, 3, 1]) if data_format == "NCHW" else g.convert_to_tensor(features)
        height, width, channels = (int(d) for d in x.get_shape().as_list()[1:] if d)
        start = 1.0 if temperature is None else temperature
        temperature = model_variable(
            "temperature",
            [],
            initializer=initializers.constant_initializer(start),
            collections=variables_collections,
            trainable=trainable,
        )
        rows, columns = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
        flat = math.reshape(math.transpose(x, [0, 3, 1, 2]), [-1, height * width])
        shares = nn.softmax(flat / temperature)
        places = np.stack([rows.reshape(-1), columns.reshape(-1)], 1).astype(np.float32)
        return math.reshape(math.matmul(shares, places), [-1, 2 * channels])


def alpha_dropout(
    x: Any, keep_prob: Any, noise_shape: Any = None, seed: Any = None, name: str | None = None
) -> Tensor:
    """Elements kept with probability ``keep_prob``, the others -1.7581; scaled to the mean and variance of x."""
    low = -1.7580993408473766
    kept = math.cast(nn.dropout(math.ones_like(x), keep_prob, noise_shape, seed) > 0, x.dtype)
    a = (keep_prob + low**2 * keep_prob * (1 - keep_prob)) ** -0.5
    return math.add(a * (x * kept + low * (1 - kept)), -a * low * (1 - keep_prob), name)
