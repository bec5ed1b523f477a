"""Stacked denoising autoencoders with pre-training, and an RBM with persistent chains."""

from __future__ import print_function

import numpy
import theano
import theano.tensor as T
from sklearn.datasets import load_digits
from theano.tensor.shared_randomstreams import RandomStreams

rs = numpy.random.RandomState(0)


def shared_dataset(x, y, borrow=True):
    sx = theano.shared(numpy.asarray(x, dtype=theano.config.floatX), borrow=borrow)
    sy = theano.shared(numpy.asarray(y, dtype=theano.config.floatX), borrow=borrow)
    return sx, T.cast(sy, "int32")


d = load_digits()
train_set_x, train_set_y = shared_dataset(d.data[:1500] / 16.0, d.target[:1500])
valid_set_x, valid_set_y = shared_dataset(d.data[1500:] / 16.0, d.target[1500:])


class LogisticRegression(object):
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(
            value=numpy.zeros((n_in, n_out), dtype=theano.config.floatX), name="W", borrow=True
        )
        self.b = theano.shared(value=numpy.zeros((n_out,), dtype=theano.config.floatX), name="b", borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)
        self.params = [self.W, self.b]
        self.input = input

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        if y.ndim != self.y_pred.ndim:
            raise TypeError(
                "y should have the same shape as self.y_pred", ("y", y.type, "y_pred", self.y_pred.type)
            )
        if y.dtype.startswith("int"):
            return T.mean(T.neq(self.y_pred, y))
        else:
            raise NotImplementedError()


class HiddenLayer(object):
    def __init__(self, rng, input, n_in, n_out, W=None, b=None, activation=T.tanh):
        self.input = input
        if W is None:
            W_values = numpy.asarray(
                rng.uniform(
                    low=-numpy.sqrt(6.0 / (n_in + n_out)),
                    high=numpy.sqrt(6.0 / (n_in + n_out)),
                    size=(n_in, n_out),
                ),
                dtype=theano.config.floatX,
            )
            if activation == theano.tensor.nnet.sigmoid:
                W_values *= 4
            W = theano.shared(value=W_values, name="W", borrow=True)
        if b is None:
            b = theano.shared(value=numpy.zeros((n_out,), dtype=theano.config.floatX), name="b", borrow=True)
        self.W = W
        self.b = b
        lin_output = T.dot(input, self.W) + self.b
        self.output = lin_output if activation is None else activation(lin_output)
        self.params = [self.W, self.b]


class dA(object):
    def __init__(
        self,
        numpy_rng,
        theano_rng=None,
        input=None,
        n_visible=784,
        n_hidden=500,
        W=None,
        bhid=None,
        bvis=None,
    ):
        self.n_visible = n_visible
        self.n_hidden = n_hidden
        if not theano_rng:
            theano_rng = RandomStreams(numpy_rng.randint(2**30))
        if not bvis:
            bvis = theano.shared(value=numpy.zeros(n_visible, dtype=theano.config.floatX), borrow=True)
        self.W = W
        self.b = bhid
        self.b_prime = bvis
        self.W_prime = self.W.T
        self.theano_rng = theano_rng
        self.x = T.dmatrix(name="input") if input is None else input
        self.params = [self.W, self.b, self.b_prime]

    def get_corrupted_input(self, input, corruption_level):
        return (
            self.theano_rng.binomial(
                size=input.shape, n=1, p=1 - corruption_level, dtype=theano.config.floatX
            )
            * input
        )

    def get_cost_updates(self, corruption_level, learning_rate):
        tilde_x = self.get_corrupted_input(self.x, corruption_level)
        y = T.nnet.sigmoid(T.dot(tilde_x, self.W) + self.b)
        z = T.nnet.sigmoid(T.dot(y, self.W_prime) + self.b_prime)
        L = -T.sum(self.x * T.log(z) + (1 - self.x) * T.log(1 - z), axis=1)
        cost = T.mean(L)
        gparams = T.grad(cost, self.params)
        return (
            cost,
            [(param, param - learning_rate * gparam) for param, gparam in zip(self.params, gparams)],
        )


