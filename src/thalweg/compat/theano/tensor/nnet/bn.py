"""``theano.tensor.nnet.bn``: batch normalisation."""

from thalweg.compat.theano.tensor.nnet.nnet import batch_normalization as batch_normalization
from thalweg.compat.theano.tensor.nnet.nnet import batch_normalization_test as batch_normalization_test
from thalweg.compat.theano.tensor.nnet.nnet import batch_normalization_train as batch_normalization_train
