"""``lasagne.layers``: networks put together of layers."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers import base as base
from thalweg.compat.lasagne.layers import conv as conv
from thalweg.compat.lasagne.layers import corrmm as corrmm
from thalweg.compat.lasagne.layers import cuda_convnet as cuda_convnet
from thalweg.compat.lasagne.layers import dense as dense
from thalweg.compat.lasagne.layers import dnn as dnn
from thalweg.compat.lasagne.layers import embedding as embedding
from thalweg.compat.lasagne.layers import helper as helper
from thalweg.compat.lasagne.layers import input as input
from thalweg.compat.lasagne.layers import local as local
from thalweg.compat.lasagne.layers import merge as merge
from thalweg.compat.lasagne.layers import noise as noise
from thalweg.compat.lasagne.layers import normalization as normalization
from thalweg.compat.lasagne.layers import pool as pool
from thalweg.compat.lasagne.layers import recurrent as recurrent
from thalweg.compat.lasagne.layers import shape as shape
from thalweg.compat.lasagne.layers import special as special
from thalweg.compat.lasagne.layers import transformer as transformer
from thalweg.compat.names import own as _own
from thalweg.compat.names import unsupported as _unsupported

for _room in (
    base, input, dense, noise, normalization, merge, shape, special, transformer, embedding, conv, local, pool,
    recurrent, helper,
):  # fmt: skip
    globals().update(_own(_room))


def __getattr__(name: str) -> Any:
    raise _unsupported("lasagne.layers", name, globals())
