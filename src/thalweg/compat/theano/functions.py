"""``theano.function``: programs with Theano's rules for arguments, defaults, updates and givens."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano import complexes, monitored, ranges
from thalweg.compat.theano.complexes import ComplexVariable
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import is_complex, tensor_of
from thalweg.compat.theano.list_functions import ListFunction
from thalweg.compat.theano.lists import uses_lists
from thalweg.compat.theano.modes import FAST_RUN
from thalweg.compat.theano.monitored import MonitorMode, watched
from thalweg.compat.theano.sharing import SharedTensor, TensorSharedVariable
from thalweg.compat.theano.tensor_type import TensorType
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, as_tensor_variable, variable_of
from thalweg.errors import ShapeError
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import leaves, rebuild, remake, topological
from thalweg.ops.shape import sum_like
from thalweg.run.program import Program


class MissingInputError(Exception):
    """A variable that the outputs need is neither an input nor given."""


class UnusedInputError(Exception):
    """An input that the outputs do not need."""


class In:
    """An input with options: ``value`` is its default, ``update`` what the default becomes after each call."""

    def __init__(
        self,
        variable: Any,
        name: str | None = None,
        value: Any = None,
        update: Any = None,
        mutable: bool | None = None,
        strict: bool = False,
        autoname: bool = True,
        implicit: bool | None = None,
        borrow: bool | None = None,
        shared: bool = False,
        allow_downcast: bool | None = None,
    ) -> None:
        self.variable = variable
        self.name = name or variable.name
        self.value = value
        self.update = update
        self.strict = strict
        self.allow_downcast = allow_downcast
        self.implicit = bool(implicit)


class Param(In):
    """The older spelling of :class:`In`, with the default before the name."""

    def __init__(
        self, variable: TensorVariable, default: Any = None, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(variable, name=name, value=default, **kwargs)


class Out:
    """An output with options, which have no effect here."""

    def __init__(self, variable: TensorVariable, borrow: bool = False) -> None:
        self.variable = variable
        self.borrow = borrow


SymbolicInput, SymbolicOutput = In, Out


def function(
    inputs: Any,
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
) -> Any:
    """Compile expressions of variables to a function that takes and returns arrays.

    ``outputs``: a variable, a list or a dict of them. ``updates``: new values of shared variables, applied after the
    outputs were computed. ``givens``: variables to replace by others.
    """
    if on_unused_input not in (None, "raise", "warn", "ignore"):
        raise ValueError(
            f"theano.function: on_unused_input must be raise, warn or ignore, received {on_unused_input!r}"
        )
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(
            f"theano.function: inputs must be a list of variables, received {type(inputs).__name__}: write [x] for one"
        )
    if uses_lists([*inputs, *_flat(outputs)]):
        options = {"no_default_updates": no_default_updates, "allow_input_downcast": allow_input_downcast}
        options |= {
            "updates": updates,
            "givens": givens,
            "mode": mode,
            "name": name,
            "on_unused_input": "ignore",
        }
        return ListFunction(inputs, outputs, lambda *ends: function(*ends, **options))
    entries = [_entry(i) for i in inputs]
    seen = [e.variable for e in entries]
    if len(set(seen)) != len(seen):
        raise ValueError("theano.function: a variable is listed twice among the inputs")
    return Function(
        entries,
        outputs,
        [both for pair in _pairs(updates, "updates") for both in _parts_of_pair(*pair)],
        [both for pair in _pairs(givens, "givens") for both in _parts_of_pair(*pair)],
        no_default_updates,
        name,
        allow_input_downcast,
        on_unused_input or config.on_unused_input,
        mode,
        rebuild_strict,
    )


def _entry(given: Any) -> In:
    if isinstance(given, In):
        return given
    if isinstance(given, (list, tuple)) and len(given) == 2:
        variable, update = given[0] if isinstance(given[0], (list, tuple)) else (given[0], None)
        return In(variable, value=given[1], update=update)
    if isinstance(given, TensorSharedVariable):
        raise TypeError(
            f"Cannot use a shared variable ({given}) as explicit input. Consider substituting a non-shared variable "
            "via the `givens` parameter."
        )
    if not isinstance(given, AnyVariable):
        raise TypeError("Unknown parameter type", type(given))
    return In(given)


def _pairs(given: Any, what: str) -> list[tuple[Any, Any]]:
    if not given:
        return []
    pairs = list(given.items()) if isinstance(given, Mapping) else [tuple(pair) for pair in given]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"theano.function: {what} must be pairs (variable, expression)")
    return pairs


def _parts(variable: Any) -> list[Any]:
    """The real variables that a variable stands for: itself, or the two parts of a complex one."""
    variable = complexes.made(variable) if is_complex(variable) else variable
    return [variable.real, variable.imag] if isinstance(variable, ComplexVariable) else [variable]


def _parts_of_pair(variable: Any, new: Any) -> list[tuple[Any, Any]]:
    if not isinstance(variable, ComplexVariable):
        return [(variable, new)]
    value = complexes.made(new, variable)
    return [(variable.real, value.real), (variable.imag, value.imag)]


def _parts_of_entry(entry: In) -> list[In]:
    if not isinstance(entry.variable, ComplexVariable):
        return [entry]
    values = (None, None) if entry.value is None else (np.real(entry.value), np.imag(entry.value))
    parts = zip(("real", "imag"), _parts(entry.variable), values, strict=True)
    return [
        In(
            part,
            f"{entry.name}.{place}",
            value=value,
            strict=entry.strict,
            allow_downcast=entry.allow_downcast,
        )
        for place, part, value in parts
    ]


class Function:
    """A compiled function. ``f(*arguments)`` returns arrays in the structure of the outputs."""

    def __init__(
        self,
        entries: list[In],
        outputs: Any,
        updates: list[tuple[Any, Any]],
        givens: list[tuple[Any, Any]],
        no_default_updates: Any,
        name: str | None,
        allow_downcast: bool | None,
        on_unused: str,
        mode: Any = None,
        strict: bool = True,
    ) -> None:
        self.name = name
        self.trust_input = False
        self._given, entries = entries, [part for e in entries for part in _parts_of_entry(e)]
        self._entries = entries
        self._allow_downcast = allow_downcast
        self._structure = outputs
        self._defaults = [_first_value(e) for e in entries]
        self._leaves = [_argument_leaf(e.variable) for e in entries]
        self._shown = [o.variable if isinstance(o, Out) else o for o in _flat(outputs)]
        flat = [tensor_of(part) for o in self._shown for part in _parts(o)]
        self._num_outputs = len(flat)
        flat += [tensor_of(e.update, e.variable.dtype) for e in entries if e.update is not None]
        targets, news = _checked_updates(updates)
        replace = _replacements(entries, self._leaves, givens, strict)
        made = rebuild([*flat, *news], replace, remake) if replace else [*flat, *news]
        self._outputs, news = made[: len(flat)], made[len(flat) :]
        self._updates = list(zip(targets, news, strict=True))
        self._add_default_updates(no_default_updates, replace)
        self._drop_shapes_of_missing()
        self._check_inputs(on_unused)
        self._shared: list[SharedTensor] = []
        self._version: list[Any] = []
        self._limits: list[ranges.Limit] = []
        self._stored: list[tuple[SharedTensor, int]] = []
        for target, _ in self._updates:
            target.changes = -1
        self._program: Any = None
        self._mode = watched(mode)
        self.n_calls = 0

    # --- building ---------------------------------------------------------------------------------------------------

    def _roots(self) -> list[Tensor]:
        return [*self._outputs, *(u for _, u in self._updates)]

    def _add_default_updates(self, left_out: Any, replace: dict[Tensor, Tensor]) -> None:
        """What shared variables (the states of random streams) become unless an update says otherwise."""
        if left_out is True:
            return
        skipped = {id(tensor_of(v)) for v in left_out} if left_out else set()
        done = {id(v) for v, _ in self._updates} | skipped
        while True:
            found = [t for t in leaves(self._roots()) if isinstance(t, SharedTensor) and id(t) not in done]
            for tensor in found:
                done.add(id(tensor))
                if tensor.default_update is not None:
                    self._updates.append((tensor, rebuild([tensor.default_update], replace, remake)[0]))
            if not found:
                return

    def _missing(self) -> list[Tensor]:
        """The variables below the outputs that are neither inputs nor given."""
        below = leaves(self._roots())
        return [t for t in below if type(t) is Placeholder and not any(t is p for p in self._leaves)]

    def _drop_shapes_of_missing(self) -> None:
        """A gradient knows the variable it belongs to by its shape alone; it may be asked for without the variable."""
        missing = {id(t) for t in self._missing()}
        if not missing:
            return

        def remade(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
            alone = (
                tensor.op is sum_like and id(tensor.inputs[1]) in missing and inputs[0].ndim == tensor.ndim
            )
            return inputs[0] if alone else remake(tensor, inputs)

        made = rebuild(self._roots(), {}, remade)
        self._outputs, news = made[: len(self._outputs)], made[len(self._outputs) :]
        self._updates = [(v, u) for (v, _), u in zip(self._updates, news, strict=True)]

    def _check_inputs(self, on_unused: str) -> None:
        used = {id(t) for t in leaves(self._roots())}
        for t in self._missing():
            raise MissingInputError(
                f"Undeclared input {t.name or TensorVariable(t).type}: a variable that the outputs depend on was not "
                "provided and not given a value.",
                TensorVariable(t),
            )
        own = iter(self._leaves)
        for k, entry in enumerate(self._given):
            needed = [id(next(own)) in used for _ in _parts(entry.variable)]
            if any(needed) or entry.update is not None or on_unused == "ignore":
                continue
            message = (
                "theano.function was asked to create a function computing outputs given certain inputs, but the "
                f"provided input variable at index {k} is not part of the computational graph needed to compute the "
                f"outputs: {entry.name or entry.variable}.\nTo make this error into a warning, you can pass the "
                "parameter on_unused_input='warn' to theano.function. To disable it completely, use "
                "on_unused_input='ignore'."
            )
            if on_unused == "warn":
                warnings.warn(message, stacklevel=4)
            else:
                raise UnusedInputError(message)

    # --- calling ----------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        apart = len(self._given) != len(self._entries)
        values = self._values(*(self._apart(args, kwargs) if apart else (args, kwargs)))
        results = self._run(values)
        self.n_calls += 1
        found, states = iter(results), iter(results[self._num_outputs :])
        for k, entry in enumerate(self._entries):
            if entry.update is not None:
                self._defaults[k] = next(states)
        return _structured(self._structure, [_stored(v, found) for v in self._shown])

    def _run(self, values: list[np.ndarray]) -> list[np.ndarray]:
        if isinstance(self._mode, MonitorMode):
            given = dict(zip(self._leaves, values, strict=True))
            return monitored.run(self._mode, given, self._outputs, self._updates)
        changed = any(v.shape != s for v, s in zip(self._shared, self._version, strict=True))
        if self._program is None or changed or any(v.changes != n for v, n in self._stored):
            self._build()
        ranges.check(self._limits, values)
        try:
            return self._program.run(values)
        except ShapeError as error:
            if not self._loosen_for(error):
                raise
        self._build()
        return self._program.run(values)

    def _build(self) -> None:
        """The program anew, over the shapes that the shared variables are declared with now."""
        found = [t for t in leaves(self._roots()) if isinstance(t, SharedTensor)]
        self._shared = list(dict.fromkeys([*found, *(v for v, _ in self._updates)]))
        made = rebuild(self._roots(), {}, remake)
        for (variable, _), new in zip(self._updates, made[len(self._outputs) :], strict=True):
            pairs = zip(variable.known_shape(), new.known_shape(), strict=True)
            if variable.loosen([-1 if d is None else d if n is None else n for d, n in pairs]):
                made = rebuild(self._roots(), {}, remake)
        self._version = [v.shape for v in self._shared]
        looked = ranges.guarded(made, self._leaves)
        made, self._limits, self._stored = looked.roots, looked.limits, looked.stored
        updates = [(v, u) for (v, _), u in zip(self._updates, made[len(self._outputs) :], strict=True)]
        outputs = [*made[: len(self._outputs)], *looked.check()]
        self._program = Program(self._leaves, outputs, updates, self.name or "function")

    def _loosen_for(self, error: ShapeError) -> bool:
        """Whether the error was an update of another shape than the variable's: its axes are open from here on."""
        opened = False
        if "updates:" in str(error):
            for variable, _ in self._updates:
                opened = variable.loosen([-1] * variable.ndim) or opened
        return opened

    def _values(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[np.ndarray]:
        if len(args) > len(self._entries):
            raise TypeError("Too many parameter passed to theano function")
        given: list[Any] = [*args, *[_NOT_GIVEN] * (len(self._entries) - len(args))]
        for key, value in kwargs.items():
            place = self._place(key)
            if place < len(args):
                raise TypeError(f"theano function: the input {key!r} is given twice")
            given[place] = value
        values = []
        for k, (entry, value) in enumerate(zip(self._entries, given, strict=True)):
            if value is _NOT_GIVEN:
                value = self._defaults[k]
                if value is _NOT_GIVEN:
                    raise TypeError(f"Missing required input: {entry.name or entry.variable}")
            values.append(self._converted(k, entry, value))
        return values

    def _converted(self, k: int, entry: In, value: Any) -> np.ndarray:
        if isinstance(value, TensorSharedVariable):
            value = value.get_value()
        downcast = entry.allow_downcast if entry.allow_downcast is not None else self._allow_downcast
        leaf = self._leaves[k]
        kind = TensorType(leaf.dtype, [d == 1 for d in leaf.known_shape()])
        try:
            return kind.filter(value, entry.strict, downcast)
        except TypeError as error:
            named = f' with name "{self.name}"' if self.name else ""
            raise TypeError(
                f"Bad input argument to theano function{named} at index {k} (0-based). {error.args[0]}",
                *error.args[1:],
            ) from None

    def _apart(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments with both parts of a complex one in its place."""
        found, named = list(args[len(self._given) :]), dict(kwargs)
        for entry, value in reversed(list(zip(self._given, args, strict=False))):
            found[:0] = self._parts_of_value(entry, value)
        for entry in self._given:
            if entry.name in named and isinstance(entry.variable, ComplexVariable):
                parts = self._parts_of_value(entry, named.pop(entry.name))
                named.update({f"{entry.name}.real": parts[0], f"{entry.name}.imag": parts[1]})
        return found, named

    def _parts_of_value(self, entry: In, value: Any) -> list[Any]:
        if not isinstance(entry.variable, ComplexVariable):
            return [value]
        downcast = entry.allow_downcast if entry.allow_downcast is not None else self._allow_downcast
        array = entry.variable.type.filter(value, entry.strict, downcast)
        return [np.array(array.real), np.array(array.imag)]

    def _place(self, key: Any) -> int:
        for k, entry in enumerate(self._entries):
            if entry.variable is key or (isinstance(key, str) and entry.name == key):
                return k
        raise TypeError(f"theano function: there is no input named {key!r}")

    # --- looking inside ---------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        """The default (state) of an input, by variable or name; the value of a shared variable."""
        if isinstance(key, TensorSharedVariable):
            return key.get_value()
        value = self._defaults[self._place(key)]
        return None if value is _NOT_GIVEN else value

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, TensorSharedVariable):
            key.set_value(value)
        else:
            k = self._place(key)
            self._defaults[k] = self._converted(k, self._entries[k], value)

    value = container = property(lambda self: self)

    @property
    def maker(self) -> Maker:
        """What the function was made of."""
        return Maker(self)

    @property
    def outputs(self) -> list[TensorVariable]:
        """The outputs' expressions."""
        return [TensorVariable(t) for t in self._outputs[: self._num_outputs]]

    def get_shared(self) -> list[Any]:
        """The shared variables that it reads."""
        return [variable_of(t) for t in leaves(self._roots()) if isinstance(t, SharedTensor)]

    def copy(
        self,
        share_memory: bool = False,
        swap: Mapping[Any, Any] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> Function:
        """The same function with shared variables swapped for others, or without its updates."""
        made = Function.__new__(Function)
        made.__dict__.update(self.__dict__)
        made.name = name or self.name
        made._defaults = list(self._defaults)
        replace: dict[Tensor, Tensor] = {tensor_of(old): tensor_of(new) for old, new in (swap or {}).items()}
        roots = rebuild(self._roots(), replace, remake)
        made._outputs = roots[: len(self._outputs)]
        news = roots[len(self._outputs) :]
        pairs: list[Any] = [(replace.get(v, v), u) for (v, _), u in zip(self._updates, news, strict=True)]
        made._updates = [] if delete_updates else pairs
        made._program = None
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_program": None}  # compiled anew

    def free(self) -> None:
        """Forget the compiled code."""
        self._program = None

    def __repr__(self) -> str:
        return f"<theano function {self.name or ''}>"


class _NOT_GIVEN:
    """Stands for an argument without a value; a class, so that it stays itself when a function is pickled."""


def _first_value(entry: In) -> Any:
    if entry.value is None:
        return _NOT_GIVEN
    value = entry.value.get_value() if isinstance(entry.value, TensorSharedVariable) else entry.value
    return entry.variable.type.filter(value, allow_downcast=True)


def _argument_leaf(variable: TensorVariable) -> Tensor:
    """The placeholder that takes the argument: the variable's own, or a new one where it is an expression."""
    if isinstance(variable.tensor, Placeholder):
        return variable.tensor
    lengths = tuple(1 if one else None for one in variable.broadcastable)
    return Placeholder(
        None, (), {}, (Spec(lengths, variable.tensor.dtype),), name=variable.name, tracked=True
    )


def _replacements(
    entries: list[In], arguments: list[Tensor], givens: list[tuple[Any, Any]], strict: bool
) -> dict[Tensor, Tensor]:
    replace: dict[Tensor, Tensor] = {}
    for entry, leaf in zip(entries, arguments, strict=True):
        if entry.variable.tensor is not leaf:
            replace[entry.variable.tensor] = leaf
    for old, new in givens:
        if not isinstance(old, AnyVariable):
            raise TypeError(f"theano.function: givens must be pairs of variables, received {old!r}")
        made = as_tensor_variable(new).tensor
        if made.dtype != old.tensor.dtype and not (strict and isinstance(new, AnyVariable)):
            made = tw.astype(made, old.tensor.dtype)
        if made.dtype != old.tensor.dtype or made.ndim != old.ndim:
            raise TypeError(
                "an update must have the same type as the original: the replacement of "
                f"{old} in givens has type {TensorVariable(made).type}, expected {old.type}; cast it with T.cast"
            )
        replace[old.tensor] = made
    return replace


def _checked_updates(updates: list[tuple[Any, Any]]) -> tuple[list[SharedTensor], list[Tensor]]:
    targets: list[SharedTensor] = []
    news = []
    for variable, new in updates:
        if not isinstance(variable, TensorSharedVariable):
            raise TypeError("update target must be a SharedVariable", variable)
        if any(variable.tensor is t for t in targets):
            raise ValueError(f"this shared variable already has an update expression: {variable}")
        targets.append(variable.tensor)
        news.append(variable.update_from(new))
    return targets, news


def _flat(outputs: Any) -> list[Any]:
    if outputs is None:
        return []
    if isinstance(outputs, Mapping):
        return list(outputs.values())
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _stored(variable: Any, found: Iterator[np.ndarray]) -> Any:
    """The next of the results as the program holds it; of a complex variable the next two."""
    if is_complex(variable):
        return complexes.joined(next(found), next(found))
    value = next(found)
    return variable.stored(value) if isinstance(variable, AnyVariable) else value


def _structured(structure: Any, values: list[np.ndarray]) -> Any:
    if structure is None:
        return []
    if isinstance(structure, Mapping):
        return dict(zip(structure, values, strict=True))
    return values if isinstance(structure, (list, tuple)) else values[0]


class Maker:
    """``f.maker.fgraph``: the expressions behind a function."""

    def __init__(self, f: Function) -> None:
        self.fgraph = Graph(f)
        self.inputs = f._entries
        self.outputs = f.outputs
        self.mode = f._mode or FAST_RUN


class Graph:
    """The simplified expressions that a function computes."""

    def __init__(self, f: Function) -> None:
        from thalweg.rewrite.pipeline import optimise

        self._tensors = optimise(f._roots())[: f._num_outputs]
        self.inputs = [variable_of(t) for t in f._leaves]
        self.outputs = [TensorVariable(t) for t in self._tensors]

    def toposort(self) -> list[Any]:
        """The applications, inputs first."""
        from thalweg.compat.theano.printing import apply_of

        return [apply_of(TensorVariable(t)) for t in topological(self._tensors) if t.op is not None]

    @property
    def apply_nodes(self) -> list[Any]:
        """The applications."""
        return self.toposort()


class OrderedUpdates(OrderedDict[Any, Any]):
    """Updates in order: what ``scan`` returns."""

    def __add__(self, other: Any) -> OrderedUpdates:
        made = OrderedUpdates(self)
        made.update(other)
        return made
