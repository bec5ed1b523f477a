"""What TensorFlow 2's documentation promises. The numbers in ROWS were printed by TensorFlow 2.21."""

from __future__ import annotations

import math
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg import events
from thalweg.compat import tf2
from thalweg.run import replay

tf: Any = tf2

X = tf.constant([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
PICTURE = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
FILTER = tf.reshape(tf.range(9.0), [3, 3, 1, 1]) / 10
SMALL = tf.reshape(tf.range(6.0), [1, 2, 3, 1])

# What is computed; the dtype and shape of (the first part of) the result; all numbers in order.
ROWS: list[tuple[Callable[[], Any], str, tuple[int, ...], list[Any]]] = [
    # arithmetic
    (lambda: tf.divide(7, 2), "float64", (), [3.5]),
    (lambda: tf.math.floormod(tf.constant([-7, 7]), 3), "int32", (2,), [2, 1]),
    (lambda: tf.round([0.5, 1.5, 2.5, -0.5]), "float32", (4,), [0.0, 2.0, 2.0, -0.0]),
    (lambda: tf.pow([[2, 2], [3, 3]], [[8, 16], [2, 3]]), "int32", (2, 2), [256, 65536, 9, 27]),
    (lambda: tf.math.multiply_no_nan([1.0, 2.0], [0.0, 3.0]), "float32", (2,), [0.0, 6.0]),
    (lambda: tf.math.divide_no_nan([1.0, 2.0], [0.0, 4.0]), "float32", (2,), [0.0, 0.5]),
    (lambda: tf.math.polyval([1.0, 2.0, 3.0], 2.0), "float32", (), [11.0]),
    (lambda: tf.cast([1.9, -1.9], tf.int32), "int32", (2,), [1, -1]),
    (lambda: tf.bitcast(1.0, tf.int32), "int32", (), [1065353216]),
    (lambda: tf.math.erf([0.5]), "float32", (1,), [0.5205]),
    # reductions
    (lambda: tf.reduce_mean(tf.constant([1, 2, 4])), "int32", (), [2]),
    (lambda: tf.reduce_logsumexp(X, 1), "float32", (2,), [3.13285, 4.03627]),
    (lambda: tf.math.reduce_std(X, 0), "float32", (3,), [0.25, 3.0, 2.0]),
    (lambda: tf.math.reduce_variance(X), "float32", (), [4.36806]),
    (lambda: tf.cumsum(tf.constant([1, 2, 3]), exclusive=True, reverse=True), "int32", (3,), [5, 3, 0]),
    (
        lambda: tf.math.confusion_matrix([1, 2, 4], [2, 2, 4]),
        "int32",
        (5, 5),
        [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ),
    (lambda: tf.math.bincount([1, 1, 3]), "int32", (4,), [0, 2, 0, 1]),
    (
        lambda: tf.math.unsorted_segment_mean(tf.constant([1.0, 3.0, 5.0]), [1, 1, 0], 3),
        "float32",
        (3,),
        [5.0, 2.0, 0.0],
    ),
    (
        lambda: tf.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], 5),
        "int32",
        (5,),
        [2, 1, 1, 0, 2],
    ),
    (lambda: tf.math.zero_fraction([0.0, 1.0, 0.0]), "float32", (), [0.666667]),
    (lambda: tf.norm(X, ord=1, axis=1), "float32", (2,), [6.0, 5.5]),
    # order
    (lambda: tf.math.top_k(X, 2), "float32", (2, 2), [3.0, 1.0, 4.0, 0.5, 2, 0, 1, 0]),
    (lambda: tf.math.in_top_k([0, 2], X, 2), "bool", (2,), [True, False]),
    (lambda: tf.argsort([3, 1, 2], direction="DESCENDING"), "int32", (3,), [0, 2, 1]),
    (lambda: tf.searchsorted([1, 3, 5], [3, 4], side="right"), "int32", (2,), [2, 2]),
    (lambda: tf.unique([3, 1, 3, 2]), "int32", (3,), [3, 1, 2, 0, 1, 0, 2]),
    # parts and places
    (lambda: tf.gather(X, [2, 0], axis=1), "float32", (2, 2), [3.0, 1.0, -1.0, 0.5]),
    (lambda: tf.gather(X, [[0], [2]], axis=1, batch_dims=1), "float32", (2, 1), [1.0, -1.0]),
    (lambda: tf.gather_nd(X, [[0, 1], [1, 2]]), "float32", (2,), [-2.0, -1.0]),
    (lambda: tf.scatter_nd([[1], [3]], [9.0, 8.0], [5]), "float32", (5,), [0.0, 9.0, 0.0, 8.0, 0.0]),
    (lambda: tf.tensor_scatter_nd_update(tf.zeros([3]), [[1]], [5.0]), "float32", (3,), [0.0, 5.0, 0.0]),
    (
        lambda: tf.tensor_scatter_nd_update([math.nan, 1e9], [[0], [1]], [5.0, 1e-9]),
        "float32",
        (2,),
        [5.0, 1e-9],
    ),
    (lambda: tf.where(X > 0.6), "int64", (3, 2), [0, 0, 0, 2, 1, 1]),
    (
        lambda: tf.one_hot([0, 2], 3, on_value=5.0, off_value=-1.0),
        "float32",
        (2, 3),
        [5.0, -1.0, -1.0, -1.0, -1.0, 5.0],
    ),
    (
        lambda: tf.sequence_mask([1, 3], 4),
        "bool",
        (2, 4),
        [True, False, False, False, True, True, True, False],
    ),
    (lambda: tf.split(tf.range(6), [1, -1, 2])[1], "int32", (3,), [1, 2, 3]),
    (
        lambda: tf.pad(tf.constant([[1, 2]]), [[1, 0], [0, 1]], constant_values=7),
        "int32",
        (2, 3),
        [7, 7, 7, 1, 2, 7],
    ),
    (lambda: tf.pad(tf.constant([1, 2, 3]), [[2, 2]], "REFLECT"), "int32", (7,), [3, 2, 1, 2, 3, 2, 1]),
    (
        lambda: tf.reverse_sequence(tf.constant([[1, 2, 3, 4], [5, 6, 7, 8]]), [2, 3], seq_axis=1),
        "int32",
        (2, 4),
        [2, 1, 3, 4, 7, 6, 5, 8],
    ),
    (lambda: tf.roll(tf.range(5), 2, 0), "int32", (5,), [3, 4, 0, 1, 2]),
    (lambda: tf.slice(X, [0, 1], [-1, 2]), "float32", (2, 2), [-2.0, 3.0, 4.0, -1.0]),
    (lambda: tf.strided_slice(X, [0, 0], [2, 3], [1, 2]), "float32", (2, 2), [1.0, 3.0, 0.5, -1.0]),
    (lambda: tf.repeat([1, 2], [2, 3]), "int32", (5,), [1, 1, 2, 2, 2]),
    (lambda: tf.dynamic_stitch([[0, 2], [1]], [[10, 30], [20]]), "int32", (3,), [10, 20, 30]),
    (lambda: tf.linspace(0.0, 1.0, 5), "float32", (5,), [0.0, 0.25, 0.5, 0.75, 1.0]),
    (lambda: tf.range(3, 18, 3), "int32", (5,), [3, 6, 9, 12, 15]),
    (lambda: tf.meshgrid([1, 2], [3, 4, 5])[1], "int32", (3, 2), [3, 3, 4, 4, 5, 5]),
    # matrices
    (
        lambda: tf.linalg.band_part(tf.ones([3, 3]), 1, 0),
        "float32",
        (3, 3),
        [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0],
    ),
    (lambda: tf.linalg.solve([[2.0, 1.0], [1.0, 3.0]], [[1.0], [2.0]]), "float32", (2, 1), [0.2, 0.6]),
    (lambda: tf.linalg.logdet([[2.0, 1.0], [1.0, 3.0]]), "float32", (), [1.60944]),
    (
        lambda: tf.linalg.expm([[0.0, 1.0], [-1.0, 0.0]]),
        "float32",
        (2, 2),
        [0.540302, 0.841471, -0.841471, 0.540302],
    ),
    (
        lambda: tf.linalg.lstsq(
            [[1.0, 1.0], [1.0, 2.0], [1.0, 3.0]], [[1.0], [2.0], [2.0]], l2_regularizer=0.5
        ),
        "float32",
        (2, 1),
        [0.440678, 0.576271],
    ),
    (lambda: tf.linalg.matvec(X, [1.0, 1.0, 1.0]), "float32", (2,), [2.0, 3.5]),
    (lambda: tf.tensordot(X, X, [[1], [1]]), "float32", (2, 2), [14.0, -10.5, -10.5, 17.25]),
    (lambda: tf.einsum("ij,kj->ik", X, X), "float32", (2, 2), [14.0, -10.5, -10.5, 17.25]),
    # repetition
    (lambda: tf.map_fn(lambda v: v * 2 + 1, tf.constant([1, 2, 3])), "int32", (3,), [3, 5, 7]),
    (lambda: tf.scan(lambda a, v: a * 10 + v, tf.constant([1, 2, 3])), "int32", (3,), [1, 12, 123]),
    (lambda: tf.foldr(lambda a, v: a - v, tf.constant([1, 2, 3])), "int32", (), [0]),
    # networks
    (
        lambda: tf.nn.sparse_softmax_cross_entropy_with_logits([2, 1], X),
        "float32",
        (2,),
        [0.132845, 0.0362696],
    ),
    (
        lambda: tf.nn.softmax_cross_entropy_with_logits([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]], X),
        "float32",
        (2,),
        [3.63285, 5.03627],
    ),
    (
        lambda: tf.nn.sigmoid_cross_entropy_with_logits([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]], X),
        "float32",
        (2, 3),
        [0.313262, 0.126928, 0.0485874, 0.974077, 0.0181499, 0.313262],
    ),
    (
        lambda: tf.nn.weighted_cross_entropy_with_logits([1.0, 0.0], [0.5, -1.0], 2.0),
        "float32",
        (2,),
        [0.948154, 0.313262],
    ),
    (
        lambda: tf.nn.batch_normalization(X, 0.5, 4.0, 1.0, 2.0, 0.0),
        "float32",
        (2, 3),
        [1.5, -1.5, 3.5, 1.0, 4.5, -0.5],
    ),
    (lambda: tf.nn.moments(X, [0]), "float32", (3,), [0.75, 1.0, 1.0, 0.0625, 9.0, 4.0]),
    (lambda: tf.nn.gelu([1.0, -1.0]), "float32", (2,), [0.841345, -0.158655]),
    (
        lambda: tf.nn.lrn(tf.reshape(tf.range(1.0, 5.0), [1, 1, 1, 4]), 1, 1.0, 0.5, 0.75),
        "float32",
        (1, 1, 1, 4),
        [0.390795, 0.420448, 0.384036, 0.567949],
    ),
    (lambda: tf.nn.conv2d(PICTURE, FILTER, 2, "SAME"), "float32", (1, 2, 2, 1), [25.8, 18.6, 18.7, 11.3]),
    (
        lambda: tf.nn.conv2d(PICTURE, FILTER[:2, :2], 1, "VALID", dilations=2),
        "float32",
        (1, 2, 2, 1),
        [6.6, 7.4, 9.8, 10.6],
    ),
    (
        lambda: tf.nn.conv2d_transpose(PICTURE[:, :2, :2], FILTER, [1, 3, 3, 1], 2),
        "float32",
        (1, 3, 3, 1),
        [0.0, 0.3, 0.4, 0.4, 1.4, 1.2, 1.6, 3.5, 2.0],
    ),
    (lambda: tf.nn.max_pool2d(PICTURE, 2, 2, "SAME"), "float32", (1, 2, 2, 1), [5.0, 7.0, 13.0, 15.0]),
    (
        lambda: tf.nn.avg_pool2d(PICTURE[:, :3, :3], 2, 2, "SAME"),
        "float32",
        (1, 2, 2, 1),
        [2.5, 4.0, 8.5, 10.0],
    ),
    (
        lambda: tf.nn.depthwise_conv2d(PICTURE, tf.concat([FILTER, -FILTER], 3), [1, 1, 1, 1], "VALID"),
        "float32",
        (1, 2, 2, 2),
        [25.8, -25.8, 29.4, -29.4, 40.2, -40.2, 43.8, -43.8],
    ),
    (
        lambda: tf.nn.depth_to_space(tf.reshape(tf.range(8), [1, 1, 2, 4]), 2),
        "int32",
        (1, 2, 4, 1),
        [0, 1, 4, 5, 2, 3, 6, 7],
    ),
    (
        lambda: tf.nn.space_to_depth(tf.reshape(tf.range(16), [1, 4, 4, 1]), 2),
        "int32",
        (1, 2, 2, 4),
        [0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15],
    ),
    (lambda: tf.clip_by_norm(tf.constant([3.0, 4.0]), 2.5), "float32", (2,), [1.5, 2.0]),
    (lambda: tf.math.l2_normalize(tf.constant([3.0, 4.0])), "float32", (2,), [0.6, 0.8]),
    # pictures
    (lambda: tf.image.resize(SMALL, [3, 2]), "float32", (1, 3, 2, 1), [0.25, 1.75, 1.75, 3.25, 3.25, 4.75]),
    (
        lambda: tf.image.resize(SMALL, [3, 5]),
        "float32",
        (1, 3, 5, 1),
        [0.0, 0.4, 1.0, 1.6, 2.0, 1.5, 1.9, 2.5, 3.1, 3.5, 3.0, 3.4, 4.0, 4.6, 5.0],
    ),
    (
        lambda: tf.image.resize(SMALL, [3, 5], "nearest"),
        "float32",
        (1, 3, 5, 1),
        [0.0, 0.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 5.0, 5.0, 3.0, 3.0, 4.0, 5.0, 5.0],
    ),
    (
        lambda: tf.image.resize(SMALL, [3, 2], "area"),
        "float32",
        (1, 3, 2, 1),
        [0.333333, 1.66667, 1.83333, 3.16667, 3.33333, 4.66667],
    ),
    (
        lambda: tf.image.resize(PICTURE, [2, 2], antialias=True),
        "float32",
        (1, 2, 2, 1),
        [3.57143, 5.14286, 9.85715, 11.4286],
    ),
    (
        lambda: tf.image.per_image_standardization(SMALL[0]),
        "float32",
        (2, 3, 1),
        [-1.46385, -0.87831, -0.29277, 0.29277, 0.87831, 1.46385],
    ),
    (
        lambda: tf.image.rgb_to_grayscale([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]),
        "float32",
        (1, 2, 1),
        [0.2989, 0.587],
    ),
    (
        lambda: tf.image.rgb_to_hsv([[[0.2, 0.4, 0.6], [0.9, 0.1, 0.5]]]),
        "float32",
        (1, 2, 3),
        [0.583333, 0.666667, 0.6, 0.916667, 0.888889, 0.9],
    ),
    (
        lambda: tf.image.adjust_hue(tf.constant([[[0.2, 0.4, 0.6]]]), 0.3),
        "float32",
        (1, 1, 3),
        [0.6, 0.2, 0.48],
    ),
    (
        lambda: tf.image.adjust_saturation(tf.constant([[[0.2, 0.4, 0.6]]]), 0.5),
        "float32",
        (1, 1, 3),
        [0.4, 0.5, 0.6],
    ),
    (lambda: tf.image.adjust_contrast(SMALL[0], 2.0), "float32", (2, 3, 1), [-2.5, -0.5, 1.5, 3.5, 5.5, 7.5]),
    (
        lambda: tf.image.adjust_brightness(tf.constant([[[10, 200, 30]]], tf.uint8), 0.2),
        "uint8",
        (1, 1, 3),
        [61, 251, 81],
    ),
    (
        lambda: tf.image.convert_image_dtype(tf.constant([0.0, 0.5, 1.0]), tf.uint8),
        "uint8",
        (3,),
        [0, 127, 255],
    ),
    (
        lambda: tf.image.resize_with_crop_or_pad(SMALL[0], 3, 2),
        "float32",
        (3, 2, 1),
        [0.0, 1.0, 3.0, 4.0, 0.0, 0.0],
    ),
    (lambda: tf.image.central_crop(PICTURE[0], 0.5), "float32", (2, 2, 1), [5.0, 6.0, 9.0, 10.0]),
    (lambda: tf.image.rot90(SMALL[0]), "float32", (3, 2, 1), [2.0, 5.0, 1.0, 4.0, 0.0, 3.0]),
    (lambda: tf.image.psnr(tf.zeros([2, 2, 1]), tf.ones([2, 2, 1]) * 0.1, 1.0), "float32", (), [20.0]),
    (lambda: tf.image.sobel_edges(SMALL)[0, 0], "float32", (3, 1, 2), [0.0, 0.0, 0.0, 8.0, 0.0, 0.0]),
    (
        lambda: tf.image.extract_patches(PICTURE, [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID"),
        "float32",
        (1, 2, 2, 4),
        [0.0, 1.0, 4.0, 5.0, 2.0, 3.0, 6.0, 7.0, 8.0, 9.0, 12.0, 13.0, 10.0, 11.0, 14.0, 15.0],
    ),
    (
        lambda: tf.image.non_max_suppression(
            [[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.9], [0.0, 2.0, 1.0, 3.0]], [0.5, 0.9, 0.7], 2
        ),
        "int32",
        (2,),
        [1, 2],
    ),
    (lambda: tf.image.rgb_to_yuv([[[0.2, 0.4, 0.6]]]), "float32", (1, 1, 3), [0.363, 0.11663, -0.142997]),
    # texts and files
    (lambda: tf.strings.length("hé", unit="UTF8_CHAR"), "int32", (), [2]),
    (lambda: tf.strings.to_number(["1.5", "2"]), "float32", (2,), [1.5, 2.0]),
    (lambda: tf.io.decode_raw(b"\x01\x02\x03\x04", tf.uint8), "uint8", (4,), [1, 2, 3, 4]),
]


def _parts(found: Any) -> list[np.ndarray]:
    return [np.asarray(p) for p in found] if isinstance(found, (tuple, list)) else [np.asarray(found)]


@pytest.mark.parametrize("row", range(len(ROWS)))
def test_numbers_are_tensorflows(row: int) -> None:
    compute, dtype, shape, expected = ROWS[row]
    parts = _parts(compute())
    assert (parts[0].dtype.name, parts[0].shape) == (dtype, shape)
    np.testing.assert_allclose(np.concatenate([p.ravel() for p in parts]), expected, rtol=2e-5, atol=2e-6)


def test_bicubic_weights_are_keys() -> None:
    # The kernel with a = -1/2 at distance 1/4 from place 0, 3/4 from 1 and 7/4 from 2; -1 is left out.
    near = 1.5 * 0.25**3 - 2.5 * 0.25**2 + 1
    next_, far = 1.5 * 0.75**3 - 2.5 * 0.75**2 + 1, -0.5 * 1.75**3 + 2.5 * 1.75**2 - 4 * 1.75 + 2
    wanted = far / (near + next_ + far)
    row = tf.constant([[[0.0], [0.0], [1.0], [0.0]]])
    found = tf.image.resize(row, [1, 8], "bicubic")[0, 1, 0]  # at place 1 / 4
    assert float(found) == pytest.approx(wanted, abs=1e-6)


# --- dtypes and values ------------------------------------------------------------------------------------------------


def test_python_numbers_are_int32_and_float32_and_arrays_keep_their_dtype() -> None:
    made = [
        tf.constant(3),
        tf.constant(3.0),
        tf.convert_to_tensor(np.arange(2.0)),
        tf.range(3),
        tf.range(0, 1, 0.5),
    ]
    assert [x.dtype.name for x in made] == ["int32", "float32", "float64", "int32", "float32"]


def test_an_array_takes_the_dtype_of_the_tensor_beside_it() -> None:
    found = tf.multiply(np.array([1.0, 2.0]), tf.constant([0.5, 0.5]))
    assert found.dtype == tf.float32
    assert tf.matmul(np.ones((1, 2)), tf.ones((2, 1))).dtype == tf.float32


def test_dtypes_are_equal_to_their_names_and_to_numpys() -> None:
    assert tf.float32 == np.float32 == tf.constant(1.0).dtype
    assert tf.int64.as_numpy_dtype is np.int64
    assert tf.as_dtype("string") is tf.string
    assert tf.constant("a").dtype == tf.string


def test_variables_of_layers_are_variables() -> None:
    layer = tf.keras.layers.Dense(2)
    layer(tf.ones((1, 3)))
    assert all(isinstance(w, tf.Variable) for w in layer.weights)
    assert not isinstance(tf.constant(1.0), tf.Variable)


def test_methods_of_variables() -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    v.assign_add([1, 1, 1])
    v.scatter_nd_update([[0]], [9.0])
    v.scatter_nd_add([[1], [1]], [1.0, 1.0])
    assert v.read_value().numpy().tolist() == [9.0, 5.0, 4.0]
    assert v.get_shape().as_list() == [3]
    assert {v.ref(): 1}[v.ref()] == 1
    assert tf.Variable(lambda: tf.ones(2)).numpy().tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="constraint"):
        tf.Variable(1.0, constraint=abs)


