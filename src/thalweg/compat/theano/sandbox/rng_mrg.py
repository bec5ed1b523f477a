"""``theano.sandbox.rng_mrg``."""

from thalweg.compat.theano.mrg import MRG_RandomStreams as MRG_RandomStreams

MRG_RandomStreams2 = MRG_RandomStreams
