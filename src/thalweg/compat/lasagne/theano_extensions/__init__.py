"""``lasagne.theano_extensions``."""

from thalweg.compat.lasagne.theano_extensions import padding as padding
