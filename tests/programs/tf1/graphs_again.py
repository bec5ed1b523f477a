"""A graph written out and read back in the same program, and values assigned by feeding what Assign reads."""

import numpy as np
import tensorflow as tf

data = np.random.RandomState(0).randn(40, 3).astype(np.float32)
wanted = data @ np.float32([[1.0], [-2.0], [0.5]])
with tf.Graph().as_default() as graph:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.placeholder(tf.float32, [None, 1], name="y")
    w = tf.Variable(tf.zeros([3, 1]), name="w")
    guess = tf.matmul(x, w, name="guess")
    cost = tf.reduce_mean(tf.square(guess - y), name="cost")
    train = tf.train.GradientDescentOptimizer(0.2).minimize(cost, name="train")
    tf.add_to_collection("outputs", guess)
    saver = tf.train.Saver()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(20):
            sess.run(train, {x: data, y: wanted})
        halfway = sess.run(cost, {x: data, y: wanted})
        path = saver.save(sess, "./half", global_step=20)

with tf.Graph().as_default() as graph:
    saver = tf.train.import_meta_graph(path + ".meta")
    with tf.Session() as sess:
        saver.restore(sess, tf.train.latest_checkpoint("./"))
        feed = {"x:0": data, "y:0": wanted}
        assert np.isclose(sess.run("cost:0", feed), halfway)
        assert tf.get_collection("outputs")[0].name == "guess:0"
        train = graph.get_operation_by_name("train")
        for _ in range(100):
            sess.run(train, feed)
        finished = sess.run(graph.get_tensor_by_name("cost:0"), feed)
        # Values kept and put back through the second input of each variable's Assign.
        variables = tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)
        kept = {v.op.name: value for v, value in zip(variables, sess.run(variables))}
        sess.run(tf.global_variables_initializer())
        assert sess.run("cost:0", feed) > finished
        assigns = {name: graph.get_operation_by_name(name + "/Assign") for name in kept}
        places = {name: op.inputs[1] for name, op in assigns.items()}
        sess.run(list(assigns.values()), feed_dict={places[name]: kept[name] for name in kept})
        assert np.isclose(sess.run("cost:0", feed), finished)
print(halfway, finished)
assert finished < halfway and finished < 1e-3
