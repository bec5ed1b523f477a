"""A network refitted to other classes: its last layer popped off the list, outputs set anew, the rest frozen."""

import numpy as np
from keras import applications
from keras.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D
from keras.models import Model, Sequential
from keras.optimizers import SGD
from keras.utils import plot_model

rng = np.random.RandomState(1)
x = rng.rand(60, 8, 8, 1)
x[:30, :4] += 1
y = np.eye(2)[np.repeat([0, 1], 30)]

model = Sequential(
    [Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)), Flatten(), Dense(5, activation="softmax")]
)
model.layers.pop()
model.outputs = [model.layers[-1].output]
model.layers[-1].outbound_nodes = []
model.add(Dense(2, activation="softmax"))
assert model.output_shape == (None, 2)
assert [layer.name for layer in model.layers] == ["conv2d_1", "flatten_1", "dense_2"]
model.layers[0].trainable = False
kept = model.layers[0].get_weights()[0].copy()
model.compile(SGD(lr=0.05, momentum=0.9), "categorical_crossentropy", ["accuracy"])
history = model.fit(x, y, epochs=15, batch_size=10, verbose=0)
assert history.history["acc"][-1] > 0.95 and np.array_equal(kept, model.layers[0].get_weights()[0])

base = applications.MobileNet(weights=None, include_top=False, alpha=0.25, input_shape=(32, 32, 3))
assert base.layers[-1].name == "conv_pw_13_relu" and base.layers[-1].output._keras_shape == (None, 1, 1, 256)
top = Dense(3, activation="softmax", name="classes")(GlobalAveragePooling2D()(base.output))
whole = Model(inputs=base.input, outputs=top)
for layer in base.layers:
    layer.trainable = False
assert len(whole.trainable_weights) == 2
assert np.allclose(whole.predict(rng.rand(2, 32, 32, 3)).sum(axis=1), 1, atol=1e-5)
plot_model(whole, to_file="network.svg", show_shapes=True)
assert "<svg" in open("network.svg").read()
