"""Still more of ``tf.contrib.distributions``: of one half, of long tails, of counts, of vectors and of matrices."""

from __future__ import annotations

import math as _math
from typing import Any

import numpy as np

from thalweg.compat.tf1 import distributions as first
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.composed_distributions import TransformedDistribution
from thalweg.compat.tf1.count_distributions import Poisson
from thalweg.compat.tf1.distribution import FULLY_REPARAMETERIZED, Distribution, drawn_shape
from thalweg.compat.tf1.distributions import Gamma, Normal
from thalweg.compat.tf1.further_distributions import (
    Chi2,
    Deterministic,
    Laplace,
    StudentT,
    _Placed,
    floats,
    inside,
)
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.operators import LinearOperatorDiag, LinearOperatorLowerTriangular

_LOG_2_PI = _math.log(2.0 * _math.pi)


def _nan_like(x: Tensor) -> Tensor:
    return math.zeros_like(x) + float("nan")


# --- of long tails ----------------------------------------------------------------------------------------------------


class Cauchy(_Placed):
    """The quotient of two normal numbers: without a mean."""

    def mean(self, name: str | None = None) -> Tensor:
        """NaN."""
        return _nan_like(self._whole())

    def stddev(self, name: str | None = None) -> Tensor:
        return _nan_like(self._whole())

    def variance(self, name: str | None = None) -> Tensor:
        return _nan_like(self._whole())

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.quantile(inside(sample_shape, self._whole(), seed))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return -_math.log(_math.pi) - math.log(self.scale) - math.log1p(math.square(self._z(value)))

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.atan(self._z(value)) / _math.pi + 0.5

    def quantile(self, value: Any, name: str | None = None) -> Tensor:
        """The number below which this share of all draws is."""
        return self.loc + self.scale * math.tan(_math.pi * (value - 0.5))

    def entropy(self, name: str | None = None) -> Tensor:
        return _math.log(4.0 * _math.pi) + math.log(self.scale + math.zeros_like(self.loc))


class HalfNormal(Distribution):
    """The absolute values of normal numbers of mean 0."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws = ("scale",)

    def __init__(
        self, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: Any = None
    ) -> None:
        (self.scale,) = floats(scale)

    def _whole(self) -> Tensor:
        return self.scale

    def mean(self, name: str | None = None) -> Tensor:
        """``scale * sqrt(2 / pi)``."""
        return self.scale * _math.sqrt(2.0 / _math.pi)

    def mode(self, name: str | None = None) -> Tensor:
        """0."""
        return math.zeros_like(self.scale)

    def variance(self, name: str | None = None) -> Tensor:
        return math.square(self.scale) * (1.0 - 2.0 / _math.pi)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        shape = drawn_shape(sample_shape, self.scale)
        return math.abs(random.random_normal(shape, dtype=self.scale.dtype, seed=seed) * self.scale)

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        width = _math.sqrt(2.0) / (self.scale * _math.sqrt(_math.pi))
        return (
            width * math.exp(-0.5 * math.square(value / self.scale)) * math.cast(value >= 0, self.scale.dtype)
        )

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.log(self.prob(value))

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.erf(nn.relu(value) / self.scale / _math.sqrt(2.0))

    def quantile(self, value: Any, name: str | None = None) -> Tensor:
        """The number below which this share of all draws is."""
        return _math.sqrt(2.0) * self.scale * math.erfinv(value)

    def entropy(self, name: str | None = None) -> Tensor:
        return 0.5 * math.log(_math.pi * math.square(self.scale) / 2.0) + 0.5


class HalfCauchy(_Placed):
    """What lies above ``loc`` of a Cauchy distribution, twice."""

    def mean(self, name: str | None = None) -> Tensor:
        """NaN."""
        return _nan_like(self._whole())

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.quantile(inside(sample_shape, self._whole(), seed))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = self._z(value)
        found = _math.log(2.0 / _math.pi) - math.log(self.scale) - math.log1p(math.square(z))
        return math.where(z >= 0, found, math.zeros_like(found) - float("inf"))

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return 2.0 / _math.pi * math.atan(nn.relu(self._z(value)))

    def quantile(self, value: Any, name: str | None = None) -> Tensor:
        """The number below which this share of all draws is."""
        return self.loc + self.scale * math.tan(_math.pi / 2.0 * value)

    def entropy(self, name: str | None = None) -> Tensor:
        return math.log(2.0 * _math.pi * self.scale + math.zeros_like(self.loc))


class Pareto(Distribution):
    """The power law above ``scale``."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self, concentration: Any, scale: Any = 1.0, validate_args: bool = False, allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:  # fmt: skip
        self.concentration, self.scale = floats(concentration, scale)

    def _whole(self) -> Tensor:
        return self.concentration + math.zeros_like(self.scale)

    def mean(self, name: str | None = None) -> Tensor:
        """Infinite for concentrations up to 1."""
        found = self.concentration * self.scale / (self.concentration - 1.0)
        heavy = math.less_equal(self._whole(), 1.0)
        return math.where(heavy, math.zeros_like(found) + float("inf"), found)

    def mode(self, name: str | None = None) -> Tensor:
        """``scale``."""
        return self.scale + math.zeros_like(self.concentration)

    def variance(self, name: str | None = None) -> Tensor:
        a = self.concentration
        found = math.square(self.scale) * a / (math.square(a - 1.0) * (a - 2.0))
        heavy = math.less_equal(self._whole(), 2.0)
        return math.where(heavy, math.zeros_like(found) + float("inf"), found)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.scale * inside(sample_shape, self._whole(), seed) ** (-1.0 / self.concentration)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        a = self.concentration
        return math.log(a) + a * math.log(self.scale) - (a + 1.0) * math.log(value)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return -math.expm1(self.concentration * math.log(self.scale / value))

    def entropy(self, name: str | None = None) -> Tensor:
        return math.log(self.scale / self.concentration) + 1.0 + 1.0 / self.concentration


