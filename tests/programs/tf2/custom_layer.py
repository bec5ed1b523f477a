"""Layers of one's own: weights made in build, nested layers, add_loss, get_config, a layer without gradient updates."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(0)


class Linear(layers.Layer):
    def __init__(self, units=32, **kwargs):
        super(Linear, self).__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super(Linear, self).get_config()
        config.update({"units": self.units})
        return config


class ComputeSum(layers.Layer):
    def __init__(self, input_dim):
        super(ComputeSum, self).__init__()
        self.total = tf.Variable(initial_value=tf.zeros((input_dim,)), trainable=False)

    def call(self, inputs):
        self.total.assign_add(tf.reduce_sum(inputs, axis=0))
        return self.total


class ActivityRegularizationLayer(layers.Layer):
    def __init__(self, rate=1e-2):
        super(ActivityRegularizationLayer, self).__init__()
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * tf.reduce_sum(inputs))
        return inputs


class MLPBlock(layers.Layer):
    def __init__(self):
        super(MLPBlock, self).__init__()
        self.linear_1 = Linear(32)
        self.linear_2 = Linear(1)
        self.reg = ActivityRegularizationLayer(1e-2)

    def call(self, inputs):
        x = tf.nn.relu(self.linear_1(inputs))
        return self.linear_2(self.reg(x))


linear_layer = Linear(4)
y = linear_layer(tf.ones((2, 2)))
assert y.shape == (2, 4) and linear_layer.weights[0] is linear_layer.w and len(linear_layer.weights) == 2
assert Linear.from_config(linear_layer.get_config()).units == 4

my_sum = ComputeSum(2)
x = tf.ones((2, 2))
assert my_sum(x).numpy().tolist() == [2.0, 2.0] and my_sum(x).numpy().tolist() == [4.0, 4.0]
assert len(my_sum.non_trainable_weights) == 1 and my_sum.trainable_weights == []

mlp = MLPBlock()
y = mlp(tf.ones(shape=(3, 64)))
assert len(mlp.weights) == 4 and len(mlp.trainable_weights) == 4 and len(mlp.losses) == 1
mlp(tf.zeros((1, 64)))
assert float(mlp.losses[0]) == 0.0  # of the last call alone

inputs = tf.random.normal((256, 4))
targets = tf.reduce_sum(inputs * tf.constant([1.0, -2.0, 3.0, 0.0]), axis=1, keepdims=True)
net = keras.Sequential([Linear(16), layers.ReLU(), Linear(1)])
optimizer = keras.optimizers.Adam(0.01)
for step in range(300):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((net(inputs) - targets) ** 2)
        loss += sum(net.losses)
    grads = tape.gradient(loss, net.trainable_weights)
    optimizer.apply_gradients(zip(grads, net.trainable_weights))
print("loss", float(loss))
assert loss < 0.1 and np.var(targets.numpy()) > 5
