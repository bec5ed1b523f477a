"""Modules that Python no longer has, in what programs used of them: ``imp``, ``distutils``, ``imghdr``, ``pipes``, ...

``thalweg run`` offers them by name (:data:`MODULES`) where nobody else has a module of that name: neither this
Python, nor a package that is installed, nor the program itself.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import importlib.machinery
import importlib.metadata
import importlib.util
import os
import re
import shlex
import shutil
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import Any

from thalweg.compat.names import Namespace

# --- imp ------------------------------------------------------------------------------------------------------------


def load_source(name: str, pathname: str, file: Any = None) -> ModuleType:
    """The module of a source file, under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, pathname)
    if spec is None or spec.loader is None:
        raise ImportError(f"imp.load_source: {pathname} is no Python source", name=name, path=pathname)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def find_module(name: str, path: list[str] | None = None) -> tuple[Any, str, tuple[str, str, int]]:
    """Where a module is: (None, its file or folder, its kind); ImportError where there is none."""
    spec = importlib.machinery.PathFinder.find_spec(name, path)
    if spec is None or spec.origin is None:
        raise ImportError(f"No module named {name!r}", name=name)
    package = spec.submodule_search_locations is not None
    place = os.path.dirname(spec.origin) if package else spec.origin
    return None, place, ("", "", 5) if package else (os.path.splitext(place)[1], "r", 1)


def load_module(name: str, file: Any, pathname: str, description: Any) -> ModuleType:
    """The module that ``find_module`` found."""
    inside = os.path.join(pathname, "__init__.py")
    return load_source(name, inside if os.path.isdir(pathname) else pathname)


# --- distutils ------------------------------------------------------------------------------------------------------


@functools.total_ordering
class LooseVersion:
    """A version number of any form, compared part by part: numbers by value, words by letter and before numbers.

    >>> LooseVersion("1.10") > "1.9", LooseVersion("2.0.0rc1").version
    (True, [2, 0, 0, 'rc', 1])
    """

    def __init__(self, vstring: str | None = None) -> None:
        if vstring:
            self.parse(vstring)

    def parse(self, vstring: str) -> None:
        """Take another version."""
        self.vstring = str(vstring)
        parts = re.findall(r"\d+|[a-z]+", self.vstring)
        self.version: Any = [int(part) if part.isdigit() else part for part in parts]

    def _key(self) -> tuple[Any, ...]:
        return tuple((1, part) if isinstance(part, int) else (0, part) for part in self.version)

    def __eq__(self, other: object) -> bool:
        other = type(self)(other) if isinstance(other, str) else other
        return isinstance(other, LooseVersion) and self._key() == other._key()

    def __lt__(self, other: Any) -> bool:
        other = type(self)(other) if isinstance(other, str) else other
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        return self.vstring

    def __repr__(self) -> str:
        return f"{type(self).__name__} ('{self}')"


class StrictVersion(LooseVersion):
    """Two or three numbers, and perhaps ``a`` or ``b`` and the number of a version before the final one.

    >>> StrictVersion("1.2b3") < StrictVersion("1.2.0")
    True
    """

    def parse(self, vstring: str) -> None:
        found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", str(vstring))
        if found is None:
            raise ValueError(f"invalid version number '{vstring}'")
        major, minor, patch, kind, number = found.groups()
        self.vstring, self.version = str(vstring), (int(major), int(minor), int(patch or 0))
        self.prerelease = (kind, int(number)) if kind else None

    def _key(self) -> tuple[Any, ...]:
        return *self.version, self.prerelease is None, self.prerelease or ("", 0)


def strtobool(val: str) -> int:
    """1 for y, yes, t, true, on and 1; 0 for n, no, f, false, off and 0; ValueError for anything else."""
    if val.lower() in ("y", "yes", "t", "true", "on", "1"):
        return 1
    if val.lower() in ("n", "no", "f", "false", "off", "0"):
        return 0
    raise ValueError(f"invalid truth value {val!r}")


def mkpath(name: str, mode: int = 0o777, verbose: int = 1, dry_run: int = 0) -> list[str]:
    """Make a folder and those above it; gives what was made."""
    folders = [str(folder) for folder in (*reversed(Path(name).parents), Path(name)) if not folder.exists()]
    if not dry_run:
        os.makedirs(name, mode, exist_ok=True)
    return folders


