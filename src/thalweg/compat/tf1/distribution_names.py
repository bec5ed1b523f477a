"""``tf.distributions`` and ``tf.contrib.distributions`` as programs know them."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import Namespace, own
from thalweg.compat.tf1 import bijectors as bijectors_room
from thalweg.compat.tf1 import count_distributions as counts
from thalweg.compat.tf1 import distribution as shared
from thalweg.compat.tf1 import distributions as first
from thalweg.compat.tf1 import further_distributions as further
from thalweg.compat.tf1 import wider_distributions as wider
from thalweg.compat.tf1.composed_distributions import (
    Independent,
    Mixture,
    MixtureSameFamily,
    TransformedDistribution,
    percentile,
    softplus_inverse,
)
from thalweg.compat.tf1.count_distributions import Dirichlet, DirichletMultinomial, Multinomial
from thalweg.compat.tf1.distribution import Distribution
from thalweg.compat.tf1.further_distributions import Laplace, StudentT

_CORE: dict[str, Any] = {
    **{
        name: getattr(first, name)
        for name in "Normal Uniform Bernoulli Categorical Exponential Gamma Beta".split()
    },
    **{
        name: getattr(shared, name)
        for name in (
            "Distribution FULLY_REPARAMETERIZED NOT_REPARAMETERIZED ReparameterizationType kl_divergence".split()
        )
    },
}
distributions = Namespace(
    "tf.distributions",
    **_CORE,
    Laplace=Laplace,
    StudentT=StudentT,
    Dirichlet=Dirichlet,
    DirichletMultinomial=DirichletMultinomial,
    Multinomial=Multinomial,
    MultivariateNormalDiag=first.MultivariateNormalDiag,
    kl=shared.kl_divergence,
)
# Those that tensorflow_probability alone has.
later_kinds: dict[str, Any] = {name: getattr(wider, name) for name in ("HalfCauchy", "LogNormal", "Pareto")}
contrib_distributions = Namespace(
    "tf.contrib.distributions",
    **_CORE,
    kl=shared.kl_divergence,
    MultivariateNormalDiag=first.MultivariateNormalDiag,
    MultivariateNormalFull=further.MultivariateNormalFullCovariance,
    bijectors=bijectors_room.bijectors,
    bijector=bijectors_room.bijectors,
    **{
        name: kind
        for name, kind in (own(further) | own(counts) | own(wider)).items()
        if isinstance(kind, type) and issubclass(kind, Distribution) and name not in later_kinds
    },
    Independent=Independent,
    MixtureSameFamily=MixtureSameFamily,
    Mixture=Mixture,
    TransformedDistribution=TransformedDistribution,
    percentile=percentile,
    softplus_inverse=softplus_inverse,
)
