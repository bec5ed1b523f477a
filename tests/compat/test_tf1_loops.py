"""TensorFlow 1: what loops assign, and what a branch that is not taken leaves unread; numbers by TensorFlow 2.21."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def after(node: Any, *variables: Any, feed: Any = None, times: int = 1) -> Any:
    """What a node gives in the last of several runs, and what variables are then."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(times):
            made = session.run(node, feed)
        return [np.asarray(x).tolist() for x in (made, *session.run(list(variables)))]


def counted(body: Any, most: int = 3) -> Any:
    return tf.while_loop(lambda i: i < most, body, [tf.constant(0)])


def test_a_loop_adds_to_a_variable() -> None:
    v = tf.Variable(0.0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, 2.0)]):
            return tf.identity(i) + 1

    assert after(counted(body, 5), v, times=2) == [5, 20]


def test_a_loop_replaces_rows_and_reads_what_it_wrote() -> None:
    v, w = tf.Variable([0, 0, 0, 0]), tf.Variable(1.0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.scatter_update(v, [i], [i * 10]), tf.assign(w, w * 2.0)]):
            return i + 1

    assert after(counted(body, 4), v, w) == [4, [0, 10, 20, 30], 16]


def test_a_value_that_waits_for_an_assignment_is_the_new_one() -> None:
    v = tf.Variable(1.0, use_resource=True)

    def body(i: Any, total: Any) -> Any:
        new = tf.assign(v, v + 1.0)
        with tf.control_dependencies([new]):
            return i + 1, total + v.read_value()

    loop = tf.while_loop(lambda i, total: i < 3, body, [tf.constant(0), tf.constant(0.0)])
    assert after(loop[1], v) == [9, 4]


def test_a_condition_reads_what_the_body_assigns() -> None:
    v = tf.Variable(1.0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign(v, v * 3.0)]):
            return i + 1

    assert after(tf.while_loop(lambda i: v < 50.0, body, [tf.constant(0)]), v) == [4, 81]


def test_a_branch_in_a_loop_assigns_where_it_is_taken() -> None:
    v = tf.Variable(1.0)

    def body(i: Any) -> Any:
        op = tf.cond(tf.equal(i % 2, 0), lambda: tf.assign_add(v, 10.0), lambda: tf.identity(v))
        with tf.control_dependencies([op]):
            return i + 1

    assert after(counted(body, 5), v) == [5, 31]


def test_loops_in_loops_assign() -> None:
    v = tf.Variable(0)

    def inner(j: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, j)]):
            return j + 1

    def outer(i: Any) -> Any:
        with tf.control_dependencies([tf.while_loop(lambda j: j < 4, inner, [tf.constant(0)])]):
            return i + 1

    assert after(counted(outer), v) == [3, 18]


def test_what_nobody_waits_for_is_not_assigned() -> None:
    v = tf.Variable(1.0)

    def body(i: Any) -> Any:
        tf.assign_add(v, 1.0)
        return i + 1

    assert after(counted(body), v) == [3, 1]


def test_loops_do_not_fill_queues() -> None:
    queue = tf.FIFOQueue(10, "int32")

    def body(i: Any) -> Any:
        with tf.control_dependencies([queue.enqueue([i])]):
            return i + 1

    with pytest.raises(NotImplementedError, match="queues"):
        counted(body)


# --- branches ---------------------------------------------------------------------------------------------------------


def taken(node: Any, p: Any, sides: list[bool], *before: Any) -> list[Any]:
    with tf.Session() as session:
        session.run(list(before))
        return [np.asarray(session.run(node, {p: side})).tolist() for side in sides]


def test_a_queue_is_read_in_the_branch_that_is_taken() -> None:
    queue, p = tf.FIFOQueue(10, "int32"), tf.placeholder("bool")
    fill = queue.enqueue_many([[1, 2, 3]])
    node = tf.cond(p, lambda: queue.dequeue(), lambda: tf.constant(-1))
    assert taken(node, p, [False, True, False, True], fill) == [-1, 1, -1, 2]


def test_each_iterator_goes_on_where_its_branch_is_taken() -> None:
    p = tf.placeholder("bool")
    few = tf.data.Dataset.from_tensor_slices(np.arange(9.0)).batch(2).make_one_shot_iterator()
    many = tf.data.Dataset.from_tensor_slices(np.arange(100.0, 112.0)).batch(3).make_one_shot_iterator()
    node = tf.cond(p, few.get_next, many.get_next)
    expected = [[100, 101, 102], [0, 1], [103, 104, 105], [2, 3], [4, 5]]
    assert taken(node, p, [False, True, False, True, True]) == expected


