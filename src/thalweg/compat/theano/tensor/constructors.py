"""``theano.tensor``: variables by rank and dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.naming import name_what_was_made
from thalweg.compat.theano.tensor_type import TensorType, tensor_type
from thalweg.compat.theano.variable import TensorVariable

_RANKS = {
    "scalar": (), "vector": (False,), "matrix": (False, False), "row": (True, False), "col": (False, True),
    "tensor3": (False,) * 3, "tensor4": (False,) * 4, "tensor5": (False,) * 5,
    "tensor6": (False,) * 6, "tensor7": (False,) * 7,
}  # fmt: skip
_PREFIXES = {"b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64",
             "c": "complex64", "z": "complex128"}  # fmt: skip


class _FloatXConstructor:
    """``matrix("x")``, ``matrix(dtype="int32")``: a variable, of dtype ``floatX`` unless given."""

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self._broadcastable = _RANKS[name]

    def __call__(self, name: str | None = None, dtype: Any = None) -> TensorVariable:
        return TensorType(dtype or config.floatX, self._broadcastable)(name)


def _several(one: Any) -> Any:
    def make(*names: Any) -> Any:
        """Several variables: from names or the letters of one, or as many as a number says."""
        if isinstance(names[0], int):
            return [one() for _ in range(names[0])]
        given = names[0] if len(names) == 1 else names
        return one(given) if len(given) == 1 else [one(name) for name in given]

    return make


def _constructors() -> dict[str, Any]:
    made: dict[str, Any] = {}
    for rank, broadcastable in _RANKS.items():
        made[rank] = _FloatXConstructor(rank)
        for prefix, dtype in _PREFIXES.items():
            made[prefix + rank] = tensor_type(dtype, broadcastable)
    for name in list(made):
        plural = {"row": "rows", "col": "cols", "matrix": "matrices"}
        for single, many in plural.items():
            if name.endswith(single):
                made[name.removesuffix(single) + many] = _several(made[name])
        if name.endswith(("scalar", "vector", "tensor3", "tensor4", "tensor5", "tensor6", "tensor7")):
            made[name + "s"] = _several(made[name])
    return made


CONSTRUCTORS = _constructors()
globals().update(CONSTRUCTORS)
scalar, vector, matrix, row, col, tensor3, tensor4 = (
    CONSTRUCTORS[n] for n in ("scalar", "vector", "matrix", "row", "col", "tensor3", "tensor4")
)


def tensor(dtype: Any, broadcastable: Sequence[bool], name: str | None = None) -> TensorVariable:
    """A variable of a dtype and broadcastable pattern."""
    return TensorType(dtype, broadcastable)(name)


name_what_was_made(globals())
