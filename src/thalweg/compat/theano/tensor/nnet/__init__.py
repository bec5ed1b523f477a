"""``theano.tensor.nnet``: activations, losses, convolution, normalisation."""

from thalweg.compat.theano.tensor.nnet import bn as bn
from thalweg.compat.theano.tensor.nnet import conv as conv
from thalweg.compat.theano.tensor.nnet import nnet as nnet
from thalweg.compat.theano.tensor.nnet.nnet import *  # noqa: F403