def test_branches_in_branches_read_where_both_are_taken() -> None:
    p, q = tf.placeholder("bool"), tf.placeholder_with_default(True, [])
    rows = tf.data.Dataset.range(5).make_one_shot_iterator()
    nothing = lambda: tf.constant(-1, "int64")
    node = tf.cond(p, lambda: tf.cond(q, rows.get_next, nothing), nothing)
    with tf.Session() as session:
        asked = [(True, True), (True, False), (False, True), (True, True)]
        assert [int(session.run(node, {p: a, q: b})) for a, b in asked] == [0, -1, -1, 1]


def test_texts_of_a_branch_that_is_not_taken_are_not_read() -> None:
    p = tf.placeholder("bool")
    words = tf.data.Dataset.from_tensor_slices(["a", "b"]).make_one_shot_iterator()
    node = tf.cond(p, lambda: tf.string_to_number(tf.string_join(["1", "2"])), lambda: tf.constant(0.0))
    assert taken(node, p, [False, True]) == [0, 12]
    length = tf.cond(
        p, lambda: tf.size(tf.string_split([words.get_next()], "").values), lambda: tf.constant(0)
    )
    assert taken(length, p, [False, True, True]) == [0, 1, 1]


# --- diagonals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [(3, 3), (2, 3), (3, 2)])
def test_diagonals_are_set_at_open_lengths(form: tuple[int, int]) -> None:
    x, d = tf.placeholder("float32", [None, None]), tf.placeholder("float32", [None])
    node = tf.linalg.set_diag(x, d)
    slopes = tf.gradients(tf.reduce_sum(node * node), [x, d])
    given = np.ones(form), np.arange(1.0, 1 + min(form))
    expected = given[0].copy()
    np.fill_diagonal(expected, given[1])
    with tf.Session() as session:
        made, (by_x, by_d) = session.run([node, slopes], {x: given[0], d: given[1]})
    assert made.tolist() == expected.tolist() and by_d.tolist() == (2 * given[1]).tolist()
    assert by_x.tolist() == (2.0 * (1 - np.eye(*form))).tolist()


def test_checks_and_groups_in_a_loop_do_no_harm() -> None:
    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.no_op(), tf.group(tf.no_op()), tf.Assert(i < 9, [i])]):
            return tf.identity(i + 1)

    assert after(counted(body)) == [3]


# --- names, as TensorFlow 1.15 gives them -----------------------------------------------------------------------------


def test_loops_and_branches_have_scopes() -> None:
    i = tf.constant(0)
    loop = lambda **named: tf.while_loop(
        lambda i, j: i < 3, lambda i, j: (i + 1, j), [i, tf.identity(i)], **named
    )
    assert [t.name for t in loop()] == ["while/Exit:0", "while/Exit_1:0"]
    assert [t.name for t in loop(name="again")] == ["again/Exit:0", "again/Exit_1:0"]
    with tf.name_scope("a"):
        assert loop()[0].name == "a/while/Exit:0"
    assert tf.cond(i < 2, lambda: i, lambda: i + 1).name == "cond/Merge:0"
    assert tf.cond(i < 2, lambda: i, lambda: i + 1, name="pick").name == "pick/Merge:0"
    assert tf.case([(i < 1, lambda: i), (i < 2, lambda: i + 1)], lambda: i + 5).name == "case/cond/Merge:0"
    tf.cond(i < 2, lambda: tf.get_variable("shared", [1]), lambda: tf.Variable([1.0], name="own"))
    assert [v.name for v in tf.global_variables()] == ["shared:0", "cond_1/own:0"]
    assert tf.cond(i < 2, tf.no_op, tf.no_op).name == "cond_2/Merge:0"


def test_a_loop_that_assigns_has_one_scope() -> None:
    total = tf.Variable(0)

    def body(i: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(total, i)]):
            return tf.identity(i) + 1

    node = tf.while_loop(lambda i: i < 4, body, [1])
    assert node.name == "while/Exit:0" and after(node, total) == [4, 6]
    assert tf.while_loop(lambda i: i < 2, lambda i: i + 1, [0]).name == "while_1/Exit:0"


def test_eigenvalues_and_vectors_are_a_tuple() -> None:
    for asked in (tf.self_adjoint_eig, tf.linalg.eigh):
        made = asked(tf.constant([[2.0, 0.0], [0.0, 3.0]]))
        assert type(made) is tuple
        with tf.Session() as session:
            found = session.run(made)
        assert type(found) is tuple and found[0].tolist() == [2, 3]
