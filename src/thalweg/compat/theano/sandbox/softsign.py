"""``theano.sandbox.softsign``."""

from thalweg.compat.theano.tensor.nnet.nnet import softsign as softsign
