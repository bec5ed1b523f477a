"""Patterns: forms that tensors may have, written in the notation of the tensors themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from thalweg.graph.op import Op
from thalweg.graph.tensor import Tensor
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import identity

_SAME_BUDGET = 64  # tensors compared before two expressions count as different
_UNIFORM_LIMIT = 4096  # elements of a constant looked at to see whether they are all equal

Found = dict[str, Any]

# --- patterns -------------------------------------------------------------------------------------------------------


class Pattern:
    """A form that tensors may have. Patterns carry the operators of tensors, so that a law is written as itself."""

    def __add__(self, other: Any) -> Pattern:
        return Apply(ew.add, (self, _pattern(other)))

    def __radd__(self, other: Any) -> Pattern:
        return Apply(ew.add, (_pattern(other), self))

    def __sub__(self, other: Any) -> Pattern:
        return Apply(ew.subtract, (self, _pattern(other)))

    def __rsub__(self, other: Any) -> Pattern:
        return Apply(ew.subtract, (_pattern(other), self))

    def __mul__(self, other: Any) -> Pattern:
        return Apply(ew.multiply, (self, _pattern(other)))

    def __rmul__(self, other: Any) -> Pattern:
        return Apply(ew.multiply, (_pattern(other), self))

    def __truediv__(self, other: Any) -> Pattern:
        return Apply(ew.divide, (self, _pattern(other)))

    def __rtruediv__(self, other: Any) -> Pattern:
        return Apply(ew.divide, (_pattern(other), self))

    def __pow__(self, other: Any) -> Pattern:
        return Apply(ew.pow, (self, _pattern(other)))

    def __neg__(self) -> Pattern:
        return Apply(ew.negative, (self,))

    def matches(self, tensor: Tensor, found: Found, kept: Set[int]) -> Iterator[Found]:
        """Every way in which the tensor has this form, as what the variables stand for; ``kept`` tensors are opaque."""
        raise NotImplementedError

    def build(self, found: Found) -> Any:
        """The expression of this form over what the variables stand for."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Var(Pattern):
    """Any tensor; the same expression wherever the name stands again."""

    name: str

    def matches(self, tensor: Tensor, found: Found, kept: Set[int]) -> Iterator[Found]:
        if self.name not in found:
            yield {**found, self.name: tensor}
        elif same(found[self.name], tensor, kept):
            yield found

    def build(self, found: Found) -> Any:
        return found[self.name]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Number(Pattern):
    """A constant whose elements all are this number, bit by bit: 0.0 is not -0.0, and 1.0000001 is not 1."""

    value: float

    def matches(self, tensor: Tensor, found: Found, kept: Set[int]) -> Iterator[Found]:
        element = None if id(tensor) in kept else uniform_value(tensor)
        if element is not None and is_number(element, self.value):
            yield found if tensor.shape == () else {**found, "numbers": (*found.get("numbers", ()), tensor)}

    def build(self, found: Found) -> Any:
        return self.value

    def __str__(self) -> str:
        return f"{self.value}"


