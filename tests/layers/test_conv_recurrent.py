"""ConvLSTM beside its formula written out, whatever the order of axes and whichever lengths are known."""

from __future__ import annotations

import numpy as np
import pytest

from thalweg import layers as L
from thalweg.errors import ShapeError
from thalweg.models import Model
from thalweg.nn import conv, sigmoid

X = np.random.default_rng(0).normal(size=(2, 4, 5, 6, 3)).astype("float32")


def test_the_formula() -> None:
    layer = L.ConvLSTM2D(2, 3, padding="same", return_sequences=True, return_state=True)
    y, h, c = layer(X)
    kernel, recurrent, bias = layer.get_weights()
    old_h = old_c = np.zeros((2, 5, 6, 2), "float32")
    for step in range(4):
        z = conv(X[:, step], kernel, padding="same") + bias + conv(old_h, recurrent, padding="same")
        i, f, new, o = np.split(np.asarray(z), 4, axis=-1)
        old_c = np.asarray(sigmoid(f)) * old_c + np.asarray(sigmoid(i)) * np.tanh(new)
        old_h = np.asarray(sigmoid(o)) * np.tanh(old_c)
        np.testing.assert_allclose(np.asarray(y)[:, step], old_h, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(h, old_h, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(c, old_c, rtol=1e-4, atol=1e-6)


def test_channels_first() -> None:
    last, first = L.ConvLSTM2D(2, 3, return_state=True), L.ConvLSTM2D(2, 3, data_format="channels_first",
                                                                      return_state=True)  # fmt: skip
    given = np.moveaxis(X, -1, 2)
    last(X), first(given)
    first.set_weights(last.get_weights())
    for a, b in zip(last(X), first(given), strict=True):
        np.testing.assert_allclose(np.moveaxis(np.asarray(b), 1, -1), a, rtol=1e-5, atol=1e-6)
    states = [np.asarray(s) for s in last(X)[1:]]
    again = first(given, initial_state=[np.moveaxis(s, -1, 1) for s in states])[0]
    np.testing.assert_allclose(
        np.moveaxis(np.asarray(again), 1, -1), last(X, initial_state=states)[0], rtol=1e-5, atol=1e-6
    )


def test_lengths_may_be_open() -> None:
    x = L.Input((None, None, None, 3))
    layer = L.ConvLSTM2D(2, 3, padding="same", return_sequences=True)
    model = Model(x, layer(x))
    assert model.output_shape == (None, None, None, None, 2)
    np.testing.assert_allclose(model.predict(X, verbose=0), layer(X), rtol=1e-5, atol=1e-6)


def test_states_are_kept() -> None:
    kept, whole = L.ConvLSTM2D(2, 3, stateful=True), L.ConvLSTM2D(2, 3)
    kept(X[:, :2]), whole(X)
    whole.set_weights(kept.get_weights())
    np.testing.assert_allclose(kept(X[:, 2:]), whole(X), rtol=1e-5, atol=1e-6)


def test_the_number_of_axes_is_checked() -> None:
    with pytest.raises(ShapeError, match="6 axes"):
        L.ConvLSTM3D(2, 3)(X)
