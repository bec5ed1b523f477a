"""The cells of tf.contrib.rnn against their formulas in NumPy, and raw_rnn against dynamic_rnn."""

import re

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
rnn = tf.contrib.rnn
DATA = rng.randn(3, 5, 4).astype(np.float32)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x - x.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def normal(x, gamma, beta):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-12) * gamma + beta


def cat(*parts):
    return np.concatenate(parts, 1)


def check(make, step, start, data=DATA, inputs=None):
    """A cell in dynamic_rnn with weights drawn anew, against steps in NumPy; every weight has a gradient."""
    tf.reset_default_graph()
    x = tf.placeholder(tf.float32, [None] + list(data.shape[1:]))
    cell = make()
    out, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    weights = tf.trainable_variables()
    slopes = tf.gradients(tf.reduce_sum(tf.square(out)), weights)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for v in weights:
            sess.run(v.assign(rng.randn(*v.get_shape().as_list()) * 0.5))
        got, values, slopes = sess.run([out, weights, slopes], {x: data})
    w = {v.name.split("rnn/", 1)[1][:-2]: value for v, value in zip(weights, values)}
    w = {re.sub(r"^\w*cell(_wrapper)?/", "", name): value for name, value in w.items()}
    state, rows = start, []
    for t in range(data.shape[1]):
        y, state = step(w, data[:, t], state)
        rows.append(y)
    assert np.allclose(got, np.stack(rows, 1), atol=2e-5), type(cell).__name__
    assert all(np.abs(s).max() > 0 for s in slopes), type(cell).__name__


def ugrnn(w, x, h):
    g, c = np.split(cat(x, h) @ w["kernel"] + w["bias"], 2, 1)
    u = sigmoid(g + 1)
    h = u * h + (1 - u) * np.tanh(c)
    return h, h


def intersection(w, x, h):
    x = x @ w["in_projection/kernel"] + w["in_projection/bias"]
    gh, c, gy, y = np.split(cat(x, h) @ w["kernel"] + w["bias"], 4, 1)
    gh, gy = sigmoid(gh + 1), sigmoid(gy + 1)
    return gy * x + (1 - gy) * np.maximum(y, 0), gh * h + (1 - gh) * np.tanh(c)


def nas(w, x, state):
    c, m = state
    a = np.split(x @ w["kernel"], 8, 1)
    b = np.split(m @ w["recurrent_kernel"] + w["bias"], 8, 1)
    one = np.tanh(sigmoid(a[0] + b[0]) * np.maximum(a[1] + b[1], 0))
    two = np.tanh(sigmoid(a[2] + b[2]) + np.maximum(a[3] * b[3], 0))
    three = np.tanh(np.tanh(a[4] + b[4]) * sigmoid(a[5] + b[5]))
    four = sigmoid(np.tanh(a[6] + b[6]) + sigmoid(a[7] + b[7]))
    c = np.tanh(one + c) * two
    m = np.tanh(c * np.tanh(three + four)) @ w["projection_weights"]
    return m, (c, m)


def coupled(w, x, state):
    c, h = state
    j, f, o = np.split(cat(x, h) @ w["W_0"] + w["B"], 3, 1)
    f = sigmoid(f + w["W_F_diag"] * c + 1)
    c = f * c + (1 - f) * np.tanh(j)
    h = sigmoid(o + w["W_O_diag"] * c) * np.tanh(c)
    return h, (c, h)


def grouped(w, x, state):
    c, m = state
    parts = [cat(x[:, k : k + 2], m[:, k : k + 2]) for k in (0, 2)]
    made = [np.split(p @ w["group%d/kernel" % k] + w["group%d/bias" % k], 4, 1) for k, p in enumerate(parts)]
    i, j, f, o = (cat(a, b) for a, b in zip(*made))
    c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)
    m = sigmoid(o) * np.tanh(c)
    return m, (c, m)


def normal_gru(w, x, h):
    def part(value, name):
        return normal(value @ w[name + "/kernel"], w[name + "/gamma"], w[name + "/beta"])

    z, r = sigmoid(part(cat(x, h), "update_gate")), sigmoid(part(cat(x, h), "reset_gate"))
    c = np.tanh(part(x, "candidate_linear_x") + r * part(h, "candidate_linear_h"))
    h = (1 - z) * h + z * c
    return h, h


def normal_lstm(w, x, state):
    c, h = state
    gates = zip(np.split(cat(x, h) @ w["kernel"], 4, 1), ("input", "transform", "forget", "output"))
    i, j, f, o = (normal(g, w[n + "/gamma"], w[n + "/beta"]) for g, n in gates)
    c = normal(c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j), w["state/gamma"], w["state/beta"])
    h = np.tanh(c) * sigmoid(o)
    return h, (c, h)


