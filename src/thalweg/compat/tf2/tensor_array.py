"""``tf.TensorArray``: tensors of one shape by their numbers."""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from types import FrameType
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError, OutOfRangeError
from thalweg.compat.tf1.types import DType, as_dtype, numpy_dtype
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.values import is_known, number, tensor
from thalweg.errors import ShapeError, SymbolicError, fail
from thalweg.graph.tensor import Tensor
from thalweg.graph.updates import current_recorder
from thalweg.ops import joining
from thalweg.ops import shape as shape_ops


class TensorArray:
    """Tensors of one shape by their numbers. Outside functions, what was read is gone: zeros stand for it, and it is
    not read twice, unless ``clear_after_read=False``.
    """

    def __init__(
        self, dtype: Any, size: Any = None, dynamic_size: Any = None, clear_after_read: bool | None = None,
        tensor_array_name: str | None = None, handle: Any = None, flow: Any = None, infer_shape: bool = True,
        element_shape: Any = None, colocate_with_first_write_call: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        self.dtype: DType = as_dtype(dtype)
        self._held: dict[int, Any] = {}
        self._size = 0 if size is None else int(number(size))
        self._grows, self._keeps, self._one_shape = bool(dynamic_size), clear_after_read is False, infer_shape
        self._gone: set[int] = set()
        shape = TensorShape(element_shape)
        self._element = tuple(shape.as_list()) if shape.is_fully_defined() else None

    def write(self, index: Any, value: Any, name: Any = None) -> TensorArray:
        """This array, with a tensor at that number."""
        if not is_known(index):
            raise fail(SymbolicError, "TensorArray.write: the number is not known in a compiled function")
        made, place = self._element_of(value), int(number(index))
        if place < 0 or (place >= self._size and not self._grows):
            raise fail(
                OutOfRangeError, "TensorArray.write: the number", expected=f"0 to {self._size - 1}", received=place,
                hint="dynamic_size=True lets it grow",
            )  # fmt: skip
        self._held[place] = made
        self._gone.discard(place)
        return self

    def _element_of(self, value: Any) -> Any:
        """A value as an element: of the array's dtype, and of the shape of those that there are."""
        made = tensor(value, None if isinstance(value, Tensor) else self.dtype)
        if made.dtype != numpy_dtype(self.dtype):
            raise fail(
                InvalidArgumentError, "TensorArray.write: the dtype", expected=self.dtype.name,
                received=as_dtype(made.dtype).name, hint="tf.cast(x, ...) converts it",
            )  # fmt: skip
        if self._element is None:
            self._element = made.shape if None not in made.shape else None
        elif self._one_shape and not TensorShape(self._element).is_compatible_with(made.shape):
            raise fail(
                ShapeError, "TensorArray.write: the shape", expected=self._element, received=tuple(made.shape)
            )
        return made

    def read(self, index: Any, name: Any = None) -> Any:
        """The tensor at that number; zeros where none was written."""
        place = int(number(index))
        if place in self._gone:
            raise fail(
                InvalidArgumentError, f"TensorArray.read: element {place} was read before, and cleared",
                hint="clear_after_read=False keeps it",
            )  # fmt: skip
        if not 0 <= place < self._count():
            raise fail(
                OutOfRangeError,
                "TensorArray.read: the number",
                expected=f"0 to {self._count() - 1}",
                received=place,
            )
        found = self._held[place] if place in self._held else self._blank()
        if not self._keeps and current_recorder() is None:
            self._held.pop(place, None)
            self._gone.add(place)
        return found

    def _blank(self) -> Any:
        """What stands for an element that was not written."""
        if self._held:
            return shape_ops.full_like(next(iter(self._held.values())), 0)
        if self._element is None:
            raise fail(
                ShapeError, "TensorArray: nothing was written, and nothing tells the shape of an element",
                hint="give the array an element_shape",
            )  # fmt: skip
        return tensor(np.zeros(self._element, numpy_dtype(self.dtype)))

    def unstack(self, value: Any, name: Any = None) -> TensorArray:
        """This array, filled with the rows of a tensor."""
        for k, row in enumerate(joining.unstack(tensor(value), axis=0)):
            self.write(k, row)
        return self

    def stack(self, name: Any = None) -> Any:
        """All tensors in order, along a new first axis; zeros where none was written."""
        count = self._count()
        if not self._held and self._element is None:
            self._element = _written_in_text(self, sys._getframe(1))
        blank = self._blank() if len(self._held) < max(count, 1) else None
        if not count:
            return tensor(np.zeros((0, *blank.shape), numpy_dtype(self.dtype)))  # type: ignore[union-attr]
        return joining.stack([self._held.get(k, blank) for k in range(count)])

    def concat(self, name: Any = None) -> Any:
        """All tensors one after another; zeros where one was cleared."""
        parts = [self._held[k] if k in self._held else self._blank() for k in range(self._count())]
        return joining.concat(parts, axis=0)

    def gather(self, indices: Any, name: Any = None) -> Any:
        """The tensors at numbers."""
        places = np.asarray(indices).tolist()
        return joining.stack([self._held[k] if k in self._held else self._blank() for k in places])

    def size(self, name: Any = None) -> Any:
        """How many tensors there are."""
        return tensor(np.int32(self._count()))

    def _count(self) -> int:
        return max([self._size, *(k + 1 for k in self._held), *(k + 1 for k in self._gone)])

    def scatter(self, indices: Any, value: Any, name: Any = None) -> TensorArray:
        """This array, with the rows of a tensor at numbers."""
        for place, row in zip(np.asarray(indices).tolist(), tensor(value), strict=True):
            self.write(place, row)
        return self

    def split(self, value: Any, lengths: Any, name: Any = None) -> TensorArray:
        """This array, filled with the parts of a tensor that have these lengths, alike or not."""
        parts = joining.split(tensor(value), tuple(np.asarray(lengths).tolist()), axis=0)
        self._held, self._gone = dict(enumerate(parts)), set()
        return self

    def mark_used(self) -> None:
        """Accepted."""


def _written_in_text(array: TensorArray, frame: FrameType) -> tuple[int, ...] | None:
    """The shape of the elements that a function writes somewhere, even where it did not come by: a compiled loop knows
    it. It is read where the text writes a list of numbers, ``a.write(k, [x, y])``; else None.
    """
    names = {name for name, held in frame.f_locals.items() if held is array}
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(frame.f_code)))
    except (OSError, TypeError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "write":
            of, value = node.func.value, node.args[1] if len(node.args) > 1 else None
            if isinstance(of, ast.Name) and of.id in names and isinstance(value, (ast.List, ast.Tuple)):
                return (len(value.elts),)
    return None
