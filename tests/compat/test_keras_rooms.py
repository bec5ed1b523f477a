"""Rooms of Keras beyond layers and losses: applications, pictures, names, saving, callbacks, decoding, data."""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.compat import keras
from thalweg.compat.drawing import Drawing
from thalweg.compat.keras import backend as K
from thalweg.compat.keras import classic
from thalweg.errors import ArgumentError, ShapeError

L = classic.layers

# Numbers of weights, by Keras with the same arguments.
SIZES: dict[str, tuple[dict[str, Any], int]] = {
    "MobileNet": ({"alpha": 0.25, "classes": 1000}, 475544),
    "MobileNetV2": ({}, 3538984),
    "DenseNet121": ({"include_top": False}, 7037504),
    "VGG16": ({"include_top": False}, 14714688),
    "ResNet50": ({"classes": 10}, 23608202),
    "InceptionV3": ({"include_top": False, "pooling": "avg"}, 21802784),
    "Xception": ({"include_top": False}, 20861480),
}
LARGE = ("VGG16", "ResNet50", "InceptionV3", "Xception")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in LARGE)) for n in SIZES])
def test_a_known_network_has_as_many_weights_as_keras(name: str) -> None:
    options, count = SIZES[name]
    model = getattr(keras.applications, name)(weights=None, **options)
    assert model.count_params() == count
    places: Any = keras.layers.InputLayer
    assert isinstance(model.layers[0], places)


def test_images_are_prepared_as_networks_were_trained() -> None:
    x = np.array([[[[255.0, 0.0, 127.5]]]], "float32")
    caffe = keras.applications.vgg16.preprocess_input(x)
    np.testing.assert_allclose(caffe[0, 0, 0], [127.5 - 103.939, -116.779, 255 - 123.68], rtol=1e-6)
    np.testing.assert_allclose(
        keras.applications.xception.preprocess_input(x)[0, 0, 0], [1, -1, 0], atol=1e-6
    )
    first = keras.applications.densenet.preprocess_input(np.moveaxis(x, -1, 1), data_format="channels_first")
    np.testing.assert_allclose(first[0, 0, 0, 0], (1 - 0.485) / 0.229, rtol=1e-5)
    symbolic = keras.applications.vgg16.preprocess_input(K.constant(x))
    np.testing.assert_allclose(symbolic, caffe, rtol=1e-6)


def test_predictions_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = {str(k): [f"n{k}", f"thing {k}"] for k in range(1000)}
    (tmp_path / "names.json").write_text(json.dumps(table))
    monkeypatch.setattr(keras.utils, "get_file", lambda *args, **options: str(tmp_path / "names.json"))
    row = np.zeros((1, 1000))
    row[0, [7, 3]] = 0.6, 0.4
    assert keras.applications.vgg16.decode_predictions(row, top=2) == [
        [("n7", "thing 7", 0.6), ("n3", "thing 3", 0.4)]
    ]
    with pytest.raises(ArgumentError, match="1000"):
        keras.applications.vgg16.decode_predictions(np.zeros((1, 10)))


# --- pictures -------------------------------------------------------------------------------------------------------


def two_inputs() -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    joined = keras.layers.Concatenate(name="joined")([keras.layers.Dense(4, name="first")(a), b])
    return keras.Model([a, b], keras.layers.Dense(1, name="last")(joined))


def test_a_picture_has_the_format_asked_for(tmp_path: Path) -> None:
    heads = {"png": b"\x89PNG", "svg": b"<svg", "pdf": b"%PDF", "jpg": b"\xff\xd8", "dot": b"digraph"}
    for ending, head in heads.items():
        if ending in ("png", "jpg", "pdf"):
            pytest.importorskip("PIL")
        path = tmp_path / f"model.{ending}"
        keras.utils.plot_model(two_inputs(), str(path), show_shapes=True)
        assert path.read_bytes().startswith(head)
    with pytest.raises(ArgumentError, match="png"):
        keras.utils.plot_model(two_inputs(), str(tmp_path / "model.xyz"))


