"""TensorFlow 1's recurrent cells, and the loops that run them over sequences."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.control import _inside, map_structure, to_core, to_nodes, without_order
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.initializers import constant_initializer, zeros_initializer
from thalweg.compat.tf1.variables import get_variable, get_variable_scope, variable_scope
from thalweg.ops import control, elementwise
from thalweg.ops import shape as shape_ops


class LSTMStateTuple(NamedTuple):
    """The cell state ``c`` and the output ``h``."""

    c: Any
    h: Any


class RNNCell:
    """One step: ``output, state = cell(input, state)``. Its variables belong to the scope in which it is called."""

    name = "rnn_cell"

    def __init__(self) -> None:
        self._made: dict[str, dict[str, Any]] = {}

    @property
    def state_size(self) -> Any:
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        raise NotImplementedError

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        if not hasattr(self, "_made"):
            self._made = {}
        with variable_scope(scope or self._scope_name()) as opened:
            self._kept = self._made.setdefault(f"{id(g.default_graph())}/{opened.name}", {})
            return self.call(inputs, state)

    def _scope_name(self) -> str:
        name = type(self).__name__.lstrip("_")
        return {
            "BasicRNNCell": "basic_rnn_cell",
            "BasicLSTMCell": "basic_lstm_cell",
            "LSTMCell": "lstm_cell",
            "GRUCell": "gru_cell",
        }.get(name, name.lower())

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """The step, inside the cell's scope."""
        raise NotImplementedError

    def _variable(self, name: str, shape: Sequence[Any], initializer: Any = None) -> Any:
        if name not in self._kept:
            self._kept[name] = get_variable(name, shape, initializer=initializer)
        return self._kept[name]

    def _linear(
        self, parts: Sequence[Any], width: int, name: str = "", bias: float = 0.0, kernel: Any = None
    ) -> Any:
        """[parts] @ kernel + bias."""
        joined = parts[0] if len(parts) == 1 else math.concat(list(parts), 1)
        prefix = f"{name}/" if name else ""
        weights = self._variable(f"{prefix}kernel", [joined.get_shape()[1].value, width], kernel)
        start = constant_initializer(bias) if bias else zeros_initializer()
        return nn.bias_add(math.matmul(joined, weights), self._variable(f"{prefix}bias", [width], start))

    @property
    def variables(self) -> list[Any]:
        return [v for made in getattr(self, "_made", {}).values() for v in made.values()]

    trainable_variables = variables

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """A state of zeros."""
        return _zeros(self.state_size, batch_size, dtype)

    def get_initial_state(self, inputs: Any = None, batch_size: Any = None, dtype: Any = None) -> Any:
        """A state of zeros for these inputs."""
        size = math.shape(inputs)[0] if inputs is not None else batch_size
        return self.zero_state(size, dtype or "float32")


def _zeros(size: Any, batch_size: Any, dtype: Any) -> Any:
    if isinstance(size, tuple):
        parts = [_zeros(s, batch_size, dtype) for s in size]
        return type(size)(*parts) if hasattr(size, "_fields") else tuple(parts)
    return math.zeros([batch_size, size], dtype)


def _function(activation: Any) -> Callable[..., Any]:
    if isinstance(activation, str):
        return getattr(nn, activation)
    return activation or math.tanh


