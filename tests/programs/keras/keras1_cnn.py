"""A convolutional network in the spelling of Keras 1 with Theano's order of axes, as courses of 2016 had it."""

import numpy as np
from keras import backend as K
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import mnist
from keras.layers.convolutional import Convolution2D, MaxPooling2D, ZeroPadding2D
from keras.layers.core import Activation, Dense, Dropout, Flatten
from keras.layers.normalization import BatchNormalization
from keras.models import Sequential
from keras.optimizers import SGD
from keras.regularizers import l2
from keras.utils import np_utils

K.set_image_dim_ordering("th")
np.random.seed(1337)
(X_train, y_train), (X_test, y_test) = mnist.load_data()
rows, cols = X_train.shape[1:]
X_train = X_train.reshape(X_train.shape[0], 1, rows, cols).astype("float32") / 255
X_test = X_test.reshape(X_test.shape[0], 1, rows, cols).astype("float32") / 255
Y_train, Y_test = np_utils.to_categorical(y_train, 10), np_utils.to_categorical(y_test, 10)

model = Sequential()
model.add(ZeroPadding2D((1, 1), input_shape=(1, rows, cols)))
model.add(Convolution2D(16, 3, 3, border_mode="valid", init="he_normal", W_regularizer=l2(1e-4)))
model.add(BatchNormalization(mode=0, axis=1))
model.add(Activation("relu"))
model.add(Convolution2D(nb_filter=16, nb_row=3, nb_col=3, subsample=(1, 1), activation="relu", bias=True))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode="valid"))
assert model.output_shape == (None, 16, (rows - 2) // 2, (cols - 2) // 2), model.output_shape
model.add(Dropout(p=0.25))
model.add(Flatten())
model.add(Dense(output_dim=64, init="uniform"))
model.add(Activation("relu"))
model.add(Dense(10))
model.add(Activation("softmax"))
sgd = SGD(lr=0.05, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
history = model.fit(
    X_train, Y_train, batch_size=32, nb_epoch=8, verbose=1, validation_split=0.1,
    callbacks=[EarlyStopping(monitor="val_loss", patience=5),
               ModelCheckpoint("best.h5", monitor="val_acc", save_best_only=True)],
)  # fmt: skip
loss, accuracy = model.evaluate(X_test, Y_test, verbose=0)
print("accuracy", accuracy)
assert accuracy > 0.95
classes = model.predict_classes(X_test, verbose=0)
assert abs(np.mean(classes == y_test) - accuracy) < 1e-6
assert model.predict_proba(X_test[:5]).shape == (5, 10)
assert model.layers[1].get_weights()[0].shape == (3, 3, 1, 16)
