"""TensorFlow 1's less common functions of arrays: order, segments, blocks of images, own gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.control import foldl, map_structure
from thalweg.compat.tf1.graph import Tensor, static_int, static_value, value, values, wrap, wrap_all
from thalweg.compat.tf1.rnn import reverse_sequence as reverse_sequence
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import contract, elementwise, linalg, reduce, special
from thalweg.ops import shape as shape_ops
from thalweg.ops import sort as core_sort

# --- order ----------------------------------------------------------------------------------------------------------


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """The elements in order along an axis."""
    made = core_sort.sort(value(values), axis=axis, descending=direction == "DESCENDING")
    return wrap(made, name, "sort", [values])


def argsort(
    values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None
) -> Tensor:
    """The positions of the elements in order."""
    made = core_sort.argsort(value(values), axis=axis, descending=direction == "DESCENDING")
    return wrap(g.cast(made, "int32"), name, "argsort", [values])


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """The elements moved along axes; those that fall off come back at the other end."""
    moves, axes = (static_value(x) for x in (shift, axis))
    if moves is None:
        raise ValueError("tf.roll: shift must be known when the graph is built")
    pair = [int(v) if v.ndim == 0 else tuple(int(i) for i in v) for v in (moves, axes)]
    return wrap(shape_ops.roll(value(input), pair[0], axis=pair[1]), name, "Roll", [input])


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """x, of whose shape more is known."""
    node = math.identity(x, name)
    node.set_shape(shape)
    return node


def identity_n(input: Sequence[Any], name: str | None = None) -> list[Tensor]:
    """The same values as new nodes."""
    return [math.identity(x) for x in input]


def shape_n(input: Sequence[Any], out_type: Any = "int32", name: str | None = None) -> list[Tensor]:
    """The lengths of several tensors."""
    return [math.shape(x, out_type=out_type) for x in input]


def foldr(fn: Callable[..., Any], elems: Any, initializer: Any = None, **options: Any) -> Any:
    """As ``tf.foldl``, from the last element on."""
    return foldl(fn, map_structure(lambda x: math.reverse(x, [0]), elems), initializer, **options)


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Positions in the flat array as index vectors, one a column."""
    lengths, rest, rows = static_value(dims), value(indices), []
    if lengths is None:
        raise ValueError("tf.unravel_index: dims must be known when the graph is built")
    for n in lengths.tolist()[::-1]:
        rows.append(elementwise.remainder(rest, n))
        rest = elementwise.floor_divide(rest, n)
    return wrap(shape_ops.stack(rows[::-1]), name, "UnravelIndex", [indices])


@make_op({}, infer=lambda x, y: (core.Spec((None,), x.dtype), core.Spec((None,), np.dtype(np.int32))))
def _missing(x, y, /):  # type: ignore[no-untyped-def]
    """The elements of x that y has not, and their positions."""
    places = np.flatnonzero(~np.isin(x, y))
    return x[places], places.astype(np.int32)


def setdiff1d(x: Any, y: Any, index_dtype: Any = "int32", name: str | None = None) -> Any:
    """(elements of x that are not in y, their positions)."""
    return tuple(wrap_all(list(_missing(*values(x, y))), name, "ListDiff", [x, y]))


listdiff = setdiff1d


def unique_with_counts(x: Any, out_idx: Any = "int32", name: str | None = None) -> Any:
    """Distinct elements, each element's number among them, and how often each occurs."""
    found, numbers = math.unique(x, out_idx)
    return found, numbers, wrap(_tally(value(numbers)), name, "UniqueWithCounts", [x])


@make_op({}, infer=lambda x: core.Spec((None,), x.dtype))
def _tally(x, /):  # type: ignore[no-untyped-def]
    """How often each number from 0 on occurs."""
    return np.bincount(x).astype(x.dtype)