# --- tapes ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The backward passes that are compiled."""
    made: list[Any] = []
    original = replay._planned

    def counted(*args: Any) -> Any:
        made.append(original(*args))
        return made[-1]

    monkeypatch.setattr(replay, "_planned", counted)
    return made


def test_the_compiled_backward_pass_gives_the_gradients(
    planned: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    w = tf.Variable(rng.normal(size=(3, 3, 1, 4)).astype("float32"))
    u = tf.Variable(rng.normal(size=(16, 3)).astype("float32"))
    unused = tf.Variable(1.0)

    def gradients(x: Any) -> list[np.ndarray]:
        with tf.GradientTape() as tape:
            h = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, w, 1, "SAME")), 2, 2, "SAME")
            p = tf.nn.softmax(tf.matmul(tf.reshape(h, [-1, 16]), u))
            loss = -tf.reduce_mean(tf.math.log(p[:, 0])) + 1e-3 * tf.nn.l2_loss(w)
        assert np.isfinite(loss.numpy())  # from here on the forward pass waits no more
        found = tape.gradient(loss, [w, u, unused])
        assert found[2] is None
        return [g.numpy() for g in found[:2]]

    for step in range(6):
        x = rng.normal(size=(5, 4, 4, 1)).astype("float32")
        fresh = [g.copy() for g in gradients(x)]
        with monkeypatch.context() as eager:
            eager.setattr(replay, "_EAGER_TIMES", 10**9)
            eager.setattr(replay, "_memory", replay._Memory())
            expected = gradients(x)
        for g, e in zip(fresh, expected, strict=True):
            np.testing.assert_allclose(g, e, rtol=1e-4, atol=1e-6)
        assert len(planned) == (step >= 3)
        w.assign_sub(0.1 * fresh[0])


