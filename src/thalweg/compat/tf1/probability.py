"""``tensorflow_probability`` to programs of TensorFlow 1: its distributions and bijectors are those of ``tf.contrib``.

``thalweg run`` supplies it where the package itself is not installed.
"""

from __future__ import annotations

from thalweg.compat.names import Namespace, public_names
from thalweg.compat.tf1.bijectors import bijectors as _bijectors
from thalweg.compat.tf1.composed_distributions import percentile, softplus_inverse
from thalweg.compat.tf1.distribution_names import contrib_distributions, later_kinds
from thalweg.compat.tfp_names import layers as layers

_LEFT = {"bijector", "bijectors", "kl", "percentile", "MultivariateNormalFull"}
distributions = Namespace(
    "tensorflow_probability.distributions",
    **{
        name: getattr(contrib_distributions, name)
        for name in public_names(contrib_distributions)
        if name not in _LEFT
    },
    **later_kinds,
)
bijectors = Namespace(
    "tensorflow_probability.bijectors",
    **{name: getattr(_bijectors, name) for name in public_names(_bijectors)},
)
math = Namespace("tensorflow_probability.math", softplus_inverse=softplus_inverse)
stats = Namespace("tensorflow_probability.stats", percentile=percentile)
__version__ = "0.8.0"
