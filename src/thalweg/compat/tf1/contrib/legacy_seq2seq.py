"""Sequence to sequence over lists of steps: ``tf.nn.seq2seq``, later ``tf.contrib.legacy_seq2seq``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.graph import Node, Tensor, convert_to_tensor
from thalweg.compat.tf1.rnn import (
    EmbeddingWrapper,
    OutputProjectionWrapper,
    static_rnn,
)
from thalweg.compat.tf1.rnn.cells import twin
from thalweg.compat.tf1.rnn.linear import linear
from thalweg.compat.tf1.variables import get_variable, get_variable_scope, variable_scope

Steps = Sequence[Any]
Decoded = tuple[list[Any], Any]


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


def _own_loss(fn: Callable[..., Any], labels: Any, logits: Any) -> Any:
    """A program's own loss: of labels and logits by name, or by position: (logits, labels) before 1.0, then turned."""
    names = list(inspect.signature(fn).parameters)
    if {"labels", "logits"} <= set(names):
        return fn(labels=labels, logits=logits)
    turned = bool(names) and names[0].lower().startswith(("label", "target"))
    return fn(labels, logits) if turned else fn(logits, labels)


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
            loss = _own_loss(softmax_loss_function, flat, score)
        else:
            loss = nn.sparse_softmax_cross_entropy_with_logits(labels=flat, logits=score)
        losses.append(loss * weight)
    total = math.add_n(losses)
    return (
        total / (math.add_n([convert_to_tensor(w) for w in weights]) + 1e-12)
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
    sum_over_timesteps: bool = False,
    sum_over_batch: bool = False,
    softmax_loss_function: Any = None,
    name: Any = None,
) -> Tensor:
    """The weighted cross entropy of [batch, time, classes], averaged or summed over steps and examples as asked.

    A sum is divided by the number of weights that are not 0.

    Steps of ``logits`` after the last target do not count: a decoder may have made more than the longest example has.
    """
    if (average_across_timesteps and sum_over_timesteps) or (average_across_batch and sum_over_batch):
        raise ValueError("sequence_loss: the steps, and the examples, are averaged or summed, not both")
    logits, targets = convert_to_tensor(logits), convert_to_tensor(targets)
    logits = logits[:, : math.shape(targets)[1]]
    if softmax_loss_function is None:
        loss = nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    else:
        rows = math.reshape(logits, [-1, math.shape(logits)[2]])
        flat = softmax_loss_function(labels=math.reshape(targets, [-1]), logits=rows)
        loss = math.reshape(flat, math.shape(logits)[:2])
    loss = loss * weights
    if average_across_timesteps and average_across_batch:
        return math.reduce_sum(loss) / (math.reduce_sum(weights) + 1e-12)
    if sum_over_timesteps and sum_over_batch:
        counted = math.reduce_sum(math.sign(math.cast(weights, "float32")))
        return math.div_no_nan(math.reduce_sum(loss), counted)
    if average_across_timesteps or average_across_batch:
        axis = 1 if average_across_timesteps else 0
        return math.reduce_sum(loss, axis) / (math.reduce_sum(weights, axis) + 1e-12)
    if sum_over_timesteps or sum_over_batch:
        axis = 1 if sum_over_timesteps else 0
        counted = math.reduce_sum(math.sign(math.cast(weights, "float32")), axis)
        return math.div_no_nan(math.reduce_sum(loss, axis), counted)
    return loss


def basic_rnn_seq2seq(
    encoder_inputs: Steps, decoder_inputs: Steps, cell: Any, dtype: Any = "float32", scope: Any = None
) -> Decoded:
    """A cell over the first sequence, and another like it, from where that ended, over the second."""
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(twin(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def tied_rnn_seq2seq(
    encoder_inputs: Steps,
    decoder_inputs: Steps,
    cell: Any,
    loop_function: Any = None,
    dtype: Any = "float32",
    scope: Any = None,
) -> Decoded:
    """As :func:`basic_rnn_seq2seq`, with the same weights for both."""
    with variable_scope("combined_tied_rnn_seq2seq"):
        scope_name = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope_name)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, scope=scope_name)


def _argmax_embedded(table: Any, output_projection: Any, update: bool) -> Callable[[Any, int], Any]:
    """The row of the word that the last output says."""

    def next_input(previous: Any, k: int) -> Any:
        if output_projection is not None:
            previous = nn.xw_plus_b(previous, *output_projection)
        row = nn.embedding_lookup(table, math.argmax(previous, 1))
        return row if update else math.stop_gradient(row)

    return next_input


