"""The text of ``summary()``: layers, shapes of outputs, numbers of weights."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from thalweg.graph.show import html_table

__all__ = ["summary_html", "summary_text"]


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
    from thalweg.layers.nodes import shapes_of

    return {id(node.layer): shapes_of(node.outputs) for node in graph.nodes}


def _rows(model: Any, prefix: str, nested: bool) -> list[tuple[str, ...]]:
    """Name, shape of the output, number of weights, whether it trains: of each layer."""
    shapes = _output_shapes(model)
    rows: list[tuple[str, ...]] = []
    for layer in model.layers:
        params = _number(layer.count_params()) if layer.built else "0 (unbuilt)"
        trains = "-" if not layer.weights else "yes" if layer.trainable_weights else "no"
        name = f"{prefix}{layer.name} ({type(layer).__name__})"
        shape = shapes.get(id(layer), vars(layer).get("output_shape", "?"))
        rows.append((name, str(shape), params, trains))
        if nested and getattr(layer, "layers", None):
            rows += _rows(layer, prefix + "  ", nested)
    return rows


_HEADER = ("Layer (type)", "Output Shape", "Param #", "Trainable")


def _totals(model: Any) -> list[str]:
    trained, frozen = model.trainable_weights, model.non_trainable_weights
    kinds = [
        ("Total params", [*trained, *frozen]),
        ("Trainable params", trained),
        ("Non-trainable params", frozen),
    ]
    if model.optimizer is not None and trained:
        slots = [v for v in model.optimizer.variables() if v.ndim]
        kinds += [("Optimizer params", slots)] if slots else []
    return [f"{name}: {_number(sum(int(np.prod(v.shape)) for v in vs))} ({_size(vs)})" for name, vs in kinds]


def summary_text(model: Any, line_length: int | None = None, expand_nested: bool = False) -> str:
    """A table of the layers, of nested ones too if asked, and lines of totals."""
    rows = [_HEADER, *_rows(model, "", expand_nested)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(_HEADER))]
    space = 2 * (len(widths) - 1)
    if line_length:
        widths[0] = max(widths[0], line_length - sum(widths[1:]) - space)
    turns = (str.ljust, str.ljust, str.rjust, str.ljust)
    lines = ["  ".join(turn(c, w) for turn, c, w in zip(turns, row, widths)).rstrip() for row in rows]
    rule = "-" * (sum(widths) + space)
    head = [f'Model: "{model.name}"', rule, lines[0], rule]
    return "\n".join([*head, *lines[1:], rule, *_totals(model)])


def summary_html(model: Any) -> str:
    """The same as a table in HTML."""
    totals = "".join(f"<div>{escape(line)}</div>" for line in _totals(model))
    name = f"{type(model).__name__} {model.name!r}"
    return html_table(_rows(model, "", False), caption=name, header=_HEADER) + totals
