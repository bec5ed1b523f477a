"""Adam and its kin: moving averages of gradients and of their squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops import elementwise as ew
from thalweg.ops.linalg import vector_norm
from thalweg.optimizers.base import Optimizer, Slots, blend, first_value
from thalweg.optimizers.schedules import power_of

__all__ = ["Adam", "AdamW", "Adamax", "Lamb", "Lion", "Nadam", "ScheduleFreeAdamW"]


def correction(beta: Any, t: Tensor) -> Any:
    """``1 - beta ** t``, float64: it has few digits left in float32."""
    if isinstance(beta, Tensor):
        return 1.0 - ew.exp(t * ew.log(ew.astype(beta, t.dtype)))
    return 1.0 - power_of(beta, t) if beta > 0 else t * 0.0 + 1.0  # type: ignore[operator]


class _Averaging(Optimizer):
    """What remembers averages of gradients and of their sizes, which fade by ``beta_1`` and ``beta_2`` a step."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon


class Adam(_Averaging):
    """``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g²``, and with ``c1 = 1 - b1^t``, ``c2 = 1 - b2^t``

    ``param -= lr * sqrt(c2) / c1 * m / (sqrt(v) + epsilon)``. ``epsilon_hat=False`` adds epsilon after the
    correction, as the paper's first form: ``param -= lr * (m / c1) / (sqrt(v / c2) + epsilon)``.
    ``amsgrad``: the largest v so far in place of v.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Adam(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.75
    """

    in_all_rows: tuple[str, ...] = ("param", "m", "v", "largest_v")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        epsilon_hat: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad, self.epsilon_hat = amsgrad, epsilon_hat

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "v": 0.0, **({"largest_v": 0.0} if self.amsgrad else {})}

    def corrections(self, t: Any) -> tuple[Any, Any]:
        """What the averages are divided by at step ``t``, as they began at 0: ``1 - b1^t`` and ``1 - b2^t``."""
        return correction(self.beta_1, t), correction(self.beta_2, t)

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, v = blend(slots["m"], g, self.beta_1), blend(slots["v"], g * g, self.beta_2)
        new = {"m": m, "v": v}
        if self.amsgrad:
            v = new["largest_v"] = ew.maximum(slots["largest_v"], v)
        c1, c2 = self.corrections(t)
        root = ew.sqrt(c2)
        # The corrections are scalars in float64: 1 - b2^t has few digits left in float32.
        if self.epsilon_hat:
            move = (lr * ew.astype(root / c1, param.dtype)) * m / (ew.sqrt(v) + self.epsilon)
        else:
            unbiased = ew.sqrt(v) * ew.astype(1.0 / root, param.dtype)
            move = (lr * ew.astype(1.0 / c1, param.dtype)) * m / (unbiased + self.epsilon)
        return param - move, new


