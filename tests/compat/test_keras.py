"""What names of Keras mean: defaults, formulas and orders of arguments, beside Keras's own figures."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import keras
from thalweg.compat.keras import backend as K
from thalweg.compat.keras import classic, images
from thalweg.compat.names import UnsupportedNameError
from thalweg.errors import ArgumentError, DataError
from thalweg.graph.tensor import Variable

L = classic.layers

# --- optimizers: the variable after three steps of gradients g and -2g, by Keras 3 with the same numbers ------------

STEPS = {
    "SGD": (classic.optimizers.SGD(lr=0.01, momentum=0.9, nesterov=True), [0.98632497, 2.02734995]),
    "RMSprop": (classic.optimizers.RMSprop(), [0.99743193, 2.00256824]),
    "Adam": (classic.optimizers.Adam(), [0.99827504, 2.00172496]),
    "Adamax": (classic.optimizers.Adamax(), [0.99699253, 2.00300765]),
    "Adagrad": (classic.optimizers.Adagrad(), [0.99188817, 2.00811195]),
    "Adadelta": (classic.optimizers.Adadelta(), [0.99894065, 2.00105953]),
    "clipnorm": (classic.optimizers.SGD(0.1, clipnorm=0.3), [0.99, 2.02]),
}


@pytest.mark.parametrize("name", STEPS)
def test_an_optimizer_moves_as_keras_does(name: str) -> None:
    optimizer, expected = STEPS[name]
    weight = Variable(np.array([1.0, 2.0], "float32"))
    for g in (0.5, -0.2, 0.1):
        optimizer.apply_gradients([(np.array([g, -2 * g], "float32"), weight)])
    np.testing.assert_allclose(weight.get_value(), expected, rtol=2e-6)


def test_bounds_of_gradients_follow_each_other_and_stand_alone_keras_bounds_the_norm_of_all_together() -> (
    None
):
    for room, by_norm, by_both in (
        (classic.optimizers, [0.6, 0.8], [0.6, 0.7]),
        (keras.optimizers, [1, 1], [0.7, 0.7]),
    ):
        for bounds, expected in (
            ({"clipnorm": 1.0}, by_norm),
            ({"clipnorm": 1.0, "clipvalue": 0.7}, by_both),
        ):
            weights = [Variable(np.zeros(1)), Variable(np.zeros(1))]
            optimizer = room.SGD(1.0, **bounds)
            assert bounds.items() <= optimizer.get_config().items()
            optimizer.apply_gradients([(np.array([3.0]), weights[0]), (np.array([4.0]), weights[1])])
            np.testing.assert_allclose([-w.get_value()[0] for w in weights], expected)


def test_decay_divides_the_rate() -> None:
    weight = Variable(np.zeros(1))
    optimizer = classic.optimizers.SGD(0.1, 0.0, 0.5)  # learning rate, momentum, decay
    for _ in range(3):
        optimizer.apply_gradients([(np.ones(1), weight)])
    np.testing.assert_allclose(weight.get_value(), -(0.1 / 1 + 0.1 / 1.5 + 0.1 / 2))


@pytest.mark.parametrize(
    ("name", "old", "new"), [("adadelta", 1.0, 0.001), ("adagrad", 0.01, 0.001), ("adamax", 0.002, 0.001)]
)
def test_the_rates_of_both_generations(name: str, old: float, new: float) -> None:
    for room, rate in ((classic.optimizers, old), (keras.optimizers, new)):
        assert float(room.get(name).lr.get_value()) == rate


def test_the_orders_of_arguments_of_both_generations() -> None:
    assert classic.optimizers.RMSprop(0.1, 0.5, 1e-3).epsilon == 1e-3
    assert keras.optimizers.RMSprop(0.1, 0.5, 1e-3).momentum == 1e-3
    assert classic.optimizers.Adam(0.1, 0.9, 0.99, None, 1e-6).decay == 1e-6
    assert keras.optimizers.Adam(0.1, 0.9, 0.99, 1e-6).epsilon == 1e-6


# --- layers ---------------------------------------------------------------------------------------------------------

RECURRENT = {
    "LSTM of Keras 2.2": (classic.layers.LSTM(2), [[0.01313491, 0.02081895]]),
    "LSTM of tf.keras": (keras.layers.LSTM(2), [[0.00858918, 0.02105484]]),
    "GRU of Keras 2.2": (classic.layers.GRU(2), [[-0.47584572, -0.29613537]]),
    "GRU of tf.keras": (keras.layers.GRU(2), [[-0.410855, -0.33744794]]),
}


def _filled(shape: tuple[int, ...], k: int) -> np.ndarray:
    return (np.sin(np.arange(np.prod(shape)) * 0.7 + k) * 0.5).reshape(shape).astype("float32")


@pytest.mark.parametrize("name", RECURRENT)
def test_a_recurrent_layer_computes_what_kerass_does(name: str) -> None:
    layer, expected = RECURRENT[name]
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(1, 4, 3)
    layer(x)
    layer.set_weights([_filled(w.shape, k) for k, w in enumerate(layer.get_weights())])
    np.testing.assert_allclose(np.asarray(layer(x)), expected, atol=1e-6)


def test_defaults_of_layers() -> None:
    norm = classic.layers.BatchNormalization()
    assert (norm.momentum, norm.epsilon, norm.axis) == (0.99, 1e-3, -1)
    assert classic.layers.BatchNormalization(1e-6).epsilon == 1e-6  # Keras 1: epsilon came first
    assert np.isclose(classic.layers.LeakyReLU().negative_slope, 0.3)
    lstm = classic.layers.LSTM(3)
    lstm(np.zeros((1, 2, 4), "float32"))
    assert lstm.get_weights()[2].tolist() == [0] * 3 + [1] * 3 + [0] * 6  # unit_forget_bias
    assert np.abs(lstm.get_weights()[0]).max() <= np.sqrt(6 / (4 + 12))  # glorot_uniform
    words = classic.layers.Embedding(50, 8)
    words(np.zeros((1, 1), int))
    assert 0.04 < np.abs(words.get_weights()[0]).max() <= 0.05


def test_convolutions_by_rows_and_columns() -> None:
    x = np.zeros((1, 8, 8, 3), "float32")
    for made in (
        classic.layers.Convolution2D(4, 3, 2, border_mode="same", subsample=(2, 2)),
        classic.layers.Conv2D(4, 3, 2, padding="same", strides=2),
        classic.layers.Convolution2D(nb_filter=4, nb_row=3, nb_col=2, border_mode="same", subsample=(2, 2)),
        keras.layers.Convolution2D(4, (3, 2), strides=2, padding="same"),
    ):
        assert made(x).shape == (1, 4, 4, 4) and made.kernel.shape == (3, 2, 3, 4)
    assert keras.layers.Conv2D(4, 3, 2)(x).shape == (1, 3, 3, 4)  # there the third is the stride


def test_layers_of_images_follow_the_backend() -> None:
    K.set_image_dim_ordering("th")
    try:
        assert classic.layers.Convolution2D(4, 3, 3)(np.zeros((1, 2, 6, 6), "float32")).shape == (1, 4, 4, 4)
        assert classic.layers.MaxPooling2D()(np.zeros((1, 2, 6, 6), "float32")).shape == (1, 2, 3, 3)
        explicit = classic.layers.Conv2D(4, (3, 3), data_format="channels_last")
        assert explicit(np.zeros((1, 6, 6, 2), "float32")).shape == (1, 4, 4, 4)
    finally:
        K.set_image_data_format("channels_last")
    with pytest.raises(ArgumentError, match="data_format"):
        K.set_image_data_format("sideways")


def test_words_are_dropped_whole() -> None:
    layer = keras.layers.Embedding(6, 3, dropout=0.5)
    ids = np.tile(np.arange(6), (1, 4)).reshape(1, 24)
    plain, dropped = np.asarray(layer(ids)), np.asarray(layer(ids, training=True))
    for word in range(6):
        same = dropped[0][ids[0] == word]
        assert np.array_equal(same, np.repeat(same[:1], 4, axis=0))
        assert not same.any() or np.allclose(same[0], 2 * plain[0, word])


def test_hard_sigmoid_is_the_old_one() -> None:
    x = np.array([-3.0, 0.0, 1.0, 9.0], "float32")
    for f in (K.hard_sigmoid, keras.activations.get("hard_sigmoid"), keras.layers.Activation("hard_sigmoid")):
        np.testing.assert_allclose(np.asarray(f(x)), [0, 0.5, 0.7, 1], atol=1e-6)


# --- losses: Keras 3's figures --------------------------------------------------------------------------------------

LOSSES = {
    "mean_squared_error": [0.065, 0.085], "mean_absolute_error": [0.25, 0.25],
    "mean_squared_logarithmic_error": [0.02982676, 0.02621202], "squared_hinge": [0.765, 0.085], "hinge": [0.75, 0.25],
    "categorical_hinge": [0.5, 0.0], "logcosh": [0.03210443, 0.04147255],
    "categorical_crossentropy": [0.2513144, 1.4271164], "binary_crossentropy": [0.28990924, 0.30809307],
    "kullback_leibler_divergence": [0.35667355, 0.61618614], "poisson": [0.62833738, 1.05809283],
    "cosine_proximity": [-0.961524, -0.98058069],
}  # fmt: skip
IN_KERAS_2 = {"hinge": [0.65, 0.25], "squared_hinge": [0.545, 0.085]}  # where a target of 0 is 0, not -1


@pytest.mark.filterwarnings("ignore:layer .* and loss")  # of probabilities from a linear layer
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_kerass(name: str) -> None:
    t, p = np.array([[0, 1], [1, 1]], "float32"), np.array([[0.2, 0.7], [0.6, 0.9]], "float32")
    np.testing.assert_allclose(np.asarray(getattr(keras.objectives, name)(t, p)), LOSSES[name], rtol=1e-4)
    model = classic.Sequential([classic.layers.Dense(2, input_dim=2)])
    model.layers[0].set_weights([np.eye(2), np.zeros(2)])
    model.compile("sgd", name, metrics=[name])
    np.testing.assert_allclose(
        model.evaluate(p, t, verbose=0)[0], np.mean(IN_KERAS_2.get(name, LOSSES[name])), rtol=1e-3
    )


def test_a_users_loss_never_broadcasts() -> None:
    model = keras.Sequential([keras.layers.Dense(1, input_dim=1, use_bias=False)])
    model.layers[0].set_weights([np.ones((1, 1))])
    own: Any = lambda t, p: K.mean(K.square(t - p))
    model.compile("sgd", own, metrics=[own])
    x = np.arange(4.0)[:, None]
    assert model.evaluate(x, x[:, 0], verbose=0) == [0.0, 0.0]


# --- initialisers ---------------------------------------------------------------------------------------------------

LIMITS = {"glorot_uniform": np.sqrt(6 / 300), "he_uniform": np.sqrt(6 / 100), "lecun_uniform": np.sqrt(3 / 100),
          "uniform": 0.05}  # fmt: skip
DEVIATIONS = {"glorot_normal": np.sqrt(2 / 300), "he_normal": np.sqrt(2 / 100), "lecun_normal": np.sqrt(1 / 100),
              "normal": 0.05}  # fmt: skip


@pytest.mark.parametrize("name", [*LIMITS, *DEVIATIONS])
def test_initialisers_reach_as_far_as_their_formulas(name: str) -> None:
    for value in (
        np.asarray(keras.initializers.get(name)((100, 200))),
        getattr(keras.initializations, name)((100, 200)).get_value(),
        getattr(keras.initializers, name)(seed=1)((100, 200)),
    ):
        if name in LIMITS:
            assert 0.99 * LIMITS[name] < np.abs(value).max() <= LIMITS[name]
        else:
            assert abs(value.std() / DEVIATIONS[name] - 1) < 0.03


# --- images ---------------------------------------------------------------------------------------------------------


def test_images_turn_about_their_centre() -> None:
    x = np.arange(12.0, dtype="float32").reshape(3, 4, 1)
    turned = images.apply_affine_transform(x, theta=180)
    np.testing.assert_allclose(turned, x[::-1, ::-1], atol=1e-5)
    moved = images.apply_affine_transform(x, tx=1, fill_mode="constant", cval=-1)
    np.testing.assert_allclose(moved[:2], x[1:])
    assert (moved[2] == -1).all()
    for mode, row in (("nearest", 2), ("reflect", 2), ("wrap", 0)):
        np.testing.assert_allclose(
            images.apply_affine_transform(x, tx=1, fill_mode=mode)[2], x[row], atol=1e-5
        )
    first = images.apply_affine_transform(
        np.moveaxis(x, -1, 0), theta=180, row_axis=1, col_axis=2, channel_axis=0
    )
    np.testing.assert_allclose(first[0], turned[..., 0], atol=1e-5)


def test_what_needs_fit_says_so() -> None:
    with pytest.raises(ArgumentError, match="fit"):
        keras.preprocessing.image.ImageDataGenerator(featurewise_center=True).standardize(np.zeros((2, 2, 1)))


# --- data and files -------------------------------------------------------------------------------------------------


def test_data_sets_take_keras_arguments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path))
    for name in ("boston_housing", "imdb"):
        (tmp_path / name).mkdir()
    random = np.random.RandomState(0)
    np.savez(tmp_path / "boston_housing/boston_housing.npz", x=random.rand(20, 13), y=random.rand(20))
    (x, y), (xt, _) = keras.datasets.boston_housing.load_data()
    assert x.shape == (16, 13) and y.shape == (16,) and xt.shape == (4, 13)
    (x, _), _ = keras.datasets.boston_housing.load_data(test_split=0.5)
    assert x.shape == (10, 13)
    (tmp_path / "imdb/imdb_word_index.json").write_text(json.dumps({"the": 1, "film": 2}))
    assert keras.datasets.imdb.get_word_index() == {"the": 1, "film": 2}


def test_get_file_finds_what_is_there(tmp_path: Path) -> None:
    folder = tmp_path / "datasets"
    folder.mkdir()
    with tarfile.open(folder / "texts.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("texts/one.txt")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"hello"))
    path = keras.utils.get_file(
        "texts", origin="http://nowhere.invalid/t.tgz", untar=True, cache_dir=str(tmp_path)
    )
    assert (Path(path) / "one.txt").read_text() == "hello"


def test_get_file_finds_what_keras_has_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "ours"))
    source, theirs = tmp_path / "rows.csv", tmp_path / "keras" / "datasets" / "rows.csv"
    source.write_text("new")
    theirs.parent.mkdir(parents=True)
    theirs.write_text("old")
    found = keras.utils.get_file("rows.csv", source.as_uri())
    assert (Path(found), Path(found).read_text()) == (theirs, "old")
    anew = keras.utils.get_file("rows.csv", source.as_uri(), force_download=True)
    assert (Path(anew).read_text(), theirs.read_text()) == ("new", "old")
    assert Path(keras.utils.get_file("rows.csv", source.as_uri())) == Path(anew)


def test_get_file_reads_files_by_their_addresses(tmp_path: Path) -> None:
    source = tmp_path / "a file.csv"
    source.write_text("1,2")
    path = keras.utils.get_file("rows.csv", source.as_uri(), cache_dir=str(tmp_path / "cache"))
    assert (Path(path).name, Path(path).read_text()) == ("rows.csv", "1,2")
    with pytest.raises(DataError, match="another hash"):
        keras.utils.get_file(
            "other.csv", source.as_uri(), md5_hash="0" * 32, cache_dir=str(tmp_path / "cache")
        )
    with pytest.raises(DataError, match=r"no file '/no/rows\.csv'"):
        keras.utils.get_file("third.csv", "file:///no/rows.csv", cache_dir=str(tmp_path / "cache"))


# --- what is not there ----------------------------------------------------------------------------------------------


def test_what_is_missing_says_so_in_one_line() -> None:
    for call in (
        lambda: keras.applications.EfficientNetB0(),
        lambda: keras.backend.nothing,
        lambda: keras.layers.NoSuchLayer,
        lambda: classic.nothing,
    ):
        with pytest.raises(UnsupportedNameError) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_accuracy_has_the_name_of_its_time() -> None:
    x, y = np.linspace(-1, 1, 16).reshape(8, 2), np.array([0, 1] * 4)
    for room, name in ((classic, "acc"), (keras, "accuracy")):
        model = room.Sequential([room.layers.Dense(1, activation="sigmoid", input_dim=2)])
        model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
        history = model.fit(x, y, epochs=1, verbose=0).history
        assert set(history) == {"loss", name} and history["acc"] == history["accuracy"]
        assert "acc" in history and "val_acc" not in history


def test_weights_keep_their_order_when_layers_are_frozen() -> None:
    model = keras.Sequential([keras.layers.Dense(2, input_dim=3), keras.layers.Dense(4)])
    before = [w.shape for w in model.get_weights()]
    model.layers[0].trainable = False
    assert [w.shape for w in model.get_weights()] == before


def test_lengths_that_a_batch_says() -> None:
    x = K.placeholder((None, 3))
    n = K.shape(x)[0]
    given = K.variable(np.arange(6).reshape(2, 3))
    made = [
        K.tile(given, [n, 2]),
        K.tile(K.expand_dims(x, 1), [1, n, 1]),
        K.arange(1, n * 2, 2),
        K.arange(n, 0, -1),
    ]
    run = K.function([x], [*made, x[: n - 1], *K.gradients(K.sum(K.square(made[1])), x)])
    for k in (2, 4, 3):
        rows = np.random.default_rng(k).normal(size=(k, 3)).astype("float32")
        wanted = [
            np.tile(np.arange(6).reshape(2, 3), [k, 2]), np.tile(rows[:, None], [1, k, 1]), np.arange(1, 2 * k, 2),
            np.arange(k, 0, -1), rows[: k - 1], 2 * k * rows,
        ]  # fmt: skip
        for found, w in zip(run([rows]), wanted, strict=True):
            np.testing.assert_allclose(found, w, rtol=1e-5)


@pytest.mark.parametrize(
    ("left", "right", "axes", "letters"),
    [
        ((2, 3, 4), (2, 3, 5, 4), (2, 3), "abz,abvz->abv"),  # routing between capsules
        ((2, 3, 5), (2, 3, 5, 4), (2, 2), "abz,abzv->abv"),
        ((2, 3, 4, 5), (2, 3, 6, 5), (3, 3), "abuz,abvz->abuv"),  # heads of attention
        ((2, 3, 4, 5), (2, 3, 5, 6), None, "abuz,abzv->abuv"),
        ((2, 3, 4, 5), (2, 3, 4), (2, 2), "abzu,abz->abu"),
        ((2, 3, 4), (2, 5, 4), (2, 2), "auz,avz->auv"),
        ((2, 4), (2, 5, 4), (1, 2), "az,avz->av"),
        ((2, 3, 4, 5), (2, 7, 3), (1, 2), "azuv,asz->auvs"),  # no axes in common
    ],
)
def test_products_of_pairs(left: Any, right: Any, axes: Any, letters: str) -> None:
    a, b = _filled(left, 1), _filled(right, 2)
    found = K.eval(K.batch_dot(K.variable(a), K.variable(b), axes))
    np.testing.assert_allclose(found, np.einsum(letters, a, b), rtol=1e-4, atol=1e-5)


def test_descriptions_of_parts_of_layers() -> None:
    rule = keras.regularizers.get({"class_name": "L2", "config": {"l2": 0.5}})
    assert float(rule(np.ones((2, 2), "float32"))) == 2.0 and keras.regularizers.serialize(None) is None
    limit = keras.constraints.get(keras.constraints.serialize(keras.constraints.get("max_norm")))
    assert limit.get_config() == keras.constraints.get("max_norm").get_config()
    assert float(keras.activations.relu(np.float32(-2), alpha=0.5)) == -1.0
    assert float(keras.activations.relu(np.float32(9), max_value=6.0)) == 6.0
    assert keras.activations.serialize(keras.activations.relu) == "relu"


def test_a_class_defined_twice_is_written_by_its_name(tmp_path: Path) -> None:
    def cell_of_a_notebook() -> type:
        class Twice(keras.layers.Dense):
            def call(self, inputs: Any) -> Any:
                return super().call(inputs) * 2

        return Twice

    first, again = cell_of_a_notebook(), cell_of_a_notebook()
    model = keras.Sequential([first(3, input_dim=2)])
    model.save(tmp_path / "m.h5")
    read = keras.models.load_model(tmp_path / "m.h5")
    assert type(read.layers[0]) is again
    x = _filled((4, 2), 3)
    np.testing.assert_allclose(read.predict(x), model.predict(x), rtol=1e-6)


def test_whitening_of_a_batch_is_that_of_each_image() -> None:
    x = np.random.default_rng(0).random((30, 4, 4, 1), "float32")
    made = images.ImageDataGenerator(featurewise_center=True, zca_whitening=True, zca_epsilon=1e-6)
    made.fit(x)
    white = made.standardize(x)
    np.testing.assert_allclose(white, [made.standardize(image) for image in x], atol=1e-4)
    rows = white.reshape(30, -1)
    np.testing.assert_allclose(rows.T @ rows / 30, np.eye(16), atol=1e-2)
    names = "theta tx ty shear zx zy flip_horizontal flip_vertical channel_shift_intensity brightness"
    still = images.ImageDataGenerator().get_random_transform((4, 4, 1))
    assert set(still) == set(names.split()) and still["zx"] == 1 and still["brightness"] is None
    np.testing.assert_array_equal(images.ImageDataGenerator().apply_transform(x[0], still), x[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: images.ImageDataGenerator(validation_split=5), "validation_split"),
        (lambda: images.ImageDataGenerator().fit(np.zeros((3, 10, 10))), "height, width"),
        (lambda: images.ImageDataGenerator().flow(np.zeros((3, 4, 4, 1)), np.zeros(2)), "All of the arrays"),
        (lambda: images.ImageDataGenerator().flow(np.zeros((3, 4, 4, 1)), subset="foo"), "subset"),
        (lambda: images.ImageDataGenerator().flow_from_directory(".", class_mode="output"), "class_mode"),
        (lambda: images.ImageDataGenerator().flow_from_directory(".", color_mode="cmyk"), "color_mode"),
        (lambda: keras.preprocessing.sequence.TimeseriesGenerator(range(5), range(5), 9), "is disallowed"),
        (lambda: keras.preprocessing.sequence.TimeseriesGenerator(range(5), range(4), 1), "targets"),
    ],
)
def test_batches_that_cannot_be_made_say_so(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call()


def test_windows_drawn_at_random() -> None:
    series = np.arange(20)
    made = keras.preprocessing.sequence.TimeseriesGenerator(series, series, 3, shuffle=True, batch_size=4)
    assert len(made) == 5
    for k in range(5):  # every batch is whole
        windows, targets = made[k]
        np.testing.assert_array_equal(windows, targets[:, None] + [-3, -2, -1])
        assert windows.shape == (4, 3)


def test_sparse_rows_are_rows() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    x = np.random.default_rng(0).random((20, 5)) * (np.random.default_rng(1).random((20, 5)) < 0.4)
    model = classic.Sequential([classic.layers.Dense(1, input_dim=5)])
    model.compile("sgd", "mse")
    rows = sparse.csr_matrix(x)
    model.fit(rows, x.sum(1), batch_size=5, verbose=0)
    np.testing.assert_allclose(model.predict(rows), model.predict(x), rtol=1e-6)
    assert model.evaluate(rows, x.sum(1), verbose=0) == model.evaluate(x, x.sum(1), verbose=0)
    place = classic.layers.Input((5,))
    clone = classic.models.clone_model(model, input_tensors=place)
    assert clone.input is place and clone.output_shape == (None, 1)


def test_accuracy_of_targets_that_are_no_classes() -> None:
    model = classic.Sequential([classic.layers.Dense(1, input_dim=2)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    x = np.zeros((4, 2))
    for target, share in (
        (-1.0, 0.0),
        (0.0, 1.0),
        (0.3, 0.0),
        (1.0, 0.0),
    ):  # Keras: equal(y_true, round(y_pred))
        assert model.evaluate(x, np.full((4, 1), target), verbose=0)[1] == share


def test_a_description_that_keras_2_wrote() -> None:
    weights = {"class_name": "VarianceScaling",
               "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}}  # fmt: skip
    dense = {"name": "d", "trainable": True, "units": 4, "activation": "relu", "use_bias": True,
             "kernel_initializer": weights, "bias_initializer": {"class_name": "Zeros", "config": {}},
             "kernel_regularizer": None, "kernel_constraint": None}  # fmt: skip
    first = {"class_name": "Dense", "config": {**dense, "batch_input_shape": [None, 3], "dtype": "float32"}}
    listed = {
        "class_name": "Sequential",
        "config": [first],
        "keras_version": "2.1.6",
        "backend": "tensorflow",
    }
    model = classic.models.model_from_json(json.dumps(listed))
    assert (
        isinstance(model, keras.Sequential)
        and model.output_shape == (None, 4)
        and model.layers[0].name == "d"
    )
    place = {"name": "i", "class_name": "InputLayer", "inbound_nodes": [],
             "config": {"batch_input_shape": [None, 3], "dtype": "float32", "sparse": False, "name": "i"}}  # fmt: skip
    node = {"name": "d", "class_name": "Dense", "config": dense, "inbound_nodes": [[["i", 0, 0, {}]]]}
    graph = {
        "name": "m",
        "layers": [place, node],
        "input_layers": [["i", 0, 0]],
        "output_layers": [["d", 0, 0]],
    }
    model = classic.models.model_from_json(json.dumps({"class_name": "Model", "config": graph}))
    assert isinstance(model, keras.Model) and model.predict(np.ones((2, 3))).shape == (2, 4)
    with pytest.raises(ValueError, match="Mystery"):
        classic.models.model_from_json(json.dumps({"class_name": "Mystery", "config": {}}))


def test_relu_from_a_threshold_on() -> None:
    x = np.array([-1.0, 0.3, 0.9, 7.0], "float32")
    wanted: dict[
        tuple[float, float | None, float], list[float]
    ] = {  # by the formula of Keras 2.2's documentation
        (0.0, None, 0.8): [0.0, 0.0, 0.9, 7.0],
        (0.1, None, 0.8): [-0.18, -0.05, 0.9, 7.0],
        (0.1, 5.0, 0.8): [-0.18, -0.05, 0.9, 5.0],
        (0.1, 5.0, -2.0): [0.0, 0.3, 0.9, 5.0],
    }
    for (alpha, most, threshold), values in wanted.items():
        found = K.eval(K.relu(K.constant(x), alpha=alpha, max_value=most, threshold=threshold))
        np.testing.assert_allclose(found, values, rtol=1e-6)


def test_products_of_rows_over_either_axis() -> None:
    x, y = (np.random.default_rng(k).normal(size=(4, 3)).astype("float32") for k in (0, 1))
    both = K.batch_dot(K.constant(x), K.constant(y), axes=0)
    np.testing.assert_allclose(K.eval(both), (x * y).sum(0)[:, None], rtol=1e-5)
    turned = K.batch_dot(K.constant(x), K.constant(y.T), axes=(0, 1))
    np.testing.assert_allclose(K.eval(turned), (x.T * y.T).sum(1)[:, None], rtol=1e-5)


def two_outputs() -> Any:
    place = L.Input((3,))
    first = L.Dense(2, name="first")(place)
    return classic.Model(place, [first, L.Dense(1, name="second")(first)])


def test_metrics_in_a_plain_list_are_of_every_output() -> None:
    model = two_outputs()
    model.compile("sgd", "mse", metrics=["mae"])
    names = ["loss", "first_loss", "second_loss", "first_mean_absolute_error", "second_mean_absolute_error"]
    assert model.metrics_names == names
    x, y = np.ones((4, 3)), [np.ones((4, 2)), np.zeros((4, 1))]
    figures, predictions = model.evaluate(x, y, verbose=0), model.predict(x)
    errors = [np.abs(p - t).mean() for p, t in zip(predictions, y, strict=True)]
    np.testing.assert_allclose(figures[3:], errors, rtol=1e-5)
    assert model.metrics_names == names
    model.compile("sgd", {"second": "mse"}, metrics=["mae"])  # no targets for the first
    assert len(model.train_on_batch(x, y[1])) == 2 and model.metrics_names[1] == "second_mean_absolute_error"


def test_add_metric_is_among_the_figures() -> None:
    class Watched(L.Layer):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any) -> Any:
            self.add_metric(K.mean(inputs), name="level", aggregation="mean")
            return inputs

    place = L.Input((2,))
    out = L.Dense(1)(Watched()(place))
    model = classic.Model(place, out)
    model.add_metric(K.sum(out) * 0 + 3, name="three", aggregation="mean")
    model.compile("sgd", "mse")
    x = np.arange(8.0).reshape(4, 2)
    history = model.fit(
        x, np.zeros(4), batch_size=2, epochs=2, verbose=0, validation_data=(x + 1, np.zeros(4))
    )
    np.testing.assert_allclose(history.history["level"], [3.5, 3.5])
    np.testing.assert_allclose(history.history["val_level"], [4.5, 4.5])
    np.testing.assert_allclose(history.history["three"], [3.0, 3.0])


def test_cells_that_are_no_layers_or_keep_states_in_a_tuple() -> None:
    class Plain:
        state_size = (2, 2)

        def call(self, inputs: Any, states: Any) -> Any:
            return inputs + states[0] - states[1], [inputs * 2, inputs * 3]

    class Counting(L.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, units: int, **options: Any) -> None:
            self.units = units
            self.state_size = (units, units)
            super().__init__(**options)

        def call(self, inputs: Any, states: Any) -> Any:
            return states[0] + states[1], (states[0] + inputs, states[1] + 1.0)

    x = np.arange(12.0, dtype="float32").reshape(2, 3, 2)
    place = L.Input((3, 2))
    np.testing.assert_allclose(
        classic.Model(place, L.RNN(Plain())(place)).predict(x), x[:, 2] + 2 * x[:, 1] - 3 * x[:, 1]
    )
    counted = classic.Model(place, L.RNN(Counting(2))(place)).predict(x)
    np.testing.assert_allclose(counted, x[:, 0] + x[:, 1] + 2)
    stacked = classic.Model(place, L.RNN([Plain(), Plain()], return_sequences=True)(place))
    assert stacked.predict(x).shape == (2, 3, 2)


def test_several_inputs_as_lists_of_numbers() -> None:
    rows, grid = L.Input((2,)), L.Input((2, 2))
    model = classic.Model([rows, grid], L.Dot(axes=(1, 1))([rows, grid]))
    x = [[[1, 2], [3, 4]], [[[1, 0], [0, 1]], [[2, 0], [0, 2]]]]
    np.testing.assert_allclose(model.predict(x), [[1, 2], [6, 8]])


def test_a_function_is_fed_and_fetches_more() -> None:
    kept, noted = K.variable(0.0), K.variable(0.0)
    x, y = K.placeholder(shape=()), K.placeholder(shape=())
    feed = {y: 3.0}
    run = K.function(
        [x], [x + y], updates=[(kept, x + 10.0)], fetches=[K.update(noted, y * 10.0)], feed_dict=feed
    )
    assert run([1.0])[0] == 4.0
    assert (K.get_value(kept), K.get_value(noted)) == (11.0, 30.0)
    feed[y] = 5.0
    assert run([1.0])[0] == 6.0 and K.get_value(noted) == 50.0


def test_an_optimizer_around_another_sees_its_updates() -> None:
    """One that keeps slow weights finds the new weights where ``K.update`` is told of them."""

    class Halved(classic.optimizers.Optimizer):  # type: ignore[misc, name-defined]
        def __init__(self, optimizer: Any, **options: Any) -> None:
            super().__init__(**options)
            self.optimizer = optimizer

        @property
        def iterations(self) -> Any:
            return self.optimizer.iterations

        def get_updates(self, loss: Any, params: Any) -> Any:
            own = {id(p) for p in params}
            return [
                K.update(v, v + (new - v) / 2) if id(v) in own else K.update(v, new)
                for v, new in self.optimizer.get_updates(loss, params)
            ]

    def trained(optimizer: Any) -> Any:
        model = classic.Sequential([L.Dense(1, input_dim=2, kernel_initializer="ones")])
        model.compile(optimizer, "mse")
        model.train_on_batch(np.ones((4, 2)), np.zeros(4))
        return model.get_weights()[0]

    whole, half = trained(classic.optimizers.SGD(0.1)), trained(Halved(classic.optimizers.SGD(0.1)))
    np.testing.assert_allclose(1 - half, (1 - whole) / 2, rtol=1e-5)


@pytest.mark.parametrize("form", ["loss, params", "by name", "params, loss", "with constraints"])
def test_updates_of_an_optimizer_keep_to_the_constraints(form: str) -> None:
    inputs = L.Input((2,))
    outputs = L.Dense(1, kernel_constraint=classic.constraints.max_norm(0.01), use_bias=False)(inputs)
    model, sgd = classic.Model(inputs, outputs), classic.optimizers.SGD(0.1)
    params, loss = model.trainable_weights, K.mean(K.square(outputs - 5.0))
    assert list(model.constraints) == params
    updates = {
        "loss, params": lambda: sgd.get_updates(loss, params),
        "by name": lambda: sgd.get_updates(params=params, loss=loss),
        "params, loss": lambda: sgd.get_updates(params, loss=loss),
        "with constraints": lambda: sgd.get_updates(params, model.constraints, loss=loss),
    }[form]()
    K.function([inputs], [outputs], updates=updates)([np.ones((4, 2))])
    assert 0.0099 < np.linalg.norm(model.get_weights()[0]) < 0.0101


def test_masks_of_several_inputs_are_a_list_for_compute_mask() -> None:
    seen = []

    class Both(L.Layer):  # type: ignore[misc, name-defined]
        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            seen.append(mask)
            return mask[0]

        def call(self, inputs: Any, mask: Any = None) -> Any:
            return inputs[0] + inputs[1]

    Both()([L.Input((2,)), L.Input((2,))])
    assert seen == [[None, None]]


def test_sums_and_joined_inputs_keep_the_masks_of_those_that_have_one() -> None:
    x = K.constant(np.ones((1, 4, 2)))
    one, other = (K.constant([row], "bool") for row in ([1, 0, 1, 0], [1, 1, 0, 0]))
    for layer, masks, wanted in (
        (L.Add(), [one, None], [1, 0, 1, 0]),
        (L.Multiply(), [one, other], [1, 0, 0, 0]),
        (L.Concatenate(), [one, other], [1, 0, 0, 0]),
        (L.Concatenate(axis=1), [one, None], [1, 0, 1, 0, 1, 1, 1, 1]),
    ):
        assert K.eval(layer.compute_mask([x, x], masks)).tolist() == [wanted]
    assert L.Add().compute_mask([x, x], [None, None]) is None


def test_the_weights_of_a_layer_are_those_that_it_says() -> None:
    class Half(L.Layer):  # type: ignore[misc, name-defined]
        def build(self, input_shape: Any) -> None:
            self.a = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="a")
            self.b = self.add_weight(shape=(input_shape[-1],), initializer="zeros", name="b")
            self.built = True

        def call(self, inputs: Any) -> Any:
            return inputs * self.a + self.b

    class Said(Half):
        @property
        def trainable_weights(self) -> Any:
            return super().trainable_weights[:1]

        @property
        def non_trainable_weights(self) -> Any:
            return super().trainable_weights[1:]

    class Listed(Half):
        def build(self, input_shape: Any) -> None:
            super().build(input_shape)
            self.trainable_weights, self.non_trainable_weights = [self.a], [self.b]

    class Around(L.Wrapper):  # type: ignore[misc, name-defined]
        def build(self, input_shape: Any) -> None:
            self.layer.build(input_shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return self.layer.call(inputs)

        @property
        def trainable_weights(self) -> Any:
            return []

        @property
        def non_trainable_weights(self) -> Any:
            return self.layer.weights

    for layer, moving in (
        (Half(input_shape=(3,)), [True, True]),
        (Said(input_shape=(3,)), [True, False]),
        (Listed(input_shape=(3,)), [True, False]),
        (Around(L.Dense(3), input_shape=(3,)), [False, False]),
    ):
        model = classic.Sequential([layer, L.Dense(1)])
        assert len(model.trainable_weights) == 2 + sum(moving) and len(model.weights) == 4
        assert len(model.non_trainable_weights) == 2 - sum(moving)
        model.compile("sgd", "mse")
        before = layer.get_weights()
        model.train_on_batch(np.eye(3), np.ones((3, 1)) * 5)
        assert [bool((old != new).any()) for old, new in zip(before, layer.get_weights())] == moving


def test_a_frozen_layer_of_ones_own_updates_nothing() -> None:
    class Means(L.Layer):  # type: ignore[misc, name-defined]
        def build(self, input_shape: Any) -> None:
            self.mean = self.add_weight(
                shape=input_shape[1:], initializer="zeros", trainable=False, name="mean"
            )
            self.built = True

        def call(self, inputs: Any) -> Any:
            self.add_update([K.moving_average_update(self.mean, K.mean(inputs, axis=0), 0.5)], inputs)
            return inputs - self.mean

    layer = Means(input_shape=(2,))
    model = classic.Sequential([layer, L.Dense(1)])
    for frozen, wanted in ((layer, 0.0), (model, 0.0), (None, 2.0)):
        layer.trainable = model.trainable = True
        if frozen is not None:
            frozen.trainable = False
        model.compile("sgd", "mse")
        model.train_on_batch(np.full((3, 2), 4.0), np.zeros((3, 1)))
        assert K.eval(layer.mean).tolist() == [wanted, wanted]


def test_numbers_in_order_are_floats_where_floats_are_given() -> None:
    for given in ((0.0, 4, 2.0), (0, 3.0), (2, 5, 1.0)):
        assert K.dtype(K.arange(*given)) == "float32"
    np.testing.assert_array_equal(K.eval(K.arange(0.0, 1.25, 0.5)), [0, 0.5, 1])
    n = L.Input(batch_shape=())
    found = K.function([n], [K.arange(n, 4), K.arange(0.0, n, 0.5)])([1.5])
    np.testing.assert_array_equal(found[0], [1.5, 2.5, 3.5])
    np.testing.assert_array_equal(found[1], [0, 0.5, 1])


def test_functions_without_a_name_are_told_apart_in_files(tmp_path: Path) -> None:
    def made(function: Any) -> Any:
        return classic.Sequential([L.Lambda(function, input_shape=(1,)), L.Activation(K.relu)])

    for k, model in enumerate((made(lambda x: x * 2), made(lambda x: x * 3))):
        model.compile("sgd", lambda t, p: K.mean(p - t))
        model.save(tmp_path / f"{k}.safetensors")
    found = [
        classic.models.load_model(tmp_path / f"{k}.safetensors").predict(np.ones((1, 1)))[0, 0]
        for k in (0, 1)
    ]
    assert found == [2.0, 3.0]


def test_weights_of_a_model_with_a_call_of_its_own(tmp_path: Path) -> None:
    class Net(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def __call__(self, x: Any) -> Any:
            return self.dense(x)

    x, path = np.ones((1, 3), "f"), str(tmp_path / "w.ckpt")
    one, other, empty = Net(), Net(), Net()
    empty.save_weights(str(tmp_path / "none"))  # a checkpoint of what there is
    outputs = np.asarray(one(x))
    one.save_weights(path, True, "tf")
    other(x)
    other.load_weights(path).expect_partial()
    np.testing.assert_array_equal(np.asarray(other(x)), outputs)


def test_a_metric_of_layers_within_layers_starts_anew() -> None:
    class Rows(L.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.count = K.variable(0.0)

        def __call__(self, y_true: Any, y_pred: Any) -> Any:
            rows, before = K.sum(K.ones_like(y_pred)), self.count * 1
            self.add_update(K.update_add(self.count, rows))
            return rows + before

    class Around(L.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.rows = Rows()

        def __call__(self, y_true: Any, y_pred: Any) -> Any:
            return self.rows(y_true, y_pred)

    model = classic.Sequential([L.Dense(1, input_dim=2)])
    model.compile("sgd", "mse", metrics=[Around()])
    for _ in range(2):
        assert model.evaluate(np.ones((6, 2)), np.ones(6), batch_size=2, verbose=0)[1] == 6.0


def test_initialisers_by_their_descriptions() -> None:
    scaling = {
        "class_name": "VarianceScaling",
        "config": {"scale": 2.0, "mode": "fan_out", "distribution": "normal"},
    }
    layer = L.Dense(400, kernel_initializer=scaling, bias_initializer={"class_name": "Ones", "config": {}})
    layer(np.ones((1, 500), "float32"))
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(kernel.std(), np.sqrt(2.0 / 400), rtol=0.05)
    assert (bias == 1).all()


def test_a_model_at_the_front_of_another_shares_its_tensors() -> None:
    inner = classic.Sequential([L.Dense(3, input_dim=2, name="first"), L.Dense(2)])
    outer = classic.Sequential([inner, L.Lambda(lambda x: x * 2)])
    middle = outer.layers[0].layers[0].output
    slope = K.gradients(K.sum(outer.output), middle)[0]
    found = K.function([outer.input], [middle, slope])([np.ones((1, 2))])
    kernel = inner.layers[1].get_weights()[0]
    np.testing.assert_allclose(found[1][0], 2 * kernel.sum(1), rtol=1e-5)
    np.testing.assert_allclose(outer.predict(np.ones((1, 2))), 2 * inner.predict(np.ones((1, 2))), rtol=1e-6)


def test_words_within_sentences_leave_a_mask_of_sentences() -> None:
    words, letters = L.Input((None,)), L.Input((None, None))
    of_words = L.Embedding(9, 4, mask_zero=True)(words)
    of_letters = L.TimeDistributed(L.Bidirectional(L.LSTM(2)))(L.Embedding(9, 3, mask_zero=True)(letters))
    joined = L.Concatenate()([of_words, of_letters])
    model = classic.Model([words, letters], L.LSTM(3)(joined))
    x = np.array([[1, 2, 0]]), np.array([[[3, 4], [5, 0], [0, 0]]])
    short = np.array([[1, 2]]), np.array([[[3, 4], [5, 0]]])
    np.testing.assert_allclose(model.predict(list(x)), model.predict(list(short)), rtol=1e-5)


def test_names_of_layers_are_the_texts_of_the_program() -> None:
    model = classic.Sequential([L.Dense(1, input_dim=1, name="".join(["blo", "ck"]))])
    wanted = "block"
    assert [layer for layer in model.layers if layer.name is wanted]


def test_a_data_set_in_batches_by_its_newer_name() -> None:
    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 3

        def __getitem__(self, k: int) -> Any:
            return np.full((2, 1), float(k)), np.full((2, 1), 2.0 * k)

    batches = Batches(workers=2)
    model = keras.Sequential(
        [keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(1,))]
    )
    model.compile("lion", "mse")
    history = model.fit(batches, epochs=2, verbose=0).history
    assert batches.num_batches == 3 and history["loss"][1] < history["loss"][0]


def of_keras_1(kind: str, name: str, inbound: Any = None, **config: Any) -> dict[str, Any]:
    """A layer as Keras 1 described it."""
    found = {"class_name": kind, "name": name, "config": {"name": name, "trainable": True, **config}}
    return found if inbound is None else {**found, "inbound_nodes": inbound}


WORDS = {
    "init": "glorot_uniform",
    "bias": True,
    "W_regularizer": None,
    "b_regularizer": None,
    "W_constraint": None,
}


def test_a_row_of_layers_that_keras_1_described() -> None:
    penalty, limit = (
        {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.25},
        {"name": "MaxNorm", "m": 2, "axis": 0},
    )
    window = {"nb_filter": 4, "nb_row": 3, "nb_col": 2, "subsample": [1, 1], "dim_ordering": "tf"}
    first = {"batch_input_shape": [None, 8, 8, 1], "input_dtype": "float32", "activation": "relu"}
    layers = [
        of_keras_1(
            "Convolution2D", "c", **{**WORDS, **window, **first, "W_regularizer": penalty}, border_mode="same"
        ),
        of_keras_1("BatchNormalization", "b", epsilon=0.01, mode=0, axis=-1, momentum=0.9, gamma_init="one"),
        of_keras_1("Dropout", "r", p=0.25),
        of_keras_1("Flatten", "f"),
        of_keras_1(
            "Dense",
            "d",
            **{**WORDS, "W_constraint": limit},
            output_dim=2,
            activation="softmax",
            input_dim=None,
        ),
    ]
    whole = {"class_name": "Sequential", "keras_version": "1.2.2", "config": layers}
    model = classic.models.model_from_json(json.dumps(whole))
    assert model.output_shape == (None, 2) and model.layers[0].kernel.shape == (3, 2, 1, 4)
    assert model.layers[1].epsilon == 0.01 and model.layers[2].rate == 0.25
    kernel = model.layers[0].get_weights()[0]
    np.testing.assert_allclose(float(model.losses[0]), 0.25 * (kernel**2).sum(), rtol=1e-5)
    assert model.layers[-1].kernel_constraint.max_value == 2


def test_a_graph_of_layers_that_keras_1_described() -> None:
    places = [
        of_keras_1("InputLayer", name, [], batch_input_shape=[None, 3], input_dtype="float32")
        for name in ("p", "q")
    ]
    dense = of_keras_1(
        "Dense", "x", [[["p", 0, 0]], [["q", 0, 0]]], **WORDS, output_dim=4, activation="linear"
    )
    join = {"mode": "concat", "concat_axis": -1, "dot_axes": -1, "output_shape": None, "arguments": {}}
    merge = of_keras_1("Merge", "m", [[["x", 0, 0], ["x", 1, 0]]], **join)
    graph = {"name": "g", "layers": [*places, dense, merge], "input_layers": [["p", 0, 0], ["q", 0, 0]]}
    whole = {"class_name": "Model", "config": {**graph, "output_layers": [["m", 0, 0]]}}
    model = classic.models.model_from_json(json.dumps(whole))
    kernel, bias = model.get_weights()
    p, q = np.ones((1, 3)), np.arange(3.0)[None]
    np.testing.assert_allclose(
        model.predict([p, q]), np.hstack([p @ kernel, q @ kernel]) + np.tile(bias, 2), rtol=1e-5
    )
    front = {"class_name": "Sequential", "config": [of_keras_1("Merge", "m", **join, init=None), dense]}
    with pytest.raises(ValueError, match="begins with Merge"):
        classic.models.model_from_json(json.dumps(front))


def test_layers_are_classes_to_isinstance() -> None:
    names = (
        "Activation ActivityRegularization BatchNormalization ELU Embedding LeakyReLU PReLU ThresholdedReLU"
    )
    kinds = tuple(getattr(L, name) for name in names.split())
    assert isinstance(L.ThresholdedReLU(0.5), kinds) and not isinstance(L.Dense(1), kinds)
    x = np.array([[0.2, 0.5, 0.7]])
    np.testing.assert_allclose(L.ThresholdedReLU(theta=0.5)(x), [[0, 0, 0.7]], rtol=1e-6)


class _Wrong(keras.layers.Layer):  # type: ignore[misc, valid-type]
    """Says another shape than it gives."""

    def call(self, inputs):  # type: ignore[no-untyped-def]
        return inputs * 2.0

    def compute_output_shape(self, input_shape):  # type: ignore[no-untyped-def]
        return (*input_shape[:-1], 7)


def test_layers_are_tested_as_authors_of_layers_do() -> None:
    of = keras.utils.test_utils
    x = np.arange(12.0).reshape(3, 4).astype("float32")
    assert of.layer_test(keras.layers.Dense, {"units": 3}, (2, 4)).shape == (2, 3)
    assert of.layer_test(keras.layers.LSTM, {"units": 2}, (3, None, 4)).shape == (3, 2)
    ones = {"units": 2, "kernel_initializer": "ones"}
    of.layer_test(keras.layers.Dense, ones, input_data=x, expected_output=x.sum(1, keepdims=True) * [[1, 1]])
    with pytest.raises(AssertionError):
        of.layer_test(keras.layers.Dense, ones, input_data=x, expected_output=np.zeros((3, 2)))
    with pytest.raises(AssertionError, match="compute_output_shape"):
        of.layer_test(_Wrong, {}, (2, 4))
    assert of.keras_test(lambda: 5)() == 5
