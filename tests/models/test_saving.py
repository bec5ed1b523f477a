"""Models as files: the same bits again, nothing run, nothing half-written."""

from __future__ import annotations

import copy
import json
import pickle
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg.layers import BatchNormalization, Dense, Input, Lambda
from thalweg.models import Model, Sequential, hdf5, load_model
from thalweg.models.saving import VERSION


@pytest.fixture(autouse=True)
def _seed() -> None:
    tw.random.set_seed(0)
    tw.layers.clear_session()


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
    return x, (x.sum(1) > 0).astype("int64")


def trained() -> Sequential:
    model = Sequential(
        [Dense(8, "relu", input_shape=(4,)), BatchNormalization(), Dense(2, activation="softmax")]
    )
    model.compile(tw.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*data(), epochs=2, verbose=0)
    return model


def test_training_goes_on_where_it_was_saved(tmp_path: Path) -> None:
    model = trained()
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    x, y = data()
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
    assert again.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    for one in (model, again):
        one.fit(x, y, shuffle=False, epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_weights_alone_by_name_and_by_order(tmp_path: Path) -> None:
    model = trained()
    model.save_weights(tmp_path / "w.safetensors")
    other = Sequential(
        [Dense(8, "relu", input_shape=(4,)), BatchNormalization(), Dense(2, activation="softmax")]
    )
    other.load_weights(tmp_path / "w.safetensors")
    np.testing.assert_array_equal(other.predict(data()[0]), model.predict(data()[0]))
    wrong = Sequential([Dense(9, input_shape=(4,), name="dense")])
    with pytest.raises(tw.errors.ShapeError, match=r"'dense/kernel'.*\[4, 9\].*\[4, 8\]"):
        wrong.load_weights(tmp_path / "w.safetensors")
    with pytest.raises(tw.errors.DataError, match="holds weights but no model"):
        load_model(tmp_path / "w.safetensors")


def test_a_graph_with_shared_layers_and_dicts(tmp_path: Path) -> None:
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = Dense(3)
    model = Model({"a": a, "b": b}, {"sum": tw.layers.add([shared(a), shared(b)]), "one": shared(a)})
    model.save(tmp_path / "g.safetensors")
    again = load_model(tmp_path / "g.safetensors")
    x = data()[0]
    first, second = model.predict({"a": x, "b": 2 * x}), again.predict({"b": 2 * x, "a": x})
    assert len(again.weights) == 2
    for name in ("sum", "one"):
        np.testing.assert_array_equal(first[name], second[name])


def test_descriptions_without_weights() -> None:
    model = trained()
    for other in (tw.models.clone_model(model), tw.models.model_from_json(model.to_json())):
        assert [w.shape for w in other.weights] == [w.shape for w in model.weights]
        assert not np.array_equal(other.get_weights()[0], model.get_weights()[0])


@tw.layers.register("tests")
def doubled(x: Any) -> Any:
    return x * 2


@tw.layers.register("tests")
class Scale(tw.layers.Layer):
    """A user's layer."""

    def __init__(self, start: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight((input_shape[-1],), tw.initializers.Constant(self.start), name="factor")

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor


def test_ones_own_layers_and_functions_by_registered_name(tmp_path: Path) -> None:
    model = Sequential([Scale(3.0, input_shape=(4,)), Lambda(doubled)])
    model.save(tmp_path / "m.safetensors")
    np.testing.assert_allclose(
        load_model(tmp_path / "m.safetensors").predict(np.ones((1, 4), "float32")), [[6.0] * 4]
    )
    with pytest.raises(tw.errors.ArgumentError, match="files hold names, never code"):
        Sequential([Lambda(lambda x: x, input_shape=(4,))]).save(tmp_path / "no.safetensors")
    assert not (tmp_path / "no.safetensors").exists()


def header(path: Path) -> tuple[dict[str, Any], bytes]:
    raw = path.read_bytes()
    (size,) = struct.unpack("<Q", raw[:8])
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


def write(path: Path, head: dict[str, Any], rest: bytes) -> None:
    text = json.dumps(head).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + rest)


def test_the_header_says_what_is_in_the_file(tmp_path: Path) -> None:
    trained().save(tmp_path / "m.safetensors")
    meta = header(tmp_path / "m.safetensors")[0]["__metadata__"]
    assert (meta["format"], meta["version"]) == ("thalweg", str(VERSION))
    assert json.loads(meta["weights"])[:2] == ["dense/kernel", "dense/bias"]
    assert json.loads(meta["model"])["$class"] == "models.Sequential"


def test_damaged_and_foreign_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    trained().save(path)
    head, rest = header(path)
    whole = path.read_bytes()
    bad = tmp_path / "bad.safetensors"
    for content in (b"", b"\x89HDF\r\n", whole[:50], whole[:-10], b"\xff" * 64):
        bad.write_bytes(content)
        with pytest.raises(tw.errors.DataError, match=r"bad\.safetensors"):
            load_model(bad)
    for change in (
        {"version": str(VERSION + 1)},
        {"model": "{"},
        {"model": '{"$class": "os.system", "config": {}}'},
        {"model": "[1]"},
    ):
        write(bad, {**head, "__metadata__": {**head["__metadata__"], **change}}, rest)
        with pytest.raises(tw.errors.DataError):
            load_model(bad)
    with pytest.raises(tw.errors.DataError, match="there is no file"):
        load_model(tmp_path / "absent")


@pytest.mark.parametrize("seed", range(20))
def test_a_file_with_changed_bytes_loads_or_says_why(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "m.safetensors"
    Sequential([Dense(2, input_shape=(3,))]).save(path)
    raw = bytearray(path.read_bytes())
    generator = np.random.default_rng(seed)
    for place in generator.integers(0, len(raw), 3):
        raw[place] = generator.integers(0, 256)
    path.write_bytes(bytes(raw))
    with suppress(tw.ThalwegError):
        load_model(path)


def test_a_model_is_saved_before_its_first_step(tmp_path: Path) -> None:
    model = Sequential([Dense(2, input_shape=(4,))])
    model.compile("adam", "mse")
    model.save(tmp_path / "m.safetensors")
    assert len(load_model(tmp_path / "m.safetensors").optimizer.variables()) == len(
        model.optimizer.variables()
    )


def test_the_same_model_is_the_same_bytes(tmp_path: Path) -> None:
    for name in "ab":
        tw.random.set_seed(0)
        tw.layers.clear_session()
        trained().save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_files_of_the_first_version_are_read_for_ever() -> None:
    model = load_model(Path(__file__).parent / "golden" / "version1.safetensors")
    a, b = (
        np.linspace(-1, 1, 12, dtype="float32").reshape(1, 4, 3),
        np.linspace(0, 1, 5, dtype="float32")[None],
    )
    first, second = model.predict([a, b])
    np.testing.assert_allclose(first, [[0.604224, 0.395776]], rtol=1e-5)
    np.testing.assert_allclose(second, [[0.571254]], rtol=1e-5)
    assert model.optimizer.iterations.get_value() == 2
    logs = model.evaluate([a, b], [np.array([0]), np.array([1.0])], verbose=0, return_dict=True)
    assert list(logs) == ["loss", "first_loss", "second_loss", "first_accuracy"]


def test_files_of_the_second_version_are_read_for_ever() -> None:
    model = load_model(Path(__file__).parent / "golden" / "version2.safetensors")
    found = model.predict(np.linspace(-1, 1, 4, dtype="float32")[None])
    np.testing.assert_allclose(found, [[0.200347, 0.799653]], rtol=1e-5)
    assert model.optimizer.iterations.get_value() == 4


def test_files_of_the_third_version_are_read_for_ever() -> None:
    """What the optimizer remembers has names: of a branched model with accumulated steps, in the middle of one."""
    model = load_model(Path(__file__).parent / "golden" / "version3.safetensors")
    found = model.predict(np.linspace(-1, 1, 4, dtype="float32")[None])
    np.testing.assert_allclose(found, [[-0.8702347]], rtol=1e-5)
    optimizer = model.optimizer
    assert (optimizer.iterations.item(), optimizer.variables()[2].item()) == (1, 1)
    model.fit(np.ones((2, 4), "float32"), np.ones((2, 1), "float32"), verbose=0, shuffle=False)
    np.testing.assert_allclose(
        model.predict(np.linspace(-1, 1, 4, dtype="float32")[None]), [[-0.8756794]], rtol=1e-5
    )


def test_the_optimizer_finds_its_slots_whatever_was_trained_first(tmp_path: Path) -> None:
    """Slots are made as weights begin to train; two weights of one shape must not change places in the file."""
    x, y = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3), np.ones((8, 3), "float32")
    model = Sequential([Dense(3, name="first", input_shape=(3,)), Dense(3, name="second")])
    model.layers[0].trainable = False
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    model.layers[0].trainable = True
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "m.safetensors")
    other = load_model(tmp_path / "m.safetensors")
    for ours, theirs in zip(model.weights, other.weights, strict=True):
        for name in ("m", "v"):
            np.testing.assert_array_equal(
                model.optimizer.slot(ours, name).numpy(), other.optimizer.slot(theirs, name).numpy()
            )


