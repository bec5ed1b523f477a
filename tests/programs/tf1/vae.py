"""A variational autoencoder: noise in the shape of a tensor."""

import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("MNIST_data", one_hot=True)
n = mnist.train.images.shape[1]
x = tf.placeholder(tf.float32, [None, n])
h = tf.contrib.layers.fully_connected(x, 32, activation_fn=tf.nn.softplus)
mean = tf.contrib.layers.fully_connected(h, 4, activation_fn=None)
log_sigma_sq = tf.contrib.layers.fully_connected(h, 4, activation_fn=None)
eps = tf.random_normal(tf.shape(mean), 0, 1, dtype=tf.float32)
z = tf.add(mean, tf.multiply(tf.sqrt(tf.exp(log_sigma_sq)), eps))
hidden = tf.layers.dense(z, 32, tf.nn.softplus)
logits = tf.layers.dense(hidden, n)
reconstruction = tf.reduce_sum(tf.nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=x), 1)
latent = -0.5 * tf.reduce_sum(1 + log_sigma_sq - tf.square(mean) - tf.exp(log_sigma_sq), 1)
cost = tf.reduce_mean(reconstruction + latent)
train_op = tf.train.AdamOptimizer(learning_rate=0.01).minimize(cost)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    first = sess.run(cost, {x: mnist.test.images})
    for i in range(150):
        sess.run(train_op, {x: mnist.train.next_batch(64)[0]})
    last = sess.run(cost, {x: mnist.test.images})
    zs = sess.run(z, {x: mnist.test.images[:7]})
    again = sess.run(z, {x: mnist.test.images[:7]})
print(first, last)
assert last < 0.85 * first and zs.shape == (7, 4) and not np.array_equal(zs, again)
