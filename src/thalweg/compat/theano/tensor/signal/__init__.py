"""``theano.tensor.signal``: pooling and convolution of single images."""

from thalweg.compat.theano.tensor.signal import conv as conv
from thalweg.compat.theano.tensor.signal import downsample as downsample
from thalweg.compat.theano.tensor.signal import pool as pool
