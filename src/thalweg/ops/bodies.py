"""Graphs as functions: what the ops of control flow run, differentiate and are built from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.later import attribute_words
from thalweg.graph.op import Op, convert_operands, item
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, shapes_match
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.graph.walk import rebuild, remake, topological
from thalweg.nested import filled, flat
from thalweg.ops.draws import fresh_key, numbered_key, own_key

Arrays = Sequence[np.ndarray]
# Elements of a body's arrays below which NumPy's meanings are as fast as a call of native code.
_WORTH_A_CALL = 1 << 14

_MOST_BODIES = 1000  # of those that are known by what they do; then they are forgotten
_MOST_BYTES = 1 << 16  # of a constant by which a body is known

_bodies: dict[Any, Body] = {}
_rooms_above: dict[str, Callable[..., Any]] = {}


def install_gradients(gradients: Callable[..., Any]) -> None:
    """Give this room the reverse walk, which stands above it: bodies are differentiated by the same walk."""
    _rooms_above["gradients"] = gradients


def differentiated(
    outputs: Sequence[Tensor], by: Sequence[Tensor], incoming: Sequence[Tensor]
) -> list[Tensor]:
    """The gradients by the reverse walk, zero where an output does not depend on what it is differentiated by."""
    with recording(None):
        return _rooms_above["gradients"](outputs, by, incoming, unconnected="zero")


def install_programs(program: Callable[..., Any]) -> None:
    """Give this room compiled programs, which stand above it: inside a program, bodies run as programs."""
    _rooms_above["program"] = program


class Body:
    """A graph as a function: ``outputs`` over ``parameters``, which are its only leaves beside constants."""

    is_word = True  # as an attribute it is equal to itself alone: see `same`

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

    def same(self) -> Body:
        """The first body that was made like this one, where that can be told."""
        key = self._key()
        if key is None:
            return self
        if len(_bodies) > _MOST_BODIES:
            _bodies.clear()
        return _bodies.setdefault(key, self)

    def _key(self) -> Any:
        parts: list[Any] = [tuple([p.specs[0] for p in self.parameters]), tuple(self.results)]
        for tensor, places in self.steps:
            if tensor.op is not None:
                words = attribute_words(tensor.attrs)
                parts.append((tensor.op, tuple(places), words))
            else:
                value = tensor.array()
                words = value.tobytes() if value.nbytes <= _MOST_BYTES else None
                parts.append((value.dtype, value.shape, words))
            if words is None:
                return None
        return tuple(parts)

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
            found = differentiated(
                [self.outputs[k] for k in present], [self.parameters[k] for k in wanted], incoming
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


class BodyRecorder(Recorder):
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


class BranchRecorder(BodyRecorder):
    """Stands in while one side of a choice is built: its assignments are kept for who makes the choice."""

    def __init__(self, outer: Recorder | None) -> None:
        super().__init__(outer, "cond")
        self.updates = dict(self.updates)
        self.assigned: list[Variable] = []

    def record(self, variable: Variable, value: Tensor) -> None:
        if self.outer is None:
            super().record(variable, value)
        self.updates[variable] = value
        self.assigned.append(variable)


def _is_plain_constant(tensor: Tensor) -> bool:
    return (
        tensor.op is None
        and tensor.later is None
        and tensor.value is not None
        and not isinstance(tensor, Variable)
        and not tensor.tracked
    )


def closed_over(
    outputs: Sequence[Tensor], inside: Callable[[Tensor], bool], parameters: Sequence[Tensor]
) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The outputs with everything from outside replaced by new parameters; those, and what they stand for."""
    own = {id(p) for p in parameters}
    order = topological(outputs, stop=lambda t: id(t) not in own and not inside(t))
    captured = [t for t in order if id(t) not in own and not inside(t) and not _is_plain_constant(t)]
    extra: list[Tensor] = [parameter(t.specs[0]) for t in captured]
    return rebuild(outputs, dict(zip(captured, extra, strict=True)), remake), extra, captured


