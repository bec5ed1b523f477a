"""The memory of variables: aligned arrays, and the slot in which a variable's array stands."""

from __future__ import annotations

import ctypes
import math
import sys
import weakref
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

if TYPE_CHECKING:
    from thalweg.graph.tensor import Tensor


class Slot:
    """Storage of one variable: the array and its address, and a weak mark of the eager tensor that shows it.

    ``later`` is an eager tensor whose value is to be the array; asking for the array computes it.

    ``Slot.moment`` is another object whenever any slot's array has been given away or replaced since: as long as
    it is the same, compiled programs find every array where it was, and nobody else holds one.
    """

    __slots__ = ("_array", "address", "later", "reader")

    moment: ClassVar[object] = object()

    def __init__(self, array: np.ndarray | None = None) -> None:
        self.array = array
        self.reader: weakref.ref[Tensor] | None = None

    @property
    def array(self) -> np.ndarray | None:
        """The variable's value; None before it has one."""
        Slot.moment = object()
        self.settle()
        return self._array

    @array.setter
    def array(self, array: np.ndarray | None) -> None:
        Slot.moment = object()  # before and after: another thread may look at any time
        self.later: Tensor | None = None
        self._array = array
        self.address: int = 0 if array is None else address_of(array)
        Slot.moment = object()

    def promise(self, tensor: Tensor) -> None:
        """The array is to be the value of an eager tensor that waits."""
        waiting = tensor.later
        promised = None if waiting is None else waiting[0].alone(tensor)
        if promised is None:  # it waits no more
            self.array = aligned_copy(tensor.array())
        else:
            self.later = promised
        self.reader = None
        Slot.moment = object()

    def settle(self) -> None:
        """Make a promised value the array."""
        promised = self.later
        if promised is not None:
            self.array = _own(promised.array())

    def __reduce__(self) -> tuple[Any, ...]:
        return Slot, (self.array,)  # the mark of the last reader stays behind

    def writable(self) -> np.ndarray:
        """The array for a program to update in place; a new one first where anything else still shows it."""
        assert self._array is not None
        if _holders(self) > _ALONE:
            self.array = aligned_copy(self._array)
        self.reader = None
        return self._array


def address_of(array: np.ndarray) -> int:
    """Where an array's first element is: what NumPy tells itself, in a tenth of the time."""
    return ctypes.c_size_t.from_address(id(array) + _DATA).value


_DATA = object.__basicsize__  # where NumPy's arrays keep it, as the macros of its C interface read it
_probe = np.empty(1)
if address_of(_probe) != _probe.__array_interface__["data"][0]:
    raise ImportError("this Python or this NumPy keeps its arrays in memory in an unknown form")


def _own(array: np.ndarray) -> np.ndarray:
    """A writable view of memory that programs made, or a copy. Whoever else shows it is seen by `Slot.writable`."""
    base = array.base
    if not (isinstance(base, np.ndarray) and base.dtype == np.uint8 and array.flags.c_contiguous):
        return aligned_copy(array)
    if address_of(array) % 64 or not base.flags.owndata:
        return aligned_copy(array)
    view = array.view()
    view.flags.writeable = True
    return view


def aligned_copy(array: np.ndarray) -> np.ndarray:
    """A row-major copy on a 64-byte boundary."""
    copy = aligned_empty(array.shape, array.dtype)
    copy[...] = array
    return copy


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An uninitialised row-major array on a 64-byte boundary."""
    count = math.prod(shape) * dtype.itemsize
    raw = np.empty(count + 64, np.uint8)
    start = -address_of(raw) % 64
    return raw[start : start + count].view(dtype).reshape(shape)


def _holders(slot: Slot) -> int:
    """References to a slot's array, and to the memory below it, which every view of it holds."""
    array = slot._array
    return sys.getrefcount(array) + sys.getrefcount(array.base)  # type: ignore[union-attr]


_ALONE = _holders(Slot(aligned_empty((1,), np.dtype(np.float32))))
