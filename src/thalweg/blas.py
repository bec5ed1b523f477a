"""NumPy's products beside our own threads.

OpenBLAS shares a product of some thousand multiply-adds out to threads of its own, which wait for the next one in a
loop: for milliseconds they take the processors from compiled code, whose threads stand ready there. So the caller's
thread does small products, and once compiled code has had threads, all that it does in a few milliseconds.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

__all__ = ["einsum", "matmul", "one_thread_each", "share_processors", "tensordot"]

_FEWEST = 9_000  # multiply-adds that OpenBLAS shares out
_LITTLE = 1 << 23  # that one thread does before another is awake, on a machine with other work
_MOST = 1 << 27  # that one thread does in a few milliseconds
_lock = threading.Lock()
_state = {"inside": 0, "beside ours": 0}


def share_processors() -> None:
    """From now on compiled code has threads in this process."""
    _state["beside ours"] = 1


def matmul(x: np.ndarray, y: np.ndarray) -> Any:
    """``np.matmul``."""
    with _suited(x.size * (y.shape[-1] if y.ndim > 1 else 1)):
        return np.matmul(x, y)


def tensordot(x: np.ndarray, y: np.ndarray, axes: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    """``np.tensordot``."""
    with _suited(x.size * y.size // max(1, math.prod(y.shape[k] for k in axes[1]))):
        return np.tensordot(x, y, axes)


def einsum(subscripts: str, *operands: np.ndarray) -> Any:
    """``np.einsum`` of two or more operands, in pairs; ``subscripts`` has letters alone."""
    terms = subscripts.partition("->")[0].split(",")
    lengths = {
        c: n for term, x in zip(terms, operands, strict=True) for c, n in zip(term, x.shape, strict=True)
    }
    with _suited(math.prod(lengths.values())):
        return np.einsum(subscripts, *operands, optimize=True)


def _suited(multiply_adds: int) -> AbstractContextManager[Any]:
    alone = _FEWEST < multiply_adds < (_MOST if _state["beside ours"] else _LITTLE)
    return one_thread_each() if alone else nullcontext()


@functools.cache
def _openblas() -> Any:
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


@contextmanager
def one_thread_each() -> Iterator[int]:
    """Inside, BLAS runs on the thread that calls it; yields how many threads it would take."""
    found = _openblas()
    if found is None or found[0] == 1:
        yield 1
        return
    threads, set_threads = found
    with _lock:
        _state["inside"] += 1
        set_threads(1)
    try:
        yield threads
    finally:
        with _lock:
            _state["inside"] -= 1
            if not _state["inside"]:
                set_threads(threads)


def _after_fork() -> None:
    """The lock's owner may not exist in a child."""
    global _lock
    _lock = threading.Lock()
    _state["inside"] = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
