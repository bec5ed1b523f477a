"""TensorFlow 1's arithmetic, reductions and array functions, with the argument orders of all its versions."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes, optimizers
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, static_int, static_value, value, values, wrap, wrap_all
from thalweg.compat.tf1.shapes import Length, dims_of, filled
from thalweg.compat.tf1.shapes import reshape as reshape
from thalweg.compat.tf1.shapes import shape as shape
from thalweg.compat.tf1.shapes import size as g_size
from thalweg.compat.tf1.types import TensorShape, as_dtype, numpy_dtype
from thalweg.gradient import gradients as core_gradients
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import activation, contract, elementwise, index, linalg, logic, reduce, sort, special
from thalweg.ops import shape as shape_ops
from thalweg.ops.elementwise import astype
from thalweg.ops.state import identity as core_identity
from thalweg.ops.state import stop_gradient as core_stop

Axis = Any


# --- elementwise ----------------------------------------------------------------------------------------------------


def _unary(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def apply(x: Any, name: str | None = None) -> Tensor:
        return wrap(fn(value(x)), name, kind, [x])

    apply.__name__, apply.__doc__ = kind, f"{kind} of each element."
    return apply


def _binary(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def apply(x: Any, y: Any, name: str | None = None) -> Tensor:
        return wrap(fn(*values(x, y)), name, kind, [x, y], static=_lengths_of(fn, x, y))

    apply.__name__, apply.__doc__ = kind, f"{kind} of the elements of two tensors."
    return apply


def _lengths_of(fn: Callable[..., Any], x: Any, y: Any) -> Any:
    """The value of arithmetic of known whole numbers: lengths stay known."""
    if not any(isinstance(t, Tensor) and t.static is not None and t.dtype.is_integer for t in (x, y)):
        return None
    parts = [static_value(t) if isinstance(t, (Tensor, int, np.integer)) else None for t in (x, y)]
    if any(p is None or p.size > 8 for p in parts):
        return None
    return fn(*(core.constant(np.asarray(p, np.int64)) for p in parts)).value


def _divided(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """True division; integers as float64."""
    if dtypes.is_integer(x.dtype) and dtypes.is_integer(y.dtype):
        x, y = astype(x, "float64"), astype(y, "float64")
    return elementwise.divide(x, y)


def _python2_divided(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """Floor division of integers, true division of floats: ``tf.div``."""
    both = dtypes.is_integer(x.dtype) and dtypes.is_integer(y.dtype)
    return elementwise.floor_divide(x, y) if both else elementwise.divide(x, y)


def _truncated_division(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    """Division of integers towards zero."""
    made = elementwise.divide(astype(x, "float64"), astype(y, "float64"))
    return astype(made, x.dtype)


def _truncated_mod(x: core.Tensor, y: core.Tensor) -> core.Tensor:
    return elementwise.fmod(x, y)


abs = _unary("Abs", elementwise.abs)
exp = _unary("Exp", elementwise.exp)
expm1 = _unary("Expm1", elementwise.expm1)
log = _unary("Log", elementwise.log)
log1p = _unary("Log1p", elementwise.log1p)
sqrt = _unary("Sqrt", elementwise.sqrt)
rsqrt = _unary("Rsqrt", elementwise.rsqrt)
square = _unary("Square", elementwise.square)
negative = neg = _unary("Neg", elementwise.negative)
sign = _unary("Sign", elementwise.sign)
reciprocal = inv = _unary("Reciprocal", elementwise.reciprocal)
floor = _unary("Floor", elementwise.floor)
ceil = _unary("Ceil", elementwise.ceil)
round = _unary("Round", elementwise.round)
rint = _unary("Rint", elementwise.round)
sin, cos, tan = (_unary(n.title(), getattr(elementwise, n)) for n in ("sin", "cos", "tan"))
asin, acos, atan = (_unary(n.title(), getattr(elementwise, n)) for n in ("asin", "acos", "atan"))
sinh, cosh, tanh = (_unary(n.title(), getattr(elementwise, n)) for n in ("sinh", "cosh", "tanh"))
asinh, acosh, atanh = (_unary(n.title(), getattr(elementwise, n)) for n in ("asinh", "acosh", "atanh"))
sigmoid = _unary("Sigmoid", activation.sigmoid)
log_sigmoid = _unary("LogSigmoid", activation.log_sigmoid)
erf, erfc, lgamma, digamma = (
    _unary(n.title(), getattr(special, n)) for n in ("erf", "erfc", "lgamma", "digamma")
)
is_nan = _unary("IsNan", logic.isnan)
is_inf = _unary("IsInf", logic.isinf)
is_finite = _unary("IsFinite", logic.isfinite)
logical_not = _unary("LogicalNot", logic.logical_not)

add = _binary("Add", elementwise.add)
subtract = sub = _binary("Sub", elementwise.subtract)
multiply = mul = _binary("Mul", elementwise.multiply)
divide = truediv = realdiv = _binary("RealDiv", _divided)
div = _binary("Div", _python2_divided)
div_no_nan = _binary("DivNoNan", special.divide_no_nan)
truncatediv = _binary("TruncateDiv", _truncated_division)
floordiv = floor_div = _binary("FloorDiv", elementwise.floor_divide)
mod = floormod = _binary("FloorMod", elementwise.remainder)
truncatemod = _binary("TruncateMod", _truncated_mod)
maximum = _binary("Maximum", elementwise.maximum)
minimum = _binary("Minimum", elementwise.minimum)
pow = _binary("Pow", elementwise.pow)
atan2 = _binary("Atan2", elementwise.atan2)
equal = _binary("Equal", elementwise.equal)
not_equal = _binary("NotEqual", elementwise.not_equal)
less = _binary("Less", elementwise.less)
less_equal = _binary("LessEqual", elementwise.less_equal)
greater = _binary("Greater", elementwise.greater)
greater_equal = _binary("GreaterEqual", elementwise.greater_equal)
logical_and = _binary("LogicalAnd", logic.logical_and)
logical_or = _binary("LogicalOr", logic.logical_or)
logical_xor = _binary("LogicalXor", logic.logical_xor)
squared_difference = _binary("SquaredDifference", special.squared_difference)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Tensor:
    """A number times a tensor."""
    return multiply(scalar, x, name)


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """In another dtype; floats are cut towards zero for integers."""
    return wrap(
        g.cast(value(x), dtype),
        name,
        "Cast",
        [x],
        static=_cast_static(x, dtype),
        dims=getattr(x, "dims", None),
    )


def _cast_static(x: Any, dtype: Any) -> Any:
    found = getattr(x, "static", None)
    return None if found is None else np.asarray(found).astype(numpy_dtype(dtype))


def _caster(dtype: str) -> Callable[..., Tensor]:
    def apply(x: Any, name: str | None = None) -> Tensor:
        return cast(x, dtype, name)

    apply.__doc__ = f"As {dtype}."
    return apply


to_float, to_double, to_int32, to_int64 = map(_caster, ("float32", "float64", "int32", "int64"))
saturate_cast = cast


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """Elements kept within limits."""
    return wrap(
        optimizers.clip_by_value(*values(t, clip_value_min, clip_value_max)), name, "clip_by_value", [t]
    )


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """Of L2 norm ``clip_norm`` at most."""
    x, limit = values(t, clip_norm)
    return wrap(optimizers.clip_by_norm(x, limit, _axes(axes)), name, "clip_by_norm", [t])


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """Of L2 norm per element ``clip_norm`` at most."""
    count = cast(g_size(t), t.dtype)
    return clip_by_norm(t, clip_norm * count, None, name)


def clip_by_global_norm(
    t_list: Sequence[Any], clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> Any:
    """All tensors scaled so that their common norm is ``clip_norm`` at most; and the norm before."""
    parts = [None if t is None else value(t) for t in t_list]
    given = next(t for t in parts if t is not None)
    norm = None if use_norm is None else value(use_norm)
    clipped, norm = optimizers.clip_by_global_norm(parts, value(clip_norm, given.dtype), norm)
    made = [None if t is None else wrap(t, name, "clip_by_global_norm") for t in clipped]
    return made, wrap(norm, name, "global_norm")


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Tensor:
    """The root of the sum of all squares."""
    return wrap(optimizers.global_norm([value(t) for t in t_list if t is not None]), name, "global_norm")


def add_n(inputs: Sequence[Any], name: str | None = None) -> Tensor:
    """The sum of tensors of one shape."""
    total: Any = value(inputs[0])
    for part in inputs[1:]:
        total = total + value(part)
    return wrap(total, name, "AddN", inputs)


def accumulate_n(
    inputs: Sequence[Any], shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of tensors of one shape."""
    return add_n(inputs, name)


