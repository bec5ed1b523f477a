"""Functions: programs called like Python functions, from expressions (``function(inputs, outputs)``) or by
tracing.
"""

from __future__ import annotations

import copy
import functools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, FetchError, ShapeError, SymbolicError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, constant, frozen, shape_text
from thalweg.graph.updates import Operation, Recorder, current_recorder, recording
from thalweg.graph.walk import rebuild, remake
from thalweg.nested import filled, mapped
from thalweg.run.by_shapes import ByShapes, Shapes
from thalweg.run.program import Program, fixed_forms
from thalweg.run.rows import Rows

Updates = Mapping[Variable, Any] | Sequence[tuple[Variable, Any]]


class Function:
    """A compiled function of its inputs. Calling it returns eager tensors in the structure of ``outputs``.

    ``program`` is what it runs; a single output gives a single tensor, a list a list, None (updates only)
    nothing.
    """

    def __init__(self, program: Program, outputs: Any) -> None:
        self.program = program
        self._structure, self._single = outputs, type(outputs) is Tensor

    def __call__(self, *args: Any) -> Any:
        return self.structured(self.program.run(args, None, True))

    def structured(self, results: list[Tensor]) -> Any:
        """The results of the program in the structure of the outputs."""
        return results[0] if self._single else filled(self._structure, results)

    def run_steps(
        self,
        *data: Any,
        rows: Any = None,
        batch: int | None = None,
        steps: int | None = None,
        progress: Callable[[int], Any] | None = None,
    ) -> Any:
        """Many steps over data in memory, natively: no Python runs between them, and no batch is made of arrays.

        ``data``: for each input an array of the rows of all steps (or one without axes, the same for every step),
        of the input's dtype and row-major, or else it is converted first, all of it. One of these says what a
        step reads: ``rows``, integers [steps, batch], the numbers of its rows; ``batch``, the next so many rows,
        ``steps`` times (by default as often as there are rows for it); ``steps`` alone, all rows at every step.
        Returns the outputs in their structure, each with a first axis [steps]; None where there are none. Values,
        updates, random numbers are to the bit those of calling the function for each step. ``progress``: called
        about every 0.1 s with the number of steps done. Raises IndexRangeError for a row that is not there.

        >>> from thalweg.graph.tensor import placeholder
        >>> x, total = placeholder("float32", [None]), Variable(0.0)
        >>> add = function([x], x.sum(), updates=[(total, total + x.sum())])
        >>> add.run_steps(np.arange(6, dtype="f"), rows=[[0, 5], [1, 4], [2, 2]]).tolist()
        [5.0, 5.0, 4.0]
        >>> add.run_steps(np.arange(6, dtype="f"), batch=3).tolist(), total.get_value().item()
        ([3.0, 12.0], 29.0)
        """
        parts, done = [], 0
        for count, results in self.program.run_steps(data, rows, batch=batch, steps=steps):
            parts.append(results)
            done += count
            if progress is not None:
                progress(done)
        return filled(
            self._structure, [frozen(self._stacked(k, column)) for k, column in enumerate(zip(*parts))]
        )

    def _stacked(self, number: int, results: Sequence[np.ndarray]) -> np.ndarray:
        shapes = {r.shape[1:] for r in results}
        if len(shapes) > 1:
            raise fail(
                ShapeError,
                f"{self.program.name}.run_steps: the steps gave output {number} different shapes, which have no array "
                "of them all",
                received=", ".join(map(shape_text, sorted(shapes))),
                hint="call the function for each step",
            )
        return results[0] if len(results) == 1 else np.concatenate(results)


def function(
    inputs: Any = None,
    outputs: Any = None,
    updates: Updates | None = None,
    givens: Mapping[Tensor, Any] | None = None,
    name: str | None = None,
) -> Any:
    """Compile expressions to a function, or (as a decorator) a Python function by tracing it.

    ``inputs``: placeholders, the arguments in order. ``outputs``: a tensor, or a list, tuple or dict of them,
    or None. ``updates``: pairs (variable, expression of its new value); outputs are computed before any
    update. ``givens``: tensors to replace by others in everything.

    >>> from thalweg.graph.tensor import placeholder
    >>> x = placeholder("float32", [None], name="x")
    >>> w = Variable(2.0)
    >>> f = function([x], (x * w).sum(), updates=[(w, w + 1)])
    >>> f([1.0, 2.0]).item(), f([1.0, 2.0]).item()
    (6.0, 9.0)
    """
    if callable(inputs) and not isinstance(inputs, Tensor):
        return TracedFunction(inputs)
    if inputs is None and outputs is None and updates is None:
        return TracedFunction
    placeholders = [inputs] if isinstance(inputs, Tensor) else list(inputs or [])
    for p in placeholders:
        if not isinstance(p, Placeholder):
            raise fail(
                ArgumentTypeError,
                "function: an input is not a placeholder",
                received=repr(p),
                hint="variables need not be listed; use givens= to replace an expression",
            )
    if len(set(placeholders)) != len(placeholders):
        raise fail(ArgumentError, "function: an input is listed twice")
    flat = flatten(outputs)
    pairs = list(updates.items()) if isinstance(updates, Mapping) else [tuple(u) for u in updates or []]
    counts = Counter(id(v) for v, _ in pairs)
    repeated = [v for v, _ in pairs if counts[id(v)] > 1]
    if repeated:
        raise fail(ArgumentError, f"function: {repeated[0].label()} is updated twice")
    news = [u if isinstance(u, Tensor) else constant(u, v.dtype) for v, u in pairs]
    if givens:
        flat, news = _given(flat, news, dict(givens))
    program = Program(
        placeholders, flat, [(v, u) for (v, _), u in zip(pairs, news, strict=True)], name or "function"
    )
    return Function(program, outputs)


