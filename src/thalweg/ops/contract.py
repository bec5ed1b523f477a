"""Contractions: matrix products of any rank, Einstein sums, and the products written with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg import blas
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.lengths import shorter
from thalweg.graph.lowering import Assemble, Layout, MatrixProduct, View, row_major
from thalweg.graph.op import convert_operands, make_op
from thalweg.graph.tensor import Spec, Tensor, checked_axis, shape_text
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import multiply
from thalweg.ops.families import broadcast_shapes, summed_wide, to_numbers, widened
from thalweg.ops.reduce import sum as sum_

__all__ = [
    "diagonal", "dot", "einsum", "inner", "kron", "matmul", "matrix_transpose", "outer", "tensordot", "vecdot",
]  # fmt: skip

# --- matmul ---------------------------------------------------------------------------------------------------------


def _known(spec: Spec) -> tuple[int | None, ...]:
    if spec.shape is None:
        raise fail(ShapeError, "the rank of an operand is unknown", hint="give the placeholder a shape")
    return spec.shape


def _matmul_infer(x: Spec, y: Spec) -> Spec:
    a, b = _known(x), _known(y)
    if not a or not b:
        raise fail(ShapeError, "an operand is a scalar", expected="at least 1 axis", hint="use x * y")
    inner = (a[-1], b[-2] if len(b) > 1 else b[0])
    if None not in inner and inner[0] != inner[1]:
        raise fail(
            ShapeError,
            "the inner lengths differ",
            expected=f"y.shape[{-2 if len(b) > 1 else 0}] == x.shape[-1] == {inner[0]}",
            received=f"{inner[1]}",
            hint="transpose an operand, or change the layer's size",
        )
    batch = broadcast_shapes(a[:-2], b[:-2])
    assert batch is not None
    return Spec((*batch, *a[-2:-1], *(b[-1:] if len(b) > 1 else ())), x.dtype)


def matrix_transpose(x: Any, /) -> Tensor:
    """The last two axes exchanged.

    >>> matrix_transpose([[1, 2, 3], [4, 5, 6]]).tolist()
    [[1, 4], [2, 5], [3, 6]]
    """
    (x,) = convert_operands([x])
    rank = x.ndim
    if rank < 2:
        raise fail(
            ShapeError, "matrix_transpose: x", expected="at least 2 axes", received=shape_text(x.shape)
        )
    return shape_ops.permute_dims(x, (*range(rank - 2), rank - 1, rank - 2))


def _matmul_gradient(g: Any, z: Any, x: Any, y: Any) -> list[Any]:
    if x.ndim == 1 and y.ndim == 1:
        return [lambda: g * y, lambda: g * x]
    if x.ndim == 1:
        row = shape_ops.expand_dims(g, -2)
        return [
            lambda: _dropped(matmul(row, matrix_transpose(y)), -2),
            lambda: shape_ops.expand_dims(x, 1) * row,
        ]
    if y.ndim == 1:
        column = shape_ops.expand_dims(g, -1)
        return [lambda: column * y, lambda: _dropped(matmul(matrix_transpose(x), column), -1)]
    return [lambda: matmul(g, matrix_transpose(y)), lambda: _right_gradient(g, x, y)]


def _dropped(g: Tensor, axis: int) -> Tensor:
    return sum_(g, axis=axis)


def _right_gradient(g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """One tall product where a matrix met a stack of them, instead of a stack of products that is then summed."""
    columns, inner = g.shape[-1], x.shape[-1]
    if y.ndim == 2 and x.ndim > 2 and columns and inner:
        tall = shape_ops.reshape(x, (-1, inner))
        return matmul(matrix_transpose(tall), shape_ops.reshape(g, (-1, columns)))
    return matmul(matrix_transpose(x), g)


@summed_wide
def _matmul_expand(x: Tensor, y: Tensor) -> Tensor:
    """Vectors as matrices, batch axes broadcast, then the plain batched product; of two vectors a sum."""
    if x.ndim == y.ndim == 1:
        return sum_(x * y)
    z_shape = _matmul_infer(x.specs[0], y.specs[0]).shape
    a = shape_ops.expand_dims(x, 0) if x.ndim == 1 else x
    b = shape_ops.expand_dims(y, 1) if y.ndim == 1 else y
    if a.ndim > 2 and b.ndim == 2:
        rows = math.prod(a.shape[:-1])
        product = matrix_product(shape_ops.reshape(a, (rows, a.shape[-1])), b)
        return shape_ops.reshape(product, z_shape)
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    assert batch is not None
    if a.shape[:-2] != batch:
        a = shape_ops.broadcast_to(a, (*batch, *a.shape[-2:]))
    if b.shape[:-2] != batch:
        b = shape_ops.broadcast_to(b, (*batch, *b.shape[-2:]))
    product = matrix_product(a, b)
    return product if product.shape == z_shape else shape_ops.reshape(product, z_shape)


@make_op({}, infer=_matmul_infer, prepare=to_numbers, grad=_matmul_gradient, expand=_matmul_expand)
def matmul(x, y, /):  # type: ignore[no-untyped-def]
    """Matrix product over the last axis of x and the last but one of y; leading axes broadcast; vectors as in NumPy.

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    """
    return blas.matmul(*widened(x, y)).astype(x.dtype, copy=False)


@make_op({}, infer=_matmul_infer, grad=_matmul_gradient, lower=MatrixProduct())
def matrix_product(x, y, /):  # type: ignore[no-untyped-def]
    """Batched matrix product of tensors with equal batch axes: [..., m, k] x [..., k, n]."""
    return blas.matmul(x, y)


# --- diagonals ------------------------------------------------------------------------------------------------------


def _diagonal_length(m: int | None, n: int | None, offset: int) -> int | None:
    if m is None or n is None:
        return None
    length = shorter(m + min(offset, 0), n - max(offset, 0))
    assert length is not None
    return max(length, 0)


def _diagonal_infer(x: Spec, *, offset: int, axis1: int, axis2: int) -> Spec:
    shape = _known(x)
    rest = tuple(d for k, d in enumerate(shape) if k not in (axis1, axis2))
    return Spec((*rest, _diagonal_length(shape[axis1], shape[axis2], offset)), x.dtype)


def _diagonal_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    rank = tensors[0].ndim
    if rank < 2:
        raise fail(
            ShapeError, "diagonal: x", expected="at least 2 axes", received=shape_text(tensors[0].shape)
        )
    axes = tuple(checked_axis(attrs[a], rank, "diagonal") for a in ("axis1", "axis2"))
    if axes[0] == axes[1]:
        raise fail(ArgumentError, "diagonal: the axes are the same", received=f"axis1=axis2={axes[0]}")
    return tensors, {"offset": int(attrs["offset"]), "axis1": axes[0], "axis2": axes[1]}


def _resolved_diagonal(shape: Sequence[int], offset: int, axis1: int, axis2: int) -> dict[str, Any]:
    """The diagonal in numbers for these lengths."""
    length = _diagonal_length(shape[axis1], shape[axis2], offset)
    return {"offset": offset, "axis1": axis1, "axis2": axis2, "length": length}


def _diagonal_view(layout: Layout, *, offset: int, axis1: int, axis2: int, length: int) -> Layout:
    kept = [k for k in range(len(layout.shape)) if k not in (axis1, axis2)]
    s1, s2 = layout.strides[axis1], layout.strides[axis2]
    start = layout.offset + (max(offset, 0) * s2 - min(offset, 0) * s1 if length else 0)
    shape = (*(layout.shape[k] for k in kept), length)
    return Layout(start, shape, (*(layout.strides[k] for k in kept), s1 + s2))


@make_op(
    {},
    infer=lambda x, *, offset, axis1, axis2, length: Spec(
        (*(d for k, d in enumerate(_known(x)) if k not in (axis1, axis2)), length), x.dtype
    ),
    lower=View(_diagonal_view),
)
def diagonal_at(x, /, offset, axis1, axis2, length):  # type: ignore[no-untyped-def]
    """The compiled form of :func:`diagonal`: its length is known."""
    return np.diagonal(x, offset, axis1, axis2)


def _embedded(g: Tensor, x: Tensor, **attrs: Any) -> Tensor:
    return embed_diagonal(g, x, **attrs)


@make_op(
    {},
    infer=_diagonal_infer,
    prepare=_diagonal_prepare,
    grad=lambda g, y, x, **attrs: [_embedded(g, x, **attrs)],
    expand=lambda x, **attrs: diagonal_at(x, **_resolved_diagonal(x.shape, **attrs)),
)
def diagonal(x, /, offset=0, axis1=-2, axis2=-1):  # type: ignore[no-untyped-def]
    """The elements whose indices on two axes differ by ``offset``, as a new last axis.

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return np.diagonal(x, offset, axis1, axis2)


