"""``theano.gof``: ops and their applications."""

from thalweg.compat.theano.operation import Op as Op
from thalweg.compat.theano.printing import Apply as Apply
from thalweg.compat.theano.variable import TensorVariable as Variable

__all__ = ["Apply", "Op", "Variable"]
