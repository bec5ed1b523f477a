"""Complex tensors of TensorFlow 2: pairs of real ones, through whose parts gradients pass."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.pairs import Pair, angle_of, conjugate, exponential, root
from thalweg.compat.tf1.types import DType, as_dtype
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.errors import ArgumentError, DTypeError, fail
from thalweg.graph.tensor import Tensor, constant
from thalweg.ops import contract, elementwise
from thalweg.ops.joining import stack
from thalweg.ops.shape import full_like, permute_dims

_REAL = {"complex64": dtypes.float32, "complex128": dtypes.float64}


class ComplexTensor(Pair):
    """``real + i imag``, of two real tensors of one shape and dtype.

    >>> z = ComplexTensor(constant([3.0, 0.0]), constant([4.0, 1.0]))
    >>> abs(z).tolist(), (z * z).numpy().tolist()
    ([5.0, 1.0], [(-7+24j), (-1+0j)])
    """

    def of(self, real: Any, imag: Any) -> ComplexTensor:
        return ComplexTensor(real, imag)

    def beside(self, value: Any) -> ComplexTensor:
        return made(value, self)

    @property
    def functions(self) -> Any:
        return elementwise

    @property
    def dtype(self) -> DType:
        """``tf.complex64`` or ``tf.complex128``."""
        return as_dtype("complex64" if self.real.dtype == dtypes.float32 else "complex128")

    @property
    def shape(self) -> TensorShape:
        """The lengths of the axes."""
        return TensorShape(self.real.specs[0].shape)

    def get_shape(self) -> TensorShape:
        """The lengths of the axes."""
        return self.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.real.ndim

    def numpy(self) -> Any:
        """The value as an array, or as a NumPy number."""
        return np.asarray(self)[()]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.empty(self.real.shape, self.dtype.dtype)
        found.real, found.imag = self.real.array(), self.imag.array()
        return found if dtype is None else found.astype(dtype)

    def __len__(self) -> int:
        return len(self.real)

    def __iter__(self) -> Iterator[ComplexTensor]:
        return (self[k] for k in range(len(self)))

    def __abs__(self) -> Tensor:
        return elementwise.hypot(self.real, self.imag)

    def __pow__(self, power: Any) -> ComplexTensor:
        if not isinstance(power, int) or power < 0:
            raise fail(
                ArgumentError, "a power of a complex tensor", expected="a whole number >= 0", received=power
            )
        found: Any = made(1.0, self)
        for _ in range(power):
            found = found * self
        return found

    def __eq__(self, other: object) -> Any:
        x, y = pair(self, other)
        return elementwise.logical_and(x.real == y.real, x.imag == y.imag)

    def __ne__(self, other: object) -> Any:
        return elementwise.logical_not(self == other)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        text = repr(np.asarray(self)) if self.ndim else str(self.numpy())
        line = "\n" if "\n" in text else ""
        return f"<tf.Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={line}{text}>"

    def __str__(self) -> str:
        text = str(self.numpy())
        line = "\n" if "\n" in text else ""
        return f"tf.Tensor({line}{text}, shape={self.shape}, dtype={self.dtype.name})"


def complex_dtype(dtype: Any) -> bool:
    """Whether an element type is complex."""
    return dtype is not None and as_dtype(dtype).is_complex


def made(value: Any, like: ComplexTensor | None = None, dtype: Any = None) -> ComplexTensor:
    """A complex tensor of a real or complex one, a number, or an array; in the dtype of another, or in a given one.

    Python's complex numbers are complex128, as NumPy's are.
    """
    if isinstance(value, Tensor):
        value = ComplexTensor(value, full_like(value, 0))
    elif isinstance(value, (list, tuple)) and any(isinstance(v, ComplexTensor) for v in value):
        rows = [made(v) for v in value]
        value = ComplexTensor(stack([v.real for v in rows]), stack([v.imag for v in rows]))
    elif not isinstance(value, ComplexTensor):
        array = np.asarray(value)
        array = array if array.dtype == np.complex64 else array.astype(np.complex128)
        value = ComplexTensor(constant(np.array(array.real)), constant(np.array(array.imag)))
    wanted = (
        like.real.dtype if like is not None else _REAL[as_dtype(dtype).name] if dtype is not None else None
    )
    if wanted is None or value.real.dtype == wanted:
        return value
    return ComplexTensor(elementwise.astype(value.real, wanted), elementwise.astype(value.imag, wanted))


def pair(x: Any, y: Any) -> tuple[ComplexTensor, ComplexTensor]:
    """Two operands as complex tensors: a number takes the dtype of the tensor beside it."""
    if isinstance(x, ComplexTensor):
        return x, made(y, x)
    return made(x, y), y


# --- functions --------------------------------------------------------------------------------------------------------


def complex(real: Any, imag: Any, name: Any = None) -> ComplexTensor:
    """A complex tensor of its parts, both float32 or both float64."""
    real, imag = (t if isinstance(t, Tensor) else constant(t) for t in (real, imag))
    if real.dtype != imag.dtype or real.dtype not in _REAL.values():
        raise fail(
            DTypeError, "tf.complex: the parts", expected="both float32, or both float64",
            received=f"{real.dtype.name} and {imag.dtype.name}",
        )  # fmt: skip
    zero = full_like(real, 0) * full_like(imag, 0)  # in the common shape
    return ComplexTensor(real + zero, imag + zero)


def real(input: Any, name: Any = None) -> Any:
    """The real part."""
    return input if isinstance(input, Tensor) else made(input).real


def imag(input: Any, name: Any = None) -> Any:
    """The imaginary part."""
    return made(input).imag


def conj(x: Any, name: Any = None) -> Any:
    """The conjugate; of a real tensor, itself."""
    return conjugate(x) if isinstance(x, ComplexTensor) else x


def angle(input: Any, name: Any = None) -> Any:
    """The angle of each number, from -pi to pi."""
    return angle_of(made(input))


def exp(x: ComplexTensor, name: Any = None) -> ComplexTensor:
    """e to the power of each number."""
    return exponential(x)


def square(x: ComplexTensor, name: Any = None) -> ComplexTensor:
    """Each number times itself."""
    return x * x


def sqrt(x: ComplexTensor, name: Any = None) -> ComplexTensor:
    """The root with a real part >= 0."""
    return root(x, abs(x))


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, adjoint_a: bool = False,
           adjoint_b: bool = False, **ignored: Any) -> ComplexTensor:  # fmt: skip
    """The matrix product; either factor may be transposed, or transposed and conjugated."""
    a, b = pair(a, b)
    return (_turned(conj(a) if adjoint_a else a, transpose_a or adjoint_a)
            @ _turned(conj(b) if adjoint_b else b, transpose_b or adjoint_b))  # fmt: skip


def _turned(x: ComplexTensor, turn: bool) -> ComplexTensor:
    change = contract.matrix_transpose
    return ComplexTensor(change(x.real), change(x.imag)) if turn else x


def adjoint(matrix: Any, name: Any = None) -> Any:
    """The matrix transposed and conjugated."""
    turned = conj(matrix)
    return _turned(turned, True) if isinstance(turned, ComplexTensor) else contract.matrix_transpose(turned)


def transpose(a: Any, perm: Any = None, conjugate: bool = False, name: Any = None) -> ComplexTensor:
    """The axes in another order, the opposite one unless given; ``conjugate``: and the imaginary part negated."""
    order = None if perm is None else tuple(int(k) for k in perm)
    turned = ComplexTensor(permute_dims(a.real, order), permute_dims(a.imag, order))
    return conj(turned) if conjugate else turned


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """A complex tensor in another complex dtype, or its real part in a real one."""
    if complex_dtype(dtype):
        return made(x, dtype=dtype)
    return elementwise.astype(x.real, as_dtype(dtype).dtype)


def _named(of: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers that takes a name, too."""
    return lambda *numbers, name=None: of(*numbers)


