"""What research programs of 2016 to 2019 need beside the usual names."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run

pytestmark = pytest.mark.usefixtures("new_graph")

tf1: Any = tf
nest: Any = tf1.nest
_START = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


# --- parts of variables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [  # numbers that TensorFlow 2.21's tf.compat.v1 gives
        (lambda w, i: w[0].assign([7.0, 8.0, 9.0]), [[7, 8, 9], [4, 5, 6]]),
        (lambda w, i: tf1.assign(w[0], [7.0, 8.0, 9.0]), [[7, 8, 9], [4, 5, 6]]),
        (lambda w, i: tf1.assign(w[i, :], [7.0, 8.0, 9.0]), [[1, 2, 3], [7, 8, 9]]),
        (lambda w, i: tf1.assign(w[:, 1], [7.0, 8.0]), [[1, 7, 3], [4, 8, 6]]),
        (lambda w, i: tf1.assign(w[0:1, 1:], [[7.0, 8.0]]), [[1, 7, 8], [4, 5, 6]]),
        (lambda w, i: tf1.assign(w[0, 2], 7.0), [[1, 2, 7], [4, 5, 6]]),
    ],
)
def test_a_part_of_a_variable_is_assigned(assigned: Any, expected: list[list[int]]) -> None:
    w, i = tf1.get_variable("w", initializer=_START), tf1.get_variable("i", initializer=1)
    node = assigned(w, i)
    with tf1.Session() as sess:
        sess.run(tf1.global_variables_initializer())
        assert sess.run(node).tolist() == expected
        assert sess.run(w).tolist() == expected


def test_what_is_no_part_of_a_variable_is_not_assigned() -> None:
    w = tf1.get_variable("w", initializer=_START)
    with pytest.raises(TypeError, match="expected a variable or a part of one"):
        tf1.assign(w * 2, _START)


# --- nested structures -----------------------------------------------------------------------------------------------


class _Pair(collections.namedtuple("_Pair", "x y")):
    pass


@pytest.mark.parametrize(
    ("first", "second", "error"),
    [
        ([1.0], (1.0,), TypeError),
        ([1.0], [1.0, 2.0], ValueError),
        (_Pair(1, 2), (1, 2), TypeError),
        (1, [1], ValueError),
        ({"a": 1}, {"b": 2}, ValueError),
        ([(1,)], [[1]], TypeError),
    ],
)
def test_structures_of_other_types_are_not_the_same(first: Any, second: Any, error: Any) -> None:
    with pytest.raises(error, match="two structures don't have the same"):
        nest.assert_same_structure(first, second)


def test_structures_of_one_type_are_the_same() -> None:
    nest.assert_same_structure(collections.OrderedDict(a=1), {"a": 2})
    nest.assert_same_structure([1], (1,), check_types=False)
    nest.assert_same_structure(_Pair(1, [2]), _Pair(3, [4]))


def test_a_structure_is_flattened_as_far_as_another_goes() -> None:
    assert nest.flatten_up_to([0, (0, 0)], [[1, 2], (3, [4])]) == [[1, 2], 3, [4]]
    assert nest.flatten_up_to({"b": 0, "a": 0}, {"a": [1], "b": [2]}) == [[1], [2]]
    made = nest.map_structure_up_to(_Pair(0, 0), lambda x, y: (x, y), _Pair(1, [2]), _Pair(3, 4))
    assert made == _Pair((1, 3), ([2], 4))
    for shallow, deep, error in [([0], 1, TypeError), ([0, 0], [1], ValueError), ([0, 0], (1, 2), TypeError)]:
        with pytest.raises(error):
            nest.flatten_up_to(shallow, deep)


# --- loops and sections ----------------------------------------------------------------------------------------------


def test_gradients_of_a_vectorized_map_reach_what_its_elements_were_made_of() -> None:
    w = tf1.get_variable("w", initializer=[1.0, 2.0])
    data = tf1.constant([[3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [-1.0, 0.0]])
    losses = 0.5 * tf1.reduce_sum(tf1.squared_difference(data, w), 1)
    made = run(tf1.vectorized_map(lambda loss: tf1.gradients(loss, w)[0], losses))
    assert made.tolist() == [
        [-2.0, -2.0],
        [-4.0, -4.0],
        [-6.0, -6.0],
        [2.0, 2.0],
    ]  # as TensorFlow 2.21 has it


def test_a_critical_section_runs_its_function() -> None:
    v = tf1.Variable(1.0)
    node = tf1.CriticalSection().execute(lambda: tf1.assign_add(v, 2.0))
    with tf1.Session() as sess:
        sess.run(v.initializer)
        assert [float(sess.run(node)) for _ in range(2)] == [3.0, 5.0]


# --- names and forms -------------------------------------------------------------------------------------------------


def test_a_default_of_any_shape_is_fed_by_others() -> None:
    x = tf1.placeholder_with_default(np.ones((2, 3), "float32"), None)
    total = tf1.reduce_sum(x)
    with tf1.Session() as sess:
        assert [float(sess.run(total)), float(sess.run(total, {x: np.ones((5, 3))}))] == [6.0, 15.0]


def test_conv2d_of_contrib_takes_every_rank() -> None:
    """Until 1.6 it was the convolution of any rank, and programs gave it sequences."""
    x = tf1.ones([2, 8, 1])
    made = tf1.contrib.layers.conv2d(x, 2, 2, 2, "SAME", activation_fn=tf1.nn.sigmoid)
    assert made.get_shape().as_list() == [2, 4, 2]
    assert [v.get_shape().as_list() for v in tf1.trainable_variables()] == [[2, 1, 2], [2]]


def test_inner_names() -> None:
    assert tf1.contrib.slim.layers.conv2d is tf1.contrib.layers.conv2d
    assert tf1.contrib.tpu.python.tpu.tpu_function.get_tpu_context().number_of_shards is None
    made = tf1.nn.rnn_cell.linear([tf1.ones([2, 3]), tf1.ones([2, 4])], 5, True)
    assert made.get_shape().as_list() == [2, 5]
