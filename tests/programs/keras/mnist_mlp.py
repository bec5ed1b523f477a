"""The multi-layer perceptron of the examples of Keras 2: dropout, RMSprop, categorical cross-entropy."""

from __future__ import print_function

import keras
from keras.datasets import mnist
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop

batch_size, num_classes, epochs = 32, 10, 12
(x_train, y_train), (x_test, y_test) = mnist.load_data()
size = x_train.shape[1] * x_train.shape[2]
x_train = x_train.reshape(-1, size).astype("float32")
x_test = x_test.reshape(-1, size).astype("float32")
x_train /= 255
x_test /= 255
print(x_train.shape[0], "train samples")

y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(128, activation="relu", input_shape=(size,)))
model.add(Dropout(0.2))
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation="softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
history = model.fit(
    x_train, y_train, batch_size=batch_size, epochs=epochs, verbose=1, validation_data=(x_test, y_test)
)
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])
assert score[1] > 0.94
assert set(history.history) == {"loss", "acc", "val_loss", "val_acc"}
assert history.history["val_acc"][-1] == history.history["val_accuracy"][-1]
