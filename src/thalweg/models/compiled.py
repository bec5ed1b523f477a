"""What ``compile`` was given, matched to the outputs of a model: losses, their weights, and metrics by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import losses, metrics
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.layers.calls import masks_of
from thalweg.nested import flat
from thalweg.ops import elementwise as ew
from thalweg.ops.reduce import sum as total_of
from thalweg.ops.shape import count

__all__ = ["Compiled"]


class Compiled:
    """Losses and metrics for each output, once the outputs are known.

    ``loss``, ``loss_weights`` and ``metrics``: for the only output, lists in the order of the outputs, or dicts by
    output name. Steps that the mask of an output leaves out count neither in losses nor in metrics.
    """

    def __init__(self, loss: Any, loss_weights: Any, given: Any, weighted: Any) -> None:
        self.loss, self.loss_weights = loss, loss_weights
        self.given, self.weighted = given, weighted
        self.names: list[str] = []
        self.losses: list[Any] = []
        self.weights: list[Any] = []
        self.metrics: list[tuple[int, str, Any, bool]] = []  # output, name in the logs, metric, weighted
        self.part_of: dict[int, Any] = {}
        self.parts: list[Any] = []  # the mean of each output's own loss, where there are several
        self.ready = False
        for name in flat(loss):
            losses.get(name)  # an unknown name fails here, not in fit
        for value in flat(loss_weights):
            if isinstance(value, str):
                raise fail(
                    ArgumentError, "compile: loss_weights", expected="numbers, one per output",
                    received=repr(value), hint=f"compile(optimizer, loss, metrics=[{value!r}])",
                )  # fmt: skip
        for name in [*flat(given), *flat(weighted)]:
            if not (isinstance(name, str) and name in _BY_SHAPE):
                metrics.get(name)

    def prepare(self, names: Sequence[str], targets: Sequence[Any], predictions: Sequence[Any]) -> None:
        """Match everything to the outputs."""
        if self.ready:
            return
        self.names = list(names)
        self.losses = [losses.get(v) for v in _spread(self.loss, names, "loss")]
        self.weights = _spread(self.loss_weights, names, "loss_weights")
        taken: set[str] = set()
        targets = self._for_outputs(targets)
        for given, weighted in ((self.given, False), (self.weighted, True)):
            for k, ones in enumerate(_spread(given, names, "metrics", several=True)):
                for one in (
                    flat(ones) if targets[k] is not None else ()
                ):  # what has no targets cannot be counted
                    metric, name = self._metric(one, k, targets, predictions)
                    name = self.label(names[k] if len(names) > 1 else "", name, weighted, taken)
                    taken.add(name)
                    self.metrics.append((k, name, metric, weighted))
        with_loss = [k for k, loss in enumerate(self.losses) if loss is not None]
        if len(with_loss) > 1:
            self.part_of = {k: metrics.Mean(f"{names[k]}_loss") for k in with_loss}
            self.parts = list(self.part_of.values())
        self.ready = True

    def label(self, output: str, name: str, weighted: bool, taken: set[str]) -> str:
        """What the logs call a metric of an output; of the only one, ``output`` is empty."""
        name = f"{output}_{name}" if output else name
        if name not in taken:
            return name
        return f"weighted_{name}" if weighted else f"{name}_{len(taken)}"

    def weighed(self, sample_weight: Any, means: bool) -> Any:
        """The weights of the examples as the loss takes them; ``means``: it is the mean of what they weigh."""
        return sample_weight

    def weighing(self, sample_weight: Any, prediction: Any, metric: Any) -> Any:
        """The weights with which a metric counts the parts of a prediction."""
        return masked(sample_weight, prediction, False)

    def _metric(self, one: Any, k: int, targets: Any, predictions: Any) -> tuple[Any, str]:
        if isinstance(one, str) and one in _BY_SHAPE:
            return _by_shape(one, targets[k], predictions[k], self.losses[k]), one
        metric = metrics.get(one)
        return metric, metric.name

    def total(
        self, targets: Sequence[Any], predictions: Sequence[Any], sample_weights: Sequence[Any]
    ) -> list[Any]:
        """The weighted loss of each output that has one."""
        found = []
        of_outputs, given = self._for_outputs(targets), self._weights_for_outputs(sample_weights)
        for k, (loss, weight) in enumerate(zip(self.losses, self.weights)):
            if loss is None:
                continue
            means = getattr(loss, "reduction", None) in ("sum_over_batch_size", "mean")
            weights = self.weighed(given[k], means)
            value = loss(of_outputs[k], predictions[k], masked(weights, predictions[k], means))
            if value.ndim:  # reduction "none"
                value = losses.reduce_weighted(value, None, "sum_over_batch_size")
            if self.parts:
                rows = count(predictions[k], (0,), np.dtype(np.float64))
                self.part_of[k].update_state(value, sample_weight=rows)
            found.append(value if weight is None else ew.multiply(value, weight))
        return found

    def update(
        self, targets: Sequence[Any], predictions: Sequence[Any], sample_weights: Sequence[Any]
    ) -> None:
        """Count one batch in all metrics."""
        of_outputs, weights = self._for_outputs(targets), self._weights_for_outputs(sample_weights)
        for k, _, metric, weighted in self.metrics:
            given = self.weighing(weights[k] if weighted else None, predictions[k], metric)
            metric.update_state(of_outputs[k], predictions[k], sample_weight=given)

    def _for_outputs(self, targets: Sequence[Any]) -> list[Any]:
        """One target for each output: all are given, or those of the outputs that have a loss."""
        if len(targets) == len(self.losses):
            return list(targets)
        places = [k for k, loss in enumerate(self.losses) if loss is not None]
        if len(targets) != len(places):
            raise fail(
                ShapeError, "the number of targets", expected=f"{len(self.losses)}, one per output",
                received=len(targets),
            )  # fmt: skip
        given = dict(zip(places, targets))
        return [given.get(k) for k in range(len(self.losses))]

    def _weights_for_outputs(self, sample_weights: Sequence[Any]) -> list[Any]:
        """The weights of the rows for each output; what is given for one is for all."""
        if len(sample_weights) < 2:
            return [*sample_weights, *[None] * (not sample_weights)] * len(self.losses)
        return self._for_outputs(sample_weights)


def masked(sample_weight: Any, prediction: Any, means: bool) -> Any:
    """The weights with 0 where the prediction's mask is False; for ``means`` the others weigh more by as much."""
    mask = masks_of(prediction)
    if mask is None or mask.ndim >= prediction.ndim:
        return sample_weight
    share: Any = ew.astype(mask, prediction.dtype)
    if means:
        share = share * (count(share, None, share.dtype) / ew.maximum(total_of(share), 1))  # type: ignore[operator]
    return share if sample_weight is None else share * losses.weights_like(sample_weight, share)


