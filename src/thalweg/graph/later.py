"""Eager results that are computed when somebody looks at them, together with all others that wait.

An op on values checks its arguments at once, as always; its array may wait. What waits in a thread is a `Batch`, which
is written down as it comes. A training loop writes the same batch at every step, so each is looked up while it grows:
what an op gives was inferred before, and after a few times the whole batch is compiled to one program. A batch ends
when a value of it is asked for: by the user, or by reading a variable that was assigned meanwhile. A batch without a
gradient and without an assignment is compiled only where it has arrays of many elements: what is small is the same to
the bit however often it is computed.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from thalweg.graph.history import moment
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, freeze
from thalweg.graph.updates import recording

if TYPE_CHECKING:
    from thalweg.graph.op import Op

_LARGE = 1024  # elements: what computes with as many is compiled at its third time, ...
_LARGE_TIMES, _SMALL_TIMES = 3, 64  # ... what does not, later
_HEAVY = 1 << 16  # elements: what computes with as many is compiled even where nothing is trained
_MOST_NUMBERS = 8  # different values of one number: from then on it is an input like any other
_MOST_WAITING = 1000  # results of one batch
_MOST_BYTES = (
    256 << 20
)  # of what they are computed from, beside the largest of it and variables: all of it stays
_MOST_STATES = 20_000  # of one thread; then they are forgotten

Place = int  # of a result, counted from 0; a leaf counts down from -1
_programs: list[Any] = []


def install_programs(program: Any) -> None:
    """The rooms above give what compiles: a class made from inputs and outputs, with ``run(arrays)``."""
    _programs[:] = [program]


class _State:
    """What has been written so far, whichever batch it was written in: batches that differ in values alone share it.

    ``following``: by what comes next the state after it, and what is known of it; ``numbers``: how many different
    numbers came next; ``times``: how often a batch ended here; ``form``: that batch compiled.
    """

    __slots__ = ("following", "form", "numbers", "times")

    def __init__(self) -> None:
        self.following: dict[Any, tuple[_State, Any]] = {}
        self.numbers = self.times = 0
        self.form: _Form | None = None


class _Here(threading.local):
    """This thread's first state, how many follow it, and the batch that is being written."""

    first: _State | None = None
    states = 0
    batch: Batch | None = None


_here = _Here()


class _Form(NamedTuple):
    """A compiled batch: the results that it gives, and the leaves that it reads."""

    program: Any
    places: list[int]
    read: list[int]


class Line(NamedTuple):
    """What a batch says of one op, which may give several results: its operands, its attributes, and whether gradients
    pass. Where ``attrs`` is None, ``op(constants, *operands)`` gives the expressions of the results.
    """

    op: Any
    operands: Any
    attrs: Any
    passes: bool


