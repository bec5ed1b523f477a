"""Calls of a model by their depth, noise of a shape that the layer says, inputs of a fixed batch, arrays of rows."""

import keras
import keras.backend as K
import numpy as np
from keras.layers import Activation, Add, Concatenate, Dense, Dropout, Input, InputLayer, Lambda, Layer
from keras.models import Model, Sequential

# calls by their depth
a, b = Input((4,), name="a"), Input((4,), name="b")
shared = Dense(4, name="d")
x, y = shared(a), shared(b)
out = Concatenate(name="cat")([Activation("relu", name="act")(Add(name="add")([x, y])), x])
model = Model([a, b], out)
calls = {
    depth: sorted(
        (call.outbound_layer.name, len(call.input_tensors), len(call.inbound_layers)) for call in found
    )
    for depth, found in model._nodes_by_depth.items()
}
assert calls == {
    0: [("cat", 2, 2)],
    1: [("act", 1, 1)],
    2: [("add", 2, 2)],
    3: [("d", 1, 1), ("d", 1, 1)],
    4: [("a", 1, 0), ("b", 1, 0)],
}, calls
layers = {depth: sorted(layer.name for layer in found) for depth, found in model._layers_by_depth.items()}
assert layers == {0: ["cat"], 1: ["act"], 2: ["add"], 3: ["d"], 4: ["a", "b"]}, layers


# noise of a shape that is known when the model runs
class OfSteps(Dropout):
    def _get_noise_shape(self, inputs):
        lengths = K.shape(inputs)
        return (lengths[0], lengths[1], 1)


class Whole(Layer):
    def call(self, inputs, training=None):
        return K.in_train_phase(lambda: K.dropout(inputs, 0.5, K.shape(inputs)), inputs, training=training)


class OfChannels(Layer):
    def call(self, inputs, training=None):
        doubled = inputs * 2
        shape = (K.shape(inputs)[0], 1, K.shape(inputs)[2])
        return K.in_train_phase(lambda: K.dropout(doubled, 0.5, shape), doubled, training=training)


for layer, top, by_step, by_channel in (
    (OfSteps(0.5), 2.0, True, False),
    (Whole(), 2.0, False, False),
    (OfChannels(), 4.0, False, True),
):
    net = Sequential([InputLayer((5, 6)), layer])
    noisy = K.function([net.input, K.learning_phase()], [net.output])([np.ones((40, 5, 6)), 1])[0]
    assert set(np.unique(noisy)) == {0.0, top} and 0.3 < (noisy == 0).mean() < 0.7
    assert (noisy == noisy[:, :, :1]).all() == by_step and (noisy == noisy[:, :1]).all() == by_channel
    assert (net.predict(np.ones((3, 5, 6))) == top / 2 * (2 if top == 2 else 1)).all() or top == 2
    net.compile("sgd", "mse")
    net.fit(np.ones((8, 5, 6)), np.ones((8, 5, 6)), verbose=0)
    assert not getattr(net, "run_eagerly", False)  # as one program


# an input of one sample: its layers see the 1
class OfOne(Layer):
    def call(self, inputs):
        assert K.int_shape(inputs)[0] == 1
        return K.squeeze(inputs, 0) * 2

    def compute_output_shape(self, input_shape):
        return input_shape[1:]


one = Input(batch_shape=(1, 3, 2))
found = Model(one, Lambda(lambda t: K.expand_dims(t, 0))(OfOne()(one))).predict(
    np.ones((1, 3, 2)), batch_size=1
)
assert found.shape == (1, 3, 2) and (found == 2).all()
print(keras.__name__)
