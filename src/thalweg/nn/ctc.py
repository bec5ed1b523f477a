"""Connectionist temporal classification: labels without places, summed over all their places in a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, shape_text
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, tiling
from thalweg.ops import shape as shape_ops
from thalweg.ops.families import to_floats
from thalweg.ops.index import take_along_axis
from thalweg.ops.reduce import logsumexp
from thalweg.ops.scan import scan
from thalweg.ops.softmax import log_softmax

__all__ = ["ctc_loss"]


def ctc_loss(logits: Any, labels: Any, logit_lengths: Any, label_lengths: Any, blank: int = 0) -> Tensor:
    """-log of the probability of the labels, summed over all ways to read them out of the steps: one per example.

    ``logits`` [batch, steps, classes]; ``labels`` int [batch, longest], of which the first ``label_lengths`` [batch]
    count; of the steps the first ``logit_lengths`` [batch]. A way gives every step a class; repeats are read once and
    ``blank`` is not read (Graves et al., 2006). Sums are of logarithms. Labels that do not fit into the steps have an
    infinite loss.

    >>> ctc_loss(np.zeros((1, 2, 2)), [[1]], [2], [1]).item()  # 1 of 4 ways of two steps is not read as "1"
    0.2876820724517809
    """
    given = convert_operands([logits, labels, logit_lengths, label_lengths])
    (x,) = to_floats(given[:1], {})[0]
    z, steps, count = (
        _whole(t, name) for t, name in zip(given[1:], ("labels", "logit_lengths", "label_lengths"))
    )
    if x.ndim != 3 or z.ndim != 2:
        raise fail(
            ShapeError, "ctc_loss: logits and labels", expected="[batch, steps, classes] and [batch, labels]",
            received=f"{shape_text(x.shape)} and {shape_text(z.shape)}",
        )  # fmt: skip
    used = ew.less(shape_ops.iota_like(z, axis=1), shape_ops.expand_dims(count, 1))
    extended = _with_blanks(ew.where(used, z, blank), blank)
    log_p = shape_ops.swapaxes(log_softmax(x, axis=-1), 0, 1)  # [steps, batch, classes]
    place = shape_ops.iota_like(extended, axis=1)
    # From two places back: over a blank between two different labels.
    skips = ew.not_equal(extended, _moved(extended, 2, -1))
    skips = ew.where(ew.equal(extended, blank), False, skips)

    def step(carry: Any, now: Any) -> Any:
        alpha, t = carry
        ways = [alpha, _moved(alpha, 1, -np.inf), ew.where(skips, _moved(alpha, 2, -np.inf), -np.inf)]
        new = logsumexp(joining.stack(ways, axis=0), axis=0) + take_along_axis(now, extended, axis=1)  # type: ignore[operator]
        live = shape_ops.expand_dims(ew.less(t, steps), 1)
        return (ew.where(live, new, alpha), t + 1), None

    before = ew.where(ew.equal(place, 0), 0.0, -np.inf)  # a blank before the first step
    start = shape_ops.full_like(take_along_axis(log_p[0], extended, axis=1), 0.0) + ew.astype(before, x.dtype)
    (alpha, _), _ = scan(step, (start, shape_ops.full_like(steps, 0)), log_p)
    last = shape_ops.expand_dims(count, 1) * 2
    ends = ew.where(ew.equal(place, last), True, ew.equal(place, last - 1))
    return ew.negative(logsumexp(ew.where(ends, alpha, -np.inf), axis=1))


def _whole(t: Any, name: str) -> Any:
    if not dtypes.is_integer(t.dtype):
        raise fail(DTypeError, f"ctc_loss: {name}", expected="integers", received=str(t.specs[0]))
    return ew.astype(t, "int64")


def _with_blanks(labels: Any, blank: int) -> Any:
    """[batch, n] to [batch, 2 n + 1]: a blank before each label and one at the end."""
    blanks = shape_ops.full_like(labels, blank)
    pairs = joining.stack([blanks, labels], axis=2)
    return joining.concat([shape_ops.merge_axes(pairs, 1), blanks[:, :1]], axis=1)


def _moved(x: Any, places: int, fill: float) -> Any:
    """Each row moved to the right, ``fill`` coming in."""
    return tiling.pad(x, [(0, 0), (places, 0)], constant_values=fill)[:, :-places]
