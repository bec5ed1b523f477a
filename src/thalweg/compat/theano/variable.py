"""Theano's variables: a tensor of the main library with Theano's methods, types and dtype rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops

_INTS = ("int8", "int16", "int32", "int64")
_BY_RANK = ("scalar", "vector", "matrix", "tensor3", "tensor4", "tensor5")


# --- types ----------------------------------------------------------------------------------------------------------


class TensorType:
    """A dtype and, for each axis, whether it has length 1 and broadcasts. Calling it makes a variable."""

    def __init__(self, dtype: Any, broadcastable: Sequence[Any], name: str | None = None) -> None:
        self.dtype = config.floatX if dtype == "floatX" else str(np.dtype(dtype))
        self.broadcastable = tuple(bool(b) for b in broadcastable)
        self.name = name

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.broadcastable)

    @property
    def numpy_dtype(self) -> np.dtype:
        """The dtype as NumPy has it."""
        return np.dtype(self.dtype)

    def __call__(self, name: str | None = None, dtype: Any = None) -> TensorVariable:
        made = self if dtype is None else TensorType(dtype, self.broadcastable)
        return made.make_variable(name)

    def make_variable(self, name: str | None = None) -> TensorVariable:
        """A new symbolic variable of this type."""
        shape = [1 if b else None for b in self.broadcastable]
        return TensorVariable(tw.placeholder(self.dtype, shape, name=name))

    def clone(self, dtype: Any = None, broadcastable: Any = None) -> TensorType:
        """The type with another dtype or other broadcastable axes."""
        same = self.broadcastable if broadcastable is None else broadcastable
        return TensorType(dtype or self.dtype, same, self.name)

    def filter(self, data: Any, strict: bool = False, allow_downcast: bool | None = None) -> np.ndarray:
        """The value as an array of this type, or a TypeError where that would lose precision."""
        array = _filtered_dtype(data, self.numpy_dtype, strict, allow_downcast)
        if array.ndim != self.ndim:
            raise TypeError(
                f"Wrong number of dimensions: expected {self.ndim}, got {array.ndim} with shape {array.shape}."
            )
        for k, (one, length) in enumerate(zip(self.broadcastable, array.shape, strict=True)):
            if one and length != 1:
                raise TypeError(
                    "Non-unit value on shape on a broadcastable dimension.", array.shape, f"axis {k}"
                )
        return array

    def filter_variable(self, other: Any, allow_convert: bool = True) -> TensorVariable:
        """The variable, if it has this type."""
        found = as_tensor_variable(other)
        if found.dtype != self.dtype or found.ndim != self.ndim:
            raise TypeError(f"Cannot convert Type {found.type} (of Variable {found}) into Type {self}.")
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorType) and (self.dtype, self.broadcastable) == (
            other.dtype,
            other.broadcastable,
        )

    def __hash__(self) -> int:
        return hash((self.dtype, self.broadcastable))

    def __str__(self) -> str:
        if self.name:
            return self.name
        b = self.broadcastable
        named = {(): "scalar", (True, False): "row", (False, True): "col"}
        if b in named:
            return f"TensorType({self.dtype}, {named[b]})"
        if not any(b):
            kind = _BY_RANK[len(b)] if len(b) < 3 else f"{len(b)}D"
            return f"TensorType({self.dtype}, {kind})"
        return f"TensorType({self.dtype}, {b})"

    __repr__ = __str__


def _filtered_dtype(data: Any, dtype: np.dtype, strict: bool, allow_downcast: bool | None) -> np.ndarray:
    """Theano's rule: arrays convert where no precision can be lost, numbers and lists where none is."""
    if isinstance(data, TensorVariable):
        raise TypeError(
            "Expected an array-like object, but found a Variable: maybe you are trying to call a function on "
            "a (possibly shared) variable instead of a numeric array?"
        )
    if isinstance(data, Tensor):
        data = data.numpy()
    given = data if isinstance(data, (np.ndarray, np.generic)) else np.asarray(data)
    if given.dtype == dtype:
        return np.ascontiguousarray(given).reshape(given.shape)
    if strict:
        raise TypeError(f"expected an array of dtype {dtype}, received {given.dtype}")
    if given.dtype.kind not in "biuf":
        raise TypeError(f"expected numbers of dtype {dtype}, received {type(data).__name__} of {given.dtype}")
    if allow_downcast or np.result_type(given.dtype, dtype) == dtype or given.size == 0:
        return np.asarray(given.astype(dtype))
    if allow_downcast is None and type(data) in (float, np.float64) and str(dtype) == config.floatX:
        return np.asarray(given.astype(dtype))
    if not isinstance(data, np.ndarray):
        with np.errstate(all="ignore"):
            converted = np.asarray(given.astype(dtype))
        if np.array_equal(converted, given):
            return converted
    raise TypeError(
        f"TensorType({dtype}) cannot store a value of dtype {given.dtype} without risking loss of precision. If you do "
        f"not mind this loss, you can: 1) explicitly cast your data to {dtype}, or 2) set allow_input_downcast=True "
        'when calling "function".'
    )


