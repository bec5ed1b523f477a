"""Writes what Keras computes, and files of its. In the folder ``tests``: ``python -m peers.make_keras``."""

from __future__ import annotations

import gzip
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

from peers import keras_rows as rows
from peers.values import numbers, write

FOLDER = Path(__file__).parent
keras.config.set_floatx("float64")  # or learning rates would be rounded


def layer_answers() -> dict[str, Any]:
    """The output, and the gradient for the first input of sum(output * numbers)."""
    found = {}
    for cls, arguments, shapes in rows.LAYERS:
        layer = getattr(keras.layers, cls)(**arguments, dtype="float64")
        xs = [tf.constant(numbers(shape, 20 + k) * 2) for k, shape in enumerate(shapes)]
        given = xs[0] if len(xs) == 1 else xs
        layer(given)
        layer.set_weights(rows.layer_weights([w.shape for w in layer.weights]))
        with tf.GradientTape() as tape:
            tape.watch(xs[0])
            y = layer(given)
            total = tf.reduce_sum(y * numbers(y.shape, 7))
        gradient = tape.gradient(total, xs[0])
        found["layer " + rows.name_of(cls, arguments)] = {"output": y.numpy(), "gradient": gradient.numpy()}
    return found


def activation_answers() -> dict[str, Any]:
    x = numbers((3, 6), 11) * 4
    return {
        f"activation {n}": {"output": keras.activations.get(n)(tf.constant(x)).numpy()}
        for n in rows.ACTIVATIONS
    }


def loss_answers() -> dict[str, Any]:
    found = {}
    for cls, arguments, data in rows.LOSSES:
        t, p = rows.DATA[data]
        loss, guess = getattr(keras.losses, cls)(**arguments, dtype="float64"), tf.Variable(p)
        with tf.GradientTape() as tape:
            value = loss(t, guess)
        found["loss " + rows.name_of(cls, arguments, data)] = {
            "value": value.numpy(), "gradient": tape.gradient(value, guess).numpy(),
        }  # fmt: skip
    return found


def metric_answers() -> dict[str, Any]:
    """After two batches, without weights and with."""
    found = {}
    for cls, arguments, data in rows.METRICS:
        t, p = rows.DATA[data]
        for weighted in (False, True):
            kind = "float32" if "TopK" in cls else "float64"  # TensorFlow finds the best k of float32 only
            metric, p = getattr(keras.metrics, cls)(**arguments, dtype=kind), p.astype(kind)
            for part in (slice(0, 7), slice(7, None)):
                w = rows.SAMPLE_WEIGHT[part] if weighted else None
                given = (p[part],) if cls in ("Mean", "Sum") else (t[part], p[part])
                metric.update_state(*given, sample_weight=w)
            name = rows.name_of(cls, arguments, data) + (" weighted" if weighted else "")
            found["metric " + name] = {"value": np.asarray(metric.result())}
    return found


def optimizer_answers() -> dict[str, Any]:
    """The parameter after each fifth step."""
    found = {}
    for cls, arguments in rows.OPTIMIZERS:
        w, optimizer, seen = (
            keras.Variable(rows.START, dtype="float64"),
            getattr(keras.optimizers, cls)(**arguments),
            [],
        )
        for t in range(20):
            slope = 2 * rows.SCALE**2 * (w.numpy() - rows.TARGET) * (1 + 0.1 * t)
            optimizer.apply([tf.constant(slope)], [w])
            if t % 5 == 4:
                seen.append(w.numpy().copy())
        found["optimizer " + rows.name_of(cls, arguments)] = {"values": np.stack(seen)}
    return found


def saved_model() -> Any:
    """A model with every way in which Keras nests weights."""
    L = keras.layers
    x, image = L.Input((4, 3), name="x"), L.Input((5, 5, 2), name="image")
    inner = keras.Sequential(
        [L.Input((18,)), L.Dense(3, activation="relu"), L.Dropout(0.5), L.Dense(2)], name="inner"
    )
    a = L.LSTM(2, name="reader")(x)
    b = L.Bidirectional(L.GRU(2), name="both")(x)
    c = inner(L.Flatten()(L.BatchNormalization(name="norm")(L.Conv2D(2, 3, name="conv")(image))))
    d = L.Flatten()(L.MultiHeadAttention(2, 2, name="heads")(x, x))
    return keras.Model([x, image], L.Dense(2, name="out")(L.Concatenate()([a, b, c, d])))


def file_answers() -> dict[str, Any]:
    keras.config.set_floatx("float32")
    model = saved_model()
    model.set_weights(rows.layer_weights([w.shape for w in model.weights]))
    with tempfile.TemporaryDirectory() as folder:
        for name in ("model.weights.h5", "model.h5", "model.keras"):
            path = Path(folder) / name
            model.save_weights(path) if name == "model.weights.h5" else model.save(path)
            if name == "model.keras":
                with (
                    zipfile.ZipFile(path) as old,
                    zipfile.ZipFile(FOLDER / name, "w", zipfile.ZIP_DEFLATED) as new,
                ):
                    for member in old.namelist():
                        new.writestr(zipfile.ZipInfo(member), old.read(member), zipfile.ZIP_DEFLATED)
            else:
                (FOLDER / f"{name}.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    given = [numbers((2, 4, 3), 31).astype("float32"), numbers((2, 5, 5, 2), 32).astype("float32")]
    return {"file": {"output": model(given).numpy()}}


if __name__ == "__main__":
    answers = layer_answers() | activation_answers() | loss_answers() | metric_answers() | optimizer_answers()
    write(FOLDER / "keras.json", answers | file_answers())
