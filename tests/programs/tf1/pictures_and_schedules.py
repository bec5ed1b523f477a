"""tf.image and the schedules of tf.train against what TensorFlow 2.21 gives in graph mode."""

import numpy as np
import tensorflow as tf

# By name: the shape, and the sum of the elements times cos(0), cos(1), ...
GOLD = {
    "ssim": ([2], 1.447945),
    "psnr": ([2], 30.807126),
    "total_variation": ([2], 1763.165596),
    "crop_and_resize": ([4, 5, 7, 3], 1.804544),
    "crop_and_resize_nearest": ([4, 4, 6, 3], -0.676737),
    "crop_and_resize_middle": ([4, 1, 3, 3], -0.553284),
    "crop_and_resize_gradient": ([2, 16, 20, 3], -4.556198),
    "sobel_edges": ([2, 16, 20, 3, 2], 0.139034),
    "rgb_to_yuv": ([2, 16, 20, 3], 153.651262),
    "yuv_to_rgb": ([2, 16, 20, 3], -467.510984),
    "rgb_to_yiq": ([2, 16, 20, 3], 10.978237),
    "yiq_to_rgb": ([2, 16, 20, 3], -0.472386),
    "extract_glimpse": ([2, 6, 8, 3], -7.814662),
    "extract_glimpse_pixels": ([2, 5, 7, 3], -0.617549),
    "extract_glimpse_corner": ([2, 5, 7, 3], 0.911388),
    "extract_patches": ([2, 7, 9, 27], 0.500148),
    "draw_bounding_boxes": ([2, 16, 20, 3], -1.091135),
}
RATES = {
    "cosine_decay_restarts": [0.1, 0.07938927, 0.1, 0.01464466, 0.0986185, 0.01464466],
    "cosine_decay_restarts_flat": [0.1, 0.08145034, 0.055, 0.02125, 0.01893129, 0.01140625],
    "cosine_decay_restarts_long": [0.1, 0.06112603, 0.0855436, 0.00445639, 0.07974763, 0.03949029],
    "linear_cosine_decay": [0.1001, 0.09132211, 0.06411651, 0.01167468, 0.0013894, 0.0001],
}