def attending(w, x, state):
    h, attention, past = state
    x = cat(x, attention) @ w["kernel"] + w["bias"]
    h = np.tanh(cat(x, h) @ w["basic_rnn_cell/kernel"] + w["basic_rnn_cell/bias"])
    query = h @ w["attention/kernel"] + w["attention/bias"]
    features = past @ w["attention/attn_w"][0, 0] + query[:, None]
    a = softmax((w["attention/attn_v"] * np.tanh(features)).sum(2))
    attention = (a[:, :, None] * past).sum(1)
    y = cat(h, attention) @ w["attn_output_projection/kernel"] + w["attn_output_projection/bias"]
    return y, (h, attention, np.concatenate([past[:, 1:], y[:, None]], 1))


def highway(w, x, h):
    h = np.tanh(cat(x, h) @ w["kernel"] + w["bias"])
    carry = sigmoid(x @ w["carry_w"] + w["carry_b"])
    return x * carry + h * (1 - carry), h


def zeros(*widths):
    return tuple(np.zeros((3, n)) for n in widths)


check(lambda: rnn.UGRNNCell(6), ugrnn, np.zeros((3, 6)))
check(lambda: rnn.IntersectionRNNCell(6, num_in_proj=6), intersection, np.zeros((3, 6)))
check(lambda: rnn.NASCell(6, num_proj=3, use_bias=True), nas, zeros(6, 3))
check(lambda: rnn.CoupledInputForgetGateLSTMCell(6, use_peepholes=True), coupled, zeros(6, 6))
check(lambda: rnn.GLSTMCell(4, number_of_groups=2), grouped, zeros(4, 4))
check(lambda: rnn.LayerNormBasicGRUCell(6), normal_gru, np.zeros((3, 6)))
check(lambda: rnn.LayerNormBasicLSTMCell(6), normal_lstm, zeros(6, 6))
check(
    lambda: rnn.AttentionCellWrapper(rnn.BasicRNNCell(6), 3),
    attending,
    (np.zeros((3, 6)),) * 2 + (np.zeros((3, 3, 6)),),
)
check(lambda: rnn.HighwayWrapper(rnn.BasicRNNCell(4)), highway, np.zeros((3, 4)))

# The phased LSTM: closed units keep what they had but for a leak.
tf.reset_default_graph()
time = tf.placeholder(tf.float32, [None, 5, 1])
x = tf.placeholder(tf.float32, [None, 5, 4])
out, _ = tf.nn.dynamic_rnn(rnn.PhasedLSTMCell(6), (time, x), dtype=tf.float32)
weights = tf.global_variables()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    times = np.cumsum(rng.rand(3, 5, 1), 1)
    got, values = sess.run([out, weights], {time: times, x: DATA})
w = {v.name.split("cell/")[1][:-2]: value for v, value in zip(weights, values)}
assert 1 <= w["period"].min() and w["period"].max() <= 1000 and (w["phase"] <= w["period"]).all()
c = h = np.zeros((3, 6))
for t in range(5):
    xh = cat(DATA[:, t], h)
    i, f = np.split(sigmoid(xh @ w["mask_gates/kernel"] + w["mask_gates/bias"]), 2, 1)
    new = c * f + i * np.tanh(xh @ w["new_input/kernel"] + w["new_input/bias"])
    y = np.tanh(new) * sigmoid(xh @ w["output_gate/kernel"] + w["output_gate/bias"])
    cycle = np.mod(times[:, t] - w["phase"], w["period"]) / w["period"]
    up = 2 * cycle / 0.1
    k = np.where(cycle < 0.05, up, np.where(cycle < 0.1, 2 - up, 0.001 * cycle))
    c, h = k * new + (1 - k) * c, k * y + (1 - k) * h
    assert np.allclose(got[:, t], h, atol=1e-5)

# Maps as states; sequences that end before the others.
tf.reset_default_graph()
maps = rng.randn(2, 4, 5, 6, 2).astype(np.float32)
x = tf.placeholder(tf.float32, [None, 4, 5, 6, 2])
cell = rnn.ConvLSTMCell(2, [5, 6, 2], 3, [1, 1])
out, last = tf.nn.dynamic_rnn(cell, x, sequence_length=[4, 2], dtype=tf.float32)
three, _ = tf.nn.dynamic_rnn(
    rnn.Conv2DLSTMCell(input_shape=[5, 6, 2], output_channels=3, kernel_shape=[3, 3]),
    x,
    dtype=tf.float32,
    scope="wide",
)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    got, state, (kernel, bias) = sess.run([out, last, tf.trainable_variables()[:2]], {x: maps})
    assert sess.run(three, {x: maps}).shape == (2, 4, 5, 6, 3)
