"""Graphs as pictures: boxes in rows, each below those it was made from, and lines between them; no Graphviz."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import Any

from thalweg.errors import ArgumentError, fail
from thalweg.extras import needs

_LETTER, _LINE, _PAD, _GAP = 7.2, 16.0, 8.0, 34.0
_FORMATS = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG", "pdf": "PDF", "gif": "GIF", "bmp": "BMP"}
Box = tuple[float, float, float, float]  # left, top, right, bottom


class Drawing:
    """Boxes with labels of one or more lines, and ``edges``: pairs (number of a box, number of one after it).

    ``across``: from left to right instead of downwards.

    >>> Drawing(["a", "b"], [(0, 1)]).dot().splitlines()[3]
    '  n0 -> n1;'
    """

    def __init__(self, labels: Sequence[str], edges: Sequence[tuple[int, int]], across: bool = False) -> None:
        self.labels, self.edges, self.across = list(labels), list(edges), across
        self._layer = [0] * len(self.labels)
        for before, after in sorted(self.edges, key=lambda pair: pair[1]):
            self._layer[after] = max(self._layer[after], self._layer[before] + 1)

    def dot(self) -> str:
        """The graph in Graphviz's language."""
        quoted = [label.replace('"', "'").replace("\n", "\\n") for label in self.labels]
        nodes = [f'  n{k} [label="{label}", shape=box];' for k, label in enumerate(quoted)]
        lines = [f"  n{a} -> n{b};" for a, b in self.edges]
        return "\n".join(["digraph G {", *nodes, *lines, "}"]) + "\n"

    def boxes(self) -> tuple[list[Box], float, float]:
        """Where each box is, and the width and height of the whole."""
        sizes = [
            (
                _LETTER * max(map(len, label.split("\n"))) + 2 * _PAD,
                _LINE * (label.count("\n") + 1) + 2 * _PAD,
            )
            for label in self.labels
        ]
        along = [s[0] if self.across else s[1] for s in sizes]  # in the direction of the edges
        aside = [s[1] if self.across else s[0] for s in sizes]
        rows: dict[int, list[int]] = {}
        for k, layer in enumerate(self._layer):
            rows.setdefault(layer, []).append(k)
        widths = {layer: sum(aside[k] + _GAP / 2 for k in row) for layer, row in rows.items()}
        whole, far = max(widths.values(), default=0.0) + _GAP / 2, _GAP / 2
        places: list[Box] = [(0.0, 0.0, 0.0, 0.0)] * len(sizes)
        for layer in sorted(rows):
            near = (whole - widths[layer]) / 2 + _GAP / 4
            for k in rows[layer]:
                box = (near, far, near + aside[k], far + along[k])
                places[k] = (box[1], box[0], box[3], box[2]) if self.across else box
                near += aside[k] + _GAP / 2
            far += max(along[k] for k in rows[layer]) + _GAP
        far -= _GAP / 2
        return (places, far, whole) if self.across else (places, whole, far)

    def _ends(self, a: Box, b: Box) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where the line from one box to another starts and ends."""
        if self.across:
            return (a[2], (a[1] + a[3]) / 2), (b[0], (b[1] + b[3]) / 2)
        return ((a[0] + a[2]) / 2, a[3]), ((b[0] + b[2]) / 2, b[1])

    def svg(self) -> str:
        """The graph as an SVG picture."""
        places, width, height = self.boxes()
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            'font-family="monospace" font-size="12" text-anchor="middle">'
        ]
        for a, b in self.edges:
            (xa, ya), (xb, yb) = self._ends(places[a], places[b])
            parts.append(f'<line x1="{xa:.1f}" y1="{ya:.1f}" x2="{xb:.1f}" y2="{yb:.1f}" stroke="#888"/>')
        for label, (left, top, right, bottom) in zip(self.labels, places):
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" rx="5" '
                'fill="#dfe6f5" stroke="#444"/>'
            )
            for number, line in enumerate(label.split("\n")):
                y = top + _PAD + _LINE * (number + 0.75)
                parts.append(f'<text x="{(left + right) / 2:.1f}" y="{y:.1f}">{html.escape(line)}</text>')
        return "\n".join([*parts, "</svg>"]) + "\n"

    def image(self, format: str) -> bytes:
        """The picture as a file of this format: svg, png, jpg, pdf, gif or bmp."""
        if format == "svg":
            return self.svg().encode()
        if format not in _FORMATS:
            raise fail(
                ArgumentError, "the format of a picture", expected=", ".join(["svg", *_FORMATS]),
                received=repr(format),
            )  # fmt: skip
        picture, file = self._painted(), io.BytesIO()
        picture.save(file, _FORMATS[format])
        return file.getvalue()

    def _painted(self) -> Any:
        with needs("pillow", "painting a picture"):
            from PIL import Image, ImageDraw, ImageFont
        places, width, height = self.boxes()
        picture = Image.new("RGB", (round(width), round(height)), "white")
        draw, font = ImageDraw.Draw(picture), ImageFont.load_default()
        for a, b in self.edges:
            draw.line(self._ends(places[a], places[b]), fill="#888888")
        for label, (left, top, right, bottom) in zip(self.labels, places):
            draw.rectangle((left, top, right, bottom), fill="#dfe6f5", outline="#444444")
            for number, line in enumerate(label.split("\n")):
                start = (left + right - draw.textlength(line, font=font)) / 2
                draw.text((start, top + _PAD + _LINE * number), line, fill="black", font=font)
        return picture

    def _repr_svg_(self) -> str:
        """The picture in a notebook."""
        return self.svg()
