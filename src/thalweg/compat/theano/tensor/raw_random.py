"""``theano.tensor.raw_random``: the classes of random streams."""

from thalweg.compat.theano.streams import RandomStateVariable as RandomStateVariable
