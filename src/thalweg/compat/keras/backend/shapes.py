"""``keras.backend``: lengths and order of axes."""

from __future__ import annotations

import builtins
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.keras.backend.settings import floatx
from thalweg.compat.keras.backend.values import cast, tensor
from thalweg.graph.tensor import Tensor, plain
from thalweg.layers.nodes import shapes_of
from thalweg.ops.dynamic import broadcast_to_lengths, reshape_to_lengths
from thalweg.ops.dynamic import iota as _iota
from thalweg.ops.public import names as _names
from thalweg.ops.shape import count as _count

_ops = _names()


class _Lengths(tuple[Any, ...]):
    """Lengths of axes, numbers and scalars of a graph, reckoned with as a vector is: ``shape(x)[1:3] * 32``."""

    __slots__ = ()

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return _Lengths(found) if isinstance(place, builtins.slice) else found


def _elementwise(name: str, concatenates: bool) -> Callable[[_Lengths, Any], Any]:
    reckon, joined = getattr(operator, name), getattr(tuple, f"__{name}__", None)

    def apply(self: _Lengths, other: Any) -> Any:
        if concatenates and type(other) in (tuple, list):
            return joined(self, tuple(other))  # type: ignore[misc]
        if isinstance(other, np.ndarray) or (isinstance(other, Tensor) and other.ndim):
            return reckon(tensor(self), other)
        others = other if isinstance(other, (tuple, list)) else [other] * len(self)
        return _Lengths(reckon(a, b) for a, b in zip(self, others, strict=True))

    return apply


for _name in ("add", "sub", "mul", "floordiv", "truediv"):
    setattr(_Lengths, f"__{_name}__", _elementwise(_name, _name == "add"))
for _name in ("add", "mul"):
    setattr(_Lengths, f"__r{_name}__", _elementwise(_name, False))


def shape(x: Any) -> Any:
    """The lengths of the axes: numbers where they are known, else scalars of the graph."""
    x = tensor(x)
    return _Lengths(
        n if n is not None else _count(x, (k,), dtypes.as_dtype("int64")) for k, n in enumerate(x.shape)
    )


def int_shape(x: Any) -> Any:
    """The lengths of the axes, None where unknown; of what a layer made as the layer says them."""
    return tuple(shapes_of(tensor(x)))


def ndim(x: Any) -> int:
    """The number of axes."""
    return int(tensor(x).ndim)


def dtype(x: Any) -> str:
    """The name of the dtype."""
    return str(np.dtype(tensor(x).dtype).name)


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(tensor(x).shape))


def reshape(x: Any, shape: Any) -> Any:
    """The elements in another shape; one length may be -1."""
    lengths = plain(shape)
    if isinstance(lengths, Tensor) and lengths.value is None and lengths.shape not in (None, (None,)):
        lengths = [lengths[k] for k in range(lengths.shape[0])]
    if isinstance(lengths, (tuple, list)):
        lengths = [-1 if n is None else plain(n) for n in lengths]
    if isinstance(lengths, list) and builtins.any(isinstance(n, Tensor) for n in lengths):
        return reshape_to_lengths(tensor(x), lengths)
    return _ops["reshape"](tensor(x), tuple(lengths) if isinstance(lengths, list) else lengths)


def batch_flatten(x: Any) -> Any:
    """All axes but the first as one."""
    x = tensor(x)
    rest = int(np.prod(x.shape[1:])) if None not in x.shape[1:] else -1
    return _ops["reshape"](x, (-1 if x.shape[0] is None or rest != -1 else x.shape[0], rest))


def flatten(x: Any) -> Any:
    """All axes as one."""
    return _ops["reshape"](tensor(x), (-1,))


def permute_dimensions(x: Any, pattern: Sequence[int]) -> Any:
    """The axes in another order."""
    return _ops["permute_dims"](tensor(x), tuple(pattern))


def transpose(x: Any) -> Any:
    """The axes reversed."""
    return _ops["permute_dims"](tensor(x))


def expand_dims(x: Any, axis: int = -1, dim: int | None = None) -> Any:
    """An axis of length 1 more."""
    x, axis = tensor(x), axis if dim is None else dim
    return _ops["expand_dims"](x, axis if axis >= 0 else x.ndim + 1 + axis)


def squeeze(x: Any, axis: int) -> Any:
    """An axis of length 1 less."""
    return _ops["squeeze"](tensor(x), axis)


def concatenate(tensors: Sequence[Any], axis: int = -1) -> Any:
    """Tensors one after another along an axis."""
    return _ops["concat"]([tensor(t) for t in tensors], axis=axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Tensors along a new axis; of none, a tensor without elements."""
    if not len(x) and axis == 0:
        return tensor(np.zeros(0, floatx()))
    return _ops["stack"]([tensor(t) for t in x], axis=axis)


pack = stack


def repeat(x: Any, n: int) -> Any:
    """[batch, features] as [batch, n, features]."""
    return _ops["repeat"](expand_dims(x, 1), n, axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Every element several times along an axis."""
    return _ops["repeat"](tensor(x), rep, axis=axis)


def tile(x: Any, n: Any) -> Any:
    """The tensor several times along each axis, a number of times that may be symbolic."""
    x, times = tensor(x), [plain(k) for k in n] if isinstance(n, (list, tuple)) else n
    if not isinstance(times, list) or not builtins.any(
        isinstance(k, Tensor) and k.is_symbolic for k in times
    ):
        return _ops["tile"](x, n)
    lengths = list(shape(x))
    for axis, k in enumerate(times):  # as rows of a further axis, which then become one with theirs
        if isinstance(k, Tensor) or k != 1:
            x = broadcast_to_lengths(expand_dims(x, axis), [*lengths[:axis], k, *lengths[axis:]])
            lengths[axis] = lengths[axis] * k
            x = reshape_to_lengths(x, lengths)
    return x


def reverse(x: Any, axes: Any) -> Any:
    """The order along axes turned around."""
    return _ops["flip"](tensor(x), axis=tuple(axes) if isinstance(axes, list) else axes)


def gather(reference: Any, indices: Any) -> Any:
    """Rows by their numbers."""
    return _ops["take"](tensor(reference), cast(indices, "int64"), axis=0)


def one_hot(indices: Any, num_classes: int) -> Any:
    """1 at the number of the class, 0 elsewhere."""
    return _ops["one_hot"](tensor(indices), num_classes)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = "int32") -> Any:
    """Numbers from start to stop, which may be symbolic; of floats, floats are made unless ``dtype`` says otherwise."""
    if stop is None:
        start, stop = 0, start
    of_floats = builtins.any(
        (n if isinstance(n, Tensor) else np.asarray(n)).dtype.kind == "f" for n in (start, stop, step)
    )
    if of_floats and dtype == "int32":  # the default, which asks for nothing
        dtype = "float32"
    if not builtins.any(isinstance(n, Tensor) and n.is_symbolic for n in (start, stop, step)):
        return _ops["arange"](start, stop, step, dtype=dtype)
    first, last, by = (cast(n, "float32" if of_floats else "int64") for n in (start, stop, step))
    if of_floats:
        count = cast(_ops["ceil"]((last - first) / by), "int64")
        return cast(cast(_iota(count), "float32") * by + first, dtype)
    return cast(_iota((last - first + by - _ops["sign"](by)) // by) * by + first, dtype)


def slice(x: Any, start: Any, size: Any) -> Any:
    """A block of a tensor."""
    return x[tuple(builtins.slice(a, None if n == -1 else a + n) for a, n in zip(start, size))]
