"""Layers beside formulas written out in NumPy, and what the table of layers cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.layers import (
    GRU,
    LSTM,
    BatchNormalization,
    Bidirectional,
    Dense,
    Embedding,
    Input,
    Layer,
    Masking,
    MultiHeadAttention,
    Normalization,
    SimpleRNN,
)
from thalweg.models import Model, Sequential

X = np.random.default_rng(0).normal(size=(3, 6, 4)).astype("float32")


@pytest.fixture(autouse=True)
def _seed() -> None:
    tw.random.set_seed(0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def lstm(x: np.ndarray, w: Any, u: Any, b: Any) -> np.ndarray:
    h = c = np.zeros((len(x), u.shape[0]))
    rows = []
    for t in range(x.shape[1]):
        i, f, new, o = np.split(x[:, t] @ w + h @ u + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(new)
        h = sigmoid(o) * np.tanh(c)
        rows.append(h)
    return np.stack(rows, 1)


def gru(x: np.ndarray, w: Any, u: Any, b: Any) -> np.ndarray:
    h = np.zeros((len(x), u.shape[0]))
    rows = []
    for t in range(x.shape[1]):
        xz, xr, xh = np.split(x[:, t] @ w + b[0], 3, axis=1)
        hz, hr, hh = np.split(h @ u + b[1], 3, axis=1)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        h = z * h + (1 - z) * np.tanh(xh + r * hh)
        rows.append(h)
    return np.stack(rows, 1)


@pytest.mark.parametrize(("cls", "formula"), [(LSTM, lstm), (GRU, gru)])
def test_recurrent_layers_are_their_formulas(cls: Any, formula: Any) -> None:
    layer = cls(5, return_sequences=True, bias_initializer="normal")
    expected = formula(X, *layer.get_weights()) if layer(X) is None else None
    expected = formula(X, *layer.get_weights())
    np.testing.assert_allclose(layer(X), expected, rtol=1e-5, atol=1e-6)
    x = Input((6, 4))
    np.testing.assert_allclose(Model(x, layer(x)).predict(X), expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        cls.from_config({**layer.get_config(), "go_backwards": True, "weights": layer.get_weights()})(X),
        formula(X[:, ::-1], *layer.get_weights()),
        rtol=1e-5,
        atol=1e-6,
    )


def test_states_are_returned_and_taken() -> None:
    layer = LSTM(5, return_sequences=True, return_state=True)
    whole, h, c = layer(X)
    _, h1, c1 = layer(X[:, :2])
    rest, h2, c2 = layer(X[:, 2:], initial_state=[h1, c1])
    np.testing.assert_allclose(rest, whole.numpy()[:, 2:], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose([h2, c2], [h, c], rtol=1e-6, atol=1e-7)


def test_a_stateful_layer_goes_on_and_forgets_when_told() -> None:
    layer = GRU(5, stateful=True, batch_input_shape=(3, None, 4))
    model = Sequential([layer, Dense(1)])
    whole = model.predict_on_batch(X)
    layer.reset_states()
    model.predict_on_batch(X[:, :2])
    np.testing.assert_allclose(model.predict_on_batch(X[:, 2:]), whole, rtol=1e-5, atol=1e-6)
    layer.reset_states()
    np.testing.assert_allclose(model.predict_on_batch(X), whole, rtol=1e-6)
    with pytest.raises(tw.errors.ShapeError, match="batch_input_shape"):
        Sequential([GRU(5, stateful=True, input_shape=(6, 4))])


def test_masked_steps_change_nothing() -> None:
    layer = SimpleRNN(5)
    mask = np.array([[1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 0, 0]], bool)
    y = layer(X, mask=mask).numpy()
    np.testing.assert_allclose(y[0], layer(X[:1, :2]).numpy()[0], rtol=1e-6)
    np.testing.assert_allclose(y[2], layer(X[2:, 1:3]).numpy()[0], rtol=1e-6)


@pytest.mark.parametrize("first", [Embedding(10, 4, mask_zero=True), None])
def test_masks_find_the_recurrent_layer_by_themselves(first: Any) -> None:
    """Padding at the end of a row does not change what the model says of it."""
    model = Sequential([first or Masking(), Dense(4), Bidirectional(LSTM(3, return_sequences=True)), GRU(2)])
    short = np.array([[3, 1, 4]]) if first else X[:1, :3]
    padded = np.pad(short, ((0, 0), (0, 2)) if first else ((0, 0), (0, 2), (0, 0)))
    np.testing.assert_allclose(model.predict(padded), model.predict(short), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model(padded), model.predict(short), rtol=1e-5, atol=1e-6)


def test_attention_is_its_formula() -> None:
    layer = MultiHeadAttention(2, 3, bias_initializer="normal")
    y, weights = layer(X, X[:, :5], return_attention_scores=True)
    kernels = {name: layer.kernels[name].get_value() for name in layer.kernels}
    biases = {name: layer.biases[name].get_value() for name in layer.biases}
    q, k, v = (
        np.einsum("bnf,fhd->bhnd", data, kernels[name]) + biases[name][None, :, None]
        for name, data in (("query", X), ("key", X[:, :5]), ("value", X[:, :5]))
    )
    scores = np.exp(q @ k.swapaxes(-1, -2) / np.sqrt(3))
    scores /= scores.sum(-1, keepdims=True)
    np.testing.assert_allclose(weights, scores, rtol=1e-4, atol=1e-6)
    expected = np.einsum("bhnd,hdo->bno", scores @ v, kernels["output"]) + biases["output"]
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


def test_causal_attention_does_not_look_ahead() -> None:
    layer = MultiHeadAttention(2, 3)
    x = Input((None, 4))
    model = Model(x, layer(x, x, use_causal_mask=True))
    changed = X.copy()
    changed[:, 4:] += 1
    first, second = model.predict(X), model.predict(changed)
    np.testing.assert_allclose(first[:, :4], second[:, :4], rtol=1e-6)
    assert not np.allclose(first[:, 4:], second[:, 4:])


def test_batch_normalisation_trains_and_infers() -> None:
    layer = BatchNormalization(momentum=0.9, epsilon=1e-5)
    x = X.reshape(-1, 4)
    y = layer(x, training=True).numpy()
    np.testing.assert_allclose(y, (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-5), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.moving_mean.get_value(), 0.1 * x.mean(0), rtol=1e-5)
    layer.trainable = False
    before = layer.get_weights()
    layer(x, training=True)
    for a, b in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_normalisation_measures() -> None:
    layer = Normalization()
    layer.adapt(X)
    y = layer(X).numpy()
    np.testing.assert_allclose([y.mean((0, 1)), y.std((0, 1))], [np.zeros(4), np.ones(4)], atol=1e-5)


class Sum(Layer):
    """A user's layer with layers in a dict and a loss of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = {"a": Dense(2), "b": Dense(2)}

    def call(self, inputs: Any) -> Any:
        y = self.parts["a"](inputs) + self.parts["b"](inputs)
        self.add_loss(tw.sum(y * y))
        return y


