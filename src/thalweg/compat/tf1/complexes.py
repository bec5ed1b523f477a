"""Complex tensors: pairs of real nodes, through whose parts gradients pass."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.pairs import Pair, angle_of, conjugate, exponential, logarithm, product, root
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.control import group
from thalweg.compat.tf1.graph import HostTensor, Node, Tensor
from thalweg.compat.tf1.structures import Composite
from thalweg.compat.tf1.types import DType, as_dtype
from thalweg.compat.tf1.variables import Variable

_PARTS = {"complex64": "float32", "complex128": "float64"}


class ComplexTensor(Pair, Composite):
    """``real + i imag``, of two real nodes of one shape and dtype."""

    takes_over = True  # beside a real node, the operators of this class are used

    def __init__(self, real: Node, imag: Node) -> None:
        super().__init__(real, imag)
        self._whole: HostTensor | None = None

    def of(self, real: Any, imag: Any) -> ComplexTensor:
        return ComplexTensor(real, imag)

    def beside(self, value: Any) -> ComplexTensor:
        return _made(value, self)

    @property
    def functions(self) -> Any:
        return math

    @property
    def dtype(self) -> DType:
        """``tf.complex64`` or ``tf.complex128``."""
        return as_dtype("complex64" if self.real.dtype == "float32" else "complex128")

    @property
    def shape(self) -> g.TensorShape:
        """What is known of the shape."""
        return self.real.get_shape()

    def get_shape(self) -> g.TensorShape:
        """What is known of the shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Tell what is known of the shape."""
        self.real.set_shape(shape)
        self.imag.set_shape(shape)

    @property
    def graph(self) -> Any:
        return self.real.graph

    @property
    def op(self) -> Any:
        return self.as_fetch().op

    @property
    def name(self) -> str:
        return self.op.name + ":0"

    @property
    def device(self) -> str:
        return ""

    def as_fetch(self) -> HostTensor:
        """The node of NumPy's complex numbers, which a run gives."""
        if self._whole is None:
            dims = self.shape.dims
            shape = None if dims is None else self.shape.as_list()
            self._whole = g.host("Complex", None, [self.real, self.imag], _joined, shape)
        return self._whole

    @property
    def parts(self) -> tuple[Tensor, Tensor]:
        """What a session is fed instead."""
        return self.real, self.imag

    @staticmethod
    def divided(fed: Any) -> tuple[Any, Any]:
        """What is fed, for each part."""
        return np.real(fed), np.imag(fed)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The value in the given or the default session."""
        return g.session_for(session).run(self, feed_dict)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        raise TypeError(
            "a complex tensor is given where real numbers are needed; take tf.real, tf.imag or tf.abs of it"
        )

    def __bool__(self) -> bool:
        raise TypeError("Using a `tf.Tensor` as a Python `bool` is not allowed.")

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("Tensor objects are only iterable when eager execution is enabled; use tf.unstack.")

    def __abs__(self) -> Tensor:
        return _size(self)

    def __pow__(self, power: Any) -> ComplexTensor:
        """A whole power by products, any other by the logarithm."""
        if isinstance(power, int) and power >= 0:
            return functools.reduce(operator.mul, [self] * power, _made(1.0, self))
        return exp(log(self) * power)

    __div__, __rdiv__ = Pair.__truediv__, Pair.__rtruediv__

    def __repr__(self) -> str:
        return f"<tf.Tensor 'Complex:0' shape={self.shape} dtype={self.dtype.name}>"


class _Variable(ComplexTensor):
    """Two variables."""

    real: Any
    imag: Any

    @property
    def initializer(self) -> Any:
        """The operation that gives both their first values."""
        return group(self.real.initializer, self.imag.initializer)

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None) -> ComplexTensor:
        """Give another value."""
        new = _made(value, self)
        return _Assigned(self.real.assign(new.real), self.imag.assign(new.imag))

    def assign_add(self, delta: Any, use_locking: bool = False) -> ComplexTensor:
        """Add to the value."""
        return self.assign(self + delta)

    def assign_sub(self, delta: Any, use_locking: bool = False) -> ComplexTensor:
        """Take from the value."""
        return self.assign(self - delta)

    def value(self) -> ComplexTensor:
        """The value."""
        return ComplexTensor(math.identity(self.real), math.identity(self.imag))

    read_value = initialized_value = value


class _Assigned(ComplexTensor):
    """What a variable is after an assignment of both parts."""

    @property
    def op(self) -> Any:
        return group(self.real, self.imag)


class _Parts(NamedTuple):
    """A complex tensor where a structure of real ones is needed."""

    real: Any
    imag: Any


def _joined(real: Any, imag: Any) -> Any:
    found = np.empty(np.shape(real), np.result_type(real, np.complex64))
    found.real, found.imag = real, imag
    return found[()]


def _of_complex_dtype(dtype: Any) -> bool:
    return dtype is not None and not callable(dtype) and as_dtype(dtype).is_complex


def _is_complex(x: Any) -> bool:
    """Whether it is a complex tensor, number or array, or a list that holds one."""
    if isinstance(x, (ComplexTensor, complex)):
        return True
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.kind == "c"
    return isinstance(x, (list, tuple)) and any(map(_is_complex, x))


def _has(x: Any) -> bool:
    """Whether it is a complex tensor, or a structure that holds one."""
    if isinstance(x, dict):
        return any(map(_has, x.values()))
    return isinstance(x, ComplexTensor) or (isinstance(x, (list, tuple)) and any(map(_has, x)))


def _made(value: Any, like: ComplexTensor | None = None, dtype: Any = None) -> ComplexTensor:
    """The complex tensor of a real or complex one, a number or an array, in the dtype of another or a given one."""
    if isinstance(value, (list, tuple)) and _has(value):
        rows = [_made(v, like) for v in value]
        value = ComplexTensor(math.stack([v.real for v in rows]), math.stack([v.imag for v in rows]))
    elif isinstance(value, Node):
        real = value if value.dtype in _PARTS.values() else math.cast(value, "float32")
        value = ComplexTensor(real, math.zeros_like(real))
    elif not isinstance(value, ComplexTensor):
        array = np.asarray(value)
        array = array if array.dtype == np.complex64 else array.astype(np.complex128)
        array = array if like is None else array.astype(like.dtype.name)
        array = array if dtype is None else array.astype(as_dtype(dtype).name)
        return ComplexTensor(g.constant(np.array(array.real)), g.constant(np.array(array.imag)))
    wanted = like.real.dtype if like is not None else _PARTS[as_dtype(dtype).name] if dtype else None
    if wanted is None or value.real.dtype == wanted:
        return value
    return ComplexTensor(math.cast(value.real, wanted), math.cast(value.imag, wanted))


def _pair(x: Any, y: Any) -> tuple[ComplexTensor, ComplexTensor]:
    """Two operands as complex tensors: a number takes the dtype of the tensor beside it."""
    if isinstance(x, ComplexTensor):
        return x, _made(y, x)
    return _made(x, y if isinstance(y, ComplexTensor) else None), _made(y)


# --- functions ------------------------------------------------------------------------------------------------------


def complex_(real: Any, imag: Any, name: str | None = None) -> ComplexTensor:
    """A complex tensor of its parts, both float32 or both float64."""
    parts = g.convert_to_tensor(real), g.convert_to_tensor(imag)
    kinds = [part.dtype.name for part in parts]
    if kinds[0] != kinds[1] or kinds[0] not in _PARTS.values():
        raise TypeError(
            f"tf.complex: the parts must both be float32, or both float64; received {' and '.join(kinds)}"
        )
    zero = math.zeros_like(parts[0]) * math.zeros_like(parts[1])  # in the common shape
    return ComplexTensor(parts[0] + zero, parts[1] + zero)


def real(input: Any, name: str | None = None) -> Any:
    """The real part."""
    return input.real if isinstance(input, ComplexTensor) else g.convert_to_tensor(input)


def imag(input: Any, name: str | None = None) -> Any:
    """The imaginary part."""
    return _made(input).imag


def conj(x: Any, name: str | None = None) -> Any:
    """The conjugate; of a real tensor, itself."""
    return conjugate(x) if isinstance(x, ComplexTensor) else x


def angle(input: Any, name: str | None = None) -> Tensor:
    """The angle of each number, from -pi to pi."""
    return angle_of(_made(input))


def exp(x: Any, name: str | None = None) -> ComplexTensor:
    """e to the power of each number."""
    return exponential(x)


def log(x: Any, name: str | None = None) -> ComplexTensor:
    """The logarithm of the size, and the angle."""
    return logarithm(x, _size(x))


def _size(z: ComplexTensor) -> Tensor:
    """The absolute values; the gradient at 0 is 0."""
    square = z.real * z.real + z.imag * z.imag
    nothing = math.equal(square, 0.0)
    whole = math.sqrt(math.where(nothing, math.ones_like(square), square))
    return math.where(nothing, math.zeros_like(square), whole)


def square(x: Any, name: str | None = None) -> ComplexTensor:
    """Each number times itself."""
    return x * x


def sqrt(x: Any, name: str | None = None) -> ComplexTensor:
    """The root with a real part >= 0."""
    return root(x, _size(x))


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> ComplexTensor:
    """The matrix product; either factor may be transposed, or transposed and conjugated."""
    a, b = _pair(a, b)
    a, b = conj(a) if adjoint_a else a, conj(b) if adjoint_b else b
    left, right = transpose_a or adjoint_a, transpose_b or adjoint_b
    return product(a, b, lambda x, y: math.matmul(x, y, transpose_a=left, transpose_b=right))


def transpose(a: Any, perm: Any = None, name: str | None = None, conjugate: bool = False) -> ComplexTensor:
    """The axes in another order."""
    a = conj(a) if conjugate else a
    return ComplexTensor(math.transpose(a.real, perm), math.transpose(a.imag, perm))


def variable(
    initial_value: Any,
    trainable: bool = True,
    collections: Sequence[Any] | None = None,
    validate_shape: bool = True,
    caching_device: Any = None,
    name: str | None = None,
    **options: Any,
) -> Any:
    """A complex variable: two real ones."""
    start, kept = _made(initial_value), name or "Variable"
    if options.get("dtype") is not None:
        options["dtype"] = start.real.dtype
    given = (trainable, collections, validate_shape, caching_device)
    return _Variable(
        Variable(start.real, *given, name=f"{kept}/real", **options),
        Variable(start.imag, *given, name=f"{kept}/imag", **options),
    )


# --- what the functions of real tensors do with complex ones --------------------------------------------------------


def _named(of: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers that takes a name, too."""
    return lambda *numbers, name=None: of(*numbers)


