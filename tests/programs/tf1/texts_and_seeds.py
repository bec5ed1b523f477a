"""Lines of text read, compared and mapped; the seeds of single nodes; samplers of classes."""

import numpy as np
import tensorflow as tf

with open("people.csv", "w") as f:
    f.write("present,1.5,yes\nabsent,0.5,no\npresent,2.5,yes\n")
reader = tf.TextLineReader()
_, line = reader.read(tf.train.string_input_producer(["people.csv"], num_epochs=1, shuffle=False))
word, number, answer = tf.decode_csv(line, [["?"], [0.0], ["?"]])
here = tf.cond(tf.equal(word, "present"), lambda: tf.constant(1.0), lambda: tf.constant(0.0))
label = tf.cast(tf.equal(answer, tf.constant("yes")), tf.int32)
row = tf.stack([here, number])
with tf.Session() as sess:
    sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
    coord = tf.train.Coordinator()
    threads = tf.train.start_queue_runners(sess, coord)
    got = []
    try:
        while not coord.should_stop():
            got.append(sess.run([row, label]))
    except tf.errors.OutOfRangeError:
        coord.request_stop()
    coord.join(threads)
print(got)
assert [(r.tolist(), int(n)) for r, n in got] == [([1.0, 1.5], 1), ([0.0, 0.5], 0), ([1.0, 2.5], 1)]

words = tf.constant(["3", "14", "15"])
with tf.Session() as sess:
    numbers = tf.map_fn(lambda s: tf.string_to_number(s, tf.float32), words, dtype=tf.float32)
    assert sess.run(numbers).tolist() == [3.0, 14.0, 15.0]
    assert sess.run(tf.equal(words, "14")).tolist() == [False, True, False]

# A node with a seed starts its own stream in every session.
c = tf.random_uniform([], -10, 10, seed=2)
d = tf.random_uniform([], -10, 10, seed=2)
e = tf.random_uniform([], -10, 10, seed=3)
streams = []
for _ in range(2):
    with tf.Session() as sess:
        streams.append([sess.run(c), sess.run(c), sess.run(d), sess.run(e)])
print(streams)
assert streams[0] == streams[1] and streams[0][0] != streams[0][1]
assert streams[0][0] == streams[0][2] != streams[0][3]

# Classes sampled for a loss: never out of range, each once where it must be.
true = tf.constant([[1], [3]], tf.int64)
drawn = tf.nn.uniform_candidate_sampler(true, 1, 5, True, 8, seed=1)
by_count = tf.nn.fixed_unigram_candidate_sampler(true, 1, 200, False, 4, unigrams=[0.0, 0.0, 1.0, 3.0])
with tf.Session() as sess:
    picked, expected_true, _ = sess.run(drawn)
    assert len(set(picked)) == 5 and set(picked) <= set(range(8)) and expected_true.shape == (2, 1)
    counted = sess.run(by_count.sampled_candidates)
    assert set(counted) == {2, 3} and 100 < np.sum(counted == 3) < 190

# Draws for a batch whose size is known in the run.
chances = tf.placeholder(tf.float32, [None, 3])
draw = tf.multinomial(tf.log(chances), 1)
with tf.Session() as sess:
    one = sess.run(draw, {chances: np.float32([[1e-9, 1, 1e-9], [1, 1e-9, 1e-9]])})
    assert one.tolist() == [[1], [0]]
