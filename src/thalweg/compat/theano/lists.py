"""Lists of arrays of one type. How many there are is known in a call; what follows from it waits till then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.theano.conversion import Symbol
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, as_tensor_variable
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import leaves, rebuild, remake

Members = dict["TypedListVariable", list[Any]]  # what the lists that a function takes hold in a call


class TypedListType:
    """Lists of a type; ``depth`` lists of lists of it. Calling it makes a variable."""

    def __init__(self, ttype: Any, depth: int = 0) -> None:
        if depth < 0:
            raise ValueError(f"TypedListType: depth must be 0 or more, received {depth}")
        self.ttype = ttype if depth == 0 else TypedListType(ttype, depth - 1)

    def __call__(self, name: str | None = None) -> TypedListVariable:
        return TypedListVariable(self, None, name)

    def get_depth(self) -> int:
        """How many lists are around a list of arrays."""
        return self.ttype.get_depth() + 1 if isinstance(self.ttype, TypedListType) else 0

    def filter(self, x: Any, strict: bool = False, allow_downcast: bool | None = None) -> list[Any]:
        """The list with each member as an array of the type, or a TypeError."""
        if not isinstance(x, list):
            raise TypeError(f"expected a list, received {type(x).__name__}")
        return [self.ttype.filter(v, strict, allow_downcast) for v in x]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypedListType) and self.ttype == other.ttype

    def __hash__(self) -> int:
        return hash((TypedListType, self.ttype))

    def __str__(self) -> str:
        return f"TypedList <{self.ttype}>"

    __repr__ = __str__


class TypedListVariable(Symbol):
    """A list. ``made`` gives its members, from those of the lists that a function takes; None: it is such a list."""

    def __init__(
        self, type: TypedListType, made: Callable[[Members], list[Any]] | None, name: str | None = None
    ) -> None:
        self.type, self.name, self._made = type, name, made

    @property
    def tensor(self) -> Tensor:  # type: ignore[override]
        raise TypeError("a typed list is given where an array is needed: take a member of it")

    @property
    def ttype(self) -> Any:
        """The type of its members."""
        return self.type.ttype

    def members(self, given: Members) -> list[Any]:
        """Its members in a call."""
        return given[self] if self._made is None else self._made(given)

    def then(self, change: Callable[[list[Any]], list[Any]], *others: Any) -> TypedListVariable:
        """The list that a change of the members gives; ``others`` are lists that it reads as well."""
        return TypedListVariable(self.type, lambda given: change(list(self.members(given)), *others))

    def __getitem__(self, index: Any) -> Any:
        from thalweg.compat.theano.typed_list.basic import getitem

        return getitem(self, index)

    def __len__(self) -> int:
        raise TypeError("object of type 'TypedListVariable' has no len(): use typed_list.length")

    def append(self, toAppend: Any) -> TypedListVariable:
        """See ``theano.typed_list.append``."""
        return self.then(lambda members: [*members, self.member(toAppend)])

    def extend(self, toAppend: Any) -> TypedListVariable:
        """See ``theano.typed_list.extend``."""
        return TypedListVariable(self.type, lambda given: [*self.members(given), *toAppend.members(given)])

    def insert(self, index: Any, toInsert: Any) -> TypedListVariable:
        """See ``theano.typed_list.insert``."""
        at = number(index)
        return self.then(lambda members: [*members[:at], self.member(toInsert), *members[at:]])

    def reverse(self) -> TypedListVariable:
        """See ``theano.typed_list.reverse``."""
        return self.then(lambda members: members[::-1])

    def member(self, value: Any) -> Any:
        """A value as a member of this list, or a TypeError."""
        if isinstance(value, TypedListVariable):
            if value.type != self.ttype:
                raise TypeError(f"expected a member of type {self.ttype}, received {value.type}")
            return value
        return self.ttype.filter_variable(as_tensor_variable(value))

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Place(Placeholder):
    """Stands for an array that follows from the members of a list, ``made`` of them in a call."""

    __slots__ = ("made",)
    made: Callable[[Members], Any]


def later(dtype: Any, rank: int, made: Callable[[Members], Any]) -> TensorVariable:
    """A variable that is made of the members of lists in a call."""
    place = Place(None, (), {}, (Spec((None,) * rank, np.dtype(dtype)),), tracked=True)
    place.made = made
    return TensorVariable(place)


def number(index: Any) -> int:
    found = as_tensor_variable(index).tensor
    if found.value is None:
        raise NotImplementedError("typed_list: places must be numbers, not symbolic")
    return int(found.array())


def filled_in(tensors: Sequence[Tensor], given: Members) -> list[Tensor]:
    """Expressions with what follows from the members of lists in its place."""
    tensors = list(tensors)
    while places := [t for t in leaves(tensors) if isinstance(t, Place)]:
        tensors = rebuild(tensors, {t: as_tensor_variable(t.made(given)).tensor for t in places}, remake)
    return tensors


def uses_lists(variables: Sequence[Any]) -> bool:
    """Whether there is a list among variables, or something that follows from one."""
    if any(isinstance(v, TypedListVariable) for v in variables):
        return True
    tensors = [v.tensor for v in variables if isinstance(v, AnyVariable) and not v.is_complex]
    return any(isinstance(t, Place) for t in leaves(tensors))
