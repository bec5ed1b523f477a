"""``tf.gfile``: files and folders of this machine."""

from __future__ import annotations

import glob as _glob
import os
import shutil
from collections.abc import Iterator
from typing import Any


class GFile:
    """An open file; reading gives text (of UTF-8) or bytes by the mode, texts and bytes are written in any mode."""

    def __init__(self, name: str, mode: str = "r") -> None:
        if "b" in mode or mode != "r":
            self._file: Any = open(name, mode if "b" in mode else f"{mode}b")  # noqa: SIM115 - the user closes it
        else:
            self._file = open(name, encoding="utf-8", newline="\n")  # noqa: SIM115
        self.name, self.mode = name, mode

    def write(self, file_content: Any) -> int:
        """Write a text or bytes at the end."""
        encoded = file_content.encode() if isinstance(file_content, str) else file_content
        return self._file.write(encoded)  # type: ignore[no-any-return]

    def size(self) -> int:
        """How many bytes there are."""
        return os.path.getsize(self.name)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Any]:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


FastGFile = Open = GFile


def Exists(path: str) -> bool:
    """Whether there is a file or folder."""
    return os.path.exists(path)


def IsDirectory(path: str) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(path)


def MakeDirs(path: str) -> None:
    """Make a folder and those above it."""
    os.makedirs(path, exist_ok=True)


MkDir = MakeDirs


def ListDirectory(path: str) -> list[str]:
    """The names in a folder."""
    return sorted(os.listdir(path))


def Glob(pattern: str) -> list[str]:
    """The paths that a pattern names."""
    return sorted(_glob.glob(pattern))


def Remove(path: str) -> None:
    """Remove a file."""
    os.remove(path)


def DeleteRecursively(path: str) -> None:
    """Remove a folder with all in it."""
    shutil.rmtree(path)


def Copy(old: str, new: str, overwrite: bool = False) -> None:
    """Copy a file."""
    if os.path.exists(new) and not overwrite:
        raise FileExistsError(new)
    shutil.copy(old, new)


def Rename(old: str, new: str, overwrite: bool = False) -> None:
    """Rename a file."""
    if os.path.exists(new) and not overwrite:
        raise FileExistsError(new)
    os.replace(old, new)


def Stat(path: str) -> os.stat_result:
    """What the system knows of a file."""
    return os.stat(path)


def Walk(top: str, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """The folders below one, with their contents."""
    return os.walk(top)
