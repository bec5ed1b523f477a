"""What is said of a program that asked one of the library's objects or functions for something that it lacks."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import FrameType, ModuleType, TracebackType
from typing import Any

from thalweg.compat import programs
from thalweg.compat.names import LIST, nearest

__all__ = ["told"]

_ARGUMENT = re.compile(r"got an unexpected keyword argument '(\w+)'")


def told(error: BaseException) -> BaseException:
    """The error with the nearest name and where the list stands in its text, if it is Python's about a name that a
    thing of the library lacks; else the error itself.
    """
    text = None
    if type(error) is AttributeError and error.obj is not None and error.name:
        text = _of_attribute(error.obj, error.name, str(error))
    elif type(error) is TypeError:
        text = _of_argument(error)
    if text is None:
        return error
    other = type(error)(text).with_traceback(error.__traceback__)
    other.__cause__, other.__context__ = error.__cause__, error.__context__
    other.__suppress_context__ = error.__suppress_context__
    return other


def _of_attribute(owner: Any, name: str, text: str) -> str | None:
    if not text.endswith(f"has no attribute {name!r}"):  # a text that someone wrote
        return None
    if isinstance(owner, ModuleType):
        ours, own = owner.__name__.startswith("thalweg."), False
        text = re.sub(r"thalweg\.compat\.(tf\d\b)?", lambda m: "tf" if m[1] else "", text)
    else:
        kind = owner if isinstance(owner, type) else type(owner)
        ours = any(_is_ours(base) for base in kind.__mro__)
        own = not _is_ours(kind)  # a class of the program's: what it lacks is mostly its own
    near = nearest(name, dir(owner)) if ours else None
    if not ours or (own and near is None):
        return None
    return f"{text}{f'; the nearest is {near!r}' if near else ''}; {LIST}"


def _is_ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).startswith("thalweg.")


def _of_argument(error: TypeError) -> str | None:
    found = _ARGUMENT.search(str(error))
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    function = _called(last) if found and last is not None else None
    taken = programs.arguments_of(function) if _is_ours(function) else None
    if not found or taken is None or found[1] in taken:
        return None
    return f"{str(error)[: found.start()]}{programs.no_argument(found[1], taken)}"


def _called(step: TracebackType) -> Any:
    """The function that a frame was calling, where the text of the call is a name or an attribute."""
    frame = step.tb_frame
    line, end, first, last = list(frame.f_code.co_positions())[step.tb_lasti // 2]
    try:
        tree = programs.parse(programs.source_of(Path(frame.f_code.co_filename)), frame.f_code.co_filename)
    except (OSError, SyntaxError):
        return None
    place = (line, end, first, last)
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    found = next(
        (c for c in calls if (c.lineno, c.end_lineno, c.col_offset, c.end_col_offset) == place), None
    )
    return None if found is None else _value(found.func, frame)


def _value(node: ast.expr, frame: FrameType) -> Any:
    if isinstance(node, ast.Name):
        return frame.f_locals.get(node.id, frame.f_globals.get(node.id))
    if isinstance(node, ast.Attribute):
        return getattr(_value(node.value, frame), node.attr, None)
    return None
