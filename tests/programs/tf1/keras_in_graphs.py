"""Keras's layers and models in graphs: called on placeholders, differentiated, assigned to, run by a session."""

import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import BatchNormalization, Dense, Dropout, Input, Lambda, concatenate
from keras.metrics import categorical_accuracy
from keras.models import Model, Sequential
from keras.objectives import categorical_crossentropy

sess = tf.Session()
K.set_session(sess)
rng = np.random.RandomState(0)


def relu(x):
    return np.maximum(x, 0)


# Layers on a placeholder: the loss of a graph, minimised by tf.train.
points = rng.randn(90, 6).astype("float32")
kinds = np.eye(3)[points[:, :3].argmax(1)].astype("float32")
image = tf.placeholder(tf.float32, shape=(None, 6))
labels = tf.placeholder(tf.float32, shape=(None, 3))
hidden = Dense(16, activation="relu")(image)
guess = Dense(3, activation=tf.nn.softmax)(hidden)
assert guess.get_shape().as_list() == [None, 3] and guess.shape[1].value == 3
loss = tf.reduce_mean(categorical_crossentropy(labels, guess))
step = tf.train.AdamOptimizer(0.02).minimize(loss)
assert [v.name for v in tf.trainable_variables()] == [
    "dense_1/kernel:0", "dense_1/bias:0", "dense_2/kernel:0", "dense_2/bias:0",
]  # fmt: skip
sess.run(tf.global_variables_initializer())
feed = {image: points, labels: kinds}
w1, b1, w2, b2 = sess.run(tf.trainable_variables())
z = relu(points @ w1 + b1) @ w2 + b2
p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
assert np.allclose(sess.run(guess, feed), p, atol=1e-5)
assert np.allclose(sess.run(loss, feed), -np.log(p[kinds > 0]).mean(), atol=1e-5)
first = sess.run(tf.trainable_variables()[0])
sess.run(tf.global_variables_initializer())
assert not np.allclose(first, sess.run(tf.trainable_variables()[0])), "each initialisation draws anew"
with sess.as_default():
    for _ in range(150):
        step.run(feed_dict=feed)
    assert categorical_accuracy(labels, guess).eval(feed_dict=feed).mean() > 0.95

# A model's output and weights in tf.gradients, a policy moved along the gradient of a critic.
state, action = Input(shape=[3]), Input(shape=[2])
joined = concatenate([Dense(8, activation="tanh")(state), Dense(8)(action)])
critic = Model(inputs=[state, action], outputs=Dense(1)(joined))
critic.compile(loss="mse", optimizer="sgd")
K.get_session()  # which gives the weights their first values
(slope,) = tf.gradients(critic.output, action)
s, a = rng.randn(5, 3).astype("float32"), rng.randn(5, 2).astype("float32")
found = sess.run(slope, {state: s, action: a})
for k in range(2):
    shift = np.eye(2, dtype="float32")[k] * 1e-2
    numeric = (critic.predict([s, a + shift]) - critic.predict([s, a - shift])) / 2e-2
    assert np.allclose(found[:, k], numeric[:, 0], atol=1e-3)


def policy():
    model = Sequential([Dense(2, activation="tanh", input_dim=3)])
    return model, model.trainable_weights


(actor, weights), (target, _) = policy(), policy()
along = tf.placeholder(tf.float32, [None, 2])
grads = tf.gradients(actor.output, weights, -along)
move = tf.train.GradientDescentOptimizer(0.1).apply_gradients(zip(grads, weights))
w, b = actor.get_weights()
y = np.tanh(s @ w + b)
sess.run(move, {actor.input: s, along: a})
assert np.allclose(actor.get_weights()[0], w + 0.1 * s.T @ (a * (1 - y**2)), atol=1e-5)
soft = [t.assign(0.1 * v + 0.9 * t) for v, t in zip(actor.weights, target.weights)]
before = target.get_weights()
sess.run(soft)
for now, old, new in zip(target.get_weights(), before, actor.get_weights()):
    assert np.allclose(now, 0.1 * new + 0.9 * old, atol=1e-6)
