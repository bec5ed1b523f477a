"""Theano's types: a dtype and which axes broadcast; what arrays they take."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import Symbol
from thalweg.graph.tensor import Tensor

if TYPE_CHECKING:
    from thalweg.compat.theano.variable import TensorVariable

REAL_PARTS = {"complex64": "float32", "complex128": "float64"}
_BY_RANK = ("scalar", "vector", "matrix", "tensor3", "tensor4", "tensor5")


class TensorType:
    """A dtype and, for each axis, whether it has length 1 and broadcasts. Calling it makes a variable."""

    def __init__(self, dtype: Any, broadcastable: Sequence[Any], name: str | None = None) -> None:
        self.dtype = config.floatX if dtype == "floatX" else str(np.dtype(dtype))
        self.broadcastable = tuple(bool(b) for b in broadcastable)
        self.name = name

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.broadcastable)

    @property
    def numpy_dtype(self) -> np.dtype:
        """The dtype as NumPy has it."""
        return np.dtype(self.dtype)

    def __call__(self, name: str | None = None, dtype: Any = None) -> TensorVariable:
        made = self if dtype is None else TensorType(dtype, self.broadcastable)
        return made.make_variable(name)

    def make_variable(self, name: str | None = None) -> TensorVariable:
        """A new symbolic variable of this type."""
        if self.dtype in REAL_PARTS:
            from thalweg.compat.theano import complexes

            return complexes.variable(self, name)
        from thalweg.compat.theano.variable import TensorVariable

        return TensorVariable(self.leaf(name))

    def leaf(self, name: str | None = None) -> Tensor:
        """The main library's placeholder for a variable of this type."""
        return tw.placeholder(self.dtype, [1 if b else None for b in self.broadcastable], name=name)

    def clone(self, dtype: Any = None, broadcastable: Any = None) -> TensorType:
        """The type with another dtype or other broadcastable axes."""
        same = self.broadcastable if broadcastable is None else broadcastable
        return TensorType(dtype or self.dtype, same, self.name)

    def filter(self, data: Any, strict: bool = False, allow_downcast: bool | None = None) -> np.ndarray:
        """The value as an array of this type, or a TypeError where that would lose precision."""
        array = _filtered_dtype(data, self.numpy_dtype, strict, allow_downcast)
        if array.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim}, got {array.ndim} with shape {array.shape}."
            )
        for k, (one, length) in enumerate(zip(self.broadcastable, array.shape, strict=True)):
            if one and length != 1:
                raise TypeError(
                    "Non-unit value on shape on a broadcastable dimension.", array.shape, f"axis {k}"
                )
        return array

    def filter_variable(self, other: Any, allow_convert: bool = True) -> TensorVariable:
        """The variable, if it has this type."""
        from thalweg.compat.theano.variable import as_tensor_variable

        found = as_tensor_variable(other)
        if found.dtype != self.dtype or found.ndim != self.ndim:
            raise TypeError(f"Cannot convert Type {found.type} (of Variable {found}) into Type {self}.")
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorType) and (self.dtype, self.broadcastable) == (
            other.dtype,
            other.broadcastable,
        )

    def __hash__(self) -> int:
        return hash((self.dtype, self.broadcastable))

    def __str__(self) -> str:
        if self.name:
            return self.name
        b = self.broadcastable
        named = {(): "scalar", (True, False): "row", (False, True): "col"}
        if b in named:
            return f"TensorType({self.dtype}, {named[b]})"
        if not any(b):
            kind = _BY_RANK[len(b)] if len(b) < 3 else f"{len(b)}D"
            return f"TensorType({self.dtype}, {kind})"
        return f"TensorType({self.dtype}, {b})"

    __repr__ = __str__


@lru_cache(maxsize=1024)
def tensor_type(dtype: str, broadcastable: tuple[bool, ...]) -> TensorType:
    """The one type of a dtype and pattern: ``x.type is T.dscalar``."""
    return TensorType(dtype, broadcastable)


def _filtered_dtype(data: Any, dtype: np.dtype, strict: bool, allow_downcast: bool | None) -> np.ndarray:
    """Theano's rule: arrays convert where no precision can be lost, numbers and lists where none is."""
    if isinstance(data, Symbol):
        raise TypeError(
            "Expected an array-like object, but found a Variable: maybe you are trying to call a function on "
            "a (possibly shared) variable instead of a numeric array?"
        )
    if isinstance(data, Tensor):
        data = data.numpy()
    if hasattr(data, "toarray"):  # one of SciPy's sparse matrices
        data = data.toarray()
    if strict and not isinstance(data, np.ndarray):
        raise TypeError(f"expected an array of dtype {dtype}, received {type(data).__name__}")
    given = data if isinstance(data, (np.ndarray, np.generic)) else np.asarray(data)
    if given.dtype == dtype:
        return np.ascontiguousarray(given).reshape(given.shape)
    if strict:
        raise TypeError(f"expected an array of dtype {dtype}, received {given.dtype}")
    if given.dtype.kind not in ("biufc" if dtype.kind == "c" else "biuf"):
        raise TypeError(f"expected numbers of dtype {dtype}, received {type(data).__name__} of {given.dtype}")
    if allow_downcast or np.result_type(given.dtype, dtype) == dtype or given.size == 0:
        return np.asarray(given.astype(dtype))
    if allow_downcast is None and type(data) in (float, np.float64) and str(dtype) == config.floatX:
        return np.asarray(given.astype(dtype))
    if not isinstance(data, np.ndarray):
        with np.errstate(all="ignore"):
            converted = np.asarray(given.astype(dtype))
        if np.array_equal(converted, given):
            return converted
    raise TypeError(
        f"TensorType({dtype}) cannot store a value of dtype {given.dtype} without risking loss of precision. If you do "
        f"not mind this loss, you can: 1) explicitly cast your data to {dtype}, or 2) set allow_input_downcast=True "
        'when calling "function".'
    )
