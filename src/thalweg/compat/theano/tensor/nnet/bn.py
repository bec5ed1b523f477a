"""``theano.tensor.nnet.bn``: batch normalisation."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.tensor import basic
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable


def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> TensorVariable:
    """(x - mean) * gamma / std + beta."""
    return (as_tensor_variable(inputs) - mean) * (as_tensor_variable(gamma) / std) + beta


class _Axes:
    """The axes that are averaged over, and parameters along the others: with those axes of length 1, or without."""

    def __init__(self, axes: Any, rank: int, gamma: Any) -> None:
        named = {"per-activation": (0,), "spatial": (0, *range(2, rank))}
        over = named[axes] if isinstance(axes, str) else axes
        self.over = (over,) if isinstance(over, int) else tuple(over)
        self._own = [k for k in range(rank) if k not in self.over]
        self._spread = [self._own.index(k) if k in self._own else "x" for k in range(rank)]
        self._without = as_tensor_variable(gamma).ndim < rank

    def spread(self, parameter: Any) -> TensorVariable:
        """A parameter against the inputs."""
        v = as_tensor_variable(parameter)
        return v.dimshuffle(self._spread) if self._without else v

    def like_parameters(self, moment: TensorVariable) -> TensorVariable:
        """A moment in the form in which the parameters are given."""
        return moment.dimshuffle(self._own) if self._without else moment


def batch_normalization_train(
    inputs: Any,
    gamma: Any,
    beta: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
    running_average_factor: float = 0.1,
    running_mean: Any = None,
    running_var: Any = None,
) -> tuple[Any, ...]:
    """Normalised by the batch's own mean and variance: (result, mean, 1 / std), and the running averages if given."""
    x = as_tensor_variable(inputs)
    place = _Axes(axes, x.ndim, gamma)
    mean = basic.mean(x, axis=place.over, keepdims=True)
    var = basic.var(x, axis=place.over, keepdims=True)
    inverse = 1.0 / basic.sqrt(var + epsilon)
    result = (x - mean) * inverse * place.spread(gamma) + place.spread(beta)
    mean, var, inverse = (place.like_parameters(m) for m in (mean, var, inverse))
    if running_mean is None:
        return result, mean, inverse
    count = basic.cast(basic.prod(basic.stack([x.shape[k] for k in place.over])), x.dtype)
    kept, new = 1 - running_average_factor, running_average_factor
    return (
        result,
        mean,
        inverse,
        running_mean * kept + mean * new,
        running_var * kept + count / (count - 1) * var * new,
    )


def batch_normalization_test(
    inputs: Any,
    gamma: Any,
    beta: Any,
    mean: Any,
    var: Any,
    axes: Any = "per-activation",
    epsilon: float = 1e-4,
) -> TensorVariable:
    """Normalised by given means and variances."""
    x = as_tensor_variable(inputs)
    place = _Axes(axes, x.ndim, gamma)
    scale = place.spread(gamma) / basic.sqrt(place.spread(var) + epsilon)
    return (x - place.spread(mean)) * scale + place.spread(beta)
