"""What the calls of layers know of each other: what is under way, with its ``training``, and the masks of tensors."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from thalweg.graph.tensor import Tensor
from thalweg.nested import flat

__all__ = ["keep_masks", "masks_of", "outermost", "trainings", "under_way"]


class _Calls(threading.local):
    def __init__(self) -> None:
        self.training: list[Any] = []  # of the calls that are under way, outermost first


_calls = _Calls()
_masks: dict[int, tuple[Any, Any]] = {}  # by the id of a tensor that lives: a reference to it, and its mask


def trainings() -> list[Any]:
    """``training`` of the calls that are under way, outermost first."""
    return _calls.training


@contextmanager
def outermost() -> Iterator[None]:
    """Inside, layers are called as if no other call were under way: for a model put together in another one's call."""
    calls, _calls.training = _calls.training, []
    try:
        yield
    finally:
        _calls.training = calls


@contextmanager
def under_way(training: Any) -> Iterator[None]:
    """A call of a layer, in which the layers that it calls have its ``training``."""
    _calls.training.append(training)
    try:
        yield
    finally:
        _calls.training.pop()


def masks_of(inputs: Any) -> Any:
    """The mask that a layer gave a tensor, in the structure of the inputs; None where nothing has one."""
    if isinstance(inputs, Tensor):
        found = _masks.get(id(inputs))
        return found[1] if found is not None and found[0]() is inputs else None
    if not isinstance(inputs, (list, tuple, Mapping)):
        return None
    parts = inputs.values() if isinstance(inputs, Mapping) else inputs
    masks = [masks_of(part) for part in parts]
    if all(mask is None for mask in masks):
        return None
    return dict(zip(inputs, masks)) if isinstance(inputs, Mapping) else masks


def keep_masks(outputs: Any, masks: Any) -> None:
    """Remember masks for as long as the outputs live; one mask for several outputs is that of the first."""
    given = list(masks) if isinstance(masks, (list, tuple)) else [masks]
    for output, mask in zip(flat(outputs), given):
        if mask is not None and isinstance(output, Tensor):
            key = id(output)
            gone = lambda _, key=key, masks=_masks: masks.pop(key, None)  # type: ignore[misc]
            _masks[key] = (weakref.ref(output, gone), mask)
