"""``tf.contrib``: layers with their own defaults, argument scopes, and older names of other parts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace, members, own
from thalweg.compat.tf1 import (
    arrays,
    checkpoints,
    data,
    data_functions,
    feature_column,
    initializers,
    layers,
    losses,
    math,
    metrics,
    monitored,
    nn,
    rnn,
    sparse,
    train,
    variables,
)
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import seq2seq as legacy_seq2seq
from thalweg.compat.tf1 import summary as summary_room
from thalweg.compat.tf1.control import map_structure
from thalweg.compat.tf1.distributions import distributions
from thalweg.compat.tf1.factorization import factorization
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph
from thalweg.compat.tf1.learn import learn
from thalweg.compat.tf1.lookup import lookup
from thalweg.compat.tf1.projector import projector

_ZEROS = initializers.zeros_initializer()

# --- argument scopes ------------------------------------------------------------------------------------------------

_defaults: list[dict[Any, dict[str, Any]]] = [{}]


def add_arg_scope(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes defaults from the open argument scopes."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        return fn(*args, **{**_defaults[-1].get(apply, {}), **options})

    return apply


@contextmanager
def arg_scope(list_ops_or_scope: Any, **options: Any) -> Iterator[dict[Any, dict[str, Any]]]:
    """Inside, the functions take these defaults."""
    base = dict(_defaults[-1])
    if isinstance(list_ops_or_scope, dict):
        base = dict(list_ops_or_scope)
    else:
        for fn in list_ops_or_scope:
            base[fn] = {**base.get(fn, {}), **options}
    _defaults.append(base)
    try:
        yield base
    finally:
        _defaults.pop()


# --- layers ---------------------------------------------------------------------------------------------------------


def l2_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """``scale / 2`` times the sum of squares."""
    return lambda w: None if not scale else math.multiply(float(scale), nn.l2_loss(w))


def l1_regularizer(scale: float, scope: Any = None) -> Callable[[Any], Any]:
    """``scale`` times the sum of absolute values."""
    return lambda w: None if not scale else math.multiply(float(scale), math.reduce_sum(math.abs(w)))


def l1_l2_regularizer(
    scale_l1: float = 1.0, scale_l2: float = 1.0, scope: Any = None
) -> Callable[[Any], Any]:
    """Both."""
    return lambda w: l1_regularizer(scale_l1)(w) + l2_regularizer(scale_l2)(w)


def apply_regularization(regularizer: Callable[[Any], Any], weights_list: Any = None) -> Tensor:
    """The sum of the penalties of weights."""
    wanted = weights_list or default_graph().get_collection(GraphKeys.WEIGHTS)
    return math.add_n([regularizer(w) for w in wanted])


def _finished(
    x: Any, normalizer_fn: Any, normalizer_params: Any, activation_fn: Any, collections: Any = None
) -> Any:
    if normalizer_fn is not None:
        x = normalizer_fn(x, **(normalizer_params or {}))
    x = x if activation_fn is None else activation_fn(x)
    for key in [collections] if isinstance(collections, str) else collections or ():
        default_graph().add_to_collection(key, x)
    return x


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
        weights = variables.get_variable(
            "weights", [width, num_outputs], None, start, weights_regularizer, trainable
        )
        flat = inputs if inputs.shape.ndims == 2 else math.reshape(inputs, [-1, width])
        x = math.matmul(flat, weights)
        if inputs.shape.ndims != 2:
            x = math.reshape(x, [-1 if d is None else d for d in [*inputs.shape.as_list()[:-1], num_outputs]])
        if normalizer_fn is None and biases_initializer is not None:
            x = nn.bias_add(
                x,
                variables.get_variable(
                    "biases", [num_outputs], None, biases_initializer, biases_regularizer, trainable
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
        size, steps = (layers._tuple(v, 2) for v in (kernel_size, stride))
        shape = [*size, inputs.get_shape()[-1].value, num_outputs]
        start = weights_initializer or initializers.xavier_initializer()
        weights = variables.get_variable("weights", shape, None, start, weights_regularizer, trainable)
        dilations = [1, *layers._tuple(rate, 2), 1]
        x = nn.conv2d(inputs, weights, [1, *steps, 1], padding, dilations=dilations)
        if normalizer_fn is None and biases_initializer is not None:
            x = nn.bias_add(
                x,
                variables.get_variable(
                    "biases", [num_outputs], None, biases_initializer, biases_regularizer, trainable
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
    return layers.MaxPooling2D(kernel_size, stride, padding, name=scope)(inputs)


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
    return layers.AveragePooling2D(kernel_size, stride, padding, name=scope)(inputs)


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
    return layers.Dropout(rate, noise_shape, name=scope if isinstance(scope, str) else None)(
        inputs, training=is_training
    )


def flatten(inputs: Any, outputs_collections: Any = None, scope: Any = None) -> Tensor:
    """All axes but the first as one."""
    return layers.Flatten(scope if isinstance(scope, str) else None)(inputs)


@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    param_initializers: Any = None,
    param_regularizers: Any = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: Any = None,
    scope: Any = None,
    **options: Any,
) -> Tensor:
    """Normalisation over a batch; with ``updates_collections=None`` the moments move with each use."""
    with variables.variable_scope(scope, "BatchNorm", reuse=reuse):
        layer = layers.BatchNormalization(-1, decay, epsilon, center, scale, trainable=trainable, name=None)
        layer.scope_name = variables.get_variable_scope().name
        shared = variables.get_variable_scope().reuse
        opened = variables.VariableScope(layer.scope_name, shared)
        with variables.variable_scope(opened):
            layer.build(inputs.get_shape())
            layer.built = True
            collected = default_graph().get_collection_ref(GraphKeys.UPDATE_OPS)
            before = len(collected)
            x = layer.call(inputs, training=is_training)
    made, collected[before:] = collected[before:], []
    if updates_collections is None:
        with default_graph().control_dependencies(made):
            x = math.identity(x)
    else:
        for operation in made:
            default_graph().add_to_collection(updates_collections, operation)
    return x if activation_fn is None else activation_fn(x)


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    scope: Any = None,
    **options: Any,
) -> Tensor:
    """Each example normalised over its own axes."""
    with variables.variable_scope(scope, "LayerNorm", reuse=reuse):
        width = [inputs.get_shape()[-1].value]
        beta = (
            variables.get_variable("beta", width, initializer=initializers.zeros_initializer())
            if center
            else None
        )
        gamma = (
            variables.get_variable("gamma", width, initializer=initializers.ones_initializer())
            if scale
            else None
        )
        axes = list(range(begin_norm_axis, inputs.shape.ndims))
        mean, variance = nn.moments(inputs, axes, keep_dims=True)
        x = nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-12)
        return x if activation_fn is None else activation_fn(x)


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


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Any = None,
    variables: Any = None,
    **options: Any,
) -> Tensor:
    """The loss, with one step of the optimizer."""
    by_name: dict[str, Any] = {
        "Adagrad": train.AdagradOptimizer,
        "Adam": train.AdamOptimizer,
        "Ftrl": train.FtrlOptimizer,
        "Momentum": lambda rate: train.MomentumOptimizer(rate, 0.9),
        "RMSProp": train.RMSPropOptimizer,
        "SGD": train.GradientDescentOptimizer,
    }
    step = global_step if global_step is not None else train.get_or_create_global_step()
    rate = learning_rate_decay_fn(learning_rate, step) if learning_rate_decay_fn else learning_rate
    made = by_name[optimizer](rate) if isinstance(optimizer, str) else optimizer
    made = made if isinstance(made, train.Optimizer) else made(rate)
    pairs = made.compute_gradients(loss, variables)
    if clip_gradients is not None:
        clipped = math.clip_by_global_norm([gradient for gradient, _ in pairs], clip_gradients)[0]
        pairs = list(zip(clipped, [v for _, v in pairs], strict=True))
    with default_graph().control_dependencies([made.apply_gradients(pairs, step)]):
        return math.identity(loss)


def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """A summary of a tensor."""
    return summary_room.histogram(tag or tensor.op.name, tensor)


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
        size, steps = (layers._tuple(v, 2) for v in (kernel_size, stride))
        start = weights_initializer or initializers.xavier_initializer()
        shape = [*size, inputs.get_shape()[-1].value, depth_multiplier]
        depthwise = variables.get_variable("depthwise_weights", shape, None, start, trainable=trainable)
        x = nn.depthwise_conv2d(inputs, depthwise, [1, *steps, 1], padding, layers._tuple(rate, 2))
        if num_outputs is not None:
            shape = [1, 1, shape[2] * depth_multiplier, num_outputs]
            pointwise = variables.get_variable("pointwise_weights", shape, None, start, trainable=trainable)
            x = nn.conv2d(x, pointwise, [1, 1, 1, 1], "VALID")
        if normalizer_fn is None and biases_initializer is not None:
            width = [x.get_shape()[-1].value]
            x = nn.bias_add(x, variables.get_variable("biases", width, initializer=biases_initializer))
        return _finished(x, normalizer_fn, normalizer_params, activation_fn, outputs_collections)


@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Any = None,
    reuse: Any = None,
    trainable: bool = True,
    scope: Any = None,
    **options: Any,
) -> Tensor:
    """Each channel of each picture normalised over its pixels."""
    with variables.variable_scope(scope, "InstanceNorm", reuse=reuse):
        width = [inputs.get_shape()[-1].value]
        starts = (initializers.zeros_initializer(), initializers.ones_initializer())
        beta = variables.get_variable("beta", width, initializer=starts[0]) if center else None
        gamma = variables.get_variable("gamma", width, initializer=starts[1]) if scale else None
        mean, variance = nn.moments(inputs, list(range(1, inputs.shape.ndims - 1)), keep_dims=True)
        x = nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        return x if activation_fn is None else activation_fn(x)


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


def sum_regularizer(regularizer_list: Sequence[Any], scope: Any = None) -> Callable[[Any], Any]:
    """The sum of several penalties."""

    def penalty(w: Any) -> Any:
        parts = [made for made in (r(w) for r in regularizer_list if r is not None) if made is not None]
        return math.add_n(parts) if parts else None

    return penalty


def summarize_activation(op: Any) -> Any:
    """A histogram of an activation, and the share of its zeros."""
    if op.op.type == "Relu":
        summary_room.scalar(f"{op.op.name}/zeros", nn.zero_fraction(op))
    return summary_room.histogram(f"{op.op.name}/activation", op)


def summarize_tensors(tensors: Sequence[Any], summarizer: Any = summarize_tensor) -> list[Any]:
    """Summaries of several tensors."""
    return [summarizer(t) for t in tensors]


def summarize_collection(
    collection: Any, name_filter: Any = None, summarizer: Any = summarize_tensor
) -> list[Any]:
    """Summaries of what is in a collection."""
    return summarize_tensors(default_graph().get_collection(collection, name_filter), summarizer)


def summarize_activations(name_filter: Any = None, summarizer: Any = summarize_activation) -> list[Any]:
    """Summaries of the collection of activations."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)


