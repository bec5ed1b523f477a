"""NumPy's LAPACK on stacks of matrices: the threads of its BLAS, which only large matrices have work for, take matrices
of the stack instead.

Left alone they wait for work in a loop (:mod:`thalweg.blas`).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from thalweg.blas import one_thread_each
from thalweg.errors import MatrixError, fail

_LARGE_STACK = 1 << 12  # elements that are worth handing to other threads
_LARGE_MATRIX = 256  # rows or columns from which a single matrix has work for several threads


def on_host(name: str, hint: str, compute: Callable[..., Any], *stacks: np.ndarray) -> Any:
    """``compute(*stacks)``, or NumPy's refusal as an error that names the op."""
    try:
        return _computed(compute, stacks)
    except np.linalg.LinAlgError as error:
        raise fail(MatrixError, f"{name}: {error}", hint=hint) from error


def _computed(compute: Callable[..., Any], stacks: tuple[np.ndarray, ...]) -> Any:
    first = stacks[0]
    if first.ndim == 2 and max(first.shape) >= _LARGE_MATRIX:
        return compute(*stacks)
    together = first.size >= _LARGE_STACK and all(
        x.ndim == first.ndim > 2 and len(x) == len(first) for x in stacks
    )
    with one_thread_each() as threads:
        threads = min(threads, len(first)) if together else 1
        if threads == 1:
            return compute(*stacks)
        mine, *others = zip(*(np.array_split(x, threads) for x in stacks), strict=True)
        waiting = [_helpers(threads - 1).submit(compute, *parts) for parts in others]
        found = [compute(*mine), *(each.result() for each in waiting)]
    if isinstance(found[0], tuple):
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))
    return np.concatenate(found)


@functools.cache
def _helpers(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, "thalweg-lapack")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_helpers.cache_clear)  # which do not exist in a child
