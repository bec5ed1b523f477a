"""A slim network as the model zoo writes one: inner import paths, arg scopes, end points, model variables."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib import slim as contrib_slim
from tensorflow.contrib.framework.python.ops import variables as variables_lib
from tensorflow.contrib.layers.python.layers import layers as layers_lib
from tensorflow.python.ops import array_ops

slim = contrib_slim


def branch(net, depth, scope):
    with tf.variable_scope(scope):
        with tf.variable_scope("Branch_0"):
            one = slim.conv2d(net, depth, [1, 1], scope="Conv2d_0a_1x1")
        with tf.variable_scope("Branch_1"):
            two = slim.max_pool2d(net, [3, 3], stride=1, scope="MaxPool_0a_3x3")
            two = slim.conv2d(two, depth, [3, 3], scope="Conv2d_0b_3x3")
        return array_ops.concat(axis=3, values=[one, two])


def network(images, classes, is_training=True, reuse=None, scope="Towers"):
    with tf.variable_scope(scope, "Towers", [images], reuse=reuse) as sc:
        collected = sc.original_name_scope + "_end_points"
        with slim.arg_scope([slim.conv2d, slim.max_pool2d], outputs_collections=collected):
            with slim.arg_scope([slim.batch_norm, slim.dropout], is_training=is_training):
                with slim.arg_scope([slim.conv2d, slim.max_pool2d], stride=1, padding="SAME"):
                    net = slim.conv2d(images, 8, [3, 3], scope="Conv2d_1a_3x3")
                    net = branch(net, 8, "Mixed_1")
                net = tf.reduce_mean(net, [1, 2], keep_dims=True)
                net = layers_lib.dropout(net, 0.9, scope="Dropout")
                logits = slim.conv2d(
                    net, classes, [1, 1], activation_fn=None, normalizer_fn=None, scope="Logits"
                )
                logits = tf.squeeze(logits, [1, 2], name="SpatialSqueeze")
        ends = slim.utils.convert_collection_to_dict(collected)
        ends["Predictions"] = slim.softmax(logits, scope="Predictions")
        return logits, ends


def scope_of_arguments(decay=1e-4):
    normal = {"decay": 0.9, "epsilon": 1e-3, "updates_collections": tf.GraphKeys.UPDATE_OPS}
    with slim.arg_scope([slim.conv2d, slim.fully_connected], weights_regularizer=slim.l2_regularizer(decay)):
        with slim.arg_scope(
            [slim.conv2d],
            weights_initializer=slim.variance_scaling_initializer(),
            activation_fn=tf.nn.relu,
            normalizer_fn=slim.batch_norm,
            normalizer_params=normal,
        ) as held:
            return held


rng = np.random.RandomState(0)
labels = np.arange(60) % 3
pictures = rng.rand(60, 6, 6, 3).astype(np.float32) * 0.3
pictures[np.arange(60), :, :, labels] += 0.7
images = tf.constant(pictures)
tf.set_random_seed(1)
global_step = slim.get_or_create_global_step()
with slim.arg_scope(scope_of_arguments()):
    logits, ends = network(images, 3)
    _, test_ends = network(images, 3, is_training=False, reuse=True)
assert {"Towers/Conv2d_1a_3x3", "Towers/Mixed_1/Branch_1/Conv2d_0b_3x3", "Predictions"} <= set(ends), ends
names = [v.op.name for v in slim.get_model_variables()]
assert "Towers/Conv2d_1a_3x3/BatchNorm/moving_mean" in names and "Towers/Logits/biases" in names, names
assert len(variables_lib.get_model_variables("Towers/Mixed_1")) == 8
slim.model_analyzer.analyze_vars(slim.get_model_variables(), print_info=True)

slim.losses.softmax_cross_entropy(logits, slim.one_hot_encoding(labels, 3))
total = slim.losses.get_total_loss()
train = slim.learning.create_train_op(total, tf.train.AdamOptimizer(0.01))
share = slim.metrics.accuracy(tf.argmax(test_ends["Predictions"], 1), tf.constant(labels))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    losses = [sess.run(train) for _ in range(60)]
    right = sess.run(share)
    assert sess.run(global_step) == 60
print(losses[0], "->", losses[-1], right)
assert losses[-1] < 0.4 * losses[0] and right > 0.9
