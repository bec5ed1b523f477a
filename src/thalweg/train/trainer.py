"""The two compiled programs of a training run: one step of learning, and the logits of a batch."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

import thalweg as tw
from thalweg.data import DataSet
from thalweg.train.networks import build
from thalweg.train.settings import Settings

__all__ = ["Trainer"]

_OPTIMIZERS = {
    "sgd": tw.optimizers.GradientDescent,
    "rmsprop": tw.optimizers.RMSProp,
    "adam": tw.optimizers.Adam,
}
_TEST_BATCH = 500


class Trainer:
    """A network with its training step. ``steps`` were done in ``step_seconds``, compiling not counted."""

    def __init__(self, model: str, data: DataSet, settings: Settings, seed: int) -> None:
        tw.random.set_seed(seed)
        network = build(model, data.image_shape, data.num_classes)
        images = tw.placeholder("float32", (None, *data.image_shape), name="images")
        labels = tw.placeholder("int64", (None,), name="labels")
        logits = network.logits(images, True)
        loss = tw.mean(tw.nn.sparse_softmax_cross_entropy(logits, labels))
        correct = tw.sum(tw.equal(tw.argmax(logits, axis=1), labels))
        optimizer = _OPTIMIZERS[settings.optimizer](settings.learning_rate)
        updates = optimizer.updates(loss, list(network.weights.values()))
        self._step = tw.function([images, labels], [loss, correct], updates=updates)
        self._logits = tw.function([images], network.logits(images, False))
        self._weights = network.weights
        self.steps = 0
        self.step_seconds = 0.0

    def learn(
        self, images: np.ndarray, labels: np.ndarray, rows: np.ndarray
    ) -> Iterator[tuple[list[float], list[int]]]:
        """Learn from the batches whose row numbers are ``rows`` [steps, batch]; about every 0.1 s, for each batch
        since the last time, its mean loss and the number of right answers before its update.
        """
        program = self._step.program
        compiled, started = program.compile_seconds, time.perf_counter()
        for count, (losses, corrects) in program.run_steps([images, labels], rows):
            self.step_seconds += time.perf_counter() - started - (program.compile_seconds - compiled)
            self.steps += count
            yield losses.tolist(), corrects.tolist()
            compiled, started = program.compile_seconds, time.perf_counter()

    @property
    def compile_seconds(self) -> float:
        """Time spent compiling so far: programs are compiled on first use, once for each size of batch."""
        return self._step.program.compile_seconds + self._logits.program.compile_seconds

    def logits(self, images: np.ndarray) -> np.ndarray:
        """The network's logits of ``images`` ``[count, height, width]``, dropout off."""
        parts = [
            np.asarray(self._logits(images[start : start + _TEST_BATCH]))
            for start in range(0, len(images), _TEST_BATCH)
        ]
        return np.concatenate(parts)

    def weights(self) -> dict[str, np.ndarray]:
        """The values of the weights by name."""
        return {name: np.array(variable.get_value()) for name, variable in self._weights.items()}
