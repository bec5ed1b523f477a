"""``tf.nn``'s connectionist temporal classification: labels as rows that are filled up, or as sparse tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import nn
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf2.sparse import SparseTensor
from thalweg.compat.tf2.values import cast, number, tensor
from thalweg.errors import fail
from thalweg.ops import shape as shapes

__all__ = ["collapse_repeated", "ctc_beam_search_decoder", "ctc_greedy_decoder", "ctc_loss"]


def ctc_loss(
    labels: Any, logits: Any, label_length: Any = None, logit_length: Any = None, logits_time_major: bool = True,
    unique: Any = None, blank_index: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """-log p(labels) [batch] for scores [time, batch, classes], or [batch, time, classes] unless time comes first.

    ``labels`` [batch, longest] with ``label_length`` [batch], or a sparse matrix. The blank is class 0 unless given
    (for sparse labels it must be); -1 is the last class. ``unique`` saves work in TensorFlow and is not looked at.

    >>> labels, scores = [[1, 2]], np.zeros((3, 1, 3), np.float32)
    >>> round(float(ctc_loss(labels, scores, [2], [3])[0]), 4)  # 5 of 27 paths
    1.6864
    """
    x = tensor(logits)
    x = shapes.swapaxes(x, 0, 1) if logits_time_major else x
    classes = int(x.shape[-1])
    if isinstance(labels, SparseTensor):
        if blank_index is None:
            raise ValueError("Argument `blank_index` must be provided when labels is a SparseTensor.")
        rows, label_length = _dense(labels)
    else:
        rows = tensor(labels)
    blank = int(number(0 if blank_index is None else blank_index)) % classes
    lengths = [int(x.shape[1])] * int(x.shape[0]) if logit_length is None else logit_length
    return nn.ctc_loss(x, cast(rows, "int32"), cast(lengths, "int32"), cast(label_length, "int32"), blank)


def _dense(labels: SparseTensor) -> tuple[Any, Any]:
    """Rows that are filled up with 0, and how long they are."""
    places, (count, longest) = np.asarray(labels.indices), (int(n) for n in np.asarray(labels.dense_shape))
    rows = np.zeros((count, max(longest, 1)), np.int32)
    rows[places[:, 0], places[:, 1]] = np.asarray(labels.values)
    return tensor(rows), tensor(np.bincount(places[:, 0], minlength=count), "int32")


def _sparse(rows: list[Any]) -> SparseTensor:
    """Sequences of labels as a sparse matrix."""
    places = [(k, j) for k, row in enumerate(rows) for j in range(len(row))]
    values = np.array([label for row in rows for label in row], np.int64)
    form = np.array([len(rows), max(map(len, rows), default=0)], np.int64)
    return SparseTensor(np.array(places, np.int64).reshape(-1, 2), values, form)


def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True, blank_index: Any = None
) -> tuple[list[SparseTensor], Any]:
    """([labels], minus the sum of the greatest scores [batch, 1]) of the greatest class of every step.

    ``inputs`` [time, batch, classes]. Blanks, the last class unless given, are left out; ``merge_repeated``: so are
    classes that the step before had, too.
    """
    x = np.asarray(tensor(inputs))
    blank = (x.shape[2] - 1 if blank_index is None else int(number(blank_index))) % x.shape[2]
    rows, scores = [], []
    for k, length in enumerate(np.asarray(tensor(sequence_length)).tolist()):
        if length > len(x):
            raise fail(
                InvalidArgumentError, f"ctc_greedy_decoder: sequence_length[{k}]", expected=f"at most {len(x)}",
                received=length,
            )  # fmt: skip
        best = x[:length, k].argmax(-1)
        kept = best != blank
        if merge_repeated:
            kept[1:] &= best[1:] != best[:-1]
        rows.append(best[kept])
        scores.append(-x[:length, k].max(-1).sum())
    return [_sparse(rows)], tensor(np.array(scores, x.dtype)[:, None])


def ctc_beam_search_decoder(
    inputs: Any, sequence_length: Any, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[SparseTensor], Any]:
    """(labels of the best paths, a sparse matrix each; their log probabilities [batch, paths]).

    ``inputs`` [time, batch, classes]; the blank is the last class.
    """
    x = shapes.swapaxes(tensor(inputs), 0, 1)
    found, scores = nn.ctc_decode(x, cast(sequence_length, "int32"), int(beam_width), int(top_paths))
    paths = np.asarray(found)
    return [_sparse([row[row >= 0] for row in paths[k]]) for k in range(int(top_paths))], scores


def collapse_repeated(labels: Any, seq_length: Any, name: Any = None) -> tuple[Any, Any]:
    """Labels [batch, time] without those that repeat the one before, filled up with 0; and the lengths then.

    >>> [t.numpy().tolist() for t in collapse_repeated([[1, 1, 2, 2]], [4])]
    [[[1, 2]], [2]]
    """
    given = np.asarray(tensor(labels))
    rows = [
        row[:n][np.append(True, row[1:n] != row[: n - 1])] if n else row[:0]
        for row, n in zip(given, np.asarray(tensor(seq_length)).tolist(), strict=True)
    ]
    made = np.zeros((len(rows), max(map(len, rows), default=0)), given.dtype)
    for whole, row in zip(made, rows, strict=True):
        whole[: len(row)] = row
    return tensor(made), tensor(np.array([len(row) for row in rows]), "int32")