def test_ever_other_numbers_are_one_backward_pass(planned: list[Any]) -> None:
    w = tf.Variable(2.0)
    for k in range(60):
        x = tf.constant(0.1 * k)
        with tf.GradientTape() as tape:
            error = 1 - x * w
            loss = error * error if error > -3 else -error  # looked at, so nothing waits
            assert np.isfinite(loss.numpy())
        slope = tape.gradient(loss, w)
        at = np.float32(0.1 * k)
        np.testing.assert_allclose(
            slope, -2 * at * (1 - at * 2) if 1 - at * 2 > -3 else at, rtol=1e-5, atol=1e-6
        )
    assert 1 <= len(planned) <= 4


def test_a_variable_read_before_and_after_an_assignment_has_both_gradients() -> None:
    v = tf.Variable(2.0)
    for _ in range(6):
        v.assign(2.0)
        with tf.GradientTape() as tape:
            y = v * v
            v.assign(5.0)
            y = y + v * v
        assert float(tape.gradient(y, v)) == 2 * 2.0 + 2 * 5.0


def test_gradients_are_constants_once_no_tape_is_open() -> None:
    v = tf.Variable(3.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = v**3
        slope = inner.gradient(y, v)
    assert float(outer.gradient(slope, v)) == 6 * 3.0
    with tf.GradientTape() as tape:
        y = v**3
    assert tape.gradient(y, v).op is None


def test_what_a_tape_does_not_see() -> None:
    v, c = tf.Variable(1.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        y = v * c
    assert tape.gradient(y, {"v": v, "c": c})["c"] is None
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        y = v * c
    assert tape.gradient(y, v) is None
    frozen = tf.Variable(2.0, trainable=False)
    with tf.GradientTape(persistent=True) as tape:
        y = v * frozen
        tape.watch(c)
    assert tape.gradient(y, [v, frozen])[1] is None
    with tf.GradientTape() as tape:
        tape.watch(frozen)
        y = v * frozen
    assert float(tape.gradient(y, frozen)) == 1.0
    with tf.GradientTape() as tape:
        y = tf.cast(v, tf.int32)
    assert tape.gradient(y, [v]) == [None]
    with tf.GradientTape() as tape:
        y = c * c
    assert float(tape.gradient(y, v, unconnected_gradients="zero")) == 0.0
    with tf.GradientTape() as tape:
        y = v * [1.0, 2.0]
    assert float(tape.gradient(y, v, output_gradients=[10.0, 100.0])) == 210.0
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, v)


# --- functions --------------------------------------------------------------------------------------------------------


def test_python_on_values_runs_as_python() -> None:
    runs = []

    @tf.function
    def halved(x: Any) -> Any:
        runs.append(1)
        while x > 1:
            x = x / 2
        return x

    assert [float(halved(tf.constant(v))) for v in (8.0, 3.0)] == [1.0, 0.75]
    assert halved.experimental_get_tracing_count() == 0


def test_a_concrete_function_takes_the_tensors_alone() -> None:
    @tf.function  # type: ignore[untyped-decorator]
    def power(a: Any, b: int, scale: Any = 1.0) -> Any:
        return a**b * scale

    square = power.get_concrete_function(a=tf.TensorSpec(None, tf.float32), b=2)
    assert square(tf.constant(3.0)).numpy() == 9.0 and square(a=tf.constant([1.0, 2.0])).numpy().tolist() == [
        1.0,
        4.0,
    ]
    assert power.get_concrete_function(a=tf.TensorSpec(None, tf.float32), b=2) is square
    signature = square.structured_input_signature
    assert signature == ((tf.TensorSpec(None, tf.float32, "a"), 2, 1.0), {}) and signature[0][0].name == "a"
    cube = power.get_concrete_function(tf.constant([1.0]), 3)
    assert cube is not square and cube(tf.constant([2.0])).numpy().tolist() == [8.0]
    assert cube.structured_outputs == tf.TensorSpec([1], tf.float32) and cube.inputs[0].shape == (1,)
    for wrong in (lambda: square(tf.constant(1.0), b=3), lambda: square(), lambda: square(tf.constant(1))):
        with pytest.raises(TypeError, match="power"):
            wrong()
    fixed = tf.function(
        lambda x: x + 1, input_signature=[tf.TensorSpec([None], tf.int32)]
    ).get_concrete_function()
    assert fixed(tf.constant([1, 2])).numpy().tolist() == [2, 3]
    assert tf.function(lambda x: x**3)(2).dtype == "int32"  # Python's numbers are TensorFlow's


def test_a_function_with_a_signature_is_traced_once_for_it() -> None:
    seen: list[Any] = []

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32), tf.TensorSpec([], tf.float32)])
    def every_other(rows: Any, by: Any) -> Any:
        seen.append((tuple(rows.shape), tuple(by.shape)))
        return rows[:, ::2] * by

    for n in (3, 5):
        made = every_other(tf.ones([n, 4]), 2.0)
        assert made.shape == (n, 2) and float(tf.reduce_sum(made)) == 4.0 * n
    assert seen == [((None, 4), ())] and every_other.experimental_get_tracing_count() == 1

    class Holder(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
        def doubled(self, x: Any) -> Any:
            seen.append(tuple(x.shape))
            return x * 2

    holder = Holder()
    assert [holder.doubled(tf.range(n)).numpy().tolist() for n in (2, 3)] == [[0, 2], [0, 2, 4]]
    assert seen[1:] == [(None,)]


def test_a_signature_that_the_python_cannot_do_with_is_traced_for_lengths() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def summed(x: Any) -> Any:
        total = 0.0
        for k in range(x.shape[0] if x.shape[0] is not None else len(x)):
            total += x[k] * 2
        return total

    assert [float(summed(tf.ones([n]))) for n in (2, 3)] == [4.0, 6.0]


def test_what_is_refused_is_an_invalid_argument() -> None:
    for refused in (
        lambda: tf.reshape(tf.zeros([6]), [4]),
        lambda: tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3])),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            refused()
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf.debugging.assert_positive([-1.0])


