"""Attention over a memory [batch, steps, n], and the cell that pays it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import layers, math, nn
from thalweg.compat.tf1.initializers import constant_initializer, zeros_initializer
from thalweg.compat.tf1.rnn import RNNCell
from thalweg.compat.tf1.structures import map_structure
from thalweg.compat.tf1.tensor_array import TensorArray
from thalweg.compat.tf1.variables import get_variable, variable_scope


class AttentionMechanism:
    """Scores of a query against the keys of a memory."""

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any,
        query_layer: Any,
        memory_layer: Any,
        probability_fn: Any,
        score_mask_value: Any,
    ) -> None:
        self.units = num_units
        self.mask = None
        memory = g.convert_to_tensor(memory)
        if memory_sequence_length is not None:
            steps = math.shape(memory)[1]
            self.mask = math.sequence_mask(memory_sequence_length, steps)
            memory = memory * math.expand_dims(math.cast(self.mask, memory.dtype), -1)
        self.values = memory
        self.query_layer, self.memory_layer = query_layer, memory_layer
        self.keys = memory if memory_layer is None else memory_layer(memory)
        self.probability = probability_fn or nn.softmax
        self.low = float("-inf") if score_mask_value is None else float(score_mask_value)
        self.batch_size = math.shape(memory)[0]

    @property
    def alignments_size(self) -> Any:
        """The number of steps of the memory."""
        known = self.keys.get_shape()[1].value
        return math.shape(self.keys)[1] if known is None else known

    state_size = alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """No attention yet."""
        return math.zeros([batch_size, self.alignments_size], dtype)

    initial_state = initial_alignments

    def score(self, query: Any) -> Any:
        """[batch, steps]."""
        raise NotImplementedError

    def __call__(self, query: Any, state: Any = None, previous_alignments: Any = None) -> Any:
        score = self.score(query)
        if self.mask is not None:
            score = math.where(self.mask, score, math.zeros_like(score) + max(self.low, -1e30))
        return self.probability(score)


def _dense(units: int, name: str) -> Any:
    return layers.Dense(units, use_bias=False, name=name)


class BahdanauAttention(AttentionMechanism):
    """``v tanh(W1 key + W2 query)``; normalised: ``g v / |v| tanh(W1 key + W2 query + b)``."""

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Any = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: Any = "BahdanauAttention",
    ) -> None:
        super().__init__(
            num_units,
            memory,
            memory_sequence_length,
            _dense(num_units, "query_layer"),
            _dense(num_units, "memory_layer"),
            probability_fn,
            score_mask_value,
        )
        self.normalize = normalize

    def score(self, query: Any) -> Any:
        with variable_scope(None, "bahdanau_attention"):
            asked = math.expand_dims(self.query_layer(query), 1)
            v = get_variable("attention_v", [self.units])
            if not self.normalize:
                return math.reduce_sum(v * math.tanh(self.keys + asked), [2])
            gain = get_variable(
                "attention_g", [], initializer=constant_initializer(float(self.units) ** -0.5)
            )
            bias = get_variable("attention_b", [self.units], initializer=zeros_initializer())
            v = gain * v * math.rsqrt(math.reduce_sum(math.square(v)))
            return math.reduce_sum(v * math.tanh(self.keys + asked + bias), [2])


class LuongAttention(AttentionMechanism):
    """``key . query``, with ``scale`` times a learned number; the query must be as wide as ``num_units``."""

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Any = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: Any = "LuongAttention",
    ) -> None:
        super().__init__(
            num_units,
            memory,
            memory_sequence_length,
            None,
            _dense(num_units, "memory_layer"),
            probability_fn,
            score_mask_value,
        )
        self.scale = scale

    def score(self, query: Any) -> Any:
        width, units = query.get_shape()[-1].value, self.keys.get_shape()[-1].value
        if width != units:
            raise ValueError(
                f"LuongAttention: the query has {width} units and the keys {units}; set num_units to the query's"
            )
        made = math.squeeze(math.matmul(self.keys, math.expand_dims(query, -1)), [2])
        if not self.scale:
            return made
        with variable_scope(None, "luong_attention"):
            return made * get_variable("attention_g", [], initializer=constant_initializer(1.0))


class AttentionWrapperState(NamedTuple):
    """The state of the cell, the attention, the step, and the weights."""

    cell_state: Any
    attention: Any
    time: Any
    alignments: Any
    alignment_history: Any
    attention_state: Any

    def clone(self, **changed: Any) -> AttentionWrapperState:
        """The state with some parts changed."""
        return self._replace(**changed)


class AttentionWrapper(RNNCell):
    """A cell that reads its inputs and what it attended to; its output is the attention (or the cell's).

    ``alignment_history``: a decoder's last state has the weights of all steps, ``alignment_history.stack()``.
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[[Any, Any], Any] | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: Any = None,
        attention_layer: Any = None,
        attention_fn: Any = None,
        dtype: Any = None,
    ) -> None:
        only("AttentionWrapper", "attention_fn", attention_fn)
        super().__init__()
        self.cell, self.output_attention = cell, output_attention
        self.several = isinstance(attention_mechanism, (list, tuple))
        self.mechanisms = list(attention_mechanism) if self.several else [attention_mechanism]
        sizes = (
            attention_layer_size
            if isinstance(attention_layer_size, (list, tuple))
            else [attention_layer_size]
        )
        self.sizes = list(sizes) * (len(self.mechanisms) if len(sizes) < len(self.mechanisms) else 1)
        self.join = cell_input_fn or (lambda inputs, attention: math.concat([inputs, attention], -1))
        self.start, self.history = initial_cell_state, alignment_history
        self.projections = [None if n is None else _dense(n, "attention_layer") for n in self.sizes]
        if attention_layer is not None:
            given = attention_layer if isinstance(attention_layer, (list, tuple)) else [attention_layer]
            self.projections = list(given)

    def _scope_name(self) -> str:
        return "attention_wrapper"

    @property
    def _attention_size(self) -> int:
        parts = []
        for size, projection, mechanism in zip(self.sizes, self.projections, self.mechanisms, strict=True):
            units = getattr(projection, "units", size)
            parts.append(mechanism.values.get_shape()[-1].value if units is None else units)
        return sum(parts)

    @property
    def output_size(self) -> Any:
        return self._attention_size if self.output_attention else self.cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        aligned = self._one([m.alignments_size for m in self.mechanisms])
        return AttentionWrapperState(self.cell.state_size, self._attention_size, (), aligned, (), aligned)

    def _one(self, parts: Sequence[Any]) -> Any:
        return tuple(parts) if self.several else parts[0]

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """A state that has attended to nothing; ``clone(cell_state=...)`` gives it an encoder's."""
        aligned = self._one([m.initial_alignments(batch_size, dtype) for m in self.mechanisms])
        start = self.cell.zero_state(batch_size, dtype) if self.start is None else self.start
        attention = math.zeros([batch_size, self._attention_size], dtype)
        history: Any = ()
        if self.history:
            history = self._one([TensorArray(dtype, 0, dynamic_size=True) for _ in self.mechanisms])
        return AttentionWrapperState(start, attention, g.constant(0), aligned, history, aligned)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(self.join(inputs, state.attention), state.cell_state)
        attentions, weights = [], []
        for mechanism, projection in zip(self.mechanisms, self.projections, strict=True):
            aligned = mechanism(output)
            seen = math.squeeze(math.matmul(math.expand_dims(aligned, 1), mechanism.values), [1])
            attentions.append(seen if projection is None else projection(math.concat([output, seen], 1)))
            weights.append(aligned)
        attention = attentions[0] if len(attentions) == 1 else math.concat(attentions, 1)
        history: Any = ()
        if self.history:
            arrays = state.alignment_history if self.several else [state.alignment_history]
            history = self._one([a.write(state.time, w) for a, w in zip(arrays, weights, strict=True)])
        aligned = self._one(weights)
        made = AttentionWrapperState(new, attention, state.time + 1, aligned, history, aligned)
        return (attention if self.output_attention else output), made


def tile_batch(t: Any, multiplier: int, name: Any = None) -> Any:
    """Each example ``multiplier`` times in a row."""

    def tiled(x: Any) -> Any:
        node = g.convert_to_tensor(x)
        rank: Any = node.get_shape().ndims
        wide = math.tile(math.expand_dims(node, 1), [1, multiplier, *[1] * (rank - 1)])
        rest = [-1 if d is None else d for d in node.get_shape().as_list()[1:]]
        shape = [-1, *rest] if -1 not in rest else [-1, *[math.shape(node)[k] for k in range(1, rank)]]
        made = math.reshape(wide, shape)
        batch = node.get_shape()[0].value
        made.set_shape([None if batch is None else batch * multiplier, *node.get_shape().as_list()[1:]])
        return made

    return map_structure(tiled, t)
