"""What programs of the years 2019 and 2020 ask of TensorFlow 2 beyond its first tutorials."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg import events
from thalweg.compat import tf2
from thalweg.compat import tfp_names as tfp
from thalweg.compat.names import UnsupportedNameError
from thalweg.errors import ArgumentError, ShapeError

tf: Any = tf2
ROWS = tf.ragged.constant([[3, 1, 4], [7], [1, 5], [9, 2, 6, 5]], dtype="int64")


def of_rows(ragged: bool) -> tuple[Any, Any]:
    """A model over words with one output for a row, and one with an output for each word."""
    words = tf.keras.layers.Input([None], dtype="int64", ragged=ragged)
    x = tf.keras.layers.Embedding(10, 3, mask_zero=not ragged)(words)
    steps = tf.keras.layers.GRU(4, return_sequences=True)(x)
    end = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(3))(steps)
    return tf.keras.Model(words, tf.keras.layers.Dense(2)(end)), tf.keras.Model(words, steps)


def test_models_over_rows_of_different_lengths_are_those_over_filled_rows_under_a_mask() -> None:
    (uneven, by_step), (plain, by_step_of_plain) = of_rows(True), of_rows(False)
    plain.set_weights(uneven.get_weights())
    by_step_of_plain.set_weights(by_step.get_weights())
    filled, targets = ROWS.to_tensor(), np.ones((4, 2), "float32")
    np.testing.assert_array_equal(uneven.predict(ROWS), plain.predict(filled))
    pairs = [tf.data.Dataset.from_tensor_slices((x, targets)).batch(2) for x in (ROWS, filled)]
    for model, data in zip((uneven, plain), pairs, strict=True):
        model.compile("adam", "mse")
        model.fit(data, epochs=2, verbose=0)
    for a, b in zip(uneven.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)  # a batch of shorter rows is filled up less
    found, expected = by_step.predict(ROWS), by_step_of_plain.predict(filled)
    assert found.row_lengths().tolist() == [3, 1, 2, 4]
    for k, row in enumerate(found):
        np.testing.assert_allclose(row, expected[k, : len(row)], atol=1e-6)


def test_rows_of_different_lengths_are_refused_where_nothing_said_so() -> None:
    plain, _ = of_rows(False)
    with pytest.raises(ArgumentError, match=r"takes no ragged tensors.*ragged=True"):
        plain.predict(ROWS)
    deep = tf.ragged.constant([[[1], [2, 3]], [[4]]])
    with pytest.raises(ShapeError, match="one axis of different lengths"):
        of_rows(True)[0].predict(deep)


def printed(thalweg_run: Run, folder: Path, text: str) -> list[str]:
    """What a program prints that is run as it stands."""
    file = folder / "program.py"
    file.write_text("import numpy as np\nimport tensorflow as tf\n" + textwrap.dedent(text))
    result = thalweg_run(file)
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_layers_and_models_take_rows_of_different_lengths_and_a_tape_forgets(
    thalweg_run: Run, tmp_path: Path
) -> None:
    lines = printed(
        thalweg_run,
        tmp_path,
        """
        rows = tf.ragged.constant([[3, 1, 4], [7], [1, 5]])
        x = tf.keras.layers.Embedding(10, 3)(rows)
        print(x.shape, tf.keras.layers.LSTM(4)(x).shape)
        y = tf.keras.layers.GRU(2, return_sequences=True)(x)
        words = tf.keras.Input([None], dtype="int64", ragged=True)
        model = tf.keras.Model(words, tf.keras.layers.LSTM(2)(tf.keras.layers.Embedding(10, 3)(words)))
        np.testing.assert_allclose(model(rows), model.predict(rows), atol=1e-6)
        print(type(y).__name__, y.row_lengths().numpy())

        class Own(tf.keras.layers.Layer):
            def call(self, inputs):
                return inputs.to_tensor()

        print(Own()(rows).shape)
        a, b = tf.Variable(2.0), tf.Variable(3.0)
        with tf.GradientTape() as tape:
            square = b * b
            tape.reset()
            z = a * a + square
        print(*[None if g is None else g.numpy() for g in tape.gradient(z, [a, b])], square.numpy())
        """,
    )
    assert lines == ["(3, None, 3) (3, 4)", "RaggedTensor [3 1 2]", "(3, 3)", "4.0 None 9.0"]


# --- optimizers that others derive from -------------------------------------------------------------------------------


def numbers_after(optimizer: Any, steps: int = 3) -> list[float]:
    """A variable after steps down ``sum(v^3)``."""
    v = tf.Variable([1.0, -2.0])
    for _ in range(steps):
        optimizer.apply_gradients([(3 * v.read_value() ** 2, v)])
    return [round(float(x), 5) for x in v.numpy()]


class Decayed:
    """Decoupled weight decay as a class to derive from beside an optimizer, as TensorFlow Addons writes it."""

    def __init__(self, weight_decay: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._set_hyper("weight_decay", weight_decay)  # type: ignore[attr-defined]

    def _prepare_local(self, var_device: Any, var_dtype: Any, apply_state: Any) -> None:
        super()._prepare_local(var_device, var_dtype, apply_state)  # type: ignore[misc]
        decay = self._get_hyper("weight_decay", var_dtype)  # type: ignore[attr-defined]
        apply_state[(var_device, var_dtype)]["wd_t"] = tf.identity(decay)

    def _resource_apply_dense(self, grad: Any, var: Any, apply_state: Any = None) -> Any:
        kept = apply_state or {}
        place = var.device, tf.as_dtype(var.dtype)
        found = kept.get(place) or self._fallback_apply_state(*place)  # type: ignore[attr-defined]
        with tf.control_dependencies([var.assign_sub(found["wd_t"] * var.read_value(), self._use_locking)]):  # type: ignore[attr-defined]
            return super()._resource_apply_dense(grad, var, apply_state=apply_state)  # type: ignore[misc]


def test_optimizers_are_derived_from_as_tensorflow_2_has_it() -> None:
    """The numbers are those of Keras 2.21's ``legacy`` optimizers under the same class."""
    sgdw = type("SGDW", (Decayed, tf.keras.optimizers.SGD), {})
    adamw = type("AdamW", (Decayed, tf.keras.optimizers.Adam), {})
    assert numbers_after(sgdw(0.1, learning_rate=0.01, momentum=0.9)) == [0.5991, -2.06234]
    assert numbers_after(adamw(0.1, learning_rate=0.1)) == [0.47028, -1.72762]


