"""Recurrent layers of a program's own: cells that are told a dtype, states by position, loops whose length is open."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

tf.random.set_seed(3)
rng = np.random.RandomState(0)
x = rng.rand(96, 12, 2).astype("float32")
y = np.cumsum(x.mean(axis=-1, keepdims=True), axis=1)  # float64, as NumPy makes it


class NormedCell(keras.layers.Layer):
    """A simple cell with layer normalisation before its activation."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.state_size = self.output_size = units
        self.cell = keras.layers.SimpleRNNCell(units, activation=None)
        self.norm = keras.layers.LayerNormalization()

    def get_initial_state(self, inputs=None, batch_size=None, dtype=None):
        if inputs is not None:
            batch_size, dtype = tf.shape(inputs)[0], inputs.dtype
        return [tf.zeros([batch_size, self.state_size], dtype=dtype)]

    def call(self, inputs, states):
        outputs, _ = self.cell(inputs, states)
        outputs = tf.tanh(self.norm(outputs))
        return outputs, [outputs]


class Unrolled(keras.layers.Layer):
    """The loop over steps, written out: how many there are is known when it runs."""

    def __init__(self, cell, **kwargs):
        super().__init__(**kwargs)
        self.cell = cell

    @tf.function
    def call(self, inputs):
        states = self.cell.get_initial_state(inputs)
        steps = tf.shape(inputs)[1]
        outputs = tf.TensorArray(inputs.dtype, size=steps)
        for step in tf.range(steps):
            out, states = self.cell(inputs[:, step], states)
            outputs = outputs.write(step, out)
        return tf.transpose(outputs.stack(), [1, 0, 2])


def last_step_mse(targets, predictions):
    return keras.metrics.mean_squared_error(targets[:, -1], predictions[:, -1])


for eager in (False, True):
    model = keras.Sequential(
        [keras.layers.RNN(NormedCell(8), return_sequences=True, input_shape=[None, 2]), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse", metrics=[last_step_mse], run_eagerly=eager)
    history = model.fit(x, y, epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0] and "last_step_mse" in history

cell = NormedCell(8)
inside = keras.layers.Input([None, 2])
outside = keras.layers.Dense(1)(Unrolled(cell)(inside))
assert outside.shape.as_list() == [None, None, 1]
model = keras.Model(inside, outside)
model.compile("adam", "mse")
losses = model.fit(x, y, epochs=3, batch_size=32, verbose=0).history["loss"]
assert losses[-1] < losses[0]
same = keras.layers.RNN(cell, return_sequences=True)(x[:4])
np.testing.assert_allclose(Unrolled(cell)(x[:4]), same, rtol=1e-5, atol=1e-6)
assert model.predict(x[:, :5], verbose=0).shape == (96, 5, 1)


class Sum(keras.layers.AbstractRNNCell):
    """Adds up what comes."""

    @property
    def state_size(self):
        return 2

    @property
    def output_size(self):
        return 2

    def call(self, inputs, states):
        total = states[0] + inputs
        return total, [total]


np.testing.assert_allclose(keras.layers.RNN(Sum())(x), x.sum(axis=1), rtol=1e-5)
gru = keras.layers.GRU(3, return_state=True)
start = tf.random.normal([4, 3])
by_place, by_name = gru(x[:4], start)[0], gru(x[:4], initial_state=start)[0]
np.testing.assert_allclose(by_place, by_name)
assert not np.allclose(by_place, gru(x[:4])[0])
both = keras.layers.Bidirectional(keras.layers.GRU(3))
np.testing.assert_allclose(both(x[:4], [start, start]), both(x[:4], initial_state=[start, start]))
print("ok")
