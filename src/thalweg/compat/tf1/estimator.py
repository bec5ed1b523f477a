"""``tf.estimator``: a model function, trained, evaluated and asked for predictions, each in a graph of its own."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import checkpoints, math, monitored, train, variables
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.data import Dataset
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.session import Session


class ModeKeys:
    """What a model function is called for."""

    TRAIN, EVAL, PREDICT = "train", "eval", "infer"


class EstimatorSpec(NamedTuple):
    """What a model function returns."""

    mode: Any
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metric_ops: Any = None
    export_outputs: Any = None
    training_chief_hooks: Any = None
    training_hooks: Any = None
    scaffold: Any = None
    evaluation_hooks: Any = None


class RunConfig:
    """Settings of a run: the folder, the seed, and how often to save are used."""

    def __init__(
        self,
        model_dir: str | None = None,
        tf_random_seed: int | None = None,
        save_checkpoints_steps: int | None = None,
        save_checkpoints_secs: float | None = None,
        **options: Any,
    ) -> None:
        self.model_dir, self.tf_random_seed = model_dir, tf_random_seed
        self.save_checkpoints_steps, self.save_checkpoints_secs = (
            save_checkpoints_steps,
            save_checkpoints_secs,
        )


class Estimator:
    """Trains ``model_fn(features, labels, mode[, params])``; the values stay in checkpoints in ``model_dir``."""

    def __init__(
        self,
        model_fn: Callable[..., Any],
        model_dir: str | None = None,
        config: Any = None,
        params: Any = None,
        warm_start_from: Any = None,
    ) -> None:
        self.model_fn, self.params, self.config = model_fn, params, config
        self.extra_metrics: Any = None  # those of tf.contrib.learn's evaluate
        self._labels: Any = None
        self.model_dir = model_dir or getattr(config, "model_dir", None) or tempfile.mkdtemp()

    def _built(self, input_fn: Callable[[], Any], mode: str) -> tuple[EstimatorSpec, Any]:
        step = train.get_or_create_global_step()
        features, labels = self._inputs(input_fn, mode)
        self._labels = labels
        names = inspect.signature(self.model_fn).parameters
        given = {
            "labels": labels,
            "targets": labels,
            "mode": mode,
            "params": self.params,
            "config": self.config,
        }
        options = {key: thing for key, thing in given.items() if key in names}
        made = self.model_fn(features, **options)
        if not hasattr(made, "train_op"):
            raise ValueError(f"model_fn should return an EstimatorSpec, received {made!r}")
        return made, step

    def _inputs(self, input_fn: Callable[..., Any], mode: str) -> tuple[Any, Any]:
        names = inspect.signature(input_fn).parameters
        given = {"mode": mode, "params": self.params, "config": self.config}
        made = input_fn(**{key: thing for key, thing in given.items() if key in names})
        if isinstance(made, Dataset):
            made = made.make_one_shot_iterator().get_next()
        return made if isinstance(made, tuple) and len(made) == 2 else (made, None)

    def _asked(self, spec: Any) -> dict[str, Any]:
        """The metrics that ``evaluate`` of tf.contrib.learn was given, over the predictions (or one) and labels."""
        from thalweg.compat.tf1 import metrics

        made = {}
        for name, wanted in (self.extra_metrics or {}).items():
            fn, key = getattr(wanted, "metric_fn", wanted), getattr(wanted, "prediction_key", None)
            of = spec.predictions if key is None else spec.predictions.get(key)
            if key == "classes" and "class_ids" in spec.predictions:  # the classes as numbers, [n]
                of = math.reshape(spec.predictions["class_ids"], [-1])
            found = fn(of, self._labels)
            made[name] = found if isinstance(found, tuple) else metrics.mean(found)
        return made

    def _session(self) -> Session:
        session = Session()
        session.run([variables.global_variables_initializer(), variables.local_variables_initializer()])
        found = checkpoints.latest_checkpoint(self.model_dir)
        if found:
            checkpoints.Saver().restore(session, found)
        return session

    def train(
        self,
        input_fn: Callable[[], Any],
        hooks: Any = None,
        steps: int | None = None,
        max_steps: int | None = None,
        saving_listeners: Any = None,
    ) -> Estimator:
        """Train for so many steps, or until the input ends."""
        with g.Graph().as_default():
            spec, step = self._built(input_fn, ModeKeys.TRAIN)
            wanted = [*(hooks or ()), *(spec.training_hooks or ()), *(spec.training_chief_hooks or ())]
            often, seconds = (getattr(self.config, f"save_checkpoints_{k}", None) for k in ("steps", "secs"))
            if often or seconds:
                wanted.insert(0, monitored.CheckpointSaverHook(self.model_dir, seconds, often))
            with monitored.MonitoredSession(wanted, self.model_dir) as session:
                start = int(session.session.run(step))
                last = max_steps if max_steps is not None else (start + steps if steps is not None else None)
                while (last is None or start < last) and not session.should_stop():
                    session.run([spec.train_op, spec.loss])
                    start += 1
        return self

    def evaluate(
        self,
        input_fn: Callable[[], Any],
        steps: int | None = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        name: Any = None,
    ) -> dict[str, Any]:
        """The metrics and the mean loss over the input."""
        with g.Graph().as_default():
            spec, step = self._built(input_fn, ModeKeys.EVAL)
            metric_ops = {**(spec.eval_metric_ops or {}), **self._asked(spec)}
            with self._session() as session:
                losses: list[float] = []
                try:
                    while steps is None or len(losses) < steps:
                        losses.append(
                            session.run([spec.loss, *(update for _, update in metric_ops.values())])[0]
                        )
                except OutOfRangeError:
                    pass
                found = {key: session.run(metric) for key, (metric, _) in metric_ops.items()}
                return {**found, "loss": float(np.mean(losses)), "global_step": int(session.run(step))}

    def predict(
        self,
        input_fn: Callable[[], Any],
        predict_keys: Any = None,
        hooks: Any = None,
        checkpoint_path: Any = None,
        yield_single_examples: bool = True,
    ) -> Iterator[Any]:
        """The predictions, one example after the other."""
        with g.Graph().as_default():
            spec, _ = self._built(input_fn, ModeKeys.PREDICT)
            with self._session() as session:
                while True:
                    try:
                        made = session.run(spec.predictions)
                    except OutOfRangeError:
                        return
                    if isinstance(made, dict):
                        yield from (
                            {k: v[i] for k, v in made.items()} for i in range(len(next(iter(made.values()))))
                        )
                    else:
                        yield from made

    def get_variable_names(self) -> list[str]:
        """The names of the values in the last checkpoint."""
        return [name for name, _ in checkpoints.list_variables(self._checkpoint())]

    def get_variable_value(self, name: str) -> np.ndarray:
        """A value in the last checkpoint."""
        return checkpoints.load_variable(self._checkpoint(), name)

    def latest_checkpoint(self) -> str | None:
        """The last checkpoint."""
        return checkpoints.latest_checkpoint(self.model_dir)

    def _checkpoint(self) -> str:
        found = self.latest_checkpoint()
        if found is None:
            raise ValueError(
                f"the estimator has not been trained: there is no checkpoint in {self.model_dir}"
            )
        return found

    def export_savedmodel(self, *args: Any, **options: Any) -> Any:
        """Graphs for serving are not written: it says so."""
        raise NotImplementedError(
            "Estimator.export_savedmodel: serving formats are not supported; model_dir has checkpoints"
        )

    export_saved_model = export_savedmodel


class TrainSpec(NamedTuple):
    """How long to train, and on what."""

    input_fn: Any
    max_steps: int | None = None
    hooks: Any = None


class EvalSpec(NamedTuple):
    """What to evaluate on."""

    input_fn: Any
    steps: int | None = 100
    name: str | None = None
    hooks: Any = None
    exporters: Any = None
    start_delay_secs: int = 120
    throttle_secs: int = 600


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[Any, list[Any]]:
    """Train to the end, then evaluate; exporters say that nothing is exported."""
    estimator.train(train_spec.input_fn, hooks=train_spec.hooks, max_steps=train_spec.max_steps)
    found = estimator.evaluate(
        eval_spec.input_fn, steps=eval_spec.steps, hooks=eval_spec.hooks, name=eval_spec.name
    )
    exporters = eval_spec.exporters or ()
    for exporter in exporters if isinstance(exporters, (list, tuple)) else [exporters]:
        exporter.say()
    return found, []


def _numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: Any = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable[[], Any]:
    """An input function over arrays."""

    def input_fn() -> Any:
        parts = x if y is None else (x, y)
        found = Dataset.from_tensor_slices(parts)
        if shuffle:
            found = found.shuffle(
                len(y if y is not None else next(iter(x.values())) if isinstance(x, dict) else x)
            )
        return found.repeat(num_epochs).batch(batch_size)

    return input_fn


def _pandas_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: Any = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
    target_column: str = "target",
) -> Callable[[], Any]:
    """An input function over the columns of a table."""
    columns = {name: np.asarray(x[name]) for name in x.columns}
    target = None if y is None else np.asarray(y)
    return _numpy_input_fn(columns, target, batch_size, num_epochs, shuffle)


inputs = Namespace("tf.estimator.inputs", numpy_input_fn=_numpy_input_fn, pandas_input_fn=_pandas_input_fn)
