"""A program compiled for the shapes at hand: found on disk as it was kept there, or else made and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from thalweg.compile.bounds import Range, bounds_of, of_arguments
from thalweg.compile.dims import Dim, number, open_graph
from thalweg.compile.lower import specialise
from thalweg.errors import ShapeError, fail
from thalweg.graph.memory import aligned_copy
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, shape_text, shapes_match
from thalweg.run.open_axes import OpenAxes
from thalweg.run.slots import Slots, slot_of

if TYPE_CHECKING:
    from thalweg.compile.build import Executable
    from thalweg.compile.recall import Recalled
    from thalweg.run.bound import Bound
    from thalweg.run.program import Program

_KEPT_FRAMES = 16  # of one form, by run-time lengths and threads


class Form:
    """A program for one set of shapes.

    ``whole`` is the address of the native function that does all of it, or None: then the host does a part. ``bounds``
    say which values of arguments it takes; ``late`` are updates, by number, that change a variable's shape, and as
    which output each is done.
    """

    def __init__(self, program: Program, shapes: Sequence[Any], loose: Mapping[Variable, Any]) -> None:
        self.program = program
        self._set_leaves(shapes, loose)
        self._set_up()

    def _set_leaves(self, shapes: Sequence[Any], loose: Mapping[Variable, Any]) -> None:
        program = self.program
        self._input_leaf = [_leaf(p, s) for p, s in zip(program.inputs, shapes, strict=True)]
        fixed = [v for v in program.variables if v.shape is not None and None not in v.shape]
        self._variable_leaf = {v: _leaf(v, loose.get(v, v.shape)) for v in [*fixed, *loose]}
        self._key_leaf = {key: _leaf(key, (4,)) for key in program.keys}

    def _replace(self, inputs: Sequence[Tensor]) -> dict[Tensor, Tensor]:
        leaves: list[tuple[Tensor, Tensor]] = list(zip(self.program.inputs, inputs, strict=True))
        leaves += self._key_leaf.items()
        leaves += self._variable_leaf.items()
        return dict(leaves)

    # --- found or made --------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        from thalweg.compile import recall

        program = self.program
        leaves = {old: _told(leaf) for old, leaf in self._replace(self._input_leaf).items()}
        numbers = {old: k for k, old in enumerate(leaves)}
        updated = [(numbers.get(v), v.shape) for v, _ in program.updates]
        record = recall.Record(
            program.numbered_roots, leaves, len(program.outputs), updated, self._lengths_told()
        )
        self._frames: dict[Any, Bound] = {}
        self._executable: Executable | None = None
        found = record.find()
        if found is not None:
            self._take(found)
            return
        made = self._made()
        self.use(made)
        if made.kept is not None and self.whole is not None:
            record.keep(self.plan, made.kept, self.bounds, (self.late, self._positive_told()))

    def use(self, made: Executable) -> None:
        """From now on run this compiled graph."""
        self._executable = made
        self.plan, self.whole = made.plan(list(self._replace(self._input_leaf).values())), made.whole
        self._frames.clear()

    def _take(self, found: Recalled) -> None:
        self.plan, self.whole, self.bounds = found.plan, found.whole, found.bounds
        self._code = found.code  # which lives as long as this
        late, positive = found.more
        self.late: list[tuple[int, int]] = list(late)
        self._set_positive(positive)

    def _made(self) -> Executable:
        from thalweg.compile.entry import native
        from thalweg.compile.llvm import meanwhile

        ranges: list[Range] = []
        with meanwhile(native):  # which the first call needs
            lowered = specialise(self.program.numbered_roots, self._replace(self._input_leaf), ranges=ranges)
            self.bounds = bounds_of(ranges, self._input_leaf)
            return self._compiled(lowered)

    def _compiled(self, lowered: list[Tensor]) -> Executable:
        from thalweg.compile.build import Executable

        outputs, updates = lowered[: len(self.program.outputs)], lowered[len(self.program.outputs) :]
        pairs = []
        self.late = []
        for k, ((variable, _), new) in enumerate(zip(self.program.updates, updates, strict=True)):
            leaf = self._variable_leaf.get(variable)
            if leaf is not None and leaf.shape == new.shape:
                pairs.append((leaf, new))
            else:
                check_new_shape(variable, new.shape)
                self.late.append((k, len(outputs)))
                outputs.append(new)
        return Executable(outputs, pairs)

    @property
    def executable(self) -> Executable:
        """The compiled graph with its schedule; where the form was found on disk, it is made now."""
        if self._executable is None:
            self._executable = self._made()
        return self._executable

    def _lengths_told(self) -> Any:
        """What open axes say that leaves do not."""
        return None

    def _positive_told(self) -> Any:
        return ()

    def _set_positive(self, told: Any) -> None:
        pass

    # --- in use ---------------------------------------------------------------------------------------------------

    def bound(self, values: Sequence[np.ndarray]) -> Bound:
        """The frame for these inputs, with the present number of threads."""
        lengths = self.lengths(values)
        bound = self._frames.get(lengths)
        if bound is None or not bound.is_current():
            if len(self._frames) >= _KEPT_FRAMES:
                self._frames.clear()
            bound = self._frames[lengths] = self._bound(lengths)
        return bound

    def _bound(self, lengths: tuple[int, ...]) -> Bound:
        from thalweg.run.bound import Bound

        program = self.program
        return Bound(
            self.plan,
            self.whole,
            self._executable if self.whole is None else None,
            self._input_leaf,
            len(self._key_leaf),
            program.stream,
            list(self._variable_leaf),
            program._read,
            program._written,
            lengths,
            [bound.at(lengths) for bound in self.bounds],
        )

    def set_late(self, results: Sequence[np.ndarray], slots: Slots | None) -> None:
        """Give the variables whose shapes change their new values."""
        for k, position in self.late:
            variable, _ = self.program.updates[k]
            slot_of(variable, slots).array = aligned_copy(results[position])
            slot_of(variable, slots).reader = None

    def lengths(self, values: Sequence[np.ndarray]) -> tuple[int, ...]:
        """The run-time lengths: none, all are fixed."""
        return ()


class OpenForm(Form):
    """A program whose open axes have run-time lengths, or multiples of them."""

    def __init__(self, program: Program, key: Any, axes: OpenAxes) -> None:
        self.program = program
        self.axes = axes
        self.fixed = [list(s) for s in key]
        shapes: list[list[int]] = [list(s) for s in key]
        for dim, group in axes.lengths:
            for k, axis in group:
                self.fixed[k][axis] = None
                shapes[k][axis] = dim
        self._positive: list[Dim] = []
        self._set_leaves([tuple(s) for s in shapes], {})
        self._set_up()

    def _made(self) -> Executable:
        program = self.program
        samples: list[list[Range]] = []

        def lower(lengths: tuple[int, ...]) -> list[Tensor]:
            inputs = [_leaf(p, s) for p, s in zip(program.inputs, self._shapes(lengths), strict=True)]
            ranges: list[Range] = []
            made = specialise(program.numbered_roots, self._replace(inputs), open_lengths=True, ranges=ranges)
            samples.append(of_arguments(ranges, inputs))
            return [*inputs, *made, *(one.tensor for one in samples[-1])]

        made, self._positive = open_graph(len(self.axes.own), lower)
        ends = len(program.inputs), len(program.inputs) + len(program.roots)
        self._input_leaf = made[: ends[0]]
        last, tensors = samples[-1], made[ends[1] :]
        limits = [{(s[k].low, s[k].high) for s in samples if k < len(s)} for k in range(len(last))]
        same = [
            replace(r, tensor=t) for r, t, found in zip(last, tensors, limits, strict=True) if len(found) == 1
        ]
        self.bounds = bounds_of(same, self._input_leaf)
        return self._compiled(made[ends[0] : ends[1]])

    def _lengths_told(self) -> Any:
        return self.axes.own

    def _positive_told(self) -> Any:
        return self._positive

    def _set_positive(self, told: Any) -> None:
        self._positive = list(told)

    def _shapes(self, lengths: tuple[int, ...]) -> list[tuple[int, ...]]:
        shapes = [list(s) for s in self.fixed]
        for dim, group in self.axes.lengths:
            for k, axis in group:
                shapes[k][axis] = dim.at(lengths)
        return [tuple(s) for s in shapes]

    def lengths_of(self, key: Any) -> tuple[int, ...] | None:
        """The run-time lengths in these input shapes; None where the form does not fit (a length under 2, say)."""
        if [len(s) for s in key] != [len(s) for s in self.fixed]:
            return None
        lengths = tuple(key[k][axis] for k, axis in self.axes.own)
        if any(n < 2 for n in lengths) or self._shapes(lengths) != [tuple(s) for s in key]:
            return None
        return lengths if all(number(d, lengths) >= 1 for d in self._positive) else None

    def lengths(self, values: Sequence[np.ndarray]) -> tuple[int, ...]:
        """The run-time lengths of these inputs."""
        return tuple(values[k].shape[axis] for k, axis in self.axes.own)


def check_new_shape(variable: Variable, shape: Any, built_at: str | None = None) -> None:
    """An error where a variable may not take a value of this shape."""
    if not shapes_match(variable.shape, shape):
        raise fail(
            ShapeError,
            f"updates: the new value of {variable.label()} has another shape",
            expected=shape_text(variable.shape),
            received=shape_text(shape),
            built_at=built_at,
        )


def _leaf(of: Tensor, shape: Any) -> Tensor:
    return Placeholder(None, (), {}, (Spec(tuple(shape), of.dtype),), name=of.name, built_at=of.built_at)


def _told(leaf: Tensor) -> Any:
    """What of a leaf decides about the machine code: of a run-time length which it is, not how long typically."""
    return leaf.dtype, tuple(d.terms if isinstance(d, Dim) else d for d in leaf.shape)
