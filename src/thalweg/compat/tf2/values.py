"""What TensorFlow 2's functions take: tensors, numbers, arrays, lists of them, texts, shapes."""

from __future__ import annotations

import operator
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2.complexes import ComplexTensor, complex_dtype, made
from thalweg.compat.tf2.complexes import cast as complex_cast
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import TextTensor, texts
from thalweg.errors import SymbolicError
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor
from thalweg.ops import dynamic, joining
from thalweg.ops.elementwise import astype


class _Made(threading.local):
    """How many variables a program made in this thread."""

    count = 0


made_variables = _Made()


class UnmadeVariableError(SymbolicError):
    """A variable's first value depends on the arguments of the function in which it is made."""


_PLAIN = {"i": "int32", "f": "float32"}  # what Python's numbers become


def tensor(value: Any, dtype: Any = None) -> Any:
    """A tensor: Python's whole numbers as int32, its floats as float32, texts as :class:`TextTensor`."""
    value = core.plain(value)
    if isinstance(value, (Tensor, TextTensor, ComplexTensor)):
        return value if dtype is None else cast(value, dtype)
    if isinstance(value, (list, tuple)) and _holds_tensor(value):
        return joining.stack([tensor(v, dtype) for v in value])
    array = np.asarray(value)
    if array.dtype.kind == "c" or complex_dtype(dtype):
        return made(array, dtype=dtype)
    if array.dtype.kind in "OSU":
        return texts(value)
    if dtype is None and not isinstance(value, (np.ndarray, np.generic)) and not _holds_array(value):
        dtype = _PLAIN.get(array.dtype.kind)
    return core.constant(array if dtype is None else array.astype(numpy_dtype(dtype)))


def _holds_tensor(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) or _holds_tensor(v) for v in value)


def _holds_array(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (np.ndarray, np.generic))


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """A tensor in another dtype; floats are cut towards zero for integers."""
    x = tensor(x)
    if isinstance(x, ComplexTensor) or complex_dtype(dtype):
        return complex_cast(x, dtype)
    return astype(x, numpy_dtype(dtype))


def pair(x: Any, y: Any) -> tuple[Any, Any]:
    """Two operands as tensors: what is not one yet takes the dtype of the other, where that loses no kind of number."""
    if isinstance(x, Tensor) and not isinstance(y, Tensor):
        return x, _beside(y, x)
    if isinstance(y, Tensor) and not isinstance(x, Tensor):
        return _beside(x, y), y
    return tensor(x), tensor(y)


def _beside(value: Any, other: Tensor) -> Any:
    made = tensor(value)
    if isinstance(made, TextTensor) or made.dtype == other.dtype:
        return made
    same = made.dtype.kind == other.dtype.kind or (
        made.dtype.kind in "iu" and dtypes.is_floating(other.dtype)
    )
    return astype(made, other.dtype) if same else made


def axes(axis: Any) -> Any:
    """Axes as None, a number or a tuple."""
    if axis is None or isinstance(axis, (int, np.integer)):
        return axis
    found = np.asarray(axis)
    return int(found) if found.ndim == 0 else tuple(int(a) for a in found)


def number(value: Any) -> Any:
    """A Python number of an argument that decides the form of the result."""
    return value.item() if isinstance(value, (Tensor, np.generic, np.ndarray)) else value


def lengths(shape: Any) -> tuple[Any, ...]:
    """A shape as numbers (-1 where it says None) and, where a program knows them only when it runs, scalars."""
    if isinstance(shape, TensorShape):
        shape = shape.as_list()
    if isinstance(shape, Tensor):
        shape = shape.array().tolist() if shape.value is not None else _entries(shape)
    if not isinstance(shape, (list, tuple, np.ndarray, range)):
        shape = [shape]
    return tuple(_length(d) for d in shape)


_ARITHMETIC = {
    "add": operator.add, "floor_divide": operator.floordiv, "multiply": operator.mul, "subtract": operator.sub,
}  # fmt: skip


def _entries(shape: Tensor) -> Sequence[Any]:
    """The elements of a shape that is not known as a whole: numbers where they are, else scalars.

    What ``tf.shape`` gives of an open batch is joined of the lengths that are known and the one that is not.
    """
    if shape.value is not None:
        return [int(n) for n in shape.array().reshape(-1)]
    name, attrs = getattr(shape.op, "name", None), shape.attrs
    if not shape.ndim:
        return [_known_scalar(shape)]
    if name == "concat_op":
        return [n for part in shape.inputs for n in _entries(part)]
    if name in ("astype", "expand_dims"):
        return _entries(shape.inputs[0])
    if name == "slice_axes" and isinstance(attrs["items"][0], tuple):
        return _entries(shape.inputs[0])[slice(*attrs["items"][0])]
    return [shape[k] for k in range(shape.known_shape()[0] or 0)]


def _known_scalar(d: Tensor) -> Any:
    """The number that an expression of lengths is, or itself."""
    name = getattr(d.op, "name", None)
    if d.value is not None:
        return int(d.array())
    if name == "slice_axes" and d.inputs[0].ndim == 1:
        found = _entries(d.inputs[0])[d.attrs["items"][0]]
        return found if isinstance(found, int) else d
    if name == "astype":
        found = _known_scalar(d.inputs[0])
        return found if isinstance(found, int) else d
    if name in _ARITHMETIC:
        parts = [_known_scalar(t) for t in d.inputs]
        if all(isinstance(p, int) for p in parts):
            return _ARITHMETIC[name](*parts)
    return d


def _length(d: Any) -> Any:
    if isinstance(d, Tensor) and d.value is None:
        return _known_scalar(d)
    return -1 if d is None else int(d)


def filled(shape: Any, value: Any) -> Tensor:
    """A tensor of one number in a shape, of which a program may know lengths only when it runs."""
    return dynamic.broadcast_to_lengths(value, lengths(shape))


def drawn(shape: Any) -> dict[str, Any]:
    """A shape as the arguments ``shape`` and ``like`` of random draws."""
    found = lengths(shape)
    if any(isinstance(d, Tensor) for d in found):
        return {"shape": None, "like": dynamic.broadcast_to_lengths(np.float32(0), found)}
    return {"shape": found}


def is_known(x: Any) -> bool:
    """Whether there is a value to look at now."""
    return not isinstance(x, Tensor) or x.value is not None


__all__ = [
    "axes", "cast", "drawn", "filled", "is_known", "lengths", "number", "pair", "tensor",
]  # fmt: skip
