"""Linear regression, one point at a time: Theano's first lesson on shared variables and updates."""

import numpy as np
import theano
from theano import tensor as T

rng = np.random.RandomState(0)
trX = np.linspace(-1, 1, 101)
trY = 2 * trX + rng.randn(*trX.shape) * 0.33

X = T.scalar()
Y = T.scalar()


def model(X, w):
    return X * w


w = theano.shared(np.asarray(0.0, dtype=theano.config.floatX))
y = model(X, w)

cost = T.mean(T.sqr(y - Y))
gradient = T.grad(cost=cost, wrt=w)
updates = [[w, w - gradient * 0.01]]

train = theano.function(inputs=[X, Y], outputs=cost, updates=updates, allow_input_downcast=True)

for i in range(100):
    for x, y in zip(trX, trY):
        train(x, y)

print(w.get_value())  # something around 2
slope = (trX * trY).sum() / (trX**2).sum()
assert abs(w.get_value() - slope) < 0.1
