"""k-means by tf.contrib.factorization, its clusters named by the labels."""

import os

import numpy as np
import tensorflow as tf
from tensorflow.contrib.factorization import KMeans

os.environ["CUDA_VISIBLE_DEVICES"] = ""
from tensorflow.examples.tutorials.mnist import input_data

mnist = input_data.read_data_sets("/tmp/data/", one_hot=True)
full = mnist.train.images
num_steps, k, num_classes, num_features = 10, 25, 10, full.shape[1]
X = tf.placeholder(tf.float32, shape=[None, num_features])
Y = tf.placeholder(tf.float32, shape=[None, num_classes])
kmeans = KMeans(inputs=X, num_clusters=k, distance_metric="cosine", use_mini_batch=True)
training_graph = kmeans.training_graph()
if len(training_graph) > 6:
    (all_scores, cluster_idx, scores, cluster_centers_initialized, cluster_centers_var, init_op, train_op) = (
        training_graph
    )
else:
    (all_scores, cluster_idx, scores, cluster_centers_initialized, init_op, train_op) = training_graph
cluster_idx = cluster_idx[0]
avg_distance = tf.reduce_mean(scores)
init_vars = tf.global_variables_initializer()
sess = tf.Session()
sess.run(init_vars, feed_dict={X: full})
sess.run(init_op, feed_dict={X: full})
for i in range(1, num_steps + 1):
    _, d, idx = sess.run([train_op, avg_distance, cluster_idx], feed_dict={X: full})
    if i % 10 == 0 or i == 1:
        print("Step %i, Avg Distance: %f" % (i, d))
counts = np.zeros(shape=(k, num_classes))
for i in range(len(idx)):
    counts[idx[i]] += mnist.train.labels[i]
labels_map = tf.convert_to_tensor([np.argmax(c) for c in counts])
cluster_label = tf.nn.embedding_lookup(labels_map, cluster_idx)
acc = tf.reduce_mean(tf.cast(tf.equal(cluster_label, tf.cast(tf.argmax(Y, 1), tf.int32)), tf.float32))
score = sess.run(acc, feed_dict={X: mnist.test.images, Y: mnist.test.labels})
print("Test Accuracy:", score)
assert score > 0.6
