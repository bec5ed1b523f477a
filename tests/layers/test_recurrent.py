"""Cells and the layer that runs them: equal to the layers that do all steps at once, and open to one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L

X = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
MASK = np.array([[False, True, True, False, True], [True, True, False, False, False]])
PAIRS = [(L.SimpleRNN, L.SimpleRNNCell), (L.LSTM, L.LSTMCell), (L.GRU, L.GRUCell)]


def pair(layer: Any, cell: Any, **options: Any) -> tuple[Any, Any]:
    first, second = layer(4, **options), L.RNN(cell(4), **options)
    first(X), second(X)
    second.set_weights(first.get_weights())
    return first, second


@pytest.mark.parametrize(("layer", "cell"), PAIRS)
@pytest.mark.parametrize(
    "options", [{}, {"return_sequences": True, "go_backwards": True}, {"return_state": True}]
)
@pytest.mark.parametrize("mask", [None, MASK])
def test_a_cell_in_a_loop_is_the_layer(layer: Any, cell: Any, options: Any, mask: Any) -> None:
    first, second = pair(layer, cell, **options)
    for a, b in zip(base_flat(first(X, mask=mask)), base_flat(second(X, mask=mask)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def base_flat(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def test_a_masked_step_repeats_the_output_or_gives_zeros() -> None:
    first = L.RNN(L.GRUCell(4), return_sequences=True)
    y = first(X, mask=MASK).numpy()
    np.testing.assert_array_equal(y[0, 0], 0)
    np.testing.assert_array_equal(y[0, 3], y[0, 2])
    np.testing.assert_array_equal(y[1, 4], y[1, 1])
    second = L.RNN(first.cell, return_sequences=True, zero_output_for_mask=True)
    z = second(X, mask=MASK).numpy()
    np.testing.assert_array_equal(z[~MASK], 0)
    np.testing.assert_array_equal(z[MASK], y[MASK])


def test_gates_with_peepholes_see_the_cell() -> None:
    cell = L.PeepholeLSTMCell(2)
    x, h, c = (np.random.default_rng(k).normal(size=(3, 2)).astype("float32") for k in range(3))
    cell(x, [h, c])
    names = [
        "kernel",
        "recurrent_kernel",
        "bias",
        *(f"{g}_gate_peephole_weights" for g in ("input", "forget", "output")),
    ]
    assert [str(w.name).rpartition("/")[2] for w in cell.weights] == names
    w, u, b, at_i, at_f, at_o = (v.numpy() for v in cell.weights)
    i, f, new, o = np.split(x @ w + h @ u + b, 4, axis=1)
    after = sigmoid(f + c * at_f) * c + sigmoid(i + c * at_i) * np.tanh(new)
    expected = sigmoid(o + after * at_o) * np.tanh(after)
    y, (h, c) = cell(x, [h, c])
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(c, after, rtol=1e-5, atol=1e-6)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_the_state_can_be_given_and_kept() -> None:
    first, second = pair(L.LSTM, L.LSTMCell)
    state = [np.full((2, 4), 0.5, "float32"), np.full((2, 4), -0.5, "float32")]
    np.testing.assert_allclose(
        first(X, initial_state=state), second(X, initial_state=state), rtol=1e-5, atol=1e-6
    )
    kept = L.RNN(first_cell := L.LSTMCell(4), stateful=True)
    whole = L.RNN(first_cell)
    kept(X)
    kept.reset_state()
    kept(X[:, :3])
    np.testing.assert_allclose(kept(X[:, 3:]), whole(X), rtol=1e-5, atol=1e-6)


def test_cells_upon_each_other_are_layers_after_each_other() -> None:
    stack = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_state=True)
    y, *states = stack(X)
    assert [s.shape for s in states] == [(2, 4), (2, 4), (2, 3)] and y.shape == (2, 3)
    lower, upper = L.LSTM(4, return_sequences=True), L.GRU(3)
    upper(lower(X))
    lower.set_weights(stack.cell.cells[0].get_weights())
    upper.set_weights(stack.cell.cells[1].get_weights())
    np.testing.assert_allclose(y, upper(lower(X)), rtol=1e-5, atol=1e-6)


def test_dropout_is_the_same_at_every_step() -> None:
    cell = L.SimpleRNNCell(
        50, dropout=0.5, kernel_initializer="ones", recurrent_initializer="zeros", activation=None
    )
    y = L.RNN(cell, return_sequences=True)(np.ones((3, 4, 20), "float32"), training=True).numpy()
    for step in range(1, 4):
        np.testing.assert_array_equal(y[:, 0], y[:, step])
    assert len(np.unique(y[:, 0, 0])) > 1  # but not for every example
    alone = [cell(np.ones((1, 20)), [np.zeros((1, 50))], training=True)[0].numpy()[0, 0] for _ in range(8)]
    assert len(np.unique(alone)) > 1


@L.register("tests")
class Leaky(L.Layer):
    """A cell with a state of two axes, a layer inside, and an output of another size."""

    state_size = [(2, 3)]
    output_size = 5

    def __init__(self, rate: float = 0.5, **options: Any) -> None:
        super().__init__(**options)
        self.rate, self.read = rate, L.Dense(5)

    def build(self, input_shape: Any) -> None:
        self.gain = self.add_weight((2, 1), "ones", name="gain")

    def call(self, inputs: Any, states: Any) -> Any:
        (h,) = states
        h = h * self.rate + self.gain * tw.expand_dims(inputs, 1)
        return self.read(tw.reshape(h, (-1, 6))), [h]


def test_a_cell_of_ones_own(tmp_path: Path) -> None:
    x = L.Input((5, 3))
    model = tw.models.Model(x, L.Bidirectional(L.RNN(Leaky(0.25)))(x))
    assert model.output_shape == (None, 10) and model.count_params() == 2 * (2 + 6 * 5 + 5)
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, np.ones((2, 10)), epochs=2, verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights()))
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(
        tw.models.load_model(tmp_path / "m.safetensors").predict(X), model.predict(X)
    )
    cell = Leaky(0.25)
    y = L.RNN(cell)(X).numpy()
    state = np.zeros((2, 2, 3))
    for t in range(5):
        state = state * 0.25 + X[:, t][:, None]
    kernel, bias = (w.numpy() for w in cell.read.weights)
    np.testing.assert_allclose(y, state.reshape(2, 6) @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_what_is_no_cell_is_said() -> None:
    with pytest.raises(tw.ArgumentTypeError, match=r"RNN: a cell.*LSTMCell is the cell of one"):
        L.RNN(L.LSTM(4))
    with pytest.raises(tw.ArgumentError, match="at least one"):
        L.StackedRNNCells([])


@pytest.mark.parametrize("layer", [L.SimpleRNN, L.LSTM, L.GRU])
def test_states_may_stand_in_a_list_with_the_inputs(layer: Any) -> None:
    one = layer(4)
    states = [np.full((2, 4), 0.3, "float32")] * one.num_states
    y = one([X, *states])  # builds it too
    np.testing.assert_allclose(y, one(X, initial_state=states), rtol=1e-6)
    images, filters = np.ones((2, 3, 5, 5, 1), "float32"), np.full((2, 5, 5, 2), 0.3, "float32")
    conv = L.ConvLSTM2D(2, 3, padding="same")
    np.testing.assert_allclose(
        conv([images, filters, filters]), conv(images, initial_state=[filters, filters]), rtol=1e-6
    )


def test_a_cell_sees_constants() -> None:
    class Toward(L.Layer):
        state_size = 3

        def build(self, shapes: Any) -> None:
            assert shapes == [(2, 3), (2, 3)]
            self.share = self.add_weight((3,), "ones", name="share")

        def call(self, inputs: Any, states: Any, constants: Any) -> Any:
            new = states[0] + self.share * (constants[0] - states[0]) * 0.5 + inputs * 0.0
            return new, [new]

    layer, goal = L.RNN(Toward()), np.full((2, 3), 8.0, "float32")
    np.testing.assert_allclose(layer(X, constants=[goal]), np.full((2, 3), 8 * (1 - 0.5**5)), rtol=1e-6)
    np.testing.assert_allclose(layer(X, initial_state=goal, constants=goal), goal)
    np.testing.assert_allclose(layer([X, goal, goal]), goal)  # as a model that is read from a file calls it
    assert layer.get_config()["num_constants"] == 1


def test_one_state_is_set_by_an_array() -> None:
    layer = L.GRU(4, stateful=True)
    layer(X)
    layer.reset_states(np.full((2, 4), 0.25, "float32"))
    np.testing.assert_array_equal(layer.states[0].get_value(), 0.25)


def test_arguments_by_position_are_known_by_name() -> None:
    config = L.SimpleRNN(4, "relu", name="r").get_config()
    assert config == {"units": 4, "activation": "relu", "name": "r"}
    both = L.Bidirectional(L.SimpleRNN(4))
    assert both(X).shape == (2, 8)
