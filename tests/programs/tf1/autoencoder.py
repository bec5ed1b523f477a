"""Autoencoder: two layers down, two up, RMSProp on batches."""

import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("MNIST_data", one_hot=True)
n_input, n_hidden_1, n_hidden_2 = mnist.train.images.shape[1], 32, 16
X = tf.placeholder("float", [None, n_input])
weights = {
    "encoder_h1": tf.Variable(tf.random_normal([n_input, n_hidden_1])),
    "encoder_h2": tf.Variable(tf.random_normal([n_hidden_1, n_hidden_2])),
    "decoder_h1": tf.Variable(tf.random_normal([n_hidden_2, n_hidden_1])),
    "decoder_h2": tf.Variable(tf.random_normal([n_hidden_1, n_input])),
}
biases = {
    "encoder_b1": tf.Variable(tf.random_normal([n_hidden_1])),
    "encoder_b2": tf.Variable(tf.random_normal([n_hidden_2])),
    "decoder_b1": tf.Variable(tf.random_normal([n_hidden_1])),
    "decoder_b2": tf.Variable(tf.random_normal([n_input])),
}


def encoder(x):
    layer_1 = tf.nn.sigmoid(tf.add(tf.matmul(x, weights["encoder_h1"]), biases["encoder_b1"]))
    return tf.nn.sigmoid(tf.add(tf.matmul(layer_1, weights["encoder_h2"]), biases["encoder_b2"]))


def decoder(x):
    layer_1 = tf.nn.sigmoid(tf.add(tf.matmul(x, weights["decoder_h1"]), biases["decoder_b1"]))
    return tf.nn.sigmoid(tf.add(tf.matmul(layer_1, weights["decoder_h2"]), biases["decoder_b2"]))


y_pred, y_true = decoder(encoder(X)), X
cost = tf.reduce_mean(tf.pow(y_true - y_pred, 2))
optimizer = tf.train.RMSPropOptimizer(0.02).minimize(cost)
init = tf.initialize_all_variables()
with tf.Session() as sess:
    sess.run(init)
    first = sess.run(cost, feed_dict={X: mnist.test.images})
    for epoch in range(20):
        for i in range(int(mnist.train.num_examples / 64)):
            batch_xs, batch_ys = mnist.train.next_batch(64)
            _, c = sess.run([optimizer, cost], feed_dict={X: batch_xs})
    encode_decode = sess.run(y_pred, feed_dict={X: mnist.test.images[:10]})
    last = sess.run(cost, feed_dict={X: mnist.test.images})
assert encode_decode.shape == (10, n_input)
assert last < 0.7 * first, (first, last)
