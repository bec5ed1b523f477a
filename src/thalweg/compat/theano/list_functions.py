"""Functions that take or give lists: one function of arrays for each number of members that they meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from thalweg.compat.theano.conversion import tensor_of
from thalweg.compat.theano.lists import Members, TypedListType, TypedListVariable, filled_in
from thalweg.compat.theano.variable import TensorVariable


class ListFunction:
    """``f(*arguments)`` gives arrays and lists of them. ``make(inputs, outputs)`` makes a function of arrays."""

    def __init__(self, inputs: Sequence[Any], outputs: Any, make: Callable[..., Any]) -> None:
        self.inputs, self.outputs = list(inputs), outputs
        self._make = make
        self._made: dict[Any, tuple[Any, list[Any]]] = {}

    def __call__(self, *args: Any) -> Any:
        if len(args) != len(self.inputs):
            raise TypeError(
                f"theano function of lists: expected {len(self.inputs)} arguments, received {len(args)}"
            )
        lists = [isinstance(v, TypedListVariable) for v in self.inputs]
        values = [
            v.type.filter(a, allow_downcast=True) if of_list else a
            for v, a, of_list in zip(self.inputs, args, lists, strict=True)
        ]
        key = repr([_form(v) if of_list else 0 for v, of_list in zip(values, lists, strict=True)])
        if key not in self._made:
            self._made[key] = self._function(values)
        run, ends = self._made[key]
        arrays = [a for v, of_list in zip(values, lists, strict=True) for a in (_flat(v) if of_list else [v])]
        results = iter(run(*arrays))
        found = [_like(end, results) for end in ends]
        return found if isinstance(self.outputs, (list, tuple)) else found[0]

    def _function(self, values: list[Any]) -> tuple[Any, list[Any]]:
        """The function of arrays for as many members as the values have, and how its results are nested."""
        given: Members = {}
        inputs: list[Any] = []
        for variable, value in zip(self.inputs, values, strict=True):
            if isinstance(variable, TypedListVariable):
                given[variable] = _new_members(variable.type, value, inputs)
            else:
                inputs.append(variable)
        wanted = self.outputs if isinstance(self.outputs, (list, tuple)) else [self.outputs]
        ends = [_unfolded(v, given) for v in wanted]
        outputs = [TensorVariable(t) for t in filled_in([tensor_of(v) for v in _flat(ends)], given)]
        return self._make(inputs, outputs), ends


def _form(value: Any) -> Any:
    """How lists are nested, without what is in them."""
    return [_form(v) for v in value] if isinstance(value, list) else 0


def _flat(values: Sequence[Any]) -> list[Any]:
    return [leaf for v in values for leaf in (_flat(v) if isinstance(v, list) else [v])]


def _like(form: Any, results: Iterator[Any]) -> Any:
    """The next results, nested in the same way."""
    return [_like(v, results) for v in form] if isinstance(form, list) else next(results)


def _new_members(kind: TypedListType, value: list[Any], inputs: list[Any]) -> list[Any]:
    """A variable for each member, put among the inputs."""
    if isinstance(kind.ttype, TypedListType):
        inner = [_new_members(kind.ttype, v, inputs) for v in value]
        return [TypedListVariable(kind.ttype, _always(members)) for members in inner]
    found = [kind.ttype() for _ in value]
    inputs.extend(found)
    return found


def _always(members: list[Any]) -> Callable[[Members], list[Any]]:
    return lambda _: members


def _unfolded(variable: Any, given: Members) -> Any:
    """A list as a Python list of variables."""
    if not isinstance(variable, TypedListVariable):
        return variable
    return [_unfolded(m, given) for m in variable.members(given)]
