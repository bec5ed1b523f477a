"""Lengths that are known only when a program runs, and the graph over them, found by comparing a few fixed
ones.

A graph is specialised for several lengths of its open axes. Where the results have the same form, every
number in them (shapes, attributes) that differs is a polynomial of the open lengths; numbers become ``Dim``s
and the form serves all.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.errors import ThalwegError
from thalweg.graph.lengths import conditions
from thalweg.graph.tensor import Placeholder, Spec, Tensor, freeze
from thalweg.graph.walk import topological
from thalweg.ops.bodies import Body
from thalweg.ops.shape import broadcast_to

Monomial = tuple[int, ...]  # the open lengths multiplied, by number, sorted: (0, 0, 1) is N0 * N0 * N1


class NotUniform(Exception):
    """The graph has no one form for all lengths."""


class Dim(int):
    """A polynomial of the open lengths. As an int it is its value at typical lengths, by which the
    compiler decides.

    >>> n = Dim(7, {(0,): 1})
    >>> (n * 3 + 1).at([10])
    31
    """

    terms: dict[Monomial, int]

    def __new__(cls, sample: int, terms: dict[Monomial, int]) -> Dim:
        self = super().__new__(cls, sample)
        self.terms = {m: c for m, c in terms.items() if c}
        return self

    def at(self, lengths: Sequence[int]) -> int:
        """The value for these open lengths."""
        total = 0
        for monomial, factor in self.terms.items():
            for k in monomial:
                factor *= lengths[k]
            total += factor
        return total

    def __add__(self, other: int) -> Any:
        terms = dict(self.terms)
        for m, c in _terms(other).items():
            terms[m] = terms.get(m, 0) + c
        return _made(int(self) + int(other), terms)

    def __mul__(self, other: int) -> Any:
        if not isinstance(other, int):
            return NotImplemented
        terms: dict[Monomial, int] = {}
        for (m, c), (n, d) in itertools.product(self.terms.items(), _terms(other).items()):
            key = tuple(sorted((*m, *n)))
            terms[key] = terms.get(key, 0) + c * d
        return _made(int(self) * int(other), terms)

    def __neg__(self) -> Any:
        return self * -1

    def __sub__(self, other: int) -> Any:
        return self + other * -1

    def __rsub__(self, other: int) -> Any:
        return -self + other

    def __floordiv__(self, other: int) -> Any:
        if isinstance(other, Dim) or any(c % other for c in self.terms.values()):
            raise NotUniform("a length is divided")
        return _made(int(self) // other, {m: c // other for m, c in self.terms.items()})

    def __mod__(self, other: int) -> Any:
        if isinstance(other, Dim) or any(c % other for c in self.terms.values()):
            raise NotUniform("the remainder of a length is needed")
        return 0

    def __rfloordiv__(self, other: int) -> Any:
        raise NotUniform("divided by a length")

    def __eq__(self, other: object) -> bool:  # not by the sample: a fixed length may happen to be as long
        return isinstance(other, Dim) and self.terms == other.terms

    def __ne__(self, other: object) -> bool:
        return not self == other

    __radd__ = __add__
    __rmul__ = __mul__
    __rmod__ = __rfloordiv__
    __hash__ = int.__hash__


def _terms(number: int) -> dict[Monomial, int]:
    return number.terms if isinstance(number, Dim) else {(): int(number)}


def _made(sample: int, terms: dict[Monomial, int]) -> int:
    dim = Dim(sample, terms)
    return sample if set(dim.terms) <= {()} else dim


def number(value: int, lengths: Sequence[int]) -> int:
    """The value of an int or Dim for these open lengths."""
    return value.at(lengths) if isinstance(value, Dim) else value


def numbers(value: Any, lengths: Sequence[int]) -> Any:
    """Every Dim in nested tuples and dicts replaced by its value."""
    if isinstance(value, Dim):
        return value.at(lengths)
    if isinstance(value, tuple):
        return tuple(numbers(v, lengths) for v in value)
    if isinstance(value, dict):
        return {k: numbers(v, lengths) for k, v in value.items()}
    return value


Samples = Sequence[tuple[int, int, int]]  # for each open axis a low and a high length, and one to check by

# Primes, so that no accident makes two lengths agree; and above all sizes at which the form of a graph changes. Where a
# program has rows only for less (a table of positions), the smaller ones, times whose multiples such sizes seldom lie.
_LARGE: Samples = (
    (16411, 16547, 17011),
    (18013, 18211, 19013),
    (20011, 20231, 21011),
    (22013, 22229, 23011),
)
_SMALL: Samples = ((71, 73, 79), (109, 113, 127), (149, 151, 157), (179, 181, 191))
_TYPICAL = (1009, 1493, 1213, 1619)  # by which the compiler decides how to do it
MAX_OPEN = len(_TYPICAL)


def open_graph(
    num_open: int, lower: Callable[[tuple[int, ...]], list[Tensor]]
) -> tuple[list[Tensor], list[Dim]]:
    """The one form of ``lower(lengths)`` for all lengths of ``num_open`` axes, and what must be at least 1 for it.

    Raises NotUniform where there is none, and what ``lower`` raises.
    """
    try:
        return _merged(_LARGE[:num_open], lower)
    except (NotUniform, ThalwegError):
        return _merged(_SMALL[:num_open], lower)


def _merged(
    samples: Samples, lower: Callable[[tuple[int, ...]], list[Tensor]]
) -> tuple[list[Tensor], list[Dim]]:
    points = [*itertools.product(*(s[:2] for s in samples)), tuple(s[2] for s in samples)]
    made, compared = [], []
    for point in points:
        with conditions() as found:
            made.append(lower(point))
        compared.append(tuple(n + 1 for n in found))
    merger = _Merger(samples, points)
    outputs = merger.merge(made)
    positive = [*merger.number(tuple(compared)), *_lengths_inside(outputs)]
    return outputs, [d for d in dict.fromkeys(positive) if isinstance(d, Dim)]


def _lengths_inside(outputs: Sequence[Tensor]) -> list[Dim]:
    """The distinct run-time numbers of a graph, and of the bodies of its loops, that must be at least 1: the lengths
    in its shapes, and what its slices say in ``only``.
    """
    found: dict[Dim, None] = {}
    for tensor in topological(outputs):
        shapes = [*(s.shape or () for s in tensor.specs), tensor.attrs.get("only", ())]
        found.update((d, None) for shape in shapes for d in shape if isinstance(d, Dim))
        for body in (v for v in tensor.attrs.values() if isinstance(v, Body)):
            found.update(dict.fromkeys(_lengths_inside([*body.parameters, *body.outputs])))
    return list(found)


class _Merger:
    """Several specialisations of one graph, walked together."""

    def __init__(self, samples: Samples, points: list[tuple[int, ...]]) -> None:
        self.samples = samples
        self.points = points

    def merge(self, roots: list[list[Tensor]]) -> list[Tensor]:
        orders = [topological(r) for r in roots]
        if len({len(o) for o in orders}) != 1:
            raise NotUniform("the number of expressions differs")
        new: dict[int, Tensor] = {}
        places = [{id(t): k for k, t in enumerate(order)} for order in orders]
        for same in zip(*orders, strict=True):
            inputs = [
                [place[id(t)] for t in tensor.inputs] for tensor, place in zip(same, places, strict=True)
            ]
            if any(i != inputs[0] for i in inputs) or any(t.op is not same[0].op for t in same):
                raise NotUniform("the expressions differ")
            new[id(same[0])] = self._merged(same, [new[id(t)] for t in same[0].inputs])
        return [new[id(t)] for t in roots[0]]

    def _merged(self, same: Sequence[Tensor], inputs: list[Tensor]) -> Tensor:
        first = same[0]
        specs = tuple(
            Spec(self.number(tuple(t.specs[k].shape for t in same)), spec.dtype)
            for k, spec in enumerate(first.specs)
        )
        if first.op is None:
            return self._leaf(same, specs)
        attrs = self.number(tuple(t.attrs for t in same))
        return Tensor(
            first.op,
            tuple(inputs),
            attrs,
            specs,
            name=first.name,
            built_at=first.built_at,
            tracked=first.tracked,
        )

    def _leaf(self, same: Sequence[Tensor], specs: tuple[Spec, ...]) -> Tensor:
        first = same[0]
        if first.value is None:
            if specs == first.specs and not any(isinstance(d, Dim) for d in specs[0].shape or ()):
                return first
            return Placeholder(None, (), {}, specs, name=first.name, built_at=first.built_at)
        if not all(_is_same(t.value, first.value) for t in same[1:]):
            number = _repeated(same)
            if number is None:
                raise NotUniform("a constant depends on the length")
            return Tensor(broadcast_to, (number,), {"shape": specs[0].shape}, specs, built_at=first.built_at)
        return first

    def number(self, values: tuple[Any, ...]) -> Any:
        first = values[0]
        if isinstance(first, tuple):
            if any(not isinstance(v, tuple) or len(v) != len(first) for v in values):
                raise NotUniform("the ranks differ")
            return tuple(self.number(parts) for parts in zip(*values, strict=True))
        if isinstance(first, dict):
            return {k: self.number(tuple(v[k] for v in values)) for k in first}
        if all(v is first for v in values) or all(type(v) is type(first) and v == first for v in values):
            return first
        if all(isinstance(v, Body) for v in values):
            return self._body(values)
        if any(isinstance(v, bool) or not isinstance(v, int) for v in values):
            raise NotUniform("an attribute depends on the length")
        return self._fitted(values)

    def _body(self, bodies: Sequence[Body]) -> Body:
        """The one form of a loop's bodies."""
        made = _Merger(self.samples, self.points).merge([[*b.parameters, *b.outputs] for b in bodies])
        count = len(bodies[0].parameters)
        return type(bodies[0])(made[:count], made[count:])

    def _fitted(self, values: tuple[int, ...]) -> int:
        by_corner = dict(zip(self.points[:-1], values[:-1], strict=True))
        terms = _interpolated(by_corner, self.samples)
        dim = Dim(values[0], terms)
        if dim.at(self.points[-1]) != values[-1] or dim.at(self.points[0]) != values[0]:
            raise NotUniform("a length is no product of the open ones")
        return _made(dim.at(_TYPICAL), terms)


