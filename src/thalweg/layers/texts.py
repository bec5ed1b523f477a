"""Texts in graphs: arrays of code points, and layers that Python itself computes between the compiled parts.

A tensor of texts is a uint32 tensor whose last axis holds the characters, 0 after the end of each text; ``Input(shape,
dtype="string")`` makes a symbol of one. Data of texts become such arrays when they are fed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import DataError, DTypeError, fail
from thalweg.graph.op import make_op
from thalweg.graph.tensor import Spec, Tensor, check_shape, constant
from thalweg.graph.updates import current_recorder
from thalweg.layers.base import Layer

__all__ = ["Hosted", "is_texts", "text_codes", "texts_of"]


def is_texts(array: np.ndarray) -> bool:
    """Whether the array holds texts: str, bytes, or objects that are all one of the two."""
    if array.dtype.kind in "US":
        return True
    return array.dtype.kind == "O" and array.size > 0 and all(isinstance(v, (str, bytes)) for v in array.flat)


def text_codes(texts: Any) -> np.ndarray:
    """An array of texts as uint32 code points [..., length]; the length is a power of two of at least 16.

    >>> codes = text_codes(["ab", "c"])
    >>> codes.shape, codes[:, :3].tolist()
    ((2, 16), [[97, 98, 0], [99, 0, 0]])
    """
    array = as_texts(texts)
    width = max(array.dtype.itemsize // 4, 1)
    room = max(16, 1 << (width - 1).bit_length())
    wide = np.ascontiguousarray(array.astype(f"U{room}"))
    return wide.view(np.uint32).reshape(*array.shape, room)


def texts_of(codes: np.ndarray) -> np.ndarray:
    """The texts in an array of code points.

    >>> texts_of(text_codes(["ab", "c"])).tolist()
    ['ab', 'c']
    """
    codes = np.ascontiguousarray(codes, np.uint32)
    if codes.size and codes.max() > 0x10FFFF:
        raise fail(DataError, "a text holds a number that is no character", received=int(codes.max()))
    return codes.view(f"U{max(codes.shape[-1], 1)}").reshape(codes.shape[:-1])


def as_texts(value: Any) -> np.ndarray:
    """An array of str; bytes are read as UTF-8."""
    array = np.asarray(value)
    if array.dtype.kind == "S" or (array.dtype.kind == "O" and any(isinstance(v, bytes) for v in array.flat)):
        plain = [v.decode("utf-8") if isinstance(v, bytes) else v for v in array.ravel().tolist()]
        array = np.array(plain).reshape(array.shape)
    if not is_texts(array) and array.size:
        raise fail(DTypeError, "not an array of texts", expected="str", received=f"dtype {array.dtype}")
    return array.astype(np.str_)


@make_op(
    {},
    infer=lambda *parts, layer: layer.spec_of(*parts),
    grad=lambda g, y, *parts, layer: [None] * len(parts),
)
def computed(*parts, layer):  # type: ignore[no-untyped-def]
    """What a hosted layer makes of its inputs."""
    return layer.compute(*(texts_of(x) if layer.reads_texts(x.dtype) else x for x in parts))


class Hosted(Layer):
    """A layer that computes in NumPy: at once on arrays and texts, and between the compiled parts of a program.

    Subclasses define :meth:`compute` and :meth:`output_for`; several inputs are several arguments of the first.
    """

    takes_texts = False  # whether the inputs are texts
    gives_texts = False  # whether the outputs are

    def reads_texts(self, dtype: Any) -> bool:
        """Whether tensors of this dtype are read as texts."""
        return self.takes_texts

    def compute(self, x: np.ndarray, /) -> np.ndarray:
        """The outputs for an array of numbers or of str."""
        raise NotImplementedError

    def output_for(self, shape: Any) -> tuple[Any, Any]:
        """The shape and dtype of the outputs for inputs of a shape (that of the texts, without characters)."""
        raise NotImplementedError

    def spec_of(self, x: Spec, /) -> Spec:
        """The spec of the outputs."""
        texts = self.reads_texts(x.dtype)
        shape = x.shape if x.shape is None or not texts else x.shape[:-1]
        if texts and x.dtype != dtypes.uint32:
            raise fail(
                DTypeError, f"{self.name} takes texts", expected='Input(..., dtype="string")', received=x
            )
        if shape is None:
            return Spec(None, dtypes.as_dtype(self.output_for((None,))[1]))
        out, dtype = self.output_for(shape)
        return Spec(check_shape(out), dtypes.as_dtype(dtype))

    def _as_input(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return value
        return as_texts(value) if self.takes_texts else np.asarray(value)

    def call(self, inputs: Any) -> Any:
        parts = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        if any(isinstance(x, Tensor) and _is_open(x) for x in parts):
            if self.gives_texts:
                raise fail(DTypeError, f"{self.name} makes texts, which only arrays can hold",
                           hint="call it on arrays, outside the model")  # fmt: skip
            return computed.build(parts, {"layer": self})
        found = self.compute(*(self._array(x) if isinstance(x, Tensor) else x for x in parts))
        return found if self.gives_texts else constant(found)

    def _array(self, x: Tensor) -> np.ndarray:
        """The value, numbers or texts."""
        if not self.reads_texts(x.dtype):
            return x.array()
        self.spec_of(x.specs[0])
        return texts_of(x.array())


def _is_open(x: Tensor) -> bool:
    """Whether the value is not known yet, or may change from run to run."""
    return x.value is None or (current_recorder() is not None and x.tracked)
