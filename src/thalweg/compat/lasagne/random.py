"""``lasagne.random``: the generator of first values and seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

_generator: list[Any] = [np.random]


def get_rng() -> Any:
    """NumPy's own generator, or the one that was set."""
    return _generator[0]


def set_rng(new_rng: Any) -> None:
    """Draw from another ``numpy.random.RandomState``."""
    _generator[0] = new_rng
