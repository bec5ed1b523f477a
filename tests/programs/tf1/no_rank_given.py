"""Placeholders of no known shape: the graph is built before anyone knows the rank of what is fed."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(1)
x = tf.placeholder(tf.float32)
y = tf.placeholder(tf.int32)
rate = tf.placeholder(tf.float32)
w = tf.Variable(tf.random_normal([6, 3], stddev=0.1, seed=4))
b = tf.Variable(tf.zeros([3]))
logits = tf.matmul(x, w) + b
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
step = tf.train.GradientDescentOptimizer(rate).minimize(loss)
hits = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1, output_type=tf.int32), y), tf.float32))

data = rng.randn(90, 6).astype(np.float32)
labels = np.argmax(data[:, :3], 1)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    before = sess.run(loss, {x: data, y: labels})
    for _ in range(60):
        sess.run(step, {x: data, y: labels, rate: 1.0})
    after, share = sess.run([loss, hits], {x: data, y: labels})
print(before, "->", after, share)
assert after < 0.4 * before and share > 0.9

table = np.arange(12, dtype=np.float32).reshape(3, 4)
cases = {
    "transpose": (tf.transpose(x), table.T),
    "turned": (tf.transpose(x, [1, 0]), table.T),
    "mean": (tf.reduce_mean(x, 0), table.mean(0)),
    "all": (tf.reduce_sum(x), table.sum()),
    "row": (x[1], table[1]),
    "joined": (tf.concat([x, x], 1), np.concatenate([table, table], 1)),
    "piled": (tf.stack([x, x]), np.stack([table, table])),
    "longer": (tf.expand_dims(x, 0), table[None]),
    "flat": (tf.reshape(x, [-1]), table.ravel()),
    "padded": (tf.pad(x, [[1, 0], [0, 2]]), np.pad(table, [(1, 0), (0, 2)])),
    "tiled": (tf.tile(x, [2, 1]), np.tile(table, (2, 1))),
    "soft": (tf.nn.softmax(x), np.exp(table) / np.exp(table).sum(1, keepdims=True)),
    "taken": (tf.gather(x, [2, 0]), table[[2, 0]]),
    "highest": (tf.nn.top_k(x, 2).values, table[:, [3, 2]]),
    "shape": (tf.shape(x), [3, 4]),
    "rank": (tf.rank(x), 2),
}
with tf.Session() as sess:
    for name, (tensor, wanted) in cases.items():
        assert np.allclose(sess.run(tensor, {x: table}), wanted, rtol=1e-4), name
    assert sess.run(tf.reduce_sum(x), {x: 3.0}) == 3.0  # the same node, another rank
