"""``tf.image`` of TensorFlow 1: the numbers that TensorFlow gives, at lengths known when built or when run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from compat.graphs import run

pytestmark = pytest.mark.usefixtures("new_graph")

PICTURE = np.array([3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8], "float32").reshape(1, 3, 4, 1)
BYTES = np.array([0, 60, 120, 250], "uint8").reshape(2, 2, 1)
# TensorFlow's results, by method and align_corners: 3 x 4 as 2 x 3.
RESIZED = {
    (0, False): [3, 2, 2, 5, 5.1667, 5.8333],
    (0, True): [3, 2.5, 1, 5, 4, 8],
    (1, False): [3, 1, 4, 5, 9, 2],
    (1, True): [3, 4, 1, 5, 5, 8],
    (2, False): [3, 1.8876, 2.1098, 5.1875, 5.6121, 5.9711],
    (2, True): [3, 2.5938, 1, 5, 3.5312, 8],
    (3, False): [3.6667, 3.5, 2.8333, 5, 4.5, 6.5],
    (3, True): [4.3333, 3.6667, 3.5, 4.3333, 4.3333, 8],
}


@pytest.mark.parametrize(("method", "align"), RESIZED)
def test_sizes_known_when_built_or_when_run_give_the_same(method: int, align: bool) -> None:
    x = tf.placeholder(tf.float32, [None, None, None, 1])
    size = tf.placeholder(tf.int32, [2])
    made: Any = [
        tf.image.resize_images(PICTURE, [2, 3], method, align),
        tf.image.resize_images(x, [2, 3], method, align),
        tf.image.resize_images(x, size, method, align),
    ]
    for found in run(made, {x: PICTURE, size: [2, 3]}):
        np.testing.assert_allclose(found.ravel(), np.array(RESIZED[method, align]), atol=6e-5)


def test_pictures_of_open_size_have_gradients() -> None:
    x = tf.placeholder(tf.float32, [None, None, None, 1])
    known = tf.constant(PICTURE)
    slopes = [tf.gradients(tf.image.resize_bilinear(t, [2, 3]) ** 2, t)[0] for t in (x, known)]
    open_, fixed = run(slopes, {x: PICTURE})
    np.testing.assert_allclose(open_, fixed, rtol=1e-6)


def test_resizing_keeps_what_has_the_size_and_labels_as_they_are() -> None:
    labels = tf.constant(np.array([[2**24 + 1, 5], [7, 9]], "int32")[..., None])
    assert tf.image.resize_images(BYTES, [2, 2]).dtype == tf.uint8
    assert tf.image.resize_bilinear(BYTES[None], [2, 2]).dtype == tf.float32
    larger = run(tf.image.resize_images(labels, [4, 2], tf.image.ResizeMethod.NEAREST_NEIGHBOR))
    assert larger[0, 0, 0] == 2**24 + 1 and larger.dtype == np.int32


def test_proportions_are_kept_at_any_size() -> None:
    x = tf.placeholder(tf.float32, [None, None, None, 1])
    made = [tf.image.resize_images(t, [10, 8], preserve_aspect_ratio=True) for t in (tf.constant(PICTURE), x)]
    fixed, open_ = run(made, {x: PICTURE})
    assert fixed.shape == (1, 6, 8, 1)
    np.testing.assert_array_equal(open_, fixed)


def test_the_middle_or_zeros_around_at_any_size() -> None:
    x = tf.placeholder(tf.float32, [None, None, 1])
    cut = tf.image.resize_image_with_crop_or_pad
    made = run([cut(x, 1, 5), cut(tf.constant(PICTURE[0]), 1, 5)], {x: PICTURE[0]})
    for found in made:
        assert found.ravel().tolist() == [5, 9, 2, 6, 0]
    (slope,) = run(tf.gradients(cut(x, 1, 5), x), {x: PICTURE[0]})
    assert slope[..., 0].tolist() == [[0] * 4, [1] * 4, [0] * 4]


def test_whole_numbers_are_seen_as_shares_of_their_range() -> None:
    changes = [
        (tf.image.adjust_brightness(BYTES, 0.5), [127, 187, 247, 255]),
        (tf.image.adjust_contrast(BYTES, 2.0), [0, 12, 132, 255]),
        (tf.image.adjust_gamma(BYTES, 2.0), [0, 14, 56, 245]),
    ]
    for node, expected in changes:
        assert node.dtype == tf.uint8
        assert run(node).ravel().tolist() == expected
    assert run(tf.image.convert_image_dtype(BYTES, tf.int16)).ravel().tolist() == [0, 7680, 15360, 32000]


def test_each_picture_of_a_batch_is_flipped_or_not() -> None:
    pictures = np.tile(np.arange(4.0, dtype="float32").reshape(1, 1, 4, 1), (64, 1, 1, 1))
    flipped = run(tf.image.random_flip_left_right(pictures))[:, 0, 0, 0]
    assert set(flipped.tolist()) == {0.0, 3.0}


def test_no_channels_are_those_of_the_file() -> None:
    pytest.importorskip("PIL")
    grey = tf.image.encode_png(tf.constant(BYTES))
    same, wide = tf.image.decode_png(grey), tf.image.decode_png(grey, channels=3)
    assert same.get_shape().as_list() == [None, None, None]
    found = run([same, wide])
    np.testing.assert_array_equal(found[0], BYTES)
    assert found[1].shape == (2, 2, 3)


def test_boxes_below_a_score_are_left_out() -> None:
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 0.9], [2, 2, 3, 3]], "float32")
    scores = np.array([0.5, 0.9, 0.1], "float32")
    chosen = tf.image.non_max_suppression(boxes, scores, 3, 0.5, score_threshold=0.2)
    assert run(chosen).tolist() == [1]


def test_pictures_seen_from_the_side() -> None:
    """Rows of the first and the second picture, by TensorFlow 2.21; where the divisor is 0 there is nothing."""
    x = (np.arange(60).reshape(2, 5, 6, 1) % 17).astype("float32")
    moves = np.array(
        [[1.1, 0.2, -0.5, 0.1, 0.9, 0.3, 0.05, -0.02], [1, 0.1, 0.2, -0.2, 1, 1, -0.25, 0]], "float32"
    )
    near, smooth = run(
        [tf.contrib.image.transform(x, moves, kind, [4, 7]) for kind in ("NEAREST", "BILINEAR")]
    )
    assert near[0, 1, :, 0].tolist() == [6, 7, 8, 9, 9, 10, 11]
    assert near[1, 0, :, 0].tolist() == [2, 4, 6, 0, 0, 0, 0]
    np.testing.assert_allclose(
        smooth[0, 2, :, 0], [8.9023, 11.0297, 12.1132, 13.0991, 14, 8.1291, 0.7211], atol=1e-4
    )
    np.testing.assert_allclose(smooth[1, 1, :, 0], [8.3, 12.1333, 2.8, 0, 0, 0, 0], atol=1e-4)
    assert tf.contrib.image.transform(x, moves).get_shape().as_list() == [2, 5, 6, 1]


@pytest.mark.usefixtures("new_graph")
def test_random_changes_of_pictures_repeat_by_their_seed() -> None:
    pictures = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)

    def drawn(seed: int) -> list[list[bytes]]:
        with tf.Graph().as_default():
            x = tf.constant(pictures)
            image = tf.image
            nodes = [
                *(f(x, 0.4, seed=seed) for f in (image.random_brightness, image.random_hue)),
                *(f(x, 0.5, 1.5, seed=seed) for f in (image.random_contrast, image.random_saturation)),
                *(f(x, seed=seed) for f in (image.random_flip_left_right, image.random_flip_up_down)),
                image.random_crop(x, [2, 3, 3, 3], seed=seed),
            ]
            with tf.Session() as session:
                return [[found.tobytes() for found in session.run(nodes)] for _ in range(8)]

    first = drawn(7)
    assert first == drawn(7)
    assert all(len({run[k] for run in first}) > 1 for k in range(7))
    assert all(a != b for a, b in zip(zip(*first), zip(*drawn(8))))