def bow_encoder(
    ids: Any, vocab_size: int, embed_dim: int, initializer: Any = None, scope: Any = None, **options: Any
) -> Tensor:
    """The mean of the rows of a new table for the numbers of each text."""
    with variables.variable_scope(scope, "bow_encoder", reuse=options.get("reuse")):
        shape = [vocab_size, embed_dim]
        table = variables.get_variable("embeddings", shape, initializer=initializer)
        return math.reduce_mean(nn.embedding_lookup(table, ids), 1)


_layers = Namespace(
    "tf.contrib.layers",
    **{
        name: globals()[name]
        for name in (
            "fully_connected linear relu conv2d convolution2d convolution conv2d_transpose convolution2d_transpose "
            "max_pool2d avg_pool2d dropout flatten batch_norm layer_norm one_hot_encoding embed_sequence repeat stack "
            "optimize_loss l1_regularizer l2_regularizer l1_l2_regularizer apply_regularization summarize_tensor "
            "bias_add separable_conv2d instance_norm maxout unit_norm sum_regularizer summarize_activation "
            "summarize_activations summarize_tensors summarize_collection bow_encoder"
        ).split()
    },
    xavier_initializer=initializers.xavier_initializer,
    xavier_initializer_conv2d=initializers.xavier_initializer,
    variance_scaling_initializer=initializers.contrib_variance_scaling,
    softmax=nn.softmax,
    relu6=nn.relu6,
    separable_convolution2d=separable_conv2d,
    legacy_fully_connected=fully_connected,
    embedding_lookup_unique=nn.embedding_lookup,
    safe_embedding_lookup_sparse=sparse.embedding_lookup_sparse,
    real_valued_column=lambda column_name, dimension=1, **_: feature_column.numeric_column(
        column_name, dimension
    ),
    sparse_column_with_keys=lambda column_name, keys, **_: (
        feature_column.categorical_column_with_vocabulary_list(column_name, keys)
    ),
    sparse_column_with_hash_bucket=feature_column.categorical_column_with_hash_bucket,
    sparse_column_with_integerized_feature=feature_column.categorical_column_with_identity,
    bucketized_column=feature_column.bucketized_column,
    crossed_column=feature_column.crossed_column,
    one_hot_column=feature_column.indicator_column,
    embedding_column=feature_column.embedding_column,
    input_from_feature_columns=feature_column.input_layer,
    OPTIMIZER_CLS_NAMES={},
    add_arg_scope=add_arg_scope,
)


