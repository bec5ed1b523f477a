"""The modules that are part of a program: those in its folder, and in the places that ``PYTHONPATH`` names."""

from __future__ import annotations

import ast
import contextlib
import functools
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import thalweg
from thalweg.compat import programs

_OURS = Path(thalweg.__file__).resolve().parent
_Place = tuple[Path, Callable[[Path], bool]]  # a folder, and which of the packages in it count


def places(folder: Path) -> list[Path]:
    """The folders in which a program's own modules are; those with installed packages are not."""
    named = (Path(p).resolve() for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p)
    return [folder, *(p for p in named if p != _OURS.parent and not any(p.glob("*.dist-info")))]


def modules(path: Path, tree: ast.Module, installed: bool = False) -> Iterator[tuple[Path, ast.Module, bool]]:
    """The program's own modules that it imports, and those that they import: each one's file, its tree, and whether it
    is of Python 2.

    ``installed``: those of installed packages for the old libraries, too.
    """
    roots: list[_Place] = [(place, lambda package: True) for place in places(path.parent)]
    if installed:
        roots += [
            (Path(p), _is_for_old_libraries) for p in sys.path if p and any(Path(p).glob("*.dist-info"))
        ]
    seen, queue = {path}, [(tree, path)]
    while queue:
        importer, at = queue.pop(0)
        for file in _imported_files(importer, at, roots):
            if file in seen:
                continue
            seen.add(file)
            with contextlib.suppress(SyntaxError):
                found, old = programs.read(programs.source_of(file), str(file))
                yield file, found, old
                queue.append((found, file))


@functools.cache
def _is_for_old_libraries(package: Path) -> bool:
    """Whether a file at the top of a package, or one folder below, names one of them."""
    files = [package.with_suffix(".py"), *sorted(package.glob("*.py")), *sorted(package.glob("*/*.py"))]
    texts = (file.read_bytes() for file in files if file.is_file())
    return any(map(_IMPORTS_OF_THEM.search, texts))


_IMPORTS_OF_THEM = re.compile(rb"import (keras|tensorflow|theano|lasagne)\b|from (keras|theano|lasagne)\b")


def _imported_files(tree: ast.Module, at: Path, roots: Sequence[_Place]) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [".".join(filter(None, (node.module, alias.name))) for alias in node.names]
        else:
            continue
        level = getattr(node, "level", 0)
        here = at.parents[level - 1] if 0 < level <= len(at.parents) else at.parent
        bases = [(here, lambda package: True), *(() if level else roots)]
        for name in names:
            yield from _files_of(name, bases)


def _files_of(name: str, bases: Sequence[_Place]) -> Iterator[Path]:
    """The files that an import of a dotted name runs, in the first folder that has any."""
    for base, is_wanted in bases:
        found = []
        if not is_wanted(base / name.split(".")[0]):
            continue
        for part in name.split("."):
            base /= part
            found += [f for f in (base.with_name(f"{part}.py"), base / "__init__.py") if f.is_file()]
        if found:
            yield from found
            return


__all__ = ["modules", "places"]