def _embed_parts(shapes: Any, out_shape: tuple[int, ...], **attrs: Any) -> Any:
    return 0, [(0, _diagonal_view(row_major(out_shape), **attrs))]


@make_op(
    {},
    infer=lambda d, like, **attrs: Spec(like.shape, d.dtype),
    lower=Assemble(_embed_parts),
    shape_only=(1,),
)
def embed_diagonal_at(d, like, /, offset, axis1, axis2, length):  # type: ignore[no-untyped-def]
    """The compiled form of :func:`embed_diagonal`: the diagonal's length is known."""
    attrs = {"offset": offset, "axis1": axis1, "axis2": axis2, "length": length}
    places = _diagonal_view(row_major(like.shape), **attrs)
    result = np.zeros(like.shape, d.dtype)
    strides = tuple(s * d.itemsize for s in places.strides)
    np.lib.stride_tricks.as_strided(result.reshape(-1)[places.offset :], places.shape, strides)[...] = d
    return result


@make_op(
    {},
    infer=lambda d, like, **attrs: Spec(like.shape, d.dtype),
    grad=lambda g, y, d, like, **attrs: [diagonal(g, **attrs), None],
    expand=lambda d, like, **attrs: embed_diagonal_at(d, like, **_resolved_diagonal(like.shape, **attrs)),
    shape_only=(1,),
)
def embed_diagonal(d, like, /, offset, axis1, axis2):  # type: ignore[no-untyped-def]
    """Zeros of the shape of ``like`` with ``d`` on a diagonal: the transpose of :func:`diagonal`."""
    return embed_diagonal_at.meaning(d, like, **_resolved_diagonal(like.shape, offset, axis1, axis2))


