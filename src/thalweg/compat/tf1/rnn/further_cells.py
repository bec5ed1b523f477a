"""The cells of ``tf.contrib.rnn`` beside the basic ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1 import nest as nested
from thalweg.compat.tf1.initializers import constant_initializer, zeros_initializer
from thalweg.compat.tf1.rnn.cells import (
    LSTMCell,
    LSTMStateTuple,
    RNNCell,
    _function,
    _normal,
    _state_like,
    _state_parts,
    _Units,
)
from thalweg.compat.tf1.rnn.wrappers import _Wrapper
from thalweg.compat.tf1.types import TensorShape
from thalweg.compat.tf1.variables import get_variable, get_variable_scope


class _Projecting(_Units):
    """A cell with a memory, whose output is projected if ``projection`` says how wide."""

    projection: int | None

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self.units, self.output_size)

    @property
    def output_size(self) -> int:
        return self.projection or self.units

    def _projected(self, m: Any, name: str, kernel: Any = None) -> Any:
        if not self.projection:
            return m
        return math.matmul(m, self._variable(name, [self.units, self.projection], kernel))


class UGRNNCell(_Units):
    """One gate: ``g, c = [x, h] W + b``; ``u = sigmoid(g + forget_bias)``; ``h = u h + (1 - u) activation(c)``."""

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        forget_bias: float = 1.0,
        activation: Any = None,
        reuse: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(num_units, _reuse=reuse, **options)
        self.kernel, self.forget_bias, self.activation = initializer, forget_bias, _function(activation)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        made = self._linear([inputs, state], 2 * self.units, kernel=self.kernel)
        gate, candidate = math.split(value=made, num_or_size_splits=2, axis=1)
        u = math.sigmoid(gate + self.forget_bias)
        h = u * state + (1.0 - u) * self.activation(candidate)
        return h, h


class IntersectionRNNCell(_Units):
    """Gates through time and through depth, as in :class:`UGRNNCell`: the output is between input and candidate."""

    def __init__(
        self,
        num_units: int,
        num_in_proj: int | None = None,
        initializer: Any = None,
        forget_bias: float = 1.0,
        y_activation: Any = None,
        reuse: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(num_units, _reuse=reuse, **options)
        self.projects, self.kernel, self.forget_bias = num_in_proj, initializer, forget_bias
        self.activation = y_activation or nn.relu

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        if inputs.get_shape()[1].value != self.units:
            if not self.projects:
                raise ValueError(
                    f"IntersectionRNNCell: inputs of width {inputs.get_shape()[1]} for {self.units} units: "
                    f"set num_in_proj={self.units}"
                )
            inputs = self._linear([inputs], self.units, "in_projection", kernel=self.kernel)
        made = self._linear([inputs, state], 4 * self.units, kernel=self.kernel)
        gate_h, h, gate_y, y = math.split(value=made, num_or_size_splits=4, axis=1)
        through_time = math.sigmoid(gate_h + self.forget_bias)
        through_depth = math.sigmoid(gate_y + self.forget_bias)
        new = through_time * state + (1.0 - through_time) * math.tanh(h)
        return through_depth * inputs + (1.0 - through_depth) * self.activation(y), new


class NASCell(_Projecting):
    """The cell that was found by search (Zoph and Le 2017), with a projection if asked for."""

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: Any = None,
        *,
        use_biases: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(num_units, _reuse=reuse, **options)
        self.projection, self.biased = num_proj, use_bias or use_biases

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, m = state
        width = 8 * self.units
        below = math.matmul(m, self._variable("recurrent_kernel", [self.output_size, width]))
        given = math.matmul(inputs, self._variable("kernel", [inputs.get_shape()[1].value, width]))
        if self.biased:
            below = nn.bias_add(below, self._variable("bias", [width], zeros_initializer()))
        a = math.split(value=given, num_or_size_splits=8, axis=1)
        b = math.split(value=below, num_or_size_splits=8, axis=1)
        first = math.tanh(math.sigmoid(a[0] + b[0]) * nn.relu(a[1] + b[1]))
        second = math.tanh(math.sigmoid(a[2] + b[2]) + nn.relu(a[3] * b[3]))
        third = math.tanh(math.tanh(a[4] + b[4]) * math.sigmoid(a[5] + b[5]))
        fourth = math.sigmoid(math.tanh(a[6] + b[6]) + math.sigmoid(a[7] + b[7]))
        new = math.tanh(first + c) * second
        m = math.tanh(new * math.tanh(third + fourth))
        m = self._projected(m, "projection_weights")
        return m, LSTMStateTuple(new, m)


class CoupledInputForgetGateLSTMCell(LSTMCell):
    """The LSTM whose input gate is 1 minus the forget gate; its parts may be normalised over their units.

    Weights begin as their scope says: TensorFlow's cell takes ``initializer`` and does not use it, neither does this.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: Any = None,
        num_unit_shards: int = 1,
        num_proj_shards: int = 1,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = math.tanh,
        reuse: Any = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
    ) -> None:
        only("CoupledInputForgetGateLSTMCell", "num_unit_shards", num_unit_shards, 1)
        only("CoupledInputForgetGateLSTMCell", "num_proj_shards", num_proj_shards, 1)
        super().__init__(
            num_units, use_peepholes, None, None, num_proj, proj_clip, forget_bias=forget_bias,
            state_is_tuple=state_is_tuple, activation=activation, reuse=reuse,
        )  # fmt: skip
        self.normalised, self.gain, self.shift = layer_norm, norm_gain, norm_shift

    def _part(self, x: Any, name: str) -> Any:
        return _normal(self, x, name) if self.normalised else x

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = _state_parts(state, [self.units, self.output_size])
        x = math.concat([inputs, h], 1)
        made = math.matmul(x, self._variable("W_0", [x.get_shape()[1].value, 3 * self.units], self.kernel))
        if not self.normalised:
            made = nn.bias_add(made, self._variable("B", [3 * self.units], zeros_initializer()))
        j, f, o = math.split(value=made, num_or_size_splits=3, axis=1)
        j, f, o = self._part(j, "transform"), self._part(f, "forget"), self._part(o, "output")
        if self.peepholes:
            f = f + self._variable("W_F_diag", [self.units], self.kernel) * c
        f = math.sigmoid(f + self.forget_bias)
        c = f * c + (1 - f) * self.activation(j)
        if self.peepholes:
            o = o + self._variable("W_O_diag", [self.units], self.kernel) * c
        c = self._part(c, "state")
        h = math.sigmoid(o) * self.activation(c)
        if self.projection:
            h = math.matmul(h, self._variable("W_P_0", [self.units, self.projection], self.kernel))
            if self.projection_clip is not None:
                h = math.clip_by_value(h, -self.projection_clip, self.projection_clip)
        return h, _state_like(state, LSTMStateTuple(c, h))


