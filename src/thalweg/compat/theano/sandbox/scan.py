"""``theano.sandbox.scan``: another place of ``scan``."""

from thalweg.compat.theano.scan_module import scan as scan
