"""``tf.contrib.learn``: estimators with ``fit(x, y)`` and small data sets, as before ``tf.estimator``."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import (
    canned,
    checkpoints,
    estimator,
    examples,
    feature_column,
    losses,
    math,
    session_hooks,
)
from thalweg.compat.tf1.contrib import experiments, vocabularies
from thalweg.compat.tf1.data import Dataset
from thalweg.compat.tf1.estimator import Estimator as _Estimator
from thalweg.compat.tf1.graph import Graph
from thalweg.compat.tf1.session import Session
from thalweg.compat.tf1.variables import (
    global_variables_initializer,
    local_variables_initializer,
    tables_initializer,
)
from thalweg.extras import needs

# --- data sets --------------------------------------------------------------------------------------------------------


class Table(NamedTuple):
    """Rows and what they mean."""

    data: Any
    target: Any


def _load_csv_with_header(
    filename: str, target_dtype: Any, features_dtype: Any, target_column: int = -1
) -> Table:
    """A CSV file whose first line holds the number of rows and of features."""
    with open(filename, newline="") as file:
        rows = list(csv.reader(file))
    return _table(rows[1 : 1 + int(rows[0][0])], target_dtype, features_dtype, target_column)


def _load_csv_without_header(
    filename: str, target_dtype: Any, features_dtype: Any, target_column: int = -1
) -> Table:
    """A CSV file of rows alone."""
    with open(filename, newline="") as file:
        return _table([row for row in csv.reader(file) if row], target_dtype, features_dtype, target_column)


def _table(rows: list[list[str]], target_dtype: Any, features_dtype: Any, target_column: int) -> Table:
    targets = np.array([row.pop(target_column) for row in rows]).astype(target_dtype)
    return Table(np.array(rows).astype(features_dtype), targets)


def _load_iris(data_path: Any = None) -> Table:
    """The iris flowers, from scikit-learn."""
    with needs("scikit-learn", "tf.contrib.learn.datasets.load_iris"):
        from sklearn import datasets as found
    made = found.load_iris()
    return Table(made.data, made.target)


def _load_dataset(name: str, size: str = "small", test_with_fake_data: bool = False) -> Any:
    """A data set by name: iris or mnist."""
    if name == "iris":
        return _load_iris()
    if name == "mnist":
        return examples.read_data_sets("MNIST_data")
    raise ValueError(f"tf.contrib.learn.datasets.load_dataset: expected 'iris' or 'mnist', received {name!r}")


def _maybe_download(filename: str, work_directory: Any, source_url: str) -> str:
    """The path of a file in a folder, to which it is downloaded where it is not there."""
    from thalweg.compat.keras.utils import get_file

    return get_file(filename, source_url, cache_subdir="", cache_dir=str(work_directory))


_base = Namespace(
    "tf.contrib.learn.datasets.base",
    maybe_download=_maybe_download,
    Dataset=Table,
    Datasets=examples.Datasets,
    load_csv_with_header=_load_csv_with_header,
    load_csv_without_header=_load_csv_without_header,
    load_iris=_load_iris,
)
_mnist = Namespace(
    "tf.contrib.learn.datasets.mnist",
    read_data_sets=examples.read_data_sets,
    DataSet=examples.DataSet,
    load_mnist=examples.load_mnist,
)
datasets = Namespace(
    "tf.contrib.learn.datasets", base=_base, mnist=_mnist, load_iris=_load_iris, load_dataset=_load_dataset
)

# --- estimators -------------------------------------------------------------------------------------------------------


class ModelFnOps(NamedTuple):
    """What a model function returns."""

    mode: Any
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metric_ops: Any = None
    output_alternatives: Any = None
    training_hooks: Any = None
    training_chief_hooks: Any = None


# What a metric may call what it is given; a function with none of these names takes predictions, then labels.
_ARGUMENTS = {
    "predictions": ("predictions", "prediction", "logits", "logit"),
    "labels": ("labels", "label", "targets", "target"),
    "weights": ("weights", "weight"),
}


class MetricSpec:
    """A metric over the predictions and the labels, or over one of each by its key; ``weight_key``: the feature that
    weighs the examples.
    """

    def __init__(
        self,
        metric_fn: Callable[..., Any],
        prediction_key: str | None = None,
        label_key: str | None = None,
        weight_key: str | None = None,
    ) -> None:
        self.metric_fn, self.prediction_key = metric_fn, prediction_key
        self.label_key, self.weight_key = label_key, weight_key

    def create_metric_ops(self, inputs: Any, labels: Any, predictions: Any) -> Any:
        """What the metric makes of features, labels and predictions."""
        given = {
            "predictions": _keyed(predictions, self.prediction_key, "prediction_key"),
            "labels": _keyed(labels, self.label_key, "label_key"),
        }
        if self.weight_key is not None:
            given["weights"] = _keyed(inputs, self.weight_key, "weight_key")
        known = inspect.signature(self.metric_fn).parameters
        named = {next((n for n in _ARGUMENTS[key] if n in known), ""): x for key, x in given.items()}
        if "" not in named:
            return self.metric_fn(**named)
        if "weights" in given:
            names = " or ".join(_ARGUMENTS["weights"])
            raise ValueError(f"MetricSpec: weight_key needs a metric with an argument {names}")
        return self.metric_fn(given["predictions"], given["labels"])


def _keyed(whole: Any, key: str | None, argument: str) -> Any:
    """The part of a dict by the key; without a key the tensor itself, or the only part of a dict."""
    if isinstance(whole, dict):
        if key is None and len(whole) == 1:
            return next(iter(whole.values()))
        if key not in whole:
            raise ValueError(f"MetricSpec: {argument} must be one of {sorted(whole)}; received {key!r}")
        return whole[key]
    if key is not None:
        raise ValueError(f"MetricSpec: {argument} {key!r} needs a dict; received {whole!r}")
    return whole


class ValidationMonitor(session_hooks.SessionRunHook):
    """Evaluates the model as it was last saved, every so many steps, and may end the training."""

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        batch_size: Any = None,
        eval_steps: Any = None,
        every_n_steps: int = 100,
        metrics: Any = None,
        hooks: Any = None,
        early_stopping_rounds: int | None = None,
        early_stopping_metric: str = "loss",
        early_stopping_metric_minimize: bool = True,
        name: Any = None,
    ) -> None:
        self.data = {"x": x, "y": y, "input_fn": input_fn, "batch_size": batch_size, "metrics": metrics}
        self.eval_steps, self.every = eval_steps, every_n_steps
        self.rounds, self.metric, self.sign = (
            early_stopping_rounds,
            early_stopping_metric,
            1 if early_stopping_metric_minimize else -1,
        )
        self.estimator: Any = None
        self.step, self.seen = 0, ""
        self.best_step, self.best_value, self.best_metrics = 0, None, None
        self.early_stopped = False

    def after_run(self, run_context: Any, run_values: Any) -> None:
        self.step += 1
        saved = checkpoints.latest_checkpoint(self.estimator.model_dir)
        if self.step % self.every or not saved or saved == self.seen:
            return
        self.seen = saved
        with Graph().as_default():
            found = self.estimator.evaluate(**self.data, steps=self.eval_steps)
        value = found.get(self.metric)
        if value is None:
            return
        if self.best_value is None or self.sign * value < self.sign * self.best_value:
            self.best_value, self.best_step, self.best_metrics = value, self.step, found
        elif self.rounds is not None and self.step - self.best_step >= self.rounds:
            self.early_stopped = True
            run_context.request_stop()


class _Fitted:
    """``fit``, ``evaluate`` and ``predict`` over arrays or input functions, by an estimator with ``train``."""

    def __init__(self, inner: _Estimator) -> None:
        self.inner = inner
        self.model_dir = inner.model_dir

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: Any = None,
        max_steps: int | None = None,
    ) -> _Fitted:
        """Train."""
        found = _input_fn(x, y, input_fn, batch_size, None if steps or max_steps else 1, shuffle=True)
        for monitor in monitors or ():
            if isinstance(monitor, ValidationMonitor):
                monitor.estimator = self
        self.inner.train(found, hooks=monitors, steps=steps, max_steps=max_steps)
        return self

    partial_fit = fit

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        feed_fn: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        metrics: Any = None,
        name: str | None = None,
        checkpoint_path: str | None = None,
        hooks: Any = None,
        log_progress: bool = True,
    ) -> dict[str, Any]:
        """The metrics."""
        self.inner.extra_metrics = metrics
        source = _input_fn(x, y, input_fn, batch_size, 1)
        return self.inner.evaluate(source, steps, hooks, checkpoint_path, name)

    def predict(
        self,
        x: Any = None,
        input_fn: Any = None,
        batch_size: int | None = None,
        outputs: Any = None,
        as_iterable: bool = True,
    ) -> Any:
        """The predictions: class numbers, numbers, or what the model function calls so."""
        made = self.inner.predict(_input_fn(x, None, input_fn, batch_size, 1))
        rows = (self._plain(row) for row in made)
        return rows if as_iterable else np.array(list(rows))

    def _plain(self, row: Any) -> Any:
        if isinstance(row, dict) and "class_ids" in row:
            return row["class_ids"][0]
        if isinstance(row, dict) and list(row) == ["predictions"]:
            return row["predictions"][0] if np.size(row["predictions"]) == 1 else row["predictions"]
        return row

    def predict_classes(
        self, x: Any = None, input_fn: Any = None, batch_size: Any = None, as_iterable: bool = True
    ) -> Any:
        """The class of each example."""
        return self.predict(x, input_fn, batch_size, as_iterable=as_iterable)

    def predict_scores(
        self, x: Any = None, input_fn: Any = None, batch_size: Any = None, as_iterable: bool = True
    ) -> Any:
        """The number for each example."""
        return self.predict(x, input_fn, batch_size, as_iterable=as_iterable)

    def predict_proba(
        self, x: Any = None, input_fn: Any = None, batch_size: Any = None, as_iterable: bool = True
    ) -> Any:
        """The probabilities of each example."""
        made = self.inner.predict(_input_fn(x, None, input_fn, batch_size, 1))
        rows: Iterator[Any] = (row["probabilities"] for row in made)
        return rows if as_iterable else np.array(list(rows))

    def get_variable_names(self) -> list[str]:
        """The names of the values."""
        return self.inner.get_variable_names()

    def get_variable_value(self, name: str) -> np.ndarray:
        """One of the values."""
        return self.inner.get_variable_value(name)


def _input_fn(
    x: Any, y: Any, input_fn: Any, batch_size: int | None, epochs: int | None, shuffle: bool = False
) -> Callable[[], Any]:
    """The input function itself, or one over arrays; without a batch size all rows at once."""
    if input_fn is not None:
        return input_fn
    arrays = {k: np.asarray(v) for k, v in x.items()} if isinstance(x, dict) else np.asarray(x)
    if not isinstance(arrays, dict) and arrays.dtype == np.float64:
        arrays = arrays.astype(np.float32)
    targets = None if y is None else np.asarray(y)
    count = len(next(iter(arrays.values())) if isinstance(arrays, dict) else arrays)

    def made() -> Any:
        found = Dataset.from_tensor_slices(arrays if targets is None else (arrays, targets))
        found = found.shuffle(count) if shuffle and batch_size else found
        return found.repeat(epochs).batch(batch_size or count)

    return made


class _Own(_Estimator):
    """An estimator whose model function returns (predictions, loss, train operation) or a spec."""

    def __init__(self, model_fn: Any, model_dir: Any, config: Any, params: Any) -> None:
        self.wrapped = model_fn
        self.seen: Any = None
        super().__init__(model_fn, model_dir, config, params)

    def _built(self, input_fn: Callable[[], Any], mode: str) -> tuple[Any, Any]:
        fn = self.wrapped

        def model(features: Any, labels: Any, mode: str, params: Any) -> Any:
            if labels is not None:
                self.seen = labels.dtype, [None, *labels.get_shape().as_list()[1:]]
            elif self.seen is not None:  # nobody reads them, but the function is one for all modes
                labels = math.placeholder(*self.seen)
            given = {"mode": mode, "params": params}
            options = {k: v for k, v in given.items() if k in inspect.signature(fn).parameters}
            made = fn(features, labels, **options)
            if isinstance(made, tuple) and not hasattr(made, "train_op"):
                predictions, loss, train_op = made
                made = ModelFnOps(mode, predictions, loss, train_op)
            return made

        self.model_fn = model
        return super()._built(input_fn, mode)


class Estimator(_Fitted):
    """Trains ``model_fn(features, targets, mode[, params])``."""

    def __init__(
        self,
        model_fn: Any = None,
        model_dir: Any = None,
        config: Any = None,
        params: Any = None,
        feature_engineering_fn: Any = None,
    ) -> None:
        super().__init__(_Own(model_fn, model_dir, config, params))


# What the models of tf.contrib.learn took beside what those of tf.estimator take: what would change them, with its
# default, and where variables stand.
_OLD_ARGUMENTS = {
    "gradient_clip_norm": None, "enable_centered_bias": False, "feature_engineering_fn": None,
    "embedding_lr_multipliers": None, "_joint_weight": False, "_joint_linear_weights": False,
    "joint_linear_weights": False,
}  # fmt: skip
_OLD_PLACES = ("input_layer_min_slice_size", "fix_global_step_increment_bug")


def learned(make: Callable[..., canned.Canned]) -> Callable[..., _Fitted]:
    """A ready model whose loss is the mean over the batch."""

    def build(*args: Any, **options: Any) -> _Fitted:
        if "weight_column_name" in options:
            options["weight_column"] = options.pop("weight_column_name")
        if "label_keys" in options:
            options["label_vocabulary"] = options.pop("label_keys")
        for argument, default in _OLD_ARGUMENTS.items():
            only(make.__name__, argument, options.pop(argument, default), default)
        for argument in _OLD_PLACES:
            options.pop(argument, None)
        inner = make(*args, **options)
        inner.reduction = losses.Reduction.MEAN
        for part in inner.parts:  # parts of a whole learn as fast as each alone
            part.rate = type(part).rate
        return _Fitted(inner)

    build.__name__, build.__doc__ = make.__name__, make.__doc__
    return build


class SKCompat:
    """An estimator as scikit-learn has them: ``predict`` gives arrays."""

    def __init__(self, est: _Fitted) -> None:
        self.est = est

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int = 128,
        steps: int | None = None,
        max_steps: int | None = None,
        monitors: Any = None,
    ) -> SKCompat:
        """Train."""
        self.est.fit(x, y, batch_size=batch_size, steps=steps, monitors=monitors, max_steps=max_steps)
        return self

    def score(
        self, x: Any, y: Any, batch_size: int = 128, steps: int | None = None, metrics: Any = None
    ) -> Any:
        """The metrics."""
        return self.est.evaluate(x, y, batch_size=batch_size, steps=steps, metrics=metrics)

    def predict(self, x: Any, batch_size: int = 128, outputs: Any = None) -> Any:
        """The predictions, each kind as one array."""
        rows = list(self.est.inner.predict(_input_fn(x, None, None, batch_size, 1)))
        if not isinstance(rows[0], dict):
            return np.array(rows)
        found = {key: np.array([row[key] for row in rows]) for key in rows[0]}
        if "class_ids" in found:  # here the classes are the numbers
            found["classes"] = found.pop("class_ids").reshape(len(rows))
        return found


def infer_real_valued_columns_from_input(x: Any) -> list[Any]:
    """One column over all features of an array (or one for each array of a dict)."""
    if isinstance(x, dict):
        return [feature_column.numeric_column(k, np.asarray(v).shape[1:] or (1,)) for k, v in x.items()]
    return [feature_column.numeric_column("", np.asarray(x).shape[1:] or (1,))]


def run_feeds(output_dict: Any, feed_dicts: Iterable[Any], restore_checkpoint_path: Any = None) -> list[Any]:
    """The outputs for each feed, in a session whose variables are fresh or those of a checkpoint."""
    with Session() as session:
        if restore_checkpoint_path:
            checkpoints.Saver().restore(session, restore_checkpoint_path)
        else:
            session.run(global_variables_initializer())
        session.run([local_variables_initializer(), tables_initializer()])
        return [session.run(output_dict, feed) for feed in feed_dicts]


def run_n(
    output_dict: Any, feed_dict: Any = None, restore_checkpoint_path: Any = None, n: int = 1
) -> list[Any]:
    """The outputs of ``n`` runs with the same feed: see :func:`run_feeds`."""
    return run_feeds(output_dict, [feed_dict] * n, restore_checkpoint_path)


_prediction_key = Namespace(
    "tf.contrib.learn.PredictionKey", CLASSES="classes", PROBABILITIES="probabilities", SCORES="scores"
)
_monitors = Namespace(
    "tf.contrib.learn.monitors", ValidationMonitor=ValidationMonitor, replace_monitors_with_hooks=list
)
learn = Namespace(
    "tf.contrib.learn",
    Estimator=Estimator,
    Experiment=experiments.Experiment,
    learn_runner=Namespace("tf.contrib.learn.learn_runner", run=experiments.run_experiment),
    SKCompat=SKCompat,
    ModelFnOps=ModelFnOps,
    MetricSpec=MetricSpec,
    PredictionKey=_prediction_key,
    prediction_key=Namespace("tf.contrib.learn.prediction_key", PredictionKey=_prediction_key),
    monitors=_monitors,
    metric_spec=Namespace("tf.contrib.learn.metric_spec", MetricSpec=MetricSpec),
    ModeKeys=estimator.ModeKeys,
    RunConfig=estimator.RunConfig,
    DNNClassifier=learned(canned.DNNClassifier),
    DNNRegressor=learned(canned.DNNRegressor),
    LinearClassifier=learned(canned.LinearClassifier),
    LinearRegressor=learned(canned.LinearRegressor),
    DNNLinearCombinedClassifier=learned(canned.DNNLinearCombinedClassifier),
    DNNLinearCombinedRegressor=learned(canned.DNNLinearCombinedRegressor),
    infer_real_valued_columns_from_input=infer_real_valued_columns_from_input,
    run_feeds=run_feeds,
    run_n=run_n,
    datasets=datasets,
    io=Namespace(
        "tf.contrib.learn.io",
        numpy_input_fn=estimator.inputs.numpy_input_fn,
        pandas_input_fn=estimator.inputs.pandas_input_fn,
    ),
    preprocessing=vocabularies.preprocessing,
    python=Namespace(
        "tf.contrib.learn.python",
        learn=Namespace(
            "tf.contrib.learn.python.learn",
            datasets=datasets,
            preprocessing=vocabularies.preprocessing,
            estimators=Namespace(
                "tf.contrib.learn.python.learn.estimators",
                model_fn=Namespace(
                    "tf.contrib.learn.python.learn.estimators.model_fn", ModelFnOps=ModelFnOps
                ),
            ),
        ),
    ),
)
