"""Control flow: choice and loops that stay in the graph, with gradients.

Where everything has a value, these are the Python loops they look like. Otherwise the functions given are called once,
on fresh placeholders, and what they build becomes the :class:`Body` of one op; tensors and variables from outside that
the body uses become inputs of the op.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.lowering import Loop
from thalweg.graph.op import Op, convert_operands, item, make_op
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, shape_text, shapes_match
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.graph.walk import rebuild, remake, topological
from thalweg.ops import loop_derivatives
from thalweg.ops.random import fresh_key, numbered_key, own_key
from thalweg.ops.shape import full_like, stack

__all__ = ["cond", "while_loop", "scan", "map_fn", "foldl"]

Arrays = Sequence[np.ndarray]
_WORTH_A_CALL = (
    1 << 14
)  # elements of a body's arrays below which NumPy's meanings are as fast as a call of native code

_rooms_above: dict[str, Callable[..., Any]] = {}


def install_gradients(gradients: Callable[..., Any]) -> None:
    """Give this room the reverse walk, which stands above it: bodies are differentiated by the same walk."""
    _rooms_above["gradients"] = gradients
    loop_derivatives.install_gradients(gradients)


def install_programs(program: Callable[..., Any]) -> None:
    """Give this room compiled programs, which stand above it: inside a program, bodies run as programs."""
    _rooms_above["program"] = program


# --- bodies ---------------------------------------------------------------------------------------------------------


class Body:
    """A graph as a function: ``outputs`` over ``parameters``, which are its only leaves beside constants."""

    def __init__(self, parameters: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        self.parameters = tuple(parameters)
        self.outputs = tuple(outputs)
        places = {id(t): k for k, t in enumerate(self.parameters)}
        order = [t for t in topological(self.outputs) if id(t) not in places]
        places.update((id(t), len(self.parameters) + k) for k, t in enumerate(order))
        self.steps = [(t, [places[id(x)] for x in t.inputs]) for t in order]
        self.results = [places[id(t)] for t in self.outputs]
        self._known_specs: dict[tuple[Spec, ...], tuple[Spec, ...]] = {}
        self._known_gradients: dict[Any, Body] = {}
        self._native: NativeBody | None = None

    def native(self) -> Body:
        """The body that runs compiled, where programs exist; always the same one."""
        if "program" not in _rooms_above:
            return self
        if self._native is None:
            self._native = NativeBody(self.parameters, self.outputs)
        return self._native

    def run(self, arrays: Arrays) -> list[np.ndarray]:
        """The outputs' arrays, by the meanings of the ops."""
        values: list[Any] = list(arrays)
        for tensor, places in self.steps:
            values.append(_step_value(tensor, [values[k] for k in places]))
        return [np.asarray(values[k]) for k in self.results]

    def specs(self, given: Sequence[Spec]) -> tuple[Spec, ...]:
        """The outputs' specs for these of the parameters."""
        key = tuple(given)
        if key not in self._known_specs:
            known: list[Any] = [(spec,) for spec in given]
            for tensor, places in self.steps:
                known.append(_step_specs(tensor, [known[k] for k in places]))
            self._known_specs[key] = tuple(known[k][0] for k in self.results)
        return self._known_specs[key]

    def gradient(self, wanted: Sequence[int], present: Sequence[int]) -> Body:
        """The body (*parameters, *gradients of the outputs ``present``) to gradients of the parameters ``wanted``."""
        key = (tuple(wanted), tuple(present))
        if key not in self._known_gradients:
            incoming = [parameter(self.outputs[k].specs[0]) for k in present]
            with recording(None):
                found = _rooms_above["gradients"](
                    [self.outputs[k] for k in present],
                    [self.parameters[k] for k in wanted],
                    incoming,
                    unconnected="zero",
                )
            self._known_gradients[key] = Body((*self.parameters, *incoming), found)
        return self._known_gradients[key]


