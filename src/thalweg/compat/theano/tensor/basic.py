"""``theano.tensor.basic``: the functions of variables, gathered from the rooms beside it."""

from thalweg.compat.theano.tensor.constructors import *  # noqa: F403
from thalweg.compat.theano.tensor.creation import *  # noqa: F403
from thalweg.compat.theano.tensor.elements import *  # noqa: F403
from thalweg.compat.theano.tensor.products import *  # noqa: F403
from thalweg.compat.theano.tensor.reductions import *  # noqa: F403
from thalweg.compat.theano.tensor.shaping import *  # noqa: F403
from thalweg.compat.theano.tensor.taking import *  # noqa: F403
