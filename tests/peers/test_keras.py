"""Layers, activations, losses, metrics, optimizers beside Keras's, whose answers are in ``keras.json``; its files."""

from __future__ import annotations

import gzip
import inspect
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg.layers import activations

from . import keras_rows as rows
from .values import numbers

FOLDER = Path(__file__).parent
ANSWERS: dict[str, Any] = json.loads((FOLDER / "keras.json").read_text(encoding="utf-8"))
TOLERANCE: dict[str, dict[str, Any]] = {
    "float64": {"rtol": 1e-10, "atol": 1e-12},
    "float32": {"rtol": 1e-5, "atol": 2e-6},
}
# TensorFlow rounds constants inside these to float32, or computes in it; PyTorch's answers and finite differences check
# them to the last digits.
ROUNDED = {"CTC", "gelu", "leaky_relu", "LogCosh", "Nadam", "UpSampling2D"}
ROUNDED |= {
    "BinaryIoU",
    "ConcordanceCorrelation",
    "F1Score",
    "FBetaScore",
    "LogCoshError",
    "MeanIoU",
    "OneHotIoU",
}
ROUNDED |= {"IoU", "OneHotMeanIoU", "SparseTopKCategoricalAccuracy", "TopKCategoricalAccuracy"}
both = pytest.mark.parametrize("dtype", ["float32", "float64"])


def tolerance(name: str, dtype: str) -> dict[str, Any]:
    return TOLERANCE["float32" if name in ROUNDED else dtype]


def ids(row: Any) -> str:
    return rows.name_of(row[0], row[1], row[2] if isinstance(row[-1], str) else "")


@both
@pytest.mark.parametrize("row", rows.LAYERS, ids=ids)
def test_a_layer(row: Any, dtype: str) -> None:
    cls, arguments, shapes = row
    layer = getattr(L, cls)(**arguments, dtype=dtype)
    first = tw.Variable(numbers(shapes[0], 20) * 2, dtype=dtype)
    rest = [(numbers(shape, 20 + k) * 2).astype(dtype) for k, shape in enumerate(shapes[1:], 1)]
    given = [first, *rest] if rest else first
    layer(given)
    layer.set_weights(rows.layer_weights([w.shape for w in layer.weights]))
    with tw.GradientTape() as tape:
        y = layer(given)
        total = tw.sum(y * numbers(y.shape, 7).astype(dtype))
    answer = ANSWERS["layer " + rows.name_of(cls, arguments)]
    np.testing.assert_allclose(y, answer["output"], **tolerance(cls, dtype))
    np.testing.assert_allclose(tape.gradient(total, first), answer["gradient"], **tolerance(cls, dtype))


@both
@pytest.mark.parametrize("name", rows.ACTIVATIONS)
def test_an_activation(name: str, dtype: str) -> None:
    y = activations.get(name)((numbers((3, 6), 11) * 4).astype(dtype))
    np.testing.assert_allclose(y, ANSWERS[f"activation {name}"]["output"], **tolerance(name, dtype))


@both
@pytest.mark.parametrize("row", rows.LOSSES, ids=ids)
def test_a_loss_and_its_gradient(row: Any, dtype: str) -> None:
    cls, arguments, data = row
    t, p = rows.DATA[data]
    guess = tw.Variable(p, dtype=dtype)
    with tw.GradientTape() as tape:
        value = getattr(tw.losses, cls)(**arguments)(t if t.dtype.kind == "i" else t.astype(dtype), guess)
    answer = ANSWERS["loss " + rows.name_of(cls, arguments, data)]
    np.testing.assert_allclose(value, answer["value"], **tolerance(cls, dtype))
    np.testing.assert_allclose(tape.gradient(value, guess), answer["gradient"], **tolerance(cls, dtype))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("row", rows.METRICS, ids=ids)
