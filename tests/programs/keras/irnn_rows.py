"""Rows of images as sequences: IRNN with its initialisers, hierarchical LSTM over pixels and rows."""

import keras
import numpy as np
from keras import initializers
from keras.datasets import mnist
from keras.layers import LSTM, Activation, Dense, Input, SimpleRNN, TimeDistributed
from keras.models import Model, Sequential
from keras.optimizers import RMSprop

(x_train, y_train), (x_test, y_test) = mnist.load_data()
row, col = x_train.shape[1:]
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255
y_train, y_test = keras.utils.to_categorical(y_train, 10), keras.utils.to_categorical(y_test, 10)

model = Sequential()
model.add(
    SimpleRNN(
        50, kernel_initializer=initializers.RandomNormal(stddev=0.1),
        recurrent_initializer=initializers.Identity(gain=1.0), activation="relu", input_shape=x_train.shape[1:],
    )
)  # fmt: skip
assert np.array_equal(model.layers[0].get_weights()[1], np.eye(50))
model.add(Dense(10))
model.add(Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=1e-3), metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=12, verbose=0, validation_data=(x_test, y_test))
scores = model.evaluate(x_test, y_test, verbose=0)
print("IRNN test accuracy:", scores[1])
assert scores[1] > 0.8

x = Input(shape=(row, col, 1))
encoded_rows = TimeDistributed(LSTM(16))(x)
encoded_columns = LSTM(24)(encoded_rows)
model = Model(x, Dense(10, activation="softmax")(encoded_columns))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.optimizer.lr = 0.01
history = model.fit(x_train[..., None], y_train, batch_size=32, epochs=4, verbose=0)
print("hierarchical", history.history["acc"])
assert history.history["acc"][-1] > 0.6 and model.layers[1].output_shape == (None, row, 16)