def test_layers_are_found_in_dicts_and_their_losses_count() -> None:
    layer = Sum()
    y = layer(X[0]).numpy()
    assert len(layer.trainable_weights) == 4
    assert [float(v) for v in layer.losses] == [pytest.approx(np.sum(y**2), rel=1e-5)]
    layer(X[0])
    assert len(layer.losses) == 1


def test_weights_that_do_not_fit_are_named() -> None:
    layer = Dense(3, name="d")
    layer(X)
    with pytest.raises(tw.errors.ShapeError, match=r"'d/bias'.*expected \[3\]; received \[4\]"):
        layer.set_weights([np.zeros((4, 3)), np.zeros(4)])
    with pytest.raises(tw.errors.ShapeError, match="last axis of the inputs must be known"):
        Dense(3)(Input((None,)))


def test_numbers_in_lists_are_one_input() -> None:
    assert Dense(3)([[1.0, 2.0], [3.0, 4.0]]).shape == (2, 3)
    assert Sequential([tw.layers.InputLayer((2,)), Dense(3)])([[1, 2]]).shape == (1, 3)


def test_an_eager_loop_with_a_tape_trains() -> None:
    model, optimizer = Sequential([Dense(8, "tanh"), Dense(1)]), tw.optimizers.Adam(0.05)
    x = X.reshape(-1, 4)
    losses = []
    for _ in range(30):
        with tw.GradientTape() as tape:
            loss = tw.losses.mse(x.sum(1), model(x, training=True)).mean()
        weights = model.trainable_weights
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        losses.append(float(loss))
    assert losses[-1] < 0.2 * losses[0]


def test_names_count_up() -> None:
    tw.layers.clear_session()
    assert [Dense(1).name, Dense(1).name, LSTM(1).name] == ["dense", "dense_1", "lstm"]


def test_a_layer_tells_of_its_last_symbolic_call() -> None:
    inputs = tw.layers.Input((5,))
    layer = tw.layers.Dense(3, name="told")
    with pytest.raises(AttributeError, match="told was not called"):
        _ = layer.output
    outputs = layer(inputs)
    assert layer.input is inputs and layer.output is outputs
    assert (layer.input_shape, layer.output_shape) == ((None, 5), (None, 3))


def test_reshape_finds_two_lengths() -> None:
    model = Sequential([tw.layers.Input((None, None, 4)), tw.layers.Reshape((-1, 4))])
    assert model.output_shape == (None, None, 4)
    x = np.arange(2 * 3 * 5 * 4, dtype="float32").reshape(2, 3, 5, 4)
    np.testing.assert_array_equal(model.predict(x, verbose=0), x.reshape(2, 15, 4))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_refused_with_what_to_do(policy: str) -> None:
    with pytest.raises(
        tw.errors.DTypeError, match=rf"one dtype for weights and results; received '{policy}'"
    ):
        Dense(3, dtype=policy)
