"""A rate of its own for each element, from the squares of its gradients so far."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.graph.tensor import Variable
from thalweg.ops import elementwise as ew
from thalweg.ops.reduce import mean
from thalweg.ops.shape import expand_dims
from thalweg.optimizers.base import Optimizer, Slots, blend, is_set
from thalweg.optimizers.clipping import clip_by_value

__all__ = ["Adadelta", "Adafactor", "Adagrad", "Ftrl", "RMSProp", "RMSprop"]


class _Rooted(Optimizer):
    """What divides by a root: epsilon inside it (``sqrt(v + epsilon)``) or outside (``sqrt(v) + epsilon``)."""

    epsilon: float
    epsilon_inside: bool

    def _root(self, v: Any) -> Any:
        return ew.sqrt(v + self.epsilon) if self.epsilon_inside else ew.sqrt(v) + self.epsilon  # type: ignore[operator]


class Adagrad(_Rooted):
    """``a += g * g``, ``param -= lr * g / sqrt(a + epsilon)``; ``a`` starts at ``initial_accumulator_value``.

    ``epsilon_inside=False``: ``lr * g / (sqrt(a) + epsilon)``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Adagrad(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.7531
    """

    in_all_rows: tuple[str, ...] = ("param", "accumulator")  # neither moves without a gradient

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        epsilon_inside: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial, self.epsilon, self.epsilon_inside = initial_accumulator_value, epsilon, epsilon_inside

    def slots(self, param: Variable) -> Slots:
        return {"accumulator": self.initial}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        a = slots["accumulator"] + g * g
        return param - lr * g / self._root(a), {"accumulator": a}


class Adadelta(Optimizer):
    """``a = rho a + (1 - rho) g²``, ``d = g sqrt(s + epsilon) / sqrt(a + epsilon)``, ``s = rho s + (1 - rho) d²``,
    ``param -= lr * d``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Adadelta(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.9996
    """

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-7, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.epsilon = rho, epsilon

    def slots(self, param: Variable) -> Slots:
        return {"accumulator": 0.0, "delta": 0.0}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        a = blend(slots["accumulator"], g * g, self.rho)
        d = g * ew.sqrt(slots["delta"] + self.epsilon) / ew.sqrt(a + self.epsilon)
        return param - lr * d, {"accumulator": a, "delta": blend(slots["delta"], d * d, self.rho)}


class RMSProp(_Rooted):
    """``v = rho v + (1 - rho) g²``, ``param -= lr * g / sqrt(v + epsilon)``.

    ``v`` starts at ``initial_accumulator_value``. ``centered``: ``v - a²`` under the root, with
    ``a = rho a + (1 - rho) g``. ``epsilon_inside=False``: ``sqrt(v) + epsilon``. ``momentum``:
    ``m = momentum * m + lr * g / root``, ``param -= m``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), RMSProp(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.2094
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        epsilon_inside: bool = True,
        initial_accumulator_value: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.epsilon_inside, self.initial = epsilon_inside, initial_accumulator_value

    def slots(self, param: Variable) -> Slots:
        first = {"velocity": self.initial}
        if is_set(self.momentum):
            first["momentum"] = 0.0
        if self.centered:
            first["average_gradient"] = 0.0
        return first

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        new = {"velocity": blend(slots["velocity"], g * g, self.rho)}
        v = new["velocity"]
        if self.centered:
            a = new["average_gradient"] = blend(slots["average_gradient"], g, self.rho)
            v = v - a * a
        move = lr * g / self._root(v)
        if "momentum" in slots:
            move = new["momentum"] = slots["momentum"] * self.momentum + move
        return param - move, new


RMSprop = RMSProp  # Keras's spelling


class Adafactor(Optimizer):
    """Of a matrix, only the means of the squares of rows and columns are kept (Shazeer and Stern, 2018).

    With ``b = 1 - t^beta_2_decay``: ``r = b r + (1 - b) mean(g² + epsilon_1)`` over the last axis and c alike over the
    last but one, ``v = r c / mean(r)``; of vectors v itself is kept. ``u = g / sqrt(v)``, divided by
    ``max(1, rms(u) / clip_threshold)``; ``param -= max(epsilon_2, rms(param)) * min(lr, 1 / sqrt(t)) * u``.
    ``relative_step`` changes nothing, as in Keras: the rate is never above ``1 / sqrt(t)``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(np.ones((3, 2), "float32")), Adafactor(0.5)
    >>> optimizer.minimize(lambda: tw.sum(w * w), [w])
    >>> w.numpy()[0].tolist(), sorted(v.shape for v in optimizer.variables()[2:])
    ([0.5, 0.5], [(2,), (3,)])
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_2_decay, self.clip_threshold = beta_2_decay, clip_threshold
        self.epsilon_1, self.epsilon_2, self.relative_step = epsilon_1, epsilon_2, relative_step

    def slots(self, param: Variable) -> Slots:
        if param.ndim < 2:
            return {"velocity": 0.0}
        shape = param.shape
        zeros = lambda s: np.zeros(s, param.dtype)
        return {"rows": zeros(shape[:-1]), "columns": zeros((*shape[:-2], shape[-1]))}

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        kept = ew.astype(1.0 - ew.exp(ew.log(t) * self.beta_2_decay), param.dtype)
        square = g * g + self.epsilon_1
        if "velocity" in slots:
            v = blend(slots["velocity"], square, kept)
            new = {"velocity": v}
        else:
            rows = blend(slots["rows"], mean(square, axis=-1), kept)
            columns = blend(slots["columns"], mean(square, axis=-2), kept)
            new = {"rows": rows, "columns": columns}
            share = rows / mean(rows, axis=-1, keepdims=True)
            v = expand_dims(share, param.ndim - 1) * expand_dims(columns, param.ndim - 2)  # type: ignore[operator]
        u = g / ew.sqrt(v)
        u = u / ew.maximum(_rms(u) / self.clip_threshold, 1.0)
        rate = ew.minimum(lr, ew.astype(1.0 / ew.sqrt(t), param.dtype))
        return param - ew.maximum(_rms(param), self.epsilon_2) * rate * u, new  # type: ignore[operator]


def _rms(x: Any) -> Any:
    return ew.sqrt(mean(x * x))


class Ftrl(Optimizer):
    """Follow the regularised leader, per coordinate. With ``n' = n + g²`` and ``p = -learning_rate_power``:

    ``z += g - (n'^p - n^p) / lr * param``, ``q = (n'^p + beta) / lr + 2 l2`` and
    ``param = (clip(z, -l1, l1) - z) / q``; ``l2_shrinkage`` adds ``2 * l2_shrinkage * param`` to the g in z.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), Ftrl(0.25)
    >>> optimizer.minimize(lambda: w * w, [w])
    >>> round(w.numpy().item(), 4)
    0.5969
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.power, self.initial, self.beta = -learning_rate_power, initial_accumulator_value, beta
        self.l1, self.l2 = l1_regularization_strength, l2_regularization_strength
        self.shrinkage = l2_shrinkage_regularization_strength

    def slots(self, param: Variable) -> Slots:
        return {"accumulator": self.initial, "linear": 0.0}

    def _raised(self, n: Any) -> Any:
        return ew.sqrt(n) if self.power == 0.5 else ew.pow(n, self.power)

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        n, raised = slots["accumulator"] + g * g, self._raised(slots["accumulator"])
        pulled = g + param * (2.0 * self.shrinkage) if self.shrinkage else g
        z = slots["linear"] + pulled - (self._raised(n) - raised) / lr * param
        q = (self._raised(n) + self.beta) / lr + 2.0 * self.l2
        return (clip_by_value(z, -self.l1, self.l1) - z) / q, {"accumulator": n, "linear": z}
