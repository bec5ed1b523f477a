"""``lasagne.layers``: normalisation."""

from __future__ import annotations

from typing import Any

from thalweg.compat.lasagne.init import Constant
from thalweg.compat.lasagne.layers.base import Layer
from thalweg.compat.lasagne.layers.special import BiasLayer, NonlinearityLayer, ScaleLayer
from thalweg.compat.lasagne.nonlinearities import identity, rectify
from thalweg.compat.theano import clone
from thalweg.compat.theano import tensor as T


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


def _bare(layer: Any) -> tuple[Any, Any]:
    """The layer without its bias and nonlinearity, and that nonlinearity."""
    nonlinearity = getattr(layer, "nonlinearity", None)
    if nonlinearity is not None:
        layer.nonlinearity = identity
    if getattr(layer, "b", None) is not None:
        del layer.params[layer.b]
        layer.b = None
    return layer, nonlinearity


def batch_norm(layer: Any, **options: Any) -> Any:
    """A layer without its bias, normalised, and only then its nonlinearity."""
    layer, nonlinearity = _bare(layer)
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


class StandardizationLayer(Layer):
    """Mean 0 and variance 1 over axes: of each example ("auto"), or of each of its channels ("spatial")."""

    def __init__(self, incoming: Any, axes: Any = "auto", epsilon: float = 1e-4, **options: Any) -> None:
        super().__init__(incoming, **options)
        rank = len(self.input_shape)
        if axes == "auto":
            axes = tuple(range(1, rank))
        elif axes == "spatial":
            axes = tuple(range(2, rank))
        elif axes == "features":
            axes = (0, *range(2, rank))
        self.axes = (axes,) if isinstance(axes, int) else tuple(axes)
        self.epsilon = epsilon

    def get_output_for(self, input: Any, **options: Any) -> Any:
        mean = input.mean(self.axes, keepdims=True)
        return (input - mean) / T.sqrt(input.var(self.axes, keepdims=True) + self.epsilon)


def instance_norm(layer: Any, learn_scale: bool = True, learn_bias: bool = True, **options: Any) -> Any:
    """A layer without its bias, each channel of each example standardised, scaled, moved, then its nonlinearity."""
    return _standardised(layer, "spatial", learn_scale, learn_bias, options)


def layer_norm(layer: Any, **options: Any) -> Any:
    """A layer without its bias, each example standardised, scaled, moved, then its nonlinearity."""
    return _standardised(layer, "auto", True, True, options)


def _standardised(layer: Any, axes: Any, scale: bool, bias: bool, options: dict[str, Any]) -> Any:
    layer, nonlinearity = _bare(layer)
    name = options.pop("name", None) or (layer.name and f"{layer.name}_norm")
    made: Any = StandardizationLayer(layer, axes, name=name, **options)
    if scale and nonlinearity is not rectify:  # the next weights do the same after a rectifier
        made = ScaleLayer(made)
    if bias:
        made = BiasLayer(made)
    if nonlinearity is not None and nonlinearity is not identity:
        made = NonlinearityLayer(made, nonlinearity)
    return made
