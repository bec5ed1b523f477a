"""``theano.misc``."""

from thalweg.compat.theano.misc import pkl_utils as pkl_utils
from thalweg.compat.theano.misc import safe_asarray as safe_asarray
