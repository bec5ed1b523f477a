"""Keras in graphs, with models that follow others slowly: an optimizer with updates beside its own, and a function
that raises what another model says."""

import numpy as np
import tensorflow as tf
from keras import backend as K
from keras import optimizers
from keras.layers import Dense, Input, concatenate
from keras.models import Model, Sequential

assert tf.get_default_graph() is not None
TAU = 0.25


class Also(optimizers.Optimizer):
    def __init__(self, inner, further):
        super(Also, self).__init__()
        self.inner, self.further = inner, further

    def get_updates(self, params, loss):
        self.updates = self.inner.get_updates(params=params, loss=loss)
        self.updates += self.further
        return self.updates

    def get_config(self):
        return self.inner.get_config()


def following(target, source):
    return [
        (t, TAU * s + (1.0 - TAU) * t) for t, s in zip(target.trainable_weights, source.trainable_weights)
    ]


def value_model():
    act, state = Input((1,)), Input((2,))
    return Model([act, state], Dense(1, use_bias=False)(concatenate([act, state])))


rng = np.random.RandomState(1)
critic, target = value_model(), value_model()
target.set_weights([2 * w for w in critic.get_weights()])
critic.compile(Also(optimizers.SGD(lr=0.5), following(target, critic)), loss="mse")
acts, states, wanted = rng.randn(4, 1), rng.randn(4, 2), rng.randn(4, 1)
for _ in range(3):
    (w,), (slow,) = critic.get_weights(), target.get_weights()
    x = np.concatenate([acts, states], 1)
    error = x.dot(w) - wanted
    loss = critic.train_on_batch([acts, states], wanted)
    assert np.isclose(loss, (error**2).mean(), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        critic.get_weights()[0], w - 0.5 * 2 * x.T.dot(error) / 4, rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(target.get_weights()[0], TAU * w + (1 - TAU) * slow, rtol=1e-4, atol=1e-5)

actor = Sequential([Dense(1, input_dim=2, use_bias=False)])
slow_actor = Sequential([Dense(1, input_dim=2, use_bias=False)])
slow_actor.set_weights(actor.get_weights())
state = critic.input[1]
value = critic([actor([state]), state])
updates = optimizers.SGD(lr=0.1).get_updates(params=actor.trainable_weights, loss=-K.mean(value))
updates += following(slow_actor, actor)
train = K.function([state, K.learning_phase()], [actor([state])], updates=updates)
(v,), (w,) = critic.get_weights(), actor.get_weights()
found = train([states])[0]  # the phase keeps its own value
slope = -(v[0, 0] * states.mean(axis=0))[:, None]
np.testing.assert_allclose(actor.get_weights()[0], w - 0.1 * slope, rtol=1e-4, atol=1e-5)
np.testing.assert_allclose(slow_actor.get_weights()[0], w, rtol=1e-4, atol=1e-5)
assert found.shape == (4, 1) and (critic.get_weights()[0] == v).all()
np.testing.assert_allclose(train([states, 0])[0], states.dot(w - 0.1 * slope), rtol=1e-4, atol=1e-5)
try:
    train([])
except (ValueError, tf.errors.InvalidArgumentError):
    pass
else:
    raise AssertionError("no value was taken")
