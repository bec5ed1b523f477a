"""An optimizer written as Keras's were, by get_updates: it moves as the library's own does."""

import numpy as np
from keras import backend as K
from keras import optimizers
from keras.layers import Dense
from keras.models import Sequential, load_model
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


# Around another one: asked once in Keras, so it may keep what it gave; its state is in the file of the model.
class Kept(Optimizer):
    def __init__(self, inner, **kwargs):
        super(Kept, self).__init__(**kwargs)
        self.inner = optimizers.get(inner)

    def get_updates(self, loss, params):
        if len(self.updates) == 0:
            self.updates = self.inner.get_updates(loss, params)
            self.weights = self.inner.weights
        return self.updates

    def get_config(self):
        return dict(super(Kept, self).get_config(), inner=optimizers.serialize(self.inner))


def steps(model, count):
    x = np.random.RandomState(1).rand(24, 3)
    return [float(model.train_on_batch(x[:rows], x[:rows].sum(axis=1))) for rows in [24, 5, 1] * count]


def compiled(optimizer):
    model = Sequential([Dense(1, input_dim=3, init="one")])
    model.compile(optimizer, "mse")
    return model


class Told(Heavy):
    def get_config(self):
        own = {"lr": float(K.get_value(self.lr)), "momentum": float(K.get_value(self.momentum))}
        return dict(super(Told, self).get_config(), **own)


for make in (lambda: Kept(SGD(0.01, momentum=0.9)), lambda: Told(0.01)):
    whole, first = steps(compiled(SGD(0.01, momentum=0.9)), 4), compiled(make())
    parts = steps(first, 2)
    first.save("first.h5")
    second = load_model("first.h5", custom_objects={"Kept": Kept, "Told": Told})
    assert np.allclose(parts + steps(second, 2), whole, rtol=1e-5), (parts, whole)
    same = [a.shape == b.shape for a, b in zip(first.optimizer.get_weights(), second.optimizer.get_weights())]
    assert same and all(same)
