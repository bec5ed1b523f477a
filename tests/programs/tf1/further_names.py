"""Names beside the usual ones, each against its formula in NumPy."""

import glob
import tempfile
import time

import numpy as np
import tensorflow as tf

RNG = np.random.RandomState(0)
sess = tf.InteractiveSession()


def same(node, wanted, feed=None, atol=1e-4):
    got = sess.run(node, feed)
    assert np.shape(got) == np.shape(wanted) and np.allclose(got, wanted, atol=atol), (got, wanted)


# Blocks as batches: the element at (y, x) of picture n goes to picture (y % b * b + x % b) * N + n.
X = RNG.randn(2, 4, 6, 3).astype(np.float32)
wanted = np.concatenate([X[:, i::2, j::2] for i in range(2) for j in range(2)])
same(tf.space_to_batch_nd(X, [2, 2], [[0, 0], [0, 0]]), wanted)
same(tf.batch_to_space_nd(wanted, [2, 2], [[0, 0], [0, 0]]), X)
padded = np.pad(X, [[0, 0], [1, 1], [2, 0], [0, 0]])
wanted = np.concatenate([padded[:, i::2, j::2] for i in range(2) for j in range(2)])
same(tf.space_to_batch(X, [[1, 1], [2, 0]], 2), wanted)
same(tf.batch_to_space(wanted, [[1, 1], [2, 0]], 2), X)
rows = tf.placeholder(tf.float32, [None, None, 3])
line = RNG.randn(2, 6, 3).astype(np.float32)
dilated = np.concatenate([line[:, i::3] for i in range(3)])
same(tf.space_to_batch_nd(rows, [3], [[0, 0]]), dilated, {rows: line})
same(tf.batch_to_space_nd(rows, [3], [[0, 0]]), line, {rows: dilated})
same(tf.nn.depth_to_space(tf.nn.space_to_depth(X, 2), 2), X)

# The gradients of a convolution, by name: d sum(y * conv(x, k)) by x and by k.
kernel, y = RNG.randn(3, 3, 3, 5).astype(np.float32), RNG.randn(2, 2, 3, 5).astype(np.float32)
x, k = tf.constant(X), tf.constant(kernel)
made = tf.nn.conv2d(x, k, [1, 2, 2, 1], "SAME")
by_x, by_k = sess.run(tf.gradients(tf.reduce_sum(made * y), [x, k]))
same(tf.nn.conv2d_backprop_input([2, 4, 6, 3], k, y, [1, 2, 2, 1], "SAME"), by_x)
same(tf.nn.conv2d_backprop_filter(x, [3, 3, 3, 5], y, [1, 2, 2, 1], "SAME"), by_k, atol=1e-3)
for at in ((0, 0, 0, 0), (2, 1, 2, 4)):  # and by small steps
    step = np.zeros_like(kernel)
    step[at] = 0.5
    up, down = (
        sess.run(tf.reduce_sum(tf.nn.conv2d(x, kernel + s, [1, 2, 2, 1], "SAME") * y)) for s in (step, -step)
    )
    assert np.allclose(up - down, by_k[at], atol=1e-2)

# What is known before the graph runs.
assert tf.contrib.util.constant_value(tf.concat([[3], tf.constant([6])], 0)).tolist() == [3, 6]
assert tf.contrib.util.constant_value(tf.placeholder(tf.int32)) is None
assert tf.contrib.util.make_ndarray(tf.contrib.util.make_tensor_proto([1.0, 2.0])).tolist() == [1.0, 2.0]
assert tf.compat.as_str_any(3) == "3" and tf.compat.as_str_any(b"a") == "a"

# The mean place of a softmax over pixels.
maps = tf.contrib.layers.spatial_softmax(tf.constant(X))
sess.run(tf.global_variables_initializer())
e = np.exp(X - X.max((1, 2), keepdims=True))
shares = e / e.sum((1, 2), keepdims=True)
up = (shares * np.linspace(-1, 1, 4)[None, :, None, None]).sum((1, 2))
across = (shares * np.linspace(-1, 1, 6)[None, None, :, None]).sum((1, 2))
same(maps, np.stack([up, across], 2).reshape(2, 6))

# Dropout that keeps mean and variance of what a SELU gives.
normal = tf.constant(RNG.randn(200000).astype(np.float32))
dropped = sess.run(tf.contrib.nn.alpha_dropout(normal, 0.8))
assert abs(dropped.mean()) < 0.02 and abs(dropped.var() - 1) < 0.05
values, counts = np.unique(dropped, return_counts=True)
assert abs(counts.max() / 200000 - 0.2) < 0.01  # those that were dropped are all the same
a = (0.8 + 1.7580993408473766**2 * 0.16) ** -0.5
assert np.allclose(values[counts.argmax()], -a * 1.7580993408473766 * 0.8, atol=1e-4)