class InverseGamma(Distribution):
    """One over gamma numbers: shape ``concentration``, and ``rate``."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws: tuple[str, ...] = ("concentration", "rate")

    def __init__(
        self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:  # fmt: skip
        self.concentration, self.rate = floats(concentration, rate)

    def _whole(self) -> Tensor:
        return self.concentration + math.zeros_like(self.rate)

    def mean(self, name: str | None = None) -> Tensor:
        """NaN for concentrations up to 1."""
        found = self.rate / (self.concentration - 1.0)
        return math.where(self._whole() > 1.0, found, _nan_like(found))

    def mode(self, name: str | None = None) -> Tensor:
        """``rate / (concentration + 1)``."""
        return self.rate / (1.0 + self.concentration)

    def variance(self, name: str | None = None) -> Tensor:
        a = self.concentration
        found = math.square(self.rate) / math.square(a - 1.0) / (a - 2.0)
        return math.where(self._whole() > 2.0, found, _nan_like(found))

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return 1.0 / Gamma(self._whole(), self.rate + math.zeros_like(self._whole())).sample(
            sample_shape, seed
        )

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        a = self.concentration
        return -(1.0 + a) * math.log(value) - self.rate / value - math.lgamma(a) + a * math.log(self.rate)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.igammac(self.concentration, self.rate / value)

    def entropy(self, name: str | None = None) -> Tensor:
        a = self.concentration
        return a + math.log(self.rate) + math.lgamma(a) - (1.0 + a) * math.digamma(a)


class Kumaraswamy(Distribution):
    """On (0, 1), much like the beta distribution: ``1 - (1 - x ** a) ** b`` is its distribution function."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self, concentration1: Any = None, concentration0: Any = None, validate_args: bool = False,
        allow_nan_stats: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        ones = [1.0 if c is None else c for c in (concentration1, concentration0)]
        self.concentration1, self.concentration0 = floats(*ones)

    def _whole(self) -> Tensor:
        return self.concentration1 + math.zeros_like(self.concentration0)

    def _moment(self, n: float) -> Tensor:
        a, b = self._whole(), self.concentration0 + math.zeros_like(self.concentration1)
        return math.exp(math.log(b) + math.lbeta(math.stack([1.0 + n / a, b], -1)))

    def mean(self, name: str | None = None) -> Tensor:
        """``b B(1 + 1 / a, b)``."""
        return self._moment(1.0)

    def mode(self, name: str | None = None) -> Tensor:
        """NaN unless both concentrations are above 1."""
        a, b = self.concentration1, self.concentration0
        found = ((a - 1.0) / (a * b - 1.0)) ** (1.0 / a)
        return math.where(math.logical_and(a > 1.0, b > 1.0), found, _nan_like(found))

    def variance(self, name: str | None = None) -> Tensor:
        return self._moment(2.0) - math.square(self._moment(1.0))

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        u = random.random_uniform(drawn_shape(sample_shape, self._whole()), dtype=self.dtype, seed=seed)
        return (1.0 - (1.0 - u) ** (1.0 / self.concentration0)) ** (1.0 / self.concentration1)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return math.log(a) + math.log(b) + (a - 1.0) * math.log(value) + (b - 1.0) * math.log1p(-(value**a))

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return 1.0 - (1.0 - value**self.concentration1) ** self.concentration0

    def entropy(self, name: str | None = None) -> Tensor:
        a, b = self.concentration1, self.concentration0
        harmonic = math.digamma(b + 1.0) - math.digamma(1.0)
        # TensorFlow 1.15 has a and b the other way round here, and adds the logarithms.
        return (1.0 - 1.0 / b) + (1.0 - 1.0 / a) * harmonic - math.log(a) - math.log(b)


