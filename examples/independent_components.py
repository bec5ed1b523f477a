"""Independent components: three sounds, heard by three microphones as mixtures, are told apart again.

A sum of independent signals is closer to a normal distribution than each of them. So look for directions in which
the mixtures are as far from normal as can be: the fixed point of FastICA.
"""

import numpy as np
from sklearn.decomposition import FastICA

import thalweg as tw

random = np.random.default_rng(0)
time = np.linspace(0, 8, 2000)
sources = np.stack([np.sin(2 * time), np.sign(np.sin(3 * time)), (time % 1.3) - 0.65], axis=1)
sources = (sources + 0.05 * random.normal(size=sources.shape)) / sources.std(axis=0)
mixtures = sources @ np.array([[1.0, 1.0, 1.0], [0.5, 2.0, 1.0], [1.5, 1.0, 2.0]]).T

# Whitening: centred, without correlation, each with variance 1. What is left to find is a rotation.
centred = mixtures - mixtures.mean(axis=0)
u, _, _ = tw.linalg.svd(tw.constant(centred), full_matrices=False)
white = u * np.sqrt(len(centred))

x = tw.placeholder("float64", (None, 3), name="x")
rotation = tw.Variable(np.linalg.qr(random.normal(size=(3, 3)))[0], name="rotation")
y = x @ rotation
# For each column w:  mean of x g(w x) - mean of g'(w x) * w,  with g = tanh, the slope of log cosh.
moved = tw.matmul(tw.matrix_transpose(x), tw.tanh(y)) / float(len(centred))
moved = moved - tw.mean(1 - tw.tanh(y) ** 2, axis=0) * rotation
left, _, right = tw.linalg.svd(moved, full_matrices=False)
nearest = left @ right  # the rotation nearest to it, which keeps the columns apart
turned = tw.max(tw.abs(tw.abs(tw.sum(nearest * rotation, axis=0)) - 1))
step = tw.function([x], turned, updates=[(rotation, nearest)])
count = 1
while float(step(white)) > 1e-10:
    count += 1
found = (white @ rotation.get_value()).numpy()


def agreement(a, b):
    """The correlation of each column of b with the column of a that is most like it; order and sign are free."""
    return np.abs(np.corrcoef(a.T, b.T)[:3, 3:]).max(axis=0)


peer = FastICA(3, whiten="unit-variance", random_state=0, tol=1e-8, max_iter=1000).fit_transform(mixtures)
print("a mixture and the source most like it ", agreement(sources, mixtures).round(4))
print(f"thalweg and the sources, {count:2} steps     ", agreement(sources, found).round(4))
print("scikit-learn and the sources          ", agreement(sources, peer).round(4))
print("thalweg and scikit-learn              ", agreement(peer, found).round(6))
assert agreement(peer, found).min() > 0.9999 and agreement(sources, found).min() > 0.98
