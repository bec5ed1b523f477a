"""What the callbacks promise."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
import time
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


def test_the_end_of_training_knows_the_figures_of_the_last_epoch() -> None:
    class Last(C.Callback):
        def on_train_end(self, logs: Any = None) -> None:
            self.logs = logs

    model, x, y = model_and_data()
    last = Last()
    history = model.fit(x, y, epochs=2, validation_data=(x, y), callbacks=last, verbose=0)
    assert last.logs == {name: values[-1] for name, values in history.history.items()}


@pytest.mark.parametrize("on_epoch", [False, True])
def test_averages_stand_in_for_the_weights_where_the_model_is_judged(on_epoch: bool, tmp_path: Path) -> None:
    """Validation figures and what later callbacks see; the training is that of a run without."""
    seen: list[Any] = []

    class Look(C.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            ((weight, average), *_) = self.model.optimizer.averages()
            seen.append((weight.numpy().tolist(), average.numpy().tolist()))

    def run(*callbacks: Any, stop: int = 9) -> Any:
        tw.set_random_seed(1)
        x = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")
        model = Sequential([Dense(1, input_shape=(3,))])
        model.compile(tw.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.7), "mse")
        ends = C.LambdaCallback(on_epoch_end=lambda e, logs: setattr(model, "stop_training", e == stop))
        options: dict[str, Any] = {"epochs": 3, "batch_size": 4, "verbose": 0, "shuffle": False}
        history = model.fit(
            x, x.sum(1), validation_data=(x, x.sum(1)), callbacks=[*callbacks, ends], **options
        )
        return history.history, model.get_weights(), model.evaluate(x, x.sum(1), verbose=0)

    plain, weights, last = run()
    found, same, _ = run(C.SwapEMAWeights(on_epoch), Look())
    assert found["loss"] == plain["loss"] and found["val_loss"] != plain["val_loss"]
    assert found["val_loss"][-1] == pytest.approx(last, rel=1e-6)  # fit ends with the averages in the model
    np.testing.assert_array_equal(weights[0], same[0])
    assert all((weight == average) == on_epoch for weight, average in seen)
    np.testing.assert_array_equal(run(stop=1)[1][0], run(C.SwapEMAWeights(on_epoch), stop=1)[1][0])

    class Break(C.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(C.SwapEMAWeights(on_epoch), C.BackupAndRestore(tmp_path), Break())
    rest, again, _ = run(C.SwapEMAWeights(on_epoch), C.BackupAndRestore(tmp_path))
    assert rest["loss"] == plain["loss"][2:]
    np.testing.assert_array_equal(again[0], weights[0])


def test_averages_that_nobody_keeps() -> None:
    model, x, y = model_and_data()
    with pytest.raises(tw.errors.ArgumentError, match=r"keeps no averages.*hint: make it with use_ema=True"):
        model.fit(x, y, callbacks=C.SwapEMAWeights(), verbose=0)


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


class EveryThird:
    """Batches without end or random numbers; of rows in memory, or not."""

    @staticmethod
    def rows(x: Any, y: Any) -> Any:
        return tw.data.Dataset.from_tensor_slices((x, y)).batch(5).repeat()

    @staticmethod
    def elements(x: Any, y: Any) -> Any:
        return tw.data.Dataset.from_tensor_slices((x, y)).map(lambda a, b: (a, b)).batch(5).repeat()

    @staticmethod
    def shuffled(x: Any, y: Any) -> Any:
        return tw.data.Dataset.from_tensor_slices((x, y)).shuffle(9, seed=3).batch(5).repeat()


@pytest.mark.parametrize("data", [EveryThird.rows, EveryThird.elements, EveryThird.shuffled])
def test_an_interrupted_run_goes_on_in_the_middle_of_its_data(data: Any, tmp_path: Path) -> None:
    """Epochs of three batches, of which the data have seven."""

    def run(*callbacks: Any) -> tuple[Any, list[np.ndarray]]:
        model, x, y = model_and_data()
        options: dict[str, Any] = {"steps_per_epoch": 3, "epochs": 5, "verbose": 0}
        return model.fit(data(x, y), callbacks=list(callbacks), **options), model.get_weights()

    whole, expected = run()
    with pytest.raises(KeyboardInterrupt):
        run(C.BackupAndRestore(tmp_path), Interrupt())
    rest, found = run(C.BackupAndRestore(tmp_path))
    assert rest.epoch == [2, 3, 4] and rest.history["loss"] == whole.history["loss"][2:]
    for a, b in zip(expected, found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_an_epoch_that_was_interrupted_begins_anew_with_the_weights_of_then(tmp_path: Path) -> None:
    seen: dict[int, list[np.ndarray]] = {}

    class After(C.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            steps = self.model.optimizer.iterations.item()
            seen[steps] = self.model.get_weights()
            if steps == 7:  # in the second epoch, each of four batches
                raise KeyboardInterrupt

    model, x, y = model_and_data()
    keep = C.BackupAndRestore(tmp_path, save_freq=3)
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, y, epochs=3, batch_size=8, callbacks=[keep, After()], verbose=0)
    first: list[Any] = []
    look = C.LambdaCallback(on_epoch_begin=lambda epoch, logs: first.append(again.get_weights()))
    again, x, y = model_and_data()
    rest = again.fit(x, y, epochs=3, batch_size=8, callbacks=[C.BackupAndRestore(tmp_path), look], verbose=0)
    assert rest.epoch == [1, 2] and again.optimizer.iterations.item() == 6 + 8
    for a, b in zip(first[0], seen[6], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_folder_is_no_checkpoint_and_that_is_known_first(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    seen = C.LambdaCallback(on_epoch_end=lambda epoch, logs: pytest.fail("an epoch was trained"))
    with pytest.raises(tw.ArgumentError, match=r"filepath is a folder.*the name of a file in it"):
        model.fit(x, y, verbose=0, callbacks=[seen, C.ModelCheckpoint(tmp_path)])


def test_a_checkpoint_in_a_folder_of_its_epoch(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    keep = C.ModelCheckpoint(tmp_path / "{epoch}" / "m.safetensors", save_weights_only=True)
    model.fit(x, y, epochs=2, callbacks=keep, verbose=0)
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.glob("*/*")) == [
        str(Path(k) / "m.safetensors") for k in "12"
    ]


@pytest.mark.parametrize("make", [C.BackupAndRestore, C.TensorBoard, lambda p: C.CSVLogger(p / "log.csv")])
def test_what_cannot_be_written_fails_before_the_first_epoch(make: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    model, x, y = model_and_data()
    before = model.get_weights()
    with pytest.raises(tw.errors.DataError, match="cannot write"):
        model.fit(x, y, callbacks=make(tmp_path / "file"), verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


# --- TensorBoard ----------------------------------------------------------------------------------------------------


def branching() -> Any:
    tw.layers.clear_session()
    x = tw.layers.Input((4, 4, 1), name="image")
    a = tw.layers.Conv2D(2, 3, name="conv")(x)
    b = Dense(3, name="side")(tw.layers.Flatten()(x))
    y = Dense(1, name="out")(tw.layers.Concatenate()([tw.layers.Flatten()(a) * 2.0, b]))
    model = tw.models.Model(x, y)
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def trained_with(callback: Any) -> Any:
    x = np.random.default_rng(0).normal(size=(16, 4, 4, 1)).astype("float32")
    history = branching().fit(
        x, x.sum((1, 2, 3)), epochs=2, batch_size=4, validation_split=0.25, callbacks=callback, verbose=0
    )
    return history.history


def events_in(folder: Path) -> list[dict[str, Any]]:
    (path,) = folder.glob("events.out.tfevents.*")
    return list(tw.events.read_events(path))


def test_event_files_hold_figures_histograms_pictures_and_the_graph(tmp_path: Path) -> None:
    board = C.TensorBoard(tmp_path, histogram_freq=1, write_images=True, update_freq=2)
    history = trained_with([board])
    train, tests = events_in(tmp_path / "train"), events_in(tmp_path / "validation")

    def scalars(events: Any, tag: str) -> list[tuple[int, float]]:
        return [(e["step"], e["values"][tag]) for e in events if tag in e["values"]]

    for name in ("loss", "mae"):
        assert [s for s, _ in scalars(train, f"epoch_{name}")] == [0, 1]
        found = [v for _, v in scalars(train, f"epoch_{name}")]
        np.testing.assert_allclose(found, history[name], rtol=1e-6)
        found = [v for _, v in scalars(tests, f"epoch_{name}")]
        np.testing.assert_allclose(found, history[f"val_{name}"], rtol=1e-6)
    assert [s for s, _ in scalars(train, "batch_loss")] == [2, 4, 6]
    np.testing.assert_allclose([v for _, v in scalars(train, "epoch_learning_rate")], 0.01)
    for kind in ("histogram", "image"):
        tags = {tag for e in train for tag in e["values"] if tag.endswith(kind)}
        assert tags == {
            f"{w}/{kind}" for layer in ("conv", "side", "out") for w in (f"{layer}/kernel", f"{layer}/bias")
        }


def test_tensorboard_reads_them_back(tmp_path: Path) -> None:
    backend = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator", reason="reads the files"
    )
    image = pytest.importorskip("PIL.Image", reason="reads the pictures")
    history = trained_with(C.TensorBoard(tmp_path, histogram_freq=1, write_images=True))
    board = backend.EventAccumulator(str(tmp_path / "train"))
    board.Reload()
    np.testing.assert_allclose([e.value for e in board.Scalars("epoch_loss")], history["loss"], rtol=1e-6)
    counts = board.Histograms("conv/kernel/histogram")[0].histogram_value
    assert counts.num == 18 and sum(counts.bucket) == 18 and counts.min < 0 < counts.max
    nodes = {node.name: node for node in board.Graph().node}
    assert set(nodes) == {"image", "conv", "flatten", "flatten_1", "side", "concatenate", "out"}
    assert nodes["conv"].op == "Conv2D" and list(nodes["conv"].input) == ["image"]
    assert sorted(nodes["concatenate"].input) == ["flatten_1", "side"]  # through the product between layers
    import io

    picture = image.open(io.BytesIO(board.Images("conv/kernel/image")[0].encoded_image_string))
    assert picture.size == (6, 3)  # two windows of 3 x 3 beside each other


# --- the learning-rate finder ---------------------------------------------------------------------------------------


def test_the_finder_shows_where_the_loss_falls_and_leaves_no_trace() -> None:
    model, x, y = model_and_data()
    model.fit(x, y, verbose=0)
    before = [*model.get_weights(), *(v.get_value() for v in model.optimizer.variables())]
    state = tw.random.get_state()
    finder = C.LearningRateFinder(1e-5, 100.0, 60).find(model, x, y, batch_size=8)
    for a, b in zip(before, [*model.get_weights(), *(v.get_value() for v in model.optimizer.variables())]):
        np.testing.assert_array_equal(a, b)
    assert tw.random.get_state() == state
    assert 10 < len(finder.rates) <= 60 and len(finder.losses) == len(finder.rates)
    np.testing.assert_allclose(np.diff(np.log(finder.rates)), np.log(1e7) / 59)
    assert 1e-3 < finder.suggestion < 1
    model.optimizer.learning_rate = finder.suggestion
    history = model.fit(x, y, epochs=20, batch_size=8, verbose=0).history["loss"]
    assert history[-1] < 0.3 * history[0]


def test_the_finder_stops_where_the_loss_explodes_and_draws_what_it_saw(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    finder = C.LearningRateFinder(1e-3, 1e3, 200).find(model, x, x.sum(1), batch_size=16)
    assert len(finder.rates) < 200 and finder.rates[-1] < 100
    finder.plot(tmp_path / "rates.png")
    assert (tmp_path / "rates.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_finder_needs() -> None:
    with pytest.raises(tw.errors.ArgumentError, match="min_rate < max_rate"):
        C.LearningRateFinder(1.0, 0.1)
    with pytest.raises(tw.errors.ArgumentError, match="the loss did not fall"):
        _ = C.LearningRateFinder().suggestion
    with pytest.raises(tw.errors.ArgumentError, match='save_freq; expected "epoch" or a number of batches'):
        C.BackupAndRestore("x", save_freq=0)


def test_early_stopping_counts_from_the_baseline_and_survives_a_first_nan() -> None:
    model, x, y = model_and_data()
    script = Script([float("nan"), 5.0, 4.0, 3.0, 3.5, 3.6, 3.7, 3.8])
    stop = C.EarlyStopping(patience=3, restore_best_weights=True)
    history = model.fit(x, y, epochs=8, callbacks=[script, stop], verbose=0)
    assert len(history.epoch) == 7 and stop.best == 3.0 and model.layers[-1].bias.get_value() == [3.0]
    script = Script([5.0, 4.0, 3.0, 2.0, 2.5, 2.6])
    stop = C.EarlyStopping(patience=2, baseline=1.0)
    history = model.fit(x, y, epochs=6, callbacks=[script, stop], verbose=0)
    assert len(history.epoch) == 5  # an epoch that is better never ends it


def test_figures_of_validation_are_awaited_where_it_is_not_due(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    path = tmp_path / "best-{epoch}.safetensors"
    stop, best = C.EarlyStopping(patience=1), C.ModelCheckpoint(path, save_best_only=True)
    plateau = C.ReduceLROnPlateau(patience=1)
    history = model.fit(
        x, y, epochs=4, validation_data=(x, y), validation_freq=2, callbacks=[stop, best, plateau], verbose=0
    )
    assert len(history.history["val_loss"]) == 2 and history.history["learning_rate"]
    assert {p.name for p in tmp_path.iterdir()} <= {"best-2.safetensors", "best-4.safetensors"}


def test_who_asks_is_told(tmp_path: Path, capsys: Any) -> None:
    model, x, y = model_and_data()
    script = Script([1.0, 2.0, 3.0, 4.0])
    told = [
        script,
        C.ReduceLROnPlateau(patience=1, verbose=1),
        C.ModelCheckpoint(tmp_path / "{epoch}.safetensors", verbose=1),
        C.EarlyStopping(patience=2, restore_best_weights=True, verbose=1),
    ]
    model.fit(x, y, epochs=4, callbacks=told, verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "epoch 1", "epoch 2", "epoch 2", "epoch 3", "epoch 3", "epoch 3", "the weights are those of epoch 1",
    ]  # fmt: skip
    model.fit(x, y, callbacks=C.LearningRateScheduler(lambda epoch: 0.25, verbose=1), verbose=0)
    assert capsys.readouterr().out == "epoch 1: the learning rate is 0.25\n"
    with pytest.raises(tw.errors.ArgumentTypeError, match="gives a number"):
        model.fit(x, y, callbacks=C.LearningRateScheduler(lambda epoch, rate: None), verbose=0)


def test_files_are_named_by_batches(tmp_path: Path) -> None:
    model, x, y = model_and_data()
    keep = C.ModelCheckpoint(tmp_path / "{epoch}-{batch:02d}.safetensors", save_freq=3)
    model.fit(x, y, epochs=2, batch_size=8, callbacks=keep, verbose=0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1-03.safetensors", "2-02.safetensors"]


def watched(folder: Path, more: Any = ()) -> tuple[Any, list[Any]]:
    """A training with everything that has a memory: its model and callbacks."""
    model, x, y = model_and_data()
    stop = C.EarlyStopping("loss", patience=3, min_delta=0.02, restore_best_weights=True)
    all_of_it = [
        C.BackupAndRestore(folder),
        C.ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=0.02),
        stop,
        *more,
    ]
    model.fit(x, y, epochs=60, batch_size=8, callbacks=all_of_it, verbose=0)
    return model, [stop.best, stop.wait, stop.best_epoch, stop.stopped_epoch]


def test_what_other_callbacks_have_seen_goes_on(tmp_path: Path) -> None:
    whole, seen = watched(tmp_path / "a")

    class Break(C.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == seen[2] + 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watched(tmp_path / "b", [Break()])
    again, then = watched(tmp_path / "b")
    assert then == seen and seen[3] > seen[2] + 1
    for a, b in zip(whole.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)


PROGRAM = """
import sys
import numpy as np
import thalweg as tw
from thalweg import callbacks as C
from thalweg.layers import BatchNormalization, Dense, Dropout
from thalweg.models import Sequential

