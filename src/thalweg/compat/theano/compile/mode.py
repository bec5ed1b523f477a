"""``theano.compile.mode``."""

from thalweg.compat.theano.modes import FAST_COMPILE as FAST_COMPILE
from thalweg.compat.theano.modes import FAST_RUN as FAST_RUN
from thalweg.compat.theano.modes import Mode as Mode
from thalweg.compat.theano.modes import get_default_mode as get_default_mode
from thalweg.compat.theano.modes import get_mode as get_mode
from thalweg.compat.theano.modes import predefined_modes as predefined_modes
