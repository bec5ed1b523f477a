"""``tf.function``, and what chooses and repeats: ``cond``, ``while_loop``, ``map_fn``, ``scan``, host functions."""

from __future__ import annotations

import ast
import copy
import functools
import inspect
import sys
import textwrap
import threading
from collections.abc import Callable, Sequence
from operator import itemgetter
from types import FrameType
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError, OutOfRangeError
from thalweg.compat.tf1.graph import shaped_as
from thalweg.compat.tf1.types import DType, as_dtype, numpy_dtype
from thalweg.compat.tf2.concrete import ConcreteFunction, as_result
from thalweg.compat.tf2.effects import Effects, done_after
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.specs import RaggedTensorSpec, TensorSpec
from thalweg.compat.tf2.tape import is_recording
from thalweg.compat.tf2.text import TextTensor, is_text, shown
from thalweg.compat.tf2.values import UnmadeVariableError, is_known, made_variables, number, tensor
from thalweg.errors import ShapeError, SymbolicError, fail
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import Recorder, current_recorder, recording
from thalweg.graph.walk import topological
from thalweg.nested import flat, mapped
from thalweg.ops import control, joining
from thalweg.ops import scan as core_scan
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import stop_gradient, with_gradient
from thalweg.run.by_path import ByPath
from thalweg.run.function import TracedFunction

# --- functions ------------------------------------------------------------------------------------------------------

_SETTLED = 3  # calls as Python, from which on paths are compiled
_MISSES = 8  # calls in a row, about, that take other paths than those compiled: there are too many
_WORDS = 4  # sets of words among arguments for which a function is compiled
_settings = {"eager": False}
_ANEW = (
    "{}: tf.function-decorated function tried to create variables on non-first call; make them once, outside or "
    "behind `if self.v is None`"
)


def run_functions_eagerly(run_eagerly: bool) -> None:
    """Whether functions run as the Python they are from now on."""
    _settings["eager"] = bool(run_eagerly)


class _Running(threading.local):
    as_python = 0  # functions that are under way


_running = _Running()


def runs_turns() -> bool:
    """Whether a function runs as the Python it is because it has to, so that turns of its loops may be compiled."""
    free = current_recorder() is None and not is_recording()
    return free and _running.as_python > 0 and not functions_run_eagerly()


def functions_run_eagerly() -> bool:
    """Whether functions run as the Python they are."""
    return _settings["eager"]


class NewVariablesError(ValueError):
    """A function makes variables whenever it is called."""


class SignatureError(TypeError, ValueError):
    """An argument does not fit a function's input_signature."""


