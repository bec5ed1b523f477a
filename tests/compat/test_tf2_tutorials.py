"""What tutorials of TensorFlow 2 promise of arrays, sparse tensors, functions and records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf1, tf2
from thalweg.errors import ShapeError

tf: Any = tf2


def _filled(**options: Any) -> Any:
    array = tf.TensorArray(tf.float32, size=3, **options)
    return array.write(0, [1.0, 2.0]).write(1, [3.0, 10.0]).write(2, tf.constant([5.0, 7.0]))


def test_what_was_read_from_an_array_is_gone() -> None:
    array = _filled()
    assert array.read(1).numpy().tolist() == [3.0, 10.0]
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"element 1 was read before.*clear_after_read=False"
    ):
        array.read(1)
    assert array.stack().numpy().tolist() == [[1.0, 2.0], [0.0, 0.0], [5.0, 7.0]]
    assert array.gather([2, 1]).numpy().tolist() == [[5.0, 7.0], [0.0, 0.0]]
    assert array.concat().numpy().tolist() == [1.0, 2.0, 0.0, 0.0, 5.0, 7.0]
    assert array.size().dtype == tf.int32 and int(array.size()) == 3
    kept = _filled(clear_after_read=False)
    assert [kept.read(1).numpy().tolist() for _ in range(2)] == [[3.0, 10.0]] * 2
    assert len(kept.stack()) == 3


def test_a_function_reads_an_element_of_an_array_again() -> None:
    @tf.function
    def twice() -> Any:
        array = _filled()
        return array.read(1) + array.read(1), array.stack()

    total, whole = twice()
    assert total.numpy().tolist() == [6.0, 20.0] and whole.numpy()[1].tolist() == [3.0, 10.0]


def test_arrays_take_elements_of_their_kind() -> None:
    array = tf.TensorArray(tf.float32, 2).write(0, 1.0)
    assert array.read(1).numpy() == 0.0
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"dtype; expected float32; received int32.*tf\.cast"
    ):
        array.write(1, tf.constant(1))
    with pytest.raises(ShapeError, match=r"shape; expected \(\); received \(2,\)"):
        array.write(1, [1.0, 2.0])
    with pytest.raises(tf.errors.OutOfRangeError, match="expected 0 to 1; received 2"):
        array.read(2)


def test_sparse_tensors_add_nothing_and_have_their_places_in_order() -> None:
    places = {
        "out of order": [[0, 2], [0, 1]],
        "repeated": [[0, 1], [0, 1]],
        "in the shape": [[0, 1], [0, 4]],
    }
    for why, indices in places.items():
        with pytest.raises(tf.errors.InvalidArgumentError, match=why):
            tf.sparse.to_dense(tf.SparseTensor(indices, [1.0, 2.0], [3, 4]))
    mixed = tf.SparseTensor(places["out of order"], [1.0, 2.0], [1, 4])
    for x in (
        tf.sparse.to_dense(mixed, validate_indices=False),
        tf.sparse.to_dense(tf.sparse.reorder(mixed)),
    ):
        assert x.numpy().tolist() == [[0.0, 2.0, 1.0, 0.0]]
    with pytest.raises(TypeError, match="unsupported operand"):
        mixed + 1.0
    assert tf.sparse.to_dense(tf.SparseTensor([[0, 3], [1, 0]], [1.0, 2.0], [2, 4])).numpy()[1, 0] == 2.0


def test_variables_among_the_arguments_of_a_concrete_function() -> None:
    counter, scale = tf.Variable(0, name="counter"), tf.Variable(3.0)

    @tf.function
    def increment(v: Any, c: int = 1) -> Any:
        return v.assign_add(c)

    concrete = increment.get_concrete_function(counter)
    first = concrete.function_def.signature.input_arg[0]
    assert (first.name, first.type) == ("counter", 20)
    assert int(concrete(counter)) == 1 and int(concrete()) == 2 and int(counter) == 2
    scaled = tf.function(lambda v, x: v * x).get_concrete_function(scale, tf.TensorSpec([]))
    assert [float(scaled(tf.constant(2.0))), float(scaled(scale, tf.constant(4.0)))] == [6.0, 12.0]
    with pytest.raises(TypeError, match="missing the tensors x"):
        scaled()


def test_functions_of_texts_are_not_made_anew_for_each_text() -> None:
    @tf.function
    def parsed(line: Any) -> Any:
        return tf.stack(tf.io.decode_csv(line, [0.0, 0.0])) * 2.0

    lines = tf.data.Dataset.from_tensor_slices([f"{k},{k + 1}" for k in range(5)]).map(parsed)
    assert [x.numpy().tolist() for x in lines] == [[2.0 * k, 2.0 * k + 2.0] for k in range(5)]
    assert parsed.experimental_get_tracing_count() == 0


def test_files_read_together_give_a_record_each_in_turn(tmp_path: Path) -> None:
    names = [str(tmp_path / f"{k}.tfrecord") for k in range(3)]
    for k, name in enumerate(names):
        with tf.io.TFRecordWriter(name) as writer:
            for j in range(2):
                writer.write(f"{k}{j}".encode())
        Path(name).with_suffix(".txt").write_text(f"{k}0\n{k}1\n")
    alone, together = "00 01 10 11 20 21", "00 10 01 11 20 21"
    for reads, expected in ((None, alone), (tf.data.AUTOTUNE, alone), (2, together)):
        records = tf.data.TFRecordDataset(names, num_parallel_reads=reads)
        texts = tf.data.TextLineDataset(
            [n.replace("tfrecord", "txt") for n in names], num_parallel_reads=reads
        )
        for data in (records, texts):
            assert b" ".join(x.numpy() for x in data).decode() == expected


def test_parsed_features_come_in_the_order_of_tensorflow() -> None:
    made = tf.train.Example(
        features=tf.train.Features(
            feature={
                "b": tf.train.Feature(int64_list=tf.train.Int64List(value=[1])),
                "a": tf.train.Feature(int64_list=tf.train.Int64List(value=[2])),
                "z": tf.train.Feature(int64_list=tf.train.Int64List(value=[3, 4])),
            }
        )
    ).SerializeToString()
    kinds = {key: tf.io.FixedLenFeature([], tf.int64) for key in "ba"} | {"z": tf.io.VarLenFeature(tf.int64)}
    assert list(tf.io.parse_single_example(made, kinds)) == ["z", "a", "b"]
    rows = tf.io.parse_example([made, made], kinds)
    assert list(rows) == ["z", "a", "b"]
    assert tf.stack([rows["a"], rows["b"]], axis=1).numpy().tolist() == [[2, 1], [2, 1]]
    with tf1.Graph().as_default(), tf1.Session() as session:
        found = tf1.parse_single_example(made, kinds)
        assert list(found) == ["z", "a", "b"]
        assert session.run([found["a"], found["b"], found["z"].values])[:2] == [2, 1]


def test_sequence_examples_show_what_they_hold() -> None:
    def of(*words: bytes) -> Any:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=list(words)))

    example = tf.train.SequenceExample(
        context=tf.train.Features(feature={"id": tf.train.Feature(int64_list=tf.train.Int64List(value=[7]))}),
        feature_lists=tf.train.FeatureLists(
            feature_list={"words": tf.train.FeatureList(feature=[of(b"a", b"b")])}
        ),
    )
    lines = [line.strip() for line in str(example).splitlines()]
    assert lines[:6] == ["context {", "feature {", 'key: "id"', "value {", "int64_list {", "value: 7"]
    start = lines.index("feature_lists {")
    shown = [
        "feature_list {",
        'key: "words"',
        "value {",
        "feature {",
        "bytes_list {",
        'value: "a"',
        'value: "b"',
    ]
    assert lines[start + 1 : start + 8] == shown
    assert str(example).count("{") == str(example).count("}")
    np.testing.assert_equal(
        str(tf.train.SequenceExample.FromString(example.SerializeToString())), str(example)
    )
