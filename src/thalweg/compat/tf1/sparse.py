"""``tf.SparseTensor``: the places, values and shape of what is not zero, as three tensors."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, places
from thalweg.compat.tf1.graph import Node, Tensor


class SparseTensorValue(NamedTuple):
    """What a run gives for a sparse tensor, and what it is fed."""

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """``indices`` [n, rank], ``values`` [n] and ``dense_shape`` [rank]."""

    def __init__(self, indices: Any, values: Any, dense_shape: Any = None, shape: Any = None) -> None:
        indices, values, shape = map(
            g.nodes_of, (indices, values, shape if dense_shape is None else dense_shape)
        )
        self.indices = g.convert_to_tensor(places.as_int64(indices))
        self.values = g.convert_to_tensor(values)
        self.dense_shape = g.convert_to_tensor(places.as_int64(shape))

    @property
    def dtype(self) -> Any:
        return self.values.dtype

    @property
    def graph(self) -> Any:
        return self.values.graph

    @property
    def op(self) -> Any:
        return self.values.op

    @property
    def shape(self) -> g.TensorShape:
        """What is known of the dense shape."""
        static = g.static_value(self.dense_shape)
        if static is not None:
            return g.TensorShape([int(d) for d in static])
        rank = self.indices.get_shape()[-1].value
        return g.TensorShape(None if rank is None else [None] * rank)

    get_shape = lambda self: self.shape

    def whole(self) -> Any:
        """All elements, of which most are 0."""
        return sparse_tensor_to_dense(self)

    def with_values(self, values: Any) -> SparseTensor:
        """Other values at the same places."""
        return SparseTensor(self.indices, values, self.dense_shape)

    def as_fetch(self) -> SparseTensorValue:
        """The parts, in the form in which a run gives them."""
        return SparseTensorValue(self.indices, self.values, self.dense_shape)

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """What a session is fed instead; a shape that is known is not."""
        return self.indices, self.values, self.dense_shape

    def _scaled(self, other: Any, op: Any) -> SparseTensor:
        """The values combined with a number, or with those of a dense tensor at the same places."""
        dense = g.convert_to_tensor(other, self.dtype if not isinstance(other, Node) else None)
        if dense.get_shape().ndims != 0:
            numbers = places.numbered(self.indices, self.dense_shape, "SparseTensor * tensor")
            flat = math.reshape(math.broadcast_to(dense, self.dense_shape), [-1])
            dense = math.gather(flat, numbers)
        return self.with_values(op(self.values, dense))

    def __mul__(self, other: Any) -> SparseTensor:
        return self._scaled(other, math.multiply)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> SparseTensor:
        return self._scaled(other, math.divide)

    __div__ = __truediv__

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """The value in the given or the default session."""
        return g.session_for(session).run(self, feed_dict)


def _known(shape: Any) -> Any:
    found = g.static_value(shape) if isinstance(shape, Node) else g.TensorShape(shape).as_list()
    if found is None:
        raise ValueError(
            f"sparse_placeholder: the shape must be known when the graph is built, received {shape!r}"
        )
    return found


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that is fed (indices, values, shape)."""
    shape = None if shape is None else [None if d is None or d < 0 else int(d) for d in _known(shape)]
    rank = None if shape is None else len(shape)
    return SparseTensor(
        math.placeholder("int64", [None, rank], f"{name}/indices" if name else None),
        math.placeholder(dtype, [None], f"{name}/values" if name else None),
        math.placeholder("int64", [rank], f"{name}/shape" if name else None)
        if shape is None or None in shape
        else np.asarray(shape, np.int64),
    )


def sparse_tensor_to_dense(
    sp_input: SparseTensor, default_value: Any = 0, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """The dense tensor, with ``default_value`` where nothing is. The places must be in order, each once, unless
    ``validate_indices=False``.
    """
    if isinstance(sp_input.values, g.HostTensor):
        at = places.checked(
            sp_input.indices, sp_input.dense_shape, "sparse_tensor_to_dense", validate_indices
        )
        parts = [at, sp_input.values, sp_input.dense_shape]
        filler = default_value.encode() if isinstance(default_value, str) else default_value or b""

        def dense(indices: np.ndarray, values: np.ndarray, shape: np.ndarray) -> np.ndarray:
            made = np.full(tuple(shape), filler, object)
            made[tuple(indices.T)] = values
            return made

        return g.host("SparseToDense", name, parts, dense, sp_input.shape)
    return math.sparse_to_dense(
        sp_input.indices, sp_input.dense_shape, sp_input.values, default_value, validate_indices, name
    )


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """What is not zero of a dense tensor."""
    node = g.convert_to_tensor(tensor)
    places = math.where(math.not_equal(node, math.zeros_like(node)))
    return SparseTensor(places, math.gather_nd(node, places), math.shape(node, out_type="int64"))


@inner
class DenseView(SparseTensor):
    """A tensor of Keras, of which most elements are 0, as a layer of a program's own sees it."""

    def __init__(self, dense: Any) -> None:
        self.dense = g.convert_to_tensor(g.nodes_of(dense))

    def whole(self) -> Any:
        return self.dense

    @functools.cached_property
    def _places(self) -> SparseTensor:
        return from_dense(self.dense)

    indices = property(lambda self: self._places.indices)
    values = property(lambda self: self._places.values)
    dense_shape = property(lambda self: self._places.dense_shape)
    dtype = property(lambda self: self.dense.dtype)
    shape = property(lambda self: self.dense.get_shape())
    graph = property(lambda self: self.dense.graph)
    op = property(lambda self: self.dense.op)