class SdA(object):
    def __init__(
        self,
        numpy_rng,
        theano_rng=None,
        n_ins=784,
        hidden_layers_sizes=[500, 500],
        n_outs=10,
        corruption_levels=[0.1, 0.1],
    ):
        self.sigmoid_layers = []
        self.dA_layers = []
        self.params = []
        self.n_layers = len(hidden_layers_sizes)
        if not theano_rng:
            theano_rng = RandomStreams(numpy_rng.randint(2**30))
        self.x = T.matrix("x")
        self.y = T.ivector("y")
        for i in range(self.n_layers):
            input_size = n_ins if i == 0 else hidden_layers_sizes[i - 1]
            layer_input = self.x if i == 0 else self.sigmoid_layers[-1].output
            sl = HiddenLayer(
                rng=numpy_rng,
                input=layer_input,
                n_in=input_size,
                n_out=hidden_layers_sizes[i],
                activation=T.nnet.sigmoid,
            )
            self.sigmoid_layers.append(sl)
            self.params.extend(sl.params)
            self.dA_layers.append(
                dA(
                    numpy_rng=numpy_rng,
                    theano_rng=theano_rng,
                    input=layer_input,
                    n_visible=input_size,
                    n_hidden=hidden_layers_sizes[i],
                    W=sl.W,
                    bhid=sl.b,
                )
            )
        self.logLayer = LogisticRegression(
            input=self.sigmoid_layers[-1].output, n_in=hidden_layers_sizes[-1], n_out=n_outs
        )
        self.params.extend(self.logLayer.params)
        self.finetune_cost = self.logLayer.negative_log_likelihood(self.y)
        self.errors = self.logLayer.errors(self.y)

    def pretraining_functions(self, train_set_x, batch_size):
        index = T.lscalar("index")
        corruption_level = T.scalar("corruption")
        learning_rate = T.scalar("lr")
        batch_begin = index * batch_size
        batch_end = batch_begin + batch_size
        fns = []
        for da in self.dA_layers:
            cost, updates = da.get_cost_updates(corruption_level, learning_rate)
            fns.append(
                theano.function(
                    inputs=[
                        index,
                        theano.In(corruption_level, value=0.2),
                        theano.In(learning_rate, value=0.1),
                    ],
                    outputs=cost,
                    updates=updates,
                    givens={self.x: train_set_x[batch_begin:batch_end]},
                )
            )
        return fns

    def build_finetune_functions(self, datasets, batch_size, learning_rate):
        (tx, ty), (vx, vy) = datasets
        index = T.lscalar("index")
        n_valid_batches = vx.get_value(borrow=True).shape[0] // batch_size
        gparams = T.grad(self.finetune_cost, self.params)
        updates = [(p, p - gp * learning_rate) for p, gp in zip(self.params, gparams)]
        train_fn = theano.function(
            inputs=[index],
            outputs=self.finetune_cost,
            updates=updates,
            givens={
                self.x: tx[index * batch_size : (index + 1) * batch_size],
                self.y: ty[index * batch_size : (index + 1) * batch_size],
            },
            name="train",
        )
        valid_i = theano.function(
            [index],
            self.errors,
            givens={
                self.x: vx[index * batch_size : (index + 1) * batch_size],
                self.y: vy[index * batch_size : (index + 1) * batch_size],
            },
            name="valid",
        )
        return train_fn, lambda: [valid_i(i) for i in range(n_valid_batches)]


numpy_rng = numpy.random.RandomState(89677)
sda = SdA(numpy_rng=numpy_rng, n_ins=64, hidden_layers_sizes=[60, 40], n_outs=10)
bs = 10
fns = sda.pretraining_functions(train_set_x, bs)
for i in range(sda.n_layers):
    for ep in range(3):
        c = [fns[i](index=b, corruption=[0.1, 0.2][i], lr=0.1) for b in range(150)]
    print("Pre-training layer %i, epoch %d, cost %f" % (i, ep, numpy.mean(c, dtype="float64")))
tr, va = sda.build_finetune_functions([(train_set_x, train_set_y), (valid_set_x, valid_set_y)], bs, 0.1)
for ep in range(6):
    for b in range(150):
        tr(b)
print("valid error", numpy.mean(va()) * 100)
assert numpy.mean(va()) < 0.25


