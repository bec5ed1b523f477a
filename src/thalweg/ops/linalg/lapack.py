"""NumPy's LAPACK on stacks of matrices: the threads of its BLAS, which only large matrices have work for, take matrices
of the stack instead.

Left alone they wait for work in a loop, and so take the processors from compiled code for milliseconds after each call.
"""

from __future__ import annotations

import ctypes
import functools
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np

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
    with _one_thread_each() as threads:
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


@functools.cache
def _blas() -> Any:
    """How many threads NumPy's OpenBLAS takes, and the function that says so; None for another BLAS."""
    try:
        from numpy.linalg import _umath_linalg  # NumPy's own name for where it is
    except ImportError:
        return None
    library = ctypes.CDLL(_umath_linalg.__file__)
    for name in ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads"):
        try:
            return getattr(library, name.format("get"))(), getattr(library, name.format("set"))
        except AttributeError:
            pass
    return None


_lock = threading.Lock()
_inside = 0


def _after_fork() -> None:
    """The helpers do not exist in a child, nor perhaps the lock's owner."""
    global _lock, _inside
    _lock, _inside = threading.Lock(), 0
    _helpers.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def _one_thread_each() -> Iterator[int]:
    """Inside, BLAS runs on the thread that calls it; yields how many threads it would take."""
    global _inside
    found = _blas()
    if found is None:
        yield 1
        return
    threads, set_threads = found
    with _lock:
        _inside += 1
        set_threads(1)
    try:
        yield threads
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                set_threads(threads)
