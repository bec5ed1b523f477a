"""``theano.compile.io``."""

from thalweg.compat.theano.functions import In as In
from thalweg.compat.theano.functions import Out as Out
from thalweg.compat.theano.functions import SymbolicInput as SymbolicInput
from thalweg.compat.theano.functions import SymbolicOutput as SymbolicOutput
