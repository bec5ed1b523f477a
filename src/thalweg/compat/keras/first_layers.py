"""Layers as programs of 2015 wrote and used them: Keras 0.x."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.keras.spelling import Arguments, Step

__all__ = ["adopted", "input_first"]


def adopted(cls: Any) -> None:
    """Let a class with ``get_output(train)``, and a ``build()`` that reads ``self.input_shape``, be a layer of today.

    In it ``get_input(train)`` and ``get_input_mask(train)`` are what the layer is called on.
    """
    cls.call, cls.get_input, cls.get_input_mask = _call, _get_input, _get_input_mask
    cls.supports_masked_input = lambda self: self.supports_masking
    if "get_output_mask" in vars(cls):
        cls.compute_mask = _compute_mask
    build = vars(cls).get("build")
    if build is not None and len(inspect.signature(build).parameters) == 1:
        cls.build = _building(build)


@contextmanager
def _given(layer: Any, inputs: Any, mask: Any) -> Iterator[None]:
    before = vars(layer).get("_given", (None, None))
    layer._given = (inputs, mask)
    try:
        yield
    finally:
        layer._given = before


def _call(self: Any, inputs: Any, training: Any = False, mask: Any = None) -> Any:
    with _given(self, inputs, mask):
        return self.get_output(bool(training))


def _compute_mask(self: Any, inputs: Any, mask: Any = None) -> Any:
    with _given(self, inputs, mask):
        return self.get_output_mask(False)


def _get_input(self: Any, train: bool = False) -> Any:
    """What the layer is called on."""
    return self._given[0]


def _get_input_mask(self: Any, train: bool = False) -> Any:
    """The mask of what the layer is called on."""
    return self._given[1]


def _building(build: Any) -> Any:
    def built(self: Any, input_shape: Any) -> None:
        self.input_shape = input_shape
        build(self)

    return built


def input_first(*steps: int | None) -> Step:
    """Dense(inputs, units) of the first versions; ``steps``: the axes before the features."""

    def counted(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        numbers = [isinstance(a, (int, np.integer)) and not isinstance(a, bool) for a in args[:2]]
        if len(numbers) == 2 and all(numbers):
            kwargs = {"input_shape": (*steps, int(args[0])), **kwargs}
            args = args[1:]
        return args, kwargs

    return counted
