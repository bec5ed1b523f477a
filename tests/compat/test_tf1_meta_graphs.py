"""Graphs saved by one process and taken in by another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from thalweg.compat.tf1 import graph_files, meta
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
        "[b'read me'] b'hi' ['rnn/lstm_cell/kernel:0', 'rnn/lstm_cell/bias:0']",
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
        with pytest.raises(ValueError, match="there is a node named 'v"):
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


def test_a_missing_file_is_said() -> None:
    with pytest.raises(OSError, match=r"nothing\.meta does not exist"):
        tf.train.import_meta_graph("nothing.meta")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_meta_graph_under_a_scope(tmp_path: Path, elsewhere: bool) -> None:
    pytest.importorskip("safetensors")
    path = str(tmp_path / "model")
    with tf.Graph().as_default(), tf.Session() as session:
        v = tf.get_variable("v", [2], initializer=tf.constant_initializer([1.0, 2.0]))
        tf.add_to_collection("out", tf.multiply(v, tf.placeholder(tf.float32, [2], name="x"), name="y"))
        session.run(tf.global_variables_initializer())
        session.run(v.assign([3.0, 4.0]))
        tf.train.Saver().save(session, path)
    if elsewhere:
        meta._saved.pop(f"{path}.meta")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("v", [2])
        x = tf.constant(1.0, name="x")
        savers = [tf.train.import_meta_graph(f"{path}.meta", import_scope=s) for s in ("a", "b")]
        savers[1].restore(session, path)
        session.run("a/v/Assign")
        assert [v.name for v in tf.global_variables()] == ["v:0", "a/v:0", "b/v:0"]
        first, second = tf.get_collection("out")
        assert (first.name, second.name, x.name) == ("a/y:0", "b/y:0", "x:0")
        values = session.run([first, second], {"a/x:0": [1.0, 1.0], "b/x:0": [2.0, 2.0]})
        np.testing.assert_array_equal(values, [[1.0, 2.0], [6.0, 8.0]])


def line() -> tf.GraphDef:
    """y = v x + 1, with v = [1, 2]."""
    with tf.Graph().as_default() as graph:
        v = tf.Variable([1.0, 2.0], name="v")
        tf.add(v * tf.placeholder(tf.float32, [2], name="x"), 1.0, name="y")
        tf.constant(5.0, name="beside")
        return graph.as_graph_def()


def test_a_graph_is_imported_with_others_in_place_of_its_nodes() -> None:
    definition = line()
    assert ("y", "Add", ["mul", "y/y"]) in [
        (n.name, n.op, n.input) for n in definition.node
    ] or definition.node[-1].name == "beside"
    with tf.Graph().as_default() as graph, tf.Session() as session:
        assert tf.import_graph_def(definition) is None
        tf.import_graph_def(definition)
        y, op = tf.import_graph_def(definition, {"x:0": tf.constant([5.0, 6.0])}, ["y:0", "x"], name="m")
        assert (y.name, op.name) == ("m/y:0", "m/x") and "import_1/y" in {
            o.name for o in graph.get_operations()
        }
        assert tf.global_variables() == []
        session.run(["import/v/Assign", "m/v/Assign"])
        np.testing.assert_array_equal(session.run(y), [6.0, 13.0])
        np.testing.assert_array_equal(session.run("import/y:0", {"import/x:0": [1.0, 1.0]}), [2.0, 3.0])
        with pytest.raises(ValueError, match=r"not found in graph_def: \[z:0\]"):
            tf.import_graph_def(definition, {"z:0": y})
        with pytest.raises(ValueError, match="incompatible with expected float32"):
            tf.import_graph_def(definition, {"x:0": tf.constant([1, 2])})


def test_a_frozen_graph_needs_no_variables(tmp_path: Path) -> None:
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.import_graph_def(line(), name="")
        session.run("v/Assign")
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
    names = [node.name for node in frozen.node]
    assert {"x", "y", "v"} <= set(names) and not {"beside", "v/Assign"} & set(names)
    path = tf.train.write_graph(frozen, str(tmp_path), "frozen.pb", as_text=False)
    read = tf.GraphDef()
    with tf.gfile.GFile(path, "rb") as file:
        read.ParseFromString(file.read())
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(read, name="p")
        np.testing.assert_array_equal(session.run("p/y:0", {"p/x:0": [3.0, 4.0]}), [4.0, 9.0])
    with pytest.raises(DataError, match="these bytes are no graph"):
        read.ParseFromString(b"\n\xff\x80")


def test_a_graph_is_frozen_with_the_values_of_a_checkpoint(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(line(), name="")
        v = tf.get_default_graph().get_tensor_by_name("v:0")
        session.run(v.assign([7.0, 8.0]))
        path = tf.train.Saver([v]).save(session, str(tmp_path / "values"))
    tf.train.write_graph(line(), str(tmp_path), "graph.pbtxt")
    made = tf.python.tools.freeze_graph.freeze_graph(
        str(tmp_path / "graph.pbtxt"), "", False, path, "y", "", "", str(tmp_path / "out.pb"), True, ""
    )
    with tf.Graph().as_default(), tf.Session() as session:
        (y,) = tf.import_graph_def(made, {"x:0": tf.ones([2])}, ["y:0"])
        np.testing.assert_array_equal(session.run(y), [8.0, 9.0])


# What written_by_tensorflow.pb computes of PICTURES, by TensorFlow 2.21, which wrote it: a small network of
# convolutions, pooling, normalisation, halves, reshaped, gathered and tiled rows.
PICTURES = np.linspace(-1, 1, 2 * 8 * 8 * 3).reshape(2, 8, 8, 3) ** 3
SOFTMAX = [
    [0.022587, 0.008062, 0.013371, 0.434018, 0.521962],
    [0.029377, 0.015724, 0.028585, 0.341796, 0.584518],
]
MIXED = [
    [-0.865922, -0.95214, -0.920629, 0.972831, 1.063442],
    [-0.845253, -0.917172, -0.849422, 0.766841, 1.060480],
]
SLOPES = [-0.011039, -0.123991, 0.011532, 0.017097]


def written_by_tensorflow() -> tf.GraphDef:
    read = tf.GraphDef()
    read.ParseFromString((Path(__file__).parent / "written_by_tensorflow.pb").read_bytes())
    return read


def test_a_graph_that_tensorflow_wrote_computes_the_same() -> None:
    definition = written_by_tensorflow()
    convolution = next(node for node in definition.node if node.op == "Conv2D")
    assert (convolution.name, convolution.attr["padding"].s) == ("conv/Conv2D", b"VALID")
    assert convolution.attr["strides"].list.i == [1, 2, 2, 1]
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 8, 8, 3])
        names = ["softmax:0", "class:0", "mixed:0", "logits:0"]
        y, best, mixed, logits = tf.import_graph_def(definition, {"input": x}, names, name="net")
        slopes = tf.gradients(tf.reduce_sum(logits[:, 1]), x)[0]
        found = session.run([y, best, mixed, slopes], {x: PICTURES})
        expected: list[Any] = [SOFTMAX, [4.0, 4.0], MIXED]
        for values, wanted in zip(found, expected, strict=False):
            np.testing.assert_allclose(values, wanted, atol=2e-6)
        np.testing.assert_allclose(found[3].ravel()[[0, 100, 200, 300]], SLOPES, atol=2e-6)
        np.testing.assert_allclose(np.abs(found[3]).sum(), 22.393157, rtol=1e-5)
        assert [op.name for op in graph.get_operations() if op.type == "Conv2D"] == ["net/conv/Conv2D"]
        assert graph.get_tensor_by_name("net/halves:1").shape.as_list() == [None, 2, 2, 8]
        assert graph.get_operation_by_name("net/conv").inputs[0].name == "net/conv/BiasAdd:0"
        with pytest.raises(ValueError, match="a node named 'net/"):
            tf.import_graph_def(definition, name="net/")
        with pytest.raises(ValueError, match=r"not found in graph_def: \[z:0\]"):
            tf.import_graph_def(definition, {"z": x})
        with pytest.raises(ValueError, match="was passed int32, incompatible with expected float32"):
            tf.import_graph_def(definition, {"input:0": tf.cast(x, tf.int32)})
    with tf.Graph().as_default(), tf.Session() as session:  # with the placeholder of its own
        tf.import_graph_def(definition, name="")
        np.testing.assert_allclose(session.run("softmax:0", {"input:0": PICTURES}), SOFTMAX, atol=2e-6)


def test_a_gathering_of_a_file_keeps_its_batch() -> None:
    with tf.Graph().as_default() as graph:
        tf.gather(tf.placeholder(tf.float32, [2, 3], "x"), tf.constant([[2], [0]]), name="y")
        tf.constant(1, name="axis")
        definition = written_by_tensorflow()
        del definition.node[:]
        definition.node.extend(graph.as_graph_def().node)
    (node,) = [n for n in definition.node if n.op == "GatherV2"]
    node.input.append("axis")
    node.attr["batch_dims"].i = 1
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(definition, name="")
        assert session.run("y:0", {"x:0": [[1, 2, 3], [4, 5, 6]]}).tolist() == [[3], [4]]


def test_what_a_graph_of_tensorflow_has_that_is_not_made_is_named() -> None:
    definition = written_by_tensorflow()
    definition.node.add(name="queue", op="Enqueue")
    definition.node.add(name="other", op="Unheard")
    with (
        tf.Graph().as_default(),
        pytest.raises(NotImplementedError, match="not made here: Enqueue, Unheard;"),
    ):
        tf.import_graph_def(definition)
    del definition.node[-2:]
    definition.node.add(name="last", op="Relu", input=["nowhere"])
    with (
        tf.Graph().as_default(),
        pytest.raises(ValueError, match="no node 'nowhere', of which 'last' is made"),
    ):
        tf.import_graph_def(definition)
    definition.node[-1].input[:] = ["last"]
    with tf.Graph().as_default(), pytest.raises(NotImplementedError, match="'last' is part of a loop"):
        tf.import_graph_def(definition)
    whole = (Path(__file__).parent / "written_by_tensorflow.pb").read_bytes()
    with pytest.raises(DataError, match="no graph: the message ends"):
        tf.GraphDef().ParseFromString(whole[:-20])


def test_a_new_layer_learns_on_top_of_a_network_that_was_written() -> None:
    with tf.Graph().as_default():
        (rows,) = tf.import_graph_def(written_by_tensorflow(), None, ["squeezed:0"], name="")
        x = tf.placeholder_with_default(rows, [None, 8], name="rows")
        w = tf.Variable(tf.zeros([8, 1]))
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w) - 1.0))
        step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            kept = session.run(rows, {"input:0": PICTURES})
            losses = [session.run([loss, step], {x: kept[[0, 1, 0]]})[0] for _ in range(50)]
            assert losses[0] == 1.0 and losses[-1] < 0.5 * losses[0]
            np.testing.assert_allclose(
                session.run(loss, {"input:0": PICTURES[[0, 1, 0]]}),
                session.run(loss, {x: kept[[0, 1, 0]]}),
                rtol=1e-5,
            )


# --- loops and choices in graphs that TensorFlow wrote ----------------------------------------------------------------


@pytest.mark.parametrize("way", [1, 2])  # as nodes, and as functions
def test_loops_and_choices_that_tensorflow_wrote(way: int) -> None:
    """Numbers by TensorFlow 2.21, which wrote the files."""
    read = tf.GraphDef()
    read.ParseFromString((Path(__file__).parent / f"loops_by_tensorflow{way}.pb").read_bytes())
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(read, name="")
        names = ["looped:0", "turns:0", "mapped:0", "nested:0", "chosen:0"]
        feed: dict[str, Any] = {"x:0": np.array([[1.5, 2, 3], [4, 5, 6]]), "p:0": False}
        found = [x.tolist() for x in session.run(names, feed)]
        assert found == [
            [[1.96875, 2.0, 1.33984375], [2.125, 2.1875, 1.3515625]], 4, [[9.75, 13, 19.5], [60, 75, 90]], 47.5,
            [[0, 0, 0]],
        ]  # fmt: skip
        assert session.run("chosen:0", {**feed, "p:0": True}).tolist() == [[3, 4, 6], [8, 10, 12]]


def test_where_v2_stretches_its_condition() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.reshape(tf.range(9), [3, 3])
        by_column = session.run(tf.where_v2([True, False, True], x, -x))
        assert by_column.tolist() == [[0, -1, 2], [3, -4, 5], [6, -7, 8]]
        assert session.run(tf.where([True, False, True], x, -x)).tolist() == [
            [0, 1, 2],
            [-3, -4, -5],
            [6, 7, 8],
        ]