def _spread(given: Any, names: Sequence[str], what: str, several: bool = False) -> list[Any]:
    """What was given, one for each output."""
    if isinstance(given, Mapping):
        unknown = [key for key in given if key not in names]
        if unknown:
            raise fail(ArgumentError, f"{what}: no output named {unknown[0]!r}", expected=", ".join(names))
        return [given.get(name) for name in names]
    if several and len(names) == 1:
        if isinstance(given, (list, tuple)) and len(given) == 1 and isinstance(given[0], (list, tuple)):
            return [given[0]]
        return [given]
    if isinstance(given, (list, tuple)):
        if len(given) == len(names):
            return list(given)
        if not several:
            raise fail(ArgumentError, what, expected=f"{len(names)}, one per output", received=len(given))
    return [given] * len(names) if not several else [given or []] + [[] for _ in names[1:]]


# --- the accuracy that fits -----------------------------------------------------------------------------------------

_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")


def _by_shape(name: str, target: Any, prediction: Any, loss: Any) -> Any:
    """Binary, categorical or sparse, as the shapes and the loss say."""
    logits = bool(getattr(loss, "from_logits", False))
    entropy = name in ("crossentropy", "ce")
    last = prediction.shape[-1] if prediction.ndim else None
    binary_loss = isinstance(loss, (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy))
    same = target.ndim == prediction.ndim and target.shape[-1] == last
    if last == 1 or prediction.ndim < 2 or (same and binary_loss):
        if entropy:
            return metrics.BinaryCrossentropy(name=name, from_logits=logits)
        return metrics.BinaryAccuracy(name, threshold=0.0 if logits else 0.5)
    if same:
        if entropy:
            return metrics.CategoricalCrossentropy(name=name, from_logits=logits)
        return metrics.CategoricalAccuracy(name)
    if entropy:
        return metrics.SparseCategoricalCrossentropy(name=name, from_logits=logits)
    return metrics.SparseCategoricalAccuracy(name)
