"""Texts moved about as numbers are, elements gathered in windows, scopes, old cells, shapes told late."""

import numpy as np
import tensorflow as tf
from tensorflow.models.rnn import rnn_cell

words = tf.constant(["a", "bb", "ccc", "a"])
fed = tf.placeholder(tf.string, [None])
long = tf.equal(tf.strings.length(words), 1)
moved = {
    "slice": (words[1:3], [b"bb", b"ccc"]),
    "item": (words[-1], b"a"),
    "turned": (words[::-1], [b"a", b"ccc", b"bb", b"a"]),
    "reverse": (tf.reverse(words, [0]), [b"a", b"ccc", b"bb", b"a"]),
    "concat": (tf.concat([words, ["x"], fed], 0), [b"a", b"bb", b"ccc", b"a", b"x", b"p", b"q"]),
    "stack": (tf.stack([words, words])[1], [b"a", b"bb", b"ccc", b"a"]),
    "reshape": (tf.transpose(tf.reshape(words, [2, 2])), [[b"a", b"ccc"], [b"bb", b"a"]]),
    "dims": (tf.squeeze(tf.expand_dims(words, 0), [0]), [b"a", b"bb", b"ccc", b"a"]),
    "gather": (tf.gather(words, [2, 0]), [b"ccc", b"a"]),
    "mask": (tf.boolean_mask(words, long), [b"a", b"a"]),
    "tile": (tf.tile(fed, [2]), [b"p", b"q", b"p", b"q"]),
    "split": (tf.split(words, 2, 0)[1], [b"ccc", b"a"]),
    "unstack": (tf.unstack(words)[2], b"ccc"),
    "block": (tf.slice(words, [1], [2]), [b"bb", b"ccc"]),
    "where": (tf.where(long, words, words[::-1]), [b"a", b"ccc", b"bb", b"a"]),
    "zeros": (tf.zeros_like(words), [b"", b"", b"", b""]),
    "fill": (tf.fill([2], "z"), [b"z", b"z"]),
    "pad": (tf.pad(fed, [[0, 2]]), [b"p", b"q", b"", b""]),
    "cond": (tf.cond(tf.equal(tf.size(fed), 2), lambda: fed, lambda: words), [b"p", b"q"]),
    "join": (tf.string_join(["<", words, ">"], "-"), [b"<-a->", b"<-bb->", b"<-ccc->", b"<-a->"]),
    "plus": (words + "!", [b"a!", b"bb!", b"ccc!", b"a!"]),
    "unique": (tf.unique(words)[0], [b"a", b"bb", b"ccc"]),
    "index": (tf.unique(words)[1], [0, 1, 2, 0]),
    "size": (tf.size(tf.string_split(["to be or", "not"]).values), 4),
    "shape": (tf.shape(tf.reshape(words, [2, 2])), [2, 2]),
    "python": (tf.py_func(lambda t: np.array([x[:1] for x in t], object), [fed], tf.string), [b"p", b"q"]),
}  # fmt: skip
with tf.Session() as sess:
    found = sess.run({name: node for name, (node, _) in moved.items()}, {fed: ["p", "q"]})
    for name, (_, wanted) in moved.items():
        got = found[name].tolist() if isinstance(found[name], np.ndarray) else found[name]
        assert got == wanted, (name, got)
    assert sorted(sess.run(tf.random_shuffle(words)).tolist()) == [b"a", b"a", b"bb", b"ccc"]
assert moved["reshape"][0].shape.as_list() == [2, 2] and moved["slice"][0].shape.as_list() == [2]

# Lines to numbers by a table, gathered in windows of about one length, filled up with a number of the table.
with open("words.txt", "w") as file:
    file.write("<unk>\n</s>\nhello\nworld\ncat\n")
