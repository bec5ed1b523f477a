"""A network of Keras 1 cut in two at its last convolution, on batches that are counted in examples."""

import numpy as np
from keras import backend as K
from keras.layers import Convolution2D, Dense, Dropout, Flatten, Lambda, MaxPooling2D, ZeroPadding2D
from keras.models import Sequential
from keras.optimizers import Adam
from keras.preprocessing.image import ImageDataGenerator

rng = np.random.RandomState(0)
labels = rng.randint(0, 2, 30)
images = (rng.rand(30, 8, 8, 3) + labels[:, None, None, None]) * 100
classes = np.eye(2)[labels]

model = Sequential([Lambda(lambda x: x - 100.0, input_shape=(8, 8, 3), output_shape=(8, 8, 3))])
for filters in (4, 6):
    model.add(ZeroPadding2D((1, 1)))
    model.add(Convolution2D(filters, 3, 3, activation="relu"))
    model.add(MaxPooling2D((2, 2), strides=(2, 2)))
model.add(Flatten())
model.add(Dense(16, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(10, activation="softmax"))
model.pop()
for layer in model.layers:
    layer.trainable = False
model.add(Dense(2, activation="softmax"))
model.compile(optimizer=Adam(lr=0.01), loss="categorical_crossentropy", metrics=["accuracy"])

# Keras 1 counted examples: 30 in batches of 8 are four batches, the last of six.
batches = ImageDataGenerator().flow(images, classes, batch_size=8)
seen = []


def counted(source):
    for batch in source:
        seen.append(len(batch[0]))
        yield batch


history = model.fit_generator(counted(batches), batches.nb_sample, 2)
assert sum(seen) >= 60 and len(history.history["loss"]) == 2
in_order = ImageDataGenerator().flow(images, classes, batch_size=8, shuffle=False)
assert model.predict_generator(in_order, in_order.nb_sample).shape == (30, 2)
assert np.allclose(
    model.evaluate_generator(in_order, in_order.nb_sample), model.evaluate(images, classes), atol=1e-5
)

# A class by its old name is the class.
layers = model.layers
last = [k for k, layer in enumerate(layers) if type(layer) is Convolution2D][-1]
assert last == 5 and type(layers[0]) == Lambda and type(layers[last]) is not Dense  # noqa: E721
convolutions, rest = layers[: last + 1], layers[last + 1 :]
features = Sequential(convolutions).predict(images)
head = Sequential([MaxPooling2D((2, 2), input_shape=features.shape[1:]), Flatten(), Dense(16, activation="relu"),
                   Dropout(0.0), Dense(2, activation="softmax")])  # fmt: skip
for new, old in zip(head.layers, rest):
    new.set_weights(old.get_weights())
assert np.allclose(head.predict(features), model.predict(images), atol=1e-5)

# Lengths of a tensor are reckoned with as a vector is.
x = K.placeholder((None, None, 3))
lengths = K.function([x], [K.cast(K.shape(x)[:2] * 32, "float32") / 2.0, K.stack(K.shape(x)[1:] + 1)])
halves, longer = lengths([np.zeros((2, 5, 3))])
assert halves.tolist() == [32.0, 80.0] and longer.tolist() == [6, 4]
assert K.eval(K.constant([1, 2, 3], shape=(2, 2))).tolist() == [[1, 2], [3, 3]]
