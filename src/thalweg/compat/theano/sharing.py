"""Shared variables: values that functions keep between their calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.tensor_type import TensorType
from thalweg.compat.theano.variable import AnyVariable, TensorVariable
from thalweg.graph.tensor import Spec, Tensor, Variable


class SharedTensor(Variable):
    """A variable that expressions read when they run: what is built on it stays symbolic.

    ``default_update``: what it becomes after a function that reads it ran, unless an update says otherwise.
    ``changes``: how often a program has set its value; -1 where functions do.
    """

    __slots__ = ("changes", "default_update", "variable")
    changes: int
    default_update: Tensor | None
    variable: TensorSharedVariable  # kept, so that what is found in a graph is what the program holds

    @property
    def is_symbolic(self) -> bool:
        return True

    @property
    def value(self) -> None:  # type: ignore[override]
        return None

    @value.setter
    def value(self, array: Any) -> None:
        assert array is None

    def __getstate__(self) -> Any:
        """What a copy or a pickle holds: the value now, not the one it began with."""
        fields, held = super().__getstate__()
        return fields, {**held, "initializer": None}

    def loosen(self, shape: Sequence[int]) -> bool:
        """Open the axes on which ``shape`` differs from the declared one; whether there are any."""
        declared = self.known_shape()
        if len(declared) != len(shape) or all(d in (None, n) for d, n in zip(declared, shape, strict=True)):
            return False
        opened = tuple(d if d == n else None for d, n in zip(declared, shape, strict=True))
        self.specs = (Spec(opened, self.dtype),)
        return True


class TensorSharedVariable(AnyVariable):
    """A value kept between calls of functions."""

    tensor: SharedTensor

    def __init__(
        self,
        value: Any = None,
        name: str | None = None,
        broadcastable: Sequence[bool] | None = None,
        type: Any = None,
        strict: bool = False,
        allow_downcast: bool | None = None,
        container: Any = None,
    ) -> None:
        super().__init__(SharedTensor(np.array(value), name=name))
        ndim = self.tensor.ndim
        self._broadcastable = (
            tuple(map(bool, broadcastable)) if broadcastable is not None else (False,) * ndim
        )
        if len(self._broadcastable) != ndim:
            raise TypeError(f"shared: broadcastable has {len(self._broadcastable)} entries for {ndim} axes")
        self.tensor.default_update, self.tensor.changes = None, 0
        self.tensor.variable = self

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """As declared: no axis unless ``shared`` was told so."""
        return self._broadcastable

    @property
    def default_update(self) -> TensorVariable | None:
        """What it becomes after a function that reads it ran, unless an update says otherwise."""
        return None if self.tensor.default_update is None else TensorVariable(self.tensor.default_update)

    @default_update.setter
    def default_update(self, update: Any) -> None:
        self.tensor.default_update = None if update is None else self.update_from(update)

    @default_update.deleter
    def default_update(self) -> None:
        self.tensor.default_update = None

    def update_from(self, new: Any) -> Tensor:
        """An expression as an update: of this variable's type, or a TypeError."""
        update = tensor_of(new)
        fits = np.can_cast(update.dtype, self.tensor.dtype, "safe") or not isinstance(new, AnyVariable)
        if update.ndim != self.ndim or not fits:
            raise TypeError(
                "An update must have the same type as the original shared variable "
                f"(shared_var={self}, shared_var.type={self.type}, update_val={new}, "
                f"update_val.type={TensorVariable(update).type}).",
                "If the difference is related to the broadcast pattern, you can call the "
                "tensor.unbroadcast(var, axis_to_unbroadcast[, ...]) function to remove broadcastable dimensions.",
            )
        return as_dtype(update, self.tensor.dtype)

    def over_the_same_value(self) -> TensorSharedVariable:
        """Another variable over the value of this one, without its default update."""
        made = TensorSharedVariable(self.tensor.get_value(), self.name, self._broadcastable)
        made.tensor.slot = self.tensor.slot
        made.tensor.changes = self.tensor.changes = -1
        return made

    @property
    def container(self) -> TensorSharedVariable:
        """What holds the value: itself."""
        return self

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> np.ndarray:
        """The value now, as a new array."""
        return self.tensor.get_value()

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value; the number of axes stays."""
        array = TensorType(self.dtype, self.broadcastable).filter(new_value, allow_downcast=None)
        self.tensor.loosen(array.shape)
        self.tensor.set_value(array)
        if self.tensor.changes >= 0:
            self.tensor.changes += 1

    @property
    def value(self) -> np.ndarray:
        """The value now, as a new array; to assign to it is to set it. The words of Theano 0.3."""
        return self.get_value()

    @value.setter
    def value(self, new_value: Any) -> None:
        self.set_value(new_value)

    def clone(self, name: str | None = None) -> TensorSharedVariable:
        """A shared variable with the same value, held on its own."""
        return TensorSharedVariable(self.get_value(), name or self.name, self.broadcastable)

    def zero(self, borrow: bool = False) -> None:
        """Set every element to 0."""
        self.set_value(np.zeros_like(self.get_value()))

    def __setitem__(self, *args: Any) -> None:
        raise TypeError("set values with set_value, or symbolically with set_subtensor")


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Sequence[bool] | None = None,
    target: Any = None,
    force_type: bool = False,
) -> Any:
    """A variable with a value that functions share: int64 for Python ints, float64 for floats, arrays keep their
    dtype.
    """
    if isinstance(value, AnyVariable):
        raise TypeError(
            "Shared variable constructor needs numeric values and not symbolic variables. Use get_value() or eval()."
        )
    if isinstance(value, Tensor):
        value = value.numpy()
    if hasattr(value, "toarray"):
        from thalweg.compat.theano.sparse.variables import SparseSharedVariable

        return SparseSharedVariable(value, name)
    array = np.asarray(value)
    if array.dtype.kind == "c":
        from thalweg.compat.theano import complexes

        return complexes.shared(array, name, broadcastable)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"shared: expected a number or an array of numbers, received {type(value).__name__}")
    return TensorSharedVariable(array, name, broadcastable)