# --- reductions -----------------------------------------------------------------------------------------------------


def _axes(axis: Any) -> Any:
    """Axes as an int, a tuple or None."""
    if axis is None:
        return None
    found = static_value(axis)
    if found is None:
        raise ValueError(f"the axis must be known when the graph is built, received {axis!r}")
    return int(found) if found.ndim == 0 else tuple(int(a) for a in found)


def _integer_mean(x: core.Tensor, **options: Any) -> core.Tensor:
    made = reduce.mean(x, **options)
    return astype(made, x.dtype) if dtypes.is_integer(x.dtype) else made


def _kept_sum(x: core.Tensor, **options: Any) -> core.Tensor:
    return reduce.sum(x, **options, dtype=x.dtype)


def _kept_prod(x: core.Tensor, **options: Any) -> core.Tensor:
    return reduce.prod(x, **options, dtype=x.dtype)


def _reduction(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def apply(
        input_tensor: Any,
        axis: Axis = None,
        keepdims: Any = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Tensor:
        over = _axes(reduction_indices if axis is None else axis)
        made = fn(value(input_tensor), axis=over, keepdims=bool(keepdims or keep_dims))
        return wrap(made, name, kind, [input_tensor])

    apply.__doc__ = f"{kind} over ``axis`` (all axes by default)."
    return apply


reduce_sum = _reduction("Sum", _kept_sum)
reduce_mean = _reduction("Mean", _integer_mean)
reduce_prod = _reduction("Prod", _kept_prod)
reduce_max = _reduction("Max", reduce.max)
reduce_min = _reduction("Min", reduce.min)
reduce_all = _reduction("All", reduce.all)
reduce_any = _reduction("Any", reduce.any)
reduce_logsumexp = _reduction("ReduceLogSumExp", reduce.logsumexp)
reduce_euclidean_norm = _reduction("EuclideanNorm", reduce.norm)
reduce_variance = _reduction("Variance", reduce.var)
reduce_std = _reduction("Std", reduce.std)
count_nonzero = _reduction("CountNonzero", reduce.count_nonzero)


def _arg(kind: str, fn: Callable[..., Any]) -> Callable[..., Tensor]:
    def apply(
        input: Any,
        axis: Any = None,
        name: str | None = None,
        dimension: Any = None,
        output_type: Any = "int64",
    ) -> Tensor:
        over = dimension if axis is None else axis
        made = fn(value(input), axis=0 if over is None else static_int(over, "axis"))
        return wrap(g.cast(made, output_type), name, kind, [input])

    apply.__doc__ = f"{kind}: the index of the extreme element along ``axis`` (0 by default)."
    return apply


argmax = arg_max = _arg("ArgMax", reduce.argmax)
argmin = arg_min = _arg("ArgMin", reduce.argmin)


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Running sums."""
    made = reduce.cumulative_sum(
        value(x), axis=static_int(axis, "axis"), exclusive=exclusive, reverse=reverse
    )
    return wrap(made, name, "Cumsum", [x])


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """Running products."""
    made = reduce.cumulative_prod(
        value(x), axis=static_int(axis, "axis"), exclusive=exclusive, reverse=reverse
    )
    return wrap(made, name, "Cumprod", [x])


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Tensor:
    """Vector norms (over one axis or all), matrix norms (over two)."""
    over, keep = _axes(axis), bool(keepdims or keep_dims)
    if ord in ("euclidean", 2) and not isinstance(over, tuple):
        return wrap(reduce.norm(value(tensor), axis=over, keepdims=keep), name, "norm", [tensor])
    kind = "fro" if ord == "euclidean" else ord
    return wrap(linalg.norm(value(tensor), kind, over, keep), name, "norm", [tensor])


# --- matrices -------------------------------------------------------------------------------------------------------


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product, of matrices or of stacks of them; either may be transposed."""
    x, y = values(a, b)
    x = contract.matrix_transpose(x) if transpose_a or adjoint_a else x
    y = contract.matrix_transpose(y) if transpose_b or adjoint_b else y
    for t, which in ((x, a), (y, b)):
        if t.shape is not None and len(t.shape) < 2:
            raise ValueError(
                f"Shape must be rank 2 but is rank {len(t.shape)} for 'MatMul', received {which}"
            )
    return wrap(contract.matmul(x, y), name, "MatMul", [a, b])


def batch_matmul(x: Any, y: Any, adj_x: bool = False, adj_y: bool = False, name: str | None = None) -> Tensor:
    """The product of stacks of matrices."""
    return matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """Sums of products over pairs of axes."""
    pairs = (
        axes
        if isinstance(axes, int)
        else tuple((int(p),) if isinstance(p, (int, np.integer)) else tuple(int(i) for i in p) for p in axes)
    )
    return wrap(contract.tensordot(*values(a, b), axes=pairs), name, "Tensordot", [a, b])


def einsum(equation: str, *inputs: Any, name: str | None = None) -> Tensor:
    """Sums of products over named axes."""
    return wrap(contract.einsum(equation, *[value(x) for x in inputs]), name, "Einsum", inputs)


matrix_inverse = _unary("MatrixInverse", linalg.inv)
matrix_determinant = _unary("MatrixDeterminant", linalg.det)
cholesky = _unary("Cholesky", linalg.cholesky)
matrix_diag_part = _unary("MatrixDiagPart", contract.diagonal)
diag_part = _unary("DiagPart", contract.diagonal)
trace = _unary("Trace", shape_ops.trace)
diag = _unary("Diag", shape_ops.diag)


def matrix_transpose(a: Any, name: str | None = None) -> Tensor:
    """The last two axes exchanged."""
    return wrap(contract.matrix_transpose(value(a)), name, "matrix_transpose", [a])


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """x with ``matrix @ x = rhs``."""
    a, b = values(matrix, rhs)
    return wrap(
        linalg.solve(contract.matrix_transpose(a) if adjoint else a, b), name, "MatrixSolve", [matrix, rhs]
    )


def matrix_diag(diagonal: Any, name: str | None = None) -> Tensor:
    """Matrices with the given diagonals."""
    d: Any = value(diagonal)
    n = d.shape[-1]
    from thalweg.ops.create import eye as core_eye

    return wrap(shape_ops.expand_dims(d, -1) * core_eye(n, dtype=d.dtype), name, "MatrixDiag", [diagonal])  # type: ignore[operator]


def self_adjoint_eig(tensor: Any, name: str | None = None) -> Any:
    """Eigenvalues and eigenvectors of symmetric matrices."""
    return wrap_all(list(linalg.eigh(value(tensor))), name, "SelfAdjointEig", [tensor])


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """Singular values, and left and right singular vectors as columns."""
    if not compute_uv:
        return wrap(linalg.svdvals(value(tensor)), name, "Svd", [tensor])
    u, s, vt = linalg.svd(value(tensor), full_matrices=full_matrices)
    return tuple(wrap_all([s, u, contract.matrix_transpose(vt)], name, "Svd", [tensor]))


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> Any:
    """Q and R."""
    return tuple(
        wrap_all(
            list(linalg.qr(value(input), mode="complete" if full_matrices else "reduced")),
            name,
            "Qr",
            [input],
        )
    )


# --- making tensors -------------------------------------------------------------------------------------------------


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """Zeros."""
    return _filled(shape, 0, dtype, name, "zeros")


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Tensor:
    """Ones."""
    return _filled(shape, 1, dtype, name, "ones")


def _filled(shape: Any, number: float, dtype: Any, name: str | None, kind: str) -> Tensor:
    dims = dims_of(shape)
    if dims is not None and all(isinstance(d, int) for d in dims):
        return g.constant(np.full(dims, number, numpy_dtype(dtype)), name=name or kind)
    return wrap(filled(shape, number, dtype), name, kind)


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """One number in every place."""
    number = g.value(value)
    return wrap(filled(dims, number, number.dtype), name, "Fill")


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Zeros in the shape of a tensor."""
    t = value(tensor)
    return wrap(
        shape_ops.full_like(t, 0, dtype=numpy_dtype(dtype) if dtype else t.dtype),
        name,
        "zeros_like",
        [tensor],
    )


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Ones in the shape of a tensor."""
    t = value(tensor)
    return wrap(
        shape_ops.full_like(t, 1, dtype=numpy_dtype(dtype) if dtype else t.dtype), name, "ones_like", [tensor]
    )


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = "float32",
    name: str | None = None,
) -> Tensor:
    """The identity matrix."""
    return g.constant(
        np.eye(int(num_rows), num_columns and int(num_columns), dtype=numpy_dtype(dtype)), name=name or "eye"
    )


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = "range"
) -> Tensor:
    """start, start + delta, ... below ``limit``; ``range(n)`` counts from 0."""
    if limit is None:
        start, limit = 0, start
    known = [static_value(x) for x in (start, limit, delta)]
    if all(x is not None for x in known):
        made = np.arange(*[x.item() for x in known if x is not None])
        kind = dtype or ("float32" if made.dtype.kind == "f" else "int32")
        return g.constant(made.astype(numpy_dtype(kind)), name=name or "range")
    if isinstance(getattr(limit, "dims", None), Length) and known[0] is not None and known[2] is not None:
        length = limit.dims
        counted = shape_ops.iota_like(length.of, axis=length.axis, dtype=numpy_dtype(dtype or "int32"))
        counted = shape_ops.reshape(counted, (-1,))
        if known[0] == 0 and known[2] == 1:
            return wrap(counted, name, "Range")
    ends = [g.cast(value(x), "int64") for x in (start, limit, delta)]
    return wrap(g.cast(_arange(*ends), dtype or "int32"), name, "Range")


