"""What courses and books do with TensorFlow 1: graphs as data, servers of one process, queues."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.conftest import Run
from thalweg.compat.tf1.examples import read_data_sets

pytestmark = pytest.mark.usefixtures("new_graph")

# --- graphs as data -----------------------------------------------------------------------------------------

# What TensorFlow 2.21 prints of these two nodes, before its versions.
TOLD = r"""node {
  name: "x"
  op: "Placeholder"
  attr {
    key: "shape"
    value {
      shape {
        dim {
          size: -1
        }
        dim {
          size: 3
        }
      }
    }
  }
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
}
node {
  name: "c"
  op: "Const"
  attr {
    key: "value"
    value {
      tensor {
        dtype: DT_FLOAT
        tensor_shape {
          dim {
            size: 2
          }
        }
        tensor_content: "\000\000\200?\000\000\000@"
      }
    }
  }
  attr {
    key: "dtype"
    value {
      type: DT_FLOAT
    }
  }
}
node {
  name: "s"
  op: "Const"
  attr {
    key: "value"
    value {
      tensor {
        dtype: DT_STRING
        tensor_shape {
        }
        string_val: "hi"
      }
    }
  }
  attr {
    key: "dtype"
    value {
      type: DT_STRING
    }
  }
}
"""


def line() -> tf.Graph:
    """A graph of an input, constants and a sum."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name="x")
        tf.constant([1.0, 2.0], name="c")
        tf.constant("hi", name="s")
        tf.add(x, tf.constant(np.arange(6.0, dtype="float32").reshape(2, 3), name="big"), name="y")
    return graph


def test_a_graph_is_printed_as_tensorflow_prints_it() -> None:
    text = str(line().as_graph_def())
    assert text.startswith(TOLD)
    assert text.endswith("versions {\n  producer: 134\n}\n")
    assert str(line().get_operation_by_name("c")) == TOLD[
        TOLD.index('  name: "c"') : TOLD.index('node {\n  name: "s"') - 2
    ].replace("\n  ", "\n").removeprefix("  ")


def stripped(graph_def: Any, largest: int) -> Any:
    """The graph without the contents of large constants, as notebooks show it."""
    made = tf.GraphDef()
    for old in graph_def.node:
        node = made.node.add()
        node.MergeFrom(old)
        if node.op == "Const":
            tensor = node.attr["value"].tensor
            size = len(tensor.tensor_content)
            if size > largest:
                tensor.tensor_content = f"<stripped {size} bytes>".encode()
    return made


def test_nodes_are_copied_and_changed_to_be_shown() -> None:
    graph_def = line().as_graph_def()
    shown = stripped(graph_def, 8)
    assert "<stripped 24 bytes>" in str(shown) and "<stripped" not in str(graph_def)
    assert [n.name for n in shown.node] == ["x", "c", "s", "big", "y"]
    assert list(shown.node[-1].input) == ["x", "big"]
    with pytest.raises(NotImplementedError, match="the node 'x' was made or changed by the program"):
        tf.import_graph_def(shown)


def test_a_graph_without_devices_is_imported_and_one_that_was_changed_is_not() -> None:
    graph_def = line().as_graph_def()
    for node in graph_def.node:
        node.device = ""
        if node.op == "RefSwitch":  # as programs do that mend frozen graphs
            node.op = "Switch"
        if "use_locking" in node.attr:
            del node.attr["use_locking"]
    (y,) = tf.import_graph_def(graph_def, return_elements=["y:0"])
    with tf.Session() as session:
        assert session.run(y, {"import/x:0": np.ones((2, 3))}).sum() == 21.0
    del graph_def.node[0]
    with pytest.raises(NotImplementedError, match="made or changed"):
        graph_def.SerializeToString()


@pytest.mark.parametrize(
    "value",
    [[1.5, 2.5], 3, [[True, False]], [1, 2], np.float16(0.5), 2.5 + 1j, [1 + 2j, 3.0], "hi", ["a", "b"]],
)
def test_the_value_of_a_constant_is_read_from_its_node(value: Any) -> None:
    node = tf.constant(value, name="c").op.node_def if np.asarray(value).dtype.kind != "c" else None
    message = tf.make_tensor_proto(value) if node is None else node.attr["value"].tensor
    read = tf.make_ndarray(message)
    wanted = np.asarray(value)
    assert read.shape == wanted.shape
    assert [x.decode() if isinstance(x, bytes) else x for x in read.reshape(-1)] == wanted.reshape(
        -1
    ).tolist()