# --- converting -----------------------------------------------------------------------------------------------------


def _scalar_dtype(value: Any) -> str:
    """The smallest dtype that holds a Python number, as ``autocast_int`` and ``autocast_float`` choose it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        fits = (d for d in _INTS if np.iinfo(d).min <= value <= np.iinfo(d).max)
        return next(fits, "uint64" if value > 0 else "int64")
    if config.floatX in ("float16", "float32") or value != value or float(np.float32(value)) == value:
        return "float32"
    return "float64"


def tensor_of(value: Any, dtype: Any = None) -> Tensor:
    """A tensor of the main library from a variable, array, number or list (of numbers or variables)."""
    if isinstance(value, TensorVariable):
        found = value.tensor
    elif isinstance(value, Tensor):
        found = value
    elif isinstance(value, (bool, int, float)):
        found = tw.constant(np.asarray(value, dtype or _scalar_dtype(value)))
    elif isinstance(value, (list, tuple)) and _holds_variable(value):
        parts = [tensor_of(v) for v in value]
        common = np.result_type(*[p.dtype for p in parts])
        found = tw.stack([as_dtype(p, common) for p in parts])
    elif value is None or isinstance(value, (str, dict, set)):
        raise AsTensorError(f"Cannot convert {value!r} to TensorType", type(value))
    else:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            raise AsTensorError(f"Cannot convert {value!r} to TensorType", type(value))
        found = tw.constant(array)
    return found if dtype is None else as_dtype(found, np.dtype(dtype))


class AsTensorError(TypeError):
    """Raised where something is no tensor."""


def _holds_variable(value: Any) -> bool:
    return any(
        _holds_variable(v) if isinstance(v, (list, tuple)) else isinstance(v, (TensorVariable, Tensor))
        for v in value
    )


def as_dtype(tensor: Tensor, dtype: Any) -> Tensor:
    """The tensor in a dtype."""
    return tensor if tensor.dtype == np.dtype(dtype) else tw.astype(tensor, np.dtype(dtype))


def common(*values: Any) -> list[Tensor]:
    """Tensors in the dtype that NumPy gives arrays of theirs together: int64 with float32 is float64."""
    tensors = [tensor_of(v) for v in values]
    dtype = np.result_type(*[t.dtype for t in tensors])
    return [_in_dtype(v, t, dtype) for v, t in zip(values, tensors, strict=True)]


def _in_dtype(value: Any, tensor: Tensor, dtype: np.dtype) -> Tensor:
    """The tensor in a dtype; a whole number keeps the text it was written with, which ``pp`` shows."""
    if type(value) is int and tensor.dtype != dtype:
        return tw.constant(np.asarray(value, dtype), name=f"TensorConstant{{{value}}}")
    return as_dtype(tensor, dtype)


def floats(*values: Any) -> list[Tensor]:
    """:func:`common`, small integers as float32 and others as float64."""
    return [as_dtype(t, float_of(t.dtype)) for t in common(*values)]


def float_of(dtype: np.dtype) -> np.dtype:
    """The floating dtype in which a dtype is computed."""
    if dtype.kind == "f":
        return dtype
    return np.dtype("float32" if dtype.itemsize <= 2 else "float64")


def wrap(result: Any) -> Any:
    """Tensors of the main library as variables."""
    if isinstance(result, (list, tuple)):
        return [wrap(r) for r in result]
    return TensorVariable(result)


# --- variables ------------------------------------------------------------------------------------------------------


def _binary(name: str, reflected: bool = False) -> Any:
    def method(self: Any, other: Any) -> Any:
        from thalweg.compat.theano.tensor import basic

        try:
            tensor_of(other)
        except AsTensorError:
            return NotImplemented
        fn = getattr(basic, name)
        return fn(other, self) if reflected else fn(self, other)

    return method


def _method(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        from thalweg.compat.theano.tensor import basic

        return getattr(basic, name)(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"See ``theano.tensor.{name}``."
    return method


class TensorVariable:
    """A symbolic array. ``tensor`` is the main library's expression; equality is identity."""

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.tag = Tag()
        self.source: tuple[TensorVariable, Any] | None = None  # (x, key) where this is x[key]
        self._functions: dict[Any, Any] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_functions": {}}  # functions are compiled anew

    @property
    def name(self) -> str | None:
        """The given name."""
        return self.tensor.name

    @name.setter
    def name(self, name: str | None) -> None:
        self.tensor.name = name

    @property
    def dtype(self) -> str:
        """The element type's name."""
        return self.tensor.dtype.name

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.tensor.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each axis, whether its length is known to be 1."""
        return tuple(d == 1 for d in self.tensor.known_shape())

    @property
    def type(self) -> TensorType:
        """The dtype and broadcastable axes."""
        return TensorType(self.dtype, self.broadcastable)

    @property
    def owner(self) -> Any:
        """The application that made it, or None for a leaf."""
        from thalweg.compat.theano.printing import apply_of

        return apply_of(self)

    @property
    def shape(self) -> ShapeVariable:
        """The axis lengths, symbolic: an int64 vector."""
        return ShapeVariable(lengths_of(self.tensor))

    @property
    def size(self) -> TensorVariable:
        """The number of elements, symbolic."""
        return TensorVariable(shape_ops.count(self.tensor, None, np.dtype("int64")))

    @property
    def T(self) -> TensorVariable:
        """Axes reversed."""
        return TensorVariable(tw.permute_dims(self.tensor))

    @property
    def real(self) -> TensorVariable:
        """Itself: numbers are real."""
        return self

    def eval(self, inputs_to_values: dict[Any, Any] | None = None) -> np.ndarray:
        """The value, given values for the variables it depends on."""
        from thalweg.compat.theano.functions import function

        values = inputs_to_values or {}
        key = tuple(values)
        if key not in self._functions:
            self._functions[key] = function(list(key), self)
        return self._functions[key](*values.values())

    def clone(self, name: str | None = None) -> TensorVariable:
        """The same expression as a new variable."""
        return TensorVariable(tw.identity(self.tensor)) if self.tensor.op else self.type(name or self.name)

    copy = _method("tensor_copy")

    def transfer(self, target: Any) -> TensorVariable:
        """Itself: there is one device."""
        return self

    def get_test_value(self) -> Any:
        """The value in ``tag.test_value``."""
        return self.tag.test_value

    def __getitem__(self, key: Any) -> TensorVariable:
        from thalweg.compat.theano.subtensor import getitem

        return getitem(self, key)

    def __iter__(self) -> Any:
        length = self.tensor.known_shape()[0] if self.ndim else None
        if length is None:
            raise TypeError(
                "TensorType does not support iteration. Maybe you are using builtins.sum instead of theano.tensor.sum? "
                "(Maybe .max?)"
            )
        return (self[k] for k in range(length))

    def __len__(self) -> int:
        raise TypeError("object of type 'TensorVariable' has no len(). Use Variable.shape[0] instead.")

    def __bool__(self) -> bool:
        if self.tensor.op is not None and self.tensor.dtype.kind == "b":
            raise TypeError("Variables do not support boolean operations.")
        return True

    def __str__(self) -> str:
        if self.name:
            return self.name
        if self.tensor.op is None:
            if self.tensor.value is not None and not isinstance(self.tensor, (Variable, Placeholder)):
                from thalweg.compat.theano.printing import constant_text

                return constant_text(self.tensor)
            return f"<{self.type}>"
        from thalweg.compat.theano.printing import op_name

        return f"{op_name(self.tensor)}.0"

    __repr__ = __str__

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    __add__, __radd__ = _binary("add"), _binary("add", True)
    __sub__, __rsub__ = _binary("sub"), _binary("sub", True)
    __mul__, __rmul__ = _binary("mul"), _binary("mul", True)
    __truediv__, __rtruediv__ = _binary("true_div"), _binary("true_div", True)
    __floordiv__, __rfloordiv__ = _binary("int_div"), _binary("int_div", True)
    __mod__, __rmod__ = _binary("mod"), _binary("mod", True)
    __pow__, __rpow__ = _binary("pow"), _binary("pow", True)
    __matmul__, __rmatmul__ = _binary("dot"), _binary("dot", True)
    __and__, __rand__ = _binary("and_"), _binary("and_", True)
    __or__, __ror__ = _binary("or_"), _binary("or_", True)
    __xor__, __rxor__ = _binary("xor"), _binary("xor", True)
    __lt__, __le__ = _binary("lt"), _binary("le")
    __gt__, __ge__ = _binary("gt"), _binary("ge")
    __neg__, __abs__, __invert__ = _method("neg"), _method("abs_"), _method("invert")
    __ceil__, __floor__, __trunc__ = _method("ceil"), _method("floor"), _method("trunc")

    dot, sum, prod, mean = _method("dot"), _method("sum"), _method("prod"), _method("mean")
    var, std, min, max = _method("var"), _method("std"), _method("min"), _method("max")
    argmin, argmax, norm = _method("argmin"), _method("argmax"), _method("vector_norm")
    argsort, sort, clip, round = _method("argsort"), _method("sort"), _method("clip"), _method("round")
    any, all, ptp, nonzero = _method("any"), _method("all"), _method("ptp"), _method("nonzero")
    nonzero_values, diagonal, trace = _method("nonzero_values"), _method("diagonal"), _method("trace")
    repeat, cumsum, cumprod = _method("repeat"), _method("cumsum"), _method("cumprod")
    take, choose, fill = _method("take"), _method("choose"), _method("fill")
    transpose, swapaxes, squeeze = _method("transpose_to"), _method("swapaxes"), _method("squeeze")
    searchsorted, compress, zeros_like = _method("searchsorted"), _method("compress"), _method("zeros_like")
    ones_like, conj, imag = _method("ones_like"), _method("conj"), _method("zeros_like")
    get_scalar_constant_value = _method("get_scalar_constant_value")

    def astype(self, dtype: Any) -> TensorVariable:
        """In another dtype."""
        from thalweg.compat.theano.tensor.basic import cast

        return cast(self, dtype)

    def reshape(self, shape: Any, *more: Any, ndim: int | None = None) -> TensorVariable:
        """The same elements under another shape."""
        from thalweg.compat.theano.tensor.basic import reshape

        return reshape(self, (shape, *more) if more else shape, ndim=ndim)

    def flatten(self, ndim: int = 1) -> TensorVariable:
        """With ``ndim`` axes: the last of them holds all that followed."""
        from thalweg.compat.theano.tensor.basic import flatten

        return flatten(self, ndim)

    def ravel(self) -> TensorVariable:
        """On one axis."""
        return self.flatten()

    def dimshuffle(self, *pattern: Any) -> TensorVariable:
        """Axes in the order of ``pattern``; "x" is a new axis of length 1, axes of length 1 may be left out."""
        from thalweg.compat.theano.tensor.basic import dimshuffle

        flat = pattern[0] if len(pattern) == 1 and isinstance(pattern[0], (list, tuple)) else pattern
        return dimshuffle(self, flat)


class Tag:
    """What programs attach to a variable (``tag.test_value``)."""

    test_value: Any


class TensorConstant(TensorVariable):
    """A variable with a fixed value."""

    @property
    def data(self) -> np.ndarray:
        """The value."""
        return self.tensor.numpy()

    @property
    def value(self) -> np.ndarray:
        """The value."""
        return self.tensor.numpy()


def lengths_of(tensor: Tensor) -> list[Any]:
    """The axis lengths: numbers where known for good, else integer scalar variables."""
    fixed = not isinstance(tensor, Variable)
    return [
        d
        if d == 1 or (d is not None and fixed and not _below_shared(tensor))
        else TensorVariable(shape_ops.count(tensor, (k,), np.dtype("int64")))
        for k, d in enumerate(tensor.known_shape())
    ]


def _below_shared(tensor: Tensor) -> bool:
    from thalweg.graph.walk import variables

    return bool(variables([tensor]))


class ShapeVariable(TensorVariable):
    """The shape of a variable: an int64 vector whose elements are at hand one by one."""

    def __init__(self, lengths: Sequence[Any]) -> None:
        self.lengths = list(lengths)
        self._made: Tensor | None = None
        super().__init__(None)  # type: ignore[arg-type]

    @property
    def tensor(self) -> Tensor:  # type: ignore[override]
        if self._made is None:
            if self.lengths:
                self._made = tw.stack([tensor_of(n, "int64") for n in self.lengths])
            else:
                self._made = tw.constant(np.zeros(0, np.int64))
        return self._made

    @tensor.setter
    def tensor(self, tensor: Any) -> None:
        self._made = tensor

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, (int, np.integer)):
            found = self.lengths[key]
            return found if isinstance(found, TensorVariable) else as_tensor_variable(np.int64(found))
        if isinstance(key, slice) and not any(
            isinstance(b, TensorVariable) for b in (key.start, key.stop, key.step)
        ):
            return ShapeVariable(self.lengths[key])
        return super().__getitem__(key)

    def __iter__(self) -> Any:
        return iter([self[k] for k in range(len(self.lengths))])

    def __len__(self) -> int:
        return len(self.lengths)

    def __add__(self, other: Any) -> Any:
        return super().__add__(other)


def shape_items(shape: Any, ndim: int | None = None) -> list[Any]:
    """A shape argument (numbers, scalar variables, a vector variable) as numbers and scalar tensors."""
    if isinstance(shape, ShapeVariable):
        items = shape.lengths
    elif isinstance(shape, TensorVariable) and shape.ndim == 1:
        known = shape.tensor.known_shape()[0]
        count = known if known is not None else ndim
        if count is None:
            raise ValueError("the number of axes is not known: give ndim=")
        if shape.tensor.value is not None and not isinstance(shape.tensor, Variable):
            items = shape.tensor.tolist()
        else:
            items = [shape[k] for k in range(count)]
    elif isinstance(shape, (list, tuple, np.ndarray)):
        items = list(shape)
    else:
        items = [shape]
    return [_length(item) for item in items]


def _length(item: Any) -> Any:
    if isinstance(item, (int, np.integer)):
        return int(item)
    tensor = tensor_of(item)
    if tensor.dtype.kind not in "iub":
        raise TypeError(f"a length must be an integer, received {item} of dtype {tensor.dtype}")
    if tensor.value is not None and not isinstance(tensor, Variable):
        return int(tensor.array())
    return as_dtype(tensor, "int64")


def filled(value: Any, shape: Any, dtype: Any) -> TensorVariable:
    """A variable of one number, of a shape that may be symbolic."""
    number = tw.constant(np.asarray(value, dtype))
    return TensorVariable(dynamic.broadcast_to_lengths(number, shape_items(shape)))


# --- shared variables -----------------------------------------------------------------------------------------------


class SharedTensor(Variable):
    """A variable that expressions read when they run: what is built on it stays symbolic.

    ``default_update``: what it becomes after a function that reads it ran, unless an update says otherwise.
    """

    __slots__ = ("default_update",)
    default_update: Tensor | None

    @property
    def value(self) -> None:  # type: ignore[override]
        return None

    @value.setter
    def value(self, array: Any) -> None:
        assert array is None

    def loosen(self, shape: Sequence[int]) -> bool:
        """Open the axes on which ``shape`` differs from the declared one; whether there are any."""
        declared = self.known_shape()
        if len(declared) != len(shape) or all(d in (None, n) for d, n in zip(declared, shape, strict=True)):
            return False
        opened = tuple(d if d == n else None for d, n in zip(declared, shape, strict=True))
        self.specs = (Spec(opened, self.dtype),)
        return True


class TensorSharedVariable(TensorVariable):
    """A value kept between calls of functions."""

    tensor: SharedTensor

    def __init__(
        self,
        value: Any = None,
        name: str | None = None,
        broadcastable: Sequence[bool] | None = None,
        **_: Any,
    ) -> None:
        super().__init__(SharedTensor(np.array(value), name=name))
        ndim = self.tensor.ndim
        self._broadcastable = (
            tuple(map(bool, broadcastable)) if broadcastable is not None else (False,) * ndim
        )
        if len(self._broadcastable) != ndim:
            raise TypeError(f"shared: broadcastable has {len(self._broadcastable)} entries for {ndim} axes")
        self.tensor.default_update = None

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """As declared: no axis unless ``shared`` was told so."""
        return self._broadcastable

    @property
    def default_update(self) -> TensorVariable | None:
        """What it becomes after a function that reads it ran, unless an update says otherwise."""
        return None if self.tensor.default_update is None else TensorVariable(self.tensor.default_update)

    @default_update.setter
    def default_update(self, update: Any) -> None:
        self.tensor.default_update = None if update is None else tensor_of(update, self.dtype)

    def over_the_same_value(self) -> TensorSharedVariable:
        """Another variable over the value of this one, without its default update."""
        made = TensorSharedVariable(self.tensor.get_value(), self.name, self._broadcastable)
        made.tensor.slot = self.tensor.slot
        return made

    @property
    def container(self) -> TensorSharedVariable:
        """What holds the value: itself."""
        return self

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> np.ndarray:
        """The value now, as a new array."""
        return self.tensor.get_value()

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value; the number of axes stays."""
        array = TensorType(self.dtype, self.broadcastable).filter(new_value, allow_downcast=None)
        self.tensor.loosen(array.shape)
        self.tensor.set_value(array)

    def clone(self, name: str | None = None) -> TensorSharedVariable:
        """A shared variable with the same value, held on its own."""
        return TensorSharedVariable(self.get_value(), name or self.name, self.broadcastable)

    def zero(self, borrow: bool = False) -> None:
        """Set every element to 0."""
        self.set_value(np.zeros_like(self.get_value()))

    def __setitem__(self, *args: Any) -> None:
        raise TypeError("set values with set_value, or symbolically with set_subtensor")


