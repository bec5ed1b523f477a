"""``lasagne.layers``: dense layers, noise, and normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.lasagne.init import Constant, GlorotUniform
from thalweg.compat.lasagne.layers.base import BiasLayer, Layer, NonlinearityLayer
from thalweg.compat.lasagne.nonlinearities import identity, rectify
from thalweg.compat.lasagne.random import get_rng
from thalweg.compat.theano import clone, config
from thalweg.compat.theano import tensor as T
from thalweg.compat.theano.streams import RandomStreams


class DenseLayer(Layer):
    """``nonlinearity(x W + b)``; all but the first ``num_leading_axes`` axes of the input count as one."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        W: Any = None,
        b: Any = 0,
        nonlinearity: Any = rectify,
        num_leading_axes: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        self.num_units, self.nonlinearity = num_units, nonlinearity or identity
        self.num_leading_axes = num_leading_axes % len(self.input_shape)
        rest = self.input_shape[self.num_leading_axes :]
        if None in rest:
            raise ValueError(
                f"DenseLayer: the input's shape {self.input_shape} must be known after the leading axes"
            )
        self.num_inputs = int(np.prod(rest))
        self.W = self.add_param(GlorotUniform() if W is None else W, (self.num_inputs, num_units), name="W")
        self.b = _bias(self, b, (num_units,))

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (*input_shape[: self.num_leading_axes], self.num_units)

    def get_output_for(self, input: Any, **options: Any) -> Any:
        x = input.flatten(self.num_leading_axes + 1) if input.ndim > self.num_leading_axes + 1 else input
        x = T.dot(x, self.W)
        return self.nonlinearity(x if self.b is None else x + self.b)


def _bias(layer: Layer, b: Any, shape: Any) -> Any:
    """The parameter ``b``: none for None, zeros for the default 0."""
    if b is None:
        return None
    start = Constant(0.0) if isinstance(b, int) and b == 0 else b
    return layer.add_param(start, shape, name="b", regularizable=False)


