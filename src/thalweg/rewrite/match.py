"""How rewriting works, whatever the rules say: rules, the driver that applies them, and the log of what
fired.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from thalweg.errors import CompileError, fail
from thalweg.graph.history import with_history
from thalweg.graph.op import Op, item
from thalweg.graph.show import expression
from thalweg.graph.tensor import Spec, Tensor, freeze
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.graph.walk import remake, topological
from thalweg.ops import shape as shape_ops
from thalweg.rewrite.patterns import Apply, Found, Pattern, is_known, unwrapped

EXACT = "exact"  # the same bits for every input (NaN stays NaN, whatever its bits)
VALUE_SAFE = (
    "value-safe"  # differs by rounding, towards the truth; NaN and infinity stay where they are right
)
UNSAFE = "unsafe"  # true of numbers, not of floats: off unless asked for

_CHAIN = 32  # rules fired one after another on one expression: more is a loop


class RewriteLoopError(CompileError):
    """Rules that undo each other: a defect of Thalweg."""


# --- rules
# ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Rule:
    """A law: where a tensor has the form ``pattern`` and ``when`` holds, ``result`` stands in its place.

    ``result`` is a pattern, or a function that returns a tensor (None: not here); it and ``when`` are called
    with those of the pattern's variables that they name, ``root``, the tensor itself, ``kept``, the ids of
    opaque tensors, and ``users``, which tells what reads a tensor in the graph as it was before the phase.
    ``single``: only where no tensor between root and variables has another use.
    ``within``: variables that the result may drop while lengths are unknown, since the rule has seen that
    they are reductions of what stays. ``law`` is the text of what a function does, ``why`` the reason of the
    tag or condition.
    """

    name: str
    patterns: tuple[Pattern, ...]
    result: Any
    tag: str
    when: Callable[..., bool] | None = None
    single: bool = False
    within: tuple[str, ...] = ()
    law: str = ""
    why: str = ""
    _result_names: tuple[str, ...] = ()
    _when_names: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.law:
            return self.law
        return f"{' or '.join(unwrapped(str(p)) for p in self.patterns)} -> {unwrapped(str(self.result))}"

    def condition(self) -> str:
        """What a reader should know besides the law."""
        return "; ".join(
            [
                *(["what it replaces is used nowhere else"] if self.single else []),
                *([self.why] if self.why else []),
            ]
        )

    def replacement(self, found: Found) -> Any:
        """What stands in the place of the root, or None."""
        if self.when is not None and not self.when(*[found[n] for n in self._when_names]):
            return None
        if isinstance(self.result, Pattern):
            return self.result.build(found)
        return self.result(*[found[n] for n in self._result_names])


def rule(
    name: str, pattern: Pattern | Sequence[Pattern], result: Any, tag: str = VALUE_SAFE, **fields: Any
) -> Rule:
    """A rule; several patterns are several ways to write the same thing."""
    patterns = (pattern,) if isinstance(pattern, Pattern) else tuple(pattern)
    when = fields.get("when")
    return Rule(
        name,
        patterns,
        result,
        tag,
        **fields,
        _result_names=() if isinstance(result, Pattern) else tuple(inspect.signature(result).parameters),
        _when_names=() if when is None else tuple(inspect.signature(when).parameters),
    )


@dataclass(frozen=True, eq=False)
class Phase:
    """Rules applied together until none fires; of several that could fire at one tensor, the first in the
    list does.
    """

    name: str
    rules: tuple[Rule, ...]
    by_op: dict[Op, list[tuple[Rule, Apply]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for r in self.rules:
            for pattern in r.patterns:
                assert isinstance(pattern, Apply), f"{r.name}: the root of a rule must be an op"
                self.by_op.setdefault(pattern.op, []).append((r, pattern))


class Fired(NamedTuple):
    """One line of the log: which rule, on what, becoming what, built where in the user's code."""

    phase: str
    rule: str
    tag: str
    before: str
    after: str
    built_at: str | None

    def __str__(self) -> str:
        place = f"  # {self.built_at}" if self.built_at else ""
        return f"{self.phase}: {self.rule}: {self.before} -> {self.after}{place}"