class Function:
    """A Python function compiled for each signature of its arguments.

    Where its Python looks at values (``tf.print``, a data set iterated over), which TensorFlow rewrites or defers,
    there is nothing to compile: it runs as the Python it is, which means the same. Where it looks at truth values alone
    (an ``if`` or ``while`` on a tensor, a check), the paths that calls take are compiled from the fourth call on, and
    others run as Python. In programs that ``thalweg run`` runs, turns of loops over tensors and data sets are compiled
    then (:mod:`thalweg.compat.loops`). While a tape is open outside, which must see how its results come about, all of
    it is Python, and so it is for texts: a compiled function would be one for these texts alone. A few words, as in
    ``step(x, "train")``, have forms of their own.
    """

    def __init__(self, fn: Callable[..., Any], input_signature: Any = None) -> None:
        self.python_function, self.input_signature = fn, input_signature
        self.__name__ = getattr(fn, "__name__", "function")
        self._effects = Effects()
        traced = self._effects.noted(_giving_tensors(fn))
        self._traced = TracedFunction(traced, _told_shapes(input_signature))
        self._eager = self._called = False
        self._concrete: dict[Any, ConcreteFunction] = {}
        self._by_path: ByPath | None = ByPath(traced)  # once it is known to look at truth values
        self._asked = self._missed = 0
        self._words: list[tuple[str, ...]] = []
        functools.update_wrapper(self, fn)

    def __deepcopy__(self, memo: dict[int, Any]) -> Function:
        """A function of a copied module is one of that module."""
        return Function(copy.deepcopy(self.python_function, memo), self.input_signature)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        held = instance.__dict__.setdefault("_functions_of_instance", {})
        if self not in held:
            held[self] = Function(self.python_function.__get__(instance, owner), self.input_signature)
        return held[self]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.input_signature is not None:
            args = self._fitted(args)
        if functions_run_eagerly():
            return mapped(as_result, self.python_function(*args, **kwargs))
        alone = current_recorder() is None
        plain = alone and not is_recording() and self._knows_words(flat([args, kwargs]))
        if self._eager or (alone and not plain):
            found = self._on_its_path(args, kwargs) if plain else NotImplemented
            return self.as_python(*args, **kwargs) if found is NotImplemented else found
        try:
            found = self._traced(*args, **kwargs)
        except NewVariablesError:
            raise
        except Exception as error:
            if current_recorder() is not None:  # the function that called this one cannot be compiled either
                raise
            for_good = not isinstance(error, UnmadeVariableError)  # a call as Python makes the variables
        else:
            return self._effects.done(found)
        made = self.as_python(*args, **kwargs)  # what is wrong in the Python itself is wrong here too
        self._eager = for_good
        return made

    def _knows_words(self, leaves: Sequence[Any]) -> bool:
        """Whether what texts there are among arguments are a few words, as ``"train"``, by which it is compiled."""
        words = tuple([x for x in leaves if is_text(x)])
        if not all(type(word) is str and word.isidentifier() for word in words):
            return False
        if not words or words in self._words:
            return True
        if len(self._words) == _WORDS:
            return False
        self._words.append(words)
        return True

    def map_rows(self, *data: Any) -> Any:
        """What calls with each row of arrays give, stacked; NotImplemented where it runs as the Python it is."""
        if functions_run_eagerly() or self._eager or self.input_signature is not None:
            return NotImplemented
        try:
            found = self._traced.map_rows(*data)
        except NewVariablesError:
            raise
        except Exception as error:  # what is wrong in the Python itself is wrong as Python, too
            self._eager = not isinstance(error, UnmadeVariableError)
            return NotImplemented
        return self._effects.done_for_rows(found)

    def _on_its_path(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the function gives, if the path that it takes is compiled; else NotImplemented."""
        self._asked += 1
        if self._by_path is None or self._asked < _SETTLED:
            return NotImplemented
        try:
            found = self._by_path(*args, **kwargs)
        except NewVariablesError:
            raise
        except (
            Exception
        ):  # there is more that its Python looks at; or what is wrong in it is wrong as Python, too
            found = NotImplemented
        self._missed += 1 if found is NotImplemented else -(self._missed > 0)
        if self._missed == _MISSES:
            self._by_path = None
        return self._effects.done(found)

    def as_python(self, *args: Any, **kwargs: Any) -> Any:
        """What the Python gives; it may make variables in its first call alone."""
        before = made_variables.count
        _running.as_python += 1
        try:
            found = mapped(as_result, self.python_function(*args, **kwargs))
        finally:
            _running.as_python -= 1
        if made_variables.count > before and self._called:
            raise NewVariablesError(_ANEW.format(self.__name__))
        self._called = True
        return found

    def _fitted(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments as tensors of the signature; an error where one does not fit."""
        specs = list(self.input_signature)
        if len(args) != len(specs):
            raise TypeError(
                f"{self.__name__}: {len(specs)} arguments by its input_signature, received {len(args)}"
            )
        made = [mapped(_argument, a) for a in args]
        for spec, given in zip((s for s in specs if isinstance(s, TensorSpec)), made):
            if isinstance(given, Tensor) and not spec.is_compatible_with(given):
                raise SignatureError(
                    f"{self.__name__}: the argument does not fit the input_signature: expected {spec}, "
                    f"received shape {given.shape}, dtype {given.dtype}"
                )
        return tuple(made)

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The function of the tensors among its arguments, its other arguments bound to those given."""
        if not args and not kwargs and self.input_signature is not None:
            args = tuple(self.input_signature)
        made = ConcreteFunction(self, args, kwargs)
        return self._concrete.setdefault(repr(sorted(made.arguments.items())), made)

    def experimental_get_tracing_count(self) -> int:
        """How many signatures were compiled."""
        return self._traced.num_traces


def _told_shapes(signature: Any) -> Any:
    """The shapes that a signature tells, where it is one of tensors of known ranks."""
    specs = list(signature or ())
    told = all(type(spec) is TensorSpec and spec.shape.rank is not None for spec in specs)
    return tuple(tuple(spec.shape.as_list()) for spec in specs) if specs and told else None


def _argument(value: Any) -> Any:
    """A tensor of an argument; texts and rows of different lengths are what they are."""
    return value if isinstance(value, TextTensor) or hasattr(value, "row_splits") else tensor(value)


def _giving_tensors(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which gives tensors where it gives Python's numbers."""

    @functools.wraps(fn)
    def giving(*args: Any, **kwargs: Any) -> Any:
        before = made_variables.count
        found = mapped(as_result, fn(*args, **kwargs))
        now = made_variables.count
        if now > before:  # a function may make its variables once: it is traced once more
            with recording(Recorder()):
                fn(*args, **kwargs)
            if made_variables.count > now:
                raise NewVariablesError(_ANEW.format(getattr(fn, "__name__", "function")))
        return found

    return giving


def function(
    func: Any = None,
    input_signature: Any = None,
    autograph: bool = True,
    jit_compile: Any = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
) -> Any:
    """A compiled function; a decorator with or without arguments. What follows ``input_signature`` changes nothing."""
    if func is None:
        return lambda fn: Function(fn, input_signature)
    return Function(func, input_signature)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a gradient of its own: ``f(*xs)`` returns ``(y, grad)``, ``grad(dy)`` one for each x.

    Where y is nested, ``grad`` takes a gradient for each of its tensors, zeros for those that have none. Where f reads
    variables that train, ``grad`` must take ``variables=`` too, and returns those for the xs and those for these.
    """

    @functools.wraps(f)
    def apply(*args: Any, **options: Any) -> Any:
        given = [mapped(lambda leaf: leaf if is_text(leaf) else tensor(leaf), a) for a in args]
        inputs = [leaf for leaf in flat(given) if isinstance(leaf, Tensor)]
        held = {id(x): stop_gradient(x) if x.tracked else x for x in inputs}
        made, rule = f(*mapped(lambda x: held.get(id(x), x), given), **options)
        results = [leaf if isinstance(leaf, Tensor) else tensor(leaf) for leaf in flat(made)]
        inside = {id(x) for x in held.values()}
        read = [
            v for v in topological(results, stop=lambda t: id(t) in inside)
            if isinstance(v, Variable) and v.trainable and id(v) not in inside
        ]  # fmt: skip
        if read and not _takes(rule, "variables"):
            raise TypeError(
                f"tf.custom_gradient: {f.__name__} reads variables, so its gradient must accept a 'variables' keyword "
                f"argument: {', '.join(v.name or '?' for v in read)}"
            )

        def differentiated(k: int) -> Tensor:
            def gradient(g: Tensor) -> list[Any]:
                arrived = [g if j == k else shape_ops.full_like(y, 0) for j, y in enumerate(results)]
                if not read:
                    return _flat_parts(rule(*arrived))
                for_inputs, for_variables = rule(*arrived, variables=read)
                return [*_flat_parts(for_inputs), *for_variables]

            return with_gradient(results[k], *inputs, *read, rule=gradient)

        outputs = iter([differentiated(k) for k in range(len(results))])
        return mapped(lambda leaf: next(outputs), made)

    return apply


def _flat_parts(gradients: Any) -> list[Any]:
    """Gradients as a list; one alone as a list of it."""
    return flat(gradients) if isinstance(gradients, (list, tuple, dict)) else [gradients]


def _takes(function: Callable[..., Any], name: str) -> bool:
    """Whether a function has an argument of that name, or any."""
    parameters = inspect.signature(function).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one tensor whose gradient is that of doing nothing."""

    @functools.wraps(f)
    def passed(x: Any) -> Any:
        given = tensor(x)
        return given + stop_gradient(f(given) - given)

    return passed


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: what its gradient needs is kept."""
    return f


def py_function(func: Callable[..., Any], inp: Sequence[Any], Tout: Any, name: Any = None) -> Any:
    """A Python function of eager tensors; a function that calls it runs as Python."""
    _known(inp, "tf.py_function")
    return _typed(func(*[x if is_text(x) else tensor(x) for x in inp]), Tout)


def numpy_function(
    func: Callable[..., Any], inp: Sequence[Any], Tout: Any, stateful: bool = True, name: Any = None
) -> Any:
    """A Python function of arrays; a function that calls it runs as Python."""
    _known(inp, "tf.numpy_function")
    return _typed(
        func(*[x.numpy() if isinstance(x, (Tensor, TextTensor)) else np.asarray(x) for x in inp]), Tout
    )


def _known(values: Sequence[Any], name: str) -> None:
    """An error where values are not known, or where what is done with them would be done once, by the trace alone."""
    if current_recorder() is not None or not all(map(is_known, values)):
        raise fail(SymbolicError, f"{name}: a compiled function cannot do it")


def _typed(made: Any, kinds: Any) -> Any:
    """What a host function gave, as tensors of these dtypes: one alone may stand for a list of one."""
    if isinstance(kinds, (list, tuple)):
        made = [made] if len(kinds) == 1 and not isinstance(made, (list, tuple)) else made
        return [_typed(m, k) for m, k in zip(made, kinds)] if len(kinds) else None
    return (
        made
        if isinstance(made, TextTensor)
        else tensor(made, None if as_dtype(kinds).name == "string" else kinds)
    )


def print_(*inputs: Any, **options: Any) -> None:
    """Print values to the standard error stream, another stream, or a file ("file://..."); each shown by its ends.

    In a compiled function it is done after the run; in a loop's body there are no values, so that it runs as Python.
    """
    if done_after(functools.partial(print_, **options), *inputs):
        return
    _known([leaf for value in inputs for leaf in flat(value)], "tf.print")
    alone = inputs[0] if len(inputs) == 1 else None
    if isinstance(alone, TextTensor) and alone.ndim == 0:
        parts = [alone.numpy().decode(errors="replace")]
    else:
        parts = [shown(value, int(options.get("summarize", 3))) for value in inputs]
    text = str(options.get("sep", " ")).join(parts) + str(options.get("end", "\n"))
    stream: Any = options.get("output_stream", sys.stderr)
    if isinstance(stream, str) and stream.startswith("file://"):
        with open(stream.removeprefix("file://"), "a", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="", file=stream if hasattr(stream, "write") else sys.stderr)


# --- choice ---------------------------------------------------------------------------------------------------------


def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: Any = None) -> Any:
    """What one function or the other gives."""
    if is_known(pred):
        return true_fn() if bool(number(pred)) else false_fn()
    return control.cond(pred, true_fn, false_fn)


def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False, name: str = "case"
) -> Any:
    """What the function of the first condition that holds gives, or the default.

    ``exclusive`` is not checked, as it is not where tensors have values.
    """
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, dict) else list(pred_fn_pairs)
    if default is None:
        *pairs, (_, default) = pairs
    chosen = default
    for pred, fn in reversed(pairs):
        chosen = functools.partial(cond, pred, fn, chosen)
    return chosen()


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: str = "switch_case") -> Any:
    """What the function of that number gives; the last one, or the default, for numbers that are none."""
    fns = dict(enumerate(branch_fns)) if isinstance(branch_fns, (list, tuple)) else dict(branch_fns)
    last = default or fns[max(fns)]
    if is_known(branch_index):
        return fns.get(int(number(branch_index)), last)()
    return case([(branch_index == k, fn) for k, fn in fns.items()], last)


# --- repetition -----------------------------------------------------------------------------------------------------


def while_loop(
    cond: Any, body: Any, loop_vars: Any, shape_invariants: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, maximum_iterations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """A function repeated while a condition holds; as Python where the values are known."""
    state = [mapped(_in_loop, v) for v in loop_vars]
    if all(map(is_known, flat(state))) and current_recorder() is None:
        count = 0
        while bool(number(cond(*state))) and (
            maximum_iterations is None or count < number(maximum_iterations)
        ):
            made = body(*state)
            state, count = (
                [mapped(_in_loop, v) for v in (made if isinstance(made, (list, tuple)) else [made])],
                count + 1,
            )
        return state
    loosened = list(shape_invariants or [None] * len(state))
    state = [_loosened(v, shape) for v, shape in zip(state, loosened, strict=True)]
    return control.while_loop(cond, body, state, maximum_iterations=maximum_iterations)


def _in_loop(x: Any) -> Any:
    """What a loop goes on with: a tensor, or an array of them."""
    return x if isinstance(x, TensorArray) else tensor(x)


def _loosened(start: Any, shape: Any) -> Any:
    """A loop's variable whose lengths may change from one iteration to the next where its shape leaves them open."""
    if isinstance(start, (list, tuple)) and isinstance(shape, (list, tuple)) and len(start) == len(shape):
        return type(start)(map(_loosened, start, shape))
    if not isinstance(start, Tensor) or shape is None:
        return start
    form = shape.shape if isinstance(shape, TensorSpec) else TensorShape(shape)
    return start if form.rank is None else shaped_as(start, tuple(form.as_list()))


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: Any = None,
    fn_output_signature: Any = None,
) -> Any:
    """A function of each element along the first axis, stacked."""
    if isinstance(fn_output_signature, RaggedTensorSpec):
        from thalweg.compat.tf2.ragged import stack as stack_rows

        return stack_rows(
            [fn(row) for row in (elems if hasattr(elems, "row_splits") else mapped(tensor, elems))]
        )
    if hasattr(elems, "row_splits"):  # rows of different lengths
        return _stacked([fn(row) for row in elems])
    if is_text(elems) or (isinstance(elems, (list, tuple)) and any(is_text(e) for e in elems)):
        return _stacked([fn(e) for e in (elems if isinstance(elems, TextTensor) else zip(*elems))])
    given = mapped(tensor, elems)
    if all(map(is_known, flat(given))) and current_recorder() is None:
        count = len(flat(given)[0])
        return _stacked([fn(mapped(itemgetter(k), given)) for k in range(count)])
    return core_scan.map_fn(fn, given)


