"""``theano.tensor.basic``: the functions of variables, gathered from the rooms beside it."""

from thalweg.compat.theano.complexes import angle as angle
from thalweg.compat.theano.complexes import complex_ as complex  # noqa: F401
from thalweg.compat.theano.complexes import complex_from_polar as complex_from_polar
from thalweg.compat.theano.complexes import conj as conj
from thalweg.compat.theano.complexes import imag as imag
from thalweg.compat.theano.complexes import real as real
from thalweg.compat.theano.complexes import teach
from thalweg.compat.theano.tensor.constructors import *  # noqa: F403
from thalweg.compat.theano.tensor.creation import *  # noqa: F403
from thalweg.compat.theano.tensor.elements import *  # noqa: F403
from thalweg.compat.theano.tensor.products import *  # noqa: F403
from thalweg.compat.theano.tensor.reductions import *  # noqa: F403
from thalweg.compat.theano.tensor.shaping import *  # noqa: F403
from thalweg.compat.theano.tensor.taking import *  # noqa: F403

teach(globals())
