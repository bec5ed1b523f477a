"""Layers of a program's own in the ways of Keras 1 and 2, and what programs asked of layers and models."""

import re

import numpy as np
from keras import backend as K
from keras.engine.topology import InputSpec, Layer
from keras.layers import LSTM, Activation, Convolution2D, Dense, Dropout, Input, Merge, Wrapper
from keras.layers.normalization import BatchNormalization
from keras.layers.recurrent import Recurrent, SimpleRNN, _time_distributed_dense
from keras.layers.wrappers import Bidirectional
from keras.legacy import interfaces
from keras.models import Model, Sequential, load_model, model_from_json
from keras.optimizers import SGD, Optimizer
from keras.utils.generic_utils import get_custom_objects
from keras.utils.training_utils import multi_gpu_model

rng = np.random.RandomState(0)


# a layer derived from one of the library's, with Keras 1's arguments
class Scaled(Dense):
    def __init__(self, output_dim, scale=1.0, **kwargs):
        self.scale = scale
        super(Scaled, self).__init__(output_dim, **kwargs)

    def call(self, x, mask=None):
        return super(Scaled, self).call(x) * self.scale

    def get_config(self):
        config = {"scale": self.scale}
        return dict(list(super(Scaled, self).get_config().items()) + list(config.items()))


model = Sequential([Scaled(3, scale=2.0, init="uniform", W_regularizer="l2", activation="relu", input_dim=4)])
model.compile("sgd", "mse")
x4 = rng.rand(5, 4).astype("float32")
layer = model.layers[0]
W, b = K.get_value(layer.W), K.get_value(layer.b)
assert np.allclose(model.predict(x4), 2 * np.maximum(x4 @ W + b, 0), atol=1e-6)
model.save("scaled.h5")
for again in (
    load_model("scaled.h5", {"Scaled": Scaled}),
    model_from_json(model.to_json(), {"Scaled": Scaled}),
):
    assert again.layers[0].scale == 2.0 and again.layers[0].output_dim == 3
conv = Convolution2D(4, 3, 3, border_mode="same", subsample=(2, 2), input_shape=(8, 8, 3))
assert (conv.nb_filter, conv.border_mode, conv.subsample) == (4, "same", (2, 2))


# a layer around a layer, and functions by names of one's own
class Twice(Wrapper):
    def build(self, input_shape=None):
        self.layer.build(input_shape)
        self.layer.built = True
        super(Twice, self).build()

    def call(self, x):
        return self.layer.call(x) * 2


get_custom_objects().update({"swish": Activation(lambda x: x * K.sigmoid(x)), "double": lambda x: x * 2})
model = Sequential(
    [Twice(Dense(3, kernel_initializer="ones"), input_shape=(4,)), Dense(2, activation="swish")]
)
model.add(Activation("double"))
hidden = 2 * x4.sum(1, keepdims=True) * np.ones((1, 3))
z = hidden @ model.layers[1].get_weights()[0]
assert np.allclose(model.predict(x4), 2 * z / (1 + np.exp(-z)), atol=1e-4)


# a recurrent layer by its step alone: the library's simple one
class Plain(Recurrent):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(Plain, self).__init__(**kwargs)

    def build(self, input_shape):
        self.input_spec = [InputSpec(shape=input_shape)]
        self.states = [None]
        self.W = self.add_weight((input_shape[-1], self.output_dim), initializer="uniform", name="W")
        self.U = self.add_weight((self.output_dim, self.output_dim), initializer="uniform", name="U")
        self.trainable_weights = [self.W, self.U]

    def preprocess_input(self, x):
        return _time_distributed_dense(x, self.W)

    def get_constants(self, x):
        return [K.ones_like(x[:, 0, :1])]

    def step(self, x, states):
        before, one = states
        h = K.tanh(x + K.dot(before, self.U)) * one
        return h, [h]

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)


x_steps = rng.rand(4, 6, 3).astype("float32")
for options in ({}, {"go_backwards": True}, {"return_sequences": True}, {"stateful": True}):
    own, plain = (
        Sequential([kind(5, batch_input_shape=(4, 6, 3), **options)])
        for kind in (Plain, lambda n, **o: SimpleRNN(n, bias=False, **o))
    )
    plain.set_weights(own.get_weights())
    for _ in range(2):
        assert np.allclose(
            own.predict(x_steps, batch_size=4), plain.predict(x_steps, batch_size=4), atol=1e-5
        )
    own.reset_states()
    plain.reset_states()
    assert np.allclose(own.predict(x_steps, batch_size=4), plain.predict(x_steps, batch_size=4), atol=1e-5)
both = Sequential([Bidirectional(SimpleRNN(3), input_shape=(6, 3))])
assert both.predict(x_steps).shape == (4, 6) and both.layers[0].layer.units == 3