def _stacked(rows: list[Any]) -> Any:
    from thalweg.compat.tf2.arrays import stack
    from thalweg.compat.tf2.ragged import stack as stack_rows

    first = rows[0]
    if hasattr(first, "row_splits"):
        return stack_rows(rows)
    if isinstance(first, (Tensor, TextTensor)) and len({tuple(row.shape) for row in rows}) > 1:
        return stack_rows(rows)
    if isinstance(first, (list, tuple)):
        return type(first)(_stacked([row[k] for row in rows]) for k in range(len(first)))
    if isinstance(first, dict):
        return {key: _stacked([row[key] for row in rows]) for key in first}
    return stack(rows)


vectorized_map = map_fn


def foldl(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """A function of what came so far and each element along the first axis: the last result."""
    given = tensor(elems)
    first = given[0] if initializer is None else mapped(tensor, initializer)
    for element in given[1:] if initializer is None else given:
        first = fn(first, element)
    return first


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: Any = None,
) -> Any:
    """A function of what came so far and each element along the first axis: all results, stacked."""
    given = mapped(tensor, elems)
    if initializer is not None and flat(given)[0].is_symbolic:
        first = mapped(tensor, initializer)
        return core_scan.scan(
            lambda state, now: (made := fn(state, now), made), first, given, reverse=reverse
        )[1]
    order = list(range(len(flat(given)[0])))[:: -1 if reverse else 1]
    state = mapped(lambda e: e[order[0]], given) if initializer is None else mapped(tensor, initializer)
    rows = [state] if initializer is None else []
    for k in order[1:] if initializer is None else order:
        state = fn(state, mapped(itemgetter(k), given))
        rows.append(state)
    return _stacked(rows[::-1] if reverse else rows)


