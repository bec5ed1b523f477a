"""Graphs as text: one line per tensor, or one expression per tensor. Logs and golden tests read them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from thalweg.graph.tensor import Placeholder, Tensor, Variable
from thalweg.graph.walk import topological

_INLINE = 4  # elements of a constant that stands in the expression itself


def show(outputs: Tensor | Iterable[Tensor], *, lines: bool = True) -> str:
    """The graph below the outputs, inputs first: ``name: dtype[shape] = op(inputs, attributes)  #
    file:line``.

    Leaves without a value and large constants have lines of their own, small constants stand inline; the
    last line
    names the outputs. ``lines=False`` leaves the places in the user's code out.

    >>> from thalweg.graph.tensor import placeholder
    >>> import thalweg.ops
    >>> x = placeholder("float32", [2, 3], name="x")
    >>> print(show(x * 2 + 1, lines=False))
    x: float32[2, 3]
    t0: float32[2, 3] = multiply(x, 2.0)
    t1: float32[2, 3] = add(t0, 1.0)
    return t1
    """
    outputs = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    names = _Names()
    text = []
    for tensor in topological(outputs):
        if _is_inline(tensor):
            continue
        specs = ", ".join(str(s) for s in tensor.specs)
        place = f"  # {tensor.built_at}" if lines and tensor.built_at else ""
        made = f" = {_application(tensor, names)}" if tensor.op is not None else _leaf_value(tensor)
        text.append(f"{names.of(tensor)}: {specs}{made}{place}")
    text.append("return " + ", ".join(names.of(t) for t in outputs))
    return "\n".join(text)


def expression(tensor: Tensor, depth: int = 3) -> str:
    """The tensor as nested applications, ``...`` below ``depth`` of them.

    >>> from thalweg.graph.tensor import placeholder
    >>> import thalweg.ops
    >>> x = placeholder("float32", [2], name="x")
    >>> expression((x + 1).sum())
    'sum(add(x, 1.0), axis=(0,), keepdims=False)'
    """
    if tensor.op is None:
        return _inline(tensor) if _is_inline(tensor) else tensor.name or type(tensor).__name__.lower()
    if depth == 0:
        return "..."
    inputs = [expression(t, depth - 1) for t in tensor.inputs]
    return f"{tensor.op.name}({', '.join([*inputs, *_attributes(tensor)])})"


class _Names:
    """A name for every tensor: its own where it has one that is free, else a number."""

    def __init__(self) -> None:
        self.given: dict[int, str] = {}
        self.taken: set[str] = set()
        self.counts: dict[str, int] = {}

    def of(self, tensor: Tensor) -> str:
        if _is_inline(tensor):
            return _inline(tensor)
        if id(tensor) not in self.given:
            name = tensor.name if tensor.name and tensor.name not in self.taken else self._numbered(tensor)
            self.given[id(tensor)] = name
            self.taken.add(name)
        return self.given[id(tensor)]

    def _numbered(self, tensor: Tensor) -> str:
        letter = (
            "t"
            if tensor.op is not None
            else "w"
            if isinstance(tensor, Variable)
            else "p"
            if tensor.value is None
            else "c"
        )
        while True:
            number = self.counts.get(letter, 0)
            self.counts[letter] = number + 1
            if f"{letter}{number}" not in self.taken:
                return f"{letter}{number}"


_MOST = 12  # rows and columns of a table; the middle ones are left out


def tensor_html(tensor: Tensor) -> str:
    """The ``repr`` as HTML; an eager tensor of one or two axes shows its numbers in a table."""
    if tensor.value is None or not 1 <= tensor.value.ndim <= 2:
        return f"<code>{escape(repr(tensor))}</code>"
    name = f" {tensor.name!r}" if tensor.name else ""
    head = f"{type(tensor).__name__}{name} shape={tuple(tensor.value.shape)} dtype={tensor.dtype.name}"
    rows = []
    for row in _ends(list(np.atleast_2d(tensor.value))):
        cells = (
            ["..." if x is None else f"{x:.6g}" for x in _ends(row.tolist())] if row is not None else ["..."]
        )
        rows.append(cells)
    return html_table(rows, caption=head)


def html_table(rows: Iterable[Sequence[Any]], caption: str = "", header: Sequence[Any] | None = None) -> str:
    """A table as HTML, every text escaped.

    >>> html_table([[1, "<b>"]])
    '<table><tr><td>1</td><td>&lt;b&gt;</td></tr></table>'
    """
    parts = [f"<caption>{escape(caption)}</caption>"] if caption else []
    parts += ["<tr>" + "".join(f"<th>{escape(str(x))}</th>" for x in header) + "</tr>"] if header else []
    parts += ["<tr>" + "".join(f"<td>{escape(str(x))}</td>" for x in row) + "</tr>" for row in rows]
    return f"<table>{''.join(parts)}</table>"


def _ends(values: list[Any]) -> list[Any]:
    """The values, or the first and last of many with None between."""
    if len(values) <= _MOST:
        return values
    return [*values[: _MOST // 2], None, *values[-_MOST // 2 :]]


def _application(tensor: Tensor, names: _Names) -> str:
    assert tensor.op is not None
    return f"{tensor.op.name}({', '.join([*(names.of(t) for t in tensor.inputs), *_attributes(tensor)])})"


def _attributes(tensor: Tensor) -> list[str]:
    return [f"{key}={_attribute(value)}" for key, value in tensor.attrs.items()]


def _attribute(value: Any) -> str:
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, np.generic):
        return str(value.item())
    return getattr(value, "__name__", None) or repr(value)


def _is_inline(tensor: Tensor) -> bool:
    constant = tensor.op is None and not isinstance(tensor, (Variable, Placeholder))
    return constant and tensor.value is not None and tensor.value.size <= _INLINE


def _inline(tensor: Tensor) -> str:
    return str(tensor.value.tolist())


def _leaf_value(tensor: Tensor) -> str:
    if tensor.value is None or isinstance(tensor, Variable):
        return ""
    first = ", ".join(str(v) for v in tensor.value.reshape(-1)[:2].tolist())
    return f" = constant of {math.prod(tensor.value.shape)} elements: {first}, ..."
