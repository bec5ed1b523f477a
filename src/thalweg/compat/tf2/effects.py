"""What functions do beside what they give, as printing: in a compiled one it is noted, and done after each run."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.compat.tf2.nested import flat, pack_sequence_as
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import Recorder, current_recorder
from thalweg.ops.state import identity

__all__ = ["Effects", "done_after"]


class _Noting(threading.local):
    recorder: Recorder | None = None  # of the function that is being compiled
    notes: list[tuple[Callable[..., Any], list[Any]]]


_noting = _Noting()


class _Noted(NamedTuple):
    """What a function gives, and the tensors for each of its effects, by number."""

    result: Any
    tensors: dict[int, list[Any]]


def done_after(do: Callable[..., Any], *given: Any) -> bool:
    """Have ``do(*given)`` done after each run of the function that is being compiled, with the values of the tensors;
    False where no run would know them, as in the body of a loop.
    """
    recorder = current_recorder()
    if recorder is None or recorder is not _noting.recorder:
        return False
    leaves = flat(given, expand_composites=True)  # rows of different lengths are several tensors
    places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    tensors = [identity(leaves[k]) if isinstance(leaves[k], Variable) else leaves[k] for k in places]

    def done(*values: Any) -> None:
        filled = list(leaves)
        for k, value in zip(places, values, strict=True):
            filled[k] = value
        do(*pack_sequence_as(given, filled, expand_composites=True))

    _noting.notes.append((done, tensors))
    return True


class Effects:
    """The effects of one function, in all its compiled forms."""

    def __init__(self) -> None:
        self._known: list[Callable[..., Any]] = []

    def noted(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which gives the tensors of its effects, too, while it is compiled."""

        @functools.wraps(fn)
        def noting(*args: Any, **kwargs: Any) -> Any:
            recorder = current_recorder()
            if recorder is None or _noting.recorder is not None:  # or it is a part of another one
                return fn(*args, **kwargs)
            _noting.recorder, _noting.notes = recorder, []
            try:
                found, notes = fn(*args, **kwargs), _noting.notes
            finally:
                _noting.recorder = None
            if not notes:
                return found
            first = len(self._known)
            self._known += [do for do, _ in notes]
            return _Noted(found, {first + k: tensors for k, (_, tensors) in enumerate(notes)})

        return noting

    def done(self, found: Any) -> Any:
        """What the function gives, after its effects."""
        if type(found) is not _Noted:
            return found
        for number, values in found.tensors.items():
            self._known[number](*values)
        return found.result

    def done_for_rows(self, found: Any) -> Any:
        """What the function gives for each row, after its effects for each."""
        if type(found) is not _Noted:
            return found
        given = (leaf for leaf in flat([found.tensors, found.result]) if isinstance(leaf, Tensor))
        for row in range(len(next(given))):
            for number, values in found.tensors.items():
                self._known[number](*(value[row] for value in values))
        return found.result
