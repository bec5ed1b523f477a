"""Decoding with several candidates for each example."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.contrib.seq2seq.decoders import Decoder
from thalweg.compat.tf1.contrib.seq2seq.helpers import Helper
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.structures import map_structure
from thalweg.graph.op import make_op

_LOW = -1e30  # the log probability of what cannot be


class BeamSearchDecoderState(NamedTuple):
    """The cell's state for all candidates, and for each its log probability, whether it has ended, its length."""

    cell_state: Any
    log_probs: Any
    finished: Any
    lengths: Any


class BeamSearchDecoderOutput(NamedTuple):
    """Scores, words, and from which candidate each comes."""

    scores: Any
    predicted_ids: Any
    parent_ids: Any


class FinalBeamSearchDecoderOutput(NamedTuple):
    """The words of the best candidates, the best one first; and what the steps gave."""

    predicted_ids: Any
    beam_search_decoder_output: Any


class BeamSearchDecoder(Decoder):
    """Keeps the ``beam_width`` likeliest beginnings; ``score = log p / ((5 + length) / 6) ** length_penalty_weight``.

    The initial state holds each example ``beam_width`` times (``tile_batch``).
    """

    tracks_own_finished = True

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: float = 0.0,
        coverage_penalty_weight: float = 0.0,
        reorder_tensor_arrays: bool = True,
    ) -> None:
        only("BeamSearchDecoder", "coverage_penalty_weight", coverage_penalty_weight, 0.0)
        self.cell, self.embedding, self.end_token = cell, Helper.rows_of(embedding), end_token
        self.start_tokens = math.cast(g.convert_to_tensor(start_tokens), "int32")
        self.first_state, self.width, self.layer = initial_state, int(beam_width), output_layer
        self.penalty = float(length_penalty_weight)
        self.batch_size = math.shape(self.start_tokens)[0]

    def initialize(self, name: Any = None) -> tuple[Any, Any, Any]:
        tokens = math.tile(math.expand_dims(self.start_tokens, 1), [1, self.width])
        first = np.full((1, self.width), _LOW, np.float32)
        first[0, 0] = 0
        zeros = math.zeros_like(tokens)
        state = BeamSearchDecoderState(
            self.first_state, math.cast(zeros, "float32") + first, math.less(zeros, 0), zeros
        )
        return state.finished, self.embedding(tokens), state

    def step(self, time: Any, inputs: Any, state: Any, name: Any = None) -> tuple[Any, Any, Any, Any]:
        outputs, new = self.cell(math.reshape(inputs, [-1, inputs.get_shape()[-1].value]), state.cell_state)
        logits = outputs if self.layer is None else self.layer(outputs)
        words = logits.get_shape()[-1].value
        steps = math.reshape(nn.log_softmax(logits), [-1, self.width, words])
        ended = np.full(words, _LOW, np.float32)
        ended[g.static_int(self.end_token, "end_token")] = 0
        over = math.expand_dims(math.cast(state.finished, "float32"), 2)
        total = math.expand_dims(state.log_probs, 2) + steps * (1 - over) + ended * over
        counts = np.ones(words, np.float32)  # the end of a candidate adds nothing to the length in its score
        counts[g.static_int(self.end_token, "end_token")] = 0
        lengths = math.expand_dims(state.lengths, 2) + math.cast((1 - over) * counts, "int32")
        scores = total / ((5.0 + math.cast(lengths, "float32")) / 6.0) ** self.penalty
        best, places = nn.top_k(math.reshape(scores, [-1, self.width * words]), self.width)
        word, parent = math.mod(places, words), math.floordiv(places, words)
        rows = math.expand_dims(math.range(self.batch_size), 1) * self.width + parent

        def of_parent(x: Any) -> Any:
            return math.gather(math.reshape(x, [-1]), rows)

        log_probs = math.gather(math.reshape(total, [-1]), rows * words + word)
        was = of_parent(state.finished)
        finished = math.logical_or(was, math.equal(word, self.end_token))
        counted = of_parent(state.lengths) + math.cast(math.logical_not(was), "int32")
        flat = math.reshape(rows, [-1])
        moved = map_structure(lambda x: math.gather(x, flat) if x.get_shape().ndims else x, new)
        state = BeamSearchDecoderState(moved, log_probs, finished, counted)
        return BeamSearchDecoderOutput(best, word, parent), state, self.embedding(word), finished

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        ids = gather_tree(
            outputs.predicted_ids, outputs.parent_ids, final_state.lengths, end_token=self.end_token
        )
        return FinalBeamSearchDecoderOutput(ids, outputs), final_state


@make_op({}, infer=lambda ids, parents, lengths, end: ids)
def _followed(ids, parents, lengths, end, /):  # type: ignore[no-untyped-def]
    """Each candidate's words, from the last step back to the first; ``end`` after its length."""
    made = np.full_like(ids, end)
    rows = np.arange(ids.shape[1])[:, None]
    place = np.broadcast_to(np.arange(ids.shape[2]), ids.shape[1:]).copy()
    for t in reversed(range(len(ids))):
        made[t] = ids[t][rows, place]
        place = parents[t][rows, place]
    over = np.cumsum(made == end, axis=0) > 1
    made[over | (np.arange(len(ids))[:, None, None] >= np.max(lengths, axis=-1)[None, :, None])] = end
    return made


def gather_tree(step_ids: Any, parent_ids: Any, max_sequence_lengths: Any, end_token: Any) -> Tensor:
    """The words [time, batch, beam] of whole candidates, from those of single steps and where each came from."""
    lengths = g.convert_to_tensor(max_sequence_lengths)
    lengths = math.expand_dims(lengths, 1) if lengths.get_shape().ndims == 1 else lengths
    inputs = [value(step_ids), value(parent_ids), value(lengths), value(end_token, "int32")]
    return wrap(_followed.build(inputs, {}), None, "GatherTree", [step_ids])
