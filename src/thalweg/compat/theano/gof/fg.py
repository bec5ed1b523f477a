"""``theano.gof.fg``."""

from thalweg.compat.theano.functions import MissingInputError as MissingInputError

__all__ = ["MissingInputError"]
