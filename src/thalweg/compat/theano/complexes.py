"""Complex variables: pairs of real ones, through whose parts gradients pass."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.pairs import Pair, angle_of, conjugate, exponential, logarithm, product, root
from thalweg.compat.theano.conversion import common, is_complex, tensor_of
from thalweg.compat.theano.sharing import TensorSharedVariable
from thalweg.compat.theano.tensor_type import REAL_PARTS, TensorType, tensor_type
from thalweg.compat.theano.variable import AnyVariable, TensorConstant, TensorVariable, as_tensor_variable


class ComplexVariable(Pair, TensorVariable):
    """``real + i imag``, of two real variables of one shape and dtype."""

    is_complex = True
    real: Any = None
    imag: Any = None

    def __init__(self, real: AnyVariable, imag: AnyVariable) -> None:
        Pair.__init__(self, real, imag)
        self.source = None
        self._name: str | None = None
        self._functions: dict[Any, Any] = {}

    def of(self, real: Any, imag: Any) -> ComplexVariable:
        return ComplexVariable(real, imag)

    def beside(self, value: Any) -> ComplexVariable:
        return made(value, None if is_complex(value) else self)

    @property
    def functions(self) -> Any:
        return _functions()

    @property
    def tensor(self) -> Any:  # type: ignore[override]
        raise TypeError(
            "a complex variable is given where real numbers are needed: take its T.real, T.imag or abs, or see "
            "docs/compat.md for what knows complex numbers"
        )

    @property
    def name(self) -> str | None:
        """The given name."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name
        if name is not None:
            self.real.name, self.imag.name = f"{name}.real", f"{name}.imag"

    @property
    def dtype(self) -> str:
        """``complex64`` or ``complex128``."""
        return "complex64" if self.real.dtype == "float32" else "complex128"

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.real.ndim

    @property
    def broadcastable(self) -> tuple[bool, ...]:
        """For each axis, whether its length is known to be 1."""
        return self.real.broadcastable

    @property
    def shape(self) -> Any:
        """The axis lengths, symbolic."""
        return self.real.shape

    @property
    def size(self) -> Any:
        """The number of elements, symbolic."""
        return self.real.size

    @property
    def T(self) -> Any:
        """Axes reversed."""
        return ComplexVariable(self.real.T, self.imag.T)

    @property
    def owner(self) -> Any:
        """None: the parts have owners."""
        return None

    def clone(self, name: str | None = None) -> ComplexVariable:
        """The same expression as a new variable."""
        made_ = ComplexVariable(self.real.clone(), self.imag.clone())
        made_.name = name or self.name
        return made_

    def __abs__(self) -> Any:
        return TensorVariable(tw.hypot(self.real.tensor, self.imag.tensor))

    def __pow__(self, power: Any) -> Any:
        """A whole power by products, any other by the logarithm."""
        if isinstance(power, (int, np.integer)) and power >= 0:
            return functools.reduce(operator.mul, [self] * int(power), made(1.0, self))
        return exponential(logarithm(self, abs(self)) * power)

    def __str__(self) -> str:
        return self.name or f"<{self.type}>"

    def __repr__(self) -> str:
        return str(self)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class ComplexSharedVariable(ComplexVariable):
    """A complex value kept between calls of functions: two shared variables."""

    def get_value(self, borrow: bool = False, return_internal_type: bool = False) -> np.ndarray:
        """The value now, as a new array."""
        return joined(self.real.get_value(), self.imag.get_value())

    def set_value(self, new_value: Any, borrow: bool = False) -> None:
        """Replace the value; the number of axes stays."""
        array = self.type.filter(new_value)
        self.real.set_value(array.real)
        self.imag.set_value(array.imag)


@functools.cache
def _functions() -> SimpleNamespace:
    from thalweg.compat.theano.tensor import elements

    names = ("exp", "log", "sqrt", "cos", "sin")
    return SimpleNamespace(atan2=elements.arctan2, **{name: getattr(elements, name) for name in names})


