"""Inputs of which most elements are 0: whole tensors that remember it.

Layers compute with the whole tensor. A layer of a program's own and a Lambda see such a tensor as a sparse one, with
places and values, and may give one: :func:`shown` and :func:`stored` go between the two.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from thalweg import dtypes
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import Tensor, plain
from thalweg.layers.nodes import InputSymbol, Symbol
from thalweg.nested import flat, mapped
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, search
from thalweg.ops import shape as shape_ops
from thalweg.ops.state import identity

__all__ = ["SparseInput", "SparseView", "install_view", "is_sparse", "keep_sparse", "shown", "stored"]

_sparse: dict[int, Any] = {}  # by the id of a tensor that lives: a reference to it


def is_sparse(x: Any) -> bool:
    """Whether a tensor is sparse, or stands for one that is."""
    found = _sparse.get(id(x))
    return hasattr(x, "dense_shape") or (found is not None and found() is x)


def keep_sparse(x: Tensor) -> Tensor:
    """The tensor, which stands for a sparse one as long as it lives."""
    key = id(x)
    _sparse[key] = weakref.ref(x, lambda _, key=key, known=_sparse: known.pop(key, None))  # type: ignore[misc]
    return x


class SparseInput(InputSymbol):
    """A model's input that is sparse: it is fed whole arrays, or SciPy's matrices."""

    __slots__ = ()

    @classmethod
    def of(cls, symbol: InputSymbol) -> Any:
        """The same input, sparse."""
        made = cls(
            None, (), {}, symbol.specs, name=symbol.name, built_at=symbol.built_at, tracked=symbol.tracked
        )
        return keep_sparse(made)

    def taken(self, value: Tensor) -> Tensor:
        """A value as the layers take it, in the input's dtype: as another tensor, for it alone is sparse here."""
        return keep_sparse(ew.astype(value, self.dtype) if value.dtype != self.dtype else identity(value))


class SparseView:
    """A tensor as a sparse one: ``indices`` [n, rank] and ``values`` [n] of what is not 0, and ``dense_shape`` [rank].

    >>> view = SparseView([[0.0, 5.0], [6.0, 0.0]])
    >>> view.indices.tolist(), view.values.tolist(), view.dense_shape.tolist()
    ([[0, 1], [1, 0]], [5.0, 6.0], [2, 2])
    """

    def __init__(self, dense: Any) -> None:
        (self.dense,) = convert_operands([dense])

    def whole(self) -> Any:
        """All elements."""
        return self.dense

    @property
    def indices(self) -> Any:
        """The places in order."""
        columns = search.nonzero(self.dense)
        return ew.astype(joining.stack(list(columns), axis=1), dtypes.int64)

    @property
    def values(self) -> Any:
        """The elements at these places."""
        return self.dense[tuple(search.nonzero(self.dense))]

    @property
    def dense_shape(self) -> Any:
        """The lengths of the axes."""
        return joining.stack(
            [shape_ops.count(self.dense, axis=(k,), dtype=dtypes.int64) for k in range(self.dense.ndim)]
        )

    @property
    def shape(self) -> Any:
        """The lengths of the axes, as far as they are known."""
        return self.dense.said_shape if isinstance(self.dense, Symbol) else self.dense.shape

    @property
    def _keras_shape(self) -> Any:
        return self.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.dense.ndim

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.dense.dtype

    def get_shape(self) -> Any:
        """The lengths of the axes, as far as they are known."""
        return self.shape


_view: list[Callable[[Tensor], Any]] = [SparseView]


def install_view(view: Callable[[Tensor], Any]) -> None:
    """Let layers of a program's own see sparse tensors as ``view(whole tensor)``."""
    _view[0] = view


def shown(structure: Any) -> Any:
    """The structure with what stands for sparse tensors as such; itself where there is none, for it may be changed."""
    if not any(isinstance(t, Tensor) and is_sparse(t) for t in flat(structure)):
        return structure
    return mapped(lambda t: _view[0](t) if isinstance(t, Tensor) and is_sparse(t) else t, structure)


def stored(structure: Any) -> Any:
    """The structure with whole tensors, which remember it, in the place of sparse ones; itself where there are none."""
    if not any(hasattr(t, "dense_shape") for t in flat(structure)):
        return structure
    return mapped(
        lambda t: keep_sparse(identity(plain(t.whole()))) if hasattr(t, "dense_shape") else t,
        structure,
    )


def passed_on(symbols: Any, outputs: Any) -> None:
    """Symbols stand for sparse tensors where what they stand for does."""
    if _sparse:
        for symbol, output in zip(flat(symbols), flat(outputs), strict=False):
            if isinstance(symbol, Tensor) and is_sparse(output):
                keep_sparse(symbol)
