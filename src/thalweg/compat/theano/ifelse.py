"""``theano.ifelse``: a choice by a scalar condition."""

from __future__ import annotations

from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.variable import TensorVariable


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """``then_branch`` where the scalar condition is not 0, else ``else_branch``; variables or lists of them."""
    several = isinstance(then_branch, (list, tuple))
    first = list(then_branch) if several else [then_branch]
    second = list(else_branch) if isinstance(else_branch, (list, tuple)) else [else_branch]
    if len(first) != len(second):
        raise ValueError("ifelse: the branches return different numbers of variables")
    pairs = [(tensor_of(a), tensor_of(b)) for a, b in zip(first, second, strict=True)]
    wide = [np.result_type(a.dtype, b.dtype) for a, b in pairs]
    yes = [as_dtype(a, d) for (a, _), d in zip(pairs, wide, strict=True)]
    no = [as_dtype(b, d) for (_, b), d in zip(pairs, wide, strict=True)]
    test = tensor_of(condition)
    test = test if test.dtype.kind == "b" else tw.not_equal(test, tensor_of(0, test.dtype))
    made = tw.cond(test, lambda: [tw.identity(t) for t in yes], lambda: [tw.identity(t) for t in no])
    found = [TensorVariable(t) for t in made]
    return found if several else found[0]