@dataclass(frozen=True, eq=False)
class Attribute:
    """Any value of an attribute; the same wherever the name stands again."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Apply(Pattern):
    """An op applied to patterns; ``attrs`` names every attribute of the op, by value or as an Attribute."""

    op: Op
    inputs: tuple[Pattern, ...]
    attrs: tuple[tuple[str, Any], ...] = ()

    def matches(self, tensor: Tensor, found: Found, kept: Set[int]) -> Iterator[Found]:
        if tensor.op is self.op or tensor.op in _NOTHING:
            yield from self.matches_root(peel(tensor, kept), found, kept)

    def matches_root(self, tensor: Tensor, found: Found, kept: Set[int]) -> Iterator[Found]:
        """As :meth:`matches`, for the tensor itself and not what it may be another name of."""
        if tensor.op is not self.op or id(tensor) in kept or len(tensor.inputs) != len(self.inputs):
            return
        bound = self._attributes(tensor, found)
        if bound is None:
            return
        bound = {**bound, "inner": (*bound.get("inner", ()), tensor)}
        yield from self._operands(tensor.inputs, bound, kept)
        if self.op.commutative:
            yield from self._operands(tensor.inputs[::-1], bound, kept)

    def _operands(self, tensors: tuple[Tensor, ...], found: Found, kept: Set[int]) -> Iterator[Found]:
        if len(tensors) == 1:
            yield from self.inputs[0].matches(tensors[0], found, kept)
        elif len(tensors) == 2:
            for first in self.inputs[0].matches(tensors[0], found, kept):
                yield from self.inputs[1].matches(tensors[1], first, kept)
        else:
            ways = [found]
            for pattern, tensor in zip(self.inputs, tensors, strict=True):
                ways = [deeper for way in ways for deeper in pattern.matches(tensor, way, kept)]
            yield from ways

    def _attributes(self, tensor: Tensor, found: Found) -> Found | None:
        if not self.attrs and not tensor.attrs:
            return found
        wanted = dict(self.attrs)
        found = dict(found)
        for key, value in tensor.attrs.items():
            pattern = wanted.get(key)
            if key not in wanted:
                return None
            if isinstance(pattern, Attribute):
                pattern = found.setdefault(pattern.name, value)
            if not _equal_attribute(pattern, value):
                return None
        return found

    def build(self, found: Found) -> Any:
        attrs = {k: found[v.name] if isinstance(v, Attribute) else v for k, v in self.attrs}
        return self.op(*[p.build(found) for p in self.inputs], **attrs)

    def __str__(self) -> str:
        attrs = [f"{k}={v}" for k, v in self.attrs]
        sign = _SIGNS.get(self.op.name)
        if sign and len(self.inputs) == 2:
            return f"({self.inputs[0]} {sign} {self.inputs[1]})"
        if self.op is ew.negative:
            return f"-{self.inputs[0]}".replace("--", "-(-") + ")" * str(self.inputs[0]).startswith("-")
        return f"{self.op.name}({', '.join([*(unwrapped(str(p)) for p in self.inputs), *attrs])})"


_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "pow": "**"}


def pattern_of(op: Op) -> Callable[..., Pattern]:
    """The op for use in patterns: ``log = pattern_of(elementwise.log)``, then ``log(1 + x)``."""
    return lambda *inputs, **attrs: Apply(op, tuple(map(_pattern, inputs)), tuple(attrs.items()))


def _pattern(value: Any) -> Pattern:
    return value if isinstance(value, Pattern) else Number(value)


# --- what tensors are -----------------------------------------------------------------------------------------------


def peel(tensor: Tensor, kept: Set[int] = frozenset()) -> Tensor:
    """The tensor below ops that change nothing: identity, positive, a cast to its own dtype."""
    while tensor.op in _NOTHING and id(tensor) not in kept and tensor.dtype == tensor.inputs[0].dtype:
        tensor = tensor.inputs[0]
    return tensor


_NOTHING = (identity, ew.positive, ew.astype)
_STRETCHING = (
    shape_ops.broadcast_to,
    shape_ops.broadcast_like,
    shape_ops.expand_dims,
    shape_ops.reshape,
    shape_ops.reshape_like,
)
_FILL = shape_ops._full_like  # the op behind full_like


def uniform_value(tensor: Tensor) -> np.ndarray | None:
    """The one element that a constant repeats (0-d array), also seen through broadcasts; else None."""
    while tensor.op in _STRETCHING:
        tensor = tensor.inputs[0]
    if tensor.op is _FILL:
        return np.asarray(tensor.attrs["value"], tensor.attrs["dtype"])
    if tensor.op is not None:
        return None
    array = ew.known_value(tensor)
    if array is None or not 0 < array.size <= _UNIFORM_LIMIT:
        return None
    first = array.reshape(-1)[0:1]
    if array.size > 1 and array.tobytes() != first.tobytes() * array.size:
        return None
    return first.reshape(())


def is_number(element: np.ndarray, value: float) -> bool:
    """Whether the element is the number exactly, its sign of zero included."""
    number = element.item()
    if isinstance(number, bool) or number != value:
        return False
    return number != 0 or isinstance(number, int) or np.signbit(number) == np.signbit(float(value))


def same(x: Tensor, y: Tensor, kept: Set[int] = frozenset()) -> bool:
    """Whether two tensors are one expression: the same tensor, or pure ops with the same attributes of the same.

    A kept tensor is the same only as itself: its gradient may be asked for apart from that of its equals.
    """
    pairs, budget = [(x, y)], _SAME_BUDGET
    while pairs:
        a, b = (peel(t, kept) for t in pairs.pop())
        if a is b:
            continue
        budget -= 1
        if (
            id(a) in kept
            or id(b) in kept
            or budget == 0
            or a.specs[0] != b.specs[0]
            or a.op is not b.op
            or len(a.inputs) != len(b.inputs)
        ):
            return False
        if a.op is None:
            first, second = ew.known_value(a), ew.known_value(b)
            if (
                first is None
                or second is None
                or first.size > _UNIFORM_LIMIT
                or first.tobytes() != second.tobytes()
            ):
                return False
        elif (
            not a.op.pure
            or a.attrs.keys() != b.attrs.keys()
            or not all(_equal_attribute(v, b.attrs[k]) for k, v in a.attrs.items())
        ):
            return False
        pairs.extend(zip(a.inputs, b.inputs, strict=True))
    return True


def _equal_attribute(x: Any, y: Any) -> bool:
    if x is y:
        return True
    if isinstance(x, float) and isinstance(y, float):
        return x.hex() == y.hex()
    return type(x) is type(y) and not isinstance(x, np.ndarray) and bool(x == y)


def is_known(shape: Any) -> bool:
    """Whether every axis length is known."""
    return shape is not None and None not in shape


def unwrapped(text: str) -> str:
    """Without the outermost parentheses, where they are one pair."""
    if not text.startswith("("):
        return text
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return text[1:-1] if place == len(text) - 1 else text
    return text