def _of_variable(method: str) -> Callable[..., Any]:
    def apply(
        ref: Any, value: Any, validate_shape: Any = None, use_locking: Any = None, name: str | None = None
    ) -> Any:
        return getattr(ref, method)(value)

    return apply


def _added(*numbers: Any, name: str | None = None) -> Any:
    return functools.reduce(operator.add, numbers[0])


_instead: dict[str, Callable[..., Any]] = {
    "abs": _named(abs), "negative": _named(operator.neg), "add": _named(operator.add), "subtract": _named(operator.sub),
    "multiply": _named(operator.mul), "divide": _named(operator.truediv), "div": _named(operator.truediv),
    "truediv": _named(operator.truediv), "mul": _named(operator.mul), "sub": _named(operator.sub),
    "neg": _named(operator.neg), "pow": _named(operator.pow), "add_n": _added, "exp": exp, "log": log, "square": square,
    "sqrt": sqrt, "matmul": matmul, "batch_matmul": matmul, "transpose": transpose,
    "assign": _of_variable("assign"), "assign_add": _of_variable("assign_add"),
    "assign_sub": _of_variable("assign_sub"),
}  # fmt: skip
_of_each_part = (
    "boolean_mask broadcast_to concat cumsum dynamic_stitch expand_dims gather gather_nd identity pad "
    "random_shuffle reduce_mean reduce_sum reshape reverse reverse_v2 scatter_nd segment_sum slice split squeeze "
    "stack pack stop_gradient strided_slice tile unsorted_segment_sum unstack unpack where zeros_like"
).split()
_of_the_real_part = "rank shape size".split()
_of_structures = "cond foldl foldr map_fn scan while_loop".split()


