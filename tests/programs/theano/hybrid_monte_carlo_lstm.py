"""Hybrid Monte Carlo by scan, and an LSTM over masked sentences with adadelta."""

from __future__ import print_function

from collections import OrderedDict

import numpy
import numpy as np
import theano
import theano.tensor as TT
from theano import config, tensor
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams

sharedX = lambda X, name: theano.shared(numpy.asarray(X, dtype=theano.config.floatX), name=name)


def kinetic_energy(vel):
    return 0.5 * (vel**2).sum(axis=1)


def hamiltonian(pos, vel, energy_fn):
    return energy_fn(pos) + kinetic_energy(vel)


def metropolis_hastings_accept(energy_prev, energy_next, s_rng):
    ediff = energy_prev - energy_next
    return (TT.exp(ediff) - s_rng.uniform(size=energy_prev.shape)) >= 0


def simulate_dynamics(initial_pos, initial_vel, stepsize, n_steps, energy_fn):
    def leapfrog(pos, vel, step):
        dE_dpos = TT.grad(energy_fn(pos).sum(), pos)
        new_vel = vel - step * dE_dpos
        new_pos = pos + step * new_vel
        return [new_pos, new_vel], {}

    initial_energy = energy_fn(initial_pos)
    dE_dpos = TT.grad(initial_energy.sum(), initial_pos)
    vel_half_step = initial_vel - 0.5 * stepsize * dE_dpos
    pos_full_step = initial_pos + stepsize * vel_half_step
    (all_pos, all_vel), scan_updates = theano.scan(
        leapfrog,
        outputs_info=[dict(initial=pos_full_step), dict(initial=vel_half_step)],
        non_sequences=[stepsize],
        n_steps=n_steps - 1,
    )
    final_pos = all_pos[-1]
    final_vel = all_vel[-1]
    assert not scan_updates
    energy = energy_fn(final_pos)
    final_vel = final_vel - 0.5 * stepsize * TT.grad(energy.sum(), final_pos)
    return final_pos, final_vel


def hmc_move(s_rng, positions, energy_fn, stepsize, n_steps):
    initial_vel = s_rng.normal(size=positions.shape)
    final_pos, final_vel = simulate_dynamics(positions, initial_vel, stepsize, n_steps, energy_fn)
    accept = metropolis_hastings_accept(
        hamiltonian(positions, initial_vel, energy_fn), hamiltonian(final_pos, final_vel, energy_fn), s_rng
    )
    return accept, final_pos


def hmc_updates(
    positions, stepsize, avg_acceptance_rate, final_pos, accept, target, inc, dec, mn, mx, slowness
):
    accept_matrix = accept.dimshuffle(0, *(("x",) * (final_pos.ndim - 1)))
    new_positions = TT.switch(accept_matrix, final_pos, positions)
    _new = TT.switch(avg_acceptance_rate > target, stepsize * inc, stepsize * dec)
    new_stepsize = TT.clip(_new, mn, mx)
    mean_dtype = theano.scalar.upcast(accept.dtype, avg_acceptance_rate.dtype)
    new_acc = TT.add(slowness * avg_acceptance_rate, (1.0 - slowness) * accept.mean(dtype=mean_dtype))
    return [(positions, new_positions), (stepsize, new_stepsize), (avg_acceptance_rate, new_acc)]


rng = numpy.random.RandomState(123)
dim = 3
mu = numpy.array(rng.rand(dim) * 2, dtype=theano.config.floatX)
cov = numpy.array(rng.rand(dim, dim), dtype=theano.config.floatX)
cov = (cov + cov.T) / 2.0
cov[numpy.arange(dim), numpy.arange(dim)] = 1.0
cov = cov @ cov.T + 0.5 * np.eye(dim)
cov_inv = numpy.linalg.inv(cov)


def gaussian_energy(x):
    return 0.5 * (theano.tensor.dot((x - mu), cov_inv) * (x - mu)).sum(axis=1)


position = sharedX(rng.randn(20, dim).astype(theano.config.floatX), "pos")
stepsize = sharedX(0.1, "stepsize")
avg = sharedX(0.9, "avg")
s_rng = TT.shared_randomstreams.RandomStreams(1)
accept, final_pos = hmc_move(s_rng, position, gaussian_energy, stepsize, 20)
simulate = theano.function(
    [], [], updates=hmc_updates(position, stepsize, avg, final_pos, accept, 0.9, 1.02, 0.98, 0.001, 0.25, 0.9)
)
for r in range(50):
    simulate()
samples = []
for r in range(150):
    simulate()
    samples.append(position.get_value())
samples = np.concatenate(samples)
print("****** TARGET ", mu, cov)
print("****** EMPIRICAL", samples.mean(0), np.cov(samples.T), avg.get_value(), stepsize.get_value())
assert abs(samples.mean(0) - mu).max() < 0.5
# imdb LSTM style
SEED = 123
numpy.random.seed(SEED)


def numpy_floatX(data):
    return numpy.asarray(data, dtype=config.floatX)


def _p(pp, name):
    return "%s_%s" % (pp, name)


def ortho_weight(n):
    W = numpy.random.randn(n, n)
    u, s, v = numpy.linalg.svd(W)
    return u.astype(config.floatX)


dim_proj = 16
n_words = 30
ydim = 2
params = OrderedDict()
params["Wemb"] = (0.01 * numpy.random.rand(n_words, dim_proj)).astype(config.floatX)
params["lstm_W"] = numpy.concatenate([ortho_weight(dim_proj) for _ in range(4)], axis=1)
params["lstm_U"] = numpy.concatenate([ortho_weight(dim_proj) for _ in range(4)], axis=1)
params["lstm_b"] = numpy.zeros((4 * dim_proj,)).astype(config.floatX)
params["U"] = 0.01 * numpy.random.randn(dim_proj, ydim).astype(config.floatX)
params["b"] = numpy.zeros((ydim,)).astype(config.floatX)
tparams = OrderedDict((k, theano.shared(v, name=k)) for k, v in params.items())


