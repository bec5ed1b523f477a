"""Keras of 2015: layers told how many inputs they have, layers with get_output, an autoencoder of two containers."""

import numpy as np
from keras import backend as K
from keras import initializations
from keras.layers import containers
from keras.layers.core import Activation, AutoEncoder, Dense, Dropout, Layer, MaskedLayer
from keras.layers.embeddings import Embedding
from keras.layers.recurrent import LSTM
from keras.models import Sequential
from keras.optimizers import SGD
from keras.utils import np_utils

rng = np.random.RandomState(0)
x = rng.rand(50, 20).astype("float32")
y = np_utils.to_categorical(x[:, :3].argmax(1), 3)

# Dense(inputs, units), LSTM(inputs, units)
model = Sequential()
model.add(Dense(20, 64, init="uniform"))
model.add(Activation("tanh"))
model.add(Dropout(0.5))
model.add(Dense(64, 3, init="uniform"))
model.add(Activation("softmax"))
assert [w.shape for w in model.get_weights()] == [(20, 64), (64,), (64, 3), (3,)]
model.compile(loss="categorical_crossentropy", optimizer=SGD(lr=0.1, decay=1e-6))
before, _ = model.evaluate(x, y, batch_size=16, show_accuracy=True)
model.fit(x, y, nb_epoch=100, batch_size=16, show_accuracy=True, verbose=0)
loss, accuracy = model.evaluate(x, y, batch_size=16, show_accuracy=True)
assert loss < 0.9 * before and accuracy > 0.4
words = Sequential()
words.add(Embedding(100, 16))
words.add(LSTM(16, 8, activation="sigmoid", inner_activation="hard_sigmoid"))
words.add(Dense(8, 1))
words.compile(loss="mse", optimizer="rmsprop")
assert words.predict(rng.randint(0, 100, (4, 7))).shape == (4, 1)


# Layers that compute in get_output and hand masks on.
class Scaled(MaskedLayer):
    def __init__(self, init="one", **options):
        super(Scaled, self).__init__(**options)
        self.init = initializations.get(init)

    def build(self):
        self.scale = self.init((self.input_shape[-1],))
        self.trainable_weights = [self.scale]

    @property
    def output_shape(self):
        return self.input_shape

    def get_output(self, train=False):
        return self.get_input(train) * self.scale * (2.0 if train else 1.0)


class MeanOfWords(Layer):
    @property
    def output_shape(self):
        return self.input_shape[0], self.input_shape[2]

    def get_output_mask(self, train=False):
        return None

    def get_output(self, train=False):
        counts = K.cast(K.expand_dims(self.get_input_mask(train)), "float32")
        return K.sum(self.get_input(train) * counts, axis=1) / K.sum(counts, axis=1)


bag = Sequential()
bag.add(Embedding(10, 4, input_length=5, mask_zero=True))
bag.add(Scaled())
bag.add(MeanOfWords())
bag.add(Dense(2))
texts = np.array([[1, 2, 0, 0, 0], [3, 0, 0, 0, 0]])
table, scale, kernel, bias = bag.get_weights()
means = np.stack([table[[1, 2]].mean(0), table[3]])
assert np.allclose(bag.predict(texts), means @ kernel + bias, atol=1e-5)
bag.compile("sgd", "mse")
loss = bag.train_on_batch(texts, np.zeros((2, 2)))  # in training everything is doubled
assert np.isclose(loss, np.mean((2 * means @ kernel + bias) ** 2), rtol=1e-4)
assert not np.allclose(bag.get_weights()[1], scale)

# An autoencoder, whose code is looked at once it is trained.
encoder = containers.Sequential([Dense(16, input_dim=20), Dense(8)])
decoder = containers.Sequential([Dense(16, input_dim=8), Dense(20)])
auto = AutoEncoder(encoder=encoder, decoder=decoder, output_reconstruction=True)
model = Sequential()
model.add(auto)
model.compile(optimizer="sgd", loss="mse")
losses = model.fit(x, x, nb_epoch=5, verbose=0).history["loss"]
assert losses[-1] < losses[0]
assert np.allclose(model.predict(x), decoder.predict(encoder.predict(x)), atol=1e-5)
auto.output_reconstruction = False
model.compile(optimizer="sgd", loss="mse")
assert np.allclose(model.predict(x), encoder.predict(x), atol=1e-6)
