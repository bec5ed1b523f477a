"""A recurrent network whose weights are views of one vector: truncated gradients, Gauss-Newton products, momentum."""

import numpy as np
import theano
import theano.tensor as T

mode = theano.Mode(linker="cvm")
rng = np.random.RandomState(1)
N_IN, N_HIDDEN, N_OUT = 3, 12, 3
shapes = [(N_HIDDEN, N_HIDDEN), (N_IN, N_HIDDEN), (N_HIDDEN, N_OUT), (N_HIDDEN,), (N_HIDDEN,), (N_OUT,)]
theta = theano.shared(rng.uniform(-0.1, 0.1, sum(int(np.prod(s)) for s in shapes)), name="theta")
views, start = [], 0
for name, shape in zip(("W", "W_in", "W_out", "h0", "bh", "by"), shapes):
    view = theta[start : start + int(np.prod(shape))].reshape(shape)
    view.name = name
    views.append(view)
    start += int(np.prod(shape))
W, W_in, W_out, h0, bh, by = views
norms = {view: T.sqrt(T.sum(view**2)) for view in views}

x, y = T.tensor3("x"), T.matrix("y", dtype="int32")


def step(x_t, h_before):
    h = T.tanh(T.dot(x_t, W_in) + T.dot(h_before, W) + bh)
    return h, T.dot(h, W_out) + by


[h, s], _ = theano.scan(step, sequences=x, outputs_info=[T.alloc(h0, x.shape[1], N_HIDDEN), None])
flat = T.nnet.softmax(T.reshape(s, (s.shape[0] * s.shape[1], -1)))
p_y = T.reshape(flat, s.shape)
cost = -T.mean(T.log(flat)[T.arange(flat.shape[0]), y.flatten(ndim=1)])
errors = T.mean(T.neq(T.argmax(p_y, axis=-1), y))

seq = rng.randn(8, 40, N_IN)
wanted = np.zeros((8, 40), "int32")
wanted[2:][seq[1:-1, :, 1] > seq[:-2, :, 2] + 0.5] = 1
wanted[2:][seq[1:-1, :, 1] < seq[:-2, :, 2] - 0.5] = 2
all_x, all_y = theano.shared(seq), T.cast(theano.shared(wanted.astype(theano.config.floatX)), "int32")

index, n_ex = T.lscalar("index"), T.lscalar("n_ex")
lr, momentum = T.scalar("lr"), T.scalar("momentum")
velocity = theano.shared(np.zeros_like(theta.get_value()))
new_velocity = momentum * velocity - lr * T.grad(cost, theta)
rows = slice(index * 10, T.minimum((index + 1) * 10, n_ex))
train = theano.function(
    [index, n_ex, lr, momentum],
    [cost, errors],
    updates={theta: theta + new_velocity, velocity: new_velocity},
    givens={x: all_x[:, rows], y: all_y[:, rows]},
    mode=mode,
)
for _ in range(120):
    costs = [train(k, 40, 0.1, 0.9) for k in range(4)]
assert np.mean(costs, axis=0)[1] < 0.15, costs
assert theano.function([], norms[W])() > 1

v = T.vector("v")
Jv = T.Rop(s, theta, v)
HJv = T.grad(T.sum(T.grad(cost, s) * Jv), s, consider_constant=[Jv])
Gv = T.grad(T.sum(HJv * s), theta, consider_constant=[HJv, Jv])
product = theano.function([v], Gv, givens={x: all_x[:, :5], y: all_y[:, :5]})
directions = rng.randn(5, theta.get_value().size)
curvature = np.array([[a.dot(product(b)) for b in directions] for a in directions])
assert np.allclose(curvature, curvature.T) and (np.linalg.eigvalsh(curvature) > -1e-10).all()

u, w, start_state = T.dvector("u"), T.dscalar("w"), T.dscalar("start")
for cut, slope in ((-1, 49.0), (1, 15.0), (2, 29.0)):  # of w h + u from 1 over four steps of 1, with w = 2
    states, _ = theano.scan(
        lambda u_t, h, w: w * h + u_t,
        sequences=u,
        outputs_info=start_state,
        non_sequences=w,
        truncate_gradient=cut,
    )
    found = theano.function([u, start_state, w], T.grad(states[-1], w))(np.ones(4), 1.0, 2.0)
    assert found == slope, (cut, found)
