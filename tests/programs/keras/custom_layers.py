"""A program's own layers, in the forms of Keras 1 and 2, with masks; saved and loaded with custom_objects."""

import numpy as np
from keras import activations, initializers, regularizers
from keras import backend as K
from keras.engine.topology import Layer
from keras.layers import LSTM, Dense, Embedding, Input, InputSpec, TimeDistributed
from keras.models import Model, Sequential, load_model, model_from_json


class MyLayer(Layer):
    def __init__(self, output_dim, activation=None, kernel_regularizer=None, **kwargs):
        self.output_dim = output_dim
        self.activation = activations.get(activation)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.input_spec = [InputSpec(ndim=2)]
        super(MyLayer, self).__init__(**kwargs)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[1], self.output_dim), initializer="uniform",
            regularizer=self.kernel_regularizer, trainable=True,
        )  # fmt: skip
        self.scale = self.add_weight(
            name="scale", shape=(1,), initializer=initializers.Ones(), trainable=False
        )
        super(MyLayer, self).build(input_shape)

    def call(self, x):
        return self.activation(K.dot(x, self.kernel) * self.scale)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        base_config = super(MyLayer, self).get_config()
        return dict(
            list(base_config.items()) + list({"output_dim": self.output_dim, "activation": "relu"}.items())
        )


class OldLayer(Layer):
    """Keras 1: initialisations give variables, weights are listed, shapes are told by get_output_shape_for."""

    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        self.init = initializers.get("glorot_uniform")
        super().__init__(**kwargs)

    def build(self, input_shape):
        initial_weight_value = np.random.random((input_shape[1], self.output_dim)) - 0.5
        self.W = K.variable(initial_weight_value)
        self.trainable_weights = [self.W]

    def call(self, x, mask=None):
        return K.dot(x, self.W)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)


class MeanOverTime(Layer):
    def __init__(self, **kwargs):
        self.supports_masking = True
        super().__init__(**kwargs)

    def call(self, x, mask=None):
        if mask is None:
            return K.mean(x, axis=1)
        mask = K.cast(mask, K.floatx())
        return K.sum(x * K.expand_dims(mask), axis=1) / K.sum(mask, axis=1, keepdims=True)

    def compute_mask(self, input, input_mask=None):
        return None


np.random.seed(0)
X = np.random.randn(300, 8).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("float32")
model = Sequential()
model.add(MyLayer(32, activation="relu", kernel_regularizer="l2", input_shape=(8,)))
model.add(OldLayer(16))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
assert [w.shape for w in model.layers[0].get_weights()] == [(8, 32), (1,)]
assert len(model.trainable_weights) == 4 and len(model.non_trainable_weights) == 1
before = model.get_weights()[1].copy()
losses = model.fit(X, Y, epochs=20, verbose=0).history["loss"]
assert losses[-1] < losses[0]

simple = Sequential([MyLayer(4, activation="relu", input_shape=(8,)), Dense(1)])
simple.compile("sgd", "mse")
simple.save("custom.h5")
again = load_model("custom.h5", custom_objects={"MyLayer": MyLayer})
assert np.array_equal(simple.predict(X), again.predict(X))
fresh = model_from_json(simple.to_json(), custom_objects={"MyLayer": MyLayer})
fresh.set_weights(simple.get_weights())
assert np.array_equal(simple.predict(X), fresh.predict(X))

# a mask reaches the layer through an LSTM
words = Input(shape=(None,), dtype="int32")
h = Embedding(20, 6, mask_zero=True)(words)
h = LSTM(5, return_sequences=True)(h)
h = TimeDistributed(Dense(4, activation="tanh"))(h)
reader = Model(words, MeanOverTime()(h))
short, padded = np.array([[3, 4, 5]]), np.array([[3, 4, 5, 0, 0]])
assert np.allclose(reader.predict(short), reader.predict(padded), atol=1e-6)
print("custom layers", losses[0], "->", losses[-1])
