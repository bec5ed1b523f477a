"""Arguments of TensorFlow 1, Keras and Theano that change what comes out: read, or refused by name.

The numbers of TensorFlow 1's functions are those of TensorFlow 2.21's ``tf.compat.v1``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg.compat.tf1 as tf
from thalweg.compat import keras, theano
from thalweg.compat.keras import images
from thalweg.compat.theano import tensor
from thalweg.compat.theano.sandbox.cuda import dnn


def run(node: Any) -> Any:
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(node)


def scores() -> Any:
    made = np.full((5, 1, 3), -5.0, "float32")
    for k, c in enumerate([0, 2, 0, 1, 1]):
        made[k, 0, c] = 5
    return tf.constant(made)


TABLE = np.arange(8).reshape(4, 2).astype("float32")


def sparse_rows(params: Any, **how: Any) -> Any:
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], [0, 1, 2], [2, 2])
    return tf.nn.embedding_lookup_sparse(params, ids, None, combiner="sum", **how)


CASES: dict[str, tuple[Callable[[], Any], Any]] = {
    "compute_full_loss": (
        lambda: tf.nn.log_poisson_loss([0.0, 1.0, 2.0, 7.0], [0.1, 0.2, 0.3, 0.4], compute_full_loss=True),
        [1.10517, 1.0214, 1.40167, 7.20509],
    ),
    "max_norm": (
        lambda: sparse_rows(tf.constant(TABLE), max_norm=2.0),
        [[1.1094, 2.6641], [1.24939, 1.56174]],
    ),
    "partitions": (lambda: sparse_rows([TABLE[:2], TABLE[2:]]), [[4.0, 6.0], [2.0, 3.0]]),
    "partition_strategy": (
        lambda: sparse_rows([TABLE[:2], TABLE[2:]], partition_strategy="div"),
        [[2.0, 4.0], [4.0, 5.0]],
    ),
    "merge_repeated": (lambda: tf.nn.ctc_beam_search_decoder(scores(), [5])[0][0].values, [0, 1]),
    "not merged": (
        lambda: tf.nn.ctc_beam_search_decoder(scores(), [5], merge_repeated=False)[0][0].values,
        [0, 0, 1],
    ),
    "data_format": (
        lambda: tf.depth_to_space(np.arange(16.0).reshape(1, 4, 2, 2), 2, data_format="NCHW")[0, 0],
        [[0, 4, 1, 5], [8, 12, 9, 13], [2, 6, 3, 7], [10, 14, 11, 15]],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_an_argument_of_tensorflow_1_says_is_done(name: str) -> None:
    made, expected = CASES[name]
    np.testing.assert_allclose(run(made()), expected, rtol=1e-4)


def test_initializers_with_a_seed_always_give_the_same() -> None:
    first = []
    for name in "random_normal truncated_normal random_uniform glorot_uniform orthogonal".split():
        kind = getattr(tf, f"{name}_initializer")
        for seed in (3, 3, 4):
            tf.reset_default_graph()
            first.append(run(tf.get_variable("v", [3, 2], initializer=kind(seed=seed))))
        a, b, c = first[-3:]
        assert (a == b).all() and (a != c).all()


def test_initialisations_of_keras_1_know_where_the_channels_stand() -> None:
    glorot = keras.initializations.glorot_uniform
    last = np.abs(glorot((3, 3, 2, 40), dim_ordering="tf").get_value()).max()
    first = np.abs(glorot((40, 2, 3, 3)).get_value()).max()
    bound = np.sqrt(6 / (9 * 42))
    assert 0.9 * bound < last <= bound and 0.9 * bound < first <= bound


def test_frames_of_files_keep_their_weights_and_leave_out_what_is_not_there(tmp_path: Path) -> None:
    pil = pytest.importorskip("PIL.Image")
    for name in "ab":
        pil.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / f"{name}.png")
    frame = {"f": ["a.png", "gone.png", "b.png"], "c": ["x", "y", "y"], "w": [1.0, 2.0, 3.0]}
    how: dict[str, Any] = {
        "x_col": "f",
        "y_col": "c",
        "weight_col": "w",
        "target_size": (2, 2),
        "shuffle": False,
    }
    with pytest.warns(UserWarning, match=r"1 invalid image filename\(s\)"):
        flow = images.ImageDataGenerator().flow_from_dataframe(
            frame, str(tmp_path), class_mode="binary", **how
        )
    x, y, w = next(flow)
    assert (x.shape, y.tolist(), w.tolist()) == ((2, 2, 2, 3), [0, 1], [1, 3])


def test_keras_draws_along_an_axis_and_in_a_dtype() -> None:
    x = np.arange(12.0).reshape(2, 6)
    made = np.asarray(keras.random.shuffle(x, axis=1))
    assert sorted(made[0].tolist()) == x[0].tolist() and (made[1] == made[0] + 6).all()
    assert keras.random.uniform((2,), dtype="float64").dtype == np.float64
    assert keras.backend.random_normal_variable((2,), 0.0, 1.0, dtype="float64").dtype == np.float64


def test_theano_reads_offsets_modes_and_duplicates() -> None:
    x = np.arange(9.0).reshape(3, 3)
    assert tensor.trace(x, 1).eval() == 1 + 5
    assert tensor.trace(np.stack([x, x]), 0, 1, 2).eval().tolist() == [12, 12]
    places = np.array([-1, 0, 4])
    options = np.arange(9).reshape(3, 3)
    for mode in ("wrap", "clip"):
        made = tensor.choose(places, options, mode=mode).eval()
        assert made.tolist() == np.choose(places, options, mode=mode).tolist()
    twice = tensor.constant(np.zeros(2))[np.array([1, 1])]
    assert tensor.inc_subtensor(twice, 1.0).eval().tolist() == [0, 2]
    assert tensor.inc_subtensor(twice, 1.0, ignore_duplicates=True).eval().tolist() == [0, 1]
    uneven = np.array([[2.0, 9.0], [1.0, 3.0]])
    for side in ("L", "U"):
        values = tensor.nlinalg.eigh(uneven, side)[0].eval()
        np.testing.assert_allclose(values, np.linalg.eigh(uneven, side)[0])  # type: ignore[call-overload]


def test_the_gradient_of_a_map_is_cut_off_where_it_says() -> None:
    x = tensor.dvector()
    made, _ = theano.map(lambda v: v**2, x, truncate_gradient=2)
    slope = theano.function([x], theano.grad(made.sum(), x))([1.0, 2.0, 3.0])
    assert slope.tolist() == [0, 4, 6]


REFUSED: dict[str, Callable[[], Any]] = {
    "ellipsis_mask": lambda: tf.strided_slice(TABLE, [0], [1], ellipsis_mask=1),
    "num_segments": lambda: tf.sparse_segment_sum(TABLE, [0], [0], num_segments=2),
    "ctc_merge_repeated": lambda: tf.nn.ctc_loss(None, None, None, ctc_merge_repeated=False),
    "blank_index": lambda: tf.nn.ctc_greedy_decoder(scores(), [5], blank_index=0),
    "order": lambda: images.apply_affine_transform(np.zeros((2, 2, 1)), order=0),
    "output_shape": lambda: keras.backend.conv2d_transpose(
        np.ones((1, 2, 2, 1), "float32"), np.ones((2, 2, 1, 1), "float32"), (1, 5, 5, 1)
    ),
    "unshared": lambda: tensor.nnet.abstract_conv.AbstractConv2d(unshared=True),
    "num_groups": lambda: dnn.GpuDnnConv(num_groups=2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_done_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        REFUSED[name]()


def test_settings_of_a_run_that_do_not_exist_are_told() -> None:
    assert tf.estimator.RunConfig(log_step_count_steps=5, train_distribute=None).log_step_count_steps == 5
    with pytest.raises(TypeError, match="unexpected keyword argument 'save_checkpoint_steps'"):
        tf.estimator.RunConfig(save_checkpoint_steps=5)