def test_an_optimizer_around_another_counts_for_both() -> None:
    inner = tf.keras.optimizers.Adam(0.1)
    outer = tf.keras.optimizers.SGD(0.1)
    inner._iterations = outer.iterations
    outer.iterations.assign(7)
    assert inner.iterations is outer.iterations and int(inner._iterations.numpy()) == 7


def test_steps_of_optimizers_as_raw_ops() -> None:
    def moved(nesterov: bool) -> Any:
        v, a = tf.Variable([1.0, 2.0]), tf.Variable([0.5, -0.5])
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=v, accum=a, lr=0.1, grad=tf.constant([1.0, 3.0]), momentum=0.9, use_nesterov=nesterov
        )
        return v.numpy().round(5).tolist(), a.numpy().round(5).tolist()

    assert moved(False) == (pytest.approx([1.35, 1.25]), pytest.approx([0.35, -0.75]))
    assert moved(True) == (pytest.approx([1.215, 1.025]), pytest.approx([0.35, -0.75]))
    v, a = tf.Variable([[1.0], [2.0], [3.0]]), tf.Variable([[0.5], [0.5], [0.5]])
    tf.raw_ops.ResourceSparseApplyKerasMomentum(
        var=v, accum=a, lr=0.1, grad=tf.constant([[1.0]]), indices=[1], momentum=0.9
    )
    assert v.numpy().ravel().tolist() == pytest.approx([1.0, 2.35, 3.0])
    assert a.numpy().ravel().tolist() == pytest.approx([0.5, 0.35, 0.5])
    w, m, s = tf.Variable([1.0]), tf.Variable([0.0]), tf.Variable([0.0])
    tf.raw_ops.ResourceApplyAdam(
        var=w, m=m, v=s, beta1_power=0.9, beta2_power=0.999, lr=0.1, beta1=0.9, beta2=0.999, epsilon=1e-7,
        grad=tf.constant([4.0]),
    )  # fmt: skip
    assert w.numpy()[0] == pytest.approx(0.9) and m.numpy()[0] == pytest.approx(0.4)
    tf.raw_ops.ResourceApplyGradientDescent(var=w, alpha=0.5, delta=tf.constant([1.0]))
    assert w.numpy()[0] == pytest.approx(0.4)


