"""What ``get_concrete_function`` gives: a function of one signature, and the graph of what it does."""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1.errors import OpError
from thalweg.compat.tf1.types import as_dtype, numpy_dtype
from thalweg.compat.tf2.specs import RaggedTensorSpec, TensorSpec
from thalweg.compat.tf2.text import TextTensor
from thalweg.compat.tf2.values import tensor
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Tensor, Variable, placeholder
from thalweg.graph.updates import Recorder, recording
from thalweg.graph.walk import topological
from thalweg.nested import flat, mapped


class ConcreteArgumentError(OpError, TypeError, ValueError):
    """A concrete function was called with something that it does not take."""


class Operation(NamedTuple):
    """A node of the graph: its name, what it does, the names of what it reads; its tensors."""

    name: str
    type: str
    input: list[str]
    inputs: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()

    @property
    def op(self) -> str:
        """What it does."""
        return self.type

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"


class Graph:
    """What a concrete function computes, as operations; the names are those of the library's own. Last are an
    ``Identity`` for each of its results.
    """

    def __init__(self, name: str, inputs: list[Any], outputs: list[Any]) -> None:
        self.name, self.inputs, self.outputs = name, inputs, outputs
        names: dict[int, str] = {}
        taken: dict[str, int] = {}
        self._operations = []
        for t in topological(outputs):
            kind = t.op.name if t.op is not None else _leaf_kind(t)
            base = t.name if t.op is None and t.name else kind
            number = taken[base] = taken.get(base, -1) + 1
            names[id(t)] = f"{base}_{number}" if number else base
            read = [names[id(i)] for i in t.inputs]
            self._operations.append(Operation(names[id(t)], kind, read, t.inputs, (t,)))
        for k, t in enumerate(outputs):
            name = f"Identity_{k}" if k else "Identity"
            self._operations.append(Operation(name, "Identity", [names[id(t)]], (t,), (t,)))

    def __repr__(self) -> str:
        return f"FuncGraph(name={self.name})"

    def get_operations(self) -> list[Operation]:
        """The operations, each after what it reads."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name; a KeyError that lists them where there is none."""
        found = {operation.name: operation for operation in self._operations}
        if name not in found:
            raise KeyError(f"no operation {name!r} in the graph: {', '.join(found)}")
        return found[name]

    def get_tensor_by_name(self, name: str) -> Any:
        """The tensor ``name:0``."""
        return self.get_operation_by_name(name.removesuffix(":0")).outputs[0]

    def as_graph_def(self, *args: Any, **ignored: Any) -> GraphDef:
        """The operations as ``node``."""
        return GraphDef(list(self._operations))


class GraphDef(NamedTuple):
    """A graph's operations."""

    node: list[Operation]


class VariableArgument(NamedTuple):
    """A variable among what a function takes; ``type`` is TensorFlow's number of such a thing (``DT_RESOURCE``)."""

    name: str
    type: int = 20


class Signature(NamedTuple):
    """A function's name, and its tensors' specs, after those of the arguments the variables that it reads."""

    name: str
    input_arg: list[TensorSpec | VariableArgument]
    output_arg: list[TensorSpec]


class FunctionDef(NamedTuple):
    """A function's signature and operations."""

    signature: Signature
    node_def: list[Operation]


def _leaf_kind(t: Any) -> str:
    if isinstance(t, Variable):
        return "Variable"
    return "Placeholder" if t.value is None else "Const"


