"""tf.data: slices, generators, zip, map, filter, windows, padded batches, interleave, cache, lines and records."""

import os

import numpy as np
import tensorflow as tf

dataset = tf.data.Dataset.from_tensor_slices([8, 3, 0, 8, 2, 1])
assert [elem.numpy() for elem in dataset] == [8, 3, 0, 8, 2, 1]
it = iter(dataset)
assert next(it).numpy() == 8 and it.get_next().numpy() == 3
assert dataset.reduce(0, lambda state, value: state + value).numpy() == 22
assert dataset.element_spec == tf.TensorSpec(shape=(), dtype=tf.int32)

features = tf.random.uniform([4, 10])
dataset1 = tf.data.Dataset.from_tensor_slices(features)
dataset2 = tf.data.Dataset.from_tensor_slices(
    (tf.random.uniform([4]), tf.random.uniform([4, 100], maxval=100, dtype=tf.int32))
)
dataset3 = tf.data.Dataset.zip((dataset1, dataset2))
for a, (b, c) in dataset3:
    assert (a.shape, b.shape, c.shape) == ((10,), (), (100,)) and c.dtype == tf.int32


def count(stop):
    i = 0
    while i < stop:
        yield i
        i += 1


ds_counter = tf.data.Dataset.from_generator(count, args=[25], output_types=tf.int32, output_shapes=())
batches = [b.numpy().tolist() for b in ds_counter.repeat().batch(10).take(3)]
assert batches[2] == [20, 21, 22, 23, 24, 0, 1, 2, 3, 4]

inc_dataset = tf.data.Dataset.range(100)
dec_dataset = tf.data.Dataset.range(0, -100, -1)
batched = tf.data.Dataset.zip((inc_dataset, dec_dataset)).batch(7, drop_remainder=True)
first = next(iter(batched))
assert (
    first[1].numpy().tolist() == [0, -1, -2, -3, -4, -5, -6]
    and first[0].dtype == tf.int64
    and len(batched) == 14
)

padded = tf.data.Dataset.range(100).map(lambda x: tf.fill([tf.cast(x, tf.int32)], x))
padded = padded.padded_batch(4, padded_shapes=(None,))
second = list(padded.take(2))[1].numpy()
assert second.shape == (4, 7) and second[0].tolist() == [4, 4, 4, 4, 0, 0, 0]

shuffled = tf.data.Dataset.range(20).shuffle(buffer_size=5, seed=1)
one, two = [list(shuffled.as_numpy_iterator()) for _ in range(2)]
assert sorted(one) == list(range(20)) and one != list(range(20)) and one != two  # another order at each pass
assert all(v <= k + 5 for k, v in enumerate(one))  # none can come before the buffer reaches it

windows = tf.data.Dataset.range(10).window(5, shift=1, drop_remainder=True)
windows = windows.flat_map(lambda sub: sub.batch(5, drop_remainder=True)).map(lambda w: (w[:-1], w[-1]))
assert [(x.numpy().tolist(), int(y)) for x, y in windows][-1] == ([5, 6, 7, 8], 9) and len(list(windows)) == 6

turns = tf.data.Dataset.range(1, 4).interleave(
    lambda x: tf.data.Dataset.from_tensors(x).repeat(3), cycle_length=2, block_length=2
)
assert [int(v) for v in turns] == [1, 1, 2, 2, 1, 2, 3, 3, 3]

calls = []
cached = (
    tf.data.Dataset.range(3)
    .map(lambda x: tf.py_function(lambda v: calls.append(1) or v, [x], tf.int64))
    .cache()
)
assert [int(v) for v in cached] == [int(v) for v in cached] == [0, 1, 2] and len(calls) == 3
assert tf.data.Dataset.range(5).repeat().cardinality().numpy() == tf.data.INFINITE_CARDINALITY
assert [(int(k), int(v)) for k, v in tf.data.Dataset.range(7, 9).enumerate(start=1)] == [(1, 7), (2, 8)]
assert [int(v) for v in tf.data.Dataset.range(10).filter(lambda x: x % 3 == 0).skip(1)] == [3, 6, 9]
assert [int(v) for v in tf.data.Dataset.range(4).concatenate(tf.data.Dataset.range(2)).shard(2, 1)] == [
    1,
    3,
    1,
]

with open("lines.txt", "w") as f:
    f.write("alpha\nbeta\ngamma\n")
lines = tf.data.TextLineDataset("lines.txt").map(tf.strings.upper)
assert list(lines.as_numpy_iterator()) == [b"ALPHA", b"BETA", b"GAMMA"]
assert [b.numpy().tolist() for b in lines.batch(2)] == [[b"ALPHA", b"BETA"], [b"GAMMA"]]

with tf.io.TFRecordWriter("numbers.tfrecord") as writer:
    for k in range(3):
        feature = {
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[k])),
            "values": tf.train.Feature(float_list=tf.train.FloatList(value=[k, k + 0.5])),
            "name": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"n%d" % k])),
        }
        writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
description = {
    "label": tf.io.FixedLenFeature([], tf.int64),
    "values": tf.io.FixedLenFeature([2], tf.float32),
    "name": tf.io.FixedLenFeature([], tf.string),
}
records = tf.data.TFRecordDataset(["numbers.tfrecord"]).map(
    lambda raw: tf.io.parse_single_example(raw, description)
)
rows = list(records)
assert (
    rows[2]["label"].numpy() == 2
    and rows[1]["values"].numpy().tolist() == [1.0, 1.5]
    and rows[0]["name"] == "n0"
)
assert os.path.exists("numbers.tfrecord") and np.stack([r["values"] for r in rows]).shape == (3, 2)
print("pipelines ok")
