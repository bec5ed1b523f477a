"""TensorFlow 1's further rooms against NumPy, scikit-learn, SciPy and closed forms."""

from __future__ import annotations

import colorsys
import itertools
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run

pytestmark = pytest.mark.usefixtures("new_graph")

rng = np.random.default_rng(0)


def test_a_run_takes_little_beyond_its_program() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = x + 1.0
    feed = {x: np.ones((4, 3), np.float32)}
    with tf.Session() as session:
        session.run(y, feed)
        (plan,) = next(iter(session._plans.values()))[3].values()
        arrays = list(feed.values())

        def microseconds(call: Any) -> float:
            times = []
            for _ in range(30):
                begun = time.perf_counter()
                for _ in range(100):
                    call()
                times.append((time.perf_counter() - begun) * 1e4)
            return min(times)

        whole = microseconds(lambda: session.run(y, feed_dict=feed))
        assert whole - microseconds(lambda: plan.program.run(arrays, session.slots)) < 15


# --- scopes -------------------------------------------------------------------------------------------------


def test_a_scope_entered_again_numbers_its_layers_from_the_start() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    for reuse in (False, True, True):
        with tf.variable_scope("net", reuse=reuse):
            tf.layers.dense(tf.layers.dense(x, 3), 1)
    names = [v.op.name for v in tf.global_variables()]
    assert names == [f"net/dense{k}/{part}" for k in ("", "_1") for part in ("kernel", "bias")]
    with tf.variable_scope("dense"):
        pass
    tf.layers.dense(x, 1)
    assert tf.global_variables()[-1].op.name == "dense_1/bias"


def test_a_custom_getter_puts_averages_in_the_place_of_variables() -> None:
    with tf.variable_scope("a"):
        v = tf.get_variable("v", initializer=tf.constant(1.0))
    average = tf.train.ExponentialMovingAverage(0.5)
    move = average.apply([v])
    with tf.variable_scope(
        "a", reuse=True, custom_getter=lambda get, name, *a, **k: average.average(get(name, *a, **k))
    ):
        kept = tf.get_variable("v")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(v.assign(3.0))
        session.run(move)
        assert session.run([v, kept]) == [3.0, 2.0]


# --- shapes that a run says ---------------------------------------------------------------------------------


def test_slices_and_splits_of_lengths_that_a_run_says() -> None:
    x = tf.placeholder(tf.float32, [None, None, 2])
    n = tf.placeholder(tf.int32, [])
    value = rng.normal(size=(3, 6, 2)).astype("f")
    parts = [
        x[:, :n],
        x[:, n:, 0],
        tf.slice(x, [0, 1, 0], tf.stack([-1, n, -1])),
        tf.pad(x, [[0, 0], [0, n], [0, 0]]),
    ]
    slope = tf.gradients(tf.reduce_sum(tf.square(x[:, :n])), x)[0]
    padded_slope = tf.gradients(tf.reduce_sum(tf.square(parts[-1])), x)[0]
    made = run([*parts, slope, padded_slope], {x: value, n: 2})
    wanted = [value[:, :2], value[:, 2:, 0], value[:, 1:3], np.pad(value, [(0, 0), (0, 2), (0, 0)])]
    masked = value.copy()
    masked[:, 2:] = 0
    for a, b in zip(made, [*wanted, 2 * masked, 2 * value], strict=True):
        np.testing.assert_array_equal(a, b)
    flat = tf.placeholder(tf.float32, [None, 2])
    rows = value.reshape(-1, 2)
    for a, b in zip(run(tf.split(0, 3, flat), {flat: rows}), np.split(rows, 3), strict=True):
        np.testing.assert_array_equal(a, b)


def test_lengths_stay_known_through_arithmetic() -> None:
    x = tf.ones([4, 6])
    assert tf.reshape(x, [tf.shape(x)[0] * 2, -1]).get_shape().as_list() == [8, 3]


# --- arrays, images -----------------------------------------------------------------------------------------


