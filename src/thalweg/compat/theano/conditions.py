"""Conditions that are checked when a function runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.variable import TensorVariable
from thalweg.graph.op import make_op


def _checked_meaning(x, /, *conditions, message, error):  # type: ignore[no-untyped-def]
    """x, where all conditions hold."""
    if not all(np.all(c) for c in conditions):
        raise error(message)
    return x


def _through(g: Any, y: Any, x: Any, *conditions: Any, **_: Any) -> list[Any]:
    return [g, *(None for _ in conditions)]


_checked = make_op({}, name="assert", infer=lambda x, *_, **__: x, grad=_through, pure=False)(
    _checked_meaning
)


def checked(value: Any, conditions: Sequence[Any], message: str, error: type[Exception]) -> TensorVariable:
    """The value, or an error when the function runs and a condition does not hold."""
    held = [tensor_of(c) for c in conditions]
    return TensorVariable(_checked(tensor_of(value), *held, message=message, error=error))
