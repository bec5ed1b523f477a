"""Reading labels out of the steps of a CTC network: the best class of every step, or a search among prefixes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec

__all__ = ["ctc_decode"]

Prefix = tuple[int, ...]


def ctc_decode(
    logits: Any, lengths: Any, beam_width: int = 0, paths: int = 1, blank: int | None = None
) -> tuple[Any, Any]:
    """Labels int32 [paths, batch, longest], filled up with -1, and their scores [batch, paths], best first.

    ``logits`` [batch, steps, classes] (or logarithms of probabilities), of which the first ``lengths`` [batch] steps
    count; ``blank``: the class that is not read, the last one unless given. ``beam_width=0`` takes the greatest class
    of every step, and the score is the sum of these logits with the sign turned. Else the most probable prefixes are
    followed, ``beam_width`` of them, each over all ways to read it (Graves, 2012; Hannun, 2014), and the score is the
    logarithm of its probability.

    >>> labels, _ = ctc_decode([[[3.0, 0, 0], [3.0, 0, 0], [0, 0, 3.0], [3.0, 0, 0]]], [4])
    >>> labels.tolist()
    [[[0, 0]]]
    """
    if paths < 1 or paths > max(1, beam_width):
        raise fail(ArgumentError, "ctc_decode: paths", expected=f"1 to {max(1, beam_width)}", received=paths)
    given = convert_operands([logits, lengths])
    labels, scores = _read(*given, beam_width=beam_width, paths=paths, blank=blank)
    return labels, scores


@make_op(
    {},
    name="ctc_decode",
    infer=lambda x, lengths, *, beam_width, paths, blank: (
        Spec((paths, x.shape[0], None), np.dtype("int32")), Spec((x.shape[0], paths), x.dtype),
    ),
)  # fmt: skip
def _read(x, lengths, /, beam_width, paths, blank):  # type: ignore[no-untyped-def]
    classes = x.shape[-1]
    blank = classes - 1 if blank is None else blank
    rows = [
        _searched(row[:n], blank, beam_width)[:paths] if beam_width else [_best(row[:n], blank)]
        for row, n in zip(x, lengths)
    ]
    longest = max((len(labels) for row in rows for labels, _ in row), default=0)
    found = np.full((paths, len(x), longest), -1, np.int32)
    scores = np.full((len(x), paths), -np.inf, x.dtype)
    for k, row in enumerate(rows):
        for path, (labels, score) in enumerate(row):
            found[path, k, : len(labels)] = labels
            scores[k, path] = score
    return found, scores


def _best(row: np.ndarray, blank: int) -> tuple[Prefix, float]:
    """The greatest class of every step, repeats read once."""
    best = row.argmax(axis=-1)
    new = np.append(True, best[1:] != best[:-1])[: len(best)]
    return tuple(int(c) for c in best[new & (best != blank)]), -float(row.max(axis=-1).sum())


def _searched(row: np.ndarray, blank: int, width: int) -> list[tuple[Prefix, float]]:
    """The most probable prefixes, each with the logarithm of its probability, best first."""
    log_p = row - np.logaddexp.reduce(row, axis=-1, keepdims=True)
    beam: dict[Prefix, tuple[float, float]] = {(): (0.0, -np.inf)}  # ending with a blank, ending with a label
    for step in log_p:
        new: defaultdict[Prefix, list[float]] = defaultdict(lambda: [-np.inf, -np.inf])
        for prefix, (b, l) in beam.items():
            ends = new[prefix]
            ends[0] = np.logaddexp(ends[0], np.logaddexp(b, l) + step[blank])
            if prefix:
                ends[1] = np.logaddexp(ends[1], l + step[prefix[-1]])
            for c in range(len(step)):
                if c != blank:
                    before = b if prefix and c == prefix[-1] else np.logaddexp(b, l)
                    longer = new[(*prefix, c)]
                    longer[1] = np.logaddexp(longer[1], before + step[c])
        best = sorted(new.items(), key=lambda item: -np.logaddexp(item[1][0], item[1][1]))[:width]
        beam = {prefix: (ends[0], ends[1]) for prefix, ends in best}
    return sorted(((p, float(np.logaddexp(b, l))) for p, (b, l) in beam.items()), key=lambda pair: -pair[1])