# --- einsum ---------------------------------------------------------------------------------------------------------

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """One string of letters per operand, and the output's; an ellipsis becomes letters that the text does not use."""
    text = "".join(subscripts.split())
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(ranks):
        raise _bad(subscripts, f"{len(ranks)} operands", f"{len(terms)} terms")
    spare = [c for c in _LETTERS if c not in text]
    widths = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks)]
    dots = max([w for w, term in zip(widths, terms) if "..." in term], default=0)
    broadcast = "".join(spare[:dots])
    terms = [_fill(subscripts, t, w, broadcast) for t, w in zip(terms, widths)]
    if arrow:
        out = right.replace("...", broadcast)
    else:
        letters = "".join(t.replace("...", "") for t in left.split(","))
        out = broadcast + "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    unknown = [c for c in out if c not in "".join(terms)]
    if unknown or len(set(out)) != len(out):
        raise _bad(subscripts, "output letters that stand in an input, each once", repr(right))
    return terms, out


def _fill(subscripts: str, term: str, width: int, broadcast: str) -> str:
    if width < 0 or (width and "..." not in term):
        raise _bad(subscripts, "one letter per axis of the operand", f"{term!r} for {width + len(term)} axes")
    filled = term.replace("...", broadcast[len(broadcast) - width :], 1)
    if not all(c in _LETTERS for c in filled):
        raise _bad(subscripts, "letters, commas, '...' and '->'", repr(term))
    return filled


def _bad(subscripts: str, expected: str, received: str) -> Exception:
    return fail(ArgumentError, f"einsum: subscripts {subscripts!r}", expected=expected, received=received)


