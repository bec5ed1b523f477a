"""What TensorFlow 2's functions take: tensors, numbers, arrays, lists of them, texts, shapes."""

from __future__ import annotations

import operator
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.keras.mixed_precision import Policy, computing_policy
from thalweg.compat.tf1.types import as_dtype, numpy_dtype
from thalweg.compat.tf2.complexes import ComplexTensor, complex_dtype, made
from thalweg.compat.tf2.complexes import cast as complex_cast
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import TextTensor, texts
from thalweg.errors import DTypeError, SymbolicError, fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops import dynamic, joining
from thalweg.ops.elementwise import astype


class _Made(threading.local):
    """How many variables a program made in this thread."""

    count = 0


made_variables = _Made()


class UnmadeVariableError(SymbolicError):
    """A variable's first value depends on the arguments of the function in which it is made."""


_INT32 = np.iinfo(np.int32)


def tensor(value: Any, dtype: Any = None) -> Any:
    """A tensor: Python's whole numbers as int32 where they fit, its floats as float32, texts as :class:`TextTensor`."""
    value = core.plain(value)
    if isinstance(value, (Tensor, TextTensor, ComplexTensor)):
        if dtype is None:
            return _as_read(value) if isinstance(value, core.Variable) else value
        return cast(value, dtype)
    if isinstance(value, (list, tuple)) and _holds_tensor(value):
        like = dtype or next((v.specs[0].dtype for v in value if isinstance(v, Tensor)), None)
        return joining.stack(
            [v if isinstance(v, Tensor) and dtype is None else tensor(v, like) for v in value]
        )
    if value is None:
        raise ValueError(
            "Attempt to convert a value (None) with an unsupported type (<class 'NoneType'>) to a Tensor."
        )
    array = np.asarray(value)
    if array.dtype.kind == "c" or complex_dtype(dtype):
        return made(array, dtype=dtype)
    if array.dtype.kind in "OSU":
        return texts(value)
    if dtype is None and not isinstance(value, (np.ndarray, np.generic)):
        dtype = _dtype_of_numbers(value, array)
    return core.constant(array if dtype is None else array.astype(numpy_dtype(dtype)))


def fitting(value: Any, dtype: Any) -> Any:
    """A value for ``tf.constant`` and its kind, which change no number: those of Python with a fraction do not become
    whole ones, nor numbers truths or texts numbers, as they do by ``tf.cast``. Arrays take any dtype.

    >>> fitting([1, 2], "float32"), fitting(np.array([1.5]), "int32").tolist()
    ([1, 2], [1.5])
    """
    value = core.plain(value)
    if dtype is None or value is None or isinstance(value, (Tensor, ComplexTensor, np.ndarray, np.generic)):
        return value
    wanted = as_dtype(dtype)
    if wanted.name in ("string", "resource", "variant") or _holds_tensor(value):
        return value
    given = np.asarray(value).dtype.kind if not isinstance(value, TextTensor) else "S"
    order = "?" if wanted.is_bool else "iu" if wanted.is_integer else "f" if wanted.is_floating else "c"
    if given in {"?": "iufcSUO", "iu": "fcSUO", "f": "cSUO", "c": "SUO"}[order] and np.size(value):
        raise fail(
            DTypeError, f"Cannot convert {value!r} to EagerTensor of dtype {wanted.name}",
            expected=f"numbers that {wanted.name} holds", hint="tf.cast(x, dtype) changes numbers",
        )  # fmt: skip
    return value


def of_dtype(value: Any, dtype: Any, error: type[Exception]) -> Any:
    """The value; an error where it is a tensor of another dtype than the one that is asked for."""
    if (
        dtype is not None
        and isinstance(value, (Tensor, ComplexTensor))
        and as_dtype(value.dtype) != as_dtype(dtype)
    ):
        raise error(
            f"Tensor conversion requested dtype {as_dtype(dtype).name} for Tensor with dtype "
            f"{as_dtype(value.dtype).name}: {value!r}; use tf.cast"
        )
    return value


def _dtype_of_numbers(value: Any, array: np.ndarray) -> Any:
    """The dtype of numbers, arrays in lists among them: whole ones are int32, int64 where that does not hold one;
    others are float32, or what the first one is if that is NumPy's; None for what are no numbers.
    """
    kind = array.dtype.kind
    if kind == "f":
        first = _first(value)
        own = getattr(first, "dtype", None)
        return own if own is not None and own.kind == "f" else "float32"
    if kind not in "iu" or array.dtype == np.uint64:
        return None
    fits = array.size == 0 or (array.min() >= _INT32.min and array.max() <= _INT32.max)
    return "int32" if fits else "int64"


def _holds_tensor(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) or _holds_tensor(v) for v in value)


def _first(value: Any) -> Any:
    """The first thing in lists of lists."""
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value


