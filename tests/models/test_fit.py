"""What compile, fit, evaluate and predict promise."""

from __future__ import annotations

import gc
import io
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.layers import GRU, Activation, BatchNormalization, Dense, Dropout, Embedding, Flatten, Input
from thalweg.losses import CategoricalGeneralizedCrossEntropy
from thalweg.models import Model, Sequential


@pytest.fixture(autouse=True)
def _seed() -> None:
    tw.random.set_seed(0)
    tw.layers.clear_session()


def blobs(n: int = 90, classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    y = np.arange(n) % classes
    x = generator.normal(size=(n, 4)) + np.eye(classes, 4)[y] * 4
    return x.astype("float32"), y


def classifier(**first: Any) -> Sequential:
    return Sequential([Dense(16, activation="relu", **first), Dense(3, activation="softmax")])


def test_a_classifier_learns_and_reports() -> None:
    x, y = blobs()
    model = classifier(input_shape=(4,))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.optimizer.learning_rate = 0.02
    history = model.fit(x, y, epochs=20, batch_size=16, validation_data=(x, y), verbose=0)
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.epoch == list(range(20))
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert accuracy > 0.95 and accuracy == np.mean(model.predict(x).argmax(1) == y)
    probability = model.predict(x, batch_size=7)
    assert loss == pytest.approx(-np.log(probability[np.arange(len(y)), y]).mean(), rel=1e-5)
    assert model.evaluate(x, y, verbose=0, return_dict=True) == {"loss": loss, "accuracy": accuracy}


def test_figures_of_an_epoch_are_those_of_all_examples() -> None:
    """Also where the last batch is smaller: a learning rate of 0 makes training figures those of evaluation."""
    x, y = blobs(50)
    model = classifier(input_shape=(4,))
    model.compile(tw.optimizers.SGD(0.0), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=16, verbose=0)
    loss, accuracy = model.evaluate(x, y, batch_size=50, verbose=0)
    assert history.history["loss"][0] == pytest.approx(loss, rel=1e-6)
    assert history.history["accuracy"][0] == pytest.approx(accuracy, rel=1e-6)


def test_the_same_seed_gives_the_same_bits_at_any_number_of_threads() -> None:
    def run(threads: int) -> list[np.ndarray]:
        tw.set_num_threads(threads)
        tw.random.set_seed(7)
        x, y = blobs()
        model = Sequential([Dense(8, activation="relu"), Dropout(0.3), Dense(3, activation="softmax")])
        model.compile("rmsprop", "sparse_categorical_crossentropy")
        model.fit(x, y, epochs=2, verbose=0)
        return model.get_weights()

    before = tw.num_threads()
    try:
        first, second, third = run(1), run(2), run(2)
    finally:
        tw.set_num_threads(before)
    for a, b, c in zip(first, second, third):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(b, c)


def test_models_leave_nothing_behind() -> None:
    def made() -> Any:
        x, y = blobs(32)
        model = classifier(input_shape=(4,))
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, verbose=0)
        model.predict(x)
        return weakref.ref(model)

    found = made()
    gc.collect()
    assert found() is None


def test_compiled_and_eager_steps_agree() -> None:
    x, y = blobs()

    def run(eagerly: bool) -> Any:
        tw.random.set_seed(3)
        model = Sequential(
            [Dense(8), BatchNormalization(), Activation("tanh"), Dense(3, kernel_regularizer="l2")]
        )
        loss = tw.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, metrics=["accuracy"], run_eagerly=eagerly)
        history = model.fit(x, y, epochs=2, batch_size=32, shuffle=False, verbose=0)
        return history.history, model.get_weights()

    (logs, weights), (eager_logs, eager_weights) = run(False), run(True)
    for a, b in zip(weights, eager_weights):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(logs["loss"], eager_logs["loss"], rtol=1e-5)
    assert logs["accuracy"] == eager_logs["accuracy"]