def _given(
    flat: list[Tensor], news: list[Tensor], givens: dict[Tensor, Any]
) -> tuple[list[Tensor], list[Tensor]]:
    replace = {old: convert_operands([new])[0] for old, new in givens.items()}
    made = rebuild([*flat, *news], replace, lambda t, inputs: remake(t, inputs))
    return made[: len(flat)], made[len(flat) :]


def flatten(structure: Any) -> list[Tensor]:
    """The tensors of nested lists, tuples and dicts, in order."""
    if structure is None:
        return []
    if isinstance(structure, Tensor):
        return [structure]
    if isinstance(structure, Mapping):
        return [t for value in structure.values() for t in flatten(value)]
    if isinstance(structure, (list, tuple)):
        return [t for value in structure for t in flatten(value)]
    if isinstance(structure, (bool, int, float, np.ndarray, np.generic)):
        return [constant(structure)]
    raise fail(
        FetchError,
        "not a tensor",
        expected="tensors, or lists, tuples or dicts of them",
        received=repr(structure),
    )


_BRANCH_ADVICE = (
    "a traced function runs once with symbolic arguments: choose with where or cond, loop with while_loop or scan, "
    "and pass Python numbers that decide the control flow as Python numbers"
)


class TracedFunction:
    """A Python function compiled by running it once per signature on symbolic arguments.

    Tensor and array arguments become placeholders of their shape and dtype; other arguments are part of the
    signature. Variables assigned inside are updated by the program. Axes that keep changing are traced once with open
    lengths, which are None in ``shape`` then, unless the function fails so. ``shapes``: those of the arrays, in which
    None stands for any length, with which it is traced first.

    >>> w = Variable(1.0)
    >>> @function
    ... def step(x):
    ...     w.assign_add(x)
    ...     return w * 2
    >>> step(2.0).item(), w.get_value().item()
    (6.0, 3.0)
    """

    def __init__(self, fn: Callable[..., Any], shapes: Shapes | None = None) -> None:
        self._fn, self._shapes = fn, shapes
        self._traced: dict[Any, ByShapes[Function]] = {}  # by signature
        self._last: Function | None = None  # of the last call, where that had arrays and tensors alone
        self._of_row: TracedFunction | None = None  # of arrays with a first axis of one row
        functools.update_wrapper(self, fn)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        key = f"_traced_{self._fn.__qualname__}"
        held = instance.__dict__.get(key)
        if held is None or held._fn.func is not self._fn or held._fn.args[0] is not instance:
            held = instance.__dict__[key] = TracedFunction(
                functools.partial(self._fn, instance), self._shapes
            )
        return held

    def __deepcopy__(self, memo: dict[int, Any]) -> TracedFunction:
        return TracedFunction(copy.deepcopy(self._fn, memo), self._shapes)  # traces anew

    @property
    def num_traces(self) -> int:
        """How many signatures have been traced."""
        return sum(map(len, self._traced.values()))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        last = self._last
        if last is not None and not kwargs and current_recorder() is None:
            results = last.program.again(args, None, True)  # which compares dtypes and shapes
            if results is not None:
                return last.structured(results)
        arrays: list[Any] = []
        key = signature_of((args, kwargs), arrays)
        if current_recorder() is not None or any(isinstance(a, Tensor) and a.value is None for a in arrays):
            return self._fn(*args, **kwargs)  # part of the program that is being built
        shapes = tuple([tuple(a.shape) for a in arrays])
        traced = self._found(key, shapes, args, kwargs, arrays)
        self._last = traced if not kwargs and all(type(a) in (np.ndarray, Tensor) for a in args) else None
        return traced(*arrays)

    def run_steps(
        self,
        *data: Any,
        rows: Any = None,
        batch: int | None = None,
        steps: int | None = None,
        progress: Callable[[int], Any] | None = None,
    ) -> Any:
        """Many steps over data in memory, natively: see :meth:`Function.run_steps`.

        Arrays among the arguments are data; anything else is what it is in a call.

        >>> total = Variable(0.0)
        >>> @function
        ... def add(x):
        ...     total.assign_add(x.sum())
        >>> add.run_steps(np.arange(6, dtype="float32"), batch=2)
        >>> total.get_value().item()
        15.0
        """
        traced, arrays = self._for_steps(data, rows, batch, steps)
        return traced.run_steps(*arrays, rows=rows, batch=batch, steps=steps, progress=progress)

    def _for_steps(self, data: Any, rows: Any, batch: Any, steps: Any) -> tuple[Function, list[Any]]:
        """The function for what a step reads, and the arrays among the data."""
        arrays: list[Any] = []
        key = signature_of((data, {}), arrays)
        first = Rows("run_steps", [np.asarray(a) for a in arrays], rows, batch, steps).part(0)
        return self._found(key, tuple(a.shape for a in first), data, {}, arrays), arrays

    def map_rows(self, *data: Any) -> Any:
        """What calls with each row (first axis) of the arrays give, stacked along a new first axis.

        Arrays may stand in tuples and dicts, as arguments do; they have one number of rows. All rows are worked
        through in one native call. NotImplemented, and nothing has run, where the shape of what it gives depends on
        the numbers in a row.

        >>> @function
        ... def norm(x):
        ...     return (x * x).sum()
        >>> norm.map_rows(np.arange(6, dtype="float32").reshape(3, 2)).tolist()
        [1.0, 13.0, 41.0]
        """
        if self._of_row is None:
            first_row = lambda *rows: self._fn(*mapped(itemgetter(0), rows))
            self._of_row = TracedFunction(functools.wraps(self._fn)(first_row))
        traced, arrays = self._of_row._for_steps(data, None, 1, None)
        if any(t.shape is None or None in t.shape for t in traced.program.outputs):
            return NotImplemented
        return traced.run_steps(*arrays, batch=1)

    def _found(self, key: Any, shapes: Shapes, args: Any, kwargs: Any, arrays: list[Any]) -> Function:
        """The function for arrays of these shapes, traced now if it was not."""
        known = self._traced.setdefault(key, ByShapes(self._shapes))
        return known.get(shapes, lambda given: self._traced_once(given, args, kwargs, arrays))

    def _traced_once(self, shapes: Shapes, args: Any, kwargs: Any, arrays: list[Any]) -> Function:
        inputs = symbols_for(arrays, shapes)
        outputs, newest, updates = trace(self._fn, inputs, args, kwargs)
        name = getattr(self._fn, "__name__", "function")
        return Function(Program(inputs, newest, updates, name, fixed_forms(shapes)), outputs)


