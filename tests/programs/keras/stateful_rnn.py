"""Stateful recurrent layers: the state goes on from batch to batch and is reset between series."""

from __future__ import print_function

import numpy as np
from keras.layers import LSTM, Dense, SimpleRNN
from keras.models import Sequential

tsteps, batch_size, epochs = 1, 10, 12


def gen_cosine_amp(amp=100, period=100, x0=0, xn=1000, step=1, k=0.01):
    cos = np.zeros(((xn - x0) * step, 1, 1))
    for i in range(len(cos)):
        idx = x0 + i * step
        cos[i, 0, 0] = amp * np.cos(2 * np.pi * idx / period)
        cos[i, 0, 0] = cos[i, 0, 0] * np.exp(-k * idx)
    return cos


cos = gen_cosine_amp(amp=1, k=0.001)
expected_output = np.zeros((len(cos), 1))
for i in range(len(cos) - 1):
    expected_output[i, 0] = np.mean(cos[i + 1 : i + 2])

model = Sequential()
model.add(LSTM(16, input_shape=(tsteps, 1), batch_size=batch_size, return_sequences=True, stateful=True))
model.add(LSTM(16, return_sequences=False, stateful=True))
model.add(Dense(1))
model.compile(loss="mse", optimizer="rmsprop")
for i in range(epochs):
    model.fit(cos, expected_output, batch_size=batch_size, epochs=1, verbose=0, shuffle=False)
    model.reset_states()
predicted_output = model.predict(cos, batch_size=batch_size)
error = np.mean((predicted_output - expected_output) ** 2) / np.var(expected_output)
print("relative error", error)
assert error < 0.1

# what came before counts until the states are reset
memory = Sequential([SimpleRNN(3, batch_input_shape=(1, 1, 2), stateful=True)])
x = np.ones((1, 1, 2))
first, second = memory.predict(x), memory.predict(x)
memory.reset_states()
assert not np.allclose(first, second) and np.allclose(first, memory.predict(x))
memory.layers[0].reset_states()
assert np.allclose(first, memory.predict(x))
