"""Object code kept on disk between runs: native code only, in a folder that nobody else can write to.

A file's name is the hash of everything that decides its contents (the scheduled program, Thalweg's sources, LLVM, the
processor and its features, the passes); its body carries its own checksum. Whoever could write here could run code as
this user, so a folder that is not the user's own, is a link, or lets others write is not used. Every doubt is a miss:
the code is compiled again.
"""

from __future__ import annotations

import functools
import hashlib
import os
import stat
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from thalweg.files import user_cache

_MAGIC = b"thalweg object 2\n"
_LIMIT_BYTES = 256 << 20
_KEPT_SHARE = 0.75  # of the limit, after a clean-up: the most recently used
_LOOKING = ("0", "8")  # of hexadecimal names, so that one file in eight asks whether there are too many


def key(parts: Sequence[str]) -> str:
    """The name under which object code made from these texts is kept."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def load(name: str) -> bytes | None:
    """The object code kept under a name; None where there is none, or none that can be trusted."""
    folder = _folder()
    if folder is None:
        return None
    path = folder / name
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as file:
            if not _private(os.fstat(file.fileno())):
                return None
            data = file.read()
    except OSError:
        return None
    head = len(_MAGIC) + hashlib.sha256().digest_size
    body = data[head:]
    if not data.startswith(_MAGIC) or data[len(_MAGIC) : head] != hashlib.sha256(body).digest():
        return None
    with suppress(OSError):
        os.utime(path)  # used now: the last to be cleaned away
    return body


def store(name: str, object_code: bytes) -> None:
    """Keep object code under a name. Where it cannot be kept, nothing happens."""
    folder = _folder()
    if folder is None:
        return
    with suppress(OSError):
        handle, temporary = tempfile.mkstemp(prefix=".", dir=folder)  # readable by the user alone
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(object_code).digest() + object_code)
            os.replace(temporary, folder / name)
        except OSError:
            os.unlink(temporary)
            raise
        if name.startswith(_LOOKING):
            _clean(folder)


def _folder() -> Path | None:
    """The cache's folder, made if absent; None where it cannot be trusted or used."""
    return _checked(user_cache("objects"))


@functools.lru_cache(maxsize=8)
def _checked(folder: Path) -> Path | None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = os.lstat(folder)
    except OSError:
        return None
    return folder if stat.S_ISDIR(info.st_mode) and _private(info) else None


def _private(info: os.stat_result) -> bool:
    """Whether a file or folder is this user's, and others cannot write to it."""
    if not hasattr(os, "getuid"):  # Windows: the folder lies in the user's own profile
        return True
    return info.st_uid == os.getuid() and not info.st_mode & 0o022


def _clean(folder: Path) -> None:
    """Drop the least recently used files once there are too many bytes."""
    with os.scandir(folder) as entries:
        files = [(e.stat(), e.path) for e in entries if e.is_file(follow_symlinks=False)]
    found = [(info.st_mtime, info.st_size, path) for info, path in files]
    total = sum(size for _, size, _ in found)
    if total <= _LIMIT_BYTES:
        return
    for _, size, path in sorted(found):
        with suppress(OSError):
            os.unlink(path)
        total -= size
        if total <= _LIMIT_BYTES * _KEPT_SHARE:
            return