# RBM persistent CD with pseudo-likelihood (DBN)
class RBM(object):
    def __init__(
        self,
        input=None,
        n_visible=64,
        n_hidden=40,
        W=None,
        hbias=None,
        vbias=None,
        numpy_rng=None,
        theano_rng=None,
    ):
        self.n_visible = n_visible
        self.n_hidden = n_hidden
        if numpy_rng is None:
            numpy_rng = numpy.random.RandomState(1234)
        if theano_rng is None:
            theano_rng = RandomStreams(numpy_rng.randint(2**30))
        if W is None:
            W = theano.shared(
                value=numpy.asarray(
                    numpy_rng.uniform(low=-0.4, high=0.4, size=(n_visible, n_hidden)),
                    dtype=theano.config.floatX,
                ),
                name="W",
                borrow=True,
            )
        if hbias is None:
            hbias = theano.shared(
                value=numpy.zeros(n_hidden, dtype=theano.config.floatX), name="hbias", borrow=True
            )
        if vbias is None:
            vbias = theano.shared(
                value=numpy.zeros(n_visible, dtype=theano.config.floatX), name="vbias", borrow=True
            )
        self.input = input if input else T.matrix("input")
        self.W = W
        self.hbias = hbias
        self.vbias = vbias
        self.theano_rng = theano_rng
        self.params = [W, hbias, vbias]

    def free_energy(self, v):
        wx_b = T.dot(v, self.W) + self.hbias
        return -T.sum(T.log(1 + T.exp(wx_b)), axis=1) - T.dot(v, self.vbias)

    def propup(self, vis):
        p = T.dot(vis, self.W) + self.hbias
        return [p, T.nnet.sigmoid(p)]

    def sample_h_given_v(self, v):
        p, m = self.propup(v)
        return [p, m, self.theano_rng.binomial(size=m.shape, n=1, p=m, dtype=theano.config.floatX)]

    def propdown(self, hid):
        p = T.dot(hid, self.W.T) + self.vbias
        return [p, T.nnet.sigmoid(p)]

    def sample_v_given_h(self, h):
        p, m = self.propdown(h)
        return [p, m, self.theano_rng.binomial(size=m.shape, n=1, p=m, dtype=theano.config.floatX)]

    def gibbs_hvh(self, h0):
        a, b, c = self.sample_v_given_h(h0)
        d, e, f = self.sample_h_given_v(c)
        return [a, b, c, d, e, f]

    def get_cost_updates(self, lr=0.1, persistent=None, k=1):
        p, m, ph_sample = self.sample_h_given_v(self.input)
        chain_start = ph_sample if persistent is None else persistent
        ([pre_sigmoid_nvs, nv_means, nv_samples, pre_sigmoid_nhs, nh_means, nh_samples], updates) = (
            theano.scan(
                self.gibbs_hvh,
                outputs_info=[None, None, None, None, None, chain_start],
                n_steps=k,
                name="gibbs_hvh",
            )
        )
        chain_end = nv_samples[-1]
        cost = T.mean(self.free_energy(self.input)) - T.mean(self.free_energy(chain_end))
        gparams = T.grad(cost, self.params, consider_constant=[chain_end])
        for gparam, param in zip(gparams, self.params):
            updates[param] = param - gparam * T.cast(lr, dtype=theano.config.floatX)
        if persistent:
            updates[persistent] = nh_samples[-1]
            mc = self.get_pseudo_likelihood_cost(updates)
        else:
            mc = self.get_reconstruction_cost(updates, pre_sigmoid_nvs[-1])
        return mc, updates

    def get_pseudo_likelihood_cost(self, updates):
        bit_i_idx = theano.shared(value=0, name="bit_i_idx")
        xi = T.round(self.input)
        fe_xi = self.free_energy(xi)
        xi_flip = T.set_subtensor(xi[:, bit_i_idx], 1 - xi[:, bit_i_idx])
        fe_f = self.free_energy(xi_flip)
        cost = T.mean(self.n_visible * T.log(T.nnet.sigmoid(fe_f - fe_xi)))
        updates[bit_i_idx] = (bit_i_idx + 1) % self.n_visible
        return cost

    def get_reconstruction_cost(self, updates, pre):
        return T.mean(
            T.sum(
                self.input * T.log(T.nnet.sigmoid(pre)) + (1 - self.input) * T.log(1 - T.nnet.sigmoid(pre)),
                axis=1,
            )
        )


index = T.lscalar()
x = T.matrix("x")
pchain = theano.shared(numpy.zeros((20, 40), dtype=theano.config.floatX), borrow=True)
rbm = RBM(input=x)
cost, updates = rbm.get_cost_updates(lr=0.1, persistent=pchain, k=5)
train_rbm = theano.function(
    [index], cost, updates=updates, givens={x: train_set_x[index * 20 : (index + 1) * 20]}, name="train_rbm"
)
for ep in range(3):
    print(numpy.mean([train_rbm(b) for b in range(70)]))
cost2, updates2 = rbm.get_cost_updates(lr=0.05, k=1)
f = theano.function([index], cost2, updates=updates2, givens={x: train_set_x[index * 20 : (index + 1) * 20]})
print(f(0))
chain = theano.shared(numpy.asarray(d.data[:4] / 16.0, dtype=theano.config.floatX))


def gibbs_vhv(v0):
    p, m, h = rbm.sample_h_given_v(v0)
    a, b, c = rbm.sample_v_given_h(h)
    return [p, m, h, a, b, c]


([_, hm, hs, pv, vm, vs], upd) = theano.scan(
    gibbs_vhv, outputs_info=[None, None, None, None, None, chain], n_steps=50
)
upd.update({chain: vs[-1]})
sample_fn = theano.function([], [vm[-1], vs[-1]], updates=upd, name="sample_fn")
a, b = sample_fn()
print(a.shape, b.sum())
