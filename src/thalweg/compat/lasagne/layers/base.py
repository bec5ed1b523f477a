"""``lasagne.layers``: what all layers share, and the layers without arithmetic of their own."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import thalweg as tw
from thalweg.compat.lasagne.init import Constant, Normal
from thalweg.compat.lasagne.nonlinearities import identity, rectify
from thalweg.compat.lasagne.utils import create_param
from thalweg.compat.theano import config
from thalweg.compat.theano import tensor as T


class Layer:
    """A function of one layer's output: ``get_output_for(input)``, ``get_output_shape_for(shape)``, ``add_param``."""

    def __init__(self, incoming: Any, name: str | None = None) -> None:
        if isinstance(incoming, tuple):
            self.input_shape: Any = incoming
            self.input_layer: Any = None
        else:
            self.input_shape = incoming.output_shape
            self.input_layer = incoming
        self.name = name
        self.params: OrderedDict[Any, set[str]] = OrderedDict()
        self.get_output_kwargs: list[str] = []

    @property
    def output_shape(self) -> Any:
        """The shape of the output."""
        return self.get_output_shape_for(self.input_shape)

    def get_params(self, unwrap_shared: bool = True, **tags: Any) -> list[Any]:
        """The layer's parameters that have (or, with False, have not) the tags."""
        only = {tag for tag, wanted in tags.items() if wanted}
        without = {tag for tag, wanted in tags.items() if not wanted}
        return [p for p, have in self.params.items() if only <= have and not without & have]

    def add_param(self, spec: Any, shape: Any, name: str | None = None, **tags: Any) -> Any:
        """A parameter of the layer; it is trainable and regularised unless the tags say otherwise."""
        if name is not None and self.name is not None:
            name = f"{self.name}.{name}"
        param = create_param(spec, shape, name)
        wanted = {"trainable": True, "regularizable": True, **tags}
        self.params[param] = {tag for tag, on in wanted.items() if on}
        return param

    def get_output_shape_for(self, input_shape: Any) -> Any:
        """The shape of the output for a shape of the input: the same."""
        return input_shape

    def get_output_for(self, input: Any, **options: Any) -> Any:
        """The output for an input."""
        raise NotImplementedError


class MergeLayer(Layer):
    """A function of several layers' outputs."""

    def __init__(self, incomings: Any, name: str | None = None) -> None:
        self.input_shapes = [x if isinstance(x, tuple) else x.output_shape for x in incomings]
        self.input_layers = [None if isinstance(x, tuple) else x for x in incomings]
        self.name = name
        self.params = OrderedDict()
        self.get_output_kwargs = []

    @property
    def output_shape(self) -> Any:
        return self.get_output_shape_for(self.input_shapes)


class InputLayer(Layer):
    """Where a network takes in ``input_var`` of a shape."""

    def __init__(self, shape: Any, input_var: Any = None, name: str | None = None, **options: Any) -> None:
        self.shape = tuple(shape)
        if input_var is None:
            broadcastable = [False] * len(self.shape)
            input_var = T.TensorType(config.floatX, broadcastable)(f"{name}.input" if name else "input")
        self.input_var = input_var
        self.name = name
        self.params = OrderedDict()
        self.get_output_kwargs = []

    @property
    def output_shape(self) -> Any:
        return self.shape


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
        made = []
        for d in self.shape:
            if isinstance(d, list):
                made.append(input_shape[d[0]])
            else:
                made.append(int(d) if isinstance(d, int) else None)
        if -1 in made:
            known = [d for d in made if d != -1]
            whole = None in input_shape or None in known
            made[made.index(-1)] = None if whole else _product(input_shape) // _product(known)
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
        rank = len(self.input_shape) - batch_ndim
        widths = [width] * rank if isinstance(width, int) else list(width)
        self.width = [(w, w) if isinstance(w, int) else tuple(w) for w in widths]

    def get_output_shape_for(self, input_shape: Any) -> Any:
        pads = [(0, 0)] * self.batch_ndim + self.width
        return tuple(None if n is None else n + a + b for n, (a, b) in zip(input_shape, pads, strict=True))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        pads = [(0, 0)] * self.batch_ndim + self.width
        return T.TensorVariable(tw.pad(input.tensor, tuple(pads), constant_values=self.val))


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


