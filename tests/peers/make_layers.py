"""Writes what Keras answers to ``layer_cases``. In the folder ``tests``: ``python -m peers.make_layers``."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
import tensorflow as tf

from peers import layer_cases as cases
from peers.keras_rows import layer_weights
from peers.values import numbers


def main() -> None:
    """Outputs, then gradients for inputs and weights, then the weights that training does not move."""
    values, shapes_of_parts = [], []
    for case in cases.CASES:
        cls, arguments, shapes, call = case
        layer = cases.made(keras.layers, (cls, arguments), "float64")
        xs = [tf.constant(numbers(shape, 20 + k) * 2) for k, shape in enumerate(shapes)]
        given = cases.arguments_of(case, xs)
        layer(*given, **call)
        layer.set_weights(layer_weights([w.shape for w in layer.weights]))
        with tf.GradientTape() as tape:
            for x in xs:
                tape.watch(x)
            ys = cases.leaves(layer(*given, **call))
            total = sum(tf.reduce_sum(y * numbers(y.shape, 7 + k)) for k, y in enumerate(ys))
        gradients = tape.gradient(total, [*xs, *(w.value for w in layer.trainable_weights)])
        parts = [*ys, *map(tf.convert_to_tensor, gradients), *(w.value for w in layer.non_trainable_weights)]
        values += [np.asarray(part, np.float64).ravel() for part in parts]
        shapes_of_parts.append(" ".join(str(tuple(part.shape)).replace(" ", "") for part in parts))
    path = Path(__file__).parent / "layers.npz"
    np.savez_compressed(path, values=np.concatenate(values), shapes=np.array(shapes_of_parts))


if __name__ == "__main__":
    main()