def test_an_error_in_a_function_is_the_programs() -> None:
    @tf.function
    def wrong(x: Any) -> Any:
        return tf.matmul(x, x)

    with pytest.raises(Exception, match="matmul"):
        wrong(tf.ones((2, 3)))


def test_print_and_checks_in_functions_happen_at_each_run(capsys: pytest.CaptureFixture[str]) -> None:
    @tf.function
    def noisy(x: Any) -> Any:
        tf.print("x is", x, [1, 2])
        tf.debugging.assert_greater(x, 0)
        return x + 1

    assert noisy(tf.constant(1)).numpy() == 2
    assert noisy(tf.constant(5)).numpy() == 6
    assert capsys.readouterr().err == "x is 1 [1, 2]\nx is 5 [1, 2]\n"
    with pytest.raises(tf.errors.InvalidArgumentError, match="x > y"):
        noisy(tf.constant(-1))


# What is printed, and the lines that TensorFlow 2.21 prints.
PRINTED: list[tuple[tuple[Any, ...], str]] = [
    ((tf.constant(4.0), tf.constant(0.44231752), tf.constant(0.7695), 1e-10), "4 0.442317516 0.7695 1e-10"),
    ((tf.constant(1e10), tf.constant(123456789.0), 3, True, None, "x"), "1e+10 123456792 3 True None x"),
    ((tf.constant([1.0, 2.5]), tf.constant([[1, 2], [3, 4]])), "[1 2.5] [[1 2]\n [3 4]]"),
    ((tf.constant(["a", "b"]), tf.constant("s")), '["a" "b"] "s"'),
    ((tf.constant("s"),), "s"),
    ((tf.range(10), tf.range(6)), "[0 1 2 ... 7 8 9] [0 1 2 3 4 5]"),
    ((tf.reshape(tf.range(14), [7, 2]),), "[[0 1]\n [2 3]\n [4 5]\n ...\n [8 9]\n [10 11]\n [12 13]]"),
    ((tf.reshape(tf.range(8), [2, 2, 2]),), "[[[0 1]\n  [2 3]]\n\n [[4 5]\n  [6 7]]]"),
    (
        ([tf.constant(1.0), 2, "z"], {"a": tf.constant(2.0), "b": [1, 2]}, (1,)),
        "[1, 2, 'z'] {'a': 2, 'b': [1, 2]} (1,)",
    ),
    ((tf.constant([0.1, 1 / 3], tf.float64), tf.constant(math.nan)), "[0.1 0.33333333333333331] nan"),
    ((tf.constant(math.inf), tf.constant([True, False]), tf.constant(1.0, tf.float16)), "inf [1 0] 1"),
    ((tf.ragged.constant([[1, 2], [3]]), tf.zeros([0])), "[[1, 2], [3]] []"),
    ((tf.SparseTensor([[0, 1]], [5], [2, 3]),), "'SparseTensor(indices=[[0 1]], values=[5], shape=[2 3])'"),
    ((tf.Variable(1.5), tf.constant(-1)), "1.5 -1"),
]


