"""Stacks of matrices on NumPy's LAPACK: shared out, refused by name, and BLAS left as it was."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from thalweg import blas
from thalweg.errors import MatrixError
from thalweg.ops.linalg import lapack

STACK = np.random.default_rng(0).normal(size=(9, 32, 32))


def test_a_stack_is_done_in_its_order() -> None:
    found = lapack.on_host("svd", "", lambda x: tuple(np.linalg.svd(x)), STACK)
    for mine, numpys in zip(found, np.linalg.svd(STACK), strict=True):
        np.testing.assert_array_equal(mine, numpys)
    solved = lapack.on_host("solve", "", np.linalg.solve, STACK, STACK[::-1])
    np.testing.assert_array_equal(solved, np.linalg.solve(STACK, STACK[::-1]))


@pytest.mark.parametrize("k", [0, 8])
def test_a_refusal_names_the_op(k: int) -> None:
    stack = STACK.copy()
    stack[k] = 0
    with pytest.raises(MatrixError, match="inv: Singular matrix"):
        lapack.on_host("inv", "", np.linalg.inv, stack)


def test_blas_takes_as_many_threads_as_before() -> None:
    if blas._openblas() is None:
        pytest.skip("NumPy's BLAS does not say how many threads it takes")
    threads = blas._openblas()[0]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: lapack.on_host("inv", "", np.linalg.inv, STACK), range(20)))
    assert _now() == threads
    with blas.one_thread_each(), blas.one_thread_each():
        assert _now() == 1
    assert _now() == threads


def _now() -> int:
    return blas._openblas.__wrapped__()[0]
