"""``theano.tensor.subtensor``."""

from thalweg.compat.theano.subtensor import inc_subtensor as inc_subtensor
from thalweg.compat.theano.subtensor import incsubtensor as incsubtensor
from thalweg.compat.theano.subtensor import set_subtensor as set_subtensor
from thalweg.compat.theano.subtensor import setsubtensor as setsubtensor