class BasicRNNCell(RNNCell):
    """``h = activation([x, h] W + b)``."""

    def __init__(
        self,
        num_units: int,
        input_size: Any = None,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.units, self.activation = int(num_units), _function(activation if callable(activation) else None)

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def output_size(self) -> int:
        return self.units

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        h = self.activation(self._linear([inputs, state], self.units))
        return h, h


class GRUCell(RNNCell):
    """Gates ``r, u = sigmoid([x, h] W + 1)``; ``c = activation([x, r h] V + b)``; ``h = u h + (1 - u) c``."""

    def __init__(
        self,
        num_units: int,
        input_size: Any = None,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.units, self.activation = int(num_units), _function(activation if callable(activation) else None)
        self.kernel = kernel_initializer

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def output_size(self) -> int:
        return self.units

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        gates = math.sigmoid(self._linear([inputs, state], 2 * self.units, "gates", 1.0, self.kernel))
        r, u = math.split(value=gates, num_or_size_splits=2, axis=1)
        candidate = self.activation(
            self._linear([inputs, r * state], self.units, "candidate", 0.0, self.kernel)
        )
        h = u * state + (1 - u) * candidate
        return h, h


class BasicLSTMCell(RNNCell):
    """``i, j, f, o = [x, h] W + b``; ``c = c sigmoid(f + forget_bias) + sigmoid(i) tanh(j)``.

    The output is ``h = tanh(c) sigmoid(o)``.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.units, self.forget_bias, self.state_is_tuple = int(num_units), forget_bias, state_is_tuple
        self.activation = _function(activation)
        self.kernel: Any = None

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self.units, self.units) if self.state_is_tuple else 2 * self.units

    @property
    def output_size(self) -> int:
        return self.units

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state if self.state_is_tuple else math.split(value=state, num_or_size_splits=2, axis=1)
        gates = self._linear([inputs, h], 4 * self.units, kernel=self.kernel)
        i, j, f, o = math.split(value=gates, num_or_size_splits=4, axis=1)
        c = c * math.sigmoid(f + self.forget_bias) + math.sigmoid(i) * self.activation(j)
        h = self.activation(c) * math.sigmoid(o)
        return h, LSTMStateTuple(c, h) if self.state_is_tuple else math.concat([c, h], 1)


class LSTMCell(RNNCell):
    """The LSTM with peepholes, a projection and clipping, if asked for."""

    def __init__(
        self,
        num_units: int,
        input_size: Any = None,
        use_peepholes: bool = False,
        cell_clip: Any = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: Any = None,
        num_unit_shards: Any = None,
        num_proj_shards: Any = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        self.units, self.forget_bias, self.state_is_tuple = int(num_units), forget_bias, state_is_tuple
        self.peepholes, self.clip, self.projection, self.projection_clip = (
            use_peepholes,
            cell_clip,
            num_proj,
            proj_clip,
        )
        self.kernel, self.activation = initializer, _function(activation)

    @property
    def state_size(self) -> Any:
        return (
            LSTMStateTuple(self.units, self.output_size)
            if self.state_is_tuple
            else self.units + self.output_size
        )

    @property
    def output_size(self) -> int:
        return self.projection or self.units

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        sizes = [self.units, self.output_size]
        c, h = state if self.state_is_tuple else math.split(value=state, num_or_size_splits=sizes, axis=1)
        gates = self._linear([inputs, h], 4 * self.units, kernel=self.kernel)
        i, j, f, o = math.split(value=gates, num_or_size_splits=4, axis=1)
        if self.peepholes:
            f = f + self._variable("w_f_diag", [self.units], self.kernel) * c
            i = i + self._variable("w_i_diag", [self.units], self.kernel) * c
        c = c * math.sigmoid(f + self.forget_bias) + math.sigmoid(i) * self.activation(j)
        if self.clip is not None:
            c = math.clip_by_value(c, -self.clip, self.clip)
        if self.peepholes:
            o = o + self._variable("w_o_diag", [self.units], self.kernel) * c
        h = self.activation(c) * math.sigmoid(o)
        if self.projection:
            h = math.matmul(
                h, self._variable("projection/kernel", [self.units, self.projection], self.kernel)
            )
            if self.projection_clip is not None:
                h = math.clip_by_value(h, -self.projection_clip, self.projection_clip)
        return h, LSTMStateTuple(c, h) if self.state_is_tuple else math.concat([c, h], 1)


class LayerNormBasicLSTMCell(BasicLSTMCell):
    """The LSTM with each gate normalised over its units, and dropout of the candidate."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        activation: Any = None,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(num_units, forget_bias, activation=activation)
        self.normalised, self.gain, self.shift, self.keep_prob = (
            layer_norm,
            norm_gain,
            norm_shift,
            dropout_keep_prob,
        )

    def _normal(self, x: Any, name: str) -> Any:
        if not self.normalised:
            return x
        gamma = self._variable(f"{name}/gamma", [self.units], constant_initializer(self.gain))
        beta = self._variable(f"{name}/beta", [self.units], constant_initializer(self.shift))
        mean, variance = nn.moments(x, [1], keep_dims=True)
        return nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        parts = math.split(value=self._linear([inputs, h], 4 * self.units), num_or_size_splits=4, axis=1)
        names = ("input", "transform", "forget", "output")
        i, j, f, o = (self._normal(p, n) for p, n in zip(parts, names, strict=True))
        j = nn.dropout(self.activation(j), self.keep_prob) if self.keep_prob != 1.0 else self.activation(j)
        c = self._normal(c * math.sigmoid(f + self.forget_bias) + math.sigmoid(i) * j, "state")
        h = self.activation(c) * math.sigmoid(o)
        return h, LSTMStateTuple(c, h)


class MultiRNNCell(RNNCell):
    """Cells one above the other."""

    def __init__(self, cells: Sequence[RNNCell], state_is_tuple: bool = True) -> None:
        super().__init__()
        self.cells, self.state_is_tuple = list(cells), state_is_tuple
        # One cell listed twice stands for two layers of the same kind, as before 1.1.
        self.cells = [copy.copy(c) if c in self.cells[:k] else c for k, c in enumerate(self.cells)]
        for cell in self.cells:
            if hasattr(cell, "_made"):
                cell._made = {}

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self.cells)
        return sizes if self.state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        return self.cells[-1].output_size

    def _scope_name(self) -> str:
        return "multi_rnn_cell"

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        sizes = [cell.state_size for cell in self.cells]
        states = state if self.state_is_tuple else math.split(value=state, num_or_size_splits=sizes, axis=1)
        new = []
        for k, (cell, own) in enumerate(zip(self.cells, states, strict=True)):
            with variable_scope(f"cell_{k}"):
                inputs, after = cell(inputs, own)
            new.append(after)
        return inputs, tuple(new) if self.state_is_tuple else math.concat(new, 1)


class _Wrapper(RNNCell):
    def __init__(self, cell: RNNCell) -> None:
        super().__init__()
        self.cell = cell

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return self.call(inputs, state)


class DropoutWrapper(_Wrapper):
    """Dropout of a cell's inputs, outputs and states."""

    def __init__(
        self,
        cell: RNNCell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        seed: Any = None,
        variational_recurrent: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(cell)
        self.keep = (input_keep_prob, output_keep_prob, state_keep_prob)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        into, out, kept = self.keep
        output, new = self.cell(self._dropped(inputs, into), state)
        if not isinstance(kept, (int, float)) or kept < 1:
            new = map_structure(lambda t: self._dropped(t, kept), new)
        return self._dropped(output, out), new

    @staticmethod
    def _dropped(x: Any, keep: Any) -> Any:
        return x if isinstance(keep, (int, float)) and keep >= 1 else nn.dropout(x, keep)


class ResidualWrapper(_Wrapper):
    """The cell's input added to its output."""

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(inputs, state)
        return output + inputs, new


class DeviceWrapper(_Wrapper):
    """The cell itself: there is one device."""

    def __init__(self, cell: RNNCell, device: Any = None) -> None:
        super().__init__(cell)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.cell(inputs, state)


class OutputProjectionWrapper(_Wrapper):
    """A linear layer over a cell's output."""

    def __init__(self, cell: RNNCell, output_size: int, activation: Any = None, reuse: Any = None) -> None:
        super().__init__(cell)
        self.width, self.activation = output_size, activation

    @property
    def output_size(self) -> int:
        return self.width

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return RNNCell.__call__(self, inputs, state, scope)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(inputs, state)
        projected = self._linear([output], self.width)
        return self.activation(projected) if self.activation else projected, new


class InputProjectionWrapper(OutputProjectionWrapper):
    """A linear layer before a cell."""

    @property
    def output_size(self) -> int:
        return self.cell.output_size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.cell(self._linear([inputs], self.width), state)


class EmbeddingWrapper(_Wrapper):
    """Rows of a table as the cell's inputs."""

    def __init__(
        self, cell: RNNCell, embedding_classes: int, embedding_size: int, initializer: Any = None
    ) -> None:
        super().__init__(cell)
        self.table_shape, self.start = [embedding_classes, embedding_size], initializer

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return RNNCell.__call__(self, inputs, state, scope)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        table = self._variable("embedding", self.table_shape, self.start)
        return self.cell(nn.embedding_lookup(table, math.reshape(inputs, [-1])), state)


# --- loops ----------------------------------------------------------------------------------------------------------


def _chosen(going: Any, new: Any, old: Any) -> Any:
    """The new state where the sequence still goes on."""
    if isinstance(new, (list, tuple)):
        parts = [_chosen(going, a, b) for a, b in zip(new, old, strict=True)]
        return type(new)(*parts) if hasattr(new, "_fields") else type(new)(parts)
    return elementwise.where(going, new, old)


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """(outputs, last state) over the time axis of [batch, time, n] (or [time, batch, n])."""
    if initial_state is None and dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    inputs = g.convert_to_tensor(inputs)
    with variable_scope(scope or "rnn") as opened:
        x = inputs if time_major else math.transpose(inputs, [1, 0, *range(2, inputs.get_shape().ndims)])
        start = initial_state
        if start is None:
            start = cell.zero_state(math.shape(x)[1], dtype)
        first = wrap(value(x)[0], None, "FirstStep")
        cell(first, start)  # makes the variables, before the loop
        opened.reuse_variables()
        outputs, last = _scanned(cell, value(x), to_core(start), sequence_length)
    result = wrap(outputs, None, "RNNOutputs")
    return (result if time_major else math.transpose(result, [1, 0, *range(2, len(outputs.shape))])), last


def _scanned(cell: Any, x: Any, start: Any, sequence_length: Any) -> tuple[Any, Any]:
    lengths = None if sequence_length is None else g.cast(value(sequence_length), "int32")
    times = shape_ops.reshape(shape_ops.iota_like(x, axis=0, dtype=np.dtype(np.int32)), (-1,))

    def step(state: Any, now: Any) -> Any:
        with _inside():
            made = cell(wrap(now[0], None, "Step"), to_nodes(state, "State"))
        output, new = (map_structure(without_order, to_core(part)) for part in made)
        if lengths is not None:
            going = shape_ops.expand_dims(elementwise.less(now[1], lengths), -1)
            new = _chosen(going, new, state)
            output = elementwise.where(going, output, shape_ops.full_like(output, 0))
        return new, output

    last, outputs = control.scan(step, start, (x, times))
    return outputs, to_nodes(last, "LastState")


def static_rnn(
    cell: Any,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """(list of outputs, last state) over a list of inputs, unrolled."""
    if initial_state is None and dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    outputs, inputs = [], [g.convert_to_tensor(x) for x in inputs]
    with variable_scope(scope or "rnn") as opened:
        state = cell.zero_state(math.shape(inputs[0])[0], dtype) if initial_state is None else initial_state
        lengths = None if sequence_length is None else g.cast(value(sequence_length), "int32")
        for t, x in enumerate(inputs):
            if t == 1:
                opened.reuse_variables()
            output, new = cell(x, state)
            if lengths is not None:
                going = shape_ops.expand_dims(elementwise.greater(lengths, t), -1)
                new = to_nodes(_chosen(going, to_core(new), to_core(state)), "State")
                output = wrap(elementwise.where(going, value(output), 0.0), None, "Output")
            outputs.append(output)
            state = new
    return outputs, state


rnn = static_rnn


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """((outputs forwards, backwards), (states forwards, backwards))."""
    axis = 0 if time_major else 1
    with variable_scope(scope or "bidirectional_rnn"):
        forward, state_fw = dynamic_rnn(
            cell_fw, inputs, sequence_length, initial_state_fw, dtype, time_major=time_major, scope="fw"
        )
        turned = _turned(inputs, sequence_length, axis)
        backward, state_bw = dynamic_rnn(
            cell_bw, turned, sequence_length, initial_state_bw, dtype, time_major=time_major, scope="bw"
        )
    return (forward, _turned(backward, sequence_length, axis)), (state_fw, state_bw)


def _turned(x: Any, lengths: Any, axis: int) -> Any:
    return (
        math.reverse(x, [axis])
        if lengths is None
        else reverse_sequence(x, lengths, seq_axis=axis, batch_axis=1 - axis)
    )


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: Any = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Tensor:
    """The first ``length`` elements of each example in the opposite order."""
    from thalweg.ops.index import take_along_axis

    x: Any = value(input)
    time = int(seq_dim if seq_axis is None else seq_axis)
    batch = int((batch_dim or 0) if batch_axis is None else batch_axis)
    rank = len(x.shape)
    steps: Any = shape_ops.iota_like(x, axis=time, dtype=np.dtype(np.int64))
    lengths: Any = shape_ops.reshape(
        g.cast(value(seq_lengths), "int64"), tuple(-1 if k == batch else 1 for k in range(rank))
    )
    places = elementwise.where(steps < lengths, lengths - 1 - steps, steps)
    places = shape_ops.broadcast_like(places, x)
    return wrap(take_along_axis(x, places, axis=time), name, "ReverseSequence", [input])


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Sequence[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """(outputs of both directions side by side, state forwards, state backwards)."""
    with variable_scope(scope or "bidirectional_rnn"):
        forward, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, "fw")
        turned = _turned_list(inputs, sequence_length)
        backward, state_bw = static_rnn(cell_bw, turned, initial_state_bw, dtype, sequence_length, "bw")
    backward = _turned_list(backward, sequence_length)
    joined = [math.concat([a, b], 1) for a, b in zip(forward, backward, strict=True)]
    return joined, state_fw, state_bw


def _turned_list(steps: Sequence[Any], lengths: Any) -> list[Any]:
    """The steps in the opposite order; each example's own steps where lengths are given."""
    if lengths is None:
        return list(steps)[::-1]
    return math.unstack(_turned(math.stack(list(steps)), lengths, 0), len(steps))


bidirectional_rnn = static_bidirectional_rnn


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    time_major: bool = False,
    scope: Any = None,
    **options: Any,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """(outputs, last states forwards, backwards): layers one above the other, each in both directions."""
    states_fw, states_bw, x = [], [], inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for k, (forward, backward) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            starts = [None if s is None else s[k] for s in (initial_states_fw, initial_states_bw)]
            with variable_scope(f"cell_{k}"):
                outputs, (fw, bw) = bidirectional_dynamic_rnn(
                    forward, backward, x, sequence_length, starts[0], starts[1], dtype, time_major=time_major
                )
            x = math.concat(list(outputs), 2)
            states_fw.append(fw)
            states_bw.append(bw)
    return x, tuple(states_fw), tuple(states_bw)


def transpose_batch_time(x: Any) -> Tensor:
    """The first two axes exchanged."""
    rank: Any = g.convert_to_tensor(x).shape.ndims
    return math.transpose(x, [1, 0, *range(2, rank)])


# --- the old seq2seq functions --------------------------------------------------------------------------------------


def rnn_decoder(
    decoder_inputs: Sequence[Any], initial_state: Any, cell: Any, loop_function: Any = None, scope: Any = None
) -> tuple[list[Any], Any]:
    """A cell over a list of inputs, each but the first replaced by ``loop_function(previous output, k)`` if given."""
    outputs: list[Any] = []
    state, previous = initial_state, None
    with variable_scope(scope or "rnn_decoder"):
        for k, x in enumerate(decoder_inputs):
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    x = loop_function(previous, k)
            if k > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(x, state)
            outputs.append(output)
            previous = output if loop_function is not None else None
    return outputs, state


def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: Any = None,
    name: Any = None,
) -> Tensor:
    """The weighted cross entropy of each example, over its time steps."""
    losses = []
    for score, target, weight in zip(logits, targets, weights, strict=True):
        flat = math.reshape(target, [-1])
        if softmax_loss_function is not None:
            loss = softmax_loss_function(labels=flat, logits=score)
        else:
            loss = nn.sparse_softmax_cross_entropy_with_logits(labels=flat, logits=score)
        losses.append(loss * weight)
    total = math.add_n(losses)
    return (
        total / (math.add_n([g.convert_to_tensor(w) for w in weights]) + 1e-12)
        if average_across_timesteps
        else total
    )


def legacy_sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Any = None,
    name: Any = None,
) -> Tensor:
    """The mean over the batch of :func:`sequence_loss_by_example`."""
    by_example = sequence_loss_by_example(
        logits, targets, weights, average_across_timesteps, softmax_loss_function
    )
    return math.reduce_mean(by_example) if average_across_batch else math.reduce_sum(by_example)


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Any = None,
    name: Any = None,
) -> Tensor:
    """The weighted cross entropy of [batch, time, classes], averaged over steps and examples as asked."""
    fn = softmax_loss_function or nn.sparse_softmax_cross_entropy_with_logits
    loss = fn(labels=targets, logits=logits) * weights
    if average_across_timesteps and average_across_batch:
        return math.reduce_sum(loss) / (math.reduce_sum(weights) + 1e-12)
    if average_across_timesteps or average_across_batch:
        axis = 1 if average_across_timesteps else 0
        return math.reduce_sum(loss, axis) / (math.reduce_sum(weights, axis) + 1e-12)
    return loss