# first states as further inputs
steps, h, c = Input((6, 3)), Input((5,)), Input((5,))
lstm = LSTM(5)
from_list = Model([steps, h, c], lstm([steps, h, c]))
by_name = Model([steps, h, c], lstm(steps, initial_state=[h, c]))
data = [x_steps, rng.rand(4, 5), rng.rand(4, 5)]
assert np.allclose(from_list.predict(data), by_name.predict(data), atol=1e-6)
assert not np.allclose(from_list.predict(data), Model(steps, lstm(steps)).predict(x_steps), atol=1e-3)

# the calls of a shared layer
shared = Dense(2)
first, second = Input((3,)), Input((7, 3))
a, b = shared(first), shared(second)
assert shared.get_output_at(0) is a and shared.get_input_at(1) is second
assert shared.get_output_shape_at(1) == (None, 7, 2) and shared.get_input_shape_at(0) == (None, 3)
assert [node.output_tensors[0] is t for node, t in zip(shared._inbound_nodes, (a, b))] == [True, True]
deeper = Dense(1)
deeper(b)
assert deeper.inbound_nodes[0].inbound_layers == [shared] and deeper.inbound_nodes[0].node_indices == [1]
try:
    shared.get_output_at(2)
except ValueError as error:
    assert "one of the 2 calls" in str(error)
else:
    raise AssertionError("there was no third call")

# layers as parts of a Merge, and many GPUs, which are one processor
joined = Sequential(
    [Merge([Dense(3, input_dim=4, init="one"), Dense(3, input_dim=4, init="one")], mode="sum")]
)
assert np.allclose(joined.predict([x4, x4]), 2 * x4.sum(1, keepdims=True) * np.ones((1, 3)), atol=1e-5)
template = Sequential([Dense(3, input_dim=4), Dense(2, name="last")])
many = multi_gpu_model(template, gpus=4)
assert many.layers[-2] is template and many.output_names == ["last"]
many.compile(SGD(0.1), "mse", metrics=["accuracy"])
before = template.predict(x4)
assert np.allclose(many.predict(x4), before, atol=1e-6)
assert "acc" in many.fit(x4, np.ones((5, 2)), epochs=2, verbose=0).history
assert not np.allclose(template.predict(x4), before)


# an optimizer in the order of Keras 1
class Descent(Optimizer):
    def __init__(self, lr=0.01, **kwargs):
        super(Descent, self).__init__(**kwargs)
        self.lr = K.variable(lr)

    @interfaces.legacy_get_updates_support
    def get_updates(self, params, constraints, loss):
        self.updates = []
        for p, g in zip(params, self.get_gradients(loss, params)):
            new = p - self.lr * g
            self.updates.append(K.update(p, constraints[p](new) if p in constraints else new))
        return self.updates


losses = []
for optimizer in (Descent(lr=0.1), SGD(lr=0.1)):
    model = Sequential([Dense(1, input_dim=4, init="one", W_constraint="nonneg")])
    model.compile(optimizer, "mse")
    losses.append(model.fit(x4, np.zeros(5), nb_epoch=4, shuffle=False, verbose=0).history["loss"])
assert np.allclose(losses[0], losses[1], rtol=1e-5) and losses[0][-1] < losses[0][0]

# a function that trains: dropped units get no gradient, moving averages move if they are among the updates
inputs, targets = Input((4,)), K.placeholder((None, 3))
hidden = BatchNormalization(momentum=0.5)(inputs)
dropped = Dropout(0.5)(Dense(64, init="one")(hidden))
model = Model(inputs, Dense(3, init="one", bias=False)(dropped))
loss = K.mean(K.square(model.output - targets))
updates = SGD(0.1).get_updates(loss, model.trainable_weights)
train = K.function([inputs, targets, K.learning_phase()], [loss], updates=updates + model.updates)
mean, last = model.layers[1].get_weights()[2], model.layers[-1].get_weights()[0]
train([x4, np.zeros((5, 3)), 1])
assert len(model.updates) == 2 and np.allclose(
    model.layers[1].get_weights()[2], (mean + x4.mean(0)) / 2, atol=1e-6
)
train([x4[:1], np.zeros((1, 3)), 1])
mean, last = model.layers[1].get_weights()[2], model.layers[-1].get_weights()[0]
train([x4[:1] + 1, np.zeros((1, 3)), 1])
unmoved = (model.layers[-1].get_weights()[0] == last).all(1).mean()
assert 0.1 < unmoved < 0.9, unmoved  # the rows of dropped units
mean, last = model.layers[1].get_weights()[2], model.layers[-1].get_weights()[0]
train([x4 + 1, np.zeros((5, 3)), 0])
assert np.allclose(model.layers[1].get_weights()[2], mean, atol=0)
assert K.tensorflow_backend._get_available_gpus() == []


