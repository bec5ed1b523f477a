"""``lasagne.layers``: convolution with filters of its own at every place."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.conv import Conv2DLayer
from thalweg.compat.theano import tensor as T


class LocallyConnected2DLayer(Conv2DLayer):
    """A convolution of stride 1 whose filters [O, C, KH, KW, H, W] differ from place to place.

    ``channelwise``: each filter sees its own channel only, and there are as many as channels.
    """

    def __init__(
        self,
        incoming: Any,
        num_filters: int,
        filter_size: Any,
        stride: Any = (1, 1),
        pad: Any = "same",
        untie_biases: bool = False,
        channelwise: bool = False,
        **options: Any,
    ) -> None:
        self.channelwise = channelwise
        super().__init__(incoming, num_filters, filter_size, stride, pad, untie_biases, **options)
        if self.stride != (1, 1) or self.pad != "same":
            raise NotImplementedError("LocallyConnected2DLayer requires stride=1 and pad='same'")
        if channelwise and self.input_shape[1] != num_filters:
            raise ValueError("with channelwise=True there must be as many filters as channels")

    def get_W_shape(self) -> Any:
        lead = (self.num_filters,) if self.channelwise else (self.num_filters, self.input_shape[1])
        return (*lead, *self.filter_size, *self.input_shape[2:])

    def convolve(self, input: Any) -> Any:
        height, width = self.input_shape[2:]
        kh, kw = self.filter_size
        padded = T.zeros((input.shape[0], input.shape[1], height + kh - 1, width + kw - 1), dtype=input.dtype)
        inside = padded[:, :, kh // 2 : kh // 2 + height, kw // 2 : kw // 2 + width]
        padded = T.set_subtensor(inside, input)
        total: Any = 0
        for i in range(kh):
            for j in range(kw):
                seen = padded[:, :, i : i + height, j : j + width]
                row, column = (kh - 1 - i, kw - 1 - j) if self.flip_filters else (i, j)
                if self.channelwise:
                    total = total + seen * self.W[:, row, column].dimshuffle("x", 0, 1, 2)
                else:
                    part = self.W[:, :, row, column].dimshuffle("x", 0, 1, 2, 3)
                    total = total + (seen.dimshuffle(0, "x", 1, 2, 3) * part).sum(axis=2)
        return total
