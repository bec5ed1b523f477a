"""What notices what comes to stand in it after a restoration: modules, checkpoints, their lists and dicts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Tracked:
    """What a restoration is told of: values of the file go into what comes to stand in it later, too."""

    _restoration: Any = None  # of the checkpoint that was restored last

    def _entered(self, name: str, thing: Any) -> None:
        if self._restoration is not None:
            self._restoration.enter(self, name, thing)


class Holder(Tracked):
    """An object that knows itself what it tracks: ``tracked()`` gives names and objects."""

    def tracked(self) -> Iterable[tuple[str, Any]]:
        """What stands in it, with the names."""
        raise NotImplementedError


class ListWrapper(list[Any], Holder):
    """A list in a checkpoint: what is appended to it is restored too."""

    def tracked(self) -> Iterable[tuple[str, Any]]:
        """The elements by their numbers."""
        return ((str(k), thing) for k, thing in enumerate(self))

    def append(self, thing: Any) -> None:
        """Add at the end."""
        super().append(thing)
        self._entered(str(len(self) - 1), thing)

    def extend(self, things: Iterable[Any]) -> None:
        """Add several at the end."""
        for thing in things:
            self.append(thing)

    def __iadd__(self, things: Iterable[Any]) -> ListWrapper:  # type: ignore[override,misc]
        self.extend(things)
        return self

    def __repr__(self) -> str:
        return f"ListWrapper({super().__repr__()})"


class DictWrapper(dict[Any, Any], Holder):
    """A dict in a checkpoint: what is put into it is restored too."""

    def tracked(self) -> Iterable[tuple[str, Any]]:
        """The values by their keys."""
        return ((str(key), thing) for key, thing in self.items())

    def __setitem__(self, key: Any, thing: Any) -> None:
        super().__setitem__(key, thing)
        self._entered(str(key), thing)

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """The value of a key, which is put in where there was none."""
        if key not in self:
            self[key] = default
        return self[key]

    def update(self, *things: Any, **named: Any) -> None:
        """Put in what another dict has."""
        for key, thing in dict(*things, **named).items():
            self[key] = thing


def wrapped(thing: Any) -> Any:
    """A list or dict, and those in it, as what notices; anything else itself."""
    if type(thing) is list:
        return ListWrapper(map(wrapped, thing))
    return DictWrapper({k: wrapped(v) for k, v in thing.items()}) if type(thing) is dict else thing
