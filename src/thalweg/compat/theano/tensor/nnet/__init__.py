"""``theano.tensor.nnet``: activations, losses, convolution, normalisation."""

from thalweg.compat.theano.tensor.nnet import Conv3D as Conv3D
from thalweg.compat.theano.tensor.nnet import abstract_conv as abstract_conv
from thalweg.compat.theano.tensor.nnet import bn as bn
from thalweg.compat.theano.tensor.nnet import conv as conv
from thalweg.compat.theano.tensor.nnet import conv3d2d as conv3d2d
from thalweg.compat.theano.tensor.nnet import ctc as ctc
from thalweg.compat.theano.tensor.nnet import neighbours as neighbours
from thalweg.compat.theano.tensor.nnet import nnet as nnet
from thalweg.compat.theano.tensor.nnet import sigm as sigm
from thalweg.compat.theano.tensor.nnet.abstract_conv import causal_conv1d as causal_conv1d
from thalweg.compat.theano.tensor.nnet.abstract_conv import conv2d as conv2d
from thalweg.compat.theano.tensor.nnet.abstract_conv import conv2d_transpose as conv2d_transpose
from thalweg.compat.theano.tensor.nnet.abstract_conv import conv3d as conv3d
from thalweg.compat.theano.tensor.nnet.abstract_conv import separable_conv2d as separable_conv2d
from thalweg.compat.theano.tensor.nnet.bn import batch_normalization as batch_normalization
from thalweg.compat.theano.tensor.nnet.bn import batch_normalization_test as batch_normalization_test
from thalweg.compat.theano.tensor.nnet.bn import batch_normalization_train as batch_normalization_train
from thalweg.compat.theano.tensor.nnet.nnet import *  # noqa: F403
