"""Recurrent cells."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest, nn
from thalweg.compat.tf1.graph import Node
from thalweg.compat.tf1.initializers import (
    constant_initializer,
    glorot_uniform_initializer,
    zeros_initializer,
)
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
    of the same width. That scope is named after the cell, and numbered where another cell took the name; with
    ``reuse`` it is the one of that name, with its variables.
    """

    _base_name: str | None = None  # a class of a program's own may leave out __init__
    _reuse: Any = None
    _trainable: bool = True

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        *,
        _reuse: Any = None,
        _scope: Any = None,
    ) -> None:
        self._made: dict[Any, dict[str, Any]] = {}
        self._scopes: dict[Any, Any] = {}  # in which it was called first
        self._base_name, self._reuse, self._trainable = name, _reuse, trainable
        self.name = self._scope_name()

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
        if first:
            entered = variable_scope(first, reuse=True)
        elif scope is not None or self._reuse:
            entered = variable_scope(scope or self._scope_name(), reuse=self._reuse or None)
        else:
            entered = variable_scope(None, self._scope_name())
        with entered as opened:
            self._kept = self._made.setdefault(key, {})
            self._scopes.setdefault(key, opened)
            return self.call(inputs, state)

    def _scope_name(self) -> str:
        return self._base_name or snake_case(type(self).__name__.lstrip("_"))

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """The step, inside the cell's scope."""
        raise NotImplementedError

    def _variable(self, name: str, shape: Sequence[Any], initializer: Any = None) -> Any:
        if name not in self._kept:
            self._kept[name] = get_variable(name, shape, initializer=initializer, trainable=self._trainable)
        return self._kept[name]

    def _linear(
        self,
        parts: Sequence[Any],
        width: int,
        name: str = "",
        bias: float = 0.0,
        kernel: Any = None,
        start: Any = None,
    ) -> Any:
        """[parts] @ kernel + bias, which begins as ``start`` says, or at the number ``bias``."""
        joined = parts[0] if len(parts) == 1 else math.concat(list(parts), 1)
        prefix = f"{name}/" if name else ""
        weights = self._variable(f"{prefix}kernel", [joined.get_shape()[1].value, width], kernel)
        start = start or (constant_initializer(bias) if bias else zeros_initializer())
        return nn.bias_add(math.matmul(joined, weights), self._variable(f"{prefix}bias", [width], start))

    @property
    def variables(self) -> list[Any]:
        return [v for made in getattr(self, "_made", {}).values() for v in made.values()]

    trainable_variables = trainable_weights = weights = variables

    @property
    def built(self) -> bool:
        """Whether the cell was called."""
        return bool(getattr(self, "_made", None))

    @property
    def trainable(self) -> bool:
        """Whether its variables are trained."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)

    def count_params(self) -> int:
        """How many numbers the variables hold."""
        return sum(v.get_shape().num_elements() for v in self.variables)

    def get_weights(self) -> list[Any]:
        """The values of the variables in the default session."""
        return [v.eval() for v in self.variables]

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """A state of zeros."""
        return zero_states(self.state_size, batch_size, dtype)

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
        math.split(value=state, num_or_size_splits=list(sizes), axis=1) if isinstance(state, Node) else state
    )


def _state_like(state: Any, parts: Any) -> Any:
    """The parts of the new state in the form of the old one."""
    return math.concat(list(parts), 1) if isinstance(state, Node) else parts


def _width(size: Any) -> int:
    return sum(map(_width, size)) if isinstance(size, (list, tuple)) else int(size)


def zero_states(size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros for each size in a structure: [batch size, size], or [batch size, *shape]."""
    if isinstance(size, list):
        return [zero_states(s, batch_size, dtype) for s in size]
    if isinstance(size, TensorShape):
        return math.zeros([batch_size, *size.as_list()], dtype)
    if isinstance(size, tuple):
        parts = [zero_states(s, batch_size, dtype) for s in size]
        return type(size)(*parts) if hasattr(size, "_fields") else tuple(parts)
    return math.zeros([batch_size, size], dtype)


