"""A small Transformer encoder of layers of one's own, TextVectorization, and masked attention by hand."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(11)
rng = np.random.RandomState(0)
words = ["red", "blue", "green", "cat", "dog", "bird"]
texts, labels = [], []
for _ in range(500):  # true where a colour stands directly before an animal
    line = rng.choice(words, 5)
    texts.append(" ".join(line))
    labels.append(float(any(a in words[:3] and b in words[3:] for a, b in zip(line[:-1], line[1:]))))
labels = np.array(labels, "float32")


def scaled_dot_product_attention(q, k, v, mask):
    matmul_qk = tf.matmul(q, k, transpose_b=True)
    dk = tf.cast(tf.shape(k)[-1], tf.float32)
    scaled_attention_logits = matmul_qk / tf.math.sqrt(dk)
    if mask is not None:
        scaled_attention_logits += mask * -1e9
    attention_weights = tf.nn.softmax(scaled_attention_logits, axis=-1)
    return tf.matmul(attention_weights, v), attention_weights


def create_look_ahead_mask(size):
    return 1 - tf.linalg.band_part(tf.ones((size, size)), -1, 0)


q = tf.constant([[0.0, 10.0, 0.0]])
k = tf.constant([[10.0, 0, 0], [0, 10, 0], [0, 0, 10], [0, 0, 10]])
v = tf.constant([[1.0, 0], [10, 0], [100, 5], [1000, 6]])
out, weights = scaled_dot_product_attention(q, k, v, None)
assert np.allclose(out.numpy(), [[10.0, 0.0]], atol=1e-4) and np.allclose(
    weights.numpy(), [[0, 1, 0, 0]], atol=1e-4
)
assert create_look_ahead_mask(3).numpy().tolist() == [[0, 1, 1], [0, 0, 1], [0, 0, 0]]


class MultiHeadAttention(layers.Layer):
    def __init__(self, d_model, num_heads):
        super(MultiHeadAttention, self).__init__()
        self.num_heads, self.d_model, self.depth = num_heads, d_model, d_model // num_heads
        self.wq, self.wk, self.wv = layers.Dense(d_model), layers.Dense(d_model), layers.Dense(d_model)
        self.dense = layers.Dense(d_model)

    def split_heads(self, x, batch_size):
        x = tf.reshape(x, (batch_size, -1, self.num_heads, self.depth))
        return tf.transpose(x, perm=[0, 2, 1, 3])

    def call(self, v, k, q, mask):
        batch_size = tf.shape(q)[0]
        q, k, v = self.wq(q), self.wk(k), self.wv(v)
        q, k, v = (self.split_heads(t, batch_size) for t in (q, k, v))
        scaled_attention, attention_weights = scaled_dot_product_attention(q, k, v, mask)
        scaled_attention = tf.transpose(scaled_attention, perm=[0, 2, 1, 3])
        concat_attention = tf.reshape(scaled_attention, (batch_size, -1, self.d_model))
        return self.dense(concat_attention), attention_weights


temp_mha = MultiHeadAttention(d_model=16, num_heads=4)
y = tf.random.uniform((1, 6, 16))
out, attn = temp_mha(y, k=y, q=y, mask=None)
assert out.shape == (1, 6, 16) and attn.shape == (1, 4, 6, 6)


class Encoder(keras.Model):
    def __init__(self, vocabulary, length, d_model):
        super().__init__()
        self.embedding = layers.Embedding(vocabulary, d_model)
        self.position = layers.Embedding(length, d_model)
        self.mha = MultiHeadAttention(d_model, 2)
        self.ffn = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(d_model)])
        self.norm1, self.norm2 = (
            layers.LayerNormalization(epsilon=1e-6),
            layers.LayerNormalization(epsilon=1e-6),
        )
        self.out = layers.Dense(1)

    def call(self, x, training=False):
        h = self.embedding(x) + self.position(tf.range(tf.shape(x)[1]))
        attended, _ = self.mha(h, k=h, q=h, mask=None)
        h = self.norm1(h + attended)
        h = self.norm2(h + self.ffn(h))
        return self.out(tf.reduce_mean(h, axis=1))


vectorize = layers.TextVectorization(max_tokens=20, output_sequence_length=5)
vectorize.adapt(np.array(texts))
assert len(vectorize.get_vocabulary()) == 8
ids = vectorize(np.array(texts))
model = Encoder(8, 5, 16)
optimizer = keras.optimizers.Adam(0.005, beta_1=0.9, beta_2=0.98, epsilon=1e-9)
loss_object = keras.losses.BinaryCrossentropy(from_logits=True)
accuracy = keras.metrics.BinaryAccuracy(threshold=0.0)


@tf.function
def train_step(inp, tar):
    with tf.GradientTape() as tape:
        predictions = model(inp, training=True)
        loss = loss_object(tar[:, None], predictions)
    gradients = tape.gradient(loss, model.trainable_variables)
    gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    accuracy.update_state(tar[:, None], predictions)
    return loss


dataset = tf.data.Dataset.from_tensor_slices((np.asarray(ids), labels)).shuffle(500, seed=0).batch(50)
for epoch in range(30):
    accuracy.reset_states()
    for inp, tar in dataset:
        loss = train_step(inp, tar)
print("accuracy", float(accuracy.result()), "loss", float(loss))
assert accuracy.result() > 0.93
