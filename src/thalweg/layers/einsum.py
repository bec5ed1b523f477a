"""EinsumDense: a product with a kernel over any axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers import activations
from thalweg.layers.lora import Adaptable
from thalweg.ops.contract import einsum

__all__ = ["EinsumDense"]


class EinsumDense(Adaptable):
    """``activation(einsum(equation, inputs, kernel) + bias)``.

    ``equation``: as ``"abc,cd->abd"``, the batch first, or ``"...x,xy->...y"``. ``output_shape``: the lengths of the
    result's last axes, None where they are the inputs'. ``bias_axes``: letters of the axes along which biases differ.

    >>> import numpy as np
    >>> EinsumDense("abc,cde->abde", output_shape=(None, 2, 4), bias_axes="e")(np.ones((5, 3, 6))).shape
    (5, 3, 2, 4)
    """

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        operands, arrow, self.of_output = equation.replace(" ", "").replace("...", "").partition("->")
        self.of_input, comma, self.of_kernel = operands.partition(",")
        if not arrow or not comma or "," in self.of_kernel:
            raise fail(
                ArgumentError, "EinsumDense: equation", expected='as "abc,cd->abd"', received=repr(equation)
            )
        self.equation, self.activation = equation, activations.get(activation)
        self.lengths = [output_shape] if isinstance(output_shape, int) else list(output_shape)
        self.bias_axes = bias_axes or ""
        self.kernel_options = (kernel_initializer, kernel_regularizer, kernel_constraint)
        self.bias_options = (bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: Any) -> None:
        known = dict(zip(reversed(self.of_input), reversed(input_shape)))
        for letter, length in zip(reversed(self.of_output), reversed(self.lengths)):
            if length is not None and known.setdefault(letter, length) != length:
                raise fail(
                    ShapeError, f"{self.name}: the axis {letter!r} of {self.equation!r}", expected=known[letter],
                    received=length, built_at=None,
                )  # fmt: skip
        self.kernel = self._weight("kernel", [known.get(c) for c in self.of_kernel], self.kernel_options)
        self.bias: Any = None
        if self.bias_axes:
            first = min(self.of_output.index(c) for c in self.bias_axes)
            shape = [known.get(c) if c in self.bias_axes else 1 for c in self.of_output[first:]]
            self.bias = self._weight("bias", shape, self.bias_options)

    def _weight(self, name: str, shape: Sequence[int | None], options: Any) -> Any:
        if None in shape:
            raise fail(
                ShapeError, f"{self.name}: an axis of the {name} of {self.equation!r} has no known length",
                received=shape_text(tuple(shape)), hint="give it in output_shape",
            )  # fmt: skip
        first, penalty, limit = options
        return self.add_weight(
            shape, initializers.get(first), name=name,
            regularizer=regularizers.get(penalty), constraint=constraints.get(limit),
        )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        y: Any = einsum(self.equation, self.floats(inputs), self.adapted(self.kernel))
        return self.activated(y if self.bias is None else y + self.bias)