def test_a_picture_shows_what_leads_to_what() -> None:
    text = keras.utils.model_to_dot(two_inputs(), show_shapes=True).to_string()
    boxes = {line.split("[")[0].strip(): line for line in text.splitlines() if "label" in line}
    names = {key: line.split('"')[1].split(":")[0] for key, line in boxes.items()}
    edges = {
        tuple(names[n.strip(" ;")] for n in line.split("->")) for line in text.splitlines() if "->" in line
    }
    assert edges == {("a", "first"), ("first", "joined"), ("b", "joined"), ("joined", "last")}
    assert "output: (None, 4)" in text


def test_boxes_stand_below_those_before_them_and_beside_each_other() -> None:
    for across in (False, True):
        drawing = Drawing(["a", "longer\nlabel", "c", "d"], [(0, 1), (0, 2), (1, 3), (2, 3)], across)
        boxes, width, height = drawing.boxes()
        start, end = (0, 2) if across else (1, 3)
        for before, after in drawing.edges:
            assert boxes[before][end] < boxes[after][start]
        for k, a in enumerate(boxes):
            assert 0 <= a[0] < a[2] <= width and 0 <= a[1] < a[3] <= height
            for b in boxes[k + 1 :]:
                assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


# --- names and lists ------------------------------------------------------------------------------------------------


def test_layers_are_named_as_in_their_time() -> None:
    K.clear_session()
    old = classic.Sequential([L.Dense(2, input_dim=3), L.Dense(1), L.Convolution2D(1, 1, 1)][:2])
    assert [layer.name for layer in old.layers] == ["dense_1", "dense_2"] and old.name == "sequential_1"
    assert L.Input((2,)).name == "input_1" and L.MaxPooling2D().name == "max_pooling2d_1"
    assert L.Dense(1, name="mine").name == "mine"
    new = keras.Sequential([keras.layers.Dense(2, input_shape=(3,)), keras.layers.Dense(1)])
    assert [layer.name for layer in new.layers] == ["dense", "dense_1"]

    class Own(L.Layer):  # type: ignore[name-defined]
        pass

    assert Own().name == "own_1" and Own().name == "own_2"


def test_inputs_are_numbered_by_themselves_or_named_after_the_first_layer() -> None:
    K.clear_session()
    a = keras.Input((3,))
    x = keras.layers.Dense(2)(a)
    b = keras.Input((3,))
    model = keras.Model([a, b], keras.layers.add([x, keras.layers.Dense(2)(b)]))
    assert model.input_names == ["input_1", "input_2"]
    said = keras.Sequential([keras.layers.Dense(2, input_shape=(3,), name="first")])
    later = keras.Sequential([keras.layers.Dense(2)])
    later.build((None, 3))
    assert said.input_names == ["first_input"] and later.input_names == ["dense_2_input"]
    assert keras.Sequential.from_config(said.get_config()).input_names == ["first_input"]
    alone = classic.Sequential([L.Dense(2, input_dim=3)])
    assert alone.input_names == ["dense_1_input"]


def test_networks_of_stand_alone_keras_are_its_own() -> None:
    K.clear_session()
    options: Any = {"weights": None, "input_shape": (32, 32, 3), "classes": 3}
    old = classic.applications.resnet50.ResNet50(**options)
    assert isinstance(old, classic.Model) and old.name == "resnet50"
    names = [layer.name for layer in old.layers]
    assert names[0] == "input_1" and names[-1] == "fc1000" and "res5c_branch2c" in names
    assert "activation_49" in names and "add_16" in names and "max_pooling2d_1" in names
    old.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    assert old.metrics_names == ["loss", "acc"]
    assert "conv5_block3_out" in [layer.name for layer in keras.applications.ResNet50(**options).layers]
    assert classic.applications.ResNet50 is not keras.applications.ResNet50
    assert classic.applications.imagenet_utils.preprocess_input is keras.applications.preprocess_input


