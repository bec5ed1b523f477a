"""Gradient descent, with momentum of two kinds."""

from __future__ import annotations

from typing import Any

from thalweg.graph.tensor import Variable
from thalweg.ops.index import scatter_add
from thalweg.optimizers.base import Optimizer, Slots, is_set
from thalweg.optimizers.rows import Rows

__all__ = ["GradientDescent", "Momentum", "SGD"]


class GradientDescent(Optimizer):
    """Gradient descent, with momentum if asked: ``v = momentum * v - lr * g``, ``param += v``.

    With ``nesterov``: ``param += momentum * v - lr * g``. Without momentum: ``param -= lr * g``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), GradientDescent(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.5
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    @property
    def in_all_rows(self) -> tuple[str, ...]:  # type: ignore[override]  # no momentum: nothing moves by itself
        return () if is_set(self.momentum) else ("param",)

    def slots(self, param: Variable) -> Slots:
        return {"momentum": 0.0} if is_set(self.momentum) else {}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        if not is_set(self.momentum):
            return param - lr * g, {}
        v = slots["momentum"] * self.momentum - lr * g
        return param + (v * self.momentum - lr * g if self.nesterov else v), {"momentum": v}

    def moved(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        """Without momentum only the rows that have a gradient are read and written."""
        if isinstance(g, Rows) and not is_set(self.momentum):
            return scatter_add(param, g.indices, g.values * -lr), {}
        return super().moved(g, param, slots, lr, t)


SGD = GradientDescent


class Momentum(Optimizer):
    """Momentum that gathers gradients: ``v = momentum * v + g``, ``param -= lr * v``.

    With ``nesterov``: ``param -= lr * (g + momentum * v)``. Differs from :class:`SGD` where the learning rate changes.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Momentum(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.5
    """

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.9, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.momentum, self.nesterov = momentum, nesterov

    def slots(self, param: Variable) -> Slots:
        return {"momentum": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        v = slots["momentum"] * self.momentum + g
        return param - lr * (g + v * self.momentum if self.nesterov else v), {"momentum": v}
