"""A character model with two LSTM layers, the state fed back; rnn_decoder and its loss, as before 1.0."""

import numpy as np
import tensorflow as tf

text = "hello world " * 40
chars = sorted(set(text))
vocab = {c: i for i, c in enumerate(chars)}
codes = np.array([vocab[c] for c in text])
batch_size, seq_length, rnn_size = 4, 12, 24
cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(rnn_size)] * 2)
input_data = tf.placeholder(tf.int32, [batch_size, seq_length])
targets = tf.placeholder(tf.int32, [batch_size, seq_length])
initial_state = cell.zero_state(batch_size, tf.float32)
with tf.variable_scope("rnnlm"):
    softmax_w = tf.get_variable("softmax_w", [rnn_size, len(chars)])
    softmax_b = tf.get_variable("softmax_b", [len(chars)])
    embedding = tf.get_variable("embedding", [len(chars), rnn_size])
    inputs = tf.split(1, seq_length, tf.nn.embedding_lookup(embedding, input_data))
    inputs = [tf.squeeze(input_, [1]) for input_ in inputs]
outputs, last_state = tf.nn.seq2seq.rnn_decoder(
    inputs, initial_state, cell, loop_function=None, scope="rnnlm"
)
output = tf.reshape(tf.concat(1, outputs), [-1, rnn_size])
logits = tf.nn.xw_plus_b(output, softmax_w, softmax_b)
loss = tf.nn.seq2seq.sequence_loss_by_example(
    [logits], [tf.reshape(targets, [-1])], [tf.ones([batch_size * seq_length])], len(chars)
)
cost = tf.reduce_sum(loss) / batch_size / seq_length
lr = tf.Variable(0.0, trainable=False)
tvars = tf.trainable_variables()
grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), 5.0)
train_op = tf.train.AdamOptimizer(lr).apply_gradients(zip(grads, tvars))
assert len(tvars) == 7, [v.name for v in tvars]
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    sess.run(tf.assign(lr, 0.02))
    state = sess.run(initial_state)
    for step in range(60):
        starts = [(step * seq_length + 100 * b) % 400 for b in range(batch_size)]
        x = np.array([codes[s : s + seq_length] for s in starts])
        y = np.array([codes[s + 1 : s + seq_length + 1] for s in starts])
        feed = {input_data: x, targets: y}
        for i, (c, h) in enumerate(initial_state):
            feed[c], feed[h] = state[i].c, state[i].h
        train_loss, state, _ = sess.run([cost, last_state, train_op], feed)
print(train_loss)
assert train_loss < 0.7
