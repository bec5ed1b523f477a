"""``tf.estimator.export``: what model functions say about serving, and what writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import math, parsing, saved_model


class PredictOutput(NamedTuple):
    """Predictions by name."""

    outputs: Any


class RegressionOutput(NamedTuple):
    """A number for each example."""

    value: Any


class ClassificationOutput(NamedTuple):
    """Scores and names of classes."""

    scores: Any = None
    classes: Any = None


class ServingInputReceiver(NamedTuple):
    """Features, and the placeholders that they are made from."""

    features: Any
    receiver_tensors: Any
    receiver_tensors_alternatives: Any = None


class Exporter:
    """Exports a model after an evaluation of ``train_and_evaluate``, below ``export/NAME`` in its folder."""

    def __init__(
        self,
        name: str = "exporter",
        serving_input_receiver_fn: Any = None,
        assets_extra: Any = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ) -> None:
        self.name, self.serving_input_receiver_fn = name, serving_input_receiver_fn

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None = None,
        eval_result: Any = None,
        is_the_final_export: bool = True,
    ) -> bytes | None:
        """Write the model; the folder, or None where it is not this one that is wanted."""
        return estimator.export_savedmodel(  # type: ignore[no-any-return]
            export_path, self.serving_input_receiver_fn, checkpoint_path=checkpoint_path
        )


class LatestExporter(Exporter):
    """For the model after each evaluation."""


class FinalExporter(Exporter):
    """For the model at the end."""

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None = None,
        eval_result: Any = None,
        is_the_final_export: bool = True,
    ) -> bytes | None:
        """Write the model if training is over."""
        return super().export(estimator, export_path, checkpoint_path) if is_the_final_export else None


def _less_loss(best_eval_result: Any, current_eval_result: Any) -> bool:
    return bool(current_eval_result["loss"] < best_eval_result["loss"])


class BestExporter(Exporter):
    """For the best model so far: ``compare_fn(best_eval_result, current_eval_result)`` says whether one is better."""

    def __init__(
        self,
        name: str = "best_exporter",
        serving_input_receiver_fn: Any = None,
        event_file_pattern: str | None = None,
        compare_fn: Callable[..., bool] = _less_loss,
        assets_extra: Any = None,
        as_text: bool = False,
        exports_to_keep: int | None = 5,
    ) -> None:
        super().__init__(name, serving_input_receiver_fn)
        self.compare_fn, self.best = compare_fn, None

    def export(
        self,
        estimator: Any,
        export_path: str,
        checkpoint_path: str | None = None,
        eval_result: Any = None,
        is_the_final_export: bool = True,
    ) -> bytes | None:
        """Write the model if it is the best."""
        if self.best is not None and not self.compare_fn(
            best_eval_result=self.best, current_eval_result=eval_result
        ):
            return None
        self.best = eval_result
        return super().export(estimator, export_path, checkpoint_path)


def build_raw_serving_input_receiver_fn(
    features: Any, default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Features are fed as they are: placeholders of the form of these tensors, of any number of examples."""

    def receive() -> ServingInputReceiver:
        made = {
            name: math.placeholder(t.dtype, [default_batch_size, *t.shape.as_list()[1:]], t.op.name)
            for name, t in (features if isinstance(features, dict) else {"feature": features}).items()
        }
        return ServingInputReceiver(made if isinstance(features, dict) else made["feature"], made)

    return receive


def build_parsing_serving_input_receiver_fn(
    feature_spec: Any, default_batch_size: int | None = None
) -> Callable[[], ServingInputReceiver]:
    """Features are parsed from serialised examples."""

    def receive() -> ServingInputReceiver:
        serialized = math.placeholder("string", [default_batch_size], "input_example_tensor")
        return ServingInputReceiver(parsing.parse_example(serialized, feature_spec), {"examples": serialized})

    return receive


def signatures(spec: Any, receiver: Any) -> dict[str, Any]:
    """What a model function says about serving, by names; the only one, or the one so named, is the default.

    Those that classify or give a number read serialised examples: there are none of them where anything else is fed.
    """
    given = receiver.receiver_tensors
    fed = given if isinstance(given, dict) else {"input": given}
    outputs = spec.export_outputs or {saved_model.DEFAULT: PredictOutput(spec.predictions)}
    examples = len(fed) == 1 and next(iter(fed.values())).dtype.name == "string"
    made = {
        key: _signature(fed, output)
        for key, output in outputs.items()
        if examples or isinstance(output, PredictOutput)
    }
    if len(outputs) == len(made) == 1:
        made[saved_model.DEFAULT] = next(iter(made.values()))
    return made


def _signature(fed: dict[str, Any], output: Any) -> Any:
    if isinstance(output, ClassificationOutput):
        return saved_model.classification_signature_def(
            next(iter(fed.values())), output.classes, output.scores
        )
    if isinstance(output, RegressionOutput):
        return saved_model.regression_signature_def(next(iter(fed.values())), output.value)
    found = output.outputs
    return saved_model.predict_signature_def(fed, found if isinstance(found, dict) else {"output": found})


export = Namespace(
    "tf.estimator.export",
    PredictOutput=PredictOutput,
    RegressionOutput=RegressionOutput,
    ClassificationOutput=ClassificationOutput,
    ServingInputReceiver=ServingInputReceiver,
    build_raw_serving_input_receiver_fn=build_raw_serving_input_receiver_fn,
    build_parsing_serving_input_receiver_fn=build_parsing_serving_input_receiver_fn,
)
