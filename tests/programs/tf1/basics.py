"""The first chapter of every book: constants, variables, counters, feeds, control flow, gradients, several graphs."""

import numpy as np
import tensorflow as tf

hello = tf.constant("Hello, TensorFlow!")
with tf.Session() as sess:
    assert sess.run(hello) == b"Hello, TensorFlow!"
    a, b = tf.constant(2), tf.constant(3)
    assert sess.run(a + b) == 5 and sess.run(a * b) == 6
matrix1, matrix2 = tf.constant([[3.0, 3.0]]), tf.constant([[2.0], [2.0]])
with tf.Session() as sess:
    assert sess.run(tf.matmul(matrix1, matrix2)) == [[12.0]]
state = tf.Variable(0, name="counter")
update = tf.assign(state, tf.add(state, tf.constant(1)))
with tf.Session() as sess:
    sess.run(tf.initialize_all_variables())
    assert [sess.run(update) for _ in range(3)] == [1, 2, 3] and sess.run(state) == 3
x = tf.constant(3.0)
y = x**2 + 2 * x
assert str(y).startswith('Tensor("')
with tf.Session():
    assert tf.gradients(y, x)[0].eval() == 8.0
    assert tf.gradients(y, tf.constant(1.0)) == [None]
i, total = tf.while_loop(lambda i, t: i < 5, lambda i, t: [i + 1, t + i], [tf.constant(0), tf.constant(0)])
p = tf.placeholder(tf.float32, [])
choice = tf.cond(p > 1.0, lambda: p * 2, lambda: p - 1)
with tf.Session() as sess:
    assert sess.run([total, choice], {p: 3.0}) == [10, 6.0] and choice.eval({p: 0.0}) == -1.0
v = tf.Variable(1.0, name="v")
with tf.control_dependencies([v.assign_add(1.0)]):
    after = v.read_value() * 10
late = tf.global_variables_initializer()
w = tf.Variable(5.0, name="too_late")
with tf.Session() as sess:
    sess.run(late)
    assert sess.run(after) == 20.0
    try:
        sess.run(w)
        raise SystemExit("the late variable was read")
    except tf.errors.FailedPreconditionError as e:
        assert "too_late" in str(e)
first = tf.Graph()
with first.as_default():
    c = tf.constant(7.0, name="c")
    with tf.variable_scope("s") as scope:
        u = tf.get_variable("u", [2, 2], initializer=tf.ones_initializer())
        scope.reuse_variables()
        assert tf.get_variable("u", [2, 2]) is u and u.name == "s/u:0"
assert c.graph is first and tf.get_default_graph() is not first
with tf.Session(graph=first) as sess:
    assert sess.run("c:0") == 7.0 and sess.graph is first
try:
    tf.get_variable("once", [1])
    tf.get_variable("once", [1])
    raise SystemExit("a name was taken twice")
except ValueError as e:
    assert "already exists" in str(e)
n = tf.placeholder(tf.int32, [])
z = tf.zeros([n, 3])
with tf.Session() as sess:
    assert sess.run(z, {n: 2}).shape == (2, 3) and sess.run(z, {n: 4}).shape == (4, 3)
    parts = tf.split(1, 3, tf.constant(np.arange(6.0).reshape(2, 3)))
    assert len(parts) == 3 and sess.run(parts[1]).tolist() == [[1.0], [4.0]]
    assert (
        sess.run(tf.concat(1, [parts[0], parts[2]])).tolist()
        == sess.run(tf.concat([parts[0], parts[2]], 1)).tolist()
    )
    assert sess.run(tf.pack([1, 2])).tolist() == [1, 2]
    assert sess.run({"k": (a, [b])}) == {"k": (2, [3])} if a.graph is tf.get_default_graph() else True
