"""Control flow that stays in the graph, with gradients: a choice, and a loop that turns as often as its values say.

Where everything has a value, these are the Python loops they look like. Otherwise the functions given are called once,
on fresh placeholders, and what they build becomes the :class:`Body` of one op; tensors and variables from outside that
the body uses become inputs of the op.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands, item, make_op
from thalweg.graph.tensor import Spec, Tensor, shape_text
from thalweg.graph.updates import current_recorder, recording
from thalweg.nested import filled, flat
from thalweg.ops import loop_derivatives
from thalweg.ops.bodies import (
    Arrays,
    Body,
    BranchRecorder,
    LoopBodies,
    all_of,
    check_carries,
    closed_over,
    floating_places,
    has_symbols,
    in_programs,
    merged,
    one_or_all,
    same_structure,
    tensors_of,
)
from thalweg.ops.shape import full_like

__all__ = ["cond", "while_loop"]

# --- cond -----------------------------------------------------------------------------------------------------------


def _cond_infer(pred: Spec, *inputs: Spec, true: Body, false: Body) -> Any:
    return one_or_all([merged(a, b) for a, b in zip(true.specs(inputs), false.specs(inputs), strict=True)])


def _cond_gradient(g: Any, y: Any, pred: Tensor, *inputs: Tensor, true: Body, false: Body) -> list[Any]:
    g, wanted = all_of(g), floating_places(inputs)
    present = [k for k in floating_places(true.outputs) if g[k] is not None]
    if not present or not wanted:
        return [None] * (1 + len(inputs))
    branches = {"true": true.gradient(wanted, present), "false": false.gradient(wanted, present)}
    made = cond_op(pred, *inputs, *[g[k] for k in present], **branches)
    found = dict(zip(wanted, all_of(made), strict=True))
    return [None, *(found.get(k) for k in range(len(inputs)))]


@in_programs
@make_op({}, name="cond", infer=_cond_infer, grad=_cond_gradient)
def cond_op(*inputs, true, false):  # type: ignore[no-untyped-def]
    """The outputs of the body ``true`` if the first input holds, else of ``false``, on the other inputs."""
    return one_or_all((true if inputs[0].item() else false).run(inputs[1:]))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """``true_fn()`` where the scalar ``pred`` holds, else ``false_fn()``: only one of them is computed.

    Both return the same structure of tensors, of the same dtypes. The gradient passes through the branch taken. In a
    function that is traced, variables that a branch assigns keep their values where the other one is taken.

    >>> from thalweg.graph.tensor import constant
    >>> cond(constant(2) > 1, lambda: constant(10), lambda: constant(20)).item()
    10
    """
    (pred,) = convert_operands([pred])
    if pred.shape is not None and pred.shape != ():
        raise fail(ShapeError, "cond: pred", expected="a scalar", received=shape_text(pred.shape))
    recorder = current_recorder()
    if pred.value is not None and (recorder is None or not pred.tracked):
        return true_fn() if bool(pred) else false_fn()
    sides = [BranchRecorder(recorder), BranchRecorder(recorder)]
    if_true, if_false = (_built(fn, side) for fn, side in zip((true_fn, false_fn), sides, strict=True))
    with recording(sides[0]):
        pairs = _branch_outputs(if_true, if_false)
    assigned = list(dict.fromkeys(sides[0].assigned + sides[1].assigned))
    pairs += [[side.newest(variable) for side in sides] for variable in assigned]
    if not pairs:
        return if_true
    outputs = [t for pair in pairs for t in pair]
    built = sides[0].made | sides[1].made
    closed, parameters, captured = closed_over(outputs, lambda t: _made_inside(t, built), ())
    true, false = Body(parameters, closed[0::2]), Body(parameters, closed[1::2])
    made = all_of(cond_op.build([pred, *captured], {"true": true, "false": false}))
    for variable, value in zip(reversed(assigned), reversed(made)):
        assert recorder is not None  # else nothing is assigned
        recorder.record(variable, value)
    return filled(if_true, made[: len(made) - len(assigned)])


def _built(fn: Callable[[], Any], side: BranchRecorder) -> Any:
    with recording(side):
        return fn()


def _made_inside(tensor: Tensor, made: Mapping[int, Tensor]) -> bool:
    return id(tensor.inputs[0] if tensor.op is item else tensor) in made


def _branch_outputs(if_true: Any, if_false: Any) -> list[list[Tensor]]:
    """Pairs of what the branches return, in a common dtype where one is a Python number."""
    same_structure("cond: what the branches return", if_true, if_false)
    pairs = [convert_operands(pair) for pair in zip(flat(if_true), flat(if_false), strict=True)]
    for k, (a, b) in enumerate(pairs):
        if a.dtype != b.dtype:
            raise fail(
                DTypeError,
                f"cond: the branches differ in the dtype of result {k}",
                expected=a.dtype.name,
                received=b.dtype.name,
                hint="cast one of them",
            )
    return pairs


# --- while_loop -----------------------------------------------------------------------------------------------------


def _iterated(
    inputs: Arrays, test: Body, body: Body, num_carry: int, maximum: int | None
) -> list[list[np.ndarray]]:
    """The carries before each iteration, and at the end."""
    carries, constants = list(inputs[:num_carry]), inputs[num_carry:]
    path = [carries]
    while (maximum is None or len(path) <= maximum) and test.run([*carries, *constants])[0].item():
        carries = body.run([*carries, *constants])
        path.append(carries)
    return path


def _while_infer(*inputs: Spec, test: Body, body: Body, num_carry: int, maximum: int | None) -> Any:
    return one_or_all([merged(a, b) for a, b in zip(inputs[:num_carry], body.specs(inputs), strict=True)])


def _while_gradient(
    g: Any, y: Any, *inputs: Tensor, test: Body, body: Body, num_carry: int, maximum: int | None
) -> list[Any]:
    wanted = floating_places(inputs)
    moving = [k for k in wanted if k < num_carry]
    if not moving:
        return [None] * len(inputs)
    g = all_of(g)
    incoming = [full_like(inputs[k], 0) if g[k] is None else g[k] for k in moving]
    made = while_gradient(
        *inputs,
        *incoming,
        test=test,
        body=body,
        back=body.gradient(wanted, moving),
        num_carry=num_carry,
        wanted=tuple(wanted),
        maximum=maximum,
    )
    found = dict(zip(wanted, all_of(made), strict=True))
    return [found.get(k) for k in range(len(inputs))]


@in_programs
@make_op({}, infer=_while_infer, grad=_while_gradient)
def while_op(*inputs, test, body, num_carry, maximum):  # type: ignore[no-untyped-def]
    """The first ``num_carry`` inputs after ``body`` was applied to all inputs as long as ``test`` holds."""
    carries, constants, count = list(inputs[:num_carry]), inputs[num_carry:], 0
    while (maximum is None or count < maximum) and test.run([*carries, *constants])[0].item():
        carries, count = body.run([*carries, *constants]), count + 1
    return one_or_all(carries)


def _second_gradient(
    g: Any,
    y: Any,
    *inputs: Tensor,
    test: Body,
    body: Body,
    back: Body,
    num_carry: int,
    wanted: Any,
    maximum: Any,
) -> list[Any]:
    """The gradient of a while loop's gradient: from the second level on, by eager tensors."""
    moving = [k for k in wanted if k < num_carry]
    first = (len(inputs) - len(moving), tuple(wanted))
    loop = {"test": test, "body": body, "num_carry": num_carry, "maximum": maximum}
    rule = loop_derivatives.while_derivative.grad
    assert rule is not None
    return list(rule(g, y, *inputs, levels=(first,), **loop))


