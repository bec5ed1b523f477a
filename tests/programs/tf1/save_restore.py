"""Save in one process, restore in another: the program calls itself."""

import os
import subprocess
import sys
import tempfile

import numpy as np
import tensorflow as tf

folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
w = tf.Variable(tf.random_normal([3, 4]), name="w")
b = tf.Variable(tf.zeros([4]), name="b")
global_step = tf.Variable(0, name="global_step", trainable=False)
increment = tf.assign_add(global_step, 1)
saver = tf.train.Saver(max_to_keep=2)
with tf.Session() as sess:
    checkpoint = tf.train.get_checkpoint_state(folder)
    if checkpoint and checkpoint.model_checkpoint_path:
        saver.restore(sess, checkpoint.model_checkpoint_path)
        np.testing.assert_array_equal(sess.run(w), np.load(os.path.join(folder, "w.npy")))
        assert global_step.eval() == 3
        print("restored", checkpoint.model_checkpoint_path)
        sys.exit(0)
    sess.run(tf.initialize_all_variables())
    np.save(os.path.join(folder, "w.npy"), w.eval())
    for _ in range(3):
        sess.run(increment)
        path = saver.save(sess, os.path.join(folder, "model.ckpt"), global_step=global_step)
    assert path.endswith("model.ckpt-3") and path == tf.train.latest_checkpoint(folder)
    assert not tf.train.checkpoint_exists(os.path.join(folder, "model.ckpt-1"))
    sess.run(w.assign(tf.zeros([3, 4])))
    saver.restore(sess, path)
    assert sess.run(w).any()
if len(sys.argv) == 1:
    again = subprocess.run([sys.executable, "-m", "thalweg", "run", os.path.abspath(__file__), folder])
    assert again.returncode == 0