def test_functions_of_arrays_are_numpys() -> None:
    x = rng.normal(size=(5, 4)).astype("f")
    ids = np.array([0, 2, 0, 1, 2], np.int32)
    made = run(
        [
            tf.matrix_band_part(x, 1, 0),
            tf.roll(x, [1, -2], [0, 1]),
            tf.sort(x, direction="DESCENDING"),
            tf.argsort(x),
            tf.segment_max(x[[0, 2, 3, 1, 4]], np.sort(ids)),
            tf.segment_sum(x, tf.placeholder_with_default(np.sort(ids), [None])),
            tf.dynamic_stitch([[1, 3], [0, 2]], [x[[0, 1]], x[[2, 3]]]),
            tf.setdiff1d([1, 2, 3, 4], [2, 4])[0],
            tf.boolean_mask(x, x > 0),
            tf.unravel_index([5, 9], [3, 4]),
            tf.extract_image_patches(
                x.reshape(1, 5, 4, 1), [1, 2, 2, 1], [1, 1, 1, 1], [1, 1, 1, 1], "VALID"
            ),
            tf.depth_to_space(tf.space_to_depth(x[:4].reshape(1, 4, 4, 1), 2), 2),
        ]
    )
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2)).reshape(1, 4, 3, 4)
    wanted: list[Any] = [
        np.tril(np.triu(x, -1)),
        np.roll(x, (1, -2), (0, 1)),
        -np.sort(-x),
        np.argsort(x),
        np.stack([x[[0, 2]].max(0), x[3], x[[1, 4]].max(0)]),
        np.stack([x[:2].sum(0), x[2], x[3:].sum(0)]),
        x[[2, 0, 3, 1]],
        [1, 3],
        x[x > 0],
        np.array(np.unravel_index([5, 9], (3, 4))),
        windows,
        x[:4].reshape(1, 4, 4, 1),
    ]
    for k, (a, b) in enumerate(zip(made, wanted, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-6, err_msg=str(k))


def test_colours_are_those_of_colorsys() -> None:
    pixels = rng.uniform(size=(4, 5, 3)).astype("f")
    hsv, turned = run([tf.image.rgb_to_hsv(pixels), tf.image.adjust_hue(pixels, 0.3)])
    for place in np.ndindex(4, 5):
        h, s, v = colorsys.rgb_to_hsv(*(float(c) for c in pixels[place]))
        np.testing.assert_allclose(hsv[place], (h, s, v), atol=1e-5)
        np.testing.assert_allclose(turned[place], colorsys.hsv_to_rgb((h + 0.3) % 1, s, v), atol=1e-5)


def test_pictures_of_no_known_size_are_resized_as_others() -> None:
    pixels = rng.uniform(size=(6, 9, 3)).astype("f")
    x = tf.placeholder(tf.float32, [None, None, 3])
    for method in range(4):
        open_, fixed = (
            tf.image.resize_images(x, [4, 5], method),
            tf.image.resize_images(pixels, [4, 5], method),
        )
        assert open_.get_shape().as_list() == [4, 5, 3]
        a, b = run([open_, fixed], {x: pixels})
        np.testing.assert_allclose(a, b, rtol=1e-5)
    area = run(tf.image.resize_images(pixels, [3, 3], tf.image.ResizeMethod.AREA))
    np.testing.assert_allclose(area, pixels.reshape(3, 2, 3, 3, 3).mean((1, 3)), rtol=1e-5)
    cut = tf.image.resize_image_with_crop_or_pad
    a, b = run([cut(x, 4, 12), cut(pixels, 4, 12)], {x: pixels})
    np.testing.assert_array_equal(a, b)


def test_boxes_that_overlap_are_left_out() -> None:
    boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 1.9], [5, 5, 6, 6], [0, 0, 1, 1]], np.float32)
    kept = run(tf.image.non_max_suppression(boxes, np.array([0.8, 0.9, 0.5, 0.1], np.float32), 3))
    assert kept.tolist() == [1, 2, 3]


# --- own gradients, sparse tensors --------------------------------------------------------------------------


def test_own_gradients() -> None:
    x = tf.placeholder(tf.float32, [3])

    @tf.RegisterGradient("PassThrough")
    def pass_through(op: Any, grad: Any) -> Any:
        return grad

    with tf.get_default_graph().gradient_override_map({"Sign": "PassThrough"}):
        inside = tf.sign(x)

    @tf.custom_gradient
    def halved(v: Any) -> Any:
        return v * 2.0, lambda grad: grad * 0.5

    slopes = [tf.gradients(y, x)[0] for y in (inside, tf.sign(x), halved(x))]
    made = run(slopes, {x: [1.0, -2.0, 3.0]})
    np.testing.assert_array_equal(made, [[1, 1, 1], [0, 0, 0], [0.5, 0.5, 0.5]])


