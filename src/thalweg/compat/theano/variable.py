"""Theano's variables: a tensor of the main library with Theano's methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import AsTensorError, Symbol, as_dtype, is_complex, tensor_of
from thalweg.compat.theano.tensor_type import TensorType, tensor_type
from thalweg.compat.theano.test_values import Tag, compute
from thalweg.graph.tensor import Placeholder, Tensor, Variable
from thalweg.ops import dynamic
from thalweg.ops import shape as shape_ops


def _binary(name: str, reflected: bool = False) -> Any:
    def method(self: Any, other: Any) -> Any:
        from thalweg.compat.theano.tensor import basic

        try:
            if not is_complex(other):
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


# The variables there are, by their tensor's identity: each holds its tensor, so an identity names one of both.
_known: WeakValueDictionary[int, AnyVariable] = WeakValueDictionary()


def variable_of(tensor: Tensor) -> AnyVariable:
    """The variable that a program has of a tensor, or a new one."""
    found = _known.get(id(tensor))
    return TensorVariable(tensor) if found is None else found


class AnyVariable(Symbol):
    """A symbolic array, a constant or a shared variable. ``tensor`` is the main library's expression; equality is
    identity. A class of the program's own that derives from it makes leaves of a type, as in Theano:
    ``TensorVariable(type, owner, index, name)``.
    """

    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(
        self, tensor: Tensor | TensorType, owner: None = None, index: None = None, name: str | None = None
    ) -> None:
        if isinstance(tensor, TensorType):
            if owner is not None:
                raise TypeError("a variable of a type is a leaf: expected owner None; call the op instead")
            tensor = tensor.leaf(name)
        self.tensor = tensor
        if tensor is not None:  # a shape, whose tensor is made when it is asked for
            _known.setdefault(id(tensor), self)
            if config.compute_test_value != "off":
                compute(tensor)
        self.source: tuple[AnyVariable, Any] | None = None  # (x, key) where this is x[key]
        self._functions: dict[Any, Any] = {}

    def __tensor__(self) -> Tensor:
        """What the main library's functions read, and so those of Keras beside it."""
        return self.tensor

    def copy(self, name: str | None = None) -> Any:
        """The same values as a variable of its own, under a name of its own."""
        from thalweg.compat.theano.tensor import basic

        found = basic.tensor_copy(self)
        found.name = name
        return found

    def stand_for(self, other: AnyVariable) -> None:
        """Be the same values as another variable, under this one's name: what was a leaf is an expression."""
        name, self.tensor = self.name, tw.identity(other.tensor)
        self.name = name
        _known[id(self.tensor)] = self
        vars(self).pop("_tag", None)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_functions": {}}  # functions are compiled anew

    @property
    def tag(self) -> Tag:
        """What a program attaches to it, such as ``tag.test_value``."""
        if "_tag" not in self.__dict__:
            self._tag = Tag(self.tensor)
        return self._tag

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
        return tensor_type(self.dtype, self.broadcastable)

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
    def real(self) -> AnyVariable:
        """Itself: its numbers are real."""
        return self

    @property
    def imag(self) -> TensorVariable:
        """Zeros: its numbers are real."""
        return TensorVariable(tw.zeros_like(self.tensor))

    def eval(self, inputs_to_values: dict[Any, Any] | None = None) -> np.ndarray:
        """The value, given values for the variables it depends on."""
        from thalweg.compat.theano.functions import function

        values = inputs_to_values or {}
        key = tuple(values)
        if key not in self._functions:
            self._functions[key] = function(list(key), self)
        return self._functions[key](*values.values())

    def clone(self, name: str | None = None) -> AnyVariable:
        """The same expression as a new variable."""
        return TensorVariable(tw.identity(self.tensor)) if self.tensor.op else self.type(name or self.name)

    def stored(self, array: np.ndarray) -> Any:
        """A value of this variable as programs hold it: the array itself."""
        return array

    def get_parents(self) -> list[Any]:
        """The application that made it, if one did."""
        return [] if self.owner is None else [self.owner]

    def transfer(self, target: Any) -> AnyVariable:
        """Itself: there is one device."""
        return self

    def get_test_value(self) -> Any:
        """The value in ``tag.test_value``; a constant's and a shared variable's own value."""
        if isinstance(self.tensor, Variable):
            return self.tensor.get_value()
        if self.tensor.op is None and self.tensor.value is not None:
            return self.tensor.numpy()
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

    def __repr__(self) -> str:
        value = getattr(self.tag, "test_value", None) if config.print_test_value else None
        return str(self) if value is None else f"{self}\n{np.asarray(value)!r}"

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
    ones_like, conj = _method("ones_like"), _method("conj")
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


class TensorVariable(AnyVariable):
    """A symbolic array: an input or an expression."""


class TensorConstant(AnyVariable):
    """A variable with a fixed value."""

    @property
    def data(self) -> np.ndarray:
        """The value."""
        return self.tensor.numpy()

    @property
    def value(self) -> np.ndarray:
        """The value."""
        return self.tensor.numpy()


class NoneConstant:
    """``None`` where a variable is needed: a bound of a slice that is not given."""

    name: str | None = None

    def __repr__(self) -> str:
        return "NoneConst"


NoneConst = NoneConstant()


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
            return found if isinstance(found, AnyVariable) else as_tensor_variable(np.int64(found))
        if isinstance(key, slice) and not any(
            isinstance(b, AnyVariable) for b in (key.start, key.stop, key.step)
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
    elif isinstance(shape, AnyVariable) and shape.ndim == 1:
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


def wrap(result: Any) -> Any:
    """Tensors of the main library as variables."""
    if isinstance(result, (list, tuple)):
        return [wrap(r) for r in result]
    return TensorVariable(result)


def as_tensor_variable(x: Any, name: str | None = None, ndim: int | None = None) -> TensorVariable:
    """A variable from a variable, number, array or list; ``ndim`` adds axes of length 1 in front."""
    found: Any
    if isinstance(x, AnyVariable):
        found = x
    elif is_complex(x):
        from thalweg.compat.theano import complexes

        found = complexes.made(x)
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
    dtype = config.floatX if dtype == "floatX" else dtype
    if is_complex(x) or (dtype is not None and np.dtype(dtype).kind == "c"):
        return as_tensor_variable(
            np.asarray(x, dtype or np.result_type(np.complex64, np.asarray(x))), name, ndim
        )
    made = TensorConstant(tensor_of(x, dtype))
    if name is not None:
        made.name = name
    return as_tensor_variable(made, ndim=ndim)