table = tf.contrib.lookup.index_table_from_file("words.txt", default_value=0)
end = tf.cast(table.lookup(tf.constant("</s>")), tf.int32)
lines = ["hello world"] * 5 + ["cat hello world hello cat cat dog"] * 3 + ["cat"] * 4
data = tf.data.Dataset.from_tensor_slices(tf.constant(lines)).map(lambda line: tf.string_split([line]).values)
data = data.map(lambda line: line[:6]).map(lambda line: tf.cast(table.lookup(line), tf.int32))
data = data.map(lambda ids: (ids, tf.concat(([end], ids), 0), tf.size(ids)))
windows = data.apply(
    tf.contrib.data.group_by_window(
        key_func=lambda ids, more, n: tf.to_int64(tf.minimum(4, n // 2)),
        reduce_func=lambda key, window: window.padded_batch(3, ([None], [None], []), (end, end, 0)),
        window_size=3,
    )
)
ids, more, lengths = windows.make_one_shot_iterator().get_next()
buckets = tf.contrib.data.bucket_by_sequence_length(
    lambda ids, more, n: n, [2, 4], [4, 2, 2], ([None], [None], []), pad_to_bucket_boundary=False
)
row = data.apply(buckets).make_one_shot_iterator().get_next()
with tf.Session() as sess:
    sess.run(tf.tables_initializer())
    seen = []
    while True:
        try:
            seen.append(sess.run([ids, more, lengths]))
        except tf.errors.OutOfRangeError:
            break
    assert [len(s[0]) for s in seen] == [3, 3, 3, 1, 2], [len(s[0]) for s in seen]
    assert all(s[0].shape[1] == s[2].max() == s[1].shape[1] - 1 for s in seen)
    assert seen[1][0].tolist() == [[4, 2, 3, 2, 4, 4]] * 3 and seen[0][1].tolist() == [[1, 2, 3]] * 3
    sizes = [sess.run(row)[2].tolist() for _ in range(6)]
    assert sizes == [[2, 2], [2, 2], [6, 6], [1, 1, 1, 1], [2], [6]], sizes

# A scope below one that shares its variables shares them too.
with tf.variable_scope("outer"):
    v = tf.get_variable("v", [2])
with tf.variable_scope("outer", reuse=True):
    with tf.variable_scope(tf.get_variable_scope(), reuse=False):
        assert tf.get_variable("v", [2]) is v
with tf.variable_scope("outer") as scope:
    scope.reuse_variables()
    with tf.variable_scope("below", reuse=False) as below:
        assert below.reuse

# Cells of the first versions have states of one tensor.
cell = rnn_cell.MultiRNNCell([rnn_cell.BasicLSTMCell(3)] * 2)
x = tf.placeholder(tf.float32, [4, 5])
state = cell.zero_state(4, tf.float32)
y, new = cell(x, state)
assert cell.state_size == 12 and new.get_shape().as_list() == [4, 12] and y.get_shape().as_list() == [4, 3]

# Shapes that are told after something was made of the placeholder, and of a Python function's result.
image = tf.placeholder(tf.float32, [None, None, None, 3])
before = tf.shape(image)[1:3]
image.set_shape([None, 8, 8, 3])
w = tf.get_variable("w", [3, 3, 2, 3])
up = tf.nn.deconv2d(image, w, output_shape=tf.stack([2, 16, 16, 2]), strides=[1, 2, 2, 1])
assert up.get_shape().as_list() == [2, 16, 16, 2]
best = tf.py_func(lambda p: p.max(axis=(1, 2)), [image], [tf.float32])[0]
score = tf.reduce_mean(tf.square(best[..., 0:2] - tf.reduce_mean(image, [1, 2])[:, :2] * v))
(slope,) = tf.gradients(score, v)
queue = tf.contrib.slim.prefetch_queue.prefetch_queue([tf.random_uniform([2]), tf.constant(7)], capacity=2)
first, second = queue.dequeue(), queue.dequeue()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    picture = np.random.RandomState(0).rand(2, 8, 8, 3).astype(np.float32)
    lengths, made, got, factors = sess.run([before, up, slope, v], {image: picture})
    assert lengths.tolist() == [8, 8] and made.shape == (2, 16, 16, 2)
    top, mean = picture.max(axis=(1, 2))[:, :2], picture.mean(axis=(1, 2))[:, :2]
    assert np.allclose(got, (2 * (top - mean * factors) * -mean).sum(0) / 4, atol=1e-5)
    zeros = sess.run(state)
    out, after = sess.run([y, new], {x: np.ones((4, 5)), state: zeros})
    assert out.shape == (4, 3) and np.allclose(after[:, 9:], out)
    tf.train.start_queue_runners(sess)
    one, two = sess.run([first, second])
    assert one[1] == two[1] == 7 and not np.allclose(one[0], two[0])

# How far texts are apart, by their letters: kitten and sitting by 3, of 7; the same by nothing; all by all of them.
tf.reset_default_graph()
one, other = (tf.sparse_placeholder(tf.string, [3, 1, 7]) for _ in range(2))


def letters(words):
    places = [[k, 0, j] for k, word in enumerate(words) for j in range(len(word))]
    return tf.SparseTensorValue(places, list("".join(words)), [len(words), 1, 7])


feed = {one: letters(["kitten", "same", "abc"]), other: letters(["sitting", "same", "xyz"])}
with tf.Session() as sess:
    found = [sess.run(tf.edit_distance(one, other, normalize=of_all), feed) for of_all in (True, False)]
assert np.allclose(found[0], [[3 / 7], [0], [1]]) and found[1].tolist() == [[3], [0], [3]], found
