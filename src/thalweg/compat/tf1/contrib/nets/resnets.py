"""Residual networks: the first ones (He et al., 2015), and those that normalise before they convolve (2016)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.contrib.layers import conv2d, max_pool2d, softmax
from thalweg.compat.tf1.contrib.nets.resnet_utils import Block, conv2d_same, stack_blocks_dense, subsample
from thalweg.compat.tf1.contrib.normalisation import batch_norm
from thalweg.compat.tf1.contrib.scopes import add_arg_scope, arg_scope
from thalweg.compat.tf1.contrib.utils import (
    collect_named_outputs,
    convert_collection_to_dict,
    last_dimension,
)
from thalweg.compat.tf1.variables import variable_scope

_BARE = {"activation_fn": None, "normalizer_fn": None}


@add_arg_scope
def bottleneck_v1(
    inputs: Any,
    depth: int,
    depth_bottleneck: int,
    stride: int,
    rate: int = 1,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """Three convolutions with a way around them, rectified after their sum."""
    with variable_scope(scope, "bottleneck_v1") as opened:
        if depth == last_dimension(inputs.get_shape(), 4):
            around = subsample(inputs, stride, "shortcut")
        else:
            around = conv2d(inputs, depth, [1, 1], stride=stride, activation_fn=None, scope="shortcut")
        net = conv2d(inputs, depth_bottleneck, [1, 1], stride=1, scope="conv1")
        net = conv2d_same(net, depth_bottleneck, 3, stride, rate, scope="conv2")
        net = conv2d(net, depth, [1, 1], stride=1, activation_fn=None, scope="conv3")
        return collect_named_outputs(outputs_collections, opened.name, nn.relu(around + net))


@add_arg_scope
def bottleneck_v2(
    inputs: Any,
    depth: int,
    depth_bottleneck: int,
    stride: int,
    rate: int = 1,
    outputs_collections: Any = None,
    scope: Any = None,
) -> Any:
    """Three convolutions of normalised, rectified inputs, with a way around them."""
    with variable_scope(scope, "bottleneck_v2") as opened:
        ready = batch_norm(inputs, activation_fn=nn.relu, scope="preact")
        if depth == last_dimension(inputs.get_shape(), 4):
            around = subsample(inputs, stride, "shortcut")
        else:
            around = conv2d(ready, depth, [1, 1], stride=stride, scope="shortcut", **_BARE)
        net = conv2d(ready, depth_bottleneck, [1, 1], stride=1, scope="conv1")
        net = conv2d_same(net, depth_bottleneck, 3, stride, rate, scope="conv2")
        net = conv2d(net, depth, [1, 1], stride=1, scope="conv3", **_BARE)
        return collect_named_outputs(outputs_collections, opened.name, around + net)


def _network(kind: str, bottleneck: Any, before: bool) -> Callable[..., Any]:
    """A network of blocks; ``before``: units normalise before they convolve."""

    def network(
        inputs: Any,
        blocks: list[Block],
        num_classes: int | None = None,
        is_training: Any = True,
        global_pool: bool = True,
        output_stride: int | None = None,
        include_root_block: bool = True,
        reuse: Any = None,
        scope: Any = None,
    ) -> tuple[Any, dict[str, Any]]:
        with variable_scope(scope, kind, reuse=reuse) as opened:
            collection = f"{opened.original_name_scope}_end_points"
            with (
                arg_scope([conv2d, bottleneck, stack_blocks_dense], outputs_collections=collection),
                arg_scope([batch_norm], is_training=is_training),
            ):
                net = inputs
                if include_root_block:
                    if output_stride is not None:
                        if output_stride % 4:
                            raise ValueError("The output_stride needs to be a multiple of 4.")
                        output_stride //= 4
                    with arg_scope([conv2d], **(_BARE if before else {})):
                        net = conv2d_same(net, 64, 7, stride=2, scope="conv1")
                    net = max_pool2d(net, [3, 3], stride=2, scope="pool1")
                net = stack_blocks_dense(net, blocks, output_stride)
                if before:
                    net = batch_norm(net, activation_fn=nn.relu, scope="postnorm")
                if global_pool:
                    net = math.reduce_mean(net, [1, 2], name="pool5", keep_dims=True)
                if num_classes is not None:
                    net = conv2d(net, num_classes, [1, 1], scope="logits", **_BARE)
                ends = convert_collection_to_dict(collection)
                if num_classes is not None:
                    ends["predictions"] = softmax(net, scope="predictions")
                return net, ends

    network.__name__, network.default_image_size = kind, 224  # type: ignore[attr-defined]
    network.__doc__ = "(scores or features, {name: output}) of a residual network of blocks."
    return network


def _block(bottleneck: Any) -> Callable[..., Block]:
    def block(scope: str, base_depth: int, num_units: int, stride: int) -> Block:
        """Units of one width; the last one has the stride."""
        unit = {"depth": 4 * base_depth, "depth_bottleneck": base_depth, "stride": 1}
        return Block(scope, bottleneck, [unit] * (num_units - 1) + [{**unit, "stride": stride}])

    return block


def _of_depth(kind: str, network: Any, block: Any, *units: int) -> Callable[..., Any]:
    def made(
        inputs: Any,
        num_classes: int | None = None,
        is_training: Any = True,
        global_pool: bool = True,
        output_stride: int | None = None,
        reuse: Any = None,
        scope: Any = kind,
    ) -> tuple[Any, dict[str, Any]]:
        blocks = [
            block(f"block{k}", 64 * 2 ** (k - 1), count, 1 if k == 4 else 2)
            for k, count in enumerate(units, 1)
        ]
        return network(  # type: ignore[no-any-return]
            inputs, blocks, num_classes, is_training, global_pool, output_stride, True, reuse, scope
        )

    made.__name__, made.default_image_size = kind, 224  # type: ignore[attr-defined]
    made.__doc__ = f"(scores or features, {{name: output}}) of {kind}."
    return made


resnet_v1, resnet_v2 = _network("resnet_v1", bottleneck_v1, False), _network("resnet_v2", bottleneck_v2, True)
resnet_v1_block, resnet_v2_block = _block(bottleneck_v1), _block(bottleneck_v2)
resnet_v1_50 = _of_depth("resnet_v1_50", resnet_v1, resnet_v1_block, 3, 4, 6, 3)
resnet_v1_101 = _of_depth("resnet_v1_101", resnet_v1, resnet_v1_block, 3, 4, 23, 3)
resnet_v1_152 = _of_depth("resnet_v1_152", resnet_v1, resnet_v1_block, 3, 8, 36, 3)
resnet_v1_200 = _of_depth("resnet_v1_200", resnet_v1, resnet_v1_block, 3, 24, 36, 3)
resnet_v2_50 = _of_depth("resnet_v2_50", resnet_v2, resnet_v2_block, 3, 4, 6, 3)
resnet_v2_101 = _of_depth("resnet_v2_101", resnet_v2, resnet_v2_block, 3, 4, 23, 3)
resnet_v2_152 = _of_depth("resnet_v2_152", resnet_v2, resnet_v2_block, 3, 8, 36, 3)
resnet_v2_200 = _of_depth("resnet_v2_200", resnet_v2, resnet_v2_block, 3, 24, 36, 3)
