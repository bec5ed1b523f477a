"""Recurrent cells."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest, nn
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.initializers import constant_initializer, zeros_initializer
from thalweg.compat.tf1.types import TensorShape
from thalweg.compat.tf1.variables import get_variable, variable_scope
from thalweg.registry import snake_case


class LSTMStateTuple(NamedTuple):
    """The cell state ``c`` and the output ``h``."""

    c: Any
    h: Any


class RNNCell:
    """One step: ``output, state = cell(input, state)``.

    Its variables belong to the scope in which it is called first, and are used again wherever it is called with inputs
    of the same width.
    """

    name = "rnn_cell"

    def __init__(self) -> None:
        self._made: dict[Any, dict[str, Any]] = {}
        self._scopes: dict[Any, Any] = {}  # in which it was called first

    @property
    def state_size(self) -> Any:
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        raise NotImplementedError

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        if not hasattr(self, "_made"):
            self._made, self._scopes = {}, {}
        key = (id(g.default_graph()), *_widths(inputs))
        first = self._scopes.get(key) if scope is None else None
        with variable_scope(first or scope or self._scope_name(), reuse=True if first else None) as opened:
            self._kept = self._made.setdefault(key, {})
            self._scopes.setdefault(key, opened)
            return self.call(inputs, state)

    def _scope_name(self) -> str:
        return snake_case(type(self).__name__.lstrip("_"))

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


def _widths(inputs: Any) -> list[int | None]:
    """The last length of each tensor; None where it has none that is known."""
    nodes = [g.convert_to_tensor(x) for x in nest.flatten(inputs)]
    return [x.get_shape()[-1].value if x.get_shape().ndims else None for x in nodes]


def twin(cell: Any) -> Any:
    """A cell of the same kind with variables of its own."""
    made = copy.copy(cell)
    if hasattr(made, "_made"):
        made._made, made._scopes = {}, {}
    if hasattr(made, "cell"):
        made.cell = twin(made.cell)
    if hasattr(made, "cells"):
        made.cells = [twin(c) for c in made.cells]
    return made


def _state_parts(state: Any, sizes: Sequence[int]) -> Any:
    """The parts of a state: a tuple of them, or one tensor, as they were given before 0.11."""
    return (
        math.split(value=state, num_or_size_splits=list(sizes), axis=1)
        if isinstance(state, Tensor)
        else state
    )


def _state_like(state: Any, parts: Any) -> Any:
    """The parts of the new state in the form of the old one."""
    return math.concat(list(parts), 1) if isinstance(state, Tensor) else parts


def _width(size: Any) -> int:
    return sum(map(_width, size)) if isinstance(size, (list, tuple)) else int(size)


def _zeros(size: Any, batch_size: Any, dtype: Any) -> Any:
    if isinstance(size, TensorShape):
        return math.zeros([batch_size, *size.as_list()], dtype)
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
        c, h = _state_parts(state, [self.units, self.units])
        gates = self._linear([inputs, h], 4 * self.units, kernel=self.kernel)
        i, j, f, o = math.split(value=gates, num_or_size_splits=4, axis=1)
        c = c * math.sigmoid(f + self.forget_bias) + math.sigmoid(i) * self.activation(j)
        h = self.activation(c) * math.sigmoid(o)
        return h, _state_like(state, LSTMStateTuple(c, h))


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
        c, h = _state_parts(state, [self.units, self.output_size])
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
        h = self._projected(h)
        return h, _state_like(state, LSTMStateTuple(c, h))

    def _projected(self, h: Any) -> Any:
        if not self.projection:
            return h
        h = math.matmul(h, self._variable("projection/kernel", [self.units, self.projection], self.kernel))
        if self.projection_clip is not None:
            h = math.clip_by_value(h, -self.projection_clip, self.projection_clip)
        return h


class LayerNormBasicLSTMCell(BasicLSTMCell):
    """The LSTM with each gate normalised over its units, and dropout of the candidate."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = None,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: Any = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(num_units, forget_bias, activation=activation)
        self.normalised, self.gain, self.shift, self.keep_prob = (
            layer_norm,
            norm_gain,
            norm_shift,
            dropout_keep_prob,
        )

    def _gates(self, inputs: Any, h: Any) -> list[Any]:
        if not self.normalised:
            return math.split(value=self._linear([inputs, h], 4 * self.units), num_or_size_splits=4, axis=1)
        x = math.concat([inputs, h], 1)
        made = math.matmul(x, self._variable("kernel", [x.get_shape()[1].value, 4 * self.units]))
        parts = math.split(value=made, num_or_size_splits=4, axis=1)
        names = ("input", "transform", "forget", "output")
        return [_normal(self, part, name) for part, name in zip(parts, names, strict=True)]

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        i, j, f, o = self._gates(inputs, h)
        j = self.activation(j)
        if not isinstance(self.keep_prob, (int, float)) or self.keep_prob < 1:
            j = nn.dropout(j, self.keep_prob)
        c = c * math.sigmoid(f + self.forget_bias) + math.sigmoid(i) * j
        c = _normal(self, c, "state") if self.normalised else c
        h = self.activation(c) * math.sigmoid(o)
        return h, LSTMStateTuple(c, h)


def _normal(cell: Any, x: Any, name: str) -> Any:
    """x [batch, units] with mean ``beta`` and deviation ``gamma`` over the units."""
    gamma = cell._variable(f"{name}/gamma", [cell.units], constant_initializer(cell.gain))
    beta = cell._variable(f"{name}/beta", [cell.units], constant_initializer(cell.shift))
    mean, variance = nn.moments(x, [1], keep_dims=True)
    return nn.batch_normalization(x, mean, variance, beta, gamma, 1e-12)


class MultiRNNCell(RNNCell):
    """Cells one above the other."""

    def __init__(self, cells: Sequence[RNNCell], state_is_tuple: bool = True) -> None:
        super().__init__()
        listed, self.state_is_tuple = list(cells), state_is_tuple
        # One cell listed twice stands for two layers of the same kind, as before 1.1.
        self.cells = [twin(c) if c in listed[:k] else c for k, c in enumerate(listed)]

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self.cells)
        return sizes if self.state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> int:
        return self.cells[-1].output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The first states of the cells, which may be more than zeros."""
        if not self.state_is_tuple:
            return super().zero_state(batch_size, dtype)
        return tuple(cell.zero_state(batch_size, dtype) for cell in self.cells)

    def _scope_name(self) -> str:
        return "multi_rnn_cell"

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        one = isinstance(state, Tensor)
        states = _state_parts(state, [_width(cell.state_size) for cell in self.cells]) if one else state
        new = []
        for k, (cell, own) in enumerate(zip(self.cells, states, strict=True)):
            with variable_scope(f"cell_{k}"):
                inputs, after = cell(inputs, own)
            new.append(after)
        return inputs, _state_like(state, tuple(new))
