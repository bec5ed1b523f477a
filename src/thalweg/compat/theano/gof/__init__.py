"""``theano.gof``: ops and their applications."""

from thalweg.compat.theano.functions import MissingInputError as MissingInputError
from thalweg.compat.theano.gof import fg as fg
from thalweg.compat.theano.gof import graph as graph
from thalweg.compat.theano.gof import op as op
from thalweg.compat.theano.gof import type as type
from thalweg.compat.theano.gof import utils as utils
from thalweg.compat.theano.gof.opt import OpRemove as OpRemove
from thalweg.compat.theano.operation import Op as Op
from thalweg.compat.theano.printing import Apply as Apply
from thalweg.compat.theano.tensor_type import TensorType as Type
from thalweg.compat.theano.variable import AnyVariable as Variable
from thalweg.compat.theano.variable import TensorConstant as Constant

__all__ = [
    "Apply",
    "Constant",
    "MissingInputError",
    "Op",
    "OpRemove",
    "Type",
    "Variable",
    "fg",
    "graph",
    "op",
    "type",
    "utils",
]