def lstm_layer(tparams, state_below, prefix="lstm", mask=None):
    nsteps = state_below.shape[0]
    n_samples = state_below.shape[1] if state_below.ndim == 3 else 1
    assert mask is not None

    def _slice(_x, n, dim):
        return _x[:, :, n * dim : (n + 1) * dim] if _x.ndim == 3 else _x[:, n * dim : (n + 1) * dim]

    def _step(m_, x_, h_, c_):
        preact = tensor.dot(h_, tparams[_p(prefix, "U")])
        preact += x_
        i = tensor.nnet.sigmoid(_slice(preact, 0, dim_proj))
        f = tensor.nnet.sigmoid(_slice(preact, 1, dim_proj))
        o = tensor.nnet.sigmoid(_slice(preact, 2, dim_proj))
        c = tensor.tanh(_slice(preact, 3, dim_proj))
        c = f * c_ + i * c
        c = m_[:, None] * c + (1.0 - m_)[:, None] * c_
        h = o * tensor.tanh(c)
        h = m_[:, None] * h + (1.0 - m_)[:, None] * h_
        return h, c

    state_below = tensor.dot(state_below, tparams[_p(prefix, "W")]) + tparams[_p(prefix, "b")]
    rval, updates = theano.scan(
        _step,
        sequences=[mask, state_below],
        outputs_info=[
            tensor.alloc(numpy_floatX(0.0), n_samples, dim_proj),
            tensor.alloc(numpy_floatX(0.0), n_samples, dim_proj),
        ],
        name=_p(prefix, "_layers"),
        n_steps=nsteps,
    )
    return rval[0]


trng = RandomStreams(SEED)
use_noise = theano.shared(numpy_floatX(0.0))
x = tensor.matrix("x", dtype="int64")
mask = tensor.matrix("mask", dtype=config.floatX)
y = tensor.vector("y", dtype="int64")
n_timesteps = x.shape[0]
n_samples = x.shape[1]
emb = tparams["Wemb"][x.flatten()].reshape([n_timesteps, n_samples, dim_proj])
proj = lstm_layer(tparams, emb, mask=mask)
proj = (proj * mask[:, :, None]).sum(axis=0)
proj = proj / mask.sum(axis=0)[:, None]


def dropout_layer(state_before, use_noise, trng):
    return tensor.switch(
        use_noise,
        (state_before * trng.binomial(state_before.shape, p=0.5, n=1, dtype=state_before.dtype)),
        state_before * 0.5,
    )


proj = dropout_layer(proj, use_noise, trng)
pred = tensor.nnet.softmax(tensor.dot(proj, tparams["U"]) + tparams["b"])
f_pred_prob = theano.function([x, mask], pred, name="f_pred_prob")
f_pred = theano.function([x, mask], pred.argmax(axis=1), name="f_pred")
off = 1e-6 if pred.dtype != "float16" else 1e-8
cost = -tensor.log(pred[tensor.arange(n_samples), y] + off).mean()
weight_decay = (tparams["U"] ** 2).sum() * 1e-4
cost += weight_decay
f_cost = theano.function([x, mask, y], cost, name="f_cost")
grads = tensor.grad(cost, wrt=list(tparams.values()))
f_grad = theano.function([x, mask, y], grads, name="f_grad")
lr = tensor.scalar(name="lr")


def adadelta(lr, tparams, grads, x, mask, y, cost):
    zg = [theano.shared(p.get_value() * numpy_floatX(0.0), name="%s_grad" % k) for k, p in tparams.items()]
    ru2 = [theano.shared(p.get_value() * numpy_floatX(0.0), name="%s_rup2" % k) for k, p in tparams.items()]
    rg2 = [theano.shared(p.get_value() * numpy_floatX(0.0), name="%s_rgrad2" % k) for k, p in tparams.items()]
    f_grad_shared = theano.function(
        [x, mask, y],
        cost,
        updates=[(z, g) for z, g in zip(zg, grads)]
        + [(r, 0.95 * r + 0.05 * (g**2)) for r, g in zip(rg2, grads)],
        name="adadelta_f_grad_shared",
    )
    updir = [-tensor.sqrt(u + 1e-6) / tensor.sqrt(r + 1e-6) * z for z, u, r in zip(zg, ru2, rg2)]
    f_update = theano.function(
        [lr],
        [],
        updates=[(u, 0.95 * u + 0.05 * (d**2)) for u, d in zip(ru2, updir)]
        + [(p, p + d) for p, d in zip(tparams.values(), updir)],
        on_unused_input="ignore",
        name="adadelta_f_update",
    )
    return f_grad_shared, f_update


fg, fu = adadelta(lr, tparams, grads, x, mask, y, cost)


def prepare(n):
    seqs = [numpy.random.randint(1, n_words, numpy.random.randint(4, 9)) for _ in range(n)]
    labels = [int(s[0] > 15) for s in seqs]
    mx = max(map(len, seqs))
    X = numpy.zeros((mx, n)).astype("int64")
    M = numpy.zeros((mx, n)).astype(config.floatX)
    for i, s in enumerate(seqs):
        X[: len(s), i] = s
        M[: len(s), i] = 1.0
    return X, M, labels


for it in range(150):
    use_noise.set_value(1.0)
    X, M, Y = prepare(16)
    c = fg(X, M, Y)
    fu(0.01)
use_noise.set_value(0.0)
X, M, Y = prepare(16)
print(c, f_pred(X, M).shape, f_pred_prob(X, M).shape)
