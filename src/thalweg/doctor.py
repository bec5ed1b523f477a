"""What ``thalweg doctor`` says: versions, processor, threads, data folders, extras present and missing."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

from thalweg.data import cache_folder, find_folder
from thalweg.data.sources import SOURCES
from thalweg.errors import DataError, ThalwegError
from thalweg.extras import EXTRAS, Extra
from thalweg.version import __version__

__all__ = ["report"]

# The vector instructions that change which code is generated, widest first.
_VECTORS = (
    "avx512f",
    "avx512bw",
    "avx512vnni",
    "avx512bf16",
    "avx2",
    "fma",
    "f16c",
    "sse4.2",
    "sve",
    "sve2",
    "neon",
)


def report() -> list[str]:
    """The report, line by line; it never fails because something is missing: it says so instead."""
    return [*_versions(), *_processor(), *_folders(), *(_extra_line(extra) for extra in EXTRAS)]


def _versions() -> list[str]:
    return [
        _line("thalweg", f"{__version__}  ({Path(__file__).parent})"),
        _line("python", f"{platform.python_version()}  ({sys.executable})"),
        _line("system", f"{platform.system()} {platform.release()}, {platform.machine()}"),
        _line("numpy", np.__version__),
    ]


def _processor() -> list[str]:
    try:
        import llvmlite
        import llvmlite.binding as llvm
    except (ImportError, OSError) as error:
        return [_line("llvmlite", f"cannot be loaded ({error}): pip install --force-reinstall llvmlite")]
    features = llvm.get_host_cpu_features()
    present = [name for name in _VECTORS if features.get(name)]
    version = ".".join(map(str, llvm.llvm_version_info))
    return [
        _line("llvmlite", f"{llvmlite.__version__}  (LLVM {version})"),
        _line("processor", llvm.get_host_cpu_name()),
        _line("vectors", ", ".join(present) or "none of those that Thalweg makes use of"),
        _line("threads", _threads()),
    ]


def _threads() -> str:
    # Not at the top: without a sound llvmlite this import fails, and the doctor must still speak.
    from thalweg.run.workers import num_threads

    chosen = (
        "THALWEG_NUM_THREADS" if os.environ.get("THALWEG_NUM_THREADS") else "one for each core free to us"
    )
    try:
        return f"{num_threads()} of {os.cpu_count()} processors ({chosen})"
    except ThalwegError as error:
        return str(error)


def _folders() -> list[str]:
    chosen = os.environ.get("THALWEG_DATA")
    lines = [_line("THALWEG_DATA", chosen or "not set"), _line("data cache", str(cache_folder()))]
    for name in SOURCES:
        try:
            folder = find_folder(name)
            state = str(folder) if folder else "not here: downloaded on first use"
        except DataError as error:
            state = str(error)
        lines.append(_line(f"data {name}", state))
    return lines


def _extra_line(extra: Extra) -> str:
    if extra.present():
        return _line(extra.distribution, f"{_version_of(extra)}  ({extra.gives})")
    return _line(extra.distribution, f"missing; would give {extra.gives}: {extra.install}")


def _version_of(extra: Extra) -> str:
    try:
        return metadata.version(extra.distribution)
    except metadata.PackageNotFoundError:
        return "present"


def _line(name: str, text: str) -> str:
    return f"{name:<14}{text}"
