"""scikit-learn's MLPClassifier, for the networks that it can be: dense layers of ReLU or sigmoid, with SGD or Adam."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.steps import Arrays, Built, Step


def build(step: Step, weights: Arrays, variant: str = "") -> Built:
    """The step: a ``partial_fit`` of one batch. The biases, which the step has not, are set back to zero after it."""
    network = MLPClassifier(
        [matrix.shape[1] for matrix in weights.values()][:-1],
        activation="logistic",
        solver="sgd",
        learning_rate_init=step.rate,
        momentum=0.0,
        nesterovs_momentum=False,
        alpha=0.0,
        shuffle=False,
    )
    network.partial_fit(np.zeros((1, 784), np.float32), [0], classes=np.arange(10))  # makes the weights

    def reset(biases: list[np.ndarray]) -> None:
        for bias in biases:
            bias[:] = 0

    for matrix, value in zip(network.coefs_, weights.values(), strict=True):
        matrix[:] = value
    reset(network.intercepts_)

    def train(x: np.ndarray, y: np.ndarray) -> Any:
        network.partial_fit(x, y)
        reset(network.intercepts_)
        return network.loss_

    return Built(np.asarray, train, network.predict_proba)
