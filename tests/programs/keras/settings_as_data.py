"""Layers and models as data: what get_config and to_json tell a converter, and models made of it again."""

import json

import numpy as np
from keras import backend as K
from keras.constraints import max_norm
from keras.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    BatchNormalization,
    Bidirectional,
    Concatenate,
    Conv2D,
    ConvLSTM2D,
    Dense,
    Dot,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Lambda,
    Layer,
    LeakyReLU,
    LSTMCell,
    MaxPooling2D,
    Permute,
    PReLU,
    Reshape,
    SeparableConv2D,
    TimeDistributed,
    UpSampling2D,
    ZeroPadding2D,
    concatenate,
)  # fmt: skip
from keras.models import Model, Sequential, clone_model, load_model, model_from_config, model_from_json
from keras.regularizers import l2

rng = np.random.RandomState(0)


def same(first, second, x):
    """Whether two models compute the same with the same weights."""
    second.set_weights(first.get_weights())
    return np.array_equal(first.predict(x), second.predict(x))


# A layer tells all of its arguments, the usual ones, too, in plain data.
dense = Dense(3, activation="relu", kernel_regularizer=l2(0.01), kernel_constraint=max_norm(2))
told = dense.get_config()
assert told["units"] == 3 and told["activation"] == "relu" and told["use_bias"] is True
assert told["kernel_regularizer"]["config"]["l2"] == 0.01 and told["bias_regularizer"] is None
assert told["kernel_initializer"]["class_name"] == "GlorotUniform"
assert Dense(1).get_config()["activation"] == "linear"
conv = Conv2D(4, 3, padding="same", input_shape=(8, 8, 1)).get_config()
assert conv["kernel_size"] == (3, 3) and conv["strides"] == (1, 1) and conv["data_format"] == "channels_last"
assert conv["batch_input_shape"] == (None, 8, 8, 1)
assert MaxPooling2D(2).get_config()["strides"] == (2, 2)
assert LSTM(2).get_config()["recurrent_activation"] == "hard_sigmoid"
assert LeakyReLU(0.1).get_config()["alpha"] == 0.1

# Every layer is made again of what it tells.
for layer in [
    dense, Bidirectional(GRU(3), merge_mode="sum"), TimeDistributed(Dense(2)), Embedding(10, 3, input_length=4),
    BatchNormalization(), RNN([LSTMCell(2), LSTMCell(3)]), ZeroPadding2D(), UpSampling2D(), LeakyReLU(0.1),
    Activation("tanh"), Reshape((2, 3)), Permute((2, 1)), SeparableConv2D(3, 3), ConvLSTM2D(2, 3), PReLU(),
    Concatenate(axis=1), Dot(1), Dropout(0.5), LSTM(3, go_backwards=True, dropout=0.2),
]:  # fmt: skip
    told = layer.get_config()
    json.dumps(told)
    again = type(layer).from_config(told)
    assert again.get_config() == told, told

# A row of layers: as Keras 2 listed them, without the input.
cnn = Sequential([Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)), MaxPooling2D(2), Flatten(), dense])
names = [part["class_name"] for part in cnn.get_config()["layers"]]
assert names == ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]
images = rng.rand(2, 8, 8, 1)
whole = json.loads(cnn.to_json())
assert whole["class_name"] == "Sequential" and whole["config"]["layers"][3]["config"]["units"] == 3
assert same(cnn, Sequential.from_config(cnn.get_config()), images)
assert same(cnn, model_from_json(cnn.to_json()), images) and same(cnn, model_from_config(whole), images)
assert same(cnn, clone_model(cnn), images)

# A graph: inputs, calls, outputs; first states are inputs of the layer.
steps = Input((5, 3))
a, h, c = LSTM(4, return_state=True, name="first")(steps)
b = LSTM(4, name="second")(steps, initial_state=[h, c])
graph = Model(steps, Dense(2)(concatenate([a, b])))
parts = {part["name"]: part for part in graph.get_config()["layers"]}
assert [call[0] for call in parts["second"]["inbound_nodes"][0]] == [graph.layers[0].name, "first", "first"]
sequences = rng.rand(2, 5, 3)
assert same(graph, Model.from_config(graph.get_config()), sequences)
assert same(graph, model_from_json(graph.to_json()), sequences)
around = Sequential([cnn, Dense(2)])
assert same(around, model_from_json(around.to_json()), images)


# Layers and functions of one's own.
class Scaled(Layer):
    def __init__(self, by, **options):
        self.by = by
        super().__init__(**options)

    def call(self, x):
        return x * self.by

    def get_config(self):
        return dict(super().get_config(), by=self.by)


own = Sequential([Scaled(3.0, input_shape=(2,)), Lambda(lambda x: x + 1), Dense(1)])
pairs = rng.rand(3, 2)
assert same(own, Sequential.from_config(own.get_config(), custom_objects={"Scaled": Scaled}), pairs)
assert same(own, model_from_json(own.to_json(), custom_objects={"Scaled": Scaled}), pairs)
own.save("own.h5")
assert np.array_equal(
    load_model("own.h5", custom_objects={"Scaled": Scaled}).predict(pairs), own.predict(pairs)
)

# What a program asks of tensors and models: where they are from, and whether training changes them.
layer, call, place = graph.output._keras_history
assert layer is graph.layers[-1] and (call, place) == (0, 0)
assert graph.inputs[0]._keras_history[0] is graph.layers[0]
assert not graph.uses_learning_phase and not graph.output._uses_learning_phase
dropped = Model(steps, Dropout(0.5)(steps))
assert dropped.uses_learning_phase and dropped.output._uses_learning_phase
assert not Dropout(0.5)(steps, training=False)._uses_learning_phase
assert K.int_shape(graph.output) == (None, 2)
