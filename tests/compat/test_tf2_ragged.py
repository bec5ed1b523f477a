"""Ragged and sparse tensors, texts in parts, data sets, pictures and sets: TensorFlow 2.21 gives the same.

Not compared with it: feature columns as a layer, which it has no longer, against numbers by hand; saved models, whose
files are our own, against what was saved.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf2
from thalweg.errors import ArgumentError, DataError, ShapeError

tf: Any = tf2
DIGITS = tf.ragged.constant([[3, 1, 4, 1], [], [5, 9, 2], [6], []])
WORDS = tf.ragged.constant([["So", "long"], ["thanks", "for", "all"]])

LARGEST = float(np.finfo(np.float32).max)
DEEP = tf.ragged.constant([[[1], [2, 3]], [[4]]])

RAGGED: list[tuple[Any, Any]] = [
    (lambda: tf.add(DIGITS, 3), [[6, 4, 7, 4], [], [8, 12, 5], [9], []]),
    (lambda: DIGITS * DIGITS, [[9, 1, 16, 1], [], [25, 81, 4], [36], []]),
    (lambda: 10 - DIGITS, [[7, 9, 6, 9], [], [5, 1, 8], [4], []]),
    (lambda: DIGITS[:, :2], [[3, 1], [], [5, 9], [6], []]),
    (lambda: DIGITS[:, -1:], [[1], [], [2], [6], []]),
    (lambda: DIGITS[2:4], [[5, 9, 2], [6]]),
    (lambda: tf.concat([DIGITS, [[5, 3]]], axis=0), [[3, 1, 4, 1], [], [5, 9, 2], [6], [], [5, 3]]),
    (
        lambda: tf.concat([WORDS, [["!"], ["?"]]], axis=1),
        [[b"So", b"long", b"!"], [b"thanks", b"for", b"all", b"?"]],
    ),
    (lambda: tf.tile(DIGITS[2:4], [1, 2]), [[5, 9, 2, 5, 9, 2], [6, 6]]),
    (lambda: tf.strings.substr(WORDS, 0, 2), [[b"So", b"lo"], [b"th", b"fo", b"al"]]),
    (lambda: tf.map_fn(tf.math.square, DIGITS[2:4]), [[25, 81, 4], [36]]),
    (lambda: tf.ragged.map_flat_values(lambda v: v * 2 + 1, DIGITS[3:]), [[13], []]),
    (lambda: tf.strings.split(["a b c", "d e"]), [[b"a", b"b", b"c"], [b"d", b"e"]]),
    (lambda: tf.strings.split([["a b"], ["c"]]), [[[b"a", b"b"]], [[b"c"]]]),
    (lambda: tf.strings.split([tf.constant("a,b"), tf.constant("c")], ","), [[b"a", b"b"], [b"c"]]),
    (lambda: tf.strings.unicode_split(["né", "o"], "UTF-8"), [[b"n", "é".encode()], [b"o"]]),
    (lambda: tf.strings.unicode_decode(["né", "o"], "UTF-8"), [[110, 233], [111]]),
    (lambda: tf.strings.ngrams(WORDS, 2), [[b"So long"], [b"thanks for", b"for all"]]),
    (lambda: tf.ragged.range([2, 3]), [[0, 1], [0, 1, 2]]),
    (lambda: tf.ragged.boolean_mask([[1, 2], [3, 4]], [[True, False], [True, True]]), [[1], [3, 4]]),
    (lambda: tf.expand_dims(DIGITS[2:4], -1), [[[5], [9], [2]], [[6]]]),
    (lambda: tf.cast(DIGITS[3:], "float32"), [[6.0], []]),
    (lambda: tf.gather([10, 20, 30], tf.ragged.constant([[0, 2], [1]])), [[10, 30], [20]]),
    (lambda: tf.RaggedTensor.from_value_rowids([3, 1, 4], [0, 0, 2]), [[3, 1], [], [4]]),
    (lambda: tf.RaggedTensor.from_tensor([[1, 3, -1], [2, -1, -1]], padding=-1), [[1, 3], [2]]),
    (lambda: tf.RaggedTensor.from_sparse(DIGITS.to_sparse()), [[3, 1, 4, 1], [], [5, 9, 2], [6], []]),
    (lambda: tf.RaggedTensor.from_uniform_row_length([1, 2, 3, 4], 2), [[1, 2], [3, 4]]),
    (lambda: tf.RaggedTensor.from_nested_row_lengths([1, 2, 3], [[2, 1], [1, 0, 2]]), [[[1], []], [[2, 3]]]),
    (lambda: DEEP.merge_dims(0, 1), [[1], [2, 3], [4]]),
    (lambda: DEEP.merge_dims(1, 2), [[1, 2, 3], [4]]),
    (
        lambda: tf.RaggedTensor.from_row_lengths([[1, 2], [3, 4], [5, 6]], [2, 1]).merge_dims(1, 2),
        [[1, 2, 3, 4], [5, 6]],
    ),
    (lambda: tf.reverse(DIGITS, [1]), [[1, 4, 1, 3], [], [2, 9, 5], [6], []]),
    (lambda: tf.reverse(DIGITS, [0]), [[], [6], [5, 9, 2], [], [3, 1, 4, 1]]),
    (lambda: -DIGITS[2:4], [[-5, -9, -2], [-6]]),
    (lambda: ~(DIGITS > 4), [[True, True, True, True], [], [False, False, True], [False], []]),
    (lambda: abs(DIGITS[2:4] - 5), [[0, 4, 3], [1]]),
    (lambda: tf.gather(DIGITS, [0, 2]), [[3, 1, 4, 1], [5, 9, 2]]),
    (lambda: tf.where(DIGITS > 3, DIGITS, tf.zeros_like(DIGITS)), [[0, 0, 4, 0], [], [5, 9, 0], [6], []]),
    (lambda: tf.stack([DIGITS[2:4], DIGITS[3:]]), [[[5, 9, 2], [6]], [[6], []]]),
    (lambda: tf.squeeze(tf.ragged.constant([[[1, 2]], [[3]]]), 1), [[1, 2], [3]]),
    (lambda: tf.nn.relu(DIGITS[2:4] - 5), [[0, 4, 0], [1]]),
    (lambda: tf.strings.unicode_transcode(WORDS, "UTF-8", "UTF-16-BE")[:1], [[b"\0S\0o", b"\0l\0o\0n\0g"]]),
    (
        lambda: tf.ragged.cross([tf.ragged.constant([["a"], ["b", "c"]]), tf.ragged.constant([[1], [2]])]),
        [[b"a_X_1"], [b"b_X_2", b"c_X_2"]],
    ),
]


@pytest.mark.parametrize(("made", "rows"), RAGGED)
def test_a_ragged_result(made: Any, rows: list[Any]) -> None:
    found = made()
    assert isinstance(found, tf.RaggedTensor)
    assert found.to_list() == rows


def test_ragged_rows_become_tensors_and_figures() -> None:
    assert DIGITS.shape.as_list() == [5, None]
    assert DIGITS.to_tensor(-1).tolist() == [[3, 1, 4, 1], [-1] * 4, [5, 9, 2, -1], [6, -1, -1, -1], [-1] * 4]
    assert WORDS.to_tensor(shape=[None, 2]).numpy().tolist() == [[b"So", b"long"], [b"thanks", b"for"]]
    assert tf.reduce_sum(DIGITS, axis=1).tolist() == [9, 0, 16, 6, 0]
    assert tf.reduce_max(DIGITS) == 9
    assert tf.strings.reduce_join(WORDS, axis=-1, separator=" ").numpy().tolist() == [
        b"So long",
        b"thanks for all",
    ]
    with pytest.raises(ShapeError, match="rows have different lengths"):
        DIGITS + tf.ragged.constant([[1], [2], [3], [4], [5]])


def test_figures_of_rows_without_elements() -> None:
    means = tf.reduce_mean(DIGITS, axis=1)
    np.testing.assert_allclose(means.numpy(), [2.25, np.nan, 16 / 3, 6, np.nan])
    assert means.dtype == "float64" and tf.reduce_mean(tf.cast(DIGITS, "float32"), 1).dtype == "float32"
    assert tf.reduce_max(DIGITS, axis=1).numpy().tolist() == [4, -(2**31), 9, 6, -(2**31)]
    assert tf.reduce_min(tf.cast(DIGITS, "float32"), axis=-1).numpy().tolist() == [1, LARGEST, 2, 6, LARGEST]


def test_where_ragged_elements_are() -> None:
    assert tf.where(DIGITS > 4).numpy().tolist() == [[2, 0], [2, 1], [3, 0]]
    assert tf.where(DEEP > 1).numpy().tolist() == [[0, 1, 0], [0, 1, 1], [1, 0, 0]]
    assert [n.numpy().tolist() for n in DEEP.nested_row_lengths()] == [[2, 1], [1, 2, 1]]
    assert int(tf.size(DIGITS)) == 8 and DIGITS.dtype is tf.int32
    assert tf.ragged.row_splits_to_segment_ids([0, 3, 3, 5]).numpy().tolist() == [0, 0, 0, 2, 2]
    assert tf.ragged.segment_ids_to_row_splits([0, 0, 2]).numpy().tolist() == [0, 2, 2, 3]
    for mixed in ([["one"], [3]], ["A", ["B"]]):
        with pytest.raises(ValueError, match=r"ragged\.constant"):
            tf.ragged.constant(mixed)


# What is done to texts, and the texts that TensorFlow gives.
MOVED: list[tuple[Any, Any]] = [
    (lambda: tf.reshape(["a", "b"], [2, 1]), [[b"a"], [b"b"]]),
    (lambda: tf.concat([["a"], tf.constant(["b"])], 0), [b"a", b"b"]),
    (lambda: tf.reverse(tf.constant(["a", "b"]), [0]), [b"b", b"a"]),
    (lambda: tf.tile(["a"], [2]), [b"a", b"a"]),
    (lambda: tf.where([True, False], ["a", "b"], ["c", "d"]), [b"a", b"d"]),
    (lambda: tf.where([True, False], ["a", "b"], "z"), [b"a", b"z"]),
    (lambda: tf.expand_dims("a", 0), [b"a"]),
    (lambda: tf.zeros([2], tf.string), [b"", b""]),
    (lambda: tf.zeros_like(tf.constant(["a"])), [b""]),
    (lambda: tf.transpose([["a", "b"]]), [[b"a"], [b"b"]]),
    (lambda: tf.boolean_mask(["a", "b"], [True, False]), [b"a"]),
    (lambda: tf.random.shuffle(tf.constant(["a"])), [b"a"]),
    (lambda: tf.squeeze([["a"]]), b"a"),
    (lambda: tf.unstack(tf.constant(["a", "b"]))[1], b"b"),
    (lambda: tf.split(tf.constant(["a", "b"]), 2)[0], [b"a"]),
    (lambda: tf.pad(tf.constant(["a"]), [[1, 1]], constant_values="z"), [b"z", b"a", b"z"]),
    (lambda: tf.pad(tf.constant(["a"]), [[0, 1]]), [b"a", b""]),
    (lambda: tf.tensor_scatter_nd_update(tf.constant(["a", "b"]), [[0]], ["z"]), [b"z", b"b"]),
    (lambda: tf.identity("a"), b"a"),
    (lambda: tf.slice(["a", "b"], [1], [1]), [b"b"]),
    (lambda: tf.broadcast_to("a", [2]), [b"a", b"a"]),
    (lambda: tf.repeat(["a", "b"], 2), [b"a", b"a", b"b", b"b"]),
    (lambda: tf.strings.substr(["abc", "def"], [0, 1], [1, 2]), [b"a", b"ef"]),
    (lambda: tf.strings.as_string(7, width=3, fill="0"), b"007"),
    (lambda: tf.strings.as_string([1.5, 0.25], shortest=True), [b"1.5", b"0.25"]),
    (lambda: tf.strings.as_string(tf.constant([True])), [b"true"]),
    (lambda: tf.strings.unicode_transcode(["é"], "UTF-8", "UTF-16-BE"), [b"\x00\xe9"]),
    (lambda: tf.io.encode_base64(b"a\xff\xfe"), b"Yf_-"),
    (lambda: tf.io.decode_base64(["YWI"]), [b"ab"]),
]


@pytest.mark.parametrize("row", range(len(MOVED)))
def test_texts_are_moved_as_numbers_are(row: int) -> None:
    made, expected = MOVED[row]
    found = made()
    assert found.dtype == tf.string and np.asarray(found).tolist() == expected


def test_how_texts_look() -> None:
    assert int(tf.size(tf.constant(["a", "b"]))) == 2
    assert str(tf.constant([["a"], ["b"]])) == "tf.Tensor(\n[[b'a']\n [b'b']], shape=(2, 1), dtype=string)"
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int64, -1)
    table.insert(tf.constant(["k", "l"]), tf.constant([5, 6], tf.int64))
    table.remove(tf.constant(["l"]))
    assert table.lookup(tf.constant(["k", "l"])).numpy().tolist() == [5, -1] and int(table.size()) == 1


PICTURE = np.arange(48, dtype="float32").reshape(4, 4, 3) / 48


@pytest.mark.parametrize(
    ("method", "first"),
    [
        ("lanczos3", [0.01899392, 0.03982725, 0.06066058, 0.05962934, 0.08046267]),
        ("lanczos5", [0.0272487, 0.04808203, 0.06891537, 0.07240777, 0.09324111]),
        ("mitchellcubic", [0.04075824, 0.06159158, 0.08242489, 0.08152105, 0.10235438]),
        ("gaussian", [0.05735043, 0.07818376, 0.09901709, 0.09751531, 0.11834866]),
    ],
)
def test_kernels_of_resizing_are_tensorflows(method: str, first: list[float]) -> None:
    found = tf.image.resize(PICTURE, [3, 5], method=method).numpy()
    np.testing.assert_allclose(found.ravel()[:5], first, atol=1e-5)


def test_colours_and_files_of_pictures() -> None:
    found = tf.image.rgb_to_yiq(PICTURE)
    np.testing.assert_allclose(found.numpy().ravel()[:3], [0.017, -0.0191, 0.0021], atol=1e-4)
    # the way back is rounded in the standard: TensorFlow's picture is 5.85e-5 from the first one too
    way_back = np.abs(tf.image.yiq_to_rgb(found).numpy() - PICTURE).max()
    assert way_back == pytest.approx(5.85e-5, abs=2e-7)
    grey = (PICTURE[..., :1] * 255).astype("uint8")
    assert (tf.io.decode_png(tf.io.encode_png(grey)).numpy() == grey).all()
    assert tf.io.decode_png(tf.io.encode_png(grey), channels=3).shape == (4, 4, 3)
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype("uint8")
    sizes = [len(tf.io.encode_jpeg(noise, quality=q).numpy()) for q in (10, 95)]
    assert sizes[0] < sizes[1]


def test_a_gradient_passes_ragged_numbers() -> None:
    table = tf.Variable(tf.ones([4, 2]))
    with tf.GradientTape() as tape:
        rows = tf.nn.embedding_lookup(table, tf.ragged.constant([[0, 2], [2]]))
        loss = tf.reduce_sum(tf.reduce_mean(rows, axis=1))
    found = np.asarray(tf.convert_to_tensor(tape.gradient(loss, table)))
    assert found.tolist() == [[0.5, 0.5], [0.0, 0.0], [1.5, 1.5], [0.0, 0.0]]


def test_sparse_tensors_against_dense_ones() -> None:
    dense = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]], "float32")
    s = tf.sparse.from_dense(dense)
    assert np.asarray(s.indices).tolist() == [[0, 0], [0, 2], [1, 2]]
    right = np.arange(6.0, dtype="float32").reshape(3, 2)
    for found, wanted in [
        (tf.sparse.to_dense(s, default_value=7.0), np.where(dense == 0, 7, dense)),
        (tf.sparse.sparse_dense_matmul(s, right), dense @ right),
        (tf.sparse.sparse_dense_matmul(s, right[:2], adjoint_a=True), dense.T @ right[:2]),
        (tf.sparse.reduce_sum(s, axis=1), dense.sum(1)),
        (tf.sparse.to_dense(tf.sparse.add(s, s)), dense * 2),
        (tf.sparse.to_dense(tf.sparse.transpose(s)), dense.T),
        (tf.sparse.to_dense(tf.sparse.reshape(s, [3, -1])), dense.reshape(3, 2)),
        (tf.sparse.to_dense(s * [[2.0, 3.0, 4.0]]), dense * [[2.0, 3.0, 4.0]]),
    ]:
        np.testing.assert_allclose(np.asarray(found), wanted)


def test_csv_files_as_data_sets(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("age,town,yes\n20,Rome,1\n?,Oslo,0\n31.5,,1\n")
    ds = tf.data.experimental.make_csv_dataset(
        str(path), 3, label_name="yes", na_value="?", num_epochs=1, shuffle=False
    )
    (features, labels), *_ = list(ds)
    assert features["age"].tolist() == [20.0, 0.0, 31.5]
    assert features["town"].numpy().tolist() == [b"Rome", b"Oslo", b""]
    assert labels.tolist() == [1, 0, 1]
    rows = tf.data.experimental.CsvDataset(
        str(path), [0.0, "none"], header=True, na_value="?", select_cols=[0, 1]
    )
    assert [(a.item(), t.numpy()) for a, t in rows] == [(20.0, b"Rome"), (0.0, b"Oslo"), (31.5, b"none")]


@pytest.mark.parametrize("kind", ["GZIP", "ZLIB"])
def test_csv_files_may_be_packed(tmp_path: Path, kind: str) -> None:
    path, text = tmp_path / "t.csv", b'age,town\n20,"a\nb"\n30,Oslo\n'
    path.write_bytes(gzip.compress(text) if kind == "GZIP" else zlib.compress(text))
    ds = tf.data.experimental.make_csv_dataset(
        str(path), 2, num_epochs=1, shuffle=False, compression_type=kind
    )
    (features,) = list(ds)
    assert features["age"].tolist() == [20, 30]
    assert features["town"].numpy().tolist() == [b"a\nb", b"Oslo"]
    rows = tf.data.experimental.CsvDataset(str(path), [0, ""], compression_type=kind, header=True)
    assert [(a.item(), t.numpy()) for a, t in rows] == [(20, b"a\nb"), (30, b"Oslo")]


def test_feature_columns_as_a_layer() -> None:
    fc = tf.feature_column
    age = fc.numeric_column("age", normalizer_fn=lambda x: x / 10)
    town = fc.categorical_column_with_vocabulary_list("town", ["Rome", "Oslo"])
    decade = fc.bucketized_column(fc.numeric_column("age"), [20, 30])
    columns = [age, decade, fc.indicator_column(town), fc.embedding_column(town, 3, combiner="sum")]
    layer = tf.keras.layers.DenseFeatures(columns)
    features = {"age": tf.constant([[25.0], [40.0]]), "town": tf.constant([["Oslo"], ["Bonn"]])}
    found = np.asarray(layer(features))
    (table,) = layer.trainable_variables
    wanted = [[2.5, 0, 1, 0, *table.get_value()[1], 0, 1], [4.0, 0, 0, 1, 0, 0, 0, 0, 0]]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    for keys, places in (
        ([town, decade], [1, 3]),
        (["town", decade], [0, 5]),
    ):  # as TensorFlow 2.21 counts them
        crossed = tf.keras.layers.DenseFeatures(fc.indicator_column(fc.crossed_column(keys, 10)))
        np.testing.assert_array_equal(crossed(features), np.eye(10)[places])


def test_a_saved_model_comes_back(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")

    class Counter(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.total = tf.Variable(1.0)

        @tf.function
        def add(self, x: Any) -> Any:
            return self.total.assign_add(x)

    counter = Counter()
    tf.saved_model.save(counter, str(tmp_path / "counter"))
    other = tf.saved_model.load(str(tmp_path / "counter"))
    other.add(tf.constant(2.0))
    assert (other.total, counter.total) == (3.0, 1.0)
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    tf.saved_model.save(model, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    (found,) = loaded.signatures["serving_default"](tf.ones([1, 3])).values()
    np.testing.assert_array_equal(np.asarray(found), np.asarray(model(tf.ones([1, 3]))))
    with pytest.raises(DataError, match="come back only in the process that saved them"):
        tf.saved_model.load(str(tmp_path))


def test_a_list_that_a_function_of_elements_gives_is_a_tuple() -> None:
    rows = tf.data.Dataset.range(2).map(
        lambda x: tf.numpy_function(lambda v: (np.full((2, 3), v, "f"), v), [x], [tf.float32, tf.int64])
    )
    assert [(a.numpy().shape, b.numpy()) for a, b in rows] == [((2, 3), 0), ((2, 3), 1)]


def test_data_sets_of_several() -> None:
    rows = tf.data.Dataset.range(6)
    grouped = rows.group_by_window(lambda x: x % 2, lambda key, window: window.batch(2), 2)
    assert [b.tolist() for b in grouped] == [[0, 2], [1, 3], [4], [5]]
    ones, zeros = tf.data.Dataset.from_tensors(1).repeat(), tf.data.Dataset.from_tensors(0).repeat()
    drawn = tf.data.experimental.sample_from_datasets([zeros, ones], [0.25, 0.75], seed=0).take(2000)
    assert abs(np.mean(list(drawn.as_numpy_iterator())) - 0.75) < 0.05
    chosen = tf.data.experimental.choose_from_datasets(
        [zeros, ones], tf.data.Dataset.from_tensor_slices(np.array([1, 0, 1]))
    )
    assert list(chosen.as_numpy_iterator()) == [1, 0, 1]
    parts = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2], [3], []]))
    batches = parts.apply(tf.data.experimental.dense_to_ragged_batch(2))
    assert [b.to_list() for b in batches] == [[[1, 2], [3]], [[]]]


def test_boxes_and_likeness_of_pictures_as_tensorflow_gives_them() -> None:
    rng = np.random.RandomState(0)
    a = rng.rand(16, 16, 3).astype("f")
    b = np.clip(a + 0.1 * rng.randn(16, 16, 3), 0, 1).astype("f")
    assert tf.image.ssim(a, b, 1.0).item() == pytest.approx(0.961167, abs=1e-5)
    assert tf.image.ssim(a, a, 1.0).item() == pytest.approx(1.0)
    boxes = [[0.1, 0.2, 0.7, 0.9], [-0.5, 0.0, 0.5, 0.5]]
    crops = np.asarray(tf.image.crop_and_resize(a[None], boxes, [0, 0], [3, 2], extrapolation_value=2.0))
    wanted = [
        [[0.41472, 0.41387], [0.86219, 0.43839], [0.62108, 0.68814]],
        [[2.0, 2.0], [0.54881, 0.45872], [0.54009, 0.34615]],
    ]
    np.testing.assert_allclose(crops[..., 0], wanted, atol=2e-5)
    none = tf.image.crop_and_resize(a[None], np.zeros((0, 4), "f"), np.zeros(0, "i"), [3, 2])
    assert none.shape == (0, 3, 2, 3)
    frame = tf.image.draw_bounding_boxes(np.zeros((1, 6, 6, 1), "f"), [[[0.2, 0.2, 0.8, 0.6]]], [[1.0]])
    assert np.argwhere(np.asarray(frame)[0, ..., 0]).tolist() == [
        [1, 1], [1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 3], [4, 1], [4, 2], [4, 3],
    ]  # fmt: skip
    one, two = (np.asarray(tf.image.stateless_random_brightness(a, 0.5, seed=(1, 2))) for _ in range(2))
    assert np.array_equal(one, two) and not np.allclose(one, a)


def test_sets_of_rows() -> None:
    left, right = tf.constant([[2, 3, 5, 7], [7, 9, 0, 0]]), tf.constant([[4, 5, 6], [9, 10, 0]])
    found = [tf.sparse.to_dense(f(left, right)).tolist() for f in (tf.sets.union, tf.sets.difference)]
    assert found == [[[2, 3, 4, 5, 6, 7], [0, 7, 9, 10, 0, 0]], [[2, 3, 7], [7, 0, 0]]]
    both = tf.sets.intersection(left, right)
    assert tf.sparse.to_dense(both).tolist() == [[5, 0], [0, 9]]
    assert tf.sets.size(both).tolist() == [1, 2]


def test_features_of_any_length() -> None:
    numbers = tf.train.Feature(int64_list=tf.train.Int64List(value=[1, 2]))
    share = tf.train.Feature(float_list=tf.train.FloatList(value=[0.5]))
    one = tf.train.Example(features=tf.train.Features(feature={"v": numbers, "s": share})).SerializeToString()
    more = tf.train.Feature(int64_list=tf.train.Int64List(value=[3]))
    two = tf.train.Example(features=tf.train.Features(feature={"v": more})).SerializeToString()
    assert more.WhichOneof("kind") == "int64_list" and more.SerializeToString() in two
    kinds = {
        "v": tf.io.VarLenFeature(tf.int64),
        "s": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True),
    }
    parsed = tf.io.parse_example(tf.constant([one, two]), kinds)
    assert parsed["v"].indices.tolist() == [[0, 0], [0, 1], [1, 0]] and parsed["v"].values.tolist() == [
        1,
        2,
        3,
    ]
    assert parsed["s"].tolist() == [[0.5], [0.0]]
    assert tf.io.parse_single_example(two, kinds)["v"].values.tolist() == [3]


def test_gather_takes_all_arguments_by_position() -> None:
    found = tf.gather(tf.constant([[1, 2], [3, 4]]), [[1], [0]], None, 1, 1)
    assert found.numpy().tolist() == [[2], [3]]


def test_rows_of_ragged_tensors_are_batched_as_ragged_tensors() -> None:
    x, y = tf.ragged.constant([[1, 2, 3], [4], [5, 6], [7]]), tf.constant([0, 1, 0, 1])
    rows = tf.data.Dataset.from_tensor_slices((x, y)).skip(1)
    found = [(a.to_list(), b.numpy().tolist()) for a, b in rows.batch(2)]
    assert found == [([[4], [5, 6]], [1, 0]), ([[7]], [1])]
    sums = rows.map(lambda a, b: tf.reduce_sum(a) + b).batch(3)
    assert [s.numpy().tolist() for s in sums] == [[5, 11, 8]]
    deep = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[[1], [2, 3]], [[4]]])).batch(2)
    assert next(iter(deep)).to_list() == [[[1], [2, 3]], [[4]]]


def test_models_say_that_they_take_no_ragged_tensors() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Embedding(9, 2), tf.keras.layers.LSTM(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ArgumentError, match=r"takes no ragged tensors.*ragged=True.*to_tensor"):
        model.fit(tf.ragged.constant([[1, 2], [3]]), np.zeros((2, 1)))


# --- numbers that TensorFlow 2.21 prints -----


def test_plain_tensors_are_stretched_over_rows() -> None:
    x = tf.ragged.constant([[-1.5, -2.0], [-3.0], []])
    assert (x * [[2], [3], [4]]).to_list() == [[-3.0, -4.0], [-9.0], []]
    assert (x + [10.0]).to_list() == [[8.5, 8.0], [7.0], []]
    assert ([[1.0], [2.0], [3.0]] - x).to_list() == [[2.5, 3.0], [5.0], []]
    assert (tf.ragged.constant([[1, 2], [3, 4]]) + [10, 20]).to_list() == [[11, 22], [13, 24]]
    inner = tf.ragged.constant([[[1, 2], [3, 4], [5, 6]], [[7, 8]]], ragged_rank=1)
    assert inner.flat_values.shape == (4, 2)
    assert (inner + tf.constant([[10, 20]])).to_list() == [[[11, 22], [13, 24], [15, 26]], [[17, 28]]]
    deep = tf.ragged.constant([[[[1], [2]], [], [[3]]], [[[5], [6]]]], ragged_rank=2)
    assert (deep + tf.constant([10, 20])).to_list() == [
        [[[11, 21], [12, 22]], [], [[13, 23]]],
        [[[15, 25], [16, 26]]],
    ]
    with pytest.raises(tf.errors.InvalidArgumentError, match="rows of different lengths"):
        x + tf.ones([3, 2])


def test_reductions_down_columns_pass_over_what_is_not_there() -> None:
    x = tf.ragged.constant([[-1.5, -2.0], [-3.0], []])
    assert tf.reduce_max(x, 0).numpy().tolist() == [-1.5, -2.0]
    assert tf.reduce_min(-x, 0).numpy().tolist() == [1.5, 2.0]
    assert tf.reduce_prod(x, 0).numpy().tolist() == [4.5, -2.0]
    assert tf.reduce_all(tf.ragged.constant([[True, False], [True]]), 0).numpy().tolist() == [True, False]
    assert tf.rank(x).numpy() == 2


def test_functions_of_rows_by_their_signature() -> None:
    @tf.function(input_signature=[tf.RaggedTensorSpec(shape=[None, None], dtype=tf.int32)])
    def widest(rows: Any) -> Any:
        return tf.reduce_max(rows, axis=-1)

    rows = tf.ragged.constant([[1, 2], [3], [4, 5, 6]])
    assert widest(rows).numpy().tolist() == [2, 3, 6]
    increased = tf.function(lambda x: x + 1).get_concrete_function(rows)
    assert increased(rows).to_list() == [[2, 3], [4], [5, 6, 7]]


def test_hash_buckets() -> None:
    words = tf.ragged.constant([["Who", "is", "Dan", "Smith"], ["Pause"]])
    assert tf.strings.to_hash_bucket_fast(words, 1024).to_list() == [[633, 768, 237, 309], [28]]
    strong = tf.strings.to_hash_bucket_strong(["Hello", "TF"], 100, [1, 2])
    assert strong.numpy().tolist() == [74, 1]
