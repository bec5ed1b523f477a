"""Two trainings after the same ``np.random.seed``, as the programs of 2016 began for reproducible results."""

import numpy as np
from keras.layers import Dense
from keras.models import Sequential


def trained():
    np.random.seed(7)
    x = np.random.uniform(-1, 1, (64, 4))
    y = (x.sum(axis=1) > 0).astype("float32")
    model = Sequential()
    model.add(Dense(8, input_dim=4, activation="relu"))
    model.add(Dense(1, activation="sigmoid", kernel_initializer="normal"))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    losses = model.fit(x, y, epochs=3, batch_size=8, verbose=0).history["loss"]
    return losses, model.get_weights()


first, second = trained(), trained()
assert first[0] == second[0]
assert all((a == b).all() for a, b in zip(first[1], second[1]))

# What Keras 2 over TensorFlow draws: a seed from np.random, and TensorFlow's numbers of it.
np.random.seed(7)
np.random.uniform(-1, 1, (64, 4))
untrained = Sequential([Dense(8, input_dim=4)])
assert np.abs(untrained.get_weights()[0]).max() <= np.sqrt(6 / 12)
np.random.seed(7)
other = Sequential([Dense(8, input_dim=4)])
assert not np.array_equal(untrained.get_weights()[0], other.get_weights()[0])
print("the same twice:", np.round(first[0], 4))
