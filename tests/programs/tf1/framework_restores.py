"""Variables found by scope and pattern, and begun with or given the values of a checkpoint or of arrays."""

import numpy as np
import tensorflow as tf

framework = tf.contrib.framework
slim = tf.contrib.slim


def network(scope):
    with tf.variable_scope(scope):
        for name in ("conv1", "conv2", "logits"):
            with tf.variable_scope(name):
                tf.get_variable("weights", [2, 3])
                tf.get_variable("biases", [3], initializer=tf.zeros_initializer())


network("old")
tf.get_variable("step", [], tf.int32, tf.zeros_initializer(), trainable=False)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    first = {v.op.name: sess.run(v) for v in tf.global_variables()}
    path = tf.train.Saver().save(sess, "./old.ckpt")

# By scope, name, suffix, pattern.
every = tf.global_variables()
assert framework.get_variables("old/conv1") == every[:2] == slim.get_variables("old/conv1")
assert [v.op.name for v in framework.get_variables(suffix="biases")] == [v.op.name for v in every[1:6:2]]
assert framework.get_variables_by_name("weights", scope="old/conv2") == [every[2]]
assert framework.get_variables_by_suffix("weights") == every[0:6:2]
assert framework.get_unique_variable("old/logits/biases") is every[5]
assert framework.get_trainable_variables() == every[:6]
kept = slim.get_variables_to_restore(exclude=["old/logits", "step"])
assert kept == every[:4] and slim.get_variables_to_restore(include=["step", "old/conv2"]) == [
    every[6],
    *every[2:4],
]
assert framework.filter_variables(every, ["conv", "step"], ["biases"]) == [every[0], every[2], every[6]]
framework.add_model_variable(every[0])
assert framework.get_model_variables() == [every[0]]

# A checkpoint's values instead of first ones: by scope, by name, by variable, from a folder.
tf.reset_default_graph()
network("new")
mine = tf.get_variable("mine", [3])
tf.train.init_from_checkpoint("./old.ckpt", {"old/": "new/"})
tf.train.init_from_checkpoint(".", {"old/conv1/biases": "mine"})
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for v in tf.global_variables()[:6]:
        assert np.array_equal(sess.run(v), first[v.op.name.replace("new", "old")])
    assert not sess.run(mine).any()
    sess.run(mine.assign([1, 2, 3]))
    sess.run(mine.initializer)
    assert not sess.run(mine).any()
for wrong, word in (({"nothing": mine}, "not found"), ({"old/conv1/weights": mine}, "shape")):
    try:
        tf.train.init_from_checkpoint("./old.ckpt", wrong)
        raise SystemExit("it was accepted")
    except ValueError as error:
        assert word in str(error).lower(), error

# Given in a session: as an operation with its feed, as a function, without what the checkpoint does not have.
tf.reset_default_graph()
network("old")
extra = tf.get_variable("extra", [2], initializer=tf.ones_initializer())
load, feed = slim.assign_from_checkpoint("./old.ckpt", slim.get_variables_to_restore(exclude=["extra"]))
restore = slim.assign_from_checkpoint_fn("./old.ckpt", slim.get_variables(), ignore_missing_vars=True)
assert slim.assign_from_checkpoint_fn("./old.ckpt", [extra], ignore_missing_vars=True) is None
with tf.Session() as sess:
    for way in (lambda: sess.run(load, feed), lambda: restore(sess)):
        sess.run(tf.global_variables_initializer())
        assert not np.array_equal(
            sess.run(framework.get_unique_variable("old/conv1/weights")), first["old/conv1/weights"]
        )
        way()
        for name, value in first.items():
            assert name == "step" or np.array_equal(sess.run(framework.get_unique_variable(name)), value)
        assert sess.run(extra).tolist() == [1, 1]
    framework.assign_from_values_fn({"extra": np.array([5, 6], np.float32)})(sess)
    assert sess.run(extra).tolist() == [5, 6]
assert framework.load_checkpoint(".").get_variable_to_shape_map()["old/conv1/weights"] == [2, 3]
assert dict(framework.list_variables("./old.ckpt"))["step"] == []
