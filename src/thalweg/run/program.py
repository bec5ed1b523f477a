"""Programs: a graph with inputs, outputs and updates, compiled for the shapes at hand and kept for the next
call.

Everything that runs compiled is a Program: ``function``, ``Session.run`` and the traced functions only
collect its parts.
"""

from __future__ import annotations

import functools
import gc
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from thalweg import dtypes
from thalweg.compile.dims import NotUniform
from thalweg.compile.lower import UnknownShapeError
from thalweg.errors import (
    ArgumentTypeError,
    DTypeError,
    FeedError,
    FetchError,
    ShapeError,
    ThalwegError,
    fail,
)
from thalweg.graph import later
from thalweg.graph.tensor import (
    Placeholder,
    Tensor,
    Variable,
    frozen,
    shape_text,
    shapes_match,
)
from thalweg.graph.walk import leaves
from thalweg.ops.bodies import install_programs
from thalweg.ops.draws import RandomKey, numbered_anew
from thalweg.run.by_shapes import Shapes
from thalweg.run.forms import Form, OpenForm, check_new_shape
from thalweg.run.open_axes import OpenAxes, varying_axes
from thalweg.run.rows import Rows
from thalweg.run.slots import Slots, slot_of, uninitialized
from thalweg.run.stages import Stages

if TYPE_CHECKING:
    from thalweg.run.bound import Bound

_log = logging.getLogger("thalweg")
_FIXED_FORMS = 3
_FIXED_FORMS_OF_CHANGING = 1  # where a length depends on values, or is not that of a batch
_KEPT_SHAPES = 32  # compiled forms of one program, by shapes; the least recently used goes first
_ATTEMPTS = 1000

