"""``merge`` and ``Merge``: several tensors, or the outputs of several models, as one, in Keras 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg import layers as _main
from thalweg import models as _models
from thalweg.compat.keras.arguments import known_function
from thalweg.compat.keras.custom import OwnLayer
from thalweg.errors import ArgumentError, fail

_MODES: dict[str, Any] = {
    "sum": _main.Add, "mul": _main.Multiply, "ave": _main.Average, "max": _main.Maximum, "concat": _main.Concatenate,
    "dot": _main.Dot, "cos": _main.Dot,
}  # fmt: skip


def merging(mode: Any, concat_axis: int, dot_axes: Any, options: dict[str, Any]) -> _main.Layer:
    """The layer that joins tensors in one of Keras 1's ways."""
    if callable(mode):
        known_function(mode)
        return _main.Lambda(mode, **options)
    if mode not in _MODES:
        raise fail(ArgumentError, "merge: mode", expected=", ".join(_MODES), received=repr(mode))
    if mode == "concat":
        options["axis"] = concat_axis
    elif mode in ("dot", "cos"):
        pair = [dot_axes] * 2 if isinstance(dot_axes, int) else dot_axes
        axes = tuple(a[0] if isinstance(a, (list, tuple)) else a for a in pair)
        # The product was one of matrices, transposed where the axis was not the last: so 0 meant the other one.
        options["axes"] = tuple(1 if a == 0 else a for a in axes)
        options["normalize"] = mode == "cos"
    return _MODES[mode](**options)


def _named(name: str | None, arguments: Any = None) -> dict[str, Any]:
    options: dict[str, Any] = {"name": name} if name else {}
    return {**options, "arguments": arguments} if arguments else options


def merge(
    inputs: Sequence[Any], mode: Any = "sum", dot_axes: Any = -1, concat_axis: int = -1, output_shape: Any = None,
    output_mask: Any = None, arguments: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Several tensors as one: Keras 1."""
    return merging(mode, concat_axis, dot_axes, _named(name, arguments))(list(inputs))


def _as_model(part: Any) -> Any:
    """A model; a layer that knows the shape of its inputs becomes one."""
    if isinstance(part, _models.Model) or not isinstance(part, _main.Layer):
        return part
    return _models.Sequential([part])


class Merge:
    """The outputs of several models as one, at the start of a Sequential: Keras 1."""

    def __init__(
        self, layers: Sequence[Any] | None = None, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1,
        output_shape: Any = None, output_mask: Any = None, arguments: Any = None, node_indices: Any = None,
        tensor_indices: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        self.parts = [_as_model(part) for part in layers or []]
        self.layer = merging(mode, concat_axis, dot_axes, _named(name, arguments))

    def __call__(self, inputs: Any) -> Any:
        return self.layer(list(inputs))


class OwnMerge(OwnLayer):
    """What a program's own layers derive from ``Merge``: ``call`` takes a list; ``mode`` and the like are not used."""

    def __init__(
        self, layers: Any = None, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1,
        output_shape: Any = None, arguments: Any = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(**options)


class _Merge(OwnLayer):
    """What a program's own ways to merge derive from: they define ``_merge_function(inputs)``."""

    def _merge_function(self, inputs: Any) -> Any:
        raise fail(ArgumentError, f"{type(self).__name__} has no _merge_function")

    def call(self, inputs: Any) -> Any:
        return self._merge_function(inputs)


merge._Merge = _Merge  # type: ignore[attr-defined]
