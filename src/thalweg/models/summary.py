"""The text of ``summary()``: layers, shapes of outputs, numbers of weights."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["summary_text"]


def _number(n: int) -> str:
    return f"{n:,}"


def _size(variables: Any) -> str:
    total = sum(int(np.prod(v.shape)) * v.dtype.itemsize for v in variables)
    for unit in ("B", "KB", "MB", "GB"):
        if total < 1024 or unit == "GB":
            return f"{total:.2f} {unit}"
        total /= 1024
    raise AssertionError


def _output_shapes(model: Any) -> dict[int, Any]:
    """The shapes of the outputs of the layers of a model, by the layers' ids, where they are known."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        return {}
    from thalweg.layers.base import shapes_of

    return {id(node.layer): shapes_of(node.outputs) for node in graph.nodes}


def summary_text(model: Any, line_length: int | None = None) -> str:
    """A table of the layers and three lines of totals."""
    shapes = _output_shapes(model)
    rows = [("Layer (type)", "Output Shape", "Param #")]
    for layer in model.layers:
        shape = shapes.get(id(layer), "?")
        params = _number(layer.count_params()) if layer.built else "0 (unbuilt)"
        rows.append((f"{layer.name} ({type(layer).__name__})", str(shape), params))
    widths = [max(len(row[k]) for row in rows) for k in range(3)]
    if line_length:
        widths[0] = max(widths[0], line_length - sum(widths[1:]) - 4)
    lines = ["  ".join((a.ljust(widths[0]), b.ljust(widths[1]), c.rjust(widths[2]))) for a, b, c in rows]
    rule = "-" * (sum(widths) + 4)
    trained, frozen = model.trainable_weights, model.non_trainable_weights

    def total(name: str, variables: Any) -> str:
        return f"{name}: {_number(sum(int(np.prod(v.shape)) for v in variables))} ({_size(variables)})"

    return "\n".join(
        [
            f'Model: "{model.name}"',
            rule,
            lines[0],
            rule,
            *lines[1:],
            rule,
            total("Total params", [*trained, *frozen]),
            total("Trainable params", trained),
            total("Non-trainable params", frozen),
        ]
    )