class GLSTMCell(_Projecting):
    """The LSTM in groups: group k sees its own part of the inputs (as wide as the output) and of the output before."""

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        num_proj: int | None = None,
        number_of_groups: int = 1,
        forget_bias: float = 1.0,
        activation: Any = None,
        reuse: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(num_units, _reuse=reuse, **options)
        self.projection, self.groups = num_proj, number_of_groups
        self.kernel, self.forget_bias, self.activation = initializer, forget_bias, _function(activation)
        if self.units % self.groups or self.output_size % self.groups:
            raise ValueError(
                f"GLSTMCell: num_units and num_proj must be multiples of number_of_groups={number_of_groups}"
            )

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, m = state
        part, parts = self.output_size // self.groups, []
        for k in range(self.groups):
            own = slice(k * part, (k + 1) * part)
            made = self._linear(
                [inputs[:, own], m[:, own]], 4 * self.units // self.groups, f"group{k}", kernel=self.kernel
            )
            parts.append(math.split(value=made, num_or_size_splits=4, axis=1))
        i, j, f, o = (math.concat(list(gate), 1) for gate in zip(*parts, strict=True))
        c = math.sigmoid(f + self.forget_bias) * c + math.sigmoid(i) * self.activation(j)
        m = math.sigmoid(o) * self.activation(c)
        m = self._projected(m, "projection/kernel", self.kernel)
        return m, LSTMStateTuple(c, m)


class LayerNormBasicGRUCell(_Units):
    """The GRU with its gates, and both parts of the candidate, normalised over the units."""

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        reuse: Any = None,
    ) -> None:
        super().__init__(num_units)
        self.activation, self.normalised = _function(activation), layer_norm
        self.gain, self.shift = norm_gain, norm_shift

    def _part(self, x: Any, name: str) -> Any:
        kernel = self._variable(f"{name}/kernel", [x.get_shape()[1].value, self.units])
        made = math.matmul(x, kernel)
        if self.normalised:
            return _normal(self, made, name)
        return nn.bias_add(made, self._variable(f"{name}/bias", [self.units]))

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        joined = math.concat([inputs, state], 1)
        z = math.sigmoid(self._part(joined, "update_gate"))
        r = math.sigmoid(self._part(joined, "reset_gate"))
        candidate = self.activation(
            self._part(inputs, "candidate_linear_x") + r * self._part(state, "candidate_linear_h")
        )
        h = (1 - z) * state + z * candidate
        return h, h


