"""What is made for arrays of certain shapes and serves others too: axes that keep changing are open in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from thalweg.graph.tensor import shapes_match

__all__ = ("ByShapes", "Shapes")

Shapes = tuple[tuple[int | None, ...], ...]  # one for each array; None: an open length
T = TypeVar("T")
_MOST = 64  # things kept; the oldest goes first


class ByShapes(Generic[T]):
    """What a function of shapes gave, by these shapes.

    Where other lengths come than before, it is called with these open; if it fails so, with only the first axes open,
    and then for the shapes as they are. ``first``: shapes for which it is called before any other, if they fit.

    >>> forms = ByShapes()
    >>> [forms.get(((2, n),), str) for n in (3, 4, 5)]
    ['((2, 3),)', '((2, None),)', '((2, None),)']
    >>> ByShapes(((None, 3),)).get(((2, 3),), str)
    '((None, 3),)'
    """

    def __init__(self, first: Shapes | None = None) -> None:
        self._first = first
        self._made: dict[Shapes, T] = {}
        self._closed: set[Shapes] = set()  # open shapes for which it fails

    def __len__(self) -> int:
        return len(self._made)

    def get(self, shapes: Shapes, make: Callable[[Shapes], T]) -> T:
        """What there is for these shapes, else what ``make`` gives."""
        found = self._made.get(shapes)
        if found is None:
            fitting = [made for given, made in self._made.items() if all(map(shapes_match, given, shapes))]
            found = fitting[-1] if fitting else self._new(shapes, make)
        return found

    def _new(self, shapes: Shapes, make: Callable[[Shapes], T]) -> T:
        opened = _opened(shapes, list(self._made))
        rows = tuple(o[:1] + s[1:] for o, s in zip(opened, shapes, strict=True))
        told = self._first or ()
        first = [told] if len(told) == len(shapes) and all(map(shapes_match, told, shapes)) else []
        for tried in dict.fromkeys((*first, opened, rows)):
            if tried != shapes and tried not in self._closed:
                try:
                    return self._keep(tried, make(tried))
                except Exception:  # it needs to know these lengths, or fails whatever they are
                    self._closed.add(tried)
        return self._keep(shapes, make(shapes))

    def _keep(self, shapes: Shapes, made: T) -> T:
        if len(self._made) >= _MOST:
            self._made.pop(next(iter(self._made)))
        self._made[shapes] = made
        return made


def _opened(shapes: Shapes, before: Sequence[Shapes]) -> Shapes:
    """The shapes, open where these have been other lengths before."""
    return tuple(
        tuple(None if any(old[k][axis] != n for old in before) else n for axis, n in enumerate(shape))
        for k, shape in enumerate(shapes)
    )