def copy_tree(src: str, dst: str, *_options: Any) -> list[str]:
    """Copy a folder's contents into a folder that may be there; gives the files written."""
    shutil.copytree(src, dst, dirs_exist_ok=True)
    return [str(Path(dst) / path.relative_to(src)) for path in sorted(Path(src).rglob("*")) if path.is_file()]


def remove_tree(directory: str, verbose: int = 1, dry_run: int = 0) -> None:
    """Remove a folder and all below it."""
    if not dry_run:
        shutil.rmtree(directory)


def copy_file(src: str, dst: str, *_options: Any) -> tuple[str, int]:
    """Copy a file with its mode and times, into a folder or to a name; gives where, and 1."""
    return str(shutil.copy2(src, dst)), 1


# --- the others -----------------------------------------------------------------------------------------------------

_PICTURES = (
    ("jpeg", rb"\xff\xd8\xff"), ("png", rb"\x89PNG\r\n\x1a\n"), ("gif", rb"GIF8[79]a"), ("tiff", rb"MM|II"),
    ("bmp", rb"BM"), ("webp", rb"RIFF....WEBP"), ("pgm", rb"P[25]\s"), ("ppm", rb"P[36]\s"), ("pbm", rb"P[14]\s"),
)  # fmt: skip


def what(file: Any, h: bytes | None = None) -> str | None:
    """The kind of a picture by its first bytes, given as ``h`` or read from a file, open or by name; None: unknown."""
    if h is None and hasattr(file, "read"):
        place = file.tell()
        h = file.read(32)
        file.seek(place)
    elif h is None:
        with open(file, "rb") as opened:
            h = opened.read(32)
    return next((kind for kind, begins in _PICTURES if re.match(begins, h or b"", re.DOTALL)), None)


def resource_filename(package_or_requirement: str, resource_name: str) -> str:
    """The file of a package."""
    spec = importlib.util.find_spec(package_or_requirement)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {package_or_requirement!r}", name=package_or_requirement)
    return str(Path(spec.origin).parent / resource_name)


def resource_string(package_or_requirement: str, resource_name: str) -> bytes:
    """What is in a file of a package."""
    return Path(resource_filename(package_or_requirement, resource_name)).read_bytes()


_DISTUTILS: dict[str, dict[str, Any]] = {
    "version": {"LooseVersion": LooseVersion, "StrictVersion": StrictVersion},
    "util": {"strtobool": strtobool, "get_platform": sysconfig.get_platform},
    "dir_util": {"mkpath": mkpath, "copy_tree": copy_tree, "remove_tree": remove_tree},
    "file_util": {"copy_file": copy_file},
    "spawn": {"find_executable": shutil.which},
    "sysconfig": {"get_python_lib": lambda *options: sysconfig.get_path("purelib"),
                  "get_python_inc": lambda *options: sysconfig.get_path("include")},
}  # fmt: skip
_ROOMS = {f"distutils.{name}": Namespace(f"distutils.{name}", **own) for name, own in _DISTUTILS.items()}

# By the name that a program imports: a namespace, or the name of the module that has it now.
MODULES: dict[str, Any] = {
    "imp": Namespace("imp", load_source=load_source, find_module=find_module, load_module=load_module,
                     reload=importlib.reload, new_module=ModuleType),
    "distutils": Namespace("distutils", **{name: _ROOMS[f"distutils.{name}"] for name in _DISTUTILS}),
    **_ROOMS,
    "imghdr": Namespace("imghdr", what=what),
    "pipes": Namespace("pipes", quote=shlex.quote),
    "pkg_resources": Namespace("pkg_resources", parse_version=LooseVersion, resource_string=resource_string,
                               resource_filename=resource_filename, get_distribution=importlib.metadata.distribution,
                               DistributionNotFound=importlib.metadata.PackageNotFoundError),
    "sets": Namespace("sets", Set=set, ImmutableSet=frozenset),
    "md5": Namespace("md5", new=hashlib.md5, md5=hashlib.md5),
    "sha": Namespace("sha", new=hashlib.sha1, sha=hashlib.sha1),
    "dummy_threading": "threading",
}  # fmt: skip
