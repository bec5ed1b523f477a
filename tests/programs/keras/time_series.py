"""Weather as a series: generators of windows, a baseline of common sense, GRU with dropout, Conv1D, stacked RNNs."""

import numpy as np
from keras import layers
from keras.models import Sequential
from keras.optimizers import RMSprop
from keras.preprocessing.sequence import TimeseriesGenerator

random = np.random.RandomState(0)
steps = np.arange(1500)
temperature = np.sin(2 * np.pi * steps / 48) + 0.1 * random.randn(1500)
float_data = np.stack([temperature, np.cos(2 * np.pi * steps / 48), random.randn(1500)], axis=1)
mean = float_data[:1000].mean(axis=0)
float_data -= mean
std = float_data[:1000].std(axis=0)
float_data /= std


def generator(data, lookback, delay, min_index, max_index, shuffle=False, batch_size=128, step=6):
    if max_index is None:
        max_index = len(data) - delay - 1
    i = min_index + lookback
    while 1:
        if shuffle:
            rows = np.random.randint(min_index + lookback, max_index, size=batch_size)
        else:
            if i + batch_size >= max_index:
                i = min_index + lookback
            rows = np.arange(i, min(i + batch_size, max_index))
            i += len(rows)
        samples = np.zeros((len(rows), lookback // step, data.shape[-1]))
        targets = np.zeros((len(rows),))
        for j, row in enumerate(rows):
            indices = range(rows[j] - lookback, rows[j], step)
            samples[j] = data[indices]
            targets[j] = data[rows[j] + delay][0]
        yield samples, targets


lookback, step, delay, batch_size = 48, 4, 6, 64
train_gen = generator(float_data, lookback, delay, 0, 1000, shuffle=True, step=step, batch_size=batch_size)
val_gen = generator(float_data, lookback, delay, 1001, 1400, step=step, batch_size=batch_size)
val_steps = (1400 - 1001 - lookback) // batch_size


def evaluate_naive_method():
    batch_maes = []
    for _ in range(val_steps):
        samples, targets = next(val_gen)
        batch_maes.append(np.mean(np.abs(samples[:, -1, 0] - targets)))
    return np.mean(batch_maes)


naive = evaluate_naive_method()
shape = (None, float_data.shape[-1])
recurrent = Sequential()
recurrent.add(layers.GRU(16, dropout=0.1, recurrent_dropout=0.1, input_shape=shape))
recurrent.add(layers.Dense(1))
stacked = Sequential()
stacked.add(layers.GRU(8, return_sequences=True, input_shape=shape))
stacked.add(layers.Bidirectional(layers.GRU(8, activation="relu")))
stacked.add(layers.Dense(1))
convolutional = Sequential()
convolutional.add(layers.Conv1D(16, 5, activation="relu", input_shape=shape))
convolutional.add(layers.MaxPooling1D(2))
convolutional.add(layers.GRU(8))
convolutional.add(layers.Dense(1))
for name, model in (("gru", recurrent), ("stacked", stacked), ("conv", convolutional)):
    model.compile(optimizer=RMSprop(lr=0.01), loss="mae")
    history = model.fit_generator(
        train_gen,
        steps_per_epoch=15,
        epochs=6,
        verbose=0,
        validation_data=val_gen,
        validation_steps=val_steps,
    )
    loss = history.history["loss"]
    print(name, history.history["val_loss"][-1], "naive", naive)
    assert history.history["val_loss"][-1] < 0.7 * naive, name
    assert len(loss) == 6

# the generator of the library
data = np.arange(50, dtype="float32").reshape(-1, 1)
windows = TimeseriesGenerator(data, data, length=4, sampling_rate=2, batch_size=10)
x, y = windows[0]
assert x[0].ravel().tolist() == [0, 2] and y[0] == 4 and len(windows) == 5
line = Sequential([layers.Flatten(input_shape=(2, 1)), layers.Dense(1)])
line.compile("sgd", "mse")
TimeseriesGenerator(data / 50, data / 50, length=4, sampling_rate=2, batch_size=10)
line.fit_generator(
    TimeseriesGenerator(data / 50, data / 50, length=4, sampling_rate=2, batch_size=10), epochs=400, verbose=0
)
assert line.evaluate_generator(TimeseriesGenerator(data / 50, data / 50, length=4, sampling_rate=2)) < 1e-2
