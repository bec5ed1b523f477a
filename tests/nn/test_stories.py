"""What cannot be said as a row: extreme inputs, errors, conventions and randomness."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from thalweg import nn
from thalweg.errors import ArgumentError, DataError, DTypeError, ShapeError
from thalweg.gradient import gradients
from thalweg.graph.tensor import Variable, placeholder
from thalweg.ops import conv, linalg
from thalweg.ops.shape import count
from thalweg.run.function import function


def slope(fn: Any, x: Any) -> Any:
    """The gradient of the sum of fn at x, as nested lists."""
    v = Variable(np.asarray(x, "float64"))
    return gradients(fn(v), v).tolist()


def test_cross_entropies_stay_finite_at_extreme_logits() -> None:
    x = [[-800.0, 800.0]]
    assert nn.log_softmax(x).tolist() == [[-1600.0, 0.0]]
    assert slope(lambda v: nn.softmax_cross_entropy(v, [[1.0, 0.0]]), x) == [[-1.0, 1.0]]
    assert slope(lambda v: nn.sparse_softmax_cross_entropy(v, [0]), x) == [[-1.0, 1.0]]
    assert slope(lambda v: nn.sigmoid_cross_entropy(v, [0.0, 1.0]), [1000.0, -1000.0]) == [1.0, -1.0]
    assert nn.sigmoid_cross_entropy([1000.0, -1000.0], [1.0, 0.0]).tolist() == [0.0, 0.0]


def test_a_label_of_zero_hides_a_logit_of_minus_infinity() -> None:
    assert nn.softmax_cross_entropy([[0.0, -np.inf]], [[1.0, 0.0]]).tolist() == [0.0]
    assert slope(lambda v: nn.softmax_cross_entropy(v, [[1.0, 0.0]]), [[0.0, -np.inf]]) == [[0.0, 0.0]]


@pytest.mark.parametrize("loss", [nn.sparse_softmax_cross_entropy, nn.nll])
@pytest.mark.parametrize("bad", [-1, 3])
def test_a_label_out_of_range_is_named(loss: Any, bad: int) -> None:
    with pytest.raises(DataError, match=rf"labels\[1, 0\] is not a class.*0 <= label < 3.*received {bad}"):
        loss(np.zeros((2, 2, 3), "float32"), [[0, 1], [bad, 2]])


def test_a_computed_label_out_of_range_gives_nan() -> None:
    x, k = placeholder("float32", [3, 4]), placeholder("int64", [3])
    run = function([x, k], [nn.sparse_softmax_cross_entropy(x, -k)])
    (loss,) = run(np.zeros((3, 4), "float32"), np.array([-1, -4, 1]))
    np.testing.assert_array_equal(np.isnan(loss.numpy()), [False, True, True])


def test_embedding_lookup_names_a_wrong_id() -> None:
    table = Variable(np.arange(6.0).reshape(3, 2))
    assert gradients(nn.embedding_lookup(table, [2, 0, 2]), table).tolist() == [[1, 1], [0, 0], [2, 2]]
    with pytest.raises(DataError, match=r"ids\[0, 1\] is not a row.*0 <= id < 3.*received 3"):
        nn.embedding_lookup(table, [[0, 3]])
    with pytest.raises(DTypeError, match="integers"):
        nn.embedding_lookup(table, [0.5])


def test_labels_of_another_form_are_refused() -> None:
    logits = np.zeros((4, 3), "float32")
    with pytest.raises(ShapeError, match="squeeze"):
        nn.sparse_softmax_cross_entropy(logits, np.zeros((4, 1), "int64"))
    with pytest.raises(DTypeError, match="integers"):
        nn.sparse_softmax_cross_entropy(logits, np.zeros(4, "float32"))
    with pytest.raises(ShapeError, match="without broadcasting"):
        nn.softmax_cross_entropy(logits, np.zeros((1, 3), "float32"))
    with pytest.raises(ShapeError, match="without broadcasting"):
        nn.mse(np.zeros((4, 1), "float32"), np.zeros(4, "float32"))
    with pytest.raises(ArgumentError, match="mean or sum or none"):
        nn.mse([1.0], [1.0], reduction="average")


def test_unknown_batch_sizes_pass_through() -> None:
    x = placeholder("float32", [None, 8, 8, 3])
    w = Variable(np.ones((3, 3, 3, 4), "float32"))
    y = nn.max_pool(nn.conv2d(x, w, padding="SAME"), 2)
    assert y.shape == (None, 4, 4, 4)
    assert [g.shape for g in gradients(y, [x, w])] == [(None, 8, 8, 3), (3, 3, 3, 4)]
    open_ = placeholder("float32", [None, None, None, 3])
    assert nn.conv2d(open_, w, 2, "SAME").shape == (None, None, None, 4)


def test_max_pool_gives_its_gradient_to_the_first_maximum() -> None:
    x = [[[1.0], [2.0], [2.0], [np.nan], [0.0], [np.nan]]]
    assert slope(lambda v: nn.max_pool(v, 3), x) == [[[0.0], [1.0], [0.0], [1.0], [0.0], [0.0]]]


def test_max_pool_gives_all_of_its_gradient_to_every_maximum_where_asked() -> None:
    x = [[[1.0], [2.0], [2.0], [0.0], [0.0], [0.0]]]
    assert slope(lambda v: nn.max_pool(v, 3, ties="all"), x) == [[[0.0], [1.0], [1.0], [1.0], [1.0], [1.0]]]
    with pytest.raises(ArgumentError, match="ties"):
        nn.max_pool(x, 3, ties="last")


def test_average_pooling_does_not_count_padding() -> None:
    x = np.ones((1, 3, 3, 1), "float32")
    assert nn.avg_pool(x, 2, padding="SAME").numpy().tolist() == np.ones((1, 2, 2, 1)).tolist()
    assert nn.avg_pool(x, 2, padding="SAME", count_padding=True).numpy().ravel().tolist() == [
        1.0,
        0.5,
        0.5,
        0.25,
    ]


def test_channels_first_equals_channels_last() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(2, 5, 6, 3)), rng.normal(size=(3, 3, 3, 4))
    turned = x.transpose(0, 3, 1, 2)
    for fn in (
        lambda v, f: nn.conv2d(v, w, 2, "SAME", f),
        lambda v, f: nn.max_pool(v, 2, data_format=f),
        lambda v, f: nn.avg_pool(v, 2, padding="SAME", data_format=f),
        lambda v, f: nn.depthwise_conv(v, w, data_format=f),
        lambda v, f: nn.conv2d_transpose(v, w.swapaxes(2, 3), 2, data_format=f),
    ):
        last, first = fn(x, "NHWC").numpy(), fn(turned, "NCHW").numpy()
        np.testing.assert_allclose(first.transpose(0, 2, 3, 1), last, rtol=1e-12)
    assert nn.global_avg_pool(turned, "NCHW").shape == (2, 3)


def test_conv_transpose_is_the_transpose_of_conv() -> None:
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(2, 7, 6, 3)), rng.normal(size=(3, 2, 3, 4))
    y = conv.conv(x, w, strides=1, padding="SAME", dilation=2).numpy()
    g = rng.normal(size=y.shape)
    back = conv.conv_transpose(g, w, strides=1, padding="SAME", dilation=2).numpy()
    np.testing.assert_allclose((g * y).sum(), (back * x).sum())


def test_convolutions_that_do_not_fit_say_why() -> None:
    x = np.zeros((1, 4, 4, 2), "float32")
    with pytest.raises(ShapeError, match=r"w.shape\[-2\] \* groups == x.shape\[-1\] == 2"):
        nn.conv2d(x, np.zeros((3, 3, 1, 1), "float32"))
    with pytest.raises(ShapeError, match="longer than the padded input"):
        nn.conv2d(x, np.zeros((5, 5, 2, 1), "float32"))
    with pytest.raises(ArgumentError, match="strides"):
        nn.conv2d(x, np.zeros((3, 3, 2, 1), "float32"), strides=0)
    with pytest.raises(ArgumentError, match="padding"):
        nn.max_pool(x, 2, padding="full")
    with pytest.raises(ArgumentError, match="data_format"):
        nn.max_pool(x, 2, data_format="CHWN")


def test_dropout_keeps_the_mean() -> None:
    x = np.ones((100, 100), "float32")
    y = nn.dropout(x, 0.25, key=np.array([1, 2, 3, 4], "uint32")).numpy()
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert abs(y.mean() - 1) < 0.03  # more than five standard deviations of the mean
    assert nn.dropout(x, 0.25, training=False).numpy() is not None
    assert (nn.dropout(x, 1.0).numpy() == 0).all()


def test_dropout_passes_the_gradient_where_it_kept() -> None:
    key = np.array([1, 2, 3, 4], "uint32")
    v = Variable(np.ones((4, 5), "float32"))
    y = nn.dropout(v, 0.5, key=key)
    assert gradients(y, v).tolist() == y.tolist()
    assert gradients(nn.dropout(v, 1.0, key=key), v).tolist() == np.zeros((4, 5)).tolist()


def test_dropout_of_whole_channels_and_of_a_rate_tensor() -> None:
    x = np.ones((3, 4, 5, 6), "float32")
    y = nn.spatial_dropout(x, 0.5).numpy()
    assert (y == y[:, :1, :1]).all()
    assert set(np.unique(nn.dropout(x, Variable(0.5)).numpy())) == {0.0, 2.0}
    with pytest.raises(ArgumentError, match="0 <= rate <= 1"):
        nn.dropout(x, 1.5)


def test_singular_matrices_are_refused_by_name() -> None:
    with pytest.raises(ArgumentError, match="inv: Singular"):
        linalg.inv(np.zeros((2, 2)))
    with pytest.raises(ArgumentError, match="solve: Singular"):
        linalg.solve(np.zeros((2, 2)), [1.0, 2.0])
    with pytest.raises(ArgumentError, match=r"cholesky: .*positive definite"):
        linalg.cholesky(-np.eye(2))
    with pytest.raises(ShapeError, match="square"):
        linalg.inv(np.zeros((2, 3)))
    with pytest.raises(DTypeError, match="half precision"):
        linalg.inv(np.eye(2, dtype="float16"))


def test_the_determinant_has_a_gradient_at_singular_matrices() -> None:
    np.testing.assert_allclose(
        slope(linalg.det, [[1.0, 2.0], [2.0, 4.0]]), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-12
    )


def test_euclidean_norms_neither_overflow_nor_lose_their_gradient_at_zero() -> None:
    assert linalg.vector_norm(np.array([3e30, 4e30], "float32")).item() == np.float32(5e30)
    assert slope(linalg.vector_norm, [0.0, 0.0]) == [0.0, 0.0]
    assert linalg.vector_norm([np.inf, 1.0]).item() == np.inf


def test_labels_that_wait_are_looked_at_once() -> None:
    p = Variable(np.full((2, 3), 0.25))
    for labels in (Variable(np.array([1, 2])), Variable(np.array([1, 2], "int32")) * 1):
        np.testing.assert_allclose(nn.nll(p * 2, labels).numpy(), [-0.5, -0.5])
        with pytest.raises(DataError, match="not a class"):
            nn.nll(p * 2, labels + 1)


def test_dropout_takes_lengths_that_a_program_knows_when_it_runs() -> None:
    x, n = placeholder("float32", (None, 4, 6)), placeholder("int64", ())
    own = count(x, (0,), np.dtype("int64"))
    for noise, by_step, by_channel in (((own, 4, 1), False, True), ((n, 1, 6), True, False)):
        drawn = function([x, n], nn.dropout(x, 0.5, noise_shape=noise))(
            np.ones((30, 4, 6), "float32"), np.array(30)
        )
        assert drawn.shape == (30, 4, 6) and set(np.unique(drawn).tolist()) == {0.0, 2.0}
        assert (drawn == drawn[:, :1]).all() == by_step and (drawn == drawn[:, :, :1]).all() == by_channel
