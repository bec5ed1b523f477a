"""TensorFlow 1 as later programs wrote it: every name in tf.compat.v1, Keras's layers on placeholders."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers

tf.compat.v1.disable_eager_execution()
tf.compat.v1.set_random_seed(0)
x = tf.compat.v1.placeholder(tf.float32, [None, 4])
target = tf.compat.v1.placeholder(tf.float32, [None, 1])
hidden = layers.Dense(8, activation="relu")(x)
loss = tf.reduce_mean(tf.square(layers.Dense(1)(hidden) - target))
train = tf.compat.v1.train.AdamOptimizer(0.01).minimize(loss)
inputs = np.random.RandomState(0).rand(64, 4)
with tf.compat.v1.Session() as session:
    session.run(tf.compat.v1.global_variables_initializer())
    first = session.run(loss, {x: inputs, target: inputs.sum(1, keepdims=True)})
    for _ in range(200):
        _, last = session.run([train, loss], {x: inputs, target: inputs.sum(1, keepdims=True)})
print(first, last)
assert last < 0.05 < first
assert tf.compat.v1.compat.v1 is not None and tf.compat.v1.GraphKeys.GLOBAL_VARIABLES == "variables"
model = tf.keras.Sequential([layers.Dense(3, input_shape=(4,))])
model.compile("adam", "mse")
model.fit(inputs, np.zeros((64, 3)), epochs=1, verbose=0)
assert model.predict(inputs[:1]).shape == (1, 3)
