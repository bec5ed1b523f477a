"""``lasagne.layers``: several layers into one."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.base import MergeLayer
from thalweg.compat.theano import tensor as T


def autocrop(inputs: list[Any], cropping: Any) -> list[Any]:
    """Inputs cut to the shortest along the axes that say where: "lower", "upper" or "center"."""
    if cropping is None:
        return inputs
    made = inputs
    for axis, mode in enumerate(cropping):
        if mode is None:
            continue
        lengths = [x.shape[axis] for x in made]
        least = lengths[0]
        for n in lengths[1:]:
            least = T.minimum(least, n)
        cut = []
        for x, n in zip(made, lengths, strict=True):
            start = {"lower": 0, "upper": n - least, "center": (n - least) // 2}[mode]
            cut.append(x[(slice(None),) * axis + (slice(start, start + least),)])
        made = cut
    return made


def autocrop_array_shapes(shapes: Any, cropping: Any) -> list[list[Any]]:
    made = [list(s) for s in shapes]
    for axis, mode in enumerate(cropping or ()):
        if mode is not None:
            lengths = [s[axis] for s in made]
            least = None if None in lengths else min(lengths)
            for s in made:
                s[axis] = least
    return made


class ConcatLayer(MergeLayer):
    """Outputs side by side along an axis."""

    def __init__(self, incomings: Any, axis: int = 1, cropping: Any = None, **options: Any) -> None:
        super().__init__(incomings, **options)
        self.axis = axis
        self.cropping = None if cropping is None else [*cropping]
        if self.cropping is not None:
            self.cropping[axis] = None

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        shapes = autocrop_array_shapes(input_shapes, self.cropping)
        lengths = [s[self.axis] for s in shapes]
        made = [next((s[k] for s in shapes if s[k] is not None), None) for k in range(len(shapes[0]))]
        made[self.axis] = None if None in lengths else sum(lengths)
        return tuple(made)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return T.concatenate(autocrop(list(input), self.cropping), axis=self.axis)


concat = ConcatLayer


class ElemwiseMergeLayer(MergeLayer):
    """A function of the elements at one place of all outputs, taken in pairs."""

    def __init__(self, incomings: Any, merge_function: Any, cropping: Any = None, **options: Any) -> None:
        super().__init__(incomings, **options)
        self.merge_function, self.cropping = merge_function, cropping

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        shapes = autocrop_array_shapes(input_shapes, self.cropping)
        rank = len(shapes[0])
        if any(
            len(s) != rank or len({t[k] for t in shapes} - {None}) > 1 for s in shapes for k in range(rank)
        ):
            raise ValueError(f"Mismatch: not all input shapes are the same: {input_shapes}")
        return tuple(next((s[k] for s in shapes if s[k] is not None), None) for k in range(rank))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        made, *rest = autocrop(list(input), self.cropping)
        for x in rest:
            made = self.merge_function(made, x)
        return made


class ElemwiseSumLayer(ElemwiseMergeLayer):
    """The sum of outputs, each times its coefficient."""

    def __init__(self, incomings: Any, coeffs: Any = 1, cropping: Any = None, **options: Any) -> None:
        super().__init__(incomings, T.add, cropping, **options)
        self.coeffs = list(coeffs) if isinstance(coeffs, (list, tuple)) else [coeffs] * len(incomings)
        if len(self.coeffs) != len(incomings):
            raise ValueError(f"Mismatch: got {len(self.coeffs)} coeffs for {len(incomings)} incomings")

    def get_output_for(self, input: Any, **options: Any) -> Any:
        scaled = [x if c == 1 else x * c for x, c in zip(input, self.coeffs, strict=True)]
        return super().get_output_for(scaled)