class PhasedLSTMCell(_Units):
    """The LSTM whose units are open in a part of a period each; the inputs are (time [batch, 1], x)."""

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        leak: float = 0.001,
        ratio_on: float = 0.1,
        trainable_ratio_on: bool = True,
        period_init_min: float = 1.0,
        period_init_max: float = 1000.0,
        reuse: Any = None,
    ) -> None:
        super().__init__(num_units)
        self.peepholes, self.leak, self.ratio, self.ratio_trains = (
            use_peepholes,
            leak,
            ratio_on,
            trainable_ratio_on,
        )
        self.periods = (period_init_min, period_init_max)

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self.units, self.units)

    def _timing(self) -> tuple[Any, Any, Any]:
        if "period" not in self._kept:

            def period(shape: Any, dtype: Any = None, **_: Any) -> Any:
                low, high = (float(np.log(p)) for p in self.periods)
                return math.exp(random.random_uniform(shape, low, high))

            longest = self._variable("period", [self.units], period).initial_value
            self._variable(
                "phase", [self.units], lambda shape, dtype=None, **_: random.random_uniform(shape) * longest
            )
            self._kept["ratio_on"] = get_variable(
                "ratio_on",
                [self.units],
                initializer=constant_initializer(self.ratio),
                trainable=self.ratio_trains,
            )
        return self._kept["period"], self._kept["phase"], self._kept["ratio_on"]

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        (c, h), (time, x) = state, inputs
        seen = [x, h, c] if self.peepholes else [x, h]
        i, f = math.split(
            value=math.sigmoid(self._linear(seen, 2 * self.units, "mask_gates")), num_or_size_splits=2, axis=1
        )
        new_c = c * f + i * math.tanh(self._linear([x, h], self.units, "new_input"))
        seen = [x, h, new_c] if self.peepholes else [x, h]
        new_h = math.tanh(new_c) * math.sigmoid(self._linear(seen, self.units, "output_gate"))
        k = self._openness(time)
        new_c, new_h = k * new_c + (1 - k) * c, k * new_h + (1 - k) * h
        return new_h, LSTMStateTuple(new_c, new_h)

    def _openness(self, time: Any) -> Any:
        """How open the units are at these times: rising, falling, then only leaking."""
        period, phase, ratio_on = self._timing()
        shifted = time - math.cast(phase, time.dtype)
        length = math.cast(period, time.dtype)
        turned = math.stop_gradient(math.mod(shifted, length) - shifted) + shifted
        cycle = math.cast(turned / length, "float32")
        up = 2 * cycle / ratio_on
        k = math.where(cycle < ratio_on, 2 - up, self.leak * cycle)
        return math.where(cycle < 0.5 * ratio_on, up, k)


class ConvLSTMCell(RNNCell):
    """The LSTM on maps: one convolution of [x, h] makes the gates ``i, j, f, o``."""

    def __init__(
        self,
        conv_ndims: int,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: Sequence[int],
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: Any = None,
        name: str = "conv_lstm_cell",
    ) -> None:
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self.rank, self.channels, self.window = conv_ndims, output_channels, list(kernel_shape)
        self.biased, self.skips, self.forget_bias = use_bias, skip_connection, forget_bias
        self.places, self.depth = list(input_shape[:-1]), int(input_shape[-1])

    @property
    def state_size(self) -> Any:
        shape = TensorShape([*self.places, self.channels])
        return LSTMStateTuple(shape, shape)

    @property
    def output_size(self) -> Any:
        return TensorShape([*self.places, self.channels + (self.depth if self.skips else 0)])

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        joined = math.concat([inputs, h], self.rank + 1)
        depth = joined.get_shape()[self.rank + 1].value
        kernel = self._variable("kernel", [*self.window, depth, 4 * self.channels])
        made = nn.convolution(joined, kernel, "SAME")
        if self.biased:
            made = made + self._variable("biases", [4 * self.channels], zeros_initializer())
        i, j, f, o = math.split(value=made, num_or_size_splits=4, axis=self.rank + 1)
        c = math.sigmoid(f + self.forget_bias) * c + math.sigmoid(i) * math.tanh(j)
        h = math.tanh(c) * math.sigmoid(o)
        return math.concat([h, inputs], self.rank + 1) if self.skips else h, LSTMStateTuple(c, h)


