"""``theano.tensor.nnet.sigm``: the older place of the sigmoids."""

from thalweg.compat.theano.tensor.nnet.nnet import hard_sigmoid as hard_sigmoid
from thalweg.compat.theano.tensor.nnet.nnet import sigmoid as sigmoid
from thalweg.compat.theano.tensor.nnet.nnet import softplus as softplus
from thalweg.compat.theano.tensor.nnet.nnet import ultra_fast_sigmoid as ultra_fast_sigmoid
