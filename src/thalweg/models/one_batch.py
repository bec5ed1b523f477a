"""Training, evaluation and prediction on one batch: one native call each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg.models import lint
from thalweg.models.feeds import DEFAULT_BATCH, as_data
from thalweg.models.programs import Programs
from thalweg.models.steps import Step
from thalweg.nested import flat

__all__ = ["OneBatch", "is_one_batch", "plain_logs"]


class OneBatch(Programs):
    """The part of a model that works on a batch alone."""

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """One step of training; the figures of this batch (of all since the last reset, unless ``reset_metrics``)."""
        self._needs_compile("train_on_batch")
        return self._on_batch("train", (x, y, sample_weight, class_weight), return_dict, reset_metrics)

    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
        reset_metrics: bool = True,
    ) -> Any:
        """The figures of one batch."""
        self._needs_compile("test_on_batch")
        return self._on_batch("test", (x, y, sample_weight, None), return_dict, reset_metrics)

    def _on_batch(self, kind: str, given: Any, return_dict: bool, reset_metrics: bool) -> Any:
        x, y, sample_weight, class_weight = given
        alone, key = "anew" if reset_metrics else "on", None
        if type(x) is np.ndarray and type(y) is np.ndarray and sample_weight is None and class_weight is None:
            key = ("batch", kind, alone, x.dtype, x.shape[1:], y.dtype, y.shape[1:])
            step, flags = self._steps.get(key, (None, None))
            if step is not None and len(x) == len(y) and all(k._trainable is v for k, v in flags):
                return plain_logs(self._logs(step((x, y))), return_dict)
        feed = self._feed(x, y, sample_weight, 1 << 62, class_weight=class_weight)
        if not self.built:
            self._build_from(feed.structure)
        arrays = flat(feed.structure)
        if reset_metrics and self.run_eagerly:
            self.reset_metrics()
        step = self._step(kind, feed.structure, alone)
        if key is not None and isinstance(step, Step) and arrays[0] is x and arrays[1] is y:
            self._steps[key] = step, [(layer, layer._trainable) for layer in self.tree()]
        return plain_logs(self._logs(step(arrays)), return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as arrays."""
        if type(x) is np.ndarray and x.dtype.kind in "biuf" and not self.run_eagerly:
            step = self._steps.get(("row", x.dtype, x.shape[1:]))
            if step is not None:
                return step((x,))
            structure = self._predicted(x)
            step = self._step("predict", structure)
            if structure[0] is x:
                self._steps["row", x.dtype, x.shape[1:]] = step
            return step(flat(structure))
        structure = self._predicted(x)
        return self._step("predict", structure)(flat(structure))

    def _predicted(self, x: Any) -> Any:
        return lint.ranked(self, as_data(x, "x", self.float_dtype(), self.has_text_layers())), None, None


def is_one_batch(x: Any, batch_size: int | None) -> bool:
    """Whether all rows fit into one batch."""
    return type(x) is np.ndarray and x.ndim > 0 and len(x) <= (batch_size or DEFAULT_BATCH)


def plain_logs(logs: Mapping[str, Any], as_dict: bool) -> Any:
    """The figures as they are returned: a dict, a list in order, or a number where there is one."""
    if as_dict:
        return logs
    values = list(logs.values())
    return values[0] if len(values) == 1 else values
