"""``tf.estimator``: a model function, trained, evaluated and asked for predictions, each in a graph of its own."""

from __future__ import annotations

import copy
import inspect
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

import thalweg.compat.tf1.logging as logging  # by whole names: mypy asks the package for the others first
import thalweg.compat.tf1.math as math
import thalweg.compat.tf1.saved_model as saved_model
import thalweg.compat.tf1.summary as summary
import thalweg.compat.tf1.train as train
from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import checkpoints, exporting, monitored, session_hooks
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.data import Dataset
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.nested import mapped


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
    prediction_hooks: Any = None


# Settings of machines and of how they share the work, which has no meaning here; also those of tf.contrib.learn.
_SETTINGS = frozenset(
    "train_distribute device_fn protocol eval_distribute experimental_distribute checkpoint_save_graph_def "
    "experimental_max_worker_delay_secs session_creation_timeout_secs master num_cores log_device_placement "
    "gpu_memory_fraction evaluation_master task_type task_id cluster_spec num_ps_replicas environment".split()
)


class RunConfig:
    """Settings of a run: the folder, the seed, how often to save and how many to keep are used; others are kept."""

    def __init__(
        self,
        model_dir: str | None = None,
        tf_random_seed: int | None = None,
        save_summary_steps: int = 100,
        save_checkpoints_steps: int | None = None,
        save_checkpoints_secs: float | None = None,
        session_config: Any = None,
        keep_checkpoint_max: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        **options: Any,
    ) -> None:
        unknown = [name for name in options if name not in _SETTINGS]
        if unknown:
            raise TypeError(f"RunConfig got an unexpected keyword argument {unknown[0]!r}")
        if model_dir == "":
            raise ValueError("model_dir should be non-empty.")
        self.model_dir, self.tf_random_seed = model_dir, tf_random_seed
        self.save_summary_steps, self.session_config = save_summary_steps, session_config
        self.save_checkpoints_steps, self.save_checkpoints_secs = (
            save_checkpoints_steps,
            save_checkpoints_secs,
        )
        self.keep_checkpoint_max = keep_checkpoint_max
        self.keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self.log_step_count_steps = log_step_count_steps
        self.master, self.task_type, self.task_id, self.is_chief = "", "worker", 0, True
        self.num_worker_replicas, self.num_ps_replicas = 1, 0
        vars(self).update(options)

    def replace(self, **changes: Any) -> RunConfig:
        """The same settings but for these."""
        made = copy.copy(self)
        vars(made).update(changes)
        return made


class WarmStartSettings(NamedTuple):
    """From which checkpoint variables begin: those whose names match, under the names that they have there."""

    ckpt_to_initialize_from: str
    vars_to_warm_start: Any = ".*"
    var_name_to_vocab_info: Any = None
    var_name_to_prev_var_name: Any = None


def _part(whole: Any, key: list[str]) -> Any:
    """What a dict has by the key, if there is one; a tensor itself."""
    return whole[key[0]] if key and isinstance(whole, dict) and key[0] in whole else whole


