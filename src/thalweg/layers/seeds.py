"""Layers that draw random numbers: from ``tw.random``, or from a sequence of their own that a seed decides."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg import philox
from thalweg.errors import ArgumentTypeError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Variable, constant
from thalweg.layers.base import Layer

__all__ = ["Seeded", "memories"]

_NEXT = np.array([0, 0, 1, 0], np.uint32)


def place_of(seed: int, name: str) -> Variable:
    """The place in the sequence of keys that ``seed`` begins: uint32[4], the next key."""
    return Variable(philox.make_key(seed % 2**64), trainable=False, name=name, dtype="uint32")


def next_key_at(place: Variable) -> Any:
    """The key at a place, which is the one behind it then."""
    with no_grad():
        key: Any = place + constant(np.zeros(4, np.uint32))
        place.assign(place + constant(_NEXT))
    return key


class Seeded(Layer):
    """A layer whose draws are decided by ``seed`` alone, call after call, if one is given.

    The place in the sequence is the variable ``seed_state``: no weight, but saved and resumed with the weights.
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
            self.seed_state = place_of(int(seed), f"{self.name}/seed_state")

    def own_weights(self) -> list[Variable]:
        """The weights of this layer itself, without the place in the sequence."""
        return [weight for weight in super().own_weights() if weight is not self.seed_state]

    def next_key(self) -> Any:
        """The ``key`` of one draw: None without a seed, which takes the next one of ``tw.random``."""
        return None if self.seed_state is None else next_key_at(self.seed_state)


def memories(layer: Layer) -> list[Variable]:
    """What the layers of a tree remember beside weights, in order: places in random sequences, kept states."""
    found = [
        v for part in layer.tree() for v in (getattr(part, "seed_state", None), *getattr(part, "kept", ()))
    ]
    return [v for v in found if isinstance(v, Variable)]
