"""Assignments of a course: nets over constants, convolutions, CBOW, and an LSTM written by hand."""

import random

import numpy as np
import tensorflow as tf
from six.moves import cPickle as pickle
from six.moves import range

rs = np.random.RandomState(0)
image_size = 8
num_labels = 10


def mk(n):
    return rs.randn(n, image_size * image_size).astype(np.float32), (
        np.arange(num_labels) == rs.randint(0, 10, n)[:, None]
    ).astype(np.float32)


train_dataset, train_labels = mk(600)
valid_dataset, valid_labels = mk(100)
test_dataset, test_labels = mk(100)
with open("x.pickle", "wb") as f:
    pickle.dump(train_dataset, f, pickle.HIGHEST_PROTOCOL)
batch_size = 128
graph = tf.Graph()
with graph.as_default():
    tf_train_dataset = tf.placeholder(tf.float32, shape=(batch_size, image_size * image_size))
    tf_train_labels = tf.placeholder(tf.float32, shape=(batch_size, num_labels))
    tf_valid_dataset = tf.constant(valid_dataset)
    tf_test_dataset = tf.constant(test_dataset)
    beta = tf.placeholder(tf.float32)
    global_step = tf.Variable(0)
    weights1 = tf.Variable(tf.truncated_normal([image_size * image_size, 64], stddev=np.sqrt(2.0 / 64)))
    biases1 = tf.Variable(tf.zeros([64]))
    weights2 = tf.Variable(tf.truncated_normal([64, num_labels]))
    biases2 = tf.Variable(tf.zeros([num_labels]))
    lay1_train = tf.nn.relu(tf.matmul(tf_train_dataset, weights1) + biases1)
    drop1 = tf.nn.dropout(lay1_train, 0.5)
    logits = tf.matmul(drop1, weights2) + biases2
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, tf_train_labels)) + beta * (
        tf.nn.l2_loss(weights1) + tf.nn.l2_loss(weights2)
    )
    learning_rate = tf.train.exponential_decay(0.5, global_step, 1000, 0.65, staircase=True)
    optimizer = tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, global_step=global_step)
    train_prediction = tf.nn.softmax(logits)
    valid_prediction = tf.nn.softmax(
        tf.matmul(tf.nn.relu(tf.matmul(tf_valid_dataset, weights1) + biases1), weights2) + biases2
    )
    test_prediction = tf.nn.softmax(
        tf.matmul(tf.nn.relu(tf.matmul(tf_test_dataset, weights1) + biases1), weights2) + biases2
    )


def accuracy(p, l):
    return 100.0 * np.sum(np.argmax(p, 1) == np.argmax(l, 1)) / p.shape[0]


with tf.Session(graph=graph) as session:
    tf.initialize_all_variables().run()
    for step in range(21):
        offset = (step * batch_size) % (train_labels.shape[0] - batch_size)
        fd = {
            tf_train_dataset: train_dataset[offset : offset + batch_size],
            tf_train_labels: train_labels[offset : offset + batch_size],
            beta: 1e-3,
        }
        _, l, predictions = session.run([optimizer, loss, train_prediction], feed_dict=fd)
        if step % 10 == 0:
            print(
                l, accuracy(predictions, fd[tf_train_labels]), accuracy(valid_prediction.eval(), valid_labels)
            )
    print(accuracy(test_prediction.eval(), test_labels))
