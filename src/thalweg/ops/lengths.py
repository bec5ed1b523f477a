"""Numbers that come from lengths known only when a program runs: what ``count`` and ``iota_like`` become
there.
"""

from __future__ import annotations

import numpy as np

from thalweg.graph.lowering import Indexed, Pointwise
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor
from thalweg.ops.shape import count, iota_like, num_elements


@make_op(
    {},
    infer=lambda *, value, dtype: Spec((), dtype),
    lower=Pointwise(lambda e, *, value, dtype: e.const(value, "int64").astype(dtype.name)),
)
def counted(*, value, dtype):  # type: ignore[no-untyped-def]
    """A number of elements, as a scalar of ``dtype``."""
    return np.asarray(value, dtype)


@make_op(
    {},
    infer=lambda *, shape, axis, dtype: Spec(shape, dtype),
    lower=Indexed(lambda e, reads, places, shapes, *, shape, axis, dtype: places[axis].astype(dtype.name)),
)
def numbered(*, shape, axis, dtype):  # type: ignore[no-untyped-def]
    """0, 1, 2, ... along one axis; the other axes have length 1."""
    return np.arange(shape[axis], dtype=dtype).reshape(shape)


def at_run_time(tensor: Tensor, x: Tensor) -> Tensor | None:
    """A ``count`` or ``iota_like`` of ``x`` as an expression of its lengths; None for any other op."""
    attrs = tensor.attrs
    if tensor.op is count:
        return counted.build((), {"value": num_elements(x.shape, attrs["axis"]), "dtype": tensor.dtype})
    if tensor.op is iota_like:
        axis = attrs["axis"]
        shape = tuple(d if k == axis else 1 for k, d in enumerate(x.shape))
        return numbered.build((), {"shape": shape, "axis": axis, "dtype": tensor.dtype})
    return None