def test_a_metric_over_two_batches(row: Any, weighted: bool) -> None:
    cls, arguments, data = row
    t, p = rows.DATA[data]
    metric = getattr(tw.metrics, cls)(**arguments)
    for part in (slice(0, 7), slice(7, None)):
        given = (p[part],) if cls in ("Mean", "Sum") else (t[part], p[part])
        metric.update_state(*given, sample_weight=rows.SAMPLE_WEIGHT[part] if weighted else None)
    name = rows.name_of(cls, arguments, data) + (" weighted" if weighted else "")
    answer = ANSWERS[f"metric {name}"]["value"]
    np.testing.assert_allclose(metric.result(), answer, **tolerance(cls, "float64"))


@both
@pytest.mark.parametrize("row", rows.OPTIMIZERS, ids=ids)
@pytest.mark.parametrize("part", rows.PARTS)
def test_an_optimizer(row: Any, part: str, dtype: str) -> None:
    cls, arguments = row
    start, target, scale = map(rows.PARTS[part], (rows.START, rows.TARGET, rows.SCALE + 0 * rows.START))
    w, optimizer, seen = tw.Variable(start, dtype=dtype), getattr(tw.optimizers, cls)(**arguments), []
    for t in range(20):
        slope = 2 * scale**2 * (w.numpy().astype(np.float64) - target) * (1 + 0.1 * t)
        slope *= arguments.get("loss_scale_factor", 1)
        optimizer.apply_gradients([(tw.constant(slope.astype(dtype)), w)])
        if t % 5 == 4:
            seen.append(w.numpy())
    answer = ANSWERS["optimizer " + rows.name_of(cls, arguments)]
    np.testing.assert_allclose(np.stack(seen), answer[part], **tolerance(cls, dtype))


@pytest.mark.parametrize("row", rows.SCHEDULES, ids=ids)
def test_a_schedule(row: Any) -> None:
    cls, arguments = row
    schedule = getattr(tw.optimizers.schedules, cls)(**arguments)
    rates = [schedule(t).item() for t in range(25)]
    answer = ANSWERS["schedule " + rows.name_of(cls, arguments)]["rates"]
    np.testing.assert_allclose(rates, answer, rtol=1e-6, atol=1e-7)  # Keras computes them in float32


# --- weights: penalties, bounds, first values -----------------------------------------------------------------------


@pytest.mark.parametrize("row", rows.REGULARIZERS, ids=ids)
def test_a_regularizer(row: Any) -> None:
    cls, arguments = row
    value = getattr(tw.regularizers, cls)(**arguments)(rows.START)
    answer = ANSWERS["regularizer " + rows.name_of(cls, arguments)]["value"]
    np.testing.assert_allclose(value, answer, rtol=1e-6)


@both
@pytest.mark.parametrize("row", rows.CONSTRAINTS, ids=ids)
def test_a_constraint(row: Any, dtype: str) -> None:
    cls, arguments = row
    value = getattr(tw.constraints, cls)(**arguments)(rows.START.astype(dtype))
    answer = ANSWERS["constraint " + rows.name_of(cls, arguments)]["value"]
    np.testing.assert_allclose(value, answer, **tolerance(cls, dtype))


@both
@pytest.mark.parametrize("row", rows.INITIALIZERS, ids=lambda r: rows.name_of(*r))
def test_an_initializer(row: Any, dtype: str) -> None:
    cls, arguments, shape = row
    value = getattr(tw.initializers, cls)(**arguments)(shape, dtype)
    assert value.dtype == dtype
    np.testing.assert_allclose(
        value, ANSWERS["initializer " + rows.name_of(*row)]["value"], **tolerance(cls, dtype)
    )


@pytest.mark.parametrize("row", rows.DRAWN, ids=lambda r: rows.name_of(*r))
def test_drawn_first_values_spread_alike(row: Any) -> None:
    cls, arguments, shape = row
    many = [getattr(tw.initializers, cls)(**arguments, seed=k)(shape, "float64") for k in range(8)]
    answer = ANSWERS["drawn " + rows.name_of(*row)]
    np.testing.assert_allclose(np.std(many), answer["deviation"], rtol=0.02)
    np.testing.assert_allclose(np.max(many), answer["most"], rtol=0.25)


