"""Graphs saved by one process and taken in by another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from thalweg.compat.tf1 import graph_files
from thalweg.errors import DataError

Run = Callable[..., Any]

MADE = """
import numpy as np
import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 6, 3], name="x")
y = tf.placeholder(tf.int64, [None], name="y")
training = tf.placeholder_with_default(False, [], name="training")
outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(5), x, dtype=tf.float32)
h = tf.layers.dense(outputs[:, -1], 8, activation=tf.nn.relu, name="fc")
h = tf.layers.batch_normalization(h, training=training)
h = tf.layers.conv2d(tf.reshape(h, [-1, 8, 1, 1]), 4, [3, 1], padding="same")
h = tf.layers.flatten(tf.layers.max_pooling2d(h, [2, 1], [2, 1]))
logits = tf.layers.dense(h, 3)
prob = tf.nn.softmax(logits, name="prob")
loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
step = tf.Variable(0, trainable=False, name="step")
rate = tf.train.exponential_decay(0.01, step, 10, 0.9)
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    train = tf.train.AdamOptimizer(rate).minimize(loss, global_step=step)
_, total = tf.while_loop(lambda k, s: k < 5, lambda k, s: [k + 1, s + tf.reduce_sum(x)], [0, 0.0])
tf.identity(total, name="total")
tf.py_func(lambda a: 2 * a, [prob], tf.float32, name="doubled")
tf.constant("hi", name="greeting")
for key, thing in (("outputs", prob), ("train", train), ("note", "read me")):
    tf.add_to_collection(key, thing)

rng = np.random.RandomState(0)
data = {x: rng.randn(20, 6, 3), y: rng.randint(0, 3, 20), training: True}
saver = tf.train.Saver()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(3):
        sess.run(train, data)
    saver.save(sess, "./model", global_step=step)
    before = sess.run([prob, total], {x: data[x]})
    for _ in range(3):
        sess.run(train, data)
    np.savez("seen.npz", *before, *sess.run([prob, step], {x: data[x]}))
"""

TAKEN = """
import numpy as np
import tensorflow as tf

seen = np.load("seen.npz")
with tf.Session() as sess:
    saver = tf.train.import_meta_graph("./model-3.meta")
    saver.restore(sess, tf.train.latest_checkpoint("."))
    graph = tf.get_default_graph()
    x, y, training = (graph.get_tensor_by_name(n) for n in ("x:0", "y:0", "training:0"))
    rng = np.random.RandomState(0)
    data = {x: rng.randn(20, 6, 3), y: rng.randint(0, 3, 20), training: True}
    (prob,), (train,) = tf.get_collection("outputs"), tf.get_collection("train")
    assert all(map(np.array_equal, sess.run([prob, "total:0"], {x: data[x]}), [seen["arr_0"], seen["arr_1"]]))
    for _ in range(3):
        sess.run(train, data)
    assert all(map(np.array_equal, sess.run([prob, "step:0"], {x: data[x]}), [seen["arr_2"], seen["arr_3"]]))
    print(tf.get_collection("note"), sess.run("greeting:0"), [v.name for v in tf.trainable_variables()][:2])
    doubled = graph.get_tensor_by_name("doubled:0")
    doubled.set_shape([None, 3])
    more = tf.layers.dense(doubled, 2, name="more")  # goes on from what was taken in
    sess.run(tf.variables_initializer(tf.global_variables("more")))
    print(sess.run(more, {doubled: np.ones((4, 3))}).shape)
    try:
        sess.run(more, {x: data[x]})
    except Exception as error:
        print("Python made it" in str(error))
    sess.run(tf.global_variables_initializer())
    print(sess.run("step:0"))
"""


def test_a_graph_goes_on_in_another_process(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    for name, text in (("made.py", MADE), ("taken.py", TAKEN)):
        (tmp_path / name).write_text(text)
        done = thalweg_run(tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "['read me'] b'hi' ['rnn/lstm_cell/kernel:0', 'rnn/lstm_cell/bias:0']",
        "(4, 2)",
        "True",
        "0",
    ]


def text_of(change: Any = None) -> str:
    with tf.Graph().as_default() as graph:
        tf.get_variable("v", [2], initializer=tf.constant_initializer([1.0, 2.0]))
        tf.multiply(tf.placeholder(tf.float32, [2], name="x"), 3.0, name="y")
        held = json.loads(graph_files.to_text(graph))
    if change is not None:
        change(held)
    return json.dumps(held)


def test_what_is_taken_in_does_not_write_over_what_is_there() -> None:
    with tf.Graph().as_default() as graph:
        graph_files.from_text(text_of(), graph)
        with pytest.raises(ValueError, match="has a node named 'v"):
            graph_files.from_text(text_of(), graph)
        assert tf.ones([], name="y").name == "y_1:0"
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            np.testing.assert_array_equal(session.run(["v:0", "y:0"], {"x:0": [1, 2]}), [[1, 2], [3, 6]])


def rename_an_op(held: Any) -> None:
    next(e for e in held["expressions"] if e["kind"] == "op")["op"] = "os.system"


def spoil_a_length(held: Any) -> None:
    next(e for e in held["expressions"] if e["kind"] == "placeholder")["spec"][0] = [3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("graph", "no JSON"),
        ("[]", "not written by this library"),
        (text_of(rename_an_op), "there is no operation 'os.system'"),
        (text_of(lambda held: held["expressions"][0].update(kind="magic")), "no leaf of the kind 'magic'"),
    ],
)
def test_a_file_that_is_none_of_ours_is_refused(text: str, message: str) -> None:
    with tf.Graph().as_default() as graph, pytest.raises(DataError, match=message):
        graph_files.from_text(text, graph)


def test_shapes_follow_from_what_nodes_are_made_of() -> None:
    with tf.Graph().as_default() as graph:
        graph_files.from_text(text_of(spoil_a_length), graph)
        assert graph.get_tensor_by_name("y:0").shape.as_list() == [3]


def test_a_missing_file_and_a_scope_are_said() -> None:
    with pytest.raises(OSError, match=r"nothing\.meta does not exist"):
        tf.train.import_meta_graph("nothing.meta")
    with pytest.raises(NotImplementedError, match="import_scope"):
        tf.train.import_meta_graph("nothing.meta", import_scope="a")
