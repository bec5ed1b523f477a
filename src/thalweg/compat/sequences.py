"""How far apart sequences are, of whichever generation's sparse tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["edit_distance", "edit_distances"]


def edit_distance(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many insertions, deletions and replacements make one sequence the other (Levenshtein).

    >>> edit_distance("kitten", "sitting")
    3
    """
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def edit_distances(hi: Any, hv: Any, hs: Any, ti: Any, tv: Any, ts: Any, *, normalize: bool) -> np.ndarray:
    """The distance of each sequence (the last axis) of two sparse arrays of indices, values and shape; over the length
    of the second one if ``normalize``.
    """
    made = np.zeros([max(a, b) for a, b in zip(hs[:-1], ts[:-1], strict=True)], np.float32)
    for place in np.ndindex(*made.shape):
        a, b = (list(v[np.all(i[:, :-1] == place, axis=1)]) for i, v in ((hi, hv), (ti, tv)))
        far = float(edit_distance(a, b))
        made[place] = far if not normalize else far / len(b) if b else (np.inf if a else 0.0)
    return made
