"""Cells run over arrays, lengths, both directions, and characters of a sentence."""

import pprint

import numpy as np
import tensorflow as tf
from tensorflow.contrib import rnn

pp = pprint.PrettyPrinter(indent=4)
sess = tf.InteractiveSession()
h = [1, 0, 0, 0]
e = [0, 1, 0, 0]
l = [0, 0, 1, 0]
o = [0, 0, 0, 1]
with tf.variable_scope("one_cell") as scope:
    hidden_size = 2
    cell = tf.contrib.rnn.BasicRNNCell(num_units=hidden_size)
    print(cell.output_size, cell.state_size)
    x_data = np.array([[h]], dtype=np.float32)
    outputs, _states = tf.nn.dynamic_rnn(cell, x_data, dtype=tf.float32)
    sess.run(tf.global_variables_initializer())
    pp.pprint(outputs.eval())
with tf.variable_scope("3_batches") as scope:
    x_data = np.array([[h, e, l, l, o], [e, o, l, l, l], [l, l, e, e, l]], dtype=np.float32)
    cell = rnn.BasicLSTMCell(num_units=2, state_is_tuple=True)
    outputs, _states = tf.nn.dynamic_rnn(cell, x_data, sequence_length=[5, 3, 4], dtype=tf.float32)
    sess.run(tf.global_variables_initializer())
    pp.pprint(outputs.eval())
with tf.variable_scope("initial_state") as scope:
    batch_size = 3
    cell = rnn.BasicLSTMCell(num_units=5, state_is_tuple=True)
    initial_state = cell.zero_state(batch_size, tf.float32)
    outputs, _states = tf.nn.dynamic_rnn(cell, x_data, initial_state=initial_state, dtype=tf.float32)
    sess.run(tf.global_variables_initializer())
    print(outputs.eval().shape)
with tf.variable_scope("generated") as scope:
    batch_size, sequence_length, input_dim = 3, 5, 3
    x_data = np.arange(45, dtype=np.float32).reshape(batch_size, sequence_length, input_dim)
    cell = rnn.BasicLSTMCell(num_units=5, state_is_tuple=True)
    initial_state = cell.zero_state(batch_size, tf.float32)
    outputs, _states = tf.nn.dynamic_rnn(cell, x_data, initial_state=initial_state, dtype=tf.float32)
    sess.run(tf.global_variables_initializer())
    pp.pprint(outputs.eval().shape)
with tf.variable_scope("bi") as scope:
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        rnn.BasicLSTMCell(5), rnn.BasicLSTMCell(5), x_data, sequence_length=[2, 3, 1], dtype=tf.float32
    )
    sess.run(tf.global_variables_initializer())
    pp.pprint(sess.run(outputs)[0].shape)
    pp.pprint(sess.run(states))
    print(tf.concat(outputs, 2).eval().shape)
with tf.variable_scope("seqloss"):
    y = tf.constant([[1, 1, 1]])
    p1 = tf.constant([[[0.3, 0.7], [0.3, 0.7], [0.3, 0.7]]], dtype=tf.float32)
    w = tf.constant([[1, 1, 1]], dtype=tf.float32)
    print(tf.contrib.seq2seq.sequence_loss(p1, y, w).eval())
# char seq
sample = " if you want you"
idx2char = list(set(sample))
char2idx = {c: i for i, c in enumerate(idx2char)}
dic_size = len(char2idx)
hidden_size = len(char2idx)
num_classes = dic_size
batch_size = 1
sequence_length = len(sample) - 1
sample_idx = [char2idx[c] for c in sample]
xd = [sample_idx[:-1]]
yd = [sample_idx[1:]]
X = tf.placeholder(tf.int32, [None, sequence_length])
Y = tf.placeholder(tf.int32, [None, sequence_length])
x_one_hot = tf.one_hot(X, num_classes)
cell = tf.contrib.rnn.BasicLSTMCell(num_units=hidden_size, state_is_tuple=True)
initial_state = cell.zero_state(batch_size, tf.float32)
outputs, _states = tf.nn.dynamic_rnn(cell, x_one_hot, initial_state=initial_state, dtype=tf.float32)
X_for_fc = tf.reshape(outputs, [-1, hidden_size])
outputs = tf.contrib.layers.fully_connected(X_for_fc, num_classes, activation_fn=None)
outputs = tf.reshape(outputs, [batch_size, sequence_length, num_classes])
weights = tf.ones([batch_size, sequence_length])
loss = tf.reduce_mean(tf.contrib.seq2seq.sequence_loss(logits=outputs, targets=Y, weights=weights))
train = tf.train.AdamOptimizer(learning_rate=0.1).minimize(loss)
prediction = tf.argmax(outputs, axis=2)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(30):
        l_, _ = sess.run([loss, train], feed_dict={X: xd, Y: yd})
        result = sess.run(prediction, feed_dict={X: xd})
    print(l_, "".join([idx2char[c] for c in np.squeeze(result)]))


# stacked + output projection + time series
def lstm_cell():
    return rnn.BasicLSTMCell(hidden_size, state_is_tuple=True)


multi_cells = rnn.MultiRNNCell([lstm_cell() for _ in range(2)], state_is_tuple=True)
with tf.variable_scope("stack"):
    outputs, _ = tf.nn.dynamic_rnn(multi_cells, x_one_hot, dtype=tf.float32)
with tf.variable_scope("ts"):
    X2 = tf.placeholder(tf.float32, [None, 7, 5])
    Y2 = tf.placeholder(tf.float32, [None, 1])
    cell = tf.contrib.rnn.BasicLSTMCell(num_units=10, state_is_tuple=True, activation=tf.tanh)
    outputs, _ = tf.nn.dynamic_rnn(cell, X2, dtype=tf.float32)
    Y_pred = tf.contrib.layers.fully_connected(outputs[:, -1], 1, activation_fn=None)
    loss = tf.reduce_sum(tf.square(Y_pred - Y2))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    targets = tf.placeholder(tf.float32, [None, 1])
    predictions = tf.placeholder(tf.float32, [None, 1])
    rmse = tf.sqrt(tf.reduce_mean(tf.square(targets - predictions)))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    tx = np.random.rand(20, 7, 5)
    ty = np.random.rand(20, 1)
    for i in range(5):
        _, s = sess.run([train, loss], feed_dict={X2: tx, Y2: ty})
    tp = sess.run(Y_pred, feed_dict={X2: tx})
    print(sess.run(rmse, feed_dict={targets: ty, predictions: tp}))
