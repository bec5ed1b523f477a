"""An LSTM by scan over [time, batch, features], its gates in one matrix product: remember the first symbol."""

import numpy as np
import theano
import theano.tensor as T

rng = np.random.RandomState(7)
n_in, n_hid, n_out, steps, batch = 3, 16, 3, 8, 30


def shared(*shape):
    return theano.shared((rng.randn(*shape) * 0.2).astype(theano.config.floatX))


W, U = shared(n_in, 4 * n_hid), shared(n_hid, 4 * n_hid)
b = theano.shared(
    np.concatenate([np.ones(n_hid), np.zeros(3 * n_hid)]).astype(theano.config.floatX), name="b"
)
V, c = shared(n_hid, n_out), theano.shared(np.zeros(n_out, dtype=theano.config.floatX))
params = [W, U, b, V, c]


def _slice(_x, n, dim):
    return _x[:, n * dim : (n + 1) * dim]


def step(x_, h_, c_):
    preact = T.dot(h_, U) + x_ + b
    f = T.nnet.sigmoid(_slice(preact, 0, n_hid))
    i = T.nnet.sigmoid(_slice(preact, 1, n_hid))
    o = T.nnet.sigmoid(_slice(preact, 2, n_hid))
    g = T.tanh(_slice(preact, 3, n_hid))
    c_new = f * c_ + i * g
    return o * T.tanh(c_new), c_new


x = T.tensor3("x")
y = T.ivector("y")
n_samples = x.shape[1]
state_below = T.dot(x, W)
[h, cells], _ = theano.scan(
    step,
    sequences=[state_below],
    outputs_info=[
        T.alloc(np.asarray(0.0, dtype=theano.config.floatX), n_samples, n_hid),
        T.alloc(np.asarray(0.0, dtype=theano.config.floatX), n_samples, n_hid),
    ],
    name="lstm_layers",
    n_steps=steps,
)
p = T.nnet.softmax(T.dot(h[-1], V) + c)
cost = -T.log(p[T.arange(y.shape[0]), y] + 1e-8).mean()
grads = T.grad(cost, wrt=params)


def adam(params, grads, lr=0.02, b1=0.9, b2=0.999, e=1e-8):
    updates = []
    i = theano.shared(np.asarray(0.0, dtype=theano.config.floatX))
    i_t = i + 1.0
    lr_t = lr * (T.sqrt(1.0 - b2**i_t) / (1.0 - b1**i_t))
    for p, g in zip(params, grads):
        m = theano.shared(p.get_value() * 0.0)
        v = theano.shared(p.get_value() * 0.0)
        m_t = (b1 * m) + ((1.0 - b1) * g)
        v_t = (b2 * v) + ((1.0 - b2) * T.sqr(g))
        updates += [(m, m_t), (v, v_t), (p, p - (lr_t * (m_t / (T.sqrt(v_t) + e))))]
    updates.append((i, i_t))
    return updates


train = theano.function([x, y], cost, updates=adam(params, grads))
predict = theano.function([x], p.argmax(axis=1))


def sample():
    symbols = rng.randint(0, n_in, (steps, batch))
    return np.eye(n_in)[symbols].astype(theano.config.floatX), symbols[0].astype("int32")


for k in range(150):
    loss = train(*sample())
xs, ys = sample()
print("loss", loss, "accuracy", (predict(xs) == ys).mean())
assert (predict(xs) == ys).mean() > 0.95