def _leaves(structure: Any) -> list[Any]:
    found: list[Any] = []
    map_structure(found.append, structure)
    return found


nest = Namespace("tf.contrib.framework.nest", map_structure=map_structure, flatten=_leaves)

_framework = Namespace(
    "tf.contrib.framework",
    arg_scope=arg_scope,
    add_arg_scope=add_arg_scope,
    get_global_step=train.get_global_step,
    create_global_step=train.create_global_step,
    get_or_create_global_step=train.get_or_create_global_step,
    get_variables=lambda scope=None, suffix=None: default_graph().get_collection(
        GraphKeys.GLOBAL_VARIABLES, scope
    ),
    get_trainable_variables=variables.trainable_variables,
    get_model_variables=variables.model_variables,
    get_variables_to_restore=lambda include=None, exclude=None: [
        v
        for v in default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES)
        if (not include or v.op.name.startswith(tuple(include)))
        and not (exclude and v.op.name.startswith(tuple(exclude)))
    ],
    assign_from_checkpoint_fn=lambda model_path, var_list, **_: (
        lambda session: checkpoints.Saver(var_list).restore(session, model_path)
    ),
    local_variable=lambda initial_value, **_: variables.Variable(
        initial_value, trainable=False, collections=[GraphKeys.LOCAL_VARIABLES]
    ),
    is_tensor=lambda x: isinstance(x, Tensor),
    sort=arrays.sort,
    argsort=arrays.argsort,
    nest=nest,
    load_variable=train.load_variable,
    list_variables=train.list_variables,
)

