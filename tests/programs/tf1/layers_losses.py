"""tf.layers, tf.losses, tf.metrics, a decaying learning rate and gradient clipping."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(1)
np.random.seed(1)
xs = np.linspace(-1, 1, 100)[:, np.newaxis]
ys = np.power(xs, 2) + np.random.normal(0, 0.05, size=xs.shape)
tf_x = tf.placeholder(tf.float32, xs.shape)
tf_y = tf.placeholder(tf.float32, ys.shape)
l1 = tf.layers.dense(
    tf_x, 12, tf.nn.relu, kernel_regularizer=tf.contrib.layers.l2_regularizer(1e-4), name="hidden"
)
output = tf.layers.dense(l1, 1)
loss = tf.losses.mean_squared_error(tf_y, output)
total = tf.losses.get_total_loss()
global_step = tf.train.get_or_create_global_step()
rate = tf.train.exponential_decay(0.3, global_step, 100, 0.8, staircase=True)
optimizer = tf.train.MomentumOptimizer(rate, 0.5)
pairs = optimizer.compute_gradients(total)
clipped, norm = tf.clip_by_global_norm([g for g, _ in pairs], 1.0)
train_op = optimizer.apply_gradients(zip(clipped, [v for _, v in pairs]), global_step=global_step)
mse = tf.metrics.mean_squared_error(tf_y, output)
print([v.name for v in tf.trainable_variables()])
assert [v.name for v in tf.trainable_variables()] == [
    "hidden/kernel:0",
    "hidden/bias:0",
    "dense/kernel:0",
    "dense/bias:0",
]
with tf.Session() as sess:
    sess.run(tf.group(tf.global_variables_initializer(), tf.local_variables_initializer()))
    for step in range(300):
        _, l, pred = sess.run([train_op, loss, output], {tf_x: xs, tf_y: ys})
    assert tf.train.global_step(sess, global_step) == 300
    assert abs(sess.run(rate) - 0.3 * 0.8**3) < 1e-6
    sess.run(mse[1], {tf_x: xs, tf_y: ys})
    assert abs(sess.run(mse[0]) - sess.run(loss, {tf_x: xs, tf_y: ys})) < 1e-6
assert l < 0.02, l