class Batch:
    """What waits in one thread."""

    __slots__ = (
        "_allowed", "_bytes", "_count", "_held", "_largest", "_leaves", "_numbers", "_plain", "_read", "_recipe",
        "_results", "_symbols", "closed", "heavy", "large", "lock", "state", "trains",
    )  # fmt: skip

    def __init__(self, state: _State) -> None:
        self.lock = threading.RLock()
        self.state = state
        self.closed = self.large = self.heavy = self.trains = False
        self._plain = True  # every line is an op with one result
        self._bytes = self._largest = self._read = 0  # of leaves; the last: of what was read of variables
        self._allowed = _MOST_BYTES  # of that, until somebody has a look at how much is needed
        self._count = 0  # of results
        self._leaves: list[tuple[Tensor, bool]] = []  # the second: a number that the batch is compiled for?
        self._numbers: dict[int, Place] = {}  # of leaves, by id
        self._recipe: list[Line] = []
        # results, as long as somebody holds them; several together as what they are parts of
        self._held: list[tuple[Place | tuple[Place, ...], weakref.ref[Tensor]]] = []
        self._symbols: list[Tensor] = []  # the leaves and ...
        self._results: list[list[Tensor]] = []  # ... the lines as expressions, as far as somebody needed them

    # --- writing ------------------------------------------------------------------------------------------------

    def place_of(self, tensor: Tensor) -> Place:
        """The place of a result or of a leaf, which is entered where it is new."""
        waiting = tensor.later
        if waiting is not None and waiting[0] is self:
            return waiting[1]
        place = self._numbers.get(id(tensor))
        return self._enter(tensor) if place is None else place

    def places_of(self, tensor: Tensor) -> tuple[Place, ...]:
        """Where the batch has a tensor: nowhere, or once; a variable wherever it was read."""
        if isinstance(tensor, Variable):
            read = (leaf for leaf, _ in self._leaves if _is_read(leaf) and leaf.inputs[0] is tensor)
            return tuple([self._numbers[id(leaf)] for leaf in read])
        waits = (waiting := tensor.later) is not None and waiting[0] is self
        return (self.place_of(tensor),) if waits or id(tensor) in self._numbers else ()

    def sources(self) -> list[Tensor]:
        """The leaves that gradients are taken by: what was read of variables, and what is watched."""
        return [leaf for leaf, _ in self._leaves if leaf.tracked and not _is_deep(leaf)]

    def _enter(self, leaf: Tensor) -> Place:
        value, state = leaf.value, self.state
        place = self._numbers[id(leaf)] = ~len(self._leaves)
        key: Any = (value.dtype, value.shape, _is_deep(leaf))
        constant = value.ndim == 0 and leaf.op is None and not leaf.tracked
        if constant:
            exact = (value.dtype, value.tobytes())
            constant = exact in state.following or state.numbers < _MOST_NUMBERS
            if constant:
                key = exact
                state.numbers += exact not in state.following
        self._leaves.append((leaf, constant))
        if _is_read(leaf):
            self._read += value.nbytes
        else:
            self._bytes += value.nbytes
            self._largest = max(self._largest, value.nbytes)
        self._weigh(value.size)
        self.follow(key, None)
        return place

    def follow(self, key: Any, known: Any) -> Any:
        """Go to the state that comes after this one by the key, with what is known of it the first time."""
        found = self.state.following.get(key)
        if found is None:
            found = self.state.following[key] = (_State(), known)
            _here.states += 1
        self.state = found[0]
        return found[1]

    def write(self, line: Line, specs: Sequence[Spec]) -> list[Tensor]:
        """The results of a line, which wait."""
        self._recipe.append(line)
        self.trains = self.trains or line.attrs is None
        self._plain = self._plain and line.attrs is not None and len(specs) == 1
        results = []
        for spec in specs:
            results.append(self._waiting([spec], self._count))
            self._count += 1
            self._weigh(_size(spec))
        return results

    def _weigh(self, size: int) -> None:
        """Take the number of elements of a leaf or a result into account."""
        self.large = self.large or size >= _LARGE
        self.heavy = self.heavy or size >= _HEAVY

    def together(self, parts: Sequence[Tensor]) -> Tensor:
        """The results of one op as what they are parts of: it waits as they do."""
        places = tuple([part.later[1] for part in parts])  # type: ignore[index]
        return self._waiting([part.specs[0] for part in parts], places)

    def _waiting(self, specs: Sequence[Spec], place: Any) -> Tensor:
        made = Tensor.__new__(Tensor)
        made.op, made.inputs, made.attrs, made.specs = None, (), {}, tuple(specs)
        made.name, made.built_at, made.tracked, made.moment = None, None, False, moment()
        made.later = (self, place)
        self._held.append((place, weakref.ref(made)))
        return made

    def alone(self, tensor: Tensor) -> Tensor | None:
        """A result of this batch without what it remembers, for a variable; None where it has been computed."""
        with self.lock:
            if self.closed or tensor.later is None:
                return None
            self.trains = True
            return self._waiting(tensor.specs, tensor.later[1])

    @property
    def full(self) -> bool:
        """Whether it is time to compute."""
        much = self._bytes - self._largest >= _MOST_BYTES
        return self._count >= _MOST_WAITING or much or (self._read >= self._allowed and self._is_idle())

    def _is_idle(self) -> bool:
        """Whether most of what was read of variables, which it keeps alive, is for results that nobody holds."""
        needed = self._read
        if self._plain:
            last = self._last_uses(self._wanted())
            read = [
                leaf.value.nbytes for k, (leaf, _) in enumerate(self._leaves) if ~k in last and _is_read(leaf)
            ]
            needed = sum(read)
        self._allowed = 2 * max(needed, _MOST_BYTES)
        return 2 * needed <= self._read

    # --- computing ----------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Compute what waits, as far as anybody still holds it."""
        with self.lock:
            self.closed = True
            held = [(place, reference()) for place, reference in self._held]
            places = sorted(self._wanted())
            if places:
                results = dict(zip(places, map(freeze, self._computed(places)), strict=True))
                for place, tensor in held:
                    if tensor is not None:
                        tensor.value = picked(place, (), results)
                        tensor.later = None
            self._held, self._leaves, self._recipe, self._numbers = [], [], [], {}
            self._symbols, self._results = [], []

    def _wanted(self) -> set[Place]:
        """The results that somebody holds."""
        held = [place for place, reference in self._held if reference() is not None]
        return {p for place in held for p in (place if isinstance(place, tuple) else (place,))}

    def _computed(self, places: list[int]) -> list[np.ndarray]:
        if not ((self.trains or self.heavy) and _programs):
            return self._interpreted(places)
        state = self.state
        state.times += 1
        form = state.form
        if form is None or (form.places != places and not set(places) <= set(form.places)):
            if state.times < (_LARGE_TIMES if self.large else _SMALL_TIMES):
                return self._interpreted(places)
            form = state.form = self._compiled(sorted({*places, *(form.places if form is not None else ())}))
        arrays = form.program.run([self._leaves[k][0].value for k in form.read])
        if form.places == places:
            return arrays
        by_place = dict(zip(form.places, arrays, strict=True))
        return [by_place[place] for place in places]

    def _compiled(self, places: list[int]) -> _Form:
        leaves, results = self.expressions()
        read = [k for k, leaf in enumerate(leaves) if isinstance(leaf, Placeholder)]
        program = _programs[0]([leaves[k] for k in read], [results[k] for k in places], [], "eager")
        return _Form(program, places, read)

    def _interpreted(self, places: list[int]) -> list[np.ndarray]:
        """By the meanings of the ops."""
        from thalweg.graph.interpret import evaluate

        if self._results or not self._plain:
            leaves, results = self.expressions()
            given: dict[Tensor, Any] = {
                s: t.value for s, (t, _) in zip(leaves, self._leaves) if isinstance(s, Placeholder)
            }
            return evaluate([results[place] for place in places], given)
        kept: set[Place] = set(places)
        values: dict[Place, Any] = {}
        last = self._last_uses(kept)
        arrays = [leaf.value for leaf, _ in self._leaves]
        with np.errstate(all="ignore"):
            for place, (op, operands, attrs, _) in enumerate(self._recipe):
                if place in last or place in kept:
                    values[place] = np.asarray(op.meaning(*picked(operands, arrays, values), **attrs))
                    for operand in set(operands):
                        if operand >= 0 and last[operand] == place and operand not in kept:
                            del values[operand]
        return [values[place] for place in places]

    def _last_uses(self, kept: set[Place]) -> dict[Place, Place]:
        """Where each operand that these results need is needed last, in a batch of single results."""
        last: dict[Place, Place] = {}
        for place in range(len(self._recipe) - 1, -1, -1):
            if place in last or place in kept:
                for operand in self._recipe[place].operands:
                    last.setdefault(operand, place)
        return last

    def expressions(self) -> tuple[list[Tensor], list[Tensor]]:
        """The leaves and the results so far as symbolic expressions."""
        for leaf, constant in self._leaves[len(self._symbols) :]:
            self._symbols.append(leaf if constant else _input(leaf))
        results = [t for made in self._results for t in made]
        for op, operands, attrs, _ in self._recipe[len(self._results) :]:
            inputs = picked(operands, self._symbols, results)
            with recording(None):
                made = op(self.cuts(), *inputs) if attrs is None else op.build(inputs, attrs)
            made = list(made) if isinstance(made, (list, tuple)) else [made]
            self._results.append(made)
            results += made
        return self._symbols, results

    def cuts(self) -> list[Tensor]:
        """The results that gradients do not pass."""
        return [t for line, made in zip(self._recipe, self._results) if not line.passes for t in made]

    def remembers(self, symbols: Sequence[Tensor]) -> bool:
        """Whether all that these expressions depend on, as far as gradients pass, is in this batch."""
        from thalweg.graph.walk import topological

        deep = {id(s) for s, (leaf, _) in zip(self._symbols, self._leaves) if _is_deep(leaf)}
        cuts = {id(t) for t in self.cuts()}
        return not any(id(t) in deep for t in topological(symbols, stop=lambda t: id(t) in cuts))