C = TypeVar("C", bound=Form)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Inside, nobody looks for garbage: what is being made is alive, and is so much that looking takes long."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class Program:
    """Outputs and updates as expressions of inputs and variables, run as native code.

    ``inputs``: the placeholders that ``run`` is given arrays for, in order. ``outputs``: tensors.
    ``updates``: pairs of a variable and the expression of its new value; all are computed from the values
    before any of them. ``fixed_forms``: so many lengths of open axes are compiled for as they come; from the next
    one on, lengths are run-time numbers.
    """

    def __init__(
        self,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        updates: Sequence[tuple[Variable, Tensor]] = (),
        name: str | None = None,
        fixed_forms: int = _FIXED_FORMS,
    ) -> None:
        self.name = name or "program"
        self.fixed_forms = fixed_forms
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.updates = [(v, _fitting(v, u)) for v, u in updates]
        self.roots = [*self.outputs, *(u for _, u in self.updates)]
        found = leaves(self.roots)
        self.variables = list(
            dict.fromkeys([*(t for t in found if isinstance(t, Variable)), *(v for v, _ in self.updates)])
        )
        self.keys = [t for t in found if isinstance(t, RandomKey)]
        self.numbered_roots, self.stream = numbered_anew(self.roots) if self.keys else (self.roots, 0)
        self._check_inputs(found)
        self._read = {t for t in found if isinstance(t, Variable)}
        self._loose = [v for v in self.variables if v.shape is None or None in v.shape]
        self._written = {v for v, _ in self.updates}
        self._compiled: OrderedDict[Any, Form] = OrderedDict()
        self._open_forms: list[OpenForm] = []
        self._closed: list[OpenAxes] = []  # for whose lengths there is no one form
        self._last: Bound | None = None  # what the last call was done with
        self._stages: Stages | None = None  # where shapes depend on values
        self.num_compiled = 0
        self._lock = threading.RLock()
        self._compile_seconds = 0.0

    def _check_inputs(self, found: Sequence[Tensor]) -> None:
        given = set(self.inputs)
        for leaf in found:
            if isinstance(leaf, Placeholder) and leaf not in given and not isinstance(leaf, RandomKey):
                raise fail(
                    FeedError,
                    f"{self.name}: {leaf.label()} {leaf.specs[0]} has no value",
                    built_at=leaf.built_at,
                    hint="feed it, or list it among the inputs",
                )

    @property
    def compile_seconds(self) -> float:
        """How long compilation took so far."""
        stages = 0.0 if self._stages is None else self._stages.compile_seconds
        return self._compile_seconds + stages

    def run(self, arrays: Sequence[Any], slots: Slots | None = None, tensors: bool = False) -> list[Any]:
        """Run on values for the inputs; ``slots`` holds the variables' values (their own by default).

        Gives new arrays; with ``tensors`` eager tensors.
        """
        arguments = tuple(arrays)
        results = self.again(arguments, slots, tensors)
        if results is None:
            with self._lock:
                results = self._run(self._converted(arguments), slots)
            results = [frozen(r) for r in results] if tensors else results
        return results

    def again(
        self, arguments: tuple[Any, ...], slots: Slots | None = None, tensors: bool = False
    ) -> list[Any] | None:
        """As `run`, if the arguments are arrays like those of the last call; else None, with nothing done."""
        with self._lock:
            last = self._last
            return None if last is None else last.run(arguments, slots, tensors)

    def _run(self, values: list[np.ndarray], slots: Slots | None) -> list[np.ndarray]:
        form = self._form_unless_staged(values, slots)
        if form is None:
            assert self._stages is not None
            for target, array in zip(self.inputs, values, strict=True):
                check_feed(target, array.shape)
            return self._stages.run(values, slots)
        self._refuse(form, values)
        results = None
        for _ in range(_ATTEMPTS):  # another thread may change the number of threads at any time
            bound = form.bound(values)
            results = bound.run(tuple(values), slots, False)
            if results is not None:
                break
        assert results is not None, "the values do not fit the form made for them"
        form.set_late(results, slots)
        self._last = None if form.late or self._loose else bound
        return results[: len(self.outputs)]

    def _refuse(self, form: Form, values: Sequence[np.ndarray], rows: Rows | None = None) -> None:
        """An error where an argument, or the data of many steps, has values that an op cannot take."""
        for bound in form.bounds:
            k = bound.argument
            if rows is not None and bound.allows(rows.arrays[k]):
                continue
            array, steps, numbers = (values[k], 1, None) if rows is None else rows.together(k)
            problem = bound.at(form.lengths(values)).refusal(array, self.inputs[k].label(), steps, numbers)
            if problem is not None:
                raise problem

    def _form_unless_staged(self, values: Sequence[np.ndarray], slots: Slots | None) -> Form | None:
        """The compiled form for these inputs; None where shapes depend on values, so that it takes several."""
        if self._stages is None:
            try:
                return self._form(values, slots)
            except UnknownShapeError as reason:
                _log.info("%s runs in stages: %s", self.name, reason)
                self._stages = self._cut(reason)
        return None

    def _cut(self, unknown: UnknownShapeError) -> Stages:
        """This program in stages, before and behind the ops of which this speaks."""
        count = len(self.outputs)
        updates = [(v, new) for (v, _), new in zip(self.updates, unknown.outputs[count:], strict=True)]
        make = functools.partial(Program, name=self.name, fixed_forms=_FIXED_FORMS_OF_CHANGING)
        return Stages(make, self.inputs, unknown.outputs[:count], updates, unknown.found)

    def run_steps(
        self,
        arrays: Sequence[Any],
        rows: Any = None,
        *,
        batch: int | None = None,
        steps: int | None = None,
        slots: Slots | None = None,
    ) -> Iterator[tuple[int, list[np.ndarray]]]:
        """Run many steps over data in memory, natively; yields how many were done since the last time, and their
        outputs, stacked.

        ``arrays``: for each input the data of all steps. ``rows``: integers [steps, batch]: step k reads the rows
        ``rows[k]`` of every array; or ``batch``: the next so many rows at each step, ``steps`` times (as often
        as there are rows for it); or ``steps`` alone: all rows at every step. An array without axes is the
        same for every step. Outputs and updates are to the bit those of as many calls of ``run``. It yields
        about every 0.1 s, so that an interruption waits no longer.
        """
        values = self._converted(tuple(arrays))
        return self._steps(Rows(f"{self.name}.run_steps", values, rows, batch, steps), slots)

    def _steps(self, rows: Rows, slots: Slots | None) -> Iterator[tuple[int, list[np.ndarray]]]:
        done, interruption = 0, None
        checked: set[Form] = set()
        while done < rows.steps:
            with self._lock:
                part = rows.part(done)
                form = self._form_unless_staged(part, slots)
                if form is None or form.whole is None or form.late:
                    count, results = 1, [r[None] for r in self._run(part, slots)]
                else:
                    if form not in checked:
                        self._refuse(form, part, rows)
                        checked.add(form)
                    count, results, interruption = form.bound(part).run_steps(rows, done, slots)
            done += count
            yield count, results
            if interruption is not None:
                raise interruption

    def form(self, arrays: Sequence[Any], slots: Slots | None = None) -> Form:
        """The compiled form for these inputs, compiled now if it was not."""
        with self._lock:
            return self._form(self._converted(tuple(arrays)), slots)

    def _converted(self, arguments: tuple[Any, ...]) -> list[np.ndarray]:
        if len(arguments) != len(self.inputs):
            names = ", ".join(p.label() for p in self.inputs)
            raise fail(
                ArgumentTypeError,
                f"{self.name}: wrong number of arguments",
                expected=f"{len(self.inputs)} ({names})",
                received=len(arguments),
            )
        return [convert_feed(p, a) for p, a in zip(self.inputs, arguments, strict=True)]

    def _form(self, values: Sequence[np.ndarray], slots: Slots | None) -> Form:
        key = tuple([a.shape for a in values])
        if self._loose:
            key = (key, *(self._array_of(v, slots).shape for v in self._loose if v in self._read))
        compiled = self._compiled.get(key)
        if compiled is None:
            for target, array in zip(self.inputs, values, strict=True):
                check_feed(target, array.shape)
            compiled = self._for_open_lengths(key) or self._new_form(key, values, slots)
            self._compiled[key] = compiled
            if len(self._compiled) > _KEPT_SHAPES:
                self._compiled.popitem(last=False)
        else:
            self._compiled.move_to_end(key)
        return compiled

    def _new_form(self, key: Any, values: Sequence[np.ndarray], slots: Slots | None) -> Form:
        loose = {v: self._array_of(v, slots).shape for v in self._loose if v in self._read}
        return self._timed(key, lambda: Form(self, [a.shape for a in values], loose))

    def _timed(self, key: Any, make: Callable[[], C]) -> C:
        begun = time.perf_counter()
        with _uncollected():
            compiled = make()
        seconds = time.perf_counter() - begun
        self._compile_seconds += seconds
        self.num_compiled += 1
        _log.debug("%s: compiled in %.3f s for input shapes %s", self.name, seconds, key)
        return compiled

    def _for_open_lengths(self, key: Any) -> Form | None:
        """A form whose open axes are run-time lengths, once several fixed lengths have been compiled."""
        if self._loose:
            return None
        for form in self._open_forms:
            if form.lengths_of(key) is not None:
                return form
        shapes = [k for k in self._compiled if [len(s) for s in k] == [len(s) for s in key]]
        if len(shapes) < self.fixed_forms:
            return None
        open_axes = varying_axes([*shapes, key], len(self.inputs))
        if open_axes is None or any(key[k][axis] < 2 for k, axis in open_axes.own):
            return None
        if open_axes in self._closed or any(form.axes == open_axes for form in self._open_forms):
            return None  # the form does not fit these lengths
        try:
            made = self._timed(key, lambda: OpenForm(self, key, open_axes))
        except (NotUniform, ThalwegError) as reason:  # sample lengths may be past what the program can take
            _log.info("%s: compiled anew for each length: %s", self.name, reason)
            self._closed.append(open_axes)
            return None
        self._open_forms.append(made)
        return None if made.lengths_of(key) is None else made

    def _array_of(self, variable: Variable, slots: Slots | None) -> np.ndarray:
        slot = slot_of(variable, slots)
        if slot.array is None:
            raise uninitialized(variable)
        return slot.array