class LogNormal(TransformedDistribution):
    """The exponentials of normal numbers."""

    def __init__(
        self, loc: Any = None, scale: Any = None, validate_args: bool = False, allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:  # fmt: skip
        from thalweg.compat.tf1.bijectors import Exp

        loc, scale = floats(loc, scale)
        super().__init__(Normal(loc, scale), Exp())

    distribution: Any
    loc = property(lambda self: self.distribution.loc, doc="The mean of the logarithms.")
    scale = property(lambda self: self.distribution.scale, doc="The standard deviation of the logarithms.")

    def mean(self, name: str | None = None) -> Tensor:
        """``exp(loc + scale ** 2 / 2)``."""
        return math.exp(self.distribution.mean() + 0.5 * self.distribution.variance())

    def mode(self, name: str | None = None) -> Tensor:
        """``exp(loc - scale ** 2)``."""
        return math.exp(self.distribution.mean() - self.distribution.variance())

    def variance(self, name: str | None = None) -> Tensor:
        wide = self.distribution.variance()
        return math.expm1(wide) * math.exp(2.0 * self.distribution.mean() + wide)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return self.distribution.cdf(math.log(value))

    def entropy(self, name: str | None = None) -> Tensor:
        return self.distribution.mean() + 0.5 + math.log(self.distribution.stddev()) + 0.5 * _LOG_2_PI


# --- of counts --------------------------------------------------------------------------------------------------------


class NegativeBinomial(Distribution):
    """How many successes come before ``total_count`` failures."""

    def __init__(
        self, total_count: Any, logits: Any = None, probs: Any = None, validate_args: bool = False,
        allow_nan_stats: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        if (logits is None) == (probs is None):
            raise ValueError("NegativeBinomial: either logits or probs must be given")
        (chances,) = floats(probs if logits is None else logits)
        self.logits = math.log(chances) - math.log1p(-chances) if logits is None else chances
        self.probs = chances if logits is None else math.sigmoid(chances)
        self.total_count = math.cast(g.convert_to_tensor(total_count), chances.dtype)

    def _whole(self) -> Tensor:
        return self.total_count + math.zeros_like(self.probs)

    def mean(self, name: str | None = None) -> Tensor:
        """``total_count * exp(logits)``."""
        return self.total_count * math.exp(self.logits)

    def mode(self, name: str | None = None) -> Tensor:
        """A whole number."""
        found = math.floor((self.total_count - 1.0) * math.exp(self.logits))
        return math.where(self._whole() > 1.0, found, math.zeros_like(found))

    def variance(self, name: str | None = None) -> Tensor:
        return self.mean() / math.sigmoid(-self.logits)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        rate = Gamma(self._whole(), math.exp(-self.logits) + math.zeros_like(self._whole()))
        return Poisson(rate.sample(sample_shape, seed)).sample((), None if seed is None else int(seed) + 1)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        n = self.total_count
        chances = -n * nn.softplus(self.logits) - value * nn.softplus(-self.logits)
        ways = math.lgamma(1.0 + value) + math.lgamma(n) - math.lgamma(n + value)
        return chances - ways

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.betainc(self.total_count, 1.0 + math.floor(value), math.sigmoid(-self.logits))


# --- of other forms of the parameters ---------------------------------------------------------------------------------


class BetaWithSoftplusConcentration(first.Beta):
    """The beta distribution of ``softplus`` of both concentrations."""

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool = False,
                 allow_nan_stats: bool = True, name: Any = None) -> None:  # fmt: skip
        super().__init__(*map(nn.softplus, floats(concentration1, concentration0)))


class Chi2WithAbsDf(Chi2):
    """The chi squared distribution of ``floor(abs(df))`` degrees of freedom."""

    def __init__(
        self, df: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: Any = None
    ) -> None:
        super().__init__(math.floor(math.abs(floats(df)[0])))


class ExponentialWithSoftplusRate(first.Exponential):
    """The exponential distribution of the rate ``softplus(rate)``."""

    def __init__(
        self, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: Any = None
    ) -> None:
        super().__init__(nn.softplus(floats(rate)[0]))


class GammaWithSoftplusConcentrationRate(Gamma):
    """The gamma distribution of ``softplus`` of both parameters."""

    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: Any = None) -> None:  # fmt: skip
        super().__init__(*map(nn.softplus, floats(concentration, rate)))


