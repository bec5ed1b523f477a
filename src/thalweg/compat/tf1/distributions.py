"""``tf.distributions`` (and ``tf.contrib.distributions``): drawing, densities and entropies of common distributions."""

from __future__ import annotations

import math as _math
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.graph import Tensor

_HALF_LOG_2_PI = 0.5 * _math.log(2 * _math.pi)


class Distribution:
    """What all share: densities from their logarithms, and the names of moments. Keras's tensors are taken as nodes."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name, method in list(vars(cls).items()):
            if isinstance(method, FunctionType):
                setattr(cls, name, g.accepting(method))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        """The logarithm of the density or probability of a value."""
        raise NotImplementedError

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        """The density or probability of a value."""
        return math.exp(self.log_prob(value))

    pdf = pmf = prob
    log_pdf = lambda self, value, name=None: self.log_prob(value)
    log_pmf = log_pdf

    def variance(self, name: str | None = None) -> Tensor:
        """The variance."""
        return math.square(self.stddev())

    def stddev(self, name: str | None = None) -> Tensor:
        """The standard deviation."""
        return math.sqrt(self.variance())

    def kl_divergence(self, other: Any, name: str | None = None) -> Tensor:
        """The Kullback-Leibler divergence from another distribution of its kind."""
        return kl_divergence(self, other)


def _drawn(sample_shape: Any, like: Any) -> Any:
    """The shape of so many draws of a parameter: ints, or nodes where only a run knows it."""
    before = [int(d) for d in g.static_value(sample_shape).reshape(-1)] if sample_shape is not None else []
    shape = like.get_shape()
    if shape.dims is not None and shape.is_fully_defined():
        return [*before, *shape.as_list()]
    rest = math.shape(like)
    return math.concat([g.constant(before, "int32"), rest], 0) if before else rest


class Normal(Distribution):
    """The normal distribution: ``loc``, ``scale`` (``mu``, ``sigma`` before 1.0)."""

    def __init__(
        self,
        loc: Any = None,
        scale: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Normal",
        *,
        mu: Any = None,
        sigma: Any = None,
    ):
        like = next((p.dtype for p in (loc, scale) if isinstance(p, Tensor)), "float32")
        self.loc, self.scale = (
            p if isinstance(p, Tensor) else g.constant(p, like)
            for p in (mu if loc is None else loc, sigma if scale is None else scale)
        )

    def mean(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self.loc * math.ones_like(self.scale)

    mode = mean

    def stddev(self, name: str | None = None) -> Tensor:
        """``scale``."""
        return self.scale * math.ones_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws, with gradients for the parameters."""
        both = self.loc + math.zeros_like(self.scale)
        return self.loc + self.scale * random.random_normal(_drawn(sample_shape, both), dtype=self.loc.dtype)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = (value - self.loc) / self.scale
        return -0.5 * math.square(z) - math.log(self.scale) - _HALF_LOG_2_PI

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        """The distribution function."""
        return 0.5 * math.erfc((self.loc - value) / (self.scale * 2**0.5))

    def entropy(self, name: str | None = None) -> Tensor:
        """``0.5 log(2 pi e scale^2)``."""
        return 0.5 + _HALF_LOG_2_PI + math.log(self.stddev())


class Uniform(Distribution):
    """The uniform distribution from ``low`` to ``high`` (``a``, ``b`` before 1.0)."""

    def __init__(
        self,
        low: Any = 0.0,
        high: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Uniform",
        *,
        a: Any = None,
        b: Any = None,
    ) -> None:
        low, high = low if a is None else a, high if b is None else b
        self.low, self.high = g.convert_to_tensor(low), g.convert_to_tensor(high)

    def mean(self, name: str | None = None) -> Tensor:
        """The middle."""
        return (self.low + self.high) / 2.0

    def variance(self, name: str | None = None) -> Tensor:
        return math.square(self.high - self.low) / 12.0

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        span = self.high - self.low
        return self.low + span * random.random_uniform(_drawn(sample_shape, span), dtype=self.low.dtype)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.log(self.prob(value))

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        inside = math.logical_and(math.greater_equal(value, self.low), math.less(value, self.high))
        return math.cast(inside, self.low.dtype) / (self.high - self.low)

    def entropy(self, name: str | None = None) -> Tensor:
        """``log(high - low)``."""
        return math.log(self.high - self.low)


