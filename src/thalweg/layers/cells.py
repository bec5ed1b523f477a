"""Cells: one step of a recurrence, with weights. RNN runs a cell over steps, LSTM and the like run theirs at once.

A cell has ``state_size``, the size of its state or a list of several, and ``call(inputs, states)``, which gives the
output of a step and the new states.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ArgumentError, ArgumentTypeError, fail
from thalweg.graph.tensor import Variable
from thalweg.layers import activations
from thalweg.layers.base import Layer
from thalweg.layers.core import known_last, positive
from thalweg.layers.nodes import placeholders_for
from thalweg.layers.seeds import Seeded
from thalweg.nested import flat
from thalweg.nn.noise import dropout
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.create import zeros

__all__ = ["GRUCell", "LSTMCell", "PeepholeLSTMCell", "SimpleRNNCell", "StackedRNNCells"]

State = tuple[Any, ...]


class Gated(Seeded):
    """What cells and the layers that loop over them share: units, activations, weights, shares to drop.

    A subclass says how many gates and states it has and what one step does.
    """

    gates: int
    num_states = 1

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed=seed, **options)
        self.units = positive(self, "units", units)
        self.activation, self.use_bias = activations.get(activation), use_bias
        self.weight_options = {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent_kernel": (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }
        self.dropout, self.recurrent_dropout = dropout, recurrent_dropout
        self.bias: Any = None

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def project(self, x: Any) -> Any:
        """What inputs contribute: [..., features] to [..., gates * units]."""
        y: Any = matmul(x, self.kernel)
        return y + self.bias if self.use_bias else y

    def recur(self, h: Any) -> Any:
        """What the first state contributes: [batch, units] to [batch, gates * units]."""
        return matmul(h, self.recurrent_kernel)

    def step(self, state: State, x: Any, seen: Any) -> tuple[State, Any]:
        """The state after a step and its output; x: what :meth:`project` gave, ``seen``: the first state, dropped."""
        raise NotImplementedError

    def build(self, input_shape: Any) -> None:
        width = self.gates * self.units
        self.kernel = self._weight("kernel", (known_last(self, input_shape), width))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, width))
        if self.use_bias:
            self.bias = self._weight("bias", self.bias_shape())

    def _weight(self, name: str, shape: Sequence[int]) -> Variable:
        first, penalty, limit = self.weight_options[name]
        return self.add_weight(
            tuple(shape), self.first_value(name, initializers.get(first)), name=name,
            regularizer=regularizers.get(penalty), constraint=constraints.get(limit),
        )  # fmt: skip

    def first_value(self, name: str, initializer: Any) -> Any:
        """The initialiser of a weight."""
        return initializer

    def state_factor(self, state: Any, training: Any) -> Any:
        """What the first state is multiplied by at every step: recurrent dropout, or 1."""
        if not training or not self.recurrent_dropout:
            return None
        return dropout(shape_ops.full_like(state, 1), self.recurrent_dropout, key=self.next_key())


class SimpleRNNFormula(Gated):
    """``h = activation(x W + b + h U)``."""

    gates = 1

    def step(self, state: State, x: Any, seen: Any) -> tuple[State, Any]:
        h = self.activation(x + self.recur(seen))
        return (h,), h


class LSTMFormula(Gated):
    """``[i, f, c', o] = x W + h U + b``; ``c = sigmoid(f) c + sigmoid(i) tanh(c')``, ``h = sigmoid(o) tanh(c)``."""

    gates, num_states = 4, 2

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", unit_forget_bias: bool = True, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            **options,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    def first_value(self, name: str, initializer: Any) -> Any:
        if name != "bias" or not self.unit_forget_bias:
            return initializer
        n = self.units

        def bias(shape: Any, dtype: Any = None) -> np.ndarray:
            rest = np.array(initializer((3 * n,), dtype))
            return np.concatenate([rest[:n], np.ones(n, dtype), rest[n:]])

        return bias

    def step(self, state: State, x: Any, seen: Any) -> tuple[State, Any]:
        c = state[1]
        z: Any = x + self.recur(seen)
        i, f, new, o = (z[..., k * self.units : (k + 1) * self.units] for k in range(4))
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(new)
        h = gate(o) * self.activation(c)
        return (h, c), h


class GRUFormula(Gated):
    """Gates z, r, h: ``h = z h + (1 - z) tanh(x W_h + r (h U_h))``; without ``reset_after``, ``(r h) U_h``."""

    gates = 3

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform", recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros", reset_after: bool = True, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            **options,
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    def bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def project(self, x: Any) -> Any:
        y: Any = matmul(x, self.kernel)
        if not self.use_bias:
            return y
        return y + (self.bias[0] if self.reset_after else self.bias)

    def step(self, state: State, x: Any, seen: Any) -> tuple[State, Any]:
        (h,) = state
        n, gate = self.units, self.recurrent_activation
        if self.reset_after:
            y: Any = self.recur(seen)
            y = y + self.bias[1] if self.use_bias else y
            z, r = gate(x[:, :n] + y[:, :n]), gate(x[:, n : 2 * n] + y[:, n : 2 * n])
            new = self.activation(x[:, 2 * n :] + r * y[:, 2 * n :])
        else:
            u: Any = self.recurrent_kernel
            y = matmul(seen, u[:, : 2 * n])
            z, r = gate(x[:, :n] + y[:, :n]), gate(x[:, n : 2 * n] + y[:, n:])
            new = self.activation(x[:, 2 * n :] + matmul(r * seen, u[:, 2 * n :]))
        h = z * h + (1.0 - z) * new
        return (h,), h


class Cell(Gated):
    """What the cells of this library share: one step of a :class:`Gated` as a layer of its own."""

    _factors: tuple[Any, Any] | None = None

    def get_initial_state(self, inputs: Any = None, batch_size: int | None = None, dtype: Any = None) -> Any:
        """Zeros for a batch, of the size of ``inputs`` or as given: one state, or the list of several."""
        rows: Any = inputs.shape[0] if inputs is not None else batch_size
        kind = self.dtype if dtype is None else dtype
        made = [zeros((rows, size), dtype=kind) for size in self.state_size]
        return made[0] if len(made) == 1 else made

    @property
    def state_size(self) -> list[int]:
        """The size of each state."""
        return [self.units] * self.num_states

    @property
    def output_size(self) -> int:
        """The size of the output."""
        return self.units

    def begin(self, inputs: Any, states: Any, training: Any) -> None:
        """Draw what dropout drops, the same at every step until :meth:`end`."""
        factor = None
        if training and self.dropout:
            factor = dropout(shape_ops.full_like(inputs, 1), self.dropout, key=self.next_key())
        self._factors = (factor, self.state_factor(flat(states)[0], training))

    def end(self) -> None:
        """The loop over steps is over."""
        self._factors = None

    def call(self, inputs: Any, states: Any, training: Any = False) -> tuple[Any, list[Any]]:
        """The output of one step for inputs [batch, features], and the new states."""
        state = tuple(flat(states))
        if self._factors is None:
            self.begin(inputs, states, training)
            of_inputs, of_state = self._factors  # type: ignore[misc]
            self.end()
        else:
            of_inputs, of_state = self._factors
        x = inputs if of_inputs is None else inputs * of_inputs
        seen = state[0] if of_state is None else state[0] * of_state
        new, y = self.step(state, self.project(x), seen)
        return y, list(new)


class SimpleRNNCell(SimpleRNNFormula, Cell):
    """One step of a SimpleRNN: ``cell(inputs, [h])`` gives the output and ``[h]``.

    >>> y, (h,) = SimpleRNNCell(4)(np.ones((2, 3)), [np.zeros((2, 4))])
    >>> y.shape
    (2, 4)
    """


class LSTMCell(LSTMFormula, Cell):
    """One step of an LSTM: ``cell(inputs, [h, c])`` gives the output and ``[h, c]``."""


class PeepholeLSTMCell(LSTMCell):
    """One step of an LSTM whose gates see the cell, too: i and f that before the step, o that after it.

    Each has a weight for each unit, of the kernel's initialiser. Takes the arguments of :class:`LSTMCell`.

    >>> y, (h, c) = PeepholeLSTMCell(4)(np.ones((2, 3)), [np.zeros((2, 4)), np.ones((2, 4))])
    >>> y.shape
    (2, 4)
    """

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        self.input_gate_peephole_weights = self._peephole("input")
        self.forget_gate_peephole_weights = self._peephole("forget")
        self.output_gate_peephole_weights = self._peephole("output")

    def _peephole(self, gate: str) -> Any:
        first = initializers.get(self.weight_options["kernel"][0])
        return self.add_weight((self.units,), first, name=f"{gate}_gate_peephole_weights")

    def step(self, state: State, x: Any, seen: Any) -> tuple[State, Any]:
        c: Any = state[1]
        z: Any = x + self.recur(seen)
        i, f, new, o = (z[..., k * self.units : (k + 1) * self.units] for k in range(4))
        gate = self.recurrent_activation
        i, f = i + c * self.input_gate_peephole_weights, f + c * self.forget_gate_peephole_weights
        c = gate(f) * c + gate(i) * self.activation(new)
        h = gate(o + c * self.output_gate_peephole_weights) * self.activation(c)
        return (h, c), h


class GRUCell(GRUFormula, Cell):
    """One step of a GRU: ``cell(inputs, [h])`` gives the output and ``[h]``."""


class StackedRNNCells(Layer):
    """Cells one upon another as one: the output of each is the input of the next.

    States: those of all, in order; with ``reverse_state_order`` those of the last cell come first. ``constants`` are
    seen by the cells that take them.
    """

    def __init__(self, cells: Sequence[Any], reverse_state_order: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.cells, self.reverse_state_order = list(cells), reverse_state_order
        if not self.cells:
            raise fail(ArgumentError, "StackedRNNCells: cells", expected="at least one")
        for cell in self.cells:
            check_cell(cell, "StackedRNNCells")

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the states of all cells."""
        return [size for cell in self._in_order_of_states() for size in sizes_of(cell)]

    def _in_order_of_states(self) -> list[Any]:
        return self.cells[::-1] if self.reverse_state_order else self.cells

    def states_of_cells(self, states: Sequence[Any]) -> list[list[Any]]:
        """The states of each cell, in the order of the cells."""
        rest, found = list(states), {}
        for cell in self._in_order_of_states():
            count = len(sizes_of(cell))
            found[id(cell)], rest = rest[:count], rest[count:]
        return [found[id(cell)] for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return getattr(self.cells[-1], "output_size", None) or sizes_of(self.cells[-1])[0]

    def build(self, input_shape: Any) -> None:
        """Build the cells that see constants, whose shapes follow that of the inputs."""
        if not isinstance(input_shape, list):
            return
        below, *constants = input_shape
        for cell in self.cells:
            if "constants" in cell._call_parameters():
                cell.build_for((placeholders_for([below, *constants], self.dtype),))
            width = getattr(cell, "output_size", None) or sizes_of(cell)[0]
            below = (below[0], *((width,) if isinstance(width, int) else width))

    def call(
        self, inputs: Any, states: Any, constants: Any = None, training: Any = False
    ) -> tuple[Any, list[Any]]:
        y, new = inputs, {}
        for cell, own in zip(self.cells, self.states_of_cells(flat(states)), strict=True):
            seen = constants is not None and "constants" in cell._call_parameters()
            y, states = cell(y, own, training=training, **({"constants": constants} if seen else {}))
            new[id(cell)] = flat(states)
        return y, [state for cell in self._in_order_of_states() for state in new[id(cell)]]


def check_cell(cell: Any, name: str) -> None:
    """An error unless it is a layer with a ``state_size``."""
    if not isinstance(cell, Layer) or not hasattr(cell, "state_size"):
        raise fail(
            ArgumentTypeError, f"{name}: a cell", expected="a layer with state_size and call(inputs, states)",
            received=repr(cell), hint="LSTM is a layer over all steps, LSTMCell is the cell of one",
        )  # fmt: skip


def sizes_of(cell: Any) -> list[Any]:
    """The size of each state of a cell: a number, or the shape without the batch."""
    size = cell.state_size
    return list(size) if isinstance(size, list) else [size]
