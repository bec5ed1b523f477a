"""Writes models that Keras saves, with inputs and its predictions. In ``tests``: ``python -m peers.make_models``."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers as K

from peers.values import numbers


def dense() -> Any:
    """Every kind of option: regulariser, constraint, initialiser, schedule, loss and metric objects."""
    rate = keras.optimizers.schedules.ExponentialDecay(1e-2, 100, 0.9)
    first = K.Dense(
        8, "relu", kernel_regularizer=keras.regularizers.L2(0.01), kernel_constraint="max_norm",
        kernel_initializer=keras.initializers.HeNormal(seed=2),
    )  # fmt: skip
    model = keras.Sequential(
        [
            K.Input((4,)),
            first,
            K.BatchNormalization(),
            K.Dropout(0.2, seed=3),
            K.Dense(3, activation="softmax"),
        ]
    )
    top = keras.metrics.SparseTopKCategoricalAccuracy(k=2)
    loss = keras.losses.SparseCategoricalCrossentropy()
    model.compile(keras.optimizers.Adam(rate), loss, metrics=["accuracy", top])
    return model


def images() -> Any:
    """Convolutions, and a part that is frozen."""
    part = keras.Sequential([K.Input((8, 8, 3)), K.Conv2D(4, 3, padding="same"), K.PReLU(shared_axes=[1, 2])])
    part.trainable = False
    tail = [
        K.MaxPooling2D(),
        K.SeparableConv2D(5, 3),
        K.Conv2DTranspose(2, 2, strides=2),
        K.GlobalMaxPooling2D(),
    ]
    return keras.Sequential([K.Input((8, 8, 3)), K.Rescaling(0.5), part, *tail, K.Dense(2)])


def steps() -> Any:
    """Masks, both directions, layers inside layers."""
    both = K.Bidirectional(K.LSTM(3, return_sequences=True))
    inner = [
        K.Input((6,), dtype="int32"),
        K.Embedding(10, 4, mask_zero=True),
        both,
        K.TimeDistributed(K.Dense(4)),
    ]
    return keras.Sequential([*inner, K.GRU(3), K.Dense(1, activation="sigmoid")])


def graph() -> Any:
    """Two inputs and outputs, a shared layer, arithmetic between layers, a model inside."""
    a, b, shared = K.Input((5,), name="a"), K.Input((5,), name="b"), K.Dense(4, name="shared")
    p, q = shared(a), shared(b)
    z = K.Concatenate()([p, q])
    z = K.Add()([z, K.Dense(8)(z)]) * 2.0 + 1.0
    inner = keras.Sequential([K.Input((8,)), K.Dense(3, name="deep")], name="inner")
    model = keras.Model([a, b], [inner(z), K.Dense(1, name="last")(K.Dot(axes=1)([p, q]))], name="both")
    model.compile(keras.optimizers.AdamW(1e-3), ["mse", "mae"], loss_weights=[1.0, 0.5])
    return model


def attention() -> Any:
    """Attention, einsum, states as outputs, cells."""
    x = K.Input((6, 4))
    y = K.LayerNormalization()(x + K.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True))
    y = K.EinsumDense("abc,cd->abd", output_shape=(None, 7), bias_axes="d", activation="gelu")(y)
    h, s = K.GRU(3, return_state=True)(y)
    return keras.Model(x, K.Dense(2)(K.Concatenate()([h, s, K.RNN([K.LSTMCell(3), K.GRUCell(2)])(y)])))


def looked_up() -> Any:
    """A vocabulary and figures that were measured."""
    table = K.IntegerLookup(output_mode="multi_hot")
    table.adapt(np.array([5, 5, 7, 9]))
    scale = K.Normalization()
    scale.adapt(numbers((20, 3), 4) * 3 + 1)
    a, b = K.Input((2,), dtype="int64"), K.Input((3,))
    return keras.Model([a, b], K.Dense(1)(K.Concatenate()([table(a), scale(b)])))


INPUTS: dict[Any, list[np.ndarray]] = {
    dense: [numbers((5, 4), 1)],
    images: [numbers((2, 8, 8, 3), 2)],
    steps: [(numbers((3, 6), 3) * 5 + 5).astype("int64")],
    graph: [numbers((4, 5), 4), numbers((4, 5), 5)],
    attention: [numbers((2, 6, 4), 6)],
    looked_up: [np.array([[5, 1], [7, 9]]), numbers((2, 3), 7)],
}


def main() -> None:
    """One archive: each model as ``.keras`` and ``.h5``, its inputs and what it predicts."""
    with zipfile.ZipFile(
        Path(__file__).parent / "models.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9
    ) as archive:
        for make, xs in INPUTS.items():
            model, name = make(), make.__name__
            for k, weight in enumerate(model.weights):
                if "seed" not in weight.path and "normalization/" not in weight.path.replace("layer_", ""):
                    weight.assign(np.abs(numbers(weight.shape, 300 + k)) * 0.5 + 0.1)
            with tempfile.TemporaryDirectory() as folder:
                for kind in ("keras", "h5"):
                    model.save(f"{folder}/m.{kind}")
                    archive.write(f"{folder}/m.{kind}", f"{name}.{kind}")
            given = [x.astype("float32") if x.dtype.kind == "f" else x for x in xs]
            ys = model.predict(given if len(given) > 1 else given[0], verbose=0)
            held: dict[str, Any] = {f"x{k}": x for k, x in enumerate(given)}
            held |= {f"y{k}": y for k, y in enumerate(ys if isinstance(ys, list) else [ys])}
            file = io.BytesIO()
            np.savez(file, **held)
            archive.writestr(f"{name}.npz", file.getvalue())
        plain = keras.Sequential([K.Input((3,)), K.Lambda(lambda x: x * 2), K.Dense(1)])
        with tempfile.TemporaryDirectory() as folder:
            plain.save(f"{folder}/m.keras")
            archive.write(f"{folder}/m.keras", "code.keras")


if __name__ == "__main__":
    main()
