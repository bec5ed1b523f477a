"""Evaluation by meaning: every op's NumPy body in order. The oracle of compiled code, and the way of graphs
it cannot take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.errors import FeedError, fail
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological


def evaluate(outputs: Sequence[Tensor], given: Mapping[Tensor, Any]) -> list[np.ndarray]:
    """The values of the outputs, given arrays for leaves (or for any tensors below them).

    >>> from thalweg.graph.tensor import placeholder
    >>> import thalweg.ops
    >>> x = placeholder("float32", [2])
    >>> evaluate([x + 1], {x: np.float32([1, 2])})[0].tolist()
    [2.0, 3.0]
    """
    values: dict[int, Any] = {id(t): array for t, array in given.items()}
    for tensor in topological(outputs, stop=lambda t: id(t) in values):
        if id(tensor) not in values:
            values[id(tensor)] = _value(tensor, values)
    return [values[id(t)] for t in outputs]


def _value(tensor: Tensor, values: dict[int, Any]) -> Any:
    if tensor.op is None:
        if tensor.value is None:
            raise fail(
                FeedError, f"{tensor.label()} has no value", built_at=tensor.built_at, hint="give it one"
            )
        return tensor.value
    inputs = [values[id(t)] for t in tensor.inputs]
    if tensor.op is item:
        return inputs[0][tensor.attrs["index"]]
    with np.errstate(all="ignore"):
        result = tensor.op.meaning(*inputs, **tensor.attrs)
    return result if isinstance(result, tuple) else np.asarray(result)
