"""word2vec with noise-contrastive estimation: words of one topic become neighbours."""

import collections
import random

import numpy as np
import tensorflow as tf

random.seed(1)
topics = ["cat dog mouse bird".split(), "red green blue white".split(), "one two three four".split()]
words = [random.choice(topics[i // 6 % 3]) for i in range(6000)]
count = collections.Counter(words).most_common(12)
dictionary = {word: i for i, (word, _) in enumerate(count)}
data = [dictionary[word] for word in words]
batch_size, embedding_size, num_sampled, vocabulary_size = 64, 8, 4, len(dictionary)
data_index = 0


def generate_batch(size):
    centres = np.random.randint(1, len(data) - 1, size)
    labels = [data[i + random.choice((-1, 1))] for i in centres]
    return np.array([data[i] for i in centres], np.int32), np.array(labels, np.int32).reshape(size, 1)


graph = tf.Graph()
with graph.as_default():
    train_inputs = tf.placeholder(tf.int32, shape=[batch_size])
    train_labels = tf.placeholder(tf.int32, shape=[batch_size, 1])
    with tf.device("/cpu:0"):
        embeddings = tf.Variable(tf.random_uniform([vocabulary_size, embedding_size], -1.0, 1.0))
        embed = tf.nn.embedding_lookup(embeddings, train_inputs)
        nce_weights = tf.Variable(
            tf.truncated_normal([vocabulary_size, embedding_size], stddev=1.0 / embedding_size**0.5)
        )
        nce_biases = tf.Variable(tf.zeros([vocabulary_size]))
    loss = tf.reduce_mean(
        tf.nn.nce_loss(
            weights=nce_weights,
            biases=nce_biases,
            labels=train_labels,
            inputs=embed,
            num_sampled=num_sampled,
            num_classes=vocabulary_size,
        )
    )
    old_order = tf.reduce_mean(
        tf.nn.nce_loss(
            nce_weights, nce_biases, embed, tf.cast(train_labels, tf.int64), num_sampled, vocabulary_size
        )
    )
    optimizer = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    norm = tf.sqrt(tf.reduce_sum(tf.square(embeddings), 1, keep_dims=True))
    normalized_embeddings = embeddings / norm
    similarity = tf.matmul(normalized_embeddings, normalized_embeddings, transpose_b=True)
    init = tf.global_variables_initializer()
with tf.Session(graph=graph) as session:
    init.run()
    for step in range(3000):
        batch_inputs, batch_labels = generate_batch(batch_size)
        _, loss_val = session.run(
            [optimizer, loss], feed_dict={train_inputs: batch_inputs, train_labels: batch_labels}
        )
    session.run(old_order, feed_dict={train_inputs: batch_inputs, train_labels: batch_labels})
    sim = similarity.eval()
right = 0
for topic in topics:
    for word in topic:
        nearest = (-sim[dictionary[word]]).argsort()[1:3]
        right += sum(n in [dictionary[w] for w in topic] for n in nearest)
print(right, "of 24 neighbours are of the word's own topic")
assert right >= 18
