"""Data sets of records as tf.contrib.slim describes and provides them."""

import os
import tempfile

import numpy as np
import tensorflow as tf

slim = tf.contrib.slim
from tensorflow.contrib.slim.python.slim.data import dataset, tfexample_decoder  # noqa: E402

folder = tempfile.mkdtemp()


def feature(kind, values):
    lists = {"ints": tf.train.Int64List, "floats": tf.train.FloatList, "texts": tf.train.BytesList}
    names = {"ints": "int64_list", "floats": "float_list", "texts": "bytes_list"}
    return tf.train.Feature(**{names[kind]: lists[kind](value=values)})


def picture(label):
    pixels = np.zeros((28, 28, 1), np.uint8)
    pixels[label * 2 : label * 2 + 4] = 200
    return pixels


# Two files of 50 pictures each: as the bytes of a file or, each second one, as plain numbers.
given = tf.placeholder(tf.uint8, [28, 28, 1])
encoded = tf.image.encode_png(given)
with tf.Session() as sess:
    for part in range(2):
        with tf.python_io.TFRecordWriter(os.path.join(folder, "train-%d.tfrecord" % part)) as writer:
            for k in range(50):
                pixels, raw = picture(k % 10), k % 2
                held = {
                    "image/encoded": feature(
                        "texts", [pixels.tobytes() if raw else sess.run(encoded, {given: pixels})]
                    ),
                    "image/format": feature("texts", [b"raw" if raw else b"png"]),
                    "image/class/label": feature("ints", [k % 10]),
                    "words": feature("ints", [1, 2, 3, k]),
                    "places": feature("ints", [0, 3]),
                    "weights": feature("floats", [0.5, 0.25]),
                }
                for n, side in enumerate(("xmin", "ymin", "xmax", "ymax")):
                    held["box/" + side] = feature("floats", [n, n + 10.0])
                example = tf.train.Example(features=tf.train.Features(feature=held))
                writer.write(example.SerializeToString())

FEATURES = {
    "image/encoded": tf.FixedLenFeature((), tf.string, default_value=""),
    "image/format": tf.FixedLenFeature((), tf.string, default_value="raw"),
    "image/class/label": tf.FixedLenFeature([], tf.int64, default_value=tf.zeros([], dtype=tf.int64)),
    "words": tf.VarLenFeature(tf.int64),
    "places": tf.VarLenFeature(tf.int64),
    "weights": tf.VarLenFeature(tf.float32),
}
for side in ("xmin", "ymin", "xmax", "ymax"):
    FEATURES["box/" + side] = tf.VarLenFeature(tf.float32)
HANDLERS = {
    "image": slim.tfexample_decoder.Image(shape=[28, 28, 1], channels=1),
    "label": slim.tfexample_decoder.Tensor("image/class/label", shape=[]),
    "boxes": slim.tfexample_decoder.BoundingBox(["ymin", "xmin", "ymax", "xmax"], "box/"),
    "words": tfexample_decoder.Tensor("words", shape=[2, 2]),
    "sum": slim.tfexample_decoder.ItemHandlerCallback("words", lambda k: tf.sparse_reduce_sum(k["words"])),
    "row": slim.tfexample_decoder.SparseTensor("places", "weights", shape=[5], densify=True),
}
data = slim.dataset.Dataset(
    data_sources=os.path.join(folder, "train-*.tfrecord"),
    reader=tf.TFRecordReader,
    decoder=slim.tfexample_decoder.TFExampleDecoder(FEATURES, HANDLERS),
    num_samples=100,
    items_to_descriptions={"image": "a bar", "label": "where it is"},
    num_classes=10,
)
assert isinstance(data, dataset.Dataset) and data.num_classes == 10
provider = slim.dataset_data_provider.DatasetDataProvider(
    data, num_readers=2, common_queue_capacity=60, common_queue_min=30
)
assert list(provider.list_items()) == list(HANDLERS) + ["record_key"] and provider.num_samples() == 100
items = provider.get(["image", "label", "boxes", "words", "sum", "row", "record_key"])
assert items[0].get_shape().as_list() == [28, 28, 1]
with tf.Session() as sess:
    with slim.queues.QueueRunners(sess):
        found = [sess.run(items) for _ in range(20)]
for image, label, boxes, words, total, row, key in found:
    assert (image == picture(label)).all()
    assert boxes.tolist() == [[1, 0, 3, 2], [11, 10, 13, 12]]
    assert words.shape == (2, 2) and words.sum() == total and row.tolist() == [0.5, 0, 0, 0.25, 0]
    assert key.startswith(os.path.join(folder, "train-").encode())
assert [label for _, label, *_ in found] != [k % 10 for k in range(20)]

# A network learns them in batches, through a queue that fills ahead.
image, label = provider.get(["image", "label"])
images, labels = tf.train.batch([tf.to_float(image) / 255.0, label], batch_size=20, capacity=100)
ahead = slim.prefetch_queue.prefetch_queue([images, slim.one_hot_encoding(labels, 10)], capacity=4)
images, labels = ahead.dequeue()
slim.losses.softmax_cross_entropy(slim.fully_connected(slim.flatten(images), 10, activation_fn=None), labels)
step = slim.learning.create_train_op(slim.losses.get_total_loss(), tf.train.AdamOptimizer(0.01))
last = slim.learning.train(step, os.path.join(folder, "log"), number_of_steps=60, save_summaries_secs=60)
assert last < 0.05, last

# One pass in order.
tf.reset_default_graph()
whole = slim.tfexample_decoder.TFExampleDecoder(
    {"image/class/label": tf.FixedLenFeature([], tf.int64)},
    {"label": slim.tfexample_decoder.Tensor("image/class/label")},
)
files = [os.path.join(folder, "train-%d.tfrecord" % part) for part in range(2)]
plain = slim.dataset.Dataset(files, tf.TFRecordReader, whole, 100, {})
provider = slim.dataset_data_provider.DatasetDataProvider(plain, shuffle=False, num_epochs=1)
(label,) = provider.get(["label"])
seen = []
with tf.Session() as sess:
    sess.run(tf.local_variables_initializer())
    try:
        while True:
            seen.append(sess.run(label))
    except tf.errors.OutOfRangeError:
        pass
assert seen == [k % 10 for k in range(50)] * 2
for wrong in (lambda: provider.get(["lable"]), lambda: slim.parallel_reader.get_data_files(folder + "/no*")):
    try:
        wrong()
    except ValueError as error:
        print(error)
    else:
        raise AssertionError("what there is not was given")
