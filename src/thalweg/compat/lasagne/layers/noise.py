"""``lasagne.layers``: noise while training."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.random import get_rng
from thalweg.compat.theano import config
from thalweg.compat.theano import tensor as T
from thalweg.compat.theano.mrg import MRG_RandomStreams


def _streams() -> MRG_RandomStreams:
    return MRG_RandomStreams(int(get_rng().randint(1, 2147462579)))


class DropoutLayer(Layer):
    """Zeros with probability ``p`` (and the rest divided by 1 - p, with ``rescale``), unless deterministic."""

    def __init__(
        self, incoming: Any, p: Any = 0.5, rescale: bool = True, shared_axes: Any = (), **options: Any
    ) -> None:
        super().__init__(incoming, **options)
        self.p, self.rescale, self.shared_axes = p, rescale, tuple(shared_axes)
        self._srng = _streams()

    def get_output_for(self, input: Any, deterministic: bool = False, **options: Any) -> Any:
        if deterministic or (isinstance(self.p, (int, float)) and self.p == 0):
            return input
        kept = 1 - self.p
        known = all(n is not None for n in self.input_shape)  # a draw of a known size has fewer streams
        shape = [
            1 if k in self.shared_axes else n
            for k, n in enumerate(self.input_shape if known else input.shape)
        ]
        mask = self._srng.binomial(tuple(shape), p=kept, dtype=input.dtype)
        if self.shared_axes:
            mask = T.addbroadcast(mask, *self.shared_axes)
        return (input / kept if self.rescale else input) * mask


dropout = DropoutLayer


def dropout_channels(incoming: Any, *args: Any, **options: Any) -> DropoutLayer:
    """Whole channels left out."""
    shape = incoming if isinstance(incoming, tuple) else incoming.output_shape
    options["shared_axes"] = tuple(range(2, len(shape)))
    return DropoutLayer(incoming, *args, **options)


spatial_dropout = dropout_channels


def dropout_locations(incoming: Any, *args: Any, **options: Any) -> DropoutLayer:
    """Whole places left out, in all channels."""
    options["shared_axes"] = (1,)
    return DropoutLayer(incoming, *args, **options)


class GaussianNoiseLayer(Layer):
    """Normal numbers added, unless deterministic."""

    def __init__(self, incoming: Any, sigma: Any = 0.1, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.sigma, self._srng = sigma, _streams()

    def get_output_for(self, input: Any, deterministic: bool = False, **options: Any) -> Any:
        if deterministic or (isinstance(self.sigma, (int, float)) and self.sigma == 0):
            return input
        return input + self._srng.normal(input.shape, avg=0.0, std=self.sigma, dtype=config.floatX)
