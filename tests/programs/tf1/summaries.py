"""Scalars, histograms and images for TensorBoard, old names and new."""

import glob
import os
import tempfile

import numpy as np
import tensorflow as tf

logs = tempfile.mkdtemp()
x = tf.placeholder(tf.float32, [None, 4], name="x-input")
with tf.name_scope("layer"):
    W = tf.Variable(tf.zeros([4, 2]), name="weights")
    tf.histogram_summary("weights", W)
    y = tf.matmul(x, W)
with tf.name_scope("cost"):
    cost = tf.reduce_mean(tf.square(y - 1))
    tf.scalar_summary("cost function", cost)
tf.summary.scalar("mean", tf.reduce_mean(y))
tf.summary.image("picture", tf.reshape(x, [-1, 2, 2, 1]), 1)
train_op = tf.train.GradientDescentOptimizer(0.1).minimize(cost)
merged = tf.merge_all_summaries()
assert W.name == "layer/weights:0"
with tf.Session() as sess:
    writer = tf.train.SummaryWriter(logs, graph=sess.graph)
    sess.run(tf.initialize_all_variables())
    for step in range(5):
        _, summary_str = sess.run([train_op, merged], feed_dict={x: np.random.rand(8, 4)})
        writer.add_summary(summary_str, step)
    writer.flush()
    writer.close()
(file,) = glob.glob(os.path.join(logs, "events.out.tfevents.*"))
assert os.path.getsize(file) > 500
