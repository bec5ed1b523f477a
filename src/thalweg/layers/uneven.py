"""Inputs of rows of different lengths: filled up to the longest with a number that no data has, and masked there."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import Tensor
from thalweg.layers.calls import keep_masks, masks_of
from thalweg.layers.nodes import InputSymbol
from thalweg.ops import elementwise as ew

__all__ = ["FilledRows", "UnevenInput", "filled", "is_uneven", "masked"]


def is_uneven(value: Any) -> bool:
    """Whether a value has rows of different lengths, one after another: ``row_splits`` and ``flat_values``."""
    return hasattr(value, "row_splits") and hasattr(value, "flat_values")


def _no_entry(dtype: Any) -> Any:
    """The number that stands where a row has ended: the lowest one of 32 bits."""
    return np.float32(np.finfo(np.float32).min) if dtypes.is_floating(dtype) else np.iinfo(np.int32).min


class FilledRows(np.ndarray):
    """What :func:`filled` gives: only an :class:`UnevenInput` takes it."""


def filled(rows: Any) -> FilledRows:
    """The rows as one array [rows, longest, ...], for :class:`UnevenInput`: what is not there has the lowest number.

    ``rows``: ``flat_values`` [entries, ...], and ``row_splits`` [rows + 1] where each row begins.
    """
    if getattr(rows, "ragged_rank", 1) != 1:
        raise fail(
            ShapeError, "a model's input", expected="one axis of different lengths", received=rows.ragged_rank,
            hint="x.to_tensor() fills all rows up",
        )  # fmt: skip
    entries, lengths = np.asarray(rows.flat_values), np.diff(np.asarray(rows.row_splits))
    there = np.arange(max(int(lengths.max(initial=0)), 1)) < lengths[:, None]
    kind = np.dtype("float32") if entries.dtype.kind == "f" else entries.dtype
    array = np.full((*there.shape, *entries.shape[1:]), _no_entry(kind), kind)
    array[there] = entries
    return array.view(FilledRows)


def masked(x: Tensor) -> Tensor:
    """What :func:`filled` gave with zeros where a row has ended, and a mask that leaves these out."""
    there = ew.not_equal(x, _no_entry(x.dtype))
    mask = there
    for _ in range(x.ndim - 2):
        mask = mask[..., 0]
    found = ew.where(there, x, 0)
    keep_masks(found, mask)
    return found


class UnevenInput(InputSymbol):
    """A model's input of rows of different lengths, [batch, longest, ...]: steps after a row's end are masked."""

    __slots__ = ()

    @classmethod
    def of(cls, symbol: InputSymbol) -> Any:
        """The same input for such rows."""
        made = cls(
            None, (), {}, symbol.specs, name=symbol.name, built_at=symbol.built_at, tracked=symbol.tracked
        )
        keep_masks(made, masks_of(masked(made)))
        return made

    def taken(self, value: Tensor) -> Tensor:
        """A value as the layers take it, in the input's dtype; one with a mask is what a layer gave."""
        found = value if masks_of(value) is not None else masked(value)
        if found.dtype == self.dtype:
            return found
        cast = ew.astype(found, self.dtype)
        keep_masks(cast, masks_of(found))
        return cast
