"""Characters as numbers and back by lookup layers, a GRU that hands its state on, steps of one's own on a dict."""

import numpy as np
import tensorflow as tf

preprocessing = tf.keras.layers.experimental.preprocessing
TEXT = "abcabdabeabf" * 40
number_of = preprocessing.StringLookup(vocabulary=sorted(set(TEXT)))
letter_of = preprocessing.StringLookup(vocabulary=number_of.get_vocabulary(), invert=True)

numbers = number_of(tf.strings.unicode_split(TEXT, "UTF-8"))
assert numbers.dtype == tf.int64 and tf.strings.reduce_join(letter_of(numbers)) == TEXT
assert letter_of(tf.constant(2)).numpy() == b"a" and letter_of([2, 3]).dtype == tf.string
rows = number_of(tf.strings.unicode_split(["abz", "f"], "UTF-8"))
assert isinstance(rows, tf.RaggedTensor) and [len(row) for row in rows.to_list()] == [3, 1]
assert rows.to_tensor().shape == [2, 3] and letter_of(rows).to_list()[0] == [b"a", b"b", b"[UNK]"]


class Speaker(tf.keras.Model):
    def __init__(self, letters, units):
        super().__init__(self)
        self.embedding = tf.keras.layers.Embedding(letters, 8)
        self.gru = tf.keras.layers.GRU(units, return_sequences=True, return_state=True)
        self.out = tf.keras.layers.Dense(letters, kernel_initializer=tf.initializers.zeros)

    def call(self, inputs, state=None, return_state=False, training=False):
        x = self.embedding(inputs)
        if state is None:
            state = self.gru.get_initial_state(x)
        x, state = self.gru(x, initial_state=state, training=training)
        x = self.out(x)
        return (x, state) if return_state else x

    def train_step(self, batch):
        with tf.GradientTape() as tape:
            loss = self.compiled_loss(batch["after"], self(batch["before"], training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}


tf.random.set_seed(0)
letters = len(number_of.get_vocabulary())
batches = (
    tf.data.Dataset.from_tensor_slices(numbers)
    .batch(13, drop_remainder=True)
    .map(lambda row: {"before": row[:-1], "after": row[1:]})
    .batch(6)
)
model = Speaker(letters, 24)
model.compile(tf.keras.optimizers.Adam(0.02), tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
losses = model.fit(batches, epochs=20, verbose=0).history["loss"]
print(losses[0], losses[-1])
assert losses[-1] < 0.6 < losses[0] < np.log(letters)


@tf.function
def one_more(letter, state):
    inputs = number_of(tf.strings.unicode_split(letter, "UTF-8")).to_tensor()
    logits, state = model(inputs, state=state, return_state=True)
    return letter_of(tf.argmax(logits[:, -1], axis=-1)), state


letter, state, said = tf.constant(["a"]), None, ["a"]
for _ in range(8):
    letter, state = one_more(letter, state)
    said.append(letter[0].numpy().decode())
print("".join(said))
assert said[:2] == ["a", "b"] and state.shape == [1, 24]

# candidates, each at most once, and how often they are to be expected
drawn, of_true, of_drawn = tf.random.log_uniform_candidate_sampler(
    true_classes=[[2]], num_true=1, num_sampled=5, unique=True, range_max=8, seed=1
)
assert (
    len(set(drawn.numpy())) == 5
    and drawn.dtype == tf.int64
    and of_true.shape == [1, 1]
    and of_drawn.shape == [5]
)
counts = np.zeros(8)
for _ in range(200):
    counts += np.bincount(
        tf.random.log_uniform_candidate_sampler([[0]], 1, 50, False, 8)[0].numpy(), minlength=8
    )
expected = tf.random.log_uniform_candidate_sampler([list(range(8))], 8, 50, False, 8)[1].numpy()[0]
assert np.allclose(counts / 200, expected, rtol=0.1) and np.isclose(expected.sum(), 50)
