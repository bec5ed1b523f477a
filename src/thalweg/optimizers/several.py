"""Optimizers made of others: one for each group of parameters, and one that guards against gradients of float16."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, fail
from thalweg.graph.tensor import Tensor, Variable
from thalweg.ops import elementwise as ew
from thalweg.ops.reduce import all as all_of
from thalweg.optimizers.base import Optimizer
from thalweg.optimizers.rows import each, rows_in
from thalweg.registry import Configured

__all__ = ["LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"]


class OptimizerMap(Configured):
    """Which optimizer moves a parameter: that of the regular expression that its whole name fits, or the default.

    >>> from thalweg.optimizers import SGD, Adam
    >>> wanted = OptimizerMap(SGD(0.1), {"head/.*": Adam(0.01)})
    >>> wanted["head/kernel"].name, wanted["body/kernel"].name
    ('Adam', 'GradientDescent')
    """

    def __init__(
        self, default_optimizer: Optimizer, optimizer_map: Mapping[str, Optimizer] | None = None
    ) -> None:
        self.default_optimizer, self.optimizer_map = default_optimizer, dict(optimizer_map or {})
        for given in (default_optimizer, *self.optimizer_map.values()):
            if not isinstance(given, Optimizer) or isinstance(given, (MultiOptimizer, LossScaleOptimizer)):
                raise fail(
                    ArgumentTypeError, "OptimizerMap", expected="plain optimizers", received=repr(given)
                )

    def __getitem__(self, name: str) -> Optimizer:
        """The optimizer of a parameter's name; an error where several patterns fit and none is the name itself."""
        if name in self.optimizer_map:
            return self.optimizer_map[name]
        fitting = [pattern for pattern in self.optimizer_map if re.fullmatch(pattern, name)]
        if len(fitting) > 1:
            raise fail(
                ArgumentError, f"OptimizerMap: {name!r} fits several patterns", received=", ".join(fitting)
            )
        return self.optimizer_map[fitting[0]] if fitting else self.default_optimizer

    def __call__(self, param: Variable) -> Optimizer:
        """The optimizer of a parameter."""
        return self[param.name or ""]


class MultiOptimizer(Optimizer):
    """Several optimizers, each for some parameters; clipping, decay and averages are theirs.

    ``optimizer_map``: an :class:`OptimizerMap`, or a function from a parameter to its optimizer.

    >>> import thalweg as tw
    >>> slow, fast = tw.Variable(1.0, name="body"), tw.Variable(1.0, name="head")
    >>> optimizer = MultiOptimizer(OptimizerMap(tw.optimizers.SGD(0.0), {"head": tw.optimizers.SGD(0.25)}))
    >>> optimizer.minimize(lambda: slow * slow + fast * fast, [slow, fast])
    >>> slow.numpy().item(), fast.numpy().item()
    (1.0, 0.5)
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(0.0, loss_scale_factor=loss_scale_factor, name=name)
        if not callable(optimizer_map):
            raise fail(
                ArgumentTypeError, "MultiOptimizer: optimizer_map",
                expected="an OptimizerMap or a function", received=repr(optimizer_map),
            )  # fmt: skip
        self.optimizer_map = optimizer_map
        self._chosen: dict[Variable, Optimizer] = {}

    def of(self, param: Variable) -> Optimizer:
        """The optimizer of a parameter."""
        if param not in self._chosen:
            self._chosen[param] = self.optimizer_map(param)
        return self._chosen[param]

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers in use, in the order of their first parameters."""
        return list({id(o): o for o in self._chosen.values()}.values())

    def build(self, params: Iterable[Variable]) -> None:
        for param in params:
            self.of(param).build([param])

    def variables(self) -> list[Variable]:
        return [self.iterations, *(v for o in self.optimizers for v in o.variables())]

    def slot_places(self) -> dict[int, tuple[Variable, str]]:
        return {key: place for o in self.optimizers for key, place in o.slot_places().items()}

    def slot(self, param: Variable, name: str) -> Variable:
        return self.of(param).slot(param, name)

    def averages(self) -> list[tuple[Variable, Variable]]:
        return [pair for o in self.optimizers for pair in o.averages()]

    def _updates(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Variable, Tensor]]:
        if self.loss_scale_factor is not None:
            factor = 1.0 / self.loss_scale_factor
            pairs = [(each(lambda x: x * factor, g), param) for g, param in pairs]
        groups: dict[int, list[tuple[Any, Variable]]] = {}
        for g, param in pairs:
            groups.setdefault(id(self.of(param)), []).append((g, param))
        result: list[tuple[Variable, Any]] = []
        for group in groups.values():
            result += self.of(group[0][1])._updates(group)
        count: Any = self.iterations
        return [*result, (self.iterations, count + 1)]


