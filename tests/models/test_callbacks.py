"""What the callbacks promise."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import callbacks as C
from thalweg.layers import Dense, Dropout
from thalweg.models import Sequential, load_model


def model_and_data(rate: float = 0.05) -> tuple[Any, np.ndarray, np.ndarray]:
    tw.random.set_seed(0)
    tw.layers.clear_session()
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    model = Sequential([Dense(4, activation="tanh", input_shape=(3,)), Dropout(0.2), Dense(1)])
    model.compile(tw.optimizers.Adam(rate), "mse")
    return model, x, x.sum(1)


class Script(C.Callback):
    """Puts given figures into the logs, and the number of the epoch into the weights."""

    def __init__(self, values: list[float]) -> None:
        self.values = values

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["val_loss"] = self.values[epoch]
        self.model.layers[-1].bias.set_value([float(epoch)])


@pytest.mark.parametrize("patience", [2, 100])
def test_early_stopping_restores_the_best_weights_however_training_ends(patience: int) -> None:
    model, x, y = model_and_data()
    script = Script([3.0, 1.0, 2.0, 2.5, 2.6, 2.7])
    stop = C.EarlyStopping(patience=patience, restore_best_weights=True)
    history = model.fit(x, y, epochs=6, callbacks=[script, stop], verbose=0)
    assert len(history.epoch) == (4 if patience == 2 else 6)
    assert model.layers[-1].bias.get_value() == [1.0] and stop.best_epoch == 1


def test_a_missing_figure_is_named() -> None:
    model, x, y = model_and_data()
    with pytest.raises(
        tw.errors.ArgumentError, match=r"no figure 'val_loss'.*expected loss.*validation_data"
    ):
        model.fit(x, y, callbacks=C.EarlyStopping(), verbose=0)


def test_checkpoints_are_models_and_the_folder_is_tried_first(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    script = Script([3.0, 1.0, 2.0])
    keep = C.ModelCheckpoint(tmp_path / "sub" / "{epoch:02d}-{val_loss:.1f}.safetensors", save_best_only=True)
    model.fit(x, y, epochs=3, callbacks=[script, keep], verbose=0)
    assert sorted(p.name for p in (tmp_path / "sub").iterdir()) == [
        "01-3.0.safetensors",
        "02-1.0.safetensors",
    ]
    assert load_model(tmp_path / "sub" / "02-1.0.safetensors").layers[-1].bias.get_value() == [1.0]
    (tmp_path / "file").write_text("")
    before = model.get_weights()
    with pytest.raises(tw.errors.DataError, match="cannot write"):
        model.fit(x, y, callbacks=C.ModelCheckpoint(tmp_path / "file" / "m.safetensors"), verbose=0)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_the_learning_rate_falls_on_a_plateau_and_by_schedule() -> None:
    model, x, y = model_and_data(0.1)
    script, reduce = Script([1.0] * 6), C.ReduceLROnPlateau(factor=0.5, patience=2, min_lr=0.03)
    history = model.fit(x, y, epochs=6, callbacks=[script, reduce], verbose=0)
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.1, 0.1, 0.05, 0.05, 0.03])
    follow = C.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
    history = model.fit(x, y, epochs=3, callbacks=follow, verbose=0)
    np.testing.assert_allclose(history.history["learning_rate"], [0.1, 0.05, 0.1 / 3])


def test_two_schedules_of_one_rate_are_refused() -> None:
    model, x, y = model_and_data()
    model.compile(tw.optimizers.SGD(tw.optimizers.exponential_decay(0.1, 10, 0.5)), "mse")
    with pytest.raises(tw.errors.ArgumentError, match="a schedule of its own"):
        model.fit(x, y, callbacks=C.ReduceLROnPlateau("loss"), verbose=0)


def test_nan_ends_training() -> None:
    model, x, _ = model_and_data()
    history = model.fit(x, np.full(32, 1e30), epochs=3, batch_size=8, callbacks=C.TerminateOnNaN(), verbose=0)
    assert len(history.epoch) == 1


def test_csv_and_functions(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    seen: list[Any] = []
    both = [
        C.CSVLogger(tmp_path / "log.csv"),
        C.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(epoch),
            on_train_batch_end=lambda batch, logs: seen.append(("batch", batch, sorted(logs))),
        ),
    ]
    history = model.fit(x, y, epochs=2, batch_size=16, callbacks=both, verbose=0)
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(r["loss"]) for r in rows] == history.history["loss"]
    assert seen[:3] == [("batch", 0, ["loss"]), ("batch", 1, ["loss"]), 0]
    model.fit(x, y, callbacks=C.CSVLogger(tmp_path / "log.csv", append=True), verbose=0)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 4


class Interrupt(C.Callback):
    """Breaks off in an epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt


def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    whole = model.fit(x, y, epochs=5, batch_size=8, verbose=0)
    expected = model.get_weights()
    model, x, y = model_and_data()
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            x, y, epochs=5, batch_size=8, callbacks=[C.BackupAndRestore(tmp_path), Interrupt()], verbose=0
        )
    model, x, y = model_and_data()
    rest = model.fit(x, y, epochs=5, batch_size=8, callbacks=C.BackupAndRestore(tmp_path), verbose=0)
    assert rest.epoch == [2, 3, 4] and rest.history["loss"] == whole.history["loss"][2:]
    for a, b in zip(expected, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert not list(tmp_path.iterdir())