def test_what_stands_before_and_between_the_layers_is_no_weight_of_a_model() -> None:
    picture = K.variable(np.ones((1, 32, 32, 3)))
    drawn = K.placeholder((1, 32, 32, 3))
    both = K.concatenate([picture, drawn], axis=0)
    model = classic.applications.VGG16(weights=None, include_top=False, input_tensor=both, pooling="avg")
    assert model.count_params() == 14714688
    scale = K.variable(2.0)
    x = keras.Input((2,))
    scaled = keras.Model(x, keras.layers.Dense(1, use_bias=False)(x) * scale)
    assert len(scaled.weights) == 1
    scaled.compile("sgd", "mse")
    scaled.set_weights([np.ones((2, 1))])
    scaled.fit(np.ones((4, 2)), np.zeros((4, 1)), verbose=0)
    assert K.get_value(scale) == 2.0
    np.testing.assert_allclose(scaled.get_weights()[0], 1 - 0.01 * 2 * 4 * 2 * np.ones((2, 1)), rtol=1e-5)


def test_of_units_that_are_a_quotient_the_whole_part_counts() -> None:
    assert keras.layers.Dense(9 / 2).units == 4 and keras.layers.Dense(units=7.5).units == 7
    assert (
        keras.layers.Conv2D(9 / 2, 3).filters == 4
        and keras.layers.Conv1D(filters=5.5, kernel_size=1).filters == 5
    )
    assert keras.layers.Dense("128").units == keras.layers.Dense(units="128").units == 128
    for wrong in (0.5, float("nan"), -1, "many", True):
        with pytest.raises((ArgumentError, ValueError)):
            keras.layers.Dense(wrong)


def test_a_layer_popped_off_the_list_is_gone() -> None:
    x = L.Input((3,))
    model = classic.Model(x, L.Dense(2, name="top")(L.Dense(4, name="below")(x)))
    assert model.layers.pop().name == "top" and model.layers[-1].name == "below"
    model.outputs = [model.layers[-1].output]
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 4)


def test_symbols_know_what_keras_read_off_them() -> None:
    x = L.Input((3,))
    layer = L.Dense(2)
    y = layer(x)
    assert y._keras_shape == (None, 2) and x._keras_shape == (None, 3) and y._keras_history == (layer, 0, 0)
    assert not hasattr(y, "__len__")
    with pytest.raises(TypeError, match="no length"):
        len(y)


def test_figures_have_both_names() -> None:
    model = classic.Sequential([L.Dense(1, input_dim=2)])
    model.compile("sgd", "mse", metrics=["mae"])
    assert model.metrics_names == ["loss", "mean_absolute_error"]
    history = model.fit(np.ones((4, 2)), np.ones(4), validation_split=0.5, epochs=1, verbose=0).history
    assert history["val_mae"] == history["val_mean_absolute_error"] and "mse" not in history


