"""Guided backpropagation: layers of Keras that were made while a graph names another gradient for ReLU keep it."""

import keras
import keras.backend as K
import numpy as np
import tensorflow as tf
from keras.layers import Activation, Conv2D, Dense, Flatten
from keras.models import Sequential
from tensorflow.python.framework import ops

if "Guided" not in ops._gradient_registry._registry:

    @ops.RegisterGradient("Guided")
    def guided(op, grad):
        kind = op.inputs[0].dtype
        return grad * tf.cast(grad > 0.0, kind) * tf.cast(op.inputs[0] > 0.0, kind)


assert "Guided" in ops._gradient_registry._registry


def network():
    made = Sequential(
        [
            Conv2D(4, 3, activation="relu", input_shape=(8, 8, 1)),
            Activation("relu"),
            Flatten(),
            Dense(50, activation="relu"),
            Dense(2),
        ]
    )
    draws = np.random.RandomState(0)
    made.set_weights([draws.randn(*w.shape) for w in made.get_weights()])
    return made


def slopes(model):
    found = K.gradients(K.sum(model.output[:, 0]), model.input)[0]
    image = np.random.RandomState(1).rand(1, 8, 8, 1)
    return np.abs(K.function([model.input, K.learning_phase()], [found])([image, 0])[0]).sum()


plain = network()
with tf.get_default_graph().gradient_override_map({"Relu": "Guided"}):
    other = network()
copy = keras.models.clone_model(plain)
copy.set_weights(plain.get_weights())
# by Keras 2.2.5 on TensorFlow 1.15
np.testing.assert_allclose(
    [slopes(plain), slopes(other), slopes(copy)], [1094.1198, 1096.7493, 1094.1198], rtol=1e-5
)
print("guided")