_rnn = Namespace(
    "tf.contrib.rnn",
    **{name: getattr(rnn, name) for name in dir(rnn) if name.endswith(("Cell", "Wrapper", "Tuple", "_rnn"))},
    LSTMBlockCell=rnn.BasicLSTMCell,
    GRUBlockCell=rnn.GRUCell,
    transpose_batch_time=rnn.transpose_batch_time,
)
vars(_rnn)["core_rnn_cell"] = _rnn
vars(_rnn)["python"] = Namespace(
    "tf.contrib.rnn.python",
    ops=Namespace("tf.contrib.rnn.python.ops", core_rnn_cell=_rnn, rnn_cell=_rnn, core_rnn_cell_impl=_rnn),
)


def _legacy_loss(fn: Any) -> Any:
    """A loss of ``tf.contrib.losses``: (predictions, labels) by position."""

    def apply(
        predictions: Any = None, labels: Any = None, weights: Any = 1.0, scope: Any = None, **options: Any
    ) -> Tensor:
        weights = options.pop("weight", weights)
        return fn(labels, predictions, weights=weights, scope=scope)

    apply.__doc__ = fn.__doc__
    return apply


def _contrib_softmax(
    logits: Any, onehot_labels: Any, weights: Any = 1.0, label_smoothing: float = 0, scope: Any = None
) -> Tensor:
    """``tf.contrib.losses``: (logits, labels)."""
    return losses.softmax_cross_entropy(onehot_labels, logits, weights, label_smoothing, scope)