def _part(x: Any, place: str) -> Any:
    """The real or the imaginary parts of a structure; what is real is the same in both."""
    if isinstance(x, ComplexTensor):
        return getattr(x, place)
    if isinstance(x, (list, tuple)) and _has(x):
        return type(x)(_part(v, place) for v in x)
    return x


def _both(real: Any, imag: Any) -> Any:
    if isinstance(real, (list, tuple)):
        return type(real)(ComplexTensor(*both) for both in zip(real, imag, strict=True))
    return ComplexTensor(real, imag)


def _instead_of(fn: Callable[..., Any], of: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        if any(map(_is_complex, args)) or any(map(_is_complex, options.values())):
            return of(*args, **options)
        return fn(*args, **options)

    return apply


def _each(fn: Callable[..., Any], joined: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        if not any(map(_has, args)) and not any(map(_has, options.values())):
            return fn(*args, **options)
        made = [
            fn(*(_part(x, place) for x in args), **{n: _part(x, place) for n, x in options.items()})
            for place in ("real", "imag")
        ]
        return joined(*made)

    return apply


def _apart(tree: Any) -> Any:
    """Structures of real tensors in place of complex ones, also in what functions take and give."""
    if callable(tree) and not isinstance(tree, (Node, Composite, type)):
        return lambda *args: _apart(tree(*map(_together, args)))
    if isinstance(tree, DType) and tree.is_complex:
        return _Parts(tree.real_dtype, tree.real_dtype)
    if isinstance(tree, dict):
        return {key: _apart(x) for key, x in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = map(_apart, tree)
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return _Parts(tree.real, tree.imag) if isinstance(tree, ComplexTensor) else tree


def _together(tree: Any) -> Any:
    if isinstance(tree, _Parts):
        return ComplexTensor(*tree)
    if isinstance(tree, dict):
        return {key: _together(x) for key, x in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = map(_together, tree)
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return tree


def _nested(fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of functions and structures, which may hold complex tensors."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        return _together(fn(*map(_apart, args), **{name: _apart(x) for name, x in options.items()}))

    return apply


def _typed(fn: Callable[..., Any], place: int) -> Callable[..., Any]:
    """A function with a dtype, given at that place or by name, which may be complex."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        dtype = args[place] if len(args) > place else options.get("dtype")
        if not _of_complex_dtype(dtype):
            return fn(*args, **options)
        kind = as_dtype(dtype).real_dtype
        given = [kind if k == place else x for k, x in enumerate(args)]
        options = {name: kind if name == "dtype" else x for name, x in options.items()}
        real = fn(*given, **options)
        return ComplexTensor(
            real, fn(*given, **options) if fn.__name__ == "placeholder" else math.zeros_like(real)
        )

    return apply


def _of_numbers(fn: Callable[..., Any]) -> Callable[..., Any]:
    """``tf.constant`` and its like, whose numbers or dtype may be complex."""

    @functools.wraps(fn)
    def apply(value: Any, dtype: Any = None, *rest: Any, **options: Any) -> Any:
        if not _of_complex_dtype(dtype) and not _is_complex(value):
            return fn(value, dtype, *rest, **options)
        if _has(value) or isinstance(value, Node):
            return _made(value, dtype=dtype)
        array = np.asarray(value, None if dtype is None else as_dtype(dtype).name)
        kind = as_dtype(array.dtype.name).real_dtype
        parts = (np.array(array.real), np.array(array.imag))
        return ComplexTensor(*(fn(part, kind, *rest, **options) for part in parts))

    return apply


def _cast(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def apply(x: Any, dtype: Any, name: str | None = None) -> Any:
        if as_dtype(dtype).is_complex:
            return _made(x, dtype=dtype)
        return math.cast(x.real, dtype, name) if isinstance(x, ComplexTensor) else fn(x, dtype, name)

    return apply


def taught(names: dict[str, Any]) -> dict[str, Any]:
    """The functions among these that know what to do with complex tensors, by their names."""
    kinds: dict[str, Callable[[Any], Any]] = {
        **{name: functools.partial(_instead_of, of=of) for name, of in _instead.items()},
        **dict.fromkeys(_of_each_part, functools.partial(_each, joined=_both)),
        **dict.fromkeys(_of_the_real_part, functools.partial(_each, joined=lambda real, imag: real)),
        **dict.fromkeys(_of_structures, _nested),
        **dict.fromkeys(("constant", "convert_to_tensor"), _of_numbers),
        "placeholder": functools.partial(_typed, place=0),
        "zeros": functools.partial(_typed, place=1),
        "ones": functools.partial(_typed, place=1),
        "cast": _cast,
    }
    return {name: teach(names[name]) for name, teach in kinds.items() if name in names}