@pytest.mark.parametrize("row", range(len(PRINTED)))
def test_values_are_printed_as_tensorflow_prints_them(row: int, capsys: pytest.CaptureFixture[str]) -> None:
    values, line = PRINTED[row]
    tf.print(*values)
    assert capsys.readouterr().err == line + "\n"


def test_where_and_how_much_is_printed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tf.print("a", tf.range(10), sep="|", end="!", summarize=-1, output_stream=sys.stdout)
    assert capsys.readouterr() == ("a|[0 1 2 3 4 5 6 7 8 9]!", "")
    for _ in range(2):
        tf.print("line", output_stream=f"file://{tmp_path}/log")
    assert (tmp_path / "log").read_text() == "line\nline\n"
    told = tf.strings.format("A {} B {}", (tf.constant(0.442317516), tf.constant([1.0, 2.0])))
    assert told.numpy() == b"A 0.442317516 B [1 2]"


def test_a_function_gives_the_value_of_a_variable() -> None:
    v = tf.Variable(1.0)

    @tf.function  # type: ignore[untyped-decorator]
    def loud() -> Any:
        tf.print("now")
        return v.assign_add(1.0), v

    for f in (loud, tf.function(lambda: (v.assign_add(1.0), v))):
        kept = f()
        v.assign(0.0)
        assert [float(k) for k in kept] in ([2.0, 2.0], [1.0, 1.0]) and not isinstance(kept[1], tf.Variable)
        v.assign(0.0)