# Losses of distances.
labels = np.array([0, 0, 1, 1, 2, 0])
E = RNG.randn(6, 4).astype(np.float32)
far = ((E[:, None] - E[None]) ** 2).sum(2)
terms = []
for i in range(6):
    for j in range(6):
        if i != j and labels[i] == labels[j]:
            others = far[i][labels != labels[i]]
            harder = others[others > far[i, j]]
            terms.append(max(0, 1 + far[i, j] - (harder.min() if harder.size else others.max())))
learned = tf.contrib.losses.metric_learning
embedded = tf.constant(E)
loss = learned.triplet_semihard_loss(tf.constant(labels), embedded)
same(loss, np.mean(terms))
assert np.isfinite(sess.run(tf.gradients(loss, embedded)[0])).all()
F = RNG.randn(6, 4).astype(np.float32)
d, kind = np.sqrt(((E - F) ** 2).sum(1)), np.array([1, 0, 0, 1, 1, 0])
same(
    learned.contrastive_loss(kind, embedded, F), np.mean(kind * d**2 + (1 - kind) * np.maximum(1 - d, 0) ** 2)
)
equal = (labels[:, None] == labels[None]).astype(float)
logits = E @ F.T
logits = logits - np.log(np.exp(logits).sum(1, keepdims=True))
entropy = -(equal / equal.sum(1, keepdims=True) * logits).sum(1).mean()
same(
    learned.npairs_loss(labels, embedded, F),
    entropy + 0.25 * 0.002 * ((E**2).sum(1).mean() + (F**2).sum(1).mean()),
)

# A place where rows wait for the next run.
area = tf.contrib.staging.StagingArea([tf.float32, tf.int32], [[None, 2], []])
fed = tf.placeholder(tf.float32, [None, 2])
put, (first, second) = area.put([fed, tf.constant(7)]), area.get()
sess.run(put, {fed: np.ones((3, 2))})
sess.run(put, {fed: np.zeros((1, 2))})
assert sess.run([first, second])[0].shape == (3, 2)
found = sess.run([first, second])
assert found[0].tolist() == [[0, 0]] and found[1] == 7

# Messages put together by hand, as loggers of other libraries do.
folder = tempfile.mkdtemp()
writer = tf.summary.FileWriter(folder)
histogram = tf.HistogramProto(min=0.0, max=3.0, num=3, sum=4.0, sum_squares=10.0)
histogram.bucket_limit.append(1.0)
histogram.bucket_limit.append(3.0)
histogram.bucket.extend([2, 1])
picture = sess.run(tf.image.encode_png(np.full((2, 3, 3), 9, np.uint8)))
drawn = tf.Summary.Image(encoded_image_string=picture, height=2, width=3)
writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="h", histo=histogram)]), 1)
writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="p", image=drawn)]), 2)
writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=0.5)]), 3)
writer.close()
messages = {v.tag: v for e in tf.train.summary_iterator(glob.glob(folder + "/*")[0]) for v in e.summary.value}
assert messages["loss"].simple_value == 0.5
last = list(tf.train.summary_iterator(glob.glob(folder + "/*")[0]))[-1]
assert last.step == 3 and abs(last.wall_time - time.time()) < 600
written = open(glob.glob(folder + "/*")[0], "rb").read()
assert (
    picture in written
    and np.array([1.0, 3.0]).tobytes() + b":\x10" + np.array([2.0, 1.0]).tobytes() in written
)


# Keras under its older name.
assert tf.contrib.keras.layers.Dense is tf.keras.layers.Dense


# An experiment: an estimator with what it is trained and evaluated on.
def model(features, labels, mode):
    w = tf.get_variable("w", [1, 1])
    guess = tf.matmul(features["x"], w)
    loss = tf.reduce_mean(tf.square(guess - labels))
    step = tf.train.GradientDescentOptimizer(0.2).minimize(loss, tf.train.get_global_step())
    return tf.estimator.EstimatorSpec(mode, predictions=guess, loss=loss, train_op=step)


def data():
    x = np.linspace(-1, 1, 8, dtype=np.float32)[:, None]
    return {"x": tf.constant(x)}, tf.constant(3 * x)


def experiment(output_dir):
    return tf.contrib.learn.Experiment(
        tf.estimator.Estimator(model, output_dir), data, data, train_steps=60, eval_steps=1
    )


result = tf.contrib.learn.learn_runner.run(experiment, tempfile.mkdtemp(), "train_and_evaluate")[0]
assert result["loss"] < 1e-3 and result["global_step"] == 60, result
