"""``tf.TensorArray``: tensors by number, written one after the other.

The elements stand in one tensor [size, ...], which a write gives anew. What an element looks like may be known only
when the first one is written inside a loop: until then the array is a leaf, which :func:`filled_in` replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor, after, value, wrap
from thalweg.compat.tf1.lengths import Length, one_dim, scalar_of
from thalweg.compat.tf1.structures import Composite
from thalweg.compat.tf1.types import DType, TensorShape, as_dtype, numpy_dtype
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.graph.walk import rebuild, remake
from thalweg.ops import dynamic, index
from thalweg.ops import shape as shape_ops
from thalweg.ops.bodies import parameter
from thalweg.ops.elementwise import astype


@make_op(
    {},
    infer=lambda grad, buffer, place: buffer,
)
def _unwritten(grad, buffer, place, /):  # type: ignore[no-untyped-def]
    """The gradient for what an element was written into: 0 in its place."""
    made = np.array(grad[: len(buffer)])
    if place < len(made):
        made[int(place)] = 0
    return made


@make_op(
    {},
    infer=lambda buffer, place, element: core.Spec((None, *(element.shape or ())), buffer.dtype),
    grad=lambda grad, y, buffer, place, element: [
        _unwritten(grad, buffer, place),
        None,
        index.getitem(grad, place),
    ],
)
def _grown(buffer, place, element, /):  # type: ignore[no-untyped-def]
    """The elements with one of them written; more of them, if that is its place."""
    missing = int(place) + 1 - len(buffer)
    if missing > 0:
        room = np.zeros((missing, *element.shape), buffer.dtype)
        buffer = np.concatenate([buffer.reshape(len(buffer), *element.shape), room])
    else:
        buffer = buffer.copy()
    buffer[int(place)] = element
    return buffer


class _Start:
    """The first value of an array that a loop writes into: a leaf until the loop has said what an element is."""

    def __init__(self, array: TensorArray) -> None:
        self.array = array
        self.leaf = parameter(core.Spec(None, numpy_dtype(array.dtype)))
        self.element: core.Tensor | None = None


class TensorArray(Composite):
    """Elements of one dtype and (after the first write) one shape."""

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: Any = None,
        clear_after_read: Any = None,
        tensor_array_name: Any = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: Any = None,
    ) -> None:
        self.dtype: DType = as_dtype(dtype)
        self.length: Any = 0 if size is None else size
        self.dynamic_size = bool(dynamic_size)
        self.buffer: core.Tensor | None = None
        self.start: _Start | None = None
        shape = TensorShape(element_shape)
        if shape.is_fully_defined():
            self.buffer = self._room(core.constant(np.zeros(shape.as_list(), numpy_dtype(dtype))))

    def _with(self, buffer: core.Tensor | None, start: _Start | None = None) -> TensorArray:
        made = TensorArray(self.dtype, self.length, self.dynamic_size)
        made.buffer, made.start = buffer, start
        return made

    def _room(self, element: core.Tensor) -> core.Tensor:
        """Zeros for all elements, each in the shape of one."""
        zero: Any = shape_ops.expand_dims(shape_ops.full_like(element, 0), 0)
        count = one_dim(self.length)
        if isinstance(count, Length):
            count = scalar_of(count, np.dtype(np.int64))
        elif count is None:
            count = astype(value(self.length), "int64")
        lengths = [
            scalar_of(Length(element, k), np.dtype(np.int64)) if d is None else d
            for k, d in enumerate(element.shape or ())
        ]
        room = g.cast(dynamic.broadcast_to_lengths(zero, [count, *lengths]), self.dtype)
        return g.shaped_as(room, (None, *room.shape[1:])) if self.dynamic_size else room  # type: ignore[index]

    def _known(self, element: core.Tensor) -> core.Tensor:
        """The elements, where one of them is seen for the first time."""
        if self.buffer is None:
            return self._room(element)
        if self.buffer.shape is None:
            assert self.start is not None
            self.start.element = element
            count = None if self.dynamic_size else one_dim(self.length)
            return g.shaped_as(
                self.buffer, (count if isinstance(count, int) else None, *(element.shape or ()))
            )
        return self.buffer

    def _elements(self) -> core.Tensor:
        if self.buffer is None or self.buffer.shape is None:
            raise ValueError("TensorArray: nothing was written into it")
        return self.buffer

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """The array with element ``index`` set."""
        element = g.cast(g.value(value, self.dtype), self.dtype)
        buffer, place = self._known(element), g.value(index)
        if self.dynamic_size:
            return self._with(_grown.build([buffer, place, element], {}), self.start)
        return self._with(_updated(buffer, place, element), self.start)

    def read(self, index: Any, name: Any = None) -> Tensor:
        """Element ``index``."""
        return wrap(_at(self._elements(), g.value(index)), name, "TensorArrayRead")

    def stack(self, name: Any = None) -> Tensor:
        """All elements as one tensor."""
        return wrap(self._elements(), name, "TensorArrayStack")

    pack = stack

    def gather(self, indices: Any, name: Any = None) -> Tensor:
        """Some elements as one tensor."""
        return wrap(index.take(self._elements(), value(indices), axis=0), name, "TensorArrayGather")

    def concat(self, name: Any = None) -> Tensor:
        """The elements joined along their first axis."""
        return wrap(shape_ops.merge_axes(self._elements(), 0), name, "TensorArrayConcat")

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """The array of the slices along the first axis."""
        return self._with(g.cast(g.value(value), self.dtype))

    unpack = unstack

    def scatter(self, indices: Any, value: Any, name: Any = None) -> TensorArray:
        """The array with several elements set."""
        rows: Any = g.cast(g.value(value), self.dtype)
        buffer = self._known(rows[0])
        return self._with(index.index_update(buffer, g.value(indices), rows), self.start)

    def split(self, value: Any, lengths: Any, name: Any = None) -> TensorArray:
        """The array of parts of one length along the first axis."""
        sizes = np.unique(g.static_value(lengths))
        if len(sizes) != 1:
            raise ValueError("TensorArray.split: parts of different lengths do not fit into one tensor")
        rows: Any = g.value(value)
        lengths_after = tuple(-1 if d is None else d for d in rows.shape[1:])
        return self._with(shape_ops.reshape(rows, (-1, int(sizes[0]), *lengths_after)))

    def size(self, name: Any = None) -> Tensor:
        """The number of elements."""
        if self.buffer is None or self.buffer.shape is None:
            return g.convert_to_tensor(self.length)
        count = shape_ops.count(self.buffer, axis=(0,), dtype=np.dtype(np.int32))
        return wrap(count, name, "TensorArraySize")

    def identity(self) -> TensorArray:
        """The array itself."""
        return self

    def close(self, name: Any = None) -> g.Operation:
        """Nothing to free."""
        return g.Operation(name, "TensorArrayClose", g.Effect())

    @property
    def flow(self) -> Tensor:
        """A node that stands for the writes so far."""
        return g.constant(np.float32(0), name="TensorArrayFlow")

    handle = flow

    # --- as a part of a loop's variables ------------------------------------------------------------------------

    def entering(self) -> _Start | core.Tensor:
        """The expression with which a loop begins, or what stands for it."""
        return _Start(self) if self.buffer is None or self.buffer.shape is None else self.buffer

    def leaving(self) -> core.Tensor:
        """The expression with which a loop's body ends."""
        if self.buffer is None:
            raise ValueError(
                "TensorArray: a loop's variable must be the array that came in, or one written from it"
            )
        return self.buffer

    def inside(self, part: core.Tensor, start: _Start | None) -> TensorArray:
        """The array whose elements are the loop's variable ``part``."""
        return self._with(part, start)


