"""``tf.experimental.numpy``: NumPy's names for tensors.

What makes arrays makes them as NumPy does, so that Python's floats are float64; the rest are the main library's
functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import thalweg
from thalweg.compat.names import Namespace
from thalweg.compat.tf2 import math
from thalweg.compat.tf2.arrays import transpose, where
from thalweg.compat.tf2.values import cast, tensor
from thalweg.graph.tensor import Tensor

_MADE = "arange array asarray eye full identity linspace logspace ones tri zeros".split()
_COMPUTED = (
    "abs add all any argmax argmin argsort clip cos cosh diag divide dot einsum equal exp "
    "expand_dims expm1 flip floor floor_divide full_like greater greater_equal isfinite isinf isnan kron less "
    "less_equal log log10 log1p log2 logaddexp logical_and logical_not logical_or matmul max maximum mean meshgrid min "
    "minimum moveaxis multiply negative not_equal ones_like outer pad pow prod reciprocal repeat reshape roll sign "
    "sin sinh sort sqrt square squeeze stack std subtract sum swapaxes take tan tanh tensordot tile trace tril "
    "triu var where zeros_like ceil"
).split()


def _made(name: str) -> Callable[..., Any]:
    make = getattr(np, name)

    def of(*args: Any, **options: Any) -> Tensor:
        given = [np.asarray(a) if isinstance(a, Tensor) else a for a in args]
        return tensor(make(*given, **options))

    of.__doc__ = f"NumPy's ``{name}``, as a tensor."
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
    concatenate=thalweg.concat,
    transpose=transpose,
    cumsum=math.cumsum,
    cumprod=math.cumprod,
    **{name: getattr(thalweg, name) for name in _COMPUTED},
    **{name: getattr(np, name) for name in ("int32", "int64", "float32", "float64")},
)
numpy.__dict__["experimental_enable_numpy_behavior"] = lambda prefer_float32=False: None