def test_pictures_seen_from_elsewhere() -> None:
    x = tf.reshape(tf.range(9.0), [1, 3, 3, 1])
    moved = tf.raw_ops.ImageProjectiveTransformV2(
        images=x, transforms=[[1.0, 0, 1, 0, 1, 0, 0, 0]], output_shape=[3, 3]
    )
    assert moved.numpy()[0, :, :, 0].tolist() == [[1.0, 2.0, 0.0], [4.0, 5.0, 0.0], [7.0, 8.0, 0.0]]


# --- layers that others take apart ------------------------------------------------------------------------------------


def test_a_layer_whose_activation_was_taken_away_gives_its_plain_result() -> None:
    x = np.ones((1, 4, 4, 2), "float32")
    for layer in (
        tf.keras.layers.Conv2D(3, 2, activation="relu"),
        tf.keras.layers.Dense(3, activation="relu"),
    ):
        layer(x)
        layer.set_weights([-np.ones_like(w) for w in layer.get_weights()])
        assert layer(x).numpy().max() == 0.0
        layer.activation = None
        assert layer(x).numpy().max() < 0.0


def test_wrappers_build_the_layer_they_are_around() -> None:
    class Around(tf.keras.layers.Wrapper):  # type: ignore[name-defined,misc]
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.form = self.layer.kernel.shape

        def call(self, inputs: Any) -> Any:
            return self.layer(inputs)

    around = Around(tf.keras.layers.Dense(3))
    assert around(np.ones((2, 5), "float32")).shape == (2, 3) and around.form == (5, 3)


def test_whole_numbers_from_a_cell_stay_whole_under_a_mask() -> None:
    class Counts(tf.keras.layers.Layer):  # type: ignore[name-defined,misc]
        state_size = output_size = 1

        def call(self, inputs: Any, states: Any) -> Any:
            return tf.cast(inputs, "int32"), [states[0] + inputs]

    run = tf.keras.layers.RNN(Counts(), return_sequences=True, zero_output_for_mask=True)
    out = run(np.full((1, 3, 1), 2.0, "float32"), mask=np.array([[True, True, False]]))
    assert out.dtype.name == "int32" and out.numpy().ravel().tolist() == [2, 2, 0]


def test_conditions_and_shapes_of_nested_things() -> None:
    utils = tf.keras.utils.tf_utils
    assert utils.smart_cond(tf.constant(True), lambda: 1, lambda: 2) == 1
    assert utils.constant_value(tf.constant(False)) is False and not utils.is_symbolic_tensor(tf.constant(1))
    shape = tf.TensorShape([2, 3])
    assert tf.nest.flatten([shape, shape]) == [shape, shape]
    assert tf.nest.map_structure(lambda s: s[1:], (shape, shape)) == (tf.TensorShape([3]),) * 2
    values, vectors = tf.linalg.eig([[0.0, -1.0], [1.0, 0.0]])
    np.testing.assert_allclose(sorted(values.numpy().imag), [-1.0, 1.0], atol=1e-6)
    assert vectors.dtype.name == "complex64" and tf.linalg.eigvals([[2.0]]).numpy().real.tolist() == [2.0]


# --- losses and data as Keras 2 took them -----------------------------------------------------------------------------


def test_losses_that_a_program_calls_itself_stretch_what_differs_in_shape(
    thalweg_run: Run, tmp_path: Path
) -> None:
    """The numbers are those of Keras 2.21: [3] and [3, 1] are [3, 3] together."""
    lines = printed(
        thalweg_run,
        tmp_path,
        """
        losses = tf.keras.losses
        a, b = tf.constant([0.1, 0.2, 0.3]), tf.constant([[0.2], [0.4], [0.5]])
        for of in (losses.MSE, losses.mean_absolute_error, losses.binary_crossentropy, losses.KLD):
            print(np.round(of(a, b).numpy(), 4).tolist(), np.round(of(b, a).numpy(), 4).tolist())
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer="ones", input_shape=(1,))])
        model.compile("sgd", losses.mean_squared_error, metrics=["mae"])
        print(model.evaluate(np.ones((4, 1)), np.array([0.0, 1.0, 2.0, 3.0]), verbose=0))
        """,
    )
    near = lambda text: [round(v, 3) for part in text.replace("] [", "],[").split("],[") for v in map(
        float, part.strip("[]").split(", "))]  # fmt: skip
    assert near(lines[0]) == [0.007, 0.047, 0.097, 0.007, 0.047, 0.097]
    assert near(lines[1]) == [0.067, 0.2, 0.3, 0.067, 0.2, 0.3]
    assert near(lines[2]) == [0.5, 0.592, 0.693, 0.524, 0.819, 0.967]
    assert near(lines[3]) == [0.052, -0.364, -0.497, 0.058, 0.947, 1.518]
    assert near(lines[4]) == [1.5, 1.0]  # in training each target meets its own prediction


