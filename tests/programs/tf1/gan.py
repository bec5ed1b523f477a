"""A small GAN with scopes, shared weights and two optimizers over their own variables."""

import numpy as np
import tensorflow as tf

np.random.seed(0)


def generator(z):
    with tf.variable_scope("generator"):
        h = tf.layers.dense(z, 16, tf.nn.relu)
        return tf.layers.dense(h, 1)


def discriminator(x, reuse=None):
    with tf.variable_scope("discriminator", reuse=reuse):
        h = tf.layers.dense(x, 16, tf.nn.relu, name="h")
        return tf.layers.dense(h, 1, name="out")


z = tf.placeholder(tf.float32, [None, 4])
real = tf.placeholder(tf.float32, [None, 1])
fake = generator(z)
d_real, d_fake = discriminator(real), discriminator(fake, reuse=True)
d_loss = tf.reduce_mean(
    tf.nn.sigmoid_cross_entropy_with_logits(logits=d_real, labels=tf.ones_like(d_real))
    + tf.nn.sigmoid_cross_entropy_with_logits(logits=d_fake, labels=tf.zeros_like(d_fake))
)
g_loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(logits=d_fake, labels=tf.ones_like(d_fake)))
d_vars = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope="discriminator")
g_vars = [v for v in tf.trainable_variables() if v.name.startswith("generator")]
assert len(d_vars) == len(g_vars) == 4
d_step = tf.train.AdamOptimizer(0.01).minimize(d_loss, var_list=d_vars)
g_step = tf.train.AdamOptimizer(0.01).minimize(g_loss, var_list=g_vars)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for step in range(400):
        noise = np.random.uniform(-1, 1, (64, 4))
        sess.run(d_step, {z: noise, real: np.random.normal(3, 0.5, (64, 1))})
        sess.run(g_step, {z: noise})
    samples = sess.run(fake, {z: np.random.uniform(-1, 1, (500, 4))})
print("mean of the samples", samples.mean())
assert 1.5 < samples.mean() < 4.5
