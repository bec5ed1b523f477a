"""``theano.tensor.sort``."""

from thalweg.compat.theano.tensor.basic import argsort as argsort
from thalweg.compat.theano.tensor.basic import sort as sort