def test_sparse_tensors_are_scipys() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    dense = rng.normal(size=(4, 5)).astype("f") * (rng.uniform(size=(4, 5)) < 0.4)
    coo = sparse.coo_matrix(dense)
    given = tf.SparseTensorValue(np.stack([coo.row, coo.col], 1), coo.data, coo.shape)
    x = tf.sparse_placeholder(tf.float32)
    right = rng.normal(size=(5, 2)).astype("f")
    with tf.Session() as session:
        product = tf.sparse_tensor_dense_matmul(x, right)
        for _ in range(2):  # the second run finds its plan
            np.testing.assert_allclose(session.run(product, {x: given}), dense @ right, rtol=1e-5, atol=1e-6)
    y = tf.sparse_placeholder(tf.float32, [None, None])
    np.testing.assert_array_equal(run(tf.sparse_tensor_to_dense(y), {y: given}), dense)
    ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([1, 3, 2], np.int64), [3, 2])
    table = rng.normal(size=(4, 3)).astype("f")
    means = run(tf.nn.embedding_lookup_sparse(table, ids, None, combiner="sum"))
    np.testing.assert_allclose(means, [table[1] + table[3], np.zeros(3), table[2]], rtol=1e-6)


# --- files, queues ------------------------------------------------------------------------------------------


def test_all_parts_of_a_record_in_one_run_are_of_one_record(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("".join(f"{k},{k * 10},w{k}\n" for k in range(6)))
    queue = tf.train.string_input_producer([str(path)], num_epochs=1, shuffle=False)
    key, value = tf.TextLineReader().read(queue)
    number, tens, word = tf.decode_csv(value, [[0], [0.0], [""]])
    batch = tf.train.batch([number, word], 2)
    with tf.Session() as session:
        k, n, t, w, line = session.run([key, number, tens, word, value])
        assert (k.decode(), n, t, w, line) == (f"{path}:1", 0, 0.0, b"w0", b"0,0,w0")
        numbers, words = session.run(batch)
        assert numbers.tolist() == [1, 2] and words.tolist() == [b"w1", b"w2"]
        session.run(batch)
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(batch)


def test_a_required_field_must_be_there() -> None:
    made = tf.decode_csv("1,,x", [[0], tf.constant([], tf.float32), ["d"]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="required"):
        run(made)


def test_examples_go_into_files_and_come_back(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tfrecords")
    with tf.python_io.TFRecordWriter(path) as writer:
        for k in range(3):
            feature = {
                "n": tf.train.Feature(int64_list=tf.train.Int64List(value=[k])),
                "x": tf.train.Feature(float_list=tf.train.FloatList(value=[k, k + 0.5])),
                "tags": tf.train.Feature(int64_list=tf.train.Int64List(value=range(k))),
                "raw": tf.train.Feature(bytes_list=tf.train.BytesList(value=[bytes([k, k])])),
            }
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
    wanted = {
        "n": tf.FixedLenFeature([], tf.int64),
        "x": tf.FixedLenFeature([2], tf.float32),
        "raw": tf.FixedLenFeature([], tf.string),
        "absent": tf.FixedLenFeature([], tf.float32, default_value=7.0),
        "tags": tf.VarLenFeature(tf.int64),
    }
    _, records = tf.TFRecordReader().read_up_to(tf.train.string_input_producer([path], 1), 3)
    made = run(tf.parse_example(records, wanted))
    assert made["n"].tolist() == [0, 1, 2] and made["x"].tolist() == [[0, 0.5], [1, 1.5], [2, 2.5]]
    assert made["raw"].tolist() == [b"\x00\x00", b"\x01\x01", b"\x02\x02"] and made["absent"].tolist() == [
        7,
        7,
        7,
    ]
    assert made["tags"].indices.tolist() == [[1, 0], [2, 0], [2, 1]] and made["tags"].values.tolist() == [
        0,
        0,
        1,
    ]


def test_bytes_keep_the_zeros_at_their_end(tmp_path: Path) -> None:
    path = str(tmp_path / "a.tfrecords")
    raw = tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"\x01\x00\x00"]))
    with tf.python_io.TFRecordWriter(path) as writer:
        writer.write(tf.train.Example(features=tf.train.Features(feature={"raw": raw})).SerializeToString())
    _, record = tf.TFRecordReader().read(tf.train.string_input_producer([path]))
    text = tf.parse_single_example(record, {"raw": tf.FixedLenFeature([], tf.string)})["raw"]
    text_value, numbers, length = run([text, tf.decode_raw(text, tf.uint8), tf.string_length(text)])
    assert type(text_value) is bytes and text_value == b"\x01\x00\x00"
    assert numbers.tolist() == [1, 0, 0] and length == 3


