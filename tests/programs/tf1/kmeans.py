"""k-means as a graph: assignments and centroids are assigned variables."""

import numpy as np
import tensorflow as tf

np.random.seed(3)
centres = np.array([[0, 0], [5, 5], [0, 6]], np.float32)
points_n, clusters_n = 300, 3
values = np.concatenate([c + 0.4 * np.random.randn(100, 2) for c in centres]).astype(np.float32)
points = tf.constant(values)
centroids = tf.Variable(tf.constant(values[[0, 120, 250]]))
points_expanded = tf.expand_dims(points, 0)
centroids_expanded = tf.expand_dims(centroids, 1)
distances = tf.reduce_sum(tf.square(tf.sub(points_expanded, centroids_expanded)), 2)
assignments = tf.argmin(distances, 0)
means = []
for c in range(clusters_n):
    chosen = tf.gather(points, tf.reshape(tf.where(tf.equal(assignments, c)), [1, -1]))
    means.append(tf.reduce_mean(chosen, reduction_indices=[1]))
new_centroids = tf.concat(0, means)
update_centroids = tf.assign(centroids, new_centroids)
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    for step in range(10):
        [_, centroid_values, points_values, assignment_values] = sess.run(
            [update_centroids, centroids, points, assignments]
        )
found = centroid_values[np.argsort(centroid_values.sum(1))]
print(found)
assert np.allclose(found, centres[[0, 2, 1]], atol=0.3)
assert len(set(assignment_values[:100])) == 1
