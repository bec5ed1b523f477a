"""``tf.compat``: texts as bytes and back, and the kinds of numbers that programs tell apart."""

from __future__ import annotations

import numbers
import os
import sys
from typing import Any

import numpy as np

from thalweg.compat.names import own

integral_types = (numbers.Integral, np.integer)
real_types = (numbers.Real, np.integer, np.floating)
complex_types = (numbers.Complex, np.number)
bytes_or_text_types = (bytes, str)


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """A text as bytes.

    >>> as_bytes("abc")
    b'abc'
    """
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """Bytes as a text.

    >>> as_text(b"abc")
    'abc'
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, (bytes, bytearray)):
        return bytes(bytes_or_text).decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Anything as a text: bytes are decoded, the rest is written as ``str`` writes it."""
    return as_text(value, encoding) if isinstance(value, (bytes, bytearray)) else str(value)


def path_to_str(path: Any) -> Any:
    """A path as a text; what is no path, itself."""
    return os.fspath(path) if hasattr(path, "__fspath__") else path


def dimension_value(dimension: Any) -> Any:
    """The length that a dimension stands for, or None."""
    return getattr(dimension, "value", dimension)


def dimension_at_index(shape: Any, index: int) -> Any:
    """The dimension of a shape at an index; an unknown one of a shape whose rank is not known."""
    return shape[index]


def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether what was new on that day may be relied on: nothing older reads what is written here."""
    return True


NAMES = own(
    sys.modules[__name__], "integral_types", "real_types", "complex_types", "bytes_or_text_types"
)  # of tf.compat
