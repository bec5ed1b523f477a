"""``tf.experimental.numpy``: NumPy's names for tensors.

What makes arrays makes them as NumPy does, so that Python's floats are float64; the rest are the main library's
functions.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg
from thalweg.compat.names import Namespace
from thalweg.compat.tf2 import math
from thalweg.compat.tf2 import random as _random
from thalweg.compat.tf2.arrays import transpose, where
from thalweg.compat.tf2.numpy_more import NAMES, array_of, splitter
from thalweg.compat.tf2.values import cast, tensor
from thalweg.graph.tensor import Tensor

_MADE = (
    "arange array asanyarray asarray ascontiguousarray diag_indices empty empty_like eye full geomspace identity "
    "linspace logspace ones tri tril_indices triu_indices zeros"
).split()
_COMPUTED = (
    "abs add all any argmax argmin argsort clip cos cosh diag divide dot einsum equal exp "
    "expand_dims expm1 flip floor floor_divide full_like greater greater_equal isfinite isinf isnan kron less "
    "less_equal log log10 log1p log2 logaddexp logical_and logical_not logical_or matmul max maximum mean meshgrid min "
    "minimum moveaxis multiply negative not_equal ones_like outer pad pow prod reciprocal repeat reshape roll sign "
    "sin sinh sort sqrt square squeeze stack std subtract sum swapaxes take tan tanh tensordot tile trace tril "
    "triu var zeros_like ceil "
    "atan2 bitwise_and bitwise_or bitwise_xor broadcast_arrays broadcast_to count_nonzero diagonal exp2 "
    "hypot inner logical_xor positive remainder round signbit take_along_axis"
).split()
# NumPy's other names of functions, beside the main library's.
_ALSO = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "around": "round",
    "mod": "remainder",
    "power": "pow",
    "true_divide": "divide",
}


def _made(name: str) -> Callable[..., Any]:
    make = getattr(np, name)

    def of(*args: Any, **options: Any) -> Any:
        given = [np.asarray(a) if isinstance(a, Tensor) else a for a in args]
        made = make(*given, **options)
        return tuple(map(tensor, made)) if isinstance(made, tuple) else tensor(made)

    of.__doc__ = f"NumPy's ``{name}``, as a tensor."
    return of


# What of whole numbers is float64.
_FRACTIONS = frozenset(
    "acos acosh arccos asin asinh atan atan2 atanh cos cosh divide exp exp2 expm1 hypot log log10 log1p log2 logaddexp "
    "mean reciprocal sin sinh sqrt std tan tanh var".split()
)
_PAIRS = frozenset("atan2 divide hypot logaddexp".split())


def _whole(value: Any) -> bool:
    return isinstance(value, int) or (hasattr(value, "dtype") and np.dtype(value.dtype).kind in "iu")


def _held(value: Any) -> bool:
    return hasattr(value, "dtype") or (isinstance(value, (list, tuple)) and any(_held(v) for v in value))


def _computed(name: str) -> Callable[..., Any]:
    compute = getattr(thalweg, name)
    parameters = inspect.signature(compute).parameters
    order = list(parameters)
    kinds = [p.kind for p in parameters.values()]
    # NumPy gives by place the axis or the diagonal, which the main library wants by name.
    variadic = inspect.Parameter.VAR_POSITIONAL in kinds
    placed = len(order) - kinds.count(inspect.Parameter.KEYWORD_ONLY)

    @functools.wraps(compute)
    def of(*args: Any, **options: Any) -> Any:
        given = list(args)
        if given and not any(map(_held, given)) and isinstance(given[0], (int, float, list, tuple)):
            given[0] = np.asarray(given[0])
        if name in _FRACTIONS and given and all(_whole(g) for g in given[: 2 if name in _PAIRS else 1]):
            given[0] = cast(given[0], "float64")
        if not variadic and len(given) == placed + 1 and order[placed:]:
            options[order[placed]] = given.pop()
        return compute(*given, **options)

    return of


def nansum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum of what is a number."""
    a = tensor(a)
    return thalweg.sum(where(math.is_nan(a), thalweg.zeros_like(a), a), axis=axis, keepdims=keepdims)


def nanmean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean of what is a number.

    >>> nanmean([1.0, float("nan"), 3.0]).numpy().item()
    2.0
    """
    a = tensor(a)
    counted = thalweg.sum(cast(~math.is_nan(a), a.dtype), axis=axis, keepdims=keepdims)
    return nansum(a, axis, keepdims) / counted


def ravel(a: Any) -> Tensor:
    """All elements in one row."""
    return thalweg.reshape(array_of(a), (-1,))


def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running sums along an axis, or of all elements in one row.

    >>> cumsum([[1, 2], [3, 4]]).numpy().tolist()
    [1, 3, 6, 10]
    """
    a = array_of(a) if dtype is None else cast(a, dtype)
    return math.cumsum(ravel(a) if axis is None else a, 0 if axis is None else axis)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """Running products along an axis, or of all elements in one row."""
    a = array_of(a) if dtype is None else cast(a, dtype)
    return math.cumprod(ravel(a) if axis is None else a, 0 if axis is None else axis)


