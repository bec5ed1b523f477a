"""What the ops of one family share: shape and dtype rules, and how operands are cast before them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DTypeError, ShapeError, fail
from thalweg.graph.tensor import Shape, Spec, Tensor, shape_text


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape that these broadcast to, by NumPy's rule; None stays where the length is unknown."""
    if shapes.count(shapes[0]) == len(shapes):
        return shapes[0]
    if any(s is None for s in shapes):
        return None
    rank = max((len(s) for s in shapes if s is not None), default=0)
    result: list[int | None] = []
    for axis in range(-rank, 0):
        lengths = {s[axis] for s in shapes if s is not None and len(s) >= -axis} - {1}
        known = lengths - {None}
        if len(known) > 1:
            raise fail(
                ShapeError,
                "the shapes do not broadcast",
                expected="equal lengths, or 1, on every axis counted from the last",
                received=f"{' and '.join(shape_text(s) for s in shapes)}, which differ on axis {axis}",
                hint="reshape or transpose one operand",
            )
        result.append(known.pop() if known else (None if lengths else 1))
    return tuple(result)


def cast_all(tensors: Sequence[Tensor], dtype: np.dtype) -> list[Tensor]:
    """The tensors as the given dtype."""
    from thalweg.ops.elementwise import astype

    return [t if t.dtype == dtype else astype(t, dtype) for t in tensors]


def to_common(tensors: Sequence[Tensor], attrs: dict[str, Any]) -> tuple[Sequence[Tensor], dict[str, Any]]:
    """Operands promoted to their common dtype."""
    kinds = [t.specs[0].dtype for t in tensors]
    if kinds.count(kinds[0]) == len(kinds):
        return tensors, attrs
    return cast_all(tensors, dtypes.promote(*kinds)), attrs


def to_numbers(tensors: Sequence[Tensor], attrs: dict[str, Any]) -> tuple[Sequence[Tensor], dict[str, Any]]:
    """Operands promoted to a common numeric dtype: bool alone becomes int64."""
    tensors, attrs = to_common(tensors, attrs)
    return (cast_all(tensors, dtypes.default_int) if dtypes.is_bool(tensors[0].dtype) else tensors), attrs


def to_floats(tensors: Sequence[Tensor], attrs: dict[str, Any]) -> tuple[Sequence[Tensor], dict[str, Any]]:
    """Operands promoted to a common floating dtype: integers and bool become float32."""
    tensors, attrs = to_common(tensors, attrs)
    floating = dtypes.is_floating(tensors[0].dtype)
    return (tensors if floating else cast_all(tensors, dtypes.default_float)), attrs


def to_bools(tensors: Sequence[Tensor], attrs: dict[str, Any]) -> tuple[Sequence[Tensor], dict[str, Any]]:
    """Operands as truth values."""
    return cast_all(tensors, dtypes.bool_), attrs


def only_integers(
    tensors: Sequence[Tensor], attrs: dict[str, Any]
) -> tuple[Sequence[Tensor], dict[str, Any]]:
    """Operands of integer or bool dtype, promoted to a common one."""
    for t in tensors:
        if dtypes.is_floating(t.dtype):
            raise fail(DTypeError, "an operand of integer or bool dtype is needed", received=str(t.specs[0]))
    return to_common(tensors, attrs)


def widened(*arrays: np.ndarray) -> list[np.ndarray]:
    """Half precision as float32, in which it is computed before it is rounded once."""
    half = arrays[0].dtype.itemsize == 2 and dtypes.is_floating(arrays[0].dtype)
    return [a.astype(np.float32) if half else a for a in arrays]


def summed_wide(expand: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """An ``expand`` of sums of products whose operands have 4 bytes at least: what is stored in fewer is cast before,
    and the result once at the end. Half precision is summed in float32; integers keep their low bits.
    """

    @functools.wraps(expand)
    def expanded(*inputs: Tensor, **attrs: Any) -> Tensor:
        narrow = inputs[0].dtype
        if narrow.itemsize >= 4:
            return expand(*inputs, **attrs)
        wide = np.dtype(np.float32 if dtypes.is_floating(narrow) else np.int32)
        return cast_all([expand(*[_cast_below(x, wide) for x in inputs], **attrs)], narrow)[0]

    return expanded


def _cast_below(x: Tensor, dtype: np.dtype) -> Tensor:
    """A tensor cast below its last views, where the other uses of what they show find the same cast."""
    from thalweg.ops.shape import permute_dims, reshape

    if x.op in (permute_dims, reshape):
        return x.op(_cast_below(x.inputs[0], dtype), **x.attrs)
    return cast_all([x], dtype)[0]


def same_dtype(*specs: Spec, **attrs: Any) -> Spec:
    """Broadcast shape, the operands' dtype."""
    return Spec(broadcast_shapes(*[s.shape for s in specs]), specs[0].dtype)


def gives_bool(*specs: Spec, **attrs: Any) -> Spec:
    """Broadcast shape, bool."""
    return Spec(broadcast_shapes(*[s.shape for s in specs]), dtypes.bool_)


# The families: fields shared by the ops that name them.
numeric: dict[str, Any] = {"infer": same_dtype, "prepare": to_numbers}
floating: dict[str, Any] = {"infer": same_dtype, "prepare": to_floats}
comparison: dict[str, Any] = {"infer": gives_bool, "prepare": to_common}
logical: dict[str, Any] = {"infer": gives_bool, "prepare": to_bools}
bitwise: dict[str, Any] = {"infer": same_dtype, "prepare": only_integers}
any_dtype: dict[str, Any] = {"infer": same_dtype, "prepare": to_common}
