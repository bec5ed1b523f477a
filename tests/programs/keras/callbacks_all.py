"""Callbacks: stopping early, rates by plateau and schedule, files, a program's own that watch batches and data."""

import csv
import glob
import math
import os

import keras
import numpy as np
from keras import backend as K
from keras.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    History,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    TensorBoard,
    TerminateOnNaN,
)
from keras.layers import Dense
from keras.models import Sequential, load_model
from keras.optimizers import SGD

np.random.seed(0)
x = np.random.randn(300, 5)
y = (x[:, 0] + x[:, 1] ** 2 > 0.5).astype(int)
x_train, y_train, x_val, y_val = x[:200], y[:200], x[200:], y[200:]


def make(rate=0.05):
    model = Sequential(
        [Dense(16, activation="relu", input_dim=5), Dense(1, activation="sigmoid", name="top")]
    )
    model.compile(keras.optimizers.SGD(lr=rate), "binary_crossentropy", metrics=["accuracy"])
    return model


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs={}):
        self.losses, self.epochs = [], 0

    def on_batch_end(self, batch, logs={}):
        self.losses.append(logs.get("loss"))

    def on_epoch_end(self, epoch, logs={}):
        self.epochs += 1
        assert logs["acc"] == logs["accuracy"] == logs.get("acc") and "val_loss" in logs


class ActivationLogger(keras.callbacks.Callback):
    def set_model(self, model):
        self.model = model
        layer_outputs = [layer.output for layer in model.layers]
        self.activations_model = keras.models.Model(model.input, layer_outputs)

    def on_epoch_end(self, epoch, logs=None):
        if self.validation_data is None:
            raise RuntimeError("Requires validation_data.")
        validation_sample = self.validation_data[0][0:1]
        self.activations = self.activations_model.predict(validation_sample)


class StopAt(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs={}):
        if logs.get("acc") > 0.8:
            print("Reached 80% accuracy so cancelling training!")
            self.model.stop_training = True


history, watcher, said = LossHistory(), ActivationLogger(), []
hist = make().fit(
    x_train, y_train, batch_size=20, epochs=4, verbose=0, validation_data=(x_val, y_val),
    callbacks=[history, watcher, CSVLogger("training.log"), TerminateOnNaN(), History(),
               LambdaCallback(on_epoch_end=lambda epoch, logs: said.append(epoch)),
               ModelCheckpoint("weights.{epoch:02d}-{val_acc:.2f}.hdf5", monitor="val_acc", save_weights_only=True),
               TensorBoard(log_dir="./logs", histogram_freq=1)],
)  # fmt: skip
assert (
    len(history.losses) == 40 and history.epochs == 4 and said == [0, 1, 2, 3] and hist.epoch == [0, 1, 2, 3]
)
assert [a.shape for a in watcher.activations] == [(1, 16), (1, 1)]
assert len(list(csv.DictReader(open("training.log")))) == 4
assert len(glob.glob("weights.*-0.??.hdf5")) == 4 and os.listdir("logs")

model = make(0.5)
hist = model.fit(x_train, y_train, epochs=200, verbose=0, callbacks=[StopAt()])
assert len(hist.epoch) < 200 and hist.history["acc"][-1] > 0.8

model = make()
hist = model.fit(
    x_train, y_train, epochs=300, verbose=0, validation_data=(x_val, y_val),
    callbacks=[EarlyStopping(monitor="val_acc", patience=3, mode="auto"),
               ModelCheckpoint("best.h5", monitor="val_loss", save_best_only=True)],
)  # fmt: skip
assert 3 < len(hist.epoch) < 300
best = load_model("best.h5")
assert abs(best.evaluate(x_val, y_val, verbose=0)[0] - min(hist.history["val_loss"])) < 1e-4


def step_decay(epoch):
    return 0.1 * math.pow(0.5, math.floor(epoch / 2.0))


model = make()
rates = []
model.fit(
    x_train, y_train, epochs=5, verbose=0,
    callbacks=[LearningRateScheduler(step_decay),
               LambdaCallback(on_epoch_begin=lambda e, logs: None,
                              on_epoch_end=lambda e, logs: rates.append(float(K.get_value(model.optimizer.lr))))],
)  # fmt: skip
assert np.allclose(rates, [0.1, 0.1, 0.05, 0.05, 0.025])

model = make(0.4)
reduce_lr = ReduceLROnPlateau(
    monitor="val_loss", factor=0.2, patience=2, min_lr=0.001, epsilon=10.0, verbose=1
)
model.fit(x_train, y_train, epochs=7, verbose=0, validation_data=(x_val, y_val), callbacks=[reduce_lr])
assert np.isclose(float(K.get_value(model.optimizer.lr)), 0.4 * 0.2**3), K.get_value(model.optimizer.lr)

# decay: lr / (1 + decay * steps)
model = Sequential([Dense(1, input_dim=1, init="one", bias=False)])
model.compile(keras.optimizers.SGD(lr=0.1, decay=0.5), "mse")
one = np.ones((1, 1))
value = 1.0
for step in range(3):
    model.train_on_batch(one, 0 * one)
    value -= 0.1 / (1 + 0.5 * step) * 2 * value
    assert np.isclose(model.get_weights()[0].item(), value)
print("callbacks done")


# callbacks see the validation data with its weights; checkpoints every few epochs
class Looks(Callback):
    def on_epoch_end(self, epoch, logs=None):
        x, y, weights = self.validation_data
        self.shapes = [part.shape for part in self.validation_data]
        self.loss = self.model.evaluate(x, y, sample_weight=weights, verbose=0)


rows, sums = np.random.rand(40, 3), np.random.rand(40)
small = Sequential([Dense(1, input_dim=3)])
small.compile("sgd", "mse")
looks = Looks()
past = small.fit(
    rows,
    sums,
    validation_split=0.25,
    epochs=5,
    verbose=0,
    callbacks=[looks, ModelCheckpoint("every-{epoch}.h5", period=2)],
).history
assert looks.shapes == [(10, 3), (10,), (10,)] and np.isclose(looks.loss, past["val_loss"][-1])
small.fit(rows, sums, validation_data=(rows[:7], sums[:7]), verbose=0, callbacks=[looks])
assert looks.shapes == [(7, 3), (7,), (7,)]
assert [n for n in range(1, 6) if os.path.exists("every-%d.h5" % n)] == [2, 4]


# the rate that was set is what callbacks see, whatever decays beside it
class Told(Callback):
    def on_train_begin(self, logs=None):
        self.seen = {k: self.params[k] for k in "nb_epoch samples batch_size do_validation metrics".split()}


small.compile(SGD(lr=0.1, decay=0.01), "mse", metrics=["mae"])
told = Told()
past = small.fit(
    rows,
    sums,
    epochs=3,
    verbose=0,
    validation_split=0.5,
    callbacks=[
        ReduceLROnPlateau(monitor="loss", factor=0.5, patience=0, epsilon=1e9),
        told,
        CSVLogger("rates.csv"),
    ],
).history
assert np.allclose(past["lr"], [0.1, 0.1, 0.05]) and "lr" in open("rates.csv").readline(), past["lr"]
assert past["learning_rate"] == past["lr"] and "learning_rate" not in list(past)
names = ["loss", "mean_absolute_error"]
assert told.seen == {
    "nb_epoch": 3,
    "samples": 40,
    "batch_size": 32,
    "do_validation": True,
    "metrics": names + ["val_" + n for n in names],
}