def test_the_learning_rate_of_epochs_is_lr() -> None:
    model = classic.Sequential([L.Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    steps = classic.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    history = model.fit(np.ones((4, 2)), np.ones(4), epochs=2, verbose=0, callbacks=[steps]).history
    np.testing.assert_allclose(history["lr"], [0.1, 0.05], rtol=1e-6)
    assert history["lr"] == history["learning_rate"]


def test_two_models_merged_at_the_front_are_described() -> None:
    ends = [classic.Sequential([L.Dense(3, input_dim=n)]) for n in (2, 4)]
    model = classic.Sequential([L.Merge(ends, mode="concat"), L.Dense(1)])
    data = [np.ones((5, 2), "f"), np.ones((5, 4), "f")]
    again = classic.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(data, verbose=0), model.predict(data, verbose=0))


@pytest.mark.parametrize("room", [keras, classic])
def test_paths_of_keras_2_5_to_2_12(room: Any) -> None:
    assert room.optimizers.adam_v2.Adam is room.optimizers.Adam
    assert room.optimizers.gradient_descent_v2.SGD is room.optimizers.SGD
    found = room.layers.normalization.batch_normalization_v1
    assert found.BatchNormalization is room.layers.BatchNormalization
    with pytest.raises(AttributeError, match="BatchNorm"):
        found.BatchNorm


def test_the_backend_hands_out_tensorflow() -> None:
    assert np.asarray(K.tf.reduce_mean([1.0, 3.0])) == 2


def test_lambdas_and_floats_of_another_size_are_saved(tmp_path: Path) -> None:
    K.set_floatx("float64")
    try:
        model = classic.Sequential([L.Dense(2, input_dim=3), L.Lambda(lambda x: x * 2 + 1)])
    finally:
        K.set_floatx("float32")
    x = np.linspace(0, 1, 6).reshape(2, 3)
    assert model.layers[0].get_weights()[0].dtype == np.float64
    model.save(tmp_path / "model.h5")
    again = classic.models.load_model(tmp_path / "model.h5")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    with pytest.raises(ArgumentError, match="float16"):
        K.set_floatx("float8")


def test_training_moves_what_was_to_be_trained_at_compile() -> None:
    below, above = L.Dense(3, input_dim=2), L.Dense(1)
    model = classic.Sequential([below, above])
    below.trainable = False
    model.compile("sgd", "mse")
    below.trainable, above.trainable = True, False
    first, last = below.get_weights()[0], above.get_weights()[0]
    model.train_on_batch(np.ones((4, 2)), np.ones(4) * 9)
    model.fit(np.ones((4, 2)), np.ones(4) * 9, epochs=1, verbose=0)
    np.testing.assert_array_equal(below.get_weights()[0], first)
    assert (above.get_weights()[0] != last).all()
    assert below.trainable and not above.trainable


# --- callbacks ------------------------------------------------------------------------------------------------------


def test_a_list_of_callbacks_tells_all() -> None:
    heard: list[Any] = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: heard.append((epoch, logs)),
        on_train_begin=lambda logs: heard.append(logs),
    )
    told = keras.callbacks.CallbackList([])
    told.append(note)
    told.set_model("model")
    told.on_train_begin()
    told.on_epoch_end(2, logs={"loss": 1.0})
    told.on_batch_end(0)
    assert heard == [{}, (2, {"loss": 1.0})] and note.model == "model"


def test_figures_are_sent_to_a_server() -> None:
    received: list[tuple[str, bytes]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monitor = keras.callbacks.RemoteMonitor(f"http://127.0.0.1:{server.server_port}", send_as_json=True)
        monitor.on_epoch_end(3, {"loss": np.float32(0.5)})
        thread.join()
    assert received[0][0] == "/publish/epoch/end/" and json.loads(received[0][1]) == {"epoch": 3, "loss": 0.5}
    with pytest.warns(UserWarning, match="could not reach"):
        keras.callbacks.RemoteMonitor("http://127.0.0.1:9").on_epoch_end(0)


# --- batches of images ----------------------------------------------------------------------------------------------


def test_batches_may_have_inputs_that_are_no_images() -> None:
    x, z, y = np.zeros((6, 4, 4, 1)), np.arange(6), np.arange(6) * 10
    (images, beside), targets = next(
        keras.preprocessing.image.ImageDataGenerator().flow((x, z), y, batch_size=4)
    )
    assert images.shape == (4, 4, 4, 1) and (targets == beside * 10).all()


def test_a_generator_that_knows_its_number_is_done_once_an_epoch() -> None:
    batches = keras.preprocessing.image.ImageDataGenerator().flow(
        np.zeros((6, 4, 4, 1)), np.zeros(6), batch_size=2
    )
    model = classic.Sequential([L.Flatten(input_shape=(4, 4, 1)), L.Dense(1)])
    model.compile("sgd", "mse")
    seen: list[int] = []
    model.fit_generator(
        batches, epochs=2, verbose=0, validation_data=batches,
        callbacks=[classic.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.append(batch))],
    )  # fmt: skip
    assert seen == [0, 1, 2] * 2
    assert model.predict_generator(batches).shape == (6, 1)