# --- matrices -------------------------------------------------------------------------------------------------------


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The diagonals from ``num_lower`` below to ``num_upper`` above the main one; -1: all of that side."""
    low, high = static_int(num_lower, "num_lower"), static_int(num_upper, "num_upper")
    t = value(input)
    t = t if low < 0 else shape_ops.triu(t, k=-low)
    t = t if high < 0 else shape_ops.tril(t, k=high)
    return wrap(t, name, "MatrixBandPart", [input])


def matrix_set_diag(input: Any, diagonal: Any, name: str | None = None) -> Tensor:
    """Matrices with another main diagonal."""
    t: Any = value(input)
    new = value(math.matrix_diag(diagonal), t.dtype)
    on: Any = shape_ops.iota_like(t, axis=t.ndim - 2)
    test = elementwise.equal(on, shape_ops.iota_like(t, axis=t.ndim - 1))
    return wrap(elementwise.where(test, new, t), name, "MatrixSetDiag", [input, diagonal])


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """x with ``triangle(matrix) @ x = rhs``."""
    a, b = values(matrix, rhs)
    a = shape_ops.tril(a) if lower else shape_ops.triu(a)
    a = contract.matrix_transpose(a) if adjoint else a
    return wrap(linalg.solve(a, b), name, "MatrixTriangularSolve", [matrix, rhs])


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """x with ``chol @ chol.T @ x = rhs``."""
    return matrix_triangular_solve(chol, matrix_triangular_solve(chol, rhs), adjoint=True, name=name)


def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: float = 0.0, fast: bool = True, name: str | None = None
) -> Tensor:
    """x that makes ``|matrix @ x - rhs|^2 + l2_regularizer |x|^2`` least."""
    a, b = values(matrix, rhs)
    turned: Any = contract.matrix_transpose(a)
    square: Any = contract.matmul(turned, a)
    if l2_regularizer:
        square = square + value(math.matrix_diag(math.ones([a.shape[-1]]))) * l2_regularizer
    return wrap(linalg.solve(square, contract.matmul(turned, b)), name, "MatrixSolveLs", [matrix, rhs])


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Eigenvalues of symmetric matrices."""
    return wrap(linalg.eigvalsh(value(tensor)), name, "SelfAdjointEigvals", [tensor])


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """Cross products of vectors of three."""
    return wrap(linalg.cross(*values(a, b)), name, "Cross", [a, b])


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the beta function over the last axis."""
    t: Any = value(x)
    made = reduce.sum(special.lgamma(t), axis=-1) - special.lgamma(reduce.sum(t, axis=-1))
    return wrap(made, name, "lbeta", [x])


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The a-th derivative of the digamma function."""
    return wrap(special.polygamma(value(x), n=static_int(a, "a")), name, "Polygamma", [x])


# --- segments and parts ---------------------------------------------------------------------------------------------


def _segment_count(segment_ids: Any) -> Any:
    ids = static_value(segment_ids)
    return math.add(math.reduce_max(segment_ids), 1) if ids is None else int(ids.max()) + 1


def concat_v2(values: Sequence[Any], axis: Any, name: str | None = None) -> Tensor:
    """``tf.concat(values, axis)``."""
    return math.concat(values, axis, name)


def py_function(func: Callable[..., Any], inp: Sequence[Any], Tout: Any, name: str | None = None) -> Any:
    """As ``tf.py_func``: the function gets arrays."""
    return math.py_func(func, inp, Tout, name=name)


eager_py_func = py_function
batch_matrix_inverse = math.matrix_inverse
batch_matrix_determinant = math.matrix_determinant
batch_cholesky = math.cholesky


