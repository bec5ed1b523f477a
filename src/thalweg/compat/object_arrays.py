"""``np.load`` of arrays of objects, as NumPy took them until 1.16 without being asked: weights as a dict of arrays.

Such a file is a pickle. What is read here are arrays, numbers, texts and what holds them; nothing else in the file is
made or called. A program that passes ``allow_pickle`` gets NumPy's own answer.
"""

from __future__ import annotations

import functools
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.errors import DataError, fail

_MAGIC = b"\x93NUMPY"
_ARRAYS = {
    *((f"{room}.multiarray", name) for room in ("numpy.core", "numpy._core") for name in ("_reconstruct", "scalar")),
    ("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode"), ("collections", "OrderedDict"),
}  # fmt: skip
_PLAIN = frozenset(
    "bool bytearray bytes complex dict float frozenset int list long range set slice str tuple unicode xrange".split()
)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ARRAYS and not (module in ("builtins", "__builtin__") and name in _PLAIN):
            raise fail(
                DataError,
                "np.load: an array of objects",
                expected="arrays, numbers, texts, and dicts, lists and tuples of them",
                received=f"a pickle that asks for {module}.{name}",
                hint="np.load(file, allow_pickle=True) reads it; do that with files whose makers you trust",
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's rooms had other names
            return super().find_class(module, name)


class _Npz(np.lib.npyio.NpzFile):
    """A file of several arrays, some of objects."""

    def __getitem__(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except ValueError as error:
            if "allow_pickle" not in str(error):
                raise
        assert self.zip is not None
        name = key if key in self.zip.namelist() else f"{key}.npy"
        with self.zip.open(name) as file:
            return _read(file, str((self.pickle_kwargs or {}).get("encoding", "ASCII")))


@functools.cache
def old_load(load: Callable[..., Any]) -> Callable[..., Any]:
    """``np.load`` that takes arrays of objects where the program does not say whether it may."""

    @functools.wraps(load)
    def loaded(file: Any, *args: Any, **options: Any) -> Any:
        if len(args) > 1 or "allow_pickle" in options:
            return load(file, *args, **options)
        start = file.tell() if hasattr(file, "seek") else None
        try:
            found = load(file, *args, **options)
        except ValueError as error:
            if "allow_pickle" not in str(error):
                raise
        else:
            if type(found) is np.lib.npyio.NpzFile:
                found.__class__ = _Npz
            return found
        encoding = options.get("encoding", "ASCII")
        if start is not None:
            file.seek(start)
            return _read(file, encoding)
        with open(file, "rb") as stream:
            return _read(stream, encoding)

    return loaded


def _read(file: Any, encoding: str) -> Any:
    """What a file of one array, or a bare pickle, holds."""
    start = file.tell()
    if file.read(len(_MAGIC)) == _MAGIC:
        file.seek(start)
        version = np.lib.format.read_magic(file)
        header = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        header(file)
    else:
        file.seek(start)
    return _Unpickler(file, encoding=encoding).load()
