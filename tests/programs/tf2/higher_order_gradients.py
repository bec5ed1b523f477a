"""Tapes: nested, persistent, watched tensors, jacobians, stopped and custom gradients, unconnected sources."""

import numpy as np
import tensorflow as tf

x = tf.Variable(1.0)
with tf.GradientTape() as t2:
    with tf.GradientTape() as t1:
        y = x * x * x
    dy_dx = t1.gradient(y, x)
d2y_dx2 = t2.gradient(dy_dx, x)
assert dy_dx.numpy() == 3.0 and d2y_dx2.numpy() == 6.0

x = tf.constant([1, 3.0])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = x * x
    z = y * y
assert tape.gradient(z, x).numpy().tolist() == [4.0, 108.0] and tape.gradient(y, x).numpy().tolist() == [
    2.0,
    6.0,
]
del tape

x0, x1 = tf.Variable(0.0), tf.Variable(10.0)
with tf.GradientTape(watch_accessed_variables=False) as tape:
    tape.watch(x1)
    y0 = tf.math.sin(x0)
    y1 = tf.nn.softplus(x1)
    ys = tf.reduce_sum(y0 + y1)
grad = tape.gradient(ys, {"x0": x0, "x1": x1})
assert grad["x0"] is None and abs(grad["x1"].numpy() - 0.9999546) < 1e-6

x = tf.constant(3.0)
with tf.GradientTape() as g:
    g.watch(x)
    y = x * x
    z = y * y
assert g.gradient(z, y).numpy() == 18.0  # an intermediate result

x, y = tf.Variable(2.0), tf.Variable(3.0)
with tf.GradientTape() as t:
    z = x * x + tf.stop_gradient(y * y)
grad = t.gradient(z, {"x": x, "y": y}, unconnected_gradients=tf.UnconnectedGradients.ZERO)
assert grad["x"].numpy() == 4 and grad["y"].numpy() == 0

x = tf.Variable(2.0)
with tf.GradientTape() as tape:
    y0, y1 = x**2, 1 / x
assert tape.gradient({"y0": y0, "y1": y1}, x).numpy() == 3.75
with tf.GradientTape() as tape:
    y = x * [3.0, 4.0]
assert tape.gradient(y, x).numpy() == 7.0


@tf.custom_gradient
def clip_gradients(y):
    def backward(dy):
        return tf.clip_by_norm(dy, 0.5)

    return y, backward


v = tf.Variable(2.0)
with tf.GradientTape() as t:
    output = clip_gradients(v * v)
assert t.gradient(output, v).numpy() == 2.0


@tf.custom_gradient
def log1pexp(x):
    e = tf.exp(x)

    def grad(dy):
        return dy * (1 - 1 / (1 + e))

    return tf.math.log(1 + e), grad


x = tf.constant(100.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = log1pexp(x)
assert tape.gradient(y, x).numpy() == 1.0

x = tf.linspace(-10.0, 10.0, 200 + 1)
delta = tf.Variable(0.0)
with tf.GradientTape() as tape:
    y = tf.nn.sigmoid(x + delta)
dy_dx = tape.jacobian(y, delta)
assert dy_dx.shape == (201,) and abs(dy_dx.numpy()[100] - 0.25) < 1e-6

x = tf.random.normal([7, 5])
layer1 = tf.keras.layers.Dense(8, activation=tf.nn.elu)
layer2 = tf.keras.layers.Dense(6, activation=tf.nn.elu)
with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
    tape.watch(x)
    y = layer2(layer1(x))
jb = tape.batch_jacobian(y, x)
j = tape.jacobian(y, x)
assert jb.shape == (7, 6, 5) and j.shape == (7, 6, 7, 5)
assert np.allclose(jb, np.einsum("bibj->bij", j), atol=1e-6)

# Newton's method with a Hessian
w = tf.Variable([[1.5], [-1.0]])
target = tf.constant([[1.0], [2.0]])
for _ in range(12):
    with tf.GradientTape() as t2:
        with tf.GradientTape() as t1:
            loss = tf.reduce_sum((w - target) ** 4 + (w - target) ** 2)
        g = t1.gradient(loss, w)
    h = t2.jacobian(g, w)
    update = tf.linalg.solve(tf.reshape(h, [2, 2]), tf.reshape(g, [2, 1]))
    w.assign_sub(update)
assert np.allclose(w.numpy(), target.numpy(), atol=1e-3)
with tf.GradientTape() as tape:
    y = w * 2
tape.gradient(y, w)
try:
    tape.gradient(y, w)
    raise SystemExit("a second gradient was given")
except RuntimeError as error:
    print("as expected:", error)
