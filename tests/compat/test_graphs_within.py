"""Graphs of TensorFlow 1 within programs of TensorFlow 2."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import programs, tf1, tf2
from thalweg.compat.run import check
from thalweg.compat.wrapped import frozen, wrap_function
from thalweg.errors import ArgumentError

WITHIN = """
import numpy as np
import tensorflow as tf
v1 = tf.compat.v1
w = tf.Variable([1.0, 2.0])
graph = tf.Graph()
with graph.as_default():
    print(tf.executing_eagerly())
    x = v1.placeholder(tf.float32, [None, 3], name="x")
    k = v1.get_variable("k", [3, 2], initializer=v1.constant_initializer(0.5))
    y = tf.matmul(x, k, name="y")
    step = v1.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.square(y - 1.0)))
    init = v1.global_variables_initializer()
    elements = v1.data.make_initializable_iterator(tf.data.Dataset.range(5).batch(2))
    part = elements.get_next()
    with v1.Session() as session:
        session.run(init)
        session.run(step, feed_dict={x: np.ones((2, 3), "float32")})
        print(np.round(session.run(k)[0].astype(float), 2).tolist())
print(tf.executing_eagerly(), (w * 2).numpy().tolist())
session = v1.Session(graph=graph)
session.run(init)
print(session.run("y:0", {"x:0": np.ones((1, 3))}).tolist())
session.run(elements.initializer)
seen = []
while True:
    try:
        seen += session.run(part).tolist()
    except tf.errors.OutOfRangeError:
        break
print(seen)
"""

MEANINGS = """
import numpy as np
import tensorflow as tf
{first}
x = tf.compat.v1.placeholder(tf.float32, [None, 4])
thinned = tf.nn.dropout(x, 0.9)
larger = tf.image.resize(tf.reshape(x, [-1, 2, 2, 1]), [4, 4])
chosen = tf.where([True, False, True, False], x, -x)
with tf.compat.v1.Session() as session:
    dropped = session.run(thinned, {{x: np.ones((1000, 4), "float32")}})
    print(round(float((dropped == 0).mean()), 1), dropped.max().round(1))
    print(session.run([larger, chosen], {{x: np.arange(4.0).reshape(1, 4)}})[0].ravel()[:4].tolist())
