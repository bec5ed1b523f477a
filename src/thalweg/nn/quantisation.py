"""Numbers as they would be after storage in few bits, with the gradients that training for it needs."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops import elementwise as ew

__all__ = ["fake_quantize"]


@make_op(
    {},
    infer=lambda x, rounded: x,
    grad=lambda g, y, x, rounded: [g, None],
    expand=lambda x, rounded: rounded,
)
def _straight_through(x, rounded, /):  # type: ignore[no-untyped-def]
    """``rounded``, whose gradient goes to x as it is."""
    return rounded


def fake_quantize(x: Any, low: Any, high: Any, bits: int = 8, narrow_range: bool = False) -> Tensor:
    """x rounded to the 2^bits numbers from ``low`` to ``high`` that lie at one distance, both moved so that 0 is one.

    ``low`` and ``high`` broadcast with x: numbers, or one for each channel. ``narrow_range``: one number less, without
    the lowest. Gradients go through the rounding: to x between the ends, to ``low`` and ``high`` from what is beyond
    (Jacob et al., 2018).

    >>> fake_quantize([-1.0, 0.1, 0.3, 2.0], 0.0, 1.0, bits=2).numpy().round(4).tolist()
    [0.0, 0.0, 0.33329999446868896, 1.0]
    """
    if not 2 <= bits <= 16:
        raise fail(ArgumentError, "fake_quantize: bits", expected="2 to 16", received=bits)
    (x,) = convert_operands([x])
    low, high = (ew.astype(end, x.dtype) for end in convert_operands([low, high]))
    least, most = float(narrow_range), float(2**bits - 1)
    step: Any = ew.divide(high - low, most - least)  # type: ignore[operator]
    place = least - low / step
    zero: Any = ew.clip(ew.floor(place + 0.5), least, most)  # type: ignore[operator]
    first, last = (least - zero) * step, (most - zero) * step
    within = ew.where(
        x < first, _straight_through(low, first), ew.where(x > last, _straight_through(high, last), x)
    )
    shifted: Any = within - first  # type: ignore[operator]
    return _straight_through(within, ew.floor(shifted / step + 0.5) * step + first)  # type: ignore[operator]
