"""A denoising autoencoder (dA): corrupted input, tied weights, cross-entropy reconstruction."""

from __future__ import print_function

import numpy
import theano
import theano.tensor as T
from theano.tensor.shared_randomstreams import RandomStreams


class dA(object):
    def __init__(
        self, numpy_rng, theano_rng=None, input=None, n_visible=64, n_hidden=32, W=None, bhid=None, bvis=None
    ):
        self.n_visible = n_visible
        self.n_hidden = n_hidden
        if not theano_rng:
            theano_rng = RandomStreams(numpy_rng.randint(2**30))
        if not W:
            bound = 4 * numpy.sqrt(6.0 / (n_hidden + n_visible))
            initial_W = numpy.asarray(
                numpy_rng.uniform(low=-bound, high=bound, size=(n_visible, n_hidden)),
                dtype=theano.config.floatX,
            )
            W = theano.shared(value=initial_W, name="W", borrow=True)
        if not bvis:
            bvis = theano.shared(value=numpy.zeros(n_visible, dtype=theano.config.floatX), borrow=True)
        if not bhid:
            bhid = theano.shared(
                value=numpy.zeros(n_hidden, dtype=theano.config.floatX), name="b", borrow=True
            )
        self.W, self.b, self.b_prime = W, bhid, bvis
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

    def get_hidden_values(self, input):
        return T.nnet.sigmoid(T.dot(input, self.W) + self.b)

    def get_reconstructed_input(self, hidden):
        return T.nnet.sigmoid(T.dot(hidden, self.W_prime) + self.b_prime)

    def get_cost_updates(self, corruption_level, learning_rate):
        tilde_x = self.get_corrupted_input(self.x, corruption_level)
        y = self.get_hidden_values(tilde_x)
        z = self.get_reconstructed_input(y)
        L = -T.sum(self.x * T.log(z) + (1 - self.x) * T.log(1 - z), axis=1)
        cost = T.mean(L)
        gparams = T.grad(cost, self.params)
        updates = [(param, param - learning_rate * gparam) for param, gparam in zip(self.params, gparams)]
        return (cost, updates)


rng = numpy.random.RandomState(123)
patterns = rng.rand(8, 64) > 0.6
data = patterns[rng.randint(0, 8, 400)].astype(theano.config.floatX)
train_set_x = theano.shared(data, borrow=True)
batch_size = 20
n_train_batches = train_set_x.get_value(borrow=True).shape[0] // batch_size

index = T.lscalar()
x = T.matrix("x")
da = dA(numpy_rng=rng, theano_rng=RandomStreams(rng.randint(2**30)), input=x)
cost, updates = da.get_cost_updates(corruption_level=0.3, learning_rate=0.1)
train_da = theano.function(
    [index], cost, updates=updates, givens={x: train_set_x[index * batch_size : (index + 1) * batch_size]}
)
history = []
for epoch in range(15):
    c = [train_da(batch_index) for batch_index in range(n_train_batches)]
    history.append(numpy.mean(c))
    print("Training epoch %d, cost %f" % (epoch, history[-1]))
assert history[-1] < 0.4 * history[0]
