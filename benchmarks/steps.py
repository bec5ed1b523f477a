"""What is measured: seven training steps and four programs that train for an epoch; their shapes, weights and data."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]
Shape = tuple[int, ...]
SEED = 1
EXAMPLES = 60_000  # of an epoch
NUM_BATCHES = 8  # a step sees this many different batches in turn
# v = decay v + (1 - decay) g², and the weights move by rate g / (sqrt(v) + epsilon)
RMSPROP = {"learning_rate": 0.001, "decay": 0.9, "epsilon": 1e-7}
ADAM = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}  # the paper's form
_SLOTS = {"sgd": 0, "rmsprop": 1, "adam": 2}  # numbers an optimizer keeps for each weight


@dataclass(frozen=True)
class Step:
    """One training step of a tutorial; or, where it has a ``program``, a whole epoch of such steps.

    ``flop``: multiplications and additions of its matrix products and convolutions, forward and backward.
    ``keep``: the probabilities with which its dropouts keep a unit, in order.
    ``test``: how many examples are predicted at once. ``many``: how many steps are asked for in one call, if any.
    ``program``: how an epoch is written, ``session``, ``fit`` or ``tape``. ``shuffle``: whether it draws its order.
    """

    name: str
    title: str
    batch: int
    image: Shape
    weights: Mapping[str, Shape]
    optimizer: str
    rate: float
    flop: int = 0
    keep: tuple[float, ...] = ()
    test: int = 10_000
    many: int = 0
    program: str = ""
    shuffle: bool = False

    @property
    def measures(self) -> tuple[str, ...]:
        """What is timed: the training step, the prediction of one example and of many, many steps in one call."""
        if self.program:
            return ("step",)
        return ("step", "answer", "test", "many") if self.many else ("step", "answer", "test")

    @property
    def bytes(self) -> int:
        """What a step must at least read and write: weights and optimizer's memory once each way, the examples."""
        numbers = sum(prod(shape) for shape in self.weights.values())
        return 4 * (2 * (1 + _SLOTS[self.optimizer]) * numbers + self.batch * (prod(self.image) + 1))

    def exact(self) -> Step:
        """The same without what each framework draws for itself: dropout, and the order of the examples."""
        return replace(self, keep=(), shuffle=False)


