"""``lasagne``: layers, first values, losses and training rules over :mod:`thalweg.compat.theano`."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne import init as init
from thalweg.compat.lasagne import layers as layers
from thalweg.compat.lasagne import nonlinearities as nonlinearities
from thalweg.compat.lasagne import objectives as objectives
from thalweg.compat.lasagne import random as random
from thalweg.compat.lasagne import regularization as regularization
from thalweg.compat.lasagne import theano_extensions as theano_extensions
from thalweg.compat.lasagne import updates as updates
from thalweg.compat.lasagne import utils as utils
from thalweg.compat.names import unsupported
from thalweg.compat.theano.missing import name_what_is_missing

__version__ = "0.2.dev1"
_helpers = {"name_what_is_missing", "unsupported"}


def __getattr__(name: str) -> Any:
    raise unsupported("lasagne", name, globals())


name_what_is_missing(__name__, "lasagne")
