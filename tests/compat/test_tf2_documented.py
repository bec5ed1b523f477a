"""TensorFlow 2's functions as its documentation shows them: the numbers are TensorFlow's own."""

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf2 as second

tf: Any = second


def plain(made):
    if isinstance(made, (list, tuple)):
        return [plain(part) for part in made]
    if isinstance(made, tf.SparseTensor):
        return plain(tf.sparse.to_dense(made))
    if isinstance(made, tf.RaggedTensor):
        return made.to_list()
    found = np.asarray(made)
    return found.astype(np.float64).round(4).tolist() if found.dtype.kind == "f" else found.tolist()


def sparse(rows, dtype=np.float32):
    return tf.sparse.from_dense(np.array(rows, dtype))


DOCUMENTED: dict[str, Any] = {
    "quotient of 1 and 0": (lambda: tf.math.xdivy([0.0, 1.0, 3.0], [0.0, 0.0, 2.0]), [0.0, np.inf, 1.5]),
    "conjugated": (lambda: tf.math.imag(tf.transpose(tf.complex([[1.0]], [[2.0]]), conjugate=True)), [[-2.0]]),
    "counts with weights": (
        lambda: tf.math.bincount([1, 1, 3, 4, 4, 5], weights=tf.constant([1, 5, 0, 1, 8, 5])),
        [0, 6, 0, 0, 9, 5],
    ),
    "counts by rows": (lambda: tf.math.bincount([[1, 1], [2, 0]], axis=-1), [[0, 2, 0], [1, 0, 1]]),
    "counts up to": (lambda: tf.math.bincount([0, 7, 1], maxlength=3), [1, 1, 0]),
    "occurs": (lambda: tf.math.bincount([2, 2], binary_output=True), [0, 0, 1]),
    "places in rows": (
        lambda: tf.searchsorted(
            [[0.0, 3.0, 8.0, 9.0, 10.0], [1.0, 2.0, 3.0, 4.0, 5.0]], [[9.8, 2.1, 4.3], [0.1, 6.6, 4.5]]
        ),
        [[4, 1, 2], [0, 5, 4]],
    ),
    "sparse softmax of large scores": (
        lambda: tf.sparse.softmax(sparse([[[1000.0, 0.0], [999.0, 1000.0]]])),
        [[[1.0, 0.0], [0.2689, 0.7311]]],
    ),
    "rows filled to a shape": (
        lambda: tf.ragged.constant([[9, 8, 7], [], [6, 5], [4]]).to_tensor(shape=[5, 2]),
        [[9, 8], [0, 0], [6, 5], [4, 0], [0, 0]],
    ),
    "bytes in rows": (lambda: tf.io.decode_raw(tf.constant([["1"], ["2"]]), tf.uint8), [[[49]], [[50]]]),
    "glimpse from a place": (
        lambda: tf.image.extract_glimpse(
            np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1), (2, 2), [[1.0, 1.0]], False, False
        ),
        [[[[4.0], [5.0]], [[7.0], [8.0]]]],
    ),
    "glimpse around the middle": (
        lambda: tf.image.extract_glimpse(
            np.arange(49, dtype=np.float32).reshape(1, 7, 7, 1), (1, 2), [[0.3, -0.2]], noise="zero"
        ),
        [[[[29.0], [30.0]]]],
    ),
    "diagonals of a matrix": (
        lambda: tf.linalg.diag_part(np.arange(1, 13).reshape(1, 3, 4), k=(-1, 1)),
        [[[2, 7, 12], [1, 6, 11], [5, 10, 0]]],
    ),
    "diagonals aligned": (
        lambda: tf.linalg.diag_part(np.arange(1, 10).reshape(3, 3), k=(0, 2), align="LEFT_RIGHT"),
        [[3, 0, 0], [2, 6, 0], [1, 5, 9]],
    ),
    "a matrix of diagonals": (
        lambda: tf.linalg.diag([[0, 8, 9], [1, 2, 3], [4, 5, 0]], k=(-1, 1)),
        [[1, 8, 0], [4, 2, 9], [0, 5, 3]],
    ),
    "a wide matrix": (
        lambda: tf.linalg.diag([1, 2], k=-1, num_rows=3, num_cols=4, padding_value=9),
        [[9, 9, 9, 9], [1, 9, 9, 9], [9, 2, 9, 9]],
    ),
    "other diagonals": (
        lambda: tf.linalg.set_diag(np.full((3, 3), 7), [[9, 2, 0], [6, 5, 4]], k=(-1, 0), align="RIGHT_LEFT"),
        [[9, 7, 7], [6, 2, 7], [7, 5, 0]],
    ),
    "banded": (
        lambda: tf.linalg.banded_triangular_solve([[2.0, 3.0, 4.0], [9.0, 2.0, 3.0]], np.ones((3, 1), "float32")),
        [[0.5], [0.0], [0.25]],
    ),
    "tridiagonal": (
        lambda: tf.linalg.LinearOperatorTridiag(
            [[3.0, 4.0, 5.0], [1.0, -1.0, 2.0], [6.0, 7.0, 8.0]], diagonals_format="sequence"
        ).log_abs_determinant(),
        4.3307,
    ),
    "rank": (lambda: tf.linalg.matrix_rank([[1.0, 0.0], [0.0, 0.0]]), 1),
    "root of a matrix": (lambda: tf.linalg.sqrtm([[2.0, 1.0], [1.0, 2.0]]), [[1.366, 0.366], [0.366, 1.366]]),
    "quantile": (lambda: tf.math.ndtri([0.5, 0.025]), [0.0, -1.96]),
    "derivatives of digamma": (
        lambda: (tf.math.polygamma(1.0, 1.0), tf.math.polygamma([0.0, 2.0], [1.0, 1.0])),
        [1.6449, [-0.5772, -2.4041]],
    ),
    "zeta": (lambda: tf.math.zeta(2.0, 1.0), 1.6449),
    "beta": (lambda: tf.math.lbeta([[2.0, 3.0]]), [-2.4849]),
    "running": (
        lambda: tf.math.cumulative_logsumexp([0.0, 0.0, 0.0], exclusive=True, reverse=True)[:2],
        [0.6931, 0.0],
    ),
    "incomplete": (lambda: (tf.math.igamma(2.0, 1.0), tf.math.betainc(2.0, 3.0, 0.5)), [0.2642, 0.6875]),
    "in order": (lambda: (tf.math.is_non_decreasing([1, 1]), tf.math.is_strictly_increasing([1, 1])), [True, False]),
    "distance": (
        lambda: tf.edit_distance(
            tf.SparseTensor([[0, 0, 0], [1, 0, 0]], ["a", "b"], (2, 1, 1)),
            tf.SparseTensor([[0, 1, 0], [1, 0, 0], [1, 0, 1], [1, 1, 0]], ["a", "b", "c", "a"], (2, 2, 2)),
        ),
        [[np.inf, 1.0], [0.5, 1.0]],
    ),
    "embeddings": (
        lambda: tf.nn.embedding_lookup_sparse(
            tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
            tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([0, 2, 1]), [3, 2]),
            tf.SparseTensor([[0, 0], [0, 1], [2, 0]], np.array([1.0, 3.0, 2.0], np.float32), [3, 2]),
            combiner="sqrtn",
        ),
        [[5.0596, 6.3246], [0.0, 0.0], [3.0, 4.0]],
    ),
    "safe embeddings": (
        lambda: tf.nn.safe_embedding_lookup_sparse(
            tf.constant([[1.0], [3.0]]), tf.SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([1, 0, -1]), [3, 2])
        ),
        [[2.0], [0.0], [0.0]],
    ),
    "greedy labels": (
        lambda: tf.nn.ctc_greedy_decoder(
            np.log([[[0.0001, 0.4, 0.6]], [[0.0001, 0.6, 0.4]], [[0.0001, 0.6, 0.4]]]).astype("float32"), [3]
        ),
        [[[[1]]], [[1.5325]]],
    ),
    "collapsed": (lambda: tf.nn.collapse_repeated([[1, 1, 2, 2], [3, 3, 3, 4]], [3, 4]), [[[1, 2], [3, 4]], [2, 2]]),
    "pooled with places": (
        lambda: tf.nn.max_pool_with_argmax(
            np.array([[1.0, 9, 2], [8, 3, 4], [5, 6, 7]], "float32").reshape(1, 3, 3, 1), 2, 2, "SAME"
        ),
        [[[[[9.0], [4.0]], [[6.0], [7.0]]]], [[[[1], [5]], [[7], [8]]]]],
    ),
    "padded pooling": (
        lambda: tf.nn.max_pool2d(np.ones((1, 2, 2, 1), "float32"), 2, 2, [[0, 0], [1, 1], [1, 1], [0, 0]]),
        np.ones((1, 2, 2, 1)).tolist(),
    ),
    "blocks": (
        lambda: tf.batch_to_space(tf.space_to_batch(np.arange(6).reshape(1, 6, 1), [2], [[1, 1]]), [2], [[1, 1]]),
        np.arange(6).reshape(1, 6, 1).tolist(),
    ),
    "places in a histogram": (
        lambda: tf.histogram_fixed_width_bins([-1.0, 0.0, 1.5, 2.0, 5.0, 15], [0.0, 5.0], nbins=5),
        [0, 0, 1, 2, 4, 4],
    ),
    "batches by turns": (
        lambda: [b.numpy() for b in tf.data.Dataset.range(8).batch(4).rebatch([2, 1, 1])],
        [[0, 1], [2], [3], [4, 5], [6], [7]],
    ),
    "padded to one length": (
        lambda: list(tf.data.Dataset.range(1, 3).map(lambda x: tf.fill([x], x)).padded_batch(2, padded_shapes=3)),
        [[[1, 0, 0], [2, 2, 0]]],
    ),
    "rows of rows": (
        lambda: tf.ragged.stack([tf.constant([[1, 2, 3], [4, 5, 6]]), tf.constant([[7], [8], [9]])]),
        [[[1, 2, 3], [4, 5, 6]], [[7], [8], [9]]],
    ),
    "texts at places": (lambda: tf.gather_nd([["a", "b"], ["c", "d"]], [[0, 0], [1, 1]]), [b"a", b"d"]),
    "best boxes, softly": (
        lambda: tf.image.non_max_suppression_with_scores(
            [[0.0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, 2, 1, 3]], [0.9, 0.8, 0.3], 3, soft_nms_sigma=0.5
        ),
        [[0, 1, 2], [0.9, 0.4096, 0.3]],
    ),
    "spectrum of a picture": (
        lambda: tf.signal.irfft2d(tf.signal.rfft2d(np.arange(12, dtype="float32").reshape(3, 4))),
        np.arange(12.0).reshape(3, 4).tolist(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOCUMENTED)
def test_documented_numbers(case):
    make, expected = DOCUMENTED[case]
    assert plain(make()) == expected


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(1.5, "int32"), ([1, 2.0], "uint8"), (1, "bool"), ("a", "float32"), (1 + 2j, "float32"), (1.5, "bool")],
)
@pytest.mark.parametrize(
    "make", [tf.constant, tf.convert_to_tensor, lambda v, dtype: tf.Variable(v, dtype=dtype)]
)
def test_constants_that_a_dtype_does_not_hold(make, value, dtype):
    with pytest.raises(TypeError, match="Cannot convert"):
        make(value, dtype=dtype)