def test_layers_and_models_are_modules() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(2, input_shape=(3,))])
    assert (
        isinstance(model, tf.Module)
        and isinstance(model.layers[0], tf.Module)
        and issubclass(tf.keras.Model, tf.Module)
    )
    assert not isinstance(tf.Variable(1.0), tf.Module)

    class Pair(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.model = tf.Module(), model

    assert [type(m).__name__ for m in Pair().submodules] == ["Module", "Sequential", "Dense"]
    assert not isinstance(model, Pair) and len(Pair().variables) == 2


def test_lengths_that_change_from_call_to_call() -> None:
    @tf.function
    def rows(x: Any) -> Any:
        n = tf.shape(x)[0]
        return tf.reshape(tf.tile(x, [1, 2]), [n, -1]) + tf.zeros([n, 4]), tf.cast(tf.range(n), tf.float32)

    for n in (2, 3, 5, 4):
        wide, counted = rows(tf.ones((n, 2)))
        assert wide.shape == (n, 4)
        assert counted.numpy().tolist() == list(range(n))


def test_the_state_of_a_module_in_its_function() -> None:
    class Counter(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.seen = {"total": tf.Variable(0.0)}
            self.parts = [tf.Variable(1.0), tf.Variable(2.0, trainable=False)]

        @tf.function
        def add(self, x: Any) -> Any:
            self.seen["total"].assign_add(tf.reduce_sum(x))
            return self.seen["total"] * 2

    one, two = Counter(), Counter()
    assert float(one.add(tf.ones(3))) == 6
    assert float(two.add(tf.ones(2))) == 4
    assert float(one.add(tf.ones(4))) == 14
    assert (len(one.variables), len(one.trainable_variables), one.name) == (3, 2, "counter")


# --- random numbers ---------------------------------------------------------------------------------------------------


def test_seeds_decide() -> None:
    tf.random.set_seed(5)
    first = tf.random.normal([3]).numpy()
    second = tf.random.normal([3]).numpy()
    tf.random.set_seed(5)
    assert tf.random.normal([3]).numpy().tolist() == first.tolist() != second.tolist()
    draws = [tf.random.stateless_uniform([4], seed=s).numpy().tolist() for s in ([1, 2], [1, 2], [2, 1])]
    assert draws[0] == draws[1] != draws[2]


def test_a_generator_moves_on_in_functions_too() -> None:
    def drawn(compiled: bool) -> list[Any]:
        generator = tf.random.Generator.from_seed(3)
        draw = tf.function(lambda: generator.normal([2])) if compiled else lambda: generator.normal([2])
        return [draw().numpy().round(5).tolist() for _ in range(3)]

    eager, compiled = drawn(False), drawn(True)
    assert eager == compiled
    assert eager[0] != eager[1] != eager[2]


def test_distributions_have_their_moments() -> None:
    tf.random.set_seed(0)
    n = 20000
    for x, mean, deviation in (
        (tf.random.uniform([n], 2, 4), 3, 2 / math.sqrt(12)),
        (tf.random.truncated_normal([n]), 0, 0.8796),  # sqrt(1 - 4 phi(2) / (Phi(2) - Phi(-2)))
        (tf.random.poisson([n], 3.0), 3, math.sqrt(3)),
        (tf.random.gamma([n], 2.5, beta=2.0), 1.25, math.sqrt(2.5) / 2),
        (
            tf.cast(tf.random.categorical(tf.math.log([[0.25, 0.75]]), n)[0], tf.float32),
            0.75,
            math.sqrt(3) / 4,
        ),
    ):
        assert float(tf.reduce_mean(x)) == pytest.approx(mean, abs=4 * deviation / math.sqrt(n))
        assert float(tf.math.reduce_std(x)) == pytest.approx(deviation, rel=0.05)


# --- data sets --------------------------------------------------------------------------------------------------------


def test_structures_and_texts_go_through_pipelines() -> None:
    made = tf.data.Dataset.from_tensor_slices({"text": ["a", "bc", "def"], "n": [[1.0], [2.0], [3.0]]})
    made = made.map(lambda e: (tf.strings.upper(e["text"]), e["n"] * 2)).batch(2)
    (texts, numbers), (last, _) = list(made)
    assert texts.numpy().tolist() == [b"A", b"BC"]
    assert numbers.numpy().tolist() == [[2.0], [4.0]]
    assert last.numpy().tolist() == [b"DEF"]
    assert made.element_spec[1] == tf.TensorSpec([None, 1], tf.float32)
    assert len(made) == 2


def test_what_is_known_of_elements() -> None:
    pairs = tf.data.Dataset.from_tensor_slices(([1, 2, 3], ["a", "b", "c"]))
    specs = tf.TensorSpec([], tf.int32), tf.TensorSpec([], tf.string)
    assert pairs.element_spec == specs and pairs.batch(2).element_spec[0] == tf.TensorSpec([None], tf.int32)
    assert repr(pairs).startswith("<Dataset element_spec=(TensorSpec(shape=(), dtype=tf.int32")

    def endless() -> Any:
        raise AssertionError("nobody should look at the elements")
        yield

    announced = tf.data.Dataset.from_generator(endless, (tf.int32, {"x": tf.float32}), ((), {"x": [None, 3]}))
    assert announced.shuffle(2).prefetch(1).element_spec == (
        tf.TensorSpec([], tf.int32), {"x": tf.TensorSpec([None, 3], tf.float32)},
    )  # fmt: skip
    sparse = tf.data.Dataset.from_tensors(tf.SparseTensor([[0, 1]], [5], [2, 3])).element_spec
    assert (
        repr(sparse) == "SparseTensorSpec(TensorShape([2, 3]), tf.int32)"
        and sparse.value_type is tf.SparseTensor
    )
    ragged = tf.data.Dataset.from_tensors(tf.ragged.constant([[1], [2, 3]])).element_spec
    assert repr(ragged) == "RaggedTensorSpec(TensorShape([2, None]), tf.int32, 1, tf.int64)"
    assert ragged.value_type is tf.RaggedTensor and ragged != tf.TensorSpec([2, None], tf.int32)
    rows = tf.data.Dataset.range(4).map(lambda n: tf.range(n)).ragged_batch(2)
    assert [b.to_list() for b in rows] == [[[], [0]], [[0, 1], [0, 1, 2]]]


def test_classes_in_other_shares() -> None:
    numbers = tf.data.Dataset.from_tensor_slices(np.arange(4000))
    drawn = numbers.rejection_resample(lambda n: n % 20 == 0, [0.5, 0.5], [0.95, 0.05], seed=1)
    kinds = [int(kind) for kind, _ in drawn]
    assert all((n % 20 == 0) == bool(kind) for kind, n in drawn) and len(kinds) < 500
    assert abs(np.mean(kinds) - 0.5) < 0.06
    counted = [int(kind) for kind, _ in numbers.rejection_resample(lambda n: n % 20 == 0, [0.5, 0.5], seed=1)]
    assert abs(np.mean(counted[50:]) - 0.5) < 0.1


def test_an_iterator_goes_on_where_its_checkpoint_was(tmp_path: Path) -> None:
    iterator = iter(tf.data.Dataset.range(20))
    checkpoint = tf.train.Checkpoint(step=tf.Variable(0), iterator=iterator)
    assert [int(next(iterator)) for _ in range(5)] == [0, 1, 2, 3, 4]
    path = checkpoint.save(tmp_path / "ckpt")
    assert int(iterator.get_next()) == 5
    checkpoint.restore(path)
    assert int(next(iterator)) == 5 and iterator.element_spec == tf.TensorSpec([], tf.int64)
    other = iter(tf.data.Dataset.range(20))
    tf.train.Checkpoint(iterator=other).restore(path)
    assert other.get_next_as_optional().get_value() == 5
    assert not iter(tf.data.Dataset.range(0)).get_next_as_optional().has_value()


def test_examples_and_texts_as_texts() -> None:
    lists = {
        "n": tf.train.Feature(int64_list=tf.train.Int64List(value=[3, -1])),
        "f": tf.train.Feature(float_list=tf.train.FloatList(value=[0.1])),
        "b": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b'a"\n\xff'])),
    }
    example = tf.train.Example(features=tf.train.Features(feature=lists))
    shown = [("b", 'bytes_list {\n  value: "a\\"\\n\\377"\n}'), ("f", "float_list {\n  value: 0.1\n}"),
             ("n", "int64_list {\n  value: 3\n  value: -1\n}")]  # fmt: skip
    assert str(lists["b"]) == shown[0][1] + "\n"

    def block(name: str, inside: str) -> str:
        return f"{name} {{\n{textwrap.indent(inside, '  ')}\n}}"

    features = [block("feature", f'key: "{key}"\n{block("value", held)}') for key, held in shown]
    assert str(example) == block("features", "\n".join(features)) + "\n"
    assert "{}".format(tf.constant(["a", "b"])) == "[b'a' b'b']" and f"{tf.constant('a')}" == "b'a'"