def test_hooks_that_log_find_tensors_by_their_names() -> None:
    step = tf.train.get_or_create_global_step()
    tf.identity(6, name="six")
    seen: list[dict[Any, Any]] = []
    hook = tf.train.LoggingTensorHook(
        ["six:0", step],
        2,
        at_end=True,
        formatter=lambda v: str(seen.append(v)),  # type: ignore[func-returns-value]
    )
    late = tf.train.LoggingTensorHook(
        {"t": "six"},
        every_n_secs=1000,
        formatter=lambda v: str(seen.append(v)),  # type: ignore[func-returns-value]
    )
    with tf.train.MonitoredSession(hooks=[hook, late]) as session:
        for _ in range(3):
            session.run(tf.assign_add(step, 1))
    assert [set(v) for v in seen] == [{"six:0", step}, {"t"}, {"six:0", step}, {"six:0", step}]
    assert all(v.get("six:0", v.get("t")) == 6 for v in seen) and seen[-1][step] == 3
    with pytest.raises(ValueError, match="exactly one"):
        tf.train.LoggingTensorHook(["six:0"])


def test_decoders_take_wrapped_cells_which_keep_their_weights() -> None:
    fed = tf.placeholder(tf.float32, [2, None, 3])
    cell = tf.contrib.rnn.DropoutWrapper(
        tf.contrib.seq2seq.AttentionWrapper(
            tf.contrib.rnn.GRUCell(4),
            tf.contrib.seq2seq.LuongAttention(4, tf.random_normal([2, 5, 4], seed=1)),
        )
    )
    made = []
    for limit in None, 2:
        helper = tf.contrib.seq2seq.TrainingHelper(fed, [2, 3])
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, cell.zero_state(2, tf.float32))
        made.append(tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=limit)[0].rnn_output)
    assert len(tf.trainable_variables()) == 1 + 4
    targets, ones = tf.constant([[1, 2], [3, 0]]), tf.ones([2, 2])
    own = lambda labels, logits: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    losses = [
        tf.contrib.seq2seq.sequence_loss(made[0], targets, ones),
        tf.contrib.seq2seq.sequence_loss(made[1], targets, ones, softmax_loss_function=own),
    ]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        long, short, (all_steps, two) = session.run([*made, losses], {fed: rng.normal(size=(2, 3, 3))})
    assert long.shape == (2, 3, 4)
    np.testing.assert_allclose(long[:, :2], short, rtol=1e-6)
    assert all_steps == pytest.approx(two, rel=1e-6)  # steps after the last target do not count


def test_one_cell_in_several_places() -> None:
    cell, x = tf.nn.rnn_cell.GRUCell(4), tf.ones([2, 3, 3])
    one, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, scope="one")
    two, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, scope="two")  # the same weights
    assert len(tf.trainable_variables()) == 4
    (there, back), _ = tf.nn.bidirectional_dynamic_rnn(cell, cell, x, dtype=tf.float32)
    deep = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(4))] * 2)
    tf.nn.dynamic_rnn(deep, x, dtype=tf.float32)
    assert len(tf.trainable_variables()) == 4 + 4 + 8  # each direction and each layer has its own
    a, b, c, d = run([one, two, there, back])
    assert (a == b).all() and (a == c).all() and not np.allclose(c, d)


def test_queues_fill_themselves_from_their_runners() -> None:
    queue = tf.RandomShuffleQueue(50, 0, [tf.int32], shapes=[[]])
    tf.train.QueueRunner(queue, [queue.enqueue_many([tf.range(10)])])
    taken = queue.dequeue_many(10)
    with tf.Session() as session:
        assert sorted(session.run(taken)) == list(range(10))
        session.run([queue.enqueue([5]), queue.close()])
        assert session.run(queue.dequeue()) == 5
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(queue.dequeue())


