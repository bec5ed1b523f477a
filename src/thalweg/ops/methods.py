"""Gives Tensor its operators and methods, each an op of this package."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import Tensor, install_methods, shape_text
from thalweg.ops import contract, elementwise, index, joining, logic, reduce, shape, sort, state, tiling


def _is_operand(other: Any) -> bool:
    """Whether an operator may take it; for anything else Python tries the other operand, then says what is wrong.

    As in NumPy, an array-like whose ``__array_ufunc__`` is None, or whose ``__array_priority__`` is higher, has
    operators of its own, which come first.
    """
    if isinstance(other, (Tensor, int, float, np.ndarray, np.generic, list, tuple)):
        return True
    if not hasattr(other, "__array__") or getattr(other, "__array_ufunc__", other) is None:
        return False
    return getattr(other, "__array_priority__", 0) <= Tensor.__array_priority__


def _forward(op: Any) -> Any:
    return lambda self, other: op(self, other) if _is_operand(other) else NotImplemented


def _reflected(op: Any) -> Any:
    return lambda self, other: op(other, self) if _is_operand(other) else NotImplemented


def _divmod(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    return elementwise.floor_divide(x, y), elementwise.remainder(x, y)


_BINARY = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.remainder,
    "divmod": _divmod,
    "pow": elementwise.pow,
    "matmul": contract.matmul,
    "and": logic.bitwise_and,
    "or": logic.bitwise_or,
    "xor": logic.bitwise_xor,
    "lshift": logic.bitwise_left_shift,
    "rshift": logic.bitwise_right_shift,
}
_COMPARISONS = {
    "eq": elementwise.equal,
    "ne": elementwise.not_equal,
    "lt": elementwise.less,
    "le": elementwise.less_equal,
    "gt": elementwise.greater,
    "ge": elementwise.greater_equal,
}
_UNARY = {
    "neg": elementwise.negative,
    "pos": elementwise.positive,
    "abs": elementwise.abs,
    "invert": logic.bitwise_invert,
    "floor": elementwise.floor,
    "ceil": elementwise.ceil,
    "trunc": elementwise.trunc,
}


def _reshape(self: Tensor, *lengths: Any) -> Tensor:
    """The elements under another shape: lengths, or one tuple of them."""
    return shape.reshape(self, lengths[0] if len(lengths) == 1 else lengths)


def _transpose(self: Tensor, *axes: Any) -> Tensor:
    """Axes in the given order (reversed by default): positions, or one tuple of them."""
    order = axes[0] if len(axes) == 1 and not isinstance(axes[0], int) else axes
    return shape.permute_dims(self, tuple(order) if order else None)


def _matrix_transpose(self: Tensor) -> Tensor:
    """The last two axes swapped."""
    rank = self.ndim
    if rank < 2:
        raise fail(ShapeError, "mT: two axes are needed", received=f"{self.label()} {shape_text(self.shape)}")
    return shape.permute_dims(self, (*range(rank - 2), rank - 1, rank - 2))


def _swapaxes(self: Tensor, axis1: int, axis2: int) -> Tensor:
    """Two axes exchanged."""
    order = list(range(self.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return shape.permute_dims(self, tuple(order))


def _dot(self: Tensor, other: Any) -> Tensor:
    """np.dot: the product with a scalar, the inner product of vectors, the matrix product of matrices."""
    other_rank = other.ndim if isinstance(other, Tensor) else np.ndim(other)
    if self.ndim == 0 or other_rank == 0:
        return elementwise.multiply(self, other)
    if other_rank <= 2:
        return contract.matmul(self, other)
    return contract.tensordot(self, other, axes=((self.ndim - 1,), (other_rank - 2,)))


_methods: dict[str, Any] = {
    "read": state.read,
    "assign": state.assign,
    "getitem": index.getitem,
    "stack": joining.stack,
    "take": lambda self, indices, axis=None: index.take(self, indices, axis=axis),
    "repeat": lambda self, repeats, axis=None: tiling.repeat(self, repeats, axis=axis),
    "cumsum": lambda self, axis=None: reduce.cumulative_sum(self, axis=axis),
    "cumprod": lambda self, axis=None: reduce.cumulative_prod(self, axis=axis),
    "argsort": lambda self, axis=-1: sort.argsort(self, axis=axis),
    "astype": lambda self, dtype: elementwise.astype(self, dtype),
    "clip": lambda self, min=None, max=None: elementwise.clip(self, min, max),
    "round": lambda self, decimals=0: elementwise.round(self, decimals),
    "__round__": lambda self, decimals=None: elementwise.round(self, decimals or 0),
    "reshape": _reshape,
    "flatten": lambda self: shape.reshape(self, (-1,)),
    "ravel": lambda self: shape.reshape(self, (-1,)),
    "transpose": _transpose,
    "swapaxes": _swapaxes,
    "dot": _dot,
    "T": property(lambda self: shape.permute_dims(self), doc="The axes reversed."),
    "mT": property(_matrix_transpose),
}


def _method(room: Any, name: str) -> Any:
    """The op of that name as a method; its first argument after the tensor may be given by position, as in NumPy."""
    op = getattr(room, name)

    def method(self: Tensor, axis: Any = None, **others: Any) -> Any:
        # NumPy's functions (np.mean of a tensor) pass dtype and out even where they were not given
        others = {k: v for k, v in others.items() if v is not None or k not in ("dtype", "out")}
        return op(self, axis=axis, **others)

    method.__name__, method.__doc__ = name, op.__doc__
    return method


# Reductions and the like, which all take ``axis`` first.
_WITH_AXIS = ("sum", "prod", "mean", "std", "var", "max", "min", "any", "all", "argmax", "argmin", "squeeze")

for _name in _WITH_AXIS:
    _room = shape if _name == "squeeze" else reduce
    if hasattr(_room, _name):
        _methods[_name] = _method(_room, _name)
for _name, _op in _BINARY.items():
    _methods[f"__{_name}__"] = _forward(_op)
    _methods[f"__r{_name}__"] = _reflected(_op)
for _name, _op in _COMPARISONS.items():
    _methods[f"__{_name}__"] = _forward(_op)
for _name, _op in _UNARY.items():
    _methods[f"__{_name}__"] = lambda self, op=_op: op(self)

install_methods(_methods)