def picked(places: Any, leaves: Sequence[Any], results: Any) -> Any:
    """What stands in places, which may be nested."""
    if isinstance(places, int):
        return results[places] if places >= 0 else leaves[~places]
    return tuple([picked(p, leaves, results) for p in places])


def _size(spec: Spec) -> int:
    size = 1
    for length in spec.shape:  # type: ignore[union-attr]
        size *= length  # type: ignore[operator]
    return size


def _input(leaf: Tensor) -> Placeholder:
    return Placeholder(None, (), {}, (Spec(leaf.value.shape, leaf.value.dtype),), tracked=True)


def _is_read(leaf: Tensor) -> bool:
    return leaf.op is not None and leaf.op.name == "read"


def _is_deep(leaf: Tensor) -> bool:
    """Whether a leaf is a result that remembers how it came about."""
    return leaf.op is not None and leaf.op.name != "read"


def current() -> Batch:
    """The batch that this thread writes."""
    batch = _here.batch
    if batch is None or batch.closed:
        if _here.states > _MOST_STATES:
            forget()
        if _here.first is None:
            _here.first = _State()
        batch = _here.batch = Batch(_here.first)
    return batch


def forget() -> None:
    """Forget what this thread has written and compiled."""
    _here.first, _here.states = None, 0


def applied(
    op: Op, tensors: Sequence[Tensor], attrs: dict[str, Any], history: bool, prepared: bool = False
) -> Any:
    """The op's result, or results, where they may wait: they depend on a variable or on what waits, or are drawn
    beside what waits; and nothing is symbolic. Else None.

    ``history``: whether it remembers the expression that made it, if that depends on a variable. ``prepared``: the
    operands and attributes are as the op's ``prepare`` leaves them.
    """
    inputs, wanted, tracked = [], False, False
    for t in tensors:
        if t.later is None:
            if t.op is None and isinstance(t, Variable):
                if t.is_symbolic:
                    return None
                t = t.shown()
            elif t.value is None:
                return None
        else:
            wanted = True
        tracked = tracked or t.tracked
        inputs.append(t)
    if not (wanted or tracked):
        batch = _here.batch
        if not op.draws or batch is None or batch.closed or not batch._count:
            return None
    words = attribute_words(attrs)
    if words is None:
        return None
    batch = current()
    for t in inputs:
        if (waiting := t.later) is not None and waiting[0] is not batch:
            t.array()
    with batch.lock:
        if batch.closed:  # another thread wanted a value
            return applied(op, inputs, attrs, history, prepared)
        passes = tracked and history
        key: Any = (op, tuple([batch.place_of(t) for t in inputs]), words, passes)
        found = batch.state.following.get(key)
        if found is None and op.prepare is not None and not prepared:
            given = inputs
            operands, attrs = op.prepare(given, attrs)
            inputs, prepared = list(operands), True
            if batch.closed:  # what prepares them was too much for it
                return applied(op, inputs, attrs, history, prepared)
            if any(a is not b for a, b in zip(inputs, given, strict=True)):
                words = attribute_words(attrs)
                if words is None:
                    return None
                key = (op, tuple([batch.place_of(t) for t in inputs]), words, passes)
                found = batch.state.following.get(key)
        spec, attrs = (op._infer(inputs, attrs), attrs) if found is None else found[1]
        if op.check is not None:
            op.check(*inputs, **attrs)
            if batch.closed:  # by a look at one of its values
                return applied(op, inputs, attrs, history, prepared)
        several = not isinstance(spec, Spec)
        specs = spec if several else (spec,)
        if any(s.shape is None or None in s.shape for s in specs):
            return None
        spec, attrs = batch.follow(key, (spec, attrs))
        parts = batch.write(Line(op, key[1], attrs, passes), specs)
        if passes:
            made = batch.together(parts) if several else parts[0]
            made.op, made.inputs, made.attrs, made.tracked = op, tuple(inputs), attrs, True
            if several:
                from thalweg.graph.op import item

                for k, part in enumerate(parts):
                    part.op, part.inputs, part.attrs, part.tracked = item, (made,), {"index": k}, True
    if batch.full:
        batch.finish()
    return tuple(parts) if several else parts[0]