_IN_PLACE_OF: dict[str, Callable[..., Any]] = {
    "abs": _named(abs), "negative": _named(operator.neg), "add": _named(operator.add), "subtract": _named(operator.sub),
    "multiply": _named(operator.mul), "divide": _named(operator.truediv), "truediv": _named(operator.truediv),
    "equal": _named(operator.eq), "not_equal": _named(operator.ne), "exp": exp, "square": square, "sqrt": sqrt,
    "matmul": matmul, "cast": cast, "transpose": transpose, "is_tensor": lambda x: True,
}  # fmt: skip
# Functions that do the same to both parts.
_OF_EACH_PART = (
    "broadcast_to concat cumsum expand_dims gather gather_nd identity ones_like pad reduce_mean reduce_sum repeat "
    "reshape reverse roll slice split squeeze stack stop_gradient strided_slice tile unstack zeros_like"
).split()
_OF_REAL_PART = "rank shape size".split()


def taking_complex(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of real tensors that takes complex ones, too, where that function of them is known."""
    of_numbers = _IN_PLACE_OF.get(name)
    if of_numbers is None and name not in (*_OF_EACH_PART, *_OF_REAL_PART):
        return function

    @functools.wraps(function)
    def of_both(*args: Any, **kwargs: Any) -> Any:
        if not any(_is_or_holds(a) for a in args):
            return function(*args, **kwargs)
        if of_numbers is not None:
            return of_numbers(*args, **kwargs)
        first, *rest = args
        parts = [function(_part(first, place), *rest, **kwargs) for place in ("real", "imag")]
        if name in _OF_REAL_PART:
            return parts[0]
        if name == "ones_like":
            parts[1] = full_like(parts[1], 0)
        if isinstance(parts[0], list):
            return [ComplexTensor(*both) for both in zip(*parts, strict=True)]
        return ComplexTensor(*parts)

    return of_both


def _is_or_holds(value: Any) -> bool:
    return isinstance(value, ComplexTensor) or (
        type(value) in (list, tuple) and any(isinstance(v, ComplexTensor) for v in value)
    )


def _part(value: Any, place: str) -> Any:
    return (
        getattr(value, place)
        if isinstance(value, ComplexTensor)
        else [getattr(made(v), place) for v in value]
    )
