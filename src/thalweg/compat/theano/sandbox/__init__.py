"""``theano.sandbox``: random streams, linear algebra and more under their older places."""

from thalweg.compat.theano.sandbox import cuda as cuda
from thalweg.compat.theano.sandbox import linalg as linalg
from thalweg.compat.theano.sandbox import neighbours as neighbours
from thalweg.compat.theano.sandbox import rng_mrg as rng_mrg
from thalweg.compat.theano.sandbox import scan as scan
from thalweg.compat.theano.sandbox import softsign as softsign
