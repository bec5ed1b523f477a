"""``tf.contrib.training``: groups of rows of one kind each, such as sequences of about one length."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import Operation, Tensor
from thalweg.compat.tf1.queues import stacked


class _Buckets:
    """Rows wait for as many others of their bucket as make a group."""

    def __init__(
        self, row: Sequence[Tensor], which: Tensor, keep: Tensor, sizes: list[int], smaller: bool, pad: bool
    ) -> None:
        self.asked = [list(row), which, keep]
        self.sizes, self.smaller, self.pad = sizes, smaller, pad
        self._held: weakref.WeakKeyDictionary[Any, list[list[Any]]] = weakref.WeakKeyDictionary()

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        """The number of a bucket and its next group."""
        held = self._held.setdefault(session, [[] for _ in self.sizes])
        while True:
            try:
                with session.one_moment(fresh=True):
                    row, which, keep = session.run(self.asked)
            except OutOfRangeError:
                left = next((k for k, rows in enumerate(held) if rows), None)
                if left is None or not self.smaller:
                    raise
                return self._group(held, left)
            if not keep:
                continue
            if not 0 <= which < len(held):
                raise ValueError(f"bucket: which_bucket must be below {len(held)}; received {which}")
            held[which].append(row)
            if len(held[which]) == self.sizes[which]:
                return self._group(held, int(which))

    def _group(self, held: list[list[Any]], which: int) -> list[np.ndarray]:
        rows, held[which] = held[which], []
        return [np.asarray(which, np.int32), *(stacked(part, self.pad) for part in zip(*rows, strict=True))]


def bucket(
    tensors: Any,
    which_bucket: Any,
    batch_size: Any,
    num_buckets: int,
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Any = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[Tensor, Any]:
    """(the number of a bucket, its next ``batch_size`` rows) of what the tensors give run after run.

    ``which_bucket``: the number of a row's bucket. ``batch_size``: one, or one for each bucket. ``dynamic_pad``: rows
    are filled up with zeros to the longest of their group. ``keep_input``: whether a row is taken.
    """
    if isinstance(tensors, dict):
        which, parts = bucket(
            list(tensors.values()), which_bucket, batch_size, num_buckets, shapes=shapes,
            dynamic_pad=dynamic_pad, allow_smaller_final_batch=allow_smaller_final_batch, keep_input=keep_input,
            name=name,
        )  # fmt: skip
        return which, dict(zip(tensors, parts, strict=True))
    sizes = [int(n) for n in np.ravel(g.static_value(batch_size))]
    sizes = sizes * num_buckets if len(sizes) == 1 else sizes
    if len(sizes) != num_buckets:
        raise ValueError(f"bucket: batch_size must be one number or {num_buckets}; received {len(sizes)}")
    row = [g.convert_to_tensor(t) for t in tensors]
    length = sizes[0] if len(set(sizes)) == 1 and not allow_smaller_final_batch else None
    forms = shapes or [t.get_shape().as_list() for t in row]
    specs: list[tuple[Any, Any]] = [("int32", [])]
    specs += [(t.dtype, [length, *form]) for t, form in zip(row, forms, strict=True)]
    source = _Buckets(
        row, math.cast(which_bucket, "int32"), math.cast(keep_input, "bool"), sizes,
        allow_smaller_final_batch, dynamic_pad,
    )  # fmt: skip
    found, *parts = g.source_nodes(source, specs, Operation(name, "bucket"))
    return found, parts


def bucket_by_sequence_length(
    input_length: Any,
    tensors: Any,
    batch_size: Any,
    bucket_boundaries: Sequence[int],
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Any = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[Tensor, Any]:
    """(lengths, rows) of groups whose lengths lie between the same two boundaries: see :func:`bucket`."""
    bounds = [int(b) for b in bucket_boundaries]
    if not bounds:
        raise ValueError("bucket_boundaries must not be empty")
    if any(a >= b for a, b in pairwise(bounds)):
        raise ValueError(f"bucket_boundaries must contain increasing integers; received {bounds}")
    length = math.cast(input_length, "int32")
    which = math.reduce_sum(math.cast(math.greater_equal(length, np.array(bounds, np.int32)), "int32"))
    named = tensors if isinstance(tensors, dict) else None
    row = [length, *(named.values() if named else tensors)]
    _, (lengths, *parts) = bucket(
        row, which, batch_size, len(bounds) + 1, shapes=None if shapes is None else [[], *shapes],
        dynamic_pad=dynamic_pad, allow_smaller_final_batch=allow_smaller_final_batch, keep_input=keep_input, name=name,
    )  # fmt: skip
    return lengths, dict(zip(named, parts, strict=True)) if named else parts