def test_constants_that_it_does_hold():
    assert tf.constant(np.array([1.5]), tf.int32).numpy().tolist() == [
        1
    ]  # as TensorFlow: an array is converted
    assert tf.constant([], tf.int32).dtype == tf.int32
    assert tf.cast(1.5, tf.int32).numpy() == 1
    with pytest.raises(TypeError, match="requested dtype int32"):
        tf.constant(tf.constant(1.5), tf.int32)
    with pytest.raises(ValueError, match="requested dtype int32"):
        tf.convert_to_tensor(tf.constant(1.5), tf.int32)


def test_dtypes_of_results():
    ids = tf.constant([0, 0, 1])
    assert tf.math.segment_prod(tf.constant([1, 2, 3]), ids).dtype == tf.int32
    assert tf.image.crop_and_resize(np.zeros((1, 2, 2, 1)), np.zeros((1, 4)), [0], [1, 1]).dtype == tf.float32
    assert tf.math.top_k([1, 3, 2], k=1, index_type=tf.int16).indices.dtype == tf.int16


def test_a_gradient_of_ones_own_by_variables():
    weights = tf.Variable([2.0, 3.0])

    @tf.custom_gradient
    def line(x):
        def gradient(dy, variables):
            assert variables[0] is weights
            return dy * 10, [tf.stack([tf.reduce_sum(dy), 7.0])]

        return weights[1] * x + weights[0], gradient

    x = tf.constant([1.0, 2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = line(x)
    assert plain(tape.gradient(y, [x, weights])) == [[10.0, 10.0], [2.0, 7.0]]

    @tf.custom_gradient
    def careless(x):
        return weights * x, lambda dy: dy

    with pytest.raises(TypeError, match="'variables' keyword"):
        careless(x)


def test_gradients_of_nested_results():
    @tf.custom_gradient
    def both(x):
        return {"a": x * 2, "b": x * 3}, lambda *dys: sum(dys) * 5

    x = tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        made = both(x)
        total = made["a"] + 2 * made["b"]
    assert float(tape.gradient(made["a"], x)) == 5
    assert float(tape.gradient(total, x)) == 15


def test_gradients_of_rows_of_different_lengths():
    rows = tf.ragged.constant([[1.0, 2.0], [3.0]])
    with tf.GradientTape() as tape:
        tape.watch(rows)
        squares = rows * rows
    assert plain(tape.gradient(squares, rows)) == [[2.0, 4.0], [6.0]]


def test_jacobians_of_what_is_not_connected():
    x, y = tf.Variable([1.0, 2.0]), tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        z = x * x
    assert tape.jacobian(z, y) is None
    assert plain(tape.jacobian(z, y, unconnected_gradients="zero")) == [0.0, 0.0]
    assert plain(tape.jacobian(z, x)) == [[2.0, 0.0], [0.0, 4.0]]


def test_derivatives_forward():
    x, w = tf.constant([[2.0, 3.0], [1.0, 4.0]]), tf.Variable([[-5.0], [6.0]])
    with tf.autodiff.ForwardAccumulator(w, [[1.0], [0.0]]) as accumulator:
        loss = tf.reduce_sum((tf.matmul(x, w) - [[1.0], [-1.0]]) ** 2)
        other = x * 2
    with tf.GradientTape() as tape:
        again = tf.reduce_sum((tf.matmul(x, w) - [[1.0], [-1.0]]) ** 2)
    assert float(accumulator.jvp(loss)) == float(tape.gradient(again, w)[0, 0]) != 0
    assert accumulator.jvp(other) is None
    assert plain(accumulator.jvp(other, unconnected_gradients="zero")) == [[0.0, 0.0], [0.0, 0.0]]


def test_gradients_compared_with_differences():
    derived, differences = tf.test.compute_gradient(
        lambda x, y: x * tf.sin(y), [np.array([1.0, 2.0]), np.array(0.5)]
    )
    for exact, near in zip(derived, differences, strict=True):
        np.testing.assert_allclose(exact, near, atol=1e-6)
    assert derived[0].shape == (2, 2) and derived[1].shape == (2, 1)


def test_labels_of_speech():
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=(6, 2, 4)).astype("float32"), np.array([[1, 2, 0], [3, 3, 1]])
    dense = tf.nn.ctc_loss(labels, scores, [2, 3], [6, 5], blank_index=0)
    rows = tf.SparseTensor([[0, 0], [0, 1], [1, 0], [1, 1], [1, 2]], np.array([1, 2, 3, 3, 1]), [2, 3])
    np.testing.assert_allclose(dense, tf.nn.ctc_loss(rows, scores, None, [6, 5], blank_index=0))
    with pytest.raises(ValueError, match="blank_index"):
        tf.nn.ctc_loss(rows, scores, None, [6, 5])
    moved = np.swapaxes(scores, 0, 1)
    np.testing.assert_allclose(
        dense, tf.nn.ctc_loss(labels, moved, [2, 3], [6, 5], logits_time_major=False), rtol=1e-6
    )


def test_factors_of_matrices():
    a = np.random.default_rng(1).normal(size=(2, 5, 5)).astype("float32")
    both, rows = tf.linalg.lu(a)
    np.testing.assert_allclose(tf.linalg.lu_reconstruct(both, rows), a, atol=1e-5)
    np.testing.assert_allclose(
        tf.linalg.lu_matrix_inverse(both, rows), np.linalg.inv(a), rtol=1e-2, atol=1e-3
    )


def test_counted_data_sets():
    numbers = tf.data.Dataset.range(5).filter(lambda x: x != 2)
    exact = numbers.apply(tf.data.experimental.assert_cardinality(4))
    assert len(exact) == 4 and len(list(exact)) == 4
    for wrong in (3, 5):
        with pytest.raises(tf.errors.InvalidArgumentError, match="number of elements"):
            list(numbers.apply(tf.data.experimental.assert_cardinality(wrong)))


def test_nested_structures():
    rows = tf.ragged.constant([[3, 1], [5]])
    parts = tf.nest.flatten({"a": rows, "b": 1}, expand_composites=True)
    assert plain(parts[:2]) == [[3, 1, 5], [0, 2, 3]]
    again = tf.nest.pack_sequence_as({"a": rows, "b": 1}, parts, expand_composites=True)
    assert plain(again["a"]) == [[3, 1], [5]]
    with pytest.raises(TypeError, match="same nested structure"):
        tf.nest.map_structure(lambda x, y: None, ((1, 2), 3), [[1, 2], 3])
    assert tf.nest.map_structure(lambda x, y: x + y, ((1, 2), 3), [[1, 2], 3], check_types=False) == (
        (2, 4),
        6,
    )


def test_gradients_that_stop():
    @tf.function
    def of(x):
        twice = x * 2
        return tf.gradients(x + twice, x), tf.gradients(x + twice, x, stop_gradients=[twice])

    assert plain(of(tf.constant([1.0, 5.0]))) == [[[3.0, 3.0]], [[1.0, 1.0]]]