class InverseGammaWithSoftplusConcentrationRate(InverseGamma):
    """One over gamma numbers, of ``softplus`` of both parameters."""

    def __init__(self, concentration: Any, rate: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: Any = None) -> None:  # fmt: skip
        super().__init__(*map(nn.softplus, floats(concentration, rate)))


class LaplaceWithSoftplusScale(Laplace):
    """The Laplace distribution of the scale ``softplus(scale)``."""

    def __init__(self, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: Any = None) -> None:  # fmt: skip
        loc, scale = floats(loc, scale)
        super().__init__(loc, nn.softplus(scale))


class StudentTWithAbsDfSoftplusScale(StudentT):
    """Student's t of ``floor(abs(df))`` degrees of freedom and the scale ``softplus(scale)``."""

    def __init__(self, df: Any, loc: Any, scale: Any, validate_args: bool = False, allow_nan_stats: bool = True,
                 name: Any = None) -> None:  # fmt: skip
        df, loc, scale = floats(df, loc, scale)
        super().__init__(math.floor(math.abs(df)), loc, nn.softplus(scale))


# --- of vectors and matrices ------------------------------------------------------------------------------------------


class VectorDeterministic(Deterministic):
    """Always the vector ``loc``."""

    event_axes = 1

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        room = self.near[0] + self.near[1] * math.abs(self.loc)
        return math.cast(math.reduce_all(math.abs(value - self.loc) <= room, -1), self.loc.dtype)

    def entropy(self, name: str | None = None) -> Tensor:
        return math.zeros_like(self.loc[..., 0])


