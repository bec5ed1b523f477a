"""The translator with buckets of TensorFlow's first year: legacy functions, a sampled loss given by position."""

import numpy as np
import tensorflow as tf

WORDS, WIDTH, BATCH, BUCKETS = 12, 24, 16, [(3, 4), (5, 6)]
rng = np.random.RandomState(0)
tf.set_random_seed(3)
encoder = [tf.placeholder(tf.int32, [None], name="encoder{0}".format(i)) for i in range(BUCKETS[-1][0])]
decoder = [tf.placeholder(tf.int32, [None], name="decoder{0}".format(i)) for i in range(BUCKETS[-1][1] + 1)]
weights = [tf.placeholder(tf.float32, [None], name="weight{0}".format(i)) for i in range(BUCKETS[-1][1] + 1)]
targets = decoder[1:]

w = tf.get_variable("proj_w", [WORDS, WIDTH])
b = tf.get_variable("proj_b", [WORDS])


def sampled_loss(labels, inputs):
    return tf.nn.sampled_softmax_loss(w, b, tf.reshape(labels, [-1, 1]), inputs, 8, WORDS)


def translate(encoder_inputs, decoder_inputs):
    return tf.contrib.legacy_seq2seq.embedding_attention_seq2seq(
        encoder_inputs,
        decoder_inputs,
        tf.contrib.rnn.GRUCell(WIDTH),
        num_encoder_symbols=WORDS,
        num_decoder_symbols=WORDS,
        embedding_size=WIDTH,
        output_projection=(tf.transpose(w), b),
        feed_previous=False,
    )


outputs, losses = tf.contrib.legacy_seq2seq.model_with_buckets(
    encoder, decoder, targets, weights, BUCKETS, translate, softmax_loss_function=sampled_loss
)
parameters = tf.trainable_variables()
updates = []
for bucket in range(len(BUCKETS)):
    clipped, norm = tf.clip_by_global_norm(tf.gradients(losses[bucket], parameters), 5.0)
    updates.append(tf.train.AdamOptimizer(0.02).apply_gradients(zip(clipped, parameters)))


def feed(bucket):
    long, out = BUCKETS[bucket]
    source = rng.randint(3, WORDS, (BATCH, long))
    answer = np.concatenate([np.ones((BATCH, 1)), source[:, ::-1], np.full((BATCH, out - long + 1), 2)], 1)
    given = {encoder[i]: source[:, i] for i in range(long)}
    given.update({decoder[i]: answer[:, i] for i in range(out + 1)})
    given.update({weights[i]: np.ones(BATCH) for i in range(out)})
    return given


with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    costs = [[], []]
    for turn in range(120):
        bucket = turn % 2
        costs[bucket].append(sess.run([losses[bucket], updates[bucket]], feed(bucket))[0])
for cost in costs:
    print(cost[0], "->", np.mean(cost[-5:]))
    assert np.mean(cost[-5:]) < 0.75 * cost[0]