class NINLayer(Layer):
    """A dense layer over the channels of every pixel."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        W: Any = None,
        b: Any = 0,
        nonlinearity: Any = rectify,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        self.num_units, self.nonlinearity = num_units, nonlinearity or identity
        self.W = self.add_param(
            GlorotUniform() if W is None else W, (self.input_shape[1], num_units), name="W"
        )
        self.b = _bias(self, b, (num_units,))

    def get_output_shape_for(self, input_shape: Any) -> Any:
        return (input_shape[0], self.num_units, *input_shape[2:])

    def get_output_for(self, input: Any, **options: Any) -> Any:
        x = T.tensordot(self.W, input, axes=[[0], [1]])
        x = x.dimshuffle(1, 0, *range(2, input.ndim))
        if self.b is not None:
            x = x + self.b.dimshuffle("x", 0, *["x"] * (input.ndim - 2))
        return self.nonlinearity(x)


# --- noise ------------------------------------------------------------------------------------------------------------


def _streams() -> RandomStreams:
    return RandomStreams(int(get_rng().randint(1, 2147462579)))


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
        shape = [1 if k in self.shared_axes else input.shape[k] for k in range(input.ndim)]
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


class GaussianNoiseLayer(Layer):
    """Normal numbers added, unless deterministic."""

    def __init__(self, incoming: Any, sigma: Any = 0.1, **options: Any) -> None:
        super().__init__(incoming, **options)
        self.sigma, self._srng = sigma, _streams()

    def get_output_for(self, input: Any, deterministic: bool = False, **options: Any) -> Any:
        if deterministic or (isinstance(self.sigma, (int, float)) and self.sigma == 0):
            return input
        return input + self._srng.normal(input.shape, avg=0.0, std=self.sigma, dtype=config.floatX)


# --- normalisation ----------------------------------------------------------------------------------------------------


class BatchNormLayer(Layer):
    """``(x - mean) * gamma * inv_std + beta`` over all axes but the second.

    Training takes the batch's moments, and moves the stored ones by ``alpha`` whenever the function runs;
    ``deterministic=True`` takes the stored ones.
    """

    def __init__(
        self,
        incoming: Any,
        axes: Any = "auto",
        epsilon: float = 1e-4,
        alpha: float = 0.1,
        beta: Any = 0,
        gamma: Any = 1,
        mean: Any = 0,
        inv_std: Any = 1,
        **options: Any,
    ) -> None:
        super().__init__(incoming, **options)
        rank = len(self.input_shape)
        if axes == "auto":
            axes = (0, *range(2, rank))
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)
        self.epsilon, self.alpha = epsilon, alpha
        shape = [n for k, n in enumerate(self.input_shape) if k not in self.axes]
        self.beta = None if beta is None else self.add_param(_start(beta), shape, "beta", regularizable=False)
        self.gamma = None if gamma is None else self.add_param(_start(gamma), shape, "gamma")
        self.mean = self.add_param(_start(mean), shape, "mean", trainable=False, regularizable=False)
        self.inv_std = self.add_param(_start(inv_std), shape, "inv_std", trainable=False, regularizable=False)

    def get_output_for(
        self,
        input: Any,
        deterministic: bool = False,
        batch_norm_use_averages: bool | None = None,
        batch_norm_update_averages: bool | None = None,
        **options: Any,
    ) -> Any:
        batch_mean = input.mean(self.axes)
        batch_inv_std = T.inv(T.sqrt(input.var(self.axes) + self.epsilon))
        stored = deterministic if batch_norm_use_averages is None else batch_norm_use_averages
        mean, inv_std = (self.mean, self.inv_std) if stored else (batch_mean, batch_inv_std)
        moves = not deterministic if batch_norm_update_averages is None else batch_norm_update_averages
        if moves:
            mean = mean + 0 * self._moved(self.mean, batch_mean)
            inv_std = inv_std + 0 * self._moved(self.inv_std, batch_inv_std)
        places = iter(range(input.ndim - len(self.axes)))
        pattern = ["x" if k in self.axes else next(places) for k in range(input.ndim)]
        spread = [
            None if v is None else v.dimshuffle(pattern) for v in (self.beta, self.gamma, mean, inv_std)
        ]
        beta, gamma, mean, inv_std = spread
        made = (input - mean) * (inv_std if gamma is None else gamma * inv_std)
        return made if beta is None else made + beta

    def _moved(self, stored: Any, now: Any) -> Any:
        """A variable over the stored value that a function moves when it reads it."""
        running = clone(stored, share_inputs=False)
        running.default_update = (1 - self.alpha) * running + self.alpha * now
        return running


def _start(given: Any) -> Any:
    return Constant(given) if isinstance(given, (int, float)) else given


def batch_norm(layer: Any, **options: Any) -> Any:
    """A layer without its bias, normalised, and only then its nonlinearity."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = identity
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    name = options.pop("name", None) or (layer.name and f"{layer.name}_bn")
    made: Any = BatchNormLayer(layer, name=name, **options)
    if nonlinearity is not None and nonlinearity is not identity:
        made = NonlinearityLayer(made, nonlinearity, name=name and f"{name}_nonlin")
    return made


class LocalResponseNormalization2DLayer(Layer):
    """Each channel divided by a power of the squares of its neighbours."""

    def __init__(
        self, incoming: Any, alpha: float = 1e-4, k: float = 2, beta: float = 0.75, n: int = 5, **options: Any
    ) -> None:
        super().__init__(incoming, **options)
        self.alpha, self.k, self.beta, self.n = alpha, k, beta, n
        if n % 2 == 0:
            raise NotImplementedError("Only works with odd n")

    def get_output_for(self, input: Any, **options: Any) -> Any:
        import thalweg as tw

        half = self.n // 2
        squares = tw.pad(T.sqr(input).tensor, ((0, 0), (half, half), (0, 0), (0, 0)))
        channels = self.input_shape[1]
        scale: Any = self.k
        for shift in range(self.n):
            scale = scale + self.alpha * T.TensorVariable(squares)[:, shift : shift + channels]
        return input / scale**self.beta


def standardize(layer: Any, offset: Any, scale: Any, shared_axes: Any = "auto") -> Any:
    """``(x - offset) / scale`` with fixed numbers."""
    from thalweg.compat.lasagne.layers.base import ScaleLayer

    made = BiasLayer(layer, -np.asarray(offset, config.floatX), shared_axes)
    made.params[made.b].discard("trainable")
    scaled = ScaleLayer(made, 1 / np.asarray(scale, config.floatX), shared_axes)
    scaled.params[scaled.scales].discard("trainable")
    return scaled