# --- the driver
# -----------------------------------------------------------------------------------------------------


def rewrite(
    outputs: Sequence[Tensor],
    phase: Phase,
    *,
    keep: Iterable[Tensor] = (),
    log: list[Fired] | None = None,
    values: bool = False,
) -> list[Tensor]:
    """The outputs with the phase's rules applied until none fires; the same tensors where none does.

    ``keep``: tensors that stay themselves, with all below them. ``values``: eager tensors stay eager,
    computed anew; otherwise everything that is made is symbolic, as a program needs it.
    """
    kept = {id(t) for t in keep}
    order = topological(outputs, stop=lambda t: id(t) in kept)
    if not any(t.op in phase.by_op for t in order):
        return list(outputs)
    return _Rewriter(phase, kept, log, values, order).run(outputs)


class _Symbolic(Recorder):
    """Makes ops on variables symbolic; what is built belongs to the function that is being traced outside,
    if any.
    """

    def __init__(self) -> None:
        super().__init__()
        self.outer = current_recorder()

    def built(self, tensor: Tensor) -> None:
        if self.outer is not None:
            self.outer.built(tensor)


class _Rewriter:
    """One walk, inputs first: when a tensor is reached its inputs are final, so rules need to look only
    downwards.
    """

    def __init__(
        self, phase: Phase, kept: Set[int], log: list[Fired] | None, values: bool, order: list[Tensor]
    ) -> None:
        self.phase, self.kept, self.log, self.values, self.order = phase, kept, log, values, order
        self.new: dict[int, Tensor] = {}
        self.done: dict[int, Tensor] = {}  # final tensors by id; holding them keeps the ids theirs
        self.readers: dict[int, list[Tensor]] | None = None

    def run(self, outputs: Sequence[Tensor]) -> list[Tensor]:
        for tensor in self.order:
            if id(tensor) in self.kept or tensor.op is None:
                result = tensor
            else:
                result = self._settled(self._again(tensor, self.new), ())
            self.new[id(tensor)] = self.done[id(result)] = result
            if self.readers is not None:
                self._stands_for(result, tensor)
        return [self.new[id(t)] for t in outputs]

    def _again(self, tensor: Tensor, new: dict[int, Tensor]) -> Tensor:
        """The tensor over the new inputs: itself where they are the old ones."""
        inputs = tuple([new.get(id(t), t) for t in tensor.inputs])
        if all(a is b for a, b in zip(inputs, tensor.inputs, strict=True)):
            return tensor
        if self.values and tensor.value is not None and all(t.value is not None for t in inputs):
            return _evaluated(tensor, inputs)
        made = remake(tensor, inputs)
        recorder = current_recorder()
        if recorder is not None:
            recorder.built(made)
        return made

    def _settled(self, tensor: Tensor, chain: tuple[str, ...]) -> Tensor:
        """What the tensor becomes when rules are applied at it, and to what they make, until none fires."""
        if tensor.op not in self.phase.by_op or id(tensor) in self.kept:
            return tensor
        fired = self._fire(tensor)
        if fired is None:
            return tensor
        name, made = fired
        chain = (*chain, name)
        if len(chain) > _CHAIN:
            raise self._loop(tensor, chain)
        new: dict[int, Tensor] = {}
        for t in topological([made], stop=lambda t: id(t) in self.done or id(t) in self.kept):
            if id(t) in self.done or id(t) in self.kept:
                new[id(t)] = t
            else:
                self._adopt(t, tensor)
                result = self._settled(self._again(t, new), chain)
                new[id(t)] = self.done[id(result)] = result
        return new[id(made)]

    def _adopt(self, made: Tensor, root: Tensor) -> None:
        """What a rule makes stands where the user built the root."""
        if made.op is not None and made.value is None:
            made.built_at = root.built_at

    def _fire(self, root: Tensor) -> tuple[str, Tensor] | None:
        assert root.op is not None
        for r, pattern in self.phase.by_op[root.op]:
            for found in pattern.matches_root(root, {}, self.kept):
                if r.single and any(t is not root and len(self._users(t)) > 1 for t in found["inner"]):
                    continue
                known = {**found, "root": root, "kept": self.kept, "users": self._users}
                with self._mode(root):
                    made = self._fitted(r, r.replacement(known), root, found)
                if made is not None and made is not root:
                    if self.log is not None:
                        self.log.append(
                            Fired(
                                self.phase.name,
                                r.name,
                                r.tag,
                                expression(root),
                                expression(made),
                                root.built_at,
                            )
                        )
                    return r.name, made
        return None

    def _mode(self, root: Tensor) -> ExitStack:
        """Eager results with their history where the root is eager and values are wanted; else everything
        symbolic.
        """
        stack = ExitStack()
        if self.values and root.value is not None:
            stack.enter_context(recording(None))
            stack.enter_context(with_history())
        else:
            stack.enter_context(recording(_Symbolic()))
        return stack

    def _fitted(self, r: Rule, made: Tensor | None, root: Tensor, found: Found) -> Tensor | None:
        """The replacement in the root's spec; None where the shapes are not known to agree."""
        if made is None:
            return None
        wanted = root.specs[0]
        if made.dtype != wanted.dtype:
            raise fail(
                CompileError, f"the rule {r.name} changes the dtype", expected=wanted, received=made.specs[0]
            )
        if is_known(wanted.shape) and is_known(made.shape):
            return made if made.shape == wanted.shape else shape_ops.broadcast_to(made, wanted.shape)
        return (
            made
            if made.shape == wanted.shape and _keeps_all(r, made, wanted.shape, found, self.done)
            else None
        )

    def _users(self, tensor: Tensor) -> list[Tensor]:
        """What reads a tensor in the graph as it was; of what rules made, of all that it stands for."""
        if self.readers is None:
            self.readers = {}
            for t in self.order:
                for x in t.inputs:
                    self.readers.setdefault(id(x), []).append(t)
            for t in self.order:
                if id(t) in self.new:
                    self._stands_for(self.new[id(t)], t)
        return self.readers.get(id(tensor), [])

    def _stands_for(self, new: Tensor, old: Tensor) -> None:
        """The new tensor is read by whatever reads the old one."""
        assert self.readers is not None
        if new is not old:
            mine = self.readers.setdefault(id(new), [])
            mine += [t for t in self.readers.get(id(old), []) if not any(t is m for m in mine)]

    def _loop(self, tensor: Tensor, chain: tuple[str, ...]) -> CompileError:
        pair = " and ".join(dict.fromkeys(chain[-2:]))
        return fail(
            RewriteLoopError,
            f"rules undo each other: {pair}",
            received=expression(tensor),
            built_at=tensor.built_at,
        )  # type: ignore[return-value]


