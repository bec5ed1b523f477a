"""Support vectors: a linear classifier by the hinge loss, a line by the epsilon-insensitive loss.

Both losses are 0 where the answer is right by a margin. So only some rows, the support vectors, have a say.
"""

import numpy as np
from sklearn.svm import SVC, SVR

import thalweg as tw


def linear_model(x, y, loss, strength, steps=4000):
    """Weights and bias that make  |w|^2 / 2 + strength * sum of losses  small, and the outputs for x."""
    tw.random.set_seed(0)
    penalty = tw.regularizers.L2(
        0.5 / (strength * len(x))
    )  # divided by strength * rows: a model's loss is a mean
    neuron = tw.layers.Dense(1, kernel_regularizer=penalty, input_shape=x.shape[1:])
    model = tw.models.Sequential([neuron])
    # The losses have kinks, where steps of one size go back and forth for ever: the rate has to fall.
    rate = tw.optimizers.inverse_time(0.2, 100, 1.0)
    model.compile(tw.optimizers.SGD(rate, momentum=0.9), loss)
    model.fit(x, y, batch_size=len(x), epochs=steps, verbose=0)
    weights, bias = neuron.get_weights()
    return weights[:, 0], bias[0], model.predict(x, verbose=0)[:, 0]


# Two clouds that touch.
x, y = tw.data.make_blobs(200, centers=[[-1.5, 0], [1.5, 1]], cluster_std=1.0)
w, b, score = linear_model(x, y, "hinge", strength=1.0)
peer = SVC(kernel="linear", C=1.0).fit(x, y)
print("hinge         w", w.round(3), f"b {b:.3f}, {np.sum(np.abs(score) < 1.001)} rows within the margin")
print(
    "scikit-learn  w",
    peer.coef_[0].round(3),
    f"b {peer.intercept_[0]:.3f}, {len(peer.support_)} support vectors",
)
assert np.allclose(w, peer.coef_[0], atol=0.03) and abs(b - peer.intercept_[0]) < 0.03

# A line with five wild points: squares of errors are drawn to them, absolute errors hardly.
random = np.random.default_rng(0)
t = np.linspace(-2, 2, 100, dtype="float32")[:, None]
values = (1.5 * t[:, 0] + 1 + random.normal(0, 0.2, 100)).astype("float32")
values[90:95] -= 15
w, b, _ = linear_model(t, values, tw.losses.EpsilonInsensitive(0.3), strength=1.0)
peer = SVR(kernel="linear", C=1.0, epsilon=0.3).fit(t, values)
slope, height = np.polyfit(t[:, 0], values, 1)
print(f"epsilon-insensitive  y = {w[0]:.3f} x + {b:.3f}")
print(f"scikit-learn         y = {peer.coef_[0, 0]:.3f} x + {peer.intercept_[0]:.3f}")
print(f"least squares        y = {slope:.3f} x + {height:.3f}, and without the wild points y = 1.5 x + 1")
assert abs(w[0] - peer.coef_[0, 0]) < 0.03 and abs(b - peer.intercept_[0]) < 0.03
