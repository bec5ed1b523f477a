"""k-means: a few lines of tensors, compiled, whose update is no gradient step."""

import numpy as np
from sklearn.cluster import KMeans

import thalweg as tw

points, _ = tw.data.make_blobs(600, centers=5, cluster_std=1.0, seed=3)

# Start: a point at random, then four times the point that is farthest from all centres so far.
start = points[:1]
for _ in range(4):
    distances = ((points[:, None] - start) ** 2).sum(axis=2).min(axis=1)
    start = np.concatenate([start, points[[distances.argmax()]]])

x = tw.placeholder("float32", (None, 2), name="x")
centres = tw.Variable(start, name="centres")
distances = tw.sum((tw.expand_dims(x, 1) - centres) ** 2, axis=2)  # [points, centres]
nearest = tw.argmin(distances, axis=1)
inertia = tw.sum(tw.min(distances, axis=1))
members = tw.one_hot(nearest, len(start), dtype="float32")
means = tw.matmul(tw.matrix_transpose(members), x) / tw.expand_dims(tw.sum(members, axis=0), 1)
step = tw.function([x], [nearest, inertia], updates=[(centres, means)])

# Every step sets each centre to the mean of the points nearest to it; the sum of squared distances never grows.
totals = []
while len(totals) < 2 or totals[-1] < totals[-2]:
    labels, total = step(points)
    totals.append(float(total))
print(f"thalweg       inertia {totals[-1]:.3f} after {len(totals)} steps")

peer = KMeans(5, init=start, n_init=1, tol=0).fit(points)
print(f"scikit-learn  inertia {peer.inertia_:.3f} after {peer.n_iter_} steps")
print("the same cluster for every point:", bool((np.asarray(labels) == peer.labels_).all()))
assert np.allclose(centres.get_value(), peer.cluster_centers_, atol=1e-4)
