"""dynamic_rnn over sequences of several lengths: the last output of each, gathered; bidirectional too."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
max_len, n_hidden = 8, 12
lengths = rng.randint(3, max_len + 1, 200)
data = np.zeros((200, max_len, 1), np.float32)
labels = np.zeros((200, 2), np.float32)
for i, n in enumerate(lengths):
    if i % 2:
        start = rng.rand()
        data[i, :n, 0] = [start + 0.1 * k for k in range(n)]
    else:
        data[i, :n, 0] = rng.rand(n)
    labels[i, i % 2] = 1
x = tf.placeholder("float", [None, max_len, 1])
y = tf.placeholder("float", [None, 2])
seqlen = tf.placeholder(tf.int32, [None])
cell = tf.nn.rnn_cell.GRUCell(n_hidden)
outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, sequence_length=seqlen)
batch_size = tf.shape(outputs)[0]
index = tf.range(0, batch_size) * max_len + (seqlen - 1)
last = tf.gather(tf.reshape(outputs, [-1, n_hidden]), index)
(fw, bw), _ = tf.nn.bidirectional_dynamic_rnn(
    tf.nn.rnn_cell.BasicLSTMCell(5),
    tf.nn.rnn_cell.BasicLSTMCell(5),
    x,
    sequence_length=seqlen,
    dtype=tf.float32,
)
features = tf.concat([last, tf.reduce_max(fw, 1), tf.reduce_max(bw, 1)], 1)
logits = tf.layers.dense(features, 2)
cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=logits, labels=y))
train = tf.train.AdamOptimizer(0.02).minimize(cost)
accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1)), tf.float32))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    feed = {x: data, y: labels, seqlen: lengths}
    o, s, l = sess.run([outputs, state, last], feed)
    assert np.allclose(s, l, atol=1e-6)  # the state stops where the sequence stops
    assert np.all(o[0, lengths[0] :] == 0)  # outputs beyond it are zero
    before = sess.run(cost, feed)
    for _ in range(60):
        sess.run(train, feed)
    after, acc = sess.run([cost, accuracy], feed)
print(before, after, acc)
assert after < before * 0.7 and acc > 0.8
