"""A translator of digits: encoder, attention, and the decoders of contrib.seq2seq that train, look and search."""

import numpy as np
import tensorflow as tf

GO, END, WORDS, LENGTH, BATCH, WIDTH, BEAM = 1, 2, 9, 4, 32, 24, 3
rng = np.random.RandomState(3)
tf.set_random_seed(5)


def batches(count):
    source = rng.randint(3, WORDS, (count, LENGTH))
    target = np.concatenate([source[:, ::-1], np.full((count, 1), END)], 1)
    return source, target, np.full(count, LENGTH), np.full(count, LENGTH + 1)


source = tf.placeholder(tf.int32, [None, None], "source")
target = tf.placeholder(tf.int32, [None, None], "target")
source_length = tf.placeholder(tf.int32, [None], "source_length")
target_length = tf.placeholder(tf.int32, [None], "target_length")
many = tf.shape(source)[0]

embedding = tf.get_variable("embedding", [WORDS, WIDTH])
cell = tf.contrib.rnn.GRUCell(WIDTH)
seen, state = tf.nn.dynamic_rnn(
    cell, tf.nn.embedding_lookup(embedding, source), sequence_length=source_length, dtype=tf.float32
)
project = tf.layers.Dense(WORDS, use_bias=False, name="words")


def decoder_cell(memory, lengths):
    attention = tf.contrib.seq2seq.BahdanauAttention(WIDTH, memory, memory_sequence_length=lengths)
    return tf.contrib.seq2seq.AttentionWrapper(
        tf.contrib.rnn.GRUCell(WIDTH, name="decoding"), attention, attention_layer_size=WIDTH, name="attends"
    )


with tf.variable_scope("decoder"):
    attends = decoder_cell(seen, source_length)
    starts = tf.fill([many, 1], GO)
    fed = tf.nn.embedding_lookup(embedding, tf.concat([starts, target[:, :-1]], 1))
    first = attends.zero_state(many, tf.float32).clone(cell_state=state)
    helper = tf.contrib.seq2seq.TrainingHelper(fed, target_length)
    decoder = tf.contrib.seq2seq.BasicDecoder(attends, helper, first, output_layer=project)
    outputs, _, _ = tf.contrib.seq2seq.dynamic_decode(decoder)
    logits = outputs.rnn_output
mask = tf.sequence_mask(target_length, dtype=tf.float32)
loss = tf.contrib.seq2seq.sequence_loss(logits, target, mask)
optimizer = tf.train.AdamOptimizer(0.02)
pairs = optimizer.compute_gradients(loss)
train = optimizer.apply_gradients([(tf.clip_by_norm(g, 5.0), v) for g, v in pairs if g is not None])

with tf.variable_scope("decoder", reuse=True):
    greedy = tf.contrib.seq2seq.GreedyEmbeddingHelper(embedding, tf.fill([many], GO), END)
    decoder = tf.contrib.seq2seq.BasicDecoder(attends, greedy, first, output_layer=project)
    looked, _, lengths = tf.contrib.seq2seq.dynamic_decode(decoder, maximum_iterations=LENGTH + 3)

with tf.variable_scope("decoder", reuse=True):
    tiled = tf.contrib.seq2seq.tile_batch(seen, BEAM)
    searching = decoder_cell(tiled, tf.contrib.seq2seq.tile_batch(source_length, BEAM))
    begun = searching.zero_state(many * BEAM, tf.float32)
    begun = begun.clone(cell_state=tf.contrib.seq2seq.tile_batch(state, BEAM))
    search = tf.contrib.seq2seq.BeamSearchDecoder(
        searching, embedding, tf.fill([many], GO), END, begun, BEAM, output_layer=project
    )
    found, _, _ = tf.contrib.seq2seq.dynamic_decode(search, maximum_iterations=LENGTH + 3)

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    losses = []
    for _ in range(250):
        feed = dict(zip((source, target, source_length, target_length), batches(BATCH)))
        losses.append(sess.run([loss, train], feed)[0])
    feed = dict(zip((source, target, source_length, target_length), batches(50)))
    wanted = feed[target]
    said, ended, beams = sess.run([looked.sample_id, lengths, found.predicted_ids], feed)
print("loss", losses[0], "->", losses[-1])
assert abs(losses[0] - np.log(WORDS)) < 0.3 and losses[-1] < 0.3
right = np.mean([row[: LENGTH + 1].tolist() == w.tolist() for row, w in zip(said, wanted)])
best = np.mean([row[: LENGTH + 1, 0].tolist() == w.tolist() for row, w in zip(beams, wanted)])
print("greedy", right, "beam", best, beams.shape)
assert right > 0.6 and best >= right - 0.1
assert beams.shape[0] == 50 and beams.shape[2] == BEAM
assert np.mean(ended == LENGTH + 1) > 0.8
