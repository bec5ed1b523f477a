"""``tf.contrib.learn``'s experiments, ``tf.contrib.staging``, and what is known in ``tf.contrib.util``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thalweg.compat.names import only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import queues


class Experiment:
    """An estimator with what it is trained and evaluated on."""

    def __init__(
        self,
        estimator: Any,
        train_input_fn: Any,
        eval_input_fn: Any,
        eval_metrics: Any = None,
        train_steps: int | None = None,
        eval_steps: int | None = 100,
        train_monitors: Any = None,
        eval_hooks: Any = None,
        local_eval_frequency: Any = None,
        eval_delay_secs: int = 120,
        continuous_eval_throttle_secs: int = 60,
        min_eval_frequency: int | None = None,
        delay_workers_by_global_step: bool = False,
        export_strategies: Any = None,
        train_steps_per_iteration: int | None = None,
        checkpoint_and_export: bool = False,
        saving_listeners: Any = None,
    ) -> None:
        only("Experiment", "export_strategies", export_strategies or None)
        only("Experiment", "saving_listeners", saving_listeners or None)
        self.estimator = estimator
        self._inputs = train_input_fn, eval_input_fn
        self._steps = train_steps, eval_steps
        self._hooks, self._eval_hooks = list(train_monitors or ()), eval_hooks
        self._metrics = eval_metrics

    def train(self, delay_secs: Any = None) -> Any:
        """Train up to ``train_steps``."""
        inner = getattr(self.estimator, "inner", self.estimator)
        inner.train(self._inputs[0], hooks=self._hooks, max_steps=self._steps[0])
        return self.estimator

    def evaluate(self, delay_secs: Any = None, name: str | None = None) -> Any:
        """Evaluate for ``eval_steps``."""
        inner = getattr(self.estimator, "inner", self.estimator)
        if self._metrics is not None:
            inner.extra_metrics = self._metrics
        return inner.evaluate(self._inputs[1], steps=self._steps[1], hooks=self._eval_hooks, name=name)

    def train_and_evaluate(self) -> Any:
        """Train to the end, then evaluate: the figures, and a list of what was exported, nothing."""
        self.train()
        return self.evaluate(), []

    continuous_train_and_eval = train_and_evaluate
    local_run = train_and_evaluate

    def test(self) -> Any:
        """One step of training, and an evaluation."""
        inner = getattr(self.estimator, "inner", self.estimator)
        inner.train(self._inputs[0], steps=1)
        return inner.evaluate(self._inputs[1], steps=1, hooks=self._eval_hooks)


def run_experiment(
    experiment_fn: Callable[..., Any],
    output_dir: Any = None,
    schedule: str | None = None,
    run_config: Any = None,
    hparams: Any = None,
) -> Any:
    """``learn_runner.run``: make the experiment and do what ``schedule`` names."""
    made = experiment_fn(output_dir) if run_config is None else experiment_fn(run_config, hparams)
    return getattr(made, schedule or "train_and_evaluate")()


class StagingArea(queues.FIFOQueue):
    """A place from which rows come in the order in which they were put there."""

    def __init__(
        self,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: Any = None,
        capacity: int = 0,
        memory_limit: int = 0,
    ) -> None:
        super().__init__(capacity or 1 << 30, dtypes, shapes, names, name=shared_name or "StagingArea")

    def put(self, values: Any, name: str | None = None) -> Any:
        """An operation that puts in one row."""
        return self.enqueue(values, name)

    def get(self, name: str | None = None) -> Any:
        """Nodes for the next row: a list, or a dict by the names."""
        made = self.dequeue(name)
        return made if isinstance(made, (list, dict)) else [made]


def constant_value(tensor: Any, partial: bool = False) -> Any:
    """What is known of a tensor before the graph runs: an array, or None."""
    return g.static_value(tensor)
