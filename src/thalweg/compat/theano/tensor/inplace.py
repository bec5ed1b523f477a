"""``theano.tensor.inplace``: functions that might overwrite their input; here they are the plain ones."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor import basic, nnet

_SUFFIX = "_inplace"


def __getattr__(name: str) -> Any:
    plain = name.removesuffix(_SUFFIX)
    if plain == name or not (hasattr(basic, plain) or hasattr(nnet, plain)):
        raise AttributeError(f"theano.tensor.inplace has no {name!r}")
    return getattr(basic, plain, None) or getattr(nnet, plain)