def test_a_step_of_a_programs_own_sees_numbers_as_they_are() -> None:
    seen: list[Any] = []

    class Own(tf.keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.of_numbers = tf.keras.layers.Embedding(4, 2)

        def train_step(self, data: Any) -> Any:
            seen.append(tuple(data["a"].shape))
            return {"loss": tf.reduce_sum(self.of_numbers(data["a"]))}

    model = Own()
    model.compile("sgd")
    model.fit(tf.data.Dataset.from_tensor_slices({"a": [0, 1, 2, 3]}).batch(2), verbose=0)
    assert all(len(shape) == 1 for shape in seen)


def test_files_by_several_names_and_records_under_a_name_that_ends_in_a_stroke(tmp_path: Path) -> None:
    for k in range(2):
        (tmp_path / f"{k}.csv").write_text(f"a,y\n{k},{k}\n")
    names = [str(tmp_path / "0.csv"), str(tmp_path / "1.csv")]
    table = tf.data.experimental.make_csv_dataset(names, 2, label_name="y", num_epochs=1, shuffle=False)
    ((features, labels),) = table
    assert features["a"].numpy().tolist() == labels.numpy().tolist() == [0, 1]
    with tf.io.TFRecordWriter(f"{tmp_path}/some.records/") as writer:
        writer.write(b"one")
    assert [r.numpy() for r in tf.data.TFRecordDataset(str(tmp_path / "some.records"))] == [b"one"]


def test_weights_of_layers_can_be_assigned_by_parts_and_layers_are_asked_what_they_are(
    thalweg_run: Run, tmp_path: Path
) -> None:
    lines = printed(
        thalweg_run,
        tmp_path,
        """
        class Counts(tf.keras.metrics.Metric):
            def __init__(self):
                super().__init__(name="counts")
                self.seen = self.add_weight(name="seen", shape=(3,), initializer="zeros")

            @tf.function
            def update_state(self, y):
                for i in tf.range(tf.shape(y)[0]):
                    self.seen[y[i]].assign(self.seen[y[i]] + 1.0)

            def result(self):
                return self.seen

        counts = Counts()
        counts.update_state(tf.constant([0, 2, 2]))
        print(counts.result().numpy())
        L = tf.keras.layers.Layer
        print(issubclass(L, tf.Module), issubclass(tf.keras.Model, L), issubclass(tf.keras.layers.Dense, L))
        print(tf.keras.Sequential(name="net").name_scope())
        """,
    )
    assert lines == ["[1. 0. 2.]", "True True True", "net"]


# --- distributions ----------------------------------------------------------------------------------------------------


def test_distributions_have_the_numbers_of_tensorflow_probability() -> None:
    """The numbers are those of TensorFlow Probability 0.25."""
    tfd = tfp.distributions
    x = np.array([[0.5, -1.0, 2.0], [0.0, 0.3, -0.7]], "float32")
    near = lambda found, expected: np.testing.assert_allclose(found, expected, atol=2e-4)
    near(tfd.Normal(x, 2.0).log_prob(0.3), [[-1.6171, -1.8233, -1.9733], [-1.6233, -1.6121, -1.7371]])
    near(tfd.Normal(x, 2.0).entropy(), np.full((2, 3), 2.1121))
    near(tfd.MultivariateNormalDiag(x, [1.0, 2.0, 0.5]).log_prob([0.1, 0.2, 0.3]), [-8.7968, -4.7631])
    near(tfd.Categorical(x).log_prob([0, 2]), [-1.7413, -1.7461])
    near(tfd.Categorical(probs=[0.2, 0.5, 0.3]).prob([0, 2]), [0.2, 0.3])
    near(tfd.Categorical(x).entropy(), [0.6216, 1.0259])
    near(tfd.OneHotCategorical(logits=x).log_prob([0.0, 1.0, 0.0]), [-3.2413, -0.7461])
    near(tfd.Bernoulli(logits=x[0]).log_prob([1, 0, 1]), [-0.4741, -0.3133, -0.1269])
    near(tfd.Bernoulli(probs=[0.2, 1.0]).entropy(), [0.5004, 0.0])
    near(tfd.Uniform(-1.0, [1.0, 3.0]).prob([2.0, 2.0]), [0.0, 0.25])
    near(tfd.kl_divergence(tfd.Categorical(x), tfd.Categorical(2 * x)), [0.1899, 0.055])
    near(tfd.Independent(tfd.Normal(x, 1.0), 1).log_prob(x), [-2.7568] * 2)
    normal = tfd.Independent(tfd.Normal(x, 1.0), 1)
    assert (
        normal.batch_shape == (2,)
        and normal.event_shape == (3,)
        and normal.sample([4, 5]).shape == (4, 5, 2, 3)
    )
    assert tfd.Categorical(x).sample(6).shape == (6, 2) and tfd.Categorical(x).sample().dtype.name == "int32"
    many = tfd.Categorical(probs=[0.2, 0.5, 0.3]).sample(4000).numpy()
    assert np.abs(np.bincount(many) / 4000 - [0.2, 0.5, 0.3]).max() < 0.03
    with pytest.raises(UnsupportedNameError, match="kl_divergence of Normal and Uniform"):
        tfd.kl_divergence(tfd.Normal(0.0, 1.0), tfd.Uniform())


def test_checkpoints_that_are_hours_apart_stay(tmp_path: Path) -> None:
    v = tf.Variable(1.0)
    for hours, left in ((None, 2), (1e-9, 4)):
        folder = tmp_path / str(left)
        manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(v=v), folder, max_to_keep=2, keep_checkpoint_every_n_hours=hours
        )
        for _ in range(4):
            path = manager.save()
        assert manager.latest_checkpoint == path and len(manager.checkpoints) == 2
        assert len(list(folder.glob("*.safetensors"))) == left