def mirror_pad(tensor: Any, paddings: Any, mode: str, name: str | None = None) -> Tensor:
    """``tf.pad`` by reflection, with the border (``SYMMETRIC``) or without it (``REFLECT``)."""
    return math.pad(tensor, paddings, mode, name)


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Means of rows with equal ids."""
    n = _segment_count(segment_ids)
    counted = math.unsorted_segment_sum(math.ones_like(data), segment_ids, n)
    return math.div(math.unsorted_segment_sum(data, segment_ids, n), math.maximum(counted, 1), name)


def _extreme(kind: str, fold: Any) -> Callable[..., Tensor]:
    """For each segment the extreme of its rows, by a comparison of every row with every segment."""

    def apply(data: Any, segment_ids: Any, num_segments: Any = None, name: str | None = None) -> Tensor:
        t: Any = value(data)
        n = static_int(_segment_count(segment_ids) if num_segments is None else num_segments, "num_segments")
        member = shape_ops.one_hot(value(segment_ids), n, dtype="bool", axis=0)
        member = shape_ops.expand_dims(member, tuple(range(2, 1 + t.ndim))) if t.ndim > 1 else member
        info = np.finfo(t.dtype) if t.dtype.kind == "f" else np.iinfo(t.dtype)
        rest = info.min if fold is reduce.max else info.max
        filler = core.constant(np.asarray(rest, t.dtype))
        made = fold(elementwise.where(member, shape_ops.expand_dims(t, 0), filler), axis=1)
        return wrap(made, name, kind, [data])

    apply.__doc__ = f"{kind}: the extreme of the rows with equal ids."
    return apply


segment_max = unsorted_segment_max = _extreme("SegmentMax", reduce.max)
segment_min = unsorted_segment_min = _extreme("SegmentMin", reduce.min)


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The rows with number 0, with number 1, ..., as many tensors."""
    return [math.boolean_mask(data, math.equal(partitions, k)) for k in range(num_partitions)]


def dynamic_stitch(indices: Sequence[Any], data: Sequence[Any], name: str | None = None) -> Tensor:
    """Rows put back at their numbers."""
    places = math.concat([math.reshape(i, [-1]) for i in indices], 0)
    rows = []
    for i, d in zip(indices, data, strict=True):
        ranks = g.convert_to_tensor(i).shape.ndims, g.convert_to_tensor(d).shape.as_list()
        rows.append(math.reshape(d, [-1, *ranks[1][ranks[0] :]]))
    joined = math.concat(rows, 0)
    order = math.cast(argsort(places), "int32")
    return math.gather(joined, order, name=name)


# --- blocks of images -----------------------------------------------------------------------------------------------


def _lengths(x: Any) -> list[Any]:
    return [-1 if d is None else d for d in g.convert_to_tensor(x).get_shape().as_list()]


