"""What residual networks share: blocks of units, strides that are turned into dilation, defaults of layers."""

from __future__ import annotations

from typing import Any, NamedTuple

from thalweg.compat.tf1 import initializers, math, nn
from thalweg.compat.tf1.contrib.layers import conv2d, max_pool2d
from thalweg.compat.tf1.contrib.normalisation import batch_norm
from thalweg.compat.tf1.contrib.regularizers import l2_regularizer
from thalweg.compat.tf1.contrib.scopes import add_arg_scope, arg_scope
from thalweg.compat.tf1.contrib.utils import collect_named_outputs
from thalweg.compat.tf1.graph import GraphKeys
from thalweg.compat.tf1.variables import variable_scope


class Block(NamedTuple):
    """Units of a network: a name, the function that makes one, and the arguments of each."""

    scope: str
    unit_fn: Any
    args: list[dict[str, Any]]


def subsample(inputs: Any, factor: int, scope: str | None = None) -> Any:
    """Each ``factor``-th row and column."""
    return inputs if factor == 1 else max_pool2d(inputs, [1, 1], stride=factor, scope=scope)


def conv2d_same(
    inputs: Any, num_outputs: int, kernel_size: int, stride: int, rate: int = 1, scope: Any = None
) -> Any:
    """A convolution whose zeros around do not depend on the size of its inputs, also with a stride."""
    if stride == 1:
        return conv2d(inputs, num_outputs, kernel_size, stride=1, rate=rate, padding="SAME", scope=scope)
    total = (kernel_size - 1) * rate
    sides = [total // 2, total - total // 2]
    wide = math.pad(inputs, [[0, 0], sides, sides, [0, 0]])
    return conv2d(wide, num_outputs, kernel_size, stride=stride, rate=rate, padding="VALID", scope=scope)


@add_arg_scope
def stack_blocks_dense(
    net: Any, blocks: list[Block], output_stride: int | None = None, outputs_collections: Any = None
) -> Any:
    """Blocks one after the other; once the stride reached ``output_stride``, later strides become dilation."""
    reached = rate = 1
    for block in blocks:
        with variable_scope(block.scope, "block") as opened:
            for k, unit in enumerate(block.args, 1):
                if output_stride is not None and reached > output_stride:
                    raise ValueError("The target output_stride cannot be reached.")
                stride = unit.get("stride", 1)
                with variable_scope(f"unit_{k}"):
                    if reached == output_stride:
                        net = block.unit_fn(net, rate=rate, **{**unit, "stride": 1})
                        rate *= stride
                    else:
                        net = block.unit_fn(net, rate=1, **unit)
                        reached *= stride
            net = collect_named_outputs(outputs_collections, opened.name, net)
    if output_stride not in (None, reached):
        raise ValueError("The target output_stride cannot be reached.")
    return net


def resnet_arg_scope(
    weight_decay: float = 0.0001,
    batch_norm_decay: float = 0.997,
    batch_norm_epsilon: float = 1e-5,
    batch_norm_scale: bool = True,
) -> Any:
    """The defaults of layers for residual networks."""
    norm = {
        "decay": batch_norm_decay, "epsilon": batch_norm_epsilon, "scale": batch_norm_scale,
        "updates_collections": GraphKeys.UPDATE_OPS,
    }  # fmt: skip
    with (
        arg_scope(
            [conv2d],
            weights_regularizer=l2_regularizer(weight_decay),
            weights_initializer=initializers.contrib_variance_scaling(),
            activation_fn=nn.relu,
            normalizer_fn=batch_norm,
            normalizer_params=norm,
        ),
        arg_scope([batch_norm], **norm),
        arg_scope([max_pool2d], padding="SAME") as made,
    ):
        return made
