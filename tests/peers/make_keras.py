"""Writes what Keras computes, and files of its. In the folder ``tests``: ``python -m peers.make_keras``."""

from __future__ import annotations

import gzip
import inspect
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
    """The parameter after each fifth step: a matrix, the matrix on its side, and a vector."""
    found = {}
    for cls, arguments in rows.OPTIMIZERS:
        answer = {}
        for kind, pick in rows.PARTS.items():
            w, seen = keras.Variable(pick(rows.START), dtype="float64"), []
            optimizer = getattr(keras.optimizers, cls)(**arguments)
            for t in range(20):
                slope = (
                    2
                    * pick(rows.SCALE + 0 * rows.START) ** 2
                    * (w.numpy() - pick(rows.TARGET))
                    * (1 + 0.1 * t)
                )
                optimizer.apply([tf.constant(slope * arguments.get("loss_scale_factor", 1))], [w])
                if t % 5 == 4:
                    seen.append(w.numpy().copy())
            answer[kind] = np.stack(seen)
        found["optimizer " + rows.name_of(cls, arguments)] = answer
    return found


def schedule_answers() -> dict[str, Any]:
    return {
        "schedule " + rows.name_of(cls, arguments): {
            "rates": [float(getattr(keras.optimizers.schedules, cls)(**arguments)(t)) for t in range(25)]
        }
        for cls, arguments in rows.SCHEDULES
    }


def weight_answers() -> dict[str, Any]:
    """Regularisers, constraints and initialisers; of drawn numbers, the standard deviation."""
    found, w = {}, tf.constant(rows.START)
    for cls, arguments in rows.REGULARIZERS:
        value = getattr(keras.regularizers, cls)(**arguments)(tf.cast(w, "float32"))
        found["regularizer " + rows.name_of(cls, arguments)] = {"value": np.asarray(value)}
    for cls, arguments in rows.CONSTRAINTS:
        value = getattr(keras.constraints, cls)(**arguments)(w)
        found["constraint " + rows.name_of(cls, arguments)] = {"value": np.asarray(value)}
    for cls, arguments, shape in rows.INITIALIZERS:
        value = getattr(keras.initializers, cls)(**arguments)(shape, dtype="float64")
        found["initializer " + rows.name_of(cls, arguments, shape)] = {"value": np.asarray(value)}
    for cls, arguments, shape in rows.DRAWN:
        many = [
            getattr(keras.initializers, cls)(**arguments, seed=k)(shape, dtype="float64") for k in range(8)
        ]
        found["drawn " + rows.name_of(cls, arguments, shape)] = {
            "deviation": np.std(many),
            "most": np.max(many),
        }
    return found


def signatures() -> dict[str, Any]:
    """What every public name takes: arguments and defaults, where these are plain values."""
    found = {}
    for room in rows.ROOMS:
        module = keras
        for part in room.split("."):
            module = getattr(module, part)
        for name in sorted(n for n in dir(module) if n[0] != "_" and callable(getattr(module, n))):
            target = getattr(module, name)
            parameters = inspect.signature(target.__init__ if inspect.isclass(target) else target).parameters
            found[f"signature {room}.{name}"] = {
                "state": [
                    [p.name, *([] if p.default is p.empty else [p.default])]
                    for p in parameters.values()
                    if p.name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
                ]
            }
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
    answers |= schedule_answers() | weight_answers() | signatures()
    write(FOLDER / "keras.json", answers | file_answers())
