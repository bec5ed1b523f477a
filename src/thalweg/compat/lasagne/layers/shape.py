"""``lasagne.layers``: the same numbers under other axes, padded or cut."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.theano_extensions import padding


class FlattenLayer(Layer):
    """The last axes as one, so that ``outdim`` are left."""

    def __init__(self, incoming: Any, outdim: int = 2, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.outdim = outdim

    def get_output_shape_for(self, input_shape: Any) -> Any:
        rest = input_shape[self.outdim - 1 :]
        return (*input_shape[: self.outdim - 1], None if None in rest else _product(rest))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input.flatten(self.outdim)


flatten = FlattenLayer


def _product(lengths: Any) -> int:
    made = 1
    for n in lengths:
        made *= int(n)
    return made


class ReshapeLayer(Layer):
    """Another shape: lengths, -1 for one that is inferred, ``[k]`` for that of the input's axis k, or expressions."""

    def __init__(self, incoming: Any, shape: Any, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.shape = tuple(shape)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        given = [d if isinstance(d, int) else None for d in input_shape]
        made: list[int | None] = []
        left, fresh = (
            list(given),
            [],
        )  # axes of the input that are not named, and lengths that are not one of its
        for d in self.shape:
            axis = d[0] if isinstance(d, list) else None
            length = given[axis] if axis is not None else d if isinstance(d, int) else None
            made.append(length)
            if axis is not None and left[axis] == length:
                left[axis] = 1
            elif length != -1:
                fresh.append(length)
        if -1 in made:
            whole = None in left or None in fresh
            made[made.index(-1)] = None if whole else _product(left) // _product(fresh)
        return tuple(made)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        lengths = [input.shape[d[0]] if isinstance(d, list) else d for d in self.shape]
        return input.reshape(tuple(lengths), ndim=len(lengths))


reshape = ReshapeLayer


class DimshuffleLayer(Layer):
    """Axes in another order; ``"x"`` is a new one of length 1."""

    def __init__(self, incoming: Any, pattern: Any, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.pattern = tuple(pattern)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return tuple(1 if p == "x" else input_shape[p] for p in self.pattern)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input.dimshuffle(self.pattern)


dimshuffle = DimshuffleLayer


class PadLayer(Layer):
    """A border of one number around all axes from ``batch_ndim`` on."""

    def __init__(
        self, incoming: Any, width: Any, val: float = 0, batch_ndim: int = 2, **options: Any
    ) -> None:
        super().__init__(incoming, **options)
        self.val, self.batch_ndim = val, batch_ndim
        self.width = width

    def get_output_shape_for(self, input_shape: Any) -> Any:
        pads = padding.around(self.width, len(input_shape), self.batch_ndim)
        return tuple(None if n is None else n + a + b for n, (a, b) in zip(input_shape, pads, strict=True))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return padding.pad(input, self.width, self.val, self.batch_ndim)


pad = PadLayer


class SliceLayer(Layer):
    """A part along an axis; an int takes the axis away."""

    def __init__(self, incoming: Any, indices: Any, axis: int = -1, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.slice, self.axis = indices, axis % len(self.input_shape)

    def get_output_shape_for(self, input_shape: Any) -> Any:
        made = list(input_shape)
        if isinstance(self.slice, int):
            del made[self.axis]
        elif made[self.axis] is not None:
            made[self.axis] = len(range(*self.slice.indices(made[self.axis])))
        return tuple(made)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input[(slice(None),) * self.axis + (self.slice,)]
