"""``lasagne.layers``: the same numbers under other axes, padded or cut."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.theano_extensions import padding
from thalweg.compat.theano.variable import AnyVariable


class FlattenLayer(Layer):
    """The last axes as one, so that ``outdim`` are left."""

    def __init__(self, incoming: Any, outdim: int = 2, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.outdim = outdim
        if outdim < 1:
            raise ValueError(f"Dim must be >0, was {outdim}")

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
        for d in self.shape:
            _check_length(d, len(self.input_shape))
        if sum(isinstance(d, int) and d == -1 for d in self.shape) > 1:
            raise ValueError("`shape` cannot contain multiple -1")
        self.get_output_shape_for(self.input_shape)

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
        old, new = [n for n in left if n is not None], [n for n in fresh if n is not None]
        if None not in left and None not in fresh:
            rest = -1 in self.shape
            if _product(old) % _product(new) if rest else _product(old) != _product(new):
                raise ValueError(
                    f"{input_shape} cannot be reshaped to specification {self.shape}: sizes do not match"
                )
        return tuple(made)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        lengths = [input.shape[d[0]] if isinstance(d, list) else d for d in self.shape]
        return input.reshape(tuple(lengths), ndim=len(lengths))


def _check_length(d: Any, rank: int) -> None:
    """An error unless it is a length, -1, an axis in a list, or an expression of a length."""
    if isinstance(d, int):
        good = d >= -1
    elif isinstance(d, list):
        good = len(d) == 1 and isinstance(d[0], int) and 0 <= d[0] < rank
    else:
        good = isinstance(d, AnyVariable) and d.ndim == 0
    if not good:
        raise ValueError(
            f"`shape` must hold lengths, one -1, lists [i] of an input dimension or scalar expressions, got {d!r}"
        )


reshape = ReshapeLayer


class DimshuffleLayer(Layer):
    """Axes in another order; ``"x"`` is a new one of length 1."""

    def __init__(self, incoming: Any, pattern: Any, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.pattern = tuple(pattern)
        axes = [p for p in self.pattern if p != "x"]
        rank = len(self.input_shape)
        if len(set(axes)) != len(axes) or not all(isinstance(p, int) and 0 <= p < rank for p in axes):
            raise ValueError(
                f"pattern must hold input dimensions below {rank}, each once, and 'x', got {self.pattern}"
            )
        dropped = [k for k in range(rank) if k not in axes]
        if any(self.input_shape[k] not in (None, 1) for k in dropped):
            raise ValueError(f"DimshuffleLayer attempted to drop dimensions {dropped} of {self.input_shape}")

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
