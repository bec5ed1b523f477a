"""Writes models that Keras has trained, and how their losses go on. In ``tests``: ``python -m peers.make_trained``."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
from keras import layers as K

from peers.values import numbers

OPTIMIZERS: dict[str, Any] = {
    "adam": lambda: keras.optimizers.Adam(0.01, amsgrad=True, gradient_accumulation_steps=3, use_ema=True),
    "nadam": lambda: keras.optimizers.Nadam(0.01),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, centered=True, momentum=0.5),
    "sgd": lambda: keras.optimizers.SGD(
        keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), momentum=0.8
    ),
    "adafactor": lambda: keras.optimizers.Adafactor(0.01),
}


def branched() -> Any:
    """Two ways from input to output, with weights of one shape on both."""
    i = K.Input((3,))
    second = K.Dense(3, name="second")(K.Dense(3, name="first")(i))
    both = K.Add()([K.Dense(3, name="short")(i), second])
    return keras.Model(i, K.Dense(1, name="last")(K.BatchNormalization()(both)))


def main() -> None:
    """One archive: each model after four steps as ``.keras``, and the losses of the epochs that follow."""
    x, y = numbers((12, 3), 1).astype("float32"), numbers((12, 1), 2).astype("float32")
    target = Path(__file__).parent / "trained.zip"
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        losses = {}
        for name, optimizer in OPTIMIZERS.items():
            keras.utils.set_random_seed(1)
            model = branched()
            model.compile(optimizer(), "mse")
            model.fit(x, y, batch_size=3, verbose=0, shuffle=False)
            model.save(f"{folder}/{name}.keras")
            archive.write(f"{folder}/{name}.keras", f"{name}.keras")
            losses[name] = model.fit(x, y, batch_size=3, epochs=3, verbose=0, shuffle=False).history["loss"]
        archive.writestr("losses.json", json.dumps(losses))


if __name__ == "__main__":
    main()
