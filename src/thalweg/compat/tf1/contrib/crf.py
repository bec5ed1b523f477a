"""``tf.contrib.crf``: scores of whole sequences of tags."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.tf1 import (
    math,
    variables,
)
from thalweg.compat.tf1.graph import Tensor


def _crf_log_norm(inputs: Any, lengths: Any, transitions: Any) -> Tensor:
    """log sum over all paths of exp(score), by the forward algorithm over the steps (whose number is known)."""
    steps = math.unstack(inputs, axis=1)
    alpha = steps[0]
    for t, scores in enumerate(steps[1:], 1):
        new = math.reduce_logsumexp(math.expand_dims(alpha, 2) + transitions, 1) + scores
        going = math.expand_dims(math.less(t, math.cast(lengths, "int32")), 1)
        alpha = math.where(math.logical_and(going, math.ones_like(alpha, "bool")), new, alpha)
    return math.reduce_logsumexp(alpha, 1)


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Tensor, Any]:
    """(log likelihood of tags [batch], transitions [tags, tags]) for scores [batch, steps, tags]."""
    n_steps, n_tags = (d.value for d in list(inputs.get_shape())[1:])
    if transition_params is None:
        transition_params = variables.get_variable("transitions", [n_tags, n_tags])
    mask = math.cast(math.sequence_mask(sequence_lengths, n_steps), "float32")
    chosen = math.one_hot(tag_indices, n_tags)
    unary = math.reduce_sum(math.reduce_sum(inputs * chosen, 2) * mask, 1)
    pairs = math.reduce_sum(math.tensordot(chosen[:, :-1], transition_params, [[2], [0]]) * chosen[:, 1:], 2)
    binary = math.reduce_sum(pairs * mask[:, 1:], 1)
    return unary + binary - _crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


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
