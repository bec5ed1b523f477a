"""``keras.backend``: variables, inputs and their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, losses
from thalweg.compat import graphs
from thalweg.compat.keras.backend.settings import floatx
from thalweg.compat.made_once import kept
from thalweg.errors import ArgumentError, fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable, check_shape, plain
from thalweg.graph.walk import leaves
from thalweg.layers.nodes import InputSymbol, Symbol
from thalweg.layers.sparse import SparseInput, keep_sparse, shown
from thalweg.layers.sparse import is_sparse as _is_sparse
from thalweg.ops.dynamic import broadcast_to_lengths as _broadcast_to_lengths
from thalweg.ops.public import names as _names
from thalweg.ops.state import identity as _identity
from thalweg.run.function import function as _compiled

_ops = _names()


def _new(value: Any, **options: Any) -> Variable:
    """A new variable, or the one that a block made at this place before."""
    return kept(lambda: Variable(value, **options))


def variable(value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None) -> Variable:
    """A variable; numbers become floats of the default dtype. Of a matrix of SciPy's, a sparse tensor."""
    if hasattr(value, "tocoo"):
        return shown(keep_sparse(tensor(value.toarray().astype(dtype or value.dtype))))
    value = _with_value(value) if isinstance(value, Tensor) else np.asarray(value)
    wanted = dtype or (None if isinstance(value, Tensor) else floatx() if value.dtype.kind in "fiu" else None)
    return _new(value, dtype=wanted, name=name)


def _with_value(x: Tensor) -> Tensor:
    """The tensor with a value: what is drawn at every run, drawn now."""
    return x if x.value is not None or isinstance(x, Variable) else _compiled([], x)()


class HeldInput(InputSymbol):
    """The input of a model that reads a tensor, its ``source``, instead of being fed."""

    __slots__ = ("source",)

    source: Any


def held(x: Any) -> Any:
    """What a model takes as its input for a tensor: itself if it is symbolic, else an input that reads it."""
    if not isinstance(x, Tensor) or (x.is_symbolic and not isinstance(x, Variable)):
        return x
    made = HeldInput(None, (), {}, x.specs, name=x.name, tracked=True)
    made.source = x
    return made


