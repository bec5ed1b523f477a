"""``thalweg run``: a program of an old library runs as it is, its imports led to thalweg.compat."""

from __future__ import annotations

import ast
import functools
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType

from thalweg.compat import (
    beside,
    children,
    complaints,
    graphs,
    ipython_names,
    programs,
    python2_words,
    removed_names,
    rewriting,
)
from thalweg.compat.aliases import ALIASES, AliasFinder
from thalweg.errors import DataError

_EAGER = ("tf2", "eager", "keras")  # generations whose programs see the main library's tensors
_LIBRARY = str(Path(__file__).resolve().parent.parent) + os.sep
_IMPORTLIB = str(Path(importlib.__file__).resolve().parent) + os.sep


def run(file: str, arguments: Sequence[str] = (), kind: str | None = None) -> int:
    """Run the program ``file`` as ``__main__`` with ``arguments``; its exit code (1 after an exception).

    ``kind``: the generation ("tf1", "eager", "tf2", "theano", "keras"); read from the program unless given.
    """
    path = _program(file)
    try:
        code, found, roots, old, later = _compiled(path, kind)
    except SyntaxError as error:
        sys.stderr.write("".join(traceback.format_exception_only(error)))
        return 1
    _prepare(path, found, old, later)
    children.prepare_alike(path, functools.partial(_prepare, path, found, old, later))
    sys.stderr.write(_announcement(path, found, roots, old) + "\n")
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.parent))
    main = ModuleType("__main__")
    main.__file__ = str(path)
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    if (
        path.suffix == ".ipynb" or "get_ipython" in code.co_names
    ):  # a notebook, also one that was made a script
        main.__dict__["get_ipython"] = ipython_names.get_ipython
    return _executed(code, main)


def _prepare(path: Path, found: str | None, old: bool, later: bool) -> None:
    """Let this process run programs of a generation: what imports find, and what rewritten programs call."""
    sys.meta_path.insert(0, rewriting.Finder(path.parent, found in _EAGER, old))
    AliasFinder(found or "tf1", path.parent, later).install()
    graphs.resources = later or found == "tf2"
    removed_names.install()
    dialect = importlib.import_module("thalweg.compat.tf2.dialect") if found in _EAGER else None
    if dialect is not None:
        dialect.speak(strict=found != "keras")
        importlib.import_module("thalweg.compat.keras.dialect").speak(classic=found == "keras")
        if found == "keras":
            draws = importlib.import_module("thalweg.ops.draws")
            draws.set_rule(importlib.import_module("thalweg.compat.streams").SeedsOfNumPy())
        graphs.at_first("thalweg.compat.tf1.dialect")
    elif found == "tf1":
        graphs.wanted = True
        if "thalweg.compat.keras" in sys.modules:  # its names were asked for to tell the generation
            graphs.join()
    rewriting.install(None if dialect is None else dialect.value_of, old)
    if old:
        python2_words.read_bytes_as_text()


def _program(file: str) -> Path:
    path = Path(file)
    if not path.is_file():
        raise DataError(f"there is no program {file!r}")
    return path.resolve()


def _compiled(path: Path, kind: str | None) -> tuple[CodeType, str | None, set[str], bool, bool]:
    source = programs.source_of(path)
    tree, old = programs.read(source, str(path), programs.is_told_old(path))
    if not old and any(is_old for _, _, is_old in beside.modules(path, tree)):
        tree, old = programs.read(source, str(path), old=True)
    roots = {name.split(".")[0] for name, _ in programs.modules(tree)}
    found = kind or _generation(path, tree)
    later = found == "tf1" and programs.is_later(tree)
    return rewriting.code_of(tree, str(path), found in _EAGER), found, roots, old, later


def _generation(path: Path, tree: ast.Module) -> str | None:
    """The program's generation; where it does not tell, that of a module of its own, else that of a package. Packages
    are asked for a program of Keras alone, too: they may work in TensorFlow's graph.
    """
    found = None
    for installed in (False, True):
        others = (other for _, other, _ in beside.modules(path, tree, installed))
        found = programs.generation(tree, others, guess=installed)
        if found not in (None, "keras"):
            break
    return found


def _announcement(path: Path, kind: str | None, roots: set[str], old: bool) -> str:
    read = "; read as Python 2" * old
    if kind is None:
        return f"thalweg run: {path.name} imports no old library; nothing is aliased{read}"
    pairs = {name: new for name, new in ALIASES[kind].items() if "." not in name}
    told = {name: new for name, new in pairs.items() if name in roots} or pairs
    names = ", ".join(f"{name} -> {new}" for name, new in told.items())
    return f"thalweg run: {path.name} as {kind}: {names}{read}"


def _executed(code: CodeType, main: ModuleType) -> int:
    try:
        exec(code, main.__dict__)
    except SystemExit as stop:
        if stop.code is None or isinstance(stop.code, int):
            return stop.code or 0
        sys.stderr.write(f"{stop.code}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("thalweg run: interrupted\n")
        return 130
    except BaseException as error:
        sys.stderr.write(_report(error))
        return 1
    finally:
        python2_words.end_line()
        sys.stdout.flush()
    return 0


def _report(error: BaseException) -> str:
    """The traceback without the frames of the library and of this runner; all of it with THALWEG_TRACEBACK set."""
    if os.environ.get("THALWEG_TRACEBACK"):
        return "".join(traceback.format_exception(error))
    shown = traceback.TracebackException.from_exception(complaints.told(error))
    part: traceback.TracebackException | None = shown
    while part is not None:
        kept = [
            frame for frame in part.stack if not frame.filename.startswith((_LIBRARY, _IMPORTLIB, "<frozen"))
        ]
        part.stack = traceback.StackSummary.from_list(kept)
        part = part.__cause__ or part.__context__
    return "".join(shown.format())


def _problems(tree: ast.AST, table: dict[str, str]) -> list[tuple[programs.Use, Exception | str]]:
    return [*programs.unsupported(tree, table), *programs.unknown_arguments(tree, table)]


def check(file: str, kind: str | None = None) -> list[str]:
    """One line for each library name that a program uses and Thalweg does not supply; where it is no Python, what is
    wrong with it.
    """
    path = _program(file)
    try:
        tree = programs.parse(programs.source_of(path), str(path))
    except SyntaxError as error:
        return ["".join(traceback.format_exception_only(error)).rstrip()]
    found = kind or _generation(path, tree) or "tf1"
    table = AliasFinder(found, path.parent, found == "tf1" and programs.is_later(tree)).table
    lines = []
    for at, part in [(path, tree), *((file, part) for file, part, _ in beside.modules(path, tree))]:
        settled = programs.settled(part, table)
        problems, inner = _problems(settled, table), programs.in_graphs(settled, found, table)
        if inner is not None:  # a name is there if graphs have it
            wrong = {(use.name, use.line) for use, _ in _problems(settled, inner)}
            problems = [(use, problem) for use, problem in problems if (use.name, use.line) in wrong]
        first: dict[str, int] = {}
        for use, problem in sorted(problems, key=lambda pair: pair[0].line):
            first.setdefault(str(problem), use.line)
        lines += [f"{at.name}:{line}: {problem}" for problem, line in first.items()]
    return lines


__all__ = ["check", "run"]