def test_of_symmetric_matrices_only_the_lower_triangle_is_read() -> None:
    """Figures of TensorFlow 2."""
    x = tf.Variable([[4.0, 1.0], [2.0, 4.0]])
    factors = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        values = tf.linalg.eigvalsh(x)
        first = tf.reduce_sum(values * [1.0, 2.0])
        lower = tf.linalg.cholesky(x)
        second = tf.reduce_sum(lower * factors)
    np.testing.assert_allclose(values, [2.0, 6.0], rtol=1e-6)
    np.testing.assert_allclose(tf.linalg.eigh(x)[0], [2.0, 6.0], rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(first, x), [[1.5, 0.0], [1.0, 1.5]], atol=1e-6)
    np.testing.assert_allclose(lower, [[2.0, 0.0], [1.0, 1.7320508]], rtol=1e-6)
    np.testing.assert_allclose(
        tape.gradient(second, x), [[0.16367516, 0.17264974], [0.17264974, 1.1547004]], rtol=1e-5
    )


def test_the_pseudo_inverse_heeds_its_least_singular_value() -> None:
    x = np.diag([4.0, 1.0])
    np.testing.assert_allclose(tf.linalg.pinv(x), np.diag([0.25, 1.0]))
    np.testing.assert_allclose(tf.linalg.pinv(x, rcond=0.5), np.diag([0.25, 0.0]))


def test_a_constant_of_other_axes_is_the_first_value_of_a_weight() -> None:
    kernel = np.arange(9, dtype="float32").reshape(1, 3, 3)
    layer = tf.keras.layers.Conv2D(1, 3, kernel_initializer=tf.constant_initializer(kernel))
    layer.build([None, 7, 7, 1])
    np.testing.assert_array_equal(layer.kernel.numpy()[:, :, 0, 0], kernel[0])
    row = tf.constant_initializer([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(row([2, 2]), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(tf.constant_initializer([5.0])([3]), [5, 5, 5])
    with pytest.raises(ShapeError, match="Constant: value"):
        tf.constant_initializer([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])([3, 2])


def test_a_model_is_kept_in_a_folder_that_is_there_already(tmp_path: Path) -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events").write_text("what another callback wrote")
    keeping = tf.keras.callbacks.ModelCheckpoint(str(tmp_path / "run"))
    model.fit(np.ones((4, 2)), np.ones((4, 1)), callbacks=[keeping], verbose=0)
    again = tf.keras.models.load_model(str(tmp_path / "run"))
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])
    refused = tf.keras.callbacks.ModelCheckpoint(str(tmp_path / "run"), save_weights_only=True)
    with pytest.raises(ArgumentError, match="filepath is a folder"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), callbacks=[refused], verbose=0)


