"""What programs of the years 2015 to 2020, run as they were written, turned out to need of TensorFlow 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.conftest import Run
from compat.graphs import run

pytestmark = pytest.mark.usefixtures("new_graph")

# --- names --------------------------------------------------------------------------------------------------


def test_nodes_of_operators_have_the_operators_names() -> None:
    a, b = tf.constant([1.0]), tf.constant([2.0])
    made = [a + b, 1 - a, a * b, a / b, a // b, a % b, a**b, tf.add(a, b), tf.divide(a, b), tf.transpose(a)]
    names = "add sub mul truediv floordiv mod pow Add_1 truediv_1 transpose".split()
    assert [x.op.name.lower() for x in made] == [name.lower() for name in names]
    assert made[0].name == "add:0" and (a > b).op.name == "Greater" and (-a).op.name == "Neg"


def test_losses_stand_in_scopes_of_their_own() -> None:
    a, b = tf.constant([[0.2, 0.6]]), tf.constant([[1.0, 0.0]])
    assert tf.losses.mean_squared_error(b, a).name == "mean_squared_error/value:0"
    assert tf.losses.softmax_cross_entropy(b, a, scope="mine").name == "mine/value:0"
    assert tf.losses.get_losses("mine") == [tf.get_default_graph().get_tensor_by_name("mine/value:0")]
    far = tf.losses.log_loss(b, a, 1.0, 0.5)
    assert run(far) == pytest.approx(-(np.log(0.7) + np.log(0.9)) / 2)


def test_pairwise_errors_are_summed_over_the_batch() -> None:
    labels, predictions = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[0.5, 2.0], [1.0, 4.0]])
    assert run(tf.losses.mean_pairwise_squared_error(labels, predictions)) == pytest.approx(0.25 + 4.0)


def test_a_summary_whose_name_ends_in_a_slash_keeps_it() -> None:
    with tf.name_scope("Loss"):
        loss = tf.constant(2.0)
    again = tf.summary.scalar("Loss/", loss)
    raw = tf.summary.scalar("Loss/train (raw):0", loss)
    family = tf.summary.scalar("a", loss, family="f")
    tags = [value.tag for s in run([again, raw, family]) for value in tf.Summary().ParseFromString(s).value]
    assert tags == ["Loss", "Loss/train__raw__0", "f/f/a"]


def test_one_writer_for_a_folder_writes_one_file(tmp_path: Path) -> None:
    writers = {tf.summary.FileWriterCache.get(str(tmp_path)) for _ in range(3)}
    assert len(writers) == 1 and len(list(tmp_path.iterdir())) == 1
    writers.pop().close()
    tf.summary.FileWriterCache.clear()


# --- variables and checkpoints ------------------------------------------------------------------------------


def test_a_variable_is_evaluated_in_the_session_it_is_given() -> None:
    v = tf.Variable([1.0, 2.0])
    assert not hasattr(v, "__len__")
    session = tf.Session()
    session.run(v.initializer)
    assert v.eval(session).tolist() == [1.0, 2.0]


def test_checkpoints_are_found_by_the_files_that_programs_ask_for(tmp_path: Path) -> None:
    v = tf.Variable(np.ones((2, 3), "f"), name="v")
    saver = tf.train.Saver(max_to_keep=1)
    with tf.Session() as session:
        session.run(v.initializer)
        first, last = (saver.save(session, str(tmp_path / "model"), global_step=k) for k in (1, 2))
    index = json.loads(Path(f"{last}.index").read_text())
    assert index == {"v": {"dtype": "float32", "shape": [2, 3]}}
    assert "v" in [node["name"] for node in json.loads(Path(f"{last}.meta").read_text())["operations"]]
    assert not Path(f"{first}.index").exists() and not Path(f"{first}.meta").exists()


# --- lengths that only a run knows --------------------------------------------------------------------------


def test_counts_of_classes_that_only_a_run_knows() -> None:
    x, y = tf.placeholder(tf.int64, [None]), tf.placeholder(tf.int64, [None])
    feed = {x: [0, 2, 2], y: [0, 1, 2]}
    assert run(tf.confusion_matrix(x, y), feed).tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]
    assert run(tf.confusion_matrix(x, y, weights=[1, 3, 5]), feed).tolist() == [
        [1, 0, 0],
        [0, 0, 0],
        [0, 3, 5],
    ]
    counts = [
        tf.bincount(x),
        tf.bincount(x, minlength=4),
        tf.bincount(x, maxlength=2),
        tf.bincount(x, [0.5, 1, 2]),
    ]
    assert [c.tolist() for c in run(counts, feed)] == [[1, 0, 2], [1, 0, 2, 0], [1, 0], [0.5, 0, 3]]
    assert run(tf.one_hot(x, tf.shape(y)[0], axis=0), feed).tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 1]]


def test_a_length_taken_from_a_shape_stays_a_length() -> None:
    x = tf.placeholder(tf.float32, [None, 3, 3, 2])
    batch = tf.gather(tf.shape(x), tf.constant([0]))
    shape = tf.concat([batch, tf.constant([6, 6, 4])], 0)
    made = tf.nn.conv2d_transpose(x, tf.ones([2, 2, 4, 2]), shape, [1, 2, 2, 1])
    assert made.get_shape().as_list() == [None, 6, 6, 4]
    assert run(made, {x: np.ones((5, 3, 3, 2))}).shape == (5, 6, 6, 4)


# --- other modules ------------------------------------------------------------------------------------------


def test_inner_paths_that_libraries_over_tensorflow_import(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "paths.py"
    program.write_text(
        "import tensorflow as tf\n"
        "from tensorflow.python.util import tf_contextlib, tf_inspect\n"
        "from tensorflow.core.framework import summary_pb2\n"
        "from tensorflow.core.protobuf import config_pb2\n"
        "from tensorflow.python.ops.rnn import rnn_cell_impl, dynamic_rnn, static_rnn\n"
        "@tf_contextlib.contextmanager\n"
        "def inside():\n"
        "    yield tf_inspect.getfullargspec(lambda a, b: 0).args\n"
        "with inside() as names:\n"
        "    assert names == ['a', 'b']\n"
        "text = tf.Session(config=config_pb2.ConfigProto()).run(tf.summary.scalar('loss', 2.5))\n"
        "summary = summary_pb2.Summary()\n"
        "summary.ParseFromString(text)\n"
        "assert summary.value[0].tag == 'loss' and summary.value[0].simple_value == 2.5\n"
        "assert rnn_cell_impl.BasicLSTMCell(2).output_size == 2\n"
    )
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr


def test_pillows_older_names_are_back(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="pillow is not installed")
    program = tmp_path / "pictures.py"
    program.write_text(
        "import tensorflow as tf\n"
        "from PIL import Image\n"
        "assert Image.new('L', (4, 4)).resize((2, 2), Image.ANTIALIAS).size == (2, 2)\n"
        "assert (Image.LINEAR, Image.CUBIC) == (Image.BILINEAR, Image.BICUBIC)\n"
        "tf.placeholder(tf.float32)\n"
    )
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr


# --- layers -------------------------------------------------------------------------------------------------


def test_separable_layers_use_the_initializers_and_the_dilation_they_are_given() -> None:
    x = tf.constant(np.arange(36, dtype="f").reshape(1, 6, 6, 1))
    ones = tf.ones_initializer()
    made = tf.layers.separable_conv2d(
        x, 1, 2, dilation_rate=2, depthwise_initializer=ones, pointwise_initializer=ones, use_bias=False
    )
    a = np.arange(36).reshape(6, 6)
    wanted = a[:4, :4] + a[2:, :4] + a[:4, 2:] + a[2:, 2:]
    np.testing.assert_array_equal(run(made)[0, :, :, 0], wanted)
    row = tf.layers.separable_conv1d(
        x[:, 0], 1, 3, depthwise_initializer=ones, pointwise_initializer=tf.constant_initializer(2.0)
    )
    assert run(row).ravel().tolist() == [6, 12, 18, 24]


def test_layers_over_three_axes() -> None:
    x = tf.placeholder(tf.float32, [None, 2, 4, 4, 3])
    ones = tf.ones_initializer()
    wide = tf.layers.conv3d_transpose(x, 5, 2, strides=2, kernel_initializer=ones)
    mean = tf.layers.average_pooling3d(wide, [2, 2, 2], 2)
    assert wide.get_shape().as_list() == [None, 4, 8, 8, 5]
    np.testing.assert_array_equal(run(mean, {x: np.ones((2, 2, 4, 4, 3))}), np.full((2, 2, 4, 4, 5), 3.0))


def test_a_layer_computes_in_the_dtype_of_its_inputs() -> None:
    made = tf.layers.dense(tf.ones([2, 3], tf.float64), 4)
    assert made.dtype == tf.float64 and run(made).dtype == np.float64


# --- texts --------------------------------------------------------------------------------------------------


def test_numbers_become_texts_as_tensorflow_writes_them() -> None:
    made = [
        tf.as_string([1.5, 2e10]),
        tf.as_string(1.234567, precision=2),
        tf.as_string(1.234567, scientific=True),
        tf.as_string(1.234567, shortest=True),
        tf.as_string([True, False]),
        tf.as_string([3, 4], width=4, fill="0"),
    ]
    wanted = [[b"1.500000", b"20000000000.000000"], b"1.23", b"1.234567e+00", b"1.23457", [b"true", b"false"]]
    assert [np.asarray(x).tolist() for x in run(made)] == [*wanted, [b"0003", b"0004"]]


def test_bytes_of_several_texts_are_decoded_each() -> None:
    rows = tf.decode_raw(tf.constant(["ab", "cd"]), tf.uint8)
    assert rows.get_shape().as_list() == [2, None] and run(rows).tolist() == [[97, 98], [99, 100]]
    assert run(tf.decode_raw("abcd", tf.int16, little_endian=False)).tolist() == [24930, 25444]
    assert run(tf.string_to_number(["12345678901"], tf.int64)).tolist() == [12345678901]


def test_texts_are_taken_apart_by_bytes_and_characters() -> None:
    assert run(tf.substr(["hello", "world"], [1, -2], 2)).tolist() == [b"el", b"ld"]
    assert run(tf.substr("h\u00e9y", 1, 1, unit="UTF8_CHAR")) == "\u00e9".encode()
    assert run(tf.strings.length("h\u00e9y", unit="UTF8_CHAR")) == 3
    assert run(tf.string_split(["a,b;c"], ",;").values).tolist() == [b"a", b"b", b"c"]
    assert run(tf.strings.split(["a--b c", "d"], "--").values).tolist() == [b"a", b"b c", b"d"]
    assert run(tf.strings.regex_full_match(["ab", "b"], "a.*")).tolist() == [True, False]
    assert run([tf.encode_base64("hello"), tf.decode_base64("aGVsbG8")]) == [b"aGVsbG8", b"hello"]
    assert 0 <= run(tf.string_to_hash_bucket_strong("a", 7, [1, 2])) < 7


# --- sparse tensors -----------------------------------------------------------------------------------------


def as_lists(sparse: Any) -> list[Any]:
    return [np.asarray(part).tolist() for part in run(sparse)]


def test_sparse_tensors_are_joined_cut_and_added() -> None:
    a = tf.SparseTensor([[0, 1], [2, 0], [2, 3]], [1.0, 2.0, 3.0], [4, 4])
    b = tf.SparseTensor([[0, 1], [1, 2]], [-1.0, 5.0], [4, 4])
    joined = [[[0, 1], [0, 5], [1, 6], [2, 0], [2, 3]], [1, -1, 5, 2, 3], [4, 8]]
    assert as_lists(tf.sparse_concat(1, [a, b])) == joined
    assert as_lists(tf.sparse_slice(a, [1, 0], [2, 4])) == [[[1, 0], [1, 3]], [2, 3], [2, 4]]
    first, middle, last = tf.sparse_split(sp_input=a, num_split=3, axis=0)
    assert as_lists(first) == [[[0, 1]], [1], [2, 4]] and as_lists(last)[2] == [1, 4]
    assert as_lists(middle) == [[[0, 0], [0, 3]], [2, 3], [1, 4]]
    added = tf.sparse_add(a, b)
    assert as_lists(added) == [[[0, 1], [1, 2], [2, 0], [2, 3]], [0, 5, 2, 3], [4, 4]]
    assert as_lists(tf.sparse_add(a, b, thresh=0.5))[1] == [5, 2, 3]
    assert as_lists(tf.sparse_reset_shape(b)) == [[[0, 1], [1, 2]], [-1, 5], [2, 3]]
    assert run(tf.sparse_reduce_max(a, 1)).tolist() == [1, 0, 3, 0]
    assert as_lists(tf.sparse.from_dense([[0.0, 2.0], [3.0, 0.0]])) == [[[0, 1], [1, 0]], [2, 3], [2, 2]]
    slope = tf.gradients(tf.sparse_tensor_to_dense(tf.sparse_concat(0, [a, b])), a.values)[0]
    assert run(slope).tolist() == [1, 1, 1]


def test_ids_and_empty_rows_of_sparse_tensors() -> None:
    ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], [3, 1, 2], [4, 2])
    weights = ids.with_values(tf.constant([0.5, 0.25, 2.0]))
    assert as_lists(tf.sparse_merge(ids, weights, 6)) == [[[0, 1], [0, 3], [2, 2]], [0.25, 0.5, 2], [4, 6]]
    filled, empty = tf.sparse_fill_empty_rows(tf.SparseTensor([[1, 0]], ["x"], [3, 2]), "-")
    assert as_lists(filled) == [[[0, 0], [1, 0], [2, 0]], [b"-", b"x", b"-"], [3, 2]]
    assert run(empty).tolist() == [True, False, True]
    rows = tf.sparse_segment_sqrt_n(tf.constant([[1.0], [3.0], [5.0]]), [0, 2, 1], [0, 0, 1])
    np.testing.assert_allclose(run(rows), [[6 / np.sqrt(2)], [3]], rtol=1e-6)


def test_moving_averages_are_freed_from_their_start() -> None:
    x = tf.placeholder(tf.float32, [])
    averages = tf.python.training.moving_averages
    with tf.variable_scope("bn"):
        v = tf.get_variable("mean", [], initializer=tf.ones_initializer(), trainable=False)
        move = averages.assign_moving_average(v, x, 0.9)
    assert [t.op.name for t in tf.global_variables()][1:] == ["bn/bn/mean/biased", "bn/bn/mean/local_step"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        found = [session.run(move, {x: k}) for k in (1.0, 2.0, 3.0)]
    np.testing.assert_allclose(found, [1.0, (0.09 + 0.2) / 0.19, (0.081 + 0.18 + 0.3) / 0.271], rtol=1e-6)


def test_squeeze_drops_the_ones_of_each_run() -> None:
    x, y = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None])
    w = tf.Variable([[2.0]])
    made = tf.squeeze(tf.matmul(x, w))
    assert made.get_shape().dims is None
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.square(made - y)))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for n, shape in ((3, (3,)), (1, ()), (4, (4,))):
            before = session.run(w).item()
            found, _ = session.run([made, train], {x: np.ones((n, 1)), y: np.zeros(n)})
            assert found.shape == shape and session.run(w).item() == pytest.approx(0.8 * before)


def test_squeeze_drops_the_ones_of_what_was_made_for_each_row() -> None:
    x, w = tf.placeholder(tf.float32, [None, 5, 3]), tf.Variable(tf.ones([3, 1]))
    for_each = tf.tile(tf.expand_dims(w, 0), [tf.shape(x)[0], 1, 1])
    made = tf.squeeze(tf.matmul(x, for_each))
    rows = tf.squeeze(tf.gather(x, tf.range(tf.shape(x)[0])))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for n, shape in ((4, (4, 5)), (1, (5,)), (2, (2, 5)), (3, (3, 5)), (6, (6, 5)), (1, (5,))):
            found = session.run([made, rows], {x: np.ones((n, 5, 3))})
            assert [part.shape for part in found] == [shape, (*shape, 3)]


def test_loops_begin_with_plain_numbers() -> None:
    x = tf.placeholder(tf.float32, [2])
    steps, (total, parts) = tf.while_loop(
        lambda i, rest: i < 3,
        lambda i, rest: (i + 1, (rest[0] + tf.reduce_sum(x), rest[1] + x)),
        (0, (0.0, np.zeros(2, np.float32))),
    )
    found = run([steps, total, parts], {x: [1.0, 2.0]})
    assert [np.asarray(v).tolist() for v in found] == [3, 9.0, [3.0, 6.0]]


def test_iterators_are_made_by_functions_too() -> None:
    dataset = tf.data.Dataset.from_tensor_slices([1, 2, 3]).batch(2)
    assert run(tf.data.make_one_shot_iterator(dataset).get_next()).tolist() == [1, 2]
    iterator = tf.data.make_initializable_iterator(dataset)
    with tf.Session() as session:
        session.run(iterator.initializer)
        assert session.run(iterator.get_next()).tolist() == [1, 2]
    assert tf.data.get_output_types(dataset) == tf.int32


def test_warm_restarts_grow_longer_and_lower() -> None:
    step = tf.placeholder(tf.int32, [])
    rate = tf.train.cosine_decay_restarts(tf.constant(0.1), step, 10, 2.0, 0.5, 0.1)
    found = [run(rate, {step: k}).item() for k in (0, 5, 10, 20, 30)]
    np.testing.assert_allclose(found, [0.1, 0.055, 0.055, 0.0325, 0.0325], rtol=1e-5)


# --- metrics ------------------------------------------------------------------------------------------------


def test_metrics_at_thresholds_count_over_batches() -> None:
    labels, scores = tf.placeholder(tf.bool, [None]), tf.placeholder(tf.float32, [None])
    cuts = [0.25, 0.5]
    kinds = "true_positives false_positives false_negatives true_negatives precision recall".split()
    pairs = [getattr(tf.metrics, f"{kind}_at_thresholds")(labels, scores, cuts) for kind in kinds]
    pairs.append(tf.metrics.sensitivity_at_specificity(labels, scores, 1.0))
    pairs.append(tf.metrics.specificity_at_sensitivity(labels, scores, 1.0))
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for truth, said in (([1, 0, 1], [0.3, 0.2, 0.9]), ([0, 1, 0], [0.6, 0.4, 0.1])):
            session.run([update for _, update in pairs], {labels: truth, scores: said})
        found = session.run([value for value, _ in pairs])
    wanted: list[Any] = [[3, 1], [1, 1], [0, 2], [2, 2], [0.75, 0.5], [1, 1 / 3], 1 / 3, 2 / 3]
    for value, true in zip(found, wanted, strict=True):
        np.testing.assert_allclose(value, true, rtol=1e-5)


def test_metrics_of_the_highest_predictions() -> None:
    scores = tf.constant([[0.1, 0.9, 0.5, 0.3], [0.7, 0.1, 0.6, 0.2]])
    labels = tf.constant([[1, 3], [2, 3]], tf.int64)
    pairs = [
        tf.metrics.precision_at_k(labels, scores, 2),
        tf.metrics.recall_at_k(labels, scores, 3),
        tf.metrics.recall_at_k(labels, scores, 2, class_id=2),
        tf.metrics.recall_at_k(labels[:, :1], scores, 1, weights=[1.0, 3.0]),
        tf.metrics.average_precision_at_k(labels, scores, 3),
    ]
    wanted: Any = [0.5, 1.0, 1.0, 0.25, np.mean([(1 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2])]
    np.testing.assert_allclose(run([update for _, update in pairs]), wanted, rtol=1e-6)


def test_means_of_tensors_and_distances() -> None:
    x = tf.placeholder(tf.float32, [2])
    value, update = tf.metrics.mean_tensor(x)
    near, far = tf.metrics.mean_cosine_distance([[1.0, 0.0]], [[0.6, 0.8]], 1)
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for row in ([1.0, 4.0], [3.0, 0.0]):
            session.run(update, {x: row})
        assert session.run(value).tolist() == [2.0, 2.0]
        assert session.run(far) == pytest.approx(0.4) and session.run(near) == pytest.approx(0.4)


# --- examples of several steps ------------------------------------------------------------------------------


def test_examples_of_several_steps_are_written_and_read() -> None:
    example = tf.train.SequenceExample()
    example.context.feature["length"].int64_list.value.append(2)
    tokens = example.feature_lists.feature_list["tokens"]
    words = example.feature_lists.feature_list["words"]
    for token, texts in ((4, [b"x", b"y"]), (-5, [b"z"])):
        tokens.feature.add().int64_list.value.append(token)
        words.feature.add().bytes_list.value.extend(texts)
    message = example.SerializeToString()
    again = tf.train.SequenceExample.FromString(message)
    assert again.feature_lists.feature_list["tokens"].feature[1].int64_list.value == [-5]
    context, steps = tf.parse_single_sequence_example(
        message,
        {"length": tf.FixedLenFeature([], tf.int64)},
        {"tokens": tf.FixedLenSequenceFeature([], tf.int64), "words": tf.VarLenFeature(tf.string)},
    )
    assert steps["tokens"].get_shape().as_list() == [None]
    assert run([context["length"], steps["tokens"][1]]) == [2, -5]
    assert as_lists(steps["words"]) == [[[0, 0], [0, 1], [1, 0]], [b"x", b"y", b"z"], [2, 2]]
    _, missing = tf.parse_single_sequence_example(
        message, None, {"more": tf.FixedLenSequenceFeature([2], tf.float32)}
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="Feature list 'more' is required"):
        run(missing["more"])


def test_features_are_put_into_examples_and_padded_when_read() -> None:
    example = tf.train.Example()
    example.features.feature["v"].float_list.value.extend([1.0, 2.0])
    assert example.features.feature["v"].WhichOneof("kind") == "float_list"
    other = tf.train.Example(features=tf.train.Features(feature={"v": tf.train.Feature()}))
    messages = [x.SerializeToString() for x in (example, other)]
    column = tf.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=-1.0)
    assert run(tf.parse_example(messages, {"v": column})["v"]).tolist() == [[1, 2], [-1, -1]]


def test_orders_of_axes_put_together_of_known_numbers_are_known() -> None:
    x = tf.zeros([2, 3, 4])
    order = tf.concat([[2], tf.range(tf.rank(x) - 1)], 0)
    assert tf.transpose(x, order).get_shape().as_list() == [4, 2, 3]
    assert tf.transpose(x, tf.stack([1, tf.rank(x) - 1, 0])).get_shape().as_list() == [3, 4, 2]
    assert run(tf.concat([tf.constant([0.5]), [1.5]], 0)).tolist() == [0.5, 1.5]


def test_a_variable_of_no_known_rank_is_refused() -> None:
    with pytest.raises(ValueError, match="how many axes its first value has must be known"):
        tf.Variable(tf.placeholder(tf.float32))


# --- optimizers of contrib ----------------------------------------------------------------------------------


def steps_of(optimizer: Any, slope: float, count: int, **options: Any) -> float:
    v = tf.Variable(1.0)
    train = optimizer.minimize(slope * v, var_list=[v], **options)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(count):
            session.run(train)
        return float(session.run(v))


def test_nesterov_in_adam() -> None:
    w, m, v, slope = 1.0, 0.0, 0.0, 3.0
    for t in (1, 2, 3):
        m, v = 0.9 * m + 0.1 * slope, 0.99 * v + 0.01 * slope**2
        w -= 0.1 * np.sqrt(1 - 0.99**t) / (1 - 0.9**t) * (0.9 * m + 0.1 * slope) / (np.sqrt(v) + 1e-8)
    assert steps_of(tf.contrib.opt.NadamOptimizer(0.1, beta2=0.99), slope, 3) == pytest.approx(w, rel=1e-6)


def test_weights_decay_beside_the_steps() -> None:
    w = 1.0
    for _ in range(2):
        w = w - 0.1 * w - 0.01  # Adam's step is its rate where the slope stays the same
    assert steps_of(tf.contrib.opt.AdamWOptimizer(0.1, 0.01), 3.0, 2) == pytest.approx(w, rel=1e-5)
    kept = steps_of(tf.contrib.opt.AdamWOptimizer(0.1, 0.01), 3.0, 2, decay_var_list=[tf.Variable(0.0)])
    assert kept == pytest.approx(0.98, rel=1e-5)
    assert steps_of(tf.contrib.opt.MomentumWOptimizer(0.5, 0.1, 0.9), 1.0, 1) == pytest.approx(0.4)
    decaying = tf.contrib.opt.extend_with_decoupled_weight_decay(tf.train.GradientDescentOptimizer)
    assert steps_of(decaying(0.25, 0.1), 2.0, 1) == pytest.approx(0.55)


# --- programs -----------------------------------------------------------------------------------------------


def test_print_writes_when_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    x = tf.constant([[1.0, 2.5], [3.0, 0.5]])
    run(tf.print("x:", x, tf.range(20)))
    run(tf.print(tf.range(8), tf.constant(True), summarize=-1, sep=","))
    assert capsys.readouterr().err == "x: [[1 2.5]\n [3 0.5]] [0 1 2 ... 17 18 19]\n[0 1 2 3 4 5 6 7],1\n"


def test_flags_have_bounds_and_words(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "flags.py"
    program.write_text(
        "import tensorflow as tf\n"
        "tf.flags.DEFINE_integer('size', 1, 'size', lower_bound=1, upper_bound=4)\n"
        "tf.flags.DEFINE_enum('kind', 'a', ['a', 'Bc'], 'kind', case_sensitive=False)\n"
        "tf.app.run(lambda argv: print(tf.flags.FLAGS.size, tf.flags.FLAGS.kind))\n"
    )
    assert thalweg_run(program, "--size=4", "--kind=bC").stdout == "4 Bc\n"
    for given, said in (
        ("--size=5", "5 is not at least 1 and at most 4"),
        ("--kind=d", "'d' is none of a, Bc"),
    ):
        done = thalweg_run(program, given)
        assert done.returncode != 0 and said in done.stderr


def test_draws_with_a_seed_are_the_same_in_every_session() -> None:
    with tf.Graph().as_default():
        d = tf.contrib.distributions
        a = tf.constant([2.0, 3.0])
        made = [
            tf.random_gamma([3], a, seed=5),
            tf.random_poisson(a, [3], seed=5),
            d.Beta(a, a).sample(3, seed=5),
            d.Gamma(a, a).sample(3, seed=5),
        ]
        other = d.Beta(a, a).sample(3, seed=6)
        first, second = (tf.Session().run([*made, other]) for _ in range(2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    assert not np.array_equal(first[2], first[4]) and len(set(first[2].ravel().tolist())) == 6


def test_classes_by_weights_of_a_shard() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        sampler = tf.nn.fixed_unigram_candidate_sampler
        drawn = sampler([[1]], 1, 50, False, 6, "", 2.0, 1, 2, 1, (1.0, 5.0, 3.0, 5.0, 0.0), seed=3)
        classes, of_true, _ = sess.run(drawn)
    assert set(classes.tolist()) == {1, 3}  # of 1, 3, 5 with weights 1, 9, 0: even ones are another shard's
    np.testing.assert_allclose(of_true, [[5.0]], rtol=1e-6)
    with pytest.raises(TypeError, match="sed"):
        sampler([[1]], 1, 2, False, 6, sed=3)


def test_flags_that_are_given_several_times_or_needed(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "flags.py"
    program.write_text(
        "import tensorflow as tf\n"
        "tf.flags.DEFINE_multi_integer('size', [1], 'sizes')\n"
        "tf.flags.DEFINE_string('folder', None, 'where')\n"
        "tf.flags.mark_flag_as_required('folder')\n"
        "def main(argv):\n"
        "    print(tf.flags.FLAGS.size, tf.flags.FLAGS.folder, argv[1:])\n"
        "if __name__ == '__main__':\n"
        "    tf.app.run()\n"
    )
    done = thalweg_run(program, "--size", "3", "--size=4", "--folder=f", "rest")
    assert done.stdout == "[3, 4] f ['rest']\n", done.stderr
    assert thalweg_run(program, "--folder=f").stdout == "[1] f []\n"
    missing = thalweg_run(program)
    assert missing.returncode == 1 and "flag --folder must have a value" in missing.stderr


def test_names_under_their_later_rooms() -> None:
    made = [
        tf.bitwise.invert(tf.constant([1, -2])),
        tf.manip.reverse([1, 2, 3], [0]),
        tf.math.softmax(tf.constant([1.0, 1.0])),
        tf.cast([1.5], tf.half),
    ]
    assert [x.tolist() for x in run(made)] == [[-2, 1], [3, 2, 1], [0.5, 0.5], [1.5]]
    assert tf.double == tf.float64 and tf.get_static_value(tf.constant([1, 2])).tolist() == [1, 2]


def test_the_gradient_of_identity_passes_a_sign() -> None:
    x = tf.constant([0.5, -2.0])
    with tf.get_default_graph().gradient_override_map({"Sign": "Identity"}):
        straight = tf.sign(x)
    assert run([straight, tf.gradients(3.0 * straight, x)[0]])[1].tolist() == [3.0, 3.0]
    with (
        tf.get_default_graph().gradient_override_map({"Sign": "Nowhere"}),
        pytest.raises(LookupError, match="no gradient 'Nowhere' is registered"),
    ):
        tf.sign(x)


def test_none_stands_for_the_defaults_of_local_responses() -> None:
    x = tf.constant(np.arange(12, dtype="f").reshape(1, 1, 1, 12))
    found = run([tf.nn.lrn(x), tf.nn.lrn(x, None, None, None, None)])
    np.testing.assert_array_equal(*found)


def test_shapes_are_asked_for_their_ranks() -> None:
    shape = tf.TensorShape([2, None])
    assert shape.with_rank_at_least(2) is shape and shape.with_rank_at_most(3) is shape
    with pytest.raises(ValueError, match="rank at least 3"):
        shape.with_rank_at_least(3)


# --- vocabularies -------------------------------------------------------------------------------------------


def test_words_must_occur_more_often_than_the_least_number() -> None:
    learn = tf.contrib.learn.preprocessing
    processor = learn.VocabularyProcessor(4, min_frequency=1)
    rows = list(processor.fit_transform(["b a c a", "b a d", "a e e"]))
    assert [row.tolist() for row in rows] == [[2, 1, 0, 1], [2, 1, 0, 0], [1, 3, 3, 0]]  # once is not enough
    assert processor.vocabulary_._mapping == {"<UNK>": 0, "a": 1, "b": 2, "e": 3}
    assert list(processor.reverse([[2, 1, 0]])) == ["b a <UNK>"]
    again = list(
        processor.fit_transform(["e e e z"])
    )  # counts go on, no new words, and the numbers are dealt anew
    assert again[0].tolist() == [1, 1, 1, 0] and processor.vocabulary_._freq == {"e": 5, "a": 4, "b": 2}
    words = learn.CategoricalVocabulary(support_reverse=False)
    for word in "x y x z z z".split():
        words.add(word)
    words.trim(0, 3)
    assert words._mapping == {"<UNK>": 0, "x": 1, "y": 2}
    with pytest.raises(ValueError, match="support_reverse"):
        words.reverse(1)


def test_a_vocabulary_is_saved_and_restored(tmp_path: Path) -> None:
    made = tf.contrib.learn.preprocessing.VocabularyProcessor
    processor, path = made(5), str(tmp_path / "vocab")
    rows = list(processor.fit_transform(["the cat's café", "the mat"]))
    processor.save(path)
    back = made.restore(path)
    assert (len(back.vocabulary_), back.max_document_length) == (5, 5)
    assert np.array_equal(list(back.transform(["the cat's café", "the mat"])), rows)
    assert next(back.transform(["new the"])).tolist() == [0, 1, 0, 0, 0]

    def letters(texts: Any) -> Any:
        return map(list, texts)

    made(2, tokenizer_fn=letters).fit(["ab"]).save(path)
    back = made.restore(path)
    with pytest.raises(ValueError, match=r"processor\._tokenizer = letters"):
        list(back.transform(["ba"]))
    back._tokenizer = letters
    assert next(back.transform(["ba"])).tolist() == [2, 1]
    (tmp_path / "vocab").write_text("[]")
    with pytest.raises(ValueError, match="no vocabulary"):
        made.restore(path)


def test_paths_of_saved_models_may_be_bytes(tmp_path: Path) -> None:
    saved, folder = tf.saved_model, tf.compat.as_bytes(str(tmp_path / "1"))
    x = tf.placeholder(tf.float32, [None], "x")
    tf.multiply(x, tf.Variable(3.0), name="y")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        builder = saved.builder.SavedModelBuilder(folder)
        builder.add_meta_graph_and_variables(sess, [saved.tag_constants.SERVING])
        builder.save()
    with tf.Session(graph=tf.Graph()) as sess:
        saved.loader.load(sess, [saved.tag_constants.SERVING], folder)
        assert sess.run("y:0", {"x:0": [2.0]}).tolist() == [6.0]


def test_batches_of_matrices_once_had_names_of_their_own() -> None:
    a = np.arange(8, dtype=np.float32).reshape(2, 2, 2) + 3 * np.eye(2, dtype=np.float32)
    assert np.array_equal(run(tf.batch_matrix_diag_part(a)), np.diagonal(a, axis1=1, axis2=2))
    assert np.array_equal(run(tf.batch_matrix_band_part(a, 0, -1)), np.triu(a))
    assert np.allclose(a @ run(tf.batch_matrix_solve(a, a)), a, atol=1e-4)
    assert np.array_equal(run(tf.batch_matrix_transpose(a)), a.swapaxes(1, 2))


# --- shapes -------------------------------------------------------------------------------------------------


def test_dropout_keeps_the_shape_whatever_is_known_of_its_rate() -> None:
    rate, training = tf.placeholder(tf.float32), tf.placeholder(tf.bool)
    x = tf.ones([4, 6])
    made = [
        tf.nn.dropout(x, rate),
        tf.nn.dropout(x, rate=rate),
        tf.layers.dropout(x, rate, training=True),
        tf.contrib.slim.dropout(x, 1 - rate),
    ]
    asked = tf.layers.dropout(x, 1 - rate, noise_shape=[tf.shape(x)[0], 1], training=training)
    assert all(t.shape.as_list() == [4, 6] for t in [*made, asked])
    with tf.Session() as sess:
        for t in made:
            assert set(sess.run(t, {rate: 0.5}).ravel()) <= {0.0, 2.0}
        rows = [sess.run(asked, {rate: 0.5, training: True}) for _ in range(20)]
        assert all(np.ptp(found, axis=1).max() == 0 for found in rows)  # one draw for each row
        assert {0.0, 2.0} == set(np.ravel(rows)) and max(np.ptp(found) for found in rows) == 2.0
        assert sess.run(asked, {rate: 0.5, training: False}).tolist() == np.ones((4, 6)).tolist()


def test_a_saver_makes_the_last_folder_of_its_path(tmp_path: Path) -> None:
    saver = tf.train.Saver([tf.Variable(1.0)])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        path = saver.save(sess, str(tmp_path / "model" / "m.ckpt"), global_step=3)
        assert tf.train.latest_checkpoint(str(tmp_path / "model")) == path
        with pytest.raises(ValueError, match=r"Parent directory of .* doesn't exist"):
            saver.save(sess, str(tmp_path / "a" / "b" / "m.ckpt"))


def test_pictures_are_resized_by_height_and_width_as_first_spelled() -> None:
    x = np.arange(48, dtype=np.float32).reshape(1, 4, 4, 3)
    wanted = run(tf.image.resize_images(x, [2, 6], 1, True))
    resize = tf.image.resize_images
    again = [
        resize(x, 2, 6, 1, True),
        resize(x, tf.constant(2), 6, method=1),
        resize(x, new_height=2, new_width=6),
    ]
    assert np.array_equal(run(again[0]), wanted)
    assert again[1].shape.as_list() == [1, 2, 6, 3] == again[2].shape.as_list()
    assert np.array_equal(run(again[1]), run(resize(x, [2, 6], 1)))
    assert np.array_equal(run(again[2]), run(resize(x, [2, 6])))


def test_summaries_read_from_messages_keep_pictures_and_histograms(tmp_path: Path) -> None:
    made = [
        tf.summary.scalar("a", 2.0),
        tf.summary.histogram("h", tf.constant([1.0, 2.0])),
        tf.summary.image("p", tf.zeros([1, 2, 2, 3])),
    ]
    message = run(tf.summary.merge(made))
    summary = tf.Summary.FromString(message)
    assert [value.tag for value in summary.value] == ["a", "h", "p/image/0"]
    assert summary.value[0].simple_value == 2.0
    assert summary.SerializeToString() == message
    summary.value[0].simple_value = 3.0
    assert tf.Summary.FromString(summary.SerializeToString()).value[0].simple_value == 3.0


def test_each_test_of_a_test_case_begins_anew(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(
        "import os, random\nimport numpy as np\nimport tensorflow as tf\n\nSEEN = []\n\n"
        "class Some(tf.test.TestCase):\n"
        "    def testOne(self):\n"
        "        v = tf.get_variable('v', [], initializer=tf.zeros_initializer())\n"
        "        SEEN.append((random.random(), np.random.rand()))\n"
        "        with self.test_session():\n"
        "            tf.global_variables_initializer().run()\n"
        "            v.assign_add(2.0).eval()\n"
        "        with self.test_session() as sess:\n"
        "            self.assertAllEqual(sess.run(v), 2.0)\n"
        "        with self.session() as sess, self.assertRaises(tf.errors.FailedPreconditionError):\n"
        "            sess.run(v)\n"
        "        open(os.path.join(self.get_temp_dir(), 'a'), 'w').close()\n"
        "        self.assertTrue(os.path.exists(os.path.join(self.get_temp_dir(), 'a')))\n"
        "        self.assertItemsEqual([1, 2], [2, 1])\n"
        "        with self.assertRaisesWithPredicateMatch(ValueError, 'wrong'):\n"
        "            raise ValueError('all wrong')\n\n"
        "    testTwo = testOne\n\n"
        "if __name__ == '__main__':\n"
        "    try:\n        tf.test.main()\n    finally:\n        print(len(SEEN), len(set(SEEN)))\n"
    )
    done = thalweg_run(tmp_path / "p.py")
    assert (done.returncode, done.stdout) == (0, "2 1\n"), done.stderr
    assert "OK (skipped=1)" in done.stderr  # test_session, which is no test