def trace(
    fn: Callable[..., Any], inputs: Sequence[Tensor], args: Any, kwargs: Any
) -> tuple[Any, list[Tensor], list[tuple[Variable, Tensor]]]:
    """What a Python function gives with symbols in the place of its arrays, the expressions of that, and its updates
    of variables.
    """
    symbolic_args, symbolic_kwargs = _substitute((args, kwargs), iter(inputs))
    recorder = Recorder()
    try:
        with recording(recorder):
            outputs = _without_operations(fn(*symbolic_args, **symbolic_kwargs))
            newest = [recorder.newest(t) for t in flatten(outputs)]
    except SymbolicError as error:
        error.add_note(f"while tracing {getattr(fn, '__name__', 'function')}: {_BRANCH_ADVICE}")
        raise
    return outputs, newest, list(recorder.updates.items())


def symbols_for(arrays: Sequence[Any], shapes: Shapes) -> list[Placeholder]:
    """Placeholders for arrays of these shapes."""
    return [_symbol(a, s) for a, s in zip(arrays, shapes, strict=True)]


def _without_operations(outputs: Any) -> Any:
    if isinstance(outputs, Operation):
        return None
    if isinstance(outputs, (list, tuple)) and any(isinstance(o, Operation) for o in outputs):
        return type(outputs)(o for o in outputs if not isinstance(o, Operation))
    return outputs


class _Same:
    """The object itself in a signature: equal to no other, and kept alive so that its id is not used again."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.value is other.value


def signature_of(value: Any, arrays: list[Any]) -> Any:
    """A hashable signature of arguments; arrays are collected in order."""
    if isinstance(value, (np.ndarray, np.generic)):
        arrays.append(value)
        return ("tensor", value.dtype, value.ndim)
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, *[signature_of(v, arrays) for v in value])
    if isinstance(value, (dict, Mapping)):  # a dict is found in no time
        return ("dict", *[(k, signature_of(v, arrays)) for k, v in value.items()])
    if isinstance(value, Variable):
        return ("variable", _Same(value))
    if isinstance(value, Tensor):
        arrays.append(value)
        return ("tensor", value.dtype, len(value.shape))
    if isinstance(value, float):
        arrays.append(constant(value))
        return ("tensor", arrays[-1].dtype, 0)
    try:
        hash(value)
    except TypeError:
        return ("object", _Same(value))
    return (type(value).__name__, value)


def _symbol(value: Any, shape: Any) -> Placeholder:
    return Placeholder(None, (), {}, (Spec(shape, value.dtype),), tracked=True)


def _substitute(value: Any, symbols: Any) -> Any:
    if isinstance(value, Variable):
        return value
    if isinstance(value, (Tensor, np.ndarray, np.generic, float)):
        return next(symbols)
    if isinstance(value, (list, tuple)):
        return type(value)(_substitute(v, symbols) for v in value)
    if isinstance(value, Mapping):
        return {k: _substitute(v, symbols) for k, v in value.items()}
    return value
