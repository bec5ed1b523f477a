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
    """A digest of every source file of the package; None where they may not be those that this process runs.

    So it is where there are none, or where one was changed after the package was loaded.
    """
    digest, package, count = hashlib.sha256(), os.path.dirname(__file__), 0
    try:
        for folder, folders, files in os.walk(package):
            folders[:] = sorted(f for f in folders if f != "__pycache__")
            for path in sorted(os.path.join(folder, f) for f in files if f.endswith(".py")):
                with open(path, "rb", buffering=0) as file:
                    info, data = os.fstat(file.fileno()), file.read()
                if max(info.st_mtime, info.st_ctime) > _LOADED:
                    return None
                digest.update(f"{path[len(package) :]} {len(data)}\n".encode() + data)
                count += 1
    except OSError:
        return None
    return digest.hexdigest() if count else None