# --- metrics, distributions, models -------------------------------------------------------------------------


def test_metrics_over_batches_are_scikit_learns() -> None:
    known = pytest.importorskip("sklearn.metrics")
    labels, scores = rng.integers(0, 2, 400), rng.uniform(size=400).astype("f")
    scores = np.where(labels, scores**0.5, scores).astype("f")
    t, p = tf.placeholder(tf.int64, [None]), tf.placeholder(tf.float32, [None])
    said = tf.cast(p > 0.5, tf.int64)
    found = {
        "auc": tf.metrics.auc(t, p, num_thresholds=2000),
        "tp": tf.metrics.true_positives(t, said),
        "fn": tf.metrics.false_negatives(t, said),
        "iou": tf.metrics.mean_iou(t, said, 2),
        "balanced": tf.metrics.mean_per_class_accuracy(t, said, 2),
    }
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for rows in np.split(np.arange(400), 4):
            session.run([update for _, update in found.values()], {t: labels[rows], p: scores[rows]})
        made = {key: session.run(value) for key, (value, _) in found.items()}
    positive = scores > 0.5
    table = known.confusion_matrix(labels, positive)
    assert abs(made["auc"] - known.roc_auc_score(labels, scores)) < 2e-3
    assert (made["tp"], made["fn"]) == (table[1, 1], table[1, 0])
    assert made["iou"] == pytest.approx(known.jaccard_score(labels, positive, average="macro"), rel=1e-5)
    assert made["balanced"] == pytest.approx(known.balanced_accuracy_score(labels, positive), rel=1e-5)


def test_metrics_of_contrib_are_those_of_scikit_learn_and_numpy() -> None:
    known = pytest.importorskip("sklearn.metrics")
    m = tf.contrib.metrics
    scores, ids = rng.normal(size=(60, 8)).astype("f"), rng.integers(0, 8, (60, 1))
    a = (rng.normal(size=60) + 1000).astype("f")
    b = (rng.normal(size=60) + a / 2).astype("f")
    w = rng.uniform(size=60).astype("f")
    truths, shares = rng.integers(0, 2, 60), rng.uniform(size=60).astype("f")
    data = [scores, ids, a, b, w, truths, shares]
    at = [tf.placeholder(tf.as_dtype(x.dtype), [None, *x.shape[1:]]) for x in data]
    p, t, x, y, z, u, s = at
    found = {
        "near": m.streaming_sparse_recall_at_k(p, t, 3),
        "same": m.streaming_recall_at_k(p, t[:, 0], 3),
        "right": m.streaming_sparse_precision_at_k(p, t, 3),
        "covariance": m.streaming_covariance(x, y),
        "weighted": m.streaming_covariance(x, y, z),
        "correlation": m.streaming_pearson_correlation(x, y),
        "f1": m.f1_score(u, s),
        "kappa": m.cohen_kappa(t[:, 0], tf.argmax(p, 1), 8),
        "count": m.count(x, z),
        "precision": m.streaming_precision_at_thresholds(s, u, [0.3]),
        "negatives": m.streaming_true_negatives(u, tf.cast(s > 0.5, tf.int64)),
        "less": m.streaming_percentage_less(s, 0.25),
    }
    with tf.Session() as session:
        session.run(tf.local_variables_initializer())
        for rows in np.split(np.arange(60), 4):
            session.run([update for _, update in found.values()], dict(zip(at, [d[rows] for d in data])))
        made = {key: session.run(value) for key, (value, _) in found.items()}
        weighed = m.accuracy(u, tf.cast(s > 0.5, tf.int64), z)
        share = session.run(weighed, {u: truths, s: shares, z: w})
    hits = (np.argsort(-scores, 1)[:, :3] == ids).any(1).mean()
    da, db = a - np.average(a, weights=w), b - np.average(b, weights=w)
    cuts = [-1e-7, *np.arange(1, 199) / 199, 1 + 1e-7]
    wanted = {
        "near": hits,
        "same": hits,
        "right": hits / 3,
        "covariance": np.cov(a, b)[0, 1],
        "weighted": (w * da * db).sum() / (w.sum() - 1),
        "correlation": np.corrcoef(a, b)[0, 1],
        "f1": max(known.f1_score(truths, shares > cut) for cut in cuts),
        "kappa": known.cohen_kappa_score(ids[:, 0], scores.argmax(1)),
        "count": w.sum(),
        "precision": known.precision_score(truths, shares > 0.3),
        "negatives": ((truths == 0) & (shares <= 0.5)).sum(),
        "less": (shares < 0.25).mean(),
    }
    for key, value in wanted.items():
        np.testing.assert_allclose(made[key], value, rtol=1e-3, atol=1e-5, err_msg=key)
    np.testing.assert_allclose(share, (((shares > 0.5) == truths) * w).sum() / w.sum(), rtol=1e-5)