def _is_same(value: np.ndarray | None, other: np.ndarray) -> bool:
    """Whether two arrays are equal bit by bit."""
    if value is None or value.shape != other.shape:
        return False
    value, other = _without_repeats(value), _without_repeats(other)
    return value.shape == other.shape and value.tobytes() == other.tobytes()


def _repeated(same: Sequence[Tensor]) -> Tensor | None:
    """The one number that all elements of these constants are, bit by bit; None where there is none."""
    parts = [_without_repeats(t.value) for t in same if t.value is not None]
    if len(parts) < len(same) or not all(p.size for p in parts):
        return None
    element = parts[0].reshape(-1)[:1]
    if any(p.tobytes() != element.tobytes() * p.size for p in parts):
        return None
    return Tensor(None, (), {}, (Spec((), element.dtype),), freeze(element.reshape(())))


def _without_repeats(value: np.ndarray) -> np.ndarray:
    """The array without the axes along which it says the same memory again."""
    return value[tuple(slice(0, 1) if stride == 0 else slice(None) for stride in value.strides)]


def _interpolated(corners: dict[tuple[int, ...], int], samples: Samples) -> dict[Monomial, int]:
    """The multilinear polynomial through values at the corners of the sample box."""
    values: dict[tuple[Any, ...], int] = dict(corners)
    for k, (low, high, _) in enumerate(samples):
        made: dict[tuple[Any, ...], int] = {}
        for point, value in values.items():
            if point[k] != low:
                continue
            rise = values[(*point[:k], high, *point[k + 1 :])] - value
            if rise % (high - low):
                raise NotUniform("a length is divided")
            slope = rise // (high - low)
            made[(*point[:k], False, *point[k + 1 :])] = value - slope * low
            made[(*point[:k], True, *point[k + 1 :])] = slope
        values = made
    return {tuple(k for k, used in enumerate(point) if used): value for point, value in values.items()}