# --- names and arguments --------------------------------------------------------------------------------------------

# A function by name, and objects as data: our descriptions are read by one function for all rooms.
OTHERWISE = {"get", "serialize", "deserialize"}


@pytest.mark.parametrize("key", [key for key in ANSWERS if key.startswith("signature ")])
def test_a_name_takes_the_arguments_of_keras(key: str) -> None:
    room, name = key.removeprefix("signature ").rsplit(".", 1)
    module: Any = tw
    for part in room.split("."):
        module = getattr(module, part)
    ours = getattr(module, name)
    if name in OTHERWISE:
        return
    taken = arguments_of(ours)
    for argument, *default in ANSWERS[key]["state"]:
        assert argument in taken, f"{name}({argument}=)"
        if default and argument != "name":
            assert plain(taken[argument]) == plain(default[0]), argument
    if isinstance(ours, type) and default_name(ANSWERS[key]["state"]):
        assert ours().name == default_name(ANSWERS[key]["state"])


def arguments_of(target: Any) -> dict[str, Any]:
    """What it takes, with what its base classes take where it hands that on."""
    found: dict[str, Any] = {}
    for cls in target.__mro__ if isinstance(target, type) else [target]:
        parameters = inspect.signature(cls).parameters.values() if cls is not object else []
        for p in parameters:
            if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
                found.setdefault(p.name, p.default)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found


def plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) else value


def default_name(state: list[Any]) -> Any:
    """The name that an object made without arguments has, where all have defaults."""
    if all(len(entry) == 2 for entry in state):
        return dict(map(tuple, state)).get("name")
    return None


# --- files ----------------------------------------------------------------------------------------------------------


def same_model(**names: str) -> Any:
    x, image = L.Input((4, 3)), L.Input((5, 5, 2))
    inner = tw.models.Sequential([L.Input((18,)), L.Dense(3, activation="relu"), L.Dropout(0.5), L.Dense(2)])
    inner.name = names.get("inner", "inner")
    a = L.LSTM(2, name=names.get("reader", "reader"))(x)
    b = L.Bidirectional(L.GRU(2), name="both")(x)
    c = L.BatchNormalization(name="norm")(L.Conv2D(2, 3, name="conv")(image))
    d = L.Flatten()(L.MultiHeadAttention(2, 2, name="heads")(x, x))
    joined = L.Concatenate()([a, b, inner(L.Flatten()(c)), d])
    return tw.models.Model([x, image], L.Dense(2, name=names.get("out", "out"))(joined))


def keras_file(name: str, folder: Path) -> Path:
    path = folder / name
    packed = FOLDER / f"{name}.gz"
    path.write_bytes(
        gzip.decompress(packed.read_bytes()) if packed.exists() else (FOLDER / name).read_bytes()
    )
    return path


GIVEN = [numbers((2, 4, 3), 31).astype("float32"), numbers((2, 5, 5, 2), 32).astype("float32")]


@pytest.mark.parametrize("name", ["model.weights.h5", "model.keras", "model.h5"])
def test_weights_from_a_file_of_keras(name: str, tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="files of Keras need h5py")
    model = same_model()
    model.load_weights(keras_file(name, tmp_path))
    np.testing.assert_allclose(model(GIVEN), ANSWERS["file"]["output"], rtol=1e-5, atol=2e-6)


def test_layers_of_other_names_are_matched_by_class_and_order(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="files of Keras need h5py")
    model = same_model(inner="a", reader="b", out="c")
    for name in ("model.weights.h5", "model.h5"):
        model.load_weights(keras_file(name, tmp_path))
        np.testing.assert_allclose(model(GIVEN), ANSWERS["file"]["output"], rtol=1e-5, atol=2e-6)
        model.set_weights([w * 0 for w in model.get_weights()])


