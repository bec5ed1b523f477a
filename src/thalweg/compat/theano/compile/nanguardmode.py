"""``theano.compile.nanguardmode``."""

from thalweg.compat.theano.compile import NanGuardMode as NanGuardMode
