"""``keras.mixed_precision``: policies, layers that keep their weights in float32 and give float16, scaled losses.

On a processor float16 between float32 weights costs digits and saves no time; a program that asks for it gets it.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from typing import Any

from thalweg import dtypes
from thalweg import optimizers as _main
from thalweg.compat.keras.backend import settings as _settings
from thalweg.compat.keras.own_optimizer import minimize
from thalweg.compat.names import Namespace
from thalweg.errors import ArgumentError, fail, warn
from thalweg.graph.tensor import Tensor, Variable, plain
from thalweg.layers.base import Layer
from thalweg.layers.calls import keep_masks, masks_of
from thalweg.models import Model
from thalweg.nested import mapped
from thalweg.ops.elementwise import astype
from thalweg.optimizers.rows import each

__all__ = ["LossScaleOptimizer", "Policy", "experimental", "global_policy", "set_global_policy"]


class Policy:
    """What layers compute in and what their weights are kept in: a dtype for both, or "mixed_" before one.

    >>> policy = Policy("mixed_float16")
    >>> policy.name, policy.compute_dtype, policy.variable_dtype
    ('mixed_float16', 'float16', 'float32')
    """

    def __init__(self, name: Any, loss_scale: Any = None) -> None:
        given = str(getattr(name, "name", name))
        self.name = given if given.startswith("mixed_") else dtypes.as_dtype(given).name
        self.compute_dtype = self.name.removeprefix("mixed_")
        if self.compute_dtype not in ("float16", "bfloat16", "float32", "float64") and "mixed" in self.name:
            raise fail(
                ArgumentError,
                "Policy: name",
                expected="a dtype, mixed_float16 or mixed_bfloat16",
                received=name,
            )
        self.variable_dtype = "float32" if self.name.startswith("mixed_") else self.compute_dtype
        if self.is_mixed:
            _mix()

    def __repr__(self) -> str:
        return f'<Policy "{self.name}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def get_config(self) -> dict[str, Any]:
        """The name, from which the policy can be made again."""
        return {"name": self.name}

    @property
    def is_mixed(self) -> bool:
        """Whether weights are kept in another dtype than that of the results."""
        return self.compute_dtype != self.variable_dtype


_chosen: list[Policy] = []


def set_global_policy(policy: Any) -> None:
    """What layers made from now on compute in and keep weights in, where they have no ``dtype``."""
    found = policy if isinstance(policy, Policy) else Policy("float32" if policy is None else policy)
    _chosen[:] = [found]
    _settings.set_floatx(found.variable_dtype)
    if found.is_mixed:
        warn(
            f"{found.name}: weights are kept in {found.variable_dtype}, results in {found.compute_dtype}; on a "
            f"processor {found.compute_dtype} costs digits and saves no time"
        )


def global_policy() -> Policy:
    """The policy that was set, else that of the dtype of weights."""
    return (
        _chosen[-1]
        if _chosen and _chosen[-1].variable_dtype == _settings.floatx()
        else Policy(_settings.floatx())
    )


class _OfPolicy(str):
    """The dtype of a layer's weights, with the policy that it is from."""

    policy: Policy


def of_weights(dtype: Any) -> Any:
    """The dtype that a layer's ``dtype`` asks for: itself, or what a policy keeps weights in."""
    if isinstance(dtype, str) and dtype.startswith("mixed_"):
        dtype = Policy(dtype)
    if not isinstance(dtype, Policy):
        return dtype
    made = _OfPolicy(dtype.variable_dtype)
    made.policy = dtype
    return made


# --- layers of two dtypes -------------------------------------------------------------------------------------------


class _Under(threading.local):
    """The policies of the layers whose calls are under way, innermost last."""

    def __init__(self) -> None:
        self.policies: list[Policy] = []


_under, _mixing = _Under(), [False]


def computing_policy() -> Policy | None:
    """The mixed policy of the layer that is being called, in which weights are read in the results' dtype."""
    return _under.policies[-1] if _under.policies and _under.policies[-1].is_mixed else None


def policy_of(layer: Layer) -> Policy:
    """The policy that gave a layer its dtype."""
    found = vars(layer).get("_policy")
    return found if found is not None else Policy(layer.dtype)


def _mix() -> None:
    """Let layers have policies; until a program asks for a mixed one they know nothing of it."""
    if _mixing[0]:
        return
    _mixing[0] = True
    Layer.__init__ = _remembering(Layer.__init__)  # type: ignore[method-assign]
    Layer.float_dtype = _computing(Layer.float_dtype)  # type: ignore[assignment,method-assign]
    Layer._called = _in_policy(Layer._called)  # type: ignore[method-assign]
    told: dict[str, Any] = {
        "dtype_policy": property(policy_of, doc=policy_of.__doc__),
        "compute_dtype": property(
            lambda layer: policy_of(layer).compute_dtype, doc="What the layer computes in."
        ),
        "variable_dtype": property(lambda layer: layer.dtype.name, doc="What its weights are kept in."),
    }
    for name, word in told.items():
        setattr(Layer, name, word)


