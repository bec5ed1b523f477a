"""Recurrent layers whose products are convolutions: LSTM over the steps of sequences of signals, images or volumes."""

from __future__ import annotations

from typing import Any

from thalweg.errors import ShapeError, fail
from thalweg.graph.tensor import shape_text
from thalweg.layers.cells import LSTMFormula, State
from thalweg.layers.conv import window
from thalweg.layers.nodes import placeholders_for
from thalweg.layers.recurrent import Recurrent, lengths_of, shape_of_steps
from thalweg.nested import mapped
from thalweg.nn.convolution import channels_first, conv
from thalweg.nn.noise import dropout
from thalweg.ops import shape as shape_ops
from thalweg.ops.dynamic import reshape_to_lengths

__all__ = ["ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"]


class _ConvLSTM(LSTMFormula, Recurrent):
    """What they share: kernels [*window, channels, 4 filters] and [*window, filters, 4 filters], the latter padded."""

    rank: int

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any = 1, padding: Any = "valid",
        data_format: str | None = None, dilation_rate: Any = 1, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(filters, **options)
        self.filters = self.units
        self.kernel_size = window(self, "kernel_size", kernel_size, self.rank)
        self.strides = window(self, "strides", strides, self.rank)
        self.dilation_rate = window(self, "dilation_rate", dilation_rate, self.rank)
        self.padding, self.channels_first = padding, channels_first(data_format)

    def build(self, input_shape: Any) -> None:
        input_shape = shape_of_steps(input_shape)
        if len(input_shape) != self.rank + 3 or input_shape[2 if self.channels_first else -1] is None:
            raise fail(
                ShapeError, f"{self.name}: inputs",
                expected=f"{self.rank + 3} axes (batch, steps, {self.rank} spatial, channels), the channels known",
                received=shape_text(input_shape),
            )  # fmt: skip
        batch, _, *rest = input_shape
        image = [*rest[1:], rest[0]] if self.channels_first else rest
        self.kernel = self._weight("kernel", (*self.kernel_size, image[-1], self.gates * self.units))
        self.recurrent_kernel = self._weight(
            "recurrent_kernel", (*self.kernel_size, self.units, self.gates * self.units)
        )
        if self.use_bias:
            self.bias = self._weight("bias", self.bias_shape())
        projected = self.project(placeholders_for((batch, *image), self.dtype))
        self._state_shape = (*projected.shape[1:-1], self.units)
        if self.stateful:
            self._make_states(batch)

    def state_shapes(self) -> list[tuple[int, ...]]:
        *image, channels = self._state_shape
        shape = (channels, *image) if self.channels_first else self._state_shape
        return [shape] * self.num_states

    def _first_state(self, x: Any, given: Any) -> State:
        state = super()._first_state(x, given)
        kept = given is None and bool(self.kept)  # in the order of the images, which the loop does not have
        return tuple(shape_ops.moveaxis(s, 1, -1) for s in state) if kept and self.channels_first else state

    def _keep(self, last: State, ys: Any) -> None:
        kept = tuple(shape_ops.moveaxis(s, -1, 1) for s in last) if self.channels_first else last
        super()._keep(kept, ys)

    def initial_states(self, x: Any) -> State:
        return (shape_ops.full_like(x[0][..., : self.units], 0),) * self.num_states

    def call(self, inputs: Any, mask: Any = None, training: Any = False, initial_state: Any = None) -> Any:
        if not self.channels_first:
            return super().call(inputs, mask, training, initial_state)
        first, *states = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        states = [shape_ops.moveaxis(s, 1, -1) for s in states or initial_state or ()]
        outputs = super().call(shape_ops.moveaxis(first, 2, -1), mask, training, states or None)
        return mapped(lambda y: shape_ops.moveaxis(y, -1, 2 if y.ndim == self.rank + 3 else 1), outputs)

    def prepared(self, x: Any, training: Any) -> Any:
        if training and self.dropout:
            x = dropout(x, self.dropout, noise_shape=(1, *[None] * (x.ndim - 1)), key=self.next_key())
        y = self.project(shape_ops.merge_axes(x, 0))
        return reshape_to_lengths(y, [*lengths_of(x)[:2], *lengths_of(y)[1:]])

    def project(self, x: Any) -> Any:
        """What images contribute: [batch, *spatial, channels] to [batch, *state, 4 filters]."""
        y: Any = conv(x, self.kernel, self.strides, self.padding, dilation=self.dilation_rate)
        return y + self.bias if self.use_bias else y

    def recur(self, h: Any) -> Any:
        return conv(h, self.recurrent_kernel, padding="same")


class ConvLSTM1D(_ConvLSTM):
    """:class:`LSTM` of sequences of signals, [batch, steps, length, channels], its products convolutions."""

    rank = 1


class ConvLSTM2D(_ConvLSTM):
    """:class:`LSTM` of sequences of images, its products convolutions.

    [batch, steps, height, width, channels] to [batch, height', width', filters]. The inputs are convolved with
    ``strides``, ``padding`` and ``dilation_rate``; the state, of the size that this gives, with its edges padded.

    >>> import numpy as np
    >>> ConvLSTM2D(4, 3, padding="same")(np.zeros((2, 3, 5, 5, 1), "float32")).shape
    (2, 5, 5, 4)
    """

    rank = 2


class ConvLSTM3D(_ConvLSTM):
    """:class:`LSTM` of sequences of volumes, [batch, steps, depth, height, width, channels]."""

    rank = 3