def applied_again(tensors: Sequence[Tensor]) -> list[Tensor]:
    """What was built in a body without depending on it, as it is outside: with values, where all below has some."""
    made: dict[int, Any] = {}
    for t in topological(tensors, stop=lambda t: not t.is_symbolic):
        if t.op is not None and t.is_symbolic:
            inputs = [made.get(id(x), x) for x in t.inputs]
            made[id(t)] = inputs[0][t.attrs["index"]] if t.op is item else t.op.apply(inputs, t.attrs, True)
    return [made.get(id(t), t) for t in tensors]


def _dependent(outputs: Sequence[Tensor], roots: Sequence[Tensor]) -> set[int]:
    """The ids of the tensors below the outputs that depend on the roots."""
    found = {id(t) for t in roots}
    for tensor in topological(outputs):
        if any(id(t) in found for t in tensor.inputs):
            found.add(id(tensor))
    return found


class Going:
    """A variable that a loop may assign: what it is before the loop, when an iteration begins and when it ends, and
    after the loop.

    ``reads``: what is built in the bodies where they read the variable before they assign it.
    """

    def __init__(self, start: Tensor, reads: Sequence[Tensor] = ()) -> None:
        self.start, self.reads = start, reads
        self.now: Tensor = parameter(start.specs[0])
        self.next: Tensor = self.now
        self.end: Tensor | None = None


class LoopRecorder(BodyRecorder):
    """Stands in while the bodies of a loop are built: what they assign goes round as one more carry."""

    def __init__(self, outer: Recorder | None, name: str) -> None:
        super().__init__(outer, name)
        self.going = {v: Going(t) for v, t in self.updates.items()}
        self.updates = {v: going.now for v, going in self.going.items()}
        self.recorded: set[Variable] = set()

    def record(self, variable: Variable, value: Tensor) -> None:
        if self.outer is None:
            super().record(variable, value)
        self.goes(variable, variable).next = value
        self.recorded.add(variable)
        self.updates[variable] = value

    def goes(self, variable: Variable, start: Tensor) -> Going:
        """How a variable goes round which the bodies read as ``start``."""
        return self.going.setdefault(variable, Going(start, [start]))

    def assigned(self) -> dict[Variable, Going]:
        """Those that change from one iteration to the next."""
        return {v: going for v, going in self.going.items() if going.next is not going.now}


