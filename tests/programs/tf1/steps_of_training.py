"""Steps of training by contrib.layers, slim.learning and contrib.training, against their formulas."""

import numpy as np
import tensorflow as tf

slim = tf.contrib.slim
RNG = np.random.RandomState(0)
DATA = RNG.randn(8, 3).astype("float32") * 2 + 1


def begin(normal=True):
    """The mean square of a line over the data, normalised first if told; its weights and the moving mean."""
    tf.reset_default_graph()
    x = tf.constant(DATA)
    if normal:
        x = slim.batch_norm(x, decay=0.9, is_training=True, center=False, scope="bn")
    w = tf.get_variable("w", [3, 1], initializer=tf.constant_initializer(0.5))
    b = tf.get_variable("b", [1], initializer=tf.constant_initializer(0.25))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w) + b - 1.0))
    return loss, w, b


def ran(op, *wanted):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        loss = sess.run(op)
        return [loss] + sess.run(list(wanted))


def slopes():
    """d loss / d w, d loss / d b of the line over the data as it is, and the loss."""
    off = DATA @ np.full((3, 1), 0.5) + 0.25 - 1
    return DATA.T @ off * 2 / len(DATA), np.array([off.mean() * 2]), (off**2).mean()


# Each of the three moves what batch normalisation remembers, by 1 - decay of the way.
STEPS = {
    "optimize_loss": lambda loss: tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD"),
    "slim": lambda loss: slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.1)),
    "training": lambda loss: tf.contrib.training.create_train_op(
        loss, tf.train.GradientDescentOptimizer(0.1)
    ),
}
for name, step in STEPS.items():
    loss, w, b = begin()
    tf.train.create_global_step()
    mean = [v for v in tf.global_variables() if "moving_mean" in v.name][0]
    got, moved, after, count = ran(step(loss), mean, w, tf.train.get_or_create_global_step())
    assert np.allclose(moved, 0.1 * DATA.mean(0), atol=1e-5), (name, moved)
    assert not np.allclose(after, 0.5) and count == 1, (name, after, count)

# One step of gradient descent, plain; the step may be kept from counting.
dw, db, start = slopes()
loss, w, b = begin(normal=False)
got, w1, b1 = ran(tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD"), w, b)
assert np.allclose([got], [start], atol=1e-5) and np.allclose(w1, 0.5 - 0.1 * dw, atol=1e-5)
assert np.allclose(b1, 0.25 - 0.1 * db, atol=1e-5)

loss, w, b = begin(normal=False)
count = tf.train.get_or_create_global_step()
op = tf.contrib.layers.optimize_loss(
    loss,
    count,
    0.1,
    tf.train.GradientDescentOptimizer,
    increment_global_step=False,
    learning_rate_decay_fn=lambda rate, step: rate * 0.5,
)
_, w1, steps = ran(op, w, count)
assert np.allclose(w1, 0.5 - 0.05 * dw, atol=1e-5) and steps == 0

# Gradients by factors, for variables given as such or by name.
for key in ("variable", "name"):
    loss, w, b = begin(normal=False)
    factors = {w if key == "variable" else w.name: 3.0}
    op = tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD", gradient_multipliers=factors)
    _, w1, b1 = ran(op, w, b)
    assert np.allclose(w1, 0.5 - 0.3 * dw, atol=1e-5) and np.allclose(b1, 0.25 - 0.1 * db, atol=1e-5)

# The norm of all gradients together is bounded by optimize_loss, that of each alone by create_train_op.
whole = np.sqrt((dw**2).sum() + (db**2).sum())
loss, w, b = begin(normal=False)
_, w1, b1 = ran(tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD", clip_gradients=0.5), w, b)
assert np.allclose(w1, 0.5 - 0.1 * dw * 0.5 / whole, atol=1e-5), w1
assert np.allclose(b1, 0.25 - 0.1 * db * 0.5 / whole, atol=1e-5), b1

loss, w, b = begin(normal=False)
descent = tf.train.GradientDescentOptimizer(0.1)
_, w1, b1 = ran(slim.learning.create_train_op(loss, descent, clip_gradient_norm=0.5), w, b)
assert np.allclose(w1, 0.5 - 0.1 * dw * 0.5 / np.linalg.norm(dw), atol=1e-5), w1
assert np.allclose(b1, 0.25 - 0.1 * db * min(1, 0.5 / np.linalg.norm(db)), atol=1e-5), b1

loss, w, b = begin(normal=False)
halves = lambda pairs: [(grad * 0.5, v) for grad, v in pairs]  # noqa: E731
_, w1 = ran(tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD", clip_gradients=halves), w)
assert np.allclose(w1, 0.5 - 0.05 * dw, atol=1e-5)

# Some variables only, and operations of one's own before the step.
loss, w, b = begin(normal=False)
seen = tf.get_variable("seen", [], initializer=tf.zeros_initializer(), trainable=False)
op = slim.learning.create_train_op(
    loss,
    tf.train.GradientDescentOptimizer(0.1),
    variables_to_train=[b],
    update_ops=[tf.assign_add(seen, 2.0)],
    global_step=None,
)
_, w1, b1, times = ran(op, w, b, seen)
assert np.allclose(w1, 0.5) and np.allclose(b1, 0.25 - 0.1 * db, atol=1e-5) and times == 2
assert not tf.get_collection(tf.GraphKeys.GLOBAL_STEP)

# What TensorBoard is told: the loss, the rate and the norm, unless told otherwise; the loss as a moving average.
loss, w, b = begin(normal=False)
tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD", clip_gradients=0.5)
told = [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
norms = ["gradient_norm", "clipped_gradient_norm"]
assert sorted(told) == sorted(
    ["OptimizeLoss/" + n for n in ["loss"] + ["global_norm/" + n for n in norms]]
), told
loss, w, b = begin(normal=False)
op = tf.contrib.layers.optimize_loss(
    loss, None, 0.1, "SGD", moving_average_decay=0.9, summaries=["gradients", "gradient_norm"], name="step"
)
told = [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
assert sorted(told) == sorted(
    [
        "step/" + n
        for n in [
            "gradients/w_0",
            "gradients/b_0",
            "gradient_norm/w_0",
            "gradient_norm/b_0",
            "loss/mean",
            "global_norm/gradient_norm",
        ]
    ]
), told
_, w1, _ = ran(op, w, tf.summary.merge_all())
assert np.allclose(w1, 0.5 - 0.1 * dw, atol=1e-5)
loss, w, b = begin(normal=False)
slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.1), summarize_gradients=True)
assert len(tf.get_collection(tf.GraphKeys.SUMMARIES)) == 4
try:
    tf.contrib.layers.optimize_loss(loss, None, 0.1, "SGD", summaries=["losses"])
except ValueError as error:
    assert "you provided losses" in str(error)
else:
    raise AssertionError("a summary that there is not")
