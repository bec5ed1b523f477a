"""Decoders as functions, as ``tf.contrib.seq2seq`` had them in TensorFlow 1.0 and 1.1.

A decoder function says for each step: which are at an end, state, next input, output, context. There are those of
training, whose inputs are given, and those of inference, which read what was said before. :func:`dynamic_rnn_decoder`
runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, rnn
from thalweg.compat.tf1.contrib.layers import linear
from thalweg.compat.tf1.tensor_array import TensorArray
from thalweg.compat.tf1.variables import get_variable, variable_scope

DecoderFunction = Callable[[Any, Any, Any, Any, Any], tuple[Any, Any, Any, Any, Any]]


def dynamic_rnn_decoder(
    cell: Any,
    decoder_fn: DecoderFunction,
    inputs: Any = None,
    sequence_length: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
    name: str | None = None,
) -> tuple[Any, Any, Any]:
    """(outputs, last state, last context) of a cell that a decoder function steers.

    With ``inputs`` [batch, time, n] there are ``sequence_length`` steps for each example; without, the function says
    when one ends.
    """
    with variable_scope(scope, name or "dynamic_rnn_decoder") as opened:
        read = None if inputs is None else _Inputs(inputs, time_major)

        def loop_fn(time: Any, output: Any, state: Any, loop_state: Any) -> tuple[Any, ...]:
            context = loop_state[1] if isinstance(loop_state, tuple) else None
            given = None if read is None else read.at(time, first=state is None)
            done, state, given, output, context = decoder_fn(time, state, given, output, context)
            if done is None:
                done = math.greater_equal(time, sequence_length)
            return done, given, state, output, done if context is None else (done, context)

        outputs, state, last = rnn.raw_rnn(cell, loop_fn, parallel_iterations, swap_memory, opened)
        made = outputs.stack()
    if not time_major:
        made = math.transpose(made, [1, 0, 2])
    return made, state, last[1] if isinstance(last, tuple) else None


class _Inputs:
    """The inputs of all steps; after the last one, zeros."""

    def __init__(self, inputs: Any, time_major: bool) -> None:
        x = g.convert_to_tensor(inputs)
        x = x if time_major else math.transpose(x, [1, 0, 2])
        self.count = math.shape(x)[0]
        self.array = TensorArray(x.dtype, size=self.count).unstack(x)

    def at(self, time: Any, first: bool) -> Any:
        if first:
            return self.array.read(0)
        over = math.equal(time, self.count)
        held = self.array.read(math.minimum(time, self.count - 1))
        return math.where(math.fill([math.shape(held)[0]], over), math.zeros_like(held), held)


def simple_decoder_fn_train(encoder_state: Any, name: str | None = None) -> DecoderFunction:
    """Steps of training that begin with the encoder's last state."""

    def decoder_fn(time: Any, state: Any, given: Any, output: Any, context: Any) -> tuple[Any, ...]:
        return None, encoder_state if state is None else state, given, output, context

    return decoder_fn  # type: ignore[return-value]


class _Words:
    """What is said, and read at the next step: the likeliest word, until the end's word or a number of steps."""

    def __init__(
        self, output_fn: Any, encoder_state: Any, embeddings: Any, start: Any, end: Any, most: Any, symbols: int,
        dtype: Any,
    ) -> None:  # fmt: skip
        self.output_fn = output_fn or (lambda x: x)
        self.state, self.embeddings, self.end, self.most = encoder_state, embeddings, end, most
        self.symbols, self.start, self.dtype = symbols, start, dtype
        self.batch = math.shape(_top(encoder_state))[0]

    def begun(self) -> tuple[Any, Any, Any]:
        """(which are at an end, the first input, the shape of an output)."""
        words = math.cast(math.fill([self.batch], self.start), self.dtype)
        done = math.cast(math.fill([self.batch], 0), "bool")
        return done, self._read(words), math.zeros([self.symbols], "float32")

    def said(self, time: Any, output: Any) -> tuple[Any, Any, Any]:
        """(which are at an end, the next input, scores) of an output."""
        scores = self.output_fn(output)
        words = math.cast(math.argmax(scores, 1), self.dtype)
        late = math.fill([self.batch], math.greater(time, self.most))
        return math.logical_or(math.equal(words, self.end), late), self._read(words), scores

    def _read(self, words: Any) -> Any:
        return nn.embedding_lookup(self.embeddings, words)


