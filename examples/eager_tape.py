"""Eager tensors: values at once, gradients from a tape, and the same code compiled by one decorator."""

import numpy as np

import thalweg as tw

tw.random.set_seed(0)
rng = np.random.default_rng(0)
angle = rng.uniform(0, 2 * np.pi, 400)
radius = np.where(np.arange(400) % 2, 1.0, 0.4) + 0.1 * rng.standard_normal(400)
points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype("float32")
labels = (np.arange(400) % 2).astype("float32")[:, None]

hidden = tw.Variable(tw.random.normal((2, 16)))
bias = tw.Variable(np.zeros(16, "float32"))
output = tw.Variable(tw.random.normal((16, 1), stddev=0.1))
weights = [hidden, bias, output]
optimizer = tw.optimizers.Adam(0.05)


def train_step(x, y):
    with tw.GradientTape() as tape:
        logits = tw.nn.relu(x @ hidden + bias) @ output
        loss = tw.mean(tw.nn.sigmoid_cross_entropy(logits, y))
    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
    return loss, tw.mean(tw.equal(logits > 0, y > 0.5))


loss, accuracy = train_step(points, labels)
print(f"eager:    loss {float(loss):.3f}, accuracy {float(accuracy):.3f}")
compiled = tw.function(train_step)
for _ in range(200):
    loss, accuracy = compiled(points, labels)
print(f"compiled: loss {float(loss):.3f}, accuracy {float(accuracy):.3f}")
assert float(accuracy) > 0.97
