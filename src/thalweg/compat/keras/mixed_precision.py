"""``keras.mixed_precision``: policies are known and asked for, and layers compute in the dtype of their weights.

On a processor float16 between float32 weights costs digits and saves no time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from thalweg import dtypes
from thalweg import optimizers as _main
from thalweg.compat.keras.backend import settings as _settings
from thalweg.compat.keras.own_optimizer import minimize
from thalweg.compat.names import Namespace
from thalweg.errors import ArgumentError, fail, warn
from thalweg.graph.tensor import Tensor, Variable

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

    def __repr__(self) -> str:
        return f'<Policy "{self.name}">'

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def get_config(self) -> dict[str, Any]:
        """The name, from which the policy can be made again."""
        return {"name": self.name}


_chosen: list[Policy] = []


def set_global_policy(policy: Any) -> None:
    """What layers made from now on are told where they have no ``dtype``; a mixed policy is kept and warned of."""
    found = policy if isinstance(policy, Policy) else Policy("float32" if policy is None else policy)
    _chosen[:] = [found]
    _settings.set_floatx(found.variable_dtype)
    if found.name != found.variable_dtype:
        warn(
            f"{found.name}: layers compute in {found.variable_dtype}, because on a processor "
            f"{found.compute_dtype} costs digits and saves no time"
        )


def global_policy() -> Policy:
    """The policy that was set, else that of the dtype of weights."""
    return (
        _chosen[-1]
        if _chosen and _chosen[-1].variable_dtype == _settings.floatx()
        else Policy(_settings.floatx())
    )


def of_weights(dtype: Any) -> Any:
    """The dtype that a layer's ``dtype`` asks for: itself, or what a policy keeps weights in."""
    if isinstance(dtype, str) and dtype.startswith("mixed_"):
        dtype = Policy(dtype)
    return dtype.variable_dtype if isinstance(dtype, Policy) else dtype


class LossScaleOptimizer(_main.LossScaleOptimizer):
    """Another optimizer whose gradients come from a loss multiplied by ``loss_scale``, and are divided by it again.

    >>> optimizer = LossScaleOptimizer(_main.SGD(0.5), initial_scale=8.0)
    >>> scaled = optimizer.get_scaled_loss(Variable(2.0) * 1.0)
    >>> scaled.numpy().item(), optimizer.get_unscaled_gradients([scaled])[0].numpy().item()
    (16.0, 2.0)
    """

    def __init__(
        self, inner_optimizer: Any, dynamic: Any = True, initial_scale: float | None = None,
        dynamic_growth_steps: int | None = None, **ignored: Any,
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
        return [None if g is None else g / self.scale for g in grads]

    minimize = minimize

    def scale_loss(self, loss: Any) -> Any:
        """The loss itself where the optimizer takes the gradients: in float32 nothing is lost."""
        return loss

    def _updates(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Variable, Tensor]]:
        scale: Any = self.scale
        found = super()._updates([(g * scale, param) for g, param in pairs])
        return found if self.dynamic else [(v, new) for v, new in found if v is not self.scale]


experimental = Namespace(
    "keras.mixed_precision.experimental",
    Policy=Policy,
    LossScaleOptimizer=LossScaleOptimizer,
    set_policy=set_global_policy,
    global_policy=global_policy,
)
set_dtype_policy, dtype_policy, DTypePolicy = set_global_policy, global_policy, Policy  # as Keras 3 has it
