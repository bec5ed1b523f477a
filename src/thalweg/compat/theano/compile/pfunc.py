"""``theano.compile.pfunc``."""

from thalweg.compat.theano.functions import Param as Param
from thalweg.compat.theano.functions import function

pfunc = function
