"""More of ``tf.contrib.distributions``: of a place and a width, of rows of normal numbers."""

from __future__ import annotations

import math as _math
from typing import Any

import numpy as np

from thalweg.compat.tf1 import distributions as first
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.distribution import FULLY_REPARAMETERIZED, Distribution, drawn_shape
from thalweg.compat.tf1.distributions import Gamma, Normal
from thalweg.compat.tf1.graph import Node, Tensor
from thalweg.compat.tf1.operators import LinearOperator, LinearOperatorLowerTriangular

_EULER = 0.5772156649015329


def floats(*parameters: Any) -> list[Tensor]:
    """Parameters as nodes of one dtype: that of the first node or array of floats, else float32."""
    kinds = [getattr(p, "dtype", None) for p in parameters]
    like = next((k for k in kinds if k is not None and "float" in str(getattr(k, "name", k))), "float32")
    return [p.as_tensor() if isinstance(p, Node) else g.constant(p, like) for p in parameters]


def inside(sample_shape: Any, like: Tensor, seed: Any) -> Tensor:
    """Numbers inside (0, 1)."""
    tiny = np.finfo(like.dtype.as_numpy_dtype).tiny
    return random.random_uniform(drawn_shape(sample_shape, like), tiny, 1.0, like.dtype, seed)


# --- of a place and a width -------------------------------------------------------------------------------------------


