"""Elements of data sets: tuples and dicts of leaves, which pipelines see as arrays and programs as tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from thalweg.compat.tf1.types import numpy_dtype
from thalweg.compat.tf2 import sparse
from thalweg.compat.tf2.ragged import RaggedTensor
from thalweg.compat.tf2.sparse import SparseTensor
from thalweg.compat.tf2.specs import TensorSpec
from thalweg.compat.tf2.text import TextTensor, is_text, texts
from thalweg.compat.tf2.values import tensor
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Spec, Tensor, freeze
from thalweg.graph.updates import current_recorder


class Whole:
    """A part of an element that is no array: a data set within a data set."""


_WHOLE = (Whole, RaggedTensor, SparseTensor)

# --- their structure ------------------------------------------------------------------------------------------------


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure of tuples and dicts with a function applied to its leaves; lists are leaves."""
    if isinstance(structure, tuple):
        made = [mapped(function, part) for part in structure]
        return type(structure)(*made) if hasattr(structure, "_fields") else tuple(made)
    if isinstance(structure, dict):
        return {key: mapped(function, part) for key, part in structure.items()}
    return function(structure)


def leaves(structure: Any) -> list[Any]:
    """The leaves in order."""
    found: list[Any] = []
    mapped(found.append, structure)
    return found


def placed(structure: Any, given: Iterable[Any]) -> Any:
    """The structure with other leaves."""
    rest = iter(given)
    return mapped(lambda _: next(rest), structure)


def for_each_leaf(given: Any, element: Any) -> list[Any]:
    """One argument for each leaf of an element: from a structure of them, or one for all."""
    if isinstance(element, dict) and isinstance(given, dict):
        return [given[key] for key in element]
    if isinstance(element, tuple) and isinstance(given, tuple):
        return list(given)
    return [given] * len(leaves(element))


# --- arrays and tensors ---------------------------------------------------------------------------------------------


def held(thing: Any) -> np.ndarray:
    """One object as an array without axes, as pipelines pass texts and data sets."""
    made = np.empty((), dtype=object)
    made[()] = thing
    return made


def as_array(leaf: Any) -> Any:
    """A leaf as pipelines pass it."""
    if type(leaf) is Tensor and not leaf.is_symbolic:
        return leaf.array()
    if isinstance(leaf, (bytes, *_WHOLE)):
        return held(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind not in "SU":
        return leaf
    return np.asarray(texts(leaf) if is_text(leaf) else tensor(leaf))


def _as_tensor(leaf: Any) -> Any:
    array = leaf if isinstance(leaf, np.ndarray) else as_array(leaf)
    if array.dtype == object:
        inside = array.item() if array.ndim == 0 else array.flat[0] if array.size else None
        if array.ndim and isinstance(inside, SparseTensor):
            return sparse.stacked(list(array.flat))
        return inside if isinstance(inside, _WHOLE) else TextTensor(array)
    if array.dtype.kind in "SU":
        return texts(array)
    if array.dtype.kind == "c":
        return tensor(array)
    return Tensor(None, (), {}, (Spec(array.shape, array.dtype),), freeze(array))


def rows(leaf: Any) -> Any:
    """What slices of a leaf are taken from: itself, or a list of the parts of one whose rows are no arrays."""
    if isinstance(leaf, SparseTensor):
        return sparse.rows(leaf)
    return list(leaf) if isinstance(leaf, RaggedTensor) else tensor(leaf)


def arrays(structure: Any) -> Any:
    """An element as pipelines pass it."""
    return mapped(as_array, structure)


def tensors(structure: Any) -> Any:
    """An element as programs see it."""
    return mapped(_as_tensor, structure)


def called(function: Callable[..., Any], element: Any) -> Any:
    """A program's function of an element; of a tuple, of its parts."""
    return function(*tensors(element)) if isinstance(element, tuple) else function(tensors(element))


# --- what a program says of them ------------------------------------------------------------------------------------


def typed(element: Any, kind: Any) -> Any:
    """An element of a generator in the dtypes that were announced."""
    if isinstance(kind, tuple):
        return tuple(typed(e, k) for e, k in zip(element, kind, strict=True))
    if isinstance(kind, dict):
        return {key: typed(element[key], k) for key, k in kind.items()}
    if kind is None:
        return arrays(element)
    return as_array(element if is_text(element) else np.asarray(element, numpy_dtype(kind)))


def announced(kinds: Any, shapes: Any) -> Any:
    """Specs of a structure of dtypes and one of shapes, whose tuples may be shapes themselves."""
    if isinstance(kinds, tuple):
        return tuple(announced(k, s) for k, s in zip(kinds, shapes, strict=True))
    if isinstance(kinds, dict):
        return {key: announced(k, shapes[key]) for key, k in kinds.items()}
    return TensorSpec(shapes, kinds)


def outside_functions() -> None:
    """An error while a function is being compiled: elements are not known then."""
    if current_recorder() is not None:
        raise fail(
            SymbolicError, "a data set cannot be iterated over in a compiled function",
            hint="iterate outside, and call the function with each element",
        )  # fmt: skip
