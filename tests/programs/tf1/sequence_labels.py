"""Losses over sequences: connectionist labels, edit distances, and a random field of lengths known in the run."""

import itertools

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)

# Connectionist temporal classification, against the sum over all paths.
steps, classes, label = 4, 3, (0, 1)
logits = rng.randn(steps, 1, classes).astype(np.float32)
scores = logits - np.log(np.exp(logits).sum(2, keepdims=True))


def collapsed(path):
    return tuple(c for c, _ in itertools.groupby(path) if c != classes - 1)


total = sum(
    np.exp(sum(scores[t, 0, c] for t, c in enumerate(path)))
    for path in itertools.product(range(classes), repeat=steps)
    if collapsed(path) == label
)
labels = tf.sparse_placeholder(tf.int32)
inputs = tf.placeholder(tf.float32, [None, None, classes])
lengths = tf.placeholder(tf.int32, [None])
loss = tf.nn.ctc_loss(labels, inputs, lengths)
decoded, _ = tf.nn.ctc_greedy_decoder(inputs, lengths)
distance = tf.edit_distance(tf.cast(decoded[0], tf.int32), labels)
given = tf.SparseTensorValue(np.array([[0, 0], [0, 1]]), np.array(label, np.int32), np.array([1, 2]))
with tf.Session() as sess:
    feed = {labels: given, inputs: logits, lengths: [steps]}
    cost, way, off = sess.run([loss, decoded[0], distance], feed)
assert np.isclose(cost[0], -np.log(total), atol=1e-4), (cost, total)
best = collapsed(logits[:, 0].argmax(1))
assert tuple(way.values) == best
assert 0 <= off[0] <= 1.5

# A conditional random field, against every sequence of tags.
TAGS, LONG = 3, 4
unary = tf.placeholder(tf.float32, [None, None, TAGS])
tags = tf.placeholder(tf.int32, [None, None])
ends = tf.placeholder(tf.int32, [None])
moves = rng.randn(TAGS, TAGS).astype(np.float32)
likelihood, transitions = tf.contrib.crf.crf_log_likelihood(unary, tags, ends, tf.constant(moves))
path, top = tf.contrib.crf.crf_decode(unary, transitions, ends)
u = rng.randn(2, LONG, TAGS).astype(np.float32)
chosen = rng.randint(0, TAGS, (2, LONG))
until = [4, 2]
with tf.Session() as sess:
    got, tagged, high = sess.run([likelihood, path, top], {unary: u, tags: chosen, ends: until})


def score(row, sequence):
    steps = sum(u[row, t, tag] for t, tag in enumerate(sequence))
    return steps + sum(moves[a, b] for a, b in zip(sequence, sequence[1:]))


for row, end in enumerate(until):
    every = {s: score(row, s) for s in itertools.product(range(TAGS), repeat=end)}
    wanted = every[tuple(chosen[row, :end])] - np.log(np.sum(np.exp(list(every.values()))))
    assert np.isclose(got[row], wanted, atol=1e-4)
    assert tuple(tagged[row, :end]) == max(every, key=every.get)
    assert np.isclose(high[row], max(every.values()), atol=1e-4)

# A mask as long as the longest, and nodes that a run sizes.
with tf.Session() as sess:
    mask = sess.run(tf.sequence_mask(ends, dtype=tf.float32), {ends: [1, 3]})
    assert mask.tolist() == [[1, 0, 0], [1, 1, 1]]
    count = tf.reduce_max(ends)
    assert sess.run(tf.range(count), {ends: [1, 3]}).tolist() == [0, 1, 2]
    assert sess.run(tf.tile([[7]], [count, 2]), {ends: [1, 3]}).shape == (3, 2)
    grid = sess.run(tf.reshape(unary, [tf.shape(unary)[0], -1]), {unary: u})
    assert grid.shape == (2, LONG * TAGS)
print("ctc", cost, "crf", got)