class AdamW(Adam):
    """:class:`Adam` with weight decay: ``param -= lr * weight_decay * param`` before each step.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), AdamW(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.749
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )


class Adamax(_Averaging):
    """``m = b1 m + (1 - b1) g``, ``u = max(b2 u, |g|)``, ``param -= lr / (1 - b1^t) * m / (u + epsilon)``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Adamax(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.75
    """

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "u": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, u = blend(slots["m"], g, self.beta_1), ew.maximum(slots["u"] * self.beta_2, ew.abs(g))
        scaled = lr * ew.astype(1.0 / correction(self.beta_1, t), param.dtype)
        return param - scaled * m / (u + self.epsilon), {"m": m, "u": u}


class Nadam(_Averaging):
    """Adam with Nesterov momentum.

    With ``mu(t) = b1 (1 - 0.96^(t * momentum_decay) / 2)`` and P the product of mu(1), ..., mu(t):

    ``m = b1 m + (1 - b1) g``, ``v = b2 v + (1 - b2) g²``,
    ``param -= lr * (mu(t+1) m / (1 - P mu(t+1)) + (1 - mu(t)) g / (1 - P)) / (sqrt(v / (1 - b2^t)) + epsilon)``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Nadam(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.7343
    """

    in_all_rows: tuple[str, ...] = ("m", "v", "product")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        momentum_decay: float = 1.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.momentum_decay = momentum_decay

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "v": 0.0, "product": np.ones((), param.dtype)}

    def _mu(self, t: Any) -> Any:
        return self.beta_1 * (1.0 - 0.5 * power_of(0.96**self.momentum_decay, t))  # type: ignore[operator]

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, v = blend(slots["m"], g, self.beta_1), blend(slots["v"], g * g, self.beta_2)
        now, after = self._mu(t), self._mu(t + 1.0)
        product = ew.astype(slots["product"], "float64") * now  # type: ignore[operator]
        of_m = lr * ew.astype(after / (1.0 - product * after), param.dtype)
        of_g = lr * ew.astype((1.0 - now) / (1.0 - product), param.dtype)
        root = ew.sqrt(v) * ew.astype(1.0 / ew.sqrt(correction(self.beta_2, t)), param.dtype)
        move = (of_m * m + of_g * g) / (root + self.epsilon)
        return param - move, {"m": m, "v": v, "product": ew.astype(product, param.dtype)}


class Lion(Optimizer):
    """``param -= lr * sign(b1 m + (1 - b1) g)``, then ``m = b2 m + (1 - b2) g``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Lion(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.75
    """

    def __init__(
        self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.99, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2 = beta_1, beta_2

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        move = lr * ew.sign(blend(slots["m"], g, self.beta_1))
        return param - move, {"m": blend(slots["m"], g, self.beta_2)}


class Lamb(_Averaging):
    """Adam's step, as long as a share ``lr`` of the parameter (You et al., 2019): for very large batches.

    ``m`` and ``v`` as in :class:`Adam`, ``u = (m / c1) / (sqrt(v / c2) + epsilon)``, and
    ``param -= lr * |param| / |u| * u``, with L2 norms over the whole parameter; 1 in place of the quotient of norms
    where one of them is 0.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable([3.0, 4.0]), Lamb(0.5)
    >>> optimizer.minimize(lambda: tw.sum(w), [w])
    >>> [round(v, 4) for v in w.numpy().tolist()]
    [1.2322, 2.2322]
    """

    def slots(self, param: Variable) -> Slots:
        return {"m": 0.0, "v": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        m, v = blend(slots["m"], g, self.beta_1), blend(slots["v"], g * g, self.beta_2)
        c1, c2 = (ew.astype(correction(b, t), param.dtype) for b in (self.beta_1, self.beta_2))
        u = (m / c1) / (ew.sqrt(v / c2) + self.epsilon)  # type: ignore[operator]
        own, step = vector_norm(param), vector_norm(u)
        either = ew.minimum(own, step)
        ratio = ew.where(ew.greater(either, 0.0), own / ew.where(ew.greater(step, 0.0), step, 1.0), 1.0)
        return param - ratio * lr * u, {"m": m, "v": v}


class ScheduleFreeAdamW(_Averaging):
    """Adam that needs no schedule, since it averages its own path (Defazio et al., 2024).

    Beside the parameter y it keeps z, which takes Adam's steps without momentum. With x the mean of all z so far:
    ``y = (1 - beta_1) z + beta_1 x``, and ``z -= lr * g / (sqrt(v / c2) + epsilon)``. The rate rises in a line over
    the first ``warmup_steps``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), ScheduleFreeAdamW(0.5)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.5
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self._within("beta_1", beta_1, 0 < beta_1 < 1, "0 < beta_1 < 1")
        self.warmup_steps = warmup_steps

    def slots(self, param: Variable) -> Slots:
        return {"momentum": first_value(param), "velocity": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        v = blend(slots["velocity"], g * g, self.beta_2)
        if self.warmup_steps:
            lr = lr * ew.astype(ew.minimum(t / float(self.warmup_steps), 1.0), param.dtype)
        root = ew.sqrt(v / ew.astype(correction(self.beta_2, t), param.dtype))  # type: ignore[operator]
        z = slots["momentum"] - lr * g / (root + self.epsilon)
        share = ew.astype(1.0 / t, param.dtype)
        x = (param - slots["momentum"] * (1.0 - self.beta_1)) / self.beta_1
        x = blend(x, z, 1.0 - share)
        return blend(x, z, self.beta_1), {"momentum": z, "velocity": v}
