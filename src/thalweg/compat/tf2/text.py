"""Texts in TensorFlow 2: tensors of byte strings, and ``tf.strings``. They are values; no program holds them."""

from __future__ import annotations

import builtins
import functools
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg.compat.tf1.types import numpy_dtype, string
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.graph.tensor import Tensor, constant
from thalweg.layers.hashes import farm_hash, murmur_hash, sip_hash
from thalweg.nested import flat, mapped


class TextTensor:
    """An array of byte strings."""

    dtype = string
    __array_priority__ = 1000
    __array_ufunc__ = None

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    @property
    def shape(self) -> TensorShape:
        """The lengths of the axes."""
        return TensorShape(self._array.shape)

    def get_shape(self) -> TensorShape:
        """The lengths of the axes."""
        return self.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    def numpy(self) -> Any:
        """The bytes, or an array of them."""
        return self._array.item() if self._array.ndim == 0 else self._array.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self._array if dtype is None else self._array.astype(dtype)

    def __getitem__(self, key: Any) -> TextTensor:
        return texts(self._array[_plain(key)])

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[TextTensor]:
        return (self[k] for k in range(len(self)))

    def __add__(self, other: Any) -> TextTensor:
        return TextTensor(np.asarray(self._array + texts(other)._array, dtype=object))

    def __radd__(self, other: Any) -> TextTensor:
        return TextTensor(np.asarray(texts(other)._array + self._array, dtype=object))

    def __eq__(self, other: Any) -> Any:  # type: ignore[override]
        return constant(np.asarray(self._array == texts(other)._array, np.bool_))

    def __ne__(self, other: Any) -> Any:  # type: ignore[override]
        return constant(np.asarray(self._array != texts(other)._array, np.bool_))

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return bool(self._array)

    def __str__(self) -> str:
        text = str(self.numpy())
        line = "\n" if "\n" in text else ""
        return f"tf.Tensor({line}{text}, shape={self.shape}, dtype=string)"

    def __repr__(self) -> str:
        text = repr(self.numpy())
        line = "\n" if "\n" in text else ""
        return f"<tf.Tensor: shape={self.shape}, dtype=string, numpy={line}{text}>"

    def __format__(self, form: str) -> str:
        return builtins.format(self.numpy(), form)

    def set_shape(self, shape: Any) -> None:
        """An error where the texts cannot have that shape."""
        self.shape.assert_is_compatible_with(shape)


def _plain(key: Any) -> Any:
    """An index, of which numbers may be tensors."""
    if isinstance(key, tuple):
        return tuple(map(_plain, key))
    return np.asarray(key) if isinstance(key, Tensor) else key


def as_bytes(x: Any) -> bytes:
    if isinstance(x, TextTensor):  # one text, as an array holds it
        x = x._array.item()
    return x if isinstance(x, bytes) else str(x).encode()


def texts(value: Any) -> TextTensor:
    """A tensor of texts from texts, bytes, or lists and arrays of them."""
    if isinstance(value, TextTensor):
        return value
    given = np.asarray(value, dtype=object)
    made = np.empty(given.shape, dtype=object)
    made[...] = np.frompyfunc(as_bytes, 1, 1)(given)
    return TextTensor(made)


def is_text(value: Any) -> bool:
    """Whether it is a text or holds texts."""
    if hasattr(value, "flat_values"):
        return is_text(value.flat_values)
    if isinstance(value, (list, tuple)):
        return bool(value) and is_text(value[0])
    return isinstance(value, (str, bytes, TextTensor)) or (
        isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "OSU"
    )


def _each(fn: Callable[[bytes], Any], value: Any) -> np.ndarray:
    given = np.asarray(texts(value))
    made = np.empty(given.shape, dtype=object)
    made[...] = np.frompyfunc(fn, 1, 1)(given)
    return made


# --- functions that only move elements --------------------------------------------------------------------------------

# Where they take texts: the numbers of arguments, and their names.
_MOVING: dict[str, tuple[Any, ...]] = dict.fromkeys(
    "boolean_mask broadcast_to concat expand_dims gather_nd identity repeat reshape reverse roll shuffle size slice "
    "split squeeze tile transpose unstack zeros_like".split(),
    (0,),
)
_MOVING |= {
    "where": (1, 2, "x", "y"),
    "pad": (0, "constant_values"),
    "tensor_scatter_nd_update": (0, 2, "updates"),
}