def _fitting(variable: Variable, update: Tensor) -> Tensor:
    from thalweg.ops.elementwise import astype

    if not isinstance(variable, Variable):
        raise fail(FetchError, "updates: the first of each pair must be a variable", received=repr(variable))
    if not isinstance(update, Tensor):
        from thalweg.graph.op import convert_operands

        (update,) = convert_operands([update])
    if update.dtype != variable.dtype:
        update = astype(update, variable.dtype)
    check_new_shape(variable, update.shape, update.built_at)
    return update


def fixed_forms(shapes: Shapes) -> int:
    """How many lengths a traced program of these inputs should be compiled for as they come.

    Other axes than the first are open only where they keep changing: lengths of sequences, sizes of images.
    """
    return _FIXED_FORMS_OF_CHANGING if any(None in s[1:] for s in shapes) else _FIXED_FORMS


def convert_feed(target: Tensor, value: Any) -> np.ndarray:
    """A value for a placeholder as a row-major array of its dtype."""
    if type(value) is not np.ndarray or value.dtype != target.dtype or not value.flags.c_contiguous:
        value = _converted(target, value)
    if value.dtype is not target.dtype:
        value = value.view(target.dtype)  # equal, but native code compares the objects
    return value if value.flags.aligned else value.copy()


def check_feed(target: Tensor, shape: tuple[int, ...]) -> None:
    """An error where an array of this shape may not be fed."""
    if not shapes_match(target.shape, shape):
        raise fail(
            ShapeError,
            f"feed: the value for {target.label()} has the wrong shape",
            expected=shape_text(target.shape),
            received=shape_text(shape),
            built_at=target.built_at,
            hint="reshape the array, or declare the axis None",
        )


def _unfit(array: np.ndarray, dtype: np.dtype) -> str:
    if dtypes.is_bool(dtype):
        return "other than 0 and 1"
    whole = array.dtype.kind != "f" or bool(np.all(np.isfinite(array) & (array == np.floor(array))))
    return "values out of its range" if whole else "other than whole numbers"


def _converted(target: Tensor, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        value = value.array()
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise fail(FeedError, f"feed: the value for {target.label()} is not an array: {error}") from None
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise fail(
            DTypeError,
            f"feed: the value for {target.label()} is not numeric",
            expected=target.dtype.name,
            received=f"dtype {array.dtype} ({type(value).__name__})",
        )
    narrower = dtypes.rank(target.dtype) < dtypes.rank(array.dtype) or dtypes.is_integer(target.dtype)
    if narrower and array.dtype != target.dtype and array.size:
        with np.errstate(all="ignore"):
            cast = array.astype(target.dtype)
        if not np.array_equal(cast, array):
            raise fail(
                DTypeError,
                f"feed: the value for {target.label()} does not fit its dtype",
                expected=target.dtype.name,
                received=f"{array.dtype.name} with {_unfit(array, target.dtype)}",
                hint="round or cast it yourself",
            )
        return np.ascontiguousarray(cast).reshape(array.shape)
    return np.ascontiguousarray(array, dtype=target.dtype).reshape(array.shape)


install_programs(Program)
later.install_programs(Program)
