"""The version of Thalweg: the one place that states it, and a digest of the sources that it stands for."""

from __future__ import annotations

import functools
import hashlib
import os
import time

__version__ = "0.1.0"

_LOADED = time.time()


@functools.cache
def sources_digest() -> str | None:
    """A digest of what the file system says of every source file of the package: its name, its length, and when it was
    changed; None where they may not be those that this process runs.

    So it is where there are none, or where one was changed after the package was loaded.
    """
    digest, package, count = hashlib.sha256(), os.path.dirname(__file__), 0
    folders = [package]
    try:
        while folders:
            with os.scandir(folders.pop()) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            folders += [e.path for e in found if e.is_dir() and e.name != "__pycache__"]
            for entry in found:
                if entry.name.endswith(".py"):
                    info = entry.stat()
                    if max(info.st_mtime, info.st_ctime) > _LOADED:
                        return None
                    facts = (
                        f"{entry.path[len(package) :]} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}\n"
                    )
                    digest.update(facts.encode())
                    count += 1
    except OSError:
        return None
    return digest.hexdigest() if count else None