def _lengths(terms: Sequence[str], specs: Sequence[Spec], equal: str = "") -> dict[str, int | None]:
    """The length of each letter; 1 gives way, as in broadcasting, but for the letters that must be ``equal``."""
    lengths: dict[str, int | None] = {}
    for term, spec in zip(terms, specs):
        for letter, length in zip(term, _known(spec)):
            held = lengths.get(letter, 1)
            if letter in equal and letter in lengths and None not in (held, length) and held != length:
                raise fail(
                    ShapeError, "the lengths of the axes that are summed differ", expected="equal lengths",
                    received=f"{held} and {length}",
                )  # fmt: skip
            if held in (1, None):
                lengths[letter] = length if held == 1 or length not in (None, 1) else None
            elif length not in (held, 1, None):
                raise fail(
                    ShapeError,
                    f"the axes named {letter!r} have different lengths",
                    expected="equal lengths, or 1",
                    received=f"{held} and {length}",
                )
    return lengths


def _einsum_prepare(tensors: Any, attrs: dict[str, Any]) -> Any:
    tensors, attrs = to_numbers(tensors, attrs)
    terms, out = _parse(attrs["subscripts"], [t.ndim for t in tensors])
    return tensors, {"subscripts": ",".join(terms) + "->" + out, "equal": attrs["equal"]}


def _terms(subscripts: str) -> tuple[list[str], str]:
    left, _, out = subscripts.partition("->")
    return left.split(","), out


def _einsum_infer(*specs: Spec, subscripts: str, equal: str) -> Spec:
    terms, out = _terms(subscripts)
    lengths = _lengths(terms, specs, equal)
    return Spec(tuple(lengths[c] for c in out), specs[0].dtype)


def _einsum_gradient(g: Tensor, y: Tensor, *operands: Tensor, subscripts: str, equal: str) -> list[Any]:
    """The einsum of the output's gradient with the other operands; for letters of one operand alone, broadcast."""
    terms, out = _terms(subscripts)
    return [lambda k=k: _operand_gradient(g, operands, terms, out, k) for k in range(len(operands))]


def _operand_gradient(g: Tensor, operands: Sequence[Tensor], terms: list[str], out: str, k: int) -> Tensor:
    others = [j for j in range(len(operands)) if j != k]
    target = "".join(dict.fromkeys(terms[k]))  # without repeats
    reached = set(out).union(*(terms[j] for j in others))
    kept = "".join(c for c in target if c in reached)
    inputs = ",".join([out, *(terms[j] for j in others)])
    part = einsum_op(g, *[operands[j] for j in others], subscripts=f"{inputs}->{kept}")
    missing = tuple(i for i, c in enumerate(target) if c not in kept)
    if missing:
        part = shape_ops.expand_dims(part, missing)
    return _undiagonal(part, operands[k], terms[k])


def _diagonal_pairs(term: str) -> list[tuple[int, int, str]]:
    """The axes to merge one after the other until no letter repeats, and the term after each merge."""
    steps = []
    while len(set(term)) < len(term):
        first = next(i for i, c in enumerate(term) if c in term[i + 1 :])
        second = term.index(term[first], first + 1)
        letter = term[first]
        term = "".join(c for i, c in enumerate(term) if i not in (first, second)) + letter
        steps.append((first, second, term))
    return steps


def _undiagonal(part: Any, x: Tensor, term: str) -> Tensor:
    """The gradient of taking diagonals: back on the diagonals of the operand, zero beside them."""
    steps = _diagonal_pairs(term)
    if not steps:
        # A product, not broadcast_like: an axis of length 1 in x may be longer in part, which the walk then sums.
        same = part.shape == x.shape and None not in x.shape
        return part if same else part * shape_ops.full_like(x, 1)
    stages = [x]
    for first, second, _ in steps:
        stages.append(diagonal(stages[-1], axis1=first, axis2=second))
    unique, last = "".join(dict.fromkeys(term)), steps[-1][2]
    part = shape_ops.permute_dims(part, tuple(unique.index(c) for c in last))
    part = shape_ops.sum_like(part * shape_ops.full_like(stages[-1], 1), stages[-1])
    for (first, second, _), before in zip(reversed(steps), reversed(stages[:-1])):
        part = embed_diagonal(part, before, offset=0, axis1=first, axis2=second)
    return part