def _keeps_all(r: Rule, made: Tensor, shape: Any, found: Found, done: dict[int, Tensor]) -> bool:
    """Whether every tensor that shaped the root shapes the replacement too, where axis lengths are unknown."""
    below = {id(t) for t in topological([made], stop=lambda t: id(t) in done)}
    rank = 0 if shape is None else len(shape)
    free = ("root", *r.within)
    shaping = [t for k, t in found.items() if isinstance(t, Tensor) and k not in free]
    shaping += found.get("numbers", ())
    return all(
        id(t) in below or (t.shape is not None and len(t.shape) <= rank and set(t.shape) <= {1})
        for t in shaping
    )


def _evaluated(tensor: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
    """An eager tensor's op on other values, keeping history."""
    op = tensor.op
    assert op is not None
    if op is item:
        arrays: Any = inputs[0].value[tensor.attrs["index"]]
        specs = [Spec(arrays.shape, arrays.dtype)]
    else:
        with np.errstate(all="ignore"):
            result = op.meaning(*[t.value for t in inputs], **tensor.attrs)
        several = isinstance(result, tuple)
        arrays = tuple(freeze(r) for r in result) if several else freeze(result)
        specs = [Spec(a.shape, a.dtype) for a in (arrays if several else (arrays,))]
    return Tensor(
        op,
        inputs,
        tensor.attrs,
        tuple(specs),
        arrays,
        name=tensor.name,
        built_at=tensor.built_at,
        tracked=True,
    )
