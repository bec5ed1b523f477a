"""TensorFlow 1: sparse tensors with wrong places, and tensors whose rank a run knows; numbers by TensorFlow 2.21."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


DENSE = np.arange(12, dtype=np.float32).reshape(3, 4)
OPS: dict[str, Callable[[Any], Any]] = {
    "dense": tf.sparse_tensor_to_dense,
    "product": lambda x: tf.sparse_tensor_dense_matmul(x, DENSE),
    "turned": lambda x: tf.sparse_tensor_dense_matmul(x, DENSE[:2], adjoint_a=True),
    "sum": lambda x: tf.sparse_reduce_sum(x, 1),
    "most": lambda x: tf.sparse_reduce_max(x, 1),
    "softmax": lambda x: tf.sparse_softmax(x).values,
    "added": lambda x: tf.sparse_add(x, np.ones((2, 3), np.float32)),
    "times": lambda x: (x * np.ones((2, 3), np.float32)).values,
    "both": lambda x: tf.sparse_maximum(x, x).values,
    "blocks": lambda x: tf.sparse_split(sp_input=x, num_split=2, axis=0)[1].values,
}


def given(places: Any, fed: bool) -> tuple[Any, dict[Any, Any]]:
    """[1, 2] at these places of [2, 3]."""
    if not fed:
        return tf.SparseTensor(places, [1.0, 2.0], [2, 3]), {}
    x = tf.sparse_placeholder(tf.float32)
    return x, {x: (np.array(places), np.array([1, 2], "float32"), np.array([2, 3]))}


@pytest.mark.parametrize("fed", [False, True])
@pytest.mark.parametrize("places", [[[0, 1], [2, 0]], [[0, 1], [1, 3]], [[0, -1], [1, 2]]])
@pytest.mark.parametrize("op", OPS)
def test_places_outside_the_shape_are_refused(op: str, places: Any, fed: bool) -> None:
    x, feed = given(places, fed)
    with (
        tf.Session() as session,
        pytest.raises(tf.errors.InvalidArgumentError, match=r"in the shape \(2, 3\)"),
    ):
        session.run(OPS[op](x), feed)


@pytest.mark.parametrize("fed", [False, True])
def test_places_out_of_order_are_refused_where_they_must_be_in_order(fed: bool) -> None:
    x, feed = given([[1, 0], [0, 1]], fed)
    again, feed_again = given([[0, 1], [0, 1]], fed)
    with tf.Session() as session:
        with pytest.raises(tf.errors.InvalidArgumentError, match="out of order"):
            session.run(tf.sparse_tensor_to_dense(x), feed)
        with pytest.raises(tf.errors.InvalidArgumentError, match="repeated"):
            session.run(tf.sparse_tensor_to_dense(again), feed_again)
        loose = tf.sparse_tensor_to_dense(x, validate_indices=False)
        assert session.run(loose, feed).tolist() == [[0, 2, 0], [1, 0, 0]]
        assert session.run(tf.sparse_reduce_sum(again, 1), feed_again).tolist() == [3, 0]
        assert session.run(tf.sparse_reduce_max(again, 1), feed_again).tolist() == [2, 0]
        summed = tf.sparse_add(again, np.ones((2, 3), np.float32))
        assert session.run(summed, feed_again).tolist() == [[1, 4, 1], [1, 1, 1]]


def test_sparse_tensors_of_a_rank_that_is_fed() -> None:
    x, feed = given([[0, 1], [1, 2]], True)
    with tf.Session() as session:
        assert session.run(tf.sparse_reduce_sum(x, 1), feed).tolist() == [1, 2]
        assert session.run(tf.sparse_reduce_max(x, 0), feed).tolist() == [0, 1, 2]
        assert session.run(x * DENSE[:2, :3], feed).values.tolist() == [1, 12]
        turned = session.run(tf.sparse_transpose(x), feed)
        assert turned.indices.tolist() == [[1, 0], [2, 1]]
        assert turned.dense_shape.tolist() == [3, 2]
        second = session.run(tf.sparse_split(sp_input=x, num_split=2, axis=0)[1], feed)
        assert (second.indices.tolist(), second.values.tolist()) == ([[0, 2]], [2])


def test_the_larger_and_the_smaller_at_each_place() -> None:
    a = tf.SparseTensor([[0, 0], [1, 2]], [1.0, -2.0], [2, 3])
    b = tf.SparseTensor([[0, 0], [0, 1]], [3.0, -1.0], [2, 3])
    with tf.Session() as session:
        more, less = session.run([tf.sparse_maximum(a, b), tf.sparse_minimum(a, b)])
    assert more.indices.tolist() == less.indices.tolist() == [[0, 0], [0, 1], [1, 2]]
    assert (more.values.tolist(), less.values.tolist()) == ([3, 0, 0], [1, -1, -2])


def test_softmax_of_large_values() -> None:
    x = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [1000.0, 1000.0, -1000.0], [2, 2])
    with tf.Session() as session:
        assert session.run(tf.sparse_softmax(x)).values.tolist() == [0.5, 0.5, 1]


def test_rows_without_ids_are_zero() -> None:
    ids = tf.SparseTensor([[0, 0], [0, 1], [2, 0], [2, 1]], np.array([1, 2, -1, 0]), [4, 2])
    with tf.Session() as session:
        made = session.run(tf.nn.safe_embedding_lookup_sparse([tf.constant(DENSE)], ids))
        np.testing.assert_allclose(made, [DENSE[1:].mean(0), 0 * DENSE[0], DENSE[0], 0 * DENSE[0]])
        other = session.run(
            tf.contrib.layers.safe_embedding_lookup_sparse([tf.constant(DENSE)], ids, default_id=2)
        )
        np.testing.assert_allclose(other, [DENSE[1:].mean(0), DENSE[2], DENSE[0], DENSE[2]])


def test_a_shape_that_is_reset_holds_the_old_one() -> None:
    x, feed = given([[0, 1], [1, 2]], True)
    with tf.Session() as session:
        assert session.run(tf.sparse_reset_shape(x, [5, 5]), feed).dense_shape.tolist() == [5, 5]
        with pytest.raises(tf.errors.InvalidArgumentError):
            session.run(tf.sparse_reset_shape(x, [1, 5]), feed)


def test_ids_beyond_the_vocabulary_are_refused() -> None:
    ids = tf.SparseTensor([[0, 0], [1, 1]], np.array([1, 7]), [2, 3])
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError, match="in the shape"):
        session.run(tf.sparse_to_indicator(ids, 5))


# --- ranks that values decide -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "hits"), [([0, 1, 0], 1), ([0, 1, 1], [1, 2]), ([0, 0, 0], [])])
def test_places_squeezed(x: Any, hits: Any) -> None:
    node = tf.placeholder(tf.int32, [None])
    found = tf.squeeze(tf.where(node > 0))
    with tf.Session() as session:
        assert session.run(found, {node: x}).tolist() == hits
        assert session.run(found + 1, {node: x}).tolist() == (np.array(hits, int) + 1).tolist()
        assert (
            session.run(tf.gather(node, found), {node: x}).tolist()
            == np.array(x)[np.array(hits, int)].tolist()
        )


def test_what_follows_a_squeezed_choice() -> None:
    x, w = tf.placeholder(tf.float32, [None, 2]), tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    rows = tf.reshape(tf.squeeze(tf.boolean_mask(x, x[:, 0] > 0)), [-1, 2])
    product = tf.matmul(rows, w)
    with tf.Session() as session:
        session.run(w.initializer)
        made, back = session.run([tf.gradients(product, [w, x]), product], {x: [[1, 2], [-1, 2]]})
        assert [part.tolist() for part in made] == [[[1, 1], [2, 2]], [[3, 7], [0, 0]]]
        assert back.tolist() == [[7, 10]]


def test_maps_and_folds_of_a_tensor_of_unknown_rank() -> None:
    x, v = tf.placeholder(tf.float32), tf.Variable(2.0)
    feed: Any = {x: [[1, 2], [3, 4]]}
    made = {
        "scaled": tf.map_fn(lambda row: row * v, x),
        "sums": tf.map_fn(tf.reduce_sum, x),
        "running": tf.scan(lambda a, row: a + row, x),
        "total": tf.foldl(lambda a, row: a + tf.reduce_sum(row), x, initializer=0.0),
        "back": tf.foldr(lambda a, row: a - row, x),
    }
    with tf.Session() as session:
        session.run(v.initializer)
        found = {name: t.tolist() for name, t in session.run(made, feed).items()}
        assert found == {
            "scaled": [[2, 4], [6, 8]], "sums": [3, 7], "running": [[1, 2], [4, 6]], "total": 10, "back": [2, 2],
        }  # fmt: skip
        assert session.run(tf.gradients(made["scaled"], [v, x])[0], feed) == 10
        with tf.control_dependencies([v.assign(10.0)]):
            later = tf.map_fn(lambda row: row * v.read_value(), x)
        assert session.run(later, feed).tolist() == [[10, 20], [30, 40]]


def test_draws_whose_shape_a_run_knows() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    with tf.Session() as session:
        made = session.run(
            [tf.random_gamma(tf.shape(x)[:1], 2.0), tf.random_gamma([4], x), tf.random_poisson(x, [5])],
            {x: np.ones((3, 2))},
        )
    assert [part.shape for part in made] == [(3,), (4, 3, 2), (5, 3, 2)]
