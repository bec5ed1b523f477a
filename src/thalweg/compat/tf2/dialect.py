"""How tensors look to a program of the second generation, whatever part of the library made them.

``thalweg run`` calls :func:`speak` before the program starts. Importing this room changes nothing.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg import metrics
from thalweg.compat.keras.spelling import Offered
from thalweg.compat.keras.worded import tell_shapes, told_shapes
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2.math import quotient
from thalweg.compat.tf2.module import Part, Reference, modules_in
from thalweg.compat.tf2.module import Variable as OwnVariable
from thalweg.compat.tf2.ragged import RaggedTensor
from thalweg.compat.tf2.scopes import in_scope, name_scope
from thalweg.compat.tf2.shapes import LayerShape, TensorShape
from thalweg.compat.tf2.sparse import SparseTensor, to_dense
from thalweg.compat.tf2.text import texts
from thalweg.compat.tf2.values import pair
from thalweg.errors import ShapeError, SymbolicError, fail
from thalweg.graph.tensor import Tensor, Variable, constant, install_methods, plain
from thalweg.graph.updates import current_recorder
from thalweg.initializers import Initializer
from thalweg.layers.base import Layer
from thalweg.layers.calls import keep_masks, masks_of
from thalweg.layers.cells import Cell
from thalweg.layers.texts import Hosted
from thalweg.models import Model, Sequential
from thalweg.ops import elementwise
from thalweg.ops.elementwise import astype

iterate = Tensor.__iter__


_ROOMS = __name__.partition(".")[0] + "."


def _library_asks() -> bool:
    """Whether the caller of the attribute is the library itself, which sees what it keeps."""
    return sys._getframe(2).f_globals.get("__name__", "").startswith(_ROOMS)


def _shape(self: Tensor) -> Any:
    """The lengths of the axes; None where the rank is unknown. The library itself sees the tuple that it keeps."""
    found = self.specs[0].shape
    return found if found is None or _library_asks() else TensorShape(found)


def _dtype(self: Tensor) -> Any:
    """The element type, such as ``tf.float32``. The library itself sees NumPy's."""
    found = self.specs[0].dtype
    return found if _library_asks() else as_dtype(found)


_kept_name: Any = vars(Tensor)["name"]


def _shown_name(self: Tensor) -> str | None:
    """The name; a variable's ends in ``:0``. The library itself sees the name that was given.

    A value has none, as programs know: ``getattr(x, "name", "x")``.
    """
    found = _kept_name.__get__(self)
    if _library_asks():
        return found
    if isinstance(self, Variable):
        return _numbered(found or "Variable")
    if found is None and self.value is not None:
        raise AttributeError("Tensor.name is meaningless when eager execution is enabled.")
    return found or _name(self)


def _numbered(name: str) -> str:
    return name if name.endswith(":0") else f"{name}:0"


def _get_shape(self: Tensor) -> TensorShape:
    """The lengths of the axes."""
    return TensorShape(self.specs[0].shape)


def _set_shape(self: Tensor, shape: Any) -> None:
    """Say more about the shape; an error where the tensor cannot have that one."""
    (first, *rest) = self.specs
    merged = TensorShape(first.shape).merge_with(shape)
    self.specs = (first._replace(shape=tuple(merged) if merged.known else None), *rest)


def _numpy(self: Tensor) -> Any:
    """The value as an array; of a tensor without axes, a NumPy number."""
    return np.array(self.array())[()]


def _format(self: Tensor, form: str) -> str:
    return str(self) if self.value is None else format(_numpy(self), form)


def _text(self: Tensor) -> str:
    kind = f"shape={_get_shape(self)}, dtype={self.dtype.name}"
    if isinstance(self, Variable):
        return repr(self)
    if self.value is None:
        return f'Tensor("{_name(self)}", {kind})'
    return f"tf.Tensor({_on_its_own_lines(str(_numpy(self)))}, {kind})"


def _on_its_own_lines(text: str) -> str:
    """A text of several lines begins on a line of its own."""
    return f"\n{text}" if "\n" in text else text