_losses = Namespace(
    "tf.contrib.losses",
    mean_squared_error=_legacy_loss(losses.mean_squared_error),
    sum_of_squares=_legacy_loss(losses.mean_squared_error),
    absolute_difference=_legacy_loss(losses.absolute_difference),
    log_loss=_legacy_loss(losses.log_loss),
    softmax_cross_entropy=_contrib_softmax,
    sparse_softmax_cross_entropy=lambda logits, labels, weights=1.0, scope=None: (
        losses.sparse_softmax_cross_entropy(labels, logits, weights, scope)
    ),
    sigmoid_cross_entropy=lambda logits, labels, weights=1.0, label_smoothing=0, scope=None: (
        losses.sigmoid_cross_entropy(labels, logits, weights, label_smoothing, scope)
    ),
    add_loss=losses.add_loss,
    get_losses=losses.get_losses,
    get_regularization_losses=losses.get_regularization_losses,
    get_total_loss=losses.get_total_loss,
    compute_weighted_loss=losses.compute_weighted_loss,
)

_slim = Namespace(
    "tf.contrib.slim",
    **{**members(_layers), **{k: v for k, v in members(_framework).items() if k != "nest"}},
    losses=_losses,
    utils=Namespace(
        "tf.contrib.slim.utils",
        convert_collection_to_dict=lambda key, clear_collection=False: {
            x.op.name: x for x in default_graph().get_collection(key)
        },
    ),
    learning=Namespace(
        "tf.contrib.slim.learning",
        train=monitored.train_loop,
        create_train_op=lambda total_loss, optimizer, global_step=None, **_: optimize_loss(
            total_loss, global_step, None, optimizer
        ),
    ),
    variable=variables.get_variable,
    model_variable=variables.get_variable,
)

_seq2seq = Namespace("tf.contrib.seq2seq", sequence_loss=rnn.sequence_loss)
_legacy_seq2seq = Namespace(
    "tf.contrib.legacy_seq2seq",
    sequence_loss_by_example=rnn.sequence_loss_by_example,
    sequence_loss=rnn.legacy_sequence_loss,
    rnn_decoder=rnn.rnn_decoder,
    **own(legacy_seq2seq),
)
_metrics = Namespace(
    "tf.contrib.metrics",
    accuracy=lambda predictions, labels, weights=None, name=None: math.reduce_mean(
        math.cast(
            math.equal(predictions, math.cast(labels, g.convert_to_tensor(predictions).dtype)), "float32"
        )
    ),
    streaming_accuracy=lambda predictions, labels, **_: metrics.accuracy(labels, predictions),
    streaming_auc=lambda predictions, labels, **_: metrics.auc(labels, predictions),
    streaming_mean=metrics.mean,
    streaming_precision=lambda predictions, labels, **_: metrics.precision(labels, predictions),
    streaming_recall=lambda predictions, labels, **_: metrics.recall(labels, predictions),
    confusion_matrix=math.confusion_matrix,
)