class Bernoulli(Distribution):
    """1 with probability ``probs`` (or ``sigmoid(logits)``), else 0."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = "int32",
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Bernoulli",
        *,
        p: Any = None,
    ):
        probs = p if probs is None else probs
        if logits is None:
            self.probs = g.convert_to_tensor(probs)
            self.logits = math.log(self.probs) - math.log(1.0 - self.probs)
        else:
            self.logits = g.convert_to_tensor(logits)
            self.probs = math.sigmoid(self.logits)
        self.dtype = dtype

    def mean(self, name: str | None = None) -> Tensor:
        """The probability of 1."""
        return self.probs

    def variance(self, name: str | None = None) -> Tensor:
        return self.probs * (1.0 - self.probs)

    def mode(self, name: str | None = None) -> Tensor:
        """The more probable one."""
        return math.cast(math.greater(self.probs, 0.5), self.dtype)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        draws = random.random_uniform(_drawn(sample_shape, self.probs))
        return math.cast(math.less(draws, self.probs), self.dtype)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        x = math.cast(value, self.logits.dtype)
        logits = self.logits + math.zeros_like(x)
        return -nn.sigmoid_cross_entropy_with_logits(labels=x + math.zeros_like(self.logits), logits=logits)

    def entropy(self, name: str | None = None) -> Tensor:
        """The cross-entropy with itself."""
        return nn.sigmoid_cross_entropy_with_logits(labels=self.probs, logits=self.logits)


class Categorical(Distribution):
    """Class numbers with probabilities ``probs`` (or ``softmax(logits)``)."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = "int32",
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Categorical",
        *,
        p: Any = None,
    ):
        probs = p if probs is None else probs
        self.logits = g.convert_to_tensor(logits) if logits is not None else math.log(probs)
        self.probs = nn.softmax(self.logits)
        self.dtype = dtype

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws: sample_shape first, then the batch."""
        before = [int(d) for d in g.static_value(sample_shape).reshape(-1)]
        count = int(_math.prod(before))
        rank = self.logits.shape.ndims
        rows = (
            self.logits if rank == 2 else math.reshape(self.logits, [-1, self.logits.get_shape()[-1].value])
        )
        drawn = math.cast(math.transpose(random.multinomial(rows, count)), self.dtype)
        if rank == 1:
            return math.reshape(drawn, before)
        return math.reshape(
            drawn, [*before, *(-1 if d is None else d for d in self.logits.shape.as_list()[:-1])]
        )

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        ids = math.cast(value, "int32")
        return -nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=self.logits)

    def mode(self, name: str | None = None) -> Tensor:
        """The most probable class."""
        return math.cast(math.argmax(self.logits, -1), self.dtype)

    def entropy(self, name: str | None = None) -> Tensor:
        """``-sum p log p``."""
        return -math.reduce_sum(self.probs * nn.log_softmax(self.logits), -1)


class MultivariateNormalDiag(Normal):
    """Independent normal numbers along the last axis."""

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "MultivariateNormalDiag",
        *,
        mu: Any = None,
        diag_stdev: Any = None,
    ) -> None:
        only("MultivariateNormalDiag", "scale_identity_multiplier", scale_identity_multiplier)
        super().__init__(mu if loc is None else loc, diag_stdev if scale_diag is None else scale_diag)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.reduce_sum(super().log_prob(value), -1)

    def entropy(self, name: str | None = None) -> Tensor:
        return math.reduce_sum(super().entropy(), -1)


class Exponential(Distribution):
    """The exponential distribution of a rate."""

    def __init__(
        self,
        rate: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Exponential",
        *,
        lam: Any = None,
    ) -> None:
        self.rate = g.convert_to_tensor(lam if rate is None else rate)

    def mean(self, name: str | None = None) -> Tensor:
        """One over the rate."""
        return 1.0 / self.rate

    stddev = mean

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        return -math.log1p(-random.random_uniform(_drawn(sample_shape, self.rate))) / self.rate

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.log(self.rate) - self.rate * value

    def entropy(self, name: str | None = None) -> Tensor:
        """``1 - log(rate)``."""
        return 1.0 - math.log(self.rate)


class Gamma(Distribution):
    """The gamma distribution: shape ``concentration``, and ``rate``."""

    def __init__(
        self,
        concentration: Any = None,
        rate: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Gamma",
        *,
        alpha: Any = None,
        beta: Any = None,
    ):
        self.alpha = g.convert_to_tensor(alpha if concentration is None else concentration)
        self.beta = g.convert_to_tensor(beta if rate is None else rate)

    def mean(self, name: str | None = None) -> Tensor:
        """Shape over rate."""
        return self.alpha / self.beta

    def variance(self, name: str | None = None) -> Tensor:
        return self.alpha / math.square(self.beta)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws (without gradients)."""
        return random.random_gamma(
            list(sample_shape) if not isinstance(sample_shape, int) else [sample_shape], self.alpha, self.beta
        )

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        scaled = (self.alpha - 1.0) * math.log(value) - self.beta * value
        return scaled + self.alpha * math.log(self.beta) - math.lgamma(self.alpha)


