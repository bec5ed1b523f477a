"""``tf.contrib.tpu`` with ``use_tpu=False``: estimators that run where everything runs here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1.estimator import Estimator, EstimatorSpec, ModeKeys, RunConfig


class TPUEstimatorSpec(NamedTuple):
    """What a model function returns; ``eval_metrics``: a function that gives metrics, and its tensors."""

    mode: Any
    predictions: Any = None
    loss: Any = None
    train_op: Any = None
    eval_metrics: Any = None
    export_outputs: Any = None
    scaffold_fn: Any = None
    host_call: Any = None
    training_hooks: Any = None
    evaluation_hooks: Any = None
    prediction_hooks: Any = None

    def as_estimator_spec(self) -> EstimatorSpec:
        """The same for ``tf.estimator``."""
        measured = {}
        if self.eval_metrics is not None and self.mode == ModeKeys.EVAL:
            fn, tensors = self.eval_metrics
            measured = fn(**tensors) if isinstance(tensors, dict) else fn(*tensors)
        return EstimatorSpec(
            self.mode, self.predictions, self.loss, self.train_op, measured, self.export_outputs,
            training_hooks=self.training_hooks, evaluation_hooks=self.evaluation_hooks,
            prediction_hooks=self.prediction_hooks,
            scaffold=None if self.scaffold_fn is None else self.scaffold_fn(),
        )  # fmt: skip


class TPUEstimator(Estimator):
    """An estimator whose functions find the size of a batch in ``params["batch_size"]``."""

    def __init__(
        self,
        model_fn: Callable[..., Any],
        model_dir: str | None = None,
        config: Any = None,
        params: Any = None,
        use_tpu: bool = True,
        train_batch_size: int | None = None,
        eval_batch_size: int | None = None,
        predict_batch_size: int | None = None,
        batch_axis: Any = None,
        eval_on_tpu: bool = True,
        export_to_tpu: bool = True,
        export_to_cpu: bool = True,
        warm_start_from: Any = None,
        embedding_config_spec: Any = None,
        export_saved_model_api_version: Any = None,
    ) -> None:
        only("TPUEstimator", "embedding_config_spec", embedding_config_spec)
        if use_tpu:
            raise NotImplementedError("TPUEstimator: there is no TPU; use_tpu=False runs it on the processor")
        if "batch_size" in (params or {}):
            raise ValueError("batch_size are reserved keys but existed in params")
        super().__init__(model_fn, model_dir, config, dict(params or {}), warm_start_from)
        sizes = (train_batch_size, eval_batch_size, predict_batch_size)
        self._sizes = dict(zip((ModeKeys.TRAIN, ModeKeys.EVAL, ModeKeys.PREDICT), sizes, strict=True))

    def _inputs(self, input_fn: Callable[..., Any], mode: str) -> tuple[Any, Any]:
        self._set_size(mode)
        return super()._inputs(input_fn, mode)

    def _spec(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        self._set_size(mode)
        return super()._spec(features, labels, mode)

    def _set_size(self, mode: str) -> None:
        size = self._sizes[mode]
        self.params = {k: v for k, v in self.params.items() if k != "batch_size"}
        if size is not None:
            self.params["batch_size"] = size


class _Settings:
    """Settings that are kept by name."""

    def __init__(self, *values: Any, **named: Any) -> None:
        vars(self).update(zip(("iterations_per_loop", "num_shards"), values, strict=False), **named)


class TPUConfig(_Settings):
    """Settings of a TPU; nothing reads them."""


class InputPipelineConfig:
    """How batches would come to several cores."""

    PER_SHARD_V1, PER_HOST_V1, PER_HOST_V2, BROADCAST, SLICED = 1, 2, 3, 4, 5


class TPURunConfig(RunConfig):
    """Settings of a run, with those of a TPU."""

    def __init__(
        self,
        tpu_config: Any = None,
        evaluation_master: Any = None,
        master: Any = None,
        cluster: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.tpu_config, self.cluster = tpu_config or TPUConfig(2), cluster


@contextmanager
def bfloat16_scope(name: Any = None) -> Iterator[None]:
    """Nothing changes inside."""
    yield


def _itself(opt: Any, reduction: Any = None, name: Any = None, group_assignment: Any = None) -> Any:
    """The thing itself: there is one core."""
    return opt


class _OneCore:
    """What is known of the cores while a graph is made: nothing, there is one."""

    number_of_shards = None


tpu_function = Namespace("tf.contrib.tpu.python.tpu.tpu_function", get_tpu_context=_OneCore)
tpu = Namespace(
    "tf.contrib.tpu",
    TPUEstimator=TPUEstimator,
    TPUEstimatorSpec=TPUEstimatorSpec,
    TPUConfig=TPUConfig,
    InputPipelineConfig=InputPipelineConfig,
    RunConfig=TPURunConfig,
    CrossShardOptimizer=_itself,
    cross_replica_sum=_itself,
    bfloat16_scope=bfloat16_scope,
)
