"""Distributions put together, and divergences of two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import bijectors as bijectors_room
from thalweg.compat.tf1 import distributions as first
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.count_distributions import (
    Dirichlet,
    OneHotCategorical,
    Poisson,
)
from thalweg.compat.tf1.distribution import DIVERGENCES, Distribution, kl_divergence
from thalweg.compat.tf1.distributions import Categorical
from thalweg.compat.tf1.further_distributions import Laplace, MultivariateNormalTriL
from thalweg.compat.tf1.graph import Tensor


def _over(x: Tensor, axes: int) -> Tensor:
    return math.reduce_sum(x, list(range(-axes, 0))) if axes else x


class Independent(Distribution):
    """The last axes of the batch as parts of one draw."""

    @property
    def reparameterization_type(self) -> Any:  # type: ignore[override]
        """That of the distribution below."""
        return self.distribution.reparameterization_type

    def __init__(
        self,
        distribution: Distribution,
        reinterpreted_batch_ndims: int | None = None,
        validate_args: bool = False,
        name: Any = None,
    ) -> None:
        self.distribution = distribution
        if reinterpreted_batch_ndims is None:
            reinterpreted_batch_ndims = max(distribution.batch_shape.ndims - 1, 0)
        self.axes = int(reinterpreted_batch_ndims)
        self.event_axes = distribution.event_axes + self.axes
        self._kept = distribution.dtype

    def _whole(self) -> Tensor:
        return self.distribution._whole()

    def mean(self, name: str | None = None) -> Tensor:
        """The mean of each part."""
        return self.distribution.mean()  # type: ignore[attr-defined]

    def mode(self, name: str | None = None) -> Tensor:
        """The mode of each part."""
        return self.distribution.mode()  # type: ignore[attr-defined]

    def variance(self, name: str | None = None) -> Tensor:
        return self.distribution.variance()

    def stddev(self, name: str | None = None) -> Tensor:
        return self.distribution.stddev()

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.distribution.sample(sample_shape, seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return _over(self.distribution.log_prob(value), self.axes)

    def entropy(self, name: str | None = None) -> Tensor:
        return _over(self.distribution.entropy(), self.axes)


def _beside(x: Tensor, axes: int) -> Tensor:
    for _ in range(axes):
        x = math.expand_dims(x, -1)
    return x


class MixtureSameFamily(Distribution):
    """One of the components, the last axis of the batch of ``components_distribution``, chosen by
    ``mixture_distribution``, a :class:`Categorical`.
    """

    def __init__(
        self,
        mixture_distribution: Categorical,
        components_distribution: Distribution,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: Any = None,
    ) -> None:
        self.mixture_distribution = mixture_distribution
        self.components_distribution = components_distribution
        self.event_axes = components_distribution.event_axes
        self.axis = -1 - self.event_axes
        self._kept = components_distribution.dtype

    def _whole(self) -> Tensor:
        return math.reduce_sum(self.components_distribution._whole(), self.axis)

    def _shares(self) -> Tensor:
        return _beside(self.mixture_distribution.probs, self.event_axes)

    def mean(self, name: str | None = None) -> Tensor:
        """The mean of the means."""
        means = self.components_distribution.mean()  # type: ignore[attr-defined]
        return math.reduce_sum(self._shares() * means, self.axis)

    def variance(self, name: str | None = None) -> Tensor:
        means = self.components_distribution.mean()  # type: ignore[attr-defined]
        apart = math.square(means - math.expand_dims(self.mean(), self.axis))
        return math.reduce_sum(self._shares() * (self.components_distribution.variance() + apart), self.axis)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        drawn = self.components_distribution.sample(sample_shape, seed)
        batch = self.components_distribution._whole()
        spread = math.reduce_sum(batch, list(range(-self.event_axes, 0))) if self.event_axes else batch
        logits = self.mixture_distribution.logits + math.zeros_like(spread)
        chosen = Categorical(logits).sample(sample_shape, seed)
        mask = math.one_hot(chosen, self.mixture_distribution.logits.get_shape()[-1].value, dtype=drawn.dtype)
        return math.reduce_sum(_beside(mask, self.event_axes) * drawn, self.axis)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        beside = math.expand_dims(g.convert_to_tensor(value), self.axis)
        each = self.components_distribution.log_prob(beside)
        return math.reduce_logsumexp(each + nn.log_softmax(self.mixture_distribution.logits), -1)


class Mixture(Distribution):
    """One of the components of any kinds, chosen by ``cat``, a :class:`Categorical`."""

    def __init__(
        self,
        cat: Categorical,
        components: Sequence[Distribution],
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        use_static_graph: bool = False,
        name: Any = None,
    ) -> None:
        known = cat.logits.get_shape()[-1].value
        if known is not None and known != len(components):
            raise ValueError(
                f"Mixture: cat has {known} classes; expected {len(components)}, one for each component"
            )
        self.cat, self.components = cat, list(components)
        self.num_components = len(self.components)
        self.event_axes = components[0].event_axes
        self._kept = components[0].dtype

    def _whole(self) -> Tensor:
        return math.add_n([c._whole() for c in self.components])

    def _weighed(self, shares: Tensor, parts: list[Tensor]) -> Tensor:
        rows = [_beside(shares[..., k], self.event_axes) * part for k, part in enumerate(parts)]
        return math.add_n(rows)

    def mean(self, name: str | None = None) -> Tensor:
        """The mean of the means."""
        return self._weighed(self.cat.probs, [c.mean() for c in self.components])  # type: ignore[attr-defined]

    def variance(self, name: str | None = None) -> Tensor:
        middle = self.mean()
        apart = [c.variance() + math.square(c.mean() - middle) for c in self.components]  # type: ignore[attr-defined]
        return self._weighed(self.cat.probs, apart)

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        chosen = self.cat.sample(sample_shape, seed)
        parts = [c.sample(sample_shape) for c in self.components]
        return self._weighed(math.one_hot(chosen, self.num_components, dtype=parts[0].dtype), parts)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        shares = nn.log_softmax(self.cat.logits)
        each = [c.log_prob(value) + shares[..., k] for k, c in enumerate(self.components)]
        return math.reduce_logsumexp(math.stack(each, -1), -1)

    def entropy_lower_bound(self, name: str | None = None) -> Tensor:
        """The mean of the entropies, which is at most the entropy."""
        return math.add_n([self.cat.probs[..., k] * c.entropy() for k, c in enumerate(self.components)])


class TransformedDistribution(Distribution):
    """``bijector.forward`` of draws."""

    @property
    def reparameterization_type(self) -> Any:  # type: ignore[override]
        """That of the distribution below."""
        return self.distribution.reparameterization_type

    def __init__(
        self,
        distribution: Distribution,
        bijector: Any = None,
        batch_shape: Any = None,
        event_shape: Any = None,
        validate_args: bool = False,
        name: Any = None,
    ) -> None:
        if batch_shape is not None:
            raise NotImplementedError("TransformedDistribution: batch_shape is not done here")
        self.distribution = distribution
        self.bijector = bijectors_room.Identity() if bijector is None else bijector
        self.axes = 0
        if event_shape is not None:
            form = [int(n) for n in np.ravel(g.static_value(event_shape))]
            self.axes = len(form)
            self.distribution = _Repeated(distribution, form)
        self.event_axes = max(self.distribution.event_axes, self.bijector.forward_min_event_ndims)

    def _whole(self) -> Tensor:
        return self.distribution._whole()

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        return self.bijector.forward(self.distribution.sample(sample_shape, seed))

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        inner = self.distribution.log_prob(self.bijector.inverse(value))
        inner = _over(inner, self.event_axes - self.distribution.event_axes)
        return inner + self.bijector.inverse_log_det_jacobian(value, self.event_axes)

    def prob(self, value: Any, name: str | None = None) -> Tensor:
        return math.exp(self.log_prob(value))


class _Repeated(Distribution):
    """Draws of a form of their own of one distribution of a number."""

    @property
    def reparameterization_type(self) -> Any:  # type: ignore[override]
        """That of the distribution below."""
        return self.distribution.reparameterization_type

    def __init__(self, distribution: Distribution, form: list[int]) -> None:
        self.distribution, self.form = distribution, form
        self.event_axes = len(form)

    def _whole(self) -> Tensor:
        return _beside(self.distribution._whole(), len(self.form)) + math.zeros(
            self.form, self.distribution.dtype
        )

    def sample(self, sample_shape: Any = (), seed: Any = None, name: str | None = None) -> Tensor:
        before = [int(d) for d in np.ravel(g.static_value(sample_shape))]
        return self.distribution.sample([*before, *self.form], seed)

    def log_prob(self, value: Any, name: str | None = None) -> Tensor:
        return _over(self.distribution.log_prob(value), len(self.form))


def _of_rows(one: Any) -> MultivariateNormalTriL:
    """Normal numbers along the last axis as those of a triangular scale."""
    if isinstance(one, MultivariateNormalTriL):
        return one
    return MultivariateNormalTriL(one.mean(), math.matrix_diag(one.stddev()))


DIVERGENCES |= {
    MultivariateNormalTriL: lambda a, b: a.divergence(b),
    (MultivariateNormalTriL, first.MultivariateNormalDiag): lambda a, b: _of_rows(a).divergence(_of_rows(b)),
    OneHotCategorical: lambda a, b: DIVERGENCES[Categorical](a, b),
    Laplace: lambda a, b: (
        math.log(b.scale / a.scale)
        + math.abs(a.loc - b.loc) / b.scale
        + a.scale / b.scale * math.exp(-math.abs(a.loc - b.loc) / a.scale)
        - 1.0
    ),
    Poisson: lambda a, b: a.rate * (a.log_rate - b.log_rate) - a.rate + b.rate,
    Dirichlet: lambda a, b: (
        math.lbeta(b.concentration)
        - math.lbeta(a.concentration)
        + math.reduce_sum(
            (a.concentration - b.concentration)
            * (math.digamma(a.concentration) - math.digamma(math.expand_dims(a.total_concentration, -1))),
            -1,
        )
    ),
    Independent: lambda a, b: _over(kl_divergence(a.distribution, b.distribution), a.axes),
}


def softplus_inverse(x: Any, name: str | None = None) -> Tensor:
    """The number whose softplus is ``x``."""
    return math.identity(x + math.log(-math.expm1(-g.convert_to_tensor(x))), name)


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
