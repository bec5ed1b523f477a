"""The classic programs beside the checkout: they run with one epoch, and with all they assert their outcome."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from compat.conftest import Run

SHARED = Path(__file__).resolve().parents[3] / "shared"
# Not a program: what some of them import.
TUTORIALS = sorted(p for p in (SHARED / "tutorials").glob("*.py") if p.stem != "tf0_common")
EPOCHS = re.compile(r"EPOCHS = int\(sys\.argv\[1\]\)")
# One epoch of the convolutional network takes a minute: it is run in full only.
QUICK = [p for p in TUTORIALS if p.stem != "tf0_convnet"]

pytestmark = pytest.mark.skipif(not TUTORIALS, reason="the folder ../shared/tutorials is not there")


def expected_output(path: Path) -> str | None:
    """What a program says that it prints."""
    found = re.search(r"^# EXPECT (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found and found[1]


@pytest.mark.parametrize("path", QUICK, ids=lambda path: path.stem)
def test_with_one_epoch(path: Path, thalweg_run: Run) -> None:
    takes_epochs = EPOCHS.search(path.read_text(encoding="utf-8")) is not None
    done = thalweg_run(path, *(["1"] if takes_epochs else []), data=SHARED / "data")
    short = takes_epochs and "AssertionError" in done.stderr and "assert " in done.stderr
    assert done.returncode == 0 or short, done.stdout + done.stderr
    expected = expected_output(path)
    if expected is not None:
        assert done.stdout.replace("Result: ", "").split() == expected.replace("Result: ", "").split()


@pytest.mark.slow
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_in_full(path: Path, thalweg_run: Run) -> None:
    done = thalweg_run(path, data=SHARED / "data")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
