"""Muon: momentum whose matrices are made orthogonal before each step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from thalweg.graph.tensor import Variable
from thalweg.ops.contract import matmul
from thalweg.ops.linalg import vector_norm
from thalweg.ops.shape import swapaxes
from thalweg.optimizers.base import Slots
from thalweg.optimizers.moments import Adam

__all__ = ["Muon"]


class Muon(Adam):
    """Matrices move along their orthogonalised momentum (Jordan, 2024; Liu et al., 2025), all else by :class:`AdamW`.

    ``m = momentum * m + g``, with ``nesterov`` ``g + momentum * m`` in its place; ``o`` is near the orthogonal factor
    of it, by ``ns_steps`` steps ``x = a x + (b A + c A²) x`` with ``A = x x^T`` from ``x = m / |m|``; and
    ``param -= lr * rms_rate * sqrt(max(rows, columns)) * o`` (``rms_rate=None``: ``lr * o``).

    A parameter is a matrix here if it has two axes, none of ``exclude_layers`` (regular expressions) is found in its
    name, and, with ``exclude_embeddings``, its name has no "embedding". The others take Adam's step, at
    ``adam_lr_ratio`` times the rate, with ``adam_weight_decay``.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable([[1.0, 0.0], [0.0, 1.0]]), Muon(0.5, weight_decay=None)
    >>> optimizer.minimize(lambda: tw.sum(w * w), [w])
    >>> bool(w.numpy()[0, 0] < 1), w.numpy()[0, 1].item()
    (True, 0.0)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        *,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1.0,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **options: Any,
    ) -> None:
        super().__init__(
            learning_rate, adam_beta_1, adam_beta_2, epsilon, weight_decay=weight_decay, **options
        )
        self.adam_weight_decay, self.adam_lr_ratio = adam_weight_decay, adam_lr_ratio
        self.excluded = [*(exclude_layers or []), *(["(?i)embedding"] if exclude_embeddings else [])]
        self.factors, self.ns_steps = (muon_a, muon_b, muon_c), ns_steps
        self.momentum, self.nesterov, self.rms_rate = momentum, nesterov, rms_rate

    def _is_matrix(self, param: Variable) -> bool:
        return param.ndim == 2 and not any(re.search(pattern, param.name or "") for pattern in self.excluded)

    def slots(self, param: Variable) -> Slots:
        return {"momentum": 0.0} if self._is_matrix(param) else super().slots(param)

    def decay_of(self, param: Variable) -> float | None:
        return self.weight_decay if self._is_matrix(param) else self.adam_weight_decay

    def step(self, g: Any, param: Any, slots: Slots, lr: Any, t: Any) -> tuple[Any, Slots]:
        if "momentum" not in slots:
            return super().step(g, param, slots, lr * self.adam_lr_ratio, t)
        m = slots["momentum"] * self.momentum + g
        o = self._orthogonal(g + m * self.momentum if self.nesterov else m)
        if self.rms_rate is not None:
            o = o * (self.rms_rate * max(param.shape) ** 0.5)
        return param - lr * o, {"momentum": m}

    def _orthogonal(self, x: Any) -> Any:
        a, b, c = self.factors
        tall = x.shape[0] > x.shape[1]
        x = swapaxes(x, 0, 1) if tall else x
        x = x / (vector_norm(x) + 1e-7)  # type: ignore[operator]
        for _ in range(self.ns_steps):
            square: Any = matmul(x, swapaxes(x, 0, 1))
            x = x * a + matmul(square * b + matmul(square * c, square), x)
        return swapaxes(x, 0, 1) if tall else x