def test_attributes_of_operations_are_types_and_shapes() -> None:
    x = tf.placeholder(tf.float64, [2, None], name="x")
    assert x.op.get_attr("dtype") == tf.float64 and [d.size for d in x.op.get_attr("shape").dim] == [2, -1]
    assert tf.as_dtype(x.op.node_def.attr["dtype"].type) == tf.float64
    assert (tf.float32.as_datatype_enum, tf.string.as_datatype_enum, tf.float16.as_datatype_enum) == (
        1,
        7,
        19,
    )
    assert x.op.node_def.attr["T"].HasField("type") is False
    with pytest.raises(ValueError, match=r"no attr named .strides.; it has shape, dtype"):
        x.op.get_attr("strides")


# --- servers ------------------------------------------------------------------------------------------------


def test_sessions_of_one_server_go_on_with_the_same_values() -> None:
    server = tf.train.Server.create_local_server()
    v = tf.Variable(1.0, name="v")
    with tf.Session(server.target) as session:
        session.run(v.initializer)
        session.run(v.assign_add(2.0))
    with tf.Session(server.target) as session:
        assert session.run(v) == 3.0
    with tf.Graph().as_default(), tf.Session(server.target) as session:  # by name, from another graph
        assert session.run(tf.Variable(7.0, name="v")) == 3.0
    with tf.train.MonitoredTrainingSession(server.target) as session:
        assert session.run(v) == 1.0  # a chief initialises
    with tf.Session() as session, pytest.raises(tf.errors.FailedPreconditionError):
        session.run(v)


def test_a_cluster_of_one_process_runs_and_one_of_several_says_what_is_missing() -> None:
    cluster = tf.train.ClusterSpec({"ps": ["127.0.0.1:11"], "worker": ["127.0.0.1:12", "127.0.0.1:13"]})
    assert cluster.num_tasks("worker") == 2 and cluster.task_address("worker", 1) == "127.0.0.1:13"
    assert cluster.job_tasks("ps") == ["127.0.0.1:11"] and cluster.jobs == ["ps", "worker"]
    ps = tf.train.Server(cluster, job_name="ps", task_index=0)
    with pytest.raises(ValueError, match="explicit `task_index`"):
        tf.train.Server(cluster, job_name="worker")
    with pytest.raises(
        NotImplementedError, match=r"no tf\.train\.Server of this process is /job:worker/task:0"
    ):
        tf.Session(ps.target)
    with pytest.raises(NotImplementedError, match="several machines"):
        ps.join()
    workers = [tf.train.Server(cluster, "worker", k) for k in range(2)]
    with tf.device(tf.train.replica_device_setter(cluster=cluster)):
        v = tf.Variable(2.0)
    with tf.Session(workers[0].target) as session:
        session.run(tf.global_variables_initializer())
    with tf.Session("grpc://127.0.0.1:13") as session:
        assert session.run(v + 1) == 3.0
    with pytest.raises(NotImplementedError, match=r"is at 'grpc://127\.0\.0\.1:99'"):
        tf.Session("grpc://127.0.0.1:99")


def test_a_session_manager_initialises_once_and_goes_on_from_checkpoints(tmp_path: Path) -> None:
    v = tf.Variable(1.0, name="v")
    saver, init = tf.train.Saver(), tf.global_variables_initializer()
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    with pytest.raises(RuntimeError, match="no init_op"):
        manager.prepare_session("")
    with pytest.raises(RuntimeError, match="not ready are v"):
        manager.prepare_session("", init_op=tf.no_op())
    session = manager.prepare_session("", init, saver, str(tmp_path))
    session.run(v.assign_add(4.0))
    saver.save(session, str(tmp_path / "m.ckpt"))
    assert manager.prepare_session("", init, saver, str(tmp_path)).run(v) == 5.0
    again, ready = manager.recover_session("", saver, str(tmp_path))
    assert ready and again.run(v) == 5.0
    assert manager.recover_session("", saver, str(tmp_path / "none"))[1] is False


# --- variables ----------------------------------------------------------------------------------------------


def test_what_belongs_to_a_variable_is_named_after_it() -> None:
    def summed(getter: Any, name: str, *args: Any, **options: Any) -> Any:
        first, second = (getter(f"{name}/{k}", *args, **options) for k in range(2))
        with tf.name_scope("custom_getter"):
            return first + second

    with tf.variable_scope("scope", custom_getter=summed):
        v = tf.get_variable("v", [1, 2, 3])
        u = tf.get_variable("u", [2], initializer=tf.random_uniform_initializer(1, 2))
    assert (v.name, u.name) == ("custom_getter/add:0", "custom_getter_1/add:0")
    assert [t.name for t in tf.trainable_variables()][:2] == ["scope/v/0:0", "scope/v/1:0"]
    with tf.name_scope("other"):
        tf.get_variable("w", [2])
    assert tf.random_uniform([2]).name == "random_uniform:0"  # no initializer took the name
    assert any(op.name.startswith("w/Initializer/") for op in tf.get_default_graph().get_operations())


