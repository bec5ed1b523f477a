"""``theano.sandbox.cuda.rng_curand``: random streams under a graphics library's name."""

from thalweg.compat.theano.mrg import MRG_RandomStreams


class CURAND_RandomStreams(MRG_RandomStreams):
    """The same source under the name of another generator."""
