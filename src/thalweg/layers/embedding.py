"""Embedding: numbers of things to vectors."""

from __future__ import annotations

from typing import Any

from thalweg import constraints, initializers, regularizers
from thalweg.layers.base import Layer
from thalweg.layers.core import positive
from thalweg.layers.lora import Adaptable
from thalweg.nn.embedding import embedding_lookup
from thalweg.ops import elementwise as ew
from thalweg.ops.reduce import any as any_over

__all__ = ["Embedding", "Masking"]


class Embedding(Adaptable):
    """Row ``i`` of a table [input_dim, output_dim] for each whole number i: [...] to [..., output_dim].

    >>> import numpy as np
    >>> Embedding(10, 3)(np.array([[1, 2, 9]])).shape
    (1, 3, 3)
    """

    takes_integers = True
    adapted_weight = "embeddings"

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        input_length: int | None = None,
        **options: Any,
    ) -> None:
        if input_length is not None and "input_shape" not in options:
            options["input_shape"] = (input_length,)
        super().__init__(**options)
        self.input_dim, self.output_dim = (
            positive(self, "input_dim", input_dim),
            positive(self, "output_dim", output_dim),
        )
        self.first = initializers.get(embeddings_initializer)
        self.penalty = regularizers.get(embeddings_regularizer)
        self.limit = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero

    def build(self, input_shape: Any) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim), self.first, name="embeddings",
            regularizer=self.penalty, constraint=self.limit,
        )  # fmt: skip

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where the numbers are not 0, if ``mask_zero``; else the mask of the numbers."""
        return ew.not_equal(inputs, 0) if self.mask_zero else mask

    def call(self, inputs: Any) -> Any:
        ids = inputs if inputs.dtype.kind in "iu" else ew.astype(inputs, "int64")
        rows = embedding_lookup(self.embeddings, ids)
        return rows + self.adaptation(embedding_lookup(self.lora_a, ids)) if self.lora_enabled else rows


class Masking(Layer):
    """Marks the steps whose features all are ``mask_value``: recurrent layers after it pass over them."""

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = mask_value

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return any_over(ew.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Any) -> Any:
        counts = any_over(ew.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return ew.where(counts, inputs, 0)
