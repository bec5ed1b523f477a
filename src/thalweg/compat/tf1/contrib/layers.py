"""``tf.contrib.layers``: layers of weights."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import (
    initializers,
    layers,
    math,
    nn,
    variables,
)
from thalweg.compat.tf1.contrib.scopes import add_arg_scope
from thalweg.compat.tf1.contrib.utils import collect_named_outputs, model_variable, scope_name
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.types import as_tuple

_ZEROS = initializers.zeros_initializer()


def _finished(
    x: Any, normalizer_fn: Any, normalizer_params: Any, activation_fn: Any, collections: Any = None
) -> Any:
    if normalizer_fn is not None:
        x = normalizer_fn(x, **(normalizer_params or {}))
    x = x if activation_fn is None else activation_fn(x)
    return collect_named_outputs(collections, scope_name(), x)


def _pooled(layer: Any, scope: Any, kind: str, collections: Any, inputs: Any, **options: Any) -> Any:
    with variables.name_scope(scope if isinstance(scope, str) else None, kind):
        return collect_named_outputs(collections, scope_name(), layer(inputs, **options))


@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """``activation_fn(x @ weights + biases)``, rectified by default."""
    with variables.variable_scope(scope, "fully_connected", reuse=reuse):
        width = inputs.get_shape()[-1].value
        start = weights_initializer or initializers.xavier_initializer()
        weights = model_variable(
            "weights",
            [width, num_outputs],
            None,
            start,
            weights_regularizer,
            trainable,
            variables_collections,
        )
        flat = inputs if inputs.shape.ndims == 2 else math.reshape(inputs, [-1, width])
        x = math.matmul(flat, weights)
        if inputs.shape.ndims != 2:
            x = math.reshape(x, [-1 if d is None else d for d in [*inputs.shape.as_list()[:-1], num_outputs]])
        if normalizer_fn is None and biases_initializer is not None:
            x = nn.bias_add(
                x,
                model_variable(
                    "biases",
                    [num_outputs],
                    None,
                    biases_initializer,
                    biases_regularizer,
                    trainable,
                    variables_collections,
                ),
            )
        return _finished(x, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


linear = functools.partial(fully_connected, activation_fn=None)


relu = fully_connected


@add_arg_scope
def conv2d(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: Any = None,
    rate: Any = 1,
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = _ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """Convolution, rectified by default."""
    with variables.variable_scope(scope, "Conv", reuse=reuse):
        size, steps = (as_tuple(v, 2) for v in (kernel_size, stride))
        shape = [*size, inputs.get_shape()[-1].value, num_outputs]
        start = weights_initializer or initializers.xavier_initializer()
        weights = model_variable(
            "weights", shape, None, start, weights_regularizer, trainable, variables_collections
        )
        dilations = [1, *as_tuple(rate, 2), 1]
        x = nn.conv2d(inputs, weights, [1, *steps, 1], padding, dilations=dilations)
        if normalizer_fn is None and biases_initializer is not None:
            x = nn.bias_add(
                x,
                model_variable(
                    "biases",
                    [num_outputs],
                    None,
                    biases_initializer,
                    biases_regularizer,
                    trainable,
                    variables_collections,
                ),
            )
        return _finished(x, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


convolution2d = convolution = conv2d


@add_arg_scope
def conv2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    biases_initializer: Any = _ZEROS,
    reuse: Any = None,
    trainable: bool = True,
    scope: Any = None,
    **options: Any,
) -> Tensor:
    """Transposed convolution, rectified by default."""
    with variables.variable_scope(scope, "Conv2d_transpose", reuse=reuse):
        layer = layers.Conv2DTranspose(
            num_outputs,
            kernel_size,
            stride,
            padding,
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer or initializers.xavier_initializer(),
            trainable=trainable,
        )
        return _finished(layer(inputs), normalizer_fn, normalizer_params, activation_fn)


convolution2d_transpose = conv2d_transpose


@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: Any = None,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Tensor:
    """The largest element of each window."""
    return _pooled(
        layers.MaxPooling2D(kernel_size, stride, padding), scope, "MaxPool2D", outputs_collections, inputs
    )


@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: Any = None,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Tensor:
    """The mean of each window."""
    return _pooled(
        layers.AveragePooling2D(kernel_size, stride, padding), scope, "AvgPool2D", outputs_collections, inputs
    )


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
    layer = layers.Dropout(rate, noise_shape)
    return _pooled(layer, scope, "Dropout", outputs_collections, inputs, training=is_training)


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Tensor:
    """All axes but the first as one."""
    return _pooled(layers.Flatten(), scope, "Flatten", outputs_collections, inputs)


def one_hot_encoding(
    labels: Any, num_classes: int, on_value: float = 1.0, off_value: float = 0.0, scope: Any = None
) -> Tensor:
    """Class numbers as rows."""
    return math.one_hot(labels, num_classes, on_value, off_value, dtype="float32")


def embed_sequence(
    ids: Any,
    vocab_size: int,
    embed_dim: int,
    initializer: Any = None,
    scope: Any = None,
    reuse: Any = None,
    **options: Any,
) -> Tensor:
    """Rows of a new table for numbers."""
    with variables.variable_scope(scope, "EmbedSequence", reuse=reuse):
        return nn.embedding_lookup(
            variables.get_variable("embeddings", [vocab_size, embed_dim], initializer=initializer), ids
        )


def repeat(
    inputs: Any,
    repetitions: int,
    layer: Callable[..., Any],
    *args: Any,
    scope: str | None = None,
    **options: Any,
) -> Any:
    """A layer several times, one above the other."""
    name = scope or layer.__name__
    with variables.variable_scope(name, "Repeat"):
        for k in range(repetitions):
            inputs = layer(inputs, *args, scope=f"{name}_{k + 1}", **options)
    return inputs


def stack(
    inputs: Any,
    layer: Callable[..., Any],
    stack_args: Sequence[Any],
    scope: str | None = None,
    **options: Any,
) -> Any:
    """A layer several times with different arguments."""
    name = scope or "stack"
    with variables.variable_scope(name, "Stack"):
        for k, given in enumerate(stack_args):
            args = given if isinstance(given, (list, tuple)) else [given]
            inputs = layer(inputs, *args, scope=f"{name}_{k + 1}", **options)
    return inputs


def bias_add(
    inputs: Any, activation_fn: Any = None, initializer: Any = _ZEROS, scope: Any = None, **options: Any
) -> Tensor:
    """A bias for each channel."""
    with variables.variable_scope(scope, "BiasAdd", reuse=options.get("reuse")):
        width = inputs.get_shape()[-1].value
        x = nn.bias_add(inputs, variables.get_variable("biases", [width], initializer=initializer))
        return x if activation_fn is None else activation_fn(x)


@add_arg_scope
def separable_conv2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    rate: Any = 1,
    activation_fn: Any = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    biases_initializer: Any = _ZEROS,
    reuse: Any = None,
    trainable: bool = True,
    outputs_collections: Any = None,
    scope: Any = None,
    **options: Any,
) -> Tensor:
    """A convolution of each channel, then one of points (left out with ``num_outputs=None``), rectified by default."""
    with variables.variable_scope(scope, "SeparableConv2d", reuse=reuse):
        size, steps = (as_tuple(v, 2) for v in (kernel_size, stride))
        start = weights_initializer or initializers.xavier_initializer()
        shape = [*size, inputs.get_shape()[-1].value, depth_multiplier]
        depthwise = variables.get_variable("depthwise_weights", shape, None, start, trainable=trainable)
        x = nn.depthwise_conv2d(inputs, depthwise, [1, *steps, 1], padding, as_tuple(rate, 2))
        if num_outputs is not None:
            shape = [1, 1, shape[2] * depth_multiplier, num_outputs]
            pointwise = variables.get_variable("pointwise_weights", shape, None, start, trainable=trainable)
            x = nn.conv2d(x, pointwise, [1, 1, 1, 1], "VALID")
        if normalizer_fn is None and biases_initializer is not None:
            width = [x.get_shape()[-1].value]
            x = nn.bias_add(x, variables.get_variable("biases", width, initializer=biases_initializer))
        return _finished(x, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def maxout(inputs: Any, num_units: int, axis: int = -1, scope: Any = None) -> Tensor:
    """The largest of each group of channels."""
    lengths = [-1 if d is None else d for d in inputs.get_shape().as_list()]
    place = axis % len(lengths)
    grouped = [*lengths[:place], num_units, lengths[place] // num_units, *lengths[place + 1 :]]
    return math.reduce_max(math.reshape(inputs, grouped), place + 1)


def unit_norm(inputs: Any, dim: int, epsilon: float = 1e-7, scope: Any = None) -> Tensor:
    """Divided by the length along an axis."""
    lengths = math.sqrt(math.reduce_sum(math.square(inputs), [dim], keep_dims=True) + epsilon)
    return math.div(inputs, lengths)


def bow_encoder(
    ids: Any, vocab_size: int, embed_dim: int, initializer: Any = None, scope: Any = None, **options: Any
) -> Tensor:
    """The mean of the rows of a new table for the numbers of each text."""
    with variables.variable_scope(scope, "bow_encoder", reuse=options.get("reuse")):
        shape = [vocab_size, embed_dim]
        table = variables.get_variable("embeddings", shape, initializer=initializer)
        return math.reduce_mean(nn.embedding_lookup(table, ids), 1)


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
        x = math.transpose(features, [0, 2, 3, 1]) if data_format == "NCHW" else features
        height, width, channels = (int(d) for d in x.get_shape().as_list()[1:] if d)
        if temperature is None:
            temperature = model_variable(
                "temperature",
                [],
                initializer=initializers.ones_initializer(),
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
