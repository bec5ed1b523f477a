"""Numbers that are indices: where they are beyond the axis that they index, a call is an IndexError, as in Theano.

Compiled code cannot stop at an index beyond the end. The indices that a program hands over itself, labels and the
numbers of words, are looked at before it runs. What it computes is looked at while it runs, before anything is updated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import thalweg as tw
from thalweg.compat.theano.sharing import SharedTensor
from thalweg.graph.op import item, make_op, parts_of
from thalweg.graph.tensor import Tensor, Variable, constant
from thalweg.graph.walk import read_below, rebuild, remake
from thalweg.ops import control, dynamic, gathering, shape, slices, state
from thalweg.ops.bodies import Body
from thalweg.ops.elementwise import astype
from thalweg.ops.scan import scan_op

_SAME_NUMBERS = (
    astype, state.identity, shape.reshape, shape.reshape_like, shape.expand_dims, shape.squeeze, shape.permute_dims,
    shape.broadcast_to, shape.broadcast_like,
)  # fmt: skip
_PARTS = (gathering.gather, slices.slice_axes)
_INDEXING = (gathering.gather, gathering.scatter_add_op, gathering.scatter_set_op)


@make_op({}, infer=lambda x, **_: x, grad=lambda g, y, x, **_: [None], expand=lambda x, **_: x)
def asked(x, /, *, classes):  # type: ignore[no-untyped-def]
    """Indices as they are, of which nobody knows that they fit: a program was given them or computes them.

    ``classes``: they are numbers of classes, which do not count from the end below 0.
    """
    return x


def asked_index(index: Tensor, classes: bool = False) -> Tensor:
    """An index that is looked at when it is used, unless its numbers are known."""
    known = index.op is None and index.value is not None
    return index if known and not isinstance(index, Variable) else asked(index, classes=classes)


_Place = tuple[int, bool]  # the axis that an index goes into, and whether it is the number of a class


class Limit(NamedTuple):
    """An argument whose numbers index an axis: of this length, or of what another argument has there."""

    argument: int
    axis: int
    length: int | None
    source: Any
    classes: bool


def _within_meaning(*conditions, places):  # type: ignore[no-untyped-def]
    """Whether all conditions hold: the error of the first that does not."""
    for condition, (axis, classes) in zip(conditions, places, strict=True):
        if not condition:
            what = "a class number" if classes else "an index"
            raise _kind(classes)(f"{what} that the function computes is out of bounds for axis {axis}")
    return np.asarray(True)


def _kind(classes: bool) -> type[Exception]:
    return ValueError if classes else IndexError


def _within_expand(*conditions: Tensor, places: Sequence[_Place]) -> Tensor:
    """Without the conditions on lengths alone that hold."""
    left = [(c, p) for c, p in zip(conditions, places, strict=True) if not dynamic.length_of(c)]
    if not left:
        return constant(np.asarray(True))
    return _host_within.build([c for c, _ in left], {"places": tuple(p for _, p in left)})


_within = make_op({}, name="within", infer=lambda c, *_, **__: c, expand=_within_expand, pure=False)(
    _within_meaning
)
_host_within = make_op({}, name="within", infer=lambda c, *_, **__: c, pure=False)(_within_meaning)

_Condition = tuple[Tensor, _Place]  # what must hold, and of which index


class Guarded(NamedTuple):
    """A graph with what looks at its indices: arguments before it runs, and the conditions computed in it."""

    roots: list[Tensor]
    limits: list[Limit]
    conditions: list[_Condition]
    stored: list[tuple[SharedTensor, int]]  # whose numbers, as they are after so many changes, all fit

    def check(self) -> list[Tensor]:
        """The conditions as one tensor that fails where one does not hold; none where there are none."""
        if not self.conditions:
            return []
        held, places = zip(*self.conditions, strict=True)
        return [_within.build(held, {"places": places})]


def guarded(roots: Sequence[Tensor], arguments: Sequence[Tensor]) -> Guarded:
    """Which indices below the roots are looked at; none where branches decide what is computed at all."""
    order = read_below(roots)
    if any(t.op is control.cond_op for t in order):
        return Guarded(list(roots), [], [], [])
    if not any(t.op in _INDEXING or t.op is scan_op for t in order):
        return Guarded(list(roots), [], [], [])
    made, again = _with_loops(roots, order)
    return _looked_at(made, arguments, again)


def _looked_at(roots: Sequence[Tensor], arguments: Sequence[Tensor], more: Sequence[_Condition]) -> Guarded:
    places = {id(t): k for k, t in enumerate(arguments)}
    limits: dict[Limit, None] = {}
    conditions: dict[Any, _Condition] = {}
    stored: dict[int, tuple[SharedTensor, int]] = {}
    for x, axis, index in _uses(read_below(roots)):
        argument = places.get(id(_base(index)))
        length, source = x.known_shape()[axis], places.get(id(x))
        if argument is not None and _is_asked(index) and (length is not None or source is not None):
            limits[Limit(argument, axis, length, source, _are_classes(index))] = None
        elif (kept := _fitting(index, length)) is not None:
            stored[id(kept)] = (kept, kept.changes)
        elif (id(x), axis, id(index)) not in conditions:
            conditions.update({(id(x), axis, id(index)): c for c in _conditions(x, axis, index)})
    return Guarded(list(roots), list(limits), [*more, *conditions.values()], list(stored.values()))


def _fitting(index: Tensor, length: int | None) -> SharedTensor | None:
    """The shared variable that indices are a part of, where only a program changes it and all its numbers fit."""
    base = index
    while base.inputs and (base.op is asked or base.op in _SAME_NUMBERS or base.op in _PARTS):
        base = base.inputs[0]
    if not isinstance(base, SharedTensor) or base.changes < 0 or length is None or not _is_asked(index):
        return None
    numbers = base.get_value().astype(np.int64)
    low = 0 if _are_classes(index) else -length
    fits = not numbers.size or bool(low <= numbers.min() and numbers.max() < length)
    return base if fits else None


def _uses(order: Sequence[Tensor]) -> list[tuple[Tensor, int, Tensor]]:
    """What is indexed along which axis by what, also by the elements of sequences in loops."""
    found = []
    for tensor in order:
        if tensor.op in _INDEXING:
            axes = tensor.attrs["axes"]
            indices = tensor.inputs[-len(axes) :]
            found += [(tensor.inputs[0], axis, index) for axis, index in zip(axes, indices, strict=True)]
        elif tensor.op is scan_op:
            found += _uses_by_elements(tensor)
    return found


def _uses_by_elements(loop: Tensor) -> list[tuple[Tensor, int, Tensor]]:
    """What each step indexes by its element: that is outside the loop, as the whole sequence is."""
    body = loop.attrs["body"]
    outside = dict(zip(map(id, body.parameters), loop.inputs, strict=True))
    return [
        (outside[id(x)], axis, asked_index(outside[id(_base(index))], _are_classes(index)))
        for x, axis, index in _uses(read_below(body.outputs))
        if _is_by_element(loop, x, index) and _is_asked(index)
    ]


def _is_by_element(loop: Tensor, x: Tensor, index: Tensor) -> bool:
    """Whether a step indexes what is outside its loop, or carried, by an element of a sequence."""
    first = loop.attrs["num_carry"]
    elements = loop.attrs["body"].parameters[first : first + loop.attrs["num_xs"]]
    others = [p for p in loop.attrs["body"].parameters if not any(p is e for e in elements)]
    return any(_base(index) is e for e in elements) and any(x is p for p in others)


def _base(index: Tensor) -> Tensor:
    """What an index is apart from its dtype and shape."""
    while index.inputs and (index.op is asked or index.op in _SAME_NUMBERS):
        index = index.inputs[0]
    return index


def _asking(index: Tensor) -> Tensor:
    while index.inputs and index.op in _SAME_NUMBERS:
        index = index.inputs[0]
    return index


def _is_asked(index: Tensor) -> bool:
    return _asking(index).op is asked


def _are_classes(index: Tensor) -> bool:
    return _is_asked(index) and _asking(index).attrs["classes"]


def _conditions(x: Tensor, axis: int, index: Tensor) -> list[_Condition]:
    """What must hold for an index into an axis; nothing where it always does."""
    known = x.known_shape()[axis]
    length: Any = shape.count(x, (axis,), np.dtype("int64")) if known is None else constant(np.int64(known))
    base, place = _base(index), (axis, _are_classes(index))
    if base.op is None and base.value is not None and not isinstance(base, Variable):
        numbers = base.array()
        if known is not None or not numbers.size:
            return []  # the ops have looked
        return [(tw.greater(length, constant(np.int64(max(numbers.max(), -1 - numbers.min())))), place)]
    if not _is_asked(index):
        return []
    if base.op is dynamic.iota:
        return [(tw.less_equal(shape.count(base, None, np.dtype("int64")), length), place)]
    number = astype(base, np.dtype("int64"))
    low = constant(np.int64(0)) if place[1] else tw.negative(length)
    return [(tw.all(tw.logical_and(tw.greater_equal(number, low), tw.less(number, length))), place)]


# --- loops ----------------------------------------------------------------------------------------------------------


def _with_loops(roots: Sequence[Tensor], order: Sequence[Tensor]) -> tuple[list[Tensor], list[_Condition]]:
    """The roots with loops that also give whether the indices computed in them fit, and these as conditions."""
    bodies = {id(t): _guarded_body(t) for t in order if t.op is scan_op and not t.attrs["reverse"]}
    if not any(body is not None for body in bodies.values()):
        return list(roots), []
    conditions: list[_Condition] = []
    new_result: dict[int, int] = {}  # of the loops made anew, by their identity

    def made(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
        if tensor.op is item and id(inputs[0]) in new_result:
            index = tensor.attrs["index"]
            return remake(tensor, inputs, index=index + (index >= new_result[id(inputs[0])]))
        found = bodies.get(id(tensor))
        if found is None:
            return remake(tensor, inputs)
        body, place = found
        loop = remake(tensor, inputs, body=body)
        new_result[id(loop)] = len(body.outputs) - 1
        parts = parts_of(loop)
        conditions.append((tw.all(parts[len(body.outputs) - 1]), place))
        return loop if len(tensor.specs) > 1 else parts[0]

    return rebuild(roots, {}, made), conditions


def _guarded_body(loop: Tensor) -> tuple[Body, _Place] | None:
    """A loop's body with one more output, whether the indices computed in it fit; None where there are none."""
    body = loop.attrs["body"]
    outputs, conditions = _with_loops(body.outputs, read_below(body.outputs))
    for x, axis, index in _uses(read_below(outputs)):
        if not _is_by_element(loop, x, index):
            conditions += _conditions(x, axis, index)
    if not conditions:
        return None
    held = conditions[0][0]
    for condition, _ in conditions[1:]:
        held = tw.logical_and(held, condition)
    return Body(body.parameters, [*outputs, held]), conditions[0][1]


def check(found: Sequence[Limit], values: Sequence[Any]) -> None:
    """An IndexError where an argument's numbers are beyond the axis that they index."""
    for argument, axis, known, source, classes in found:
        given = values[argument]
        length = values[source].shape[axis] if known is None else known
        if given.size == 0:
            continue
        low, high = int(np.min(given)), int(np.max(given))
        if low < (0 if classes else -length) or high >= length:
            raise _kind(classes)(
                f"index {high if high >= length else low} is out of bounds for axis {axis} with size {length} "
                f"(argument {argument} of the function)"
            )