def _remembering(init: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(init)
    def made(self: Layer, *args: Any, dtype: Any = None, **options: Any) -> None:
        init(self, *args, dtype=dtype, **options)
        given = getattr(dtype, "policy", None)
        self._policy = global_policy() if dtype is None else given  # type: ignore[attr-defined]

    return made


def _computing(float_dtype: Callable[[Layer], Any]) -> Callable[[Layer], Any]:
    @functools.wraps(float_dtype)
    def of_inputs(self: Layer) -> Any:
        return dtypes.as_dtype(policy_of(self).compute_dtype)

    return of_inputs


def _in_policy(call: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(call)
    def called(self: Layer, args: Any, kwargs: dict[str, Any]) -> Any:
        policy = policy_of(self)
        _under.policies.append(policy)
        try:
            outputs = call(self, args, kwargs)
        finally:
            _under.policies.pop()
        if not policy.is_mixed or not _is_of_the_library(type(self)):
            return outputs
        return mapped(lambda t: _rounded(t, policy), outputs)

    return called


def _is_of_the_library(cls: type) -> bool:
    """Whether the library says what such a layer gives; what a program's own one gives is what it says."""
    told = (c.__module__ for c in cls.__mro__ if issubclass(c, Layer) and "call" in vars(c))
    return any(m.startswith("thalweg.") and m not in _BASES for m in told) and not issubclass(cls, Model)


_BASES = (Layer.__module__, "thalweg.compat.keras.custom")  # what a program's own layers are derived from


def _rounded(output: Any, policy: Policy) -> Any:
    """What a layer gave, in the dtype of results; whole numbers and other floats stay what they are."""
    if not isinstance(output, Tensor) or output.specs[0].dtype != dtypes.as_dtype(policy.variable_dtype):
        return output
    made = astype(output, policy.compute_dtype)
    keep_masks(made, masks_of(output))
    return made


# --- losses ---------------------------------------------------------------------------------------------------------


def scaled(optimizer: Any) -> Any:
    """The optimizer that a model is compiled with: under ``mixed_float16`` one that scales losses."""
    if global_policy().name != "mixed_float16" or isinstance(optimizer, _main.LossScaleOptimizer):
        return optimizer
    return LossScaleOptimizer(optimizer)


class LossScaleOptimizer(_main.LossScaleOptimizer):
    """Another optimizer whose gradients come from a loss multiplied by ``loss_scale``, and are divided by it again.

    >>> optimizer = LossScaleOptimizer(_main.SGD(0.5), initial_scale=8.0)
    >>> scaled = optimizer.get_scaled_loss(Variable(2.0) * 1.0)
    >>> scaled.numpy().item(), optimizer.get_unscaled_gradients([scaled])[0].numpy().item()
    (16.0, 2.0)
    """

    def __init__(
        self, inner_optimizer: Any, dynamic: Any = True, initial_scale: float | None = None,
        dynamic_growth_steps: int | None = None, name: str | None = None,
    ) -> None:  # fmt: skip
        scale, self.dynamic = initial_scale, dynamic is True or dynamic == "dynamic"
        if not isinstance(dynamic, (bool, str)):  # a fixed scale, by position, until TensorFlow 2.4
            scale = float(dynamic)
        scale = scale or (2.0**15 if self.dynamic else 1.0)
        super().__init__(inner_optimizer, scale, dynamic_growth_steps or 2000)
        self.initial_scale = scale

    @property
    def loss_scale(self) -> Any:
        """The factor of the next loss."""
        return self.scale

    def get_scaled_loss(self, loss: Any) -> Any:
        """The loss times the factor; of a function, the function that gives it so."""
        if callable(loss) and not isinstance(loss, Tensor):
            within: Callable[[], Any] = loss
            return lambda: self.get_scaled_loss(within())
        return super().scale_loss(loss)

    def get_unscaled_gradients(self, grads: Iterable[Any]) -> list[Any]:
        """The gradients divided by the factor."""
        return [None if g is None else each(lambda x: plain(x) / self.scale, g) for g in grads]

    minimize = minimize

    def compute_gradients(self, loss: Any, var_list: Any = None) -> Any:
        """Pairs (gradient, variable): of the scaled loss, divided by the factor again for ``apply_gradients``."""
        pairs = super().compute_gradients(loss, var_list)
        return [(g if g is None else each(lambda x: x / self.scale, g), v) for g, v in pairs]

    def _updates(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Variable, Tensor]]:
        scale: Any = self.scale
        found = super()._updates([(each(lambda x: x * scale, g), param) for g, param in pairs])
        return found if self.dynamic else [(v, new) for v, new in found if v is not self.scale]


experimental = Namespace(
    "keras.mixed_precision.experimental",
    Policy=Policy,
    LossScaleOptimizer=LossScaleOptimizer,
    set_policy=set_global_policy,
    global_policy=global_policy,
)
set_dtype_policy, dtype_policy, DTypePolicy = set_global_policy, global_policy, Policy  # as Keras 3 has it