class Conv1DLSTMCell(ConvLSTMCell):
    """:class:`ConvLSTMCell` over one axis."""

    def __init__(self, name: str = "conv_1d_lstm_cell", **options: Any) -> None:
        super().__init__(1, name=name, **options)


class Conv2DLSTMCell(ConvLSTMCell):
    """:class:`ConvLSTMCell` over two axes."""

    def __init__(self, name: str = "conv_2d_lstm_cell", **options: Any) -> None:
        super().__init__(2, name=name, **options)


class Conv3DLSTMCell(ConvLSTMCell):
    """:class:`ConvLSTMCell` over three axes."""

    def __init__(self, name: str = "conv_3d_lstm_cell", **options: Any) -> None:
        super().__init__(3, name=name, **options)


class AttentionCellWrapper(_Wrapper):
    """A cell that attends to its own last ``attn_length`` outputs; the state is (cell's, attention, those outputs)."""

    def __init__(
        self,
        cell: RNNCell,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: Any = None,
    ) -> None:
        super().__init__(cell)
        if attn_length <= 0:
            raise ValueError(f"attn_length should be greater than zero, got {attn_length}")
        if not state_is_tuple:
            raise ValueError("AttentionCellWrapper: states are tuples here; set state_is_tuple=True")
        self.length, self.width = attn_length, attn_size or cell.output_size
        self.features, self.inner = attn_vec_size or self.width, input_size

    @property
    def state_size(self) -> Any:
        return (self.cell.state_size, self.width, self.width * self.length)

    @property
    def output_size(self) -> int:
        return self.width

    def zero_state(self, batch_size: Any, dtype: Any = "float32") -> Any:
        """Zeros for the cell within, the attention and the past: the state is the wrapper's own."""
        return RNNCell.zero_state(self, batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return RNNCell.__call__(self, inputs, state, scope)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        below, attention, past = state
        kept, width = self._kept, self.inner or inputs.get_shape()[1].value
        inputs = self._linear([inputs, attention], width)
        output, below = self.cell(inputs, below)
        self._kept = kept  # the cell may be a wrapper of the same kind
        past = math.reshape(past, [-1, self.length, self.width])
        attention = self._attended(math.concat(nested.flatten(below), 1), past)
        output = self._linear([output, attention], self.width, "attn_output_projection")
        past = math.concat([past[:, 1:], math.expand_dims(output, 1)], 1)
        return output, (below, attention, math.reshape(past, [-1, self.length * self.width]))

    def _attended(self, query: Any, past: Any) -> Any:
        """The mean of the past outputs, weighed by the softmax of ``v . tanh(past K + query W + b)``."""
        kernel = self._variable("attention/attn_w", [1, 1, self.width, self.features])
        v = self._variable("attention/attn_v", [self.features])
        hidden = math.tensordot(past, math.reshape(kernel, [self.width, self.features]), [[2], [0]])
        y = self._linear([query], self.features, "attention")
        weights = nn.softmax(math.reduce_sum(v * math.tanh(hidden + math.expand_dims(y, 1)), 2))
        return math.reduce_sum(math.expand_dims(weights, 2) * past, 1)


class HighwayWrapper(_Wrapper):
    """``carry x + transform cell(x)``, the carry a gate of x and the transform 1 minus it, or a gate of its own."""

    def __init__(
        self, cell: RNNCell, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0
    ) -> None:
        super().__init__(cell)
        self.coupled, self.start = couple_carry_transform_gates, carry_bias_init

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(inputs, state)
        carry = self._gate(inputs, "carry", self.start)
        transform = 1 - carry if self.coupled else self._gate(inputs, "transform", -self.start)
        return inputs * carry + output * transform, new

    def _gate(self, x: Any, name: str, start: float) -> Any:
        width, kept = x.get_shape()[1].value, self._made.setdefault(get_variable_scope().name, {})
        if name not in kept:
            kept[name] = (
                get_variable(f"{name}_w", [width, width]),
                get_variable(f"{name}_b", [width], initializer=constant_initializer(start)),
            )
        return math.sigmoid(nn.xw_plus_b(x, *kept[name]))


class CompiledWrapper(_Wrapper):
    """The cell itself: everything is compiled."""

    def __init__(self, cell: RNNCell, compile_stateful: bool = False) -> None:
        super().__init__(cell)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.cell(inputs, state)
