"""Optimizers that programs of TensorFlow 2 derive from ``tf.keras.optimizers.Optimizer``, beside the library's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg
from thalweg.compat import tf2
from thalweg.graph.tensor import Variable

tf: Any = tf2
keras: Any = tf.keras


class Heavy(keras.optimizers.Optimizer):
    """SGD with momentum, by slots and settings."""

    def __init__(
        self, learning_rate: Any = 0.01, momentum: float = 0.9, name: str = "Heavy", **kwargs: Any
    ) -> None:
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", kwargs.get("lr", learning_rate))
        self._set_hyper("decay", self._initial_decay)
        self._set_hyper("momentum", momentum)

    def _create_slots(self, var_list: Any) -> None:
        for var in var_list:
            self.add_slot(var, "momentum")

    def _resource_apply_dense(self, grad: Any, var: Any) -> None:
        moment = self.get_slot(var, "momentum")
        moment.assign(moment * self._get_hyper("momentum", var.dtype) - self._decayed_lr(var.dtype) * grad)
        var.assign_add(moment)

    def get_config(self) -> dict[str, Any]:
        names = ("learning_rate", "decay", "momentum")
        return {**super().get_config(), **{n: self._serialize_hyperparameter(n) for n in names}}


class Shared(Heavy):
    """The same, with what all variables share computed once."""

    def _prepare_local(self, var_device: Any, var_dtype: Any, apply_state: Any) -> None:
        super()._prepare_local(var_device, var_dtype, apply_state)
        apply_state[(var_device, var_dtype)]["momentum"] = self._get_hyper("momentum", var_dtype)

    def _resource_apply_dense(self, grad: Any, var: Any, apply_state: Any = None) -> None:
        place = var.device, tf.as_dtype(var.dtype)
        shared = apply_state.get(place) or self._fallback_apply_state(*place)
        moment = self.get_slot(var, "momentum")
        moment.assign(moment * shared["momentum"] - shared["lr_t"] * grad)
        var.assign_add(moment)


class Compiled(Heavy):
    """The same, with the change of one variable as a compiled function."""

    @tf.function  # type: ignore[untyped-decorator]
    def _resource_apply_dense(self, grad: Any, var: Any) -> None:
        Heavy._resource_apply_dense(self, grad, var)


def _trained(optimizer: Any) -> tuple[Any, list[float]]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(70, 3)).astype("float32")
    thalweg.random.set_seed(0)
    model = keras.Sequential(
        [keras.layers.Dense(6, activation="tanh", input_shape=(3,)), keras.layers.Dense(1)]
    )
    model.compile(optimizer, "mse")
    return model, model.fit(x, x.sum(1), epochs=4, batch_size=16, shuffle=False, verbose=0).history["loss"]


MAKERS: list[tuple[Callable[[], Any], Callable[[], Any]]] = [
    (lambda: Heavy(0.05), lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
    (lambda: Shared(0.05, 0.5), lambda: keras.optimizers.SGD(0.05, momentum=0.5)),
    (lambda: Compiled(0.05), lambda: keras.optimizers.SGD(0.05, momentum=0.9)),
    (lambda: Heavy(lr=0.05, decay=0.1), lambda: keras.optimizers.SGD(0.05, momentum=0.9, decay=0.1)),
    (lambda: Heavy(0.05, clipnorm=0.1), lambda: keras.optimizers.SGD(0.05, momentum=0.9, clipnorm=0.1)),
    (
        lambda: Heavy(keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)),
        lambda: keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5), momentum=0.9),
    ),
]


@pytest.mark.parametrize(("own", "known"), MAKERS)
def test_a_model_learns_as_with_the_librarys(own: Callable[[], Any], known: Callable[[], Any]) -> None:
    (model, losses), (_, expected) = _trained(own()), _trained(known())
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    assert losses[-1] < losses[0]
    assert model.optimizer.iterations.numpy() == 20


def test_steps_one_by_one() -> None:
    optimizer, v = Heavy(0.1), tf.Variable([1.0, 2.0])
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(v**2)
        optimizer.apply_gradients(zip(tape.gradient(loss, [v]), [v]))
    # v = 1; m = -0.2; v = 0.8; m = -0.18 - 0.16; v = 0.46
    np.testing.assert_allclose(v.numpy(), [0.46, 0.92], rtol=1e-6)
    np.testing.assert_allclose(optimizer.get_slot(v, "momentum").numpy(), [-0.34, -0.68], rtol=1e-6)
    optimizer.minimize(lambda: tf.reduce_sum(v**2), [v])
    assert optimizer.get_slot_names() == ["momentum"] and optimizer.iterations.numpy() == 3
    assert [w.shape for w in optimizer.weights] == [(), (2,)]


def test_settings_are_attributes_that_compiled_programs_see() -> None:
    optimizer = Heavy(0.25, momentum=0.9)
    v = tf.Variable(1.0)
    step = tf.function(lambda: optimizer.apply_gradients([(tf.constant(1.0), v)]))
    step()
    assert v.numpy() == 0.75
    optimizer.lr, optimizer.momentum = 0.0, 0.0
    assert isinstance(optimizer.momentum, Variable) and isinstance(optimizer.learning_rate, Variable)
    step()
    assert v.numpy() == 0.75 and optimizer.iterations.numpy() == 2


def test_an_optimizer_is_data_and_goes_into_files(tmp_path: Path) -> None:
    optimizer = Heavy(0.02, momentum=0.7, decay=0.01)
    config = optimizer.get_config()
    assert config == {"name": "Heavy", "learning_rate": 0.02, "decay": 0.01, "momentum": 0.7}
    assert Heavy.from_config(config).get_config() == config
    model, _ = _trained(optimizer)
    model.save(tmp_path / "model.h5")
    again = keras.models.load_model(tmp_path / "model.h5", custom_objects={"Heavy": Heavy})
    assert again.optimizer.get_config() == config and again.optimizer.iterations.numpy() == 20
    assert isinstance(again.optimizer, keras.optimizers.Optimizer)


def test_rows_and_their_numbers_are_gradients() -> None:
    v, w = tf.Variable(tf.ones([3, 2])), tf.Variable(tf.ones([3, 2]))
    rows = tf.IndexedSlices(tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tf.constant([0, 2, 0]))
    dense = tf.constant([[6.0, 8.0], [0.0, 0.0], [3.0, 4.0]])
    for variable, gradient in ((v, rows), (w, dense)):
        tf.keras.optimizers.Adam(0.1).apply_gradients([(gradient, variable)])
    assert v.numpy().tolist() == w.numpy().tolist() != np.ones((3, 2)).tolist()


def test_a_schedule_is_given_the_step_as_a_float() -> None:
    seen = []

    class Warmup(tf.keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc, name-defined]
        def __call__(self, step: Any) -> Any:
            seen.append(step.dtype)
            return tf.math.minimum(tf.math.rsqrt(step + 1.0), step * 4000**-1.5 + 0.5)

    v = tf.Variable([1.0])
    optimizer = tf.keras.optimizers.SGD(Warmup())
    for _ in range(2):
        optimizer.apply_gradients([(tf.constant([1.0]), v)])
    assert seen and {str(d) for d in seen} == {"float32"}
    np.testing.assert_allclose(v.numpy(), 1.0 - 0.5 - (0.5 + 4000**-1.5), rtol=1e-6, atol=1e-7)


def test_metrics_of_a_program_count_in_float32() -> None:
    class Share(tf.keras.metrics.Metric):  # type: ignore[misc, name-defined]
        def __init__(self, name: str = "share", dtype: Any = None) -> None:
            super().__init__(name, dtype)
            self.hits = self.add_weight(
                "hits", shape=(2,), initializer=tf.keras.initializers.zeros, dtype=self.dtype
            )

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.hits.assign_add(tf.reduce_sum(tf.cast(y_true, self._dtype) * y_pred, 0))

        def result(self) -> Any:
            return self.hits

    metric = Share()
    metric.update_state(np.ones((3, 2)), tf.constant([[1.0, 0.0]] * 3))
    assert metric.dtype == "float32" and metric.result().numpy().tolist() == [3.0, 0.0]


def test_an_optimizer_around_another_lists_its_weights_itself() -> None:
    class Slow(tf.keras.optimizers.Optimizer):  # type: ignore[misc, name-defined]
        def __init__(self, optimizer: Any) -> None:
            super().__init__("slow")
            self._optimizer = optimizer

        @property
        def weights(self) -> Any:
            return self._weights + self._optimizer.weights

    inner = tf.keras.optimizers.Adam()
    first, *others = Slow(inner).weights
    assert int(first) == 0 and [w is v for w, v in zip(others, inner.weights, strict=True)] == [True] * len(
        others
    )