def _function(activation: Any) -> Callable[..., Any]:
    if isinstance(activation, str):
        return getattr(nn, activation)
    return activation or math.tanh


def _since_input_size(place: int, follows: Callable[[Any], bool] = lambda x: True) -> Callable[..., Any]:
    """For a cell's ``__init__``: leave out the width of the input, which stood at ``place`` until 1.1.

    ``follows``: whether a value is what stood behind it, where None is also another argument of today.
    """

    def of_all(init: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(init)
        def made(self: Any, *args: Any, input_size: Any = None, **options: Any) -> None:
            width, behind = args[place : place + 1], args[place + 1 : place + 2]
            absent = width == (None,) and all(map(follows, behind))
            if absent or any(isinstance(x, int) and not isinstance(x, bool) for x in width):
                args = (*args[:place], *args[place + 1 :])
            init(self, *args, **options)

        return made

    return of_all


def _is_function(x: Any) -> bool:
    return callable(x) or isinstance(x, str)


class _Units(RNNCell):
    """A cell whose state and output have ``num_units`` numbers."""

    def __init__(self, num_units: int, **options: Any) -> None:
        super().__init__(**options)
        self.units = int(num_units)

    @property
    def state_size(self) -> Any:
        return self.units

    @property
    def output_size(self) -> Any:
        return self.units


class BasicRNNCell(_Units):
    """``h = activation([x, h] W + b)``."""

    @_since_input_size(1, _is_function)
    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(num_units, name=name, _reuse=reuse, **options)
        self.activation = _function(activation)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        h = self.activation(self._linear([inputs, state], self.units))
        return h, h


class GRUCell(_Units):
    """Gates ``r, u = sigmoid([x, h] W + 1)``; ``c = activation([x, r h] V + b)``; ``h = u h + (1 - u) c``."""

    @_since_input_size(1, _is_function)
    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(num_units, name=name, _reuse=reuse, **options)
        self.activation = _function(activation)
        self.kernel, self.bias = kernel_initializer, bias_initializer

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        gates = math.sigmoid(
            self._linear([inputs, state], 2 * self.units, "gates", 1.0, self.kernel, self.bias)
        )
        r, u = math.split(value=gates, num_or_size_splits=2, axis=1)
        candidate = self.activation(
            self._linear([inputs, r * state], self.units, "candidate", 0.0, self.kernel, self.bias)
        )
        h = u * state + (1 - u) * candidate
        return h, h


class BasicLSTMCell(RNNCell):
    """``i, j, f, o = [x, h] W + b``; ``c = c sigmoid(f + forget_bias) + sigmoid(i) tanh(j)``.

    The output is ``h = tanh(c) sigmoid(o)``.
    """

    @_since_input_size(2)
    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(name=name, _reuse=reuse, **options)
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

    @_since_input_size(1)
    def __init__(
        self,
        num_units: int,
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
        super().__init__(name=name, _reuse=reuse, **options)
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
        super().__init__(num_units, forget_bias, activation=activation, reuse=reuse)
        self.normalised, self.gain, self.shift, self.keep_prob, self.seed = (
            layer_norm,
            norm_gain,
            norm_shift,
            dropout_keep_prob,
            dropout_prob_seed,
        )

    def _gates(self, inputs: Any, h: Any) -> list[Any]:
        if not self.normalised:
            made = self._linear([inputs, h], 4 * self.units, start=glorot_uniform_initializer())
            return math.split(value=made, num_or_size_splits=4, axis=1)
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
            j = nn.dropout(j, self.keep_prob, seed=self.seed)
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

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        one = isinstance(state, Node)
        states = _state_parts(state, [_width(cell.state_size) for cell in self.cells]) if one else state
        new = []
        for k, (cell, own) in enumerate(zip(self.cells, states, strict=True)):
            with variable_scope(f"cell_{k}"):
                inputs, after = cell(inputs, own)
            new.append(after)
        return inputs, _state_like(state, tuple(new))
