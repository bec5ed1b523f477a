"""Keras layers and models with ``dynamic=True``: Python looks at values in their calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat import keras, tf2


def test_dynamic_models_and_layers_run_op_by_op() -> None:
    seen: list[float] = []

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(dynamic=True)
            self.last = keras.layers.Dense(1, kernel_initializer="ones")

        def call(self, x: Any) -> Any:  # type: ignore[override]
            seen.append(float(x.numpy().sum()))
            return self.last(x * 2.0 if seen[-1] > 0 else x)

    class Rows(keras.layers.Layer):  # type: ignore[misc, valid-type]
        def __init__(self, **options: Any) -> None:
            super().__init__(dynamic=True, **options)

        def call(self, x: Any) -> Any:  # type: ignore[override]
            return tf2.constant(np.stack([row * 2 for row in x.numpy()]))

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    x = np.ones((4, 3), np.float32)
    model = Own()
    assert model.dynamic
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], batch_size=2, verbose=0)
    assert np.isfinite(model.train_on_batch(x, x[:, :1])) and np.isfinite(model.test_on_batch(x, x[:, :1]))
    assert model.predict(-x, verbose=0).shape == (4, 1) and seen[-1] < 0
    start = keras.Input((3,))
    joined = keras.Model(start, keras.layers.Dense(1, kernel_initializer="ones")(Rows()(start)))
    assert joined.dynamic and joined.predict(x, verbose=0).ravel().tolist() == [6.0] * 4
    assert not keras.Sequential([keras.layers.Dense(1)]).dynamic