@make_op({}, infer=lambda start, stop, step: core.Spec((None,), start.dtype))
def _arange(start, stop, step, /):  # type: ignore[no-untyped-def]
    """Whole numbers between limits that a run knows."""
    return np.arange(start, stop, step)


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """``num`` numbers evenly apart, both ends included."""
    first, last = (static_value(x) for x in (start, stop))
    return g.constant(
        np.linspace(first, last, static_int(num, "num")).astype(np.float32), name=name or "LinSpace"
    )


lin_space = linspace


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A node whose value is fed."""
    kind = as_dtype(dtype)
    operation = g.Operation(name, "Placeholder")
    dims = None if shape is None else [None if d == -1 else d for d in _as_dims(shape)]
    if kind.name == "string":
        return g.HostTensor(operation, (), _unfed(operation.name), dims or ())
    return Tensor(core.placeholder(kind.dtype, dims, operation.name), operation)


def _as_dims(shape: Any) -> list[Any]:
    dims = TensorShape(shape).dims
    return [] if dims is None else [d.value for d in dims]


def _unfed(name: str) -> Callable[..., Any]:
    def complain() -> Any:
        from thalweg.compat.tf1.errors import InvalidArgumentError

        raise InvalidArgumentError(f"You must feed a value for placeholder tensor '{name}' with dtype string")

    return complain


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A node that has a value also when it is not fed."""
    t = value(input)
    static = t.value if t.value is not None else static_value(input)
    if static is None:
        return wrap(core_identity.build([t], {}), name, "PlaceholderWithDefault", [input])
    operation = g.Operation(name, "PlaceholderWithDefault")
    return Tensor(
        g.source_leaf(_Default(np.array(static)), 0, t.dtype, _as_dims(shape), operation.name), operation
    )


