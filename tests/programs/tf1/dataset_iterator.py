"""tf.data: slices, shuffle, map, repeat, batch; one-shot and initializable iterators."""

import numpy as np
import tensorflow as tf

features = np.random.RandomState(0).randn(100, 3).astype(np.float32)
labels = (features.sum(1) > 0).astype(np.int64)
dataset = (
    tf.data.Dataset.from_tensor_slices((features, labels))
    .shuffle(buffer_size=100)
    .repeat()
    .batch(20)
    .prefetch(1)
)
x, y = dataset.make_one_shot_iterator().get_next()
logits = tf.layers.dense(x, 2)
loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)
train_op = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
X_ph = tf.placeholder(tf.float32, [None, 3])
small = tf.data.Dataset.from_tensor_slices(X_ph).map(lambda r: r * 2).batch(32)
iterator = small.make_initializable_iterator()
element = iterator.get_next()
squares = tf.data.Dataset.range(5).map(lambda k: k * k).make_one_shot_iterator().get_next()
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(100):
        _, l = sess.run([train_op, loss])
    assert l < 0.4, l
    sess.run(iterator.initializer, feed_dict={X_ph: features})
    seen = []
    try:
        while True:
            seen.append(sess.run(element))
    except tf.errors.OutOfRangeError:
        pass
    assert [len(s) for s in seen] == [32, 32, 32, 4] and np.allclose(np.concatenate(seen), features * 2)
    assert [sess.run(squares) for _ in range(5)] == [0, 1, 4, 9, 16]
