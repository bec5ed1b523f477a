"""``theano.misc.pkl_utils``: a program's own pickles of its variables, in zip files that NumPy reads, too.

What is loaded runs as the program's ``pickle.load`` would: read only what you wrote. The library itself has no
pickles; its models are in files of numbers.
"""

from __future__ import annotations

import collections
import io
import pickle
import zipfile
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np

from thalweg.compat.theano.variable import AnyVariable

DEFAULT_PROTOCOL, HIGHEST_PROTOCOL = pickle.DEFAULT_PROTOCOL, pickle.HIGHEST_PROTOCOL


class StripPickler(pickle.Pickler):
    """Pickles variables; there is nothing to strip, as they keep no traces of where they were made."""

    def __init__(self, file: BinaryIO, protocol: int = 0, extra_tag_to_remove: Any = None) -> None:
        super().__init__(file, protocol)


class CompatUnpickler(pickle.Unpickler):
    """Loads pickles, of Python 2 too."""

    def __init__(self, file: BinaryIO, encoding: str = "latin1", **options: Any) -> None:
        super().__init__(file, encoding=encoding, **options)


class PersistentNdarrayID:
    """Writes each array to a file of its own in the zip file, ``array_0``, ``array_1``, ..."""

    def __init__(self, zip_file: zipfile.ZipFile) -> None:
        self.zip_file = zip_file
        self.count = 0
        self.seen: dict[int, tuple[str, np.ndarray]] = {}

    def _resolve_name(self, obj: np.ndarray) -> str:
        self.count += 1
        return f"array_{self.count - 1}"

    def __call__(self, obj: Any) -> str | None:
        if type(obj) is not np.ndarray or obj.dtype.hasobject:
            return None
        if id(obj) not in self.seen:
            name = self._resolve_name(obj)
            with self.zip_file.open(name, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, obj)
            self.seen[id(obj)] = f"ndarray.{name}", obj
        return self.seen[id(obj)][0]


class PersistentSharedVariableID(PersistentNdarrayID):
    """The values of shared variables get the variables' names: ``w``, and ``w_2`` for another one of that name."""

    def __init__(
        self, zip_file: zipfile.ZipFile, allow_unnamed: bool = True, allow_duplicates: bool = True
    ) -> None:
        super().__init__(zip_file)
        self.names: dict[int, str] = {}
        self.used: collections.Counter[str] = collections.Counter()
        self.allow_unnamed, self.allow_duplicates = allow_unnamed, allow_duplicates

    def _resolve_name(self, obj: np.ndarray) -> str:
        name = self.names.get(id(obj))
        if name is None:
            return super()._resolve_name(obj)
        self.used[name] += 1
        if self.used[name] == 1:
            return name
        if not self.allow_duplicates:
            raise ValueError(f"multiple shared variables with the name `{name}` found")
        return f"{name}_{self.used[name]}"

    def __call__(self, obj: Any) -> str | None:
        if isinstance(obj, AnyVariable) and hasattr(obj, "get_value"):
            if not obj.name and not self.allow_unnamed:
                raise ValueError(f"unnamed shared variable, {obj}")
            if obj.name == "pkl":
                raise ValueError("can't pickle shared variable with name `pkl`")
            slot = getattr(obj.tensor, "slot", None)
            if obj.name and slot is not None:
                self.names[id(slot.array)] = obj.name
        return super().__call__(obj)


class PersistentNdarrayLoad:
    """Reads the arrays that stand in files of their own."""

    def __init__(self, zip_file: zipfile.ZipFile) -> None:
        self.zip_file = zip_file
        self.cache: dict[str, np.ndarray] = {}

    def __call__(self, persid: str) -> np.ndarray:
        name = persid.split(".", 1)[1]
        if name not in self.cache:
            with self.zip_file.open(name) as file:
                self.cache[name] = np.lib.format.read_array(file)
        return self.cache[name]


class _Pickler(pickle.Pickler):
    """Objects that ``name`` gives a name are kept by that alone."""

    def __init__(self, file: Any, protocol: int, name: Callable[[Any], Any]) -> None:
        super().__init__(file, protocol)
        self._name = name

    def persistent_id(self, obj: Any) -> Any:
        return self._name(obj)


class _Unpickler(pickle.Unpickler):
    """What was kept by its name is what ``find`` finds by it."""

    def __init__(self, file: Any, find: Callable[[Any], Any]) -> None:
        super().__init__(file)
        self._find = find

    def persistent_load(self, name: Any) -> Any:
        return self._find(name)


def dump(
    obj: Any, file_handler: Any, protocol: int = DEFAULT_PROTOCOL,
    persistent_id: Callable[[zipfile.ZipFile], Callable[[Any], Any]] = PersistentSharedVariableID,
) -> None:  # fmt: skip
    """Pickle ``obj`` to a zip file: ``pkl``, and each array in a file of its own."""
    pickled = io.BytesIO()
    with zipfile.ZipFile(file_handler, "w", zipfile.ZIP_DEFLATED) as zip_file:
        _Pickler(pickled, protocol, persistent_id(zip_file)).dump(obj)
        zip_file.writestr("pkl", pickled.getvalue())


def load(f: Any, persistent_load: Callable[[zipfile.ZipFile], Any] = PersistentNdarrayLoad) -> Any:
    """What was dumped to a zip file."""
    with zipfile.ZipFile(f) as zip_file, zip_file.open("pkl") as file:
        return _Unpickler(file, persistent_load(zip_file)).load()


__all__ = [
    "DEFAULT_PROTOCOL",
    "HIGHEST_PROTOCOL",
    "CompatUnpickler",
    "PersistentNdarrayID",
    "PersistentNdarrayLoad",
    "PersistentSharedVariableID",
    "StripPickler",
    "dump",
    "load",
]