"""


def test_a_graph_within_a_program_of_tensors_with_values(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "within.py"
    program.write_text(WITHIN)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "False",
        "[0.45, 0.45]",
        "True [2.0, 4.0]",
        "[[1.5, 1.5]]",
        "[0, 1, 2, 3, 4]",
    ]


@pytest.mark.parametrize(
    "first",
    [
        "tf.compat.v1.disable_eager_execution()",
        "print(tf.constant(1).numpy())\ntf.compat.v1.disable_eager_execution()",
    ],
)
def test_names_of_the_second_generation_mean_the_same_in_graphs(
    first: str, thalweg_run: Run, tmp_path: Path
) -> None:
    program = tmp_path / "meanings.py"
    program.write_text(MEANINGS.format(first=first))
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["0.9 10.0", "[0.0, 0.25, 0.75, 1.0]"]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("tf.compat.v1.placeholder(1)\nwith tf.Graph().as_default(): pass\nx.numpy()\n", "tf2"),
        ("tf.compat.v1.placeholder(1)\nwith tf.Graph().as_default(): pass\n", "tf1"),
        ("tf.compat.v1.disable_eager_execution()\nx.numpy()\n", "tf1"),
        ("x.numpy()\ntf.compat.v1.disable_eager_execution()\n", "tf2"),
        ("v1 = tf.compat.v1\nv1.disable_eager_execution()\nx = v1.placeholder(1)\n", "tf1"),
        ("tf.compat.v1.wrap_function(f, [])\ntf.compat.v1.placeholder(1)\n", "tf2"),
    ],
)
def test_what_a_program_of_both_is_read_as(source: str, kind: str) -> None:
    assert programs.generation(ast.parse("import tensorflow as tf\n" + source)) == kind


def test_later_names_are_told_from_those_of_the_first_generation() -> None:
    text = "import tensorflow as tf\ntf.compat.v1.disable_eager_execution()\ntf.nn.dropout(x, 0.5)\n"
    assert programs.is_later(ast.parse(text))
    assert not programs.is_later(ast.parse(text + "tf.placeholder(1)\n"))
    assert not programs.is_later(ast.parse("import tensorflow.compat.v1 as tf\ntf.nn.dropout(x, 0.5)\n"))


def test_a_wrapped_function_has_variables_and_gradients() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        v = tf1.get_variable("v", initializer=2.0)
        w = tf1.get_variable("w", shape=[2], initializer=tf1.ones_initializer())
        return x * v + w

    g = wrap_function(f, [tf2.TensorSpec([None], "float32")])
    assert g(tf2.constant([1.0, 2.0])).numpy().tolist() == [3.0, 5.0]
    g.variables[0].assign(5.0)
    with tf2.GradientTape() as tape:
        loss = tf2.reduce_sum(g(tf2.constant([1.0, 2.0])))
    assert loss.numpy() == 17.0
    assert [d.numpy().tolist() for d in tape.gradient(loss, g.trainable_variables)] == [3.0, [1.0, 1.0]]


def test_a_wrapped_function_assigns_and_draws() -> None:
    def f(x):  # type: ignore[no-untyped-def]
        count = tf1.get_variable("count", initializer=0.0, trainable=False)
        with tf1.control_dependencies([tf1.assign_add(count, 1.0)]):
            return tf1.identity(x) + tf1.random_normal([2]), tf1.placeholder_with_default(3.0, [])

    g = wrap_function(f, [tf2.TensorSpec([2], "float32")])
    first, second = (g(tf2.zeros([2]))[0].numpy() for _ in range(2))
    assert g.variables[0].numpy() == 2.0 and not g.trainable_variables
    assert (first != second).all()
    assert g(tf2.zeros([2]))[1].numpy() == 3.0


def test_a_wrapped_graph_is_pruned_to_names() -> None:
    with tf1.Graph().as_default() as graph:
        a = tf1.placeholder("float32", [None], name="a")
        tf1.add(a, 3.0, name="b")
    wrapped = wrap_function(lambda: tf1.import_graph_def(graph.as_graph_def(), name=""), [])
    part = wrapped.prune("a:0", ["b:0"])
    assert part(tf2.constant([1.0]))[0].numpy().tolist() == [4.0]
    assert part(a=np.array([2.0], np.float32))[0].numpy().tolist() == [5.0]
    with pytest.raises(ArgumentError, match="a tensor for each input is needed"):
        part(b=1.0)


LAYERS = """
import numpy as np
import tensorflow as tf
v1 = tf.compat.v1
eager = tf.keras.layers.Dense(2, kernel_initializer="ones")
print(eager(tf.ones((1, 3))).numpy().tolist())

class Own(tf.keras.layers.Layer):
    def build(self, shape):
        self.w = self.add_weight(name="w", shape=(shape[-1], 3), initializer="ones")

    def call(self, x):
        return tf.nn.relu(tf.matmul(x, self.w))

with tf.Graph().as_default():
    x = v1.placeholder(tf.float32, [None, 4], name="x")
    own = Own()
    net = tf.keras.Sequential([
        tf.keras.layers.Dense(3, kernel_initializer="ones", kernel_regularizer=tf.keras.regularizers.l2(0.5)),
        tf.keras.layers.BatchNormalization(),
    ])
    y = tf.identity(own(x), name="y")
    z = net(x, training=True)
    loss = tf.reduce_sum(y)
    step = v1.train.AdamOptimizer(0.1).minimize(loss, var_list=own.trainable_variables)
    with v1.Session() as session:
        session.run(v1.global_variables_initializer())
        print(session.run([y, tf.add_n(net.losses)], {x: np.ones((1, 4))}))
        session.run(step, {x: np.ones((2, 4))})
        print(np.round(session.run(own.trainable_variables)[0][0].astype(float), 3).tolist(), y.shape.as_list())
        print(len(net.weights), len(v1.trainable_variables()), np.round(session.run(z, {x: np.eye(4)}), 3)[0].tolist())
        still = v1.graph_util.convert_variables_to_constants(session, session.graph_def, ["y"])
    states, last = tf.keras.layers.GRU(3, return_state=True)(v1.placeholder(tf.float32, [None, 5, 4]))
    print(states.shape.as_list(), last.shape.as_list())
