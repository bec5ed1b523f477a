"""Stories of indexing: random keys against NumPy, masks, errors, indices out of range, run-time lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.harness import can_compile
from thalweg.errors import ArgumentError, DTypeError, IndexRangeError, ShapeError, SymbolicError
from thalweg.gradient import gradients
from thalweg.graph.tensor import Variable, constant, placeholder
from thalweg.ops import create, index, joining, norms, reduce, search, shape, slices, sort, tiling, triangles
from thalweg.run.function import function

needs_compiler = pytest.mark.skipif(not can_compile(), reason="this build has no compiled functions")
SHAPE = (3, 4, 2, 3)


def _entry(length: int) -> st.SearchStrategy[Any]:
    ints = st.integers(-length, length - 1)
    bounds = st.none() | st.integers(-length - 1, length + 1)
    steps = st.sampled_from([None, 1, 2, -1, -3])
    lists = st.lists(ints, min_size=2, max_size=2)
    columns = lists.map(lambda v: np.array(v).reshape(2, 1))
    return ints | st.builds(slice, bounds, bounds, steps) | lists | columns | ints.map(np.array)


@st.composite
def _keys(draw: Any) -> tuple[Any, ...]:
    entries = [draw(_entry(n)) for n in SHAPE[: draw(st.integers(0, len(SHAPE)))]]
    for _ in range(draw(st.integers(0, 2))):
        entries.insert(draw(st.integers(0, len(entries))), None)
    if draw(st.booleans()):
        at = draw(st.integers(0, len(entries)))
        taken = [e for e in entries[at:] if e is not None]
        tail = [draw(_entry(n)) for n in SHAPE[len(SHAPE) - len(taken) :]]
        fresh = iter(tail)
        entries = [*entries[:at], ..., *(None if e is None else next(fresh) for e in entries[at:])]
    return tuple(entries)


@settings(max_examples=300, deadline=None)
@given(_keys())
def test_any_key_means_what_numpy_means(key: tuple[Any, ...]) -> None:
    array = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    wanted = array[key]
    assert constant(array)[key].tolist() == wanted.tolist()
    symbolic = placeholder("int64", SHAPE)[key]
    assert symbolic.shape == wanted.shape


def test_symbolic_lengths_go_through_keys() -> None:
    x = placeholder("float32", [None, 5, None])
    assert x[0].shape == (5, None)
    assert x[..., None, 1:].shape == (None, 5, 1, None)
    assert x[:, [0, 1]].shape == (None, 2, None)
    assert x[::2].shape == (None, 5, None)


def test_a_mask_of_known_values_indexes_a_symbolic_tensor() -> None:
    x = placeholder("float32", [3, None])
    assert x[np.array([True, False, True])].shape == (2, None)


def test_a_symbolic_mask_names_what_to_do() -> None:
    x = placeholder("float32", [3])
    with pytest.raises(SymbolicError, match="where"):
        x[x > 0]


def test_a_mask_that_a_variable_can_change_is_not_frozen_into_a_graph() -> None:
    x, w = placeholder("float32", [2]), Variable([1.0, -1.0])
    with pytest.raises(SymbolicError, match="mask is symbolic"):
        x[w > 0]


@pytest.mark.parametrize(
    "key", [3, (0, -5), (slice(None), [0, 4]), (0, 0, 0, 0, 0), (..., 9), np.ones((2, 4), bool)]
)
def test_an_index_beyond_the_end_is_an_index_error(key: Any) -> None:
    with pytest.raises(IndexError):
        constant(np.zeros(SHAPE))[key]
    with pytest.raises(ArgumentError):
        constant(np.zeros(SHAPE))[key]


def test_what_is_no_index_is_named() -> None:
    x = constant(np.zeros((3, 4)))
    with pytest.raises(DTypeError, match="indices"):
        x[[0.5, 1.5]]
    with pytest.raises(ArgumentError, match="ellipsis"):
        x[..., ...]
    with pytest.raises(ArgumentError, match="step"):
        x[::0]


def test_a_slice_of_a_variable_is_its_value_at_that_moment() -> None:
    w = Variable([1.0, 2.0, 3.0])
    before = w[:]
    w.assign([4.0, 5.0, 6.0])
    assert before.tolist() == [1.0, 2.0, 3.0]
    assert w[1:].tolist() == [5.0, 6.0]


def test_iteration_and_unpacking() -> None:
    first, second = constant([[1, 2], [3, 4]])
    assert first.tolist() == [1, 2]
    assert second.tolist() == [3, 4]


def test_gradients_of_places_named_twice_add_up() -> None:
    w = Variable(np.ones((3, 2), "float32"))
    g = gradients(reduce.sum(index.take(w, [0, 0, 2], axis=0)), w)
    assert g.tolist() == [[2, 2], [0, 0], [1, 1]]


def test_only_the_last_of_several_writes_has_a_gradient() -> None:
    v = Variable([10.0, 20.0, 30.0])
    y = index.index_update(create.zeros(3), [1, 1, 2], v)
    assert y.tolist() == [0, 20, 30]
    assert gradients(reduce.sum(y), v).tolist() == [0, 1, 1]


def test_gradient_conventions_of_reductions() -> None:
    x = Variable([[2.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    assert gradients(reduce.sum(reduce.max(x, axis=1)), x).tolist()[0] == [0.5, 0.5, 0]
    assert not gradients(norms.norm(x[1]), x).numpy().any()
    assert not gradients(reduce.std(x[1]), x).numpy().any()
    assert not gradients(norms.norm(x[1], ord=3), x).numpy().any()
    assert gradients(reduce.prod(x[0]), x).tolist()[0] == [0, 0, 4]
    bottom = Variable([-np.inf, -np.inf])
    assert gradients(reduce.logsumexp(bottom), bottom).tolist() == [0, 0]


def test_reductions_without_elements() -> None:
    empty = constant(np.zeros((0, 2)))
    assert reduce.sum(empty).item() == 0
    assert reduce.prod(empty, axis=0).tolist() == [1, 1]
    assert reduce.max(empty, axis=1).shape == (0,)
    for op in (reduce.max, reduce.min, reduce.argmax, reduce.argmin):
        with pytest.raises(ShapeError, match="no elements"):
            op(empty, axis=0)


def test_full_reductions_of_unknown_rank() -> None:
    x = placeholder("float32")
    assert [reduce.sum(x).shape, reduce.mean(x).shape, reduce.argmax(x).shape] == [(), (), ()]
    with pytest.raises(ShapeError, match="unknown rank"):
        reduce.sum(x, axis=1)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda x: reduce.sum(x, axis=(0, 0)), ArgumentError, "named twice"),
        (lambda x: reduce.argmax(x, axis=(0, 1)), ArgumentError, "one axis"),
        (lambda x: reduce.cumulative_sum(x), ArgumentError, "one axis"),
        (lambda x: joining.concat([x, x[0]]), ShapeError, "another axis"),
        (lambda x: joining.concat([]), ArgumentError, "no tensors"),
        (lambda x: joining.stack([x, x[0]]), ShapeError, "differ"),
        (lambda x: joining.split(x, 2, axis=1), ShapeError, "equal parts"),
        (lambda x: joining.split(x, [1, 3], axis=1), ShapeError, "do not fill"),
        (lambda x: shape.squeeze(x, 0), ShapeError, "length 1"),
        (lambda x: tiling.pad(x, -1), ArgumentError, "pad_width"),
        (lambda x: tiling.pad(x, 1, mode="odd"), ArgumentError, "mode"),
        (lambda x: triangles.one_hot(x, 3), DTypeError, "integer"),
        (lambda x: slices.windows(x, 0), ArgumentError, "size"),
        (lambda x: slices.dilate(x, 0), ArgumentError, "steps"),
        (lambda x: sort.top_k(x, 4), ArgumentError, "k <="),
        (lambda x: index.take_along_axis(x, [0]), ShapeError, "one index axis"),
        (lambda x: index.scatter_add(x, [0, 1], x[:1]), ShapeError, "updates"),
        (lambda x: search.searchsorted(x, 1.0), ShapeError, "1 axis"),
        (lambda x: create.zeros([2, x]), ShapeError, "known lengths"),
    ],
)
def test_mistakes_are_named(call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call(constant(np.zeros((2, 3))))


@needs_compiler
def test_compiled_indices_wrap_clamp_and_drop() -> None:
    from thalweg.run.function import function

    x, i = placeholder("float32", [3]), placeholder("int64", [4])
    made = -i  # what a program computes itself; what it is given it would refuse
    run = function([x, i], [index.take(x, made), index.scatter_add(x, made, create.ones(4))])
    taken, added = run(np.array([1, 2, 3], "float32"), np.array([1, 0, -7, 9]))
    assert np.asarray(taken).tolist() == [3, 1, 3, 1]
    assert np.asarray(added).tolist() == [2, 2, 4]
    with pytest.raises(IndexRangeError):
        index.take(constant([1.0, 2.0, 3.0]), [7])


def _many(x: Any) -> list[Any]:
    """What a program may do along an axis whose length changes."""
    return [
        x[1:],
        x[::-1, 1:] * 2,
        x[:-1] - x[1:],
        x[:40] + 1,
        x[-3:, 0],
        x[::3],
        index.take(x, [0, -1], axis=0),
        index.take(x, [0, -1], axis=1),
        joining.concat([x, x[:2]]),
        tiling.pad(x, ((1, 2), (0, 0))),
        tiling.roll(x, 1, axis=0),
        tiling.repeat(x, 2, axis=0),
        tiling.tile(x, (2, 1)),
        reduce.cumulative_sum(x, axis=0),
        reduce.mean(x, axis=0),
        reduce.argmax(x, axis=1),
        reduce.argmax(x, axis=0),
        reduce.std(x),
        slices.windows(x, 2, axes=(0,)),
    ]


@needs_compiler
@pytest.mark.parametrize("which", range(19))
def test_lengths_known_only_at_run_time(which: int) -> None:
    from thalweg.run.function import function

    rng = np.random.default_rng(0)
    x = placeholder("float64", [None, 3])
    y = _many(x)[which]
    moving = y.dtype.kind == "f"
    outputs = [y, gradients(reduce.sum(y * y), x)] if moving else [y]
    run = function([x], outputs)
    for length in (30, 41, 52, 63, 74, 4, 3, 99):
        array = rng.normal(size=(length, 3))
        leaf = Variable(array, dtype="float64").read()
        z = _many(leaf)[which]
        wanted = [z, gradients(reduce.sum(z * z), leaf)] if moving else [z]
        for got, w in zip(run(array), wanted, strict=True):
            np.testing.assert_allclose(np.asarray(got), w.array(), rtol=1e-12, atol=1e-12)


@needs_compiler
def test_slices_whose_ends_a_run_says() -> None:
    from thalweg.run.function import function

    x, n = placeholder("float64", [None, 5]), placeholder("int32", [])
    cut = [x[:n], x[n:, 1], x[..., n:-1], x[None, :n, ::2], x[-n:]]
    run = function([x, n], [*cut, gradients(reduce.sum(x[1:n] ** 2), x)])
    array = np.arange(20.0).reshape(4, 5)
    for k in (2, 3, -1, 9, 1):
        *found, slope = run(array, k)
        wanted = [array[:k], array[k:, 1], array[..., k:-1], array[None, :k, ::2], array[-k:]]
        for got, w in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(np.asarray(got), w)
        expected = np.zeros_like(array)
        expected[1:k] = 2 * array[1:k]
        np.testing.assert_array_equal(np.asarray(slope), expected)
    with pytest.raises(ArgumentError, match="no step"):
        x[:n:2]


def test_repetitions_and_index_vectors_that_a_program_knows_when_it_runs() -> None:
    x, times = placeholder("float32", (None, 2)), placeholder("int64", (None,))
    rows = tiling.repeat(x, times, axis=0)
    assert rows.shape == (None, 2)
    values = np.array([[1, 2], [3, 4], [5, 6]], "float32")
    repeated = function([x, times], [rows, gradients(reduce.sum(rows * rows), x)])
    found, slope = repeated(values, np.array([2, 0, 1]))
    assert found.tolist() == [[1, 2], [1, 2], [5, 6]] and slope.tolist() == [[4, 8], [0, 0], [10, 12]]
    with pytest.raises(Exception, match="must be >= 0"):
        repeated(values, np.array([1, -1, 1]))
    places = placeholder("int32", (None, None))
    picked = function([x, places], index.gather_nd(x, index.of_all_axes(x, places)))
    assert picked(values, np.array([[0, 1], [2, 0]], "int32")).tolist() == [2, 5]
    with pytest.raises(Exception, match="expected 2, all axes of x"):
        picked(values, np.array([[0], [2]], "int32"))