@dataclass(frozen=True)
class Built:
    """A step in one framework.

    ``convert`` makes an array what the framework wants (not timed); ``step(x, y)`` trains and returns the loss
    of the batch before the update, finished; ``predict(x)`` returns the outputs without dropout, finished.
    ``many(x, y, count)`` does as many steps with one batch in the framework's best way; None: there is none
    better than a loop. Of a program that trains for an epoch there is ``step`` only: one pass over the examples.
    """

    convert: Callable[[np.ndarray], Any]
    step: Callable[[Any, Any], Any]
    predict: Callable[[Any], Any] | None = None
    many: Callable[[Any, Any, int], Any] | None = None


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
_MLP = {"hidden": (784, 620), "output": (620, 10)}
_MODERN = {"hidden1": (784, 625), "hidden2": (625, 625), "output": (625, 10)}
_KERAS = {"hidden": (784, 512), "hidden_bias": (512,), "output": (512, 10), "output_bias": (10,)}
_CONV = {
    "conv1": (3, 3, 1, 32),
    "conv2": (3, 3, 32, 64),
    "conv3": (3, 3, 64, 128),
    "hidden": (2048, 625),
    "output": (625, 10),
}
_LSTM = {
    "inputs": (28, 512),
    "states": (128, 512),
    "bias": (512,),
    "output": (128, 10),
    "output_bias": (10,),
}
STEPS: dict[str, Step] = {
    step.name: step
    for step in (
        Step(
            "softmax",
            "784-10, SGD, batch 200",
            200,
            _FLAT,
            {"output": (784, 10)},
            "sgd",
            0.05,
            _dense(200, 784, 10),
        ),
        Step(
            "mlp",
            "784-620-10 sigmoid, SGD, batch 50",
            50,
            _FLAT,
            _MLP,
            "sgd",
            0.05,
            _dense(50, 784, 620, 10),
        ),
        Step(
            "modern",
            "784-625-625-10 ReLU, dropout, RMSProp, batch 100",
            100,
            _FLAT,
            _MODERN,
            "rmsprop",
            RMSPROP["learning_rate"],
            _dense(100, 784, 625, 625, 10),
            keep=(0.7, 0.4),
        ),
        Step(
            "conv",
            "3x3 convolutions of 32, 64, 128 with ReLU, pooling, dropout; 2048-625-10; RMSProp, batch 50",
            50,
            (28, 28, 1),
            _CONV,
            "rmsprop",
            RMSPROP["learning_rate"],
            _conv_flop(),
            keep=(0.8, 0.8, 0.8, 0.5),
            test=500,
        ),
        Step(
            "keras",
            "784-512-10 ReLU with biases, RMSProp, batch 128",
            128,
            _FLAT,
            _KERAS,
            "rmsprop",
            RMSPROP["learning_rate"],
            _dense(128, 784, 512, 10),
        ),
        Step(
            "lstm",
            "28 steps of 28, 128 units, Adam, batch 128",
            128,
            (28, 28),
            _LSTM,
            "adam",
            ADAM["learning_rate"],
            _lstm_flop(),
        ),
        Step(
            "linreg",
            "500 points, SGD, full batch",
            500,
            (),
            {"slope": (), "offset": ()},
            "sgd",
            0.01,
            test=500,
            many=1000,
        ),
        Step(
            "session-net",
            "an epoch of 784-620-10 by Session.run and feed_dict, batch 50, tested every 100 batches",
            50,
            _FLAT,
            _MLP,
            "sgd",
            0.2,
            program="session",
        ),
        Step(
            "session-modern",
            "an epoch of 784-625-625-10 by Session.run and feed_dict, batch 100, tested every 100 batches",
            100,
            _FLAT,
            _MODERN,
            "rmsprop",
            RMSPROP["learning_rate"],
            keep=(0.7, 0.4),
            program="session",
        ),
        Step(
            "fit",
            "an epoch of 784-512-10 by fit, shuffled, RMSProp, batch 128",
            128,
            _FLAT,
            _KERAS,
            "rmsprop",
            RMSPROP["learning_rate"],
            program="fit",
            shuffle=True,
        ),
        Step(
            "tape",
            "an epoch of 784-512-10 by GradientTape, SGD, batch 128",
            128,
            _FLAT,
            _KERAS,
            "sgd",
            1e-3,
            program="tape",
        ),
    )
}


def weights(step: Step) -> Arrays:
    """The first weights, float32: normal of deviation 0.01 as in the tutorials, Glorot for the keras and lstm steps."""
    rng = np.random.default_rng(SEED)
    made = {}
    for name, shape in step.weights.items():
        if len(shape) < 2:
            made[name] = np.zeros(shape, np.float32)
        elif step.weights in (_KERAS, _LSTM):
            limit = np.sqrt(6 / (shape[0] + shape[1]))
            made[name] = rng.uniform(-limit, limit, shape).astype(np.float32)
        else:
            made[name] = rng.normal(0, 0.01, shape).astype(np.float32)
    return made


def data(step: Step, examples: int = EXAMPLES) -> Arrays:
    """``x`` [batches, batch, *image] float32 and ``y`` [batches, batch]: int64 classes, float32 for linreg.

    ``test`` [step.test, *image] is what is predicted at once. For an epoch one batch holds all ``examples``, and there
    is no ``test``.
    """
    if step.name == "linreg":
        rng = np.random.default_rng(SEED)
        x = np.linspace(-1, 1, step.batch, dtype=np.float32)
        y = (2 * x + rng.normal(0, 0.35, step.batch) + 2).astype(np.float32)
        return {"x": x[None], "y": y[None], "test": x}
    batches, batch = (1, examples) if step.program else (NUM_BATCHES, step.batch)
    images, labels = _images(batches * batch)
    x = np.ascontiguousarray(images.reshape(batches, batch, *step.image))
    arrays = {"x": x, "y": labels.reshape(batches, batch)}
    if not step.program:
        arrays["test"] = np.resize(
            images, (step.test, *step.image)
        )  # from the start again where there are fewer
    return arrays


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
