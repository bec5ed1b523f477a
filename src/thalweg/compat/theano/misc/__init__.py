"""``theano.misc``."""

from thalweg.compat.theano.misc import safe_asarray as safe_asarray
