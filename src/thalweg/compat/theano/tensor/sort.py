"""``theano.tensor.sort``."""

from thalweg.compat.theano.tensor.basic import argsort as argsort
from thalweg.compat.theano.tensor.basic import sort as sort
from thalweg.compat.theano.tensor.taking import argtopk as argtopk
from thalweg.compat.theano.tensor.taking import topk as topk
from thalweg.compat.theano.tensor.taking import topk_and_argtopk as topk_and_argtopk
