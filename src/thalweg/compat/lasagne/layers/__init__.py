"""``lasagne.layers``: networks put together of layers."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers import base as _base
from thalweg.compat.lasagne.layers import conv as _conv
from thalweg.compat.lasagne.layers import dense as _dense
from thalweg.compat.lasagne.layers import graph as _graph
from thalweg.compat.lasagne.layers import recurrent as _recurrent
from thalweg.compat.names import own as _own
from thalweg.compat.theano.missing import missing as _missing

for _room in (_base, _dense, _conv, _recurrent, _graph):
    globals().update(_own(_room))


def __getattr__(name: str) -> Any:
    raise _missing("lasagne.layers", name, globals())
