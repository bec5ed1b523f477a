"""What famous repositories of the TensorFlow 1 years need beside the usual names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run

pytestmark = pytest.mark.usefixtures("new_graph")

tf1: Any = tf
_TEXTS = [b"", b"a", b"hello", b"TensorFlow", b"the quick brown fox jumps over the lazy dog", b"x" * 100]


# --- numbers that TensorFlow 2.21's tf.compat.v1 gives ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("hashed", "expected"),
    [
        (lambda x: tf1.string_to_hash_bucket_fast(x, 1000), [263, 939, 296, 254, 619, 719]),
        (lambda x: tf1.string_to_hash_bucket(x, 1000), [899, 868, 938, 232, 789, 807]),
        (lambda x: tf1.strings.to_hash_bucket(x, 1000), [899, 868, 938, 232, 789, 807]),
        (lambda x: tf1.string_to_hash_bucket_strong(x, 1000, [1, 2]), [435, 646, 622, 926, 481, 463]),
    ],
)
def test_hash_buckets_are_those_of_tensorflow(hashed: Any, expected: list[int]) -> None:
    assert run(hashed(_TEXTS)).tolist() == expected


def test_counting_ends_at_the_limit() -> None:
    v = tf1.Variable(0)
    counted = tf1.count_up_to(v, 3)
    with tf1.Session() as sess:
        sess.run(v.initializer)
        assert [int(sess.run(counted)) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(tf1.errors.OutOfRangeError, match="limit of 3"):
            sess.run(counted)
        assert sess.run(v) == 3


def _draws() -> dict[str, Any]:
    return {
        "dropout": lambda seed: tf1.nn.dropout(tf1.ones([50]), 0.5, seed=seed),
        "layer": lambda seed: tf1.layers.dropout(tf1.ones([50]), 0.5, seed=seed, training=True),
        "integers": lambda seed: tf1.random_uniform([50], 0, 100, "int32", seed=seed),
        "rows": lambda seed: tf1.random_shuffle(tf1.range(50), seed=seed),
        "classes": lambda seed: tf1.multinomial([[1.0, 1.0, 1.0]], 50, seed=seed),
    }


@pytest.mark.parametrize("kind", _draws())
def test_nodes_of_one_seed_draw_alike_in_every_session(kind: str) -> None:
    draw = _draws()[kind]
    tf1.set_random_seed(5)
    nodes = [draw(3), draw(3), draw(4)]
    seen = []
    for _ in range(2):
        with tf1.Session() as sess:
            seen.append([sess.run(nodes), sess.run(nodes)])
    first, second = seen[0]
    np.testing.assert_array_equal(first[0], first[1])
    assert not np.array_equal(first[0], first[2])
    assert not np.array_equal(first[0], second[0])
    np.testing.assert_array_equal(seen[1][0][0], first[0])
    np.testing.assert_array_equal(seen[1][1][0], second[0])


def test_a_seeded_node_draws_anew_in_each_iteration() -> None:
    rows = run(tf1.map_fn(lambda _: tf1.random_uniform([3], seed=1), tf1.range(4), dtype=tf1.float32))
    assert len({tuple(row) for row in rows.tolist()}) == 4


def test_a_priority_queue_gives_the_least_first() -> None:
    queue = tf1.PriorityQueue(10, [tf1.string], [[]])
    fill = [queue.enqueue((5, "five")), queue.enqueue_many(([3, 9, 1], ["3", "9", "1"]))]
    next_row, rest = queue.dequeue(), queue.dequeue_many(2)
    with tf1.Session() as sess:
        for op in fill:
            sess.run(op)
        assert [sess.run(next_row) for _ in range(2)] == [[1, b"1"], [3, b"3"]]
        numbers, words = sess.run(rest)
        assert (numbers.tolist(), words.tolist()) == ([5, 9], [b"five", b"9"])
        assert sess.run(queue.size()) == 0


def test_an_accumulator_averages_what_is_not_stale() -> None:
    held = tf1.ConditionalAccumulator(tf1.float32, shape=[2])
    first, later = held.apply_grad([1.0, 2.0]), held.apply_grad([3.0, 4.0], local_step=1)
    taken, count = held.take_grad(2), held.num_accumulated()
    with tf1.Session() as sess:
        sess.run(first)
        sess.run(later)
        assert sess.run(count) == 2
        assert sess.run(taken).tolist() == [2.0, 3.0]
        assert sess.run(count) == 0
        sess.run(first)  # of step 0, while the accumulator is at step 1
        assert sess.run(count) == 0
        sess.run(later)
        assert sess.run(count) == 1
        sess.run(held.set_global_step(3))
        sess.run(later)
        assert sess.run(count) == 1
        with pytest.raises(tf1.errors.InvalidArgumentError, match="needs 2 gradients, there are 1"):
            sess.run(taken)


def test_an_accumulator_may_sum() -> None:
    held = tf1.ConditionalAccumulator(tf1.float32, shape=[2], reduction_type="SUM")
    put, taken = held.apply_grad([1.0, 2.0]), held.take_grad(2)
    with tf1.Session() as sess:
        for _ in range(3):
            sess.run(put)
        assert sess.run(taken).tolist() == [3.0, 6.0]
    with pytest.raises(ValueError, match="reduction_type"):
        tf1.ConditionalAccumulator(tf1.float32, reduction_type="MAX")


def test_initialisations_have_an_output() -> None:
    v = tf1.Variable([1.0, 2.0], name="v")
    (made,) = v.initializer.outputs
    assert made.name == "v/Assign:0"
    assert run(made).tolist() == [1.0, 2.0]


# --- objects that stand for tensors ---------------------------------------------------------------------------------


class _Money:
    def __init__(self, amount: float) -> None:
        self.amount = amount


def test_objects_can_stand_for_tensors() -> None:
    asked = []

    def convert(x: Any, dtype: Any = None, name: Any = None, as_ref: bool = False) -> Any:
        asked.append(dtype)
        return tf1.constant(x.amount, dtype or tf1.float32)

    tf1.register_tensor_conversion_function(_Money, convert)
    tf1.register_tensor_conversion_function(_Money, lambda *args, **options: NotImplemented, priority=1)
    two = tf1.constant(2.0)
    made = [tf1.convert_to_tensor(_Money(3.0)), tf1.add(_Money(1.0), 2.0), two * _Money(4.0)]
    assert run([*made, two + _Money(4.0)]) == [3.0, 3.0, 8.0, 6.0]
    assert run(tf1.stack([_Money(1.0), _Money(2.0)])).tolist() == [1.0, 2.0]
    assert tf1.float32 in asked
    with pytest.raises(TypeError, match="callable"):
        tf1.register_tensor_conversion_function(_Money, 3)


# --- data sets ------------------------------------------------------------------------------------------------------


def _reciprocals(dataset: Any) -> list[float]:
    node = dataset.make_one_shot_iterator().get_next()
    found = []
    with tf1.Session() as sess:
        while True:
            try:
                found.append(float(sess.run(node)))
            except tf1.errors.OutOfRangeError:
                return found


def test_elements_that_raise_are_left_out() -> None:
    made = tf1.data.Dataset.from_tensor_slices([1.0, 2.0, 0.0, 4.0]).map(
        lambda x: tf1.check_numerics(1.0 / x, "infinite")
    )
    assert _reciprocals(made.apply(tf1.data.experimental.ignore_errors())) == [1.0, 0.5, 0.25]
    assert _reciprocals(made.filter(lambda x: x < 1).apply(tf1.contrib.data.ignore_errors())) == [0.5, 0.25]


# --- checkpoints of objects -----------------------------------------------------------------------------------------


def _step(v: Any) -> tuple[Any, Any]:
    optimizer = tf1.train.AdamOptimizer(0.1)
    return optimizer, optimizer.minimize(v * v)


def test_objects_are_saved_and_found_again_by_attribute(tmp_path: Path) -> None:
    v = tf1.Variable(1.0, name="v")
    optimizer, step = _step(v)
    checkpoint = tf1.train.Checkpoint(v=v, opt=optimizer, parts=[tf1.Variable(2.0)])
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        sess.run(step)
        path = checkpoint.save(str(tmp_path / "ck"))
        assert path == str(tmp_path / "ck-1") == tf1.train.latest_checkpoint(str(tmp_path))
        names = [name for name, _ in tf1.train.list_variables(path)]
        assert "v/.ATTRIBUTES/VARIABLE_VALUE" in names
        assert "v/.OPTIMIZER_SLOT/opt/m/.ATTRIBUTES/VARIABLE_VALUE" in names
        assert "parts/0/.ATTRIBUTES/VARIABLE_VALUE" in names
        saved = sess.run(v)
        sess.run(step)
        moved = sess.run(v)
        checkpoint.restore(path).assert_consumed().run_restore_ops()
        assert sess.run(v) == saved != moved
        assert sess.run(checkpoint.save_counter) == 1
        sess.run(step)  # goes on as it went before: what the optimizer remembers came back too
        assert sess.run(v) == moved
        assert checkpoint.save(str(tmp_path / "ck")).endswith("ck-2")


def test_restoring_gives_the_others_their_first_values(tmp_path: Path) -> None:
    with tf1.Session() as sess:
        v = tf1.Variable(5.0)
        sess.run(v.initializer)
        path = tf1.train.Checkpoint(v=v).save(str(tmp_path / "ck"), sess)
    w, other = tf1.Variable(0.0), tf1.Variable(7.0)
    checkpoint = tf1.train.Checkpoint(v=w, other=other)
    status = checkpoint.restore(path)
    with pytest.raises(AssertionError, match="other"):
        status.assert_consumed()
    status.assert_nontrivial_match()
    with tf1.Session() as sess:
        status.initialize_or_restore(sess)
        assert sess.run([w, other]) == [5.0, 7.0]
        checkpoint.restore(None).initialize_or_restore(sess)
        assert sess.run([w, other]) == [0.0, 7.0]
        with pytest.raises(AssertionError, match="no path"):
            checkpoint.restore(None).run_restore_ops(sess)
    with pytest.raises(ValueError, match="trackable"):
        tf1.train.Checkpoint(v=3)


def test_a_manager_keeps_the_newest(tmp_path: Path) -> None:
    layer = tf1.layers.Dense(2, name="d")
    layer(tf1.ones([1, 3]))
    checkpoint = tf1.train.Checkpoint(layer=layer)
    assert "layer/kernel/.ATTRIBUTES/VARIABLE_VALUE" in checkpoint.variables()
    manager = tf1.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        paths = [manager.save() for _ in range(3)]
    assert manager.checkpoints == paths[1:]
    assert manager.latest_checkpoint == tf1.train.latest_checkpoint(str(tmp_path)) == paths[2]
    assert not Path(paths[0] + ".safetensors").exists()
    assert tf1.train.CheckpointManager(checkpoint, str(tmp_path), 2).checkpoints == paths[1:]


# --- cuDNN's layers -------------------------------------------------------------------------------------------------


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _lstm_step(a: Any, b: Any, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, f, j, o = (x + y for x, y in zip(a, b, strict=True))
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(j)
    return _sigmoid(o) * np.tanh(c), c


def _gru_step(a: Any, b: Any, h: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r, u = _sigmoid(a[0] + b[0]), _sigmoid(a[1] + b[1])
    return (1 - u) * np.tanh(a[2] + r * b[2]) + u * h, c


def _by_hand(flat: np.ndarray, x: np.ndarray, gates: int, dirs: int, units: int, step: Any) -> Any:
    """Two layers in NumPy, from the vector in which cuDNN keeps the weights."""
    widths = [x.shape[2]] * dirs + [units * dirs] * dirs
    shapes = [s for n in widths for s in [(units, n)] * gates + [(units, units)] * gates]
    cuts = np.cumsum([a * b for a, b in shapes] + [units] * (len(shapes) - 1))
    parts = np.split(flat, cuts)
    matrices = [p.reshape(s) for p, s in zip(parts, shapes, strict=False)]
    biases, states = parts[len(shapes) :], []
    for layer in range(2):
        outputs = []
        for direction in range(dirs):
            at = (layer * dirs + direction) * 2 * gates
            w, r = matrices[at : at + gates], matrices[at + gates : at + 2 * gates]
            b, d = biases[at : at + gates], biases[at + gates : at + 2 * gates]
            h = c = np.zeros((x.shape[1], units))
            seen = []
            for row in x[:: -1 if direction else 1]:
                of_input = [row @ m.T + n for m, n in zip(w, b, strict=True)]
                of_state = [h @ m.T + n for m, n in zip(r, d, strict=True)]
                h, c = step(of_input, of_state, h, c)
                seen.append(h)
            outputs.append(np.stack(seen[:: -1 if direction else 1]))
            states.append((h, c))
        x = np.concatenate(outputs, 2)
    return x, states


@pytest.mark.parametrize("direction", ["unidirectional", "bidirectional"])
@pytest.mark.parametrize(
    ("kind", "gates", "step"), [("CudnnLSTM", 4, _lstm_step), ("CudnnGRU", 3, _gru_step)]
)
def test_layers_of_cudnn(kind: str, gates: int, step: Any, direction: str) -> None:
    x = np.random.default_rng(0).normal(size=(5, 2, 3)).astype("float32")
    draw = tf1.random_normal_initializer(0, 0.5, seed=1)
    layer = getattr(tf1.contrib.cudnn_rnn, kind)(
        2, 4, direction=direction, kernel_initializer=draw, bias_initializer=draw
    )
    outputs, states = layer(tf1.constant(x))
    (kernel,) = layer.trainable_variables
    again, _ = layer(tf1.constant(x.transpose(1, 0, 2)), time_major=False)
    slope = tf1.gradients(tf1.reduce_sum(outputs), kernel)[0]
    made, last, flat, swapped, g = run([outputs, states, kernel, again, slope])
    expected, ends = _by_hand(flat.astype("float64"), x, gates, layer.num_dirs, 4, step)
    np.testing.assert_allclose(made, expected, atol=1e-6)
    np.testing.assert_allclose(last[0], np.stack([h for h, _ in ends]), atol=1e-6)
    if gates == 4:
        np.testing.assert_allclose(last[1], np.stack([c for _, c in ends]), atol=1e-6)
    np.testing.assert_allclose(swapped, made.transpose(1, 0, 2), atol=1e-6)
    assert g.shape == flat.shape
    assert np.isfinite(g).all()
    assert np.abs(g).max() > 0


def test_states_go_into_layers_of_cudnn() -> None:
    x = np.random.default_rng(0).normal(size=(6, 2, 3)).astype("float32")
    layer = tf1.contrib.cudnn_rnn.CudnnLSTM(2, 4, name="lstm")
    whole, (h, c) = layer(tf1.constant(x))
    _, middle = layer(tf1.constant(x[:4]))
    rest, last = layer(tf1.constant(x[4:]), initial_state=middle, training=False)
    made = run([whole, rest, h, c, *last])
    np.testing.assert_allclose(made[0][4:], made[1], atol=1e-6)
    np.testing.assert_allclose(made[2], made[4], atol=1e-6)
    np.testing.assert_allclose(made[3], made[5], atol=1e-6)
    with pytest.raises(ValueError, match="direction"):
        tf1.contrib.cudnn_rnn.CudnnLSTM(1, 4, direction="both")


def test_cells_that_go_with_cudnn() -> None:
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    h = np.random.default_rng(1).normal(size=(2, 4)).astype("float32")
    gru = tf1.contrib.cudnn_rnn.CudnnCompatibleGRUCell(4)
    made, _ = gru(tf1.constant(x), tf1.constant(h), scope="gru")
    kernel, bias, into, a, out, b = gru.variables
    got, k, kb, w, wb, r, rb = run([made, kernel, bias, into, a, out, b])
    reset, update = np.split(_sigmoid(np.concatenate([x, h], 1) @ k + kb), 2, 1)
    np.testing.assert_allclose(
        got, (1 - update) * np.tanh(x @ w + wb + reset * (h @ r + rb)) + update * h, atol=1e-6
    )
    assert [v.op.name for v in gru.variables][2:4] == [
        "gru/candidate/input_projection/kernel",
        "gru/candidate/input_projection/bias",
    ]
    lstm = tf1.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(4)
    assert lstm.forget_bias == 0.0


# --- what programs failed on ----------------------------------------------------------------------------------------


def test_settings_keep_their_types() -> None:
    h = tf1.contrib.training.HParams(n=1, rate=0.5, units=[1, 2], on=True, name="x", none=None)
    h.parse("n=3,units=[4,5,6],on=false,name=hello,rate=1")
    assert h.values() == {
        "n": 3,
        "rate": 1.0,
        "units": [4, 5, 6],
        "on": False,
        "name": "hello",
        "none": None,
    }
    assert h.parse("units[1]=9").units == [4, 9, 6]
    assert h.override_from_dict({"n": 7, "rate": 2}).parse_json('{"units": [8]}').units == [8]
    assert h.to_json(sort_keys=True) == (
        '{"n": 7, "name": "hello", "none": null, "on": false, "rate": 2.0, "units": [8]}'
    )
    assert ("n" in h, h.get("n"), h.get("m", 5)) == (True, 7, 5)
    h.del_hparam("n")
    assert "n" not in h
    for wrong in ({"units": 1}, {"on": 1}, {"name": 3}, {"rate": "a"}, {"rate": True}):
        with pytest.raises(ValueError, match=r"Could not cast|multi-valued"):
            h.override_from_dict(wrong)
    for text, said in (("rate=a", "Could not parse"), ("x=1", "Unknown"), ("rate", "Malformed")):
        with pytest.raises(ValueError, match=said):
            h.parse(text)
    with pytest.raises(KeyError):
        h.override_from_dict({"m": 1})
    with pytest.raises(ValueError, match="reserved"):
        h.add_hparam("parse", 1)


def test_identities_whose_size_a_run_knows() -> None:
    x = tf1.placeholder(tf1.float32, [None, 3])
    n = tf1.shape(x)[0]
    nodes = [tf1.eye(n), tf1.eye(n, 3), tf1.eye(n, batch_shape=[n]), tf1.eye(2, 3, [4], tf1.int32)]
    made = run(nodes, {x: np.zeros((2, 3))})
    np.testing.assert_array_equal(made[0], np.eye(2))
    np.testing.assert_array_equal(made[1], np.eye(2, 3))
    np.testing.assert_array_equal(made[2], np.stack([np.eye(2)] * 2))
    np.testing.assert_array_equal(made[3], np.stack([np.eye(2, 3)] * 4))
    assert nodes[3].shape.as_list() == [4, 2, 3]
    assert nodes[3].dtype == tf1.int32
    with pytest.raises(ValueError, match="batch_shape"):
        tf1.eye(2, batch_shape=tf1.placeholder(tf1.int32, [None]))


def test_sparse_tensors_of_no_known_rank_become_dense() -> None:
    fed, w = tf1.sparse_placeholder(tf1.float32), tf1.Variable(2.0)
    dense = tf1.sparse_tensor_to_dense(tf1.SparseTensor(fed.indices, fed.values * w, fed.dense_shape))
    assert dense.shape.ndims is None
    row = tf1.reshape(dense, [-1])
    nodes = [dense, tf1.gradients(tf1.reduce_sum(row**2), w)[0]]
    with tf1.Session() as sess:
        sess.run(w.initializer)
        made, slope = sess.run(nodes, {fed: (np.array([[0, 1], [2, 2]]), [1.0, 3.0], (3, 4))})
        expected = np.zeros((3, 4))
        expected[0, 1], expected[2, 2] = 2, 6
        np.testing.assert_array_equal(made, expected)
        assert slope == 40.0
        made, _ = sess.run(nodes, {fed: (np.array([[1]]), [3.0], (5,))})
        np.testing.assert_array_equal(made, [0, 6, 0, 0, 0])


def test_a_window_holds_what_is_not_made_yet() -> None:
    seen = []

    def note(x: Any) -> Any:
        seen.append(int(x))
        return x

    made = tf1.data.Dataset.range(1000).map(lambda x: tf1.py_func(note, [x], tf1.int64)).shuffle(1000)
    node = made.make_one_shot_iterator().get_next()
    with tf1.Session() as sess:
        found = [int(sess.run(node)) for _ in range(3)]
    assert found == seen


def test_hooks_find_the_loss_of_a_ready_model(tmp_path: Path) -> None:
    data = {"x": np.array([[1.0], [2.0], [3.0], [4.0]], "float32")}
    feed = tf1.estimator.inputs.numpy_input_fn(data, np.array([0, 0, 1, 1]), 4, 3, False)
    model = tf1.estimator.LinearClassifier([tf1.feature_column.numeric_column("x")], str(tmp_path))
    told: list[dict[str, float]] = []

    def noted(values: dict[str, float]) -> str:
        told.append(values)
        return ""

    hook = tf1.train.LoggingTensorHook(
        {"sum": "head/weighted_loss/Sum", "mean": "head/truediv"}, 1, formatter=noted
    )
    model.train(feed, hooks=[hook])
    assert told[0]["sum"] == pytest.approx(4 * np.log(2))
    assert told[0]["mean"] == pytest.approx(np.log(2))


def test_choices_inside_choices_and_variables_made_in_them() -> None:
    p, q = tf1.placeholder(tf1.bool, []), tf1.placeholder(tf1.bool, [])
    v = tf1.Variable(0.0)

    def outer() -> Any:
        inner = tf1.cond(q, lambda: tf1.constant(1.0), lambda: tf1.constant(2.0))
        with tf1.control_dependencies([inner]):
            return tf1.assign(v, inner + 10.0)

    node = tf1.cond(p, outer, lambda: tf1.Variable(7.0, trainable=False) + 0.0)
    seen = []
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        for first in (False, True):
            for second in (False, True):
                seen.append((float(sess.run(node, {p: first, q: second})), float(sess.run(v))))
    assert seen == [(7, 0), (7, 0), (12, 12), (11, 11)]


def test_checks_have_names_of_their_own() -> None:
    tf1.assert_less_equal(tf1.constant(1), 2)
    names = [op.name for op in tf1.get_default_graph().get_operations()]
    assert "assert_less_equal/All" in names
    assert "assert_less_equal/Assert" in names


def _elements(dataset: Any) -> list[Any]:
    node = dataset.make_one_shot_iterator().get_next()
    found = []
    with tf1.Session() as sess:
        while True:
            try:
                found.append(sess.run(node))
            except tf1.errors.OutOfRangeError:
                return found


@pytest.mark.parametrize("group", ["batch", "padded_batch"])
def test_groups_of_messages_keep_their_last_zeros(group: str, tmp_path: Path) -> None:
    messages = [b"ab\x00", b"c\x00\x00"]
    with tf1.python_io.TFRecordWriter(str(tmp_path / "r")) as writer:
        for message in messages:
            writer.write(message)
    made = tf1.data.TFRecordDataset(str(tmp_path / "r"))
    (found,) = _elements(made.batch(2) if group == "batch" else made.padded_batch(2, []))
    assert found.tolist() == messages


def test_generators_of_texts_give_bytes() -> None:
    def rows() -> Any:
        yield (1, "aé"), ["x", "yy"]
        yield (2, b"b"), ["z"]

    kinds, shapes = ((tf1.int32, tf1.string), tf1.string), (((), ()), [None])
    made = tf1.data.Dataset.from_generator(rows, kinds, shapes)
    ((number, text), words), _ = _elements(made)
    assert (int(number), text, words.tolist()) == (1, b"a\xc3\xa9", [b"x", b"yy"])
    (((numbers, texts), rest),) = _elements(made.padded_batch(2, shapes, ((0, ""), "")))
    assert numbers.tolist() == [1, 2]
    assert texts.tolist() == [b"a\xc3\xa9", b"b"]
    assert rest.tolist() == [[b"x", b"yy"], [b"z", b""]]


def test_recurrent_layers_of_cudnn_ask_for_the_width_of_their_input() -> None:
    with pytest.raises(ValueError, match=r"CudnnGRU needs to know the last axis .* use set_shape"):
        tf1.contrib.cudnn_rnn.CudnnGRU(1, 3)(tf1.placeholder(tf1.float32, [5, 2, None]))


def test_cells_take_names_functions_and_first_values_as_they_are_given() -> None:
    cells, x = tf1.nn.rnn_cell, tf1.constant([[1.0, 2.0]])
    made = [
        cells.GRUCell(
            3,
            tf1.nn.relu,
            kernel_initializer=tf1.zeros_initializer(),
            bias_initializer=tf1.ones_initializer(),
        ),
        cells.GRUCell(3, None, tf1.tanh),  # as before 1.2: the width of the input is the second
        cells.BasicRNNCell(3, activation="relu", name="plain"),
        cells.LSTMCell(3, True),
        cells.BasicLSTMCell(3, 1.0, None, True),
        cells.GRUCell(3, reuse=True),
    ]
    outputs = [cell(x, cell.zero_state(1, tf1.float32))[0] for cell in made]
    names = {v.op.name.rpartition("/")[0] for v in tf1.trainable_variables()}
    assert names == {
        "gru_cell/gates", "gru_cell/candidate", "gru_cell_1/gates", "gru_cell_1/candidate", "plain", "lstm_cell",
        "basic_lstm_cell",
    }  # fmt: skip
    assert "lstm_cell/w_f_diag" in [v.op.name for v in tf1.trainable_variables()]
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        first, *_, last = sess.run(outputs)
    gate = 1 / (1 + np.exp(-1.0))
    np.testing.assert_allclose(first, np.full((1, 3), 1 - gate), rtol=1e-6)
    np.testing.assert_allclose(last, np.full((1, 3), (1 - gate) * np.tanh(1.0)), rtol=1e-6)


def test_cells_of_programs_hand_their_names_on() -> None:
    class Adding(tf1.nn.rnn_cell.RNNCell):
        def __init__(self, reuse: Any = None, name: Any = None) -> None:
            super().__init__(_reuse=reuse, name=name)

        state_size = output_size = 2

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            new = state + inputs + tf1.get_variable("more", [2])
            return new, new

    for name in (None, "own"):
        cell = Adding(name=name)
        cell(tf1.ones([1, 2]), cell.zero_state(1, tf1.float32))
    assert [v.op.name for v in tf1.global_variables()] == ["adding/more", "own/more"]


def test_dropout_once_for_all_steps_and_not_of_what_is_remembered() -> None:
    class Same(tf1.nn.rnn_cell.RNNCell):
        state_size = tf1.nn.rnn_cell.LSTMStateTuple(50, 50)
        output_size = 50

        def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
            return inputs, tf1.nn.rnn_cell.LSTMStateTuple(inputs, inputs)

    x = tf1.ones([3, 4, 50])
    often = tf1.nn.rnn_cell.DropoutWrapper(Same(), output_keep_prob=0.5, state_keep_prob=0.5, seed=3)
    once = tf1.nn.rnn_cell.DropoutWrapper(Same(), 0.5, 0.5, 1.0, True, 50, tf1.float32, 3)
    with tf1.variable_scope("a"):
        changing, state = tf1.nn.dynamic_rnn(often, x, dtype=tf1.float32)
    with tf1.variable_scope("b"):
        held, _ = tf1.nn.dynamic_rnn(once, x, dtype=tf1.float32)
    with tf1.Session() as sess:
        a, s, b = sess.run([changing, state, held])
        again = sess.run(held)
    assert set(np.unique(a)) == {0, 2}
    assert (a[:, 0] != a[:, 1]).any()
    assert (s.c == 1).all()
    assert set(np.unique(s.h)) == {0, 2}
    assert set(np.unique(b)) == {0, 4}
    assert (b == b[0, 0]).all()
    assert (again != b).any()
    with pytest.raises(ValueError, match="dtype must be provided"):
        tf1.nn.rnn_cell.DropoutWrapper(Same(), 0.5, variational_recurrent=True)
    with pytest.raises(ValueError, match="input_size must be provided"):
        tf1.nn.rnn_cell.DropoutWrapper(Same(), 0.5, variational_recurrent=True, dtype=tf1.float32)
    with pytest.raises(ValueError, match="state_keep_prob must be between 0 and 1: 42"):
        tf1.nn.rnn_cell.DropoutWrapper(Same(), 0.5, 0.5, 42)


def test_elements_of_sets_look_up_words_of_the_graph_outside() -> None:
    table = tf1.contrib.lookup.index_table_from_tensor(tf1.constant(["a", "b"]), default_value=7)
    end = table.lookup(tf1.constant("b"))
    made = tf1.data.Dataset.from_tensor_slices(tf1.constant(["a", "z"])).map(lambda w: (table.lookup(w), end))
    node = made.make_one_shot_iterator().get_next()
    with tf1.Session() as sess:
        sess.run(tf1.tables_initializer())
        assert [sess.run(node), sess.run(node)] == [(0, 1), (7, 1)]