def test_layers_that_could_be_taken_for_each_other_are_warned_of(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="files of Keras need h5py")
    model = tw.models.Sequential([L.Dense(2, use_bias=False, input_shape=(2,)), L.Dense(2, use_bias=False)])
    kernels = [numbers((2, 2), k).astype("float32") for k in range(2)]
    for path, place in (("m.weights.h5", "layers/dense{}/vars/0"), ("m.h5", "x{0}/x{0}/kernel")):
        with h5py.File(tmp_path / path, "w") as file:
            for k, kernel in enumerate(kernels):
                file[place.format(k if "x" in place else f"_{k}" * (k > 0))] = kernel
            if path == "m.h5":
                file.attrs["layer_names"] = ["x0", "x1"]
                for k in range(2):
                    file[f"x{k}"].attrs["weight_names"] = [f"x{k}/kernel"]
    with pytest.warns(UserWarning, match="matched by class and order"):
        model.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(model.get_weights(), kernels)
    model.set_weights([np.zeros((2, 2))] * 2)
    model.load_weights(tmp_path / "m.h5")
    np.testing.assert_array_equal(model.get_weights(), kernels)


def test_a_model_file_of_keras_is_a_model(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="files of Keras need h5py")
    assert tw.models.load_model(keras_file("model.keras", tmp_path)).count_params() > 0


def test_a_keras_file_for_another_model(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="files of Keras need h5py")
    model = tw.models.Sequential([L.Dense(3, input_shape=(2,), name="other")])
    before = model.get_weights()
    for name in ("model.weights.h5", "model.keras", "model.h5"):
        with pytest.raises(tw.ThalwegError, match="other"):
            model.load_weights(keras_file(name, tmp_path))
    wide = tw.models.Sequential([L.Dense(3, input_shape=(2,), name="out")])
    with pytest.raises(tw.ShapeError, match="out/kernel"):
        wide.load_weights(keras_file("model.h5", tmp_path))
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_a_damaged_file_of_keras(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="files of Keras need h5py")
    model = same_model()
    for name in ("model.weights.h5", "model.keras", "model.h5"):
        path = keras_file(name, tmp_path)
        path.write_bytes(path.read_bytes()[:1500])
        with pytest.raises(tw.DataError, match=name):
            model.load_weights(path)
    with zipfile.ZipFile(tmp_path / "other.pt", "w") as archive:
        archive.writestr("other/data.pkl", b"")
    with pytest.raises(tw.DataError, match=r"safetensors\.torch"):
        model.load_weights(tmp_path / "other.pt")


def test_a_file_of_keras_leads_nowhere_else(tmp_path: Path) -> None:
    """Links to other files and arrays kept elsewhere or made of other files are refused."""
    h5py = pytest.importorskip("h5py", reason="files of Keras need h5py")
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["0"] = np.ones((2, 3), "float32")
    (tmp_path / "raw").write_bytes(bytes(24))
    model = tw.models.Sequential([L.Dense(3, use_bias=False, input_shape=(2,), name="dense")])
    before = model.get_weights()[0]
    for k, kind in enumerate(("external link", "soft link", "external array", "virtual array", "bomb")):
        with h5py.File(tmp_path / f"{k}.weights.h5", "w") as file:
            held = file.create_group("layers/dense/vars")
            if kind == "external link":
                held["0"] = h5py.ExternalLink(str(secret), "/0")
            elif kind == "soft link":
                file["here"] = np.ones((2, 3), "float32")
                held["0"] = h5py.SoftLink("/here")
            elif kind == "external array":
                held.create_dataset("0", (2, 3), "float32", external=[(str(tmp_path / "raw"), 0, 24)])
            elif kind == "virtual array":
                layout = h5py.VirtualLayout((2, 3), "float32")
                layout[:] = h5py.VirtualSource(str(secret), "0", (2, 3))
                held.create_virtual_dataset("0", layout)
            else:
                held.create_dataset(
                    "0", (1 << 20, 1 << 20), "float32", chunks=(1, 1 << 10), compression="gzip"
                )
        with pytest.raises(tw.DataError, match=r"is a link|is no plain array"):
            model.load_weights(tmp_path / f"{k}.weights.h5")
    np.testing.assert_array_equal(before, model.get_weights()[0])