@pytest.mark.parametrize(
    ("make", "scipys", "values"),
    [
        (lambda d: d.Normal(1.0, 2.0), lambda s: s.norm(1, 2), [-1.0, 0.5, 3.0]),
        (lambda d: d.Uniform(1.0, 3.0), lambda s: s.uniform(1, 2), [1.5, 2.9]),
        (lambda d: d.Exponential(2.0), lambda s: s.expon(scale=0.5), [0.1, 1.0]),
        (lambda d: d.Gamma(2.0, 3.0), lambda s: s.gamma(2, scale=1 / 3), [0.2, 1.1]),
        (lambda d: d.Beta(2.0, 3.0), lambda s: s.beta(2, 3), [0.2, 0.7]),
        (lambda d: d.Bernoulli(probs=0.3), lambda s: s.bernoulli(0.3), [0.0, 1.0]),
    ],
    ids=["normal", "uniform", "exponential", "gamma", "beta", "bernoulli"],
)
def test_distributions_are_scipys(make: Any, scipys: Any, values: Any) -> None:
    known = scipys(pytest.importorskip("scipy.stats"))
    tf.set_random_seed(3)
    ours = make(tf.distributions)
    x = tf.constant(values)
    log_prob, mean, variance, drawn = run(
        [ours.log_prob(x), ours.mean(), ours.variance(), ours.sample([20000])]
    )  # type: ignore[attr-defined]
    logs = getattr(known, "logpmf", None) or known.logpdf
    np.testing.assert_allclose(log_prob, logs(np.array(values)), rtol=1e-4, atol=1e-5)
    assert (mean, variance) == (pytest.approx(known.mean(), rel=1e-5), pytest.approx(known.var(), rel=1e-5))
    assert np.mean(drawn) == pytest.approx(known.mean(), abs=5 * known.std() / 20000**0.5)


def test_the_likelihood_of_a_chain_is_that_of_all_paths() -> None:
    scores, moves = rng.normal(size=(2, 3, 2)).astype("f"), rng.normal(size=(2, 2)).astype("f")
    tags, lengths = np.array([[0, 1, 1], [1, 0, 0]]), np.array([3, 2])
    made, _ = tf.contrib.crf.crf_log_likelihood(tf.constant(scores), tags, lengths, tf.constant(moves))

    def score(row: int, path: Any) -> float:
        steps = sum(scores[row, k, tag] for k, tag in enumerate(path))
        return float(steps + sum(moves[a, b] for a, b in itertools.pairwise(path)))

    for row, value in enumerate(run(made)):
        n = lengths[row]
        paths = list(np.ndindex(*[2] * n))
        wanted = score(row, tags[row, :n]) - np.log(sum(np.exp(score(row, p)) for p in paths))
        assert value == pytest.approx(wanted, rel=1e-4)
        best = paths[int(np.argmax([score(row, p) for p in paths]))]
        assert tf.contrib.crf.viterbi_decode(scores[row, :n], moves)[0] == list(best)


def test_columns_of_a_table() -> None:
    column = tf.feature_column
    features = {"age": tf.constant([5.0, 20.0, 70.0]), "job": tf.constant(["b", "a", "z"])}
    job = column.categorical_column_with_vocabulary_list("job", ["a", "b"])
    age = column.numeric_column("age")
    made = run(
        column.input_layer(
            features, [column.indicator_column(job), column.bucketized_column(age, [10, 50]), age]
        )
    )
    wanted = [[5, 1, 0, 0, 0, 1], [20, 0, 1, 0, 1, 0], [70, 0, 0, 1, 0, 0]]
    np.testing.assert_array_equal(made, wanted)