class HParams:
    """Settings by name: attributes, ``values()``, and ``parse("a=1,b=2")``."""

    def __init__(self, **settings: Any) -> None:
        self.__dict__.update(settings)

    def add_hparam(self, name: str, value: Any) -> None:
        """One more setting."""
        if name in self.__dict__:
            raise ValueError(f"Hyperparameter name is reserved: {name}")
        self.__dict__[name] = value

    def set_hparam(self, name: str, value: Any) -> None:
        """Another value."""
        self.__dict__[name] = value

    def get(self, key: str, default: Any = None) -> Any:
        """A setting, or a default."""
        return self.__dict__.get(key, default)

    def values(self) -> dict[str, Any]:
        """All settings."""
        return dict(self.__dict__)

    def parse(self, values: str) -> HParams:
        """Take settings from a text, each in the type it has."""
        for part in filter(None, values.split(",")):
            name, _, text = part.partition("=")
            old = self.__dict__[name.strip()]
            self.__dict__[name.strip()] = text == "True" if isinstance(old, bool) else type(old)(text)
        return self

    def __contains__(self, key: str) -> bool:
        return key in self.__dict__

    def __repr__(self) -> str:
        return f"HParams({', '.join(f'{k}={v!r}' for k, v in sorted(self.__dict__.items()))})"


def _crf_log_norm(inputs: Any, lengths: Any, transitions: Any) -> Tensor:
    """log sum over all paths of exp(score), by the forward algorithm over the steps (whose number is known)."""
    steps = math.unstack(inputs, axis=1)
    alpha = steps[0]
    for t, scores in enumerate(steps[1:], 1):
        new = math.reduce_logsumexp(math.expand_dims(alpha, 2) + transitions, 1) + scores
        going = math.expand_dims(math.less(t, math.cast(lengths, "int32")), 1)
        alpha = math.where(math.logical_and(going, math.ones_like(alpha, "bool")), new, alpha)
    return math.reduce_logsumexp(alpha, 1)


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Tensor, Any]:
    """(log likelihood of tags [batch], transitions [tags, tags]) for scores [batch, steps, tags]."""
    n_steps, n_tags = (d.value for d in list(inputs.get_shape())[1:])
    if transition_params is None:
        transition_params = variables.get_variable("transitions", [n_tags, n_tags])
    mask = math.cast(math.sequence_mask(sequence_lengths, n_steps), "float32")
    chosen = math.one_hot(tag_indices, n_tags)
    unary = math.reduce_sum(math.reduce_sum(inputs * chosen, 2) * mask, 1)
    pairs = math.reduce_sum(math.tensordot(chosen[:, :-1], transition_params, [[2], [0]]) * chosen[:, 1:], 2)
    binary = math.reduce_sum(pairs * mask[:, 1:], 1)
    return unary + binary - _crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """(best tags, their score) for NumPy scores [steps, tags]."""
    trellis, back = np.zeros_like(score), np.zeros_like(score, dtype=np.int32)
    trellis[0] = score[0]
    for t in range(1, len(score)):
        v = trellis[t - 1][:, None] + transition_params
        trellis[t], back[t] = score[t] + v.max(0), v.argmax(0)
    path = [int(np.argmax(trellis[-1]))]
    for row in back[:0:-1]:
        path.append(int(row[path[-1]]))
    return path[::-1], np.max(trellis[-1])


_training = Namespace("tf.contrib.training", HParams=HParams)
_tensorboard = Namespace(
    "tf.contrib.tensorboard",
    plugins=Namespace("tf.contrib.tensorboard.plugins", projector=projector),
)
_data = Namespace(
    "tf.contrib.data",
    Dataset=data.Dataset,
    Iterator=data.Iterator,
    TFRecordDataset=data.TFRecordDataset,
    TextLineDataset=data.TextLineDataset,
    **own(data_functions),
)

contrib = Namespace(
    "tf.contrib",
    layers=_layers,
    framework=_framework,
    rnn=_rnn,
    losses=_losses,
    slim=_slim,
    seq2seq=_seq2seq,
    legacy_seq2seq=_legacy_seq2seq,
    metrics=_metrics,
    learn=learn,
    factorization=factorization,
    distributions=distributions,
    lookup=lookup,
    training=_training,
    tensorboard=_tensorboard,
    crf=Namespace("tf.contrib.crf", crf_log_likelihood=crf_log_likelihood, viterbi_decode=viterbi_decode),
    data=_data,
    opt=Namespace(
        "tf.contrib.opt",
        ScipyOptimizerInterface=train.ScipyOptimizerInterface,
        LazyAdamOptimizer=train.AdamOptimizer,
    ),
)
