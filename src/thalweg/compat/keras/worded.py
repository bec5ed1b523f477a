"""The shapes that a program's own layers are built for, in the words of the ``tf.TensorShape`` of its generation."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from thalweg.layers.base import Layer
from thalweg.registry import Configured

__all__ = ["tell_shapes", "told_shapes"]


def _worded(shape: Any, kind: type) -> Any:
    """A shape, or each of several, with these words."""
    if isinstance(shape, dict):
        return {key: _worded(value, kind) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(d, (list, tuple, dict)) for d in shape):
        parts = [_worded(s, kind) for s in shape]
        return type(shape)(*parts) if hasattr(shape, "_fields") else type(shape)(parts)
    return kind(shape) if isinstance(shape, tuple) else shape


def _of_worded(method: Callable[..., Any], kind: type) -> Callable[..., Any]:
    @functools.wraps(method)
    def called(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if "input_shape" in kwargs:
            kwargs["input_shape"] = _worded(kwargs["input_shape"], kind)
        first = [_worded(shape, kind) for shape in args[:1]]  # layers of 2015 are told none
        return method(self, *first, *args[1:], **kwargs)

    called.told_with_words = True  # type: ignore[attr-defined]
    return called


def told_shapes(cls: type, kind: type) -> None:
    """Let the methods of a program's own layer that take shapes be told them as this kind of tuple."""
    if not issubclass(cls, Layer) or cls.__module__.startswith("thalweg."):
        return
    for name in ("build", "compute_output_shape"):
        own = vars(cls).get(name)
        if callable(own) and not hasattr(own, "told_with_words"):
            setattr(cls, name, _of_worded(own, kind))


def tell_shapes(kind: type) -> None:
    """Let the classes that a program derives from layers be told shapes as this kind of tuple."""
    known: Any = vars(Configured)["__init_subclass__"]

    def __init_subclass__(cls: type, **options: Any) -> None:
        told_shapes(cls, kind)
        known.__func__(cls, **options)

    Configured.__init_subclass__ = classmethod(__init_subclass__)  # type: ignore[assignment]
