"""Tables by columns, packed records, sequence examples, sparse tensors as texts, data sets kept in a folder."""

import os
import tempfile

import numpy as np
import tensorflow as tf

os.chdir(tempfile.mkdtemp())

# columns have the types of their defaults
defaults = [0, np.nan, tf.constant(np.nan, tf.float64), "none", tf.constant([]), tf.constant([], tf.int64)]
columns = tf.io.decode_csv(["1,2,3,four,5,9007199254740993", ",,,,6,7"], defaults)
assert [c.dtype.name for c in columns] == "int32 float32 float64 string float32 int64".split()
assert columns[5].numpy().tolist() == [9007199254740993, 7]
assert columns[0].numpy().tolist() == [1, 0] and columns[3].numpy().tolist() == [b"four", b"none"]
for line in (",,,,,", "1,2", "1,2,3,4,5,6,7"):
    try:
        tf.io.decode_csv(line, defaults)
        raise SystemExit(f"{line!r} was read")
    except tf.errors.InvalidArgumentError:
        pass

# records, packed
for packed in ("GZIP", "ZLIB", None):
    options = tf.io.TFRecordOptions(compression_type=packed) if packed else None
    with tf.io.TFRecordWriter("some.records", options) as writer:
        for text in (b"first " * 50, b"second"):
            writer.write(text)
    with open("some.records", "rb") as file:
        assert (b"second" in file.read()) is (packed is None)
    found = [t.numpy() for t in tf.data.TFRecordDataset("some.records", compression_type=packed)]
    assert found == [b"first " * 50, b"second"], found

# sequence examples
words = [["when", "shall", "we"], ["in", "rain"]]


def texts(line):
    values = [word.encode() for word in line]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))


def numbers(values):
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))


author = tf.train.Feature(int64_list=tf.train.Int64List(value=[12]))
example = tf.train.SequenceExample(
    context=tf.train.Features(feature={"author": author}),
    feature_lists=tf.train.FeatureLists(
        feature_list={
            "words": tf.train.FeatureList(feature=[texts(line) for line in words]),
            "place": tf.train.FeatureList(feature=[numbers([1.0, 2.0]), numbers([3.0, 4.0])]),
        }
    ),
)
context, steps = tf.io.parse_single_sequence_example(
    example.SerializeToString(),
    {"author": tf.io.FixedLenFeature([], tf.int64)},
    {"words": tf.io.VarLenFeature(tf.string), "place": tf.io.FixedLenSequenceFeature([2], tf.float32)},
)
assert context["author"].numpy() == 12 and steps["place"].numpy().tolist() == [[1.0, 2.0], [3.0, 4.0]]
rows = tf.RaggedTensor.from_sparse(steps["words"])
assert [[word.decode() for word in line] for line in rows.to_list()] == words

# sparse tensors and texts as texts
sparse = tf.SparseTensor([[0, 1], [2, 0]], [b"a\0", b"bc"], [3, 2])
kept = tf.io.serialize_sparse(sparse)
again = tf.io.deserialize_many_sparse(tf.stack([kept, kept]), tf.string)
assert again.shape.as_list() == [2, 3, 2] and again.values.numpy().tolist() == [b"a\0", b"bc"] * 2
assert tf.io.parse_tensor(tf.io.serialize_tensor(tf.constant([["x"], ["yz"]])), tf.string).shape == (2, 1)

# data sets in a folder
data = tf.data.Dataset.range(4).map(lambda k: {"k": k, "t": (tf.strings.as_string(k), tf.range(k))})
data.save("kept")
found = [
    (e["k"].numpy(), e["t"][0].numpy(), e["t"][1].numpy().tolist()) for e in tf.data.Dataset.load("kept")
]
assert found == [(k, str(k).encode(), list(range(k))) for k in range(4)], found
ragged = tf.data.Dataset.from_tensor_slices(tf.ragged.constant([[1, 2], [3], []])).batch(2)
assert ragged.element_spec.shape.as_list() == [None, None]
print("ok")
