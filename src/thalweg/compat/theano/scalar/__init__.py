"""``theano.scalar``: dtypes of single numbers, constructors of scalars by dtype, ops made of functions of numbers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.names import unsupported
from thalweg.compat.theano.operation import Op
from thalweg.compat.theano.printing import Apply
from thalweg.compat.theano.tensor_type import TensorType, tensor_type

bool_, int8, int16, int32, int64 = (tensor_type(d, ()) for d in ("bool", "int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = (tensor_type(d, ()) for d in ("uint8", "uint16", "uint32", "uint64"))
float16, float32, float64 = (tensor_type(d, ()) for d in ("float16", "float32", "float64"))


def Scalar(dtype: Any) -> TensorType:
    """The type of a single number."""
    return tensor_type(str(np.dtype(dtype)), ())


def upcast(dtype: Any, *dtypes: Any) -> str:
    """The name of the dtype of a result computed from these.

    >>> upcast("int8", "float32")
    'float32'
    """
    return str(np.result_type(np.dtype(dtype), *[np.dtype(d) for d in dtypes]))


# --- ops ------------------------------------------------------------------------------------------------------------


def same_out(*types: TensorType) -> list[TensorType]:
    """The type of the first argument."""
    return [types[0]]


def upcast_out(*types: TensorType) -> list[TensorType]:
    """The type that has all values of the arguments' types."""
    return [Scalar(upcast(*[t.dtype for t in types]))]


def upgrade_to_float(*types: TensorType) -> list[TensorType]:
    """The floating type that has all values of the arguments' types: of small integers float32, of others float64."""
    return [Scalar(np.result_type(*[_FLOAT_OF.get(t.dtype, np.dtype(t.dtype)) for t in types]))]


upgrade_to_float_no_complex = upgrade_to_float
_FLOAT_OF = {
    "bool": "float32",
    "int8": "float32",
    "int16": "float32",
    "uint8": "float32",
    "uint16": "float32",
}
_FLOAT_OF |= dict.fromkeys(["int32", "int64", "uint32", "uint64"], "float64")


class ScalarOp(Op):
    """The base of a program's own functions of numbers: ``impl(*numbers)`` is the result, ``grad(inputs, gradients)``
    differentiates it. It works on tensors element by element, as ``theano.tensor.Elemwise`` of it does.

    ``output_types_preference``: the result's type for those of the arguments (the one that has all their values).
    """

    nin: int | None = None

    def __init__(self, output_types_preference: Any = None, name: str | None = None) -> None:
        self.name = name
        self.output_types_preference: Callable[..., Any] = output_types_preference or upcast_out

    def impl(self, *numbers: Any) -> Any:
        """The result for numbers."""
        raise NotImplementedError(f"give {type(self).__name__} a method impl(*numbers)")

    def make_node(self, *inputs: Any) -> Apply:
        """The application to inputs that have one shape, or are stretched to it."""
        from thalweg.compat.theano.variable import as_tensor_variable

        given = [as_tensor_variable(x) for x in inputs]
        if self.nin is not None and len(given) != self.nin:
            raise TypeError(f"{self}: expected {self.nin} inputs, received {len(given)}")
        (kind,) = self.output_types_preference(*[Scalar(x.dtype) for x in given])
        rank = max(x.ndim for x in given)
        patterns = [(True,) * (rank - x.ndim) + tuple(x.broadcastable) for x in given]
        stretched = tuple(map(all, zip(*patterns, strict=True)))
        return Apply(self, given, [tensor_type(kind.dtype, stretched)()])

    def perform(self, node: Any, inputs: Any, output_storage: Any, params: Any = None) -> None:
        """Every element by :meth:`impl`."""
        result = np.frompyfunc(self.impl, len(inputs), 1)(*inputs)
        output_storage[0][0] = np.asarray(result, node.outputs[0].dtype)

    def __str__(self) -> str:
        return self.name or type(self).__name__


class UnaryScalarOp(ScalarOp):
    """A function of one number."""

    nin = 1


class BinaryScalarOp(ScalarOp):
    """A function of two numbers."""

    nin = 2


_OF_TENSORS = set(
    """abs_ add arccos arccosh arcsin arcsinh arctan arctan2 arctanh cast ceil clip cos cosh deg2rad eq erf erfc exp
    exp2 expm1 floor ge gt identity inv isinf isnan le log log10 log1p log2 lt maximum minimum mod mul neg neq pow
    rad2deg second sgn sin sinh sqr sqrt sub switch tan tanh true_div trunc""".split()
)


def __getattr__(name: str) -> Any:
    if name in _OF_TENSORS:  # one function works on numbers and on tensors
        return getattr(importlib.import_module("thalweg.compat.theano.tensor"), name)
    raise unsupported("theano.scalar", name, {*globals(), *_OF_TENSORS})
