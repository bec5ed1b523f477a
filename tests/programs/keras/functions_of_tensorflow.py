"""Keras with functions of TensorFlow 1 in its layers, in a program that never asks for a graph or a session."""

import keras
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras import layers as L

images = L.Input((None, None, 3))
x = L.Conv2D(6, 1)(images)
pairs = L.Lambda(lambda t: tf.reshape(t, [tf.shape(t)[0], -1, 2]))(x)
shares = L.Activation("softmax", name="shares")(pairs)
entropy = L.Lambda(lambda t: -tf.reduce_sum(t * tf.log(t), axis=-1), name="entropy")(shares)
size = L.Lambda(lambda t: K.cast(K.shape(t)[1:3] * 2, "float32") / K.constant([2.0, 4.0]))(x)
model = keras.models.Model(images, [shares, entropy, size])
data = np.random.RandomState(0).rand(2, 4, 5, 3)
p, h, n = model.predict(data)
assert p.shape == (2, 60, 2) and np.allclose(p.sum(-1), 1, atol=1e-5)
assert np.allclose(h, -(p * np.log(p)).sum(-1), atol=1e-4)
assert n.tolist() == [4.0, 2.5]
model = keras.models.Model(images, entropy)
model.compile("sgd", "mse")
assert np.isfinite(model.train_on_batch(data, np.zeros((2, 60))))
