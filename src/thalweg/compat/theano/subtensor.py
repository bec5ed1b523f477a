"""``x[key]`` with symbolic ints, slices and index arrays, and what writes or adds there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conditions import checked
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.ranges import asked_index
from thalweg.compat.theano.variable import AnyVariable, NoneConstant, TensorVariable, as_tensor_variable
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Tensor
from thalweg.ops import dynamic, gathering
from thalweg.ops import index as index_ops
from thalweg.ops import shape as shape_ops


def getitem(x: AnyVariable, key: Any) -> TensorVariable:
    """x[key] by NumPy's rules; every number in the key may be symbolic.

    As in Theano, a key that adds axes drops those it does not name where they are broadcastable: ``column[:, None]``
    has two axes.
    """
    parts = _parts(key, x.ndim)
    dropped = _dropped(x, parts)
    tensor = tw.squeeze(x.tensor, dropped) if dropped else x.tensor
    found = TensorVariable(_taken(tensor, parts))
    found.source = (x, key)
    return found


def _parts(key: Any, rank: int) -> list[Any]:
    """The key without an ellipsis, one entry per axis or new axis."""
    several = isinstance(key, tuple) or (isinstance(key, list) and any(_is_no_index(p) for p in key))
    given = [_asked(_plain(p)) for p in (key if several else [key])]
    used = sum(_axes_of(p) for p in given)
    if Ellipsis in [p for p in given if p is Ellipsis]:
        at = next(k for k, p in enumerate(given) if p is Ellipsis)
        given[at : at + 1] = [slice(None)] * (rank - used)
    if used > rank:
        raise IndexError(f"too many indices for array: the variable has {rank} axes, but {used} were indexed")
    return given


def _dropped(x: AnyVariable, parts: list[Any]) -> tuple[int, ...]:
    """The last axes of x, which a key that adds axes does not name, where all of them are broadcastable."""
    unnamed = range(sum(_axes_of(p) for p in parts), x.ndim)
    adds = any(p is None for p in parts) and not any(isinstance(p, Tensor) and p.ndim for p in parts)
    return tuple(unnamed) if adds and all(x.broadcastable[k] for k in unnamed) else ()


def _is_no_index(part: Any) -> bool:
    """Whether a list with this in it stands for a tuple, as in NumPy's first versions."""
    return part is None or part is Ellipsis or isinstance(part, slice)


def _plain(part: Any) -> Any:
    """Constants as numbers, variables as tensors."""
    if isinstance(part, slice):
        return slice(*(_bound(b) for b in (part.start, part.stop, part.step)))
    if isinstance(part, NoneConstant):
        return None
    if isinstance(part, (float, np.floating)):
        raise TypeError(f"an index must be an integer, received {part!r}")
    if isinstance(part, (AnyVariable, Tensor)):
        tensor = tensor_of(part)
        if tensor.ndim == 0 and tensor.op is None and tensor.value is not None:
            return int(tensor.array())
        return tensor
    if isinstance(part, (list, tuple, np.ndarray)) and not isinstance(part, str):
        return tensor_of(np.asarray(part, np.int64) if len(part) == 0 else part)
    return part


def _asked(part: Any) -> Any:
    """Indices as those that are looked at."""
    return asked_index(part) if isinstance(part, Tensor) and part.dtype.kind != "b" else part


def _bound(bound: Any) -> Any:
    """A bound of a slice: a number, an integer scalar, or None; a float that is whole is one of the numbers."""
    if isinstance(bound, (float, np.floating)) and bound == int(bound):
        return int(bound)
    found = _plain(bound) if bound is not None else None
    if isinstance(found, Tensor):
        if found.ndim or found.dtype.kind not in "iu":
            raise TypeError(
                f"the bounds of a slice must be integer scalars, received {TensorVariable(found).type}"
            )
        return as_dtype(found, "int64")
    if isinstance(found, (int, np.integer)) and abs(int(found)) >= 2**63:
        raise TypeError(f"the bounds of a slice must be 64-bit integers, received {found}")
    return found


