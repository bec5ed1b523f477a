"""Recurrent layers: the inputs of all steps are multiplied at once, then a scan carries the state along.

Inputs are [batch, steps, features]. Where ``mask`` [batch, steps] is False, state and output stay as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Variable, no_grad, shape_text
from thalweg.graph.updates import current_recorder
from thalweg.layers import activations
from thalweg.layers.base import Layer
from thalweg.layers.core import known_last, positive
from thalweg.nn.noise import dropout
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.control import scan
from thalweg.ops.slices import flip

__all__ = ["Bidirectional", "GRU", "LSTM", "SimpleRNN", "TimeDistributed"]

State = tuple[Any, ...]


class _Recurrent(Layer):
    """What recurrent layers share. A subclass says how many gates it has and what one step does.

    ``return_sequences``: the outputs of all steps, not of the last alone. ``return_state``: the last state beside them.
    ``go_backwards``: from the last step to the first, outputs in that order. ``stateful``: the state of a batch is
    where the next one starts (the batch size must be known). ``dropout`` and ``recurrent_dropout``: shares of the
    inputs and of the state that are dropped in training, the same ones at every step.
    """

    gates: int
    num_states = 1

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return mask if self.return_sequences else None

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        time_major: bool = False,
        implementation: int = 2,
        use_cudnn: Any = "auto",
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.units = positive(self, "units", units)
        self.activation, self.use_bias = activations.get(activation), use_bias
        self.weight_options = {
            "kernel": (kernel_initializer, kernel_regularizer, kernel_constraint),
            "recurrent_kernel": (recurrent_initializer, recurrent_regularizer, recurrent_constraint),
            "bias": (bias_initializer, bias_regularizer, bias_constraint),
        }
        self.dropout, self.recurrent_dropout = dropout, recurrent_dropout
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful = go_backwards, stateful
        self.time_major = time_major
        self.kept: list[Variable] = []
        self.bias: Any = None

    # --- what a subclass says -----------------------------------------------------------------------------------

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.gates * self.units,)

    def project(self, x: Any) -> Any:
        """What the inputs of all steps contribute: [steps, batch, gates * units]."""
        y: Any = matmul(x, self.kernel)
        return y + self.bias if self.use_bias else y

    def step(self, state: State, x: Any, dropped: Any) -> tuple[State, Any]:
        """The state after a step, and its output; ``dropped(h)`` is h with recurrent dropout."""
        raise NotImplementedError

    # --- building and calling -----------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        if len(input_shape) != 3:
            raise fail(
                ShapeError, f"{self.name}: inputs", expected="[batch, steps, features]",
                received=shape_text(input_shape),
                hint="np.expand_dims(x, -1) makes one feature of each step",
            )  # fmt: skip
        width = self.gates * self.units
        self.kernel = self._weight("kernel", (known_last(self, input_shape), width))
        self.recurrent_kernel = self._weight("recurrent_kernel", (self.units, width))
        if self.use_bias:
            self.bias = self._weight("bias", self.bias_shape())
        if self.stateful:
            self._make_states(input_shape[1 if self.time_major else 0])

    def _weight(self, name: str, shape: Sequence[int]) -> Variable:
        first, penalty, limit = self.weight_options[name]
        return self.add_weight(
            tuple(shape), self.first_value(name, initializers.get(first)), name=name,
            regularizer=regularizers.get(penalty), constraint=constraints.get(limit),
        )  # fmt: skip

    def first_value(self, name: str, initializer: Any) -> Any:
        """The initialiser of a weight."""
        return initializer

    def _make_states(self, batch: int | None) -> None:
        if batch is None:
            raise fail(
                ShapeError, f"{self.name}: a stateful layer must know the batch size",
                hint="give batch_input_shape=(batch, steps, features), or Input(batch_shape=...)",
            )  # fmt: skip
        for k in range(self.num_states):
            zeros = np.zeros((batch, self.units), self.dtype)
            self.kept.append(Variable(zeros, trainable=False, name=f"{self.name}/state_{k}"))

    def reset_states(self, states: Any = None) -> None:
        """Set the kept state to zeros, or to the given arrays."""
        for k, variable in enumerate(self.kept):
            variable.set_value(np.zeros(variable.shape, variable.dtype) if states is None else states[k])

    reset_state = reset_states

    def call(self, inputs: Any, mask: Any = None, initial_state: Any = None, training: Any = False) -> Any:
        if isinstance(inputs, (list, tuple)):
            inputs, initial_state = inputs[0], list(inputs[1:])
        x = self.floats(inputs)
        if training and self.dropout:
            one = 0 if self.time_major else 1
            x = dropout(x, self.dropout, noise_shape=tuple(1 if k == one else None for k in range(3)))
        x = x if self.time_major else shape_ops.permute_dims(x, (1, 0, 2))
        xs: dict[str, Any] = {"x": self.project(x)}
        if mask is not None:
            turned = mask if self.time_major else shape_ops.permute_dims(mask, (1, 0))
            xs["mask"] = shape_ops.expand_dims(turned, 2)
        state = self._first_state(xs["x"], initial_state)
        return self._outputs(*self._scanned(xs, state, training))

    def _first_state(self, projected: Any, given: Any) -> State:
        if given is not None:
            values = given if isinstance(given, (list, tuple)) else [given]
            return tuple(ew.astype(v, self.dtype) for v in values)
        if self.kept:
            return tuple(v.read() for v in self.kept)
        zeros = shape_ops.full_like(projected[0][:, : self.units], 0)
        return (zeros,) * self.num_states

    def _scanned(self, xs: dict[str, Any], state: State, training: Any) -> tuple[State, Any]:
        dropped = lambda h: h
        if training and self.recurrent_dropout:
            factor = dropout(shape_ops.full_like(state[0], 1), self.recurrent_dropout)
            dropped = lambda h: h * factor

        def body(carry: Any, now: Any) -> Any:
            old = tuple(carry)
            new, y = self.step(old, now["x"], dropped)
            if "mask" in now:
                new = tuple(ew.where(now["mask"], n, o) for n, o in zip(new, old))
                y = new[0]
            return new, y

        last, ys = scan(body, state, xs, reverse=self.go_backwards)
        if self.kept and (current_recorder() is not None or ys.value is not None):
            with no_grad():
                for variable, value in zip(self.kept, last):
                    variable.assign(value)
        return tuple(last), ys

    def _outputs(self, last: State, ys: Any) -> Any:
        y = last[0]
        if self.return_sequences:
            ys = flip(ys, axis=0) if self.go_backwards else ys
            y = ys if self.time_major else shape_ops.permute_dims(ys, (1, 0, 2))
        return [y, *last] if self.return_state else y


class SimpleRNN(_Recurrent):
    """``h = activation(x W + b + h U)``: [batch, steps, features] to [batch, units].

    >>> SimpleRNN(4)(np.zeros((2, 3, 5), "float32")).shape
    (2, 4)
    """

    gates = 1

    def step(self, state: State, x: Any, dropped: Any) -> tuple[State, Any]:
        h = self.activation(x + matmul(dropped(state[0]), self.recurrent_kernel))
        return (h,), h


class LSTM(_Recurrent):
    """Long short-term memory. With ``[i, f, c, o] = x W + h U + b``:

    ``c = sigmoid(f) c + sigmoid(i) tanh(c')``, ``h = sigmoid(o) tanh(c)``. The state is (h, c).
    """

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

    def step(self, state: State, x: Any, dropped: Any) -> tuple[State, Any]:
        h, c = state
        z: Any = x + matmul(dropped(h), self.recurrent_kernel)
        i, f, new, o = (z[:, k * self.units : (k + 1) * self.units] for k in range(4))
        gate = self.recurrent_activation
        c = gate(f) * c + gate(i) * self.activation(new)
        h = gate(o) * self.activation(c)
        return (h, c), h


class GRU(_Recurrent):
    """Gated recurrent unit, gates z, r, h: ``h = z h + (1 - z) tanh(x W_h + r (h U_h))``.

    ``reset_after=False`` applies r before the product: ``(r h) U_h``.
    """

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

    def step(self, state: State, x: Any, dropped: Any) -> tuple[State, Any]:
        (h,) = state
        n, gate, seen = self.units, self.recurrent_activation, dropped(h)
        if self.reset_after:
            y: Any = matmul(seen, self.recurrent_kernel)
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


class Bidirectional(Layer):
    """A recurrent layer run both ways; ``merge_mode`` joins: "concat", "sum", "mul", "ave", or None (a list)."""

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        backward_layer: Layer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if merge_mode not in ("concat", "sum", "mul", "ave", None):
            raise fail(
                ArgumentError,
                "Bidirectional: merge_mode",
                expected="concat, sum, mul, ave or None",
                received=merge_mode,
            )
        self.merge_mode, self.forward_layer = merge_mode, layer
        if backward_layer is None:
            config = layer.get_config()
            config |= {
                "name": f"backward_{layer.name}",
                "go_backwards": not config.get("go_backwards", False),
            }
            backward_layer = type(layer).from_config(config)
        self.backward_layer = backward_layer
        if self.input_shape_given is None:
            self.input_shape_given = layer.input_shape_given

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.forward_layer.compute_mask(inputs, mask)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": self.forward_layer, "backward_layer": self.backward_layer}

    def call(self, inputs: Any, mask: Any = None, training: Any = False) -> Any:
        there = self.forward_layer(inputs, mask=mask, training=training)
        back = self.backward_layer(inputs, mask=mask, training=training)
        states: list[Any] = []
        if getattr(self.forward_layer, "return_state", False):
            states = [*there[1:], *back[1:]]
            there, back = there[0], back[0]
        if getattr(self.forward_layer, "return_sequences", False):
            back = flip(back, axis=1)
        y = self._merged(there, back)
        return [*(y if isinstance(y, list) else [y]), *states] if states else y

    def _merged(self, there: Any, back: Any) -> Any:
        if self.merge_mode == "concat":
            return shape_ops.concat([there, back], axis=-1)
        if self.merge_mode == "mul":
            return there * back
        if self.merge_mode is None:
            return [there, back]
        return there + back if self.merge_mode == "sum" else (there + back) * 0.5


class TimeDistributed(Layer):
    """A layer applied to every step: [batch, steps, ...] to [batch, steps, ...]."""

    supports_masking = True

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        self.layer = layer

    def call(self, inputs: Any, training: Any = False) -> Any:
        batch, steps = inputs.shape[:2]
        if steps is None and batch is None:
            turned = shape_ops.swapaxes(inputs, 0, 1)
            _, ys = scan(lambda carry, x: (None, self.layer(x, training=training)), None, turned)
            return shape_ops.swapaxes(ys, 0, 1)
        y = self.layer(shape_ops.reshape(inputs, (-1, *inputs.shape[2:])), training=training)
        lead = (-1, steps) if steps is not None else (batch, -1)
        return shape_ops.reshape(y, (*lead, *y.shape[1:]))
