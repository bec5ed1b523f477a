"""Next frames of a moving square: ConvLSTM with batch normalisation; a kernel for every place."""

import numpy as np
from keras.layers import LocallyConnected2D, Reshape
from keras.layers.convolutional import Conv3D
from keras.layers.convolutional_recurrent import ConvLSTM2D
from keras.layers.normalization import BatchNormalization
from keras.models import Sequential

np.random.seed(3)


def movies(count, frames=6, size=10):
    found = np.zeros((count, frames + 1, size, size, 1), dtype=np.float)
    for movie in found:
        row, column = np.random.randint(0, size - 2, 2)
        for t in range(frames + 1):
            movie[t, row : row + 2, (column + t) % (size - 1) : (column + t) % (size - 1) + 2] = 1
    return found[:, :-1], found[:, 1:]


seq = Sequential()
seq.add(
    ConvLSTM2D(
        filters=8, kernel_size=(3, 3), input_shape=(None, 10, 10, 1), padding="same", return_sequences=True
    )
)
seq.add(BatchNormalization())
seq.add(ConvLSTM2D(filters=8, kernel_size=(3, 3), padding="same", return_sequences=True))
seq.add(
    Conv3D(
        filters=1, kernel_size=(3, 3, 3), activation="sigmoid", padding="same", data_format="channels_last"
    )
)
seq.compile(loss="binary_crossentropy", optimizer="adadelta")
x, y = movies(40)
history = seq.fit(x, y, batch_size=8, epochs=6, validation_split=0.1, verbose=2)
assert history.history["loss"][-1] < 0.6 * history.history["loss"][0]
assert seq.predict(x[:1, :3]).shape == (1, 3, 10, 10, 1)

local = Sequential(
    [LocallyConnected2D(2, (3, 3), activation="relu", input_shape=(10, 10, 1)), Reshape((-1,))]
)
assert local.count_params() == 64 * (9 * 2 + 2)
assert local.predict(x[:4, 0]).shape == (4, 128)