def _axes_of(part: Any) -> int:
    if part is None or part is Ellipsis:
        return 0
    return part.ndim if isinstance(part, Tensor) and part.dtype.kind == "b" else 1


def _is_open(part: Any) -> bool:
    """Whether a slice has a symbolic bound."""
    return isinstance(part, slice) and any(isinstance(b, Tensor) for b in (part.start, part.stop, part.step))


def _taken(x: Tensor, parts: list[Any]) -> Tensor:
    parts = list(parts)
    axis = 0
    for k, part in enumerate(parts):
        if _is_open(part):
            x = tw.take(x, places(x, axis, part), axis=axis)
            parts[k] = slice(None)
        axis += _axes_of(part)
    if all(isinstance(p, slice) and p == slice(None) for p in parts):
        return tw.identity(x)
    return x[tuple(_mask_as_indices(parts))]


def _mask_as_indices(parts: list[Any]) -> list[Any]:
    """Symbolic masks as the places where they hold."""
    flat: list[Any] = []
    for part in parts:
        if isinstance(part, Tensor) and part.dtype.kind == "b" and part.value is None:
            flat.extend(dynamic.true_places(part))
        else:
            flat.append(part)
    return flat


def places(x: Tensor, axis: int, part: slice) -> Tensor:
    """The indices along an axis that a slice with symbolic bounds stands for."""
    length: Any = shape_ops.count(x, (axis,), np.dtype("int64"))
    step: Any = 1 if part.step is None else part.step
    low: Any
    high: Any
    if isinstance(step, Tensor):
        step = checked(step, [tw.not_equal(step, 0)], "slice step cannot be zero", ValueError).tensor
        ahead = tw.greater(step, 0)
        low, high = tw.where(ahead, 0, -1), tw.where(ahead, length, length - 1)
        first, last = tw.where(ahead, low, high), tw.where(ahead, high, low)
    elif step > 0:
        first, last = low, high = 0, length
    else:
        last, first = low, high = -1, length - 1

    def at(bound: Any, default: Any) -> Any:
        if bound is None:
            return default
        bound = tensor_of(bound, "int64")
        return tw.clip(tw.where(tw.less(bound, 0), bound + length, bound), low, high)

    start = at(part.start, first)
    span = at(part.stop, last) - start
    one = isinstance(step, int) and step == 1
    count = span if one else -((-span) // step)
    many: Any = dynamic.iota(tw.maximum(as_dtype(tensor_of(count), "int64"), tensor_of(0, "int64")))
    return (many if one else many * step) + start


def _gradients_of_writes(
    g: Tensor, y: Tensor, base: Tensor, updates: Tensor, *indices: Tensor, **attrs: Any
) -> list[Any]:
    """As in Theano, every write receives the gradient of its place, also one that another write came after."""

    def of_base() -> Tensor:
        return _write(g, shape_ops.full_like(updates, 0, g.dtype), *indices, **attrs)

    return [of_base, lambda: gathering.gather(g, *indices, **attrs), *[None] * len(indices)]


_write = make_op(
    {},
    name="write",
    infer=gathering.scatter_set_op.infer,
    prepare=gathering.scatter_set_op.prepare,
    grad=_gradients_of_writes,
    expand=gathering.scatter_set_op,
)(gathering.scatter_set_op.meaning)


def _updated(x: Tensor, key: Any, value: Tensor) -> Tensor:
    """x with value at x[key]."""
    has_arrays = any(isinstance(p, (Tensor, np.ndarray)) for p in (key if isinstance(key, tuple) else (key,)))
    return index_ops.at_places(_write, x, key, value) if has_arrays else index_ops.index_update(x, key, value)


def set_subtensor(
    x: Any, y: Any, inplace: bool = False, tolerate_inplace_aliasing: bool = False
) -> TensorVariable:
    """x[key] given as ``x``: the whole array with that part replaced by y."""
    return _written(_updated, x, y)


def inc_subtensor(
    x: Any,
    y: Any,
    inplace: bool = False,
    set_instead_of_inc: bool = False,
    tolerate_inplace_aliasing: bool = False,
    ignore_duplicates: bool = False,
) -> TensorVariable:
    """x[key] given as ``x``: the whole array with y added to that part; places named twice receive both, unless
    ``ignore_duplicates``.
    """
    if ignore_duplicates and not set_instead_of_inc:
        return _written(_updated, x, as_tensor_variable(x) + y)
    return _written(_updated if set_instead_of_inc else index_ops.index_add, x, y)


def advanced_subtensor1(x: Any, ilist: Any) -> TensorVariable:
    """x[ilist], rows by a vector of their numbers."""
    return as_tensor_variable(x)[ilist]


def advanced_set_subtensor1(x: Any, y: Any, ilist: Any) -> TensorVariable:
    """x with the rows ``ilist`` replaced by y."""
    return set_subtensor(advanced_subtensor1(x, ilist), y)


def advanced_inc_subtensor1(x: Any, y: Any, ilist: Any) -> TensorVariable:
    """x with y added to the rows ``ilist``."""
    return inc_subtensor(advanced_subtensor1(x, ilist), y)


def setsubtensor(x: Any, y: Any, idx_list: Sequence[Any], inplace: bool = False) -> TensorVariable:
    """x, whose part ``x[idx_list]`` is replaced by y: ``set_subtensor`` in the words of its first year."""
    return set_subtensor(as_tensor_variable(x)[tuple(idx_list)], y)


def incsubtensor(
    x: Any, y: Any, idx_list: Sequence[Any], inplace: bool = False, set_instead_of_inc: bool = False
) -> TensorVariable:
    """x, to whose part ``x[idx_list]`` y is added: ``inc_subtensor`` in the words of its first year."""
    part = as_tensor_variable(x)[tuple(idx_list)]
    return inc_subtensor(part, y, set_instead_of_inc=set_instead_of_inc)


def _written(op: Any, part: Any, y: Any) -> TensorVariable:
    if not isinstance(part, AnyVariable) or part.source is None:
        raise TypeError("set_subtensor and inc_subtensor take x[key] as their first argument", part)
    x, key = part.source
    parts = _parts(key, x.ndim)
    value = as_dtype(tensor_of(y), x.tensor.dtype)
    if value.ndim > part.ndim:
        raise TypeError(
            f"Trying to increment a {part.ndim}-dimensional subtensor with a {value.ndim}-dimensional value."
        )
    if any(_is_open(p) for p in parts) or (_has_arrays(parts) and any(_cuts(p) for p in parts)):
        return TensorVariable(op(x.tensor, tuple(_as_arrays(x.tensor, parts)), value))
    return TensorVariable(op(x.tensor, tuple(_mask_as_indices(parts)), value))


def _has_arrays(parts: list[Any]) -> bool:
    return any(isinstance(p, Tensor) for p in parts)


def _cuts(part: Any) -> bool:
    """Whether it is a slice that leaves something out."""
    return isinstance(part, slice) and part != slice(None)


def _as_arrays(x: Tensor, parts: list[Any]) -> list[Tensor]:
    """The key with an index array for every axis, which together have the shape of what the key takes."""
    if any(p is None for p in parts):
        raise NotImplementedError(
            "set_subtensor and inc_subtensor: no new axes beside symbolic bounds or index arrays"
        )
    parts = _mask_as_indices(parts)
    parts += [slice(None)] * (x.ndim - len(parts))
    beside = [k for k, p in enumerate(parts) if not isinstance(p, slice)]
    shared = max((tensor_of(parts[k]).ndim for k in beside), default=0)
    together = beside == list(range(beside[0], beside[-1] + 1)) if beside else True
    before = beside[0] if beside and together else 0  # how many slices come before the axes of the arrays
    rank = shared + len(parts) - len(beside)
    found, slices = [], 0
    for k, part in enumerate(parts):
        if isinstance(part, slice):
            index, at = places(x, k, part), slices + (shared if slices >= before else 0)
            slices, missing = slices + 1, rank - at - 1
        else:
            index = tensor_of(part, "int64")
            missing = rank - before - shared
        found.append(
            tw.expand_dims(index, tuple(range(index.ndim, index.ndim + missing))) if missing else index
        )
    return found