def several(
    line: Callable[..., list[Tensor]], inputs: Sequence[Tensor], specs: Sequence[Spec]
) -> list[Tensor]:
    """Results that wait: ``line(cuts, inputs)`` gives their expressions. Gradients do not pass them."""
    batch = current()
    for t in inputs:
        if (waiting := t.later) is not None and waiting[0] is not batch:
            t.array()
    with batch.lock:
        if batch.closed:
            return several(line, inputs, specs)
        places = tuple([batch.place_of(t) for t in inputs])
        batch.follow((line, places), None)
        return batch.write(Line(line, (places,), None, False), specs)


def attribute_words(attrs: dict[str, Any]) -> Any:
    """Equal for equal attributes; None where one cannot be compared."""
    words = []
    for value in attrs.values():
        word = _word(value)
        if word is None:
            return None
        words.append(word)
    return tuple(words)


def _word(value: Any) -> Any:
    kind = value.__class__
    if kind is int or kind is bool or kind is str or value is None:
        return (kind, value)
    if kind is float:
        return value.hex()
    if kind is tuple or kind is list:
        words = [_word(v) for v in value]
        return None if None in words else (kind, *words)
    if kind is slice:
        return _word((value.start, value.stop, value.step))
    if isinstance(value, np.dtype) or getattr(kind, "is_word", False):
        return value
    return (kind, value.tobytes()) if isinstance(value, np.generic) else None
