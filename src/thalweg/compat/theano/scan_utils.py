"""``theano.scan_utils``: what ``until`` is also found as."""

from thalweg.compat.theano.scan_module import until as until
