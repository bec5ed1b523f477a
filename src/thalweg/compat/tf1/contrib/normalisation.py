"""Layers that normalise."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import (
    initializers,
    layers,
    math,
    nn,
    variables,
)
from thalweg.compat.tf1.contrib.scopes import add_arg_scope
from thalweg.compat.tf1.contrib.utils import collect_named_outputs, model_variable, scope_name
from thalweg.compat.tf1.graph import GraphKeys, Tensor, default_graph


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
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_decay: float = 0.99,
    adjustment: Any = None,
) -> Tensor:
    """Normalisation over a batch; with ``updates_collections=None`` the moments move with each use.

    ``batch_weights``: how much each example counts in the batch's moments. ``zero_debias_moving_mean``: the moving mean
    is freed from its start at 0. ``renorm``, ``renorm_clipping`` and ``adjustment`` as in ``tf.layers``.
    ``param_initializers`` and ``param_regularizers``: by the names beta, gamma, moving_mean and moving_variance.
    """
    inputs = g.convert_to_tensor(inputs)
    rank = inputs.get_shape().ndims
    plain = batch_weights is None and not renorm and adjustment is None
    if renorm and (batch_weights is not None or updates_collections is None or zero_debias_moving_mean):
        raise ValueError(
            "renorm is not supported with batch_weights, updates_collections or zero_debias_moving_mean"
        )
    starts = {f"{name}_initializer": start for name, start in (param_initializers or {}).items()}
    penalties = {f"{name}_regularizer": penalty for name, penalty in (param_regularizers or {}).items()}
    axis = 1 if data_format.startswith("NC") else -1
    with variables.variable_scope(scope, "BatchNorm", reuse=reuse):
        layer = layers.BatchNormalization(
            axis, decay, epsilon, center, scale, trainable=trainable, **starts, **penalties,
            fused=plain and rank in (2, 4) if fused is None else fused and plain,
            renorm=renorm, renorm_clipping=renorm_clipping, renorm_momentum=renorm_decay, adjustment=adjustment,
        )  # fmt: skip
        usual = updates_collections == GraphKeys.UPDATE_OPS and not zero_debias_moving_mean
        fuses = fused is not False and plain and rank in (2, 4) and (rank == 2 or not usual)
        layer.shift_first = fuses or batch_weights is not None or not usual
        layer.batch_weights, layer.zero_debias = batch_weights, zero_debias_moving_mean
        opened = variables.get_variable_scope()
        layer.scope_name = opened.name
        with variables.variable_scope(opened):
            layer.build(inputs.get_shape())
            layer.built = True
            for variable in layer.variables:
                more = variables_collections
                if isinstance(more, dict):
                    more = more.get(variable.op.name.rpartition("/")[2])
                for key in [GraphKeys.MODEL_VARIABLES, *([more] if isinstance(more, str) else more or ())]:
                    if not any(v is variable for v in default_graph().get_collection(key)):
                        default_graph().add_to_collection(key, variable)
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
    x = x if activation_fn is None else activation_fn(x)
    return collect_named_outputs(outputs_collections, layer.scope_name, x)


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Tensor:
    """Each example normalised over its axes from ``begin_norm_axis`` on; factors and shifts have those from
    ``begin_params_axis`` on.
    """
    inputs = g.convert_to_tensor(inputs)
    with variables.variable_scope(scope, "LayerNorm", reuse=reuse):
        shape = [d.value for d in inputs.get_shape()[begin_params_axis:]]
        beta, gamma = _shift_and_factor(shape, center, scale, None, variables_collections, trainable)
        rank: Any = inputs.shape.ndims
        axes = list(range(begin_norm_axis % rank, rank))
        mean, variance = nn.moments(inputs, axes, keep_dims=True)
        x = nn.batch_normalization(inputs, mean, variance, beta, gamma, 1e-12)
        x = x if activation_fn is None else activation_fn(x)
        return collect_named_outputs(outputs_collections, scope_name(), x)


@add_arg_scope
def group_norm(
    inputs: Any,
    groups: int = 32,
    channels_axis: int = -1,
    reduction_axes: Any = (-3, -2),
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Any = None,
    param_initializers: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """Groups of neighbouring channels of each example normalised over ``reduction_axes``."""
    inputs = g.convert_to_tensor(inputs)
    rank: Any = inputs.shape.ndims
    axis, over = channels_axis % rank, [a % rank for a in reduction_axes]
    width = inputs.get_shape()[axis].value
    if width % groups:
        raise ValueError(f"group_norm: {width} channels do not make {groups} groups")
    lengths = math.shape(inputs)
    with variables.variable_scope(scope, "GroupNorm", reuse=reuse):
        sizes = [lengths[k] for k in range(rank)]
        x = math.reshape(inputs, [*sizes[:axis], groups, width // groups, *sizes[axis + 1 :]])
        axes = [a if a < axis else a + 1 for a in over] + [axis + 1]
        mean, variance = nn.moments(x, axes, keep_dims=True)
        x = math.reshape((x - mean) * math.rsqrt(variance + epsilon), lengths)
        x.set_shape(inputs.get_shape())
        along = [width if k == axis else 1 for k in range(rank)]
        beta, gamma = _shift_and_factor(
            [width], center, scale, param_initializers, variables_collections, trainable
        )
        x = x if gamma is None else x * math.reshape(gamma, along)
        x = x if beta is None else x + math.reshape(beta, along)
        x = x if activation_fn is None else activation_fn(x)
        return collect_named_outputs(outputs_collections, scope_name(), x)


@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Any = None,
    param_initializers: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Tensor:
    """Each channel of each picture normalised over its pixels."""
    inputs = g.convert_to_tensor(inputs)
    rank: Any = inputs.shape.ndims
    axis = 1 if data_format.startswith("NC") else rank - 1
    with variables.variable_scope(scope, "InstanceNorm", reuse=reuse):
        width = inputs.get_shape()[axis].value
        beta, gamma = _shift_and_factor(
            [width], center, scale, param_initializers, variables_collections, trainable
        )
        along = [width if k == axis else 1 for k in range(rank)]
        beta, gamma = (None if v is None else math.reshape(v, along) for v in (beta, gamma))
        mean, variance = nn.moments(inputs, [k for k in range(1, rank) if k != axis], keep_dims=True)
        x = nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        x = x if activation_fn is None else activation_fn(x)
        return collect_named_outputs(outputs_collections, scope_name(), x)


def _shift_and_factor(
    shape: Any, center: bool, scale: bool, starts: Any, collections: Any, trainable: bool
) -> list[Any]:
    """beta and gamma, each None where it is not asked for."""
    kept = {"beta": initializers.zeros_initializer(), "gamma": initializers.ones_initializer()}
    kept.update(starts or {})
    return [
        model_variable(name, shape, None, kept[name], None, trainable, collections) if asked else None
        for name, asked in (("beta", center), ("gamma", scale))
    ]