# conv
image_size = 16
num_channels = 1
patch_size = 5
depth = 8
num_hidden = 16
batch_size = 16
tr = rs.randn(200, 16, 16, 1).astype(np.float32)
trl = train_labels[:200]
va = tr[:50]
graph = tf.Graph()
with graph.as_default():
    X = tf.placeholder(tf.float32, shape=(batch_size, image_size, image_size, num_channels))
    L = tf.placeholder(tf.float32, shape=(batch_size, num_labels))
    V = tf.constant(va)
    w1 = tf.Variable(tf.truncated_normal([patch_size, patch_size, num_channels, depth], stddev=0.1))
    b1 = tf.Variable(tf.zeros([depth]))
    w2 = tf.Variable(tf.truncated_normal([patch_size, patch_size, depth, depth], stddev=0.1))
    b2 = tf.Variable(tf.constant(1.0, shape=[depth]))
    w3 = tf.Variable(tf.truncated_normal([image_size // 4 * image_size // 4 * depth, num_hidden], stddev=0.1))
    b3 = tf.Variable(tf.constant(1.0, shape=[num_hidden]))
    w4 = tf.Variable(tf.truncated_normal([num_hidden, num_labels], stddev=0.1))
    b4 = tf.Variable(tf.constant(1.0, shape=[num_labels]))

    def model(data):
        conv = tf.nn.conv2d(data, w1, [1, 2, 2, 1], padding="SAME")
        hidden = tf.nn.relu(conv + b1)
        conv = tf.nn.conv2d(hidden, w2, [1, 2, 2, 1], padding="SAME")
        hidden = tf.nn.relu(conv + b2)
        shape = hidden.get_shape().as_list()
        reshape = tf.reshape(hidden, [shape[0], shape[1] * shape[2] * shape[3]])
        return tf.matmul(tf.nn.relu(tf.matmul(reshape, w3) + b3), w4) + b4

    logits = model(X)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, L))
    optimizer = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
    tp = tf.nn.softmax(logits)
    vp = tf.nn.softmax(model(V))
with tf.Session(graph=graph) as session:
    tf.initialize_all_variables().run()
    for step in range(5):
        _, l, p = session.run([optimizer, loss, tp], {X: tr[:16], L: trl[:16]})
    print(l, vp.eval().shape)
# word2vec/CBOW
vocabulary_size = 200
embedding_size = 16
num_sampled = 8
bs = 32
valid_examples = np.array(random.sample(range(100), 8))
graph = tf.Graph()
with graph.as_default(), tf.device("/cpu:0"):
    td = tf.placeholder(tf.int32, shape=[bs, 2])
    tl = tf.placeholder(tf.int32, shape=[bs, 1])
    vd = tf.constant(valid_examples, dtype=tf.int32)
    embeddings = tf.Variable(tf.random_uniform([vocabulary_size, embedding_size], -1.0, 1.0))
    sw = tf.Variable(tf.truncated_normal([vocabulary_size, embedding_size], stddev=0.25))
    sb = tf.Variable(tf.zeros([vocabulary_size]))
    embed = tf.nn.embedding_lookup(embeddings, td)
    loss = tf.reduce_mean(
        tf.nn.sampled_softmax_loss(sw, sb, tf.reduce_sum(embed, 1), tl, num_sampled, vocabulary_size)
    )
    optimizer = tf.train.AdagradOptimizer(1.0).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
    ne = embeddings / norm
    ve = tf.nn.embedding_lookup(ne, vd)
    similarity = tf.matmul(ve, tf.transpose(ne))
with tf.Session(graph=graph) as session:
    tf.initialize_all_variables().run()
    for step in range(20):
        _, l = session.run(
            [optimizer, loss], {td: rs.randint(0, 200, (bs, 2)), tl: rs.randint(0, 200, (bs, 1))}
        )
    sim = similarity.eval()
    print(l, sim.shape, ne.eval().shape)
# LSTM
vs = 27
num_nodes = 16
num_unrollings = 4
bs = 8
graph = tf.Graph()
with graph.as_default():
    ifcox = tf.Variable(tf.truncated_normal([vs, 4 * num_nodes], -0.1, 0.1))
    ifcom = tf.Variable(tf.truncated_normal([num_nodes, 4 * num_nodes], -0.1, 0.1))
    ifcob = tf.Variable(tf.zeros([1, 4 * num_nodes]))
    saved_output = tf.Variable(tf.zeros([bs, num_nodes]), trainable=False)
    saved_state = tf.Variable(tf.zeros([bs, num_nodes]), trainable=False)
    w = tf.Variable(tf.truncated_normal([num_nodes, vs], -0.1, 0.1))
    b = tf.Variable(tf.zeros([vs]))

    def lstm_cell(i, o, state):
        y = tf.matmul(i, ifcox) + tf.matmul(o, ifcom) + ifcob
        y_i, y_f, y_c, y_o = tf.split(1, 4, y)
        state = tf.sigmoid(y_f) * state + tf.sigmoid(y_i) * tf.tanh(y_c)
        return tf.sigmoid(y_o) * tf.tanh(state), state

    train_data = [tf.placeholder(tf.float32, shape=[bs, vs]) for _ in range(num_unrollings + 1)]
    train_inputs = train_data[:num_unrollings]
    train_labels_ = train_data[1:]
    outputs = []
    output = saved_output
    state = saved_state
    for i in train_inputs:
        output, state = lstm_cell(i, output, state)
        outputs.append(output)
    with tf.control_dependencies([saved_output.assign(output), saved_state.assign(state)]):
        logits = tf.nn.xw_plus_b(tf.concat(0, outputs), w, b)
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, tf.concat(0, train_labels_)))
    global_step = tf.Variable(0)
    learning_rate = tf.train.exponential_decay(10.0, global_step, 5000, 0.1, staircase=True)
    optimizer = tf.train.GradientDescentOptimizer(learning_rate)
    gradients, v = zip(*optimizer.compute_gradients(loss))
    gradients, _ = tf.clip_by_global_norm(gradients, 1.25)
    optimizer = optimizer.apply_gradients(zip(gradients, v), global_step=global_step)
    train_prediction = tf.nn.softmax(logits)
    sample_input = tf.placeholder(tf.float32, shape=[1, vs])
    sso = tf.Variable(tf.zeros([1, num_nodes]))
    sss = tf.Variable(tf.zeros([1, num_nodes]))
    reset_sample_state = tf.group(sso.assign(tf.zeros([1, num_nodes])), sss.assign(tf.zeros([1, num_nodes])))
    so, ss = lstm_cell(sample_input, sso, sss)
    with tf.control_dependencies([sso.assign(so), sss.assign(ss)]):
        sample_prediction = tf.nn.softmax(tf.nn.xw_plus_b(so, w, b))
with tf.Session(graph=graph) as session:
    tf.initialize_all_variables().run()
    for step in range(30):
        ids = rs.randint(0, 27, (num_unrollings + 1, bs))
        feed = {train_data[i]: np.eye(27, dtype=np.float32)[ids[i]] for i in range(num_unrollings + 1)}
        _, l, p, lr = session.run([optimizer, loss, train_prediction, learning_rate], feed_dict=feed)
    print(l, lr, np.abs(saved_output.eval()).sum() > 0)
    feed = np.eye(27)[[3]]
    reset_sample_state.run()
    a = sample_prediction.eval({sample_input: feed})
    b2 = sample_prediction.eval({sample_input: feed})
    print(np.abs(a - b2).max() > 0)
    reset_sample_state.run()
    c = sample_prediction.eval({sample_input: feed})
    assert np.allclose(a, c)