@in_programs
@make_op(
    {}, infer=lambda *inputs, wanted, **attrs: one_or_all([inputs[k] for k in wanted]), grad=_second_gradient
)
def while_gradient(*inputs, test, body, back, num_carry, wanted, maximum):  # type: ignore[no-untyped-def]
    """Gradients of the floating inputs of ``while_op``: runs it again, keeping the carries, then walks back."""
    moving = [k for k in wanted if k < num_carry]
    g, inputs = list(inputs[-len(moving) :]), inputs[: -len(moving)]
    fixed = inputs[num_carry:]
    totals = [np.zeros_like(inputs[k]) for k in wanted if k >= num_carry]
    *path, last = _iterated(inputs, test, body, num_carry, maximum)
    # What grew in the loop and has no gradient is given zeros of its first shape: they are zeros of its last one.
    g = [a if a.shape == last[k].shape else np.zeros_like(last[k]) for a, k in zip(g, moving, strict=True)]
    for carries in reversed(path):
        found = back.run([*carries, *fixed, *g])
        g = found[: len(moving)]
        totals = [total + part for total, part in zip(totals, found[len(moving) :], strict=True)]
    return one_or_all([*g, *totals])


def while_loop(
    cond_fn: Callable[..., Any],
    body_fn: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """``loop_vars = body_fn(*loop_vars)`` as long as ``cond_fn(*loop_vars)`` holds; the last loop variables.

    Each loop variable keeps its dtype and shape. In a function that is traced, variables that the body assigns go round
    with the loop's own. Gradients are found by running the loop once more and walking back, so
    memory grows with the number of iterations only where a gradient is asked for; those beyond the first order run the
    loop on eager tensors. Where the number of iterations is known, :func:`scan` is faster.

    >>> i, total = while_loop(lambda i, total: i < 5, lambda i, total: (i + 1, total + i), (0, 0))
    >>> total.item()
    10
    """
    start = tensors_of(loop_vars)
    if not isinstance(loop_vars, (list, tuple)) or not start:
        received = type(loop_vars).__name__ if start else "nothing"
        raise fail(
            ArgumentError, "while_loop: loop_vars", expected="a list or tuple of tensors", received=received
        )
    if current_recorder() is None and not has_symbols(start):
        result = _while_eager(cond_fn, body_fn, loop_vars, start, maximum_iterations)
        if result is not None:
            return result
    loop = LoopBodies("while_loop", start)
    arguments = filled(loop_vars, loop.carries)

    def make() -> tuple[list[Tensor], list[Tensor]]:
        (test,) = convert_operands([cond_fn(*arguments)])
        _check_test(test)
        return _body_result(body_fn(*arguments), loop_vars), [test]

    after, test = loop.build(make)
    attrs = {
        "test": loop.body(test),
        "body": loop.body(after),
        "num_carry": len(after),
        "maximum": None if maximum_iterations is None else int(maximum_iterations),
    }
    last = all_of(while_op.build([*loop.start, *loop.captured], attrs))
    loop.ended(last)
    return filled(loop_vars, last)


def _body_result(result: Any, loop_vars: Any) -> list[Tensor]:
    if len(loop_vars) == 1 and not (isinstance(result, (list, tuple)) and len(result) == 1):
        result = (result,)
    same_structure("while_loop: loop_vars and what the body returns", list(loop_vars), list(result))
    return tensors_of(result)


def _check_test(test: Tensor) -> None:
    if not dtypes.is_bool(test.dtype) or test.shape not in ((), None):
        raise fail(
            ArgumentError, "while_loop: cond_fn", expected="a bool scalar", received=str(test.specs[0])
        )


def _while_eager(
    cond_fn: Any, body_fn: Any, loop_vars: Any, carries: list[Tensor], maximum: int | None
) -> Any:
    """The loop in Python; None if something turns out to be symbolic."""
    count = 0
    while maximum is None or count < maximum:
        (test,) = convert_operands([cond_fn(*filled(loop_vars, carries))])
        if test.value is None:
            return None
        _check_test(test)
        if not bool(test):
            break
        after = _body_result(body_fn(*filled(loop_vars, carries)), loop_vars)
        if has_symbols(after):
            return None
        check_carries("while_loop", carries, after)
        carries, count = after, count + 1
    return filled(loop_vars, carries)