class TensorArray:
    """Tensors of one shape by their numbers. Outside functions, what was read is gone: zeros stand for it, and it is
    not read twice, unless ``clear_after_read=False``.
    """

    def __init__(
        self, dtype: Any, size: Any = None, dynamic_size: Any = None, clear_after_read: bool | None = None,
        tensor_array_name: str | None = None, handle: Any = None, flow: Any = None, infer_shape: bool = True,
        element_shape: Any = None, colocate_with_first_write_call: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        self.dtype: DType = as_dtype(dtype)
        self._held: dict[int, Any] = {}
        self._size = 0 if size is None else int(number(size))
        self._grows, self._keeps, self._one_shape = bool(dynamic_size), clear_after_read is False, infer_shape
        self._gone: set[int] = set()
        shape = TensorShape(element_shape)
        self._element = tuple(shape.as_list()) if shape.is_fully_defined() else None

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """This array, with a tensor at that number."""
        if not is_known(index):
            raise fail(SymbolicError, "TensorArray.write: the number is not known in a compiled function")
        made, place = self._element_of(value), int(number(index))
        if place < 0 or (place >= self._size and not self._grows):
            raise fail(
                OutOfRangeError, "TensorArray.write: the number", expected=f"0 to {self._size - 1}", received=place,
                hint="dynamic_size=True lets it grow",
            )  # fmt: skip
        self._held[place] = made
        self._gone.discard(place)
        return self

    def _element_of(self, value: Any) -> Any:
        """A value as an element: of the array's dtype, and of the shape of those that there are."""
        made = tensor(value, None if isinstance(value, Tensor) else self.dtype)
        if made.dtype != numpy_dtype(self.dtype):
            raise fail(
                InvalidArgumentError, "TensorArray.write: the dtype", expected=self.dtype.name,
                received=as_dtype(made.dtype).name, hint="tf.cast(x, ...) converts it",
            )  # fmt: skip
        if self._element is None:
            self._element = made.shape if None not in made.shape else None
        elif self._one_shape and not TensorShape(self._element).is_compatible_with(made.shape):
            raise fail(
                ShapeError, "TensorArray.write: the shape", expected=self._element, received=tuple(made.shape)
            )
        return made

    def read(self, index: Any, name: Any = None) -> Any:
        """The tensor at that number; zeros where none was written."""
        place = int(number(index))
        if place in self._gone:
            raise fail(
                InvalidArgumentError, f"TensorArray.read: element {place} was read before, and cleared",
                hint="clear_after_read=False keeps it",
            )  # fmt: skip
        if not 0 <= place < self._count():
            raise fail(
                OutOfRangeError,
                "TensorArray.read: the number",
                expected=f"0 to {self._count() - 1}",
                received=place,
            )
        found = self._held[place] if place in self._held else self._blank()
        if not self._keeps and current_recorder() is None:
            self._held.pop(place, None)
            self._gone.add(place)
        return found

    def _blank(self) -> Any:
        """What stands for an element that was not written."""
        if self._held:
            return shape_ops.full_like(next(iter(self._held.values())), 0)
        if self._element is None:
            raise fail(
                ShapeError, "TensorArray: nothing was written, and nothing tells the shape of an element",
                hint="give the array an element_shape",
            )  # fmt: skip
        return tensor(np.zeros(self._element, numpy_dtype(self.dtype)))

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """This array, filled with the rows of a tensor."""
        for k, row in enumerate(joining.unstack(tensor(value), axis=0)):
            self.write(k, row)
        return self

    def stack(self, name: Any = None) -> Any:
        """All tensors in order, along a new first axis; zeros where none was written."""
        count = self._count()
        if not self._held and self._element is None:
            self._element = _written_in_text(self, sys._getframe(1))
        blank = self._blank() if len(self._held) < max(count, 1) else None
        if not count:
            return tensor(np.zeros((0, *blank.shape), numpy_dtype(self.dtype)))  # type: ignore[union-attr]
        return joining.stack([self._held.get(k, blank) for k in range(count)])

    def concat(self, name: Any = None) -> Any:
        """All tensors one after another; zeros where one was cleared."""
        parts = [self._held[k] if k in self._held else self._blank() for k in range(self._count())]
        return joining.concat(parts, axis=0)

    def gather(self, indices: Any, name: Any = None) -> Any:
        """The tensors at numbers."""
        places = np.asarray(indices).tolist()
        return joining.stack([self._held[k] if k in self._held else self._blank() for k in places])

    def size(self, name: Any = None) -> Any:
        """How many tensors there are."""
        return tensor(np.int32(self._count()))

    def _count(self) -> int:
        return max([self._size, *(k + 1 for k in self._held), *(k + 1 for k in self._gone)])

    def scatter(self, indices: Any, value: Any, name: Any = None) -> TensorArray:
        """This array, with the rows of a tensor at numbers."""
        for place, row in zip(np.asarray(indices).tolist(), tensor(value), strict=True):
            self.write(place, row)
        return self

    def split(self, value: Any, lengths: Any, name: Any = None) -> TensorArray:
        """This array, filled with the parts of a tensor that have these lengths, alike or not."""
        parts = joining.split(tensor(value), tuple(np.asarray(lengths).tolist()), axis=0)
        self._held, self._gone = dict(enumerate(parts)), set()
        return self

    def mark_used(self) -> None:
        """Accepted."""


def _written_in_text(array: TensorArray, frame: FrameType) -> tuple[int, ...] | None:
    """The shape of the elements that a function writes somewhere, even where it did not come by: a compiled loop knows
    it. It is read where the text writes a list of numbers, ``a.write(k, [x, y])``; else None.
    """
    names = {name for name, held in frame.f_locals.items() if held is array}
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(frame.f_code)))
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
            of, value = node.func.value, node.args[1] if len(node.args) > 1 else None
            if isinstance(of, ast.Name) and of.id in names and isinstance(value, (ast.List, ast.Tuple)):
                return (len(value.elts),)
    return None


def foldr(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """:func:`foldl` from the last element to the first."""
    from thalweg.ops.slices import flip

    return foldl(fn, flip(tensor(elems), axis=0), initializer)


def timestamp(name: Any = None) -> Any:
    """Seconds since 1970; a function that asks runs as Python."""
    import time

    if current_recorder() is not None:
        raise fail(SymbolicError, "tf.timestamp: a compiled function would not ask again")
    return tensor(np.float64(time.time()))


def inside_function() -> bool:
    """Whether a compiled function is being made."""
    return current_recorder() is not None
