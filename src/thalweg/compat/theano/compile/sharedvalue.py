"""``theano.compile.sharedvalue``."""

from thalweg.compat.theano.sharing import TensorSharedVariable
from thalweg.compat.theano.sharing import shared as shared

SharedVariable = TensorSharedVariable