def _einsum_expand(*operands: Tensor, subscripts: str, equal: str) -> Tensor:
    """Diagonals, then sums of letters that one operand alone has, then products pair by pair."""
    terms, out = _terms(subscripts)
    lengths = _lengths(terms, [t.specs[0] for t in operands])
    work = []
    for k, (x, term) in enumerate(zip(operands, terms)):
        for first, second, after in _diagonal_pairs(term):
            x, term = diagonal(x, axis1=first, axis2=second), after
        work.append(_sum_alone(x, term, set(out).union(*terms[:k], *terms[k + 1 :])))
    while len(work) > 1:
        (x, a), (y, b), rest = work[0], work[1], work[2:]
        needed = set(out).union(*(t for _, t in rest))
        work = [_pair(x, a, y, b, needed, lengths), *rest]
    return _arranged(*work[0], out, lengths)


def _sum_alone(x: Tensor, term: str, needed: set[str]) -> tuple[Tensor, str]:
    axes = tuple(i for i, c in enumerate(term) if c not in needed)
    return (sum_(x, axis=axes), "".join(c for c in term if c in needed)) if axes else (x, term)


def _arranged(x: Tensor, term: str, out: str, lengths: dict[str, Any]) -> Tensor:
    """The axes in the order of ``out``; a letter that only had length 1 here is stretched."""
    if term != out:
        x = shape_ops.permute_dims(x, tuple(term.index(c) for c in out))
    shape = tuple(lengths[c] for c in out)
    return x if x.shape == shape else shape_ops.broadcast_to(x, shape)


def _pair(
    x: Tensor, a: str, y: Tensor, b: str, needed: set[str], lengths: dict[str, Any]
) -> tuple[Tensor, str]:
    """Two operands as one batched matrix product: batch letters, free letters of each, contracted letters."""
    x, a = _squeezed(x, a, b, lengths)
    y, b = _squeezed(y, b, a, lengths)
    x, a = _sum_alone(x, a, needed | set(b))
    y, b = _sum_alone(y, b, needed | set(a))
    both = [c for c in a if c in b]
    batch, inner = [c for c in both if c in needed], [c for c in both if c not in needed]
    rows, columns = [c for c in a if c not in b], [c for c in b if c not in a]
    term = "".join(batch + rows + columns)
    if not inner:
        return multiply(_spread(x, a, term), _spread(y, b, term)), term
    left = _grouped(x, a, (batch, rows, inner), lengths)
    right = _grouped(y, b, (batch, inner, columns), lengths)
    return shape_ops.reshape(matmul(left, right), tuple(lengths[c] for c in term)), term


def _squeezed(x: Tensor, term: str, other: str, lengths: dict[str, Any]) -> tuple[Tensor, str]:
    """Without axes of length 1 that the other operand has longer: they broadcast by being absent."""
    axes = tuple(i for i, c in enumerate(term) if x.shape[i] == 1 and lengths[c] != 1)
    if not axes:
        return x, term
    kept = [i for i in range(len(term)) if i not in axes]
    return shape_ops.reshape(x, tuple(x.shape[i] for i in kept)), "".join(term[i] for i in kept)


def _spread(x: Tensor, term: str, target: str) -> Tensor:
    """Axes in the order of ``target``, of length 1 where the letter is absent."""
    order = [c for c in target if c in term]
    x = shape_ops.permute_dims(x, tuple(term.index(c) for c in order))
    absent = tuple(i for i, c in enumerate(target) if c not in term)
    return shape_ops.expand_dims(x, absent) if absent else x


def _grouped(x: Tensor, term: str, groups: Sequence[list[str]], lengths: dict[str, Any]) -> Tensor:
    order = [c for group in groups for c in group]
    if "".join(order) != term:
        x = shape_ops.permute_dims(x, tuple(term.index(c) for c in order))
    shape = tuple(math.prod(lengths[c] for c in group) for group in groups)
    return x if x.shape == shape else shape_ops.reshape(x, shape)