wrapped = v1.wrap_function(lambda: v1.import_graph_def(still, name=""), [])
print(np.round(wrapped.prune(["x:0"], ["y:0"])(tf.ones((1, 4)))[0].numpy().astype(float), 3).tolist())
print(eager(tf.ones((1, 3))).numpy().tolist(), type(eager.weights[0].numpy()).__name__)
"""


def test_layers_of_keras_are_called_on_nodes(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "layers.py"
    program.write_text(LAYERS)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[[3.0, 3.0]]",
        "[array([[4., 4., 4.]], dtype=float32), 6.0]",
        "[0.9, 0.9, 0.9] [None, 3]",
        "6 5 [0.0, 0.0, 0.0]",
        "[None, 3] [None, 3]",
        "[[3.6, 3.6, 3.6]]",
        "[[3.0, 3.0]] ndarray",
    ]


FROZEN = """
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

model = tf.keras.Sequential([tf.keras.layers.Dense(3, kernel_initializer="ones", input_shape=(4,))])
whole = tf.function(lambda x: model(x))
whole = whole.get_concrete_function(x=tf.TensorSpec(model.inputs[0].shape, model.inputs[0].dtype))
still = convert_variables_to_constants_v2(whole)
print([op.name for op in still.graph.get_operations()][-1], still.inputs[0].name, still.outputs[0].name)
model.set_weights([w * 0 for w in model.get_weights()])
tf.io.write_graph(graph_or_graph_def=still.graph, logdir="made", name="still.pb", as_text=False)
with tf.io.gfile.GFile("made/still.pb", "rb") as file:
    graph_def = tf.compat.v1.GraphDef()
    graph_def.ParseFromString(file.read())

def read():
    tf.compat.v1.import_graph_def(graph_def, name="")

wrapped = tf.compat.v1.wrap_function(read, [])
pruned = wrapped.prune(
    tf.nest.map_structure(wrapped.graph.as_graph_element, ["x:0"]),
    tf.nest.map_structure(wrapped.graph.as_graph_element, ["Identity:0"]),
)
print(pruned(x=tf.ones((1, 4)))[0].numpy().tolist(), still(tf.ones((1, 4)))[0].numpy().tolist())
"""


def test_a_model_is_frozen_written_and_read(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "frozen.py"
    program.write_text(FROZEN)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Identity x:0 Identity:0", "[[4.0, 4.0, 4.0]] [[4.0, 4.0, 4.0]]"]


def test_a_wrapped_function_is_frozen() -> None:
    g = wrap_function(
        lambda x: x * tf1.get_variable("v", initializer=2.0) + 1.0, [tf2.TensorSpec([None], "float32")]
    )
    still = frozen(g)
    g.variables[0].assign(5.0)
    assert still(tf2.constant([1.0]))[0].numpy().tolist() == [3.0]
    assert not still.variables
    with pytest.raises(ArgumentError, match="get_concrete_function"):
        frozen(lambda x: x)


def test_a_check_knows_the_names_of_graphs(tmp_path: Path) -> None:
    program = tmp_path / "mixed.py"
    program.write_text(
        "import tensorflow as tf\n"
        "x = tf.constant(1.0).numpy()\n"
        "with tf.Graph().as_default():\n"
        "    tf.compat.v1.import_graph_def(tf.compat.v1.GraphDef(), name='')\n"
        "    tf.compat.v1.graph_util.extract_sub_graph\n"
        "    tf.compat.v1.no_such_name\n"
    )
    (line,) = check(str(program))
    assert line.startswith("mixed.py:6: tensorflow.compat.v1.no_such_name is not supported")
