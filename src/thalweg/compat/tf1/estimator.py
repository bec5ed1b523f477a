"""``tf.estimator``: a model function, trained, evaluated and asked for predictions, each in a graph of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import train, variables
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
    """Settings of a run; only the folder and the seed are used."""

    def __init__(
        self, model_dir: str | None = None, tf_random_seed: int | None = None, **options: Any
    ) -> None:
        self.model_dir, self.tf_random_seed = model_dir, tf_random_seed


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
        self.model_dir = model_dir or getattr(config, "model_dir", None) or tempfile.mkdtemp()

    def _built(self, input_fn: Callable[[], Any], mode: str) -> tuple[EstimatorSpec, Any]:
        step = train.get_or_create_global_step()
        made = input_fn()
        if isinstance(made, Dataset):
            made = made.make_one_shot_iterator().get_next()
        features, labels = made if isinstance(made, tuple) and len(made) == 2 else (made, None)
        code = self.model_fn.__code__
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        options = {
            k: v for k, v in (("mode", mode), ("params", self.params), ("config", self.config)) if k in names
        }
        return self.model_fn(features, labels, **options), step

    def _session(self) -> Session:
        session = Session()
        session.run([variables.global_variables_initializer(), variables.local_variables_initializer()])
        found = train.latest_checkpoint(self.model_dir)
        if found:
            train.Saver().restore(session, found)
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
            with self._session() as session:
                start = int(session.run(step))
                last = max_steps if max_steps is not None else (start + steps if steps is not None else None)
                try:
                    while last is None or start < last:
                        session.run([spec.train_op, spec.loss])
                        start += 1
                except OutOfRangeError:
                    pass
                train.Saver().save(session, f"{self.model_dir}/model.ckpt", int(session.run(step)))
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
            metric_ops = spec.eval_metric_ops or {}
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


inputs = Namespace("tf.estimator.inputs", numpy_input_fn=_numpy_input_fn)