def _of_arrays(dataset: Any) -> Dataset:
    """A data set of a graph, with the elements of one that makes tensors."""
    spec = dataset.element_spec
    dtypes = mapped(lambda leaf: leaf.dtype, spec)
    return Dataset.from_generator(dataset.as_numpy_iterator, dtypes, mapped(lambda leaf: leaf.shape, spec))


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
        self._start = (
            WarmStartSettings(warm_start_from) if isinstance(warm_start_from, str) else warm_start_from
        )
        self.extra_metrics: Any = None  # those of tf.contrib.learn's evaluate
        self._features: Any = None
        self._labels: Any = None
        self.model_dir = model_dir or getattr(config, "model_dir", None) or tempfile.mkdtemp()

    def _built(self, input_fn: Callable[[], Any], mode: str) -> tuple[EstimatorSpec, Any]:
        step = train.get_or_create_global_step()
        self._features, self._labels = self._inputs(input_fn, mode)
        return self._spec(self._features, self._labels, mode), step

    def _spec(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        """What the model function makes of features and labels."""
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
        made = made.as_estimator_spec() if hasattr(made, "as_estimator_spec") else made
        if not hasattr(made, "train_op"):
            raise ValueError(f"model_fn should return an EstimatorSpec, received {made!r}")
        return EstimatorSpec(*(getattr(made, field, None) for field in EstimatorSpec._fields))

    def _inputs(self, input_fn: Callable[..., Any], mode: str) -> tuple[Any, Any]:
        names = inspect.signature(input_fn).parameters
        given = {"mode": mode, "params": self.params, "config": self.config}
        made = input_fn(**{key: thing for key, thing in given.items() if key in names})
        if hasattr(made, "as_numpy_iterator"):  # a data set of TensorFlow 2
            made = _of_arrays(made)
        if isinstance(made, Dataset):
            made = made.make_one_shot_iterator().get_next()
        return made if isinstance(made, tuple) and len(made) == 2 else (made, None)

    def _asked(self, spec: Any) -> dict[str, Any]:
        """The metrics that ``evaluate`` of tf.contrib.learn was given, over the predictions (or one) and labels."""
        from thalweg.compat.tf1 import metrics

        given = spec.predictions
        if isinstance(given, dict) and "class_ids" in given:  # the classes as numbers, [n]
            given = {**given, "classes": math.reshape(given["class_ids"], [-1])}
        made = {}
        for name, wanted in (self.extra_metrics or {}).items():
            if hasattr(wanted, "create_metric_ops"):
                found = wanted.create_metric_ops(self._features, self._labels, given)
            else:
                name, *key = name if isinstance(name, tuple) else (name,)
                found = wanted(*(_part(whole, key) for whole in (given, self._labels)))
            made[name] = found if isinstance(found, tuple) else metrics.mean(found)
        return made

    @contextmanager
    def _session(
        self, spec: Any, path: Any, hooks: Sequence[Any] = ()
    ) -> Iterator[monitored.MonitoredSession]:
        """A session with the values of a checkpoint, the last by default."""
        found = path or checkpoints.latest_checkpoint(self.model_dir)
        creator = monitored.ChiefSessionCreator(spec.scaffold, checkpoint_filename_with_path=found)
        with monitored.MonitoredSession(creator, hooks) as session:
            yield session

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
            if all(one.op.name != "loss" for one in g.default_graph().get_collection(g.GraphKeys.SUMMARIES)):
                summary.scalar("loss", spec.loss)
            if self._start is not None and self.latest_checkpoint() is None:
                checkpoints.warm_start(*self._start)
            wanted = [*(hooks or ()), *(spec.training_hooks or ()), *(spec.training_chief_hooks or ())]
            scaffold = spec.scaffold or monitored.Scaffold()
            if scaffold.saver is None:
                scaffold.saver = checkpoints.Saver(max_to_keep=getattr(self.config, "keep_checkpoint_max", 5))
            often, seconds = (getattr(self.config, f"save_checkpoints_{k}", None) for k in ("steps", "secs"))
            found = [hook for hook in wanted if isinstance(hook, session_hooks.CheckpointSaverHook)]
            if not found:
                seconds = seconds if often or seconds else 600
                found = [session_hooks.CheckpointSaverHook(self.model_dir, seconds, often, scaffold=scaffold)]
                wanted.insert(0, found[0])
            found[0].listeners += saving_listeners or ()
            every = getattr(self.config, "save_summary_steps", 100)
            if every:
                wanted.append(session_hooks.SummarySaverHook(every, None, self.model_dir, scaffold=scaffold))
            creator = monitored.ChiefSessionCreator(scaffold, checkpoint_dir=self.model_dir)
            with monitored.MonitoredSession(creator, wanted) as session:
                start, done = int(session.session.run(step)), 0
                last = max_steps if max_steps is not None else (start + steps if steps is not None else None)
                while (last is None or start < last) and not session.should_stop():
                    loss = session.run([spec.train_op, spec.loss])[1]
                    if np.isnan(loss):
                        raise session_hooks.NanLossDuringTrainingError
                    if done % 100 == 0:
                        logging.info(f"loss = {loss}, step = {start}")
                    start, done = int(session.session.run(step)), done + 1
                if done:
                    logging.info(f"Loss for final step: {loss}.")
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
            asked = [*(hooks or ()), *(spec.evaluation_hooks or ())]
            with self._session(spec, checkpoint_path, asked) as session:
                losses: list[float] = []
                try:
                    while (steps is None or len(losses) < steps) and not session.should_stop():
                        losses.append(
                            session.run([spec.loss, *(update for _, update in metric_ops.values())])[0]
                        )
                except OutOfRangeError:
                    pass
                plain = session.session
                found = {key: plain.run(metric) for key, (metric, _) in metric_ops.items()}
                found["loss"] = np.float32(np.mean(losses))
                found = {**{key: found[key] for key in sorted(found)}, "global_step": plain.run(step)}
        self._write(found, self.eval_dir(name))
        return found

    def eval_dir(self, name: str | None = None) -> str:
        """The folder to which evaluations write their figures."""
        return os.path.join(os.fspath(self.model_dir), f"eval_{name}" if name else "eval")

    def _write(self, found: dict[str, Any], folder: str) -> None:
        numbers = {key: x for key, x in found.items() if key != "global_step" and np.ndim(x) == 0}
        values = [summary.Summary.Value(tag=key, simple_value=float(x)) for key, x in numbers.items()]
        told = ", ".join(f"{key} = {x}" for key, x in sorted(found.items()) if not isinstance(x, bytes))
        logging.info(f"Saving dict for global step {found['global_step']}: {told}")
        with summary.FileWriter(folder) as writer:
            writer.add_summary(summary.Summary(value=values), found["global_step"])

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
            wanted = spec.predictions
            if predict_keys is not None and isinstance(wanted, dict):
                keys = [predict_keys] if isinstance(predict_keys, str) else predict_keys
                wanted = {key: t for key, t in wanted.items() if key in keys}
                if not wanted:
                    raise ValueError(f"Expected to run at least one output from {sorted(spec.predictions)}")
            asked = [*(hooks or ()), *(spec.prediction_hooks or ())]
            with self._session(spec, checkpoint_path, asked) as session:
                while not session.should_stop():
                    try:
                        made = session.run(wanted)
                    except OutOfRangeError:
                        return
                    if not yield_single_examples:
                        yield made
                    elif isinstance(made, dict):
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

    def export_savedmodel(
        self,
        export_dir_base: str,
        serving_input_receiver_fn: Callable[[], Any],
        assets_extra: Any = None,
        as_text: bool = False,
        checkpoint_path: str | None = None,
        strip_default_attrs: bool = False,
        *,
        experimental_mode: Any = ModeKeys.PREDICT,
    ) -> bytes:
        """Write the model with the values of its last checkpoint, in a folder named by the time; its path."""
        only("export_saved_model", "experimental_mode", experimental_mode, ModeKeys.PREDICT)
        with g.Graph().as_default():
            train.get_or_create_global_step()
            receiver = serving_input_receiver_fn()
            spec = self._spec(receiver.features, None, ModeKeys.PREDICT)
            told = exporting.signatures(spec, receiver)
            now = int(time.time())
            while os.path.exists(folder := os.path.join(os.fspath(export_dir_base), str(now))):
                now += 1
            with self._session(spec, checkpoint_path or self._checkpoint()) as session:
                builder = saved_model.SavedModelBuilder(folder)
                builder.add_meta_graph_and_variables(session, ["serve"], told)
                builder.save(as_text)
        return folder.encode()

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


class _Evaluation(session_hooks.CheckpointSaverListener):
    """Evaluates and exports when a checkpoint was saved, but not too often, and at the end."""

    def __init__(self, estimator: Estimator, spec: EvalSpec) -> None:
        self.estimator, self.spec = estimator, spec
        self.timer = session_hooks.SecondOrStepTimer(every_secs=spec.throttle_secs)
        self.saved, self.figures, self.exported = False, {}, []  # type: ignore[var-annotated]

    def after_save(self, session: Any, global_step_value: int) -> None:
        before, self.saved = self.saved, True  # the first checkpoint is that of the beginning
        if before and self.timer.should_trigger_for_step(global_step_value):
            self._evaluate(global_step_value)
            self._export(False)

    def end(self, session: Any, global_step_value: int) -> None:
        if global_step_value != self.timer.step:
            self._evaluate(global_step_value)
        self._export(True)

    def _evaluate(self, step: int) -> None:
        spec = self.spec
        self.figures = self.estimator.evaluate(
            spec.input_fn, steps=spec.steps, hooks=spec.hooks, name=spec.name
        )
        self.timer.update_last_triggered_step(step)

    def _export(self, last: bool) -> None:
        folder, path = (
            os.path.join(os.fspath(self.estimator.model_dir), "export"),
            self.estimator.latest_checkpoint(),
        )
        exporters = self.spec.exporters or ()
        self.exported = [
            exporter.export(self.estimator, os.path.join(folder, exporter.name), path, self.figures, last)
            for exporter in (exporters if isinstance(exporters, (list, tuple)) else [exporters])
        ]


def train_and_evaluate(
    estimator: Estimator, train_spec: TrainSpec, eval_spec: EvalSpec
) -> tuple[Any, list[Any]]:
    """Train to the end; evaluate and export on the way, when a checkpoint was saved ``throttle_secs`` after the last
    evaluation, and at the end; the last metrics, and what the exporters wrote.
    """
    evaluation = _Evaluation(estimator, eval_spec)
    estimator.train(
        train_spec.input_fn, train_spec.hooks, max_steps=train_spec.max_steps, saving_listeners=[evaluation]
    )
    if not evaluation.figures:  # there was nothing left to train
        evaluation.end(None, -1)
    return evaluation.figures, evaluation.exported


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
