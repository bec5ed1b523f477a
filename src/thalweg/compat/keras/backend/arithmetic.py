"""``keras.backend``: sums, comparisons, products, choices."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from thalweg import dtypes, nn
from thalweg.compat.keras.backend.settings import floatx
from thalweg.compat.keras.backend.shapes import expand_dims, transpose
from thalweg.compat.keras.backend.values import beside, cast, tensor, update
from thalweg.graph.tensor import Tensor, shapes_match
from thalweg.ops.control import cond
from thalweg.ops.elementwise import at_least, at_most
from thalweg.ops.public import names as _names
from thalweg.ops.state import identity

_ops = _names()


def _reduction(name: str, to_float: bool = False, **fixed: Any) -> Callable[..., Any]:
    op = partial(_ops[name], **fixed)

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        x = tensor(x)
        if to_float and not dtypes.is_floating(x.dtype):
            x = cast(x, floatx())
        axes = tuple(int(a) for a in axis) if isinstance(axis, (list, tuple, np.ndarray)) else axis
        return op(x, axis=axes, keepdims=keepdims)

    reduce.__name__ = name
    return reduce


sum, prod = _reduction("sum"), _reduction("prod")
max, min = (_reduction(n, of_none=True) for n in ("max", "min"))
mean, std, var = (_reduction(n, True) for n in ("mean", "std", "var"))
any, all, logsumexp = (_reduction(n) for n in ("any", "all", "logsumexp"))


def argmax(x: Any, axis: int = -1) -> Any:
    """The place of the greatest element."""
    return _ops["argmax"](tensor(x), axis=axis)


def argmin(x: Any, axis: int = -1) -> Any:
    """The place of the least element."""
    return _ops["argmin"](tensor(x), axis=axis)


def cumsum(x: Any, axis: int = 0) -> Any:
    """Sums of all elements so far."""
    return _ops["cumulative_sum"](tensor(x), axis=axis)


def cumprod(x: Any, axis: int = 0) -> Any:
    """Products of all elements so far."""
    return _ops["cumulative_prod"](tensor(x), axis=axis)


def _elementwise(name: str) -> Callable[..., Any]:
    op = _ops[name]

    def apply(x: Any, *args: Any, **options: Any) -> Any:
        return op(tensor(beside(x, x)), *args, **options)

    apply.__name__, apply.__doc__ = name, op.__doc__
    return apply


def _of_pairs(name: str, op: Callable[..., Any] | None = None) -> Callable[..., Any]:
    op = op or _ops[name]

    def apply(x: Any, y: Any) -> Any:
        return op(tensor(beside(x, y)), tensor(beside(y, x)))

    apply.__name__, apply.__doc__ = name, op.__doc__
    return apply


exp, log, square, abs, sign, round, sin, cos = (
    _elementwise(n) for n in ("exp", "log", "square", "abs", "sign", "round", "sin", "cos")
)
sigmoid, tanh, softplus, softsign = (_elementwise(n) for n in ("sigmoid", "tanh", "softplus", "softsign"))
maximum, minimum = _of_pairs("maximum", at_least), _of_pairs("minimum", at_most)
equal, not_equal = _of_pairs("equal"), _of_pairs("not_equal")
greater, greater_equal, less, less_equal = (
    _of_pairs(n) for n in ("greater", "greater_equal", "less", "less_equal")
)
lesser, lesser_equal = less, less_equal


def sqrt(x: Any) -> Any:
    """The root, of negative numbers 0."""
    return _ops["sqrt"](_ops["maximum"](tensor(x), 0.0))


def pow(x: Any, a: Any) -> Any:
    """``x ** a``."""
    return tensor(x) ** a


def clip(x: Any, min_value: Any, max_value: Any) -> Any:
    """The elements within bounds."""
    return _ops["clip"](tensor(x), min_value, max_value)


def dot(x: Any, y: Any) -> Any:
    """The product over the last axis of x and the last but one of y; x may be a sparse tensor of TensorFlow."""
    x = x.whole() if hasattr(x, "dense_shape") else x
    return tensor(beside(x, y)).dot(tensor(beside(y, x)))


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each pair of examples over an axis of each; [batch, 1] for rows.

    With four axes or more, the axes before the last two that both have are as the first one: a product for each, as
    Keras 1 and 2 did.
    """
    x, y = tensor(x), tensor(y)
    if x.ndim == y.ndim == 2:
        first, second = (1, 1) if axes is None else (axes, axes) if isinstance(axes, int) else axes
        turned = x if first % 2 == second % 2 else transpose(x)
        return expand_dims(sum(turned * y, axis=second), -1)
    first, second = (
        (x.ndim - 1, builtins.max(1, y.ndim - 2))
        if axes is None
        else (axes, axes)
        if isinstance(axes, int)
        else axes
    )
    shared = builtins.max(x.ndim, y.ndim) - 2
    if shared > 1 and _is_product_of_many(x.shape, first, y.shape, second, shared):
        return _products(x, first, y, second, shared)
    letters = "abcdefghij"
    left = ["z", *letters[: x.ndim - 1]]
    right = ["z", *letters[x.ndim - 1 : x.ndim + y.ndim - 2]]
    left[first] = right[second] = "y"
    kept = [c for c in left if c != "y"] + [c for c in right[1:] if c != "y"]
    return _ops["einsum"](f"{''.join(left)},{''.join(right)}->{''.join(kept)}", x, y)


