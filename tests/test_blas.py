"""NumPy's products: who does them, and that they are NumPy's."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from thalweg import blas


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of threads that BLAS is told to take."""
    told: list[int] = []
    monkeypatch.setattr(blas, "_openblas", lambda: (4, told.append))
    monkeypatch.setitem(blas._state, "beside ours", 0)
    return told


def test_products_are_numpy_s(asked: list[int]) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((5, 40, 30)), rng.standard_normal((30, 20))
    np.testing.assert_array_equal(blas.matmul(x, y), x @ y)
    np.testing.assert_array_equal(blas.matmul(x, y[:, 0]), x @ y[:, 0])
    np.testing.assert_array_equal(blas.tensordot(x, y, ((2,), (0,))), np.tensordot(x, y, 1))
    np.testing.assert_allclose(blas.einsum("bij,jk->bk", x, y), x.sum(1) @ y)
    assert asked == [1, 4] * 3  # 5 x 40 x 30 x 20 each, that by a vector is too small to be shared out


@pytest.mark.parametrize("beside", [False, True])
def test_one_thread_does_what_takes_it_little_time(asked: list[int], beside: bool) -> None:
    if beside:
        blas.share_processors()
    for rows, alone in ((0, False), (10, True), (300, beside), (4000, False)):
        asked.clear()
        blas.matmul(np.zeros((rows, 200), "f"), np.zeros((200, 200), "f"))
        assert bool(asked) is alone


def test_the_number_of_threads_comes_back_when_the_last_leaves(asked: list[int]) -> None:
    with blas.one_thread_each() as threads, blas.one_thread_each():
        assert threads == 4 and asked == [1, 1]
    assert asked == [1, 1, 4]
    with pytest.raises(ValueError):
        blas.matmul(np.zeros((200, 100)), np.zeros((200, 100)))
    assert asked[3:] == [1, 4]


def test_compiled_code_with_threads_is_told_of() -> None:
    code = (
        "import numpy as np, thalweg as tw\nfrom thalweg import blas\n"
        "f = tw.function(lambda x: x * 2)\nbefore = blas._state['beside ours']\nf(np.zeros((400, 400), 'f'))\n"
        "print(before, blas._state['beside ours'])"
    )
    two = {**os.environ, "THALWEG_NUM_THREADS": "2"}
    found = subprocess.run([sys.executable, "-c", code], env=two, capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", "1"]


def test_without_openblas_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    found: Any = None
    monkeypatch.setattr(blas, "_openblas", lambda: found)
    with blas.one_thread_each() as threads:
        assert threads == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_forked_inside_begins_anew(asked: list[int]) -> None:
    with blas.one_thread_each():
        child = os.fork()
        if not child:
            with blas.one_thread_each():
                pass
            os._exit(asked != [1, 1, 4])
        assert os.waitpid(child, 0)[1] == 0
