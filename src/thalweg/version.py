"""The version of Thalweg: the one place that states it, and a digest of the sources that it stands for."""

from __future__ import annotations

import functools
import hashlib
import time
from pathlib import Path

__version__ = "0.1.0"

_LOADED = time.time()


@functools.cache
def sources_digest() -> str | None:
    """A digest of every source file of the package; None where they may not be those that this process runs.

    So it is where there are none, or where one was changed after the package was loaded.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parent
    try:
        files = sorted(package.rglob("*.py"))
        for file in files:
            info, data = file.stat(), file.read_bytes()
            if max(info.st_mtime, info.st_ctime) > _LOADED:
                return None
            digest.update(f"{file.relative_to(package).as_posix()} {len(data)}\n".encode() + data)
    except OSError:
        return None
    return digest.hexdigest() if files else None
