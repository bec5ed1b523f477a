"""``tf.contrib``: layers with their own defaults, argument scopes, and older names of other parts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import initializers, layers, losses, math, metrics, nn, rnn, train, variables
from thalweg.compat.tf1 import summary as summary_room
from thalweg.compat.tf1.control import map_structure
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph

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


def members(namespace: Namespace) -> dict[str, Any]:
    """What a namespace holds."""
    return {k: v for k, v in vars(namespace).items() if not k.startswith("_")}


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


_layers = Namespace(
    "tf.contrib.layers",
    **{
        name: globals()[name]
        for name in (
            "fully_connected linear relu conv2d convolution2d convolution conv2d_transpose convolution2d_transpose "
            "max_pool2d avg_pool2d dropout flatten batch_norm layer_norm one_hot_encoding embed_sequence repeat stack "
            "optimize_loss l1_regularizer l2_regularizer l1_l2_regularizer apply_regularization summarize_tensor"
        ).split()
    },
    xavier_initializer=initializers.xavier_initializer,
    xavier_initializer_conv2d=initializers.xavier_initializer,
    variance_scaling_initializer=initializers.contrib_variance_scaling,
    softmax=nn.softmax,
    OPTIMIZER_CLS_NAMES={},
    add_arg_scope=add_arg_scope,
)

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
    nest=Namespace("tf.contrib.framework.nest", map_structure=map_structure),
    load_variable=train.load_variable,
    list_variables=train.list_variables,
)

_rnn = Namespace(
    "tf.contrib.rnn",
    **{name: getattr(rnn, name) for name in dir(rnn) if name.endswith(("Cell", "Wrapper", "Tuple", "_rnn"))},
    LSTMBlockCell=rnn.BasicLSTMCell,
    GRUBlockCell=rnn.GRUCell,
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
    rnn_decoder=rnn.rnn_decoder,
    sequence_loss_by_example=rnn.sequence_loss_by_example,
    sequence_loss=rnn.legacy_sequence_loss,
)
_metrics = Namespace(
    "tf.contrib.metrics",
    accuracy=lambda predictions, labels, weights=None, name=None: math.reduce_mean(
        math.cast(
            math.equal(predictions, math.cast(labels, g.convert_to_tensor(predictions).dtype)), "float32"
        )
    ),
    streaming_accuracy=lambda predictions, labels, **_: metrics.accuracy(labels, predictions),
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
)
