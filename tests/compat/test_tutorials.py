"""The classic programs beside the checkout: they run with few epochs, and with all they assert their outcome."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compat.conftest import Run

SHARED = Path(__file__).resolve().parents[3] / "shared"
TUTORIALS = [p for kind in ("tf", "keras") for p in sorted((SHARED / "tutorials").glob(f"{kind}[012]_*.py"))]
# Those that take a number of epochs, and fall short of their outcome with one.
LONG = {"tf0_convnet", "tf0_logistic_regression", "tf0_modern_net", "tf0_net", "tf1_mnist_slides"} | {
    "tf2_from_scratch",
    "tf2_keras_mnist",
    "keras2_mnist",
}

pytestmark = pytest.mark.skipif(not TUTORIALS, reason="the folder ../shared/tutorials is not there")


def _programs(names: set[str]) -> list[Path]:
    return [p for p in TUTORIALS if p.stem in names]


# One epoch of the convolutional network takes a minute: it is run in full only.
QUICK = {p.stem for p in TUTORIALS} - {"tf0_common", "tf0_convnet"}


@pytest.mark.parametrize("path", _programs(QUICK), ids=lambda path: path.stem)
def test_with_one_epoch(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path, *(["1"] if path.stem in LONG else []), data=SHARED / "data")
    short = path.stem in LONG and "AssertionError" in done.stderr and "assert " in done.stderr
    assert done.returncode == 0 or short, done.stdout + done.stderr
    expected = re.search(r"^# EXPECT (.*)$", path.read_text(), re.MULTILINE)
    if expected is not None:
        assert done.stdout.replace("Result: ", "").split() == expected[1].replace("Result: ", "").split()


@pytest.mark.slow
@pytest.mark.parametrize("path", _programs(LONG), ids=lambda path: path.stem)
def test_in_full(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path, data=SHARED / "data")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
