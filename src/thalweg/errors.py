"""Error classes and the one formatter: what failed, which argument, expected, received, where it was built,
what to do.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import TypeVar

import numpy as np

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class ThalwegError(Exception):
    """Base class of every error that Thalweg raises for a mistake of its user."""

    @property
    def message(self) -> str:
        """What it says, as programs of TensorFlow ask for it.

        >>> ThalwegError("no such file").message
        'no such file'
        """
        return str(self)


E = TypeVar("E", bound=ThalwegError)


class ShapeError(ThalwegError, ValueError):
    """Shapes, ranks or axes that do not fit."""


class DTypeError(ThalwegError, TypeError):
    """Element types that do not fit."""


class ArgumentError(ThalwegError, ValueError):
    """An argument with a value that is not allowed."""


class IndexRangeError(ArgumentError, IndexError):
    """An index beyond the end of an axis."""


class MatrixError(ArgumentError, np.linalg.LinAlgError):
    """A matrix without what was asked for: an inverse, a Cholesky factor."""


class ArgumentTypeError(ThalwegError, TypeError):
    """An argument of a type that is not allowed."""


class SymbolicError(ThalwegError, TypeError):
    """A symbolic tensor used where a number is needed."""


class GradientError(ThalwegError, ValueError):
    """A gradient that does not exist: a disconnected or non-differentiable path."""


class UninitializedError(ThalwegError, RuntimeError):
    """A variable was read before it had a value."""


class FeedError(ThalwegError, ValueError):
    """A placeholder without a value, or a value that no placeholder takes."""


class FeedRangeError(FeedError, IndexRangeError):
    """A value for a placeholder, or for the argument of a compiled function, that is no row or no class."""


class FetchError(ThalwegError, TypeError):
    """Something asked for that is not a tensor, variable or operation."""


class DataError(ThalwegError, ValueError):
    """Data that cannot be used: missing, corrupt or out of range."""


class MissingFileError(DataError, FileNotFoundError):
    """A file that is not there."""


class NanError(ThalwegError, FloatingPointError):
    """A NaN or infinity where a number was expected."""


class CompileError(ThalwegError, RuntimeError):
    """The compiler could not translate a graph: a defect of Thalweg, with the node that shows it."""


def user_line() -> str | None:
    """The nearest line of code outside this package on the call stack, as ``file:line``."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(_PACKAGE) and not name.startswith("<"):
            return f"{name}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None


def warn(text: str) -> None:
    """A warning at the nearest line of code outside this package: that of the user."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)


def describe(
    what: str,
    *,
    expected: object = None,
    received: object = None,
    built_at: str | None = None,
    hint: str | None = None,
) -> str:
    """One message in the house form; parts that are absent are left out.

    >>> print(describe("matmul: the inner sizes differ", expected="x.shape[-1] == y.shape[-2]", received="3 and 4"))
    matmul: the inner sizes differ; expected x.shape[-1] == y.shape[-2]; received 3 and 4
    """
    parts = [what]
    if expected is not None:
        parts.append(f"expected {expected}")
    if received is not None:
        parts.append(f"received {received}")
    if built_at:
        parts.append(f"at {built_at}")
    if hint:
        parts.append(f"hint: {hint}")
    return "; ".join(parts)


def fail(
    kind: type[E],
    what: str,
    *,
    expected: object = None,
    received: object = None,
    hint: str | None = None,
    built_at: str | None = None,
) -> E:
    """The error to raise, its message naming the user's line (the current one unless ``built_at`` is given)."""
    where = built_at if built_at is not None else user_line()
    return kind(describe(what, expected=expected, received=received, built_at=where, hint=hint))