def test_a_model_at_the_front_of_another_gets_an_input_named_after_it() -> None:
    given = tf.keras.Input((4,), name="pixels")
    inner = tf.keras.Model(given, tf.keras.layers.Dense(3)(given), name="inner")
    model = tf.keras.Sequential([inner, tf.keras.layers.Dense(2)], name="outer")
    around = tf.keras.Sequential([model, tf.keras.layers.Dense(2)])
    assert (inner.input_names, model.input_names) == (["pixels"], ["inner_input"])
    assert around.input_names == ["outer_input"]
    model.compile("sgd", "mse")
    model.fit({"inner_input": np.ones((2, 4))}, np.ones((2, 2)), verbose=0)
    np.testing.assert_allclose(
        around.predict(np.ones((1, 4))), around.layers[1](model.predict(np.ones((1, 4)))), rtol=1e-5
    )


def test_functions_of_elements_are_compiled_once() -> None:
    calls: list[int] = []
    v = tf.Variable(0)

    def change(x: Any, k: Any) -> Any:
        calls.append(1)
        v.assign_add(1)
        return [tf.cast(x, tf.float32) / 2.0, tf.one_hot(k, 3), v + 0]

    data = tf.data.Dataset.from_tensor_slices((np.arange(40), np.arange(40) % 3)).map(change)
    halves, classes, counts = next(iter(data.batch(40)))
    assert isinstance(data.element_spec, tuple) and len(calls) == 1
    np.testing.assert_array_equal(halves, np.arange(40) / 2)
    np.testing.assert_array_equal(np.argmax(classes, 1), np.arange(40) % 3)
    assert sorted(counts.numpy()) == list(range(int(counts[0]), int(counts[0]) + 40))


def test_functions_of_elements_that_look_at_values_run_as_python() -> None:
    def change(k: Any) -> Any:
        return k * 10 if k > 2 else k

    numbers = tf.data.Dataset.range(5)
    assert [int(k) for k in numbers.map(change)] == [0, 1, 2, 30, 40]
    assert [int(k) for k in numbers.filter(lambda k: k.numpy() != 3)] == [0, 1, 2, 4]
    words = tf.data.Dataset.from_tensor_slices({"w": ["a b", "c"], "k": [1, 2]})
    assert [int(k) for k in words.map(lambda e: tf.size(tf.strings.split(e["w"])) * e["k"])] == [2, 2]
    uneven = numbers.map(lambda k: tf.range(k))
    assert [len(r) for r in uneven] == [0, 1, 2, 3, 4]


def test_numbers_drawn_for_elements_are_tensorflow_s() -> None:
    tf.random.set_seed(1)
    seeded = tf.data.Dataset.range(5).map(lambda k: tf.random.uniform([2], seed=3))
    wanted = [[0.7788, 0.8012], [0.2421, 0.8161], [0.6032, 0.0615], [0.0431, 0.4155], [0.6547, 0.2282]]
    np.testing.assert_allclose([x.numpy() for x in seeded], wanted, atol=6e-5)
    own = tf.data.Dataset.range(5).map(lambda k: tf.random.uniform([]))
    np.testing.assert_allclose([x.numpy() for x in own], [0.8127, 0.5273, 0.8489, 0.8929, 0.3781], atol=6e-5)


def test_functions_are_compiled_for_shapes_that_come_often() -> None:
    calls: list[Any] = []

    def change(x: Any) -> Any:
        calls.append(x.shape[0])
        return tf.reduce_sum(x * 2.0)

    def elements(lengths: list[int]) -> Any:
        return lambda: (np.ones(n, "float32") for n in lengths)

    data = tf.data.Dataset.from_generator(elements([3, 4, 5, 3, 6, 7] + [9] * 20), tf.float32)
    assert [float(y) for y in data.map(change)] == [6, 8, 10, 6, 12, 14] + [18] * 20
    assert (
        calls[:5] == [3, 4, 5, 6, 7] and 7 <= calls.count(9) <= 9
    )  # compiled for 3 at once, for 9 in the end