# --- transposed convolutions of a given shape ------------------------------------------------------------------------


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize(
    ("n", "k", "stride", "padding", "lengths"),
    [
        (5, 3, 2, "same", (9, 10)),
        (4, 2, 2, "valid", (9, 8)),
        (3, 2, 3, "same", (7, 9)),
        (3, 5, 3, "same", (8, 7)),
    ],
)
def test_a_shape_says_what_strides_left_out(
    n: int, k: int, stride: int, padding: str, lengths: tuple[int, int], first: bool
) -> None:
    K, rng = keras.backend, np.random.default_rng(0)
    image, x, w = (rng.normal(size=s) for s in ((2, *lengths, 2), (2, n, n, 3), (k, k, 2, 3)))
    there = K.conv2d(image, w, strides=(stride, stride), padding=padding).numpy()
    shape, given, order = (2, *lengths, 2), x, "channels_last"
    if first:
        shape, given, order = (2, 2, *lengths), x.transpose(0, 3, 1, 2), "channels_first"
    back = K.conv2d_transpose(given, w, shape, (stride, stride), padding, order).numpy()
    assert back.shape == shape
    back = back.transpose(0, 2, 3, 1) if first else back
    np.testing.assert_allclose(np.sum(there * x), np.sum(back * image), rtol=1e-10)


def test_a_shape_that_cannot_be_is_refused() -> None:
    for padding, length in (("same", 11), ("same", 8), ("valid", 13), ("valid", 10)):
        with pytest.raises(ShapeError, match=r"conv2d_transpose: output_shape.*gives \[5, 5\]"):
            keras.backend.conv2d_transpose(
                np.ones((1, 5, 5, 1)), np.ones((3, 3, 1, 1)), (1, length, length, 1), (2, 2), padding
            )


