"""Layouts: reshapes as strides agree with NumPy, views resolve to the tensor with the memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compile.dims import Dim
from thalweg.compile.layout import Places, broadcast, is_identity, reshape_layout, squeeze
from thalweg.graph.lowering import Layout, row_major
from thalweg.graph.tensor import placeholder


def _view(layout: Layout, memory: np.ndarray) -> np.ndarray:
    strides = tuple(s * memory.itemsize for s in layout.strides)
    return np.lib.stride_tricks.as_strided(memory[layout.offset :], layout.shape, strides)


def _random_layout(rng: np.random.Generator) -> Layout:
    """A transposed, sliced, stretched row-major layout."""
    shape = tuple(int(d) for d in rng.choice([1, 2, 3, 4, 6], int(rng.integers(0, 5))))
    whole = row_major(tuple(d + int(rng.integers(0, 2)) for d in shape))
    order = rng.permutation(len(shape))
    strides = [0 if rng.random() < 0.1 else whole.strides[k] for k in order]
    return Layout(int(rng.integers(0, 3)), tuple(shape[k] for k in order), tuple(strides))


def _factors(size: int, rng: np.random.Generator) -> tuple[int, ...]:
    shape = []
    while size > 1:
        d = int(rng.choice([k for k in range(2, size + 1) if size % k == 0]))
        shape.append(d)
        size //= d
    for _ in range(int(rng.integers(0, 3))):
        shape.insert(int(rng.integers(0, len(shape) + 1)), 1)
    return tuple(shape)


def test_a_reshaped_layout_is_numpys_reshape() -> None:
    rng = np.random.default_rng(0)
    memory = np.arange(20_000)
    found = 0
    for _ in range(3000):
        layout = _random_layout(rng)
        shape = _factors(math.prod(layout.shape), rng)
        made = reshape_layout(layout, shape)
        source = _view(layout, memory)
        if made is not None:
            found += 1
            assert made.shape == shape
            np.testing.assert_array_equal(
                _view(made, memory), source.reshape(shape), err_msg=f"{layout} {shape}"
            )
        else:  # NumPy needs a copy too
            assert not np.shares_memory(source.reshape(shape), memory), f"{layout} {shape}"
    assert 1000 < found < 2999


def test_reshapes_of_nothing() -> None:
    assert reshape_layout(row_major((0, 3)), (3, 0, 2)) == Layout(0, (3, 0, 2), (0, 0, 0))


def test_reshape_of_a_run_time_length_beside_an_equally_long_one() -> None:
    n = Dim(1009, {(0,): 1})
    made = reshape_layout(row_major((n, 1009)), (1009, n))
    assert made is not None and made.strides[0] == n and made.strides[1] == 1


def test_broadcast_and_squeeze() -> None:
    layout = broadcast(row_major((3, 1)), (2, 3, 4))
    assert (layout.shape, layout.strides) == ((2, 3, 4), (0, 1, 0))
    assert squeeze(Layout(5, (1, 3, 1), (7, 2, 9))) == Layout(5, (3,), (2,))
    assert is_identity(Layout(0, (2, 1, 3), (3, 99, 1))) and not is_identity(Layout(1, (2, 3), (3, 1)))
    assert not is_identity(Layout(0, (2, 3), (1, 2)))


X = placeholder("float32", [4, 6], name="x")


@pytest.mark.parametrize(
    ("y", "offset", "strides"),
    [
        (X.T, 0, (1, 6)),
        (X[::2, 1:], 1, (12, 1)),
        (X[:, ::-1], 5, (6, -1)),
        (tw.reshape(X, (2, 2, 6)).T, 0, (1, 6, 12)),
        (tw.expand_dims(X[1], axis=0), 6, (None, 1)),
        (tw.broadcast_to(X, (3, 4, 6)), 0, (0, 6, 1)),
        (tw.reshape(X[1:3].T, (3, 2, 2)), 6, (2, 1, 6)),
    ],
    ids=str,
)
def test_views_resolve_to_the_memory(y: Any, offset: int, strides: tuple[int | None, ...]) -> None:
    from thalweg.compile.lower import specialise

    (lowered,) = specialise([y], {X: X})
    where = Places([lowered]).of[lowered]
    assert where.source is X and where.layout.offset == offset
    assert all(b is None or a == b for a, b in zip(where.layout.strides, strides, strict=True))


def test_a_reshape_that_needs_a_copy_gets_one() -> None:
    from thalweg.compile.lower import specialise

    (lowered,) = specialise([tw.reshape(X.T, (4, 6))], {X: X})
    places = Places([lowered])
    assert [t.op.name for t in places.computed if t.op is not None] == ["identity"]
    assert is_identity(places.of[lowered].layout)
