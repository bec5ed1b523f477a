"""``tf.nn``'s connectionist temporal classification: labels as sparse tensors, time first, the last class the blank."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.sparse import SparseTensor, sparse_tensor_to_dense
from thalweg.ops import shape as shape_ops


def ctc_loss(
    labels: Any,
    inputs: Any = None,
    sequence_length: Any = None,
    preprocess_collapse_repeated: bool = False,
    ctc_merge_repeated: bool = True,
    ignore_longer_outputs_than_inputs: bool = False,
    time_major: bool = True,
    logits: Any = None,
) -> Tensor:
    """-log p(labels) of each example, for scores [time, batch, classes]; in 0.x (inputs, labels) by position."""
    only("tf.nn.ctc_loss", "preprocess_collapse_repeated", preprocess_collapse_repeated, False)
    only("tf.nn.ctc_loss", "ctc_merge_repeated", ctc_merge_repeated, True)
    if isinstance(inputs, SparseTensor):
        labels, inputs = inputs, labels
    if labels.get_shape().ndims is None:
        labels.indices.set_shape([None, 2])
        labels.dense_shape.set_shape([2])
    x = value(logits if inputs is None else inputs)
    x = shape_ops.swapaxes(x, 0, 1) if time_major else x
    dense = value(sparse_tensor_to_dense(labels, default_value=-1))
    counts = value(math.reduce_sum(math.cast(math.not_equal(wrap(dense, None, "Labels"), -1), "int32"), 1))
    blank = int(x.shape[-1]) - 1  # type: ignore[index]
    filled = value(math.maximum(wrap(dense, None, "Labels"), 0))
    made = nn.ctc_loss(x, g.cast(filled, "int32"), g.cast(value(sequence_length), "int32"), counts, blank)
    return wrap(made, None, "CTCLoss", [inputs])


def _as_sparse(labels: Tensor, name: str, merged: bool = False) -> SparseTensor:
    """Labels [batch, longest], filled up with -1, as a sparse tensor; ``merged``: equal neighbours are one label."""

    def split(rows: np.ndarray) -> list[np.ndarray]:
        if merged:
            first = np.pad(rows[:, 1:] != rows[:, :-1], ((0, 0), (1, 0)), constant_values=True)
            kept = [row[mark & (row >= 0)] for row, mark in zip(rows, first, strict=True)]
            rows = np.stack([np.pad(r, (0, rows.shape[1] - len(r)), constant_values=-1) for r in kept])
        places = np.argwhere(rows >= 0)
        longest = int((rows >= 0).sum(axis=1).max(initial=0))
        return [places.astype(np.int64), rows[rows >= 0].astype(np.int64), np.array([len(rows), longest])]

    indices, values, shape = math.py_func(split, [labels], ["int64", "int64", "int64"], name=name)
    for node, known in ((indices, [None, 2]), (values, [None]), (shape, [2])):
        node.set_shape(known)
    return SparseTensor(indices, values, shape)


def _decoded(
    inputs: Any, sequence_length: Any, width: int, paths: int, name: str, merged: bool = False
) -> tuple[list[Any], Tensor]:
    x = shape_ops.swapaxes(value(inputs), 0, 1)
    found, scores = nn.ctc_decode(x, g.cast(value(sequence_length), "int32"), width, paths)
    labels = wrap(found, None, name)
    return [_as_sparse(labels[k], name, merged) for k in range(paths)], wrap(scores, None, name)


def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True, blank_index: Any = None
) -> tuple[list[Any], Tensor]:
    """([labels], minus the sum of the greatest scores [batch, 1]) of the greatest class of every step."""
    only("tf.nn.ctc_greedy_decoder", "merge_repeated", merge_repeated, True)
    only("tf.nn.ctc_greedy_decoder", "blank_index", blank_index)
    return _decoded(inputs, sequence_length, 0, 1, "CTCGreedyDecoder")


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1, merge_repeated: bool = True
) -> tuple[list[Any], Tensor]:
    """(labels of the best paths, their log probabilities [batch, paths]).

    ``merge_repeated``: equal neighbours among the labels are told as one, also where a blank stood between them.
    """
    how = beam_width, top_paths, "CTCBeamSearchDecoder", merge_repeated
    return _decoded(inputs, sequence_length, *how)


def ctc_beam_search_decoder_v2(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Any], Tensor]:
    """:func:`ctc_beam_search_decoder` that tells every label."""
    return ctc_beam_search_decoder(inputs, sequence_length, beam_width, top_paths, merge_repeated=False)