def test_batches_of_similar_lengths() -> None:
    words = [[1], [2, 2, 2], [3], [4, 4, 4, 4]]
    made = tf.data.Dataset.from_generator(lambda: iter(words), output_types=tf.int32)
    made = made.bucket_by_sequence_length(lambda x: tf.shape(x)[0], [3], [2, 2])
    assert [b.numpy().tolist() for b in made] == [[[1], [3]], [[2, 2, 2, 0], [4, 4, 4, 4]]]


def test_a_data_set_cannot_be_part_of_a_compiled_function() -> None:
    made = tf.data.Dataset.range(4)

    @tf.function
    def total() -> Any:
        found = tf.constant(0, tf.int64)
        for x in made:
            found += x
        return found

    assert [int(total()), int(total())] == [6, 6]
    assert total.experimental_get_tracing_count() == 0


def test_tables() -> None:
    words = tf.constant(["a", "b"])
    pairs = tf.lookup.KeyValueTensorInitializer(words, tf.constant([7, 8]))
    table = tf.lookup.StaticHashTable(pairs, default_value=-1)
    assert table.lookup(tf.constant([["b", "z"]])).numpy().tolist() == [[8, -1]]
    numbered = tf.lookup.KeyValueTensorInitializer(words, tf.range(2, dtype=tf.int64))
    vocabulary = tf.lookup.StaticVocabularyTable(numbered, 2)
    assert vocabulary.lookup(tf.constant(["a", "z"])).numpy()[0] == 0
    assert vocabulary.lookup(tf.constant(["z"])).numpy()[0] in (2, 3)


# --- files ------------------------------------------------------------------------------------------------------------