def test_photographs_have_their_channels_where_they_are_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cifar10" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    records = np.random.default_rng(0).integers(0, 10, (2, 1 + 3072), dtype=np.uint8)
    for name in [*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]:
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    monkeypatch.setenv("THALWEG_DATA", str(tmp_path))
    (last, _), _ = keras.datasets.cifar10.load_data()
    K.set_image_data_format("channels_first")
    try:
        (first, labels), _ = keras.datasets.cifar10.load_data()
    finally:
        K.set_image_data_format("channels_last")
    assert last.shape == (10, 32, 32, 3) and labels.shape == (10, 1)
    np.testing.assert_array_equal(first, last.transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(first[:2].reshape(2, -1), records[:, 1:])


def test_the_penalty_of_the_largest_eigenvalue() -> None:
    penalty = classic.regularizers.EigenvalueRegularizer(0.1)
    kernel = np.diag([3.0, 1.0, 0.5])[:, [2, 0, 1]]
    assert float(penalty(kernel)) == pytest.approx(0.3, rel=1e-5)
    w = tw.Variable(kernel)
    (slope,) = tw.gradients(penalty(w), [w])
    wanted = np.zeros((3, 3))
    wanted[0, 1] = 0.1
    np.testing.assert_allclose(slope.numpy(), wanted, atol=1e-6)
    with pytest.raises(ShapeError, match=r"EigenvalueRegularizer.*a matrix"):
        penalty(np.ones(3))


# --- small functions ------------------------------------------------------------------------------------------------


def test_lengths_of_convolutions_are_those_of_the_layers() -> None:
    utils = keras.utils.conv_utils
    for padding in ("valid", "same"):
        for n, k, s in ((10, 3, 2), (9, 4, 1), (7, 2, 3)):
            made = keras.layers.Conv1D(1, k, strides=s, padding=padding)(np.zeros((1, n, 1)))
            assert utils.conv_output_length(n, k, padding, s) == made.shape[1]
            turned = keras.layers.Conv1DTranspose(1, k, strides=s, padding=padding)(np.zeros((1, n, 1)))
            assert utils.deconv_length(n, s, k, padding) == turned.shape[1]
    assert utils.normalize_tuple(2, 3) == (2, 2, 2)
    with pytest.raises(ArgumentError, match="2 of them"):
        utils.normalize_tuple((1, 2, 3), 2)


def test_rows_of_an_hdf5_file(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "rows.h5", "w") as file:
        file["x"] = np.arange(20).reshape(10, 2)
    rows = keras.utils.io_utils.HDF5Matrix(tmp_path / "rows.h5", "x", 2, 8, normalizer=lambda v: v * 10)
    assert rows.shape == (6, 2) and len(rows) == 6
    assert rows[0].tolist() == [40, 50] and rows[-1].tolist() == [140, 150]
    assert rows[[3, 0, 3]][:, 0].tolist() == [100, 40, 100] and rows[1:3].shape == (2, 2)


def test_inputs_of_a_symbol_are_found() -> None:
    a, b = L.Input((2,)), L.Input((2,))
    y = L.Dense(1)(L.add([a, L.Lambda(lambda x: x * 2)(b)]))
    found = keras.utils.get_source_inputs(y) if hasattr(keras.utils, "get_source_inputs") else []
    assert {id(t) for t in found} == {id(a), id(b)}


def test_batch_metrics_of_keras_1() -> None:
    t, p = np.array([[1.0, 0, 1, 1]]), np.array([[0.9, 0.8, 0.2, 0.7]])
    metrics = classic.metrics
    np.testing.assert_allclose([metrics.precision(t, p), metrics.recall(t, p)], [2 / 3, 2 / 3], rtol=1e-5)
    np.testing.assert_allclose(metrics.matthews_correlation(t, p), -1 / 3, rtol=1e-5)


def test_what_libraries_of_layers_import_from_within_tensorflow(thalweg_run: Any, tmp_path: Path) -> None:
    """And updates that a program adds to a layer of the library."""
    (tmp_path / "program.py").write_text(
        "import numpy as np\n"
        "import keras\n"
        "from keras import backend as K\n"
        "from tensorflow.python.util import nest, tf_inspect\n"
        "from tensorflow.python.eager import tape\n"
        "from tensorflow.python.ops.custom_gradient import _graph_mode_decorator\n"
        "assert tf_inspect.getfullargspec(lambda a, b: 0).args == ['a', 'b'] and nest.flatten([1, [2]]) == [1, 2]\n"
        "K.symbolic = getattr(K, 'symbolic', None) or (lambda f: f)\n"
        "assert keras.backend.symbolic(3) == 3\n"
        "class Counting(keras.layers.Dense):\n"
        "    def build(self, input_shape):\n"
        "        super().build(input_shape)\n"
        "        self.calls = K.variable(0.0)\n"
        "    def call(self, inputs):\n"
        "        self.add_update(K.update_add(self.calls, 1.0))\n"
        "        return super().call(inputs)\n"
        "model = keras.models.Sequential([Counting(1, input_dim=2)])\n"
        "model.compile('sgd', 'mse')\n"
        "model.fit(np.ones((6, 2)), np.ones(6), batch_size=2, verbose=0)\n"
        "print('counted', K.get_value(model.layers[0].calls))\n"
    )
    result = thalweg_run(tmp_path / "program.py")
    assert result.returncode == 0, result.stderr
    assert "counted 3.0" in result.stdout


def test_weights_of_layers_go_through_groups_of_a_file_that_the_program_opened(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="needs h5py")

    def model(last: int) -> Any:
        x = L.Input((4,))
        return classic.Model(x, L.Dense(last, name="last")(L.Dense(3, name="first")(x)))

    saving, first = classic.engine.saving, model(2)
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        saving.save_weights_to_hdf5_group(file.create_group("here"), first.layers)
        first.save_weights(tmp_path / "whole.h5")
    for path, place in (("weights.h5", "here"), ("whole.h5", "/")):
        with h5py.File(tmp_path / path) as file:
            assert saving.load_attributes_from_hdf5_group(file[place], "layer_names")[-2:] == [
                "first",
                "last",
            ]
            same, other = model(2), model(5)
            saving.load_weights_from_hdf5_group(file[place], same.layers)
            with pytest.raises(ShapeError, match=r"the weight .2: last.kernel.; expected .*3, 5"):
                classic.engine.topology.load_weights_from_hdf5_group_by_name(file[place], other.layers)
            saving.load_weights_from_hdf5_group_by_name(file[place], [other.layers[1]], skip_mismatch=True)
        for a, b in zip(first.get_weights(), same.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(other.get_weights()[0], first.get_weights()[0])
    x = L.Input((4,))
    renamed = classic.Model(x, L.Dense(2)(L.Dense(3)(x)))
    renamed.load_weights(tmp_path / "whole.h5")  # in order, as Keras did
    np.testing.assert_array_equal(renamed.predict(np.ones((1, 4))), first.predict(np.ones((1, 4))))
    rows = [np.arange(12.0).reshape(4, 3), np.zeros(3)]
    kept = saving.preprocess_weights_for_loading(first.layers[1], rows, "2.2.4", "tensorflow")
    assert all(a is b for a, b in zip(kept, rows, strict=True))


def test_a_model_goes_through_an_open_file_and_its_summary_tells_of_inputs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    h5py = pytest.importorskip("h5py", reason="needs h5py")
    x = L.Input((4,), name="first")
    model = classic.Model(x, L.Dense(2)(x))
    model.compile("sgd", "mse")
    with h5py.File(tmp_path / "several.h5", "w") as file:
        model.save(file.create_group("one"))
    with h5py.File(tmp_path / "several.h5") as file:
        again = classic.models.load_model(file["one"])
        assert "model_config" in file["one"].attrs
    rows = np.ones((3, 4))
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))
    model.summary()
    assert "first (InputLayer)  (None, 4)" in capsys.readouterr().out
    place = model.layers[0]
    assert type(place).__name__ == "InputLayer"
    again = type(place).from_config({**place.get_config(), "name": "again"})
    assert (again.name, again.output_shape, K.dtype(again.output)) == ("again", (None, 4), "float32")
    held = io.BytesIO()
    model.save(held)
    same = classic.models.load_model(io.BytesIO(held.getvalue()))
    np.testing.assert_array_equal(same.predict(rows), model.predict(rows))