def joined(real: Any, imag: Any) -> np.ndarray:
    """The array of complex numbers of these parts."""
    found = np.empty(np.shape(real), np.result_type(real, np.complex64))
    found.real, found.imag = real, imag
    return found


def variable(kind: TensorType, name: str | None) -> ComplexVariable:
    """A new symbolic variable of a complex type."""
    part = tensor_type(REAL_PARTS[kind.dtype], kind.broadcastable)
    found = ComplexVariable(part(), part())
    found.name = name
    return found


def shared(
    array: np.ndarray, name: str | None, broadcastable: Sequence[bool] | None
) -> ComplexSharedVariable:
    """A shared variable with a complex value."""
    parts = [TensorSharedVariable(np.array(p), None, broadcastable) for p in (array.real, array.imag)]
    found = ComplexSharedVariable(*parts)
    found.name = name
    return found


def made(value: Any, like: ComplexVariable | None = None) -> ComplexVariable:
    """The complex variable of a real or complex variable, number, array or list; at least in the dtype of another."""
    if isinstance(value, ComplexVariable):
        return value
    if isinstance(value, (list, tuple)) and any(isinstance(v, ComplexVariable) for v in value):
        rows = [made(v) for v in value]
        return ComplexVariable(*(TensorVariable(tw.stack([tensor_of(p) for p in parts])) for parts in zip(
            *((row.real, row.imag) for row in rows), strict=True)))  # fmt: skip
    if is_complex(value):
        array = np.asarray(value)
        small = isinstance(value, complex) and np.complex64(value) == value
        array = array.astype(np.complex64) if small else array
        return ComplexVariable(*(TensorConstant(tw.constant(np.array(p))) for p in (array.real, array.imag)))
    real = as_tensor_variable(value)
    wanted = np.result_type(real.dtype, np.float32 if like is None else like.real.dtype)
    real = real.astype(wanted)
    return ComplexVariable(real, TensorVariable(tw.zeros_like(real.tensor)))


# --- functions ------------------------------------------------------------------------------------------------------


def complex_(real: Any, imag: Any) -> ComplexVariable:
    """real + i imag."""
    zero = as_tensor_variable(real) * 0 + as_tensor_variable(imag) * 0  # in the common shape
    dtype = np.result_type(zero.dtype, np.float32)
    return ComplexVariable((zero + real).astype(dtype), (zero + imag).astype(dtype))


def complex_from_polar(abs: Any, angle: Any) -> ComplexVariable:
    """The numbers of given sizes and angles."""
    size = as_tensor_variable(abs)
    turned = complex_(0, angle)
    return exponential(turned) * size


def real(z: Any) -> TensorVariable:
    """The real part."""
    return z.real if isinstance(z, ComplexVariable) else as_tensor_variable(z)


def imag(z: Any) -> TensorVariable:
    """The imaginary part; zeros of what is real."""
    return made(z).imag if is_complex(z) else TensorVariable(tw.zeros_like(tensor_of(z)))


def conj(z: Any) -> Any:
    """The conjugate; what is real is its own."""
    return conjugate(made(z)) if is_complex(z) else as_tensor_variable(z)


def angle(z: Any) -> TensorVariable:
    """The angle of each number, from -pi to pi."""
    return angle_of(made(z))


def _cast(x: Any, dtype: Any) -> ComplexVariable:
    z = made(x)
    if np.dtype(dtype).kind != "c":
        raise TypeError(
            "Casting from complex to real is ambiguous: consider real(), imag(), angle() or abs()"
        )
    wanted = REAL_PARTS[np.dtype(dtype).name]
    return ComplexVariable(z.real.astype(wanted), z.imag.astype(wanted))


def _same(x: Any, y: Any) -> TensorVariable:
    a, b = made(x), made(y)
    parts = [tw.equal(*common(p, q)) for p, q in ((a.real, b.real), (a.imag, b.imag))]
    return TensorVariable(tw.logical_and(*parts))


