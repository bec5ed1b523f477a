"""``theano.compile.nanguardmode``."""

from thalweg.compat.theano.monitored import NanGuardMode as NanGuardMode
