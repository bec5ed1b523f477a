"""A train_step with compiled_loss, weights and checkpoints restored before the first call, early latest_checkpoint."""

import os
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow import keras

tf.random.set_seed(1)
folder = tempfile.mkdtemp()
rng = np.random.RandomState(0)
x = rng.rand(256, 8).astype("float32")
y = x.sum(axis=1, keepdims=True)


class Net(keras.Model):
    def __init__(self, width):
        super().__init__()
        self.hidden = keras.layers.Dense(
            width, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-5)
        )
        self.out = keras.layers.Dense(1)

    def call(self, inputs):
        return self.out(self.hidden(inputs))

    def train_step(self, data):
        inputs, targets = data
        with tf.GradientTape() as tape:
            predictions = self(inputs, training=True)
            loss = self.compiled_loss(targets, predictions, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(targets, predictions)
        return {m.name: m.result() for m in self.metrics}


model = Net(16)
model.compile(optimizer=keras.optimizers.Adam(0.02), loss="mse", metrics=["mae"])
history = model.fit(x, y, epochs=8, verbose=0).history
assert history["loss"][-1] < 0.1 * history["loss"][0] and set(history) == {"loss", "mae"}, history

# weights read before there are any, by the newest checkpoint of a folder
model.save_weights(os.path.join(folder, "weights_1"))
newest = tf.train.latest_checkpoint(folder)
assert newest == os.path.join(folder, "weights_1")
other = Net(16)
other.load_weights(newest)
assert np.allclose(other(x[:4]), model(x[:4]))
third = Net(16)
path = tf.train.Checkpoint(net=model).save(os.path.join(folder, "ckpt"))
tf.train.Checkpoint(net=third).restore(path)
assert np.allclose(third(x[:4]), model(x[:4]))

# a model of one's own class in a folder
model.save(os.path.join(folder, "whole"))
again = keras.models.load_model(os.path.join(folder, "whole"))
assert np.allclose(again.predict(x[:4], verbose=0), model.predict(x[:4], verbose=0))


# a model whose call looks at values is trained op by op
class Looking(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(1)

    def call(self, inputs):
        if tf.reduce_mean(inputs) > 100.0:
            inputs = inputs / 100.0
        return self.dense(inputs)


looking = Looking()
looking.compile(keras.optimizers.Adam(0.1), "mse")
losses = looking.fit(x, y, epochs=4, verbose=0).history["loss"]
assert losses[-1] < 0.5 * losses[0], losses


# minimize with a loss that is a compiled function
w = tf.Variable(0.0)
optimizer = keras.optimizers.SGD(0.1)


@tf.function
def cost():
    return (w - 3.0) ** 2


for _ in range(50):
    optimizer.minimize(cost, [w])
assert abs(w.numpy() - 3.0) < 1e-3


# a Sequential that is built within another model's call: it drops, and its averages move, in training alone
class Around(keras.Model):
    def __init__(self):
        super().__init__()
        norm, drop = keras.layers.BatchNormalization(), keras.layers.Dropout(0.5)
        self.inner = keras.Sequential([keras.layers.LSTM(4, return_sequences=True), norm, drop])

    def call(self, inputs, training=None):
        return self.inner(inputs, training=training)


around = Around()
sequences = tf.random.normal((4, 5, 2))
assert np.any(around(sequences, training=True).numpy() == 0.0)
assert np.any(around.inner.layers[1].moving_mean.numpy() != 0.0)
assert not np.any(around(sequences).numpy() == 0.0)


# layers of functions of one's own, in a file
def steep(z):
    return tf.math.log(tf.exp(z) + 1.0)


def narrow(shape, dtype=tf.float32):
    return tf.random.normal(shape, stddev=0.1, dtype=dtype)


def positive(weights):
    return tf.where(weights < 0.0, tf.zeros_like(weights), weights)


layer = keras.layers.Dense(
    2, activation=steep, kernel_initializer=narrow, kernel_constraint=positive, input_shape=(8,)
)
own = keras.Sequential([layer])
own.save(os.path.join(folder, "own.h5"))
parts = {"steep": steep, "narrow": narrow, "positive": positive}
back = keras.models.load_model(os.path.join(folder, "own.h5"), custom_objects=parts)
assert np.allclose(back.predict(x[:2], verbose=0), own.predict(x[:2], verbose=0))
assert np.all(own.weights[0].constraint(own.weights[0]) >= 0.0) and own.weights[1].constraint is None


# and of classes of one's own, which need no registering
class Absolute(keras.regularizers.Regularizer):
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, weights):
        return tf.reduce_sum(tf.abs(self.factor * weights))

    def get_config(self):
        return {"factor": self.factor}


own = keras.Sequential([keras.layers.Dense(2, kernel_regularizer=Absolute(0.5), input_shape=(8,))])
own.save(os.path.join(folder, "penalty.h5"))
back = keras.models.load_model(os.path.join(folder, "penalty.h5"), custom_objects={"Absolute": Absolute})
assert np.isclose(float(back.losses[0]), 0.5 * np.abs(own.get_weights()[0]).sum())
print("steps of one's own")