class ConcreteFunction:
    """A function for tensors of one shape and dtype each, with Python's values and variables among the
    arguments bound.

    ``inputs`` and ``outputs`` are symbols, ``structured_input_signature`` and ``structured_outputs`` what is known of
    them.
    """

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._function, self.name = function, function.__name__
        signature = inspect.signature(function.python_function)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        self.arguments = {name: mapped(_spec_of, value) for name, value in bound.arguments.items()}
        self._bound = bound
        self._open = [name for name, value in self.arguments.items() if any(map(_is_spec, flat(value)))]

    def __deepcopy__(self, memo: dict[int, Any]) -> ConcreteFunction:
        """A function of a copied module is one of that module."""
        return ConcreteFunction(copy.deepcopy(self._function, memo), self._bound.args, self._bound.kwargs)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        names = [n for n, value in self.arguments.items() if n in self._open or isinstance(value, Variable)]
        if len(args) > len(names) or not set(kwargs) <= set(names):
            raise TypeError(f"{self.name}: expected the tensors {', '.join(self._open)}")
        given = {**dict(zip(self._open if len(args) == len(self._open) else names, args)), **kwargs}
        missing = [name for name in self._open if name not in given]
        if missing:
            raise TypeError(f"{self.name}: missing the tensors {', '.join(missing)}")
        for name, value in given.items():
            for spec, part in zip(flat(self.arguments[name]), flat(value)):
                if _is_spec(spec):
                    self._check(name, spec, part)
        read = {
            name: value if isinstance(self.arguments[name], Variable) else mapped(as_result, value)
            for name, value in given.items()
        }
        return self._called(read, self._function)

    def _check(self, name: str, spec: TensorSpec, part: Any) -> None:
        """An error unless a part of an argument is a tensor of the spec's dtype."""
        if isinstance(part, (bool, int, float, complex)):
            raise ConcreteArgumentError(
                f"{self.name}: {name}: a concrete function takes tensors only, received {part!r}; "
                "pass tf.constant(...), or call the tf.function"
            )
        if isinstance(part, (Tensor, TextTensor)) and part.dtype != spec.dtype:
            raise ConcreteArgumentError(
                f"{self.name}: {name} must be a tensor of {spec.dtype.name}, received {as_dtype(part.dtype).name}"
            )

    def _called(self, given: Mapping[str, Any], function: Callable[..., Any]) -> Any:
        call = inspect.BoundArguments(self._bound.signature, {**self._bound.arguments, **given})  # type: ignore[arg-type]
        return function(*call.args, **call.kwargs)

    @property
    def structured_input_signature(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The specs of the tensors, and the values of the other arguments."""
        return tuple(_named(value, name) for name, value in self.arguments.items()), {}

    @functools.cached_property
    def _symbols(self) -> tuple[dict[str, Any], Any]:
        """Symbols for the arguments, and what the function makes of them."""
        given = {
            name: mapped(functools.partial(_symbol_of, name), self.arguments[name]) for name in self._open
        }
        with recording(Recorder()):
            return given, self._called(given, self._function.python_function)

    @property
    def inputs(self) -> list[Any]:
        """A symbol for each tensor among the arguments."""
        return [t for value in self._symbols[0].values() for t in flat(value)]

    @property
    def outputs(self) -> list[Any]:
        """What the function makes of ``inputs``."""
        return flat(self._symbols[1])

    @property
    def structured_outputs(self) -> Any:
        """The shapes and dtypes of what the function gives, in its structure."""
        return mapped(TensorSpec.from_tensor, self._symbols[1])

    @property
    def output_shapes(self) -> Any:
        """The shapes of what the function gives, in its structure."""
        return mapped(lambda t: TensorSpec.from_tensor(t).shape, self._symbols[1])

    @property
    def output_dtypes(self) -> Any:
        """The dtypes of what the function gives, in its structure."""
        return mapped(lambda t: as_dtype(t.dtype), self._symbols[1])

    @property
    def variables(self) -> tuple[Any, ...]:
        """The variables that the function reads."""
        return tuple(t for t in topological(self._tensors()) if isinstance(t, Variable))

    @property
    def trainable_variables(self) -> tuple[Any, ...]:
        """Those that training moves."""
        return tuple(v for v in self.variables if v.trainable)

    def _tensors(self) -> list[Any]:
        return [t for t in self.outputs if isinstance(t, Tensor)]

    @functools.cached_property
    def graph(self) -> Graph:
        """What the function computes."""
        return Graph(self.name, self.inputs, self._tensors())

    @property
    def function_def(self) -> FunctionDef:
        """The signature and the operations."""
        taken, given = (
            [TensorSpec.from_tensor(t, t.name) for t in side] for side in (self.inputs, self._tensors())
        )
        held = [VariableArgument(v.name) for v in self.variables]
        return FunctionDef(Signature(self.name, [*taken, *held], given), self.graph.get_operations())

    def pretty_printed_signature(self, verbose: bool = True) -> str:
        """The arguments and results, a line each."""
        lines = [f"{self.name}({', '.join(self._open)})", "  Args:"]
        lines += [f"    {name}: {self.arguments[name]}" for name in self._open]
        return "\n".join([*lines, "  Returns:", f"    {self.structured_outputs}"])


def _is_spec(value: Any) -> bool:
    return isinstance(value, TensorSpec)


def _spec_of(value: Any) -> Any:
    if hasattr(value, "row_splits"):
        return RaggedTensorSpec.from_tensor(value)
    if isinstance(value, Variable):
        return value
    return (
        TensorSpec.from_tensor(tensor(value))
        if isinstance(value, (Tensor, TextTensor, np.ndarray))
        else value
    )


def _named(value: Any, name: str) -> Any:
    return TensorSpec(value.shape, value.dtype, name) if _is_spec(value) else value


def _symbol_of(name: str, spec: Any) -> Any:
    if not _is_spec(spec):
        return spec
    if spec.dtype.name == "string":
        raise fail(
            SymbolicError, f"a function of texts ({name}) is not traced: its graph and outputs are not known",
            hint="call it; what it gives can be looked at",
        )  # fmt: skip
    shape = tuple(spec.shape) if spec.shape.known else None
    return placeholder(numpy_dtype(spec.dtype), shape, spec.name or name)


def as_result(value: Any) -> Any:
    """What a function gives: Python's numbers become tensors, a variable its value."""
    if isinstance(value, Variable):
        return value.read()
    return tensor(value) if isinstance(value, (bool, int, float, np.generic, np.ndarray)) else value
