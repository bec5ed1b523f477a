"""``theano.updates``."""

from thalweg.compat.theano.functions import OrderedUpdates as OrderedUpdates

__all__ = ["OrderedUpdates"]
