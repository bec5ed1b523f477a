"""Loops along a first axis that stay in the graph, with gradients: scan, and map and fold, which are scans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lowering import Loop
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.graph.updates import current_recorder
from thalweg.nested import filled, flat
from thalweg.ops.bodies import (
    Body,
    LoopBodies,
    all_of,
    applied_again,
    check_carries,
    floating_places,
    has_symbols,
    in_programs,
    merged,
    one_or_all,
    parameter,
    same_structure,
    specs_of,
    tensors_of,
)
from thalweg.ops.joining import stack
from thalweg.ops.shape import full_like

__all__ = ["foldl", "map_fn", "scan"]


def _scan_length(elements: Sequence[Any], length: int | None) -> int | None:
    known = {s.shape[0] for s in elements if s.shape is not None} - {None}
    if not elements:
        return length
    if len(known) > 1 or (length is not None and known - {length}):
        raise fail(
            ShapeError,
            "the first axes of xs differ",
            expected="one length" if length is None else str(length),
            received=", ".join(map(str, sorted(known))),
        )
    return known.pop() if known else length


def _without_first(spec: Spec) -> Spec:
    return Spec(None if spec.shape is None else spec.shape[1:], spec.dtype)


def _with_first(length: int | None, spec: Spec) -> Spec:
    return Spec(None if spec.shape is None else (length, *spec.shape), spec.dtype)


def _scan_infer(
    *inputs: Spec, body: Body, num_carry: int, num_xs: int, length: int | None, reverse: bool
) -> Any:
    carries, xs, constants = _parts(inputs, num_carry, num_xs)
    n = _scan_length(xs, length)
    after = body.specs([*carries, *map(_without_first, xs), *constants])
    kept = [merged(a, b) for a, b in zip(carries, after[:num_carry], strict=True)]
    ys = [_with_first(n, s) for s in after[num_carry:]]
    return one_or_all([*kept, *ys, *(_with_first(n, s) for s in kept)])


def _parts(inputs: Sequence[Any], num_carry: int, num_xs: int) -> tuple[list[Any], list[Any], list[Any]]:
    return (
        list(inputs[:num_carry]),
        list(inputs[num_carry : num_carry + num_xs]),
        list(inputs[num_carry + num_xs :]),
    )


def _scan_gradient(
    g: Any,
    y: Any,
    *inputs: Tensor,
    body: Body,
    num_carry: int,
    num_xs: int,
    length: int | None,
    reverse: bool,
) -> list[Any]:
    """A scan the other way: carries the gradients of the carries and the sums of those of the constants."""
    carries, xs, constants = _parts(inputs, num_carry, num_xs)
    num_ys = len(body.outputs) - num_carry
    y, g = all_of(y), all_of(g)
    saved, g_saved = list(y[num_carry + num_ys :]), g[num_carry + num_ys :]
    moving, fx = floating_places(carries), floating_places(xs, num_carry)
    fixed = floating_places(constants, num_carry + num_xs)
    from_ys = [k for k in floating_places(body.outputs) if k >= num_carry and g[k] is not None]
    if not (moving or from_ys) or not (moving or fx or fixed):
        return [None] * len(inputs)
    back = body.gradient([*moving, *fx, *fixed], [*moving, *from_ys])
    g_carry, g_ys = _parts(back.parameters[len(inputs) :], len(moving), len(from_ys))[:2]
    sums: list[Any] = [parameter(inputs[k].specs[0]) for k in fixed]
    from_saved: dict[int, Any] = {k: parameter(carries[k].specs[0]) for k in moving if g_saved[k] is not None}
    out_carry, out_xs, out_fixed = _parts(back.outputs, len(moving), len(fx))
    new_carry = [o + from_saved[k] if k in from_saved else o for k, o in zip(moving, out_carry, strict=True)]
    new_sums = [total + o for total, o in zip(sums, out_fixed, strict=True)]
    p_carry, p_xs, p_constants = _parts(back.parameters[: len(inputs)], num_carry, num_xs)
    backward = Body(
        [*g_carry, *sums, *p_xs, *p_carry, *g_ys, *from_saved.values(), *p_constants],
        [*new_carry, *new_sums, *out_xs],
    )
    start = [full_like(carries[k], 0) if g[k] is None else g[k] for k in moving]
    start += [full_like(inputs[k], 0) for k in fixed]
    elements = [*xs, *saved, *(g[k] for k in from_ys), *(g_saved[k] for k in from_saved)]
    made = scan_op(
        *start,
        *elements,
        *constants,
        body=backward,
        num_carry=len(start),
        num_xs=len(elements),
        length=length,
        reverse=not reverse,
    )
    found = dict(zip([*moving, *fixed, *fx], all_of(made), strict=False))
    return [found.get(k) for k in range(len(inputs))]


def _room(n: int, spec: Any) -> np.ndarray:
    return np.empty((n, *(size or 0 for size in spec.shape)), spec.dtype)


@in_programs
@make_op({}, name="scan", infer=_scan_infer, grad=_scan_gradient, lower=Loop())
def scan_op(*inputs, body, num_carry, num_xs, length, reverse):  # type: ignore[no-untyped-def]
    """Final carries, stacked outputs, and the stacked carries before each iteration (which the gradient reads)."""
    carries, xs, constants = _parts(inputs, num_carry, num_xs)
    n = _scan_length(xs, length)
    assert n is not None
    after = body.specs([*specs_of(carries), *map(_without_first, specs_of(xs)), *specs_of(constants)])
    ys: list[Any] = [None if None in s.shape and n else _room(n, s) for s in after[num_carry:]]
    saved = [np.empty((n, *a.shape), a.dtype) for a in carries]
    for t in reversed(range(n)) if reverse else range(n):
        for room, carry in zip(saved, carries, strict=True):
            room[t] = carry
        results = body.run([*carries, *(x[t] for x in xs), *constants])
        carries = results[:num_carry]
        for k, result in enumerate(results[num_carry:]):
            if ys[k] is None:  # a shape that only the values tell
                ys[k] = np.empty((n, *result.shape), result.dtype)
            ys[k][t] = result
    return one_or_all([*carries, *ys, *saved])


def scan(
    fn: Callable[[Any, Any], Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """``carry, y = fn(carry, x)`` for each x along the first axis of ``xs``: the last carry, and all y stacked.

    ``init`` is the first carry, ``xs`` (or None, with ``length``) what is iterated over; both, and y, may be nested
    lists, tuples and dicts of tensors. Each carry keeps its dtype and shape. ``reverse`` goes from the last x to the
    first; y keeps the place of its x. Differentiable any number of times. In a function that is traced, variables that
    ``fn`` assigns go round with the carry.

    >>> total, sums = scan(lambda carry, x: (carry + x, carry + x), 0, [1, 2, 3])
    >>> total.item(), sums.tolist()
    (6, [1, 3, 6])
    """
    xs = _sequences(xs)
    start, elements = _checked(init, xs, length)
    n = _scan_length([x.specs[0] for x in elements], length)
    if current_recorder() is None and not has_symbols([*start, *elements]) and n:
        result = _scan_eager(fn, init, start, xs, elements, n, reverse)
        if result is not None:
            return result
    return _scan_built(fn, init, start, xs, elements, length, reverse)


def loop(fn: Callable[[Any, Any], Any], init: Any, xs: Any, reverse: bool = False) -> tuple[Any, Any]:
    """As :func:`scan`, for an ``fn`` made of ops alone: it is called once, also where everything has a value.

    >>> loop(lambda carry, x: (carry + x, carry * 2), np.int32(0), np.int32([1, 2, 3]))[1].tolist()
    [0, 2, 6]
    """
    start, elements = _checked(init, xs, None)
    return _scan_built(fn, init, start, xs, elements, None, reverse)


def _checked(init: Any, xs: Any, length: int | None) -> tuple[list[Tensor], list[Tensor]]:
    """The first carries and the sequences as tensors."""
    start, elements = tensors_of(init), tensors_of(xs)
    for x in elements:
        if not x.known_shape():
            raise fail(ShapeError, "scan: xs", expected="at least 1 axis", received="a scalar")
    if not elements and length is None:
        raise fail(ArgumentError, "scan: neither xs nor length is given")
    return start, elements


def _sequences(xs: Any) -> Any:
    """A list of numbers is one tensor; lists of tensors and arrays are structures."""
    if isinstance(xs, (list, tuple)) and xs and not any(hasattr(leaf, "dtype") for leaf in flat(xs)):
        return convert_operands([xs])[0]
    return xs


def _checked_step(result: Any, init: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise fail(ArgumentError, "scan: fn", expected="a pair (carry, y)", received=type(result).__name__)
    same_structure("scan: the carry before and after", init, result[0])
    return result


def _scan_eager(
    fn: Any, init: Any, carries: list[Tensor], xs: Any, elements: list[Any], n: int, reverse: bool
) -> tuple[Any, Any] | None:
    """The loop in Python; None if something turns out to be symbolic."""
    rows: list[list[Tensor]] = []
    y: Any = None
    for t in reversed(range(n)) if reverse else range(n):
        carry, y = _checked_step(fn(filled(init, carries), filled(xs, [x[t] for x in elements])), init)
        after, row = tensors_of(carry), tensors_of(y)
        if has_symbols([*after, *row]):
            return None
        check_carries("scan", carries, after)
        carries = after
        rows.append(row)
    if reverse:
        rows.reverse()
    return filled(init, carries), filled(y, [stack(column) for column in zip(*rows, strict=True)])


def _scan_built(
    fn: Any,
    init: Any,
    start: list[Tensor],
    xs: Any,
    elements: list[Tensor],
    length: int | None,
    reverse: bool,
) -> tuple[Any, Any]:
    if _scan_length([x.specs[0] for x in elements], length) == 1:  # no loop: the step itself
        carry, y = _checked_step(fn(filled(init, start), filled(xs, [x[0] for x in elements])), init)
        after = tensors_of(carry)
        check_carries("scan", start, after)
        return filled(init, after), filled(y, [stack([row]) for row in tensors_of(y)])
    bodies = LoopBodies("scan", start, [_without_first(x.specs[0]) for x in elements])
    shown: list[Any] = []

    def make() -> tuple[list[Tensor], list[Tensor]]:
        carry, y = _checked_step(fn(filled(init, bodies.carries), filled(xs, bodies.elements)), init)
        shown.append(y)
        return tensors_of(carry), tensors_of(y)

    after, ys = bodies.build(make)
    if not after and not ys:
        return init, shown[0]
    body = bodies.body([*after, *ys])
    attrs = {
        "body": body.same() if current_recorder() is None else body,
        "num_carry": len(after),
        "num_xs": len(elements),
        "length": length,
        "reverse": bool(reverse),
    }
    captured = bodies.captured
    if not any(t.is_symbolic for t in (*bodies.start, *elements)):
        captured = applied_again(captured)
    made = all_of(scan_op.apply([*bodies.start, *elements, *captured], attrs))
    bodies.ended(made[: len(after)])
    return filled(init, made), filled(shown[0], made[len(after) : len(after) + len(ys)])


def map_fn(fn: Callable[[Any], Any], elems: Any) -> Any:
    """``fn`` of each element along the first axis, stacked.

    >>> map_fn(lambda x: x * x, [1, 2, 3]).tolist()
    [1, 4, 9]
    """
    return scan(lambda carry, x: (None, fn(x)), None, elems)[1]


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None) -> Any:
    """``a = fn(a, x)`` for each x along the first axis; a starts as ``initializer``, or else as the first x.

    >>> foldl(lambda a, x: a * 2 + x, [1, 0, 1]).item()
    5
    """
    elems = _sequences(elems)
    if initializer is None:
        tensors: list[Any] = tensors_of(elems)
        initializer, elems = filled(elems, [t[0] for t in tensors]), filled(elems, [t[1:] for t in tensors])
    return scan(lambda carry, x: (fn(carry, x), None), initializer, elems)[0]
