"""Low-rank adaptation (Hu et al., 2021): a weight that stays, plus a product of two thin matrices that learns."""

from __future__ import annotations

from typing import Any

from thalweg import initializers
from thalweg.errors import ArgumentError, fail
from thalweg.layers.base import Layer
from thalweg.ops.contract import matmul

__all__ = ["Adaptable"]


class Adaptable(Layer):
    """A layer whose largest weight W can be adapted: ``W + lora_alpha / lora_rank * (A @ B)``, with A and B trained.

    ``lora_rank``: the length that A [..., rank] and B [rank, last axis of W] share; the layer is adapted as soon as it
    is built. ``lora_alpha`` is ``lora_rank`` unless given.

    >>> import numpy as np
    >>> from thalweg.layers import Dense
    >>> layer = Dense(3)
    >>> before = layer(np.ones((1, 4), "float32"))
    >>> layer.enable_lora(2)
    >>> bool((layer(np.ones((1, 4), "float32")) == before).numpy().all())  # B begins as zeros
    True
    >>> [w.name.split("/")[1] for w in layer.trainable_weights]
    ['bias', 'lora_kernel_a', 'lora_kernel_b']
    """

    adapted_weight = "kernel"  # the attribute that W is

    def __init__(self, lora_rank: int | None = None, lora_alpha: float | None = None, **options: Any) -> None:
        super().__init__(**options)
        if lora_rank is not None and (not isinstance(lora_rank, int) or lora_rank < 1):
            raise fail(
                ArgumentError, f"{self.name}: lora_rank", expected="a whole number >= 1", received=lora_rank
            )
        self.lora_rank, self.lora_alpha = lora_rank, lora_rank if lora_alpha is None else lora_alpha
        self.lora_a: Any = None
        self.lora_b: Any = None

    @property
    def lora_enabled(self) -> bool:
        """Whether the layer is adapted."""
        return self.lora_a is not None

    def build_for(self, args: Any) -> None:
        new = not self.built
        super().build_for(args)
        if new and self.lora_rank is not None:
            self.enable_lora(self.lora_rank, self.lora_alpha)

    def enable_lora(
        self,
        rank: int,
        lora_alpha: float | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the weight and make A and B, with the weight's regulariser."""
        whole = getattr(self, self.adapted_weight) if self.built else None
        if whole is None or self.lora_enabled:
            raise fail(
                ArgumentError, f"{self.name}: enable_lora", expected="once, on a layer that is built",
                received="a layer that is adapted already" if whole is not None else "a layer that is not built",
            )  # fmt: skip
        if whole.constraint is not None:
            raise fail(
                ArgumentError, f"{self.name}: enable_lora: a sum of weights cannot be kept within a constraint",
                hint=f"make the layer without {self.adapted_weight}_constraint",
            )  # fmt: skip
        penalty = next((penalty for weight, penalty in self._penalties if weight is whole), None)
        shapes = {"a": (*whole.shape[:-1], rank), "b": (rank, whole.shape[-1])}
        self.lora_a, self.lora_b = (
            self.add_weight(
                shapes[part], initializers.get(first), name=f"lora_{self.adapted_weight}_{part}", regularizer=penalty
            )
            for part, first in (("a", a_initializer), ("b", b_initializer))
        )  # fmt: skip
        whole.trainable = False
        self.lora_rank, self.lora_alpha = rank, rank if lora_alpha is None else lora_alpha
        self._arguments.update(lora_rank=rank, lora_alpha=self.lora_alpha)

    def adapted(self, whole: Any) -> Any:
        """The weight, with what was learned beside it."""
        return whole + self.adaptation(self.lora_a) if self.lora_enabled else whole

    def adaptation(self, a: Any) -> Any:
        """What rows of A add."""
        return matmul(a, self.lora_b) * (self.lora_alpha / self.lora_rank)  # type: ignore[operator]
