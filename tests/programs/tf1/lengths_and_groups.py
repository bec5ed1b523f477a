"""Batches filled up, slices by lengths, sparse tensors scaled, normalisation over parts: against NumPy."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)


# Elements of several lengths, with numbers and texts beside them.
def sentences():
    for n in (3, 1, 2, 4, 2):
        yield {"words": list(range(1, n + 1)), "count": n, "tags": [b"t%d" % k for k in range(n)]}


shapes = {"words": [None], "count": [], "tags": [None]}
kinds = {"words": tf.int32, "count": tf.int64, "tags": tf.string}
data = tf.data.Dataset.from_generator(sentences, kinds, shapes)
plain = data.padded_batch(2, shapes).make_one_shot_iterator().get_next()
wide = data.padded_batch(
    2,
    {"words": [6], "count": [], "tags": [-1]},
    {"words": -1, "count": tf.constant(0, tf.int64), "tags": "<pad>"},
    drop_remainder=True,
)
assert wide.output_shapes["words"].as_list() == [2, 6] and wide.output_shapes["count"].as_list() == [2]
filled = wide.make_one_shot_iterator().get_next()
small = data.padded_batch(2, {"words": [2], "count": [], "tags": [None]}).make_one_shot_iterator().get_next()
with tf.Session() as sess:
    batches = [sess.run(plain) for _ in range(3)]
    assert [b["words"].tolist() for b in batches] == [
        [[1, 2, 3], [1, 0, 0]],
        [[1, 2, 0, 0], [1, 2, 3, 4]],
        [[1, 2]],
    ]
    assert batches[0]["count"].tolist() == [3, 1] and batches[0]["tags"].tolist()[1] == [b"t0", b"", b""]
    one, two = sess.run(filled), sess.run(filled)
    assert one["words"].tolist() == [[1, 2, 3, -1, -1, -1], [1, -1, -1, -1, -1, -1]]
    assert two["tags"].tolist() == [[b"t0", b"t1", b"<pad>", b"<pad>"], [b"t0", b"t1", b"t2", b"t3"]]
    for end, error in ((filled, tf.errors.OutOfRangeError), (small, tf.errors.DataLossError)):
        try:
            sess.run(end)
            raise SystemExit("there was no error")
        except error:
            pass

# Rows of a table as far as a batch is long, and their gradients, at many lengths.
ids = tf.placeholder(tf.int32, [None, None])
table = rng.randn(10, 4).astype(np.float32)
words = tf.constant(rng.randn(20, 4).astype(np.float32))
positions = tf.Variable(table)
steps = tf.shape(ids)[1]
ways = [
    tf.slice(positions, [0, 0], [steps, -1]),
    positions[:steps],
    tf.slice(positions, [1, 1], [steps, 2]),
    positions[1 : steps + 1],
    tf.slice(positions, [0, 0], [tf.shape(ids)[0], 3]),
]
slopes = [tf.gradients(tf.reduce_sum(tf.square(way)), positions)[0] for way in ways]
joined = tf.reduce_mean(tf.square(tf.nn.embedding_lookup(words, ids) + tf.expand_dims(ways[0], 0)))
assert ways[1].shape.as_list() == [None, 4] and ways[2].shape.as_list() == [None, 2]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for n in (3, 5, 7, 8, 6, 2):
        batch = rng.randint(0, 20, (2, n))
        parts, gradients = sess.run([ways, slopes], {ids: batch})
        cuts = np.s_[:n, :], np.s_[:n, :], np.s_[1 : 1 + n, 1:3], np.s_[1 : n + 1, :], np.s_[:2, :3]
        for part, gradient, cut in zip(parts, gradients, cuts):
            wanted = np.zeros_like(table)
            wanted[cut] = 2 * table[cut]
            assert np.array_equal(part, table[cut]) and np.allclose(gradient, wanted)
        value, known = sess.run([joined, words], {ids: batch})
        assert np.allclose(value, np.mean((known[batch] + table[:n]) ** 2), rtol=1e-5)
    assert sess.run(positions[:steps], {ids: np.zeros((1, 40))}).shape == (10, 4), "there are no more rows"

# A sparse tensor of a known shape with some of its elements dropped, scaled by numbers and by a dense one.
shape = (4, 3)
places = np.array([[0, 1], [1, 2], [3, 0]])
sparse = tf.sparse_placeholder(tf.float32, shape=tf.constant(shape, tf.int64))
assert sparse.get_shape().as_list() == [4, 3]
rate, count = tf.placeholder_with_default(0.5, []), tf.placeholder(tf.int32)
kept = tf.sparse_retain(sparse, tf.cast(tf.floor(1 - rate + tf.random_uniform(count)), tf.bool)) * (
    1 / (1 - rate)
)
dense = rng.rand(3).astype(np.float32) + 1
scaled = [tf.sparse_tensor_to_dense(s) for s in (sparse * 2.0, sparse / 4.0, sparse * tf.constant(dense))]
w = tf.Variable(rng.randn(3, 2).astype(np.float32))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    feed = {sparse: (places, np.array([1.0, 2.0, 3.0]), shape), count: (3,)}
    full = np.zeros(shape)
    full[tuple(places.T)] = [1, 2, 3]
    double, quarter, times = sess.run(scaled, feed)
    assert np.array_equal(double, 2 * full) and np.array_equal(quarter, full / 4)
    assert np.allclose(times, full * dense)
    seen = [sess.run(tf.sparse_tensor_to_dense(kept), feed) for _ in range(30)]
    assert (
        all(np.isin(s, [0, 2, 4, 6]).all() for s in seen)
        and 0.3 < np.mean([(s > 0).sum() / 3 for s in seen]) < 0.7
    )
    product, value = sess.run([tf.sparse_tensor_dense_matmul(kept, w), w], {**feed, rate: 0.0})
    assert np.allclose(product, full @ value, atol=1e-5)

# Normalised over the last axis, over all but the batch, over groups of channels.
x = rng.randn(3, 4, 5, 6).astype(np.float32)
given = tf.placeholder(tf.float32, [None, 4, 5, 6])
last = tf.contrib.layers.layer_norm(inputs=given, begin_norm_axis=-1, begin_params_axis=-1, scope="last")
whole = tf.contrib.layers.layer_norm(given, begin_norm_axis=1, begin_params_axis=2, scope="whole")
groups = tf.contrib.layers.group_norm(given, groups=3, scope="groups")
assert [v.get_shape().as_list() for v in tf.trainable_variables("whole")] == [[5, 6], [5, 6]]
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for v in tf.trainable_variables("last|whole|groups"):
        sess.run(v.assign(rng.rand(*v.get_shape().as_list())))
    a, b, c, factors = sess.run(
        [last, whole, groups, tf.trainable_variables("last|whole|groups")], {given: x}
    )


def normal(x, axes):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-6)


by_name = {v.op.name: f for v, f in zip(tf.trainable_variables("last|whole|groups"), factors)}
for name, found, over in (("last", a, 3), ("whole", b, (1, 2, 3))):
    assert np.allclose(found, normal(x, over) * by_name[name + "/gamma"] + by_name[name + "/beta"], atol=1e-4)
parts = normal(x.reshape(3, 4, 5, 3, 2), (1, 2, 4)).reshape(x.shape)
assert np.allclose(c, parts * by_name["groups/gamma"] + by_name["groups/beta"], atol=1e-4)
assert np.array_equal(tf.Session().run(tf.expand_dims(tf.constant([1, 2]), axis=[-1])), [[1], [2]])

# All that is left from a place that a run knows: with lengths of other tensors, and with fed numbers.
tf.reset_default_graph()
longer, shorter = tf.placeholder(tf.float32, [None, None, 2]), tf.placeholder(tf.float32, [None, None, 2])
at, both = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [3])
cut = tf.shape(longer)[1] - tf.shape(shorter)[1]
ends = [
    tf.slice(longer, [0, cut, 0], [-1, -1, -1]),
    tf.slice(longer, [0, at, 1], [-1, -1, -1]),
    tf.slice(longer, both, [-1, -1, 1]),
]
slopes = [tf.gradients(tf.reduce_sum(tf.square(part)), longer)[0] for part in ends]
assert ends[0].get_shape().as_list() == [None, None, 2]
L, H = np.arange(20, dtype=np.float32).reshape(2, 5, 2), np.zeros((2, 3, 2), np.float32)
with tf.Session() as sess:
    parts, moved = sess.run([ends, slopes], {longer: L, shorter: H, at: 4, both: [1, 2, 0]})
for part, slope, key in zip(parts, moved, (np.s_[:, 2:], np.s_[:, 4:, 1:], np.s_[1:, 2:, :1])):
    wanted = np.zeros_like(L)
    wanted[key] = 2 * L[key]
    assert np.array_equal(part, L[key]) and np.allclose(slope, wanted), (part, slope)
