"""``tf.estimator.export``: what model functions say about serving. It is noted; nothing is exported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from thalweg.compat.names import REASONS, Namespace
from thalweg.compat.tf1 import logging


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
    """What would export a model after evaluations: ``train_and_evaluate`` says that it does not."""

    def __init__(
        self, name: str = "exporter", serving_input_receiver_fn: Any = None, *args: Any, **options: Any
    ) -> None:
        self.name, self.serving_input_receiver_fn = name, serving_input_receiver_fn

    def say(self) -> None:
        """A warning in the log."""
        logging.warning(f"{type(self).__name__} {self.name!r} exports nothing: {REASONS['tf.saved_model']}")


class LatestExporter(Exporter):
    """For the latest model."""


class FinalExporter(Exporter):
    """For the model at the end."""


class BestExporter(Exporter):
    """For the best model."""


def _receiver(*args: Any, **options: Any) -> Callable[[], Any]:
    """An input function for serving, which nothing calls here."""

    def receive() -> Any:
        raise NotImplementedError(f"tf.estimator.export: {REASONS['tf.saved_model']}")

    return receive


export = Namespace(
    "tf.estimator.export",
    PredictOutput=PredictOutput,
    RegressionOutput=RegressionOutput,
    ClassificationOutput=ClassificationOutput,
    ServingInputReceiver=ServingInputReceiver,
    build_raw_serving_input_receiver_fn=_receiver,
    build_parsing_serving_input_receiver_fn=_receiver,
)