def test_functions_have_the_names_by_which_they_are_found() -> None:
    found = [
        tf.reduce_all,
        tf.multiply,
        tf.nn.relu,
        tf.to_float,
        tf.argmax,
        tf.segment_max,
        tf.assert_equal,
    ]
    assert [fn.__name__ for fn in found] == (
        "reduce_all multiply relu to_float argmax segment_max assert_equal".split()
    )


# --- queues -------------------------------------------------------------------------------------------------


def test_names_of_files_that_are_fed_into_a_queue_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y\n1.,0\n4.,1\n")
    names = tf.FIFOQueue(capacity=10, dtypes=[tf.string], shapes=[()])
    name = tf.placeholder(tf.string)
    _, value = tf.TextLineReader(skip_header_lines=1).read(names)
    with tf.Session() as session:
        session.run(names.enqueue([name]), {name: str(tmp_path / "a.csv")})
        session.run(names.close())
        assert [session.run(value) for _ in range(2)] == [b"1.,0", b"4.,1"]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(value)


def test_a_session_waits_for_a_queue_as_long_as_it_is_told() -> None:
    config = tf.ConfigProto()
    config.operation_timeout_in_ms = 50
    output = tf.FIFOQueue(capacity=10, dtypes=[tf.float32], shapes=[()]).dequeue() + 1
    with tf.Session(config=config) as session:
        assert session.run(output, {output.op.inputs[0]: 5}) == 6.0
        with pytest.raises(tf.errors.DeadlineExceededError, match=r"after 0\.05 s"):
            session.run(output)


def test_a_queue_that_runners_fill_is_shuffled_over_its_window() -> None:
    queue = tf.RandomShuffleQueue(50, 20, [tf.int32], [()], seed=3)
    (number,) = tf.train.slice_input_producer([np.arange(40, dtype="int32")], num_epochs=1, shuffle=False)
    tf.train.add_queue_runner(tf.train.QueueRunner(queue, [queue.enqueue([number])] * 2))
    one = queue.dequeue()
    with tf.Session() as session:
        seen = [int(session.run(one)) for _ in range(40)]
        assert sorted(seen) == list(range(40)) and seen[:20] != list(range(20))
        assert max(seen[:5]) > 5 and max(seen[:3]) <= 23  # of 21 rows and those that came after
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(one)


def test_groups_of_one_tensor_are_a_tensor_as_the_queues_below_give_them() -> None:
    x = tf.constant([1.0, 2.0])
    assert (
        tf.train.batch([x], 3).name == "batch:0"
        and tf.train.shuffle_batch([x], 3, 9, 5).name == "shuffle_batch:0"
    )
    assert [t.name for t in tf.train.batch([x, x], 3)] == ["batch_1:0", "batch_1:1"]
    assert tf.train.batch_join([[x]], 3).shape.as_list() == [3, 2]
    assert {key: t.shape.as_list() for key, t in tf.train.batch({"a": x}, 3).items()} == {"a": [3, 2]}
    with tf.Session() as session:
        assert session.run(tf.train.shuffle_batch((x,), 3, 9, 5)).shape == (3, 2)


# --- recurrent cells ----------------------------------------------------------------------------------------


class Summing(tf.nn.rnn_cell.RNNCell):
    """A cell that a program writes with variables of ``tf.get_variable``."""

    state_size = output_size = 2

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        w = tf.get_variable("w", [2, 2], initializer=tf.ones_initializer())
        state = tf.matmul(inputs, w) + state
        return state, state


def test_a_cell_goes_back_to_the_scope_in_which_it_was_called_first() -> None:
    cell, x = Summing(), tf.ones([1, 2])
    with tf.variable_scope("a"):
        _, state = cell(x, tf.zeros([1, 2]))
        _, state = cell(x, state)
    with tf.variable_scope("b", reuse=True):  # as for inference, after training
        _, state = cell(x, state)
    assert [v.name for v in tf.global_variables()] == ["a/summing/w:0"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(state).tolist() == [[6.0, 6.0]]


def test_scaled_attention_is_decoded_again_with_the_same_weights() -> None:
    seq = tf.contrib.seq2seq
    with tf.variable_scope("decoder") as scope:
        memory = tf.ones([2, 3, 4])
        cell = seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(4), seq.LuongAttention(4, memory, scale=True), 4)
        start = cell.zero_state(2, tf.float32)
        train = seq.BasicDecoder(cell, seq.TrainingHelper(tf.ones([2, 5, 3]), [5, 4]), start)
        seq.dynamic_decode(train)
        made = {v.name for v in tf.global_variables()}
        scope.reuse_variables()
        greedy = seq.GreedyEmbeddingHelper(tf.ones([4, 3]), tf.zeros([2], tf.int32), 3)
        outputs = seq.dynamic_decode(seq.BasicDecoder(cell, greedy, start), maximum_iterations=4)[0]
    assert {v.name for v in tf.global_variables()} == made
    assert "decoder/decoder/attention_wrapper/luong_attention/attention_g:0" in made
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(outputs.sample_id).shape[0] == 2