@make_op(
    {},
    name="einsum",
    infer=_einsum_infer,
    prepare=_einsum_prepare,
    grad=_einsum_gradient,
    expand=_einsum_expand,
)
def einsum_op(*operands, subscripts, equal=""):  # type: ignore[no-untyped-def]
    """Sums of products over named axes; see :func:`einsum`. Of those that must be ``equal`` no length is broadcast."""
    made = blas.einsum(subscripts, *operands) if len(operands) > 1 else np.einsum(subscripts, *operands)
    return np.asarray(made)


def einsum(subscripts: str, /, *operands: Any) -> Tensor:
    """Sums of products over named axes, in Einstein's notation.

    ``subscripts`` has a letter per axis of each operand and, after ``->``, those of the result; letters that are not in
    the result are summed. ``...`` stands for leading axes that broadcast; a letter twice in a term takes the diagonal;
    without ``->`` the result has the letters that occur once, in alphabetical order.

    >>> einsum("ij,jk->ik", [[1.0, 2.0]], [[3.0], [4.0]]).tolist()
    [[11.0]]
    >>> einsum("ii", [[1, 2], [3, 4]]).tolist()
    5
    """
    if not isinstance(subscripts, str) or not operands:
        raise fail(
            ArgumentError, "einsum", expected="a string, then at least one operand", received=repr(subscripts)
        )
    return einsum_op(*operands, subscripts=subscripts)


# --- products written with einsum -----------------------------------------------------------------------------------


def _pair_of_axes(axes: Any, x: Tensor, y: Tensor) -> tuple[list[int], list[int]]:
    if isinstance(axes, (int, np.integer)):
        if not 0 <= axes <= min(x.ndim, y.ndim):
            raise fail(
                ArgumentError, "tensordot: axes", expected=f"0 to {min(x.ndim, y.ndim)}", received=axes
            )
        return list(range(x.ndim - axes, x.ndim)), list(range(axes))
    left, right = ([a] if isinstance(a, (int, np.integer)) else list(a) for a in axes)
    if len(left) != len(right):
        raise fail(ArgumentError, "tensordot: axes", expected="as many axes of x as of y", received=str(axes))
    places = ((left, x.ndim), (right, y.ndim))
    first, second = ([checked_axis(int(a), rank, "tensordot") for a in side] for side, rank in places)
    return first, second


def tensordot(x: Any, y: Any, /, *, axes: Any = 2) -> Tensor:
    """Sum of products over pairs of axes: ``axes`` last of x with as many first of y, or ``(axes of x, axes of y)``.

    The result has the remaining axes of x, then those of y.

    >>> tensordot([[1.0, 2.0]], [[3.0], [4.0]], axes=1).tolist()
    [[11.0]]
    """
    x, y = convert_operands([x, y])
    left, right = _pair_of_axes(axes, x, y)
    for i, j in zip(left, right):
        if None not in (x.shape[i], y.shape[j]) and x.shape[i] != y.shape[j]:
            raise fail(
                ShapeError, f"tensordot: axis {i} of x and axis {j} of y", expected="equal lengths",
                received=f"{x.shape[i]} and {y.shape[j]}",
            )  # fmt: skip
    a = _LETTERS[: x.ndim]
    b = [_LETTERS[x.ndim + j] for j in range(y.ndim)]
    for i, j in zip(left, right):
        b[j] = a[i]
    out = [c for c in a if c not in b] + [c for c in b if c not in a]
    equal = "".join(a[i] for i in left)
    return einsum_op(x, y, subscripts=f"{a},{''.join(b)}->{''.join(out)}", equal=equal)