def test_copies_and_pickles_train_on_alike() -> None:
    tw.random.set_seed(0)
    model = tw.models.Sequential([tw.layers.Dense(3, activation="tanh"), tw.layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = np.linspace(0, 1, 16, dtype="float32").reshape(8, 2), np.ones(8)
    model.fit(x, y, verbose=0)
    others = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    before = model.predict(x)
    for other in others:
        np.testing.assert_array_equal(other.predict(x), before)
    model.fit(x, y, shuffle=False, verbose=0)
    for other in others:
        other.fit(x, y, shuffle=False, verbose=0)
        np.testing.assert_array_equal(other.predict(x), model.predict(x))


def test_a_copied_variable_is_another() -> None:
    first = tw.Variable([1.0, 2.0], name="w")
    second = copy.deepcopy(first)
    first.assign([3.0, 4.0])
    assert second.name == "w" and second.numpy().tolist() == [1.0, 2.0]


def test_operations_between_layers_are_saved(tmp_path: Path) -> None:
    x = Input((4,))
    h = Dense(4, activation="tanh")(x)
    y = tw.concat([h * 2.0 + x, tw.relu(h)[:, 1:3]], axis=-1)
    y = y * y
    for _ in range(30):  # shared, so that copies would be without end
        y = y + y * 0.01
    y = tw.sum(y, axis=1, keepdims=True) * np.array([[1.0, -1.0]], "float32")
    model = Model(x, {"a": Dense(3)(y), "b": tw.astype(h > 0, "int32")})
    model.save(tmp_path / "m.safetensors")
    again, given = load_model(tmp_path / "m.safetensors"), data()[0]
    for name, found in again.predict(given).items():
        np.testing.assert_array_equal(found, model.predict(given)[name])
    assert (tmp_path / "m.safetensors").stat().st_size < 40_000


def test_a_variable_between_layers_cannot_be_saved(tmp_path: Path) -> None:
    x = Input((4,))
    model = Model(x, Dense(4)(x) * tw.Variable(np.ones(4, "float32")))
    with pytest.raises(tw.errors.ArgumentError, match="cannot be saved"):
        model.save(tmp_path / "m.safetensors")


def every_optimizer() -> list[str]:
    kinds = (tw.optimizers.LossScaleOptimizer, tw.optimizers.MultiOptimizer, tw.optimizers.OptimizerMap)
    found = {
        name
        for name, value in vars(tw.optimizers).items()
        if isinstance(value, type) and issubclass(value, tw.optimizers.Optimizer)
        if value is not tw.optimizers.Optimizer and not issubclass(value, kinds)
    }
    return sorted(found)


@pytest.mark.parametrize("name", every_optimizer())
def test_every_optimizer_goes_on_from_a_file_to_the_same_bits(name: str, tmp_path: Path) -> None:
    optimizer = getattr(tw.optimizers, name)(learning_rate=0.01)
    model = Sequential([Dense(8, "relu", input_shape=(4,)), Dense(2, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    x, y = data()
    model.fit(x, y, epochs=2, verbose=0)
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors")
    for one in (model, again):
        one.fit(x, y, shuffle=False, epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_state_of_a_training_goes_to_a_model_of_other_names(tmp_path: Path) -> None:
    """As in a program that makes its model once more: weights and what the optimizer remembers are taken in order."""
    x, y = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3), np.ones((8, 3), "float32")

    def made() -> Sequential:
        model = Sequential([Dense(3, input_shape=(3,)), Dense(3)])
        model.compile("adam", "mse")
        return model

    model, other = made(), made()
    model.fit(x, y, verbose=0, shuffle=False)
    model.save_state(tmp_path / "s.safetensors", epoch=0)
    other.load_state(tmp_path / "s.safetensors")
    assert model.layers[0].name != other.layers[0].name
    for one in (model, other):
        one.fit(x, y, epochs=2, verbose=0, shuffle=False)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_name_of_hdf5_makes_a_file_that_h5py_reads(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    model = trained()
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5") as file:
        group = file["model_weights"]
        names = [name.decode() for name in group.attrs["layer_names"]]
        assert names == [layer.name for layer in model.layers]
        config = json.loads(file.attrs["model_config"])["config"]
        classes = [one["class_name"] for one in config["layers"]]
        assert classes == ["InputLayer", "Dense", "BatchNormalization", "Dense"]
        assert config["layers"][1]["config"]["activation"] == "relu"
        for layer in model.layers:
            held = group[layer.name]
            kept = [held[name.decode()][()] for name in held.attrs["weight_names"]]
            for stored, own in zip(kept, layer.get_weights(), strict=True):
                np.testing.assert_array_equal(stored, own)
    again = load_model(tmp_path / "m.h5")
    x, y = data()
    for one in (model, again):
        one.fit(x, y, shuffle=False, epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    model.save_weights(tmp_path / "w.hdf5")
    with h5py.File(tmp_path / "w.hdf5") as file:
        assert len(file.attrs["layer_names"]) == 3
    again.set_weights([w * 0 for w in again.get_weights()])
    again.load_weights(tmp_path / "w.hdf5")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_without_h5py_the_name_of_hdf5_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "wanted", lambda path: False)
    model = trained()
    model.save(tmp_path / "m.h5")
    assert (tmp_path / "m.h5").read_bytes()[:4] != b"\x89HDF"
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5").predict(data()[0]), model.predict(data()[0]))


def test_lists_of_long_names_in_hdf5(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    model = Sequential([Dense(1, name=f"{'n' * 25000}{k}", input_shape=(1,)) for k in range(5)])
    model.save_weights(tmp_path / "w.h5")
    with h5py.File(tmp_path / "w.h5") as file:
        found = [
            name for key in sorted(file.attrs) if key.startswith("layer_names") for name in file.attrs[key]
        ]
        assert [name.decode() for name in found] == [layer.name for layer in model.layers]
    values = model.get_weights()
    model.set_weights([w + 1 for w in values])
    model.load_weights(tmp_path / "w.h5")
    for a, b in zip(model.get_weights(), values, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("suffix", ["safetensors", "h5"])
def test_weights_by_name_must_fit_where_there_are_some(suffix: str, tmp_path: Path) -> None:
    model = Sequential([Dense(3, name="one", input_shape=(4,)), Dense(2, name="two")])
    model.save_weights(tmp_path / f"w.{suffix}")
    other = Sequential([Dense(3, name="one", input_shape=(4,)), Dense(5, name="three")])
    before = other.get_weights()
    other.load_weights(tmp_path / f"w.{suffix}", by_name=True)
    after = other.get_weights()
    np.testing.assert_array_equal(after[0], model.get_weights()[0])
    np.testing.assert_array_equal(after[2], before[2])
    wrong = Sequential([Dense(9, name="one", input_shape=(4,))])
    with pytest.raises(tw.errors.ShapeError, match="'one/kernel'"):
        wrong.load_weights(tmp_path / f"w.{suffix}", by_name=True)
    with pytest.warns(UserWarning, match="other shapes for one/kernel, one/bias"):
        wrong.load_weights(tmp_path / f"w.{suffix}", by_name=True, skip_mismatch=True)


def test_layers_in_hdf5_hand_on_the_weights_that_they_list(tmp_path: Path) -> None:
    """One with a spare part, whose weights it does not list, and one without, which is called otherwise."""
    pytest.importorskip("h5py")

    class Holder(tw.layers.Layer):
        def __init__(self, spare: bool, **options: Any) -> None:
            super().__init__(**options)
            self.used = Dense(3, name="first" if spare else "only")
            if spare:
                self.spare = Dense(2)

        @property
        def weights(self) -> list[Any]:
            return self.used.weights

        def call(self, inputs: Any) -> Any:
            if hasattr(self, "spare"):
                self.spare(inputs)
            return self.used(inputs)

    models = [
        Sequential([Holder(spare, input_shape=(4,), name="holder"), Dense(1, name="out")])
        for spare in (True, False)
    ]
    models[0].save_weights(tmp_path / "w.h5")
    models[1].load_weights(tmp_path / "w.h5")
    x = data()[0]
    np.testing.assert_array_equal(models[0].predict(x), models[1].predict(x))
