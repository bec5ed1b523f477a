"""Nearest neighbour with L1 distances."""

import numpy as np
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("/tmp/data/", one_hot=True)
Xtr, Ytr = mnist.train.next_batch(800)
Xte, Yte = mnist.test.next_batch(60)
n = Xtr.shape[1]
xtr = tf.placeholder("float", [None, n])
xte = tf.placeholder("float", [n])
distance = tf.reduce_sum(tf.abs(tf.add(xtr, tf.neg(xte))), reduction_indices=1)
pred = tf.arg_min(distance, 0)
accuracy = 0.0
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    for i in range(len(Xte)):
        nn_index = sess.run(pred, feed_dict={xtr: Xtr, xte: Xte[i, :]})
        accuracy += float(np.argmax(Ytr[nn_index]) == np.argmax(Yte[i])) / len(Xte)
print("Accuracy:", accuracy)
assert accuracy > 0.85