def test_metrics_compare_a_column_with_a_row() -> None:
    labels, said = tf.constant([[1.0], [0.0], [2.0]]), tf.constant([1.0, 2.0, 2.0])
    metrics = tf.metrics
    of = [metrics.root_mean_squared_error, metrics.mean_absolute_error, metrics.accuracy]
    updates = [metric(labels, said)[1] for metric in of]
    updates += [f(labels, said, [1.0, 3.0, 1.0])[1] for f in (metrics.precision, metrics.recall)]
    np.testing.assert_allclose(run(updates), [np.sqrt(4 / 3), 2 / 3, 2 / 3, 2 / 5, 1], rtol=1e-6)


def test_texts_are_packed() -> None:
    text = tf.placeholder(tf.string)
    parts = tf.string_split([text, "c"])
    values, both = run([parts.values, tf.stack([text, text])], {text: b"a b"})
    assert values.tolist() == [b"a", b"b", b"c"] and both.tolist() == [b"a b"] * 2
    assert tf.stack([tf.constant(["a"]), tf.constant(["b"])], 1).shape.as_list() == [1, 2]


def test_columns_with_keys_want_features_by_them() -> None:
    with pytest.raises(ValueError, match=r"'age'.*dictionary"):
        tf.feature_column.input_layer(tf.constant([5.0]), [tf.feature_column.numeric_column("age")])


def test_scipys_minimiser_finds_the_least_squares() -> None:
    pytest.importorskip("scipy")
    a, b = rng.normal(size=(20, 3)), rng.normal(size=20)
    beside = tf.Variable([1.0, 2.0])  # the loss does not depend on it
    w = tf.Variable(np.zeros(3))  # in float32 the loss is flat long before the weights are exact
    loss = tf.reduce_sum(tf.square(tf.reduce_sum(a * w, 1) - b))
    minimiser = tf.contrib.opt.ScipyOptimizerInterface(loss, options={"maxiter": 100})
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        minimiser.minimize(session)
        np.testing.assert_allclose(session.run(w), np.linalg.lstsq(a, b, rcond=None)[0], rtol=1e-3, atol=1e-4)
        assert session.run(beside).tolist() == [1, 2]


def test_backwards_networks_begin_at_each_examples_own_end() -> None:
    x = rng.normal(size=(2, 4, 3)).astype("f")
    lengths = np.array([2, 4])
    cells = [tf.nn.rnn_cell.BasicRNNCell(2) for _ in range(2)]
    steps = tf.unstack(tf.constant(x), axis=1)
    outputs, _, _ = tf.nn.static_bidirectional_rnn(*cells, steps, dtype=tf.float32, sequence_length=lengths)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        made = np.stack(session.run(outputs), 1)
        kernel, bias = session.run([v for v in tf.global_variables() if "/bw/" in v.op.name])
    h = np.zeros(2)
    for step in x[0, :2][::-1]:
        h = np.tanh(np.concatenate([step, h]) @ kernel + bias)
    np.testing.assert_allclose(made[0, 0, 2:], h, rtol=1e-5)
    assert not made[0, 2:].any()


def test_lengths_that_are_fed_are_compiled_for_a_few_times(caplog: pytest.LogCaptureFixture) -> None:
    """From the fourth length on, one program serves all; a phase that is fed beside it still chooses its own."""
    x, rows = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.int32, [])
    cell = tf.nn.rnn_cell.BasicRNNCell(2)
    _, state = cell(x, cell.zero_state(rows, tf.float32))
    folded = tf.reshape(state * tf.ones([rows, 2]), [2, rows])
    with tf.Session() as session, caplog.at_level("DEBUG", "thalweg"):
        session.run(tf.global_variables_initializer())
        kernel, bias = session.run(tf.trainable_variables())
        caplog.clear()
        for n in (4, 5, 6, 7, 8, 9, 10, 4, 11, 12):
            fed = rng.normal(size=(n, 3)).astype("float32")
            found = session.run(folded, {x: fed, rows: n})
            wanted = np.tanh(np.c_[fed, np.zeros((n, 2))] @ kernel + bias).reshape(2, n)
            np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    compiled = [r for r in caplog.records if "compiled in" in r.getMessage()]
    assert len(compiled) <= 3 + 5