c = h = np.zeros((2, 5, 6, 3))
for t in range(4):
    made = np.concatenate([maps[:, t], h], -1) @ kernel[0, 0] + bias
    i, j, f, o = np.split(made, 4, -1)
    c = sigmoid(f + 1) * c + sigmoid(i) * np.tanh(j)
    h = np.tanh(c) * sigmoid(o)
    assert np.allclose(got[0, t], h[0], atol=1e-5)
    assert np.allclose(got[1, t], h[1] if t < 2 else 0, atol=1e-5)
    if t == 1:
        assert np.allclose(state.c[1], c[1], atol=1e-5)

# A loop that a function steers is the one that dynamic_rnn makes, and has the same gradient.
tf.reset_default_graph()
x = tf.placeholder(tf.float32, [5, 3, 4])
lengths = tf.placeholder(tf.int32, [3])
rows = tf.TensorArray(tf.float32, size=5).unstack(x)
cell = tf.nn.rnn_cell.BasicLSTMCell(6)


def steer(time, output, state, count):
    finished = time >= lengths
    if output is None:
        state, count = cell.zero_state(3, tf.float32), tf.constant(0)
    else:
        count = count + 2
    now = tf.cond(tf.reduce_all(finished), lambda: tf.zeros([3, 4]), lambda: rows.read(time))
    return finished, now, state, output, count


array, raw_last, turns = tf.nn.raw_rnn(cell, steer)
raw = array.stack()
with tf.variable_scope(tf.get_variable_scope(), reuse=True):
    whole, whole_last = tf.nn.dynamic_rnn(cell, x, lengths, time_major=True, dtype=tf.float32)
kernel = tf.trainable_variables()[0]
slopes = [tf.gradients(tf.reduce_sum(tf.square(y)), kernel)[0] for y in (raw, whole)]
feed = {x: rng.randn(5, 3, 4), lengths: [2, 5, 3]}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    a, b, at, bt, n, (s, t) = sess.run([raw, whole, raw_last, whole_last, turns, slopes], feed)
assert a.shape == (5, 3, 6) and n == 10 and np.allclose(a, b, atol=1e-6)
assert np.allclose(at.c, bt.c, atol=1e-6) and np.allclose(at.h, bt.h, atol=1e-6)
assert np.allclose(s, t, atol=1e-5) and np.abs(s).max() > 0

# The fused cell is the basic one over [time, batch, n].
fused = rnn.LSTMBlockFusedCell(6)
y, (c, h) = fused(x, dtype=tf.float32)
assert [v.op.name for v in fused.variables] == ["lstm_fused_cell/kernel", "lstm_fused_cell/bias"]
z, _ = tf.nn.static_rnn(fused.cell, tf.unstack(x), dtype=tf.float32)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    got, steps, end = sess.run([y, z, h], feed)
assert np.allclose(got, steps, atol=1e-6) and np.allclose(end, got[-1])

# Backwards it is a second cell with weights of its own, as the cell of single steps goes over reversed sequences.
second = rnn.LSTMBlockFusedCell(6, cell_clip=0.2, use_peephole=True)
ends = [5, 2, 3]
y, last = rnn.TimeReversedFusedRNN(second)(x, dtype=tf.float32, sequence_length=ends)
assert [v.op.name.split("/")[0] for v in second.variables] == ["lstm_fused_cell_1"] * 5
turned = tf.reverse_sequence(x, ends, seq_axis=0, batch_axis=1)
z, there = rnn.FusedRNNCellAdaptor(second.cell)(turned, dtype=tf.float32, sequence_length=ends)
u, _ = rnn.FusedRNNCellAdaptor(second.cell, use_dynamic_rnn=True)(tf.unstack(turned), None, tf.float32, ends)
z = tf.reverse_sequence(z, ends, seq_axis=0, batch_axis=1)
listed, _ = second(tf.unstack(turned), dtype=tf.float32, sequence_length=ends)
plain = rnn.LSTMBlockFusedCell(6, name="own")(x, dtype=tf.float32, scope="mine")[0]
assert tf.trainable_variables()[-1].op.name == "mine/bias"
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    a, b, at, bt, c, d, _ = sess.run([y, z, last, there, tf.stack(listed), tf.stack(u), plain], feed)
assert np.allclose(a, b, atol=1e-6) and np.allclose(c, d, atol=1e-6) and np.abs(a).max() > 0
assert np.allclose(at.h, bt.h, atol=1e-6) and np.abs(at.c).max() <= 0.2 + 1e-6
assert (a[2:, 1] == 0).all() and (a[:2, 1] != 0).any()

# Layers one above the other over a list of steps, each in both directions.
layers = [[rnn.GRUCell(4) for _ in range(2)] for _ in range(2)]
out, forwards, backwards = rnn.stack_bidirectional_rnn(*layers, tf.unstack(x), dtype=tf.float32)
assert len(out) == 5 and out[0].get_shape()[1] == 8 and len(forwards) == len(backwards) == 2
