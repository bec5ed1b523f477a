"""Shapes given by tensors: lengths that are numbers in the graph, not in the code that builds it.

Where a length follows from the shapes of inputs, or is a constant, the compiler knows it and the op becomes its plain
twin. Where it follows from values the program is cut there (``thalweg.run.stages``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DTypeError, ShapeError, fail
from thalweg.graph.interpret import evaluate
from thalweg.graph.op import Op, convert_operands, make_op
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable
from thalweg.graph.walk import topological
from thalweg.ops.lengths import numbered
from thalweg.ops.shape import broadcast_to, reshape, reshape_like, sum_like
from thalweg.ops.slices import slice_axes, zero_padded

__all__ = ("iota", "reshape_to_lengths", "broadcast_to_lengths", "common_rows", "true_places")

Template = tuple[int | None, ...]  # a shape; None: the next of the given lengths


def length_of(tensor: Tensor) -> int | None:
    """The number that a scalar expression of constants and lengths is; None where it depends on a value."""
    if tensor.op is None and not isinstance(tensor, (Variable, Placeholder)):
        return int(tensor.value)
    below = topological([tensor])
    if any(isinstance(t, (Variable, Placeholder)) or not (t.op is None or t.op.pure) for t in below):
        return None
    return int(evaluate([tensor], {})[0])


def filled(template: Sequence[int | None], lengths: Sequence[Any]) -> tuple[int, ...]:
    """The template with its holes filled by the lengths in order."""
    rest = iter(lengths)
    return tuple(int(next(rest)) if d is None else d for d in template)


def _split_shape(shape: Sequence[Any]) -> tuple[Template, list[Tensor]]:
    """The numbers of a shape, with None for tensors; and these."""
    template: list[int | None] = []
    lengths: list[Tensor] = []
    for d in shape:
        known = None if isinstance(d, Tensor) and d.value is None else int(d)
        template.append(known)
        if known is None:
            if not dtypes.is_integer(d.dtype):
                raise fail(DTypeError, "a length must be an integer", received=f"{d.label()} {d.specs[0]}")
            lengths.append(d)
    return tuple(template), lengths


def _open(template: Template) -> tuple[int | None, ...]:
    return tuple(None if d in (None, -1) else d for d in template)


def _with_known_lengths(op: Op, plain: Any) -> Op:
    """The op, which becomes ``plain(x, shape)`` where the compiler knows the lengths."""

    def expand(x: Tensor, *lengths: Tensor, template: Template) -> Tensor | None:
        known = [length_of(t) for t in lengths]
        return None if None in known else plain(x, filled(template, known))

    op.expand = expand
    return op


def _reshape_gradient(g: Tensor, y: Tensor, x: Tensor, *lengths: Tensor, template: Any) -> list[Any]:
    return [lambda: reshape_like(g, x), *[None] * len(lengths)]


_ALL_BUT_X = range(1, 1 << 20)


@make_op(
    {},
    infer=lambda x, *lengths, template: Spec(_open(template), x.dtype),
    grad=_reshape_gradient,
    shape_from=_ALL_BUT_X,
)
def _reshape_to(*tensors, template):  # type: ignore[no-untyped-def]
    return np.reshape(tensors[0], filled(template, tensors[1:]))


def _broadcast_gradient(g: Tensor, y: Tensor, x: Tensor, *lengths: Tensor, template: Any) -> list[Any]:
    return [lambda: sum_like(g, x), *[None] * len(lengths)]


@make_op(
    {},
    infer=lambda x, *lengths, template: Spec(_open(template), x.dtype),
    grad=_broadcast_gradient,
    shape_from=_ALL_BUT_X,
)
def _broadcast_to(*tensors, template):  # type: ignore[no-untyped-def]
    return np.broadcast_to(tensors[0], filled(template, tensors[1:]))


_with_known_lengths(_reshape_to, reshape)
_with_known_lengths(_broadcast_to, broadcast_to)


def reshape_to_lengths(x: Any, shape: Sequence[Any], /) -> Tensor:
    """:func:`reshape` to a shape of numbers and integer scalar tensors; one number may be -1, inferred.

    >>> reshape_to_lengths([1, 2, 3, 4], (2, -1)).tolist()
    [[1, 2], [3, 4]]
    """
    (x,) = convert_operands([x])
    template, lengths = _split_shape(shape)
    return _reshape_to(x, *lengths, template=template) if lengths else reshape(x, template)


def broadcast_to_lengths(x: Any, shape: Sequence[Any], /) -> Tensor:
    """:func:`broadcast_to` a shape of numbers and integer scalar tensors.

    >>> broadcast_to_lengths(7, (1, 2)).tolist()
    [[7, 7]]
    """
    (x,) = convert_operands([x])
    template, lengths = _split_shape(shape)
    return _broadcast_to(x, *lengths, template=template) if lengths else broadcast_to(x, template)


# --- rows that several tensors have ---------------------------------------------------------------------------------


def _fewest(tensors: Sequence[Any]) -> Any:
    lengths = [t.shape[0] for t in tensors]
    return None if None in lengths else min(lengths)


def _common_expand(x: Tensor, *others: Tensor) -> Tensor:
    """Cut to the rows of each in turn, so that no length is compared with another."""
    for other in others:
        if other.shape[0] != x.shape[0]:
            x = slice_axes(x, [(0, other.shape[0], 1)])
    return x


def _common_gradient(g: Tensor, y: Tensor, x: Tensor, *others: Tensor) -> list[Any]:
    return [lambda: _with_rows_of(g, x), *[None] * len(others)]


@make_op(
    {},
    infer=lambda x, *others: Spec((_fewest([x, *others]), *x.shape[1:]), x.dtype),
    grad=_common_gradient,
    expand=_common_expand,
    shape_only=_ALL_BUT_X,
)
def common_rows(*tensors):  # type: ignore[no-untyped-def]
    """The first rows of the first tensor: as many as the shortest of the tensors has.

    >>> common_rows([1, 2, 3], [5, 5]).tolist()
    [1, 2]
    """
    return tensors[0][: _fewest(tensors)]


@make_op(
    {},
    infer=lambda g, like: Spec(like.shape, g.dtype),
    grad=lambda h, y, g, like: [lambda: common_rows(h, g), None],
    expand=lambda g, like: zero_padded(g, [(0, like.shape[0] - g.shape[0]), *[(0, 0)] * (g.ndim - 1)]),
    shape_only=(1,),
)
def _with_rows_of(g, like, /):  # type: ignore[no-untyped-def]
    """g with zeros below for the rows that ``like`` has more."""
    result = np.zeros(like.shape, g.dtype)
    result[: len(g)] = g
    return result


# --- counting -------------------------------------------------------------------------------------------------------


def _iota_expand(n: Tensor) -> Tensor | None:
    known = length_of(n)
    if known is None:
        return None
    return numbered.build((), {"shape": (max(known, 0),), "axis": 0, "dtype": dtypes.int64})


@make_op(
    {},
    infer=lambda n: Spec((None,), dtypes.int64),
    grad=lambda g, y, n: [None],
    expand=_iota_expand,
    shape_from=(0,),
)
def iota(n, /):  # type: ignore[no-untyped-def]
    """0, 1, ..., n - 1 for an integer scalar that may be symbolic; int64. No numbers for n below 1.

    >>> iota(3).tolist()
    [0, 1, 2]
    """
    return np.arange(int(n), dtype=np.int64)


def _places_infer(x: Spec) -> Any:
    assert x.shape is not None
    found = (Spec((None,), dtypes.int64),) * len(x.shape)
    return found if len(found) > 1 else found[0]


@make_op({}, name="true_places", infer=_places_infer, grad=lambda g, y, x: [None])
def _true_places(x, /):  # type: ignore[no-untyped-def]
    found = tuple(np.asarray(k, np.int64) for k in np.nonzero(x))
    return found if len(found) > 1 else found[0]


def true_places(x: Any, /) -> tuple[Tensor, ...]:
    """The indices of the elements that are not 0, one vector per axis, also where x is symbolic: how many there are
    is known only when the program runs, which is cut there (``thalweg.run.stages``).

    >>> [t.tolist() for t in true_places([[0, 3], [4, 0]])]
    [[0, 1], [1, 0]]
    """
    (x,) = convert_operands([x])
    if x.ndim == 0:
        raise fail(ShapeError, "true_places: x", expected="at least 1 axis", received="a scalar")
    found = _true_places(x)
    return found if isinstance(found, tuple) else (found,)
