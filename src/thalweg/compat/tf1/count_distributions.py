"""Distributions of counts and of classes."""

from __future__ import annotations

import math as _math
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.distribution import FULLY_REPARAMETERIZED, Distribution
from thalweg.compat.tf1.distributions import Categorical, Gamma
from thalweg.compat.tf1.further_distributions import Logistic, floats, inside
from thalweg.compat.tf1.graph import Tensor
from thalweg.errors import ArgumentError, fail


class Poisson(Distribution):
    """How many events come at a rate."""

    def __init__(
        self,
        rate: Any = None,
        log_rate: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.log_rate = math.log(floats(rate)[0]) if log_rate is None else floats(log_rate)[0]
        self.rate = math.exp(self.log_rate) if rate is None else floats(rate)[0]

    def _whole(self) -> Tensor:
        return self.rate

    def mean(self, name: str | None = None) -> Tensor:
        """The rate."""
        return self.rate

    variance = mean

    def mode(self, name: str | None = None) -> Tensor:
        """The rate, rounded down."""
        return math.floor(self.rate)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        before = [int(d) for d in np.ravel(g.static_value(sample_shape))]
        return random.random_poisson(self.rate, before, self.rate.dtype, seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        x = math.cast(value, self.rate.dtype)
        return x * self.log_rate - self.rate - math.lgamma(x + 1.0)


def _both(logits: Any, probs: Any, chances: Any, logs: Any) -> tuple[Tensor, Tensor]:
    """(logits, probabilities), of whichever is given."""
    if (logits is None) == (probs is None):
        raise ValueError("Must pass probs or logits, but not both.")
    if logits is not None:
        (x,) = floats(logits)
        return x, chances(x)
    (p,) = floats(probs)
    return logs(p), p


def _odds(p: Tensor) -> Tensor:
    """The logits of probabilities."""
    return math.log(p) - math.log1p(-p)


class Geometric(Distribution):
    """How many failures come before a success of probability ``probs``."""

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.logits, self.probs = _both(logits, probs, math.sigmoid, _odds)

    def _whole(self) -> Tensor:
        return self.probs

    def mean(self, name: str | None = None) -> Tensor:
        """``(1 - p) / p``."""
        return (1.0 - self.probs) / self.probs

    def variance(self, name: str | None = None) -> Tensor:
        return self.mean() / self.probs

    def mode(self, name: str | None = None) -> Tensor:
        """No failure."""
        return math.zeros_like(self.probs)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        u = inside(sample_shape, self.probs, seed)
        return math.floor(math.log(u) / math.log1p(-self.probs))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.cast(value, self.probs.dtype) * math.log1p(-self.probs) + math.log(self.probs)

    def entropy(self, name: str | None = None) -> Tensor:
        return nn.sigmoid_cross_entropy_with_logits(labels=self.probs, logits=self.logits) / self.probs


class Binomial(Distribution):
    """How many of ``total_count`` tries succeed."""

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.logits, self.probs = _both(logits, probs, math.sigmoid, _odds)
        self.total_count = math.cast(total_count, self.probs.dtype)

    def _whole(self) -> Tensor:
        return self.probs + math.zeros_like(self.total_count)

    def mean(self, name: str | None = None) -> Tensor:
        """``n p``."""
        return self.total_count * self.probs

    def variance(self, name: str | None = None) -> Tensor:
        return self.mean() * (1.0 - self.probs)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        x, n = math.cast(value, self.probs.dtype), self.total_count
        ways = math.lgamma(n + 1.0) - math.lgamma(x + 1.0) - math.lgamma(n - x + 1.0)
        return ways + x * math.log(self.probs) + (n - x) * math.log1p(-self.probs)


def _ways(counts: Any, total: Any) -> Tensor:
    """The logarithm of in how many orders these counts come."""
    return math.lgamma(total + 1.0) - math.reduce_sum(math.lgamma(counts + 1.0), -1)


class Multinomial(Distribution):
    """How often each class comes among ``total_count`` draws."""

    event_axes = 1

    def __init__(
        self,
        total_count: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.logits, self.probs = _both(logits, probs, nn.softmax, math.log)
        self.total_count = math.cast(total_count, self.probs.dtype)

    def _whole(self) -> Tensor:
        return self.probs + math.zeros_like(math.expand_dims(self.total_count, -1))

    def mean(self, name: str | None = None) -> Tensor:
        """``n p``."""
        return math.expand_dims(self.total_count, -1) * self.probs

    def variance(self, name: str | None = None) -> Tensor:
        return self.mean() * (1.0 - self.probs)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        known = g.static_value(self.total_count)
        if known is None or np.size(known) != 1:
            raise fail(
                ArgumentError,
                "Multinomial.sample: total_count",
                expected="one known number",
                received=self.total_count if known is None else known,
            )
        before = [int(d) for d in np.ravel(g.static_value(sample_shape))]
        drawn = Categorical(self.logits).sample([int(np.ravel(known)[0]), *before], seed)
        size = self.probs.get_shape()[-1].value
        return math.reduce_sum(math.one_hot(drawn, size, dtype=self.probs.dtype), 0)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        x = math.cast(value, self.probs.dtype)
        return math.reduce_sum(math.xlogy(x, self.probs), -1) + _ways(x, self.total_count)


class Dirichlet(Distribution):
    """Probabilities of classes."""

    reparameterization_type = FULLY_REPARAMETERIZED

    event_axes = 1

    def __init__(
        self, concentration: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: Any = None
    ) -> None:
        (self.concentration,) = floats(concentration)
        self.total_concentration = math.reduce_sum(self.concentration, -1)

    def _whole(self) -> Tensor:
        return self.concentration

    def mean(self, name: str | None = None) -> Tensor:
        """The share of each class."""
        return self.concentration / math.expand_dims(self.total_concentration, -1)

    def variance(self, name: str | None = None) -> Tensor:
        share = self.mean()
        return share * (1.0 - share) / (math.expand_dims(self.total_concentration, -1) + 1.0)

    def mode(self, name: str | None = None) -> Tensor:
        """The most probable point, where all concentrations are above 1."""
        size = self.concentration.get_shape()[-1].value
        return (self.concentration - 1.0) / (math.expand_dims(self.total_concentration, -1) - size)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        drawn = Gamma(self.concentration, 1.0).sample(sample_shape, seed)
        return drawn / math.reduce_sum(drawn, -1, keepdims=True)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.reduce_sum(math.xlogy(self.concentration - 1.0, value), -1) - math.lbeta(
            self.concentration
        )

    def entropy(self, name: str | None = None) -> Tensor:
        a, total = self.concentration, self.total_concentration
        size = a.get_shape()[-1].value
        inner = math.reduce_sum((a - 1.0) * math.digamma(a), -1)
        return math.lbeta(a) + (total - size) * math.digamma(total) - inner


class DirichletMultinomial(Distribution):
    """How often each class comes among ``total_count`` draws of probabilities that are drawn themselves."""

    event_axes = 1

    def __init__(
        self,
        total_count: Any,
        concentration: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.shares = Dirichlet(concentration)
        self.concentration = self.shares.concentration
        self.total_count = math.cast(total_count, self.concentration.dtype)

    def _whole(self) -> Tensor:
        return self.concentration

    def mean(self, name: str | None = None) -> Tensor:
        """``n`` times the share of each class."""
        return math.expand_dims(self.total_count, -1) * self.shares.mean()

    def variance(self, name: str | None = None) -> Tensor:
        share, total = self.shares.mean(), self.shares.total_concentration
        wider = math.expand_dims(self.total_count * (self.total_count + total) / (1.0 + total), -1)
        return wider * share * (1.0 - share)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return Multinomial(self.total_count, probs=self.shares.sample(sample_shape, seed)).sample()

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        x = math.cast(value, self.concentration.dtype)
        gained = math.lbeta(self.concentration + x) - math.lbeta(self.concentration)
        return gained + _ways(x, self.total_count)


# --- classes as rows --------------------------------------------------------------------------------------------------


class OneHotCategorical(Distribution):
    """A row with a 1 at a class and zeros elsewhere."""

    event_axes = 1

    def __init__(
        self,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = "int32",
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.logits, self.probs = _both(logits, probs, nn.softmax, math.log)
        self._kept = dtype

    def _whole(self) -> Tensor:
        return self.logits

    def mean(self, name: str | None = None) -> Tensor:
        """The probabilities."""
        return self.probs

    def mode(self, name: str | None = None) -> Tensor:
        """The most probable row."""
        return math.one_hot(math.argmax(self.logits, -1), self.logits.get_shape()[-1].value, dtype=self.dtype)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        drawn = Categorical(self.logits).sample(sample_shape, seed)
        return math.one_hot(drawn, self.logits.get_shape()[-1].value, dtype=self.dtype)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.reduce_sum(
            math.multiply_no_nan(nn.log_softmax(self.logits), math.cast(value, self.logits.dtype)), -1
        )

    def entropy(self, name: str | None = None) -> Tensor:
        return Categorical(self.logits).entropy()


class ExpRelaxedOneHotCategorical(Distribution):
    """The logarithms of a :class:`RelaxedOneHotCategorical`."""

    reparameterization_type = FULLY_REPARAMETERIZED

    event_axes = 1

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        dtype: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.logits, self.probs = _both(logits, probs, nn.softmax, math.log)
        self.temperature = math.cast(temperature, self.logits.dtype)

    def _whole(self) -> Tensor:
        return self.logits

    def _by_heat(self) -> Tensor:
        """The temperature, beside rows."""
        ranks = self.temperature.get_shape().ndims
        return math.expand_dims(self.temperature, -1) if ranks else self.temperature

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        noise = -math.log(-math.log(inside(sample_shape, self.logits, seed)))
        return nn.log_softmax((self.logits + noise) / self._by_heat())

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        size = self.logits.get_shape()[-1].value
        scores = nn.log_softmax(self.logits) - self._by_heat() * value
        whole = _math.lgamma(size) + (size - 1) * math.log(self.temperature)
        return whole + math.reduce_sum(scores, -1) - size * math.reduce_logsumexp(scores, -1)


class RelaxedOneHotCategorical(ExpRelaxedOneHotCategorical):
    """Rows near a 1 at a class and zeros elsewhere, with gradients for the logits; the cooler, the nearer (Jang et al.,
    2016; Maddison et al., 2016).
    """

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return math.exp(super().sample(sample_shape, seed))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        logs = math.log(value)
        return super().log_prob(logs) - math.reduce_sum(logs, -1)


class RelaxedBernoulli(Distribution):
    """Numbers near 0 or 1, with gradients for the logits; the cooler, the nearer."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws = ("logits",)

    def __init__(
        self,
        temperature: Any,
        logits: Any = None,
        probs: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.logits, self.probs = _both(logits, probs, math.sigmoid, _odds)
        self.temperature = math.cast(temperature, self.logits.dtype)
        self.before = Logistic(self.logits / self.temperature, 1.0 / self.temperature)

    def _whole(self) -> Tensor:
        return self.logits / self.temperature

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return math.sigmoid(self.before.sample(sample_shape, seed))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        there, back = math.log(value), math.log1p(-value)
        return self.before.log_prob(there - back) - there - back