def test_functions_that_look_at_truth_values_are_compiled_by_path() -> None:
    calls: list[Any] = []
    total = tf.Variable(0.0)

    @tf.function
    def step(x: Any) -> Any:
        calls.append(1)
        if tf.reduce_sum(x) > 100.0:
            tf.print("too much")  # such a call runs as Python
        if tf.math.is_nan(tf.reduce_sum(x)):
            return x * 0.0
        total.assign_add(tf.reduce_sum(x))
        return x * 2.0

    for k in range(20):
        np.testing.assert_array_equal(step(tf.constant([1.0, k])), [2.0, 2.0 * k])
    assert len(calls) <= 5 and float(total) == sum(1 + k for k in range(20))
    np.testing.assert_array_equal(step(tf.constant([np.nan, 1.0])), [np.nan, 0.0])
    assert float(total) == 210
    np.testing.assert_array_equal(step(tf.constant([200.0, 1.0])), [400.0, 2.0])
    assert float(total) == 411
    with tf.GradientTape() as tape:  # which must see how the result comes about
        x = tf.constant([3.0, 1.0])
        tape.watch(x)
        y = step(x)
    np.testing.assert_array_equal(tape.gradient(y, x), [2.0, 2.0])


def test_functions_of_models_and_optimizers_are_compiled() -> None:
    calls: list[Any] = []
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.build((None, 2))

    @tf.function
    def step(model: Any, optimizer: Any, words: Any, x: Any) -> Any:
        calls.append(words)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x) - 1.0))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        )
        return loss

    optimizer = tf.keras.optimizers.SGD(0.1)
    losses = [float(step(model, optimizer, None, tf.ones([3, 2]))) for _ in range(20)]
    assert losses[-1] < losses[0] and len(calls) <= 3
    for words, most in (("train", 2), (["dense", "relu"], 2), (np.array(["a", "b"]), 6), ("a sentence", 6)):
        calls.clear()
        for _ in range(6):
            step(model, optimizer, words, tf.ones([3, 2]))
        assert (len(calls) == 6) if most == 6 else (len(calls) <= most)  # a function of texts runs as Python
    calls.clear()
    for k in range(20):
        step(model, optimizer, f"word_{k % 10}", tf.ones([3, 2]))
    assert len(calls) == 18  # two more words are known


def test_turns_that_carry_more_than_tensors_are_those_of_python(thalweg_run: Run, tmp_path: Path) -> None:
    lines = printed(
        thalweg_run,
        tmp_path,
        """
        rows = tf.range(70)

        @tf.function
        def gathered(rows):
            found, label, last = [], "none", None
            for row in rows:
                found = found + [row * 2]
                label = label + "." if len(found) < 4 else label
                last = (row, [row + 1])
            return tf.stack(found), len(found), label, last

        values, count, label, last = gathered(rows)
        print(values.numpy().sum(), int(count), label, int(last[0]), int(last[1][0]))

        @tf.function
        def noted(rows):
            names = []
            for row in rows:
                names.append(row.numpy())  # for which there has to be a value
                kind = "row"
            return len(names), kind

        count, kind = noted(rows)
        print(int(count), kind)

        def told(rows):
            turns = []
            for row in rows:
                turns.append(row)
            return turns

        compiled = tf.function(told)
        turns = told(rows)  # called as the Python that it is
        print(sum(map(float, turns)), len(turns))

        @tf.function
        def changing(rows, scale):
            total = 0
            for row in rows:
                total += row * scale[0]
            return total

        print(*[int(changing(rows, [k])) for k in range(12)])

        @tf.function
        def unpacked(rows):
            x = [tf.constant(1)]
            for row in rows:
                x = x[0] - row if isinstance(x, list) else x + row
            return x

        print(int(unpacked(rows)), unpacked(rows).shape)
        """,
    )
    assert lines == [
        "4830 70 none... 69 70", "70 row", "2415.0 70", " ".join(str(2415 * k) for k in range(12)), "2416 ()",
    ]  # fmt: skip


