"""Rows of marks read by CTC: the loss in a Lambda layer, labels and lengths as inputs, a callback that reads."""

import keras.callbacks
import numpy as np
from keras import backend as K
from keras.layers import GRU, Activation, Dense, Input, Lambda
from keras.layers.merge import add
from keras.models import Model
from keras.optimizers import Adam

STEPS, MARKS, LENGTH = 16, 4, 3
rng = np.random.RandomState(0)


def batches(size=24):
    while 1:
        labels = rng.randint(0, MARKS, (size, LENGTH))
        rows = rng.rand(size, STEPS, MARKS) * 0.2
        for k in range(size):
            for j in range(LENGTH):
                rows[k, 1 + j * 5 : 4 + j * 5, labels[k, j]] = 1
        lengths = {"steps": np.ones((size, 1)) * STEPS, "count": np.ones((size, 1)) * LENGTH}
        yield dict(rows=rows, labels=labels.astype("float"), **lengths), {"ctc": np.zeros(size)}


def cost(args):
    y_pred, labels, steps, count = args
    return K.ctc_batch_cost(labels, y_pred, steps, count)


rows = Input(name="rows", shape=(STEPS, MARKS))
there = GRU(16, return_sequences=True, kernel_initializer="he_normal")(rows)
back = GRU(16, return_sequences=True, go_backwards=True, kernel_initializer="he_normal")(rows)
y_pred = Activation("softmax", name="softmax")(Dense(MARKS + 1)(add([there, back])))
labels = Input(name="labels", shape=[LENGTH])
steps, count = Input(name="steps", shape=[1], dtype="int64"), Input(name="count", shape=[1], dtype="int64")
loss = Lambda(cost, output_shape=(1,), name="ctc")([y_pred, labels, steps, count])
model = Model(inputs=[rows, labels, steps, count], outputs=loss)
model.compile(loss={"ctc": lambda y_true, y_pred: y_pred}, optimizer=Adam(0.02))
read = K.function([rows, K.learning_phase()], [y_pred])


def found(batch):
    given = read([batch["rows"], 0])[0]
    labels, _ = K.ctc_decode(given, input_length=np.ones(given.shape[0]) * STEPS, greedy=True)
    return [[c for c in row if c >= 0] for row in K.get_value(labels[0])]


class Reading(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs={}):
        batch = next(batches())[0]
        self.right = np.mean([f == list(t) for f, t in zip(found(batch), batch["labels"])])
        print(epoch, logs["loss"], self.right)


reading = Reading()
model.fit_generator(batches(), steps_per_epoch=40, epochs=5, verbose=0, callbacks=[reading])
assert reading.right > 0.8