class _Default:
    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        return [self.array]


# --- arrays ---------------------------------------------------------------------------------------------------------


def identity(input: Any, name: str | None = None) -> Tensor:
    """The same value as a new node."""
    if isinstance(input, g.HostTensor):
        return g.host("Identity", name, [input], lambda x: x)
    known = {"static": getattr(input, "static", None), "dims": getattr(input, "dims", None)}
    return wrap(core_identity.build([value(input)], {}), name, "Identity", [input], **known)


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """The same value; gradients do not pass."""
    return wrap(core_stop.build([value(input)], {}), name, "StopGradient", [input])


def transpose(a: Any, perm: Any = None, name: str | None = None, conjugate: bool = False) -> Tensor:
    """Axes in another order (reversed by default)."""
    return wrap(shape_ops.permute_dims(value(a), _axes(perm)), name, "Transpose", [a])


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """A new axis of length 1."""
    place = static_int(dim if axis is None else axis, "axis")
    return wrap(shape_ops.expand_dims(value(input), place), name, "ExpandDims", [input])


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """Axes of length 1 dropped: the named ones, or all."""
    over = _axes(squeeze_dims if axis is None else axis)
    over = None if over == () else over
    return wrap(shape_ops.squeeze(value(input), over), name, "Squeeze", [input])


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, np.integer)) or (
        isinstance(x, Tensor) and x.static is not None and x.shape.ndims == 0
    )


def concat(
    values: Any = None, axis: Any = None, name: str | None = "concat", concat_dim: Any = None
) -> Tensor:
    """Tensors joined along an axis: ``concat(values, axis)``, or ``concat(axis, values)`` as before 1.0."""
    axis = concat_dim if axis is None else axis
    if _is_number(values) and not _is_number(axis):
        values, axis = axis, values
    if isinstance(values, Tensor):
        return identity(values, name)
    like_dtype = next((x.dtype for x in values if isinstance(x, Tensor)), None)
    parts = [value(x, like_dtype) for x in values]
    dims = _joined_dims(values) if len(parts[0].shape or ()) == 1 else None
    made = shape_ops.concat(parts, axis=static_int(axis, "axis"))
    return wrap(made, name, "concat", list(values), dims=dims)


def _joined_dims(parts: Sequence[Any]) -> list[Any] | None:
    """The lengths in a shape put together of others."""
    found: list[Any] = []
    for part in parts:
        dims = dims_of(part)
        if dims is None:
            return None
        found += dims
    return found if any(isinstance(d, Length) for d in found) else None


def stack(values: Any, axis: Any = 0, name: str | None = "stack") -> Tensor:
    """Tensors of one shape joined along a new axis."""
    like_dtype = next((x.dtype for x in values if isinstance(x, Tensor)), None)
    dims = dims_of(values) if any(isinstance(getattr(x, "dims", None), Length) for x in values) else None
    made = shape_ops.stack([value(x, like_dtype) for x in values], axis=static_int(axis, "axis"))
    return wrap(made, name, "stack", list(values), dims=dims)


pack = parallel_stack = stack


def unstack(value: Any, num: Any = None, axis: Any = 0, name: str | None = "unstack") -> list[Tensor]:
    """The slices along an axis, whose length must be known."""
    t, place = g.value(value), static_int(axis, "axis")
    if t.shape is not None and t.shape[place] is None and num is not None:
        lengths = list(t.shape)
        lengths[place] = int(num)
        t = g.shaped_as(t, tuple(lengths))
    return wrap_all(shape_ops.unstack(t, axis=place), name, "unstack", [value])


unpack = unstack


def split(
    value: Any = None,
    num_or_size_splits: Any = None,
    axis: Any = 0,
    num: Any = None,
    name: str | None = "split",
    split_dim: Any = None,
    num_split: Any = None,
) -> list[Tensor]:
    """Parts along an axis: ``split(value, parts, axis)``, or ``split(axis, parts, value)`` as before 1.0."""
    axis = axis if split_dim is None else split_dim
    if _is_number(value) and not _is_number(axis):
        value, axis = axis, value
    parts = static_value(num_or_size_splits if num_split is None else num_split)
    if parts is None:
        raise ValueError("split: the sizes must be known when the graph is built")
    sizes = int(parts) if parts.ndim == 0 else [int(n) for n in parts]
    place, t = static_int(axis, "axis"), g.value(value)
    if isinstance(sizes, int) and t.shape is not None and t.shape[place] is None:
        return wrap_all(_equal_parts(t, sizes, place % len(t.shape)), name, "split", [value])
    return wrap_all(
        shape_ops.split(g.value(value), sizes, axis=static_int(axis, "axis")), name, "split", [value]
    )


