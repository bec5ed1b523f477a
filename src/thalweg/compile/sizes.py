"""Sizes that may be known when compiling or only while running, and the index arithmetic that serves both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from thalweg.compile.loops import Emitter
from thalweg.compile.values import Value

Size = int | Value  # known when compiling, or an int64 computed while running
Axis = tuple[Size, Size]  # (extent, stride in elements)


class SizeMath:
    """Index arithmetic that folds what is known when compiling."""

    def __init__(self, e: Emitter) -> None:
        self.e = e

    def add(self, x: Size, y: Size) -> Size:
        """x + y"""
        return y if is_number(x, 0) else x if is_number(y, 0) else x + y

    def sub(self, x: Size, y: Size) -> Size:
        """x - y"""
        if isinstance(x, int) and isinstance(y, Value):
            return self.e.const(x, "int64") - y
        return x if is_number(y, 0) else x - y

    def mul(self, x: Size, y: Size) -> Size:
        """x * y"""
        return (
            0
            if is_number(x, 0) or is_number(y, 0)
            else y
            if is_number(x, 1)
            else x
            if is_number(y, 1)
            else x * y
        )

    def div(self, x: Size, y: Size) -> Size:
        """x // y, for x >= 0 and y > 0"""
        if isinstance(x, int) and isinstance(y, int):
            return x // y
        return x if is_number(y, 1) else self._unsigned("udiv", x, y)

    def rem(self, x: Size, y: Size) -> Size:
        """x % y, for x >= 0 and y > 0"""
        return x % y if isinstance(x, int) and isinstance(y, int) else self._unsigned("urem", x, y)

    def _unsigned(self, name: str, x: Size, y: Size) -> Value:
        left, right = self.e.index(x), self.e.index(y)
        return left.like(getattr(self.e.builder, name)(left.ir, right.ir))

    def ceil_div(self, x: Size, y: Size) -> Size:
        """The number of pieces of y in x."""
        return self.div(self.add(x, self.sub(y, 1)), y)

    def less(self, x: Size, y: Size) -> bool | Value:
        """x < y"""
        return x < y if are_known(x, y) else self.e.compare("<", self.e.index(x), self.e.index(y))

    def equal(self, x: Size, y: Size) -> bool | Value:
        """x == y"""
        return x == y if are_known(x, y) else self.e.compare("==", self.e.index(x), self.e.index(y))

    def select(self, condition: bool | Value, x: Size, y: Size) -> Size:
        """x if condition else y"""
        if isinstance(condition, bool):
            return x if condition else y
        return self.e.select(condition, self.e.index(x), self.e.index(y))

    def minimum(self, x: Size, y: Size) -> Size:
        """min(x, y)"""
        return self.select(self.less(x, y), x, y)

    def maximum(self, x: Size, y: Size) -> Size:
        """max(x, y)"""
        return self.select(self.less(x, y), y, x)

    def both(self, x: bool | Value, y: bool | Value) -> bool | Value:
        """x and y"""
        if isinstance(x, bool) or isinstance(y, bool):
            return (y if x else False) if isinstance(x, bool) else (x if y else False)
        return x & y

    def negate(self, x: bool | Value) -> bool | Value:
        """not x"""
        return not x if isinstance(x, bool) else ~x

    def flag(self, x: bool | Value) -> Value:
        """`x` as a Value."""
        return self.e.const(x, "bool") if isinstance(x, bool) else x

    def offset(self, axes: tuple[Axis, ...], index: Size) -> Size:
        """The element offset of `index` counted over `axes`, the last one fastest."""
        total: Size = 0
        for extent, stride in reversed(axes[1:]):
            total = self.add(total, self.mul(self.rem(index, extent), stride))
            index = self.div(index, extent)
        return self.add(total, self.mul(index, axes[0][1])) if axes else total

    @contextmanager
    def loop(self, start: Size, stop: Size, step: int = 1, name: str = "i") -> Iterator[Size]:
        """Like `Emitter.loop`; one known pass is no loop."""
        if are_known(start, stop) and start < stop <= start + step:
            yield start
        else:
            with self.e.loop(start, stop, step, name) as i:
                yield i

    @contextmanager
    def when(self, condition: bool | Value) -> Iterator[None]:
        """Like `Emitter.when`; what is known to be true needs no branch (known to be false must not come
        here).
        """
        if isinstance(condition, bool):
            assert condition, "nothing to emit"
            yield
        else:
            with self.e.when(condition):
                yield


def is_number(x: Size, number: int) -> bool:
    """Whether a size is known to be `number`."""
    return isinstance(x, int) and x == number


def are_known(*sizes: Size) -> bool:
    """Whether all the sizes are known when compiling."""
    return all(isinstance(s, int) for s in sizes)
