"""``lasagne.theano_extensions``."""

from thalweg.compat.lasagne.theano_extensions import conv as conv
from thalweg.compat.lasagne.theano_extensions import padding as padding