def _equal_parts(t: Any, count: int, axis: int) -> list[Any]:
    """Parts of one length along an axis whose length only a run knows."""
    lengths = list(t.shape)
    lengths[axis : axis + 1] = [count, -1]
    if any(n is None for n in lengths):
        raise ValueError(f"tf.split: of {t.shape} only the axis that is split may have an unknown length")
    return list(shape_ops.unstack(shape_ops.reshape(t, tuple(lengths)), axis=axis))


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """The tensor repeated along each axis."""
    t: Any = value(input)
    counts = dims_of(multiples)
    if counts is not None and all(isinstance(n, int) for n in counts):
        return wrap(shape_ops.tile(t, tuple(counts)), name, "Tile", [input])
    rank = len(t.shape)
    spread = shape_ops.reshape(t, tuple(x for d in t.shape for x in (1, -1 if d is None else d)))
    if counts is None:
        vector = value(multiples)
        counts = [wrap(vector[k], None, "StridedSlice") for k in np.arange(rank).tolist()]
    pattern: list[Any] = [x for n in counts for x in (n, 1)]
    dims = dims_of(pattern)
    shape_of_tiles = (
        filled(pattern if dims is None else dims, 0, t.dtype) if dims is None else _stretch(dims, t.dtype)
    )
    stretched: Any = spread + shape_of_tiles
    for k in np.arange(rank).tolist():
        stretched = shape_ops.merge_axes(stretched, k)
    return wrap(stretched, name, "Tile", [input])


def _stretch(dims: Sequence[Any], dtype: Any) -> core.Tensor:
    from thalweg.compat.tf1.shapes import _broadcast

    return _broadcast(core.constant(np.zeros((), dtype)), dims)


def pad(
    tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: Any = 0
) -> Tensor:
    """More elements before and after on each axis."""
    known = static_value(paddings)
    if known is None:
        if mode.upper() != "CONSTANT":
            raise ValueError(
                "tf.pad: paddings must be known when the graph is built, unless it pads with a constant"
            )
        amounts = value(paddings) if isinstance(paddings, Tensor) else core_stacked(paddings)
        return wrap(_padded.build([value(tensor), amounts], {"fill": constant_values}), name, "Pad", [tensor])
    widths = tuple((int(a), int(b)) for a, b in known)
    made = shape_ops.pad(value(tensor), widths, mode.lower(), constant_values=constant_values)
    return wrap(made, name, "Pad", [tensor])


def core_stacked(rows: Sequence[Any]) -> core.Tensor:
    """Rows of numbers and nodes as one matrix."""
    return shape_ops.stack([shape_ops.stack([g.cast(value(x), "int32") for x in row]) for row in rows])


@make_op({}, infer=lambda grad, x, amounts: x)
def _unpadded(grad, x, amounts, /):  # type: ignore[no-untyped-def]
    """The part of a padded array that is not padding."""
    return grad[tuple(_py_slice(int(a), int(a) + n) for (a, _), n in zip(amounts, x.shape, strict=True))]


@make_op(
    {},
    infer=lambda x, amounts, *, fill: core.Spec((None,) * len(x.shape), x.dtype),
    grad=lambda grad, y, x, amounts, *, fill: [_unpadded(grad, x, amounts), None],
)
def _padded(x, amounts, /, fill):  # type: ignore[no-untyped-def]
    """x with more elements before and after, as many as a run says."""
    return np.pad(x, [(int(a), int(b)) for a, b in amounts], constant_values=fill)


def reverse(tensor: Any, axis: Any = None, name: str | None = None, dims: Any = None) -> Tensor:
    """The opposite order along axes; before 1.0 a truth value for each axis."""
    from thalweg.ops.slices import flip

    chosen = static_value(dims if axis is None else axis)
    over = (
        tuple(np.flatnonzero(chosen).tolist())
        if chosen.dtype == bool
        else tuple(np.atleast_1d(chosen).tolist())
    )
    return wrap(flip(value(tensor), axis=over), name, "Reverse", [tensor])


