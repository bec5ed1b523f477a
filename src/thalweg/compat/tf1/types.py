"""TensorFlow 1's element types and static shapes, as values that programs print, compare and take apart."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from thalweg import dtypes


class DType:
    """An element type: ``tf.float32`` and the others. Equal to its name and to its NumPy dtype."""

    def __init__(self, name: str, numpy_dtype: Any) -> None:
        self.name = name
        self.dtype = np.dtype(numpy_dtype)  # what np.dtype() asks an object for

    @property
    def as_numpy_dtype(self) -> type:
        return self.dtype.type

    @property
    def base_dtype(self) -> DType:
        return self

    @property
    def real_dtype(self) -> DType:
        return as_dtype({"complex64": "float32", "complex128": "float64"}.get(self.name, self.name))

    @property
    def is_floating(self) -> bool:
        return dtypes.is_floating(self.dtype)

    @property
    def is_integer(self) -> bool:
        return self.dtype.kind in "iu"

    @property
    def is_unsigned(self) -> bool:
        return self.dtype.kind == "u"

    @property
    def is_complex(self) -> bool:
        return self.dtype.kind == "c"

    @property
    def is_numpy_compatible(self) -> bool:
        return True

    @property
    def is_quantized(self) -> bool:
        return False

    @property
    def is_numeric(self) -> bool:
        """Whether these are numbers, not truth values or texts."""
        return self.is_floating or self.is_integer or self.is_complex

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a tensor of the other type can stand for one of this: both are the same.

        Raises TypeError where ``other`` names no type.
        """
        return as_dtype(other) == self

    @property
    def limits(self) -> tuple[Any, Any]:
        return (False, True) if self.is_bool else (0, 1 if self.is_floating else self.max)

    @property
    def is_bool(self) -> bool:
        return self.dtype.kind == "b"

    @property
    def min(self) -> Any:
        return self._bounds().min

    @property
    def max(self) -> Any:
        return self._bounds().max

    def _bounds(self) -> Any:
        return np.finfo(self.dtype) if self.is_floating else np.iinfo(self.dtype)

    @property
    def size(self) -> int:
        return self.dtype.itemsize

    @property
    def as_datatype_enum(self) -> int:
        """The number by which messages name the type."""
        return NUMBERED.index(self.name) + 1

    def __eq__(self, other: object) -> bool:
        try:
            return other is not None and as_dtype(other).name == self.name
        except (TypeError, ValueError):
            return False

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"tf.{self.name}"

    def __str__(self) -> str:
        return f"<dtype: '{self.name}'>"


class Bfloat16(DType):
    """Floats of 16 bits with the range of float32, which NumPy has by the package ``ml_dtypes``."""

    def __init__(self) -> None:
        self.name = "bfloat16"

    @property
    def dtype(self) -> np.dtype:  # type: ignore[override]
        """NumPy's type; an ImportError that says what to install where there is none."""
        return dtypes.bfloat16()

    is_floating, is_integer, is_unsigned, is_complex, is_bool, size = True, False, False, False, False, 2  # type: ignore[assignment]

    def _bounds(self) -> Any:
        largest = float.fromhex("0x1.FEp127")
        return SimpleNamespace(min=-largest, max=largest)


_NUMERIC = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()
BY_NAME = {name: DType(name, name) for name in _NUMERIC}
BY_NAME["string"] = DType("string", object)
BY_NAME["bfloat16"] = Bfloat16()
COMPLEX = {name: DType(name, name) for name in ("complex64", "complex128")}
string = BY_NAME["string"]
_OTHER_NAMES = {"float": "float32", "double": "float64", "half": "float16", "int": "int32", "str": "string"}
_NAMED = {**BY_NAME, **COMPLEX, **{old: BY_NAME[new] for old, new in _OTHER_NAMES.items()}}
# What messages number, from 1 on.
NUMBERED = (
    "float32 float64 int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 qint32 bfloat16 qint16 quint16 "
    "uint16 complex128 float16 resource variant uint32 uint64"
).split()
_PYTHON = {float: "float32", int: "int32", bool: "bool", str: "string", bytes: "string", object: "string"}


def as_dtype(value: Any) -> DType:
    """The type that a name, a NumPy dtype or a Python type stands for."""
    if value is None:  # NumPy's float64
        raise TypeError("Cannot convert None to a DType: name one, such as tf.float32")
    if isinstance(value, DType):
        return value
    if isinstance(value, str) and value.removesuffix("_ref") in _NAMED:
        return _NAMED[value.removesuffix("_ref")]
    if isinstance(value, type) and value in _PYTHON:
        return BY_NAME[_PYTHON[value]]
    if (
        isinstance(value, int)
        and not isinstance(value, bool)
        and 0 < value <= len(NUMBERED)
        and NUMBERED[value - 1] in _NAMED
    ):
        return _NAMED[NUMBERED[value - 1]]
    found = np.dtype(value)
    if found.kind in "OSU":
        return string
    if found.kind == "c":
        return COMPLEX[found.name]
    name = dtypes.as_dtype(found).name
    return BY_NAME.get(name) or DType(name, found)


