"""``tf.distributions`` (and ``tf.contrib.distributions``): drawing, densities and entropies of common distributions."""

from __future__ import annotations

import inspect
import math as _math
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.graph import Node, Tensor
from thalweg.compat.tf1.types import TensorShape, as_dtype

_HALF_LOG_2_PI = 0.5 * _math.log(2 * _math.pi)


_OF_VALUES = ("log_prob", "prob", "cdf", "quantile")


def _valued(method: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The method, whose values may be lists and arrays of any dtype of numbers."""

    @wraps(method)
    def apply(self: Any, value: Any, name: str | None = None) -> Tensor:
        if not isinstance(value, Node):
            value = math.cast(value, self._whole().dtype)
        return method(self, value)

    return apply


class ReparameterizationType:
    """Whether draws have gradients for the parameters: one of two objects, each equal to itself alone.

    >>> Normal(0.0, 1.0).reparameterization_type
    <Reparameteriation Type: FULLY_REPARAMETERIZED>
    """

    def __init__(self, rep_type: str) -> None:
        self._rep_type = rep_type

    def __repr__(self) -> str:
        return f"<Reparameteriation Type: {self._rep_type}>"


FULLY_REPARAMETERIZED = ReparameterizationType("FULLY_REPARAMETERIZED")
NOT_REPARAMETERIZED = ReparameterizationType("NOT_REPARAMETERIZED")


def _noting(init: Callable[..., None]) -> Callable[..., None]:
    """The constructor, which notes what an instance was made of in ``parameters``."""
    signature = inspect.signature(init)

    @wraps(init)
    def made(self: Any, *args: Any, **kwargs: Any) -> None:
        if "parameters" not in vars(self):  # else a class above is asked by the one that was called
            bound = signature.bind(self, *args, **kwargs)
            bound.apply_defaults()
            self.parameters = dict(list(bound.arguments.items())[1:])
        init(self, *args, **kwargs)

    return made


class Distribution:
    """What all share: densities from their logarithms, and the names of moments. Keras's tensors are taken as nodes.

    A draw of ``sample([n])`` has the shape [n, batch..., event...].
    """

    event_axes = 0  # how many of the last axes are one draw
    _kept: Any = None  # the dtype of draws, unless it is that of the parameters
    reparameterization_type = NOT_REPARAMETERIZED
    shaped_as_draws: tuple[str, ...] = ()  # the parameters, where all of them have the shape of a draw
    parameters: dict[str, Any]  # what it was made of

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):
            cls.__init__ = _noting(vars(cls)["__init__"])  # type: ignore[method-assign]
        for name, method in list(vars(cls).items()):
            if isinstance(method, FunctionType):
                setattr(cls, name, g.accepting(_valued(method) if name in _OF_VALUES else method))

    @classmethod
    def param_static_shapes(cls, sample_shape: Any) -> dict[str, Any]:
        """The shapes of the parameters of which ``sample()`` has the shape ``sample_shape``, all of it known."""
        if not cls.shaped_as_draws:
            raise NotImplementedError(
                f"{cls.__name__}: the shapes of parameters are not known from that of draws"
            )
        if not TensorShape(sample_shape).is_fully_defined():
            raise ValueError("TensorShape sample_shape must be fully defined")
        return {name: TensorShape(sample_shape) for name in cls.shaped_as_draws}

    @classmethod
    def param_shapes(cls, sample_shape: Any, name: str = "DistributionParamShapes") -> dict[str, Tensor]:
        """``param_static_shapes`` of a shape that a run alone may know."""
        if not cls.shaped_as_draws:
            cls.param_static_shapes(())
        return {name: g.convert_to_tensor(sample_shape, "int32") for name in cls.shaped_as_draws}

    def copy(self, **override_parameters_kwargs: Any) -> Any:
        """Another one of the same parameters, but for those that are given."""
        return type(self)(**{**self.parameters, **override_parameters_kwargs})

    def _whole(self) -> Tensor:
        """A node of the shape [batch..., event...] and of the dtype of the parameters."""
        raise NotImplementedError

    def _form(self) -> tuple[Any, Any]:
        """The shapes of the batch and of one draw."""
        whole = self._whole().get_shape()
        if whole.ndims is None:
            return whole, whole
        cut = whole.ndims - self.event_axes
        return whole[:cut], whole[cut:]

    @property
    def dtype(self) -> Any:
        """The dtype of draws."""
        return self._kept or self._whole().dtype

    @property
    def name(self) -> str:
        """What kind it is."""
        return type(self).__name__

    @property
    def batch_shape(self) -> Any:
        """How many distributions there are."""
        return self._form()[0]

    @property
    def event_shape(self) -> Any:
        """The shape of one draw of one of them."""
        return self._form()[1]

    def get_batch_shape(self) -> Any:
        """``batch_shape``, as it was called before 1.0."""
        return self.batch_shape

    def get_event_shape(self) -> Any:
        """``event_shape``, as it was called before 1.0."""
        return self.event_shape

    def batch_shape_tensor(self, name: str | None = None) -> Tensor:
        """``batch_shape``, as a run knows it."""
        lengths = math.shape(self._whole())
        return lengths[: -self.event_axes] if self.event_axes else lengths

    def event_shape_tensor(self, name: str | None = None) -> Tensor:
        """``event_shape``, as a run knows it."""
        lengths = math.shape(self._whole())
        return lengths[-self.event_axes :] if self.event_axes else lengths[:0]

    def is_scalar_batch(self, name: str | None = None) -> Tensor:
        """Whether it is one distribution."""
        return math.equal(math.rank(self._whole()), self.event_axes)

    def is_scalar_event(self, name: str | None = None) -> Tensor:
        """Whether a draw is one number."""
        return g.constant(self.event_axes == 0)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws."""
        raise NotImplementedError(f"{type(self).__name__}: no way to draw is known")

    def sample_n(self, n: Any, seed: Any = None, name: str | None = None) -> Tensor:
        """``n`` draws, as it was called before 1.0."""
        return self.sample([int(g.static_value(n))], seed, name)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        """The logarithm of the density or probability of a value."""
        raise NotImplementedError

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        """The density or probability of a value."""
        return math.exp(self.log_prob(value))

    pdf = pmf = prob
    log_pdf = lambda self, value, name=None: self.log_prob(value)
    log_pmf = log_pdf

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        """The distribution function."""
        raise NotImplementedError(f"{type(self).__name__}: no distribution function is known")

    def log_cdf(self, value: Any, name: str | None = None) -> Tensor:
        """The logarithm of the distribution function."""
        return math.log(self.cdf(value))

    def survival_function(self, value: Any, name: str | None = None) -> Tensor:
        """The probability of more than a value."""
        return 1.0 - self.cdf(value)

    def log_survival_function(self, value: Any, name: str | None = None) -> Tensor:
        """The logarithm of the probability of more than a value."""
        return math.log(self.survival_function(value))

    def variance(self, name: str | None = None) -> Tensor:
        """The variance."""
        if type(self).stddev is Distribution.stddev:  # which asks for the variance
            raise NotImplementedError(f"{type(self).__name__}: no variance is known")
        return math.square(self.stddev())

    def stddev(self, name: str | None = None) -> Tensor:
        """The standard deviation."""
        return math.sqrt(self.variance())

    std = stddev

    def entropy(self, name: str | None = None) -> Tensor:
        """The entropy, in nats."""
        raise NotImplementedError(f"{type(self).__name__}: no formula of the entropy is known")

    def kl_divergence(self, other: Any, name: str | None = None) -> Tensor:
        """The Kullback-Leibler divergence from another distribution of its kind."""
        return kl_divergence(self, other)

    def cross_entropy(self, other: Any, name: str | None = None) -> Tensor:
        """The entropy and the divergence from the other one."""
        return self.entropy() + kl_divergence(self, other)


def drawn_shape(sample_shape: Any, like: Any) -> Any:
    """The shape of so many draws of a parameter: ints, or nodes where only a run knows it."""
    before = [int(d) for d in g.static_value(sample_shape).reshape(-1)] if sample_shape is not None else []
    shape = like.get_shape()
    if shape.dims is not None and shape.is_fully_defined():
        return [*before, *shape.as_list()]
    rest = math.shape(like)
    return math.concat([g.constant(before, "int32"), rest], 0) if before else rest


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
        self.loc, self.scale = (
            p if isinstance(p, Node) else g.constant(p, like)
            for p in (mu if loc is None else loc, sigma if scale is None else scale)
        )

    def _whole(self) -> Tensor:
        return self.loc + math.zeros_like(self.scale)

    def mean(self, name: str | None = None) -> Tensor:
        """``loc``."""
        return self._whole()

    mode = mean

    def stddev(self, name: str | None = None) -> Tensor:
        """``scale``."""
        return self.scale * math.ones_like(self.loc)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        """Draws, with gradients for the parameters."""
        shape = drawn_shape(sample_shape, self._whole())
        return self.loc + self.scale * random.random_normal(shape, dtype=self.loc.dtype, seed=seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        z = (value - self.loc) / self.scale
        return -0.5 * math.square(z) - math.log(self.scale) - _HALF_LOG_2_PI

    def cdf(self, value: Any, name: str | None = None) -> Tensor:
        """The distribution function."""
        return 0.5 * math.erfc((self.loc - value) / (self.scale * 2**0.5))

    def quantile(self, value: Any, name: str | None = None) -> Tensor:
        """The number below which this share of all draws is."""
        return self.loc + self.scale * 2**0.5 * math.erfinv(2.0 * value - 1.0)

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
    ratio = math.square(a.scale / b.scale)
    shift = math.square((a.loc - b.loc) / b.scale)
    return 0.5 * (ratio + shift - 1.0 - math.log(ratio))


# The first kind, or one of several, that both are: the more special ones come first.
DIVERGENCES: dict[Any, Callable[[Any, Any], Tensor]] = {
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


def kl_divergence(
    distribution_a: Any, distribution_b: Any, allow_nan_stats: bool = True, name: Any = None
) -> Tensor:
    """The Kullback-Leibler divergence of two distributions of one kind."""
    pair = distribution_a, distribution_b
    for kind, rule in DIVERGENCES.items():
        if all(isinstance(one, kind) for one in pair):
            return rule(*pair)
    kinds = f"{type(distribution_a).__name__} and {type(distribution_b).__name__}"
    raise NotImplementedError(f"kl_divergence: no formula for {kinds}")