def _at(buffer: core.Tensor, place: core.Tensor) -> core.Tensor:
    made: Any = index.take(buffer, shape_ops.expand_dims(place, 0), axis=0)
    return shape_ops.squeeze(made, (0,))


def _updated(buffer: core.Tensor, place: core.Tensor, element: core.Tensor) -> core.Tensor:
    return index.index_update(buffer, shape_ops.expand_dims(place, 0), shape_ops.expand_dims(element, 0))


def filled_in(
    made: Sequence[core.Tensor], starts: Sequence[Any], parts: Sequence[core.Tensor], first: Sequence[Any]
) -> list[core.Tensor]:
    """A loop's results with the first values of its arrays, once it is known what an element is.

    ``parts``: the loop's variables inside; ``first``: their first values.
    """
    outside = {p: f for p, f in zip(parts, first, strict=True) if isinstance(f, core.Tensor)}
    replaced: dict[core.Tensor, core.Tensor] = {}
    for start in starts:
        if isinstance(start, _Start) and start.element is not None:
            (element,) = rebuild([start.element], outside, _at_once)
            replaced[start.leaf] = start.array._room(element)
    return rebuild(list(made), replaced, remake) if replaced else list(made)


def _at_once(t: core.Tensor, inputs: list[core.Tensor]) -> core.Tensor:
    """The same, which waits for nothing: an element's shape does not depend on what takes place in the loop."""
    return inputs[0] if t.op is after else remake(t, inputs)
