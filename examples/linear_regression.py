"""Linear regression: the graph of one training step, run a few hundred times."""

import numpy as np

import thalweg as tw

rng = np.random.default_rng(0)
points = rng.uniform(-1, 1, 500).astype("float32")
values = 2 * points + 2 + 0.35 * rng.standard_normal(500).astype("float32")

x = tw.placeholder("float32", (None,), name="x")
y = tw.placeholder("float32", (None,), name="y")
slope, intercept = tw.Variable(0.0, name="slope"), tw.Variable(0.0, name="intercept")
loss = tw.mean((slope * x + intercept - y) ** 2)
step = tw.function([x, y], loss, updates=tw.optimizers.SGD(0.1).updates(loss, [slope, intercept]))

for _ in range(300):
    error = step(points, values)

best = np.polyfit(points, values, 1)
print(f"y = {slope.get_value():.3f} x + {intercept.get_value():.3f}, mean squared error {float(error):.4f}")
print(f"least squares: y = {best[0]:.3f} x + {best[1]:.3f}")
assert np.allclose([slope.get_value(), intercept.get_value()], best, atol=1e-2)
