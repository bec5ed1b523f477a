"""An interrupted run over a shuffled pipeline goes on to the same bits as one that was not interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import callbacks
from thalweg import layers as L
from thalweg.data import Dataset

X = np.random.default_rng(0).uniform(0, 255, (40, 6, 6, 1)).astype("float32")
Y = np.arange(40) % 2


def parts() -> tuple[Any, Any]:
    tw.random.set_seed(4)
    L.clear_session()
    net = tw.models.Sequential(
        [
            L.Input((6, 6, 1)),
            L.RandomTranslation(0.2, 0.2, seed=1),
            L.RandomFlip(),
            L.Rescaling(1 / 255),
            L.Flatten(),
            L.Dropout(0.3, seed=2),
            L.Dense(4, activation="relu"),
            L.Dropout(0.2),
            L.Dense(2, activation="softmax"),
        ]
    )
    net.compile("adam", "sparse_categorical_crossentropy")
    return net, Dataset.from_tensor_slices((X, Y)).shuffle(40).batch(8).prefetch(2)


class Interrupt(callbacks.Callback):
    """Ends the third epoch in the middle."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.epoch == 2 and batch == 2:
            raise KeyboardInterrupt

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch


def test_a_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    net, data = parts()
    whole = net.fit(data, epochs=5, verbose=0)
    expected = net.get_weights()
    net, data = parts()
    with pytest.raises(KeyboardInterrupt):
        net.fit(data, epochs=5, callbacks=[callbacks.BackupAndRestore(tmp_path), Interrupt()], verbose=0)
    net, data = parts()
    rest = net.fit(data, epochs=5, callbacks=callbacks.BackupAndRestore(tmp_path), verbose=0)
    assert rest.history["loss"] == whole.history["loss"][2:]
    for a, b in zip(expected, net.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
