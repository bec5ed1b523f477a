"""Programs written for old libraries, as text: what they are, which generation they belong to, which names they use."""

from __future__ import annotations

import ast
import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from thalweg.compat import aliases, python2
from thalweg.errors import DataError

GENERATIONS = ("tf1", "eager", "tf2", "theano", "keras")
_GRAPH_STYLE = {
    "placeholder",
    "Session",
    "InteractiveSession",
    "global_variables_initializer",
    "initialize_all_variables",
    "get_variable",
    "variable_scope",
    "reset_default_graph",
    "set_random_seed",
    "disable_v2_behavior",
    "mul",
    "sub",
    "contrib",
    "app",
    "AdamOptimizer",
    "GradientDescentOptimizer",
    "read_data_sets",
}
_EAGER_STYLE = {
    "GradientTape",
    "function",
    "enable_eager_execution",
    "assert_equal_eager",
    "optimizers",
    "numpy",
    "set_seed",
    "Module",
    "TensorSpec",
    "create_file_writer",
    "CheckpointManager",
}

_IN_OTHERS = {"function", "numpy", "optimizers", "Module"}  # also names within rooms of the first generation

# Names of Keras 3, by which a program that imports Keras alone is one of the second generation.
_LATE_KERAS = {
    "ops",
    "RandomFlip",
    "Rescaling",
    "TextVectorization",
    "MultiHeadAttention",
    "LayerNormalization",
    "image_dataset_from_directory",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
}


def source_of(path: Path) -> str:
    """A program's text: the file, or a notebook's code cells without lines for the shell and magics."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="latin-1")
    if path.suffix != ".ipynb":
        return text
    try:
        book = json.loads(text)
        cells = (
            book["cells"] if "cells" in book else [c for sheet in book["worksheets"] for c in sheet["cells"]]
        )
        return "\n\n".join(_cell(cell) for cell in cells if cell.get("cell_type") == "code") + "\n"
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{str(path)!r} is not a notebook") from None


def is_told_old(path: Path) -> bool:
    """Whether a notebook says of itself that it ran on Python 2."""
    if path.suffix != ".ipynb":
        return False
    told = json.loads(path.read_text(encoding="utf-8-sig")).get("metadata", {})
    version = str(told.get("language_info", {}).get("version", ""))
    return version.startswith("2") or (not version and told.get("kernelspec", {}).get("name") == "python2")


_RUN_ANYWAY = ("%%time", "%%timeit", "%%capture", "%%prun")  # cell magics around Python


def _cell(cell: dict[str, object]) -> str:
    source = cell.get("source", cell.get("input", ""))
    text = "".join(source) if isinstance(source, list) else str(source)
    first, _, rest = text.lstrip().partition("\n")
    if first.startswith(_RUN_ANYWAY):
        text = rest
    elif first.startswith(("%%writefile", "%%file")):
        return _written(first.split()[1:], rest)
    elif first.startswith("%%"):
        return ""
    try:
        ast.parse(text)
    except SyntaxError:
        return "\n".join(map(_plain_line, text.split("\n")))
    return text


def _written(words: list[str], text: str) -> str:
    """Python that writes a cell into the file that its first line names; ``-a``: to what is there."""
    mode = "a" if "-a" in words or "--append" in words else "w"
    return f"with open({words[-1]!r}, {mode!r}, encoding='utf-8') as _file:\n    _file.write({text!r})"


def _plain_line(line: str) -> str:
    """The line as Python: what is meant for the notebook or the shell is left out, or has nothing as its result."""
    indent = line[: len(line) - len(line.lstrip())]
    timed = re.match(r"\s*%time(?:it)?\s+(?:-\w+\s*\d*\s+)*(.+)", line)
    if timed:
        return indent + timed[1]
    if re.match(r"\s*%pylab\b", line):
        return indent + "from pylab import *"
    if re.match(r"\s*(%\w|!|\?)", line) or re.match(r"\s*[\w.]+\?{1,2}\s*$", line):
        return indent + "pass"
    told = re.match(r"(\s*[\w, ]+=\s*)[!%]\w", line)
    return told[1] + "[]" if told else line


def read(source: str, name: str, old: bool = False) -> tuple[ast.Module, bool]:
    """The program's syntax tree, and whether it is a program of Python 2; ``old``: it is part of one."""
    try:
        tree = ast.parse(source, name)
    except SyntaxError as error:
        return python2.read(source, name, error), True
    if old or python2.is_plain(tree, source):
        with contextlib.suppress(SyntaxError):  # then it is of Python 3 alone
            ast.parse(python2.translated(source)[0])
            return python2.with_old_meanings(tree, {}), True  # its print is a function to both
    return tree, False


def parse(source: str, name: str) -> ast.Module:
    """The program's syntax tree."""
    return read(source, name)[0]


class Use(NamedTuple):
    """A library name that a program uses, and the line of its first use."""

    name: str
    line: int