class _DiagonalVector(Distribution):
    """Vectors ``loc + scale_diag * x`` of independent draws x of one distribution."""

    reparameterization_type = FULLY_REPARAMETERIZED
    event_axes = 1
    one: Any

    def __init__(
        self, loc: Any = None, scale_diag: Any = None, scale_identity_multiplier: Any = None,
        validate_args: bool = False, allow_nan_stats: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        given = [p for p in (loc, scale_diag) if p is not None]
        if not given:
            raise ValueError(f"{type(self).__name__}: loc or scale_diag must be given")
        (like,) = floats(given[-1])
        self._width = math.ones_like(like) if scale_diag is None else like
        if scale_identity_multiplier is not None:
            times = math.expand_dims(floats(scale_identity_multiplier)[0], -1)
            self._width = times * self._width if scale_diag is None else times + self._width
        self.loc = math.zeros_like(self._width) if loc is None else floats(loc)[0]

    @property
    def scale(self) -> Any:
        """The widths as a matrix."""
        return LinearOperatorDiag(self._width, is_non_singular=True)

    def _whole(self) -> Tensor:
        return self.loc + math.zeros_like(self._width)

    def mean(self, name: str | None = None) -> Tensor:
        """``loc + scale_diag * mean(x)``."""
        return self.loc + self._width * self.one.mean()

    def stddev(self, name: str | None = None) -> Tensor:
        return math.abs(self._width) * self.one.stddev() + math.zeros_like(self.loc)

    def covariance(self, name: str | None = None) -> Tensor:
        """The matrix with the variances on its diagonal."""
        return math.matrix_diag(self.variance())

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        lengths = drawn_shape(sample_shape, self._whole())
        return self.loc + self._width * self.one.sample(lengths, seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = (value - self.loc) / self._width
        return math.reduce_sum(self.one.log_prob(z) - math.log(math.abs(self._width)), -1)

    def entropy(self, name: str | None = None) -> Tensor:
        return math.reduce_sum(
            self.one.entropy() + math.log(math.abs(self._width + math.zeros_like(self.loc))), -1
        )


class VectorExponentialDiag(_DiagonalVector):
    """Vectors of independent exponential numbers, scaled and moved."""

    one = property(lambda self: first.Exponential(math.ones([], self._width.dtype)))  # type: ignore[assignment]

    def mode(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()


class VectorLaplaceDiag(_DiagonalVector):
    """Vectors of independent Laplace numbers, scaled and moved."""

    one = property(lambda self: Laplace(math.zeros([], self._width.dtype), math.ones([], self._width.dtype)))  # type: ignore[assignment]

    def mode(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()


class WishartCholesky(Distribution):
    """Positive definite matrices: sums of ``df`` squares of vectors of normal numbers. ``scale`` is the lower
    triangular factor of their mean by ``df``.
    """

    event_axes = 2

    def __init__(
        self, df: Any, scale: Any, cholesky_input_output_matrices: bool = False, validate_args: bool = False,
        allow_nan_stats: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        (self._factor,) = floats(scale)
        (self.df,) = floats(df)
        self.cholesky_input_output_matrices = cholesky_input_output_matrices
        self.scale_operator = LinearOperatorLowerTriangular(self._factor, is_non_singular=True)

    def _whole(self) -> Tensor:
        return self._factor + math.zeros_like(self.df)[..., None, None]

    @property
    def dimension(self) -> Any:
        """The number of rows."""
        return self._factor.get_shape()[-1]

    def scale(self) -> Tensor:
        """The scale as a matrix."""
        return math.matmul(self._factor, self._factor, transpose_b=True)

    def _given(self, value: Tensor) -> Tensor:
        return math.cholesky(value) if self.cholesky_input_output_matrices else value

    def mean(self, name: str | None = None) -> Tensor:
        """``df`` times the scale."""
        if self.cholesky_input_output_matrices:
            return math.sqrt(self.df)[..., None, None] * self._factor
        return self.df[..., None, None] * self.scale()

    def mode(self, name: str | None = None) -> Tensor:
        """``df - rows - 1`` times the scale; NaN where that is negative."""
        times = self.df - float(self.dimension.value) - 1.0
        times = math.where(times < 0.0, _nan_like(times), times)
        if self.cholesky_input_output_matrices:
            return math.sqrt(times)[..., None, None] * self._factor
        return times[..., None, None] * self.scale()

    def variance(self, name: str | None = None) -> Tensor:
        scale = self.scale()
        diagonal = math.sqrt(math.matrix_diag_part(scale))[..., None]
        wide = math.square(scale) + math.square(math.matmul(diagonal, diagonal, transpose_b=True))
        return self._given(math.sqrt(self.df[..., None, None]) ** 2 * wide)

    def stddev(self, name: str | None = None) -> Tensor:
        """The factor of the variance, as TensorFlow has it; with factors as draws, that itself."""
        if self.cholesky_input_output_matrices:
            return self.variance()
        return math.cholesky(self.variance())

    def _halves(self) -> Tensor:
        """Half the degrees of freedom of each column."""
        return 0.5 * (self.df[..., None] - np.arange(self.dimension.value, dtype=np.float32))

    def mean_log_det(self, name: str | None = None) -> Tensor:
        """The mean of the logarithm of the determinant."""
        both = _math.log(2.0) * self.dimension.value + 2.0 * self.scale_operator.log_abs_determinant()
        return math.reduce_sum(math.digamma(self._halves()), -1) + both

    def _log_gamma(self) -> Tensor:
        n = self.dimension.value
        return math.reduce_sum(math.lgamma(self._halves()), -1) + n * (n - 1) / 4.0 * _math.log(_math.pi)

    def log_normalization(self, name: str | None = None) -> Tensor:
        """The logarithm of what the density is divided by."""
        half = 0.5 * self.df * self.dimension.value
        return self.df * self.scale_operator.log_abs_determinant() + half * _math.log(2.0) + self._log_gamma()

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        root = value if self.cholesky_input_output_matrices else math.cholesky(value)
        solved = self.scale_operator.solve(root)
        half_log_det = math.reduce_sum(math.log(math.matrix_diag_part(root)), -1)
        density = -0.5 * math.reduce_sum(math.square(solved), [-2, -1])
        density += (self.df - self.dimension.value - 1.0) * half_log_det - self.log_normalization()
        return density

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        like = self._whole()
        shape = drawn_shape(sample_shape, like)
        lower = math.matrix_band_part(random.random_normal(shape, dtype=like.dtype, seed=seed), -1, 0)
        halves = self._halves() + math.zeros_like(like[..., 0])
        gamma = Gamma(halves, 0.5 * math.ones_like(halves)).sample(
            sample_shape, None if seed is None else int(seed) + 1
        )
        root = self.scale_operator.matmul(math.matrix_set_diag(lower, math.sqrt(gamma)))
        return root if self.cholesky_input_output_matrices else math.matmul(root, root, transpose_b=True)

    def entropy(self, name: str | None = None) -> Tensor:
        rest = 0.5 * self.df * self.dimension.value + self.log_normalization()
        return rest - 0.5 * (self.df - self.dimension.value - 1.0) * self.mean_log_det()


class WishartFull(WishartCholesky):
    """The Wishart distribution of a scale that is given as a matrix."""

    def __init__(
        self, df: Any, scale: Any, cholesky_input_output_matrices: bool = False, validate_args: bool = False,
        allow_nan_stats: bool = True, name: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(df, math.cholesky(floats(scale)[0]), cholesky_input_output_matrices)