def vecdot(x: Any, y: Any, /, *, axis: int = -1) -> Tensor:
    """Sum of products of two tensors over one axis; the other axes broadcast.

    >>> vecdot([[1.0, 2.0], [3.0, 4.0]], [1.0, 1.0]).tolist()
    [3.0, 7.0]
    """
    x, y = convert_operands([x, y])
    rank = min(x.ndim, y.ndim)
    if not -rank <= axis < 0 and x.ndim != y.ndim:
        raise fail(ArgumentError, "vecdot: axis", expected=f"{-rank} <= axis < 0", received=axis)
    axis = checked_axis(axis, rank, "vecdot") - rank
    if None not in (x.shape[axis], y.shape[axis]) and x.shape[axis] != y.shape[axis]:
        raise fail(
            ShapeError, "vecdot: the lengths of the axis differ", expected="equal",
            received=f"{x.shape[axis]} and {y.shape[axis]}",
        )  # fmt: skip
    letters = _LETTERS[1:-axis]
    return einsum_op(x, y, subscripts=f"...a{letters},...a{letters}->...{letters}", equal="a")


def outer(x: Any, y: Any, /) -> Tensor:
    """All products of the elements of two vectors: [m] and [n] to [m, n].

    >>> outer([1, 2], [3, 4]).tolist()
    [[3, 4], [6, 8]]
    """
    x, y = convert_operands([x, y])
    if x.ndim != 1 or y.ndim != 1:
        raise fail(ShapeError, "outer", expected="two vectors", received=f"{x.specs[0]} and {y.specs[0]}")
    return multiply(shape_ops.expand_dims(x, 1), y)


def inner(x: Any, y: Any, /) -> Tensor:
    """Sum of products over the last axes, as ``numpy.inner``: [..., k] and [..., k].

    >>> inner([1, 2], [3, 4]).tolist()
    11
    """
    x, y = convert_operands([x, y])
    return multiply(x, y) if 0 in (x.ndim, y.ndim) else tensordot(x, y, axes=(-1, -1))


def dot(x: Any, y: Any, /) -> Tensor:
    """As ``numpy.dot``: the last axis of x with the last but one of y (or its only one); scalars multiply.

    >>> dot([[1, 2]], [3, 4]).tolist()
    [11]
    """
    x, y = convert_operands([x, y])
    if 0 in (x.ndim, y.ndim):
        return multiply(x, y)
    if x.ndim <= 2 and y.ndim <= 2:
        return matmul(x, y)
    return tensordot(x, y, axes=(-1, -2 if y.ndim > 1 else -1))


def _kron_infer(x: Spec, y: Spec) -> Spec:
    a, b = _known(x), _known(y)
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    return Spec(tuple(None if i is None or j is None else i * j for i, j in zip(a, b)), x.dtype)


def _kron_gradient(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> list[Any]:
    return [lambda: _kron_side(g, x, y, 0), lambda: _kron_side(g, x, y, 1)]


def _kron_side(g: Tensor, x: Tensor, y: Tensor, side: int) -> Tensor:
    """The gradient as [x0, y0, x1, y1, ...], times one operand, summed over that operand's axes."""
    pairs = shape_ops.reshape_like(g, _kron_pairs(x, y))
    rank = max(x.ndim, y.ndim)
    other = _interleaved((y, x)[side], rank, 1 - side)
    total = sum_(pairs * other, axis=tuple(range(1 - side, 2 * rank, 2)))
    return shape_ops.reshape_like(total, (x, y)[side])


def _interleaved(x: Tensor, rank: int, first: int) -> Tensor:
    """Axes of length 1 before (or after) each axis, so that two operands' axes alternate."""
    if x.ndim < rank:
        x = shape_ops.expand_dims(x, tuple(range(rank - x.ndim)))
    return shape_ops.expand_dims(x, tuple(range(1 - first, 2 * rank, 2))) if rank else x


def _kron_pairs(x: Tensor, y: Tensor) -> Tensor:
    rank = max(x.ndim, y.ndim)
    return multiply(_interleaved(x, rank, 0), _interleaved(y, rank, 1))


@make_op(
    {},
    infer=_kron_infer,
    prepare=to_numbers,
    grad=_kron_gradient,
    expand=lambda x, y: shape_ops.reshape(_kron_pairs(x, y), _kron_infer(x.specs[0], y.specs[0]).shape),
)
def kron(x, y, /):  # type: ignore[no-untyped-def]
    """Kronecker product: each element of x times all of y, as blocks.

    >>> kron([[1, 2]], [[1], [3]]).tolist()
    [[1, 2], [3, 6]]
    """
    return np.kron(x, y)
