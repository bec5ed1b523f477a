"""The classifier of two layers in Keras 3, on the backend that ``KERAS_BACKEND`` names: batches, and ``fit``."""

from __future__ import annotations

import os
from typing import Any

import keras
import numpy as np

from benchmarks import epochs
from benchmarks.steps import RMSPROP, Arrays, Built, Step


def set_threads(count: int) -> None:
    """PyTorch must be told; the other backends take their number from the environment."""
    if os.environ["KERAS_BACKEND"] == "torch":
        import torch

        torch.set_num_threads(count)


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step, or the epoch."""
    epsilon = RMSPROP["epsilon"] ** 2  # Keras adds it under the root, where the square is as much
    if step.program == "fit":
        return epochs.fit(keras, step, weights, epsilon)
    model = epochs.model(keras, step, weights, epsilon)

    def train(x: np.ndarray, y: np.ndarray) -> Any:
        return np.asarray(model.train_on_batch(x, y)).item()

    return Built(np.asarray, train, model.predict_on_batch)
