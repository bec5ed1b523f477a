"""Transfer: layers frozen and thawed, the top replaced, features taken out, weights carried over by hand."""

import numpy as np
from keras.datasets import mnist
from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, GlobalAveragePooling2D, Input
from keras.models import Model, Sequential
from keras.optimizers import SGD

(x_train, y_train), (x_test, y_test) = mnist.load_data()
side = x_train.shape[1]
x_train, x_test = (x.reshape(-1, side, side, 1).astype("float32") / 255 for x in (x_train, x_test))
low, high = y_train < 5, y_train >= 5

feature_layers = [
    Conv2D(16, (3, 3), padding="valid", input_shape=(side, side, 1)), Activation("relu"), Flatten(), Dropout(0.1),
]  # fmt: skip
classification_layers = [Dense(32), Activation("relu"), Dense(5), Activation("softmax")]
model = Sequential(feature_layers + classification_layers)


def train_model(model, x, y, epochs):
    model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)


train_model(model, x_train[low], y_train[low], 12)
for l in feature_layers:
    l.trainable = False
frozen = feature_layers[0].get_weights()[0].copy()
train_model(model, x_train[high], y_train[high] - 5, 12)
score = model.evaluate(x_test[y_test >= 5], y_test[y_test >= 5] - 5, verbose=0)
print("accuracy of the other digits", score[1])
assert score[1] > 0.9 and np.array_equal(frozen, feature_layers[0].get_weights()[0])
assert len(model.trainable_weights) == 4 and len(model.non_trainable_weights) == 2

# a base whose top is cut off, in a new model
img_input = Input(shape=(side, side, 1))
h = Conv2D(8, (3, 3), activation="relu", name="conv1")(img_input)
h = Conv2D(16, (3, 3), activation="relu", name="conv2")(h)
h = GlobalAveragePooling2D(name="pool")(h)
old = Model(img_input, Dense(10, activation="softmax", name="old_top")(h), name="old")
base_model = Model(inputs=old.input, outputs=old.get_layer("pool").output)
assert [type(l).__name__ for l in base_model.layers[1:]] == ["Conv2D", "Conv2D", "GlobalAveragePooling2D"]
top = Sequential(
    [Dense(16, activation="relu", input_shape=base_model.output_shape[1:]), Dense(1, activation="sigmoid")]
)
whole = Model(inputs=base_model.input, outputs=top(base_model.output))
for layer in base_model.layers:
    layer.trainable = False
assert len(whole.trainable_weights) == 4
whole.compile(loss="binary_crossentropy", optimizer=SGD(lr=1e-2, momentum=0.9), metrics=["accuracy"])
before = base_model.get_weights()
whole.fit(x_train, (y_train < 5).astype(int), epochs=2, batch_size=32, verbose=0)
assert all(np.array_equal(a, b) for a, b in zip(before, base_model.get_weights()))
for layer in whole.layers[2:]:
    layer.trainable = True
whole.compile(loss="binary_crossentropy", optimizer=SGD(lr=1e-2, momentum=0.9), metrics=["accuracy"])
whole.fit(x_train, (y_train < 5).astype(int), epochs=2, batch_size=32, verbose=0)
after = base_model.get_weights()
assert np.array_equal(before[0], after[0]) and not np.array_equal(before[2], after[2])

# features once, a small classifier on them
features_train, features_test = (
    base_model.predict(x_train, batch_size=64),
    base_model.predict(x_test, batch_size=64),
)
assert features_train.shape == (len(x_train), 16)

# weights carried over, a layer taken off the end
small = Sequential()
small.add(Dense(8, input_shape=(16,), weights=[np.ones((16, 8)), np.zeros(8)]))
small.add(Dense(3))
small.pop()
assert small.output_shape == (None, 8)
assert np.allclose(small.predict(features_test[:4]), features_test[:4].sum(1, keepdims=True), atol=1e-4)
small.layers[0].set_weights([2 * np.ones((16, 8)), np.zeros(8)])
assert np.allclose(small.predict(features_test[:4]), 2 * features_test[:4].sum(1, keepdims=True), atol=1e-4)