def test_what_compile_was_given_can_be_read() -> None:
    model = classic.models.Sequential([L.Dense(2, input_dim=3)])
    assert not hasattr(model, "metrics")
    model.compile("sgd", "mse", metrics=["accuracy", "mae"])
    assert (model.metrics, model.loss_weights, model.sample_weight_mode) == (["accuracy", "mae"], None, None)
    assert len(model.evaluate(np.ones((4, 3)), np.ones((4, 2)), verbose=0)) == 3
    model.compile("sgd", "mse")
    assert model.metrics == []


def test_code_is_not_kept_in_files() -> None:
    with pytest.raises(ArgumentError, match="code is not written to files"):
        classic.utils.generic_utils.func_dump(lambda x: x)
    with pytest.raises(ArgumentError, match="code from files is not run"):
        classic.utils.generic_utils.func_load("")


def test_helpers_that_programs_took_from_inside_keras() -> None:
    assert float(K._to_tensor(2, "float32")) == 2.0 and K.py_all([True, 1])
    inside: Any = keras.utils.layer_utils
    dense = L.Dense(2, use_bias=False)
    dense.build((None, 12))
    maps = np.arange(12.0).reshape(2, 2, 3)  # rows, columns, channels
    kernel = np.arange(24.0, dtype="float32").reshape(12, 2)
    dense.kernel.set_value(kernel)
    last = maps.reshape(1, -1) @ kernel
    inside.convert_dense_weights_data_format(dense, (3, 2, 2), "channels_first")
    first = np.moveaxis(maps, -1, 0)
    np.testing.assert_allclose(first.reshape(1, -1) @ dense.kernel.get_value(), last)
    inside.convert_dense_weights_data_format(dense, (2, 2, 3), "channels_last")
    np.testing.assert_array_equal(dense.kernel.get_value(), kernel)
    relu6 = keras.applications.mobilenet.relu6
    np.testing.assert_array_equal(relu6(np.array([-1.0, 3, 9], "float32")), [0, 3, 6])
    ones = classic.layers.recurrent._generate_dropout_ones(K.constant(np.zeros((4, 3, 2))), 5)
    masks = classic.layers.recurrent._generate_dropout_mask(ones, 0.5, training=True, count=2)
    assert [set(np.unique(K.eval(mask))) <= {0.0, 2.0} for mask in masks] == [True, True]
    np.testing.assert_array_equal(
        classic.layers.recurrent._generate_dropout_mask(ones, 0.5, training=False), np.ones((4, 5))
    )


