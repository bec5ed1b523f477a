"""``tf.contrib.crf``: scores of whole sequences of tags."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, variables
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.ops import elementwise, reduce, scan
from thalweg.ops import shape as shape_ops


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Tensor:
    """log sum over all paths of exp(score) for scores [batch, steps, tags], by the forward algorithm."""
    scores: Any = shape_ops.swapaxes(value(inputs), 0, 1)
    moves: Any = value(transition_params)
    lengths = g.cast(value(sequence_lengths), "int32")
    times: Any = shape_ops.reshape(shape_ops.iota_like(scores[1:], axis=0, dtype=np.dtype(np.int32)), (-1,))

    def step(alpha: Any, now: Any) -> Any:
        row, time = now
        new = reduce.logsumexp(shape_ops.expand_dims(alpha, 2) + moves, axis=1) + row  # type: ignore[operator]
        going = shape_ops.expand_dims(elementwise.less(time + 1, lengths), 1)
        return elementwise.where(going, new, alpha), None

    last, _ = scan.scan(step, scores[0], (scores[1:], times))
    return wrap(reduce.logsumexp(last, axis=1), None, "crf_log_norm", [inputs])


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> Tensor:
    """The score of each example's own path."""
    n_tags = inputs.get_shape()[-1].value
    mask = math.cast(math.sequence_mask(sequence_lengths, math.shape(inputs)[1]), "float32")
    chosen = math.one_hot(tag_indices, n_tags)
    unary = math.reduce_sum(math.reduce_sum(inputs * chosen, 2) * mask, 1)
    before = math.tensordot(chosen[:, :-1], transition_params, [[2], [0]])
    return unary + math.reduce_sum(math.reduce_sum(before * chosen[:, 1:], 2) * mask[:, 1:], 1)


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Tensor, Any]:
    """(log likelihood of tags [batch], transitions [tags, tags]) for scores [batch, steps, tags]."""
    n_tags = inputs.get_shape()[-1].value
    if transition_params is None:
        transition_params = variables.get_variable("transitions", [n_tags, n_tags])
    score = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return score - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """(best tags, their score) for NumPy scores [steps, tags]."""
    trellis, back = np.zeros_like(score), np.zeros_like(score, dtype=np.int32)
    trellis[0] = score[0]
    for t in range(1, len(score)):
        v = trellis[t - 1][:, None] + transition_params
        trellis[t], back[t] = score[t] + v.max(0), v.argmax(0)
    path = [int(np.argmax(trellis[-1]))]
    for row in back[:0:-1]:
        path.append(int(row[path[-1]]))
    return path[::-1], np.max(trellis[-1])


def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> tuple[Tensor, Tensor]:
    """(best tags [batch, steps], 0 after an example's length; their scores [batch])."""

    def decode(scores: np.ndarray, moves: np.ndarray, lengths: np.ndarray) -> list[np.ndarray]:
        tags = np.zeros(scores.shape[:2], np.int32)
        best = np.zeros(len(scores), np.float32)
        for k, (row, n) in enumerate(zip(scores, lengths, strict=True)):
            if n > 0:
                tags[k, :n], best[k] = viterbi_decode(row[:n], moves)
        return [tags, best]

    tags, best = math.py_func(decode, [potentials, transition_params, sequence_length], ["int32", "float32"])
    tags.set_shape(potentials.get_shape()[:2])
    best.set_shape(potentials.get_shape()[:1])
    return tags, best