def _written(name: str) -> Callable[..., ComplexVariable]:
    """``set_subtensor`` or ``inc_subtensor`` of both parts."""

    def write(x: Any, y: Any, *args: Any, **options: Any) -> ComplexVariable:
        from thalweg.compat.theano import subtensor

        value, do = made(y), getattr(subtensor, name)
        parts = zip((x.real, x.imag), (value.real, value.imag), strict=True)
        return ComplexVariable(*(do(part, new.astype(part.dtype), *args, **options) for part, new in parts))

    return write


def _folded(of: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda *numbers: functools.reduce(of, map(made, numbers))


def _products(name: str) -> Callable[..., Any]:
    def multiply(x: Any, y: Any, *args: Any, **options: Any) -> Any:
        from thalweg.compat.theano.tensor import products

        return product(made(x), made(y), lambda p, q: getattr(products, name)(p, q, *args, **options))

    return multiply


_INSTEAD: dict[str, Callable[..., Any]] = {
    "add": _folded(operator.add), "mul": _folded(operator.mul), "sub": _folded(operator.sub),
    "true_div": _folded(operator.truediv), "divide": _folded(operator.truediv), "div": _folded(operator.truediv),
    "neg": operator.neg, "abs_": abs, "absolute": abs, "sqr": lambda z: z * z, "square": lambda z: z * z,
    "inv": lambda z: 1.0 / z, "pow": lambda z, power: made(z) ** power, "power": lambda z, power: made(z) ** power,
    "exp": exponential, "log": lambda z: logarithm(z, abs(z)), "sqrt": lambda z: root(z, abs(z)), "eq": _same,
    "neq": lambda x, y: TensorVariable(tw.logical_not(_same(x, y).tensor)), "cast": _cast,
    "ones_like": lambda z, **options: made(TensorVariable(tw.ones_like(z.real.tensor))),
    **{name: _products(name) for name in ("dot", "outer", "tensordot", "batched_dot")},
    "set_subtensor": _written("set_subtensor"), "inc_subtensor": _written("inc_subtensor"),
}  # fmt: skip
_OF_EACH_PART = (
    "addbroadcast alloc concatenate cumsum diag diagonal dimshuffle fill flatten identity join mean patternbroadcast "
    "repeat reshape roll second shape_padaxis shape_padleft shape_padright specify_shape split squeeze stack sum "
    "swapaxes switch take tensor_copy tile trace transpose transpose_to tril triu unbroadcast zeros_like"
).split()


def _part(x: Any, place: str) -> Any:
    """The real or the imaginary parts of an argument; of a list with complex members, those of each of them."""
    if isinstance(x, (list, tuple)) and any(map(is_complex, x)):
        return [_part(made(v), place) for v in x]
    return getattr(made(x), place) if is_complex(x) else x


def _both(real: Any, imag: Any) -> Any:
    if isinstance(real, list):
        return [ComplexVariable(*both) for both in zip(real, imag, strict=True)]
    return ComplexVariable(real, imag)


def taking_complex(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:
    """A function of real variables that takes complex ones, too."""
    instead = _INSTEAD.get(name)

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        if not any(map(is_complex, args)):
            dtype = ([*args[1:], options.get("dtype")] if name == "cast" else [None])[0]
            to_complex = dtype is not None and str(dtype).startswith("complex")
            return _cast(args[0], dtype) if to_complex else fn(*args, **options)
        if instead is not None:
            return instead(*args, **options)
        if name in ("switch", "join", "concatenate", "stack"):  # where real numbers stand beside complex ones
            first = 1 if name in ("switch", "join") else 0
            args = (
                *args[:first],
                *(v if isinstance(v, (list, tuple, int)) else made(v) for v in args[first:]),
            )
        return _both(*(fn(*(_part(x, place) for x in args), **options) for place in ("real", "imag")))

    return apply


def teach(module: dict[str, Any], names: Sequence[str] = ()) -> None:
    """Let those functions of a module that know what to do with complex variables take them, or those named alone."""
    done: dict[int, Any] = {}  # some have two names
    for name in names or [n for n in (*_INSTEAD, *_OF_EACH_PART) if n in module]:
        fn = module[name]
        module[name] = done.setdefault(id(fn), taking_complex(name, fn))
        module[name].__module__ = module["__name__"]  # where pickle finds it