def taking_texts(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors for texts, too, where it only moves elements: it moves their numbers in a list."""
    places = _MOVING.get(name)
    if places is None:
        return function

    @functools.wraps(function)
    def moving(*args: Any, **kwargs: Any) -> Any:
        at = [args[k] for k in places if isinstance(k, int) and k < len(args)]
        if not any(map(_begins_with_text, at)) or any(hasattr(v, "row_splits") for v in flat(at)):
            return function(*args, **kwargs)
        pool: list[np.ndarray] = [np.array([b""], dtype=object)]  # what zeros stand for

        def numbered(value: Any, parts: bool = False) -> Any:
            if isinstance(value, (list, tuple)) and (parts or any(isinstance(v, TextTensor) for v in value)):
                return [numbered(v) for v in value]
            held = np.asarray(texts(value))
            first = sum(map(len, pool))
            pool.append(held.reshape(-1))
            return constant(np.arange(first, first + held.size, dtype=np.int32).reshape(held.shape))

        one_by_one = name == "concat"
        given = [numbered(a, one_by_one) if k in places else a for k, a in enumerate(args)]
        named = {n: numbered(a, one_by_one) if n in places else a for n, a in kwargs.items()}
        made = function(*given, **named)
        return made if name == "size" else mapped(lambda t: TextTensor(_taken(np.concatenate(pool), t)), made)

    return moving


def _taken(pool: np.ndarray, numbers: Tensor) -> np.ndarray:
    made = np.empty(numbers.array().shape, dtype=object)
    made[...] = pool[numbers.array()]
    return made


def _begins_with_text(value: Any) -> bool:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return isinstance(value, (str, bytes, TextTensor)) or (
        isinstance(value, np.ndarray) and value.dtype.kind in "OSU"
    )


# --- tf.strings -----------------------------------------------------------------------------------------------------


def lower(input: Any, encoding: str = "", name: Any = None) -> TextTensor:
    """In small letters."""
    return TextTensor(_each(lambda s: s.decode().lower().encode() if encoding else s.lower(), input))


def upper(input: Any, encoding: str = "", name: Any = None) -> TextTensor:
    """In capital letters."""
    return TextTensor(_each(lambda s: s.decode().upper().encode() if encoding else s.upper(), input))


def strip(input: Any, name: Any = None) -> TextTensor:
    """Without white space around."""
    return TextTensor(_each(bytes.strip, input))


def regex_replace(
    input: Any, pattern: str, rewrite: str, replace_global: bool = True, name: Any = None
) -> TextTensor:
    """What fits a pattern replaced; ``\\1`` stands for the first group."""
    rule, new = re.compile(as_bytes(pattern)), as_bytes(rewrite).replace(b"\\0", b"\\g<0>")
    return TextTensor(_each(lambda s: rule.sub(new, s, count=0 if replace_global else 1), input))


def regex_full_match(input: Any, pattern: str, name: Any = None) -> Tensor:
    """Whether a pattern fits the whole text."""
    rule = re.compile(as_bytes(pattern))
    return constant(_each(lambda s: rule.fullmatch(s) is not None, input).astype(np.bool_))


def length(input: Any, unit: str = "BYTE", name: Any = None) -> Tensor:
    """The number of bytes, or of characters with ``unit="UTF8_CHAR"``."""
    return constant(_each(lambda s: len(s if unit == "BYTE" else s.decode()), input).astype(np.int32))


def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE", name: Any = None) -> TextTensor:
    """A part of each text; places and lengths may be one for each."""

    def part(s: bytes, first: Any, count: Any) -> bytes:
        if unit == "BYTE":
            return s[int(first) :][: int(count)]
        return s.decode()[int(first) :][: int(count)].encode()

    given = np.broadcast_arrays(np.asarray(texts(input)), np.asarray(pos), np.asarray(len))
    made = np.empty(given[0].shape, dtype=object)
    made[...] = np.frompyfunc(part, 3, 1)(*given)
    return TextTensor(made)


def as_string(
    input: Any, precision: int = -1, scientific: bool = False, shortest: bool = False, width: int = -1,
    fill: str = "", name: Any = None,
) -> TextTensor:  # fmt: skip
    """Numbers as texts: of six decimals or ``precision``, or as few digits as say them; filled up on the left."""
    given = np.asarray(input)
    form = f".{precision}" if precision >= 0 else ""
    form += "e" if scientific else "g" if shortest else "f"

    def told(x: Any) -> str:
        plain = str(x).lower() if given.dtype.kind == "b" else str(x)
        text = f"{x:{form}}" if given.dtype.kind == "f" else plain
        return text.ljust(width) if fill == "-" else text.rjust(max(width, 0), fill or " ")

    made = np.empty(given.shape, dtype=object)
    made[...] = np.frompyfunc(told, 1, 1)(given)
    return texts(made)


def to_number(input: Any, out_type: Any = "float32", name: Any = None) -> Tensor:
    """Texts as numbers."""
    return constant(_each(float, input).astype(numpy_dtype(out_type)))


def to_hash_bucket_fast(input: Any, num_buckets: int, name: Any = None) -> Tensor:
    """A number below ``num_buckets`` for each text: its FarmHash."""
    return constant(_each(lambda s: farm_hash(s) % num_buckets, input).astype(np.int64))


def to_hash_bucket(input: Any, num_buckets: int, name: Any = None) -> Tensor:
    """A number below ``num_buckets`` for each text: its MurmurHash."""
    return constant(_each(lambda s: murmur_hash(s) % num_buckets, input).astype(np.int64))


def to_hash_bucket_strong(input: Any, num_buckets: int, key: Any, name: Any = None) -> Tensor:
    """A number below ``num_buckets`` for each text: its SipHash under a key of two numbers."""
    first, second = (int(k) for k in key)
    return constant(_each(lambda s: sip_hash(s, (first, second)) % num_buckets, input).astype(np.int64))


def format(
    template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3, name: Any = None
) -> TextTensor:
    """A text with values in its places, shown as :func:`shown` does."""
    for value in inputs if isinstance(inputs, (list, tuple)) else [inputs]:
        template = template.replace(placeholder, shown(value, summarize), 1)
    return texts(template)


# --- values as texts --------------------------------------------------------------------------------------------------


def shown(value: Any, summarize: int = 3) -> str:
    """A value as ``tf.print`` shows it: numbers by as few digits as say them, long axes by their ends.

    ``summarize``: how many elements are shown at either end of an axis; all for -1.

    >>> shown(constant([1.0, 0.1, 2.5e10])), shown({"a": constant(4.0), "b": [1, "x"]})
    ('[1 0.1 2.5e+10]', "{'a': 4, 'b': [1, 'x']}")
    """
    return value if isinstance(value, str) else _shown_inside(value, summarize)


def _shown_inside(value: Any, summarize: int) -> str:
    if isinstance(value, TextTensor):
        return _rows_shown(np.asarray(value), summarize, lambda s: f'"{s.decode(errors="replace")}"')
    if isinstance(value, Tensor):
        return _rows_shown(value.array(), summarize, _number_shown)
    if hasattr(value, "row_splits"):  # rows of different lengths
        return str(value.to_list())
    if hasattr(value, "dense_shape"):
        parts = [_shown_inside(p, summarize) for p in (value.indices, value.values, value.dense_shape)]
        return "'SparseTensor(indices={}, values={}, shape={})'".format(*parts)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k!r}: {_shown_inside(v, summarize)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(_shown_inside(v, summarize) for v in value)
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"[{inside}]" if isinstance(value, list) else f"({inside}{comma})"
    return str(value) if isinstance(value, np.generic) else repr(value)


def _rows_shown(array: np.ndarray, summarize: int, each: Callable[[Any], str], depth: int = 1) -> str:
    if array.ndim == 0:
        return each(array[()])
    ends = len(array) if summarize < 0 or len(array) <= 2 * summarize else summarize
    rows = [_rows_shown(np.asarray(row), summarize, each, depth + 1) for row in array[:ends]]
    if ends < len(array):
        rows += ["...", *(_rows_shown(np.asarray(row), summarize, each, depth + 1) for row in array[-ends:])]
    return "[" + ("\n" * (array.ndim - 1) + " " * (depth if array.ndim > 1 else 1)).join(rows) + "]"


_DIGITS = {"float16": (6, 9), "float32": (6, 9), "float64": (15, 17), "bfloat16": (6, 9)}


def _number_shown(x: Any) -> str:
    """A number by as many digits as are surely right, or by all that are needed to read it back."""
    if x.dtype.name not in _DIGITS:
        return str(int(x))  # also True and False
    few, many = _DIGITS[x.dtype.name]
    text = f"{float(x):.{few}g}"
    return text if x.dtype.type(text) == x or not np.isfinite(x) else f"{float(x):.{many}g}"