def _holds_array(value: Any) -> bool:
    return isinstance(_first(value), (np.ndarray, np.generic))


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """A tensor in another dtype; floats are cut towards zero for integers."""
    x = tensor(x)
    if isinstance(x, ComplexTensor) or complex_dtype(dtype):
        return complex_cast(x, dtype)
    return astype(x, numpy_dtype(dtype))


_TENSORFLOWS = {"float16": "half", "float32": "float", "float64": "double"}


def pair(x: Any, y: Any, op: str = "the op") -> tuple[Any, Any]:
    """Two operands as tensors of one dtype: see :func:`alike`."""
    if isinstance(x, Tensor) and isinstance(y, Tensor) and x.specs[0].dtype == y.specs[0].dtype:
        weights = isinstance(x, core.Variable) or isinstance(y, core.Variable)
        if not weights or computing_policy() is None:
            return x, y
    first, second = alike([x, y], op)
    return first, second


def alike(values: Sequence[Any], op: str) -> list[Any]:
    """Operands as tensors of one dtype, that of the first tensor among them, else that of the first operand.

    Numbers, lists and arrays take that dtype; a number with a fraction does not become a whole one, elements of an
    array do. Tensors are never converted: those of two dtypes are an error, as in TensorFlow.

    >>> [x.dtype.name for x in alike([1, core.constant([0.5], "float16"), np.array([2.0])], "Mul")]
    ['float16', 'float16', 'float16']
    """
    values = [core.plain(v) for v in values]
    policy = computing_policy()
    if policy is not None:
        values = [_autocast(v, policy) for v in values]
    kinds = [k for k, v in enumerate(values) if isinstance(v, Tensor) or _holds_tensor(v)]
    first = kinds[0] if kinds else 0
    leader = tensor(values[first])
    if not isinstance(leader, Tensor):
        return [tensor(v) for v in values]
    return [leader if k == first else _beside(v, leader, k, op) for k, v in enumerate(values)]


def _as_read(weight: Any) -> Any:
    """A weight as the layer that is being called reads it."""
    policy = computing_policy()
    return weight if policy is None else _autocast(weight, policy)


def _autocast(value: Any, policy: Policy) -> Any:
    """A weight, or what is made of weights, as the layer that is being called reads it."""
    kept = isinstance(value, Tensor) and value.specs[0].dtype.name == policy.variable_dtype
    return astype(value, policy.compute_dtype) if kept else value


def _beside(value: Any, other: Tensor, place: int, op: str) -> Any:
    """An operand as a tensor of the other one's dtype."""
    wanted, made = other.specs[0].dtype, tensor(value)
    if not isinstance(made, Tensor) or made.specs[0].dtype == wanted:
        return made
    own = made.specs[0].dtype
    if isinstance(value, Tensor) or _holds_tensor(value):
        expected, found = (_TENSORFLOWS.get(d.name, d.name) for d in (wanted, own))
        raise fail(
            DTypeError,
            f"cannot compute {op} as input #{place}(zero-based) was expected to be a {expected} tensor but is a "
            f"{found} tensor [Op:{op}]",
            hint=f"tensors are not converted by themselves: tf.cast(x, tf.{wanted.name})",
        )
    if dtypes.is_floating(own) and wanted.kind in "iu" and not _is_array(value):
        raise fail(
            DTypeError, f"Cannot convert {value} to EagerTensor of dtype {wanted.name}",
            hint=f"{op}: tf.cast the tensor to a float dtype first",
        )  # fmt: skip
    return tensor(value, wanted)  # of the number itself: a float that was rounded to 32 bits is another one


def _is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.generic)) or _holds_array(value)


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
    "alike", "axes", "cast", "drawn", "filled", "is_known", "lengths", "number", "pair", "tensor",
]  # fmt: skip


class _Kinds(type):
    """Instances of ``tf.Tensor`` are tensors of either kind, variables aside; its names are those of the first."""

    def __instancecheck__(cls, thing: Any) -> bool:
        return isinstance(thing, (Tensor, TextTensor)) and not isinstance(thing, Variable)

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, (Tensor, TextTensor))

    def __getattr__(cls, name: str) -> Any:
        return getattr(Tensor, name)


class AnyTensor(metaclass=_Kinds):
    """``tf.Tensor``: a tensor of numbers or of byte strings.

    >>> isinstance(texts(["a"]), AnyTensor), isinstance(core.constant(1), AnyTensor)
    (True, True)
    """


AnyTensor.__name__ = "Tensor"  # as programs show it


def spatial(window: Any, rank: int, data_format: str) -> tuple[int, ...]:
    """The lengths along the spatial axes, from one number, one for each, or one for every axis."""
    given = [window] if np.ndim(window) == 0 else list(window)
    if len(given) == rank + 2:
        given = given[2:] if data_format.startswith("NC") else given[1:-1]
    return tuple(int(n) for n in (given * rank if len(given) == 1 else given))
