"""Random numbers of the usual distributions, eager and symbolic; :mod:`thalweg.ops.draws` is what they come from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DTypeError, ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, check_shape, constant
from thalweg.ops import create, incomplete, reduce, special, state
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.draws import (
    Numbers,
    drawn_from,
    first_of,
    key_and_stream,
    random_integers,
    random_normal,
    random_permutation,
    random_truncated_normal,
    random_uniform,
    unit_draw,
    wanted_shape,
)
from thalweg.ops.draws import get_state as get_state
from thalweg.ops.draws import seeded as seeded
from thalweg.ops.draws import set_seed as set_seed
from thalweg.ops.draws import set_state as set_state


def _is(value: Any, number: float) -> bool:
    return isinstance(value, (int, float)) and value == number


def uniform(
    shape: Any = None,
    minval: Any = 0.0,
    maxval: Any = 1.0,
    dtype: Any = None,
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Uniform numbers in [minval, maxval): ``minval + (maxval - minval) * u``; float32 unless ``dtype`` says otherwise.

    ``shape`` may leave axes open (None), or be left out, where ``like`` is a tensor from which the program takes them.
    ``key``: a uint32[4] tensor that decides the numbers alone. ``symbolic=True`` makes a draw that a program repeats
    anew at each run; by default it is one where an argument is symbolic or a function is being traced.

    >>> u = uniform((2, 3))
    >>> u.shape, bool((u.numpy() < 1).all())
    ((2, 3), True)
    """
    u = unit_draw(random_uniform, "uniform", shape, [minval, maxval], dtype, like, key, symbolic)
    if _is(minval, 0) and _is(maxval, 1):
        return u
    return u * _span(minval, maxval, u.dtype) + minval


def _span(minval: Any, maxval: Any, dtype: np.dtype) -> Any:
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        return maxval - minval
    low, high = convert_operands([minval, maxval])
    return ew.astype(high, dtype) - ew.astype(low, dtype)


