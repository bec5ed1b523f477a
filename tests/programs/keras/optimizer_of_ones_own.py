"""An optimizer written as Keras's were, by get_updates: it moves as the library's own does."""

import numpy as np
from keras import backend as K
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import SGD, Optimizer


class Heavy(Optimizer):
    def __init__(self, lr=0.01, momentum=0.9, **kwargs):
        super(Heavy, self).__init__(**kwargs)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype="int64", name="iterations")
            self.lr = K.variable(lr, name="lr")
            self.momentum = K.variable(momentum, name="momentum")

    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        moments = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = [self.iterations] + moments
        for p, g, m in zip(params, grads, moments):
            v = self.momentum * m - self.lr * g
            self.updates.append(K.update(m, v))
            self.updates.append(K.update(p, p + v))
        return self.updates


def trained(optimizer):
    rng = np.random.RandomState(0)
    x = rng.rand(70, 3)
    model = Sequential([Dense(6, input_dim=3, activation="tanh", init="one"), Dense(1, init="one")])
    model.compile(optimizer, "mse")
    history = model.fit(x, x.sum(axis=1), nb_epoch=4, batch_size=16, shuffle=False, verbose=0)
    return model, history.history["loss"]


model, losses = trained(Heavy(lr=0.02))
_, expected = trained(SGD(lr=0.02, momentum=0.9))
print(losses, expected)
assert np.allclose(losses, expected, rtol=1e-5)
assert K.get_value(model.optimizer.iterations) == 20
K.set_value(model.optimizer.lr, 0.5)
assert K.get_value(model.optimizer.lr) == 0.5