tw.set_random_seed(3)
x = np.random.default_rng(0).normal(size=(256, 3)).astype("float32")
model = Sequential([Dense(64, "tanh", input_shape=(3,)), BatchNormalization(), Dropout(0.2), Dense(1)])
model.compile(tw.optimizers.Adam(0.05), "mse")
keep = [C.BackupAndRestore(sys.argv[1]), C.ModelCheckpoint(sys.argv[1] + "/m.safetensors")]
keep.append(C.LambdaCallback(on_epoch_begin=lambda epoch, logs: print(epoch, flush=True)))
model.fit(x, x.sum(1), epochs=40, batch_size=16, callbacks=keep, verbose=0)
model.save_weights(sys.argv[2])
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system")
def test_a_run_that_is_killed_at_any_moment_ends_in_the_same_bits(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def run(folder: str, epochs: int | None = None, pause: float = 0.0) -> bool:
        """Whether it ended by itself; it is killed a moment after so many epochs have begun."""
        command = [
            sys.executable,
            str(program),
            str(tmp_path / folder),
            str(tmp_path / f"{folder}.safetensors"),
        ]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(epochs or 0):
                process.stdout.readline()
            if epochs is not None:
                time.sleep(pause)
                process.send_signal(signal.SIGKILL)
            process.stdout.read()
        return process.returncode == 0

    assert run("whole")
    draw = np.random.default_rng()
    kills = [(int(draw.integers(1, 7)), float(draw.uniform(0, 0.01))) for _ in range(6)]
    assert not any(run("killed", *kill) for kill in kills)
    assert run("killed")
    whole, killed = ((tmp_path / f"{name}.safetensors").read_bytes() for name in ("whole", "killed"))
    assert whole == killed, f"killed after {kills}"
    assert sorted(p.name for p in (tmp_path / "killed").iterdir() if p.suffix == ".safetensors") == [
        "m.safetensors"
    ]


@pytest.mark.parametrize("above", [C.TensorBoard, C.ModelCheckpoint, C.BackupAndRestore, C.TerminateOnNaN])
@pytest.mark.parametrize("moment", ["on_train_batch_end", "on_batch_end"])
def test_a_subclass_hears_of_batches_where_the_class_above_need_not(
    above: Any, moment: str, tmp_path: Path
) -> None:
    heard: list[int] = []
    own = type("Own", (above,), {moment: lambda self, batch, logs=None: heard.append(batch)})
    callback = own() if above is C.TerminateOnNaN else own(str(tmp_path / "there"))
    model = Sequential([Dense(1)])
    model.compile("sgd", "mse")
    model.fit(np.ones((6, 2)), np.ones((6, 1)), batch_size=2, epochs=1, verbose=0, callbacks=[callback])
    assert heard == [0, 1, 2]