def _representation(self: Tensor) -> str:
    held = None if self.value is None else np.array(self.array())
    value = "" if held is None else f", numpy={held if held.ndim == 0 else _on_its_own_lines(repr(held))}"
    shape, dtype = f"shape={_get_shape(self)}", f"dtype={self.dtype.name}"
    if isinstance(self, Variable):
        return f"<tf.Variable '{_name(self)}' {shape} {dtype}{value}>"
    return (
        f"<tf.Tensor '{_name(self)}' {shape} {dtype}>"
        if not value
        else f"<tf.Tensor: {shape}, {dtype}{value}>"
    )


def _name(self: Tensor) -> str:
    return _numbered(self.name or (self.op.name if self.op is not None else type(self).__name__))


def _ref(self: Tensor) -> Reference:
    """A key of dicts and sets."""
    return Reference(self)


def _array_function(self: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """NumPy's functions see arrays, and give what they give of those."""
    return function(*_arrays(args), **_arrays(kwargs))


def _arrays(given: Any) -> Any:
    if isinstance(given, Tensor):
        return given.array()
    if isinstance(given, dict):
        return {key: _arrays(value) for key, value in given.items()}
    return type(given)(map(_arrays, given)) if type(given) in (list, tuple) else given


_UNROLLED = 64  # rows that a function's loop over a tensor may have, to be compiled row by row


def _rows(self: Tensor) -> Iterator[Tensor]:
    """The rows; in a function that is being compiled only a few, as every turn of a loop is compiled for itself."""
    found = iterate(self)
    if current_recorder() is not None and len(self) > _UNROLLED:
        raise fail(SymbolicError, f"a loop over {len(self)} rows is not compiled")
    return found


def _same(self: Tensor) -> Tensor:
    """The tensor itself: there is one machine."""
    return self


# --- operators ------------------------------------------------------------------------------------------------------

_ARITHMETIC = "add sub mul truediv floordiv mod pow matmul and or xor".split()
_OPERATORS = [
    f"__{way}{n}__" for n in _ARITHMETIC for way in ("", "r")
] + "__lt__ __le__ __gt__ __ge__".split()
_CALLED = {
    "add": "AddV2", "sub": "Sub", "mul": "Mul", "truediv": "RealDiv", "floordiv": "FloorDiv", "mod": "FloorMod",
    "pow": "Pow", "matmul": "MatMul", "and": "BitwiseAnd", "or": "BitwiseOr", "xor": "BitwiseXor", "lt": "Less",
    "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual", "eq": "Equal", "ne": "NotEqual",
}  # fmt: skip
_TAKEN = (Tensor, int, float, np.ndarray, np.generic, list, tuple)


def _strict(name: str, operator: Callable[[Tensor, Any], Any]) -> Callable[[Tensor, Any], Any]:
    """An operator of a program's: numbers and arrays take the tensor's dtype, tensors of two dtypes are an error.

    The library's own code goes on mixing them.
    """
    word = name.strip("_")
    reflected = word not in _CALLED
    called = _CALLED[word[1:] if reflected else word]

    divided = quotient(elementwise.divide) if word.endswith("truediv") else None

    @functools.wraps(operator)
    def strict(self: Tensor, other: Any) -> Any:
        other = plain(other)
        own = self.specs[0].dtype
        same = isinstance(other, Tensor) and other.specs[0].dtype == own
        whole = divided is not None and own.kind in "iu"
        if (whole or not same) and isinstance(other, _TAKEN) and not _library_asks():
            first, second = pair(other, self, called) if reflected else pair(self, other, called)
            if divided is not None:
                return divided(first, second)
            return operator(second, first) if reflected else operator(first, second)
        return operator(self, other)

    return strict


_elementwise_equal, _elementwise_different = Tensor.__eq__, Tensor.__ne__


def _equal(self: Tensor, other: Any) -> Any:
    """Which elements are equal; one False where the shapes do not fit."""
    try:
        return _elementwise_equal(self, other)
    except ShapeError:
        return constant(False)


def _different(self: Tensor, other: Any) -> Any:
    """Which elements differ; one True where the shapes do not fit."""
    try:
        return _elementwise_different(self, other)
    except ShapeError:
        return constant(True)


_WORDS: dict[str, Any] = {
    "__eq__": _equal,
    "__ne__": _different,
    "shape": property(_shape, doc=_shape.__doc__),
    "dtype": property(_dtype, doc=_dtype.__doc__),
    "name": property(_shown_name, _kept_name.__set__, doc=_shown_name.__doc__),
    "get_shape": _get_shape,
    "set_shape": _set_shape,
    "numpy": _numpy,
    "device": property(
        lambda self: "/job:localhost/replica:0/task:0/device:CPU:0", doc="Where the value is."
    ),
    "_keras_mask": property(masks_of, doc="The mask that a layer gave the tensor; None where it has none."),
    "_keras_history_checked": property(
        lambda self: False, lambda self, checked: None, doc="What a program notes of how a tensor was made."
    ),
    "ref": _ref,
    "experimental_ref": _ref,
    "cpu": _same,
    "gpu": _same,
    "__iter__": _rows,
    "__array_function__": _array_function,
    "__format__": _format,
    "__str__": _text,
    "__repr__": _representation,
}


def value_of(thing: Any) -> Any:
    """What ``thing.value()`` means in a program: a variable is read; anything else has such a method."""
    return thing.read() if isinstance(thing, Variable) else thing.value()


def _of_texts(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's call, which gives texts as tensors."""

    @functools.wraps(call)
    def called(self: Hosted, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        found = call(self, inputs, *args, **kwargs)
        return texts(found) if isinstance(found, np.ndarray) and found.dtype.kind in "OSU" else found

    return called


def _of_rows(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's call, which takes rows of different lengths, too; a program's own layer sees them as they are."""

    @functools.wraps(call)
    def called(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if not args:
            args, kwargs = _inputs_first(self, kwargs)
        if not args or not isinstance(args[0], RaggedTensor) or not type(self).__module__.startswith(_ROOMS):
            return call(self, *args, **kwargs)
        rows, *rest = args
        if isinstance(self, Model) or "mask" in self._call_parameters():
            return _by_steps(self, rows, rest, kwargs)
        return rows.with_flat_values(self(rows.flat_values, *rest, **kwargs))

    return called


def _sparse_as_it_is(as_input: Callable[..., Any]) -> Callable[..., Any]:
    """What layers take as inputs: those of the library whole tensors, a program's own sparse ones as they are."""

    @functools.wraps(as_input)
    def taken(self: Layer, value: Any) -> Any:
        if not isinstance(value, SparseTensor):
            return as_input(self, value)
        ours = type(self).__module__.startswith(_ROOMS)
        return as_input(self, to_dense(value, validate_indices=False)) if ours else value

    return taken


def _inputs_first(layer: Layer, kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments of which the first was given by name: its own in ``call``, or ``inputs``."""
    names = (next(iter(layer._call_parameters()), "inputs"), "inputs")
    given = next((name for name in names if name in kwargs), None)
    if given is None:
        return (), kwargs
    return (kwargs[given],), {name: value for name, value in kwargs.items() if name != given}


def _by_steps(layer: Layer, rows: RaggedTensor, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What a layer gives of rows filled up, under a mask: rows again where there is a step for each."""
    steps, lengths = rows.to_tensor(), np.asarray(rows.row_lengths())
    keep_masks(steps, constant(np.arange(steps.shape[1]) < lengths[:, None]))
    found = layer(steps, *args, **kwargs)
    return found if masks_of(found) is None else RaggedTensor.from_tensor(found, lengths)


class _LayerScope(name_scope):
    """The block of a layer's name; called it says the name."""

    def __call__(self) -> str:
        return self.name


def _in_own_scope(call: Callable[..., Any]) -> Callable[..., Any]:
    """A layer's call, in a block of its name; a list of layers stands by itself, whoever calls it."""

    @functools.wraps(call)
    def called(self: Layer, args: Any, kwargs: dict[str, Any]) -> Any:
        if not self.built:
            for cls in type(
                self
            ).__mro__:  # a class beside Layer may have kept the making of this one to itself
                told_shapes(cls, LayerShape)
        with name_scope("" if isinstance(self, Sequential) else self.name):
            return call(self, args, kwargs)

    return called


def _named_by_scope(add_weight: Callable[..., Any]) -> Callable[..., Any]:
    """``add_weight``: before a weight's name stand those of all layers and blocks in which it was made."""

    @functools.wraps(add_weight)
    def added(self: Layer, *args: Any, **kwargs: Any) -> Any:
        weight = add_weight(self, *args, **kwargs)
        own, around = f"{self.name}/", in_scope("")
        name = _kept_name.__get__(weight)
        weight.name = around + (name.removeprefix(own) if f"/{own}" in f"/{around}" else name)
        return weight

    return added


# What layers have as modules; models made of a list or of calls keep their own under the private name.
_OF_LAYERS = {
    "submodules": Offered(
        lambda layer: modules_in(layer.sublayers()), "The modules and layers below, each once."
    ),
    "name_scope": Offered(lambda layer: _LayerScope(layer.name), "A block of the layer's name."),
    "_compute_dtype_object": Offered(lambda layer: as_dtype(layer.float_dtype()), "The same as a dtype."),
    "_compute_dtype": Offered(lambda layer: layer.float_dtype().name, "What the layer computes in, by name."),
    "_track_trackable": Offered(
        lambda layer: lambda trackable, name, overwrite=False: trackable,
        "What an attribute holds is known without being said.",
    ),
    "_activity_regularizer": Offered(
        lambda layer: layer.activity_regularizer, "The penalty on what the layer gives."
    ),
    "input_spec": Offered(lambda layer: None, "What a program notes of a layer's inputs."),
    "_layers": Offered(lambda layer: layer.sublayers(), "The layers in attributes, lists and dicts."),
}


def _in_float32(result: Callable[..., Any]) -> Callable[..., Any]:
    """A metric's figure as programs have it: counts are float64 in the library, float32 to a program."""

    @functools.wraps(result)
    def shown(self: Any) -> Any:
        found = result(self)
        double = isinstance(found, Tensor) and found.specs[0].dtype == np.float64
        return astype(found, "float32") if double and not _library_asks() else found

    return shown


# --- shapes that layers are built for -------------------------------------------------------------------------------


def _said_in_words(compute: Callable[..., Any]) -> Callable[..., Any]:
    """What a layer says of its outputs' shape: to a program a ``tf.TensorShape``."""

    @functools.wraps(compute)
    def said(self: Layer, *args: Any, **kwargs: Any) -> Any:
        found = compute(self, *args, **kwargs)
        return found if _library_asks() else _as_shapes(found)

    return said


def _as_shapes(shape: Any) -> Any:
    """A ``tf.TensorShape`` for a tuple of lengths, also for each of several."""
    if isinstance(shape, (list, tuple)) and any(isinstance(d, (list, tuple, dict)) for d in shape):
        return type(shape)(map(_as_shapes, shape))
    return TensorShape(shape) if isinstance(shape, tuple) else shape


def _at_one_place(get: Callable[..., Any]) -> Callable[..., Any]:
    """Parts of tensors, where a list of a program's numbers is one place, as a tuple of them is."""

    @functools.wraps(get)
    def part(self: Tensor, key: Any) -> Any:
        return get(self, tuple(key) if type(key) is list and not _library_asks() else key)

    return part


def _as_tensor(first: Callable[..., Any]) -> Callable[..., Any]:
    """What an initialiser gives a program is a tensor; the library itself sees an array."""

    @functools.wraps(first)
    def value(self: Initializer, *args: Any, **options: Any) -> Any:
        made = first(self, *args, **options)
        return made if _library_asks() else constant(made)

    return value


def _part(get: Callable[..., Any]) -> Callable[..., Any]:
    """A part of any variable, to which a program can assign; the library itself sees the tensor."""

    @functools.wraps(get)
    def part(self: Variable, key: Any) -> Any:
        if _library_asks():
            return get(self, key)
        key = tuple(key) if type(key) is list else key
        return Part(self, key, get(self, key))

    return part


def _dropped(place: int, share: str) -> Callable[..., Any]:
    def mask(self: Any, inputs: Any, training: Any = None, count: int = 1) -> Any:
        if not getattr(self, share):
            return None
        if self._factors is None:
            self.begin(inputs, inputs, training)
        kept = self._factors[place]
        kept = elementwise.astype(inputs, inputs.specs[0].dtype) * 0.0 + 1.0 if kept is None else kept
        return kept if count == 1 else [kept] * count

    mask.__doc__ = (
        f"What ``{share}`` leaves of the features, the same at every step; one for each of ``count`` gates."
    )
    return mask


# What programs that derive their own cells ask of them.
_OF_CELLS = {
    "get_dropout_mask_for_cell": _dropped(0, "dropout"),
    "get_recurrent_dropout_mask_for_cell": _dropped(1, "recurrent_dropout"),
    "reset_dropout_mask": Cell.end,
    "reset_recurrent_dropout_mask": Cell.end,
}


# What variables of layers and optimizers have as the program's own.
_OF_VARIABLES = (
    "assign assign_add assign_sub initialized_value read_value scatter_add scatter_nd_add scatter_nd_sub "
    "scatter_nd_update scatter_sub scatter_update sparse_read"
).split()


def speak(strict: bool = True) -> None:
    """Give every tensor of this process TensorFlow 2's attributes, layers those of modules.

    NumPy's functions see tensors as arrays. ``strict``: the program's operators do not mix dtypes.
    """
    install_methods(_WORDS)
    if strict:
        install_methods({n: _strict(n, getattr(Tensor, n)) for n in (*_OPERATORS, "__eq__", "__ne__")})
    shown = [c for c in vars(metrics).values() if isinstance(c, type)]
    kinds: set[Any] = {base for kind in shown for base in kind.__mro__ if "result" in vars(base)}
    for kind in kinds:
        kind.result = _in_float32(kind.result)
    setattr(metrics.Metric, "_dtype", property(lambda metric: "float32", doc="What programs cast data to."))  # noqa: B010
    if not hasattr(Tensor.__getitem__, "__wrapped__"):
        Tensor.__getitem__ = _at_one_place(Tensor.__getitem__)  # type: ignore[method-assign]
        Initializer.__call__ = _as_tensor(Initializer.__call__)  # type: ignore[method-assign]
    if "__getitem__" not in vars(Variable):
        Variable.__getitem__ = _part(Variable.__getitem__)  # type: ignore[method-assign]
    for name, method in _OF_CELLS.items():
        setattr(Cell, name, method)
    setattr(Variable, "handle", property(lambda variable: variable, doc="The variable itself."))  # noqa: B010
    for name in _OF_VARIABLES:
        setattr(Variable, name, vars(OwnVariable)[name])
    tell_shapes(LayerShape)
    if strict and not hasattr(Layer.compute_output_shape, "__wrapped__"):
        Layer.compute_output_shape = _said_in_words(Layer.compute_output_shape)  # type: ignore[method-assign]
    if "__array_ufunc__" in vars(Tensor):
        del Tensor.__array_ufunc__
        Layer.__call__ = _of_rows(Layer.__call__)  # type: ignore[method-assign]
        Layer._as_input = _sparse_as_it_is(Layer._as_input)  # type: ignore[method-assign]
        Layer._called = _in_own_scope(Layer._called)  # type: ignore[method-assign]
        Layer.add_weight = _named_by_scope(Layer.add_weight)  # type: ignore[method-assign]
        Hosted.__call__ = _of_texts(Hosted.__call__)  # type: ignore[method-assign]
    for name, offered in _OF_LAYERS.items():
        setattr(Layer, name, offered)
