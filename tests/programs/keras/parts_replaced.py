"""What a program puts in the place of a layer's activation or rate is kept; gradients to the input of a layer that
gives its input back; models by a constructor of the program's own, and their calls by depth.
"""

import keras
import numpy as np
from keras import activations
from keras import backend as K
from keras.layers import Activation, Add, Dense, Dropout, Input
from keras.models import Model, Sequential, load_model

np.random.seed(0)
x = np.random.rand(4, 3)
model = Sequential(
    [Dense(3, activation="relu", input_shape=(3,)), Activation("softmax"), Dropout(0.2), Dense(2)]
)
model.layers[0].activation = activations.linear
model.layers[1].activation = activations.tanh
model.layers[2].rate = 0.7
model.layers[3].kernel_regularizer = keras.regularizers.l2(0.5)
assert [layer.get_config().get("activation") for layer in model.layers] == ["linear", "tanh", None, "linear"]
model.save("replaced.h5")
again = load_model("replaced.h5")
assert [again.layers[k].activation.__name__ for k in (0, 1)] == ["linear", "tanh"] and again.layers[
    2
].rate == 0.7
assert np.allclose(again.layers[3].get_config()["kernel_regularizer"]["config"]["l2"], 0.5)
kernel, bias, last, offset = again.get_weights()
assert np.allclose(again.predict(x), np.tanh(x.dot(kernel) + bias).dot(last) + offset, atol=1e-5)

for idle in (Dropout(0.5), Activation("linear"), keras.layers.GaussianNoise(0.1)):
    start = Input((3,))
    middle = Dense(3, use_bias=False)(start)
    end = Dense(1, kernel_initializer="ones")(idle(middle))
    by_middle, by_start = K.gradients(K.sum(end), [middle, start])
    found = K.function([start, K.learning_phase()], [by_middle, by_start, middle])([x, 0])
    assert np.array_equal(found[0], np.ones((4, 3))) and found[1].shape == (4, 3) and found[2].shape == (4, 3)


class Pyramid(Model):
    """A network whose constructor takes an input and a size."""

    def __init__(self, inputs, units, *args, **kwargs):
        wide = Dense(units, name="wide")
        first = wide(inputs)
        both = Add(name="both")([first, wide(first)])
        super(Pyramid, self).__init__(inputs, Dense(2, name="narrow")(both), *args, **kwargs)


pyramid = Pyramid(Input((3,), name="given"), 3)
pyramid.compile("sgd", "mse")
pyramid.fit(x, np.ones((4, 2)), verbose=0)
pyramid.save("pyramid.h5")
loaded = load_model("pyramid.h5", custom_objects={"Pyramid": Model})
assert np.allclose(loaded.predict(x), pyramid.predict(x)) and type(loaded).__name__ == "Model"
depths = {k: [node.outbound_layer.name for node in calls] for k, calls in pyramid._nodes_by_depth.items()}
assert depths == {0: ["narrow"], 1: ["both"], 2: ["wide"], 3: ["wide"], 4: ["given"]}
assert {k: [layer.name for layer in found] for k, found in pyramid._layers_by_depth.items()} == {
    0: ["narrow"], 1: ["both"], 3: ["wide"], 4: ["given"],
}  # fmt: skip
across, down = np.block(np.meshgrid(np.arange(2), np.arange(3))).shape, len(np.meshgrid([1], [2]))
assert (across, down) == ((3, 4), 2)  # a list, as np.block takes it
print("replaced", depths)
