"""A recurrent network that sets the biases of an RBM at each step: chains inside a scan, in training and generating."""

import numpy
import theano
import theano.tensor as T
from theano.tensor.shared_randomstreams import RandomStreams

numpy.random.seed(0xBEEF)
rng = RandomStreams(seed=numpy.random.randint(1 << 30))
theano.config.warn.subtensor_merge_bug = False
VISIBLE, HIDDEN, RECURRENT = 16, 12, 10


def build_rbm(v, W, bv, bh, k):
    """A chain of k steps from v: its end, a cost with the gradient of contrastive divergence, a monitor, updates."""

    def gibbs_step(v):
        mean_h = T.nnet.sigmoid(T.dot(v, W) + bh)
        h = rng.binomial(size=mean_h.shape, n=1, p=mean_h, dtype=theano.config.floatX)
        mean_v = T.nnet.sigmoid(T.dot(h, W.T) + bv)
        return mean_v, rng.binomial(size=mean_v.shape, n=1, p=mean_v, dtype=theano.config.floatX)

    chain, updates = theano.scan(lambda v: gibbs_step(v)[1], outputs_info=[v], n_steps=k)
    end = chain[-1]
    mean_v = gibbs_step(end)[0]
    monitor = (T.xlogx.xlogy0(v, mean_v) + T.xlogx.xlogy0(1 - v, 1 - mean_v)).sum() / v.shape[0]

    def free_energy(v):
        return -(v * bv).sum() - T.log(1 + T.exp(T.dot(v, W) + bh)).sum()

    return end, (free_energy(v) - free_energy(end)) / v.shape[0], monitor, updates


def normal(rows, columns, scale):
    return theano.shared(numpy.random.normal(scale=scale, size=(rows, columns)))


W = normal(VISIBLE, HIDDEN, 0.01)
bv, bh = theano.shared(numpy.zeros(VISIBLE)), theano.shared(numpy.zeros(HIDDEN))
Wuh, Wuv = normal(RECURRENT, HIDDEN, 0.01), normal(RECURRENT, VISIBLE, 0.01)
Wvu, Wuu = normal(VISIBLE, RECURRENT, 0.1), normal(RECURRENT, RECURRENT, 0.1)
bu = theano.shared(numpy.zeros(RECURRENT))
params = W, bv, bh, Wuh, Wuv, Wvu, Wuu, bu
v = T.matrix()
u0 = T.zeros((RECURRENT,))


def recurrence(v_t, u_before):
    bv_t, bh_t = bv + T.dot(u_before, Wuv), bh + T.dot(u_before, Wuh)
    generate = v_t is None
    if generate:
        v_t, _, _, updates = build_rbm(T.zeros((VISIBLE,)), W, bv_t, bh_t, k=10)
    u_t = T.tanh(bu + T.dot(v_t, Wvu) + T.dot(u_before, Wuu))
    return ([v_t, u_t], updates) if generate else [u_t, bv_t, bh_t]


(u_t, bv_t, bh_t), updates_train = theano.scan(
    lambda v_t, u_before, *_: recurrence(v_t, u_before),
    sequences=v,
    outputs_info=[u0, None, None],
    non_sequences=params,
)
v_sample, cost, monitor, updates_rbm = build_rbm(v, W, bv_t[:], bh_t[:], k=5)
updates_train.update(updates_rbm)
gradient = T.grad(cost, params, consider_constant=[v_sample])
updates_train.update((p, p - 0.02 * g) for p, g in zip(params, gradient))
train = theano.function([v], monitor, updates=updates_train)

(v_t, u_t), updates_generate = theano.scan(
    lambda u_before, *_: recurrence(None, u_before),
    outputs_info=[None, u0],
    non_sequences=params,
    n_steps=15,
)
generate = theano.function([], v_t, updates=updates_generate)

melody = numpy.tile(numpy.eye(VISIBLE)[::4], (5, 1))
seen = [float(train(melody)) for _ in range(300)]
assert numpy.mean(seen[-20:]) > numpy.mean(seen[:20]) + 2, (seen[:3], seen[-3:])
one, other = generate(), generate()
assert one.shape == (15, VISIBLE) and set(numpy.unique(one)) <= {0.0, 1.0} and (one != other).any()
