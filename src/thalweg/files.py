"""Writing files so that a reader never sees half of one: temporary name, flush, sync, rename."""

from __future__ import annotations

import glob
import gzip
import os
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from thalweg.errors import DataError

__all__ = [
    "atomic_write", "atomic_write_bytes", "atomic_write_text", "remove_leftovers", "user_cache", "writable_folder",
]  # fmt: skip


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary file that appears under ``path`` complete, or not at all.

    The bytes go to a temporary file in the same folder; when the block ends well they are forced to the disk
    and the file takes its name in one step. When the block raises, whatever stood at ``path`` is untouched.

    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> with atomic_write(folder / "a.bin") as file:
    ...     _ = file.write(b"complete")
    >>> (folder / "a.bin").read_bytes()
    b'complete'
    """
    path = Path(path)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _mode_for(path))
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(path.parent)


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Remove temporary files that killed writers of ``path`` have left; nobody may be writing it."""
    path = Path(path)
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        left.unlink(missing_ok=True)


def atomic_write_bytes(path: str | os.PathLike[str], data: bytes) -> None:
    """Write ``data`` to ``path`` in one step (see :func:`atomic_write`)."""
    with atomic_write(path) as file:
        file.write(data)


def atomic_write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` as UTF-8 to ``path`` in one step (see :func:`atomic_write`)."""
    atomic_write_bytes(path, text.encode("utf-8"))


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """The folder ``path``, made if absent and proved writable by writing; a DataError says why it is not."""
    folder = Path(path).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"cannot write to the folder {str(folder)!r}: {reason}; choose another one") from None
    return folder


def user_cache(name: str) -> Path:
    """The user's own folder for what can be had again, by the system's convention; it need not exist yet."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "thalweg" / name


def _mode_for(path: Path) -> int:
    """The permissions of the file to be replaced, or those that a plain ``open`` would give a new one."""
    with suppress(OSError):
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable where the system can sync a folder."""
    with suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def unpacked(data: bytes, kind: str) -> bytes:
    """What a file holds that is packed as ``kind`` says, "GZIP" or "ZLIB".

    >>> unpacked(zlib.compress(b"lines"), "ZLIB")
    b'lines'
    """
    return gzip.decompress(data) if kind == "GZIP" else zlib.decompress(data)