def embedding_rnn_decoder(
    decoder_inputs: Steps,
    initial_state: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> Decoded:
    """A decoder over word numbers; with ``feed_previous`` it reads what it said."""
    with variable_scope(scope or "embedding_rnn_decoder"):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = (
            _argmax_embedded(table, output_projection, update_embedding_for_previous)
            if feed_previous
            else None
        )
        rows = [nn.embedding_lookup(table, i) for i in decoder_inputs]
        return rnn_decoder(rows, initial_state, cell, loop)


def embedding_rnn_seq2seq(
    encoder_inputs: Steps,
    decoder_inputs: Steps,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = "float32",
    scope: Any = None,
) -> Decoded:
    """Word numbers to scores of words."""
    with variable_scope(scope or "embedding_rnn_seq2seq"):
        encoder = EmbeddingWrapper(twin(cell), num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder, encoder_inputs, dtype=dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(previous: bool) -> Decoded:
            return embedding_rnn_decoder(
                decoder_inputs, state, cell, num_decoder_symbols, embedding_size, output_projection, previous
            )

        return _decoded(decode, feed_previous)


def _decoded(decode: Callable[[bool], Decoded], feed_previous: Any) -> Decoded:
    """What a decoder gives; a node decides at each run whether it reads what it said."""
    if not isinstance(feed_previous, Node):
        return decode(bool(feed_previous))
    said, state = decode(True)
    get_variable_scope().reuse_variables()
    told, other = decode(False)
    from thalweg.compat.tf1.graph import truth, value, wrap
    from thalweg.compat.tf1.structures import map_structure
    from thalweg.ops.elementwise import where

    test = truth(feed_previous)
    outputs = [wrap(where(test, value(a), value(b)), None, "Output") for a, b in zip(said, told, strict=True)]
    flat: list[Any] = []
    map_structure(flat.append, other)
    rest = iter(flat)
    last = map_structure(lambda a: wrap(where(test, value(a), value(next(rest))), None, "State"), state)
    return outputs, last


def attention_decoder(
    decoder_inputs: Steps,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: Any = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """A decoder that weighs ``attention_states`` [batch, steps, n] by ``softmax(v tanh(W1 h + W2 state))``."""
    output_size = output_size or cell.output_size
    with variable_scope(scope or "attention_decoder"):
        width = attention_states.get_shape()[2].value
        keys, vectors = [], []
        for a in range(num_heads):
            kernel = get_variable(f"AttnW_{a}", [1, 1, width, width])
            keys.append(math.tensordot(attention_states, kernel[0, 0], [[2], [0]]))
            vectors.append(get_variable(f"AttnV_{a}", [width]))

        def attend(query: Any) -> list[Any]:
            parts: list[Any] = []
            _flatten(query, parts)
            joined = math.concat(parts, 1) if len(parts) > 1 else parts[0]
            seen = []
            for a in range(num_heads):
                with variable_scope(f"Attention_{a}"):
                    y = math.expand_dims(linear([joined], width), 1)
                score = math.reduce_sum(vectors[a] * math.tanh(keys[a] + y), [2])
                weights = math.expand_dims(nn.softmax(score), 2)
                seen.append(math.reduce_sum(weights * attention_states, [1]))
            return seen

        outputs: list[Any] = []
        state, previous = initial_state, None
        batch = math.shape(decoder_inputs[0])[0]
        seen = [math.zeros([batch, width]) for _ in range(num_heads)]
        if initial_state_attention:
            seen = attend(initial_state)
        for k, x in enumerate(decoder_inputs):
            if k > 0:
                get_variable_scope().reuse_variables()
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    x = loop_function(previous, k)
            merged = linear([x, *seen], x.get_shape()[1].value)
            made, state = cell(merged, state)
            if k == 0 and initial_state_attention:
                with variable_scope(get_variable_scope(), reuse=True):
                    seen = attend(state)
            else:
                seen = attend(state)
            with variable_scope("AttnOutputProjection"):
                output = linear([made, *seen], output_size)
            previous = output if loop_function is not None else None
            outputs.append(output)
    return outputs, state


def _flatten(tree: Any, parts: list[Any]) -> None:
    if isinstance(tree, (list, tuple)):
        for part in tree:
            _flatten(part, parts)
    else:
        parts.append(tree)


def embedding_attention_decoder(
    decoder_inputs: Steps,
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: Any = None,
    feed_previous: Any = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """:func:`attention_decoder` over word numbers."""
    with variable_scope(scope or "embedding_attention_decoder"):
        table = get_variable("embedding", [num_symbols, embedding_size])
        loop = (
            _argmax_embedded(table, output_projection, update_embedding_for_previous)
            if feed_previous
            else None
        )
        rows = [nn.embedding_lookup(table, i) for i in decoder_inputs]
        return attention_decoder(
            rows,
            initial_state,
            attention_states,
            cell,
            output_size,
            num_heads,
            loop,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Steps,
    decoder_inputs: Steps,
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: Any = None,
    feed_previous: Any = False,
    dtype: Any = "float32",
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """Word numbers to scores of words, with attention over the first sequence."""
    with variable_scope(scope or "embedding_attention_seq2seq"):
        encoder = EmbeddingWrapper(twin(cell), num_encoder_symbols, embedding_size)
        outputs, state = static_rnn(encoder, encoder_inputs, dtype=dtype)
        attention_states = math.stack(outputs, 1)
        output_size = None
        if output_projection is None:
            cell, output_size = OutputProjectionWrapper(cell, num_decoder_symbols), num_decoder_symbols

        def decode(previous: bool) -> Decoded:
            return embedding_attention_decoder(
                decoder_inputs,
                state,
                attention_states,
                cell,
                num_decoder_symbols,
                embedding_size,
                num_heads,
                output_size,
                output_projection,
                previous,
                initial_state_attention=initial_state_attention,
            )

        return _decoded(decode, feed_previous)


def model_with_buckets(
    encoder_inputs: Steps,
    decoder_inputs: Steps,
    targets: Steps,
    weights: Steps,
    buckets: Sequence[tuple[int, int]],
    seq2seq: Callable[[Steps, Steps], Decoded],
    softmax_loss_function: Any = None,
    per_example_loss: bool = False,
    name: Any = None,
) -> tuple[list[Any], list[Any]]:
    """(outputs, losses) of one model for several pairs of lengths, with shared weights."""
    outputs, losses = [], []
    for k, (first, second) in enumerate(buckets):
        with variable_scope(get_variable_scope(), reuse=True if k > 0 else None):
            made, _ = seq2seq(encoder_inputs[:first], decoder_inputs[:second])
            outputs.append(made)
            loss = sequence_loss_by_example if per_example_loss else legacy_sequence_loss
            losses.append(
                loss(made, targets[:second], weights[:second], softmax_loss_function=softmax_loss_function)
            )
    return outputs, losses
