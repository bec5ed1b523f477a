"""``theano.tensor.shared_randomstreams``."""

from thalweg.compat.theano.streams import RandomStateVariable as RandomStateSharedVariable
from thalweg.compat.theano.streams import RandomStreams as RandomStreams

__all__ = ["RandomStateSharedVariable", "RandomStreams"]
