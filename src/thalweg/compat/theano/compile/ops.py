"""``theano.compile.ops``: Python functions as ops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.theano.operation import Op
from thalweg.compat.theano.operation import ViewOp as ViewOp


def as_op(itypes: Any, otypes: Any, infer_shape: Any = None) -> Callable[[Callable[..., Any]], Op]:
    """A decorator that makes an op of a function of arrays, of given types; it has no gradient."""
    several = list(otypes) if isinstance(otypes, (list, tuple)) else [otypes]

    def decorate(fn: Callable[..., Any]) -> Op:
        class FromFunction(Op):
            """An op that calls a Python function."""

            def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
                results = fn(*inputs)
                results = results if isinstance(results, (list, tuple)) else (results,)
                for storage, result in zip(output_storage, results, strict=True):
                    storage[0] = np.asarray(result)

            def __str__(self) -> str:
                return fn.__name__

        made = FromFunction()
        made.itypes, made.otypes = itypes, several
        return made

    return decorate


view_op = ViewOp()