def dtype_of_range(numbers: np.ndarray, *given: Any) -> np.dtype:
    """The dtype of a range of these numbers: that of the tensors and NumPy's numbers among what was ``given``, else
    float32, or int32 and where that does not hold them int64.
    """
    kind = "f" if numbers.dtype.kind == "f" else "iu"
    own = [d for x in given if hasattr(x, "dtype") and (d := numpy_dtype(x.dtype)).kind in kind]
    if own:
        return np.result_type(*own)
    if kind == "f":
        return np.dtype(np.float32)
    fits = numbers.size == 0 or max(abs(int(numbers[0])), abs(int(numbers[-1]))) < 2**31
    return np.dtype(np.int32 if fits else np.int64)


def numpy_dtype(value: Any) -> np.dtype:
    """The NumPy dtype of whatever names a type."""
    return as_dtype(value).dtype


def encoded(texts: Any) -> Any:
    """The texts as bytes, as the functions of a graph have them; one alone is no array."""
    array = np.asarray(texts, object)
    made = np.empty(array.shape, object)
    for place, text in np.ndenumerate(array):
        made[place] = text.encode() if isinstance(text, str) else text
    return made[()]


def _whole(value: Any) -> int:
    """A length given as a float without a fraction, or as a text."""
    try:
        whole = int(value)
    except TypeError:
        raise TypeError(
            f"Dimension value must be integer or None or have an __index__ method, got {value!r}"
        ) from None
    if not isinstance(value, (str, bytes)) and whole != value:
        raise ValueError(f"Ambiguous dimension: {value}")
    return whole