def atleast_1d(a: Any) -> Tensor:
    """With one axis if it had none."""
    a = array_of(a)
    return a if a.ndim else thalweg.reshape(a, (1,))


def atleast_2d(a: Any) -> Tensor:
    """With two axes at least, new ones first."""
    a = atleast_1d(a)
    return a if a.ndim > 1 else thalweg.expand_dims(a, 0)


def atleast_3d(a: Any) -> Tensor:
    """With three axes at least, where NumPy puts new ones."""
    a = atleast_2d(a) if len(np.shape(a)) < 2 else array_of(a)
    return a if a.ndim > 2 else thalweg.expand_dims(a, -1)


def vstack(tup: Any) -> Tensor:
    """Rows below each other.

    >>> vstack([[1, 2], [3, 4]]).numpy().tolist()
    [[1, 2], [3, 4]]
    """
    return thalweg.concat([atleast_2d(a) for a in tup], axis=0)


def hstack(tup: Any) -> Tensor:
    """Columns beside each other, or rows one after the other."""
    parts = [atleast_1d(a) for a in tup]
    return thalweg.concat(parts, axis=0 if parts[0].ndim == 1 else 1)


def dstack(tup: Any) -> Tensor:
    """Beside each other along the third axis."""
    return thalweg.concat([atleast_3d(a) for a in tup], axis=2)


def fliplr(m: Any) -> Tensor:
    """Columns in the other order."""
    return thalweg.flip(array_of(m), axis=1)


def flipud(m: Any) -> Tensor:
    """Rows in the other order."""
    return thalweg.flip(array_of(m), axis=0)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> Any:
    """Equal parts, or parts that begin at the given places."""
    ary = array_of(ary)
    if isinstance(indices_or_sections, int):
        return thalweg.split(ary, indices_or_sections, axis=axis)
    begins = [0, *indices_or_sections, np.shape(ary)[axis]]
    return thalweg.split(ary, [int(b - a) for a, b in itertools.pairwise(begins)], axis=axis)


def size(x: Any, axis: int | None = None) -> Any:
    """How many elements there are, or how many along an axis."""
    given = np.shape(x)
    return int(np.prod(given)) if axis is None else given[axis]


def _uniform(low: Any = 0.0, high: Any = 1.0, size: Any = None) -> Tensor:
    # float64, as NumPy's.
    return _random.uniform(_sizes(size), low, high, dtype="float64")


def _sizes(size: Any) -> Any:
    return () if size is None else (size,) if isinstance(size, int) else size


def _randint(low: Any, high: Any = None, size: Any = None, dtype: Any = np.int64) -> Tensor:
    low, high = (0, low) if high is None else (low, high)
    return _random.uniform(_sizes(size), low, high, dtype=dtype)


def _standard_normal(size: Any = None) -> Tensor:
    return _random.normal(_sizes(size), dtype="float64")


_numbers = Namespace(
    "tf.experimental.numpy.random",
    seed=_random.set_seed,
    rand=lambda *size: _uniform(size=size),
    randn=lambda *size: _standard_normal(size),
    randint=_randint,
    random=lambda size=None: _uniform(size=size),
    standard_normal=_standard_normal,
    uniform=_uniform,
    poisson=lambda lam=1.0, size=None: _random.poisson(_sizes(size), lam, "int64"),
)

numpy = Namespace(
    "tf.experimental.numpy",
    ndarray=Tensor,
    newaxis=None,
    pi=np.pi,
    e=np.e,
    inf=np.inf,
    nan=np.nan,
    nansum=nansum,
    nanmean=nanmean,
    **{name: _made(name) for name in _MADE},
    concatenate=_computed("concat"),
    transpose=transpose,
    cumsum=cumsum,
    cumprod=cumprod,
    **{name: _computed(name) for name in _COMPUTED},
    **{name: _computed(other) for name, other in _ALSO.items()},
    copy=_computed("positive"),
    ravel=ravel,
    atleast_1d=atleast_1d,
    atleast_2d=atleast_2d,
    atleast_3d=atleast_3d,
    vstack=vstack,
    hstack=hstack,
    dstack=dstack,
    fliplr=fliplr,
    flipud=flipud,
    size=size,
    split=split,
    dsplit=splitter(lambda axes: 2, split),
    hsplit=splitter(lambda axes: min(axes, 2) - 1, split),
    vsplit=splitter(lambda axes: 0, split),
    **NAMES,
    ndim=lambda a: len(np.shape(a)),
    shape=lambda a: tuple(np.shape(a)),
    random=_numbers,
    bool_=np.bool_,
    **{name: getattr(np, name) for name in "int8 int16 int32 int64 uint8 float16 float32 float64".split()},
)
numpy.__dict__["experimental_enable_numpy_behavior"] = lambda prefer_float32=False: None
