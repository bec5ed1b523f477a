"""Layers that draw random numbers: from ``tw.random``, or from a sequence of their own that a seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import philox
from thalweg.errors import ArgumentTypeError, fail
from thalweg.graph.tensor import constant, no_grad
from thalweg.layers.base import Layer

__all__ = ["Seeded"]

_NEXT = np.array([0, 0, 1, 0], np.uint32)


class Seeded(Layer):
    """A layer whose draws are decided by ``seed`` alone, call after call, if one is given.

    The place in the sequence is a weight that no optimizer moves, ``seed_state``, so that it is saved and resumed.
    """

    def __init__(self, seed: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise fail(
                ArgumentTypeError, f"{type(self).__name__}: seed", expected="an int", received=repr(seed)
            )
        self.seed = seed
        self.seed_state: Any = None
        if seed is not None:
            key = philox.make_key(int(seed) % 2**64)
            self.seed_state = self.add_weight(
                (4,), lambda shape, dtype=None: key, dtype="uint32", trainable=False, name="seed_state"
            )

    def next_key(self) -> Any:
        """The ``key`` of one draw: None without a seed, which takes the next one of ``tw.random``."""
        if self.seed_state is None:
            return None
        with no_grad():
            key = self.seed_state + constant(np.zeros(4, np.uint32))
            self.seed_state.assign(self.seed_state + constant(_NEXT))
        return key
