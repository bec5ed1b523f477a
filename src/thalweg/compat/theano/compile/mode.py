"""``theano.compile.mode``."""

from thalweg.compat.theano.compile import get_default_mode as get_default_mode
from thalweg.compat.theano.compile import get_mode as get_mode
