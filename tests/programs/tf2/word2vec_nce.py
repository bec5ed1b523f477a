"""Word2vec with noise-contrastive estimation, on sentences in which words of a group stand together."""

from __future__ import absolute_import, division, print_function

import collections
import random

import numpy as np
import tensorflow as tf

learning_rate, batch_size, num_steps, display_step = 0.05, 64, 500, 250
embedding_size, max_vocabulary_size, min_occurrence, skip_window, num_skips, num_sampled = 16, 50, 1, 2, 2, 8

groups = [[b"%s%d" % (g, k) for k in range(5)] for g in (b"fruit", b"city", b"tool", b"bird")]
random.seed(0)
tf.random.set_seed(0)
text_words = []
for _ in range(600):
    group = random.choice(groups)
    text_words += random.sample(group, 4)

count = [("UNK", -1)]
count.extend(collections.Counter(text_words).most_common(max_vocabulary_size - 1))
word2id = {word: i for i, (word, _) in enumerate(count)}
id2word = dict(zip(word2id.values(), word2id.keys()))
data = [word2id.get(word, 0) for word in text_words]
vocabulary_size = len(word2id)
data_index = 0


def next_batch(batch_size, num_skips, skip_window):
    global data_index
    batch = np.ndarray(shape=(batch_size), dtype=np.int32)
    labels = np.ndarray(shape=(batch_size, 1), dtype=np.int32)
    span = 2 * skip_window + 1
    buffer = collections.deque(maxlen=span)
    if data_index + span > len(data):
        data_index = 0
    buffer.extend(data[data_index : data_index + span])
    data_index += span
    for i in range(batch_size // num_skips):
        context_words = [w for w in range(span) if w != skip_window]
        words_to_use = random.sample(context_words, num_skips)
        for j, context_word in enumerate(words_to_use):
            batch[i * num_skips + j] = buffer[skip_window]
            labels[i * num_skips + j, 0] = buffer[context_word]
        if data_index == len(data):
            buffer.extend(data[0:span])
            data_index = span
        else:
            buffer.append(data[data_index])
            data_index += 1
    data_index = (data_index + len(data) - span) % len(data)
    return batch, labels


with tf.device("/cpu:0"):
    embedding = tf.Variable(tf.random.uniform([vocabulary_size, embedding_size], -0.1, 0.1))
    nce_weights = tf.Variable(tf.random.truncated_normal([vocabulary_size, embedding_size], stddev=0.1))
    nce_biases = tf.Variable(tf.zeros([vocabulary_size]))


def get_embedding(x):
    with tf.device("/cpu:0"):
        return tf.nn.embedding_lookup(embedding, x)


def nce_loss(x_embed, y):
    with tf.device("/cpu:0"):
        y = tf.cast(y, tf.int64)
        return tf.reduce_mean(
            tf.nn.nce_loss(
                weights=nce_weights,
                biases=nce_biases,
                labels=y,
                inputs=x_embed,
                num_sampled=num_sampled,
                num_classes=vocabulary_size,
            )
        )


def evaluate(x_embed):
    with tf.device("/cpu:0"):
        x_embed = tf.cast(x_embed, tf.float32)
        x_embed_norm = x_embed / tf.sqrt(tf.reduce_sum(tf.square(x_embed)))
        embedding_norm = embedding / tf.sqrt(tf.reduce_sum(tf.square(embedding), 1, keepdims=True))
        return tf.matmul(x_embed_norm, embedding_norm, transpose_b=True)


optimizer = tf.optimizers.Adam(learning_rate)


def run_optimization(x, y):
    with tf.device("/cpu:0"):
        with tf.GradientTape() as g:
            emb = get_embedding(x)
            loss = nce_loss(emb, y)
        gradients = g.gradient(loss, [embedding, nce_weights, nce_biases])
        optimizer.apply_gradients(zip(gradients, [embedding, nce_weights, nce_biases]))


losses = []
for step in range(1, num_steps + 1):
    batch_x, batch_y = next_batch(batch_size, num_skips, skip_window)
    run_optimization(batch_x, batch_y)
    if step % display_step == 0 or step == 1:
        losses.append(float(nce_loss(get_embedding(batch_x), batch_y)))
        print("step: %i, loss: %f" % (step, losses[-1]))

ids = np.array([word2id[w] for group in groups for w in group])
sim = evaluate(get_embedding(ids)).numpy()[:, ids]
same = np.kron(np.eye(4), np.ones((5, 5))).astype(bool) & ~np.eye(20, dtype=bool)
print("same group", sim[same].mean(), "others", sim[~same & ~np.eye(20, dtype=bool)].mean())
assert losses[-1] < 0.8 * losses[0] and sim[same].mean() > 1.5 * sim[~same].mean()
