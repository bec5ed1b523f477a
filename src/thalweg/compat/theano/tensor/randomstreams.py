"""``theano.tensor.randomstreams``: the older place of the random streams."""

from thalweg.compat.theano.streams import RandomStreams as RandomStreams
