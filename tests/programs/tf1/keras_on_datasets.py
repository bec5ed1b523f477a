"""tf.keras and Keras fed by graphs: inputs that are nodes, target_tensors, tf.data, layers in variable scopes."""

import keras
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras import layers

rng = np.random.RandomState(1)
points = rng.randn(256, 4).astype(np.float32)
kinds = (points[:, 0] + points[:, 1] > 0).astype(np.int32)


def network(inputs):
    x = layers.Dense(16, activation="relu")(inputs)
    return layers.Dense(2, activation="softmax", name="guess")(x)


# An iterator's elements are the input and the target.
dataset = tf.data.Dataset.from_tensor_slices((points, tf.one_hot(kinds, 2))).repeat().shuffle(64).batch(32)
inputs, targets = dataset.make_one_shot_iterator().get_next()
model_input = layers.Input(tensor=inputs)
model = keras.models.Model(inputs=model_input, outputs=network(model_input))
model.compile(
    keras.optimizers.RMSprop(lr=0.02),
    "categorical_crossentropy",
    metrics=["accuracy"],
    target_tensors=[targets],
)
history = model.fit(epochs=6, steps_per_epoch=16, verbose=0)
assert history.history["acc"][-1] > 0.9 and history.history["loss"][-1] < history.history["loss"][0]
model.save_weights("weights.h5")
seen = K.get_session().run(model.output)
assert seen.shape == (32, 2) and np.allclose(seen.sum(1), 1, atol=1e-5)
w1, b1, w2, b2 = model.get_weights()

# Another graph, with the weights read from the file.
K.clear_session()
assert tf.get_default_graph() is not inputs.graph
x = layers.Input(shape=(4,))
again = keras.models.Model(x, network(x))
again.load_weights("weights.h5")
again.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
assert again.evaluate(points, keras.utils.to_categorical(kinds), verbose=0)[1] > 0.9
last = rng.randn(3, 4)
shares = np.exp(np.maximum(last @ w1 + b1, 0) @ w2 + b2)
assert np.allclose(again.predict(last), shares / shares.sum(1, keepdims=True), atol=1e-5)

# Data sets and iterators in fit and evaluate, an optimizer of tf.train, functions of tf.nn as activations.
small = tf.keras.Sequential(
    [
        tf.keras.layers.Dense(16, activation=tf.nn.relu, input_shape=(4,)),
        tf.keras.layers.Dense(2, activation=tf.nn.softmax),
    ]
)
small.compile(tf.train.AdamOptimizer(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
batches = tf.data.Dataset.from_tensor_slices((points, kinds)).batch(64)
small.fit(
    batches.repeat(),
    epochs=10,
    steps_per_epoch=4,
    verbose=0,
    validation_data=batches.repeat(),
    validation_steps=4,
)
assert small.evaluate(batches, steps=4, verbose=0)[1] > 0.9
assert small.predict(batches, steps=4).shape == (256, 2)
small.fit(batches.repeat().make_one_shot_iterator(), epochs=2, steps_per_epoch=4, verbose=0)


# A model that only has call, and layers in variable scopes, trained by a session.
class Critic(tf.keras.Model):
    def __init__(self):
        super(Critic, self).__init__()
        self.first = tf.keras.layers.Dense(8, activation="tanh")
        self.last = tf.keras.layers.Dense(1)

    def call(self, x):
        h = self.first(x)
        return self.last(tf.concat([h, tf.reduce_mean(h, axis=1, keepdims=True)], axis=1))


z = tf.placeholder(tf.float32, [None, 3])
with tf.variable_scope("made"):
    fake = tf.keras.layers.Dense(4)(z)
critic = Critic()
score = critic(fake)
assert [v.name for v in tf.trainable_variables("made")] == ["made/dense_2/kernel:0", "made/dense_2/bias:0"]
assert [v.get_shape().as_list() for v in critic.trainable_variables] == [[4, 8], [8], [9, 1], [1]]
step = tf.train.GradientDescentOptimizer(0.1).minimize(
    -tf.reduce_mean(score), var_list=tf.trainable_variables("made")
)
noise = rng.randn(20, 3)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    kept = sess.run(critic.trainable_variables)
    w, b = sess.run(tf.trainable_variables("made"))
    h = np.tanh((noise @ w + b) @ kept[0] + kept[1])
    wanted = np.concatenate([h, h.mean(1, keepdims=True)], 1) @ kept[2] + kept[3]
    assert np.allclose(sess.run(score, {z: noise}), wanted, atol=1e-5)
    for _ in range(50):
        sess.run(step, {z: noise})
    assert sess.run(score, {z: noise}).mean() > wanted.mean() + 0.1
    for old, new in zip(kept, sess.run(critic.trainable_variables)):
        assert np.array_equal(old, new)
