"""Which axes of a program's inputs keep changing, and which lengths are multiples of others."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from thalweg.compile.dims import MAX_OPEN, Dim

Axis = tuple[int, int]  # (input, axis)


class OpenAxes(NamedTuple):
    """The axes with run-time lengths: ``own``, one for each of these lengths, and all by how long they are."""

    own: list[Axis]
    lengths: list[tuple[Dim, list[Axis]]]


def varying_axes(keys: Sequence[Any], num_inputs: int) -> OpenAxes | None:
    """The axes that differ among these input shapes: those always as long as each other, or as the same multiple of
    others; None where there are none, or too many lengths of their own.
    """
    by_lengths: dict[tuple[int, ...], list[Axis]] = {}
    for k in range(num_inputs):
        for axis in range(len(keys[0][k])):
            lengths = tuple(key[k][axis] for key in keys)
            if len(set(lengths)) > 1:
                by_lengths.setdefault(lengths, []).append((k, axis))
    own: dict[tuple[int, ...], Axis] = {}
    found = []
    for lengths, axes in sorted(by_lengths.items()):  # multiples behind what they are of
        terms = _multiple(lengths, list(own))
        if terms is None:
            terms = {(len(own),): 1}
            own[lengths] = axes[0]
        found.append((Dim(lengths[0], terms), axes))
    return OpenAxes([*own.values()], found) if 0 < len(own) <= MAX_OPEN else None


def _multiple(lengths: tuple[int, ...], own: Sequence[tuple[int, ...]]) -> dict[tuple[int, ...], int] | None:
    """A product of some of these lengths, times a number, that always is this one."""
    for count in range(1, len(own) + 1):
        for chosen in itertools.combinations(range(len(own)), count):
            products = [math.prod(row) for row in zip(*(own[k] for k in chosen), strict=True)]
            factor = lengths[0] // products[0] if all(products) else 0
            if factor and all(n == factor * p for n, p in zip(lengths, products, strict=True)):
                return {chosen: factor}
    return None
