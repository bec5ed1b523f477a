"""``theano.gpuarray``: says that there is no such device."""

from thalweg.compat.theano.sandbox.cuda import basic_ops as basic_ops
from thalweg.compat.theano.sandbox.cuda import dnn as dnn

pygpu_activated = False