def test_compiled_functions_print_and_write_summaries_after_each_run(
    thalweg_run: Run, tmp_path: Path
) -> None:
    lines = printed(
        thalweg_run,
        tmp_path,
        """
        import functools, glob, sys
        tell = functools.partial(tf.print, output_stream=sys.stdout)
        calls = []
        v = tf.Variable(0.0)
        writer = tf.summary.create_file_writer("logs")

        @tf.function
        def inner(x):
            tell("inner", x)
            return x * 2

        @tf.function
        def step(x, k):
            calls.append(1)
            v.assign(x)
            tell("before", v, [x, {"a": x + 1}], "text", sep="|")
            v.assign_add(10.0)
            if k == 2:
                tell("second", k)
            with writer.as_default():
                tf.summary.scalar("v", v, step=k)
            tell("after", v)
            return inner(v)

        for k in range(5):
            print(float(step(tf.constant(float(k)), tf.constant(k, tf.int64))))
        print(len(calls) < 8)
        print([int(x) for x in tf.data.Dataset.range(3).map(inner)])

        @tf.function
        def loop(n):
            for i in tf.range(n):
                if i % 30 == 29:
                    tell("turn", i)

        loop(tf.constant(70))

        @tf.function
        def uneven(x):
            tell(tf.RaggedTensor.from_row_lengths(x, [1, 2]))

        for _ in range(2):
            uneven(tf.constant([1, 2, 3]))

        @tf.function
        def silent(x):
            tell("row", x)

        print(len(list(tf.data.Dataset.range(2).map(lambda x: (silent(x), x)[1]))))
        """,
    )
    wanted: list[str] = []
    for k in range(5):
        wanted.append(f"before|{k}|[{k}, {{'a': {k + 1}}}]|text")
        wanted += ["second 2"] * (k == 2)
        wanted += [f"after {k + 10}", f"inner {k + 10}", f"{2.0 * (k + 10)}"]
    wanted += ["True", "inner 0", "inner 1", "inner 2", "[0, 2, 4]", "turn 29", "turn 59"]
    wanted += ["[[1], [2, 3]]"] * 2 + ["row 0", "row 1", "2"]
    assert lines == wanted
    (file,) = (tmp_path / "logs").glob("events*")
    found = [(e["step"], v) for e in events.read_events(file) for v in e.get("values", {}).values()]
    assert [(step, float(np.asarray(v))) for step, v in found] == [(k, k + 10.0) for k in range(5)]


def test_functions_that_check_values_are_compiled_for_calls_in_which_the_checks_hold() -> None:
    calls, done = [], tf.Variable(0.0)

    @tf.function
    def checked(x: Any, y: Any) -> Any:
        calls.append(1)
        tf.debugging.assert_all_finite(x, "nan!")
        tf.debugging.assert_equal(tf.shape(x)[0], tf.shape(y)[0])
        tf.debugging.assert_less(x, 10.0, "too large")
        tf.debugging.Assert(tf.reduce_sum(x) > 0.0, [x])
        tf.debugging.assert_positive(y)
        done.assign_add(1.0)
        return tf.reduce_sum(x * tf.cast(y, tf.float32))

    y = tf.constant([3, 4])
    for _ in range(20):
        assert float(checked(tf.constant([1.0, 2.0]), y)) == 11
    assert len(calls) <= 5
    for bad, told in (
        ([1.0, np.nan], "nan!"), ([np.inf, 1.0], "nan!"), ([1.0, 11.0], "too large"), ([-1.0, 0.0], "to be true"),
    ):  # fmt: skip
        with pytest.raises(tf.errors.InvalidArgumentError, match=told):
            checked(tf.constant(bad, tf.float32), y)
    with pytest.raises(tf.errors.InvalidArgumentError, match="x > y"):
        checked(tf.constant([1.0, 2.0]), y - 3)
    assert float(done) == 20
    tf.debugging.assert_equal(tf.constant(["a", "b"]), ["a", "b"])


def test_functions_with_too_many_paths_run_as_python() -> None:
    @tf.function
    def halvings(x: Any) -> Any:
        n = 0
        while x > 1.0:
            x, n = x / 2.0, n + 1
        return n

    assert [int(halvings(tf.constant(2.0**k))) for k in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 3, 20)] == [
        *range(13), 3, 20,
    ]  # fmt: skip


def test_a_path_is_compiled_when_the_function_has_run_as_python_three_times() -> None:
    calls: list[Any] = []

    @tf.function
    def larger(x: Any) -> Any:
        calls.append(1)
        return x if x > 1.0 else x + 1.0

    counts = []
    for _ in range(5):
        larger(tf.constant(2.0))
        counts.append(len(calls))
    assert counts == [2, 3, 4, 5, 5]  # traced in vain and called; called; called; traced along its path


def test_callbacks_read_how_far_training_and_evaluation_are() -> None:
    seen: list[tuple[int, int]] = []

    class Counts(tf.keras.callbacks.Callback):
        def set_model(self, model: Any) -> None:
            super().set_model(model)
            self.counts = model._train_counter, model._test_counter

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seen.append((int(self.counts[0]), int(self.counts[1])))

    x, y = np.ones((40, 3)), np.zeros((40, 1))
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y, batch_size=10, epochs=2, validation_split=0.5, callbacks=[Counts()], verbose=0)
    assert seen == [(2, 2), (4, 2)]
    model.evaluate(x, y, batch_size=10, verbose=0)
    assert int(model._test_counter) == 4 and len(model.weights) == 2