reverse_v2 = reverse


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The block that begins at ``begin`` and has the given lengths; -1 is all that is left."""
    starts, lengths = static_value(begin), static_value(size)
    if starts is None or lengths is None:
        return _slice_by_values(input_, begin, size, name)
    key = tuple(
        _py_slice(int(b), None if n == -1 else int(b + n)) for b, n in zip(starts, lengths, strict=True)
    )
    return wrap(index.getitem(value(input_), key), name, "Slice", [input_])


_py_slice = type(np.s_[0:1])


def _slice_by_values(input_: Any, begin: Any, size: Any, name: str | None) -> Tensor:
    """A block whose place is known when the graph runs."""
    t: Any = value(input_)
    lengths, starts = dims_of(size), value(begin)
    if lengths is None or not all(isinstance(n, int) for n in lengths):
        counts, begins = g.cast(value(size), "int64"), g.cast(starts, "int64")
        ends = elementwise.where(counts < 0, _ALL, begins + counts)  # type: ignore[operator]
        bounds = shape_ops.stack([begins, ends], axis=1)
        return wrap(_sliced.build([t, bounds], {"known": (None,) * len(t.shape)}), name, "Slice", [input_])
    for axis, n in enumerate(lengths):
        if n != -1 and n != t.shape[axis]:
            t = index.take(t, core.constant(np.arange(n)) + g.cast(starts[axis], "int64"), axis=axis)  # type: ignore[operator]
    return wrap(t, name, "Slice", [input_])


_ALL = np.int64(2**62)  # an end past all ends


def _between(bounds: np.ndarray) -> tuple[Any, ...]:
    return tuple(_py_slice(int(a), int(b)) for a, b in bounds)


@make_op({}, infer=lambda grad, x, bounds: x)
def _unsliced(grad, x, bounds, /):  # type: ignore[no-untyped-def]
    """Zeros like x around what was sliced from it."""
    room = np.zeros(x.shape, grad.dtype)
    room[_between(bounds)] = grad
    return room


@make_op(
    {},
    infer=lambda x, bounds, *, known: core.Spec(known, x.dtype),
    grad=lambda grad, y, x, bounds, *, known: [_unsliced(grad, x, bounds), None],
)
def _sliced(x, bounds, /, known):  # type: ignore[no-untyped-def]
    """x from the first to the second number of each axis, which a run says."""
    return x[_between(bounds)]


def _open_ends(keys: tuple[Any, ...], t: Any) -> tuple[Any, tuple[Any, ...]]:
    """Slices whose ends are nodes, done: the expression, and the keys with whole slices in their places."""
    if not any(isinstance(k, _py_slice) and _is_open(k) for k in keys):
        return t, keys
    rank = len(t.shape)
    taken = builtins.sum(k is not None and k is not Ellipsis for k in keys)
    bounds: list[Any] = [(0, _ALL)] * rank
    known, axis, rest = list(t.shape), 0, []
    for k in keys:
        if k is Ellipsis:
            axis += rank - taken
        elif k is not None:
            if isinstance(k, _py_slice) and _is_open(k):
                if k.step is not None:
                    raise ValueError("a slice whose ends are nodes takes every element: no step")
                bounds[axis] = (0 if k.start is None else k.start, _ALL if k.stop is None else k.stop)
                known[axis], k = None, _py_slice(None)
            axis += 1
        rest.append(k)
    rows = [shape_ops.stack([g.cast(value(x), "int64") for x in pair]) for pair in bounds]
    return _sliced.build([t, shape_ops.stack(rows)], {"known": tuple(known)}), tuple(rest)


def _is_open(k: Any) -> bool:
    return any(isinstance(x, Tensor) and x.static is None for x in (k.start, k.stop))


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_[begin:end:strides]`` for each axis."""
    starts, stops = static_value(begin), static_value(end)
    if starts is None or stops is None:
        if (
            begin_mask
            or end_mask
            or shrink_axis_mask
            or (strides is not None and np.any(static_value(strides) != 1))
        ):
            raise ValueError("tf.strided_slice: ends that are nodes go without masks and strides")
        count = len(begin) if isinstance(begin, (list, tuple)) else g.convert_to_tensor(begin).shape[0].value
        places = np.arange(count).tolist()
        return _item(g.convert_to_tensor(input_), tuple(_py_slice(begin[k], end[k]) for k in places))
    steps = static_value(strides) if strides is not None else np.ones(len(starts), int)
    key: list[Any] = []
    for k, (b, e, s) in enumerate(zip(starts.tolist(), stops.tolist(), steps.tolist(), strict=True)):
        if shrink_axis_mask >> k & 1:
            key.append(b)
        else:
            key.append(_py_slice(None if begin_mask >> k & 1 else b, None if end_mask >> k & 1 else e, s))
    return wrap(index.getitem(value(input_), tuple(key)), name, "StridedSlice", [input_])


def _item(self: Tensor, key: Any) -> Tensor:
    """``tensor[key]``, also with tensors as indices."""
    keys = key if isinstance(key, tuple) else (key,)
    source, keys = _open_ends(keys, value(self))
    plain = tuple(_index(k) for k in keys)
    dims = None
    if self.dims is not None and not isinstance(self.dims, Length) and len(plain) == 1:
        chosen = self.dims[plain[0]] if isinstance(plain[0], (int, _py_slice)) else None
        dims = chosen if isinstance(chosen, (Length, list)) else None
    static = None
    if self.static is not None and all(not isinstance(k, core.Tensor) for k in plain):
        static = np.asarray(self.static)[plain]
    if source is not value(self):
        dims = static = None
    return wrap(index.getitem(source, plain), None, "strided_slice", [self], dims=dims, static=static)


def _index(k: Any) -> Any:
    if isinstance(k, _py_slice):
        return _py_slice(
            *(None if x is None else static_int(x, "a slice's end") for x in (k.start, k.stop, k.step))
        )
    if isinstance(k, Tensor):
        found = static_value(k)
        return int(found) if found is not None and found.ndim == 0 else value(k)
    return int(k) if isinstance(k, (int, np.integer)) and not isinstance(k, bool) else k


def gather(
    params: Any, indices: Any, validate_indices: Any = None, name: str | None = None, axis: Any = 0
) -> Tensor:
    """Slices at integer indices along ``axis``."""
    made = index.take(value(params), value(indices), axis=static_int(axis, "axis"))
    return wrap(made, name, "Gather", [params, indices])