def test_an_image_is_moved_by_a_matrix_about_its_centre() -> None:
    images: Any = keras.preprocessing.image
    image = np.arange(2 * 4 * 6.0).reshape(2, 4, 6)
    turned = images.transform_matrix_offset_center(np.diag([-1.0, -1.0, 1.0]), 3, 5)  # about row 2, column 3
    moved = images.apply_transform(image, turned, 0, "nearest")
    rows, columns = (np.clip(n - np.arange(m), 0, m - 1) for n, m in ((4, 4), (6, 6)))
    np.testing.assert_array_equal(moved, image[:, rows][:, :, columns])
    beyond = images.apply_transform(image, np.array([[1.0, 0, 2], [0, 1, 0], [0, 0, 1]]), 0, "constant", 7.0)
    np.testing.assert_array_equal(beyond, np.concatenate([image[:, 2:], np.full((2, 2, 6), 7.0)], 1))


@pytest.mark.parametrize(
    "counted", [{"steps_per_epoch": 2, "epochs": 2}, {"samples_per_epoch": 8, "nb_epoch": 2}]
)
def test_a_callback_may_be_what_gives_the_batches(counted: dict[str, int]) -> None:
    """What its generators give is made ready when training begins, which it is told once, before the first batch."""

    class Painter(keras.callbacks.Callback):  # type: ignore[name-defined]
        begun = 0

        def batches(self) -> Iterator[Any]:
            while True:
                rows = self.words[:4]
                yield {"row": rows, "not an input": ["a"] * 4}, rows[:, :1]

        def on_train_begin(self, logs: Any = None) -> None:
            self.begun += 1
            self.words = np.ones((8, 3), "float32")

    row = keras.layers.Input((3,), name="row")
    model = keras.models.Model(row, keras.layers.Dense(1)(row))
    model.compile("sgd", "mse")
    painter = Painter()
    history = model.fit_generator(
        painter.batches(), validation_data=painter.batches(), callbacks=[painter], verbose=0,
        **({"validation_steps": 1} if "epochs" in counted else {"nb_val_samples": 4}), **counted,
    )  # fmt: skip
    assert painter.begun == 1 and len(history.history["val_loss"]) == 2


def test_shared_variables_of_before_there_was_a_backend() -> None:
    utils = classic.utils.theano_utils
    assert utils.floatX([1, 2]).dtype == "float32"
    made = [
        utils.sharedX([[1, 2]]), utils.shared_zeros((2, 1)), utils.shared_ones((3,)), utils.shared_scalar(0.5),
        utils.alloc_zeros_matrix(1, 2),
    ]  # fmt: skip
    values = [classic.backend.get_value(v).tolist() for v in made]
    assert values == [[[1, 2]], [[0], [0]], [1, 1, 1], 0.5, [[0, 0]]]
    assert utils.sharedX([1], dtype="float64", name="w").dtype == "float64"
    x = utils.ndim_tensor(2)
    doubled = classic.backend.function([x], [classic.backend.dot(x, made[1] + 2.0)])
    assert doubled([np.ones((1, 2), "float32")])[0].tolist() == [[4]]
