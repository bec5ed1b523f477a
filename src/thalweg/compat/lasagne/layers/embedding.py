"""``lasagne.layers``: rows of a table."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.init import Normal
from thalweg.compat.lasagne.layers.base import Layer


class EmbeddingLayer(Layer):
    """Rows of a table by number."""

    def __init__(
        self, incoming: Any, input_size: int, output_size: int, W: Any = None, **options: Any
    ) -> None:
        super().__init__(incoming, **options)
        self.output_size = output_size
        self.W = self.add_param(Normal() if W is None else W, (input_size, output_size), name="W")

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (*input_shape, self.output_size)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        return self.W[input]
