"""``theano.sandbox.neighbours``: the older place of patches as rows."""

from thalweg.compat.theano.tensor.nnet.neighbours import images2neibs as images2neibs
from thalweg.compat.theano.tensor.nnet.neighbours import neibs2images as neibs2images
