"""A recurrent layer as libraries of 2015 wrote it: first states told apart by kind, loops whose inputs are replaced."""

from __future__ import print_function

import numpy as np
import theano
import theano.tensor as T
from theano.tensor.shared_randomstreams import RandomStreams

theano.config.floatX = "float64"
rng = np.random.RandomState(1)


class Recurrent(object):
    """h(t) = tanh(x(t) W + h(t - 1) U), from a first state that is a variable of the caller's or a row to learn."""

    def __init__(self, inputs, units, first=None):
        self.W = theano.shared(rng.normal(scale=0.3, size=(inputs, units)), name="W")
        self.U = theano.shared(rng.normal(scale=0.3, size=(units, units)), name="U")
        self.first = (
            theano.shared(np.zeros((1, units)), broadcastable=(True, False)) if first is None else first
        )

    def __call__(self, x):
        if isinstance(self.first, T.TensorVariable):
            first = self.first
        else:
            first = T.dot(T.ones((x.shape[1], 1)), self.first)
        projected = T.dot(x, self.W)
        states, _ = theano.scan(
            lambda p, h, u: T.tanh(p + T.dot(h, u)),
            sequences=projected,
            outputs_info=first,
            non_sequences=self.U,
        )
        return states


def by_hand(x, w, u, h):
    found = []
    for row in x:
        h = np.tanh(row.dot(w) + h.dot(u))
        found.append(h)
    return np.array(found)


x = T.tensor3("x")
layer = Recurrent(3, 4)
states = layer(x)
given = rng.normal(size=(5, 2, 3))
weights = layer.W.get_value(), layer.U.get_value()
np.testing.assert_allclose(states.eval({x: given}), by_hand(given, weights[0], weights[1], np.zeros((2, 4))))

start = T.matrix("start")
other = Recurrent(3, 4, first=start)
h0 = rng.normal(size=(2, 4))
expected = by_hand(given, other.W.get_value(), other.U.get_value(), h0)
np.testing.assert_allclose(theano.function([x, start], other(x))(given, h0), expected)

# What a loop reads may be replaced: here the whole recurrent matrix, by a scaled one.
scaled = layer.U * 0.5
halved, _ = theano.scan(lambda row, u: T.dot(row, u), sequences=states[-1], non_sequences=scaled)
full = theano.clone(halved, replace={scaled: layer.U})
a, b = theano.function([x], [halved, full])(given)
np.testing.assert_allclose(b, 2 * a)

# Training on batches that the function draws itself, as many rows as there are.
data, labels = T.matrix("data"), T.lvector("labels")
weight = theano.shared(np.zeros((3, 2)), name="weight")
streams = RandomStreams(7)
rows = streams.choice(size=(20,), a=data.shape[0], p=T.ones_like(labels) / T.cast(data.shape[0], "float64"))
p = T.nnet.softmax(T.dot(data[rows], weight))
loss = T.nnet.categorical_crossentropy(p, labels[rows]).mean()
train = theano.function([data, labels], loss, updates=[(weight, weight - 0.5 * T.grad(loss, weight))])
points = rng.normal(size=(100, 3))
classes = (points.sum(axis=1) > 0).astype("int64")
for _ in range(100):
    last = train(points, classes)
right = (points.dot(weight.get_value()).argmax(axis=1) == classes).mean()
print("loss %.3f, right %.2f" % (float(last), right))
assert right > 0.95

# Ties: every largest unit of a maxout layer learns from its first step on.
pieces = theano.shared(np.zeros((3, 4, 2)), name="pieces")
out = T.max(T.tensordot(data, pieces, axes=[[1], [0]]), axis=2)
slope = theano.function([data], T.grad(out.sum(), pieces))(points)
np.testing.assert_allclose(slope, np.broadcast_to(points.sum(axis=0)[:, None, None], (3, 4, 2)))