def shared(
    value: Any,
    name: str | None = None,
    strict: bool = False,
    allow_downcast: bool | None = None,
    borrow: bool = False,
    broadcastable: Sequence[bool] | None = None,
    target: Any = None,
    **kwargs: Any,
) -> TensorSharedVariable:
    """A variable with a value that functions share: int64 for Python ints, float64 for floats, arrays keep their
    dtype.
    """
    if isinstance(value, TensorVariable):
        raise TypeError(
            "Shared variable constructor needs numeric values and not symbolic variables. Use get_value() or eval()."
        )
    if isinstance(value, Tensor):
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"shared: expected a number or an array of numbers, received {type(value).__name__}")
    return TensorSharedVariable(array, name, broadcastable)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> TensorVariable:
    """A variable from a variable, number, array or list; ``ndim`` adds axes of length 1 in front."""
    if isinstance(x, TensorVariable):
        found = x
    else:
        tensor = tensor_of(x)
        found = (
            TensorConstant(tensor)
            if tensor.op is None and tensor.value is not None
            else TensorVariable(tensor)
        )
    if ndim is not None and found.ndim < ndim:
        added = tuple(range(ndim - found.ndim))
        found = TensorVariable(tw.expand_dims(found.tensor, added))
    if name is not None and found.name is None:
        found.name = name
    return found


def constant(x: Any, name: str | None = None, ndim: int | None = None, dtype: Any = None) -> TensorVariable:
    """A variable with a fixed value, in the smallest dtype that holds it where it is a Python number."""
    made = TensorConstant(tensor_of(x, dtype))
    if name is not None:
        made.name = name
    return as_tensor_variable(made, ndim=ndim)
