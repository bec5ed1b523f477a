"""``theano.sandbox.rng_mrg``."""

from thalweg.compat.theano.streams import MRG_RandomStreams as MRG_RandomStreams

MRG_RandomStreams2 = MRG_RandomStreams