def gather_nd(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """Slices at index vectors."""
    return wrap(index.gather_nd(value(params), value(indices)), name, "GatherNd", [params, indices])


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros with the updates added at index vectors."""
    new = value(updates)
    return wrap(
        index.scatter_nd_add(filled(shape, 0, new.dtype), value(indices), new), name, "ScatterNd", [updates]
    )


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """``default_value`` with values at the given index vectors."""
    places, base = value(sparse_indices), g.value(sparse_values)
    start: Any = filled(output_shape, default_value, base.dtype)
    rank = len(start.shape)
    columns = tuple(places[..., k] for k in np.arange(rank).tolist()) if len(places.shape) > 1 else (places,)
    return wrap(index.index_update(start, columns, base), name, "SparseToDense")


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: Any = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """``on_value`` at the index along a new axis, ``off_value`` elsewhere."""
    given = next((x.dtype for x in (on_value, off_value) if isinstance(x, Tensor)), None)
    wanted = numpy_dtype(dtype or given or "float32")
    place = -1 if axis is None else int(axis)
    made: Any = shape_ops.one_hot(value(indices), static_int(depth, "depth"), dtype=wanted, axis=place)
    if on_value is not None or off_value is not None:
        on, off = value(1 if on_value is None else on_value), value(0 if off_value is None else off_value)
        made = elementwise.where(made == 1, g.cast(on, wanted), g.cast(off, wanted))
    return wrap(made, name, "one_hot", [indices])


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """``x`` where the condition holds, else ``y``; with the condition alone, the index vectors where it holds."""
    test: Any = value(condition)
    if x is None and y is None:
        return wrap(_places(test), name, "Where", [condition])
    a, b = values(x, y)
    if test.shape is not None and a.shape is not None and len(test.shape) == 1 and len(a.shape) > 1:
        test = shape_ops.expand_dims(
            test, tuple(np.arange(1, len(a.shape)).tolist())
        )  # a condition for each row
    return wrap(elementwise.where(test, a, b), name, "Select", [condition, x, y])


select = where


@make_op(
    {}, infer=lambda x: core.Spec((None, len(x.shape) if x.shape is not None else None), np.dtype(np.int64))
)
def _places(x, /):  # type: ignore[no-untyped-def]
    """The index vectors of the elements that are true."""
    return np.argwhere(x)


def boolean_mask(tensor: Any, mask: Any, name: str | None = "boolean_mask", axis: Any = None) -> Tensor:
    """The slices where the mask holds; how many is known when the graph runs."""
    t: Any = value(tensor)
    test: Any = value(mask)
    for _ in test.shape[1:]:
        t, test = shape_ops.merge_axes(t, 0), shape_ops.merge_axes(test, 0)
    place = shape_ops.reshape(_places(test), (-1,))
    made = index.take(t, place, axis=0 if axis is None else static_int(axis, "axis"))
    return wrap(made, name, "boolean_mask", [tensor, mask])


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Any:
    """Distinct elements in order of first appearance, and each element's number among them."""
    parts = _distinct(value(x), dtype=numpy_dtype(out_idx))
    return tuple(wrap_all(list(parts), name, "Unique", [x]))


@make_op({}, infer=lambda x, *, dtype: (core.Spec((None,), x.dtype), core.Spec(x.shape, dtype)))
def _distinct(x, /, dtype):  # type: ignore[no-untyped-def]
    """Distinct elements in order of first appearance."""
    found, first, inverse = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    ranks = np.empty(len(order), dtype)
    ranks[order] = np.arange(len(order))
    return found[order], ranks[inverse].astype(dtype)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Sums of rows with equal ids; as many as the largest id says."""
    ids = static_value(segment_ids)
    count = add(reduce_max(segment_ids), 1) if ids is None else int(ids.max()) + 1
    return unsorted_segment_sum(data, segment_ids, count, name)


def unsorted_segment_sum(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Sums of rows with equal ids."""
    rows, ids, n = value(data), value(segment_ids), static_value(num_segments)
    if n is not None:
        made = index.segment_sum(rows, ids, int(n))
    else:  # only a run knows how many
        room = filled([num_segments, *[1] * (len(rows.shape) - 1)], 0, rows.dtype)
        like: Any = shape_ops.sum_like(rows, rows[:1])  # type: ignore[index]
        made = index.scatter_nd_add(room + like * 0, shape_ops.expand_dims(ids, -1), rows)
    return wrap(made, name, "UnsortedSegmentSum", [data])


def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """Means of rows with equal ids; 0 where there are none."""
    rows, ids, n = value(data), value(segment_ids), static_int(num_segments, "num_segments")
    counted = index.segment_sum(shape_ops.full_like(rows, 1), ids, n)
    total = index.segment_sum(rows, ids, n)
    return wrap(total / elementwise.maximum(counted, 1), name, "UnsortedSegmentMean", [data])  # type: ignore[operator]


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = "bool", name: str | None = None) -> Tensor:
    """For each length n, n times true and then false up to ``maxlen``."""
    row = range(maxlen)
    made = value(row) < shape_ops.expand_dims(g.cast(value(lengths), "int32"), -1)  # type: ignore[operator]
    return wrap(g.cast(made, dtype), name, "SequenceMask", [lengths])


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """Where each number stands."""
    return wrap(g.cast(sort.argsort(value(x)), value(x).dtype), name, "InvertPermutation", [x])


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = "int32",
    name: Any = None,
    weights: Any = None,
) -> Tensor:
    """Counts of predictions (columns) by label (rows)."""
    if num_classes is None:
        raise ValueError("tf.confusion_matrix: num_classes must be given")
    rows = shape_ops.one_hot(value(labels), int(num_classes))
    columns: Any = shape_ops.one_hot(value(predictions), int(num_classes))
    columns = columns if weights is None else columns * shape_ops.expand_dims(value(weights), -1)
    made = contract.matmul(shape_ops.permute_dims(rows), columns)
    return wrap(g.cast(made, dtype), name, "confusion_matrix", [labels, predictions])


def bincount(
    arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = "int32"
) -> Tensor:
    """How often each number occurs."""
    n = minlength or maxlength
    if n is None:
        raise ValueError("tf.bincount: minlength must be given")
    counted = reduce.sum(shape_ops.one_hot(shape_ops.flatten(value(arr)), int(n)), axis=0)
    return wrap(g.cast(counted, dtype), None, "Bincount", [arr])


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> list[Tensor]:
    """Coordinates of the grid that vectors span."""
    return wrap_all(
        list(shape_ops.meshgrid(*[value(a) for a in args], indexing=indexing)), name, "meshgrid", args
    )


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = "int32", name: Any = None
) -> Tensor:
    """Counts of numbers in equal bins; those outside the range fall into the end bins."""
    low, high = (float(v) for v in static_value(value_range))
    place: Any = elementwise.floor((g.value(values) - low) * (nbins / (high - low)))  # type: ignore[operator]
    inside = g.cast(optimizers.clip_by_value(place, 0.0, float(nbins - 1)), "int32")
    return bincount(wrap(inside, None, "Bins"), minlength=nbins, dtype=dtype)


# --- gradients ------------------------------------------------------------------------------------------------------


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str | None = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: Any = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
) -> list[Tensor | None]:
    """The gradient of the sum of ``ys`` by each of ``xs``; None where nothing depends on it."""
    outputs = [value(y) for y in (ys if isinstance(ys, (list, tuple)) else [ys])]
    targets = [x.t for x in (xs if isinstance(xs, (list, tuple)) else [xs])]
    seeds = None
    if grad_ys is not None:
        given = grad_ys if isinstance(grad_ys, (list, tuple)) else [grad_ys]
        seeds = [None if s is None else value(s, y.dtype) for s, y in zip(given, outputs, strict=True)]
    fixed = [x.t for x in stop_gradients or ()]
    found = core_gradients(outputs, targets, seeds, unconnected="none", consider_constant=fixed)
    return [None if t is None else wrap(t, name, "gradients") for t in found]