def simple_decoder_fn_inference(
    output_fn: Any,
    encoder_state: Any,
    embeddings: Any,
    start_of_sequence_id: Any,
    end_of_sequence_id: Any,
    maximum_length: Any,
    num_decoder_symbols: int,
    dtype: Any = "int32",
    name: str | None = None,
) -> DecoderFunction:
    """Steps that read the likeliest word of the step before; ``output_fn`` gives the scores of words."""
    words = _Words(
        output_fn, encoder_state, embeddings, start_of_sequence_id, end_of_sequence_id, maximum_length,
        num_decoder_symbols, dtype,
    )  # fmt: skip

    def decoder_fn(time: Any, state: Any, given: Any, output: Any, context: Any) -> tuple[Any, ...]:
        if output is None:
            done, following, output = words.begun()
            return done, encoder_state, following, output, context
        done, following, scores = words.said(time, output)
        return done, state, following, scores, context

    return decoder_fn  # type: ignore[return-value]


# --- attention ------------------------------------------------------------------------------------------------------


def _top(state: Any) -> Any:
    """The state of the highest layer; of an LSTM what it says."""
    while isinstance(state, tuple):
        state = state[-1]
    return state


def prepare_attention(
    attention_states: Any, attention_option: str, num_units: int, reuse: Any = None
) -> tuple[Any, Any, Any, Any]:
    """(keys, values, score function, construct function) over states [batch, time, n].

    ``attention_option``: "bahdanau" (``v tanh(W q + k)``) or "luong" (``q k``).
    """
    if attention_option not in ("bahdanau", "luong"):
        raise ValueError(f"Unknown attention option {attention_option}!")
    with variable_scope("attention_keys", reuse=reuse) as opened:
        keys = linear(attention_states, num_units, biases_initializer=None, scope=opened)
    with variable_scope("attention_score", reuse=reuse):
        if attention_option == "bahdanau":
            weights = get_variable("attnW", [num_units, num_units])
            direction = get_variable("attnV", [num_units])

    def score(query: Any, keys: Any, values: Any) -> Any:
        if attention_option == "bahdanau":
            query = math.reshape(math.matmul(query, weights), [-1, 1, num_units])
            scores = math.reduce_sum(direction * math.tanh(keys + query), [2])
        else:
            scores = math.reduce_sum(keys * math.reshape(query, [-1, 1, num_units]), [2])
        return math.reduce_sum(math.expand_dims(nn.softmax(scores), 2) * values, [1])

    def construct(query: Any, keys: Any, values: Any) -> Any:
        with variable_scope("attention_construct", reuse=reuse) as opened:
            both = math.concat([query, score(query, keys, values)], 1)
            return linear(both, num_units, biases_initializer=None, scope=opened)

    return keys, attention_states, score, construct


def attention_decoder_fn_train(
    encoder_state: Any,
    attention_keys: Any,
    attention_values: Any,
    attention_score_fn: Any,
    attention_construct_fn: Any,
    name: str | None = None,
) -> DecoderFunction:
    """Steps of training that read what was attended to beside their inputs."""

    def decoder_fn(time: Any, state: Any, given: Any, output: Any, context: Any) -> tuple[Any, ...]:
        if state is None:
            state, attention = encoder_state, math.zeros_like(_top(encoder_state))
        else:
            attention = output = attention_construct_fn(output, attention_keys, attention_values)
        return None, state, math.concat([given, attention], 1), output, context

    return decoder_fn  # type: ignore[return-value]


def attention_decoder_fn_inference(
    output_fn: Any,
    encoder_state: Any,
    attention_keys: Any,
    attention_values: Any,
    attention_score_fn: Any,
    attention_construct_fn: Any,
    embeddings: Any,
    start_of_sequence_id: Any,
    end_of_sequence_id: Any,
    maximum_length: Any,
    num_decoder_symbols: int,
    dtype: Any = "int32",
    name: str | None = None,
) -> DecoderFunction:
    """Steps that read the likeliest word of the step before, and what was attended to."""
    words = _Words(
        output_fn, encoder_state, embeddings, start_of_sequence_id, end_of_sequence_id, maximum_length,
        num_decoder_symbols, dtype,
    )  # fmt: skip

    def decoder_fn(time: Any, state: Any, given: Any, output: Any, context: Any) -> tuple[Any, ...]:
        if output is None:
            done, following, said = words.begun()
            state, attention = encoder_state, math.zeros_like(_top(encoder_state))
        else:
            attention = attention_construct_fn(output, attention_keys, attention_values)
            done, following, said = words.said(time, attention)
        return done, state, math.concat([following, attention], 1), said, context

    return decoder_fn  # type: ignore[return-value]