def test_moving_averages_are_part_of_the_step() -> None:
    x = np.random.default_rng(0).normal(3.0, 2.0, (64, 4)).astype("float32")
    layer = BatchNormalization(momentum=0.5)
    model = Sequential([layer, Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(64), batch_size=64, shuffle=False, verbose=0)
    np.testing.assert_allclose(layer.moving_mean.get_value(), 0.5 * x.mean(0), rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance.get_value(), 0.5 + 0.5 * x.var(0), rtol=1e-4)
    assert len(model.trainable_weights) == 4 and len(model.non_trainable_weights) == 2


def test_weights_of_samples_and_classes() -> None:
    x, y = blobs(32)
    model = classifier(input_shape=(4,))
    model.compile("sgd", "sparse_categorical_crossentropy")
    weights = np.linspace(0, 2, 32)
    p = model.predict(x)
    losses = -np.log(p[np.arange(32), y])
    assert model.evaluate(x, y, sample_weight=weights, verbose=0) == pytest.approx(
        (losses * weights).mean(), rel=1e-5
    )
    by_class = np.array([1.0, 2.0, 0.5])
    first = model.train_on_batch(x, y, class_weight={0: 1.0, 1: 2.0, 2: 0.5})
    assert first == pytest.approx((losses * by_class[y]).mean(), rel=1e-5)


def test_validation_split_takes_the_last_rows_and_warns() -> None:
    x, y = blobs(40)
    model = classifier(input_shape=(4,))
    model.compile(tw.optimizers.SGD(0.0), "sparse_categorical_crossentropy")
    history = model.fit(x, y, validation_split=0.25, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(
        model.evaluate(x[30:], y[30:], verbose=0), rel=1e-6
    )
    order = np.argsort(y, kind="stable")
    with pytest.warns(UserWarning, match="class 2 is missing from the training rows"):
        model.fit(x[order], y[order], validation_split=0.35, verbose=0)


def test_targets_never_broadcast() -> None:
    x = np.ones((8, 2), "float32")
    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    one, column = (model.evaluate(x, t, verbose=0) for t in (np.arange(8.0), np.arange(8.0).reshape(8, 1)))
    assert one == column == pytest.approx(np.mean((model.predict(x)[:, 0] - np.arange(8)) ** 2))
    wide = Sequential([Dense(3, input_shape=(2,))])
    wide.compile("sgd", "mse")
    with pytest.raises(tw.errors.ShapeError, match="never broadcasts"):
        wide.fit(x, np.arange(8.0), verbose=0)


def test_a_shape_error_names_the_layer_and_the_line() -> None:
    model = Sequential([Dense(3, input_shape=(4,), name="first")])
    with pytest.raises(tw.errors.ShapeError, match=r"'first' \(Dense\).*test_fit\.py:\d+.*Flatten"):
        model(np.ones((2, 5, 5), "float32"))


@pytest.mark.parametrize(
    ("units", "activation", "loss", "words"),
    [
        (1, "softmax", "binary_crossentropy", "softmax of one unit"),
        (1, "sigmoid", "categorical_crossentropy", "one class is always 0"),
        (3, None, "sparse_categorical_crossentropy", "expects probabilities"),
        (3, "softmax", tw.losses.SparseCategoricalCrossentropy(from_logits=True), "drop one of the two"),
        (1, "sigmoid", tw.losses.BinaryCrossentropy(from_logits=True), "drop one of the two"),
        (1, None, "binary_crossentropy", "use sigmoid, or from_logits=True"),
        (3, "relu", "categorical_crossentropy", "use softmax, or from_logits=True"),
        (3, "softmax", "binary_crossentropy", "exclude each other"),
    ],
)
def test_compile_warns_of_what_does_not_fit(units: int, activation: Any, loss: Any, words: str) -> None:
    model = Sequential([Dense(units, activation=activation, input_shape=(4,))])
    with pytest.warns(UserWarning, match=words):
        model.compile("sgd", loss)


def test_fit_warns_of_targets_that_do_not_fit() -> None:
    x, y = blobs(12)
    model = classifier(input_shape=(4,))
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(tw.DataError, match="class 3 is out of range for 3 units"):
        model.fit(x, y + 1, verbose=0)
    with pytest.raises(tw.errors.ShapeError, match="use categorical_crossentropy"):
        model.evaluate(x, np.eye(3)[y], verbose=0)
    bad = x.copy()
    bad[5, 2] = np.nan
    with pytest.warns(UserWarning, match=r"x holds nan at \[5, 2\]"):
        model.fit(bad, y, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(np.full((12, 4), 1e38), y, verbose=0)  # finite, if not their sum


@pytest.mark.parametrize(
    ("units", "activation", "loss", "targets", "words"),
    [
        (3, "softmax", CategoricalGeneralizedCrossEntropy(), [-1, 0, 1], "class -1 is negative"),
        (1, "sigmoid", "binary_crossentropy", [1, 2, 1], r"lie in \[1, 2\], but probabilities in \[0, 1\]"),
        (1, "sigmoid", "binary_focal_crossentropy", [-1, 1, 1], r"lie in \[-1, 1\]"),
    ],
)
def test_evaluate_and_fit_look_at_the_targets(
    units: int, activation: str, loss: Any, targets: list[int], words: str
) -> None:
    model = Sequential([Dense(units, activation=activation, input_shape=(2,))])
    model.compile("sgd", loss)
    with pytest.warns(UserWarning, match=words):
        model.fit(np.ones((3, 2)), np.array(targets), verbose=0)


def test_class_numbers_where_one_hot_targets_are_expected() -> None:
    model = Sequential([Dense(3, activation="softmax", input_shape=(2,))])
    model.compile("sgd", "categorical_crossentropy")
    with (
        pytest.warns(UserWarning, match="targets are class numbers: use sparse_categorical_crossentropy"),
        pytest.raises(tw.errors.ShapeError, match="never broadcasts"),
    ):
        model.fit(np.ones((3, 2)), np.array([0, 1, 2]), verbose=0)


def test_warnings_go_by_the_names_of_the_outputs() -> None:
    x = Input((2,))
    model = Model(x, [Dense(1, name="size")(x), Dense(3, activation="softmax", name="kind")(x)])
    losses = {"kind": "sparse_categorical_crossentropy", "size": "mse"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.compile("sgd", losses)
    targets = {"kind": np.array([0, 1, 3]), "size": np.array([5.0, 6.0, 7.0])}
    with pytest.raises(tw.DataError, match=r"layer 'kind'.*class 3 is out of range for 3 units"):
        model.fit(np.ones((3, 2)), targets, verbose=0)
    with pytest.warns(UserWarning, match=r"layer 'size' and loss 'binary_crossentropy'"):
        model.compile("sgd", {"kind": "sparse_categorical_crossentropy", "size": "binary_crossentropy"})


def test_a_class_missing_from_the_validation_rows_is_warned_of() -> None:
    x, y = blobs(40)
    model = classifier(input_shape=(4,))
    model.compile("sgd", "sparse_categorical_crossentropy")
    order = np.argsort(y % 2, kind="stable")  # class 1 comes last
    with pytest.warns(UserWarning, match=r"class 0, 2 is missing from the validation rows"):
        model.fit(x[order], y[order], validation_split=0.2, verbose=0)


@pytest.mark.parametrize("kind", ["binary", "logits", "sparse", "one-hot", "multi-label"])
def test_accuracy_is_the_one_that_fits(kind: str) -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(size=(20, 4)).astype("float32")
    units, activation = {"binary": (1, "sigmoid"), "logits": (1, None)}.get(
        kind, (3, "sigmoid" if kind == "multi-label" else "softmax")
    )
    loss: Any = {"sparse": "sparse_categorical_crossentropy", "one-hot": "categorical_crossentropy"}.get(
        kind, "binary_crossentropy"
    )
    loss = tw.losses.BinaryCrossentropy(from_logits=True) if kind == "logits" else loss
    model = Sequential([Dense(units, activation=activation, input_shape=(4,))])
    model.compile("sgd", loss, metrics=["accuracy"])
    p = model.predict(x)
    if kind in ("binary", "logits"):
        y = generator.integers(0, 2, 20)
        expected = np.mean((p[:, 0] > (0 if kind == "logits" else 0.5)) == y)
    elif kind == "multi-label":
        y = generator.integers(0, 2, (20, 3))
        expected = np.mean((p > 0.5) == y)
    else:
        y = generator.integers(0, 3, 20)
        expected = np.mean(p.argmax(1) == y)
    given = np.eye(3)[y] if kind == "one-hot" else y
    assert model.evaluate(x, given, verbose=0, return_dict=True)["accuracy"] == pytest.approx(expected)


def test_several_inputs_and_outputs() -> None:
    a, b = Input((3,), name="a"), Input((2,), name="b")
    shared = Dense(4, activation="tanh", name="shared")
    joined = tw.layers.concatenate([shared(a), shared(Dense(3)(b))])
    one, two = Dense(1, name="one")(joined), Dense(3, activation="softmax", name="two")(joined * 2.0)
    model = Model([a, b], [one, two])
    assert model.count_params() == 16 + 9 + 9 + 27 and model.output_names == ["one", "two"]
    generator = np.random.default_rng(0)
    xs = {"a": generator.normal(size=(30, 3)), "b": generator.normal(size=(30, 2))}
    ys = {"one": generator.normal(size=30), "two": np.arange(30) % 3}
    model.compile(
        "adam",
        {"one": "mse", "two": "sparse_categorical_crossentropy"},
        loss_weights={"one": 0.5, "two": 2.0},
        metrics={"two": ["accuracy"]},
    )
    history = model.fit(xs, ys, epochs=2, verbose=0)
    assert list(history.history) == ["loss", "one_loss", "two_loss", "two_accuracy"]
    logs = model.evaluate([xs["a"], xs["b"]], [ys["one"], ys["two"]], verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(0.5 * logs["one_loss"] + 2 * logs["two_loss"], rel=1e-6)
    first, second = model.predict(xs)
    assert first.shape == (30, 1) and second.shape == (30, 3)
    part = Model(model.inputs, model.get_layer("one").name and [one])
    np.testing.assert_array_equal(part.predict(xs)[0], first)


def test_models_nest() -> None:
    inner = Sequential([Dense(4, activation="relu", input_shape=(3,))])
    x = Input((3,))
    outer = Model(x, Dense(1)(inner(x)))
    outer.compile("sgd", "mse")
    data = np.ones((8, 3), "float32")
    before = inner.get_weights()[0]
    outer.fit(data, np.zeros(8), verbose=0)
    assert len(outer.trainable_weights) == 4 and not np.array_equal(before, inner.get_weights()[0])


def test_freezing_needs_no_second_compile() -> None:
    first = Dense(4, input_shape=(3,))
    model = Sequential([first, Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 3), "float32"), np.zeros(8)
    model.fit(x, y, verbose=0)
    first.trainable = False
    kept = first.get_weights()[0]
    model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(kept, first.get_weights()[0])
    assert len(model.trainable_weights) == 2


def test_a_frozen_base_uses_its_averages_in_training() -> None:
    base = Sequential([Dense(4, input_shape=(3,)), BatchNormalization()])
    base.trainable = False
    model = Sequential([base, Dense(1)])
    model.compile("sgd", "mse")
    kept = base.get_weights()
    model.fit(np.ones((8, 3), "float32"), np.zeros(8), verbose=0)
    assert len(model.trainable_weights) == 2
    for a, b in zip(kept, base.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_model_frozen_after_compile_trains_alone_but_not_inside_another() -> None:
    """The classic adversarial pair: the critic is frozen for the generator's sake only."""
    critic = Sequential([Dense(4, activation="relu", input_shape=(2,)), Dense(1, activation="sigmoid")])
    critic.compile("sgd", "binary_crossentropy")
    critic.trainable = False
    noise = Input((3,))
    pair = Model(noise, critic(Dense(2)(noise)))
    pair.compile("sgd", "binary_crossentropy")
    weights = [critic.get_weights()[0]]
    critic.train_on_batch(np.ones((4, 2)), np.ones(4))
    weights.append(critic.get_weights()[0])
    pair.train_on_batch(np.ones((4, 3)), np.zeros(4))
    weights.append(critic.get_weights()[0])
    assert not np.array_equal(weights[0], weights[1])
    np.testing.assert_array_equal(weights[1], weights[2])


class Ring(Model):
    """A subclass with layers in a list and a weight of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = [Dense(8, activation="relu"), Dropout(0.5)]
        self.last = Dense(1)
        self.scale = tw.Variable(2.0, name="scale")

    def call(self, inputs: Any, training: Any = False) -> Any:
        x = inputs
        for layer in self.hidden:
            x = layer(x)
        return self.last(x) * self.scale


def test_a_subclass_finds_its_weights_and_passes_training_down() -> None:
    model = Ring()
    model.compile("adam", "mse")
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    model.fit(x, x.sum(1), epochs=2, verbose=0)
    assert [str(w.name).split("/")[-1] for w in model.trainable_weights] == [
        "scale",
        "kernel",
        "bias",
        "kernel",
        "bias",
    ]
    assert model.scale.get_value() != 2.0
    np.testing.assert_array_equal(model.predict(x), model.predict(x))
    assert not np.array_equal(model(x, training=True), model(x, training=True))


class Own(Model):
    """A subclass with its own step."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = Dense(1)
        self.seen = tw.metrics.Mean("seen")

    def call(self, inputs: Any) -> Any:  # type: ignore[override]
        return self.dense(inputs)

    def train_step(self, data: Any) -> Any:
        x, y = data[0], data[1]
        with tw.GradientTape() as tape:
            loss = tw.mean((self(x, training=True)[:, 0] - y) ** 2)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.seen.update_state(loss)
        return {"seen": self.seen.result()}


def test_a_step_of_ones_own() -> None:
    model = Own()
    model.compile(tw.optimizers.SGD(0.1))
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    history = model.fit(x, x @ [1.0, 2.0, 3.0], epochs=20, verbose=0)
    assert list(history.history) == ["seen"] and history.history["seen"][-1] < 0.01
    np.testing.assert_allclose(model.dense.get_weights()[0][:, 0], [1, 2, 3], atol=0.1)


def test_figures_of_validation_are_those_of_its_own_step() -> None:
    class Both(Own):
        def test_step(self, data: Any) -> Any:
            self.other.update_state(tw.mean(data[0]))
            return {"other": self.other.result()}

        def __init__(self) -> None:
            super().__init__()
            self.other = tw.metrics.Mean("other")

    model, x = Both(), np.full((8, 3), 2.0, "float32")
    model.compile(tw.optimizers.SGD(0.1))
    history = model.fit(x, x[:, 0], verbose=0, validation_data=(x, x[:, 0]))
    assert list(history.history) == ["seen", "val_other"] and history.history["val_other"] == [2.0]


def test_a_step_calls_the_model_as_its_call_says() -> None:
    class Flow(Own):
        def call(self, inputs: Any, training: Any = True) -> Any:  # type: ignore[override]
            told.append(training)
            return self.dense(inputs)

        def train_step(self, data: Any) -> Any:
            return {"loss": tw.mean(self(data[0]))}

    told: list[Any] = []
    model, x = Flow(), np.ones((4, 3), "float32")
    model.compile(tw.optimizers.SGD(0.1))
    model.fit(x, x[:, 0], verbose=0)
    assert told[-1] is True
    tw.function(lambda v: model(v))(x)
    assert told[-1] is True
    model.predict(x, verbose=0)
    assert told[-1] is False


class OnlySteps(Model):
    """A model without outputs: its step is all it has."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = tw.Variable(0.0)
        self.given: list[Any] = []

    def train_step(self, data: Any) -> Any:
        self.given.append(data)
        loss = tw.mean((self.scale - (data[0] if isinstance(data, tuple) else data)) ** 2)
        self.optimizer.minimize(loss, [self.scale])
        return {"loss": loss}


def test_a_step_gets_what_fit_was_given() -> None:
    x, y = np.full((8, 1), 3.0, "float32"), np.ones(8, "float32")
    cases: list[tuple[Any, Any]] = [((x,), None), ((x, y), 2), ((x, y, None, y), 3)]
    for given, count in cases:
        model = OnlySteps()
        model.compile(tw.optimizers.SGD(0.5))
        weight = given[-1] if count == 3 else None
        model.fit(given[0], *given[1:2], sample_weight=weight, epochs=3, verbose=0)  # type: ignore[misc]
        assert float(model.scale.get_value()) == pytest.approx(3.0)
        assert {len(d) if isinstance(d, tuple) else None for d in model.given} == {count}


def test_constraints_and_penalties() -> None:
    layer = Dense(
        3,
        kernel_constraint=tw.constraints.MaxNorm(0.5),
        kernel_regularizer=tw.regularizers.L2(0.1),
        input_shape=(4,),
    )
    model = Sequential([layer])
    model.compile(tw.optimizers.SGD(1.0), "mse")
    x, y = np.ones((8, 4), "float32"), np.ones((8, 3)) * 9
    w, b = layer.get_weights()
    expected = np.mean((x @ w + b - y) ** 2) + 0.1 * np.sum(w**2)
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-5)
    assert (np.linalg.norm(layer.get_weights()[0], axis=0) <= 0.5 + 1e-6).all()


def test_generators_and_steps() -> None:
    def batches() -> Any:
        while True:
            yield np.ones((4, 2), "float32"), np.zeros(4)

    model = Sequential([Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse")
    model.fit(batches(), steps_per_epoch=3, epochs=2, verbose=0)
    assert model.optimizer.iterations.get_value() == 6
    with pytest.raises(tw.errors.ArgumentError, match="y and sample_weight come from the generator"):
        model.fit(batches(), np.zeros(4))


def test_one_batch_forms() -> None:
    x, y = blobs(12)
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    first = model.train_on_batch(x, y, return_dict=True)
    assert set(first) == {"loss", "accuracy"}
    assert model.test_on_batch(x, y)[0] < first["loss"]
    assert model.predict_on_batch(x).shape == (12, 3)
    assert model.predict(x.astype("float64")[:1]).shape == (1, 3)


def test_progress_is_a_line_per_epoch_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    x, y = blobs(12)
    model = classifier(input_shape=(4,))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert "loss" in lines[0] and "accuracy" in lines[0]


def test_the_summary_counts() -> None:
    model = Sequential([Flatten(input_shape=(2, 2)), Dense(3), BatchNormalization()])
    text: list[str] = []
    model.summary(print_fn=text.append)
    assert "(None, 3)" in text[0] and "Total params: 27" in text[0] and "Non-trainable params: 6" in text[0]


def test_the_summary_of_all_there_is_to_know() -> None:
    inner = Sequential([Dense(2, input_shape=(3,), name="deep")], name="inner")
    inner.trainable = False
    model = Sequential([Input((3,)), inner, Dropout(0.5), Dense(1, name="last")], name="m")
    model.compile("adam", "mse")
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    text: list[str] = []
    model.summary(print_fn=text.append, expand_nested=True)
    lines = [" ".join(line.split()) for line in text[0].splitlines()]
    assert lines[2] == "Layer (type) Output Shape Param # Trainable"
    assert lines[4:8] == [
        "inner (Sequential) (None, 2) 8 no", "deep (Dense) (None, 2) 8 no", "dropout (Dropout) (None, 2) 0 -",
        "last (Dense) (None, 1) 3 yes",
    ]  # fmt: skip
    assert lines[9:] == [
        "Total params: 11 (44.00 B)", "Trainable params: 3 (12.00 B)", "Non-trainable params: 8 (32.00 B)",
        "Optimizer params: 6 (24.00 B)",
    ]  # fmt: skip
    unbuilt = Sequential([Dense(2)])
    unbuilt.summary(print_fn=text.append)
    assert "0 (unbuilt)" in text[1]


def test_notebooks_show_tables() -> None:
    model = Sequential([Dense(2, input_shape=(3,), name="<b>")])
    model.compile("sgd", "mse")
    html = model._repr_html_()
    assert "<td>&lt;b&gt; (Dense)</td><td>(None, 2)</td><td>8</td><td>yes</td>" in html and "<b>" not in html
    history = model.fit(np.ones((4, 3)), np.ones((4, 2)), epochs=2, verbose=0)
    assert history._repr_html_().startswith("<table><tr><th>epoch</th><th>loss</th></tr><tr><td>1</td>")
    assert tw.constant([[1.0, 2.5]])._repr_html_() == (
        "<table><caption>Tensor shape=(1, 2) dtype=float32</caption><tr><td>1</td><td>2.5</td></tr></table>"
    )
    large = tw.Variable(np.arange(400.0).reshape(20, 20), name="w")._repr_html_()
    assert large.count("<tr>") == 13 and "<td>...</td>" in large and "'w'" in large.replace("&#x27;", "'")
    assert tw.placeholder("float32", (None,))._repr_html_().startswith("<code>&lt;symbolic Placeholder")
    assert tw.constant(1.0)._repr_html_().startswith("<code>&lt;Tensor")


def test_old_spellings() -> None:
    for first in ({"input_dim": 4}, {"input_shape": (4,)}, {"batch_input_shape": (None, 4)}):
        assert classifier(**first).built
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sequential([Input((4,)), Dense(2)])
    with pytest.raises(tw.errors.ArgumentTypeError, match="no argument named 'unit'"):
        Dense(3, unit=2)


def test_a_shown_line_is_refreshed_on_a_terminal() -> None:
    from thalweg.models.progress import Progress

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = Progress("auto", 1, stream)
    progress.begin(0, 10)
    progress._next = 0.0
    progress.batch(1, lambda: {"loss": 1.0})
    progress.batch(2, lambda: {"loss": 2.0})  # within a tenth of a second: not shown
    progress.end({"loss": 3.0})
    assert "loss 1.0" in stream.getvalue() and "loss 2.0" not in stream.getvalue()
    assert stream.getvalue().rstrip(" \n").endswith(" s")


def test_layers_in_float64_get_float64_data() -> None:
    model = Sequential([Dense(1, kernel_initializer="ones", dtype="float64", input_shape=(1,))])
    model.compile("sgd", "mse")
    x = np.array([[1.0 + 2.0**-40]])
    assert model.predict(x) == x and model.evaluate(x, x, verbose=0) == 0.0
    assert model.train_on_batch(x, x) == 0.0


def test_metrics_in_the_place_of_loss_weights_are_refused() -> None:
    model = Sequential([Dense(1, input_shape=(2,))])
    with pytest.raises(tw.errors.ArgumentError, match=r"metrics=\['accuracy'\]"):
        model.compile("sgd", "mse", ["accuracy"])


@pytest.mark.parametrize("targets", ["list", "dict", "those with a loss"])
def test_an_output_may_have_no_loss(targets: str) -> None:
    x = Input((3,))
    model = Model(x, [Dense(1, name="a")(x), Dense(2, name="b")(x)])
    model.compile("sgd", {"b": "mse"}, metrics={"b": ["mae"]})
    data, y = np.ones((4, 3), "float32"), [np.zeros((4, 1)), np.ones((4, 2))]
    given = {"list": y, "dict": {"a": y[0], "b": y[1]}, "those with a loss": {"b": y[1]}}[targets]
    before = model.get_weights()
    found = model.evaluate(data, given, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(((model.predict(data)[1] - 1) ** 2).mean(), rel=1e-5)
    model.fit(data, given, verbose=0)
    changed = [not np.array_equal(v, w) for v, w in zip(before, model.get_weights())]
    assert changed == [False, False, True, True]


def test_arrays_data_sets_and_a_loop_give_the_same_bits() -> None:
    x = np.random.default_rng(0).normal(size=(50, 6, 6, 2)).astype("float32")
    y = np.arange(50) % 3

    def trained(how: str) -> list[np.ndarray]:
        tw.set_random_seed(0)
        layers = [
            tw.layers.RandomFlip(),
            tw.layers.Conv2D(4, 3),
            BatchNormalization(),
            Dropout(0.3),
            Flatten(),
        ]
        model = Sequential([Input((6, 6, 2)), *layers, Dense(3, activation="softmax")])
        model.compile("adam", "sparse_categorical_crossentropy")
        rows = tw.data.Dataset.from_tensor_slices((x, y))
        if how == "arrays":
            model.fit(x, y, epochs=2, batch_size=16, shuffle=False, verbose=0)
        elif how == "loop":
            for _ in range(2):
                for k in range(0, 50, 16):
                    model.train_on_batch(x[k : k + 16], y[k : k + 16])
        else:
            rows = rows.map(lambda a, b: (a, b)) if how == "mapped" else rows
            model.fit(rows.batch(16).prefetch(2), epochs=2, verbose=0)
        return model.get_weights()

    expected = trained("arrays")
    for how in ("arrays", "data set", "mapped", "loop"):
        for a, b in zip(trained(how), expected, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("named", [False, True])
def test_layers_stand_in_the_order_of_keras(named: bool) -> None:
    """The longest way to an output first, then as they are met on the way back: names found by Keras 3.15."""
    i = Input((4,))
    q = Dense(6, name="q")(i)
    r = Dense(5, name="r")(q)
    p = Dense(5, name="p")(i)
    u = Dense(3, name="u")(r)
    t = Dense(2, name="t")(tw.layers.Add(name="s")([p, r]) * 0.5)
    outputs = {"b": t, "a": u} if named else [t, u]
    names = [layer.name for layer in Model(i, outputs).layers]
    assert names == (["q", "r", "p", "s", "u", "t"] if named else ["q", "p", "r", "s", "t", "u"])
    assert [w.shape for w in Model(i, outputs).weights[:2]] == [(4, 6), (6,)]


def test_a_model_may_say_which_metrics_it_has() -> None:
    class Own(Sequential):
        def __init__(self) -> None:
            super().__init__([Dense(1, input_shape=(3,))])
            self.seen = tw.metrics.Mean("seen")

        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, *rest: Any, **more: Any
        ) -> Any:
            loss = tw.mean((y - y_pred) ** 2)
            self.seen.update_state(loss)
            return loss

        @property
        def metrics(self) -> list[Any]:
            return [self.seen]

    model = Own()
    model.compile("sgd")
    x, y = np.ones((8, 3), "float32"), np.zeros((8, 1), "float32")
    history = model.fit(x, y, epochs=2, batch_size=4, verbose=0)
    assert list(history.history) == ["seen"] and model.metrics_names == ["seen"]
    assert history.history["seen"][1] < history.history["seen"][0]


@pytest.mark.parametrize("wrap", [lambda x: [x], lambda x: {"given": x}])
def test_one_input_in_a_list_or_a_dict_is_that_input(wrap: Any) -> None:
    x, y = blobs(30)
    model = Sequential([Input((4,), name="given"), Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    np.testing.assert_array_equal(model.predict(wrap(x)), model.predict(x))
    before = model.evaluate(x, y, verbose=0)
    assert model.evaluate(wrap(x), y, verbose=0) == before
    model.fit(wrap(x), y, verbose=0)
    assert model.evaluate(x, y, verbose=0) < before


def test_weights_of_classes_for_each_of_several_outputs_are_weights_of_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 3)).astype("float32")
    y, z = np.eye(3, dtype="float32")[rng.integers(0, 3, 8)], rng.integers(0, 2, (8, 1)).astype("float32")
    inputs = Input((3,))
    outputs = [Dense(3, "softmax", name="a")(inputs), Dense(1, "sigmoid", name="b")(inputs)]
    model = Model(inputs, outputs)
    model.compile("sgd", ["categorical_crossentropy", "binary_crossentropy"])
    first = model.get_weights()
    of_y, of_z = (
        np.array([1, 2, 0.5], "float32")[y.argmax(1)],
        np.array([1, 3], "float32")[z[:, 0].astype(int)],
    )

    def losses(targets: Any, **options: Any) -> Any:
        model.set_weights(first)
        return model.train_on_batch(x, targets, **options)

    ones = np.ones(8, "float32")
    by_name: Any = {"b": {1: 3}, "a": {0: 1.0, 1: 2.0, 2: 0.5}}
    for targets in ([y, z], {"a": y, "b": z}):
        assert losses(targets, class_weight=by_name) == losses([y, z], sample_weight=[of_y, of_z])
        assert losses(targets, class_weight=[by_name["a"], None]) == losses(
            [y, z], sample_weight=[of_y, ones]
        )
        both = losses(targets, class_weight={"b": {1: 3}}, sample_weight=[of_y, of_y])
        assert both == losses([y, z], sample_weight=[of_y, of_y * of_z])
    with pytest.raises(tw.ArgumentError, match="class_weight; expected weights for outputs among a, b"):
        model.fit(x, [y, z], class_weight={"c": {0: 1.0}}, verbose=0)


def test_batches_of_other_lengths_are_compiled_a_few_times(caplog: pytest.LogCaptureFixture) -> None:
    """Sentences as long as the longest of their batch: losses and outputs are those of a model for one length."""
    rng = np.random.default_rng(0)
    batches = [(rng.integers(1, 9, (4, n)), rng.integers(0, 2, (4, 1))) for n in (5, 7, 3, 11, 6, 9, 20)]

    def made() -> Any:
        model = Sequential([Embedding(9, 3), GRU(4), Dense(1, activation="sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        return model

    model, other = made(), made()
    model.predict(batches[0][0]), other.predict(batches[0][0])
    with caplog.at_level("DEBUG", "thalweg"):
        for x, y in batches:
            other.set_weights(model.get_weights())
            other.compile("sgd", "binary_crossentropy")  # which forgets what was compiled
            np.testing.assert_allclose(other.predict(x), model.predict(x), rtol=1e-5)
            np.testing.assert_allclose(model.train_on_batch(x, y), other.train_on_batch(x, y), rtol=1e-5)
    compiled = [r for r in caplog.records if "compiled in" in r.getMessage()]
    assert len(compiled) <= 2 * len(batches) + 2 * 3  # the other's, and three for each way of this one
