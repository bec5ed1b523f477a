"""Rows of tables, and the largest elements."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg import nn
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, static_int, value, wrap, wrap_all
from thalweg.ops import elementwise, index, reduce, sort
from thalweg.ops import shape as shape_ops

__all__ = ["TopK", "embedding_lookup", "in_top_k", "top_k"]


class TopK(NamedTuple):
    """The k largest elements and where they stand."""

    values: Tensor
    indices: Tensor


def joined(params: Any, partition_strategy: str = "mod") -> Any:
    """A table, also of one whose rows are in several parts."""
    if not isinstance(params, (list, tuple)):
        return params
    if len(params) == 1:
        return params[0]
    table = math.concat(list(params), 0)
    if partition_strategy != "mod":
        return table
    parts = [value(p).shape[0] for p in params]  # row k is in part k mod n
    first = np.cumsum([0, *parts[:-1]])
    order = [first[k % len(parts)] + k // len(parts) for k in range(sum(parts))]
    return math.gather(table, np.array(order, np.int32))


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """Rows of a table by number."""
    rows = nn.embedding_lookup(value(joined(params, partition_strategy)), value(ids))
    if max_norm is not None:
        from thalweg.optimizers import clip_by_norm

        rows = clip_by_norm(rows, float(max_norm), -1)
    return wrap(
        rows, name, "embedding_lookup", [params, ids, 0, 0]
    )  # an axis, and the result by another name


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The k largest elements along the last axis and their indices; ``k`` may be a node."""
    scores: Any = value(input)
    if g.static_value(k) is None:
        first = wrap(sort.argsort(scores, descending=True), None, "ArgSort", [input])[..., :k]
        places = value(first)
        found = index.take_along_axis(scores, places, axis=-1)
    else:
        found, places = sort.top_k(scores, static_int(k, "k"))
    return TopK(*wrap_all([found, g.cast(places, "int32")], name, "TopKV2", [input]))


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether the target is among the k largest predictions of its row."""
    scores: Any = value(predictions)
    wanted = shape_ops.expand_dims(g.cast(value(targets), "int64"), -1)
    own = index.take_along_axis(scores, wanted, axis=-1)
    above = reduce.sum(elementwise.astype(elementwise.greater(scores, own), "int32"), axis=-1)
    return wrap(above < static_int(k, "k"), name, "InTopK", [predictions])  # type: ignore[operator]
