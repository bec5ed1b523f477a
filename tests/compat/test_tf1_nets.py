"""``tf.contrib.slim.nets``: parameters as published, names as in checkpoints, dilation in place of strides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf

pytestmark = pytest.mark.usefixtures("new_graph")

slim = tf.contrib.slim
nets = slim.nets


def parameters() -> int:
    return sum(int(np.prod(v.shape.as_list())) for v in tf.trainable_variables())


@pytest.mark.parametrize(
    ("network", "defaults", "count", "first", "ends"),
    [
        (nets.vgg.vgg_16, nets.vgg.vgg_arg_scope, 138_357_544, "vgg_16/conv1/conv1_1/weights", 21),
        (nets.vgg.vgg_19, nets.vgg.vgg_arg_scope, 143_667_240, "vgg_19/conv1/conv1_1/weights", 24),
        (nets.resnet_v1.resnet_v1_50, nets.resnet_v1.resnet_arg_scope, 25_557_032, "resnet_v1_50/conv1/weights", 75),
        (nets.resnet_v1.resnet_v1_152, nets.resnet_v1.resnet_arg_scope, 60_192_808, "resnet_v1_152/conv1/weights", 211),
    ],
)  # fmt: skip
def test_networks_have_as_many_parameters_as_published(
    network: Any, defaults: Any, count: int, first: str, ends: int
) -> None:
    with slim.arg_scope(defaults()):
        scores, found = network(tf.zeros([1, 224, 224, 3]), 1000, is_training=False)
    assert (parameters(), scores.shape[-1].value, len(found)) == (count, 1000, ends)
    assert slim.get_model_variables()[0].op.name == first


def test_the_first_inception_network() -> None:
    with slim.arg_scope(nets.inception.inception_v1_arg_scope()):
        net, ends = nets.inception.inception_v1_base(tf.zeros([1, 224, 224, 3]))
    assert net.shape.as_list() == [1, 7, 7, 1024] and list(ends)[-1] == "Mixed_5c"
    kept = {v.op.name for v in tf.get_collection("moving_vars")}
    assert parameters() + sum(v.shape.num_elements() for v in tf.get_collection("moving_vars")) == 5_607_184
    assert "InceptionV1/Mixed_5b/Branch_2/Conv2d_0a_3x3/BatchNorm/moving_mean" in kept
    with pytest.raises(ValueError, match="Unknown final endpoint Mixed_9z"):
        nets.inception.inception_v1_base(tf.zeros([1, 224, 224, 3]), "Mixed_9z")


# Counts, shapes and a name of tf_slim 1.1.
@pytest.mark.parametrize(
    ("version", "size", "weights", "count", "ends", "shape", "name"),
    [
        ("v2", 224, 141, 11_179_361, 17, [1, 14, 14, 576], "Mixed_4d/Branch_2/Conv2d_0c_3x3/weights"),
        ("v3", 299, 196, 27_145_970, 22, [1, 17, 17, 768], "Mixed_5c/Branch_1/Conv_1_0c_5x5/BatchNorm/beta"),
    ],
)
def test_the_later_inception_networks(
    version: str, size: int, weights: int, count: int, ends: int, shape: Any, name: str
) -> None:
    network, room = getattr(nets.inception, f"inception_{version}"), getattr(nets, f"inception_{version}")
    with slim.arg_scope(getattr(room, f"inception_{version}_arg_scope")()):
        scores, found = network(tf.zeros([1, size, size, 3]), 1001, is_training=False)
        assert (len(tf.trainable_variables()), parameters()) == (weights, count)
        assert scores.shape.as_list() == [1, 1001] and len(found) == ends
        middle = {"v2": "Mixed_4d", "v3": "Mixed_6c"}[version]
        assert found[middle].shape.as_list() == shape
        assert f"Inception{version.upper()}/{name}" in {v.op.name for v in tf.trainable_variables()}
        base = getattr(room, f"inception_{version}_base")
        net, few = base(tf.zeros([1, 64, 64, 3]), middle, depth_multiplier=0.25, scope="small")
        assert net is few[middle] and list(few)[-1] == middle and net.shape[-1].value == shape[-1] // 4
        with pytest.raises(ValueError, match="Unknown final endpoint Mixed_9z"):
            base(tf.zeros([1, 64, 64, 3]), "Mixed_9z", scope="other")
        with pytest.raises(ValueError, match="not greater than zero"):
            base(tf.zeros([1, 64, 64, 3]), depth_multiplier=0)


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_dilation_in_place_of_strides_gives_the_same_at_the_places_of_both(version: str) -> None:
    room = getattr(nets, f"resnet_{version}")
    block, network = getattr(room, f"resnet_{version}_block"), getattr(room, f"resnet_{version}")
    blocks = [block("block1", 1, 2, 2), block("block2", 2, 2, 2), block("block3", 4, 2, 1)]
    x = tf.constant(np.random.default_rng(0).normal(size=(2, 65, 65, 3)).astype("float32"))
    with slim.arg_scope(nets.resnet_utils.resnet_arg_scope()):
        given = {"is_training": False, "global_pool": False, "scope": "net"}
        coarse, ends = network(x, blocks, **given)
        dense, _ = network(x, blocks, output_stride=8, reuse=True, **given)
        with pytest.raises(ValueError, match="multiple of 4"):
            network(x, blocks, output_stride=6, reuse=True, **given)
    assert "net/block2/unit_2/bottleneck_" + version in ends
    assert (coarse.shape.as_list()[1], dense.shape.as_list()[1]) == (5, 9)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        few, many = session.run([coarse, dense])
    np.testing.assert_allclose(many[:, ::2, ::2], few, rtol=1e-4, atol=1e-4)


def test_chains_of_layers_learn() -> None:
    images = tf.constant(np.random.default_rng(0).normal(size=(8, 28, 28, 1)).astype("float32"))
    labels = tf.constant(np.arange(8) % 4)
    with slim.arg_scope(nets.lenet.lenet_arg_scope()):
        scores, ends = nets.lenet.lenet(images, 4, is_training=False)
    assert ends["Predictions"].shape.as_list() == [8, 4]
    loss = tf.losses.sparse_softmax_cross_entropy(labels, scores)
    train = tf.train.AdamOptimizer(0.001).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run(loss)
        for _ in range(8):
            session.run(train)
        assert session.run(loss) < 0.5 * first