# --- placeholders without shapes ----------------------------------------------------------------------------


def test_a_length_that_is_fed_to_a_placeholder_without_shape() -> None:
    n = tf.placeholder(tf.int32)
    made = [tf.zeros([n, 3]), tf.fill([n, 2], 7), tf.reshape(tf.range(6), [n, 2]), tf.ones(tf.stack([2, n]))]
    assert made[0].shape.as_list() == [None, 3]
    state = tf.nn.rnn_cell.BasicLSTMCell(4).zero_state(n, tf.float32)
    with tf.Session() as session:
        assert [t.shape for t in session.run(made, {n: 3})] == [(3, 3), (3, 2), (3, 2), (2, 3)]
        assert session.run(tf.identity(state), {n: 3}).shape == (2, 3, 4)
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"expected \(\); received \(2,\)"):
            session.run(made[0], {n: [2, 2]})


def test_labels_of_any_rank_against_rows_of_scores() -> None:
    x, any_rank = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32)
    loss = tf.nn.softmax_cross_entropy_with_logits(logits=x, labels=any_rank)
    turned = tf.nn.softmax_cross_entropy_with_logits(logits=any_rank, labels=x)
    assert (loss.shape.as_list(), tf.gradients(loss, x)[0].shape.as_list()) == ([None], [None, 3])
    feed = {x: [[1.0, 2, 3], [0, 1, 0]], any_rank: [[0, 0, 1], [0.5, 0.5, 0]]}
    with tf.Session() as session:
        losses, slope, other = session.run([loss, tf.gradients(loss, x)[0], turned], feed)
    # what TensorFlow 2.21 gives
    np.testing.assert_allclose(losses, [0.40760595, 1.0514446], rtol=1e-6)
    wanted = [[0.09003057, 0.24472848, -0.33475906], [-0.28805843, 0.07611692, 0.21194157]]
    np.testing.assert_allclose(slope, wanted, rtol=1e-5)
    np.testing.assert_allclose(other, [6.308668, 0.9580201], rtol=1e-6)


class Joining(tf.nn.rnn_cell.RNNCell):  # type: ignore[misc]
    """h = [x, h] k."""

    state_size = output_size = 3

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        h = tf.matmul(tf.concat([inputs, state], 1), tf.get_variable("k", [7, 3]))
        return h, h


def test_a_loop_function_is_called_once_before_the_loop_and_once_in_it() -> None:
    cell, calls = Joining(), []

    def loop_fn(time: Any, output: Any, state: Any, loop_state: Any) -> tuple[Any, ...]:
        calls.append(output is None)
        if output is None:
            state, emitted = cell.zero_state(2, tf.float32), tf.zeros([2])
        else:
            emitted = tf.matmul(output, tf.get_variable("w", [3, 2]))  # made in the loop
        return time >= [2, 3], tf.ones([2, 4]), state, emitted, None

    with tf.variable_scope("r", initializer=tf.constant_initializer(0.5)):
        array, state, _ = tf.nn.raw_rnn(cell, loop_fn)
    out, (k, w) = array.stack(), tf.global_variables()
    assert (calls, k.name, w.name) == ([True, False], "r/rnn/k:0", "r/rnn/w:0")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        outputs, last, (to_k, to_w) = session.run([out, state, tf.gradients(out, [k, w])])
    # what TensorFlow 2.21 gives
    assert outputs[:, :, 0].tolist() == [[3.0, 3.0], [7.5, 7.5], [0.0, 14.25]]
    assert last[:, 0].tolist() == [5.0, 9.5]
    assert (to_k[:, 0].tolist(), to_w[0].tolist()) == ([11.75] * 4 + [12.0] * 3, [23.5, 23.5])


