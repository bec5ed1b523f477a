"""Principal components, twice: by singular values, and by an autoencoder without any bend."""

import numpy as np
from sklearn.decomposition import PCA

import thalweg as tw

x, kinds = tw.data.load_wine()  # 13 figures of 178 wines
x = (x - x.mean(axis=0)) / x.std(axis=0)

# The rows of V^T are the directions in which the data spread most, the singular values say how much.
_, sizes, directions = tw.linalg.svd(tw.constant(x), full_matrices=False)
components, shares = directions.numpy()[:2], sizes.numpy() ** 2 / np.sum(sizes.numpy() ** 2)
peer = PCA(2).fit(x)
signs = np.sign(np.sum(components * peer.components_, axis=1, keepdims=True))  # a direction has no sign
print("singular values: shares of the variance", shares[:2].round(4))
print("scikit-learn:    shares of the variance", peer.explained_variance_ratio_.round(4))
assert np.allclose(components * signs, peer.components_, atol=1e-4)

# A network that must press 13 numbers through 2, and has no activation, can do no better than the plane of the first
# two components. It finds this plane, though not the two directions in it.
tw.random.set_seed(0)
encoder = tw.layers.Dense(2, use_bias=False, input_shape=(13,))
model = tw.models.Sequential([encoder, tw.layers.Dense(13, use_bias=False)])
model.compile(tw.optimizers.Adam(0.01), "mse")
model.fit(x, x, batch_size=len(x), epochs=1500, verbose=0)

error = model.evaluate(x, x, verbose=0)
best = float(np.mean((x - peer.inverse_transform(peer.transform(x))) ** 2))
print(f"squared error of the autoencoder {error:.5f}, of two components {best:.5f}")
# Cosines of the angles between the two planes: singular values of the product of their orthonormal bases.
basis, _ = tw.linalg.qr(model.layers[-1].get_weights()[0].T)
cosines = tw.linalg.svdvals(tw.constant(peer.components_.astype("float32")) @ basis).numpy()
print("cosines of the angles between the planes", cosines.round(5))
assert cosines.min() > 0.999
