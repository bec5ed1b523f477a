"""Whole states fed back into a net that writes text, and the states of the first LSTMs: one joined tensor."""

import numpy as np
import tensorflow as tf

text = "the cat sat on the mat. " * 30
letters = sorted(set(text))
ids = np.array([letters.index(c) for c in text])
WIDTH, BATCH, STEPS = 32, 4, 12
tf.set_random_seed(2)

x = tf.placeholder(tf.int32, [None, None])
y = tf.placeholder(tf.int32, [None, None])
cells = tf.contrib.rnn.MultiRNNCell([tf.contrib.rnn.BasicLSTMCell(WIDTH) for _ in range(2)])
zero = cells.zero_state(tf.shape(x)[0], tf.float32)
outputs, last = tf.nn.dynamic_rnn(cells, tf.one_hot(x, len(letters)), initial_state=zero)
logits = tf.layers.dense(outputs, len(letters))
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
train = tf.train.AdamOptimizer(0.02).minimize(loss)
likely = tf.nn.softmax(logits)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    rows = ids[: BATCH * (len(ids) // BATCH)].reshape(BATCH, -1)
    for _ in range(12):
        state = sess.run(zero, {x: rows[:, :1]})
        for at in range(0, rows.shape[1] - STEPS - 1, STEPS):
            piece = {x: rows[:, at : at + STEPS], y: rows[:, at + 1 : at + STEPS + 1], zero: state}
            cost, state, _ = sess.run([loss, last, train], piece)
    state, said = None, "t"
    for _ in range(23):
        feed = {x: [[letters.index(said[-1])]]}
        if state is not None:
            feed[zero] = state
        p, state = sess.run([likely, last], feed)
        said += letters[int(np.argmax(p[0, 0]))]
print(cost, repr(said))
assert cost < 0.9 and isinstance(state[0].c, np.ndarray)

tf.reset_default_graph()
with tf.variable_scope("early"):
    cell = tf.nn.rnn_cell.BasicLSTMCell(5, forget_bias=1.0, state_is_tuple=False)
    stack = tf.nn.rnn_cell.MultiRNNCell([cell] * 2, state_is_tuple=False)
    joined = tf.placeholder(tf.float32, [None, stack.state_size])
    tokens = [tf.placeholder(tf.float32, [None, 3]) for _ in range(3)]
    outs, state = tf.contrib.rnn.static_rnn(stack, tokens, initial_state=joined)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    feed = {t: np.ones((2, 3)) for t in tokens}
    feed[joined] = np.zeros((2, 20))
    first = sess.run(state, feed)
    feed[joined] = first
    second = sess.run(state, feed)
assert stack.state_size == 20 and first.shape == (2, 20) and not np.allclose(first, second)
