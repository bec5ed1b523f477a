"""The record of one op, and how applying it makes a value or an expression.

The body of an op *is* its NumPy meaning: positional-only parameters (before ``/``) are arrays, the others
attributes. Everything else known of the op (shape and dtype rule, gradient, lowering or expansion) is a field
of the same record.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentTypeError, DTypeError, ThalwegError, fail, user_line
from thalweg.graph import later
from thalweg.graph.history import keeps_history
from thalweg.graph.lowering import (
    Assemble,
    Loop,
    Matrices,
    MatrixProduct,
    Order,
    Pointwise,
    Reduce,
    Reshape,
    Scan,
    View,
)
from thalweg.graph.tensor import Spec, Tensor, Variable, constant, freeze, of_value, plain
from thalweg.graph.updates import current_recorder

Gradient = Callable[..., Sequence[Any]]
_TOTAL = (
    Pointwise,
    Reduce,
    View,
    Reshape,
    Assemble,
    MatrixProduct,
    Scan,
    Order,
    Matrices,
    Loop,
)  # lowerings that refuse no value


@dataclass(eq=False)
class Op:
    """One op. Calling it with tensors gives a tensor (or a tuple, for ops that return several arrays).

    meaning   arrays and attributes to an array: the oracle, the eager path and the constant folder
    infer     specs and attributes to the output's Spec (or a tuple of Specs)
    prepare   (tensors, attrs) to (tensors, attrs): casts inputs to a common dtype, normalises axes
    grad      (g, y, *inputs, **attrs) to one gradient (Tensor, None, or a function making it) per input;
              ``g`` and ``y`` are tuples for ops with several outputs
    lower     how compiled loops compute it (a record of thalweg.graph.lowering); None: see ``expand``
    expand    (*inputs, **attrs) to tensors made of other ops, or None; with neither, the op runs on the host
    shape_only  positions of inputs of which only the shape is read
    shape_from  positions of inputs whose values say the shape of the result
    check     (*tensors, **attrs): raises for values that the meaning refuses, where compiled code cannot
    bounds    (*specs, **attrs) to (position, low, high) of inputs whose elements must lie in low <= x < high: a call of
              a program with others is refused, in the name of the op or of its attribute ``what``
    refuses   whether the meaning refuses values, after as much work as it takes to know the result: it never waits
    draws     whether it makes random numbers of a key
    flat      whether the gradient is zero almost everywhere (sign, floor): published, not an error
    """

    name: str
    meaning: Callable[..., Any]
    infer: Callable[..., Any]
    prepare: Callable[..., tuple[Sequence[Tensor], dict[str, Any]]] | None = None
    grad: Gradient | None = None
    lower: Any = None
    expand: Callable[..., Any] | None = None
    commutative: bool = False
    shape_only: Container[int] = ()
    shape_from: Container[int] = ()
    check: Callable[..., Any] | None = None
    bounds: Callable[..., Sequence[tuple[int, int, int]]] | None = None
    flat: bool = False
    refuses: bool = False
    draws: bool = False
    pure: bool = True
    parameters: tuple[str, ...] = ()
    variadic: bool = False
    defaults: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.meaning)
        arrays: list[str] = []
        attributes: dict[str, Any] = {}
        for parameter in inspect.signature(self.meaning).parameters.values():
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                arrays.append(parameter.name)
            elif parameter.kind is inspect.Parameter.VAR_POSITIONAL:  # and what stands before it
                self.variadic = True
                arrays, attributes = [*arrays, *attributes], {}
            else:
                attributes[parameter.name] = parameter.default
        self.parameters, self.defaults = tuple(arrays), attributes
        total = isinstance(self.lower, _TOTAL) or self.check is not None or self.draws
        compiles = total or (self.lower is None and self.expand is not None)
        self._may_wait = self.pure and compiles and not self.refuses and self.name != "read"

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> str:
        return self.meaning.__qualname__  # copied and pickled by name, as functions are

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        count = len(self.parameters)
        if self.variadic:
            operands, rest = args, ()
        else:
            operands, rest = args[:count], args[count:]
        if len(operands) < count:
            raise fail(
                ArgumentTypeError,
                f"{self.name}: too few arguments",
                expected=", ".join(self.parameters),
                received=f"{len(operands)} of them",
            )
        attrs = dict(self.defaults)
        if attrs or rest or kwargs:
            self._fill(attrs, rest, kwargs)
        return self.apply(convert_operands(operands), attrs)

    def _fill(self, attrs: dict[str, Any], rest: Sequence[Any], kwargs: dict[str, Any]) -> None:
        """Complete the attributes by those given."""
        names = list(attrs)
        if len(rest) > len(names):
            raise fail(
                ArgumentTypeError,
                f"{self.name}: too many arguments",
                expected=f"{', '.join(self.parameters + tuple(names))}",
            )
        attrs.update(zip(names, rest, strict=False))
        for key, value in kwargs.items():
            if key not in attrs:
                raise fail(
                    ArgumentTypeError,
                    f"{self.name}: no argument named {key!r}",
                    expected=", ".join(names) or "none",
                )
            attrs[key] = value
        missing = [key for key, value in attrs.items() if value is inspect.Parameter.empty]
        if missing:
            raise fail(ArgumentTypeError, f"{self.name}: the argument {missing[0]!r} is missing")

    def apply(self, tensors: Sequence[Tensor], attrs: dict[str, Any], prepared: bool = False) -> Any:
        """Apply to tensors with complete attributes: eager where every input has a value, else symbolic.

        ``prepared``: they are as an expression of this op has them.
        """
        recorder = current_recorder()
        if recorder is not None:
            tensors = [recorder.newest(t) for t in tensors]
        elif self._may_wait:
            waiting = later.applied(self, tensors, attrs, keeps_history(), prepared)
            if waiting is not None:
                return waiting
        if self.prepare is not None and not prepared:
            tensors, attrs = self.prepare(tensors, attrs)
        tracked = False
        for t in tensors:
            if t.later is None and t.value is None:
                return self.build(tensors, attrs)
            tracked = tracked or t.tracked
        if tracked and recorder is not None:
            return self.build(tensors, attrs)
        return self._evaluate(tensors, attrs, tracked and keeps_history())

    def _evaluate(self, tensors: Sequence[Tensor], attrs: dict[str, Any], history: bool) -> Any:
        tensors = [t.shown() if isinstance(t, Variable) and self.name != "read" else t for t in tensors]
        self._infer(tensors, attrs)  # raises the clear error before NumPy's
        with np.errstate(all="ignore"):
            result = self.meaning(*[t.value for t in tensors], **attrs)
        several = isinstance(result, tuple)
        if not (several or history):
            array = freeze(result)
            return of_value(array, (Spec(array.shape, array.dtype),))
        arrays = tuple([freeze(r) for r in (result if several else (result,))])
        specs = tuple([Spec(a.shape, a.dtype) for a in arrays])
        if not history:
            return tuple([of_value(a, (s,)) for s, a in zip(specs, arrays, strict=True)])
        node = Tensor(self, tuple(tensors), attrs, specs, arrays if several else arrays[0], tracked=True)
        return parts_of(node) if several else node

    def build(self, tensors: Sequence[Tensor], attrs: dict[str, Any]) -> Any:
        """The symbolic expression, whether or not the inputs have values."""
        specs = self._infer(tensors, attrs)
        several = isinstance(specs, tuple) and not isinstance(specs, Spec)
        tracked = any(t.tracked for t in tensors)
        node = Tensor(
            self, tuple(tensors), attrs, specs if several else (specs,), built_at=user_line(), tracked=tracked
        )
        recorder = current_recorder()
        if recorder is not None:
            recorder.built(node)
        return parts_of(node) if several else node

    def _infer(self, tensors: Sequence[Tensor], attrs: dict[str, Any]) -> Any:
        try:
            return self.infer(*[t.specs[0] for t in tensors], **attrs)
        except ThalwegError as error:
            names = (
                self.parameters if not self.variadic else tuple(f"tensors[{k}]" for k in range(len(tensors)))
            )
            given = ", ".join(f"{n} = {t.label()} {t.specs[0]}" for n, t in zip(names, tensors, strict=False))
            error.args = (f"{self.name}: {error.args[0]}; arguments: {given}",)
            raise


def convert_operands(operands: Sequence[Any]) -> list[Tensor]:
    """Operands as tensors; Python scalars are weak: they take the dtype of the tensors beside them."""
    for operand in operands:
        if not isinstance(operand, Tensor):
            break
    else:
        return list(operands)
    operands = [plain(o) for o in operands]
    beside = []
    for o in operands:
        if isinstance(o, (Tensor, np.ndarray)) and _supported(kind := o.dtype):
            beside.append(kind)
    common = _promote_or_none(beside)
    result = []
    for operand in operands:
        if isinstance(operand, Tensor):
            result.append(operand)
        elif isinstance(operand, (bool, int, float)):
            result.append(_number(operand, common))
        elif isinstance(operand, np.generic) and operand.dtype.kind in "biuf" and common is not None:
            result.append(constant(operand, dtypes.scalar_dtype(operand.item(), common)))
        else:
            result.append(_converted(operand))
    return result


def _number(number: bool | int | float, common: np.dtype | None) -> Tensor:
    """A Python number beside others: one tensor for all that are alike; two zeros may differ in sign."""
    return _kept_number(number, common) if number else constant(number, _scalar_dtype(number, common))


@functools.lru_cache(maxsize=256, typed=True)
def _kept_number(number: bool | int | float, common: np.dtype | None) -> Tensor:
    return constant(number, _scalar_dtype(number, common))


def _scalar_dtype(number: bool | int | float, common: np.dtype | None) -> np.dtype:
    """The dtype of a Python number beside the others; an integer that it cannot hold is refused, not wrapped."""
    dtype = dtypes.scalar_dtype(number, common)
    if dtypes.is_integer(dtype) and not np.iinfo(dtype).min <= number <= np.iinfo(dtype).max:
        raise fail(
            DTypeError, f"{number} does not fit {dtype.name}", hint="cast the tensor to a wider dtype first"
        )
    return dtype


def _supported(dtype: np.dtype) -> bool:
    return dtype.kind in "biuf" or dtype.name == "bfloat16"


def _promote_or_none(beside: list[np.dtype]) -> np.dtype | None:
    if len(beside) < 2:
        return beside[0] if beside else None
    try:
        return dtypes.promote(*beside)
    except ThalwegError:
        return beside[0]


def _converted(operand: Any) -> Tensor:
    if operand is None or isinstance(operand, (str, bytes, dict, set)):
        raise fail(ArgumentTypeError, "not a tensor, array or number", received=repr(operand))
    if isinstance(operand, (list, tuple)) and any(_is_symbolic(o) for o in operand):
        from thalweg.graph.tensor import _methods

        return _methods["stack"](operand)
    return constant(operand)


def _is_symbolic(operand: Any) -> bool:
    found = plain(operand)
    return isinstance(found, Tensor) and found.is_symbolic


def _item_infer(spec: Spec, *, index: int) -> Spec:
    raise AssertionError("items are made by parts_of")


def _item_meaning(parts: Any, /, *, index: int) -> Any:
    return parts[index]


_item_meaning.__qualname__ = "item"  # by which the op is copied and pickled
item = Op("item", _item_meaning, _item_infer)


def parts_of(node: Tensor) -> tuple[Tensor, ...]:
    """The outputs of a tensor whose op returns several arrays."""
    values = node.value if node.value is not None else (None,) * len(node.specs)
    return tuple(
        Tensor(item, (node,), {"index": k}, (spec,), value, built_at=node.built_at, tracked=node.tracked)
        for k, (spec, value) in enumerate(zip(node.specs, values, strict=True))
    )


def make_op(family: dict[str, Any], **fields: Any) -> Callable[[Callable[..., Any]], Op]:
    """A decorator that turns a NumPy body into an Op: the family's fields, overridden by the given ones."""

    def decorate(body: Callable[..., Any]) -> Op:
        name = fields.get("name", body.__name__.rstrip("_"))
        return Op(**{**family, **fields, "name": name, "meaning": body})

    return decorate
