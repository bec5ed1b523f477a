"""Variables: their value, reads that do not change, assignment, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg.errors import ShapeError, UninitializedError
from thalweg.gradient import gradients
from thalweg.graph.tensor import Variable, constant, placeholder
from thalweg.ops import elementwise as ew


def test_value_dtype_and_name() -> None:
    w = Variable([1.0, 2.0], name="w")
    assert (w.shape, w.dtype.name, w.name, w.trainable, w.label()) == (
        (2,),
        "float32",
        "w",
        True,
        "variable 'w'",
    )
    assert Variable(1.0, dtype="float64", trainable=False).dtype.name == "float64"
    assert Variable(lambda: np.zeros((2, 2))).shape == (2, 2)
    assert Variable(constant([1, 2])).tolist() == [1, 2]


def test_the_array_given_is_copied() -> None:
    source = np.zeros(2)
    w = Variable(source)
    source[:] = 9
    assert w.tolist() == [0.0, 0.0]
    got = w.get_value()
    got[:] = 9
    assert w.tolist() == [0.0, 0.0]


def test_assignments() -> None:
    w = Variable([1.0, 2.0])
    w.assign([3.0, 4.0])
    w.assign_add([1.0, 1.0])
    w.assign_sub(2.0 * w)
    assert w.tolist() == [-4.0, -5.0]
    w.set_value(np.array([7, 8]))
    assert (w.dtype.name, w.tolist()) == ("float32", [7.0, 8.0])


def test_what_was_read_does_not_change() -> None:
    w = Variable([1.0])
    before = w.read()
    y = w * 2
    w.assign([5.0])
    assert (before.tolist(), y.tolist(), (w * 2).tolist()) == ([1.0], [2.0], [10.0])


def test_gradient_is_at_the_value_that_was_read() -> None:
    w = Variable(3.0)
    y = w * w
    w.assign(10.0)
    assert gradients(y, w).item() == 6.0


def test_values_that_do_not_fit() -> None:
    w = Variable([1.0, 2.0], name="w")
    with pytest.raises(ShapeError, match=r"variable 'w'.*expected \[2\].*received \[3\]"):
        w.assign([1.0, 2.0, 3.0])
    with pytest.raises(ShapeError, match="does not fit"):
        w.set_value([[1.0, 2.0]])


def test_loose_shapes() -> None:
    w = Variable(np.zeros((2, 3)), shape=[None, 3])
    w.assign(np.ones((5, 3)))
    assert w.array().shape == (5, 3)


def test_integers_are_truncated_when_assigned_from_floats() -> None:
    w = Variable([1, 2])
    w.assign(constant([1.7, -1.7]))
    assert w.tolist() == [1, -1]


def test_a_variable_without_a_value() -> None:
    w = Variable(placeholder("float32", [2]), name="w")
    with pytest.raises(UninitializedError, match=r"variable 'w' has no value"):
        w.get_value()
    with pytest.raises(UninitializedError, match="run its initialisation"):
        w.numpy()
    assert ew.exp(w).is_symbolic
