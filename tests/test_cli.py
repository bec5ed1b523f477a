"""The ``thalweg`` program: what it writes, what it says of bad input, how Ctrl-C ends it."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idx_files import write_set
from thalweg import extras, train
from thalweg.cli import main
from thalweg.run.workers import num_threads
from thalweg.train.figures import curves_png, mistakes_png, worst_mistakes
from thalweg.train.history import Row, Running
from thalweg.train.progress import Bar, Lines, choose_progress
from thalweg.version import __version__

FILES = ["curves.png", "history.csv", "mistakes.png", "weights.safetensors"]
ROWS = [Row(1, 1.0, 0.5, 0.6, 0.1), Row(2, 0.5, 0.75, 0.7, 0.2)]


def run_main(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one call in this process."""
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    output = capsys.readouterr()
    return code, output.out, output.err


def read_history(folder: Path) -> list[dict[str, str]]:
    with (folder / "history.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def small_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """THALWEG_DATA with an MNIST of 60 images of 6 x 6."""
    folder = write_set(tmp_path / "data" / "mnist")
    monkeypatch.setenv("THALWEG_DATA", str(folder.parent))
    return folder


# Training.


def test_the_default_job_reaches_its_goal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run_main(["train", "--out", str(tmp_path)], capsys)
    assert (code, err) == (0, "")
    assert sorted(os.listdir(tmp_path)) == FILES
    history = read_history(tmp_path)
    epochs = train.settings_for("mlp", "digits").epochs
    assert [int(row["epoch"]) for row in history] == list(range(1, epochs + 1))
    assert float(history[-1]["test_accuracy"]) >= 0.96
    assert float(history[-1]["loss"]) < float(history[0]["loss"])
    assert f"test accuracy     {float(history[-1]['test_accuracy']):.4f}" in out
    assert "compile time" in out and "steps per second" in out
    assert out.count("epoch ") == epochs
    for name in ("curves.png", "mistakes.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize("model", train.MODELS)
def test_every_model_learns(
    model: str, tmp_path: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file

    arguments = ["train", model, "--data", "mnist", "--epochs", "2", "--batch", "25", "--seed", "7"]
    code, _, err = run_main([*arguments, "--out", str(tmp_path / "out")], capsys)
    assert (code, err) == (0, "")
    assert sorted(os.listdir(tmp_path / "out")) == FILES
    weights = load_file(tmp_path / "out" / "weights.safetensors")
    assert all(np.isfinite(value).all() and value.dtype == np.float32 for value in weights.values())
    with safe_open(tmp_path / "out" / "weights.safetensors", "numpy") as file:
        facts = json.loads(file.metadata()["thalweg"])
    assert (facts["model"], facts["data"], facts["seed"], facts["epochs"]) == (model, "mnist", 7, 2)


def test_the_seed_fixes_the_result(
    tmp_path: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def weights(seed: str, out: str) -> bytes:
        arguments = ["train", "modern", "--data", "mnist", "--epochs", "2", "--batch", "25", "--seed", seed]
        assert run_main([*arguments, "--out", str(tmp_path / out)], capsys)[0] == 0
        return (tmp_path / out / "weights.safetensors").read_bytes()

    first = weights("3", "a")
    assert weights("3", "b") == first
    assert weights("4", "c") != first


def test_the_weights_are_those_of_the_reported_accuracy(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    from thalweg.data import load

    outcome = train.run(train.Request("softmax", "digits", epochs=3, out=tmp_path), Lines())
    data = load("digits")
    weights = load_file(tmp_path / "weights.safetensors")["output"]
    answers = (data.test_images.reshape(len(data.test_images), -1) @ weights).argmax(axis=1)
    assert outcome.test_accuracy == pytest.approx(float((answers == data.test_labels).mean()), abs=1 / 360)


# Ctrl-C.


class StopAt:
    """A progress display that presses Ctrl-C when it hears of a step."""

    def __init__(self, step: int) -> None:
        self.step, self.done = step, 0

    def start(self, steps: int, epochs: int) -> None:
        if self.step == 0:
            raise KeyboardInterrupt

    def steps(self, count: int, running: Running) -> None:
        self.done += count
        if self.done >= self.step:
            raise KeyboardInterrupt

    def epoch(self, row: Row) -> None:
        pass

    def close(self) -> None:
        pass


def test_an_interrupted_epoch_is_saved(tmp_path: Path, small_mnist: Path) -> None:
    request = train.Request("softmax", "mnist", epochs=9, batch=20, out=tmp_path / "out")
    stop = StopAt(5)
    outcome = train.run(request, stop)
    assert outcome.interrupted and outcome.steps == stop.done >= 5
    assert [row["epoch"] for row in read_history(tmp_path / "out")] == ["1", "2"]
    assert sorted(os.listdir(tmp_path / "out")) == FILES
    assert outcome.interruption().startswith(
        f"interrupted in epoch 2 of 9 after {stop.done} steps; what was learnt is in "
    )


def test_before_the_first_step_there_is_nothing_to_save(tmp_path: Path, small_mnist: Path) -> None:
    outcome = train.run(train.Request("softmax", "mnist", out=tmp_path / "out"), StopAt(0))
    assert outcome.interrupted and outcome.summary() == []
    assert not list((tmp_path / "out").iterdir())
    assert "nothing was learnt" in outcome.interruption()


def _listen() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # where a shell's "&" has shut it off, too


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process on Windows")
def test_ctrl_c_ends_the_program_cleanly(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "thalweg",
        "train",
        "softmax",
        "--epochs",
        "1000000",
        "--out",
        str(tmp_path),
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, preexec_fn=_listen) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("epoch ")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err.startswith("thalweg train: interrupted in epoch ") and err.count("\n") == 1
    assert "test accuracy" in out
    assert sorted(os.listdir(tmp_path)) == FILES


# Bad input: one line on stderr, exit code 2.

BAD_ARGUMENTS = {
    "no command": ([], "the following arguments are required: COMMAND"),
    "unknown command": (["trian"], "unknown command 'trian'; did you mean 'train'?"),
    "unknown option": (["train", "--speed=9"], "unrecognized arguments: --speed=9"),
    "unknown model": (["train", "sofmax"], "unknown model 'sofmax'; did you mean 'softmax'?"),
    "unlike any model": (["train", "zzz"], "unknown model 'zzz' (there are: softmax, mlp, modern, conv)"),
    "unknown data": (["train", "--data", "digit"], "unknown data set 'digit'; did you mean 'digits'?"),
    "no epochs": (["train", "--epochs", "0"], "--epochs: must be a whole number of at least 1, received '0'"),
    "negative epochs": (
        ["train", "--epochs=-3"],
        "--epochs: must be a whole number of at least 1, received '-3'",
    ),
    "half a batch": (
        ["train", "--batch", "0.5"],
        "--batch: must be a whole number of at least 1, received '0.5'",
    ),
    "negative seed": (["train", "--seed=-1"], "--seed: must be a whole number of at least 0, received '-1'"),
}


def assert_one_line_error(result: tuple[int, str, str], message: str) -> None:
    code, out, err = result
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1 and err.endswith("\n")


@pytest.mark.parametrize("case", BAD_ARGUMENTS)
def test_bad_arguments(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, message = BAD_ARGUMENTS[case]
    assert_one_line_error(run_main(arguments, capsys), message)
    assert not list(tmp_path.iterdir())  # refused before a folder is made


def test_an_unwritable_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    result = run_main(["train", "--out", str(tmp_path / "file")], capsys)
    assert_one_line_error(result, "thalweg train: error: cannot write to the folder")


def test_a_corrupt_data_file(tmp_path: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = small_mnist / "t10k-images-idx3-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-20])
    result = run_main(["train", "--data", "mnist", "--out", str(tmp_path / "out")], capsys)
    assert_one_line_error(result, "t10k-images-idx3-ubyte.gz': truncated")


def test_a_missing_data_file(tmp_path: Path, small_mnist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small_mnist / "train-labels-idx1-ubyte.gz").unlink()
    result = run_main(["train", "--data", "mnist", "--out", str(tmp_path / "out")], capsys)
    assert_one_line_error(result, "missing data file")


@pytest.mark.parametrize(
    ("module", "extra"),
    [("sklearn.datasets", "sklearn"), ("safetensors.numpy", "weights"), ("matplotlib", "plot")],
)
def test_a_missing_extra(
    module: str,
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(
        sys.modules, module, None
    )  # an import of it now fails as for a package that is absent
    result = run_main(["train", "--out", str(tmp_path)], capsys)
    assert_one_line_error(result, f'pip install "thalweg[{extra}]"')


def test_a_job_checks_what_the_program_checks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="epochs must be at least 1, received 0"):
        train.run(train.Request(epochs=0, out=tmp_path))


# What is shown.


def test_without_a_terminal_there_is_one_line_per_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    lines = choose_progress()
    assert isinstance(lines, Lines)
    lines.start(steps=7, epochs=12)
    lines.epoch(ROWS[0])
    assert capsys.readouterr().out == "epoch  1/12  loss 1.0000  accuracy 0.5000  test 0.6000  0.1 s\n"


class FakeBar:
    """Stands in for tqdm; remembers what it was told."""

    def __init__(self, **options: Any) -> None:
        self.options, self.done, self.text, self.closed = options, 0, "", False

    def update(self, steps: int) -> None:
        self.done += steps

    def set_description_str(self, text: str, refresh: bool) -> None:
        self.text = text

    def close(self) -> None:
        self.closed = True


def test_on_a_terminal_a_bar_counts_every_step() -> None:
    made: list[FakeBar] = []

    def make(**options: Any) -> FakeBar:
        made.append(FakeBar(**options))
        return made[-1]

    bar = Bar(make)
    bar.start(steps=4, epochs=2)
    running = Running()
    running.add(0.25, 3, 4)
    for row in ROWS:
        bar.steps(3, running)
        bar.steps(1, running)
        bar.epoch(row)
    bar.close()
    assert made[0].options["total"] == 8 and made[0].done == 8 and made[0].closed
    assert made[0].text.startswith("loss 0.2500 accuracy 0.7500")


def test_a_terminal_without_tqdm_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(choose_progress(), Bar)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert isinstance(choose_progress(), Lines)


def test_pictures_of_one_epoch_and_of_no_mistakes() -> None:
    images, labels = np.zeros((3, 4, 4), np.float32), np.array([0, 1, 2])
    right = np.eye(3) * 1000  # a probability of exactly 0 elsewhere
    for png in (
        curves_png(ROWS[:1], "one"),
        curves_png(ROWS, "two"),
        mistakes_png(images, labels, right, "none"),
        mistakes_png(images, labels, -right, "all"),
    ):
        assert png.startswith(b"\x89PNG\r\n\x1a\n") and len(png) > 1000


def test_the_worst_mistake_comes_first_even_where_its_probability_is_zero() -> None:
    logits = np.array([[0.0, 2000.0], [0.0, 3000.0], [0.0, 1.0], [1.0, 0.0]])
    order, chance = worst_mistakes(np.zeros(4, int), logits, 2)
    assert order.tolist() == [1, 0]
    np.testing.assert_allclose(chance.sum(axis=1), 1)


def test_doctor(
    small_mnist: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extras.Extra, "present", lambda self: self.name != "plot")
    code, out, err = run_main(["doctor"], capsys)
    assert (code, err) == (0, "")
    told = {line[:14].strip(): line[14:] for line in out.splitlines()}
    assert told["thalweg"].startswith(__version__)
    assert told["numpy"] == np.__version__
    assert (
        "LLVM" in told["llvmlite"] and told["processor"] and told["threads"].startswith(f"{num_threads()} of")
    )
    assert (
        told["data mnist"] == str(small_mnist) and told["data fashion"] == "not here: downloaded on first use"
    )
    assert told["matplotlib"] == (
        'missing; would give pictures of learning curves and mistakes: pip install "thalweg[plot]"'
    )
    assert all(extra.distribution in told for extra in extras.EXTRAS)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_main(["--version"], capsys) == (0, f"thalweg {__version__}\n", "")