def test_summaries_are_event_files(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(step=1):
        tf.summary.scalar("loss", tf.constant(0.5))
        tf.summary.scalar("loss", 0.25, step=2)
        tf.summary.histogram("w", tf.random.normal([10]))
        tf.summary.image("picture", tf.zeros([1, 4, 4, 3]))
        tf.summary.text("note", "hello")
        with tf.summary.record_if(False):
            tf.summary.scalar("hidden", 1.0)
    writer.close()
    assert tf.summary.scalar("loss", 1.0, step=3) is False  # nobody listens
    (path,) = tmp_path.iterdir()
    found = [(e["step"], tag) for e in events.read_events(path) for tag in e.get("values", {})]
    assert found == [(1, "loss"), (2, "loss"), (1, "w"), (1, "picture/image/0"), (1, "note")]


def test_a_checkpoint_waits_for_the_weights_of_a_model(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    model, optimizer = tf.keras.Sequential([tf.keras.layers.Dense(2)]), tf.keras.optimizers.Adam()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(tf.ones((1, 3))))
    optimizer.apply_gradients(
        zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
    )
    path = tf.train.Checkpoint(model=model, optimizer=optimizer).save(str(tmp_path / "ckpt"))
    other = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    tf.train.Checkpoint(model=other).restore(path)
    np.testing.assert_array_equal(np.asarray(other(tf.ones((1, 3)))), np.asarray(model(tf.ones((1, 3)))))
    fresh = tf.keras.optimizers.Adam()
    tf.train.Checkpoint(model=other, optimizer=fresh).restore(path).assert_consumed()
    assert np.array_equal(other.get_weights()[0], model.get_weights()[0])
    for mine, theirs in zip(fresh.variables(), optimizer.variables(), strict=True):
        assert np.array_equal(mine.get_value(), theirs.get_value())
    with pytest.raises(AssertionError, match="step"):
        tf.train.Checkpoint(model=other, step=tf.Variable(1)).restore(path).assert_existing_objects_matched()
    assert tf.train.latest_checkpoint(str(tmp_path)) == path


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nn.relux", "the nearest is tf.nn.relu"),
        ("matmull", "the nearest is tf.matmul"),
        ("lite.TFLiteConverter", "model.save()"),
        ("estimator.Estimator", "--as tf1"),
    ],
)
def test_what_is_not_there_is_told_in_a_line(name: str, told: str) -> None:
    with pytest.raises(AttributeError, match=r"docs/compat.md") as caught:
        thing = tf
        for part in name.split("."):
            thing = getattr(thing, part)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_generations_names_are_in_compat() -> None:
    old = tf.compat.v1
    old.logging.set_verbosity(old.logging.ERROR)
    config = old.ConfigProto()
    config.gpu_options.allow_growth = True
    with old.Session(config=config) as session, pytest.raises(TypeError, match="--as tf1"):
        session.run(tf.constant(1.0))
    tf.keras.backend.set_session(session)
    v = tf.Variable(1.0)
    old.train.GradientDescentOptimizer(0.1).minimize(lambda: v * v)
    assert float(v) == pytest.approx(0.8)
    assert old.reduce_sum(X, reduction_indices=[1], keep_dims=True).shape == (2, 1)
    assert old.reduce_mean(X, 0).shape == (3,) and old.to_int64([1.5]).dtype == "int64"
    loss = old.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.0, 1.0]], logits=[[1.0, 1.0]])
    assert float(loss[0]) == pytest.approx(math.log(2))
    assert np.unique(old.nn.dropout(tf.ones([1000]), keep_prob=0.5)).tolist() == [0.0, 2.0]
    numbers = tf.data.Dataset.range(3).batch(2)
    assert old.data.make_one_shot_iterator(numbers).get_next().numpy().tolist() == [0, 1]
    assert old.data.get_output_types(numbers) == tf.int64
    assert old.data.get_output_shapes(numbers).as_list() == [None]
    assert tf.compat.as_bytes("a") == b"a" and tf.compat.v2 is tf2


NAMES = Path(__file__).resolve().parents[3] / "shared" / "compat-names.md"


@pytest.mark.skipif(not NAMES.is_file(), reason="the list ../shared/compat-names.md is not there")
def test_the_names_that_programs_use_are_supplied() -> None:
    text = NAMES.read_text(encoding="utf-8").split("## TensorFlow 2 and Keras")[1]
    rows = re.findall(r"^\| `tf\.([^`]+)` \| \d+", text, re.MULTILINE)

    def supplied(name: str) -> bool:
        thing = tf
        for part in name.split("."):
            if not hasattr(thing, part):
                return False
            thing = getattr(thing, part)
        return True

    assert [name for name in rows if not supplied(name)] == []


def test_a_grid_of_places_in_a_model_of_symbols() -> None:
    x = tf.keras.Input([3, 3, 2])
    n = tf.shape(x)[1]
    across = tf.tile(tf.range(n)[tf.newaxis, :], [n, 1])
    down = tf.tile(tf.range(n)[:, tf.newaxis], [1, n])
    y = x + tf.cast(tf.stack([across, down], axis=-1)[tf.newaxis], tf.float32)
    found = np.asarray(tf.keras.Model(x, y)(np.zeros((2, 3, 3, 2), "f")))
    np.testing.assert_array_equal(found, np.stack([np.stack(np.meshgrid(range(3), range(3)), -1)] * 2))


def test_a_model_of_ones_own_takes_its_name_first() -> None:
    class Policy(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__("policy")

    assert Policy().name == "policy"


def test_an_initialiser_comes_back_from_its_description() -> None:
    room = tf.keras.initializers
    made = room.get(room.serialize(room.RandomUniform(2.0, 3.0)))
    found = np.asarray(made((50,), "float32"))
    assert isinstance(made, room.RandomUniform) and 2.0 <= found.min() < found.max() < 3.0


def test_paths_inside_of_tensorflow() -> None:
    inside = tf.python
    v = tf.Variable(1.0)
    for change, value in (("assign", 5), ("assign_add", 7), ("assign_sub", 5)):
        new = getattr(inside.ops.state_ops, change)(v, 5.0 if value == 5 and change == "assign" else 2.0)
        assert v.numpy() == new.numpy() == value
    assert tf.keras.backend_config.epsilon() == tf.keras.backend.epsilon()
    assert inside.ops.math_ops.reduce_mean([1.0, 3.0]).numpy() == 2
    assert inside.ops.random_ops.random_uniform([2]).shape == (2,)
    assert inside.ops.nn_ops.softmax([0.0, 0.0]).numpy().tolist() == [0.5, 0.5]
    assert isinstance(tf.constant(1), inside.framework.ops.Tensor)
    assert inside.client.device_lib.list_local_devices()[0].device_type == "CPU"
    assert inside.data.AUTOTUNE == tf.data.AUTOTUNE
    assert tf.dtypes.cast(1.7, tf.dtypes.int32).numpy() == 1
    with pytest.raises(AttributeError, match="relux"):
        inside.ops.nn_ops.relux


def test_strategies_take_what_shares_gradients() -> None:
    room = tf.distribute
    strategy = room.MirroredStrategy(cross_device_ops=room.HierarchicalCopyAllReduce(num_packs=2))
    made = strategy.distribute_datasets_from_function(
        lambda context: tf.data.Dataset.range(4).batch(context.get_per_replica_batch_size(2))
    )
    assert [batch.numpy().tolist() for batch in made] == [[0, 1], [2, 3]]


def test_a_model_may_call_its_input_layer() -> None:
    class Net(tf.keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = tf.keras.layers.InputLayer(input_shape=(3,))
            self.last = tf.keras.layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return self.last(self.first(inputs))

    net = Net()
    assert net(np.ones((4, 3), "f")).shape == (4, 2) and len(net.weights) == 2
    stack = tf.keras.Sequential([tf.keras.layers.InputLayer(input_shape=(3,)), tf.keras.layers.Dense(2)])
    assert stack.output_shape == (None, 2)


def test_a_program_that_finds_no_tpu_takes_another_strategy() -> None:
    try:
        found = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(found)
        tf.tpu.experimental.initialize_tpu_system(found)
        strategy = tf.distribute.TPUStrategy(found)
    except ValueError:
        strategy = tf.distribute.get_strategy()
    assert strategy.num_replicas_in_sync == 1
