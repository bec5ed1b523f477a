"""Notebooks as programs: the code of their cells, without what only a notebook or the shell can do."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

_TIMED = re.compile(r"\s*%time(?:it)?\s+(?:-\w+\s*\d*\s+)*(.+)", re.DOTALL)
_RUN_ANYWAY = ("%%time", "%%timeit", "%%capture", "%%prun")  # cell magics around Python


def cell(told: Mapping[str, object]) -> str:
    """A cell's text as Python: magics around code give way, what is meant for the shell is left out. An expression at
    its end is shown, as notebooks show it, unless it is None or a semicolon stands behind it.
    """
    source = told.get("source", told.get("input", ""))
    text = "".join(source) if isinstance(source, list) else str(source)
    first, _, rest = text.lstrip().partition("\n")
    if first.startswith(_RUN_ANYWAY):
        text = rest
    elif first.startswith(("%%writefile", "%%file")):
        return _written(first.split()[1:], rest)
    elif first.startswith("%%"):
        return ""
    text = _from_the_margin(text)
    try:
        ast.parse(text)
    except SyntaxError:
        text = "\n".join(_plain_lines(text.split("\n")))
    return _showing(text)


def _showing(text: str) -> str:
    try:
        statements = ast.parse(text).body
    except SyntaxError:  # of an older Python
        return text
    last = statements[-1] if statements else None
    if not isinstance(last, ast.Expr) or (isinstance(last.value, ast.Constant) and len(statements) == 1):
        return text
    lines = text.encode().split(b"\n")
    assert last.end_lineno is not None and last.end_col_offset is not None
    start, end = (
        sum(len(line) + 1 for line in lines[: row - 1]) + column
        for row, column in ((last.lineno, last.col_offset), (last.end_lineno, last.end_col_offset))
    )
    before, shown, after = (
        part.decode() for part in (text.encode()[:start], text.encode()[start:end], text.encode()[end:])
    )
    if after.lstrip().startswith(";"):
        return text
    return f"{before}__shown__ = ({shown}); __shown__ is None or print(repr(__shown__)){after}"


def _from_the_margin(text: str) -> str:
    """The cell without the indentation of its first line, which notebooks take off all lines that have it."""
    indent = re.match(r"\s*?([ \t]*)(?=\S)", text)
    return re.sub(rf"(?m)^{indent[1]}", "", text) if indent and indent[1] else text


def _plain_lines(lines: list[str]) -> Iterator[str]:
    """The lines as Python; what goes on after a backslash at the end of a line for the shell belongs to that line."""
    goes_on = False
    for line in lines:
        plain = _plain_line(line)
        yield "" if goes_on else plain
        goes_on = (goes_on or plain != line) and line.rstrip().endswith("\\")


def _written(words: list[str], text: str) -> str:
    """Python that writes a cell into the file that its first line names; ``-a``: to what is there."""
    mode = "a" if "-a" in words or "--append" in words else "w"
    return f"with open({words[-1]!r}, {mode!r}, encoding='utf-8') as _file:\n    _file.write({text!r})"


def _plain_line(line: str) -> str:
    """The line as Python: what is meant for the notebook or the shell is left out, or has nothing as its result."""
    indent = line[: len(line) - len(line.lstrip())]
    timed = _TIMED.match(line)
    if timed:
        return indent + timed[1]
    if re.match(r"\s*%pylab\b", line):
        return indent + "from pylab import *"
    if re.match(r"\s*(%\w|!|\?)", line) or re.match(r"\s*[\w.]+\?{1,2}\s*$", line):
        return indent + "pass"
    told = re.match(r"(\s*[\w, ]+=\s*)[!%]\w", line)
    return told[1] + "[]" if told else line


def with_cells(tree: ast.Module, read: Callable[[str], list[ast.stmt]]) -> ast.Module:
    """The program, in which code that a notebook gave to a magic stands for itself.

    Where a notebook was made a script, a cell that was timed is the text of a call:
    ``get_ipython().run_cell_magic("time", "", "model.fit(x, y)")``. ``read`` gives the statements of a text.
    """
    made: ast.Module = _Cells(read).visit(tree)
    return made


class _Cells(ast.NodeTransformer):
    def __init__(self, read: Callable[[str], list[ast.stmt]]) -> None:
        self.read = read

    def visit_Expr(self, node: ast.Expr) -> Any:
        text = _magic(node.value)
        written = "" if text is None else cell({"source": text})
        statements = [] if written in ("", "pass") else self.read(written)
        for statement in statements:
            for part in ast.walk(statement):
                ast.copy_location(part, node)
        return [node, *statements] if statements else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        text = _magic(node.value)
        timed = [] if text is None or not _TIMED.match(text) else self.read(_plain_line(text))
        if len(timed) == 1 and isinstance(timed[0], ast.Expr):
            node.value = timed[0].value
        return node


def _magic(called: ast.expr) -> str | None:
    """What stood in the notebook for ``get_ipython().run_cell_magic(...)`` and its like; None for anything else."""
    if not (isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute)):
        return None
    shell = called.func.value
    if not (isinstance(shell, ast.Call) and getattr(shell.func, "id", None) == "get_ipython"):
        return None
    words = [word.value for word in called.args if isinstance(word, ast.Constant)]
    if len(words) != len(called.args) or not words or not all(isinstance(word, str) for word in words):
        return None
    kind, told = called.func.attr, [str(word) for word in words]
    if kind == "run_cell_magic" and len(told) == 3:
        return f"%%{told[0]} {told[1]}\n{told[2]}"
    return "%" + " ".join(told) if kind in ("run_line_magic", "magic") else None
