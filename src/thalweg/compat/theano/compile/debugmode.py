"""``theano.compile.debugmode``."""

from thalweg.compat.theano.monitored import DebugMode as DebugMode
from thalweg.compat.theano.monitored import InvalidValueError as InvalidValueError
