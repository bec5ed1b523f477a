"""``tf.contrib.opt``: Adam with Nesterov's momentum, and weights that decay beside their steps."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import train
from thalweg.compat.tf1.graph import Operation
from thalweg.compat.tf1.train.optimizers import _Adam
from thalweg.ops import elementwise
from thalweg.ops.shape import full_like
from thalweg.optimizers.base import blend
from thalweg.optimizers.rows import Rows


class _Nesterov(_Adam):
    """Adam, whose step looks ahead: b1 m + (1 - b1) g in the place of m."""

    def step(self, g: Any, param: Any, slots: Any, lr: Any, t: Any) -> tuple[Any, Any]:
        ahead = {**slots, "m": blend(slots["m"], g, self.beta_1)}
        moved, after = super().step(g, param, ahead, lr, t)
        return moved, {**after, "m": ahead["m"]}


class _Lazy(_Adam):
    """Adam whose averages fade in the rows alone that were read."""

    in_all_rows = ()


class LazyAdamOptimizer(train.AdamOptimizer):
    """Adam that leaves a table's rows, and what it remembers of them, as they are where they were not read."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)
        first, second = self._rounded()
        self._rule = _Lazy(0.0, first, second, epsilon)


class NadamOptimizer(train.AdamOptimizer):
    """``var -= lr sqrt(1 - b2^t) / (1 - b1^t) * (b1 m + (1 - b1) g) / (sqrt(v) + eps)``."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ) -> None:
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)
        first, second = self._rounded()
        self._rule = _Nesterov(0.0, first, second, epsilon)


def extend_with_decoupled_weight_decay(base_optimizer: Any) -> Any:
    """The class of optimizers, with ``weight_decay`` as its first argument: before each step ``var -= decay * var``."""

    class Decaying(base_optimizer):  # type: ignore[misc]
        def __init__(self, weight_decay: Any, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._decay, self._decayed, self._slope = weight_decay, None, None

        def minimize(self, loss: Any, *args: Any, decay_var_list: Any = None, **options: Any) -> Operation:
            self._decayed = decay_var_list
            made: Operation = super().minimize(loss, *args, **options)
            return made

        def apply_gradients(
            self, grads_and_vars: Any, global_step: Any = None, name: Any = None, decay_var_list: Any = None
        ) -> Operation:
            self._decayed = self._decayed if decay_var_list is None else decay_var_list
            made: Operation = super().apply_gradients(grads_and_vars, global_step, name)
            return made

        def _before(self, v: Any) -> Any:
            now: Any = super()._before(v)
            if self._decayed and not any(v is other for other in self._decayed):
                return now
            faded = now * g.cast(g.value(self._decay), v.dtype)
            if isinstance(self._slope, Rows):  # the rows of a table that were read, and no others
                faded = elementwise.where(self._slope.touched(now), faded, full_like(faded, 0))
            return now - faded

        def _stepped(self, gradient: Any, v: Any, rate: Any, t: Any) -> Any:
            self._slope = gradient
            return super()._stepped(gradient, v, rate, t)

    Decaying.__name__, Decaying.__doc__ = f"{base_optimizer.__name__}WithDecay", base_optimizer.__doc__
    return Decaying


class AdamWOptimizer(extend_with_decoupled_weight_decay(train.AdamOptimizer)):  # type: ignore[misc]
    """Adam; before each step ``var -= weight_decay * var`` (Loshchilov and Hutter, 2017)."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        use_locking: bool = False,
        name: str = "AdamW",
    ) -> None:
        super().__init__(weight_decay, learning_rate, beta1, beta2, epsilon, use_locking, name)


class MomentumWOptimizer(extend_with_decoupled_weight_decay(train.MomentumOptimizer)):  # type: ignore[misc]
    """Momentum; before each step ``var -= weight_decay * var`` (Loshchilov and Hutter, 2017)."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "MomentumW",
        use_nesterov: bool = False,
    ) -> None:
        super().__init__(weight_decay, learning_rate, momentum, use_locking, name, use_nesterov)
