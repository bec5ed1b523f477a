"""The seven training steps: their shapes, first weights, data and work, the same for every framework."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
SEED = 1
NUM_BATCHES = 8  # a step sees this many different batches in turn
# v = decay v + (1 - decay) g², and the weights move by rate g / (sqrt(v) + epsilon)
RMSPROP = {"learning_rate": 0.001, "decay": 0.9, "epsilon": 1e-7}
ADAM = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}  # the paper's form


@dataclass(frozen=True)
class Step:
    """One training step of a tutorial.

    ``flop``: multiplications and additions of its matrix products and convolutions, forward and backward.
    ``keep``: the probabilities with which its dropouts keep a unit, in order.
    """

    name: str
    title: str
    batch: int
    image: Shape
    weights: dict[str, Shape]
    rate: float
    flop: int
    keep: tuple[float, ...] = ()


@dataclass(frozen=True)
class Built:
    """A step in one framework.

    ``convert`` makes an array what the framework wants (not timed); ``step(x, y)`` trains and returns the loss
    of the batch before the update, finished; ``predict(x)`` returns the outputs without dropout, finished.
    """

    convert: Callable[[np.ndarray], Any]
    step: Callable[[Any, Any], Any]
    predict: Callable[[Any], Any]


def _dense(batch: int, *widths: int) -> int:
    """Three products for each layer; the first needs no gradient of its input."""
    sizes = [a * b for a, b in pairwise(widths)]
    return 2 * batch * (3 * sum(sizes) - sizes[0])


def _conv_flop() -> int:
    first, others = 784 * 9 * 1 * 32, 196 * 9 * 32 * 64 + 49 * 9 * 64 * 128
    return 2 * 50 * (2 * first + 3 * (others + 2048 * 625 + 625 * 10))


def _lstm_flop() -> int:
    cells = 28 * (2 * (28 + 128) + 128) * 512  # the images need no gradient
    return 2 * 128 * (cells + 3 * 128 * 10)


_FLAT = (784,)
STEPS = {
    step.name: step
    for step in (
        Step(
            "softmax", "784-10, SGD, batch 200", 200, _FLAT, {"output": (784, 10)}, 0.05, _dense(200, 784, 10)
        ),
        Step(
            "mlp",
            "784-620-10 sigmoid, SGD, batch 50",
            50,
            _FLAT,
            {"hidden": (784, 620), "output": (620, 10)},
            0.05,
            _dense(50, 784, 620, 10),
        ),
        Step(
            "modern",
            "784-625-625-10 ReLU, dropout, RMSProp, batch 100",
            100,
            _FLAT,
            {"hidden1": (784, 625), "hidden2": (625, 625), "output": (625, 10)},
            RMSPROP["learning_rate"],
            _dense(100, 784, 625, 625, 10),
            keep=(0.7, 0.4),
        ),
        Step(
            "conv",
            "3x3 convolutions of 32, 64, 128 with ReLU, pooling, dropout; 2048-625-10; RMSProp, batch 50",
            50,
            (28, 28, 1),
            {
                "conv1": (3, 3, 1, 32),
                "conv2": (3, 3, 32, 64),
                "conv3": (3, 3, 64, 128),
                "hidden": (2048, 625),
                "output": (625, 10),
            },
            RMSPROP["learning_rate"],
            _conv_flop(),
            keep=(0.8, 0.8, 0.8, 0.5),
        ),
        Step(
            "keras",
            "784-512-10 ReLU with biases, RMSProp, batch 128",
            128,
            _FLAT,
            {"hidden": (784, 512), "hidden_bias": (512,), "output": (512, 10), "output_bias": (10,)},
            RMSPROP["learning_rate"],
            _dense(128, 784, 512, 10),
        ),
        Step(
            "lstm",
            "28 steps of 28, 128 units, Adam, batch 128",
            128,
            (28, 28),
            {
                "inputs": (28, 512),
                "states": (128, 512),
                "bias": (512,),
                "output": (128, 10),
                "output_bias": (10,),
            },
            ADAM["learning_rate"],
            _lstm_flop(),
        ),
        Step("linreg", "500 points, SGD, full batch", 500, (), {"slope": (), "offset": ()}, 0.01, 0),
    )
}


def weights(step: Step) -> Arrays:
    """The first weights, float32: normal of deviation 0.01 as in the tutorials, Glorot for the keras and lstm steps."""
    rng = np.random.default_rng(SEED)
    made = {}
    for name, shape in step.weights.items():
        if len(shape) < 2:
            made[name] = np.zeros(shape, np.float32)
        elif step.name in ("keras", "lstm"):
            limit = np.sqrt(6 / (shape[0] + shape[1]))
            made[name] = rng.uniform(-limit, limit, shape).astype(np.float32)
        else:
            made[name] = rng.normal(0, 0.01, shape).astype(np.float32)
    return made


def data(step: Step) -> Arrays:
    """``x`` [batches, batch, *image] float32 and ``y`` [batches, batch]: int64 classes, float32 for linreg."""
    if step.name == "linreg":
        rng = np.random.default_rng(SEED)
        x = np.linspace(-1, 1, step.batch, dtype=np.float32)
        y = (2 * x + rng.normal(0, 0.35, step.batch) + 2).astype(np.float32)
        return {"x": x[None], "y": y[None]}
    count = NUM_BATCHES * step.batch
    images, labels = _images(count)
    return {
        "x": np.ascontiguousarray(images.reshape(NUM_BATCHES, step.batch, *step.image)),
        "y": labels.reshape(NUM_BATCHES, step.batch),
    }


def data_name() -> str:
    """What the images are."""
    return "MNIST" if os.environ.get("THALWEG_DATA") else "made up (set THALWEG_DATA for MNIST)"


def _images(count: int) -> tuple[np.ndarray, np.ndarray]:
    """MNIST where THALWEG_DATA says where it is, else noisy copies of ten patterns with as many dark pixels."""
    if os.environ.get("THALWEG_DATA"):
        from thalweg.data import load

        mnist = load("mnist")
        return mnist.train_images[:count].reshape(count, 784), mnist.train_labels[:count]
    rng = np.random.default_rng(SEED)
    patterns = rng.random((10, 784)) * (rng.random((10, 784)) < 0.2)
    labels = rng.integers(0, 10, count)
    noisy = patterns[labels] * rng.uniform(0.5, 1, (count, 784))
    return noisy.astype(np.float32), labels.astype(np.int64)
