"""``tf.math``'s functions of statistics: incomplete gamma and beta functions, quantiles, running logarithms of sums."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.names import described
from thalweg.compat.tf2.values import alike, number, pair, tensor
from thalweg.ops import elementwise, incomplete, logic, reduce, shape, special

__all__ = [
    "betainc",
    "cumulative_logsumexp",
    "erfcinv",
    "igamma",
    "igammac",
    "is_non_decreasing",
    "is_strictly_increasing",
    "lbeta",
    "ndtri",
    "nextafter",
    "polygamma",
    "xlog1py",
    "zeta",
]


def _of_two(op: Callable[..., Any]) -> Callable[..., Any]:
    def apply(x: Any, y: Any, name: Any = None) -> Any:
        return op(*pair(x, y))

    apply.__name__, apply.__doc__ = op.__name__, described(op)
    return apply


def igamma(a: Any, x: Any, name: Any = None) -> Any:
    """The lower regularised incomplete gamma function P(a, x)."""
    return incomplete.igamma(*pair(a, x))


def igammac(a: Any, x: Any, name: Any = None) -> Any:
    """The upper regularised incomplete gamma function Q(a, x) = 1 - P(a, x)."""
    return incomplete.igammac(*pair(a, x))


def betainc(a: Any, b: Any, x: Any, name: Any = None) -> Any:
    """The regularised incomplete beta function I_x(a, b)."""
    return incomplete.betainc(*alike([a, b, x], "Betainc"))


def zeta(x: Any, q: Any, name: Any = None) -> Any:
    """The Hurwitz zeta function, the sum of (q + n) ** -x over n from 0."""
    return incomplete.zeta(*pair(x, q))


def polygamma(a: Any, x: Any, name: Any = None) -> Any:
    """The derivative of order ``a`` of :func:`digamma`; orders are whole numbers, one or for each element.

    >>> round(float(polygamma(1.0, 1.0)), 4)  # pi ** 2 / 6
    1.6449
    """
    orders, values = pair(a, x)
    known = np.asarray(orders)
    made: Any = None
    for order in np.unique(known).tolist():
        of_order = special.polygamma(values, int(order)) if order else special.digamma(values)
        made = of_order if made is None else elementwise.where(known == order, of_order, made)
    return made


nextafter = _of_two(logic.nextafter)


def lbeta(x: Any, name: Any = None) -> Any:
    """The logarithm of the beta function of the numbers along the last axis.

    >>> round(float(lbeta([1.0, 2.0])), 4)  # log(1/2)
    -0.6931
    """
    values = tensor(x)
    total = reduce.sum(values, axis=-1)
    made = reduce.sum(special.lgamma(values), axis=-1) - special.lgamma(total)
    return (
        elementwise.where(elementwise.equal(total, 0), float("inf"), made) if values.shape[-1] == 0 else made
    )


def xlog1py(x: Any, y: Any, name: Any = None) -> Any:
    """x log(1 + y), and 0 where x is 0.

    >>> xlog1py([0.0, 1.0], [-1.0, 0.0]).numpy().tolist()
    [0.0, 0.0]
    """
    a, b = pair(x, y)
    nothing = elementwise.equal(a, 0)
    return elementwise.where(nothing, 0, a * elementwise.log1p(elementwise.where(nothing, 0, b)))


def ndtri(x: Any, name: Any = None) -> Any:
    """The quantile of the normal distribution: the number below which a share x of it lies.

    >>> [round(x, 3) for x in ndtri([0.5, 0.975]).numpy().tolist()]
    [0.0, 1.96]
    """
    return special.erfinv(tensor(x) * 2 - 1) * math.sqrt(2)


def erfcinv(x: Any, name: Any = None) -> Any:
    """The number whose :func:`erfc` is x."""
    return special.erfinv(1 - tensor(x))


def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: Any = None
) -> Any:
    """Running log(sum(exp(x))); ``exclusive``: without the element itself, the lowest number in the first place.

    >>> [round(x, 4) for x in cumulative_logsumexp([0.0, 0.0]).numpy().tolist()]
    [0.0, 0.6931]
    """
    values, along = tensor(x), int(number(axis))
    count = int(values.shape[along])
    rows = np.arange(count)
    summed = rows[:, None] >= rows + 1 if exclusive else rows[:, None] >= rows
    summed = summed.T if reverse else summed
    moved = shape.expand_dims(shape.moveaxis(values, along, -1), -2)
    lowest = float(np.finfo(np.dtype(values.dtype)).min)
    made = reduce.logsumexp(elementwise.where(summed, moved, -math.inf), axis=-1)
    made = elementwise.where(elementwise.equal(made, -math.inf), lowest, made) if exclusive else made
    return shape.moveaxis(made, -1, along)


def _in_order(compare: Callable[..., Any]) -> Callable[..., Any]:
    def ordered(x: Any, name: Any = None) -> Any:
        line = shape.flatten(tensor(x))
        return reduce.all(compare(line[:-1], line[1:]))

    return ordered


is_non_decreasing, is_strictly_increasing = _in_order(elementwise.less_equal), _in_order(elementwise.less)
is_non_decreasing.__doc__ = "Whether no element is less than the one before it."
is_strictly_increasing.__doc__ = "Whether each element is greater than the one before it."
