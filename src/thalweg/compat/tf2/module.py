"""``tf.Variable`` and ``tf.Module``."""

from __future__ import annotations

import re
from abc import ABCMeta
from collections.abc import Iterator, Mapping
from functools import wraps
from typing import Any

import numpy as np

from thalweg.compat.tf2.arrays import expand_dims, gather
from thalweg.compat.tf2.complexes import ComplexTensor, complex_dtype
from thalweg.compat.tf2.indexed import IndexedSlices
from thalweg.compat.tf2.scopes import in_scope, name_scope
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.tracked import Tracked
from thalweg.compat.tf2.values import UnmadeVariableError, fitting, made_variables, of_dtype, pair, tensor
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import missing_leaves
from thalweg.layers import Layer
from thalweg.ops import index
from thalweg.ops.draws import RandomKey
from thalweg.run.function import function as compiled


class _Variables(type):
    """All variables are instances of ``tf.Variable``: those of layers and optimizers too."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, (core.Variable, ComplexVariable))

    def __call__(cls, initial_value: Any = None, *args: Any, **options: Any) -> Any:
        """A variable; of a complex value one of two parts."""
        kind = ComplexVariable if _is_complex(initial_value, options.get("dtype")) else super().__call__
        return kind(initial_value, *args, **options)


def _is_complex(value: Any, dtype: Any) -> bool:
    if dtype is not None:
        return complex_dtype(dtype)
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return isinstance(value, (complex, ComplexTensor)) or kind == "c"


class VariableSynchronization:
    """Accepted: there is one machine."""

    AUTO, NONE, ON_WRITE, ON_READ = range(4)


class VariableAggregation:
    """Accepted: there is one machine."""

    NONE, SUM, MEAN, ONLY_FIRST_REPLICA = range(4)


_assign, _assign_add, _assign_sub = core.Variable.assign, core.Variable.assign_add, core.Variable.assign_sub


class Variable(core.Variable, metaclass=_Variables):
    """A tensor whose value can change."""

    __slots__ = ("__dict__",)

    def __init__(
        self, initial_value: Any = None, trainable: bool | None = None, validate_shape: bool = True,
        caching_device: Any = None, name: str | None = None, variable_def: Any = None, dtype: Any = None,
        import_scope: Any = None, constraint: Any = None, synchronization: Any = None, aggregation: Any = None,
        shape: Any = None,
    ) -> None:  # fmt: skip
        if constraint is not None:
            raise fail(
                ArgumentError,
                "tf.Variable: constraint is not supported here",
                hint="use layer.add_weight(constraint=...), or assign the bounded value after each step",
            )
        made = callable(initial_value) and not isinstance(initial_value, Tensor)
        value = initial_value() if made else initial_value
        value = tensor(of_dtype(fitting(value, dtype), dtype, ValueError), dtype)
        if isinstance(value, Tensor) and value.value is None:  # while a function is being made
            if not all(isinstance(t, RandomKey) for t in missing_leaves([value])):
                raise fail(
                    UnmadeVariableError, "tf.Variable: the first value depends on the function's arguments"
                )
            value = compiled([], value)()
        made_variables.count += 1
        declared = shape.dims if isinstance(shape, TensorShape) else shape
        super().__init__(value, trainable is not False, in_scope(name or "Variable"), shape=declared)

    def __getitem__(self, key: Any) -> Any:
        """A part, which can be assigned: ``v[0].assign(1.0)``."""
        return Part(self, key, super().__getitem__(key))

    def read_value(self) -> Any:
        """The value now."""
        return self.read()

    def initialized_value(self) -> Any:
        """The value now."""
        return self.read()

    def get_shape(self) -> TensorShape:
        """The shape."""
        return TensorShape(self.shape)

    def assign(self, value: Any, use_locking: bool = False, name: Any = None, read_value: bool = True) -> Any:
        """Set the value."""
        return _assign(self, pair(self, value)[1])

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True
    ) -> Any:
        """Add to the value."""
        return _assign_add(self, pair(self, delta)[1])

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: Any = None, read_value: bool = True
    ) -> Any:
        """Subtract from the value."""
        return _assign_sub(self, pair(self, delta)[1])

    def scatter_nd_add(self, indices: Any, updates: Any, name: Any = None) -> Any:
        """Add at places."""
        return _assign(self, index.scatter_nd_add(self, tensor(indices), pair(self, updates)[1]))

    def scatter_nd_sub(self, indices: Any, updates: Any, name: Any = None) -> Any:
        """Subtract at places."""
        return self.scatter_nd_add(indices, -tensor(updates))

    def scatter_nd_update(self, indices: Any, updates: Any, name: Any = None) -> Any:
        """Put at places; where one occurs twice the last one stays."""
        return _assign(self, index.scatter_nd_update(self, tensor(indices), pair(self, updates)[1]))

    def scatter_update(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: Any = None) -> Any:
        """Put rows at numbers."""
        return self.scatter_nd_update(_column(sparse_delta), sparse_delta.values)

    def scatter_add(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: Any = None) -> Any:
        """Add rows at numbers."""
        return self.scatter_nd_add(_column(sparse_delta), sparse_delta.values)

    def scatter_sub(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: Any = None) -> Any:
        """Subtract rows at numbers."""
        return self.scatter_nd_sub(_column(sparse_delta), sparse_delta.values)

    def sparse_read(self, indices: Any, name: Any = None) -> Any:
        """Rows by their numbers."""
        return gather(self, indices)

    def ref(self) -> Reference:
        """A key of dicts and sets."""
        return Reference(self)

    experimental_ref = ref


class ComplexVariable(ComplexTensor):
    """A complex variable: its real and its imaginary part are variables."""

    def __init__(
        self, initial_value: Any, trainable: bool | None = None, validate_shape: bool = True,
        caching_device: Any = None, name: str | None = None, variable_def: Any = None, dtype: Any = None,
        **ignored: Any,
    ) -> None:  # fmt: skip
        value = tensor(initial_value, dtype)
        self._name = in_scope(name or "Variable")
        super().__init__(Variable(value.real, trainable), Variable(value.imag, trainable))

    @property
    def name(self) -> str:
        """The name."""
        return f"{self._name}:0"

    @property
    def trainable(self) -> bool:
        """Whether training moves it."""
        return bool(self.real.trainable)

    def read_value(self) -> ComplexTensor:
        """The value now."""
        return ComplexTensor(self.real.read(), self.imag.read())

    value = initialized_value = read_value

    def assign(self, value: Any, *more: Any, **ignored: Any) -> Any:
        """Set the value."""
        given = self.beside(value)
        self.real.assign(given.real)
        self.imag.assign(given.imag)
        return self

    def assign_add(self, delta: Any, *more: Any, **ignored: Any) -> Any:
        """Add to the value."""
        return self.assign(self.read_value() + delta)

    def assign_sub(self, delta: Any, *more: Any, **ignored: Any) -> Any:
        """Subtract from the value."""
        return self.assign(self.read_value() - delta)


class Part(Tensor):
    """A part of a variable: its value when it was read, and a place to assign to."""

    __slots__ = ("key", "variable")

    def __init__(self, variable: Any, key: Any, read: Tensor) -> None:
        super().__init__(
            read.op, read.inputs, read.attrs, read.specs, read.value,
            name=read.name, built_at=read.built_at, tracked=read.tracked,
        )  # fmt: skip
        self.variable, self.key = variable, key

    def assign(self, value: Any, name: Any = None, read_value: bool = True) -> Any:
        """Set this part of the variable."""
        return self.variable.assign(
            index.index_update(self.variable, self.key, pair(self.variable, value)[1])
        )

    def assign_add(self, delta: Any, name: Any = None, read_value: bool = True) -> Any:
        """Add to this part of the variable."""
        return self.assign(self + pair(self, delta)[1])  # type: ignore[operator]

    def assign_sub(self, delta: Any, name: Any = None, read_value: bool = True) -> Any:
        """Subtract from this part of the variable."""
        return self.assign(self - pair(self, delta)[1])  # type: ignore[operator]


def _column(slices: IndexedSlices) -> Any:
    return expand_dims(slices.indices, -1)


class Reference:
    """Stands for a tensor where equality must mean identity."""

    def __init__(self, tensor: Any) -> None:
        self._tensor = tensor

    def deref(self) -> Any:
        """The tensor."""
        return self._tensor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self._tensor is other._tensor

    def __hash__(self) -> int:
        return id(self._tensor)


def parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What stands directly in an object, list or mapping, with its name there."""
    if isinstance(value, Mapping):
        yield from ((str(k), v) for k, v in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((str(k), v) for k, v in enumerate(value))
    elif isinstance(value, Module):
        yield from (
            (k, v) for k, v in vars(value).items() if not k.startswith(("_functions_of", "_name_scope"))
        )


def _variables(value: Any, found: dict[int, Any], seen: set[int]) -> None:
    if id(value) in seen or isinstance(value, (str, bytes, np.ndarray)):
        return
    seen.add(id(value))
    if isinstance(value, Variable):
        found.setdefault(id(value), value)
    elif isinstance(value, Layer):
        found.update((id(v), v) for v in value.variables if id(v) not in found)
    else:
        for _, part in (
            sorted(parts(value), key=lambda p: p[0]) if isinstance(value, Module) else parts(value)
        ):
            _variables(part, found, seen)


def modules_in(things: list[Any]) -> tuple[Any, ...]:
    """The modules and layers among things and below them, each once."""
    found: dict[int, Any] = {}
    stack = list(things)
    while stack:
        value = stack.pop(0)
        if isinstance(value, (Module, Layer)) and id(value) not in found:
            found[id(value)] = value
            stack += value.sublayers() if isinstance(value, Layer) else [v for _, v in parts(value)]
        elif isinstance(value, (list, tuple, Mapping)):
            stack += [v for _, v in parts(value)]
    return tuple(found.values())


class _Modules(ABCMeta):
    """All layers and models are modules: also by the names under which programs know them."""

    def __subclasscheck__(cls, subclass: Any) -> bool:
        return super().__subclasscheck__(getattr(subclass, "__class_of_name__", subclass))


class Module(Tracked, metaclass=_Modules):
    """What owns variables: in attributes in the order of their names, and in modules, layers, lists and dicts there."""

    def __init__(self, name: str | None = None) -> None:
        if name is not None and not re.fullmatch(r"[A-Za-z_]\w*", name):
            raise ValueError(
                f"{name!r} is not a valid module name. Module names must be valid Python identifiers."
            )
        self._name = name or re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()
        with name_scope(self._name) as whole:
            self._name_scope = name_scope(whole)

    def __setattr__(self, name: str, thing: Any) -> None:
        super().__setattr__(name, thing)
        self._entered(name, thing)

    @property
    def name(self) -> str:
        """The given name, or that of the class."""
        return getattr(self, "_name", type(self).__name__)

    @property
    def name_scope(self) -> Any:
        """A block whose name stands before those of the variables that are made in it."""
        return getattr(self, "_name_scope", None) or name_scope(self.name)

    @property
    def variables(self) -> tuple[Any, ...]:
        """All variables, each once."""
        found: dict[int, Any] = {}
        _variables(self, found, set())
        return tuple(found.values())

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """The variables that training moves."""
        frozen = {
            id(v) for m in (self, *self.submodules) if isinstance(m, Layer) for v in m.non_trainable_weights
        }
        return tuple(v for v in self.variables if v.trainable and id(v) not in frozen)

    @property
    def non_trainable_variables(self) -> tuple[Any, ...]:
        """The variables that training leaves."""
        moved = {id(v) for v in self.trainable_variables}
        return tuple(v for v in self.variables if id(v) not in moved)

    @property
    def submodules(self) -> tuple[Any, ...]:
        """The modules and layers below, each once."""
        return modules_in([v for _, v in parts(self)])

    @classmethod
    def with_name_scope(cls, method: Any) -> Any:
        """The method in a block of the module's name."""

        @wraps(method)
        def within(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return within


Module.register(Layer)  # layers and models are modules, too


class ExponentialMovingAverage:
    """Averages of variables: ``average -= (1 - decay) * (average - variable)``, each beginning at its variable."""

    def __init__(
        self,
        decay: float,
        num_updates: Any = None,
        zero_debias: bool = False,
        name: str = "ExponentialMovingAverage",
    ) -> None:
        self.decay, self.num_updates, self.name = decay, num_updates, name
        self._averages: dict[int, tuple[Any, Variable]] = {}

    def apply(self, var_list: Any) -> None:
        """Make the averages of variables, or move them on."""
        decay = self.decay
        if self.num_updates is not None:
            steps = float(self.num_updates)
            decay = min(decay, (1 + steps) / (10 + steps))
        for variable in var_list:
            if id(variable) not in self._averages:
                self._averages[id(variable)] = variable, Variable(variable.read(), trainable=False)
            average = self._averages[id(variable)][1]
            average.assign_sub((average - variable) * (1 - decay))

    def average(self, var: Any) -> Any:
        """The average of a variable; None where there is none."""
        return self._averages.get(id(var), (None, None))[1]