def hessians(ys: Any, xs: Any, name: str = "hessians", **options: Any) -> list[Tensor]:
    """The second derivatives of a scalar by each of ``xs``."""
    from thalweg.gradient import hessian

    targets = xs if isinstance(xs, (list, tuple)) else [xs]
    return [wrap(hessian(value(ys), x.t), name, "hessians") for x in targets]


# --- host work ------------------------------------------------------------------------------------------------------


@make_op(
    {},
    infer=lambda x, *data, message, summarize: x,
    pure=False,
    grad=lambda g, y, x, *data, message, summarize: [g, *[None] * len(data)],
)
def _printed(x, *data, message, summarize):  # type: ignore[no-untyped-def]
    """x; writes the data to stderr."""
    shown = "".join(f"[{' '.join(map(_number_text, np.asarray(d).reshape(-1)[:summarize]))}]" for d in data)
    sys.stderr.write(f"{message}{shown}\n")
    return x


def _number_text(number: Any) -> str:
    return f"{number:.6g}" if isinstance(number, np.floating) else str(number)


def Print(
    input_: Any,
    data: Sequence[Any],
    message: str | None = None,
    first_n: Any = None,
    summarize: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_``; each run writes the data to stderr."""
    attrs = {"message": message or "", "summarize": summarize or 3}
    return wrap(_printed.build([value(input_), *map(value, data)], attrs), name, "Print", [input_])


@make_op({}, infer=lambda holds, *data, message: core.Spec((), np.dtype(bool)), pure=False)
def _asserted(holds, *data, message):  # type: ignore[no-untyped-def]
    """Raises where the condition does not hold."""
    if not np.all(holds):
        from thalweg.compat.tf1.errors import InvalidArgumentError

        shown = " ".join(f"[{d}]" for d in data)
        raise InvalidArgumentError(f"assertion failed: {message} {shown}".rstrip())
    return np.asarray(True)


def Assert(
    condition: Any, data: Sequence[Any], summarize: Any = None, name: str | None = None
) -> g.Operation:
    """An operation that raises where the condition does not hold."""
    texts = [d for d in data if isinstance(d, str)]
    numbers = [value(d) for d in data if not isinstance(d, (str, g.HostTensor))]
    check = _asserted.build([value(condition), *numbers], {"message": " ".join(texts)})
    return g.Operation(name, "Assert", g.Effect(fetches=[check]))


def _assertion(kind: str, test: Callable[..., Any], reads: str) -> Callable[..., g.Operation]:
    def check(
        x: Any, y: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
    ) -> g.Operation:
        a, b = values(x, y)
        return Assert(
            wrap(reduce.all(test(a, b)), None, kind), [message or f"x {reads} y did not hold", *(data or ())]
        )

    check.__doc__ = f"An operation that raises unless x {reads} y everywhere."
    return check


assert_equal = _assertion("assert_equal", elementwise.equal, "==")
assert_less = _assertion("assert_less", elementwise.less, "<")
assert_less_equal = _assertion("assert_less_equal", elementwise.less_equal, "<=")
assert_greater = _assertion("assert_greater", elementwise.greater, ">")
assert_greater_equal = _assertion("assert_greater_equal", elementwise.greater_equal, ">=")


def assert_positive(
    x: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
) -> g.Operation:
    """An operation that raises unless x > 0 everywhere."""
    return assert_greater(x, 0, data, message=message or "x > 0 did not hold")


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor; raises where it holds a NaN or an infinity."""
    fine = reduce.all(logic.isfinite(value(tensor)))
    with g.default_graph().control_dependencies([Assert(wrap(fine, None, "IsFinite"), [message])]):
        return identity(tensor, name)


def add_check_numerics_ops() -> g.Operation:
    """Checks nothing: ask the main library's own tools for NaNs."""
    return g.Operation(None, "NoOp", g.Effect())


@make_op(
    {},
    infer=lambda *inputs, fn, specs: specs if len(specs) > 1 else specs[0],
    pure=False,
    grad=lambda g, y, *inputs, fn, specs: [None] * len(inputs),
)
def _python_call(*inputs, fn, specs):  # type: ignore[no-untyped-def]
    """What a Python function makes of arrays."""
    made = fn(*inputs)
    parts = made if isinstance(made, (list, tuple)) else [made]
    arrays = tuple(np.asarray(p, s.dtype) for p, s in zip(parts, specs, strict=True))
    return arrays if len(specs) > 1 else arrays[0]


def py_func(
    func: Callable[..., Any], inp: Sequence[Any], Tout: Any, stateful: bool = True, name: Any = None
) -> Any:
    """A Python function of arrays as a node, without gradient; one dtype gives one tensor, a list a list."""
    kinds = Tout if isinstance(Tout, (list, tuple)) else [Tout]
    specs = tuple(core.Spec(None, numpy_dtype(k)) for k in kinds)
    made = _python_call.build([value(x) for x in inp], {"fn": func, "specs": specs})
    parts = wrap_all(list(made) if isinstance(made, tuple) else [made], name, "PyFunc", inp)
    return parts if isinstance(Tout, (list, tuple)) else parts[0]


# --- operators ------------------------------------------------------------------------------------------------------


def _install() -> None:
    def forward(op: Any) -> Any:
        return lambda self, other: op(self, other)

    def reflected(op: Any) -> Any:
        return lambda self, other: op(other, self)

    pairs = {
        "add": add,
        "sub": subtract,
        "mul": multiply,
        "truediv": divide,
        "div": div,
        "floordiv": floordiv,
        "mod": mod,
        "pow": pow,
        "and": logical_and,
        "or": logical_or,
        "xor": logical_xor,
        "matmul": matmul,
    }
    for name, op in pairs.items():
        setattr(Tensor, f"__{name}__", forward(op))
        setattr(Tensor, f"__r{name}__", reflected(op))
    for name, op in {"lt": less, "le": less_equal, "gt": greater, "ge": greater_equal}.items():
        setattr(Tensor, f"__{name}__", forward(op))
    for name, one in {"neg": negative, "abs": abs, "invert": logical_not}.items():
        setattr(Tensor, f"__{name}__", lambda self, one=one: one(self))
    setattr(Tensor, "__getitem__", _item)  # noqa: B010 - the class declares it for readers


_install()
