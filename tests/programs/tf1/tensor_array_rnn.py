"""A recurrent net over tf.TensorArray and tf.while_loop, against NumPy, its gradient against differences."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
data = rng.randn(5, 3, 4).astype(np.float32)
start = rng.randn(4, 4).astype(np.float32) * 0.3

x = tf.placeholder(tf.float32, [None, 3, 4])
w = tf.Variable(start)
steps = tf.shape(x)[0]
inputs = tf.TensorArray(tf.float32, size=steps).unstack(x)
outputs = tf.TensorArray(tf.float32, size=0, dynamic_size=True)


def body(t, h, written):
    h = tf.tanh(inputs.read(t) + tf.matmul(h, w))
    return t + 1, h, written.write(t, h)


_, last, written = tf.while_loop(
    lambda t, h, written: t < steps, body, (tf.constant(0), tf.zeros([3, 4]), outputs)
)
every = written.stack()
cost = tf.reduce_sum(tf.square(every))
gradient = tf.gradients(cost, w)[0]


def by_hand(weights):
    h, rows = np.zeros((3, 4)), []
    for row in data:
        h = np.tanh(row + h @ weights)
        rows.append(h)
    return np.stack(rows)


with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    got, final, slope = sess.run([every, last, gradient], {x: data})
    shorter = sess.run(every, {x: data[:2]})
assert np.allclose(got, by_hand(start), atol=1e-5) and np.allclose(final, got[-1])
assert np.allclose(shorter, got[:2], atol=1e-6)
for at in ((0, 0), (1, 3), (2, 2)):
    nudge = np.zeros((4, 4))
    nudge[at] = 1e-4
    wide = [np.sum(by_hand(start.astype(np.float64) + s * nudge) ** 2) for s in (1, -1)]
    assert abs((wide[0] - wide[1]) / 2e-4 - slope[at]) < 1e-2, at
print("gradient", slope[0])

# Written and read outside a loop, in any order.
boxes = tf.TensorArray(tf.int32, size=3, clear_after_read=False)
for place, value in ((2, 30), (0, 10), (1, 20)):
    boxes = boxes.write(place, value)
with tf.Session() as sess:
    assert sess.run([boxes.read(1), boxes.stack(), boxes.gather([2, 0]), boxes.size()])[1].tolist() == [
        10,
        20,
        30,
    ]