class _Placed(Distribution):
    """What has ``loc`` and ``scale``."""

    reparameterization_type = FULLY_REPARAMETERIZED
    shaped_as_draws: tuple[str, ...] = ("loc", "scale")

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.loc, self.scale = floats(loc, scale)

    def _whole(self) -> Tensor:
        return self.loc + math.zeros_like(self.scale)

    def _z(self, value: Any) -> Tensor:
        z: Tensor = (value - self.loc) / self.scale
        return z

    def mean(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()

    def mode(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()


class Laplace(_Placed):
    """Two exponential distributions back to back."""

    def stddev(self, name: str | None = None) -> Tensor:
        return 2**0.5 * self.scale * math.ones_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        u = 2.0 * inside(sample_shape, self._whole(), seed) - 1.0
        return self.loc - self.scale * math.sign(u) * math.log1p(-math.abs(u))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return -math.abs(self._z(value)) - _math.log(2.0) - math.log(self.scale)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        z = self._z(value)
        return 0.5 - 0.5 * math.sign(z) * math.expm1(-math.abs(z))

    def entropy(self, name: str | None = None) -> Tensor:
        return _math.log(2.0) + 1.0 + math.log(self.scale + math.zeros_like(self.loc))


class Logistic(_Placed):
    """The distribution whose distribution function is a sigmoid."""

    def stddev(self, name: str | None = None) -> Tensor:
        return _math.pi / 3**0.5 * self.scale * math.ones_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        u = inside(sample_shape, self._whole(), seed)
        return self.loc + self.scale * (math.log(u) - math.log1p(-u))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = self._z(value)
        return -z - 2.0 * nn.softplus(-z) - math.log(self.scale)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.sigmoid(self._z(value))

    def entropy(self, name: str | None = None) -> Tensor:
        return 2.0 + math.log(self.scale + math.zeros_like(self.loc))


class Gumbel(_Placed):
    """The distribution of the greatest of many numbers."""

    def mean(self, name: str | None = None) -> Tensor:
        return self.loc + _EULER * self.scale

    def stddev(self, name: str | None = None) -> Tensor:
        return _math.pi / 6**0.5 * self.scale * math.ones_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.loc - self.scale * math.log(-math.log(inside(sample_shape, self._whole(), seed)))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = self._z(value)
        return -(z + math.exp(-z)) - math.log(self.scale)

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        return math.exp(-math.exp(-self._z(value)))

    def entropy(self, name: str | None = None) -> Tensor:
        return 1.0 + _EULER + math.log(self.scale + math.zeros_like(self.loc))


class StudentT(_Placed):
    """Student's t distribution of ``df`` degrees of freedom."""

    shaped_as_draws = ("df", "loc", "scale")

    def __init__(
        self,
        df: Any,
        loc: Any = 0.0,
        scale: Any = 1.0,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.df, self.loc, self.scale = floats(df, loc, scale)

    def _whole(self) -> Tensor:
        return self.loc + math.zeros_like(self.scale) + math.zeros_like(self.df)

    def mean(self, name: str | None = None) -> Tensor:
        return math.where_v2(self.df > 1.0, self._whole(), np.float32(np.nan))

    def variance(self, name: str | None = None) -> Tensor:
        wide = math.square(self.scale) * self.df / (self.df - 2.0) + math.zeros_like(self.loc)
        wide = math.where_v2(self.df > 2.0, wide, np.float32(np.inf))
        return math.where_v2(self.df > 1.0, wide, np.float32(np.nan))

    def stddev(self, name: str | None = None) -> Tensor:
        return math.sqrt(self.variance())

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        like = self._whole()
        normal = random.random_normal(drawn_shape(sample_shape, like), dtype=like.dtype, seed=seed)
        df = self.df + math.zeros_like(like)
        return self.loc + self.scale * normal * math.rsqrt(Gamma(0.5 * df, 0.5).sample(sample_shape) / df)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        df, half = self.df, 0.5 * (self.df + 1.0)
        whole = math.lgamma(0.5 * df) - math.lgamma(half) + 0.5 * math.log(df * _math.pi)
        return -half * math.log1p(math.square(self._z(value)) / df) - math.log(math.abs(self.scale)) - whole

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        t = (value - self.loc) / math.abs(self.scale)
        tail = 0.5 * math.betainc(0.5 * self.df, 0.5, self.df / (math.square(t) + self.df))
        return math.where(t < 0.0, tail, 1.0 - tail)

    def entropy(self, name: str | None = None) -> Tensor:
        df, half = self.df, 0.5 * (self.df + 1.0)
        both = _math.lgamma(0.5) + math.lgamma(0.5 * df) - math.lgamma(half)
        slopes = half * (math.digamma(half) - math.digamma(0.5 * df))
        return math.log(math.abs(self.scale)) + 0.5 * math.log(df) + both + slopes + math.zeros_like(self.loc)


class NormalWithSoftplusScale(Normal):
    """The normal distribution of the scale ``softplus(scale)``."""

    def __init__(
        self,
        loc: Any,
        scale: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        super().__init__(loc, nn.softplus(floats(scale)[0]))


class Chi2(Gamma):
    """The sum of ``df`` squares of normal numbers."""

    shaped_as_draws = ("df",)

    def __init__(
        self, df: Any, validate_args: bool = False, allow_nan_stats: bool = True, name: Any = None
    ) -> None:
        (self.df,) = floats(df)
        super().__init__(0.5 * self.df, 0.5 * math.ones_like(self.df))


class Deterministic(Distribution):
    """Always ``loc``."""

    reparameterization_type = FULLY_REPARAMETERIZED

    def __init__(
        self,
        loc: Any,
        atol: Any = None,
        rtol: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.loc = g.convert_to_tensor(loc)
        self.near = [0.0 if t is None else t for t in (atol, rtol)]

    def _whole(self) -> Tensor:
        return self.loc

    def mean(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self.loc

    mode = mean

    def variance(self, name: str | None = None) -> Tensor:
        return math.zeros_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.loc + math.zeros(drawn_shape(sample_shape, self.loc), self.loc.dtype)

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        room = self.near[0] + self.near[1] * math.abs(self.loc)
        return math.cast(math.less_equal(math.abs(value - self.loc), room), self.loc.dtype)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.log(self.prob(value))

    def entropy(self, name: str | None = None) -> Tensor:
        return math.zeros_like(self.loc)


# --- rows of normal numbers -------------------------------------------------------------------------------------------


class MultivariateNormalTriL(Distribution):
    """Normal numbers along the last axis: ``loc + scale_tril @ z``."""

    reparameterization_type = FULLY_REPARAMETERIZED

    event_axes = 1

    def __init__(
        self,
        loc: Any = None,
        scale_tril: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        if scale_tril is None:
            if loc is None:
                raise ValueError("MultivariateNormalTriL: loc or scale_tril must be given")
            scale_tril = math.matrix_diag(math.ones_like(floats(loc)[0]))
        (lower,) = floats(scale_tril)
        self.scale_tril = math.matrix_band_part(lower, -1, 0)
        self.loc = math.zeros_like(lower[..., 0]) if loc is None else floats(loc, lower)[0]

    @property
    def scale(self) -> LinearOperator:
        """The matrix that draws of standard normal numbers are multiplied by."""
        return LinearOperatorLowerTriangular(self.scale_tril, is_non_singular=True)

    def _whole(self) -> Tensor:
        return self.loc + math.zeros_like(self.scale_tril[..., 0])

    def mean(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()

    mode = mean

    def covariance(self, name: str | None = None) -> Tensor:
        """``scale_tril @ scale_tril.T``."""
        return math.matmul(self.scale_tril, self.scale_tril, transpose_b=True)

    def variance(self, name: str | None = None) -> Tensor:
        return math.reduce_sum(math.square(self.scale_tril), -1) + math.zeros_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        like = self._whole()
        noise = random.random_normal(drawn_shape(sample_shape, like), dtype=like.dtype, seed=seed)
        return self.loc + math.reduce_sum(self.scale_tril * math.expand_dims(noise, -2), -1)

    def _solved(self, difference: Any) -> Tensor:
        """``z`` of ``scale_tril @ z = difference``."""
        lower = self.scale_tril + math.zeros_like(math.expand_dims(difference, -1))
        difference = difference + math.zeros_like(lower[..., 0])
        return math.matrix_triangular_solve(lower, math.expand_dims(difference, -1))[..., 0]

    def _log_det(self) -> Tensor:
        return math.reduce_sum(math.log(math.abs(math.matrix_diag_part(self.scale_tril))), -1)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = self._solved(value - self.loc)
        size = self.scale_tril.get_shape()[-1].value
        whole = 0.5 * size * _math.log(2.0 * _math.pi)
        return -0.5 * math.reduce_sum(math.square(z), -1) - whole - self._log_det()

    def entropy(self, name: str | None = None) -> Tensor:
        size = self.scale_tril.get_shape()[-1].value
        return 0.5 * size * (1.0 + _math.log(2.0 * _math.pi)) + self._log_det()

    def divergence(self, other: MultivariateNormalTriL) -> Tensor:
        """The Kullback-Leibler divergence from another one."""
        size = self.scale_tril.get_shape()[-1].value
        ours = self.scale_tril + math.zeros_like(other.scale_tril)
        theirs = other.scale_tril + math.zeros_like(self.scale_tril)
        ratio = math.matrix_triangular_solve(theirs, ours)
        apart = other._solved(self.loc - other.loc)
        spread = math.reduce_sum(math.square(ratio), [-2, -1]) + math.reduce_sum(math.square(apart), -1)
        return 0.5 * (spread - size) + other._log_det() - self._log_det()


class MultivariateNormalFullCovariance(MultivariateNormalTriL):
    """Normal numbers along the last axis of a covariance."""

    def __init__(
        self,
        loc: Any = None,
        covariance_matrix: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        lower = None if covariance_matrix is None else math.cholesky(floats(covariance_matrix)[0])
        super().__init__(loc, lower)


class MultivariateNormalDiagPlusLowRank(MultivariateNormalTriL):
    """Normal numbers along the last axis: ``loc + scale @ z`` of the scale
    ``diag(scale_diag + scale_identity_multiplier) + u @ diag(m) @ u.T``, u and m those of the ``perturb``.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        scale_perturb_factor: Any = None,
        scale_perturb_diag: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        given = [loc, scale_diag, scale_perturb_factor]
        like = next((p for p in given if p is not None), None)
        if like is None:
            raise ValueError(
                "MultivariateNormalDiagPlusLowRank: loc, scale_diag or scale_perturb_factor must be given"
            )
        (like,) = floats(like)
        size = like.get_shape()[-2 if like is scale_perturb_factor and scale_diag is None else -1].value
        diagonal = math.ones([size], like.dtype) if scale_diag is None else floats(scale_diag, like)[0]
        if scale_identity_multiplier is not None:
            times = math.expand_dims(floats(scale_identity_multiplier, like)[0], -1)
            diagonal = times * diagonal if scale_diag is None else times + diagonal
        scale = math.matrix_diag(diagonal)
        if scale_perturb_factor is not None:
            (factor,) = floats(scale_perturb_factor, like)[:1]
            weighted = factor
            if scale_perturb_diag is not None:
                weighted = factor * math.expand_dims(floats(scale_perturb_diag, like)[0], -2)
            scale += math.matmul(weighted, factor, transpose_b=True)
        super().__init__(loc, math.cholesky(math.matmul(scale, scale, transpose_b=True)))


class MultivariateNormalDiagWithSoftplusScale(first.MultivariateNormalDiag):
    """Independent normal numbers along the last axis, of the scales ``softplus(scale_diag)``."""

    def __init__(
        self,
        loc: Any,
        scale_diag: Any,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        super().__init__(loc, nn.softplus(floats(scale_diag)[0]))
