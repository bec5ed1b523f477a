"""Transfer: a network trained on five digits, its layers frozen, a new head for the other five; then fine-tuning."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models

tf.random.set_seed(4)
(x, y), _ = tf.keras.datasets.mnist.load_data()
x = x[:3000, ..., None].astype("float32") / 255.0
y = y[:3000]
low, high = y < 5, y >= 5

base = models.Sequential(
    [
        layers.Conv2D(8, 3, activation="relu", input_shape=x.shape[1:]),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(32, activation="relu"),
    ],
    name="base",
)
first = models.Sequential([base, layers.Dense(5, activation="softmax")])
first.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
first.fit(x[low], y[low], epochs=12, batch_size=32, verbose=0)
assert first.evaluate(x[low], y[low], verbose=0)[1] > 0.9

base.trainable = False
inputs = tf.keras.Input(shape=x.shape[1:])
features = base(inputs, training=False)
outputs = layers.Dense(5)(layers.Dropout(0.2)(features))
model = tf.keras.Model(inputs, outputs)
assert len(base.trainable_variables) == 0 and len(model.trainable_variables) == 2
frozen = [w.copy() for w in base.get_weights()]
model.compile(
    optimizer=tf.keras.optimizers.Adam(0.01),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(x[high], y[high] - 5, epochs=10, batch_size=32, verbose=0)
assert all(np.array_equal(a, b) for a, b in zip(frozen, base.get_weights()))
head_only = model.evaluate(x[high], y[high] - 5, verbose=0)[1]

base.trainable = True
for layer in base.layers[:-1]:
    layer.trainable = False
model.compile(
    optimizer=tf.keras.optimizers.Adam(0.002),
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
assert len(model.trainable_variables) == 4
model.fit(x[high], y[high] - 5, epochs=5, batch_size=32, verbose=0)
tuned = model.evaluate(x[high], y[high] - 5, verbose=0)[1]
assert np.array_equal(frozen[0], base.layers[0].get_weights()[0])
assert not np.array_equal(frozen[2], base.layers[-1].get_weights()[0])
print("head only", head_only, "fine-tuned", tuned)
assert head_only > 0.75 and tuned > head_only - 0.02 and tuned > 0.88
