"""Word embeddings for the sentiment of made-up sentences, whose texts tf.strings cleans."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.random.set_seed(2)
rng = np.random.RandomState(1)
good, bad = ["great", "fine", "lovely", "superb"], ["awful", "dull", "poor", "boring"]
filler = ["the", "film", "was", "a", "plot", "and", "actors"]


def sentence(label):
    words = list(rng.choice(filler, 5)) + list(rng.choice(good if label else bad, 2))
    rng.shuffle(words)
    return " ".join(words).upper() + "!<br />"


labels = rng.randint(0, 2, 400)
texts = [sentence(label) for label in labels]


def custom_standardization(input_data):
    lowercase = tf.strings.lower(input_data)
    stripped_html = tf.strings.regex_replace(lowercase, "<br />", " ")
    return tf.strings.regex_replace(stripped_html, "[!,.]", "")


raw = tf.data.Dataset.from_tensor_slices((texts, labels))
for text, label in raw.take(1):
    assert text.dtype == tf.string and b"<BR" not in text.numpy() and text.numpy().endswith(b"!<br />")
clean = raw.map(lambda text, label: (custom_standardization(text), label))
vocabulary = sorted({w for text, _ in clean for w in text.numpy().decode().split()})
ids = {w: k + 1 for k, w in enumerate(vocabulary)}  # 0 is padding
assert len(ids) == 15


def encode(text, label):
    numbers = [ids[w.decode()] for w in tf.strings.split(text).numpy()]
    return tf.constant(numbers), label


dataset = clean.map(encode).shuffle(400, seed=0).cache()
train_ds = dataset.take(300).padded_batch(20, padded_shapes=([None], [])).prefetch(tf.data.AUTOTUNE)
val_ds = dataset.skip(300).padded_batch(20, padded_shapes=([None], []))

model = tf.keras.Sequential(
    [
        layers.Embedding(len(ids) + 1, 8, name="embedding"),
        layers.GlobalAveragePooling1D(),
        layers.Dense(8, activation="relu"),
        layers.Dense(1),
    ]
)
model.compile(
    optimizer=tf.keras.optimizers.Adam(0.02),
    loss=tf.keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
history = model.fit(train_ds, validation_data=val_ds, epochs=15, verbose=0)
weights = model.get_layer("embedding").get_weights()[0]
assert weights.shape == (16, 8)
print("accuracy", history.history["val_accuracy"][-1])
assert history.history["val_accuracy"][-1] > 0.95