class Beta(Distribution):
    """The beta distribution."""

    def __init__(
        self,
        concentration1: Any = None,
        concentration0: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = "Beta",
        *,
        a: Any = None,
        b: Any = None,
    ):
        self.a = g.convert_to_tensor(a if concentration1 is None else concentration1)
        self.b = g.convert_to_tensor(b if concentration0 is None else concentration0)

    def mean(self, name: str | None = None) -> Tensor:
        """``a / (a + b)``."""
        return self.a / (self.a + self.b)

    def variance(self, name: str | None = None) -> Tensor:
        total = self.a + self.b
        return self.a * self.b / (math.square(total) * (total + 1.0))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        both = math.lbeta(math.stack([self.a, self.b], -1))
        return (self.a - 1.0) * math.log(value) + (self.b - 1.0) * math.log1p(-value) - both

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws (without gradients)."""
        x, y = (Gamma(p, math.ones_like(p)).sample(sample_shape) for p in (self.a, self.b))
        return x / (x + y)


def _normal_divergence(a: Normal, b: Normal) -> Tensor:
    ratio = math.square(a.scale / b.scale)
    shift = math.square((a.loc - b.loc) / b.scale)
    return 0.5 * (ratio + shift - 1.0 - math.log(ratio))


_DIVERGENCES: dict[type, Callable[[Any, Any], Tensor]] = {
    Normal: _normal_divergence,
    MultivariateNormalDiag: lambda a, b: math.reduce_sum(_normal_divergence(a, b), -1),
    Categorical: lambda a, b: math.reduce_sum(
        a.probs * (nn.log_softmax(a.logits) - nn.log_softmax(b.logits)), -1
    ),
    Bernoulli: lambda a, b: (
        nn.sigmoid_cross_entropy_with_logits(labels=a.probs, logits=b.logits) - a.entropy()
    ),
}


def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: Any = None
) -> Tensor:
    """The Kullback-Leibler divergence of two distributions of one kind."""
    rule = _DIVERGENCES.get(type(distribution_a))
    if rule is None or type(distribution_a) is not type(distribution_b):
        kinds = f"{type(distribution_a).__name__} and {type(distribution_b).__name__}"
        raise NotImplementedError(f"kl_divergence: no formula for {kinds}")
    return rule(distribution_a, distribution_b)


_PLACES = {"lower": math.ceil, "higher": math.floor, "nearest": math.round}  # counted from the greatest


def percentile(
    x: Any,
    q: Any,
    axis: Any = None,
    interpolation: str | None = None,
    keep_dims: bool = False,
    validate_args: bool = False,
    name: str | None = None,
) -> Tensor:
    """The element below which ``q`` percent of the elements over ``axis`` (all) are; between two elements the nearest
    one, or by ``interpolation`` the lower or the higher one.
    """
    if interpolation not in (None, *_PLACES):
        raise ValueError(f"Argument 'interpolation' must be in {sorted(_PLACES)}. Found {interpolation}")
    node = g.convert_to_tensor(x)
    rank: Any = node.get_shape().ndims
    over = range(rank) if axis is None else np.ravel(g.static_value(axis)).tolist()
    over = [int(k) % rank for k in over]
    kept = [k for k in range(rank) if k not in over]
    lengths = math.shape(node)
    rows = math.reshape(
        math.transpose(node, [*kept, *over]),
        math.concat([math.gather(lengths, np.array(kept, np.int32)), [-1]], 0),
    )
    last = math.shape(rows)[-1] - 1
    above = math.cast(last, "float64") * (1.0 - math.cast(q, "float64") / 100.0)
    place = math.clip_by_value(math.cast(_PLACES[interpolation or "nearest"](above), "int32"), 0, last)
    made = math.gather(math.sort(rows, -1, "DESCENDING"), place, axis=len(kept))
    for k in sorted(over) if keep_dims else ():
        made = math.expand_dims(made, k)
    return math.identity(made, name)


distributions = Namespace(
    "tf.distributions",
    Distribution=Distribution,
    Normal=Normal,
    Uniform=Uniform,
    Bernoulli=Bernoulli,
    Categorical=Categorical,
    Exponential=Exponential,
    Gamma=Gamma,
    Beta=Beta,
    MultivariateNormalDiag=MultivariateNormalDiag,
    kl_divergence=kl_divergence,
    kl=kl_divergence,
)
