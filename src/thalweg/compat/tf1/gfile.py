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


def write_string_to_file(filename: str, file_content: Any) -> None:
    """Write a text or bytes as the whole of a file."""
    with GFile(filename, "w") as file:
        file.write(file_content)


def read_file_to_string(filename: str, binary_mode: bool = False) -> Any:
    """All of a file: a text, or bytes in ``binary_mode``."""
    with GFile(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def Exists(filename: str) -> bool:
    """Whether there is a file or folder."""
    return os.path.exists(filename)


def IsDirectory(dirname: str) -> bool:
    """Whether it is a folder."""
    return os.path.isdir(dirname)


def MakeDirs(dirname: str) -> None:
    """Make a folder and those above it."""
    os.makedirs(dirname, exist_ok=True)


MkDir = MakeDirs


def ListDirectory(dirname: str) -> list[str]:
    """The names in a folder."""
    return sorted(os.listdir(dirname))


def Glob(filename: Any) -> list[str]:
    """The paths that a pattern names, or each of several."""
    patterns = [filename] if isinstance(filename, str) else filename
    return [path for pattern in patterns for path in sorted(_glob.glob(pattern))]


def Remove(filename: str) -> None:
    """Remove a file."""
    os.remove(filename)


def DeleteRecursively(dirname: str) -> None:
    """Remove a folder with all in it."""
    shutil.rmtree(dirname)


def Copy(oldpath: str, newpath: str, overwrite: bool = False) -> None:
    """Copy a file."""
    if os.path.exists(newpath) and not overwrite:
        raise FileExistsError(newpath)
    shutil.copy(oldpath, newpath)


def Rename(oldname: str, newname: str, overwrite: bool = False) -> None:
    """Rename a file."""
    if os.path.exists(newname) and not overwrite:
        raise FileExistsError(newname)
    os.replace(oldname, newname)


def Stat(filename: str) -> os.stat_result:
    """What the system knows of a file."""
    return os.stat(filename)


def Walk(top: str, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """The folders below one, with their contents."""
    return os.walk(top)
