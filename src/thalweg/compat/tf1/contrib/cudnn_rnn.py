"""``tf.contrib.cudnn_rnn``: several recurrent layers over a whole sequence, with cuDNN's formulas and order of weights.

They run on the processor as any other part of a graph.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import math, nn, rnn
from thalweg.compat.tf1.graph import constant
from thalweg.compat.tf1.initializers import glorot_uniform_initializer, zeros_initializer
from thalweg.compat.tf1.layers.base import Layer
from thalweg.compat.tf1.rnn.cells import BasicLSTMCell, LSTMStateTuple, RNNCell, _Units
from thalweg.compat.tf1.types import TensorShape

CUDNN_RNN_UNIDIRECTION, CUDNN_RNN_BIDIRECTION = "unidirectional", "bidirectional"


class _Step(RNNCell):
    """One step of a layer in one direction: ``x`` and ``h`` times a matrix of each gate, plus their biases."""

    def __init__(self, layer: Any, parts: Sequence[Any]) -> None:
        super().__init__()
        self.layer, count = layer, layer.gates
        matrices = [math.transpose(m) for m in parts[: 2 * count]]
        biases = parts[2 * count :]
        self.by_input = math.concat(matrices[:count], 1), math.concat(list(biases[:count]), 0)
        self.by_state = math.concat(matrices[count:], 1), math.concat(list(biases[count:]), 0)

    @property
    def state_size(self) -> Any:
        units = self.layer.num_units
        return LSTMStateTuple(units, units) if self.layer.has_memory else units

    @property
    def output_size(self) -> int:
        return self.layer.num_units

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        h = state.h if self.layer.has_memory else state
        (kernel, bias), (recurrent, other) = self.by_input, self.by_state
        of_input = nn.bias_add(math.matmul(inputs, kernel), bias)
        of_state = nn.bias_add(math.matmul(h, recurrent), other)
        new = self.layer.step(self._gates(of_input), self._gates(of_state), state)
        return (new.h if self.layer.has_memory else new), new

    def _gates(self, joined: Any) -> Any:
        return math.split(value=joined, num_or_size_splits=self.layer.gates, axis=1)


class _CudnnRNN(Layer, ABC):
    """Layers one over the other on a sequence [time, batch, n].

    Called with ``(inputs, initial_state=None, sequence_lengths=None, time_major=True, training=True)``, it gives the
    outputs [time, batch, units times directions] and a tuple of the last states, each
    [layers times directions, batch, units].
    All weights are one vector, ``opaque_kernel``, in cuDNN's order: matrices [units, n] of the inputs' gates and of the
    states', layer after layer, then all biases.
    """

    gates = 1
    has_memory = False

    def __new__(cls, *args: Any, **options: Any) -> Any:
        """With the width of the input, as before 1.4, a model whose weights the program keeps."""
        if "input_size" in options or (len(args) > 2 and not isinstance(args[2], str)):
            return ModelOfParams(cls, *args, **options)
        return super().__new__(cls)

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_mode: str = "linear_input",
        direction: str = CUDNN_RNN_UNIDIRECTION,
        dropout: float = 0.0,
        seed: Any = None,
        dtype: Any = "float32",
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name, dtype=dtype)
        if direction not in (CUDNN_RNN_UNIDIRECTION, CUDNN_RNN_BIDIRECTION):
            raise ValueError(
                f"direction: expected 'unidirectional' or 'bidirectional', received {direction!r}"
            )
        if input_mode not in ("linear_input", "auto_select"):
            raise ValueError(f"input_mode: expected 'linear_input', received {input_mode!r}")
        self.num_layers, self.num_units, self.direction = int(num_layers), int(num_units), direction
        self.num_dirs = 2 if direction == CUDNN_RNN_BIDIRECTION else 1
        self.dropout, self.seed = dropout, seed
        self._initializers = (
            kernel_initializer or glorot_uniform_initializer(seed),
            bias_initializer or zeros_initializer(),
        )

    # --- weights ----------------------------------------------------------------------------------------------------

    @property
    def canonical_weight_shapes(self) -> list[list[int]]:
        """The shapes of the matrices, in order."""
        shapes = []
        for k in range(self.num_layers * self.num_dirs):
            first = k < self.num_dirs
            width = self.input_size if first else self.num_units * self.num_dirs
            shapes += [[self.num_units, width]] * self.gates + [[self.num_units, self.num_units]] * self.gates
        return shapes

    @property
    def canonical_bias_shapes(self) -> list[list[int]]:
        """The shapes of the biases, in order."""
        return [[self.num_units]] * (2 * self.gates * self.num_layers * self.num_dirs)

    def build(self, input_shape: Any) -> None:
        """Make the vector of all weights."""
        width = TensorShape(input_shape).as_list()[-1]
        if width is None:
            raise ValueError(
                f"{type(self).__name__} needs to know the last axis of its input, and got {input_shape}: "
                "use set_shape"
            )
        self.input_size = width
        weights, biases = self._initializers
        parts = [weights(shape, self.dtype) for shape in self.canonical_weight_shapes]
        parts += [biases(shape, self.dtype) for shape in self.canonical_bias_shapes]
        self.kernel = self.add_variable(
            "opaque_kernel", None, math.concat([math.reshape(part, [-1]) for part in parts], 0)
        )

    def _parts(self) -> list[list[Any]]:
        """For each layer and direction its matrices and then its biases."""
        shapes = [*self.canonical_weight_shapes, *self.canonical_bias_shapes]
        sizes = [a * b for a, b in self.canonical_weight_shapes] + [n for (n,) in self.canonical_bias_shapes]
        flat = math.split(value=self.kernel, num_or_size_splits=sizes, axis=0)
        made = [math.reshape(part, shape) for part, shape in zip(flat, shapes, strict=True)]
        each, middle = 2 * self.gates, len(self.canonical_weight_shapes)
        return [made[k : k + each] + made[middle + k : middle + k + each] for k in range(0, middle, each)]

    # --- calls ------------------------------------------------------------------------------------------------------

    def call(
        self,
        inputs: Any,
        initial_state: Any = None,
        sequence_lengths: Any = None,
        time_major: bool = True,
        training: bool = True,
    ) -> tuple[Any, Any]:
        x = inputs if time_major else rnn.transpose_batch_time(inputs)
        begun = None if initial_state is None else self._divided(initial_state)
        steps = [_Step(self, parts) for parts in self._parts()]
        last: list[Any] = []
        for k in range(0, len(steps), self.num_dirs):
            if k and self.dropout and training is not False:
                rate = self.dropout * (1.0 if training is True else math.cast(training, x.dtype))
                x = nn.dropout(x, rate=rate, seed=self.seed)
            x, states = self._layer(
                steps[k : k + self.num_dirs], x, None if begun is None else begun[k:], sequence_lengths
            )
            last += states
        outputs = x if time_major else rnn.transpose_batch_time(x)
        if self.has_memory:
            return outputs, (math.stack([s.h for s in last]), math.stack([s.c for s in last]))
        return outputs, (math.stack(last),)

    def _divided(self, state: Any) -> list[Any]:
        """The state of each layer and direction."""
        parts = [math.unstack(part) for part in state]
        if self.has_memory:
            return [LSTMStateTuple(c, h) for h, c in zip(*parts, strict=True)]
        return list(parts[0])

    def _layer(self, steps: Sequence[_Step], x: Any, begun: Any, lengths: Any) -> tuple[Any, list[Any]]:
        if self.num_dirs == 1:
            start = None if begun is None else begun[0]
            outputs, state = rnn.dynamic_rnn(steps[0], x, lengths, start, self.dtype, time_major=True)
            return outputs, [state]
        starts = (None, None) if begun is None else begun[:2]
        both, states = rnn.bidirectional_dynamic_rnn(
            steps[0], steps[1], x, lengths, starts[0], starts[1], self.dtype, time_major=True
        )
        return math.concat(list(both), 2), list(states)

    @abstractmethod
    def step(self, of_input: Sequence[Any], of_state: Sequence[Any], state: Any) -> Any:
        """The new state, from what the input and the state before give to each gate."""


class ModelOfParams:
    """Layers as cuDNN's operations have them: the program keeps all weights, a vector of ``params_size()`` numbers.

    Called with ``(input_data, input_h, params)`` - an LSTM with ``(input_data, input_h, input_c, params)`` - and
    ``is_training``, it gives ``(output, output_h)``, or ``(output, output_h, output_c)``; states are
    [layers times directions, batch, units].
    """

    def __init__(
        self,
        kind: type[_CudnnRNN],
        num_layers: int,
        num_units: int,
        input_size: Any,
        input_mode: str = "linear_input",
        direction: str = CUDNN_RNN_UNIDIRECTION,
        dtype: Any = "float32",
        dropout: float = 0.0,
        seed: Any = 0,
    ) -> None:
        self.layers = kind(num_layers, num_units, input_mode, direction, dropout, seed or None, dtype)
        self.layers.input_size = int(input_size)

    def params_size(self) -> Any:
        """How many weights there are, matrices and biases."""
        layers = self.layers
        matrices = sum(a * b for a, b in layers.canonical_weight_shapes)
        return constant(np.int32(matrices + sum(n for (n,) in layers.canonical_bias_shapes)))

    def __call__(self, input_data: Any, input_h: Any, *rest: Any, **options: Any) -> tuple[Any, ...]:
        names = ["input_c", "params", "is_training"][0 if self.layers.has_memory else 1 :]
        given = dict(zip(names, rest, strict=False)) | options
        begun = (input_h, given["input_c"]) if self.layers.has_memory else (input_h,)
        self.layers.kernel = math.reshape(given["params"], [self.params_size()])  # type: ignore[assignment]
        outputs, states = self.layers.call(input_data, begun, training=given.get("is_training", True))
        return outputs, *states

    def params_to_canonical(self, params: Any) -> tuple[list[Any], list[Any]]:
        """(the matrices, the biases)."""
        each, self.layers.kernel = 2 * self.layers.gates, math.reshape(params, [self.params_size()])  # type: ignore[assignment]
        parts = self.layers._parts()
        return [m for part in parts for m in part[:each]], [b for part in parts for b in part[each:]]

    def canonical_to_params(self, weights: Any, biases: Any) -> Any:
        """The vector of all weights."""
        return math.concat([math.reshape(part, [-1]) for part in [*weights, *biases]], 0)


class CudnnLSTM(_CudnnRNN):
    """``i, f, j, o = x W + h R + b``; ``c = sigmoid(f) c + sigmoid(i) tanh(j)``; ``h = sigmoid(o) tanh(c)``.

    States are tuples ``(h, c)``.
    """

    kind, gates, has_memory = "cudnn_lstm", 4, True

    def step(self, of_input: Sequence[Any], of_state: Sequence[Any], state: Any) -> Any:
        i, f, j, o = (a + b for a, b in zip(of_input, of_state, strict=True))
        c = math.sigmoid(f) * state.c + math.sigmoid(i) * math.tanh(j)
        return LSTMStateTuple(c, math.sigmoid(o) * math.tanh(c))


class CudnnGRU(_CudnnRNN):
    """``r, u`` gates; ``j = tanh(x W + b + r (h R + d))``; ``h = (1 - u) j + u h``."""

    kind, gates = "cudnn_gru", 3

    def step(self, of_input: Sequence[Any], of_state: Sequence[Any], state: Any) -> Any:
        r, u = (math.sigmoid(a + b) for a, b in zip(of_input[:2], of_state[:2], strict=True))
        j = math.tanh(of_input[2] + r * of_state[2])
        return (1 - u) * j + u * state


class CudnnRNNTanh(_CudnnRNN):
    """``h = tanh(x W + h R + b)``."""

    kind = "cudnn_rnn_tanh"

    def step(self, of_input: Sequence[Any], of_state: Sequence[Any], state: Any) -> Any:
        return math.tanh(of_input[0] + of_state[0])


class CudnnRNNRelu(_CudnnRNN):
    """``h = relu(x W + h R + b)``."""

    kind = "cudnn_rnn_relu"

    def step(self, of_input: Sequence[Any], of_state: Sequence[Any], state: Any) -> Any:
        return nn.relu(of_input[0] + of_state[0])


class CudnnCompatibleLSTMCell(BasicLSTMCell):
    """A basic LSTM whose forget gate has no bias of its own."""

    def __init__(self, num_units: int, reuse: Any = None) -> None:
        super().__init__(num_units, 0.0)


class CudnnCompatibleGRUCell(_Units):
    """A GRU whose reset gate acts behind the product with the state, as :class:`CudnnGRU`'s."""

    def __init__(self, num_units: int, reuse: Any = None, kernel_initializer: Any = None) -> None:
        super().__init__(num_units)
        self.kernel = kernel_initializer

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        gates = math.sigmoid(self._linear([inputs, state], 2 * self.units, "gates", 1.0, self.kernel))
        r, u = math.split(value=gates, num_or_size_splits=2, axis=1)
        of_input = self._linear([inputs], self.units, "candidate/input_projection", 0.0, self.kernel)
        of_state = self._linear([state], self.units, "candidate/hidden_projection", 0.0, self.kernel)
        h = (1 - u) * math.tanh(of_input + r * of_state) + u * state
        return h, h


cudnn_rnn = Namespace(
    "tf.contrib.cudnn_rnn",
    CUDNN_RNN_UNIDIRECTION=CUDNN_RNN_UNIDIRECTION,
    CUDNN_RNN_BIDIRECTION=CUDNN_RNN_BIDIRECTION,
    CudnnLSTM=CudnnLSTM,
    CudnnGRU=CudnnGRU,
    CudnnRNNTanh=CudnnRNNTanh,
    CudnnRNNRelu=CudnnRNNRelu,
    CudnnCompatibleLSTMCell=CudnnCompatibleLSTMCell,
    CudnnCompatibleGRUCell=CudnnCompatibleGRUCell,
)