assert actor.trainable_weights[0].get_shape().as_list() == [3, 2]
actor.set_weights(before)  # what Keras sets, the session sees
assert np.allclose(sess.run(actor.weights[0]), before[0])
assert np.allclose(K.get_value(actor.weights[0]), before[0]) and K.count_params(actor.weights[0]) == 6

# The learning phase, moving averages as operations, penalties as nodes.
x = tf.placeholder(tf.float32, (None, 6))
model = Sequential()
model.add(Dense(32, input_dim=6, kernel_regularizer="l2"))
model.add(BatchNormalization(momentum=0.8))
model.add(Dropout(0.5))
out = model(x)
K.get_session()
assert len(model.updates) == 2
w, b, gamma, beta, mean, variance = model.get_weights()
rows = points @ w + b
quiet = rows / np.sqrt(1 + 1e-3)
assert np.allclose(sess.run(out, {x: points}), quiet, atol=1e-4)
assert np.allclose(sess.run(out, {x: points, K.learning_phase(): 0}), quiet, atol=1e-4)
assert np.allclose(model.predict(points), quiet, atol=1e-4)
noisy = sess.run(out, {x: points, K.learning_phase(): 1})
normal = (rows - rows.mean(0)) / np.sqrt(rows.var(0) + 1e-3)
kept = noisy != 0
assert 0.4 < kept.mean() < 0.6 and np.allclose(noisy[kept], 2 * normal[kept], atol=1e-3)
assert np.allclose(model.get_weights()[4], mean), "averages move when their operations are run"
sess.run(model.updates, {x: points, K.learning_phase(): 1})
assert np.allclose(model.get_weights()[4], 0.8 * mean + 0.2 * rows.mean(0), atol=1e-5)
sess.run(model.updates, {x: points, K.learning_phase(): 0})
assert np.allclose(model.get_weights()[4], 0.8 * mean + 0.2 * rows.mean(0), atol=1e-5)
assert np.allclose(sess.run(tf.add_n(model.losses)), 0.01 * (w**2).sum(), atol=1e-5)

# Functions of TensorFlow within Keras, and K.function over both.
inner = Input((6,))
squares = Lambda(lambda t: tf.reduce_sum(tf.square(t), axis=1, keep_dims=True))(
    Dense(4, use_bias=False)(inner)
)
summed = Model(inner, squares)
assert np.allclose(
    summed.predict(points), ((points @ summed.get_weights()[0]) ** 2).sum(1, keepdims=True), atol=1e-4
)
scale = tf.placeholder(tf.float32, [])
times = K.function([summed.input, scale], [summed.output * scale, K.mean(scale * 2.0)])
big, two = times([points, 3.0])
assert np.allclose(big, 3 * summed.predict(points), atol=1e-4) and two == 6.0
total = tf.Variable(0.0)
sess.run(total.initializer)
count = K.function([inner], [], updates=[(total, total + tf.reduce_sum(summed.output))])
count([points])
assert np.allclose(K.get_value(total), summed.predict(points).sum(), rtol=1e-4)

# tf.train's optimizers in compile: one step is the formula.
plain = Sequential([Dense(1, use_bias=False, input_dim=6)])
plain.compile(tf.train.GradientDescentOptimizer(0.1), lambda t, y: tf.reduce_mean(tf.square(t - y)))
(w,) = plain.get_weights()
goal = rng.randn(90, 1).astype("float32")
plain.train_on_batch(points, goal)
assert np.allclose(plain.get_weights()[0], w - 0.1 * 2 * points.T @ (points @ w - goal) / 90, atol=1e-5)
assert not np.allclose(w, plain.get_weights()[0])

# Saved and restored with the graph.
path = tf.train.Saver(plain.weights).save(sess, "./plain.ckpt")
trained = plain.get_weights()[0]
sess.run(plain.weights[0].assign(tf.zeros([6, 1])))
assert not plain.get_weights()[0].any()
tf.train.Saver(plain.weights).restore(sess, path)
assert np.allclose(plain.get_weights()[0], trained)
K.clear_session()
assert not tf.global_variables() and K.get_session().graph is tf.get_default_graph()
