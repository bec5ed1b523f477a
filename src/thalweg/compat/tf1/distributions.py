"""``tf.distributions`` (and ``tf.contrib.distributions``): drawing, densities and entropies of common distributions."""

from __future__ import annotations

import math as _math
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.distribution import DIVERGENCES, FULLY_REPARAMETERIZED, Distribution, drawn_shape
from thalweg.compat.tf1.graph import Node, Tensor
from thalweg.compat.tf1.operators import LinearOperatorDiag
from thalweg.compat.tf1.types import as_dtype

_HALF_LOG_2_PI = 0.5 * _math.log(2 * _math.pi)


class Normal(Distribution):
    """The normal distribution: ``loc``, ``scale`` (``mu``, ``sigma`` before 1.0)."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws: tuple[str, ...] = ("loc", "scale")

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
        like = next((p.dtype for p in (loc, scale) if isinstance(p, Node)), "float32")
        self.loc, self._width = (
            p if isinstance(p, Node) else g.constant(p, like)
            for p in (mu if loc is None else loc, sigma if scale is None else scale)
        )

    @property
    def scale(self) -> Any:
        """The standard deviation."""
        return self._width

    def _whole(self) -> Tensor:
        return self.loc + math.zeros_like(self._width)

    def mean(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()

    mode = mean

    def stddev(self, name: str | None = None) -> Tensor:
        """``scale``."""
        return self._width * math.ones_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws, with gradients for the parameters."""
        shape = drawn_shape(sample_shape, self._whole())
        return self.loc + self._width * random.random_normal(shape, dtype=self.loc.dtype, seed=seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = (value - self.loc) / self._width
        return -0.5 * math.square(z) - math.log(self._width) - _HALF_LOG_2_PI

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        """The distribution function."""
        return 0.5 * math.erfc((self.loc - value) / (self._width * 2**0.5))

    def quantile(self, value: Any, name: str | None = None) -> Tensor:
        """The number below which this share of all draws is."""
        return self.loc + self._width * 2**0.5 * math.erfinv(2.0 * value - 1.0)

    def entropy(self, name: str | None = None) -> Tensor:
        """``0.5 log(2 pi e scale^2)``."""
        return 0.5 + _HALF_LOG_2_PI + math.log(self.stddev())


class Uniform(Distribution):
    """The uniform distribution from ``low`` to ``high`` (``a``, ``b`` before 1.0)."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws = ("low", "high")

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

    def _whole(self) -> Tensor:
        return self.high - self.low

    def mean(self, name: str | None = None) -> Tensor:
        """The middle."""
        return (self.low + self.high) / 2.0

    def variance(self, name: str | None = None) -> Tensor:
        return math.square(self.high - self.low) / 12.0

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        span = self._whole()
        shape = drawn_shape(sample_shape, span)
        return self.low + span * random.random_uniform(shape, dtype=self.low.dtype, seed=seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.log(self.prob(value))

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        inside = math.logical_and(math.greater_equal(value, self.low), math.less(value, self.high))
        return math.cast(inside, self.low.dtype) / (self.high - self.low)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.clip_by_value((value - self.low) / (self.high - self.low), 0.0, 1.0)

    def entropy(self, name: str | None = None) -> Tensor:
        """``log(high - low)``."""
        return math.log(self.high - self.low)


class Bernoulli(Distribution):
    """1 with probability ``probs`` (or ``sigmoid(logits)``), else 0."""

    shaped_as_draws = ("logits",)

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
        self._kept = as_dtype(dtype)

    def _whole(self) -> Tensor:
        return self.probs

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
        draws = random.random_uniform(
            drawn_shape(sample_shape, self.probs), dtype=self.probs.dtype, seed=seed
        )
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
        self._kept = dtype

    def _whole(self) -> Tensor:
        return self.logits[..., 0]

    @property
    def event_size(self) -> Any:
        """The number of classes."""
        return g.constant(self.logits.get_shape()[-1].value, "int32")

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws: sample_shape first, then the batch."""
        before = [int(d) for d in np.ravel(g.static_value(sample_shape))]
        count = int(_math.prod(before))
        rank = self.logits.shape.ndims
        rows = (
            self.logits if rank == 2 else math.reshape(self.logits, [-1, self.logits.get_shape()[-1].value])
        )
        drawn = math.cast(math.transpose(random.multinomial(rows, count, seed)), self.dtype)
        if rank == 1:
            return math.reshape(drawn, before)
        return math.reshape(drawn, drawn_shape(before, self._whole()))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        ids = math.cast(value, "int32")
        logits = self.logits + math.zeros_like(math.expand_dims(ids, -1), self.logits.dtype)
        ids = ids + math.zeros_like(self._whole(), "int32")
        return -nn.sparse_softmax_cross_entropy_with_logits(labels=ids, logits=logits)

    def mode(self, name: str | None = None) -> Tensor:
        """The most probable class."""
        return math.cast(math.argmax(self.logits, -1), self.dtype)

    def entropy(self, name: str | None = None) -> Tensor:
        """``-sum p log p``."""
        return -math.reduce_sum(self.probs * nn.log_softmax(self.logits), -1)


class MultivariateNormalDiag(Normal):
    """Independent normal numbers along the last axis."""

    shaped_as_draws = ()

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
        loc, scale = mu if loc is None else loc, diag_stdev if scale_diag is None else scale_diag
        like = next((p.dtype for p in (loc, scale) if isinstance(p, Node)), "float32")
        if scale_identity_multiplier is not None:
            times = math.expand_dims(g.convert_to_tensor(scale_identity_multiplier, like), -1)
            if scale is None and loc is None:
                raise ValueError(
                    "MultivariateNormalDiag: a multiplier alone has no length; give loc or scale_diag"
                )
            scale = times * math.ones_like(loc) if scale is None else times + scale
        scale = math.ones_like(g.convert_to_tensor(loc, like)) if scale is None else scale
        super().__init__(math.zeros_like(g.convert_to_tensor(scale, like)) if loc is None else loc, scale)

    event_axes = 1

    @property
    def scale(self) -> Any:
        """The standard deviations as a matrix."""
        return LinearOperatorDiag(self._width, is_non_singular=True, is_positive_definite=True)

    def covariance(self, name: str | None = None) -> Tensor:
        """The matrix with the variances on its diagonal."""
        return math.matrix_diag(self.variance())

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.reduce_sum(super().log_prob(value), -1)

    def entropy(self, name: str | None = None) -> Tensor:
        return math.reduce_sum(super().entropy(), -1)


class Exponential(Distribution):
    """The exponential distribution of a rate."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws = ("rate",)

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

    def _whole(self) -> Tensor:
        return self.rate

    def mean(self, name: str | None = None) -> Tensor:
        """One over the rate."""
        return 1.0 / self.rate

    def mode(self, name: str | None = None) -> Tensor:
        """NaN, as that of a gamma distribution of shape 1 is."""
        return math.zeros_like(self.rate) + float("nan")

    stddev = mean

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        shape = drawn_shape(sample_shape, self.rate)
        return -math.log1p(-random.random_uniform(shape, dtype=self.rate.dtype, seed=seed)) / self.rate

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return -math.expm1(-self.rate * value)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.log(self.rate) - self.rate * value

    def entropy(self, name: str | None = None) -> Tensor:
        """``1 - log(rate)``."""
        return 1.0 - math.log(self.rate)


class Gamma(Distribution):
    """The gamma distribution: shape ``concentration``, and ``rate``."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws: tuple[str, ...] = ("concentration", "rate")

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

    def _whole(self) -> Tensor:
        return self.alpha + math.zeros_like(self.beta)

    @property
    def concentration(self) -> Tensor:
        """The shape."""
        return self.alpha

    @property
    def rate(self) -> Tensor:
        """The rate."""
        return self.beta

    def mean(self, name: str | None = None) -> Tensor:
        """Shape over rate."""
        return self.alpha / self.beta

    def mode(self, name: str | None = None) -> Tensor:
        """``(shape - 1) / rate``; NaN where the shape is not above 1."""
        found = (self.alpha - 1.0) / self.beta
        return math.where(self._whole() > 1.0, found, math.zeros_like(found) + float("nan"))

    def variance(self, name: str | None = None) -> Tensor:
        return self.alpha / math.square(self.beta)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        before = [int(d) for d in np.ravel(g.static_value(sample_shape))]
        return random.random_gamma(before, self._whole(), self.beta, self.alpha.dtype, seed)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.igamma(self.alpha, self.beta * value)

    def entropy(self, name: str | None = None) -> Tensor:
        a = self.alpha
        return a - math.log(self.beta) + math.lgamma(a) + (1.0 - a) * math.digamma(a)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        scaled = (self.alpha - 1.0) * math.log(value) - self.beta * value
        return scaled + self.alpha * math.log(self.beta) - math.lgamma(self.alpha)


class Beta(Distribution):
    """The beta distribution."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws = ("concentration1", "concentration0")

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

    def _whole(self) -> Tensor:
        return self.a + math.zeros_like(self.b)

    @property
    def concentration1(self) -> Tensor:
        """The first one, of values near 1."""
        return self.a

    @property
    def concentration0(self) -> Tensor:
        """The second one, of values near 0."""
        return self.b

    def mean(self, name: str | None = None) -> Tensor:
        """``a / (a + b)``."""
        return self.a / (self.a + self.b)

    def mode(self, name: str | None = None) -> Tensor:
        """``(a - 1) / (a + b - 2)``; NaN where a or b is not above 1."""
        inside = math.logical_and(math.greater(self.a, 1.0), math.greater(self.b, 1.0))
        found = (self.a - 1.0) / (self.a + self.b - 2.0)
        return math.where(inside, found, math.zeros_like(found) + float("nan"))

    def variance(self, name: str | None = None) -> Tensor:
        total = self.a + self.b
        return self.a * self.b / (math.square(total) * (total + 1.0))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        both = math.lbeta(math.stack([self.a, self.b], -1))
        return (self.a - 1.0) * math.log(value) + (self.b - 1.0) * math.log1p(-value) - both

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        a, b, other = self._whole(), self.b + 0.0 * self.a, None if seed is None else int(seed) + 1
        x = Gamma(a, math.ones_like(a)).sample(sample_shape, seed)
        y = Gamma(b, math.ones_like(b)).sample(sample_shape, other)
        return x / (x + y)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.betainc(self.a, self.b, value)

    def entropy(self, name: str | None = None) -> Tensor:
        both, total = math.lbeta(math.stack([self.a, self.b], -1)), self.a + self.b
        inner = (self.a - 1.0) * math.digamma(self.a) + (self.b - 1.0) * math.digamma(self.b)
        return both - inner + (total - 2.0) * math.digamma(total)


def _normal_divergence(a: Normal, b: Normal) -> Tensor:
    ratio = math.square(a._width / b._width)
    shift = math.square((a.loc - b.loc) / b._width)
    return 0.5 * (ratio + shift - 1.0 - math.log(ratio))


DIVERGENCES |= {
    MultivariateNormalDiag: lambda a, b: math.reduce_sum(_normal_divergence(a, b), -1),
    Normal: _normal_divergence,
    Categorical: lambda a, b: math.reduce_sum(
        a.probs * (nn.log_softmax(a.logits) - nn.log_softmax(b.logits)), -1
    ),
    Bernoulli: lambda a, b: (
        nn.sigmoid_cross_entropy_with_logits(labels=a.probs, logits=b.logits) - a.entropy()
    ),
    Exponential: lambda a, b: math.log(a.rate) - math.log(b.rate) + b.rate / a.rate - 1.0,
    Uniform: lambda a, b: math.where(
        math.logical_and(b.low <= a.low, a.high <= b.high),
        math.log((b.high - b.low) / (a.high - a.low)),
        math.fill(math.shape((b.high - b.low) + (a.high - a.low)), np.float32(np.inf)),
    ),
    Gamma: lambda a, b: (
        (a.alpha - b.alpha) * math.digamma(a.alpha)
        + math.lgamma(b.alpha)
        - math.lgamma(a.alpha)
        + b.alpha * (math.log(a.beta) - math.log(b.beta))
        + a.alpha * (b.beta / a.beta - 1.0)
    ),
    Beta: lambda a, b: (
        math.lbeta(math.stack([b.a, b.b], -1))
        - math.lbeta(math.stack([a.a, a.b], -1))
        + (a.a - b.a) * math.digamma(a.a)
        + (a.b - b.b) * math.digamma(a.b)
        + (b.a - a.a + b.b - a.b) * math.digamma(a.a + a.b)
    ),
}
