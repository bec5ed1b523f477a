"""Loops in functions that run as the Python they are: their turns are compiled, each a function of what it reads.

A turn (see :mod:`thalweg.compat.loops`) has closed around the names of the function that its loop stands in. It is run
on names of its own: those that it assigns and that had values before go from turn to turn, all others are given to it.
Numbers among the first are tensors from then on, as TensorFlow makes them.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Iterator, Sequence
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np

from thalweg.compat.tf2.data.dataset import Dataset
from thalweg.compat.tf2.function import Function, running_as_python
from thalweg.compat.tf2.tensor_array import TensorArray
from thalweg.compat.tf2.values import tensor as as_tensor
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Spec, Tensor, Variable, constant, of_value
from thalweg.graph.updates import current_recorder
from thalweg.nested import filled, flat, mapped

__all__ = ["counted", "each", "while_true"]

_SITUATIONS = 8  # sets of things around one loop, no tensors, for which its turns are kept as compiled
_MISSES = 8  # about so many that are new, one after another: they are always others
_NUMBERS: dict[type, type] = {bool: np.bool_, int: np.int32, float: np.float32}


def each(elements: Iterable[Any], turn: FunctionType, names: Sequence[str], kept: Sequence[str]) -> None:
    """``turn(element)`` for each element until one gives True. It assigns ``names``; ``kept`` may be read later."""
    function = running_as_python()
    if function is None or not (
        isinstance(elements, Dataset) or (isinstance(elements, Tensor) and elements.ndim)
    ):
        for element in elements:
            if turn(element):
                break
        return
    turns = _Turns(function, turn, None, names, kept)
    for element in _rows(elements) if isinstance(elements, Tensor) else elements:
        if not turns.take(element):
            break
    turns.end()


def counted(elements: Any, start: Any = 0) -> Any:
    """``enumerate``; of a data set whose turns may be compiled, a data set."""
    if isinstance(elements, Dataset) and running_as_python() is not None:
        return elements.enumerate(start)
    return enumerate(elements, start)


def _rows(tensor: Tensor) -> Iterator[Tensor]:
    array = tensor.array()
    specs = (Spec(array.shape[1:], array.dtype),)
    return (of_value(np.asarray(row), specs) for row in array)


def while_true(asked: FunctionType, turn: FunctionType, names: Sequence[str], kept: Sequence[str]) -> None:
    """Turns as long as ``asked()`` is true, and until one gives True."""
    goes_on = asked()
    function = running_as_python()
    if function is None or not isinstance(goes_on, Tensor):
        while goes_on:
            goes_on = not turn() and asked()
        return
    turns = _Turns(function, turn, asked, names, kept)
    while goes_on:
        goes_on = turns.take()
    turns.end()


class _Things:
    """What is no tensor, by name; equal where it is the same, or a number or text as before."""

    def __init__(self, held: dict[str, Any]) -> None:
        self.held = held

    def __hash__(self) -> int:
        return hash(tuple(self.held))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Things) or self.held.keys() != other.held.keys():
            return False
        return all(_is_the_same(value, other.held[name]) for name, value in self.held.items())


def _is_the_same(one: Any, other: Any) -> bool:
    plain = type(one) is type(other) and isinstance(one, (bool, int, float, str, bytes))
    return one is other or (plain and bool(one == other))


class _Now(threading.local):
    arrays: dict[str, TensorArray]  # of the turn that is taken


_now = _Now()


class _Notes:
    """Stands for a ``TensorArray`` in a turn that is compiled: what is written is done when the turn has run."""

    def __init__(self) -> None:
        self.pairs: list[tuple[Any, Any]] = []

    def write(self, index: Any, value: Any, name: Any = None) -> _Notes:
        """This array, with a tensor at that number."""
        self.pairs.append((as_tensor(index), as_tensor(value)))
        return self

    def __getattr__(self, name: str) -> Any:
        raise fail(SymbolicError, f"TensorArray.{name} in a turn that is compiled")


class _Turns:
    """The turns of one loop: compiled ones as long as all that goes from turn to turn are tensors."""

    def __init__(
        self,
        function: Function,
        turn: FunctionType,
        asked: FunctionType | None,
        names: Sequence[str],
        kept: Sequence[str],
    ) -> None:
        self._turn, self._asked = turn, asked
        self._cells = {n: cell for f in (turn, asked) if f is not None for n, cell in _closed_over(f).items()}
        values = {name: cell.cell_contents for name, cell in self._cells.items() if _is_full(cell)}
        self._state = {n: _as_tensors(v) for n, v in values.items() if n in names and _are_numbers(v)}
        rest = {n: v for n, v in values.items() if n not in self._state}
        self._tensors = {
            n: v for n, v in rest.items() if _is_tensor(v)
        }  # a list may be changed: it is a thing
        self._arrays = {n: v for n, v in rest.items() if isinstance(v, TensorArray)}
        known = self._tensors.keys() | self._arrays.keys()
        self._things = _Things({n: v for n, v in rest.items() if n not in known})
        self._last: dict[str, Any] = {}
        codes = tuple([f.__code__ for f in (turn, asked) if f is not None])
        if codes not in function.loops:
            function.loops[codes] = _Loop(codes, turn.__globals__, names, kept)
        self._loop: _Loop | None = function.loops[codes]
        self._step: Function | None = None  # of the turn before
        self._read = flat(self._tensors)

    def take(self, *element: Any) -> Any:
        """One turn; whether there is another one."""
        if self._loop is None:
            return not self._turn(*element) and (self._asked is None or self._asked())
        step, leaves = self._step, [*self._state.values(), *self._read, *element]
        plain = all(type(leaf) is Tensor for leaf in leaves)
        if step is None or not plain:
            given = [self._state, self._tensors, element]
            step, leaves = self._loop.step(self._things, self._arrays, given), flat(given)
            if step is None:
                self.end()
                self._loop = None
                return self.take(*element)
            self._step = step if plain else None  # what has parts now may be plain the next time
        _now.arrays = self._arrays
        self._state, self._last, written, others, goes_on = step(*leaves)
        for name, pairs in written.items():
            for place, value in pairs:
                self._arrays[name].write(place, value)
        if others is not None:  # it has run as Python, and there is more than tensors
            self.end()
            self._put(others.held)
            self._loop = None
        return goes_on

    def end(self) -> None:
        """The names have the values of the last turn."""
        if self._loop is not None:
            self._put({**self._state, **self._last})

    def _put(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._cells[name].cell_contents = value


class _Loop:
    """The turns of one loop as functions of the tensors in (what goes from turn to turn, others, (element,))."""

    def __init__(
        self, codes: tuple[CodeType, ...], module: dict[str, Any], names: Sequence[str], kept: Sequence[str]
    ) -> None:
        self._codes, self._module, self._names, self._kept = codes, module, names, kept
        self._steps: dict[Any, Function] = {}  # the latest last
        self._missed = 0

    def step(self, things: _Things, arrays: dict[str, TensorArray], given: Any) -> Function | None:
        """The function for such a situation; None where it is always another one."""
        key = (things, tuple(arrays), str(mapped(lambda leaf: 0, given)))
        found = self._steps.pop(key, None)
        self._missed += 1 if found is None else -(self._missed > 0)
        if self._missed > _MISSES:
            self._steps.clear()
            return None
        if len(self._steps) == _SITUATIONS:
            del self._steps[next(iter(self._steps))]
        made = self._steps[key] = found or Function(functools.partial(self._taken, things, given))
        return made

    def _taken(self, things: _Things, like: Any, *leaves: Any) -> Any:
        """One turn, with what goes on from it, what else is read of it, what is written to arrays, what of all that are
        no tensors, and whether there is another turn.
        """
        state, tensors, element = filled(like, leaves)
        arrays = _now.arrays
        notes = {} if current_recorder() is None else {n: _Notes() for n in arrays}
        given = {**things.held, **arrays, **notes, **tensors, **state}
        free = dict.fromkeys(n for code in self._codes for n in code.co_freevars)
        cells = {n: CellType(given[n]) if n in given else CellType() for n in free}
        turn, *asked = [
            FunctionType(c, self._module, c.co_name, None, tuple([cells[n] for n in c.co_freevars]))
            for c in self._codes
        ]
        goes_on = not turn(*element) and (not asked or asked[0]())
        made = {n: cells[n].cell_contents for n in self._names if n in cells and _is_full(cells[n])}
        new = {n: _as_tensors(made[n]) for n in state if n in made and _are_numbers(made[n])}
        last = {n: made[n] for n in self._kept if n in made and n not in new and _are_tensors(made[n])}
        others = {n: v for n, v in made.items() if n not in new and n not in last}
        lost = [n for n, v in others.items() if (v is not given[n] if n in given else n in self._kept)]
        if len(new) == len(state) and not lost:
            return new, last, {n: note.pairs for n, note in notes.items()}, None, goes_on
        if current_recorder() is not None:
            raise fail(SymbolicError, "what goes from one turn of a loop to the next are not tensors alone")
        return new, last, {}, _Things(others), goes_on


def _closed_over(function: FunctionType) -> dict[str, CellType]:
    return dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def _is_full(cell: CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) and not isinstance(value, Variable)


def _are_tensors(value: Any) -> bool:
    return all(map(_is_tensor, flat([value])))


def _are_numbers(value: Any) -> bool:
    """Whether these are tensors, or numbers that can be."""
    return all(_is_tensor(leaf) or type(leaf) in _NUMBERS for leaf in flat([value]))


def _as_tensors(value: Any) -> Any:
    return mapped(lambda x: constant(_NUMBERS[type(x)](x)) if type(x) in _NUMBERS else x, value)
