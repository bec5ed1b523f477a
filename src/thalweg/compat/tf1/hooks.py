"""Hooks of ``tf.estimator`` beyond those of a session: waiting, profiles, evaluation on the way, early stopping."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from thalweg.compat.tf1 import logging
from thalweg.compat.tf1.checkpoints import Saver
from thalweg.compat.tf1.graph import Graph
from thalweg.compat.tf1.session_hooks import SecondOrStepTimer, SessionRunHook
from thalweg.compat.tf1.summary import summary_iterator
from thalweg.compat.tf1.train import get_or_create_global_step
from thalweg.files import atomic_write_text


def _step(session: Any) -> int:
    return int(session.run(get_or_create_global_step()))


class GlobalStepWaiterHook(SessionRunHook):
    """Waits until the global step is there; one process waits for nobody, so a step that is not there yet is said."""

    def __init__(self, wait_until_step: int) -> None:
        self.wait_until_step = wait_until_step

    def before_run(self, run_context: Any) -> None:
        if _step(run_context.session) < self.wait_until_step:
            raise NotImplementedError(
                f"GlobalStepWaiterHook: no other worker brings the global step to {self.wait_until_step}; leave "
                "the hook out, one process does the work"
            )


class ProfilerHook(SessionRunHook):
    """Writes ``timeline-STEP.json``, for chrome://tracing: how long the run of a step took, every so often."""

    def __init__(
        self,
        save_steps: int | None = None,
        save_secs: float | None = None,
        output_dir: str = "",
        show_dataflow: bool = True,
        show_memory: bool = False,
    ) -> None:
        self.timer = SecondOrStepTimer(save_secs, save_steps)
        self.folder, self.began = output_dir, 0.0

    def before_run(self, run_context: Any) -> None:
        self.began = time.perf_counter()

    def after_run(self, run_context: Any, run_values: Any) -> None:
        took = time.perf_counter() - self.began
        step = _step(run_context.session)
        if not self.timer.should_trigger_for_step(step):
            return
        self.timer.update_last_triggered_step(step)
        event = {"name": "run", "ph": "X", "pid": 0, "tid": 0, "ts": 0, "dur": round(took * 1e6)}
        path = os.path.join(self.folder, f"timeline-{step}.json")
        atomic_write_text(path, json.dumps({"traceEvents": [event]}))


class InMemoryEvaluatorHook(SessionRunHook):
    """Evaluates the estimator before the first step, every so many steps, and at the end."""

    def __init__(
        self,
        estimator: Any,
        input_fn: Callable[[], Any],
        steps: int | None = None,
        hooks: Any = None,
        name: str | None = None,
        every_n_iter: int = 100,
    ) -> None:
        if every_n_iter is None or every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        self.estimator, self.how = estimator, {"steps": steps, "hooks": hooks, "name": name}
        self.input_fn, self.every, self.count = input_fn, every_n_iter, 0

    def after_create_session(self, session: Any, coord: Any) -> None:
        self._evaluate(session)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.count += 1
        if self.count % self.every == 0:
            self._evaluate(run_context.session)

    def end(self, session: Any) -> None:
        self._evaluate(session)

    def _evaluate(self, session: Any) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Saver().save(session, os.path.join(folder, "now"), write_meta_graph=False)
            with Graph().as_default():
                self.estimator.evaluate(self.input_fn, checkpoint_path=path, **self.how)


# --- early stopping ---------------------------------------------------------------------------------------------------


class _StopHook(SessionRunHook):
    def __init__(
        self, should_stop_fn: Callable[[], bool], run_every_secs: float | None, run_every_steps: int | None
    ):
        self.should_stop = should_stop_fn
        self.timer = SecondOrStepTimer(run_every_secs, run_every_steps)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        step = _step(run_context.session)
        if self.timer.should_trigger_for_step(step):
            self.timer.update_last_triggered_step(step)
            if self.should_stop():
                logging.info(f"Requesting early stopping at global step {step}")
                run_context.request_stop()


def make_early_stopping_hook(
    estimator: Any,
    should_stop_fn: Callable[[], bool],
    run_every_secs: float | None = 60,
    run_every_steps: int | None = None,
) -> SessionRunHook:
    """A hook that asks every so often whether to stop."""
    if run_every_secs is not None and run_every_steps is not None:
        raise ValueError("Only one of `run_every_secs` and `run_every_steps` must be set.")
    return _StopHook(should_stop_fn, run_every_secs, run_every_steps)


def read_eval_metrics(eval_dir: str) -> dict[int, dict[str, float]]:
    """What evaluations wrote into a folder, by global step, in order."""
    found: dict[int, dict[str, float]] = {}
    for file in sorted(os.listdir(eval_dir)) if os.path.isdir(eval_dir) else ():
        for event in summary_iterator(os.path.join(eval_dir, file)):
            numbers = {v.tag: v.simple_value for v in event.summary.value if v.HasField("simple_value")}
            if numbers:
                found.setdefault(event.step, {}).update(numbers)
    return dict(sorted(found.items()))


class _How(NamedTuple):
    """What all these hooks take last: where the figures are, from which step on they count, how often to look."""

    eval_dir: str | None = None
    min_steps: int = 0
    run_every_secs: float | None = 60
    run_every_steps: int | None = None


def _figures(estimator: Any, name: str, how: _How) -> Iterator[tuple[int, float]]:
    """The steps that count, and a figure's value at each."""
    for step, figures in read_eval_metrics(how.eval_dir or estimator.eval_dir()).items():
        if step >= how.min_steps:
            yield step, figures[name]


def _past(estimator: Any, name: str, wanted: Callable[[float], bool], how: _How) -> SessionRunHook:
    def should_stop() -> bool:
        return any(wanted(x) for _, x in _figures(estimator, name, how))

    return make_early_stopping_hook(estimator, should_stop, how.run_every_secs, how.run_every_steps)


def _without(
    estimator: Any, name: str, better: Callable[[float, float], bool], steps: int, how: _How
) -> SessionRunHook:
    def should_stop() -> bool:
        best, at = None, 0
        for step, x in _figures(estimator, name, how):
            if best is None or better(x, best):
                best, at = x, step
            if step - at >= steps:
                return True
        return False

    return make_early_stopping_hook(estimator, should_stop, how.run_every_secs, how.run_every_steps)


def stop_if_higher_hook(
    estimator: Any, metric_name: str, threshold: float, *args: Any, **how: Any
) -> SessionRunHook:
    """Stops when a figure of an evaluation is above a threshold."""
    return _past(estimator, metric_name, lambda x: x > threshold, _How(*args, **how))


def stop_if_lower_hook(
    estimator: Any, metric_name: str, threshold: float, *args: Any, **how: Any
) -> SessionRunHook:
    """Stops when a figure of an evaluation is below a threshold."""
    return _past(estimator, metric_name, lambda x: x < threshold, _How(*args, **how))


def stop_if_no_increase_hook(
    estimator: Any, metric_name: str, max_steps_without_increase: int, *args: Any, **how: Any
) -> SessionRunHook:
    """Stops when a figure of the evaluations has not risen for so many steps."""
    return _without(
        estimator, metric_name, lambda x, best: x > best, max_steps_without_increase, _How(*args, **how)
    )


def stop_if_no_decrease_hook(
    estimator: Any, metric_name: str, max_steps_without_decrease: int, *args: Any, **how: Any
) -> SessionRunHook:
    """Stops when a figure of the evaluations has not fallen for so many steps."""
    return _without(
        estimator, metric_name, lambda x, best: x < best, max_steps_without_decrease, _How(*args, **how)
    )
