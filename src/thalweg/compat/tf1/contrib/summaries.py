"""Summaries of tensors and collections."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import (
    nn,
)
from thalweg.compat.tf1 import summary as summary_room
from thalweg.compat.tf1.graph import GraphKeys, default_graph


def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """A summary of a tensor."""
    return summary_room.histogram(tag or tensor.op.name, tensor)


def summarize_activation(op: Any) -> Any:
    """A histogram of an activation, and the share of its zeros."""
    if op.op.type == "Relu":
        summary_room.scalar(f"{op.op.name}/zeros", nn.zero_fraction(op))
    return summary_room.histogram(f"{op.op.name}/activation", op)


def summarize_tensors(tensors: Sequence[Any], summarizer: Any = summarize_tensor) -> list[Any]:
    """Summaries of several tensors."""
    return [summarizer(t) for t in tensors]


def summarize_collection(
    collection: Any, name_filter: Any = None, summarizer: Any = summarize_tensor
) -> list[Any]:
    """Summaries of what is in a collection."""
    return summarize_tensors(default_graph().get_collection(collection, name_filter), summarizer)


def summarize_activations(name_filter: Any = None, summarizer: Any = summarize_activation) -> list[Any]:
    """Summaries of the collection of activations."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)


def analyze_vars(variables: Sequence[Any], print_info: bool = False) -> tuple[int, int]:
    """(the number of numbers, of bytes) of variables; printed for each, if asked for."""
    lines = ["---------", "Variables: name (type shape) [size]", "---------"]
    sizes, bytes_of = 0, 0
    for variable in variables:
        lengths = variable.get_shape().as_list()
        size, width = int(np.prod(lengths)), variable.dtype.size
        sizes, bytes_of = sizes + size, bytes_of + size * width
        shape = "x".join(map(str, lengths))
        lines.append(f"{variable.name} ({variable.dtype.name} {shape}) [{size}, bytes: {size * width}]")
    lines += [f"Total size of variables: {sizes}", f"Total bytes of variables: {bytes_of}"]
    if print_info:
        sys.stdout.write("\n".join(lines) + "\n")
    return sizes, bytes_of