def space_to_depth(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Blocks of pixels as channels."""
    n, h, w, c = _lengths(input)
    split = math.reshape(input, [n, h // block_size, block_size, w // block_size, block_size, c])
    turned = math.transpose(split, [0, 1, 3, 2, 4, 5])
    return math.reshape(turned, [n, h // block_size, w // block_size, block_size**2 * c], name)


def depth_to_space(input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC") -> Tensor:
    """Channels as blocks of pixels (sub-pixel convolution)."""
    n, h, w, c = _lengths(input)
    split = math.reshape(input, [n, h, w, block_size, block_size, c // block_size**2])
    turned = math.transpose(split, [0, 1, 3, 2, 4, 5])
    return math.reshape(turned, [n, h * block_size, w * block_size, c // block_size**2], name)


def extract_image_patches(
    images: Any,
    ksizes: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: Any = None,
) -> Tensor:
    """The pixels of each window, row by row, as channels."""
    from thalweg.compat.tf1 import nn

    channels = g.convert_to_tensor(images).get_shape()[-1].value
    height, width = int(ksizes[1]), int(ksizes[2])
    size = height * width * channels
    kernel = np.eye(size, dtype=np.float32).reshape(height, width, channels, size)
    dilations = [int(r) for r in rates or (1, 1, 1, 1)]
    return nn.conv2d(images, kernel, [int(s) for s in strides], padding, dilations=dilations, name=name)


# --- own gradients --------------------------------------------------------------------------------------------------


@make_op(
    {},
    infer=lambda y, *xs, fn: y,
    grad=lambda grad, out, y, *xs, fn: [None, *fn(grad)],
    expand=lambda y, *xs, fn: y,
)
def _differentiated(y, *xs, fn):  # type: ignore[no-untyped-def]
    """y, whose gradients for the xs a function gives."""
    return y


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that returns (result, function of the gradient); the second one differentiates the first."""

    def apply(*args: Any, **options: Any) -> Tensor:
        made, gradient = f(*args, **options)
        inputs = [value(x) for x in args]

        def rule(grad: core.Tensor) -> list[core.Tensor]:
            parts = gradient(wrap(grad, None, "Gradient"))
            return [value(p) for p in (parts if isinstance(parts, (list, tuple)) else [parts])]

        return wrap(_differentiated.build([value(made), *inputs], {"fn": rule}), None, "CustomGradient", args)

    return apply


def NotDifferentiable(op_type: str) -> None:
    """Says that an op has no gradient: the library knows which have none."""


NoGradient = NotDifferentiable


class RegisterGradient:
    """Gives a gradient a name, by which ``Graph.gradient_override_map`` puts it in the place of an op's own."""

    by_name: dict[str, Callable[..., Any]] = {}

    def __init__(self, op_type: str) -> None:
        self.op_type = op_type

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        self.by_name[self.op_type] = fn
        return fn


def overridden(t: core.Tensor, name: str, operation: g.Operation) -> core.Tensor:
    """The result of an operation, with a registered gradient instead of its own."""
    fn = RegisterGradient.by_name[name]

    def rule(grad: core.Tensor) -> list[core.Tensor | None]:
        parts = fn(operation, wrap(grad, None, "Gradient"))
        parts = parts if isinstance(parts, (list, tuple)) else [parts]
        return [None if p is None else value(p) for p in parts]

    return _differentiated.build([t, *(x.t for x in operation.inputs)], {"fn": rule})


@contextmanager
def gradient_override_map(graph: g.Graph, op_type_map: dict[str, str]) -> Iterator[None]:
    """Inside, operations of these types get the registered gradients."""
    saved, graph.overrides = graph.overrides, {**graph.overrides, **op_type_map}
    try:
        yield
    finally:
        graph.overrides = saved


# --- checks ---------------------------------------------------------------------------------------------------------


def verify_tensor_all_finite(t: Any = None, msg: str = "", name: str | None = None, x: Any = None) -> Tensor:
    """The tensor; a run raises where it holds a NaN or an infinity."""
    return math.check_numerics(x if t is None else t, msg, name)


def assert_non_negative(x: Any, data: Any = None, message: str = "", **options: Any) -> g.Operation:
    """An operation that raises unless x >= 0 everywhere."""
    return math.assert_greater_equal(x, 0, data, message=message or "x >= 0 did not hold")


def _rank_check(kind: str, fits: Callable[[int, int], bool], text: str) -> Callable[..., g.Operation]:
    def check(x: Any, rank: Any, data: Any = None, message: str = "", **options: Any) -> g.Operation:
        found, wanted = g.convert_to_tensor(x).shape.ndims, static_int(rank, "rank")
        if found is not None and not fits(found, wanted):
            raise ValueError(
                f"{message} Tensor must have rank {text} {wanted}, received rank {found}".strip()
            )
        return g.Operation(options.get("name"), "NoOp", g.Effect())

    check.__doc__ = (
        f"{kind}: raises while the graph is built unless the rank is {text or 'exactly'} the given one."
    )
    return check


assert_rank = _rank_check("assert_rank", lambda a, b: a == b, "")
assert_rank_at_least = _rank_check("assert_rank_at_least", lambda a, b: a >= b, "at least")


def assert_type(tensor: Any, tf_type: Any, message: str = "", name: str | None = None) -> g.Operation:
    """Raises while the graph is built unless the dtype is the given one."""
    if numpy_dtype(tensor.dtype) != numpy_dtype(tf_type):
        raise TypeError(f"{message} tensor must be of type {tf_type!r}, received {tensor.dtype!r}".strip())
    return g.Operation(name, "NoOp", g.Effect())


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return isinstance(tensor, Tensor) and not isinstance(tensor, g.HostTensor)


def make_ndarray(tensor: Any) -> Any:
    """The value of a constant."""
    return static_value(tensor)
