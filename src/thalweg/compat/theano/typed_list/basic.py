"""``theano.typed_list.basic``: what is done with lists. Places in them are numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.theano.lists import (
    Members,
    TypedListType,
    TypedListVariable,
    later,
    number,
)
from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def getitem(x: TypedListVariable, index: Any) -> Any:
    """A member, or the list of those of a slice."""
    if isinstance(index, slice):
        return x.then(lambda members: members[index])
    at = number(index)
    if isinstance(x.ttype, TypedListType):
        return TypedListVariable(x.ttype, lambda given: x.members(given)[at].members(given))
    return later(x.ttype.dtype, x.ttype.ndim, lambda given: x.members(given)[at])


def append(x: TypedListVariable, toAppend: Any) -> TypedListVariable:
    """The list and one member more."""
    return x.append(toAppend)


def extend(x: TypedListVariable, toAppend: TypedListVariable) -> TypedListVariable:
    """The list and the members of another."""
    return x.extend(toAppend)


def insert(x: TypedListVariable, index: Any, toInsert: Any) -> TypedListVariable:
    """The list with a member more before a place."""
    return x.insert(index, toInsert)


def reverse(x: TypedListVariable) -> TypedListVariable:
    """The list from its end to its start."""
    return x.reverse()


def length(x: TypedListVariable) -> TensorVariable:
    """The number of members."""
    return later("int64", 0, lambda given: np.int64(len(x.members(given))))


def _alike(x: TypedListVariable, elem: Any, given: Members) -> TensorVariable:
    """For each member whether it is the same array: a vector of bool."""
    value = x.member(elem)
    found = []
    for member in x.members(given):
        same_shape = (
            basic.all(basic.eq(member.shape, value.shape)) if value.ndim else as_tensor_variable(True)
        )
        rows = [v.flatten()[: member.size] for v in (value, member)]
        count = basic.minimum(*(r.size for r in rows))
        found.append(same_shape & basic.all(basic.eq(*(r[:count] for r in rows))))
    return basic.stack(found) if found else as_tensor_variable(np.zeros(0, bool))


def count(x: TypedListVariable, elem: Any) -> TensorVariable:
    """How many members are the same array as ``elem``."""
    return later("int64", 0, lambda given: basic.sum(basic.cast(_alike(x, elem, given), "int64")))


def index_(x: TypedListVariable, elem: Any) -> TensorVariable:
    """The place of the first member that is the same array as ``elem``; 0 where none is."""
    return later("int64", 0, lambda given: basic.argmax(basic.cast(_alike(x, elem, given), "int8")))


def remove(x: TypedListVariable, toRemove: Any) -> TypedListVariable:
    """Not here: which member goes would decide the shapes of the others."""
    raise NotImplementedError("typed_list.remove: leave a member out by its place, x[:k] and x[k + 1:]")


def make_list(a: Any) -> TypedListVariable:
    """The list of variables of one type."""
    if not isinstance(a, (list, tuple)) or not a:
        raise TypeError(f"make_list: expected a list with variables in it, received {a!r}")
    members = [v if isinstance(v, TypedListVariable) else as_tensor_variable(v) for v in a]
    if any(v.type != members[0].type for v in members):
        raise TypeError(f"make_list: expected members of one type, received {[str(v.type) for v in members]}")
    return TypedListVariable(TypedListType(members[0].type), lambda given: list(members))


class _Op:
    """One of the functions here as an op: ``Append()(x, value)``; in place or not is the same."""

    does: Callable[..., Any]

    def __init__(self, inplace: bool = False) -> None:
        self.inplace = inplace

    def __call__(self, *args: Any) -> Any:
        return type(self).does(*args)


class GetItem(_Op):
    """:func:`getitem` as an op."""

    does = staticmethod(getitem)


class Append(_Op):
    """:func:`append` as an op."""

    does = staticmethod(append)


class Extend(_Op):
    """:func:`extend` as an op."""

    does = staticmethod(extend)


class Insert(_Op):
    """:func:`insert` as an op."""

    does = staticmethod(insert)


class Reverse(_Op):
    """:func:`reverse` as an op."""

    does = staticmethod(reverse)


class Index(_Op):
    """:func:`index_` as an op."""

    does = staticmethod(index_)


class Count(_Op):
    """:func:`count` as an op."""

    does = staticmethod(count)


class Length(_Op):
    """:func:`length` as an op."""

    does = staticmethod(length)


class MakeList(_Op):
    """:func:`make_list` as an op."""

    does = staticmethod(make_list)
