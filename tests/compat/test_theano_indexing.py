"""Theano's subtensors with symbolic bounds, steps and index arrays against NumPy's, read, added to and written."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.theano as theano
import thalweg.compat.theano.tensor as T

A = np.arange(60.0).reshape(3, 4, 5)
i, j = T.iscalar("i"), T.iscalar("j")
rows, columns = T.ivector("rows"), T.ivector("columns")
VALUES: dict[Any, Any] = {i: 1, j: 3, rows: [0, 2], columns: [2, 0]}


@pytest.mark.parametrize("step", [1, 2, 3, -1, -2, -7])
@pytest.mark.parametrize("start", [None, -9, -2, 0, 3, 9])
@pytest.mark.parametrize("stop", [None, -9, -2, 0, 3, 9])
def test_slices_with_symbolic_steps(start: Any, stop: Any, step: int) -> None:
    x = T.dvector()
    given = [T.iscalar() if b is not None else None for b in (start, stop)]
    key = slice(given[0], given[1], j)
    inputs = [x, j, *(b for b in given if b is not None)]
    f = theano.function(inputs, [x[key], T.set_subtensor(x[key], -1.0)])
    wanted = np.arange(5.0)
    taken, written = f(wanted, step, *(b for b in (start, stop) if b is not None))
    np.testing.assert_array_equal(taken, wanted[start:stop:step])
    wanted[start:stop:step] = -1.0
    np.testing.assert_array_equal(written, wanted)


def test_a_symbolic_step_of_0() -> None:
    x = T.dvector()
    with pytest.raises(ValueError, match="zero"):
        theano.function([x, j], x[::j])(np.ones(3), 0)


KEYS: list[tuple[Any, ...]] = [
    (rows, slice(1, 3)), (slice(1, 3), rows), (slice(1, 3), slice(None), rows), (rows, slice(None), slice(1, 3)),
    (rows, slice(1, 3), columns), (slice(i, j), rows, columns), (rows, columns, slice(i, None)),
    (slice(None, i), slice(None, None, -1), slice(None, None, i)), (i, slice(1, j), rows), (rows, slice(i, j), 1),
    (slice(None), rows, slice(1, 4)), (Ellipsis, slice(i, j)), (rows, slice(None), columns), (1, slice(i, j)),
]  # fmt: skip


def plain(part: Any) -> Any:
    if isinstance(part, slice):
        return slice(*(plain(b) for b in (part.start, part.stop, part.step)))
    return VALUES[part] if isinstance(part, T.TensorVariable) else part


@pytest.mark.parametrize("key", KEYS, ids=lambda key: repr(tuple(map(plain, key))))
def test_parts_are_read_added_to_and_written(key: Any) -> None:
    x = T.dtensor3()
    part = x[key]
    added, written = T.inc_subtensor(part, part + 1), T.set_subtensor(part, 2.0 * part)
    slope = theano.grad((added * written).sum(), x)
    f = theano.function([x, *VALUES], [part, added, written, slope], on_unused_input="ignore")
    found = f(A, *VALUES.values())
    at = tuple(plain(p) for p in key)
    more, twice, down = A.copy(), A.copy(), 2 * A
    more[at] += A[at] + 1
    twice[at] *= 2
    down[at] = 2 * more[at] + 2 * twice[at]
    for got, wanted in zip(found, [A[at], more, twice, down], strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_list_of_slices_is_a_tuple() -> None:
    x = T.dmatrix()
    found = x[[slice(None), slice(None, None, -1)]].eval({x: A[0]})
    np.testing.assert_array_equal(found, A[0, :, ::-1])
    np.testing.assert_array_equal(x[[slice(1, -1)] * 2].eval({x: A[0]}), A[0, 1:-1, 1:-1])


def test_axes_that_a_key_with_new_axes_does_not_name() -> None:
    """Broadcastable ones are dropped, as the attention of many translation programs has it."""
    x = T.dmatrix()
    ones = T.alloc(1.0, x.shape[0], 1)
    assert ones[:, None].broadcastable == (False, True) and T.alloc(1.0, 1, 1)[None].ndim == 1
    assert ones[:, None, :].ndim == 3 and ones[..., None].ndim == 3 and x[:, None].ndim == 3
    np.testing.assert_array_equal((ones[:, None] * x).eval({x: A[0]}), A[0])


def test_bounds_that_are_none_or_no_integers() -> None:
    x, real = T.dvector(), T.dscalar()
    np.testing.assert_array_equal(x[T.NoneConst : j : None].eval({x: A[0, 0], j: 2}), [0.0, 1.0])
    np.testing.assert_array_equal(x[:2.0].eval({x: A[0, 0]}), [0.0, 1.0])
    for key in (slice(real), slice(None, x), slice(None, 2**63), 1.5):
        with pytest.raises(TypeError):
            x[key]


# --- indices beyond the end -----------------------------------------------------------------------------------------


def test_arguments_beyond_the_axis_they_index_are_an_error() -> None:
    words, labels, x = T.ivector(), T.lvector(), T.dmatrix()
    table = theano.shared(np.eye(4))
    p = T.nnet.softmax(T.dot(x, table))
    loss = -T.log(p)[T.arange(labels.shape[0]), labels].mean()
    train = theano.function([x, labels], loss, updates=[(table, table - T.grad(loss, table))])
    look_up = theano.function([words], table[words])
    with pytest.raises(IndexError, match="index 4 is out of bounds for axis 1 with size 4"):
        train(np.ones((2, 4)), [1, 4])
    with pytest.raises(IndexError, match="index -5 is out of bounds for axis 0"):
        look_up([-5])
    np.testing.assert_array_equal(table.get_value(), np.eye(4))
    np.testing.assert_array_equal(look_up([-4]), np.eye(4)[:1])
    table.set_value(np.eye(9))
    assert look_up([8]).shape == (1, 9)


def test_the_axis_of_another_argument() -> None:
    x = T.dmatrix()
    f = theano.function([x, i], x[:, i])
    np.testing.assert_array_equal(f(np.eye(3), 2), [0.0, 0.0, 1.0])
    with pytest.raises(IndexError, match="index 3 is out of bounds for axis 1 with size 3"):
        f(np.eye(3), 3)


def test_a_branch_that_is_not_taken_may_index_beyond_the_end() -> None:
    x = T.dvector()
    f = theano.function([x, i], theano.ifelse.ifelse(T.lt(i, x.shape[0]), x[i], -T.ones(())))
    assert f(np.ones(3), 2) == 1.0 and f(np.ones(3), 7) == -1.0


V = np.arange(4.0)
BEYOND: dict[str, Any] = {
    "a number": lambda x, k, many: x[k[0] + 1],
    "a number below 0": lambda x, k, many: x[k[0] - 8],
    "a vector": lambda x, k, many: x[many * 2],
    "of a computed array": lambda x, k, many: (x * 2)[many + 2],
    "counted": lambda x, k, many: (x * 2)[T.arange(k[0] + 2)],
    "a list": lambda x, k, many: x[1:][[0, 3]],
    "take": lambda x, k, many: T.take(x, many + 2),
    "set": lambda x, k, many: T.set_subtensor(x[many + 2], 1.0),
    "inc": lambda x, k, many: T.inc_subtensor(x[k[0] + 1], 1.0),
    "classes": lambda x, k, many: T.extra_ops.to_one_hot(many, 2),
    "elements": lambda x, k, many: theano.map(lambda a: x[a + 2], many)[0],
    "whole sequence": lambda x, k, many: theano.map(lambda a: x[a], many * 2)[0],
    "carried": lambda x, k, many: theano.scan(
        lambda a: a + 1 + 0 * T.cast(x[a], "int32"), outputs_info=k[0], n_steps=2
    )[0],
    "written in a loop": lambda x, k, many: theano.foldl(lambda a, y: T.inc_subtensor(y[a + 2], 1.0), many, x)[0],
    "in a loop in a loop": lambda x, k, many: theano.map(
        lambda a: theano.map(lambda b: x[a + b], many)[0].sum(), many
    )[0],
}  # fmt: skip


@pytest.mark.parametrize("indexed", BEYOND.values(), ids=BEYOND)
def test_computed_indices_beyond_the_axis_are_an_error(indexed: Any) -> None:
    x, k, many = T.dvector("x"), T.ivector("k"), T.ivector("many")
    kept = theano.shared(0.0)
    f = theano.function(
        [x, k, many], indexed(x, k, many), updates=[(kept, kept + 1)], on_unused_input="ignore"
    )
    with pytest.raises(IndexError, match=r"out of bounds|beyond axis"):
        f(V, [3], [1, 2])
    assert kept.get_value() == 0.0


def test_computed_indices_that_fit() -> None:
    x, k, many = T.dvector("x"), T.ivector("k"), T.ivector("many")
    for name, indexed in BEYOND.items():
        f = theano.function([x, k, many], indexed(x, k, many), on_unused_input="ignore")
        found = f(np.arange(9.0), [3], [1, 0])
        wanted = {"elements": [3.0, 2.0], "carried": [4, 5], "in a loop in a loop": [3.0, 1.0]}
        if name in wanted:
            np.testing.assert_array_equal(found, wanted[name])


def test_gradients_pass_loops_whose_indices_are_looked_at() -> None:
    x, many = T.dvector("x"), T.ivector("many")
    y = theano.map(lambda a: x[a + 1] ** 2, many)[0]
    f = theano.function([x, many], [y, theano.grad(y.sum(), x)])
    for got, wanted in zip(f(V, [0, 0, 2]), [[1.0, 1.0, 9.0], [0.0, 4.0, 0.0, 6.0]], strict=True):
        np.testing.assert_array_equal(got, wanted)
    with pytest.raises(IndexError):
        f(V, [0, 3])


def test_classes_beyond_the_last_are_an_error() -> None:
    x, y = T.dmatrix(), T.ivector()
    loss = T.nnet.categorical_crossentropy(T.nnet.softmax(x), y)
    f = theano.function([x, y], loss)
    np.testing.assert_allclose(f(np.zeros((1, 4)), [3]), np.log(4.0))
    for wrong in (4, -1):
        with pytest.raises(ValueError, match="out of bounds"):
            f(np.zeros((1, 4)), [wrong])


def test_an_index_of_which_only_the_shape_is_read() -> None:
    x, many = T.dvector(), T.ivector()
    f = theano.function([x, many], x[many + 9].shape[0])
    assert f(V, [1, 2, 3]) == 3


def test_every_write_to_one_place_receives_its_gradient() -> None:
    """As Theano 1.0.5 has it, also where a later write replaced an earlier one."""
    x, many, y = T.dvector(), T.ivector(), T.dvector()
    written = T.set_subtensor(x[many], y)
    slopes = theano.grad((written**2 * np.arange(1.0, 5.0)).sum(), [x, y])
    f = theano.function([x, many, y], [written, *slopes])
    found = f(V, [1, 1, 2], [5.0, 6.0, 7.0])
    wanted: list[Any] = [[0, 6, 7, 3], [0, 0, 0, 24], [24, 24, 42]]
    for got, expected in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(got, expected)


# --- ties -----------------------------------------------------------------------------------------------------------


def test_every_largest_element_receives_the_whole_gradient() -> None:
    x = T.dmatrix()
    given = np.array([[1.0, 1.0, 0.0], [2.0, 3.0, 3.0]])
    for extreme, best in ((T.max, np.max), (T.min, np.min)):
        for axis in (None, 0, 1, (0, 1)):
            slope = theano.grad(extreme(x, axis=axis).sum(), x).eval({x: given})
            np.testing.assert_array_equal(slope, given == best(given, axis, keepdims=True))


def test_every_largest_element_of_a_window_receives_the_whole_gradient() -> None:
    x = T.dtensor4()
    pooled = T.signal.pool.pool_2d(x, (2, 2), ignore_border=True, stride=(1, 1))
    slope = theano.grad(pooled.sum(), x).eval({x: np.ones((1, 1, 3, 3))})
    np.testing.assert_array_equal(slope[0, 0], [[1, 2, 1], [2, 4, 2], [1, 2, 1]])


def test_a_softmax_written_out_is_stable_still() -> None:
    x = T.dmatrix()
    e = T.exp(x - x.max(axis=1, keepdims=True))
    p = T.log(e / e.sum(axis=1, keepdims=True))
    assert p.eval({x: np.array([[0.0, -2000.0]])}).tolist() == [[0.0, -2000.0]]


# --- indices in shared variables ------------------------------------------------------------------------------------


def test_labels_in_a_shared_variable_are_looked_at_when_it_changes() -> None:
    labels, table = shared_of([0.0, 1.0, 2.0, 3.0]), shared_of(np.arange(12.0).reshape(4, 3))
    y, k = T.ivector(), T.iscalar()
    f = theano.function([k], table[y], givens={y: T.cast(labels, "int32")[k : k + 2]})
    np.testing.assert_array_equal(f(1), np.arange(3.0, 9.0).reshape(2, 3))
    labels.set_value([0.0, 1.0, 5.0, 3.0])
    np.testing.assert_array_equal(f(0), np.arange(6.0).reshape(2, 3))  # a part that fits
    with pytest.raises(IndexError):
        f(1)
    labels.set_value([3.0] * 4)
    np.testing.assert_array_equal(f(0), [[9.0, 10.0, 11.0]] * 2)
    theano.function([], [], updates=[(labels, labels + 1)])()
    with pytest.raises(IndexError):
        f(1)
    table.set_value(np.zeros((9, 3)))
    assert f(0).sum() == 0.0
    table.set_value(np.zeros((2, 3)))
    with pytest.raises(IndexError):
        f(1)


def shared_of(values: Any) -> Any:
    return theano.shared(np.asarray(values))
