"""Masks: from the layer that makes one, through others and eager calls, to the losses and metrics of a model."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg.layers import calls

IDS = np.array([[3, 1, 0, 0], [2, 0, 0, 0], [1, 4, 2, 0]])


def test_a_mask_outlives_the_call_that_made_it() -> None:
    table, lstm = L.Embedding(5, 3, mask_zero=True), L.LSTM(2)
    short = np.asarray(lstm(table(IDS[:1, :2])))
    np.testing.assert_array_equal(np.asarray(lstm(table(IDS[:1]))), short)


def test_masks_go_with_their_tensors() -> None:
    y = L.Embedding(5, 3, mask_zero=True)(IDS)
    assert np.asarray(calls.masks_of(y)).tolist() == (IDS != 0).tolist()
    kept = len(calls._masks)
    del y
    gc.collect()
    assert len(calls._masks) < kept


def test_a_layer_of_ones_own_that_needs_a_mask_gets_it_when_the_model_is_made() -> None:
    class Total(L.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            return tw.sum(inputs * tw.expand_dims(tw.astype(mask, "float32"), -1), axis=1)

    ids = L.Input((None,), dtype="int32")
    table = L.Embedding(5, 3, mask_zero=True)
    model = tw.models.Model(ids, Total()(L.Activation("tanh")(table(ids))))
    wanted = np.where(IDS[..., None] != 0, np.tanh(table.variables[0].numpy()[IDS]), 0).sum(1)
    np.testing.assert_allclose(np.asarray(model(IDS)), wanted, rtol=1e-5, atol=1e-7)


def test_a_cast_keeps_the_mask() -> None:
    y = L.Dense(2, dtype="float64")(L.Embedding(5, 3, mask_zero=True)(IDS))
    assert np.asarray(calls.masks_of(y)).tolist() == (IDS != 0).tolist()


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (L.Add(), [[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]),
        (L.Concatenate(), [[1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]]),
        (
            L.Concatenate(axis=1),
            [[1, 1, 0, 0, 1, 1, 1, 1], [1, 0, 0, 0, 1, 1, 1, 0], [1, 1, 1, 0, 1, 0, 0, 0]],
        ),
    ],
)
def test_layers_of_several_inputs_join_masks(layer: Any, expected: Any) -> None:
    table = L.Embedding(5, 3, mask_zero=True)
    other = np.array([[1, 1, 1, 1], [2, 2, 2, 0], [3, 0, 0, 0]])
    assert np.asarray(calls.masks_of(layer([table(IDS), table(other)]))).astype(int).tolist() == expected


def test_a_sum_with_an_unmasked_input_keeps_the_mask() -> None:
    """As of words and their places: what is padding stays padding."""
    total = L.Add()([L.Embedding(5, 3, mask_zero=True)(IDS), np.ones((3, 4, 3), "float32")])
    assert np.asarray(calls.masks_of(total)).tolist() == (IDS != 0).tolist()


def test_attention_gets_the_masks_of_its_inputs() -> None:
    table, attend = L.Embedding(5, 4, mask_zero=True), L.MultiHeadAttention(2, 4)
    x = table(IDS)
    _, weights = attend(x, x, return_attention_scores=True)
    used = (IDS != 0)[:, None, :, None] & (IDS != 0)[:, None, None, :]
    assert (np.asarray(weights)[~np.broadcast_to(used, weights.shape)] == 0).all()
    assert np.asarray(calls.masks_of(attend(x, x))).tolist() == (IDS != 0).tolist()


def test_padding_counts_neither_in_the_loss_nor_in_metrics() -> None:
    model = tw.models.Sequential(
        [
            L.Input((4,), dtype="int64"), L.Embedding(5, 3, mask_zero=True), L.LSTM(4, return_sequences=True),
            L.Dense(2, activation="softmax"),
        ]
    )  # fmt: skip
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    y = np.array([[0, 1, 0, 0], [1, 0, 0, 0], [0, 1, 1, 1]])
    p, used = model.predict(IDS), IDS != 0
    right = np.take_along_axis(p, y[..., None], -1)[..., 0]
    found = model.evaluate(IDS, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(-np.log(right[used]).mean(), rel=1e-5)
    assert found["accuracy"] == pytest.approx((p.argmax(-1) == y)[used].mean())
    weight = np.array([1.0, 2.0, 0.5], "float32")
    weighted = model.evaluate(IDS, y, sample_weight=weight, verbose=0, return_dict=True)["loss"]
    shares = (used * weight[:, None])[used]
    assert weighted == pytest.approx((-np.log(right[used]) * shares).sum() / used.sum(), rel=1e-5)


def test_a_row_without_steps_is_no_division_by_zero() -> None:
    x, none = np.ones((2, 3, 2), "float32"), np.zeros((2, 3), bool)
    assert np.asarray(L.GlobalAveragePooling1D()(x, mask=none)).tolist() == [[0.0, 0.0]] * 2
    assert np.isfinite(np.asarray(L.BatchNormalization()(x, training=True, mask=none))).all()
    assert np.asarray(L.Softmax()(x, mask=np.zeros((2, 3, 2), bool))).max() == 0


def test_kept_states_are_no_weights_but_are_resumed(tmp_path: Any) -> None:
    def fresh() -> Any:
        model = tw.models.Sequential([L.Input(batch_shape=(2, 3, 1)), L.GRU(2, stateful=True), L.Dense(1)])
        model.compile("sgd", "mse")
        return model

    x = np.linspace(0, 1, 6, dtype="float32").reshape(2, 3, 1)
    model, other = fresh(), fresh()
    assert [w.shape for w in model.layers[0].weights] == [(1, 6), (2, 6), (2, 6)]
    model.predict(x)
    model.save_state(tmp_path / "s.safetensors")
    other.load_state(tmp_path / "s.safetensors")
    np.testing.assert_array_equal(model.predict(x), other.predict(x))
    assert model.layers[0].kept[0].get_value().any()


@pytest.mark.parametrize("more", [-1, 2, (0, 1), 0.5])
def test_output_padding_is_less_than_the_stride(more: Any) -> None:
    with pytest.raises(tw.errors.ArgumentError, match="output_padding"):
        L.Conv1DTranspose(2, 3, strides=2, output_padding=more)
