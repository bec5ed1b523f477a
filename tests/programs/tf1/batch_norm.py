"""Batch normalisation three ways: layers with update ops, contrib, and a moving average in tf.cond."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
data = (rng.randn(256, 3) * [1, 5, 10] + [0, 3, -7]).astype(np.float32)
x = tf.placeholder(tf.float32, [None, 3])
training = tf.placeholder(tf.bool, name="phase_train")


def by_hand(x, phase_train):
    beta = tf.Variable(tf.constant(0.0, shape=[3]), name="beta")
    gamma = tf.Variable(tf.constant(1.0, shape=[3]), name="gamma")
    batch_mean, batch_var = tf.nn.moments(x, [0], name="moments")
    ema = tf.train.ExponentialMovingAverage(decay=0.5)

    def mean_var_with_update():
        ema_apply_op = ema.apply([batch_mean, batch_var])
        with tf.control_dependencies([ema_apply_op]):
            return tf.identity(batch_mean), tf.identity(batch_var)

    mean, var = tf.cond(
        phase_train, mean_var_with_update, lambda: (ema.average(batch_mean), ema.average(batch_var))
    )
    return tf.nn.batch_normalization(x, mean, var, beta, gamma, 1e-3)


a = tf.layers.batch_normalization(x, training=training, momentum=0.5)
b = tf.contrib.layers.batch_norm(x, is_training=training, decay=0.5, updates_collections=None)
c = by_hand(x, training)
update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
assert len(update_ops) == 2
with tf.control_dependencies(update_ops):
    step = tf.no_op()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(12):
        ya, yb, yc, _ = sess.run([a, b, c, step], {x: data, training: True})
    for y in (ya, yb, yc):
        assert np.allclose(y.mean(0), 0, atol=1e-4) and np.allclose(y.std(0), 1, atol=1e-2)
    still = sess.run([a, b, c], {x: data[:1], training: False})
    again = sess.run([a, b, c], {x: data[:1], training: False})
expected = (data[:1] - data.mean(0)) / data.std(0)
for y, z in zip(still, again):
    assert np.allclose(y, expected, atol=1e-2), (y, expected)
    assert np.array_equal(y, z)