class LossScaleOptimizer(Optimizer):
    """Another optimizer, for losses multiplied by a factor that is as large as float16 gradients bear.

    Gradients are divided by the factor. Where one is NaN or infinite the step is left out and the factor halved; after
    ``dynamic_growth_steps`` good steps it is doubled.

    >>> import thalweg as tw
    >>> w, optimizer = tw.Variable(1.0), LossScaleOptimizer(tw.optimizers.SGD(0.25), initial_scale=8.0)
    >>> optimizer.apply_gradients([(tw.constant(float("inf")), w)])
    >>> w.numpy().item(), optimizer.scale.numpy().item()
    (1.0, 4.0)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ) -> None:
        super().__init__(0.0, name=name)
        if not isinstance(inner_optimizer, Optimizer):
            raise fail(
                ArgumentTypeError, "LossScaleOptimizer: inner_optimizer", expected="an optimizer",
                received=repr(inner_optimizer),
            )  # fmt: skip
        self._within("initial_scale", initial_scale, initial_scale > 0, "> 0")
        self.inner_optimizer, self.growth_steps = inner_optimizer, dynamic_growth_steps
        self.scale = Variable(np.float32(initial_scale), trainable=False, name=f"{self.name}/scale")
        self.good_steps = Variable(np.int64(0), trainable=False, name=f"{self.name}/good_steps")

    @property
    def by_rows(self) -> bool:  # type: ignore[override]
        """That of the inner optimizer."""
        return self.inner_optimizer.by_rows

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, rate: Any) -> None:
        self.inner_optimizer.learning_rate = rate

    def scale_loss(self, loss: Any) -> Any:
        return loss * ew.astype(self.scale, loss.dtype)

    def build(self, params: Iterable[Variable]) -> None:
        self.inner_optimizer.build(params)

    def variables(self) -> list[Variable]:
        return [self.iterations, self.scale, self.good_steps, *self.inner_optimizer.variables()]

    def slot_places(self) -> dict[int, tuple[Variable, str]]:
        return self.inner_optimizer.slot_places()

    def slot(self, param: Variable, name: str) -> Variable:
        return self.inner_optimizer.slot(param, name)

    def averages(self) -> list[tuple[Variable, Variable]]:
        return self.inner_optimizer.averages()

    def _updates(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[Variable, Tensor]]:
        scale: Any = self.scale
        good: Any = ew.isfinite(scale)
        for g, _ in pairs:
            good = ew.logical_and(good, all_of(ew.isfinite(rows_in(g))))
        unscaled = lambda x: x / ew.astype(scale, x.dtype)
        inner = self.inner_optimizer._updates([(each(unscaled, g), param) for g, param in pairs])
        count: Any = self.good_steps
        grown = ew.greater_equal(count + 1, self.growth_steps)
        kept, begun = ew.where(grown, scale * 2.0, scale), ew.where(grown, count * 0, count + 1)
        steps: Any = self.iterations
        return [
            *((variable, ew.where(good, new, variable)) for variable, new in inner),
            (self.scale, ew.where(good, kept, scale * 0.5)),
            (self.good_steps, ew.where(good, begun, count * 0)),
            (self.iterations, steps + 1),
        ]