class Dimension:
    """A length of a shape, of an integer or None: ``.value``. Arithmetic with integers gives lengths again.

    What is known is an integer as well; what is not known gives unknown lengths, and None where it is compared.

    >>> (Dimension(3) * 4).value, (Dimension(None) + 1).value
    (12, None)
    """

    value: int | None

    def __new__(cls, value: Any = None) -> Any:
        value = getattr(value, "value", value)
        if value is None:
            return object.__new__(UnknownDimension)
        if not hasattr(value, "__index__"):
            value = _whole(value)
        if value < 0:
            raise ValueError(f"Dimension {int(value)} must be >= 0")
        return int.__new__(KnownDimension, value)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both could be the same length."""
        other = Dimension(other)
        return self.value is None or other.value is None or self.value == other.value

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Any:
        """What is known from either."""
        self.assert_is_compatible_with(other)
        return Dimension(other if self.value is None else self)

    def __repr__(self) -> str:
        return f"Dimension({self.value})"


def _of_lengths(name: str) -> Any:
    """An operator of integers, for lengths: of lengths and integers it makes a length."""
    operator = getattr(int, name)

    def made(self: int, other: Any) -> Any:
        if isinstance(other, UnknownDimension):
            return other
        found = operator(self, other)
        return found if found is NotImplemented or found < 0 else Dimension(found)

    return made


class KnownDimension(Dimension, int):
    """A known length."""

    @property
    def value(self) -> int:  # type: ignore[override]
        return int(self)

    __add__, __radd__, __sub__, __rsub__ = map(_of_lengths, ("__add__", "__radd__", "__sub__", "__rsub__"))
    __mul__, __rmul__, __mod__, __rmod__ = map(_of_lengths, ("__mul__", "__rmul__", "__mod__", "__rmod__"))
    __floordiv__, __rfloordiv__ = map(_of_lengths, ("__floordiv__", "__rfloordiv__"))
    __str__ = int.__repr__


class UnknownDimension(Dimension):
    """A length that is not known before the graph runs: ``.value`` is None."""

    value = None

    def _unknown(self, other: Any) -> Any:
        return self if isinstance(other, (Dimension, int)) or other is None else NotImplemented

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _unknown
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = _unknown

    def _compared(self, other: Any) -> Any:
        return None

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _compared

    def __hash__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __str__(self) -> str:
        return "?"


class NotKnownYet(ValueError):
    """What must be known when the graph is built, and a run may know: see ``late``."""


class TensorSpec:
    """The shape and dtype of a tensor, and a name.

    >>> TensorSpec([None, 3], "float32", "x")
    TensorSpec(shape=(?, 3), dtype=tf.float32, name='x')
    """

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape, self.dtype, self.name = TensorShape(shape), as_dtype(dtype), name

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """Those of a tensor, and the name of its node unless one is given."""
        return cls(tensor.get_shape(), tensor.dtype, name or tensor.op.name)

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """Those of another one, and its name unless one is given."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """Whether the dtypes are the same and the shapes could be."""
        return self.dtype == as_dtype(spec_or_tensor.dtype) and self.shape.is_compatible_with(
            spec_or_tensor.shape
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TensorSpec):
            return False
        return (self.shape, self.dtype, self.name) == (other.shape, other.dtype, other.name)

    def __hash__(self) -> int:
        return hash((str(self.shape), self.dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


class TensorShape:
    """A static shape, perhaps with unknown lengths; ``dims`` is None where the rank is unknown."""

    dims: list[Any] | None

    def __init__(self, dims: Any) -> None:
        if isinstance(dims, TensorShape):
            dims = dims.dims
        if dims is not None and not isinstance(dims, (list, tuple)):
            dims = [dims] if isinstance(dims, (int, np.integer)) else list(dims)
        self.dims = None if dims is None else [Dimension(d) for d in dims]

    @property
    def ndims(self) -> int | None:
        return None if self.dims is None else len(self.dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """The lengths, None where unknown."""
        if self.dims is None:
            raise NotKnownYet("as_list() is not defined on an unknown TensorShape.")
        return [d.value for d in self.dims]

    def num_elements(self) -> int | None:
        """How many elements, None where a length is unknown."""
        if not self.is_fully_defined():
            return None
        return int(np.prod([int(d) for d in self.dims or ()], dtype=np.int64))

    def is_fully_defined(self) -> bool:
        return self.dims is not None and None not in self.as_list()

    def is_compatible_with(self, other: Any) -> bool:
        other = TensorShape(other)
        if self.dims is None or other.dims is None:
            return True
        pairs = list(zip(self.as_list(), other.as_list(), strict=False))
        return self.ndims == other.ndims and all(a is None or b is None or a == b for a, b in pairs)

    def assert_is_compatible_with(self, other: Any) -> None:
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def assert_has_rank(self, rank: int) -> None:
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def assert_same_rank(self, other: Any) -> None:
        other = TensorShape(other)
        if None not in (self.ndims, other.ndims) and self.ndims != other.ndims:
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_is_fully_defined(self) -> None:
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The lengths that both have, None where they differ; the unknown shape if the ranks differ."""
        other = TensorShape(other)
        if self.dims is None or other.dims is None or self.ndims != other.ndims:
            return TensorShape(None)
        pairs = zip(self.as_list(), other.as_list(), strict=True)
        return TensorShape([a if a == b else None for a, b in pairs])

    def merge_with(self, other: Any) -> TensorShape:
        """What is known from either."""
        self.assert_is_compatible_with(other)
        other = TensorShape(other)
        if self.dims is None or other.dims is None:
            return other if self.dims is None else self
        return TensorShape(
            [b if a is None else a for a, b in zip(self.as_list(), other.as_list(), strict=True)]
        )

    def with_rank(self, rank: int) -> TensorShape:
        return self.merge_with([None] * rank)

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """The same shape; ValueError if it has fewer axes."""
        if self.ndims is not None and self.ndims < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """The same shape; ValueError if it has more axes."""
        if self.ndims is not None and self.ndims > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def concatenate(self, other: Any) -> TensorShape:
        other = TensorShape(other)
        return TensorShape(None if self.dims is None or other.dims is None else [*self.dims, *other.dims])

    def __getitem__(self, key: Any) -> Any:
        if self.dims is None:
            return TensorShape(None) if isinstance(key, slice) else UnknownDimension()
        found = self.dims[key]
        return TensorShape(found) if isinstance(key, slice) else found

    def __iter__(self) -> Iterator[Any]:
        if self.dims is None:
            raise ValueError("the rank is unknown")
        return iter(self.dims)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """The lengths as objects, so that ``np.prod(shape[1:]).value`` is there; of a dtype as numbers."""
        return np.array(list(self), object if dtype is None else dtype)

    def __len__(self) -> int:
        if self.dims is None:
            raise ValueError("the rank is unknown")
        return len(self.dims)

    def __bool__(self) -> bool:
        """Whether the rank is known: the shape of a scalar is true."""
        return self.dims is not None

    def __eq__(self, other: object) -> bool:
        try:
            other = TensorShape(other)
        except TypeError:
            return False
        if self.dims is None or other.dims is None:
            return self.dims is other.dims
        return self.as_list() == other.as_list()

    def __hash__(self) -> int:
        return hash(tuple(self.as_list()) if self.dims is not None else None)

    def __str__(self) -> str:
        if self.dims is None:
            return "<unknown>"
        inside = ", ".join(map(str, self.dims))
        return f"({inside}{',' if len(self.dims) == 1 else ''})"

    def __repr__(self) -> str:
        return f"TensorShape({None if self.dims is None else self.dims})"


def as_tuple(value: Any, rank: int) -> tuple[int, ...]:
    """One number for each axis, of one number or of so many."""
    return (int(value),) * rank if isinstance(value, int) else tuple(int(v) for v in value)


class _Length(int):
    """A known length of the shape that a layer is built for."""

    @property
    def value(self) -> int:
        """The length, as that of a :class:`Dimension` is read."""
        return int(self)


class LayerShape(tuple[Any, ...]):
    """The shape that a program's layer is built for: a tuple with the words of :class:`TensorShape`.

    >>> LayerShape((None, 3)).as_list(), LayerShape((None, 3))[-1].value
    ([None, 3], 3)
    """

    in_words: type = TensorShape

    def __new__(cls, dims: Any) -> LayerShape:
        lengths = [_Length(d) if isinstance(d, int) and not isinstance(d, Dimension) else d for d in dims]
        return super().__new__(cls, lengths)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return type(self)(found) if isinstance(key, slice) else found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.in_words(list(self)), name)
