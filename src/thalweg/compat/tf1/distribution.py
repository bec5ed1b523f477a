"""What the distributions of ``tf.distributions`` share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import FunctionType
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math
from thalweg.compat.tf1.graph import Node, Tensor
from thalweg.compat.tf1.types import TensorShape

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

    >>> FULLY_REPARAMETERIZED
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


# For a kind, or one of several, that both distributions are: the first that fits, so more special ones come first.
DIVERGENCES: dict[Any, Callable[[Any, Any], Tensor]] = {}


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
