"""``tf.nn.rnn_cell`` and ``tf.nn.dynamic_rnn`` where there is no graph: cells as layers, loops step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import thalweg.compat.tf2 as tf
from thalweg.compat.tf1.rnn.cells import LSTMStateTuple
from thalweg.errors import ArgumentError, fail
from thalweg.nested import filled, flat, mapped

__all__ = [
    "BasicLSTMCell", "BasicRNNCell", "DropoutWrapper", "GRUCell", "LSTMCell", "LSTMStateTuple", "MultiRNNCell",
    "RNNCell",
]  # fmt: skip
_Layer: Any = tf.keras.layers.Layer


class RNNCell(_Layer):
    """What all cells are: ``cell(inputs, state)`` gives the output and the next state."""

    state_size: Any
    output_size: Any

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state in which a sequence begins."""
        return zeros_of(self.state_size, batch_size, dtype)

    def _weights(self, name: str, inputs: Any, width: int, units: int, bias: str) -> tuple[Any, Any]:
        kernel = self.add_weight(
            f"{name}kernel", [int(inputs[-1]) + units, width], initializer="glorot_uniform"
        )
        return kernel, self.add_weight(f"{name}bias", [width], initializer=bias)


def zeros_of(size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros [batch, n] for each n of a structure of sizes."""
    return mapped(lambda n: tf.zeros([batch_size, int(n)], dtype), size)


def _linear(parts: Sequence[Any], weights: tuple[Any, Any]) -> Any:
    return tf.matmul(tf.concat(parts, 1), weights[0]) + weights[1]


class BasicRNNCell(RNNCell):
    """``h = activation([x, h] W + b)``."""

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None, **more: Any
    ):
        super().__init__(name=name)
        self.state_size = self.output_size = num_units
        self.activation = tf.keras.activations.get(activation or "tanh")

    def build(self, input_shape: Any) -> None:
        self._own = self._weights("", input_shape, self.state_size, self.state_size, "zeros")

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        h = self.activation(_linear([inputs, state], self._own))
        return h, h


class GRUCell(BasicRNNCell):
    """Gates ``r, u = sigmoid([x, h] W + 1)``; ``c = activation([x, r h] V + b)``; ``h = u h + (1 - u) c``."""

    def build(self, input_shape: Any) -> None:
        n = self.state_size
        self._gates = self._weights("gates/", input_shape, 2 * n, n, "ones")
        self._candidate = self._weights("candidate/", input_shape, n, n, "zeros")

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        r, u = tf.split(tf.sigmoid(_linear([inputs, state], self._gates)), 2, 1)
        h = u * state + (1.0 - u) * self.activation(_linear([inputs, r * state], self._candidate))
        return h, h


class LSTMCell(RNNCell):
    """``i, j, f, o = [x, h] W + b``; ``c = c sigmoid(f + forget_bias) + sigmoid(i) tanh(j)``.

    The output is ``h = tanh(c) sigmoid(o)``.
    """

    def __init__(
        self, num_units: int, *, forget_bias: float = 1.0, state_is_tuple: bool = True, activation: Any = None,
        name: Any = None, reuse: Any = None, **more: Any,
    ) -> None:  # fmt: skip
        super().__init__(name=name)
        if wanted := [name for name, value in more.items() if value and name != "dtype"]:
            raise fail(
                ArgumentError, f"{type(self).__name__} without a graph: {wanted[0]}", expected="not given",
                hint="a program of TensorFlow 1 has it (thalweg run --as tf1)",
            )  # fmt: skip
        self.units, self.forget_bias = num_units, forget_bias
        self.state_size, self.output_size = LSTMStateTuple(num_units, num_units), num_units
        self.activation = tf.keras.activations.get(activation or "tanh")

    def build(self, input_shape: Any) -> None:
        self._own = self._weights("", input_shape, 4 * self.units, self.units, "zeros")

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        i, j, f, o = tf.split(_linear([inputs, h], self._own), 4, 1)
        c = c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * self.activation(j)
        h = self.activation(c) * tf.sigmoid(o)
        return h, LSTMStateTuple(c, h)


class BasicLSTMCell(LSTMCell):
    """:class:`LSTMCell` by its older name."""

    def __init__(self, num_units: int, forget_bias: float = 1.0, *args: Any, **options: Any) -> None:
        super().__init__(num_units, forget_bias=forget_bias, **options)


class MultiRNNCell(RNNCell):
    """Cells of which each takes what the one before gives."""

    def __init__(self, cells: Sequence[Any], state_is_tuple: bool = True) -> None:
        super().__init__()
        self.cells = list(cells)
        self.state_size = tuple(cell.state_size for cell in self.cells)
        self.output_size = self.cells[-1].output_size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        after = []
        for cell, own in zip(self.cells, state, strict=True):
            inputs, new = cell(inputs, own)
            after.append(new)
        return inputs, tuple(after)


class DropoutWrapper(RNNCell):
    """A cell whose inputs and outputs are kept with a probability."""

    def __init__(
        self, cell: Any, input_keep_prob: Any = 1.0, output_keep_prob: Any = 1.0, **options: Any
    ) -> None:
        super().__init__()
        self.cell, self.keeping = cell, (input_keep_prob, output_keep_prob)
        self.state_size, self.output_size = cell.state_size, cell.output_size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, state = self.cell(tf.nn.dropout(inputs, 1.0 - self.keeping[0]), state)
        return tf.nn.dropout(output, 1.0 - self.keeping[1]), state


# --- loops ----------------------------------------------------------------------------------------------------------


def static_rnn(
    cell: Any, inputs: Sequence[Any], initial_state: Any = None, dtype: Any = None, sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:  # fmt: skip
    """(list of outputs, last state) over a list of inputs."""
    if initial_state is None and dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    state = zeros_of(cell.state_size, inputs[0].shape[0], dtype) if initial_state is None else initial_state
    lengths, outputs = None if sequence_length is None else tf.convert_to_tensor(sequence_length), []
    for t, x in enumerate(inputs):
        output, new = cell(x, state)
        if lengths is not None:
            going = tf.expand_dims(tf.greater(lengths, t), 1)
            output = tf.where(going, output, tf.zeros_like(output))
            parts = [tf.where(going, a, b) for a, b in zip(flat(new), flat(state), strict=True)]
            new = filled(new, parts)
        outputs.append(output)
        state = new
    return outputs, state


def dynamic_rnn(
    cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None, dtype: Any = None,
    parallel_iterations: Any = None, swap_memory: bool = False, time_major: bool = False, scope: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """(outputs, last state) over the time axis of [batch, time, n] (or [time, batch, n])."""
    axis = 0 if time_major else 1
    steps = tf.unstack(tf.convert_to_tensor(inputs), axis=axis)
    outputs, last = static_rnn(cell, steps, initial_state, dtype, sequence_length)
    return tf.stack(outputs, axis), last


def bidirectional_dynamic_rnn(
    cell_fw: Any, cell_bw: Any, inputs: Any, sequence_length: Any = None, initial_state_fw: Any = None,
    initial_state_bw: Any = None, dtype: Any = None, parallel_iterations: Any = None, swap_memory: bool = False,
    time_major: bool = False, scope: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """((outputs forwards, backwards), (states forwards, backwards))."""
    axis = 0 if time_major else 1

    def turned(x: Any) -> Any:
        if sequence_length is None:
            return tf.reverse(x, [axis])
        return tf.reverse_sequence(x, sequence_length, seq_axis=axis, batch_axis=1 - axis)

    options = {"dtype": dtype, "time_major": time_major}
    forward, ahead = dynamic_rnn(cell_fw, inputs, sequence_length, initial_state_fw, **options)
    backward, back = dynamic_rnn(cell_bw, turned(inputs), sequence_length, initial_state_bw, **options)
    return (forward, turned(backward)), (ahead, back)