class Sum(Layer):
    def call(self, inputs, mask=None):
        out = inputs[0] + inputs[1]
        out._keras_shape = (None, 3)
        out._uses_learning_phase = True
        return out

    def get_output_shape_for(self, input_shapes):
        return input_shapes[0]


assert Sum()([Input((3,)), Input((3,))])._keras_shape == (None, 3)


# inputs are equal to themselves alone; texts are divided as they were
left, right = Input((3,)), Input((3,))
pair = Model([left, right], Sum()([left, right]))
assert pair.inputs.index(right) == 1 and left in pair.inputs and not left == right and left != right
assert [t for t in re.split(r"(\W+)?", "Where is Mary?") if t.strip()] == ["Where", "is", "Mary", "?"]


# a layer around a layer that is described and made again
class Around(Wrapper):
    def call(self, inputs):
        return self.layer(inputs) + 1


model = Sequential([Around(Dense(2), input_shape=(3,))])
model.build()
assert model.layers[0].get_config()["layer"]["config"]["units"] == 2
again = model_from_json(model.to_json(), {"Around": Around})
again.set_weights(model.get_weights())
x3 = rng.rand(4, 3)
assert np.allclose(again.predict(x3), model.predict(x3), atol=1e-6)
assert len(Bidirectional(LSTM(2), input_shape=(3, 4)).get_weights()) == 0
both = Bidirectional(LSTM(2))
both.build((None, 3, 4))
assert len(both.get_weights()) == 6


# the learning phase, fixed for all that follows
x3 = rng.rand(50, 3).astype("float32")
model = Sequential([BatchNormalization(input_shape=(3,)), Dropout(0.5)])
tested = model.predict(x3, batch_size=50)
K.set_learning_phase(1)
trained = model.predict(x3, batch_size=50)
expected = 2 * (x3 - x3.mean(0)) / np.sqrt(x3.var(0) + 1e-3)
assert 0.2 < (trained == 0).mean() < 0.8 and np.allclose(
    trained[trained != 0], expected[trained != 0], atol=1e-3
)
K.set_learning_phase(0)
assert np.allclose(model.predict(x3, batch_size=50), tested)  # and no average has moved
model.compile("sgd", "mse")
model.fit(x3, x3, verbose=0)
assert np.allclose(model.get_weights()[2], 0)
K.clear_session()
assert not isinstance(K.learning_phase(), int)

# one input or output in a list is one
first = Input((4,))
model = Model(inputs=[first], outputs=[Dense(1)(first)])
assert (
    model.output_shape == (None, 1)
    and model.predict(x4).shape == (5, 1)
    and model.predict([x4]).shape == (5, 1)
)
model.compile("sgd", "mse")
assert np.isscalar(model.train_on_batch([x4], [np.ones(5)]))
built = Dense(4)
built.build((None, 3))
built(Input((3,)))
assert len(built.get_weights()) == 2 and LSTM(3).states == [None, None]


# moving averages and counts of one's own
class Centred(Layer):
    def build(self, input_shape):
        self.mean = self.add_weight((input_shape[-1],), initializer="zero", name="mean", trainable=False)
        self.built = True

    def call(self, x, training=None):
        mean = K.mean(x, axis=0)
        self.add_update([K.moving_average_update(self.mean, mean, 0.9)], x)
        return K.in_train_phase(x - mean, x - self.mean, training=training)


class Hits(Layer):
    def __init__(self, name="hits", **kwargs):
        super(Hits, self).__init__(name=name, **kwargs)
        self.stateful = True
        self.count = K.variable(0, dtype="int32")

    def reset_states(self):
        K.set_value(self.count, 0)

    def __call__(self, y_true, y_pred):
        hits = K.sum(K.cast(y_true, "int32") * K.cast(K.round(y_pred), "int32"))
        before = self.count * 1
        self.add_update(K.update_add(self.count, hits), inputs=[y_true, y_pred])
        return before + hits


model = Sequential([Centred(input_shape=(3,)), Dense(1, activation="sigmoid")])
model.compile("sgd", "binary_crossentropy", metrics=["acc", Hits()])
y3 = (x3[:, 0] > 0.5).astype(int)
model.fit(x3, y3, batch_size=50, epochs=3, verbose=0)
assert np.allclose(model.layers[0].get_weights()[0], x3.mean(0) * (1 - 0.9**3), atol=1e-6)
hits = (y3 * (model.predict(x3)[:, 0] > 0.5)).sum()
for _ in range(2):
    assert model.evaluate(x3, y3, batch_size=20, verbose=0)[2] == hits
assert model.test_on_batch(x3, y3)[2] == hits and model.metrics_names == ["loss", "acc", "hits"]
assert np.allclose(model.layers[0].get_weights()[0], x3.mean(0) * (1 - 0.9**3), atol=1e-6)
