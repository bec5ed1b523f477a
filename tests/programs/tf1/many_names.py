"""Many names in small: each function is one use that old programs have."""

import numpy as np
import tensorflow as tf

slim = tf.contrib.slim


def t_slim():
    x = tf.placeholder(tf.float32, [None, 8, 8, 3])
    with slim.arg_scope([slim.conv2d], activation_fn=tf.nn.relu, padding="VALID"):
        n = slim.conv2d(x, 4, [3, 3], scope="c1")
        n = slim.max_pool2d(n, [2, 2])
        n = slim.flatten(n)
        n = slim.fully_connected(n, 2, activation_fn=None)
    with tf.Session() as s:
        s.run(tf.global_variables_initializer())
        assert s.run(n, {x: np.zeros((2, 8, 8, 3))}).shape == (2, 2)


def t_tile():
    x = tf.placeholder(tf.float32, [None, 3])
    b = tf.shape(x)[0]
    v = tf.constant([[1.0, 2.0]])
    y = tf.tile(v, [b, 1])
    z = tf.tile(tf.expand_dims(v, 0), tf.stack([b, 1, 1]))
    with tf.Session() as s:
        a, c = s.run([y, z], {x: np.zeros((4, 3))})
        assert a.shape == (4, 2) and c.shape == (4, 1, 2)


def t_deconv():
    x = tf.placeholder(tf.float32, [None, 4, 4, 2])
    w = tf.Variable(tf.random_normal([3, 3, 5, 2]))
    y = tf.nn.conv2d_transpose(x, w, [tf.shape(x)[0], 8, 8, 5], [1, 2, 2, 1])
    y2 = tf.nn.conv2d_transpose(tf.zeros([2, 4, 4, 2]), w, [2, 8, 8, 5], [1, 2, 2, 1], padding="SAME")
    with tf.Session() as s:
        s.run(tf.global_variables_initializer())
        assert s.run(y, {x: np.zeros((3, 4, 4, 2))}).shape == (3, 8, 8, 5)
        assert s.run(y2).shape == (2, 8, 8, 5)


def t_print():
    x = tf.constant([1.0, 2.0])
    y = tf.Print(x, [x], "x: ")
    with tf.control_dependencies([tf.Assert(tf.reduce_all(x > 0), [x])]):
        z = tf.identity(y)
    with tf.Session() as s:
        assert s.run(z).tolist() == [1, 2]


def t_scan():
    y = tf.scan(lambda a, x: a + x, tf.constant([1.0, 2.0, 3.0]))
    m = tf.map_fn(lambda x: x * x, tf.constant([1.0, 2.0]))
    with tf.Session() as s:
        assert s.run(y).tolist() == [1, 3, 6]
        assert s.run(m).tolist() == [1, 4]


def t_pwd():
    x = tf.placeholder_with_default(1.0, [])
    with tf.Session() as s:
        assert s.run(x * 2) == 2 and s.run(x * 2, {x: 3.0}) == 6


def t_monitored():
    gs = tf.train.get_or_create_global_step()
    w = tf.Variable(3.0)
    op = tf.train.GradientDescentOptimizer(0.1).minimize(w * w, global_step=gs)
    n = 0
    with tf.train.MonitoredTrainingSession(hooks=[tf.train.StopAtStepHook(last_step=5)]) as s:
        while not s.should_stop():
            s.run(op)
            n += 1
    assert n == 5, n


def t_sampled():
    w = tf.Variable(tf.random_normal([20, 4]))
    b = tf.Variable(tf.zeros([20]))
    l = tf.nn.sampled_softmax_loss(
        w, b, labels=tf.constant([[1], [2]]), inputs=tf.ones([2, 4]), num_sampled=5, num_classes=20
    )
    g = tf.gradients(l, [w, b])
    with tf.Session() as s:
        s.run(tf.global_variables_initializer())
        assert s.run(l).shape == (2,)
        s.run(g)


def t_zero_state():
    n = tf.placeholder(tf.int32, [])
    x = tf.placeholder(tf.float32, [None, 5, 3])
    cell = tf.contrib.rnn.MultiRNNCell([tf.contrib.rnn.LSTMCell(4) for _ in range(2)])
    st = cell.zero_state(n, tf.float32)
    o, _ = tf.nn.dynamic_rnn(cell, x, initial_state=st)
    with tf.Session() as s:
        s.run(tf.global_variables_initializer())
        assert s.run(o, {x: np.zeros((2, 5, 3)), n: 2}).shape == (2, 5, 4)


def t_image():
    x = tf.placeholder(tf.float32, [None, 4, 4, 1])
    y = tf.image.resize_images(x, [8, 8])
    with tf.Session() as s:
        assert s.run(y, {x: np.ones((2, 4, 4, 1))}).shape == (2, 8, 8, 1)


def t_dec():
    q = tf.train.slice_input_producer([np.arange(6), np.arange(6) * 2.0], shuffle=False)
    a, b = tf.train.batch(q, 2)
    with tf.Session() as s:
        s.run(tf.local_variables_initializer())
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(s, coordinator)
        assert s.run([a, b])[0].tolist() == [0, 1]
        coordinator.request_stop()
        coordinator.join(threads)


def t_getitem():
    x = tf.placeholder(tf.float32, [None, 5, 3])
    y = x[:, -1, :]
    z = x[:, tf.constant(1)]
    v = tf.Variable(np.arange(6.0).reshape(2, 3))
    with tf.Session() as s:
        s.run(tf.global_variables_initializer())
        assert s.run([y, z, v[0]], {x: np.zeros((2, 5, 3))})[2].tolist() == [0, 1, 2]


def t_mask():
    x = tf.placeholder(tf.float32, [None])
    y = tf.boolean_mask(x, x > 0)
    u, i = tf.unique(tf.constant([3, 3, 1]))
    with tf.Session() as s:
        assert s.run(y, {x: [1, -1, 2]}).tolist() == [1, 2]
        assert s.run(u).tolist() == [3, 1]


for name, use in list(globals().items()):
    if name.startswith("t_"):
        with tf.Graph().as_default():
            use()