class LoopBodies:
    """The bodies of one loop: the functions built on parameters for the carries and the elements of this iteration."""

    def __init__(self, name: str, carries: Sequence[Tensor], elements: Sequence[Spec] = ()) -> None:
        self.name = name
        self.start, self.own = list(carries), len(carries)
        self.carries: list[Tensor] = [parameter(t.specs[0]) for t in carries]
        self.elements: list[Tensor] = [parameter(s) for s in elements]
        self.recorder = LoopRecorder(current_recorder(), name)

    def build(
        self, make: Callable[[], tuple[list[Tensor], list[Tensor]]]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """What ``make`` builds, the next carries and other things, closed over parameters; :attr:`start` and
        :attr:`captured` are what the carries begin with and what the last parameters stand for.

        Variables that the body assigns are more carries, and so is a counter where it draws random numbers, which gets
        a key from outside.
        """
        with recording(self.recorder), own_key() as key:
            after, others = make()
        check_carries(self.name, self.start, after)
        self.assigned = self.recorder.assigned()
        going = list(self.assigned.values())
        after = [*after, *(convert_operands([g.next])[0] for g in going)]
        check_carries(f"{self.name}: assigned variables", [g.start for g in going], after[len(self.start) :])
        outputs = self._with_going([*after, *others])
        self.start += [g.start for g in going]
        self.carries += [g.now for g in going]
        roots = [*self.carries, *self.elements, key]
        depends = _dependent(outputs, roots)
        outputs, self.constants, self.captured = closed_over(outputs, lambda t: id(t) in depends, roots)
        after, others = outputs[: len(after)], outputs[len(after) :]
        if not any(t is key for t in topological(outputs)):
            return after, others
        counter, base = parameter(Spec((), dtypes.int64)), parameter(Spec((4,), dtypes.uint32))
        outputs = rebuild(outputs, {key: numbered_key(base, counter)}, remake)
        self.carries.append(counter)
        self.start += convert_operands([0])
        self.constants.append(base)
        self.captured.append(fresh_key())
        return [*outputs[: len(after)], counter + 1], outputs[len(after) :]  # type: ignore[operator]

    def _with_going(self, outputs: list[Tensor]) -> list[Tensor]:
        """Reads of variables as those of carries where they change, else as what is outside."""
        replaced: dict[Tensor, Tensor] = {}
        for variable, g in self.recorder.going.items():
            replaced.update(dict.fromkeys(g.reads, g.now) if variable in self.assigned else {g.now: g.start})
        if not replaced:
            return outputs

        def made(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
            same = all(a is b for a, b in zip(tensor.inputs, inputs, strict=True))
            return tensor if same else remake(tensor, inputs)

        return rebuild(outputs, replaced, made)

    def body(self, outputs: Sequence[Tensor]) -> Body:
        """The body of these outputs, over all parameters."""
        return Body([*self.carries, *self.elements, *self.constants], outputs)

    def ended(self, carries: Sequence[Tensor]) -> None:
        """Assign what the loop leaves in variables: its last carries are told."""
        for (variable, going), end in zip(self.assigned.items(), carries[self.own :], strict=False):
            going.end = end
            if self.recorder.outer is not None and variable in self.recorder.recorded:
                self.recorder.outer.record(variable, end)


def check_carries(name: str, before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
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


def tensors_of(tree: Any) -> list[Tensor]:
    """The leaves of a structure as tensors."""
    return [convert_operands([leaf])[0] for leaf in flat(tree)]


def same_structure(name: str, first: Any, second: Any) -> None:
    """An error unless both structures are nested alike."""
    if filled(first, range(len(flat(first)))) != filled(second, range(len(flat(second)))):
        raise fail(
            ArgumentError,
            f"{name}: the structures differ",
            expected=_described(first),
            received=_described(second),
        )


def _described(tree: Any) -> str:
    return str(filled(tree, [type(leaf).__name__ for leaf in flat(tree)]))


def has_symbols(tensors: Sequence[Tensor]) -> bool:
    """Whether any of the tensors has no value yet."""
    return any(t.value is None for t in tensors)


def one_or_all(results: Sequence[Any]) -> Any:
    """What an op gives: one result plainly, several as a tuple."""
    return results[0] if len(results) == 1 else tuple(results)


def all_of(results: Any) -> tuple[Any, ...]:
    """The inverse of :func:`one_or_all`."""
    return results if isinstance(results, tuple) and not isinstance(results, Spec) else (results,)


def in_programs(op: Op) -> Op:
    """The op, which in a compiled program becomes its twin on the host that runs native bodies; an op with a lowering
    only where that does not serve.
    """
    twin = Op(op.name, op.meaning, op.infer)

    def expand(*inputs: Tensor, **attrs: Any) -> Any:
        return twin.build(inputs, {k: v.native() if isinstance(v, Body) else v for k, v in attrs.items()})

    op.expand = expand
    return op


def floating_places(tensors: Sequence[Any], start: int = 0) -> list[int]:
    """The positions, counted from ``start``, of the tensors that can be differentiated by."""
    return [start + k for k, t in enumerate(tensors) if dtypes.is_floating(t.dtype)]


def merged(first: Spec, second: Spec) -> Spec:
    """What holds for both: axes on which they differ are open."""
    if first.shape is None or second.shape is None or len(first.shape) != len(second.shape):
        return Spec(None, first.dtype)
    return Spec(
        tuple(a if a == b else None for a, b in zip(first.shape, second.shape, strict=True)), first.dtype
    )
