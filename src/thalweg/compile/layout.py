"""Where the elements of each tensor lie: chains of views resolved to the tensor that owns the memory.

Axes of length 1 are dropped everywhere, so that [N, 1] and [N] are the same place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from thalweg.graph.lowering import Layout, MatrixProduct, Reshape, View, row_major
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
from thalweg.ops.shape import permute_dims
from thalweg.ops.state import identity


@dataclass(frozen=True)
class Place:
    """The elements of a tensor: those of ``source`` (a tensor with memory, or computed) seen through
    ``layout``.
    """

    source: Tensor
    layout: Layout

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Place) or type(other) is not type(self):
            return NotImplemented
        return self.source is other.source and self.layout == other.layout  # tensors compare to tensors


def is_view(tensor: Tensor) -> bool:
    """Whether the tensor is other tensors' memory seen otherwise."""
    return tensor.op is not None and isinstance(tensor.op.lower, (View, Reshape))


def place(tensor: Tensor, places: dict[Tensor, Place]) -> Place | None:
    """Where a tensor lies; None for a reshape that no strides express (its input must be copied first)."""
    if not is_view(tensor):
        return Place(tensor, row_major(tensor.shape))
    below = places[tensor.inputs[0]]
    assert tensor.op is not None
    if isinstance(tensor.op.lower, View):
        return Place(below.source, tensor.op.lower.view(below.layout, **tensor.attrs))
    reshaped = reshape_layout(below.layout, tensor.shape)
    return None if reshaped is None else Place(below.source, reshaped)


def reshape_layout(layout: Layout, shape: tuple[int, ...]) -> Layout | None:
    """The layout of the same elements in row-major order under another shape, or None where strides cannot
    say it.
    """
    if 0 in shape:
        return Layout(layout.offset, shape, (0,) * len(shape))
    old = [(d, s) for d, s in zip(layout.shape, layout.strides, strict=True) if d != 1]
    strides: list[int] = [0] * len(shape)
    new = [(k, d) for k, d in enumerate(shape) if d != 1]
    i = j = 0
    while i < len(old) and j < len(new):
        i2, j2, a, b = i + 1, j + 1, old[i][0], new[j][1]
        while a != b:
            if a < b:
                if i2 == len(old):
                    return None
                a, i2 = a * old[i2][0], i2 + 1
            else:
                if j2 == len(new):
                    return None
                b, j2 = b * new[j2][1], j2 + 1
        if any(old[k][1] != old[k + 1][0] * old[k + 1][1] for k in range(i, i2 - 1)):
            return None
        step = old[i2 - 1][1]
        for k in reversed(range(j, j2)):
            strides[new[k][0]] = step
            step *= new[k][1]
        i, j = i2, j2
    return Layout(layout.offset, shape, tuple(strides))


def squeeze(layout: Layout) -> Layout:
    """The layout without its axes of length 1."""
    kept = [(d, s) for d, s in zip(layout.shape, layout.strides, strict=True) if d != 1]
    return Layout(layout.offset, tuple(d for d, _ in kept), tuple(s for _, s in kept))


def merged(layout: Layout) -> list[tuple[int, int]]:
    """Length and stride of as few axes as show the same elements in the same order."""
    axes: list[tuple[int, int]] = []
    for length, stride in zip(squeeze(layout).shape, squeeze(layout).strides, strict=True):
        if axes and axes[-1][1] == length * stride:
            axes[-1] = axes[-1][0] * length, stride
        else:
            axes.append((length, stride))
    return axes


def broadcast(layout: Layout, shape: tuple[int, ...]) -> Layout:
    """The layout stretched to ``shape`` by NumPy's rule, in the full (unsqueezed) axes."""
    lead = len(shape) - len(layout.shape)
    strides = [0] * lead + [
        0 if d == 1 and shape[lead + k] != 1 else s
        for k, (d, s) in enumerate(zip(layout.shape, layout.strides, strict=True))
    ]
    return Layout(layout.offset, shape, tuple(strides))