def normal(
    shape: Any = None,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Normal numbers: ``mean + stddev * z``, differentiable in mean and stddev. Other arguments as in :func:`uniform`.

    >>> normal((4,), 10.0, 0.001).numpy().round().tolist()
    [10.0, 10.0, 10.0, 10.0]
    """
    z = unit_draw(random_normal, "normal", shape, [mean, stddev], dtype, like, key, symbolic)
    return _moved(z, mean, stddev)


def truncated_normal(
    shape: Any = None,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Normal numbers, none further than two ``stddev`` from ``mean``. Other arguments as in :func:`uniform`.

    >>> bool((abs(truncated_normal((100,)).numpy()) <= 2).all())
    True
    """
    z = unit_draw(
        random_truncated_normal, "truncated_normal", shape, [mean, stddev], dtype, like, key, symbolic
    )
    return _moved(z, mean, stddev)


def _moved(z: Any, mean: Any, stddev: Any) -> Tensor:
    z = z if _is(stddev, 1) else z * stddev
    return z if _is(mean, 0) else z + mean


def exponential(
    shape: Any = None,
    rate: Any = 1.0,
    dtype: Any = None,
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Exponentially distributed numbers: ``-log(1 - u) / rate``. Other arguments as in :func:`uniform`.

    >>> bool((exponential((5,)).numpy() >= 0).all())
    True
    """
    u: Any = unit_draw(random_uniform, "exponential", shape, [rate], dtype, like, key, symbolic)
    waited = -ew.log(1.0 - u)
    return waited if _is(rate, 1) else waited / rate


_GAMMA_TRIES, _POISSON_TRIES = 10, 16  # all of them fail once in 10^11 draws at most
_FEW = 10.0  # events on average, up to which waiting times are counted
_MOST_EVENTS = 60  # where there are few on average: more come once in 10^25 draws


def gamma(
    shape: Any = None,
    alpha: Any = 1.0,
    rate: Any = 1.0,
    dtype: Any = None,
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Gamma distributed numbers: density ``rate^alpha x^(alpha - 1) e^(-rate x) / Gamma(alpha)``.

    ``alpha`` and ``rate`` broadcast to the shape. By rejection from cubes of normal numbers (Marsaglia and Tsang, A
    Simple Method for Generating Gamma Variables, 2000); alphas below 1 through alpha + 1. The gradient for ``alpha``
    is that of the number whose share below it stays the same (Figurnov and others, Implicit Reparameterization
    Gradients, 2018). Other arguments as in :func:`uniform`.

    >>> bool((gamma((5,), 2.5).numpy() > 0).all())
    True
    """
    several = _several(1 + 3 * _GAMMA_TRIES, "gamma", shape, [alpha, rate], dtype, like, key, symbolic)
    kind = several.dtype
    (given,) = convert_operands([alpha])
    a: Any = ew.astype(state.stop_gradient(given), kind)
    small = ew.less(a, 1.0)
    d: Any = ew.where(small, a + 1.0, a) - 1.0 / 3.0
    result: Any = d * create.ones_like(several[0])
    for n in reversed(range(_GAMMA_TRIES)):
        length, turn, u = (several[1 + 3 * n + k] for k in range(3))
        x: Any = ew.sqrt(-2.0 * ew.log(1.0 - length)) * ew.cos(2 * math.pi * turn)
        root: Any = 1.0 + x / ew.sqrt(9.0 * d)
        v: Any = root * root * root
        logs: Any = ew.log(ew.where(ew.greater(v, 0.0), v, 1.0))
        fits = ew.less(ew.log(1.0 - u), 0.5 * x * x + d - d * v + d * logs)
        result = ew.where(ew.logical_and(ew.greater(v, 0.0), fits), d * v, result)
    shrunk = ew.exp(ew.log(1.0 - several[0]) / ew.where(small, a, 1.0))
    result = ew.where(small, result * shrunk, result)
    if isinstance(alpha, Tensor):
        slope = incomplete.gamma_slope
        result = state.with_gradient(result, given, rule=lambda g, y=result: g * slope(a, y))
    return result if _is(rate, 1) else result / rate


def poisson(
    shape: Any = None,
    mean: Any = 1.0,
    dtype: Any = None,
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Poisson distributed numbers: k with probability ``mean^k e^(-mean) / k!``.

    ``mean`` broadcasts to the shape; the numbers are whole, of any ``dtype``. Up to a mean of 10 by counting the
    waiting times that fit into it, above it by rejection (Hoermann, The Transformed Rejection Method for Generating
    Poisson Random Variables, 1993). Other arguments as in :func:`uniform`.

    >>> poisson((3,), 0.0).tolist()
    [0.0, 0.0, 0.0]
    """
    wanted = dtypes.default_float if dtype is None else dtypes.as_dtype(dtype)
    (given,) = convert_operands([mean])
    m: Any = ew.astype(state.stop_gradient(given), "float64")
    known = None if given.value is None else np.asarray(given.value)
    few, many = (known is None or bool(np.any(known <= _FEW))), (known is None or bool(np.any(known > _FEW)))
    count = max(few * _MOST_EVENTS, many * 2 * _POISSON_TRIES)
    u = _several(count, "poisson", shape, [mean], "float64", like, key, symbolic)
    result: Any = create.zeros_like(u[0])
    if few:
        waited: Any = reduce.cumulative_sum(-ew.log(1.0 - u[:_MOST_EVENTS]), axis=0)
        result = reduce.sum(ew.astype(ew.less(waited, m), "float64"), axis=0)
    if many:
        rejected = _many_events(u, ew.maximum(m, _FEW))
        result = ew.where(ew.greater(m, _FEW), rejected, result)
    return ew.astype(result, wanted)


def _many_events(u: Any, m: Any) -> Any:
    """Poisson numbers of means of ten and more, the tries from the rows of ``u``."""
    b = 0.931 + 2.53 * ew.sqrt(m)
    a = -0.059 + 0.02483 * b
    inverse, bound = 1.1239 + 1.1328 / (b - 3.4), 0.9277 - 3.6224 / (b - 2.0)
    result: Any = ew.floor(m) * create.ones_like(u[0])
    for n in reversed(range(_POISSON_TRIES)):
        place, v = u[2 * n] - 0.5, 1.0 - u[2 * n + 1]
        near = 0.5 - ew.abs(place)
        k = ew.floor((2.0 * a / ew.maximum(near, 1e-300) + b) * place + m + 0.43)
        whole = ew.maximum(k, 0.0)
        under = ew.log(v * inverse / (a / ew.maximum(near * near, 1e-300) + b))
        fits = ew.less_equal(under, whole * ew.log(m) - m - special.lgamma(whole + 1.0))
        inside = ew.logical_and(ew.greater_equal(near, 0.07), ew.less_equal(v, bound))
        outside = ew.logical_or(ew.less(k, 0.0), ew.logical_and(ew.less(near, 0.013), ew.greater(v, near)))
        taken = ew.logical_or(inside, ew.logical_and(ew.logical_not(outside), fits))
        result = ew.where(taken, k, result)
    return result


def _several(
    count: int,
    name: str,
    shape: Any,
    operands: Sequence[Any],
    dtype: Any,
    like: Any,
    key: Any,
    symbolic: bool | None,
) -> Any:
    """``count`` uniform numbers for each element of the wanted shape, along a first axis."""
    more = None if shape is None else (count, *(check_shape(shape) or ()))
    if like is not None:
        (given,) = convert_operands([like])
        zeros = constant(np.zeros((count, *(1 for _ in given.known_shape())), given.dtype))
        like = shape_ops.expand_dims(given, 0) + zeros
    return unit_draw(random_uniform, name, more, operands, dtype, like, key, symbolic)


def bernoulli(
    p: Any = 0.5,
    shape: Any = None,
    dtype: Any = "bool",
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """1 with probability ``p``, else 0: ``u < p`` with float32 u. The shape is that of ``p`` unless given.

    >>> bernoulli(1.0, (3,)).tolist()
    [True, True, True]
    """
    (p,) = convert_operands([p])
    if shape is None and like is None:
        like = p
    u = unit_draw(random_uniform, "bernoulli", shape, [p], "float32", like, key, symbolic)
    hit = ew.less(u, ew.astype(p, "float32"))
    wanted = dtypes.as_dtype(dtype)
    return hit if dtypes.is_bool(wanted) else ew.astype(hit, wanted)


def randint(
    low: int,
    high: int | None = None,
    shape: Any = (),
    dtype: Any = "int64",
    *,
    like: Any = None,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Integers in [low, high), or in [0, low) where ``high`` is left out. Other arguments as in :func:`uniform`.

    >>> randint(5, 6, (3,)).tolist()
    [5, 5, 5]
    """
    low, high = (0, low) if high is None else (low, high)
    low, high, wanted = int(low), int(high), dtypes.as_dtype(dtype)
    if not dtypes.is_integer(wanted):
        raise fail(DTypeError, "randint: dtype", expected="an integer dtype", received=wanted.name)
    info = np.iinfo(wanted)
    if not (info.min <= low < high <= info.max + 1 and high - low < 2**64):
        raise fail(
            ArgumentError,
            "randint: low, high",
            expected=f"low < high within {wanted.name}",
            received=f"{low}, {high}",
        )
    full, likes = wanted_shape("randint", None if like is not None and shape == () else shape, like)
    if isinstance(key, Numbers):
        return drawn_from(key, "integers", full, wanted, low, high)
    source, stream = key_and_stream([like], key, symbolic)
    return random_integers(source, *likes, shape=full, low=low, high=high, dtype=wanted, stream=stream)


integers = randint


def permutation(x: Any, *, key: Any = None, symbolic: bool | None = None) -> Tensor:
    """A random order of 0, ..., n-1 for an int, or the rows of a tensor in random order.

    >>> sorted(permutation(4).tolist())
    [0, 1, 2, 3]
    """
    if isinstance(x, (int, np.integer)) and not isinstance(x, bool):
        source, stream = key_and_stream((), key, symbolic)
        return random_permutation(source, n=int(x), stream=stream)
    return shuffle(x, key=key, symbolic=symbolic)


def shuffle(x: Any, *, key: Any = None, symbolic: bool | None = None) -> Tensor:
    """The rows (first axis) of a tensor in random order.

    >>> sorted(shuffle([3, 1, 2]).tolist())
    [1, 2, 3]
    """
    from thalweg.ops.index import take

    (x,) = convert_operands([x])
    if not x.known_shape():
        raise fail(ShapeError, "shuffle: x", expected="at least 1 axis", received="a scalar")
    source, stream = key_and_stream([x], key, symbolic)
    known = x.shape[0] is not None
    order = random_permutation(
        source, *([] if known else [x]), n=x.shape[0] if known else None, stream=stream
    )
    return take(x, order, axis=0)


def categorical(
    logits: Any,
    num_samples: int | None = None,
    dtype: Any = "int64",
    *,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Class numbers drawn with probabilities ``softmax(logits)`` over the last axis.

    Without ``num_samples`` one draw per row: shape ``logits.shape[:-1]``; with it, a last axis of that length more.

    >>> categorical([[-100.0, 0.0]], 3).tolist()
    [[1, 1, 1]]
    """
    (logits,) = convert_operands([logits])
    logits = logits if dtypes.is_floating(logits.dtype) else ew.astype(logits, dtypes.default_float)
    if not logits.known_shape():
        raise fail(ShapeError, "categorical: logits", expected="at least 1 axis", received="a scalar")
    weights: Any = ew.exp(logits - reduce.max(logits, axis=-1, keepdims=True))
    below = reduce.cumulative_sum(weights, axis=logits.ndim - 1)
    if num_samples is not None:
        below = shape_ops.expand_dims(below, logits.ndim - 1)
    rows = below[..., 0]
    shape = None if num_samples is None else (*rows.shape[:-1], int(num_samples))
    like = rows if num_samples is None else rows + constant(np.zeros(int(num_samples), rows.dtype))
    u: Any = unit_draw(random_uniform, "categorical", shape, [logits], below.dtype, like, key, symbolic)
    bound = shape_ops.expand_dims(u, u.ndim) * below[..., -1:]
    return ew.astype(reduce.sum(ew.astype(ew.less_equal(below[..., :-1], bound), "int32"), axis=-1), dtype)


def choice(
    a: Any,
    shape: Any = (),
    replace: bool = True,
    p: Any = None,
    *,
    key: Any = None,
    symbolic: bool | None = None,
) -> Tensor:
    """Elements of ``a`` (rows of a tensor, or 0, ..., a-1 for an int) at random, with probabilities ``p`` if given.

    >>> sorted(choice(3, (3,), replace=False).tolist())
    [0, 1, 2]
    """
    from thalweg.ops.index import take

    count = int(a) if isinstance(a, (int, np.integer)) else len(convert_operands([a])[0])
    wanted = check_shape(shape) or ()
    size = math.prod(d or 0 for d in wanted)
    if replace:
        picked = _with_replacement(count, wanted, size, p, key, symbolic)
    elif p is not None or size > count:
        raise fail(
            ArgumentError,
            "choice: replace=False",
            expected=f"at most {count} elements and no p",
            received=f"{size} elements" + (" and p" if p is not None else ""),
        )
    else:
        picked = first_of(permutation(count, key=key, symbolic=symbolic), wanted)  # type: ignore[arg-type]
    return picked if isinstance(a, (int, np.integer)) else take(convert_operands([a])[0], picked, axis=0)


def _with_replacement(count: int, shape: Any, size: int, p: Any, key: Any, symbolic: bool | None) -> Tensor:
    if p is None:
        return randint(0, count, shape, key=key, symbolic=symbolic)
    (p,) = convert_operands([p])
    return shape_ops.reshape(categorical(ew.log(p), size, key=key, symbolic=symbolic), shape)
