"""``lasagne.init``: first values of parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.lasagne.random import get_rng
from thalweg.compat.lasagne.utils import floatX


class Initializer:
    """Values of a shape: ``init(shape)``."""

    def __call__(self, shape: Any) -> np.ndarray:
        return self.sample(shape)

    def sample(self, shape: Any) -> np.ndarray:
        """The values."""
        raise NotImplementedError


class Normal(Initializer):
    """Normal numbers."""

    def __init__(self, std: float = 0.01, mean: float = 0.0) -> None:
        self.std, self.mean = std, mean

    def sample(self, shape: Any) -> np.ndarray:
        return floatX(get_rng().normal(self.mean, self.std, size=shape))


class Uniform(Initializer):
    """Uniform numbers, in a pair of bounds, in [-range, range], or of a mean and standard deviation."""

    def __init__(self, range: Any = 0.01, std: float | None = None, mean: float = 0.0) -> None:
        if std is not None:
            self.range = (mean - np.sqrt(3) * std, mean + np.sqrt(3) * std)
        else:
            self.range = tuple(range) if isinstance(range, (list, tuple)) else (-range, range)

    def sample(self, shape: Any) -> np.ndarray:
        return floatX(get_rng().uniform(*self.range, size=shape))


def _fans(shape: Any) -> tuple[int, int]:
    if len(shape) < 2:
        raise RuntimeError("this initializer only works with shapes of length >= 2")
    field = int(np.prod(shape[2:]))
    return int(shape[1] * field) if len(shape) > 2 else int(shape[0]), int(
        shape[0] * field if len(shape) > 2 else shape[1]
    )


def _gain(gain: Any) -> float:
    return float(np.sqrt(2)) if gain == "relu" else float(gain)


def _channels_first(shape: Any) -> tuple[int, ...]:
    """The shape of filters given as channels, rows, columns, filters, as (filters, channels, rows, columns)."""
    if len(shape) != 4:
        raise RuntimeError(f"c01b: only shapes of length 4 are possible, received {tuple(shape)}")
    return (shape[3], *shape[:3])


class Glorot(Initializer):
    """Standard deviation ``gain sqrt(2 / (fan in + fan out))``; ``gain="relu"`` is sqrt(2)."""

    def __init__(self, initializer: Any, gain: Any = 1.0, c01b: bool = False) -> None:
        self.initializer, self.gain, self.c01b = initializer, _gain(gain), c01b

    def sample(self, shape: Any) -> np.ndarray:
        n_in, n_out = _fans(_channels_first(shape) if self.c01b else shape)
        return self.initializer(std=self.gain * np.sqrt(2.0 / (n_in + n_out))).sample(shape)


class GlorotNormal(Glorot):
    """Glorot's, normal."""

    def __init__(self, gain: Any = 1.0, c01b: bool = False) -> None:
        super().__init__(Normal, gain, c01b)


class GlorotUniform(Glorot):
    """Glorot's, uniform."""

    def __init__(self, gain: Any = 1.0, c01b: bool = False) -> None:
        super().__init__(Uniform, gain, c01b)


class He(Initializer):
    """Standard deviation ``gain sqrt(1 / fan in)``."""

    def __init__(self, initializer: Any, gain: Any = 1.0, c01b: bool = False) -> None:
        self.initializer, self.gain, self.c01b = initializer, _gain(gain), c01b

    def sample(self, shape: Any) -> np.ndarray:
        n_in = _fans(_channels_first(shape) if self.c01b else shape)[0]
        return self.initializer(std=self.gain * np.sqrt(1.0 / n_in)).sample(shape)


class HeNormal(He):
    """He's, normal."""

    def __init__(self, gain: Any = 1.0, c01b: bool = False) -> None:
        super().__init__(Normal, gain, c01b)


class HeUniform(He):
    """He's, uniform."""

    def __init__(self, gain: Any = 1.0, c01b: bool = False) -> None:
        super().__init__(Uniform, gain, c01b)


class Constant(Initializer):
    """One number."""

    def __init__(self, val: float = 0.0) -> None:
        self.val = val

    def sample(self, shape: Any) -> np.ndarray:
        return floatX(np.ones(shape) * self.val)


class Sparse(Initializer):
    """A share of normal numbers in each column, the rest zeros."""

    def __init__(self, sparsity: float = 0.1, std: float = 0.01) -> None:
        self.sparsity, self.std = sparsity, std

    def sample(self, shape: Any) -> np.ndarray:
        if len(shape) != 2:
            raise RuntimeError("sparse initializer only works with shapes of length 2")
        made = floatX(np.zeros(shape))
        count = int(self.sparsity * shape[0])
        for column in range(shape[1]):
            rows = get_rng().permutation(shape[0])[:count]
            made[rows, column] = get_rng().normal(0.0, self.std, size=count)
        return made


class Orthogonal(Initializer):
    """Orthogonal rows or columns, times a gain."""

    def __init__(self, gain: Any = 1.0) -> None:
        self.gain = _gain(gain)

    def sample(self, shape: Any) -> np.ndarray:
        if len(shape) < 2:
            raise RuntimeError("Only shapes of length 2 or more are supported.")
        flat = (shape[0], int(np.prod(shape[1:])))
        u, _, v = np.linalg.svd(get_rng().normal(0.0, 1.0, flat), full_matrices=False)
        return floatX(self.gain * (u if u.shape == flat else v).reshape(shape))