def imported(tree: ast.AST) -> dict[str, str]:
    """Local names to the dotted library names that they stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def modules(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module (or name of one) that a program imports, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (
                (f"{node.module}.{alias.name}" if alias.name != "*" else node.module, node.lineno)
                for alias in node.names
            )


def uses(tree: ast.AST) -> list[Use]:
    """Every library name in the program: what it imports, and chains of attributes below that."""
    names = imported(tree)
    first: dict[str, int] = {}
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            inner.add(id(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            chain, base = [node.attr], node.value
            while isinstance(base, ast.Attribute):
                chain.append(base.attr)
                base = base.value
            if isinstance(base, ast.Name) and base.id in names:
                first.setdefault(".".join([names[base.id], *reversed(chain)]), node.lineno)
    for name, line in modules(tree):
        first.setdefault(name, line)
    return [Use(name, line) for name, line in sorted(first.items(), key=lambda pair: (pair[1], pair[0]))]


def generation(tree: ast.AST, beside: Iterable[ast.AST] = ()) -> str | None:
    """The generation that a program belongs to; None where it imports none of the libraries.

    ``beside``: its own modules, which are asked where it does not tell; what one of them does with graphs is done with
    a program of Keras, too.
    """
    roots = {name.split(".")[0] for name, _ in modules(tree)}
    found = _of_tensorflow(tree) if "tensorflow" in roots else _of_others(tree, roots)
    if found is None or found == "keras":
        others = dict.fromkeys(filter(None, map(generation, beside)))
        found = found or next(iter(others), None)
        found = "tf1" if found == "keras" and "tf1" in others else found
    if (
        found is None and "tensorflow" in roots
    ):  # stand-alone Keras beside it is of the time of graphs, as it is alone
        return "tf1" if "keras" in roots and _of_others(tree, roots) == "keras" else "tf2"
    return found


def _of_others(tree: ast.AST, roots: set[str]) -> str | None:
    """The generation of a program that does not import TensorFlow."""
    if "keras" in roots:
        found = [use.name for use in uses(tree)]
        if any(f"{name}.".startswith("keras.backend.tf.") for name in found):  # until Keras 2.3
            return "tf1"
        names = {part for name in found for part in name.split(".")}
        return "tf2" if names & _LATE_KERAS else "keras"
    if roots & {"theano", "lasagne"}:
        return "theano"
    return None


def _of_tensorflow(tree: ast.AST) -> str | None:
    """Graph style or eager style, by the names that only one of them has; None where there is none."""
    found = [use.name for use in uses(tree) if use.name.startswith("tensorflow")]
    parts = {part for name in found for part in name.split(".")[1:]}
    if "enable_eager_execution" in parts:
        return "eager"
    if any(name.startswith("tensorflow.compat.v1") for name in found):
        return _of_compatible_names(tree, parts)
    heads = {name.split(".")[1] for name in found if "." in name}  # tf.optimizers, not tf.keras.optimizers
    if heads & {"contrib", "estimator"}:  # an estimator makes a graph, whatever is around it
        return "tf1"
    if (parts - _IN_OTHERS) & _EAGER_STYLE or heads & _EAGER_STYLE:
        return "tf2"
    if parts & _GRAPH_STYLE or "examples" in heads:
        return "tf1"
    if "keras" in parts:
        return "tf2"
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if calls & {"numpy", "gradient"}:
        return "tf2"
    if "Dataset" in parts:  # its elements are read by Python, or by an iterator's node
        return "tf1" if any("iterator" in call for call in calls - {"as_numpy_iterator"}) else "tf2"
    if calls & {"run", "eval"}:
        return "tf1"
    missing = {kind: len(unsupported(tree, kind)) for kind in ("tf1", "tf2")}
    return None if missing["tf1"] == missing["tf2"] else min(missing, key=missing.__getitem__)


# Names of ``tf.compat.v1`` that only a program of graphs uses; sessions are also made to set up a device.
_GRAPHS_ONLY = {
    "disable_eager_execution", "disable_v2_behavior", "get_variable", "global_variables_initializer", "placeholder",
    "placeholder_with_default", "variable_scope",
}  # fmt: skip


def _of_compatible_names(tree: ast.AST, parts: set[str]) -> str:
    """The generation of a program that uses ``tf.compat.v1``: all of it, or a few names within the second one."""
    names = [name for name, _ in modules(tree)]
    instead = any(name.startswith("tensorflow.compat.v1") for name in names)
    beside = "tensorflow" in names and (parts - _IN_OTHERS) & _EAGER_STYLE
    if (instead and not beside) or parts & _GRAPHS_ONLY:
        return "tf1"
    runs = any(isinstance(node, ast.Attribute) and node.attr == "run" for node in ast.walk(tree))
    return "tf1" if runs and not parts & _EAGER_STYLE and "Session" in parts else "tf2"


def unsupported(tree: ast.AST, kind: str) -> list[tuple[Use, str]]:
    """The library names that a program uses and Thalweg does not supply, each with the reason."""
    table, found = aliases.ALIASES[kind], []
    for use in uses(tree):
        if aliases.target(use.name, table) is None:
            continue
        problem = _problem(use.name, table)
        if problem is not None:
            found.append((use, problem))
    return found


def _problem(name: str, table: dict[str, str]) -> str | None:
    """Why a dotted name cannot be had; None where it can, or where a value's own attribute decides."""
    parts = name.split(".")
    thing: object = None
    for count in range(1, len(parts) + 1):
        prefix = ".".join(parts[:count])
        try:
            thing = aliases.resolve(prefix, table)
        except (aliases.AliasError, AttributeError) as error:
            owner = thing
            if owner is not None and not _is_namespace(owner):
                return None
            return str(error)
    return None


def _is_namespace(thing: object) -> bool:
    from types import ModuleType

    from thalweg.compat.names import Namespace

    return isinstance(thing, (ModuleType, Namespace))
