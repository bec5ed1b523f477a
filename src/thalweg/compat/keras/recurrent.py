"""What programs derived their own recurrent layers from before there were cells: Keras 1 and 2.0."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.keras import backend as K
from thalweg.compat.keras.custom import InputSpec, OwnLayer
from thalweg.compat.keras.helpers import has_arg
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Variable
from thalweg.graph.updates import current_recorder
from thalweg.layers import Layer
from thalweg.nested import mapped
from thalweg.ops.dynamic import broadcast_to_lengths
from thalweg.ops.state import assign


class Recurrent(OwnLayer):
    """A loop over the steps of [batch, steps, features] whose subclass says what one step does.

    A subclass sets ``self.states`` (a list, one None for each state) and ``self.units`` or ``self.output_dim``, and
    defines ``step(x, states) -> (output, new states)``. It may define ``preprocess_input(inputs)``, whose result the
    loop goes over, ``get_initial_state(inputs)`` and ``get_constants(inputs)``, which follow the states in each step.
    """

    output_dim: int

    def __init__(
        self, return_sequences: bool = False, return_state: bool = False, go_backwards: bool = False,
        stateful: bool = False, unroll: bool = False, implementation: int = 0, consume_less: str = "cpu",
        input_length: int | None = None, **options: Any,
    ) -> None:  # fmt: skip
        if options.get("input_dim") is not None:
            options["input_shape"] = (input_length, options.pop("input_dim"))
        super().__init__(**options)
        self.return_sequences, self.return_state, self.go_backwards = (
            return_sequences,
            return_state,
            go_backwards,
        )
        self.stateful, self.unroll, self.implementation = stateful, unroll, implementation
        self.consume_less, self.input_length = consume_less, input_length
        self.supports_masking, self.dropout, self.recurrent_dropout = True, 0.0, 0.0
        self.states: list[Any] = [None]
        self.input_spec, self.state_spec = [InputSpec(ndim=3)], None

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        return mask if self.return_sequences else None

    def step(self, x: Any, states: Any) -> tuple[Any, Any]:
        """The output of one step and the new states."""
        raise fail(ArgumentError, f"{type(self).__name__} has no step(x, states)")

    def preprocess_input(self, inputs: Any, training: Any = None) -> Any:
        """What the loop goes over."""
        return inputs

    def get_constants(self, inputs: Any, training: Any = None) -> list[Any]:
        """What every step sees besides its states."""
        return []

    def get_initial_states(self, inputs: Any) -> list[Any]:
        """Zeros, [batch, units] for each state."""
        zeros = K.sum(K.zeros_like(inputs), axis=(1, 2))
        width = getattr(self, "units", None) or self.output_dim
        return [K.tile(K.expand_dims(zeros), [1, width])] * len(self.states)

    def get_initial_state(self, inputs: Any) -> list[Any]:
        """The first states."""
        return self.get_initial_states(inputs)

    def reset_states(self, states: Any = None) -> None:
        """Set the kept states, if there are some, to zeros, or to the given arrays."""
        given = [states] if states is not None and not isinstance(states, (list, tuple)) else states
        for k, state in enumerate(s for s in self.states if s is not None):
            K.set_value(state, K.get_value(state) * 0 if given is None else given[k])

    def call(self, inputs: Any, mask: Any = None, training: Any = None, initial_state: Any = None) -> Any:
        if isinstance(inputs, (list, tuple)):
            inputs, initial_state = inputs[0], list(inputs[1:])
        if initial_state is None:
            initial_state = self._kept(inputs) if self.stateful else self.get_initial_state(inputs)
        last, outputs, states = K.rnn(
            self.step,
            _told(self.preprocess_input, inputs, training),
            initial_state,
            go_backwards=self.go_backwards,
            mask=mask[0] if isinstance(mask, (list, tuple)) else mask,
            constants=_told(self.get_constants, inputs, training),
            unroll=self.unroll,
        )
        if self.stateful and (current_recorder() is not None or not last.is_symbolic):
            for kept, new in zip(self.states, states):
                assign(kept, new)
        y = outputs if self.return_sequences else last
        return [y, *states] if self.return_state else y

    def _kept(self, inputs: Any) -> list[Any]:
        """The states that the last batch left."""
        if self.states[0] is None:
            batch = K.int_shape(inputs)[0]
            if batch is None:
                raise fail(
                    ShapeError, f"{self.name}: a stateful layer must know the batch size",
                    hint="give batch_input_shape=(batch, steps, features)",
                )  # fmt: skip
            shapes = [(batch, *K.int_shape(state)[1:]) for state in self.get_initial_state(inputs)]
            self.states = [Variable(np.zeros(shape, K.floatx()), trainable=False) for shape in shapes]
        return self.states

    def own_weights(self) -> list[Variable]:
        """The weights of this layer itself, without the states that it keeps."""
        kept = {id(state) for state in self.states}
        return [weight for weight in super().own_weights() if id(weight) not in kept]


class AbstractRNNCell(OwnLayer):
    """What a program's own cells derive from: they say ``state_size``, ``output_size`` and ``call(x, states)``."""

    state_size: Any

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """Zeros, [batch, *state] for each state."""
        if inputs is not None:
            batch_size, dtype = K.shape(inputs)[0], inputs.dtype
        zero = np.zeros((), numpy_dtype(dtype or K.floatx()))

        def zeros(size: Any) -> Any:
            lengths = tuple(size) if hasattr(size, "as_list") else (size,)
            return broadcast_to_lengths(zero, (batch_size, *lengths))

        return mapped(zeros, self.state_size)


