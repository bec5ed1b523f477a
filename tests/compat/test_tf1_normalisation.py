"""Batch normalisation in all its forms, dilation, and optimizers with states of their own: figures of TensorFlow 2.21.

They are those of ``tf.compat.v1`` with tf_keras, and of tf_slim for tf.contrib.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf

pytestmark = pytest.mark.usefixtures("new_graph")

CLIP = {"rmin": 0.7, "rmax": 1.5, "dmax": 0.4}
norm, contrib = tf.layers.batch_normalization, tf.contrib.layers.batch_norm


def layer(**options: Any) -> Callable[[Any], Any]:
    return lambda x: norm(x, training=True, momentum=0.5, **options)


def slim(**options: Any) -> Callable[[Any], Any]:
    return lambda x: contrib(x, decay=0.5, **options)


def twice(shape: Any) -> Any:
    """A factor of 2 and a shift of 1/2 for each channel."""
    ones = tf.ones([*[1] * (shape.shape[0].value - 1), shape[-1]])
    return ones * 2.0, ones * 0.5


FLAT, PICTURE = [4, 3], [2, 2, 2, 3]
# A form, the shape, the first outputs of the third batch, the sum of the gradient's absolute values, and what is kept.
FORMS: list[Any] = [
    (layer(), FLAT, [1.46076, -1.36289], 15.529, {"moving_variance": [4.97321, 3.55531]}),
    (layer(), PICTURE, [-1.16142, -0.46967], 39.42, {"moving_variance": [4.024, 2.82394]}),
    (layer(fused=False), PICTURE, [-1.16142, -0.46967], 39.42, {"moving_variance": [3.53663, 2.48657]}),
    (slim(), FLAT, [1.46076, -1.36289], 15.529, {"moving_variance": [6.58928, 4.69875]}),
    (slim(fused=False), PICTURE, [-1.16142, -0.46967], 39.42, {"moving_variance": [3.53663, 2.48657]}),
    (
        layer(renorm=True), FLAT, [5.49341, -1.92297], 185.902,
        {"moving_variance": [3.64807, 3.39896], "moving_stddev": [1.91025, 1.8439], "moving_mean": [1.53221, 1.2467],
         "renorm_mean": [0.06748, 0.04937], "renorm_stddev": [1.01828, 1.0246]},
    ),
    (
        layer(renorm=True, renorm_clipping=CLIP, renorm_momentum=0.8), PICTURE, [-1.8496, -0.00421], 22.541,
        {"moving_variance": [3.2572, 2.05258], "renorm_mean": [0.44079, 0.6548], "renorm_stddev": [1.44481, 1.31512]},
    ),
    (
        slim(renorm=True, renorm_clipping=CLIP, renorm_decay=0.8), PICTURE, [-1.8496, -0.00421], 22.541,
        {"moving_variance": [3.2572, 2.05258], "renorm_mean": [0.44079, 0.6548], "renorm_stddev": [1.44481, 1.31512]},
    ),
    (
        slim(zero_debias_moving_mean=True), PICTURE, [-1.16142, -0.46967], 39.42,
        {"moving_mean": [0.49246, 1.21887], "moving_mean/biased": [0.4309, 1.06651], "moving_mean/local_step": 3},
    ),
    (
        slim(batch_weights=tf.constant([1.0, 2.0, 0.5, 3.0])), FLAT, [1.92313, -1.49638], 29.031,
        {"moving_mean": [0.84293, 1.57], "moving_variance": [4.97886, 3.07532]},
    ),
    (
        slim(batch_weights=tf.constant([1.0, 2.0])), PICTURE, [-1.04037, -0.65105], 51.527,
        {"moving_mean": [0.23978, 1.15619], "moving_variance": [3.21374, 2.60923]},
    ),
    (slim(adjustment=twice), PICTURE, [-1.82283, -0.43934], 315.374, {"moving_variance": [3.53663, 2.48657]}),
    (layer(adjustment=twice), FLAT, [3.42153, -2.22579], 124.235, {"moving_variance": [4.97321, 3.55531]}),
    (
        layer(virtual_batch_size=2), [4, 2, 2, 3], [-0.36135, 1.09936], 65.949,
        {"moving_mean": [1.28869, 1.30562], "moving_variance": [3.0861, 3.37616]},
    ),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(FORMS)))
def test_forms_of_batch_normalisation(number: int) -> None:
    form, shape, first, total, kept = FORMS[number]
    x = tf.placeholder(tf.float32, shape)
    rng = np.random.RandomState(0)
    if number in (9, 10):  # the weights belong to another graph
        form = slim(batch_weights=tf.constant([1.0, 2.0, 0.5, 3.0] if number == 9 else [1.0, 2.0]))
    y = form(x)
    slope = tf.gradients(tf.reduce_sum(y * y * y), [x])[0]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            batch = rng.randn(*shape).astype("f") * 2 + 1
            out, slopes, _ = session.run([y, slope, tf.get_collection(tf.GraphKeys.UPDATE_OPS)], {x: batch})
        held = {v.op.name: np.ravel(session.run(v)) for v in tf.global_variables()}
    np.testing.assert_allclose(np.ravel(out)[:2], first, atol=2e-5)
    np.testing.assert_allclose(np.abs(slopes).sum(), total, rtol=1e-4)
    for name, expected in kept.items():
        (found,) = (value for key, value in held.items() if key.endswith(f"/{name}"))
        np.testing.assert_allclose(found[: np.size(expected)], np.ravel(expected), atol=2e-5)


def test_renormalisation_stands_still_outside_of_training() -> None:
    x, training = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.bool, [])
    y = norm(x, training=training, renorm=True, momentum=0.5, renorm_momentum=0.5)
    batch = np.random.RandomState(0).randn(6, 3).astype("f")
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = [v for v in tf.global_variables() if "mean" in v.name or "std" in v.name or "var" in v.name]
        before = session.run(values)
        out, _ = session.run([y, tf.get_collection(tf.GraphKeys.UPDATE_OPS)], {x: batch, training: False})
        np.testing.assert_allclose(out, batch / np.sqrt(1.001), rtol=1e-5)
        np.testing.assert_array_equal(session.run(values), before)
        session.run(tf.get_collection(tf.GraphKeys.UPDATE_OPS), {x: batch, training: True})
        assert all(not np.array_equal(a, b) for a, b in zip(session.run(values), before, strict=True))


@pytest.mark.parametrize("form", [layer(), slim(), layer(renorm=True)])
def test_each_moment_moves_by_an_operation_of_its_own(form: Callable[[Any], Any]) -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    form(x)
    first, second = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert (first.name.split("/")[-1], second.name.split("/")[-1]) == ("AssignMovingAvg", "AssignMovingAvg_1")
    (variance,) = (v for v in tf.global_variables() if v.op.name.endswith("moving_variance"))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(first, {x: np.eye(3)})
        np.testing.assert_array_equal(session.run(variance), np.ones(3))
        session.run(second, {x: np.eye(3)})
        assert (session.run(variance) < 1).all()


def test_what_renormalisation_cannot_have_is_said() -> None:
    with pytest.raises(ValueError, match="contains keys not in"):
        norm(tf.ones([2, 3]), renorm=True, renorm_clipping={"max": 1.0})
    with pytest.raises(ValueError, match="renorm is not supported with batch_weights"):
        contrib(tf.ones([2, 3]), renorm=True, updates_collections=None)


def test_the_fused_form_gives_the_variance_of_a_sample_and_no_gradient_of_it() -> None:
    x = tf.constant(np.arange(8, dtype="f").reshape(2, 2, 2, 1))
    y, mean, variance = tf.nn.fused_batch_norm(x, tf.ones([1]), tf.zeros([1]))
    cubes = tf.reduce_sum(y**3)
    slopes = [tf.gradients(loss, x)[0] for loss in (cubes, cubes + tf.reduce_sum(mean + variance))]
    with tf.Session() as session:
        np.testing.assert_allclose(session.run([mean, variance]), [[3.5], [6.0]])
        np.testing.assert_array_equal(*session.run(slopes))


@pytest.mark.parametrize(
    ("strides", "rates", "padding", "dilated", "eroded"),
    [
        ([1, 1, 1, 1], [1, 1, 1, 1], "SAME", (196.31433, 398.49908), (-193.70361, 392.05817)),
        ([1, 2, 2, 1], [1, 2, 1, 1], "SAME", (70.52007, 144.11441), (-54.586407, 111.441956)),
        ([1, 2, 1, 1], [1, 1, 2, 1], "VALID", (64.87498, 129.74995), (-52.54709, 109.71959)),
    ],
)
def test_dilation_and_erosion(strides: Any, rates: Any, padding: str, dilated: Any, eroded: Any) -> None:
    rng = np.random.RandomState(0)
    x, kernel = (tf.constant(rng.randn(*shape).astype("f")) for shape in ([2, 5, 6, 2], [3, 2, 2]))
    for function, expected in ((tf.nn.dilation2d, dilated), (tf.nn.erosion2d, eroded)):
        y = function(x, kernel, strides, rates, padding)
        slope = tf.gradients(tf.reduce_sum(y * y), x)[0]
        with tf.Session() as session:
            found, slopes = session.run([y, slope])
        np.testing.assert_allclose([found.sum(), np.abs(slopes).sum()], expected, rtol=1e-5)
    with pytest.raises(ValueError, match="expected SAME or VALID; received 'FULL'"):
        tf.nn.dilation2d(x, kernel, strides, rates, "FULL")


@pytest.mark.parametrize(
    ("l1", "l2", "expected"),
    [
        (0.0, 0.0, [[-0.487713, 0.499003, -0.499391], [0.220912, 0.499489, -0.377094]]),
        (0.1, 0.2, [[-0.423378, 0.479453, -0.484034], [0.136753, 0.444036, -0.337526]]),
    ],
)
def test_dual_averaging_counts_by_the_global_step(l1: float, l2: float, expected: Any) -> None:
    v, step = tf.Variable([1.0, -2.0, 3.0]), tf.Variable(0, trainable=False)
    loss = tf.reduce_sum((v - [0.3, 0.5, -0.2]) ** 2)
    optimizer = tf.train.AdagradDAOptimizer(0.5, step, 0.1, l1, l2)
    train = optimizer.minimize(loss, global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        seen = [(session.run(train), session.run(v))[1] for _ in range(4)]
    np.testing.assert_allclose([seen[0], seen[-1]], expected, atol=1e-6)
    assert optimizer.get_slot_names() == ["gradient_accumulator", "gradient_squared_accumulator"]
    with pytest.raises(ValueError, match="must be positive"):
        tf.train.AdagradDAOptimizer(0.5, step, 0.0)


@pytest.mark.parametrize(
    ("centered", "momentum", "names", "moves"),
    [
        (False, 0.0, ["momentum", "rms"], [0.088031, -0.1632, 0.17088]),
        (True, 0.5, ["mg", "momentum", "rms"], [0.16713, -0.353281, 0.375959]),
    ],
)
def test_rmsprop_remembers_its_last_move(
    centered: bool, momentum: float, names: list[str], moves: list[float]
) -> None:
    v = tf.Variable([1.0, -2.0, 3.0], name="w")
    optimizer = tf.train.RMSPropOptimizer(0.1, 0.9, momentum, centered=centered)
    train = optimizer.minimize(tf.reduce_sum((v - [0.3, 0.5, -0.2]) ** 2))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(3):
            session.run(train)
        slot = optimizer.get_slot(v, "momentum")
        np.testing.assert_allclose(session.run(slot), moves, atol=1e-6)
    assert optimizer.get_slot_names() == names and slot is not None
    assert slot.op.name == f"w/RMSProp_{len(names) - 1}"


# --- texts --------------------------------------------------------------------------------------------------------


def test_a_variable_of_texts(tmp_path: Any) -> None:
    pytest.importorskip("safetensors")
    animal = tf.Variable("Elephant", tf.string, name="animal")
    words = tf.get_variable("words", initializer=tf.constant([["a", "b"]]))
    assert (animal.name, animal.dtype, words.shape.as_list()) == ("animal:0", tf.string, [1, 2])
    told = tf.assign(animal, tf.constant("Cat"))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(animal) == b"Elephant" and session.run(words).tolist() == [[b"a", b"b"]]
        assert session.run(told) == b"Cat" and session.run(tf.string_join([animal, "!"])) == b"Cat!"
        path = tf.train.Saver().save(session, str(tmp_path / "words"))
        session.run(animal.initializer)
        tf.train.Saver().restore(session, path)
        assert session.run([animal, words[0, 1]]) == [b"Cat", b"b"]


def test_empty_texts_and_padding_with_texts() -> None:
    made = [tf.zeros([2], tf.string), tf.pad(tf.constant(["a"]), [[0, 1]], constant_values="-")]
    with tf.Session() as session:
        assert [x.tolist() for x in session.run(made)] == [[b"", b""], [b"a", b"-"]]
