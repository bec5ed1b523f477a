"""Towers with averaged gradients, sequence to sequence over lists, and the spelling of 0.x."""

import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

ops.reset_default_graph()
PS_OPS = ["Variable", "VariableV2", "AutoReloadVariable"]


def assign_to_device(device, ps_device="/cpu:0"):
    def _assign(op):
        node_def = op if isinstance(op, tf.NodeDef) else op.node_def
        return "/" + ps_device if node_def.op in PS_OPS else device

    return _assign


def average_gradients(tower_grads):
    average_grads = []
    for gv in zip(*tower_grads):
        grads = [tf.expand_dims(g, 0) for g, _ in gv]
        grad = tf.reduce_mean(tf.concat(grads, 0), 0)
        average_grads.append((grad, gv[0][1]))
    return average_grads


def net(x, reuse, train):
    with tf.variable_scope("ConvNet", reuse=reuse):
        x = tf.layers.dense(tf.contrib.layers.flatten(tf.reshape(x, [-1, 4, 4, 1])), 8)
        x = tf.layers.dropout(x, rate=0.2, training=train)
        o = tf.layers.dense(x, 3)
        return o if train else tf.nn.softmax(o)


with tf.device("/cpu:0"):
    tg = []
    re = False
    X = tf.placeholder(tf.float32, [None, 16])
    Y = tf.placeholder(tf.float32, [None, 3])
    for i in range(2):
        with tf.device(assign_to_device("/gpu:{}".format(i), ps_device="/cpu:0")):
            _x = X[i * 5 : (i + 1) * 5]
            _y = Y[i * 5 : (i + 1) * 5]
            lt = net(_x, re, True)
            ltest = net(_x, True, False)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=lt, labels=_y))
            opt = tf.train.AdamOptimizer(0.01)
            g = opt.compute_gradients(loss)
            if i == 0:
                acc = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(ltest, 1), tf.argmax(_y, 1)), tf.float32))
            re = True
            tg.append(g)
    train_op = opt.apply_gradients(average_gradients(tg))
    with tf.Session() as s:
        s.run(tf.global_variables_initializer())
        for _ in range(3):
            _, a = s.run(
                [train_op, acc], {X: np.random.rand(10, 16), Y: np.eye(3)[np.random.randint(0, 3, 10)]}
            )
        print(a)
# legacy seq2seq
ops.reset_default_graph()
sess = tf.InteractiveSession()
seq_length = 5
batch_size = 16
vocab_size = 7
embedding_dim = 10
memory_dim = 20
enc_inp = [tf.placeholder(tf.int32, shape=(None,), name="inp%i" % t) for t in range(seq_length)]
labels = [tf.placeholder(tf.int32, shape=(None,), name="labels%i" % t) for t in range(seq_length)]
weights = [tf.ones_like(l, dtype=tf.float32) for l in labels]
dec_inp = [tf.zeros_like(enc_inp[0], dtype=np.int32, name="GO")] + enc_inp[:-1]
cell = tf.contrib.rnn.GRUCell(memory_dim)
dec_outputs, dec_memory = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq(
    enc_inp, dec_inp, cell, vocab_size, vocab_size, embedding_size=embedding_dim, feed_previous=False
)
loss = tf.contrib.legacy_seq2seq.sequence_loss(dec_outputs, labels, weights, vocab_size)
tf.summary.scalar("loss", loss)
train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
sess.run(tf.global_variables_initializer())
for i in range(40):
    X = [np.random.choice(vocab_size, size=(seq_length,), replace=False) for _ in range(batch_size)]
    Y = X[:]
    X = np.array(X).T
    Y = np.array(Y).T
    fd = {enc_inp[t]: X[t] for t in range(seq_length)}
    fd.update({labels[t]: Y[t] for t in range(seq_length)})
    _, l = sess.run([train, loss], fd)
print(l)
ops.reset_default_graph()
sess = tf.InteractiveSession()
enc = [tf.placeholder(tf.int32, [None]) for _ in range(4)]
dec = [tf.placeholder(tf.int32, [None]) for _ in range(4)]
tgt = dec[1:] + [tf.zeros_like(dec[0])]
w = [tf.ones([8]) for _ in range(4)]
fp = tf.placeholder(tf.bool)


def s2s(e, d):
    return tf.contrib.legacy_seq2seq.embedding_attention_seq2seq(
        e,
        d,
        tf.contrib.rnn.MultiRNNCell([tf.contrib.rnn.BasicLSTMCell(12) for _ in range(2)]),
        num_encoder_symbols=9,
        num_decoder_symbols=9,
        embedding_size=6,
        feed_previous=fp,
    )


outs, losses = tf.contrib.legacy_seq2seq.model_with_buckets(enc, dec, tgt, w, [(2, 2), (4, 4)], s2s)
sess.run(tf.global_variables_initializer())
fd = {p: np.random.randint(0, 9, 8) for p in enc + dec}
fd[fp] = True
print(sess.run(losses, fd))
fd[fp] = False
print(sess.run(losses, fd), len(tf.trainable_variables()))
tr = [tf.train.AdamOptimizer(0.01).minimize(l) for l in losses]
sess.run(tf.global_variables_initializer())
for _ in range(20):
    sess.run(tr[1], fd)
print(sess.run(losses[1], fd))
# 0.x forms
ops.reset_default_graph()
x = tf.placeholder("float", [None, 4, 3])
X = tf.transpose(x, [1, 0, 2])
X = tf.reshape(X, [-1, 3])
X = tf.split(0, 4, X)
lstm = tf.nn.rnn_cell.BasicLSTMCell(5, forget_bias=1.0)
outputs, _ = tf.nn.rnn(lstm, X, dtype=tf.float32)
bi, _, _ = tf.nn.bidirectional_rnn(
    tf.nn.rnn_cell.BasicLSTMCell(5), tf.nn.rnn_cell.BasicLSTMCell(5), X, dtype=tf.float32
)
istate = tf.placeholder("float", [None, 10])
cross = tf.nn.sparse_softmax_cross_entropy_with_logits(outputs[-1], tf.constant([1, 2]))
m = tf.mul(tf.sub(tf.constant(3.0), 1.0), 2.0)
pk = tf.pack([1, 2])
u = tf.unpack(tf.ones([2, 2]))
s2 = tf.select([True, False], [1, 2], [3, 4])
tf.scalar_summary("a", m)
ms = tf.merge_all_summaries()
sq = tf.squeeze(tf.ones([1, 2]), squeeze_dims=[0])
rs = tf.reduce_sum(tf.ones([2, 2]), reduction_indices=1)
c1 = tf.concat(0, [tf.ones([1, 2]), tf.ones([1, 2])])
bm = tf.batch_matmul(tf.ones([2, 2, 2]), tf.ones([2, 2, 2]))
am = tf.arg_max([1, 3, 2], 0)
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    wr = tf.train.SummaryWriter("l0", sess.graph_def)
    wr.add_summary(sess.run(ms), 1)
    print(
        sess.run([cross, m, pk, s2, sq, rs, c1, am], {x: np.ones((2, 4, 3))}),
        sess.run(bi, {x: np.ones((2, 4, 3))})[0].shape,
    )
sess.close()