def solid(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape without its axes of length 1."""
    return tuple(d for d in shape if d != 1)


def is_identity(layout: Layout) -> bool:
    """Whether the elements are a row-major array's, in order from its first on."""
    flat = squeeze(layout)
    return flat.offset == 0 and flat.strides == row_major(flat.shape).strides


class Access(Place):
    """An input as loops read it: the tensor with the memory, and the strides over the loops' axes."""


@dataclass(frozen=True)
class Folded:
    """Matrices numbered by the axes of a place before ``rows``, whose rows are those before ``cols`` together and whose
    columns the others; or their transposes.
    """

    place: Place
    rows: int
    cols: int
    transposed: bool


class Places:
    """Where every tensor below some roots lies, and what has to be computed for it: ``computed``, inputs
    first.

    A reshape that no strides express is of a copy, except where only matrix products read it: those read the
    elements where they are (``folded``), several axes making the rows or the columns. ``given``: where leaves lie
    whose elements are not in row-major order.
    """

    def __init__(self, roots: Sequence[Tensor], given: Mapping[Tensor, Place] | None = None) -> None:
        self.of: dict[Tensor, Place] = dict(given or {})
        self.folded: dict[Tensor, Folded] = {}
        self.computed: list[Tensor] = []
        self.roots = list(roots)
        order = topological(roots)
        self._others = set(roots)  # tensors that something else than matrix products reads
        for tensor in reversed(order):
            if not _is_product(tensor) and not (_is_transpose(tensor) and tensor not in self._others):
                self._others.update(tensor.inputs)
        for tensor in order:
            if tensor not in self.of:
                self._resolve(tensor)

    def _resolve(self, tensor: Tensor) -> None:
        if tensor.inputs and tensor.inputs[0] in self.folded and _is_transpose(tensor):
            below = self.folded[tensor.inputs[0]]
            self.folded[tensor] = Folded(below.place, below.rows, below.cols, not below.transposed)
            self.of[tensor] = below.place
            return
        where = place(tensor, self.of)
        if where is None:
            axes = self._matrix_axes(tensor)
            if axes is not None:
                where = self.of[tensor.inputs[0]]
                self.folded[tensor] = Folded(where, *axes, False)
            else:
                where = Place(self.copy_of(tensor.inputs[0]), row_major(tensor.shape))
        elif tensor.op is not None and not is_view(tensor) and tensor.op is not item:
            self.computed.append(tensor)
        self.of[tensor] = where

    def _matrix_axes(self, tensor: Tensor) -> tuple[int, int] | None:
        """At which axes of the input the rows and the columns begin, of a reshape to a matrix or to several; None where
        it is no such reshape.
        """
        if tensor in self._others or len(tensor.shape) not in (2, 3) or 0 in tensor.shape:
            return None
        found: list[int] = []
        below, size = tensor.inputs[0].shape, 1
        wanted = list(tensor.shape[:-1]) if len(tensor.shape) == 3 else [1, tensor.shape[0]]
        for k, d in enumerate(below):
            while len(found) < 2 and size == wanted[len(found)]:
                found.append(k)
                size = 1
            size *= d
        return (found[0], found[1]) if len(found) == 2 else None

    def copy_of(self, tensor: Tensor) -> Tensor:
        """A copy of the tensor, computed like any other."""
        copy = identity.build((tensor,), {})
        self.of[copy] = Place(copy, row_major(copy.shape))
        self.computed.append(copy)
        return copy

    def own(self, tensor: Tensor, taken: Iterable[Tensor] = ()) -> Tensor:
        """The computed tensor whose whole memory is this tensor's value, a copy where there is none."""
        where = self.of[tensor]
        source = where.source
        whole = source.op is not None and is_identity(where.layout) and source.size == tensor.size
        if whole and source not in taken:
            return source
        self.roots.append(self.copy_of(tensor))
        return self.roots[-1]

    def access(self, x: Tensor, shape: tuple[int, ...]) -> Access:
        """An input as read by loops over ``shape`` (axes of length 1 dropped)."""
        where = self.of[x]
        layout = broadcast(where.layout, shape)
        kept = [k for k, d in enumerate(shape) if d != 1]
        return Access(
            where.source, Layout(layout.offset, solid(shape), tuple(layout.strides[k] for k in kept))
        )


def _is_transpose(tensor: Tensor) -> bool:
    return tensor.op is permute_dims and tensor.attrs["axes"] in ((1, 0), (0, 2, 1))


def _is_product(tensor: Tensor) -> bool:
    return tensor.op is not None and isinstance(tensor.op.lower, MatrixProduct)