class OwnCell(OwnLayer):
    """A cell of a program as RNN takes it: one that is no layer, whose weights training then does not move."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell
        self.state_size = listed(cell.state_size)

    def call(self, inputs: Any, states: Any, **seen: Any) -> Any:
        return self.cell.call(inputs, states, **{k: v for k, v in seen.items() if has_arg(self.cell.call, k)})


def as_cells(cell: Any) -> Any:
    """A cell, or several in a list, whose sizes of states are a list where they were a tuple."""
    if isinstance(cell, (list, tuple)):
        return [as_cells(one) for one in cell]
    if not hasattr(cell, "state_size") or not hasattr(cell, "call"):
        return cell  # RNN says what it expects
    is_layer, kept = isinstance(cell, Layer), getattr(type(cell), "state_size", None)
    if not is_layer:
        return OwnCell(cell)
    if isinstance(cell.state_size, tuple) and not isinstance(kept, property):
        cell.state_size = listed(cell.state_size)
    return cell


def listed(sizes: Any) -> Any:
    """The sizes of several states as a list."""
    return list(sizes) if isinstance(sizes, tuple) else sizes


def _told(function: Any, inputs: Any, training: Any) -> Any:
    """What a subclass's function gives, told whether it is in training if it asks."""
    return function(inputs, training=training) if has_arg(function, "training") else function(inputs)


def time_distributed_dense(
    x: Any, w: Any, b: Any = None, dropout: Any = None, input_dim: Any = None, output_dim: Any = None,
    timesteps: Any = None, training: Any = None,
) -> Any:  # fmt: skip
    """``x w + b`` at every step of [batch, steps, features]; ``dropout`` drops the same features at all steps."""
    if dropout:
        kept = K.dropout(K.ones_like(x[:, :1]), dropout)
        x = K.in_train_phase(lambda: x * kept, x, training)
    y = K.dot(x, w)
    return y if b is None else K.bias_add(y, b)


def generate_dropout_ones(inputs: Any, dims: int) -> Any:
    """Ones [batch, dims], for as many rows as the inputs have."""
    return K.tile(K.ones_like(K.sum(inputs, axis=tuple(range(1, inputs.ndim)))[:, None]), (1, dims))


def generate_dropout_mask(ones: Any, rate: float, training: Any = None, count: int = 1) -> Any:
    """Factors for a cell's inputs or states: ones, of which training drops a share; several as a list."""
    masks = [K.in_train_phase(lambda: K.dropout(ones, rate), ones, training=training) for _ in range(count)]
    return masks if count > 1 else masks[0]