class NonlinearityLayer(Layer):
    """A function of each element."""

    def __init__(self, incoming: Any, nonlinearity: Any = rectify, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.nonlinearity = nonlinearity or identity

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.nonlinearity(input)


class BiasLayer(Layer):
    """A bias, shared over all axes but the second unless told otherwise."""

    def __init__(self, incoming: Any, b: Any = None, shared_axes: Any = "auto", **options: Any) -> None:
        super().__init__(incoming, **options)
        self.axes = _own_axes(shared_axes, len(self.input_shape))
        shape = [self.input_shape[k] for k in self.axes]
        self.b = self.add_param(b or Constant(0), shape, name="b", regularizable=False)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input + _along(self.b, self.axes, input.ndim)


class ScaleLayer(Layer):
    """A factor, shared over all axes but the second unless told otherwise."""

    def __init__(self, incoming: Any, scales: Any = None, shared_axes: Any = "auto", **options: Any) -> None:
        super().__init__(incoming, **options)
        self.axes = _own_axes(shared_axes, len(self.input_shape))
        shape = [self.input_shape[k] for k in self.axes]
        self.scales = self.add_param(scales or Constant(1), shape, name="scales", regularizable=False)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return input * _along(self.scales, self.axes, input.ndim)


def _own_axes(shared_axes: Any, rank: int) -> list[int]:
    """The axes along which a parameter has a number for each place."""
    if shared_axes == "auto":
        return [1]
    common = {shared_axes} if isinstance(shared_axes, int) else set(shared_axes)
    return [k for k in range(rank) if k not in common]


def _along(param: Any, axes: list[int], rank: int) -> Any:
    return param.dimshuffle([axes.index(k) if k in axes else "x" for k in range(rank)])


class ExpressionLayer(Layer):
    """Any function of the output; ``output_shape``: None for the same, a tuple, or a function of the shape."""

    def __init__(self, incoming: Any, function: Any, output_shape: Any = None, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.function, self._shape = function, output_shape

    def get_output_shape_for(self, input_shape: Any) -> Any:
        if self._shape is None:
            return input_shape
        if callable(self._shape):
            return self._shape(input_shape)
        return input_shape if self._shape == "auto" else tuple(self._shape)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.function(input)


class EmbeddingLayer(Layer):
    """Rows of a table by number."""

    def __init__(
        self, incoming: Any, input_size: int, output_size: int, W: Any = None, **options: Any
    ) -> None:
        super().__init__(incoming, **options)
        self.output_size = output_size
        self.W = self.add_param(W or Normal(), (input_size, output_size), name="W")

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_size)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.W[input]


# --- several layers ---------------------------------------------------------------------------------------------------


def _cropped(inputs: list[Any], cropping: Any) -> list[Any]:
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


def _cropped_shapes(shapes: Any, cropping: Any) -> list[list[Any]]:
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
        shapes = _cropped_shapes(input_shapes, self.cropping)
        lengths = [s[self.axis] for s in shapes]
        made = [next((s[k] for s in shapes if s[k] is not None), None) for k in range(len(shapes[0]))]
        made[self.axis] = None if None in lengths else sum(lengths)
        return tuple(made)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return T.concatenate(_cropped(list(input), self.cropping), axis=self.axis)


concat = ConcatLayer


class ElemwiseMergeLayer(MergeLayer):
    """A function of the elements at one place of all outputs, taken in pairs."""

    def __init__(self, incomings: Any, merge_function: Any, cropping: Any = None, **options: Any) -> None:
        super().__init__(incomings, **options)
        self.merge_function, self.cropping = merge_function, cropping

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        shapes = _cropped_shapes(input_shapes, self.cropping)
        return tuple(next((s[k] for s in shapes if s[k] is not None), None) for k in range(len(shapes[0])))

    def get_output_for(self, input: Any, **options: Any) -> Any:
        made, *rest = _cropped(list(input), self.cropping)
        for x in rest:
            made = self.merge_function(made, x)
        return made


class ElemwiseSumLayer(ElemwiseMergeLayer):
    """The sum of outputs, each times its coefficient."""

    def __init__(self, incomings: Any, coeffs: Any = 1, cropping: Any = None, **options: Any) -> None:
        super().__init__(incomings, T.add, cropping, **options)
        self.coeffs = list(coeffs) if isinstance(coeffs, (list, tuple)) else [coeffs] * len(incomings)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        scaled = [x if c == 1 else x * c for x, c in zip(input, self.coeffs, strict=True)]
        return super().get_output_for(scaled)