def _is_product_of_many(
    left: tuple[int | None, ...], first: int, right: tuple[int | None, ...], second: int, shared: int
) -> bool:
    """Whether matrices are multiplied for each place of the axes before them."""
    same = builtins.all(a == b or a is None or b is None for a, b in zip(left[:shared], right[:shared]))
    return same and builtins.min(len(left), len(right)) >= shared and first >= shared and second >= shared


def _products(x: Any, first: int, y: Any, second: int, shared: int) -> Any:
    """The products of vectors or matrices [shared axes, *its own axes] over one axis of each."""
    letters = "abcdefghij"[:shared]
    left, right = [*letters, *"uv"[: x.ndim - shared]], [*letters, *"st"[: y.ndim - shared]]
    left[first] = right[second] = "z"
    kept = [c for c in left[shared:] + right[shared:] if c != "z"]
    return _ops["einsum"](f"{''.join(left)},{''.join(right)}->{letters}{''.join(kept)}", x, y)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """The tensor, its L2 norm over the axis 1."""
    x = tensor(x)
    return nn.l2_normalize(x, axis=tuple(range(x.ndim)) if axis is None else axis)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One or the other, by a condition; functions are called. By a scalar, the two may differ in shape."""
    first, second = (
        e() if callable(e) and not isinstance(e, Tensor) else e for e in (then_expression, else_expression)
    )
    updates = [e for e in (first, second) if isinstance(e, tuple)]
    if updates:  # one assignment, of either value
        values = [e[1] if isinstance(e, tuple) else e for e in (first, second)]
        return update(updates[0][0], switch(condition, *values))
    condition, first, second = tensor(condition), tensor(first), tensor(second)
    if condition.shape == () and not shapes_match(first.shape, second.shape):
        second = cast(second, first.dtype)
        return cond(cast(condition, "bool"), lambda: identity(first), lambda: identity(second))
    for _ in range(first.ndim - condition.ndim if condition.ndim else 0):
        condition = expand_dims(condition, -1)
    return _ops["where"](cast(condition, "bool"), first, second)


def map_fn(fn: Callable[[Any], Any], elems: Any, name: Any = None, dtype: Any = None) -> Any:
    """A function of every element along the first axis."""
    return _ops["map_fn"](fn, elems)


def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: Any = None) -> Any:
    """The elements along the first axis gathered from the left."""
    return _ops["foldl"](fn, elems, initializer)


def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: Any = None) -> Any:
    """The elements along the first axis gathered from the right."""
    return _ops["foldl"](fn, _ops["flip"](tensor(elems), axis=0), initializer)
