"""Models that Keras has saved: made again with the same predictions; nothing in a file is run."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.errors import DataError
from thalweg.models import load_model

from .values import numbers

pytest.importorskip("h5py")
ARCHIVE = Path(__file__).parent / "models.zip"
TRAINED = Path(__file__).parent / "trained.zip"
NAMES = ("dense", "images", "steps", "graph", "attention", "looked_up")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with zipfile.ZipFile(ARCHIVE) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("name", NAMES)
def test_a_model_of_keras_predicts_the_same(folder: Path, name: str, kind: str) -> None:
    if (name, kind) == ("looked_up", "h5"):
        with pytest.raises(ValueError, match="has no vocabulary"):  # such files do not hold it
            load_model(folder / f"{name}.{kind}")
        return
    held = np.load(folder / f"{name}.npz")
    xs, ys = ([held[k] for k in held if k[0] == letter] for letter in "xy")
    model = load_model(folder / f"{name}.{kind}")
    found = model.predict(xs if len(xs) > 1 else xs[0])
    for y, expected in zip(found if isinstance(found, list) else [found], ys, strict=True):
        np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_it_is_compiled_as_it_was_and_goes_on_training(folder: Path, kind: str) -> None:
    model = load_model(folder / f"dense.{kind}")
    x, y = np.load(folder / "dense.npz")["x0"], np.array([0, 1, 2, 0, 1])
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert set(found) == {"loss", "accuracy", "sparse_top_k_categorical_accuracy"}
    history = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert load_model(folder / f"dense.{kind}", compile=False).optimizer is None


def test_what_was_frozen_is_frozen(folder: Path) -> None:
    model = load_model(folder / "images.keras")
    assert not model.layers[1].trainable_weights
    assert len(model.trainable_weights) == 7


def test_ours_is_saved_and_loaded_again(folder: Path, tmp_path: Path) -> None:
    model = load_model(folder / "graph.keras")
    xs = [np.load(folder / "graph.npz")[k] for k in ("x0", "x1")]
    model.save(tmp_path / "ours.safetensors")
    for a, b in zip(load_model(tmp_path / "ours.safetensors").predict(xs), model.predict(xs), strict=True):
        np.testing.assert_array_equal(a, b)


def test_code_in_a_file_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="a function as code, which is not run"):
        load_model(folder / "code.keras")


def changed(source: Path, target: Path, change: Any) -> Path:
    """The archive with another description."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                data = change(data) if callable(change) else change
            new.writestr(name, data)
    return target


def with_layer(**changes: Any) -> Any:
    def change(data: bytes) -> bytes:
        whole = json.loads(data)
        whole["config"]["layers"][1].update(changes)
        return json.dumps(whole).encode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        b"", b"[]", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b'{"class_name": "Sequential", "config": 3}',
        with_layer(module="os", class_name="system", config={"command": "touch canary"}),
        with_layer(module="builtins", class_name="eval", config="1"),
        with_layer(module="subprocess", class_name="Popen", config={"args": "touch canary"}),
        with_layer(class_name="Lambda", config={"function": {"class_name": "function", "config": "os.system"}}),
        with_layer(class_name="__lambda__", config={"code": "x"}),
        with_layer(config={"units": 10**15}),
        with_layer(config={"units": "many"}),
        with_layer(class_name="TextVectorization", config={"vocabulary": "/etc/passwd"}),
        with_layer(class_name="registry"),
        with_layer(class_name="Op"),
        with_layer(class_name=None),
        with_layer(config={"units": 3, "shell": "x"}),
    ],
)  # fmt: skip
def test_a_strange_description_is_an_error_and_nothing_else(
    folder: Path, change: Any, monkeypatch: Any
) -> None:
    monkeypatch.chdir(folder)
    with pytest.raises(
        ValueError, match=r"m\.keras|Dense|layer|function|activation|units|memory|may not name a file"
    ):
        load_model(changed(folder / "dense.keras", folder / "m.keras", change))
    assert not (folder / "canary").exists()


def test_a_damaged_archive_is_named(folder: Path) -> None:
    data = (folder / "dense.keras").read_bytes()
    for cut in (10, 200, len(data) // 2, len(data) - 5):
        (folder / "m.keras").write_bytes(data[:cut])
        with pytest.raises(DataError, match=r"m\.keras"):
            load_model(folder / "m.keras")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 50_000_000)
    (folder / "m.keras").write_bytes(bomb.getvalue())
    with pytest.raises(DataError, match="thousandfold"):
        load_model(folder / "m.keras")


def test_layers_of_ones_own_are_passed(folder: Path) -> None:
    import thalweg as tw

    class Twice(tw.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2

    change = with_layer(
        module="mine",
        class_name="Twice",
        config={"name": "t", "trainable": True},
        registered_name="mine>Twice",
    )
    path = changed(folder / "graph.keras", folder / "m.keras", change)
    with pytest.raises(DataError, match="custom_objects"):
        load_model(path)


@pytest.mark.parametrize("name", ["adam", "nadam", "rmsprop", "sgd", "adafactor"])
def test_the_optimizer_goes_on_where_it_was(name: str, tmp_path: Path) -> None:
    """Losses of three more epochs, beside Keras's: with averages and schedules, in the middle of accumulated steps."""
    with zipfile.ZipFile(TRAINED) as archive:
        archive.extractall(tmp_path)
    expected = json.loads((tmp_path / "losses.json").read_text())[name]
    x, y = numbers((12, 3), 1).astype("float32"), numbers((12, 1), 2).astype("float32")
    path = tmp_path / f"{name}.keras"
    model = load_model(path)
    assert model.optimizer.iterations.item() == (1 if name == "adam" else 4)
    history = model.fit(x, y, batch_size=3, epochs=3, verbose=0, shuffle=False)
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-5)