class NativeBody(Body):
    """A body that runs as a compiled program where its arrays are large enough to be worth the call."""

    def __init__(self, parameters: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        super().__init__(parameters, outputs)
        self._program: Any = None

    def native(self) -> Body:
        return self

    def run(self, arrays: Arrays) -> list[np.ndarray]:
        if sum(a.size for a in arrays) < _WORTH_A_CALL:
            return super().run(arrays)
        if self._program is None:
            self._program = _rooms_above["program"](self.parameters, self.outputs, name="body")
        return self._program.run(arrays)


def _step_value(tensor: Tensor, inputs: list[Any]) -> Any:
    if tensor.op is None:
        return tensor.array()
    if tensor.op is item:
        return inputs[0][tensor.attrs["index"]]
    return tensor.op.meaning(*inputs, **tensor.attrs)


def _step_specs(tensor: Tensor, inputs: list[Any]) -> tuple[Spec, ...]:
    if tensor.op is None:
        return tensor.specs
    if tensor.op is item:
        return (inputs[0][tensor.attrs["index"]],)
    found = tensor.op.infer(*[specs[0] for specs in inputs], **tensor.attrs)
    return (found,) if isinstance(found, Spec) else tuple(found)


def parameter(spec: Spec) -> Placeholder:
    """A fresh placeholder of a spec."""
    return Placeholder(None, (), {}, (spec,), tracked=True)


def specs_of(arrays: Arrays) -> list[Spec]:
    """The specs of arrays."""
    return [Spec(a.shape, a.dtype) for a in arrays]


# --- building bodies ------------------------------------------------------------------------------------------------


class _BodyRecorder(Recorder):
    """Stands in while a body is built: reads see the newest expressions outside, assignments are refused."""

    def __init__(self, outer: Recorder | None, name: str) -> None:
        super().__init__()
        self.updates = {} if outer is None else outer.updates
        self.outer = outer
        self.name = name
        self.made: dict[int, Tensor] = {}  # what the body itself builds

    def record(self, variable: Variable, value: Tensor) -> None:
        raise fail(
            ArgumentError,
            f"{self.name}: {variable.label()} is assigned in the body",
            hint="carry the value through the loop (or return it from the branch) and assign the result",
        )

    def built(self, tensor: Tensor) -> None:
        self.made[id(tensor)] = tensor
        if self.outer is not None:
            self.outer.built(tensor)


def _is_plain_constant(tensor: Tensor) -> bool:
    return (
        tensor.op is None
        and tensor.value is not None
        and not isinstance(tensor, Variable)
        and not tensor.tracked
    )


def _closed(
    outputs: Sequence[Tensor], inside: Callable[[Tensor], bool], parameters: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The outputs with everything from outside replaced by new parameters; those, and what they stand for."""
    own = {id(p) for p in parameters}
    order = topological(outputs, stop=lambda t: id(t) not in own and not inside(t))
    captured = [t for t in order if id(t) not in own and not inside(t) and not _is_plain_constant(t)]
    extra: list[Tensor] = [parameter(t.specs[0]) for t in captured]
    return rebuild(outputs, dict(zip(captured, extra, strict=True)), remake), extra, captured


def _dependent(outputs: Sequence[Tensor], roots: Sequence[Tensor]) -> set[int]:
    """The ids of the tensors below the outputs that depend on the roots."""
    found = {id(t) for t in roots}
    for tensor in topological(outputs):
        if any(id(t) in found for t in tensor.inputs):
            found.add(id(tensor))
    return found


class _Loop:
    """The bodies of one loop: the functions built on parameters for the carries and the elements of this iteration."""

    def __init__(self, name: str, carries: Sequence[Spec], elements: Sequence[Spec] = ()) -> None:
        self.carries: list[Tensor] = [parameter(s) for s in carries]
        self.elements: list[Tensor] = [parameter(s) for s in elements]
        self.recorder = _BodyRecorder(current_recorder(), name)

    def build(self, make: Callable[[], list[Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
        """What ``make`` builds, closed over parameters; and the outside tensors for the last ones of these.

        A body that draws random numbers gets a counter as one more carry, and a key from outside.
        """
        with recording(self.recorder), own_key() as key:
            outputs = make()
        roots = [*self.carries, *self.elements, key]
        depends = _dependent(outputs, roots)
        outputs, self.constants, captured = _closed(outputs, lambda t: id(t) in depends, roots)
        self.draws = any(t is key for t in topological(outputs))
        if self.draws:
            counter, base = parameter(Spec((), dtypes.int64)), parameter(Spec((4,), dtypes.uint32))
            outputs = [*rebuild(outputs, {key: numbered_key(base, counter)}, remake), counter + 1]  # type: ignore[operator]
            self.carries.append(counter)
            self.constants.append(base)
            captured.append(fresh_key())
        return outputs, captured

    def body(self, outputs: Sequence[Tensor]) -> Body:
        """The body of these outputs, over all parameters."""
        return Body([*self.carries, *self.elements, *self.constants], outputs)


def _check_carries(name: str, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    """Each carry must keep its dtype and shape."""
    for k, (old, new) in enumerate(zip(before, after, strict=True)):
        if old.dtype != new.dtype or not shapes_match(old.shape, new.shape):
            kind = DTypeError if old.dtype != new.dtype else ShapeError
            raise fail(
                kind,
                f"{name}: loop variable {k} changes from one iteration to the next",
                expected=str(old.specs[0]),
                received=str(new.specs[0]),
                hint="cast or shape its first value as the body returns it",
            )


# --- nested structures ----------------------------------------------------------------------------------------------


def _flat(tree: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dicts, in order; None holds none."""
    if tree is None:
        return []
    if isinstance(tree, Mapping):
        return [leaf for value in tree.values() for leaf in _flat(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in _flat(value)]
    return [tree]


def _packed(tree: Any, values: Iterator[Any]) -> Any:
    """The structure again, with the next values as leaves."""
    if tree is None:
        return None
    if isinstance(tree, Mapping):
        return {key: _packed(value, values) for key, value in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(_packed(value, values) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(_packed(value, values) for value in tree)
    return next(values)


def _tensors(tree: Any) -> list[Tensor]:
    return [convert_operands([leaf])[0] for leaf in _flat(tree)]


def _like(tree: Any, values: Sequence[Any]) -> Any:
    return _packed(tree, iter(values))


def _same_structure(name: str, first: Any, second: Any) -> None:
    if _like(first, range(len(_flat(first)))) != _like(second, range(len(_flat(second)))):
        raise fail(
            ArgumentError,
            f"{name}: the structures differ",
            expected=_described(first),
            received=_described(second),
        )


def _described(tree: Any) -> str:
    return str(_like(tree, [type(leaf).__name__ for leaf in _flat(tree)]))


def _has_symbols(tensors: Sequence[Tensor]) -> bool:
    return any(t.value is None for t in tensors)


def _given(results: Sequence[Any]) -> Any:
    """What an op gives: one result plainly, several as a tuple."""
    return results[0] if len(results) == 1 else tuple(results)


def _tuple(results: Any) -> tuple[Any, ...]:
    """The inverse of :func:`_given`."""
    return results if isinstance(results, tuple) and not isinstance(results, Spec) else (results,)


def _in_programs(op: Op) -> Op:
    """The op, which in a compiled program becomes its twin on the host that runs native bodies; an op with a lowering
    only where that does not serve.
    """
    twin = Op(op.name, op.meaning, op.infer)

    def expand(*inputs: Tensor, **attrs: Any) -> Any:
        return twin.build(inputs, {k: v.native() if isinstance(v, Body) else v for k, v in attrs.items()})

    op.expand = expand
    return op


def _floating(tensors: Sequence[Any], start: int = 0) -> list[int]:
    return [start + k for k, t in enumerate(tensors) if dtypes.is_floating(t.dtype)]


def _merged(first: Spec, second: Spec) -> Spec:
    """What holds for both: axes on which they differ are open."""
    if first.shape is None or second.shape is None or len(first.shape) != len(second.shape):
        return Spec(None, first.dtype)
    return Spec(
        tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)), first.dtype
    )


# --- cond -----------------------------------------------------------------------------------------------------------


def _cond_infer(pred: Spec, *inputs: Spec, true: Body, false: Body) -> Any:
    return _given([_merged(a, b) for a, b in zip(true.specs(inputs), false.specs(inputs), strict=True)])


def _cond_gradient(g: Any, y: Any, pred: Tensor, *inputs: Tensor, true: Body, false: Body) -> list[Any]:
    g, wanted = _tuple(g), _floating(inputs)
    present = [k for k in _floating(true.outputs) if g[k] is not None]
    if not present or not wanted:
        return [None] * (1 + len(inputs))
    branches = {"true": true.gradient(wanted, present), "false": false.gradient(wanted, present)}
    made = cond_op(pred, *inputs, *[g[k] for k in present], **branches)
    found = dict(zip(wanted, _tuple(made), strict=True))
    return [None, *(found.get(k) for k in range(len(inputs)))]


@_in_programs
@make_op({}, name="cond", infer=_cond_infer, grad=_cond_gradient)
def cond_op(*inputs, true, false):  # type: ignore[no-untyped-def]
    """The outputs of the body ``true`` if the first input holds, else of ``false``, on the other inputs."""
    return _given((true if inputs[0].item() else false).run(inputs[1:]))


def cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """``true_fn()`` where the scalar ``pred`` holds, else ``false_fn()``: only one of them is computed.

    Both return the same structure of tensors, of the same dtypes. The gradient passes through the branch taken.

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
    watch = _BodyRecorder(recorder, "cond")
    with recording(watch):
        if_true, if_false = true_fn(), false_fn()
        pairs = _branch_outputs(if_true, if_false)
    if not pairs:
        return if_true
    outputs = [t for pair in pairs for t in pair]
    closed, parameters, captured = _closed(outputs, lambda t: _made_inside(t, watch.made), ())
    true, false = Body(parameters, closed[0::2]), Body(parameters, closed[1::2])
    made = cond_op.build([pred, *captured], {"true": true, "false": false})
    return _like(if_true, _tuple(made))


def _made_inside(tensor: Tensor, made: Mapping[int, Tensor]) -> bool:
    return id(tensor.inputs[0] if tensor.op is item else tensor) in made


def _branch_outputs(if_true: Any, if_false: Any) -> list[list[Tensor]]:
    """Pairs of what the branches return, in a common dtype where one is a Python number."""
    _same_structure("cond: what the branches return", if_true, if_false)
    pairs = [convert_operands(pair) for pair in zip(_flat(if_true), _flat(if_false), strict=True)]
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
    return _given([_merged(a, b) for a, b in zip(inputs[:num_carry], body.specs(inputs), strict=True)])


def _while_gradient(
    g: Any, y: Any, *inputs: Tensor, test: Body, body: Body, num_carry: int, maximum: int | None
) -> list[Any]:
    wanted = _floating(inputs)
    moving = [k for k in wanted if k < num_carry]
    if not moving:
        return [None] * len(inputs)
    g = _tuple(g)
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
    found = dict(zip(wanted, _tuple(made), strict=True))
    return [found.get(k) for k in range(len(inputs))]


@_in_programs
@make_op({}, infer=_while_infer, grad=_while_gradient)
def while_op(*inputs, test, body, num_carry, maximum):  # type: ignore[no-untyped-def]
    """The first ``num_carry`` inputs after ``body`` was applied to all inputs as long as ``test`` holds."""
    carries, constants, count = list(inputs[:num_carry]), inputs[num_carry:], 0
    while (maximum is None or count < maximum) and test.run([*carries, *constants])[0].item():
        carries, count = body.run([*carries, *constants]), count + 1
    return _given(carries)


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


@_in_programs
@make_op(
    {}, infer=lambda *inputs, wanted, **attrs: _given([inputs[k] for k in wanted]), grad=_second_gradient
)
def while_gradient(*inputs, test, body, back, num_carry, wanted, maximum):  # type: ignore[no-untyped-def]
    """Gradients of the floating inputs of ``while_op``: runs it again, keeping the carries, then walks back."""
    moving = [k for k in wanted if k < num_carry]
    g, inputs = list(inputs[-len(moving) :]), inputs[: -len(moving)]
    fixed = inputs[num_carry:]
    totals = [np.zeros_like(inputs[k]) for k in wanted if k >= num_carry]
    for carries in reversed(_iterated(inputs, test, body, num_carry, maximum)[:-1]):
        found = back.run([*carries, *fixed, *g])
        g = found[: len(moving)]
        totals = [total + part for total, part in zip(totals, found[len(moving) :], strict=True)]
    return _given([*g, *totals])


def while_loop(
    cond_fn: Callable[..., Any],
    body_fn: Callable[..., Any],
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """``loop_vars = body_fn(*loop_vars)`` as long as ``cond_fn(*loop_vars)`` holds; the last loop variables.

    Each loop variable keeps its dtype and shape. Gradients are found by running the loop once more and walking back, so
    memory grows with the number of iterations only where a gradient is asked for; those beyond the first order run the
    loop on eager tensors. Where the number of iterations is known, :func:`scan` is faster.

    >>> i, total = while_loop(lambda i, total: i < 5, lambda i, total: (i + 1, total + i), (0, 0))
    >>> total.item()
    10
    """
    start = _tensors(loop_vars)
    if not isinstance(loop_vars, (list, tuple)) or not start:
        received = type(loop_vars).__name__ if start else "nothing"
        raise fail(
            ArgumentError, "while_loop: loop_vars", expected="a list or tuple of tensors", received=received
        )
    if current_recorder() is None and not _has_symbols(start):
        result = _while_eager(cond_fn, body_fn, loop_vars, start, maximum_iterations)
        if result is not None:
            return result
    loop = _Loop("while_loop", [t.specs[0] for t in start])
    arguments = _like(loop_vars, loop.carries)

    def make() -> list[Tensor]:
        (test,) = convert_operands([cond_fn(*arguments)])
        _check_test(test)
        after = _body_result(body_fn(*arguments), loop_vars)
        _check_carries("while_loop", start, after)
        return [test, *after]

    outputs, captured = loop.build(make)
    if loop.draws:
        start = [*start, *convert_operands([0])]
    attrs = {
        "test": loop.body(outputs[:1]),
        "body": loop.body(outputs[1:]),
        "num_carry": len(loop.carries),
        "maximum": None if maximum_iterations is None else int(maximum_iterations),
    }
    return _like(loop_vars, _tuple(while_op.build([*start, *captured], attrs)))


def _body_result(result: Any, loop_vars: Any) -> list[Tensor]:
    if len(loop_vars) == 1 and not (isinstance(result, (list, tuple)) and len(result) == 1):
        result = (result,)
    _same_structure("while_loop: loop_vars and what the body returns", list(loop_vars), list(result))
    return _tensors(result)


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
        (test,) = convert_operands([cond_fn(*_like(loop_vars, carries))])
        if test.value is None:
            return None
        _check_test(test)
        if not bool(test):
            break
        after = _body_result(body_fn(*_like(loop_vars, carries)), loop_vars)
        if _has_symbols(after):
            return None
        _check_carries("while_loop", carries, after)
        carries, count = after, count + 1
    return _like(loop_vars, carries)


# --- scan -----------------------------------------------------------------------------------------------------------


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
    kept = [_merged(a, b) for a, b in zip(carries, after[:num_carry], strict=True)]
    ys = [_with_first(n, s) for s in after[num_carry:]]
    return _given([*kept, *ys, *(_with_first(n, s) for s in kept)])


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
    y, g = _tuple(y), _tuple(g)
    saved, g_saved = list(y[num_carry + num_ys :]), g[num_carry + num_ys :]
    moving, fx = _floating(carries), _floating(xs, num_carry)
    fixed = _floating(constants, num_carry + num_xs)
    from_ys = [k for k in _floating(body.outputs) if k >= num_carry and g[k] is not None]
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
    found = dict(zip([*moving, *fixed, *fx], _tuple(made), strict=False))
    return [found.get(k) for k in range(len(inputs))]


@_in_programs
@make_op({}, name="scan", infer=_scan_infer, grad=_scan_gradient, lower=Loop())
def scan_op(*inputs, body, num_carry, num_xs, length, reverse):  # type: ignore[no-untyped-def]
    """Final carries, stacked outputs, and the stacked carries before each iteration (which the gradient reads)."""
    carries, xs, constants = _parts(inputs, num_carry, num_xs)
    n = _scan_length(xs, length)
    assert n is not None
    after = body.specs([*specs_of(carries), *map(_without_first, specs_of(xs)), *specs_of(constants)])
    ys = [np.empty((n, *s.shape), s.dtype) for s in after[num_carry:]]
    saved = [np.empty((n, *a.shape), a.dtype) for a in carries]
    for t in reversed(range(n)) if reverse else range(n):
        for room, carry in zip(saved, carries, strict=True):
            room[t] = carry
        results = body.run([*carries, *(x[t] for x in xs), *constants])
        carries = results[:num_carry]
        for room, result in zip(ys, results[num_carry:], strict=True):
            room[t] = result
    return _given([*carries, *ys, *saved])


def scan(
    fn: Callable[[Any, Any], Any], init: Any, xs: Any = None, length: int | None = None, reverse: bool = False
) -> tuple[Any, Any]:
    """``carry, y = fn(carry, x)`` for each x along the first axis of ``xs``: the last carry, and all y stacked.

    ``init`` is the first carry, ``xs`` (or None, with ``length``) what is iterated over; both, and y, may be nested
    lists, tuples and dicts of tensors. Each carry keeps its dtype and shape. ``reverse`` goes from the last x to the
    first; y keeps the place of its x. Differentiable any number of times.

    >>> total, sums = scan(lambda carry, x: (carry + x, carry + x), 0, [1, 2, 3])
    >>> total.item(), sums.tolist()
    (6, [1, 3, 6])
    """
    xs = _sequences(xs)
    start, elements = _tensors(init), _tensors(xs)
    for x in elements:
        if not x.known_shape():
            raise fail(ShapeError, "scan: xs", expected="at least 1 axis", received="a scalar")
    if not elements and length is None:
        raise fail(ArgumentError, "scan: neither xs nor length is given")
    n = _scan_length([x.specs[0] for x in elements], length)
    if current_recorder() is None and not _has_symbols([*start, *elements]) and n:
        result = _scan_eager(fn, init, start, xs, elements, n, reverse)
        if result is not None:
            return result
    return _scan_built(fn, init, start, xs, elements, length, reverse)


def _sequences(xs: Any) -> Any:
    """A list of numbers is one tensor; lists of tensors and arrays are structures."""
    if isinstance(xs, (list, tuple)) and xs and not any(hasattr(leaf, "dtype") for leaf in _flat(xs)):
        return convert_operands([xs])[0]
    return xs


def _checked_step(result: Any, init: Any) -> tuple[Any, Any]:
    if not isinstance(result, tuple) or len(result) != 2:
        raise fail(ArgumentError, "scan: fn", expected="a pair (carry, y)", received=type(result).__name__)
    _same_structure("scan: the carry before and after", init, result[0])
    return result


def _scan_eager(
    fn: Any, init: Any, carries: list[Tensor], xs: Any, elements: list[Any], n: int, reverse: bool
) -> tuple[Any, Any] | None:
    """The loop in Python; None if something turns out to be symbolic."""
    rows: list[list[Tensor]] = []
    y: Any = None
    for t in reversed(range(n)) if reverse else range(n):
        carry, y = _checked_step(fn(_like(init, carries), _like(xs, [x[t] for x in elements])), init)
        after, row = _tensors(carry), _tensors(y)
        if _has_symbols([*after, *row]):
            return None
        _check_carries("scan", carries, after)
        carries = after
        rows.append(row)
    if reverse:
        rows.reverse()
    return _like(init, carries), _like(y, [stack(column) for column in zip(*rows, strict=True)])


def _scan_built(
    fn: Any,
    init: Any,
    start: list[Tensor],
    xs: Any,
    elements: list[Tensor],
    length: int | None,
    reverse: bool,
) -> tuple[Any, Any]:
    loop = _Loop("scan", [t.specs[0] for t in start], [_without_first(x.specs[0]) for x in elements])
    shown: list[Any] = []

    def make() -> list[Tensor]:
        result = fn(_like(init, loop.carries), _like(xs, loop.elements))
        carry, y = _checked_step(result, init)
        after = _tensors(carry)
        _check_carries("scan", start, after)
        shown.append(y)
        return [*after, *_tensors(y)]

    outputs, captured = loop.build(make)
    if not outputs:
        return init, shown[0]
    num_ys = len(outputs) - len(loop.carries)
    if loop.draws:  # the counter goes with the carries
        outputs = [*outputs[: len(start)], outputs[-1], *outputs[len(start) : -1]]
        start = [*start, *convert_operands([0])]
    attrs = {
        "body": loop.body(outputs),
        "num_carry": len(start),
        "num_xs": len(elements),
        "length": length,
        "reverse": bool(reverse),
    }
    made = _tuple(scan_op.apply([*start, *elements, *captured], attrs))
    return _like(init, made), _like(shown[0], made[len(start) : len(start) + num_ys])


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
        tensors: list[Any] = _tensors(elems)
        initializer, elems = _like(elems, [t[0] for t in tensors]), _like(elems, [t[1:] for t in tensors])
    return scan(lambda carry, x: (fn(carry, x), None), initializer, elems)[0]
