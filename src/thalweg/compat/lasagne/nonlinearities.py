"""``lasagne.nonlinearities``: functions between layers."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano import tensor as T

sigmoid = T.nnet.sigmoid
softmax = T.nnet.softmax
tanh = T.tanh
softplus = T.nnet.softplus
elu = T.nnet.elu
selu = T.nnet.selu


def rectify(x: Any) -> Any:
    """max(x, 0)."""
    return T.nnet.relu(x)


def linear(x: Any) -> Any:
    """x."""
    return x


identity = linear


class ScaledTanH:
    """``scale_out tanh(scale_in x)``."""

    def __init__(self, scale_in: float = 1, scale_out: float = 1) -> None:
        self.scale_in, self.scale_out = scale_in, scale_out

    def __call__(self, x: Any) -> Any:
        return T.tanh(x * self.scale_in) * self.scale_out


ScaledTanh = ScaledTanH


class LeakyRectify:
    """x where positive, else ``leakiness x``."""

    def __init__(self, leakiness: float = 0.01) -> None:
        self.leakiness = leakiness

    def __call__(self, x: Any) -> Any:
        return T.nnet.relu(x, self.leakiness)


class SELU:
    """``scale x`` where positive, else ``scale scale_neg (exp(x) - 1)``."""

    def __init__(self, scale: float = 1, scale_neg: float = 1) -> None:
        self.scale, self.scale_neg = scale, scale_neg

    def __call__(self, x: Any) -> Any:
        return self.scale * T.switch(x > 0.0, x, self.scale_neg * T.expm1(x))


leaky_rectify = LeakyRectify()
very_leaky_rectify = LeakyRectify(1.0 / 3)
