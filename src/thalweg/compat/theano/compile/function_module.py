"""``theano.compile.function_module``."""

from thalweg.compat.theano.functions import Function as Function
from thalweg.compat.theano.functions import UnusedInputError as UnusedInputError
from thalweg.compat.theano.functions import function as function