def test_a_decoder_function_whose_scores_are_a_layer_in_the_scope_of_the_decoder() -> None:
    with tf.variable_scope("decoding") as scope:
        cell = tf.contrib.rnn.BasicLSTMCell(8)
        state = cell.zero_state(2, tf.float32)
        infer = tf.contrib.seq2seq.simple_decoder_fn_inference(
            lambda x: tf.contrib.layers.fully_connected(x, 5, None, scope=scope),
            state, tf.ones([5, 4]), 1, 2, 3, 5,
        )  # fmt: skip
        scores, _, _ = tf.contrib.seq2seq.dynamic_rnn_decoder(cell, infer, scope=scope)
    names = ["decoding/basic_lstm_cell/kernel:0", "decoding/basic_lstm_cell/bias:0"]
    assert sorted(v.name for v in tf.global_variables()) == sorted(
        [*names, "decoding/weights:0", "decoding/biases:0"]
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(scores).shape[::2] == (2, 5)


def test_mnist_without_images_to_validate_with(
    digits_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THALWEG_DATA", str(digits_folder))
    found = read_data_sets(tmp_path / "deep" / "MNIST_data", validation_size=0)
    assert found.validation.images.shape == (0, found.train.images.shape[1])
    assert (tmp_path / "deep" / "MNIST_data").is_dir()  # programs write their own files there


def test_mnist_in_the_order_of_seeds(
    digits_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THALWEG_DATA", str(digits_folder))
    for of_graph, given, seed in ((3, None, 3), (3, 5, 5)):
        with tf.Graph().as_default():
            tf.set_random_seed(of_graph)
            part = read_data_sets(tmp_path, validation_size=10, seed=given).train
        images, order = part.images, np.random.RandomState(seed).permutation(part.num_examples)
        assert np.array_equal(part.next_batch(12)[0], images[order[:12]])


# --- texts in exported models ---------------------------------------------------------------------------------


def test_lines_that_stand_each_in_a_row_of_their_own() -> None:
    lines = tf.placeholder(tf.string, [None, 1])
    columns = tf.decode_csv(lines, record_defaults=[[7], [b"u"], [1.5]])
    assert [c.shape.as_list() for c in columns] == [[None, 1]] * 3
    with tf.Session() as session:
        made = session.run(columns, {lines: [["1,a,2"], [",,"]]})
        none = session.run(columns, {lines: np.zeros((0, 1), object)})
    assert [c.tolist() for c in made] == [[[1], [7]], [[b"a"], [b"u"]], [[2.0], [1.5]]]
    assert [c.shape for c in none] == [(0, 1)] * 3


def test_an_exported_model_reads_lines_and_looks_words_up(tmp_path: Path) -> None:
    lines = tf.placeholder(tf.string, [None])
    number, word = tf.decode_csv(tf.expand_dims(lines, -1), record_defaults=[[0.0], [""]])
    table = tf.contrib.lookup.index_table_from_tensor(tf.constant(["a", "b"]))
    made = number * 2.0 + tf.to_float(table.lookup(word)) + tf.Variable(1.0)
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.tables_initializer()])
        tf.saved_model.simple_save(session, str(tmp_path / "model"), {"lines": lines}, {"made": made})
    say = tf.contrib.predictor.from_saved_model(str(tmp_path / "model"))
    assert say({"lines": ["1,a", "2,b"]})["made"].tolist() == [[3.0], [6.0]]


# --- notebooks ----------------------------------------------------------------------------------------------


def test_a_notebook_that_was_made_a_script_runs_without_its_magics(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(
        "# coding: utf-8\n\n# In[1]:\n\nget_ipython().magic('matplotlib inline')\n"
        "get_ipython().run_line_magic('matplotlib', 'inline')\nget_ipython().system('pip install tensorflow')\n"
        "import tensorflow as tf\nprint(tf.Session().run(tf.constant(2) + 3))\n"
    )
    done = thalweg_run(tmp_path / "p.py")
    assert (done.returncode, done.stdout) == (0, "5\n"), done.stderr


def test_modules_that_a_notebook_writes_are_there_for_it(thalweg_run: Run, tmp_path: Path) -> None:
    cells = [
        "%%writefile functions.py\n\nimport tensorflow as tf\n\n\ndef two():\n    return tf.constant(2)\n",
        "%%writefile -a functions.py\n\ndef three():\n    return tf.concat(0, [[1], [2]])\n",
        "from functions import two, three\nimport tensorflow as tf\nprint(tf.Session().run([two(), three()]))",
    ]
    book = {"cells": [{"cell_type": "code", "metadata": {}, "source": cell} for cell in cells]}
    (tmp_path / "n.ipynb").write_text(json.dumps(book))
    done = thalweg_run(tmp_path / "n.ipynb")
    assert (done.returncode, done.stdout) == (0, "[2, array([1, 2], dtype=int32)]\n"), done.stderr