image = (np.sin(np.arange(2 * 16 * 20 * 3)) / 2 + 0.5).reshape(2, 16, 20, 3).astype(np.float32)
other = (image * 0.8 + np.cos(np.arange(image.size)).reshape(image.shape) * 0.1 + 0.1).astype(np.float32)
x, y = (tf.placeholder(tf.float32, [None, 16, 20, 3]) for _ in range(2))
boxes, places = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 2])
pick = tf.constant([0, 1, 0, 1])
frames = np.array([[[0.1, 0.2, 0.7, 0.8], [0.3, 0.3, 0.6, 0.9]]] * 2, np.float32)
crops = tf.image.crop_and_resize(x, boxes, pick, [5, 7])
step = tf.placeholder(tf.int32, [])
found = {
    "ssim": tf.image.ssim(x, y, 1.0),
    "psnr": tf.image.psnr(x, y, 1.0),
    "total_variation": tf.image.total_variation(x),
    "crop_and_resize": crops,
    "crop_and_resize_nearest": tf.image.crop_and_resize(
        x, boxes, pick, [4, 6], method="nearest", extrapolation_value=0.25
    ),
    "crop_and_resize_middle": tf.image.crop_and_resize(x, boxes, pick, [1, 3]),
    "crop_and_resize_gradient": tf.gradients(tf.reduce_sum(tf.square(crops)), x)[0],
    "sobel_edges": tf.image.sobel_edges(x),
    "rgb_to_yuv": tf.image.rgb_to_yuv(x),
    "yuv_to_rgb": tf.image.yuv_to_rgb(x),
    "rgb_to_yiq": tf.image.rgb_to_yiq(x),
    "yiq_to_rgb": tf.image.yiq_to_rgb(x),
    "extract_glimpse": tf.image.extract_glimpse(x, [6, 8], places),
    "extract_glimpse_pixels": tf.image.extract_glimpse(x, [5, 7], places * 8, normalized=False),
    "extract_glimpse_corner": tf.image.extract_glimpse(x, [5, 7], tf.abs(places) + 0.3, centered=False),
    "extract_patches": tf.image.extract_patches(
        x, sizes=[1, 3, 3, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="VALID"
    ),
    "draw_bounding_boxes": tf.image.draw_bounding_boxes(x, frames),
}
schedules = {
    "cosine_decay_restarts": tf.train.cosine_decay_restarts(0.1, step, 10),
    "cosine_decay_restarts_flat": tf.train.cosine_decay_restarts(
        0.1, step, 10, t_mul=1.0, m_mul=0.5, alpha=0.1
    ),
    "cosine_decay_restarts_long": tf.train.cosine_decay_restarts(0.1, step, 7, t_mul=3.0, m_mul=0.9),
    "linear_cosine_decay": tf.train.linear_cosine_decay(0.1, step, 40),
}
feed = {
    x: image,
    y: other,
    boxes: [[0, 0, 1, 1], [0.1, 0.2, 0.7, 0.8], [0.9, 0.1, 0.2, 0.6], [-0.3, 0.1, 1.2, 0.9]],
    places: [[0.2, -0.3], [-0.35, 0.25]],
}


def figures(array):
    array = np.asarray(array, np.float64)
    return list(array.shape), float((array * np.cos(np.arange(array.size)).reshape(array.shape)).sum())


with tf.Session() as sess:
    got = {name: figures(array) for name, array in sess.run(found, feed).items()}
    rates = {
        name: [float(sess.run(rate, {step: t})) for t in (0, 3, 10, 25, 33, 60)]
        for name, rate in schedules.items()
    }

for name, (shape, total) in GOLD.items():
    assert got[name][0] == shape, (name, got[name][0])
    assert abs(got[name][1] - total) < 2e-3 + 1e-5 * abs(total), (name, got[name][1], total)
for name, wanted in RATES.items():
    assert np.allclose(rates[name], wanted, atol=1e-7), (name, rates[name])

# Where a glimpse leaves the picture there is noise between its least and greatest pixel, anew at each run.
away = tf.image.extract_glimpse(x, [6, 8], [[-1.0, -1.0], [0.0, 0.0]])
with tf.Session() as sess:
    one, two = (sess.run(away, feed) for _ in range(2))
assert np.array_equal(one[0, 3:, 4:], image[0, :3, :4]) and np.array_equal(one[1], two[1])
outside = np.ones((6, 8), bool)
outside[3:, 4:] = False
assert not np.allclose(one[0][outside], two[0][outside])
assert image.min() <= one[0].min() and one[0].max() <= image.max()

# The noise of a schedule has the variance that it is told.
noisy = tf.train.noisy_linear_cosine_decay(
    1.0, step, 100, initial_variance=0.04, variance_decay=0.5, beta=0.0
)
with tf.Session() as sess:
    drawn = np.array([sess.run(noisy, {step: 24}) for _ in range(400)])
wave = 0.5 * (1 + np.cos(np.pi * 0.24))
assert abs(drawn.mean() - 0.76 * wave) < 0.02
assert abs(drawn.std() - np.sqrt(0.04 / 25**0.5) * wave) < 0.02

# A random rectangle covers its share of one of the boxes.
box = np.array([[[0.2, 0.5, 0.4, 0.9]]], np.float32)
begin, size, seen = tf.image.sample_distorted_bounding_box(
    tf.shape(x)[1:], box, min_object_covered=0.7, area_range=[0.05, 1.0], max_attempts=1000
)
with tf.Session() as sess:
    for _ in range(20):
        (top, left, _), (h, w, c), shown, part = sess.run(
            [begin, size, seen, tf.slice(x[0], begin, size)], feed
        )
        tall = max(min(top + h, 0.4 * 16) - max(top, 0.2 * 16), 0)
        wide = max(min(left + w, 0.9 * 20) - max(left, 0.5 * 20), 0)
        assert tall * wide >= 0.7 * (0.2 * 16) * (0.4 * 20) - 1e-3
        assert c == -1 and part.shape == (h, w, 3)
        assert np.array_equal(part, image[0, top : top + h, left : left + w])
        assert np.allclose(shown[0, 0], [top / 16, left / 20, (top + h) / 16, (left + w) / 20], atol=1e-6)

# Turned by right angles about the middle, and moved.
square = image[:, :16, :16]
with tf.Session() as sess:
    quarter, half = sess.run([tf.contrib.image.rotate(square, a) for a in (np.pi / 2, np.pi)])
    moved = sess.run(tf.contrib.image.translate(square, [3.0, -2.0]))
    same = sess.run(tf.contrib.image.transform(square, [1, 0, -3, 0, 1, 2, 0, 0]))
    one = sess.run(tf.contrib.image.rotate(square[0, :, :, 0], [np.pi], interpolation="BILINEAR"))
assert np.allclose(quarter, np.rot90(square, axes=(1, 2)), atol=1e-4)
assert np.allclose(half, square[:, ::-1, ::-1], atol=1e-4) and np.allclose(one, half[0, :, :, 0], atol=1e-4)
assert (
    np.allclose(moved[:, :-2, 3:], square[:, 2:, :-3])
    and not moved[:, :, :3].any()
    and not moved[:, -2:].any()
)
assert np.array_equal(moved, same)