def held_below(tensors: Any) -> list[HeldInput]:
    """The inputs that read a tensor, of those that the tensors are made of."""
    return [t for t in leaves(t for t in tensors if isinstance(t, Tensor)) if isinstance(t, HeldInput)]


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor of these numbers, in a shape where one is given: the last of them fills what is left."""
    array = np.asarray(value, dtype or floatx())
    if shape is None:
        return tensor(array)
    count = int(np.prod(shape))
    if not 0 < array.size <= max(count, 1):
        raise fail(
            ArgumentError, "constant: value", expected=f"at most {count} numbers", received=f"{array.size}"
        )
    filled = np.concatenate([array.ravel(), np.full(count - array.size, array.ravel()[-1], array.dtype)])
    return tensor(filled.reshape(tuple(shape)) if count else filled[:0].reshape(tuple(shape)))


def tensor(value: Any) -> Any:
    """A tensor of numbers, an array or a tensor."""
    return value if isinstance(value, Tensor) else losses.tensor(value)


def beside(value: Any, other: Any) -> Any:
    """An array of floats in the dtype of the floating tensor that it is reckoned with; anything else itself."""
    if isinstance(value, np.ndarray) and isinstance(other, Tensor) and value.dtype.kind == "f":
        own = other.specs[0].dtype
        return value.astype(own) if dtypes.is_floating(own) else value
    return value


def placeholder(
    shape: Any = None, ndim: int | None = None, dtype: Any = None, sparse: bool = False, name: Any = None
) -> Any:
    """A symbolic input, for ``K.function`` and ``Input(tensor=...)``."""
    lengths = (None,) * (ndim or 0) if shape is None else tuple(shape)
    spec = Spec(check_shape(lengths), dtypes.as_dtype(dtype or floatx()))
    made = InputSymbol(None, (), {}, (spec,), name=name, tracked=True)
    return SparseInput.of(made) if sparse else made


def cast_to_floatx(x: Any) -> Any:
    """An array or tensor in the dtype of weights."""
    return cast(x, floatx()) if isinstance(x, Tensor) else np.asarray(x, floatx())


def is_keras_tensor(x: Any) -> bool:
    """Whether a tensor is an input or what a layer made of one; an error for what is no tensor."""
    if not isinstance(x, Tensor):
        raise fail(ArgumentError, "is_keras_tensor", expected="a tensor", received=repr(x))
    return isinstance(x, (Symbol, InputSymbol))


def is_placeholder(x: Any) -> bool:
    """Whether a tensor is an input."""
    return isinstance(x, Placeholder)


def is_tensor(x: Any) -> bool:
    """Whether it is a tensor."""
    return isinstance(x, Tensor)


def get_value(x: Any) -> Any:
    """The value of a variable, as an array."""
    if graphs.backend is not None and graphs.backend.runs([x]):
        return graphs.backend.session().run(x)
    x = plain(x)
    if isinstance(x, Variable):
        return x.get_value()
    return np.asarray(_with_value(x) if isinstance(x, Tensor) else x)


def set_value(x: Any, value: Any) -> None:
    """Replace the value of a variable."""
    if graphs.backend is not None and graphs.backend.runs([x]):
        x.load(value, graphs.backend.session())
    else:
        plain(x).set_value(value)


def batch_get_value(xs: Sequence[Any]) -> list[Any]:
    """The values of variables."""
    return [get_value(x) for x in xs]


def batch_set_value(pairs: Sequence[tuple[Any, Any]]) -> None:
    """Replace the values of variables."""
    for x, value in pairs:
        set_value(x, value)


def update(x: Any, new_x: Any) -> tuple[Any, Any]:
    """A variable and its new value, for ``K.function(updates=...)``."""
    return (x, new_x)


def update_add(x: Any, increment: Any) -> tuple[Any, Any]:
    """A variable and its value with something added."""
    return (x, x + increment)


def update_sub(x: Any, decrement: Any) -> tuple[Any, Any]:
    """A variable and its value with something taken away."""
    return (x, x - decrement)


def moving_average_update(x: Any, value: Any, momentum: float) -> tuple[Any, Any]:
    """A variable and its moving average."""
    return (x, x * momentum + value * (1.0 - momentum))


def cast(x: Any, dtype: Any) -> Any:
    """The tensor in another dtype."""
    return _ops["astype"](tensor(x), dtypes.as_dtype(dtype))


def lengths_of(shape: Any) -> list[Any]:
    """The lengths of a shape, numbers or tensors: of one length, of several, or of a tensor of either."""
    if isinstance(shape, Tensor) and shape.ndim:
        return (
            [int(n) for n in shape.array()]
            if not shape.is_symbolic
            else [shape[k] for k in range(shape.shape[0])]
        )
    return [shape] if isinstance(shape, (int, np.integer, Tensor)) else list(shape)


def _filled(value: float) -> Callable[..., Any]:
    def make(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
        lengths = lengths_of(shape)
        if any(isinstance(n, Tensor) for n in lengths):
            return _broadcast_to_lengths(constant(value, dtype), lengths)
        return _new(np.full(lengths, value, np.dtype(dtype or floatx())), name=name)

    return make


zeros, ones = _filled(0.0), _filled(1.0)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Variable:
    """The identity matrix."""
    return Variable(np.eye(size, dtype=dtype or floatx()), name=name)


def zeros_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Zeros in the shape of a tensor."""
    return _ops["zeros_like"](tensor(x), dtype=dtype)


def ones_like(x: Any, dtype: Any = None, name: Any = None) -> Any:
    """Ones in the shape of a tensor."""
    return _ops["ones_like"](tensor(x), dtype=dtype)


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(plain(x).shape))


def identity(x: Any, name: str | None = None) -> Any:
    """The tensor as another one."""
    return _identity(tensor(x))


def is_sparse(tensor: Any) -> bool:
    """Whether a tensor is sparse: one of TensorFlow's own, a model's sparse input, or what a layer gave as one."""
    return _is_sparse(tensor)


def to_dense(x: Any) -> Any:
    """The tensor itself; of a sparse one all its elements."""
    return _identity(plain(x.whole() if hasattr(x, "dense_shape") else x)) if is_sparse(x) else x


def get_variable_shape(x: Any) -> tuple[int, ...]:
    """The shape of a variable."""
    return tuple(plain(x).shape)


def _printing(x, /, message):  # type: ignore[no-untyped-def]
    """x itself, printed."""
    print(message, x)  # noqa: T201
    return x


_printed = make_op({}, name="print", infer=lambda x, **_: x, grad=lambda g, y, x, **_: [g], pure=False)(
    _printing
)


def print_tensor(x: Any, message: str = "") -> Any:
    """The tensor, whose value is printed with the message whenever it is computed."""
    return _printed(tensor(x), message=message)
